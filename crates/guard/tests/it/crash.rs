//! What the disk holds at each moment at which a process could have ended.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guard::root::{Root, RootError, WrappingKey};
use zeroize::Zeroizing;

/// A root that keeps a copy of the folder as it is at each call, and fails at one of them.
#[derive(Debug)]
pub(crate) struct Snapping {
    root: Arc<dyn Root>,
    folder: PathBuf,
    into: tempfile::TempDir,
    calls: AtomicUsize,
    fails: usize,
}

impl Snapping {
    pub(crate) fn new(root: Arc<dyn Root>, folder: &Path, fails: usize) -> Self {
        let (folder, into) = (folder.to_owned(), tempfile::tempdir().unwrap());
        Self { root, folder, into, calls: AtomicUsize::new(0), fails }
    }

    /// The copies, in order.
    pub(crate) fn states(&self) -> Vec<PathBuf> {
        (0..self.calls.load(Ordering::Relaxed)).map(|call| self.into.path().join(call.to_string())).collect()
    }

    /// Lets the root go, and keeps the copies.
    pub(crate) fn end(self) -> tempfile::TempDir {
        self.into
    }

    fn snap(&self) -> Result<(), RootError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        copy(&self.folder, &self.into.path().join(call.to_string()));
        if call == self.fails { Err(guard::GuardError::Module.into()) } else { Ok(()) }
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

impl Root for Snapping {
    fn make(&self) -> Result<WrappingKey, RootError> {
        self.snap()?;
        let made = self.root.make()?;
        // It is made, and whoever asked for it does not hear of it.
        self.snap().map(|()| made)
    }

    fn wrap(&self, key: WrappingKey, label: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, RootError> {
        self.snap()?;
        self.root.wrap(key, label, secret)
    }

    fn unwrap(
        &self,
        key: WrappingKey,
        label: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, RootError> {
        self.snap()?;
        self.root.unwrap(key, label, wrapped)
    }

    fn destroy(&self, key: WrappingKey) -> Result<(), RootError> {
        self.snap()?;
        self.root.destroy(key)?;
        self.snap()
    }
}
