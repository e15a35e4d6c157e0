//! # Apex publishes data about patients
//!
//! A value of a PHI field goes into a field of a platform event that is not classified as PHI.
//!
//! ## Why it harms
//! Everyone who may subscribe to the channel reads the event: integration users, packages, middleware. The bus keeps it for three days, without field-level security, and encrypted only where that was switched on (45 CFR 164.312(a)(1), 164.312(e)(1), 164.502(b); GDPR Art. 5(1)(c)).
//!
//! ## What to change
//! Publish the record's Id and let the subscriber read what it may. Where the event must carry the value, classify its field in the bundle and declare the subscribers.
//!
//! ## What is not found
//! Event fields that the bundle classifies. Events that are made and never published.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `ODRIntegration` publishes log events whose key has a patient's number.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code::{self, Leak};
use crate::disclosure::shown;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex publishes data about patients",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-prv-502b", "gdpr-5-1c"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex classes and triggers, and the fields of the event"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = code::followed(cx, out);
    let is_open = |leak: &Leak| {
        let Sink::Event { object, field } = leak.sink else { return false };
        let (object, field) = (code.program.names.written(object), code.program.names.written(field));
        !cx.classes.field(object, field).class.is_phi()
    };
    for (leak, targets) in code::kept(code, is_open) {
        let is = if targets.len() == 1 { "is" } else { "are" };
        out.found(code::draft(
            cx,
            code,
            &leak,
            format!("{} published in {}, which {is} not classified as PHI", code.what(cx, &leak), shown(&targets)),
            "publish the record's Id and let the subscriber read what it may; or classify the event's field in the \
             bundle and declare who subscribes",
        ));
    }
}
