//! # Apex sends data about patients where the policy does not let it
//!
//! A value of a PHI field goes into the body, a header or the address of a callout to somebody whom no party of the bundle is, or to a party that the policy does not let have it.
//!
//! ## Why it harms
//! Each call is a disclosure. Without a ground, as a rule a business associate agreement, it is one too many, and within the person's rights to be told of (45 CFR 164.502(a) and (e), 164.504(e), 164.528; GDPR Art. 28(3), 44). Code that respects object and field permissions is no better for it: these say what the running user may see, not what may leave.
//!
//! ## What to change
//! Take out what the receiver does not need. Where it needs it, declare the receiver with its agreement in `parties.yaml` and the flow with its ground in `flows.yaml`; where there is no agreement, there is no flow.
//!
//! ## What is not found
//! A call to the org itself. A permitted flow to a declared party, and one that lacks nothing but the agreement: `phi-sent-without-ground` tells that of the flow. What several methods hand to one call for one party is one finding: one declared flow mends it. Models that the bundle names are judged by `phi-sent-to-model`. What tests run and nothing else in the source is medium: take it out. Where the address is known only at run time, the receiver is *unknown* and the finding says so.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `ODRIntegration` and `EmpiIntegration` call registries of the province by named credentials.

use std::collections::{BTreeMap, BTreeSet};
use std::collections::btree_map::Entry;

use dataflow::{Sink, Spot};
use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Action;

use crate::Context;
use crate::code::{self, Code, Leak, Receiver};
use crate::disclosure::{self, joined};
use crate::flow::{Destination, FoundFlow};
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex sends data about patients where the policy does not let it",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502e", "hipaa-prv-502a", "gdpr-28-3"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["`endpoints:` of the parties, in `parties.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let wanted = |sink| matches!(sink, Sink::CalloutBody | Sink::CalloutHeader | Sink::CalloutAddress);
    let code = code::followed(cx, out);
    let sent = || code.leaks.iter().filter(|leak| wanted(leak.sink));
    for leak in sent() {
        for receiver in code::receivers(cx, &leak.to) {
            let to = match receiver {
                Receiver::Party(party, _) => Destination::Party(party.id.to_string()),
                Receiver::Host(host) => Destination::Host(host),
                Receiver::Model(model, _) => Destination::Model(model.id.to_string()),
                Receiver::Own | Receiver::Unknown => continue,
            };
            let (by, place) = (code.component(leak.place), code.place(leak.place));
            out.flow(FoundFlow { fields: leak.names(cx, code), to, by, place, confidence: Confidence::High });
        }
    }
    let unsigned = disclosure::unsigned_processors(cx);
    for leak in one_a_call(cx, code, sent()) {
        let leak = &leak;
        let fields = leak.names(cx, code);
        for receiver in code::receivers(cx, &leak.to) {
            let (whom, why, severity, party) = match receiver {
                Receiver::Own | Receiver::Model(..) => continue,
                Receiver::Party(party, address) => {
                    let facts = code::refusals(cx, Action::Send, party.id.as_str(), &fields);
                    let id = party.id.as_str();
                    if facts.is_empty() || code::lacks_only_agreement(cx, Action::Send, id, &fields) {
                        continue;
                    }
                    let whom = format!("`{}` (`{address}`)", party.id);
                    let lacks = unsigned.contains(id).then(|| format!("no agreement with `{id}` is on file"));
                    let facts: Vec<String> = facts.into_iter().chain(lacks).collect();
                    (whom, format!("though {}", joined(&facts)), Severity::High, Some(party.id.to_string()))
                }
                Receiver::Host(host) if cx.has_bundle() => {
                    (format!("`{host}`"), "which no party of the bundle has".to_owned(), Severity::High, Some(host))
                }
                Receiver::Host(host) => {
                    (format!("`{host}`"), "and nobody is declared for it".to_owned(), Severity::Medium, Some(host))
                }
                Receiver::Unknown => {
                    let whom = "an address that only run time knows".to_owned();
                    (whom, "so that nobody can say who receives it".to_owned(), Severity::Medium, None)
                }
            };
            let (severity, so) = match code.is_for_tests(cx, leak.at.method) {
                true => (severity.min(Severity::Medium), "; nothing in the source runs this code but tests"),
                false => (severity, ""),
            };
            let draft = code::draft(
                cx,
                code,
                leak,
                format!("{} sent to {whom}, {why}{so}", code.what(cx, leak)),
                "take out what the receiver does not need; where it needs it, declare the receiver with its agreement \
                 in `phiward/parties.yaml` and the flow with its ground in `phiward/flows.yaml`",
            )
            .severity(severity);
            out.found(match party {
                Some(party) => draft.party(party),
                None => draft,
            });
        }
    }
}

/// The parties of which a finding says that code sends them what it may not.
pub(super) fn told_parties(cx: &Context<'_>, code: &Code) -> BTreeSet<String> {
    let wanted = |sink| matches!(sink, Sink::CalloutBody | Sink::CalloutHeader | Sink::CalloutAddress);
    let mut found = BTreeSet::new();
    for leak in code.leaks.iter().filter(|leak| wanted(leak.sink)) {
        let fields = leak.names(cx, code);
        for receiver in code::receivers(cx, &leak.to) {
            let Receiver::Party(party, _) = receiver else { continue };
            let id = party.id.as_str();
            let is_refused = !code::refusals(cx, Action::Send, id, &fields).is_empty();
            let is_run = !code.is_for_tests(cx, leak.at.method);
            if is_refused && is_run && !code::lacks_only_agreement(cx, Action::Send, id, &fields) {
                found.insert(id.to_owned());
            }
        }
    }
    found
}

/// What one call sends to one party of the bundle, whoever hands it to the call: one flow that is declared mends all.
fn one_a_call<'l>(cx: &Context<'_>, code: &Code, leaks: impl Iterator<Item = &'l Leak>) -> Vec<Leak> {
    let mut of_calls: BTreeMap<(Spot, String), Leak> = BTreeMap::new();
    let mut found = Vec::new();
    for leak in leaks {
        let receivers = code::receivers(cx, &leak.to);
        let [Receiver::Party(party, _)] = receivers.as_slice() else {
            found.push(leak.clone());
            continue;
        };
        let fields = leak.names(cx, code);
        // What may be sent does not make what may not any worse.
        if code::refusals(cx, Action::Send, party.id.as_str(), &fields).is_empty() {
            continue;
        }
        match of_calls.entry((leak.at, party.id.to_string())) {
            Entry::Vacant(entry) => drop(entry.insert(leak.clone())),
            Entry::Occupied(mut entry) => entry.get_mut().join(leak),
        }
    }
    found.extend(of_calls.into_values());
    found
}
