//! `phiward impact` on real repositories: every kind of change, nothing for a moved line, the base's approvers, and
//! nothing of a stranger's repository run.

use std::path::Path;

use serde_json::Value;

use crate::commands::git;
use crate::{DAY, FIELD, code, copy, example, phiward, small_project, text, write};

const DIAGNOSIS: &str = "force-app/main/default/objects/Patient__c/fields/Diagnosis__c.field-meta.xml";

fn impact(path: &Path, words: &[&str]) -> (Value, i32) {
    let mut arguments = vec!["impact"];
    arguments.extend(words);
    arguments.extend(["--path", path.to_str().unwrap(), "--on", DAY, "--format", "json"]);
    let output = phiward(&arguments);
    let assessed = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (assessed, code(&output))
}

fn changes(impact: &Value) -> &Vec<Value> {
    impact["changes"].as_array().unwrap()
}

fn commit(folder: &Path, message: &str) {
    git(folder, &["add", "--all", "."]);
    git(folder, &["commit", "--quiet", "--message", message]);
}

fn repository(folder: &Path) {
    git(folder, &["init", "--quiet"]);
    commit(folder, "one");
}

/// The clinic in a repository: flawed, then mended.
fn clinic() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&example("flawed"), folder.path());
    repository(folder.path());
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with(".git") {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    copy(&example("mended"), folder.path());
    commit(folder.path(), "two");
    folder
}

#[test]
fn mending_narrows_and_the_way_back_widens() {
    let clinic = clinic();
    let (mended, exit) = impact(clinic.path(), &["HEAD~1", "HEAD"]);
    assert_eq!(exit, 0, "no finding is new");
    assert_eq!(mended["summary"]["worst"], Value::Null);
    assert!(mended["summary"]["narrows"].as_u64() > mended["summary"]["widens"].as_u64());
    assert_eq!(mended["approval"]["bundle"], "changed");
    assert_eq!(mended["approval"]["required"], 1);
    assert_eq!(mended["approval"]["people"][0]["id"], "mara-voss");
    assert_eq!(mended["approval"]["notYet"].as_array().unwrap().len(), 2);
    let (_, exit) = impact(clinic.path(), &["HEAD~1", "HEAD", "--fail-on-widening"]);
    assert_eq!(exit, 1, "the bundle permits more");

    let (flawed, exit) = impact(clinic.path(), &["HEAD", "HEAD~1"]);
    assert_eq!(exit, 1);
    assert_eq!(flawed["summary"]["worst"], "critical");
    assert_eq!(flawed["approval"]["required"], 2, "two must approve by the mended bundle");
    // Every kind of change is among them, one way or the other.
    assert!(changes(&mended).iter().any(|change| change["kind"] == "acceptance"), "two risks are accepted");
    for kind in ["finding", "policy", "access", "records", "flow", "endpoint", "field", "gap"] {
        let of = |one: &Value| changes(one).iter().filter(|change| change["kind"] == kind).count();
        assert!(of(&mended) > 0 && of(&flawed) > 0, "{kind}");
    }
    // What came one way went the other.
    let findings = |one: &Value, effect: &str| {
        let of = |change: &&Value| match change["kind"].as_str() {
            Some("finding") => change["effect"] == effect,
            // What was accepted on the way there counts again on the way back.
            Some("acceptance") => effect == "narrows",
            _ => false,
        };
        changes(one).iter().filter(of).map(|change| change["fingerprint"].to_string()).collect::<Vec<_>>()
    };
    let (mut gone, mut new) = (findings(&mended, "narrows"), findings(&flawed, "widens"));
    gone.sort();
    new.sort();
    assert_eq!(gone, new);

    // The path by which access comes about, and whose data it is.
    let access = changes(&flawed).iter().find(|change| {
        change["principal"] == "profile:Harbor Portal Profile"
            && change["effect"] == "widens"
            && change["kind"] == "access"
    });
    let access = access.unwrap();
    assert!(access["by"].to_string().contains("field permission on"), "{access}");
    assert_eq!(access["data"][0]["subject"], "Patient__c");
    assert!(!access["controls"].as_array().unwrap().is_empty());
    // Apex that changed is not called fine.
    // Components that changed are not called fine.
    assert!(
        !flawed["notJudged"]["Lightning web components"].as_array().unwrap().is_empty(),
        "{}",
        flawed["notJudged"]
    );
}

#[test]
fn folders_and_revisions_say_the_same() {
    let clinic = clinic();
    let (by_revision, _) = impact(clinic.path(), &["HEAD~1", "HEAD"]);
    let (by_folder, _) =
        impact(clinic.path(), &[example("flawed").to_str().unwrap(), example("mended").to_str().unwrap()]);
    assert_eq!(by_revision["changes"], by_folder["changes"]);
    assert_eq!(by_revision["base"]["sourceDigest"], by_folder["base"]["sourceDigest"]);
    // The working tree is the last commit.
    let (by_tree, _) = impact(clinic.path(), &["HEAD~1"]);
    assert_eq!(by_revision["changes"], by_tree["changes"]);
}

#[test]
fn what_moves_changes_nothing() {
    let project = small_project();
    repository(project.path());
    let moved = FIELD.replace("    <fullName>", "\n\n    <!-- what was found -->\n    <fullName>");
    write(project.path(), DIAGNOSIS, moved);
    let (told, exit) = impact(project.path(), &["HEAD", "--fail-on", "info", "--fail-on-widening"]);
    assert_eq!((changes(&told), exit), (&Vec::new(), 0));
    assert_eq!(told["files"]["changed"], 1);
    // Line ends of a checkout change not even the file.
    write(project.path(), DIAGNOSIS, FIELD.replace('\n', "\r\n"));
    let (told, _) = impact(project.path(), &["HEAD"]);
    assert_eq!((changes(&told).len(), told["files"]["changed"].as_u64()), (0, Some(0)));
}

#[test]
fn a_new_field_of_patients_is_told_with_its_readers() {
    let project = small_project();
    repository(project.path());
    write(
        project.path(),
        &DIAGNOSIS.replace("Diagnosis", "Allergies"),
        FIELD.replace("Diagnosis", "Allergies"),
    );
    write(
        project.path(),
        "force-app/main/default/permissionsets/Nurses.permissionset-meta.xml",
        r#"<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">
    <fieldPermissions>
        <editable>false</editable>
        <field>Patient__c.Allergies__c</field>
        <readable>true</readable>
    </fieldPermissions>
    <fieldPermissions>
        <editable>true</editable>
        <field>Patient__c.Diagnosis__c</field>
        <readable>true</readable>
    </fieldPermissions>
    <label>Nurses</label>
    <objectPermissions>
        <allowCreate>false</allowCreate>
        <allowDelete>false</allowDelete>
        <allowEdit>true</allowEdit>
        <allowRead>true</allowRead>
        <modifyAllRecords>false</modifyAllRecords>
        <object>Patient__c</object>
        <viewAllRecords>false</viewAllRecords>
    </objectPermissions>
</PermissionSet>
"#,
    );
    let (told, _) = impact(project.path(), &["HEAD"]);
    let how = |kind: &str, what: &str| {
        let of = |change: &&Value| change["kind"] == kind && change["what"].as_str().unwrap().contains(what);
        let found = changes(&told).iter().find(of);
        found.unwrap_or_else(|| panic!("{told:#}"))["how"].as_str().unwrap().to_owned()
    };
    let field = how("field", "Allergies__c");
    assert!(field.contains("is new and holds phi") && field.contains("permission set `Nurses`"), "{field}");
    let access: Vec<&str> = changes(&told)
        .iter()
        .filter(|change| change["kind"] == "access" && change["effect"] == "widens")
        .map(|change| change["how"].as_str().unwrap())
        .collect();
    assert_eq!(
        access,
        [
            "is new and can read `Patient__c.Allergies__c`",
            "is new and can read and edit `Patient__c.Diagnosis__c`"
        ]
    );
    // Untracked files are part of the working tree, and not of HEAD.
    let (none, _) = impact(project.path(), &["HEAD", "HEAD"]);
    assert_eq!(changes(&none).len(), 0);
}

/// A change cannot appoint its own approvers.
#[test]
fn a_bundle_is_approved_by_those_whom_the_base_names() {
    let main = |who: &str| {
        format!(
            "version: 1\norganisation: {{name: Harbor, roles: [covered-entity]}}\nregions: [us]\napprovers:\n  required: 1\n  people:\n    - {{id: {who}, name: {who}, role: officer}}\n"
        )
    };
    let project = small_project();
    write(project.path(), "phiward/phiward.yaml", main("mara-voss"));
    repository(project.path());
    write(project.path(), "phiward/phiward.yaml", main("eve"));
    let (told, _) = impact(project.path(), &["HEAD"]);
    assert_eq!(told["approval"]["people"][0]["id"], "mara-voss");
    assert_eq!(told["approval"]["notYet"][0]["id"], "eve");
    for change in changes(&told) {
        assert_eq!((&change["kind"], &change["approval"]), (&Value::from("policy"), &Value::from("bundle")));
        assert_eq!(change["place"]["path"], "phiward/phiward.yaml");
    }
    let markdown =
        phiward(&["impact", "HEAD", "--path", project.path().to_str().unwrap(), "--format", "markdown"]);
    assert!(text(&markdown.stdout).contains("by the base's bundle 1 of these must approve: mara-voss"));
    // A bundle beside the project is read as it stood on either side, too.
    let named = project.path().join("phiward");
    let (same, _) = impact(project.path(), &["HEAD", "--policy", named.to_str().unwrap()]);
    assert_eq!(same["changes"], told["changes"]);
    // The first bundle has nobody who could approve it.
    let bare = small_project();
    repository(bare.path());
    write(bare.path(), "phiward/phiward.yaml", main("eve"));
    let (first, _) = impact(bare.path(), &["HEAD"]);
    assert_eq!(
        (&first["approval"]["bundle"], &first["approval"]["required"]),
        (&Value::from("first"), &Value::Null)
    );
}

/// A stranger's repository names programs that a checkout, a fetch or a look at it would run.
#[cfg(unix)]
#[test]
fn nothing_of_the_repository_is_run() {
    let project = small_project();
    write(project.path(), ".gitattributes", "*.xml filter=evil diff=evil\n");
    repository(project.path());
    std::os::unix::fs::symlink("/etc", project.path().join("force-app/outside")).unwrap();
    write(
        project.path(),
        &DIAGNOSIS.replace("Diagnosis", "Allergies"),
        FIELD.replace("Diagnosis", "Allergies"),
    );
    commit(project.path(), "two");
    let ran = project.path().join("ran");
    let touch = format!("touch {}; cat", ran.display());
    for (key, value) in [
        ("filter.evil.smudge", touch.as_str()),
        ("filter.evil.process", &touch),
        ("diff.evil.textconv", &touch),
        ("core.fsmonitor", &touch),
        ("core.pager", &touch),
        ("core.sshCommand", &touch),
        ("protocol.ext.allow", "always"),
        ("remote.evil.promisor", "true"),
        ("remote.evil.url", &format!("ext::sh -c touch% {}", ran.display())),
        ("extensions.partialClone", "evil"),
    ] {
        git(project.path(), &["config", key, value]);
    }
    write(project.path(), ".git/hooks/post-index-change", format!("#!/bin/sh\ntouch {}\n", ran.display()));
    let hook = project.path().join(".git/hooks/post-index-change");
    std::fs::set_permissions(hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (told, _) = impact(project.path(), &["HEAD~1", "HEAD"]);
    assert!(told.to_string().contains("Allergies__c"));
    let link = changes(&told).iter().find(|change| change["kind"] == "unread").unwrap();
    assert!(link["how"].to_string().contains("link-not-followed"), "a link is told and not followed: {link}");
    // Where an object is missing, nothing fetches it and nothing is left out in silence.
    let blob = String::from_utf8(
        std::process::Command::new("git")
            .arg("-C")
            .arg(project.path())
            .args(["rev-parse", &format!("HEAD:{}", DIAGNOSIS.replace("Diagnosis", "Allergies"))])
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    let (start, rest) = blob.trim().split_at(2);
    std::fs::remove_file(project.path().join(".git/objects").join(start).join(rest)).unwrap();
    let (told, exit) = impact(project.path(), &["HEAD~1", "HEAD", "--fail-on", "critical"]);
    let (_, high) = impact(project.path(), &["HEAD~1", "HEAD"]);
    assert_eq!((exit, high), (0, 1), "a file that is not there counts as high");
    assert!(told.to_string().contains("object-missing"), "{told:#}");
    assert!(!ran.exists(), "a program of the repository ran");
}

#[test]
fn a_cache_changes_nothing_but_the_time() {
    let clinic = clinic();
    let cache = tempfile::tempdir().unwrap();
    let path = clinic.path().to_str().unwrap();
    let told = |format: &str, more: &[&str]| {
        let mut words = vec!["impact", "HEAD~1", "--path", path, "--on", DAY, "--format", format];
        words.extend(more);
        phiward(&words).stdout
    };
    let folder = ["--cache", cache.path().to_str().unwrap()];
    let files = || {
        let mut all: Vec<_> =
            std::fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    };
    for format in ["json", "human", "markdown"] {
        let without = told(format, &[]);
        assert!(!without.is_empty());
        assert!(told(format, &folder) == without, "{format}");
        assert!(told(format, &folder) == without, "{format}: from the cache");
    }
    // The base alone: the working tree is never kept.
    assert_eq!(files().len(), 1);
    // Nothing in it but what a report holds.
    let kept = std::fs::read_to_string(&files()[0]).unwrap();
    for value in ["078-05-1120", "219-09-9999", "1EG4-TE5-MK73"] {
        assert!(!kept.contains(value), "{value}");
    }
    // Another day is another snapshot.
    let other = phiward(&["impact", "HEAD~1", "--path", path, "--on", "2026-11-22", folder[0], folder[1]]);
    assert!(code(&other) < 2);
    assert_eq!(files().len(), 2);
    // What is broken, foreign or changed by hand is not believed.
    let sound = told("json", &[]);
    for broken in [
        "",
        "{}",
        &kept.replacen("Patient", "Parent", 1),
        &kept.replacen(DAY, "2020-01-01", 1),
        kept.split_at(kept.len() / 2).0,
    ] {
        for file in files() {
            std::fs::write(file, broken).unwrap();
        }
        assert!(told("json", &folder) == sound, "a cache file was believed");
    }
}

#[test]
fn a_project_that_is_new_or_gone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "README.md", "nothing yet\n");
    repository(folder.path());
    copy(small_project().path(), &folder.path().join("crm"));
    let crm = folder.path().join("crm");
    let (told, _) = impact(&crm, &["HEAD"]);
    assert!(changes(&told).iter().any(|change| change["kind"] == "field" && change["effect"] == "widens"));
    // To lose the project is no clean bill.
    commit(folder.path(), "two");
    std::fs::remove_dir_all(&crm).unwrap();
    let output = phiward(&["impact", "HEAD", "--path", crm.to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("holds no Salesforce metadata"), "{}", text(&output.stderr));
    let (gone, _) = impact(&crm, &["HEAD~1", "HEAD"]);
    assert_eq!(changes(&gone).len(), changes(&told).len());
}

#[test]
fn wrong_words_are_wrong_usage() {
    let project = small_project();
    let path = project.path().to_str().unwrap();
    let outside = phiward(&["impact", "HEAD", "--path", path]);
    assert_eq!(code(&outside), 2, "no repository");
    repository(project.path());
    let empty = tempfile::tempdir().unwrap();
    for wrong in [
        &["impact"][..],
        &["impact", "no-such-revision", "--path", path],
        &["impact", "--upload-pack=x", "--path", path],
        &["impact", "", "--path", path],
        &["impact", "HEAD", "no-such-revision", "--path", path],
        &["impact", "HEAD", empty.path().to_str().unwrap(), "--path", path],
        &["impact", "HEAD", "--path", path, "--format", "pdf"],
        &["impact", "HEAD", "--path", path, "--policy", "no/such/bundle"],
        &["impact", "HEAD", "--path", path, "--facts", "no/such/facts"],
        &["impact", "HEAD", "--path", path, "--fail-on", "awful"],
        &["impact", "HEAD", "--path", path, "--on", "yesterday"],
    ] {
        let output = phiward(wrong);
        assert_eq!(code(&output), 2, "{wrong:?}");
        assert!(!output.stderr.is_empty(), "{wrong:?} says nothing");
    }
    // A bundle with an error judges nothing, on whichever side it stands.
    write(project.path(), "phiward/phiward.yaml", "version: 1\norganisation: {nam: X}\nregions: [us]\n");
    let output = phiward(&["impact", "HEAD", "--path", path]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("head `the working tree`: the policy bundle has errors"));
}
