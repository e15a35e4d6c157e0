//! Follows relationships, as merge fields, reports and flows write them, to the object whose field is meant.

use sfdx::Project;

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
    }
    Reached { object: at, field }
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
