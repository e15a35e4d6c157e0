//! What others script against: exit codes, baselines, revisions, folders.

use std::path::Path;
use std::process::Command;

use crate::{FIELD, code, example, findings, phiward, scan, small_project, text, write};

#[test]
fn exit_codes_say_findings_or_wrong_usage() {
    let project = small_project();
    let path = project.path().to_str().unwrap();
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(code(&phiward(&["scan", empty.path().to_str().unwrap()])), 2, "nothing read is not clean");
    assert_eq!(code(&phiward(&["scan", path, "--fail-on", "info"])), 1);
    assert_eq!(code(&phiward(&["scan", path, "--fail-on", "critical"])), 0);
    for wrong in [
        &["scan", "no/such/folder"][..],
        &["scan", path, "--rule", "no-such-rule"],
        &["scan", path, "--fail-on", "awful"],
        &["scan", path, "--policy", "no/such/bundle"],
        &["scan", path, "--since", "HEAD"],
        &["scan"],
        &["audit", path],
        &["audit", path, "--out", "x", "--persona", "developer"],
        &[],
    ] {
        let output = phiward(wrong);
        assert_eq!(code(&output), 2, "{wrong:?}");
        assert!(!output.stderr.is_empty(), "{wrong:?} says nothing");
    }
}

#[test]
fn any_folder_or_file_of_sources_is_a_path() {
    let project = small_project();
    for below in [
        "",
        "force-app",
        "force-app/main/default/objects",
        "force-app/main/default/objects/Patient__c/fields/Diagnosis__c.field-meta.xml",
    ] {
        let (report, _) = scan(&project.path().join(below), &[]);
        assert_eq!(report["totals"]["fields"], 1, "{below}");
        assert!(!findings(&report).is_empty(), "{below}");
    }
}

#[test]
fn a_bundle_with_an_error_judges_nothing() {
    let project = small_project();
    write(project.path(), "phiward/phiward.yaml", "version: 1\norganisation: {nam: X}\nregions: [us]\n");
    let output = phiward(&["scan", project.path().to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("phiward.yaml:2:"), "{}", text(&output.stderr));
}

#[test]
fn a_baseline_lets_known_findings_be_until_its_last_day() {
    let project = small_project();
    let path = project.path().to_str().unwrap();
    let file = project.path().join("baseline.json");
    let file = file.to_str().unwrap();
    let wrote = phiward(&[
        "scan",
        path,
        "--on",
        "2026-11-21",
        "--write-baseline",
        file,
        "--baseline-expires",
        "2027-01-31",
    ]);
    assert_eq!(code(&wrote), 0, "{}", text(&wrote.stderr));
    let (report, exit) = scan(project.path(), &["--baseline", file, "--fail-on", "info"]);
    assert_eq!((findings(&report).len(), exit), (0, 0));

    // Lines move and the finding stays known; another field is new.
    let moved = FIELD.replace("    <fullName>", "\n\n    <fullName>");
    write(
        project.path(),
        "force-app/main/default/objects/Patient__c/fields/Diagnosis__c.field-meta.xml",
        moved,
    );
    let (report, _) = scan(project.path(), &["--baseline", file]);
    assert_eq!(findings(&report).len(), 0);
    let other = FIELD.replace("Diagnosis", "Allergies");
    write(
        project.path(),
        "force-app/main/default/objects/Patient__c/fields/Allergies__c.field-meta.xml",
        other,
    );
    let (report, exit) = scan(project.path(), &["--baseline", file, "--fail-on", "info"]);
    assert!(!findings(&report).is_empty());
    assert_eq!(exit, 1);

    let late = phiward(&["scan", path, "--on", "2027-02-01", "--baseline", file]);
    assert!(text(&late.stderr).contains("ended on 2027-01-31"));
    assert!(text(&late.stdout).contains("phi-field-history-tracked"), "its findings count again");
}

pub(crate) fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@harbor.example",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn since_a_revision_only_new_findings_are_told() {
    let project = small_project();
    git(project.path(), &["init", "--quiet"]);
    git(project.path(), &["add", "."]);
    git(project.path(), &["commit", "--quiet", "--message", "one"]);
    let (report, exit) = scan(project.path(), &["--since", "HEAD", "--fail-on", "info"]);
    assert_eq!((findings(&report).len(), exit), (0, 0));
    let other = FIELD.replace("Diagnosis", "Allergies");
    write(
        project.path(),
        "force-app/main/default/objects/Patient__c/fields/Allergies__c.field-meta.xml",
        other,
    );
    let (report, _) = scan(project.path(), &["--since", "HEAD"]);
    let found = findings(&report);
    assert!(!found.is_empty());
    for finding in found {
        assert!(finding["component"].as_str().unwrap().contains("Allergies__c"), "{finding}");
    }
    // The repository is as it was: nothing staged, nothing checked out.
    let status =
        Command::new("git").arg("-C").arg(project.path()).args(["status", "--porcelain"]).output().unwrap();
    assert_eq!(text(&status.stdout).lines().count(), 1);
    assert_eq!(code(&phiward(&["scan", project.path().to_str().unwrap(), "--since", "--help"])), 2);
}

/// A stranger's repository names programs that a checkout would run.
#[cfg(unix)]
#[test]
fn since_runs_nothing_of_the_repository() {
    let project = small_project();
    write(project.path(), ".gitattributes", "*.xml filter=evil\n");
    git(project.path(), &["init", "--quiet"]);
    git(project.path(), &["add", "."]);
    git(project.path(), &["commit", "--quiet", "--message", "one"]);
    let ran = project.path().join("ran");
    let touch = format!("touch {}; cat", ran.display());
    git(project.path(), &["config", "filter.evil.smudge", &touch]);
    git(project.path(), &["config", "core.fsmonitor", &format!("touch {}", ran.display())]);
    write(project.path(), ".git/hooks/post-index-change", format!("#!/bin/sh\ntouch {}\n", ran.display()));
    let hook = project.path().join(".git/hooks/post-index-change");
    std::fs::set_permissions(hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (report, _) = scan(project.path(), &["--since", "HEAD"]);
    assert_eq!(findings(&report).len(), 0);
    assert!(!ran.exists(), "a program of the repository ran");
}

#[test]
fn an_inline_exception_needs_reason_approver_and_day() {
    let project = small_project();
    let path = "force-app/main/default/objects/Patient__c/fields/Diagnosis__c.field-meta.xml";
    let line = "    <trackHistory>true</trackHistory>\n";
    let with = |comment: &str| {
        write(project.path(), path, FIELD.replace(line, &format!("    <!-- {comment} -->\n{line}")));
        let (report, _) = scan(project.path(), &["--rule", "phi-field-history-tracked"]);
        (findings(&report).len(), report["problems"].to_string())
    };
    let good = r#"phiward: allow phi-field-history-tracked reason="audit wish" approver="mara-voss" expires="2027-01-31""#;
    assert_eq!(with(good).0, 1 - 1);
    assert_eq!(with(&good.replace("2027", "2025")).0, 1);
    let (count, problems) = with(&good.replace("2027", "2099"));
    assert!(count == 1 && problems.contains("exception-too-long"), "{problems}");
    let (_, problems) = with(&good.replace("phi-field-history-tracked", "phi-field-histroy-tracked"));
    assert!(problems.contains("exception-unknown-rule"), "{problems}");
    let (count, problems) = with(&good.replace(r#"approver="mara-voss""#, ""));
    assert_eq!(count, 1);
    assert!(problems.contains("exception-incomplete"), "{problems}");
}

#[test]
fn init_proposes_a_bundle_that_reads_and_is_never_overwritten() {
    let project = tempfile::tempdir().unwrap();
    let out = project.path().join("bundle");
    let (flawed, out_text) = (example("flawed"), out.to_str().unwrap().to_owned());
    let arguments = ["init", flawed.to_str().unwrap(), "--out", &out_text];
    let first = phiward(&arguments);
    assert_eq!(code(&first), 0, "{}", text(&first.stderr));
    let check = phiward(&["policy", "check", &out_text]);
    assert_eq!(code(&check), 0, "{}", text(&check.stdout));
    let questions = std::fs::read_to_string(out.join("questions.md")).unwrap();
    assert!(questions.contains("**Q1**"));
    let parties = std::fs::read_to_string(out.join("parties.yaml")).unwrap();
    assert!(!parties.contains("agreements:"), "agreements are never proposed");
    assert_eq!(code(&phiward(&arguments)), 2);

    // A guess answers nothing until somebody takes its mark away.
    let declared = || {
        let flawed = flawed.to_str().unwrap();
        let scan = [
            "scan",
            flawed,
            "--policy",
            &out_text,
            "--rule",
            "endpoint-needs-declaration",
            "--format",
            "json",
        ];
        let report: serde_json::Value = serde_json::from_slice(&phiward(&scan).stdout).unwrap();
        report["findings"].as_array().unwrap().len()
    };
    assert!(declared() > 0);
    for file in ["parties.yaml", "identities.yaml", "models.yaml", "classification/objects.yaml"] {
        if let Ok(marked) = std::fs::read_to_string(out.join(file)) {
            std::fs::write(out.join(file), marked.replace("# check: ", "")).unwrap();
        }
    }
    let check = phiward(&["policy", "check", &out_text]);
    assert_eq!(code(&check), 0, "{}", text(&check.stdout));
    assert_eq!(declared(), 0);
}

#[test]
fn a_bundle_of_guesses_alone_reads() {
    let project = tempfile::tempdir().unwrap();
    let objects = project.path().join("objects");
    std::fs::create_dir(&objects).unwrap();
    let fields = "<fields><fullName>Mood__c</fullName><label>Mood</label><type>Text</type></fields>";
    std::fs::write(
        objects.join("Patient__c.object"),
        format!("<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\">{fields}<label>Patient</label></CustomObject>"),
    )
    .unwrap();
    let out = project.path().join("bundle");
    let out = out.to_str().unwrap();
    assert_eq!(code(&phiward(&["init", project.path().to_str().unwrap(), "--out", out])), 0);
    let proposed = std::fs::read_to_string(format!("{out}/classification/objects.yaml")).unwrap();
    assert!(proposed.contains("\n# check: objects:\n"), "{proposed}");
    // Whose records it keeps is proposed, and no answer before somebody takes the marks away.
    assert!(proposed.contains("\n    # check: subject: self    # Q"), "{proposed}");
    let asked = |out: &str| {
        let classify = [
            "classify",
            "--questions",
            "--format",
            "json",
            "--policy",
            out,
            project.path().to_str().unwrap(),
        ];
        let questions: serde_json::Value = serde_json::from_slice(&phiward(&classify).stdout).unwrap();
        questions["objects"].as_array().unwrap().len()
    };
    assert_eq!(asked(out), 1);
    let answered = project.path().join("answered");
    std::fs::create_dir_all(answered.join("classification")).unwrap();
    std::fs::copy(format!("{out}/phiward.yaml"), answered.join("phiward.yaml")).unwrap();
    std::fs::write(answered.join("classification/objects.yaml"), proposed.replace("# check: ", "")).unwrap();
    assert_eq!(asked(answered.to_str().unwrap()), 0);
    let check = phiward(&["policy", "check", out]);
    assert_eq!(code(&check), 0, "{}", text(&check.stdout));
}

#[test]
fn audit_writes_below_its_folder_and_through_no_link() {
    let project = small_project();
    let path = project.path().to_str().unwrap();
    let out = project.path().join("out");
    let output = phiward(&["audit", path, "--out", out.to_str().unwrap()]);
    assert!(code(&output) < 2, "{}", text(&output.stderr));
    for name in [
        "index.html",
        "flows.svg",
        "flows.mmd",
        "ropa.csv",
        "findings.sarif",
        "findings.json",
        "controls.json",
    ] {
        assert!(out.join(name).is_file(), "{name}");
    }
    // Again over its own files.
    assert!(code(&phiward(&["audit", path, "--out", out.to_str().unwrap()])) < 2);

    let elsewhere = project.path().join("elsewhere.txt");
    std::fs::write(&elsewhere, "mine").unwrap();
    std::fs::remove_file(out.join("index.html")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&elsewhere, out.join("index.html")).unwrap();
    assert_eq!(code(&phiward(&["audit", path, "--out", out.to_str().unwrap()])), 2);
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "mine");
    assert_eq!(code(&phiward(&["audit", path, "--out", elsewhere.to_str().unwrap()])), 2);
}

#[test]
fn the_project_command_tells_what_is_missing_and_how_to_get_it() {
    let project = small_project();
    let path = project.path().to_str().unwrap();
    let told = text(&phiward(&["project", path]).stdout);
    assert!(told.contains("CustomField") && told.contains("unknown"), "{told}");
    let need = text(&phiward(&["project", path, "--need"]).stdout);
    assert!(need.contains("<name>Profile</name>") && need.contains("sf data query"), "{need}");
}

/// What the org answers settles what the source leaves unknown.
#[test]
fn facts_of_the_org_are_judged() {
    let project = small_project();
    let asks = |report: &serde_json::Value| {
        report["gaps"].to_string().contains("`Patient__c`: its organisation-wide default")
    };
    let (report, _) = scan(project.path(), &["--rule", "phi-object-open-by-default"]);
    assert!(asks(&report) && findings(&report).is_empty());

    let facts = tempfile::tempdir().unwrap();
    write(
        facts.path(),
        "sharing-models.json",
        r#"{"status":0,"result":{"done":true,"totalSize":1,"records":[{"QualifiedApiName":"Patient__c","InternalSharingModel":"ReadWrite","ExternalSharingModel":"Private"}]}}"#,
    );
    write(
        facts.path(),
        "packages.json",
        r#"{"status":0,"result":{"done":true,"totalSize":1,"records":[{"SubscriberPackage":{"Name":"Fax","NamespacePrefix":"faxer"}}]}}"#,
    );
    let folder = facts.path().to_str().unwrap();
    let (report, _) = scan(project.path(), &["--facts", folder, "--rule", "phi-object-open-by-default"]);
    let found = findings(&report);
    assert!(!asks(&report));
    assert_eq!(found.len(), 1);
    assert!(
        found[0]["message"]
            .as_str()
            .unwrap()
            .contains("whoever inside may read them may see all `Patient__c` records")
    );
    assert!(found[0]["place"]["path"].as_str().unwrap().ends_with("sharing-models.json"));
    let (report, _) = scan(project.path(), &["--facts", folder, "--rule", "package-without-agreement"]);
    assert!(findings(&report)[0]["message"].as_str().unwrap().contains("`faxer`"));
}
