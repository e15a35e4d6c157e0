//! # OAuth tokens that nobody uses
//!
//! OAuth tokens live and were not used for more than 90 days.
//!
//! ## Why it harms
//! A token is a key that works without its owner. One that nobody uses nobody misses, and its theft nobody notices: 45 CFR
//! 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C), 164.312(a)(1); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Revoke them (*Setup > Connected Apps OAuth Usage*), and let refresh tokens of the app end after inactivity: see `oauth-policy-weak`.
//!
//! ## What is not found
//! The facts `tokens` tell it (`--facts`). There is one finding for an app, with the number of tokens and no user. When a token without a last use was made is
//! not in the answer: it is unknown. So are tokens that the query did not return. Where no object with PHI is known, nothing is said.
//!
//! ## Seen in the wild
//! No public project has facts.

use std::collections::{BTreeMap, BTreeSet};

use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::account;
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "OAuth tokens that nobody uses",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-308a4iiC", "hipaa-sec-308a3iiC", "hipaa-sec-312a1", "gdpr-32-1b"],
    tags: &["phi", "org-facts", "oauth"],
    replaces: &[],
    sbs: &["SBS-OAUTH-002"],
    needs: &["the facts `tokens` and `token-count`"],
};

/// The longest time without use that is let be, in days.
const LONGEST: i64 = 90;

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() || !cx.facts.has("tokens") {
        return;
    }
    let mut unused: BTreeMap<&str, (usize, i64)> = BTreeMap::new();
    let mut never: BTreeSet<&str> = BTreeSet::new();
    for token in cx.facts.tokens() {
        out.judged(1);
        let app = token.app().unwrap_or("an app without name");
        match token.last_used().and_then(account::day) {
            Some(day) => {
                let days = account::days_since(cx, day);
                if days > LONGEST {
                    let (count, longest) = unused.entry(app).or_default();
                    *count += 1;
                    *longest = days.max(*longest);
                }
            }
            None => {
                never.insert(app);
            }
        }
    }
    for (app, (count, longest)) in unused {
        let what = if count == 1 {
            format!("a token of the app `{app}` was not used for {longest} days")
        } else {
            format!("{count} tokens of the app `{app}` were not used for more than {LONGEST} days, one of them for {longest}")
        };
        out.found(
            Draft::new(
                format!("Facts:tokens.{app}"),
                cx.facts_place("tokens"),
                what,
                "revoke them, and let the app's refresh tokens end after inactivity",
            )
            .detail(app),
        );
    }
    if !never.is_empty() {
        let more = never.len().saturating_sub(3);
        let names: Vec<String> = never.iter().take(3).map(|name| format!("`{name}`")).collect();
        let more = if more == 0 { String::new() } else { format!(" and {more} more apps") };
        out.unknown(
            format!("since when tokens of {}{more} live, which have no last use", joined(&names)),
            "look at Setup > Connected Apps OAuth Usage",
        );
    }
    if !cx.facts.is_complete("tokens") {
        out.unknown("the tokens that the query did not return", "split the query `tokens` by user or app");
    }
}
