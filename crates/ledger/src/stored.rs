//! Entries as they lie in a log: read in order, bundle by bundle.

use std::path::Path;

use journal::Entry;
use tlog::{Folder, Resource, Sealed, Source, TreeHash};

use crate::error::LedgerError;

/// A run of leaves, the end excluded.
pub type Leaves = std::ops::Range<u64>;

/// A log's files, or the one file that it was compressed to.
pub fn source(folder: &Path) -> Result<Box<dyn Source + Send + Sync>, LedgerError> {
    let folder = Folder::new(folder);
    match Sealed::open(&folder) {
        Ok(sealed) => Ok(Box::new(sealed)),
        Err(tlog::Error::Missing { .. }) => Ok(Box::new(folder)),
        Err(error) => Err(error.into()),
    }
}

/// Whether a log was compressed, and is there.
pub(crate) fn is_compressed(folder: &Path) -> bool {
    folder.join(COMPRESSED).is_file()
}

/// The one file of a compressed log.
pub(crate) const COMPRESSED: &str = "sealed";

/// One bundle of a log.
pub(crate) enum Bundle {
    /// The entries, whole.
    There(Vec<Vec<u8>>),
    /// The file is not there; the hashes of its leaves are.
    Gone(Vec<TreeHash>),
}

/// The bundle at a place of a log of `size` entries.
pub(crate) fn bundle(source: &dyn Source, at: u64, size: u64) -> Result<Bundle, LedgerError> {
    let Some(resource @ Resource::Entries(tile)) = Resource::entries_of(at, size) else {
        return Ok(Bundle::There(Vec::new()));
    };
    let damaged = |file: Resource, offset: usize, reason: &str| {
        LedgerError::Log(tlog::Error::Damaged {
            file: file.to_string(),
            offset: offset as u64,
            reason: reason.to_owned(),
        })
    };
    if let Some(bytes) = source.read(resource)? {
        let entries = tlog::bundle::parse(&bytes, tile.width())
            .map_err(|error| damaged(resource, error.offset(), error.reason()))?;
        return Ok(Bundle::There(entries.into_iter().map(<[u8]>::to_vec).collect()));
    }
    let hashes = Resource::Tile(tile);
    let bytes = source
        .read(hashes)?
        .ok_or_else(|| damaged(resource, 0, "the bundle is missing, and so are its hashes"))?;
    if bytes.len() != usize::from(tile.width()) * TreeHash::LEN {
        return Err(damaged(hashes, bytes.len(), "the tile has not the length of its width"));
    }
    let hash = |bytes: &[u8]| bytes.try_into().ok().map(TreeHash);
    Ok(Bundle::Gone(bytes.chunks_exact(TreeHash::LEN).filter_map(hash).collect()))
}

pub(crate) fn read(index: u64, bytes: &[u8]) -> Result<Entry, LedgerError> {
    Entry::read(bytes).map_err(|fault| LedgerError::Stored { index, fault: fault.to_string() })
}

/// Adds a run that comes after the others.
pub(crate) fn join(runs: &mut Vec<Leaves>, run: Leaves) {
    match runs.last_mut() {
        Some(last) if last.end == run.start => last.end = run.end,
        _ => runs.push(run),
    }
}

/// What of a run is in none of the others.
pub(crate) fn uncovered(run: &Leaves, by: &[Leaves]) -> Vec<Leaves> {
    let mut left = Vec::new();
    let mut at = run.start;
    while at < run.end {
        let over = by.iter().filter(|other| other.start <= at && at < other.end).map(|other| other.end).max();
        at = match over {
            Some(end) => end,
            None => {
                let next = by.iter().map(|other| other.start).filter(|start| *start > at).min();
                let end = next.unwrap_or(run.end).min(run.end);
                left.push(at..end);
                end
            }
        };
    }
    left
}
