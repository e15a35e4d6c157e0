//! The read paths of c2sp.org/tlog-tiles over HTTP, from the folder as it lies.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;

use tlog::{Folder, Resource, Source as _};
use wire::{Answer, Asked, Method, Service};

use crate::shard::Shard;

/// Serves a ledger's logs: the home log at the root, each shard below `logs/`, and the directory.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
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
        match Folder::new(folder).read(resource) {
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
        let answer = match asked.method {
            Method::Get => self.found(&asked.path),
            Method::Post => Answer::text(405, "nothing is posted here"),
        };
        Box::pin(std::future::ready(answer))
    }
}
