//! Salesforce's own access semantics, offline: who can do what to which object, field and records, and by which paths.
//!
//! In come a [`sfdx::Project`] and what the org was asked ([`sfdx::Facts`]); out comes a [`Model`]. A principal
//! (profile, permission set, group, user) is asked through its [`Access`]: [`Access::flag`], [`Access::reads_and_edits`]
//! and [`Access::reach`] answer cheaply; [`Access::object`], [`Access::field`], [`Access::records`] and
//! [`Access::escalations`] tell the paths as well, each step with its file and line, and what would settle an unknown.
//! [`Model::matrix`] answers for all principals at once.
//!
//! The rules are `semantics.md`; nothing here decides what they do not. Nothing here knows what a field means.

mod answer;
mod bits;
mod container;
mod escalation;
mod field;
mod granted;
mod matrix;
mod model;
mod path;
mod principal;
mod records;
mod sharing;
mod universe;

pub use answer::{Answer, Range, Reach};
pub use escalation::{Escalation, LOG_IN_AS};
pub use granted::{Access, FieldAccess, FieldDecision};
pub use matrix::Matrix;
pub use model::Model;
pub use path::{Decision, Path, Place, Step};
pub use principal::{Crowd, Principal, PrincipalId, PrincipalKind};
pub use records::Records;
pub use universe::ObjectFlag;

#[cfg(test)]
mod tests;
