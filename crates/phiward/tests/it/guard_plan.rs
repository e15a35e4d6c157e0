//! What encrypting a field would break: over the example clinic, over a made project, and wrong input.

use std::path::Path;

use serde_json::Value;

use crate::{code, example, metadata, phiward, text, write};

/// A record number that a list view, a flow, a sharing rule, a formula, a report, a matching rule, a layout and a class use.
fn clinic() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        "sfdx-project.json",
        r#"{"packageDirectories":[{"path":"force-app"}],"sourceApiVersion":"66.0"}"#,
    );
    metadata(
        root,
        "objects/Patient__c/fields/MRN__c.field-meta.xml",
        "CustomField",
        "<fullName>MRN__c</fullName><label>Medical Record Number</label><length>20</length><type>Text</type>",
    );
    metadata(
        root,
        "objects/Patient__c/fields/Short__c.field-meta.xml",
        "CustomField",
        "<fullName>Short__c</fullName><formula>LEFT(MRN__c, 4)</formula><label>Short</label><type>Text</type>",
    );
    metadata(
        root,
        "objects/Patient__c/listViews/One.listView-meta.xml",
        "ListView",
        "<columns>MRN__c</columns>\n<filters><field>MRN__c</field><operation>equals</operation><value>1</value></filters>",
    );
    metadata(
        root,
        "sharingRules/Patient__c.sharingRules-meta.xml",
        "SharingRules",
        "<sharingCriteriaRules><fullName>Open</fullName>\n<criteriaItems><field>MRN__c</field><operation>equals</operation><value>1</value></criteriaItems></sharingCriteriaRules>",
    );
    metadata(
        root,
        "flows/Find.flow-meta.xml",
        "Flow",
        "<status>Active</status><recordLookups><name>Get</name>\n<filters><field>MRN__c</field><operator>EqualTo</operator></filters><object>Patient__c</object></recordLookups>",
    );
    metadata(
        root,
        "reports/Ward/All.report-meta.xml",
        "Report",
        "<reportType>CustomEntity$Patient__c</reportType>\n<sortColumn>Patient__c.MRN__c</sortColumn>",
    );
    metadata(
        root,
        "layouts/Patient__c-Main.layout-meta.xml",
        "Layout",
        "<layoutSections><layoutColumns><layoutItems>\n<field>MRN__c</field></layoutItems></layoutColumns></layoutSections>",
    );
    write(
        root,
        "force-app/main/default/classes/A.cls",
        "class A {\n    void find(String mrn) {\n        Patient__c p = [SELECT Name\n            FROM Patient__c\n            \
         WHERE MRN__c LIKE :mrn\n            ORDER BY MRN__c\n        ];\n        if (p.MRN__c == mrn) {\n            p.MRN__c = \
         null;\n        }\n    }\n}\n",
    );
    write(root, "force-app/main/default/pages/A.page", "<apex:page>{!patient.MRN__c}</apex:page>");
    folder
}

fn plan(field: &str, path: &Path, more: &[&str]) -> (String, String, i32) {
    let mut arguments = vec!["guard", "plan", field, path.to_str().unwrap()];
    arguments.extend(more);
    let output = phiward(&arguments);
    (text(&output.stdout), text(&output.stderr), code(&output))
}

fn json(field: &str, path: &Path, more: &[&str]) -> Value {
    let (out, error, code) = plan(field, path, &[more, &["--format", "json"]].concat());
    assert_eq!((code, error.as_str()), (0, ""));
    serde_json::from_str(&out).unwrap()
}

#[test]
fn every_use_is_told_with_its_line_and_what_becomes_of_it() {
    let clinic = clinic();
    let told = json("patient__c.mrn__C", clinic.path(), &[]);
    assert_eq!(told["format"], 1);
    assert_eq!(told["subject"]["object"], "Patient__c");
    assert_eq!(told["subject"]["identifier"], "mrn");
    assert_eq!(
        told["modes"],
        serde_json::json!([
            "probabilistic",
            "deterministic-case-sensitive",
            "deterministic-case-insensitive",
            "gateway"
        ])
    );
    let rows: Vec<[String; 6]> = told["uses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|used| {
            let word = |path: &str| used.pointer(path).unwrap().as_str().unwrap().to_owned();
            [
                word("/use"),
                word("/component"),
                used["place"]["start"]["line"].to_string(),
                word("/judgements/probabilistic/outcome"),
                word("/judgements/deterministic-case-insensitive/outcome"),
                word("/judgements/gateway/outcome"),
            ]
        })
        .collect();
    let equal = "works-by-equality-only";
    assert_eq!(
        rows,
        [
            ["sharing-criterion", "SharingRules:Patient__c.Open", "4", "breaks", "breaks", equal],
            ["formula", "CustomField:Patient__c.Short__c", "3", "breaks", "breaks", "breaks"],
            ["list-view-filter", "ListView:Patient__c.One", "4", "breaks", equal, equal],
            ["report-sort", "Report:Ward/All", "4", "breaks", "unknown", "breaks"],
            ["flow-filter", "Flow:Find", "4", "breaks", equal, equal],
            ["code-filter", "Apex:A", "5", "breaks", "breaks", "breaks"],
            ["code-sort", "Apex:A", "6", "breaks", "unknown", "breaks"],
            ["code-write", "Apex:A", "9", "works", "works", "breaks"],
            ["code-condition", "Apex:A", "8", "works", "works", equal],
            ["list-view-column", "ListView:Patient__c.One", "3", "works", "works", "shows-token"],
            ["layout", "Layout:Patient__c-Main", "4", "works", "works", "shows-token"],
        ]
    );
    assert_eq!(told["choice"]["scheme"], "deterministic-case-insensitive");
    assert_eq!(told["choice"]["breaks"]["probabilistic"], 7);
    assert_eq!(told["gateway"]["token"]["ascii"], 86);
    assert_eq!(
        told["gateway"]["companion"],
        serde_json::json!({"name": "MRN_token__c", "type": "Text", "length": 255})
    );
    assert_eq!(told["code"]["standing"], "not-judged-yet");
    assert_eq!(told["code"]["kinds"]["Visualforce"]["all"], 1);
    assert_eq!(told["code"]["kinds"]["Visualforce"]["naming"][0], "force-app/main/default/pages/A.page");
    assert_eq!(told["unread"], serde_json::json!([]));
}

#[test]
fn a_person_reads_the_same() {
    let clinic = clinic();
    let (told, _, code) = plan("Patient__c.MRN__c", clinic.path(), &[]);
    assert_eq!(code, 0);
    let told = told.replace("force-app/main/default/", "");
    for line in [
        "Patient__c.MRN__c: Text(20), custom  objects/Patient__c/fields/MRN__c.field-meta.xml:3",
        "11 uses in metadata and Apex",
        "  probabilistic                          7        0         0       0       4",
        "  gateway token                          5        0         4       2       0",
        "    sharing rules with it as a criterion (whole values): 1",
        "      SharingRules:Patient__c.Open  sharingRules/Patient__c.sharingRules-meta.xml:4",
        "    companion: MRN_token__c Text(255)",
        "      pages/A.page",
    ] {
        assert!(told.lines().any(|own| own == line), "`{line}` is not in\n{told}");
    }
    assert!(told.contains("other code than Apex is not judged yet"), "{told}");
    assert!(told.lines().all(|line| line.chars().count() <= 110 || line.contains("/")), "{told}");
}

#[test]
fn what_is_asked_for_narrows_the_plan() {
    let clinic = clinic();
    let root = clinic.path();
    assert_eq!(
        json("Patient__c.MRN__c", root, &["--for", "gateway"])["modes"],
        serde_json::json!(["gateway"])
    );
    let one = json("Patient__c.MRN__c", root, &["--for", "platform", "--mode", "probabilistic"]);
    assert_eq!(one["modes"], serde_json::json!(["probabilistic"]));
    assert_eq!(one["choice"]["scheme"], "probabilistic");
    assert!(one.get("gateway").is_none());
    let ways = one["migration"].as_array().unwrap();
    assert_eq!((ways.len(), &ways[0]["protect"]), (1, &serde_json::json!("platform")));
    let out = root.join("plan.json");
    let (nothing, _, code) =
        plan("Patient__c.MRN__c", root, &["--format", "json", "--output", out.to_str().unwrap()]);
    assert_eq!((code, nothing.as_str()), (0, ""));
    assert!(serde_json::from_str::<Value>(&std::fs::read_to_string(out).unwrap()).is_ok());
}

#[test]
fn the_example_clinic() {
    let flawed = example("flawed");
    let classic = json("Account.SSN__c", &flawed, &[]);
    assert_eq!(classic["subject"]["asked"]["protect"], "both");
    assert_eq!(classic["platform"]["possible"], "no", "classic encryption cannot be converted");
    assert_eq!(classic["platform"]["replacement"]["type"], "Text");
    assert_eq!(classic["choice"]["protect"], "both");
    let diagnosis = json("account.primary_diagnosis__c", &flawed, &[]);
    assert_eq!(diagnosis["modes"].as_array().unwrap().len(), 3, "the bundle asks for Shield alone");
    assert!(!diagnosis["uses"].as_array().unwrap().is_empty());
    for used in diagnosis["uses"].as_array().unwrap() {
        let place = &used["place"];
        let file = std::fs::read_to_string(flawed.join(place["path"].as_str().unwrap())).unwrap();
        let line = usize::try_from(place["start"]["line"].as_u64().unwrap()).unwrap();
        assert!(file.lines().nth(line - 1).is_some(), "{used}");
    }
    let (_, _, code) = plan("Lab_Result__c.Test_Code__c", &example("mended"), &[]);
    assert_eq!(code, 0);
}

#[test]
fn wrong_input_is_told() {
    let clinic = clinic();
    let wrong = |field: &str, more: &[&str]| {
        let (out, error, code) = plan(field, clinic.path(), more);
        assert_eq!((code, out.as_str()), (2, ""), "{field} {more:?}: {error}");
        error
    };
    let error = wrong("Patient__c.MNR__c", &[]);
    assert!(error.contains("near it: `Patient__c.MRN__c`"), "{error}");
    assert!(wrong("MRN__c", &[]).contains("written OBJECT.FIELD"));
    assert!(wrong("", &[]).contains("written OBJECT.FIELD"));
    assert!(wrong("Patient__c.\u{1b}[31mX", &[]).contains("written OBJECT.FIELD"));
    assert!(!wrong("Patient__c.\u{1b}[31mX", &[]).contains('\u{1b}'));
    assert!(wrong("Patient__c.MRN__c", &["--for", "gateway", "--mode", "probabilistic"]).contains("--mode"));
    wrong("Patient__c.MRN__c", &["--for", "nobody"]);
    wrong("Patient__c.MRN__c", &["--mode", "rot13"]);
    wrong("Patient__c.MRN__c", &["--policy", "no/such/bundle"]);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(plan("Patient__c.MRN__c", empty.path(), &[]).2, 2);
    assert_eq!(plan("Patient__c.MRN__c", Path::new("no/such/folder"), &[]).2, 2);

    let bundle = "version: 1\norganisation: {name: Clinic, roles: [covered-entity]}\nregions: [us]\n";
    write(clinic.path(), "phiward/phiward.yaml", bundle);
    write(
        clinic.path(),
        "phiward/classification/patients.yaml",
        "objects:\n  Patient__c:\n    fields:\n      MRN__c: {class: phi, protect: gateway}\n",
    );
    assert!(wrong("Patient__c.MRN__c", &["--mode", "probabilistic"]).contains("add --for platform"));
    assert_eq!(
        plan("Patient__c.MRN__c", clinic.path(), &["--for", "platform", "--mode", "probabilistic"]).2,
        0
    );
}

#[test]
fn broken_files_cost_no_more_than_themselves() {
    let clinic = clinic();
    write(clinic.path(), "force-app/main/default/flows/Broken.flow-meta.xml", "<Flow><recordLookups>");
    let told = json("Patient__c.MRN__c", clinic.path(), &[]);
    assert_eq!(told["uses"].as_array().unwrap().len(), 11);
    assert_eq!(told["unread"][0]["path"], "force-app/main/default/flows/Broken.flow-meta.xml");
}
