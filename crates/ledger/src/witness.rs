//! A witness (c2sp.org/tlog-witness): cosigns a log's checkpoint where it continues the one that it cosigned before,
//! and never anything else. It holds no entries.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use journal::Clock;
use journal::names::Digest;
use tlog::{AddCheckpoint, Checkpoint, SignedCheckpoint, Signer, TreeHash, VerifierKey};
use wire::{Asked, Method, Service};

use crate::durable::{self, Access};
use crate::error::LedgerError;

const LONGEST: u64 = 1 << 20;

/// A log that is witnessed: its name is the name of its key.
struct Watched {
    key: VerifierKey,
    /// Where the last cosigned checkpoint is kept.
    path: PathBuf,
    last: Mutex<Option<Checkpoint>>,
}

/// Cosigns what grows.
pub struct Witness {
    logs: BTreeMap<String, Watched>,
    signers: Vec<Arc<dyn Signer>>,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
    alarm: Arc<dyn Fn(&str) + Send + Sync>,
    /// Two processes with one state could cosign two trees.
    _lock: std::fs::File,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What a witness answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Lines of signature.
    Cosigned(String),
    Malformed(String),
    UnknownLog,
    /// No signature of the log's key.
    Unsigned,
    /// The old size is not the newest that was cosigned: this is. So is a fork of the same size.
    Conflict(u64),
    /// The proof does not lead from what was cosigned to what was sent.
    Inconsistent,
    /// The state could not be made durable, so nothing was cosigned.
    Failed(String),
}

impl Witness {
    /// A witness of these logs, by their keys, with its state in a folder. `alarm` is told of every fork.
    pub fn open(
        folder: &Path,
        logs: Vec<VerifierKey>,
        signers: Vec<Arc<dyn Signer>>,
        clock: Arc<dyn Clock>,
        alarm: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> Result<Self, LedgerError> {
        std::fs::create_dir_all(folder).map_err(LedgerError::io(folder))?;
        let lock = durable::lock(&folder.join("lock"), folder)?;
        let mut watched = BTreeMap::new();
        for key in logs {
            let name = Digest::of(key.name().as_bytes()).to_string().replace("sha256:", "");
            let path = folder.join(format!("{name}.seen"));
            let last = match durable::read(&path, LONGEST).map_err(LedgerError::io(&path))? {
                None => None,
                Some(bytes) => {
                    let opened = SignedCheckpoint::open(&bytes, key.name(), std::slice::from_ref(&key));
                    let opened = opened.map_err(|error| LedgerError::unreadable(&path, error.to_string()))?;
                    Some(opened.checkpoint().clone())
                }
            };
            watched.insert(key.name().to_owned(), Watched { key, path, last: Mutex::new(last) });
        }
        Ok(Self { logs: watched, signers, clock, folder: folder.to_owned(), alarm, _lock: lock })
    }

    /// The newest checkpoint of a log that was cosigned.
    pub fn last(&self, origin: &str) -> Option<Checkpoint> {
        let watched = self.logs.get(origin)?;
        watched.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Judges a request's body.
    pub fn add_checkpoint(&self, body: &[u8]) -> Word {
        let request = match AddCheckpoint::parse(body) {
            Ok(request) => request,
            Err(error) => return Word::Malformed(error.to_string()),
        };
        let new = request.checkpoint.checkpoint().clone();
        let Some(watched) = self.logs.get(new.origin()) else { return Word::UnknownLog };
        if request.checkpoint.verify(std::slice::from_ref(&watched.key)).is_err() {
            return Word::Unsigned;
        }
        if request.old_size > new.size() {
            return Word::Malformed("the old size is larger than the checkpoint's".to_owned());
        }
        // One at a time for a log, until the state is durable.
        let mut last = watched.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (size, root) = last.as_ref().map_or((0, TreeHash::empty()), |last| (last.size(), last.root()));
        if request.old_size != size {
            if new.size() < size {
                self.tell(
                    &request,
                    &format!("`{}` sent {} entries and had {size}", new.origin(), new.size()),
                );
            }
            return Word::Conflict(size);
        }
        if new.size() == size && new.root() != root {
            self.tell(&request, &format!("`{}` signed two trees of {size} entries", new.origin()));
            return Word::Conflict(size);
        }
        if request.continues(last.as_ref().map(|last| last.root()).as_ref()).is_err() {
            let what = format!("`{}` sent {} entries that do not continue {size}", new.origin(), new.size());
            self.tell(&request, &what);
            return Word::Inconsistent;
        }
        let seen = request.checkpoint.note().to_string();
        if let Err(error) = durable::replace(&watched.path, seen.as_bytes(), Access::Shared) {
            return Word::Failed(error.to_string());
        }
        *last = Some(new.clone());
        let time = u64::try_from(self.clock.now().as_second()).unwrap_or_default();
        let mut lines = String::new();
        for signer in &self.signers {
            match new.sign(&**signer, time) {
                Ok(line) => lines.push_str(&line.to_string()),
                Err(error) => return Word::Failed(error.to_string()),
            }
        }
        Word::Cosigned(lines)
    }

    /// Keeps what a log signed and should not have, as proof, and raises the alarm.
    fn tell(&self, request: &AddCheckpoint, what: &str) {
        let bytes = request.to_string();
        let name = Digest::of(bytes.as_bytes()).to_string().replace("sha256:", "");
        let path = self.folder.join(format!("refused-{}.txt", name.get(..16).unwrap_or(&name)));
        let kept = match durable::replace(&path, bytes.as_bytes(), Access::Shared) {
            Ok(()) => format!("; kept as `{}`", path.display()),
            Err(error) => format!("; it could not be kept: {error}"),
        };
        (self.alarm)(&format!("{what}: not cosigned{kept}"));
    }
}

impl Service for Witness {
    fn answer(&self, asked: Asked) -> Pin<Box<dyn Future<Output = wire::Answer> + Send + '_>> {
        let answer = match (asked.method, asked.path.as_str()) {
            (Method::Post, "/add-checkpoint") => match self.add_checkpoint(&asked.body) {
                Word::Cosigned(lines) => wire::Answer::text(200, lines),
                Word::Malformed(what) => wire::Answer::text(400, what),
                Word::UnknownLog => wire::Answer::text(404, "this log is not witnessed here"),
                Word::Unsigned => wire::Answer::text(403, "no signature of the log's key"),
                Word::Conflict(size) => {
                    wire::Answer { media: "text/x.tlog.size", ..wire::Answer::text(409, size.to_string()) }
                }
                Word::Inconsistent => wire::Answer::text(422, "the proof does not lead there"),
                Word::Failed(what) => wire::Answer::text(500, what),
            },
            _ => wire::Answer::text(404, "POST /add-checkpoint is all that is answered here"),
        };
        Box::pin(std::future::ready(answer))
    }
}
