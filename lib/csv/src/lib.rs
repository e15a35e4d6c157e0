//! Tables of comma-separated values, in and out.
//!
//! What comes in is a [`source::Source`]; its [`Records`] keep their places. What goes out is safe to open in a
//! spreadsheet. Nothing here knows what a column means.

mod read;
mod write;

pub use read::Records;
pub use write::Csv;
