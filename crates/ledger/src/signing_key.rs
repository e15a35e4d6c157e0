//! The key that a ledger or a witness signs with, in a file of its own.

use std::path::Path;

use journal::Rng;
use tlog::{Algorithm, SeedSigner};
use zeroize::Zeroizing;

use crate::error::LedgerError;
use guard::durable::{self, Access};
use guard::vault::{self, Lock};

const LABEL: &str = "phiward signing key";
const LONGEST: u64 = 16 * 1024;

/// A seed, and the name that it signs under. Each log signs under its own name and so has a verifier key of its own.
pub struct SigningKey {
    name: String,
    seed: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// Draws a key and writes it to a new file that its owner alone can read.
    pub fn create(path: &Path, name: &str, lock: &Lock, rng: &mut dyn Rng) -> Result<Self, LedgerError> {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill(&mut *seed);
        let key = Self { name: name.to_owned(), seed };
        // A name that cannot be signed under is found before the file is there.
        key.signer(name, Algorithm::Ed25519)?;
        let mut secret = Zeroizing::new(Vec::with_capacity(key.seed.len() + name.len()));
        secret.extend_from_slice(&*key.seed);
        secret.extend_from_slice(name.as_bytes());
        let text = vault::seal(lock, LABEL, &secret, rng)?;
        durable::create(path, text.as_bytes(), Access::Owner).map_err(LedgerError::io(path))?;
        Ok(key)
    }

    pub fn open(path: &Path, lock: &Lock) -> Result<Self, LedgerError> {
        let bytes = durable::read(path, LONGEST).map_err(LedgerError::io(path))?;
        let bytes = Zeroizing::new(bytes.ok_or(LedgerError::Missing { path: path.to_owned() })?);
        if durable::is_open_to_others(path).map_err(LedgerError::io(path))? {
            return Err(LedgerError::OpenToOthers { path: path.to_owned() });
        }
        let form = || LedgerError::unreadable(path, "this is no signing key of this version");
        let text = std::str::from_utf8(&bytes).map_err(|_| form())?;
        let secret = vault::open(lock, LABEL, text).map_err(LedgerError::shut(path))?;
        let (seed, name) = secret.split_first_chunk::<32>().ok_or_else(form)?;
        let name = std::str::from_utf8(name).map_err(|_| form())?.to_owned();
        Ok(Self { name, seed: Zeroizing::new(*seed) })
    }

    /// The name that it was made for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What signs under a name with it.
    pub fn signer(&self, name: &str, algorithm: Algorithm) -> Result<SeedSigner, LedgerError> {
        SeedSigner::new(name, algorithm, &self.seed).map_err(|_| {
            LedgerError::Refused(format!(
                "nothing can be signed under the name `{name}`: it has no blanks and no plus"
            ))
        })
    }
}
