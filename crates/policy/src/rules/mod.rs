//! The rules: shipped guardrails and the bundle's own, in Cedar.
//!
//! Cedar is what decides. [`tables`] only remembers what it said, per lane and field signature.

mod entities;
mod reading;
pub(crate) mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use cedar_policy::{Authorizer, Decision, Effect, Entities, PolicySet, Request, Schema};
use source::{Problem, Severity, Source};

use crate::bundle::clause;
use crate::bundle::expectation::Expectation;
use crate::decide::facts::{Case, Dimension};
use crate::decide::reasons::{MISSING, REFUSALS};
use crate::file::suggest;
use crate::model::Content;
use crate::place::Place;
use crate::vocabulary::Action;

/// Guardrails and schema as they are shipped, path and text: part of every bundle's digest.
pub(crate) const SHIPPED: &[(&str, &str)] = &[
    ("channel.cedar", include_str!("guardrails/channel.cedar")),
    ("ground.cedar", include_str!("guardrails/ground.cedar")),
    ("permits.cedar", include_str!("guardrails/permits.cedar")),
    ("person.cedar", include_str!("guardrails/person.cedar")),
    ("phiward.cedarschema", include_str!("phiward.cedarschema")),
    ("place.cedar", include_str!("guardrails/place.cedar")),
];

/// The Cedar schema that rules are checked against.
pub const CEDAR_SCHEMA: &str = include_str!("phiward.cedarschema");

/// One rule and what it reads.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// The reason code it gives.
    pub(crate) code: String,
    pub(crate) controls: Vec<String>,
    /// The fact that is missing where this rule speaks.
    pub(crate) missing: Option<String>,
    /// In the bundle's own words.
    pub(crate) because: Option<String>,
    pub(crate) permits: bool,
    /// Nothing for a shipped guardrail.
    pub(crate) place: Option<Place>,
    pub(crate) reads: BTreeSet<Dimension>,
    /// Facts beyond the tables: `ip`, `day`, `hour`, `subjectRegion`.
    pub(crate) extra: BTreeSet<String>,
    /// Nothing where it speaks of every action.
    pub(crate) actions: Option<BTreeSet<Action>>,
}

impl Rule {
    pub(crate) fn speaks_of(&self, action: Action) -> bool {
        self.actions.as_ref().is_none_or(|actions| actions.contains(&action))
    }

    /// More than the tables can hold: such a rule is asked of Cedar each time.
    pub(crate) fn reads_more(&self) -> bool {
        self.reads.len() > 1 || !self.extra.is_empty()
    }
}

/// All rules of a policy.
pub(crate) struct Rules {
    set: PolicySet,
    permits: PolicySet,
    /// What reads nothing that changes from call to call.
    fixed: Split,
    /// What reads one such fact, by it.
    by_dimension: BTreeMap<Dimension, Split>,
    pub(crate) rules: Vec<Rule>,
    by_id: BTreeMap<String, usize>,
    /// Fields and objects that the bundle's own rules name.
    named_fields: BTreeSet<String>,
    named_objects: BTreeSet<String>,
    /// Actions of which a rule speaks that the tables cannot hold.
    beyond_tables: BTreeSet<Action>,
    /// Rules that read facts beyond the tables.
    pub(crate) with_extra: Vec<usize>,
    pub(crate) tables: tables::Tables,
}

#[derive(Clone, Default)]
struct Split {
    permits: PolicySet,
    forbids: PolicySet,
}

/// What Cedar says of one field: the rules that forbid, and whether any permits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Positions in [`Rules::rules`], sorted.
    pub(crate) forbids: Vec<usize>,
    pub(crate) permitted: bool,
    /// A rule could not be evaluated: its id.
    pub(crate) failed: Option<String>,
}

pub(crate) fn schema() -> Option<&'static Schema> {
    static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::from_cedarschema_str(CEDAR_SCHEMA).ok().map(|(schema, _)| schema)).as_ref()
}

/// The ids of all items of the control catalogue that this crate cites, in reasons and clauses.
pub fn cited_controls() -> BTreeSet<&'static str> {
    let by_rules = reading::shipped().iter().flat_map(|(rule, _)| rule.controls.iter().map(String::as_str));
    let by_refusals = REFUSALS.iter().flat_map(|(_, controls)| controls.iter().copied());
    let clauses = clause::BAA.iter().chain(clause::DPA).map(|clause| clause.control);
    by_rules.chain(by_refusals).chain(clauses).collect()
}

impl Rules {
    pub(crate) fn read(sources: &[Source], content: &Content, problems: &mut Vec<Problem>) -> Self {
        let mut policies = reading::shipped().to_vec();
        policies.extend(reading::own(sources, content, problems));
        let mut rules = Self {
            set: PolicySet::new(),
            permits: PolicySet::new(),
            fixed: Split::default(),
            by_dimension: BTreeMap::new(),
            rules: Vec::new(),
            by_id: BTreeMap::new(),
            named_fields: BTreeSet::new(),
            named_objects: BTreeSet::new(),
            beyond_tables: BTreeSet::new(),
            with_extra: Vec::new(),
            tables: tables::Tables::default(),
        };
        for (rule, policy) in policies {
            // Ids were made unique while reading.
            if rules.set.add(policy.clone()).is_err() {
                continue;
            }
            if rule.permits {
                let _ = rules.permits.add(policy.clone());
            }
            for uid in policy.entity_literals() {
                match uid.type_name().basename() {
                    "Field" => rules.named_fields.insert(uid.id().unescaped().to_owned()),
                    "Object" => rules.named_objects.insert(uid.id().unescaped().to_owned()),
                    _ => false,
                };
            }
            if !rule.extra.is_empty() {
                rules.with_extra.push(rules.rules.len());
            }
            if rule.reads_more() {
                rules.beyond_tables.extend(Action::ALL.iter().filter(|action| rule.speaks_of(**action)));
            } else {
                let split = match rule.reads.first() {
                    None => &mut rules.fixed,
                    Some(dimension) => rules.by_dimension.entry(*dimension).or_default(),
                };
                let part = if rule.permits { &mut split.permits } else { &mut split.forbids };
                let _ = part.add(policy);
            }
            rules.by_id.insert(rule.id.clone(), rules.rules.len());
            rules.rules.push(rule);
        }
        rules
    }

    /// Every code that a reason can have.
    pub(crate) fn codes(&self) -> BTreeSet<&str> {
        let codes = self.rules.iter().filter(|rule| !rule.permits).map(|rule| rule.code.as_str());
        codes.chain(REFUSALS.iter().map(|(code, _)| *code)).collect()
    }

    /// Every name that a missing fact can have.
    pub(crate) fn missing(&self) -> BTreeSet<&str> {
        let own = self.rules.iter().filter_map(|rule| rule.missing.as_deref());
        own.chain(MISSING.iter().copied()).collect()
    }

    /// An expectation that waits for a reason which no rule gives would never be met.
    pub(crate) fn check_codes(&self, expectations: &[Expectation], problems: &mut Vec<Problem>) {
        let codes = self.codes();
        for because in expectations.iter().filter_map(|one| one.because.as_ref()) {
            if !codes.contains(because.as_str()) {
                let message = format!("no rule gives the reason `{}`", because.value);
                let help = suggest::help(because.as_str(), codes.iter().copied());
                let problem = because.place.problem(Severity::Error, "unknown-reference", message);
                problems.push(problem.with_help(help));
            }
        }
    }

    /// A rule as Cedar prints it, without its comments and line ends.
    pub(crate) fn text(&self, id: &str) -> String {
        let policy = self.set.policy(&cedar_policy::PolicyId::new(id));
        let json = policy.and_then(|policy| policy.to_json().ok());
        json.map(|json| json.to_string()).unwrap_or_default()
    }

    pub(crate) fn rule(&self, at: usize) -> Option<&Rule> {
        self.rules.get(at)
    }

    /// What Cedar says, asked directly: the truth that the tables must agree with.
    pub(crate) fn ask(&self, case: &Case<'_>) -> Verdict {
        let Some((request, entities)) = entities::of(case) else {
            return Verdict { failed: Some("request".to_owned()), ..Verdict::default() };
        };
        let mut verdict = self.ask_set(&self.set, &request, &entities);
        // Where a forbid speaks, Cedar does not name the permits: whether there is one decides between
        // "denied" and "not known yet" when all that speaks is a missing fact.
        if !verdict.permitted {
            verdict.permitted = self.ask_set(&self.permits, &request, &entities).permitted;
        }
        verdict
    }

    fn ask_set(&self, set: &PolicySet, request: &Request, entities: &Entities) -> Verdict {
        let response = Authorizer::new().is_authorized(request, set, entities);
        let failed = response.diagnostics().errors().next().map(|error| match error {
            cedar_policy::AuthorizationError::PolicyEvaluationError(error) => error.policy_id().to_string(),
        });
        let mut forbids: Vec<usize> = Vec::new();
        if response.decision() == Decision::Deny {
            let ids = response.diagnostics().reason().filter_map(|id| self.by_id.get::<str>(id.as_ref()));
            forbids.extend(ids);
            forbids.sort_unstable();
        }
        Verdict { forbids, permitted: response.decision() == Decision::Allow, failed }
    }

    /// What the rules of one split say, permits and forbids apart.
    fn ask_split(&self, split: &Split, request: &Request, entities: &Entities) -> Verdict {
        let mut verdict = self.ask_set(&split.forbids, request, entities);
        let permits = self.ask_set(&split.permits, request, entities);
        verdict.permitted = permits.permitted;
        verdict.failed = verdict.failed.or(permits.failed);
        verdict
    }
}

fn effect_permits(policy: &cedar_policy::Policy) -> bool {
    policy.effect() == Effect::Permit
}
