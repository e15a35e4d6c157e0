//! The project's own chores: `cargo xtask setup | test | docs | words | bench | prove`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command that speaks to a person at a terminal"
)]
#![expect(clippy::disallowed_methods, reason = "chores read the environment and time their steps")]

mod bench;
mod docs;
mod measure;
mod prove;
mod setup;
mod steps;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask CHORE

  setup              install what the tests need (Chromium, axe-core, Go, SoftHSM, OpenBao)
  test               setup, formatting, lints, licences, every test; prints time against its budget
  docs [--check]     write the generated pages, or say which are stale
  words              make the classifier's table of words anew from the labels
  bench NAME [DIR]   measure and print the figures: scan (beside the peer), impact, access,
                     ledger (beside SQLite and PostgreSQL)
  prove NAME [DIR]   what needs fetched projects or hours: access, accuracy, apex, corpus, fuzz,
                     ledger, vectors
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["setup"] => setup::run(),
        ["test"] => test::run(),
        ["docs"] => docs::write(),
        ["docs", "--check"] => docs::check(),
        ["words"] => prove::words(),
        ["bench", rest @ ..] => bench::run(rest),
        ["prove", rest @ ..] => prove::run(rest),
        ["measured", program, rest @ ..] => measured(program, rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// One measurement in a process of its own, for the benchmarks.
fn measured(program: &str, arguments: &[&str]) -> Result<(), String> {
    let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
    let taken = measure::here(program, &arguments)?;
    println!("{} {}", taken.cpu_seconds, taken.peak_megabytes);
    Ok(())
}
