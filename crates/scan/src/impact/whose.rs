//! Whose data a change concerns: the fields with their class and identifier, the person that a record is about, and
//! the person's legal region, as the bundle says.

use std::collections::{BTreeMap, BTreeSet};

use policy::vocabulary::Class;
use serde::Serialize;

use super::Side;

/// Fields of one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Data {
    pub object: String,
    pub fields: Vec<DataField>,
    /// The field path to the person, `self` where the record is the person; none where no bundle says.
    pub subject: Option<String>,
    /// The field path to the person's legal region.
    pub region: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DataField {
    pub field: String,
    /// None where neither source nor bundle tells.
    pub class: Option<String>,
    pub identifier: Option<String>,
}

/// Looks fields up on the side that a change came to, then on the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) first: Side<'a>,
    pub(super) second: Side<'a>,
}

impl Whose<'_> {
    /// Of fields written `Object.Field`; a name without a field is an object as a whole.
    pub(super) fn of<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<Data> {
        let mut objects: BTreeMap<String, (String, BTreeSet<DataField>)> = BTreeMap::new();
        for name in names {
            let (object, field) = name.split_once('.').map_or((name, None), |(o, f)| (o, Some(f)));
            let field = field.map(|field| self.field(object, field));
            // What is about nobody is nobody's data.
            let class = field.as_ref().and_then(|field| Class::of(field.class.as_deref()?));
            if class.is_some_and(|class| !class.is_personal()) {
                continue;
            }
            let own =
                objects.entry(object.to_lowercase()).or_insert_with(|| (object.to_owned(), BTreeSet::new()));
            own.1.extend(field);
        }
        let data = objects.into_values().map(|(object, fields)| {
            let said = |side: Side<'_>| {
                let rule = side.policy.object(&object)?;
                let path = |path: &Option<policy::At<policy::vocabulary::FieldPath>>| {
                    path.as_ref().map(|path| path.to_string())
                };
                Some((path(&rule.subject), path(&rule.region)))
            };
            let (subject, region) = said(self.first).or_else(|| said(self.second)).unwrap_or_default();
            Data { object, fields: fields.into_iter().collect(), subject, region }
        });
        data.collect()
    }

    fn field(&self, object: &str, field: &str) -> DataField {
        let key = format!("{object}.{field}").to_lowercase();
        let seen = |side: Side<'_>| {
            let seen = side.snapshot.fields.get(&key)?;
            Some((seen.class.clone(), seen.identifier.clone()))
        };
        // A field that only its object's default classifies, or `Object.*` of a declared flow.
        let said = |side: Side<'_>| {
            let said = side.policy.class_of(object, field)?;
            Some((said.class.to_string(), said.identifier.map(|identifier| identifier.to_string())))
        };
        let of = |side| seen(side).or_else(|| said(side));
        // Where the two sides differ, the stronger word says whose data it is.
        let rank = |known: &Option<(String, Option<String>)>| {
            known.as_ref().and_then(|(class, _)| Class::of(class)).map_or(0, |class| class as usize + 1)
        };
        let (first, second) = (of(self.first), of(self.second));
        let known = if rank(&second) > rank(&first) { second } else { first };
        let (class, identifier) = known.map_or((None, None), |(class, identifier)| (Some(class), identifier));
        DataField { field: field.to_owned(), class, identifier }
    }
}

impl Data {
    /// In words: `Account.SSN__pc (phi, ssn); whose: the record itself; region by Data_Region__pc`.
    pub(super) fn words(&self, most: usize) -> String {
        let mut words = if self.fields.is_empty() {
            format!("`{}`", self.object)
        } else {
            let shown: Vec<String> = self
                .fields
                .iter()
                .take(most)
                .map(|field| format!("`{}.{}`{}", self.object, field.field, field.holds()))
                .collect();
            let more = self.fields.len().saturating_sub(most);
            shown.join(", ")
                + &if more > 0 { format!(" and {more} more of `{}`", self.object) } else { String::new() }
        };
        words += &self.person();
        words
    }

    pub(super) fn person(&self) -> String {
        let mut words = match self.subject.as_deref() {
            Some("self") => "; the record is the person".to_owned(),
            Some(path) => format!("; the person is at `{path}`"),
            None => String::new(),
        };
        if let Some(region) = &self.region {
            words += &format!("; legal region at `{region}`");
        }
        words
    }
}

impl DataField {
    fn holds(&self) -> String {
        match (&self.class, &self.identifier) {
            (Some(class), Some(identifier)) => format!(" ({class}, {identifier})"),
            (Some(class), None) => format!(" ({class})"),
            (None, _) => " (class unknown)".to_owned(),
        }
    }
}
