//! A flow in words, and who receives it.

use std::collections::{BTreeMap, BTreeSet};

use apex::{FileId, MethodId, Name, Ty};
use dataflow::{Did, Input, Sink, Spot};
use journal::Confidence;
use policy::bundle::model::Model;
use policy::bundle::party::Party;
use policy::vocabulary::Action;
use policy::{Decision, Reason};
use source::Span;

use super::{Code, Intake, Leak, Way};
use crate::Context;
use crate::disclosure::{self, shown};
use crate::endpoint::{Home, host_of};
use crate::field_path::Reached;
use crate::prompt;
use crate::rule::{Draft, Outcome};

/// The code, for a rule that judges where data in it goes: all of it, or it says what of it was left out.
pub(crate) fn followed<'c>(cx: &'c Context<'_>, out: &mut Outcome) -> &'c Code {
    let code = cx.code();
    out.judged(code.bodies);
    if let Some(left_out) = code.left_out() {
        out.unknown(left_out, "read what these methods do with data, or take them apart into smaller ones");
    }
    code
}

/// By which places data gets out, and in which methods.
type Places = (BTreeSet<(FileId, Span)>, BTreeSet<MethodId>);

/// What gets out: by object and field, or of the whole record.
#[derive(Debug)]
pub(crate) struct Leaving {
    found: BTreeMap<(Name, Option<Name>), Places>,
    /// Who may see a field is asked, and not whose record it is: then a describe check counts, and so does what one knows.
    is_of_fields: bool,
}

/// Looks at each flow to one of these ways out.
pub(crate) fn each(
    cx: &Context<'_>,
    out: &mut Outcome,
    wanted: impl Fn(Sink) -> bool,
    mut tell: impl FnMut(&Code, &Leak, &mut Outcome),
) {
    let code = followed(cx, out);
    for leak in code.leaks.iter().filter(|leak| wanted(leak.sink)) {
        tell(code, leak, out);
    }
}

/// Data that comes together at one place, into fields of one record: told once.
pub(crate) fn kept(code: &Code, wanted: impl Fn(&Leak) -> bool) -> Vec<(Leak, Vec<String>)> {
    let mut found: BTreeMap<(Spot, Name, bool), (Leak, BTreeSet<String>)> = BTreeMap::new();
    for leak in &code.leaks {
        let (Sink::Record { object, field } | Sink::Event { object, field }) = leak.sink else { continue };
        if wanted(leak) {
            let names = &code.program.names;
            let key = (leak.place, object, code.is_answer(leak));
            let own = found.entry(key).or_insert_with(|| (leak.clone(), BTreeSet::new()));
            if leak.data.keys().any(|object| !own.0.data.contains_key(object)) {
                own.0.ways.extend(leak.ways.iter().cloned());
            }
            for (object, fields) in &leak.data {
                own.0.data.entry(*object).or_default().extend(fields);
            }
            own.1.insert(format!("{}.{}", names.written(object), names.written(field)));
        }
    }
    found.into_values().map(|(leak, targets)| (leak, targets.into_iter().collect())).collect()
}

impl Leak {
    /// Whether something was done with the data on its way.
    pub(crate) fn has_step(&self, wanted: Did) -> bool {
        self.ways.iter().any(|way| way.has_step(wanted))
    }

    /// Whether it gets to whoever sets the code off. What callers hand in is read by no query; neither a log nor mail or a
    /// request to others tells him, and what is kept in a record is told where that is not classified or is read again.
    pub(crate) fn is_shown(&self) -> bool {
        let is_elsewhere = matches!(
            self.sink,
            Sink::Log
                | Sink::Mail
                | Sink::Record { .. }
                | Sink::CalloutBody
                | Sink::CalloutHeader
                | Sink::CalloutAddress
        );
        !self.is_handed_in && !is_elsewhere
    }

    /// Whether of one of the objects the whole record goes.
    fn is_whole(&self) -> bool {
        self.data.values().any(BTreeSet::is_empty)
    }

    /// The fields that go, as `Object.Field`; of a record whose fields nobody listed, all that hold PHI.
    pub(crate) fn names(&self, cx: &Context<'_>, code: &Code) -> Vec<String> {
        let names = &code.program.names;
        let mut found = Vec::new();
        for (object, fields) in &self.data {
            let object = &code.object_name(cx, *object);
            if fields.is_empty() {
                let all = cx.classes.phi_fields(object).into_iter();
                found.extend(all.map(|(field, _)| format!("{object}.{field}")));
            }
            let written = |field: &Name| cx.classes.written(object, names.written(*field));
            found.extend(fields.iter().map(|field| format!("{object}.{}", written(field))));
        }
        found
    }
}

/// Finds each flow to a way out that is wrong whoever is behind it: what happens there, and what to do.
pub(crate) fn tell(cx: &Context<'_>, out: &mut Outcome, way_out: Sink, happens: &str, fix: &str) {
    each(
        cx,
        out,
        |sink| sink == way_out,
        |code, leak, out| {
            let draft = draft(cx, code, leak, format!("{} {happens}", code.what(cx, leak)), fix);
            // A sum of days in a log tells next to nothing.
            let is_weak = way_out == Sink::Log && leak.has_step(Did::Counted);
            out.found(if is_weak { draft.severity(journal::Severity::Low) } else { draft });
        },
    );
}

impl Code {
    /// The object, or the class of Apex, as it is declared.
    fn object_name(&self, cx: &Context<'_>, object: Name) -> String {
        let written = self.program.names.written(object);
        if let Some(own) = cx.project.objects().find(|own| own.name().eq_ignore_ascii_case(written)) {
            return own.name().to_owned();
        }
        let class = self.program.classes.iter().position(|class| class.full_name == object);
        let class = class.and_then(|at| u32::try_from(at).ok()).map(apex::ClassId);
        class.map_or_else(|| written.to_owned(), |class| self.program.class_name(class))
    }

    /// What goes, with its verb: `` `A.B` and `A.C` are ``.
    pub(crate) fn what(&self, cx: &Context<'_>, leak: &Leak) -> String {
        let fields = leak.names(cx, self);
        let shown = match fields.as_slice() {
            [] => {
                let objects: Vec<String> = leak.data.keys().map(|own| self.object_name(cx, *own)).collect();
                format!("the record {}", shown(&objects))
            }
            fields => shown(fields),
        };
        match (self.is_answer(leak), fields.len()) {
            (true, _) => format!("the answer to a request with {shown} is"),
            (false, 0 | 1) => format!("{shown} is"),
            (false, _) => format!("{shown} are"),
        }
    }

    /// An object whose patients' fields a database operation reads or writes.
    pub(crate) fn phi_of(&self, cx: &Context<'_>, operation: &super::Access) -> Option<String> {
        if let Some(selected) = self.phi_selected(cx, operation) {
            return selected.into_iter().next().map(|field| self.written(&field.object));
        }
        let holds = |object: &&String| {
            let known = cx.classes.phi_fields(object);
            // A query names its fields; what is written is in the records.
            operation.fields.is_empty() && !known.is_empty()
                || known.iter().any(|(field, _)| {
                    operation.fields.contains(&field.to_lowercase()) || operation.fields.contains("*")
                })
                || operation
                    .fields
                    .iter()
                    .any(|field| cx.classes.is_phi(object, field) && field.contains("__"))
        };
        operation.objects.iter().find(holds).map(|object| self.written(object))
    }

    /// The data that gets to whoever sets code off, with each place by which it comes.
    pub(crate) fn leaving(&self, is_of_fields: bool) -> Leaving {
        let mut found: BTreeMap<_, Places> = BTreeMap::new();
        for leak in self.leaks.iter().filter(|leak| leak.is_shown()) {
            let leak = &if is_of_fields { self.without_asked(leak) } else { leak.clone() };
            let mut steps: BTreeSet<(FileId, Span)> = leak.begins.iter().flatten().copied().collect();
            steps.extend([leak.place, leak.at].map(|spot| (spot.file, spot.span)));
            steps.extend(leak.ways.iter().flat_map(Way::places));
            for (&object, fields) in &leak.data {
                let whole = fields.is_empty().then_some(None);
                for field in fields.iter().map(|field| Some(*field)).chain(whole) {
                    let own = found.entry((object, field)).or_default();
                    own.0.extend(&steps);
                    own.1.extend([leak.place.method, leak.at.method]);
                }
            }
        }
        Leaving { found, is_of_fields }
    }

    /// Whether of the patients' fields that a query selects none is among what leaves, by way of its method: they are looked
    /// at and counted.
    pub(crate) fn stays(
        &self,
        cx: &Context<'_>,
        operation: &super::Access,
        leaving: &Leaving,
        callers: &BTreeMap<MethodId, Vec<MethodId>>,
    ) -> bool {
        let names = &self.program.names;
        let body = self.program.method(operation.method).and_then(|method| method.body);
        let Some(body) = self.program.file(operation.file).zip(body).map(|(file, body)| file.stmt(body).span)
        else {
            return false;
        };
        let is_within = |(file, span): &(FileId, Span)| {
            *file == operation.file && body.start <= span.start && span.end <= body.end
        };
        // What callers get of its records may go on there.
        let mut above = BTreeSet::new();
        let returns = self.program.method(operation.method).map(|method| &method.returns);
        if !matches!(returns, Some(Ty::Void | Ty::Number | Ty::Boolean | Ty::Id)) {
            let mut todo = callers.get(&operation.method).cloned().unwrap_or_default();
            while let Some(caller) = todo.pop() {
                if above.insert(caller) {
                    todo.extend(callers.get(&caller).into_iter().flatten());
                }
            }
        }
        let leaves = |object: Name, field: Option<Name>| {
            leaving
                .found
                .get(&(object, field))
                .is_some_and(|(places, methods)| places.iter().any(is_within) || !above.is_disjoint(methods))
        };
        let Some(selected) = self.phi_selected(cx, operation) else { return false };
        let is_out = |object: &str, field: Option<&str>| {
            let Some(object) = names.find(object) else { return true };
            match field.map(|field| names.find(field)) {
                None => leaves(object, None),
                // A name that the code does not know is read by nobody in it.
                Some(None) => true,
                Some(Some(field)) => leaves(object, Some(field)),
            }
        };
        // By what it asks, the code knows already.
        let is_known = |own: &Reached| {
            leaving.is_of_fields
                && matches!(operation.objects.as_slice(), [object] if own.object.eq_ignore_ascii_case(object))
                && self.is_asked_by(operation.method, operation.span, &own.field)
        };
        !operation.objects.iter().any(|object| is_out(object, None))
            && !selected
                .iter()
                .filter(|own| !is_known(own))
                .any(|own| is_out(&own.object, None) || is_out(&own.object, Some(&own.field)))
    }

    /// Whether it begins in a member of a class or an argument, and in no record.
    pub(crate) fn is_of_class(&self, leak: &Leak) -> bool {
        leak.data.keys().all(|object| self.program.classes.iter().any(|class| class.full_name == *object))
    }

    /// Whether methods that this one calls give the same data to clients by themselves, one of them or several together: there is
    /// what to mend.
    pub(crate) fn is_told_below(&self, leak: &Leak) -> bool {
        let callees = self.called_by(leak.at.method);
        let gives = |other: &&Leak| {
            other.sink == leak.sink
                && other.at.method != leak.at.method
                && callees.contains(&other.at.method)
                && (self.is_checked(other), self.is_answer(other))
                    == (self.is_checked(leak), self.is_answer(leak))
                && self.exposure(other.at.method).is_some()
        };
        let below: Vec<&Leak> = self.leaks.iter().filter(gives).collect();
        let is_told = |(object, fields): (&Name, &BTreeSet<Name>)| {
            let told: Vec<&BTreeSet<Name>> =
                below.iter().filter_map(|other| other.data.get(object)).collect();
            // A whole record is no field.
            match fields.is_empty() {
                true => told.iter().any(|own| own.is_empty()),
                false => fields.iter().all(|field| told.iter().any(|own| own.contains(field))),
            }
        };
        // Each caller may do something else with an answer.
        !self.is_answer(leak) && self.exposure(leak.at.method).is_some() && leak.data.iter().all(is_told)
    }

    /// Whether at the same place the same data is let out by the same way out without having been in another record, or in a
    /// variable of another call, before.
    pub(crate) fn has_nearer(&self, leak: &Leak) -> bool {
        let is_nearer = |other: &Leak| {
            (other.sink, other.place) == (leak.sink, leak.place)
                && !other.has_step(Did::Reread)
                && !other.has_step(Did::Forgotten)
                && !self.is_checked(other)
                && !self.is_answer(other)
                && leak.data.iter().all(|(object, fields)| {
                    other
                        .data
                        .get(object)
                        .is_some_and(|own| own.is_empty() || !fields.is_empty() && fields.is_subset(own))
                })
        };
        self.leaks.iter().any(is_nearer)
    }

    /// Whether what was put into a field of records before is put there again, after it was read from such: what put it in is told.
    pub(crate) fn is_saved_again(&self, leak: &Leak) -> bool {
        leak.has_step(Did::Reread)
            && self.leaks.iter().any(|other| {
                other.sink == leak.sink
                    && !other.has_step(Did::Reread)
                    && leak.data.iter().all(|(object, fields)| {
                        other.data.get(object).is_some_and(|own| own.is_superset(fields))
                    })
            })
    }

    /// Whether it is what somebody answered who was asked about the patient, and nothing else beside it.
    pub(crate) fn is_answer(&self, leak: &Leak) -> bool {
        leak.ways.iter().all(|way| way.has_step(Did::Answered))
    }
}

impl Code {
    /// A finding of what somebody puts in.
    pub(crate) fn intake(&self, intake: &Intake, at: Spot, message: String, fix: &str) -> Draft {
        let method = self.program.method_name(at.method);
        Draft::new(self.component(at), self.place(at), message, fix)
            .detail(method)
            .ways([self.steps(&intake.way)])
    }
}

/// What was put in, in words.
pub(crate) fn said_of(input: Input) -> &'static str {
    match input {
        Input::Page | Input::Form => "a parameter of a page",
        Input::Argument => "an argument from outside",
        Input::Escaped => "input with its quotes escaped",
    }
}

/// A finding of a flow, without its words of what is wrong.
pub(crate) fn draft(cx: &Context<'_>, code: &Code, leak: &Leak, message: String, fix: &str) -> Draft {
    draft_at(cx, code, leak, leak.place, message, fix)
}

/// The same at another place than where data and way out come together.
pub(crate) fn draft_at(
    cx: &Context<'_>,
    code: &Code,
    leak: &Leak,
    at: Spot,
    message: String,
    fix: &str,
) -> Draft {
    let fields = leak.names(cx, code);
    let found = fields.iter().filter_map(|field| cx.verdict(field)).map(|verdict| verdict.confidence).max();
    // Which fields a record that came from elsewhere has is not known.
    let limit = if leak.is_whole() { Confidence::Medium } else { Confidence::High };
    let to: Vec<&str> = leak.to.iter().map(String::as_str).collect();
    let method = code.program.method_name(at.method);
    Draft::new(code.component(at), code.place(at), message, fix)
        .confidence(found.unwrap_or(Confidence::Medium).min(limit))
        .detail(format!("{method} {} {}", fields.join(","), to.join(",").replace('\u{0}', "*")))
        .ways(leak.ways.iter().map(|way| code.steps(way)))
        .fields(fields)
}

/// Who gets what is sent.
#[derive(Debug)]
pub(crate) enum Receiver<'p> {
    /// The org itself.
    Own,
    Party(&'p Party, String),
    Model(&'p Model, String),
    /// Nobody of the bundle.
    Host(String),
    /// The code does not say.
    Unknown,
}

/// The receivers of a flow, by the addresses that the code puts together.
pub(crate) fn receivers<'p>(cx: &Context<'p>, to: &BTreeSet<String>) -> Vec<Receiver<'p>> {
    if to.is_empty() {
        return vec![Receiver::Unknown];
    }
    let home = Home::of(cx.project);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for text in to {
        let one = receiver(cx, &home, text);
        let key = match &one {
            Receiver::Own => "own".to_owned(),
            Receiver::Party(party, _) => format!("party {}", party.id),
            Receiver::Model(model, _) => format!("model {}", model.id),
            Receiver::Host(host) => format!("host {host}"),
            Receiver::Unknown => "unknown".to_owned(),
        };
        if seen.insert(key) {
            found.push(one);
        }
    }
    found
}

fn receiver<'p>(cx: &Context<'p>, home: &Home, text: &str) -> Receiver<'p> {
    let text = text.trim();
    if text.starts_with(dataflow::OWN_ORG) {
        return Receiver::Own;
    }
    if let Some(rest) =
        text.get(..8).filter(|start| start.eq_ignore_ascii_case("callout:")).and(text.get(8..))
    {
        let name = rest.split(['/', '?']).next().unwrap_or(rest);
        // A name that is put together is nobody's yet, and what is no name is not repeated.
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            return Receiver::Unknown;
        }
        let shown = format!("callout:{name}");
        if let Some(model) = cx.policy.model_of_named_credential(name) {
            return Receiver::Model(model, shown);
        }
        if let Some(party) = disclosure::party_of_credential(cx, name) {
            return Receiver::Party(party, shown);
        }
        let component = format!("NamedCredential:{name}");
        let own = cx.endpoints().iter().find(|one| one.component.eq_ignore_ascii_case(&component));
        if let Some(model) = own.and_then(|own| cx.policy.model(own.model.as_deref()?)) {
            return Receiver::Model(model, shown);
        }
        return if name.is_empty() { Receiver::Unknown } else { Receiver::Host(shown) };
    }
    let known = text.split('\u{0}').next().unwrap_or(text);
    let is_begun = known.len() < text.len() && known.matches('/').count() < 3;
    let Some(host) = host_of(known).filter(|_| !is_begun && known.contains("://")) else {
        return Receiver::Unknown;
    };
    if home.stays(&host) {
        return Receiver::Own;
    }
    if let Some(model) = cx.policy.model_of_url(known).or_else(|| cx.policy.model_of_host(&host)) {
        return Receiver::Model(model, host);
    }
    match cx.policy.party_of_url(known).or_else(|| cx.policy.party_of_host(&host)) {
        Some(party) => Receiver::Party(party, host),
        None => Receiver::Host(host),
    }
}

/// What keeps a model from these fields: the policy's reasons, but that no flow is declared.
pub(crate) fn model_refusals(cx: &Context<'_>, model: &Model, fields: &[String]) -> Vec<String> {
    prompt::refusals(cx, model, fields)
}

/// What the policy says against a party or model that gets these fields, once each.
pub(crate) fn refusals(cx: &Context<'_>, action: Action, to: &str, fields: &[String]) -> Vec<String> {
    let mut facts: Vec<String> =
        reasons(cx, action, to, fields).into_iter().map(|reason| reason.fact).collect();
    facts.sort();
    facts.dedup();
    facts
}

/// Whether all that the policy says against it is that an agreement is not there, or not yet: that is told of the bundle's
/// flow, and the code has nothing to mend.
pub(crate) fn lacks_only_agreement(cx: &Context<'_>, action: Action, to: &str, fields: &[String]) -> bool {
    let reasons = reasons(cx, action, to, fields);
    let is_agreement = |reason: &Reason| {
        reason.rule.ends_with("without-agreement") || reason.rule.ends_with("agreement-not-yet-effective")
    };
    !reasons.is_empty() && reasons.iter().all(is_agreement)
}

fn reasons(cx: &Context<'_>, action: Action, to: &str, fields: &[String]) -> Vec<Reason> {
    let denials =
        disclosure::ask_sent(cx, action, to, fields).into_iter().filter_map(|decision| match decision {
            Decision::Denial(denial) => Some(denial.reasons),
            _ => None,
        });
    denials.flatten().collect()
}
