//! What people have said and done since: signed journal entries, not policy.

use jiff::civil::Date;

use crate::vocabulary::{Class, Purpose};

/// The standing facts that a decision reads. They narrow what the bundle allows, or lift a limit of the
/// organisation's own within a ceiling that the bundle declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    complete: bool,
    pub authorisations: Vec<Authorisation>,
    pub restrictions: Vec<Restriction>,
    pub objections: Vec<Objection>,
    pub consents: Vec<Consent>,
    pub grants: Vec<Grant>,
    pub blocks: Vec<Block>,
    pub withdrawals: Vec<Withdrawal>,
}

impl Standing {
    /// Nothing is known of what people have said: for questions about code and metadata.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// All standing facts are at hand, and there are none yet: add those that there are.
    pub fn known() -> Self {
        Self { complete: true, ..Self::default() }
    }

    /// Whether what is not here is known not to be.
    pub const fn is_complete(&self) -> bool {
        self.complete
    }
}

/// From a day to a day, both included; open where there is no last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days {
    pub from: Date,
    pub until: Option<Date>,
}

impl Days {
    pub fn hold(&self, on: Date) -> bool {
        self.from <= on && self.until.is_none_or(|until| on <= until)
    }
}

/// What a standing fact is about: every list that is left out means "all".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub parties: Option<Vec<String>>,
    pub purposes: Option<Vec<Purpose>>,
    pub classes: Option<Vec<Class>>,
}

impl Scope {
    pub(crate) fn holds(&self, party: Option<&str>, purpose: Option<Purpose>, class: Class) -> bool {
        let party = self.parties.as_ref().is_none_or(|all| party.is_some_and(|p| all.iter().any(|a| a == p)));
        let purpose = self.purposes.as_ref().is_none_or(|all| purpose.is_some_and(|p| all.contains(&p)));
        party && purpose && self.classes.as_ref().is_none_or(|all| all.contains(&class))
    }

    /// As [`Scope::holds`], an unknown purpose counted as possibly meant: for what narrows.
    pub(crate) fn may_hold(&self, party: Option<&str>, purpose: Option<Purpose>, class: Class) -> bool {
        match purpose {
            Some(_) => self.holds(party, purpose, class),
            None => Self { purposes: None, ..self.clone() }.holds(party, None, class),
        }
    }
}

/// A person signed that their data may go out: 45 CFR 164.508, or directed it to someone: 164.524(c)(3)(ii).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorisation {
    /// The journal entry.
    pub id: String,
    pub subject: String,
    pub scope: Scope,
    pub days: Days,
    pub revoked: Option<Date>,
}

impl Authorisation {
    /// Within its days, and not revoked (45 CFR 164.508(b)(5)): the day of the revocation is the first without.
    pub fn in_force(&self, on: Date) -> bool {
        in_force(self.days, self.revoked, on)
    }

    /// The last day on which it holds, as far as known.
    pub fn last_day(&self) -> Option<Date> {
        last_day(self.days, self.revoked)
    }
}

/// The organisation agreed to a person's restriction, or had to: 45 CFR 164.522(a), GDPR Art. 18.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    pub id: String,
    pub subject: String,
    pub scope: Scope,
    pub days: Days,
}

/// GDPR Art. 21.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    pub id: String,
    pub subject: String,
    pub scope: Scope,
    pub days: Days,
}

/// GDPR Art. 6(1)(a) and 9(2)(a), 42 CFR 2.31.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub id: String,
    pub subject: String,
    pub scope: Scope,
    pub days: Days,
    pub withdrawn: Option<Date>,
}

impl Consent {
    /// Within its days, and not withdrawn (GDPR Art. 7(3)): the day of the withdrawal is the first without.
    pub fn in_force(&self, on: Date) -> bool {
        in_force(self.days, self.withdrawn, on)
    }

    /// The last day on which it holds, as far as known.
    pub fn last_day(&self) -> Option<Date> {
        last_day(self.days, self.withdrawn)
    }
}

fn in_force(days: Days, taken_back: Option<Date>, on: Date) -> bool {
    days.hold(on) && taken_back.is_none_or(|day| on < day)
}

fn last_day(days: Days, taken_back: Option<Date>) -> Option<Date> {
    let before = taken_back.map(|day| day.yesterday().unwrap_or(day));
    before.into_iter().chain(days.until).min()
}

/// Temporary access, emergency access included, within a ceiling of the bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub id: String,
    /// The id of the ceiling.
    pub ceiling: String,
    pub who: String,
    pub purpose: Purpose,
    /// The person whose data it opens; everyone's where left out.
    pub subject: Option<String>,
    pub from: jiff::Timestamp,
    pub until: jiff::Timestamp,
    /// The different people who approved it.
    pub approved_by: Vec<String>,
}

/// Someone or something is shut out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub id: String,
    pub what: Blocked,
    pub days: Days,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// An identity or audience.
    Who(String),
    Party(String),
    Model(String),
    Flow(String),
}

/// An approval of a model that the bundle gives was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    pub id: String,
    pub model: String,
    pub from: Date,
}
