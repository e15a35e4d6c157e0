//! # Mail settings send copies or leave transport open
//!
//! The org's mail settings restrict TLS to some domains, send a copy of every message elsewhere, or send bounced
//! messages on. There is one finding for each setting.
//!
//! ## Why it harms
//! - `enableRestrictTlsToDomains` on: the TLS setting holds for the listed domains only; for all others the org takes
//!   TLS where it is offered and plain SMTP where it is not (Metadata API Developer Guide,
//!   *EmailAdministrationSettings*).
//! - `enableComplianceBcc` on: a copy of each message that the org sends goes to one more mailbox.
//! - `enableResendBouncedEmails` on: a message that bounced comes back to its sender, with what it said.
//!
//! 45 CFR 164.312(e)(1) and (e)(2)(ii) ask to guard ePHI in transmission, 164.502(b) for no more copies than are
//! needed; GDPR Art. 32(1)(a) and 5(1)(c).
//!
//! ## What to change
//! *Setup > Deliverability > Transport Layer Security*: *Required*, for all domains; an archive of mail by journaling
//! on your own mail system rather than *Compliance BCC Email*. Better still, keep PHI out of mail:
//! `phi-in-email-template`.
//!
//! ## What is not found
//! The level of TLS, the list of its domains and the address of the copies are in no metadata: where the source sends
//! PHI by mail, whether TLS is required is unknown. SPF, DKIM and sender ids keep others from writing in your name
//! and protect no message on its way; they are not judged, nor is sending through Gmail or Office 365, whose
//! operators are parties to declare. Mail that Apex sends is not looked at. The finding is low where no template and
//! no flow of the source puts PHI into mail.
//!
//! ## Seen in the wild
//! `vamsireddy2002/smartAgentsCrew` sends bounced messages on, and has no template with PHI. `bcgov/MoH-SAT` mails
//! PHI, and its mail settings are not in the source.

use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::mail;
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{self, Flag};

pub(crate) const META: Meta = Meta {
    title: "Mail settings send copies or leave transport open",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312e1", "hipaa-sec-312e2ii", "hipaa-prv-502b", "gdpr-32-1a"],
    tags: &["phi", "mail"],
    replaces: &[],
    sbs: &[],
    needs: &["settings/EmailAdministration.settings-meta.xml", "Setup > Deliverability"],
};

/// A setting that is weak when it is on: its element, the harm, the fix.
const SETTINGS: [(&str, &str, &str); 3] = [
    (
        "enableComplianceBcc",
        "a copy of every message goes to one more mailbox",
        "set it to `false` (Setup > Compliance BCC Email) and archive mail on the mail system itself",
    ),
    (
        "enableResendBouncedEmails",
        "bounced messages are sent on with what they said",
        "set it to `false` (Setup > Deliverability > Return bounced emails to sender); the bounce stays visible at the record",
    ),
    (
        "enableRestrictTlsToDomains",
        "TLS holds for a list of domains, and mail to all others may go in plain",
        "set it to `false` and TLS to Required (Setup > Deliverability)",
    ),
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    let message = mail::first_with_phi(cx);
    if message.is_some() {
        out.unknown(
            "whether TLS is required for mail, which the source fills with PHI",
            "look in Setup > Deliverability > Transport Layer Security; no metadata has it",
        );
    }
    for (name, harm, fix) in SETTINGS {
        match setting::flag(cx, "EmailAdministration", &[name]) {
            Flag::On(value) => {
                out.judged(1);
                let mut draft = Draft::new(
                    format!("EmailAdministrationSettings:{name}"),
                    cx.place(&value),
                    format!("`{name}` is on: {harm}"),
                    fix,
                )
                .severity(if message.is_some() { Severity::Medium } else { Severity::Low })
                .detail(name);
                if let Some((what, place)) = &message {
                    draft = draft.related(place.clone(), what.clone());
                }
                out.found(draft);
            }
            Flag::Off(_) => out.judged(1),
            // Each is off unless the file says otherwise only where the org was asked.
            Flag::Silent | Flag::Absent if message.is_some() => out.unknown(
                "mail settings (`EmailAdministration`): whether mail is copied, resent or sent without TLS",
                "retrieve `Settings:EmailAdministration`, or look in Setup > Deliverability",
            ),
            Flag::Silent | Flag::Absent => {}
        }
    }
}
