//! # An org outside the EU holds EU patients without a transfer instrument
//!
//! An org stands in another region than the people whose data it holds, these people are protected by the GDPR,
//! and the bundle names no data processing agreement and transfer instrument with Salesforce that is in force.
//!
//! ## Why it harms
//! An instance outside the European Economic Area is a transfer to a third country (GDPR Art. 44), and Salesforce
//! is the processor there (Art. 28(3)). Without an instrument of Art. 45 to 47 the storage itself is unlawful,
//! whatever the integrations do. Salesforce offers its Data Processing Addendum with standard contractual clauses
//! and binding corporate rules, and Hyperforce instances in the EU ("Hyperforce EU Operating Zone").
//!
//! ## What to change
//! Hold these people's data in an org in their region; or put the Data Processing Addendum and its transfer
//! instrument on file and write them under the org's `agreements:` as `kind: dpa` with `transfer:`.
//!
//! ## What is not found
//! The instance of an org is not in the source: the bundle's `region:` is taken at its word, and an org without
//! one is reported as unknown (*Setup, Company Information, Instance* names it). Of people whom `subjects:` leaves out,
//! only the values of the picklist that the classification names as the person's region are seen. Support access from
//! elsewhere is not judged.
//!
//! ## Seen in the wild
//! No public project carries a bundle yet, so none has the case.

use std::collections::BTreeSet;

use journal::{Confidence, Persona, Severity};
use policy::At;
use policy::bundle::organisation::Org;
use policy::vocabulary::{AgreementKind, OrgKind, Regime, Region, Transfer};

use crate::Context;
use crate::disclosure::joined;
use crate::field_path;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An org outside the EU holds EU patients without a transfer instrument",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["gdpr-44", "gdpr-46", "gdpr-28-3"],
    tags: &["phi", "region"],
    replaces: &[],
    sbs: &[],
    needs: &["the org's instance and region, in `orgs.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for org in cx.policy.orgs() {
        // A scratch org has no records, and a masked sandbox nobody's.
        let masked = org.masked.as_ref().is_some_and(|masked| masked.value);
        if org.kind.value == OrgKind::Scratch || masked {
            continue;
        }
        out.judged(1);
        let Some(subjects) = &org.subjects else {
            out.unknown(
                format!("whose data the org `{}` holds, in law", org.id),
                format!("`subjects:` of `{}` in the bundle", org.id),
            );
            continue;
        };
        let protected: Vec<&Region> =
            subjects.iter().map(|region| &region.value).filter(|region| region.regime() != Regime::Other).collect();
        let is_default = cx.policy.default_org().is_some_and(|default| default.id == org.id);
        if let Some(region) = org.region.as_ref().filter(|_| is_default) {
            shown_by_source(cx, org, &region.value, subjects, out);
        }
        if protected.is_empty() {
            continue;
        }
        match &org.region {
            None => out.unknown(
                format!("where the instance of the org `{}` stands", org.id),
                format!("`region:` of `{}` in the bundle (Setup, Company Information, Instance)", org.id),
            ),
            Some(region) => {
                let abroad: Vec<&Region> =
                    protected.into_iter().filter(|own| own.regime() != region.value.regime()).collect();
                if !abroad.is_empty() {
                    judge(cx, org, &region.value, &abroad, out);
                }
            }
        }
    }
}

/// People whom a region field of the source admits and the org's `subjects:` do not.
fn shown_by_source(cx: &Context<'_>, org: &Org, region: &Region, admitted: &[At<Region>], out: &mut Outcome) {
    let Some(lacks) = lacks(cx, org) else { return };
    let mut told = BTreeSet::new();
    for (object, rule) in cx.policy.objects() {
        let Some(path) = &rule.region else { continue };
        let reached = field_path::follow(cx.project, object, path.as_str());
        let Some(field) = cx.project.field(&reached.full_name()) else { continue };
        out.judged(1);
        for value in field.picklist_values() {
            let Some(own) = Region::of(&value.trim().to_ascii_lowercase()) else { continue };
            let is_admitted = admitted.iter().any(|known| own.within(&known.value));
            let is_protected = own.regime() != Regime::Other && own.regime() != region.regime();
            if is_admitted || !is_protected || !told.insert((field.full_name(), own.clone())) {
                continue;
            }
            out.found(
                Draft::new(
                    format!("CustomField:{}", field.full_name()),
                    cx.place(&value),
                    format!(
                        "`{}` admits people of `{own}`, whom the org `{}` in `{region}` does not declare among its \
                         subjects, and {lacks} is not on file and in force",
                        field.full_name(),
                        org.id
                    ),
                    format!(
                        "deactivate the value where the org holds no such people; else add `{own}` to the `subjects:` of \
                         `{}`, with the agreement and instrument in force",
                        org.id
                    ),
                )
                .confidence(Confidence::Medium)
                .related(cx.policy_place(&org.id.place), format!("the org `{}` is declared here", org.id))
                .detail(own.as_str()),
            );
        }
    }
}

/// What is missing with Salesforce for people whose law is not that of the instance.
fn lacks(cx: &Context<'_>, org: &Org) -> Option<&'static str> {
    let live = || org.agreements.iter().filter(|one| one.live(cx.today));
    let has_contract = live().any(|one| one.kind.value == AgreementKind::Dpa);
    let has_instrument = live().any(|one| {
        one.kind.value == AgreementKind::Scc
            || one.transfer.as_ref().is_some_and(|transfer| transfer.value != Transfer::NoneNeeded)
    });
    match (has_contract, has_instrument) {
        (true, true) => None,
        (true, false) => Some("a transfer instrument with Salesforce"),
        (false, true) => Some("a data processing agreement with Salesforce"),
        (false, false) => Some("a data processing agreement with a transfer instrument with Salesforce"),
    }
}

fn judge(cx: &Context<'_>, org: &Org, region: &Region, abroad: &[&Region], out: &mut Outcome) {
    let Some(lacks) = lacks(cx, org) else { return };
    let people: Vec<String> = abroad.iter().map(|region| format!("`{region}`")).collect();
    out.found(Draft::new(
        format!("Org:{}", org.id),
        cx.policy_place(&org.id.place),
        format!(
            "the org `{}` stands in `{region}` and holds data about people of {}, and {lacks} is not on file and in \
             force",
            org.id,
            joined(&people)
        ),
        format!(
            "move these people's records to an org in their region; or put Salesforce's Data Processing Addendum on \
             file and write it under the `agreements:` of `{}`: `{{kind: dpa, effective: ..., transfer: scc}}`",
            org.id
        ),
    ));
}
