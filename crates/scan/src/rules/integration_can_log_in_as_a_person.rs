//! # An integration can log in as a person
//!
//! The profile of an integration lets it log in through the browser: neither it nor a permission set of the identity has
//! *API Only User* (`ApiUserOnly`).
//!
//! ## Why it harms
//! A password or session of a program, used in a browser, gives reports, exports and Setup to whoever has it, and no person stands behind
//! what is logged: 45 CFR 164.312(a)(2)(i) and (d), 164.308(a)(4); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Switch `ApiUserOnly` on in the profile, or in a permission set that the user always has; best with the licence *Salesforce Integration*, which
//! is for the API alone.
//!
//! ## What is not found
//! A profile is a program's as in `integration-over-privileged`. Where the bundle names permission sets or groups of the identity, one of them
//! suffices, unless it works only in a session that activates it. A profile file without licence or user permissions does not tell, nor does an
//! identity without a profile in the source: both are unknown. A standard profile for programs that reads no object with PHI is left out. Where no object with PHI is known, nothing is said.
//!
//! ## Seen in the wild
//! `GSA/SF_WorkSpace`: 2 profiles, `bcgov/MoH-SAT`: the service account's.

use access::{Answer, PrincipalKind};
use journal::{Confidence, Persona, Severity};
use policy::bundle::identity::Identity;

use crate::grant::{self, Grant};
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, container};

pub(crate) const META: Meta = Meta {
    title: "An integration can log in as a person",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a2i", "hipaa-sec-312d", "hipaa-sec-308a4", "gdpr-32-1b", "API2"],
    tags: &["phi", "access", "integration"],
    replaces: &[],
    sbs: &["SBS-ACS-009"],
    needs: &["the integration's profile and permission sets"],
};

const API_ONLY: &str = "ApiUserOnly";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    for grant in grant::all(cx).iter().filter(|grant| grant.kind() == PrincipalKind::Profile) {
        let Some(file) = grant.containers.first().copied() else { continue };
        let Some(meant) = grant.containers.iter().find_map(|file| container::for_programs(cx, *file)) else {
            continue;
        };
        if grant.is_idle_standard(cx) {
            continue;
        }
        out.judged(1);
        let by_licence =
            grant.containers.iter().filter_map(|file| file.license()).any(|own| container::is_programs_license(&own));
        let identity = container::identity(cx, file);
        if by_licence || identity.is_some_and(|identity| is_api_only(cx, identity)) {
            continue;
        }
        match grant.access.has(API_ONLY) {
            Answer::Yes => {}
            Answer::Unknown => out.unknown(
                format!("whether the profile `{}` of a program is for the API only", grant.name()),
                format!("retrieve `Profile:{}` whole: this file has no licence or no user permission", grant.name()),
            ),
            Answer::No => report(cx, grant, &meant, out),
        }
    }
    without_profile(cx, out);
}

fn report(cx: &Context<'_>, grant: &Grant<'_, '_>, meant: &container::Meant, out: &mut Outcome) {
    let written = grant.containers.iter().find_map(|file| file.user_permission(API_ONLY)?.name());
    let place = written.map(|name| cx.place(&name)).or_else(|| grant.start());
    let Some(place) = place else { return };
    out.found(
        Draft::new(
            grant.component(),
            place,
            format!(
                "{} is a program's ({}) and can log in through the browser: `{API_ONLY}` is not on",
                grant.title(),
                meant.because
            ),
            format!("switch `{API_ONLY}` on, here or in a permission set that the user always has"),
        )
        .confidence(meant.confidence)
        .detail(API_ONLY),
    );
}

/// Whether a permission set or group that the bundle names for an identity keeps it to the API.
fn is_api_only(cx: &Context<'_>, identity: &Identity) -> bool {
    let names = identity.salesforce.iter().flat_map(|names| &names.permission_sets);
    names.into_iter().any(|name| {
        let sets = cx.project.permission_sets().filter(|set| set.name().eq_ignore_ascii_case(&name.value));
        let groups =
            cx.project.permission_set_groups().filter(|group| group.name().eq_ignore_ascii_case(&name.value));
        let waits = sets.map(|set| set.needs_activation()).chain(groups.map(|group| group.needs_activation()));
        if waits.into_iter().any(|waits| waits == Some(true)) {
            return false;
        }
        [PrincipalKind::PermissionSet, PrincipalKind::PermissionSetGroup].into_iter().any(|kind| {
            let model = cx.access();
            let access = model.find(kind, &name.value).and_then(|id| model.access(id));
            access.is_some_and(|access| access.has(API_ONLY).is_yes())
        })
    })
}

/// Programs of the bundle of whose profile the source has nothing.
fn without_profile(cx: &Context<'_>, out: &mut Outcome) {
    for identity in cx.policy.identities() {
        let Some(names) = identity.salesforce.as_ref().filter(|_| container::is_program(identity)) else { continue };
        let has_user = !names.users.is_empty() || !names.permission_sets.is_empty() || !names.profiles.is_empty();
        let in_source = names.profiles.iter().any(|name| {
            cx.project.profiles().any(|profile| profile.name().eq_ignore_ascii_case(&name.value))
        });
        if has_user && !in_source && !is_api_only(cx, identity) {
            out.unknown(
                format!("whether the profile of identity `{}` is for the API only", identity.id.value),
                "name the profile in the identity's `profiles` and retrieve it",
            );
        }
    }
}
