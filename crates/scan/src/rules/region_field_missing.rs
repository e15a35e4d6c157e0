//! # Nothing says which law holds for a record
//!
//! An object with PHI has no path to the person's legal region in the bundle, or one that names no field, while the bundle has more than one
//! region.
//!
//! ## Why it harms
//! Every decision that hangs on the region of the person stays undetermined: nothing may be sent on `region: same-as-subject`, and neither
//! GDPR Chapter V (Art. 44 to 49) nor a region's own law can be kept record by record. GDPR Art. 24(1) and 25; 45 CFR 164.316(a) for the
//! documented policy.
//!
//! ## What to change
//! Add `region:` to the object in the bundle: a field of the object, or a path through lookups (`Patient__r.Data_Region__c`). Where there is
//! no such field, make one and fill it when a person is entered.
//!
//! ## What is not found
//! A standard field is taken to exist. An object whose `subject` leads to an object with a region still needs its own path, for the gateway
//! sees one record. A contact whose person account has a region has it too. Regions within one another count as one. A path through an object that is not
//! in the source is unknown. Configuration types, events and big objects do not count. Without a bundle, or with one region, nothing is found.
//!
//! ## Seen in the wild
//! No public project has a bundle.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use journal::{Confidence, Persona, Place, Severity};
use policy::At;
use policy::bundle::classification::ObjectRule;
use policy::vocabulary::Region;
use sfdx::views::ObjectKind;

use crate::encryption;
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, field_path, reach};

pub(crate) const META: Meta = Meta {
    title: "Nothing says which law holds for a record",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["gdpr-44", "gdpr-25-1", "hipaa-sec-316a"],
    tags: &["phi", "region"],
    replaces: &[],
    sbs: &[],
    needs: &["the `region` of each object, in `classification/`", "the objects of its path"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if !has_several_laws(cx.policy.regions()) {
        return;
    }
    for (name, rule) in cx.policy.objects() {
        let is_kept = encryption::reaches(ObjectKind::of_name(&name.value));
        let holds_phi = rule.default.iter().chain(rule.fields.0.iter().flat_map(|(_, rules)| rules.iter()));
        if is_kept && (holds_phi.into_iter().any(|field| field.class.value.is_phi()) || cx.is_phi_object(&name.value)) {
            out.judged(1);
            declared(cx, name, rule, out);
        }
    }
    undeclared(cx, out);
}

/// Whether the regions are of more than one law: none lies within another.
fn has_several_laws(regions: &[At<Region>]) -> bool {
    let apart = |a: &At<Region>, b: &At<Region>| !a.value.within(&b.value) && !b.value.within(&a.value);
    regions.iter().any(|a| regions.iter().any(|b| apart(a, b)))
}

fn declared(cx: &Context<'_>, name: &At<String>, rule: &ObjectRule, out: &mut Outcome) {
    let object = name.value.as_str();
    let Some(path) = &rule.region else {
        if !has_by_person_account(cx, object) {
            out.found(
                Draft::new(
                    format!("Object:{object}"),
                    cx.policy_place(&name.place),
                    format!("the bundle does not say where the legal region of a person of `{object}` is read"),
                    "add `region:` with the field or path that says it",
                )
                .detail(object.to_lowercase()),
            );
        }
        return;
    };
    match ends(cx, object, path.value.as_str()) {
        End::Field => {}
        End::NoField(at) => out.found(
            Draft::new(
                format!("Object:{object}"),
                cx.policy_place(&path.place),
                format!("the region of `{object}` is read from `{}`, and `{at}` is no field of the source", path.value),
                "name the field as the source writes it, or retrieve it",
            )
            .detail(object.to_lowercase()),
        ),
        End::OutsideSource(at) => out.unknown(
            format!("whether `{}`, the region of `{object}`, names a field: `{at}` is not in the source", path.value),
            format!("retrieve `CustomObject:{at}` and the lookups to it"),
        ),
    }
}

/// Where a path ends.
enum End {
    Field,
    NoField(String),
    OutsideSource(String),
}

fn ends(cx: &Context<'_>, object: &str, path: &str) -> End {
    let mut at = object.to_owned();
    let (lookups, field) = path.rsplit_once('.').map_or((None, path), |(lookups, field)| (Some(lookups), field));
    for lookup in lookups.into_iter().flat_map(|lookups| lookups.split('.')) {
        at = field_path::related(cx.project, &at, lookup);
    }
    let Some(found) = cx.project.object(&at) else { return End::OutsideSource(at) };
    let is_custom = field.contains("__");
    if !is_custom || cx.described(&at, field).is_some() {
        return End::Field;
    }
    // Of an object whose own file is not here, some fields may lack.
    if found.wholes().next().is_none() {
        return End::OutsideSource(at);
    }
    End::NoField(format!("{at}.{field}"))
}

/// Whether a contact is the person account's, whose region the bundle has.
fn has_by_person_account(cx: &Context<'_>, object: &str) -> bool {
    object.eq_ignore_ascii_case("Contact")
        && reach::persons_are_accounts(cx)
        && cx.policy.object("Account").is_some_and(|account| account.region.is_some())
}

/// Objects of the source with PHI of which the bundle has nothing.
fn undeclared(cx: &Context<'_>, out: &mut Outcome) {
    // The surest field of an object speaks for it; of equal ones the first.
    let mut first: BTreeMap<String, (Reverse<Confidence>, Place, String)> = BTreeMap::new();
    for phi in encryption::phi_fields(cx) {
        let object = phi.object.name();
        if cx.policy.object(object).is_some() || has_by_person_account(cx, object) {
            continue;
        }
        let place = encryption::place(cx, phi.field);
        let own = (Reverse(phi.verdict.confidence), place, phi.field.full_name().to_owned());
        let known = first.entry(object.to_owned()).or_insert_with(|| own.clone());
        if own < *known {
            *known = own;
        }
    }
    for (object, (Reverse(confidence), place, field)) in first {
        out.judged(1);
        out.found(
            Draft::new(
                format!("CustomObject:{object}"),
                place,
                format!("`{object}` holds PHI, and the bundle does not say where the legal region of its person is read"),
                format!("add `{object}` to the bundle's classification with `region:`"),
            )
            .confidence(confidence)
            .detail(object.to_lowercase())
            .field(field),
        );
    }
}
