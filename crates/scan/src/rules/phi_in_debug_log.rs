//! # Apex writes data about patients into a log
//!
//! A value of a PHI field, or a record that has one, is handed to `System.debug` or to a logging framework.
//!
//! ## Why it harms
//! Debug logs are read by everybody with *View All Data* or *Manage Users*, are sent on by support and monitoring, and have no field-level security, no encryption of their own and no place in the record of who saw which patient (45 CFR 164.312(a)(1), 164.312(b), 164.502(b); GDPR Art. 5(1)(c), 5(1)(f)). What a logging framework keeps is an object that nobody classified.
//!
//! ## What to change
//! Log the record's Id or a correlation id. Where a value is needed to find a fault, log whether it is there, or how long it is.
//!
//! ## What is not found
//! Ids, counts and comparisons are no patient's data. Masks that the bundle names under `sanitisers` count as such; a hash, Base64, upper case or the first letters do not. Test classes are not judged. Messages of the platform's own exceptions are not known to hold data.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `ODRIntegration` writes bodies of requests about patients into the log.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex writes data about patients into a log",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-prv-502b", "gdpr-5-1f"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex classes and triggers, and the fields that they read"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    code::tell(cx, out, Sink::Log, "written to a log", "log the record's Id instead, or whether the value is there");
}
