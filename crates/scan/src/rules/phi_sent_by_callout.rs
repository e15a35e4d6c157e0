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
//! A call to the org itself. A permitted flow to a declared party, and one that lacks nothing but the agreement: `phi-sent-without-ground` tells that of the flow. Models that the bundle names are judged by `phi-sent-to-model`. Where the address is known only at run time, the receiver is *unknown* and the finding says so.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `ODRIntegration` and `EmpiIntegration` call registries of the province by named credentials.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Action;

use crate::Context;
use crate::code::{self, Receiver};
use crate::disclosure::joined;
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
    code::each(cx, out, wanted, |code, leak, out| {
        let fields = leak.names(cx, code);
        for receiver in code::receivers(cx, &leak.to) {
            let by = code.component(leak.place);
            let place = code.place(leak.place);
            let to = match &receiver {
                Receiver::Party(party, _) => Some(Destination::Party(party.id.to_string())),
                Receiver::Host(host) => Some(Destination::Host(host.clone())),
                Receiver::Model(model, _) => Some(Destination::Model(model.id.to_string())),
                Receiver::Own | Receiver::Unknown => None,
            };
            if let Some(to) = to {
                out.flow(FoundFlow { fields: fields.clone(), to, by, place, confidence: Confidence::High });
            }
            let (whom, why, severity, party) = match receiver {
                Receiver::Own | Receiver::Model(..) => continue,
                Receiver::Party(party, address) => {
                    let facts = code::refusals(cx, Action::Send, party.id.as_str(), &fields);
                    let id = party.id.as_str();
                    if facts.is_empty() || code::lacks_only_agreement(cx, Action::Send, id, &fields) {
                        continue;
                    }
                    let whom = format!("`{}` (`{address}`)", party.id);
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
            let (severity, so) = match severity == Severity::High && code.is_uncalled(cx, leak.at.method) {
                true => (Severity::Medium, "; no flow of the source calls it"),
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
    });
}
