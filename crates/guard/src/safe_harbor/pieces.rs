//! A cell, cut into pieces that are known, in one pass.

use super::codes;
use super::numbers::{self, Form, Plain};
use super::words::{self, Known};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Is {
    Word(Known),
    /// A word that no list has: it may still be half of an eponym.
    Stranger,
    /// A word of age in a language that has no other words here.
    Age,
    Sign,
    Letter,
    Place,
    Number(Form),
    Unit,
    /// `yo` and `F` after a number.
    Shorthand,
    Code,
    Mark(char),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) is: Is,
    pub(super) start: usize,
    pub(super) end: usize,
    /// White space stands before it.
    pub(super) spaced: bool,
}

/// Abbreviations with a stroke.
#[rustfmt::skip]
const STROKES: &[&str] = &[
    "a/w", "b/l", "c/o", "c/w", "d/c", "d/t", "f/c", "f/u", "h/o", "i/o", "m/r/g", "n/a", "n/v", "n/v/d",
    "o/e", "p/w", "r/o", "r/t", "s/e", "s/p", "s/s", "t/c", "w/", "w/o", "y/n", "b/c", "w/u", "l/s", "f/h",
];
#[rustfmt::skip]
const AGES: &[&str] =
    &[
    "y", "yo", "yr", "yrs", "y/o", "m", "f", "yof", "yom", "yoa", "w", "ym", "yf", "y.o", "/f", "/m",
];
/// Words of age in other languages.
#[rustfmt::skip]
const FOREIGN_AGES: &[&str] = &[
    "edad", "años", "anos", "idade", "ans", "âge", "âgé", "âgée", "jahre", "jahren", "jähriger", "jährige",
    "alter", "anni", "età", "jaar", "jarige", "år", "ålder", "alder", "lat", "let", "лет", "года", "год",
    "возраст", "岁", "歳", "歲", "tuổi", "tahun", "yaş", "yaşında", "vuotta", "éves", "ετών", "세",
];
const MOST_PIECES: usize = 400;

/// Nothing where some of it is a sign that nothing here has.
pub(super) fn cut(text: &str, lower: &str) -> Option<Vec<Piece>> {
    let mut cutter = Cutter { text, lower, pieces: Vec::with_capacity(text.len() / 5 + 4) };
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..)?;
        let blank = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        if rest.get(..blank)?.contains('\n') {
            cutter.push(Is::Mark('\n'), at, at, false);
        }
        at += blank;
        let rest = text.get(at..)?;
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        cutter.chunk(at, at + length, blank > 0 || at == 0)?;
        at += length;
        if cutter.pieces.len() > MOST_PIECES {
            return None;
        }
    }
    Some(cutter.pieces)
}

struct Cutter<'c> {
    text: &'c str,
    lower: &'c str,
    pieces: Vec<Piece>,
}

const fn opens(c: char) -> bool {
    matches!(
        c,
        '(' | '['
            | '"'
            | '\''
            | '<'
            | '>'
            | '='
            | '~'
            | '≤'
            | '≥'
            | '±'
            | '≈'
            | '$'
            | '€'
            | '£'
            | '¿'
            | '¡'
            | '|'
            | '“'
            | '‘'
    )
}

const fn closes(c: char) -> bool {
    matches!(c, ')' | ']' | '"' | '\'' | ',' | ';' | ':' | '.' | '!' | '?' | '|' | '”' | '’')
}

impl Cutter<'_> {
    fn push(&mut self, is: Is, start: usize, end: usize, spaced: bool) {
        self.pieces.push(Piece { is, start, end, spaced });
    }

    /// What stands between two blanks.
    fn chunk(&mut self, mut start: usize, end: usize, mut spaced: bool) -> Option<()> {
        if self.whole(start, end, spaced) {
            return Some(());
        }
        while let Some(c) = self.text.get(start..end)?.chars().next().filter(|c| opens(*c)) {
            self.push(Is::Mark(c), start, start + c.len_utf8(), spaced);
            start += c.len_utf8();
            spaced = false;
        }
        let core = self.text.get(start..end)?;
        let inner = start + core.trim_end_matches(closes).len();
        if inner > start && !self.whole(start, inner, spaced) {
            self.scan(start, inner, spaced)?;
        }
        for (offset, c) in self.text.get(inner..end)?.char_indices() {
            self.push(Is::Mark(c), inner + offset, inner + offset + c.len_utf8(), false);
        }
        Some(())
    }

    /// A chunk that is known as it stands.
    fn whole(&mut self, start: usize, end: usize, spaced: bool) -> bool {
        let (Some(text), Some(lower)) = (self.text.get(start..end), self.lower.get(start..end)) else {
            return false;
        };
        let after_number = matches!(self.pieces.last(), Some(Piece { is: Is::Number(_), .. }));
        let is = if after_number && numbers::is_unit(text) {
            Is::Unit
        } else if after_number && AGES.contains(&lower) {
            Is::Shorthand
        } else if self.label().is_some_and(|label| codes::is_code_of(label, text)) {
            Is::Code
        } else if let Some(known) = title(text).then(|| words::known(lower)).flatten() {
            Is::Word(known)
        } else if text.bytes().all(|byte| byte.is_ascii_lowercase()) {
            // Most words are plain: no code is.
            match words::known(lower) {
                Some(known) if text.len() > 1 => Is::Word(known),
                _ if words::is_sign(text) => Is::Sign,
                _ => return false,
            }
        } else if words::is_sign(text) || codes::is_label(lower) || STROKES.contains(&lower) || lower == "y/o"
        {
            Is::Sign
        } else if words::is_place(text) {
            Is::Place
        } else if is_foreign_age(text) {
            Is::Age
        } else if text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'/' || byte == b'>')
            || self.after_word("stage")
        {
            let after_gene = matches!(self.pieces.last(), Some(Piece { is: Is::Sign, .. }));
            if !(codes::is_code(text) || after_gene && codes::is_change(text)) {
                return false;
            }
            Is::Code
        } else {
            return false;
        };
        self.push(is, start, end, spaced);
        true
    }

    fn after_word(&self, word: &str) -> bool {
        self.pieces
            .last()
            .and_then(|piece| self.lower.get(piece.start..piece.end))
            .is_some_and(|last| last == word)
    }

    /// The name of a catalogue right before.
    fn label(&self) -> Option<&str> {
        let last = self.pieces.iter().rev().find(|piece| !matches!(piece.is, Is::Mark(':' | '#' | '(')))?;
        let label = self.lower.get(last.start..last.end)?;
        (last.is == Is::Sign && codes::is_label(label)).then_some(label)
    }

    /// What is not known whole, character by character.
    fn scan(&mut self, start: usize, end: usize, mut spaced: bool) -> Option<()> {
        let mut at = start;
        while at < end {
            let rest = self.text.get(at..end)?;
            let first = rest.chars().next()?;
            let point = first == '.'
                && rest.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            let length = if first.is_ascii_digit() || point {
                self.number(at, end, spaced)?
            } else if first.is_alphabetic() {
                self.word(at, end, spaced)?
            } else {
                if !is_mark(first) {
                    return None;
                }
                self.push(Is::Mark(first), at, at + first.len_utf8(), spaced);
                first.len_utf8()
            };
            at += length;
            spaced = false;
        }
        Some(())
    }

    fn number(&mut self, at: usize, end: usize, spaced: bool) -> Option<usize> {
        let rest = self.text.get(at..end)?;
        let run = rest.find(|c: char| !c.is_ascii_digit() && !".,/:-–+=".contains(c)).unwrap_or(rest.len());
        let cluster = rest.get(..run)?.trim_end_matches(['.', ',', '/', ':', '-', '–', '=']);
        let mut form = numbers::form(cluster);
        let tail = rest.get(cluster.len()..)?;
        let glued = tail.starts_with(|c: char| c.is_alphabetic() || matches!(c, '%' | '°' | '/'));
        // `150 000`: a group of three after a number.
        if let (Form::Plain(Plain { digits: 3, decimals: 0, grouped: false, .. }), true) = (form, spaced) {
            let last = self.pieces.last_mut();
            if let Some(Piece { is: Is::Number(before), end: stop, .. }) = last {
                let digits = match *before {
                    Form::Plain(plain) if plain.is_whole() && plain.digits <= 3 && !plain.leading_zero => {
                        Some(plain.digits)
                    }
                    Form::Grouped(digits) => Some(digits),
                    _ => None,
                };
                if let Some(digits) = digits {
                    *before = Form::Grouped(digits + 3);
                    *stop = at + cluster.len();
                    return self.after(at + cluster.len(), end, glued).map(|tail| cluster.len() + tail);
                }
            }
        }
        if glued {
            let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
            let suffix = tail.get(..letters)?;
            if let (Form::Plain(plain), "st" | "nd" | "rd" | "th") = (form, suffix) {
                form = Form::Ordinal(plain.value as u64);
                self.push(Is::Number(form), at, at + cluster.len() + letters, spaced);
                return Some(cluster.len() + letters);
            }
        }
        self.push(Is::Number(form), at, at + cluster.len(), spaced);
        self.after(at + cluster.len(), end, glued).map(|tail| cluster.len() + tail)
    }

    /// What is written onto a number without a blank.
    fn after(&mut self, at: usize, end: usize, glued: bool) -> Option<usize> {
        if !glued {
            return Some(0);
        }
        let tail = self.text.get(at..end)?;
        let by_sex = matches!(tail.as_bytes(), [b'/', b'F' | b'M' | b'f' | b'm', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_alphanumeric));
        if numbers::is_unit(tail)
            && !by_sex
            && !matches!(tail, "F" | "M" | "A" | "C" | "D" | "N" | "J" | "W" | "V")
        {
            self.push(Is::Unit, at, end, false);
            return Some(tail.len());
        }
        let lower = self.lower.get(at..end)?;
        // The longest first: `yo` and not `y`.
        let shorthand = AGES
            .iter()
            .filter(|age| {
                lower.strip_prefix(**age).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
            })
            .max_by_key(|age| age.len());
        if let Some(age) = shorthand {
            self.push(Is::Shorthand, at, at + age.len(), false);
            return Some(age.len());
        }
        let letters = tail.find(|c: char| !c.is_alphabetic() && c != '%').unwrap_or(tail.len());
        let suffix = tail.get(..letters)?;
        if numbers::is_unit(suffix) && !matches!(suffix, "A" | "B" | "C" | "D" | "N" | "J" | "W" | "V") {
            self.push(Is::Unit, at, at + letters, false);
            return Some(letters);
        }
        tail.starts_with('/').then_some(0)
    }

    fn word(&mut self, at: usize, end: usize, spaced: bool) -> Option<usize> {
        let rest = self.text.get(at..end)?;
        let run = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let text = rest.get(..run)?;
        let lower = self.lower.get(at..at + run)?;
        let tail = rest.get(run..)?;
        if tail.starts_with(|c: char| c.is_ascii_digit()) {
            // Letters and digits in one: a sign or a code, or nothing that is known.
            let mixed = rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(rest.len());
            let whole = rest.get(..mixed)?.trim_end_matches('.');
            let is = if words::is_sign(whole) {
                Is::Sign
            } else if codes::is_code(whole) {
                Is::Code
            } else {
                return None;
            };
            self.push(is, at, at + whole.len(), spaced);
            return Some(whole.len());
        }
        // A genitive and a contraction say no more than their word.
        let more = ["'s", "’s", "'t", "’t", "'ll", "’ll", "'re", "’re", "'ve", "’ve"]
            .into_iter()
            .filter(|more| {
                tail.strip_prefix(more).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
            })
            .map(str::len)
            .max()
            .unwrap_or(0);
        let after_number = matches!(self.pieces.last(), Some(Piece { is: Is::Number(_), .. }));
        let is = match words::known(lower) {
            Some(known) if run > 1 || lower == "a" && text == "a" => Is::Word(known),
            _ if words::is_sign(text) || codes::is_label(lower) => Is::Sign,
            _ if after_number && numbers::is_unit(text) => Is::Unit,
            _ if words::is_place(text) => Is::Place,
            _ if text.chars().count() == 1 && text.is_ascii() => Is::Letter,
            _ if is_foreign_age(text) => Is::Age,
            _ => Is::Stranger,
        };
        self.push(is, at, at + run, spaced);
        Some(run + more)
    }
}

const fn is_mark(c: char) -> bool {
    opens(c)
        || closes(c)
        || matches!(
            c,
            '/' | '-' | '–' | '—' | '+' | '&' | '%' | '°' | '^' | '×' | '→' | '↑' | '↓' | '•' | '·'
        )
}

/// A capital, and then two small letters or more.
fn title(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes, [first, rest @ ..] if first.is_ascii_uppercase() && rest.len() > 1 && rest.iter().all(u8::is_ascii_lowercase))
}

fn is_foreign_age(text: &str) -> bool {
    text.len() <= 20 && FOREIGN_AGES.contains(&text.to_lowercase().as_str())
}
