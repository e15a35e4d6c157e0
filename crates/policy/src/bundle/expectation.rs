use jiff::civil::Date;

use crate::file::record::record;
use crate::place::At;
use crate::vocabulary::{Action, FieldPattern, Ground, Id, Purpose, Region};

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

impl Question {
    /// Every action that the question names, with its field.
    pub fn asked(&self) -> Vec<(Action, &At<FieldPattern>)> {
        let all = [
            (Action::Send, &self.send),
            (Action::Read, &self.read),
            (Action::Write, &self.write),
            (Action::Infer, &self.infer),
            (Action::Export, &self.export),
        ];
        all.into_iter().filter_map(|(action, pattern)| Some((action, pattern.as_ref()?))).collect()
    }
}
