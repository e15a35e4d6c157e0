//! # User input becomes part of a query
//!
//! What a page's address, a component, another system or a flow hands in reaches the text of `Database.query`, `Database.getQueryLocator`, `Database.countQuery` or `Search.query` other than as a bind.
//!
//! ## Why it harms
//! Whoever writes the input writes the query: other filters, other fields, other objects. In system mode that is every patient's record (45 CFR 164.312(a)(1), 164.308(a)(4); GDPR Art. 32(1)(b)).
//!
//! ## What to change
//! Bind values (`:name`, `Database.queryWithBinds`). Take names of fields and directions of order from a list of what is allowed. `String.escapeSingleQuotes` helps between quotes and nowhere else.
//!
//! ## What is not found
//! Ids, numbers, dates and booleans are what they say, and so is a text of which `Decimal.valueOf` or `Id.valueOf` made one before: it fails for any other. What somebody answers who was asked with input is not the input. A text that is compared with constants, or looked up in a set of them, before the query is one of these. In user mode it is medium: the filter can be changed all the same, and what is read is narrowed to what the user may read. So is what stands behind `ORDER BY` alone. `WITH SECURITY_ENFORCED` narrows nothing here: it does not look at the fields of a filter. A name that is looked up in what `Schema.getGlobalDescribe()` or `fields.getMap()` gives, and is left where nothing is found, is that of an object or field.
//!
//! ## Beside other analysers
//! PMD's `ApexSOQLInjection` takes a variable that is safe in one method for safe in the class (pmd#4650) and a parameter of any method for input. Here input is followed from where it comes in, through calls, and each path is judged for itself.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `EDRD_cls_OmniSavedSessionController` builds a query of an argument.

use dataflow::{Input, Sink, Spot};
use journal::{Confidence, Persona, Severity};
use std::collections::{BTreeMap, BTreeSet};

use crate::Context;
use crate::code::{self, Intake, Outside};
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "User input becomes part of a query",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-308a4", "gdpr-32-1b"],
    tags: &["code", "injection"],
    replaces: &["pmd:ApexSOQLInjection"],
    sbs: &[],
    needs: &["the Apex classes and triggers"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = code::followed(cx, out);
    // One finding a query, whatever comes into it, by the shortest way; and one for what puts texts of several together.
    let mut first: BTreeMap<Spot, (Input, &Intake)> = BTreeMap::new();
    for intake in code.intakes.iter().filter(|intake| intake.sink == Sink::Query) {
        let Outside::Input(input) = intake.from else { continue };
        let is_quoted = !intake.to.is_empty() && intake.to.iter().all(|text| dataflow::is_quoted(text));
        if input == Input::Escaped && is_quoted {
            continue;
        }
        let own = first.entry(intake.at).or_insert((input, intake));
        if intake.way.length() < own.1.way.length() {
            *own = (input, intake);
        }
    }
    let mut told = BTreeSet::new();
    for (input, intake) in first.into_values() {
        if intake.place.method != intake.at.method && !told.insert((intake.place.method, intake.at.method)) {
            continue;
        }
        let what = code::said_of(input);
        let is_user_mode = code.asks_as_user(intake.at)
            || !intake.to.is_empty() && intake.to.iter().all(|text| is_user_mode(text));
        let is_order = !intake.to.is_empty() && intake.to.iter().all(|text| is_in_order(text))
            || code.puts_texts_behind_order(intake.at);
        let less = if is_user_mode {
            "; in user mode it gives no more than the user may read"
        } else if is_order {
            "; behind `ORDER BY` it decides in which order records come, and what hidden fields hold can be guessed by that"
        } else {
            ""
        };
        let found = code.intake(
            intake,
            intake.at,
            format!("{what} becomes part of a query's text{less}"),
            "bind it (`:name`), or take it from a list of what is allowed; escaping helps between quotes alone",
        );
        out.found(if less.is_empty() { found } else { found.severity(Severity::Medium) });
    }
}

/// Whether all that is not constant in a query's text stands behind its `ORDER BY`, where no filter and no field can follow.
fn is_in_order(text: &str) -> bool {
    let known = text.split('\u{0}').next().unwrap_or_default();
    known.len() < text.len() && code::orders(known)
}

/// Whether a query's text ends in user mode.
fn is_user_mode(text: &str) -> bool {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase().contains("with user_mode")
}
