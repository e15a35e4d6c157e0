//! `cargo xtask test`: everything that must hold before a change lands.

use crate::steps::{Budget, answers, run};
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
        run("cargo", &["fmt", "--all", "--check"])?;
        run("cargo", &["test", "--workspace", "--no-run", "--locked", "--quiet"])
    })?;
    budget.phase("tests", 22, || {
        docs::check()?;
        if answers("cargo", &["nextest", "--version"]) {
            run("cargo", &["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])?;
        } else {
            println!("cargo-nextest is not installed: running the same tests with cargo test");
            run("cargo", &["test", "--workspace", "--locked", "--no-fail-fast"])?;
        }
        run("cargo", &["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "--deny", "warnings"])
    })
}
