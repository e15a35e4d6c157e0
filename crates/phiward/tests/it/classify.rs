//! What fields hold: shown, tagged, sent to people and taken back.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{code, copy, example, phiward, small_project, text, write};

fn classified(path: &Path, more: &[&str]) -> Vec<Value> {
    let words = [&["classify", path.to_str().unwrap(), "--format", "json"], more].concat();
    let output = phiward(&words);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    serde_json::from_slice::<Vec<Value>>(&output.stdout).unwrap()
}

#[test]
fn json_has_one_object_a_field() {
    let fields = classified(&example("flawed"), &[]);
    assert!(fields.len() > 40);
    for field in &fields {
        for key in ["object", "field", "class", "identifier", "confidence", "evidence", "reason"] {
            assert!(field.get(key).is_some(), "{key}: {field}");
        }
    }
    let ssn = fields.iter().find(|field| field["field"] == "SSN__c").unwrap();
    assert_eq!((ssn["class"].as_str(), ssn["identifier"].as_str()), (Some("phi"), Some("ssn")));
    let table = text(&phiward(&["classify", example("flawed").to_str().unwrap()]).stdout);
    assert!(table.contains("SSN__c") && table.lines().count() < fields.len() + 20);
}

#[test]
fn tags_are_written_in_salesforces_own_form_and_once() {
    let project = small_project();
    let field =
        project.path().join("force-app/main/default/objects/Patient__c/fields/Diagnosis__c.field-meta.xml");
    let before = std::fs::read_to_string(&field).unwrap();
    let path = project.path().to_str().unwrap();
    assert_eq!(code(&phiward(&["classify", path, "--write"])), 0);
    let after = std::fs::read_to_string(&field).unwrap();
    let expected = before
        .replace("</fullName>\n", "</fullName>\n    <complianceGroup>HIPAA</complianceGroup>\n")
        .replace(
            "</length>\n",
            "</length>\n    <securityClassification>Restricted</securityClassification>\n",
        );
    assert_eq!(after, expected);
    let fields = classified(project.path(), &[]);
    assert_eq!(fields[0]["evidence"], "tag");
    let again = phiward(&["classify", path, "--write"]);
    assert!(text(&again.stdout).starts_with("tagged 0 fields"), "{}", text(&again.stdout));
    assert_eq!(std::fs::read_to_string(&field).unwrap(), expected);
}

#[test]
fn a_file_in_another_encoding_is_not_tagged() {
    let project = small_project();
    let field =
        project.path().join("force-app/main/default/objects/Patient__c/fields/Diagnosis__c.field-meta.xml");
    let text_of_it = std::fs::read_to_string(&field).unwrap();
    let latin = text_of_it.replace("UTF-8", "ISO-8859-1");
    let latin: Vec<u8> =
        [latin.replace("</fullName>", "</fullName><!-- ").as_bytes(), b"\xdf --></CustomField>"].concat();
    std::fs::write(&field, &latin).unwrap();
    let output = phiward(&["classify", project.path().to_str().unwrap(), "--write", "--likely"]);
    assert_eq!(std::fs::read(&field).unwrap(), latin);
    assert!(!text(&output.stdout).contains("\u{fffd}"));
}

#[test]
fn what_is_no_api_name_cannot_be_decided() {
    let project = small_project();
    let fields = "force-app/main/default/objects/Patient__c/fields";
    write(
        project.path(),
        &format!("{fields}/Odd__c.field-meta.xml"),
        "<CustomField xmlns=\"http://soap.sforce.com/2006/04/metadata\"><fullName>A__c: {class: public} #</fullName><label>A</label><type>Text</type></CustomField>",
    );
    write(
        project.path(),
        "sheet.csv",
        "Object,Field,Decided class,Decided identifier\nPatient__c,A__c: {class: public} #,phi,ssn\n",
    );
    let path = project.path();
    let output =
        phiward(&["classify", path.to_str().unwrap(), "--from", path.join("sheet.csv").to_str().unwrap()]);
    assert_eq!(code(&output), 2);
    assert!(text(&output.stderr).contains("sheet.csv:2:1:"), "{}", text(&output.stderr));
}

/// The sheet as somebody would send it back: `decided` gives class and identifier for a field.
fn filled_in(sheet: &str, decided: &[(&str, &str, &str)]) -> String {
    sheet
        .lines()
        .map(|line| {
            let found = decided.iter().find(|(field, _, _)| line.contains(&format!("\"{field}\"")));
            match found {
                Some((_, class, identifier)) => {
                    let cut = line.strip_suffix(r#","","","""#).unwrap();
                    format!("{cut},{class},{identifier},because\r\n")
                }
                None => format!("{line}\r\n"),
            }
        })
        .collect()
}

#[test]
fn a_spreadsheet_comes_back_as_a_patch_that_git_applies() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path();
    copy(&example("mended"), project);
    let git = |words: &[&str]| {
        let output = Command::new("git").args(words).current_dir(project).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    };
    git(&["init", "-q"]);
    let path = project.to_str().unwrap();
    let sheet = text(&phiward(&["classify", path, "--format", "csv"]).stdout);
    let sheet = filled_in(&sheet, &[("City__c", "pii", "geographic"), ("MRN__c", "phi-sensitive", "")]);
    write(project, "decided.csv", &sheet);
    let csv = project.join("decided.csv");
    let patch = project.join("decided.patch");
    let output =
        phiward(&["classify", path, "--from", csv.to_str().unwrap(), "--output", patch.to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("must approve it"), "{}", text(&output.stderr));
    git(&["apply", "decided.patch"]);
    let fields = classified(project, &[]);
    let of = |name: &str| fields.iter().find(|field| field["field"] == name).unwrap().clone();
    assert_eq!(
        (of("City__c")["class"].as_str(), of("City__c")["evidence"].as_str()),
        (Some("pii"), Some("bundle"))
    );
    assert_eq!(of("MRN__c")["class"], "phi-sensitive");
    assert_eq!(code(&phiward(&["policy", "check", project.join("phiward").to_str().unwrap()])), 0);
}

#[test]
fn slips_in_a_sheet_are_told_by_line_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    copy(&example("mended"), folder.path());
    let path = folder.path().to_str().unwrap();
    let asked = |sheet: &str| {
        write(folder.path(), "sheet.csv", sheet);
        let output =
            phiward(&["classify", path, "--from", folder.path().join("sheet.csv").to_str().unwrap()]);
        assert_eq!(code(&output), 2);
        text(&output.stderr)
    };
    let head = "Object,Field,Decided class,Decided identifier\n";
    let told = asked(&format!("{head}Account,SSN__c,secret,\nAccount,No__c,phi,\nAccount,SSN__c,,ssn\n"));
    for line in [
        "sheet.csv:2:1: the class is none of",
        "sheet.csv:3:1: the project has no field",
        "sheet.csv:4:1: an identifier",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let twice = asked(&format!("{head}Account,SSN__c,phi,\nAccount,SSN__c,public,\n"));
    assert!(twice.contains("sheet.csv:3:1: an earlier line decides otherwise"), "{twice}");
    assert!(asked("Object;Field;Decided class;Decided identifier\n").contains("commas"));
    assert!(asked("").contains("is empty"));
    assert!(asked(&format!("{head}\"open")).contains("not closed"));
}

#[test]
fn questions_come_back_as_answers_and_bring_the_next_ones() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path();
    copy(small_project().path(), project);
    let objects = "force-app/main/default/objects";
    write(
        project,
        &format!("{objects}/Melo__c/Melo__c.object-meta.xml"),
        "<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\"><label>Melo</label></CustomObject>",
    );
    for (field, more) in [
        ("Who__c", "<type>Lookup</type><referenceTo>Patient__c</referenceTo>"),
        ("Stage_Reason__c", "<type>LongTextArea</type>"),
        ("Sync_Source__c", "<type>Text</type>"),
    ] {
        write(
            project,
            &format!("{objects}/Melo__c/fields/{field}.field-meta.xml"),
            format!(
                "<CustomField xmlns=\"http://soap.sforce.com/2006/04/metadata\"><fullName>{field}</fullName><label>X</label>{more}</CustomField>"
            ),
        );
    }
    write(project, "phiward/phiward.yaml", "version: 1\norganisation: {name: X}\nregions: [us]\n");
    let git = |words: &[&str]| {
        let output = Command::new("git").args(words).current_dir(project).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    };
    git(&["init", "-q"]);
    let path = project.to_str().unwrap();
    let shown = text(&phiward(&["classify", path, "--questions"]).stdout);
    assert!(shown.contains("we would say about-patient, by Who__c"), "{shown}");
    let sheet = text(&phiward(&["classify", path, "--questions", "--format", "csv"]).stdout);
    let rows: Vec<&str> = sheet.lines().filter(|line| line.starts_with("\"Melo__c\"")).collect();
    assert_eq!(rows.len(), 1, "{sheet}");
    let answered = sheet.replace(r#","","","Who__c","""#, r#","about-patient","","Who__c","asked Ann""#);
    assert_ne!(answered, sheet);
    write(project, "answers.csv", &answered);
    let (csv, patch) = (project.join("answers.csv"), project.join("answers.patch"));
    let output =
        phiward(&["classify", path, "--from", csv.to_str().unwrap(), "--output", patch.to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    git(&["apply", "answers.patch"]);
    assert_eq!(
        std::fs::read_to_string(project.join("phiward/classification/reviewed.yaml")).unwrap(),
        "objects:\n  Melo__c:\n    subject: Who__c\n"
    );
    let next = phiward(&["classify", path, "--questions", "--format", "json"]);
    let next: Value = serde_json::from_slice(&next.stdout).unwrap();
    let object = |name: &str| next["objects"].as_array().unwrap().iter().any(|one| one["object"] == name);
    assert!(!object("Melo__c") && object("Patient__c"), "{next}");
    let reason =
        classified(project, &[]).into_iter().find(|field| field["field"] == "Stage_Reason__c").unwrap();
    assert_eq!(reason["class"], "phi");
}

#[test]
fn an_organisation_without_patients_says_so_in_one_line() {
    let project = small_project();
    let path = project.path();
    write(path, "phiward/phiward.yaml", "version: 1\norganisation: {name: X}\nregions: [us]\n");
    let sheet =
        text(&phiward(&["classify", path.to_str().unwrap(), "--questions", "--format", "csv"]).stdout);
    let (head, rest) = sheet.split_once("\"*\"").unwrap();
    let (line, rest) = rest.split_once("\r\n").unwrap();
    let line = line.strip_suffix(r#""","","","""#).unwrap();
    write(path, "answers.csv", format!("{head}\"*\"{line}no-patient,,,\r\n{rest}"));
    let csv = path.join("answers.csv");
    let output = phiward(&["classify", path.to_str().unwrap(), "--from", csv.to_str().unwrap()]);
    let patch = text(&output.stdout);
    assert!(patch.contains("+organisation: {patients: false, name: X}"), "{patch}{}", text(&output.stderr));
}

#[test]
fn an_answer_that_cannot_be_is_told_by_its_line() {
    let project = small_project();
    let path = project.path();
    write(path, "phiward/phiward.yaml", "version: 1\norganisation: {name: X}\nregions: [us]\n");
    let head = "Object,Field,Decided class,Decided identifier,Decided subject\n";
    for (row, told) in [
        ("Patient__c,,phi,,", "patient, about-patient and no-patient"),
        ("Nobody__c,,patient,,", "no object `Nobody__c`"),
        ("Patient__c,,about-patient,,Owner: {x}", "leads to the patient"),
        ("Patient__c,,about-patient,,Nothing__c", "leads to the patient"),
        ("Patient__c,,patient,,\nPatient__c,,no-patient,,", "an earlier line answers otherwise"),
        ("*,,patient,,", "of the whole organisation"),
    ] {
        write(path, "sheet.csv", format!("{head}{row}\n"));
        let sheet = path.join("sheet.csv");
        let output = phiward(&["classify", path.to_str().unwrap(), "--from", sheet.to_str().unwrap()]);
        assert_eq!(code(&output), 2);
        let error = text(&output.stderr);
        assert!(error.contains(told) && error.contains("sheet.csv:"), "{row}: {error}");
    }
}
