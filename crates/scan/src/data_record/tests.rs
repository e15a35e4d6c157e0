use super::*;

fn patients(records: &[Record]) -> Vec<&Record> {
    records.iter().filter(|record| record.is_patient()).collect()
}

#[test]
fn rows_with_who_and_something_of_health_are_patients() {
    let text = "FirstName,LastName,PersonBirthdate\r\n\"Lee, A\",Oak,1980-02-29\nPine,Tree,\n";
    let records = of_table(text);
    assert_eq!(records.len(), 2);
    assert_eq!(patients(&records).len(), 1);
    assert_eq!(text.get(records[0].at() as usize..).and_then(|rest| rest.get(..10)), Some("1980-02-29"));
    // Business contacts are no patients.
    assert!(patients(&of_table("FirstName;LastName;Email;Phone\nAna;Lee;a@b.org;4158641234\n")).is_empty());
    assert!(patients(&of_table("")).is_empty() && patients(&of_table("\n\n")).is_empty());
}

#[test]
fn objects_are_records_and_their_parts_belong_to_them() {
    let fhir = r#"{"resourceType": "Patient", "name": [{"family": "Oak", "given": ["Ana"]}], "birthDate": "1980-02-29"}"#;
    let records = of_json(fhir);
    assert_eq!(patients(&records).len(), 1);
    assert!(records[0].of_patient);
    let two = r#"{"records": [{"FirstName": "Ana"}, {"Birthdate": "1980-02-29"}]}"#;
    assert!(patients(&of_json(two)).is_empty(), "two records are not one");
    let plain =
        r#"{"records": [{"attributes": {"type": "Contact"}, "LastName": "Oak", "Birthdate": "1980-02-29"}]}"#;
    assert_eq!(patients(&of_json(plain)).len(), 1);
    // Broken and deep texts end.
    let _ = of_json(&"[{\"a\":".repeat(500));
    let _ = of_json("{\"LastName\": \"Oak");
}

#[test]
fn scripts_assign_and_texts_name() {
    let script = "insert new Contact(LastName = 'Oak', Birthdate = Date.newInstance(1980, 2, 29));\n\
                  insert new Account(Name = 'Oak');";
    assert_eq!(patients(&of_script(script)).len(), 1);
    let parsed = "c.LastName = 'Oak', c.Birthdate = Date.valueOf('1980-02-29');";
    assert_eq!(patients(&of_script(parsed)).len(), 1);
    let texts = of_text("the number 536-22-4187 and 1.536-22-4187, v536-22-4187-2");
    assert_eq!(texts.len(), 1);
}

#[test]
fn marks_of_made_up_data_are_seen() {
    let text = "SSN__c,Email,Name\n536-22-4187,a@example.com,\n536-22-4187,a@b.org,\n912-34-5678,a@b.org,\n536-00-4187,,\n";
    let records = of_table(text);
    assert_eq!(records.iter().map(|record| record.synthetic).collect::<Vec<_>>(), [true, false, true, false]);
    assert_eq!(records.iter().map(Record::is_patient).collect::<Vec<_>>(), [true, true, false, false]);
    assert_eq!(records[1].held[&Held::SocialSecurityNumber].called, Called::Name("SSN__c".to_owned()));
}

#[test]
fn what_may_be_a_value_is_no_name() {
    let called = |records: Vec<Record>| records[0].held[&Held::SocialSecurityNumber].called.clone();
    let bare = of_table("Ana,219-09-9999\nBob,219-10-1234\n");
    assert_eq!(bare.len(), 2, "a first row with values is a record");
    assert_eq!(called(bare), Called::Column(2));
    // The first cells tell nothing, and are not repeated all the same.
    assert_eq!(called(of_table("Ana Lopez,Rua 7\n219-09-9999,x\n")), Called::Column(1));
    assert_eq!(called(of_json(r#"{"Ana Lopez": "219-09-9999"}"#)), Called::Nothing);
    assert_eq!(called(of_json(r#"{"Ana Lopez SSN": "219-09-9999"}"#)), Called::Nothing);
    assert_eq!(called(of_json(r#"{"Ana_Lopez_SSN": "219-09-9999"}"#)), Called::Nothing);
    assert_eq!(called(of_json(r#"{"ana@lopez.ssn": "219-09-9999"}"#)), Called::Nothing);
    for name in ["SSN", "Social Security Number", "ns__Lab_SSN__c", "Patient__r.SSN__c"] {
        let known = of_table(&format!("x,{name}\ny,219-09-9999\n"));
        assert_eq!(called(known), Called::Name(name.to_owned()));
    }
}
