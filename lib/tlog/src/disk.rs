//! The file layer under a [`crate::Folder`]: what it asks of an operating system, and no more.
//!
//! [`OsDisk`] asks the one that is there. [`crate::faults::FaultyDisk`] keeps files in memory and fails on cue.

use std::fmt::Debug;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Files and folders. A write is durable once it was synced, and a name once its folder was.
pub trait Disk: Debug + Send + Sync {
    /// Makes a folder whose parent is there; fine where it is there already.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// A new file to write to; one of that name is emptied.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// A file that is there, to read from at any place.
    fn open_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// A file that is there, to write over.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// The whole of a file, or an error of kind `FileTooLarge` where it has more than `limit` bytes.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;
    /// Gives a file another name, in the place of a file that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Takes a file away.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Takes an empty folder away.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Names in a folder, sorted, and whether each is a folder. Links are not followed.
    fn list(&self, path: &Path) -> io::Result<Vec<(String, bool)>>;
    /// Makes files and the names in folders durable, all that lie below `root`.
    fn sync(&self, root: &Path, files: &[PathBuf], folders: &[PathBuf]) -> io::Result<()>;
    /// Holds a file for one process until the guard is let go; `WouldBlock` where another holds it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send + Sync>>;
}

/// An open file.
pub trait DiskFile: Debug + Send + Sync {
    /// Fills the buffer from an offset; an error of kind `UnexpectedEof` where the file ends before.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
    /// Writes all bytes at an offset; the file grows where they reach beyond its end.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes what was written durable, and the size of the file.
    fn sync(&mut self) -> io::Result<()>;
    /// Bytes in the file.
    fn size(&self) -> io::Result<u64>;
}

/// The disk of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsDisk;

/// So often it is looked whether another process let go of a log, and so long between: two seconds in all.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// From so many files on, syncing the whole file system is cheaper than each of them.
#[cfg(target_os = "linux")]
const MANY: usize = 16;

impl Disk for OsDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        // Whatever the process's mask lets: others read a log and put nothing into it.
        match fs::DirBuilder::new().mode(0o755).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            outcome => outcome,
        }
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = fs::File::options().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Box::new(OsFile(file)))
    }

    fn open_read(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OsFile(file(path)?)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OsFile(fs::File::options().read(true).write(true).open(path)?)))
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let file = file(path)?;
        let size = file.metadata()?.len();
        let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit)).unwrap_or(0));
        io::Read::read_to_end(&mut io::Read::take(file, limit.saturating_add(1)), &mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<(String, bool)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            names.push((entry.file_name().to_string_lossy().into_owned(), entry.file_type()?.is_dir()));
        }
        names.sort();
        Ok(names)
    }

    fn sync(&self, root: &Path, files: &[PathBuf], folders: &[PathBuf]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if files.len() >= MANY {
            return Ok(rustix::fs::syncfs(fs::File::open(root)?)?);
        }
        let _ = root;
        for path in files {
            fs::File::open(path)?.sync_all()?;
        }
        for path in folders {
            fs::File::open(path)?.sync_all()?;
        }
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Debug + Send + Sync>> {
        let file = fs::File::options().write(true).create(true).truncate(false).open(path)?;
        let mut looks = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                // Whoever writes to it may be at the end.
                Err(fs::TryLockError::WouldBlock) if looks < LOOKS => {
                    looks += 1;
                    std::thread::sleep(PAUSE);
                }
                Err(fs::TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
        // Somebody may take the file away, and a second process would lock a new one. The folder stays.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::File::open(folder.unwrap_or(Path::new(".")))?;
        match folder.try_lock() {
            Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            // Some file systems lock no folders: there the file alone holds.
            Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(Box::new((file, folder))),
        }
    }
}

/// A file to read. What is none, as a pipe that somebody laid there, would have its reader wait for ever.
fn file(path: &Path) -> io::Result<fs::File> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is not a file"));
    }
    fs::File::open(path)
}

#[derive(Debug)]
struct OsFile(fs::File);

impl DiskFile for OsFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}
