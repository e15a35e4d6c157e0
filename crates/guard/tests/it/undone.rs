//! What is left of an act that did not come about.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use guard::root::{FileRoot, Root, RootError, WrappingKey};
use guard::{DataKeys, KeyState, KeysError};
use journal::sample::Drawn;
use policy::vocabulary::Class;
use zeroize::Zeroizing;

use crate::keys::TODAY;
use crate::lock;

/// What a root is to do with what it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mood {
    /// So many bytes are put before what it wraps.
    padding: usize,
    is_away: bool,
}

/// A root that says which wrapping keys it has, and does as it is told.
#[derive(Debug)]
struct Moody {
    root: FileRoot,
    there: Mutex<BTreeSet<WrappingKey>>,
    mood: Mutex<Mood>,
}

impl Moody {
    fn new(folder: &Path) -> Arc<Self> {
        let root = FileRoot::create(&folder.join("root"), lock(), Box::new(Drawn::new(1))).unwrap();
        Arc::new(Self { root, there: Mutex::default(), mood: Mutex::default() })
    }

    fn there(&self) -> usize {
        self.there.lock().unwrap().len()
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn mood(&self) -> Result<Mood, RootError> {
        let mood = *self.mood.lock().unwrap();
        if mood.is_away {
            let (place, what) = ("the root".to_owned(), "it is away".to_owned());
            return Err(RootError::Unavailable { place, what });
        }
        Ok(mood)
    }
}

impl Root for Moody {
    fn make(&self) -> Result<WrappingKey, RootError> {
        self.mood()?;
        let made = self.root.make()?;
        self.there.lock().unwrap().insert(made);
        Ok(made)
    }

    fn wrap(&self, key: WrappingKey, label: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, RootError> {
        let mut wrapped = vec![0; self.mood()?.padding];
        wrapped.extend(self.root.wrap(key, label, secret)?);
        Ok(wrapped)
    }

    fn unwrap(
        &self,
        key: WrappingKey,
        label: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, RootError> {
        self.mood()?;
        self.root.unwrap(key, label, &wrapped[wrapped.len() - 60..])
    }

    fn destroy(&self, key: WrappingKey) -> Result<(), RootError> {
        self.mood()?;
        self.there.lock().unwrap().remove(&key);
        self.root.destroy(key)
    }
}

fn data_keys(folder: &Path, root: &Arc<Moody>) -> Result<DataKeys, KeysError> {
    DataKeys::create(&folder.join("data-keys"), "harbor-clinic", root.clone(), Box::new(Drawn::new(2)))
}

#[test]
fn data_keys_are_not_written_longer_than_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = Moody::new(folder.path());
    let mut keys = data_keys(folder.path(), &root).unwrap();
    let number = keys.make(Class::Phi, TODAY).unwrap();
    keys.activate(number).unwrap();
    let before = std::fs::read(folder.path().join("data-keys")).unwrap();
    root.is(Mood { padding: 13 << 20, ..Mood::default() });
    let longer = keys.make(Class::Phi, TODAY);
    assert!(matches!(longer, Err(KeysError::TooLong { .. })), "{longer:?}");
    assert!(matches!(keys.rewrap(), Err(KeysError::TooLong { .. })));
    root.is(Mood::default());
    assert_eq!(std::fs::read(folder.path().join("data-keys")).unwrap(), before);
    assert_eq!((keys.status().len(), keys.status()[0].state, root.there()), (1, KeyState::Active, 1));
    keys.make(Class::Phi, TODAY).unwrap();
    drop(keys);
    let opened = DataKeys::open(&folder.path().join("data-keys"), root, Box::new(Drawn::new(3)));
    assert_eq!(opened.unwrap().status().len(), 2);
}
