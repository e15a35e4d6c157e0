//! # Patients' data is given out and nobody records it
//!
//! A method that users or systems call returns a patient's field, and on a way to that answer no method is called that
//! the bundle names as one that records an access (`audit:`).
//!
//! ## Why it harms
//! Nobody can say later who read the record: 45 CFR 164.312(b), 164.528; GDPR Art. 5(2). Salesforce's own logs keep
//! reads for days, and most of them name no record.
//!
//! ## What to change
//! Call the method that records, with the record's Id, before the answer or in the helper that reads.
//!
//! ## What is not found
//! Nothing is said where the bundle names no such method. What the method does is not judged. Field-level security and
//! user mode change nothing, for who may read is to be recorded as well. Methods that return Ids, counts or fields that
//! are no patient's, and methods that no client can call.
//!
//! ## Seen in the wild
//! No public project has a bundle that names such a method.

use std::collections::BTreeSet;

use dataflow::{Sink, Spot};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code::{self, Recorded};
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Patients' data is given out and nobody records it",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312b", "hipaa-prv-528", "gdpr-5-2"],
    tags: &["phi", "audit"],
    replaces: &[],
    sbs: &[],
    needs: &["`audit:` of the bundle", "the Apex classes"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let named: BTreeSet<String> = cx.policy.audit_methods().iter().map(|own| own.method.to_lowercase()).collect();
    if named.is_empty() {
        return;
    }
    let mut recorded: Option<Recorded<'_>> = None;
    let mut told = BTreeSet::new();
    code::each(
        cx,
        out,
        |sink| sink == Sink::Result,
        |code, leak, out| {
            let method = leak.at.method;
            let recorded = recorded.get_or_insert_with(|| Recorded::of(cx.code(), named.clone()));
            if code.exposure(method).is_none() || recorded.always(method) || !told.insert(method) {
                return;
            }
            let Some(own) = code.program.method(method) else { return };
            let at = Spot { file: own.file, span: own.span, method };
            let message = format!(
                "{} returned by `{}`, and not every way to that answer records it",
                code.what(cx, leak),
                code.program.method_name(method)
            );
            let fix = "call the method that records (`audit:` of the bundle) before the answer, or where the record is read";
            out.found(code::draft_at(cx, code, leak, at, message, fix));
        },
    );
}
