//! The log itself: entries in, indexes out, a signed checkpoint behind them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::bundle::{self, MAX_ENTRY};
use crate::checkpoint::{Checkpoint, SignedCheckpoint, Untrusted};
use crate::error::Error;
use crate::hash::TreeHash;
use crate::key::VerifierKey;
use crate::proof::{self, Tiles, Unproved};
use crate::publish::{Published, Publisher, Snapshot};
use crate::signer::Signer;
use crate::store::{Base, Cut, Files, Opened, Record, Replay, Store, Wal};
use crate::tile::{Resource, Tile, WIDTH};
use crate::tree::{Tree, root_of};

/// The most bytes of entries, each with two for its length, that are appended at once.
pub const MAX_BATCH: usize = 8 << 20;

/// Where entries came to stand. They are durable, in this order, and nothing else has these indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The index of the first.
    pub first: u64,
    /// How many.
    pub count: u32,
    /// The size of a tree in which they are included, for a proof at once.
    pub size: u64,
}

/// Whose log it is, and how it is to be opened.
pub struct Opening {
    /// The log's name: the first line of each checkpoint.
    pub origin: String,
    /// Keys with which the log signs; at least one, of Ed25519 where others are to read it.
    pub signers: Vec<Arc<dyn Signer>>,
    /// Keys with which it signed before, besides those of the signers.
    pub former: Vec<VerifierKey>,
    /// The newest checkpoint that somebody else holds, if one is known. A log that does not continue it is refused.
    pub seen: Option<Checkpoint>,
    /// How long entries may wait for a checkpoint that covers them.
    pub interval: Duration,
}

impl Opening {
    /// With one signer, nothing seen, and half a second to publish.
    pub fn new(origin: impl Into<String>, signer: Arc<dyn Signer>) -> Self {
        let (signers, former) = (vec![signer], Vec::new());
        Self { origin: origin.into(), signers, former, seen: None, interval: Duration::from_millis(500) }
    }
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening")
            .field("origin", &self.origin)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Entries in the log.
    pub size: u64,
    /// How many of them were durable and not published yet.
    pub unpublished: u64,
    /// Writes that were not finished; what they held was never acknowledged.
    pub cut: Vec<Cut>,
}

/// What is known of the tree in memory, for those who ask while entries come in.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    tree: Tree,
    /// Full tiles that may not be readable as files yet.
    recent: Vec<(Tile, Vec<u8>)>,
}

/// Answers questions of the tree, from memory and from the files.
#[derive(Debug, Clone)]
pub struct Prover {
    shared: Arc<Mutex<Shared>>,
    files: Arc<dyn Files>,
}

impl Prover {
    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The size and root of the tree now. All of it is durable; a checkpoint follows.
    pub fn head(&self) -> (u64, TreeHash) {
        let shared = self.shared();
        (shared.tree.size(), shared.tree.root())
    }

    /// That the entry at `index` is in the tree of `size`.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<TreeHash>, Error> {
        self.within(size)?;
        let mut tiles = self.clone();
        proof::prove_inclusion(&mut tiles, index, size).map_err(|error| unproved(error, size, index))
    }

    /// That the tree of `old` is the beginning of the tree of `new`.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<TreeHash>, Error> {
        self.within(new)?;
        let mut tiles = self.clone();
        proof::prove_consistency(&mut tiles, old, new).map_err(|error| unproved(error, new, old))
    }

    /// The root of the tree of `size`.
    pub fn root(&self, size: u64) -> Result<TreeHash, Error> {
        self.within(size)?;
        let mut tiles = self.clone();
        proof::root(&mut tiles, size).map_err(|error| unproved(error, size, size))
    }

    fn within(&self, asked: u64) -> Result<(), Error> {
        let size = self.shared().tree.size();
        if asked > size { Err(Error::Beyond { size, asked }) } else { Ok(()) }
    }
}

pub(crate) fn unproved(error: Unproved<Error>, size: u64, asked: u64) -> Error {
    match error {
        Unproved::Outside => Error::Beyond { size, asked },
        Unproved::Read(error) => error,
        Unproved::Short { level, index } => {
            Error::damaged(Resource::Tile(Tile::full(level, index)), 0, "the tile is too short: run `fsck`")
        }
    }
}

impl Tiles for Prover {
    type Error = Error;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, Error> {
        {
            let shared = self.shared();
            if let Some(hashes) = shared.tree.edge_tile(tile.level(), tile.index()) {
                return Ok(hashes.to_vec());
            }
            let same = |(recent, _): &&(Tile, Vec<u8>)| {
                (recent.level(), recent.index()) == (tile.level(), tile.index())
            };
            if let Some((_, hashes)) = shared.recent.iter().find(same) {
                return Ok(hashes.clone());
            }
        }
        read_tile(&*self.files, Tile::full(tile.level(), tile.index()))
    }
}

/// A tile that must be there.
fn read_tile(files: &dyn Files, tile: Tile) -> Result<Vec<u8>, Error> {
    let resource = Resource::Tile(tile);
    match files.read(resource)? {
        Some(bytes) if bytes.len() == usize::from(tile.width()) * TreeHash::LEN => Ok(bytes),
        Some(bytes) => {
            Err(Error::damaged(resource, bytes.len() as u64, "the tile has not the length of its width"))
        }
        None => Err(Error::damaged(resource, 0, "the tile is missing")),
    }
}

/// Takes entries in, makes them durable and knows where they stand.
#[derive(Debug)]
pub(crate) struct Sequencer {
    wal: Box<dyn Wal>,
    shared: Arc<Mutex<Shared>>,
    /// The entries since the last full bundle.
    partial: Vec<u8>,
    /// Their leaf hashes.
    leaves: Vec<TreeHash>,
    /// Files that are full and wait for the publisher.
    full: Vec<(Resource, Vec<u8>)>,
}

impl Sequencer {
    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn size(&self) -> u64 {
        self.shared().tree.size()
    }

    /// Makes entries durable; when it returns they have their indexes. They are within the limits.
    pub(crate) fn commit<'e>(
        &mut self,
        entries: impl Iterator<Item = &'e [u8]> + Clone,
    ) -> Result<Receipt, Error> {
        let (mut payload, mut leaves) = (Vec::new(), Vec::new());
        for entry in entries {
            if !bundle::push(&mut payload, entry) {
                return Err(Error::TooLong { length: entry.len(), limit: MAX_ENTRY });
            }
            leaves.push(TreeHash::leaf(entry));
        }
        let first = self.size();
        self.wal.append(&Record { first, payload: &payload, leaves: &leaves })?;
        self.take(&payload, &leaves);
        let count = u32::try_from(leaves.len()).unwrap_or(u32::MAX);
        Ok(Receipt { first, count, size: first + u64::from(count) })
    }

    /// Puts durable entries into the tree and the bundles.
    fn take(&mut self, payload: &[u8], leaves: &[TreeHash]) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let Shared { tree, recent } = &mut *shared;
        let mut at = 0;
        for leaf in leaves {
            let length = payload.get(at..).and_then(|rest| rest.first_chunk::<2>());
            let end = at + 2 + length.map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
            self.partial.extend_from_slice(payload.get(at..end).unwrap_or_default());
            self.leaves.push(*leaf);
            at = end;
            tree.push(*leaf, |tile, hashes| {
                if tile.level() == 0 {
                    let bundle = std::mem::take(&mut self.partial);
                    self.partial.reserve(bundle.len());
                    self.leaves.clear();
                    self.full.push((Resource::Entries(tile), bundle));
                }
                recent.push((tile, hashes.clone()));
                self.full.push((Resource::Tile(tile), hashes));
            });
        }
    }

    /// Begins a new piece of the write-ahead log where that is due.
    pub(crate) fn turn(&mut self) -> Result<(), Error> {
        if self.wal.is_full() { self.begin() } else { Ok(()) }
    }

    fn begin(&mut self) -> Result<(), Error> {
        let (size, root) = {
            let shared = self.shared();
            (shared.tree.size(), shared.tree.boundary_root())
        };
        let start = size - size % WIDTH;
        let carry = Record { first: start, payload: &self.partial, leaves: &self.leaves };
        self.wal.begin(Base { start, root }, (size > start).then_some(&carry))
    }

    /// The files that became full since they were last asked for.
    pub(crate) fn drain(&mut self) -> Vec<(Resource, Vec<u8>)> {
        std::mem::take(&mut self.full)
    }

    /// The tree as it is, to be published.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let shared = self.shared();
        let mut edge: Vec<(Resource, Vec<u8>)> =
            shared.tree.edge().map(|(tile, hashes)| (Resource::Tile(tile), hashes.to_vec())).collect();
        if let Some(entries) = Resource::entries_of(shared.tree.size() / WIDTH, shared.tree.size()) {
            edge.push((entries, self.partial.clone()));
        }
        Snapshot { size: shared.tree.size(), root: shared.tree.root(), edge }
    }

    /// All is durable as files: the write-ahead log goes.
    pub(crate) fn clear(&mut self) -> Result<(), Error> {
        self.wal.clear()
    }

    /// Lets go of what is readable and durable as files.
    pub(crate) fn settle(&mut self, published: &Published) -> Result<(), Error> {
        let size = published.checkpoint.checkpoint().size();
        let below = |tile: &Tile| {
            (tile.index() + 1).checked_shl(8 * (u32::from(tile.level()) + 1)).is_some_and(|end| end <= size)
        };
        self.shared().recent.retain(|(tile, _)| !below(tile));
        match published.durable {
            Some(durable) => self.wal.retire(durable),
            None => Ok(()),
        }
    }
}

/// A log with one writer, driven by its caller. [`crate::Committer`] drives one for many.
#[derive(Debug)]
pub struct Log {
    pub(crate) sequencer: Sequencer,
    pub(crate) publisher: Publisher,
    pub(crate) interval: Duration,
    pub(crate) prover: Prover,
    /// When the oldest entry that no checkpoint covers came in.
    waiting: Option<Duration>,
}

impl Log {
    /// Makes a new log, with the checkpoint of an empty tree. `now` is the time since 1970.
    pub fn create(store: &dyn Store, opening: Opening, now: Duration) -> Result<Self, Error> {
        let opened = store.create(&opening.origin)?;
        let mut log = Self::of(opened, opening, Tree::default());
        log.sequencer.begin()?;
        log.publish(now)?;
        Ok(log)
    }

    /// Opens a log, and mends what a crash left: nothing that was acknowledged is lost, and what is served is whole.
    /// `now` is the time since 1970.
    pub fn open(store: &dyn Store, opening: Opening, now: Duration) -> Result<(Self, Recovered), Error> {
        let mut opened = store.open(&opening.origin)?;
        let keys: Vec<VerifierKey> =
            opening.signers.iter().map(|signer| signer.key()).chain(&opening.former).cloned().collect();
        let published = match opened.files.read(Resource::Checkpoint)? {
            Some(bytes) => SignedCheckpoint::open(&bytes, &opening.origin, &keys),
            None => Err(Untrusted::Unsigned),
        };
        let published =
            published.map_err(|error| Error::Checkpoint { file: "checkpoint".to_owned(), error })?;
        let checkpoint = published.checkpoint().clone();
        let cut = std::mem::take(&mut opened.cut);
        let replay = opened.replay.take().filter(|replay| replayed(replay) >= checkpoint.size());
        let seen = opening.seen.clone();
        let start =
            replay.as_ref().map_or(checkpoint.size() - checkpoint.size() % WIDTH, |replay| replay.start);
        let tree = Tree::at_boundary(start, |level, at| {
            read_tile(&*opened.files, Tile::full(level - 1, at)).map(|hashes| root_of(&hashes))
        })?;
        let mut log = Self::of(opened, opening, tree);
        match &replay {
            Some(replay) => log.replay(replay, &checkpoint)?,
            None => log.reread(&checkpoint)?,
        }
        let size = log.size();
        if let Some(seen) = &seen {
            if size < seen.size() {
                return Err(Error::Behind { size, seen: seen.size() });
            }
            if log.prover.root(seen.size())? != seen.root() {
                return Err(Error::Forked { size: seen.size() });
            }
        }
        log.publisher.adopt(published, replay.is_some().then_some(start));
        log.sequencer.begin()?;
        if replay.is_some() || size > checkpoint.size() {
            log.publisher.sync_next();
            log.publish(now)?;
            log.publisher.trim()?;
        }
        Ok((log, Recovered { size, unpublished: size - checkpoint.size(), cut }))
    }

    fn of(opened: Opened, opening: Opening, tree: Tree) -> Self {
        let shared = Arc::new(Mutex::new(Shared { tree, recent: Vec::new() }));
        let (partial, leaves, full) = (Vec::new(), Vec::new(), Vec::new());
        let prover = Prover { shared: Arc::clone(&shared), files: Arc::clone(&opened.files) };
        Self {
            sequencer: Sequencer { wal: opened.wal, shared, partial, leaves, full },
            publisher: Publisher::new(opened.files, opening.origin, opening.signers),
            interval: opening.interval,
            prover,
            waiting: None,
        }
    }

    /// Puts the entries of the write-ahead log in, and checks that they lead to what was published.
    fn replay(&mut self, replay: &Replay, checkpoint: &Checkpoint) -> Result<(), Error> {
        if replay.root.is_some_and(|root| root != self.sequencer.shared().tree.root()) {
            let reason = "tiles below the write-ahead log do not lead to its root: run `fsck`";
            return Err(Error::damaged("tile/0", 0, reason));
        }
        let mut checked = false;
        for (first, payload) in &replay.records {
            let known = self.size().saturating_sub(*first);
            for (at, entry) in (0_u64..).zip(bundle::Entries::new(payload)) {
                let (_, entry) =
                    entry.map_err(|error| Error::damaged("wal", error.offset() as u64, error.reason()))?;
                if at < known {
                    continue;
                }
                let mut framed = Vec::with_capacity(entry.len() + 2);
                let _fits = bundle::push(&mut framed, entry);
                self.sequencer.take(&framed, &[TreeHash::leaf(entry)]);
                if self.size() == checkpoint.size() {
                    checked = true;
                    self.matches(checkpoint)?;
                }
            }
        }
        // Where the write-ahead log begins behind the checkpoint, the tiles have to lead to it.
        if !checked { self.matches_at(checkpoint) } else { Ok(()) }
    }

    /// Takes the entries since the last full bundle from the published files.
    fn reread(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        if let Some(resource) = Resource::entries_of(checkpoint.size() / WIDTH, checkpoint.size()) {
            let Some(bytes) = self.prover.files.read(resource)? else {
                return Err(Error::damaged(resource, 0, "the entry bundle is missing: run `fsck`"));
            };
            let width = u16::try_from(checkpoint.size() % WIDTH).unwrap_or(u16::MAX);
            let entries = bundle::parse(&bytes, width)
                .map_err(|error| Error::damaged(resource, error.offset() as u64, error.reason()))?;
            let leaves: Vec<TreeHash> = entries.into_iter().map(TreeHash::leaf).collect();
            self.sequencer.take(&bytes, &leaves);
        }
        self.matches(checkpoint)
    }

    fn matches_at(&self, checkpoint: &Checkpoint) -> Result<(), Error> {
        if checkpoint.size() == 0 || self.prover.root(checkpoint.size())? == checkpoint.root() {
            return Ok(());
        }
        Err(Error::Forked { size: checkpoint.size() })
    }

    fn matches(&self, checkpoint: &Checkpoint) -> Result<(), Error> {
        if self.prover.head() == (checkpoint.size(), checkpoint.root()) {
            return Ok(());
        }
        let reason = "the entries do not lead to the root that was signed: run `fsck`";
        Err(Error::damaged("checkpoint", 0, reason))
    }

    /// Entries in the log.
    pub fn size(&self) -> u64 {
        self.sequencer.size()
    }

    /// The newest checkpoint that was published.
    pub fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.publisher.published()
    }

    /// Answers questions of the tree.
    pub fn prover(&self) -> Prover {
        self.prover.clone()
    }

    /// Appends entries together: all become durable, one after the other, or none. `now` is the time since 1970.
    pub fn append(&mut self, entries: &[impl AsRef<[u8]>], now: Duration) -> Result<Receipt, Error> {
        let lengths = entries.iter().map(|entry| entry.as_ref().len());
        check(lengths)?;
        let receipt = self.sequencer.commit(entries.iter().map(AsRef::as_ref))?;
        self.waiting.get_or_insert(now);
        // What is durable is acknowledged, whatever becomes of the files: their errors are told by publishing.
        if self.sequencer.turn().is_ok() {
            self.publisher.add(self.sequencer.drain());
        }
        Ok(receipt)
    }

    /// Publishes where entries have waited for the interval, or the clock went back.
    pub fn tick(&mut self, now: Duration) -> Result<Option<Arc<SignedCheckpoint>>, Error> {
        match self.waiting {
            Some(since) if now.checked_sub(since).is_none_or(|waited| waited >= self.interval) => {
                self.publish(now).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Publishes all entries now.
    pub fn publish(&mut self, now: Duration) -> Result<Arc<SignedCheckpoint>, Error> {
        self.publisher.add(self.sequencer.drain());
        let published = self.publisher.publish(self.sequencer.snapshot(), now)?;
        self.waiting = None;
        self.sequencer.settle(&published)?;
        Ok(published.checkpoint)
    }

    /// Adds signatures of others to the published checkpoint where it is still that of this size.
    pub fn cosign(
        &mut self,
        size: u64,
        signatures: Vec<crate::SignatureLine>,
    ) -> Result<Arc<SignedCheckpoint>, Error> {
        self.publisher.cosign(size, signatures)
    }

    /// Publishes all entries and lets the write-ahead log go: the folder then is the log and nothing else.
    pub fn close(mut self, now: Duration) -> Result<Arc<SignedCheckpoint>, Error> {
        self.publisher.sync_next();
        let checkpoint = self.publish(now)?;
        self.publisher.trim()?;
        self.sequencer.clear()?;
        Ok(checkpoint)
    }
}

/// The size of the log up to the last entry of the write-ahead log.
fn replayed(replay: &Replay) -> u64 {
    let ends =
        replay.records.iter().map(|(first, payload)| first + bundle::Entries::new(payload).count() as u64);
    ends.max().unwrap_or(replay.start)
}

/// Whether entries of these lengths can be appended together.
pub(crate) fn check(lengths: impl Iterator<Item = usize>) -> Result<usize, Error> {
    let (mut count, mut bytes) = (0, 0_usize);
    for length in lengths {
        if length > MAX_ENTRY {
            return Err(Error::TooLong { length, limit: MAX_ENTRY });
        }
        count += 1;
        bytes += length + 2;
    }
    if count == 0 || bytes > MAX_BATCH {
        return Err(Error::Batch { count, bytes, limit: MAX_BATCH });
    }
    Ok(bytes)
}
