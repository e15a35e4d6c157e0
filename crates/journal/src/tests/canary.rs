//! A patient's values, put wherever a caller or a stranger can: none is in the bytes, and none in an error.

use proptest::prelude::*;

use crate::act::{Act, Statement};
use crate::entry::Entry;
use crate::names::{
    ApiName, Approver, Blinded, Ceiling, Code, ControlId, Correlation, Digest, Flow, Identity, KeyId,
    Missing, Model, Org, Party, RecordId, Region, Uid, Unfit, Version, Writer,
};
use crate::sample::{Drawn, sample};
use crate::subject::{Subject, TrailKey};

/// Values as patients have them: made up, and different each time.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Z][a-z]{2,9} [A-Z][a-z]{3,10}",
        "[A-Z][a-z]{2,9}, [A-Z][a-z]{3,10}",
        "[1-8][0-9]{2}-[0-9]{2}-[0-9]{4}",
        "[1-8][0-9]{8}",
        "MRN-?[0-9]{9}",
        "19[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9])",
        "(0[1-9]|1[0-2])/(0[1-9]|1[0-9])/19[0-9]{2}",
        "[a-z]{3,9}[.]?[a-z]{3,9}@[a-z]{4,9}[.]example",
        "[+]1 555 [0-9]{3} [0-9]{4}",
        "555-[0-9]{3}-[0-9]{4}",
        "[A-Z][0-9]{2}[.][0-9]{1,2}",
        "[0-9]{1,4} [A-Z][a-z]{3,9} (Street|Lane|Road)",
        "[0-9]{5}-[0-9]{4}",
        "patient reports [a-z]{4,10} since [a-z]{4,8}",
        "Zo\u{eb} [A-Z][a-z]{3,9}",
        "(10|192)[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}",
    ]
}

/// What every constructor that takes a caller's text makes of it, written out.
fn written(text: &str) -> Vec<String> {
    let none = policy::Policy::empty();
    let reason = policy::Reason {
        code: text.to_owned(),
        rule: String::new(),
        fact: String::new(),
        place: None,
        controls: Vec::new(),
        fields: Vec::new(),
    };
    let open = policy::Undetermined { missing: vec![text.to_owned()], reasons: Vec::new() };
    fn told<T: ToString>(made: Result<T, Unfit>) -> String {
        made.map_or_else(|unfit| unfit.to_string(), |name| name.to_string())
    }
    let region = policy::vocabulary::Region::of(text).map(|region| told(Region::of(&region)));
    let org = Org::shaped("production").unwrap();
    let record = RecordId::of("001D000000IqhSL").unwrap();
    let key = TrailKey::random(&mut Drawn::new(1));
    let party = Party::shaped("northlab").unwrap();
    let subject = Subject::of_system(&party, text);
    let statement =
        Statement { id: Uid::random(&mut Drawn::new(2)), text: Blinded::of(&[3; 32], text.as_bytes()) };
    vec![
        told(ApiName::of(text)),
        told(RecordId::of(text)),
        told(Version::of(text)),
        told(Writer::of(text)),
        told(ControlId::of(text)),
        told(Code::of(&reason)),
        told(Uid::of(text)),
        told(KeyId::of(text)),
        told(Identity::declared(&none, text)),
        told(Party::declared(&none, text)),
        told(Flow::declared(&none, text)),
        told(Model::declared(&none, text)),
        told(Org::declared(&none, text)),
        told(Ceiling::declared(&none, text)),
        told(Approver::declared(&none, text)),
        region.unwrap_or_default(),
        Missing::all(&open).map_or_else(|unfit| unfit.to_string(), |all| format!("{all:?}")),
        format!("{subject:?}"),
        key.pseudonym(&subject).to_string(),
        key.pseudonym(&Subject::of_record(&org, &record)).to_string(),
        Correlation::of_trace(text.as_bytes()).to_string(),
        Digest::of(text.as_bytes()).to_string(),
        serde_json::to_string(&statement).unwrap(),
    ]
}

/// An entry's text with something else from one place to another.
fn with(text: &str, start: usize, end: usize, value: &str) -> String {
    let mut text = text.to_owned();
    text.replace_range(start..end, value);
    text
}

/// The places of strings in an entry's text: from after the quote to before the next, keys too.
fn strings(text: &str) -> Vec<(usize, usize)> {
    let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at).collect();
    quotes.chunks(2).map(|pair| (pair[0] + 1, pair[1])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_constructor_lets_a_value_through(value in value()) {
        for text in written(&value) {
            prop_assert!(!text.contains(&value), "{}", text);
        }
    }

    #[test]
    fn no_place_of_an_entry_takes_a_value(value in value(), seed in 0_u64..60) {
        let entry = sample(1, seed).next().unwrap();
        let text = String::from_utf8(entry.bytes().unwrap()).unwrap();
        prop_assert!(!text.contains(&value));
        for (start, end) in strings(&text) {
            let canary = with(&text, start, end, &value);
            match Entry::read(canary.as_bytes()) {
                Ok(_) => prop_assert!(false, "taken: {}", canary),
                Err(fault) => prop_assert!(!format!("{fault} {fault:?}").contains(&value), "{}", fault),
            }
            // And beside what stands there.
            let canary = with(&text, end, end, &value);
            prop_assert!(Entry::read(canary.as_bytes()).is_err(), "taken: {}", canary);
        }
    }
}

#[test]
fn every_kind_is_among_the_canaries() {
    let kinds = &mut std::collections::BTreeSet::new();
    for seed in 0..2000 {
        kinds.extend(sample(1, seed).next().map(|entry| entry.act.key()));
    }
    assert_eq!(kinds.len(), Act::KEYS.len());
    // The rare kinds, once each with a value that every form of text could be tempted by.
    for entry in sample(3000, 9).filter(|entry| kinds.remove(entry.act.key())) {
        let text = String::from_utf8(entry.bytes().unwrap()).unwrap();
        for (start, end) in strings(&text) {
            for value in ["Jane Doe", "123-45-6789", "jane.doe@clinic.example", "1971-04-02", "E11.9"] {
                let canary = with(&text, start, end, value);
                let fault = Entry::read(canary.as_bytes()).expect_err(value);
                assert!(!fault.to_string().contains(value));
            }
        }
    }
}
