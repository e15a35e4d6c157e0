//! Who reaches what: the three forms, the words for a privacy officer, and wrong names.

use std::path::Path;

use serde_json::Value;

use crate::{code, metadata, phiward, text, write};

const FIELD: &str = "Patient__c.Diagnosis__c";

/// Nurses read a diagnosis by a set, a group mutes it, a profile does not say, and a user has all three.
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
        "objects/Patient__c/Patient__c.object-meta.xml",
        "CustomObject",
        "<label>Patient</label>\n<sharingModel>Read</sharingModel>",
    );
    metadata(
        root,
        "objects/Patient__c/fields/Diagnosis__c.field-meta.xml",
        "CustomField",
        "<fullName>Diagnosis__c</fullName><label>Diagnosis</label><type>Text</type>",
    );
    let field = format!(
        "<fieldPermissions><editable>true</editable><field>{FIELD}</field><readable>true</readable></fieldPermissions>"
    );
    let object =
        "<objectPermissions><allowRead>true</allowRead><object>Patient__c</object></objectPermissions>";
    metadata(
        root,
        "permissionsets/Nurses.permissionset-meta.xml",
        "PermissionSet",
        &format!("{field}\n{object}"),
    );
    metadata(root, "mutingpermissionsets/Quiet.mutingpermissionset-meta.xml", "MutingPermissionSet", &field);
    metadata(
        root,
        "permissionsetgroups/Night.permissionsetgroup-meta.xml",
        "PermissionSetGroup",
        "<permissionSets>Nurses</permissionSets><mutingPermissionSets>Quiet</mutingPermissionSets>",
    );
    metadata(root, "profiles/Ward.profile-meta.xml", "Profile", "<custom>true</custom>");
    metadata(
        root,
        "permissionsets/Boss.permissionset-meta.xml",
        "PermissionSet",
        "<userPermissions><enabled>true</enabled><name>ManageUsers</name></userPermissions>",
    );
    write(
        root,
        "facts/users.json",
        r#"[{"Id":"005A","Username":"ann@clinic.example","IsActive":true,"UserType":"Standard","Profile":{"Name":"Ward"}}]"#,
    );
    write(
        root,
        "facts/permission-set-assignments.json",
        r#"[{"AssigneeId":"005A","PermissionSet":{"Name":"Nurses"}}]"#,
    );
    folder
}

fn access(root: &Path, more: &[&str]) -> (String, String, i32) {
    let mut arguments = vec!["access", root.to_str().unwrap()];
    arguments.extend(more);
    let output = phiward(&arguments);
    (text(&output.stdout), text(&output.stderr), code(&output))
}

fn json(root: &Path, more: &[&str]) -> Value {
    let (out, error, code) = access(root, &[more, &["--format", "json"]].concat());
    assert_eq!((code, error.as_str()), (0, ""));
    serde_json::from_str(&out).unwrap()
}

#[test]
fn every_phi_field_is_told_with_all_that_reach_it() {
    let clinic = clinic();
    let facts = clinic.path().join("facts");
    let told = json(clinic.path(), &["--facts", facts.to_str().unwrap()]);
    assert_eq!(told["format"], 1);
    assert_eq!(told["fields"][0]["field"], FIELD);
    assert_eq!(told["fields"][0]["holds"], "phi, clinical");
    let rows: Vec<[&str; 5]> = told["access"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let word = |path: &str| row.pointer(path).unwrap().as_str().unwrap();
            [
                word("/principal"),
                word("/read"),
                word("/edit"),
                word("/records/read/low"),
                word("/records/read/high"),
            ]
        })
        .collect();
    assert_eq!(
        rows,
        [
            ["profile:Ward", "unknown", "unknown", "none", "all"],
            ["permission-set:Nurses", "yes", "no", "all", "all"],
            ["user:ann@clinic.example", "yes", "unknown", "all", "all"],
        ],
        "the group reads nothing: its only field is muted"
    );
    let of = |name: &str| {
        let all = told["principals"].as_array().unwrap();
        all.iter().find(|one| one["principal"] == name).unwrap().clone()
    };
    assert_eq!(
        of("permission-set:Boss")["escalations"],
        serde_json::json!([{"name": "ManageUsers", "answer": "yes"}])
    );
    assert_eq!(of("permission-set:Nurses")["missing"], serde_json::json!([]));
    assert_eq!(of("permission-set:Nurses")["api"], "no");
    assert_eq!(of("profile:Ward")["missing"][1], "retrieve Profile: Ward");
    assert_eq!(json(clinic.path(), &[])["access"].as_array().unwrap().len(), 2, "no users without facts");
}

#[test]
fn a_field_is_told_step_by_step() {
    let clinic = clinic();
    let (told, _, code) = access(clinic.path(), &["--field", "patient__c.DIAGNOSIS__C"]);
    assert_eq!(code, 0);
    let told = told.replace("force-app/main/default/", "");
    for line in [
        "Patient__c.Diagnosis__c (phi, clinical): read by 1, edited by 0; not known of 1",
        "  permission-set:Nurses",
        "    reads the field: yes",
        "      to the object: permission set `Nurses` (permissionsets/Nurses.permissionset-meta.xml:1) > object permission on `Patient__c`: read (permissionsets/Nurses.permissionset-meta.xml:4)",
        "      to the field: permission set `Nurses` (permissionsets/Nurses.permissionset-meta.xml:1) > field permission on `Patient__c.Diagnosis__c`: read and edit (permissionsets/Nurses.permissionset-meta.xml:3)",
        "    edits the field: no",
        "    records of Patient__c: reads all, edits none",
        "      organisation-wide default of `Patient__c`, internal: Read (objects/Patient__c/Patient__c.object-meta.xml:4)",
        "        retrieve Profile: Ward",
    ] {
        assert!(told.lines().any(|own| own == line), "`{line}` is not in\n{told}");
    }
    let explained = json(clinic.path(), &["--field", FIELD, "--principal", "permission-set:Nurses"]);
    let step = &explained["access"][0]["explained"]["read"]["byField"]["paths"][0]["steps"][1];
    assert_eq!(step["words"], "field permission on `Patient__c.Diagnosis__c`: read and edit");
    assert_eq!(step["place"]["line"], 3);
}

#[test]
fn a_principal_is_told_with_what_else_it_can_do() {
    let clinic = clinic();
    let (told, _, _) = access(clinic.path(), &["--principal", "permission-set:boss"]);
    assert!(told.contains("read by 0, edited by 0; not known of 0"), "{told}");
    assert!(told.contains("can get more: ManageUsers, makes users"), "{told}");
    assert!(told.contains("may use the APIs: no"), "{told}");
    assert!(!told.contains("Nurses"), "{told}");
}

#[test]
fn a_table_for_spreadsheets_has_its_columns() {
    let clinic = clinic();
    let out = clinic.path().join("access.csv");
    let (_, _, code) = access(
        clinic.path(),
        &["--format", "csv", "--output", out.to_str().unwrap(), "--object", "patient__C"],
    );
    assert_eq!(code, 0);
    let table = std::fs::read_to_string(out).unwrap();
    let lines: Vec<&str> = table.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        lines[0],
        r#""Field","Holds","Principal","Crowd","Reads","Edits","Reads records at least","Reads records at most","Edits records at least","Edits records at most","Complete""#
    );
    assert_eq!(
        lines[2],
        r#""Patient__c.Diagnosis__c","phi, clinical","permission-set:Nurses","internal","yes","no","all","all","none","none","yes""#
    );
}

#[test]
fn a_bundle_may_name_fields_that_the_source_does_not() {
    let clinic = clinic();
    let bundle = "version: 1\norganisation: {name: Clinic, roles: [covered-entity]}\nregions: [us]\n";
    write(clinic.path(), "phiward/phiward.yaml", bundle);
    write(
        clinic.path(),
        "phiward/classification/patients.yaml",
        "objects:\n  Patient__c:\n    fields:\n      Allergy__c: {class: phi}\n",
    );
    let (out, error, code) = access(clinic.path(), &["--field", "Patient__c.Allergy__c"]);
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("Patient__c.Allergy__c (phi): read by 0"), "{out}");
    assert!(out.contains("retrieve CustomField: Patient__c.Allergy__c"), "it may be required: {out}");
}

#[test]
fn wrong_names_are_told_with_those_near_them() {
    let clinic = clinic();
    let wrong = |arguments: &[&str]| {
        let (out, error, code) = access(clinic.path(), arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {error}");
        error
    };
    let error = wrong(&["--field", "Patient__c.Diagnoses__c"]);
    assert!(error.contains("near it: `Patient__c.Diagnosis__c`"), "{error}");
    assert!(wrong(&["--field", "Diagnosis__c"]).contains("written OBJECT.FIELD"));
    let error = wrong(&["--principal", "permission-set:Nurse"]);
    assert!(error.contains("near it: `permission-set:Nurses`"), "{error}");
    assert!(wrong(&["--principal", "user:ann@clinic.example"]).contains("users need --facts"));
    assert!(wrong(&["--object", "Patent__c"]).contains("near it: `Patient__c`"));
    assert!(wrong(&["--field", FIELD, "--object", "User"]).contains("no object `User`"));
    let steered = wrong(&["--field", "Patient__c.\u{1b}[2J"]);
    assert!(!steered.contains('\u{1b}'), "{steered:?}");
}
