//! By the module.

use aws_lc_rs::hmac;
use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};
use zeroize::Zeroizing;

use super::LEN;
use crate::error::GuardError;

/// It has taken its key in, and wipes itself.
pub(crate) struct Mac {
    /// The module derives from the key itself.
    secret: Zeroizing<[u8; LEN]>,
    key: hmac::Key,
}

impl Mac {
    pub(crate) fn new(key: &[u8; LEN]) -> Self {
        Self { secret: Zeroizing::new(*key), key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// A key from this one: NIST SP 800-108r1, 4.1, counter mode with the counter in 32 bits before what is fixed, which
    /// comes in parts.
    pub(crate) fn derive<'p>(
        &self,
        fixed: impl Iterator<Item = &'p [u8]> + Clone,
        into: &mut [u8],
    ) -> Result<(), GuardError> {
        let algorithm =
            get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256).ok_or(GuardError::Module)?;
        // It does not grow: what grows leaves a salt behind.
        let mut whole = Zeroizing::new(Vec::with_capacity(fixed.clone().map(<[u8]>::len).sum()));
        fixed.for_each(|part| whole.extend_from_slice(part));
        kbkdf_ctr_hmac(algorithm, self.secret.as_slice(), &whole, into).map_err(|_| GuardError::Module)
    }

    /// Of a message that comes in parts.
    pub(crate) fn of(&self, message: &[&[u8]]) -> [u8; LEN] {
        let mut begun = hmac::Context::with_key(&self.key);
        message.iter().for_each(|part| begun.update(part));
        let tag = begun.sign();
        let mut made = [0; LEN];
        made.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        made
    }
}
