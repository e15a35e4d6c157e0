//! Tables of comma-separated values, in and out.
//!
//! What comes in is a [`source::Source`], whose [`Records`] keep their places, or a [`Stream`] that no memory need hold.
//! What goes out by [`Csv`] is safe to open in a spreadsheet; [`write_row`] writes cells as they are, for machines. Nothing here knows what a column means.

mod read;
mod stream;
mod write;

pub use read::Records;
pub use stream::{LONGEST_ROW, Row, Stream, StreamError, write_row};
pub use write::Csv;
