//! What encrypting a field would break, and how to get there.

mod again;
pub(crate) mod arguments;
mod destination;
mod output;
pub(crate) mod rows;

use scan::encryption_plan::{self, Mode, Question};

use crate::arguments::{GuardPlan, Plain, PlanFor, Scheme, Subject};
use crate::{Verdict, files, judge, near};

pub(crate) fn run(arguments: &GuardPlan) -> Result<Verdict, String> {
    let subject = Subject {
        path: arguments.path.clone(),
        policy: arguments.policy.clone(),
        facts: None,
        on: None,
        rules: Vec::new(),
        skip: Vec::new(),
        baseline: None,
        fail_on: journal::Severity::Critical,
    };
    let question = question(arguments)?;
    let read = judge::read(&subject)?;
    let input = scan::Input {
        project: &read.project,
        policy: &read.policy,
        bundle: &read.bundle,
        facts: &read.facts,
        today: read.today,
    };
    let plan = encryption_plan::plan(&input, &arguments.field, question).map_err(|unknown| {
        let near = near::matches(&arguments.field, unknown.known.iter().map(String::as_str));
        let asked = source::plain(&arguments.field);
        format!("no field `{asked}` is known of source, bundle or catalogue, written OBJECT.FIELD{near}")
    })?;
    if arguments.mode.is_some() && plan.platform.is_none() {
        return Err(
            "--mode is one of Shield's, and the bundle asks for the gateway alone; add --for platform"
                .to_owned(),
        );
    }
    let unread = read.project.problems();
    let bytes = match arguments.format {
        Plain::Human => output::human(&plan, unread.len()).into_bytes(),
        Plain::Json => output::json(&plan, unread)?,
    };
    match &arguments.output {
        Some(path) => files::write(path, &bytes)?,
        None => files::print(&bytes)?,
    }
    Ok(Verdict::InOrder)
}

fn question(arguments: &GuardPlan) -> Result<Question, String> {
    let scheme = arguments.mode.map(|scheme| match scheme {
        Scheme::Probabilistic => Mode::Probabilistic,
        Scheme::DeterministicCaseSensitive => Mode::DeterministicCaseSensitive,
        Scheme::DeterministicCaseInsensitive => Mode::DeterministicCaseInsensitive,
    });
    let by = match arguments.by {
        None => encryption_plan::For::Bundle,
        Some(PlanFor::Platform) => encryption_plan::For::Platform,
        Some(PlanFor::Gateway) => encryption_plan::For::Gateway,
        Some(PlanFor::Both) => encryption_plan::For::Both,
    };
    if scheme.is_some() && by == encryption_plan::For::Gateway {
        return Err("--mode is one of Shield's: it does not go with --for gateway".to_owned());
    }
    Ok(Question { by, scheme })
}
