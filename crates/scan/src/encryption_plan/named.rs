//! What names the field without saying what for: configuration, metadata of other types, and code other than Apex, which
//! nothing judges yet.

use std::collections::BTreeMap;

use journal::Place;
use rayon::prelude::*;
use serde::Serialize;
use source::Span;

use super::subject::Subject;
use crate::Context;
use crate::field_path::Reached;
use crate::field_use::{FieldUse, How, whole_word};

/// Code other than Apex is not judged yet: how many files of it there are, and how many merely hold the field's name.
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

/// How a text must name the field to mean it.
struct Naming {
    object: String,
    field: String,
    whole: String,
    /// A custom field whose name no other object of the source has.
    is_only: bool,
}

impl Naming {
    fn of(cx: &Context<'_>, subject: &Subject) -> Self {
        let Subject { object, field, custom, .. } = subject;
        let others = cx.project.objects().filter(|other| !other.name().eq_ignore_ascii_case(object));
        let is_only = *custom && others.into_iter().all(|other| other.field(field).is_none());
        Self { object: object.clone(), field: field.clone(), whole: format!("{object}.{field}"), is_only }
    }

    /// Where the field stands in a text: with its object, or by a name that is nobody else's.
    fn find(&self, text: &str) -> Option<(usize, usize)> {
        let at = |word: &str| whole_word(text, word).map(|at| (at, word.len()));
        at(&self.whole).or_else(|| {
            let is_meant = self.is_only || (self.field.contains("__") && at(&self.object).is_some());
            if is_meant { at(&self.field) } else { None }
        })
    }
}

/// Components that name the field and are read by no more than that.
pub(super) fn uses(cx: &Context<'_>, subject: &Subject) -> Vec<FieldUse> {
    let naming = Naming::of(cx, subject);
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
        // A record names its own type's fields, whose names are often those of other objects; what it holds are values.
        let spans: Vec<Span> = if is_record {
            let values = root.children_named("values");
            values.filter_map(|pair| pair.child("value")).map(sfdx::Element::text_span).collect()
        } else {
            vec![root.span()]
        };
        let place = spans.into_iter().find_map(|span| {
            let (at, length) = naming.find(source.slice(span))?;
            let start = span.start.saturating_add(u32::try_from(at).ok()?);
            Some(Place::of(source, Span::new(start, start.saturating_add(u32::try_from(length).ok()?))))
        });
        let Some(place) = place else { continue };
        let path = source.path();
        let name = path.rsplit('/').next().unwrap_or(path).split('.').take(if is_record { 2 } else { 1 });
        let name: Vec<&str> = name.collect();
        found.push(FieldUse {
            how: if is_record { How::CustomMetadata } else { How::Named },
            component: format!("{kind}:{}", name.join(".")),
            reached: Reached { object: subject.object.clone(), field: subject.field.clone() },
            place,
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
        sfdx::Kind::Visualforce => Some("Visualforce"),
        sfdx::Kind::Aura => Some("Aura"),
        sfdx::Kind::Lwc => Some("Lightning web components"),
        sfdx::Kind::Script => Some("scripts"),
        _ => {
            let root = cx.project.tree_at(&file.path)?.root()?;
            OMNISTUDIO.contains(&root.name()).then_some("OmniStudio")
        }
    };
    // In code a field stands alone: `contact.Email`; the name of a standard field is often another's too.
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
