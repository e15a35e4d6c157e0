//! One secret a person, in one durable file.
//!
//! A [`Keyring`] holds trail keys, from which the ledger's pseudonyms come; a [`SaltRing`] holds salts, from which the
//! keys of field tokens come. They are different files under different locks and labels, and none is opened as the
//! other. Both have a head of text, a line `---`, and records of 85 bytes: a byte of kind (1 a secret, 2 the place of
//! one that was shredded, 3 of one that was shredded and no entry says so yet), 16 bytes by which the person is found,
//! 8 bytes of id, and nonce, ciphertext and tag of the secret. A person is found by an HMAC under a key of the ring:
//! without the lock the file says how many people there are and nothing else.
//!
//! Records that are added lie in a file beside ([`adding`]) before they are written here. So what a crash tore is
//! finished, and a whole record that does not open is never taken for that: the file was changed, and is refused.

mod adding;
mod error;
mod escrowed;
mod head;
mod keyring;
mod master;
mod salts;
mod store;

pub use error::{Away, RingError};
pub use escrowed::{EscrowState, Escrowed};
pub use head::Accepted;
pub use keyring::Keyring;
pub(crate) use salts::entry_id;
pub use salts::{Merged, Merging, SaltRing, Standing, Welcome};
pub use store::Drill;

use journal::names::KeyId;

/// An id as entries write it.
const fn key_id(id: &store::Id) -> KeyId {
    KeyId::of_bytes(*id)
}
