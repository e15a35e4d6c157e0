//! No value of a data file, and no identifier in metadata, comes out in any form.

use crate::{copy, example, phiward};

/// Shapes that rules look for, and words that nothing else holds.
const SSN: &str = "536-22-8716";
const NAME: &str = "Zyxwane Qorvalth";
const BORN: &str = "1947-03-09";
const SECRET: &str = "zq7Qm2vZwL41rTy";
const MAIL: &str = "zyxwane.qorvalth@mailhost.example";

#[test]
fn no_form_of_output_repeats_a_value() {
    let project = tempfile::tempdir().unwrap();
    copy(&example("flawed"), project.path());
    let row = format!("Name,Birthdate,SSN__c,Email\n{NAME},{BORN},{SSN},{MAIL}\n");
    crate::write(project.path(), "data/people.csv", &row);
    let record = format!(
        r#"{{"records":[{{"attributes":{{"type":"Contact","referenceId":"r1"}},"LastName":"{NAME}","Birthdate":"{BORN}","SSN__c":"{SSN}","Email":"{MAIL}"}}]}}"#
    );
    crate::write(project.path(), "data/Contacts.json", &record);
    crate::write(
        project.path(),
        "force-app/main/default/reports/Clinical/Canary.report-meta.xml",
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Report xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    <columns><field>Account.SSN__pc</field></columns>\n    <filter><criteriaItems><column>Account.SSN__pc</column><operator>equals</operator><value>{SSN}</value></criteriaItems></filter>\n    <format>Tabular</format><name>Canary</name><reportType>AccountList</reportType>\n</Report>\n"
        ),
    );
    for (name, value) in [
        ("Plain", format!("<value xsi:type=\"xsd:string\">{SECRET}</value>")),
        ("Broken", format!("<value xsi:type=\"xsd:string\">\n{SECRET}\n</value>")),
    ] {
        crate::write(
            project.path(),
            &format!("force-app/main/default/customMetadata/Canary__mdt.{name}.md-meta.xml"),
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CustomMetadata xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    <label>Canary</label>\n    <values><field>Api_Key__c</field>{value}</values>\n</CustomMetadata>\n"
            ),
        );
    }
    crate::write(
        project.path(),
        "force-app/main/default/objects/Account/listViews/Canary.listView-meta.xml",
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListView xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    <fullName>Canary</fullName>\n    <columns>NAME</columns>\n    <filterScope>Everything</filterScope>\n    <filters><field>SSN__c</field><operation>equals</operation><value>{SSN}</value></filters>\n    <label>Canary</label>\n</ListView>\n"
        ),
    );
    // Where names stand in other files, these have values.
    let bare = format!("{NAME},{SSN}\n{NAME} II,{SSN}\n");
    crate::write(project.path(), "data/bare.csv", &bare);
    crate::write(project.path(), "data/worse.csv", format!("{SSN};{NAME}\n{SSN};SSN {NAME}\n"));
    crate::write(project.path(), "data/header.csv", format!("{NAME} SSN,x\n{SSN},y\n"));
    crate::write(project.path(), "data/keyed.json", format!(r#"{{"{NAME}":"{SSN}","SSN {NAME}":"{SSN}"}}"#));
    crate::write(project.path(), "data/by_number.json", format!(r#"{{"{SSN}":"{SSN}","{MAIL}":"{SSN}"}}"#));
    let path = project.path().to_str().unwrap();
    let out = project.path().join("audit-out");
    let mut written: Vec<(String, Vec<u8>)> = Vec::new();
    for format in ["human", "json", "sarif", "junit", "github"] {
        let output = phiward(&["scan", path, "--all", "--format", format]);
        assert!(!output.stdout.is_empty());
        written.push((format.to_owned(), output.stdout));
        written.push((format!("{format} (errors)"), output.stderr));
    }
    phiward(&["audit", path, "--out", out.to_str().unwrap()]);
    for entry in std::fs::read_dir(&out).unwrap() {
        let entry = entry.unwrap();
        written
            .push((entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap()));
    }
    assert!(written.len() > 12);
    let json = String::from_utf8_lossy(&written[2].1).into_owned();
    assert!(
        [
            "people.csv",
            "Contacts.json",
            "bare.csv",
            "worse.csv",
            "header.csv",
            "keyed.json",
            "by_number.json"
        ]
        .iter()
        .all(|file| json.contains(&format!("data/{file}"))),
        "the canaries were not even found"
    );
    for file in ["Canary__mdt.Plain.md", "Canary__mdt.Broken.md", "Canary.listView"] {
        assert!(json.contains(file), "the canary in `{file}` was not found");
    }
    for (name, bytes) in written {
        let text = String::from_utf8_lossy(&bytes);
        for value in [SSN, "536228716", "Qorvalth", BORN, MAIL, SECRET] {
            assert!(!text.contains(value), "`{name}` repeats a value");
        }
    }
}
