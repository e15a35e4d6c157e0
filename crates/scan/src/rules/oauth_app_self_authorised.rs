//! # Users let apps read PHI by themselves
//!
//! An OAuth app has living tokens of users who read PHI, and each user may authorise it, or nobody has installed it.
//!
//! ## Why it harms
//! What an app reads with a nurse's token is disclosed to its maker, and nobody in the organisation decided that: 45 CFR 164.502(e),
//! 164.308(b)(1), 164.312(a)(1) and (d); GDPR Art. 28(1) and 29.
//!
//! ## What to change
//! Install the app and let administrators approve its users (*Setup > Connected Apps OAuth Usage > Install*, *Permitted Users: Admin approved
//! users are pre-authorized*), with an agreement where its maker sees PHI; or block it and revoke the tokens.
//!
//! ## What is not found
//! The facts `tokens` and `connected-apps` tell it (`--facts`). An app counts when a token's user reads PHI, or when that is not known. One that the bundle has
//! at a party or identity lacks the approval alone: low. Salesforce's own apps are judged like others. An app without tokens is not found. Where `connected-apps` was not asked, which
//! apps are approved is unknown.
//!
//! ## Seen in the wild
//! No public project has facts.

use std::collections::{BTreeMap, BTreeSet};

use access::Answer;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::account::{Accounts, short};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Users let apps read PHI by themselves",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-prv-502e", "hipaa-sec-308b1", "hipaa-sec-312a1", "gdpr-28-1", "API2"],
    tags: &["phi", "org-facts", "oauth"],
    replaces: &[],
    sbs: &["SBS-OAUTH-001", "SBS-OAUTH-002", "SBS-ACS-003"],
    needs: &["the facts `tokens`, `connected-apps` and `users`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    const APPS: &str = "connected-apps";
    if cx.phi_objects().next().is_none() || !cx.facts.has("tokens") {
        return;
    }
    let accounts = Accounts::of(cx);
    let mut unknown: BTreeSet<&str> = BTreeSet::new();
    let mut users_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for token in cx.facts.tokens() {
        let (Some(app), Some(id)) = (token.app(), token.user_id()) else { continue };
        let reads = accounts.user(id).map_or(Answer::Unknown, |user| accounts.reads_phi(cx, user));
        match reads {
            Answer::Yes => {
                users_of.entry(app).or_default().insert(short(id));
            }
            Answer::Unknown => {
                unknown.insert(short(id));
            }
            Answer::No => {}
        }
    }
    if !unknown.is_empty() {
        out.unknown(
            format!("whether {} users whose tokens are in use read PHI", unknown.len()),
            "run the queries `users` and `permission-set-assignments`, and retrieve the profiles and permission sets that they have",
        );
    }
    if !cx.facts.has(APPS) {
        if !users_of.is_empty() {
            out.unknown(
                "which apps with tokens of users who read PHI are approved by administrators",
                "run the query `connected-apps` in the org",
            );
        }
        return;
    }
    for (app, users) in &users_of {
        out.judged(1);
        let mut installed = cx.facts.used_apps().filter(|used| used.name().is_some_and(|name| name.eq_ignore_ascii_case(app)));
        let (query, why) = match installed.next() {
            Some(used) if used.admin_approved_only() == Some(false) => {
                (APPS, "each user may authorise it without an administrator")
            }
            Some(_) => continue,
            None if cx.facts.is_complete(APPS) => ("tokens", "nobody has installed it"),
            None => continue,
        };
        let is_known =
            cx.policy.party_of_connected_app(app).is_some() || cx.policy.identity_of_connected_app(app).is_some();
        let who = if users.len() == 1 { "a user".to_owned() } else { format!("{} users", users.len()) };
        out.found(
            Draft::new(
                format!("Facts:{query}.{app}"),
                cx.facts_place(query),
                format!("the app `{app}` has tokens of {who} who may read PHI, and {why}"),
                "install it and let administrators approve its users, or block it and revoke the tokens",
            )
            .severity(if is_known { Severity::Low } else { Severity::Medium })
            .detail(*app),
        );
    }
    for query in ["tokens", APPS] {
        if !cx.facts.is_complete(query) {
            out.unknown(format!("what the query `{query}` did not return"), format!("split the query `{query}`"));
        }
    }
}
