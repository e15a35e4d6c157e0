//! # PHI shared with guests
//!
//! A guest sharing rule opens records of an object with PHI to people who have not logged in.
//!
//! ## Why it harms
//! A guest is anybody on the internet. Records that a guest sharing rule matches can be listed through the site's pages,
//! its Aura endpoint and GraphQL by whoever knows the site's address, as far as the guest profile may read the object.
//! That is a disclosure without any ground: 45 CFR 164.502(a), GDPR Art. 5(1)(f) and 9(1).
//!
//! ## What to change
//! Delete the rule (*Setup > Sharing Settings > Guest User Sharing Rules*). What the site must show to strangers belongs
//! in an object without PHI; what a stranger sends in is taken by Apex that only inserts.
//!
//! ## What is not found
//! Apex that runs `without sharing` for guests shows records without any rule. Which records match a rule's criteria is
//! not in the source. The rule works where the guest profile may read the object: see `guest-can-read-phi`; a profile
//! that is not in the source is unknown, so that the rule counts without it.
//!
//! ## Seen in the wild
//! `GSA/SF_WorkSpace`: 2 rules that share accounts with the guests of two sites; `CityofToronto/EDC-Salesforce`: 1 on person
//! accounts. `trailheadapps/coral-cloud` has two guest rules on objects without PHI, which are not found.

use std::collections::BTreeSet;

use journal::{Confidence, Persona, Severity};
use sfdx::views::SharingKind;

use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, sharing};

pub(crate) const META: Meta = Meta {
    title: "PHI shared with guests",
    severity: Severity::Critical,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502a", "hipaa-sec-312a1", "gdpr-5-1f", "API1"],
    tags: &["phi", "access", "guest"],
    replaces: &[],
    sbs: &["SBS-CPORTAL-002"],
    needs: &["the SharingRules file of each PHI object"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for rule in cx.project.sharing_rules().filter(|rule| rule.kind() == SharingKind::Guest) {
        out.judged(1);
        let target = rule.shared_to().and_then(|to| to.element().children().next());
        let site = target.and_then(sfdx::Element::own_value).filter(|name| !name.is_empty());
        let place = match (&site, target) {
            (Some(site), _) => cx.place(site),
            (None, Some(target)) => sharing::start(target),
            (None, None) => sharing::place(cx, rule),
        };
        let guest = site.map_or_else(|| "a guest user".to_owned(), |site| format!("guest `{}`", site.as_str()));
        if let Some(phi) = sharing::phi_of(cx, rule) {
            let message = format!(
                "guest sharing rule `{}` lets {guest}, who is anybody on the internet, {} `{}` records: they hold {}",
                rule.name().as_deref().unwrap_or_default(),
                sharing::verb(rule),
                phi.name,
                phi.holds()
            );
            let fix = "delete the rule; show strangers only objects without PHI";
            out.found(
                Draft::new(sharing::component(rule), place, message, fix)
                    .confidence(phi.confidence)
                    .detail("guests")
                    .fields(phi.fields),
            );
        }
    }
    objects_without_rules(cx, out);
}

/// Salesforce writes a file of sharing rules for each object: where there is a site and no such file, which rules
/// guests have is unknown.
fn objects_without_rules(cx: &Context<'_>, out: &mut Outcome) {
    if cx.project.sites().next().is_none() && cx.project.networks().next().is_none() {
        return;
    }
    let known: BTreeSet<String> =
        cx.project.of_type("SharingRules").map(|rules| rules.full_name().to_lowercase()).collect();
    let missing: Vec<String> = cx
        .phi_objects()
        .filter(|name| !known.contains(&name.to_lowercase()))
        .filter(|name| {
            let model = cx.project.object(name).and_then(|object| object.sharing_model());
            model.is_none_or(|model| !model.starts_with("ControlledBy"))
        })
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        out.unknown(
            format!("the guest sharing rules of {}", missing.join(", ")),
            "retrieve `SharingRules` of these objects",
        );
    }
}
