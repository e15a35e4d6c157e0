//! The log from outside.

mod committer;
mod crash;
mod flips;
mod formats;
mod golden;
mod log;
mod oracle;
mod seal;
mod support;
