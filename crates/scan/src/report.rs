use std::collections::BTreeMap;

use journal::{Finding, Gap, Severity};
use serde::{Deserialize, Serialize};
use source::Problem;

use crate::classification::Verdict;
use crate::endpoint::Endpoint;
use crate::flow::FoundFlow;

/// What a scan says of a project.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// By severity, the worst first, then by place. Suppressed ones are among them: see [`Finding::counts`].
    pub findings: Vec<Finding>,
    /// What could not be judged, and what would settle it.
    pub gaps: Vec<Gap>,
    /// How many things each rule looked at.
    pub judged: BTreeMap<&'static str, usize>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What each field of the source holds.
    pub fields: Vec<ClassifiedField>,
    /// Where data can leave to.
    pub endpoints: Vec<Endpoint>,
    /// What the source sends where, for reconciliation with what the bundle declares.
    pub flows: Vec<FoundFlow>,
    pub totals: Totals,
    /// Code that is in the source and that no rule of this release judges for what it does with data, by kind and
    /// number of files. Its addresses and literals are read.
    pub unjudged: BTreeMap<&'static str, usize>,
    /// SHA-256 over the paths and bytes of what was read, `sha256:` and hexadecimal.
    pub source_digest: String,
    /// The digest of the bundle, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_digest: Option<String>,
}

/// A field of the source and what it holds.
#[derive(Debug, Clone, Serialize)]
pub struct ClassifiedField {
    pub object: String,
    pub field: String,
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Whether Shield Platform Encryption is on for it in the source.
    pub encrypted: bool,
}

/// How much was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub files: usize,
    pub components: usize,
    pub objects: usize,
    pub fields: usize,
    pub phi_fields: usize,
}

impl Report {
    /// The findings that no baseline, comment or exception takes away.
    pub fn counting(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.counts())
    }

    /// Problems that kept a part from being read or an exception from holding.
    pub fn unread(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == source::Severity::Error)
    }

    pub(crate) fn sort(&mut self) {
        self.findings.sort_by(|a, b| {
            let key =
                |f: &Finding| (std::cmp::Reverse(f.severity), f.rule, f.place.clone(), f.fingerprint.clone());
            key(a).cmp(&key(b))
        });
        self.flows.sort();
        self.flows.dedup();
        self.gaps.sort();
        self.gaps.dedup();
        self.problems.sort();
    }

    pub fn worst(&self) -> Option<Severity> {
        self.counting().map(|finding| finding.severity).max()
    }

    /// How many count, the worst severity first.
    pub fn by_severity(&self) -> [(Severity, usize); 5] {
        Severity::ALL.map(|severity| (severity, self.counting().filter(|f| f.severity == severity).count()))
    }

    /// How many count, in words for people, the worst severity first; empty where none does.
    pub fn counts(&self) -> String {
        let some = self.by_severity().into_iter().filter(|(_, count)| *count > 0);
        some.map(|(severity, count)| format!("{count} {severity}")).collect::<Vec<_>>().join(", ")
    }
}
