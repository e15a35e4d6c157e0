//! What a bundle says, as records: one declaration gives type, reader and schema.

pub mod agreement;
pub mod classification;
pub mod clause;
pub mod exception;
pub mod expectation;
pub mod flow;
pub mod identity;
pub mod model;
pub mod organisation;
pub mod party;

use jiff::civil::Date;

use crate::file::record::{Named, record};
use crate::place::At;
use crate::vocabulary::{Id, Region};

record! {
    /// One file of a bundle. Lists may be split over files.
    pub struct File = "bundle file" {
        /// The format of the bundle: 1.
        version: Option<At<u32>>,
        organisation: Option<organisation::Organisation>,
        /// Legal regions of the people whose data it is.
        regions: Option<Vec<At<Region>>>,
        /// Who approves the next bundle.
        approvers: Option<organisation::Approvers>,
        defaults: Option<organisation::Defaults>,
        retention: Vec<organisation::Retention>,
        cryptoperiods: Vec<organisation::Cryptoperiod>,
        /// Methods of Apex after which data is no patient's any more.
        sanitisers: Vec<organisation::Sanitiser>,
        /// Methods of Apex that record who read what.
        audit: Vec<organisation::AuditMethod>,
        /// What grants may lift, and how far.
        ceilings: Vec<organisation::Ceiling>,
        orgs: Vec<organisation::Org>,
        /// Classification of fields, by object.
        objects: Named<classification::ObjectRule>,
        parties: Vec<party::Party>,
        identities: Vec<identity::Identity>,
        audiences: Vec<identity::Audience>,
        flows: Vec<flow::DeclaredFlow>,
        models: Vec<model::Model>,
        /// Only in `exceptions.yaml`.
        exceptions: Vec<exception::Exception>,
        /// Only in `expectations.yaml`.
        expect: Vec<expectation::Expectation>,
    }
}

record! {
    /// Where a floor or a ceiling comes from.
    pub struct Citation = "source" {
        kind: At<crate::vocabulary::SourceKind>,
        /// The provision, contract or decision.
        cite: Option<String>,
        /// Who decided.
        by: Option<String>,
        /// When it was decided.
        on: Option<Date>,
    }
}

/// Something that the bundle names.
pub trait Identified {
    fn id(&self) -> &At<Id>;
}
