//! The record of what happened, made durable and provable.
//!
//! In come entries of the journal; out come receipts once an entry is on the disk with its place in a log, signed
//! checkpoints, and proofs. A [`Ledger`] has one writer and one log, or a log for each region, writer, class of
//! retention and period, listed in a signed [`directory`]. [`verify`] derives a log anew; a [`Witness`] cosigns what
//! continues what it saw; [`retention`] says what must stay and what may go. The keys of people's pseudonyms lie in
//! guard's keyring.
//!
//! An entry that was acknowledged is never lost and never changed; what is deleted was past every floor and every
//! hold, and an entry says so. No clock, randomness or environment is read here, and nothing is printed.

mod anchor;
pub mod archive;
mod cosigning;
pub mod directory;
mod error;
pub mod intake;
pub mod reading;
pub mod retain;
pub mod retention;
mod running;
pub mod s3;
mod serve;
mod settings;
mod shard;
mod signature;
mod signing_key;
pub mod spool;
mod state;
mod stored;
mod verify;
mod witness;

pub use anchor::{Anchor, Seen};
pub use cosigning::Neighbour;
pub use error::LedgerError;
pub use running::{Found, Ledger, Opening};
pub use serve::Shelf;
pub use settings::{Layout, Settings, fault as settings_fault};
pub use shard::{Every, Shard, Span};
pub use signing_key::SigningKey;
pub use state::State;
pub use stored::{Leaves, source};
pub use verify::{Expected, Report, kept_checkpoint, verify};
pub use witness::{Witness, Word};
