use jiff::civil::Date;

use super::clause;
use crate::file::record::record;
use crate::place::At;
use crate::vocabulary::{AgreementKind, Class, DocumentDigest, FieldPattern, Purpose, Transfer};

record! {
    /// An agreement: when it holds and what it covers. The document itself lives elsewhere.
    pub struct Agreement = "agreement" {
        kind: At<AgreementKind>,
        effective: At<Date>,
        /// The last day on which it holds; open where left out.
        expires: Option<At<Date>>,
        /// Classes that it covers; all where left out, none where empty.
        classes: Option<At<Vec<At<Class>>>>,
        /// Objects that it covers.
        objects: Option<At<Vec<At<String>>>>,
        /// Fields that it covers.
        fields: Option<At<Vec<At<FieldPattern>>>>,
        /// Purposes that it covers.
        purposes: Option<At<Vec<At<Purpose>>>>,
        /// On what data goes to a third country.
        transfer: Option<At<Transfer>>,
        document: Option<DocumentDigest>,
        /// Clauses that the document was found to contain.
        clauses: Option<At<Vec<At<String>>>>,
    }
}

impl Agreement {
    pub fn live(&self, on: Date) -> bool {
        self.effective.value <= on && !self.expired(on)
    }

    pub fn expired(&self, on: Date) -> bool {
        self.expires.as_ref().is_some_and(|expires| expires.value < on)
    }

    pub fn covers_purpose(&self, purpose: Purpose) -> bool {
        self.purposes.as_ref().is_none_or(|all| all.value.iter().any(|one| one.value == purpose))
    }

    pub fn covers_class(&self, class: Class) -> bool {
        self.classes.as_ref().is_none_or(|all| all.value.iter().any(|one| one.value == class))
    }

    /// Objects and fields are two ways to name the same: a field is covered where either names it.
    pub fn covers_field(&self, object: &str, field: &str) -> bool {
        let by_object = self
            .objects
            .as_ref()
            .map(|all| all.value.iter().any(|one| one.value.eq_ignore_ascii_case(object)));
        let by_field =
            self.fields.as_ref().map(|all| all.value.iter().any(|one| one.value.matches(object, field)));
        match (by_object, by_field) {
            (None, None) => true,
            (a, b) => a.unwrap_or(false) || b.unwrap_or(false),
        }
    }

    /// The clauses of law that the listed ones leave out. Nothing is missing where none were listed: then
    /// nobody has checked.
    pub fn missing_clauses(&self) -> Vec<&'static clause::Clause> {
        let Some(listed) = &self.clauses else { return Vec::new() };
        let listed: Vec<&str> = listed.value.iter().map(|one| one.value.as_str()).collect();
        clause::required(self.kind.value).iter().filter(|clause| !clause.is_said(&listed)).collect()
    }
}
