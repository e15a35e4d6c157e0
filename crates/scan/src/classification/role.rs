//! Whose records an object keeps: by its name, by what its fields are called, and by what it looks up to.

use std::collections::{BTreeMap, BTreeSet};

use policy::Policy;
use policy::vocabulary::Identifier;
use sfdx::Value;
use sfdx::views::{Field, Object, ObjectKind};

use super::content::{Described, Spoken};
use super::reference::{self, Ground, Guess};
use super::vocabulary::{Vocabulary, Words, list};
use super::{Catalogue, occurs, said, words};
use crate::named_in_code::{NamedField, NamedInCode, NamedObject};

/// What the records of an object are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// A patient each.
    Patient,
    /// Something of one patient: a visit, a claim, a message.
    AboutPatient,
    /// A standard object that this org uses for patients or their records among others: contacts, cases, tasks.
    Mixed,
    /// Patients beside staff and partners: contacts and accounts whose fields tell of both.
    MixedPeople,
    /// Staff, customers, candidates.
    Person,
    /// A medicine, a place, a code, an animal, a setting, a log.
    Thing,
    /// Whatever it is, the bundle says that it keeps no patients.
    NoPatient,
    Unknown,
}

impl Role {
    /// Whether every record is about a patient.
    pub(crate) fn is_of_patient(self) -> bool {
        matches!(self, Role::Patient | Role::AboutPatient)
    }
}

/// Standard objects that keep what an org makes of them.
pub(super) const RECORDS: [&str; 6] =
    ["case", "task", "event", "opportunity", "workorder", "serviceappointment"];
/// Standard objects that keep people of any kind.
pub(super) const PEOPLE: [&str; 6] = ["account", "contact", "lead", "individual", "personaccount", "user"];

/// A field as far as it tells of its object.
#[derive(Debug)]
pub(super) struct Told {
    /// As the source writes it.
    pub(super) api: String,
    name: Words,
    label: Words,
    pub(super) kind: String,
    /// In lower case.
    pub(super) targets: Vec<String>,
    pub(super) is_custom: bool,
    /// Whether its name surely tells of somebody's health.
    clinical: bool,
    pub(super) identifier: Option<Identifier>,
}

impl Told {
    fn of(field: Field<'_>) -> Self {
        let label = field.label().map(Value::into_text).unwrap_or_default();
        let kind = field.data_type().map(|kind| kind.to_string()).unwrap_or_default();
        let targets = field.reference_to().map(|target| target.to_lowercase()).collect();
        Self::spelled(field.name(), &label, kind, field.is_custom(), targets)
    }

    fn named(field: &NamedField) -> Self {
        let targets = field.leads_to.iter().map(|target| target.to_lowercase()).collect();
        Self::spelled(&field.name, "", field.field_type().to_owned(), field.name.contains("__"), targets)
    }

    fn spelled(name: &str, label: &str, kind: String, is_custom: bool, targets: Vec<String>) -> Self {
        let described = Described { label, field_type: &kind, ..Described::default() };
        let spoken = Spoken::of(name, described);
        Self {
            api: name.to_owned(),
            name: words(name),
            label: words(label),
            is_custom,
            clinical: is_custom && spoken.is_clinical(),
            identifier: spoken.identifier(),
            targets,
            kind,
        }
    }

    pub(super) fn has(&self, wanted: &str) -> bool {
        let vocabulary = Vocabulary::shipped();
        vocabulary.has(wanted, &self.name) || vocabulary.has(wanted, &self.label)
    }

    pub(super) fn is_birth(&self) -> bool {
        self.identifier == Some(Identifier::Date)
            && self.name.iter().any(|word| word.starts_with("birth") || word == "dob")
    }

    /// Whether it leads to a colleague, though patients are kept in the same object.
    pub(super) fn is_of_another(&self) -> bool {
        self.has(list::OTHER_PERSON) && !self.has(list::PATIENT)
    }

    /// Whether it says who the client or member is, in an org where these are patients.
    fn names_a_client(&self, org: Org) -> bool {
        let is_lookup = !self.targets.is_empty();
        // The subject of a study is somebody; a subject in a text is a headline.
        let is_headline = !is_lookup && self.name.last().is_some_and(|word| word == "subject");
        let may_be = (org.is_own() && !is_headline) || (org.is_health() && is_lookup);
        may_be && !org.own_patients && self.has(list::CLIENT)
    }

    /// Whether it says who the patient is; a count of patients, or a box about one, does not.
    fn names_a_patient(&self, org: Org) -> bool {
        let is_one =
            !matches!(self.kind.as_str(), "Number" | "Checkbox" | "Summary" | "Percent" | "Currency");
        is_one
            && (self.has(list::PATIENT) || self.names_a_client(org))
            && (self.kind != "Text" || !self.has(list::PROCESS))
    }

    /// Whether it can hold who the patient is: instructions for patients and a choice among kinds of them do not.
    fn holds_a_patient(&self) -> bool {
        !matches!(
            self.kind.as_str(),
            "LongTextArea" | "Html" | "Url" | "Picklist" | "MultiselectPicklist" | "Time"
        )
    }
}

/// How far the source shows health care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    No,
    /// Salesforce's own clinical objects, or a bundle.
    Standard,
    /// The org's own objects and fields speak of it.
    Own,
}

/// What the source shows of the org as a whole.
#[derive(Debug, Clone, Copy)]
struct Org {
    health: Health,
    /// Whether it keeps patients in an object of its own: then clients and contacts are other people.
    own_patients: bool,
}

impl Org {
    fn is_own(self) -> bool {
        self.health == Health::Own
    }

    fn is_health(self) -> bool {
        self.health > Health::No
    }
}

/// The role of each object of the source, by name in lower case.
#[derive(Debug, Default)]
pub(crate) struct Roles {
    roles: BTreeMap<String, Role>,
    /// Those that the bundle gives, which stay.
    said: BTreeMap<String, Role>,
    /// Whether the org keeps patients in an object of its own, so that contacts are other people.
    own_patients: bool,
}

/// By name in lower case.
pub(super) type Objects = BTreeMap<String, (Kept, Vec<Told>)>;

/// An object as far as its name tells.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) name: String,
    label: String,
    kind: ObjectKind,
}

impl Kept {
    fn described(object: Object<'_>) -> Self {
        Self {
            name: object.name().to_owned(),
            label: object.label().map(Value::into_text).unwrap_or_default().into_owned(),
            kind: object.kind(),
        }
    }

    fn named(object: &NamedObject) -> Self {
        Self { name: object.name.clone(), label: String::new(), kind: ObjectKind::of_name(&object.name) }
    }

    fn kind(&self) -> ObjectKind {
        self.kind
    }
}

/// The objects of the source, and those that stand in code alone.
fn objects(project: &sfdx::Project, named: Option<&NamedInCode>) -> Objects {
    let described = project.objects().map(|object| {
        (object.name().to_lowercase(), (Kept::described(object), object.fields().map(Told::of).collect()))
    });
    let in_code = named.into_iter().flat_map(NamedInCode::objects).map(|object| {
        (object.name.to_lowercase(), (Kept::named(object), object.fields().map(Told::named).collect()))
    });
    in_code.chain(described).collect()
}

impl Roles {
    /// With the roles, how far the source shows health care.
    pub(crate) fn of(
        project: &sfdx::Project,
        policy: &Policy,
        named: Option<&NamedInCode>,
        told: Health,
    ) -> (Self, Health) {
        let objects = objects(project, named);
        let health = if is_own_health_care(&objects) { Health::Own } else { told };
        let said = said::roles(policy, &objects);
        let is_patient = |(key, (object, _)): (&String, &(Kept, Vec<Told>))| {
            key.ends_with("__c")
                && match said.get(key) {
                    Some(role) => *role == Role::Patient,
                    None => ends(object, list::PATIENT) && !is_technical(object),
                }
        };
        let org = Org { health, own_patients: objects.iter().any(is_patient) };
        let mut this = Self { roles: BTreeMap::new(), said: said.clone(), own_patients: org.own_patients };
        let mut guesses: BTreeMap<String, Guess> = objects
            .iter()
            .map(|(key, (object, fields))| {
                let guess = if let Some(role) = said.get(key) {
                    (*role).into()
                } else if is_foreign(object.name.as_str(), project.namespace()) && !is_called_patients(object)
                {
                    // What a package brings is plumbing until it leads to a record of the org's own.
                    by_catalogue(object.name.as_str()).unwrap_or(Role::Unknown).into()
                } else {
                    first_guess(object, fields, org)
                };
                (key.clone(), guess)
            })
            .collect();
        for (key, role) in reference::found(&objects, &guesses) {
            guesses.insert(key, role.into());
        }
        this.roles = guesses.into_iter().map(|(key, guess)| (key, guess.role)).collect();
        // What the bundle names need not be in the source.
        this.roles.extend(said);
        this.take_people(&objects, org);
        this.take_parts_of_things(&objects);
        this.take_parts_of_patients(&objects);
        // An object that looks up to a patient's record is about that patient, and so is what looks up to it. The
        // longest chain is no longer than there are objects.
        let mut open: Vec<&String> = objects.keys().filter(|key| key.ends_with("__c")).collect();
        loop {
            let before = open.len();
            open.retain(|key| match objects.get(*key) {
                Some((object, fields)) if this.is_linked(object, fields, org) => {
                    this.roles.insert((*key).clone(), Role::AboutPatient);
                    false
                }
                _ => true,
            });
            if open.len() == before {
                return (this, health);
            }
        }
    }

    pub(crate) fn role(&self, object: &str) -> Role {
        match self.roles.get(&object.to_lowercase()) {
            Some(role) => *role,
            None => by_catalogue(object).unwrap_or(Role::Unknown),
        }
    }

    /// Whether the bundle says that records of the object are patients or about patients.
    pub(crate) fn is_said_of_patients(&self, object: &str) -> bool {
        self.said.get(&object.to_lowercase()).is_some_and(|role| *role != Role::NoPatient)
    }

    /// Sets what names and relations tell, unless the bundle tells.
    fn guess(&mut self, key: &str, role: Role) {
        if !self.said.contains_key(key) {
            self.roles.insert(key.to_owned(), role);
        }
    }

    pub(crate) fn has_own_patients(&self) -> bool {
        self.own_patients
    }

    /// Whether the source has any object about patients.
    pub(crate) fn has_patients(&self) -> bool {
        self.roles.values().any(|role| role.is_of_patient())
    }

    /// Whether a lookup to it is one to a patient, as far as its name tells where it is not in the source.
    pub(crate) fn is_patient(&self, object: &str) -> bool {
        match self.role(object) {
            Role::Patient => true,
            Role::Unknown if object.ends_with("__c") => {
                let words = words(object);
                let vocabulary = Vocabulary::shipped();
                vocabulary.ends(list::PATIENT, &words)
                    || (self.has_patients() && vocabulary.ends(list::CLIENT, &words))
            }
            _ => false,
        }
    }

    /// Contacts, accounts and leads to which a lookup called patient points are patients.
    fn take_people(&mut self, objects: &Objects, org: Org) {
        if !org.is_health() {
            return;
        }
        let called: BTreeSet<&String> = objects
            .values()
            .flat_map(|(object, fields)| fields.iter().map(move |field| (object, field)))
            .filter(|(object, field)| {
                // A detail of care belongs to whoever gets it.
                let detail =
                    org.is_own() && !org.own_patients && field.kind == "MasterDetail" && is_care(object);
                let called = field.has(list::PATIENT) || field.names_a_client(org);
                !field.has(list::OTHER_PERSON) && (called || detail)
            })
            .flat_map(|(_, field)| &field.targets)
            .filter(|target| PEOPLE.contains(&target.as_str()) && *target != "user")
            .collect();
        for target in called {
            let fields = objects.get(target).map(|(_, fields)| fields.as_slice()).unwrap_or_default();
            self.guess(target, of_people(fields));
        }
    }

    /// What is a part of a medicine, a code or an animal is one of a dictionary too.
    fn take_parts_of_things(&mut self, objects: &Objects) {
        let animals: BTreeSet<&String> = objects
            .iter()
            .filter(|(_, (object, _))| has(object, |vocabulary, words| vocabulary.has(list::ANIMAL, words)))
            .map(|(key, _)| key)
            .collect();
        for _ in 0..3 {
            for (key, (_, fields)) in objects {
                let mut targets =
                    fields.iter().flat_map(|field| field.targets.iter().map(move |to| (field, to)));
                let of_animal = targets.clone().any(|(_, to)| animals.contains(to));
                let is_part =
                    targets.any(|(field, to)| field.kind == "MasterDetail" && self.role(to) == Role::Thing);
                if of_animal || (is_part && self.role(key) == Role::Unknown) {
                    self.guess(key, Role::Thing);
                }
            }
        }
    }

    /// The address to which a patient's record points is the patient's.
    fn take_parts_of_patients(&mut self, objects: &Objects) {
        let parts: Vec<String> = objects
            .iter()
            .filter(|(key, _)| self.role(key) == Role::Patient)
            .flat_map(|(_, (_, fields))| fields.iter().flat_map(|field| field.targets.clone()))
            .filter(|target| {
                objects.get(target).is_some_and(|(object, _)| ends(object, list::PART_OF_PERSON))
                    && target.ends_with("__c")
            })
            .collect();
        for part in parts {
            self.guess(&part, Role::AboutPatient);
        }
    }

    /// Whether it is a patient's by what it looks up to.
    fn is_linked(&self, object: &Kept, fields: &[Told], org: Org) -> bool {
        let own = self.role(object.name.as_str());
        if self.said.contains_key(&object.name.as_str().to_lowercase()) {
            return false;
        }
        if own.is_of_patient() || own == Role::Person || (own == Role::Thing && is_technical(object)) {
            return false;
        }
        let care = is_care(object);
        let is_open = matches!(own, Role::Unknown | Role::Mixed);
        let package = package_of(object.name.as_str());
        fields.iter().filter(|field| !field.targets.is_empty()).any(|field| {
            let details = field.kind == "MasterDetail";
            let other = field.is_of_another();
            field.targets.iter().any(|target| {
                let people = PEOPLE.contains(&target.as_str());
                let is_own_part = package.is_some_and(|own| package_of(target) == Some(own));
                match self.role(target) {
                    _ if other => false,
                    // Of a package's objects only a detail is what its master is.
                    Role::AboutPatient if is_own_part => details,
                    Role::Patient => is_open || details,
                    Role::AboutPatient if people => details || (is_open && care),
                    Role::AboutPatient => is_open || details,
                    // A person of any kind, whom the lookup calls a patient.
                    Role::Mixed | Role::MixedPeople | Role::Unknown if people => {
                        let called = field.has(list::PATIENT)
                            || field.names_a_client(org)
                            || (details && self.role(target) == Role::Mixed);
                        org.is_health() && is_open && (care || called)
                    }
                    // `Case_Review__c` with a case is about that case.
                    Role::Mixed => {
                        let target = words(target);
                        let pattern: Vec<&str> = target.iter().map(String::as_str).collect();
                        details || (is_open && (care || occurs(&pattern, &words(object.name.as_str()))))
                    }
                    _ => false,
                }
            })
        })
    }
}

/// Whether the org's own names speak of health care: an object by its name, or more fields than every org has. Of the
/// public projects without health care none has one in fifty.
fn is_own_health_care(objects: &Objects) -> bool {
    let is_own = |object: &Kept| object.name.ends_with("__c");
    let by_object = objects.values().any(|(object, _)| {
        is_own(object)
            && has(object, |vocabulary, words| {
                vocabulary.has(list::PATIENT, words) || vocabulary.has(list::SECTOR, words)
            })
    });
    let fields: Vec<&Told> =
        objects.values().flat_map(|(_, fields)| fields).filter(|field| field.is_custom).collect();
    let of_health =
        fields.iter().filter(|field| field.clinical || field.has(list::SECTOR) || field.has(list::PATIENT));
    let of_health = of_health.count();
    by_object || (of_health > 1 && of_health * 50 >= fields.len())
}

fn has(object: &Kept, test: impl Fn(&Vocabulary, &Words) -> bool) -> bool {
    let vocabulary = Vocabulary::shipped();
    test(vocabulary, &words(&object.name)) || test(vocabulary, &words(&object.label))
}

pub(super) fn ends(object: &Kept, list: &str) -> bool {
    has(object, |vocabulary, words| vocabulary.ends(list, words))
}

/// The namespace of a package, if the object has one.
fn package_of(object: &str) -> Option<&str> {
    let (namespace, rest) = object.split_once("__")?;
    rest.contains("__").then_some(namespace)
}

/// Whether the object comes with a package that is neither the project's own nor Salesforce's for health care.
fn is_foreign(object: &str, own: Option<&str>) -> bool {
    const HEALTH: [&str; 1] = ["HealthCloudGA"];
    let is_known =
        |namespace: &str| own.into_iter().chain(HEALTH).any(|known| known.eq_ignore_ascii_case(namespace));
    package_of(object).is_some_and(|namespace| !is_known(namespace))
}

fn is_called_patients(object: &Kept) -> bool {
    has(object, |vocabulary, words| vocabulary.has(list::PATIENT, words))
}

fn is_technical(object: &Kept) -> bool {
    matches!(object.kind(), ObjectKind::CustomSetting | ObjectKind::CustomMetadata)
        || ends(object, list::TECHNICAL)
        || (ends(object, list::JOURNAL) && !is_care(object))
}

pub(super) fn is_care(object: &Kept) -> bool {
    has(object, |vocabulary, words| vocabulary.has(list::CARE, words))
}

/// Contacts and the like that are patients: all of them, unless their fields tell of staff and partners as well.
pub(super) fn of_people(fields: &[Told]) -> Role {
    let of_others = fields.iter().filter(|field| field.is_custom && field.has(list::OTHER_PERSON)).count();
    if of_others > 1 { Role::MixedPeople } else { Role::Mixed }
}

fn first_guess(object: &Kept, fields: &[Told], org: Org) -> Guess {
    let key = object.name.as_str().to_lowercase();
    if let Some(role) = by_catalogue(object.name.as_str()) {
        return role.into();
    }
    let of_patients = fields.iter().filter(|field| field.names_a_patient(org)).count();
    let of_care = fields.iter().filter(|field| field.clinical).count();
    let is_used_for_patients = org.is_health() && of_patients + of_care > 1;
    if PEOPLE.contains(&key.as_str()) {
        let is_called =
            org.is_own() && fields.iter().any(|field| field.is_custom && field.names_a_patient(org));
        let is_theirs = is_used_for_patients || is_called;
        return if is_theirs { of_people(fields) } else { Role::Unknown }.into();
    }
    if RECORDS.contains(&key.as_str()) {
        return if is_used_for_patients { Role::Mixed } else { Role::Unknown }.into();
    }
    // Of Salesforce's other objects nobody here knows enough to guess.
    if !key.contains("__") {
        return Role::Unknown.into();
    }
    let is_born = fields.iter().any(Told::is_birth);
    let is_named = |wanted: &str| has(object, |vocabulary, words| vocabulary.has(wanted, words));
    if (is_technical(object) && !is_born) || is_named(list::ANIMAL) {
        return Role::Thing.into();
    }
    if is_named(list::PATIENT) {
        return if ends(object, list::PATIENT) { Role::Patient } else { Role::AboutPatient }.into();
    }
    if ends(object, list::DICTIONARY) {
        return Role::Thing.into();
    }
    if org.is_own() && !org.own_patients && ends(object, list::CLIENT) {
        return Role::Patient.into();
    }
    // A doctor is one whatever stands in the record; a candidate with a patient beside the name is that patient.
    let is_staff = ends(object, list::STAFF) || (is_named(list::STAFF) && !is_care(object));
    let is_of_patient = org.is_health() && (of_patients > 0 || (org.is_own() && is_named(list::CLIENT)));
    if is_staff && (is_named(list::OTHER_PERSON) || !is_of_patient) {
        return Role::Person.into();
    }
    if org.is_health() && of_patients > 0 {
        let is_held = fields.iter().any(|field| field.names_a_patient(org) && field.holds_a_patient());
        let ground = if is_held { Ground::Sure } else { Ground::Words };
        return Guess { role: Role::AboutPatient, ground };
    }
    // A birth date beside a name, or health in every third field: somebody's record in an org in health care.
    let has_identifier = |wanted: Identifier| fields.iter().any(|field| field.identifier == Some(wanted));
    let of_health = fields.iter().filter(|field| field.is_custom && field.has(list::HEALTH)).count();
    let is_somebody = is_born
        && (has_identifier(Identifier::Name)
            || has_identifier(Identifier::Phone)
            || has_identifier(Identifier::Email));
    let is_linked = fields.iter().any(|field| !field.targets.is_empty());
    let is_full_of_health = is_linked && of_health > 2 && of_health * 4 > fields.len();
    if org.is_own() && (is_somebody || is_born) {
        return if is_somebody { Role::Patient } else { Role::AboutPatient }.into();
    }
    if org.is_own() && is_full_of_health {
        return Guess { role: Role::AboutPatient, ground: Ground::HealthBesideLookup };
    }
    // A visit has a day, and a kind of visit has none.
    let is_dated =
        fields.iter().any(|field| field.is_custom && matches!(field.kind.as_str(), "Date" | "DateTime"));
    if org.is_own() && is_care(object) && is_dated {
        return Guess { role: Role::AboutPatient, ground: Ground::Words };
    }
    if ends(object, list::THING) && !is_care(object) { Role::Thing } else { Role::Unknown }.into()
}

/// What the shipped catalogue says of all records of a standard object.
pub(super) fn by_catalogue(object: &str) -> Option<Role> {
    let known = Catalogue::shipped().default_of(object)?;
    Some(if known.class.is_phi() && known.confidence >= journal::Confidence::Medium {
        Role::AboutPatient
    } else if known.class.is_personal() {
        Role::Person
    } else {
        Role::Thing
    })
}
