//! What the methods of `Database` and `Search` do to the org, and in whose mode code runs them.

use apex::ast::Dml;
use apex::{FileId, Program};

/// What a method of Salesforce's does with records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    Read,
    Write(Dml),
    /// It changes records by another way than these: leads are converted, the bin is emptied.
    Change,
}

/// Of a class and a method in lower case.
pub(crate) fn does(class: &str, method: &str) -> Option<Does> {
    match (class, method) {
        (
            "database",
            "query"
            | "querywithbinds"
            | "getquerylocator"
            | "getquerylocatorwithbinds"
            | "countquery"
            | "countquerywithbinds"
            | "getcursor"
            | "getcursorwithbinds",
        )
        | ("search", "query" | "find") => Some(Does::Read),
        ("database", _) => match method.trim_end_matches("immediate").trim_end_matches("async") {
            "insert" => Some(Does::Write(Dml::Insert)),
            "update" => Some(Does::Write(Dml::Update)),
            "upsert" => Some(Does::Write(Dml::Upsert)),
            "delete" => Some(Does::Write(Dml::Delete)),
            "merge" => Some(Does::Write(Dml::Merge)),
            "undelete" => Some(Does::Write(Dml::Undelete)),
            "convertlead" | "emptyrecyclebin" => Some(Does::Change),
            _ => None,
        },
        _ => None,
    }
}

/// Whether operations of a file run as the user where they say nothing: from API version 67.0 on, but for triggers
/// (*Apex Developer Guide*, Versioned Behavior Changes).
pub(crate) fn runs_as_user(program: &Program, versions: &[u32], file: FileId) -> bool {
    let is_trigger = program.file(file).is_some_and(|file| file.trigger.is_some());
    versions.get(file.index()).is_some_and(|version| *version >= 67) && !is_trigger
}
