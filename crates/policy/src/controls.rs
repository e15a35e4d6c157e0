//! The control catalogue: what law and guidance ask, with citations, as data.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// One framework: a law, a rule or a body of guidance.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    #[serde(rename = "framework")]
    pub id: String,
    pub name: String,
    /// Where the text stands.
    pub source: String,
    pub status: Status,
    pub controls: Vec<Control>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Law,
    /// Not in force.
    Proposed,
    Guidance,
}

/// One thing that a framework asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    pub id: String,
    pub citation: String,
    /// In our words.
    pub title: String,
    /// `standard`, `spec`, `duty`, `subcategory` ...; `definition`, `scope` and `penalty` ask for nothing.
    pub kind: String,
    /// `required`, `addressable` (45 CFR 164.306(d)), `optional` or `proposed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirement: Option<String>,
    /// WCAG conformance level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// A time limit: ISO 8601 durations, then what starts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<String>,
    /// The version of the guidance that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The rooms of Phiward that can serve it; `people` where none ever will.
    pub rooms: Vec<String>,
    /// How far the wording was checked: `text`, `secondary` or `unchecked`.
    pub checked: String,
}

/// All frameworks. The shipped one is [`catalogue`].
#[derive(Debug)]
pub struct Catalogue {
    pub frameworks: Vec<Framework>,
    places: BTreeMap<String, (usize, usize)>,
}

impl Control {
    /// Whether somebody must do or show something for it.
    pub fn asks(&self) -> bool {
        !matches!(self.kind.as_str(), "definition" | "scope" | "penalty")
    }
}

impl Catalogue {
    fn new(frameworks: Vec<Framework>) -> Self {
        let places = frameworks
            .iter()
            .enumerate()
            .flat_map(|(f, framework)| {
                framework.controls.iter().enumerate().map(move |(c, control)| (control.id.clone(), (f, c)))
            })
            .collect();
        Self { frameworks, places }
    }

    pub fn control(&self, id: &str) -> Option<&Control> {
        let (framework, control) = self.places.get(id)?;
        self.frameworks.get(*framework)?.controls.get(*control)
    }

    pub fn framework_of(&self, id: &str) -> Option<&Framework> {
        self.frameworks.get(self.places.get(id)?.0)
    }

    pub fn controls(&self) -> impl Iterator<Item = (&Framework, &Control)> {
        self.frameworks
            .iter()
            .flat_map(|framework| framework.controls.iter().map(move |control| (framework, control)))
    }
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../controls/", $name, ".yaml")))),+]
    };
}

const SHIPPED: [(&str, &str); 13] = shipped![
    "hipaa-security",
    "hipaa-privacy",
    "hipaa-breach",
    "hipaa-identifiers",
    "hipaa-nprm-2025",
    "part-2",
    "gdpr",
    "eu-ai-act",
    "nist-ai-rmf-1.0",
    "nist-ai-600-1",
    "owasp-api-2023",
    "owasp-llm-2025",
    "wcag-2.2",
];

/// The shipped catalogue, read once. A test proves that every file of it reads.
pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
        Catalogue::new(SHIPPED.iter().filter_map(|(_, text)| serde_saphyr::from_str(text).ok()).collect())
    });
    &CATALOGUE
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMS: [&str; 11] =
        ["scan", "gateway", "sync", "audit", "govern", "ai", "wcag", "ledger", "guard", "dossier", "people"];

    #[test]
    fn every_framework_reads_and_ids_are_unique() {
        for (name, text) in SHIPPED {
            let framework: Framework =
                serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(framework.id, name);
            for control in &framework.controls {
                assert!(
                    matches!(control.checked.as_str(), "text" | "secondary" | "unchecked"),
                    "{}",
                    control.id
                );
                assert!(!control.rooms.is_empty() && !control.citation.is_empty(), "{}", control.id);
                let strange = control.rooms.iter().find(|room| !ROOMS.contains(&room.as_str()));
                assert_eq!(strange, None, "{}", control.id);
            }
        }
        let catalogue = catalogue();
        assert_eq!(catalogue.places.len(), catalogue.controls().count(), "ids are unique");
        assert_eq!(catalogue.controls().count(), 671);
    }
}
