//! A baseline: findings that stood already when it was written, and the day until which they are let be.

use std::collections::BTreeMap;

use jiff::civil::Date;
use journal::{Fingerprint, Suppression, SuppressionKind};
use serde::{Deserialize, Serialize};

use crate::Report;

/// Findings that do not count until a day.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    format: u32,
    pub created: Date,
    /// The last day on which it holds.
    pub expires: Date,
    findings: BTreeMap<Fingerprint, Known>,
}

/// For people who read the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    rule: String,
    component: String,
}

/// Why a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    #[error("the baseline is not JSON of the expected form: {0}")]
    Form(#[from] serde_json::Error),
    #[error("the baseline has format {0}; this version reads format 1")]
    Format(u32),
    #[error("the baseline ended on {0}: mend its findings or write a new one")]
    Expired(Date),
}

impl Baseline {
    const FORMAT: u32 = 1;

    /// What the report holds now.
    pub fn of(report: &Report, created: Date, expires: Date) -> Self {
        let findings = report
            .counting()
            .map(|finding| {
                let known = Known { rule: finding.rule.to_owned(), component: finding.component.clone() };
                (finding.fingerprint.clone(), known)
            })
            .collect();
        Self { format: Self::FORMAT, created, expires, findings }
    }

    /// Reads a baseline that still holds on `today`.
    pub fn read(text: &str, today: Date) -> Result<Self, BaselineError> {
        let baseline: Baseline = serde_json::from_str(text)?;
        if baseline.format != Self::FORMAT {
            return Err(BaselineError::Format(baseline.format));
        }
        if baseline.expires < today {
            return Err(BaselineError::Expired(baseline.expires));
        }
        Ok(baseline)
    }

    pub fn write(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    pub fn holds(&self, fingerprint: &Fingerprint) -> bool {
        self.findings.contains_key(fingerprint)
    }

    /// Takes what it knows out of the count.
    pub fn apply(&self, report: &mut Report) {
        for finding in report.findings.iter_mut().filter(|finding| finding.suppressed.is_none()) {
            if self.holds(&finding.fingerprint) {
                finding.suppressed = Some(Suppression {
                    kind: SuppressionKind::Baseline,
                    reason: format!("known since {}", self.created),
                    approver: None,
                    expires: Some(self.expires),
                    place: None,
                });
            }
        }
    }
}
