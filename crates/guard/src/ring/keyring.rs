//! The keys of people's pseudonyms, in one file under a lock.
//!
//! The head is the text of a sealed secret ([`Lock`]): the ring's two keys. Each person has a key of their own, so that
//! one can be destroyed and nobody else is touched.
//!
//! **With the ring or its lock lost, nobody can answer any more who saw whose data in the years that it covers.** Keep
//! backups, and prove them with [`Keyring::drill`].

use std::collections::BTreeSet;
use std::fmt;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use journal::names::KeyId;
use journal::{Pseudonym, PseudonymError, Pseudonymiser, Rng, Subject, TrailKey};
use zeroize::Zeroizing;

use super::store::{self, Draft, Drill, Finder, Id, Master, Purpose, Read, SEPARATOR, Store};
use super::{RingError, key_id};
use crate::durable::{self, Access};
use crate::key::Secret;
use crate::seen::{Seen, Unseen};
use crate::vault::{self, Lock};

const LABEL: &str = "phiward keyring";
const PURPOSE: Purpose = Purpose {
    name: "keyring",
    record: b"phiward keyring record\n",
    untold: b"phiward keyring record, untold\n",
    longest_head: 4096,
};

const SEEN: &[u8] = b"phiward-keyring-seen-1";

/// A ring that this process alone has open.
pub struct Keyring {
    store: Store,
    seen: Mutex<Option<Seen>>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("path", &self.store.path).finish_non_exhaustive()
    }
}

fn head(lock: &Lock, master: &Master, rng: &mut dyn Rng) -> Result<Vec<u8>, RingError> {
    let mut head = vault::seal(lock, LABEL, master.bytes.as_slice(), rng)?.as_bytes().to_vec();
    head.extend_from_slice(SEPARATOR);
    Ok(head)
}

fn unlock<'l>(path: &'l Path, lock: &'l Lock) -> impl FnOnce(&str) -> Result<(Master, ()), RingError> + 'l {
    move |head| {
        let secret = vault::open(lock, LABEL, head).map_err(RingError::shut(path))?;
        let form = |_| RingError::unreadable(path, "this is no keyring of this version");
        let bytes = secret.as_slice().try_into().map(Zeroizing::new).map_err(form)?;
        Ok((Master::of(bytes)?, ()))
    }
}

fn by_escrow(keys: &[u8; 64]) -> Result<(Master, ()), RingError> {
    Ok((Master::of(Zeroizing::new(*keys))?, ()))
}

fn trail_key(secret: &Secret) -> TrailKey {
    TrailKey::of(**secret)
}

impl Keyring {
    /// A ring of nobody, in a new file that its owner alone can read.
    pub fn create(path: &Path, lock: &Lock, mut rng: Box<dyn Rng>) -> Result<Self, RingError> {
        let master = Arc::new(Master::random(&mut *rng)?);
        let head = head(lock, &master, &mut *rng)?;
        let draft = Draft { head, master, records: Vec::new(), shredded: Vec::new() };
        Store::create(path, &PURPOSE, draft, rng).map(Self::of)
    }

    /// Opens a ring. What a crash tore is finished or, where it is less than a record, cut off: nobody was told of it.
    pub fn open(path: &Path, lock: &Lock, rng: Box<dyn Rng>) -> Result<Self, RingError> {
        Store::open(path, &PURPOSE, rng, unlock(path, lock)).map(|(store, (), _)| Self::of(store))
    }

    const fn of(store: Store) -> Self {
        Self { store, seen: Mutex::new(None) }
    }

    /// From now on, how far the ring came is kept in a file apart: an older copy in the ring's place is noticed. Of
    /// shredded keys there are only ever more, and between two shreddings only ever more people.
    pub fn watch(&self, seen: &Path, unseen: Unseen) -> Result<(), RingError> {
        let (people, shredded) = self.counts();
        let key = self.store.master().sums(SEEN);
        let watched = Seen::of(seen, "keyring", key, ((shredded, people), ""), unseen)?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(watched.seen);
        if watched.older.is_some() { self.see() } else { Ok(()) }
    }

    fn see(&self) -> Result<(), RingError> {
        match &*self.seen.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(seen) => {
                let (people, shredded) = self.counts();
                Ok(seen.see((shredded, people), "")?)
            }
            None => Ok(()),
        }
    }

    /// How many people have a key, and how many keys were shredded.
    pub fn counts(&self) -> (u64, u64) {
        self.store.counts()
    }

    /// Destroys a person's key: their entries stay, and nobody can tell any more whose they are. Nothing where the
    /// person has none. What is left of the key on the disk is written over, as far as the disk lets one; copies and
    /// backups must be destroyed too.
    pub fn shred(&self, subject: &Subject) -> Result<Option<KeyId>, RingError> {
        self.destroy(subject, false)
    }

    /// [`Keyring::shred`] where an entry is to say so: the ring holds the key's id as untold until [`Keyring::told`],
    /// so that after a crash it is known what is still to be written.
    pub fn shred_untold(&self, subject: &Subject) -> Result<Option<KeyId>, RingError> {
        self.destroy(subject, true)
    }

    fn destroy(&self, subject: &Subject, untold: bool) -> Result<Option<KeyId>, RingError> {
        let mut writer = self.store.writer()?;
        let Some(id) = self.store.id(&self.store.finder(subject)) else { return Ok(None) };
        let mut draft = self.store.draft(&writer);
        draft.shred(&BTreeSet::from([id]), untold);
        let mut replaced = self.store.put(&mut writer, draft)?;
        // The file that had the key has no name any more. What it held is written over as well as can be.
        let old = replaced.metadata().map_or(0, |metadata| metadata.len());
        let zeros = vec![0; usize::try_from(old).unwrap_or_default()];
        let _ = replaced.seek(SeekFrom::Start(0)).and_then(|_| replaced.write_all(&zeros));
        let _ = replaced.sync_all();
        drop(writer);
        self.see()?;
        Ok(Some(key_id(&id)))
    }

    /// Keys that were destroyed and of which no entry says so yet.
    pub fn untold(&self) -> Vec<KeyId> {
        self.store.untold().iter().map(key_id).collect()
    }

    /// Entries say so of these now.
    pub fn told(&self, ids: &[KeyId]) -> Result<(), RingError> {
        let mut writer = self.store.writer()?;
        let mut draft = self.store.draft(&writer);
        draft.told(&ids.iter().map(|id| *id.bytes()).collect::<Vec<Id>>());
        self.store.put(&mut writer, draft).map(|_| ())
    }

    /// Locks the ring by something else. Old copies still open by the old lock.
    pub fn relock(&self, lock: &Lock) -> Result<(), RingError> {
        let mut writer = self.store.writer()?;
        let mut draft = self.store.draft(&writer);
        draft.head = head(lock, &draft.master, &mut *writer.rng)?;
        self.store.put(&mut writer, draft).map(|_| ())
    }

    /// Writes a whole copy to a new file. It opens by the same lock.
    pub fn back_up(&self, to: &Path) -> Result<u64, RingError> {
        let mut writer = self.store.writer()?;
        let bytes = self.store.copy(&mut writer)?;
        durable::create(to, &bytes, Access::Owner).map_err(RingError::io(to))?;
        Ok(self.counts().0)
    }

    /// Opens every key of a backup and compares it with the ring's.
    pub fn drill(&self, backup: &Path, lock: &Lock) -> Result<Drill, RingError> {
        let (other, ()) = Read::of(backup, &PURPOSE, &store::whole(backup)?, unlock(backup, lock))?;
        other.is_whole(backup)?;
        if other.master.bytes != self.store.master().bytes {
            return Err(RingError::unreadable(backup, "it is a backup of another ring"));
        }
        Ok(self.store.compare(&other))
    }

    /// The ring for an escrow: its two keys and its file.
    pub(crate) fn whole(&self) -> Result<(Zeroizing<[u8; 64]>, Vec<u8>), RingError> {
        let mut writer = self.store.writer()?;
        Ok((self.store.master().bytes.clone(), self.store.copy(&mut writer)?))
    }

    /// [`Keyring::drill`] of what an escrow holds.
    pub(crate) fn drill_whole(&self, path: &Path, keys: &[u8; 64], bytes: &[u8]) -> Result<Drill, RingError> {
        let (other, ()) = Read::of(path, &PURPOSE, bytes, |_| by_escrow(keys))?;
        other.is_whole(path)?;
        if other.master.bytes != self.store.master().bytes {
            return Err(RingError::unreadable(path, "it is an escrow of another ring"));
        }
        Ok(self.store.compare(&other))
    }

    /// What an escrow holds, where no ring is, under a new lock.
    pub(crate) fn of_whole(
        (from, keys, bytes): (&Path, &[u8; 64], &[u8]),
        to: &Path,
        lock: &Lock,
        mut rng: Box<dyn Rng>,
    ) -> Result<Self, RingError> {
        let (read, ()) = Read::of(from, &PURPOSE, bytes, |_| by_escrow(keys))?;
        read.is_whole(from)?;
        let mut draft = read.draft();
        draft.head = head(lock, &draft.master, &mut *rng)?;
        Store::create(to, &PURPOSE, draft, rng).map(Self::of)
    }

    /// Puts a backup where no ring is, after opening every key of it.
    pub fn restore(backup: &Path, lock: &Lock, to: &Path) -> Result<u64, RingError> {
        let bytes = store::whole(backup)?;
        // Every key is opened by reading.
        let (read, ()) = Read::of(backup, &PURPOSE, &bytes, unlock(backup, lock))?;
        read.is_whole(backup)?;
        store::restore(&bytes, to)?;
        Ok(read.people())
    }
}

impl Pseudonymiser for Keyring {
    fn pseudonyms(&self, subjects: &[Subject]) -> Result<Vec<Pseudonym>, PseudonymError> {
        let failed = |error: RingError| PseudonymError::Keyring(error.to_string());
        let people: Vec<Finder> = subjects.iter().map(|subject| self.store.finder(subject)).collect();
        let given = self.store.give(&people).map_err(failed)?;
        if given.is_new {
            self.see().map_err(failed)?;
        }
        Ok(given
            .secrets
            .iter()
            .zip(subjects)
            .map(|((_, key), subject)| trail_key(key).pseudonym(subject))
            .collect())
    }

    fn known(&self, subject: &Subject) -> Result<Option<Pseudonym>, PseudonymError> {
        let found = self.store.find(&self.store.finder(subject));
        let found = found.map_err(|error| PseudonymError::Keyring(error.to_string()))?;
        Ok(found.map(|(_, key)| trail_key(&key).pseudonym(subject)))
    }
}
