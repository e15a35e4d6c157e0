//! Findings by rule and cause: what one change mends stands together.

use std::collections::BTreeMap;

use journal::{Finding, Severity};

/// All findings of a rule that count, by cause; the worst cause first.
#[derive(Debug, Clone)]
pub(crate) struct Group<'r> {
    pub(crate) rule: &'static str,
    pub(crate) causes: Vec<Cause<'r>>,
}

/// Findings that one change mends, the worst first.
#[derive(Debug, Clone)]
pub(crate) struct Cause<'r> {
    pub(crate) name: &'r str,
    pub(crate) findings: Vec<&'r Finding>,
}

impl Cause<'_> {
    pub(crate) fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
    }
}

impl Group<'_> {
    pub(crate) fn severity(&self) -> Severity {
        self.causes.iter().map(Cause::severity).max().unwrap_or(Severity::Info)
    }

    pub(crate) fn count(&self) -> usize {
        self.causes.iter().map(|cause| cause.findings.len()).sum()
    }
}

/// Groups, the worst and largest first; the same findings in any order give the same groups.
pub(crate) fn groups<'r>(findings: impl Iterator<Item = &'r Finding>) -> Vec<Group<'r>> {
    let mut by_rule: BTreeMap<&'static str, BTreeMap<&'r str, Vec<&'r Finding>>> = BTreeMap::new();
    for finding in findings {
        by_rule.entry(finding.rule).or_default().entry(&finding.cause).or_default().push(finding);
    }
    let mut groups: Vec<Group<'r>> = by_rule
        .into_iter()
        .map(|(rule, causes)| {
            let mut causes: Vec<Cause<'r>> = causes
                .into_iter()
                .map(|(name, mut findings)| {
                    findings.sort_by(|a, b| {
                        (b.severity, &a.place, &a.fingerprint).cmp(&(a.severity, &b.place, &b.fingerprint))
                    });
                    Cause { name, findings }
                })
                .collect();
            causes.sort_by_key(|cause| {
                (std::cmp::Reverse(cause.severity()), std::cmp::Reverse(cause.findings.len()), cause.name)
            });
            Group { rule, causes }
        })
        .collect();
    groups.sort_by_key(|group| {
        (std::cmp::Reverse(group.severity()), std::cmp::Reverse(group.count()), group.rule)
    });
    groups
}
