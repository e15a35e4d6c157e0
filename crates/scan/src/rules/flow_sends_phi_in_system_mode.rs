//! # A flow in system mode sends data about patients
//!
//! A flow that runs past the user's rights reads fields of PHI and hands them to a mail, a Chatter post, a notification, a
//! Slack message, an external service or a platform event. There is one finding for each element that sends.
//!
//! ## Why it harms
//! In system mode neither object permissions nor field-level security hold, and without sharing nor record access
//! (*Flow Builder: Set the Context in which a Flow Runs*); a flow that a record or a schedule starts always runs so. Whoever can
//! change a record then moves PHI that they may not see to where it can be read by others. 45 CFR 164.312(a)(1), 164.502(b);
//! GDPR Art. 5(1)(c) and 32.
//!
//! ## What to change
//! Take the fields out of the message and link to the record; or run the flow in user context (*How to Run the Flow: User or
//! System Context depends on how flow is launched*, in the source `<runInMode>DefaultMode</runInMode>`) where a user
//! starts it. For an external service, declare the party and the flow in the bundle and send the fields that it
//! names, no more.
//!
//! ## What is not found
//! What an Apex action does with the record that it is given, and what a subflow sends, is not followed: the subflow is
//! judged as a flow of its own. E-mail alerts send a template: that is `phi-in-email-template`. An autolaunched flow in
//! default mode runs as whoever starts it, which its own file does not tell. A message that names a patient and says nothing
//! else of him is medium, and so is a notification to the owner of the record alone, who sees it anyway.
//!
//! ## Seen in the wild
//! jperram92/LifesciencesPOC mails and notifies from flows in system mode; one puts a patient's name into a notification, which
//! is an account's name and found only once a bundle says that accounts are patients. Its other messages carry Ids.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Place, Severity};
use policy::vocabulary::{Class, Identifier};
use sfdx::Element;
use sfdx::views::{ActionCall, Flow, FlowValue, RecordChange, Subflow};

use crate::Context;
use crate::disclosure::shown;
use crate::endpoint::host_of;
use crate::flow::{Destination, FoundFlow};
use crate::flow_data::FlowData;
use crate::flow_reach;
use crate::record_number::is_record_number;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A flow in system mode sends data about patients",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-prv-502b", "gdpr-5-1c"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the flows (`flows/`), and what their Apex actions do"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for flow in cx.project.flows() {
        if !flow_reach::runs(cx, flow) {
            continue;
        }
        out.judged(1);
        let Some(mode) = system_mode(flow) else { continue };
        let data = FlowData::of(cx, flow);
        for action in flow.action_calls() {
            if let Some(way) = Way::of(flow, action) {
                let values = action.inputs().filter_map(|input| input.value()).collect();
                judge(cx, flow, &mode, &data, &Sent { element: action.element(), way, values }, out);
            }
        }
        for create in flow.record_creates() {
            if let Some(sent) = event(flow, &data, create) {
                judge(cx, flow, &mode, &data, &sent, out);
            }
        }
        for subflow in flow.subflows() {
            absent_subflow(cx, flow, &data, subflow, out);
        }
    }
}

/// Why a flow runs past the user's rights, in words; nothing where it does not, or does not say.
fn system_mode(flow: Flow<'_>) -> Option<String> {
    let mode = flow.run_in_mode();
    let trigger = flow.start().and_then(|start| start.trigger());
    match (mode.as_deref(), trigger.as_deref()) {
        (Some("SystemModeWithoutSharing"), _) => Some("in system mode without sharing".to_owned()),
        (Some("SystemModeWithSharing"), _) => Some("in system mode".to_owned()),
        (_, Some("Scheduled")) => Some("on a schedule, in system mode".to_owned()),
        (_, Some("PlatformEvent")) => Some("on an event, in system mode".to_owned()),
        (_, Some(trigger)) if trigger.starts_with("Record") => {
            Some("when a record changes, in system mode".to_owned())
        }
        // Process builder.
        _ if flow.process_type().is_some_and(|kind| kind == "Workflow") => {
            Some("when a record changes, in system mode".to_owned())
        }
        _ => None,
    }
}

/// How data leaves by an action.
#[derive(Debug)]
struct Way {
    words: String,
    to: Destination,
    /// The operation's named credential is the way out of Salesforce.
    service: Option<String>,
    /// Nobody but the owner of the record that starts the flow is told.
    is_to_owner: bool,
}

impl Way {
    fn of(flow: Flow<'_>, action: ActionCall<'_>) -> Option<Self> {
        let kind = action.action_type()?;
        let name = action.action_name().map(|name| name.into_text().into_owned()).unwrap_or_default();
        let (words, to) = match kind.as_str() {
            "emailSimple" => ("mails".to_owned(), Destination::Email),
            "chatterPost" => ("posts to Chatter".to_owned(), Destination::Inside("Chatter".to_owned())),
            "customNotificationAction" | "sendNotification" => {
                ("puts into a notification".to_owned(), Destination::Inside("notifications".to_owned()))
            }
            kind if kind.starts_with("slack") => ("posts to Slack".to_owned(), Destination::Host("slack.com".to_owned())),
            "externalService" => {
                let service = name.split(['.', '-']).next().unwrap_or(&name).to_owned();
                return Some(Self {
                    words: format!("sends to the external service `{service}`"),
                    to: Destination::Host(service.clone()),
                    service: Some(service),
                    is_to_owner: false,
                });
            }
            "outboundMessage" => ("sends by outbound message".to_owned(), Destination::Host(name)),
            _ => return None,
        };
        let is_to_owner = matches!(to, Destination::Inside(_)) && is_to_owner(flow, action);
        Some(Self { words, to, service: None, is_to_owner })
    }
}

/// What one element sends.
#[derive(Debug)]
struct Sent<'p> {
    element: Element<'p>,
    way: Way,
    values: Vec<FlowValue<'p>>,
}

fn judge(cx: &Context<'_>, flow: Flow<'_>, mode: &str, data: &FlowData, sent: &Sent<'_>, out: &mut Outcome) {
    let mut found: BTreeMap<String, (Option<Place>, Confidence)> = BTreeMap::new();
    let mut is_of_record = true;
    for value in &sent.values {
        for field in data.of_value(cx, *value) {
            let Some(verdict) = cx.verdict(&field).filter(|verdict| verdict.is_phi()) else { continue };
            is_of_record &= is_of_the_record(*value);
            let place = value.any().map(|text| cx.place(&text));
            found.entry(field).or_insert((place, verdict.confidence));
        }
    }
    let Some(name) = sent.element.value("name").filter(|_| !found.is_empty()) else { return };
    let fields: Vec<String> = found.keys().cloned().collect();
    let confidence = found.values().map(|(_, confidence)| *confidence).max().unwrap_or(Confidence::Medium);
    let (to, party) = destination(cx, &sent.way);
    out.flow(FoundFlow {
        fields: fields.clone(),
        to,
        by: format!("Flow:{}", flow.name()),
        place: cx.place(&name),
        confidence,
    });
    let whom = party.as_ref().map(|party| format!(" of `{party}`")).unwrap_or_default();
    let mut draft = Draft::new(
        format!("Flow:{}", flow.name()),
        cx.place(&name),
        format!(
            "the flow `{}` runs {mode}, and its element `{}` {}{whom} {}",
            flow.name(),
            name.as_str(),
            sent.way.words,
            shown(&fields)
        ),
        "take these fields out of what it sends and give a link to the record, or its Id, instead; where a user starts \
         the flow, set `runInMode` to `DefaultMode` so that the user's own rights hold",
    )
    .confidence(confidence)
    .severity(if is_of_record && sent.way.is_to_owner { Severity::Medium } else { severity(cx, &sent.way, &fields) })
    .detail(name.as_str());
    for (field, (place, _)) in found.iter().take(9) {
        if let Some(place) = place {
            draft = draft.related(place.clone(), format!("`{field}` goes in here"));
        }
    }
    if let Some(party) = party {
        draft = draft.party(party);
    }
    out.found(draft.fields(fields));
}

/// What a message weighs: which record it is tells little, and who it is about tells less than what is the matter with him,
/// where people of the org or the patient are told.
fn severity(cx: &Context<'_>, way: &Way, fields: &[String]) -> Severity {
    let is_who = |field: &String| {
        let identifier = cx.verdict(field).filter(|verdict| verdict.class == Class::Phi).and_then(|verdict| verdict.identifier);
        is_record_number(cx, field) || matches!(identifier, Some(Identifier::Name | Identifier::Email | Identifier::Phone))
    };
    let is_to_people = matches!(way.to, Destination::Email | Destination::Inside(_));
    if fields.iter().all(|field| is_record_number(cx, field)) {
        Severity::Low
    } else if is_to_people && fields.iter().all(is_who) {
        Severity::Medium
    } else {
        META.severity
    }
}

/// PHI that is handed to a flow which the source does not have.
fn absent_subflow(cx: &Context<'_>, flow: Flow<'_>, data: &FlowData, subflow: Subflow<'_>, out: &mut Outcome) {
    let Some(name) = subflow.flow() else { return };
    if cx.project.flows().any(|known| known.name().eq_ignore_ascii_case(&name)) {
        return;
    }
    let values = subflow.inputs().filter_map(|input| input.value());
    let hands_phi = values
        .flat_map(|value| data.of_value(cx, value))
        .any(|field| cx.verdict(&field).is_some_and(|verdict| verdict.is_phi()));
    if hands_phi {
        out.unknown(
            format!("what the subflow `{}` does with the PHI that the flow `{}` gives it", name.as_str(), flow.name()),
            format!("retrieve `Flow:{}`", name.as_str()),
        );
    }
}

/// The party behind an external service, by its registration's named credential.
fn destination(cx: &Context<'_>, way: &Way) -> (Destination, Option<String>) {
    let Some(service) = &way.service else { return (way.to.clone(), None) };
    let registration =
        cx.project.external_services().find(|known| known.name().eq_ignore_ascii_case(service));
    let credential = registration
        .and_then(|known| known.named_credential_reference().or_else(|| known.named_credential()))
        .map(|name| name.into_text().into_owned());
    let Some(credential) = credential else { return (way.to.clone(), None) };
    if let Some(party) = cx.policy.party_of_named_credential(&credential) {
        return (Destination::Party(party.id.to_string()), Some(party.id.to_string()));
    }
    let known = cx.project.named_credentials().find(|one| one.name().eq_ignore_ascii_case(&credential));
    let host = known.and_then(|one| one.url()).and_then(|url| host_of(&url));
    if let Some(party) = host.as_ref().and_then(|host| cx.policy.party_of_host(host)) {
        return (Destination::Party(party.id.to_string()), Some(party.id.to_string()));
    }
    (Destination::Host(host.unwrap_or(credential)), None)
}

/// A platform event that the flow makes, from its own inputs or from a variable that was filled before.
fn event<'p>(flow: Flow<'p>, data: &FlowData, create: RecordChange<'p>) -> Option<Sent<'p>> {
    let variable = create.input_reference().map(|name| name.to_lowercase());
    let of_variable = || data.objects.get(variable.as_ref()?).cloned();
    let object = create.object().map(|name| name.into_text().into_owned()).or_else(of_variable)?;
    if !object.to_ascii_lowercase().ends_with("__e") {
        return None;
    }
    let prefix = variable.map(|name| format!("{name}."));
    let filled = flow.assignments().flat_map(|assignment| assignment.items()).filter(|item| {
        item.target().is_some_and(|target| {
            prefix.as_ref().is_some_and(|prefix| target.to_lowercase().starts_with(prefix))
        })
    });
    let values = create.inputs().filter_map(|input| input.value()).chain(filled.filter_map(|item| item.value()));
    Some(Sent {
        element: create.element(),
        values: values.collect(),
        way: Way {
            words: format!("publishes in the event `{object}`"),
            to: Destination::Subscribers(object),
            service: None,
            is_to_owner: false,
        },
    })
}

/// Whether a variable may hold what no assignment puts there: an input, a first value, what another element gives.
fn is_filled_elsewhere(flow: Flow<'_>, variable: &str) -> bool {
    let mut own = flow.variables().filter(|own| own.name().is_some_and(|name| name == variable));
    let is_open = own.any(|own| own.input() == Some(true) || own.value().is_some());
    let text = flow.element().source().text();
    let given = ["assignToReference", "outputReference"]
        .iter()
        .map(|element| text.matches(&format!("<{element}>{variable}</{element}>")).count())
        .sum::<usize>();
    let items = flow.assignments().flat_map(|assignment| assignment.items());
    let put_in = items.filter(|item| item.target().is_some_and(|target| target == variable)).count();
    is_open || given > put_in
}

/// Whether a value is a field of the record that starts the flow, and of none that it leads to.
fn is_of_the_record(value: FlowValue<'_>) -> bool {
    value.reference().is_some_and(|reference| {
        let mut names = reference.split('.');
        names.next().is_some_and(|first| first.eq_ignore_ascii_case("$Record")) && names.count() == 1
    })
}

/// Whether the recipients of a notification are the owner of the record alone: said so, or by a list into which nothing else is
/// put.
fn is_to_owner(flow: Flow<'_>, action: ActionCall<'_>) -> bool {
    let is_owner = |reference: &str| reference.eq_ignore_ascii_case("$Record.OwnerId");
    let recipients = action.inputs().find(|input| input.name().is_some_and(|name| name == "recipientIds"));
    let Some(list) = recipients.and_then(|input| input.value()).and_then(|value| value.reference()) else {
        return false;
    };
    let is_list = |target: &str| target.eq_ignore_ascii_case(&list);
    let put_in = flow.assignments().flat_map(|assignment| assignment.items());
    let mut put_in = put_in.filter(|item| item.target().is_some_and(|target| is_list(&target))).peekable();
    is_owner(&list)
        || put_in.peek().is_some()
            && !is_filled_elsewhere(flow, &list)
            && put_in.all(|item| item.value().and_then(|value| value.reference()).is_some_and(|own| is_owner(&own)))
}
