use journal::{Confidence, Place};
use serde::{Deserialize, Serialize};

/// Data that the source sends somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FoundFlow {
    /// The fields that go, as `Object.Field`; empty where the source does not tell which.
    pub fields: Vec<String>,
    pub to: Destination,
    /// The component that sends, as `Type:FullName`.
    pub by: String,
    pub place: Place,
    pub confidence: Confidence,
}

/// Where data goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "name")]
pub enum Destination {
    /// A party of the bundle, by id.
    Party(String),
    /// A model of the bundle, by id.
    Model(String),
    /// A host that the bundle does not know.
    Host(String),
    /// A model that the bundle does not know, as Salesforce names it.
    UnknownModel(String),
    /// A package's namespace that the bundle does not know.
    Package(String),
    /// Whoever reads the mail.
    Email,
    /// Whoever subscribes to the channel or event.
    Subscribers(String),
    /// Anybody with the address: a guest.
    Public,
    /// People inside the org, by Chatter, notification or report.
    Inside(String),
}
