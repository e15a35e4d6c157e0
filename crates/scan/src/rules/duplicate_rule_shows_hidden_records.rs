//! # A duplicate rule shows who is a patient
//!
//! A duplicate rule on an object with PHI matches past sharing and tells the user of the match, by an alert or by refusing the record.
//!
//! ## Why it harms
//! Whoever may create a record can then ask whether a given person is a patient, and often sees the name of a record that they may not
//! open: 45 CFR 164.502(a), 164.312(a)(1), 164.514(d)(2); GDPR Art. 5(1)(f) and 25(2).
//!
//! ## What to change
//! Set `<securityOption>EnforceSharingRules</securityOption>`, or report the match to those who clean up (`Allow` with `Report`). Where those who create records
//! may know every patient, say so in `exceptions.yaml`: a clinic has to avoid double charts.
//!
//! ## What is not found
//! Rules that are off, that enforce sharing, or that only report. Whether records are hidden at all from those who create is not weighed, nor what
//! guests and integrations learn.
//!
//! ## Seen in the wild
//! In none of 24 public projects.

use journal::{Confidence, Persona, Severity};
use sfdx::Component;

use crate::Context;
use crate::phi_object::PhiObject;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A duplicate rule shows who is a patient",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502a", "hipaa-sec-312a1", "hipaa-prv-514d2", "gdpr-5-1f", "gdpr-25-2"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the duplicate rules (`duplicateRules/`)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for rule in cx.project.of_type("DuplicateRule") {
        out.judged(1);
        let root = rule.root();
        let Some(option) = root.value("securityOption").filter(|option| *option == "BypassSharingRules") else { continue };
        let Some(tells) = tells(rule).filter(|_| root.flag("isActive") != Some(false)) else { continue };
        let (of, name) = rule.full_name().split_once('.').unwrap_or((rule.full_name(), ""));
        let matched = root.children_named("duplicateRuleMatchRules").filter_map(|one| one.value("matchRuleSObjectType"));
        let mut objects = vec![of.to_owned()];
        objects.extend(matched.map(|object| object.into_text().into_owned()));
        let phi = objects.iter().find_map(|object| {
            let object = if object.eq_ignore_ascii_case("PersonAccount") { "Account" } else { object };
            PhiObject::of(cx, object)
        });
        let Some(phi) = phi else { continue };
        out.found(
            Draft::new(
                format!("DuplicateRule:{}", rule.full_name()),
                cx.place(&option),
                format!(
                    "the duplicate rule `{name}` of `{of}` matches past sharing and {tells}: it says whether somebody is in `{}`, which holds {}",
                    phi.name,
                    phi.holds()
                ),
                "set `<securityOption>EnforceSharingRules</securityOption>`, or only report the match; where all who create records may know \
                 every patient, say so in `exceptions.yaml`",
            )
            .confidence(phi.confidence)
            .detail("security option")
            .fields(phi.fields),
        );
    }
}

/// How the user learns of a match.
fn tells(rule: Component<'_>) -> Option<&'static str> {
    let root = rule.root();
    let blocks = ["actionOnInsert", "actionOnUpdate"].iter().any(|name| root.value(name).is_some_and(|action| action == "Block"));
    let alerts = ["operationsOnInsert", "operationsOnUpdate"]
        .iter()
        .any(|name| root.values(name).any(|operation| operation == "Alert"));
    match (blocks, alerts) {
        (true, _) => Some("refuses the record"),
        (false, true) => Some("alerts the user"),
        (false, false) => None,
    }
}
