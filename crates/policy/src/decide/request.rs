//! What is asked.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::vocabulary::{Action, Class, Ground, Purpose, Region};

/// A question to the policy. What is `None` is not known to the asker: it leaves the answer undetermined where
/// it matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// An identity or audience of the bundle.
    pub who: Option<String>,
    pub action: Action,
    pub fields: Vec<AskedField>,
    /// A party, model or org of the bundle. Needed for `send`, `infer` and `export`.
    pub to: Option<String>,
    pub purpose: Option<Purpose>,
    /// Only flows on this ground.
    pub ground: Option<Ground>,
    /// Only this declared flow.
    pub flow: Option<String>,
    /// When the data moves.
    pub at: Timestamp,
    pub subject: Subject,
    /// Where the receiver processes, if narrower than the bundle says of the party.
    pub region: Option<Region>,
    /// Where the call comes from.
    pub network: Option<IpAddr>,
    pub tls: Option<Tls>,
}

impl Request {
    /// A question of which nothing is known yet but the action, the fields and the time.
    pub fn new(action: Action, fields: Vec<AskedField>, at: Timestamp) -> Self {
        Self {
            who: None,
            action,
            fields,
            to: None,
            purpose: None,
            ground: None,
            flow: None,
            at,
            subject: Subject::default(),
            region: None,
            network: None,
            tls: None,
        }
    }
}

/// A field that is asked for, API names in any case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskedField {
    pub object: String,
    pub field: String,
    /// What the asker takes the field to be where the bundle does not say.
    pub presumed: Option<Class>,
}

impl AskedField {
    pub fn new(object: impl Into<String>, field: impl Into<String>) -> Self {
        Self { object: object.into(), field: field.into(), presumed: None }
    }
}

impl std::fmt::Display for AskedField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.object, self.field)
    }
}

/// Whose data it is, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The keyed pseudonym of the person: never a name or number.
    pub pseudonym: Option<String>,
    /// The legal region of the person.
    pub region: Option<Region>,
    /// Whether the receiver or viewer is that person.
    pub is_receiver: Option<bool>,
}

/// How a call is protected on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tls {
    Plain,
    /// TLS 1.1 and older, SSL.
    Old,
    V1_2,
    V1_3,
}
