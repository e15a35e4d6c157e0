//! The two keys of a ring, and what they do with a record.

use aws_lc_rs::hmac;
use journal::{Rng, Subject};
use zeroize::Zeroizing;

use super::store::{Finder, Id, Kept};
use crate::GuardError;
use crate::key::Secret;
use crate::mac::Mac;
use crate::vault::Cipher;

/// The two keys of a ring: one seals records, the other finds people.
pub(super) struct Master {
    pub(super) bytes: Zeroizing<[u8; 64]>,
    cipher: Cipher,
    finder: Mac,
}

/// What a person is found by is no other sum under the key that finds people.
const PERSON: &[u8] = b"phiward-subject-handle-1\0";

impl Master {
    pub(super) fn of(bytes: Zeroizing<[u8; 64]>) -> Result<Self, GuardError> {
        let (sealing, finding) = bytes.split_first_chunk::<32>().ok_or(GuardError::Module)?;
        let finder = Mac::new(finding.first_chunk().ok_or(GuardError::Module)?);
        let cipher = Cipher::new(sealing)?;
        Ok(Self { bytes, cipher, finder })
    }

    pub(super) fn random(rng: &mut dyn Rng) -> Result<Self, GuardError> {
        let mut bytes = Zeroizing::new([0; 64]);
        rng.fill(bytes.as_mut_slice());
        Self::of(bytes)
    }

    /// One that seals anew and finds people as before.
    pub(super) fn next(&self, rng: &mut dyn Rng) -> Result<Self, GuardError> {
        let mut bytes = self.bytes.clone();
        if let Some(sealing) = bytes.first_chunk_mut::<32>() {
            rng.fill(sealing);
        }
        Self::of(bytes)
    }

    pub(super) const fn cipher(&self) -> &Cipher {
        &self.cipher
    }

    /// A key for sums that holds as long as the ring does.
    pub(super) fn sums(&self, label: &[u8]) -> hmac::Key {
        let made = Zeroizing::new(self.finder.of(&[label]));
        hmac::Key::new(hmac::HMAC_SHA256, made.as_slice())
    }

    pub(super) fn finds_as(&self, other: &Self) -> bool {
        self.bytes.last_chunk::<32>() == other.bytes.last_chunk()
    }

    pub(super) fn person(&self, subject: &Subject) -> Finder {
        let sum = self.finder.of(&[PERSON, subject.bytes()]);
        std::array::from_fn(|at| sum.get(at).copied().unwrap_or(0))
    }

    pub(super) fn seal(
        &self,
        label: &[u8],
        person: Finder,
        id: Id,
        secret: &Secret,
        rng: &mut dyn Rng,
    ) -> Result<Kept, GuardError> {
        let mut room = [0; BOUND];
        let sealed = self.cipher.seal(bound(&mut room, label, &person, &id), secret.as_slice(), rng)?;
        let sealed = sealed.try_into().map_err(|_| GuardError::Module)?;
        Ok(Kept { person, id, sealed })
    }

    pub(super) fn open(&self, label: &[u8], kept: &Kept) -> Option<Secret> {
        let mut room = [0; BOUND];
        self.cipher.open_exactly(bound(&mut room, label, &kept.person, &kept.id), &kept.sealed)
    }
}

/// Label, person and id.
const BOUND: usize = 64;

fn bound<'r>(room: &'r mut [u8; BOUND], label: &[u8], person: &Finder, id: &Id) -> &'r [u8] {
    let mut length = 0;
    for part in [label, person, id] {
        if let Some(to) = room.get_mut(length..length + part.len()) {
            to.copy_from_slice(part);
        }
        length += part.len();
    }
    room.get(..length).unwrap_or_default()
}
