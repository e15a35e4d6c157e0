//! Source texts and places in them.
//!
//! In come bytes that a stranger wrote; out come texts whose every place has a line and a column, and
//! [`Problem`]s that name the file, the line and what to do. Nothing here knows what the text means.

mod edit;
mod folder;
mod plain;
mod problem;
mod text;

pub use edit::{Edit, apply};
pub use folder::{FolderLimits, read_folder};
pub use plain::plain;
pub use problem::{Problem, Severity};
pub use text::{Position, Source, Span};

#[cfg(test)]
mod tests;
