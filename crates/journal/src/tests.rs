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

proptest! {
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
