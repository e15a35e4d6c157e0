//! Who sees what, as far as profiles and permission sets in the source say.
//!
//! No assignment is in a source tree, so this speaks of containers and never of people. What a container does not
//! name is unknown. A field permission gives a field within an object that must be readable as well; the object's
//! "view all fields" gives every field of it (Salesforce, "Permission Set" in the Metadata API Developer Guide).

use std::collections::{BTreeMap, BTreeSet};

use journal::Place;
use policy::Policy;
use policy::vocabulary::{AudienceKind, Class};
use scan::Report;
use sfdx::Project;
use sfdx::views::{Container, ContainerKind};

/// A field with patient data, from the source or the bundle.
#[derive(Debug, Clone)]
pub(crate) struct PhiField {
    pub(crate) object: String,
    pub(crate) field: String,
    pub(crate) class: Class,
    pub(crate) identifier: Option<&'static str>,
}

impl PhiField {
    pub(crate) fn name(&self) -> String {
        format!("{}.{}", self.object, self.field)
    }

    /// Class and identifier: `phi, ssn`.
    pub(crate) fn holds(&self) -> String {
        match self.identifier {
            Some(identifier) => format!("{}, {identifier}", self.class),
            None => self.class.to_string(),
        }
    }
}

/// Fields with patient data by lower-case `object.field`: those of the report, and those that the bundle names
/// though the source does not.
pub(crate) fn phi_fields(report: &Report, policy: &Policy) -> BTreeMap<String, PhiField> {
    let mut fields = BTreeMap::new();
    let classified = policy.objects().flat_map(|(object, rule)| {
        rule.fields.0.iter().map(move |(field, _)| (object.as_str(), field.as_str()))
    });
    // A flow may name a field that only its object's default classifies.
    let flowing =
        policy.flows().iter().flat_map(|flow| flow.from.iter().map(|pattern| pattern.value.parts()));
    for (object, field) in classified.chain(flowing.filter(|(_, field)| *field != "*")) {
        let Some(said) = policy.class_of(object, field).filter(|said| said.class.is_phi()) else { continue };
        let identifier = said.identifier.map(|identifier| identifier.as_str());
        let field =
            PhiField { object: object.to_owned(), field: field.to_owned(), class: said.class, identifier };
        fields.insert(field.name().to_lowercase(), field);
    }
    for found in report.fields.iter().filter(|found| found.verdict.is_phi()) {
        let field = PhiField {
            object: found.object.clone(),
            field: found.field.clone(),
            class: found.verdict.class,
            identifier: found.verdict.identifier.map(|identifier| identifier.as_str()),
        };
        fields.insert(field.name().to_lowercase(), field);
    }
    fields
}

/// For whom a container is, as far as its licence or the bundle says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Crowd {
    Guests,
    Portal,
    Staff,
}

/// What one container says of one field.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) container: String,
    pub(crate) kind: &'static str,
    pub(crate) licence: String,
    pub(crate) crowd: Crowd,
    /// Read and edit of the field; nothing where the file does not name it.
    pub(crate) read: Option<bool>,
    pub(crate) edit: Option<bool>,
    /// Read and edit of the object, in the same container.
    pub(crate) object_read: Option<bool>,
    pub(crate) object_edit: Option<bool>,
    pub(crate) view_all: bool,
    pub(crate) modify_all: bool,
    pub(crate) all_fields: bool,
    pub(crate) place: Place,
}

impl Access {
    pub(crate) fn reads(&self) -> bool {
        self.read == Some(true) || self.edit == Some(true) || self.all_fields
    }

    pub(crate) fn edits(&self) -> bool {
        self.edit == Some(true)
    }
}

/// A container that reaches all records or all fields.
#[derive(Debug, Clone)]
pub(crate) struct Wide {
    pub(crate) container: String,
    pub(crate) kind: &'static str,
    pub(crate) licence: String,
    /// `ViewAllData` and the like.
    pub(crate) org: Vec<&'static str>,
    pub(crate) view: Vec<String>,
    pub(crate) modify: Vec<String>,
    pub(crate) fields: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Exposure {
    /// Every field with patient data and who reaches it, the most exposed first.
    pub(crate) fields: Vec<(PhiField, Vec<Access>)>,
    pub(crate) wide: Vec<Wide>,
    /// How many profiles and permission sets the source holds.
    pub(crate) containers: usize,
}

/// What the whole org is opened by: Salesforce, "User Permissions" of `PermissionSet`.
const WHOLE_ORG: [(&str, &str); 3] = [
    ("ModifyAllData", "modifies all data"),
    ("ViewAllData", "views all data"),
    ("ViewAllFieldsGlobal", "views all fields"),
];

/// The permissions of one container on one object.
#[derive(Debug, Clone, Copy, Default)]
struct OnObject {
    read: Option<bool>,
    edit: Option<bool>,
    view_all: bool,
    modify_all: bool,
    all_fields: bool,
}

pub(crate) fn of(project: &Project, policy: &Policy, fields: &BTreeMap<String, PhiField>) -> Exposure {
    let objects: BTreeMap<String, &str> =
        fields.values().map(|field| (field.object.to_lowercase(), field.object.as_str())).collect();
    let mut accesses: BTreeMap<&str, Vec<Access>> = BTreeMap::new();
    let mut exposure = Exposure::default();
    for container in project.containers().filter(|one| one.kind() != ContainerKind::MutingPermissionSet) {
        exposure.containers += 1;
        let kind = kind_of(container);
        let licence = container.license().map(|licence| licence.to_string()).unwrap_or_default();
        let crowd = crowd_of(project, container, &licence, policy);
        let on = on_objects(container);
        let has = |name: &str| container.user_permission(name).and_then(|one| one.enabled()) == Some(true);
        let org: Vec<(&str, &str)> = WHOLE_ORG.into_iter().filter(|(name, _)| has(name)).collect();
        let every_field = org.iter().any(|(name, _)| *name == "ViewAllFieldsGlobal");
        let named = |wanted: fn(&OnObject) -> bool| {
            let of_phi = on.iter().filter(|(object, on)| objects.contains_key(*object) && wanted(on));
            of_phi
                .filter_map(|(object, _)| objects.get(object))
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        let wide = Wide {
            container: container.name().to_owned(),
            kind,
            licence: licence.clone(),
            org: org.iter().map(|(_, words)| *words).collect(),
            view: named(|on| on.view_all && !on.modify_all),
            modify: named(|on| on.modify_all),
            fields: named(|on| on.all_fields),
        };
        if !(wide.org.is_empty() && wide.view.is_empty() && wide.modify.is_empty() && wide.fields.is_empty())
        {
            exposure.wide.push(wide);
        }

        let mut given: BTreeMap<String, (Option<bool>, Option<bool>, Place)> = BTreeMap::new();
        for permission in container.field_permissions() {
            let Some(name) = permission.field() else { continue };
            let readable = permission.readable().or_else(|| permission.hidden().map(|hidden| !hidden));
            let place = Place::of(name.source(), name.span());
            given.insert(name.to_lowercase(), (readable, permission.editable(), place));
        }
        for (key, field) in fields {
            let on = on.get(&field.object.to_lowercase()).copied().unwrap_or_default();
            let all_fields = on.all_fields || every_field;
            let own = given.get(key);
            if own.is_none() && !all_fields {
                continue;
            }
            accesses.entry(key).or_default().push(Access {
                container: container.name().to_owned(),
                kind,
                licence: licence.clone(),
                crowd,
                read: own.and_then(|(read, _, _)| *read),
                edit: own.and_then(|(_, edit, _)| *edit),
                object_read: on.read,
                object_edit: on.edit,
                view_all: on.view_all,
                modify_all: on.modify_all,
                all_fields,
                place: own.map_or_else(
                    || Place::file(container.component().file().path.as_str()),
                    |(_, _, place)| place.clone(),
                ),
            });
        }
    }
    exposure.fields = fields
        .iter()
        .map(|(key, field)| (field.clone(), accesses.remove(key.as_str()).unwrap_or_default()))
        .collect();
    exposure.fields.sort_by_key(|(field, accesses)| {
        let guests = accesses.iter().any(|access| access.crowd == Crowd::Guests && access.reads());
        let readers = accesses.iter().filter(|access| access.reads()).count();
        let editors = accesses.iter().filter(|access| access.edits()).count();
        (std::cmp::Reverse((guests, readers, editors, field.class)), field.name())
    });
    exposure.wide.sort_by_key(|wide| {
        let reach = wide.view.len() + 2 * wide.modify.len() + wide.fields.len();
        (std::cmp::Reverse((wide.org.len(), reach)), wide.kind, wide.container.clone())
    });
    exposure
}

impl Exposure {
    /// The objects of which a crowd reads a field, by the containers that say so.
    pub(crate) fn read_by(&self, crowd: Crowd) -> (BTreeSet<&str>, BTreeSet<&str>) {
        let (mut objects, mut containers) = (BTreeSet::new(), BTreeSet::new());
        for (field, accesses) in &self.fields {
            for access in accesses.iter().filter(|access| access.crowd == crowd && access.reads()) {
                objects.insert(field.object.as_str());
                containers.insert(access.container.as_str());
            }
        }
        (objects, containers)
    }
}

fn on_objects(container: Container<'_>) -> BTreeMap<String, OnObject> {
    let mut all = BTreeMap::new();
    for permission in container.object_permissions() {
        let Some(object) = permission.object() else { continue };
        let on = OnObject {
            read: permission.read(),
            edit: permission.edit(),
            view_all: permission.view_all_records() == Some(true),
            modify_all: permission.modify_all_records() == Some(true),
            all_fields: permission.view_all_fields() == Some(true),
        };
        all.insert(object.to_lowercase(), on);
    }
    all
}

const fn kind_words(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::Profile => "profile",
        ContainerKind::PermissionSet => "permission set",
        ContainerKind::MutingPermissionSet => "muting permission set",
    }
}

fn kind_of(container: Container<'_>) -> &'static str {
    kind_words(container.kind())
}

fn crowd_of(project: &Project, container: Container<'_>, licence: &str, policy: &Policy) -> Crowd {
    let is_profile = container.kind() == ContainerKind::Profile;
    if is_profile && let Some(audience) = policy.audience_of_profile(container.name()) {
        return match audience.kind.value {
            AudienceKind::Guest => Crowd::Guests,
            AudienceKind::Portal => Crowd::Portal,
            AudienceKind::Internal => Crowd::Staff,
        };
    }
    let licence = licence.to_lowercase();
    if licence.starts_with("guest")
        || is_profile && licence.is_empty() && is_named_for_guests(project, container.name())
    {
        Crowd::Guests
    } else if ["community", "portal", "experience"].iter().any(|word| licence.contains(word)) {
        Crowd::Portal
    } else {
        Crowd::Staff
    }
}

/// Whether a site or network calls its guest profile so. The rules take a profile without licence for that of guests
/// by the same name, and the page must not count it as staff.
fn is_named_for_guests(project: &Project, name: &str) -> bool {
    let of_sites = project.sites().filter_map(|site| site.guest_profile_name());
    let of_networks = project
        .networks()
        .filter(|network| !network.name().is_empty())
        .map(|network| format!("{} Profile", network.name()));
    of_sites.chain(of_networks).any(|own| own.to_lowercase() == name.to_lowercase())
}

#[cfg(test)]
mod tests;
