//! # User input says where a page leads
//!
//! A parameter of a page or an argument becomes the whole address, or the host, of a `PageReference`.
//!
//! ## Why it harms
//! A link to your own site leads to somebody else's, who asks for the password or shows what looks like the portal. Patients trust the address that they were sent (45 CFR 164.308(a)(5)(ii)(B); GDPR Art. 32(1)(b)).
//!
//! ## What to change
//! Lead to a page of the org by its Id or name; of an address that must come from outside, take a path that begins with one `/`, or compare its host with a list.
//!
//! ## What is not found
//! Input behind a fixed host or path. Input that was compared with what is allowed.
//!
//! ## Beside other analysers
//! PMD's `ApexOpenRedirect` looks at one method and at literals before the plus sign; here input is followed through calls and variables.
//!
//! ## Seen in the wild
//! None of the public projects of health care that were looked at leads where input says.

use dataflow::{Exposure, Input, Sink};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code::{self, Outside};
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "User input says where a page leads",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-308a5iiB", "gdpr-32-1b"],
    tags: &["code", "injection"],
    replaces: &["pmd:ApexOpenRedirect"],
    sbs: &[],
    needs: &["the Apex classes and triggers"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = code::followed(cx, out);
    for intake in code.intakes.iter().filter(|intake| intake.sink == Sink::PageAddress) {
        let Outside::Input(input) = intake.from else { continue };
        // Addresses that are put together of nothing that is known are led by input as a whole.
        if !intake.to.is_empty() && !intake.to.iter().any(|address| leads(address)) {
            continue;
        }
        // What a component hands over is set by whoever builds the page.
        let by_component = code.exposure(intake.at.method) == Some(Exposure::Component) && input == Input::Argument;
        let draft = code.intake(
            intake,
            intake.at,
            format!("{} says where the page leads", code::said_of(input)),
            "lead to a page of the org, or compare the address with a list of what is allowed",
        );
        out.found(draft.severity(if by_component { Severity::Low } else { META.severity }));
    }
}

/// Whether what is not constant in an address says its host.
fn leads(address: &str) -> bool {
    let Some((known, _)) = address.split_once('\u{0}') else { return false };
    let known = known.trim_start();
    match known.split_once("://") {
        Some((_, rest)) => !rest.contains(['/', '?', '#']),
        None => known.is_empty() || known == "/" || known.starts_with("//"),
    }
}
