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
//! one is reported as unknown (*Setup, Company Information, Instance* names it). Support access from other
//! regions counts where `support_access:` names it.
//!
//! ## Seen in the wild
//! No public project carries a bundle yet, so none has the case.

use journal::{Confidence, Persona, Severity};
use policy::bundle::organisation::Org;
use policy::vocabulary::{AgreementKind, OrgKind, Regime, Region, Transfer};

use crate::Context;
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An org outside the EU holds EU patients without a transfer instrument",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["gdpr-44", "gdpr-46", "gdpr-28-3"],
    tags: &["phi", "region"],
    replaces: &[],
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

fn judge(cx: &Context<'_>, org: &Org, region: &Region, abroad: &[&Region], out: &mut Outcome) {
    let live = || org.agreements.iter().filter(|one| one.live(cx.today));
    let has_contract = live().any(|one| one.kind.value == AgreementKind::Dpa);
    let has_instrument = live().any(|one| {
        one.kind.value == AgreementKind::Scc
            || one.transfer.as_ref().is_some_and(|transfer| transfer.value != Transfer::NoneNeeded)
    });
    let lacks = match (has_contract, has_instrument) {
        (true, true) => return,
        (true, false) => "a transfer instrument with Salesforce",
        (false, true) => "a data processing agreement with Salesforce",
        (false, false) => "a data processing agreement and a transfer instrument with Salesforce",
    };
    let people: Vec<String> = abroad.iter().map(|region| format!("`{region}`")).collect();
    let place = org.region.as_ref().map_or(&org.id.place, |region| &region.place);
    out.found(Draft::new(
        format!("Org:{}", org.id),
        cx.policy_place(place),
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
