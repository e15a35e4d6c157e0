//! A transparency log in the formats of [C2SP](https://c2sp.org): bytes in, indexes and proofs out.
//!
//! # Writing
//!
//! A [`Log`] keeps its entries in a [`Store`]: a [`Folder`], or a [`Bucket`] of an object store. [`Log::append`] returns
//! a [`Receipt`] once the entries are durable and have their indexes; [`Prover::inclusion`] proves them at once, and a
//! signed checkpoint that covers them follows within the interval ([`Log::tick`], or [`Log::publish`] now). A
//! [`Committer`] drives a log on threads of its own for any number of writers, who hold an [`Appender`]: what waits is
//! made durable together, by one sync.
//!
//! Entries of one call stand together, all or none. An append that fails may be there all the same: only one that
//! succeeded says so. After a crash [`Log::open`] mends the files, and says what was cut off that was never
//! acknowledged. It refuses a log that does not continue a checkpoint that somebody else holds ([`Opening::seen`]).
//!
//! A log that was closed can be sealed: [`Sealed`] is one compressed file that serves the same bytes.
//!
//! # Reading
//!
//! The folder is what a server of c2sp.org/tlog-tiles serves, and can be read as it lies. [`Source`] reads it, a sealed
//! log or a bucket; [`fsck`] and [`Folder::fsck`] derive all of it anew and name the first byte that is wrong.
//! [`SignedCheckpoint`], [`ProofFile`], [`AddCheckpoint`] and [`VerifierKey`] are the texts that go between a log, its
//! witnesses and those who check it. `docs/formats/log.md` has the bytes.
//!
//! # Testing what stands on it
//!
//! [`faults`] has a disk and an object store that fail on cue and crash as badly as they may.
//!
//! # What never happens here
//!
//! No clock is read, no randomness drawn, no environment looked at, no private key held but by a [`Signer`]. Nothing
//! here knows what an entry means. Text and bytes of others are read strictly and within bounds.

mod bucket;
pub mod bundle;
mod checkpoint;
mod committer;
pub mod disk;
mod error;
pub mod faults;
mod folder;
mod fsck;
mod hash;
mod key;
mod log;
mod note;
mod proof;
mod proof_file;
mod publish;
mod seal;
mod signer;
mod store;
mod text;
mod tile;
mod tree;
mod witness;

pub use bucket::{Bucket, Object, Objects};
pub use checkpoint::{Checkpoint, SignedCheckpoint, Untrusted, Verified};
pub use committer::{Appender, Bounds, Clock, Committer};
pub use error::{Error, entries, first};
pub use folder::Folder;
pub use fsck::{Defect, Expected, Report, fsck};
pub use hash::TreeHash;
pub use key::{Algorithm, VerifierKey};
pub use log::{Log, MAX_BATCH, Opening, Prover, Receipt, Recovered};
pub use note::{MAX_NOTE, Note, SignatureLine};
pub use proof::{
    MAX_PROOF, Refuted, Tiles, Unproved, consistent_root, prove_consistency, prove_inclusion, root,
    verify_consistency, verify_inclusion,
};
pub use proof_file::{ProofFile, Unproven};
pub use seal::Sealed;
pub use signer::{SeedSigner, Signer, SignerError};
pub use store::{Base, Cut, Files, Opened, Record, Replay, Source, Store, Wal};
pub use text::Malformed;
pub use tile::{Resource, Tile, WIDTH};
pub use tree::{Frontier, Tree};
pub use witness::AddCheckpoint;
