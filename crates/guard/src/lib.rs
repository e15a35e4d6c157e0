//! Acts on a payload: seals the fields of patients into tokens, opens them, looks them up blind, masks them.
//!
//! Values come in as text and go out as text. No key is written, printed or handed out, no error holds a value, and
//! what is masked is never called secured: only a token whose key lies elsewhere is (74 FR 19006).

mod binding;
mod data_keys;
pub mod durable;
mod error;
pub mod escrow;
mod field;
mod index;
pub mod keeper;
mod key;
mod keys;
mod mac;
mod mask;
pub mod pipe;
pub mod query;
mod released;
pub mod ring;
pub mod root;
pub mod rows;
pub mod safe_harbor;
mod seal;
mod seen;
mod stand_in;
pub mod stored;
mod token;
pub mod vault;
#[cfg(test)]
mod vectors;

pub use binding::Binding;
pub use data_keys::{DataKeys, KeyStatus, KeysError, leads_on};
pub use error::GuardError;
pub use field::{IndexedIn, Owner, SealedField};
pub use index::{BITS, BlindIndex, FEWEST, Normaliser};
pub use keeper::Keeper;
pub use key::{DataKey, KeyState};
pub use keys::{Became, InUse, Keys};
pub use mask::{HIDDEN, Masking, PostalPopulation, masked};
pub use released::Released;
pub use seal::{FieldCipher, Sealer, SubjectSalt};
pub use seen::{SeenError, Unseen};
pub use stand_in::{FEWEST_DIGITS, StandInKey};
pub use token::{Algorithm, Handle, KeyNumber, LONGEST, PREFIX, Token};

/// Whether the cryptographic module runs in the mode that FIPS 140 asks for: the feature `fips` is on, and its self-tests
/// have passed.
pub fn fips() -> bool {
    aws_lc_rs::try_fips_mode().is_ok()
}
