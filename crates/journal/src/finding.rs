use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use source::{Position, Source, Span};

/// How bad it is if the finding is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// What is at stake, and what to do, in words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Severity::Critical => {
                "By what the source shows, strangers reach patients' data, or it goes to somebody with whom nothing is agreed. \
                 Stop it now."
            }
            Severity::High => {
                "Somebody within reach of the org, or another system, can read, change or delete patients' data that \
                 permissions, sharing or the policy are there to keep from them, or such data leaves the org without what it \
                 needs for that; or one step of theirs gets them there. Mend it before the next release, or have it explained \
                 and accepted."
            }
            Severity::Medium => {
                "A protection is missing and something behind it holds, or little is lost by it: the user's own records, \
                 administrators alone, what code fills itself and only adds, or copies and shows to nobody, names alone, \
                 sums, what is likely and not shown. And protections for when another one fails: encryption, logs, time-outs. Plan it."
            }
            Severity::Low => {
                "By itself nothing of a patient is at stake, or nobody uses it today. Mend it in passing."
            }
            Severity::Info => "To know; there is nothing to mend.",
        }
    }
}

/// How sure the rule is that the finding is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    pub const fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// Whom a finding is for. An auditor sees all, a developer what a change of code or metadata mends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Persona {
    Developer,
    Security,
    Auditor,
}

impl Persona {
    pub const fn as_str(self) -> &'static str {
        match self {
            Persona::Developer => "developer",
            Persona::Security => "security",
            Persona::Auditor => "auditor",
        }
    }

    /// Whether somebody who asks as `self` wants what is meant for `other`.
    pub const fn wants(self, other: Persona) -> bool {
        matches!(
            (self, other),
            (Persona::Auditor, _)
                | (Persona::Security, Persona::Security | Persona::Developer)
                | (Persona::Developer, Persona::Developer)
        )
    }
}

macro_rules! text_forms {
    ($type:ident, $what:literal, [$($variant:ident),+]) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                [$($type::$variant),+]
                    .into_iter()
                    .find(|value| value.as_str() == text)
                    .ok_or_else(|| format!("`{text}` is not a {}", $what))
            }
        }
    };
}

text_forms!(Severity, "severity: critical, high, medium, low or info", [Critical, High, Medium, Low, Info]);
text_forms!(Confidence, "confidence: high, medium or low", [High, Medium, Low]);
text_forms!(Persona, "persona: developer, security or auditor", [Developer, Security, Auditor]);

/// A place in a file, as people and tools count it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// Relative to the project, with forward slashes.
    pub path: String,
    pub start: Position,
    /// Just past the last character.
    pub end: Position,
}

impl Place {
    pub fn of(source: &Source, span: Span) -> Self {
        Self {
            path: source.path().to_owned(),
            start: source.position(span.start),
            end: source.position(span.end),
        }
    }

    /// The first place of a file, for what concerns all of it.
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), start: Position::START, end: Position::START }
    }

    pub fn line(path: impl Into<String>, line: u32) -> Self {
        let start = Position { line, column: 1 };
        Self { path: path.into(), start, end: start }
    }
}

/// A second place that explains a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Related {
    pub place: Place,
    pub message: String,
}

/// Names a finding for as long as its cause lives: the same when lines move or files are reordered.
///
/// 32 lowercase hexadecimal digits: the first half of SHA-256 over `phiward-finding-1`, the rule, the anchor
/// and an ordinal that tells equal anchors apart, each ended by a zero byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub const VERSION: &str = "phiward-finding-1";

    pub fn new(rule: &str, anchor: &str, ordinal: usize) -> Self {
        let mut hash = Sha256::new();
        for part in [Self::VERSION, rule, anchor, &ordinal.to_string()] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        Self(hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a finding does not count, and who answers for that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppression {
    pub kind: SuppressionKind,
    pub reason: String,
    pub approver: Option<String>,
    /// The last day on which it holds.
    pub expires: Option<jiff::civil::Date>,
    /// Where it is written down.
    pub place: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuppressionKind {
    /// A comment beside the line.
    Inline,
    /// An entry of the bundle's `exceptions.yaml`.
    Exception,
    /// It stood in the baseline already.
    Baseline,
}

/// A place where the policy is not kept. A finding, not a violation: people judge.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    pub rule: &'static str,
    pub severity: Severity,
    pub confidence: Confidence,
    pub persona: Persona,
    /// What is wrong here, in one sentence that names the component and never a patient's value.
    pub message: String,
    /// What to change.
    pub fix: String,
    pub place: Place,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<Related>,
    /// Ways of the data, each from where it is read to where it gets out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ways: Vec<Vec<Related>>,
    /// What it is about, as `Type:FullName`; part of the fingerprint.
    pub component: String,
    /// Findings with the same cause are mended by the same change.
    pub cause: String,
    /// The fields concerned, as `Object.Field`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The party concerned, by id or by host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    pub controls: Cow<'static, [&'static str]>,
    pub tags: Cow<'static, [&'static str]>,
    pub fingerprint: Fingerprint,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppression>,
}

impl Finding {
    pub fn counts(&self) -> bool {
        self.suppressed.is_none()
    }
}

/// What could not be judged. Absence is unknown: never fine, never a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// The rule that could not judge.
    pub rule: &'static str,
    /// What is missing.
    pub missing: String,
    /// The file or query that would settle it.
    pub complete_with: String,
}
