//! What the ledger knows of itself that does not lie in the log: the newest checkpoint, and the time. Kept apart, so
//! that an older copy of the log is told from the log.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tlog::{Checkpoint, SignedCheckpoint, VerifierKey};

use crate::durable::{self, Access};
use crate::error::LedgerError;

const MAGIC: &str = "phiward-seen/v1";
const LONGEST: u64 = 1 << 20;

/// The file of what was seen of one log.
#[derive(Clone, Debug)]
pub struct Anchor {
    path: PathBuf,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub checkpoint: Option<SignedCheckpoint>,
    /// Since 1970: the clock showed this once.
    pub clock: Duration,
}

impl Seen {
    pub fn size(&self) -> u64 {
        self.checkpoint.as_ref().map_or(0, |seen| seen.checkpoint().size())
    }

    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_ref().map(SignedCheckpoint::checkpoint)
    }
}

impl Anchor {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was seen of this log, by one of these keys; nothing where there is no file.
    pub fn read(&self, origin: &str, keys: &[VerifierKey]) -> Result<Option<Seen>, LedgerError> {
        let Some(bytes) = durable::read(&self.path, LONGEST).map_err(LedgerError::io(&self.path))? else {
            return Ok(None);
        };
        let form = |what: &str| LedgerError::unreadable(&self.path, what);
        let text = std::str::from_utf8(&bytes).map_err(|_| form("not UTF-8"))?;
        let (magic, rest) = text.split_once('\n').unwrap_or_default();
        let (clock, note) = rest.split_once('\n').unwrap_or_default();
        if magic != MAGIC {
            return Err(form("this is no record of a checkpoint of this version"));
        }
        let clock = clock
            .strip_prefix("clock ")
            .and_then(|micros| micros.parse().ok())
            .map(Duration::from_micros)
            .ok_or_else(|| form("the line of the clock is wrong"))?;
        let checkpoint = if note.is_empty() {
            None
        } else {
            let opened = SignedCheckpoint::open(note.as_bytes(), origin, keys);
            Some(opened.map_err(|error| form(&error.to_string()))?)
        };
        Ok(Some(Seen { checkpoint, clock }))
    }

    /// Replaces what was seen; durable when it returns.
    pub fn write(&self, seen: &Seen) -> Result<(), LedgerError> {
        let note = seen.checkpoint.as_ref().map(|seen| seen.note().to_string()).unwrap_or_default();
        let text = format!("{MAGIC}\nclock {}\n{note}", seen.clock.as_micros());
        durable::replace(&self.path, text.as_bytes(), Access::Shared).map_err(LedgerError::io(&self.path))
    }
}
