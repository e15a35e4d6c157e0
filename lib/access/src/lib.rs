//! Salesforce's own access semantics, offline: who can do what to which object, field and records, and by which paths.

mod answer;

pub use answer::{Answer, Range, Reach};
