use super::{Comparison, whole_word};

#[test]
fn a_name_is_found_as_a_word_of_its_own() {
    assert_eq!(whole_word("a.ssn__c;", "SSN__c"), Some(2));
    assert_eq!(whole_word("Other_SSN__c, SSN__cx SSN__c", "SSN__c"), Some(22));
    assert_eq!(whole_word("SSN__c2", "SSN__c"), None);
    assert_eq!(whole_word("", "SSN__c"), None);
    assert_eq!(whole_word("x", ""), None);
}

#[test]
fn operators_of_all_dialects() {
    for (operator, value, expected) in [
        (Some("equals"), Some("x"), Comparison::Equality),
        (Some("notEqual"), Some("x"), Comparison::Equality),
        (Some("equals"), Some(" "), Comparison::Blank),
        (Some("EqualTo"), None, Comparison::Equality),
        (Some("IsNull"), None, Comparison::Blank),
        (Some("notContain"), Some("x"), Comparison::Partial),
        (Some("StartsWith"), Some("x"), Comparison::Partial),
        (Some("lessOrEqual"), Some("x"), Comparison::Range),
        (Some("GreaterThanOrEqualTo"), Some("x"), Comparison::Range),
        (Some("wasSelected"), Some("x"), Comparison::Unsaid),
        (None, Some("x"), Comparison::Unsaid),
    ] {
        assert_eq!(Comparison::of(operator, value), expected, "{operator:?} {value:?}");
    }
}
