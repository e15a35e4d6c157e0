//! Keys that wrap other keys, and never leave where they are kept.

mod file;

use std::fmt;
use std::path::PathBuf;

pub use file::FileRoot;
use journal::Rng;
use zeroize::Zeroizing;

/// Names a wrapping key: eight random bytes in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WrappingKey([u8; 8]);

impl WrappingKey {
    pub(crate) fn random(rng: &mut dyn Rng) -> Self {
        let mut bytes = [0; 8];
        rng.fill(&mut bytes);
        Self(bytes)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let number = u64::from_str_radix(text, 16).ok()?;
        (text.len() == 16 && text.bytes().all(lower)).then_some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for WrappingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where wrapping keys are kept. What is wrapped is bound to a label, and opens with no other.
pub trait Root: fmt::Debug + Send + Sync {
    /// Makes a key that never leaves; it is durable when this returns.
    fn make(&self) -> Result<WrappingKey, RootError>;

    fn wrap(&self, key: WrappingKey, label: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, RootError>;

    fn unwrap(
        &self,
        key: WrappingKey,
        label: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, RootError>;

    /// Destroys a key for good. Fine where it is not there: a destruction that was interrupted is asked for again.
    fn destroy(&self, key: WrappingKey) -> Result<(), RootError>;
}

/// Why a wrapping key was not made, used or destroyed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RootError {
    #[error("wrapping key {0} is not here: it was destroyed, or this is another root")]
    Missing(WrappingKey),
    #[error("what is wrapped is not of wrapping key {0} and this purpose, or it was changed")]
    Refused(WrappingKey),
    #[error("`{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: std::io::Error },
    #[error("`{path}`: {what}", path = path.display())]
    Unreadable { path: PathBuf, what: String },
    #[error("`{path}` can be read by others than its owner: `chmod 600` it", path = path.display())]
    OpenToOthers { path: PathBuf },
    #[error(transparent)]
    Guard(#[from] crate::GuardError),
}
