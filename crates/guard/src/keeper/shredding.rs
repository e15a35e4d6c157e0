//! People who are forgotten, and people who become one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use journal::act::{KeyEvent, KeyKind, KeyStep};
use journal::names::KeyId;
use journal::{Number, Subject};

use super::{Declared, Keeper, KeeperError};
use crate::ring::{EscrowState, Escrowed, Keyring, Merging, RingError, SaltRing, entry_id};
use crate::token::Handle;

/// What a shredding came to.
#[derive(Clone, Debug)]
pub struct Shredding {
    /// The handle of each person that was asked for; nothing where they have no salt.
    pub handles: Vec<Option<Handle>>,
    /// Those among them of people who were merged into others and are there under these: nobody of them was forgotten.
    pub retired: Vec<Handle>,
    /// The backup that was made after it. None where nobody had a salt, and one in the folder holds everybody and opens.
    pub backup: Option<PathBuf>,
    /// Escrows that bring back who was shredded, until they are destroyed.
    pub undoing: Vec<Escrowed>,
    /// When a copy was put back that need not know of all escrows: others than these may bring people back.
    pub unknown: Option<Date>,
}

fn of_subject(step: KeyStep, handle: Handle) -> KeyEvent {
    KeyEvent::new(step, KeyKind::Subject, entry_id(handle))
}

impl Keeper {
    /// Destroys the salts of these people, in copies too, and makes a backup in a folder that is named: those before
    /// open no more.
    pub async fn shred(
        &mut self,
        subjects: &[Subject],
        backups: Option<&Path>,
    ) -> Result<Shredding, KeeperError> {
        // Who is named twice is one person.
        let people = subjects.iter().map(Subject::bytes).collect::<BTreeSet<_>>().len();
        self.shredded(backups, people, Vec::new(), |keeper| Ok(keeper.salts.shred(subjects)?)).await
    }

    /// [`Keeper::shred`] by handles, as entries and tokens name them: after the restoration of an older copy, and for
    /// people who were merged away and of whom no token is left. Their handles are retired, and entries say that.
    pub async fn shred_handles(
        &mut self,
        handles: &[Handle],
        backups: Option<&Path>,
    ) -> Result<Shredding, KeeperError> {
        let shred = |keeper: &Self| {
            let gone = keeper.salts.shred_handles(handles)?;
            Ok(handles.iter().map(|handle| Some(*handle).filter(|handle| gone.contains(handle))).collect())
        };
        let mut retired = self.salts.retiring(handles);
        retired.sort_unstable();
        retired.dedup();
        let people = handles.iter().collect::<BTreeSet<_>>().len().saturating_sub(retired.len());
        self.shredded(backups, people, retired, shred).await
    }

    async fn shredded(
        &mut self,
        backups: Option<&Path>,
        people: usize,
        retired: Vec<Handle>,
        shred: impl FnOnce(&Self) -> Result<Vec<Option<Handle>>, KeeperError>,
    ) -> Result<Shredding, KeeperError> {
        let begun = self.tools.begin_all(self.counted(people, retired.len())).await?;
        let done = shred(self);
        // Those that an earlier act destroyed and did not come to tell of are told as well.
        let untold = self.salts.untold();
        let told = |_: &Vec<Option<Handle>>, events: Vec<KeyEvent>| {
            events.into_iter().chain(self.each(&untold)).collect()
        };
        let handles = self.tools.end_with(begun, done, told).await?;
        if !untold.is_empty() && self.tools.recorder.is_some() {
            self.salts.told(&untold)?;
        }
        let is_anybody = handles.iter().any(Option::is_some);
        let backup = match backups {
            // One that was killed before it made a backup is done again: nobody has a salt then, and no backup opens.
            Some(folder) if is_anybody || !self.is_backed_up(folder) => Some(self.back_up(folder).await?),
            _ => None,
        };
        Ok(Shredding {
            handles,
            retired,
            backup,
            undoing: self.undoing(),
            unknown: self.salts.escrows_unknown(),
        })
    }

    /// How many people are forgotten, and how many handles are retired.
    fn counted(&self, people: usize, retired: usize) -> Vec<KeyEvent> {
        let of = |step, number: usize| {
            let keys = Some(Number::of(number as u64));
            KeyEvent { keys, ..KeyEvent::new(step, KeyKind::Tenant, self.salts.id()) }
        };
        match (people, retired) {
            (_, 0) => vec![of(KeyStep::Shredded, people)],
            (0, _) => vec![of(KeyStep::HandleRetired, retired)],
            _ => vec![of(KeyStep::Shredded, people), of(KeyStep::HandleRetired, retired)],
        }
    }

    /// What became of each of these whose salt was destroyed.
    fn each(&self, handles: &[Handle]) -> Vec<KeyEvent> {
        let event = |handle: &Handle| match self.salts.was_retired(*handle) {
            true => of_subject(KeyStep::HandleRetired, *handle),
            false => of_subject(KeyStep::Shredded, *handle),
        };
        handles.iter().map(event).collect()
    }

    /// Escrows that undo a shredding, or the destruction of a data key.
    pub fn undoing(&self) -> Vec<Escrowed> {
        let mut escrows = self.salts.escrows();
        escrows.retain(|escrow| escrow.state == EscrowState::Undoes);
        escrows
    }

    /// Tells of whom the ring says that no entry speaks yet.
    pub(super) async fn tell(&mut self) -> Result<(), KeeperError> {
        let untold = self.salts.untold();
        // Where nobody records, they stay untold.
        if untold.is_empty() || self.tools.recorder.is_none() {
            return Ok(());
        }
        let retired = untold.iter().filter(|handle| self.salts.was_retired(**handle)).count();
        let (counted, each) = (self.counted(untold.len() - retired, retired), self.each(&untold));
        // Whoever acts now did not do it.
        let who = self.tools.who.take();
        let told = self.tools.begin_all(counted).await;
        let told = match told {
            Ok(begun) => {
                let all = |(): &(), events: Vec<KeyEvent>| events.into_iter().chain(each).collect();
                self.tools.end_with(begun, Ok(()), all).await
            }
            Err(error) => Err(error),
        };
        self.tools.who = who;
        told?;
        Ok(self.salts.told(&untold)?)
    }

    /// [`Keeper::merge_all`] of one.
    pub async fn merge(&mut self, from: &Subject, into: &Subject) -> Result<Merging, KeeperError> {
        let done = self.merge_all(&[(from.clone(), into.clone())]).await?;
        Ok(done.into_iter().next().flatten())
    }

    /// People became others, all of them or none: see [`crate::ring::SaltRing::merge_all`].
    pub async fn merge_all(&mut self, pairs: &[(Subject, Subject)]) -> Result<Vec<Merging>, KeeperError> {
        let mut events = Vec::new();
        for (from, _) in pairs {
            let known = self.salts.known(from)?;
            events.extend(known.map(|known| of_subject(KeyStep::Merged, known.handle())));
        }
        if events.is_empty() {
            // Nobody of them has tokens, and nothing is done. Who became another before is named.
            return Ok(self.salts.merge_all(pairs)?);
        }
        let begun = self.tools.begin_all(events).await?;
        let done = self.salts.merge_all(pairs).map_err(KeeperError::from);
        // Somebody may have become another who had nothing before.
        let told = |done: &Vec<Merging>, _| {
            done.iter().flatten().map(|(gone, _)| of_subject(KeyStep::Merged, *gone)).collect()
        };
        self.tools.end_with(begun, done, told).await
    }

    /// An escrow is destroyed: two people say that its file, or so many shares that the rest does not open it, are
    /// gone. Nobody can prove that to a program. A keyring that it holds is told too.
    pub async fn escrow_destroyed(
        &mut self,
        id: KeyId,
        trail: Option<&Keyring>,
        by: [&Declared; 2],
    ) -> Result<(), KeeperError> {
        let destroyed = |salts: &SaltRing| {
            // A keyring's word is not enough: whoever has keys of their own would speak for it.
            if !salts.escrow_destroyed(id)? {
                return Err(RingError::Refused("no escrow of this id was made of these keys"));
            }
            trail.map_or(Ok(false), |trail| trail.escrow_destroyed(id)).map(|_| ())
        };
        self.said_by(by, KeyStep::EscrowDestroyed, id, destroyed).await
    }

    /// Every escrow that was made before a copy was put back, and that the ring does not know of, is destroyed: two
    /// people say so.
    pub async fn escrows_settled(&mut self, by: [&Declared; 2]) -> Result<(), KeeperError> {
        let id = self.salts.id();
        self.said_by(by, KeyStep::EscrowsSettled, id, SaltRing::escrows_settled).await
    }

    async fn said_by(
        &mut self,
        by: [&Declared; 2],
        step: KeyStep,
        id: KeyId,
        act: impl FnOnce(&SaltRing) -> Result<(), RingError>,
    ) -> Result<(), KeeperError> {
        let people = by.map(Declared::person).to_vec();
        let event = KeyEvent { people, ..KeyEvent::new(step, KeyKind::Tenant, id) };
        let begun = self.tools.begin(event).await?;
        let done = self.may_answer(by).and_then(|()| Ok(act(&self.salts)?));
        self.tools.end(begun, done).await
    }
}
