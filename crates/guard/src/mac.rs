//! HMAC-SHA-256 under a key that is used again and again: by the validated module in the build that asks for it, else by
//! a library that takes half as long.

use crate::error::GuardError;

/// Bytes of what it makes.
pub(crate) const LEN: usize = 32;

/// It has taken its key in, and wipes itself.
pub(crate) struct Mac {
    #[cfg(feature = "fips")]
    key: aws_lc_rs::hmac::Key,
    #[cfg(not(feature = "fips"))]
    begun: hmac::Hmac<sha2::Sha256>,
}

#[cfg(feature = "fips")]
impl Mac {
    pub(crate) fn new(key: &[u8]) -> Result<Self, GuardError> {
        Ok(Self { key: aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, key) })
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
    pub(crate) fn new(key: &[u8]) -> Result<Self, GuardError> {
        let begun = hmac::KeyInit::new_from_slice(key).map_err(|_| GuardError::Module)?;
        Ok(Self { begun })
    }

    pub(crate) fn of(&self, message: &[u8]) -> [u8; LEN] {
        use hmac::Mac as _;
        self.begun.clone().chain_update(message).finalize().into_bytes().into()
    }
}
