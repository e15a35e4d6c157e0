//! # Apex returns data about patients without asking who may see it
//!
//! A method that components, pages, other systems, flows, agents or OmniScripts call returns a value of a PHI field that was read in system mode: no `WITH USER_MODE`, no `WITH SECURITY_ENFORCED`, no `Security.stripInaccessible`, no describe check of the field.
//!
//! ## Why it harms
//! Apex reads every field of every record, whatever the user's permissions, unless it is told otherwise. What an `@AuraEnabled` method returns is in the browser of whoever may call it, shown or not (45 CFR 164.312(a)(1), 164.308(a)(4), 164.502(b); GDPR Art. 25(2)).
//!
//! ## What to change
//! Query `WITH USER_MODE`, or pass the records through `Security.stripInaccessible(AccessType.READABLE, ...)`. From API version 67.0 classes do so by themselves.
//!
//! ## What is not found
//! Classes of API version 67.0 and later, whose queries run in user mode by default (*Apex Developer Guide*, Versioned Behavior Changes). Members of a data object that are not `@AuraEnabled`, but for what a page's script gets (`@RemoteAction`). What the client itself handed in. Ids and counts, also those that a loop makes by a key. Medium are the user's own records, what administrators alone get, names alone where sharing holds, queries that are narrowed to others than patients by their type or role, what only flows reach that start by themselves, what was kept in another record in between, and what each profile and permission set of the source that gives the class lets its holder read anyway.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `RequestDetails` returns answers of any case; `EDRD_EmpiIntegration`, a `Callable`, finds patients by their health number for OmniScripts.

use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code::{self, Holders};
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex returns data about patients without asking who may see it",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-308a4", "hipaa-prv-502b", "gdpr-25-2"],
    tags: &["phi", "access"],
    replaces: &["pmd:ApexCRUDViolation", "sfge:ApexFlsViolation"],
    sbs: &[],
    needs: &["the Apex classes with their `-meta.xml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = code::followed(cx, out);
    for own in code.returned(cx, &Holders::of(cx, code)) {
        let message = format!(
            "{} returned to {} without a check that they may see it{}",
            code.what(cx, &own.leak),
            code.callers(own.leak.at.method),
            own.less.unwrap_or_default(),
        );
        let fix = "query `WITH USER_MODE`, or pass the records through `Security.stripInaccessible(AccessType.READABLE, ...)`";
        out.found(code::draft(cx, code, &own.leak, message, fix).severity(own.severity));
    }
}
