//! A log in an object store.
//!
//! ```text
//! <prefix>checkpoint, <prefix>tile/...     as in a folder
//! <prefix>wal/<first>                      entries that became durable together, by the index of the first
//! <prefix>writer                           a number that each writer who takes the log over makes one larger
//! ```
//!
//! Two writers cannot fork it. Each record is created under the index at which it begins, where none is, and is
//! acknowledged only if the number of `writer` is still the own one after that. Who takes over first makes the number
//! larger and then looks what there is: what it does not see was never acknowledged.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::bundle::{self, MAX_BUNDLE};
use crate::checkpoint::SignedCheckpoint;
use crate::error::Error;
use crate::folder::cut;
use crate::hash::TreeHash;
use crate::note::MAX_NOTE;
use crate::store::{Base, Cut, Files, Opened, Record, Replay, Source, Store, Wal, of_origin};
use crate::tile::{Resource, Tile, WIDTH};

/// An object, and what names this version of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// The store's name for this version (`ETag`).
    pub tag: String,
}

/// What a log asks of an object store: whole objects that are durable when the call returns, the newest version to every
/// reader from then on, and writes that are made only on a condition (`If-None-Match: *`, `If-Match`).
///
/// The calls block; a log makes them on its own threads.
pub trait Objects: std::fmt::Debug + Send + Sync {
    /// An object of at most `limit` bytes; nothing where there is none.
    fn get(&self, key: &str, limit: usize) -> io::Result<Option<Object>>;
    /// Writes an object where there is none; false where there is one.
    fn create(&self, key: &str, bytes: &[u8]) -> io::Result<bool>;
    /// Writes an object in the place of one version; false where it has another.
    fn replace(&self, key: &str, bytes: &[u8], tag: &str) -> io::Result<bool>;
    /// Writes an object, whatever was there.
    fn put(&self, key: &str, bytes: &[u8]) -> io::Result<()>;
    /// Keys that begin so, sorted.
    fn list(&self, prefix: &str) -> io::Result<Vec<String>>;
    /// Takes an object away; fine where there is none.
    fn remove(&self, key: &str) -> io::Result<()>;
}

const MAGIC: &[u8; 16] = b"tlog-record-v1\n\0";
const HEADER: usize = 16 + 8 + 4 + 4 + 32;
const MAX_RECORD: usize = 64 << 20;

/// A part of an object store for one log.
#[derive(Debug, Clone)]
pub struct Bucket {
    objects: Arc<dyn Objects>,
    prefix: String,
}

impl Bucket {
    /// All that begins with the prefix, which ends in a slash or is empty.
    pub fn new(objects: Arc<dyn Objects>, prefix: impl Into<String>) -> Self {
        Self { objects, prefix: prefix.into() }
    }

    fn key(&self, name: impl std::fmt::Display) -> String {
        format!("{}{name}", self.prefix)
    }

    fn failed(&self, name: impl std::fmt::Display) -> impl FnOnce(io::Error) -> Error {
        let key = self.key(name);
        move |error| Error::Io { path: key.into(), error: Arc::new(error) }
    }

    fn get(&self, name: &str, limit: usize) -> Result<Option<Object>, Error> {
        self.objects.get(&self.key(name), limit).map_err(self.failed(name))
    }

    /// Makes the number of writers one larger, and gives it.
    fn take_over(&self) -> Result<u64, Error> {
        let found = self.get("writer", 64)?;
        let number = match &found {
            Some(object) => {
                let text = std::str::from_utf8(&object.bytes).ok();
                let number = text.and_then(|text| text.trim_end().parse::<u64>().ok());
                number.ok_or_else(|| Error::damaged("writer", 0, "not the number of a writer"))? + 1
            }
            None => 1,
        };
        let text = format!("{number}\n");
        let key = self.key("writer");
        let taken = match found {
            Some(object) => self.objects.replace(&key, text.as_bytes(), &object.tag),
            None => self.objects.create(&key, text.as_bytes()),
        };
        if taken.map_err(self.failed("writer"))? { Ok(number) } else { Err(Error::Superseded) }
    }

    fn opened(&self, origin: &str) -> Result<Opened, Error> {
        let number = self.take_over()?;
        let mut wal = BucketWal {
            bucket: self.clone(),
            seed: Sha256::digest(origin).into(),
            number,
            kept: Vec::new(),
            poisoned: false,
        };
        let checkpoint = self.get("checkpoint", MAX_NOTE)?;
        let published = checkpoint.as_ref().and_then(|object| SignedCheckpoint::parse(&object.bytes).ok());
        let replay = wal.replay(published.map_or(0, |signed| signed.checkpoint().size()))?;
        let tag = checkpoint.map(|object| object.tag);
        let files = BucketFiles { bucket: self.clone(), tag: Mutex::new(tag) };
        Ok(Opened { wal: Box::new(wal), files: Arc::new(files), replay, cut: Vec::<Cut>::new() })
    }

    /// Widths of the partial objects at a place, smallest first.
    fn widths(&self, place: Resource) -> Result<Vec<u16>, Error> {
        let start = self.key(format_args!("{}.p/", place.filled()));
        let keys = self.objects.list(&start).map_err(self.failed(place))?;
        let mut widths: Vec<u16> =
            keys.iter().filter_map(|key| key.strip_prefix(&start)?.parse().ok()).collect();
        widths.sort_unstable();
        Ok(widths)
    }
}

impl Store for Bucket {
    fn create(&self, origin: &str) -> Result<Opened, Error> {
        let opened = self.opened(origin)?;
        let known = self.get("checkpoint", MAX_NOTE)?;
        match (known, &opened.replay) {
            (None, None) => Ok(opened),
            _ => Err(Error::Exists { path: self.prefix.clone().into() }),
        }
    }

    fn open(&self, origin: &str) -> Result<Opened, Error> {
        let Some(checkpoint) = self.get("checkpoint", MAX_NOTE)? else {
            return Err(Error::Missing { path: self.prefix.clone().into() });
        };
        of_origin(&checkpoint.bytes, origin)?;
        self.opened(origin)
    }
}

impl Source for Bucket {
    fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, Error> {
        let limit = match resource {
            Resource::Checkpoint => MAX_NOTE,
            Resource::Tile(_) => 256 * TreeHash::LEN,
            Resource::Entries(_) => MAX_BUNDLE,
        };
        if let Some(object) = self.get(&resource.to_string(), limit)? {
            return Ok(Some(object.bytes));
        }
        let (Resource::Tile(tile) | Resource::Entries(tile)) = resource else { return Ok(None) };
        if tile.is_full() {
            return Ok(None);
        }
        let wider = self.widths(resource)?.into_iter().filter(|width| *width > tile.width());
        for width in std::iter::once(256).chain(wider) {
            let Some(wide) = Tile::new(tile.level(), tile.index(), width) else { continue };
            let fuller = match resource {
                Resource::Tile(_) => Resource::Tile(wide),
                _ => Resource::Entries(wide),
            };
            if let Some(object) = self.get(&fuller.to_string(), limit)? {
                return cut(resource, tile.width(), fuller, object.bytes).map(Some);
            }
        }
        Ok(None)
    }
}

#[derive(Debug)]
struct BucketFiles {
    bucket: Bucket,
    /// The version of the checkpoint that was published last.
    tag: Mutex<Option<String>>,
}

impl Source for BucketFiles {
    fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, Error> {
        self.bucket.read(resource)
    }
}

impl Files for BucketFiles {
    fn write(&self, resource: Resource, bytes: &[u8]) -> Result<(), Error> {
        self.bucket.objects.put(&self.bucket.key(resource), bytes).map_err(self.bucket.failed(resource))
    }

    fn sync(&self) -> Result<(), Error> {
        Ok(())
    }

    fn unsynced(&self) -> usize {
        0
    }

    fn publish(&self, checkpoint: &str) -> Result<(), Error> {
        let mut tag = self.tag.lock().unwrap_or_else(PoisonError::into_inner);
        let key = self.bucket.key("checkpoint");
        let published = match &*tag {
            Some(tag) => self.bucket.objects.replace(&key, checkpoint.as_bytes(), tag),
            None => self.bucket.objects.create(&key, checkpoint.as_bytes()),
        };
        let published = published.map_err(self.bucket.failed("checkpoint"))?;
        let now = self.bucket.get("checkpoint", MAX_NOTE)?;
        // A writer whose answer was lost finds its own checkpoint there.
        match now.filter(|now| published || now.bytes == checkpoint.as_bytes()) {
            Some(now) if now.bytes == checkpoint.as_bytes() => {
                *tag = Some(now.tag);
                Ok(())
            }
            _ => Err(Error::Superseded),
        }
    }

    fn tidy(&self, place: Resource, keep: &[u16]) -> Result<(), Error> {
        for width in self.bucket.widths(place)?.into_iter().filter(|width| !keep.contains(width)) {
            let key = self.bucket.key(format_args!("{}.p/{width}", place.filled()));
            self.bucket.objects.remove(&key).map_err(self.bucket.failed(place))?;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct BucketWal {
    bucket: Bucket,
    seed: [u8; 32],
    number: u64,
    /// Records that are there: first and end.
    kept: Vec<(u64, u64)>,
    poisoned: bool,
}

fn name(first: u64) -> String {
    format!("wal/{first:020}")
}

impl BucketWal {
    fn encode(&self, first: u64, payload: &[u8], leaves: &[TreeHash]) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(HEADER + payload.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&first.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(leaves.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(payload.len()).ok()?.to_be_bytes());
        let mut hash = Sha256::new().chain_update(self.seed).chain_update(&bytes);
        leaves.iter().for_each(|leaf| hash.update(leaf.0));
        bytes.extend_from_slice(&hash.finalize());
        bytes.extend_from_slice(payload);
        Some(bytes)
    }

    /// The entries of a record, and how many they are.
    fn decode(&self, first: u64, bytes: &[u8]) -> Option<(u64, Vec<u8>)> {
        let payload = bytes.get(HEADER..)?;
        let entries =
            bundle::Entries::new(payload).map(|entry| entry.ok().map(|(_, entry)| TreeHash::leaf(entry)));
        let leaves: Vec<TreeHash> = entries.collect::<Option<_>>()?;
        let same = self.encode(first, payload, &leaves)? == bytes && !leaves.is_empty();
        same.then(|| (leaves.len() as u64, payload.to_vec()))
    }

    /// The records that join up to the newest; others are left of writers that were superseded.
    fn replay(&mut self, published: u64) -> Result<Option<Replay>, Error> {
        let start = self.bucket.key("wal/");
        let keys = self.bucket.objects.list(&start).map_err(self.bucket.failed("wal"))?;
        let mut records: Vec<(u64, Vec<u8>)> = Vec::new();
        for key in keys.iter().rev() {
            let Some(first) = key.strip_prefix(&start).and_then(|first| first.parse::<u64>().ok()) else {
                continue;
            };
            let Some(object) = self.bucket.get(&name(first), MAX_RECORD)? else { continue };
            let Some((count, payload)) = self.decode(first, &object.bytes) else {
                let reason = "a record is damaged: restore the object from an earlier version";
                return Err(Error::damaged(name(first), 0, reason));
            };
            let end = first + count;
            if self.kept.first().is_none_or(|(next, _)| *next == end) {
                self.kept.insert(0, (first, end));
                records.push((first, payload));
            }
        }
        records.reverse();
        let (Some((first, _)), Some((_, end))) = (self.kept.first(), self.kept.last()) else {
            return Ok(None);
        };
        // Those before were taken away once all entries up to a boundary beyond were durable elsewhere; or all are, and
        // the log was being closed.
        let start = first.next_multiple_of(WIDTH);
        if *end > published && start > published {
            let reason = "the records between the checkpoint and this one are missing: restore them";
            return Err(Error::damaged(name(*first), 0, reason));
        }
        Ok((start <= *end).then_some(Replay { start, root: None, records }))
    }
}

impl Wal for BucketWal {
    fn append(&mut self, record: &Record<'_>) -> Result<(), Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        let Some(bytes) = self.encode(record.first, record.payload, record.leaves) else {
            let (count, bytes) = (record.leaves.len(), record.payload.len());
            return Err(Error::Batch { count, bytes, limit: u32::MAX as usize });
        };
        let name = name(record.first);
        let key = self.bucket.key(&name);
        let written = || -> Result<(), Error> {
            if !self.bucket.objects.create(&key, &bytes).map_err(self.bucket.failed(&name))? {
                // Written by one who was superseded and acknowledged nothing of it, or by us in a call that failed.
                self.still_ours()?;
                let Some(there) = self.bucket.get(&name, MAX_RECORD)? else { return Err(Error::Superseded) };
                if there.bytes != bytes
                    && !self
                        .bucket
                        .objects
                        .replace(&key, &bytes, &there.tag)
                        .map_err(self.bucket.failed(&name))?
                {
                    return Err(Error::Superseded);
                }
            }
            self.still_ours()
        };
        match written() {
            Ok(()) => {
                self.kept.push((record.first, record.first + record.leaves.len() as u64));
                Ok(())
            }
            Err(error) => {
                // Whether the store has it is not known.
                self.poisoned = true;
                Err(error)
            }
        }
    }

    fn is_full(&self) -> bool {
        false
    }

    fn begin(&mut self, _base: Base, _carry: Option<&Record<'_>>) -> Result<(), Error> {
        Ok(())
    }

    fn retire(&mut self, size: u64) -> Result<(), Error> {
        let boundary = size - size % WIDTH;
        while let Some((first, end)) = self.kept.first().copied()
            && end <= boundary
        {
            let name = name(first);
            self.bucket.objects.remove(&self.bucket.key(&name)).map_err(self.bucket.failed(&name))?;
            self.kept.remove(0);
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Error> {
        for (first, _) in std::mem::take(&mut self.kept) {
            let name = name(first);
            self.bucket.objects.remove(&self.bucket.key(&name)).map_err(self.bucket.failed(&name))?;
        }
        Ok(())
    }
}

impl BucketWal {
    fn still_ours(&self) -> Result<(), Error> {
        let found = self.bucket.get("writer", 64)?;
        let ours = format!("{}\n", self.number);
        if found.is_some_and(|object| object.bytes == ours.as_bytes()) {
            Ok(())
        } else {
            Err(Error::Superseded)
        }
    }
}
