//! The salts from which the keys of people's field tokens come, under a key that a root wraps.
//!
//! Whoever is shredded is shredded in copies too: all records are sealed anew under the key of a new epoch, a new
//! wrapping key of the root wraps that, and the wrapping key of the epoch before is destroyed. No copy of the file that
//! was made until then opens again.
//!
//! What a crash leaves: before the new file has its name, the old one and one wrapping key too many, which wraps
//! nothing that is kept; after it, the new one, and opening it destroys the wrapping key that it says is retired.

mod merging;
mod returning;
mod withheld;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use aws_lc_rs::hmac;
use jiff::civil::Date;
use journal::names::KeyId;
use journal::{Rng, Subject};
use zeroize::Zeroizing;

use super::escrowed::{self, EscrowState, Escrowed};
use super::head::{Accepted, Head, Shreddings, Unread};
use super::store::{self, Draft, Drill, Finder, Id, Master, Purpose, Read, Store, Writer};
use super::{Away, RingError, key_id};
use crate::GuardError;
use crate::durable::{self, Access};
use crate::root::{self, Root, RootError, WrappingKey};
use crate::seal::SubjectSalt;
use crate::seen::{Seen, Unseen};
use crate::token::Handle;
use merging::Merges;
pub use merging::{Merged, Merging, Standing};
pub use returning::Welcome;

const PURPOSE: Purpose = Purpose {
    name: "ring of salts",
    record: b"phiward salt ring record\n",
    untold: b"phiward salt ring record, untold\n",
    remembered: Some(b"phiward salt ring record, shredded\n"),
    longest_head: 64 << 20,
};

const SEEN: &[u8] = b"phiward-salt-ring-seen-1";

struct State {
    head: Head,
    seen: Option<Seen>,
    put_back: Option<PutBack>,
}

/// A copy that this process put where no ring was, until it is held against what was seen.
#[derive(Clone, Copy)]
enum PutBack {
    /// A backup, and how it stood with shreddings when it was made.
    Backup(Shreddings),
    /// What an escrow held: it is never known to be the newest.
    Escrow,
}

impl State {
    const fn of(head: Head) -> Self {
        Self { head, seen: None, put_back: None }
    }
}

/// A ring of salts that this process alone has open.
pub struct SaltRing {
    store: Store,
    root: Arc<dyn Root>,
    /// Whoever changes more than people's number holds it.
    state: Mutex<State>,
    merges: RwLock<Merges>,
    /// Whoever was shredded may have a new salt, once this was told.
    welcome: OnceLock<Welcome>,
    /// Whose salts are here and are not used.
    withheld: OnceLock<BTreeSet<Id>>,
}

impl fmt::Debug for SaltRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SaltRing").field("path", &self.store.path).finish_non_exhaustive()
    }
}

fn unread(path: &Path) -> impl FnOnce(Unread) -> RingError {
    move |unread| match unread {
        Unread::Form(what) => RingError::unreadable(path, what),
        Unread::Root(error) => RingError::Root(error),
    }
}

fn salt((id, secret): (Id, Zeroizing<[u8; 32]>)) -> SubjectSalt {
    SubjectSalt::of(Handle::of(id), secret)
}

/// A ring in which nobody is, or that an escrow gave back.
struct Begun {
    head: Head,
    master: Arc<Master>,
}

impl SaltRing {
    /// A ring of nobody, in a new file that its owner alone can read, under a new wrapping key.
    pub fn create(path: &Path, root: Arc<dyn Root>, mut rng: Box<dyn Rng>) -> Result<Self, RingError> {
        let id = KeyId::random(&mut *rng);
        Self::create_as(id, Vec::new(), path, root, rng)
    }

    pub(crate) fn create_as(
        id: KeyId,
        approvers: Vec<String>,
        path: &Path,
        root: Arc<dyn Root>,
        mut rng: Box<dyn Rng>,
    ) -> Result<Self, RingError> {
        if path.exists() {
            return Err(RingError::Exists { path: path.to_owned() });
        }
        if approvers.len() == 1 {
            return Err(RingError::Refused(TOO_FEW));
        }
        let master = Arc::new(Master::random(&mut *rng)?);
        let ring = *id.bytes();
        root::under_new(&*Arc::clone(&root), |wrapping| {
            let head = Head {
                ring,
                written: 1,
                epoch: 1,
                wrapping,
                wrapped: Head::wrap(&*root, wrapping, &ring, 1, &master)?,
                retired: None,
                approvers,
                merges: BTreeMap::new(),
                became: BTreeMap::new(),
                escrows: Vec::new(),
                unknown: None,
                shreddings: Shreddings::Settled,
            };
            Self::placed(path, root, Begun { head, master }, Vec::new(), store::Shredded::new(), rng)
        })
    }

    /// Takes the file away again that this process made.
    pub(crate) fn remove(self) -> Result<(), RingError> {
        self.store.remove()
    }

    /// [`SaltRing::remove`], with the wrapping key that was made for it.
    pub(crate) fn undo(self) -> Result<(), RingError> {
        let (root, (_, wrapping)) = (Arc::clone(&self.root), self.epoch());
        self.remove()?;
        Ok(root::undo(&*root, wrapping)?)
    }

    fn placed(
        path: &Path,
        root: Arc<dyn Root>,
        Begun { head, master }: Begun,
        records: Vec<store::Kept>,
        shredded: store::Shredded,
        mut rng: Box<dyn Rng>,
    ) -> Result<Self, RingError> {
        let bytes = head.bytes(&master, records.len() + shredded.len(), &mut *rng)?;
        let draft = Draft { head: bytes, master, records, shredded };
        let store = Store::create(path, &PURPOSE, draft, rng)?;
        let merges = RwLock::new(Merges::of(&head));
        let state = Mutex::new(State::of(head));
        Ok(Self { store, root, state, merges, welcome: OnceLock::new(), withheld: OnceLock::new() })
    }

    /// Opens a ring, finishes what a crash tore, and destroys the wrapping key of the epoch before where that is still
    /// to be done.
    pub fn open(path: &Path, root: Arc<dyn Root>, rng: Box<dyn Rng>) -> Result<Self, RingError> {
        let by_root = |head: &str| by_root(path, &*root, head);
        let (store, (head, holds), records) = Store::open(path, &PURPOSE, rng, by_root)?;
        if records < holds {
            return Err(RingError::unreadable(path, CUT_OFF));
        }
        if let Some(retired) = head.retired {
            root.destroy(retired)?;
        }
        let merges = RwLock::new(Merges::of(&head));
        let state = Mutex::new(State::of(head));
        Ok(Self { store, root, state, merges, welcome: OnceLock::new(), withheld: OnceLock::new() })
    }

    /// From now on, how far the ring came is kept in a file apart: an older copy in the ring's place is noticed.
    pub fn watch(&self, seen: &Path, unseen: Unseen) -> Result<(), RingError> {
        self.watch_on(seen, unseen, None)
    }

    /// [`SaltRing::watch`], on a day from which escrows and shreddings are unknown where nothing says that the ring is
    /// the newest.
    pub(crate) fn watch_on(&self, seen: &Path, unseen: Unseen, day: Option<Date>) -> Result<(), RingError> {
        let mut state = self.state();
        let key = self.store.master().sums(SEEN);
        let found = (state.head.written, self.store.length());
        let watched = Seen::of(seen, "salts", key, found, unseen)?;
        let put_back = state.put_back.take();
        let is_newest = watched.is_known() && !matches!(put_back, Some(PutBack::Escrow));
        state.seen = Some(watched.seen);
        self.store.cut_torn()?;
        let mut head = state.head.clone();
        if !is_newest && let Some(noted) = &watched.noted {
            head.take_over(noted);
        }
        if let Some(beyond) = watched.beyond {
            head.written = beyond;
        }
        match put_back {
            Some(PutBack::Backup(shreddings)) if is_newest => head.shreddings = shreddings,
            _ => day.filter(|_| !is_newest).into_iter().for_each(|day| head.put_back_on(day)),
        }
        if watched.beyond.is_some() || put_back.is_some() || (day.is_some() && !is_newest) {
            return self.rewrite(&mut state, head, |_, _| Ok(()));
        }
        self.see(&state)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn see(&self, state: &State) -> Result<(), RingError> {
        match &state.seen {
            Some(seen) => Ok(seen.see((state.head.written, self.store.length()), &state.head.note())?),
            None => Ok(()),
        }
    }

    /// The salts of these people, in order. Who had none has one now, and it is durable. Nothing is given for who was
    /// merged into somebody else: what is new is of the person who survives.
    pub fn salts(&self, subjects: &[impl Borrow<Subject>]) -> Result<Vec<SubjectSalt>, RingError> {
        let people: Vec<Finder> =
            subjects.iter().map(|subject| self.store.finder(subject.borrow())).collect();
        {
            let merges = self.others();
            if !merges.are_none() && people.iter().any(|person| merges.away(&self.store, person).is_some()) {
                return Err(RingError::Refused(MERGED_AWAY));
            }
        }
        let given = self.let_back(subjects, || {
            let given = self.store.give(&people)?;
            if given.is_new {
                self.see(&self.state())?;
            }
            Ok(given)
        })?;
        Ok(given.secrets.into_iter().map(salt).collect())
    }

    /// The salt of a person who has one: for reading, which makes none.
    pub fn known(&self, subject: &Subject) -> Result<Option<SubjectSalt>, RingError> {
        Ok(self.store.find(&self.store.finder(subject))?.map(salt))
    }

    /// The salt that a token names.
    pub fn by_handle(&self, handle: Handle) -> Result<Option<SubjectSalt>, RingError> {
        if self.is_withheld(handle.bytes()) {
            return Ok(None);
        }
        Ok(self.store.by_id(handle.bytes())?.map(|secret| SubjectSalt::of(handle, secret)))
    }

    /// Whether what a token names was destroyed and its person forgotten.
    pub fn was_shredded(&self, handle: Handle) -> bool {
        let gone = self.store.was_shredded(handle.bytes()) || self.is_withheld(handle.bytes());
        gone && !self.was_retired(handle)
    }

    /// How many people have a salt, and how many salts were destroyed: also those of handles that were retired.
    pub fn counts(&self) -> (u64, u64) {
        self.store.counts()
    }

    /// Names the ring and says nothing of it.
    pub fn id(&self) -> KeyId {
        key_id(&self.state().head.ring)
    }

    /// A sum by a key of the ring's own, which outlives its epochs.
    pub(crate) fn sum(&self, label: &[u8], of: &[u8]) -> Result<[u8; 32], RingError> {
        let sum = hmac::sign(&self.store.master().sums(label), of);
        Ok(sum.as_ref().try_into().map_err(|_| GuardError::Module)?)
    }

    /// Whole writings of the ring's file: each merge and each shredding is one.
    pub(crate) fn written(&self) -> u64 {
        self.state().head.written
    }

    /// How often the ring was locked anew, and the wrapping key that locks it.
    pub fn epoch(&self) -> (u64, WrappingKey) {
        let head = &self.state().head;
        (head.epoch, head.wrapping)
    }

    /// Destroys the salts of these people, and those of who was merged into them: no token of theirs opens again, and
    /// no copy of the ring that was made until now. Gives the handles, in order; nothing for who has none. The ring
    /// holds them as untold until [`SaltRing::told`].
    ///
    /// Where this fails the ring is opened again: it says then who is shredded ([`SaltRing::untold`]), and finishes it.
    pub fn shred(&self, subjects: &[Subject]) -> Result<Vec<Option<Handle>>, RingError> {
        let mut state = self.state();
        let people: Vec<Finder> = subjects.iter().map(|subject| self.store.finder(subject)).collect();
        let away = |(at, person)| Some((at, self.others().away(&self.store, person)?.0));
        let away: Vec<Away> = people.iter().enumerate().filter_map(away).map(Away::of).collect();
        if !away.is_empty() {
            return Err(RingError::MergedAway(away));
        }
        let ids: Vec<Option<Id>> = people.iter().map(|person| self.store.id(person)).collect();
        self.destroy(&mut state, ids.iter().flatten().copied().collect())?;
        Ok(ids.into_iter().map(|id| id.map(Handle::of)).collect())
    }

    /// [`SaltRing::shred`] by what tokens name, or entries. That of a person who was merged away is retired: nobody is
    /// forgotten, and who they are now stays known. Gives those that were there.
    pub fn shred_handles(&self, handles: &[Handle]) -> Result<Vec<Handle>, RingError> {
        let mut state = self.state();
        let there = self.there(handles);
        self.destroy(&mut state, there.iter().map(|handle| *handle.bytes()).collect())?;
        Ok(there)
    }

    fn destroy(&self, state: &mut State, mut ids: BTreeSet<Id>) -> Result<(), RingError> {
        if ids.is_empty() {
            return Ok(());
        }
        let merged = state.head.merges.iter().filter(|(_, merge)| ids.contains(&merge.into));
        let merged: Vec<Id> = merged.map(|(from, _)| *from).collect();
        ids.extend(merged);
        self.turn(state, &ids)
    }

    /// Locks the ring anew, under a new wrapping key, and destroys the one before: no copy of the file that was made
    /// until now opens again.
    pub fn rewrap(&self) -> Result<(), RingError> {
        self.turn(&mut self.state(), &BTreeSet::new())
    }

    /// A new epoch, without these.
    fn turn(&self, state: &mut State, without: &BTreeSet<Id>) -> Result<(), RingError> {
        self.retire(&state.head)?;
        let mut head = state.head.clone();
        head.epoch += 1;
        head.retired = Some(head.wrapping);
        let forgotten = head.part_from(without);
        if !without.is_empty() {
            head.doom_escrows();
        }
        let next = {
            let mut writer = self.store.writer()?;
            Arc::new(self.store.master().next(&mut *writer.rng)?)
        };
        let wrapping = self.root.make()?;
        let turned = Head::wrap(&*self.root, wrapping, &head.ring, head.epoch, &next)
            .map_err(RingError::from)
            .and_then(|wrapped| {
                (head.wrapping, head.wrapped) = (wrapping, wrapped);
                self.rewrite(state, head, |draft, writer| {
                    draft.shred(without, &PURPOSE, true);
                    draft.untold(&forgotten);
                    draft.turn(next, &PURPOSE, &mut *writer.rng)?;
                    Ok(())
                })
            });
        match turned {
            Err(error) if state.head.wrapping != wrapping => {
                Err(root::not_put(&*self.root, wrapping, self.store.has_its_name(), error))
            }
            turned => turned.and_then(|()| self.retire(&state.head)),
        }
    }

    /// Destroys the wrapping key of the epoch before. Fine where that was done.
    fn retire(&self, head: &Head) -> Result<(), RingError> {
        match head.retired {
            Some(retired) => Ok(self.root.destroy(retired)?),
            None => Ok(()),
        }
    }

    fn rewrite(
        &self,
        state: &mut State,
        mut head: Head,
        change: impl FnOnce(&mut Draft, &mut Writer) -> Result<(), RingError>,
    ) -> Result<(), RingError> {
        if let Some(seen) = &state.seen {
            seen.has_room(&head.note())?;
        }
        let mut writer = self.store.writer()?;
        let mut draft = self.store.draft(&writer);
        change(&mut draft, &mut writer)?;
        head.written += 1;
        let records = draft.records.len() + draft.shredded.len();
        draft.head = head.bytes(&draft.master, records, &mut *writer.rng)?;
        self.store.put(&mut writer, draft)?;
        drop(writer);
        *self.merges.write().unwrap_or_else(PoisonError::into_inner) = Merges::of(&head);
        state.head = head;
        self.see(state)
    }

    /// Handles whose salts were destroyed and of which no entry says so yet.
    pub fn untold(&self) -> Vec<Handle> {
        self.store.untold().into_iter().map(Handle::of).collect()
    }

    /// Entries say so of these now.
    pub fn told(&self, handles: &[Handle]) -> Result<(), RingError> {
        let mut state = self.state();
        let head = state.head.clone();
        let ids: Vec<Id> = handles.iter().map(|handle| *handle.bytes()).collect();
        self.rewrite(&mut state, head, |draft, _| {
            draft.told(&ids);
            Ok(())
        })
    }

    /// Who may say what two people have to.
    pub(crate) fn approvers(&self) -> Vec<String> {
        self.state().head.approvers.clone()
    }

    pub(crate) fn pin_approvers(&self, approvers: Vec<String>) -> Result<(), RingError> {
        if approvers.len() < 2 {
            return Err(RingError::Refused(TOO_FEW));
        }
        let mut state = self.state();
        let head = Head { approvers, ..state.head.clone() };
        self.rewrite(&mut state, head, |_, _| Ok(()))
    }

    /// Escrows that were made of the keys.
    pub fn escrows(&self) -> Vec<Escrowed> {
        self.state().head.escrows.clone()
    }

    /// Remembers an escrow, before there is one: a shredding names it then.
    pub(crate) fn escrowed(&self, escrow: Escrowed) -> Result<(), RingError> {
        let mut state = self.state();
        let mut head = state.head.clone();
        head.escrows.push(escrow);
        self.rewrite(&mut state, head, |_, _| Ok(()))
    }

    /// There came to be no such escrow.
    pub(crate) fn escrow_withdrawn(&self, id: KeyId) -> Result<(), RingError> {
        let mut state = self.state();
        let mut head = state.head.clone();
        head.escrows.retain(|escrow| escrow.id != id);
        self.rewrite(&mut state, head, |_, _| Ok(()))
    }

    /// An escrow is destroyed, as two people say. Tells whether it was made of these keys.
    pub(crate) fn escrow_destroyed(&self, id: KeyId) -> Result<bool, RingError> {
        let mut state = self.state();
        let mut head = state.head.clone();
        let is_known = escrowed::destroyed(&mut head.escrows, id);
        if is_known {
            self.rewrite(&mut state, head, |_, _| Ok(()))?;
        }
        Ok(is_known)
    }

    /// A data key is about to be destroyed: escrows that were made until now bring it back.
    pub(crate) fn doom_escrows(&self) -> Result<(), RingError> {
        let mut state = self.state();
        if !state.head.escrows.iter().any(|escrow| escrow.state == EscrowState::Kept) {
            return Ok(());
        }
        let mut head = state.head.clone();
        head.doom_escrows();
        self.rewrite(&mut state, head, |_, _| Ok(()))
    }

    /// When a copy was put back that need not know of all escrows, until people settle it.
    pub fn escrows_unknown(&self) -> Option<Date> {
        self.state().head.unknown
    }

    /// No escrow is left that the ring does not know of, as two people say.
    pub(crate) fn escrows_settled(&self) -> Result<(), RingError> {
        let mut state = self.state();
        if state.head.unknown.is_none() {
            return Err(RingError::Refused("no copy was put back since escrows were settled"));
        }
        let head = Head { unknown: None, ..state.head.clone() };
        self.rewrite(&mut state, head, |_, _| Ok(()))
    }

    /// When a copy was put back, while people may be open again who were shredded after it was made.
    pub fn reopened(&self) -> Option<Date> {
        self.state().head.shreddings.open()
    }

    /// Why they are not shredded again by a ledger, where two people said so.
    pub fn accepted(&self) -> Option<Accepted> {
        match self.state().head.shreddings {
            Shreddings::Accepted(accepted) => Some(accepted),
            Shreddings::Open(_) | Shreddings::Settled => None,
        }
    }

    /// Of these handles those whose salts are here.
    pub fn there(&self, handles: &[Handle]) -> Vec<Handle> {
        handles.iter().filter(|handle| self.store.has(handle.bytes())).copied().collect()
    }

    /// Whoever was shredded after the copy was made that was put back is shredded here, or that counts no more.
    pub(crate) fn shreddings_settled(&self) -> Result<(), RingError> {
        let mut state = self.state();
        if state.head.shreddings.open().is_none() {
            return Err(RingError::Refused(NOT_OPEN));
        }
        let head = Head { shreddings: Shreddings::Settled, ..state.head.clone() };
        self.rewrite(&mut state, head, |_, _| Ok(()))
    }

    /// Two people say why that is not so: of a copy that was put back, or of people whom a ledger names and who are here.
    pub(crate) fn shreddings_accepted(&self, accepted: Accepted, named: &[Handle]) -> Result<(), RingError> {
        let mut state = self.state();
        if state.head.shreddings.open().is_none() && self.there(named).is_empty() {
            return Err(RingError::Refused(NOT_OPEN));
        }
        let head = Head { shreddings: Shreddings::Accepted(accepted), ..state.head.clone() };
        self.rewrite(&mut state, head, |_, _| Ok(()))
    }

    /// Writes a whole copy to a new file. It opens by the same root, until somebody is shredded.
    pub fn back_up(&self, to: &Path) -> Result<u64, RingError> {
        let state = self.state();
        let bytes = self.store.copy(&mut *self.store.writer()?)?;
        durable::create(to, &bytes, Access::Owner).map_err(RingError::io(to))?;
        drop(state);
        Ok(self.counts().0)
    }

    /// Opens every salt of a backup and compares it with the ring's; nothing where it opens no more, because somebody
    /// was shredded since.
    pub fn drill(&self, backup: &Path) -> Result<Option<Drill>, RingError> {
        let by_root = |head: &str| by_root(backup, &*self.root, head);
        let (other, _) = match Read::of(backup, &PURPOSE, &store::whole(backup)?, by_root) {
            Err(RingError::Root(RootError::Missing(_))) => return Ok(None),
            read => read?,
        };
        self.compared(backup, &other).map(Some)
    }

    fn compared(&self, path: &Path, other: &Read) -> Result<Drill, RingError> {
        other.is_whole(path)?;
        if !other.master.finds_as(&self.store.master()) {
            return Err(RingError::unreadable(path, "it is a backup of another ring"));
        }
        Ok(self.store.compare(other))
    }

    /// Puts a backup where no ring is, after opening every salt of it. Escrows that were made since are unknown.
    pub fn restore(
        backup: &Path,
        root: Arc<dyn Root>,
        to: &Path,
        day: Date,
        rng: Box<dyn Rng>,
    ) -> Result<Self, RingError> {
        if to.exists() {
            return Err(RingError::Exists { path: to.to_owned() });
        }
        let bytes = store::whole(backup)?;
        let (read, (mut head, holds)) =
            Read::of(backup, &PURPOSE, &bytes, |head| by_root(backup, &*root, head))?;
        read.is_whole(backup)?;
        let draft = read.draft();
        if ((draft.records.len() + draft.shredded.len()) as u64) < holds {
            return Err(RingError::unreadable(backup, CUT_OFF));
        }
        let was = head.shreddings;
        head.put_back_on(day);
        let begun = Begun { head, master: draft.master };
        let ring = Self::placed(to, root, begun, draft.records, draft.shredded, rng)?;
        ring.state().put_back = Some(PutBack::Backup(was));
        Ok(ring)
    }

    /// The ring for an escrow: its two keys and its file.
    pub(crate) fn whole(&self) -> Result<(Zeroizing<[u8; 64]>, Vec<u8>), RingError> {
        let _state = self.state();
        let mut writer = self.store.writer()?;
        Ok((self.store.master().bytes.clone(), self.store.copy(&mut writer)?))
    }

    /// [`SaltRing::drill`] of what an escrow holds.
    pub(crate) fn drill_whole(&self, path: &Path, keys: &[u8; 64], bytes: &[u8]) -> Result<Drill, RingError> {
        let (read, _) = Read::of(path, &PURPOSE, bytes, |head| by_escrow(path, keys, head))?;
        self.compared(path, &read)
    }

    /// What an escrow holds, where no ring is: under a new wrapping key of another root.
    pub(crate) fn of_whole(
        (from, keys, bytes): (&Path, &[u8; 64], &[u8]),
        to: &Path,
        root: Arc<dyn Root>,
        day: Date,
        mut rng: Box<dyn Rng>,
    ) -> Result<Self, RingError> {
        if to.exists() {
            return Err(RingError::Exists { path: to.to_owned() });
        }
        let (read, (mut head, _)) = Read::of(from, &PURPOSE, bytes, |head| by_escrow(from, keys, head))?;
        read.is_whole(from)?;
        let mut draft = read.draft();
        let next = Arc::new(draft.master.next(&mut *rng)?);
        draft.turn(Arc::clone(&next), &PURPOSE, &mut *rng)?;
        (head.epoch, head.written, head.retired) = (head.epoch + 1, head.written + 1, None);
        head.put_back_on(day);
        let ring = root::under_new(&*Arc::clone(&root), |wrapping| {
            head.wrapped = Head::wrap(&*root, wrapping, &head.ring, head.epoch, &next)?;
            head.wrapping = wrapping;
            Self::placed(to, root, Begun { head, master: next }, draft.records, draft.shredded, rng)
        })?;
        ring.state().put_back = Some(PutBack::Escrow);
        Ok(ring)
    }
}

const CUT_OFF: &str = "records were cut off its end: put a backup in its place";
const TOO_FEW: &str =
    "two people have to say that a key is destroyed: the bundle needs two approvers or more";

const NOT_OPEN: &str = "nothing is to be said of shreddings: no copy was put back since they were settled, and no ledger names anybody who \
     is here";

const MERGED_AWAY: &str = "the person was merged into another, or shredded: name who survives";

fn by_root(path: &Path, root: &dyn Root, head: &str) -> Result<(Master, (Head, u64)), RingError> {
    let read = Head::read(head, |key, label, wrapped| root.unwrap(key, label, wrapped));
    let (head, master, holds) = read.map_err(unread(path))?;
    Ok((master, (head, holds)))
}

fn by_escrow(path: &Path, keys: &[u8; 64], head: &str) -> Result<(Master, (Head, u64)), RingError> {
    let sealing = keys.first_chunk::<32>().copied().map(Zeroizing::new);
    let read = Head::read(head, |key, _, _| sealing.ok_or(RootError::Missing(key)));
    let (head, master, holds) = read.map_err(unread(path))?;
    Ok((master, (head, holds)))
}

/// Handles as entries write them.
pub(crate) fn entry_id(handle: Handle) -> KeyId {
    key_id(handle.bytes())
}
