//! What an org's objects are, told by those who know them.

/// Names are compared without case.
pub trait Schema: Sync {
    /// Names of objects and fields that code may mean without writing them as names: in texts, by relationships.
    fn names(&self) -> Vec<String>;

    /// Whether there is an object of this name.
    fn is_object(&self, name: &str) -> bool;

    /// The objects that a lookup leads to, by its field (`AccountId`, `Patient__c`) or its relationship (`Account`,
    /// `Patient__r`): empty where it is no lookup, or nobody knows.
    fn parents(&self, object: &str, name: &str) -> Vec<String>;

    /// The object whose records a child relationship gives (`Contacts`, `Visits__r`).
    fn children(&self, object: &str, name: &str) -> Option<String>;

    /// `Number`, `Checkbox`, `Date` and their like, as metadata calls them.
    fn field_type(&self, object: &str, field: &str) -> Option<String>;
}

/// Knows nothing but how names of custom objects end.
#[derive(Debug, Clone, Copy)]
pub struct NoSchema;

impl Schema for NoSchema {
    fn names(&self) -> Vec<String> {
        Vec::new()
    }

    fn is_object(&self, name: &str) -> bool {
        is_custom_object(name)
    }

    fn parents(&self, _: &str, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn children(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn field_type(&self, _: &str, _: &str) -> Option<String> {
        None
    }
}

/// Whether a name ends as those of custom objects do.
pub fn is_custom_object(name: &str) -> bool {
    const ENDS: [&str; 10] =
        ["__c", "__e", "__mdt", "__x", "__b", "__kav", "__share", "__history", "__feed", "__changeevent"];
    let name = name.to_ascii_lowercase();
    ENDS.iter().any(|end| name.len() > end.len() && name.ends_with(end))
}
