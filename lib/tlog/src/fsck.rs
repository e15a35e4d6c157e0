//! Derives a log anew from its entries, and names what is not as it must be.
//!
//! One bundle and one tile of each level are in memory at a time, however long the log is. Where entries and hashes
//! disagree, the hash above decides which of them is wrong, and at the end of the log the root that was signed.

use std::ops::Range;

use crate::bundle::Entries;
use crate::checkpoint::{Checkpoint, SignedCheckpoint, Untrusted};
use crate::error::{Error, entries, first};
use crate::hash::TreeHash;
use crate::key::VerifierKey;
use crate::store::{Cut, Source};
use crate::tile::{Resource, Tile, WIDTH};
use crate::tree::{Tree, root_of};

/// The most defects that are told one by one.
const MOST: usize = 1000;

/// What a log is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Its name.
    pub origin: &'a str,
    /// Keys of which one must have signed the checkpoint.
    pub keys: &'a [VerifierKey],
    /// Checkpoints of it that somebody else holds.
    pub seen: &'a [Checkpoint],
    /// Entries that were deleted: of bundles that lie within, the hashes stand for the entries.
    pub gone: &'a [Range<u64>],
}

impl<'a> Expected<'a> {
    /// A log of which nothing was seen and nothing deleted.
    pub fn new(origin: &'a str, keys: &'a [VerifierKey]) -> Self {
        Self { origin, keys, seen: &[], gone: &[] }
    }
}

/// Runs of entries that were deleted, in order and apart.
#[derive(Debug, Default)]
pub(crate) struct Gone(Vec<Range<u64>>);

impl Gone {
    pub(crate) fn of(runs: &[Range<u64>]) -> Self {
        let mut sorted = runs.to_vec();
        sorted.sort_by_key(|run| run.start);
        let mut joined: Vec<Range<u64>> = Vec::new();
        for run in sorted {
            match joined.last_mut() {
                Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
                _ => joined.push(run),
            }
        }
        Self(joined)
    }

    /// Whether every entry of a bundle was deleted.
    pub(crate) fn holds(&self, bundle: Tile) -> bool {
        let first = bundle.index() * WIDTH;
        let after = self.0.partition_point(|run| run.start <= first);
        let run = after.checked_sub(1).and_then(|at| self.0.get(at));
        run.is_some_and(|run| first + u64::from(bundle.width()) <= run.end)
    }
}

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// The file, below the log.
    pub file: String,
    /// The first byte that is wrong, or where the entry that holds it begins.
    pub offset: u64,
    /// What is wrong.
    pub reason: String,
    /// What should stand there, where that is known: a hash, or text of the checkpoint.
    pub expected: Option<String>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Entries that were checked.
    pub size: u64,
    /// The root that follows from them.
    pub root: TreeHash,
    /// The checkpoint, where one lies there that a known key has signed.
    pub checkpoint: Option<SignedCheckpoint>,
    /// What is wrong, in the order of the log; empty where all is well. No more than the first thousand.
    pub defects: Vec<Defect>,
    /// Whether there are more.
    pub more: bool,
    /// Entries that are durable in the write-ahead log and not published yet.
    pub unpublished: u64,
    /// Writes that were not finished.
    pub cut: Vec<Cut>,
    /// Files that are none of the log's.
    pub strays: Vec<String>,
}

impl Report {
    pub(crate) fn tell(
        &mut self,
        file: impl ToString,
        offset: usize,
        reason: impl Into<String>,
        expected: Option<String>,
    ) {
        let file = file.to_string();
        if self.defects.last().is_some_and(|last| (&last.file, last.offset) == (&file, offset as u64)) {
            return;
        }
        if self.defects.len() < MOST {
            let reason = reason.into();
            self.defects.push(Defect { file, offset: offset as u64, reason, expected });
        } else {
            self.more = true;
        }
    }
}

/// Checks a whole log: the checkpoint against its keys, all files against each other and against the checkpoint, and
/// the log against checkpoints of it that were seen elsewhere.
///
/// An error is what could not be read for reasons of the machine; everything that is wrong with the log is in the
/// report.
pub fn fsck(source: &dyn Source, expected: &Expected<'_>) -> Result<Report, Error> {
    let Expected { origin, keys, seen, gone } = *expected;
    let mut report = Report {
        size: 0,
        root: TreeHash::empty(),
        checkpoint: None,
        defects: Vec::new(),
        more: false,
        unpublished: 0,
        cut: Vec::new(),
        strays: Vec::new(),
    };
    let bytes = read(source, Resource::Checkpoint, &mut report)?;
    let opened = bytes.as_deref().map(|bytes| SignedCheckpoint::open(bytes, origin, keys));
    let signed = match &opened {
        Some(Ok(signed)) => Some(signed.checkpoint().clone()),
        _ => None,
    };
    let claimed = bytes.as_deref().and_then(|bytes| SignedCheckpoint::parse(bytes).ok());
    let size = match (&signed, source.extent()?) {
        (Some(signed), _) => signed.size(),
        (None, Some(extent)) => extent,
        (None, None) => claimed.as_ref().map_or(0, |claimed| claimed.checkpoint().size()),
    };
    let root = signed.as_ref().or(claimed.as_ref().map(SignedCheckpoint::checkpoint)).map(Checkpoint::root);
    let (tree, above, gone) = (Tree::default(), Above::default(), Gone::of(gone));
    let mut walk = Walk { source, size, root, seen, gone, tree, above, report };
    for index in 0..size.div_ceil(WIDTH) {
        walk.bundle(index)?;
    }
    walk.edge()?;
    let Walk { mut report, tree, .. } = walk;
    report.size = tree.size();
    report.root = tree.root();
    for seen in seen {
        if seen.size() > tree.size() {
            let place = Resource::entries_of(tree.size() / WIDTH, seen.size());
            let file = place.map_or_else(|| "checkpoint".to_owned(), |place| place.to_string());
            let reason = format!(
                "the log ends after {}, and a checkpoint that was signed has {}",
                entries(tree.size()),
                seen.size()
            );
            report.tell(file, 0, reason, None);
        }
    }
    let text = bytes.as_deref().unwrap_or_default();
    match opened {
        Some(Ok(signed)) => {
            if tree.root() != signed.checkpoint().root() {
                let offset = origin.len() + 1 + tree.size().to_string().len() + 1;
                let reason = "the entries do not lead to the root that was signed: they were written anew";
                report.tell("checkpoint", offset, reason, Some(tree.root().to_string()));
            }
            report.checkpoint = Some(signed);
        }
        Some(Err(error)) => distrust(&mut report, text, &error, origin, &tree),
        None => report.tell("checkpoint", 0, "the checkpoint is missing", None),
    }
    Ok(report)
}

/// Says where a checkpoint that is not taken goes wrong, by what it should say.
fn distrust(report: &mut Report, text: &[u8], error: &Untrusted, origin: &str, tree: &Tree) {
    let body = format!("{origin}\n{}\n{}\n", tree.size(), tree.root());
    let (reason, expected) = (format!("the checkpoint is not taken: {error}"), Some(body.clone()));
    // What must follow: the empty line, and the first signature's dash.
    let begins = format!("{body}\n\u{2014} ");
    let differs = begins.bytes().zip(text).position(|(wanted, found)| wanted != *found);
    let at = differs.or((text.len() < begins.len()).then_some(text.len()));
    match (at, error) {
        (Some(at), _) => report.tell("checkpoint", at, reason, expected),
        // The body is right, so that it is the signatures.
        (None, Untrusted::Malformed(malformed)) => {
            report.tell("checkpoint", malformed.offset(), reason, None)
        }
        (None, _) => report.tell("checkpoint", body.len() + 1, reason, None),
    }
}

/// Reads a resource; what is wrong with the file alone goes into the report.
fn read(source: &dyn Source, resource: Resource, report: &mut Report) -> Result<Option<Vec<u8>>, Error> {
    match source.read(resource) {
        Err(Error::Damaged { file, offset, reason }) => {
            report.tell(file, usize::try_from(offset).unwrap_or(usize::MAX), reason, None);
            Ok(None)
        }
        outcome => outcome,
    }
}

/// The tile of level 1 that was looked at last.
#[derive(Default)]
struct Above {
    index: Option<u64>,
    hashes: Vec<u8>,
}

struct Walk<'a> {
    source: &'a dyn Source,
    size: u64,
    root: Option<TreeHash>,
    seen: &'a [Checkpoint],
    gone: Gone,
    tree: Tree,
    above: Above,
    report: Report,
}

/// Hashes of the entries of a bundle, where each begins, and what is wrong with its form.
struct Derived {
    leaves: Vec<TreeHash>,
    offsets: Vec<usize>,
    wrong: Option<(usize, &'static str)>,
}

impl Derived {
    fn of(bytes: &[u8], width: u16) -> Self {
        let mut derived = Self { leaves: Vec::new(), offsets: Vec::new(), wrong: None };
        for entry in Entries::new(bytes) {
            match entry {
                Err(error) => derived.wrong = Some((error.offset(), error.reason())),
                Ok((at, _)) if derived.leaves.len() == usize::from(width) => {
                    derived.wrong = Some((at, "the bundle goes on behind its last entry"));
                    break;
                }
                Ok((at, entry)) => {
                    derived.offsets.push(at);
                    derived.leaves.push(TreeHash::leaf(entry));
                }
            }
        }
        if derived.leaves.len() < usize::from(width) && derived.wrong.is_none() {
            derived.wrong = Some((bytes.len(), "the bundle ends before its last entry"));
        }
        derived
    }

    /// Where the first entry stands that is not the one of these hashes.
    fn differs(&self, stored: &[TreeHash]) -> Option<(usize, TreeHash)> {
        let at = (0..stored.len()).find(|at| self.leaves.get(*at) != stored.get(*at))?;
        let offset = self.offsets.get(at).copied().or(self.wrong.map(|(offset, _)| offset)).unwrap_or(0);
        Some((offset, *stored.get(at)?))
    }
}

impl Walk<'_> {
    /// Checks a bundle against the tile of its leaf hashes, and goes on from whichever is right.
    fn bundle(&mut self, index: u64) -> Result<(), Error> {
        let Some(tile) = Tile::of_tree(0, index, self.size) else { return Ok(()) };
        let (bundle_at, tile_at) = (Resource::Entries(tile), Resource::Tile(tile));
        let told = self.report.defects.len();
        let bundle = read(self.source, bundle_at, &mut self.report)?;
        if bundle.is_none() && told == self.report.defects.len() && !self.gone.holds(tile) {
            self.report.tell(bundle_at, 0, "the bundle is missing", None);
        }
        let told = self.report.defects.len();
        let stored = read(self.source, tile_at, &mut self.report)?;
        if stored.is_none() && told == self.report.defects.len() {
            self.report.tell(tile_at, 0, "the tile is missing", None);
        }
        let width = tile.width();
        let derived = bundle.as_deref().map(|bytes| Derived::of(bytes, width));
        let whole = |derived: &&Derived| derived.wrong.is_none();
        let length = usize::from(width) * TreeHash::LEN;
        let stored_leaves: Option<Vec<TreeHash>> =
            stored.as_deref().filter(|bytes| bytes.len() == length).map(|bytes| {
                bytes.as_chunks::<{ TreeHash::LEN }>().0.iter().map(|hash| TreeHash(*hash)).collect()
            });
        let agree = match (derived.as_ref().filter(whole), &stored_leaves) {
            (Some(derived), Some(stored)) => derived.leaves == *stored,
            _ => false,
        };
        let leaves = if agree {
            derived.map(|derived| derived.leaves).unwrap_or_default()
        } else {
            let of_entries = derived.as_ref().filter(whole).map(|derived| &derived.leaves);
            let entries_hold = of_entries.is_some_and(|leaves| self.holds(tile, leaves));
            let tile_holds = stored_leaves.as_ref().is_some_and(|leaves| self.holds(tile, leaves));
            if let (Some(bytes), false) = (&stored, tile_holds) {
                self.blame_tile(tile_at, bytes, of_entries, entries_hold);
            }
            if let (Some(derived), false) = (&derived, entries_hold) {
                self.blame_entries(bundle_at, derived, stored_leaves.as_deref(), tile_holds);
            }
            let right = match (entries_hold, tile_holds) {
                (false, true) => stored_leaves.as_ref(),
                _ => of_entries.or(stored_leaves.as_ref()),
            };
            match right {
                Some(leaves) => leaves.clone(),
                // Nothing is left to go on from: the hash above keeps the rest of the log checkable only in part.
                None => derived.map(|derived| derived.leaves).unwrap_or_default(),
            }
        };
        self.push(&leaves)
    }

    /// Whether these leaves are the ones that the hash above them, or the root, speaks of.
    fn holds(&mut self, tile: Tile, leaves: &[TreeHash]) -> bool {
        if tile.is_full() {
            let hashes: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
            return self.above(tile.index()).is_some_and(|above| above == root_of(&hashes));
        }
        let mut tree = self.tree.clone();
        leaves.iter().for_each(|leaf| tree.push(*leaf, |_, _| {}));
        self.root == Some(tree.root())
    }

    /// The hash above a full tile of leaves, as it is stored.
    fn above(&mut self, index: u64) -> Option<TreeHash> {
        let tile = Tile::of_tree(1, index / WIDTH, self.size)?;
        if self.above.index != Some(tile.index()) {
            let bytes = self.source.read(Resource::Tile(tile)).ok().flatten();
            self.above = Above { index: Some(tile.index()), hashes: bytes.unwrap_or_default() };
        }
        let at = usize::try_from(index % WIDTH).ok()? * TreeHash::LEN;
        self.above.hashes.get(at..)?.first_chunk().map(|hash| TreeHash(*hash))
    }

    fn blame_tile(&mut self, at: Resource, bytes: &[u8], right: Option<&Vec<TreeHash>>, sure: bool) {
        match right {
            Some(leaves) => {
                let wanted: Vec<u8> = leaves.iter().flat_map(|leaf| leaf.0).collect();
                let reason = if sure {
                    "the hash of an entry is not that of the entry"
                } else {
                    "the hash of an entry is not that of the entry, and the hash above agrees with neither"
                };
                self.compare(at, &wanted, bytes, reason);
            }
            None => {
                let length = match at {
                    Resource::Tile(tile) => usize::from(tile.width()) * TreeHash::LEN,
                    _ => 0,
                };
                if bytes.len() != length {
                    let offset = bytes.len().min(length);
                    self.report.tell(at, offset, "the tile has not the length of its width", None);
                } else {
                    self.report.tell(at, 0, "the hashes do not lead to the hash above them", None);
                }
            }
        }
    }

    fn blame_entries(&mut self, at: Resource, derived: &Derived, stored: Option<&[TreeHash]>, sure: bool) {
        let differs = stored.filter(|_| sure).and_then(|stored| derived.differs(stored));
        match (differs, derived.wrong) {
            (Some((offset, hash)), _) => {
                let reason = "an entry is not the one that was hashed";
                self.report.tell(at, offset, reason, Some(format!("an entry of leaf hash {hash}")));
            }
            (None, Some((offset, reason))) => self.report.tell(at, offset, reason, None),
            (None, None) if !sure => {
                self.report.tell(at, 0, "the entries do not lead to the hash above them", None);
            }
            (None, None) => {}
        }
    }

    /// Tells where bytes first differ from what they should be.
    fn compare(&mut self, at: Resource, wanted: &[u8], found: &[u8], reason: &str) {
        let differs = wanted.iter().zip(found).position(|(wanted, found)| wanted != found);
        let offset = match differs {
            Some(offset) => offset,
            None if wanted.len() == found.len() => return,
            None => wanted.len().min(found.len()),
        };
        let hash = wanted.get(offset / TreeHash::LEN * TreeHash::LEN..).and_then(|rest| rest.first_chunk());
        let expected = hash.map(|hash| TreeHash(*hash).to_string());
        self.report.tell(at, offset, reason, expected);
    }

    fn push(&mut self, leaves: &[TreeHash]) -> Result<(), Error> {
        let mut full = Vec::new();
        for leaf in leaves {
            self.tree.push(*leaf, |tile, hashes| {
                if tile.level() > 0 {
                    full.push((tile, hashes));
                }
            });
            let size = self.tree.size();
            for seen in self.seen.iter().filter(|seen| seen.size() == size) {
                if self.tree.root() != seen.root() {
                    let file = Resource::entries_of(0, size).map_or_else(String::new, |at| at.to_string());
                    let reason = format!(
                        "the {} of a checkpoint that was signed: some of them were written anew",
                        first(size)
                    );
                    self.report.tell(file, 0, reason, Some(format!("a root of {}", seen.root())));
                }
            }
        }
        full.into_iter().try_for_each(|(tile, hashes)| self.stored(tile, &hashes))
    }

    /// Compares a tile above the leaves with what it must be.
    fn stored(&mut self, tile: Tile, wanted: &[u8]) -> Result<(), Error> {
        let at = Resource::Tile(tile);
        let told = self.report.defects.len();
        match read(self.source, at, &mut self.report)? {
            Some(found) => self.compare(at, wanted, &found, "a hash is not that of the tile below it"),
            None if told == self.report.defects.len() => {
                self.report.tell(at, 0, "the tile is missing", None);
            }
            None => {}
        }
        Ok(())
    }

    /// Compares the partial tiles above the leaves.
    fn edge(&mut self) -> Result<(), Error> {
        let edge: Vec<(Tile, Vec<u8>)> =
            self.tree.edge().map(|(tile, hashes)| (tile, hashes.to_vec())).collect();
        let above = edge.into_iter().filter(|(tile, _)| tile.level() > 0);
        above.into_iter().try_for_each(|(tile, hashes)| self.stored(tile, &hashes))
    }
}
