//! What is answered.

use jiff::Timestamp;

use super::request::AskedField;
use crate::digest::Digest;
use crate::place::Place;
use crate::vocabulary::{Action, Ground, Mask, Protect, Purpose, Region};

/// The answer to a request: for all of its fields or for none.
#[derive(Debug)]
#[must_use]
#[expect(clippy::large_enum_variant, reason = "an answer is taken apart where it is given, never stored")]
pub enum Decision {
    Permit(Permit),
    Denial(Denial),
    Undetermined(Undetermined),
}

impl Decision {
    /// The reasons, whichever way it went.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Decision::Permit(_) => &[],
            Decision::Denial(denial) => &denial.reasons,
            Decision::Undetermined(open) => &open.reasons,
        }
    }

    /// Whether one of the reasons has this code.
    pub fn because(&self, code: &str) -> bool {
        self.reasons().iter().any(|reason| reason.code == code)
    }

    pub const fn is_permit(&self) -> bool {
        matches!(self, Decision::Permit(_))
    }

    pub const fn is_denial(&self) -> bool {
        matches!(self, Decision::Denial(_))
    }
}

/// The right to do one thing once.
///
/// Only [`super::decide`] makes one; it can be neither copied nor written down and read back. Whoever acts on
/// it takes it by value, so a check that was forgotten does not compile.
#[derive(Debug)]
#[must_use]
pub struct Permit {
    pub(super) bundle: Digest,
    pub(super) principal: String,
    pub(super) action: Action,
    pub(super) party: Option<String>,
    pub(super) target: Option<String>,
    pub(super) flow: Option<String>,
    pub(super) purpose: Option<Purpose>,
    pub(super) grounds: Vec<Ground>,
    pub(super) subject: Option<String>,
    pub(super) subject_region: Option<Region>,
    pub(super) facts: Vec<String>,
    pub(super) fields: Vec<PermittedField>,
    pub(super) decided: Timestamp,
    pub(super) expires: Timestamp,
}

/// A field that a permit covers, and how the bundle protects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermittedField {
    pub name: AskedField,
    pub protect: Protect,
    pub mask: Mask,
}

impl Permit {
    /// The bundle that allowed it.
    pub const fn bundle(&self) -> &Digest {
        &self.bundle
    }

    /// The identity or audience that may act.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    pub const fn action(&self) -> Action {
        self.action
    }

    /// The party that receives; none for the organisation's own use.
    pub fn party(&self) -> Option<&str> {
        self.party.as_deref()
    }

    /// The party, model or org that was named as receiver.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// The declared flow.
    pub fn flow(&self) -> Option<&str> {
        self.flow.as_deref()
    }

    pub const fn purpose(&self) -> Option<Purpose> {
        self.purpose
    }

    pub fn grounds(&self) -> &[Ground] {
        &self.grounds
    }

    /// The pseudonym of the person whose data it is.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The legal region of that person.
    pub const fn region(&self) -> Option<&Region> {
        self.subject_region.as_ref()
    }

    /// Journal entries of the standing facts that it rests on.
    pub fn facts(&self) -> &[String] {
        &self.facts
    }

    /// The fields that it covers: no others.
    pub fn fields(&self) -> &[PermittedField] {
        &self.fields
    }

    pub fn covers(&self, object: &str, field: &str) -> bool {
        self.fields.iter().any(|own| {
            own.name.object.eq_ignore_ascii_case(object) && own.name.field.eq_ignore_ascii_case(field)
        })
    }

    pub const fn decided(&self) -> Timestamp {
        self.decided
    }

    /// It is good until this moment, not at it.
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }
}

/// No, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Denial {
    pub reasons: Vec<Reason>,
}

/// It depends on what is not known.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Undetermined {
    /// Names of the facts that would settle it: `subject-region`, `network`, `restrictions` ...
    pub missing: Vec<String>,
    pub reasons: Vec<Reason>,
}

/// One reason, for people and for scripts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Reason {
    /// Stable: `agreement-expired`.
    pub code: String,
    /// The rule that spoke: a guardrail, or the bundle's own.
    pub rule: String,
    /// In plain words.
    pub fact: String,
    /// The line of the bundle that the fact rests on.
    #[serde(serialize_with = "shown")]
    pub place: Option<Place>,
    /// Items of the control catalogue.
    pub controls: Vec<String>,
    /// The fields that it concerns, as asked.
    pub fields: Vec<String>,
}

fn shown<S: serde::Serializer>(place: &Option<Place>, serializer: S) -> Result<S::Ok, S::Error> {
    match place {
        Some(place) => serializer.collect_str(place),
        None => serializer.serialize_none(),
    }
}
