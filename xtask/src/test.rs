//! `cargo xtask test`: everything that must hold before a change lands.

use crate::steps::{Budget, answers, call};
use crate::{docs, setup};

pub(crate) fn run() -> Result<(), String> {
    let mut budget = Budget::default();
    let outcome = phases(&mut budget);
    budget.print();
    outcome
}

fn phases(budget: &mut Budget) -> Result<(), String> {
    budget.phase("set-up", 8, setup::run)?;
    budget.phase("build", 25, || {
        call("cargo", &["fmt", "--all", "--check"])?;
        call("cargo", &["test", "--workspace", "--no-run", "--locked", "--quiet"])
    })?;
    budget.phase("tests", 22, || {
        docs::check()?;
        let deny = setup::deny_program().display().to_string();
        call(&deny, &["--log-level", "error", "check", "bans", "licenses", "sources"])?;
        if answers("cargo", &["nextest", "--version"]) {
            call("cargo", &["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])?;
        } else {
            println!("cargo-nextest is not installed: running the same tests with cargo test");
            call("cargo", &["test", "--workspace", "--locked", "--no-fail-fast"])?;
        }
        call(
            "cargo",
            &["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "--deny", "warnings"],
        )
    })
}
