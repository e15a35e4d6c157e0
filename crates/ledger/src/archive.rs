//! A copy of a ledger's logs in an object store, which the operator cannot take back: what is full never changes, and
//! is written once, locked by the store where it has that.

use std::path::Path;
use std::sync::Arc;

use tlog::{Bucket, Objects, Resource, Source, Tile, WIDTH};

use crate::error::LedgerError;
use crate::reading::{self, Held};
use crate::stored;
use crate::verify::{Expected, Report, verify};

/// What was done for one log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Objects that were written.
    pub written: u64,
    /// Entries that the copy has now.
    pub size: u64,
}

/// Where a log lies below the prefix of the archive, which ends in a slash or is empty.
fn prefix_of(prefix: &str, log: &Held) -> String {
    match &log.shard {
        None => prefix.to_owned(),
        Some(shard) => format!("{prefix}{}/", shard.path()),
    }
}

fn failed(key: &str) -> impl FnOnce(std::io::Error) -> LedgerError {
    LedgerError::io(Path::new(key))
}

/// Brings the copy of a log up to its newest checkpoint, which is written last. A copy that has more, or other entries,
/// is an error: the log was cut or rewritten.
pub fn archive(log: &Held, objects: &Arc<dyn Objects>, prefix: &str) -> Result<Archived, LedgerError> {
    let signed = reading::checkpoint(log)?;
    let size = signed.checkpoint().size();
    let prefix = prefix_of(prefix, log);
    let bucket = Bucket::new(Arc::clone(objects), prefix.clone());
    let before = match bucket.read(Resource::Checkpoint)? {
        None => 0,
        Some(bytes) => {
            let there = tlog::SignedCheckpoint::open(&bytes, &log.name, std::slice::from_ref(&log.key))
                .map_err(|error| {
                    LedgerError::Refused(format!("the archive's checkpoint of `{}`: {error}", log.name))
                })?;
            let (there, root) = (there.checkpoint().size(), there.checkpoint().root());
            if there > size {
                let what = format!(
                    "the archive has {there} entries of `{}`, which has {size}: it was cut",
                    log.name
                );
                return Err(LedgerError::Refused(what));
            }
            if reading::root(log, there)? != root {
                return Err(LedgerError::Refused(format!(
                    "the archive has other entries of `{}`: it was rewritten",
                    log.name
                )));
            }
            there
        }
    };
    let mut archived = Archived { written: 0, size };
    if reading::is_gone(log) || before == size {
        return Ok(archived);
    }
    let source = stored::source(&log.folder)?;
    let mut copy = |resource: Resource| -> Result<(), LedgerError> {
        // What was deleted stays in the archive as long as its lock says.
        let Some(bytes) = source.read(resource)? else { return Ok(()) };
        let key = format!("{prefix}{resource}");
        let full = matches!(resource, Resource::Tile(tile) | Resource::Entries(tile) if tile.is_full());
        if full {
            archived.written += u64::from(objects.create(&key, &bytes).map_err(failed(&key))?);
        } else {
            objects.put(&key, &bytes).map_err(failed(&key))?;
            archived.written += 1;
        }
        Ok(())
    };
    for level in 0.. {
        // The hashes of a level, and those that the copy had in full tiles.
        let (hashes, had) = (size >> (8 * u32::from(level)), before >> (8 * u32::from(level)));
        if hashes == 0 {
            break;
        }
        for index in had / WIDTH..hashes.div_ceil(WIDTH) {
            let Some(tile) = Tile::of_tree(level, index, size) else { continue };
            copy(Resource::Tile(tile))?;
            if level == 0 {
                copy(Resource::Entries(tile))?;
            }
        }
        if level == 7 {
            break;
        }
    }
    copy(Resource::Checkpoint)?;
    Ok(archived)
}

/// Derives the copy of a log anew: see [`verify`].
pub fn verify_archive(log: &Held, objects: &Arc<dyn Objects>, prefix: &str) -> Result<Report, LedgerError> {
    let bucket = Bucket::new(Arc::clone(objects), prefix_of(prefix, log));
    let expected = Expected { keys: vec![log.key.clone()], older: Vec::new(), deleted: log.deleted.clone() };
    verify(&bucket, &expected)
}
