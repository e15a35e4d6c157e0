//! Prompt templates: which versions are in use, what they merge, and which model of the bundle gets it.

use std::collections::BTreeMap;

use journal::{Confidence, Place};
use policy::Decision;
use policy::bundle::model::Model;
use policy::vocabulary::Action;
use sfdx::views::{PromptTemplate, PromptVersion};

use crate::Context;
use crate::disclosure;
use crate::field_path::{self, Reached};
use crate::merge_field::merge_fields;

/// The active version of a template, or all that are no drafts where it does not say which is active.
pub(crate) fn versions_in_use(template: PromptTemplate<'_>) -> Vec<PromptVersion<'_>> {
    let mut versions: Vec<PromptVersion<'_>> = template
        .versions()
        .filter(|version| !version.status().is_some_and(|status| status == "Draft"))
        .collect();
    let active = template.active_version();
    let is_active = |version: &PromptVersion<'_>| {
        active.as_ref().is_some_and(|id| version.identifier().is_some_and(|own| own.as_str() == id.as_str()))
    };
    if versions.iter().any(is_active) {
        versions.retain(is_active);
        versions.truncate(1);
    }
    versions
}

/// What a merge field of a prompt stands for.
#[derive(Debug)]
pub(crate) enum Merged {
    Field(Reached),
    /// All fields of a record of this object that the user may see.
    Record(String),
}

/// All that a version merges, and where.
pub(crate) fn merges(
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

/// The fields of PHI that a version merges, with their first places.
pub(crate) fn merged(
    cx: &Context<'_>,
    template: PromptTemplate<'_>,
    version: PromptVersion<'_>,
) -> BTreeMap<String, (Place, Confidence)> {
    let mut found: BTreeMap<String, (Place, Confidence)> = BTreeMap::new();
    for (merged, place) in merges(cx, template, version) {
        let (object, names) = match merged {
            Merged::Record(object) => {
                let names = cx.classes.phi_fields(&object).into_iter().map(|(name, _)| name).collect();
                (object, names)
            }
            Merged::Field(reached) if field_path::is_reference(cx.project, &reached) => continue,
            Merged::Field(reached) => (reached.object, vec![reached.field]),
        };
        for name in names {
            let verdict = cx.classes.field(&object, &name);
            if verdict.is_phi() {
                found.entry(format!("{object}.{name}")).or_insert((place.clone(), verdict.confidence));
            }
        }
    }
    found
}

/// The model of the bundle that Salesforce calls so.
pub(crate) fn model_called<'p>(cx: &Context<'p>, name: &str) -> Option<&'p Model> {
    let parts: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    cx.policy.model_of_named_credential(name).or_else(|| cx.policy.model(&parts.join("-")))
}

/// What keeps the model from these fields: the policy's reasons, and a region that nobody gave.
pub(crate) fn refusals(cx: &Context<'_>, model: &Model, fields: &[String]) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    for decision in disclosure::ask_sent(cx, Action::Infer, model.id.as_str(), fields) {
        if let Decision::Denial(denial) = decision {
            // That no flow is declared is reconciliation's to say; here it is about the model.
            let own = denial.reasons.into_iter().filter(|reason| reason.code != "needs-declaration");
            facts.extend(own.map(|reason| match reason.code.as_str() {
                "wrong-region" | "unknown-region" => format!("not in its region: {}", reason.fact),
                _ => reason.fact,
            }));
        }
    }
    let provider = model.provider.as_ref().and_then(|id| cx.policy.party(id.as_str()));
    if model.region.is_none() && provider.is_none_or(|party| party.regions.is_empty()) {
        facts.push(format!("the bundle does not say in which region `{}` runs", model.id));
    }
    facts.sort();
    facts.dedup();
    facts
}
