//! Data keys and what is derived from them. No key leaves this module but inside a cipher, and all of them are wiped
//! when they go.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use zeroize::Zeroizing;

use crate::error::GuardError;
use crate::mac::Mac;
use crate::seal::SubjectSalt;
use crate::token::{Algorithm, Handle, KeyNumber};

/// Bytes of a key.
pub(crate) const LEN: usize = 32;

/// Key material that is wiped when it goes.
pub(crate) type Secret = Zeroizing<[u8; LEN]>;

/// A key seals no more often (NIST SP 800-38D, 8.3: random nonces of 96 bits).
pub(crate) const MOST_SEALS: u64 = 1 << 32;

/// What may be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyState {
    /// Made and not in use yet.
    Pending,
    /// Seals and opens.
    Active,
    /// Opens what it sealed.
    DecryptOnly,
    /// Does nothing, and can be set to open again.
    Disabled,
    /// Gone: only its number is known.
    Destroyed,
}

impl KeyState {
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Active, Self::DecryptOnly, Self::Disabled, Self::Destroyed];

    /// As files of keys write it; people read [`KeyState::word`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::DecryptOnly => "decrypt-only",
            Self::Disabled => "disabled",
            Self::Destroyed => "destroyed",
        }
    }

    /// As commands and entries tell it: what `retire` brings a key to.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DecryptOnly => "retired",
            other => other.as_str(),
        }
    }

    pub const fn opens(self) -> bool {
        matches!(self, Self::Active | Self::DecryptOnly)
    }

    /// Whether a key goes from one state to the other. Nothing comes back from destroyed, and nothing that sealed
    /// becomes pending again.
    pub const fn leads_to(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pending, Self::Active | Self::Disabled | Self::Destroyed)
                | (Self::Active, Self::DecryptOnly | Self::Disabled)
                | (Self::DecryptOnly, Self::Active | Self::Disabled)
                | (Self::Disabled, Self::DecryptOnly | Self::Destroyed)
        )
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One version of the key of a class of fields. All keys that seal are derived from one.
pub struct DataKey {
    number: KeyNumber,
    state: KeyState,
    /// What the tokens begin with that it seals, for a subject and for a field.
    heads: [String; 2],
    /// It has taken the key in.
    mac: Mac,
    /// Seals by this key and by those derived from it, in all processes.
    seals: AtomicU64,
    /// How many there may be before more are reserved where the key is kept.
    reserved: AtomicU64,
}

impl DataKey {
    /// A key that sealed so often, and is counted nowhere else.
    pub fn new(number: KeyNumber, state: KeyState, secret: Zeroizing<[u8; LEN]>, seals: u64) -> Self {
        let key = Self::reserved(number, state, secret, seals);
        key.reserve(MOST_SEALS);
        key
    }

    /// A key of which every seal that was reserved may have been made.
    pub(crate) fn reserved(number: KeyNumber, state: KeyState, secret: Secret, seals: u64) -> Self {
        let (mac, reserved) = (Mac::new(&secret), AtomicU64::new(seals));
        let heads = [Algorithm::Subject, Algorithm::Field].map(|algorithm| algorithm.head_of_token(number));
        Self { number, state, heads, mac, seals: AtomicU64::new(seals), reserved }
    }

    pub(crate) fn reserve(&self, seals: u64) {
        self.reserved.store(seals.min(MOST_SEALS), Ordering::Relaxed);
    }

    /// Seals that are reserved and not made.
    pub(crate) fn left(&self) -> u64 {
        self.reserved.load(Ordering::Relaxed).saturating_sub(self.seals())
    }

    pub const fn number(&self) -> KeyNumber {
        self.number
    }

    pub const fn state(&self) -> KeyState {
        self.state
    }

    /// What a token begins with that it seals.
    pub(crate) fn head(&self, algorithm: Algorithm) -> &str {
        let [subject, field] = &self.heads;
        match algorithm {
            Algorithm::Subject => subject,
            Algorithm::Field => field,
        }
    }

    /// How often it sealed.
    pub fn seals(&self) -> u64 {
        self.seals.load(Ordering::Relaxed)
    }

    /// Counts one more seal, unless none is left.
    pub(crate) fn count(&self) -> Result<(), GuardError> {
        let reserved = self.reserved.load(Ordering::Relaxed);
        if self.seals.fetch_add(1, Ordering::Relaxed) < reserved {
            return Ok(());
        }
        self.seals.fetch_sub(1, Ordering::Relaxed);
        Err(if reserved < MOST_SEALS {
            GuardError::NotReserved(self.number)
        } else {
            GuardError::Worn(self.number)
        })
    }

    /// The key of one subject: of this key, and of a salt that can be destroyed.
    pub(crate) fn of_subject(&self, handle: Handle, salt: &Secret) -> Result<LessSafeKey, GuardError> {
        self.cipher(b"phiward-subject-key-1", [handle.bytes(), salt.as_slice()])
    }

    /// The key of one field, for values of which nobody knows whose they are.
    pub(crate) fn of_field(&self, field: &str) -> Result<LessSafeKey, GuardError> {
        self.cipher(b"phiward-field-key-1", [field.as_bytes()])
    }

    /// The key of a field's blind index.
    pub(crate) fn of_index(&self, field: &str) -> Result<Secret, GuardError> {
        self.derived(b"phiward-index-key-1", [field.as_bytes()])
    }

    /// A key of what stays in one field of one subject, or of nobody known.
    pub(crate) fn of_stand_in(
        &self,
        label: &[u8],
        field: &str,
        salt: Option<&SubjectSalt>,
    ) -> Result<Secret, GuardError> {
        let handle = salt.map(SubjectSalt::handle);
        let handle = handle.as_ref().map_or(&[][..], |handle| handle.bytes());
        let secret = salt.map_or(&[][..], |salt| salt.expose().as_slice());
        self.derived(label, [field.as_bytes(), &[0], handle, secret])
    }

    fn cipher<const N: usize>(&self, label: &[u8], context: [&[u8]; N]) -> Result<LessSafeKey, GuardError> {
        let key = self.derived(label, context)?;
        UnboundKey::new(&AES_256_GCM, key.as_slice()).map(LessSafeKey::new).map_err(|_| GuardError::Module)
    }

    fn derived<const N: usize>(&self, label: &[u8], context: [&[u8]; N]) -> Result<Secret, GuardError> {
        let mut key = Secret::default();
        let bits = (8 * LEN as u32).to_be_bytes();
        let fixed = [label, &[0]].into_iter().chain(context).chain([bits.as_slice()]);
        self.mac.derive(fixed, key.as_mut_slice())?;
        Ok(key)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKey")
            .field("number", &self.number)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
