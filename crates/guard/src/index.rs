//! Equality on what is sealed: a keyed digest beside the token, the same for values that mean the same.

use std::fmt;

use jiff::civil::Date;
use policy::bundle::classification::FEWEST_INDEXED;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use zeroize::Zeroizing;

use crate::error::GuardError;
use crate::key::DataKey;
use crate::mac::{self, Mac};
use crate::token::KeyNumber;

/// With fewer different values, counting how often each digest stands there tells which is which.
pub const FEWEST: u64 = FEWEST_INDEXED as u64;

/// Bits of a digest.
pub const BITS: std::ops::RangeInclusive<u16> = 32..=256;

/// What makes two ways to write a value one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Normaliser {
    /// As it stands, without blanks around it.
    Exact,
    /// Letters and digits alone, in upper case: numbers of records, plans and licences.
    Number,
    /// The digits of the number in international form. Numbers without `+` are of the country of this calling code.
    Phone {
        calling_code: Option<String>,
    },
    Email,
    /// Letters without accents in lower case, words one blank apart.
    Name,
    /// `2026-11-27`, or the day of a date with a time.
    Date,
}

impl Normaliser {
    /// The form that is digested.
    pub fn apply(&self, value: &str) -> Result<String, GuardError> {
        let mut normal = String::new();
        self.write(value, &mut normal)?;
        Ok(normal)
    }

    fn write(&self, value: &str, into: &mut String) -> Result<(), GuardError> {
        let before = into.len();
        match self {
            Self::Exact => into.push_str(value.trim()),
            Self::Number if value.is_ascii() => {
                into.extend(
                    value
                        .bytes()
                        .filter(u8::is_ascii_alphanumeric)
                        .map(|b| char::from(b.to_ascii_uppercase())),
                );
            }
            Self::Number => {
                into.extend(value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase));
            }
            Self::Phone { calling_code } => into.push_str(&phone(value, calling_code.as_deref())?),
            Self::Email => email(value, into)?,
            Self::Name => name(value, into),
            Self::Date => into.push_str(&date(value)?),
        }
        if into.len() == before { Err(GuardError::NotNormal("nothing is left of it")) } else { Ok(()) }
    }

    /// Names the form in what is digested: the same text under two forms has two digests.
    const fn label(&self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Number => "number",
            Self::Phone { .. } => "phone",
            Self::Email => "email",
            Self::Name => "name",
            Self::Date => "date",
        }
    }
}

fn phone(value: &str, calling_code: Option<&str>) -> Result<String, GuardError> {
    let value = value.trim().to_lowercase();
    // An extension is a place in a house, not another number.
    let end = ["ext", "x", ";", ","].iter().filter_map(|mark| value.find(mark)).min().unwrap_or(value.len());
    let value = value.get(..end).unwrap_or_default().trim();
    let is_mark = |c: char| matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}');
    let international = value.strip_prefix('+').or_else(|| value.strip_prefix("00"));
    let written = international.unwrap_or(value);
    if !written.chars().all(|c| c.is_ascii_digit() || is_mark(c)) {
        return Err(GuardError::NotNormal("it is no phone number"));
    }
    // `+44 (0)20` has the digit that is dialled at home alone.
    let at_home = if international.is_some() { written.replace("(0)", "") } else { written.to_owned() };
    let digits: String = at_home.chars().filter(char::is_ascii_digit).collect();
    let full = match (international, calling_code) {
        (Some(_), _) => digits,
        (None, Some("1")) if digits.len() == 11 && digits.starts_with('1') => digits,
        // In Italy the zero is part of the number from abroad too.
        (None, Some("39")) => format!("39{digits}"),
        (None, Some(code)) => format!("{code}{}", digits.strip_prefix('0').unwrap_or(&digits)),
        (None, None) => return Err(GuardError::NotNormal("it has no `+`, and the bundle names no country")),
    };
    // ITU-T E.164: fifteen digits at most.
    if (8..=15).contains(&full.len()) {
        Ok(full)
    } else {
        Err(GuardError::NotNormal("it is no phone number"))
    }
}

fn email(value: &str, into: &mut String) -> Result<(), GuardError> {
    let value = value.trim();
    match value.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && domain.contains('.') && !value.contains(' ') => {
            if value.is_ascii() {
                into.extend(value.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
            } else {
                into.push_str(&value.nfc().collect::<String>().to_lowercase());
            }
            Ok(())
        }
        _ => Err(GuardError::NotNormal("it is no e-mail address")),
    }
}

fn name(value: &str, into: &mut String) {
    // O'Brien, O’Brien and OBrien are one; Smith-Jones is Smith Jones.
    let before = into.len();
    let mut is_between = false;
    let mut add = |c: char| match c {
        '\'' | '\u{2019}' | '\u{02bc}' | '.' | ',' => {}
        c if c.is_alphanumeric() => {
            if std::mem::take(&mut is_between) && into.len() > before {
                into.push(' ');
            }
            into.push(c);
        }
        _ => is_between = true,
    };
    if value.is_ascii() {
        value.bytes().for_each(|byte| add(char::from(byte.to_ascii_lowercase())));
    } else if value.contains(LETTER_BY_PLACE) {
        let plain: String = value.nfkd().filter(|c| !is_combining_mark(*c)).collect();
        plain.to_lowercase().chars().for_each(add);
    } else {
        // Only marks change places when a text is taken apart, and marks go.
        let mut lower = |c: char| {
            if c.is_ascii() {
                add(c.to_ascii_lowercase());
            } else if !is_combining_mark(c) {
                c.to_lowercase().for_each(&mut add);
            }
        };
        value.chars().for_each(|c| decompose_compatible(c, &mut lower));
    }
}

/// The one letter whose lower case depends on where it stands: a sigma.
const LETTER_BY_PLACE: char = '\u{3a3}';

fn date(value: &str) -> Result<String, GuardError> {
    let value = value.trim();
    let refuse = || GuardError::NotNormal("it is no date as 2026-11-27");
    let date: Date = value.get(..10).ok_or_else(refuse)?.parse().map_err(|_| refuse())?;
    match value.get(10..).unwrap_or_default() {
        rest if rest.is_empty() || rest.starts_with(['T', ' ']) => Ok(date.to_string()),
        _ => Err(refuse()),
    }
}

/// Characters that a form needs beside the value.
const ROOM: usize = 16;

/// The blind index of one field under one version of a key.
pub struct BlindIndex {
    number: KeyNumber,
    mac: Mac,
    normaliser: Normaliser,
    bits: u16,
}

impl BlindIndex {
    /// For a field with so many different values, digests of so many bits.
    pub fn new(
        data: &DataKey,
        field: &str,
        normaliser: Normaliser,
        bits: u16,
        values: u64,
    ) -> Result<Self, GuardError> {
        if values < FEWEST {
            return Err(GuardError::LowEntropy(
                "whoever counts how often each digest stands there knows the values",
            ));
        }
        if !BITS.contains(&bits) || !bits.is_multiple_of(4) {
            return Err(GuardError::NotNormal("a digest has 32 to 256 bits, a multiple of 4"));
        }
        if !data.state().opens() {
            return Err(GuardError::DoesNotOpen(data.number(), data.state()));
        }
        let secret = data.of_index(field)?;
        Ok(Self { number: data.number(), mac: Mac::new(&secret), normaliser, bits })
    }

    pub const fn number(&self) -> KeyNumber {
        self.number
    }

    /// The digest of a value: lower-case hexadecimal, so that a comparison that does not mind case finds no other.
    pub fn digest(&self, value: &str) -> Result<String, GuardError> {
        let mut digest = String::with_capacity(usize::from(self.bits / 4));
        let mut room = Zeroizing::new(String::with_capacity(value.len() + ROOM));
        self.digest_into(value, &mut room, &mut digest)?;
        Ok(digest)
    }

    /// [`BlindIndex::digest`], with room that serves again.
    pub(crate) fn digest_into(
        &self,
        value: &str,
        digested: &mut Zeroizing<String>,
        into: &mut String,
    ) -> Result<(), GuardError> {
        digested.clear();
        // It does not grow: what grows leaves a value behind.
        if digested.capacity() < value.len() + ROOM {
            *digested = Zeroizing::new(String::with_capacity(2 * value.len() + ROOM));
        }
        digested.push_str(self.normaliser.label());
        digested.push('\0');
        self.normaliser.write(value, digested)?;
        let tag = self.mac.of(&[digested.as_bytes()]);
        let mut digits = [0; 2 * mac::LEN];
        for (pair, byte) in digits.as_chunks_mut().0.iter_mut().zip(tag.iter()) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        let digits = digits.get(..usize::from(self.bits / 4)).unwrap_or_default();
        into.push_str(std::str::from_utf8(digits).map_err(|_| GuardError::Module)?);
        Ok(())
    }
}

/// Of lower-case hexadecimal.
const fn digit(half: u8) -> u8 {
    if half < 10 { b'0' + half } else { b'a' + half - 10 }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlindIndex").field("number", &self.number).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_letter_by_letter() {
        let whole = |value: &str| {
            let plain: String = value.nfkd().filter(|c| !is_combining_mark(*c)).collect();
            let is_kept = |c: &char| c.is_alphanumeric() && *c != '\u{2bc}';
            plain.to_lowercase().chars().filter(is_kept).collect::<String>()
        };
        for c in (char::MIN..=char::MAX).filter(|c| *c != LETTER_BY_PLACE) {
            let value = format!("é{c}A");
            let mut normal = String::new();
            name(&value, &mut normal);
            normal.retain(char::is_alphanumeric);
            assert_eq!(normal, whole(&value), "U+{:04X}", u32::from(c));
        }
    }
}
