//! What becomes of a tenant's keys, each act with its entries.
//!
//! Before an act an entry says that it is intended; where that cannot be recorded, nothing is done. After it another
//! says what came of it. Where that one cannot be recorded the act stands, the caller is told, and the intention stands
//! in the log without its end. Who was shredded is marked in the ring until an entry says so.

mod approval;
mod copies;
mod reopened;
mod shredding;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use journal::act::{KeyEvent, KeyKind, KeyStep, Person};
use journal::names::{Correlation, Digest, KeyId};
use journal::{Act, Clock, Entry, EntryOutcome, RecordError, Recorder, Rng};
use policy::vocabulary::Class;

use crate::data_keys::{DataKeys, KeyStatus, KeysError};
use crate::durable::{self, OpenFolder};
use crate::escrow::EscrowError;
use crate::key::{DataKey, KeyState};
use crate::ring::{RingError, SaltRing, Welcome};
use crate::root::{Root, RootError, WrappingKey};
use crate::seen::Unseen;
use crate::token::KeyNumber;
pub use approval::Declared;
use copies::or_undone;
pub use copies::{Drills, Restored, TrailPlace};
pub use shredding::Shredding;

/// Why an act on keys was not done, or not told of.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeeperError {
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Ring(#[from] RingError),
    #[error(transparent)]
    Escrow(#[from] EscrowError),
    #[error("`{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: std::io::Error },
    #[error("{because}\n{left}")]
    Left { because: String, left: String },
    #[error("no approvers are pinned to these keys: `keys approvers` pins those of a bundle")]
    NoApprovers,
    #[error(
        "`{0}` is not among the approvers that are pinned to these keys (`keys status` names them): another bundle does not \
         change who they are; two of them do, by `keys approvers`"
    )]
    OtherApprover(String),
    #[error(
        "`{0}` is declared by another name or role than the one who is pinned to these keys: if it is the same person, or \
         another who is to answer from now on, two of those that are pinned say so, as the bundle of before declares them \
         (`keys approvers --policy BEFORE --next NOW`)"
    )]
    OtherPerson(String),
    #[error(
        "no keys are in `{folder}`: `keys init` makes new ones, and `keys restore` puts a backup or an escrow there",
        folder = folder.display()
    )]
    NoKeys { folder: PathBuf },
    #[error(
        "`{data_keys}` lies there without a ring of salts, and holds no key: `keys init` was interrupted before it had made \
         both, and nothing was sealed by them. Run `keys init` again: it takes away what it left",
        data_keys = data_keys.display()
    )]
    Unfinished { data_keys: PathBuf },
    #[error(
        "`{there}` lies there and `{missing}` does not: a restoration was interrupted between the two, or the other was lost. \
         Move what is there to another folder, and keep it: where the other was lost, it may know more than any copy. Then put \
         the newest backup of both files (`keys restore --backup`) or an escrow (`keys restore --escrow`) there",
        there = there.display(),
        missing = missing.display()
    )]
    Half { there: PathBuf, missing: PathBuf },
    #[error("{}", .0.told("the keys"))]
    OpenFolder(OpenFolder),
    #[error(
        "`{path}` is an older copy: wrapping key {key}, which opens it, was destroyed when somebody was shredded, a key \
         destroyed or the keys wrapped anew since. Put the newest file back; if that is lost, put the newest backup of both \
         files (`keys restore --backup`) or an escrow (`keys restore --escrow`) where no keys are",
        path = path.display()
    )]
    OlderCopy { path: PathBuf, key: WrappingKey },
    #[error("no escrow was made, because its shares were not handed out: {0}")]
    NotHandedOut(String),
    #[error("nothing was done, because it could not be recorded: {0}")]
    NotDone(RecordError),
    #[error("it was done, and no entry says what came of it: {0}")]
    Untold(RecordError),
    #[error("{0}")]
    Refused(&'static str),
}

/// Where a tenant's keys lie.
#[derive(Clone, Debug)]
pub struct Places {
    pub data_keys: PathBuf,
    pub salts: PathBuf,
    /// Where it is kept how far they came: apart from them.
    pub seen: PathBuf,
}

impl Places {
    /// The files of one folder, and another for what was seen of them.
    pub fn of(folder: &Path, seen: &Path) -> Self {
        Self { data_keys: folder.join(DATA_KEYS), salts: folder.join(SALTS), seen: seen.to_owned() }
    }

    fn seen_of(&self, name: &str) -> PathBuf {
        self.seen.join(name)
    }

    /// One of the two files does not lie there without the other.
    fn are_both(&self) -> Result<(), KeeperError> {
        let (data, salts) = (&self.data_keys, &self.salts);
        let half = |there: &Path, missing: &Path| KeeperError::Half {
            there: there.to_owned(),
            missing: missing.to_owned(),
        };
        match (data.exists(), salts.exists()) {
            (true, false) => Err(half(data, salts)),
            (false, true) => Err(half(salts, data)),
            (true, true) | (false, false) => Ok(()),
        }
    }

    /// Others than the owner do not put files of theirs in the place of these.
    fn are_private(&self) -> Result<(), KeeperError> {
        let parts = [&self.data_keys, &self.salts].into_iter().filter_map(|path| path.parent());
        for folder in parts.chain([self.seen.as_path()]) {
            let io = |error| KeeperError::Io { path: folder.to_owned(), error };
            if let Some(open) = durable::open_folder(folder).map_err(io)? {
                return Err(KeeperError::OpenFolder(open));
            }
        }
        Ok(())
    }
}

/// The tenant of a test, whose keys are discarded after it.
pub const TEST_TENANT: &str = "phiward-test";

const DATA_KEYS: &str = "data-keys";
const SALTS: &str = "salts";

/// What an act needs besides keys. Clock and randomness come from the binary.
pub struct Tools {
    pub root: Arc<dyn Root>,
    /// Nobody, where somebody answers for that.
    pub recorder: Option<Arc<dyn Recorder>>,
    /// The bundle that says who may act, where one was named: entries name it.
    pub policy: Option<Digest>,
    /// Who acts, as somebody says: entries name them.
    pub who: Option<Person>,
    pub clock: Arc<dyn Clock>,
    pub rng: fn() -> Box<dyn Rng>,
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tools").field("root", &self.root).finish_non_exhaustive()
    }
}

/// An act that was recorded as intended.
struct Begun {
    events: Vec<KeyEvent>,
    correlation: Correlation,
}

impl Tools {
    fn today(&self) -> Date {
        self.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    fn entry(&self, event: KeyEvent, outcome: EntryOutcome, correlation: Correlation) -> Entry {
        let (mut event, mut who, mut user) = (event, None, None);
        match &self.who {
            Some(Person::Identity(name)) => who = Some(name.clone()),
            Some(Person::Approver(name)) => event.by = Some(name.clone()),
            Some(Person::User(id)) => user = Some(id.clone()),
            None => {}
        }
        let mut entry = Entry::new(Act::KeyEvent(event), outcome, &*self.clock, &mut *(self.rng)());
        (entry.correlation, entry.policy) = (Some(correlation), self.policy);
        (entry.who, entry.user) = (who, user);
        entry
    }

    async fn record(&self, entries: Vec<Entry>) -> Result<(), RecordError> {
        match &self.recorder {
            Some(recorder) => recorder.record(entries).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// An act is about to be done.
    async fn begin(&self, event: KeyEvent) -> Result<Begun, KeeperError> {
        self.begin_all(vec![event]).await
    }

    /// An act on several keys at once is about to be done.
    async fn begin_all(&self, events: Vec<KeyEvent>) -> Result<Begun, KeeperError> {
        let correlation = Correlation::random(&mut *(self.rng)());
        self.tell_of(&events, EntryOutcome::Intended, correlation).await.map_err(KeeperError::NotDone)?;
        Ok(Begun { events, correlation })
    }

    async fn tell_of(
        &self,
        events: &[KeyEvent],
        outcome: EntryOutcome,
        correlation: Correlation,
    ) -> Result<(), RecordError> {
        for run in events.chunks(1000) {
            let entries = run.iter().map(|event| self.entry(event.clone(), outcome, correlation));
            self.record(entries.collect()).await?;
        }
        Ok(())
    }

    /// What came of it.
    async fn end<T>(&self, begun: Begun, result: Result<T, KeeperError>) -> Result<T, KeeperError> {
        self.end_with(begun, result, |_, events| events).await
    }

    /// What came of it, in the entries that it makes where it was done.
    async fn end_with<T>(
        &self,
        begun: Begun,
        result: Result<T, KeeperError>,
        told: impl FnOnce(&T, Vec<KeyEvent>) -> Vec<KeyEvent>,
    ) -> Result<T, KeeperError> {
        let Begun { events, correlation } = begun;
        let done = match result {
            Ok(done) => done,
            Err(error) => {
                // The error that matters is the first; the intention is recorded.
                let _ = self.tell_of(&events, EntryOutcome::Failed, correlation).await;
                return Err(error);
            }
        };
        let events = told(&done, events);
        self.tell_of(&events, EntryOutcome::Done, correlation).await.map_err(KeeperError::Untold)?;
        Ok(done)
    }
}

/// The keys of a tenant, and all that may be done to them.
pub struct Keeper {
    data: DataKeys,
    salts: SaltRing,
    tools: Tools,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("data", &self.data).field("salts", &self.salts).finish_non_exhaustive()
    }
}

/// A data key as entries write it: its number.
fn data_key(number: KeyNumber) -> KeyId {
    KeyId::of_bytes(u64::from(number.get()).to_be_bytes())
}

fn of_data(step: KeyStep, number: KeyNumber) -> KeyEvent {
    KeyEvent::new(step, KeyKind::Data, data_key(number))
}

impl Keeper {
    /// Makes the files of a tenant: no data key and nobody's salt. These approvers say so from now on where two people
    /// have to.
    pub async fn create(
        places: Places,
        tenant: &str,
        approvers: &[Declared],
        tools: Tools,
    ) -> Result<Self, KeeperError> {
        places.are_private()?;
        let id = KeyId::random(&mut *(tools.rng)());
        let begun = tools.begin(KeyEvent::new(KeyStep::Created, KeyKind::Tenant, id)).await?;
        let free = Self::take_unfinished_away(&places, &tools);
        let free = free.and_then(|()| places.are_free()).and_then(|()| places.are_unseen());
        let made = free.and_then(|()| Self::made(&places, tenant, (id, approvers), &tools));
        let (data, salts) = tools.end(begun, made).await?;
        Ok(Self { data, salts, tools })
    }

    /// What an earlier making left that was killed goes, with its wrapping keys: nothing was sealed by it. Anything else
    /// stays.
    fn take_unfinished_away(places: &Places, tools: &Tools) -> Result<(), KeeperError> {
        if !places.data_keys.exists() || places.are_unseen().is_err() {
            return Ok(());
        }
        let data = DataKeys::open(&places.data_keys, Arc::clone(&tools.root), (tools.rng)())?;
        if !data.is_unused() {
            return Ok(());
        }
        if places.salts.exists() {
            let salts = SaltRing::open(&places.salts, Arc::clone(&tools.root), (tools.rng)())?;
            if salts.counts() != (0, 0) {
                return Ok(());
            }
            salts.undo()?;
        }
        Ok(data.undo()?)
    }

    fn made(
        places: &Places,
        tenant: &str,
        (id, approvers): (KeyId, &[Declared]),
        tools: &Tools,
    ) -> Result<(DataKeys, SaltRing), KeeperError> {
        let data = DataKeys::create(&places.data_keys, tenant, Arc::clone(&tools.root), (tools.rng)())?;
        or_undone(data, DataKeys::undo, |data| {
            let pins = approvers.iter().map(Declared::pin).collect();
            let salts = SaltRing::create_as(id, pins, &places.salts, Arc::clone(&tools.root), (tools.rng)())?;
            let watched =
                or_undone(salts, SaltRing::undo, |salts| watch(places, data, salts, Unseen::NotOlder, None));
            watched.map(|(salts, ())| salts)
        })
    }

    /// Opens the files of a tenant, finishes what a crash interrupted, and refuses older copies; where somebody vouches
    /// for what lies there, an entry says so.
    pub async fn open(places: Places, unseen: Unseen, tools: Tools) -> Result<Self, KeeperError> {
        if !places.data_keys.exists() && !places.salts.exists() {
            let folder = places.data_keys.parent().unwrap_or(&places.data_keys).to_owned();
            return Err(KeeperError::NoKeys { folder });
        }
        places.are_private()?;
        let (mut data, salts) = Self::both(&places, &tools)?;
        match unseen {
            Unseen::Refused | Unseen::NotOlder => watch(&places, &mut data, &salts, unseen, None)?,
            Unseen::Taken => {
                let event = KeyEvent::new(KeyStep::TakenUnseen, KeyKind::Tenant, salts.id());
                let begun = tools.begin(event).await?;
                let done = watch(&places, &mut data, &salts, unseen, Some(tools.today()));
                tools.end(begun, done).await?;
            }
        }
        let mut keeper = Self { data, salts, tools };
        keeper.tell().await?;
        Ok(keeper)
    }

    /// Both files as they lie. One that the root does not open, beside one that it does, is an older copy.
    fn both(places: &Places, tools: &Tools) -> Result<(DataKeys, SaltRing), KeeperError> {
        let salts = || SaltRing::open(&places.salts, Arc::clone(&tools.root), (tools.rng)());
        let older = |path: &Path, key| KeeperError::OlderCopy { path: path.to_owned(), key };
        if !places.data_keys.exists() {
            places.are_both()?;
        }
        let data = match DataKeys::open(&places.data_keys, Arc::clone(&tools.root), (tools.rng)()) {
            Err(KeysError::Root(RootError::Missing(key))) if salts().is_ok() => {
                return Err(older(&places.data_keys, key));
            }
            data => data?,
        };
        if data.is_unused() && !places.salts.exists() {
            return Err(KeeperError::Unfinished { data_keys: places.data_keys.clone() });
        }
        places.are_both()?;
        match salts() {
            Err(RingError::Root(RootError::Missing(key))) => Err(older(&places.salts, key)),
            salts => Ok((data, salts?)),
        }
    }

    /// Destroys what wraps the keys of a tenant that was made for a test: nothing that it sealed opens again.
    pub fn discard(&mut self) -> Result<(), KeeperError> {
        if self.tenant() != TEST_TENANT {
            return Err(KeeperError::Refused("the keys of a test are discarded, and these are a tenant's"));
        }
        let (_, wrapping) = self.salts.epoch();
        self.tools.root.destroy(wrapping).map_err(RingError::from)?;
        Ok(self.data.discard()?)
    }

    /// Whoever was shredded may be sealed for again, as somebody says that they are back: once it is recorded who.
    pub fn welcome(&mut self, welcome: Welcome) {
        self.salts.welcome(welcome);
    }

    pub const fn salts(&self) -> &SaltRing {
        &self.salts
    }

    pub fn tenant(&self) -> &str {
        self.data.tenant()
    }

    /// The key that opens what was sealed under a number.
    pub fn key(&self, number: KeyNumber) -> Result<Arc<DataKey>, KeysError> {
        self.data.key(number)
    }

    /// The key that seals for a class.
    pub fn active(&mut self, class: Class) -> Result<Arc<DataKey>, KeysError> {
        self.data.active(class)
    }

    /// [`Keeper::active`], where nothing has to be reserved for it first.
    pub(crate) fn ready(&self, class: Class) -> Result<Option<Arc<DataKey>>, KeysError> {
        self.data.ready(class)
    }

    /// Gives back seals that were reserved and not used. Nothing is sealed after that.
    pub fn settle(&mut self) -> Result<(), KeysError> {
        self.data.settle()
    }

    pub fn status(&self) -> Vec<KeyStatus> {
        self.data.status()
    }

    /// Data keys up to this one were made, as somebody says who knows of more than these keys: its number is not given
    /// again, and neither are those before it.
    pub fn skip(&mut self, number: KeyNumber) -> Result<(), KeysError> {
        self.data.are_given_below(number.get().saturating_add(1))
    }

    /// Makes a data key, which does nothing yet.
    pub async fn make(&mut self, class: Class, day: Date) -> Result<KeyNumber, KeeperError> {
        let begun = self.tools.begin(of_data(KeyStep::Created, self.data.next()?)).await?;
        let made = self.data.make(class, day).map_err(KeeperError::from);
        self.tools.end(begun, made).await
    }

    /// Makes a data key the one that seals for its class; those before it open from then on.
    pub async fn activate(&mut self, number: KeyNumber) -> Result<(), KeeperError> {
        let class = self.data.status().iter().find(|key| key.number == number).map(|key| key.class);
        let is_before = |key: &&KeyStatus| {
            key.number != number && Some(key.class) == class && key.state == KeyState::Active
        };
        let before: Vec<KeyNumber> =
            self.data.status().iter().filter(is_before).map(|key| key.number).collect();
        let begun = self.tools.begin(of_data(KeyStep::Activated, number)).await?;
        let done = self.data.activate(number).map_err(KeeperError::from);
        let retired = before.into_iter().map(|number| of_data(KeyStep::Retired, number));
        self.tools.end_with(begun, done, |(), events| events.into_iter().chain(retired).collect()).await
    }

    /// Brings a data key to a state in which it does not seal: it opens, or does nothing.
    pub async fn set(&mut self, number: KeyNumber, to: KeyState) -> Result<(), KeeperError> {
        let from = self.data.status().iter().find(|key| key.number == number).map(|key| key.state);
        let step = match (from, to) {
            (Some(KeyState::Disabled), KeyState::DecryptOnly) => KeyStep::Enabled,
            (_, KeyState::DecryptOnly) => KeyStep::Retired,
            (_, KeyState::Disabled) => KeyStep::Disabled,
            _ => return Err(KeeperError::Refused("a key is activated or destroyed by an act of its own")),
        };
        let begun = self.tools.begin(of_data(step, number)).await?;
        let done = self.data.set(number, to).map_err(KeeperError::from);
        self.tools.end(begun, done).await
    }

    /// Destroys a disabled data key for good, in copies of the file too. Escrows that were made until now bring it back:
    /// they are to be destroyed from then on ([`Keeper::undoing`]).
    pub async fn destroy(&mut self, number: KeyNumber, by: [&Declared; 2]) -> Result<(), KeeperError> {
        let people = by.map(Declared::person);
        let event = KeyEvent { people: people.to_vec(), ..of_data(KeyStep::Destroyed, number) };
        let begun = self.tools.begin(event).await?;
        // An escrow that is named in vain is better than one that is forgotten.
        let done = self.may_answer(by);
        let [one, other] = &people;
        let done = done.and_then(|()| Ok(self.data.may_destroy(number, [one, other])?));
        let done = done.and_then(|()| Ok(self.salts.doom_escrows()?));
        let done = done.and_then(|()| Ok(self.data.destroy(number, [one, other])?));
        self.tools.end(begun, done).await
    }

    /// Wraps all keys anew: no copy of the files that was made until now opens again.
    pub async fn rewrap(&mut self) -> Result<(), KeeperError> {
        let event = KeyEvent::new(KeyStep::Rewrapped, KeyKind::Tenant, self.salts.id());
        let begun = self.tools.begin(event).await?;
        let done = self.data.rewrap().map_err(KeeperError::from);
        let done = done.and_then(|()| Ok(self.salts.rewrap()?));
        self.tools.end(begun, done).await
    }
}

/// Escrows are unknown from a day that is given, where what was seen does not say that the ring is the newest.
fn watch(
    places: &Places,
    data: &mut DataKeys,
    salts: &SaltRing,
    unseen: Unseen,
    day: Option<Date>,
) -> Result<(), KeeperError> {
    // Whoever is refused puts the folder back where it was, and nothing is to be in its place.
    if unseen != Unseen::Refused {
        let io = |error| KeeperError::Io { path: places.seen.clone(), error };
        durable::make_folder(&places.seen).map_err(io)?;
    }
    data.are_of(salts.id())?;
    data.watch(&places.seen_of(DATA_KEYS), unseen)?;
    salts.watch_on(&places.seen_of(SALTS), unseen, day)?;
    Ok(data.belong_to(salts.id())?)
}
