#![expect(clippy::unwrap_used, clippy::panic, clippy::string_slice, reason = "a test fails by panicking")]

mod axe;
mod clinic;
mod page;
mod strangers;
