//! # An agreement has expired, and data still goes to the party
//!
//! Data about patients goes to a party, and every agreement that would cover it has passed its last day; or will
//! within 60 days.
//!
//! ## Why it harms
//! A business associate may hold PHI only under written assurances in force (45 CFR 164.308(b)(1), 164.502(e)),
//! a processor only under a contract (GDPR Art. 28(3)). From the day after the last one, each transmission is a
//! disclosure without a ground, and nothing in Salesforce stops by itself.
//!
//! ## What to change
//! Renew the agreement and write the new one beside the old in `parties.yaml`, so that the record of the past
//! stays; or stop the flow before the last day.
//!
//! ## What is not found
//! An agreement without `expires:` is taken to be open-ended. Whether the signed document says the same is for a
//! person to check. Early termination is known only where the bundle's date is changed.
//!
//! ## Seen in the wild
//! No public project carries a bundle yet, so none has the case.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;
use journal::{Confidence, Persona, Severity};
use policy::Place;
use policy::bundle::agreement::Agreement;

use crate::Context;
use crate::disclosure;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An agreement has expired, and data still goes to the party",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-308b1", "hipaa-sec-308b3", "hipaa-prv-502e", "gdpr-28-3"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the agreements with the party, in `parties.yaml`"],
};

/// How long before the end a renewal should be under way.
const SOON_DAYS: i32 = 60;

/// The first day on which an agreement counts as expired that ends within [`SOON_DAYS`]: it holds through its last day.
fn soon(cx: &Context<'_>) -> Date {
    cx.today.checked_add((SOON_DAYS + 1).days()).unwrap_or(cx.today)
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    out.judged(cx.policy.agreements().count());
    let mut told: BTreeSet<Place> = BTreeSet::new();
    for (day, severity) in [(cx.today, Severity::High), (soon(cx), Severity::Low)] {
        for objection in disclosure::objections(cx, day) {
            let (Some(place), Some(party)) = (objection.place(), objection.party(cx.policy)) else { continue };
            if objection.reason.code != "agreement-expired" || !told.insert(place.clone()) {
                continue;
            }
            let id = party.id.as_str();
            let flows = objection.named_flows();
            let (message, fix) = if severity == Severity::High {
                let verb = if objection.flows.len() == 1 { "goes" } else { "go" };
                (
                    format!("{}, and {flows} still {verb} there{}", objection.reason.fact, objection.for_whom()),
                    format!(
                        "renew it and add the new agreement to the `agreements:` of `{id}`, leaving this one; until \
                         then switch off what sends to `{id}`"
                    ),
                )
            } else {
                let fact = objection.reason.fact.replace(" expired on ", " expires on ");
                (
                    format!("{fact}, and {flows} {} on it", if objection.flows.len() == 1 { "rests" } else { "rest" }),
                    format!("renew it before then and add the new agreement to the `agreements:` of `{id}`"),
                )
            };
            let draft = Draft::new(format!("Party:{id}"), cx.policy_place(place), message, fix)
                .severity(severity)
                .fields(objection.fields.iter().cloned())
                .detail(format!("{} {}", objection.reason.rule, which(&party.agreements, place)));
            out.found(disclosure::with_endpoints(cx, draft, id).party(id));
        }
    }
    of_parties_without_flows(cx, &mut told, out);
    of_orgs(cx, out);
}

/// A party that the source reaches and no flow is declared for: nothing says which kind of agreement its data
/// would need, so only the case where all have ended is certain.
fn of_parties_without_flows(cx: &Context<'_>, told: &mut BTreeSet<Place>, out: &mut Outcome) {
    for party in cx.policy.parties() {
        let id = party.id.as_str();
        let reached = cx.endpoints().iter().any(|endpoint| endpoint.party.as_deref() == Some(id))
            || cx.project.installed_packages().any(|package| {
                cx.policy.party_of_package(package.name()).is_some_and(|own| own.id == party.id)
            });
        if !reached || cx.policy.flows().iter().any(|flow| disclosure::receiver(cx.policy, flow).is_some_and(|to| to.id == party.id)) {
            continue;
        }
        for (day, severity) in [(cx.today, Severity::High), (soon(cx), Severity::Low)] {
            let Some((last, place)) = all_expired(&party.agreements, day) else { continue };
            if !told.insert(place.clone()) {
                continue;
            }
            let verb = if severity == Severity::High { "expired" } else { "expires" };
            let draft = Draft::new(
                format!("Party:{id}"),
                cx.policy_place(place),
                format!(
                    "the last agreement with `{id}` ({}) {verb} on {last}, and the source reaches `{id}`",
                    kinds(&party.agreements)
                ),
                format!(
                    "renew it and add the new agreement to the `agreements:` of `{id}`; or remove what the source \
                     has of `{id}`"
                ),
            )
            .severity(severity);
            out.found(disclosure::with_endpoints(cx, draft, id).party(id).detail(which(&party.agreements, place)));
        }
    }
}

/// Salesforce itself is the first business associate.
fn of_orgs(cx: &Context<'_>, out: &mut Outcome) {
    for org in cx.policy.orgs() {
        if let Some((last, place)) = all_expired(&org.agreements, cx.today) {
            out.found(
                Draft::new(
                    format!("Org:{}", org.id),
                    cx.policy_place(place),
                    format!(
                        "the last agreement with Salesforce for the org `{}` ({}) expired on {last}",
                        org.id,
                        kinds(&org.agreements)
                    ),
                    format!("add the agreement in force to the `agreements:` of `{}` in `orgs.yaml`", org.id),
                )
                .detail(which(&org.agreements, place)),
            );
        }
    }
}

/// The last day of the agreements and its line, where none is in force or to come.
fn all_expired(agreements: &[Agreement], on: Date) -> Option<(Date, &Place)> {
    if !agreements.iter().all(|one| one.expired(on)) {
        return None;
    }
    agreements.iter().filter_map(|one| one.expires.as_ref()).max().map(|last| (last.value, &last.place))
}

/// The agreement that a place of the bundle is about, by kind and first day: its line moves when others are added.
fn which(agreements: &[Agreement], place: &Place) -> String {
    let at = |own: &&Agreement| {
        own.expires.as_ref().is_some_and(|expires| expires.place == *place)
            || own.kind.place == *place
            || own.effective.place == *place
    };
    agreements.iter().find(at).map_or_else(
        || kinds(agreements),
        |own| format!("{} {}", own.kind.value.as_str(), own.effective.value),
    )
}

fn kinds(agreements: &[Agreement]) -> String {
    let mut all: Vec<&str> = agreements.iter().map(|one| one.kind.value.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    all.join(", ")
}
