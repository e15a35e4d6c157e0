//! The log from outside.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bucket;
mod committer;
mod crash;
mod flips;
mod formats;
mod golden;
mod log;
mod oracle;
mod seal;
mod support;
