use journal::{Confidence, Persona};
use serde::Deserialize;

/// The scanner's own settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// For whom: an auditor sees everything.
    pub persona: Persona,
    /// Findings less sure than this are left out.
    pub min_confidence: Confidence,
    /// Only these rules, where any is named.
    pub only: Vec<String>,
    /// Not these rules.
    pub skip: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            persona: Persona::Auditor,
            min_confidence: Confidence::Low,
            only: Vec::new(),
            skip: Vec::new(),
        }
    }
}
