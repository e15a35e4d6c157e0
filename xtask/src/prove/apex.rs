//! Our parser of Apex beside ANTLR's grammar, as `@apexdevtools/apex-parser` has it: what each finds in a file.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::setup;
use crate::steps::{self, command, target};

const SCRIPT: &str = include_str!("apex.mjs");

/// What is compared, as both sides call it.
const PARTS: [&str; 4] = ["declarations", "calls", "queries", "operators"];

/// Compares on every project below the folder; a difference is printed with its file, and none is an error: which
/// side is right is for a person to say.
pub(crate) fn compare(folder: &Path) -> Result<(), String> {
    setup::apex_parser()?;
    let script = setup::tools().join("apex.mjs");
    std::fs::write(&script, SCRIPT).map_err(|error| format!("{}: {error}", script.display()))?;
    let build = ["build", "--release", "--quiet", "--package", "phiward-apex", "--example", "outline"];
    steps::call("cargo", &build)?;
    // The programs run in another folder.
    let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut rows = Vec::new();
    for project in sorted(&folder)?.iter().filter(|path| path.is_dir()) {
        let mut files = Vec::new();
        apex_files(project, &mut files)?;
        let taken: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
        if taken.is_empty() {
            continue;
        }
        let input = taken.join("\n");
        let outline = target().join("release/examples/outline").display().to_string();
        let ours = outlines(command(&outline, &[]), &input)?;
        let theirs = outlines(command("node", &[&script.display().to_string()]), &input)?;
        let name = project.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        rows.push(row(&name, &taken, &ours, &theirs));
    }
    println!(
        "\n| project | files | declarations | calls | queries | operators | differences | not read by us | by ANTLR |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    rows.iter().for_each(|row| println!("{row}"));
    Ok(())
}

fn row(name: &str, taken: &[String], ours: &Outlines, theirs: &Outlines) -> String {
    let nothing = Value::Null;
    let mut found = [0_usize; PARTS.len()];
    let (mut different, mut unread, mut unread_by_them) = (0, 0, 0);
    for path in taken {
        let (own, other) = (ours.get(path).unwrap_or(&nothing), theirs.get(path).unwrap_or(&nothing));
        for (side, told, count) in [("we", own, &mut unread), ("ANTLR", other, &mut unread_by_them)] {
            if told.get("problems").and_then(Value::as_u64) != Some(0) {
                *count += 1;
                println!("{path}:{}: {side} cannot read it", told.get("line").unwrap_or(&nothing));
            }
        }
        for (part, total) in PARTS.iter().zip(&mut found) {
            let (own, other) = (counted(own, part), counted(other, part));
            *total += own.values().sum::<usize>();
            for (what, by_us, by_them) in unlike(&own, &other) {
                different += by_us.abs_diff(by_them);
                println!("{path}: {part}: `{what}`: {by_us} of ours, {by_them} of ANTLR's");
            }
        }
    }
    let [declarations, calls, queries, operators] = found;
    format!(
        "| {} | {} | {declarations} | {calls} | {queries} | {operators} | {different} | {unread} | {unread_by_them} |",
        name.replace('+', "/"),
        taken.len(),
    )
}

/// How often each of a part stands in a file.
fn counted(outline: &Value, part: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for one in outline.get(part).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        *counts.entry(one.to_owned()).or_insert(0) += 1;
    }
    counts
}

fn unlike(own: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>) -> Vec<(String, usize, usize)> {
    let mut all: Vec<&String> = own.keys().chain(other.keys()).collect();
    all.sort();
    all.dedup();
    let count = |of: &BTreeMap<String, usize>, what: &String| of.get(what).copied().unwrap_or(0);
    all.into_iter()
        .map(|what| (what.clone(), count(own, what), count(other, what)))
        .filter(|(_, by_us, by_them)| by_us != by_them)
        .collect()
}

/// What one side prints, by path.
type Outlines = BTreeMap<String, Value>;

fn outlines(mut program: Command, input: &str) -> Result<Outlines, String> {
    let shown = format!("{program:?}");
    let failed = |error: std::io::Error| format!("{shown}: {error}");
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    // Both read all of their input before they print.
    let mut pipe = child.stdin.take().ok_or("no input")?;
    pipe.write_all(input.as_bytes()).map_err(failed)?;
    drop(pipe);
    let output = child.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        return Err(format!("{shown}: {}", output.status));
    }
    let lines = output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let read = |line| serde_json::from_slice::<Value>(line).map_err(|error| format!("{shown}: {error}"));
    lines
        .map(read)
        .map(|outline| {
            let outline = outline?;
            let path = outline.get("path").and_then(Value::as_str).unwrap_or_default().to_owned();
            Ok((path, outline))
        })
        .collect()
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut all: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    all.sort();
    Ok(all)
}

fn apex_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    for path in sorted(folder)? {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            apex_files(&path, found)?;
        } else if path.extension().is_some_and(|end| end == "cls" || end == "trigger") {
            found.push(path);
        }
    }
    Ok(())
}
