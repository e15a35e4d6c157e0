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
    /// Whether we would say that it is nobody's, and its fields look like a patient's.
    pub is_torn: bool,
    /// Whether any of its fields looks like somebody's data.
    pub has_personal: bool,
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
struct Open {
    name: String,
    label: String,
    fields: Vec<OpenField>,
    /// What is said of it where metadata does not describe it.
    told_by: Option<&'static str>,
}

const RELATIONSHIP: &str = "; only a relationship's name in code tells of it";

struct OpenField {
    name: String,
    verdict: Verdict,
    /// What a lookup points at.
    targets: Vec<String>,
}

impl Open {
    fn points_at(&self, object: &str) -> bool {
        self.targets().any(|target| target.eq_ignore_ascii_case(object))
    }

    /// What its lookups point at.
    fn targets(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().flat_map(|field| &field.targets).map(String::as_str)
    }
}

impl Classification<'_> {
    /// What to ask: of objects that the bundle says nothing of, and of fields between the thresholds in those of which it
    /// says that they are about patients. Of [`Self::with_code`], what stands in code alone is asked about too.
    pub fn questions(&self, project: &sfdx::Project) -> Questions {
        let described = project.objects().filter(|object| self.is_open(object.name(), object.kind()));
        let mut open: Vec<Open> = described.map(|object| self.open(object)).collect();
        open.extend(self.open_in_code());
        // What only a relationship's name tells of may be a user or an account: it is asked about where something of it
        // looks like somebody's.
        open.retain(|object| {
            let is_somebodys = |field: &OpenField| field.verdict.class.is_personal();
            match object.told_by {
                Some(RELATIONSHIP) => object.fields.iter().any(is_somebodys),
                _ => !object.fields.is_empty(),
            }
        });
        let mut objects: Vec<ObjectQuestion> =
            open.iter().map(|object| self.object_question(object, &open)).collect();
        objects.sort_by_key(|one| {
            (one.likelihood, Reverse(one.fields + one.hanging), one.object.to_lowercase())
        });
        let thresholds = self.words.thresholds;
        let is_asked = |object: &str, field: &str| {
            self.weight(object, field)
                .is_some_and(|weight| weight >= thresholds.ask && weight < thresholds.sure)
        };
        let mut fields = Vec::new();
        for object in project.objects() {
            for field in object.fields().filter(|field| is_asked(object.name(), field.name())) {
                fields.push(FieldQuestion {
                    object: object.name().to_owned(),
                    field: field.name().to_owned(),
                    label: field.label().map(Value::into_text).unwrap_or_default().into_owned(),
                    field_type: field.data_type().map(Value::into_text).unwrap_or_default().into_owned(),
                    verdict: self.field(object.name(), field.name()),
                });
            }
        }
        for (object, field, verdict) in self.all_in_code() {
            if is_asked(&object.name, &field.name) {
                fields.push(FieldQuestion {
                    object: object.name.clone(),
                    field: field.name.clone(),
                    label: String::new(),
                    field_type: field.field_type().to_owned(),
                    verdict: verdict.clone(),
                });
            }
        }
        fields.sort_by_key(|one| (one.object.to_lowercase(), one.field.to_lowercase()));
        fields.dedup_by_key(|one| (one.object.to_lowercase(), one.field.to_lowercase()));
        Questions { objects, fields }
    }

    /// Whether it keeps records of which nobody has said whose they are.
    fn is_open(&self, name: &str, kind: ObjectKind) -> bool {
        let is_record = !matches!(
            kind,
            ObjectKind::CustomSetting | ObjectKind::CustomMetadata | ObjectKind::PlatformEvent
        );
        let is_dictionary =
            Catalogue::shipped().default_of(name).is_some_and(|known| !known.class.is_personal());
        is_record
            && !is_dictionary
            && self.policy.may_keep_patients()
            && self.policy.object(name).is_none_or(|rule| rule.keeps().is_none())
    }

    fn open(&self, object: Object<'_>) -> Open {
        let fields = object.fields().map(|field| OpenField {
            name: field.name().to_owned(),
            verdict: self.field(object.name(), field.name()),
            targets: field.reference_to().map(|target| target.to_string()).collect(),
        });
        Open {
            name: object.name().to_owned(),
            label: object.label().map(Value::into_text).unwrap_or_default().into_owned(),
            fields: fields.collect(),
            told_by: None,
        }
    }

    /// Of Salesforce's own objects those alone that the catalogue knows to keep somebody's data.
    fn open_in_code(&self) -> Vec<Open> {
        let mut open: Vec<Open> = Vec::new();
        for (object, field, verdict) in self.all_in_code().filter(|(object, _, _)| !object.is_described) {
            let is_custom = object.name.contains("__");
            if !self.is_open(&object.name, ObjectKind::of_name(&object.name))
                || !(is_custom || Catalogue::shipped().holds_somebodys(&object.name))
            {
                continue;
            }
            let field = OpenField {
                name: field.name.clone(),
                verdict: verdict.clone(),
                targets: field.leads_to.iter().cloned().collect(),
            };
            match open.last_mut().filter(|last| last.name == object.name) {
                Some(last) => last.fields.push(field),
                None => open.push(Open {
                    name: object.name.clone(),
                    label: String::new(),
                    fields: vec![field],
                    told_by: Some(if object.is_by_relationship {
                        RELATIONSHIP
                    } else {
                        "; only code names it"
                    }),
                }),
            }
        }
        open
    }

    fn object_question(&self, open: &Open, all: &[Open]) -> ObjectQuestion {
        let name = open.name.as_str();
        let is_lookup =
            |field: &str| open.fields.iter().any(|own| own.name == field && !own.targets.is_empty());
        let phi: Vec<&OpenField> = open.fields.iter().filter(|field| field.verdict.is_phi()).collect();
        let clues =
            WordTable::clues_of_object(name, &open.label, open.targets(), (phi.len(), open.fields.len()));
        let likelihood = Likelihood::of(self.words.weigh_object(&clues));
        let names = || phi.iter().filter(|field| field.verdict.identifier == Some(Identifier::Name));
        let by = names().map(|field| field.name.as_str()).find(|field| is_lookup(field)).map(str::to_owned);
        let by = by.or_else(|| self.lookup_to_people(open));
        let is_person = PEOPLE.contains(&name.to_lowercase().as_str())
            || self.roles.role(name) == Role::Patient
            || (by.is_none() && names().next().is_some());
        let keeps = match likelihood {
            Likelihood::Hardly => Keeps::NoPatients,
            Likelihood::Perhaps if phi.is_empty() => Keeps::NoPatients,
            _ if is_person => Keeps::Patients,
            _ => Keeps::AboutPatients,
        };
        let hangs = |other: &&Open| other.name != name && other.points_at(name);
        let leads = by.as_ref().map(|field| format!("; `{field}` leads to a person")).unwrap_or_default();
        let told_by = open.told_by.unwrap_or_default();
        ObjectQuestion {
            object: name.to_owned(),
            label: open.label.clone(),
            likelihood,
            keeps,
            fields: open.fields.len(),
            is_torn: keeps == Keeps::NoPatients
                && open.fields.iter().any(|field| field.verdict.class.is_phi()),
            has_personal: open.fields.iter().any(|field| field.verdict.class.is_personal()),
            hanging: all.iter().filter(hangs).map(|other| other.fields.len()).sum(),
            reason: format!("{} of its fields look like a patient's{leads}{told_by}", phi.len()),
            by: by.filter(|_| keeps == Keeps::AboutPatients),
        }
    }

    /// A lookup to people of any kind, where no lookup leads to a patient.
    fn lookup_to_people(&self, open: &Open) -> Option<String> {
        let leads = |target: &String| {
            let target = target.to_lowercase();
            target != "user" && (PEOPLE.contains(&target.as_str()) || self.roles.is_patient(&target))
        };
        let field = open.fields.iter().find(|field| field.targets.iter().any(leads))?;
        Some(field.name.clone())
    }
}
