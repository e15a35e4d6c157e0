//! How far a file of keys had come when it was last written, kept apart from it: an older copy in its place is noticed.
//!
//! ```text
//! phiward-seen/v1
//! of <data-keys, salts or keyring>
//! at <generation> <bytes>
//! <lines of the file's own: a ring of salts lists its escrows>
//! sum <base64 of HMAC-SHA-256 of the lines before, under a key of the file's own>
//! ```
//!
//! A generation is one whole writing of the file; within one, a ring grows. What was seen is written after the file:
//! a file that is further than what was seen is one whose writer was killed, and is taken. An older copy of both
//! together is not noticed, so what was seen belongs on another disk.

use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::durable::{self, Access};

const MAGIC: &str = "phiward-seen/v1";
const LONGEST: u64 = 1 << 20;

/// Why a file of keys is not taken for the newest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeenError {
    #[error("`{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error(
        "`{path}` is not there, so nobody can tell whether the {of} are an older copy: put it back; if it is lost, make \
         sure that they are the newest, then open them once with `--unseen` ({})",
        once(of),
        path = path.display()
    )]
    Unseen { path: PathBuf, of: &'static str },
    #[error(
        "`{path}` is not of these {of}, or it was changed: put the right one back; if it is lost, make sure that the {of} \
         are the newest, then open them once with `--unseen` ({})",
        once(of),
        path = path.display()
    )]
    Other { path: PathBuf, of: &'static str },
    #[error(
        "the {of} are an older copy: writing {found} with {found_length} bytes lies there, and writing {seen} with \
         {seen_length} bytes was seen (`{path}`): put the newest in its place; if that is lost, take this one once with \
         `--unseen` ({})",
        once(of),
        path = path.display()
    )]
    Older { path: PathBuf, of: &'static str, found: u64, found_length: u64, seen: u64, seen_length: u64 },
    #[error(
        "what is kept of the {of} in `{path}` would be longer than the {LONGEST} bytes that are read again, and nothing was \
         written: they have too many escrows",
        path = path.display()
    )]
    Full { path: PathBuf, of: &'static str },
}

/// What opens them so, and does nothing else that anybody would mind.
fn once(of: &str) -> &'static str {
    match of {
        "keyring" => "`phiward ledger keyring check --ring RING --unseen`",
        _ => {
            "acts on keys take it, as `phiward keys backup --to BACKUPS --unseen ...`, and `keys restore` does"
        }
    }
}

/// What is done where nothing was seen yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// The file is not opened.
    Refused,
    /// It is new: it is taken, unless it is older than what was seen.
    NotOlder,
    /// Somebody vouches for it: it is taken as it lies.
    Taken,
}

/// How far a file had come: generation and bytes.
pub(crate) type Reach = (u64, u64);

/// A file held against what was seen of it.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) seen: Seen,
    /// Of an older file that somebody vouches for: the generation that it must go beyond before it is seen. What came
    /// after it elsewhere is then older than it.
    pub(crate) beyond: Option<u64>,
    /// The lines that were kept beside; nothing where nothing was seen.
    pub(crate) noted: Option<String>,
}

impl Watched {
    /// What was seen says that it is the newest.
    pub(crate) const fn is_known(&self) -> bool {
        self.beyond.is_none() && self.noted.is_some()
    }
}

/// What was seen of one file.
#[derive(Debug)]
pub(crate) struct Seen {
    path: PathBuf,
    of: &'static str,
    key: hmac::Key,
}

impl Seen {
    /// Holds a file against what was seen of it. Whoever asks sees it, once all that follows from this stands in the
    /// file: what was killed before that is asked again.
    pub(crate) fn of(
        path: &Path,
        of: &'static str,
        key: hmac::Key,
        found: Reach,
        unseen: Unseen,
    ) -> Result<Watched, SeenError> {
        let seen = Self { path: path.to_owned(), of, key };
        let bytes = durable::read(path, LONGEST).map_err(seen.io())?;
        let is_there = bytes.is_some();
        let known = bytes.and_then(|bytes| seen.read(&bytes));
        match (unseen, known) {
            (Unseen::Taken, Some((at, noted))) if found < at => {
                Ok(Watched { seen, beyond: Some(at.0), noted: Some(noted) })
            }
            (_, Some((at, _))) if found < at => {
                let (found, found_length) = found;
                let (seen, seen_length) = at;
                let path = path.to_owned();
                Err(SeenError::Older { path, of, found, found_length, seen, seen_length })
            }
            (Unseen::Refused, None) if is_there => Err(SeenError::Other { path: path.to_owned(), of }),
            (Unseen::Refused, None) => Err(SeenError::Unseen { path: path.to_owned(), of }),
            (_, known) => {
                let noted = known.map(|(_, noted)| noted);
                Ok(Watched { seen, beyond: None, noted })
            }
        }
    }

    /// Whether a file of this reach is the newest that was seen, to the byte.
    pub(crate) fn is_newest(
        path: &Path,
        of: &'static str,
        key: hmac::Key,
        found: Reach,
    ) -> Result<bool, SeenError> {
        let seen = Self { path: path.to_owned(), of, key };
        let bytes = durable::read(path, LONGEST).map_err(seen.io())?;
        Ok(bytes.and_then(|bytes| seen.read(&bytes)).is_some_and(|(at, _)| at == found))
    }

    fn read(&self, bytes: &[u8]) -> Option<(Reach, String)> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (lines, sum) = text.split_at_checked(text.rfind("sum ")?)?;
        let sum = STANDARD.decode(sum.strip_prefix("sum ")?.strip_suffix('\n')?).ok()?;
        hmac::verify(&self.key, lines.as_bytes(), &sum).ok()?;
        let (at, note) = lines.strip_prefix(&format!("{MAGIC}\nof {}\nat ", self.of))?.split_once('\n')?;
        let (generation, length) = at.split_once(' ')?;
        Some(((generation.parse().ok()?, length.parse().ok()?), note.to_owned()))
    }

    /// Whether so much beside can be read again: to be asked before the file itself is written.
    pub(crate) fn has_room(&self, note: &str) -> Result<(), SeenError> {
        // What else stands in it is shorter than that.
        const REST: u64 = 1024;
        if note.len() as u64 + REST > LONGEST {
            return Err(SeenError::Full { path: self.path.clone(), of: self.of });
        }
        Ok(())
    }

    /// The file has come so far now.
    pub(crate) fn see(&self, (generation, length): Reach, note: &str) -> Result<(), SeenError> {
        let lines = format!("{MAGIC}\nof {}\nat {generation} {length}\n{note}", self.of);
        let sum = STANDARD.encode(hmac::sign(&self.key, lines.as_bytes()));
        durable::replace(&self.path, format!("{lines}sum {sum}\n").as_bytes(), Access::Owner)
            .map_err(self.io())
    }

    fn io(&self) -> impl FnOnce(io::Error) -> SeenError {
        let path = self.path.clone();
        move |error| SeenError::Io { path, error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_beside_than_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen");
        let key = || hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        let seen = Seen::of(&path, "salts", key(), (1, 2), Unseen::Taken).unwrap().seen;
        let longest = "x".repeat(LONGEST as usize - 1025) + "\n";
        seen.has_room(&longest).unwrap();
        seen.see((u64::MAX, u64::MAX), &longest).unwrap();
        assert!(Seen::is_newest(&path, "salts", key(), (u64::MAX, u64::MAX)).unwrap());
        assert!(seen.has_room(&(longest + "x")).unwrap_err().to_string().contains("too many escrows"));
    }
}
