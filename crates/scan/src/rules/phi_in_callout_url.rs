//! # An address that Apex calls has data about patients
//!
//! A value of a PHI field is part of the path or the query of a callout, whoever receives it.
//!
//! ## Why it harms
//! TLS hides an address on the way, and nothing hides it at the ends: servers, gateways and proxies write addresses into access logs, which are kept, searched and shared on other terms than the data. An agreement for the data seldom covers the log (45 CFR 164.312(e)(1), 164.502(b); GDPR Art. 5(1)(f)).
//!
//! ## What to change
//! Send identifiers in the body of a POST, or look up by a key that means nothing elsewhere.
//!
//! ## What is not found
//! Ids of Salesforce. Headers are judged with the body by `phi-sent-by-callout`.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `EmpiIntegration` has a patient's number in the query of a GET.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An address that Apex calls has data about patients",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312e1", "hipaa-prv-502b", "gdpr-5-1f"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex classes and triggers, and the fields that they read"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    code::tell(cx, out, Sink::CalloutAddress, "part of the address of a callout", "send it in the body of a POST, or look up by a key that means nothing elsewhere");
}
