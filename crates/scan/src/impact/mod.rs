//! The PHI impact assessment of a change: what two states of a project and its bundle differ in, whose data that is,
//! which controls it touches, whether it widens or narrows, and who must approve it.
//!
//! In come two [`Side`]s, each a [`Snapshot`] of a scan and the policy that it was judged by; out comes an [`Impact`].
//! [`compare`] is a pure function of the two. A line that moved is no change. What the one side tells and the other
//! does not is unknown, never fine.

mod access_change;
mod approval;
mod compare;
mod flow_change;
mod human;
mod json;
mod markdown;
mod reach;
mod shown;
mod snapshot;
#[cfg(test)]
mod tests;
mod whose;

use std::collections::BTreeMap;

use journal::Severity;
use policy::Policy;
use serde::Serialize;

pub use approval::{Approval, Approver, BundleChange, Needed};
pub use compare::{compare, tell_paths};
pub use human::write as write_human;
pub use json::write as write_json;
pub use markdown::{LIMIT, write as write_markdown};
pub use snapshot::{Site, Snapshot, SnapshotError, model};
pub use whose::{Data, DataField};

/// One of the two states that are compared.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    pub snapshot: &'a Snapshot,
    pub policy: &'a Policy,
    /// The bundle's folder as findings name it.
    pub bundle: &'a str,
}

/// What stands above an impact, however it is written.
#[derive(Debug, Clone, Copy)]
pub struct Heading<'a> {
    pub base: &'a Label,
    pub head: &'a Label,
    pub version: &'a str,
    /// The day by which agreements and exceptions were judged.
    pub on: jiff::civil::Date,
}

/// How a state is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    /// As the user named it: a revision, a folder, or `the working tree`.
    pub name: String,
    /// The whole commit id of a revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.commit {
            Some(commit) => {
                let short: String = commit.chars().take(10).collect();
                if self.name.starts_with(&short) {
                    f.write_str(&short)
                } else {
                    write!(f, "{} ({short})", self.name)
                }
            }
            None => f.write_str(&self.name),
        }
    }
}

/// Which way a change moves who may see what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// More may be seen, by more, for longer, or with less protection.
    Widens,
    /// It was known and is not any more.
    Unknown,
    /// Less may be seen.
    Narrows,
    /// Neither.
    Neutral,
}

impl Effect {
    pub const ALL: [Effect; 4] = [Effect::Widens, Effect::Unknown, Effect::Narrows, Effect::Neutral];

    pub const fn as_str(self) -> &'static str {
        match self {
            Effect::Widens => "widens",
            Effect::Unknown => "unknown",
            Effect::Narrows => "narrows",
            Effect::Neutral => "neutral",
        }
    }
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a change is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A finding came, went or changed its severity.
    Finding,
    /// A finding was accepted, or is not accepted any more.
    Acceptance,
    /// A field with patient data came, went, or changed class or protection.
    Field,
    /// A principal reads or edits other fields.
    Access,
    /// A principal reaches other records.
    Records,
    /// Data goes somewhere else.
    Flow,
    /// An address that data can go to came or went.
    Endpoint,
    /// The policy bundle says something else.
    Policy,
    /// Something can no longer be judged, or can now.
    Gap,
    /// A file can no longer be read, or can now.
    Unread,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::Finding,
        Kind::Acceptance,
        Kind::Policy,
        Kind::Access,
        Kind::Records,
        Kind::Flow,
        Kind::Endpoint,
        Kind::Field,
        Kind::Gap,
        Kind::Unread,
    ];

    pub const fn heading(self) -> &'static str {
        match self {
            Kind::Finding => "Findings",
            Kind::Acceptance => "Accepted findings",
            Kind::Field => "Fields with patient data",
            Kind::Access => "Who reads and edits which field",
            Kind::Records => "Who reaches which records",
            Kind::Flow => "Where data goes",
            Kind::Endpoint => "Addresses",
            Kind::Policy => "The policy bundle",
            Kind::Gap => "What could not be judged",
            Kind::Unread => "What could not be read",
        }
    }
}

/// On which of the two sides a place lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Where {
    Base,
    Head,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    pub kind: Kind,
    pub effect: Effect,
    /// Of findings that came, went or changed, as it counts now; for what is gone, as it counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Whether it counts against `--fail-on`.
    pub fails: bool,
    /// What it is about, in words: `permission set Nurses`, `field Account.SSN__pc`.
    pub what: String,
    /// What happened to it, in words.
    pub how: String,
    /// What to change, where a rule says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// As the access model writes it: `permission-set:Nurses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The party concerned, by id or by host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Site>,
    /// On which side the place lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<Where>,
    /// The chain of files by which access comes about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// Whose data it concerns.
    pub data: Vec<Data>,
    /// Ids of the control catalogue.
    pub controls: Vec<String>,
    /// Who must approve it.
    pub approval: Needed,
}

impl Change {
    fn new(kind: Kind, effect: Effect, what: impl Into<String>, how: impl Into<String>) -> Self {
        Self {
            kind,
            effect,
            severity: None,
            fails: false,
            what: what.into(),
            how: how.into(),
            fix: None,
            rule: None,
            fingerprint: None,
            principal: None,
            party: None,
            place: None,
            side: None,
            by: Vec::new(),
            data: Vec::new(),
            controls: Vec::new(),
            approval: Needed::Nobody,
        }
    }

    fn at(mut self, side: Where, site: &Site) -> Self {
        self.side = Some(side);
        self.place = Some(site.clone());
        self
    }

    fn about(mut self, data: Vec<Data>) -> Self {
        self.data = data;
        self
    }

    fn touching(mut self, controls: &[&str]) -> Self {
        self.controls = controls.iter().map(|&control| control.to_owned()).collect();
        self
    }
}

/// What two states differ in.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Impact {
    /// What widens first, then the worst findings.
    pub changes: Vec<Change>,
    pub approval: Approval,
    pub files: Files,
    /// Code that changed and that no rule of this release judges for what it does with data: paths by kind.
    pub not_judged: BTreeMap<String, Vec<String>>,
    pub base: State,
    pub head: State,
}

/// What names the two states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    pub source_digest: String,
    pub policy_digest: Option<String>,
    pub files: usize,
    pub fields: usize,
    pub phi_fields: usize,
}

/// How many files differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Files {
    pub added: usize,
    pub removed: usize,
    pub changed: usize,
}

impl Files {
    pub const fn all(self) -> usize {
        self.added + self.removed + self.changed
    }
}

impl Impact {
    pub fn of(&self, effect: Effect) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.effect == effect)
    }

    pub fn count(&self, effect: Effect) -> usize {
        self.of(effect).count()
    }

    pub fn widens(&self) -> bool {
        self.count(Effect::Widens) > 0
    }

    /// The worst of what is new and counts: findings, those that became worse, and files that can no longer be read.
    pub fn worst(&self) -> Option<Severity> {
        self.changes.iter().filter(|change| change.fails).filter_map(|change| change.severity).max()
    }
}
