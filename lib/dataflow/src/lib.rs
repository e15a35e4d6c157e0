//! Follows data through Apex: each method once, callees before callers, by what its parameters are.
//!
//! In come a resolved program and the fields whose data matters ([`Given`]); [`follow`] gives a [`World`] of
//! [`Summary`]s, each with its [`Hit`]s and their ways. A method's summary says in terms of its parameters what it
//! returns, changes and lets out, so that every call costs what its summary says and no path is gone through twice.
//! Following stops at numbers ([`Cap`]), and [`World::cuts`] says where it did. What a field means, and whether data
//! may go where it goes, nothing here knows; nor what joins hits through the variables of classes.

mod asked;
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
mod refusal;
mod summary;
mod value;
mod world;

/// The address of the org itself.
pub const OWN_ORG: &str = "\u{1}own";
/// A prompt template, by its name behind this.
pub const TEMPLATE: &str = "\u{1}template:";

/// What is not constant in a text.
pub const HOLE: &str = "\u{0}";

/// Whether each hole of a query's text stands between single quotes.
pub fn is_quoted(text: &str) -> bool {
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

pub use cap::{Cap, Cuts};
pub use graph::{Graph, follow};
pub use hit::{Hit, Sink, Spot};
pub use library::is_shown_as_html;
pub use query::asks_for_others;
pub use value::{
    Did, FieldId, Harmless, Input, Key, Label, Labels, Obj, ObjId, Origin, Otherwise, Part, Path, Piece,
    Step, Text, Texts, Trace, Value, has_step, step,
};
pub use world::{Exposure, Fields, Given, Summary, World};

#[cfg(test)]
mod tests;
