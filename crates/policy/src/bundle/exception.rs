use jiff::civil::Date;

use super::Identified;
use crate::file::record::record;
use crate::place::At;
use crate::vocabulary::{ExceptionKind, Id};

record! {
    /// A finding that the organisation accepts for a time, with reason and name.
    pub struct Exception = "exception" {
        id: At<Id>,
        /// The rule whose finding it is.
        rule: At<Id>,
        /// `Object.Field`, `Object`, a path glob, or a component `Type:Name`.
        location as "where": At<String>,
        reason: At<String>,
        /// One of the approvers.
        approver: At<Id>,
        approved: At<Date>,
        /// The last day on which it holds.
        expires: At<Date>,
        kind: At<ExceptionKind>,
        /// What is done instead, for an addressable specification.
        alternative: Option<At<String>>,
    }
}

impl Exception {
    pub fn live(&self, on: Date) -> bool {
        self.approved.value <= on && on <= self.expires.value
    }
}

impl Identified for Exception {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}
