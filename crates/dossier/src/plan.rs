//! What to do in which order: computed from the findings, so that a second look computes it anew.
//!
//! A step is what one rule asks for with one urgency. Its time comes from the severity, then from law: what a
//! required specification of the Security Rule asks comes one stage before what is addressable (45 CFR
//! 164.306(d)). Then from effort, counted in changes and not in findings: few changes come one stage sooner, many
//! one later, unless the matter is critical.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use journal::{Finding, Gap, Persona, Severity, SuppressionKind};
use policy::controls::Catalogue;

use crate::absence::Absence;
use crate::cause::Group;

/// Days from the reading, in stages.
pub(crate) const STAGES: [i64; 4] = [30, 60, 90, 120];

/// Changes that one person makes along the way.
pub(crate) const FEW: usize = 3;
/// Changes that need a plan of their own.
pub(crate) const MANY: usize = 15;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step<'r> {
    /// Position in [`STAGES`].
    pub(crate) stage: usize,
    pub(crate) severity: Severity,
    pub(crate) who: Who,
    pub(crate) work: Work<'r>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work<'r> {
    /// Mend what a rule found.
    Mend {
        rule: &'static str,
        /// One change each.
        causes: Vec<&'r str>,
        findings: Vec<&'r Finding>,
        /// What the nearest control asks is required.
        required: bool,
    },
    /// Ask the org what the source cannot tell.
    Ask { gaps: Vec<&'r Gap>, absences: Vec<&'r Absence> },
    /// Decide anew on an accepted finding before its date.
    Renew { findings: Vec<&'r Finding>, until: Date },
    /// Fill in what the draft record of processing leaves open.
    Record { open: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Developer,
    Security,
    Privacy,
}

impl Who {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Who::Developer => "developer",
            Who::Security => "security engineer",
            Who::Privacy => "privacy officer",
        }
    }

    const fn of(persona: Persona) -> Self {
        match persona {
            Persona::Developer => Who::Developer,
            Persona::Security => Who::Security,
            Persona::Auditor => Who::Privacy,
        }
    }
}

/// What the plan is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'r> {
    pub(crate) findings: &'r [Finding],
    pub(crate) gaps: &'r [Gap],
    /// What the source lacks that no rule asks for by name.
    pub(crate) absences: &'r [Absence],
    pub(crate) today: Date,
    /// Unknown cells of the draft record.
    pub(crate) open_cells: usize,
}

/// All steps, by stage, then the worst first.
pub(crate) fn steps<'r>(catalogue: &Catalogue, groups: &[Group<'r>], facts: &Facts<'r>) -> Vec<Step<'r>> {
    let mut steps = Vec::new();
    for group in groups {
        // One rule can find the grave and the slight, and these are not due together.
        let mut parts: BTreeMap<(usize, Who), Part<'r>> = BTreeMap::new();
        let mut changes: BTreeMap<Severity, usize> = BTreeMap::new();
        for cause in &group.causes {
            *changes.entry(cause.severity()).or_default() += 1;
        }
        for cause in &group.causes {
            let required = cause.findings.iter().any(|finding| is_required(catalogue, finding));
            let count = changes.get(&cause.severity()).copied().unwrap_or(1);
            let stage = stage(cause.severity(), required, count);
            let who = cause.findings.first().map_or(Who::Security, |finding| Who::of(finding.persona));
            let part = parts.entry((stage, who)).or_default();
            part.causes.push(cause.name);
            part.findings.extend(&cause.findings);
            part.required |= required;
        }
        for ((stage, who), Part { causes, findings, required }) in parts {
            let severity = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info);
            let work = Work::Mend { rule: group.rule, causes, findings, required };
            steps.push(Step { stage, severity, who, work });
        }
    }
    if !facts.gaps.is_empty() || !facts.absences.is_empty() {
        let work = Work::Ask { gaps: facts.gaps.iter().collect(), absences: facts.absences.iter().collect() };
        steps.push(Step { stage: 0, severity: Severity::Info, who: Who::Security, work });
    }
    if facts.open_cells > 0 {
        let work = Work::Record { open: facts.open_cells };
        steps.push(Step { stage: 1, severity: Severity::Info, who: Who::Privacy, work });
    }
    steps.extend(renewals(facts));
    steps.sort_by_key(|step| (step.stage, std::cmp::Reverse(step.severity), step.who));
    steps
}

/// What of a rule's findings falls to the same person at the same time.
#[derive(Default)]
struct Part<'r> {
    causes: Vec<&'r str>,
    findings: Vec<&'r Finding>,
    required: bool,
}

/// Whether what the nearest control asks is required, and not addressable, optional or proposed.
fn is_required(catalogue: &Catalogue, finding: &Finding) -> bool {
    let nearest = finding
        .controls
        .iter()
        .filter_map(|id| catalogue.control(id))
        .find_map(|control| control.requirement.as_deref());
    nearest == Some("required")
}

fn stage(severity: Severity, required: bool, changes: usize) -> usize {
    let by_severity: usize = match (severity, required) {
        (Severity::Critical, _) | (Severity::High, true) => 0,
        (Severity::High, false) | (Severity::Medium, true) => 1,
        (Severity::Medium, false) | (Severity::Low, true) => 2,
        (Severity::Low, false) | (Severity::Info, _) => 3,
    };
    let last = STAGES.len() - 1;
    match (severity, changes) {
        (Severity::Critical, _) => by_severity,
        (_, changes) if changes <= FEW => by_severity.saturating_sub(1),
        (_, changes) if changes > MANY => (by_severity + 1).min(last),
        _ => by_severity,
    }
}

/// Accepted findings whose time ends within the plan.
fn renewals<'r>(facts: &Facts<'r>) -> Vec<Step<'r>> {
    let mut by_stage: BTreeMap<usize, (Vec<&'r Finding>, Date)> = BTreeMap::new();
    for finding in facts.findings {
        let Some(until) = finding.suppressed.as_ref().filter(|by| by.kind == SuppressionKind::Exception)
        else {
            continue;
        };
        let Some(until) = until.expires else { continue };
        let Some(stage) = (0..STAGES.len()).find(|stage| until <= due(facts.today, *stage)) else { continue };
        let entry = by_stage.entry(stage).or_insert((Vec::new(), until));
        entry.0.push(finding);
        entry.1 = entry.1.min(until);
    }
    by_stage
        .into_iter()
        .map(|(stage, (findings, until))| {
            let severity = findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info);
            Step { stage, severity, who: Who::Privacy, work: Work::Renew { findings, until } }
        })
        .collect()
}

/// The day by which a stage ends.
pub(crate) fn due(today: Date, stage: usize) -> Date {
    let days: Span = STAGES.get(stage).copied().unwrap_or(120).days();
    today.saturating_add(days)
}

/// What a step's controls are called, the nearest first, each once.
pub(crate) fn citations<'c>(catalogue: &'c Catalogue, findings: &[&Finding]) -> Vec<&'c str> {
    let mut seen = BTreeSet::new();
    findings
        .iter()
        .flat_map(|finding| finding.controls.iter())
        .filter(|id| seen.insert(**id))
        .filter_map(|id| catalogue.control(id))
        .map(|control| control.citation.as_str())
        .collect()
}

#[cfg(test)]
mod tests;
