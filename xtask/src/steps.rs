//! Running other programs, and keeping to a budget of time.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

/// Where builds go: `CARGO_TARGET_DIR` where it is set.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Runs a program, its output going where ours goes.
pub(crate) fn call(program: &str, arguments: &[&str]) -> Result<(), String> {
    call_command(command(program, arguments))
}

pub(crate) fn call_command(mut command: Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("{shown}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{shown}: {status}")) }
}

/// Whether a program answers at all.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    command(program, arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A part of the whole that has its own allowance.
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    pub(crate) budget: Duration,
    pub(crate) taken: Duration,
}

/// The phases so far, printed at the end of each run.
#[derive(Default)]
pub(crate) struct Budget {
    phases: Vec<Phase>,
}

impl Budget {
    pub(crate) fn phase(
        &mut self,
        name: &'static str,
        minutes: u64,
        work: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), String> {
        println!("== {name} (budget {minutes} min)");
        let start = Instant::now();
        let outcome = work();
        let taken = start.elapsed();
        self.phases.push(Phase { name, budget: Duration::from_secs(minutes * 60), taken });
        outcome
    }

    pub(crate) fn print(&self) {
        println!("\n{:<10} {:>10} {:>10}", "phase", "taken", "budget");
        for Phase { name, budget, taken } in &self.phases {
            let over = if taken > budget { "  over" } else { "" };
            println!("{name:<10} {:>9}s {:>9}s{over}", taken.as_secs(), budget.as_secs());
        }
    }
}
