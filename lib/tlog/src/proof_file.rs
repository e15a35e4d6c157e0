//! Proofs as files, to be checked without the log (c2sp.org/tlog-proof@v1).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{SignedCheckpoint, Untrusted, Verified};
use crate::hash::TreeHash;
use crate::key::VerifierKey;
use crate::note::MAX_NOTE;
use crate::proof::{MAX_PROOF, Refuted, verify_inclusion};
use crate::text::{Lines, Malformed, decimal};

const WHAT: &str = "a proof file";
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// That an entry is in a log, with all that is needed to check it but the entry and the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// Opaque bytes of the application. Nothing vouches for them.
    pub extra: Option<Vec<u8>>,
    /// Where the entry stands in the log.
    pub index: u64,
    /// Hashes from the leaf's sibling up.
    pub hashes: Vec<TreeHash>,
    /// What the log, and whoever watches it, signed.
    pub checkpoint: SignedCheckpoint,
}

/// Why a proof file proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unproven {
    /// The checkpoint is not one of a log that is known.
    #[error("the checkpoint is not taken: {0}")]
    Checkpoint(#[from] Untrusted),
    /// The hashes do not lead from the entry to the root.
    #[error(transparent)]
    Inclusion(#[from] Refuted),
}

impl ProofFile {
    /// Reads a file. That it reads proves nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > 2 * MAX_NOTE {
            return Err(Malformed::new(WHAT, 2 * MAX_NOTE, "longer than any proof that is read here"));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Malformed::new(WHAT, error.valid_up_to(), "not UTF-8"))?;
        let mut lines = Lines::new(WHAT, text);
        if lines.next()? != HEADER {
            return lines.refuse(0, "it does not start with `c2sp.org/tlog-proof@v1`");
        }
        let mut extra = None;
        if let Some(base64) = lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            let at = lines.offset() + "extra ".len();
            match STANDARD.decode(base64) {
                Ok(bytes) => extra = Some(bytes),
                Err(_) => return lines.refuse(at, "the extra data is not base64"),
            }
            lines.next()?;
        }
        let at = lines.offset();
        let Some(index) = lines.next()?.strip_prefix("index ").and_then(decimal) else {
            return lines.refuse(at, "`index` and a number are wanted");
        };
        let hashes = hash_lines(&mut lines)?;
        let at = lines.offset();
        let checkpoint = SignedCheckpoint::parse(lines.rest().as_bytes()).map_err(|error| error.after(at))?;
        Ok(Self { extra, index, hashes, checkpoint })
    }

    /// Checks that the entry with this leaf hash is in the log `origin`, as one of the log's keys says. Gives the
    /// signatures of all keys that are known, the log's and its witnesses': how many witnesses are enough is for the
    /// caller to say.
    pub fn verify<'k>(
        &self,
        leaf: &TreeHash,
        origin: &str,
        log: &'k [VerifierKey],
        witnesses: &'k [VerifierKey],
    ) -> Result<Vec<Verified<'k>>, Unproven> {
        let checkpoint = self.checkpoint.checkpoint();
        if checkpoint.origin() != origin {
            let (wanted, found) = (origin.to_owned(), checkpoint.origin().to_owned());
            return Err(Untrusted::Origin { wanted, found }.into());
        }
        let mut verified = self.checkpoint.verify(log)?;
        match self.checkpoint.verify(witnesses) {
            Ok(more) => verified.extend(more),
            Err(Untrusted::Unsigned) => {}
            Err(error) => return Err(error.into()),
        }
        verify_inclusion(leaf, self.index, checkpoint.size(), &checkpoint.root(), &self.hashes)?;
        Ok(verified)
    }
}

/// Hashes in base64, one a line, up to an empty line, which is taken as well.
pub(crate) fn hash_lines(lines: &mut Lines<'_>) -> Result<Vec<TreeHash>, Malformed> {
    let mut hashes = Vec::new();
    loop {
        let at = lines.offset();
        let line = lines.next()?;
        if line.is_empty() {
            return Ok(hashes);
        }
        if hashes.len() == MAX_PROOF {
            return lines.refuse(at, "more hashes than a proof can have");
        }
        match TreeHash::parse(line) {
            Some(hash) => hashes.push(hash),
            None => return lines.refuse(at, "not a hash in base64"),
        }
    }
}

impl fmt::Display for ProofFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
