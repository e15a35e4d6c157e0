//! The keys of people's pseudonyms, in one file under a lock.
//!
//! The head is the text of a sealed secret ([`Lock`]): the ring's two keys. `written` and the generation follow, a line
//! for each escrow that holds the ring, and `sum` with the base64 of HMAC-SHA-256 of the lines before, under a key from
//! the one that finds people. A ring of an earlier release has no generation: that of its shredded keys counts.
//! Each person has a key of their own, so that one can be destroyed and nobody else is touched.
//!
//! **With the ring or its lock lost, nobody can answer any more who saw whose data in the years that it covers.** Keep
//! backups, and prove them with [`Keyring::drill`].

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::names::KeyId;
use journal::{Pseudonym, PseudonymError, Pseudonymiser, Rng, Subject, TrailKey};
use zeroize::Zeroizing;

use super::escrowed::{self, EscrowState, Escrowed};
use super::store::{self, Draft, Drill, Finder, Id, Master, Purpose, Read, SEPARATOR, Shredded, Store};
use super::{RingError, key_id};
use crate::durable::{self, Access};
use crate::key::Secret;
use crate::seen::{Reach, Seen, Unseen};
use crate::vault::{self, Lock};

const LABEL: &str = "phiward keyring";
const PURPOSE: Purpose = Purpose {
    name: "keyring",
    record: b"phiward keyring record\n",
    untold: b"phiward keyring record, untold\n",
    // Who is shredded and seen again has a new pseudonym: entries go on.
    remembered: None,
    longest_head: 64 * 1024,
};

const SEEN: &[u8] = b"phiward-keyring-seen-1";
const SUM: &[u8] = b"phiward-keyring-head-1";
const WRITTEN: &str = "written ";

/// What the head says.
struct Head {
    /// The ring's two keys under the lock.
    sealed: Zeroizing<String>,
    /// Whole writings of the file; nothing in a ring of a release that did not count them.
    written: Option<u64>,
    escrows: Vec<Escrowed>,
}

struct State {
    head: Head,
    seen: Option<Seen>,
}

/// A ring that this process alone has open.
pub struct Keyring {
    store: Store,
    /// Whoever changes more than people's number holds it.
    state: Mutex<State>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("path", &self.store.path).finish_non_exhaustive()
    }
}

impl Head {
    fn sealed(lock: &Lock, master: &Master, rng: &mut dyn Rng) -> Result<Zeroizing<String>, RingError> {
        Ok(vault::seal(lock, LABEL, master.bytes.as_slice(), rng)?)
    }

    fn bytes(&self, master: &Master) -> Vec<u8> {
        let mut text = self.written.map(|written| format!("{WRITTEN}{written}\n")).unwrap_or_default();
        text.push_str(&escrowed::lines(&self.escrows));
        if !text.is_empty() {
            let sum = STANDARD.encode(Self::sum(&self.sealed, &text, master).sign());
            text.push_str(&format!("sum {sum}\n"));
        }
        [self.sealed.as_bytes(), text.as_bytes(), SEPARATOR].concat()
    }

    fn sum(sealed: &str, lines: &str, master: &Master) -> hmac::Context {
        let mut sum = hmac::Context::with_key(&master.sums(SUM));
        sum.update(sealed.as_bytes());
        sum.update(lines.as_bytes());
        sum
    }

    /// The text of the sealed secret, and what follows.
    fn split(text: &str) -> (&str, &str) {
        let sealed: usize = text.split_inclusive('\n').take(3).map(str::len).sum();
        text.split_at_checked(sealed).unwrap_or((text, ""))
    }

    fn read(path: &Path, text: &str, master: &Master) -> Result<Self, RingError> {
        let (sealed, rest) = Self::split(text);
        let changed =
            || RingError::unreadable(path, "what its head says was changed: put a backup in its place");
        let (mut written, mut escrows) = (None, Vec::new());
        if !rest.is_empty() {
            let at = rest.rfind("sum ").ok_or_else(changed)?;
            let (lines, sum) = rest.split_at_checked(at).ok_or_else(changed)?;
            let sum = sum.strip_prefix("sum ").and_then(|sum| STANDARD.decode(sum.strip_suffix('\n')?).ok());
            let own = Self::sum(sealed, lines, master).sign();
            if sum.is_none_or(|sum| verify_slices_are_equal(own.as_ref(), &sum).is_err()) {
                return Err(changed());
            }
            let mut lines = lines.lines().peekable();
            if let Some(number) = lines.next_if(|line| line.starts_with(WRITTEN)) {
                written = Some(number.trim_start_matches(WRITTEN).parse().map_err(|_| changed())?);
            }
            let read = lines.map(|line| Escrowed::of(line.strip_prefix("escrow ")?));
            escrows = read.collect::<Option<_>>().ok_or_else(changed)?;
        }
        Ok(Self { sealed: Zeroizing::new(sealed.to_owned()), written, escrows })
    }
}

fn unlock<'l>(path: &'l Path, lock: &'l Lock) -> impl FnOnce(&str) -> Result<(Master, Head), RingError> + 'l {
    move |head| {
        let (sealed, _) = Head::split(head);
        let secret = vault::open(lock, LABEL, sealed).map_err(RingError::shut(path))?;
        let form = |_| RingError::unreadable(path, "this is no keyring of this version");
        let bytes = secret.as_slice().try_into().map(Zeroizing::new).map_err(form)?;
        let master = Master::of(bytes)?;
        let head = Head::read(path, head, &master)?;
        Ok((master, head))
    }
}

fn by_escrow(path: &Path, keys: &[u8; 64], head: &str) -> Result<(Master, Head), RingError> {
    let master = Master::of(Zeroizing::new(*keys))?;
    let head = Head::read(path, head, &master)?;
    Ok((master, head))
}

fn trail_key(secret: &Secret) -> TrailKey {
    TrailKey::of(**secret)
}

impl Keyring {
    /// A ring of nobody, in a new file that its owner alone can read.
    pub fn create(path: &Path, lock: &Lock, mut rng: Box<dyn Rng>) -> Result<Self, RingError> {
        let master = Arc::new(Master::random(&mut *rng)?);
        let sealed = Head::sealed(lock, &master, &mut *rng)?;
        let head = Head { sealed, written: Some(1), escrows: Vec::new() };
        let bytes = head.bytes(&master);
        let draft = Draft { head: bytes, master, records: Vec::new(), shredded: Shredded::new() };
        Store::create(path, &PURPOSE, draft, rng).map(|store| Self::of(store, head))
    }

    /// Opens a ring. What a crash tore is finished; less than a record at its end does not count, and is cut off once
    /// the ring was held against what was seen of it.
    pub fn open(path: &Path, lock: &Lock, rng: Box<dyn Rng>) -> Result<Self, RingError> {
        Store::open(path, &PURPOSE, rng, unlock(path, lock)).map(|(store, head, _)| Self::of(store, head))
    }

    const fn of(store: Store, head: Head) -> Self {
        Self { store, state: Mutex::new(State { head, seen: None }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on, how far the ring came is kept in a file apart: an older copy in the ring's place is noticed. Escrows
    /// that were seen to hold it are not forgotten.
    pub fn watch(&self, seen: &Path, unseen: Unseen) -> Result<(), RingError> {
        let mut state = self.state();
        let key = self.store.master().sums(SEEN);
        let watched = Seen::of(seen, "keyring", key, self.reach(&state.head), unseen)?;
        state.seen = Some(watched.seen);
        self.store.cut_torn()?;
        let mut escrows = state.head.escrows.clone();
        escrowed::take_over(&mut escrows, watched.noted.as_deref().unwrap_or_default());
        if let Some(beyond) = watched.beyond {
            state.head.written = Some(beyond);
        }
        if watched.beyond.is_some() || escrows != state.head.escrows {
            return self.rewrite(&mut state, escrows, |_| ()).map(|_| ());
        }
        self.see(&state)
    }

    fn written(&self, head: &Head) -> u64 {
        head.written.unwrap_or_else(|| self.counts().1)
    }

    fn reach(&self, head: &Head) -> Reach {
        (self.written(head), self.store.length())
    }

    fn see(&self, state: &State) -> Result<(), RingError> {
        match &state.seen {
            Some(seen) => Ok(seen.see(self.reach(&state.head), &escrowed::lines(&state.head.escrows))?),
            None => Ok(()),
        }
    }

    /// Puts another file in the place of this; gives the one that was there.
    fn rewrite(
        &self,
        state: &mut State,
        escrows: Vec<Escrowed>,
        change: impl FnOnce(&mut Draft),
    ) -> Result<File, RingError> {
        let written = Some(self.written(&state.head) + 1);
        let head = Head { sealed: state.head.sealed.clone(), written, escrows };
        let mut writer = self.store.writer()?;
        let mut draft = self.store.draft(&writer);
        change(&mut draft);
        draft.head = head.bytes(&draft.master);
        let replaced = self.store.put(&mut writer, draft)?;
        drop(writer);
        state.head = head;
        self.see(state)?;
        Ok(replaced)
    }

    /// Escrows that hold the ring, as far as it was told of them.
    pub fn escrows(&self) -> Vec<Escrowed> {
        self.state().head.escrows.clone()
    }

    /// Escrows that bring back keys that were shredded, until they are destroyed.
    pub fn undoing(&self) -> Vec<Escrowed> {
        let mut escrows = self.escrows();
        escrows.retain(|escrow| escrow.state == EscrowState::Undoes);
        escrows
    }

    /// Remembers an escrow, before there is one.
    pub(crate) fn escrowed(&self, escrow: Escrowed) -> Result<(), RingError> {
        self.change_escrows(|escrows| escrows.push(escrow))
    }

    /// There came to be no such escrow.
    pub(crate) fn escrow_withdrawn(&self, id: KeyId) -> Result<(), RingError> {
        self.change_escrows(|escrows| escrows.retain(|escrow| escrow.id != id))
    }

    /// An escrow is destroyed, as two people say. Tells whether it holds the ring.
    pub(crate) fn escrow_destroyed(&self, id: KeyId) -> Result<bool, RingError> {
        self.change_escrows(|escrows| escrowed::destroyed(escrows, id))
    }

    fn change_escrows<T>(&self, change: impl FnOnce(&mut Vec<Escrowed>) -> T) -> Result<T, RingError> {
        let mut state = self.state();
        let mut escrows = state.head.escrows.clone();
        let done = change(&mut escrows);
        if escrows != state.head.escrows {
            self.rewrite(&mut state, escrows, |_| ())?;
        }
        Ok(done)
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
        let mut state = self.state();
        let Some(id) = self.store.id(&self.store.finder(subject)) else { return Ok(None) };
        let mut escrows = state.head.escrows.clone();
        escrowed::doom(&mut escrows);
        let shred = |draft: &mut Draft| draft.shred(&BTreeSet::from([id]), &PURPOSE, untold);
        let mut replaced = self.rewrite(&mut state, escrows, shred)?;
        // The file that had the key has no name any more. What it held is written over as well as can be.
        let old = replaced.metadata().map_or(0, |metadata| metadata.len());
        let zeros = vec![0; usize::try_from(old).unwrap_or_default()];
        let _ = replaced.seek(SeekFrom::Start(0)).and_then(|_| replaced.write_all(&zeros));
        let _ = replaced.sync_all();
        Ok(Some(key_id(&id)))
    }

    /// Keys that were destroyed and of which no entry says so yet.
    pub fn untold(&self) -> Vec<KeyId> {
        self.store.untold().iter().map(key_id).collect()
    }

    /// Entries say so of these now.
    pub fn told(&self, ids: &[KeyId]) -> Result<(), RingError> {
        let mut state = self.state();
        let escrows = state.head.escrows.clone();
        let ids: Vec<Id> = ids.iter().map(|id| *id.bytes()).collect();
        self.rewrite(&mut state, escrows, |draft| draft.told(&ids)).map(|_| ())
    }

    /// Locks the ring by something else. Old copies still open by the old lock.
    pub fn relock(&self, lock: &Lock) -> Result<(), RingError> {
        let mut state = self.state();
        let sealed = {
            let mut writer = self.store.writer()?;
            Head::sealed(lock, &self.store.master(), &mut *writer.rng)?
        };
        let before = std::mem::replace(&mut state.head.sealed, sealed);
        let escrows = state.head.escrows.clone();
        let done = self.rewrite(&mut state, escrows, |_| ());
        if done.is_err() {
            state.head.sealed = before;
        }
        done.map(|_| ())
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
        let (other, _) = Read::of(backup, &PURPOSE, &store::whole(backup)?, unlock(backup, lock))?;
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
        let (other, _) = Read::of(path, &PURPOSE, bytes, |head| by_escrow(path, keys, head))?;
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
        let (read, mut head) = Read::of(from, &PURPOSE, bytes, |head| by_escrow(from, keys, head))?;
        read.is_whole(from)?;
        let mut draft = read.draft();
        head.sealed = Head::sealed(lock, &draft.master, &mut *rng)?;
        head.written = Some(head.written.unwrap_or(draft.shredded.len() as u64) + 1);
        draft.head = head.bytes(&draft.master);
        Store::create(to, &PURPOSE, draft, rng).map(|store| Self::of(store, head))
    }

    /// Puts a backup where no ring is, after opening every key of it. One that is older than what was seen is refused
    /// unless somebody vouches for it, and so is any where nothing was seen.
    pub fn restore(
        backup: &Path,
        lock: &Lock,
        to: &Path,
        (seen, unseen): (&Path, Unseen),
        rng: Box<dyn Rng>,
    ) -> Result<Self, RingError> {
        let bytes = store::whole(backup)?;
        // Every key is opened by reading.
        let (read, _) = Read::of(backup, &PURPOSE, &bytes, unlock(backup, lock))?;
        read.is_whole(backup)?;
        store::restore(&bytes, to)?;
        let watched = Self::open(to, lock, rng).and_then(|ring| ring.watch(seen, unseen).map(|()| ring));
        watched.inspect_err(|_| {
            // It was made here. The error that matters is the first.
            let _ = std::fs::remove_file(to);
        })
    }

    /// Takes the file away that this process made.
    pub(crate) fn remove(self) -> Result<(), RingError> {
        self.store.remove()
    }
}

impl Pseudonymiser for Keyring {
    fn pseudonyms(&self, subjects: &[Subject]) -> Result<Vec<Pseudonym>, PseudonymError> {
        let failed = |error: RingError| PseudonymError::Keyring(error.to_string());
        let people: Vec<Finder> = subjects.iter().map(|subject| self.store.finder(subject)).collect();
        let given = self.store.give(&people).map_err(failed)?;
        if given.is_new {
            self.see(&self.state()).map_err(failed)?;
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
