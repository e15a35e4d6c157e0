//! Compound fields: names, addresses and places, which Salesforce keeps in parts and shows as a whole.

const OF_ADDRESS: [&str; 10] = [
    "street",
    "city",
    "state",
    "statecode",
    "postalcode",
    "country",
    "countrycode",
    "latitude",
    "longitude",
    "geocodeaccuracy",
];

const OF_NAME: [&str; 5] = ["firstname", "lastname", "middlename", "salutation", "suffix"];

/// Whose `Name` has parts.
const NAMED: [&str; 4] = ["account", "contact", "lead", "user"];

/// What stands before the parts of an address and before `Address`.
const ADDRESSES: [&str; 7] = ["billing", "mailing", "other", "personmailing", "personother", "shipping", ""];

/// The field of which this one is a part; both in lower case.
pub fn whole_of(object: &str, field: &str) -> Option<String> {
    // A line for the name of an account may be about a business, and says nothing of a person's.
    if OF_NAME.contains(&field) && NAMED.contains(&object) && object != "account" {
        return Some("name".to_owned());
    }
    // `Home__City__s` is a part of `Home__c`.
    if let Some((stem, part)) = field.strip_suffix("__s").and_then(|field| field.rsplit_once("__")) {
        return OF_ADDRESS.contains(&part).then(|| format!("{stem}__c"));
    }
    let kind = ADDRESSES.iter().find(|kind| {
        field.strip_prefix(*kind).is_some_and(|part| OF_ADDRESS.contains(&part)) && has_address(object, kind)
    })?;
    Some(format!("{kind}address"))
}

/// The parts that a field may have; both in lower case.
pub(crate) fn parts_of(object: &str, field: &str) -> Vec<String> {
    if field == "name" && NAMED.contains(&object) {
        return OF_NAME.map(str::to_owned).to_vec();
    }
    if let Some(stem) = field.strip_suffix("__c") {
        return OF_ADDRESS.map(|part| format!("{stem}__{part}__s")).to_vec();
    }
    let kind = field.strip_suffix("address").filter(|kind| ADDRESSES.contains(kind));
    match kind.filter(|kind| has_address(object, kind)) {
        Some(kind) => OF_ADDRESS.map(|part| format!("{kind}{part}")).to_vec(),
        None => Vec::new(),
    }
}

/// An address without a word before it is that of a lead or user: elsewhere `City` is a field of its own.
fn has_address(object: &str, kind: &str) -> bool {
    !kind.is_empty() || matches!(object, "lead" | "user")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_has_the_parts_whose_whole_it_is() {
        for (object, whole) in [
            ("contact", "name"),
            ("contact", "mailingaddress"),
            ("account", "personotheraddress"),
            ("lead", "address"),
            ("visit__c", "home__c"),
        ] {
            let parts = parts_of(object, whole);
            assert!(parts.len() >= 5, "{whole}");
            for part in parts {
                assert_eq!(whole_of(object, &part).as_deref(), Some(whole), "{part}");
            }
        }
        for (object, field) in
            [("visit__c", "city"), ("case", "firstname"), ("contact", "email"), ("a__c", "x__y__s")]
        {
            assert_eq!(whole_of(object, field), None, "{field}");
        }
        assert!(parts_of("visit__c", "name").is_empty() && parts_of("case", "address").is_empty());
    }
}
