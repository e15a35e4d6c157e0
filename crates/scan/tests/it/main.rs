#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod accuracy;
mod caps;
mod citations;
mod labels;
mod named_in_code;
mod said;
mod spec;
mod training;
