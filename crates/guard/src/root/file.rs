//! Wrapping keys in a sealed file: for development, and for one machine whose file is kept apart from all data.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use journal::Rng;
use zeroize::Zeroizing;

use super::{Root, RootError, WrappingKey};
use crate::durable::{self, Own};
use crate::vault::{self, Cipher, Lock};

const LABEL: &str = "phiward root keys";
/// Some ten thousand keys.
const LONGEST: u64 = 1 << 20;
/// Name and key.
const RECORD: usize = 8 + 32;

struct Inner {
    /// Each in a place of its own: a tree moves what it holds, and leaves it behind where it was.
    keys: BTreeMap<WrappingKey, Box<Zeroizing<[u8; 32]>>>,
    rng: Box<dyn Rng>,
    file: Own,
}

/// A sealed file that this process alone has open.
pub struct FileRoot {
    lock: Lock,
    inner: Mutex<Inner>,
}

impl FileRoot {
    /// Makes a file without keys.
    pub fn create(path: &Path, lock: Lock, mut rng: Box<dyn Rng>) -> Result<Self, RootError> {
        is_private(path)?;
        let mut file = Own::of(path).map_err(io(path))?;
        let text = vault::seal(&lock, LABEL, &[], &mut *rng)?;
        file.create(text.as_bytes()).map_err(io(path))?;
        let inner = Mutex::new(Inner { keys: BTreeMap::new(), rng, file });
        Ok(Self { lock, inner })
    }

    pub fn open(path: &Path, lock: Lock, rng: Box<dyn Rng>) -> Result<Self, RootError> {
        is_private(path)?;
        let mut file = Own::of(path).map_err(io(path))?;
        file.hold().map_err(io(path))?;
        let unreadable = |what: String| RootError::Unreadable { path: path.to_owned(), what };
        let text = durable::read(path, LONGEST).map_err(io(path))?.map(Zeroizing::new);
        let text = text.ok_or_else(|| io(path)(std::io::ErrorKind::NotFound.into()))?;
        if durable::is_open_to_others(path).map_err(io(path))? {
            return Err(RootError::OpenToOthers { path: path.to_owned() });
        }
        let text = std::str::from_utf8(&text).map_err(|error| unreadable(error.to_string()))?;
        let secret = vault::open(&lock, LABEL, text).map_err(|shut| unreadable(shut.to_string()))?;
        let (records, []) = secret.as_chunks::<RECORD>() else {
            return Err(unreadable("it is cut off".to_owned()));
        };
        let split = |record: &[u8; RECORD]| {
            let (name, key) = record.split_first_chunk::<8>()?;
            let mut kept = Box::new(Zeroizing::new([0; 32]));
            kept.copy_from_slice(key);
            Some((WrappingKey(*name), kept))
        };
        let keys: BTreeMap<_, _> = records.iter().filter_map(split).collect();
        Ok(Self { lock, inner: Mutex::new(Inner { keys, rng, file }) })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, inner: &mut Inner) -> Result<(), RootError> {
        let mut secret = Zeroizing::new(Vec::with_capacity(inner.keys.len() * RECORD));
        for (name, key) in &inner.keys {
            secret.extend_from_slice(&name.0);
            secret.extend_from_slice(key.as_slice());
        }
        let text = vault::seal(&self.lock, LABEL, &secret, &mut *inner.rng)?;
        if text.len() as u64 > LONGEST {
            let what = "it holds as many keys as it can: destroy those that are not used".to_owned();
            return Err(RootError::Unreadable { path: inner.file.path().to_owned(), what });
        }
        inner.file.replace(text.as_bytes()).map_err(|error| io(inner.file.path())(error))
    }

    fn cipher(&self, key: WrappingKey) -> Result<Cipher, RootError> {
        let inner = self.inner();
        let secret = inner.keys.get(&key).ok_or(RootError::Missing(key))?;
        Ok(Cipher::new(secret)?)
    }
}

impl Root for FileRoot {
    fn make(&self) -> Result<WrappingKey, RootError> {
        let mut inner = self.inner();
        let name = WrappingKey::random(&mut *inner.rng);
        let mut key = Box::new(Zeroizing::new([0; 32]));
        inner.rng.fill(key.as_mut_slice());
        inner.keys.insert(name, key);
        let written = self.write(&mut inner);
        if written.is_err() {
            inner.keys.remove(&name);
        }
        written.map(|()| name)
    }

    fn wrap(&self, key: WrappingKey, label: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, RootError> {
        let cipher = self.cipher(key)?;
        Ok(cipher.seal(label, secret, &mut *self.inner().rng)?)
    }

    fn unwrap(
        &self,
        key: WrappingKey,
        label: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, RootError> {
        let opened = self.cipher(key)?.open(label, wrapped).ok_or(RootError::Refused(key))?;
        let secret = opened.as_slice().try_into().map_err(|_| RootError::Refused(key))?;
        Ok(Zeroizing::new(secret))
    }

    fn destroy(&self, key: WrappingKey) -> Result<(), RootError> {
        let mut inner = self.inner();
        let Some(gone) = inner.keys.remove(&key) else { return Ok(()) };
        let written = self.write(&mut inner);
        if written.is_err() {
            // The file may still have it.
            inner.keys.insert(key, gone);
        }
        written
    }
}

impl fmt::Debug for FileRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileRoot").field("file", &self.inner().file).finish_non_exhaustive()
    }
}

/// An older copy in the place of a root has wrapping keys that were destroyed since.
fn is_private(path: &Path) -> Result<(), RootError> {
    let folder = path.parent().unwrap_or(path);
    match durable::open_folder(folder).map_err(io(folder))? {
        Some(open) => Err(RootError::OpenFolder(open)),
        None => Ok(()),
    }
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> RootError {
    move |error| RootError::Io { path: path.to_owned(), error }
}
