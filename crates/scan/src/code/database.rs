//! What the methods of `Database` and `Search` do to the org.

use apex::ast::Dml;

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
