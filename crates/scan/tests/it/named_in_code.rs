//! What code names beyond metadata, and what of it is no field.

use scan::{Input, NamedInCode};

fn named(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let project = sfdx::read(folder.path(), &sfdx::Options::default()).unwrap();
    let policy = policy::Policy::empty();
    let facts = sfdx::Facts::default();
    let today = jiff::civil::Date::constant(2026, 11, 28);
    let found =
        NamedInCode::of(&Input { project: &project, policy: &policy, bundle: "", facts: &facts, today });
    let mut names = Vec::new();
    for object in found.all() {
        let mark = match (object.is_described, object.is_by_relationship) {
            (true, _) => " described",
            (false, true) => " by relationship",
            (false, false) => "",
        };
        names.push(format!("{}{mark}", object.name));
        names.extend(object.fields().map(|field| match &field.leads_to {
            Some(target) => format!("{}.{} -> {target}", object.name, field.name),
            None => format!("{}.{}", object.name, field.name),
        }));
    }
    names
}

#[test]
fn queries_records_and_relationships_name_fields() {
    let class = "public class A {
        void a(Id id) {
            for (Visit__c visit : [SELECT Note__c, Doctor__r.Speciality__c, (SELECT Id FROM Doses__r) FROM Visit__c ORDER BY Day__c]) {
                visit.Plan__c = visit.Patient__r.SSN__c;
                for (Dose__c dose : visit.Doses__r) { dose.Amount__c = 1; }
                Integer many = visit.Samples__r.size();
            }
            Database.query('SELECT Count__c FROM Stock__c');
            insert new Room__c(Door__c = 'x');
            Object token = Lab__c.Result__c;
        }
    }";
    assert_eq!(
        named(&[("classes/A.cls", class)]),
        [
            "Doctor__c by relationship",
            "Doctor__c.Speciality__c",
            "Dose__c",
            "Dose__c.Amount__c",
            "Lab__c",
            "Lab__c.Result__c",
            "Patient__c by relationship",
            "Patient__c.SSN__c",
            "Room__c",
            "Room__c.Door__c",
            "Stock__c",
            "Stock__c.Count__c",
            "Visit__c",
            "Visit__c.Day__c",
            "Visit__c.Doctor__c -> Doctor__c",
            "Visit__c.Note__c",
            "Visit__c.Patient__c -> Patient__c",
            "Visit__c.Plan__c",
        ]
    );
}

#[test]
fn what_metadata_describes_is_left_out_and_a_test_names_nothing() {
    let object = "<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\"><fields><fullName>Note__c</fullName><label>N</label><type>Text</type></fields><label>Visit</label></CustomObject>";
    let class = "public class A { void a(visit__c one) { one.note__c = one.Other__c; } }";
    let test = "@IsTest private class T { static void a(Probe__c one) { one.Reading__c = 'x'; } }";
    assert_eq!(
        named(&[("objects/Visit__c.object", object), ("classes/A.cls", class), ("classes/T.cls", test)]),
        ["Visit__c described", "Visit__c.Other__c"]
    );
}
