//! Whether all of a cell is known to say nothing of a person.

use jiff::civil::Date;

use super::context::*;
use super::numbers::{Form, Plain};
use super::pieces::{Is, Piece, cut};
use super::words::{self, Own};

/// More words than this are a story, unless descriptions of diagnoses have them all.
const MOST_WORDS: usize = 12;
const LONGEST: usize = 400;

pub(super) const UNKNOWN: &str = "words that are not known to be harmless";
pub(super) const STORY: &str = "free text, for which no machine vouches";
const OWN: &str = "a name of the same row (A)";
const NAME: &str = "a word that is also a name (A)";
const PROPER: &str = "a word in capitals within a sentence, as names are (A, B)";
const LETTERS: &str = "single letters, as initials are (A)";
const PLACE: &str = "a place or an institution (A, B)";
pub(super) const DATE: &str = "a date (C)";
const TRAIT: &str = "what may be true of one person only (R)";
pub(super) const AGE: &str = "an age over 89 (C)";
pub(super) const LONG: &str = "a telephone or other long number (D, R)";
pub(super) const NUMBER: &str = "a number with a word for identifiers (R)";
pub(super) const SIGNS: &str = "a string that is no word, measure or public code (R)";

/// The reason to take the cell out; none where it may stay.
pub(super) fn judged(text: &str, own: &Own, today: Date) -> Option<&'static str> {
    if text.len() > LONGEST {
        return Some(STORY);
    }
    let lower = text.to_ascii_lowercase();
    let Some(pieces) = cut(text, &lower) else { return Some(SIGNS) };
    let mut cell = Cell { text, lower: &lower, pieces: &pieces, own, today, sentence: true, alone: false };
    cell.look();
    cell.whole().or_else(|| (0..pieces.len()).find_map(|at| cell.piece(at)))
}

pub(super) struct Cell<'c> {
    pub(super) text: &'c str,
    pub(super) lower: &'c str,
    pub(super) pieces: &'c [Piece],
    own: &'c Own,
    pub(super) today: Date,
    /// Some of its longer words are in lower case.
    sentence: bool,
    /// There is one number in it and nothing else.
    pub(super) alone: bool,
}

impl<'c> Cell<'c> {
    fn look(&mut self) {
        self.sentence = self.pieces.iter().any(|piece| {
            matches!(piece.is, Is::Word(_)) && piece.end - piece.start >= 4 && !self.is_capital(piece)
        });
        self.alone = self.pieces.iter().filter(|piece| !matches!(piece.is, Is::Mark(_))).count() == 1;
    }

    pub(super) fn at(&self, at: usize) -> Option<&'c Piece> {
        self.pieces.get(at)
    }

    pub(super) fn lower(&self, piece: &Piece) -> &'c str {
        self.lower.get(piece.start..piece.end).unwrap_or_default()
    }

    pub(super) fn is_capital(&self, piece: &Piece) -> bool {
        self.text.get(piece.start..).is_some_and(|text| text.starts_with(char::is_uppercase))
    }

    /// The last piece before that is no mark of these.
    pub(super) fn before(&self, at: usize, marks: &[char]) -> Option<(usize, &'c Piece)> {
        let pieces = self.pieces.get(..at)?;
        pieces
            .iter()
            .enumerate()
            .rev()
            .find(|(_, piece)| !matches!(piece.is, Is::Mark(c) if marks.contains(&c)))
    }

    pub(super) fn word_before(&self, at: usize) -> &'c str {
        self.before(at, &['-', '/', '\'', '’']).map_or("", |(_, piece)| self.lower(piece))
    }

    pub(super) fn word_after(&self, at: usize) -> &'c str {
        let mut after = self.pieces.iter().skip(at + 1);
        after
            .find(|piece| !matches!(piece.is, Is::Mark('-' | '/' | '\'' | '’')))
            .map_or("", |piece| self.lower(piece))
    }

    /// What only the whole tells.
    fn whole(&self) -> Option<&'static str> {
        let (mut words, mut is_description, mut spelt, mut numbers, mut others) = (0, true, 0, 0, 0);
        let (mut identifier, mut long, mut birth, mut other_than_year, mut week, mut year) =
            (false, false, false, false, false, false);
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece.is {
                Is::Word(known) => {
                    words += 1;
                    others += 1;
                    let lower = self.lower(piece);
                    is_description &= known.icd || lower.len() <= 4;
                    spelt = if known.digit { spelt + 1 } else { 0 };
                    identifier |= known.identifier;
                    birth |= matches!(lower, "birth" | "born" | "birthday");
                    week |= matches!(lower, "week" | "quarter" | "month" | "day");
                }
                Is::Sign => {
                    others += 1;
                    identifier |= IDENTIFIERS.contains(&self.lower(piece));
                    birth |= self.lower(piece) == "dob";
                }
                Is::Number(form) => {
                    let is_year = matches!(form, Form::Plain(plain) if plain.digits == 4 && (1800.0..=2150.0).contains(&plain.value));
                    year |= is_year && !self.has_unit(at);
                    other_than_year |= !is_year && !self.has_unit(at);
                    numbers += 1;
                    let digits = self
                        .text
                        .get(piece.start..piece.end)
                        .map_or(0, |text| text.bytes().filter(u8::is_ascii_digit).count());
                    long |= digits >= 3
                        && !self.has_unit(at)
                        && !self.is_labelled(at)
                        && !matches!(form, Form::Clock);
                }

                Is::Mark(_) => {}
                _ => others += 1,
            }
            if spelt >= 4 {
                return Some(LONG);
            }
        }
        if words > MOST_WORDS && !is_description {
            return Some(STORY);
        }
        if (birth && other_than_year) || (week && year) {
            return Some(DATE);
        }
        if identifier && long {
            return Some(NUMBER);
        }
        // Numbers alone, side by side: a place on the map, a telephone, a card.
        let is_list = self.pieces.iter().any(|piece| matches!(piece.is, Is::Mark(',' | ';' | '(')))
            || self
                .pieces
                .windows(2)
                .any(|two| matches!(two, [Piece { is: Is::Number(_), .. }, Piece { is: Is::Number(_), .. }]));
        (numbers > 1 && others == 0 && is_list).then_some(LONG)
    }

    fn piece(&self, at: usize) -> Option<&'static str> {
        let piece = self.at(at)?;
        match piece.is {
            Is::Word(known) => self.word(at, piece, known),
            Is::Stranger => self.stranger(at, piece),
            Is::Sign => self.sign(at, piece),
            Is::Letter => self.letter(at, piece),
            Is::Place => self.place(at),
            Is::Number(form) => self.number(at, form),

            Is::Age | Is::Unit | Is::Shorthand | Is::Code | Is::Mark(_) => None,
        }
    }

    fn is_phrase(&self, at: usize, lower: &str) -> bool {
        words::is_phrase(self.word_before(at), lower) || words::is_phrase(lower, self.word_after(at))
    }

    fn word(&self, at: usize, piece: &Piece, known: words::Known) -> Option<&'static str> {
        let lower = self.lower(piece);
        let capital = self.is_capital(piece);
        // Months and seasons that are also plain words.
        if matches!(lower, "may" | "fall") {
            let number = |piece: Option<&Piece>| piece.is_some_and(|piece| matches!(piece.is, Is::Number(_)));
            let beside = number(at.checked_sub(1).and_then(|at| self.at(at))) || number(self.at(at + 1));
            let before = self.word_before(at);
            let since = if lower == "may" {
                SINCE
            } else {
                &["since", "last", "this", "next", "early", "late", "mid"]
            };
            if beside || since.contains(&before) || (lower == "may" && self.at(at + 1).is_none()) {
                return Some(DATE);
            }
        }
        // `Mother's Day`.
        if lower == "day"
            && matches!(
                self.word_before(at),
                "mother" | "father" | "labor" | "new" | "independence" | "election" | "boxing"
            )
        {
            return Some(DATE);
        }
        let acts = || ACTS.contains(&self.word_after(at));
        if matches!(lower, "only" | "first" | "oldest" | "youngest" | "largest" | "last")
            && self.is_unique(at, lower)
        {
            return Some(TRAIT);
        }
        if self.own.has(lower) {
            return (acts() || !self.is_phrase(at, lower) && (capital || !known.icd)).then_some(OWN);
        }
        if known.name && acts() && !AGED.contains(&lower) && !UNNAMED.contains(&lower) {
            return Some(NAME);
        }
        if !capital {
            return None;
        }
        // `Strain of`: no person's name begins so.
        let of = at == 0 && known.icd && self.word_after(at) == "of";
        if known.name && !of && !self.is_phrase(at, lower) {
            return Some(NAME);
        }
        if INSTITUTIONS.contains(&lower) {
            let named = at.checked_sub(1).and_then(|at| self.at(at)).is_some_and(|before| {
                matches!(before.is, Is::Word(_) | Is::Place | Is::Stranger | Is::Sign)
                    && self.is_capital(before)
            });
            if named {
                return Some(PLACE);
            }
        }
        let starts = match at.checked_sub(1).and_then(|at| self.at(at)) {
            None => true,
            Some(before) => {
                !matches!(before.is, Is::Word(_) | Is::Stranger | Is::Sign | Is::Letter | Is::Place | Is::Age)
            }
        };
        let of_the_trade = known.drug || (known.icd && lower.len() >= 8) || self.is_phrase(at, lower);
        // `Works at Target`: a name needs no more lower case than the word before it.
        let before = at.checked_sub(1).and_then(|at| self.at(at));
        let placed =
            before.is_some_and(|before| !self.is_capital(before) && WHERE.contains(&self.lower(before)));
        let display = [self.at(0), self.at(1)].into_iter().flatten().any(|piece| piece.is == Is::Code);
        ((self.sentence || placed) && !starts && !of_the_trade && !display).then_some(PROPER)
    }

    /// `the only doctor`, `first patient in the state`.
    fn is_unique(&self, at: usize, lower: &str) -> bool {
        let of_people = matches!(
            self.word_after(at),
            "patient"
                | "person"
                | "woman"
                | "man"
                | "case"
                | "child"
                | "doctor"
                | "nurse"
                | "female"
                | "male"
                | "living"
                | "known"
        );
        let definite = self.word_before(at) == "the";
        (lower == "only" && self.word_after(at) == "known")
            || (definite && matches!(lower, "only" | "oldest" | "youngest" | "largest"))
            || (of_people && (definite || lower != "only"))
    }

    fn stranger(&self, at: usize, piece: &Piece) -> Option<&'static str> {
        let lower = self.lower(piece);
        let is_score = SCORES.contains(&lower)
            && matches!(
                self.at(at + 1).map(|next| next.is),
                Some(Is::Number(Form::Ratio(..) | Form::Sum(_) | Form::Plain(Plain { digits: 1..=2, .. })))
            );
        if is_score || self.is_phrase(at, lower) {
            return None;
        }
        let plain = words::folded(self.text.get(piece.start..piece.end).unwrap_or_default());
        if !lower.is_ascii() && self.is_phrase(at, &plain) {
            return None;
        }
        Some(if self.own.has(&plain) { OWN } else { UNKNOWN })
    }

    fn sign(&self, at: usize, piece: &Piece) -> Option<&'static str> {
        let text = self.text.get(piece.start..piece.end).unwrap_or_default();
        let own = self.own.are_initials(text) || self.own.has(self.lower(piece));
        let measure = matches!(
            self.at(at + 1).map(|next| next.is),
            Some(Is::Number(Form::Ratio(..) | Form::Plain(Plain { decimals: 1.., .. })))
        ) || (matches!(self.at(at + 1).map(|next| next.is), Some(Is::Number(_)))
            && self.has_unit(at + 1));
        (own && !measure && text.chars().all(char::is_alphabetic)).then_some(OWN)
    }

    fn letter(&self, at: usize, piece: &Piece) -> Option<&'static str> {
        let letter = self.lower(piece);
        let next = self.at(at + 1).map(|next| next.is);
        let before = self.word_before(at);
        let known = match next {
            // `K 4.1`, `T 98.6 F`, `P 72`: a value with a point or a unit, or vital signs.
            Some(Is::Number(Form::Plain(plain))) => {
                "ktprhbcnals".contains(letter)
                    && (plain.decimals > 0 || self.has_unit(at + 1) || plain.digits <= 3 && at > 0)
                    || letter == "x"
            }
            Some(Is::Number(_)) => "ktprx".contains(letter),
            // `E. coli`.
            Some(Is::Mark('.')) => self.at(at + 2).is_some_and(|next| {
                matches!(next.is, Is::Word(known) if known.drug || known.icd)
                    && next.spaced
                    && !self.is_capital(next)
                    && self.lower(next).len() >= 4
                    && is_species(self.lower(next))
            }),
            _ => false,
        };
        let is_kind = KINDS.contains(&before)
            && self.is_capital(piece)
            && at
                .checked_sub(1)
                .is_some_and(|at| self.at(at).is_some_and(|before| !matches!(before.is, Is::Mark(_))));
        let blood = matches!(letter, "a" | "b" | "o")
            && (matches!(self.word_after(at), "neg" | "pos" | "negative" | "positive" | "rh")
                || matches!(next, Some(Is::Mark('+' | '-'))) && self.at(at + 2).is_none());
        let ray = letter == "x" && matches!(self.word_after(at), "ray" | "rays" | "linked");
        // `graft(s)`.
        let plural = letter == "s"
            && !piece.spaced
            && matches!(next, Some(Is::Mark(')')))
            && at
                .checked_sub(1)
                .and_then(|at| self.at(at))
                .is_some_and(|before| before.is == Is::Mark('(') && !before.spaced);
        // `94yo M`, `72 F`.
        let sex = matches!(letter, "m" | "f")
            && at.checked_sub(1).and_then(|at| self.at(at)).is_some_and(|before| {
                matches!(before.is, Is::Shorthand | Is::Number(_) | Is::Unit | Is::Mark('/'))
                    || matches!(self.lower(before), "old" | "yo" | "y/o")
            });
        (!(known || plural || is_kind || blood || ray || sex)).then_some(LETTERS)
    }

    /// A state or country: alone, or where a sentence goes on in lower case.
    fn place(&self, at: usize) -> Option<&'static str> {
        let before = at.checked_sub(1).and_then(|at| self.at(at));
        // `Mobile, Alabama`.
        let town = matches!(before, Some(Piece { is: Is::Mark(','), .. }))
            && at.checked_sub(2).and_then(|at| self.at(at)).is_some_and(|before| self.is_capital(before));
        let fits = !town
            && before.is_none_or(|before| {
                matches!(before.is, Is::Mark(_))
                    || matches!(self.lower(before), "in" | "from" | "to" | "of" | "and" | "or" | "within")
            });
        let goes_on = self.at(at + 1).is_none_or(|next| match next.is {
            Is::Mark('-' | '/' | '\'' | '’') => false,
            Is::Mark(_) => true,
            _ => !self.is_capital(next) && !matches!(next.is, Is::Number(_)),
        });
        // `Wants to move, Kenya called`: who acts is a person.
        let acts = before.is_none() && self.at(at + 1).is_some_and(|next| matches!(next.is, Is::Word(_)));
        let piece = self.at(at)?;
        (self.own.has(self.lower(piece)) || !fits || !goes_on || acts).then_some(PLACE)
    }
}
