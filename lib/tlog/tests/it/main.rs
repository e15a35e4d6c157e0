//! The log from outside.

mod crash;
mod log;
mod support;
