//! Checkpoints: what a log says of itself, and who signed it (c2sp.org/tlog-checkpoint, tlog-cosignature).

use std::fmt;

use crate::hash::TreeHash;
use crate::key::{Algorithm, VerifierKey};
use crate::note::{Note, SignatureLine};
use crate::signer::{Signer, SignerError};
use crate::text::{Lines, Malformed, decimal};

const WHAT: &str = "a checkpoint";

/// Origin, size and root of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: TreeHash,
    extensions: String,
}

impl Checkpoint {
    /// A checkpoint without extension lines. The origin is one line that is not empty.
    pub fn new(origin: &str, size: u64, root: TreeHash) -> Result<Self, Malformed> {
        if origin.is_empty() || origin.bytes().any(|byte| byte < 0x20) {
            return Err(Malformed::new(WHAT, 0, "the origin is not one line of text"));
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions: String::new() })
    }

    /// Reads the text of a note: origin, size, root, and lines that are not looked into.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut lines = Lines::new(WHAT, text);
        let origin = lines.next()?;
        if origin.is_empty() || origin.bytes().any(|byte| byte < 0x20) {
            return lines.refuse(0, "the origin is not one line of text");
        }
        let at = lines.offset();
        let Some(size) = decimal(lines.next()?).filter(|size| *size <= i64::MAX.unsigned_abs()) else {
            return lines.refuse(at, "the size is not a number");
        };
        let at = lines.offset();
        let Some(root) = TreeHash::parse(lines.next()?) else {
            return lines.refuse(at, "the root is not a hash in base64");
        };
        if size == 0 && root != TreeHash::empty() {
            return lines.refuse(at, "the root is not that of the empty tree");
        }
        let extensions = lines.rest().to_owned();
        while !lines.rest().is_empty() {
            let at = lines.offset();
            if lines.next()?.is_empty() {
                return lines.refuse(at, "an extension line is empty");
            }
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions })
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of its tree.
    pub fn root(&self) -> TreeHash {
        self.root
    }

    /// Whatever lines follow, each with its newline.
    pub fn extensions(&self) -> &str {
        &self.extensions
    }

    /// The bytes that a key of this kind signs. The time is seconds since 1970.
    fn message(&self, key: &VerifierKey, time: u64) -> Vec<u8> {
        match key.algorithm() {
            Algorithm::Ed25519 => self.to_string().into_bytes(),
            Algorithm::CosignatureEd25519 => format!("cosignature/v1\ntime {time}\n{self}").into_bytes(),
            Algorithm::CosignatureMlDsa44 => {
                let mut message = b"subtree/v1\n\0".to_vec();
                // `sign` refuses longer names; of them nothing that verifies is made.
                message.push(u8::try_from(key.name().len()).unwrap_or(0));
                message.extend_from_slice(key.name().as_bytes());
                message.extend_from_slice(&time.to_be_bytes());
                message.push(u8::try_from(self.origin.len()).unwrap_or(0));
                message.extend_from_slice(self.origin.as_bytes());
                message.extend_from_slice(&0_u64.to_be_bytes());
                message.extend_from_slice(&self.size.to_be_bytes());
                message.extend_from_slice(&self.root.0);
                message
            }
        }
    }

    /// One more signature of it. The time is seconds since 1970, and only cosignatures have it.
    pub fn sign(&self, signer: &dyn Signer, time: u64) -> Result<SignatureLine, SignerError> {
        let key = signer.key();
        if key.algorithm() == Algorithm::CosignatureMlDsa44 && key.name().len().max(self.origin.len()) > 255 {
            return Err(SignerError::new("names of more than 255 bytes cannot be cosigned with ML-DSA-44"));
        }
        let signature = signer.sign(&self.message(key, time))?;
        if signature.len() != key.algorithm().signature_len() {
            return Err(SignerError::new("the signer gave something that is no signature of its key"));
        }
        let mut bytes = Vec::with_capacity(8 + signature.len());
        if key.algorithm().is_timed() {
            bytes.extend_from_slice(&time.to_be_bytes());
        }
        bytes.extend_from_slice(&signature);
        Ok(SignatureLine { name: key.name().to_owned(), key_id: key.id(), bytes })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n{}", self.origin, self.size, self.root, self.extensions)
    }
}

/// Why a signed checkpoint is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untrusted {
    /// It does not read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A signature by a key that is known does not hold.
    #[error("the signature by `{name}` does not hold")]
    Broken {
        /// The name of the key.
        name: String,
    },
    /// None of the keys that are known has signed it.
    #[error("no key that is known here has signed it")]
    Unsigned,
    /// It speaks for another log.
    #[error("it is of the log `{found}`, not of `{wanted}`")]
    Origin {
        /// The origin that was asked for.
        wanted: String,
        /// The origin that it has.
        found: String,
    },
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<'k> {
    /// Whose it is.
    pub key: &'k VerifierKey,
    /// Seconds since 1970 at which a cosignature was made.
    pub time: Option<u64>,
}

/// A checkpoint with the note that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Signs a checkpoint with each of the keys. The time is seconds since 1970.
    pub fn sign<'s>(
        checkpoint: Checkpoint,
        signers: impl IntoIterator<Item = &'s dyn Signer>,
        time: u64,
    ) -> Result<Self, SignerError> {
        let signatures = signers.into_iter().map(|signer| checkpoint.sign(signer, time));
        let signatures: Vec<SignatureLine> = signatures.collect::<Result<_, _>>()?;
        let note = Note::new(checkpoint.to_string(), signatures)
            .map_err(|_| SignerError::new("the checkpoint is no text of a note"))?;
        Ok(Self { checkpoint, note })
    }

    /// Reads one without looking at who signed it: for those who check otherwise, or by [`Self::verify`] later.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(Self { checkpoint, note })
    }

    /// Reads one of the log `origin` that at least one of the keys has signed.
    pub fn open(bytes: &[u8], origin: &str, keys: &[VerifierKey]) -> Result<Self, Untrusted> {
        let signed = Self::parse(bytes)?;
        if signed.checkpoint.origin != origin {
            let found = signed.checkpoint.origin;
            return Err(Untrusted::Origin { wanted: origin.to_owned(), found });
        }
        signed.verify(keys)?;
        Ok(signed)
    }

    /// Which of the keys have signed it. Signatures of other keys are passed over; one that does not hold is an error,
    /// and so is none at all.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<Verified<'k>>, Untrusted> {
        let mut verified: Vec<Verified<'k>> = Vec::new();
        for line in self.note.signatures() {
            let Some(key) = keys.iter().find(|key| key.name() == line.name && key.id() == line.key_id) else {
                continue;
            };
            let broken = || Untrusted::Broken { name: line.name.clone() };
            let (time, signature) = if key.algorithm().is_timed() {
                let (time, rest) = line.bytes.split_first_chunk::<8>().ok_or_else(broken)?;
                let time = Some(u64::from_be_bytes(*time)).filter(|time| *time <= i64::MAX.unsigned_abs());
                (Some(time.ok_or_else(broken)?), rest)
            } else {
                (None, line.bytes.as_slice())
            };
            if !key.made(&self.checkpoint.message(key, time.unwrap_or(0)), signature) {
                return Err(broken());
            }
            if !verified.iter().any(|known| known.key == key) {
                verified.push(Verified { key, time });
            }
        }
        if verified.is_empty() { Err(Untrusted::Unsigned) } else { Ok(verified) }
    }

    /// What was signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note with its signatures.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a signature, in the place of one by the same key where there is one.
    pub fn add(&mut self, signature: SignatureLine) {
        self.note.sign(signature);
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.note)
    }
}
