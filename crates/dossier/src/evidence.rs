//! What this reading proves, for machines: one dated statement, and each control with what speaks for its state.

use journal::canonical::{self, CanonicalError};
use journal::{Collector, Count, Evidence, Outcome, Period};
use scan::Report;
use serde::Serialize;

use crate::absence::Absence;
use crate::status::{Facet, Standing, State};
use crate::{Audit, Document};

/// The statement, in canonical JSON, so that its digest can be signed and logged.
pub(crate) fn statement(
    audit: &Audit<'_>,
    standings: &[Standing<'_>],
    absences: &[Absence],
) -> Result<Vec<u8>, CanonicalError> {
    canonical::bytes(&evidence(audit, standings, absences))
}

fn evidence(audit: &Audit<'_>, standings: &[Standing<'_>], absences: &[Absence]) -> Evidence {
    let report = audit.report;
    let count = |of: &str, number: usize| Count {
        of: of.to_owned(),
        number: u64::try_from(number).unwrap_or(u64::MAX),
    };
    let counting = report.counting().count();
    let mut counts = vec![
        count("files", report.totals.files),
        count("components", report.totals.components),
        count("objects", report.totals.objects),
        count("fields", report.totals.fields),
        count("fields-with-patient-data", report.totals.phi_fields),
        count("findings", counting),
        count("findings-set-aside", report.findings.len() - counting),
        count("gaps", report.gaps.len()),
        count("problems-of-reading", report.problems.len()),
    ];
    counts.extend(report.judged.iter().map(|(rule, judged)| count(&format!("judged/{rule}"), *judged)));
    Evidence {
        v: 1,
        kind: "source-scan".to_owned(),
        controls: standings.iter().filter(|one| one.is_served()).map(|one| one.control.id.clone()).collect(),
        collector: Collector { name: "phiward".to_owned(), version: audit.version.to_owned() },
        source: audit.project_name.to_owned(),
        digest: report.source_digest.clone(),
        observed: Period { from: audit.generated_at, to: audit.generated_at },
        collected_at: audit.generated_at,
        counts,
        policy: report.policy_digest.clone(),
        outcome: outcome(report, absences),
    }
}

fn outcome(report: &Report, absences: &[Absence]) -> Outcome {
    let judged: usize = report.judged.values().sum();
    if report.counting().next().is_some() {
        Outcome::Findings
    } else if judged == 0 || !report.gaps.is_empty() || !report.problems.is_empty() || !absences.is_empty() {
        Outcome::Unknown
    } else if report.findings.is_empty() {
        Outcome::InOrder
    } else {
        Outcome::Accepted
    }
}

#[derive(Serialize)]
struct Controls<'a> {
    /// Grows when a member changes its meaning.
    format: u32,
    tool: &'static str,
    version: &'a str,
    at: jiff::Timestamp,
    source_digest: &'a str,
    policy_digest: Option<&'a str>,
    controls: Vec<ControlOut<'a>>,
}

#[derive(Serialize)]
struct ControlOut<'a> {
    framework: &'a str,
    id: &'a str,
    citation: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    requirement: Option<&'a str>,
    /// How far the wording was checked.
    checked: &'a str,
    status: policy::controls::Status,
    state: State,
    code: &'a Facet,
    org: &'a Facet,
    people: &'a Facet,
    rules: &'a [&'a str],
    judged: usize,
    findings: &'a [&'a str],
    set_aside: &'a [&'a str],
    gaps: &'a [&'a journal::Gap],
    /// What the source lacks that no rule asks for by name.
    absences: &'a [&'a Absence],
    /// The file of this folder that the state rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'static str>,
}

/// Every control of the catalogue.
pub(crate) fn controls(audit: &Audit<'_>, standings: &[Standing<'_>]) -> Result<Vec<u8>, CanonicalError> {
    let controls = standings
        .iter()
        .map(|one| ControlOut {
            framework: &one.framework.id,
            id: &one.control.id,
            citation: &one.control.citation,
            title: &one.control.title,
            requirement: one.control.requirement.as_deref(),
            checked: &one.control.checked,
            status: one.framework.status,
            state: one.state(),
            code: &one.code,
            org: &one.org,
            people: &one.people,
            rules: &one.rules,
            judged: one.judged,
            findings: &one.findings,
            set_aside: &one.set_aside,
            gaps: &one.gaps,
            absences: &one.absences,
            evidence: one.is_served().then_some(EVIDENCE),
        })
        .collect();
    let out = Controls {
        format: 1,
        tool: "phiward",
        version: audit.version,
        at: audit.generated_at,
        source_digest: &audit.report.source_digest,
        policy_digest: audit.report.policy_digest.as_deref(),
        controls,
    };
    let mut bytes = serde_json::to_vec_pretty(&out)?;
    bytes.push(b'\n');
    Ok(bytes)
}

pub(crate) const EVIDENCE: &str = "evidence.json";

impl Document {
    pub(crate) fn new(name: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name, bytes: bytes.into() }
    }
}
