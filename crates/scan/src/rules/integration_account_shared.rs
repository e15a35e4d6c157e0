//! # Programs share an account
//!
//! The account of an integration has tokens of several apps, or log-ins from more than three networks.
//!
//! ## Why it harms
//! The log then says which account read a patient and not which program; the rights are the sum of all, and one leaked secret is
//! everybody's. 45 CFR 164.312(a)(2)(i) asks for a unique name or number for each user; 164.312(b) and (d); GDPR Art. 5(2) and 32(1)(b).
//!
//! ## What to change
//! Give each program a user of its own with what it needs, and declare it as an identity of the bundle with its `networks`.
//!
//! ## What is not found
//! The facts `tokens`, `users` and `logins` tell it (`--facts`). An account is an integration's when the bundle names the user or its profile, when its profile in the source is a
//! program's as in `integration-over-privileged`, or by the licence *Salesforce Integration*; an app that the bundle names does not make whoever
//! uses it a program. Networks are counted by /16 (IPv6 by /32), those that the bundle declares as one. People with several apps are people. No user is named.
//!
//! ## Seen in the wild
//! No public project has facts.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use journal::{Confidence, Persona, Severity};
use policy::bundle::identity::Identity;
use sfdx::facts::User;

use crate::account::{Accounts, short};
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, container, reach};

pub(crate) const META: Meta = Meta {
    title: "Programs share an account",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312a2i", "hipaa-sec-312b", "hipaa-sec-312d", "gdpr-5-2", "gdpr-32-1b"],
    tags: &["phi", "org-facts", "access", "integration"],
    replaces: &[],
    sbs: &["SBS-ACS-007"],
    needs: &["the facts `tokens`, `users` and `logins`"],
};

/// More networks than these are told.
const NETWORKS: usize = 3;

/// The account of a program.
struct Program<'p> {
    /// In words, without the user's name.
    title: String,
    identity: Option<&'p Identity>,
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    let declared = cx.policy.identities().iter().any(|identity| {
        container::is_program(identity) && identity.salesforce.as_ref().is_some_and(|names| !names.users.is_empty())
    });
    for query in ["tokens", "users"] {
        if declared && !cx.facts.has(query) {
            out.unknown(
                format!("whether programs share an account: the answer of `{query}`"),
                format!("run the query `{query}` in the org"),
            );
        }
    }
    let accounts = Accounts::of(cx);
    let program = |id: &str| accounts.user(id).and_then(|user| program(cx, user));
    let mut apps: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for token in cx.facts.tokens() {
        if let (Some(id), Some(app)) = (token.user_id(), token.app()) {
            apps.entry(short(id)).or_default().insert(app);
        }
    }
    for (id, apps) in apps {
        let Some(program) = program(id) else { continue };
        out.judged(1);
        if apps.len() > 1 {
            let names: Vec<String> = apps.iter().map(|app| format!("`{app}`")).collect();
            let what = format!("{} has tokens of {} apps: {}", program.title, apps.len(), joined(&names));
            report(cx, "tokens", &program, what, out);
        }
    }
    let mut logins: BTreeMap<&str, Vec<IpAddr>> = BTreeMap::new();
    for login in cx.facts.logins().filter(|login| login.status() == Some("Success")) {
        let address = login.source_ip().and_then(|address| address.parse().ok());
        if let (Some(id), Some(address)) = (login.user_id(), address) {
            logins.entry(short(id)).or_default().push(address);
        }
    }
    for (id, addresses) in logins {
        let Some(program) = program(id) else { continue };
        out.judged(1);
        let networks: BTreeSet<u128> = addresses.into_iter().map(|address| network(&program, address)).collect();
        if networks.len() > NETWORKS {
            let what = format!("{} logs in from {} networks", program.title, networks.len());
            report(cx, "logins", &program, what, out);
        }
    }
}

fn report(cx: &Context<'_>, query: &str, program: &Program<'_>, what: String, out: &mut Outcome) {
    let mut draft = Draft::new(
        format!("Facts:{query}"),
        cx.facts_place(query),
        what.clone(),
        "give each program a user of its own, with what it needs",
    )
    .detail(what);
    if let Some(identity) = program.identity {
        draft = draft.related(cx.policy_place(&identity.id.place), format!("the identity `{}`", identity.id));
    }
    out.found(draft);
}

/// Whose account it is, where it is a program's.
fn program<'p>(cx: &Context<'p>, user: User<'_>) -> Option<Program<'p>> {
    let by_name = user.username().and_then(|name| cx.policy.identity_of_user(name));
    let by_profile = || user.profile().and_then(|name| cx.policy.identity_of_profile(name));
    if let Some(identity) = by_name.or_else(by_profile) {
        let title = format!("the account of identity `{}`", identity.id);
        return container::is_program(identity).then_some(Program { title, identity: Some(identity) });
    }
    let profile = user.profile()?;
    let in_source = || {
        reach::profiles(cx, profile).into_iter().any(|file| container::for_programs(cx, file).is_some())
    };
    let is_program = user.license().is_some_and(container::is_programs_license) || in_source();
    let title = format!("a program's account with the profile `{profile}`");
    is_program.then_some(Program { title, identity: None })
}

/// A number for the network of an address; all that the bundle declares are one.
fn network(program: &Program<'_>, address: IpAddr) -> u128 {
    let declared = program.identity.into_iter().flat_map(|identity| &identity.networks);
    if declared.into_iter().any(|network| network.value.contains(address)) {
        return u128::MAX;
    }
    match address.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits() >> 16),
        IpAddr::V6(address) => (address.to_bits() >> 96) | (1 << 64),
    }
}
