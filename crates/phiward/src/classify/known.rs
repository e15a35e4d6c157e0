//! The names that people may decide of: those that metadata or code has.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use policy::{Place, Policy};
use scan::NamedInCode;
use sfdx::Project;

use crate::near;

/// What a project has, described or only named.
pub(super) struct Known<'p> {
    project: &'p Project,
    named: &'p NamedInCode,
    /// Custom names anywhere in the source, put together when a name is found nowhere else.
    words: OnceCell<BTreeSet<String>>,
}

/// A line of the bundle about what neither metadata nor code has.
pub(super) struct Astray<'b> {
    pub(super) object: &'b str,
    /// None where the object itself is not there.
    pub(super) field: Option<&'b str>,
    pub(super) place: &'b Place,
}

impl<'p> Known<'p> {
    pub(super) fn of(project: &'p Project, named: &'p NamedInCode) -> Self {
        Self { project, named, words: OnceCell::new() }
    }

    /// Whether the source describes or names any object at all.
    pub(super) fn is_empty(&self) -> bool {
        self.project.objects().next().is_none() && self.named.all().next().is_none()
    }

    /// An object as the source writes it.
    pub(super) fn object(&self, name: &str) -> Option<String> {
        let described = self.project.object(name).map(|object| object.name().to_owned());
        let named = || self.named.object(name).map(|object| object.name.clone());
        described.or_else(named).or_else(|| self.is_written(name).then(|| name.to_owned()))
    }

    /// A field with its object as the source writes them.
    pub(super) fn field(&self, object: &str, field: &str) -> Option<(String, String)> {
        let described = self.project.field(&format!("{object}.{field}"));
        if let Some(field) = described {
            return Some((field.object_name().to_owned(), field.name().to_owned()));
        }
        let own = self.object(object)?;
        if let Some(field) = self.named.field(object, field) {
            return Some((own, field.name.clone()));
        }
        // A person account's field is described as the contact's.
        let stem = field.strip_suffix("__pc").filter(|_| object.eq_ignore_ascii_case("Account"));
        let of_contact = stem.and_then(|stem| self.project.field(&format!("Contact.{stem}__c")));
        (of_contact.is_some() || self.is_written(field)).then(|| (own, field.to_owned()))
    }

    /// Whether the object has a field of which `step` is the name in a path: `Visit__r` of `Visit__c`, `Account` of
    /// `AccountId`, or the field itself.
    pub(super) fn leads(&self, object: &str, step: &str) -> bool {
        let field = step.strip_suffix("__r").map_or_else(|| step.to_owned(), |stem| format!("{stem}__c"));
        self.field(object, &field).is_some() || self.field(object, &format!("{step}Id")).is_some()
    }

    fn is_written(&self, name: &str) -> bool {
        let words = || scan::custom_names(self.project);
        name.contains("__") && self.words.get_or_init(words).contains(&name.to_lowercase())
    }

    /// That there is no such object, and what is near it.
    pub(super) fn no_object(&self, name: &str) -> String {
        let described = self.project.objects().map(|object| object.name());
        let named = self.named.all().map(|object| object.name.as_str());
        format!(
            "the project has no object `{}`, neither in metadata nor in code{}",
            source::plain(name),
            near::matches(name, described.chain(named))
        )
    }

    /// That there is no such field, and what is near it.
    pub(super) fn no_field(&self, object: &str, field: &str) -> String {
        if self.object(object).is_none() {
            return self.no_object(object);
        }
        let name = format!("{object}.{field}");
        let described = self.project.objects().flat_map(|object| object.fields());
        let mut known: Vec<String> = described.map(|field| field.full_name().to_owned()).collect();
        for object in self.named.all() {
            known.extend(object.fields().map(|field| format!("{}.{}", object.name, field.name)));
        }
        format!(
            "the project has no field `{}`, neither in metadata nor in code{}",
            source::plain(&name),
            near::matches(&name, known.iter().map(String::as_str))
        )
    }

    /// The bundle's lines about custom objects and fields of the org's own that the source does not have any more.
    pub(super) fn astray<'b>(&self, policy: &'b Policy) -> Vec<Astray<'b>> {
        let mut found = Vec::new();
        for (name, rule) in policy.objects() {
            let object = name.value.as_str();
            if self.object(object).is_none() && self.is_own(object) {
                found.push(Astray { object, field: None, place: &name.place });
            }
            for (field, _) in &rule.fields.0 {
                if self.is_own(&field.value) && self.field(object, &field.value).is_none() {
                    found.push(Astray { object, field: Some(&field.value), place: &field.place });
                }
            }
        }
        found
    }

    /// A custom name that no package brings.
    fn is_own(&self, name: &str) -> bool {
        let Some(stem) = name.strip_suffix("__c").or_else(|| name.strip_suffix("__pc")) else { return false };
        let namespace = stem.split_once("__").map(|(namespace, _)| namespace);
        namespace
            .is_none_or(|own| self.project.namespace().is_some_and(|known| known.eq_ignore_ascii_case(own)))
    }
}
