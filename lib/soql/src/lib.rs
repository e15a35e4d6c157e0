//! SOQL and SOSL: queries and searches of Salesforce.
//!
//! In comes the text of one statement: what stands between the brackets of Apex, the value of `q` of a request, or a
//! [`Template`] that code puts together at run time. Out come a [`Statement`] whose names, values and conditions have spans, and the
//! [`Error`]s that say what was not understood; what was not understood stays in the tree as [`Unread`]. From there:
//! which fields are used where ([`Query::fields`]), what they are called once aliases and relationships are resolved
//! ([`resolve`]), and the text again (`Display`).
//!
//! Whoever acts on a statement (lets it through, rewrites it) acts on one that has no errors, and sends its print: then
//! what was understood is what runs.
//!
//! What never happens here: a panic, a recursion as deep as the text asks for, a way back in the text, an error or a
//! debug form that repeats a literal. Nothing here knows what a field means.
//!
//! After Salesforce's SOQL and SOSL Reference and what public projects write in brackets. No org was asked: whether a
//! field may be grouped by, or a clause stand with another, Salesforce says itself.

#[macro_use]
mod node;

mod ast;
mod bind;
mod error;
mod fields;
mod lex;
mod parse;
mod print;
mod resolve;
mod template;

pub use ast::{
    Bind, Call, CategoryFilter, CategorySelector, Comparison, Condition, Connected, DataCategory, Direction,
    Expression, FieldGroup, FieldItem, Fields, For, FromItem, GroupBy, GroupKind, Hole, Literal, LiteralKind,
    Lookup, LookupBind, Mode, Name, Negation, Nulls, Operator, Order, Parameters, Path, Query, Returning,
    Search, SearchGroup, SearchKind, SearchText, SearchWith, SelectItem, Setting, Statement, Subquery,
    TypeOf, TypeOfBranch, Unread, Update, Value, ValueList, With, WithMode, WithSetting,
};
pub use error::Error;
pub use fields::{Branch, FieldUse, Level, Relation, UsePlace, Used};
pub use parse::{Dialect, Limits, Parsed, parse, parse_in, parse_query, parse_search};
pub use resolve::{Child, FieldRead, ObjectRead, Resolution, Schema, Step, Targets, resolve, resolve_search};
pub use template::{HolePlace, HoleUse, ParsedTemplate, Piece, Template, parse_template};

#[cfg(test)]
mod tests;
