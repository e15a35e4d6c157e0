//! Whose records an object keeps: by its name, by what its fields are called, and by what it looks up to.

use std::collections::BTreeMap;

use sfdx::Value;
use sfdx::views::{Field, Object, ObjectKind};

use super::content::{Described, Spoken};
use super::vocabulary::{Vocabulary, Words, list};
use super::{Catalogue, occurs, words};

/// What the records of an object are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// A patient each.
    Patient,
    /// Something of one patient: a visit, a claim, a message.
    AboutPatient,
    /// A standard object that this org uses for patients' records among others: cases, tasks.
    Mixed,
    /// Patients beside other people: contacts and accounts of an org in health care.
    MixedPeople,
    /// Staff, customers, candidates.
    Person,
    /// A medicine, a place, a code, a setting, a log.
    Thing,
    Unknown,
}

impl Role {
    /// Whether every record is about a patient.
    pub(crate) fn is_of_patient(self) -> bool {
        matches!(self, Role::Patient | Role::AboutPatient)
    }
}

/// Standard objects that keep what an org makes of them.
const RECORDS: [&str; 6] = ["case", "task", "event", "opportunity", "workorder", "serviceappointment"];
/// Standard objects that keep people of any kind.
const PEOPLE: [&str; 6] = ["account", "contact", "lead", "individual", "personaccount", "user"];

/// A field as far as it tells of its object.
#[derive(Debug)]
struct Told {
    name: Words,
    label: Words,
    kind: String,
    targets: Vec<String>,
    /// Whether its name surely tells of somebody's health.
    clinical: bool,
}

impl Told {
    fn of(field: Field<'_>) -> Self {
        let label = field.label().map(Value::into_text).unwrap_or_default();
        let kind = field.data_type().map(|kind| kind.to_string()).unwrap_or_default();
        let described = Described { label: &label, field_type: &kind, ..Described::default() };
        Self {
            name: words(field.name()),
            label: words(&label),
            clinical: field.is_custom() && Spoken::of(field.name(), described).is_clinical(),
            targets: field.reference_to().map(|target| target.to_lowercase()).collect(),
            kind,
        }
    }

    fn has(&self, wanted: &str) -> bool {
        let vocabulary = Vocabulary::shipped();
        vocabulary.has(wanted, &self.name) || vocabulary.has(wanted, &self.label)
    }

    /// Whether it says who the patient is; a count of patients, or a box about one, does not.
    fn names_a_patient(&self) -> bool {
        let is_one = !matches!(self.kind.as_str(), "Number" | "Checkbox" | "Summary" | "Percent" | "Currency");
        is_one && self.has(list::PATIENT) && !self.has(list::PROCESS)
    }
}

/// The role of each object of the source, by name in lower case.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    roles: BTreeMap<String, Role>,
    /// Whether the org keeps patients in an object of its own, so that contacts are other people.
    own_patients: bool,
}

impl Roles {
    pub(crate) fn of(project: &sfdx::Project, health: bool) -> Self {
        let objects: BTreeMap<String, (Object<'_>, Vec<Told>)> = project
            .objects()
            .map(|object| (object.name().to_lowercase(), (object, object.fields().map(Told::of).collect())))
            .collect();
        let mut this = Self::default();
        for (key, (object, fields)) in &objects {
            this.roles.insert(key.clone(), first_guess(*object, fields, health));
        }
        this.own_patients =
            this.roles.iter().any(|(key, role)| *role == Role::Patient && key.ends_with("__c"));
        // What is a part of a medicine or a code is one of a dictionary too.
        for (key, (_, fields)) in &objects {
            let mut masters = fields.iter().filter(|field| field.kind == "MasterDetail");
            let of_thing = masters.any(|field| field.targets.iter().any(|to| this.role(to) == Role::Thing));
            if of_thing && this.role(key) == Role::Unknown {
                this.roles.insert(key.clone(), Role::Thing);
            }
        }
        // An object that looks up to a patient's record is about that patient, and so is what looks up to it. The
        // longest chain is no longer than there are objects.
        let mut open: Vec<&String> = objects.keys().filter(|key| key.ends_with("__c")).collect();
        loop {
            let before = open.len();
            open.retain(|key| match objects.get(*key) {
                Some((object, fields)) if this.is_linked(*object, fields, health) => {
                    this.roles.insert((*key).clone(), Role::AboutPatient);
                    false
                }
                _ => true,
            });
            if open.len() == before {
                return this;
            }
        }
    }

    pub(crate) fn role(&self, object: &str) -> Role {
        match self.roles.get(&object.to_lowercase()) {
            Some(role) => *role,
            None => by_catalogue(object).unwrap_or(Role::Unknown),
        }
    }

    pub(crate) fn has_own_patients(&self) -> bool {
        self.own_patients
    }

    /// Whether the source has any object about patients.
    pub(crate) fn has_patients(&self) -> bool {
        self.roles.values().any(|role| role.is_of_patient())
    }

    /// Whether it is a patient's by what it looks up to.
    fn is_linked(&self, object: Object<'_>, fields: &[Told], health: bool) -> bool {
        let own = self.role(object.name());
        if own.is_of_patient() {
            return false;
        }
        let care = is_care(object);
        let is_open = matches!(own, Role::Unknown | Role::Mixed);
        if own == Role::Thing && is_technical(object) {
            return false;
        }
        fields.iter().filter(|field| !field.targets.is_empty()).any(|field| {
            let details = field.kind == "MasterDetail";
            field.targets.iter().any(|target| match self.role(target) {
                Role::Patient => is_open || details,
                Role::AboutPatient => {
                    (is_open || details) && (details || care || !PEOPLE.contains(&target.as_str()))
                }
                // `Case_Review__c` with a case is about that case.
                Role::Mixed => {
                    let target = words(target);
                    let pattern: Vec<&str> = target.iter().map(String::as_str).collect();
                    details || (is_open && (care || occurs(&pattern, &words(object.name()))))
                }
                // A person of any kind, whom the lookup calls a patient.
                Role::MixedPeople | Role::Unknown if PEOPLE.contains(&target.as_str()) => {
                    health && is_open && (care || field.has(list::PATIENT))
                }
                _ => false,
            })
        })
    }
}

fn has(object: Object<'_>, test: impl Fn(&Vocabulary, &Words) -> bool) -> bool {
    let label = object.label().map(Value::into_text).unwrap_or_default();
    let vocabulary = Vocabulary::shipped();
    test(vocabulary, &words(object.name())) || test(vocabulary, &words(&label))
}

fn is_technical(object: Object<'_>) -> bool {
    matches!(object.kind(), ObjectKind::CustomSetting | ObjectKind::CustomMetadata)
        || has(object, |vocabulary, words| vocabulary.ends(list::TECHNICAL, words))
}

fn is_care(object: Object<'_>) -> bool {
    has(object, |vocabulary, words| vocabulary.has(list::CARE, words))
}

fn first_guess(object: Object<'_>, fields: &[Told], health: bool) -> Role {
    let key = object.name().to_lowercase();
    if let Some(role) = by_catalogue(object.name()) {
        return role;
    }
    if PEOPLE.contains(&key.as_str()) || RECORDS.contains(&key.as_str()) {
        let of_patients = fields.iter().filter(|field| field.names_a_patient()).count();
        let of_care = fields.iter().filter(|field| field.clinical).count();
        let of_others = fields.iter().filter(|field| field.has(list::OTHER_PERSON)).count();
        let is_shared = PEOPLE.contains(&key.as_str()) && of_others > 1;
        return match (is_shared, health && of_patients + of_care > 1) {
            (true, true) => Role::MixedPeople,
            (false, true) => Role::Mixed,
            (_, false) => Role::Unknown,
        };
    }
    if is_technical(object) {
        return Role::Thing;
    }
    if has(object, |vocabulary, words| vocabulary.has(list::PATIENT, words)) {
        let is_one = has(object, |vocabulary, words| vocabulary.ends(list::PATIENT, words));
        return if is_one { Role::Patient } else { Role::AboutPatient };
    }
    if has(object, |vocabulary, words| vocabulary.ends(list::STAFF, words)) {
        return Role::Person;
    }
    if health && fields.iter().any(Told::names_a_patient) {
        return Role::AboutPatient;
    }
    let is_thing = has(object, |vocabulary, words| vocabulary.ends(list::THING, words));
    if is_thing && !is_care(object) { Role::Thing } else { Role::Unknown }
}

/// What the shipped catalogue says of all records of a standard object.
fn by_catalogue(object: &str) -> Option<Role> {
    let known = Catalogue::shipped().default_of(object)?;
    Some(if known.class.is_phi() && known.confidence >= journal::Confidence::Medium {
        Role::AboutPatient
    } else if known.class.is_personal() {
        Role::Person
    } else {
        Role::Thing
    })
}
