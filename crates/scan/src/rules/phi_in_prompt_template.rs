//! # A prompt gives data about patients to a model that is not approved for it
//!
//! A prompt template merges fields of PHI, and its model is not one that the bundle has, or has approved for them.
//!
//! ## Why it harms
//! What is merged into a prompt leaves for the model's operator, and often for a region of the operator's choice. Salesforce
//! says that data masking of the Einstein Trust Layer is off for agents (*Agentforce: Large Language Model Data Masking*), so
//! that the contract is all that protects the values. A model's operator is a business associate or processor as any
//! other receiver is (45 CFR 164.502(e), GDPR Art. 28(3)); a deployer must see to the input data and the oversight (EU AI Act
//! Art. 26). OWASP LLM02.
//!
//! ## What to change
//! Take the fields out of the prompt that its task does not need; or put the model into `models.yaml` with its provider, region,
//! classes, purposes and approvals. For a model of Salesforce's own, the entry's `endpoint: {named_credential: ...}` is the
//! name in `<primaryModel>`; an `id:` that is this name in lower case, each run of other characters one hyphen, serves as
//! well: `sfdc-ai-defaultgpt4omni`.
//!
//! ## What is not found
//! What flows, Apex, retrievers and related lists add to a prompt is not in the template: such a provider is reported as
//! unknown. Which model *Einstein Setup* puts in the place of the named one is not in the source.
//!
//! ## Seen in the wild
//! trailheadapps/coral-cloud has four prompt templates on guests and sessions of a hotel, without PHI; what Apex adds to one of
//! them is reported as unknown. No public project of a clinic has one yet.


use journal::{Confidence, Persona, Severity};
use sfdx::views::{PromptTemplate, PromptVersion};

use crate::Context;
use crate::disclosure::{joined, shown};
use crate::flow::{Destination, FoundFlow};
use crate::prompt;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A prompt gives data about patients to a model that is not approved for it",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["LLM02", "GAI-4", "hipaa-prv-502e", "aia-26-4"],
    tags: &["phi", "ai"],
    replaces: &[],
    sbs: &[],
    needs: &["the models that are approved, in `models.yaml`", "what flows and Apex add to the prompts"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for template in cx.project.prompt_templates() {
        out.judged(1);
        for version in prompt::versions_in_use(template) {
            judge(cx, template, version, out);
        }
    }
}

fn judge(cx: &Context<'_>, template: PromptTemplate<'_>, version: PromptVersion<'_>, out: &mut Outcome) {
    for provider in version.data_providers() {
        let Some(definition) = provider.definition() else { continue };
        if ["flow://", "apex://"].iter().any(|kind| definition.starts_with(kind)) {
            out.unknown(
                format!("what `{}` adds to the prompt of `{}`", definition.as_str(), template.name()),
                "read the flow or class: its output is part of the prompt",
            );
        }
    }
    let found = prompt::merged(cx, template, version);
    let Some((first, _)) = found.values().min_by_key(|(place, _)| place.start) else { return };
    let first = first.clone();
    let fields: Vec<String> = found.keys().cloned().collect();
    let confidence = found.values().map(|(_, confidence)| *confidence).max().unwrap_or(Confidence::Medium);
    let name = version.model().map(|name| name.into_text().into_owned());
    let model = name.as_deref().and_then(|name| prompt::model_called(cx, name));
    let component = format!("GenAiPromptTemplate:{}", template.name());
    out.flow(FoundFlow {
        fields: fields.clone(),
        to: match (&model, &name) {
            (Some(model), _) => Destination::Model(model.id.to_string()),
            (None, name) => Destination::UnknownModel(name.clone().unwrap_or_default()),
        },
        by: component.clone(),
        place: first.clone(),
        confidence,
    });
    let called = name.as_deref().map_or_else(|| "a model that it does not name".to_owned(), |name| format!("the model `{name}`"));
    let why = match model {
        None if cx.has_bundle() => "which the bundle does not have".to_owned(),
        None => "and nothing says who runs it and where".to_owned(),
        Some(model) => {
            let facts = prompt::refusals(cx, model, &fields);
            if facts.is_empty() {
                return;
            }
            format!("though {}", joined(&facts))
        }
    };
    let mut draft = Draft::new(
        component,
        first,
        format!("the prompt `{}` gives {} to {called}, {why}", template.name(), shown(&fields)),
        "take out the fields that the task does not need; or enter the model in `phiward/models.yaml` with provider, \
         region, classes, purposes and approvals, as far as these are really given",
    )
    .confidence(confidence)
    .detail(version.identifier().map_or_else(|| "version".to_owned(), |id| id.into_text().into_owned()));
    if let Some(name) = version.model() {
        draft = draft.related(cx.place(&name), "the model is named here");
    }
    if let Some(model) = model {
        draft = draft.related(cx.policy_place(&model.id.place), format!("the model `{}` is declared here", model.id));
        draft = draft.party(model.provider.as_ref().map_or(model.id.as_str(), |id| id.as_str()));
    }
    out.found(draft.fields(fields));
}
