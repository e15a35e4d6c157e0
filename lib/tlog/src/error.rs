//! What can go wrong with a log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checkpoint::Untrusted;
use crate::signer::SignerError;

/// A number of entries, as one says it.
pub fn entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}

/// That the first entries of a log are others than those of something that was signed.
pub fn first(number: u64) -> String {
    match number {
        1 => "first entry is not that".to_owned(),
        _ => format!("first {number} entries are not those"),
    }
}

/// Why a log could not be opened, written or read. It clones, so that all who wait for one batch are told.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store refused.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// What was being read or written.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        error: Arc<io::Error>,
    },
    /// Another process has the log open, and did not let go of it in two seconds.
    #[error("{path}: another process has the log open, and had it for 2 seconds: wait for it, or stop it", path = path.display())]
    Locked {
        /// The file that is locked.
        path: PathBuf,
    },
    /// There is no log.
    #[error("{path}: no log lies there", path = path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A log is there already.
    #[error("{path}: a log lies there already", path = path.display())]
    Exists {
        /// Where it lies.
        path: PathBuf,
    },
    /// The log was sealed, and takes no more entries.
    #[error("{path}: the log is sealed", path = path.display())]
    Sealed {
        /// Where it lies.
        path: PathBuf,
    },
    /// The log was not closed, so that not all its entries are published.
    #[error("{path}: the log was not closed: open it and close it", path = path.display())]
    Unclosed {
        /// Where it lies.
        path: PathBuf,
    },
    /// The checkpoint is not of this log or its keys.
    #[error("{file}: {error}")]
    Checkpoint {
        /// The file.
        file: String,
        /// Why it is not taken.
        error: Untrusted,
    },
    /// What was made durable is not there as it was.
    #[error("{file}, byte {offset}: {reason}")]
    Damaged {
        /// The file, below the log.
        file: String,
        /// The first byte that cannot be right, as far as is known.
        offset: u64,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The log is shorter than a checkpoint of it that somebody holds.
    #[error(
        "the log has {}, and a checkpoint that was signed has {seen}: it was cut or is an older copy",
        entries(*size)
    )]
    Behind {
        /// Entries in the log.
        size: u64,
        /// Entries in the checkpoint.
        seen: u64,
    },
    /// The log holds other entries than a checkpoint of it that somebody holds.
    #[error("the log's {} of a checkpoint that was signed: it was rewritten", first(*size))]
    Forked {
        /// Entries in the checkpoint.
        size: u64,
    },
    /// An entry is too long.
    #[error("an entry has {length} bytes, and {limit} are the most")]
    TooLong {
        /// Its length.
        length: usize,
        /// The most there can be.
        limit: usize,
    },
    /// Nothing was to be appended, or more at once than the log takes.
    #[error("{count} entries of {bytes} bytes at once: from 1 entry to {limit} bytes are taken")]
    Batch {
        /// Entries.
        count: usize,
        /// Bytes.
        bytes: usize,
        /// The most bytes there can be.
        limit: usize,
    },
    /// What is asked for lies beyond the end.
    #[error("the log has {}: {asked} lies beyond", entries(*size))]
    Beyond {
        /// Entries in the log.
        size: u64,
        /// The index or size that was asked for.
        asked: u64,
    },
    /// A write could not be made durable, so that nobody knows what the disk holds.
    #[error("the log takes no more entries since a write could not be made durable: open it again")]
    Poisoned,
    /// Entries are durable, and cannot be published.
    #[error("the log takes no more entries until it can publish those it has: {reason}")]
    Stalled {
        /// Why publishing fails.
        reason: String,
    },
    /// No signature was to be had.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// Another writer has taken the log over.
    #[error("another writer has taken the log over")]
    Superseded,
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::WouldBlock => Self::Locked { path: path.to_owned() },
            _ => Self::Io { path: path.to_owned(), error: Arc::new(error) },
        }
    }

    pub(crate) fn damaged(file: impl ToString, offset: u64, reason: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_string(), offset, reason: reason.into() }
    }
}
