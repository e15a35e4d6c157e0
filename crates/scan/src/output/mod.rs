//! What a scan says, in the forms that people and other programs read.

mod excerpt;
mod github;
mod human;
mod json;
mod junit;
mod sarif;

use std::io::{self, Write};

use crate::Report;

pub use excerpt::redact;
pub use human::Style;

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Human(Style),
    Json,
    Sarif,
    Junit,
    Github,
}

/// Where the run stands in time and in which version, for the forms that say so.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    pub version: &'a str,
    pub at: jiff::Timestamp,
    /// The project's folder below its repository, for readers that know files by the repository; empty where it
    /// is the repository's root or there is none.
    pub below: &'a str,
}

impl Stamp<'_> {
    fn path(&self, path: &str) -> String {
        if self.below.is_empty() { path.to_owned() } else { format!("{}/{path}", self.below) }
    }
}

/// Writes the report. `project` gives the lines that findings point at.
pub fn write(
    format: Format,
    report: &Report,
    project: &sfdx::Project,
    stamp: Stamp<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Human(style) => human::write(report, project, style, out),
        Format::Json => json::write(report, stamp, out),
        Format::Sarif => sarif::write(report, stamp, out),
        Format::Junit => junit::write(report, out),
        Format::Github => github::write(report, stamp, out),
    }
}
