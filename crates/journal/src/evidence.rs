use serde::Serialize;

/// A dated statement of what was looked at, by what, with which result. A control's status is computed from
/// these and never typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Format version.
    pub v: u32,
    /// `source-scan` and the like: what this is evidence of.
    pub kind: String,
    pub controls: Vec<String>,
    pub collector: Collector,
    /// What was read: a folder and its digest, a query, a log range.
    pub source: String,
    /// Digest of what was read, `sha256:` and hexadecimal.
    pub digest: String,
    pub observed: Period,
    pub collected_at: jiff::Timestamp,
    pub counts: Vec<Count>,
    /// The bundle that was in force, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collector {
    pub name: String,
    pub version: String,
}

/// The time that the evidence speaks of. For a source tree both ends are the moment of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: jiff::Timestamp,
    pub to: jiff::Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    pub of: String,
    pub number: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything that could be looked at was in order.
    InOrder,
    /// Something was found.
    Findings,
    /// Something was found and accepted by a named person until a date.
    Accepted,
    /// There was nothing to look at, or too little.
    Unknown,
}
