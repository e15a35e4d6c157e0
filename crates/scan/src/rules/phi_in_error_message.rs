//! # A message of an error shows data about patients
//!
//! A value of a PHI field goes into `addError`, a message on a page, an `AuraHandledException`, or an exception that leaves a method which components or other systems call.
//!
//! ## Why it harms
//! Messages are shown to whoever caused the error, also where field-level security hides the field, are written into logs of clients and integrations, and are copied into tickets (45 CFR 164.312(a)(1), 164.502(b)).
//!
//! ## What to change
//! Say what is wrong and with which record, by its Id.
//!
//! ## What is not found
//! Exceptions that no such method lets out. Messages that the platform itself makes.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT` hands answers of a registry on in its exceptions.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A message of an error shows data about patients",
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
    code::tell(cx, out, Sink::ErrorMessage, "part of a message that users or callers see", "name the record by its Id and say what is wrong");
}
