//! Which log an entry goes to: by region, writer, class of retention and period.

use std::fmt;

use jiff::civil::Date;
use journal::Retained;
use journal::names::{Region, Writer};

/// Where shards lie below the ledger's folder.
const FOLDER: &str = "logs";
/// The folder of entries that are of no region. It is longer than any region.
const NO_REGION: &str = "none";

/// How long a shard takes entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Every {
    Year,
    Month,
}

/// A year or a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    year: i16,
    month: Option<i8>,
}

impl Span {
    pub fn of(day: Date, every: Every) -> Self {
        Self { year: day.year(), month: (every == Every::Month).then_some(day.month()) }
    }

    /// The first day after it.
    pub fn end(self) -> Date {
        let first = match self.month {
            Some(month) => Date::new(self.year, month, 1).map(|first| (first, jiff::Span::new().months(1))),
            None => Date::new(self.year, 1, 1).map(|first| (first, jiff::Span::new().years(1))),
        };
        first.and_then(|(first, length)| first.checked_add(length)).unwrap_or(Date::MAX)
    }

    /// As entries write it: year times 100, and the month or 0.
    pub fn number(self) -> u64 {
        u64::from(self.year.unsigned_abs()) * 100 + u64::from(self.month.unwrap_or_default().unsigned_abs())
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str, length: usize| {
            (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| text.parse().ok())?
        };
        match text.split_once('-') {
            None => Some(Self { year: digits(text, 4)?, month: None }),
            Some((year, month)) => {
                let month = digits(month, 2).and_then(|month| i8::try_from(month).ok());
                Some(Self {
                    year: digits(year, 4)?,
                    month: Some(month.filter(|month| (1..=12).contains(month))?),
                })
            }
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.month {
            Some(month) => write!(f, "{:04}-{month:02}", self.year),
            None => write!(f, "{:04}", self.year),
        }
    }
}

/// One log of a ledger that has many.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    pub region: Option<Region>,
    pub writer: Writer,
    pub class: Retained,
    pub period: Span,
}

impl Shard {
    /// Below the ledger's folder, and below its name in the log's.
    pub fn path(&self) -> String {
        format!("{FOLDER}/{self}")
    }

    pub fn parse(text: &str) -> Option<Self> {
        let path = format!("{FOLDER}/{text}/");
        let (shard, rest) = Self::split(&path)?;
        rest.is_empty().then_some(shard)
    }

    /// The shard that a path leads into, and the rest of the path.
    pub fn split(path: &str) -> Option<(Self, &str)> {
        let mut parts = path.splitn(6, '/');
        let mut next = || parts.next();
        if next()? != FOLDER {
            return None;
        }
        let region = match next()? {
            NO_REGION => None,
            text => Some(Region::of(&policy::vocabulary::Region::of(text)?).ok()?),
        };
        let writer = Writer::of(next()?).ok()?;
        let class = next()?;
        let class = Retained::ALL.iter().copied().find(|one| one.as_str() == class)?;
        let period = Span::parse(next()?)?;
        Some((Self { region, writer, class, period }, next()?))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = self.region.as_ref().map_or(NO_REGION, Region::as_str);
        write!(f, "{region}/{}/{}/{}", self.writer, self.class, self.period)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn paths_lead_to_shards_and_back() {
        let eu = Region::of(&policy::vocabulary::Region::of("eu").unwrap()).unwrap();
        for (region, every, shown) in [
            (Some(eu), Every::Month, "eu/gateway-1/access-log/2026-11"),
            (None, Every::Year, "none/gateway-1/access-log/2026"),
        ] {
            let period = Span::of(date(2026, 11, 27), every);
            let writer = Writer::of("gateway-1").unwrap();
            let shard = Shard { region, writer, class: Retained::AccessLog, period };
            assert_eq!(shard.to_string(), shown);
            assert_eq!(Shard::parse(shown), Some(shard.clone()));
            let path = format!("{}/tile/0/000", shard.path());
            assert_eq!(Shard::split(&path), Some((shard, "tile/0/000")));
        }
        for bad in [
            "eu/a/access-log/2026-13",
            "eu/a/access-log",
            "eu/../access-log/2026",
            "eu/a/other/2026",
            "eu/a/access-log/2026/x",
        ] {
            assert_eq!(Shard::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn periods_end() {
        assert_eq!(Span::of(date(2026, 12, 1), Every::Month).end(), date(2027, 1, 1));
        assert_eq!(Span::of(date(2024, 2, 29), Every::Year).end(), date(2025, 1, 1));
        assert_eq!(Span::of(date(2026, 11, 1), Every::Month).number(), 202_611);
    }
}
