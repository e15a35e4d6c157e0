use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::civil::Date;
use journal::Place;
use policy::Policy;
use rayon::prelude::*;
use sfdx::completeness::Item;
use sfdx::{Project, Value};
use sha2::{Digest, Sha256};
use source::Position;

use crate::classification::{Classification, Verdict};
use crate::code::Code;
use crate::endpoint::{self, Endpoint};
use crate::phi_object::PhiObject;
use crate::report::{ClassifiedField, Totals};
use crate::visualforce::{self, Page};

/// What a scan reads.
#[derive(Debug, Clone, Copy)]
pub struct Input<'p> {
    pub project: &'p Project,
    /// [`Policy::empty`] where there is no bundle.
    pub policy: &'p Policy,
    /// The bundle's folder as findings name it: `phiward`.
    pub bundle: &'p str,
    /// What queries of the org answered; the default where nobody ran them.
    pub facts: &'p sfdx::Facts,
    /// The day on which agreements and exceptions are judged.
    pub today: Date,
}

/// What every rule may ask.
#[derive(Debug)]
pub struct Context<'p> {
    pub project: &'p Project,
    pub policy: &'p Policy,
    pub facts: &'p sfdx::Facts,
    pub today: Date,
    pub classes: Classification<'p>,
    bundle: &'p str,
    endpoints: Vec<Endpoint>,
    phi_objects: BTreeSet<String>,
    access: OnceLock<access::Model>,
    telling: OnceLock<Vec<PhiObject>>,
    code: OnceLock<Code>,
    pages: OnceLock<Vec<Page>>,
    completeness: OnceLock<Vec<Item>>,
}

impl<'p> Context<'p> {
    pub(crate) fn new(input: &Input<'p>) -> Self {
        let Input { project, policy, bundle, facts, today } = *input;
        let classes = Classification::of(project, policy);
        let endpoints = endpoint::of(project, policy);
        let mut this = Self {
            project,
            policy,
            facts,
            today,
            classes,
            bundle,
            endpoints,
            phi_objects: BTreeSet::new(),
            access: OnceLock::new(),
            telling: OnceLock::new(),
            code: OnceLock::new(),
            pages: OnceLock::new(),
            completeness: OnceLock::new(),
        };
        this.phi_objects =
            this.object_names().into_iter().filter(|name| this.classes.is_phi_object(name)).collect();
        this
    }

    /// Objects that the source defines or the bundle names.
    fn object_names(&self) -> BTreeSet<String> {
        let in_source = self.project.objects().map(|object| object.name().to_owned());
        let in_bundle = self.policy.objects().map(|(name, _)| name.value.clone());
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        for name in in_source.chain(in_bundle) {
            names.entry(name.to_lowercase()).or_insert(name);
        }
        names.into_values().collect()
    }

    /// The objects of source and bundle whose records hold PHI, sorted.
    pub fn phi_objects(&self) -> impl Iterator<Item = &str> {
        self.phi_objects.iter().map(String::as_str)
    }

    /// Whether records of this object hold PHI; it may be in neither source nor bundle.
    pub fn is_phi_object(&self, object: &str) -> bool {
        self.phi_objects.contains(object) || self.classes.is_phi_object(object)
    }

    /// The same as findings speak of them, those that tell most first: about patients, then by confidence and how many fields
    /// are known. Users
    /// see each other as names, so that their object is left out.
    pub(crate) fn telling_objects(&self) -> &[PhiObject] {
        self.telling.get_or_init(|| {
            let own = self.phi_objects().filter(|object| !object.eq_ignore_ascii_case("User"));
            let mut found: Vec<PhiObject> = own.filter_map(|object| PhiObject::of(self, object)).collect();
            let weight = |one: &PhiObject| {
                (self.classes.is_about_patients(&one.name), one.confidence, one.fields.len())
            };
            found.sort_by_key(|one| std::cmp::Reverse(weight(one)));
            found
        })
    }

    /// Line 1 of what a query of the org answered: rows have no lines.
    pub(crate) fn facts_place(&self, query: &str) -> Place {
        let file = self.facts.paths(query).first().cloned().unwrap_or_else(|| format!("{query}.json"));
        Place::line(format!("facts/{file}"), 1)
    }

    /// Who can do what, put together when a rule first asks.
    pub(crate) fn access(&self) -> &access::Model {
        self.access.get_or_init(|| {
            let mut fields = Vec::new();
            for object in self.phi_objects() {
                let known = self.classes.phi_fields(object).into_iter();
                fields.extend(known.map(|(field, _)| format!("{object}.{field}")));
            }
            access::Model::with_fields(self.project, self.facts, fields.iter().map(String::as_str))
        })
    }

    /// The Apex of the source, followed when a rule first asks.
    pub(crate) fn code(&self) -> &Code {
        self.code.get_or_init(|| Code::of(self))
    }

    /// What of the org the source shows, and what it lacks.
    pub(crate) fn completeness(&self) -> &[Item] {
        self.completeness.get_or_init(|| sfdx::completeness::of(self.project, self.facts))
    }

    /// The Visualforce pages and components of the source, read when a rule first asks.
    pub(crate) fn pages(&self) -> &[Page] {
        self.pages.get_or_init(|| visualforce::pages(self))
    }

    /// What could not be read of Apex, where a rule has asked for it.
    pub(crate) fn code_problems(&self) -> &[source::Problem] {
        self.code.get().map_or(&[], |code| code.problems.as_slice())
    }

    /// The field of the source that describes a field: a person account's `X__pc` is the contact's `X__c`.
    pub(crate) fn described(&self, object: &str, field: &str) -> Option<sfdx::views::Field<'p>> {
        let own = self.project.field(&format!("{object}.{field}"));
        let stem = field.strip_suffix("__pc").filter(|_| object.eq_ignore_ascii_case("Account"));
        own.or_else(|| self.project.field(&format!("Contact.{}__c", stem?)))
    }

    /// The verdict of a field written as `Object.Field`.
    pub fn verdict(&self, full_name: &str) -> Option<Verdict> {
        let (object, field) = full_name.split_once('.')?;
        Some(self.classes.field(object, field))
    }

    /// Whether there is a bundle: without one, nothing can be held against what it would have to declare.
    pub fn has_bundle(&self) -> bool {
        self.policy.is_present()
    }

    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The place of a value in the source.
    pub fn place(&self, value: &Value<'_>) -> Place {
        Place::of(value.source(), value.span())
    }

    /// The place of something that the bundle says.
    pub fn policy_place(&self, place: &policy::Place) -> Place {
        let Position { line, column } = place.position;
        let length = place.span.end.saturating_sub(place.span.start);
        let path = if self.bundle.is_empty() {
            place.path.to_string()
        } else {
            format!("{}/{}", self.bundle, place.path)
        };
        Place { path, start: place.position, end: Position { line, column: column.saturating_add(length) } }
    }

    pub(crate) fn classified_fields(&self) -> Vec<ClassifiedField> {
        let encrypted: BTreeSet<String> = self
            .project
            .objects()
            .flat_map(|object| object.fields())
            .filter(|field| is_encrypted(*field))
            .map(|field| format!("{}.{}", field.object_name(), field.name()).to_lowercase())
            .collect();
        self.classes
            .all()
            .map(|(object, field, verdict)| ClassifiedField {
                object: object.to_owned(),
                field: field.to_owned(),
                verdict: verdict.clone(),
                encrypted: encrypted.contains(&format!("{object}.{field}").to_lowercase()),
            })
            .collect()
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            files: self.project.files().len(),
            components: self.project.components().count(),
            objects: self.project.objects().count(),
            fields: self.classes.all().count(),
            phi_fields: self.classes.all().filter(|(_, _, verdict)| verdict.is_phi()).count(),
        }
    }

    pub(crate) fn unjudged(&self) -> BTreeMap<&'static str, usize> {
        let mut unjudged = BTreeMap::new();
        for file in self.project.files() {
            if let Some(kind) = unjudged_kind(file.kind) {
                *unjudged.entry(kind).or_default() += 1;
            }
        }
        let omnistudio =
            ["OmniProcess", "OmniScript", "OmniIntegrationProcedure", "OmniDataTransform", "OmniUiCard"];
        let omnistudio: usize = omnistudio.iter().map(|kind| self.project.of_type(kind).count()).sum();
        if omnistudio > 0 {
            unjudged.insert("OmniStudio", omnistudio);
        }
        unjudged
    }

    /// Over each file in order: its path, a zero byte, its size, and the SHA-256 of its text where rules read it
    /// (metadata, code and data; not pictures and other binary files).
    pub(crate) fn source_digest(&self) -> String {
        let files: Vec<_> = self
            .project
            .files()
            .par_iter()
            .map(|file| {
                let text = match self.project.tree_at(&file.path) {
                    Some(tree) => Some(Sha256::digest(tree.source().text().as_bytes())),
                    None if is_text(file.kind) => self
                        .project
                        .load(file)
                        .ok()
                        .map(|(source, _)| Sha256::digest(source.text().as_bytes())),
                    None => None,
                };
                (file, text)
            })
            .collect();
        let mut whole = Sha256::new();
        for (file, text) in files {
            whole.update(file.path.as_bytes());
            whole.update([0]);
            whole.update(file.bytes.to_le_bytes());
            if let Some(text) = text {
                whole.update(text);
            }
        }
        let hex: String = whole.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    }
}

/// What code of this kind is called, where no rule judges it for what it does with data.
pub(crate) fn unjudged_kind(kind: sfdx::Kind) -> Option<&'static str> {
    match kind {
        sfdx::Kind::Visualforce => Some("Visualforce"),
        sfdx::Kind::Aura => Some("Aura"),
        sfdx::Kind::Lwc => Some("Lightning web components"),
        _ => None,
    }
}

pub(crate) fn is_text(kind: sfdx::Kind) -> bool {
    !matches!(kind, sfdx::Kind::StaticResource | sfdx::Kind::Document | sfdx::Kind::Other)
}

/// Whether the source turns Shield Platform Encryption on for a field. `EncryptedText` is the classic kind, which
/// is AES-128 and another thing.
pub(crate) fn is_encrypted(field: sfdx::views::Field<'_>) -> bool {
    field.encryption_scheme().is_some_and(|scheme| !scheme.as_str().eq_ignore_ascii_case("None"))
}
