//! What stands beside a token: what is left of its value in the field, and its digest.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use jiff::civil::Date;
use policy::vocabulary::StandIn;
use zeroize::Zeroizing;

use super::{hidden, left};
use crate::data_keys::KeysError;
use crate::error::GuardError;
use crate::field::SealedField;
use crate::index::BlindIndex;
use crate::key::DataKey;
use crate::keys::Keys;
use crate::seal::SubjectSalt;
use crate::token::KeyNumber;

/// For so many years a mask that tells ages is known again.
const YEARS: i32 = 10;

/// Since how many years what stands there is what the field's mask leaves; nothing where it is something else.
pub(crate) fn masked_since(field: &SealedField, value: &str, beside: &str, today: Date) -> Option<i32> {
    let mask = |back: i32| {
        let day = today.checked_sub(jiff::Span::new().years(back));
        hidden(field.mask, value, day.unwrap_or(today))
    };
    // What tells an age changes with the years.
    (0..=YEARS).find(|back| mask(*back) == beside)
}

/// Whether a key leaves that of a value.
pub(crate) fn is_left_by(
    key: &DataKey,
    field: &SealedField,
    salt: Option<&SubjectSalt>,
    (value, beside): (&str, &str),
    today: Date,
) -> bool {
    let mut made = String::new();
    // What one cannot make of a value does not stand there either.
    left(field, key, salt, value, today, &mut made).is_ok() && made == beside
}

/// Digests under the keys that a batch needs, by the field's place.
#[derive(Default)]
pub(super) struct Digests(BTreeMap<(usize, KeyNumber), Option<BlindIndex>>);

/// A token that opened: its key, its person's salt, and the value.
pub(super) struct Opened<'o> {
    pub(super) key: &'o Arc<DataKey>,
    pub(super) salt: Option<&'o SubjectSalt>,
    pub(super) value: &'o str,
}

impl Opened<'_> {
    /// The key that it was sealed with, and the others of the class: halves of different keys belong together.
    fn by_any(
        &self,
        field: &SealedField,
        keys: &dyn Keys,
        mut fits: impl FnMut(&Arc<DataKey>) -> Result<bool, KeysError>,
    ) -> Result<bool, KeysError> {
        if fits(self.key)? {
            return Ok(true);
        }
        for key in keys.all(field.class)? {
            if key.number() != self.key.number() && fits(&key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether what stands in the field is what is left there of the value. Nothing is no value.
    pub(super) fn leaves(
        &self,
        field: &SealedField,
        beside: &str,
        keys: &dyn Keys,
        today: Date,
    ) -> Result<bool, KeysError> {
        Ok(match field.leave {
            _ if beside.is_empty() => true,
            StandIn::Nothing => false,
            StandIn::Mask => masked_since(field, self.value, beside, today).is_some(),
            StandIn::Digits | StandIn::Shifted | StandIn::Surrogate => self.by_any(field, keys, |key| {
                Ok(is_left_by(key, field, self.salt, (self.value, beside), today))
            })?,
        })
    }

    /// Whether a digest is the value's. None is no other's.
    pub(super) fn has(
        &self,
        (place, field): (usize, &SealedField),
        digest: &str,
        keys: &dyn Keys,
        (Digests(known), room): (&mut Digests, &mut Zeroizing<String>),
    ) -> Result<bool, KeysError> {
        if digest.is_empty() || field.index.is_none() {
            return Ok(true);
        }
        let mut made = String::new();
        self.by_any(field, keys, |key| {
            let index = match known.entry((place, key.number())) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(field.index_under(key)?),
            };
            made.clear();
            match index.as_ref().map(|index| index.digest_into(self.value, room, &mut made)) {
                // What has no form to be digested has no digest.
                Some(Err(GuardError::NotNormal(_))) => Ok(false),
                Some(Err(error)) => Err(error.into()),
                _ => Ok(made == digest),
            }
        })
    }
}
