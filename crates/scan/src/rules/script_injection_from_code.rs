//! # What somebody wrote becomes HTML or script
//!
//! A field's text or other input becomes part of the message of `addError(message, false)`, or a parameter of a page
//! becomes part of what a Visualforce page prints with `escape="false"`, in a script, in a handler such as `onclick`
//! or as an address that is opened. A message of `ApexPages.addMessage` is printed by `<apex:pageMessages
//! escape="false"/>` of each page whose classes run the code.
//!
//! ## Why it harms
//! The script of a stranger runs in the page of whoever is logged in, with every right over patients: it reads
//! records, changes them and sends them away, and the log says that the user did. 45 CFR 164.312(a)(1) and (c)(1),
//! 164.308(a)(5)(ii)(B); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Leave the second argument of `addError` away, and `escape="false"` of the page. Where there must be HTML, encode
//! what comes into it: `escapeHtml4()` in Apex, `HTMLENCODE` on the page; in scripts and handlers `JSENCODE` or
//! `escapeEcmaScript()`; of addresses, take what begins with one `/`.
//!
//! ## What is not found
//! Text that was encoded for the place where it comes out; Ids, numbers, dates and booleans; input that was compared
//! with what is allowed; values of picklists. Properties that the page escapes, which is the default.
//! `String.escapeSingleQuotes` protects queries and no page. What a page prints of records is
//! `stored-script-on-page`; of settings and labels it is not judged, nor what goes from one static variable into another or into one of a class that no page names, what a
//! page hands to a component's `assignTo`, and what Lightning components do with what they are returned.
//!
//! ## Beside other analysers
//! PMD's `ApexXSSFromURLParam` reports a parameter that is not escaped in the method that reads it, printed or not,
//! and `ApexXSSFromEscapeFalse` each `addError` with `false`, constant or not. `VfUnescapeEl` looks at the page
//! alone: here the page says what is printed, and code what is in it.
//!
//! ## Seen in the wild
//! `SalesforceFoundation/NPSP`: the name of a recurring donation stands as HTML in the error that keeps it from being
//! deleted (`RD_CascadeDeleteLookups_TDTM`); the names of its gifts are escaped there.

use std::collections::{BTreeMap, BTreeSet};

use dataflow::{Sink, Spot};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code::{self, Code, Intake, Outside, Printed};
use crate::disclosure::shown;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "What somebody wrote becomes HTML or script",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312c1", "hipaa-sec-308a5iiB", "gdpr-32-1b"],
    tags: &["code", "injection", "visualforce"],
    replaces: &["pmd:ApexXSSFromURLParam", "pmd:ApexXSSFromEscapeFalse", "pmd:VfUnescapeEl"],
    sbs: &[],
    needs: &["the Apex classes and triggers", "the Visualforce pages"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = code::followed(cx, out);
    messages(cx, code, out);
    printed(cx, code, out);
    out.judged(cx.pages().len());
    pages(cx, out);
}

/// `addError(message, false)`: one finding a call, whatever comes into it.
fn messages(cx: &Context<'_>, code: &Code, out: &mut Outcome) {
    let mut by_call: BTreeMap<Spot, Vec<&Intake>> = BTreeMap::new();
    for intake in code.intakes.iter().filter(|intake| intake.sink == Sink::Markup) {
        by_call.entry(intake.at).or_default().push(intake);
    }
    for (at, all) in by_call {
        let mut fields: BTreeSet<String> = BTreeSet::new();
        let mut inputs: BTreeSet<&'static str> = BTreeSet::new();
        for intake in &all {
            match intake.from {
                Outside::Field(object, field) => {
                    let names = &code.program.names;
                    let object = names.written(object);
                    fields.insert(match field {
                        Some(field) => format!("{object}.{}", cx.classes.written(object, names.written(field))),
                        None => object.to_owned(),
                    });
                }
                Outside::Input(input) => drop(inputs.insert(code::said_of(input))),
                Outside::Session => {}
            }
        }
        let fields: Vec<String> = fields.into_iter().collect();
        let mut what: Vec<String> = inputs.into_iter().map(str::to_owned).collect();
        if !fields.is_empty() {
            what.push(format!("the text of {}", shown(&fields)));
        }
        if what.is_empty() {
            continue;
        }
        let becomes = if what.len() > 1 { "become" } else { "becomes" };
        out.found(
            Draft::new(
                code.component(at),
                code.place(at),
                format!("{} {becomes} HTML in an error message", what.join(" and ")),
                "leave the second argument away, or encode what comes into the message (`escapeHtml4`)",
            )
            .detail(code.program.method_name(at.method))
            .ways(all.iter().map(|intake| code.steps(&intake.way))),
        );
    }
}

/// So many places of pages are told of one place in the code.
const PLACES: usize = 8;

/// Parameters in what pages print: one finding a place in the code, with the pages.
fn printed(cx: &Context<'_>, code: &Code, out: &mut Outcome) {
    let mut by_place: BTreeMap<Spot, Vec<&Printed>> = BTreeMap::new();
    for one in code.printed.iter().filter(|one| matches!(one.intake.from, Outside::Input(_))) {
        by_place.entry(one.intake.place).or_default().push(one);
    }
    for (at, all) in by_place {
        let Some(first) = all.first() else { continue };
        let Some(page) = cx.pages().get(first.page) else { continue };
        let message = format!(
            "{} becomes {} on the page `{}`",
            code::said_of(dataflow::Input::Page),
            first.around.said(),
            page.name
        );
        let mut draft = code.intake(
            &first.intake,
            at,
            message,
            "encode it for the place where the page prints it (`escapeHtml4`, `JSENCODE`), or let the page escape it",
        );
        let is_id = code.text_at(at).to_ascii_lowercase().contains("('id')");
        if is_id && all.iter().all(|one| cx.pages().get(one.page).is_some_and(|page| page.loads_by_id)) {
            draft = draft.severity(Severity::Medium);
        }
        let mut told = BTreeSet::new();
        for one in all {
            if told.len() < PLACES && told.insert((one.page, one.span)) {
                let place = cx.pages().get(one.page).and_then(|page| page.place(cx, one.span));
                draft = place.into_iter().fold(draft, |draft, place| draft.related(place, "printed here"));
            }
        }
        out.found(draft);
    }
}

/// Pages that print parameters by themselves.
fn pages(cx: &Context<'_>, out: &mut Outcome) {
    for page in cx.pages() {
        for print in page.prints.iter().filter(|print| !print.is_harmless()) {
            let names: Vec<&str> = print.names.iter().map(String::as_str).collect();
            if !matches!(names.as_slice(), ["$currentpage", "parameters" | "url", ..]) {
                continue;
            }
            let Some(place) = page.place(cx, print.span) else { continue };
            let kind = if page.is_component { "ApexComponent" } else { "ApexPage" };
            let is_checked = page.loads_by_id && matches!(names.as_slice(), [_, "parameters", "id"]);
            let (severity, so) = if is_checked {
                (Severity::Medium, ": Salesforce shows it with the id of a record alone, and nothing else keeps it from there")
            } else {
                (META.severity, "")
            };
            out.found(
                Draft::new(
                    format!("{kind}:{}", page.name),
                    place,
                    format!("a parameter of the page becomes {} on `{}`{so}", print.around.said(), page.name),
                    "encode it for its place (`HTMLENCODE`, in scripts `JSENCODE`), or let the page escape it",
                )
                .severity(severity),
            );
        }
    }
}
