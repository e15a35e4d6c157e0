//! HMAC-SHA-256 under a key that is used again and again: by the validated module in the build that asks for it, else by
//! a library that takes half as long.

use zeroize::Zeroizing;

use crate::error::GuardError;

/// Bytes of a key, and of what it makes.
pub(crate) const LEN: usize = 32;

/// It has taken its key in, and wipes itself.
pub(crate) struct Mac {
    /// The module derives from the key itself.
    #[cfg(feature = "fips")]
    secret: Zeroizing<[u8; LEN]>,
    #[cfg(feature = "fips")]
    key: aws_lc_rs::hmac::Key,
    #[cfg(not(feature = "fips"))]
    begun: hmac::Hmac<sha2::Sha256>,
}

#[cfg(feature = "fips")]
impl Mac {
    pub(crate) fn new(key: &[u8; LEN]) -> Self {
        let secret = Zeroizing::new(*key);
        Self { secret, key: aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key) }
    }

    /// A key from this one: NIST SP 800-108r1, 4.1, counter mode with the counter in 32 bits before what is fixed.
    pub(crate) fn derive(&self, fixed: &[u8], into: &mut [u8]) -> Result<(), GuardError> {
        use aws_lc_rs::kdf::{KbkdfCtrHmacAlgorithmId, get_kbkdf_ctr_hmac_algorithm, kbkdf_ctr_hmac};
        let algorithm =
            get_kbkdf_ctr_hmac_algorithm(KbkdfCtrHmacAlgorithmId::Sha256).ok_or(GuardError::Module)?;
        kbkdf_ctr_hmac(algorithm, self.secret.as_slice(), fixed, into).map_err(|_| GuardError::Module)
    }

    pub(crate) fn of(&self, message: &[u8]) -> [u8; LEN] {
        let tag = aws_lc_rs::hmac::sign(&self.key, message);
        let mut made = [0; LEN];
        made.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        made
    }
}

#[cfg(not(feature = "fips"))]
impl Mac {
    pub(crate) fn new(key: &[u8; LEN]) -> Self {
        // A key that is shorter than a block is filled up with zeroes.
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        Self { begun: hmac::KeyInit::new((&*block).into()) }
    }

    /// A key from this one: NIST SP 800-108r1, 4.1, counter mode with the counter in 32 bits before what is fixed.
    pub(crate) fn derive(&self, fixed: &[u8], into: &mut [u8]) -> Result<(), GuardError> {
        use hmac::Mac as _;
        for (counter, piece) in (1..=u32::MAX).zip(into.chunks_mut(LEN)) {
            let made = self.begun.clone().chain_update(counter.to_be_bytes()).chain_update(fixed).finalize();
            let made: Zeroizing<[u8; LEN]> = Zeroizing::new(made.into_bytes().into());
            piece.iter_mut().zip(*made).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }

    pub(crate) fn of(&self, message: &[u8]) -> [u8; LEN] {
        use hmac::Mac as _;
        self.begun.clone().chain_update(message).finalize().into_bytes().into()
    }
}
