//! Follows data through Apex: each method once, callees before callers, by what its parameters are.
//!
//! In come a resolved program and the fields whose data matters; out come [`Hit`]s, each with its way. A method's
//! [`Summary`] says in terms of its parameters what it returns, changes and lets out, so that every call costs what
//! its summary says and no path is gone through twice.

mod body;
mod call;
mod cap;
mod collection;
mod expr;
mod graph;
mod guard;
mod hit;
mod library;
mod outcome;
mod parts;
mod query;
mod summary;
mod value;
mod world;

/// The address of the org itself.
pub(crate) const OWN_ORG: &str = "\u{1}own";
/// A prompt template, by its name behind this.
pub(crate) const TEMPLATE: &str = "\u{1}template:";

/// What is not constant in a text.
pub(crate) const HOLE: &str = "\u{0}";

/// Whether each hole of a query's text stands between single quotes.
pub(crate) fn is_quoted(text: &str) -> bool {
    let mut is_quoted = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '\'' => is_quoted = !is_quoted,
            '\u{0}' if !is_quoted => return false,
            _ => {}
        }
    }
    true
}

pub(crate) use cap::{Cap, Cuts};
pub(crate) use graph::{Graph, run};
pub(crate) use hit::{Hit, Sink, Spot};
pub(crate) use library::is_shown_as_html;
pub(crate) use value::{
    Did, FieldId, Harmless, Input, Key, Label, Labels, Origin, Otherwise, Path, Piece, Texts, Trace, Value,
    has_step, step,
};
pub(crate) use world::{Exposure, Fields, Summary, World};
