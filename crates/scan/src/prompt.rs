//! What prompt templates merge into a prompt.

use std::collections::BTreeMap;

use journal::Place;
use sfdx::views::{PromptTemplate, PromptVersion};

use crate::Context;
use crate::field_path::{self, Reached};
use crate::merge_field::merge_fields;

/// What a merge field of a prompt stands for.
#[derive(Debug)]
pub(crate) enum Merged {
    Field(Reached),
    /// All fields of a record of this object that the user may see.
    Record(String),
}

/// The version that is active; where none of them is, all that are no drafts.
pub(crate) fn in_use(template: PromptTemplate<'_>) -> Vec<PromptVersion<'_>> {
    let versions = template.versions();
    let versions: Vec<PromptVersion<'_>> =
        versions.filter(|version| !version.status().is_some_and(|status| status == "Draft")).collect();
    let active = template.active_version();
    let in_use = versions.iter().find(|version| {
        active.as_ref().is_some_and(|id| version.identifier().is_some_and(|own| own.as_str() == id.as_str()))
    });
    match in_use {
        Some(version) => vec![*version],
        None => versions,
    }
}

/// All that a version merges, and where.
pub(crate) fn merged(
    cx: &Context<'_>,
    template: PromptTemplate<'_>,
    version: PromptVersion<'_>,
) -> Vec<(Merged, Place)> {
    let mut objects: BTreeMap<String, String> = BTreeMap::new();
    for input in version.inputs() {
        let Some(object) =
            input.definition().and_then(|text| text.strip_prefix("SOBJECT://").map(str::to_owned))
        else {
            continue;
        };
        let reference = input.reference().map(|text| text.trim_start_matches("Input:").to_lowercase());
        let name = input.name().map(|text| text.to_lowercase());
        for name in [reference, name].into_iter().flatten() {
            objects.insert(name, object.clone());
        }
    }
    let mut found = Vec::new();
    let Some(content) = version.content() else { return found };
    let (source, span) = (content.source(), content.span());
    for field in merge_fields(source.slice(span)) {
        let (kind, input) = field.head.split_once(':').unwrap_or(("", field.head));
        let object = objects.get(&input.to_lowercase()).cloned();
        let merged = match (kind.to_ascii_lowercase().as_str(), object) {
            ("$recordsnapshot", object) => {
                let related = || template.related_object().map(|name| name.into_text().into_owned());
                object.or_else(related).map(Merged::Record)
            }
            (_, Some(object)) if field.path.is_empty() => Some(Merged::Record(object)),
            (_, object) => {
                object.map(|object| Merged::Field(field_path::follow(cx.project, &object, field.path)))
            }
        };
        if let Some(merged) = merged {
            found.push((merged, Place::of(source, field.span_from(span.start))));
        }
    }
    found
}
