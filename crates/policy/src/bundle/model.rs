use jiff::civil::Date;

use super::Identified;
use crate::bundle::party::Endpoint;
use crate::file::record::record;
use crate::place::At;
use crate::vocabulary::{Class, DocumentDigest, Id, Purpose, Region, RiskLevel};

record! {
    /// An AI model.
    pub struct Model = "model" {
        id: At<Id>,
        /// Of the weights, where the organisation holds them.
        digest: Option<At<DocumentDigest>>,
        endpoint: Option<Endpoint>,
        /// The party that runs it; the organisation itself where left out.
        provider: Option<At<Id>>,
        region: Option<At<Region>>,
        licence: Option<String>,
        purposes: Vec<At<Purpose>>,
        /// Classes that it may be given; none where left out.
        classes: Vec<At<Class>>,
        approvals: Vec<ModelApproval>,
        risk: Option<Risk>,
        /// Whether identifiers are masked before it sees them.
        masking: Option<At<bool>>,
        /// How long its operator keeps what it was given: `none`, or a duration.
        retention: Option<At<String>>,
    }
}

record! {
    pub struct ModelApproval = "approval" {
        by: At<Id>,
        on: At<Date>,
    }
}

record! {
    pub struct Risk = "risk" {
        level: At<RiskLevel>,
        /// Who looks at what it says, and how.
        oversight: Option<String>,
    }
}

impl Identified for Model {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}
