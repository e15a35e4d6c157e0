//! Fields whose values are so few that equal ones, counted, tell what they are.

use policy::vocabulary::Identifier;
use sfdx::Value;
use sfdx::views::Field;

use crate::classification::{Verdict, occurs, words};

/// Words of names and labels, and what a column of them is a column of.
const FEW: [(&[&str], &str); 34] = [
    (&["gender"], "genders"),
    (&["sex"], "sexes"),
    (&["pronoun"], "pronouns"),
    (&["birth", "date"], "birth dates"),
    (&["date", "of", "birth"], "birth dates"),
    (&["birthdate"], "birth dates"),
    (&["birthday"], "birth dates"),
    (&["dob"], "birth dates"),
    (&["birth", "year"], "birth years"),
    (&["year", "of", "birth"], "birth years"),
    (&["age"], "ages"),
    (&["zip"], "ZIP codes"),
    (&["postal", "code"], "postal codes"),
    (&["postcode"], "postal codes"),
    (&["postal"], "postal codes"),
    (&["state"], "states"),
    (&["province"], "provinces"),
    (&["county"], "counties"),
    (&["country"], "countries"),
    (&["area", "code"], "area codes"),
    (&["blood", "type"], "blood types"),
    (&["blood", "group"], "blood types"),
    (&["marital"], "marital states"),
    (&["race"], "races"),
    (&["ethnicity"], "ethnicities"),
    (&["ethnic"], "ethnicities"),
    (&["religion"], "religions"),
    (&["language"], "languages"),
    (&["nationality"], "nationalities"),
    (&["yes", "no"], "yes and no"),
    (&["flag"], "flags"),
    (&["smoker"], "yes and no"),
    (&["smoking"], "habits"),
    (&["deceased"], "yes and no"),
];

/// What a column of a field of this name is a column of, where that is few things.
pub(crate) fn by_name(name: &str) -> Option<&'static str> {
    by_words(&[words(name)])
}

fn by_words(named: &[Vec<String>]) -> Option<&'static str> {
    let few = FEW.iter().find(|(pattern, _)| named.iter().any(|own| occurs(pattern, own)));
    few.map(|(_, few)| *few)
}

/// What a column of the field is a column of, where that is few things.
pub(crate) fn of(field: Field<'_>, verdict: &Verdict) -> Option<&'static str> {
    // Every value is another.
    if field.unique() == Some(true) || field.external_id() == Some(true) {
        return None;
    }
    let label = field.label().map(Value::into_text).unwrap_or_default();
    let named = [words(field.name()), words(&label)];
    let few = by_words(&named);
    let names_one = verdict.identifier.is_some_and(|kind| {
        !matches!(kind, Identifier::Geographic | Identifier::Date | Identifier::Clinical | Identifier::Other)
    });
    // `Phone_Country__c` may be classified as a phone and holds a country all the same; a phone number does not.
    match few {
        Some(few) if !names_one || !holds_long_text(field) => Some(few),
        Some(_) => None,
        None if verdict.identifier == Some(Identifier::Date) => Some("dates"),
        None if !names_one && field.length().is_some_and(|length| length <= 2) => {
            Some("values of a letter or two")
        }
        None => None,
    }
}

/// Whether the field has room for a number or name of one person.
fn holds_long_text(field: Field<'_>) -> bool {
    field.length().is_none_or(|length| length > 5)
}
