use std::collections::BTreeMap;

use super::file::{self, File};
use super::place::Place;
use super::{Layout, Project};
use crate::xml::{Element, Tree};

/// A component of the project, whichever way its file is laid out. Freely copied.
#[derive(Clone, Copy)]
pub struct Component<'p> {
    project: &'p Project,
    entry: &'p Entry,
    file: &'p File,
    root: Element<'p>,
}

/// What the index keeps of a component.
pub(super) struct Entry {
    pub(super) kind: Box<str>,
    pub(super) full_name: Box<str>,
    pub(super) parent: Option<Box<str>>,
    pub(super) tree: u32,
    pub(super) element: u32,
}

impl<'p> Component<'p> {
    pub(super) fn new(project: &'p Project, entry: &'p Entry) -> Option<Self> {
        let root = project.trees.get(entry.tree as usize)?.element(entry.element)?;
        let file = project.files.get(*project.tree_files.get(entry.tree as usize)? as usize)?;
        Some(Self { project, entry, file, root })
    }

    /// The type as the Metadata API names it: `CustomObject`, `CustomField`, `Flow`, `SecuritySettings`.
    pub fn kind(self) -> &'p str {
        &self.entry.kind
    }

    /// As the Metadata API names it: `Account.SSN__c`, `Folder/Report`.
    pub fn full_name(self) -> &'p str {
        &self.entry.full_name
    }

    /// The full name after its parent: `SSN__c`.
    pub fn name(self) -> &'p str {
        match self.parent() {
            Some(parent) => self
                .full_name()
                .strip_prefix(parent)
                .and_then(|rest| rest.strip_prefix('.'))
                .unwrap_or(self.full_name()),
            None => self.full_name(),
        }
    }

    /// The object, or other whole, that this is a part of.
    pub fn parent(self) -> Option<&'p str> {
        self.entry.parent.as_deref()
    }

    /// The file that holds the element.
    pub fn file(self) -> &'p File {
        self.file
    }

    /// The code or text that the file describes: the `.cls` of a `.cls-meta.xml`.
    pub fn body(self) -> Option<&'p File> {
        self.project.file(self.file().path.strip_suffix(file::META)?)
    }

    /// The component's element: the file's root, or an element in a whole object's file.
    pub fn root(self) -> Element<'p> {
        self.root
    }
}

impl std::fmt::Debug for Component<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} of {}", self.kind(), self.full_name(), self.file().path)
    }
}

/// What stands inside a whole object's file in the Metadata API format and in files of its own in the source
/// format: the element's name there, and the type.
const OBJECT_PARTS: [(&str, &str); 10] = [
    ("businessProcesses", "BusinessProcess"),
    ("compactLayouts", "CompactLayout"),
    ("fieldSets", "FieldSet"),
    ("fields", "CustomField"),
    ("indexes", "Index"),
    ("listViews", "ListView"),
    ("recordTypes", "RecordType"),
    ("sharingReasons", "SharingReason"),
    ("validationRules", "ValidationRule"),
    ("webLinks", "WebLink"),
];

/// Parts that a project may have split off a whole, as an opt-in of the Salesforce command.
const SPLIT_PARTS: [&str; 11] = [
    "SharingCriteriaRule",
    "SharingGuestRule",
    "SharingOwnerRule",
    "SharingTerritoryRule",
    "WorkflowAlert",
    "WorkflowFieldUpdate",
    "WorkflowFlowAction",
    "WorkflowKnowledgePublish",
    "WorkflowOutboundMessage",
    "WorkflowRule",
    "WorkflowTask",
];

/// The folders whose components lie in folders of the user's making, with their types.
const FOLDERED: [(&str, &[&str]); 4] = [
    ("dashboards", &["Dashboard", "DashboardFolder"]),
    ("documents", &["Document", "DocumentFolder"]),
    ("email", &["EmailTemplate", "EmailFolder"]),
    ("reports", &["Report", "ReportFolder"]),
];

/// The components that one tree holds.
pub(super) fn entries(place: &Place, tree: &Tree, index: u32) -> Vec<Entry> {
    let Some(root) = tree.root() else {
        return Vec::new();
    };
    let path = tree.source().path();
    let kind = root.name();
    let (full_name, parent) = full_name(place, path, root);
    let mut entries = Vec::new();
    if kind == "CustomObject" {
        for child in root.children() {
            let name = child.name();
            let Some((_, kind)) = OBJECT_PARTS.iter().find(|(element, _)| *element == name) else {
                continue;
            };
            let Some(own) = child.value("fullName") else {
                continue;
            };
            entries.push(Entry {
                kind: (*kind).into(),
                full_name: format!("{full_name}.{own}").into(),
                parent: Some(full_name.as_str().into()),
                tree: index,
                element: child.index(),
            });
        }
    }
    entries.push(Entry {
        kind: kind.into(),
        full_name: full_name.into(),
        parent: parent.map(Into::into),
        tree: index,
        element: root.index(),
    });
    entries
}

/// The full name of a file's component, and of the whole it is a part of.
fn full_name(place: &Place, path: &str, root: Element<'_>) -> (String, Option<String>) {
    let kind = root.name();
    let within = place.within_package(path);
    let folders: Vec<&str> = within.split('/').collect();
    let (name, folders) = folders.split_last().map_or(("", [].as_slice()), |(name, rest)| (*name, rest));
    let stem = stem(name);
    if let Some((folder, _)) = FOLDERED.iter().find(|(_, kinds)| kinds.contains(&kind)) {
        // A user's folder may be called as the type's is; in a package the first is the type's.
        let at = match place.layout {
            Layout::Plain => folders.iter().rposition(|part| part == folder),
            Layout::Source | Layout::Metadata => folders.iter().position(|part| part == folder),
        };
        let own = at.and_then(|at| folders.get(at + 1..)).unwrap_or_default();
        let mut parts: Vec<String> = own.iter().map(|part| unescaped(part)).collect();
        let parent = (!parts.is_empty()).then(|| parts.join("/"));
        parts.push(stem);
        return (parts.join("/"), parent);
    }
    let above = |levels: usize| {
        let at = folders.len().checked_sub(levels)?;
        folders.get(at).map(|part| unescaped(part))
    };
    if OBJECT_PARTS.iter().any(|(_, part)| *part == kind) || SPLIT_PARTS.contains(&kind) {
        let own = root.value("fullName").map_or(stem, |name| name.into_text().into_owned());
        return match above(2) {
            Some(parent) => (format!("{parent}.{own}"), Some(parent)),
            None => (own, None),
        };
    }
    if kind == "PermissionSet"
        && let Some(at) = folders.iter().rposition(|part| *part == "permissionsets")
        && let Some(whole) = folders.get(at + 1)
    {
        // A set that was split into files of one kind of permission: each holds a part of the set.
        return (unescaped(whole), None);
    }
    if kind == "BotVersion"
        && let Some(parent) = above(1)
    {
        return (format!("{parent}.{stem}"), Some(parent));
    }
    (stem, None)
}

/// A file's name without its suffix, and with the characters that a file name cannot hold.
fn stem(name: &str) -> String {
    let name = name.strip_suffix(file::META).unwrap_or(name);
    unescaped(name.rsplit_once('.').map_or(name, |(stem, _)| stem))
}

/// Decodes `%28` and the like, which the Salesforce command writes for characters outside letters and digits.
fn unescaped(name: &str) -> String {
    if !name.contains('%') {
        return name.to_owned();
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = match (first, after) {
            (b'%', [high, low, ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                digit(*high).zip(digit(*low)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok())
            }
            _ => None,
        };
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

/// Where the components of a type, and the parts of an object, are.
#[derive(Default)]
pub(super) struct Index {
    pub(super) by_kind: BTreeMap<Box<str>, Vec<u32>>,
    /// By name in lower case, as Salesforce compares names.
    pub(super) objects: BTreeMap<Box<str>, Parts>,
    /// Fields by `object.field` in lower case.
    pub(super) fields: BTreeMap<Box<str>, Vec<u32>>,
}

/// The components that make up one object.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) wholes: Vec<u32>,
    pub(crate) parts: Vec<u32>,
}

impl Index {
    pub(super) fn new(entries: &[Entry]) -> Self {
        let mut index = Self::default();
        for (at, entry) in (0_u32..).zip(entries) {
            index.by_kind.entry(entry.kind.clone()).or_default().push(at);
            if &*entry.kind == "CustomObject" {
                let parts = index.objects.entry(entry.full_name.to_lowercase().into()).or_default();
                parts.wholes.push(at);
            } else if let Some(parent) = &entry.parent
                && OBJECT_PARTS.iter().any(|(_, part)| *part == &*entry.kind)
            {
                index.objects.entry(parent.to_lowercase().into()).or_default().parts.push(at);
                if &*entry.kind == "CustomField" {
                    index.fields.entry(entry.full_name.to_lowercase().into()).or_default().push(at);
                }
            }
        }
        index
    }
}
