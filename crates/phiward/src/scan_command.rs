use std::io::IsTerminal;

use journal::Severity;
use scan::output::{self, Stamp, Style};
use scan::{Baseline, Report};

use crate::arguments::{Format, Scan};
use crate::{Verdict, files, judge, now, since};

/// Findings of one rule that a terminal shows before it only counts the rest.
const SHOWN: usize = 10;

pub(crate) fn run(arguments: &Scan) -> Result<Verdict, String> {
    let subject = &arguments.subject;
    let read = judge::read(subject)?;
    let mut report = read.scan(subject, arguments.audience)?;
    if let Some(revision) = &arguments.since {
        since::keep_new(&mut report, subject, arguments.audience, revision)?;
    }
    if let (Some(path), Some(expires)) = (&arguments.write_baseline, arguments.baseline_expires) {
        if expires < read.today {
            return Err(format!("a baseline that ends on {expires} would never hold"));
        }
        files::write(path, Baseline::of(&report, read.today, expires).write().as_bytes())?;
        eprintln!("wrote the baseline `{}`, which holds until {expires}", path.display());
        return Ok(Verdict::InOrder);
    }
    let colour = arguments.output.is_none() && std::io::stdout().is_terminal() && !no_colour();
    let style = Style { colour, per_rule: if arguments.all { usize::MAX } else { SHOWN } };
    let format = match arguments.format {
        Format::Human => output::Format::Human(style),
        Format::Json => output::Format::Json,
        Format::Sarif => output::Format::Sarif,
        Format::Junit => output::Format::Junit,
        Format::Github => output::Format::Github,
    };
    let mut bytes = Vec::new();
    let below = read.below_repository();
    let stamp = Stamp { version: env!("CARGO_PKG_VERSION"), at: now(), below: &below };
    output::write(format, &report, &read.project, stamp, &mut bytes).map_err(|error| error.to_string())?;
    match &arguments.output {
        Some(path) => files::write(path, &bytes)?,
        None => files::print(&bytes)?,
    }
    Ok(verdict(&report, subject.fail_on))
}

/// What could not be read counts as a high finding does: it may hold one.
pub(crate) fn verdict(report: &Report, fail_on: Severity) -> Verdict {
    let unread = report.unread().next().map(|_| Severity::High);
    if report.worst().max(unread).is_some_and(|worst| worst >= fail_on) {
        Verdict::Findings
    } else {
        Verdict::InOrder
    }
}

/// Whether the reader asked for none, as terminals agree (no-color.org).
#[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
fn no_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
