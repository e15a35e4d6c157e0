//! # PHI is copied to a field that nobody classified
//!
//! A flow, a workflow field update or Apex copies a field of PHI into a field that is not classified as PHI or as personal.
//!
//! ## Why it harms
//! The copy has no encryption, no class, other readers and a life of its own: erasure and amendment miss it,
//! field-level security of the source does not hold for it, and reports, list views and mails show it without anybody
//! knowing what it is. Subjects, descriptions and names are shown everywhere by their nature. 45 CFR 164.502(b),
//! 164.312(a)(1), 164.526; GDPR Art. 5(1)(c) and 17.
//!
//! ## What to change
//! Write the record's Id or a link, and let whoever needs the value open the record. Where the copy must be, classify
//! the target in the bundle as what it holds, and protect it as the source is protected.
//!
//! ## What is not found
//! Ids and lookups say nothing of what stands in their record. Records that Apex makes and never saves are none. What a subflow or an Apex
//! action returns is not followed: where it is not in the source and goes into such a field, it is unknown. Targets
//! that the bundle classifies as PHI or personal are where such data belongs; flows that do not run are left out. A
//! patient's name on a record about patients is no copy that matters. A record variable counts where the flow stores
//! it. Copies of code that tests run and nothing else in the source are medium.
//!
//! ## Seen in the wild
//! No public project that was looked at has the case: flows of `bcgov/MoH-SAT` copy patients' names between records
//! about patients, which are left alone.

use std::collections::{BTreeMap, BTreeSet};

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Identifier;
use sfdx::Value;
use sfdx::views::{Flow, FlowValue, WorkflowFieldUpdate};

use crate::Context;
use crate::classification::Evidence;
use crate::code::{self, Code, Leak};
use crate::disclosure::shown;
use crate::field_path::{self, Reached};
use crate::flow_data::FlowData;
use crate::flow_reach;
use crate::merge_field::{formula_fields, merge_fields};
use crate::record_number::is_record_number;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "PHI is copied to a field that nobody classified",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502b", "hipaa-sec-312a1", "gdpr-5-1c", "gdpr-17"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the flows and workflows, and the fields that they write"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for flow in cx.project.flows() {
        if flow_reach::runs(cx, flow) {
            out.judged(1);
            of_flow(cx, flow, out);
        }
    }
    for update in cx.project.workflow_field_updates() {
        out.judged(1);
        of_workflow(cx, update, out);
    }
    of_apex(cx, out);
}

fn of_apex(cx: &Context<'_>, out: &mut Outcome) {
    let code = code::followed(cx, out);
    let is_copy = |leak: &Leak| {
        let Sink::Record { object, field } = leak.sink else { return false };
        let target = target(code, object, field);
        let Some(severity) = open_target(cx, &target) else { return false };
        let fields = leak.names(cx, code);
        // What a class or an argument holds is in no record yet.
        let is_new = fields.is_empty()
            || fields.iter().any(|field| code.is_of_class(leak) || is_new_to(cx, field, &target, severity));
        is_new && takes(cx, &fields, &target) && !code.is_saved_again(leak)
    };
    for (leak, targets) in code::kept(code, is_copy) {
        let Sink::Record { object, field } = leak.sink else { continue };
        let severity = open_target(cx, &target(code, object, field));
        let is = if targets.len() == 1 { "is" } else { "are" };
        let fields = leak.names(cx, code);
        let severity = weight(cx, &fields, severity.unwrap_or(Severity::Medium));
        let (severity, so) = match code.is_for_tests(cx, leak.place.method) {
            true => (severity.min(Severity::Medium), "; nothing in the source runs this code but tests"),
            false => (severity, ""),
        };
        let message = format!(
            "{} copied to {}, which {is} not classified as PHI{so}",
            code.what(cx, &leak),
            shown(&targets)
        );
        out.found(code::draft(cx, code, &leak, message, FIX).severity(severity));
    }
}

fn target(code: &Code, object: apex::Name, field: apex::Name) -> Reached {
    let names = &code.program.names;
    Reached { object: names.written(object).to_owned(), field: names.written(field).to_owned() }
}

/// Whether a field can take what comes: texts take everything, other types their own.
fn takes(cx: &Context<'_>, fields: &[String], target: &Reached) -> bool {
    const TEXTS: [&str; 9] =
        ["Text", "TextArea", "LongTextArea", "Html", "Url", "Email", "Phone", "EncryptedText", "AutoNumber"];
    const CHOICES: [&str; 6] = ["Status", "Type", "Priority", "Origin", "StageName", "Reason"];
    let type_of = |name: &str| cx.project.field(name).and_then(|field| field.data_type()).map(|kind| kind.to_string());
    match type_of(&target.full_name()) {
        None => !CHOICES.iter().any(|name| name.eq_ignore_ascii_case(&target.field)),
        Some(kind) => {
            TEXTS.contains(&kind.as_str()) || fields.iter().any(|field| type_of(field).as_ref() == Some(&kind))
        }
    }
}

const FIX: &str = "write the record's Id or a link instead; where the copy must be, classify the target in the bundle and \
                   protect it as the source";

/// A patient's name in the headline of a record about them tells less than what ails them, and a number next to nothing.
fn weight(cx: &Context<'_>, fields: &[String], severity: Severity) -> Severity {
    let is_name = |field: &String| {
        field.eq_ignore_ascii_case("ContentVersion.Title") || cx.verdict(field).is_some_and(|verdict| verdict.identifier == Some(Identifier::Name))
    };
    if fields.iter().all(|field| is_record_number(cx, field)) {
        Severity::Low
    } else if fields.iter().all(|field| is_name(field) || is_record_number(cx, field)) {
        severity.min(Severity::Medium)
    } else {
        severity
    }
}

/// A field that an element of a flow writes.
struct Written<'p> {
    element: String,
    target: Reached,
    /// What names the field in the flow.
    at: Value<'p>,
    value: FlowValue<'p>,
}

fn of_flow(cx: &Context<'_>, flow: Flow<'_>, out: &mut Outcome) {
    let data = FlowData::of(cx, flow);
    let absent = absent_sources(cx, flow, &data);
    for Written { element, target, at, value } in written(cx, flow, &data) {
        let Some(severity) = open_target(cx, &target) else { continue };
        let phi = |field: &String| is_new_to(cx, field, &target, severity);
        let fields: Vec<String> = data.of_value(cx, value).into_iter().filter(phi).collect();
        let target = target.full_name();
        if !fields.is_empty() {
            let severity = weight(cx, &fields, severity);
            out.found(
                copy(
                    cx,
                    format!("Flow:{}", flow.name()),
                    &at,
                    &format!("the element `{element}` of the flow `{}`", flow.name()),
                    fields,
                    &target,
                )
                .severity(severity)
                .detail(format!("{element} {target}")),
            );
        } else if let Some(source) = heads(flow, value).iter().find_map(|head| absent.get(head)) {
            out.unknown(
                format!("whether {source} gives the flow `{}` PHI, which it writes to unclassified fields", flow.name()),
                format!("retrieve {source}"),
            );
        }
    }
}

/// Whether a field is PHI that its target's record does not have anyway: records about patients have their names.
fn is_new_to(cx: &Context<'_>, field: &str, target: &Reached, severity: Severity) -> bool {
    let same = field.eq_ignore_ascii_case(&target.full_name());
    cx.verdict(field).filter(|verdict| verdict.is_phi() && !same).is_some_and(|verdict| {
        verdict.identifier != Some(Identifier::Name)
            || severity == Severity::High
            || !cx.is_phi_object(&target.object)
    })
}

fn copy(cx: &Context<'_>, component: String, at: &Value<'_>, who: &str, fields: Vec<String>, target: &str) -> Draft {
    let confidence = fields.iter().filter_map(|field| cx.verdict(field)).map(|verdict| verdict.confidence).max();
    Draft::new(
        component,
        cx.place(at),
        format!("{who} copies {} to `{target}`, which is not classified as PHI", shown(&fields)),
        FIX,
    )
    .confidence(confidence.unwrap_or(Confidence::Medium))
    .fields(fields)
}

/// How grave it is that PHI goes to a field; nothing where it belongs there.
fn open_target(cx: &Context<'_>, target: &Reached) -> Option<Severity> {
    const SHOWN: [(&str, &[&str]); 5] = [
        ("Task", &["Subject", "Description"]),
        ("Event", &["Subject", "Description", "Location"]),
        ("Case", &["Subject", "Description", "Comments"]),
        ("FeedItem", &["Title", "Body"]),
        ("CaseComment", &["CommentBody"]),
    ];
    let verdict = cx.classes.field(&target.object, &target.field);
    let is_shown = target.field.eq_ignore_ascii_case("Name")
        || SHOWN.iter().any(|(object, fields)| {
            object.eq_ignore_ascii_case(&target.object)
                && fields.iter().any(|field| field.eq_ignore_ascii_case(&target.field))
        });
    let is_said = matches!(verdict.evidence, Evidence::Bundle | Evidence::Tag);
    // That people may write PHI into a description is no reason to copy it there.
    let belongs = verdict.class.is_personal() && (is_said || !is_shown);
    let of_patients = target.field.eq_ignore_ascii_case("Name") && verdict.is_phi();
    if belongs || of_patients || field_path::is_reference(cx.project, target) {
        return None;
    }
    Some(if is_shown { Severity::High } else { Severity::Medium })
}

/// All fields that a flow writes into records.
fn written<'p>(cx: &Context<'p>, flow: Flow<'p>, data: &FlowData) -> Vec<Written<'p>> {
    let mut found = Vec::new();
    for change in flow.record_creates().chain(flow.record_updates()) {
        let of_variable =
            || change.input_reference().and_then(|name| data.objects.get(&name.to_lowercase()).cloned());
        let Some(object) = change.object().map(|name| name.into_text().into_owned()).or_else(of_variable) else {
            continue;
        };
        let element = change.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
        for input in change.inputs() {
            if let (Some(field), Some(value)) = (input.field(), input.value()) {
                let target = Reached { object: object.clone(), field: field.as_str().to_owned() };
                found.push(Written { element: element.clone(), target, at: field, value });
            }
        }
    }
    let stored = stored(flow);
    for assignment in flow.assignments() {
        let element = assignment.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
        for item in assignment.items() {
            let (Some(target), Some(value)) = (item.target(), item.value()) else { continue };
            let Some((head, path)) = target.split_once('.') else { continue };
            let head = head.to_lowercase();
            if let Some(object) = data.objects.get(&head).filter(|_| stored.contains(&head)) {
                let reached = field_path::follow(cx.project, object, path);
                found.push(Written { element: element.clone(), target: reached, at: target, value });
            }
        }
    }
    found
}

/// The record variables that the flow stores, in lower case.
fn stored(flow: Flow<'_>) -> BTreeSet<String> {
    let changes = flow.record_creates().chain(flow.record_updates());
    let mut stored: BTreeSet<String> =
        changes.filter_map(|change| change.input_reference()).map(|name| name.to_lowercase()).collect();
    let before = flow.start().and_then(|start| start.trigger()).is_some_and(|kind| kind == "RecordBeforeSave");
    if before {
        stored.insert("$record".to_owned());
    }
    // A record that is added to a list which is stored.
    for item in flow.assignments().flat_map(|assignment| assignment.items()) {
        let added = item.value().and_then(|value| value.reference());
        if let (Some(target), Some(added)) = (item.target(), added)
            && stored.contains(&target.to_lowercase())
        {
            stored.insert(added.to_lowercase());
        }
    }
    stored
}

/// What the flow gets from subflows and Apex actions that the source does not have: by variable or element in lower case, what to
/// retrieve. Nothing where the flow has to do with no PHI.
fn absent_sources(
    cx: &Context<'_>,
    flow: Flow<'_>,
    data: &FlowData,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if !data.objects.values().any(|object| cx.is_phi_object(object)) {
        return found;
    }
    let mut add = |source: String, name: Option<Value<'_>>, targets: Vec<Value<'_>>| {
        for name in targets.into_iter().chain(name) {
            found.insert(name.to_lowercase(), source.clone());
        }
    };
    for subflow in flow.subflows() {
        let Some(called) = subflow.flow() else { continue };
        if !cx.project.flows().any(|known| known.name().eq_ignore_ascii_case(&called)) {
            let targets = subflow.outputs().filter_map(|output| output.target()).collect();
            add(format!("`Flow:{}`", called.as_str()), subflow.name(), targets);
        }
    }
    for call in flow.action_calls().filter(|call| call.action_type().is_some_and(|kind| kind == "apex")) {
        let Some(called) = call.action_name() else { continue };
        if cx.project.find("ApexClass", &called).is_none() {
            let targets = call.outputs().filter_map(|output| output.target()).collect();
            add(format!("`ApexClass:{}`", called.as_str()), call.name(), targets);
        }
    }
    found
}

/// The names that a value refers to, up to their first dot, in lower case.
fn heads(flow: Flow<'_>, value: FlowValue<'_>) -> Vec<String> {
    let head = |name: &str| name.split('.').next().unwrap_or(name).to_lowercase();
    let mut found: Vec<String> = value.reference().iter().map(|name| head(name)).collect();
    let template = flow.text_templates().find(|template| {
        template.name().is_some_and(|name| found.iter().any(|own| *own == name.to_lowercase()))
    });
    let texts = [value.string(), template.and_then(|template| template.text())];
    for text in texts.into_iter().flatten() {
        found.extend(merge_fields(&text).iter().map(|field| head(field.head)));
    }
    found
}

fn of_workflow(cx: &Context<'_>, update: WorkflowFieldUpdate<'_>, out: &mut Outcome) {
    let (Some(field), Some(formula)) = (update.field(), update.formula()) else { return };
    let object = update.object_name();
    let target_object = match update.target_object() {
        Some(lookup) => {
            let relationship = match lookup.strip_suffix("__c") {
                Some(stem) => format!("{stem}__r"),
                None => lookup.strip_suffix("Id").unwrap_or(&lookup).to_owned(),
            };
            field_path::related(cx.project, object, &relationship)
        }
        None => object.to_owned(),
    };
    let target = Reached { object: target_object, field: field.as_str().to_owned() };
    let Some(severity) = open_target(cx, &target) else { return };
    let mut fields: Vec<String> = Vec::new();
    for reference in formula_fields(&formula) {
        let path =
            if reference.path.is_empty() { reference.head.to_owned() } else { format!("{}.{}", reference.head, reference.path) };
        let reached = field_path::follow(cx.project, object, &path);
        let name = reached.full_name();
        if is_new_to(cx, &name, &target, severity) && !field_path::is_reference(cx.project, &reached) && !fields.contains(&name) {
            fields.push(name);
        }
    }
    if fields.is_empty() {
        return;
    }
    let name = update.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
    out.found(
        copy(
            cx,
            format!("WorkflowFieldUpdate:{object}.{name}"),
            &formula,
            &format!("the field update `{name}` of `{object}`"),
            fields,
            &target.full_name(),
        )
        .severity(severity)
        .detail("update"),
    );
}
