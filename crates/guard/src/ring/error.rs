use std::io;
use std::path::{Path, PathBuf};

use journal::RecordError;

use crate::GuardError;
use crate::root::RootError;
use crate::seen::SeenError;
use crate::token::Handle;
use crate::vault::Shut;

/// Somebody who was merged into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// Their place among those who were named, from 0.
    pub at: usize,
    /// The handle of who survives.
    pub into: Handle,
}

impl Away {
    pub(super) const fn of((at, into): (usize, super::store::Id)) -> Self {
        Self { at, into: Handle::of(into) }
    }
}

fn away(all: &[Away]) -> String {
    let each: Vec<String> = all
        .iter()
        .map(|Away { at, into }| {
            format!("person {} was merged into another, whose handle is {into:?}: name who survives", at + 1)
        })
        .collect();
    each.join("\n")
}

/// Why a ring does not do what it was asked. It names no person and holds no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    #[error("`{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("`{path}` is there already", path = path.display())]
    Exists { path: PathBuf },
    #[error("`{path}` is not there", path = path.display())]
    Missing { path: PathBuf },
    #[error("`{path}`: {what}", path = path.display())]
    Unreadable { path: PathBuf, what: String },
    #[error("`{path}` can be read by others than its owner: `chmod 600` it", path = path.display())]
    OpenToOthers { path: PathBuf },
    #[error("`{path}` does not open: the passphrase or key file is another one, or the file was changed", path = path.display())]
    WrongKey { path: PathBuf },
    #[error(
        "`{path}` is used by another process, and was for {WAITED}: wait for it, or stop it",
        path = path.display(),
        WAITED = crate::durable::WAITED
    )]
    InUse { path: PathBuf },
    #[error("{0}")]
    Refused(&'static str),
    #[error("{}", away(.0))]
    MergedAway(Vec<Away>),
    #[error("nothing is sealed for whoever is let back in before it stands in the ledger: {0}")]
    NotRecorded(RecordError),
    #[error(transparent)]
    Root(#[from] RootError),
    #[error(transparent)]
    Seen(#[from] SeenError),
    #[error(transparent)]
    Guard(#[from] GuardError),
}

impl RingError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| match error.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { path: path.to_owned() },
            io::ErrorKind::NotFound => Self::Missing { path: path.to_owned() },
            io::ErrorKind::WouldBlock => Self::InUse { path: path.to_owned() },
            _ => Self::Io { path: path.to_owned(), error },
        }
    }

    pub(crate) fn shut(path: &Path) -> impl FnOnce(Shut) -> Self {
        move |shut| match shut {
            Shut::Key => Self::WrongKey { path: path.to_owned() },
            Shut::Form | Shut::OtherLock(_) => Self::unreadable(path, shut.to_string()),
        }
    }

    pub(crate) fn unreadable(path: &Path, what: impl Into<String>) -> Self {
        Self::Unreadable { path: path.to_owned(), what: what.into() }
    }
}
