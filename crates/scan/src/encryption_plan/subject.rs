//! The field that is planned for: what the source, the bundle and the catalogue say of it.

use std::collections::BTreeSet;

use journal::{Confidence, Place};
use policy::vocabulary::{Class, Identifier, Protect, Search};
use serde::Serialize;
use sfdx::views::{Field, ObjectKind};

use crate::classification::Catalogue;
use crate::field_path::Reached;
use crate::{Context, encryption, few_values, field_use, sharing};

/// What is known of the field.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    pub object: String,
    pub field: String,
    /// Where the source describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "type")]
    pub data_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    pub custom: bool,
    /// The package that it comes with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    pub unique: bool,
    pub external_id: bool,
    /// The scheme that it has already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    pub class: Class,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<Identifier>,
    pub confidence: Confidence,
    pub reason: String,
    /// What it is a column of, where that is so few things that equal values tell what they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub few_values: Option<&'static str>,
    /// What the bundle asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

/// What the bundle asks for a field.
#[derive(Debug, Clone, Serialize)]
pub struct Asked {
    pub protect: Protect,
    /// Whether it is to be found by its value.
    pub search: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// The subject with what stays in this room.
pub(super) struct Known<'p> {
    pub(super) subject: Subject,
    pub(super) field: Option<Field<'p>>,
    pub(super) kind: ObjectKind,
    pub(super) is_formula: bool,
    /// Whether uniqueness tells letters of another case apart.
    pub(super) case_sensitive: Option<bool>,
}

/// No such field is known; with all that are.
#[derive(Debug)]
pub struct UnknownField {
    /// `Object.Field`, sorted.
    pub known: Vec<String>,
}

impl<'p> Known<'p> {
    /// `Object.Field` in any case.
    pub(super) fn find(cx: &Context<'p>, full_name: &str) -> Result<Self, UnknownField> {
        let unknown = || UnknownField { known: known(cx) };
        let (object, field) = full_name.split_once('.').ok_or_else(unknown)?;
        let described = cx.described(object, field);
        let own_object = cx.project.object(object);
        let of_object = if field.eq_ignore_ascii_case("Name") {
            own_object.and_then(|object| object.name_field())
        } else {
            None
        };
        let written = known(cx).into_iter().find(|known| known.eq_ignore_ascii_case(full_name));
        let twin = described.map(|_| full_name.to_owned());
        let name = written.or(twin).ok_or_else(unknown)?;
        let (object, name) = name.split_once('.').unwrap_or((object, field));
        let verdict = cx.classes.field(object, name);
        let data_type = match (described, of_object) {
            (Some(field), _) => field.data_type().map(|kind| kind.to_string()),
            (None, Some(name)) => name.data_type().map(|kind| kind.to_string()),
            (None, None) => None,
        };
        let place = match (described, of_object) {
            (Some(field), _) => Some(encryption::place(cx, field)),
            (None, Some(name)) => Some(sharing::start(name.element())),
            (None, None) => None,
        };
        let written = described.and_then(Field::encryption_scheme);
        let written = written.or(of_object.and_then(|name| name.encryption_scheme()));
        let few = match described {
            Some(field) => few_values::of(field, &verdict),
            None => few_values::by_name(name),
        };
        let flag = |flag: fn(Field<'p>) -> Option<bool>| described.and_then(flag) == Some(true);
        let subject = Subject {
            object: object.to_owned(),
            field: name.to_owned(),
            place,
            // The name of a custom object's record has 80 characters.
            length: described.and_then(Field::length).or(of_object.map(|_| 80)),
            data_type,
            custom: name.contains("__"),
            namespace: namespace(cx, name),
            unique: flag(Field::unique),
            external_id: flag(Field::external_id),
            scheme: written
                .filter(|scheme| !scheme.eq_ignore_ascii_case("None"))
                .map(|scheme| scheme.to_string()),
            class: verdict.class,
            identifier: verdict.identifier,
            confidence: verdict.confidence,
            reason: verdict.reason.to_string(),
            few_values: few,
            asked: asked(cx, object, name),
        };
        Ok(Self {
            kind: own_object.map_or_else(|| ObjectKind::of_name(object), |object| object.kind()),
            is_formula: described.is_some_and(|field| field.formula().is_some()),
            case_sensitive: described.and_then(Field::case_sensitive),
            field: described,
            subject,
        })
    }

    /// Whether a use is one of this field, or of a whole that it is a part of: a name, an address.
    pub(super) fn is(&self, reached: &Reached) -> bool {
        let own = canonical(&self.subject.object, &self.subject.field);
        if reached.field == field_use::EVERY {
            return [&self.subject.object, &own.0]
                .iter()
                .any(|object| object.eq_ignore_ascii_case(&reached.object));
        }
        let other = canonical(&reached.object, &reached.field);
        own == other
            || (own.0 == other.0 && (part_of(&own.0, &own.1, &other.1) || part_of(&own.0, &other.1, &own.1)))
    }

    /// Whether it is a field of a person that accounts and contacts share.
    pub(super) fn is_shared_with_account(&self) -> bool {
        let Subject { object, field, .. } = &self.subject;
        object.eq_ignore_ascii_case("Account") && canonical(object, field).0 == "contact"
    }
}

/// Object and field in lower case, a person account's as the contact's.
fn canonical(object: &str, field: &str) -> (String, String) {
    let (object, field) = (object.to_lowercase(), field.to_lowercase());
    if object == "account" {
        if let Some(stem) = field.strip_suffix("__pc") {
            return ("contact".to_owned(), format!("{stem}__c"));
        }
        if let Some(rest) =
            field.strip_prefix("person").filter(|rest| !rest.is_empty() && !field.contains("__"))
        {
            return ("contact".to_owned(), rest.to_owned());
        }
        if matches!(field.as_str(), "firstname" | "middlename" | "lastname") {
            return ("contact".to_owned(), field);
        }
    }
    (object, field)
}

/// Whether a field is a part of a compound one of the same object.
fn part_of(object: &str, part: &str, whole: &str) -> bool {
    policy::compound_of(object, part).is_some_and(|own| own == whole)
}

fn namespace(cx: &Context<'_>, field: &str) -> Option<String> {
    let stem = field.strip_suffix("__c").or_else(|| field.strip_suffix("__pc"))?;
    let (namespace, _) = stem.split_once("__")?;
    let is_own = cx.project.namespace().is_some_and(|own| own.eq_ignore_ascii_case(namespace));
    (!is_own).then(|| namespace.to_owned())
}

fn asked(cx: &Context<'_>, object: &str, field: &str) -> Option<Asked> {
    let said = cx.policy.class_of(object, field)?;
    let protect = said.rules.iter().find_map(|rule| rule.protect.as_ref())?;
    let search =
        said.rules.iter().any(|rule| rule.search.as_ref().is_some_and(|one| one.value == Search::Equality));
    Some(Asked { protect: said.protect, search, place: Some(cx.policy_place(&protect.place)) })
}

/// Every field that is known: of the source, of the bundle, of the catalogue for objects that the source or the bundle has.
fn known(cx: &Context<'_>) -> Vec<String> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut objects: BTreeSet<&str> = BTreeSet::new();
    for object in cx.project.objects() {
        objects.insert(object.name());
        found.extend(object.fields().map(|field| field.full_name().to_owned()));
        if object.name_field().is_some() {
            found.insert(format!("{}.Name", object.name()));
        }
    }
    for (object, rule) in cx.policy.objects() {
        objects.insert(&object.value);
        found.extend(rule.fields.0.iter().map(|(field, _)| format!("{}.{}", object.value, field.value)));
    }
    objects.extend(["Account", "Contact", "Lead", "Case"]);
    for object in objects {
        let catalogue = Catalogue::shipped().fields_of(object);
        found.extend(
            catalogue
                .filter(|(field, _)| !field.contains("__"))
                .map(|(field, _)| format!("{object}.{field}")),
        );
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    found.into_iter().filter(|name| seen.insert(name.to_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::{canonical, part_of};

    #[test]
    fn a_person_account_is_a_contact() {
        let contact = |field: &str| ("contact".to_owned(), field.to_owned());
        assert_eq!(canonical("Account", "SSN__pc"), contact("ssn__c"));
        assert_eq!(canonical("Account", "PersonEmail"), contact("email"));
        assert_eq!(canonical("Account", "LastName"), contact("lastname"));
        assert_eq!(canonical("Account", "Phone"), ("account".to_owned(), "phone".to_owned()));
        assert_eq!(canonical("Account", "Personal__c"), ("account".to_owned(), "personal__c".to_owned()));
    }

    #[test]
    fn a_compound_field_has_its_parts() {
        let part_of = |part: &str, whole: &str| part_of("contact", part, whole);
        assert!(part_of("lastname", "name") && part_of("mailingstreet", "mailingaddress"));
        assert!(!part_of("name", "name") && !part_of("otherstreet", "mailingaddress"));
        assert!(!part_of("firstname__c", "name"));
    }
}
