//! The read paths of c2sp.org/tlog-tiles over HTTP, from the folder as it lies.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tlog::{Folder, Resource, Source};
use wire::{Answer, Asked, Method, Service};

use crate::error::LedgerError;
use crate::shard::Shard;
use crate::stored;

type Log = Arc<dyn Source + Send + Sync>;

/// Serves a ledger's logs: the home log at the root, each shard below `logs/`, and the directory.
pub struct Shelf {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    /// Compressed logs that were opened: they do not change.
    compressed: Mutex<BTreeMap<PathBuf, Log>>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").field("folder", &self.inner.folder).finish_non_exhaustive()
    }
}

impl Shelf {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { inner: Arc::new(Inner { folder: folder.into(), compressed: Mutex::default() }) }
    }
}

impl Inner {
    fn log(&self, folder: &Path) -> Result<Log, LedgerError> {
        if !stored::is_compressed(folder) {
            return Ok(Arc::new(Folder::new(folder)));
        }
        let mut compressed = self.compressed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = compressed.get(folder) {
            return Ok(Arc::clone(log));
        }
        let log: Log = Arc::from(stored::source(folder)?);
        compressed.insert(folder.to_owned(), Arc::clone(&log));
        Ok(log)
    }

    fn found(&self, path: &str) -> Answer {
        let missing = || Answer::text(404, "there is no such resource");
        let Some(path) = path.strip_prefix('/') else { return missing() };
        if path == crate::directory::FILE {
            return match std::fs::read(self.folder.join(path)) {
                Ok(body) => Answer { body, ..Answer::text(200, "") },
                Err(_) => missing(),
            };
        }
        // What lies elsewhere in the folder has no path here: a shard's name and a resource are parsed, not joined.
        let (folder, path) = match Shard::split(path) {
            Some((shard, rest)) => (self.folder.join(shard.path()), rest),
            None => (self.folder.clone(), path),
        };
        let Ok(resource) = Resource::parse(path) else { return missing() };
        match self.log(&folder).and_then(|log| Ok(log.read(resource)?)) {
            Ok(Some(body)) => match resource {
                Resource::Checkpoint => Answer { body, ..Answer::text(200, "") },
                Resource::Tile(_) | Resource::Entries(_) => Answer {
                    status: 200,
                    media: "application/octet-stream",
                    gzip: false,
                    immutable: true,
                    body,
                },
            },
            Ok(None) => missing(),
            Err(_) => Answer::text(500, "the log cannot be read here: run `phiward ledger fsck`"),
        }
    }
}

impl Service for Shelf {
    fn answer(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        if asked.method == Method::Post {
            return Box::pin(std::future::ready(Answer::text(405, "nothing is posted here")));
        }
        let inner = Arc::clone(&self.inner);
        // It waits for the disk.
        let found = tokio::task::spawn_blocking(move || inner.found(&asked.path));
        Box::pin(
            async move { found.await.unwrap_or_else(|_| Answer::text(500, "the log cannot be read here")) },
        )
    }
}
