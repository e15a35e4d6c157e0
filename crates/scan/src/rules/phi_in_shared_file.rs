//! # Apex writes data about patients into a file
//!
//! A value of a PHI field goes into the body or the name of a file, attachment or document. It is high where the same class makes a public link to files.
//!
//! ## Why it harms
//! A file has no fields: no field-level security, no mask, no class. It goes with whoever may see one record that it is linked to, and with a `ContentDistribution` to anyone who has the link (45 CFR 164.312(a)(1), 164.502(b); GDPR Art. 25(2)).
//!
//! ## What to change
//! Name files by the record's Id. Keep what must be a file in a library whose members are known, with `Visibility` `InternalUsers`; never make a public link to it.
//!
//! ## What is not found
//! What an uploaded file holds. Links that people make by hand, and links to files that the code does not write, are `public-file-links`.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `ContentVersionBatch` makes a public link for each file of a case.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex writes data about patients into a file",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-prv-502b", "gdpr-25-2"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex classes and triggers, and the fields that they read"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    code::each(cx, out, |sink| sink == Sink::File, |code, leak, out| {
        let is_public = code.makes_public_links(leak.place);
        let so = if is_public { ", and this class makes public links to files" } else { "" };
        let severity = if is_public { Severity::High } else { Severity::Medium };
        let draft = code::draft(
            cx,
            code,
            leak,
            format!("{} written into a file{so}", code.what(cx, leak)),
            "name the file by the record's Id, keep it where its readers are known, and make no public link to it",
        );
        out.found(draft.severity(severity));
    });
}
