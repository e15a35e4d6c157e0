//! # PHI records open by default
//!
//! The organisation-wide default of an object with PHI lets people see records that nobody shared with them: everybody
//! inside, or users and guests of portals and sites.
//!
//! ## Why it harms
//! The organisation-wide default is the floor that roles, sharing rules and teams can only add to. Where it is not
//! private, each user with read permission on the object reads each patient. 45 CFR 164.514(d)(2) asks to name the
//! persons who need access and to limit it to them, 164.308(a)(4) to manage access so, and GDPR Art. 25(2) that personal
//! data be not accessible *by default* without the person's part. What is open to external users is open to patients,
//! partners and, through what sites do for them, to strangers.
//!
//! ## What to change
//! *Setup > Sharing Settings*, or `<sharingModel>Private</sharingModel>` and
//! `<externalSharingModel>Private</externalSharingModel>` in the object's file; then give access back by role hierarchy,
//! teams or criteria-based rules to those who treat or bill. Changing it recalculates sharing: plan for it. A child in a
//! master-detail relationship (`ControlledByParent`) is mended at its parent.
//!
//! ## What is not found
//! An object whose file is not in the source, or does not say, is unknown: `SELECT QualifiedApiName, InternalSharingModel,
//! ExternalSharingModel FROM EntityDefinition` settles it. Manual shares, Apex sharing, implicit sharing of accounts and
//! restriction rules, which narrow what the default opens, are not weighed. An object without fields, one that keeps a number
//! alone, amounts of money and quantities alone (its details counted in), and one of which no record leads to anybody weigh one step less; so does one of which another file says `Private`.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: 3 (`Drug__c` for external users too). `jperram92/LifesciencesPOC`: 8, among them `MemberPlan` and
//! `CoverageBenefit` as `ReadWrite`. `Gvkp38/Production-Gvkp`: 7, `vkadagoti-png/Support_POC`: 6, `GSA/SF_WorkSpace`: 10, where
//! most are standard objects about persons in an org that is not of health care.

use std::collections::{BTreeMap, BTreeSet};

use access::Answer;
use journal::{Confidence, Persona, Place, Severity};
use sfdx::Value;
use sfdx::views::{Object, ObjectKind};

use crate::grant::{self, Grant};
use crate::phi_object::{self, PhiObject};
use crate::setting::{self, Flag};
use crate::sharing::{self, is_closed, is_parents, masters};
use crate::Context;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "PHI records open by default",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-514d2", "hipaa-sec-308a4", "gdpr-25-2", "API1"],
    tags: &["phi", "access"],
    replaces: &[],
    sbs: &[],
    needs: &["the object's file with sharingModel and externalSharingModel", "EntityDefinition (SOQL)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let grants = grant::all(cx);
    let mut parents = parents(cx, out);
    for name in cx.phi_objects() {
        let Some((phi, object)) = shared(cx, name) else { continue };
        let Some((object, model)) = object.and_then(|object| Some((object, object.sharing_model()?))) else {
            by_the_org(cx, &phi, out);
            continue;
        };
        out.judged(1);
        let children = parents.remove(object.name()).unwrap_or_default();
        if !is_closed(&model) && !is_parents(&model) {
            out.found(inside(cx, &grants, object, &phi, &model, &children));
        }
        match object.external_sharing_model() {
            Some(external) if !is_closed(&external) && !is_parents(&external) => {
                out.found(outside(cx, &grants, object, &phi, &external, &children));
            }
            // External users never see more than internal ones: where those see nothing, there is nothing to ask.
            None if !is_closed(&model) && !is_parents(&model) => {
                unknown(out, &phi.name, "organisation-wide default for external users");
            }
            Some(_) | None => {}
        }
    }
    // Parents that hold no PHI themselves.
    for (parent, children) in parents {
        let Some(object) = cx.project.object(&parent).filter(|_| !cx.is_phi_object(&parent)) else { continue };
        let known: Vec<PhiObject> = children.iter().filter_map(|child| PhiObject::of(cx, child)).collect();
        let confidence = known.iter().map(|child| child.confidence).max().unwrap_or(Confidence::Medium);
        let fields = known.into_iter().flat_map(|child| child.fields).collect();
        let phi = PhiObject { name: object.name().to_owned(), confidence, fields };
        if let Some(model) = object.sharing_model().filter(|model| !is_closed(model)) {
            out.found(inside(cx, &grants, object, &phi, &model, &children));
        }
        if let Some(model) = object.external_sharing_model().filter(|m| !is_closed(m) && !is_parents(m)) {
            out.found(outside(cx, &grants, object, &phi, &model, &children));
        }
    }
}

/// An object with PHI whose records are shared, and its file where the source has it.
fn shared<'p>(cx: &Context<'p>, name: &str) -> Option<(PhiObject, Option<Object<'p>>)> {
    let object = cx.project.object(name);
    if object.is_some_and(|object| !shares(object.kind())) {
        return None;
    }
    let phi = PhiObject::of(cx, name).filter(|phi| !is_named_alone(cx, phi))?;
    Some((phi, object))
}

/// The open masters on which objects with PHI hang, and which those are.
fn parents(cx: &Context<'_>, out: &mut Outcome) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in cx.phi_objects() {
        let Some((phi, Some(object))) = shared(cx, name) else { continue };
        if !object.sharing_model().is_some_and(|model| is_parents(&model)) {
            continue;
        }
        match masters(cx, object, 0) {
            Some(open) => {
                // Who sees a record needs to see each of its masters: the one that holds PHI itself is told of, and mends it.
                let of_patients: BTreeSet<String> = open.iter().filter(|master| cx.is_phi_object(master)).cloned().collect();
                for parent in if of_patients.is_empty() { open } else { of_patients } {
                    found.entry(parent).or_default().insert(phi.name.clone());
                }
            }
            None => out.unknown(
                format!("the object that `{}` hangs on, which decides who sees its records", phi.name),
                "retrieve the objects of its master-detail fields, or look in Setup > Sharing Settings",
            ),
        }
    }
    found
}

/// What the org answered of an object whose default is not in the source.
fn by_the_org(cx: &Context<'_>, phi: &PhiObject, out: &mut Outcome) {
    let answer = cx.facts.sharing_models().find(|model| {
        model.object().is_some_and(|object| object.eq_ignore_ascii_case(&phi.name))
    });
    let Some(inside) = answer.and_then(|model| model.internal()) else {
        unknown(out, &phi.name, "organisation-wide default");
        return;
    };
    out.judged(1);
    let path = cx.facts.paths("sharing-models").first().map_or("facts", String::as_str);
    let defaults = [
        ("whoever inside may read them", "internal", Some(inside), Severity::High),
        ("external users", "external", answer.and_then(|model| model.external()), to_outsiders(cx)),
    ];
    for (who, which, model, severity) in defaults {
        let Some(model) = model.filter(|model| !model.eq_ignore_ascii_case("None")) else {
            unknown(out, &phi.name, &format!("{which} organisation-wide default"));
            continue;
        };
        let model_of_parent = model.to_ascii_lowercase().starts_with("controlledby");
        if model_of_parent || model.eq_ignore_ascii_case("Private") {
            continue;
        }
        let message = format!("{who} may see all `{}` records (`{model}`, as the org answers): {}", phi.name, held(cx, phi, &BTreeSet::new()));
        let fix = "set it to Private (Setup > Sharing Settings), and retrieve the object so that the source says so";
        out.found(
            Draft::new(format!("CustomObject:{}", phi.name), Place::file(path), message, fix)
                .severity(severity)
                .confidence(phi.confidence)
                .fields(phi.fields.iter().cloned())
                .detail(format!("{which} default of the org")),
        );
    }
}

/// Whether records of such an object are shared one by one.
fn shares(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Standard | ObjectKind::Custom | ObjectKind::External)
}

/// Whether its name alone speaks of patients, and none of its fields does.
fn is_named_alone(cx: &Context<'_>, phi: &PhiObject) -> bool {
    let has_fields = cx.project.object(&phi.name).is_some_and(|object| object.fields().any(|own| own.is_custom()));
    phi.fields.is_empty() && has_fields && cx.policy.object(&phi.name).is_none()
}

/// What an open default weighs, and what has to be said of it: nothing is open that nobody reads, and little where there is
/// little to read.
fn weight(
    cx: &Context<'_>,
    object: Object<'_>,
    phi: &PhiObject,
    children: &BTreeSet<String>,
    is_read: Option<bool>,
    severity: Severity,
) -> (Severity, &'static str) {
    let less = if severity == Severity::Critical { Severity::High } else { Severity::Medium };
    match is_read {
        Some(false) => (Severity::Low, "; today nobody but administrators reads the object by what the source gives"),
        _ if phi_object::is_unused(cx, object.name()) => (Severity::Low, "; the source shows no use of the object"),
        _ if phi_object::are_of_amounts(cx, &phi.name, children) => {
            (severity.min(less), "; these are amounts, and nothing else of a patient stands there")
        }
        _ if !children.is_empty() => (severity, ""),
        _ if phi.is_bare(cx) => (severity.min(less), "; the source has no field of it"),
        _ if phi.is_number_alone(cx) => (severity.min(less), "; nothing else of a patient stands in it"),
        _ if phi.is_of_nobody(cx) => (severity.min(less), "; nothing in a record tells whose it is"),
        _ => (severity, ""),
    }
}

/// What another file of the object says, where that is closed: which of them holds, the order of deployment decides.
fn closed_elsewhere<'p>(object: Object<'p>, element: &str) -> Option<Value<'p>> {
    object.wholes().find_map(|file| file.root().value(element).filter(|model| is_closed(model)))
}

/// Names that file.
fn contradicted(cx: &Context<'_>, draft: Draft, other: Option<Value<'_>>) -> Draft {
    match other {
        Some(other) => draft
            .related(cx.place(&other), "another file of the object says that it is closed; what is deployed last holds"),
        None => draft,
    }
}

fn inside(
    cx: &Context<'_>,
    grants: &[Grant<'_, '_>],
    object: Object<'_>,
    phi: &PhiObject,
    model: &Value<'_>,
    children: &BTreeSet<String>,
) -> Draft {
    // Changing takes the object's permission to edit as well.
    let edits = || grant::edits(grants, object.name(), |grant| !grant.is_external());
    let done = match sharing::opens_changing(model).then(edits) {
        Some(Answer::Yes) => "see each record, and whoever may edit any may change it",
        Some(Answer::Unknown) => "see each record, and with the permission to edit change it",
        Some(Answer::No) | None => "see each record",
    };
    let is_read = grant::is_read(grants, object.name(), |grant| !grant.is_external());
    let (severity, so) = weight(cx, object, phi, children, is_read, Severity::High);
    let other = closed_elsewhere(object, "sharingModel");
    let (severity, so) = if other.is_some() { (severity.min(Severity::Medium), CONTRADICTED) } else { (severity, so) };
    let message = format!(
        "whoever inside may read `{}` at all may {done} (`{}`): {}{so}",
        object.name(),
        model.as_str(),
        held(cx, phi, children)
    );
    let fix = "set `<sharingModel>Private</sharingModel>` (Setup > Sharing Settings) and share by role, team or criteria";
    let draft = draft(cx, object, phi, model, message, fix).severity(severity).detail("sharingModel");
    contradicted(cx, draft, other)
}

fn outside(
    cx: &Context<'_>,
    grants: &[Grant<'_, '_>],
    object: Object<'_>,
    phi: &PhiObject,
    model: &Value<'_>,
    children: &BTreeSet<String>,
) -> Draft {
    let is_read = grant::is_read(grants, object.name(), |grant| grant.is_external());
    let (severity, so) = weight(cx, object, phi, children, is_read, to_outsiders(cx));
    let other = closed_elsewhere(object, "externalSharingModel");
    let (severity, so) = if other.is_some() { (severity.min(Severity::Medium), CONTRADICTED) } else { (severity, so) };
    let message = format!(
        "external users may see all `{}` records (`{}`): {}{so}",
        object.name(),
        model.as_str(),
        held(cx, phi, children)
    );
    let fix = "set `<externalSharingModel>Private</externalSharingModel>` (Setup > Sharing Settings) and give patients \
               their own records by a sharing set";
    let draft = draft(cx, object, phi, model, message, fix).severity(severity).detail("externalSharingModel");
    contradicted(cx, draft, other)
}

/// Without a site or portal nobody is outside yet; the first one opens the records to all its users.
fn to_outsiders(cx: &Context<'_>) -> Severity {
    let has_outsiders = cx.project.networks().next().is_some() || cx.project.sites().next().is_some();
    match setting::flag(cx, "Communities", &["enableNetworksEnabled"]) {
        _ if has_outsiders => Severity::Critical,
        Flag::Off(_) => Severity::Low,
        _ => Severity::High,
    }
}

const CONTRADICTED: &str = "; another file of the object says `Private`";

/// Objects on a master that are named.
const CHILDREN: usize = 5;

fn held(cx: &Context<'_>, phi: &PhiObject, children: &BTreeSet<String>) -> String {
    let named: Vec<String> = children.iter().take(CHILDREN).map(|child| format!("`{child}`")).collect();
    let more = match children.len().saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more objects"),
    };
    let named = named.join(", ") + &more;
    match (children.is_empty(), cx.is_phi_object(&phi.name)) {
        (true, _) => format!("they hold {}", phi.holds()),
        (false, true) => format!("they hold {}, and with them each record of {named} is open", phi.holds()),
        (false, false) => format!("with them each record of {named} is open, which hold {}", phi.holds()),
    }
}

fn draft(
    cx: &Context<'_>,
    object: Object<'_>,
    phi: &PhiObject,
    model: &Value<'_>,
    message: String,
    fix: &str,
) -> Draft {
    Draft::new(format!("CustomObject:{}", object.name()), cx.place(model), message, fix)
        .confidence(phi.confidence)
        .fields(phi.fields.iter().cloned())
}

fn unknown(out: &mut Outcome, object: &str, what: &str) {
    out.unknown(
        format!("`{object}`: its {what}"),
        format!(
            "retrieve `CustomObject:{object}`, or query `SELECT InternalSharingModel, ExternalSharingModel FROM \
             EntityDefinition WHERE QualifiedApiName = '{object}'`"
        ),
    );
}
