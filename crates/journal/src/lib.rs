//! The vocabulary of what happened.
//!
//! Rooms say what they saw and did in these words, and meet here on the way out: a [`Finding`] is a place in
//! code or metadata where the policy is not kept, a [`Gap`] is what could not be judged and what would settle
//! it, [`Evidence`] is a dated statement of what was looked at, and an [`Entry`] tells who did what to whose data.
//! [`canonical`] gives the one sequence of bytes that is hashed or signed. Rooms hold a [`Recorder`] to make entries
//! durable and a [`Pseudonymiser`] to name people in them. Nothing here decides, reads a file, a clock or a random
//! number, or can hold a patient's value: an entry has no place for free text.

pub mod act;
pub mod canonical;
mod clock;
pub mod entry;
mod evidence;
mod finding;
mod form;
mod json;
pub mod names;
pub mod parts;
mod recorder;
pub mod sample;
mod schema;
mod subject;

pub use act::{Act, Retained};
pub use clock::{Clock, Day, Moment, Number, Rng};
pub use entry::{Entry, EntryError, Outcome as EntryOutcome};
pub use evidence::{Collector, Count, Evidence, Outcome, Period};
pub use finding::{
    Confidence, Finding, Fingerprint, Gap, Persona, Place, Related, Severity, Suppression, SuppressionKind,
};
pub use form::{Fault, Wrong};
pub use recorder::{Receipt, RecordError, Recorder};
pub use schema::schema;
pub use subject::{Pseudonym, PseudonymError, Pseudonymiser, Subject, TrailKey};

#[cfg(test)]
mod tests;
