//! Acts on a payload: seals the fields of patients into tokens, opens them, looks them up blind, masks them.
//!
//! Values come in as text and go out as text. No key is written, printed or handed out, no error holds a value, and
//! what is masked is never called secured: only a token whose key lies elsewhere is (74 FR 19006).

mod binding;
mod data_keys;
pub mod durable;
mod error;
pub mod escrow;
mod index;
pub mod keeper;
mod key;
mod mask;
pub mod ring;
pub mod root;
mod seal;
mod seen;
mod token;
pub mod vault;

pub use binding::Binding;
pub use data_keys::{DataKeys, KeyStatus, KeysError};
pub use error::GuardError;
pub use index::{BITS, BlindIndex, FEWEST, Normaliser};
pub use keeper::Keeper;
pub use key::{DataKey, KeyState};
pub use mask::{HIDDEN, Masking, PostalPopulation, masked};
pub use seal::{FieldCipher, Sealer, SubjectSalt};
pub use seen::{SeenError, Unseen};
pub use token::{Algorithm, Handle, KeyNumber, LONGEST, PREFIX, Token};
