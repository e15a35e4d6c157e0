//! Work on what is stored: every value sealed anew, bound anew, forgotten or counted, while others read and write.
//!
//! In comes a place where records are kept ([`Records`]); out go counts, and records whose values are what they were.
//! No value leaves: what is opened is sealed again and wiped. Each batch has a permit and a record of its own, as in
//! [`crate::pipe`]; what somebody else wrote meanwhile is never written over; a job that was killed goes on from its
//! [`State`] and does nothing twice.

mod census;
mod job;
mod lines;
mod look;
mod state;
mod table;
mod turn;

use std::path::PathBuf;

use csv::{Row, StreamError};

use crate::data_keys::KeysError;
use crate::error::GuardError;
use crate::pipe::PipeError;
use crate::rows::ColumnsError;

pub use census::{Census, DigestCounts, FieldCensus};
pub use job::{Counts, Desk, Job, Task};
pub use look::Reason;
pub use state::{State, StateError};
pub use table::{Form, Table};

/// A record as it was read.
#[derive(Clone, Debug)]
pub struct Record {
    /// What its store calls it by.
    pub key: String,
    pub row: Row,
}

/// What became of a record that was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Written,
    /// Somebody else wrote it since it was read: nothing was done.
    Changed,
    /// It is not there any more.
    Gone,
}

/// Where records of one object are kept. All rows have the same columns.
pub trait Records {
    /// The names of the columns.
    fn names(&self) -> &[String];

    /// Tells this store, as it is, from others: a job goes on in the store that it was begun in.
    fn identity(&self) -> &str;

    /// Where the records are written, where that is another place than where they are read.
    fn goes_to(&self) -> Option<&str> {
        None
    }

    /// Goes on behind a cursor that [`Records::settle`] gave, or begins.
    fn resume(&mut self, cursor: Option<&str>) -> Result<(), RecordsError>;

    /// The next records, at most so many; none at the end. A record that was there all the time comes once.
    fn next(&mut self, most: usize) -> Result<Vec<Record>, RecordsError>;

    /// Writes a record, if it is still what was read.
    fn put(&mut self, was: &Record, now: &Row) -> Result<Put, RecordsError>;

    /// A record as it is now; nothing where it is gone.
    fn again(&mut self, key: &str) -> Result<Option<Record>, RecordsError>;

    /// Makes durable what was written, and gives the cursor behind the last record that [`Records::next`] gave.
    fn settle(&mut self) -> Result<String, RecordsError>;

    /// There are no more records, and all is settled.
    fn finish(&mut self) -> Result<(), RecordsError>;
}

/// Why a store does not give or take records. It repeats nothing of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordsError {
    #[error("`{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: std::io::Error },
    #[error("`{path}`: {error}", path = path.display())]
    Table { path: PathBuf, error: StreamError },
    #[error("`{path}`: {error}", path = path.display())]
    Lines { path: PathBuf, error: Box<PipeError> },
    #[error("`{path}` is there already: name another, or remove it", path = path.display())]
    Exists { path: PathBuf },
    #[error("`{path}` would be written over itself", path = path.display())]
    Same { path: PathBuf },
    #[error("`{path}` is not what the state says that was written: begin anew, with another state", path = path.display())]
    Other { path: PathBuf },
    #[error("`{path}`: what was written is read back otherwise", path = path.display())]
    ReadBack { path: PathBuf },
    #[error("the table has no column `Id`: what changed cannot be told without it")]
    NoId,
    #[error("the cursor is none of this store")]
    Cursor,
    /// Of a store elsewhere.
    #[error("{0}")]
    Store(String),
}

/// Why a job stopped. It repeats no value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoredError {
    #[error(transparent)]
    Records(#[from] RecordsError),
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    #[error(
        "`{field}` stands in `{column}` too, and the records have no such column: what is done to the one has to be done \
         to the other"
    )]
    NoColumn { field: String, column: String },
    #[error("no column of the records is one that the gateway seals: nothing is to be done")]
    NothingSealed,
    #[error("{0}")]
    Keys(#[from] KeysError),
    #[error(transparent)]
    State(#[from] StateError),
    /// The policy, or whoever asked it.
    #[error("{0}")]
    NoPermit(String),
    #[error("it was not recorded, so nothing of it was written: {0}")]
    NotRecorded(String),
    #[error("the active keys are others than when the job began: begin anew, with another state")]
    OtherKeys,
}

impl From<GuardError> for StoredError {
    fn from(error: GuardError) -> Self {
        StoredError::Keys(error.into())
    }
}
