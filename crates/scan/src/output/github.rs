//! Workflow commands that GitHub shows as annotations beside the lines of a change.

use std::io::{self, Write};

use journal::Severity;
use source::plain;

use super::Stamp;
use crate::Report;

pub(super) fn write(report: &Report, stamp: Stamp<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in report.counting() {
        let command = match finding.severity {
            Severity::Critical | Severity::High => "error",
            Severity::Medium => "warning",
            Severity::Low | Severity::Info => "notice",
        };
        let place = &finding.place;
        writeln!(
            out,
            "::{command} file={},line={},endLine={},col={},title={}::{}",
            property(&stamp.path(&place.path)),
            place.start.line,
            place.end.line,
            place.start.column,
            property(finding.rule),
            data(&format!("{}\n{}", finding.message, finding.fix)),
        )?;
    }
    for problem in &report.problems {
        let line = problem.position.map_or(1, |position| position.line);
        writeln!(
            out,
            "::warning file={},line={line},title={}::{}",
            property(&stamp.path(&problem.path)),
            property(problem.code),
            data(&problem.message),
        )?;
    }
    Ok(())
}

/// Escapes as the runner unescapes, so that no text can start a command of its own.
fn data(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| plain(line).replace('%', "%25")).collect();
    lines.join("%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
