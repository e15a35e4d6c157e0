//! What the ledger knows of itself that does not lie in the log: the newest checkpoint, and the time. Kept apart, so
//! that an older copy of the log is told from the log.
//!
//! ```text
//! phiward-seen/v2
//! log NAME
//! clock MICROSECONDS-SINCE-1970
//! checkpoint sha256:...
//! signature BASE64
//! ```
//!
//! then the checkpoint as it was signed. Its digest is that of the fourth line, and the signature is the log's key's
//! over the four lines: whoever cuts, empties or rewrites the file without the key is found.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::names::Digest;
use tlog::{Checkpoint, SignedCheckpoint, Signer, VerifierKey};

use crate::error::LedgerError;
use crate::shard::Shard;
use crate::signature;
use guard::durable::{self, Access};

const MAGIC: &str = "phiward-seen/v2";
const UNSIGNED: &str = "phiward-seen/v1";
const LONGEST: u64 = 1 << 20;

/// The file of what was seen of one log.
#[derive(Clone, Debug)]
pub struct Anchor {
    path: PathBuf,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Nothing where a log is taken as it lies.
    pub checkpoint: Option<SignedCheckpoint>,
    /// Since 1970: the clock showed this once.
    pub clock: Duration,
}

/// Where it is kept what was seen of a log of a shard, beside that of the home log.
pub(crate) fn anchor_of(home: &Path, shard: &Shard) -> PathBuf {
    let name = home.file_name().unwrap_or_default().to_string_lossy().into_owned();
    home.with_file_name(format!("{name}.{}", shard.to_string().replace('/', "_")))
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

    /// What was seen of the log of this key, which signed it; nothing where there is no file.
    pub fn read(&self, key: &VerifierKey) -> Result<Option<Seen>, LedgerError> {
        let Some(text) = self.text()? else { return Ok(None) };
        if text.lines().next() == Some(UNSIGNED) {
            return Err(LedgerError::Unsigned { path: self.path.clone() });
        }
        let wrong = |what: &str| self.changed(what);
        let mut lines = text.splitn(6, '\n');
        let mut next = |word: &str| {
            let line = lines.next().unwrap_or_default();
            line.strip_prefix(word)
                .ok_or_else(|| self.changed(&format!("a line `{}` is wanted", word.trim_end())))
        };
        next(MAGIC)
            .and_then(|rest| if rest.is_empty() { Ok(()) } else { Err(wrong("the first line is longer")) })?;
        let name = next("log ")?;
        let clock = next("clock ")?;
        let digest = next("checkpoint ")?;
        let signed = next("signature ")?;
        let note = next("")?;
        let bytes = STANDARD.decode(signed).map_err(|_| wrong("the signature is not base64"))?;
        if !signature::holds(key, &head(name, clock, digest), &bytes) {
            return Err(wrong("the signature does not hold"));
        }
        if name != key.name() {
            return Err(wrong("it is of another log"));
        }
        if Digest::of(note.as_bytes()).to_string() != digest {
            return Err(wrong("the checkpoint is not the one that was signed"));
        }
        self.seen(clock, note, key).map(Some)
    }

    /// What the first release wrote, which did not sign it.
    pub fn read_unsigned(&self, key: &VerifierKey) -> Result<Option<Seen>, LedgerError> {
        let Some(text) = self.text()? else { return Ok(None) };
        let rest = text.strip_prefix(UNSIGNED).and_then(|rest| rest.strip_prefix("\nclock "));
        let parts = rest.and_then(|rest| rest.split_once('\n'));
        let (clock, note) = parts.ok_or_else(|| self.changed("the first two lines are wrong"))?;
        self.seen(clock, note, key).map(Some)
    }

    fn text(&self) -> Result<Option<String>, LedgerError> {
        let bytes = durable::read(&self.path, LONGEST).map_err(LedgerError::io(&self.path))?;
        bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| self.changed("not UTF-8"))).transpose()
    }

    fn seen(&self, clock: &str, note: &str, key: &VerifierKey) -> Result<Seen, LedgerError> {
        let clock = clock.parse().map_err(|_| self.changed("the line of the clock is wrong"))?;
        let opened = SignedCheckpoint::open(note.as_bytes(), key.name(), std::slice::from_ref(key));
        let checkpoint = opened.map_err(|error| self.changed(&error.to_string()))?;
        Ok(Seen { checkpoint: Some(checkpoint), clock: Duration::from_micros(clock) })
    }

    fn changed(&self, what: &str) -> LedgerError {
        LedgerError::unreadable(
            &self.path,
            format!(
                "this is not what the ledger wrote ({what}): put that back; if it is lost, compare the log with a \
                 checkpoint that somebody kept, take this file away and open the log once with `--unseen`"
            ),
        )
    }

    /// Replaces what was seen; durable when it returns.
    pub fn write(
        &self,
        checkpoint: &SignedCheckpoint,
        clock: Duration,
        signer: &dyn Signer,
    ) -> Result<(), LedgerError> {
        let note = checkpoint.note().to_string();
        let digest = Digest::of(note.as_bytes()).to_string();
        let head = head(signer.key().name(), &clock.as_micros().to_string(), &digest);
        let signed = STANDARD.encode(signature::sign(signer, &head)?);
        let text = format!("{head}signature {signed}\n{note}");
        durable::replace(&self.path, text.as_bytes(), Access::Shared).map_err(LedgerError::io(&self.path))
    }
}

fn head(name: &str, clock: &str, digest: &str) -> String {
    format!("{MAGIC}\nlog {name}\nclock {clock}\ncheckpoint {digest}\n")
}
