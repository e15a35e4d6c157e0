//! # Apex mails data about patients
//!
//! A value of a PHI field goes into the subject, the body or an attachment of a mail that Apex sends.
//!
//! ## Why it harms
//! Mail leaves the org for servers that nobody named, is kept in mailboxes without end, and is mostly sent without encryption that reaches the recipient (45 CFR 164.312(e)(1), 164.502(b); GDPR Art. 32). Who got it is in no record of disclosures.
//!
//! ## What to change
//! Mail that something is there, with a link to the record or to the portal, and let the reader log in.
//!
//! ## What is not found
//! What one method puts into the mails of one sending (subject, body, attachments) is one finding; where the method that sends puts something in itself, what its callers hand to it is part of that, and each caller a way. So are mails to which several methods lead with the same data, put in at one place. A recipient's address that is a patient's own is how the mail reaches them. A message that is made and never sent is none. Whether the recipient is the patient, who may ask for unencrypted mail (164.522(b)), is not in the source: accept it with an exception.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `SendEmailUtility` attaches documents named after patients.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex mails data about patients",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312e1", "hipaa-prv-502b", "gdpr-32-1a"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex classes and triggers, and the fields that they read"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    code::tell(cx, out, Sink::Mail, "put into a mail", "mail a link to the record instead, and let the reader log in");
}
