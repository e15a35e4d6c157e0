//! A disk in memory that fails on cue, for tests of what is built on a log.
//!
//! It keeps what was synced apart from what was only written. [`FaultyDisk::crash`] gives a disk as it may look after
//! the power went: each write that was not synced is there, is not, or is there in parts of 512 bytes; each name is as
//! it was when its folder was synced, or as it became at any time since.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::bucket::{Object, Objects};
use crate::disk::{Disk, DiskFile};

const SECTOR: usize = 512;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The process is gone: this operation and all after it fail.
    Kill,
    /// From this operation on nothing can be written, until [`FaultyDisk::relent`].
    Full,
    /// From this operation on nothing can be changed, until [`FaultyDisk::relent`].
    ReadOnly,
    /// This operation fails if it is a sync, and what it should have made durable is lost.
    SyncLost,
}

/// What of the writes that were not synced is there after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsynced {
    /// All: only the process died.
    Kept,
    /// None.
    Lost,
    /// Some, by a seed: kept, lost and torn, in any order.
    Mixed(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Debug, Clone, Default)]
struct Contents {
    durable: Vec<u8>,
    now: Vec<u8>,
    unsynced: Vec<(usize, Vec<u8>)>,
}

#[derive(Debug, Clone, Default)]
struct Name {
    durable: Option<Node>,
    since: Vec<Option<Node>>,
}

impl Name {
    fn now(&self) -> Option<Node> {
        self.since.last().copied().unwrap_or(self.durable)
    }
}

#[derive(Debug, Default)]
struct State {
    files: Vec<Contents>,
    names: BTreeMap<PathBuf, Name>,
    locked: BTreeSet<PathBuf>,
    operations: u64,
    fault: Option<(u64, Fault)>,
}

/// A disk in memory.
#[derive(Debug, Clone, Default)]
pub struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Write,
    Change,
    Sync,
}

impl State {
    /// Counts an operation, and fails it where that is planned.
    fn operation(&mut self, kind: Kind) -> io::Result<()> {
        self.operations += 1;
        let Some((from, fault)) = self.fault else { return Ok(()) };
        if self.operations < from {
            return Ok(());
        }
        match fault {
            Fault::Kill => Err(io::Error::other("the process was killed")),
            Fault::Full if kind == Kind::Write => Err(io::ErrorKind::StorageFull.into()),
            Fault::ReadOnly if kind != Kind::Sync => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            Fault::SyncLost if kind == Kind::Sync && self.operations == from => {
                Err(io::Error::other("a write came back with an error"))
            }
            _ => Ok(()),
        }
    }

    fn node(&self, path: &Path) -> Option<Node> {
        if path.parent().is_none() { Some(Node::Folder) } else { self.names.get(path)?.now() }
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.node(path) {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn parent(&self, path: &Path) -> io::Result<()> {
        match path.parent().and_then(|parent| self.node(parent)) {
            Some(Node::Folder) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn set(&mut self, path: &Path, node: Option<Node>) {
        self.names.entry(path.to_owned()).or_default().since.push(node);
    }

    fn contents(&mut self, file: usize) -> io::Result<&mut Contents> {
        self.files.get_mut(file).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_file(&mut self, file: usize) -> io::Result<()> {
        let failed = self.operation(Kind::Sync);
        let lost = failed.is_err() && matches!(self.fault, Some((_, Fault::SyncLost)));
        let contents = self.contents(file)?;
        if lost {
            contents.unsynced.clear();
        }
        failed?;
        for (offset, written) in std::mem::take(&mut contents.unsynced) {
            put(&mut contents.durable, offset, &written);
        }
        Ok(())
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.operation(Kind::Sync)?;
        for (path, name) in &mut self.names {
            if path.parent() == Some(folder) {
                name.durable = name.now();
                name.since.clear();
            }
        }
        Ok(())
    }
}

impl FaultyDisk {
    /// A disk with an empty root, `/`.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many operations changed or synced something so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Fails at the operation of this number, counted from 1.
    pub fn fail(&self, operation: u64, fault: Fault) {
        self.state().fault = Some((operation, fault));
    }

    /// Nothing fails from here on.
    pub fn relent(&self) {
        self.state().fault = None;
    }

    /// Turns bits of a byte of a file; false where there is no such byte.
    #[must_use]
    pub fn flip(&self, path: &Path, offset: usize, bits: u8) -> bool {
        let mut state = self.state();
        let Ok(file) = state.file(path) else { return false };
        let Ok(contents) = state.contents(file) else { return false };
        for bytes in [&mut contents.now, &mut contents.durable] {
            match bytes.get_mut(offset) {
                Some(byte) => *byte ^= bits,
                None => return false,
            }
        }
        true
    }

    /// The disk as it may look after a crash. This one is left as it is.
    pub fn crash(&self, unsynced: Unsynced) -> Self {
        let state = self.state();
        let mut chance = Chance(match unsynced {
            Unsynced::Mixed(seed) => seed,
            _ => 0,
        });
        let mut after = State::default();
        for contents in &state.files {
            let mut bytes = contents.durable.clone();
            for (offset, written) in &contents.unsynced {
                match unsynced {
                    Unsynced::Kept => put(&mut bytes, *offset, written),
                    Unsynced::Lost => {}
                    Unsynced::Mixed(_) => match chance.below(3) {
                        0 => put(&mut bytes, *offset, written),
                        1 => {}
                        _ => {
                            for (at, sector) in written.chunks(SECTOR).enumerate() {
                                if chance.below(2) == 0 {
                                    put(&mut bytes, offset + at * SECTOR, sector);
                                }
                            }
                        }
                    },
                }
            }
            after.files.push(Contents { durable: bytes.clone(), now: bytes, unsynced: Vec::new() });
        }
        for (path, name) in &state.names {
            let node = match unsynced {
                Unsynced::Kept => name.now(),
                Unsynced::Lost => name.durable,
                Unsynced::Mixed(_) => match name.since.get(chance.below(name.since.len() + 1)) {
                    Some(node) => *node,
                    None => name.durable,
                },
            };
            // A name below a folder that did not survive did not either. Folders come before what is in them.
            let above = path.parent().is_none_or(|parent| after.node(parent) == Some(Node::Folder));
            if let (Some(node), true) = (node, above) {
                after.names.insert(path.clone(), Name { durable: Some(node), since: Vec::new() });
            }
        }
        Self { state: Arc::new(Mutex::new(after)) }
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, written: &[u8]) {
    let end = offset + written.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(offset..end) {
        place.copy_from_slice(written);
    }
}

/// Numbers that look like chance and follow from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        usize::try_from(z % end.max(1) as u64).unwrap_or(0)
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        match state.node(path) {
            Some(Node::Folder) => return Ok(()),
            Some(Node::File(_)) => return Err(io::ErrorKind::AlreadyExists.into()),
            None => {}
        }
        state.parent(path)?;
        state.operation(Kind::Write)?;
        state.set(path, Some(Node::Folder));
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.parent(path)?;
        state.operation(Kind::Write)?;
        let file = state.files.len();
        state.files.push(Contents::default());
        state.set(path, Some(Node::File(file)));
        Ok(Box::new(FaultyFile { disk: self.clone(), file }))
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.open(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.state().file(path)?;
        Ok(Box::new(FaultyFile { disk: self.clone(), file }))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        let file = state.file(path)?;
        let bytes = state.contents(file)?.now.clone();
        if bytes.len() as u64 > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let file = state.file(from)?;
        state.parent(to)?;
        state.operation(Kind::Change)?;
        state.set(from, None);
        state.set(to, Some(Node::File(file)));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.file(path)?;
        state.operation(Kind::Change)?;
        state.set(path, None);
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        if state.node(path) != Some(Node::Folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let full = state.names.iter().any(|(at, name)| at.parent() == Some(path) && name.now().is_some());
        if full {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        state.operation(Kind::Change)?;
        state.set(path, None);
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, bool)>> {
        let state = self.state();
        if state.node(path) != Some(Node::Folder) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let names = state.names.iter().filter(|(at, _)| at.parent() == Some(path));
        let names = names.filter_map(|(at, name)| {
            let name_text = at.file_name()?.to_string_lossy().into_owned();
            Some((name_text, name.now()? == Node::Folder))
        });
        Ok(names.collect())
    }

    fn sync(&self, _root: &Path, files: &[PathBuf], folders: &[PathBuf]) -> io::Result<()> {
        let mut state = self.state();
        for path in files {
            let file = state.file(path)?;
            state.sync_file(file)?;
        }
        folders.iter().try_for_each(|path| state.sync_folder(path))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send + Sync>> {
        let mut state = self.state();
        state.parent(path)?;
        if !state.locked.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(Held { disk: self.clone(), path: path.to_owned() }))
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    file: usize,
}

impl DiskFile for FaultyFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let bytes = &state.contents(self.file)?.now;
        let from = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let found = bytes.get(from..from.saturating_add(buffer.len())).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(found);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let outcome = state.operation(Kind::Write);
        let killed = matches!(state.fault, Some((at, Fault::Kill)) if at == state.operations);
        // A process that dies while it writes may have written.
        if outcome.is_ok() || killed {
            let contents = state.contents(self.file)?;
            let offset = usize::try_from(offset).map_err(|_| io::ErrorKind::FileTooLarge)?;
            put(&mut contents.now, offset, bytes);
            contents.unsynced.push((offset, bytes.to_owned()));
        }
        outcome
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.state().sync_file(self.file)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.state().contents(self.file)?.now.len() as u64)
    }
}

#[derive(Debug)]
struct Held {
    disk: FaultyDisk,
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.disk.state().locked.remove(&self.path);
    }
}

/// An object store in memory that fails on cue.
#[derive(Debug, Clone, Default)]
pub struct FaultyObjects {
    state: Arc<Mutex<Stored>>,
}

#[derive(Debug, Clone, Default)]
struct Stored {
    objects: BTreeMap<String, (Vec<u8>, u64)>,
    versions: u64,
    operations: u64,
    /// From this operation on all fail; whether the one that fails first was carried out.
    fault: Option<(u64, bool)>,
}

impl FaultyObjects {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, Stored> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many operations changed something so far.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Fails from the operation of this number on, counted from 1; `carried_out` says whether that one is carried out
    /// and only its answer lost.
    pub fn fail(&self, operation: u64, carried_out: bool) {
        self.state().fault = Some((operation, carried_out));
    }

    /// The store as it is, for the next process.
    pub fn restart(&self) -> Self {
        let state = Stored { fault: None, operations: 0, ..self.state().clone() };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    /// Changes something, unless that is to fail.
    fn change<T>(&self, work: impl FnOnce(&mut Stored) -> T) -> io::Result<T> {
        let mut state = self.state();
        state.operations += 1;
        match state.fault {
            Some((at, carried_out)) if state.operations >= at => {
                if state.operations == at && carried_out {
                    work(&mut state);
                }
                Err(io::Error::other("no answer came"))
            }
            _ => Ok(work(&mut state)),
        }
    }
}

impl Stored {
    fn write(&mut self, key: &str, bytes: &[u8]) -> bool {
        self.versions += 1;
        self.objects.insert(key.to_owned(), (bytes.to_owned(), self.versions));
        true
    }
}

impl Objects for FaultyObjects {
    fn get(&self, key: &str, limit: usize) -> io::Result<Option<Object>> {
        let state = self.state();
        if matches!(state.fault, Some((at, _)) if state.operations >= at) {
            return Err(io::Error::other("no answer came"));
        }
        match state.objects.get(key) {
            Some((bytes, _)) if bytes.len() > limit => Err(io::ErrorKind::FileTooLarge.into()),
            Some((bytes, version)) => Ok(Some(Object { bytes: bytes.clone(), tag: version.to_string() })),
            None => Ok(None),
        }
    }

    fn create(&self, key: &str, bytes: &[u8]) -> io::Result<bool> {
        self.change(|state| !state.objects.contains_key(key) && state.write(key, bytes))
    }

    fn replace(&self, key: &str, bytes: &[u8], tag: &str) -> io::Result<bool> {
        self.change(|state| {
            let same = state.objects.get(key).is_some_and(|(_, version)| version.to_string() == tag);
            same && state.write(key, bytes)
        })
    }

    fn put(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.change(|state| state.write(key, bytes)).map(|_| ())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let state = self.state();
        Ok(state.objects.keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        self.change(|state| state.objects.remove(key)).map(|_| ())
    }
}
