//! The log from outside.

mod committer;
mod crash;
mod flips;
mod log;
mod seal;
mod support;
