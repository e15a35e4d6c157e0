//! Keys of a log and its witnesses: `<name>+<id>+<base64 of type and key>`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use ml_dsa::signature::Verifier as _;
use ml_dsa::{EncodedVerifyingKey, MlDsa44};
use sha2::{Digest as _, Sha256};

use crate::text::Malformed;

const WHAT: &str = "a verifier key";

/// What a key signs, and how: the signature types of c2sp.org/signed-note that a log needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// 0x01: Ed25519 over the text of the note.
    Ed25519,
    /// 0x04: Ed25519 over time and checkpoint, a cosignature.
    CosignatureEd25519,
    /// 0x06: ML-DSA-44 over cosigner, time, origin, size and root, a cosignature.
    CosignatureMlDsa44,
}

impl Algorithm {
    /// The byte that stands for it in keys.
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureEd25519 => 0x04,
            Self::CosignatureMlDsa44 => 0x06,
        }
    }

    /// Bytes of a public key.
    pub fn key_len(self) -> usize {
        match self {
            Self::Ed25519 | Self::CosignatureEd25519 => 32,
            Self::CosignatureMlDsa44 => 1312,
        }
    }

    /// Bytes of what the key makes of a message, without the time that stands before it in a cosignature.
    pub fn signature_len(self) -> usize {
        match self {
            Self::Ed25519 | Self::CosignatureEd25519 => 64,
            Self::CosignatureMlDsa44 => 2420,
        }
    }

    /// Whether a signature carries the time at which it was made.
    pub fn is_timed(self) -> bool {
        self != Self::Ed25519
    }
}

/// The public half of a key with its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifierKey {
    name: String,
    id: u32,
    algorithm: Algorithm,
    key: Vec<u8>,
}

impl VerifierKey {
    /// A key by its parts. The name is not empty and has neither space nor plus; the key is one of the algorithm.
    pub fn new(name: &str, algorithm: Algorithm, key: &[u8]) -> Result<Self, Malformed> {
        if !is_name(name) {
            return Err(Malformed::new(WHAT, 0, "a name is wanted, without spaces and plus"));
        }
        if key.len() != algorithm.key_len() {
            return Err(Malformed::new(
                WHAT,
                name.len(),
                "the key has not the length that its type asks for",
            ));
        }
        if algorithm.key_len() == 32 {
            let point = key.try_into().ok().and_then(|key| VerifyingKey::from_bytes(&key).ok());
            if point.is_none_or(|point| point.is_weak()) {
                return Err(Malformed::new(WHAT, name.len(), "not a public key of Ed25519"));
            }
        }
        let id = key_id(name, algorithm, key);
        Ok(Self { name: name.to_owned(), id, algorithm, key: key.to_owned() })
    }

    /// The name that stands in signature lines.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number that stands before each signature, a truncated hash of name and key.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// What it signs, and how.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether the key made this signature of this message, time and note form aside.
    pub(crate) fn made(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Ed25519 | Algorithm::CosignatureEd25519 => {
                let key = self.key.as_slice().try_into().ok();
                let key = key.and_then(|key| VerifyingKey::from_bytes(&key).ok());
                let signature = ed25519_dalek::Signature::from_slice(signature).ok();
                key.zip(signature)
                    .is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok())
            }
            Algorithm::CosignatureMlDsa44 => {
                let Ok(key) = EncodedVerifyingKey::<MlDsa44>::try_from(self.key.as_slice()) else {
                    return false;
                };
                let Ok(signature) = ml_dsa::Signature::<MlDsa44>::try_from(signature) else { return false };
                ml_dsa::VerifyingKey::<MlDsa44>::decode(&key).verify(message, &signature).is_ok()
            }
        }
    }
}

/// Not empty, without Unicode spaces, plus signs and control characters.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

fn key_id(name: &str, algorithm: Algorithm, key: &[u8]) -> u32 {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update(*b"\n")
        .chain_update([algorithm.byte()])
        .chain_update(key)
        .finalize();
    hash.first_chunk().map_or(0, |first| u32::from_be_bytes(*first))
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let typed = [&[self.algorithm.byte()], self.key.as_slice()].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id, STANDARD.encode(typed))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({}+{:08x}, {:?})", self.name, self.id, self.algorithm)
    }
}

impl FromStr for VerifierKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let refuse = |offset, reason| Err(Malformed::new(WHAT, offset, reason));
        if text.len() > 4096 {
            return refuse(4096, "longer than any key that is known here");
        }
        let Some((name, rest)) = text.split_once('+') else {
            return refuse(text.len(), "`<name>+<id>+<key>` is wanted");
        };
        let Some((id, key)) = rest.split_once('+') else {
            return refuse(text.len(), "`<name>+<id>+<key>` is wanted");
        };
        let at_id = name.len() + 1;
        let hex = id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let Some(id) = u32::from_str_radix(id, 16).ok().filter(|_| hex) else {
            return refuse(at_id, "the id is not eight digits of lowercase hex");
        };
        let at_key = at_id + 9;
        let Ok(typed) = STANDARD.decode(key) else { return refuse(at_key, "the key is not base64") };
        let algorithm = match typed.split_first() {
            Some((0x01, _)) => Algorithm::Ed25519,
            Some((0x04, _)) => Algorithm::CosignatureEd25519,
            Some((0x06, _)) => Algorithm::CosignatureMlDsa44,
            _ => return refuse(at_key, "keys of this type are not known here"),
        };
        let key = Self::new(name, algorithm, typed.get(1..).unwrap_or_default())?;
        if key.id != id {
            return refuse(at_id, "the id is not that of this name and key");
        }
        Ok(key)
    }
}
