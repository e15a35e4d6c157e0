//! # Apex posts data about patients to people
//!
//! A value of a PHI field goes into a Chatter post or comment, or into a custom notification.
//!
//! ## Why it harms
//! A post is seen by everyone who sees its parent or follows the group, is mailed to them in digests, and is kept where no field-level security holds. A notification shows on locked phones (45 CFR 164.502(b), 164.312(a)(1); GDPR Art. 5(1)(c)).
//!
//! ## What to change
//! Post that something changed and link to the record.
//!
//! ## What is not found
//! Ids and links. Posts that a flow or process makes are metadata.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `RequestDetails` copies answers of a clinical form into the feed of the case.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex posts data about patients to people",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502b", "hipaa-sec-312a1", "gdpr-5-1c"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex classes and triggers, and the fields that they read"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    code::tell(cx, out, Sink::Post, "posted for people to read", "post a link to the record instead");
}
