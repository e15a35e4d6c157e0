//! A finished log in one compressed file, from which all that it published can be served byte for byte.
//!
//! ```text
//! sealed = header, blocks, tiles, index, checkpoint, footer          numbers are big-endian
//! header     "tlog-sealed-v1\n" 0x00
//! blocks     for each entry bundle, in order: one zstd frame, or where its entries were deleted their leaf hashes
//! tiles      the tiles above the leaves, level by level, as they are served; those of the leaves follow from the entries
//! index      for each block: its length (u32, the highest bit set where it holds hashes), the first 16 bytes of its
//!            SHA-256
//! checkpoint the signed checkpoint
//! footer     size (u64), length of blocks, of tiles, of index, of checkpoint (u64 each), SHA-256 of tiles, index,
//!            checkpoint and the footer up to here, "tlog-sealed-end\n"
//! ```

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::bundle::{self, MAX_BUNDLE};
use crate::checkpoint::{SignedCheckpoint, Untrusted};
use crate::disk::DiskFile;
use crate::error::Error;
use crate::folder::{Folder, SEALED, cut};
use crate::fsck::{Expected, Gone, Report, fsck};
use crate::hash::TreeHash;
use crate::note::MAX_NOTE;
use crate::store::Source;
use crate::tile::{HEIGHT, LEVELS, Resource, Tile, WIDTH};
use crate::tree::Frontier;

const HEADER: &[u8; 16] = b"tlog-sealed-v1\n\0";
const END: &[u8; 16] = b"tlog-sealed-end\n";
const FOOTER: usize = 5 * 8 + 32 + 16;
const INDEXED: usize = 4 + 16;
/// Set in the length of a block that holds hashes.
const HASHES: u32 = 1 << 31;
/// How hard it is compressed: beyond, little is won.
const LEVEL: i32 = 12;
/// More than the blocks of any log that fits a disk.
const MAX_INDEX: u64 = 1 << 30;

/// A sealed log.
#[derive(Debug)]
pub struct Sealed {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    size: u64,
    blocks: Vec<Placed>,
    tiles: Vec<u8>,
    /// Where the tiles begin in the file.
    tiles_at: u64,
    checkpoint: Vec<u8>,
    /// The block that was read last: its entries and its tile are asked for together.
    last: Mutex<Option<(u64, Block)>>,
}

/// A block as the index has it.
#[derive(Debug, Clone, Copy)]
struct Placed {
    /// Where it begins in the file.
    at: u64,
    length: u32,
    holds_hashes: bool,
    /// The beginning of its hash.
    hash: [u8; 16],
}

/// What a block holds.
#[derive(Debug, Clone)]
enum Block {
    /// A bundle.
    Entries(Vec<u8>),
    /// The leaf hashes of one whose entries were deleted.
    Hashes(Vec<u8>),
}

impl Sealed {
    /// Seals a log that was closed: checks all of it, writes the one file, checks that, and takes the tiles and bundles
    /// away. The checkpoint stays beside. What was interrupted is taken up again. Of bundles that are expected to be
    /// gone the hashes are kept.
    pub fn seal(folder: &Folder, expected: &Expected<'_>) -> Result<Self, Error> {
        let _lock = folder.lock()?;
        let path = folder.root.join(SEALED);
        let there = folder.disk.list(&folder.root).map_err(Error::io(&folder.root))?;
        if !there.iter().any(|(name, _)| name == SEALED) {
            write(folder, expected)?;
        }
        let sealed = Self::open(folder)?;
        let report = sealed.fsck(expected)?;
        if let Some(defect) = report.defects.into_iter().next() {
            return Err(Error::damaged(defect.file, defect.offset, defect.reason));
        }
        for name in ["tile", "wal", "new"] {
            clear(folder, &folder.root.join(name))?;
        }
        let root = std::slice::from_ref(&folder.root);
        folder.disk.sync(&folder.root, &[], root).map_err(Error::io(&path))?;
        Ok(sealed)
    }

    /// Opens what [`Sealed::seal`] made.
    pub fn open(folder: &Folder) -> Result<Self, Error> {
        let path = folder.root.join(SEALED);
        let file = match folder.disk.open_read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::Missing { path });
            }
            outcome => outcome.map_err(Error::io(&path))?,
        };
        let length = file.size().map_err(Error::io(&path))?;
        let refuse = |offset, reason: &str| Err(Error::damaged(SEALED, offset, reason));
        let footer_at = match length.checked_sub(FOOTER as u64) {
            Some(at) if at >= HEADER.len() as u64 => at,
            _ => return refuse(length, "the file is cut off"),
        };
        let read = |offset: u64, length: u64| {
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
            file.read_at(offset, &mut bytes).map(|()| bytes).map_err(Error::io(&path))
        };
        let header = read(0, HEADER.len() as u64)?;
        if let Some(at) = header.iter().zip(HEADER).position(|(found, wanted)| found != wanted) {
            return refuse(at as u64, "not the beginning of a sealed log");
        }
        let footer = read(footer_at, FOOTER as u64)?;
        let (numbers, rest) = footer.split_at(5 * 8);
        let (hash, end) = rest.split_at(32);
        if let Some(at) = end.iter().zip(END).position(|(found, wanted)| found != wanted) {
            return refuse(
                footer_at + 72 + at as u64,
                "not the end of a sealed log: the file is cut off or damaged",
            );
        }
        let mut numbers_read = numbers.as_chunks::<8>().0.iter().map(|number| u64::from_be_bytes(*number));
        let mut number = || numbers_read.next().unwrap_or(u64::MAX);
        let (size, blocks, tiles, index, note) = (number(), number(), number(), number(), number());
        let wanted_index = size.div_ceil(WIDTH).saturating_mul(INDEXED as u64);
        let parts =
            [HEADER.len() as u64, blocks, tiles, index, note].into_iter().try_fold(0, u64::checked_add);
        let fits = parts == Some(footer_at)
            && index == wanted_index
            && index <= MAX_INDEX
            && tiles == tiles_length(size)
            && note <= MAX_NOTE as u64;
        if !fits {
            return refuse(footer_at, "the lengths of the parts are not those of the file");
        }
        let tiles_at = HEADER.len() as u64 + blocks;
        let tiles = read(tiles_at, tiles)?;
        let index_at = tiles_at + tiles.len() as u64;
        let index = read(index_at, index)?;
        let checkpoint = read(index_at + index.len() as u64, note)?;
        let (mut at, mut placed) = (HEADER.len() as u64, Vec::new());
        for entry in index.as_chunks::<INDEXED>().0 {
            let (length, hash) = entry.split_at(4);
            let length = length.first_chunk().map_or(0, |length| u32::from_be_bytes(*length));
            let (length, holds_hashes) = (length & !HASHES, length & HASHES != 0);
            let hash = hash.first_chunk().copied().unwrap_or_default();
            placed.push(Placed { at, length, holds_hashes, hash });
            at += u64::from(length);
        }
        let sealed =
            Self { file, path, size, blocks: placed, tiles, tiles_at, checkpoint, last: Mutex::new(None) };
        if sealed.sum(&index, numbers) != hash {
            let (offset, reason) = sealed.odd_part(&index, index_at);
            return refuse(offset, reason);
        }
        Ok(sealed)
    }

    fn sum(&self, index: &[u8], numbers: &[u8]) -> [u8; 32] {
        let hash = Sha256::new().chain_update(&self.tiles).chain_update(index);
        hash.chain_update(&self.checkpoint).chain_update(numbers).finalize().into()
    }

    /// Where the parts behind the blocks go wrong, as the blocks tell.
    fn odd_part(&self, index: &[u8], index_at: u64) -> (u64, &'static str) {
        let mut at = HEADER.len() as u64;
        let mut derived = Derived::default();
        for (number, found) in index.as_chunks::<INDEXED>().0.iter().enumerate() {
            let (Some(block), holds_hashes) = self.block_at(at, number as u64, found) else {
                return (at, "a block is damaged, or what stands behind it");
            };
            let right = indexed(&block, holds_hashes);
            if let Some(byte) = right.iter().zip(found).position(|(right, found)| right != found) {
                return (
                    index_at + (number * INDEXED + byte) as u64,
                    "the index is damaged, or the block it names",
                );
            }
            at += block.len() as u64;
            match opened(block, holds_hashes) {
                Ok(block) => derived.take(&block),
                Err(reason) => return (at, reason),
            }
        }
        match derived.tiles().iter().zip(&self.tiles).position(|(right, found)| right != found) {
            Some(byte) => (self.tiles_at + byte as u64, "a tile is damaged"),
            None => (index_at + index.len() as u64, "the checkpoint or the footer is damaged"),
        }
    }

    /// The block that begins at an offset, and whether it holds hashes: as its hash in the index says, or else as the
    /// index says.
    fn block_at(&self, at: u64, number: u64, indexed_as: &[u8; INDEXED]) -> (Option<Vec<u8>>, bool) {
        let width = Tile::of_tree(0, number, self.size).map_or(0, |tile| usize::from(tile.width()));
        let mut hashes = vec![0; width * TreeHash::LEN];
        let hashes = self.file.read_at(at, &mut hashes).is_ok().then_some(hashes);
        let frame = self.frame(at);
        let same = |block: &Option<Vec<u8>>| {
            block.as_ref().is_some_and(|block| indexed(block, false).get(4..) == indexed_as.get(4..))
        };
        match (same(&frame), same(&hashes)) {
            (true, _) => (frame, false),
            (_, true) => (hashes, true),
            _ if indexed_as.first().is_some_and(|first| first & 0x80 != 0) => (hashes, true),
            _ => (frame, false),
        }
    }

    /// The frame that begins at an offset, by what it says of its own length.
    fn frame(&self, at: u64) -> Option<Vec<u8>> {
        let most = zstd::zstd_safe::compress_bound(MAX_BUNDLE) as u64;
        let mut bytes = vec![0; usize::try_from(self.tiles_at.checked_sub(at)?.min(most)).ok()?];
        self.file.read_at(at, &mut bytes).ok()?;
        let length = zstd::zstd_safe::find_frame_compressed_size(&bytes).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }

    /// What a block holds, as its hash in the index says.
    fn block(&self, number: u64) -> Result<Option<Block>, Error> {
        let block = usize::try_from(number).ok().and_then(|number| self.blocks.get(number));
        let Some(Placed { at, length, holds_hashes, hash }) = block.copied() else { return Ok(None) };
        let damaged = |reason| Error::damaged(SEALED, at, reason);
        if at + u64::from(length) > self.tiles_at {
            return Err(damaged("a block is longer than the file says"));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.file.read_at(at, &mut bytes).map_err(Error::io(&self.path))?;
        if indexed(&bytes, holds_hashes).get(4..) != Some(hash.as_slice()) {
            return Err(damaged("a block is damaged"));
        }
        opened(bytes, holds_hashes).map(Some).map_err(damaged)
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<(u64, Block)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Entries in the log.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Derives everything anew: each block against its hash and its entries against the tiles, and all of it against the
    /// checkpoint, its keys, and checkpoints that were seen elsewhere.
    pub fn fsck(&self, expected: &Expected<'_>) -> Result<Report, Error> {
        fsck(self, expected)
    }
}

impl Source for Sealed {
    fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, Error> {
        let tile = match resource {
            Resource::Checkpoint => return Ok(Some(self.checkpoint.clone())),
            Resource::Tile(tile) | Resource::Entries(tile) => tile,
        };
        match Tile::of_tree(tile.level(), tile.index(), self.size) {
            Some(there) if there.width() >= tile.width() => {}
            _ => return Ok(None),
        }
        if tile.level() > 0 {
            let at = (1..tile.level()).map(|level| level_length(self.size, level)).sum::<u64>();
            let at = usize::try_from(at + tile.index() * WIDTH * TreeHash::LEN as u64).unwrap_or(usize::MAX);
            let end = at.saturating_add(usize::from(tile.width()) * TreeHash::LEN);
            return Ok(self.tiles.get(at..end).map(<[u8]>::to_vec));
        }
        let known = self.last().take().filter(|(index, _)| *index == tile.index());
        let block = match known {
            Some((_, block)) => block,
            None => match self.block(tile.index())? {
                Some(block) => block,
                None => return Ok(None),
            },
        };
        *self.last() = Some((tile.index(), block.clone()));
        let (entries, hashes) = (Resource::Entries(tile), Resource::Tile(tile));
        match (resource, block) {
            (Resource::Entries(_), Block::Hashes(_)) => Ok(None),
            (_, Block::Hashes(bytes)) => cut(hashes, tile.width(), hashes, bytes).map(Some),
            (Resource::Entries(_), Block::Entries(bytes)) => {
                cut(entries, tile.width(), entries, bytes).map(Some)
            }
            (_, Block::Entries(bytes)) => {
                let bundle = cut(entries, tile.width(), entries, bytes)?;
                let leaves = bundle::Entries::new(&bundle).flatten().map(|entry| TreeHash::leaf(entry.1).0);
                Ok(Some(leaves.flatten().collect()))
            }
        }
    }

    fn extent(&self) -> Result<Option<u64>, Error> {
        Ok(Some(self.size))
    }
}

/// The tiles above the leaves, as they follow from bundles.
#[derive(Default)]
struct Derived {
    frontier: Frontier,
    levels: Vec<Vec<u8>>,
}

impl Derived {
    fn take(&mut self, block: &Block) {
        match block {
            Block::Entries(bundle) => {
                bundle::Entries::new(bundle).flatten().for_each(|(_, entry)| self.leaf(TreeHash::leaf(entry)))
            }
            Block::Hashes(hashes) => {
                hashes.as_chunks().0.iter().for_each(|hash| self.leaf(TreeHash(*hash)));
            }
        }
    }

    fn leaf(&mut self, leaf: TreeHash) {
        let levels = &mut self.levels;
        self.frontier.push(leaf, |height, hash| {
            if height.is_multiple_of(HEIGHT) {
                let level = (height / HEIGHT) as usize - 1;
                if levels.len() <= level {
                    levels.resize_with(level + 1, Vec::new);
                }
                if let Some(hashes) = levels.get_mut(level) {
                    hashes.extend_from_slice(&hash.0);
                }
            }
        });
    }

    fn tiles(&self) -> Vec<u8> {
        self.levels.concat()
    }
}

/// Bytes of all tiles of a level.
fn level_length(size: u64, level: u8) -> u64 {
    size.checked_shr(HEIGHT * u32::from(level)).unwrap_or(0) * TreeHash::LEN as u64
}

fn tiles_length(size: u64) -> u64 {
    (1..LEVELS).map(|level| level_length(size, level)).sum()
}

/// What the index says of a block.
fn indexed(block: &[u8], holds_hashes: bool) -> [u8; INDEXED] {
    let mut entry = [0; INDEXED];
    let (length, hash) = entry.split_at_mut(4);
    let flag = if holds_hashes { HASHES } else { 0 };
    length.copy_from_slice(&(u32::try_from(block.len()).unwrap_or(u32::MAX) | flag).to_be_bytes());
    hash.copy_from_slice(Sha256::digest(block).get(..16).unwrap_or_default());
    entry
}

fn opened(block: Vec<u8>, holds_hashes: bool) -> Result<Block, &'static str> {
    if holds_hashes { Ok(Block::Hashes(block)) } else { inflate(&block).map(Block::Entries) }
}

fn inflate(block: &[u8]) -> Result<Vec<u8>, &'static str> {
    let damaged = "a block does not decompress";
    let decoder = zstd::stream::read::Decoder::with_buffer(block).map_err(|_| damaged)?;
    let mut bytes = Vec::new();
    decoder.take(MAX_BUNDLE as u64 + 1).read_to_end(&mut bytes).map_err(|_| damaged)?;
    if bytes.len() > MAX_BUNDLE { Err("a block holds more than a bundle can") } else { Ok(bytes) }
}

fn write(folder: &Folder, expected: &Expected<'_>) -> Result<(), Error> {
    let note = match folder.read(Resource::Checkpoint)? {
        Some(bytes) => bytes,
        None => return Err(Error::Missing { path: folder.root.clone() }),
    };
    let untrusted = |error: Untrusted| Error::Checkpoint { file: "checkpoint".to_owned(), error };
    let signed = SignedCheckpoint::open(&note, expected.origin, expected.keys).map_err(untrusted)?;
    let checkpoint = signed.checkpoint();
    let wal = folder.root.join("wal");
    if !folder.disk.list(&wal).unwrap_or_default().is_empty() {
        return Err(Error::Unclosed { path: folder.root.clone() });
    }
    let beside = folder.root.join("new").join(SEALED);
    folder.disk.create_dir(&folder.root.join("new")).map_err(Error::io(&beside))?;
    let mut file = folder.disk.create(&beside).map_err(Error::io(&beside))?;
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        file.write_at(at, bytes).map_err(Error::io(&beside))?;
        at += bytes.len() as u64;
        Ok::<u64, Error>(at)
    };
    put(HEADER)?;
    let (mut derived, mut index) = (Derived::default(), Vec::new());
    let (mut blocks, gone) = (0_u64, Gone::of(expected.gone));
    for number in 0..checkpoint.size().div_ceil(WIDTH) {
        let Some(tile) = Tile::of_tree(0, number, checkpoint.size()) else { continue };
        let resource = Resource::Entries(tile);
        let (block, holds_hashes) = match folder.read(resource)? {
            Some(bytes) => {
                let compressed = zstd::bulk::compress(&bytes, LEVEL).map_err(Error::io(&beside))?;
                derived.take(&Block::Entries(bytes));
                (compressed, false)
            }
            None if gone.holds(tile) => {
                let Some(hashes) = folder.read(Resource::Tile(tile))? else {
                    return Err(Error::damaged(Resource::Tile(tile), 0, "the tile is missing: run `fsck`"));
                };
                derived.take(&Block::Hashes(hashes.clone()));
                (hashes, true)
            }
            None => return Err(Error::damaged(resource, 0, "the bundle is missing: run `fsck`")),
        };
        index.extend_from_slice(&indexed(&block, holds_hashes));
        blocks += block.len() as u64;
        put(&block)?;
    }
    if (derived.frontier.size(), derived.frontier.root()) != (checkpoint.size(), checkpoint.root()) {
        let reason = "the entries do not lead to the root that was signed: run `fsck`";
        return Err(Error::damaged("checkpoint", 0, reason));
    }
    let tiles = derived.tiles();
    let lengths = [checkpoint.size(), blocks, tiles.len() as u64, index.len() as u64, note.len() as u64];
    let numbers: Vec<u8> = lengths.iter().flat_map(|number| number.to_be_bytes()).collect();
    let hash =
        Sha256::new().chain_update(&tiles).chain_update(&index).chain_update(&note).chain_update(&numbers);
    put(&[&tiles, &index, &note, &numbers, hash.finalize().as_slice(), END.as_slice()].concat())?;
    file.sync().map_err(Error::io(&beside))?;
    let path = folder.root.join(SEALED);
    folder.disk.rename(&beside, &path).map_err(Error::io(&path))?;
    let root = std::slice::from_ref(&folder.root);
    folder.disk.sync(&folder.root, &[], root).map_err(Error::io(&path))
}

/// Takes a folder away with all that is in it.
fn clear(folder: &Folder, path: &Path) -> Result<(), Error> {
    let names = match folder.disk.list(path) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io(path)(error)),
    };
    for (name, is_folder) in names {
        let path = path.join(name);
        if is_folder {
            clear(folder, &path)?;
        } else {
            folder.disk.remove(&path).map_err(Error::io(&path))?;
        }
    }
    folder.disk.remove_dir(path).map_err(Error::io(path))
}
