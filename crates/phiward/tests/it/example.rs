//! Harbor Health: every plant of the flawed state is found on its line, and the mended state is clean.

use std::collections::BTreeSet;

use crate::{example, findings, scan};

/// The rows of PLANTS.md under each rule's heading: rule, path and line. What the page lists for later rules, under
/// headings that are no rule, is not read.
fn plants() -> Vec<(String, String, u64)> {
    let page = std::fs::read_to_string(example("PLANTS.md")).unwrap();
    let mut plants = Vec::new();
    let mut rule = None;
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            rule = scan::rule(heading.trim());
        } else if let (Some(rule), true) = (rule, line.starts_with("| `")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let path = cells[1].trim_matches('`');
            let in_package = !["phiward/", "data/", "facts/"].iter().any(|own| path.starts_with(own));
            let below = if in_package { "force-app/main/default/" } else { "" };
            plants.push((rule.id.to_owned(), format!("{below}{path}"), cells[2].parse().unwrap()));
        }
    }
    plants
}

/// The flawed state with what its org answered.
fn scan_flawed() -> (serde_json::Value, i32) {
    let facts = example("facts");
    scan(&example("flawed"), &["--facts", facts.to_str().unwrap()])
}

#[test]
fn every_plant_of_the_flawed_state_is_found_on_its_line() {
    let (report, code) = scan_flawed();
    assert_eq!(code, 1);
    let found: BTreeSet<(String, String, u64)> = findings(&report)
        .iter()
        .map(|finding| {
            let text = |path: &str| finding.pointer(path).unwrap().as_str().unwrap().to_owned();
            (
                text("/rule"),
                text("/place/path"),
                finding.pointer("/place/start/line").unwrap().as_u64().unwrap(),
            )
        })
        .collect();
    let plants = plants();
    assert!(plants.len() > 50, "the table of plants was not read");
    let missed: Vec<_> = plants.iter().filter(|plant| !found.contains(plant)).collect();
    assert!(missed.is_empty(), "not found: {missed:#?}");
}

#[test]
fn every_rule_fires_on_the_flawed_state() {
    let (report, _) = scan_flawed();
    let fired: BTreeSet<&str> =
        findings(&report).iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    let silent: Vec<_> = scan::RULES.iter().map(|rule| rule.id).filter(|id| !fired.contains(id)).collect();
    assert_eq!(silent, Vec::<&str>::new());
}

#[test]
fn the_mended_state_is_clean() {
    let (report, code) = scan(&example("mended"), &["--fail-on", "info"]);
    let left: Vec<String> = findings(&report)
        .iter()
        .map(|f| {
            format!("{} {}:{} {}", f["rule"], f["place"]["path"], f["place"]["start"]["line"], f["message"])
        })
        .collect();
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(code, 0);
}
