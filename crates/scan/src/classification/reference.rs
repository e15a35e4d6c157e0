//! Which objects keep reference data: steps of a process, catalogues of procedures, questionnaires, filters, policies.
//! Their fields speak of health as patients' records do; but none of their records leads to a person.

use std::collections::{BTreeMap, BTreeSet};

use super::role::{Kept, Objects, PEOPLE, RECORDS, Role, Told, by_catalogue, ends, is_care};
use super::vocabulary::{Vocabulary, list};
use super::words;
use policy::vocabulary::Identifier;

/// What a first guess rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// A name, a lookup, a birth date: whatever else the object looks like.
    Sure,
    /// Words of care or of health, which a catalogue of what is done has as well.
    Words,
    /// Many fields of health beside a lookup, which may be one to somebody.
    HealthBesideLookup,
}

/// A guess of what the records of an object are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guess {
    pub(super) role: Role,
    pub(super) ground: Ground,
}

impl From<Role> for Guess {
    fn from(role: Role) -> Self {
        Self { role, ground: Ground::Sure }
    }
}

impl Guess {
    fn is_open(self) -> bool {
        self.role == Role::Unknown || (self.role == Role::AboutPatient && self.ground != Ground::Sure)
    }
}

/// The objects that keep reference data, and those of which only a lookup made records about patients where no lookup
/// leads to anybody.
pub(super) fn found(objects: &Objects, guesses: &BTreeMap<String, Guess>) -> BTreeMap<String, Role> {
    let people = leads_to_people(objects, guesses);
    let is_patient = |key: &String| guesses.get(key).is_some_and(|guess| guess.role == Role::Patient);
    let of_patient: BTreeSet<&String> = objects
        .iter()
        .filter(|(key, _)| is_patient(key))
        .flat_map(|(_, (_, fields))| fields.iter().flat_map(|field| &field.targets))
        .collect();
    let mut found = BTreeMap::new();
    for (key, (object, fields)) in objects {
        let Some(guess) = guesses.get(key).filter(|guess| guess.is_open() && key.ends_with("__c")) else {
            continue;
        };
        if people.contains(key) || fields.iter().any(is_identity) {
            continue;
        }
        let looks = looks_like_reference(object, fields);
        let is_reference = match guess.ground {
            // A treatment with a medicine is somebody's where the patient points at it and not it at the patient.
            Ground::HealthBesideLookup => looks || !(is_care(object) && of_patient.contains(key)),
            Ground::Words | Ground::Sure => looks,
        };
        if is_reference {
            found.insert(key.clone(), Role::Thing);
        }
    }
    found
}

/// A birth date, a number of a patient, a name beside a way to reach somebody: a record of a person, however it looks.
fn is_identity(field: &Told) -> bool {
    let numbers = matches!(
        field.identifier,
        Some(Identifier::Ssn | Identifier::Mrn | Identifier::HealthPlan | Identifier::Name)
    );
    (numbers && matches!(field.kind.as_str(), "Text" | "EncryptedText" | "")) || field.is_birth()
}

/// Whether its name says that it is a list, a step or a rule, or its fields are those of a configuration: from which
/// age, in which order, whether it is in use.
fn looks_like_reference(object: &Kept, fields: &[Told]) -> bool {
    let own = fields.iter().filter(|field| field.is_custom).count();
    let configures = fields.iter().filter(|field| field.is_custom && field.has(list::CONFIGURES)).count();
    ends(object, list::REFERENCE) || (configures > 1 && configures * 6 >= own)
}

/// The objects from which lookups lead to a person, through any number of objects.
fn leads_to_people<'o>(objects: &'o Objects, guesses: &BTreeMap<String, Guess>) -> BTreeSet<&'o String> {
    let mut found: BTreeSet<&String> = BTreeSet::new();
    loop {
        let before = found.len();
        for (key, (_, fields)) in objects {
            let leads = fields.iter().filter(|field| !field.is_of_another()).any(|field| {
                field.targets.iter().any(|target| match guesses.get(target) {
                    _ if PEOPLE.contains(&target.as_str()) => target != "user",
                    _ if RECORDS.contains(&target.as_str()) => true,
                    Some(guess) if guess.is_open() => found.contains(target),
                    Some(guess) => guess.role.is_of_patient(),
                    None => may_be_a_person(target),
                })
            });
            if leads {
                found.insert(key);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// An object that is not in the source is somebody's unless its name or the catalogue says that it is not.
fn may_be_a_person(object: &str) -> bool {
    if let Some(role) = by_catalogue(object) {
        return role != Role::Thing;
    }
    let vocabulary = Vocabulary::shipped();
    let words = words(object);
    let platform = ["recordtype", "group", "profile", "organization", "queue"];
    let named = [list::THING, list::DICTIONARY, list::TECHNICAL, list::REFERENCE, list::STAFF];
    !platform.contains(&object) && !named.iter().any(|list| vocabulary.ends(list, &words))
}
