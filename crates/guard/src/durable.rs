//! Files that are there whole and durable, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever the process's mask lets.
    Shared,
    /// The owner alone.
    Owner,
}

fn options(access: Access) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if access == Access::Owner {
        options.mode(0o600);
    }
    options
}

/// Puts a file in place of what is there, by a new file beside it and a rename; durable when it returns.
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    replace_held(path, bytes, access).map(drop)
}

/// [`replace`], by a file that this process holds before it has the name.
pub(crate) fn replace_held(path: &Path, bytes: &[u8], access: Access) -> io::Result<File> {
    let beside = beside(path)?;
    // What an earlier process left half written.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = options(access).read(true).open(&beside)?;
    let written = hold(&file)
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if let Err(error) = written {
        // The error that matters is the first.
        let _ = fs::remove_file(&beside);
        return Err(error);
    }
    sync_folder(path)?;
    Ok(file)
}

/// Whether a file has its name still: where a replacement failed, nothing was put in its place.
pub(crate) fn has_name(file: &File, path: &Path) -> bool {
    let of = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let named = fs::symlink_metadata(path).map(of);
    file.metadata().map(of).is_ok_and(|own| named.is_ok_and(|named| named == own))
}

/// Writes a file that must not be there yet.
pub fn create(path: &Path, bytes: &[u8], access: Access) -> io::Result<File> {
    let mut file = options(access).read(true).open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| sync_folder(path));
    if let Err(error) = written {
        // It was made here, and half of it is nothing. The error that matters is the first.
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok(file)
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(path.with_file_name(format!(".{}.new", name.to_string_lossy())))
}

/// So often it is looked whether another process let go of a file, and so long between: two seconds in all.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);
/// For how long that is.
pub const WAITED: &str = "2 seconds";

/// Holds a file for one process, until what comes back is let go. Where another holds it, it is waited for two seconds,
/// and then it is `WouldBlock`.
pub fn lock(path: &Path) -> io::Result<File> {
    for _ in 0..LOOKS {
        // Nobody else is to hold it.
        let file = options(Access::Owner).create_new(false).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            // Whoever held it may have taken it away when they let go.
            Ok(()) if has_name(&file, path) => return Ok(file),
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::WouldBlock,
        format!("another process uses it, and did so for {WAITED}: wait for it, or stop it"),
    ))
}

fn lock_of(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(path.with_file_name(format!("{}.lock", name.to_string_lossy())))
}

/// [`lock`] of a file beside one that is replaced now and then.
pub fn lock_beside(path: &Path) -> io::Result<File> {
    lock(&lock_of(path)?)
}

/// Takes away what is left of [`lock_beside`] of a file that is gone itself.
pub fn remove_lock(path: &Path) -> io::Result<()> {
    fs::remove_file(lock_of(path)?)
}

/// [`lock_beside`], by a file that goes when it is let go.
#[derive(Debug)]
pub(crate) struct Passing {
    path: PathBuf,
    _lock: File,
}

impl Passing {
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let path = lock_of(path)?;
        Ok(Self { _lock: lock(&path)?, path })
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // While it is held. Where it stays, it is in nobody's way.
        let _ = fs::remove_file(&self.path);
    }
}

/// Holds what a lock file stands for as well: somebody may take that file away, and a second process would lock a new
/// one. Some file systems lock no folders; there the lock file alone holds.
pub fn hold(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => Err(in_use()),
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(()),
    }
}

fn in_use() -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, "another process uses it")
}

/// A file that one process holds, by a file beside it and by itself: it is replaced now and then, and the one beside may
/// be taken away.
#[derive(Debug)]
pub(crate) struct Own {
    path: PathBuf,
    file: Option<File>,
    _beside: File,
}

impl Own {
    /// Holds the place of a file.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), _beside: lock_beside(path)?, file: None })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Holds the file that lies there.
    pub(crate) fn hold(&mut self) -> io::Result<()> {
        let file = File::open(&self.path)?;
        hold(&file)?;
        self.file = Some(file);
        Ok(())
    }

    /// Writes the file, which must not be there yet.
    pub(crate) fn create(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = create(&self.path, bytes, Access::Owner)?;
        hold(&file)?;
        self.file = Some(file);
        Ok(())
    }

    /// Whether the file that is held has its name still, after a replacement that failed.
    pub(crate) fn has_name(&self) -> bool {
        self.file.as_ref().is_some_and(|file| has_name(file, &self.path))
    }

    pub(crate) fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file = Some(replace_held(&self.path, bytes, Access::Owner)?);
        Ok(())
    }

    /// Takes the file away.
    pub(crate) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)?;
        sync_folder(&self.path)
    }
}

/// A folder that one process holds.
#[derive(Debug)]
pub struct Held {
    _lock: File,
    _folder: File,
}

/// Holds a folder for one process, by a file in it and by itself.
pub fn lock_folder(folder: &Path) -> io::Result<Held> {
    let lock = lock(&folder.join("lock"))?;
    let own = File::open(folder)?;
    hold(&own)?;
    Ok(Held { _lock: lock, _folder: own })
}

/// Makes the name of a file durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// All of a file that has no more than `limit` bytes; nothing where there is none.
pub fn read(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(Some(bytes)) }
}

/// Makes a folder, and those above it that are missing, for its owner alone. One that is there stays as it is.
pub fn make_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// [`make_folder`], which others may read as the process's mask lets, and nobody else writes.
pub fn make_shared_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// A folder into which others can put files of theirs, or another folder in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenFolder {
    folder: PathBuf,
    /// Another user's; else what mends it.
    mended: Option<&'static str>,
}

impl OpenFolder {
    /// What is said of it: whose files others could put files of theirs in the place of.
    pub fn told(&self, of: &str) -> String {
        let folder = self.folder.display();
        let (who, how) = match self.mended {
            Some(how) => ("can be written to by others than its owner", how),
            None => ("belongs to another user", "chown"),
        };
        format!(
            "`{folder}` {who}, who could put files of theirs in the place of {of}: `{how}` it, or lay them elsewhere"
        )
    }
}

/// Whether a folder is one into which others can put files of theirs, or whether anybody can put another in its place.
/// One that is not there yet is none.
pub fn open_folder(folder: &Path) -> io::Result<Option<OpenFolder>> {
    let folder = here(folder);
    if !folder.exists() {
        return Ok(None);
    }
    let open = |mended| Ok(Some(OpenFolder { folder: folder.to_owned(), mended }));
    let found = fs::metadata(folder)?;
    if ![0, rustix::process::geteuid().as_raw()].contains(&found.uid()) {
        return open(None);
    }
    if found.permissions().mode() & 0o022 != 0 {
        return open(Some("chmod go-w"));
    }
    open_above(folder)
}

/// Whether anybody can put something else in the place of what has this path.
pub fn open_above(path: &Path) -> io::Result<Option<OpenFolder>> {
    let Some(above) = std::path::absolute(path)?.parent().map(Path::to_owned) else { return Ok(None) };
    if !above.exists() {
        return Ok(None);
    }
    // Where links lead to counts.
    let whole =
        if path.exists() { fs::canonicalize(path)?.parent().map_or(above, Path::to_owned) } else { above };
    Ok(is_for_everybody(&whole)?.then_some(OpenFolder { folder: whole, mended: Some("chmod o-w") }))
}

/// Whether others can put a file of theirs in the place of one with this path, in a folder that others' files lie in too.
/// In a sticky one nobody can.
pub fn open_around(file: &Path) -> io::Result<Option<OpenFolder>> {
    let whole = if file.exists() { fs::canonicalize(file)? } else { std::path::absolute(file)? };
    let Some(folder) = whole.parent().filter(|folder| folder.exists()) else { return Ok(None) };
    let is_sticky = fs::metadata(folder)?.permissions().mode() & 0o1000 != 0;
    if is_sticky { open_above(folder) } else { open_folder(folder) }
}

/// A name alone is one in the folder that one is in.
fn here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Whether anybody can put another folder in the place of one in it: in a sticky one nobody can.
fn is_for_everybody(folder: &Path) -> io::Result<bool> {
    Ok(fs::metadata(folder)?.permissions().mode() & 0o1002 == 0o002)
}

/// Whether others than the owner can read a file.
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn a_lock_that_goes_with_its_holder_has_one_holder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let (held, taken) = (AtomicBool::new(false), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while taken.load(Ordering::SeqCst) < 200 {
                        // Others may be faster for two seconds.
                        let Ok(lock) = Passing::beside(&path) else { continue };
                        assert!(!held.swap(true, Ordering::SeqCst), "two hold it");
                        taken.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        held.store(false, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left beside");
    }
}
