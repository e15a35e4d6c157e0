//! # A password that never expires opens PHI
//!
//! A profile or permission set that reads an object with PHI has *Password Never Expires*.
//!
//! ## Why it harms
//! A group of people is excepted from the organisation's own policy of passwords: what was caught once works until somebody notices. 45 CFR
//! 164.308(a)(5)(ii)(D), 164.312(d). NIST SP 800-63B advises against changing passwords by the calendar; then the policy of the org should
//! say so for all.
//!
//! ## What to change
//! Set `PasswordNeverExpires` to `<enabled>false</enabled>`, or move these people to single sign-on.
//!
//! ## What is not found
//! What programs have is `integration-over-privileged`. With single sign-on alone (`IsSsoEnabled` in the same container) no password is used.
//! A permission set that reads no PHI itself is found only within a group that does. Who holds a set is not in the source. Standard profiles that are not
//! in the source are unknown.
//!
//! ## Seen in the wild
//! In none of 24 public projects.

use access::{ObjectFlag, PrincipalKind};
use journal::{Confidence, Persona, Severity};

use crate::grant::{self, Grant};
use crate::phi_object::PhiObject;
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, container};

pub(crate) const META: Meta = Meta {
    title: "A password that never expires opens PHI",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-308a5iiD", "hipaa-sec-312d"],
    tags: &["phi", "access", "password"],
    replaces: &[],
    sbs: &["SBS-SECCONF-002"],
    needs: &["profiles, permission sets and groups"],
};

const NEVER: &str = "PasswordNeverExpires";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    let grants = grant::all(cx);
    for grant in grants.iter().filter(|grant| !grant.is_group() && !grant.is_salesforces_own()) {
        out.judged(1);
        if !grant.gives(NEVER) || grant.gives("IsSsoEnabled") || grant.for_programs(cx) {
            continue;
        }
        let own = grant.phi_with(cx, ObjectFlag::Read).map(|phi| (phi, String::new()));
        let Some((phi, within)) = own.or_else(|| within_group(cx, grant, &grants)) else { continue };
        let Some(place) = grant.place_of(cx, NEVER) else { continue };
        out.found(
            Draft::new(
                grant.component(),
                place,
                format!(
                    "passwords of those with the {} never expire, and{within} they read `{}`, which holds {}",
                    grant.title(),
                    phi.name,
                    phi.holds()
                ),
                format!("set `{NEVER}` to `<enabled>false</enabled>`, or move these people to single sign-on"),
            )
            .confidence(phi.confidence)
            .detail(NEVER),
        );
    }
    if let Some((missing, complete_with)) = container::lacking_standard_profiles(cx) {
        out.unknown(missing, complete_with);
    }
}

/// What a set's holders read by the rest of a group that has it.
fn within_group<'x>(
    cx: &'x Context<'_>,
    set: &Grant<'_, '_>,
    grants: &[Grant<'_, '_>],
) -> Option<(&'x PhiObject, String)> {
    if set.kind() != PrincipalKind::PermissionSet {
        return None;
    }
    let has_it = |group: &&Grant<'_, '_>| {
        group.is_group()
            && group.gives(NEVER)
            && group.containers.iter().any(|file| file.name().eq_ignore_ascii_case(set.name()))
    };
    grants.iter().filter(has_it).find_map(|group| {
        let phi = group.phi_with(cx, ObjectFlag::Read)?;
        Some((phi, format!(" within the {}", group.title())))
    })
}
