//! The kinds of answers that the orgs must bring about: a rule that is never asked for is not tested.

use crate::compare::Coverage;

const ANSWERS: &[&str] = &["No", "Unknown", "Yes"];
/// A way that is no is not told.
const TOLD: &[&str] = &["Unknown", "Yes"];
const RANGES: &[&str] =
    &["(None, None)", "(None, Some)", "(None, All)", "(Some, Some)", "(Some, All)", "(All, All)"];

/// What is counted, and with which answers.
const WANTED: &[(&str, &[&str])] = &[
    ("permission", ANSWERS),
    ("object Create", ANSWERS),
    ("object Read", ANSWERS),
    ("object Edit", ANSWERS),
    ("object Delete", ANSWERS),
    ("object ViewAll", ANSWERS),
    ("object ModifyAll", ANSWERS),
    ("object ViewAllFields", ANSWERS),
    ("field read, profile", ANSWERS),
    ("field read, permission-set", ANSWERS),
    ("field read, permission-set-group", ANSWERS),
    ("field read, user", ANSWERS),
    ("field edit, profile", ANSWERS),
    ("field edit, permission-set", ANSWERS),
    ("field edit, permission-set-group", ANSWERS),
    ("field edit, user", ANSWERS),
    ("field-level security", ANSWERS),
    ("under a field restriction rule", &["No", "Unknown"]),
    ("muted", &["permission", "object", "field"]),
    ("escalation", TOLD),
    ("log in as any user", ANSWERS),
    ("crowd", &["Internal", "External", "HighVolume", "Guest"]),
    ("records read", RANGES),
    ("records edit", RANGES),
    ("records, Internal", RANGES),
    ("records, External", &["(None, None)", "(None, All)", "(Some, Some)", "(Some, All)", "(All, All)"]),
    ("records, HighVolume", &["(None, None)", "(None, All)", "(Some, Some)", "(Some, All)", "(All, All)"]),
    ("records, Guest", &["(None, None)", "(None, Some)", "(None, All)", "(Some, Some)", "(All, All)"]),
    ("records, profile", &["(None, None)", "(None, All)", "(Some, Some)", "(Some, All)", "(All, All)"]),
    ("records, permission-set", RANGES),
    ("records, permission-set-group", RANGES),
    ("records, user", &["(None, None)", "(None, All)", "(Some, Some)", "(Some, All)", "(All, All)"]),
    ("controlled by parent, Internal", &["(Some, Some)", "(Some, All)", "(All, All)"]),
    ("controlled by parent, External", &["(Some, Some)", "(Some, All)", "(All, All)"]),
    ("controlled by parent, HighVolume", &["(Some, Some)", "(Some, All)", "(All, All)"]),
    ("controlled by parent, Guest", &["(None, None)", "(None, Some)", "(All, All)"]),
    ("under a restriction rule", &["(Some, Some)", "(Some, All)"]),
    ("Owner", &["Yes"]),
    ("Hierarchy", TOLD),
    ("Owner rule", TOLD),
    ("Criteria rule", TOLD),
    ("Territory rule", TOLD),
    ("Guest rule", TOLD),
    ("shared to allInternalUsers", &["Yes"]),
    ("shared to allCustomerPortalUsers", TOLD),
    ("shared to allPartnerUsers", TOLD),
    ("shared to role", TOLD),
    ("shared to roleAndSubordinates", TOLD),
    ("shared to roleAndSubordinatesInternal", TOLD),
    ("shared to group", TOLD),
    ("shared to managers", &["Unknown"]),
    ("SharingSet", &["Yes"]),
    ("Queue", TOLD),
];

pub(crate) fn lacking(counts: &Coverage) -> Vec<String> {
    let mut wanted: Vec<String> = WANTED
        .iter()
        .flat_map(|(what, answers)| answers.iter().map(move |answer| format!("{what}: {answer}")))
        .collect();
    wanted.extend(["opened by ViewAll", "opened by ModifyAll"].map(str::to_owned));
    wanted.retain(|what| !counts.contains_key(what));
    wanted
}
