use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use crate::act::{Act, ApiCall, Call, Decision, FieldAccess, Interface};
use crate::clock::{Clock, Day, Moment, Number, Rng};
use crate::entry::{Behalf, Data, Entry, EntryError, LONGEST, MOST_ITEMS, Outcome, Record, Touched};
use crate::names::{ApiName, Blinded, Code, Correlation, Missing, Org, RecordId};
use crate::parts::{are_whole, parted};
use crate::sample::{Drawn, sample};
use crate::subject::{Pseudonym, Subject, TrailKey};
use crate::{Wrong, schema};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> jiff::Timestamp {
        "2026-11-27T12:00:00.123456789Z".parse().unwrap()
    }
}

fn call() -> Entry {
    let act = ApiCall {
        interface: Interface::Rest,
        call: Call::Query,
        status: Some(Number::of(200)),
        rows: None,
        request: None,
        response: None,
        micros: None,
    };
    Entry::new(Act::ApiCall(act), Outcome::Done, &Noon, &mut Drawn::new(7))
}

fn person(number: u64) -> Pseudonym {
    let key = TrailKey::random(&mut Drawn::new(1));
    let record = RecordId::of(&format!("001Hs0{number:09}")).unwrap();
    key.pseudonym(&Subject::of_record(&Org::shaped("production").unwrap(), &record))
}

fn access(records: u64) -> Entry {
    let touched = (0..records).map(|number| Touched { record: None, subject: Some(person(number)) });
    let data = Data {
        object: ApiName::of("HealthCondition").unwrap(),
        fields: vec![ApiName::of("Code").unwrap()],
        covered: Vec::new(),
        withheld: Vec::new(),
        unknown: None,
        touched: touched.collect(),
    };
    let act = FieldAccess { action: policy::vocabulary::Action::Read, rows: None };
    let entry = Entry::new(Act::FieldAccess(act), Outcome::Done, &Noon, &mut Drawn::new(7));
    Entry { data: vec![data], ..entry }
}

#[test]
fn samples_are_valid_and_the_same_each_time() {
    let all: Vec<Entry> = sample(4000, 1).collect();
    assert_eq!(all.len(), 4000, "a name of the sample does not keep to its form");
    let kinds: BTreeSet<&str> = all.iter().map(|entry| entry.act.key()).collect();
    assert_eq!(kinds, Act::KEYS.iter().copied().collect());
    for entry in &all {
        let bytes = entry.bytes().unwrap();
        assert_eq!(Entry::read(&bytes).as_ref(), Ok(entry));
    }
    assert!(sample(50, 1).eq(all.into_iter().take(50)));
    assert!(!sample(50, 2).eq(sample(50, 1)));
}

#[test]
fn samples_keep_to_the_published_schema_and_strays_do_not() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let kinds = &mut BTreeSet::new();
    for entry in sample(3000, 3).filter(|entry| kinds.insert(entry.act.key())) {
        let value: Value = serde_json::from_slice(&entry.bytes().unwrap()).unwrap();
        if let Err(error) = validator.validate(&value) {
            panic!("{}: {error}", entry.act.key());
        }
        for (key, stray) in [("note", Value::from("x")), ("v", 2.into()), ("who", "Jane Doe".into())] {
            let mut value = value.clone();
            value[key] = stray;
            assert!(!validator.is_valid(&value), "{key}");
        }
    }
    assert_eq!(kinds.len(), Act::KEYS.len());
}

/// Entries of every release open for ever, byte for byte.
#[test]
fn entries_of_past_releases_open() {
    let all = include_str!("../../golden/entries-0.1.0.jsonl");
    for (number, line) in (1..).zip(all.lines()) {
        let entry = Entry::read(line.as_bytes()).unwrap_or_else(|fault| panic!("line {number}, {fault}"));
        assert_eq!(entry.bytes().unwrap(), line.as_bytes(), "line {number}");
    }
    let kinds: BTreeSet<&str> =
        all.lines().map(|line| Entry::read(line.as_bytes()).unwrap().act.key()).collect();
    assert_eq!(kinds.len(), Act::KEYS.len());
}

#[test]
fn an_entry_looks_so() {
    assert_eq!(
        String::from_utf8(call().bytes().unwrap()).unwrap(),
        "{\"act\":{\"api-call\":{\"call\":\"query\",\"interface\":\"rest\",\"status\":200}},\
         \"at\":\"2026-11-27T12:00:00.123456Z\",\"outcome\":\"done\",\
         \"salt\":\"d70d3259e4e1cb631c663cf4d73c4c04\",\"v\":1}"
    );
}

fn refused(text: &str) -> crate::Fault {
    Entry::read(text.as_bytes()).unwrap_err()
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_without_its_value() {
    let whole = String::from_utf8(call().bytes().unwrap()).unwrap();
    let changed = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        refused(&whole.replacen(from, to, 1)).to_string()
    };
    assert_eq!(
        changed("\"rest\"", "\"Jane Doe\""),
        "byte 47, `act/api-call/interface`: this is not an interface"
    );
    assert_eq!(
        changed("\"outcome\"", "\"jane\":1,\"outcome\""),
        "byte 104: entries of this version do not have this key"
    );
    assert_eq!(
        changed("\"v\":1", "\"v\":2"),
        "byte 167, `v`: the version of the entry is not 1: a newer release may know it"
    );
    assert_eq!(
        changed(":200", ":0200"),
        "byte 63: a number of an entry is whole, below 2^53 and without leading zeros"
    );
    assert!(matches!(refused("").wrong(), Wrong::Ends));
    assert!(matches!(refused("null").wrong(), Wrong::NotJson));
    assert!(matches!(refused("{}").wrong(), Wrong::MissingKey("v")));
    assert!(matches!(refused(&whole.replace("{\"act\"", "{ \"act\"")).wrong(), Wrong::NotJson));
    assert!(matches!(refused(&format!("{whole}\n")).wrong(), Wrong::AfterTheEnd));
    assert!(matches!(refused(&whole.replace("rest", "\\u0072est")).wrong(), Wrong::Character));
    assert!(matches!(refused(&"[".repeat(100)).wrong(), Wrong::TooDeep));
    assert!(matches!(refused(&"x".repeat(LONGEST + 1)).wrong(), Wrong::TooLong));
    let twice = whole.replace("\"v\":1", "\"v\":1,\"v\":1");
    assert!(matches!(refused(&twice).wrong(), Wrong::Order));
    let backwards = "{\"v\":1,\"act\":{}}";
    assert!(matches!(refused(backwards).wrong(), Wrong::Order));
    let empty = whole.replace("\"outcome\"", "\"data\":[],\"outcome\"");
    assert!(matches!(refused(&empty).wrong(), Wrong::EmptyList));
    let none = whole.replace("{\"call\":\"query\",\"interface\":\"rest\",\"status\":200}", "{}");
    assert!(matches!(refused(&none).wrong(), Wrong::MissingKey("interface")));
}

#[test]
fn contradictions_are_refused_when_written_and_when_read() {
    let mut entry = access(1);
    entry.data.clear();
    assert!(matches!(entry.bytes(), Err(EntryError::Contradiction(_))));
    let bytes = crate::canonical::bytes(&entry).unwrap();
    assert!(matches!(Entry::read(&bytes).unwrap_err().wrong(), Wrong::Contradiction(_)));
}

#[test]
fn a_call_that_is_too_large_goes_in_parts_that_lose_nothing() {
    let whole = access(2500);
    assert!(matches!(whole.bytes(), Err(EntryError::TooMany)));
    let parts = parted(whole.clone(), &mut Drawn::new(3)).unwrap();
    assert!(parts.len() > 5);
    let mut touched = Vec::new();
    let mut salts = BTreeSet::new();
    for (part, k) in parts.iter().zip(1..) {
        assert!(part.bytes().unwrap().len() <= LONGEST);
        let own = part.part.as_ref().unwrap();
        assert_eq!(
            (own.k.get(), own.n.get(), own.of),
            (k, parts.len() as u64, parts[0].part.as_ref().unwrap().of)
        );
        touched.extend(part.data.iter().flat_map(|data| data.touched.clone()));
        salts.insert(part.salt);
        assert_eq!((&part.act, part.at), (&whole.act, whole.at));
    }
    assert_eq!(touched, whole.data[0].touched);
    assert_eq!(are_whole(&parts), Ok(()));
    assert_eq!(are_whole(&[&[access(1)], parts.as_slice(), &[access(2)]].concat()), Ok(()));
    assert!(are_whole(&parts[1..]).is_err() && are_whole(&parts[..2]).is_err());
    assert!(are_whole(&[&parts[..1], &[access(1)], &parts[1..]].concat()).is_err());
    assert_eq!(salts.len(), parts.len());
    // Long enough in bytes alone, and what fits already.
    assert!(parted(access(900), &mut Drawn::new(3)).unwrap().len() >= 2);
    assert_eq!(parted(access(3), &mut Drawn::new(3)).unwrap(), [access(3)]);
    let mut wide = access(1);
    wide.data[0].fields = (0..MOST_ITEMS)
        .map(|at| ApiName::of(&format!("Field_{at:08}_{}__c", "x".repeat(40))).unwrap())
        .collect();
    assert!(matches!(parted(wide, &mut Drawn::new(3)), Err(EntryError::CannotBeParted)));
}

#[test]
fn record_ids_have_a_checksum() {
    // Salesforce's own example of the two forms.
    assert_eq!(RecordId::of("001D000000IqhSL").unwrap().as_str(), "001D000000IqhSLIAZ");
    assert!(RecordId::of("001D000000IqhSLIAZ").is_ok());
    assert!(RecordId::of("001D000000IqhSLIAA").is_err());
    assert!(RecordId::of("001d000000IqhSLIAZ").is_err());
    assert!(RecordId::of("001D000000IqhS").is_err());
    assert!(RecordId::of("JaneDoeDiabetes").is_err());
    assert!(RecordId::of("001D000000Iqh L").is_err());
}

#[test]
fn names_keep_to_their_forms() {
    for good in ["Account", "npsp__Primary_Contact__c", "Import_20260115__c", "A"] {
        assert!(ApiName::of(good).is_ok(), "{good}");
    }
    for bad in
        ["", "1Account", "Jane Doe", "SSN_123_45_6789", "a.b", "Zo\u{eb}", "MRN123456789", &"a".repeat(81)]
    {
        assert!(ApiName::of(bad).is_err());
    }
    for good in ["ehr-sync", "us-east-1", "a", "crm2026-eu1"] {
        assert!(Org::shaped(good).is_ok(), "{good}");
    }
    for bad in ["", "-a", "123-45-6789", "1971-04-02", "555-0100", "Jane", "jane doe", "x1234567"] {
        assert!(Org::shaped(bad).is_err(), "{bad}");
    }
    assert_eq!(Org::shaped("Jane Doe").unwrap_err().to_string(), "this is not an org of the bundle");
}

#[test]
fn names_of_the_bundle_come_from_a_bundle_that_gives_them() {
    let empty = policy::Policy::empty();
    assert!(Org::declared(&empty, "production").is_err());
    let entry = sample(200, 1).find(|entry| entry.party.is_some()).unwrap();
    assert_eq!(entry.undeclared(&empty), ["who", "party", "org", "flow", "data", "region"]);
}

#[test]
fn reasons_and_missing_facts_are_those_that_a_decision_can_give() {
    let empty = policy::Policy::empty();
    let decision = |reason: &str, missing: &str| {
        let (reasons, missing) =
            (vec![Code::shaped(reason).unwrap()], vec![Missing::shaped(missing).unwrap()]);
        Act::Decision(Decision { action: policy::vocabulary::Action::Send, reasons, missing, until: None })
    };
    assert!(decision("unknown-party", "subject-region").is_declared(&empty));
    assert!(decision("agreement-expired", "tls").is_declared(&empty));
    assert!(!decision("jane-doe", "subject-region").is_declared(&empty));
    assert!(!decision("unknown-party", "jane-doe").is_declared(&empty));
}

#[test]
fn a_pseudonym_is_of_one_person_under_one_key() {
    let org = Org::shaped("production").unwrap();
    let other = Org::shaped("sandbox").unwrap();
    let record = RecordId::of("001D000000IqhSL").unwrap();
    let key = TrailKey::of([7; 32]);
    let one = key.pseudonym(&Subject::of_record(&org, &record));
    assert_eq!(one, key.pseudonym(&Subject::of_record(&org, &record)));
    assert_ne!(one, key.pseudonym(&Subject::of_record(&other, &record)));
    assert_ne!(one, TrailKey::of([8; 32]).pseudonym(&Subject::of_record(&org, &record)));
    let subject = Subject::of_record(&org, &record);
    assert_eq!(format!("{subject:?} {key:?}"), "Subject(..) TrailKey(..)");
}

#[test]
fn everyone_concerned_is_found_once() {
    let mut entry = access(3);
    entry.behalf = Some(Behalf::Subject(person(1)));
    entry.data[0].touched.push(Touched { record: Some(Record::Person(person(9))), subject: None });
    let mut all = vec![person(0), person(1), person(2), person(9)];
    all.sort_unstable();
    assert_eq!(entry.subjects(), all);
}

#[test]
fn moments_and_days_are_whole() {
    let moment = Moment::of("1969-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(moment.to_string(), "1970-01-01T00:00:00.000000Z");
    assert_eq!(Moment::of(Noon.now()).to_string(), "2026-11-27T12:00:00.123456Z");
    assert!(Day::of(jiff::civil::date(1971, 4, 2)).is_none());
    assert_eq!(Number::of(u64::MAX).get(), 9_007_199_254_740_991);
}

#[test]
fn what_callers_send_along_is_a_digest() {
    assert_eq!(Correlation::of_trace(b"jane"), Correlation::of_trace(b"jane"));
    assert_ne!(Correlation::of_trace(b"jane"), Correlation::of_trace(b"joan"));
    assert_ne!(Blinded::of(&[1; 32], b"x"), Blinded::of(&[2; 32], b"x"));
    let mut bytes = [0; 5];
    Drawn::new(1).fill(&mut bytes);
    assert_ne!(bytes, [0; 5]);
}

proptest! {
    /// A byte of an entry that is changed makes no entry, or another one whose bytes are these.
    #[test]
    fn no_two_texts_are_one_entry(seed in 0_u64..40, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let entry = sample(1, seed).next().unwrap();
        let mut bytes = entry.bytes().unwrap();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        if let Ok(other) = Entry::read(&bytes) {
            prop_assert_ne!(&other, &entry);
            prop_assert_eq!(other.bytes().unwrap(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Entry::read(&bytes).is_err());
    }
}
