//! `cargo xtask prove NAME [DIR]`: what needs fetched projects or hours. Dated results are kept in `docs/`.

mod apex;
mod flows;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::measure;
use crate::setup;
use crate::steps::{self, command, target};

pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    match words {
        ["access"] => access(),
        ["accuracy"] => accuracy(None),
        ["accuracy", folder] => accuracy(Some(folder)),
        ["apex", folder] => apex::compare(Path::new(folder)),
        ["corpus", folder] => corpus(Path::new(folder)),
        ["ledger"] => ledger(),
        ["flows", folder] => flows::compare(Path::new(folder)),
        ["fuzz"] => fuzz("60"),
        ["fuzz", seconds] => fuzz(seconds),
        ["vectors"] => vectors(),
        _ => {
            Err("name a proof: access, accuracy [DIR], apex DIR, corpus DIR (folders of Salesforce projects), flows \
                 DIR, fuzz [SECONDS], ledger, vectors"
                .to_owned())
        }
    }
}

/// The access engine against its oracle on ten thousand orgs made by chance.
fn access() -> Result<(), String> {
    let test = ["test", "--release", "--quiet", "--package", "phiward-access", "--test", "it"];
    steps::call("cargo", &[&test[..], &["--", "--ignored", "--nocapture"]].concat())
}

/// Failures of the disk at every operation of the log: kills with each way in which unsynced writes can be lost, kills
/// again while it is opened, full and read-only disks, syncs that fail.
fn ledger() -> Result<(), String> {
    let test =
        ["test", "--release", "--quiet", "--package", "phiward-tlog", "--test", "it", "failures_at_every"];
    steps::call("cargo", &[&test[..], &["--", "--ignored", "--nocapture"]].concat())
}

/// The classification against labels, from the labels alone; with a folder of the projects, on these as they are.
fn accuracy(projects: Option<&str>) -> Result<(), String> {
    let test = ["test", "--quiet", "--package", "phiward-scan", "--test", "it", "accuracy"];
    let all = ["--", "--nocapture", "--test-threads", "1", "--include-ignored"];
    // What answers bring is measured on the labels alone.
    let shown = if projects.is_some() { &all[..4] } else { &all[..] };
    let mut run = command("cargo", &[&test[..], shown].concat());
    if let Some(folder) = projects {
        run.env("PHIWARD_PROJECTS", folder);
    }
    steps::call_command(run)
}

/// Makes the table of words anew from the labels: see `crates/scan/src/catalogue/README.md`.
pub(crate) fn words() -> Result<(), String> {
    let test = ["test", "--quiet", "--package", "phiward-scan", "--test", "it", "answers_are_worth"];
    let mut run = command("cargo", &[&test[..], &["--", "--include-ignored"]].concat());
    run.env("PHIWARD_WORDS", steps::root().join("crates/scan/src/catalogue/words.tsv"));
    steps::call_command(run)
}

/// Scans and audits every project below the folder; none may crash, and what could not be read is counted.
fn corpus(folder: &Path) -> Result<(), String> {
    steps::call("cargo", &["build", "--release", "--quiet", "--package", "phiward"])?;
    let phiward = target().join("release/phiward").display().to_string();
    let mut projects: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .collect();
    projects.sort();
    println!(
        "| project | files | components | fields | PHI | findings c/h/m/l/i | not read | gaps | CPU s | peak MB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let mut broken = Vec::new();
    for project in &projects {
        let path = project.display().to_string();
        let name =
            project.file_name().map(|name| name.to_string_lossy().replace('+', "/")).unwrap_or_default();
        let output = command(&phiward, &["scan", &path, "--format", "json"])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let report: Result<Value, _> = serde_json::from_slice(&output.stdout);
        let (Some(0 | 1), Ok(report)) = (output.status.code(), report) else {
            broken.push(format!("{name}: {} {}", output.status, String::from_utf8_lossy(&output.stderr)));
            continue;
        };
        let count = |key: &str| report.get(key).and_then(Value::as_array).map_or(0, Vec::len);
        let total =
            |key: &str| report.pointer(&format!("/totals/{key}")).and_then(Value::as_u64).unwrap_or(0);
        let severities: Vec<String> = ["critical", "high", "medium", "low", "info"]
            .iter()
            .map(|severity| {
                let findings = report.get("findings").and_then(Value::as_array);
                let of = |finding: &&Value| finding.get("severity").and_then(Value::as_str) == Some(severity);
                findings.map_or(0, |findings| findings.iter().filter(of).count()).to_string()
            })
            .collect();
        let taken = measure::median(1, &phiward, &["scan", &path, "--format", "json"])?;
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {:.2} | {:.0} |",
            total("files"),
            total("components"),
            total("fields"),
            total("phi_fields"),
            severities.join("/"),
            count("problems"),
            count("gaps"),
            taken.cpu_seconds,
            taken.peak_megabytes,
        );
        let out = target().join("corpus").join(&name);
        let out = out.display().to_string();
        let audit = command(&phiward, &["audit", &path, "--out", &out])
            .output()
            .map_err(|error| error.to_string())?;
        if !matches!(audit.status.code(), Some(0 | 1)) {
            broken.push(format!(
                "{name}: audit: {} {}",
                audit.status,
                String::from_utf8_lossy(&audit.stderr)
            ));
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n")) }
}

/// Public test vectors of what encrypts and derives, those that are too many to keep among them.
fn vectors() -> Result<(), String> {
    let folder = setup::vectors()?;
    let test = ["test", "--quiet", "--package", "phiward-guard", "--lib", "vectors"];
    let words = ["--", "--include-ignored", "--nocapture", "--test-threads", "1"];
    let mut run = command("cargo", &[&test[..], &words].concat());
    run.env("PHIWARD_VECTORS", folder);
    steps::call_command(run)
}

const FUZZED: [&str; 15] = [
    "xml",
    "bundle",
    "facts",
    "soql",
    "apex",
    "entry",
    "tlog",
    "tlog_folder",
    "token",
    "table",
    "job",
    "seal",
    "keys",
    "share",
    "ring",
];

/// Runs each fuzz target for some seconds. Needs `cargo-fuzz`; on a stable toolchain the nightly flags are
/// unlocked for the fuzz build alone.
fn fuzz(seconds: &str) -> Result<(), String> {
    if !steps::answers("cargo", &["fuzz", "--version"]) {
        steps::call("cargo", &["install", "--locked", "--debug", "cargo-fuzz"])?;
    }
    for target in FUZZED {
        let time = format!("-max_total_time={seconds}");
        let mut run = command("cargo", &["fuzz", "run", "--sanitizer", "none", target, "--", &time]);
        run.env("RUSTC_BOOTSTRAP", "1");
        steps::call_command(run)?;
    }
    Ok(())
}
