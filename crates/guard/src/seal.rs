//! Values to tokens, and tokens to values.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use base64_simd::URL_SAFE_NO_PAD;
use journal::Rng;
use std::fmt;
use zeroize::{Zeroize as _, Zeroizing};

use crate::binding::Binding;
use crate::error::GuardError;
use crate::key::{DataKey, KeyState, Secret};
use crate::token::{Algorithm, Handle, LONGEST, NONCE, Token};

/// What makes a subject's keys: destroyed, none of the subject's tokens opens again.
pub struct SubjectSalt {
    handle: Handle,
    salt: Secret,
}

impl SubjectSalt {
    pub fn random(rng: &mut dyn Rng) -> Self {
        let mut handle = [0; Handle::LEN];
        rng.fill(&mut handle);
        let mut salt = Secret::default();
        rng.fill(salt.as_mut_slice());
        Self { handle: Handle::of(handle), salt }
    }

    /// As a keyring kept it.
    pub const fn of(handle: Handle, salt: Zeroizing<[u8; 32]>) -> Self {
        Self { handle, salt }
    }

    pub const fn handle(&self) -> Handle {
        self.handle
    }

    /// For a keyring to keep: nobody else needs it.
    pub const fn expose(&self) -> &Zeroizing<[u8; 32]> {
        &self.salt
    }
}

impl fmt::Debug for SubjectSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubjectSalt").field("handle", &self.handle).finish_non_exhaustive()
    }
}

/// A cipher ready for use: of one data key, and of one subject or one field.
pub struct FieldCipher<'k> {
    data: &'k DataKey,
    handle: Option<Handle>,
    cipher: LessSafeKey,
}

impl<'k> FieldCipher<'k> {
    /// For the values of one subject.
    pub fn of_subject(data: &'k DataKey, salt: &SubjectSalt) -> Result<Self, GuardError> {
        let cipher = data.of_subject(salt.handle, &salt.salt)?;
        Ok(Self { data, handle: Some(salt.handle), cipher })
    }

    /// For values of one field of which nobody knows whose they are.
    pub fn of_field(data: &'k DataKey, field: &str) -> Result<Self, GuardError> {
        Ok(Self { data, handle: None, cipher: data.of_field(field)? })
    }

    pub(crate) const fn handle(&self) -> Option<Handle> {
        self.handle
    }

    const fn algorithm(&self) -> Algorithm {
        if self.handle.is_some() { Algorithm::Subject } else { Algorithm::Field }
    }
}

impl fmt::Debug for FieldCipher<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldCipher")
            .field("data", &self.data)
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}

/// Nonces that are drawn at once: the generator takes as long for one as for many.
const POOL: usize = 1024 * NONCE;

/// Seals and opens on one thread, with room that it uses again and again.
pub struct Sealer {
    rng: Box<dyn Rng>,
    /// They stand in tokens as they are: nothing of them is secret.
    pool: Vec<u8>,
    bound: Vec<u8>,
    body: Zeroizing<Vec<u8>>,
}

impl Sealer {
    pub fn new(rng: Box<dyn Rng>) -> Self {
        Self { rng, pool: Vec::new(), bound: Vec::new(), body: Zeroizing::new(Vec::new()) }
    }

    fn nonce(&mut self) -> [u8; NONCE] {
        if self.pool.len() < NONCE {
            self.pool.resize(POOL, 0);
            self.rng.fill(&mut self.pool);
        }
        let nonce = self.pool.last_chunk().copied().unwrap_or_default();
        self.pool.truncate(self.pool.len() - NONCE);
        nonce
    }

    /// Appends the token of a value. A value that is a token already is refused, and so is a worn key.
    pub fn seal(
        &mut self,
        with: &FieldCipher<'_>,
        binding: &Binding<'_>,
        value: &str,
        into: &mut String,
    ) -> Result<(), GuardError> {
        if Token::is_one(value) {
            return Err(GuardError::SealedAlready);
        }
        if Token::is_altered(value) {
            return Err(GuardError::Altered);
        }
        if value.len() > LONGEST {
            return Err(GuardError::TooLong { length: value.len(), limit: LONGEST });
        }
        let (key, algorithm) = (with.data.number(), with.algorithm());
        if with.data.state() != KeyState::Active {
            return Err(GuardError::DoesNotSeal(key, with.data.state()));
        }
        with.data.count()?;
        binding.write(key, algorithm, &mut self.bound);
        let nonce = self.nonce();
        self.body.clear();
        if let Some(handle) = &with.handle {
            self.body.extend_from_slice(handle.bytes());
        }
        self.body.extend_from_slice(&nonce);
        let head = self.body.len();
        self.body.extend_from_slice(value.as_bytes());
        let plain = self.body.get_mut(head..).unwrap_or_default();
        let tag = with
            .cipher
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&self.bound), plain)
            .map_err(|_| GuardError::Module)?;
        self.body.extend_from_slice(tag.as_ref());
        into.reserve(Token::length(algorithm, key, value.len()));
        into.push_str(with.data.head(algorithm));
        URL_SAFE_NO_PAD.encode_append(&*self.body, into);
        Ok(())
    }

    /// The value of a token. The cipher is the one that the token's key and handle name; what is bound to another
    /// tenant, field or subject does not open.
    pub fn open(
        &mut self,
        with: &FieldCipher<'_>,
        binding: &Binding<'_>,
        token: &Token,
    ) -> Result<Zeroizing<String>, GuardError> {
        let mut value = Zeroizing::new(String::new());
        self.open_into(with, binding, token, &mut value)?;
        Ok(value)
    }

    /// [`Sealer::open`], in the place of what the text holds.
    pub fn open_into(
        &mut self,
        with: &FieldCipher<'_>,
        binding: &Binding<'_>,
        token: &Token,
        value: &mut String,
    ) -> Result<(), GuardError> {
        // In its own room; nothing is left in it where the token does not open.
        let mut room = Zeroizing::new(std::mem::take(value).into_bytes());
        room.clear();
        let key = token.key();
        if !with.data.state().opens() {
            return Err(GuardError::DoesNotOpen(key, with.data.state()));
        }
        if (with.data.number(), with.handle) != (key, token.handle()) {
            return Err(GuardError::Refused);
        }
        binding.write(key, token.algorithm(), &mut self.bound);
        let (nonce, sealed, tag) = token.parts().ok_or(GuardError::Refused)?;
        let (nonce, aad) = (Nonce::assume_unique_for_key(nonce), Aad::from(&self.bound));
        room.resize(sealed.len(), 0);
        with.cipher
            .open_separate_gather(nonce, aad, sealed, tag, &mut room)
            .map_err(|_| GuardError::Refused)?;
        match String::from_utf8(std::mem::take(&mut *room)) {
            Ok(text) => {
                *value = text;
                Ok(())
            }
            Err(error) => {
                error.into_bytes().zeroize();
                Err(GuardError::NotText)
            }
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}
