//! What of a scan an impact needs, in a form that can be kept and read again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};

use access::Model;
use journal::{Confidence, Finding, Fingerprint, Place, Severity, SuppressionKind};
use policy::Policy;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::reach::Reachable;

use crate::context::{is_text, unjudged_kind};
use crate::flow::Destination;
use crate::known_field::{self, bundle_fields};
use crate::{EndpointKind, Input, Report, Totals};

/// A state of a project and its bundle, as far as a comparison needs it. Holds names and digests, as a report does,
/// and nothing of what a data file holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    pub(super) format: u32,
    pub source_digest: String,
    pub policy_digest: Option<String>,
    pub totals: Totals,
    pub(super) findings: Vec<SeenFinding>,
    /// By lower-case `object.field`.
    pub(super) fields: BTreeMap<String, SeenField>,
    pub(super) flows: Vec<SeenFlow>,
    pub(super) endpoints: Vec<SeenEndpoint>,
    pub(super) gaps: Vec<SeenGap>,
    pub(super) problems: Vec<SeenProblem>,
    pub(super) reach: Reachable,
    /// The first half of each file's SHA-256, by path.
    pub(super) files: BTreeMap<String, String>,
    /// The kind of each file that no rule judges for what it does, by path.
    pub(super) unjudged: BTreeMap<String, String>,
}

/// Why a text is no snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    #[error("the snapshot is not JSON of the expected form: {0}")]
    Form(#[from] serde_json::Error),
    #[error("the snapshot has format {0}; this version reads format {1}")]
    Format(u32, u32),
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Site {
    /// From the project's root, with forward slashes.
    pub path: String,
    /// Counted from 1.
    pub line: u32,
}

impl Site {
    pub(super) fn of(place: &Place) -> Self {
        Self { path: place.path.clone(), line: place.start.line }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct SeenFinding {
    pub(super) fingerprint: Fingerprint,
    pub(super) rule: String,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) message: String,
    pub(super) fix: String,
    pub(super) site: Site,
    pub(super) component: String,
    pub(super) fields: Vec<String>,
    pub(super) party: Option<String>,
    pub(super) controls: Vec<String>,
    pub(super) accepted: Option<Accepted>,
}

/// Why a finding does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Accepted {
    pub(super) kind: SuppressionKind,
    pub(super) reason: String,
    pub(super) approver: Option<String>,
    pub(super) expires: Option<jiff::civil::Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeenField {
    pub(super) object: String,
    pub(super) field: String,
    pub(super) class: String,
    pub(super) identifier: Option<String>,
    pub(super) phi: bool,
    pub(super) by_bundle: bool,
    pub(super) encrypted: bool,
    /// Where the source describes it; a field that only the bundle names has none of its own.
    pub(super) in_source: bool,
}

impl SeenField {
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.object, self.field)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SeenFlow {
    pub(super) by: String,
    pub(super) to: Destination,
    pub(super) fields: Vec<String>,
    pub(super) site: Site,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SeenEndpoint {
    pub(super) kind: EndpointKind,
    pub(super) component: String,
    pub(super) host: String,
    pub(super) active: bool,
    /// The party or model of the bundle that has it.
    pub(super) owner: Option<String>,
    pub(super) site: Site,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SeenGap {
    pub(super) rule: String,
    pub(super) missing: String,
    pub(super) complete_with: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct SeenProblem {
    pub(super) code: String,
    pub(super) path: String,
    pub(super) message: String,
    pub(super) line: u32,
    /// Part of the file was not read.
    pub(super) unread: bool,
}

/// The access model of a project, with the fields that only its bundle names.
pub fn model(input: &Input<'_>) -> Model {
    let named: Vec<String> =
        bundle_fields(input.policy).map(|(object, field)| format!("{object}.{field}")).collect();
    Model::with_fields(input.project, input.facts, named.iter().map(String::as_str))
}

impl Snapshot {
    /// Grows when the form or the meaning of a member changes.
    pub const FORMAT: u32 = 2;

    /// The state that `report` was made of. `model` is [`model`] of the same input.
    pub fn of(input: &Input<'_>, report: &Report, model: &Model) -> Self {
        let fields = seen_fields(input.policy, report);
        let mut flows: Vec<SeenFlow> = report.flows.iter().map(seen_flow).collect();
        flows.sort();
        let mut endpoints: Vec<SeenEndpoint> = report
            .endpoints
            .iter()
            .map(|endpoint| SeenEndpoint {
                kind: endpoint.kind,
                component: endpoint.component.clone(),
                host: endpoint.host.clone(),
                active: endpoint.active,
                owner: endpoint.model.clone().or_else(|| endpoint.party.clone()),
                site: Site::of(&endpoint.place),
            })
            .collect();
        endpoints.sort();
        let unjudged = input.project.files().iter().filter_map(|file| {
            let kind = match file.kind {
                sfdx::Kind::StaticResource => "static resources",
                sfdx::Kind::Experience => "Experience Cloud pages",
                kind => unjudged_kind(kind)?,
            };
            Some((file.path.clone(), kind.to_owned()))
        });
        Self {
            format: Self::FORMAT,
            source_digest: report.source_digest.clone(),
            policy_digest: report.policy_digest.clone(),
            totals: report.totals,
            findings: report.findings.iter().map(seen_finding).collect(),
            reach: Reachable::of(model, fields.values().filter(|field| field.phi)),
            fields,
            flows,
            endpoints,
            gaps: report
                .gaps
                .iter()
                .map(|gap| SeenGap {
                    rule: gap.rule.to_owned(),
                    missing: gap.missing.clone(),
                    complete_with: gap.complete_with.clone(),
                })
                .collect(),
            problems: report.problems.iter().map(seen_problem).collect(),
            files: digests(input.project),
            unjudged: unjudged.collect(),
        }
    }

    /// The state of a folder that is not there.
    pub fn empty() -> Self {
        Self { format: Self::FORMAT, ..Self::default() }
    }

    /// Reads what [`Snapshot::write`] wrote.
    pub fn read(text: &str) -> Result<Self, SnapshotError> {
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        // The version first: a later form may lack what this one asks for.
        let Version { format } = serde_json::from_str(text)?;
        if format != Self::FORMAT {
            return Err(SnapshotError::Format(format, Self::FORMAT));
        }
        Ok(serde_json::from_str(text)?)
    }

    pub fn write(&self) -> Result<String, SnapshotError> {
        Ok(serde_json::to_string(self)?)
    }
}

fn seen_finding(finding: &Finding) -> SeenFinding {
    SeenFinding {
        fingerprint: finding.fingerprint.clone(),
        rule: finding.rule.to_owned(),
        severity: finding.severity,
        confidence: finding.confidence,
        message: finding.message.clone(),
        fix: finding.fix.clone(),
        site: Site::of(&finding.place),
        component: finding.component.clone(),
        fields: finding.fields.clone(),
        party: finding.party.clone(),
        controls: finding.controls.iter().map(|&control| control.to_owned()).collect(),
        accepted: finding.suppressed.as_ref().map(|one| Accepted {
            kind: one.kind,
            reason: one.reason.clone(),
            approver: one.approver.clone(),
            expires: one.expires,
        }),
    }
}

fn seen_flow(flow: &crate::FoundFlow) -> SeenFlow {
    SeenFlow {
        by: flow.by.clone(),
        to: flow.to.clone(),
        fields: flow.fields.clone(),
        site: Site::of(&flow.place),
    }
}

fn seen_problem(problem: &source::Problem) -> SeenProblem {
    SeenProblem {
        code: problem.code.to_owned(),
        path: problem.path.clone(),
        message: problem.message.clone(),
        line: problem.position.map_or(1, |position| position.line),
        unread: problem.severity == source::Severity::Error,
    }
}

fn seen_fields(policy: &Policy, report: &Report) -> BTreeMap<String, SeenField> {
    let known = known_field::known_fields(report, policy).into_iter();
    let seen = known.map(|(key, field)| {
        let seen = SeenField {
            class: field.class.to_string(),
            identifier: field.identifier.map(str::to_owned),
            phi: field.is_phi,
            by_bundle: field.by_bundle,
            encrypted: field.encrypted,
            in_source: field.in_source,
            object: field.object,
            field: field.field,
        };
        (key, seen)
    });
    seen.collect()
}

fn digests(project: &sfdx::Project) -> BTreeMap<String, String> {
    let digest = |file: &sfdx::File| {
        let text = match project.tree_at(&file.path) {
            Some(tree) => Some(of_text(tree.source().text())),
            None if is_text(file.kind) => project.load(file).ok().map(|(source, _)| of_text(source.text())),
            None => of_bytes(&project.root().join(&file.path)),
        };
        // What cannot be opened is told as a problem; its size is all that is known of it.
        (file.path.clone(), text.unwrap_or_else(|| format!("{} bytes", file.bytes)))
    };
    project.files().par_iter().map(digest).collect()
}

/// Checkouts differ in their line ends, and those change nothing.
fn of_text(text: &str) -> String {
    if text.contains('\r') {
        half(&Sha256::digest(text.replace("\r\n", "\n")))
    } else {
        half(&Sha256::digest(text))
    }
}

fn of_bytes(path: &std::path::Path) -> Option<String> {
    let mut hash = Sha256::new();
    let mut file = BufReader::new(File::open(path).ok()?);
    loop {
        let read = match file.fill_buf().ok()? {
            [] => return Some(half(&hash.finalize())),
            part => {
                hash.update(part);
                part.len()
            }
        };
        file.consume(read);
    }
}

fn half(digest: &[u8]) -> String {
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
