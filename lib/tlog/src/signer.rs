//! Who signs. The log knows no private key: it hands messages to a [`Signer`].

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use ml_dsa::MlDsa44;
use ml_dsa::signature::Keypair as _;
use zeroize::Zeroizing;

use crate::key::{Algorithm, VerifierKey};
use crate::text::Malformed;

/// Signs for one key. What it may be asked to sign is only what the log has made durable.
pub trait Signer: Send + Sync {
    /// The public half. It does not change.
    fn key(&self) -> &VerifierKey;
    /// The signature of the message, of the length that the key's algorithm has.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// That a signature could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing failed: {reason}")]
pub struct SignerError {
    reason: String,
}

impl SignerError {
    /// With a reason for the operator.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// A key that lies in memory, and is wiped when it is let go.
pub struct SeedSigner {
    key: VerifierKey,
    secret: Secret,
}

enum Secret {
    Ed25519(Box<SigningKey>),
    MlDsa44(Box<ml_dsa::SigningKey<MlDsa44>>),
}

impl SeedSigner {
    /// The key that follows from a seed of 32 random bytes (RFC 8032; FIPS 204, key generation from xi).
    pub fn new(name: &str, algorithm: Algorithm, seed: &Zeroizing<[u8; 32]>) -> Result<Self, Malformed> {
        let (public, secret) = match algorithm {
            Algorithm::Ed25519 | Algorithm::CosignatureEd25519 => {
                let secret = Box::new(SigningKey::from_bytes(seed));
                (secret.verifying_key().to_bytes().to_vec(), Secret::Ed25519(secret))
            }
            Algorithm::CosignatureMlDsa44 => {
                let mut xi = ml_dsa::Seed::from(**seed);
                let secret = Box::new(ml_dsa::SigningKey::<MlDsa44>::from_seed(&xi));
                zeroize::Zeroize::zeroize(&mut xi);
                (secret.verifying_key().encode().to_vec(), Secret::MlDsa44(secret))
            }
        };
        Ok(Self { key: VerifierKey::new(name, algorithm, &public)?, secret })
    }
}

impl Signer for SeedSigner {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        match &self.secret {
            Secret::Ed25519(secret) => Ok(secret.sign(message).to_bytes().to_vec()),
            Secret::MlDsa44(secret) => match ml_dsa::signature::Signer::try_sign(&**secret, message) {
                Ok(signature) => Ok(signature.encode().to_vec()),
                Err(_) => Err(SignerError::new("ML-DSA-44 gave no signature")),
            },
        }
    }
}

impl fmt::Debug for SeedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeedSigner").field("key", &self.key).finish_non_exhaustive()
    }
}
