//! # Guests can read PHI
//!
//! The profile of a site's guest user, whom nobody logs in as, may read an object or fields that hold PHI.
//!
//! ## Why it harms
//! What a guest profile may read, anybody on the internet may ask the site for: through its pages, Aura and Lightning
//! controllers and public Apex REST. The object permission is the first of two locks; the second is the sharing of
//! records, which guest sharing rules and Apex `without sharing` open. 45 CFR 164.502(a) and 164.312(a)(1) allow access
//! only to those who have been granted it; GDPR Art. 9(1) forbids the processing of health data without a ground.
//!
//! ## What to change
//! In the profile's file set `<allowRead>false</allowRead>` for the object (with create, edit and delete), and
//! `<readable>false</readable>` for the fields: *Setup > Digital Experiences > All Sites > Builder > Settings > Guest user
//! profile*. A public form needs create without read: let Apex insert what a stranger sends.
//!
//! ## What is not found
//! Permission sets given to the guest user, and which records sharing opens. A profile is taken to be a guest's by the
//! bundle's audience of kind `guest`, by its licence, or, where the file does not say a licence, by its name (`<site>
//! Profile`). A field's
//! permission opens nothing without the object's: a profile that names objects but not this one is silent, and one that
//! names none has one low finding for all its readable PHI fields. A site without the profile in the source is unknown.
//!
//! ## Seen in the wild
//! `vkadagoti-png/Support_POC`: one guest profile reads `Account` (person accounts) and `Contact`; four others have readable
//! PHI fields and no object. `CityofToronto/EDC-Salesforce`: 2 and 3.

use std::collections::{BTreeMap, BTreeSet};

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::Container;

use crate::Context;
use crate::container::{self, Meant};
use crate::phi_object::{self, PhiObject};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Guests can read PHI",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-prv-502a", "gdpr-5-1f", "API1"],
    tags: &["phi", "access", "guest"],
    replaces: &[],
    sbs: &["SBS-CPORTAL-002"],
    needs: &["the guest profile of each site", "PermissionSetAssignment of the guest user (SOQL)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for profile in cx.project.profiles() {
        if let Some(meant) = container::for_guests(cx, profile) {
            out.judged(1);
            judge(cx, out, profile, &meant);
        }
    }
    for (site, name) in container::without_guest_profile(cx) {
        out.unknown(
            format!("the guest profile of site `{}`, named `{name}` unless it was renamed", site.name()),
            format!("retrieve `Profile:{name}` together with the objects"),
        );
    }
}

/// What a profile says of one object.
#[derive(Default)]
struct Said<'p> {
    object: Option<Value<'p>>,
    readable: Vec<(String, Value<'p>, Confidence)>,
    refused: BTreeSet<String>,
}

fn judge(cx: &Context<'_>, out: &mut Outcome, profile: Container<'_>, meant: &Meant) {
    let mut said: BTreeMap<String, Said<'_>> = BTreeMap::new();
    for permission in profile.object_permissions() {
        let Some(object) = permission.object() else { continue };
        if let Some(read) = permission.element().value("allowRead") {
            said.entry(object.to_lowercase()).or_default().object = Some(read);
        }
    }
    for permission in profile.field_permissions() {
        let Some(name) = permission.field() else { continue };
        let Some((object, _)) = name.split_once('.') else { continue };
        let Some(verdict) = cx.verdict(&name).filter(|verdict| verdict.is_phi()) else { continue };
        let of_object = said.entry(object.to_lowercase()).or_default();
        match permission.element().value("readable") {
            Some(readable) if readable.flag() == Some(true) => {
                of_object.readable.push((name.as_str().to_owned(), readable, verdict.confidence));
            }
            Some(_) => {
                of_object.refused.insert(name.to_lowercase());
            }
            None => {}
        }
    }
    // A profile is retrieved with the permissions of its objects and fields together: where it names objects, those
    // that it does not name are not given. Where it names none, its fields wait for a permission set.
    let names_objects = said.values().any(|said| said.object.is_some());
    let refuses_fields = said.values().any(|said| !said.refused.is_empty());
    let mut waiting: Vec<(PhiObject, Said<'_>)> = Vec::new();
    for (object, said) in said {
        let Some(phi) = PhiObject::of(cx, &object) else { continue };
        match &said.object {
            Some(read) if read.flag() == Some(true) => {
                // A profile that speaks of an object's fields gives those that it names, beside what nobody can hide.
                let phi = if said.refused.is_empty() || !said.readable.is_empty() { phi } else { open_anyway(cx, phi) };
                if !phi.fields.is_empty() || said.refused.is_empty() {
                    let draft = reads(cx, profile, meant, &phi, read, &said);
                    // Of an object of which it names no field, a profile that refuses others gives what cannot be hidden.
                    let is_bare = refuses_fields && said.readable.is_empty();
                    out.found(match (phi_object::is_unused(cx, &phi.name), is_bare) {
                        (true, _) => draft.severity(Severity::Low),
                        (false, true) => draft.severity(Severity::Medium),
                        (false, false) => draft,
                    });
                }
            }
            None if !names_objects && !said.readable.is_empty() => waiting.push((phi, said)),
            Some(_) | None => {}
        }
    }
    if let Some(draft) = waits(cx, profile, meant, &waiting) {
        out.found(draft);
    }
}

fn reads(
    cx: &Context<'_>,
    profile: Container<'_>,
    meant: &Meant,
    phi: &PhiObject,
    read: &Value<'_>,
    said: &Said<'_>,
) -> Draft {
    let fields: Vec<String> = said.readable.iter().map(|(name, _, _)| name.clone()).collect();
    let surest = said.readable.iter().map(|(_, _, confidence)| *confidence).max();
    let shown = if fields.is_empty() { phi.holds() } else { listed(&fields) };
    let message = format!(
        "guests may read `{}` through {}: it holds {shown} ({})",
        phi.name,
        container::title(profile),
        meant.because
    );
    let fix = format!(
        "set `<allowRead>false</allowRead>` for `{}` and `<readable>false</readable>` for its PHI fields",
        phi.name
    );
    Draft::new(container::component(profile), cx.place(read), message, fix)
        .confidence(surest.unwrap_or(phi.confidence).min(meant.confidence))
        .detail(phi.name.clone())
        .fields(if fields.is_empty() { phi.fields.clone() } else { fields })
}

/// One finding for a profile: nobody reads these fields until the object is given as well.
fn waits(
    cx: &Context<'_>,
    profile: Container<'_>,
    meant: &Meant,
    waiting: &[(PhiObject, Said<'_>)],
) -> Option<Draft> {
    let readable: Vec<_> = waiting.iter().flat_map(|(_, said)| &said.readable).collect();
    let (_, first, _) = readable.first()?;
    let objects: Vec<String> = waiting.iter().map(|(phi, _)| phi.name.clone()).collect();
    let message = format!(
        "{} has PHI fields of {} readable: one permission on the object lets guests read them ({})",
        container::title(profile),
        listed(&objects),
        meant.because
    );
    let fix = "set `<readable>false</readable>` for the PHI fields, so that a permission set for guests cannot open them";
    Some(
        Draft::new(container::component(profile), cx.place(first), message, fix)
            .severity(Severity::Low)
            .confidence(Confidence::Medium.min(meant.confidence))
            .detail("fields")
            .fields(readable.iter().map(|(name, _, _)| name.clone())),
    )
}

/// The object with the fields alone that field-level security cannot hide.
fn open_anyway(cx: &Context<'_>, phi: PhiObject) -> PhiObject {
    let is_open = |name: &String| match cx.project.field(name) {
        Some(field) => {
            field.data_type().is_some_and(|kind| kind.as_str() == "MasterDetail")
                || field.is_custom() && field.required() == Some(true)
        }
        None => name.ends_with(".Name"),
    };
    PhiObject { fields: phi.fields.into_iter().filter(is_open).collect(), ..phi }
}

fn listed(fields: &[String]) -> String {
    let names = fields.iter().map(|field| field.rsplit('.').next().unwrap_or(field));
    let shown: Vec<String> = names.take(3).map(|name| format!("`{name}`")).collect();
    match fields.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
