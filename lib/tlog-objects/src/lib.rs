//! A transparency log in any store that [`object_store`] knows: S3 and what speaks it, Azure, Google, or memory.
//!
//! What comes in is a store that the caller has set up, with the caller's way to the network, and a handle of the
//! caller's runtime; what goes out are [`tlog::Objects`]. Nothing here opens a socket or builds a runtime. The store must
//! keep conditions on writes (`If-None-Match`, `If-Match`), for by these two writers cannot fork a log; one that does not
//! says so at the first write.

use std::io;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, UpdateVersion};
use tlog::{Object, Objects};
use tokio::runtime::Handle;

/// A store, and the runtime that waits for it.
#[derive(Debug, Clone)]
pub struct Remote {
    store: Arc<dyn ObjectStore>,
    runtime: Handle,
}

impl Remote {
    /// The calls of [`Objects`] block the thread that makes them, which must be none of the runtime's.
    pub fn new(store: Arc<dyn ObjectStore>, runtime: Handle) -> Self {
        Self { store, runtime }
    }

    /// Writes on a condition; false where it does not hold.
    fn put_if(&self, key: &str, bytes: &[u8], mode: PutMode) -> io::Result<bool> {
        let payload = PutPayload::from(bytes.to_vec());
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.runtime.block_on(self.store.put_opts(&path(key)?, payload, options)) {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(false),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

fn path(key: &str) -> io::Result<Path> {
    Path::parse(key).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

impl Objects for Remote {
    fn get(&self, key: &str, limit: usize) -> io::Result<Option<Object>> {
        let path = path(key)?;
        self.runtime.block_on(async {
            let found = match self.store.get(&path).await {
                Ok(found) => found,
                Err(Error::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(io::Error::other(error)),
            };
            if found.meta.size > limit as u64 {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            let Some(tag) = found.meta.e_tag.clone() else {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "the store names no versions"));
            };
            let bytes = found.bytes().await.map_err(io::Error::other)?.to_vec();
            Ok(Some(Object { bytes, tag }))
        })
    }

    fn create(&self, key: &str, bytes: &[u8]) -> io::Result<bool> {
        self.put_if(key, bytes, PutMode::Create)
    }

    fn replace(&self, key: &str, bytes: &[u8], tag: &str) -> io::Result<bool> {
        let version = UpdateVersion { e_tag: Some(tag.to_owned()), version: None };
        self.put_if(key, bytes, PutMode::Update(version))
    }

    fn put(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.put_if(key, bytes, PutMode::Overwrite).map(|_| ())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        // A store lists by whole parts of a path; the rest of the prefix is looked at here.
        let folder = prefix.rsplit_once('/').map_or("", |(folder, _)| folder);
        let folder = if folder.is_empty() { None } else { Some(path(folder)?) };
        let keys = self.store.list(folder.as_ref()).map_ok(|meta| meta.location.to_string());
        let keys: Vec<String> =
            self.runtime.block_on(keys.try_collect()).map_err(|error: Error| io::Error::other(error))?;
        let mut keys: Vec<String> = keys.into_iter().filter(|key| key.starts_with(prefix)).collect();
        keys.sort();
        Ok(keys)
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        match self.runtime.block_on(self.store.delete(&path(key)?)) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(io::Error::other(error)),
        }
    }
}

#[cfg(test)]
mod tests;
