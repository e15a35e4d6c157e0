//! The fields that stand beside the planned one: what they are called, on which object they are made, and what the bundle
//! says of them or would have to.

use policy::vocabulary::{FieldName, Protect};
use policy::{Classified, ClassifiedBy};

use super::subject::{Known, Subject};
use super::token::{self, NewField};
use crate::Context;

/// What the bundle says of sealing the field.
pub(super) struct Said<'p> {
    found: Option<Classified<'p>>,
}

impl<'p> Said<'p> {
    pub(super) fn of(cx: &Context<'p>, subject: &Subject) -> Self {
        let found = cx.policy.class_of(&subject.object, &subject.field);
        Self { found: found.filter(|found| found.by != ClassifiedBy::ObjectDefault) }
    }

    /// The field that holds the token, as the planned field's object calls it.
    fn holder(&self, subject: &Subject) -> Option<String> {
        let seal = self.found.as_ref()?.seal()?;
        Some(self.here(subject, &seal.field.as_ref()?.value))
    }

    /// The field that holds the digest.
    fn digest(&self, subject: &Subject) -> Option<String> {
        Some(self.here(subject, &self.found.as_ref()?.index()?.field.value))
    }

    /// What the line would say, with what it says already.
    fn seal(&self, subject: &Subject, holder: Option<String>) -> String {
        let seal = self.found.as_ref().and_then(Classified::seal);
        let id = seal.and_then(|seal| seal.id.as_ref()).map(|id| id.value.as_str().to_owned());
        let mut parts = vec![format!("id: {}", id.unwrap_or_else(|| id_of(subject)))];
        if let Some(seal) = seal {
            parts.extend(seal.bind.as_ref().map(|bind| format!("bind: {}", bind.value.as_str())));
            parts.extend(seal.key.as_ref().map(|key| format!("key: {}", key.value.as_str())));
        }
        parts.extend(holder.map(|holder| format!("field: {holder}")));
        let leave = seal.and_then(|seal| seal.leave.as_ref());
        parts.extend(leave.map(|leave| format!("leave: {}", leave.value.as_str())));
        parts.join(", ")
    }

    fn seals(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.seal().is_some())
    }

    /// A name that stands beside the line of a person account's other object, as this object has it.
    fn here(&self, subject: &Subject, name: &FieldName) -> String {
        let is_twin = self.found.as_ref().is_some_and(|found| found.by == ClassifiedBy::PersonAccount);
        let [from, to] = if is_account(subject) { ["__c", "__pc"] } else { ["__pc", "__c"] };
        let name = name.as_str();
        match name.strip_suffix(from).filter(|_| is_twin) {
            Some(stem) => format!("{stem}{to}"),
            None => name.to_owned(),
        }
    }
}

fn is_account(subject: &Subject) -> bool {
    subject.object.eq_ignore_ascii_case("Account")
}

/// The name of a field beside the planned one, where the bundle has none. A person's stands on the contact: an account
/// shows it with another ending.
fn proposed(known: &Known<'_>, suffix: &str) -> String {
    let subject = &known.subject;
    if !known.is_shared_with_account() {
        return token::beside(&subject.field, suffix);
    }
    let own = subject.field.strip_prefix("Person").filter(|_| !subject.field.contains("__"));
    let name = token::beside(own.unwrap_or(&subject.field), suffix);
    format!("{}__pc", name.strip_suffix("__c").unwrap_or(&name))
}

/// Where a field is made that the planned field's object has by this name.
fn made(subject: &Subject, column: String, mut new: NewField, declared: bool) -> NewField {
    new.declared = declared;
    match column.strip_suffix("__pc").filter(|_| is_account(subject)) {
        Some(stem) => {
            new.name = format!("{stem}__c");
            new.object = Some("Contact".to_owned());
            new.column = Some(column);
        }
        None => new.name = column,
    }
    new
}

/// The field for the token.
pub(super) fn companion(known: &Known<'_>, said: &Said<'_>, length: u64) -> Option<NewField> {
    let declared = said.holder(&known.subject);
    let is_declared = declared.is_some();
    let column = declared.unwrap_or_else(|| proposed(known, "token"));
    let new = token::companion(column.clone(), length)?;
    Some(made(&known.subject, column, new, is_declared))
}

/// The field for the digest.
pub(super) fn index(known: &Known<'_>, said: &Said<'_>) -> NewField {
    let declared = said.digest(&known.subject);
    let is_declared = declared.is_some();
    let column = declared.unwrap_or_else(|| proposed(known, "bix"));
    // HMAC-SHA256 in hexadecimal, untruncated at most.
    let new = NewField::new(column.clone(), "Text", 64);
    made(&known.subject, column, new, is_declared)
}

/// What tokens call the field by: a name that stays when the field is renamed.
fn id_of(subject: &Subject) -> String {
    let own = |name: &str| {
        let stem = name.strip_suffix("__pc").or(name.strip_suffix("__c")).unwrap_or(name);
        stem.replace('_', "-").to_ascii_lowercase()
    };
    format!("{}-{}", own(&subject.object), own(&subject.field))
}

/// What the bundle would have to say of the field, as YAML; nothing where it says all of it.
pub(super) fn bundle(
    cx: &Context<'_>,
    subject: &Subject,
    said: &Said<'_>,
    (companion, index): (Option<&NewField>, Option<&NewField>),
) -> Option<String> {
    let asked = subject.asked.as_ref();
    let is_sealed = asked.is_some_and(|asked| matches!(asked.protect, Protect::Gateway | Protect::Both));
    let is_sought = asked.is_some_and(|asked| asked.search);
    let needs_holder = companion.is_some_and(|new| !new.declared);
    let needs_index = index.is_some_and(|new| !new.declared);
    if is_sealed && said.seals() && !needs_holder && !(is_sought && needs_index) {
        return None;
    }
    let column = |new: &NewField| new.column.clone().unwrap_or_else(|| new.name.clone());
    let mut lines = vec!["objects:".to_owned(), format!("  {}:", subject.object)];
    if cx.policy.object(&subject.object).is_none_or(|rule| rule.subject.is_none()) {
        lines.push(
            "    # subject: the field that leads to the person, or self. Without it nobody is".to_owned(),
        );
        lines.push("    # forgotten for himself".to_owned());
    }
    lines.push("    fields:".to_owned());
    lines.push(format!("      {}:", subject.field));
    lines.push(format!("        class: {}", subject.class.as_str()));
    lines.extend(subject.identifier.map(|identifier| format!("        identifier: {}", identifier.as_str())));
    let protect = match asked.map(|asked| asked.protect) {
        Some(Protect::Both | Protect::Platform) => "both",
        _ => "gateway",
    };
    lines.push(format!("        protect: {protect}"));
    lines.push(format!("        seal: {{{}}}", said.seal(subject, companion.map(column))));
    // How many values there are only the org can tell.
    if let Some(new) = index.filter(|new| !new.declared) {
        lines
            .push("        # to be found by its value, once the org was asked how many different".to_owned());
        lines.push("        # values it has, 10,000 at least:".to_owned());
        lines.push("        # search: equality".to_owned());
        lines.push(format!("        # index: {{field: {}, values: NUMBER}}", column(new)));
    }
    Some(lines.join("\n") + "\n")
}
