//! Follows relationships, as merge fields, reports and flows write them, to the object whose field is meant.

use sfdx::Project;

use crate::classification::Catalogue;

/// The field at the end of a path, by the object that it is on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reached {
    pub(crate) object: String,
    pub(crate) field: String,
}

impl Reached {
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.object, self.field)
    }
}

/// Where `path` leads from a record of `object`: `Patient__r.SSN__c`, `Contact.Account.Name`, `SSN__c`.
///
/// A lookup that the source describes says where it points; of any other the name is taken at its word
/// (`Patient__r` is about `Patient__c`), which is right more often than not and never worse than not to look.
pub(crate) fn follow(project: &Project, object: &str, path: &str) -> Reached {
    let mut at = object.to_owned();
    let mut segments = path.split('.').map(str::trim).filter(|segment| !segment.is_empty()).peekable();
    let mut field = String::new();
    while let Some(segment) = segments.next() {
        if segments.peek().is_some() {
            at = related(project, &at, segment);
        } else {
            segment.clone_into(&mut field);
        }
    }
    // A name that stands for a lookup ends in the lookup's field.
    if let Some(stem) = strip_suffix(&field, "__r") {
        field = format!("{stem}__c");
    } else if !field.is_empty() && !field.contains("__") && is_lookup_without_id(project, &at, &field) {
        field.push_str("Id");
    }
    Reached { object: at, field }
}

/// `Patient` of a report's column, where the field is `PatientId`.
fn is_lookup_without_id(project: &Project, object: &str, field: &str) -> bool {
    const EVERYWHERE: [&str; 4] = ["RecordType", "Owner", "CreatedBy", "LastModifiedBy"];
    let catalogue = Catalogue::shipped();
    let with_id = format!("{field}Id");
    let known = |name: &str| {
        catalogue.field(object, name).is_some() || project.field(&format!("{object}.{name}")).is_some()
    };
    EVERYWHERE.iter().any(|name| name.eq_ignore_ascii_case(field)) || (!known(field) && known(&with_id))
}

/// Whether the field holds the Id of a record and nothing of what stands in it.
pub(crate) fn is_reference(project: &Project, reached: &Reached) -> bool {
    let described = project.field(&reached.full_name()).and_then(|field| field.data_type());
    match described {
        Some(kind) => {
            matches!(kind.as_str(), "Lookup" | "MasterDetail" | "Hierarchy" | "MetadataRelationship")
        }
        None => {
            let field = &reached.field;
            !field.contains("__") && (field.ends_with("Id") || is_id_in_any_case(field))
        }
    }
}

/// `accountid`, as Apex lets it be written: by name, as `paid` ends so too.
fn is_id_in_any_case(field: &str) -> bool {
    const IDS: [&str; 14] = [
        "Id",
        "AccountId",
        "ContactId",
        "OwnerId",
        "ParentId",
        "CaseId",
        "UserId",
        "WhatId",
        "WhoId",
        "PatientId",
        "RecordTypeId",
        "CreatedById",
        "LastModifiedById",
        "IndividualId",
    ];
    IDS.iter().any(|id| id.eq_ignore_ascii_case(field))
}

/// The object that a relationship of `object` leads to.
pub(crate) fn related(project: &Project, object: &str, relationship: &str) -> String {
    let custom = strip_suffix(relationship, "__r").map(|stem| (stem, "__c"));
    let personal = strip_suffix(relationship, "__pr").map(|stem| (stem, "__pc"));
    let lookups = match custom.or(personal) {
        Some((stem, suffix)) => vec![format!("{stem}{suffix}")],
        None => vec![format!("{relationship}Id"), relationship.to_owned()],
    };
    for lookup in &lookups {
        let field = project.field(&format!("{object}.{lookup}"));
        if let Some(target) = field.and_then(|field| field.reference_to().next()) {
            return target.as_str().to_owned();
        }
    }
    let lower = relationship.to_ascii_lowercase();
    match lower.as_str() {
        "owner" | "createdby" | "lastmodifiedby" | "manager" | "user" => "User".to_owned(),
        "parent" | "masterrecord" => object.to_owned(),
        // The person of Health Cloud's clinical objects is an account.
        "patient" | "personaccount" | "member" => "Account".to_owned(),
        "personcontact" | "who" => "Contact".to_owned(),
        _ => match custom {
            Some((stem, suffix)) => format!("{stem}{suffix}"),
            None => relationship.to_owned(),
        },
    }
}

fn strip_suffix<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(suffix.len())?;
    let (stem, end) = (text.get(..at)?, text.get(at..)?);
    (end.eq_ignore_ascii_case(suffix) && !stem.is_empty()).then_some(stem)
}

#[cfg(test)]
mod tests;
