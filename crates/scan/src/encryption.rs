//! What field encryption can do, what the bundle asks of it, and what the source says of it.

use journal::Place;
use policy::vocabulary::{Identifier, Protect, Search};
use sfdx::Value;
use sfdx::views::{Field, Object, ObjectKind};

use crate::classification::Verdict;
use crate::encryption_plan::Mode;
use crate::{Context, sharing};

/// What the bundle asks for a field.
pub(crate) enum Asked {
    /// Nothing is said.
    Nothing,
    /// Something other than Shield.
    Otherwise,
    Shield(Place),
}

pub(crate) fn asked(cx: &Context<'_>, object: &str, field: &str) -> Asked {
    let Some(said) = cx.policy.class_of(object, field) else { return Asked::Nothing };
    let mut said = said.rules.iter().filter_map(|rule| rule.protect.as_ref()).peekable();
    if said.peek().is_none() {
        return Asked::Nothing;
    }
    let shield = said.find(|protect| matches!(protect.value, Protect::Platform | Protect::Both));
    shield.map_or(Asked::Otherwise, |protect| Asked::Shield(cx.policy_place(&protect.place)))
}

/// Whether a type can be encrypted, after *Salesforce Help, Which Custom Fields Can I Encrypt*.
pub(crate) fn is_encryptable(data_type: &str) -> bool {
    matches!(
        data_type,
        "Email" | "Phone" | "Text" | "TextArea" | "LongTextArea" | "Html" | "Url" | "Date" | "DateTime"
    )
}

/// Whether field encryption can reach records of such an object.
pub(crate) fn reaches(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Standard | ObjectKind::Custom)
}

/// How Shield encrypts a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// The same value gives another ciphertext each time.
    Probabilistic,
    /// The same value gives the same ciphertext, so that it can be filtered on.
    Deterministic,
}

/// The scheme that the source writes, and where.
pub(crate) fn scheme(field: Field<'_>) -> Option<(Scheme, Value<'_>)> {
    let written = field.encryption_scheme()?;
    let scheme = match written.as_str().to_ascii_lowercase().as_str() {
        "probabilisticencryption" => Scheme::Probabilistic,
        "casesensitivedeterministicencryption" | "caseinsensitivedeterministicencryption" => {
            Scheme::Deterministic
        }
        _ => return None,
    };
    Some((scheme, written))
}

/// The scheme of the two deterministic ones that compares as the values of a field do, and why: what plans choose and
/// rules propose.
pub(crate) fn deterministic(
    unique: bool,
    case_sensitive: Option<bool>,
    identifier: Option<Identifier>,
) -> (Mode, &'static str) {
    match (unique.then_some(case_sensitive).flatten(), identifier) {
        (Some(true), _) => (Mode::DeterministicCaseSensitive, "uniqueness tells upper and lower case apart"),
        (Some(false), _) => {
            (Mode::DeterministicCaseInsensitive, "uniqueness does not tell upper and lower case apart")
        }
        (None, Some(Identifier::Ssn | Identifier::Phone | Identifier::Fax)) => (
            Mode::DeterministicCaseSensitive,
            "its values are digits, and no second copy in lower case is kept",
        ),
        (None, _) => (
            Mode::DeterministicCaseInsensitive,
            "filters of Salesforce did not tell upper and lower case apart so far",
        ),
    }
}

/// The same for a field of the source, as its file writes it: `CaseInsensitiveDeterministicEncryption`.
pub(crate) fn deterministic_of(field: Field<'_>, verdict: &Verdict) -> (&'static str, &'static str) {
    let unique = field.unique() == Some(true);
    let (mode, why) = deterministic(unique, field.case_sensitive(), verdict.identifier);
    (mode.scheme().unwrap_or_default(), why)
}

/// A PHI field of the source.
#[derive(Debug, Clone)]
pub(crate) struct PhiField<'p> {
    pub(crate) object: Object<'p>,
    pub(crate) field: Field<'p>,
    pub(crate) verdict: Verdict,
}

/// The PHI fields of the source that field encryption can reach, by object and name.
pub(crate) fn phi_fields<'p>(cx: &Context<'p>) -> Vec<PhiField<'p>> {
    let mut found = Vec::new();
    for object in cx.project.objects().filter(|object| reaches(object.kind())) {
        for field in object.fields() {
            let verdict = cx.classes.field(object.name(), field.name());
            if verdict.is_phi() {
                found.push(PhiField { object, field, verdict });
            }
        }
    }
    found
}

/// A PHI field for which the bundle asks Shield and that the source does not hold.
pub(crate) struct AbsentField<'p> {
    pub(crate) object: &'p str,
    pub(crate) field: &'p str,
    /// Whether the bundle wants to filter on it.
    pub(crate) is_searched: bool,
}

impl AbsentField<'_> {
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.object, self.field)
    }
}

/// Fields that the bundle asks Shield for and the source does not hold, in the order of the bundle.
pub(crate) fn absent_fields<'p>(cx: &Context<'p>) -> Vec<AbsentField<'p>> {
    let mut found = Vec::new();
    for (object, rule) in cx.policy.objects() {
        for (field, rules) in &rule.fields.0 {
            let wanted = rules.iter().any(|rule| {
                let protect = rule.protect.as_ref().map(|protect| protect.value);
                rule.class.value.is_phi() && matches!(protect, Some(Protect::Platform | Protect::Both))
            });
            if wanted && cx.described(&object.value, &field.value).is_none() {
                let is_searched = rules
                    .iter()
                    .any(|rule| rule.search.as_ref().is_some_and(|search| search.value == Search::Equality));
                found.push(AbsentField { object: &object.value, field: &field.value, is_searched });
            }
        }
    }
    found
}

/// The place that names a field: its name in the file, else the start of its part.
pub(crate) fn place(cx: &Context<'_>, field: Field<'_>) -> Place {
    let written = field.value("fullName");
    written.map_or_else(|| sharing::start(field.component().root()), |value| cx.place(&value))
}

/// The place of a field's type; its name where the file does not say the type.
pub(crate) fn place_of_type(cx: &Context<'_>, field: Field<'_>) -> Place {
    field.data_type().map_or_else(|| place(cx, field), |value| cx.place(&value))
}
