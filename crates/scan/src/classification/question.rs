//! What people are asked, in the order in which it matters: first whose records objects keep, since every field hangs on
//! that, then of fields that words do not decide.

use std::cmp::Reverse;

use policy::bundle::classification::Keeps;
use policy::vocabulary::Identifier;
use serde::Serialize;
use sfdx::Value;
use sfdx::views::{Object, ObjectKind};

use super::role::{PEOPLE, Role};
use super::{Catalogue, Classification, Verdict, WordTable};

/// How likely an object keeps patients' records, by the table of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    Likely,
    Perhaps,
    Hardly,
}

impl Likelihood {
    /// As likely as not, and one in eight.
    fn of(weight: i32) -> Self {
        match weight {
            0.. => Self::Likely,
            -80..0 => Self::Perhaps,
            _ => Self::Hardly,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Likely => "likely",
            Self::Perhaps => "perhaps",
            Self::Hardly => "hardly",
        }
    }
}

/// Whose records does this object keep?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectQuestion {
    pub object: String,
    pub label: String,
    pub likelihood: Likelihood,
    /// What we would say.
    pub keeps: Keeps,
    /// The lookup that seems to lead to the person.
    pub by: Option<String>,
    pub fields: usize,
    /// Fields of other objects that point at this one and are not answered either.
    pub hanging: usize,
    pub reason: String,
}

/// Is this a patient's data?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldQuestion {
    pub object: String,
    pub field: String,
    pub label: String,
    pub field_type: String,
    /// What we would say.
    pub verdict: Verdict,
}

/// What only people can say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    pub objects: Vec<ObjectQuestion>,
    pub fields: Vec<FieldQuestion>,
}

/// An object of which nobody has said whose records it keeps.
struct Open<'p> {
    object: Object<'p>,
    fields: usize,
    /// What its lookups point at.
    targets: Vec<String>,
}

impl<'p> Open<'p> {
    fn of(object: Object<'p>) -> Self {
        let targets = object.fields().flat_map(|field| field.reference_to().map(|target| target.to_string()));
        Self { object, fields: object.fields().count(), targets: targets.collect() }
    }

    fn points_at(&self, object: &str) -> bool {
        self.targets.iter().any(|target| target.eq_ignore_ascii_case(object))
    }
}

impl Classification<'_> {
    /// What to ask: of objects that the bundle says nothing of, and of fields between the thresholds in those of which it
    /// says that they are about patients.
    pub fn questions(&self, project: &sfdx::Project) -> Questions {
        let open: Vec<Open<'_>> =
            project.objects().filter(|object| self.is_open(*object)).map(Open::of).collect();
        let mut objects: Vec<ObjectQuestion> =
            open.iter().map(|object| self.object_question(object, &open)).collect();
        objects.sort_by_key(|one| {
            (one.likelihood, Reverse(one.fields + one.hanging), one.object.to_lowercase())
        });
        let thresholds = self.words.thresholds;
        let mut fields = Vec::new();
        for object in project.objects() {
            for field in object.fields() {
                let is_asked = |weight: i32| weight >= thresholds.ask && weight < thresholds.sure;
                if self.weight(object.name(), field.name()).is_some_and(is_asked) {
                    fields.push(FieldQuestion {
                        object: object.name().to_owned(),
                        field: field.name().to_owned(),
                        label: field.label().map(Value::into_text).unwrap_or_default().into_owned(),
                        field_type: field.data_type().map(Value::into_text).unwrap_or_default().into_owned(),
                        verdict: self.field(object.name(), field.name()),
                    });
                }
            }
        }
        fields.sort_by_key(|one| (one.object.to_lowercase(), one.field.to_lowercase()));
        fields.dedup_by_key(|one| (one.object.to_lowercase(), one.field.to_lowercase()));
        Questions { objects, fields }
    }

    /// Whether it keeps records of which nobody has said whose they are.
    fn is_open(&self, object: Object<'_>) -> bool {
        let name = object.name();
        let is_record = !matches!(
            object.kind(),
            ObjectKind::CustomSetting | ObjectKind::CustomMetadata | ObjectKind::PlatformEvent
        );
        let is_dictionary =
            Catalogue::shipped().default_of(name).is_some_and(|known| !known.class.is_personal());
        is_record
            && !is_dictionary
            && self.policy.may_keep_patients()
            && self.policy.object(name).is_none_or(|rule| rule.keeps().is_none())
            && object.fields().next().is_some()
    }

    fn object_question(&self, open: &Open<'_>, all: &[Open<'_>]) -> ObjectQuestion {
        let object = open.object;
        let name = object.name();
        let is_lookup = |field: &str| {
            let field = object.fields().find(|own| own.name() == field);
            field.is_some_and(|field| field.reference_to().next().is_some())
        };
        let phi: Vec<(&str, Verdict)> = object
            .fields()
            .map(|field| (field.name(), self.field(name, field.name())))
            .filter(|(_, verdict)| verdict.is_phi())
            .collect();
        let label = object.label().map(Value::into_text).unwrap_or_default().into_owned();
        let targets = open.targets.iter().map(String::as_str);
        let clues = WordTable::clues_of_object(name, &label, targets, (phi.len(), open.fields));
        let likelihood = Likelihood::of(self.words.weigh_object(&clues));
        let names = || phi.iter().filter(|(_, verdict)| verdict.identifier == Some(Identifier::Name));
        let by = names().map(|(field, _)| *field).find(|field| is_lookup(field)).map(str::to_owned);
        let by = by.or_else(|| self.lookup_to_people(object));
        let is_person = PEOPLE.contains(&name.to_lowercase().as_str())
            || self.roles.role(name) == Role::Patient
            || (by.is_none() && names().next().is_some());
        let keeps = match likelihood {
            Likelihood::Hardly => Keeps::NoPatients,
            Likelihood::Perhaps if phi.is_empty() => Keeps::NoPatients,
            _ if is_person => Keeps::Patients,
            _ => Keeps::AboutPatients,
        };
        let hangs = |other: &&Open<'_>| other.object.name() != name && other.points_at(name);
        let leads = by.as_ref().map(|field| format!("; `{field}` leads to a person")).unwrap_or_default();
        ObjectQuestion {
            object: name.to_owned(),
            label,
            likelihood,
            keeps,
            fields: open.fields,
            hanging: all.iter().filter(hangs).map(|other| other.fields).sum(),
            reason: format!("{} of its fields look like a patient's{leads}", phi.len()),
            by: by.filter(|_| keeps == Keeps::AboutPatients),
        }
    }

    /// A lookup to people of any kind, where no lookup leads to a patient.
    fn lookup_to_people(&self, object: Object<'_>) -> Option<String> {
        let leads = |target: &str| {
            let target = target.to_lowercase();
            target != "user" && (PEOPLE.contains(&target.as_str()) || self.roles.is_patient(&target))
        };
        let field = object.fields().find(|field| field.reference_to().any(|target| leads(&target)))?;
        Some(field.name().to_owned())
    }
}
