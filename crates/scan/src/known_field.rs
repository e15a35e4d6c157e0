//! The fields that a report and its bundle know of: one list, from which all that speaks of fields with patients' data
//! is made.

use std::collections::BTreeMap;

use policy::Policy;
use policy::vocabulary::Class;

use crate::{Evidence, Report};

/// A field of the source, or one that the bundle names though the source does not.
#[derive(Debug, Clone)]
pub struct KnownField {
    pub object: String,
    pub field: String,
    pub class: Class,
    /// By what it identifies somebody, in the words of the bundle: `ssn`.
    pub identifier: Option<&'static str>,
    /// Whether it is PHI, and surely enough to be acted on.
    pub is_phi: bool,
    pub by_bundle: bool,
    /// Whether Shield Platform Encryption is on for it in the source.
    pub encrypted: bool,
    pub in_source: bool,
}

impl KnownField {
    /// `Object.Field`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.object, self.field)
    }

    /// Class and identifier: `phi, ssn`.
    pub fn holds(&self) -> String {
        match self.identifier {
            Some(identifier) => format!("{}, {identifier}", self.class),
            None => self.class.to_string(),
        }
    }
}

/// Fields by lower-case `object.field`: those of the report, and those that the bundle names though the source does
/// not.
pub fn known_fields(report: &Report, policy: &Policy) -> BTreeMap<String, KnownField> {
    let mut fields = BTreeMap::new();
    // A flow may name a field that only its object's default classifies.
    let flowing =
        policy.flows().iter().flat_map(|flow| flow.from.iter().map(|pattern| pattern.value.parts()));
    for (object, field) in bundle_fields(policy).chain(flowing.filter(|(_, field)| *field != "*")) {
        let Some(said) = policy.class_of(object, field) else { continue };
        let known = KnownField {
            object: object.to_owned(),
            field: field.to_owned(),
            class: said.class,
            identifier: said.identifier.map(|identifier| identifier.as_str()),
            is_phi: said.class.is_phi(),
            by_bundle: true,
            encrypted: false,
            in_source: false,
        };
        fields.insert(known.name().to_lowercase(), known);
    }
    for found in &report.fields {
        let known = KnownField {
            object: found.object.clone(),
            field: found.field.clone(),
            class: found.verdict.class,
            identifier: found.verdict.identifier.map(|identifier| identifier.as_str()),
            is_phi: found.verdict.is_phi(),
            by_bundle: found.verdict.evidence == Evidence::Bundle,
            encrypted: found.encrypted,
            in_source: true,
        };
        fields.insert(known.name().to_lowercase(), known);
    }
    fields
}

/// The same, of which only those with patients' data.
pub fn phi_fields(report: &Report, policy: &Policy) -> BTreeMap<String, KnownField> {
    let mut fields = known_fields(report, policy);
    fields.retain(|_, field| field.is_phi);
    fields
}

/// The fields that the bundle classifies by name.
pub(crate) fn bundle_fields(policy: &Policy) -> impl Iterator<Item = (&str, &str)> {
    policy
        .objects()
        .flat_map(|(object, rule)| rule.fields.0.iter().map(|(field, _)| (object.as_str(), field.as_str())))
}
