//! # Apex returns data about patients without asking who may see it
//!
//! A method that components, pages, other systems, flows or agents call returns a value of a PHI field that was read in system mode: no `WITH USER_MODE`, no `WITH SECURITY_ENFORCED`, no `Security.stripInaccessible`, no describe check of the field.
//!
//! ## Why it harms
//! Apex reads every field of every record, whatever the user's permissions, unless it is told otherwise. What an `@AuraEnabled` method returns is in the browser of whoever may call it, shown or not (45 CFR 164.312(a)(1), 164.308(a)(4), 164.502(b); GDPR Art. 25(2)).
//!
//! ## What to change
//! Query `WITH USER_MODE`, or pass the records through `Security.stripInaccessible(AccessType.READABLE, ...)`. From API version 67.0 classes do so by themselves.
//!
//! ## What is not found
//! Classes of API version 67.0 and later, whose queries run in user mode by default (*Apex Developer Guide*, Versioned Behavior Changes). Members of a data object that are not `@AuraEnabled`. Ids and counts.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `RequestDetails` returns answers of any case.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex returns data about patients without asking who may see it",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-308a4", "gdpr-25-2"],
    tags: &["phi", "access"],
    replaces: &["pmd:ApexCRUDViolation", "sfge:ApexFlsViolation"],
    sbs: &[],
    needs: &["the Apex classes with their `-meta.xml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    code::each(cx, out, |sink| sink == Sink::Result, |code, leak, out| {
        if code.is_checked(leak) || code.is_told_below(leak) {
            return;
        }
        let whom = code.callers(leak.at.method);
        // Nobody's permissions say who may see an answer or an argument.
        let is_file = fields_of_files(&leak.names(cx, code));
        let is_weaker = code.is_answer(leak) || code.is_of_class(leak) || is_file;
        let severity = if is_weaker { Severity::Medium } else { Severity::High };
        let draft = code::draft(
            cx,
            code,
            leak,
            format!("{} returned to {whom} without a check that they may see it", code.what(cx, leak)),
            "query `WITH USER_MODE`, or pass the records through `Security.stripInaccessible(AccessType.READABLE, ...)`",
        );
        out.found(draft.severity(severity));
    });
}

/// Files follow sharing, and have no field security of their own.
fn fields_of_files(fields: &[String]) -> bool {
    let is_file = |field: &String| {
        let object = field.split('.').next().unwrap_or_default().to_ascii_lowercase();
        matches!(object.as_str(), "contentversion" | "contentdocument" | "attachment")
    };
    !fields.is_empty() && fields.iter().all(is_file)
}
