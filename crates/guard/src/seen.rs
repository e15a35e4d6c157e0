//! How far a file of keys had come when it was last written, kept apart from it: an older copy in its place is noticed.
//!
//! ```text
//! phiward-seen/v1
//! of <data-keys, salts or keyring>
//! at <generation> <bytes>
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
const LONGEST: u64 = 4096;

/// Why a file of keys is not taken for the newest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeenError {
    #[error("`{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error(
        "`{path}` is not there, so nobody can tell whether the {of} are an older copy: put it back; if it is lost, make \
         sure that they are the newest, then open them once with `--unseen`",
        path = path.display()
    )]
    Unseen { path: PathBuf, of: &'static str },
    #[error("`{path}` is not of these {of}, or it was changed", path = path.display())]
    Other { path: PathBuf, of: &'static str },
    #[error(
        "the {of} are an older copy: writing {found} with {found_length} bytes lies there, and writing {seen} with \
         {seen_length} bytes was seen (`{path}`)",
        path = path.display()
    )]
    Older { path: PathBuf, of: &'static str, found: u64, found_length: u64, seen: u64, seen_length: u64 },
}

/// What is done where nothing was seen yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// The file is not opened.
    Refused,
    /// It is new, or somebody vouches for it: it is taken as it lies.
    Taken,
}

/// How far a file had come: generation and bytes.
pub(crate) type Reach = (u64, u64);

/// What was seen of one file.
#[derive(Debug)]
pub(crate) struct Seen {
    path: PathBuf,
    of: &'static str,
    key: hmac::Key,
}

impl Seen {
    /// Holds a file against what was seen of it, and sees it. Where somebody vouches for an older one this gives the
    /// generation that it must go beyond before it is seen: what came after it elsewhere is then older than it.
    pub(crate) fn of(
        path: &Path,
        of: &'static str,
        key: hmac::Key,
        found: Reach,
        unseen: Unseen,
    ) -> Result<(Self, Option<u64>), SeenError> {
        let seen = Self { path: path.to_owned(), of, key };
        match durable::read(path, LONGEST).map_err(seen.io())? {
            None if unseen == Unseen::Refused => {
                return Err(SeenError::Unseen { path: seen.path, of });
            }
            None => {}
            Some(bytes) => match seen.read(&bytes) {
                None if unseen == Unseen::Refused => {
                    return Err(SeenError::Other { path: path.to_owned(), of });
                }
                Some(at) if found < at && unseen == Unseen::Taken => return Ok((seen, Some(at.0))),
                Some(at) if found < at => {
                    let (found, found_length) = found;
                    let path = path.to_owned();
                    let (seen, seen_length) = at;
                    return Err(SeenError::Older { path, of, found, found_length, seen, seen_length });
                }
                _ => {}
            },
        }
        seen.see(found)?;
        Ok((seen, None))
    }

    fn read(&self, bytes: &[u8]) -> Option<Reach> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (lines, sum) = text.split_at_checked(text.rfind("sum ")?)?;
        let sum = STANDARD.decode(sum.strip_prefix("sum ")?.strip_suffix('\n')?).ok()?;
        hmac::verify(&self.key, lines.as_bytes(), &sum).ok()?;
        let at = lines.strip_prefix(&format!("{MAGIC}\nof {}\nat ", self.of))?.strip_suffix('\n')?;
        let (generation, length) = at.split_once(' ')?;
        Some((generation.parse().ok()?, length.parse().ok()?))
    }

    /// The file has come so far now.
    pub(crate) fn see(&self, (generation, length): Reach) -> Result<(), SeenError> {
        let lines = format!("{MAGIC}\nof {}\nat {generation} {length}\n", self.of);
        let sum = STANDARD.encode(hmac::sign(&self.key, lines.as_bytes()));
        durable::replace(&self.path, format!("{lines}sum {sum}\n").as_bytes(), Access::Owner)
            .map_err(self.io())
    }

    fn io(&self) -> impl FnOnce(io::Error) -> SeenError {
        let path = self.path.clone();
        move |error| SeenError::Io { path, error }
    }
}
