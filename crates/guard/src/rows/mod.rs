//! Rows of one object's records: sealed, opened or masked under a permit.
//!
//! In comes a batch of rows and the permit for it, out comes a [`Released`] batch. A row in which something cannot be
//! done is not in it: it is refused whole, and the reason holds no value.

mod beside;
mod columns;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use csv::Row;
use jiff::Timestamp;
use jiff::civil::Date;
use journal::names::{Org, RecordId};
use journal::{Rng, Subject};
use policy::vocabulary::{Action, Class, Mask, StandIn};
use policy::{AskedField, Permit};
use zeroize::Zeroizing;

use crate::binding::Binding;
use crate::data_keys::KeysError;
use crate::error::GuardError;
use crate::field::SealedField;
use crate::index::BlindIndex;
use crate::key::DataKey;
use crate::keys::{Keys, bound_to};
use crate::mask::{HIDDEN, Masking, PostalPopulation, masked};
use crate::released::{Released, in_force, is_for};
use crate::seal::{FieldCipher, Sealer, SubjectSalt};
use crate::stand_in::StandInKey;
use crate::token::{KeyNumber, Token};

use beside::{Digests, Opened};
pub(crate) use beside::{is_left_by, masked_since};
use columns::Out;
pub use columns::{Columns, ColumnsError};
pub(crate) use columns::{OwnerAt, SealedAt};
pub(crate) use columns::{check_names, person_of};

/// What is done with the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Values become tokens.
    Seal,
    /// Tokens become values.
    Open,
    /// Values and tokens become what the bundle's masks leave.
    Mask,
}

impl Duty {
    /// What the permit has to be for.
    pub const fn actions(self) -> &'static [Action] {
        match self {
            Duty::Seal => &[Action::Write],
            Duty::Open | Duty::Mask => &[Action::Read, Action::Send, Action::Infer, Action::Export],
        }
    }
}

/// A row that was refused.
#[derive(Debug)]
pub struct Refused {
    /// Its place in the batch.
    pub at: usize,
    pub column: String,
    pub because: KeysError,
}

/// Rows that were worked on.
#[derive(Debug, Default)]
pub struct Batch {
    pub rows: Vec<Row>,
    /// Whose each of the rows is, where the bundle says so.
    pub people: Vec<Option<Subject>>,
    pub refused: Vec<Refused>,
    /// Places of the rows that were refused, once their reasons were told.
    pub(crate) turned_away: Vec<usize>,
    /// Values that were sealed or opened.
    pub turned: u64,
    /// What does not stand as the bundle has it.
    pub amiss: Amiss,
}

/// What does not stand as the bundle has it: numbers, by the places of the columns from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amiss {
    /// Values of fields that are to be sealed and stood there as they are.
    pub unsealed: BTreeMap<usize, u64>,
    /// Fields beside whose tokens something else stands than was left there: somebody wrote a value.
    pub beside: BTreeMap<usize, u64>,
    /// Digests that are of another value than the token, or of none.
    pub digests: BTreeMap<usize, u64>,
    /// Tokens in columns that the bundle does not seal.
    pub unopened: BTreeMap<usize, u64>,
}

impl Amiss {
    fn count(to: &mut BTreeMap<usize, u64>, at: usize) {
        *to.entry(at + 1).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (own, more) in [
            (&mut self.unsealed, &other.unsealed),
            (&mut self.beside, &other.beside),
            (&mut self.digests, &other.digests),
            (&mut self.unopened, &other.unopened),
        ] {
            more.iter().for_each(|(place, number)| *own.entry(*place).or_default() += number);
        }
    }

    pub fn is_none(&self) -> bool {
        [&self.unsealed, &self.beside, &self.digests, &self.unopened].iter().all(|all| all.is_empty())
    }
}

/// Works on the rows of one table, on one thread.
pub struct Rows<'k> {
    columns: Columns,
    org: Org,
    keys: &'k dyn Keys,
    sealer: Sealer,
    /// In which a value gets the form that is digested.
    room: Zeroizing<String>,
    /// What the fields of a row became.
    made: Vec<Made>,
    /// Rows that were written out, and whose room serves again.
    spare: Vec<Row>,
    /// Characters of the longest token, by place among the sealed fields.
    longest: Vec<usize>,
}

/// By the columns that say whose something is, and by rows.
type OfOwners<T> = Vec<Vec<Option<T>>>;

/// What one field of one row becomes.
#[derive(Default)]
struct Made {
    value: String,
    token: String,
    digest: String,
}

/// A row's fields share their ciphers: most have one person and one class.
type OfRow<'k> = Vec<(Class, Option<usize>, FieldCipher<'k>)>;

/// Keys that a batch is opened with.
#[derive(Default)]
struct Opening {
    keys: BTreeMap<KeyNumber, Arc<DataKey>>,
    digests: Digests,
}

/// Keys that a batch is sealed with.
struct Ready {
    active: BTreeMap<Class, Arc<DataKey>>,
    /// By place among the sealed fields.
    indexes: Vec<Option<BlindIndex>>,
    today: Date,
}

impl<'k> Rows<'k> {
    pub fn new(columns: Columns, org: Org, keys: &'k dyn Keys, rng: Box<dyn Rng>) -> Self {
        let longest = vec![0; columns.sealed().len()];
        let (sealer, room) = (Sealer::new(rng), Zeroizing::default());
        Self { columns, org, keys, sealer, room, made: Vec::new(), spare: Vec::new(), longest }
    }

    /// Works on a batch. Everything that is not the fault of one row is an error, and nothing is released then.
    pub fn work(
        &mut self,
        permit: Permit,
        now: Timestamp,
        rows: &[Row],
    ) -> Result<Released<Batch>, KeysError> {
        in_force(&permit, now)?;
        is_for(&permit, self.columns.duty().actions())?;
        covered(&permit, self.columns.asked())?;
        let ready = self.ready(now)?;
        let (mut opening, mut ciphers) = (Opening::default(), OfRow::new());
        let (mut subjects, salts) = match self.columns.duty() {
            Duty::Seal => self.people(rows)?,
            Duty::Open | Duty::Mask => (self.subjects(rows), Vec::new()),
        };
        let mut batch = Batch::default();
        // Places of the rows that are in it.
        let mut done = Vec::with_capacity(rows.len());
        let mut made = std::mem::take(&mut self.made);
        made.resize_with(self.columns.sealed().len(), Made::default);
        for (at, row) in rows.iter().enumerate() {
            let of_row = Of { at, row, subjects: &subjects, salts: &salts };
            let nobody = self
                .columns
                .person()
                .filter(|owner| self.columns.duty() != Duty::Seal && of_row.subject(*owner).is_none());
            let worked = match self.columns.duty() {
                // Whose data it was could not be told.
                _ if let Some(owner) = nobody => {
                    let name = self.columns.owner_name(owner).to_owned();
                    Err((name, self.columns.nobody(owner, row).into()))
                }
                Duty::Seal => {
                    ciphers.clear();
                    self.seal(&of_row, &ready, &mut ciphers, &mut made, &mut batch)
                }
                Duty::Open | Duty::Mask => {
                    self.open(&of_row, (&mut opening, ready.today), &mut made, &mut batch)
                }
            };
            match worked {
                Ok(()) => {
                    self.unopened(row, &mut batch);
                    let room = self.spare.pop().unwrap_or_default();
                    batch.rows.push(self.written(row, &made, &ready, room));
                    done.push(at);
                }
                Err((column, because)) => batch.refused.push(Refused { at, column, because }),
            }
        }
        self.made = made;
        let mut people = self.columns.person().and_then(|owner| subjects.get_mut(owner));
        let mut person = |at: usize| people.as_mut()?.get_mut(at)?.take();
        batch.people = done.into_iter().map(&mut person).collect();
        Ok(Released::new(batch, permit))
    }

    fn ready(&self, now: Timestamp) -> Result<Ready, KeysError> {
        let mut ready = Ready {
            active: BTreeMap::new(),
            indexes: Vec::new(),
            today: now.to_zoned(jiff::tz::TimeZone::UTC).date(),
        };
        if self.columns.duty() != Duty::Seal {
            return Ok(ready);
        }
        for sealed in self.columns.sealed() {
            let field = &sealed.field;
            let key = match ready.active.get(&field.class) {
                Some(key) => Arc::clone(key),
                None => {
                    let key = self.keys.active(field.class)?;
                    ready.active.insert(field.class, Arc::clone(&key));
                    key
                }
            };
            ready.indexes.push(field.index_under(&key)?);
        }
        Ok(ready)
    }

    /// Whom each row's fields belong to, by the columns that say so.
    fn subjects(&self, rows: &[Row]) -> OfOwners<Subject> {
        let of_column = |owner: &OwnerAt| {
            rows.iter().map(|row| owner.owner.subject(&self.org, row.get(owner.at)?)).collect()
        };
        self.columns.owners().iter().map(of_column).collect()
    }

    /// Who the rows belong to now, and their salts: whoever was merged away is given nothing new.
    fn people(&self, rows: &[Row]) -> Result<(OfOwners<Subject>, OfOwners<SubjectSalt>), KeysError> {
        let now = || {
            let mut named = self.subjects(rows);
            if !self.keys.has_merged() {
                return Ok(named);
            }
            for subject in named.iter_mut().flatten().flatten() {
                if let Some(survivor) = self.keys.survivor(subject)? {
                    *subject = survivor;
                }
            }
            Ok::<_, KeysError>(named)
        };
        let mut people = now()?;
        loop {
            match self.salts(&people) {
                Ok(salts) => return Ok((people, salts)),
                Err(error) => {
                    // Somebody may have been merged away since they were looked up.
                    let before = std::mem::replace(&mut people, now()?);
                    if before == people {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Salts of all who are named, in the order of the columns and rows.
    fn salts(&self, subjects: &[Vec<Option<Subject>>]) -> Result<OfOwners<SubjectSalt>, KeysError> {
        let mut salts = Vec::with_capacity(subjects.len());
        for (owner, column) in self.columns.owners().iter().zip(subjects) {
            if !owner.seals {
                salts.push(Vec::new());
                continue;
            }
            let mut named: Vec<&Subject> = column.iter().flatten().collect();
            let forgotten = self.keys.forgotten(&named);
            let mut places = (0..named.len()).map(|at| !forgotten.contains(&at));
            let mut kept = places.clone();
            named.retain(|_| kept.next() == Some(true));
            let mut found = self.keys.salts(&named)?.into_iter();
            let mut next = || if places.next()? { found.next() } else { None };
            salts.push(column.iter().map(|subject| subject.as_ref().and_then(|_| next())).collect());
        }
        Ok(salts)
    }

    fn seal<'r>(
        &mut self,
        of: &Of<'_>,
        ready: &'r Ready,
        ciphers: &mut OfRow<'r>,
        made: &mut [Made],
        batch: &mut Batch,
    ) -> Result<(), (String, KeysError)> {
        for (place, (sealed, made)) in self.columns.sealed().iter().zip(made).enumerate() {
            let field = &sealed.field;
            let refuse = |because: GuardError| (field.name.clone(), KeysError::from(because));
            made.clear();
            let value = sealed.value.and_then(|at| of.row.get(at)).unwrap_or_default();
            for at in [sealed.holder, sealed.digest].into_iter().flatten() {
                if Some(at) != sealed.value && of.row.get(at).is_some_and(|held| !held.is_empty()) {
                    let holder = self.columns.names().get(at).cloned().unwrap_or_default();
                    return Err(refuse(GuardError::Occupied(holder)));
                }
            }
            if value.is_empty() {
                continue;
            }
            let Some(key) = ready.active.get(&field.class) else {
                return Err(refuse(GuardError::NoActiveKey(field.class)));
            };
            let (subject, salt) = match sealed.owner {
                Some(owner) => match (of.subject(owner), of.salt(owner)) {
                    (Some(subject), Some(salt)) => (Some(subject), Some(salt)),
                    (Some(_), None) => return Err(refuse(GuardError::Forgotten)),
                    _ => return Err(refuse(self.columns.nobody(owner, of.row))),
                },
                None => (None, None),
            };
            let known = ciphers.iter().position(|(class, owner, _)| {
                *class == field.class && *owner == sealed.owner && sealed.owner.is_some()
            });
            let cipher = match known {
                Some(at) => at,
                None => {
                    let cipher = match salt {
                        Some(salt) => FieldCipher::of_subject(key, salt),
                        None => FieldCipher::of_field(key, &field.id),
                    };
                    ciphers.push((field.class, sealed.owner, cipher.map_err(refuse)?));
                    ciphers.len() - 1
                }
            };
            let Some((_, _, cipher)) = ciphers.get(cipher) else { continue };
            let binding = Binding { tenant: self.keys.tenant(), field: &field.id, subject };
            self.sealer.seal(cipher, &binding, value, &mut made.token).map_err(refuse)?;
            if let Some(longest) = self.longest.get_mut(place) {
                *longest = made.token.len().max(*longest);
            }
            if let Some(Some(index)) = ready.indexes.get(place) {
                index.digest_into(value, &mut self.room, &mut made.digest).map_err(refuse)?;
            }
            if field.token_in.is_some() {
                left(field, key, salt, value, ready.today, &mut made.value).map_err(refuse)?;
            } else {
                std::mem::swap(&mut made.value, &mut made.token);
            }
            batch.turned += 1;
        }
        Ok(())
    }

    fn open(
        &mut self,
        of: &Of<'_>,
        (opening, today): (&mut Opening, Date),
        made: &mut [Made],
        batch: &mut Batch,
    ) -> Result<(), (String, KeysError)> {
        let mut tokens: Vec<Option<Token>> = Vec::with_capacity(made.len());
        for sealed in self.columns.sealed() {
            let refuse = |because: KeysError| (sealed.field.name.clone(), because);
            let held = sealed.holder.and_then(|at| of.row.get(at)).unwrap_or_default();
            if !Token::is_one(held) {
                if Token::is_altered(held) {
                    return Err(refuse(GuardError::Altered.into()));
                }
                tokens.push(None);
                continue;
            }
            let token = Token::parse(held).map_err(|error| refuse(error.into()))?;
            if let Entry::Vacant(entry) = opening.keys.entry(token.key()) {
                entry.insert(self.keys.key(token.key()).map_err(refuse)?);
            }
            tokens.push(Some(token));
        }
        // What is amiss counts of rows that come out.
        let mut amiss = Amiss::default();
        // A row's fields share their keys.
        let mut ciphers: Vec<(KeyNumber, FieldCipher<'_>, Option<Arc<SubjectSalt>>)> = Vec::new();
        for (place, ((sealed, made), token)) in self.columns.sealed().iter().zip(made).zip(tokens).enumerate()
        {
            let field = &sealed.field;
            let refuse = |because: GuardError| (field.name.clone(), KeysError::from(because));
            made.clear();
            let Some(token) = token else {
                // An empty holder leaves what stands in the field: a value that was never sealed, or nothing.
                let held = sealed.holder.and_then(|at| of.row.get(at)).unwrap_or_default();
                let value = sealed.value.and_then(|at| of.row.get(at)).unwrap_or_default();
                if !held.is_empty() && sealed.holder != sealed.value {
                    return Err(refuse(GuardError::Token("its holder has something else")));
                }
                // Without the token nobody knows whether that is the value or what was left in its place.
                let may_be_left = sealed.holder.is_none() && field.leave != StandIn::Nothing;
                if may_be_left && !value.is_empty() {
                    match self.columns.duty() {
                        Duty::Open => return Err(refuse(GuardError::NoToken(field.holder().to_owned()))),
                        // Of what was left by a mask a mask leaves no more; a made-up value is no hint.
                        _ if field.leave == StandIn::Mask => {}
                        _ => {
                            made.value.push_str(HIDDEN);
                            continue;
                        }
                    }
                }
                if let Some(at) = sealed.value.filter(|_| !value.is_empty()) {
                    Amiss::count(&mut amiss.unsealed, at);
                }
                made.value.push_str(value);
                continue;
            };
            let subject = match (token.handle(), sealed.owner) {
                (None, _) => None,
                (Some(_), Some(owner)) => match of.subject(owner) {
                    Some(subject) => Some(subject),
                    None => {
                        return Err(refuse(self.columns.nobody(owner, of.row)));
                    }
                },
                // It was sealed for a person, and the bundle does not say any more whose the field is.
                (Some(_), None) => return Err(refuse(GuardError::Refused)),
            };
            let (number, handle) = (token.key(), token.handle());
            let Some(key) = opening.keys.get(&number) else { continue };
            let known =
                ciphers.iter().position(|(own, cipher, _)| *own == number && cipher.handle() == handle);
            let at = match known.filter(|_| handle.is_some()) {
                Some(at) => at,
                None => {
                    let (cipher, salt) = match handle {
                        None => (FieldCipher::of_field(key, &field.id), None),
                        Some(handle) => {
                            let salt = self.keys.salt(handle).map_err(|error| (field.name.clone(), error))?;
                            let gone = || match self.keys.was_shredded(handle) {
                                true => GuardError::Shredded,
                                false => GuardError::NoSubject,
                            };
                            let salt = salt.ok_or_else(|| refuse(gone()))?;
                            (FieldCipher::of_subject(key, &salt), Some(salt))
                        }
                    };
                    ciphers.push((number, cipher.map_err(refuse)?, salt));
                    ciphers.len() - 1
                }
            };
            let Some((_, cipher, salt)) = ciphers.get(at) else { continue };
            let of_keys = |error| (field.name.clone(), error);
            let person = match (subject, handle) {
                (Some(named), Some(handle)) => Some(bound_to(self.keys, handle, named).map_err(of_keys)?),
                _ => None,
            };
            let binding = |subject| Binding { tenant: self.keys.tenant(), field: &field.id, subject };
            let value = &mut made.value;
            let opened = match self.sealer.open_into(cipher, &binding(person.as_ref()), &token, value) {
                // The token is the survivor's already, and the row names who was merged into them.
                Err(GuardError::Refused) if let Some(named) = subject => {
                    match self.keys.survivor(named).map_err(of_keys)? {
                        Some(now) => self.sealer.open_into(cipher, &binding(Some(&now)), &token, value),
                        None => Err(GuardError::Refused),
                    }
                }
                opened => opened,
            };
            opened.map_err(refuse)?;
            batch.turned += 1;
            let opened = Opened { key, salt: salt.as_deref(), value: &made.value };
            let cell = |at: usize| of.row.get(at).unwrap_or_default();
            if let Some(at) = sealed.value.filter(|_| field.token_in.is_some())
                && !opened.leaves(field, cell(at), self.keys, today).map_err(of_keys)?
            {
                Amiss::count(&mut amiss.beside, at);
            }
            if let Some(at) = sealed.digest {
                let made = (&mut opening.digests, &mut self.room);
                if !opened.has((place, field), cell(at), self.keys, made).map_err(of_keys)? {
                    Amiss::count(&mut amiss.digests, at);
                }
            }
        }
        batch.amiss.add(&amiss);
        Ok(())
    }

    /// Counts tokens that go out as they came, or masked as if they were values.
    fn unopened(&self, row: &Row, batch: &mut Batch) {
        if self.columns.duty() == Duty::Seal {
            return;
        }
        for out in self.columns.out() {
            if let Out::Copy(at) | Out::Owner(at) | Out::Masked(at, _) = out
                && row.get(*at).is_some_and(Token::is_one)
            {
                Amiss::count(&mut batch.amiss.unopened, *at);
            }
        }
    }

    /// The row as it goes out.
    fn written(&self, row: &Row, made: &[Made], ready: &Ready, mut written: Row) -> Row {
        written.clear();
        let (seals, hides) = (self.columns.duty() == Duty::Seal, self.columns.duty() == Duty::Mask);
        let is_in_place = |field: usize| {
            self.columns.sealed().get(field).is_some_and(|sealed| sealed.field.token_in.is_none())
        };
        // Neighbours that go out as they came go together.
        let mut run = 0..0;
        for out in self.columns.out() {
            if let Out::Copy(at) = out {
                if *at != run.end {
                    written.copy(row, run);
                    run = *at..*at;
                }
                run.end += 1;
                continue;
            }
            written.copy(row, std::mem::take(&mut run));
            let cell = match out {
                Out::Copy(at) | Out::Owner(at) | Out::Masked(at, _) => row.get(*at),
                Out::Value(field) => made.get(*field).map(|made| made.value.as_str()),
                Out::Token(field) => made.get(*field).map(|made| made.token.as_str()),
                Out::Digest(field) => made.get(*field).map(|made| made.digest.as_str()),
            }
            .unwrap_or_default();
            match out {
                Out::Masked(_, mask) => written.push(&hidden(*mask, cell, ready.today)),
                // What is no id may be a name.
                Out::Owner(_) if hides && RecordId::of(cell.trim()).is_err() => {
                    written.push(&hidden(None, cell, ready.today));
                }
                Out::Value(field) if hides => {
                    let mask = self.columns.sealed().get(*field).and_then(|sealed| sealed.field.mask);
                    written.push(&hidden(mask, cell, ready.today));
                }
                Out::Token(_) | Out::Digest(_) => written.push_bare(cell),
                // A token, or nothing.
                Out::Value(field) if seals && is_in_place(*field) => written.push_bare(cell),
                _ => written.push(cell),
            }
        }
        written.copy(row, run);
        written
    }

    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The fields in which tokens were put, and the characters of the longest one in each.
    pub fn longest(&self) -> impl Iterator<Item = (&str, usize)> {
        self.columns.fields().map(SealedField::holder).zip(self.longest.iter().copied())
    }

    /// Goes on where one with fewer columns came to.
    pub(crate) fn take_over(&mut self, before: &Rows<'_>) {
        for (sealed, longest) in self.columns.sealed().iter().zip(&mut self.longest) {
            let own = |(holder, _): &(&str, usize)| holder.eq_ignore_ascii_case(sealed.field.holder());
            *longest = before.longest().find(own).map_or(0, |(_, longest)| longest);
        }
    }

    /// Takes back rows that were written out.
    pub(crate) fn take_back(&mut self, rows: Vec<Row>) {
        self.spare = rows;
    }
}

/// For the record: what there is, and nothing of what it says.
impl Released<Batch> {
    pub const fn rows(&self) -> usize {
        self.body().rows.len()
    }

    /// Whose each of the rows is, where the bundle says so.
    pub fn people(&self) -> &[Option<Subject>] {
        &self.body().people
    }

    pub const fn has_refused(&self) -> bool {
        !self.body().refused.is_empty()
    }
}

/// Whether the permit covers all of these.
pub(crate) fn covered(permit: &Permit, asked: &[AskedField]) -> Result<(), GuardError> {
    let is_one = |own: &AskedField, other: &AskedField| {
        own.object.eq_ignore_ascii_case(&other.object) && own.field.eq_ignore_ascii_case(&other.field)
    };
    // A permit has the fields mostly as they were asked for.
    let permitted = permit.fields();
    if permitted.len() == asked.len()
        && asked.iter().zip(permitted).all(|(field, own)| is_one(field, &own.name))
    {
        return Ok(());
    }
    let name = |field: &AskedField| (field.object.to_ascii_lowercase(), field.field.to_ascii_lowercase());
    let own: BTreeSet<_> = permit.fields().iter().map(|field| name(&field.name)).collect();
    match asked.iter().find(|field| !own.contains(&name(field))) {
        Some(field) => Err(GuardError::NotPermitted(field.to_string())),
        None => Ok(()),
    }
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Made {
    fn clear(&mut self) {
        // Values are written over with the next row's.
        self.value.clear();
        self.token.clear();
        self.digest.clear();
    }
}

/// One row, and whose it is.
struct Of<'a> {
    at: usize,
    row: &'a Row,
    subjects: &'a [Vec<Option<Subject>>],
    salts: &'a [Vec<Option<SubjectSalt>>],
}

impl<'a> Of<'a> {
    fn subject(&self, owner: usize) -> Option<&'a Subject> {
        self.subjects.get(owner)?.get(self.at)?.as_ref()
    }

    fn salt(&self, owner: usize) -> Option<&'a SubjectSalt> {
        self.salts.get(owner)?.get(self.at)?.as_ref()
    }
}

/// What stays in a field whose token stands in another.
pub(crate) fn left(
    field: &SealedField,
    key: &DataKey,
    salt: Option<&SubjectSalt>,
    value: &str,
    today: Date,
    into: &mut String,
) -> Result<(), GuardError> {
    let with = || StandInKey::of(key, &field.id, salt);
    let left = match field.leave {
        StandIn::Nothing => return Ok(()),
        StandIn::Mask => hidden(field.mask, value, today),
        StandIn::Digits => with()?.digits(value)?,
        StandIn::Shifted => with()?.shifted(value)?,
        StandIn::Surrogate => with()?.surrogate(field.identifier, value),
    };
    into.push_str(&left);
    Ok(())
}

/// What a mask leaves; without one, nothing is left but that something was there.
pub(crate) fn hidden(mask: Option<Mask>, value: &str, today: Date) -> String {
    match mask {
        _ if value.is_empty() => String::new(),
        Some(mask) => masked(mask, value, &Masking { today, population: PostalPopulation::CENSUS_2000 }),
        None => HIDDEN.to_owned(),
    }
}
