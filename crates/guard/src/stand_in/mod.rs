//! What stays in a field whose token stands in another: nothing of the value can be computed from it without the keys.
//!
//! All are made under a key of the data key, the field and the person's salt. With the salt destroyed, nobody leads a
//! stand-in back to its value, nor makes it anew.

mod digits;
mod shifted;
mod surrogate;

use aws_lc_rs::hmac;
use policy::vocabulary::Identifier;

use crate::error::GuardError;
use crate::key::{DataKey, Secret};
use crate::seal::SubjectSalt;

pub use digits::FEWEST_DIGITS;

/// What the stand-ins of one person's one field are made with.
pub struct StandInKey {
    secret: Secret,
    /// Of the person alone, whatever key a date is sealed under: so days between their dates stay what they were.
    days: Option<Secret>,
}

impl StandInKey {
    pub fn of(data: &DataKey, field: &str, salt: Option<&SubjectSalt>) -> Result<Self, GuardError> {
        Ok(Self {
            secret: data.of_stand_in(b"phiward-stand-in-key-1", field, salt)?,
            days: shifted::secret(salt),
        })
    }

    /// Other digits in the places of the value's own: FF1 (NIST SP 800-38G) in radix 10.
    pub fn digits(&self, value: &str) -> Result<String, GuardError> {
        digits::encrypt(&self.secret, value)
    }

    /// The value of [`StandInKey::digits`].
    pub fn from_digits(&self, stand_in: &str) -> Result<String, GuardError> {
        digits::decrypt(&self.secret, stand_in)
    }

    /// The date, moved by up to a year. A time of day stays.
    pub fn shifted(&self, value: &str) -> Result<String, GuardError> {
        shifted::moved(value, self.days()?)
    }

    /// The date of [`StandInKey::shifted`].
    pub fn from_shifted(&self, stand_in: &str) -> Result<String, GuardError> {
        shifted::moved(stand_in, -self.days()?)
    }

    fn days(&self) -> Result<i64, GuardError> {
        // One shift for everybody would be known with one date.
        let days = self.days.as_ref().ok_or(GuardError::NotNormal("nobody knows whose date it is"))?;
        Ok(shifted::days(days))
    }

    /// A made-up value of the kind: for one person's same value always the same.
    pub fn surrogate(&self, kind: Option<Identifier>, value: &str) -> String {
        surrogate::of(kind, value, &Drawn { key: hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_slice()) })
    }
}

impl std::fmt::Debug for StandInKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StandInKey(..)")
    }
}

/// Numbers that a key draws from a text.
struct Drawn {
    key: hmac::Key,
}

impl Drawn {
    /// One of `bound` numbers, for the text and its place.
    fn below(&self, bound: usize, place: usize, text: &str) -> usize {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&(place as u64).to_be_bytes());
        context.update(text.as_bytes());
        let tag = context.sign();
        let first = tag.as_ref().first_chunk().copied().map_or(0, u64::from_be_bytes);
        // Of 2^64, what a small bound leaves over is nothing that anybody could measure.
        usize::try_from(first % (bound.max(1) as u64)).unwrap_or(0)
    }
}
