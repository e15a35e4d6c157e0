//! Where following stops at a number, and that it did.

use std::collections::BTreeSet;

use crate::value::Path;

/// A number at which following stops. What lies beyond is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cap {
    /// Steps into an object.
    Steps,
    /// Objects that one value may be.
    Objects,
    /// Objects that lie below one value.
    Below,
    /// Objects that a body makes.
    Made,
    /// Objects that a method gives out.
    Given,
    /// Implementations of one method of an interface or class.
    Implementations,
    /// Ways out of one body.
    WaysOut,
    /// Parts of what one variable holds.
    Parts,
    /// Parts of what a method leaves in its own object.
    Kept,
    /// Variables and fields, one after the other.
    Hops,
}

impl Cap {
    pub const fn limit(self) -> usize {
        match self {
            Self::Steps => Path::LIMIT,
            Self::Objects | Self::Parts => 200,
            Self::Implementations => 24,
            Self::Below => 400,
            Self::Made => 4_000,
            Self::Given => 120,
            Self::WaysOut => 1_500,
            Self::Kept => 2_000,
            Self::Hops => 12,
        }
    }

    /// What there is more of than is followed.
    pub fn said(self) -> String {
        let what = match self {
            Self::Steps => "steps into an object",
            Self::Objects => "objects that a value may be",
            Self::Below => "objects below a value",
            Self::Made => "objects that a method makes",
            Self::Given => "objects that a method gives out",
            Self::Implementations => "implementations of a method",
            Self::WaysOut => "ways out of a method",
            Self::Parts => "parts of a variable",
            Self::Kept => "parts of an object",
            Self::Hops => "variables and fields on one way",
        };
        format!("more than {} {what}", self.limit())
    }
}

/// The caps that cut something off.
pub type Cuts = BTreeSet<Cap>;
