//! # Apex keeps data about patients in the platform cache
//!
//! A value of a PHI field, or a record that has one, is put into the org cache or the session cache.
//!
//! ## Why it harms
//! Whatever code runs in the org reads the org cache, without sharing and field-level security, and for other users than the one for whom it was read. The cache is not encrypted by Shield and not in the audit trail (45 CFR 164.312(a)(1), 164.312(a)(2)(iv)).
//!
//! ## What to change
//! Cache Ids and settings, and query the patient's record for the user who asks.
//!
//! ## What is not found
//! Ids, counts and reference data.
//!
//! ## Seen in the wild
//! None of the public projects that were looked at caches a patient's data.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex keeps data about patients in the platform cache",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312a2iv", "gdpr-32-1a"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex classes and triggers, and the fields that they read"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    code::tell(cx, out, Sink::Cache, "put into the platform cache", "cache the Id, and query the record for the user who asks");
}
