//! What profiles, permission sets and muting permission sets say, row by row: sections 2 and 3.3 of `semantics.md`.

use std::collections::{BTreeMap, BTreeSet};

use sfdx::views::ContainerKind;
use sfdx::{Element, Project};
use source::{Severity, Source};

use crate::bits::Grant;
use crate::path::Place;
use crate::universe::{ALL_FLAGS, ObjectFlag, Universe, Use, brought, carried};

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Object(u32),
    Field(u32),
    Permission(u32),
}

/// One row as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) subject: Subject,
    /// Object flags; of a field [`READ`] and [`EDIT`]; of a user permission [`GIVEN`] or nothing.
    pub(crate) flags: u8,
    file: u32,
    offset: u32,
}

pub(crate) const READ: u8 = 1;
pub(crate) const EDIT: u8 = 2;
pub(crate) const GIVEN: u8 = 1;

/// All files of one kind and name.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) kind: ContainerKind,
    pub(crate) name: String,
    pub(crate) licence: Option<String>,
    pub(crate) files: Vec<Source>,
    /// Sorted by subject.
    rows: Vec<Row>,
    /// Whether a row that is not there refuses: objects and fields, user permissions.
    whole: bool,
    whole_in_permissions: bool,
    /// What it gives; of a muting set, what it mutes.
    pub(crate) grant: Grant,
}

impl Container {
    pub(crate) fn place(&self) -> Option<Place> {
        self.files.first().map(|file| Place { path: file.path().to_owned(), line: 1, column: 1 })
    }

    /// Whether a row that is not there is a no.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole && self.whole_in_permissions
    }

    /// The rows of one subject.
    pub(crate) fn rows(&self, subject: Subject) -> &[Row] {
        let from = self.rows.partition_point(|row| row.subject < subject);
        let to = self.rows.partition_point(|row| row.subject <= subject);
        self.rows.get(from..to).unwrap_or_default()
    }

    pub(crate) fn place_of(&self, row: &Row) -> Option<Place> {
        self.files.get(row.file as usize).map(|file| Place::at(file, row.offset))
    }

    /// In words, as a step of a path.
    pub(crate) fn words(&self) -> String {
        let kind = match self.kind {
            ContainerKind::Profile => "profile",
            ContainerKind::PermissionSet => "permission set",
            ContainerKind::MutingPermissionSet => "muting permission set",
        };
        format!("{kind} `{}`", self.name)
    }

    /// The metadata type.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self.kind {
            ContainerKind::Profile => "Profile",
            ContainerKind::PermissionSet => "PermissionSet",
            ContainerKind::MutingPermissionSet => "MutingPermissionSet",
        }
    }
}

/// Containers in the order of [`Project::containers`], with their rows but not yet their grants: these need the whole
/// universe.
pub(crate) fn read(project: &Project, universe: &mut Universe) -> Vec<Container> {
    let errors: BTreeSet<&str> = project
        .problems()
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| problem.path.as_str())
        .collect();
    let old = project.api_version().and_then(major).is_some_and(|version| version < 40);
    let mut containers: Vec<Container> = Vec::new();
    let mut at: BTreeMap<(ContainerKind, String), usize> = BTreeMap::new();
    for part in project.containers() {
        let key = (part.kind(), part.name().to_lowercase());
        let index = *at.entry(key).or_insert(containers.len());
        if index == containers.len() {
            let profile = part.kind() == ContainerKind::Profile;
            containers.push(Container {
                kind: part.kind(),
                name: part.name().to_owned(),
                licence: None,
                files: Vec::new(),
                rows: Vec::new(),
                whole: !profile && !old,
                whole_in_permissions: !profile,
                grant: Grant::nothing(0),
            });
        }
        let Some(container) = containers.get_mut(index) else { continue };
        container.licence =
            container.licence.take().or_else(|| part.license().map(|licence| licence.to_string()));
        let file = u32::try_from(container.files.len()).unwrap_or(u32::MAX);
        container.files.push(part.element().source().clone());
        let mut permissions = false;
        for element in part.element().children() {
            if let Some((subject, flags)) = row(element, universe) {
                permissions |= matches!(subject, Subject::Permission(_));
                let offset = element.span().start;
                container.rows.push(Row { subject, flags, file, offset });
            }
        }
        container.whole_in_permissions |= permissions && part.element().child("userLicense").is_some();
    }
    for container in &mut containers {
        if container.files.iter().any(|file| errors.contains(file.path())) {
            container.whole = false;
            container.whole_in_permissions = false;
        }
        container.rows.sort_by_key(|row| (row.subject, row.file, row.offset));
        container.rows.shrink_to_fit();
    }
    containers
}

/// The number before the dot of an API version.
fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.trim().parse().ok()
}

/// What an element says, if it is a row that says anything.
fn row(element: Element<'_>, universe: &mut Universe) -> Option<(Subject, u8)> {
    match element.name() {
        "objectPermissions" => {
            let mut object = None;
            let mut flags = 0;
            for child in element.children() {
                if child.name() == "object" {
                    object = child.own_value();
                } else if let Some(flag) =
                    ObjectFlag::ALL.into_iter().find(|flag| flag.element() == child.name())
                    && child.own_value().and_then(|value| value.flag()) == Some(true)
                {
                    flags |= flag.bit();
                }
            }
            let object = object.filter(|object| !object.is_empty())?;
            Some((Subject::Object(universe.objects.add(object.as_str())), flags))
        }
        "fieldPermissions" | "fieldLevelSecurities" => {
            let mut field = None;
            let (mut readable, mut hidden, mut editable) = (None, None, None);
            for child in element.children() {
                let flag = || child.own_value().and_then(|value| value.flag());
                match child.name() {
                    "field" => field = child.own_value(),
                    "readable" => readable = flag(),
                    "hidden" => hidden = flag(),
                    "editable" => editable = flag(),
                    _ => {}
                }
            }
            let read = readable.or_else(|| hidden.map(|hidden| !hidden)).unwrap_or(false);
            let flags = if read { READ } else { 0 } | if editable == Some(true) { EDIT } else { 0 };
            let field = universe.add_field(field?.as_str())?;
            universe.with_row.insert(field);
            Some((Subject::Field(field), flags))
        }
        "userPermissions" => {
            let name = element.value("name").filter(|name| !name.is_empty())?;
            let enabled = element.flag("enabled")?;
            let permission = universe.add_permission(name.as_str());
            Some((Subject::Permission(permission), if enabled { GIVEN } else { 0 }))
        }
        _ => None,
    }
}

/// Turns rows into what is granted, or, of muting sets, muted.
pub(crate) fn settle(containers: &mut [Container], universe: &Universe) {
    let all_data = (universe.permission("ModifyAllData"), universe.permission("ViewAllData"));
    for container in containers {
        let mutes = container.kind == ContainerKind::MutingPermissionSet;
        let mut grant = Grant::nothing(universe.len());
        let mut said = crate::bits::Bits::empty(universe.len());
        for row in &container.rows {
            match row.subject {
                Subject::Object(object) => {
                    let at = universe.object_item(object);
                    grant.yes.add_byte(at, if mutes { row.flags } else { brought(row.flags) });
                    said.add_byte(at, ALL_FLAGS);
                }
                Subject::Field(field) => {
                    let (read, edit) =
                        (universe.field_item(field, Use::Read), universe.field_item(field, Use::Edit));
                    if row.flags & READ != 0 || !mutes && row.flags & EDIT != 0 {
                        grant.yes.add(read);
                    }
                    if row.flags & EDIT != 0 {
                        grant.yes.add(edit);
                    }
                    said.add(read);
                    said.add(edit);
                }
                Subject::Permission(permission) => {
                    let at = universe.permission_item(permission);
                    if row.flags & GIVEN != 0 {
                        grant.yes.add(at);
                    }
                    said.add(at);
                }
            }
        }
        if let (Some(modify), Some(view)) = all_data
            && !mutes
            && grant.yes.has(modify)
        {
            grant.yes.add(view);
        }
        grant.maybe = unsaid(container, &said, universe);
        grant.maybe.union(&grant.yes);
        if mutes {
            carry(&mut grant, universe);
        }
        container.grant = grant;
    }
}

/// What may be granted because no row speaks of it.
fn unsaid(container: &Container, said: &crate::bits::Bits, universe: &Universe) -> crate::bits::Bits {
    let mut maybe = crate::bits::Bits::empty(universe.len());
    if !container.whole && !container.whole_in_permissions {
        maybe = crate::bits::Bits::full(universe.len());
        maybe.minus(said);
        return maybe;
    }
    let first_permission = universe.permission_item(0);
    let (from, to) = match (container.whole, container.whole_in_permissions) {
        (false, _) => (0, first_permission),
        (true, false) => (first_permission, universe.len()),
        (true, true) => return maybe,
    };
    for item in (from..to).filter(|&item| !said.has(item)) {
        maybe.add(item);
    }
    maybe
}

/// Mutes with each item what needs it.
fn carry(grant: &mut Grant, universe: &Universe) {
    for bits in [&mut grant.yes, &mut grant.maybe] {
        for object in 0..universe.objects.len() {
            let at = object * 8;
            bits.add_byte(at, carried(bits.byte(at) & ALL_FLAGS));
        }
        for field in (0_u32..).take(universe.fields.len()) {
            if bits.has(universe.field_item(field, Use::Read)) {
                bits.add(universe.field_item(field, Use::Edit));
            }
        }
        if let (Some(modify), Some(view)) =
            (universe.permission("ModifyAllData"), universe.permission("ViewAllData"))
            && bits.has(view)
        {
            bits.add(modify);
        }
    }
}
