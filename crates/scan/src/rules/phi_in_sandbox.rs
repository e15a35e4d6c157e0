//! # Patients' data in a sandbox
//!
//! The bundle has a sandbox that holds people's data unmasked, or a scratch org that holds any.
//!
//! ## Why it harms
//! Developers, testers and vendors work in sandboxes with wide permissions: neither the minimum (45 CFR 164.502(b), 164.514(d)) nor access
//! by role (164.308(a)(4)) is kept there. Test data can be invented or masked: 164.514(a); GDPR Art. 5(1)(c), 25(1) and 32(1)(a).
//!
//! ## What to change
//! Mask the sandbox after each refresh, and say `masked: true`; or make it without data and take `subjects` out. Scratch orgs get invented
//! data. A copy that support needs under the controls of production is an exception, with its last day.
//!
//! ## What is not found
//! The bundle is taken at its word: whether a mask was really run is not in the source. A sandbox without `subjects` holds nobody's data, as far as
//! the bundle says. One that does not say `masked` is unknown. Without a bundle nothing says what an org is.
//!
//! ## Seen in the wild
//! No public project has a bundle.

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::OrgKind;

use crate::Context;
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Patients' data in a sandbox",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-prv-502b", "hipaa-sec-308a4", "hipaa-prv-514a", "gdpr-5-1c", "gdpr-25-1"],
    tags: &["phi", "sandbox"],
    replaces: &[],
    sbs: &[],
    needs: &["the orgs and whose data they hold, in `orgs.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for org in cx.policy.orgs().iter().filter(|org| org.kind.value != OrgKind::Production) {
        out.judged(1);
        let subjects = org.subjects.as_deref().unwrap_or_default();
        if subjects.is_empty() {
            continue;
        }
        let whose: Vec<String> = subjects.iter().map(|region| format!("`{region}`")).collect();
        let whose = joined(&whose);
        let draft = |place, message| {
            Draft::new(
                format!("Org:{}", org.id),
                cx.policy_place(place),
                message,
                "mask its data and say `masked: true`, or make it without data and take `subjects` out",
            )
            .detail(org.id.as_str())
        };
        match (org.kind.value, &org.masked) {
            (OrgKind::Scratch, _) => out.found(draft(
                &org.id.place,
                format!("the scratch org `{}` holds data of people of {whose}", org.id),
            )),
            (_, Some(masked)) if !masked.value => out.found(draft(
                &masked.place,
                format!("the sandbox `{}` holds data of people of {whose}, and it is not masked", org.id),
            )),
            (_, Some(_)) => {}
            (_, None) => out.unknown(
                format!("whether the data of the sandbox `{}` is masked", org.id),
                format!("`masked:` of `{}` in the bundle", org.id),
            ),
        }
    }
}
