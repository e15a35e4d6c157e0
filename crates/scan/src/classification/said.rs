//! What the bundle says of whose records objects keep. Nothing that names or relations tell goes against it.

use std::collections::BTreeMap;

use policy::Policy;
use policy::bundle::classification::Keeps;

use super::role::{Objects, PEOPLE, RECORDS, Role, of_people};

/// The roles that the bundle gives, by name in lower case: of the objects that it names, and of those to which their
/// subjects lead; of all others too where the organisation keeps no patients.
pub(super) fn roles(policy: &Policy, objects: &Objects) -> BTreeMap<String, Role> {
    let mut said: BTreeMap<String, Role> = BTreeMap::new();
    let mut ends = Vec::new();
    for (name, rule) in policy.objects() {
        let key = name.value.to_lowercase();
        let Some(keeps) = rule.keeps() else { continue };
        let is_some_records = rule.when.is_some();
        let role = match keeps {
            Keeps::NoPatients => Role::NoPatient,
            Keeps::Patients if is_some_records && PEOPLE.contains(&key.as_str()) => mixed(&key, objects),
            Keeps::Patients => Role::Patient,
            Keeps::AboutPatients if is_some_records && RECORDS.contains(&key.as_str()) => Role::Mixed,
            Keeps::AboutPatients => Role::AboutPatient,
        };
        if let (Keeps::AboutPatients, Some(subject)) = (keeps, &rule.subject) {
            ends.extend(end_of(&key, subject.value.as_str(), objects));
        }
        said.insert(key, role);
    }
    for end in ends {
        let role = if PEOPLE.contains(&end.as_str()) { mixed(&end, objects) } else { Role::Patient };
        said.entry(end).or_insert(role);
    }
    if !policy.may_keep_patients() {
        for key in objects.keys() {
            said.entry(key.clone()).or_insert(Role::NoPatient);
        }
    }
    said
}

fn mixed(key: &str, objects: &Objects) -> Role {
    of_people(objects.get(key).map(|(_, fields)| fields.as_slice()).unwrap_or_default())
}

/// The object at the end of a path, where the source shows each step and that it leads to one kind of object: a custom
/// one, or one of Salesforce's for people.
fn end_of(object: &str, path: &str, objects: &Objects) -> Option<String> {
    let mut at = object.to_owned();
    for step in path.split('.').filter(|step| !step.eq_ignore_ascii_case("Id")) {
        let (_, fields) = objects.get(&at)?;
        let field = fields.iter().find(|field| is_step(&field.api, step))?;
        let [target] = field.targets.as_slice() else { return None };
        at.clone_from(target);
    }
    let is_people = PEOPLE.contains(&at.as_str()) && at != "user";
    (at != object && (is_people || at.ends_with("__c"))).then_some(at)
}

/// `Patient__c` is the field, and `Patient__r` its name in a path; of a standard one `PatientId` and `Patient`.
fn is_step(name: &str, step: &str) -> bool {
    let by_relation = match step.strip_suffix("__r") {
        Some(stem) => format!("{stem}__c"),
        None => format!("{step}Id"),
    };
    name.eq_ignore_ascii_case(step) || name.eq_ignore_ascii_case(&by_relation)
}
