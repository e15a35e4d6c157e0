//! The data keys of one tenant, in one file.
//!
//! ```text
//! phiward-data-keys/v1
//! tenant <name>
//! wrapped by <wrapping key>, <base64 of the file's own key>
//! written <generation>
//! retiring <wrapping key>                                        while one is being replaced
//! next <number>                                                  where more were given elsewhere than stand here
//! <number> <class> <state> <day> <seals> <wrapped key in base64, or ->
//! ...
//! sum <base64 of HMAC-SHA-256 of all lines before, under the file's own key>
//! ```
//!
//! A number is given once. Of a destroyed key the line stays and says so. Nobody turns a state back without the file's
//! own key. An older copy in the file's place is noticed where somebody watches ([`DataKeys::watch`]).

mod copies;
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use journal::Rng;
use journal::names::KeyId;
use policy::vocabulary::Class;
use zeroize::Zeroizing;

use crate::GuardError;
use crate::durable::Own;
use crate::key::{DataKey, KeyState, MOST_SEALS, Secret};
use crate::ring::RingError;
use crate::root::{self, Root, RootError, WrappingKey};
use crate::seen::{Seen, SeenError, Unseen};
use crate::token::KeyNumber;
use reading::{Found, whole};

const MAGIC: &str = "phiward-data-keys/v1";
const LONGEST: u64 = 16 << 20;
/// Of what was seen, the number that the next key gets.
const NEXT: &str = "next ";
/// Seals that a process takes at first, and that are always left for one batch of rows. What it does
/// not use it gives back when it ends, and loses when it is killed.
const RESERVED: u64 = 1 << 18;
/// And what it takes once it has used these: few writes a million seals.
const RESERVED_AGAIN: u64 = 1 << 22;

/// Why data keys were not read, made or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    #[error("`{path}`: {error}", path = path.display())]
    Io { path: PathBuf, error: std::io::Error },
    #[error("`{path}`, line {line}: {what}", path = path.display())]
    Unreadable { path: PathBuf, line: usize, what: &'static str },
    #[error(transparent)]
    Root(#[from] RootError),
    #[error(transparent)]
    Seen(#[from] SeenError),
    #[error(transparent)]
    Ring(#[from] RingError),
    #[error(transparent)]
    Guard(#[from] GuardError),
    #[error("key {key} is {from} and does not become {to}: {}", leads_on(*.from))]
    State { key: KeyNumber, from: KeyState, to: KeyState },
    #[error("a tenant has at most 36^4 data keys")]
    Full,
    #[error(
        "`{path}` would be longer than the {LONGEST} bytes that are read again, and nothing was written: it has too many \
         data keys",
        path = path.display()
    )]
    TooLong { path: PathBuf },
    #[error("{0}")]
    Refused(&'static str),
}

/// Which acts lead on from a state.
pub const fn leads_on(from: KeyState) -> &'static str {
    match from {
        KeyState::Pending => "`activate` has it seal, `disable` and `destroy` do without it",
        KeyState::Active => {
            "`activate` of another and `retire` let it open alone, `disable` has it do nothing"
        }
        KeyState::DecryptOnly => "`activate` has it seal, `disable` has it do nothing",
        KeyState::Disabled => "`enable` has it open again, `destroy` ends it",
        KeyState::Destroyed => "nothing brings it back",
    }
}

#[derive(Clone)]
struct Kept {
    class: Class,
    state: KeyState,
    day: Date,
    /// Seals that were made or reserved.
    seals: u64,
    wrapped: Option<Vec<u8>>,
    /// The key in memory, where it may be used.
    key: Option<Arc<DataKey>>,
}

/// What is told of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    pub number: KeyNumber,
    pub class: Class,
    pub state: KeyState,
    /// When it was made.
    pub day: Date,
    /// An upper bound of how often it sealed.
    pub seals: u64,
}

/// The data keys of one tenant, which this process alone has open.
pub struct DataKeys {
    file: Own,
    tenant: String,
    root: Arc<dyn Root>,
    wrapping: WrappingKey,
    /// The one that it takes the place of, and that may still be there.
    retiring: Option<WrappingKey>,
    /// The ring of salts that they belong to: it says who may destroy them, and which escrows bring them back.
    ring: Option<KeyId>,
    own: Secret,
    own_wrapped: Vec<u8>,
    keys: BTreeMap<KeyNumber, Kept>,
    /// Numbers below it were given, also where they stand here no more: tokens may name them.
    given: u32,
    /// How often the file was written.
    written: u64,
    seen: Option<Seen>,
    /// Keys of which this process has reserved seals.
    reserving: BTreeSet<KeyNumber>,
    rng: Box<dyn Rng>,
}

impl Kept {
    /// How often it sealed since the copy that it comes from, nobody knows: it opens, and its seals are used up.
    const fn seal_no_more(&mut self) {
        if matches!(self.state, KeyState::Active | KeyState::Pending) {
            self.state = KeyState::DecryptOnly;
        }
        if self.wrapped.is_some() {
            self.seals = MOST_SEALS;
        }
    }
}

/// What holds the file against what was seen of it.
fn seen_by(own: &Secret) -> hmac::Key {
    let own = hmac::Key::new(hmac::HMAC_SHA256, own.as_slice());
    hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&own, b"phiward-data-keys-seen-1").as_ref())
}

fn label(tenant: &str, number: Option<KeyNumber>, class: Option<Class>) -> Vec<u8> {
    let number = number.map_or_else(|| "own".to_owned(), |number| number.to_string());
    let class = class.map_or("-", Class::as_str);
    format!("phiward data key\n{tenant}\n{number}\n{class}\n").into_bytes()
}

fn is_tenant(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl DataKeys {
    /// Makes a file without data keys, under a new wrapping key.
    pub fn create(
        path: &Path,
        tenant: &str,
        root: Arc<dyn Root>,
        mut rng: Box<dyn Rng>,
    ) -> Result<Self, KeysError> {
        if !is_tenant(tenant) {
            return Err(KeysError::Refused("a tenant's name has lower-case letters, digits and hyphens"));
        }
        let file = Own::of(path).map_err(io(path))?;
        let mut own = Secret::default();
        rng.fill(own.as_mut_slice());
        root::under_new(&*Arc::clone(&root), |wrapping| {
            let own_wrapped = root.wrap(wrapping, &label(tenant, None, None), &own)?;
            let (tenant, keys) = (tenant.to_owned(), BTreeMap::new());
            let found = Found {
                tenant,
                wrapping,
                retiring: None,
                ring: None,
                given: 0,
                own,
                own_wrapped,
                written: 1,
                keys,
            };
            Self::of(found, file, root, rng)?.placed()
        })
    }

    pub fn open(path: &Path, root: Arc<dyn Root>, rng: Box<dyn Rng>) -> Result<Self, KeysError> {
        let mut file = Own::of(path).map_err(io(path))?;
        file.hold().map_err(io(path))?;
        let found = Found::read(path, &whole(path)?, &*root)?;
        let mut keys = Self::of(found, file, root, rng)?;
        keys.retire()?;
        Ok(keys)
    }

    /// What stands in a file, with each key in memory as its state says.
    fn of(found: Found, file: Own, root: Arc<dyn Root>, rng: Box<dyn Rng>) -> Result<Self, KeysError> {
        let Found { tenant, wrapping, retiring, ring, given, own, own_wrapped, written, keys } = found;
        let mut all = Self {
            file,
            tenant,
            root,
            wrapping,
            retiring,
            ring,
            own,
            own_wrapped,
            keys: BTreeMap::new(),
            given,
            written,
            seen: None,
            reserving: BTreeSet::new(),
            rng,
        };
        all.keys = all.loaded(keys)?;
        Ok(all)
    }

    /// Writes the file, which must not be there yet.
    fn placed(mut self) -> Result<Self, KeysError> {
        let text = self.text()?;
        self.file.create(text.as_bytes()).map_err(|error| io(self.file.path())(error))?;
        Ok(self)
    }

    /// Takes the file away again that this process made.
    pub(crate) fn remove(self) -> Result<(), KeysError> {
        let path = self.file.path().to_owned();
        self.file.remove().map_err(io(&path))
    }

    /// Whether there never was a key here, nor a ring that they belong to.
    pub(crate) fn is_unused(&self) -> bool {
        self.keys.is_empty() && self.ring.is_none()
    }

    /// [`DataKeys::remove`], with the wrapping key that was made for it.
    pub(crate) fn undo(self) -> Result<(), KeysError> {
        let (root, wrapping) = (Arc::clone(&self.root), self.wrapping);
        self.remove()?;
        Ok(root::undo(&*root, wrapping)?)
    }

    /// Keys with those in memory that are to be used.
    fn loaded(&self, mut keys: BTreeMap<KeyNumber, Kept>) -> Result<BTreeMap<KeyNumber, Kept>, KeysError> {
        for (number, kept) in &mut keys {
            kept.key = match &kept.wrapped {
                Some(wrapped) if kept.state.opens() => {
                    let label = label(&self.tenant, Some(*number), Some(kept.class));
                    let secret = self.root.unwrap(self.wrapping, &label, wrapped)?;
                    Some(Arc::new(DataKey::reserved(*number, kept.state, secret, kept.seals)))
                }
                _ => None,
            };
        }
        Ok(keys)
    }

    /// The file, if it can be read again.
    fn text(&self) -> Result<Zeroizing<String>, KeysError> {
        let mut text = Zeroizing::new(String::new());
        // Writing to a string does not fail.
        let _ = write!(text, "{MAGIC}\ntenant {}\n", self.tenant);
        let _ = writeln!(text, "wrapped by {}, {}", self.wrapping, STANDARD.encode(&self.own_wrapped));
        let _ = writeln!(text, "written {}", self.written);
        if let Some(retiring) = self.retiring {
            let _ = writeln!(text, "retiring {retiring}");
        }
        if let Some(ring) = self.ring {
            let _ = writeln!(text, "ring {ring}");
        }
        if self.given > self.after_last() {
            let _ = writeln!(text, "next {}", self.given);
        }
        for (number, kept) in &self.keys {
            let wrapped = kept.wrapped.as_ref().map_or_else(|| "-".to_owned(), |key| STANDARD.encode(key));
            let Kept { class, state, day, seals, .. } = kept;
            let state = state.as_str();
            let _ = writeln!(text, "{number} {class} {state} {day} {seals} {wrapped}");
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.own.as_slice());
        let sum = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        let _ = writeln!(text, "sum {sum}");
        if text.len() as u64 > LONGEST {
            return Err(KeysError::TooLong { path: self.file.path().to_owned() });
        }
        Ok(text)
    }

    /// Makes changes durable, all in one writing, or leaves things as they were. The root is asked before that: while it
    /// is away nothing changes.
    fn change(&mut self, changed: BTreeMap<KeyNumber, Kept>) -> Result<(), KeysError> {
        let changed = self.loaded(changed)?;
        let replaced = changed.keys().filter_map(|number| self.keys.get(number)?.key.clone());
        let replaced: Vec<Arc<DataKey>> = replaced.collect();
        let before = self.keys.clone();
        self.keys.extend(changed);
        if let Err(error) = self.write() {
            self.keys = before;
            return Err(error);
        }
        // Who still holds one of them seals nothing more by it.
        replaced.iter().for_each(|key| key.reserve(0));
        self.see()
    }

    /// Refuses another ring of salts than the one that they belong to.
    pub(crate) fn are_of(&self, ring: KeyId) -> Result<(), KeysError> {
        match self.ring {
            Some(own) if own != ring => Err(KeysError::Refused(
                "the data keys belong to another ring of salts: put back files that were together",
            )),
            _ => Ok(()),
        }
    }

    /// They belong to this ring of salts from now on, and to no other.
    pub(crate) fn belong_to(&mut self, ring: KeyId) -> Result<(), KeysError> {
        self.are_of(ring)?;
        if self.ring.replace(ring).is_none() {
            self.write()?;
            self.see()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), KeysError> {
        // Of a writing that failed nobody knows whether it is the file: its generation is not given again.
        self.written += 1;
        let text = self.text()?;
        self.file.replace(text.as_bytes()).map_err(|error| io(self.file.path())(error))
    }

    fn see(&self) -> Result<(), KeysError> {
        match &self.seen {
            Some(seen) => Ok(seen.see((self.written, 0), &format!("{NEXT}{}\n", self.free()))?),
            None => Ok(()),
        }
    }

    /// From now on, how often the file was written is kept in a file apart: an older copy in its place is noticed.
    pub fn watch(&mut self, seen: &Path, unseen: Unseen) -> Result<(), KeysError> {
        let key = seen_by(&self.own);
        let watched = Seen::of(seen, "data-keys", key, (self.written, 0), unseen)?;
        self.seen = Some(watched.seen);
        let mut noted = watched.noted.iter().flat_map(|note| note.lines());
        let given = noted.find_map(|line| line.strip_prefix(NEXT)?.parse().ok()).unwrap_or(0);
        let is_more = given > self.free();
        self.given = self.given.max(given);
        let Some(beyond) = watched.beyond else {
            if is_more {
                self.write()?;
            }
            return self.see();
        };
        self.written = beyond;
        let mut keys = self.keys.clone();
        keys.values_mut().for_each(Kept::seal_no_more);
        self.change(keys)
    }

    /// Destroys what wraps the keys: none of them opens again.
    pub(crate) fn discard(&self) -> Result<(), KeysError> {
        Ok(self.root.destroy(self.wrapping)?)
    }

    /// The tenant whose keys they are.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Every key that there was, by number.
    pub fn status(&self) -> Vec<KeyStatus> {
        let told = |(number, kept): (&KeyNumber, &Kept)| KeyStatus {
            number: *number,
            class: kept.class,
            state: kept.state,
            day: kept.day,
            seals: kept.key.as_ref().map_or(kept.seals, |key| key.seals().max(kept.seals)),
        };
        self.keys.iter().map(told).collect()
    }

    /// The number that the next key gets: one that was never given, as far as that is known.
    pub(crate) fn next(&self) -> Result<KeyNumber, KeysError> {
        KeyNumber::of(self.free()).ok_or(KeysError::Full)
    }

    fn free(&self) -> u32 {
        self.given.max(self.after_last())
    }

    fn after_last(&self) -> u32 {
        self.keys.last_key_value().map_or(0, |(last, _)| last.get().saturating_add(1))
    }

    /// Numbers below this one were given, as somebody says: no key gets one of them.
    pub(crate) fn are_given_below(&mut self, number: u32) -> Result<(), KeysError> {
        if number <= self.free() {
            return Ok(());
        }
        self.given = number;
        self.write()?;
        self.see()
    }

    /// Makes a key for a class, which does nothing yet.
    pub fn make(&mut self, class: Class, day: Date) -> Result<KeyNumber, KeysError> {
        let number = self.next()?;
        let mut secret = Secret::default();
        self.rng.fill(secret.as_mut_slice());
        let label = label(&self.tenant, Some(number), Some(class));
        let wrapped = Some(self.root.wrap(self.wrapping, &label, &secret)?);
        let kept = Kept { class, state: KeyState::Pending, day, seals: 0, wrapped, key: None };
        self.change(BTreeMap::from([(number, kept)]))?;
        Ok(number)
    }

    /// Makes a key the active one of its class; the one before opens from then on, and seals no more.
    pub fn activate(&mut self, number: KeyNumber) -> Result<(), KeysError> {
        let turned = self.turned(number, KeyState::Active)?;
        let is_before = |other: &KeyNumber, kept: &Kept| {
            *other != number && kept.class == turned.class && kept.state == KeyState::Active
        };
        let before = self.keys.iter().filter(|(other, kept)| is_before(other, kept));
        let before = before.map(|(other, _)| Ok((*other, self.turned(*other, KeyState::DecryptOnly)?)));
        let mut changed = before.collect::<Result<BTreeMap<_, _>, KeysError>>()?;
        changed.insert(number, turned);
        self.change(changed)
    }

    /// Brings a key into another state. It is destroyed by [`DataKeys::destroy`] alone.
    pub fn set(&mut self, number: KeyNumber, to: KeyState) -> Result<(), KeysError> {
        if to == KeyState::Destroyed {
            return Err(KeysError::Refused("a key is destroyed by two people"));
        }
        let turned = self.turned(number, to)?;
        self.change(BTreeMap::from([(number, turned)]))
    }

    /// Destroys a disabled key for good, with all other keys wrapped anew in the same act: none of what it sealed opens
    /// again, by no copy of the file that was made until now. Two people have to say so.
    pub fn destroy(&mut self, number: KeyNumber, by: [&journal::act::Person; 2]) -> Result<(), KeysError> {
        let mut gone = self.doomed(number, by)?.clone();
        (gone.state, gone.key, gone.wrapped) = (KeyState::Destroyed, None, None);
        self.wrap_anew(Some((number, gone)))
    }

    /// Whether these two may destroy a key, and it is disabled.
    pub(crate) fn may_destroy(
        &self,
        number: KeyNumber,
        by: [&journal::act::Person; 2],
    ) -> Result<(), KeysError> {
        self.doomed(number, by).map(|_| ())
    }

    fn doomed(&self, number: KeyNumber, by: [&journal::act::Person; 2]) -> Result<&Kept, KeysError> {
        if by[0] == by[1] {
            return Err(KeysError::Refused("two people destroy a key, and these are one"));
        }
        let kept = self.kept(number)?;
        if !kept.state.leads_to(KeyState::Destroyed) {
            return Err(KeysError::State { key: number, from: kept.state, to: KeyState::Destroyed });
        }
        Ok(kept)
    }

    /// A key in another state.
    fn turned(&self, number: KeyNumber, to: KeyState) -> Result<Kept, KeysError> {
        let mut turned = self.kept(number)?.clone();
        let from = turned.state;
        if !from.leads_to(to) {
            return Err(KeysError::State { key: number, from, to });
        }
        (turned.state, turned.key) = (to, None);
        Ok(turned)
    }

    /// Wraps every key anew under a new wrapping key, and destroys the one before: no copy of the file that was made
    /// until now opens again.
    pub fn rewrap(&mut self) -> Result<(), KeysError> {
        self.wrap_anew(None)
    }

    /// [`DataKeys::rewrap`], with one key in the place of another.
    fn wrap_anew(&mut self, changed: Option<(KeyNumber, Kept)>) -> Result<(), KeysError> {
        // What an earlier act left to be done.
        self.retire()?;
        let next = self.root.make()?;
        let (own, keys) = match self.wrapped_by(next, changed) {
            Ok(wrapped) => wrapped,
            Err(error) => return Err(root::or_left(&*self.root, next, error)),
        };
        let before = std::mem::replace(&mut self.wrapping, next);
        let own = std::mem::replace(&mut self.own_wrapped, own);
        let keys = std::mem::replace(&mut self.keys, keys);
        self.retiring = Some(before);
        if let Err(error) = self.write() {
            (self.wrapping, self.own_wrapped, self.keys, self.retiring) = (before, own, keys, None);
            return Err(root::not_put(&*self.root, next, self.file.has_name(), error));
        }
        self.see()?;
        self.retire()
    }

    /// The file's own key and all data keys, wrapped by another.
    fn wrapped_by(
        &self,
        next: WrappingKey,
        changed: Option<(KeyNumber, Kept)>,
    ) -> Result<(Vec<u8>, BTreeMap<KeyNumber, Kept>), KeysError> {
        let own = self.root.wrap(next, &label(&self.tenant, None, None), &self.own)?;
        let mut keys = self.keys.clone();
        keys.extend(changed);
        for (number, kept) in &mut keys {
            if let Some(wrapped) = &mut kept.wrapped {
                let label = label(&self.tenant, Some(*number), Some(kept.class));
                let secret = self.root.unwrap(self.wrapping, &label, wrapped)?;
                *wrapped = self.root.wrap(next, &label, &secret)?;
            }
        }
        Ok((own, keys))
    }

    /// Destroys the wrapping key that another took the place of.
    fn retire(&mut self) -> Result<(), KeysError> {
        let Some(retiring) = self.retiring else { return Ok(()) };
        self.root.destroy(retiring)?;
        self.retiring = None;
        self.write()?;
        self.see()
    }

    fn kept(&self, number: KeyNumber) -> Result<&Kept, KeysError> {
        self.keys.get(&number).ok_or_else(|| GuardError::UnknownKey(number).into())
    }

    /// The key that opens what was sealed under a number.
    pub fn key(&self, number: KeyNumber) -> Result<Arc<DataKey>, KeysError> {
        let kept = self.kept(number)?;
        match &kept.key {
            Some(key) => Ok(Arc::clone(key)),
            None => Err(GuardError::DoesNotOpen(number, kept.state).into()),
        }
    }

    fn sealing(&self, class: Class) -> Result<(KeyNumber, Arc<DataKey>), KeysError> {
        let is_active = |kept: &&Kept| kept.class == class && kept.state == KeyState::Active;
        let found = self.keys.iter().rev().find(|(_, kept)| is_active(kept)).map(|(number, _)| *number);
        let number = found.ok_or(GuardError::NoActiveKey(class))?;
        Ok((number, self.key(number)?))
    }

    /// The key that seals for a class, where more seals are reserved than one call makes.
    pub fn ready(&self, class: Class) -> Result<Option<Arc<DataKey>>, KeysError> {
        let (_, key) = self.sealing(class)?;
        Ok(Some(key).filter(|key| key.left() >= RESERVED))
    }

    /// The key that seals for a class, with room for more seals than one call makes.
    pub fn active(&mut self, class: Class) -> Result<Arc<DataKey>, KeysError> {
        let (number, key) = self.sealing(class)?;
        if key.left() < RESERVED {
            let kept = self.kept(number)?.clone();
            let more = if self.reserving.insert(number) { 2 * RESERVED } else { RESERVED_AGAIN };
            let seals = kept.seals.saturating_add(more).min(MOST_SEALS);
            self.count(number, seals)?;
            key.reserve(seals);
        }
        Ok(key)
    }

    /// Gives back what was reserved and not used: the process ends.
    pub fn settle(&mut self) -> Result<(), KeysError> {
        let left = |(number, kept): (&KeyNumber, &Kept)| {
            let key = kept.key.as_ref().filter(|key| key.seals() < kept.seals)?;
            // From now on it seals nothing.
            key.reserve(0);
            Some((*number, key.seals()))
        };
        let back: Vec<(KeyNumber, u64)> = self.keys.iter().filter_map(left).collect();
        back.into_iter().try_for_each(|(number, seals)| self.count(number, seals))
    }

    /// Writes down how often a key sealed, or may have.
    fn count(&mut self, number: KeyNumber, seals: u64) -> Result<(), KeysError> {
        let mut kept = self.kept(number)?.clone();
        kept.seals = seals;
        let before = self.keys.insert(number, kept);
        if let Err(error) = self.write() {
            self.keys.extend(before.map(|before| (number, before)));
            return Err(error);
        }
        self.see()
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKeys")
            .field("path", &self.file.path())
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> KeysError {
    move |error| KeysError::Io { path: path.to_owned(), error }
}
