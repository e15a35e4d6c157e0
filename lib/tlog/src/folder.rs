//! A log in a folder.
//!
//! ```text
//! checkpoint          the newest signed tree head
//! tile/...            tiles and entry bundles as c2sp.org/tlog-tiles lays them
//! wal/<number>        entries that may not be durable as files yet; empty where the log was closed
//! new/                files that are being written
//! lock                held by the one writer
//! ```

mod check;
mod segment;
mod wal;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::bundle::{self, MAX_BUNDLE};
use crate::disk::{Disk, OsDisk};
use crate::error::Error;
use crate::hash::TreeHash;
use crate::note::MAX_NOTE;
use crate::store::{Files, Opened, Source, Store, of_origin};
use crate::tile::{Resource, Tile};

/// How large a segment of the write-ahead log becomes before the next is begun, in bytes.
const SEGMENT_SIZE: u64 = 16 << 20;

/// The one file of a sealed log's entries.
pub(crate) const SEALED: &str = "sealed";

/// A folder for one log.
#[derive(Debug, Clone)]
pub struct Folder {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) root: PathBuf,
    segment_size: u64,
}

impl Folder {
    /// A folder of the operating system. Nothing is touched yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self::on(Arc::new(OsDisk), root)
    }

    /// A folder on another disk.
    pub fn on(disk: Arc<dyn Disk>, root: impl Into<PathBuf>) -> Self {
        Self { disk, root: root.into(), segment_size: SEGMENT_SIZE }
    }

    /// With another size of segments, in bytes.
    #[must_use]
    pub fn with_segment_size(self, segment_size: u64) -> Self {
        Self { segment_size, ..self }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.root
    }

    pub(crate) fn lock(&self) -> Result<Box<dyn Debug + Send + Sync>, Error> {
        let path = self.root.join("lock");
        self.disk.lock(&path).map_err(Error::io(&path))
    }

    fn opened(&self, origin: &str, lock: Box<dyn Debug + Send + Sync>) -> Result<Opened, Error> {
        let new = self.root.join("new");
        for (name, is_folder) in self.disk.list(&new).map_err(Error::io(&new))? {
            if !is_folder {
                let path = new.join(name);
                self.disk.remove(&path).map_err(Error::io(&path))?;
            }
        }
        let (wal, replay, cut) = wal::FolderWal::open(
            Arc::clone(&self.disk),
            self.root.join("wal"),
            origin,
            self.segment_size,
            lock,
        )?;
        let files = FolderFiles { folder: self.clone(), written: Mutex::new(Written::default()) };
        Ok(Opened { wal: Box::new(wal), files: Arc::new(files), replay, cut })
    }
}

impl Store for Folder {
    fn create(&self, origin: &str) -> Result<Opened, Error> {
        let folders = ["wal", "new", "tile"].map(|name| self.root.join(name));
        for path in std::iter::once(&self.root).chain(&folders) {
            self.disk.create_dir(path).map_err(Error::io(path))?;
        }
        let lock = self.lock()?;
        let found = |path: &Path| self.disk.list(path).map_err(Error::io(path));
        let checkpoint = found(&self.root)?.iter().any(|(name, _)| name == "checkpoint");
        if checkpoint || !found(&self.root.join("tile"))?.is_empty() {
            return Err(Error::Exists { path: self.root.clone() });
        }
        let mut above = vec![self.root.clone()];
        above.extend(self.root.parent().filter(|parent| !parent.as_os_str().is_empty()).map(Path::to_owned));
        self.disk.sync(&self.root, &[], &above).map_err(Error::io(&self.root))?;
        let opened = self.opened(origin, lock)?;
        match &opened.replay {
            Some(replay) if !replay.records.is_empty() => Err(Error::Exists { path: self.root.clone() }),
            _ => Ok(opened),
        }
    }

    fn open(&self, origin: &str) -> Result<Opened, Error> {
        let there = self.disk.list(&self.root).unwrap_or_default();
        if !there.iter().any(|(name, _)| name == "checkpoint") {
            return Err(Error::Missing { path: self.root.clone() });
        }
        if there.iter().any(|(name, _)| name == SEALED) {
            return Err(Error::Sealed { path: self.root.clone() });
        }
        let lock = self.lock()?;
        let checkpoint = self.read(Resource::Checkpoint)?;
        of_origin(&checkpoint.unwrap_or_default(), origin)?;
        // What a copy of a closed log may lack.
        for path in ["wal", "new", "tile"].map(|name| self.root.join(name)) {
            self.disk.create_dir(&path).map_err(Error::io(&path))?;
        }
        self.opened(origin, lock)
    }
}

impl Source for Folder {
    fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, Error> {
        let limit = match resource {
            Resource::Checkpoint => MAX_NOTE,
            Resource::Tile(_) => 256 * TreeHash::LEN,
            Resource::Entries(_) => MAX_BUNDLE,
        };
        let read = |resource: Resource| {
            let path = self.root.join(resource.to_string());
            match self.disk.read(&path, limit as u64) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                    let reason = "the file goes on behind what it can hold: restore it";
                    Err(Error::damaged(resource, limit as u64, reason))
                }
                Err(error) => Err(Error::io(&path)(error)),
            }
        };
        if let Some(bytes) = read(resource)? {
            return Ok(Some(bytes));
        }
        let (Resource::Tile(tile) | Resource::Entries(tile)) = resource else { return Ok(None) };
        if tile.is_full() {
            return Ok(None);
        }
        let mut fuller: Vec<Resource> = vec![resource.filled()];
        fuller.extend(self.widths(resource)?.into_iter().filter(|width| *width > tile.width()).filter_map(
            |width| {
                let tile = Tile::new(tile.level(), tile.index(), width)?;
                Some(match resource {
                    Resource::Tile(_) => Resource::Tile(tile),
                    _ => Resource::Entries(tile),
                })
            },
        ));
        for fuller in fuller {
            if let Some(bytes) = read(fuller)? {
                return cut(resource, tile.width(), fuller, bytes).map(Some);
            }
        }
        Ok(None)
    }

    fn extent(&self) -> Result<Option<u64>, Error> {
        self.bundled().map(Some)
    }
}

/// The beginning of a fuller resource.
pub(crate) fn cut(
    resource: Resource,
    width: u16,
    fuller: Resource,
    mut bytes: Vec<u8>,
) -> Result<Vec<u8>, Error> {
    let length = match resource {
        Resource::Checkpoint => bytes.len(),
        Resource::Tile(_) => usize::from(width) * TreeHash::LEN,
        Resource::Entries(_) => match bundle::prefix(&bytes, width) {
            Ok(prefix) => prefix.len(),
            Err(error) => return Err(Error::damaged(fuller, error.offset() as u64, error.reason())),
        },
    };
    bytes.truncate(length);
    Ok(bytes)
}

impl Folder {
    /// Widths of the partial files at a place, smallest first.
    pub(crate) fn widths(&self, place: Resource) -> Result<Vec<u16>, Error> {
        let path = self.root.join(format!("{}.p", place.filled()));
        let mut widths: Vec<u16> = match self.disk.list(&path) {
            Ok(names) => names.iter().filter_map(|(name, _)| name.parse().ok()).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::io(&path)(error)),
        };
        widths.sort_unstable();
        Ok(widths)
    }
}

#[derive(Debug)]
struct FolderFiles {
    folder: Folder,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    /// Folders that are known to be there.
    folders: BTreeSet<PathBuf>,
    /// Folders with names that may not be durable.
    names: BTreeSet<PathBuf>,
    /// Files that may not be durable.
    files: BTreeSet<PathBuf>,
    /// A sync failed: what the disk holds is not known.
    lost: bool,
    count: u64,
}

impl FolderFiles {
    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a file beside, and gives where it lies.
    fn beside(&self, written: &mut Written, bytes: &[u8], durable: bool) -> Result<PathBuf, Error> {
        written.count += 1;
        let path = self.folder.root.join("new").join(written.count.to_string());
        let write = || {
            let mut file = self.folder.disk.create(&path)?;
            file.write_at(0, bytes)?;
            if durable { file.sync() } else { Ok(()) }
        };
        match write() {
            Ok(()) => Ok(path),
            Err(error) => {
                let _left = self.folder.disk.remove(&path);
                Err(Error::io(&path)(error))
            }
        }
    }

    fn folder_of(&self, written: &mut Written, path: &Path) -> Result<(), Error> {
        let Some(folder) = path.parent() else { return Ok(()) };
        let below = folder.strip_prefix(&self.folder.root).unwrap_or(folder);
        let mut at = self.folder.root.clone();
        for part in below.components() {
            let above = at.clone();
            at.push(part);
            if !written.folders.contains(&at) {
                self.folder.disk.create_dir(&at).map_err(Error::io(&at))?;
                written.folders.insert(at.clone());
                written.names.insert(above);
            }
        }
        written.names.insert(at);
        Ok(())
    }
}

impl Source for FolderFiles {
    fn read(&self, resource: Resource) -> Result<Option<Vec<u8>>, Error> {
        self.folder.read(resource)
    }
}

impl Files for FolderFiles {
    fn write(&self, resource: Resource, bytes: &[u8]) -> Result<(), Error> {
        let mut written = self.written();
        let path = self.folder.root.join(resource.to_string());
        self.folder_of(&mut written, &path)?;
        let beside = self.beside(&mut written, bytes, false)?;
        self.folder.disk.rename(&beside, &path).map_err(Error::io(&path))?;
        written.files.insert(path);
        Ok(())
    }

    fn sync(&self) -> Result<(), Error> {
        let mut written = self.written();
        if written.lost {
            return Err(Error::Poisoned);
        }
        let files: Vec<PathBuf> = written.files.iter().cloned().collect();
        let names: Vec<PathBuf> = written.names.iter().cloned().collect();
        if let Err(error) = self.folder.disk.sync(&self.folder.root, &files, &names) {
            written.lost = true;
            return Err(Error::io(&self.folder.root)(error));
        }
        written.files.clear();
        written.names.clear();
        Ok(())
    }

    fn unsynced(&self) -> usize {
        self.written().files.len()
    }

    fn publish(&self, checkpoint: &str) -> Result<(), Error> {
        let mut written = self.written();
        if written.lost {
            return Err(Error::Poisoned);
        }
        let beside = self.beside(&mut written, checkpoint.as_bytes(), true)?;
        let path = self.folder.root.join("checkpoint");
        self.folder.disk.rename(&beside, &path).map_err(Error::io(&path))?;
        let root = std::slice::from_ref(&self.folder.root);
        self.folder.disk.sync(&self.folder.root, &[], root).map_err(Error::io(&path))
    }

    fn tidy(&self, place: Resource, keep: &[u16]) -> Result<(), Error> {
        let mut written = self.written();
        let folder = self.folder.root.join(format!("{}.p", place.filled()));
        let mut left = false;
        for width in self.folder.widths(place)? {
            if keep.contains(&width) {
                left = true;
                continue;
            }
            let path = folder.join(width.to_string());
            self.folder.disk.remove(&path).map_err(Error::io(&path))?;
            written.files.remove(&path);
            written.names.insert(folder.clone());
        }
        if !left && self.folder.disk.remove_dir(&folder).is_ok() {
            written.folders.remove(&folder);
            written.names.remove(&folder);
            written.names.extend(folder.parent().map(Path::to_owned));
        }
        Ok(())
    }
}
