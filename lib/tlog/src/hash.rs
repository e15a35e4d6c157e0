//! Hashes as RFC 6962, section 2.1, has them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The SHA-256 hash of a leaf, of a node, or of a whole tree. Its text form is standard base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash(pub [u8; TreeHash::LEN]);

impl TreeHash {
    /// Bytes of a hash.
    pub const LEN: usize = 32;

    /// The hash of the tree without leaves: that of no bytes.
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// `SHA-256(0x00 || entry)`.
    pub fn leaf(entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
    }

    /// `SHA-256(0x01 || left || right)`.
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut bytes = [1_u8; 1 + 2 * Self::LEN];
        let (_, both) = bytes.split_at_mut(1);
        let (first, second) = both.split_at_mut(Self::LEN);
        first.copy_from_slice(&left.0);
        second.copy_from_slice(&right.0);
        Self(Sha256::digest(bytes).into())
    }

    /// Reads standard base64 of exactly 32 bytes, in its one canonical form.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 44 {
            return None;
        }
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
