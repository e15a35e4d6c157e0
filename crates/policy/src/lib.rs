//! The law: what a bundle says, and what follows from it.
//!
//! In come the files of a bundle ([`read`]), standing facts ([`Standing`]) and questions ([`Request`]); out
//! come a checked [`Policy`] with its problems, and answers ([`decide`]) that name rule, fact, place and
//! control. Nothing here reads a file, a clock or the environment, opens a connection or changes data; nothing
//! is permitted that a bundle does not declare, and a bundle with an error is never enforced.

pub mod address;
pub mod approval;
pub mod bundle;
mod compound;
pub mod controls;
mod decide;
pub mod diff;
pub mod digest;
pub mod expectations;
mod explain;
mod file;
pub mod flow;
mod model;
mod period;
mod place;
pub mod reclassify;
mod rules;
mod schema;
pub mod vocabulary;

#[cfg(test)]
mod tests;

pub use compound::whole_of as compound_of;
pub use decide::{
    AskedField, Authorisation, Block, Blocked, Consent, Days, Decision, Denial, Grant, Objection, Permit,
    PermittedField, Reason, Request, Restriction, Scope, Standing, Subject, Tls, Undetermined, Withdrawal,
    decide, decide_raw,
};
pub use explain::{ExplainedField, ExplainedFlow, Explanation, explain};
pub use file::record::{Named, OneOrMany};
pub use file::suggest::nearest;
pub use file::{MAIN, read};
pub use model::{Classified, ClassifiedBy, Enforceable, Owner, Policy, twin, twin_as_spelled};
pub use period::Period;
pub use place::{At, Place};
pub use rules::{CEDAR_SCHEMA, cited_controls};
pub use schema::schema;
