//! Signatures of the ledger's own files, by the key of a log. Each text begins with the name of its format, so that
//! none is taken for another.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use tlog::{Algorithm, Signer, VerifierKey};

use crate::error::LedgerError;

pub(crate) fn sign(signer: &dyn Signer, text: &str) -> Result<Vec<u8>, LedgerError> {
    Ok(signer.sign(text.as_bytes()).map_err(tlog::Error::from)?)
}

pub(crate) fn holds(key: &VerifierKey, text: &str, signature: &[u8]) -> bool {
    key.algorithm() == Algorithm::Ed25519
        && UnparsedPublicKey::new(&ED25519, key.key()).verify(text.as_bytes(), signature).is_ok()
}
