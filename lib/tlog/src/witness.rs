//! What a log asks of a witness: `POST <prefix>/add-checkpoint` (c2sp.org/tlog-witness).

use std::fmt;

use crate::checkpoint::SignedCheckpoint;
use crate::hash::TreeHash;
use crate::note::MAX_NOTE;
use crate::proof::{MAX_PROOF, Refuted, verify_consistency};
use crate::proof_file::hash_lines;
use crate::text::{Lines, Malformed, decimal};

const WHAT: &str = "a request to a witness";

/// A checkpoint, and that the one which the witness saw last is its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of what the witness cosigned last; 0 for nothing.
    pub old_size: u64,
    /// The consistency proof from there.
    pub proof: Vec<TreeHash>,
    /// What is to be cosigned.
    pub checkpoint: SignedCheckpoint,
}

impl AddCheckpoint {
    /// Reads the body of a request.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > 2 * MAX_NOTE {
            return Err(Malformed::new(WHAT, 2 * MAX_NOTE, "longer than any request that is read here"));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Malformed::new(WHAT, error.valid_up_to(), "not UTF-8"))?;
        let mut lines = Lines::new(WHAT, text);
        let Some(old_size) = lines.next()?.strip_prefix("old ").and_then(decimal) else {
            return lines.refuse(0, "`old` and a number are wanted");
        };
        let at = lines.offset();
        let proof = hash_lines(&mut lines)?;
        if proof.len() >= MAX_PROOF {
            return lines.refuse(at, "more than 63 hashes");
        }
        let at = lines.offset();
        let checkpoint = SignedCheckpoint::parse(lines.rest().as_bytes()).map_err(|error| error.after(at))?;
        Ok(Self { old_size, proof, checkpoint })
    }

    /// Whether the checkpoint continues what the witness saw: its root at the old size, or nothing yet.
    ///
    /// Who signed the checkpoint, and that the old size is the newest that was cosigned, is for the witness to check.
    pub fn continues(&self, old_root: Option<&TreeHash>) -> Result<(), Refuted> {
        let new = self.checkpoint.checkpoint();
        let empty = TreeHash::empty();
        let old_root = match old_root {
            Some(root) => root,
            None if self.old_size == 0 => &empty,
            None => return Err(Refuted::Outside),
        };
        verify_consistency(self.old_size, old_root, new.size(), &new.root(), &self.proof)
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
