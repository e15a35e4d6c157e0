//! # Members of a portal who are no patients may read PHI
//!
//! A profile or permission set for members of a portal (a community, partner or portal licence, or the bundle's
//! audience) opens an object and grants its PHI fields, and nothing says that its holders are the patients themselves.
//! There is one finding a profile or set.
//!
//! ## Why it harms
//! Members of a portal sit outside the workforce: referrers, suppliers, employers, relatives. A field that is granted is
//! theirs in every record that sharing ever lets them see, on pages, in the API and in lists, and a sharing rule of
//! tomorrow asks nobody about fields. 45 CFR 164.308(a)(4), 164.502(b), 164.514(d)(2); GDPR Art. 25(2). High where the
//! licence or the name says that they are partners, and more than dates can be edited or the records are open to them;
//! otherwise medium.
//!
//! ## What to change
//! Set `<readable>` and `<editable>` to `false` for the PHI fields that these members' work does not need; where
//! they are patients, say so in the bundle by an audience of kind `portal` that names the profile and has a word such as `patients`
//! in its id.
//!
//! ## What is not found
//! Profiles and sets whose name, or whose audience's, speaks of patients, members of a plan or their families: what they see of
//! each other is `portal-members-see-each-other`, and who may become one `self-registration-reaches-phi`. An object
//! that is private to external users and given by a sharing set with the user's own contact or account alone. Fields of objects that
//! the same profile or set does not open. Guests are `guest-can-read-phi`. Who holds a permission set is not in the
//! source; one without a licence is taken to be for users of the org.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: six permission sets of portals, that of physicians with 34 fields to read and edit.
//! `samhart/pointcare`: a hub of providers edits two dates of patients' applications.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Identifier;
use sfdx::Value;
use sfdx::views::{Container, ContainerKind};

use crate::Context;
use crate::classification::{occurs, words};
use crate::container::{self, Meant};
use crate::disclosure::shown;
use crate::reach::{self, Opened};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Members of a portal who are no patients may read PHI",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    persona: Persona::Security,
    controls: &["hipaa-sec-308a4", "hipaa-prv-502b", "hipaa-prv-514d2", "gdpr-25-2"],
    tags: &["phi", "portal", "access"],
    replaces: &[],
    sbs: &["SBS-CPORTAL-002"],
    needs: &["profiles and permission sets of portals, retrieved with the objects", "`sharingSets/`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    for holder in cx.project.containers() {
        let Some(meant) = container::for_members(cx, holder) else { continue };
        out.judged(1);
        if !are_patients(cx, holder) || are_partners(holder) {
            judge(cx, out, holder, &meant);
        }
    }
}

/// Whether a name says that they are patients, or act for them.
fn are_patients(cx: &Context<'_>, holder: Container<'_>) -> bool {
    const PATIENTS: [&str; 12] = [
        "patient", "patients", "member", "members", "consumer", "family", "parent", "guardian", "caregiver", "beneficiary",
        "participant", "donor",
    ];
    let audience = match holder.kind() {
        ContainerKind::Profile => cx.policy.audience_of_profile(holder.name()),
        _ => None,
    };
    let audience = audience.map(|audience| audience.id.value.to_string());
    let label = holder.label().map(Value::into_text);
    let said = [Some(holder.name()), label.as_deref(), audience.as_deref()];
    said.into_iter().flatten().any(|name| {
        let words = words(name);
        PATIENTS.iter().any(|patient| occurs(&[patient], &words))
    })
}

/// The word of a licence or name that speaks of organisations beside this one.
fn are_partners(holder: Container<'_>) -> bool {
    const PARTNERS: [&str; 20] = [
        "partner", "provider", "practitioner", "prescriber", "physician", "referrer", "vendor", "supplier", "employer", "broker",
        "agency", "pharmacy", "payer", "laboratory", "nurse",
        "pharmacist", "doctor", "hospital", "reviewer", "committee",
    ];
    let license = holder.license().map(Value::into_text);
    [Some(holder.name()), license.as_deref()].into_iter().flatten().any(|name| {
        let words = words(name);
        PARTNERS.iter().any(|partner| occurs(&[partner], &words))
    })
}

/// What is granted of one object.
#[derive(Default)]
struct Granted<'p> {
    fields: Vec<(String, Value<'p>, Confidence)>,
    /// Those of them that may be edited, where the object may be.
    edited: Vec<String>,
    /// Whether there is more than days.
    tells: bool,
}

fn judge(cx: &Context<'_>, out: &mut Outcome, holder: Container<'_>, meant: &Meant) {
    let opened: Vec<Opened> =
        reach::opened(cx, holder).into_iter().filter(|opened| !is_ones_own(cx, holder, opened)).collect();
    let mut granted: BTreeMap<String, Granted<'_>> = BTreeMap::new();
    for permission in holder.field_permissions() {
        let Some(name) = permission.field() else { continue };
        let Some((object, _)) = name.split_once('.') else { continue };
        let Some(readable) = permission.element().value("readable").filter(|own| own.flag() == Some(true)) else {
            continue;
        };
        if !opened.iter().any(|own| own.phi.name.eq_ignore_ascii_case(object)) {
            continue;
        }
        let Some(verdict) = cx.verdict(&name).filter(|verdict| verdict.is_phi()) else { continue };
        let own = granted.entry(object.to_lowercase()).or_default();
        let edits = |flag| holder.object_permissions().any(|own| {
            own.object().is_some_and(|name| name.eq_ignore_ascii_case(object)) && own.element().flag(flag) == Some(true)
        });
        if permission.element().flag("editable") == Some(true) && (edits("allowEdit") || edits("modifyAllRecords")) {
            own.edited.push(name.as_str().to_owned());
        }
        own.tells |= verdict.identifier != Some(Identifier::Date);
        own.fields.push((name.as_str().to_owned(), readable, verdict.confidence));
    }
    let all: Vec<_> = granted.values().flat_map(|own| &own.fields).collect();
    let Some((_, first, _)) = all.first() else { return };
    let edited: Vec<String> = granted.values().flat_map(|own| own.edited.iter().cloned()).collect();
    let is_edited = !edited.is_empty();
    let is_open = opened
        .iter()
        .any(|own| granted.contains_key(&own.phi.name.to_lowercase()) && (own.all_records || is_public(cx, &own.phi.name)));
    let are_partners = are_partners(holder);
    let tells = granted.values().any(|own| own.tells);
    let severity = if are_partners && tells && (is_edited || is_open) { Severity::High } else { META.severity };
    let does = if edited.len() == all.len() { "read and edit" } else { "read" };
    let edits = if is_edited && edited.len() < all.len() { format!(", and edit {}", shown(&edited)) } else { String::new() };
    let who = if are_partners { "members of a portal for partners" } else { "members of a portal" };
    let fields: Vec<String> = all.iter().map(|(name, _, _)| name.clone()).collect();
    let confidence = all.iter().map(|(_, _, confidence)| *confidence).max().unwrap_or(Confidence::Medium);
    // Who they are is in no file where neither licence nor name says it.
    let limit = if are_partners { Confidence::High } else { Confidence::Medium };
    let draft = Draft::new(
        container::component(holder),
        cx.place(first),
        format!(
            "{who} may {does} {}{edits} by the {} ({})",
            shown(&fields),
            container::title(holder),
            meant.because
        ),
        "set `<readable>false</readable>` for the PHI fields that they do not need; where they are the patients themselves, \
         say so by an audience of the bundle",
    )
    .severity(severity)
    .confidence(confidence.min(meant.confidence).min(limit))
    .detail("fields")
    .fields(fields);
    let others = granted.values().filter_map(|own| own.fields.first());
    out.found(others.filter(|(_, place, _)| place.span() != first.span()).fold(draft, |draft, (name, place, _)| {
        draft.related(cx.place(place), format!("`{name}` is granted here"))
    }));
}

/// Whether its holders get no more than their own records of an object.
fn is_ones_own(cx: &Context<'_>, holder: Container<'_>, opened: &Opened) -> bool {
    !opened.all_records
        && !is_public(cx, &opened.phi.name)
        && holder.kind() == ContainerKind::Profile
        && reach::gives_ones_own(cx, &opened.phi.name, holder.name())
}

/// Whether external users see every record of an object, as far as the source says it.
fn is_public(cx: &Context<'_>, object: &str) -> bool {
    let external = cx.project.object(object).and_then(|object| object.external_sharing_model());
    external.is_some_and(|model| !matches!(model.as_str(), "Private" | "ControlledByParent"))
}
