mod canary;
mod entries;

use proptest::prelude::*;
use serde_json::json;

use crate::canonical;
use crate::{Fingerprint, Persona, Severity};

fn text(value: &serde_json::Value) -> String {
    String::from_utf8(canonical::bytes(value).unwrap()).unwrap()
}

#[test]
fn members_are_sorted_by_utf16_units_as_in_rfc_8785() {
    // The sample of RFC 8785, 3.2.3: U+1F600 sorts before U+FB33 by UTF-16 units, after it by UTF-8 bytes.
    let value =
        json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
    assert_eq!(
        text(&value),
        "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"\u{f6}\":7,\"\u{20ac}\":1,\"\u{1f600}\":5,\"\u{fb33}\":3}"
    );
}

#[test]
fn strings_are_escaped_as_in_rfc_8785() {
    assert_eq!(text(&json!("\u{20ac}$\u{0f}\nA'B\"\\\\\"/")), "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
}

#[test]
fn fractions_and_large_integers_are_refused_with_their_place() {
    let error = canonical::bytes(&json!({"a": [1, 1.5]})).unwrap_err();
    assert_eq!(error.to_string(), "a number at `a/1` is not an integer within 2^53");
    assert!(canonical::bytes(&json!(9_007_199_254_740_991_u64)).is_ok());
    assert!(canonical::bytes(&json!(-9_007_199_254_740_991_i64)).is_ok());
    assert!(canonical::bytes(&json!(9_007_199_254_740_992_u64)).is_err());
}

/// Values in an order of their own, written by another way: the text of each, sorted as RFC 8785 says.
fn plainly(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(plainly).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let mut sorted: Vec<(Vec<u16>, String)> = members
                .iter()
                .map(|(name, value)| {
                    (name.encode_utf16().collect(), format!("{}:{}", json!(name), plainly(value)))
                })
                .collect();
            sorted.sort();
            let texts: Vec<String> = sorted.into_iter().map(|(_, text)| text).collect();
            format!("{{{}}}", texts.join(","))
        }
        scalar => scalar.to_string(),
    }
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(|value| json!(value)),
        ".{0,6}".prop_map(|value| json!(value)),
    ];
    // Names that begin alike, with what sorts before a quote, and with what has to be escaped.
    let name = prop_oneof!["[a\\ !\"#\n\u{fb33}\u{1f600}]{0,4}", ".{0,4}"];
    scalar.prop_recursive(4, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| json!(items)),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// Members as they come.
struct Unsorted(Vec<(String, serde_json::Value)>);

impl serde::Serialize for Unsorted {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[test]
fn a_name_that_stands_twice_is_refused() {
    let twice =
        Unsorted(vec![("b".to_owned(), json!(1)), ("a".to_owned(), json!(2)), ("b".to_owned(), json!(3))]);
    assert!(canonical::bytes(&twice).is_err());
}

proptest! {
    #[test]
    fn canonical_bytes_are_those_written_plainly(value in any_value()) {
        prop_assert_eq!(text(&value), plainly(&value));
    }

    #[test]
    fn the_order_of_members_does_not_matter(members in prop::collection::btree_map("[a-c \\\\\u{80}\u{1f600}]{0,3}", any_value(), 0..6), turn in 0_usize..6) {
        let sorted = serde_json::to_value(&members).unwrap();
        let mut turned: Vec<_> = members.into_iter().collect();
        let turn = turn % turned.len().max(1);
        turned.rotate_left(turn);
        prop_assert_eq!(canonical::bytes(&Unsorted(turned)).unwrap(), plainly(&sorted).into_bytes());
    }

    #[test]
    fn canonical_bytes_read_back_and_are_a_fixed_point(keys in prop::collection::btree_map(".{0,8}", ".{0,8}", 0..8)) {
        let value = serde_json::to_value(&keys).unwrap();
        let bytes = canonical::bytes(&value).unwrap();
        let back: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&back, &value);
        prop_assert_eq!(canonical::bytes(&back).unwrap(), bytes);
    }
}

#[test]
fn fingerprints_tell_parts_apart() {
    let one = Fingerprint::new("ab", "c", 0);
    assert_eq!(one, Fingerprint::new("ab", "c", 0));
    assert_ne!(one, Fingerprint::new("a", "bc", 0));
    assert_ne!(one, Fingerprint::new("ab", "c", 1));
    assert_eq!(one.as_str().len(), 32);
}

#[test]
fn a_persona_sees_what_is_meant_for_it() {
    assert!(Persona::Auditor.wants(Persona::Developer));
    assert!(Persona::Security.wants(Persona::Developer));
    assert!(!Persona::Developer.wants(Persona::Security));
    assert!(Severity::Critical > Severity::High);
    assert_eq!("high".parse(), Ok(Severity::High));
    assert_eq!(
        "High".parse::<Severity>().unwrap_err(),
        "`High` is not a severity: critical, high, medium, low or info"
    );
}
