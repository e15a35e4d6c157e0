//! What is special about a field: whose row counts, whether it has field-level security, whether it can be written.
//! Section 5 of `semantics.md`.

use sfdx::Project;
use sfdx::views::{Field, Object};

use crate::Answer;
use crate::path::Place;
use crate::universe::Universe;

/// What evaluation asks of a field.
#[derive(Debug)]
pub(crate) struct FieldTraits {
    /// The fields whose rows count: its own, the whole address's, or two of a field of activities.
    pub(crate) rows: Vec<u32>,
    /// Whether it has field-level security.
    pub(crate) secured: Answer,
    pub(crate) writable: Answer,
    /// A field restriction rule may hide it.
    pub(crate) restricted: bool,
    /// Where the source describes it.
    pub(crate) place: Option<Place>,
    /// Why it has no field-level security, in words.
    pub(crate) why_open: &'static str,
}

const ADDRESS_PARTS: [&str; 10] = [
    "Street",
    "City",
    "State",
    "PostalCode",
    "Country",
    "StateCode",
    "CountryCode",
    "Latitude",
    "Longitude",
    "GeocodeAccuracy",
];
const ADDRESSES: [&str; 6] = ["", "mailing", "other", "billing", "shipping", "permanent"];

/// Without field-level security on any object, and whether they can be written.
const SYSTEM: [(&str, bool); 13] = [
    ("id", false),
    ("name", true),
    ("ownerid", true),
    ("recordtypeid", true),
    ("isdeleted", false),
    ("createdbyid", false),
    ("createddate", false),
    ("lastmodifiedbyid", false),
    ("lastmodifieddate", false),
    ("systemmodstamp", false),
    ("lastvieweddate", false),
    ("lastreferenceddate", false),
    ("currencyisocode", true),
];
const PERSON_NAMES: [&str; 5] = ["firstname", "lastname", "middlename", "salutation", "suffix"];
const PERSONS: [&str; 4] = ["account", "contact", "lead", "user"];
/// Always required, so without field-level security, and whether they can be written.
const REQUIRED: [(&str, bool); 15] = [
    ("account.ispersonaccount", false),
    ("account.personcontactid", false),
    ("lead.company", true),
    ("lead.status", true),
    ("case.status", true),
    ("case.casenumber", false),
    ("opportunity.stagename", true),
    ("opportunity.closedate", true),
    ("task.status", true),
    ("task.priority", true),
    ("user.username", true),
    ("user.email", true),
    ("user.profileid", true),
    ("user.isactive", true),
    ("user.alias", true),
];

/// Adds the fields that stand for others, so that they have numbers.
pub(crate) fn add_wholes(universe: &mut Universe) {
    let names: Vec<String> = universe.fields.sorted().map(|(_, name)| name.to_owned()).collect();
    for name in names {
        for whole in wholes(&name) {
            universe.add_field(&whole);
        }
    }
}

/// The names of the fields whose rows speak for a field that has none itself.
fn wholes(full_name: &str) -> Vec<String> {
    let Some((object, name)) = full_name.split_once('.') else { return Vec::new() };
    let (mut object, mut name) = (object.to_owned(), name.to_owned());
    let lower = |text: &str| text.to_lowercase();
    if lower(&object) == "account" {
        // "Account Fields" in Salesforce Help: a person account's field inherits from the contact's.
        if let Some(custom) = without_end(&name, "__pc") {
            (object, name) = ("Contact".to_owned(), format!("{custom}__c"));
        } else if let Some(standard) = name.strip_prefix("Person")
            && !standard.contains("__")
            && standard.starts_with(|first: char| first.is_ascii_uppercase())
        {
            (object, name) = ("Contact".to_owned(), standard.to_owned());
        }
    }
    if let Some((whole, _)) = without_end(&name, "__s").and_then(|rest| rest.rsplit_once("__")) {
        name = format!("{whole}__c");
    } else if !object.contains("__")
        && let Some(prefix) = ADDRESS_PARTS.iter().find_map(|part| {
            without_end(&name, part).filter(|prefix| ADDRESSES.contains(&lower(prefix).as_str()))
        })
    {
        name = format!("{prefix}Address");
    }
    if lower(&object) == "activity" && lower(&name).ends_with("__c") {
        return vec![format!("Task.{name}"), format!("Event.{name}")];
    }
    vec![format!("{object}.{name}")]
}

/// The text before an ending, in any case.
fn without_end<'t>(text: &'t str, end: &str) -> Option<&'t str> {
    let (start, tail) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    tail.eq_ignore_ascii_case(end).then_some(start)
}

/// The traits of every field, by number.
pub(crate) fn traits(project: &Project, universe: &Universe) -> Vec<FieldTraits> {
    let restricted: std::collections::BTreeSet<String> = project
        .field_restrictions()
        .filter(|rule| rule.active() != Some(false))
        .filter_map(|rule| rule.object().map(|object| object.to_lowercase()))
        .collect();
    (0_u32..).take(universe.fields.len()).map(|field| one(project, universe, &restricted, field)).collect()
}

fn one(
    project: &Project,
    universe: &Universe,
    restricted: &std::collections::BTreeSet<String>,
    number: u32,
) -> FieldTraits {
    let full_name = universe.fields.shown(number);
    let (object, name) = full_name.split_once('.').unwrap_or((full_name, ""));
    let (object_key, key) = (object.to_lowercase(), name.to_lowercase());
    let rows: Vec<u32> = if universe.with_row.contains(&number) {
        vec![number]
    } else {
        wholes(full_name).iter().filter_map(|whole| universe.fields.find(whole)).collect()
    };
    let described = project
        .field(full_name)
        .or_else(|| rows.iter().find_map(|&row| project.field(universe.fields.shown(row))))
        .or_else(|| {
            let of_activity = matches!(object_key.as_str(), "task" | "event") && key.ends_with("__c");
            of_activity.then(|| project.field(&format!("Activity.{name}"))).flatten()
        });
    let has_row = rows.iter().any(|row| universe.with_row.contains(row));
    let (secured, why_open) = secured(described, &object_key, &key, has_row, &rows, universe);
    FieldTraits {
        secured,
        why_open,
        writable: writable(described, project.object(object), &object_key, &key),
        restricted: restricted.contains(&object_key),
        place: described.map(|field| Place::of_element(field.component().root())),
        rows,
    }
}

fn is_type(field: Field<'_>, wanted: &str) -> bool {
    field.data_type().is_some_and(|kind| kind == wanted)
}

fn secured(
    described: Option<Field<'_>>,
    object: &str,
    name: &str,
    has_row: bool,
    rows: &[u32],
    universe: &Universe,
) -> (Answer, &'static str) {
    if let Some(field) = described {
        if field.flag("required") == Some(true) {
            return (Answer::No, "a required field has no field-level security");
        }
        if is_type(field, "MasterDetail") {
            return (Answer::No, "a master-detail field has no field-level security");
        }
    }
    if has_row {
        return (Answer::Yes, "");
    }
    if SYSTEM.iter().any(|(system, _)| *system == name) {
        return (Answer::No, "a system field has no field-level security");
    }
    if PERSONS.contains(&object) && PERSON_NAMES.contains(&name) {
        return (Answer::No, "a person's name has no field-level security");
    }
    if REQUIRED.iter().any(|(required, _)| *required == format!("{object}.{name}")) {
        return (Answer::No, "a required field has no field-level security");
    }
    let custom = rows.iter().any(|&row| universe.fields.shown(row).to_lowercase().ends_with("__c"));
    (if custom && described.is_none() { Answer::Unknown } else { Answer::Yes }, "")
}

fn writable(
    described: Option<Field<'_>>,
    object: Option<Object<'_>>,
    object_name: &str,
    name: &str,
) -> Answer {
    if let Some(field) = described {
        if field.formula().is_some() || is_type(field, "Summary") || is_type(field, "AutoNumber") {
            return Answer::No;
        }
        if is_type(field, "MasterDetail") {
            return Answer::of(field.flag("reparentableMasterDetail") == Some(true));
        }
    }
    if name == "name" {
        let kind = object.and_then(|object| object.name_field()).and_then(|field| field.data_type());
        return match kind {
            Some(kind) => Answer::of(kind != "AutoNumber"),
            None if object_name.ends_with("__c") => Answer::Unknown,
            None => Answer::Yes,
        };
    }
    if let Some((_, writable)) = SYSTEM.iter().find(|(system, _)| *system == name) {
        return Answer::of(*writable);
    }
    let full_name = format!("{object_name}.{name}");
    let required = REQUIRED.iter().find(|(required, _)| *required == full_name);
    Answer::of(required.is_none_or(|(_, writable)| *writable))
}
