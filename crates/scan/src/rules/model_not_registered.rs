//! # A model that nobody registered
//!
//! The source uses an AI model that the bundle does not have: as the model of a prompt template, or by the address of a model service.
//!
//! ## Why it harms
//! A model that nobody registered has no approved purpose, region, classes or oversight, and whoever changes the prompt next can give it
//! patients: 45 CFR 164.308(a)(1)(ii)(A); GDPR Art. 30(1)(d); NIST AI RMF MAP 1 and GOVERN 1.6.
//!
//! ## What to change
//! Enter it in `phiward/models.yaml` with what it may be used for, or take it out of the source.
//!
//! ## What is not found
//! Whether a registered model is approved for its use. A prompt that merges PHI is `phi-in-prompt-template`, which says the same of its
//! model. Addresses in code are not looked at here. A template version without a model uses the org's default, and which that is is unknown.
//! Without a bundle nothing is registered and nothing is claimed.
//!
//! ## Seen in the wild
//! No public project has a bundle.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Severity};

use crate::endpoint::{Endpoint, EndpointKind};
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, prompt};

pub(crate) const META: Meta = Meta {
    title: "A model that nobody registered",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["GV-1.6", "MP-1.1", "gdpr-30-1", "hipaa-sec-308a1iiA"],
    tags: &["ai"],
    replaces: &[],
    sbs: &[],
    needs: &["the models that are in use, in `models.yaml`"],
};

/// Hosts of model services; a `*` stands for one label or a part of one.
const SERVICES: [&str; 7] = [
    "api.openai.com",
    "*.openai.azure.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "bedrock-runtime.*.amazonaws.com",
    "api.mistral.ai",
    "api.cohere.com",
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.has_bundle() {
        prompts(cx, out);
        addresses(cx, out);
    }
}

fn prompts(cx: &Context<'_>, out: &mut Outcome) {
    let mut drafts: BTreeMap<String, Draft> = BTreeMap::new();
    for template in cx.project.prompt_templates() {
        for version in prompt::versions_in_use(template) {
            if version.status().is_some_and(|status| status != "Published") {
                continue;
            }
            out.judged(1);
            let Some(name) = version.model() else {
                out.unknown(
                    format!("which model the prompt `{}` is given to: the org's default", template.name()),
                    "look at Setup > Einstein > Models, or name the model in the template",
                );
                continue;
            };
            let is_others = !prompt::merged(cx, template, version).is_empty();
            if is_others || prompt::model_called(cx, &name).is_some() {
                continue;
            }
            let known = drafts.remove(name.as_str());
            let draft = match known {
                Some(draft) => draft.related(cx.place(&name), format!("the prompt `{}` uses it too", template.name())),
                None => Draft::new(
                    format!("GenAiPromptTemplate:{}", template.name()),
                    cx.place(&name),
                    format!("the prompt `{}` uses the model `{}`, which the bundle does not have", template.name(), name.as_str()),
                    "enter it in `phiward/models.yaml` with its provider, region, purposes and classes",
                )
                .detail(name.as_str()),
            };
            drafts.insert(name.as_str().to_owned(), draft);
        }
    }
    drafts.into_values().for_each(|draft| out.found(draft));
}

fn addresses(cx: &Context<'_>, out: &mut Outcome) {
    let mut drafts: BTreeMap<&str, Draft> = BTreeMap::new();
    let is_asked = |endpoint: &&Endpoint| {
        let kinds = [EndpointKind::NamedCredential, EndpointKind::RemoteSite, EndpointKind::AuthProvider];
        endpoint.active && kinds.contains(&endpoint.kind) && SERVICES.iter().any(|host| matches(host, &endpoint.host))
    };
    for endpoint in cx.endpoints().iter().filter(is_asked) {
        out.judged(1);
        if endpoint.model.is_some() {
            continue;
        }
        let draft = match drafts.remove(endpoint.host.as_str()) {
            Some(draft) => draft.related(endpoint.place.clone(), format!("and here: {}", endpoint.kind)),
            None => Draft::new(
                endpoint.component.clone(),
                endpoint.place.clone(),
                format!("`{}` is a service of AI models, and the bundle has no model at this address", endpoint.host),
                "enter the model in `phiward/models.yaml` with its `endpoint`, provider, region, purposes and classes",
            )
            .detail(endpoint.host.clone()),
        };
        drafts.insert(&endpoint.host, draft);
    }
    drafts.into_values().for_each(|draft| out.found(draft));
}

fn matches(pattern: &str, host: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == host,
        Some((before, after)) => {
            host.len() > before.len() + after.len() && host.starts_with(before) && host.ends_with(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn hosts_of_services_are_told_from_others() {
        assert!(matches("bedrock-runtime.*.amazonaws.com", "bedrock-runtime.us-east-1.amazonaws.com"));
        assert!(matches("*.openai.azure.com", "clinic.openai.azure.com"));
        assert!(!matches("*.openai.azure.com", ".openai.azure.com"));
        assert!(!matches("api.openai.com", "api.openai.com.example"));
    }
}
