//! Makes what is durable readable: full tiles and bundles as they come, the right edge and a signed checkpoint when
//! asked.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::error::Error;
use crate::hash::TreeHash;
use crate::note::SignatureLine;
use crate::signer::Signer;
use crate::store::Files;
use crate::tile::Resource;

/// As long as so few files were written since, each publication is synced.
const FEW: usize = 12;
/// Else each fourth is, and until then the write-ahead log stands for them.
const EVERY: u32 = 4;

/// A tree to be published.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) size: u64,
    pub(crate) root: TreeHash,
    /// The partial resources of its right edge.
    pub(crate) edge: Vec<(Resource, Vec<u8>)>,
}

/// What was published.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) checkpoint: Arc<SignedCheckpoint>,
    /// All entries below are durable as files.
    pub(crate) durable: Option<u64>,
}

pub(crate) struct Publisher {
    files: Arc<dyn Files>,
    origin: String,
    signers: Vec<Arc<dyn Signer>>,
    queue: VecDeque<(Resource, Vec<u8>)>,
    published: Option<Arc<SignedCheckpoint>>,
    /// Places that have partial files, and up to which they may.
    partial: BTreeSet<Resource>,
    /// The edge of the checkpoint that is published.
    before: Vec<Resource>,
    unsynced: u32,
    sync_next: bool,
}

impl Publisher {
    pub(crate) fn new(files: Arc<dyn Files>, origin: String, signers: Vec<Arc<dyn Signer>>) -> Self {
        Self {
            files,
            origin,
            signers,
            queue: VecDeque::new(),
            published: None,
            partial: BTreeSet::new(),
            before: Vec::new(),
            unsynced: 0,
            sync_next: true,
        }
    }

    /// Goes on from a checkpoint that lies there. After a crash, partial files of any size may lie at each place behind
    /// the `crashed` entries whose files are durable.
    pub(crate) fn adopt(&mut self, published: SignedCheckpoint, crashed: Option<u64>) {
        let size = published.checkpoint().size();
        self.before = crate::tile::edge(size).collect();
        self.partial.extend(self.before.iter().map(|resource| resource.filled()));
        if let Some(durable) = crashed {
            self.partial.extend(crate::tile::places(durable, size));
        }
        self.published = Some(Arc::new(published));
    }

    pub(crate) fn published(&self) -> Option<Arc<SignedCheckpoint>> {
        self.published.clone()
    }

    /// Full files, to be written in their order.
    pub(crate) fn add(&mut self, files: Vec<(Resource, Vec<u8>)>) {
        self.queue.extend(files);
    }

    /// Writes what was added. What could not be written stays.
    pub(crate) fn write(&mut self) -> Result<(), Error> {
        while let Some((resource, bytes)) = self.queue.front() {
            self.files.write(*resource, bytes)?;
            self.queue.pop_front();
        }
        Ok(())
    }

    /// The next publication is to be durable with all its files.
    pub(crate) fn sync_next(&mut self) {
        self.sync_next = true;
    }

    pub(crate) fn publish(&mut self, snapshot: Snapshot, now: Duration) -> Result<Published, Error> {
        self.write()?;
        for (resource, bytes) in &snapshot.edge {
            self.files.write(*resource, bytes)?;
        }
        let edge: Vec<Resource> = snapshot.edge.iter().map(|(resource, _)| *resource).collect();
        // Before the sync: what is taken away and never synced must not come back once the log goes on without the
        // write-ahead log.
        self.tidy(&edge)?;
        self.unsynced += 1;
        let sync = self.sync_next || self.unsynced >= EVERY || self.files.unsynced() <= FEW;
        if sync {
            self.files.sync()?;
            (self.unsynced, self.sync_next) = (0, false);
        }
        let same = self.published.as_ref().filter(|published| published.checkpoint().size() == snapshot.size);
        let signed = match same {
            Some(same) => Arc::clone(same),
            None => {
                let checkpoint =
                    Checkpoint::new(&self.origin, snapshot.size, snapshot.root).map_err(|error| {
                        Error::Checkpoint { file: "checkpoint".to_owned(), error: error.into() }
                    })?;
                let signers = self.signers.iter().map(|signer| &**signer);
                let signed = Arc::new(SignedCheckpoint::sign(checkpoint, signers, now.as_secs())?);
                self.files.publish(&signed.to_string())?;
                self.published = Some(Arc::clone(&signed));
                self.before = edge;
                signed
            }
        };
        Ok(Published { checkpoint: signed, durable: sync.then_some(snapshot.size) })
    }

    /// Takes all partial files away but those of the checkpoint that was published last.
    pub(crate) fn trim(&mut self) -> Result<(), Error> {
        self.tidy(&[])
    }

    /// Takes partial files away that neither this edge nor the one that is published needs.
    fn tidy(&mut self, edge: &[Resource]) -> Result<(), Error> {
        self.partial.extend(edge.iter().map(|resource| resource.filled()));
        for place in self.partial.clone() {
            let keep: Vec<u16> = edge
                .iter()
                .chain(&self.before)
                .filter(|resource| resource.filled() == place)
                .filter_map(|resource| match resource {
                    Resource::Tile(tile) | Resource::Entries(tile) => Some(tile.width()),
                    Resource::Checkpoint => None,
                })
                .collect();
            self.files.tidy(place, &keep)?;
            if keep.is_empty() {
                self.partial.remove(&place);
            }
        }
        Ok(())
    }

    /// Adds signatures of others to the published checkpoint where it has this size. A line under the log's own name is
    /// none of others: put in the place of the log's, it would have every reader refuse the checkpoint.
    pub(crate) fn cosign(
        &mut self,
        size: u64,
        signatures: Vec<SignatureLine>,
    ) -> Result<Arc<SignedCheckpoint>, Error> {
        let Some(published) = &self.published else { return Err(Error::Beyond { size: 0, asked: size }) };
        let now = published.checkpoint().size();
        if now != size {
            return Err(Error::Beyond { size: now, asked: size });
        }
        let mut signed = (**published).clone();
        let own = |line: &SignatureLine| self.signers.iter().any(|signer| signer.key().name() == line.name);
        signatures.into_iter().filter(|line| !own(line)).for_each(|line| signed.add(line));
        let text = signed.to_string();
        // What cannot be read again is not served.
        SignedCheckpoint::parse(text.as_bytes())
            .map_err(|error| Error::Checkpoint { file: "checkpoint".to_owned(), error: error.into() })?;
        self.files.publish(&text)?;
        let signed = Arc::new(signed);
        self.published = Some(Arc::clone(&signed));
        Ok(signed)
    }
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher")
            .field("origin", &self.origin)
            .field("queue", &self.queue.len())
            .finish_non_exhaustive()
    }
}
