//! How far a job came, in a file beside: put in place whole, and taken up by the same job alone.
//!
//! It is JSON, and a line `sum` with the base64 of HMAC-SHA-256 of all before it, under a key of the tenant's ring: what
//! nobody wrote who had the keys is no state.

use std::path::{Path, PathBuf};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data_keys::KeysError;
use crate::durable::{self, Access, Passing};
use crate::keys::Keys;

const SUM: &[u8] = b"phiward-job-state-1";
const LONGEST: u64 = 16 << 20;

/// Why a state is not taken up or not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    #[error("`{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: std::io::Error },
    #[error("`{path}` is used by another job, and was for {WAITED}: wait for it", path = path.display(), WAITED = durable::WAITED)]
    InUse { path: PathBuf },
    #[error(
        "`{path}` is no state of a job by these keys: it was changed, or other keys or an earlier release wrote it. Remove \
         it and begin anew",
        path = path.display()
    )]
    Unreadable { path: PathBuf },
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error("`{path}` would be longer than the {LONGEST} bytes that are read again: work on a part of the table", path = path.display())]
    TooLong { path: PathBuf },
    #[error("`{path}` is the state of another job: {what}. Name another state, or remove it and begin anew", path = path.display())]
    Other { path: PathBuf, what: &'static str },
}

/// What makes a job the one that it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    pub(super) job: String,
    pub(super) object: String,
    pub(super) tenant: String,
    /// The digest of the bundle.
    pub(super) bundle: String,
    pub(super) columns: Vec<String>,
    pub(super) store: String,
    /// Numbers of the keys that seal, by their classes.
    pub(super) keys: Vec<(String, u32)>,
    /// Of a census, what else its numbers hang on: the keys that open, and how often the ring was written.
    #[serde(default)]
    pub(super) opens: Option<(Vec<u32>, u64)>,
    /// Where the records go, where that is another place.
    #[serde(default)]
    pub(super) out: Option<String>,
    /// The digest of the pairs that are bound anew.
    #[serde(default)]
    pub(super) pairs: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept<T> {
    v: u32,
    of: Of,
    cursor: Option<String>,
    is_done: bool,
    counts: T,
}

/// The file that says how far a job came, held by this process alone.
pub struct State {
    path: PathBuf,
    _held: Passing,
}

/// How far it came.
pub(super) struct Reached<T> {
    pub(super) cursor: Option<String>,
    pub(super) is_done: bool,
    pub(super) counts: T,
}

impl State {
    pub fn hold(path: &Path) -> Result<Self, StateError> {
        let held = Passing::beside(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::WouldBlock => StateError::InUse { path: path.to_owned() },
            _ => StateError::Io { path: path.to_owned(), error },
        })?;
        Ok(Self { path: path.to_owned(), _held: held })
    }

    /// How far this job came; nothing where it is to begin.
    pub(super) fn reached<T: DeserializeOwned>(
        &self,
        of: &Of,
        keys: &dyn Keys,
    ) -> Result<Option<Reached<T>>, StateError> {
        let path = || self.path.clone();
        let bytes =
            durable::read(&self.path, LONGEST).map_err(|error| StateError::Io { path: path(), error })?;
        let Some(bytes) = bytes else { return Ok(None) };
        let unreadable = |_| StateError::Unreadable { path: path() };
        let known = whole(&bytes, keys)?.ok_or_else(|| StateError::Unreadable { path: path() })?;
        // The counts of another job have another form: what job it is comes first.
        let kept: Kept<serde_json::Value> = serde_json::from_slice(known).map_err(unreadable)?;
        if kept.v != 2 {
            return Err(StateError::Unreadable { path: path() });
        }
        let own = &kept.of;
        let differs = [
            ("it is of another kind, as a census is another than a reseal", own.job != of.job),
            ("it is of another object", own.object != of.object),
            ("it is of the keys of another tenant", own.tenant != of.tenant),
            ("the policy bundle was changed since it began", own.bundle != of.bundle),
            ("the export has other columns than when it began", own.columns != of.columns),
            (
                "the export is another file than the one that it began with, or was changed since; or one of the two was \
                 with --changes-only",
                own.store != of.store,
            ),
            ("another key seals than when it began", own.keys != of.keys),
            (
                "keys changed their state since it began, or people were merged or shredded",
                own.opens != of.opens,
            ),
            ("it writes to another file", own.out != of.out),
            ("it has another list of pairs", own.pairs != of.pairs),
        ];
        if let Some((what, _)) = differs.into_iter().find(|(_, differs)| *differs) {
            return Err(StateError::Other { path: path(), what });
        }
        let counts = serde_json::from_value(kept.counts).map_err(unreadable)?;
        Ok(Some(Reached { cursor: kept.cursor, is_done: kept.is_done, counts }))
    }

    pub(super) fn keep<T: Serialize>(
        &self,
        of: &Of,
        reached: &Reached<T>,
        keys: &dyn Keys,
    ) -> Result<(), StateError> {
        let Reached { cursor, is_done, counts } = reached;
        let kept = Kept { v: 2, of: of.clone(), cursor: cursor.clone(), is_done: *is_done, counts };
        let io = |error| StateError::Io { path: self.path.clone(), error };
        let mut bytes = serde_json::to_vec_pretty(&kept).map_err(|error| io(error.into()))?;
        bytes.push(b'\n');
        let sum = STANDARD.encode(keys.sum(SUM, &bytes)?);
        bytes.extend_from_slice(format!("{LINE}{sum}\n").as_bytes());
        if bytes.len() as u64 > LONGEST {
            return Err(StateError::TooLong { path: self.path.clone() });
        }
        durable::replace(&self.path, &bytes, Access::Owner).map_err(io)
    }
}

const LINE: &str = "sum ";

/// What comes before the sum, where that is these keys' own.
fn whole<'b>(bytes: &'b [u8], keys: &dyn Keys) -> Result<Option<&'b [u8]>, KeysError> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let Some((known, sum)) = text.rfind(LINE).and_then(|at| text.split_at_checked(at)) else {
        return Ok(None);
    };
    let sum = sum.strip_prefix(LINE).and_then(|sum| STANDARD.decode(sum.strip_suffix('\n')?).ok());
    let own = keys.sum(SUM, known.as_bytes())?;
    Ok(sum.is_some_and(|sum| verify_slices_are_equal(&own, &sum).is_ok()).then_some(known.as_bytes()))
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("path", &self.path).finish_non_exhaustive()
    }
}
