//! A cell that is a date and nothing else. It is read in all the forms that people and machines write it in, and only
//! its year stays.

use jiff::civil::Date;

/// Longer cells are no date.
const LONGEST: usize = 64;
const MOST_PARTS: usize = 16;

/// What a whole cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    Year(i16),
    /// A day or month without a year: nothing of it can stay.
    NoYear,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part<'t> {
    /// Value and how many digits.
    Number(u32, usize),
    Word(&'t str),
    Mark(char),
}

#[rustfmt::skip]
const MONTHS: &[&str] = &[
    "jan", "january", "enero", "januar", "jänner", "janvier", "gennaio", "janeiro", "januari", "januar",
    "feb", "february", "febrero", "februar", "février", "fevrier", "févr", "febbraio", "fevereiro", "februari",
    "mar", "march", "marzo", "märz", "maerz", "mars", "março", "marco", "mär", "mrz", "maart",
    "apr", "april", "abril", "avril", "avr", "aprile", "abr",
    "may", "mayo", "mai", "maggio", "maio", "mei", "maj",
    "jun", "june", "junio", "juni", "juin", "giugno", "junho",
    "jul", "july", "julio", "juli", "juillet", "juil", "luglio", "julho",
    "aug", "august", "agosto", "août", "aout", "ago", "augustus", "augusti",
    "sep", "sept", "september", "septiembre", "setiembre", "septembre", "settembre", "setembro",
    "oct", "october", "octubre", "oktober", "okt", "octobre", "ottobre", "outubro",
    "nov", "november", "noviembre", "novembre", "novembro",
    "dec", "december", "diciembre", "dezember", "dez", "décembre", "decembre", "déc", "dicembre", "dezembro", "dic",
];
#[rustfmt::skip]
const WEEKDAYS: &[&str] = &[
    "mon", "monday", "tue", "tues", "tuesday", "wed", "wednesday", "thu", "thur", "thurs", "thursday", "fri", "friday",
    "sat", "saturday", "sun", "sunday", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo",
    "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "lundi", "mardi", "mercredi",
    "jeudi", "vendredi", "samedi", "dimanche",
];
const SEASONS: &[&str] = &[
    "spring",
    "summer",
    "autumn",
    "fall",
    "winter",
    "early",
    "mid",
    "late",
    "beginning",
    "end",
    "frühjahr",
    "sommer",
    "herbst",
    "printemps",
    "été",
    "automne",
    "hiver",
    "primavera",
    "verano",
    "otoño",
    "invierno",
];
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "of", "the", "de", "del", "den", "der", "le", "at", "um", "à", "t", "st", "nd", "rd", "th", "er", "am", "pm", "a", "p",
    "m", "z", "utc", "gmt", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "cet", "cest", "h", "uhr", "hrs",
];

pub(super) fn whole(text: &str, today: Date) -> Whole {
    if text.len() > LONGEST || !(text.contains(|c: char| c.is_ascii_digit()) || is_month_alone(text)) {
        return Whole::Other;
    }
    let lower = text.to_lowercase();
    let Some(parts) = parts(&lower) else { return Whole::Other };
    let parts = without_time(parts);
    match year(&parts, today) {
        Some(Whole::Year(year)) if (1800..=2199).contains(&year) => Whole::Year(year),
        Some(Whole::NoYear) => Whole::NoYear,
        _ => Whole::Other,
    }
}

fn is_month_alone(text: &str) -> bool {
    let word = text.trim_end_matches('.').to_lowercase();
    MONTHS.contains(&word.as_str()) || WEEKDAYS.contains(&word.as_str())
}

fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |is: fn(char) -> bool| rest.find(|c: char| !is(c)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            let length = run(|c| c.is_ascii_digit());
            parts.push(Part::Number(rest.get(..length)?.parse().ok()?, length));
            length
        } else if matches!(first, '年' | '月' | '日') {
            parts.push(Part::Mark(first));
            first.len_utf8()
        } else if first.is_alphabetic() {
            let length = run(|c| c.is_alphabetic() && !matches!(c, '年' | '月' | '日'));
            parts.push(Part::Word(rest.get(..length)?));
            length
        } else {
            match first {
                ' ' | ',' => {}
                '/' | '-' | '–' | '.' | ':' | '+' | '\'' | '’' => parts.push(Part::Mark(first)),
                _ => return None,
            }
            first.len_utf8()
        };
        if parts.len() > MOST_PARTS {
            return None;
        }
        rest = rest.get(length..)?;
    }
    Some(parts)
}

/// Takes the time of day out: from the number before the first colon on, up to what cannot belong to it.
fn without_time(mut parts: Vec<Part<'_>>) -> Vec<Part<'_>> {
    let Some(colon) = parts.iter().position(|part| *part == Part::Mark(':')) else { return parts };
    let Some(start) = colon.checked_sub(1) else { return parts };
    let mut end = colon;
    let mut is_zone = false;
    while let Some(part) = parts.get(end) {
        match part {
            Part::Mark('+' | '-') => is_zone = true,
            Part::Mark(':' | '.') => {}
            // Seconds, and their fraction; a number without a mark before it is the year of a machine's date.
            Part::Number(_, digits) => {
                let after_mark = end.checked_sub(1).and_then(|at| parts.get(at));
                if !matches!(after_mark, Some(Part::Mark(':' | '.' | '+' | '-')))
                    || (*digits > 3 && !is_zone && *digits != 6 && *digits != 9)
                {
                    break;
                }
            }
            Part::Word(word) if FILLERS.contains(word) => {}
            _ => break,
        }
        end += 1;
    }
    parts.drain(start..end);
    parts
}

/// The year of what is left, where nothing but a date is left.
fn year(parts: &[Part<'_>], today: Date) -> Option<Whole> {
    use Part::{Mark, Number, Word};
    let day = |n: u32| (1..=31).contains(&n);
    let month = |n: u32| (1..=12).contains(&n);
    match *trimmed(parts) {
        [Number(y, 4), Mark(a @ ('-' | '/' | '.')), Number(m, 1..=2), Mark(b), Number(d, 1..=2)]
            if a == b && month(m) && day(d) =>
        {
            return full(y);
        }
        [Number(y, 4), Mark('-' | '/' | '.'), Number(m, 1..=2)] if month(m) => return full(y),
        [Number(m, 1..=2), Mark('-' | '/' | '.'), Number(y, 4)] if month(m) => return full(y),
        [Number(a, 1..=2), Mark(x @ ('-' | '/' | '.')), Number(b, 1..=2), Mark(z), Number(y, 4)]
            if x == z && day(a) && day(b) && (month(a) || month(b)) =>
        {
            return full(y);
        }
        [Number(a, 1..=2), Mark(x @ ('-' | '/' | '.')), Number(b, 2), Mark(z), Number(y, 2)]
            if x == z && day(a) && day(b) && (month(a) || month(b)) =>
        {
            return short(y, today);
        }
        [Number(whole, 8)] => {
            let (y, m, d) = (whole / 10_000, whole / 100 % 100, whole % 100);
            return ((1900..=2100).contains(&y) && month(m) && day(d)).then(|| full(y)).flatten();
        }
        [Number(y, 4), Mark('年')] => return full(y),
        [Number(y, 4), Mark('年'), Number(m, 1..=2), Mark('月')] if month(m) => return full(y),
        [Number(y, 4), Mark('年'), Number(m, 1..=2), Mark('月'), Number(d, 1..=2), Mark('日')]
            if month(m) && day(d) =>
        {
            return full(y);
        }
        [Word("q" | "h" | "s"), Number(1..=4, 1), Mark('-' | '/'), Number(y, 4)]
        | [Word("q" | "h" | "s"), Number(1..=4, 1), Number(y, 4)]
        | [Number(y, 4), Mark('-' | '/'), Word("q" | "h" | "s"), Number(1..=4, 1)]
        | [Number(y, 4), Word("q" | "h" | "s"), Number(1..=4, 1)]
        | [Number(y, 4), Mark('-'), Word("w"), Number(1..=53, 2)]
        | [Number(y, 4), Word("w"), Number(1..=53, 2)]
        | [Word("w" | "week" | "wk"), Number(1..=53, 1..=2), Number(y, 4)]
        | [Number(y, 4), Mark('-'), Word("w"), Number(1..=53, 2), Mark('-'), Number(1..=7, 1)] => {
            return full(y);
        }
        _ => {}
    }
    in_words(parts, today)
}

/// `14th of March 2019`, `Thursday, March 14, 2019`, `Spring 2020`.
fn in_words(parts: &[Part<'_>], today: Date) -> Option<Whole> {
    let (mut months, mut named, mut days, mut years, mut short_year) = (0, 0, 0, None, None);
    for (at, part) in parts.iter().enumerate() {
        match part {
            Part::Number(year, 4) if years.is_none() => years = Some(*year),
            Part::Number(value, 2)
                if matches!(at.checked_sub(1).and_then(|at| parts.get(at)), Some(Part::Mark('\'' | '’')))
                    || (days == 1 && months == 1 && short_year.is_none()) =>
            {
                short_year = Some(*value);
            }
            Part::Number(value, 1..=2) if (1..=31).contains(value) && days == 0 => days = 1,
            Part::Number(..) => return None,
            Part::Word(word) if MONTHS.contains(word) => months += 1,
            Part::Word(word) if WEEKDAYS.contains(word) || SEASONS.contains(word) => named += 1,
            Part::Word(word) if FILLERS.contains(word) => {}
            Part::Word(_) => return None,
            Part::Mark('-' | '–' | '.' | '/' | '\'' | '’') => {}
            Part::Mark(_) => return None,
        }
    }
    if months > 1 || named > 1 + months || months + named == 0 || (days > 0 && months == 0) {
        return None;
    }
    match (years, short_year) {
        (Some(year), None) => full(year),
        (None, Some(year)) => short(year, today),
        (None, None) if months == 1 && (days == 1 || parts.len() <= 2) => Some(Whole::NoYear),
        (None, None) if parts.len() == 1 && named == 1 => Some(Whole::NoYear),
        _ => None,
    }
}

/// Without full stops and ends that a date may have.
fn trimmed<'p, 't>(parts: &'p [Part<'t>]) -> &'p [Part<'t>] {
    match parts {
        [rest @ .., Part::Word("t" | "z") | Part::Mark('.')] => rest,
        _ => parts,
    }
}

fn full(year: u32) -> Option<Whole> {
    i16::try_from(year).ok().map(Whole::Year)
}

/// Two digits: the nearest year that is not in the future.
fn short(year: u32, today: Date) -> Option<Whole> {
    let year = i16::try_from(year).ok()?;
    let century = today.year() - today.year() % 100;
    Some(Whole::Year(if year <= today.year() % 100 { century + year } else { century - 100 + year }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_in_any_common_form_is_its_year() {
        let today = Date::constant(2026, 11, 27);
        for text in [
            "2019-03-14",
            "14-Mar-2019",
            "14/03/2019",
            "March 14, 2019",
            "03/2019",
            "2019-03",
            "2019/03/14",
            "Q3 2019",
            "2019-Q3",
            "2019-W14",
            "14 de marzo de 2019",
            "14. März 2019",
            "14 mars 2019",
            "2019年3月14日",
            "20190314",
            "Thu Mar 14 08:30:00 UTC 2019",
            "2019-03-14T08:30:00.000+0000",
            "2019-03-14T08:30:00+01:00",
            "March 14th, 2019 at 3:15 PM",
            "3/14/19",
            "14.03.19",
            "Spring 2019",
            "early 2019",
            "Mar '19",
            "14-Mar-19",
            "2019-03-14 08:30:00.123456",
            "14/03/2019 08:30",
        ] {
            assert_eq!(whole(text, today), Whole::Year(2019), "{text}");
        }
        for text in ["March 14", "14 March", "3 Mai", "Tuesday", "June"] {
            assert_eq!(whole(text, today), Whole::NoYear, "{text}");
        }
        for text in [
            "120/80",
            "2019",
            "1.2-3.4",
            "BP 128/76",
            "00:42:15",
            "13/2019 x",
            "3 weeks",
            "10.5.2",
            "4.12.0.7",
        ] {
            assert_eq!(whole(text, today), Whole::Other, "{text}");
        }
        assert_eq!(whole("3/14/36", today), Whole::Year(1936));
    }
}
