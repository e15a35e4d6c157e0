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
//! Classes of API version 67.0 and later, whose queries run in user mode by default (*Apex Developer Guide*, Versioned Behavior Changes). Members of a data object that are not `@AuraEnabled`, but for what a page's script gets (`@RemoteAction`). What the client itself handed in. Ids and counts, also those that a loop makes by a key. Medium are the user's own records, what administrators alone get, names alone where sharing holds, what was kept in another record in between, and what each profile and permission set of the source that gives the class lets its holder read anyway.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `RequestDetails` returns answers of any case.

use dataflow::{Did, Sink};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code::{self, Code, Holders, Leak};
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
    let holders = Holders::of(cx, cx.code());
    code::each(cx, out, |sink| sink == Sink::Result, |code, leak, out| {
        if code.is_checked(leak) || code.is_told_below(leak) {
            return;
        }
        // What is read there itself is mended by the same words.
        if leak.has_step(Did::Reread) && code.has_nearer(leak) {
            return;
        }
        let leak = &code.without_asked(leak);
        let whom = code.callers(leak.at.method);
        // Nobody's permissions say who may see an answer or an argument.
        let is_file = fields_of_files(&leak.names(cx, code));
        let less = less(cx, code, leak).or_else(|| holders.nobody_sees_more(cx, code, leak));
        let is_weaker = code.is_answer(leak) || code.is_of_class(leak) || is_file || less.is_some();
        let severity = if is_weaker { Severity::Medium } else { Severity::High };
        let draft = code::draft(
            cx,
            code,
            leak,
            format!("{} returned to {whom} without a check that they may see it{}", code.what(cx, leak), less.unwrap_or_default()),
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

/// Why it weighs less than it would.
fn less(cx: &Context<'_>, code: &Code, leak: &Leak) -> Option<&'static str> {
    let is_each = |holds: &dyn Fn(apex::MethodId, source::Span) -> bool| {
        leak.begins.as_ref().is_some_and(|all| {
            !all.is_empty()
                && all.iter().all(|(file, span)| code.method_at(*file, *span).is_some_and(|method| holds(method, *span)))
        })
    };
    if code.is_for_administrators(leak.place.method, leak.place.span) {
        Some(", in a branch for system administrators alone")
    } else if is_each(&|method, span| code.is_of_the_user(method, span)) {
        Some("; the records are the user's own")
    } else if is_each(&|method, span| code.is_of_one_just_made(method, span)) {
        Some("; the record is the one that the same call has just made")
    } else if leak.has_step(Did::Reread) {
        Some("; it was put into another record before, and whether just these records are read again is not known")
    } else if code.shares(leak.place.method) && has_no_field_security(&leak.names(cx, code)) {
        Some("; sharing holds, and field security keeps none of these fields from whoever may read the object")
    } else {
        None
    }
}

/// Names of records, which field security cannot hide.
fn has_no_field_security(fields: &[String]) -> bool {
    let (files, rest): (Vec<String>, Vec<String>) =
        fields.iter().cloned().partition(|field| fields_of_files(std::slice::from_ref(field)));
    (!files.is_empty() || !rest.is_empty()) && rest.iter().all(|field| code::is_name_of_record(field))
}
