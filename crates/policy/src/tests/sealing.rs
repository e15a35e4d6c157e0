//! What a bundle may say of sealing, and what is told where it cannot be or is not safe.

use source::Source;

use super::sample;
use crate::vocabulary::{Bound, StandIn};
use crate::{Policy, read};

/// The sample with other lines for two fields of an object with a subject, or without.
fn with(fields: &str, subject: &str) -> (Policy, Vec<String>) {
    let text = format!("objects:\n  Case:\n{subject}    fields:\n{fields}\n");
    let mut sources = sample::files(&[]);
    sources.push(Source::new("classification/case.yaml", text));
    let (policy, problems) = read(sources);
    let codes = problems
        .iter()
        .filter(|problem| problem.path == "classification/case.yaml")
        .map(|problem| problem.code.to_string())
        .collect();
    (policy, codes)
}

const OWN: &str = "    subject: ContactId\n";

fn codes(field: &str) -> Vec<String> {
    with(&format!("      Card__c: {field}"), OWN).1
}

#[test]
fn what_is_sealed_says_how() {
    let (policy, codes) = with(
        "      Card__c: {class: phi, identifier: health-plan, protect: gateway, search: equality, mask: last4, seal: {id: \
         case-card, bind: subject, field: Card_Token__c, leave: digits}, index: {field: Card_Digest__c, form: number, \
         bits: 64, values: 2000000}}",
        OWN,
    );
    assert_eq!(codes, [""; 0]);
    let found = policy.class_of("case", "card__c").unwrap();
    let (seal, index) = (found.seal().unwrap(), found.index().unwrap());
    assert_eq!(seal.id.as_ref().unwrap().as_str(), "case-card");
    assert_eq!(seal.bind.as_ref().unwrap().value, Bound::Subject);
    assert_eq!(seal.leave.as_ref().unwrap().value, StandIn::Digits);
    assert_eq!(index.bits.as_ref().unwrap().value, 64);
}

#[test]
fn what_cannot_be_sealed_so_is_told() {
    let cases: &[(&str, &[&str])] = &[
        ("{class: phi, seal: {id: card}}", &["seal-without-gateway"]),
        ("{class: phi, protect: platform, seal: {bind: field}}", &["seal-without-gateway"]),
        ("{class: phi, protect: gateway, seal: {bind: key}}", &["missing-key"]),
        ("{class: phi, protect: gateway, seal: {key: Number__c}}", &["unused-key"]),
        ("{class: phi, protect: gateway, seal: {bind: key, key: Number__c}}", &[]),
        ("{class: phi, protect: gateway, seal: {field: card__C}}", &["shared-companion"]),
        ("{class: phi, protect: gateway, seal: {leave: nothing}}", &["stand-in-without-field"]),
        ("{class: phi, protect: gateway, seal: {field: T__c, leave: mask}}", &["stand-in-does-not-fit"]),
        (
            "{class: phi, identifier: ssn, protect: gateway, seal: {field: T__c, leave: shifted}}",
            &["stand-in-does-not-fit"],
        ),
        (
            "{class: phi, identifier: date, protect: gateway, seal: {field: T__c, leave: digits}}",
            &["stand-in-does-not-fit"],
        ),
        (
            "{class: phi, identifier: email, protect: gateway, seal: {field: T__c, leave: digits}}",
            &["stand-in-does-not-fit"],
        ),
        ("{class: phi, protect: gateway, seal: {field: T__c, leave: digits}}", &["stand-in-does-not-fit"]),
        (
            "{class: phi, mask: none, protect: gateway, seal: {field: T__c, leave: mask}}",
            &["stand-in-does-not-fit"],
        ),
        (
            "{class: phi, identifier: clinical, protect: gateway, seal: {field: T__c, leave: surrogate}}",
            &["stand-in-does-not-fit"],
        ),
        (
            "{class: phi, identifier: ssn, protect: gateway, seal: {bind: field, field: T__c, leave: digits}}",
            &["stand-in-of-nobody"],
        ),
        ("{class: phi, protect: gateway, seal: {id: case.card__c}}", &["bad-value"]),
        ("{class: phi, protect: gateway, index: {field: D__c, values: 90000}}", &["index-without-search"]),
        ("{class: phi, protect: gateway, search: equality}", &["search-without-index"]),
        ("{class: phi, protect: platform, search: equality}", &[]),
        (
            "{class: phi, protect: gateway, search: equality, index: {field: D__c, values: 9999}}",
            &["index-of-few-values"],
        ),
        (
            "{class: phi, protect: gateway, search: equality, index: {field: D__c, values: 90000, bits: 30}}",
            &["bad-bits"],
        ),
        (
            "{class: phi, protect: gateway, search: equality, index: {field: D__c, values: 90000, country: 1}}",
            &["unused-key"],
        ),
        (
            "{class: phi, protect: gateway, search: equality, seal: {field: D__c}, index: {field: D__c, values: 90000}}",
            &["shared-companion"],
        ),
        (
            "[{class: phi, when: A, protect: gateway, seal: {id: a}}, {class: phi, protect: gateway}]",
            &["ambiguous-seal"],
        ),
    ];
    for (field, expected) in cases {
        assert_eq!(codes(field), *expected, "{field}");
    }
}

#[test]
fn fields_do_not_share_what_keeps_them_apart() {
    let two = |first: &str, second: &str| with(&format!("      A__c: {first}\n      B__c: {second}"), OWN).1;
    let sealed = "{class: phi, protect: gateway, seal: {field: T__c}}";
    assert_eq!(two(sealed, sealed), ["shared-companion"]);
    let named = "{class: phi, protect: gateway, seal: {id: one}}";
    assert_eq!(two(named, named), ["duplicate-id"]);
    let token = "{class: phi, protect: gateway, seal: {field: B__c}}";
    assert_eq!(two(token, "{class: internal, protect: gateway}"), ["sealed-companion"]);
    assert_eq!(two(token, "{class: internal}"), [""; 0]);
}

#[test]
fn a_default_seals_no_field_and_nobody_is_no_subject() {
    let (_, codes) =
        with("      A__c: {class: phi}\n    default: {class: phi, protect: gateway, seal: {id: a}}", OWN);
    assert_eq!(codes, ["seal-of-default"]);
    let (_, codes) = with("      A__c: {class: phi}\n    default: {class: phi, protect: both}", OWN);
    assert_eq!(codes, ["seal-of-default"]);
    let (_, codes) = with("      ContactId: {class: phi, protect: gateway}", OWN);
    assert_eq!(codes, ["sealed-owner"]);
    let key = "      K__c: {class: phi, protect: gateway}\n      A__c: {class: phi, protect: gateway, seal: {bind: key, key: k__C}}";
    assert_eq!(with(key, OWN).1, ["sealed-owner"]);
    let (_, codes) = with("      A__c: {class: phi, protect: gateway, seal: {bind: subject}}", "");
    assert!(codes.iter().any(|code| code == "missing-subject"), "{codes:?}");
}

/// What is told of a clinic's person accounts with these lines for each of the two objects.
fn person_accounts(account: &str, contact: &str) -> Vec<String> {
    let text = format!("objects:\n  Account:\n{account}  Contact:\n{contact}");
    let (_, problems) = read(vec![Source::new("classification/people.yaml", text)]);
    let own = problems.iter().filter(|problem| problem.path == "classification/people.yaml");
    own.map(|problem| {
        let line = problem.position.map(|position| position.line).unwrap();
        format!("{line} {:?} {}", problem.severity, problem.code)
    })
    .collect()
}

const OF_ITSELF: &str = "    subject: self\n    fields:\n";

#[test]
fn one_person_is_no_two_subjects() {
    let told = |account: &str, contact: &str| {
        person_accounts(&format!("{OF_ITSELF}{account}"), &format!("{OF_ITSELF}{contact}"))
    };
    let of_account = "      Note__pc: {class: phi, protect: gateway}\n";
    let of_contact = "      note__C: {class: phi, protect: both}\n";
    assert_eq!(told(of_account, of_contact), ["9 Error two-subjects"]);
    let email = "      PersonEmail: {class: phi, protect: gateway, seal: {bind: subject}}\n";
    assert_eq!(told(email, "      Email: {class: phi, protect: gateway}\n"), ["9 Error two-subjects"]);
    // Nobody's tokens, and those of a key, are of no record.
    let by_key = "      Note__c: {class: phi, protect: gateway, seal: {bind: key, key: MRN__c}}\n";
    assert_eq!(told(of_account, by_key), [""; 0]);
    // Two keys are two people, whatever the objects' subjects are.
    let key = |field: &str, key: &str| {
        format!("      {field}: {{class: phi, protect: gateway, seal: {{bind: key, key: {key}}}}}\n")
    };
    for (one, other) in [("MRN__pc", "MRN__c"), ("MRN__c", "MRN__c"), ("MRN__pc", "Other__c")] {
        assert_eq!(told(&key("Note__pc", one), &key("Note__c", other)), ["9 Error two-subjects"]);
    }
    let leads = format!("    subject: AccountId\n    fields:\n{}", key("Note__c", "MRN__c"));
    let of_key = format!("{OF_ITSELF}{}", key("Note__pc", "MRN__pc"));
    assert_eq!(person_accounts(&of_key, &leads), ["9 Error two-subjects"]);
    assert_eq!(told(&key("Note__pc", "MRN__pc"), "      Card__c: {class: phi}\n"), [""; 0]);
    // The contact's subject is the account.
    let leads = format!("    subject: AccountId\n    fields:\n{of_contact}");
    assert_eq!(person_accounts(&format!("{OF_ITSELF}{of_account}"), &leads), [""; 0]);
    // No field is sealed twice, and the person is.
    assert_eq!(
        told(of_account, "      Card__c: {class: phi, protect: gateway}\n"),
        ["6 Warning two-subjects"]
    );
    assert_eq!(told(of_account, "      Card__c: {class: phi}\n"), [""; 0]);
    assert_eq!(told("      Phone: {class: phi, protect: gateway}\n", "      Phone: {class: phi}\n"), [""; 0]);
}

#[test]
fn what_hangs_on_the_contact_of_a_person_account_is_told() {
    let told = |subject: &str| {
        let leads = "    subject: AccountId\n    fields:\n      Phone: {class: phi}\n";
        let child = format!(
            "  Lab__c:\n    subject: {subject}\n    fields:\n      Result__c: {{class: phi, protect: gateway}}\n"
        );
        let account = format!("{OF_ITSELF}      Note__pc: {{class: phi, protect: gateway}}\n");
        person_accounts(&account, &format!("{leads}{child}"))
    };
    assert_eq!(told("Contact__c"), ["10 Warning two-subjects"]);
    assert_eq!(told("Visit__r.ContactId"), ["10 Warning two-subjects"]);
    for leads_on in ["Contact__r.AccountId", "Patient__c", "Contact.AccountId"] {
        assert_eq!(told(leads_on), [""; 0], "{leads_on}");
    }
}

#[test]
fn the_same_data_is_not_sealed_by_one_of_its_names() {
    let sealed = "{class: phi, protect: gateway}";
    for plain in ["{class: phi}", "{class: phi, protect: platform}", "{class: internal}"] {
        let account = format!("{OF_ITSELF}      Note__pc: {sealed}\n");
        let contact = format!("    subject: AccountId\n    fields:\n      Note__c: {plain}\n");
        assert_eq!(person_accounts(&account, &contact), ["9 Error half-sealed"], "{plain}");
        let account = format!("{OF_ITSELF}      Note__pc: {plain}\n");
        let contact = format!("    subject: AccountId\n    fields:\n      Note__c: {sealed}\n");
        assert_eq!(person_accounts(&account, &contact), ["5 Error half-sealed"], "{plain}");
    }
}
