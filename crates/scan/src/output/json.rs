use std::io::{self, Write};

use serde::Serialize;

use super::Stamp;
use crate::Report;

/// The whole report. `format` grows when members change their meaning; members may be added within one.
#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    tool: &'static str,
    version: &'a str,
    at: jiff::Timestamp,
    #[serde(flatten)]
    report: &'a Report,
}

pub(super) fn write(report: &Report, stamp: Stamp<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document { format: 1, tool: "phiward", version: stamp.version, at: stamp.at, report };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
