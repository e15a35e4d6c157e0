use source::Source;

use super::*;
use scan::phi_fields;

const HEAD: &str = "version: 1
organisation: {name: Harbor Health, roles: [covered-entity, controller]}
regions: [us, eu]
objects:
  Patient__c:
    subject: self
    fields: {SSN__c: {class: phi, identifier: ssn}, Note__c: {class: phi-sensitive, identifier: clinical}}
flows:
  - {id: lab, from: [Patient__c.SSN__c], to: northlab, purpose: operations, ground: baa, transport: mtls}
";

/// The rows of the record: keeping, then the flow to the party.
fn rows(orgs: &str, party: &str) -> Vec<Vec<String>> {
    let text = format!(
        "{HEAD}orgs:\n  - {{id: production, kind: production, {orgs}}}\nparties:\n  - {{id: northlab, role: [processor], {party}}}\n"
    );
    let (policy, problems) = policy::read(vec![Source::new("phiward.yaml", text)]);
    assert!(problems.iter().all(|problem| problem.severity < source::Severity::Error), "{problems:?}");
    let report = Report::default();
    let phi = phi_fields(&report, &policy);
    let today = "2026-11-21".parse().unwrap();
    of(&route::of(&report, &policy), Facts { report: &report, policy: &policy, phi: &phi, today }).rows
}

/// Transfer and safeguard of the flow.
fn transfer_of(orgs: &str, party: &str) -> (String, String) {
    let rows = rows(orgs, party);
    (rows[1][8].clone(), rows[1][9].clone())
}

const BOTH: &str = "region: us, subjects: [us, eu]";

#[test]
fn a_third_country_needs_a_live_instrument() {
    let agreement = |transfer: &str, expires: &str| {
        format!(
            "regions: [us], agreements: [{{kind: dpa, effective: 2025-01-01, expires: {expires}, transfer: {transfer}}}]"
        )
    };
    let (to, by) = transfer_of(BOTH, &agreement("scc", "2027-01-01"));
    assert_eq!((to.as_str(), by.as_str()), ("to us", "standard contractual clauses, Art. 46(2)(c)"));
    let (_, by) = transfer_of(BOTH, &agreement("scc", "2026-01-01"));
    assert!(by.starts_with("unknown: no live transfer instrument"), "{by}");
    let (_, by) = transfer_of(BOTH, &agreement("none-needed", "2027-01-01"));
    assert!(
        by.starts_with("unknown: no live transfer instrument"),
        "saying that none is needed is no instrument"
    );
    let (_, by) = transfer_of(BOTH, "regions: [us]");
    assert!(by.starts_with("unknown: no live transfer instrument"), "{by}");
}

#[test]
fn standard_contractual_clauses_are_an_instrument_by_kind() {
    for more in ["", ", transfer: none-needed"] {
        let party = |expires: &str| {
            format!(
                "regions: [us], agreements: [{{kind: scc, effective: 2025-01-01, expires: {expires}{more}}}]"
            )
        };
        let (to, by) = transfer_of(BOTH, &party("2027-01-01"));
        assert_eq!((to.as_str(), by.as_str()), ("to us", "standard contractual clauses, Art. 46(2)(c)"));
        let (_, by) = transfer_of(BOTH, &party("2026-01-01"));
        assert!(by.starts_with("unknown: no live transfer instrument"), "{by}");
    }
}

#[test]
fn no_third_country_no_transfer() {
    assert_eq!(
        transfer_of(BOTH, "regions: [de, eu]"),
        ("none: processed in de, eu".into(), "none needed".into())
    );
    let (to, _) = transfer_of("region: us, subjects: [us]", "regions: [us]");
    assert_eq!(to, "none by the GDPR: data of people in us only");
    let (to, _) = transfer_of(BOTH, "");
    assert!(to.starts_with("unknown: fill in where the recipient processes"), "{to}");
}

#[test]
fn what_the_bundle_says_is_filled_in_and_the_rest_is_unknown() {
    let rows = rows(BOTH, "name: North Lab GmbH, regions: [eu]");
    assert!(rows.iter().all(|row| row.len() == HEADER.len()));
    let row = &rows[1];
    assert!(row[2].starts_with("Harbor Health (covered-entity, controller); unknown: "));
    assert_eq!(row[3], "operations");
    assert_eq!(row[4], "baa");
    assert_eq!(row[5], "patients in us, eu (Patient__c)");
    assert_eq!(row[6], "data concerning health, Art. 9: ssn (Patient__c.SSN__c)");
    assert!(row[7].starts_with("North Lab GmbH; unknown: no agreement is on file"));
    assert!(row[10].starts_with("unknown: "));
    assert!(row[11].starts_with("sent by mtls; unknown: "));
    assert_eq!(row[12], "declared as lab");
    assert!(
        rows[0][6].contains("clinical, ssn; with law of its own"),
        "keeping is of all fields: {}",
        rows[0][6]
    );
}
