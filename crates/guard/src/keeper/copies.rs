//! Copies of a tenant's keys: made, proved, put back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use journal::Number;
use journal::act::{KeyEvent, KeyKind, KeyStep};
use journal::names::KeyId;

use super::{DATA_KEYS, Keeper, KeeperError, Places, SALTS, Tools, watch};
use crate::data_keys::DataKeys;
use crate::durable::{self, Access};
use crate::escrow::{self, Contents, Escrow, Share, Terms};
use crate::ring::{Drill, EscrowState, Escrowed, Keyring, RingError, SaltRing};
use crate::seen::Unseen;
use crate::vault::Lock;

/// What a backup or an escrow is worth.
#[derive(Clone, Copy, Debug)]
pub struct Drills {
    /// Nothing where it opens no more: the keys were wrapped anew, or somebody was shredded, since.
    pub data: Option<Drill>,
    pub salts: Option<Drill>,
    /// Of an escrow that has a keyring, where one was named to compare it with.
    pub trail: Option<Drill>,
}

impl Drills {
    /// Whether it would answer all that the keys answer, and nothing that it must not.
    pub fn is_good(&self) -> bool {
        let good = |drill: &Option<Drill>| drill.is_some_and(|drill| drill.is_good());
        good(&self.data) && good(&self.salts) && self.trail.is_none_or(|drill| drill.is_good())
    }
}

/// Where a keyring is put that an escrow holds.
#[derive(Clone, Copy, Debug)]
pub struct TrailPlace<'p> {
    pub ring: &'p Path,
    pub lock: &'p Lock,
    /// Where it is kept how far it came.
    pub seen: &'p Path,
}

/// What was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    pub data_keys: u64,
    pub people: u64,
    /// People of a keyring, where the escrow has one.
    pub trail: Option<u64>,
    /// Whether data keys seal as they did: what was seen says that nothing came after the backup.
    pub seals: bool,
}

impl Keeper {
    /// Copies both files to a new folder below one that is named. They open by the same root, until somebody is shredded
    /// or the keys are wrapped anew.
    pub async fn back_up(&mut self, folder: &Path) -> Result<PathBuf, KeeperError> {
        let id = KeyId::random(&mut *(self.tools.rng)());
        let begun = self.tools.begin(KeyEvent::new(KeyStep::BackedUp, KeyKind::Tenant, id)).await?;
        // By their names they stand in the order in which they were made.
        let at = self.tools.clock.now().strftime("%Y-%m-%dT%H%M%S.%6fZ");
        let to = folder.join(format!("{at}-{id}"));
        let done = self.copied(&to).map(|people| (to, people));
        let told = |(_, people): &(PathBuf, u64), mut events: Vec<KeyEvent>| {
            events.iter_mut().for_each(|event| event.keys = Some(Number::of(*people)));
            events
        };
        let (to, _) = self.tools.end_with(begun, done, told).await?;
        Ok(to)
    }

    /// Whether a backup below this folder opens and would answer all that the keys answer.
    pub(super) fn is_backed_up(&self, folder: &Path) -> bool {
        let below = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_good = |backup: &Path| self.drilled(backup).is_ok_and(|drills| drills.is_good());
        below.filter(|path| path.is_dir()).any(|path| is_good(&path))
    }

    fn copied(&self, to: &Path) -> Result<u64, KeeperError> {
        let io = |error| KeeperError::Io { path: to.to_owned(), error };
        durable::make_folder(to).and_then(|()| durable::sync_folder(to)).map_err(io)?;
        Ok(self.data.back_up(&to.join(DATA_KEYS))? + self.salts.back_up(&to.join(SALTS))?)
    }

    /// Opens every key of a backup and compares it.
    pub async fn drill(&mut self, backup: &Path) -> Result<Drills, KeeperError> {
        let event = KeyEvent::new(KeyStep::Drilled, KeyKind::Tenant, self.salts.id());
        let begun = self.tools.begin(event).await?;
        let done = self.drilled(backup);
        self.tools.end(begun, done).await
    }

    /// [`Keeper::drill`] without a word of it: for looking through a folder of backups.
    pub fn drilled(&self, backup: &Path) -> Result<Drills, KeeperError> {
        let data = self.data.drill(&backup.join(DATA_KEYS))?;
        let salts = self.salts.drill(&backup.join(SALTS))?;
        Ok(Drills { data, salts, trail: None })
    }

    /// Puts a backup where no keys are, under the same root. One that is older than what was seen, or of which nothing
    /// was seen, is refused unless somebody vouches for it: its approvers are those of its day. An entry says that they
    /// did. What was seen goes on from there. Unless it is the newest, no data key seals after it.
    pub async fn restore(
        backup: &Path,
        places: Places,
        unseen: Unseen,
        tools: Tools,
    ) -> Result<(Self, Restored), KeeperError> {
        places.are_private()?;
        let id = KeyId::random(&mut *(tools.rng)());
        let begun = tools.begin(KeyEvent::new(KeyStep::Restored, KeyKind::Tenant, id)).await?;
        let done = places.are_free().and_then(|()| Self::put_back(backup, &places, unseen, &tools));
        let told = |(_, salts, _): &(DataKeys, SaltRing, Restored), events: Vec<KeyEvent>| {
            let vouched = KeyEvent::new(KeyStep::TakenUnseen, KeyKind::Tenant, salts.id());
            events.into_iter().chain((unseen == Unseen::Taken).then_some(vouched)).collect()
        };
        let (data, salts, restored) = tools.end_with(begun, done, told).await?;
        let mut keeper = Self { data, salts, tools };
        keeper.tell().await?;
        Ok((keeper, restored))
    }

    fn put_back(
        backup: &Path,
        places: &Places,
        unseen: Unseen,
        tools: &Tools,
    ) -> Result<(DataKeys, SaltRing, Restored), KeeperError> {
        let (root, rng) = (|| Arc::clone(&tools.root), tools.rng);
        let (to, seen) = (&places.data_keys, places.seen_of(DATA_KEYS));
        let (data, seals) = DataKeys::restore(&backup.join(DATA_KEYS), root(), (to, &seen), rng())?;
        let day = tools.today();
        let (data, salts) = or_undone(data, DataKeys::remove, |data| {
            let salts = SaltRing::restore(&backup.join(SALTS), root(), &places.salts, day, rng())?;
            let watched =
                or_undone(salts, SaltRing::remove, |salts| watch(places, data, salts, unseen, Some(day)));
            watched.map(|(salts, ())| salts)
        })?;
        let restored = Restored { data_keys: data.held(), people: salts.counts().0, trail: None, seals };
        Ok((data, salts, restored))
    }

    /// Puts all keys into one sealed file whose key is split. The ring remembers the escrow before there is one, and the
    /// shares are handed out before it is done: where they are not, there is none.
    pub async fn escrow<T>(
        &mut self,
        terms: &Terms,
        trail: Option<&Keyring>,
        to: &Path,
        hand_out: impl FnOnce(Vec<Share>) -> Result<T, String>,
    ) -> Result<T, KeeperError> {
        let begun = self.tools.begin(KeyEvent::new(KeyStep::Escrowed, KeyKind::Tenant, terms.id)).await?;
        let done = self.escrowed(terms, trail, to, hand_out);
        self.tools.end(begun, done).await
    }

    fn escrowed<T>(
        &self,
        terms: &Terms,
        trail: Option<&Keyring>,
        to: &Path,
        hand_out: impl FnOnce(Vec<Share>) -> Result<T, String>,
    ) -> Result<T, KeeperError> {
        let Terms { id, day, threshold, shares } = *terms;
        if to.exists() {
            return Err(RingError::Exists { path: to.to_owned() }.into());
        }
        let escrow = Escrowed { id, day, threshold, shares, state: EscrowState::Kept };
        self.salts.escrowed(escrow)?;
        let made = trail.map_or(Ok(()), |trail| Ok(trail.escrowed(escrow)?));
        let made = made.and_then(|()| self.split(terms, trail, to, hand_out));
        if made.is_err() && !to.exists() {
            // Shares of no file open nothing. The error that matters is the first.
            let _ = self.salts.escrow_withdrawn(id);
            let _ = trail.map(|trail| trail.escrow_withdrawn(id));
        }
        made
    }

    fn split<T>(
        &self,
        terms: &Terms,
        trail: Option<&Keyring>,
        to: &Path,
        hand_out: impl FnOnce(Vec<Share>) -> Result<T, String>,
    ) -> Result<T, KeeperError> {
        let trail = trail.map(Keyring::whole).transpose()?;
        let contents = Contents { data: self.data.whole()?, salts: self.salts.whole()?, trail };
        let (file, shares) = escrow::seal(&contents, self.data.tenant(), terms, &mut *(self.tools.rng)())?;
        let handed = hand_out(shares).map_err(KeeperError::NotHandedOut)?;
        let io = |error| KeeperError::Io { path: to.to_owned(), error };
        durable::create(to, &file, Access::Owner).map_err(io)?;
        Ok(handed)
    }

    /// Opens an escrow in memory and compares every key of it. Nothing of it is written.
    pub async fn drill_escrow(
        &mut self,
        escrow: &Escrow,
        shares: &[(String, Share)],
        trail: Option<&Keyring>,
    ) -> Result<Drills, KeeperError> {
        let begun = self.tools.begin(KeyEvent::new(KeyStep::Drilled, KeyKind::Tenant, escrow.id())).await?;
        let done = self.drilled_escrow(escrow, shares, trail);
        self.tools.end(begun, done).await
    }

    fn drilled_escrow(
        &self,
        escrow: &Escrow,
        shares: &[(String, Share)],
        trail: Option<&Keyring>,
    ) -> Result<Drills, KeeperError> {
        let contents = escrow.open(shares)?;
        let data = Some(self.data.drill_whole(&contents.data)?);
        let (keys, file) = &contents.salts;
        let salts = Some(self.salts.drill_whole(escrow.path(), keys, file)?);
        let trail = match (&contents.trail, trail) {
            (Some((keys, file)), Some(ring)) => Some(ring.drill_whole(escrow.path(), keys, file)?),
            (None, Some(_)) => return Err(KeeperError::Refused("the escrow holds no keyring")),
            (_, None) => None,
        };
        Ok(Drills { data, salts, trail })
    }

    /// Puts an escrow where no keys are, all of them wrapped anew by another root. Data keys that were active open and
    /// seal no more: how often they sealed since is not known.
    pub async fn restore_escrow(
        escrow: &Escrow,
        shares: &[(String, Share)],
        trail: Option<TrailPlace<'_>>,
        places: Places,
        tools: Tools,
    ) -> Result<(Self, Restored), KeeperError> {
        places.are_private()?;
        let begun = tools.begin(KeyEvent::new(KeyStep::Restored, KeyKind::Tenant, escrow.id())).await?;
        let done =
            places.are_free().and_then(|()| Self::put_back_escrow(escrow, shares, trail, &places, &tools));
        let (data, salts, restored) = tools.end(begun, done).await?;
        let mut keeper = Self { data, salts, tools };
        keeper.tell().await?;
        Ok((keeper, restored))
    }

    fn put_back_escrow(
        escrow: &Escrow,
        shares: &[(String, Share)],
        trail: Option<TrailPlace<'_>>,
        places: &Places,
        tools: &Tools,
    ) -> Result<(DataKeys, SaltRing, Restored), KeeperError> {
        let contents = escrow.open(shares)?;
        let trail = match (&contents.trail, trail) {
            (Some(whole), Some(to)) => Some((whole, to)),
            (None, Some(_)) => return Err(KeeperError::Refused("the escrow holds no keyring")),
            (_, None) => None,
        };
        let (root, rng, today) = (|| Arc::clone(&tools.root), tools.rng, tools.today());
        let data = DataKeys::of_whole(&contents.data, &places.data_keys, root(), rng())?;
        let (data, (salts, trail)) = or_undone(data, DataKeys::undo, |data| {
            let (keys, file) = &contents.salts;
            let salts = SaltRing::of_whole((escrow.path(), keys, file), &places.salts, root(), today, rng())?;
            or_undone(salts, SaltRing::undo, |salts| {
                // What was seen there is of other files, or of those that the escrow is older than: who restores it lost
                // them.
                watch(places, data, salts, Unseen::Taken, Some(today))?;
                let Some(((keys, file), TrailPlace { ring: to, lock, seen })) = trail else {
                    return Ok(None);
                };
                let ring = Keyring::of_whole((escrow.path(), keys, file), to, lock, rng())?;
                let watched = or_undone(ring, Keyring::remove, |ring| Ok(ring.watch(seen, Unseen::Taken)?));
                Ok(Some(watched?.0.counts().0))
            })
        })?;
        let restored = Restored { data_keys: data.held(), people: salts.counts().0, trail, seals: false };
        Ok((data, salts, restored))
    }
}

impl Places {
    /// Keys are never written over.
    pub(super) fn are_free(&self) -> Result<(), KeeperError> {
        self.are_both()?;
        match [&self.data_keys, &self.salts].into_iter().find(|path| path.exists()) {
            Some(path) => Err(RingError::Exists { path: path.clone() }.into()),
            None => Ok(()),
        }
    }

    /// What was seen of other keys is not written over: it is what tells an older copy of them.
    pub(super) fn are_unseen(&self) -> Result<(), KeeperError> {
        match [DATA_KEYS, SALTS].map(|name| self.seen_of(name)).into_iter().find(|path| path.exists()) {
            Some(path) => Err(RingError::Exists { path }.into()),
            None => Ok(()),
        }
    }
}

/// Goes on from what an act made; where that fails, what it made is taken away again, and nothing that somebody else
/// did: the same act is to work once what hindered it is gone.
pub(super) fn or_undone<M, T, E: Into<KeeperError>>(
    mut made: M,
    undo: impl FnOnce(M) -> Result<(), E>,
    then: impl FnOnce(&mut M) -> Result<T, KeeperError>,
) -> Result<(M, T), KeeperError> {
    match then(&mut made) {
        Ok(more) => Ok((made, more)),
        Err(error) => Err(match undo(made) {
            Ok(()) => error,
            Err(left) => KeeperError::Left { because: error.to_string(), left: left.into().to_string() },
        }),
    }
}
