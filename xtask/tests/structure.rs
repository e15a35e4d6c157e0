//! The house as ARCHITECTURE.md draws it: which room may know which, and what no file may hold.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Our packages, and which of ours each depends on in its product (tests may look anywhere).
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<&str> = packages.iter().map(|p| p["name"].as_str().unwrap()).collect();
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let dependencies = dependencies
                .filter(|d| d["kind"].is_null())
                .map(|d| d["name"].as_str().unwrap())
                .filter(|name| ours.contains(name))
                .map(str::to_owned)
                .collect();
            (package["name"].as_str().unwrap().to_owned(), dependencies)
        })
        .collect()
}

/// How far from the ground a room stands. An arrow goes down, and never between rooms of one height.
fn height(package: &str) -> u32 {
    match package {
        "phiward-source" => 0,
        "phiward-csv" => 1,
        "phiward-sfdx" | "phiward-sarif" | "phiward-soql" | "phiward-tlog" => 2,
        "phiward-apex" | "phiward-access" | "phiward-orgsim" => 3,
        "phiward-dataflow" => 4,
        "phiward-policy" => 10,
        "phiward-journal" => 11,
        "phiward-wire" => 12,
        "phiward-guard" => 13,
        "phiward-scan" | "phiward-gateway" | "phiward-sync" | "phiward-ledger" | "phiward-audit"
        | "phiward-govern" | "phiward-ai" | "phiward-wcag" => 20,
        "phiward-dossier" | "phiward-editor" => 30,
        "phiward-console" => 40,
        "phiward" => 50,
        "xtask" => 60,
        other => panic!("`{other}` has no place in the house: give it a height here and in ARCHITECTURE.md"),
    }
}

#[test]
fn arrows_go_down_and_rooms_do_not_know_each_other() {
    for (package, dependencies) in arrows() {
        for dependency in dependencies {
            assert!(height(&package) > height(&dependency), "`{package}` must not depend on `{dependency}`");
        }
    }
    assert!(arrows()["xtask"].is_empty(), "chores run the product, they do not build on it");
}

fn tracked() -> Vec<String> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "git ls-files");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file())
        .map(str::to_owned)
        .collect()
}

fn read(path: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(root().join(path)).unwrap()).into_owned()
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.ends_with("_test.rs")
}

#[test]
fn files_have_a_size_that_one_can_read() {
    let long: Vec<String> = tracked()
        .into_iter()
        .filter(|path| path.ends_with(".rs") && !is_test(path))
        .map(|path| (read(&path).lines().count(), path))
        .filter(|(lines, _)| *lines > 800)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}

#[test]
fn no_crate_is_more_than_a_quarter_once_the_house_is_large() {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for path in tracked().iter().filter(|path| path.ends_with(".rs") && !is_test(path)) {
        let room: Vec<&str> = path.split('/').take(2).collect();
        *lines.entry(room.join("/")).or_default() += read(path).lines().count();
    }
    let all: usize = lines.values().sum();
    // While most rooms are not built, the one that is built first is easily more, but not without end; once they are, a
    // crate that grows so has taken in another.
    let most = if all > 200_000 { 25 } else { 35 };
    for (room, lines) in lines {
        assert!(lines * 100 <= all * most, "`{room}` has {lines} of {all} lines");
    }
}

#[test]
fn names_say_what_they_hold() {
    const VAGUE: [&str; 8] = ["util", "utils", "common", "types", "helpers", "helper", "core", "manager"];
    for path in tracked().iter().filter(|path| path.ends_with(".rs") || path.ends_with("Cargo.toml")) {
        for part in path.trim_end_matches(".rs").split('/') {
            assert!(!VAGUE.contains(&part), "`{path}`: `{part}` says nothing");
        }
    }
}

#[test]
fn every_package_keeps_the_houses_lints() {
    for path in tracked().iter().filter(|path| path.ends_with("/Cargo.toml") && !path.starts_with("fuzz/")) {
        let text = read(path);
        assert!(text.contains("[lints]\nworkspace = true"), "`{path}` does not take the workspace's lints");
        for line in text.lines().filter(|line| line.contains(" = {") || line.contains(" = \"")) {
            let shared = ["workspace = true", "name", "description", "path = ", "nix = "];
            assert!(
                shared.iter().any(|word| line.contains(word)),
                "`{path}`: `{line}`: versions stand in the workspace"
            );
        }
    }
}

#[test]
fn no_sibling_is_passed_on() {
    let ours: Vec<String> =
        arrows().keys().map(|name| name.trim_start_matches("phiward-").replace('-', "_")).collect();
    for path in tracked().iter().filter(|path| path.ends_with(".rs")) {
        for line in read(path).lines().filter_map(|line| line.trim().strip_prefix("pub use ")) {
            let first = line.split([':', ';', ' ', '{']).next().unwrap_or_default();
            assert!(!ours.iter().any(|name| name == first), "`{path}` re-exports `{first}`");
        }
    }
}

/// Each folder of a room is in the code map, and each folder in the map exists.
#[test]
fn the_code_map_is_the_house() {
    let map = read("ARCHITECTURE.md");
    assert!(map.lines().count() <= 300, "the map is too long to read");
    let mapped: BTreeSet<String> = map
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .filter(|path| path.contains('/') || *path == "xtask")
        .map(|path| path.trim_end_matches('/').to_owned())
        .collect();
    let rooms: BTreeSet<String> = tracked()
        .iter()
        .filter_map(|path| path.strip_suffix("/Cargo.toml"))
        .filter(|path| !path.starts_with("fuzz"))
        .map(str::to_owned)
        .collect();
    for room in &rooms {
        assert!(mapped.contains(room), "`{room}` is not in the code map of ARCHITECTURE.md");
    }
    for path in &mapped {
        assert!(root().join(path).exists(), "ARCHITECTURE.md maps `{path}`, which is not there");
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    for path in tracked().iter().filter(|path| path.ends_with(".md")) {
        let text = read(path);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next()) {
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let folder = root().join(path).parent().unwrap().to_owned();
            assert!(folder.join(target).exists(), "`{path}` links to `{target}`, which is not there");
        }
    }
}

/// Nothing of the machine it was written on, and nothing left open.
#[test]
fn nothing_is_left_lying_about() {
    let open = [
        "to".to_owned() + "do!",
        "unimpl".to_owned() + "emented!",
        "FIX".to_owned() + "ME",
        "| SET".to_owned() + "UP |",
    ];
    for path in tracked().iter().filter(|path| !path.ends_with(".lock")) {
        let text = read(path);
        for word in &open {
            let allowed = path.ends_with("structure.rs") || path == "Cargo.toml";
            assert!(allowed || !text.contains(word.as_str()), "`{path}` holds `{word}`");
        }
        for place in ["/ro".to_owned() + "ot/", "/ho".to_owned() + "me/", "/wo".to_owned() + "rk/"] {
            // Salesforce's own home page is of no machine.
            let text = text.replace(&(place.clone() + "home.jsp"), "");
            let found = text.match_indices(place.as_str()).any(|(at, _)| {
                !text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "._-/}>".contains(c))
            });
            assert!(!found, "`{path}` holds a path of some machine");
        }
    }
}
