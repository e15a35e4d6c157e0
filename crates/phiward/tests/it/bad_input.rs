//! What strangers send: each is told with file and what to do, the rest is read, nothing hangs or panics.

use std::path::Path;

use serde_json::Value;

use crate::{FIELD, code, phiward, scan, small_project, text, write};

const FIELDS: &str = "force-app/main/default/objects/Patient__c/fields";

fn problem(report: &Value, path: &str) -> String {
    let problems = report["problems"].as_array().unwrap();
    let found = problems.iter().find(|problem| problem["path"].as_str().unwrap().contains(path));
    found.unwrap_or_else(|| panic!("nothing is said of {path}: {problems:?}"))["code"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn scanned(project: &Path) -> Value {
    let (report, code) = scan(project, &[]);
    assert!(code < 2);
    assert!(report["totals"]["fields"].as_u64().unwrap() >= 1, "the sound field is read");
    report
}

#[test]
fn broken_xml_costs_no_more_than_itself() {
    let project = small_project();
    let (half, _) = FIELD.split_at(FIELD.len() / 2);
    write(project.path(), &format!("{FIELDS}/Half__c.field-meta.xml"), half);
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><CustomField>&c;</CustomField>";
    write(project.path(), &format!("{FIELDS}/Bomb__c.field-meta.xml"), bomb);
    write(project.path(), &format!("{FIELDS}/Deep__c.field-meta.xml"), "<a>".repeat(200_000));
    write(
        project.path(),
        &format!("{FIELDS}/Latin__c.field-meta.xml"),
        FIELD
            .replace("<label>Diagnosis", "<label>Diagn\u{f6}se")
            .replace("\u{f6}", "?")
            .replace("Diagn?se", "Diagn\u{0}se"),
    );
    let mut bytes = FIELD.replace("Diagnosis", "Bytes").into_bytes();
    let at = bytes.windows(7).position(|window| window == b"<label>").unwrap() + 7;
    bytes.insert(at, 0xff);
    write(project.path(), &format!("{FIELDS}/Bytes__c.field-meta.xml"), bytes);
    let report = scanned(project.path());
    assert_eq!(problem(&report, "Half__c"), "malformed-xml");
    assert_eq!(problem(&report, "Bomb__c"), "doctype-refused");
    assert_eq!(problem(&report, "Deep__c"), "xml-too-deep");
    assert_eq!(problem(&report, "Bytes__c"), "bad-encoding");
    problem(&report, "Latin__c");
}

#[test]
fn a_huge_file_is_refused_unread() {
    let project = small_project();
    let path = project.path().join(FIELDS).join("Huge__c.field-meta.xml");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(100 << 20).unwrap();
    assert_eq!(problem(&scanned(project.path()), "Huge__c"), "file-too-large");
}

#[cfg(unix)]
#[test]
fn links_in_circles_end() {
    let project = small_project();
    std::os::unix::fs::symlink(project.path(), project.path().join("force-app/again")).unwrap();
    assert_eq!(problem(&scanned(project.path()), "again"), "link-not-followed");
}

#[test]
fn names_with_control_characters_do_not_reach_the_terminal() {
    let project = small_project();
    let name = "Ev\u{1b}[31mil__c";
    write(
        project.path(),
        &format!("force-app/main/default/objects/Patient__c/fields/{name}.field-meta.xml"),
        FIELD.replace("Diagnosis__c", "Diagnosis_\u{1b}[2J__c"),
    );
    for format in ["human", "github", "junit"] {
        let output = phiward(&["scan", project.path().to_str().unwrap(), "--format", format, "--all"]);
        assert!(code(&output) < 2);
        assert!(!output.stdout.contains(&0x1b), "{format}: {}", text(&output.stdout));
    }
}

#[test]
fn what_could_not_be_read_counts_as_a_high_finding() {
    let project = small_project();
    write(project.path(), &format!("{FIELDS}/Half__c.field-meta.xml"), "<CustomField><label>a</label>");
    let path = project.path().to_str().unwrap();
    let junit = phiward(&["scan", path, "--format", "junit"]);
    assert_eq!(code(&junit), 1);
    let junit = text(&junit.stdout);
    assert!(junit.contains(r#"<error type="malformed-xml""#) && junit.contains(r#" errors="1">"#), "{junit}");
    assert_eq!(code(&phiward(&["scan", path, "--fail-on", "critical"])), 0);
}
