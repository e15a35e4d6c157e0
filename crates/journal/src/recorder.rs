//! What other rooms hold of the ledger.

use std::future::Future;
use std::pin::Pin;

use crate::entry::Entry;

/// Makes entries durable.
pub trait Recorder: Send + Sync {
    /// Appends these entries next to each other, all or none. Ready when they are durable and have their places, one
    /// receipt an entry, in order: the act that they tell of may be answered then and not before.
    fn record(
        &self,
        entries: Vec<Entry>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Receipt>, RecordError>> + Send + '_>>;
}

/// Where an entry stands from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The log's origin.
    pub log: String,
    /// Its leaf.
    pub index: u64,
}

/// The entries were not made durable: the act that they tell of must not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    #[error(transparent)]
    Entry(#[from] crate::entry::EntryError),
    /// It may help to try again.
    #[error("the ledger takes no entries now: {0}")]
    Unavailable(String),
    /// It does not help to try again.
    #[error("the ledger takes no entries until somebody looks at it: {0}")]
    Broken(String),
}
