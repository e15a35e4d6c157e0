//! Dates and lengths of time.

use jiff::civil::Date;

use crate::file::record::{Reader, Shape, Value, clipped};
use crate::file::tree::Node;

impl Value for Date {
    fn shape() -> Shape {
        Shape::Text { doc: "a date, YYYY-MM-DD", pattern: Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$") }
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a date")?;
        let form = text.len() == 10
            && text.bytes().enumerate().all(|(at, b)| match at {
                4 | 7 => b == b'-',
                _ => b.is_ascii_digit(),
            });
        let date = form.then(|| text.parse().ok()).flatten();
        if date.is_none() {
            let message = format!("`{}` is not a date", clipped(text));
            reader.error("bad-date", node.span, message, "write year-month-day, as 2026-01-31");
        }
        date
    }
}

/// An ISO 8601 duration: `P6Y`, `P90D`, `PT15M`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    months: u32,
    days: u32,
    seconds: u32,
}

impl Period {
    pub const fn of_days(days: u32) -> Self {
        Self { months: 0, days, seconds: 0 }
    }

    /// Nothing where the text is not `P[nY][nM][nW][nD][T[nH][nM][nS]]` with whole numbers, or is zero.
    pub fn of(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('P')?;
        let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
        let [years, months, weeks, days] = units(date, ['Y', 'M', 'W', 'D'])?;
        let [hours, minutes, seconds] = match time {
            None => [0; 3],
            Some("") => return None,
            Some(time) => units(time, ['H', 'M', 'S'])?,
        };
        let months = years.checked_mul(12)?.checked_add(months)?;
        let days = weeks.checked_mul(7)?.checked_add(days)?;
        let seconds = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)?;
        let within = months <= 12_000 && days <= 366_000;
        ((months, days, seconds) != (0, 0, 0) && within).then_some(Self { months, days, seconds })
    }

    /// Seconds, a month counted as a twelfth of 365.25 days: for comparing, not for deadlines.
    pub fn seconds(self) -> u64 {
        u64::from(self.months) * 2_629_800 + u64::from(self.days) * 86_400 + u64::from(self.seconds)
    }

    /// The day this long after `from`, by the calendar; parts of a day count as a day.
    pub fn after(self, from: Date) -> Option<Date> {
        let days = self.days + self.seconds.div_ceil(86_400);
        let span = jiff::Span::new().try_months(self.months).ok()?.try_days(days).ok()?;
        from.checked_add(span).ok()
    }
}

impl PartialOrd for Period {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Period {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |p: &Self| (p.seconds(), p.months, p.days);
        key(self).cmp(&key(other))
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("P")?;
        let parts = [(self.months / 12, 'Y'), (self.months % 12, 'M'), (self.days, 'D')];
        for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{count}{unit}")?;
        }
        if self.seconds > 0 {
            f.write_str("T")?;
            let parts = [(self.seconds / 3600, 'H'), (self.seconds / 60 % 60, 'M'), (self.seconds % 60, 'S')];
            for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
                write!(f, "{count}{unit}")?;
            }
        }
        Ok(())
    }
}

/// The number before each unit, in the order of the units; nothing where the text holds anything else.
fn units<const N: usize>(mut text: &str, units: [char; N]) -> Option<[u32; N]> {
    let mut counts = [0; N];
    for (count, unit) in counts.iter_mut().zip(units) {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && text.get(digits..)?.starts_with(unit) {
            *count = text.get(..digits)?.parse().ok()?;
            text = text.get(digits + 1..)?;
        }
    }
    text.is_empty().then_some(counts)
}

impl Value for Period {
    fn shape() -> Shape {
        Shape::Text { doc: "an ISO 8601 duration: P6Y, P90D, PT15M", pattern: Some("^P[0-9YMWDTHS]+$") }
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a duration")?;
        let period = Self::of(text);
        if period.is_none() {
            let message = format!("`{}` is not a duration", clipped(text));
            reader.error("bad-duration", node.span, message, "write it as P6Y, P90D or PT15M");
        }
        period
    }
}
