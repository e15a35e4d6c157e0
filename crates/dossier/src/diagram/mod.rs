//! The map of where data goes: trust boundaries, what stands in them, and the flows between.
//!
//! [`Chart`] says what is to be drawn and nothing of where. [`Layout`] places it in five columns: people, what
//! they see, the org, the flows, the receivers. A flow is a card in a column of its own, so that its label can lie
//! on nothing else; lines run only in the gutters between columns. The same chart gives the same bytes.

mod layout;
mod measure;
mod mermaid;
mod svg;

pub(crate) use mermaid::mermaid;
pub(crate) use svg::{STYLE, standalone, within_page};

/// What is to be drawn.
#[derive(Debug, Default, Clone)]
pub(crate) struct Chart {
    pub(crate) title: String,
    /// What the picture shows, in sentences, for those who do not see it.
    pub(crate) description: String,
    pub(crate) zones: Vec<Zone>,
    pub(crate) cards: Vec<Card>,
}

/// A trust boundary.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    pub(crate) side: Side,
    pub(crate) title: String,
    /// Where it is in law, and the like.
    pub(crate) note: String,
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    People,
    Org,
    Party,
    Model,
    Unknown,
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Unique in the chart.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
}

/// A flow: its label, and the lines into and out of it.
#[derive(Debug, Clone)]
pub(crate) struct Card {
    /// Ids of nodes.
    pub(crate) from: Vec<String>,
    pub(crate) to: Vec<String>,
    pub(crate) standing: Standing,
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
}

/// What speaks for a flow. Drawn as a style of line and said in words, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// In the bundle and in the source.
    Both,
    /// In the bundle, and the source reaches the receiver; which fields go is not to be told.
    Reached,
    /// In the bundle only.
    Declared,
    /// In the source only, though there is a bundle.
    Undeclared,
    /// In the source, and there is no bundle to hold it against.
    Found,
    /// The source names the address; what goes there is unknown.
    Address,
    /// People who see data in the org itself.
    Sees,
}

impl Standing {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Standing::Both => "declared and found",
            Standing::Reached => "declared, receiver found, content unknown",
            Standing::Declared => "declared, not found in the source",
            Standing::Undeclared => "found, not declared",
            Standing::Found => "found in the source",
            Standing::Address => "address only, content unknown",
            Standing::Sees => "seen in the org",
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Standing::Both => "both",
            Standing::Reached => "reached",
            Standing::Declared => "declared",
            Standing::Undeclared => "undeclared",
            Standing::Found => "found",
            Standing::Address => "address",
            Standing::Sees => "sees",
        }
    }

    /// The pattern of the line: dashes and gaps in pixels.
    const fn dashes(self) -> &'static str {
        match self {
            Standing::Both | Standing::Sees | Standing::Found => "none",
            Standing::Reached => "16 4",
            Standing::Declared => "7 6",
            Standing::Undeclared => "3 3",
            Standing::Address => "12 4 2 4",
        }
    }

    const fn width(self) -> &'static str {
        match self {
            Standing::Undeclared => "3",
            Standing::Both | Standing::Found => "2",
            _ => "1.5",
        }
    }
}

#[cfg(test)]
mod tests;
