//! # A feature outside the agreement with Salesforce
//!
//! The source switches a feature of Salesforce on that the org's agreement does not cover, by the bundle.
//!
//! ## Why it harms
//! Salesforce's terms for business associates name the services that may hold PHI. A feature outside them is a receiver without
//! assurances: 45 CFR 164.502(e), 164.308(b)(1), 164.504(e)(2)(ii)(B); GDPR Art. 28(3).
//!
//! ## What to change
//! See what the signed agreement says. Where it has the service, add it to `covered_services` of the org; else have it added, or switch the
//! feature off.
//!
//! | setting | service |
//! |---|---|
//! | `EinsteinGpt` `enableEinsteinGptPlatform` | `einstein` |
//! | `AgentPlatform` `enableAgentPlatform`, `EinsteinCopilot` `enableEinsteinGptCopilot` | `agentforce` |
//! | `CustomerDataPlatform` `enableCustomerDataPlatform` | `data-cloud` |
//! | `Communities` `enableNetworksEnabled` | `experience-cloud` |
//! | `Pardot` `enablePardotEnabled` | `account-engagement` |
//! | `PlatformSlack` `enableSlackService` | `slack` |
//! | `ServiceCloudVoice` `enableServiceCloudVoice` | `service-cloud-voice` |
//! | `LiveMessage` `enableLiveMessage` | `messaging` |
//! | `PredictionBuilder` `enablePredictionBuilder` | `einstein` |
//!
//! Where no setting of a service is in the source, what is made with it says the same: planners of agents and bots that are agents
//! (`agentforce`), and sites (`experience-cloud`).
//!
//! ## What is not found
//! A feature that is off. One that the source does not say, and that the agreement does not cover, is unknown. Whether the list is what the agreement says is for people. An org that lists no services at all is
//! unknown where a feature is on; an empty list covers nothing. An org that holds nobody's data is not judged. Without a bundle nothing is.
//!
//! ## Seen in the wild
//! No public project has a bundle.

use std::collections::BTreeSet;

use journal::{Confidence, Persona, Severity};
use policy::bundle::organisation::Org;
use policy::vocabulary::OrgKind;
use sfdx::Value;

use crate::{Context, sharing};
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{Flag, flag};

pub(crate) const META: Meta = Meta {
    title: "A feature outside the agreement with Salesforce",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-prv-502e", "hipaa-sec-308b1", "hipaa-prv-504e2iiB", "gdpr-28-3"],
    tags: &["phi", "agreement"],
    replaces: &[],
    sbs: &[],
    needs: &["the org's `covered_services`, in `orgs.yaml`", "the settings of its features"],
};

/// Settings file, element, service, and what people call it.
const FEATURES: [(&str, &str, &str, &str); 10] = [
    ("EinsteinGpt", "enableEinsteinGptPlatform", "einstein", "Einstein generative AI"),
    ("AgentPlatform", "enableAgentPlatform", "agentforce", "Agentforce"),
    ("EinsteinCopilot", "enableEinsteinGptCopilot", "agentforce", "Agentforce"),
    ("CustomerDataPlatform", "enableCustomerDataPlatform", "data-cloud", "Data Cloud"),
    ("Communities", "enableNetworksEnabled", "experience-cloud", "Experience Cloud"),
    ("Pardot", "enablePardotEnabled", "account-engagement", "Account Engagement"),
    ("PlatformSlack", "enableSlackService", "slack", "Slack"),
    ("ServiceCloudVoice", "enableServiceCloudVoice", "service-cloud-voice", "Service Cloud Voice"),
    ("LiveMessage", "enableLiveMessage", "messaging", "Messaging"),
    ("PredictionBuilder", "enablePredictionBuilder", "einstein", "Einstein Prediction Builder"),
];

/// What is made with a service, by which it is seen where no setting says anything: kind of component, what its `type` ends
/// in, service, what people call it.
const MADE: [(&str, &str, &str, &str); 4] = [
    ("GenAiPlanner", "", "agentforce", "an agent"),
    ("GenAiPlannerBundle", "", "agentforce", "an agent"),
    ("Bot", "Copilot", "agentforce", "an agent"),
    ("Network", "", "experience-cloud", "a site"),
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let Some(org) = org(cx).filter(|org| org.subjects.as_ref().is_some_and(|subjects| !subjects.is_empty())) else {
        return;
    };
    let mut on: Vec<(Value<'_>, &str, &str, &str)> = Vec::new();
    let mut unsaid: Vec<(&str, &str, &str)> = Vec::new();
    for (file, element, service, feature) in FEATURES {
        match flag(cx, file, &[element]) {
            Flag::On(value) => on.push((value, file, service, feature)),
            Flag::Off(_) => out.judged(1),
            Flag::Silent | Flag::Absent => unsaid.push((file, service, feature)),
        }
    }
    let Some(covered) = &org.covered_services else {
        if !on.is_empty() {
            let names: Vec<String> = on.iter().map(|(.., feature)| (*feature).to_owned()).collect();
            out.unknown(
                format!("whether the agreement with Salesforce covers {}, which the source switches on", joined(&names)),
                format!("`covered_services` of `{}` in the bundle", org.id),
            );
        }
        return;
    };
    let names = |wanted: &str| covered.iter().any(|own| plain(own.value.as_str()) == plain(wanted));
    let is_covered = |service: &str| names(service) || (service == "einstein" && names("agentforce"));
    let is_made = |service: &str| {
        MADE.iter().any(|(kind, ends, of, _)| *of == service && made(cx, kind, ends).next().is_some())
    };
    unsaid.retain(|(_, service, _)| !is_covered(service) && !is_made(service));
    if !unsaid.is_empty() {
        let features: BTreeSet<String> = unsaid.iter().map(|(.., feature)| (*feature).to_owned()).collect();
        let files: Vec<String> = unsaid.iter().map(|(file, ..)| format!("`Settings:{file}`")).collect();
        let features: Vec<String> = features.into_iter().collect();
        out.unknown(
            format!(
                "whether the org uses what its agreement with Salesforce does not cover: {}",
                joined(&features)
            ),
            format!("retrieve {}", joined(&files)),
        );
    }
    let mut seen: BTreeSet<&str> = on.iter().map(|(_, _, service, _)| *service).collect();
    for (kind, ends, service, what) in MADE {
        let is_said = FEATURES.iter().any(|(file, element, of, _)| {
            *of == service && matches!(flag(cx, file, &[element]), Flag::On(_) | Flag::Off(_))
        });
        let mut all = made(cx, kind, ends);
        let Some(first) = all.next().filter(|_| !is_said && seen.insert(service)) else { continue };
        out.judged(1);
        if is_covered(service) {
            continue;
        }
        let more = all.count();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        out.found(
            Draft::new(
                format!("{kind}:{}", first.full_name()),
                sharing::start(first.root()),
                format!(
                    "the source has {what}, `{}`{more}, and the agreement with Salesforce for `{}` does not cover `{service}`",
                    first.full_name(),
                    org.id
                ),
                format!("add `{service}` to `covered_services` where the signed agreement has it; else take it out"),
            )
            .detail(service)
            .related(cx.policy_place(&org.id.place), format!("the org `{}` is declared here", org.id)),
        );
    }
    for (value, file, service, feature) in on {
        out.judged(1);
        if is_covered(service) {
            continue;
        }
        out.found(
            Draft::new(
                format!("{file}Settings:{file}"),
                cx.place(&value),
                format!(
                    "{feature} is switched on, and the agreement with Salesforce for `{}` does not cover `{service}`",
                    org.id
                ),
                format!("add `{service}` to `covered_services` where the signed agreement has it; else switch the feature off"),
            )
            .detail(value.element().name())
            .related(cx.policy_place(&org.id.place), format!("the org `{}` is declared here", org.id)),
        );
    }
}

/// Components of a kind, whose `type` ends so.
fn made<'p>(cx: &Context<'p>, kind: &'p str, ends: &'p str) -> impl Iterator<Item = sfdx::Component<'p>> {
    cx.project.of_type(kind).filter(move |one| {
        ends.is_empty() || one.root().value("type").is_some_and(|own| own.ends_with(ends))
    })
}

/// The org that the source deploys to: the one marked so, or the only one of production.
fn org<'p>(cx: &Context<'p>) -> Option<&'p Org> {
    let orgs = cx.policy.orgs();
    orgs.iter().find(|org| org.default).or_else(|| {
        let mut production = orgs.iter().filter(|org| org.kind.value == OrgKind::Production);
        production.next().filter(|_| production.next().is_none())
    })
}

/// Hyphens and case do not tell services apart.
fn plain(service: &str) -> String {
    service.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
