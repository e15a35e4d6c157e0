//! # An agent reaches PHI without an approved model
//!
//! An action of an Agentforce agent looks up or writes records of an object with PHI, while the bundle has no model approved for them.
//!
//! ## Why it harms
//! What an action returns goes into the agent's prompt. Data masking of the Einstein Trust Layer is off for agents (*Salesforce Help,
//! Large Language Model Data Masking*), so that the values reach the model's operator in clear: a disclosure that needs its ground and its
//! assurances. 45 CFR 164.502(a) and (e); GDPR Art. 28(3) and 9; EU AI Act Art. 26(4); OWASP LLM02 and LLM06.
//!
//! ## What to change
//! Let the action return no more than its topic needs, as a text without identifiers where that will do. Or enter the model that plans for the
//! agent in `phiward/models.yaml`, with provider, region, classes and approvals, as far as these are really given.
//!
//! ## What is not found
//! Apex, external services and standard actions are not followed: what they reach is unknown. A prompt template that an action calls is
//! `phi-in-prompt-template`. An action that no planner of the source uses stands on a shelf. Which model plans for an agent is in no metadata:
//! any model of the bundle that may be given the class and that an approver approved covers it.
//!
//! ## Seen in the wild
//! In none of 24 public projects: `trailheadapps/coral-cloud` has an agent for the guests of a hotel, without PHI.

use std::collections::{BTreeMap, BTreeSet};

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Class;
use sfdx::Element;

use crate::Context;
use crate::disclosure::joined;
use crate::flow_reach;
use crate::phi_object::PhiObject;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An agent reaches PHI without an approved model",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["LLM02", "LLM06", "hipaa-prv-502e", "gdpr-28-3", "aia-26-4"],
    tags: &["phi", "ai"],
    replaces: &[],
    sbs: &[],
    needs: &["the agents, topics, actions and flows", "the models that are approved, in `models.yaml`"],
};

/// An action: what it is called, the element that says its target, and the agents that have it.
struct Action<'p> {
    component: String,
    element: Element<'p>,
    agents: BTreeSet<String>,
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    for action in actions(cx) {
        out.judged(1);
        judge(cx, &action, out);
    }
}

/// The actions that planners use: by name through topics, and those that stand in the planner itself.
fn actions<'p>(cx: &Context<'p>) -> Vec<Action<'p>> {
    let mut agents_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut found = Vec::new();
    for planner in cx.project.agent_planners() {
        let agent = planner.name().to_owned();
        let topics: BTreeSet<String> = planner.topic_names().map(|name| name.to_lowercase()).collect();
        let of_topics = cx.project.agent_topics().filter(|topic| topics.contains(&topic.name().to_lowercase()));
        let named = of_topics.flat_map(|topic| topic.action_names()).chain(planner.action_names());
        for name in named {
            agents_of.entry(name.to_lowercase()).or_default().insert(agent.clone());
        }
        let inside = planner.element().descendants().filter(|element| element.child("invocationTarget").is_some());
        found.extend(inside.map(|element| Action {
            component: format!("{}:{agent}", planner.component().kind()),
            element,
            agents: BTreeSet::from([agent.clone()]),
        }));
    }
    let shared = cx.project.agent_actions().filter_map(|action| {
        let agents = agents_of.get(&action.name().to_lowercase())?.clone();
        Some(Action { component: format!("GenAiFunction:{}", action.name()), element: action.element(), agents })
    });
    found.extend(shared);
    found
}

fn judge(cx: &Context<'_>, action: &Action<'_>, out: &mut Outcome) {
    let Some(target) = action.element.value("invocationTarget") else { return };
    let kind = action.element.value("invocationTargetType");
    let names: Vec<String> = action.agents.iter().map(|name| format!("`{name}`")).collect();
    let whose = format!("the agent{} {}", if names.len() == 1 { "" } else { "s" }, joined(&names));
    match kind.as_deref() {
        Some("flow") => {}
        // What is merged into a prompt is told where the prompt stands.
        Some("generatePromptResponse" | "prompt" | "promptTemplate") => return,
        other => {
            out.unknown(
                format!("what `{}` ({}), an action of {whose}, reaches", target.as_str(), other.unwrap_or("of no kind")),
                "read what the action returns: it is part of the agent's prompt",
            );
            return;
        }
    }
    let Some(flow) = flow_reach::named(cx, &target) else {
        out.unknown(
            format!("what the flow `{}`, an action of {whose}, reaches", target.as_str()),
            format!("retrieve `Flow:{}`", target.as_str()),
        );
        return;
    };
    if !flow_reach::runs(cx, flow) {
        return;
    }
    let Some(phi) = flow_reach::looked_up(cx, flow).or_else(|| flow_reach::written(cx, flow)) else { return };
    if covered(cx, &phi) {
        return;
    }
    let why = if cx.has_bundle() {
        "the bundle has no model approved for it"
    } else {
        "nothing says which model sees it"
    };
    out.found(
        Draft::new(
            action.component.clone(),
            cx.place(&target),
            format!(
                "{whose} reach{} `{}` through the flow `{}`: it holds {}, and {why}",
                if names.len() == 1 { "es" } else { "" },
                phi.name,
                flow.name(),
                phi.holds()
            ),
            "return no more than the topic needs; or enter the model in `phiward/models.yaml` with provider, region, classes and approvals, as \
             far as these are really given",
        )
        .confidence(phi.confidence)
        .detail(target.to_lowercase())
        .related(crate::sharing::start(flow.element()), "the flow that the action runs")
        .fields(phi.fields),
    );
}

/// Whether a model of the bundle may be given what the object holds, and an approver approved it.
fn covered(cx: &Context<'_>, phi: &PhiObject) -> bool {
    let known = cx.classes.phi_fields(&phi.name);
    let worst = known.into_iter().map(|(_, verdict)| verdict.class).max().unwrap_or(Class::Phi);
    let approvers = cx.policy.approvers();
    cx.policy.models().iter().any(|model| {
        let is_approved = model.approvals.iter().any(|one| {
            let is_approver = |people: &policy::bundle::organisation::Approvers| {
                people.people.iter().any(|person| person.id.value == one.by.value)
            };
            one.on.value <= cx.today && approvers.is_some_and(is_approver)
        });
        is_approved && model.classes.iter().any(|class| class.value == worst)
    })
}
