//! The forms of output, by their own judges.

use std::path::{Path, PathBuf};
use std::process::Command;

use journal::Severity;
use serde_json::Value;

use crate::{DAY, code, example, phiward, scan, small_project, text, write};

fn formatted(path: &Path, format: &str) -> Vec<u8> {
    phiward(&["scan", path.to_str().unwrap(), "--on", DAY, "--format", format]).stdout
}

/// The standard's schema, as it lies in the sources of the `serde-sarif` crate.
fn sarif_schema() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
    let folder = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let bytes = std::fs::read(folder.parent().unwrap().join("src/schema.json")).unwrap();
    let mut schema: Value = serde_json::from_slice(&bytes).unwrap();
    // The standard's own pattern for languages is no regular expression (a stray bracket); we write none.
    for definition in ["run", "toolComponent"] {
        schema["definitions"][definition]["properties"]["language"]
            .as_object_mut()
            .unwrap()
            .remove("pattern");
    }
    schema
}

#[test]
fn sarif_is_valid_and_carries_controls_and_peers() {
    let log: Value = serde_json::from_slice(&formatted(&example("flawed"), "sarif")).unwrap();
    let validator = jsonschema::validator_for(&sarif_schema()).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&log)
        .take(5)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(!result["partialFingerprints"]["phiward/v1"].is_null());
    }
    for rule in rules {
        let properties = &rule["properties"];
        for key in ["tags", "controls", "replaces", "sbs"] {
            assert!(properties[key].is_array(), "{} has no {key}", rule["id"]);
        }
        assert!(!properties["controls"].as_array().unwrap().is_empty(), "{}", rule["id"]);
    }
    let fingerprints: Vec<&str> = run["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["partialFingerprints"]["phiward/v1"].as_str().unwrap())
        .collect();
    let distinct: std::collections::BTreeSet<_> = fingerprints.iter().collect();
    assert_eq!(distinct.len(), fingerprints.len(), "two findings have one fingerprint");
}

#[test]
fn junit_is_well_formed_and_counts() {
    let junit = text(&formatted(&example("flawed"), "junit"));
    let (tree, problems) = sfdx::xml::Tree::parse(source::Source::new("junit.xml", junit));
    assert_eq!(problems, []);
    let root = tree.root().unwrap();
    let number =
        |element: sfdx::Element<'_>, name: &str| element.attribute(name).unwrap().parse::<usize>().unwrap();
    let cases = root.descendants().filter(|element| element.name() == "testcase").count();
    let failures = root.descendants().filter(|element| element.name() == "failure").count();
    assert_eq!((number(root, "tests"), number(root, "failures")), (cases, failures));
    assert!(failures > 0);
}

#[test]
fn annotations_are_one_line_each_and_cannot_be_steered() {
    let project = small_project();
    // A file name that would end one command and begin another.
    write(
        project.path(),
        "force-app/main/default/remoteSiteSettings/a%0A::error::x.remoteSite-meta.xml",
        "<RemoteSiteSetting xmlns=\"http://soap.sforce.com/2006/04/metadata\"><disableProtocolSecurity>false</disableProtocolSecurity><isActive>true</isActive><url>http://plain.vendor.example</url></RemoteSiteSetting>",
    );
    let lines = text(&formatted(project.path(), "github"));
    assert!(!lines.is_empty());
    for line in lines.lines() {
        assert!(
            ["::error file=", "::warning file=", "::notice file="]
                .iter()
                .any(|start| line.starts_with(start)),
            "{line}"
        );
        assert_eq!(
            line.matches("::").count()
                - line.split_once("::").unwrap().1.split_once("::").unwrap().1.matches("::").count(),
            2
        );
    }
    assert!(!lines.contains("%0A::error::x.remoteSite"), "a name is escaped twice over");
}

#[test]
fn the_same_project_gives_the_same_bytes() {
    let strip = |mut report: Value| {
        report.as_object_mut().unwrap().remove("at");
        report.to_string()
    };
    let (one, _) = scan(&example("flawed"), &[]);
    let (two, _) = scan(&example("flawed"), &[]);
    assert_eq!(strip(one), strip(two));
}

#[test]
fn output_goes_to_the_file_that_is_named() {
    let project = small_project();
    let file = project.path().join("report.sarif");
    let output = phiward(&[
        "scan",
        project.path().to_str().unwrap(),
        "--format",
        "sarif",
        "--output",
        file.to_str().unwrap(),
    ]);
    assert!(output.stdout.is_empty());
    assert!(code(&output) < 2);
    serde_json::from_slice::<Value>(&std::fs::read(file).unwrap()).unwrap();
}

#[test]
fn the_list_of_rules_says_what_each_severity_means() {
    let listed = text(&phiward(&["rules"]).stdout);
    for severity in Severity::ALL {
        let said = format!("{severity:<9} {}", severity.meaning());
        assert_eq!(listed.matches(&said).count(), 1, "{severity}");
    }
}

#[test]
fn rules_are_listed_as_json_and_shown_as_pages() {
    let listed: Value = serde_json::from_slice(&phiward(&["rules", "--format", "json"]).stdout).unwrap();
    let listed = listed.as_array().unwrap();
    assert!(listed.len() >= 15);
    for rule in listed {
        let id = rule["id"].as_str().unwrap();
        let page = text(&phiward(&["rules", id]).stdout);
        assert!(
            page.contains("harms") && page.contains("What to change"),
            "the page of {id} lacks a part:\n{page}"
        );
    }
}
