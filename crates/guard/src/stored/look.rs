//! What stands in the fields of a record: a token that opens, one that does not, a value, or nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use csv::Row;
use jiff::Timestamp;
use jiff::civil::Date;
use journal::names::Org;
use journal::{Rng, Subject};
use policy::vocabulary::{Class, StandIn};
use policy::{AskedField, Enforceable};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Record, StoredError};
use crate::binding::Binding;
use crate::data_keys::KeysError;
use crate::error::GuardError;
use crate::field::SealedField;
use crate::index::BlindIndex;
use crate::key::DataKey;
use crate::keys::{Became, Keys, bound_to};
use crate::rows::{Columns, Duty, OwnerAt, SealedAt, is_left_by, masked_since};
use crate::seal::{FieldCipher, Sealer, SubjectSalt};
use crate::token::{Handle, KeyNumber, PREFIX, Token};

/// Why a value cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reason {
    /// The person's salt was destroyed: as it is to be.
    Shredded,
    /// The person's salt is not here, and nothing says that it was destroyed.
    NoSubject,
    UnknownKey,
    /// The key is pending, disabled or destroyed.
    KeyDoesNotOpen,
    /// It is of another tenant, field or person, or was changed.
    OtherBinding,
    /// The record does not say whose it is.
    NoOwner,
    /// Something else stands where a token should.
    NotAToken,
    /// A token of a version that this release does not know.
    OtherVersion,
    NotText,
    /// It has no form that the index can digest.
    NoForm,
    /// The person was shredded, and the value is not: an older export brought it back.
    Forgotten,
}

impl Reason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shredded => "shredded",
            Self::NoSubject => "no-subject",
            Self::UnknownKey => "unknown-key",
            Self::KeyDoesNotOpen => "key-does-not-open",
            Self::OtherBinding => "other-binding",
            Self::NoOwner => "no-owner",
            Self::NotAToken => "not-a-token",
            Self::OtherVersion => "other-version",
            Self::NotText => "not-text",
            Self::NoForm => "no-form",
            Self::Forgotten => "forgotten",
        }
    }

    /// The reason, where it is the value's own and not that of keys that cannot be asked.
    fn of(error: KeysError) -> Result<Self, KeysError> {
        match error {
            KeysError::Guard(error) => Ok(match error {
                GuardError::UnknownKey(_) => Self::UnknownKey,
                GuardError::DoesNotOpen(..) => Self::KeyDoesNotOpen,
                GuardError::NoSubject => Self::NoSubject,
                GuardError::Refused => Self::OtherBinding,
                GuardError::NotText => Self::NotText,
                GuardError::Token(_) => Self::NotAToken,
                GuardError::NotNormal(_) | GuardError::LowEntropy(_) => Self::NoForm,
                other => return Err(other.into()),
            }),
            other => Err(other),
        }
    }
}

/// A field's value, or why there is none.
pub(super) enum Stands {
    Nothing,
    /// As it is, unsealed.
    Bare(Zeroizing<String>),
    Sealed(Box<Opened>),
    Unreadable(Reason),
}

/// Whose a token is, beside whose the record is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// As the bundle and the record say.
    Right,
    /// To the field alone, where the bundle binds to a person.
    Field,
    /// To who was merged into this person, or moved to them.
    Before,
}

/// How a digest stands to its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Digested {
    /// The field has no index.
    No,
    Missing,
    Under(KeyNumber),
    /// Under no key that is alive.
    Stale,
}

pub(super) struct Opened {
    pub(super) value: Zeroizing<String>,
    pub(super) key: KeyNumber,
    pub(super) bound: Bound,
    pub(super) digested: Digested,
    /// Whether what is left in the field is what the active key leaves there.
    pub(super) left: Left,
}

/// What is left in a field whose token stands in another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    AsItIs,
    /// By another key, or not yet.
    Old,
    /// Something else: somebody wrote a value there.
    Edited,
}

/// One field of one record.
pub(super) struct Looked {
    pub(super) stands: Stands,
    /// Of the token, as it is written on it, also where it does not open.
    pub(super) token: Option<(KeyNumber, Option<Handle>)>,
    /// Whether something stands in the index, or is left in the field, beside what does not open.
    pub(super) beside: bool,
}

/// A record and what stands in its sealed fields, in their order.
pub(super) struct LookedAt {
    pub(super) record: Record,
    pub(super) fields: Vec<Looked>,
    /// Whose it is now, by the columns that say so.
    pub(super) people: Vec<Option<Subject>>,
}

/// Keys for one batch.
pub(super) struct Ready {
    /// Where something is sealed.
    pub(super) active: BTreeMap<Class, Arc<DataKey>>,
    /// The numbers of those that seal.
    pub(super) sealing: BTreeMap<Class, KeyNumber>,
    /// Every key that is alive, the active one first.
    alive: BTreeMap<Class, Vec<Arc<DataKey>>>,
    opening: BTreeMap<KeyNumber, Result<Arc<DataKey>, Reason>>,
    /// Of each sealed field, under every key that is alive.
    pub(super) indexes: Vec<Vec<BlindIndex>>,
    pub(super) today: Date,
}

/// Looks at records on one thread.
pub(super) struct Looker<'k> {
    pub(super) columns: Columns,
    pub(super) org: Org,
    pub(super) keys: &'k dyn Keys,
    pub(super) sealer: Sealer,
    asked: Vec<AskedField>,
    /// Whether something is sealed. Who only reads needs no key that does.
    seals: bool,
    /// Who else's tokens may stand in somebody's records.
    pairs: Vec<Became>,
}

impl<'k> Looker<'k> {
    pub(super) fn new(
        policy: &Enforceable,
        object: &str,
        names: &[String],
        org: Org,
        keys: &'k dyn Keys,
        rng: Box<dyn Rng>,
    ) -> Result<Self, StoredError> {
        let columns = Columns::of(policy, Duty::Open, object, names)?;
        if columns.sealed().is_empty() {
            return Err(StoredError::NothingSealed);
        }
        for SealedAt { field, value, holder, digest, .. } in columns.sealed() {
            let missing = |column: &str| {
                Err(StoredError::NoColumn { field: field.name.clone(), column: column.to_owned() })
            };
            if holder.is_none() {
                return missing(field.holder());
            }
            if value.is_none() {
                return missing(&field.name);
            }
            if let (Some(index), None) = (&field.index, digest) {
                return missing(&index.field);
            }
        }
        let fields = columns.sealed().iter();
        let asked = fields.map(|sealed| AskedField::new(object, &sealed.field.name)).collect();
        Ok(Self { columns, org, keys, sealer: Sealer::new(rng), asked, seals: false, pairs: Vec::new() })
    }

    /// For a job that seals, and opens what these pairs say as well.
    pub(super) fn sealing(self, pairs: Vec<Became>) -> Self {
        Self { pairs, seals: true, ..self }
    }

    /// Numbers of the keys that seal, by class; an error where something is to be sealed and no key is there.
    pub(super) fn numbers(&self) -> Result<BTreeMap<Class, KeyNumber>, KeysError> {
        let mut numbers = BTreeMap::new();
        for class in self.classes() {
            match self.keys.sealing(class)? {
                Some(number) => drop(numbers.insert(class, number)),
                None if self.seals => return Err(GuardError::NoActiveKey(class).into()),
                None => {}
            }
        }
        Ok(numbers)
    }

    pub(super) fn asked(&self) -> &[AskedField] {
        &self.asked
    }

    pub(super) fn classes(&self) -> Vec<Class> {
        let mut classes: Vec<Class> = self.columns.fields().map(|field| field.class).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    pub(super) fn ready(&self, now: Timestamp) -> Result<Ready, KeysError> {
        let mut ready = Ready {
            active: BTreeMap::new(),
            sealing: self.numbers()?,
            alive: BTreeMap::new(),
            opening: BTreeMap::new(),
            indexes: Vec::new(),
            today: now.to_zoned(jiff::tz::TimeZone::UTC).date(),
        };
        for class in self.classes() {
            if self.seals {
                let key = self.keys.active(class)?;
                ready.sealing.insert(class, key.number());
                ready.active.insert(class, key);
            }
            ready.alive.insert(class, self.keys.all(class)?);
        }
        for field in self.columns.fields() {
            let alive = ready.alive.get(&field.class).into_iter().flatten();
            let indexes = field.index.as_ref().map(|index| {
                let under = |key: &Arc<DataKey>| {
                    BlindIndex::new(key, &field.id, index.normaliser.clone(), index.bits, index.values)
                };
                alive.map(under).collect::<Result<Vec<_>, _>>()
            });
            ready.indexes.push(indexes.transpose()?.unwrap_or_default());
        }
        Ok(ready)
    }

    /// What stands in records.
    pub(super) fn look(
        &mut self,
        records: Vec<Record>,
        ready: &mut Ready,
    ) -> Result<Vec<LookedAt>, KeysError> {
        records.into_iter().map(|record| self.look_at(record, ready)).collect()
    }

    fn look_at(&mut self, record: Record, ready: &mut Ready) -> Result<LookedAt, KeysError> {
        let of = |owner: &OwnerAt| {
            let named = owner.owner.subject(&self.org, record.row.get(owner.at)?)?;
            Some(match self.keys.survivor(&named) {
                Ok(survivor) => Ok((survivor.unwrap_or_else(|| named.clone()), named)),
                Err(error) => Err(error),
            })
        };
        let people = self.columns.owners().iter().map(|owner| of(owner).transpose());
        let people: Vec<Option<(Subject, Subject)>> = people.collect::<Result<_, _>>()?;
        let mut fields = Vec::with_capacity(self.columns.sealed().len());
        for place in 0..self.columns.sealed().len() {
            fields.extend(self.field(place, &record.row, &people, ready)?);
        }
        let people = people.into_iter().map(|person| person.map(|(now, _)| now)).collect();
        Ok(LookedAt { record, fields, people })
    }

    fn field(
        &mut self,
        place: usize,
        row: &Row,
        people: &[Option<(Subject, Subject)>],
        ready: &mut Ready,
    ) -> Result<Option<Looked>, KeysError> {
        let Some(sealed) = self.columns.sealed().get(place).cloned() else { return Ok(None) };
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or_default();
        let (value, held, digest) = (cell(sealed.value), cell(sealed.holder), cell(sealed.digest));
        let apart = sealed.field.token_in.is_some();
        let beside = !digest.is_empty() || (apart && !value.is_empty());
        let looked = |stands, token| Ok(Some(Looked { stands, token, beside }));
        if !Token::is_one(held) {
            return looked(
                match (held.is_empty(), apart, value.is_empty()) {
                    _ if Token::is_altered(held) => Stands::Unreadable(Reason::NotAToken),
                    (false, true, _) => Stands::Unreadable(Reason::NotAToken),
                    (_, _, true) => Stands::Nothing,
                    (_, _, false) => Stands::Bare(Zeroizing::new(value.to_owned())),
                },
                None,
            );
        }
        let token = match Token::parse(held) {
            Ok(token) => token,
            Err(_) => {
                let reason = if held.starts_with(PREFIX) { Reason::NotAToken } else { Reason::OtherVersion };
                return looked(Stands::Unreadable(reason), None);
            }
        };
        let written = Some((token.key(), token.handle()));
        let owner = sealed.owner.map(|owner| people.get(owner).and_then(Option::as_ref));
        let stands = match self.opened(&sealed, &token, owner, ready) {
            Ok(Ok((value_of, bound, salt))) => {
                let opened =
                    self.compared(place, &sealed, &token, (value, digest), value_of, bound, salt, ready);
                match opened {
                    Ok(opened) => Stands::Sealed(Box::new(opened)),
                    Err(error) => Stands::Unreadable(Reason::of(error)?),
                }
            }
            Ok(Err(reason)) => Stands::Unreadable(reason),
            Err(error) => Stands::Unreadable(Reason::of(error)?),
        };
        looked(stands, written)
    }

    /// The value of a token and whom it is bound to.
    #[expect(clippy::type_complexity, reason = "what is opened, beside the two ways in which it is not")]
    fn opened(
        &mut self,
        sealed: &SealedAt,
        token: &Token,
        owner: Option<Option<&(Subject, Subject)>>,
        ready: &mut Ready,
    ) -> Result<Result<(Zeroizing<String>, Bound, Option<Arc<SubjectSalt>>), Reason>, KeysError> {
        let keys = self.keys;
        let key = match ready.opening.get(&token.key()) {
            Some(known) => known.clone(),
            None => {
                let found = match keys.key(token.key()) {
                    Ok(key) => Ok(key),
                    Err(error) => Err(Reason::of(error)?),
                };
                ready.opening.insert(token.key(), found.clone());
                found
            }
        };
        let key = match key {
            Ok(key) => key,
            Err(reason) => return Ok(Err(reason)),
        };
        let field = &sealed.field;
        let binding = |subject| Binding { tenant: keys.tenant(), field: &field.id, subject };
        let Some(handle) = token.handle() else {
            let cipher = FieldCipher::of_field(&key, &field.id)?;
            let value = self.sealer.open(&cipher, &binding(None), token)?;
            let bound = if sealed.owner.is_some() { Bound::Field } else { Bound::Right };
            return Ok(Ok((value, bound, None)));
        };
        let Some(owner) = owner else { return Ok(Err(Reason::OtherBinding)) };
        let Some(salt) = keys.salt(handle)? else {
            let shredded = keys.was_shredded(handle);
            return Ok(Err(if shredded { Reason::Shredded } else { Reason::NoSubject }));
        };
        let Some((now, named)) = owner else { return Ok(Err(Reason::NoOwner)) };
        let cipher = FieldCipher::of_subject(&key, &salt)?;
        let likeliest = bound_to(keys, handle, named)?;
        let moved = self.pairs.iter().filter(|pair| pair.into == *now || pair.into == *named);
        let before = moved.map(|pair| &pair.from);
        let mut last = GuardError::Refused;
        for subject in [&likeliest, now, named].into_iter().chain(before) {
            match self.sealer.open(&cipher, &binding(Some(subject)), token) {
                Ok(value) => {
                    let bound = if subject == now { Bound::Right } else { Bound::Before };
                    return Ok(Ok((value, bound, Some(salt))));
                }
                Err(GuardError::Refused) => {}
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }

    /// What stands beside a token, compared with its value.
    #[expect(clippy::too_many_arguments, reason = "a token, what it opened to, and what stands beside it")]
    fn compared(
        &self,
        place: usize,
        sealed: &SealedAt,
        token: &Token,
        (beside, digest): (&str, &str),
        value: Zeroizing<String>,
        bound: Bound,
        salt: Option<Arc<SubjectSalt>>,
        ready: &Ready,
    ) -> Result<Opened, KeysError> {
        let field = &sealed.field;
        let mut digested = match (&field.index, digest) {
            (None, _) => Digested::No,
            (Some(_), "") => Digested::Missing,
            (Some(_), _) => Digested::Stale,
        };
        for index in ready.indexes.get(place).into_iter().flatten() {
            // Also where none is there: what has no form to be digested is not sealed anew.
            let found = index.digest(&value)?;
            if digested == Digested::Stale && found == digest {
                digested = Digested::Under(index.number());
            }
        }
        let left = self.left(field, token.key(), (beside, &value), salt.as_deref(), ready)?;
        Ok(Opened { value, key: token.key(), bound, digested, left })
    }

    /// Whether what is left in a field is what one of the keys leaves there, and which.
    fn left(
        &self,
        field: &SealedField,
        number: KeyNumber,
        (beside, value): (&str, &str),
        salt: Option<&SubjectSalt>,
        ready: &Ready,
    ) -> Result<Left, KeysError> {
        if field.token_in.is_none() {
            return Ok(Left::AsItIs);
        }
        match field.leave {
            StandIn::Nothing if beside.is_empty() => return Ok(Left::AsItIs),
            StandIn::Nothing => return Ok(Left::Edited),
            StandIn::Mask => {
                return Ok(match masked_since(field, value, beside, ready.today) {
                    Some(0) => Left::AsItIs,
                    None if !beside.is_empty() => Left::Edited,
                    _ => Left::Old,
                });
            }
            StandIn::Digits | StandIn::Shifted | StandIn::Surrogate => {}
        }
        if beside.is_empty() {
            return Ok(Left::Old);
        }
        let active = ready.sealing.get(&field.class).copied();
        let alive = ready.alive.get(&field.class).into_iter().flatten();
        let own = ready.opening.get(&number).and_then(|key| key.as_ref().ok());
        for key in alive.chain(own) {
            if is_left_by(key, field, salt, (value, beside), ready.today) {
                return Ok(if Some(key.number()) == active { Left::AsItIs } else { Left::Old });
            }
        }
        Ok(Left::Edited)
    }
}
