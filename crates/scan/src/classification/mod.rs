//! What a field holds, how sure that is, and why: the bundle's word first, then the org's own tags, the shipped
//! catalogue of Salesforce objects, and last the words of its name and label.

mod catalogue;
mod content;
mod formula;
mod question;
mod reference;
mod role;
mod said;
mod table;
mod vocabulary;
pub(crate) mod words;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Mutex;

use journal::{Confidence, Place};
use policy::bundle::classification::Keeps;
use policy::vocabulary::{Class, Identifier, OrganisationRole};
use policy::{ClassifiedBy, Policy};
use serde::Serialize;
use sfdx::Value;
use sfdx::views::Object;

pub(crate) use catalogue::Catalogue;
pub(crate) use content::Described;
use content::Spoken;
pub use question::{FieldQuestion, Likelihood, ObjectQuestion, Questions};
use role::{Health, Role, Roles};
pub use table::{Clue, Thresholds, WordTable};
use vocabulary::{Vocabulary, list};
pub(crate) use words::{occurs, words};

use crate::named_in_code::{NamedField, NamedInCode, NamedObject};

/// Where a verdict comes from, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The policy bundle says so.
    Bundle,
    /// The field's own `complianceGroup`.
    Tag,
    /// The shipped catalogue of Salesforce's objects.
    Catalogue,
    /// The words of its name, label or help text.
    Name,
    /// What it is computed from.
    Formula,
    /// Whose record it is kept in.
    Relation,
    /// The table of words, in a record that the bundle says is about a patient.
    Words,
}

impl Evidence {
    /// Whether it rests on whose record the field is kept in, and not on what the field says by itself.
    pub(crate) fn is_of_record(self) -> bool {
        matches!(self, Self::Relation | Self::Words)
    }
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub class: Class,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Identifier>,
    pub confidence: Confidence,
    pub evidence: Evidence,
    pub reason: Cow<'static, str>,
}

impl Verdict {
    /// PHI, and sure enough to be acted on.
    pub fn is_phi(&self) -> bool {
        self.class.is_phi() && self.confidence >= Confidence::Medium
    }
}

/// The verdict of every field in the project, and of any other field on demand.
#[derive(Debug)]
pub struct Classification<'p> {
    policy: &'p Policy,
    fields: BTreeMap<String, BTreeMap<String, (String, Verdict)>>,
    roles: Roles,
    words: &'p WordTable,
    /// What code names beyond the source, where it was asked for, and what its fields hold.
    named: Option<&'p NamedInCode>,
    in_code: BTreeMap<String, BTreeMap<String, Verdict>>,
    /// What the table of words comes to, for the fields of the source that it decides.
    weights: BTreeMap<String, BTreeMap<String, i32>>,
    /// Objects as they are written in the source, by lower case.
    names: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    /// Whether anything shows that this org is about health care at all.
    health: bool,
    /// What [`Self::phi_fields`] has answered, by object.
    answered: Mutex<BTreeMap<String, Vec<(String, Verdict)>>>,
}

impl<'p> Classification<'p> {
    pub fn of(project: &sfdx::Project, policy: &'p Policy) -> Self {
        Self::by(project, policy, WordTable::shipped())
    }

    /// With a table of words that is not the shipped one.
    pub fn by(project: &sfdx::Project, policy: &'p Policy, words: &'p WordTable) -> Self {
        Self::with(project, policy, words, None)
    }

    /// With what code names and the source does not describe: whose records such objects keep is guessed like that of
    /// others, by their names and by the fields that code names.
    pub fn with_code(project: &sfdx::Project, policy: &'p Policy, named: &'p NamedInCode) -> Self {
        Self::with(project, policy, WordTable::shipped(), Some(named))
    }

    fn with(
        project: &sfdx::Project,
        policy: &'p Policy,
        words: &'p WordTable,
        named: Option<&'p NamedInCode>,
    ) -> Self {
        let is_shown = policy.is_present()
            || project.objects().any(|object| shows_health_care(object))
            || named.is_some_and(|named| named.objects().any(|object| is_clinical(&object.name)));
        // An organisation that HIPAA binds has said what it is.
        let told = match (
            policy.organisation().is_some_and(|own| own.roles.iter().any(|r| is_bound(r.value))),
            is_shown,
        ) {
            (true, _) => Health::Own,
            (false, true) => Health::Standard,
            (false, false) => Health::No,
        };
        let (roles, shown) = Roles::of(project, policy, named, told);
        let mut this = Self {
            policy,
            fields: BTreeMap::new(),
            roles,
            words,
            named,
            in_code: BTreeMap::new(),
            weights: BTreeMap::new(),
            labels: project.objects().filter_map(label_of).collect(),
            names: project.objects().map(|o| (o.name().to_lowercase(), o.name().to_owned())).collect(),
            health: shown > Health::No,
            answered: Mutex::default(),
        };
        this.judge(project);
        this.follow_formulas(project);
        this.judge_named();
        this
    }

    /// The catalogue's word, no more than a guess for an object that is about patients in health care alone.
    fn catalogued(&self, object: &str, verdict: Verdict) -> Verdict {
        if verdict.class.is_phi() && self.roles.role(object) == Role::NoPatient {
            let reason = format!("{}; {NO_PATIENTS}", verdict.reason);
            return Verdict { class: Class::Pii, reason: reason.into(), ..verdict };
        }
        if !verdict.class.is_phi() || is_clinical(object) {
            return verdict;
        }
        let is_of_people = Catalogue::shipped().default_of(object).is_none();
        if self.health
            && is_of_people
            && self.roles.has_own_patients()
            && self.roles.role(object) == Role::Unknown
        {
            let reason = format!("{}; this org keeps its patients in an object of its own", verdict.reason);
            return Verdict { class: Class::Pii, reason: reason.into(), ..verdict };
        }
        if self.health {
            // Where contacts are the patients, what is a guess elsewhere is likely.
            let of_patients = matches!(self.roles.role(object), Role::Mixed | Role::MixedPeople)
                || self.roles.is_said_of_patients(object);
            let sure = if is_of_people && of_patients { Confidence::Medium } else { Confidence::Low };
            return Verdict { confidence: verdict.confidence.max(sure), ..verdict };
        }
        let reason = format!("{}; nothing else in the source shows health care", verdict.reason);
        Verdict { confidence: Confidence::Low, reason: reason.into(), ..verdict }
    }

    /// A lookup to such an object makes what stands beside it a patient's. Accounts, contacts and the like are
    /// patients in some orgs and anybody in others: a lookup to one says nothing.
    pub(crate) fn is_about_patients(&self, object: &str) -> bool {
        self.roles.role(object).is_of_patient()
    }

    fn judge(&mut self, project: &sfdx::Project) {
        let mut fields: BTreeMap<String, BTreeMap<String, (String, Verdict)>> = BTreeMap::new();
        let mut weights: BTreeMap<String, BTreeMap<String, i32>> = BTreeMap::new();
        for object in project.objects() {
            let judged = fields.entry(object.name().to_lowercase()).or_default();
            for field in object.fields() {
                let label = field.label().map(Value::into_text).unwrap_or_default();
                let field_type = field.data_type().map(Value::into_text).unwrap_or_default();
                let compliance = field.compliance_group().map(Value::into_text).unwrap_or_default();
                let help = field.help_text().map(Value::into_text).unwrap_or_default();
                let references: Vec<String> = field.reference_to().map(|target| target.to_string()).collect();
                let described = Described {
                    label: &label,
                    help: &help,
                    field_type: &field_type,
                    compliance: &compliance,
                    formula: field.formula().is_some(),
                    references: &references,
                };
                let (verdict, weight) = self.judged(object.name(), field.name(), described);
                if let Some(weight) = weight {
                    let weights = weights.entry(object.name().to_lowercase()).or_default();
                    let known = weights.entry(field.name().to_lowercase()).or_insert(weight);
                    *known = weight.max(*known);
                }
                // Of copies that contradict each other, the worst counts.
                let known = judged.entry(field.name().to_lowercase());
                let known = known.or_insert_with(|| (field.name().to_owned(), verdict.clone()));
                if verdict.class > known.1.class {
                    known.1 = verdict;
                }
            }
        }
        self.fields = fields;
        self.weights = weights;
    }

    fn judge_named(&mut self) {
        let mut verdicts: BTreeMap<String, BTreeMap<String, Verdict>> = BTreeMap::new();
        for (object, field) in self.all_named() {
            let references: Vec<String> = field.leads_to.iter().cloned().collect();
            let described =
                Described { field_type: field.field_type(), references: &references, ..Described::default() };
            let (mut verdict, weight) = self.judged(&object.name, &field.name, described);
            let by = if object.is_by_relationship { ", and its object by a relationship's name" } else { "" };
            let Place { path, start, .. } = &field.place;
            let reason = format!("{}; only code names it{by}: {path}:{}", verdict.reason, start.line);
            verdict.reason = reason.into();
            let (object, field) = (object.name.to_lowercase(), field.name.to_lowercase());
            if let Some(weight) = weight {
                self.weights.entry(object.clone()).or_default().insert(field.clone(), weight);
            }
            verdicts.entry(object).or_default().insert(field, verdict);
        }
        self.in_code = verdicts;
    }

    /// What code names and the source does not describe, beside what every record has.
    fn all_named(&self) -> impl Iterator<Item = (&'p NamedObject, &'p NamedField)> + use<'p> {
        let is_of_platform =
            |field: &str| !field.contains("__") && Catalogue::shipped().is_system_field(field);
        let all = self.named.into_iter().flat_map(NamedInCode::all);
        all.flat_map(|object| object.fields().map(move |field| (object, field)))
            .filter(move |(_, field)| !is_of_platform(&field.name))
    }

    /// Every field that code names and the source does not describe, as `(object, field, verdict)`, sorted; of
    /// [`Self::with_code`].
    pub fn all_in_code(&self) -> impl Iterator<Item = (&'p NamedObject, &'p NamedField, &Verdict)> {
        self.all_named().filter_map(|(object, field)| {
            let of_object = self.in_code.get(&object.name.to_lowercase())?;
            Some((object, field, of_object.get(&field.name.to_lowercase())?))
        })
    }

    /// What the table of words and the rules come to together, for a field of the source that they decide; see
    /// [`Thresholds`]. Nothing where the bundle, a tag, the catalogue or a name decides.
    pub fn weight(&self, object: &str, field: &str) -> Option<i32> {
        self.weights.get(&object.to_lowercase())?.get(&field.to_lowercase()).copied()
    }

    /// The verdict of a field, in the source or not.
    pub fn field(&self, object: &str, field: &str) -> Verdict {
        let (object, field) = resolve(object, field);
        let known =
            self.fields.get(&object.to_lowercase()).and_then(|fields| fields.get(&field.to_lowercase()));
        match known {
            Some((_, verdict)) => verdict.clone(),
            None => self.verdict(object, field, Described::default()),
        }
    }

    /// Whether a member of an Apex class holds PHI: by the bundle's word on `Class.member`, else by a name that means
    /// one thing wherever it stands, or that says that it is what somebody told a health service.
    pub(crate) fn is_phi_named(&self, class: &str, member: &str) -> bool {
        if let Some(said) = self.policy.class_of(class, member) {
            return said.class.is_phi();
        }
        if !self.health {
            return false;
        }
        let spoken = Spoken::of(member, Described::default());
        Vocabulary::shipped().has(list::SPEECH, &words(member))
            || spoken.is_clinical()
            || matches!(spoken.identifier(), Some(Identifier::Ssn | Identifier::Mrn | Identifier::HealthPlan))
    }

    /// A field's name as the source or the bundle writes it.
    pub(crate) fn written<'a>(&'a self, object: &str, field: &'a str) -> &'a str {
        let known = self.fields.get(&object.to_lowercase()).and_then(|own| own.get(&field.to_lowercase()));
        known.map_or(field, |(name, _)| name)
    }

    pub fn is_phi(&self, object: &str, field: &str) -> bool {
        self.field(object, field).is_phi()
    }

    /// The PHI fields of an object that are known by name: in the source, in the bundle or in the catalogue,
    /// as `(field, verdict)`, sorted.
    pub fn phi_fields(&self, object: &str) -> Vec<(String, Verdict)> {
        if let Some(known) = self.answered.lock().ok().and_then(|answered| answered.get(object).cloned()) {
            return known;
        }
        let found = self.find_phi_fields(object);
        if let Ok(mut answered) = self.answered.lock() {
            answered.insert(object.to_owned(), found.clone());
        }
        found
    }

    fn find_phi_fields(&self, object: &str) -> Vec<(String, Verdict)> {
        let mut found: BTreeMap<String, (String, Verdict)> = BTreeMap::new();
        for (name, _) in Catalogue::shipped().fields_of(object) {
            if self.is_elsewhere(object, name) {
                continue;
            }
            found.insert(name.to_lowercase(), (name.to_owned(), self.field(object, name)));
        }
        for (name, _) in self.policy.object(object).iter().flat_map(|rule| rule.fields.0.iter()) {
            found.insert(name.value.to_lowercase(), (name.value.clone(), self.field(object, &name.value)));
        }
        for (key, (name, verdict)) in self.fields.get(&object.to_lowercase()).into_iter().flatten() {
            found.insert(key.clone(), (name.clone(), verdict.clone()));
        }
        found.into_values().filter(|(_, verdict)| verdict.is_phi()).collect()
    }

    /// Whether a field of the catalogue is one of other orgs: of a package that the source shows nothing of, or of
    /// person accounts where the source shows accounts without them.
    fn is_elsewhere(&self, object: &str, field: &str) -> bool {
        let fields = self.fields.get(&object.to_lowercase());
        let field = field.to_lowercase();
        if fields.is_some_and(|fields| fields.contains_key(&field)) {
            return false;
        }
        if field.contains("__") {
            return true;
        }
        let of_persons = |name: &str| {
            name.starts_with("person")
                || name.ends_with("__pc")
                || ["firstname", "middlename", "lastname", "salutation", "suffix"].contains(&name)
        };
        if !object.eq_ignore_ascii_case("Account") || !of_persons(&field) {
            return false;
        }
        // Where the source shows accounts, it shows whether they are persons; else patients elsewhere make it likely.
        match fields.filter(|fields| fields.keys().any(|name| !name.contains("__"))) {
            Some(fields) => !fields.keys().any(|name| of_persons(name)),
            None => !self.roles.has_patients() && self.policy.object(object).is_none(),
        }
    }

    /// Whether records of this object hold PHI in a field that is in the source or the bundle, or by the
    /// catalogue's word on the object as a whole.
    pub fn is_phi_object(&self, object: &str) -> bool {
        let key = object.to_lowercase();
        let in_source = self.fields.get(&key).is_some_and(|fields| fields.values().any(|(_, v)| v.is_phi()));
        let in_bundle = self.policy.object(object).is_some_and(|rule| {
            let mut rules =
                rule.default.iter().chain(rule.fields.0.iter().flat_map(|(_, rules)| rules.iter()));
            rules.any(|rule| rule.class.value.is_phi())
        });
        // What the bundle says of all fields of an object goes before what its kind says.
        let has_default = self.policy.object(object).is_some_and(|rule| rule.default.is_some());
        let is_open = self.policy.object(object).is_none_or(|rule| {
            !has_default && matches!(rule.keeps(), Some(Keeps::Patients | Keeps::AboutPatients))
        });
        in_source
            || in_bundle
            || (is_clinical(object) && !has_default && self.roles.role(object) != Role::NoPatient)
            || (is_open && self.health && self.roles.role(object).is_of_patient())
            || self.phi_fields(object).iter().any(|(_, v)| v.confidence == Confidence::High)
    }

    /// Every classified field of the source, as `(object, field, verdict)`, sorted.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str, &Verdict)> {
        self.fields.iter().flat_map(|(object, fields)| {
            let object = self.names.get(object).map_or(object.as_str(), String::as_str);
            fields.values().map(move |(name, verdict)| (object, name.as_str(), verdict))
        })
    }

    fn verdict(&self, object: &str, field: &str, described: Described<'_>) -> Verdict {
        self.judged(object, field, described).0
    }

    /// The verdict, and the weight of its words where they decide.
    fn judged(&self, object: &str, field: &str, described: Described<'_>) -> (Verdict, Option<i32>) {
        let object = &*base_object(object);
        let spoken = Spoken::of(field, described);
        if let Some(known) = self.known(object, field, described, &spoken) {
            return (known, None);
        }
        // An object's default speaks of what people write, not of what points elsewhere or is computed.
        let writes = !matches!(
            described.field_type,
            "Lookup" | "MasterDetail" | "Hierarchy" | "Checkbox" | "Summary" | "AutoNumber"
        ) && !described.formula;
        let default = Catalogue::shipped().default_of(object);
        let ruled = match (self.by_words(object, &spoken), default) {
            (Some(said), Some(_)) => self.catalogued(object, said),
            (Some(said), None) => said,
            (None, Some(known)) if writes => self.catalogued(object, by_default(known)),
            (None, _) => plain("nothing says that it is about a person", Confidence::Low),
        };
        if !self.roles.is_said_of_patients(object) {
            return (ruled, None);
        }
        let label = self.labels.get(&object.to_lowercase()).map(String::as_str).unwrap_or_default();
        let kind = if described.formula { "Formula" } else { described.field_type };
        let clues = WordTable::clues_of_field(field, described.label, kind, object, label);
        content::by_table(ruled, &spoken, &self.words.weigh_field(&clues), self.words.thresholds.phi)
    }

    fn by_words(&self, object: &str, spoken: &Spoken<'_>) -> Option<Verdict> {
        content::verdict(self.roles.role(object), &self.roles, spoken, self.health)
    }

    /// What the bundle, a tag, the catalogue or the platform says, whatever the words of the field.
    fn known(
        &self,
        object: &str,
        field: &str,
        described: Described<'_>,
        spoken: &Spoken<'_>,
    ) -> Option<Verdict> {
        let catalogue = Catalogue::shipped();
        let is_system = catalogue.is_system_field(field) && !field.to_ascii_lowercase().ends_with("__c");
        // An object's default speaks of what its records hold, not of what the platform adds to every record.
        let said = self.policy.class_of(object, field);
        let said = said.filter(|said| !(is_system && said.by == ClassifiedBy::ObjectDefault));
        if let Some(said) = said {
            let unseen = said.unseen().map(|unseen| format!("; {unseen}")).unwrap_or_default();
            let place = said.place.map(|place| format!(": {place}")).unwrap_or_default();
            return Some(Verdict {
                class: said.class,
                identifier: said.identifier,
                confidence: Confidence::High,
                evidence: Evidence::Bundle,
                reason: format!("the bundle says so{place}{unseen}").into(),
            });
        }
        if let Some(tagged) = by_tag(described.compliance) {
            // PHI by its words and personal by its tag is PHI: the tag says which law, not what it holds.
            return Some(match self.by_words(object, spoken) {
                Some(said) if said.class > tagged.class && said.confidence >= Confidence::Medium => said,
                Some(said) => Verdict { identifier: said.identifier, ..tagged },
                None => tagged,
            });
        }
        if is_system {
            return Some(plain("a system field", Confidence::High));
        }
        if let Some(known) = catalogue.field(object, field) {
            return Some(self.catalogued(object, from_catalogue(known)));
        }
        let role = self.roles.role(object);
        // A custom object has no standard fields beside its name and those of the platform.
        if object.contains("__") && !field.contains("__") {
            return Some(match role {
                Role::Patient if field.eq_ignore_ascii_case("Name") => Verdict {
                    class: Class::Phi,
                    identifier: Some(Identifier::Name),
                    confidence: Confidence::Medium,
                    evidence: Evidence::Relation,
                    reason: "the name of a patient's record".into(),
                },
                _ => plain("a field of the platform's own", Confidence::Medium),
            });
        }
        // Of a dictionary (medicines, codes) the catalogue knows that it is about nobody, whatever a name says.
        if let Some(known) = catalogue.default_of(object).filter(|known| !known.class.is_personal()) {
            return Some(from_catalogue(known));
        }
        let is_thing = matches!(role, Role::Unknown | Role::Thing | Role::NoPatient);
        (is_thing && is_its_name(object, field)).then(|| plain("what a thing is called", Confidence::Medium))
    }
}

const NO_PATIENTS: &str = "the bundle says that no patients are kept here";

/// `Therapy__c.Therapy_Name__c`
fn is_its_name(object: &str, field: &str) -> bool {
    let (mut called, own) = (words(object), words(field));
    called.push("name".to_owned());
    object.ends_with("__c") && called == own
}

/// `Provider__r.Office__r`: whether a step of a path leads to a colleague, though patients are kept in the same object.
pub(crate) fn is_of_another_person(steps: &str) -> bool {
    let vocabulary = Vocabulary::shipped();
    steps.split('.').any(|step| {
        let words = words(step.trim_end_matches("__r"));
        vocabulary.has(list::OTHER_PERSON, &words) && !vocabulary.has(list::PATIENT, &words)
    })
}

/// The object whose data a companion repeats: its history, its feed, its change events.
pub(crate) fn base_object(object: &str) -> Cow<'_, str> {
    const CUSTOM: [&str; 4] = ["__History", "__Feed", "__ChangeEvent", "__Share"];
    const STANDARD: [&str; 4] = ["History", "Feed", "ChangeEvent", "Share"];
    if let Some(base) = CUSTOM.iter().find_map(|suffix| object.strip_suffix(suffix)) {
        return Cow::Owned(format!("{base}__c"));
    }
    let is_own = Catalogue::shipped().object(object).is_some();
    let base = STANDARD.iter().find_map(|suffix| object.strip_suffix(suffix)).filter(|base| !base.is_empty());
    Cow::Borrowed(base.filter(|_| !is_own && !object.contains("__")).unwrap_or(object))
}

/// `Contact.MailingCity` asked of a `Case` report and the like: the last object named is the field's own.
fn resolve<'a>(object: &'a str, field: &'a str) -> (&'a str, &'a str) {
    match field.rsplit_once('.') {
        Some((path, last)) => (path.rsplit('.').next().unwrap_or(object), last),
        None => (object, field),
    }
}

fn plain(reason: &'static str, confidence: Confidence) -> Verdict {
    Verdict {
        class: Class::Internal,
        identifier: None,
        confidence,
        evidence: Evidence::Catalogue,
        reason: reason.into(),
    }
}

/// That an object is about patients makes it likely that a field is, and not sure.
fn by_default(known: catalogue::Known) -> Verdict {
    let what =
        known.reason.strip_prefix("any field not listed here").map(|rest| rest.trim_matches([' ', '(', ')']));
    let reason = match what {
        Some(what) if !what.is_empty() => format!("a field of an object about patients: {what}").into(),
        _ => known.reason.into(),
    };
    Verdict { confidence: known.confidence.min(Confidence::Medium), reason, ..from_catalogue(known) }
}

fn from_catalogue(known: catalogue::Known) -> Verdict {
    Verdict {
        class: known.class,
        identifier: known.identifier,
        confidence: known.confidence,
        evidence: Evidence::Catalogue,
        reason: known.reason.into(),
    }
}

/// The org's own label: `complianceGroup` holds values parted by semicolons, HIPAA and PII among them.
fn by_tag(compliance: &str) -> Option<Verdict> {
    let groups: Vec<String> = compliance.split(';').map(|group| group.trim().to_ascii_uppercase()).collect();
    let has = |wanted: &[&str]| groups.iter().any(|group| wanted.contains(&group.as_str()));
    let class = if has(&["HIPAA", "PHI", "HITECH"]) {
        Class::Phi
    } else if has(&["PII", "GDPR", "CCPA", "COPPA", "PERSONALINFO"]) {
        Class::Pii
    } else {
        return None;
    };
    Some(Verdict {
        class,
        identifier: None,
        confidence: Confidence::High,
        evidence: Evidence::Tag,
        reason: format!("tagged `{compliance}` in its complianceGroup").into(),
    })
}

/// Whether the catalogue knows the object as one of health care: it has no other use.
fn is_clinical(object: &str) -> bool {
    Catalogue::shipped().default_of(object).is_some_and(|known| {
        known.class.is_phi()
            && known.identifier == Some(Identifier::Clinical)
            && known.confidence >= Confidence::Medium
    })
}

/// Whether HIPAA binds an organisation of this role.
fn is_bound(role: OrganisationRole) -> bool {
    matches!(role, OrganisationRole::CoveredEntity | OrganisationRole::BusinessAssociate)
}

fn label_of(object: Object<'_>) -> Option<(String, String)> {
    let label = object.label().map(Value::into_text)?;
    Some((object.name().to_lowercase(), label.into_owned()))
}

/// Whether an object shows that this org is about health care at all. Accounts, contacts, cases and chats are about
/// patients where there are patients; an org that sells or leases has them too.
fn shows_health_care(object: Object<'_>) -> bool {
    let is_custom = object.name().contains("__");
    let by_name = |text: &str| Vocabulary::shipped().has(list::PATIENT, &words(text));
    let clinical = |field: sfdx::views::Field<'_>| {
        let label = field.label().map(Value::into_text).unwrap_or_default();
        let field_type = field.data_type().map(Value::into_text).unwrap_or_default();
        let described = Described { label: &label, field_type: &field_type, ..Described::default() };
        Spoken::of(field.name(), described).is_clinical()
    };
    is_clinical(object.name())
        || by_name(object.name())
        || object.fields().filter(|field| is_custom || field.is_custom()).any(clinical)
}
