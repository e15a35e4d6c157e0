//! Where a log is kept. The log asks for two things: records that are durable when the call returns ([`Wal`]), and
//! the published files ([`Files`]).

use std::fmt::Debug;
use std::sync::Arc;

use crate::checkpoint::{SignedCheckpoint, Untrusted};
use crate::error::Error;
use crate::hash::TreeHash;
use crate::tile::Resource;

/// Reads what a log publishes.
pub trait Source {
    /// The bytes of a resource, or of a fuller one at the same place cut to its width; nothing where it is not there.
    fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, Error>;

    /// How many entries lie there, published or not, where that can be found without a checkpoint.
    fn extent(&self) -> Result<Option<u64>, Error> {
        Ok(None)
    }
}

/// Writes what a log publishes.
pub trait Files: Source + Debug + Send + Sync {
    /// Writes a resource that others then see whole. It need not be durable yet.
    fn write(&self, resource: Resource, bytes: &[u8]) -> Result<(), Error>;
    /// Makes all durable that was written.
    fn sync(&self) -> Result<(), Error>;
    /// How many resources were written and may not be durable.
    fn unsynced(&self) -> usize;
    /// Puts a checkpoint in the place of the one that is there, durably.
    fn publish(&self, checkpoint: &str) -> Result<(), Error>;
    /// Takes away the partial files at the place of a resource, but for these widths.
    fn tidy(&self, place: Resource, keep: &[u16]) -> Result<(), Error>;
}

/// Entries that become durable together.
#[derive(Debug)]
pub struct Record<'a> {
    /// The index of the first.
    pub first: u64,
    /// The entries as in a bundle, each behind its length.
    pub payload: &'a [u8],
    /// Their leaf hashes.
    pub leaves: &'a [TreeHash],
}

/// Where a piece of the record of writes begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// A number of entries that fills whole tiles.
    pub start: u64,
    /// The root of the tree of so many.
    pub root: TreeHash,
}

/// The write-ahead log: what makes entries durable before anything is published.
pub trait Wal: Debug + Send {
    /// Makes a record durable. After [`Error::Poisoned`] nothing more is taken.
    fn append(&mut self, record: &Record<'_>) -> Result<(), Error>;
    /// Whether it is time for [`Wal::begin`].
    fn is_full(&self) -> bool;
    /// Begins a new piece: entries below `base` need not be found here once they are durable as files. `carry` are
    /// the entries from there to the end.
    fn begin(&mut self, base: Base, carry: Option<&Record<'_>>) -> Result<(), Error>;
    /// The files of all entries below `size` are durable: pieces that hold no others may go.
    fn retire(&mut self, size: u64) -> Result<(), Error>;
    /// All entries are durable as files: nothing here is needed.
    fn clear(&mut self) -> Result<(), Error>;
}

/// Entries found in the write-ahead log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Files below are durable. The root is known where the store keeps it.
    pub start: u64,
    /// The root of the tree of `start` entries.
    pub root: Option<TreeHash>,
    /// Runs of entries as in a bundle, each with the index of its first. They join, and may overlap.
    pub records: Vec<(u64, Vec<u8>)>,
}

/// What was written and not finished when the log was last let go, and was never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// The file, below the log.
    pub file: String,
    /// Where the unfinished write begins.
    pub offset: u64,
    /// What was found.
    pub reason: &'static str,
}

/// A store that was opened for its one writer.
#[derive(Debug)]
pub struct Opened {
    /// Where records go.
    pub wal: Box<dyn Wal>,
    /// Where files go.
    pub files: Arc<dyn Files>,
    /// What the write-ahead log holds, where it holds anything.
    pub replay: Option<Replay>,
    /// Writes that were not finished.
    pub cut: Vec<Cut>,
}

/// A place for one log.
pub trait Store: Debug {
    /// Makes the place ready for a log that is not there yet.
    fn create(&self, origin: &str) -> Result<Opened, Error>;
    /// Opens the place for writing; there is one writer at a time.
    fn open(&self, origin: &str) -> Result<Opened, Error>;
}

/// Refuses a place that holds another log, before anything in it is touched.
pub(crate) fn of_origin(checkpoint: &[u8], origin: &str) -> Result<(), Error> {
    let file = || "checkpoint".to_owned();
    let signed = SignedCheckpoint::parse(checkpoint)
        .map_err(|error| Error::Checkpoint { file: file(), error: error.into() })?;
    let found = signed.checkpoint().origin();
    if found == origin {
        return Ok(());
    }
    let error = Untrusted::Origin { wanted: origin.to_owned(), found: found.to_owned() };
    Err(Error::Checkpoint { file: file(), error })
}
