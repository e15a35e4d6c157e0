use jiff::civil::Date;

use crate::file::record::record;
use crate::place::At;
use crate::vocabulary::{FieldPattern, Ground, Id, Purpose, Region};

record! {
    /// A test of the bundle itself: what must be denied, permitted or left open.
    pub struct Expectation = "expectation" {
        permit: Option<Question>,
        deny: Option<Question>,
        undetermined: Option<Question>,
        /// The code of a reason that must be among those given.
        because: Option<At<Id>>,
    }
}

record! {
    /// A question to the bundle: one of `send`, `read`, `write`, `infer`, `export`.
    pub struct Question = "question" {
        /// An identity or audience.
        who: At<Id>,
        send: Option<At<FieldPattern>>,
        read: Option<At<FieldPattern>>,
        write: Option<At<FieldPattern>>,
        infer: Option<At<FieldPattern>>,
        export: Option<At<FieldPattern>>,
        /// A party, model or org.
        to: Option<At<Id>>,
        purpose: Option<At<Purpose>>,
        ground: Option<At<Ground>>,
        /// The legal region of the person.
        subject_region: Option<At<Region>>,
        /// On which day; today where left out.
        at: Option<At<Date>>,
    }
}
