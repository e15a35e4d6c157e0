//! Projects whose objects stand in code alone: listed, asked about, decided, proposed, and taken unseen.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{code, metadata, phiward, text, write};

const SERVICE: &str = "public with sharing class ReferralService {
    public static List<Referral__c> open() {
        return [SELECT Id, Name, Primary_Cause_of_Death__c, Branch__r.Name, (SELECT Id FROM Visits__r)
            FROM Referral__c WHERE Donor_Name__c != null];
    }
    public static void save(Referral__c known) {
        Referral__c one = new Referral__c(Id = known.Id, Date_of_Birth__c = known.Date_of_Birth__c);
        one.Diagnosis__c = known.Diagnosis__c;
        update one;
        HttpRequest request = new HttpRequest();
        request.setEndpoint('callout:Lab_Gateway/v1');
    }
}
";

const BUNDLE: &str = "version: 1\norganisation: {name: X}\nregions: [us]\n";

/// A project of Apex alone, in a repository of its own.
fn apex_alone() -> tempfile::TempDir {
    let project = tempfile::tempdir().unwrap();
    let classes = "force-app/main/default/classes";
    write(project.path(), "sfdx-project.json", r#"{"packageDirectories":[{"path":"force-app"}]}"#);
    write(project.path(), &format!("{classes}/ReferralService.cls"), SERVICE);
    write(
        project.path(),
        &format!("{classes}/ReferralServiceTest.cls"),
        "@IsTest\nprivate class ReferralServiceTest {\n    @IsTest static void it() { Probe__c one = new Probe__c(); one.Reading__c = 'x'; }\n}\n",
    );
    git(project.path(), &["init", "-q"]);
    project
}

fn git(project: &Path, words: &[&str]) {
    let output = Command::new("git").args(words).current_dir(project).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
}

/// The output of `phiward classify PROJECT ...`, which went well.
fn classify(project: &Path, more: &[&str]) -> (String, String) {
    let output = phiward(&[&["classify", project.to_str().unwrap()], more].concat());
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

/// Reads a sheet back and applies the patch; what was told beside it.
fn decide(project: &Path, sheet: &str, more: &[&str]) -> String {
    write(project, "decided.csv", sheet);
    let (csv, patch) = (project.join("decided.csv"), project.join("decided.patch"));
    let words = ["--from", csv.to_str().unwrap(), "--output", patch.to_str().unwrap()];
    let (_, told) = classify(project, &[&words[..], more].concat());
    git(project, &["apply", "decided.patch"]);
    told
}

fn rows(project: &Path) -> Vec<Value> {
    serde_json::from_str(&classify(project, &["--format", "json"]).0).unwrap()
}

fn row(project: &Path, object: &str, field: &str) -> Value {
    let found = rows(project).into_iter().find(|row| row["object"] == object && row["field"] == field);
    found.unwrap_or_else(|| panic!("{object}.{field} is not listed"))
}

#[test]
fn what_only_code_names_is_listed_with_the_place() {
    let project = apex_alone();
    let cause = row(project.path(), "Referral__c", "Primary_Cause_of_Death__c");
    assert_eq!((cause["class"].as_str(), cause["named_by"].as_str()), (Some("phi"), Some("code")));
    let reason = cause["reason"].as_str().unwrap();
    let place = "only code names it: force-app/main/default/classes/ReferralService.cls:3";
    assert!(reason.ends_with(place), "{reason}");
    let names: Vec<String> = rows(project.path())
        .iter()
        .map(|row| format!("{}.{}", row["object"].as_str().unwrap(), row["field"].as_str().unwrap()))
        .collect();
    assert_eq!(
        names,
        [
            "Branch__c.Name",
            "Referral__c.Branch__c",
            "Referral__c.Date_of_Birth__c",
            "Referral__c.Diagnosis__c",
            "Referral__c.Donor_Name__c",
            "Referral__c.Name",
            "Referral__c.Primary_Cause_of_Death__c",
        ]
    );
    let (table, _) = classify(project.path(), &[]);
    assert!(table.contains("7 fields") && table.contains("7 of them only code names"), "{table}");
}

#[test]
fn a_project_without_any_name_is_refused() {
    let project = tempfile::tempdir().unwrap();
    write(project.path(), "force-app/main/default/classes/A.cls", "public class A {}");
    let output = phiward(&["classify", project.path().to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("neither in metadata nor in Apex"), "{}", text(&output.stderr));
    let output = phiward(&["classify", apex_alone().path().to_str().unwrap(), "--write"]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("no field file"), "{}", text(&output.stderr));
}

#[test]
fn questions_about_objects_of_code_come_back_as_answers() {
    let project = apex_alone();
    let path = project.path();
    write(path, "phiward/phiward.yaml", BUNDLE);
    let (sheet, _) = classify(path, &["--questions", "--format", "csv"]);
    let asked: Vec<&str> = sheet.lines().filter(|line| line.contains("only code names it")).collect();
    assert!(asked.len() == 1 && asked[0].starts_with("\"Referral__c\""), "{sheet}");
    let head = "Object,Field,Decided class,Decided identifier,Decided subject\n";
    decide(
        path,
        &format!("{head}Referral__c,,patient,,\nReferral__c,donor_name__c,phi-sensitive,name,\n"),
        &[],
    );
    assert_eq!(
        std::fs::read_to_string(path.join("phiward/classification/reviewed.yaml")).unwrap(),
        "objects:\n  Referral__c:\n    subject: self\n    fields:\n      Donor_Name__c: {class: phi-sensitive, identifier: name}\n"
    );
    let name = row(path, "Referral__c", "Donor_Name__c");
    assert_eq!((name["class"].as_str(), name["evidence"].as_str()), (Some("phi-sensitive"), Some("bundle")));
    let (next, _) = classify(path, &["--questions"]);
    assert!(!next.contains("  Referral__c "), "{next}");
}

#[test]
fn names_that_neither_metadata_nor_code_has_are_refused_with_the_near_ones() {
    let project = apex_alone();
    let path = project.path();
    write(path, "phiward/phiward.yaml", BUNDLE);
    write(
        path,
        "decided.csv",
        "Object,Field,Decided class,Decided identifier,Decided subject\nReferal__c,,patient,,\nReferral__c,Doner_Name__c,phi,,\nReferral__c,,about-patient,,Brunch__c\n",
    );
    let sheet = path.join("decided.csv");
    let output = phiward(&["classify", path.to_str().unwrap(), "--from", sheet.to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    let told = text(&output.stderr);
    for line in [
        "decided.csv:2:1: the project has no object `Referal__c`, neither in metadata nor in code; near it: `Referral__c`",
        "decided.csv:3:1: the project has no field `Referral__c.Doner_Name__c`, neither in metadata nor in code; near it: `Referral__c.Donor_Name__c`",
        "decided.csv:4:1: `Referral__c` has no field `Brunch__c`",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
}

#[test]
fn names_that_pages_tests_and_metadata_write_can_be_decided() {
    let project = apex_alone();
    let path = project.path();
    write(path, "phiward/phiward.yaml", BUNDLE);
    write(
        path,
        "force-app/main/default/pages/Referral.page",
        "<apex:page standardController=\"Referral__c\">{!Referral__c.Religion__c}</apex:page>",
    );
    decide(
        path,
        "Object,Field,Decided class,Decided identifier\nReferral__c,Religion__c,phi-sensitive,\nProbe__c,Reading__c,internal,\n",
        &[],
    );
    let reviewed = std::fs::read_to_string(path.join("phiward/classification/reviewed.yaml")).unwrap();
    assert!(reviewed.contains("Religion__c: {class: phi-sensitive}"), "{reviewed}");
    assert!(reviewed.contains("Reading__c: {class: internal}"), "{reviewed}");
}

#[test]
fn init_proposes_what_only_code_names() {
    let project = apex_alone();
    let path = project.path().to_str().unwrap();
    assert_eq!(code(&phiward(&["init", path])), 0);
    let read = |file: &str| std::fs::read_to_string(project.path().join("phiward").join(file)).unwrap();
    let objects = read("classification/objects.yaml");
    assert!(objects.contains("Referral__c:\n"), "{objects}");
    assert!(objects.contains("Primary_Cause_of_Death__c: {class: phi, identifier: clinical}"), "{objects}");
    let parties = read("parties.yaml");
    assert!(parties.contains("# check: endpoints: [{named_credential: \"Lab_Gateway\"}]"), "{parties}");
    assert!(parties.contains("seen in force-app/main/default/classes/ReferralService.cls:11"), "{parties}");
    assert!(read("questions.md").contains("named credential `Lab_Gateway`"));
    let undeclared = || {
        let scan = ["scan", path, "--rule", "endpoint-needs-declaration", "--format", "json"];
        let report: Value = serde_json::from_slice(&phiward(&scan).stdout).unwrap();
        report["findings"].as_array().unwrap().len()
    };
    assert_eq!(undeclared(), 1);
    write(project.path(), "phiward/parties.yaml", parties.replace("# check: ", ""));
    assert_eq!(undeclared(), 0);
}

#[test]
fn what_is_proposed_is_taken_in_one_step_and_says_that_nobody_looked() {
    let project = apex_alone();
    let path = project.path();
    assert_eq!(code(&phiward(&["init", path.to_str().unwrap()])), 0);
    let refused = phiward(&["classify", path.to_str().unwrap(), "--accept-proposed"]);
    assert_eq!(code(&refused), 2, "nobody takes it");
    let mara = ["--accept-proposed", "--by", "mara-voss"];
    let told = decide(
        path,
        "Object,Field,Decided class,Decided identifier\nReferral__c,Diagnosis__c,phi-sensitive,clinical\n",
        &mara,
    );
    assert!(told.contains("accepted unseen by mara-voss on "), "{told}");
    let objects = std::fs::read_to_string(path.join("phiward/classification/objects.yaml")).unwrap();
    let unseen = |line: &str| {
        objects
            .lines()
            .any(|own| own.trim().starts_with(line) && own.contains("unseen: {by: mara-voss, on: 2"))
    };
    assert!(unseen("Donor_Name__c: {class: phi"), "{objects}");
    assert!(objects.contains("    patients: true\n    unseen: {by: mara-voss, on: 2"), "{objects}");
    assert!(objects.contains("Diagnosis__c: {class: phi-sensitive, identifier: clinical}    #"), "{objects}");
    assert!(!objects.contains("# check: patients"), "{objects}");
    let check = phiward(&["policy", "check", path.join("phiward").to_str().unwrap()]);
    assert_eq!(code(&check), 0, "{}", text(&check.stdout));
    assert!(text(&check.stdout).contains("[accepted-unseen]"), "{}", text(&check.stdout));
    let name = row(path, "Referral__c", "Donor_Name__c");
    assert!(name["reason"].as_str().unwrap().contains("accepted unseen by mara-voss on 2"), "{name}");

    // Whoever decides it takes the word away, and a second step takes nothing back.
    decide(
        path,
        "Object,Field,Decided class,Decided identifier\nReferral__c,Donor_Name__c,phi,name\nReferral__c,,patient,\n",
        &[],
    );
    let name = row(path, "Referral__c", "Donor_Name__c");
    assert!(!name["reason"].as_str().unwrap().contains("unseen"), "{name}");
    let objects = std::fs::read_to_string(path.join("phiward/classification/objects.yaml")).unwrap();
    assert!(
        objects.contains("  Referral__c:\n    subject: self\n    patients: true\n    fields:\n"),
        "{objects}"
    );
    let (patch, told) = classify(path, &mara);
    let is_taken_away = |line: &str| line.starts_with('-') && !line.starts_with("---");
    assert!(!patch.lines().any(is_taken_away), "{told}{patch}");
}

#[test]
fn answers_in_the_sheet_change_nothing_of_what_is_taken_beside_them() {
    let project = apex_alone();
    let path = project.path();
    write(
        path,
        "force-app/main/default/classes/Consults.cls",
        "public class Consults { void a(Consult__c one) { one.Discussion__c = 'x'; one.Patient_Notes__c = 'y'; one.Diagnosis__c = 'z'; } }",
    );
    write(path, "phiward/phiward.yaml", BUNDLE);
    let (questions, _) = classify(path, &["--questions", "--format", "json"]);
    let questions: Value = serde_json::from_str(&questions).unwrap();
    let keeps = |name: &str| {
        let found = questions["objects"].as_array().unwrap().iter().find(|one| one["object"] == name);
        found.unwrap_or_else(|| panic!("{questions}"))["keeps"].as_str().unwrap().to_owned()
    };
    assert_eq!(keeps("Consult__c"), "about-patient");
    decide(
        path,
        "Object,Field,Decided class,Decided identifier\nReferral__c,,no-patient,\n",
        &["--accept-proposed", "--by", "ann"],
    );
    let reviewed = std::fs::read_to_string(path.join("phiward/classification/reviewed.yaml")).unwrap();
    assert!(
        reviewed.contains("  Consult__c:\n    patients: true\n    unseen: {by: ann, on: 2"),
        "{reviewed}"
    );
    assert!(reviewed.contains("  Referral__c:\n    patients: false\n"), "{reviewed}");
}

#[test]
fn what_an_answer_makes_a_patients_is_not_taken_for_nobodys() {
    let project = apex_alone();
    let path = project.path();
    metadata(
        path,
        "objects/Shelf__c/fields/Contact__c.field-meta.xml",
        "CustomField",
        "<fullName>Contact__c</fullName><label>Contact</label><type>Lookup</type><referenceTo>Contact</referenceTo>",
    );
    metadata(
        path,
        "objects/Shelf__c/fields/Height__c.field-meta.xml",
        "CustomField",
        "<fullName>Height__c</fullName><label>Height</label><type>Number</type>",
    );
    write(
        path,
        "force-app/main/default/classes/People.cls",
        "public class People { void a(Contact one) { one.Diagnosis__c = 'x'; one.LastName = 'y'; } }",
    );
    write(path, "phiward/phiward.yaml", BUNDLE);
    let sheet =
        |more: &str| format!("Object,Field,Decided class,Decided identifier\nContact,,patient,\n{more}");
    let ann = ["--accept-proposed", "--by", "ann"];
    write(path, "decided.csv", sheet("Shelf__c,,no-patient,\n"));
    let csv = path.join("decided.csv");
    let (patch, told) = classify(path, &[&["--from", csv.to_str().unwrap()], &ann[..]].concat());
    assert!(
        told.contains("their objects keep no patients and they look like a patient's: Shelf__c.Contact__c\n"),
        "{told}"
    );
    assert!(
        patch.contains("+  Shelf__c:\n+    patients: false\n") && !patch.contains("Contact__c:"),
        "{patch}"
    );
    let told = decide(path, &sheet(""), &ann);
    assert!(told.contains("their fields look like a patient's: Shelf__c\n"), "{told}");
    let reviewed = std::fs::read_to_string(path.join("phiward/classification/reviewed.yaml")).unwrap();
    assert!(reviewed.contains("  Shelf__c:\n    fields:\n      Contact__c: {class: phi"), "{reviewed}");
}

#[test]
fn lines_of_what_is_gone_are_told() {
    let project = apex_alone();
    let path = project.path();
    let objects = "objects:\n  Referral__c:\n    subject: self\n    fields:\n      Donor_Name__c: {class: phi}\n      Donor_Nmae__c: {class: phi}\n      pkg__Code__c: {class: phi}\n      Name: {class: phi}\n  Old__c:\n    subject: self\n";
    write(path, "phiward/phiward.yaml", format!("{BUNDLE}{objects}"));
    let (table, _) = classify(path, &[]);
    let (_, end) = table.split_once("what neither metadata nor code has (any more)").unwrap();
    assert!(end.contains("phiward.yaml:9: `Referral__c.Donor_Nmae__c`"), "{table}");
    assert!(end.contains("phiward.yaml:12: `Old__c`"), "{table}");
    assert!(
        !end.contains("Donor_Name__c") && !end.contains("pkg__Code__c") && !end.contains(".Name"),
        "{table}"
    );
    let gone = row(path, "Referral__c", "Donor_Nmae__c");
    assert_eq!(gone["named_by"], "bundle");
    assert!(
        gone["reason"].as_str().unwrap().ends_with("neither metadata nor code has it (any more)"),
        "{gone}"
    );
    // A sheet that is older than the project.
    let sheet = "Object,Field,Decided class,Decided identifier\nReferral__c,Donor_Nmae__c,,\nGone__c,,,\n*,,,\nReferral__c,Diagnosis__c,phi,\n";
    let told = decide(path, sheet, &[]);
    assert!(told.contains("`Referral__c.Donor_Nmae__c` (line 2), `Gone__c` (line 3)\n"), "{told}");
}
