//! # PHI shared with everybody of a kind
//!
//! A sharing rule opens records of an object with PHI to all internal users, all partners, all customer portal users or
//! a portal role.
//!
//! ## Why it harms
//! A private organisation-wide default is undone by one rule that shares with everybody. The minimum necessary standard
//! asks to name the persons or classes who need access, and to limit it to them (45 CFR 164.502(b), 164.514(d)(2)); GDPR
//! Art. 25(2) forbids access by default for an indefinite number of people. A rule for portal users opens one patient's
//! records to the others.
//!
//! ## What to change
//! Share with the group, role or team that needs the records: *Setup > Sharing Settings*, or the rule's `<sharedTo>`.
//! Patients get their own records by a sharing set, not by a rule.
//!
//! ## What is not found
//! Who is in a public group, role or territory is not in the source, so that a rule for a group of everybody is not found
//! (`SELECT Group.DeveloperName, UserOrGroupId FROM GroupMember` shows it). `roleAndSubordinates` is not judged: how many
//! stand below a role is unknown. A rule's criteria may match few records. An object with PHI whose SharingRules file is not in
//! the source is unknown.
//!
//! ## Seen in the wild
//! `Gvkp38/Production-Gvkp`: 1 rule that shares accounts and their contacts with all internal users.

use journal::{Confidence, Persona, Severity};
use sfdx::views::{ObjectKind, SharedTo, SharingKind, SharingRule};

use crate::phi_object::PhiObject;
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, sharing};

pub(crate) const META: Meta = Meta {
    title: "PHI shared with everybody of a kind",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-514d2", "hipaa-sec-308a4", "gdpr-25-2", "API1"],
    tags: &["phi", "access"],
    replaces: &[],
    sbs: &[],
    needs: &["the SharingRules file of each PHI object", "GroupMember (SOQL)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for rule in cx.project.sharing_rules().filter(|rule| rule.kind() != SharingKind::Guest) {
        let Some(phi) = sharing::phi_of(cx, rule) else { continue };
        out.judged(1);
        let targets = rule.shared_to().into_iter().flat_map(SharedTo::targets);
        for (kind, name) in targets {
            let Some(everybody) = everybody(kind, name.as_deref().unwrap_or_default()) else { continue };
            out.found(finding(cx, rule, kind, &everybody, &phi));
        }
    }
    absent_files(cx, out);
}

/// A retrieve writes a file for each object that is asked for, be it without a rule.
fn absent_files(cx: &Context<'_>, out: &mut Outcome) {
    let mut lacks: Vec<&str> = Vec::new();
    for name in cx.phi_objects() {
        let Some(object) = cx.project.object(name) else { continue };
        // Files, mail and the like have no model of their own, and no sharing rules.
        let own_model = object
            .sharing_model()
            .is_some_and(|model| !model.eq_ignore_ascii_case("ControlledByParent"));
        if !own_model || !matches!(object.kind(), ObjectKind::Standard | ObjectKind::Custom) {
            continue;
        }
        let has = cx.project.of_type("SharingRules").any(|file| file.full_name().eq_ignore_ascii_case(name));
        if has {
            out.judged(1);
        } else {
            lacks.push(object.name());
        }
    }
    let shown: Vec<String> = lacks.iter().take(3).map(|name| format!("`{name}`")).collect();
    let more = match lacks.len() {
        0 => return,
        count if count <= 3 => String::new(),
        count => format!(" and {} more objects with PHI", count - 3),
    };
    let members: Vec<String> = lacks.iter().take(3).map(|name| format!("`SharingRules:{name}`")).collect();
    out.unknown(
        format!("the sharing rules of {}{more}: they are not in the source", shown.join(", ")),
        format!("retrieve {}{}", members.join(", "), if more.is_empty() { "" } else { " and those of the others" }),
    );
}

/// Whom a target of a rule stands for, where that is everybody of a kind.
fn everybody(kind: &str, name: &str) -> Option<String> {
    Some(match kind.to_ascii_lowercase().as_str() {
        "allinternalusers" => "all internal users".to_owned(),
        "allpartnerusers" => "all partner users".to_owned(),
        "allcustomerportalusers" => "all customer portal users".to_owned(),
        "portalrole" => format!("portal role `{name}`"),
        "portalroleandsubordinates" => format!("portal role `{name}` and its subordinates"),
        _ => return None,
    })
}

fn finding(
    cx: &Context<'_>,
    rule: SharingRule<'_>,
    kind: &str,
    everybody: &str,
    phi: &PhiObject,
) -> Draft {
    let message = format!(
        "sharing rule `{}` lets {everybody} {} `{}` records: they hold {}",
        rule.name().as_deref().unwrap_or_default(),
        sharing::verb(rule),
        phi.name,
        phi.holds()
    );
    let fix = if kind == "allInternalUsers" {
        "share with the role or public group that needs the records, or delete the rule"
    } else {
        "delete the rule and give each patient or partner their own records by a sharing set"
    };
    let target = rule.shared_to().and_then(|to| to.element().child(kind));
    let place = target.map_or_else(|| sharing::place(cx, rule), sharing::start);
    Draft::new(sharing::component(rule), place, message, fix)
        .confidence(phi.confidence)
        .detail(format!("{kind} {everybody}"))
        .fields(phi.fields.iter().cloned())
}
