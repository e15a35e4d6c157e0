//! Flows that a person found in public Apex, beside those that Phiward finds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::steps::{self, command, target};

/// A statement over several lines may be called by any of them.
const LINES: u64 = 3;

/// What each rule is called in the lists of flows.
const SINKS: &[(&str, &[&str])] = &[
    ("phi-sent-by-callout", &["callout"]),
    ("phi-in-callout-url", &["callout"]),
    ("phi-in-debug-log", &["debug", "log"]),
    ("phi-mailed-by-code", &["email"]),
    ("phi-posted-to-people", &["chatter", "notification"]),
    ("phi-in-platform-event", &["event", "log"]),
    ("phi-in-shared-file", &["file"]),
    ("phi-in-error-message", &["exception"]),
    ("phi-returned-to-client", &["aura", "rest", "callable"]),
    ("phi-copied-to-unclassified-field", &["dml", "log"]),
    ("phi-in-page-address", &["page"]),
    ("phi-in-cache", &["cache"]),
    ("phi-sent-to-model", &["model"]),
];

#[derive(Default)]
struct Tally {
    found: usize,
    all: usize,
}

/// Prints the tables for each list whose project lies below the folder, under its own name or with its owner's.
pub(super) fn compare(projects: &Path) -> Result<(), String> {
    steps::call("cargo", &["build", "--release", "--quiet", "--package", "phiward"])?;
    let lists = Path::new("crates/scan/tests/labels/apex");
    let entries = std::fs::read_dir(lists).map_err(|error| format!("{}: {error}", lists.display()))?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (_, short) = name.split_once("__").unwrap_or(("", &name));
        let candidates = [projects.join(&name), projects.join(name.replace("__", "+")), projects.join(short)];
        match candidates.iter().find(|path| path.is_dir()) {
            Some(project) => one(&name.replace("__", "/"), folder, project)?,
            None => println!("{name}: not below {}", projects.display()),
        }
    }
    Ok(())
}

fn one(name: &str, list: &Path, project: &Path) -> Result<(), String> {
    let places = found(project, &list.join("phiward"))?;
    let text = std::fs::read_to_string(list.join("flows.csv")).map_err(|error| error.to_string())?;
    let mut tables: BTreeMap<(&str, String), Tally> = BTreeMap::new();
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let [file, line, sink, source, difficulty, verdict] = cells.as_slice() else {
            return Err(format!("{name}: a row has {} cells: {row}", cells.len()));
        };
        let line: u64 = line.parse().map_err(|_| format!("{name}: no line: {row}"))?;
        let is_found = (line.saturating_sub(LINES)..=line + LINES)
            .any(|near| places.contains(&((*file).to_owned(), near, (*sink).to_owned())));
        for (table, value) in [
            ("way out", *sink),
            ("begins in", *source),
            ("how", *difficulty),
            ("judged", *verdict),
            ("", "all"),
        ] {
            let tally = tables.entry((table, value.to_owned())).or_default();
            tally.all += 1;
            tally.found += usize::from(is_found);
        }
    }
    println!("{name}\n\n| | | found | of |\n|---|---|---|---|");
    for ((table, value), Tally { found, all }) in tables {
        println!("| {table} | {value} | {found} | {all} |");
    }
    println!();
    Ok(())
}

/// Every place of a finding: where it stands, and the last steps of its ways.
fn found(project: &Path, bundle: &Path) -> Result<BTreeSet<(String, u64, String)>, String> {
    let phiward = target().join("release/phiward").display().to_string();
    let (project, bundle) = (project.display().to_string(), bundle.display().to_string());
    let output = command(&phiward, &["scan", &project, "--policy", &bundle, "--format", "json"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .map_err(|_| format!("{project}: {}", String::from_utf8_lossy(&output.stderr)))?;
    let mut places = BTreeSet::new();
    for finding in report.get("findings").and_then(Value::as_array).into_iter().flatten() {
        let rule = finding.get("rule").and_then(Value::as_str).unwrap_or_default();
        let Some((_, sinks)) = SINKS.iter().find(|(own, _)| *own == rule) else { continue };
        let ways = finding.get("ways").and_then(Value::as_array).into_iter().flatten();
        let ends = ways.filter_map(Value::as_array).flat_map(|way| way.iter().rev().take(2));
        for place in ends.chain([finding]).filter_map(|own| own.get("place")) {
            let path = place.get("path").and_then(Value::as_str).unwrap_or_default();
            let line = place.pointer("/start/line").and_then(Value::as_u64).unwrap_or_default();
            places.extend(sinks.iter().map(|sink| (path.to_owned(), line, (*sink).to_owned())));
        }
    }
    Ok(places)
}
