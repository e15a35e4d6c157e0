//! Judges a Salesforce project by the policy.
//!
//! In come a [`sfdx::Project`], a [`policy::Policy`] (empty where there is no bundle yet) and the day; out comes
//! a [`Report`] of findings, of what could not be judged, and of what each field holds. [`run`] is a pure
//! function of these. What never happens here: nothing absent from the source is judged, nothing is fetched,
//! and no value from a data file is repeated.

mod baseline;
mod classification;
mod config;
mod context;
mod endpoint;
mod flow;
mod literal;
pub mod output;
mod proposal;
mod registry;
mod report;
mod rule;
mod suppress;

pub use baseline::{Baseline, BaselineError};
pub use classification::{Classification, Evidence, Verdict};
pub use config::Config;
pub use context::{Context, Input};
pub use endpoint::{Endpoint, EndpointKind};
pub use flow::{Destination, FoundFlow};
pub use proposal::{Proposed, propose};
pub use registry::rule;
pub use report::{ClassifiedField, Report, Totals};
pub use rule::{Meta, Rule};

registry::rules![];

use journal::Finding;
use rayon::prelude::*;
use rule::Outcome;

/// Judges the project by every rule that the configuration asks for.
pub fn run(input: &Input<'_>, config: &Config) -> Report {
    let context = Context::new(input);
    let asked = |rule: &&Rule| {
        (config.only.is_empty() || config.only.iter().any(|id| id == rule.id))
            && !config.skip.iter().any(|id| id == rule.id)
    };
    let rules: Vec<&'static Rule> = RULES.iter().filter(asked).collect();
    let outcomes: Vec<(&'static Rule, Outcome)> = rules
        .into_par_iter()
        .map(|rule| {
            let mut outcome = Outcome::new(rule);
            (rule.check)(&context, &mut outcome);
            (rule, outcome)
        })
        .collect();

    let mut report = Report {
        problems: input.project.problems().to_vec(),
        fields: context.classified_fields(),
        endpoints: context.endpoints().to_vec(),
        totals: context.totals(),
        source_digest: context.source_digest(),
        policy_digest: input.policy.is_present().then(|| input.policy.digest().to_string()),
        ..Report::default()
    };
    for (rule, outcome) in outcomes {
        report.judged.insert(rule.id, outcome.judged);
        report.gaps.extend(outcome.gaps);
        report.flows.extend(outcome.flows);
        let wanted = |finding: &Finding| {
            finding.confidence >= config.min_confidence && config.persona.wants(finding.persona)
        };
        report.findings.extend(outcome.findings.into_iter().filter(wanted));
    }
    suppress::apply(&context, &mut report);
    report.sort();
    report
}
