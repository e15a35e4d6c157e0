//! Which data goes where: what the example's bundle declares beside what its source does, in each form.

use serde_json::Value;

use crate::{DAY, code, example, phiward, text};

fn flows(state: &str, format: &str) -> (String, i32) {
    let path = example(state);
    let output = phiward(&["flows", path.to_str().unwrap(), "--on", DAY, "--format", format]);
    assert_eq!(text(&output.stderr), "");
    (text(&output.stdout), code(&output))
}

#[test]
fn what_is_declared_and_what_is_found_stand_side_by_side() {
    let (told, code) = flows("flawed", "json");
    assert_eq!(code, 1, "the flawed clinic sends what it does not declare");
    let told: Value = serde_json::from_str(&told).unwrap();
    let of = |name: &str| -> &Value {
        told.as_array()
            .unwrap()
            .iter()
            .find(|flow| flow["name"] == name)
            .unwrap_or_else(|| panic!("no {name}"))
    };
    let orders = of("lab-orders");
    assert_eq!(orders["standing"], "declared and found");
    assert_eq!(orders["receiver"]["kind"], "party");
    let places: Vec<&str> =
        orders["seen"].as_array().unwrap().iter().map(|place| place["component"].as_str().unwrap()).collect();
    assert!(places.contains(&"Apex:NorthLabClient"), "{places:?}");
    assert_eq!(of("ehr-charts")["standing"], "declared, not found in the source");
    let more = of("Apex:NorthLabClient");
    assert_eq!(more["standing"], "found, not declared");
    let fields: Vec<&str> =
        more["fields"].as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
    assert!(fields.contains(&"Account.PersonBirthdate"), "{fields:?}");
}

#[test]
fn the_mended_clinic_sends_nothing_undeclared() {
    let (told, code) = flows("mended", "table");
    assert_eq!(code, 0, "{told}");
    assert!(!told.contains("found, not declared"), "{told}");
    assert!(told.contains("declared and found: 3"), "{told}");
}

#[test]
fn a_spreadsheet_has_a_row_for_each() {
    let (told, _) = flows("flawed", "csv");
    assert!(told.lines().filter(|line| line.contains("lab-orders")).count() == 1, "{told}");
}
