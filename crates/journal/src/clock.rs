//! What only the binary has: the time, and bytes that nobody can guess.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::form::{self, Fault, Form, Shape, Wrong};
use crate::json::Node;

/// Tells the time. The binary has the real one.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Draws bytes that nobody can guess. The binary has the real one.
pub trait Rng: Send + Sync {
    fn fill(&mut self, bytes: &mut [u8]);
}

pub(crate) fn draw<const N: usize>(rng: &mut dyn Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill(&mut bytes);
    bytes
}

/// A moment to the microsecond, in universal time: `2026-11-27T16:31:28.000125Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(Timestamp);

impl Moment {
    /// What is finer than a microsecond is cut off. A moment before 1970 or after 9999 is the nearest that is not.
    pub fn of(at: Timestamp) -> Self {
        let micros = at.as_microsecond().max(0);
        Self(Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

impl serde::Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Form for Moment {
    fn shape() -> Shape {
        Shape::Text {
            doc: "a moment in universal time, to the microsecond",
            pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$",
        }
    }

    fn read(node: &Node<'_>) -> Result<Self, Fault> {
        let text = form::text(node)?;
        let parsed = (text.len() == 27).then(|| text.parse().ok()).flatten().map(Self::of);
        match parsed {
            Some(moment) if moment.to_string() == text => Ok(moment),
            _ => Err(Fault::at(node.at, Wrong::NotA("a moment such as 2026-01-31T12:00:00.000000Z"))),
        }
    }
}

/// A day on which something holds: of this century, for nothing that is recorded began before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    pub fn of(date: Date) -> Option<Self> {
        (2000..=2999).contains(&date.year()).then_some(Self(date))
    }

    pub const fn date(self) -> Date {
        self.0
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Form for Day {
    fn shape() -> Shape {
        Shape::Text { doc: "a day of this century or a later one", pattern: "^2[0-9]{3}-[0-9]{2}-[0-9]{2}$" }
    }

    fn read(node: &Node<'_>) -> Result<Self, Fault> {
        let text = form::text(node)?;
        let day = (text.len() == 10).then(|| text.parse().ok()).flatten().and_then(Self::of);
        match day {
            Some(day) if day.0.to_string() == text => Ok(day),
            _ => Err(Fault::at(node.at, Wrong::NotA("a day such as 2026-01-31"))),
        }
    }
}

/// A number of things: rows, bytes, people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Number(u64);

impl Number {
    /// The largest, 2^53 - 1, stands for itself and everything above.
    pub const fn of(number: u64) -> Self {
        if number > crate::canonical::LARGEST { Self(crate::canonical::LARGEST) } else { Self(number) }
    }

    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Form for Number {
    fn shape() -> Shape {
        Shape::Number { least: 0, most: crate::canonical::LARGEST }
    }

    fn read(node: &Node<'_>) -> Result<Self, Fault> {
        form::number(node, 0, crate::canonical::LARGEST).map(Self)
    }
}
