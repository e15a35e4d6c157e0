//! # Apex puts data about patients into the address of a page
//!
//! A value of a PHI field goes into the URL or a parameter of a `PageReference`.
//!
//! ## Why it harms
//! Addresses are kept in the history of browsers, in logs of proxies and of Salesforce itself, and in the `Referer` of what the page loads (45 CFR 164.312(e)(1), 164.502(b)).
//!
//! ## What to change
//! Pass the record's Id and read the value on the next page.
//!
//! ## What is not found
//! Ids. Links in metadata are `phi-in-link-url`, addresses of callouts `phi-in-callout-url`.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT` passes numbers of forms between pages.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex puts data about patients into the address of a page",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312e1", "hipaa-prv-502b", "gdpr-5-1f"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex classes and triggers, and the fields that they read"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    code::tell(cx, out, Sink::PageAddress, "put into the address of a page", "pass the record's Id and read the value on the next page");
}
