//! The list of a ledger's logs: a signed note, each version naming the one before.
//!
//! ```text
//! phiward-ledger-directory/v1
//! ledger NAME
//! number N
//! before sha256:... (or `before none`)
//! log REGION/WRITER/CLASS/PERIOD VERIFIER-KEY open
//! log REGION/WRITER/CLASS/PERIOD VERIFIER-KEY sealed SIZE ROOT
//! ```
//!
//! then an empty line and the signature by the key of the ledger's name. The digest of the text stands in an entry of
//! the home log before the file is replaced, so a directory that was put back is found.

use std::fmt::Write as _;
use std::path::Path;

use journal::names::Digest;
use tlog::{Note, SignatureLine, Signer, TreeHash, VerifierKey};

use crate::error::LedgerError;
use crate::shard::Shard;
use crate::signature;
use guard::durable::{self, Access};

/// Its name in the ledger's folder.
pub const FILE: &str = "directory";
/// The version that is about to take its place.
pub(crate) const NEXT: &str = "directory.next";
const MAGIC: &str = "phiward-ledger-directory/v1";
const LONGEST: u64 = 400 * 1024;

/// How a log stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    /// It takes no more entries, and has these.
    Sealed {
        size: u64,
        root: TreeHash,
    },
}

/// One log of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub shard: Shard,
    pub key: VerifierKey,
    pub state: State,
}

/// The list, sorted by shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    pub ledger: String,
    pub number: u64,
    pub before: Option<Digest>,
    pub logs: Vec<Listed>,
}

impl Directory {
    /// Of a ledger that has no shards yet.
    pub fn new(ledger: &str) -> Self {
        Self { ledger: ledger.to_owned(), number: 0, before: None, logs: Vec::new() }
    }

    pub fn find(&self, shard: &Shard) -> Option<&Listed> {
        self.logs.iter().find(|log| log.shard == *shard)
    }

    /// The version after this one, with a log listed so.
    #[must_use]
    pub fn with(&self, listed: Listed) -> Self {
        let mut logs: Vec<Listed> =
            self.logs.iter().filter(|log| log.shard != listed.shard).cloned().collect();
        logs.push(listed);
        logs.sort_by(|a, b| a.shard.cmp(&b.shard));
        Self { ledger: self.ledger.clone(), number: self.number + 1, before: Some(self.digest()), logs }
    }

    /// What is signed.
    pub fn text(&self) -> String {
        let before = self.before.map_or_else(|| "none".to_owned(), |digest| digest.to_string());
        let mut text = format!("{MAGIC}\nledger {}\nnumber {}\nbefore {before}\n", self.ledger, self.number);
        for Listed { shard, key, state } in &self.logs {
            // Writing to a string does not fail.
            let _ = match state {
                State::Open => writeln!(text, "log {shard} {key} open"),
                State::Sealed { size, root } => writeln!(text, "log {shard} {key} sealed {size} {root}"),
            };
        }
        text
    }

    pub fn digest(&self) -> Digest {
        Digest::of(self.text().as_bytes())
    }

    pub(crate) fn write(&self, path: &Path, signer: &dyn Signer) -> Result<(), LedgerError> {
        let text = self.text();
        let bytes = signature::sign(signer, &text)?;
        let line = SignatureLine { name: signer.key().name().to_owned(), key_id: signer.key().id(), bytes };
        let note =
            Note::new(text, vec![line]).map_err(|error| LedgerError::unreadable(path, error.to_string()))?;
        let note = note.to_string();
        if note.len() as u64 > LONGEST {
            let what = format!(
                "with one log more it would be longer than the {LONGEST} bytes of a list: seal this ledger and begin another"
            );
            return Err(LedgerError::unreadable(path, what));
        }
        durable::replace(path, note.as_bytes(), Access::Shared).map_err(LedgerError::io(path))
    }

    /// Reads a list that this key has signed.
    pub fn read(path: &Path, key: &VerifierKey) -> Result<Option<Self>, LedgerError> {
        let Some(bytes) = durable::read(path, LONGEST).map_err(LedgerError::io(path))? else {
            return Ok(None);
        };
        let wrong = |what: &str| LedgerError::unreadable(path, what);
        let note = Note::parse(&bytes).map_err(|error| wrong(&error.to_string()))?;
        let own = |line: &&SignatureLine| line.name == key.name() && line.key_id == key.id();
        let line =
            note.signatures().iter().find(own).ok_or_else(|| wrong("not signed by the ledger's key"))?;
        let text = note.text();
        if !signature::holds(key, text, &line.bytes) {
            return Err(wrong("the signature does not hold: it was changed"));
        }
        let directory = Self::parse(text).ok_or_else(|| wrong("this is no directory of this version"))?;
        if directory.text() != text {
            return Err(wrong("it is not written as this version writes it"));
        }
        Ok(Some(directory))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != MAGIC {
            return None;
        }
        let ledger = lines.next()?.strip_prefix("ledger ")?.to_owned();
        let number = lines.next()?.strip_prefix("number ")?.parse().ok()?;
        let before = match lines.next()?.strip_prefix("before ")? {
            "none" => None,
            digest => Some(Digest::from(policy::digest::Digest::of(digest)?)),
        };
        let mut logs = Vec::new();
        for line in lines {
            let words: Vec<&str> = line.strip_prefix("log ")?.split(' ').collect();
            let (shard, key, state) = match words.as_slice() {
                [shard, key, "open"] => (shard, key, State::Open),
                [shard, key, "sealed", size, root] => {
                    (shard, key, State::Sealed { size: size.parse().ok()?, root: TreeHash::parse(root)? })
                }
                _ => return None,
            };
            logs.push(Listed { shard: Shard::parse(shard)?, key: key.parse().ok()?, state });
        }
        Some(Self { ledger, number, before, logs })
    }
}

#[cfg(test)]
mod tests {
    use journal::sample::Drawn;
    use tlog::Algorithm;

    use super::*;
    use crate::signing_key::SigningKey;
    use guard::vault::Lock;

    #[test]
    fn a_list_is_not_written_longer_than_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let made = SigningKey::create(&folder.path().join("key"), "test", &Lock::None, &mut Drawn::new(1));
        let signer = made.unwrap().signer("test", Algorithm::Ed25519).unwrap();
        let path = folder.path().join(FILE);
        let listed = |year: u32| Listed {
            shard: Shard::parse(&format!("none/main/access-log/{year:04}")).unwrap(),
            key: signer.key().clone(),
            state: State::Open,
        };
        let mut directory = Directory::new("test");
        directory.logs = (1000..7000).map(listed).collect();
        let refused = directory.write(&path, &signer).unwrap_err().to_string();
        assert!(refused.contains("begin another") && !path.exists(), "{refused}");
        directory.logs.truncate(3000);
        directory.write(&path, &signer).unwrap();
        assert_eq!(Directory::read(&path, signer.key()).unwrap(), Some(directory));
    }
}
