//! What a field holds by the role of its object and the words of its own name.

use std::borrow::Cow;
use std::cell::OnceCell;

use journal::Confidence;
use policy::vocabulary::{Class, Identifier};

use super::catalogue::{Catalogue, Known, NamePattern};
use super::role::{Role, Roles};
use super::table::Weighed;
use super::vocabulary::{Vocabulary, Words, list};
use super::words::{occurs, words};
use super::{Evidence, NO_PATIENTS, Verdict, plain};

/// What is known of a field beside its name.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Described<'a> {
    pub(crate) label: &'a str,
    pub(crate) help: &'a str,
    pub(crate) field_type: &'a str,
    pub(crate) compliance: &'a str,
    pub(crate) formula: bool,
    /// Objects that a lookup may point at.
    pub(crate) references: &'a [String],
}

/// A field as its words tell of it.
pub(super) struct Spoken<'a> {
    name: Words,
    label: Words,
    described: Described<'a>,
    pattern: OnceCell<Option<Pattern>>,
}

/// A pattern of `names.tsv`, and where its words stand.
type Pattern = (&'static NamePattern, &'static str);

impl<'a> Spoken<'a> {
    pub(super) fn of(field: &str, described: Described<'a>) -> Self {
        Self { name: words(field), label: words(described.label), described, pattern: OnceCell::new() }
    }

    /// Whether its name surely tells of somebody's health.
    pub(super) fn is_clinical(&self) -> bool {
        self.pattern().is_some_and(|(pattern, _)| {
            pattern.known.class.is_phi()
                && pattern.known.identifier == Some(Identifier::Clinical)
                && pattern.known.confidence >= Confidence::Medium
        })
    }

    /// What its name says that it identifies somebody by.
    pub(super) fn identifier(&self) -> Option<Identifier> {
        self.pattern().and_then(|(pattern, _)| pattern.known.identifier)
    }

    fn has(&self, wanted: &str) -> bool {
        let vocabulary = Vocabulary::shipped();
        vocabulary.has(wanted, &self.name) || vocabulary.has(wanted, &self.label)
    }

    fn occurs(&self, pattern: &[&str]) -> bool {
        occurs(pattern, &self.name) || occurs(pattern, &self.label)
    }

    fn is(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.described.field_type)
    }

    /// `Cart_Id__c`, `Type__c`: tells of the record and not of whom it is about.
    fn is_bare_id(&self) -> bool {
        let ends = self.name.last().is_some_and(|word| word == "id" || word == "ids");
        let is_bare =
            self.name.len() == 1 && ["type", "order"].iter().any(|word| self.name.iter().any(|w| w == word));
        (ends || is_bare) && !self.is(&["Date", "DateTime", "Checkbox", "Email", "Phone"])
    }

    fn is_lookup(&self) -> bool {
        self.is(&["Lookup", "MasterDetail", "Hierarchy"])
    }

    /// What a patient's field of this type identifies by, where its name does not say.
    fn kind_of_content(&self) -> Identifier {
        match self.described.field_type {
            "Date" | "DateTime" => Identifier::Date,
            "Phone" => Identifier::Phone,
            "Email" => Identifier::Email,
            "Location" | "Address" => Identifier::Geographic,
            _ => Identifier::Clinical,
        }
    }

    /// The first pattern that fits.
    fn pattern(&self) -> Option<Pattern> {
        *self.pattern.get_or_init(|| self.find_pattern())
    }

    fn find_pattern(&self) -> Option<Pattern> {
        let help = words(self.described.help);
        Catalogue::shipped().names.iter().find_map(|pattern| {
            let place = if occurs(&pattern.words, &self.name) {
                "name"
            } else if occurs(&pattern.words, &self.label) {
                "label"
            } else if pattern.words.len() > 1 && occurs(&pattern.words, &help) {
                // One word of a sentence tells nothing.
                "help text"
            } else {
                return None;
            };
            let off = pattern.unless.iter().any(|words| self.occurs(words));
            let kind = self.described.field_type;
            let other_type = !kind.is_empty()
                && if pattern.types.is_empty() {
                    // A box to tick tells about a process far more often than about a person, but for what ails them.
                    let ails = pattern.known.class.is_phi()
                        && pattern.known.identifier == Some(Identifier::Clinical)
                        && pattern.known.confidence == Confidence::High;
                    kind == "Checkbox" && (!ails || self.has(list::PROCESS))
                } else {
                    !pattern.types.iter().any(|own| own.eq_ignore_ascii_case(kind))
                };
            (!off && !other_type).then_some((pattern, place))
        })
    }
}

/// What a field of this object holds, as far as words tell; nothing where they do not.
pub(super) fn verdict(role: Role, roles: &Roles, field: &Spoken<'_>, health: bool) -> Option<Verdict> {
    let named = field.pattern();
    match role {
        Role::Patient | Role::AboutPatient | Role::Mixed => of_patient(role, roles, field, named),
        Role::MixedPeople => of_people(roles, field, named),
        Role::Person => of_person(field, named),
        Role::Thing => {
            named.filter(|(pattern, _)| names_somebody(pattern)).map(|(p, at)| by_name(p, at, false))
        }
        Role::NoPatient => of_anything(roles, field, named, health).map(|said| {
            if said.class.is_phi() && !field.is_lookup() { cap(said, NO_PATIENTS) } else { said }
        }),
        Role::Unknown => of_anything(roles, field, named, health),
    }
}

fn of_patient(
    role: Role,
    roles: &Roles,
    field: &Spoken<'_>,
    named: Option<(&'static NamePattern, &'static str)>,
) -> Option<Verdict> {
    if field.is_lookup() {
        return Some(lookup(roles, field));
    }
    let of_patient = field.has(list::PATIENT);
    let numbered = named.filter(|(pattern, _)| {
        let known = pattern.known.identifier;
        matches!(known, Some(Identifier::Mrn | Identifier::Ssn | Identifier::HealthPlan))
    });
    if let Some((pattern, place)) = numbered {
        let verdict = by_name(pattern, place, true);
        return Some(Verdict { confidence: verdict.confidence.max(Confidence::Medium), ..verdict });
    }
    // What is counted, written at length or dated is of the patient, whoever else its name tells of.
    let is_content =
        field.is(&["Date", "DateTime", "Number", "Currency", "LongTextArea", "MultiselectPicklist"]);
    if field.has(list::OTHER_PERSON) && !of_patient && !is_content && !field.occurs(&["insur*"]) {
        return Some(of_somebody_else(field, named));
    }
    let reaches = field.is(&["Phone", "Email"]) || field.occurs(&["address"]) || field.occurs(&["fax"]);
    if reaches && field.has(list::ORGANISATION) && !of_patient {
        return Some(plain("how a company is reached", Confidence::Medium));
    }
    if field.has(list::MEETING_LINK) && (field.occurs(&["link"]) || field.occurs(&["url"])) {
        return Some(Verdict {
            class: Class::Phi,
            identifier: Some(Identifier::Url),
            confidence: Confidence::Medium,
            evidence: Evidence::Name,
            reason: "the link to a visit by video is the key to it".into(),
        });
    }
    let strong = named
        .filter(|(pattern, _)| pattern.known.class.is_phi() && pattern.known.confidence == Confidence::High);
    if field.is_bare_id() && strong.is_none() && !field.has(list::TELLING_ID) {
        return Some(plain("a number that another system or table counts by", Confidence::Medium));
    }
    // `HIV_Status__c` is no state of a process.
    let is_sensitive = named.is_some_and(|(pattern, _)| pattern.known.class == Class::PhiSensitive);
    let spoken_for =
        is_sensitive || (strong.is_some() && !field.is(&["Checkbox"]) && !field.occurs(&["status"]));
    let is_written = (field.has(list::CONTENT) && !field.is(&["Checkbox", "Picklist"]))
        || (field.is(&["LongTextArea", "Html"]) && !field.has(list::TECHNICAL));
    if field.has(list::PLUMBING) && !spoken_for && !is_written && !field.has(list::TELLS_HEALTH) {
        return Some(plain(
            "its name tells of how the record is kept, not of the patient",
            Confidence::Medium,
        ));
    }
    if let Some((pattern, place)) = named.filter(|(pattern, _)| pattern.known.class.is_personal()) {
        // What is a guess elsewhere is likely here.
        let verdict = by_name(pattern, place, true);
        return Some(Verdict { confidence: verdict.confidence.max(Confidence::Medium), ..verdict });
    }
    if field.is(&["AutoNumber"]) {
        return Some(plain("a number that the org counts up", Confidence::Medium));
    }
    if field.is(&["Checkbox"])
        && !field.has(list::HEALTH)
        && (role == Role::Mixed || field.has(list::PROCESS))
    {
        return Some(plain("a box that tells of a process", Confidence::Medium));
    }
    Some(Verdict {
        class: Class::Phi,
        identifier: Some(field.kind_of_content()),
        confidence: Confidence::Medium,
        evidence: Evidence::Relation,
        reason: match role {
            Role::Patient => "kept in the record of a patient".into(),
            Role::Mixed => "kept in a record that is about a patient in this org".into(),
            _ => "kept in a record about a patient".into(),
        },
    })
}

/// What the rules say of a field in a record about a patient, and the table of words, which raises what they pass over. With
/// it the weight by which people are asked, for what rests on words or on nothing but whose record it is.
pub(super) fn by_table(
    ruled: Verdict,
    field: &Spoken<'_>,
    weighed: &Weighed,
    phi: i32,
) -> (Verdict, Option<i32>) {
    let is_phi = ruled.is_phi();
    if is_phi && (ruled.evidence != Evidence::Relation || field.is_lookup()) {
        return (ruled, None);
    }
    let weight = weighed.with_rules(is_phi);
    if is_phi || weight < phi {
        return (ruled, Some(weight));
    }
    let raised = Verdict {
        class: Class::Phi,
        identifier: Some(field.identifier().unwrap_or_else(|| field.kind_of_content())),
        confidence: Confidence::Medium,
        evidence: Evidence::Words,
        reason: format!("in a record about a patient, and {} speaks for it", weighed.speaks_for()).into(),
    };
    (raised, Some(weight))
}

/// Contacts and accounts that are patients or other people.
fn of_people(
    roles: &Roles,
    field: &Spoken<'_>,
    named: Option<(&'static NamePattern, &'static str)>,
) -> Option<Verdict> {
    if field.is_lookup() {
        return Some(lookup(roles, field));
    }
    if field.has(list::OTHER_PERSON) && !field.has(list::PATIENT) {
        return Some(of_somebody_else(field, named));
    }
    if let Some((pattern, place)) = named.filter(|(pattern, _)| pattern.known.class.is_personal()) {
        let about_patient = !roles.has_own_patients();
        let verdict = by_name(pattern, place, about_patient);
        let sure = if about_patient { Confidence::Medium } else { Confidence::Low };
        return Some(Verdict { confidence: verdict.confidence.max(sure), ..verdict });
    }
    let of_health = field.has(list::PATIENT) && field.has(list::HEALTH);
    let of_person = field.has(list::DEMOGRAPHIC) && !field.has(list::PLUMBING) && !field.is_bare_id();
    (of_health || of_person).then(|| Verdict {
        class: Class::Phi,
        identifier: Some(if of_health { Identifier::Clinical } else { Identifier::Other }),
        confidence: Confidence::Medium,
        evidence: Evidence::Relation,
        reason: "tells of a person, and patients are among these".into(),
    })
}

/// A doctor's name in a patient's record is the doctor's.
fn of_somebody_else(field: &Spoken<'_>, named: Option<(&'static NamePattern, &'static str)>) -> Verdict {
    let identity = named.filter(|(pattern, _)| {
        pattern.known.class.is_personal() && pattern.known.identifier != Some(Identifier::Clinical)
    });
    if let Some((pattern, place)) = identity {
        return cap(by_name(pattern, place, false), "of somebody else than the patient");
    }
    let identifier = match field.described.field_type {
        "Phone" => Some(Identifier::Phone),
        "Email" => Some(Identifier::Email),
        "Text" if field.occurs(&["name"]) => Some(Identifier::Name),
        _ => None,
    };
    match identifier {
        Some(identifier) => Verdict {
            class: Class::Pii,
            identifier: Some(identifier),
            confidence: Confidence::Medium,
            evidence: Evidence::Name,
            reason: "of somebody else than the patient, by its name".into(),
        },
        None => plain("about staff, a place or a company, by its name", Confidence::Medium),
    }
}

fn of_person(field: &Spoken<'_>, named: Option<(&'static NamePattern, &'static str)>) -> Option<Verdict> {
    if field.is_lookup() {
        return Some(plain("a record id", Confidence::Medium));
    }
    if let Some((pattern, place)) = named.filter(|(pattern, _)| pattern.known.class.is_personal()) {
        let is_of_patient = pattern.words.first().is_some_and(|word| *word == "patient");
        let verdict = by_name(pattern, place, false);
        return Some(if is_of_patient {
            verdict
        } else {
            cap(verdict, "of a person who is no patient here")
        });
    }
    let identifier = match field.described.field_type {
        "Phone" => Identifier::Phone,
        "Email" => Identifier::Email,
        "Location" | "Address" => Identifier::Geographic,
        _ if field.has(list::OF_A_PERSON) && !field.is(&["Checkbox"]) => Identifier::Other,
        _ => return Some(plain("nothing in its name tells of the person", Confidence::Medium)),
    };
    Some(Verdict {
        class: Class::Pii,
        identifier: Some(identifier),
        confidence: Confidence::Medium,
        evidence: Evidence::Relation,
        reason: "kept in the record of a person who is no patient here".into(),
    })
}

fn of_anything(
    roles: &Roles,
    field: &Spoken<'_>,
    named: Option<(&'static NamePattern, &'static str)>,
    health: bool,
) -> Option<Verdict> {
    if field.is_lookup() {
        let is_patient = field.described.references.iter().any(|target| roles.role(target) == Role::Patient);
        return is_patient.then(|| lookup(roles, field));
    }
    let (pattern, place) = named?;
    let verdict = by_name(pattern, place, false);
    // Who somebody is makes no patient of them; what ails them does, where there is health care at all.
    let identity = !matches!(pattern.known.identifier, Some(Identifier::Clinical) | None);
    let says_patient = field.has(list::PATIENT);
    if verdict.class.is_phi() && !says_patient && (identity || !health) {
        return Some(cap(verdict, "of a person, and nothing says of a patient"));
    }
    Some(verdict)
}

/// A lookup holds a record's id. It tells who the patient is where it points at one, and what they have where it
/// points at a code of that.
fn lookup(roles: &Roles, field: &Spoken<'_>) -> Verdict {
    let references = field.described.references;
    let is_people =
        |target: &str| ["account", "contact", "lead", "individual"].contains(&target.to_lowercase().as_str());
    let to_patient = references.iter().any(|target| {
        // The master of a record about a patient is the patient.
        let is_master = field.is(&["MasterDetail"])
            && is_people(target)
            && matches!(roles.role(target), Role::Mixed | Role::MixedPeople);
        // `Contact__c` to a contact, in a record about somebody, is that somebody.
        let is_plain = words(target) == field.name || words(target) == field.label;
        roles.is_patient(target)
            || is_master
            || (is_people(target)
                && (roles.role(target) == Role::Mixed
                    || (is_plain && !target.eq_ignore_ascii_case("account"))))
    });
    let may_be_person = references.is_empty()
        || references.iter().any(|target| {
            matches!(roles.role(target), Role::MixedPeople | Role::Unknown | Role::AboutPatient)
                && ["account", "contact", "lead", "individual", "careprogramenrollee", "user"]
                    .contains(&target.to_lowercase().as_str())
        });
    let insurer =
        field.occurs(&["insur*"]) || field.occurs(&["health", "fund"]) || field.occurs(&["health", "plan"]);
    let other = field.has(list::OTHER_PERSON) && !field.has(list::PATIENT) && !insurer;
    let called =
        field.has(list::PATIENT) && !references.iter().all(|target| roles.role(target) == Role::Thing);
    if (to_patient && !other) || called || (may_be_person && !other && field.has(list::PATIENT_LINK)) {
        return Verdict {
            class: Class::Phi,
            identifier: Some(Identifier::Name),
            confidence: Confidence::Medium,
            evidence: Evidence::Relation,
            reason: "points at the patient, whose name it shows".into(),
        };
    }
    let is_code = references.iter().any(|target| {
        // What lies between is a record of its own, whose number shows.
        if roles.role(target).is_of_patient() {
            return false;
        }
        let target = words(target);
        let vocabulary = Vocabulary::shipped();
        vocabulary.has(list::CLINICAL_LINK, &target) && !vocabulary.has(list::UNIT, &target)
    }) || insurer
        || (references.is_empty() && field.has(list::CLINICAL_LINK));
    if is_code && !field.has(list::UNIT) && !other {
        return Verdict {
            class: Class::Phi,
            identifier: Some(Identifier::Clinical),
            confidence: Confidence::Medium,
            evidence: Evidence::Relation,
            reason: "points at what the patient has or gets, whose name it shows".into(),
        };
    }
    plain("a record id", Confidence::Medium)
}

/// Names a patient whatever the object is.
fn names_somebody(pattern: &NamePattern) -> bool {
    pattern.words.first().is_some_and(|word| *word == "patient")
        || matches!(
            pattern.known.identifier,
            Some(Identifier::Ssn | Identifier::Mrn | Identifier::HealthPlan)
        ) && pattern.known.confidence == Confidence::High
}

fn by_name(pattern: &NamePattern, place: &str, about_patient: bool) -> Verdict {
    let Known { class, identifier, confidence, reason, .. } = pattern.known;
    let phi_here = class == Class::Pii && about_patient;
    let words = pattern.words.join(" ");
    Verdict {
        class: if phi_here { Class::Phi } else { class },
        identifier,
        confidence: if place == "help text" { confidence.min(Confidence::Medium) } else { confidence },
        evidence: Evidence::Name,
        reason: if phi_here {
            format!("`{words}` in its {place}, in a record about a patient").into()
        } else {
            format!("`{words}` in its {place}: {reason}").into()
        },
    }
}

/// About a person, and no patient's.
fn cap(verdict: Verdict, whose: &str) -> Verdict {
    let reason: Cow<'static, str> = format!("{}; {whose}", verdict.reason).into();
    Verdict { class: verdict.class.min(Class::Pii), reason, ..verdict }
}
