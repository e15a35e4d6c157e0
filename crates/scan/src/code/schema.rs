//! The org's objects, as Apex asks for them.

use std::collections::BTreeMap;

use apex::Schema;
use policy::Policy;
use sfdx::Project;

use crate::classification::{Catalogue, Classification};
use crate::field_path;

pub(super) struct Org<'p> {
    project: &'p Project,
    classes: &'p Classification<'p>,
    policy: &'p Policy,
    /// Lookups of the source by parent object and name of the relationship, in lower case.
    pub(super) children: BTreeMap<(String, String), String>,
    /// Types of fields by object and name, in lower case.
    fields: BTreeMap<String, BTreeMap<String, String>>,
}

impl<'p> Org<'p> {
    pub(super) fn of(project: &'p Project, policy: &'p Policy, classes: &'p Classification<'p>) -> Self {
        let mut children = BTreeMap::new();
        let mut fields: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for object in project.objects() {
            let own = fields.entry(object.name().to_lowercase()).or_default();
            for field in object.fields() {
                if let Some(kind) = field.data_type() {
                    own.insert(field.name().to_lowercase(), kind.to_string());
                }
                let Some(name) = field.relationship_name() else { continue };
                for parent in field.reference_to() {
                    let suffix = if field.is_custom() { "__r" } else { "" };
                    let key = (parent.to_lowercase(), format!("{name}{suffix}").to_lowercase());
                    children.insert(key, object.name().to_owned());
                }
            }
        }
        Self { project, classes, policy, children, fields }
    }
}

impl Schema for Org<'_> {
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let objects = self.project.objects().map(|object| object.name().to_owned());
        let objects: Vec<String> =
            objects.chain(self.policy.objects().map(|(name, _)| name.value.clone())).collect();
        for object in objects {
            names.extend(self.classes.phi_fields(&object).into_iter().map(|(field, _)| field));
            names.push(object);
        }
        names.extend(self.children.keys().map(|(_, name)| name.clone()));
        names
    }

    fn is_object(&self, name: &str) -> bool {
        apex::is_custom_object(name)
            || self.fields.contains_key(&name.to_lowercase())
            || is_standard(name)
            || Catalogue::shipped().object(name).is_some()
            || self.policy.object(name).is_some()
    }

    fn parents(&self, object: &str, name: &str) -> Vec<String> {
        let is_relation =
            name.ends_with("__r") || !name.contains("__") && !name.to_lowercase().ends_with("id");
        if !is_relation || self.fields.get(object).is_some_and(|own| own.contains_key(name)) {
            return Vec::new();
        }
        let parent = field_path::related(self.project, object, name);
        let is_known = name.ends_with("__r") || self.is_object(&parent);
        if parent.is_empty() || !is_known { Vec::new() } else { vec![parent] }
    }

    fn children(&self, object: &str, name: &str) -> Option<String> {
        let key = (object.to_lowercase(), name.to_lowercase());
        self.children.get(&key).cloned().or_else(|| standard_children(name).map(str::to_owned))
    }

    fn field_type(&self, object: &str, field: &str) -> Option<String> {
        self.fields.get(&object.to_lowercase())?.get(&field.to_lowercase()).cloned()
    }
}

/// Objects that every org has, beside those of the catalogue of health.
fn is_standard(name: &str) -> bool {
    const OBJECTS: &[&str] = &[
        "account",
        "accountcontactrelation",
        "accountshare",
        "apexclass",
        "asyncapexjob",
        "attachment",
        "campaign",
        "campaignmember",
        "case",
        "casecomment",
        "collaborationgroup",
        "contact",
        "contentdistribution",
        "contentdocument",
        "contentdocumentlink",
        "contentversion",
        "contentworkspace",
        "crontrigger",
        "document",
        "emailmessage",
        "emailtemplate",
        "entitlement",
        "event",
        "feedcomment",
        "feeditem",
        "folder",
        "group",
        "groupmember",
        "idea",
        "lead",
        "network",
        "note",
        "opportunity",
        "order",
        "organization",
        "orgwideemailaddress",
        "permissionset",
        "permissionsetassignment",
        "pricebook2",
        "product2",
        "profile",
        "queuesobject",
        "recordtype",
        "report",
        "solution",
        "staticresource",
        "task",
        "user",
        "userrole",
        "contract",
        "asset",
        "individual",
        "opportunitylineitem",
        "orderitem",
        "opportunitycontactrole",
        "fieldpermissions",
        "objectpermissions",
        "domain",
        "site",
    ];
    OBJECTS.contains(&name.to_ascii_lowercase().as_str())
}

fn standard_children(name: &str) -> Option<&'static str> {
    let found = match name.to_ascii_lowercase().as_str() {
        "contacts" => "Contact",
        "cases" => "Case",
        "opportunities" => "Opportunity",
        "tasks" | "openactivities" | "activityhistories" => "Task",
        "events" => "Event",
        "attachments" => "Attachment",
        "notes" => "Note",
        "emails" | "emailmessages" => "EmailMessage",
        "casecomments" => "CaseComment",
        "childaccounts" => "Account",
        "contentdocumentlinks" => "ContentDocumentLink",
        _ => return None,
    };
    Some(found)
}
