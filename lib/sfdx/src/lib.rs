//! Reads a Salesforce project: every metadata type as one spanned tree.
//!
//! In comes a path: a project of the Salesforce CLI, a Metadata API folder, or any folder or file of sources.
//! Out comes a [`Project`]: its files, its components, typed [`views`] of those that rules read, and the
//! problems. Both formats give the same views. [`completeness`] says what the source cannot
//! tell, [`need`] what to fetch, [`facts`] reads what was fetched.
//!
//! Nothing here knows what the data means, opens a connection, follows a link, expands an entity or runs
//! anything. Strangers' bytes are problems with a file and a line, never a panic.

pub mod completeness;
pub mod facts;
pub mod need;
mod project;
pub mod views;
pub mod xml;

pub use facts::{Facts, read_facts};
pub use project::{Component, File, Kind, Layout, Options, Project, ReadError, Standing, read};
pub use xml::{Comment, Element, Tree, Value};

#[cfg(test)]
mod tests;
