//! A log with a fixed key, entries that follow from their index, and a clock that one sets.

use std::sync::Arc;
use std::time::Duration;

use tlog::{Algorithm, Opening, SeedSigner, Signer, VerifierKey};

pub(crate) const ORIGIN: &str = "log.example/ward";

pub(crate) fn signer() -> Arc<dyn Signer> {
    Arc::new(SeedSigner::new(ORIGIN, Algorithm::Ed25519, &[7; 32].into()).unwrap())
}

pub(crate) fn keys() -> Vec<VerifierKey> {
    vec![signer().key().clone()]
}

pub(crate) fn opening() -> Opening {
    Opening::new(ORIGIN, signer())
}

pub(crate) fn at(seconds: u64) -> Duration {
    Duration::from_secs(1_800_000_000 + seconds)
}

/// The entry at an index: of varying length, some empty.
pub(crate) fn entry(index: u64) -> Vec<u8> {
    let mut entry = format!("entry {index} ").into_bytes();
    entry.resize(usize::try_from(index % 7 * 20).unwrap(), b'.');
    entry
}
