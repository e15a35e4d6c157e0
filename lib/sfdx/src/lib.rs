//! Reads a Salesforce project: every metadata type as one spanned tree.
mod project;
pub mod views;
pub mod xml;

pub use project::{Component, File, Kind, Layout, Options, Project, ReadError, Standing, read};
pub use xml::{Element, Tree, Value};
