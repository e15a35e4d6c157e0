//! What is known beforehand: Salesforce's own objects and fields, and words that names are made of.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use journal::Confidence;
use policy::vocabulary::{Class, Identifier};

/// One line of `fields.tsv`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    /// As Salesforce writes it; empty in `names.tsv`.
    pub(crate) field: &'static str,
    pub(crate) class: Class,
    pub(crate) identifier: Option<Identifier>,
    pub(crate) confidence: Confidence,
    pub(crate) reason: &'static str,
}

/// One line of `objects.tsv`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownObject {
    /// Whether its records usually hold anybody's data.
    holds: bool,
    /// The field path to the person; empty where it differs by record.
    pub(crate) subject: &'static str,
}

/// One line of `names.tsv`: words that, found together in a name or label, tell what a field holds.
#[derive(Debug)]
pub(crate) struct NamePattern {
    pub(crate) words: Vec<&'static str>,
    pub(crate) known: Known,
    pub(crate) types: Vec<&'static str>,
    pub(crate) unless: Vec<Vec<&'static str>>,
}

/// The shipped catalogue. Keys are lower case, as Salesforce names compare without case.
#[derive(Debug)]
pub(crate) struct Catalogue {
    fields: BTreeMap<String, BTreeMap<String, Known>>,
    objects: BTreeMap<String, KnownObject>,
    pub(crate) names: Vec<NamePattern>,
    system: Vec<&'static str>,
}

static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::parse(
        include_str!("../catalogue/fields.tsv"),
        include_str!("../catalogue/objects.tsv"),
        include_str!("../catalogue/names.tsv"),
        include_str!("../catalogue/system_fields.txt"),
    )
});

impl Catalogue {
    pub(crate) fn shipped() -> &'static Catalogue {
        &SHIPPED
    }

    fn parse(fields: &'static str, objects: &'static str, names: &'static str, system: &'static str) -> Self {
        let mut catalogue = Catalogue {
            fields: BTreeMap::new(),
            objects: BTreeMap::new(),
            names: Vec::new(),
            system: Vec::new(),
        };
        for columns in rows(fields) {
            if let [object, field, class, identifier, confidence, reason] = columns.as_slice()
                && let Some(known) = known(class, identifier, confidence, reason)
            {
                let known = Known { field, ..known };
                catalogue
                    .fields
                    .entry(object.to_lowercase())
                    .or_default()
                    .insert(field.to_lowercase(), known);
            }
        }
        for columns in rows(objects) {
            if let [object, holds, subject, _] = columns.as_slice() {
                let known = KnownObject { holds: *holds != "none", subject };
                catalogue.objects.insert(object.to_lowercase(), known);
            }
        }
        for columns in rows(names) {
            if let [pattern, class, identifier, confidence, types, unless, reason] = columns.as_slice()
                && let Some(known) = known(class, identifier, confidence, reason)
            {
                catalogue.names.push(NamePattern {
                    words: pattern.split_whitespace().collect(),
                    known,
                    types: types.split(',').map(str::trim).filter(|t| !t.is_empty()).collect(),
                    unless: unless
                        .split(',')
                        .map(|words| words.split_whitespace().collect::<Vec<_>>())
                        .filter(|words| !words.is_empty())
                        .collect(),
                });
            }
        }
        catalogue.system = system.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        catalogue
    }

    pub(crate) fn field(&self, object: &str, field: &str) -> Option<Known> {
        self.fields.get(&object.to_lowercase())?.get(&field.to_lowercase()).copied()
    }

    /// What fields of this object hold that nothing else is known of.
    pub(crate) fn default_of(&self, object: &str) -> Option<Known> {
        self.field(object, "*")
    }

    /// The fields of an object that have a line of their own, in lower case.
    pub(crate) fn fields_of(&self, object: &str) -> impl Iterator<Item = (&str, Known)> {
        let fields = self.fields.get(&object.to_lowercase());
        fields.into_iter().flatten().filter(|(name, _)| *name != "*").map(|(_, known)| (known.field, *known))
    }

    pub(crate) fn object(&self, object: &str) -> Option<KnownObject> {
        self.objects.get(&object.to_lowercase()).copied()
    }

    /// Whether records of the object usually hold a patient's or another person's data.
    pub(crate) fn holds_somebodys(&self, object: &str) -> bool {
        self.object(object).is_some_and(|known| known.holds)
    }

    pub(crate) fn is_system_field(&self, field: &str) -> bool {
        self.system.iter().any(|name| name.eq_ignore_ascii_case(field))
    }
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines()
        .skip(1)
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.split('\t').map(str::trim).collect())
}

fn known(class: &str, identifier: &str, confidence: &str, reason: &'static str) -> Option<Known> {
    Some(Known {
        field: "",
        class: Class::of(class)?,
        identifier: if identifier.is_empty() { None } else { Some(Identifier::of(identifier)?) },
        confidence: confidence.parse().ok()?,
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that does not parse would be dropped in silence: every line must.
    #[test]
    fn every_line_of_the_shipped_catalogue_is_read() {
        let catalogue = Catalogue::shipped();
        let fields: usize = catalogue.fields.values().map(BTreeMap::len).sum();
        assert_eq!(fields, rows(include_str!("../catalogue/fields.tsv")).count());
        assert_eq!(catalogue.objects.len(), rows(include_str!("../catalogue/objects.tsv")).count());
        assert_eq!(catalogue.names.len(), rows(include_str!("../catalogue/names.tsv")).count());
        assert!(catalogue.is_system_field("createddate"));
    }
}
