//! What people labelled, and what follows from it: a project of the labelled fields, and the bundle of somebody who
//! answered of each object whose records it keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use policy::bundle::classification::Keeps;

/// A field as it was labelled.
#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) object: String,
    pub(crate) object_label: String,
    pub(crate) field: String,
    pub(crate) label: String,
    pub(crate) kind: String,
    pub(crate) references: String,
    pub(crate) compliance: String,
    pub(crate) class: String,
    pub(crate) identifier: String,
}

impl Label {
    pub(crate) fn is_phi(&self) -> bool {
        self.class.starts_with("phi")
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        self.references.split([';', '|', ' ']).filter(|target| !target.is_empty())
    }

    /// Whether it points at the patient.
    fn names_the_patient(&self) -> bool {
        self.is_phi() && self.identifier == "name" && self.targets().next().is_some()
    }
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                fields.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

pub(crate) fn of(path: &Path) -> Vec<Label> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let names = fields(lines.next().unwrap());
    lines
        .map(|line| {
            let row: BTreeMap<&str, String> = names.iter().map(String::as_str).zip(fields(line)).collect();
            let get = |name: &str| row.get(name).cloned().unwrap_or_default();
            Label {
                object: get("object"),
                object_label: get("object_label"),
                field: get("field"),
                label: get("label"),
                kind: get("type"),
                references: get("references"),
                compliance: get("compliance_group"),
                class: get("class"),
                identifier: get("identifier"),
            }
        })
        .collect()
}

pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .collect();
    files.sort();
    files
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A project with these objects and fields and nothing else.
pub(crate) fn project(labels: &[Label]) -> (tempfile::TempDir, sfdx::Project) {
    let folder = tempfile::tempdir().unwrap();
    let mut objects: BTreeMap<&str, Vec<&Label>> = BTreeMap::new();
    for label in labels {
        objects.entry(&label.object).or_default().push(label);
    }
    for (object, labels) in objects {
        let mut text = String::from("<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n");
        for one in &labels {
            write!(text, "<fields><fullName>{}</fullName>", one.field).unwrap();
            let mut element = |name: &str, value: &str| {
                if !value.is_empty() {
                    write!(text, "<{name}>{}</{name}>", escaped(value)).unwrap();
                }
            };
            element("label", &one.label);
            element("type", if one.kind == "Formula" { "Text" } else { &one.kind });
            for target in one.targets() {
                element("referenceTo", target);
            }
            element("complianceGroup", &one.compliance);
            if one.kind == "Formula" {
                element("formula", "\"\"");
            }
            text.push_str("</fields>\n");
        }
        writeln!(
            text,
            "<label>{}</label>\n</CustomObject>",
            labels.first().map(|one| escaped(&one.object_label)).unwrap_or_default()
        )
        .unwrap();
        let path = folder.path().join("objects").join(format!("{object}.object"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let project = sfdx::read(folder.path(), &sfdx::Options::default()).unwrap();
    assert_eq!(project.problems(), []);
    (folder, project)
}

/// Whose records each labelled object keeps, and those of Salesforce's at which its lookups point: what somebody would
/// say who knows the org as well as the labels do. Objects of patients are those of which most lookups that point at
/// them were labelled as telling who the patient is.
pub(crate) fn answers(labels: &[Label]) -> BTreeMap<String, (Keeps, Option<String>)> {
    let mut pointed: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for one in labels.iter().filter(|one| one.class != "unsure") {
        for target in one.targets().filter(|target| !["User", "Group"].contains(target)) {
            let (of_patient, all) = pointed.entry(target).or_default();
            *of_patient += usize::from(one.names_the_patient());
            *all += 1;
        }
    }
    let patients: BTreeSet<&str> = pointed
        .iter()
        .filter(|(_, (of_patient, all))| of_patient * 2 >= *all)
        .map(|(name, _)| *name)
        .collect();
    let mut answers: BTreeMap<String, (Keeps, Option<String>)> =
        patients.iter().map(|name| ((*name).to_owned(), (Keeps::Patients, None))).collect();
    let mut objects: BTreeMap<&str, Vec<&Label>> = BTreeMap::new();
    for label in labels {
        objects.entry(&label.object).or_default().push(label);
    }
    for (object, fields) in objects {
        let path = fields.iter().find(|one| one.names_the_patient()).map(|one| one.field.clone());
        let has_name = fields.iter().any(|one| one.is_phi() && one.identifier == "name");
        let keeps = if !fields.iter().any(|one| one.is_phi()) {
            Keeps::NoPatients
        } else if patients.contains(object) || (has_name && path.is_none()) {
            Keeps::Patients
        } else {
            Keeps::AboutPatients
        };
        answers.insert(object.to_owned(), (keeps, path));
    }
    answers
}

/// A bundle that says nothing else.
pub(crate) fn bundle(answers: &BTreeMap<String, (Keeps, Option<String>)>) -> policy::Policy {
    let mut text = String::from("version: 1\norganisation: {name: X}\nregions: [us]\nobjects:\n");
    for (object, (keeps, path)) in answers {
        let said = match (keeps, path) {
            (Keeps::Patients, _) => "subject: self".to_owned(),
            (Keeps::AboutPatients, Some(path)) => format!("subject: {path}"),
            (Keeps::AboutPatients, None) => "patients: true".to_owned(),
            (Keeps::NoPatients, _) => "patients: false".to_owned(),
        };
        writeln!(text, "  {object}: {{{said}}}").unwrap();
    }
    let (policy, problems) = policy::read(vec![source::Source::new("phiward.yaml", text)]);
    assert!(problems.iter().all(|problem| problem.severity != source::Severity::Error), "{problems:?}");
    policy
}
