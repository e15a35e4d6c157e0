use std::fmt;

use jiff::civil::Date;

use crate::file::record::{Named, OneOrMany, record};
use crate::place::At;
use crate::vocabulary::{
    Bound, CallingCode, Class, FieldName, FieldPath, Id, Identifier, IndexForm, Mask, Protect, SealedName,
    Search, StandIn, Tag,
};

record! {
    /// What an object's fields hold.
    pub struct ObjectRule = "object" {
        /// For which records it holds: a record type or condition, in words that people read.
        when: Option<String>,
        /// The field path to the person; `self` where the record is the person.
        subject: Option<At<FieldPath>>,
        /// Whether its records are patients or about patients, where neither `subject` nor the classes say it.
        patients: Option<At<bool>>,
        /// Who took what is said of whose its records are as it was proposed, unseen.
        unseen: Option<At<Unseen>>,
        /// The field path to the person's legal region.
        region: Option<At<FieldPath>>,
        /// For fields that are not named.
        default: Option<FieldRule>,
        /// By API name. A list where a field differs by record type.
        fields: Named<OneOrMany<FieldRule>>,
    }
}

record! {
    /// What a field holds and how it is protected.
    pub struct FieldRule = "field" {
        class: At<Class>,
        identifier: Option<At<Identifier>>,
        /// How it is encrypted.
        protect: Option<At<Protect>>,
        search: Option<At<Search>>,
        mask: Option<At<Mask>>,
        tags: Vec<At<Tag>>,
        /// For which records it holds.
        when: Option<String>,
        /// The lookup that leads to the person.
        through: Option<At<FieldPath>>,
        /// How the gateway seals it.
        seal: Option<Seal>,
        /// The blind index by which the gateway finds it.
        index: Option<Index>,
        /// Who took the line as it was proposed, unseen.
        unseen: Option<At<Unseen>>,
    }
}

record! {
    /// Somebody took a proposal without looking at it. It counts as the organisation's word, and says itself that nobody
    /// has judged it.
    pub struct Unseen = "acceptance" {
        by: At<Id>,
        on: At<Date>,
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "accepted unseen by {} on {}", self.by.value, self.on.value)
    }
}

record! {
    /// How the gateway seals a field.
    pub struct Seal = "seal" {
        /// What tokens call the field by, which stays when the field is renamed; `Object.Field` where it is left out.
        id: Option<At<SealedName>>,
        bind: Option<At<Bound>>,
        /// The field of the record's own that holds the key, where `bind` is `key`.
        key: Option<At<FieldName>>,
        /// The text field that holds the token, where this one cannot.
        field: Option<At<FieldName>>,
        /// What stays in this field then.
        leave: Option<At<StandIn>>,
    }
}

/// Whose records an object keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Each record is a patient.
    Patients,
    /// Each record is about a patient.
    AboutPatients,
    /// Staff, companies, things.
    NoPatients,
}

impl ObjectRule {
    /// Whose records it keeps, as far as the bundle says. A `subject` is a patient unless the classes speak of other
    /// persons alone; a default that is no PHI, with neither a subject nor PHI beside it, says that there is none.
    pub fn keeps(&self) -> Option<Keeps> {
        let default = self.default.as_ref().map(|rule| rule.class.value);
        let named = self.fields.0.iter().flat_map(|(_, rules)| rules.iter()).map(|rule| rule.class.value);
        let classes = || default.into_iter().chain(named.clone());
        let has_phi = classes().any(Class::is_phi);
        let of_others = !has_phi && classes().any(Class::is_personal);
        let patients = match (&self.patients, &self.subject, default) {
            (Some(said), _, _) => said.value,
            (None, Some(_), _) => !of_others,
            (None, None, Some(class)) if class.is_phi() => true,
            (None, None, Some(_)) if !has_phi => false,
            (None, None, _) => return None,
        };
        let is_self = self.subject.as_ref().is_some_and(|subject| subject.value.as_str() == "self");
        Some(match (patients, is_self) {
            (true, true) => Keeps::Patients,
            (true, false) => Keeps::AboutPatients,
            (false, _) => Keeps::NoPatients,
        })
    }
}

/// A field with fewer different values has no index: counting how often each digest stands there tells the values.
pub const FEWEST_INDEXED: u32 = 10_000;

record! {
    /// A keyed digest of a field's value beside it, so that equal values are found without being opened.
    pub struct Index = "index" {
        /// The text field that holds the digest.
        field: At<FieldName>,
        form: Option<At<IndexForm>>,
        /// Bits of the digest, 32 to 256 and a multiple of 4: fewer tell less, and find others too.
        bits: Option<At<u32>>,
        /// How many different values the field has, about.
        values: At<u32>,
        /// The calling code of phone numbers that are written without one.
        country: Option<At<CallingCode>>,
    }
}
