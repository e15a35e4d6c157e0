//! A finished log in one compressed file, from which all that it published can be served byte for byte.
//!
//! ```text
//! sealed = header, blocks, tiles, index, checkpoint, footer          numbers are big-endian
//! header     "tlog-sealed-v1\n" 0x00
//! blocks     one zstd frame for each entry bundle, in order
//! tiles      the tiles above the leaves, level by level, as they are served; those of the leaves follow from the entries
//! index      for each block: its length (u32), the first 16 bytes of its SHA-256
//! checkpoint the signed checkpoint
//! footer     size (u64), length of blocks, of tiles, of index, of checkpoint (u64 each), SHA-256 of tiles, index,
//!            checkpoint and the footer up to here, "tlog-sealed-end\n"
//! ```

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::bundle::{self, MAX_BUNDLE};
use crate::checkpoint::{Checkpoint, SignedCheckpoint, Untrusted};
use crate::disk::DiskFile;
use crate::error::Error;
use crate::folder::{Folder, SEALED, cut};
use crate::fsck::{Report, fsck};
use crate::hash::TreeHash;
use crate::key::VerifierKey;
use crate::note::MAX_NOTE;
use crate::store::Source;
use crate::tile::{HEIGHT, LEVELS, Resource, Tile, WIDTH};
use crate::tree::Frontier;

const HEADER: &[u8; 16] = b"tlog-sealed-v1\n\0";
const END: &[u8; 16] = b"tlog-sealed-end\n";
const FOOTER: usize = 5 * 8 + 32 + 16;
const INDEXED: usize = 4 + 16;
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
    /// For each block: where it begins, its length, and the beginning of its hash.
    blocks: Vec<(u64, u32, [u8; 16])>,
    tiles: Vec<u8>,
    /// Where the tiles begin in the file.
    tiles_at: u64,
    checkpoint: Vec<u8>,
    /// The bundle that was read last: its entries and its tile are asked for together.
    last: Mutex<Option<(u64, Vec<u8>)>>,
}

impl Sealed {
    /// Seals a log that was closed: checks all of it, writes the one file, checks that, and takes the tiles and bundles
    /// away. The checkpoint stays beside. What was interrupted is taken up again.
    pub fn seal(folder: &Folder, origin: &str, keys: &[VerifierKey]) -> Result<Self, Error> {
        let _lock = folder.lock()?;
        let path = folder.root.join(SEALED);
        let there = folder.disk.list(&folder.root).map_err(Error::io(&folder.root))?;
        if !there.iter().any(|(name, _)| name == SEALED) {
            write(folder, origin, keys)?;
        }
        let sealed = Self::open(folder)?;
        let report = sealed.fsck(origin, keys, &[])?;
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
            placed.push((at, length, hash.first_chunk().copied().unwrap_or_default()));
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
            let Some(block) = self.frame(at) else {
                return (at, "a block is damaged, or what stands behind it");
            };
            let right = indexed(&block);
            if let Some(byte) = right.iter().zip(found).position(|(right, found)| right != found) {
                return (
                    index_at + (number * INDEXED + byte) as u64,
                    "the index is damaged, or the block it names",
                );
            }
            match inflate(&block) {
                Ok(bundle) => derived.take(&bundle),
                Err(reason) => return (at, reason),
            }
            at += block.len() as u64;
        }
        match derived.tiles().iter().zip(&self.tiles).position(|(right, found)| right != found) {
            Some(byte) => (self.tiles_at + byte as u64, "a tile is damaged"),
            None => (index_at + index.len() as u64, "the checkpoint or the footer is damaged"),
        }
    }

    /// The block that begins at an offset, by what it says of its own length.
    fn frame(&self, at: u64) -> Option<Vec<u8>> {
        let most = zstd::zstd_safe::compress_bound(MAX_BUNDLE) as u64;
        let mut bytes = vec![0; usize::try_from(self.tiles_at.checked_sub(at)?.min(most)).ok()?];
        self.file.read_at(at, &mut bytes).ok()?;
        let length = zstd::zstd_safe::find_frame_compressed_size(&bytes).ok()?;
        bytes.truncate(length);
        Some(bytes)
    }

    /// The bundle in a block, as its hash in the index says.
    fn bundle(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        let block = usize::try_from(number).ok().and_then(|number| self.blocks.get(number));
        let Some((at, length, hash)) = block else { return Ok(None) };
        let damaged = |reason| Error::damaged(SEALED, *at, reason);
        if at + u64::from(*length) > self.tiles_at {
            return Err(damaged("a block is longer than the file says"));
        }
        let mut bytes = vec![0; usize::try_from(*length).unwrap_or(0)];
        self.file.read_at(*at, &mut bytes).map_err(Error::io(&self.path))?;
        if indexed(&bytes).get(4..) != Some(hash.as_slice()) {
            return Err(damaged("a block is damaged"));
        }
        inflate(&bytes).map(Some).map_err(damaged)
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<(u64, Vec<u8>)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Entries in the log.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Derives everything anew: each block against its hash and its entries against the tiles, and all of it against the
    /// checkpoint, its keys, and checkpoints that were `seen` elsewhere.
    pub fn fsck(&self, origin: &str, keys: &[VerifierKey], seen: &[Checkpoint]) -> Result<Report, Error> {
        fsck(self, origin, keys, seen)
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
        let bytes = match known {
            Some((_, bytes)) => bytes,
            None => match self.bundle(tile.index())? {
                Some(bytes) => bytes,
                None => return Ok(None),
            },
        };
        *self.last() = Some((tile.index(), bytes.clone()));
        let bundle = cut(Resource::Entries(tile), tile.width(), Resource::Entries(tile), bytes)?;
        if let Resource::Entries(_) = resource {
            return Ok(Some(bundle));
        }
        let mut hashes = Vec::with_capacity(usize::from(tile.width()) * TreeHash::LEN);
        for entry in bundle::Entries::new(&bundle).flatten() {
            hashes.extend_from_slice(&TreeHash::leaf(entry.1).0);
        }
        Ok(Some(hashes))
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
    fn take(&mut self, bundle: &[u8]) {
        for (_, entry) in bundle::Entries::new(bundle).flatten() {
            let levels = &mut self.levels;
            self.frontier.push(TreeHash::leaf(entry), |height, hash| {
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
fn indexed(block: &[u8]) -> [u8; INDEXED] {
    let mut entry = [0; INDEXED];
    let (length, hash) = entry.split_at_mut(4);
    length.copy_from_slice(&u32::try_from(block.len()).unwrap_or(u32::MAX).to_be_bytes());
    hash.copy_from_slice(Sha256::digest(block).get(..16).unwrap_or_default());
    entry
}

fn inflate(block: &[u8]) -> Result<Vec<u8>, &'static str> {
    let damaged = "a block does not decompress";
    let decoder = zstd::stream::read::Decoder::with_buffer(block).map_err(|_| damaged)?;
    let mut bytes = Vec::new();
    decoder.take(MAX_BUNDLE as u64 + 1).read_to_end(&mut bytes).map_err(|_| damaged)?;
    if bytes.len() > MAX_BUNDLE { Err("a block holds more than a bundle can") } else { Ok(bytes) }
}

fn write(folder: &Folder, origin: &str, keys: &[VerifierKey]) -> Result<(), Error> {
    let note = match folder.read(Resource::Checkpoint)? {
        Some(bytes) => bytes,
        None => return Err(Error::Missing { path: folder.root.clone() }),
    };
    let untrusted = |error: Untrusted| Error::Checkpoint { file: "checkpoint".to_owned(), error };
    let signed = SignedCheckpoint::open(&note, origin, keys).map_err(untrusted)?;
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
    let mut blocks = 0_u64;
    for number in 0..checkpoint.size().div_ceil(WIDTH) {
        let Some(resource) = Resource::entries_of(number, checkpoint.size()) else { continue };
        let Some(bytes) = folder.read(resource)? else {
            return Err(Error::damaged(resource, 0, "the bundle is missing: run `fsck`"));
        };
        derived.take(&bytes);
        let block = zstd::bulk::compress(&bytes, LEVEL).map_err(Error::io(&beside))?;
        index.extend_from_slice(&indexed(&block));
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
