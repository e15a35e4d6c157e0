//! # The id of a session leaves
//!
//! The id of a user's session is sent to another host, returned to a component, or written into a log or record; or a Visualforce page prints it, by itself or out of its controller.
//!
//! ## Why it harms
//! A session id is the user: whoever has it reads, by the API, every patient that the user may see, with no password and no second factor, until it ends (45 CFR 164.312(d), 164.312(a)(2)(iii); GDPR Art. 32(1)(b)).
//!
//! ## What to change
//! Call your own org by a named credential. Give others a connected app with scopes of its own.
//!
//! ## What is not found
//! A call to the org itself with the user's session. What somebody answers who was asked with the id. Links and formulas of metadata are `script-in-metadata`.
//!
//! ## Beside other analysers
//! PMD's `AvoidUnauthorizedGetSessionIdInApex` reports each call of `UserInfo.getSessionId`; here it matters where the id goes.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: `EDRD_cls_AssessmentResponseService` sends it as a bearer token.

use std::collections::BTreeMap;

use dataflow::{Sink, Spot};
use journal::{Confidence, Persona, Severity};
use journal::Place;
use source::Span;

use crate::Context;
use crate::code::{self, Code, Outside, Printed, Receiver};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "The id of a session leaves",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312d", "hipaa-sec-312a1", "gdpr-32-1b"],
    tags: &["code", "session"],
    replaces: &["pmd:AvoidUnauthorizedGetSessionIdInApex", "pmd:AvoidUnauthorizedApiSessionId"],
    sbs: &[],
    needs: &["the Apex classes and Visualforce pages"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = code::followed(cx, out);
    for intake in code.intakes.iter().filter(|intake| intake.from == Outside::Session) {
        let how = match intake.sink {
            Sink::CalloutBody | Sink::CalloutHeader | Sink::CalloutAddress => {
                if code::receivers(cx, &intake.to).iter().all(|receiver| matches!(receiver, Receiver::Own)) {
                    continue;
                }
                "is sent to another host"
            }
            Sink::Log => "is written to a log",
            Sink::Result => "is returned to whoever calls",
            Sink::Record { .. } | Sink::Event { .. } => "is written into a record",
            Sink::Mail | Sink::Post => "is written into a message",
            Sink::PageAddress => "is put into the address of a page",
            _ => continue,
        };
        out.found(code.intake(
            intake,
            intake.place,
            format!("the id of the user's session {how}"),
            "call the own org by a named credential, and give others a connected app with scopes of its own",
        ));
    }
    printed(cx, code, out);
    pages(cx, out);
}

/// What pages print of their controllers with the id in it: one finding for each place that reads it.
fn printed(cx: &Context<'_>, code: &Code, out: &mut Outcome) {
    let mut by_place: BTreeMap<Spot, Vec<&Printed>> = BTreeMap::new();
    for one in code.printed.iter().filter(|one| one.intake.from == Outside::Session) {
        let read = one.intake.way.places().next();
        let read = read.and_then(|(file, span)| Some(Spot { file, span, method: code.method_at(file, span)? }));
        by_place.entry(read.unwrap_or(one.intake.place)).or_default().push(one);
    }
    for (at, all) in by_place {
        let Some((first, page)) = all.first().and_then(|one| Some((*one, cx.pages().get(one.page)?))) else {
            continue;
        };
        // Whoever made the link to the page may have chosen where the text leads.
        let is_joined = code.printed.iter().any(|other| {
            matches!(other.intake.from, Outside::Input(_)) && (other.page, other.span) == (first.page, first.span)
        });
        let so = match is_joined {
            true => ", in one text with a parameter of the page: whoever makes a link to the page may choose where it goes",
            false => "",
        };
        let mut draft = code.intake(
            &first.intake,
            at,
            format!("the id of the user's session is printed by the page `{}`{so}", page.name),
            "give the other side a connected app with scopes of its own, and keep its addresses in named credentials or \
             custom metadata, not in parameters",
        );
        for one in all {
            let place = cx.pages().get(one.page).and_then(|page| page.place(cx, one.span));
            draft = place.into_iter().fold(draft, |draft, place| draft.related(place, "printed here"));
        }
        out.found(draft);
    }
}

fn pages(cx: &Context<'_>, out: &mut Outcome) {
    for file in cx.project.files().iter().filter(|file| file.kind == sfdx::Kind::Visualforce) {
        let Ok((source, _)) = cx.project.load(file) else { continue };
        out.judged(1);
        let text = source.text().to_ascii_lowercase();
        for wanted in ["$api.session_id", "getsessionid()"] {
            for (at, found) in text.match_indices(wanted) {
                let Ok(start) = u32::try_from(at) else { continue };
                let end = start.saturating_add(u32::try_from(found.len()).unwrap_or_default());
                let name = file.name().split('.').next().unwrap_or_default();
                out.found(Draft::new(
                    format!("Visualforce:{name}"),
                    Place::of(&source, Span::new(start, end)),
                    format!("the page `{name}` prints the id of the user's session"),
                    "let the page call the org by Apex or a component, which need no id",
                ));
            }
        }
    }
}
