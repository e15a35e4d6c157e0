use crate::file::record::{Named, OneOrMany, record};
use crate::place::At;
use crate::vocabulary::{Class, FieldPath, Identifier, Mask, Protect, Search, Tag};

record! {
    /// What an object's fields hold.
    pub struct ObjectRule = "object" {
        /// For which records it holds: a record type or condition, in words that people read.
        when: Option<String>,
        /// The field path to the person; `self` where the record is the person.
        subject: Option<At<FieldPath>>,
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
    }
}
