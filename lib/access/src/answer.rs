//! What a question comes to: Kleene's three answers, and ranges of reach.

/// Absence is unknown: a "no" needs a file or a query that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    No,
    Unknown,
    Yes,
}

impl Answer {
    pub const fn of(flag: bool) -> Self {
        if flag { Answer::Yes } else { Answer::No }
    }

    /// From the two sets that engines keep: what is surely so, and what may be.
    pub(crate) const fn from_bounds(yes: bool, maybe: bool) -> Self {
        match (yes, maybe) {
            (true, _) => Answer::Yes,
            (false, true) => Answer::Unknown,
            (false, false) => Answer::No,
        }
    }

    /// Yes if either is.
    #[must_use]
    pub fn or(self, other: Answer) -> Answer {
        self.max(other)
    }

    /// No if either is.
    #[must_use]
    pub fn and(self, other: Answer) -> Answer {
        self.min(other)
    }

    pub fn is_yes(self) -> bool {
        self == Answer::Yes
    }

    pub fn is_complete(self) -> bool {
        self != Answer::Unknown
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Answer::No => "no",
            Answer::Unknown => "unknown",
            Answer::Yes => "yes",
        }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// How far into the records of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    None,
    /// One's own, and those that are shared with one.
    Some,
    All,
}

impl Reach {
    pub const fn as_str(self) -> &'static str {
        match self {
            Reach::None => "none",
            Reach::Some => "some",
            Reach::All => "all",
        }
    }
}

/// At least and at most so far; the ends differ where something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Range {
    pub low: Reach,
    pub high: Reach,
}

impl Range {
    pub const NONE: Range = Range::exactly(Reach::None);
    pub const SOME: Range = Range::exactly(Reach::Some);
    pub const ALL: Range = Range::exactly(Reach::All);
    pub const SOME_OR_ALL: Range = Range { low: Reach::Some, high: Reach::All };
    pub const NONE_OR_SOME: Range = Range { low: Reach::None, high: Reach::Some };

    pub const fn exactly(reach: Reach) -> Self {
        Range { low: reach, high: reach }
    }

    pub fn is_complete(self) -> bool {
        self.low == self.high
    }

    /// The smaller of two, end by end.
    #[must_use]
    pub fn min(self, other: Range) -> Range {
        Range { low: self.low.min(other.low), high: self.high.min(other.high) }
    }

    /// As far as a permission that gives all records allows.
    #[must_use]
    pub(crate) fn overridden(self, by: Answer) -> Range {
        match by {
            Answer::Yes => Range::ALL,
            Answer::Unknown => Range { low: self.low, high: Reach::All },
            Answer::No => self,
        }
    }

    /// As far as a permission that the records need allows.
    #[must_use]
    pub(crate) fn needing(self, permission: Answer) -> Range {
        match permission {
            Answer::Yes => self,
            Answer::Unknown => Range { low: Reach::None, high: self.high },
            Answer::No => Range::NONE,
        }
    }
}

impl std::fmt::Display for Range {
    /// `all`, or `none to some`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_complete() {
            f.pad(self.low.as_str())
        } else {
            f.pad(&format!("{} to {}", self.low.as_str(), self.high.as_str()))
        }
    }
}
