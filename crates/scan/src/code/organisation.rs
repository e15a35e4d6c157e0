//! Lookups that lead to organisations, where people are kept in the same object.

use std::collections::{BTreeMap, BTreeSet};

use sfdx::views::Field;

/// The relationships, in lower case, whose lookups take nothing but business accounts: a filter names a record type of
/// `Account`, and those of people are `PersonAccount`'s.
pub(super) fn relationships(project: &sfdx::Project) -> BTreeSet<String> {
    let mut of_businesses = BTreeSet::new();
    let mut has_people = false;
    for record_type in project.of_type("RecordType") {
        match record_type.full_name().split_once('.') {
            Some((object, name)) if object.eq_ignore_ascii_case("Account") => {
                of_businesses.insert(name.to_lowercase());
                of_businesses.extend(record_type.root().value("label").map(|label| label.to_lowercase()));
            }
            Some((object, _)) => has_people |= object.eq_ignore_ascii_case("PersonAccount"),
            None => {}
        }
    }
    if !has_people {
        return BTreeSet::new();
    }
    // Of fields with the same name each has to be such a one: code is read without asking whose a relationship is.
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for field in project
        .objects()
        .flat_map(|object| object.fields())
        .filter(|field| field.reference_to().next().is_some())
    {
        let Some(stem) = field.name().to_lowercase().strip_suffix("__c").map(str::to_owned) else { continue };
        let is_such = found.entry(format!("{stem}__r")).or_insert(true);
        *is_such &= field.components().any(|part| is_of_businesses(&part.root(), &of_businesses))
            && leads_to_accounts(field);
    }
    found.into_iter().filter(|(_, is_such)| *is_such).map(|(relationship, _)| relationship).collect()
}

fn leads_to_accounts(field: Field<'_>) -> bool {
    field.reference_to().all(|object| object.eq_ignore_ascii_case("Account"))
}

fn is_of_businesses(field: &sfdx::Element<'_>, of_businesses: &BTreeSet<String>) -> bool {
    let Some(filter) = field.child("lookupFilter") else { return false };
    // Conditions that are joined by a formula may hold in part.
    let holds = filter.flag("active") != Some(false)
        && filter.flag("isOptional") != Some(true)
        && filter.value("booleanFilter").is_none();
    holds
        && filter.children_named("filterItems").any(|item| {
            let is_record_type = item.value("field").is_some_and(|field| {
                let field = field.to_lowercase();
                matches!(
                    field.as_str(),
                    "account.recordtypeid" | "account.recordtype.developername" | "account.recordtype.name"
                )
            });
            let is_equal =
                item.value("operation").is_some_and(|operation| operation.eq_ignore_ascii_case("equals"));
            let values = item.value("value");
            let are_businesses = values.is_some_and(|values| {
                values.split(',').all(|value| of_businesses.contains(&value.trim().to_lowercase()))
            });
            is_record_type && is_equal && are_businesses
        })
}
