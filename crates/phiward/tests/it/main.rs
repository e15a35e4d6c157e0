#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod access;
mod action;
mod bad_input;
mod canary;
mod classify;
mod classify_code;
mod commands;
mod example;
mod flows;
mod formats;
mod guard_plan;
mod guard_rows;
mod impact;
mod keys;
mod keys_stored;
mod ledger;
mod rolled_back;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The day on which the example is judged: its agreements have dates.
const DAY: &str = "2026-11-21";

fn phiward(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phiward")).args(arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn example(state: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/harbor-health").join(state)
}

/// The JSON report of a scan, and its exit code.
fn scan(path: &Path, more: &[&str]) -> (Value, i32) {
    let mut arguments = vec!["scan", path.to_str().unwrap(), "--format", "json", "--on", DAY];
    arguments.extend(more);
    let output = phiward(&arguments);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (report, code(&output))
}

fn findings(report: &Value) -> Vec<&Value> {
    report["findings"].as_array().unwrap().iter().filter(|f| f["suppressed"].is_null()).collect()
}

/// A file that its owner alone reads.
fn write_secret(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

fn write(root: &Path, path: &str, text: impl AsRef<[u8]>) {
    let full = root.join(path);
    std::fs::create_dir_all(full.parent().unwrap()).unwrap();
    std::fs::write(full, text).unwrap();
}

/// A metadata file of a package, with its root element.
fn metadata(root: &Path, path: &str, tag: &str, body: &str) {
    let namespace = "xmlns=\"http://soap.sforce.com/2006/04/metadata\"";
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{tag} {namespace}>\n{body}\n</{tag}>\n");
    write(root, &format!("force-app/main/default/{path}"), text);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

const FIELD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">
    <fullName>Diagnosis__c</fullName>
    <label>Diagnosis</label>
    <length>255</length>
    <trackHistory>true</trackHistory>
    <type>Text</type>
</CustomField>
"#;

/// A project of one PHI field whose history is tracked.
fn small_project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "sfdx-project.json",
        r#"{"packageDirectories":[{"path":"force-app"}],"sourceApiVersion":"66.0"}"#,
    );
    write(
        folder.path(),
        "force-app/main/default/objects/Patient__c/fields/Diagnosis__c.field-meta.xml",
        FIELD,
    );
    folder
}
