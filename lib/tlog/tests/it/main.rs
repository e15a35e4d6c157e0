//! The log from outside.

mod log;
mod support;
