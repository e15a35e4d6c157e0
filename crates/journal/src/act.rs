//! What an entry tells of: a closed list of kinds.

mod governance;
mod traffic;
mod upkeep;

pub use governance::{
    Approval, ApprovalWord, Block, Blocked, EvidenceOutcome, EvidenceRecord, Examined, FindingSnapshot,
    FlowSnapshot, Grant, IncidentAct, IncidentStep, Person, PolicyChange, ReviewDecision, ReviewWord, Scope,
    StandingFact, StandingKind, StandingWord, Statement, Tally,
};
pub use traffic::{ApiCall, Call, Decision, FieldAccess, Inference, Interface, Oversight};
pub use upkeep::{ConfigurationChange, KeyEvent, KeyKind, KeyReason, KeyStep, LeafRange, Room, Setting};

use policy::Policy;

use crate::form::{choice, one_of};

one_of! {
    /// The kinds of entries.
    pub enum Act {
        /// A call that came in or went out.
        ApiCall(ApiCall) = "api-call",
        /// What the policy answered.
        Decision(Decision) = "decision",
        /// Fields of people that somebody was given or changed.
        FieldAccess(FieldAccess) = "field-access",
        /// A model was asked.
        Inference(Inference) = "inference",
        /// A key came, changed or went.
        KeyEvent(KeyEvent) = "key-event",
        /// Another bundle took force.
        PolicyChange(PolicyChange) = "policy-change",
        /// A person approved something, or did not.
        Approval(Approval) = "approval",
        /// Access for a time.
        Grant(Grant) = "grant",
        /// Someone or something was shut out, or let in again.
        Block(Block) = "block",
        /// What a person said: an authorisation, a restriction, an objection, a consent.
        StandingFact(StandingFact) = "standing-fact",
        /// A reviewer judged somebody's access.
        ReviewDecision(ReviewDecision) = "review-decision",
        /// What a scan found.
        FindingSnapshot(FindingSnapshot) = "finding-snapshot",
        /// Flows declared, found and observed, compared.
        FlowSnapshot(FlowSnapshot) = "flow-snapshot",
        /// A dated statement of what was looked at.
        Evidence(EvidenceRecord) = "evidence",
        /// A step in the handling of an incident.
        IncidentAct(IncidentAct) = "incident-act",
        /// A part of Phiward was set otherwise, started, stopped or tended.
        ConfigurationChange(ConfigurationChange) = "configuration-change",
    }
}

choice! {
    /// Which rules of retention an entry falls under: the `what` of a bundle's retention rules.
    pub enum Retained = "a retention class" {
        /// Who saw and did what.
        AccessLog = "access-log",
        /// What models were given and gave: EU AI Act Art. 19 and 26(6).
        InferenceLog = "inference-log",
        /// Policies, approvals, reviews, evidence, incidents, keys and settings: 45 CFR 164.316(b)(2)(i).
        PolicyDocuments = "policy-documents",
    }
}

impl Act {
    /// Which rules of retention the entry falls under.
    pub const fn retained(&self) -> Retained {
        match self {
            Self::ApiCall(_) | Self::Decision(_) | Self::FieldAccess(_) => Retained::AccessLog,
            Self::Inference(_) => Retained::InferenceLog,
            Self::KeyEvent(_)
            | Self::PolicyChange(_)
            | Self::Approval(_)
            | Self::Grant(_)
            | Self::Block(_)
            | Self::StandingFact(_)
            | Self::ReviewDecision(_)
            | Self::FindingSnapshot(_)
            | Self::FlowSnapshot(_)
            | Self::Evidence(_)
            | Self::IncidentAct(_)
            | Self::ConfigurationChange(_) => Retained::PolicyDocuments,
        }
    }

    /// Whether the bundle gives all names that stand in it.
    pub(crate) fn is_declared(&self, policy: &Policy) -> bool {
        match self {
            Self::Decision(decision) => {
                decision.reasons.iter().all(|code| policy.gives_reason(code.as_str()))
                    && decision.missing.iter().all(|fact| policy.can_miss(fact.as_str()))
            }
            Self::Inference(inference) => inference.model.is_declared(policy),
            Self::PolicyChange(change) => change.approvers.iter().all(|one| one.is_declared(policy)),
            Self::Approval(approval) => approval.by.is_declared(policy),
            Self::Grant(grant) => {
                grant.ceiling.is_declared(policy)
                    && grant.to.is_declared(policy)
                    && grant.approvers.iter().all(|one| one.is_declared(policy))
            }
            Self::Block(block) => {
                let what = match &block.what {
                    Blocked::Identity(name) => name.is_declared(policy),
                    Blocked::Party(name) => name.is_declared(policy),
                    Blocked::Model(name) => name.is_declared(policy),
                    Blocked::Flow(name) => name.is_declared(policy),
                };
                what && block.by.as_ref().is_none_or(|by| by.is_declared(policy))
            }
            Self::StandingFact(fact) => {
                let parties = fact.scope.iter().flat_map(|scope| &scope.parties);
                parties.into_iter().all(|party| party.is_declared(policy))
            }
            Self::ReviewDecision(review) => {
                let object = review.object.as_str();
                let data = match &review.field {
                    Some(field) => policy.class_of(object, field.as_str()).is_some(),
                    None => policy.object(object).is_some(),
                };
                data && review.of.is_declared(policy) && review.by.is_declared(policy)
            }
            Self::KeyEvent(event) => {
                event.people.iter().all(|one| one.is_declared(policy))
                    && event.by.as_ref().is_none_or(|by| by.is_declared(policy))
            }
            Self::ApiCall(_)
            | Self::FieldAccess(_)
            | Self::FindingSnapshot(_)
            | Self::FlowSnapshot(_)
            | Self::Evidence(_)
            | Self::IncidentAct(_)
            | Self::ConfigurationChange(_) => true,
        }
    }

    /// What contradicts itself though each key is well formed.
    pub(crate) fn contradiction(&self) -> Option<&'static str> {
        match self {
            Self::Grant(grant) if grant.until <= grant.from => Some("the grant ends before it begins"),
            Self::Block(block) => block.days_end_first(),
            Self::StandingFact(fact) => fact.days_end_first(),
            Self::Evidence(evidence) if evidence.to < evidence.from => {
                Some("the observed time ends before it begins")
            }
            Self::FlowSnapshot(flows) if flows.to < flows.from => {
                Some("the observed time ends before it begins")
            }
            Self::ConfigurationChange(change) => change.contradiction(),
            _ => None,
        }
    }
}
