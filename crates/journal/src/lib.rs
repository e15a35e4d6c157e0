//! The vocabulary of what happened.
//!
//! Rooms say what they saw and did in these words, and meet here on the way out: a [`Finding`] is a place in
//! code or metadata where the policy is not kept, a [`Gap`] is what could not be judged and what would settle
//! it, [`Evidence`] is a dated statement of what was looked at. [`canonical`] gives the one sequence of bytes
//! that is hashed or signed. Nothing here decides, reads a file, or can hold a patient's value.

pub mod canonical;
mod evidence;
mod finding;

pub use evidence::{Collector, Count, Evidence, Outcome, Period};
pub use finding::{
    Confidence, Finding, Fingerprint, Gap, Persona, Place, Related, Severity, Suppression, SuppressionKind,
};

#[cfg(test)]
mod tests;
