//! Dates that are moved: days between two dates of one person stay what they were.

use aws_lc_rs::hmac;
use jiff::Span;
use jiff::civil::Date;

use crate::error::GuardError;
use crate::key::Secret;
use crate::seal::SubjectSalt;

/// At most so many days, either way, and never none.
const MOST: u64 = 365;

pub(super) fn secret(salt: Option<&SubjectSalt>) -> Option<Secret> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt?.expose().as_slice());
    let tag = hmac::sign(&key, b"phiward-shift-key-1");
    tag.as_ref().first_chunk().copied().map(Secret::from)
}

pub(super) fn days(secret: &Secret) -> i64 {
    let first = secret.first_chunk().copied().map_or(0, u64::from_be_bytes);
    let drawn = i64::try_from(first % (2 * MOST)).unwrap_or(0) - MOST.cast_signed();
    if drawn < 0 { drawn } else { drawn + 1 }
}

pub(super) fn moved(value: &str, days: i64) -> Result<String, GuardError> {
    let value = value.trim();
    let refuse = || GuardError::NotNormal("it is no date as 2026-11-27");
    let date: Date = value.get(..10).and_then(|date| date.parse().ok()).ok_or_else(refuse)?;
    let rest =
        value.get(10..).filter(|rest| rest.is_empty() || rest.starts_with(['T', ' '])).ok_or_else(refuse)?;
    let span: Span = Span::new().try_days(days).map_err(|_| refuse())?;
    let moved = date.checked_add(span).map_err(|_| refuse())?;
    Ok(format!("{moved}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_never_none_and_never_more_than_a_year() {
        for first in 0..2000_u64 {
            let mut secret = Secret::default();
            secret.get_mut(..8).unwrap().copy_from_slice(&first.to_be_bytes());
            let days = days(&secret);
            assert!(days != 0 && days.unsigned_abs() <= MOST, "{first}: {days}");
        }
    }

    #[test]
    fn a_date_comes_back_and_a_time_of_day_stays() {
        assert_eq!(moved("2024-02-28T09:30:00.000+0000", 2).unwrap(), "2024-03-01T09:30:00.000+0000");
        assert_eq!(moved("2024-03-01", -2).unwrap(), "2024-02-28");
        assert!(moved("01.03.2024", 2).is_err() && moved("2024-03-01x", 2).is_err());
    }
}
