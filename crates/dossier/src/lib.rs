//! Evidence into pages, diagrams and tables.
#![expect(dead_code, reason = "building")]

mod csv;
mod diagram;
mod escape;
