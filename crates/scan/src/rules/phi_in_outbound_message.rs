//! # An outbound message sends data about patients
//!
//! A workflow's outbound message has fields of PHI, and where it goes nobody is declared for it, the way is plain
//! http, or the policy does not let that party have these fields.
//!
//! ## Why it harms
//! An outbound message is a SOAP call that Salesforce makes by itself, with the named fields of each record, and again
//! for 24 hours where the other side does not answer (*Outbound Messaging*). Nobody sees it go. To a party without
//! an agreement each is a disclosure without a ground (45 CFR 164.502(e), GDPR Art. 28(3)); over http everyone on the
//! way can read it (164.312(e)(1)).
//!
//! ## What to change
//! Send the record's Id alone and let the receiver fetch what it may see through its own user; declare the receiver and
//! the flow in the bundle, with the agreement in force; write `https://` in the endpoint; leave *Send Session ID* off.
//!
//! ## What is not found
//! The receiver of a declared address that the bundle permits is not reported. Who really listens there, and whether
//! certificates of both sides are checked, is not in the source.
//!
//! ## Seen in the wild
//! None of the public projects that were looked at has an outbound message.

use journal::{Confidence, Persona, Severity};
use policy::Decision;
use policy::vocabulary::Action;
use sfdx::views::OutboundMessage;
use sfdx::Value;

use crate::Context;
use crate::disclosure::{self, joined, shown};
use crate::endpoint::{Home, host_of, is_plain_http};
use crate::field_path::{self, Reached};
use crate::flow::{Destination, FoundFlow};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An outbound message sends data about patients",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312e1", "hipaa-prv-502e", "gdpr-28-3"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["`endpoints:` of the parties, in `parties.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for message in cx.project.outbound_messages() {
        out.judged(1);
        let object = message.object_name();
        let mut found: Vec<(Value<'_>, Reached, Confidence)> = Vec::new();
        for value in message.fields() {
            let reached = field_path::follow(cx.project, object, value.as_str());
            let verdict = cx.classes.field(&reached.object, &reached.field);
            if verdict.is_phi() && !field_path::is_reference(cx.project, &reached) {
                found.push((value, reached, verdict.confidence));
            }
        }
        if !found.is_empty() {
            judge(cx, message, &found, out);
        }
    }
}

fn judge(
    cx: &Context<'_>,
    message: OutboundMessage<'_>,
    found: &[(Value<'_>, Reached, Confidence)],
    out: &mut Outcome,
) {
    let Some((first, _, _)) = found.first() else { return };
    let name = message.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
    let full_name = format!("{}.{name}", message.object_name());
    let Some(url) = message.endpoint_url() else {
        out.unknown(
            format!("where the outbound message `{full_name}` sends PHI"),
            format!("retrieve `Workflow:{}` with its `endpointUrl`", message.object_name()),
        );
        return;
    };
    let host = host_of(&url).unwrap_or_default();
    if Home::of(cx.project).stays(&host) {
        return;
    }
    let fields: Vec<String> = found.iter().map(|(_, reached, _)| reached.full_name()).collect();
    let confidence = found.iter().map(|(_, _, confidence)| *confidence).max().unwrap_or(Confidence::Medium);
    let party = cx.policy.party_of_url(&url).or_else(|| cx.policy.party_of_host(&host));
    let plain = is_plain_http(&url);
    let mut wrong: Vec<String> = Vec::new();
    let mut fix: Vec<&str> = Vec::new();
    if plain {
        wrong.push("over plain http".to_owned());
        fix.push("write `https://` in the `endpointUrl`");
    }
    let to = match party {
        Some(party) => {
            let facts = refusals(cx, party.id.as_str(), &fields);
            if !facts.is_empty() {
                wrong.push(format!("though {}", joined(&facts)));
                fix.push("remove these fields and let the receiver fetch what it may see, or declare the flow and its ground in the bundle");
            }
            format!("`{}` (`{host}`)", party.id)
        }
        None => {
            let who = if cx.has_bundle() { "which no party of the bundle has" } else { "and nothing says who that is" };
            wrong.push(who.to_owned());
            fix.push(
                "remove these fields and let the receiver fetch what it may see by the record's Id, or declare the \
                 receiver with its agreement in `phiward/parties.yaml`",
            );
            format!("`{host}`")
        }
    };
    out.flow(FoundFlow {
        fields: fields.clone(),
        to: match party {
            Some(party) => Destination::Party(party.id.to_string()),
            None => Destination::Host(host.clone()),
        },
        by: format!("WorkflowOutboundMessage:{full_name}"),
        place: cx.place(first),
        confidence,
    });
    if wrong.is_empty() {
        return;
    }
    let only_plain = plain && wrong.len() == 1;
    if message.includes_session_id() == Some(true) {
        wrong.push("together with a session id that opens the API".to_owned());
        fix.push("set `includeSessionId` to `false`");
    }
    // Where nothing but the way is wrong, the address is what to change.
    let mut draft = Draft::new(
        format!("WorkflowOutboundMessage:{full_name}"),
        if only_plain { cx.place(&url) } else { cx.place(first) },
        format!("the outbound message `{full_name}` sends {} to {to}, {}", shown(&fields), wrong.join(", ")),
        fix.join("; "),
    )
    .severity(if cx.has_bundle() || plain { Severity::High } else { Severity::Medium })
    .confidence(confidence)
    .related(cx.place(&url), "it goes here");
    if let Some(party) = party {
        draft = draft.party(party.id.to_string());
    }
    out.found(draft.fields(fields));
}

/// What the policy says against it, once each.
fn refusals(cx: &Context<'_>, party: &str, fields: &[String]) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    for decision in disclosure::ask_sent(cx, Action::Send, party, fields) {
        if let Decision::Denial(denial) = decision {
            facts.extend(denial.reasons.into_iter().map(|reason| reason.fact));
        }
    }
    facts.sort();
    facts.dedup();
    facts
}
