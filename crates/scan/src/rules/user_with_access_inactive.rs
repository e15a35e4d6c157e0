//! # Active users who read PHI and do not log in
//!
//! Active users who may read PHI have not logged in for more than 90 days.
//!
//! ## Why it harms
//! People who left, moved or never came: their account still opens patients' records, and nobody would miss its misuse. 45 CFR
//! 164.308(a)(3)(ii)(C) and 164.308(a)(4)(ii)(C), 164.502(b); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Deactivate the users, or freeze those who are on leave. Let the end of employment switch the account off, and review access at fixed times.
//!
//! ## What is not found
//! The facts `users` tell it (`--facts`); without them it is unknown. Users are counted by profile and not named. Access is that of the profile in the
//! source and of the permission sets that `permission-set-assignments` gives; a profile that is not in the source is unknown. Guests, members of portals and
//! programs are left out. Leave of absence looks the same.
//!
//! ## Seen in the wild
//! No public project has facts.

use std::collections::{BTreeMap, BTreeSet};

use access::{Answer, Crowd, ObjectFlag, PrincipalKind};
use journal::{Confidence, Persona, Severity};
use sfdx::facts::User;

use crate::account::{self, Accounts};
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, container, grant};

pub(crate) const META: Meta = Meta {
    title: "Active users who read PHI and do not log in",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-308a3iiC", "hipaa-sec-308a4iiC", "hipaa-prv-502b", "gdpr-32-1b"],
    tags: &["phi", "org-facts", "access"],
    replaces: &[],
    sbs: &["SBS-ACS-010"],
    needs: &["the facts `users` and `permission-set-assignments`"],
};

/// The longest time without a log-in that is let be, in days.
const LONGEST: i64 = 90;

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    if !cx.facts.is_complete("users") {
        let reads = |grant: &grant::Grant<'_, '_>| {
            grant.kind() == PrincipalKind::Profile && grant.phi_with(cx, ObjectFlag::Read).is_some()
        };
        if grant::all(cx).iter().any(reads) {
            out.unknown("which users who read PHI have not logged in for long", "run the query `users` in the org");
        }
    }
    let accounts = Accounts::of(cx);
    let mut idle: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unknown: BTreeSet<&str> = BTreeSet::new();
    let mut undated = 0_usize;
    for user in cx.facts.users().filter(|user| is_person(cx, *user)) {
        out.judged(1);
        let seen = user.last_login().or_else(|| user.created()).and_then(account::day);
        let Some(seen) = seen else {
            undated += 1;
            continue;
        };
        if account::days_since(cx, seen) <= LONGEST {
            continue;
        }
        let profile = user.profile().unwrap_or_default();
        match accounts.reads_phi(cx, user) {
            Answer::Yes => *idle.entry(profile).or_default() += 1,
            Answer::Unknown => {
                unknown.insert(profile);
            }
            Answer::No => {}
        }
    }
    for (profile, count) in idle {
        let who = if count == 1 { "an active user".to_owned() } else { format!("{count} active users") };
        out.found(
            Draft::new(
                format!("Facts:users.{profile}"),
                cx.facts_place("users"),
                format!(
                    "{who} with the profile `{profile}` may read PHI and {} not logged in for more than {LONGEST} days",
                    if count == 1 { "has" } else { "have" }
                ),
                "deactivate them, or freeze those who are on leave",
            )
            .detail(profile),
        );
    }
    if undated > 0 {
        out.unknown(
            format!("when {undated} active users last logged in, or were made"),
            "run the query `users` with LastLoginDate and CreatedDate",
        );
    }
    if !unknown.is_empty() {
        let names: Vec<String> = unknown.iter().map(|name| format!("`{name}`")).collect();
        out.unknown(
            format!("whether users who have not logged in for long read PHI: the profile {}", joined(&names)),
            "retrieve these profiles together with the objects",
        );
    }
}

/// An active user who logs in as people do.
fn is_person(cx: &Context<'_>, user: User<'_>) -> bool {
    let by_licence = user.license().is_none_or(|licence| !licence.to_lowercase().contains("integration"));
    let is_standard = user.kind().is_none_or(|kind| kind == "Standard");
    let model = cx.access();
    let id = user.username().and_then(|name| model.find(PrincipalKind::User, name));
    let access = id.and_then(|id| model.access(id));
    let is_inside = access.is_none_or(|access| access.principal().crowd() == Crowd::Internal);
    let is_programs = user.username().and_then(|name| cx.policy.identity_of_user(name)).is_some_and(container::is_program);
    user.active() == Some(true) && is_standard && by_licence && is_inside && !is_programs
}
