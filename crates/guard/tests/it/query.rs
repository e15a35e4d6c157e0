//! Queries led to tokens and digests.

use guard::query::{Because, NotAskable, Rewritten, Sealing, rewritten};
use guard::{BlindIndex, DataKey, GuardError, KeyState, KeysError, SealedField};
use policy::Enforceable;
use soql::{Child, FieldGroup, Schema, Targets};

use crate::clinic::policy;
use crate::data_key;

struct Org;

impl Schema for Org {
    fn relationship(&self, object: &str, name: &str) -> Targets {
        match (object.to_ascii_lowercase().as_str(), name.to_ascii_lowercase().as_str()) {
            ("visit__c", "patient__r") => Targets::One("Account".to_owned()),
            ("task", "what") => Targets::Several(vec!["Account".to_owned(), "Visit__c".to_owned()]),
            _ => Targets::Unknown,
        }
    }

    fn child_relationship(&self, object: &str, name: &str) -> Option<Child> {
        (object.eq_ignore_ascii_case("Account") && name.eq_ignore_ascii_case("Visits__r"))
            .then(|| Child { object: "Visit__c".to_owned(), field: "Patient__c".to_owned() })
    }

    fn fields(&self, _object: &str, _group: FieldGroup) -> Option<Vec<String>> {
        None
    }
}

struct Desk {
    policy: Enforceable,
    keys: Vec<DataKey>,
    bits: Option<u16>,
}

impl Sealing for Desk {
    fn field(&self, object: &str, field: &str) -> Option<SealedField> {
        let mut found = SealedField::of(&self.policy, object, field)?;
        if let (Some(bits), Some(index)) = (self.bits, &mut found.index) {
            index.bits = bits;
        }
        Some(found)
    }

    fn is_name_of_one(&self, field: &str) -> bool {
        let mut objects = self.policy.objects();
        objects.any(|(object, _)| SealedField::of(&self.policy, object, field).is_some())
    }

    fn digests(&self, field: &SealedField, value: &str) -> Result<Vec<String>, KeysError> {
        let index = field.index.as_ref().unwrap();
        let of = |key: &DataKey| {
            let own = BlindIndex::new(key, &field.id, index.normaliser.clone(), index.bits, index.values)?;
            Ok(own.digest(value)?)
        };
        self.keys.iter().map(of).collect()
    }
}

fn desk(keys: usize) -> Desk {
    let states = [KeyState::Active, KeyState::DecryptOnly];
    let keys = (0..keys).map(|at| data_key(u32::try_from(at).unwrap(), states[at])).collect();
    Desk { policy: policy(), keys, bits: None }
}

fn asked(desk: &Desk, text: &str) -> Result<Rewritten, NotAskable> {
    let parsed = soql::parse_query(text);
    assert!(parsed.is_clean(), "{text}: {:?}", parsed.errors);
    rewritten(&parsed.value, &Org, desk)
}

/// The query as it is sent, with `$1` and so on for the digests of `078-05-1120` and `D` for any other.
fn sent(desk: &Desk, text: &str) -> String {
    let mut text = asked(desk, text).unwrap_or_else(|error| unreachable!("{error}")).query.to_string();
    let ssn = desk.field("Account", "SSN__pc").unwrap();
    for (at, digest) in desk.digests(&ssn, "078-05-1120").unwrap().iter().enumerate() {
        text = text.replace(digest, &format!("${}", at + 1));
    }
    let mut words: Vec<String> = text.split('\'').map(str::to_owned).collect();
    for word in &mut words {
        if word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            *word = "D".to_owned();
        }
    }
    words.join("'")
}

fn because(desk: &Desk, text: &str) -> Because {
    asked(desk, text).map(|_| ()).unwrap_err().because
}

#[test]
fn equality_is_asked_of_the_digest_however_the_value_is_written() {
    let desk = desk(1);
    for value in ["078-05-1120", "078051120", " 078 05 1120 "] {
        assert_eq!(
            sent(&desk, &format!("SELECT Id FROM Account WHERE SSN__pc = '{value}'")),
            "SELECT Id FROM Account WHERE SSN_Digest__pc = '$1'"
        );
    }
    assert_eq!(
        sent(&desk, "SELECT Id FROM Visit__c WHERE Patient__r.SSN__pc != '078-05-1120' AND Kind__c = 'r'"),
        "SELECT Id FROM Visit__c WHERE Patient__r.SSN_Digest__pc != '$1' AND Kind__c = 'r'"
    );
    assert_eq!(
        sent(&desk, "SELECT Id FROM Account WHERE SSN__pc IN ('078-05-1120', '219-09-9999')"),
        sent(&desk, "SELECT Id FROM Account WHERE SSN__pc IN ('219-09-9999', '078-05-1120')"),
    );
    // Whether there is anything says the token.
    assert_eq!(
        sent(&desk, "SELECT Id FROM Account WHERE SSN__pc IN ('078-05-1120', null)"),
        "SELECT Id FROM Account WHERE SSN_Digest__pc IN ('$1') OR SSN_Token__pc = null"
    );
    assert_eq!(
        sent(&desk, "SELECT Id FROM Account WHERE SSN__pc NOT IN ('078-05-1120', null)"),
        "SELECT Id FROM Account WHERE SSN_Digest__pc NOT IN ('$1') AND SSN_Token__pc != null"
    );
}

#[test]
fn while_keys_are_rotated_both_versions_are_asked_for() {
    let desk = desk(2);
    let both = |text: &str| sent(&desk, text);
    let sorted = |text: String| {
        // Digests stand in their own order.
        text.replace("'$2', '$1'", "'$1', '$2'")
    };
    assert_eq!(
        sorted(both("SELECT Id FROM Account WHERE SSN__pc = '078-05-1120'")),
        "SELECT Id FROM Account WHERE SSN_Digest__pc IN ('$1', '$2')"
    );
    let not = both("SELECT Id FROM Account WHERE SSN__pc != '078-05-1120'");
    assert!(
        not.contains("SSN_Digest__pc != '$1'")
            && not.contains("SSN_Digest__pc != '$2'")
            && not.contains(" AND ")
    );
    let not = both("SELECT Id FROM Account WHERE NOT (SSN__pc = '078-05-1120')");
    assert!(not.contains("NOT") && not.contains("IN ("), "{not}");
}

#[test]
fn whether_something_stands_there_is_asked_of_the_token() {
    let desk = desk(1);
    assert_eq!(
        sent(&desk, "SELECT COUNT(SSN__pc) FROM Account WHERE SSN__pc != null AND Name = null"),
        "SELECT COUNT(SSN_Token__pc) FROM Account WHERE SSN_Token__pc != null AND Name = null"
    );
}

#[test]
fn what_is_selected_comes_with_whose_it_is() {
    let desk = desk(1);
    let found = asked(&desk, "SELECT Name, SSN__pc FROM Account").unwrap();
    assert_eq!(found.query.to_string(), "SELECT Name, SSN_Token__pc, Id FROM Account");
    assert_eq!(found.added, ["Id"]);
    let found = asked(&desk, "SELECT Id, Patient__c, Note__c, Patient__r.SSN__pc FROM Visit__c").unwrap();
    assert_eq!(
        found.query.to_string(),
        "SELECT Id, Patient__c, Note__c, Patient__r.SSN_Token__pc, Patient__r.Id FROM Visit__c"
    );
    let found = asked(&desk, "SELECT Id, (SELECT Note__c, Cause__c FROM Visits__r) FROM Account").unwrap();
    assert_eq!(
        found.query.to_string(),
        "SELECT Id, (SELECT Note__c, Cause__c, Patient__c, Visit_Key__c FROM Visits__r) FROM Account"
    );
    assert_eq!(found.added, ["Patient__c", "Visit_Key__c"]);
}

#[test]
fn what_sealed_fields_cannot_be_asked_is_refused() {
    let desk = desk(1);
    for (text, expected) in [
        ("SELECT Id FROM Account WHERE SSN__pc LIKE '078%'", Because::Comparison),
        ("SELECT Id FROM Account WHERE SSN__pc > '078'", Because::Comparison),
        ("SELECT Id FROM Account ORDER BY SSN__pc", Because::Order),
        ("SELECT COUNT(Id), Name FROM Account GROUP BY Name", Because::Order),
        ("SELECT MAX(SSN__pc) FROM Account", Because::Function),
        ("SELECT COUNT_DISTINCT(SSN__pc) FROM Account", Because::Function),
        ("SELECT Id FROM Account WHERE Name = 'Grace Hopper'", Because::NoIndex),
        ("SELECT Id FROM Account WHERE SSN__pc = :ssn", Because::Value),
        ("SELECT Id FROM Account WHERE SSN__pc IN :ids", Because::Value),
        ("SELECT Id FROM Account WHERE SSN__pc IN ('078-05-1120', :one)", Because::Value),
        ("SELECT Id FROM Account WHERE SSN__pc IN (SELECT Name FROM Visit__c)", Because::Comparison),
        ("SELECT Id FROM Visit__c WHERE Kind__c IN (SELECT SSN__pc FROM Account)", Because::Comparison),
        ("SELECT Id FROM Account WHERE SSN__pc = TODAY", Because::Value),
        ("SELECT Id FROM Visit__c WHERE Nobody__r.SSN__pc = '1'", Because::Unknown),
        (
            "SELECT Id FROM Visit__c USING LOOKUP Visit__c.Patient__c BIND SSN__pc = '078-05-1120'",
            Because::Lookup,
        ),
        (
            "SELECT Id, (SELECT Id FROM Visits__r USING LOOKUP Visit__c.Patient__c BIND SSN__pc = '1') FROM Account",
            Because::Lookup,
        ),
    ] {
        assert_eq!(because(&desk, text), expected, "{text}");
    }
    assert_eq!(
        because(&desk, "SELECT Id FROM Account WHERE SSN__pc = '--'"),
        Because::Form(GuardError::NotNormal("nothing is left of it"))
    );
    let error = asked(&desk, "SELECT Id FROM Account WHERE SSN__pc LIKE '078%'").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`SSN__pc` is sealed: it can be compared by `=`, `!=`, `IN` and `NOT IN` alone, and with nothing else"
    );
    assert!(!format!("{error:?}").contains("078"));
}

#[test]
fn few_bits_find_others_too_and_say_so() {
    let desk = Desk { bits: Some(32), ..desk(1) };
    let found =
        asked(&desk, "SELECT Id FROM Account WHERE SSN__pc = '078-05-1120' AND Status__pc = 'in'").unwrap();
    assert_eq!(found.rechecks.len(), 1);
    // Rows can be looked at: the token comes with them.
    assert_eq!(found.added, ["SSN_Token__pc"]);
    let recheck = &found.rechecks[0];
    assert!(recheck.path == "SSN__pc" && recheck.holds("078051120") && !recheck.holds("078051121"));
    assert!(!format!("{recheck:?}").contains("078"));
    for text in [
        "SELECT Id FROM Account WHERE SSN__pc != '078-05-1120'",
        "SELECT Id FROM Account WHERE SSN__pc = '078-05-1120' OR Status__pc = 'in'",
        "SELECT Id FROM Account WHERE NOT (SSN__pc = '078-05-1120')",
        "SELECT COUNT() FROM Account WHERE SSN__pc = '078-05-1120'",
        "SELECT Id FROM Account WHERE SSN__pc = '078-05-1120' LIMIT 1",
        "SELECT Id FROM Visit__c WHERE Patient__c IN (SELECT Id FROM Account WHERE SSN__pc = '078-05-1120')",
    ] {
        assert_eq!(because(&desk, text), Because::FewBits, "{text}");
    }
}

#[test]
fn a_query_without_sealed_fields_is_left_alone() {
    let desk = desk(2);
    let text = "SELECT Id, PersonEmail FROM Account WHERE Status__pc LIKE 'i%' ORDER BY PersonEmail";
    let found = asked(&desk, text).unwrap();
    assert_eq!((found.query.to_string().as_str(), found.added.len()), (text, 0));
}

#[test]
fn the_bundles_own_fields_are_asked_under_every_key_of_every_class() {
    let clinic = crate::clinic::Clinic::new();
    let sealed = guard::query::Sealed::of(policy(), &clinic.ring);
    assert!(
        sealed.is_name_of_one("ssn__PC") && sealed.is_name_of_one("SSN__c") && !sealed.is_name_of_one("Id")
    );
    let field = sealed.field("Account", "SSN__pc").unwrap();
    assert_eq!(sealed.digests(&field, "078-05-1120").unwrap().len(), 3);
    assert!(!format!("{sealed:?}").contains("078"));
}
