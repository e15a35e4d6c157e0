//! What names the field without saying what for: configuration, metadata of other types, and code, which nothing judges yet.

use std::collections::BTreeMap;

use journal::Place;
use rayon::prelude::*;
use serde::Serialize;
use source::Span;

use super::subject::Subject;
use crate::Context;
use crate::field_path::Reached;
use crate::field_use::{FieldUse, How, whole_word};

/// Code is not judged yet: how many files of it there are, and how many merely hold the field's name.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Code {
    /// Always `not-judged-yet`, so that no reader takes a count for an answer.
    pub standing: &'static str,
    /// The word that is looked for.
    pub name: String,
    pub kinds: BTreeMap<&'static str, CodeFiles>,
}

/// Files of one kind of code.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CodeFiles {
    pub all: usize,
    /// The paths of those that hold the name.
    pub naming: Vec<String>,
}

/// Types that say who may see a field, how it is called, or that are read elsewhere.
const READ: [&str; 41] = [
    "ApprovalProcess",
    "AssignmentRules",
    "AutoResponseRules",
    "CleanDataService",
    "CompactLayout",
    "CustomField",
    "CustomFieldTranslation",
    "CustomMetadata",
    "CustomObject",
    "CustomObjectTranslation",
    "Dashboard",
    "DuplicateRule",
    "EmailTemplate",
    "EscalationRules",
    "FieldSet",
    "FlexiPage",
    "Flow",
    "GenAiPromptTemplate",
    "Index",
    "Layout",
    "ListView",
    "MatchingRules",
    "MutingPermissionSet",
    "Package",
    "PathAssistant",
    "PermissionSet",
    "PlatformEventChannel",
    "PlatformEventChannelMember",
    "Profile",
    "QuickAction",
    "RecordType",
    "Report",
    "ReportType",
    "RestrictionRule",
    "SharingRules",
    "SharingSet",
    "Translations",
    "ValidationRule",
    "WebLink",
    "Workflow",
    "ApexTestSuite",
];

const OMNISTUDIO: [&str; 6] = [
    "OmniDataTransform",
    "OmniIntegrationProcedure",
    "OmniProcess",
    "OmniScript",
    "OmniUiCard",
    "OmniInteractionConfig",
];

/// Whether a word stands in a text: the whole name, and for custom fields, whose names are nobody else's, the bare one.
fn find(subject: &Subject, text: &str) -> Option<(usize, usize)> {
    let whole = format!("{}.{}", subject.object, subject.field);
    let bare = || whole_word(text, &subject.field).map(|at| (at, subject.field.len()));
    if subject.custom { bare() } else { whole_word(text, &whole).map(|at| (at, whole.len())) }
}

/// Components that name the field and are read by no more than that.
pub(super) fn uses(cx: &Context<'_>, subject: &Subject) -> Vec<FieldUse> {
    let mut found = Vec::new();
    for tree in cx.project.trees() {
        let Some(root) = tree.root() else { continue };
        let kind = root.name();
        let is_record = kind == "CustomMetadata";
        let is_workflow_part = kind.starts_with("Workflow") || kind.starts_with("Sharing");
        if (READ.contains(&kind) && !is_record) || OMNISTUDIO.contains(&kind) || is_workflow_part {
            continue;
        }
        let source = tree.source();
        let Some((at, length)) = find(subject, source.text()) else { continue };
        let start = u32::try_from(at).unwrap_or(u32::MAX);
        let end = start.saturating_add(u32::try_from(length).unwrap_or_default());
        let path = source.path();
        let name = path.rsplit('/').next().unwrap_or(path).split('.').take(if is_record { 2 } else { 1 });
        let name: Vec<&str> = name.collect();
        found.push(FieldUse {
            how: if is_record { How::CustomMetadata } else { How::Named },
            component: format!("{kind}:{}", name.join(".")),
            reached: Reached { object: subject.object.clone(), field: subject.field.clone() },
            place: Place::of(source, Span::new(start, end)),
            comparison: None,
            part: None,
            is_active: true,
            through: None,
        });
    }
    found
}

/// The files of code, and those that hold the name of the field.
pub(super) fn code(cx: &Context<'_>, subject: &Subject) -> Code {
    let kind = |file: &sfdx::File| match file.kind {
        sfdx::Kind::Apex | sfdx::Kind::Trigger => Some("Apex"),
        sfdx::Kind::Visualforce => Some("Visualforce"),
        sfdx::Kind::Aura => Some("Aura"),
        sfdx::Kind::Lwc => Some("Lightning web components"),
        sfdx::Kind::Script => Some("scripts"),
        _ => {
            let root = cx.project.tree_at(&file.path)?.root()?;
            OMNISTUDIO.contains(&root.name()).then_some("OmniStudio")
        }
    };
    // In Apex a field stands alone: `contact.Email`; the name of a standard field is often another's too.
    let names = |file: &sfdx::File| match cx.project.tree_at(&file.path) {
        Some(tree) => whole_word(tree.source().text(), &subject.field).is_some(),
        None => {
            cx.project.load(file).is_ok_and(|(source, _)| whole_word(source.text(), &subject.field).is_some())
        }
    };
    let read: Vec<(&'static str, &str, bool)> = cx
        .project
        .files()
        .par_iter()
        .filter_map(|file| Some((kind(file)?, file.path.as_str(), names(file))))
        .collect();
    let mut code = Code { standing: "not-judged-yet", name: subject.field.clone(), kinds: BTreeMap::new() };
    for (kind, path, is_named) in read {
        let files = code.kinds.entry(kind).or_default();
        files.all += 1;
        if is_named {
            files.naming.push(path.to_owned());
        }
    }
    code
}
