//! Section 5: fields.

use super::{Flag, Item, No, Oracle, Tri, Unknown, Who, Yes, and, flag, known, or, same};
use crate::orgs::{FieldFile, ObjectFile};

/// 5.4, second kind, with 5.5: whether it can be written.
const ANYWHERE: [(&str, bool); 13] = [
    ("Id", false),
    ("Name", true),
    ("OwnerId", true),
    ("RecordTypeId", true),
    ("IsDeleted", false),
    ("CreatedById", false),
    ("CreatedDate", false),
    ("LastModifiedById", false),
    ("LastModifiedDate", false),
    ("SystemModstamp", false),
    ("LastViewedDate", false),
    ("LastReferencedDate", false),
    ("CurrencyIsoCode", true),
];

/// 5.4, third kind.
const PERSONS: [&str; 4] = ["Account", "Contact", "Lead", "User"];
const PERSON_NAMES: [&str; 5] = ["FirstName", "LastName", "MiddleName", "Salutation", "Suffix"];

/// 5.4, fourth kind.
const NAMED: [&str; 15] = [
    "Lead.Company",
    "Lead.Status",
    "Case.Status",
    "Case.CaseNumber",
    "Opportunity.StageName",
    "Opportunity.CloseDate",
    "Task.Status",
    "Task.Priority",
    "User.Username",
    "User.Email",
    "User.ProfileId",
    "User.IsActive",
    "User.Alias",
    "Account.IsPersonAccount",
    "Account.PersonContactId",
];

/// 5.5: of these and of the second kind of 5.4.
const READ_ONLY: [&str; 3] = ["Case.CaseNumber", "Account.IsPersonAccount", "Account.PersonContactId"];

/// 5.3: endings of parts of addresses, and what may stand before.
const PARTS: [&str; 10] = [
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
const BEFORE_PARTS: [&str; 6] = ["", "Mailing", "Other", "Billing", "Shipping", "Permanent"];

/// A field's answers: read and edit, and field-level security alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) read: Tri,
    pub(crate) edit: Tri,
    pub(crate) level_read: Tri,
    pub(crate) level_edit: Tri,
}

fn parts(field: &str) -> (&str, &str) {
    field.split_once('.').unwrap()
}

fn ends_with(text: &str, ending: &str) -> bool {
    text.to_lowercase().ends_with(&ending.to_lowercase())
}

/// 5.3, first step: of a person account.
fn of_person(field: &str) -> Option<String> {
    let (object, name) = parts(field);
    if !same(object, "Account") {
        return None;
    }
    if ends_with(name, "__pc") {
        return Some(format!("Contact.{}__c", &name[..name.len() - "__pc".len()]));
    }
    // Here the case of letters counts.
    let rest = name.strip_prefix("Person")?;
    let standard = rest.starts_with(|first: char| first.is_ascii_uppercase()) && !rest.contains("__");
    standard.then(|| format!("Contact.{rest}"))
}

/// 5.3, second step: a part of an address.
fn of_address(field: &str) -> Option<String> {
    let (object, name) = parts(field);
    if ends_with(name, "__s") {
        let whole = name[..name.len() - "__s".len()].rsplit_once("__")?.0;
        return Some(format!("{object}.{whole}__c"));
    }
    if object.contains("__") {
        return None;
    }
    PARTS.iter().filter(|part| ends_with(name, part)).find_map(|part| {
        let before = &name[..name.len() - part.len()];
        BEFORE_PARTS.iter().any(|known| same(known, before)).then(|| format!("{object}.{before}Address"))
    })
}

impl Oracle<'_> {
    pub(super) fn object(&self, name: &str) -> Option<&ObjectFile> {
        self.org.objects.iter().find(|object| same(&object.name, name))
    }

    fn own_description(&self, field: &str) -> Option<&FieldFile> {
        let (object, name) = parts(field);
        self.object(object)?.fields.iter().find(|field| same(&field.name, name))
    }

    /// Whether any container has a row for it.
    fn has_row(self, field: &str) -> bool {
        self.org.containers.iter().flat_map(|file| &file.fields).any(|row| same(&row.field, field))
    }

    /// 5.3: the fields whose rows are this field's.
    fn rows_of(self, field: &str) -> Vec<String> {
        if self.has_row(field) {
            return vec![field.to_owned()];
        }
        let field = of_person(field).unwrap_or_else(|| field.to_owned());
        let field = of_address(&field).unwrap_or(field);
        let (object, name) = parts(&field);
        if same(object, "Activity") && ends_with(name, "__c") {
            return vec![format!("Task.{name}"), format!("Event.{name}")];
        }
        vec![field]
    }

    /// 5.3: what describes a field.
    fn description(&self, field: &str) -> Option<&FieldFile> {
        let (object, name) = parts(field);
        let own = self.own_description(field);
        let of_row = || self.rows_of(field).iter().find_map(|row| self.own_description(row));
        let of_activity = || {
            let custom = (same(object, "Task") || same(object, "Event")) && ends_with(name, "__c");
            if custom { self.own_description(&format!("Activity.{name}")) } else { None }
        };
        own.or_else(of_row).or_else(of_activity)
    }

    /// 5.4: whether it has field-level security.
    pub(crate) fn has_level(self, field: &str) -> Tri {
        let (object, name) = parts(field);
        let described = self.description(field);
        if described
            .is_some_and(|field| flag(field.required) == Some(true) || field.kind == Some("MasterDetail"))
        {
            return No;
        }
        let of_persons = PERSONS.iter().any(|person| same(person, object));
        let listed = ANYWHERE.iter().any(|(known, _)| same(known, name))
            || (of_persons && PERSON_NAMES.iter().any(|known| same(known, name)))
            || NAMED.iter().any(|known| same(known, field));
        if listed {
            return known(self.has_row(field));
        }
        let rows = self.rows_of(field);
        let of_custom = rows.iter().any(|row| ends_with(row, "__c"));
        if of_custom && described.is_none() && !rows.iter().any(|row| self.has_row(row)) {
            return Unknown;
        }
        Yes
    }

    /// 5.5.
    fn can_be_written(self, field: &str) -> Tri {
        let (object, name) = parts(field);
        if let Some(described) = self.description(field) {
            let computed = described.formula || matches!(described.kind, Some("Summary" | "AutoNumber"));
            let fixed = described.kind == Some("MasterDetail") && flag(described.reparentable) != Some(true);
            if computed || fixed {
                return No;
            }
        }
        if READ_ONLY.iter().any(|known| same(known, field))
            || ANYWHERE.iter().any(|(known, written)| same(known, name) && !written)
        {
            return No;
        }
        if same(name, "Name") {
            match self.object(object).and_then(|object| object.name_type) {
                Some("AutoNumber") => return No,
                None if ends_with(object, "__c") => return Unknown,
                _ => {}
            }
        }
        Yes
    }

    /// 5.6.
    pub(crate) fn is_restricted(self, field: &str) -> bool {
        let (object, _) = parts(field);
        let rules = self.org.restrictions.iter().filter(|rule| rule.of_fields && same(&rule.object, object));
        rules.into_iter().any(|rule| flag(rule.active) != Some(false))
    }

    /// 5.1 and 5.2.
    pub(crate) fn field(self, who: &Who, field: &str) -> Field {
        let (object, _) = parts(field);
        let rows = self.rows_of(field);
        let by_rows =
            |item: fn(String) -> Item| or(rows.iter().map(|row| self.grant(who, &item(row.clone()))));
        let with_level_read =
            or([by_rows(Item::FieldRead), self.object_flag(who, object, Flag::ViewAllFields)]);
        let with_level_edit = by_rows(Item::FieldEdit);
        let level = |with: Tri| match self.has_level(field) {
            No => Yes,
            Yes => with,
            Unknown => or([with, Unknown]),
        };
        let (level_read, level_edit) = (level(with_level_read), level(with_level_edit));
        let restricted =
            |answer: Tri| if answer == Yes && self.is_restricted(field) { Unknown } else { answer };
        Field {
            read: restricted(and([self.object_flag(who, object, Flag::Read), level_read])),
            edit: restricted(and([
                self.object_flag(who, object, Flag::Edit),
                level_edit,
                self.can_be_written(field),
            ])),
            level_read,
            level_edit,
        }
    }
}
