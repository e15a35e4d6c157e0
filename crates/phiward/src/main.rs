//! The command: reads arguments, clock and folders, lets the rooms work, writes what they give, and maps what
//! went wrong to an exit code.

// In the place of the library's, which panic where nothing can be written.
macro_rules! println {
    ($($words:tt)*) => {
        $crate::telling::out(format_args!("{}\n", format_args!($($words)*)))
    };
}
macro_rules! eprintln {
    ($($words:tt)*) => {
        $crate::telling::aside(format_args!("{}\n", format_args!($($words)*)))
    };
}
macro_rules! eprint {
    ($($words:tt)*) => {
        $crate::telling::aside(format_args!($($words)*))
    };
}

mod access_command;
mod arguments;
mod audit;
mod bundle;
mod classify;
mod docs;
mod files;
mod flows_command;
mod guard_command;
mod impact_command;
mod init;
mod judge;
mod keys_command;
mod ledger_command;
mod near;
mod outside;
mod project;
mod revision;
mod rules;
mod scan_command;
mod since;
mod snapshot_cache;
mod telling;

use std::process::ExitCode;

use arguments::{Arguments, Command, Guard};
use clap::Parser;
use guard::rows::Duty;

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    InOrder,
    Findings,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Scan(scan) => scan_command::run(&scan),
        Command::Audit(audit) => audit::run(&audit),
        Command::Impact(impact) => impact_command::run(&impact),
        Command::Classify(classify) => classify::run(&classify),
        Command::Access(access) => access_command::run(&access),
        Command::Flows(flows) => flows_command::run(&flows),
        Command::Keys(keys) => keys_command::run(&keys),
        Command::Ledger(ledger) => ledger_command::run(&ledger),
        Command::Guard(Guard::Plan(plan)) => guard_command::run(&plan),
        Command::Guard(Guard::Seal(seal)) => guard_command::rows::seal(&seal),
        Command::Guard(Guard::Open(rows)) => guard_command::rows::keyed(&rows, Duty::Open),
        Command::Guard(Guard::Mask(rows)) => guard_command::rows::keyed(&rows, Duty::Mask),
        Command::Guard(Guard::Deidentify(rows)) => guard_command::rows::deidentify(&rows),
        Command::Project(project) => project::run(&project),
        Command::Policy(policy) => bundle::run(&policy),
        Command::Init(init) => init::run(&init),
        Command::Rules(rules) => rules::run(&rules),
        Command::Docs { page } => docs::run(page),
    };
    if telling::is_lost() {
        eprintln!("phiward: standard output cannot be written: what was to stand there is lost");
    }
    match outcome {
        Ok(_) if telling::is_lost() => ExitCode::from(2),
        Ok(Verdict::InOrder) => ExitCode::SUCCESS,
        Ok(Verdict::Findings) => ExitCode::from(1),
        Err(message) => {
            eprintln!("phiward: {message}");
            ExitCode::from(2)
        }
    }
}

/// The day that commands judge by where none is named.
#[expect(clippy::disallowed_methods, reason = "the binary is where the clock is read")]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Days are those of universal time: the same run gives the same answer anywhere.
pub(crate) fn today() -> jiff::civil::Date {
    now().to_zoned(jiff::tz::TimeZone::UTC).date()
}
