use std::io;
use std::path::{Path, PathBuf};

use guard::vault::Shut;

/// Why the ledger does not do what it was asked. It holds no value of an entry and no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
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
    #[error("{}", .0.told("the ledger"))]
    OpenFolder(guard::durable::OpenFolder),
    #[error("`{path}` does not open: the passphrase or key file is another one, or the file was changed", path = path.display())]
    WrongKey { path: PathBuf },
    #[error(
        "`{path}` is not there, so nobody can tell whether the log is an older copy: put it back; if it is lost, compare \
         the log with a checkpoint that somebody kept, then open it once with `--unseen` (`phiward ledger append --dir DIR --unseen < /dev/null`)",
        path = path.display()
    )]
    Unseen { path: PathBuf },
    #[error(
        "`{path}` was written by the first release and is not signed: look at it, then open the ledger once with \
         `--unseen` (`phiward ledger append --dir DIR --unseen < /dev/null`), which signs it and records that",
        path = path.display()
    )]
    Unsigned { path: PathBuf },
    #[error(
        "`{path}` is used by another process, and was for {WAITED}: wait for it, or stop it",
        path = path.display(),
        WAITED = guard::durable::WAITED
    )]
    InUse { path: PathBuf },
    #[error(transparent)]
    Log(#[from] tlog::Error),
    #[error(transparent)]
    Entry(#[from] journal::EntryError),
    #[error("entry {index}: {fault}")]
    Stored { index: u64, fault: String },
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Wire(#[from] wire::WireError),
    #[error(transparent)]
    Guard(#[from] guard::GuardError),
}

impl LedgerError {
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
