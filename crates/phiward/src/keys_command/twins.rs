//! The two objects of a person account: fields of one are those of the other by other names.

use guard::SealedField;
use policy::{ClassifiedBy, Policy};

/// Sealed fields of another object that the lines of this one are about, by their names there.
pub(super) fn of(policy: &Policy, object: &str) -> Vec<SealedField> {
    let lines = policy.object(object).into_iter().flat_map(|rule| &rule.fields.0);
    let twins = lines.filter_map(|(field, _)| policy::twin_as_spelled(object, &field.value));
    let is_by_it = |(object, field): &(&'static str, String)| {
        policy.class_of(object, field).is_some_and(|found| found.by == ClassifiedBy::PersonAccount)
    };
    twins.filter(is_by_it).filter_map(|(object, field)| SealedField::of(policy, object, &field)).collect()
}

/// The other object of a person account, as Salesforce spells it.
pub(super) fn other(object: &str) -> Option<&'static str> {
    match object.to_ascii_lowercase().as_str() {
        "account" => Some("Contact"),
        "contact" => Some("Account"),
        _ => None,
    }
}
