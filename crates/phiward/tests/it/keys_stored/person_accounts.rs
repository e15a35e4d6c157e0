//! A person account is two objects, and the lines of one are about fields of both.

use super::{ON_WORD, keys, sealed};
use crate::guard_rows::Place;

fn said(place: &Place, words: &[&str], expected: i32) -> String {
    place.ends(expected, words, "").1
}

#[test]
fn a_census_names_the_other_object_of_a_person_account() {
    let place = sealed(2);
    let census =
        |state: &str| said(&place, &keys("census", &["sealed.csv", "--state", state, "--free-of", "0"]), 1);
    let twin = "take a census of Contact (its fields are those of Account by their other names";
    let told = census("c1");
    assert!(told.contains("this is of `Account` alone") && told.contains(twin), "{told}");
    assert!(told.contains("it needs an entry in the bundle"), "{told}");
    let bundle = place.path("phiward/classification/patients.yaml");
    let text = std::fs::read_to_string(&bundle).unwrap();
    std::fs::write(&bundle, format!("{text}  Contact: {{default: {{class: internal}}}}\n")).unwrap();
    let told = census("c2");
    assert!(told.contains(twin) && !told.contains("it needs an entry"), "{told}");
    // With lines of its own it is named once.
    let lines =
        "  Contact:\n    subject: AccountId\n    fields:\n      MRN__c: {class: phi, protect: gateway}\n";
    std::fs::write(&bundle, format!("{text}{lines}")).unwrap();
    let told = census("c3");
    assert!(told.contains("take a census of Contact too"), "{told}");
    // Where no field has another name there is no other object.
    std::fs::write(
        &bundle,
        text.replace("__pc", "__c").replace("PersonEmail", "Mail__c").replace("Name:", "Nick__c:"),
    )
    .unwrap();
    let table = std::fs::read_to_string(place.path("sealed.csv")).unwrap();
    std::fs::write(place.path("sealed.csv"), table.replace("__pc", "__c").replace(",Name,", ",Nick__c,"))
        .unwrap();
    let told = census("c4");
    assert!(!told.contains("take a census of"), "{told}");
}

#[test]
fn the_yearly_test_names_the_object_whose_lines_seal() {
    let place = Place::new();
    let test = |expected| {
        let words = [
            &[
                "keys",
                "test-rotation",
                "--root",
                "file:root",
                "--passphrase-file",
                "pass",
                "--object",
                "Contact",
            ][..],
            &ON_WORD,
            &["--unrecorded", "--rows", "20", "--report", "report.json"],
        ]
        .concat();
        said(&place, &words, expected)
    };
    let told = test(2);
    assert!(
        told.contains("the lines of Account seal SSN__c") && told.contains("`--object Account` tests"),
        "{told}"
    );
    let bundle = place.path("phiward/classification/patients.yaml");
    let text = std::fs::read_to_string(&bundle).unwrap();
    std::fs::write(&bundle, format!("{text}  Contact: {{default: {{class: internal}}}}\n")).unwrap();
    assert!(test(2).contains("`--object Account` tests"));
    // Of its own lines alone it tests these, and says so.
    let lines =
        "  Contact:\n    subject: AccountId\n    fields:\n      MRN__c: {class: phi, protect: gateway}\n";
    std::fs::write(&bundle, format!("{text}{lines}")).unwrap();
    assert!(test(0).contains("`--object Account` tests them"));
}
