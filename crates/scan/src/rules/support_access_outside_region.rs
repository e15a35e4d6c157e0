//! # Support looks in from abroad
//!
//! Salesforce's support may look into an org from outside the legal region of the people in it, and no transfer instrument carries that.
//!
//! ## Why it harms
//! Remote access is a transfer, wherever the disk stands: GDPR Art. 44 and 46, EDPB Guidelines 05/2021. A support engineer who opens a
//! record is a person of the processor: Art. 28(3)(a).
//!
//! ## What to change
//! Conclude standard contractual clauses with Salesforce, or rely on its binding corporate rules or an adequacy decision, and enter it as the
//! `transfer` of the agreement; or have support kept to the region (the EU Operating Zone) and say so in `support_access`.
//!
//! ## What is not found
//! HIPAA draws no border: people of US law alone are no matter of this rule. Where the org itself stands is
//! `eu-subjects-in-global-org`. An org with people under the GDPR that says nothing of `support_access` is unknown. A masked sandbox holds
//! nobody. That users can let support in (`canUsersGrantLoginAccess`) does not say from where.
//!
//! ## Seen in the wild
//! No public project has a bundle.

use std::collections::BTreeSet;

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::{OrgKind, Regime, Region};

use crate::Context;
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Support looks in from abroad",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["gdpr-44", "gdpr-46", "gdpr-28-3a"],
    tags: &["phi", "region"],
    replaces: &[],
    sbs: &[],
    needs: &["from where support looks in, in `orgs.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for org in cx.policy.orgs() {
        let masked = org.masked.as_ref().is_some_and(|masked| masked.value);
        if org.kind.value == OrgKind::Scratch || masked {
            continue;
        }
        let subjects = org.subjects.as_deref().unwrap_or_default();
        let protected: Vec<&Region> =
            subjects.iter().map(|region| &region.value).filter(|region| region.regime() != Regime::Other).collect();
        if protected.is_empty() {
            continue;
        }
        out.judged(1);
        let Some(support) = &org.support_access else {
            out.unknown(
                format!("from where Salesforce's support looks into the org `{}`", org.id),
                format!("`support_access` of `{}` in the bundle", org.id),
            );
            continue;
        };
        let is_abroad = |from: &Region| protected.iter().any(|own| own.regime() != from.regime());
        let abroad: Vec<_> = support.regions.iter().filter(|from| is_abroad(&from.value)).collect();
        let Some(first) = abroad.first() else { continue };
        if org.transfer_instrument(cx.today).is_some() {
            continue;
        }
        let from: Vec<String> = abroad.iter().map(|region| format!("`{region}`")).collect();
        let whose: BTreeSet<String> = protected.iter().map(|region| format!("`{region}`")).collect();
        let whose: Vec<String> = whose.into_iter().collect();
        out.found(
            Draft::new(
                format!("Org:{}", org.id),
                cx.policy_place(&first.place),
                format!(
                    "support looks into the org `{}` from {}, it holds people of {}, and no transfer instrument with Salesforce is in force",
                    org.id,
                    joined(&from),
                    joined(&whose)
                ),
                "enter the instrument as `transfer` of the agreement once it is concluded, or have support kept to the region",
            )
            .detail(org.id.as_str()),
        );
    }
}
