//! What is left of a value for those who need a hint of it. A value that has not the form that its mask expects is
//! hidden whole.

use jiff::civil::Date;
use policy::vocabulary::Mask;

/// What stands where something is hidden, however long that was.
pub const HIDDEN: &str = "****";

/// With fewer characters than this, the last four would be most of the value.
const ENOUGH: usize = 8;

/// Postal areas of three digits in which so few people live that even these point to them.
#[derive(Debug, Clone, Copy)]
pub struct PostalPopulation<'a> {
    /// Areas with 20,000 people or fewer: 45 CFR 164.514(b)(2)(i)(B).
    pub small: &'a [&'a str],
}

impl PostalPopulation<'static> {
    /// By the census of 2000, as the guidance of HHS on de-identification lists them (26 November 2012). The rule asks
    /// for the data that is current: a bundle can name another list.
    pub const CENSUS_2000: Self = Self {
        small: &[
            "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879",
            "884", "890", "893",
        ],
    };
}

/// What a mask goes by besides the value.
#[derive(Debug, Clone, Copy)]
pub struct Masking<'a> {
    pub today: Date,
    pub population: PostalPopulation<'a>,
}

/// The value as the mask leaves it.
pub fn masked(mask: Mask, value: &str, by: &Masking<'_>) -> String {
    let left = match mask {
        Mask::None => Some(value.to_owned()),
        Mask::Last4 => last_four(value),
        Mask::Initials => initials(value),
        Mask::Year => year(value, by.today),
        Mask::Zip3 => first_three(value, by.population),
        Mask::EmailDomain => domain(value),
    };
    left.unwrap_or_else(|| HIDDEN.to_owned())
}

fn last_four(value: &str) -> Option<String> {
    let mut from_behind = value.chars().rev().filter(|c| c.is_alphanumeric());
    let mut last = [' '; 4];
    for place in last.iter_mut().rev() {
        *place = from_behind.next()?;
    }
    from_behind.nth(ENOUGH - last.len() - 1)?;
    let mut left = String::with_capacity(HIDDEN.len() + last.len() * char::MAX.len_utf8());
    left.push_str(HIDDEN);
    left.extend(last);
    Some(left)
}

fn initials(value: &str) -> Option<String> {
    let firsts = value.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphabetic()));
    let initials: Vec<String> = firsts.map(|first| format!("{}.", first.to_uppercase())).collect();
    (!initials.is_empty()).then(|| initials.join(" "))
}

/// The year of a date. Of people over 89 not even that: 45 CFR 164.514(b)(2)(i)(C).
fn year(value: &str, today: Date) -> Option<String> {
    let date: Date = value.get(..10)?.parse().ok()?;
    let rest = value.get(10..)?;
    if !rest.is_empty() && !rest.starts_with(['T', ' ']) {
        return None;
    }
    let oldest = today.year().checked_sub(90)?;
    Some(if date.year() <= oldest { format!("{oldest} or before") } else { date.year().to_string() })
}

fn first_three(value: &str, population: PostalPopulation<'_>) -> Option<String> {
    let value = value.trim();
    let (five, four) = value.split_once('-').unwrap_or((value, "0000"));
    let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(five, 5) || !digits(four, 4) {
        return None;
    }
    let area = five.get(..3)?;
    Some(if population.small.contains(&area) { "000".to_owned() } else { area.to_owned() })
}

fn domain(value: &str) -> Option<String> {
    let (local, domain) = value.trim().rsplit_once('@')?;
    let is_domain = |c: char| c.is_alphanumeric() || c == '.' || c == '-';
    let fits = !local.is_empty() && domain.contains('.') && domain.chars().all(is_domain);
    fits.then(|| format!("{HIDDEN}@{}", domain.to_lowercase()))
}
