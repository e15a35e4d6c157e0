//! What a run of digits and the signs between them may be: a measure, a range, a ratio; or a date, a telephone, an id.

/// The form of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Plain(Plain),
    /// `95th`.
    Ordinal(u64),
    /// `150 000`, in groups that only a unit tells from a telephone.
    Grouped(usize),
    /// `120/80`.
    Ratio(Plain, Plain),
    /// `1.2-3.4`, and whether the first is the less.
    Range(Plain, Plain),
    /// `08:30`, `1:320`.
    Clock,
    /// `40-30-20-10`: the most digits of one part, and of all.
    Series(usize, usize),
    /// `3+4=7`, `3+`; of `90+` the number.
    Sum(u64),
    /// `10.5.2`: how many parts, and the digits of the last.
    Dotted(usize, usize),
    /// None of these.
    Odd,
    /// Three parts with strokes.
    Strokes,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plain {
    pub(super) value: f64,
    /// Before the point.
    pub(super) digits: usize,
    pub(super) decimals: usize,
    pub(super) leading_zero: bool,
    /// Thousands are set off by commas.
    pub(super) grouped: bool,
}

impl Plain {
    pub(super) fn of(text: &str) -> Option<Self> {
        let (whole, decimals) = match text.split_once('.') {
            Some((whole, decimals)) => (whole, decimals),
            None => (text, ""),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let mut groups = whole.split(',');
        let first = groups.next()?;
        let mut joined = first.to_owned();
        let mut grouped = false;
        for group in groups {
            if group.len() != 3 || first.len() > 3 || first.is_empty() {
                return None;
            }
            grouped = true;
            joined += group;
        }
        if !digits(&joined) || !digits(decimals) || (joined.is_empty() && decimals.is_empty()) {
            return None;
        }
        let value: f64 = format!("0{joined}.{decimals}0").parse().ok()?;
        let leading_zero = joined.len() > 1 && joined.starts_with('0');
        Some(Self { value, digits: joined.len(), decimals: decimals.len(), leading_zero, grouped })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.decimals == 0 && !self.grouped
    }

    fn may_be(&self, most: f64) -> bool {
        self.is_whole() && self.value >= 1.0 && self.value <= most && self.digits <= 2
    }
}

/// Whether two numbers may be day and month, in either order.
pub(super) fn may_be_date(one: &Plain, other: &Plain) -> bool {
    (one.may_be(12.0) && other.may_be(31.0)) || (one.may_be(31.0) && other.may_be(12.0))
}

pub(super) fn form(text: &str) -> Form {
    if let Some(plain) = Plain::of(text) {
        return Form::Plain(plain);
    }
    let parts = |mark: char| -> Option<Vec<&str>> {
        let parts: Vec<&str> = text.split(mark).collect();
        (parts.len() > 1).then_some(parts)
    };
    let all_digits = |parts: &[&str]| {
        parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    if text.contains(['+', '=']) {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let first = text.split(['+', '=']).next().and_then(|part| part.parse().ok()).unwrap_or(0);
        let is_sum = digits <= 6 && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '='));
        return if is_sum { Form::Sum(first) } else { Form::Odd };
    }
    if let Some(parts) = parts(':') {
        let fits = (2..=3).contains(&parts.len()) && parts.iter().all(|part| part.len() <= 4);
        return if fits && all_digits(&parts) { Form::Clock } else { Form::Odd };
    }
    if let Some(parts) = parts('/') {
        return match parts.as_slice() {
            [one, other] => match (Plain::of(one), Plain::of(other)) {
                (Some(one), Some(other)) => Form::Ratio(one, other),
                _ => Form::Odd,
            },
            [_, _, _] => Form::Strokes,
            _ => Form::Odd,
        };
    }
    if let Some(parts) = parts('-').or_else(|| parts('–')) {
        if let [one, other] = parts.as_slice() {
            return match (Plain::of(one), Plain::of(other)) {
                (Some(one), Some(other)) => Form::Range(one, other),
                _ => Form::Odd,
            };
        }
        let most = parts.iter().map(|part| part.len()).max().unwrap_or(0);
        let sum = parts.iter().map(|part| part.len()).sum();
        return if all_digits(&parts) { Form::Series(most, sum) } else { Form::Odd };
    }
    if let Some(parts) = parts('.')
        && all_digits(&parts)
    {
        return Form::Dotted(parts.len(), parts.last().map_or(0, |part| part.len()));
    }
    Form::Odd
}

#[rustfmt::skip]
const UNITS: &[&str] = &[
    "%", "C", "CFU", "Ci", "D", "F", "Fr", "G", "Gy", "Hz", "IU", "K", "L", "M", "MBq", "MET", "METs", "MG",
    "MU", "Mcg", "Pa", "Sv", "Torr", "U", "amp", "amps", "application", "applications", "bag", "bags",
    "beats", "bottle", "bottles", "bpm", "breaths", "cal", "cap", "caps", "capsule", "capsules", "cc",
    "cells", "cl", "cm", "cmH2O", "copies", "copy", "cup", "cups", "cycles", "d", "dB", "day", "days", "dL",
    "deg", "degrees", "dl", "dpi", "drop", "drops", "fL", "feet", "fl", "fr", "ft", "g", "gal", "gauge",
    "gm", "gram", "grams", "h", "hour", "hours", "hpf", "hr", "hrs", "inch", "inches", "iu", "kBq", "kJ",
    "kPa", "kcal", "kg", "km", "l", "lb", "lbs", "liter", "liters", "litre", "litres", "lpf", "m", "mA",
    "mEq", "mGy", "mIU", "mL", "mM", "mOsm", "mSv", "mU", "mV", "mcL", "mcg", "mcl", "meq", "meter",
    "meters", "metres", "mg", "mi", "mile", "miles", "min", "mins", "minute", "minutes", "ml", "mm", "mmHg",
    "mmol", "mo", "mol", "month", "months", "mos", "ms", "msec", "ng", "nm", "nmol", "oz", "pack-year",
    "pack-years", "packs", "patch", "patches", "percent", "pg", "ph", "piece", "pieces", "pills", "pint",
    "pints", "pmol", "ppb", "ppm", "puff", "puffs", "s", "sachet", "sachets", "sec", "second", "seconds",
    "secs", "spray", "sprays", "tab", "tablespoon", "tablet", "tablets", "tabs", "tbsp", "teaspoon",
    "times", "tsp", "u", "uL", "ug", "uIU", "ul", "umol", "unit", "units", "vial", "vials", "week", "weeks",
    "wk", "wks", "x", "°", "°C", "°F", "µL", "µg", "µl", "µm", "µmol", "μL", "μg", "μm", "μmol", "‰", "h24",
    "24h", "creatinine", "Cr",
];

/// `mL/min/1.73m2`, `/uL`, `mg`.
pub(super) fn is_unit(text: &str) -> bool {
    !text.is_empty()
        && text.strip_prefix('/').unwrap_or(text).split('/').all(|part| {
            let bare = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            let root = bare.trim_end_matches(['2', '3', '²', '³']);
            part.len() - bare.len() <= 4
                && (UNITS.contains(&bare)
                    || (matches!(root, "m" | "cm" | "mm" | "ft" | "µm") && !root.is_empty()))
        })
}
