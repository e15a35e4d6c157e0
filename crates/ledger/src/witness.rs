//! A witness (c2sp.org/tlog-witness): cosigns a log's checkpoint where it continues the one that it cosigned before,
//! and never anything else. It holds no entries.
//!
//! Anybody may send it what a log signed once, with whatever proof. So it keeps and shouts about nothing but two signed
//! checkpoints that cannot both be of one growing log: of one size with two roots, or a newer one whose own proof shows
//! another root at the older one's size. Of these it keeps few of each log; one is enough.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use journal::Clock;
use journal::names::Digest;
use tlog::{AddCheckpoint, Checkpoint, Note, SignedCheckpoint, Signer, TreeHash, VerifierKey};
use wire::{Asked, Method, Service};

use crate::error::LedgerError;
use guard::durable::{self, Access};

const LONGEST: u64 = 1 << 20;
/// Forks of one log that are kept.
const MOST_FORKS: usize = 16;

/// A log that is witnessed: its name is the name of its key.
struct Watched {
    key: VerifierKey,
    /// Where the last cosigned checkpoint is kept.
    path: PathBuf,
    /// What the names of its forks' files have of it.
    file: String,
    seen: Mutex<State>,
}

struct State {
    last: Option<SignedCheckpoint>,
    /// How many forks are kept.
    forks: usize,
}

/// Cosigns what grows.
#[derive(Clone)]
pub struct Witness {
    inner: Arc<Inner>,
}

struct Inner {
    logs: BTreeMap<String, Watched>,
    signers: Vec<Arc<dyn Signer>>,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
    alarm: Arc<dyn Fn(&str) + Send + Sync>,
    /// Two processes with one state could cosign two trees.
    _lock: durable::Held,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("folder", &self.inner.folder).finish_non_exhaustive()
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
        let lock = durable::lock_folder(folder).map_err(LedgerError::io(folder))?;
        let mut watched = BTreeMap::new();
        for key in logs {
            let name = Digest::of(key.name().as_bytes()).to_string().replace("sha256:", "");
            let file = name.get(..16).unwrap_or(&name).to_owned();
            let path = folder.join(format!("{name}.seen"));
            let last = match durable::read(&path, LONGEST).map_err(LedgerError::io(&path))? {
                None => None,
                Some(bytes) => {
                    let opened = SignedCheckpoint::open(&bytes, key.name(), std::slice::from_ref(&key));
                    let opened = opened.map_err(|error| LedgerError::unreadable(&path, error.to_string()))?;
                    Some(opened)
                }
            };
            let forks = forks(folder, &file)?;
            let seen = Mutex::new(State { last, forks });
            watched.insert(key.name().to_owned(), Watched { key, path, file, seen });
        }
        let folder = folder.to_owned();
        let inner = Inner { logs: watched, signers, clock, folder, alarm, _lock: lock };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The newest checkpoint of a log that was cosigned.
    pub fn last(&self, origin: &str) -> Option<Checkpoint> {
        let seen = self.inner.logs.get(origin)?.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.last.as_ref().map(|last| last.checkpoint().clone())
    }

    /// Judges a request's body. It writes to the disk before it cosigns.
    pub fn add_checkpoint(&self, body: &[u8]) -> Word {
        self.inner.add_checkpoint(body)
    }
}

impl Inner {
    fn add_checkpoint(&self, body: &[u8]) -> Word {
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
        let mut seen = watched.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let last = seen.last.as_ref().map(|last| last.checkpoint().clone());
        let (size, root) = last.as_ref().map_or((0, TreeHash::empty()), |last| (last.size(), last.root()));
        if new.size() == size && new.root() != root {
            self.tell(watched, &mut seen, &request, "two trees of one size");
            return Word::Conflict(size);
        }
        if request.old_size != size {
            return Word::Conflict(size);
        }
        if request.continues(last.as_ref().map(Checkpoint::root).as_ref()).is_err() {
            let other = tlog::consistent_root(size, new.size(), &new.root(), &request.proof);
            if other.is_some_and(|other| other != root) {
                self.tell(watched, &mut seen, &request, "a tree that does not continue the one before");
            }
            return Word::Inconsistent;
        }
        let note = request.checkpoint.note().to_string();
        if let Err(error) = durable::replace(&watched.path, note.as_bytes(), Access::Shared) {
            return Word::Failed(error.to_string());
        }
        seen.last = Some(request.checkpoint);
        drop(seen);
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

    /// Keeps two checkpoints that a log signed and cannot both have been, as proof, and raises the alarm: once for each
    /// pair, and no more of one log than are of use.
    fn tell(&self, watched: &Watched, seen: &mut State, request: &AddCheckpoint, what: &str) {
        let Some(last) = &seen.last else { return };
        // The log's own lines alone: whoever sends the same with other lines adds nothing.
        let (Some(before), Some(after)) = (own(last, &watched.key), own(&request.checkpoint, &watched.key))
        else {
            return;
        };
        let pair = format!("{}\n{}", before.text(), after.text());
        let digest = Digest::of(pair.as_bytes()).to_string().replace("sha256:", "");
        let name = format!("fork-{}-{}.txt", watched.file, digest.get(..16).unwrap_or(&digest));
        let path = self.folder.join(name);
        if seen.forks >= MOST_FORKS || path.exists() {
            return;
        }
        let proof: String = request.proof.iter().map(|hash| format!("{hash}\n")).collect();
        let text = format!("{before}\n{after}\nold {}\n{proof}", request.old_size);
        let origin = watched.key.name();
        let sizes = (last.checkpoint().size(), request.checkpoint.checkpoint().size());
        let kept = match durable::replace(&path, text.as_bytes(), Access::Shared) {
            Ok(()) => {
                seen.forks += 1;
                format!("kept as `{}`", path.display())
            }
            Err(error) => format!("it could not be kept: {error}"),
        };
        (self.alarm)(&format!(
            "`{origin}` signed {what}, of {} and {} entries: not cosigned; {kept}",
            sizes.0, sizes.1
        ));
    }
}

/// A checkpoint with the signatures of one key.
fn own(signed: &SignedCheckpoint, key: &VerifierKey) -> Option<Note> {
    let lines = signed.note().signatures().iter();
    let lines = lines.filter(|line| line.name == key.name() && line.key_id == key.id()).take(1);
    Note::new(signed.note().text().to_owned(), lines.cloned().collect()).ok()
}

/// How many forks of a log are kept already.
fn forks(folder: &Path, file: &str) -> Result<usize, LedgerError> {
    let mut number = 0;
    let begins = format!("fork-{file}-");
    for entry in std::fs::read_dir(folder).map_err(LedgerError::io(folder))? {
        let name = entry.map_err(LedgerError::io(folder))?.file_name();
        number += usize::from(name.to_string_lossy().starts_with(&begins));
    }
    Ok(number)
}

impl Service for Witness {
    fn answer(&self, asked: Asked) -> Pin<Box<dyn Future<Output = wire::Answer> + Send + '_>> {
        if (asked.method, asked.path.as_str()) != (Method::Post, "/add-checkpoint") {
            let answer = wire::Answer::text(404, "POST /add-checkpoint is all that is answered here");
            return Box::pin(std::future::ready(answer));
        }
        let inner = Arc::clone(&self.inner);
        // It waits for the disk.
        let judged = tokio::task::spawn_blocking(move || inner.add_checkpoint(&asked.body));
        Box::pin(async move {
            match judged.await {
                Ok(Word::Cosigned(lines)) => wire::Answer::text(200, lines),
                Ok(Word::Malformed(what)) => wire::Answer::text(400, what),
                Ok(Word::UnknownLog) => wire::Answer::text(404, "this log is not witnessed here"),
                Ok(Word::Unsigned) => wire::Answer::text(403, "no signature of the log's key"),
                Ok(Word::Conflict(size)) => {
                    wire::Answer { media: "text/x.tlog.size", ..wire::Answer::text(409, size.to_string()) }
                }
                Ok(Word::Inconsistent) => wire::Answer::text(422, "the proof does not lead there"),
                Ok(Word::Failed(what)) => wire::Answer::text(500, what),
                Err(_) => wire::Answer::text(500, "the request could not be judged"),
            }
        })
    }
}
