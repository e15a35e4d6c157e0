use jiff::civil::Date;

use super::clause;
use crate::file::record::record;
use crate::place::{At, Place};
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

/// What an agreement is asked to cover; what is left out is not asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage<'a> {
    pub class: Option<Class>,
    pub purpose: Option<Purpose>,
    /// Object and field, API names in any case.
    pub field: Option<(&'a str, &'a str)>,
}

/// How agreements of one kind stand on a day, the best of them.
#[derive(Clone, Copy, Debug)]
pub enum AgreementState<'a> {
    /// In force, and it covers what was asked.
    Live(&'a Agreement),
    /// It would cover, and has ended: the one that ended last.
    Expired(&'a Agreement),
    /// It will cover: the one that begins first.
    NotYet(&'a Agreement),
    /// There is one, which does not cover what was asked: one that is in force, if any is.
    NotCovering(&'a Agreement),
    /// None is on file.
    None,
}

impl<'a> AgreementState<'a> {
    /// Of all `agreements`, how those of `kind` stand.
    pub fn of(agreements: &'a [Agreement], kind: AgreementKind, asked: &Coverage<'_>, on: Date) -> Self {
        let all = || agreements.iter().filter(|one| one.kind.value == kind);
        let covering = || all().filter(|one| one.covers(asked));
        let ended = covering().filter(|one| one.expired(on));
        if let Some(live) = covering().find(|one| one.live(on)) {
            Self::Live(live)
        } else if let Some(last) = ended.max_by_key(|one| one.expires.as_ref().map(|day| day.value)) {
            Self::Expired(last)
        } else if let Some(first) = covering().min_by_key(|one| one.effective.value) {
            Self::NotYet(first)
        } else if let Some(other) = all().find(|one| one.live(on)).or_else(|| all().next()) {
            Self::NotCovering(other)
        } else {
            Self::None
        }
    }

    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    pub const fn agreement(&self) -> Option<&'a Agreement> {
        match self {
            Self::Live(one) | Self::Expired(one) | Self::NotYet(one) | Self::NotCovering(one) => Some(one),
            Self::None => None,
        }
    }

    /// The day that decides: the last of one that ended, the first of one that has yet to begin.
    pub fn day(&self) -> Option<Date> {
        match self {
            Self::Expired(one) => one.expires.as_ref().map(|day| day.value),
            Self::NotYet(one) => Some(one.effective.value),
            _ => None,
        }
    }

    /// The line that decides: that of the day, else that of the agreement.
    pub fn place(&self) -> Option<&'a Place> {
        let agreement = self.agreement()?;
        Some(match self {
            Self::Expired(_) => agreement.expires.as_ref().map_or(&agreement.place, |day| &day.place),
            Self::NotYet(_) => &agreement.effective.place,
            _ => &agreement.place,
        })
    }
}

/// The agreement on a day by which personal data may go to a third country: standard contractual clauses on
/// their own, or another agreement that names an instrument of GDPR Chapter V.
pub fn transfer_instrument(agreements: &[Agreement], on: Date) -> Option<&Agreement> {
    agreements.iter().find(|one| one.live(on) && one.carries_transfers())
}

impl Agreement {
    /// Whether it is, or names, an instrument of GDPR Chapter V (Art. 45, 46, 47 or 49).
    pub fn carries_transfers(&self) -> bool {
        self.kind.value == AgreementKind::Scc
            || self.transfer.as_ref().is_some_and(|transfer| transfer.value != Transfer::NoneNeeded)
    }

    /// Whether it covers all that is asked, whatever the day.
    pub fn covers(&self, asked: &Coverage<'_>) -> bool {
        asked.class.is_none_or(|class| self.covers_class(class))
            && asked.purpose.is_none_or(|purpose| self.covers_purpose(purpose))
            && asked.field.is_none_or(|(object, field)| self.covers_field(object, field))
    }

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
