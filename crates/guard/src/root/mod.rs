//! Keys that wrap other keys, and never leave where they are kept.

mod asking;
mod file;
mod kms;
mod openbao;
mod pkcs11;
mod place;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use file::FileRoot;
use journal::{Clock, Rng};
pub use kms::KmsRoot;
pub use openbao::OpenBaoRoot;
pub use pkcs11::Pkcs11Root;
pub use place::{KmsPlace, Login, OpenBaoPlace, Pkcs11Place, Place, PlaceError};
use wire::Credentials;
use zeroize::Zeroizing;

use crate::durable::{self, OpenFolder};
use crate::vault::Lock;

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

/// Where wrapping keys are kept. What is wrapped is bound to a label, and opens with no other. A call blocks, for some
/// seconds where a root is away.
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
    #[error("{}", .0.told("the root"))]
    OpenFolder(OpenFolder),
    /// It may be there again by itself.
    #[error("{place}: {what}")]
    Unavailable { place: String, what: String },
    /// It stays so until somebody does what is said.
    #[error("{place}: {what}")]
    Denied { place: String, what: String },
    /// Something did not come about, and what it made is left.
    #[error(
        "{because}\nwrapping key {key} was made for it, wraps nothing that is kept and is still in the root: destroy it \
         there, by the name that docs/keys-roots.md says ({why})"
    )]
    Left { because: String, key: WrappingKey, why: String },
    /// Which of two files has the name is not known, and each has a wrapping key.
    #[error(
        "{because}\nwhether wrapping key {key} wraps the keys now is not known: open them again (`keys status` names what \
         wraps them); where that is another, destroy it in the root, by the name that docs/keys-roots.md says"
    )]
    Unsure { because: String, key: WrappingKey },
    #[error(transparent)]
    Guard(#[from] crate::GuardError),
}

/// Does something under a new wrapping key, which is destroyed where that does not come about.
pub(crate) fn under_new<T, E: From<RootError> + fmt::Display>(
    root: &dyn Root,
    act: impl FnOnce(WrappingKey) -> Result<T, E>,
) -> Result<T, E> {
    let key = root.make()?;
    act(key).map_err(|error| or_left(root, key, error))
}

/// Destroys a wrapping key of something that did not come about, and says which it is where that fails.
pub(crate) fn or_left<E: From<RootError> + fmt::Display>(root: &dyn Root, key: WrappingKey, error: E) -> E {
    match root.destroy(key) {
        Ok(()) => error,
        Err(why) => RootError::Left { because: error.to_string(), key, why: why.to_string() }.into(),
    }
}

/// Destroys the wrapping key of a file that was not put in the place of another; where that is not known, names it.
pub(crate) fn not_put<E: From<RootError> + fmt::Display>(
    root: &dyn Root,
    key: WrappingKey,
    is_before: bool,
    error: E,
) -> E {
    if is_before {
        return or_left(root, key, error);
    }
    RootError::Unsure { because: error.to_string(), key }.into()
}

/// Destroys the wrapping key of something that was taken away again.
pub(crate) fn undo(root: &dyn Root, key: WrappingKey) -> Result<(), RootError> {
    let because = || "what was made was taken away again".to_owned();
    root.destroy(key).map_err(|why| RootError::Left { because: because(), key, why: why.to_string() })
}

/// What a root needs and no [`Place`] holds.
pub struct Means {
    /// Opens a file of keys.
    pub lock: Lock,
    pub rng: Box<dyn Rng>,
    pub clock: Arc<dyn Clock>,
    /// Of AWS.
    pub credentials: Option<Credentials>,
}

impl fmt::Debug for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Means").field("lock", &self.lock).finish_non_exhaustive()
    }
}

/// Opens a root, and signs in where one must.
pub fn open(place: &Place, means: Means) -> Result<Arc<dyn Root>, RootError> {
    let Means { lock, rng, clock, credentials } = means;
    Ok(match place {
        Place::File(path) => Arc::new(FileRoot::open(path, lock, rng)?),
        Place::Pkcs11(place) => Arc::new(Pkcs11Root::open(place, secret(&place.pin)?, rng)?),
        Place::OpenBao(place) => Arc::new(OpenBaoRoot::open(place, rng)?),
        Place::Kms(place) => {
            let credentials = credentials.ok_or_else(|| RootError::Denied {
                place: place.to_string(),
                what: "there are no credentials of AWS in the environment".to_owned(),
            })?;
            Arc::new(KmsRoot::open(place, credentials, clock, rng)?)
        }
    })
}

/// Makes a root where there is none: a file. What runs elsewhere is opened.
pub fn create(place: &Place, means: Means) -> Result<Arc<dyn Root>, RootError> {
    match place {
        Place::File(path) => Ok(Arc::new(FileRoot::create(path, means.lock, means.rng)?)),
        _ => open(place, means),
    }
}

/// The first line of a file that its owner alone reads.
fn secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, RootError> {
    const LONGEST: u64 = 64 * 1024;
    let io = |error| RootError::Io { path: path.to_owned(), error };
    let bytes = durable::read(path, LONGEST).map_err(io)?.map(Zeroizing::new);
    let bytes = bytes.ok_or_else(|| io(std::io::ErrorKind::NotFound.into()))?;
    if durable::is_open_to_others(path).map_err(io)? {
        return Err(RootError::OpenToOthers { path: path.to_owned() });
    }
    let line = bytes.split(|byte| *byte == b'\n' || *byte == b'\r').next().unwrap_or_default();
    if line.is_empty() {
        return Err(RootError::Unreadable {
            path: path.to_owned(),
            what: "its first line is empty".to_owned(),
        });
    }
    Ok(Zeroizing::new(line.to_vec()))
}

/// [`secret`] as text.
fn secret_text(path: &Path) -> Result<Zeroizing<String>, RootError> {
    let line = secret(path)?;
    match std::str::from_utf8(&line) {
        Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(RootError::Unreadable {
            path: path.to_owned(),
            what: "its first line is no token or id: it has other signs than printable ASCII".to_owned(),
        }),
    }
}
