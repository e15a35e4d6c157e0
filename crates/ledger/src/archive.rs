//! A copy of a ledger's logs in an object store, which the operator cannot take back: what is full never changes, and
//! is written once, locked by the store where it has that. Nothing is copied that does not lead to the root that was
//! signed, what is written is read back, and what is there already must be the same.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use tlog::{Bucket, Frontier, Objects, Resource, Source, Tile, Tiles, TreeHash, Unproved, WIDTH};

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

fn failed(key: &str) -> impl FnOnce(io::Error) -> LedgerError {
    LedgerError::io(Path::new(key))
}

/// Brings the copy of a log up to its newest checkpoint, which is written last. A copy that has more, or other entries,
/// is an error: the log was cut or rewritten. What the copy had and lacks now is copied again.
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
    if reading::is_gone(log) {
        return Ok(archived);
    }
    let source = stored::source(&log.folder)?;
    let mut tree = Proved::new(&log.name, &*source, size, signed.checkpoint().root())?;
    let deleted = reading::deleted(log);
    let there: BTreeSet<String> = objects.list(&prefix).map_err(failed(&prefix))?.into_iter().collect();
    for level in 0..=7_u8 {
        // The hashes of a level, and those that the copy had in full tiles.
        let (hashes, had) = (size >> (8 * u32::from(level)), before >> (8 * u32::from(level)));
        if hashes == 0 {
            break;
        }
        for index in 0..hashes.div_ceil(WIDTH) {
            let Some(tile) = Tile::of_tree(level, index, size) else { continue };
            let is_there = |resource| index < had / WIDTH && there.contains(&format!("{prefix}{resource}"));
            let mut copy = |resource: Resource, bytes: &[u8]| {
                put(objects, &format!("{prefix}{resource}"), bytes)
                    .map(|made| archived.written += u64::from(made))
            };
            if !is_there(Resource::Tile(tile)) {
                copy(Resource::Tile(tile), &tree.tile(tile)?)?;
            }
            if level == 0 && !is_there(Resource::Entries(tile)) {
                let first = index * WIDTH;
                let run = first..first + u64::from(tile.width());
                match tree.bundle(tile)? {
                    Some(bytes) => copy(Resource::Entries(tile), &bytes)?,
                    // What was deleted stays in the archive as long as its lock says.
                    None if stored::uncovered(&run, &deleted).is_empty() => {}
                    None => {
                        let what = "it is missing, and no entry says that it was deleted";
                        return Err(tree.damaged(Resource::Entries(tile), what));
                    }
                }
            }
        }
    }
    if before != size {
        let key = format!("{prefix}{}", Resource::Checkpoint);
        let bytes = signed.to_string().into_bytes();
        objects.put(&key, &bytes).map_err(failed(&key))?;
        compare(objects, &key, &bytes)?;
        archived.written += 1;
    }
    Ok(archived)
}

/// Writes what is never written twice, and reads it back; false where it was there already, the same.
fn put(objects: &Arc<dyn Objects>, key: &str, bytes: &[u8]) -> Result<bool, LedgerError> {
    let made = objects.create(key, bytes).map_err(failed(key))?;
    compare(objects, key, bytes)?;
    Ok(made)
}

fn compare(objects: &Arc<dyn Objects>, key: &str, bytes: &[u8]) -> Result<(), LedgerError> {
    let there = match objects.get(key, bytes.len()) {
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => false,
        other => other.map_err(failed(key))?.is_some_and(|object| object.bytes == bytes),
    };
    if !there {
        return Err(LedgerError::Refused(format!(
            "the archive has something else as `{key}`, or does not give it: it was changed there"
        )));
    }
    Ok(())
}

/// Reads a log's files, each held against the root that was signed before anything is done with it.
struct Proved<'s> {
    name: &'s str,
    source: &'s dyn Source,
    size: u64,
    /// Tiles that lead to the root.
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
}

impl<'s> Proved<'s> {
    fn new(name: &'s str, source: &'s dyn Source, size: u64, root: TreeHash) -> Result<Self, LedgerError> {
        let mut proved = Self { name, source, size, tiles: BTreeMap::new() };
        let found = tlog::root(&mut Edge(&mut proved), size).map_err(|error| match error {
            Unproved::Read(error) => error,
            other => LedgerError::Refused(format!("`{name}`: {other}: run `phiward ledger fsck`")),
        })?;
        if found != root {
            let what = format!(
                "`{name}`: the tiles do not lead to the root that was signed: run `phiward ledger fsck`"
            );
            return Err(LedgerError::Refused(what));
        }
        Ok(proved)
    }

    fn damaged(&self, file: Resource, what: &str) -> LedgerError {
        LedgerError::Refused(format!(
            "`{}`, `{file}`: {what}: nothing more is copied; run `phiward ledger fsck`",
            self.name
        ))
    }

    fn read(&self, tile: Tile) -> Result<Vec<u8>, LedgerError> {
        let file = Resource::Tile(tile);
        let bytes = self.source.read(file)?.ok_or_else(|| self.damaged(file, "it is missing"))?;
        if bytes.len() != usize::from(tile.width()) * TreeHash::LEN {
            return Err(self.damaged(file, "it has not the length of its width"));
        }
        Ok(bytes)
    }

    /// A tile: of the edge, which the root follows from, or one whose hash stands in the tile above.
    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, LedgerError> {
        if let Some(bytes) = self.tiles.get(&(tile.level(), tile.index())) {
            return Ok(bytes.clone());
        }
        let bytes = self.read(tile)?;
        let above = Tile::of_tree(tile.level() + 1, tile.index() / WIDTH, self.size);
        let above =
            self.tile(above.ok_or_else(|| self.damaged(Resource::Tile(tile), "no tile is above it"))?)?;
        let at = usize::try_from(tile.index() % WIDTH).unwrap_or_default() * TreeHash::LEN;
        let mut tree = Frontier::default();
        hashes(&bytes).for_each(|hash| tree.push(hash, |_, _| {}));
        if above.get(at..at + TreeHash::LEN) != Some(&tree.root().0[..]) {
            return Err(self.damaged(Resource::Tile(tile), "its hashes are not those that the log signed"));
        }
        // Those of leaves are many, and none is above another.
        if tile.level() > 0 {
            self.tiles.insert((tile.level(), tile.index()), bytes.clone());
        }
        Ok(bytes)
    }

    /// The entries below a tile of leaves; nothing where the file is not there.
    fn bundle(&mut self, tile: Tile) -> Result<Option<Vec<u8>>, LedgerError> {
        let file = Resource::Entries(tile);
        let leaves = self.tile(tile)?;
        let Some(bytes) = self.source.read(file)? else { return Ok(None) };
        let entries = tlog::bundle::parse(&bytes, tile.width())
            .map_err(|error| self.damaged(file, &format!("byte {}: {}", error.offset(), error.reason())))?;
        if !entries.iter().map(|entry| TreeHash::leaf(entry)).eq(hashes(&leaves)) {
            return Err(self.damaged(file, "its entries are not those that the log signed"));
        }
        Ok(Some(bytes))
    }
}

fn hashes(bytes: &[u8]) -> impl Iterator<Item = TreeHash> {
    bytes.as_chunks::<{ TreeHash::LEN }>().0.iter().map(|hash| TreeHash(*hash))
}

/// The tiles that a root follows from.
struct Edge<'p, 's>(&'p mut Proved<'s>);

impl Tiles for Edge<'_, '_> {
    type Error = LedgerError;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, LedgerError> {
        let bytes = self.0.read(tile)?;
        self.0.tiles.insert((tile.level(), tile.index()), bytes.clone());
        Ok(bytes)
    }
}

/// Derives the copy of a log anew: see [`verify`].
pub fn verify_archive(log: &Held, objects: &Arc<dyn Objects>, prefix: &str) -> Result<Report, LedgerError> {
    let bucket = Bucket::new(Arc::clone(objects), prefix_of(prefix, log));
    let expected = Expected { keys: vec![log.key.clone()], older: Vec::new(), deleted: log.deleted.clone() };
    verify(&bucket, &expected)
}
