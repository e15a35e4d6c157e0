//! Secrets at rest: AES-256-GCM under a key that comes of a passphrase or of a key file.
//!
//! A sealed secret is text: `phiward-sealed/v1`, how the key is made (`pbkdf2-sha512 ROUNDS SALT` or `keyfile SALT`),
//! and nonce, ciphertext and tag, each line ended by a line feed and each value in base64. The label of what it is
//! for and the lines before are bound to it. Without a lock the last line holds the secret as it is, after `open`.

use std::num::NonZeroU32;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, pbkdf2};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::Rng;
use zeroize::Zeroizing;

use crate::error::GuardError;

const MAGIC: &str = "phiward-sealed/v1";
/// As OWASP asks of PBKDF2 with SHA-512.
const ROUNDS: NonZeroU32 = NonZeroU32::new(210_000).expect("not zero");
const MOST_ROUNDS: u32 = 10_000_000;

/// What opens a secret at rest.
#[derive(Clone)]
pub enum Lock {
    /// Nothing: the file's mode alone protects it.
    None,
    Passphrase(Zeroizing<Vec<u8>>),
    /// The bytes of a key file, 32 at least.
    KeyFile(Zeroizing<Vec<u8>>),
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Lock::None => "Lock::None",
            Lock::Passphrase(_) => "Lock::Passphrase(..)",
            Lock::KeyFile(_) => "Lock::KeyFile(..)",
        })
    }
}

/// Why a sealed secret does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    #[error("this is no sealed secret of this version")]
    Form,
    #[error("it needs another passphrase or key file, or was changed")]
    Key,
    /// It is sealed by a passphrase or key file, and none was given; or the other way round.
    #[error("{0}")]
    OtherLock(&'static str),
}

/// An AEAD key for many messages.
pub struct Cipher(LessSafeKey);

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(..)")
    }
}

impl Cipher {
    pub fn new(key: &[u8; 32]) -> Result<Self, GuardError> {
        UnboundKey::new(&AES_256_GCM, key)
            .map(|key| Self(LessSafeKey::new(key)))
            .map_err(|_| GuardError::Module)
    }

    /// Nonce, ciphertext and tag.
    pub fn seal(&self, label: &[u8], plain: &[u8], rng: &mut dyn Rng) -> Result<Vec<u8>, GuardError> {
        let mut nonce = [0; 12];
        rng.fill(&mut nonce);
        let mut sealed = nonce.to_vec();
        let mut body = Zeroizing::new(plain.to_vec());
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(label), &mut body)
            .map_err(|_| GuardError::Module)?;
        sealed.extend_from_slice(&body);
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    pub fn open(&self, label: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, body) = sealed.split_first_chunk::<12>()?;
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.open_in_place(nonce, Aad::from(label), &mut body).ok()?.len();
        body.truncate(length);
        Some(body)
    }

    /// [`Cipher::open`] of what has a length that is known.
    pub fn open_exactly<const N: usize>(&self, label: &[u8], sealed: &[u8]) -> Option<Zeroizing<[u8; N]>> {
        let (nonce, body) = sealed.split_first_chunk::<12>()?;
        let (body, tag) = body.split_last_chunk::<16>()?;
        let mut plain = Zeroizing::new([0; N]);
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0.open_separate_gather(nonce, Aad::from(label), body, tag, plain.as_mut_slice()).ok()?;
        Some(plain)
    }
}

/// Bytes that HKDF is asked for.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF with SHA-256 (RFC 5869).
pub(crate) fn derived(salt: &[u8], secret: &[u8], info: &[u8], key: &mut [u8]) -> Result<(), GuardError> {
    let made = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let info = [info];
    let okm = made.expand(&info, Length(key.len())).map_err(|_| GuardError::Module)?;
    okm.fill(key).map_err(|_| GuardError::Module)
}

/// The key of a lock for one purpose.
fn cipher(lock: &Lock, salt: &[u8], rounds: NonZeroU32) -> Result<Option<Cipher>, GuardError> {
    let mut key = Zeroizing::new([0; 32]);
    match lock {
        Lock::None => return Ok(None),
        Lock::Passphrase(passphrase) => {
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA512, rounds, salt, passphrase, &mut *key);
        }
        Lock::KeyFile(bytes) => {
            derived(salt, bytes, b"phiward sealed secret", key.as_mut_slice())?;
        }
    }
    Cipher::new(&key).map(Some)
}

pub fn seal(
    lock: &Lock,
    label: &str,
    secret: &[u8],
    rng: &mut dyn Rng,
) -> Result<Zeroizing<String>, GuardError> {
    let mut salt = [0; 32];
    rng.fill(&mut salt);
    let head = match lock {
        Lock::None => format!("{MAGIC}\nopen\n"),
        Lock::Passphrase(_) => format!("{MAGIC}\npbkdf2-sha512 {ROUNDS} {}\n", STANDARD.encode(salt)),
        Lock::KeyFile(_) => format!("{MAGIC}\nkeyfile {}\n", STANDARD.encode(salt)),
    };
    let body = Zeroizing::new(match cipher(lock, &salt, ROUNDS)? {
        Some(cipher) => STANDARD.encode(cipher.seal(format!("{label}\n{head}").as_bytes(), secret, rng)?),
        None => STANDARD.encode(secret),
    });
    // It does not grow: without a lock, what grows leaves the secret behind.
    let mut text = Zeroizing::new(String::with_capacity(head.len() + body.len() + 1));
    for part in [head.as_str(), body.as_str(), "\n"] {
        text.push_str(part);
    }
    Ok(text)
}

pub fn open(lock: &Lock, label: &str, text: &str) -> Result<Zeroizing<Vec<u8>>, Shut> {
    let mut lines = text.split_inclusive('\n');
    let (magic, how, body) = match (lines.next(), lines.next(), lines.next(), lines.next()) {
        (Some(magic), Some(how), Some(body), None) if magic.trim_end() == MAGIC => {
            (magic, how, body.trim_end())
        }
        _ => return Err(Shut::Form),
    };
    let body = STANDARD.decode(body).map(Zeroizing::new).map_err(|_| Shut::Form)?;
    let words: Vec<&str> = how.trim_end().split(' ').collect();
    let (salt, rounds) = match (words.as_slice(), lock) {
        (["open"], Lock::None) => return Ok(body),
        (["open"], _) => {
            return Err(Shut::OtherLock("it is not locked, and a passphrase or key file was given"));
        }
        (["pbkdf2-sha512", rounds, salt], Lock::Passphrase(_)) => {
            let rounds: Option<NonZeroU32> = rounds.parse().ok();
            let rounds = rounds.filter(|rounds| rounds.get() <= MOST_ROUNDS).ok_or(Shut::Form)?;
            (*salt, rounds)
        }
        (["keyfile", salt], Lock::KeyFile(_)) => (*salt, NonZeroU32::MIN),
        (["pbkdf2-sha512", ..], _) => return Err(Shut::OtherLock("it is locked by a passphrase")),
        (["keyfile", ..], _) => return Err(Shut::OtherLock("it is locked by a key file")),
        _ => return Err(Shut::Form),
    };
    let salt = STANDARD.decode(salt).map_err(|_| Shut::Form)?;
    let cipher = cipher(lock, &salt, rounds).ok().flatten().ok_or(Shut::Key)?;
    cipher.open(format!("{label}\n{magic}{how}").as_bytes(), &body).ok_or(Shut::Key)
}
