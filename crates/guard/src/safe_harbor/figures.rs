//! What a number says where it stands: a measure, or the age, date, telephone or number of somebody.

use super::cell::{AGE, Cell, DATE, LONG};
use super::codes;
use super::context::{AGED, MEASURED, OUT_OF, PARTS_OF_A_YEAR, SCORES, VALUES};
use super::numbers::{Form, Plain, is_unit, may_be_date};
use super::pieces::{Is, Piece};

const OVER: f64 = 90.0;
/// Nobody is older.
const OLDEST: f64 = 130.0;

impl Cell<'_> {
    pub(super) fn has_unit(&self, at: usize) -> bool {
        match (self.at(at + 1).map(|next| next.is), self.at(at + 2).map(|next| next.is)) {
            (Some(Is::Unit), _)
            | (Some(Is::Mark('%' | '°')), _)
            | (Some(Is::Mark('-' | '/' | '+')), Some(Is::Unit)) => true,
            // `150 000 - 400 000 /uL`.
            (Some(Is::Mark('-' | '–' | '/' | 'x' | '×')), Some(Is::Number(_))) => {
                matches!(self.at(at + 3).map(|next| next.is), Some(Is::Unit | Is::Mark('%')))
            }
            // `90-day supply`.
            (Some(Is::Mark('-')), Some(Is::Word(_))) => {
                self.at(at + 2).is_some_and(|next| is_unit(self.lower(next)))
            }
            _ => at
                .checked_sub(1)
                .and_then(|at| self.at(at))
                .is_some_and(|before| matches!(before.is, Is::Mark('$' | '€' | '£'))),
        }
    }

    /// A sign or a word of measures stands before it.
    pub(super) fn is_labelled(&self, at: usize) -> bool {
        let marks = [':', '=', '<', '>', '(', '~', '≤', '≥', '-', '+', '±'];
        let Some((found, mut piece)) = self.before(at, &marks) else { return false };
        if matches!(self.lower(piece), "of" | "is" | "was" | "at") {
            let Some((_, before)) = self.before(found, &marks) else { return false };
            piece = before;
        }
        let lower = self.lower(piece);
        match piece.is {
            Is::Sign => {
                VALUES.contains(&self.text.get(piece.start..piece.end).unwrap_or_default())
                    || codes::is_label(lower)
            }
            Is::Word(_) | Is::Stranger => MEASURED.contains(&lower) || SCORES.contains(&lower),
            Is::Letter => true,
            _ => false,
        }
    }

    pub(super) fn number(&self, at: usize, form: Form) -> Option<&'static str> {
        let (unit, labelled) = (self.has_unit(at), self.is_labelled(at));

        match form {
            Form::Plain(plain) => self.plain(at, plain, unit, labelled),
            // Amounts of this size are round.
            Form::Grouped(digits) => {
                let round = self
                    .at(at)
                    .and_then(|piece| self.text.get(..piece.end))
                    .is_some_and(|text| text.ends_with("000"));
                (!unit || !round || digits > 12).then_some(LONG)
            }
            Form::Ordinal(value) => {
                let ends = self.at(at + 1).is_none_or(|next| !matches!(next.is, Is::Word(_)))
                    || matches!(
                        self.word_after(at),
                        "of" | "at" | "and" | "or" | "to" | "with" | "for" | "after" | "by"
                    );
                if ends && value <= 31 {
                    return Some(DATE);
                }
                ((90..=130).contains(&value) && self.word_after(at) != "percentile").then_some(AGE)
            }
            Form::Ratio(one, other) => self.ratio(at, one, other, unit, labelled),
            Form::Range(one, other) => {
                let old = one.is_whole()
                    && (OVER..=OLDEST).contains(&other.value)
                    && !unit
                    && !labelled
                    && self.is_aged();
                if old { Some(AGE) } else { self.range(one, other, unit, labelled) }
            }
            Form::Clock => None,
            Form::Series(most, sum) => {
                (!(most == 1 && sum <= 8 || most <= 3 && sum <= 12 && unit)).then_some(LONG)
            }
            Form::Sum(first) => {
                let text =
                    self.at(at).and_then(|piece| self.text.get(piece.start..piece.end)).unwrap_or_default();
                (first >= 90 && text != "90+").then_some(AGE)
            }
            Form::Dotted(parts, last) => {
                let release = matches!(
                    self.word_before(at),
                    "version" | "firmware" | "build" | "release" | "v" | "software"
                );
                (!(release || parts == 3 && last == 1)).then_some(if parts == 3 { DATE } else { LONG })
            }
            Form::Strokes => Some(DATE),
            Form::Odd => Some(LONG),
        }
    }

    /// Whether a word of age, life or kinship is in the cell.
    fn is_aged(&self) -> bool {
        self.pieces.iter().any(|piece| {
            piece.is == Is::Age
                || matches!(piece.is, Is::Word(_) | Is::Sign) && AGED.contains(&self.lower(piece))
        })
    }

    fn plain(&self, at: usize, plain: Plain, unit: bool, labelled: bool) -> Option<&'static str> {
        let years = matches!(self.word_after(at), "year" | "years" | "yr" | "yrs" | "y" | "yo" | "y/o")
            || matches!(self.at(at + 1).map(|next| next.is), Some(Is::Shorthand | Is::Age));
        if years && plain.value > OVER && plain.value < 1000.0 {
            return Some(AGE);
        }
        if plain.value >= 1080.0 && matches!(self.word_after(at), "month" | "months" | "mo" | "mos") {
            return Some(AGE);
        }
        if plain.is_whole() && plain.value >= OVER {
            let open = plain.value == OVER
                && self.word_after(at) == "or"
                && self.at(at + 2).is_some_and(|next| {
                    matches!(self.lower(next), "older" | "over" | "more" | "above" | "up")
                });
            let sex = matches!(self.at(at + 1), Some(next) if next.is == Is::Unit && matches!(self.lower(next), "f" | "m"))
                && !labelled;
            if years && plain.value < 1000.0 && !open {
                return Some(AGE);
            }

            if plain.value <= OLDEST && !open && !self.alone {
                // A bare number in a sentence is an age, for all that a machine can tell.
                if sex || (!unit && !labelled) {
                    return Some(AGE);
                }
            }
        }
        let beside = |piece: Option<&Piece>| piece.is_some_and(|piece| matches!(piece.is, Is::Number(_)));
        if beside(at.checked_sub(1).and_then(|at| self.at(at))) {
            return Some(LONG);
        }
        if plain.leading_zero && plain.digits >= 3 || (plain.decimals >= 4 && !unit) {
            return Some(LONG);
        }
        if plain.is_whole() && plain.digits == 4 && (1800.0..=2150.0).contains(&plain.value) && !unit {
            let part = PARTS_OF_A_YEAR.contains(&self.word_before(at)) || self.word_before(at) == "may";
            let apostrophe = matches!(
                at.checked_sub(1).and_then(|at| self.at(at)).map(|before| before.is),
                Some(Is::Mark('\'' | '’'))
            );
            if plain.value <= f64::from(self.today.year()) - OVER {
                return Some(AGE);
            }
            return (part || apostrophe).then_some(DATE);
        }
        let most = match (unit, labelled, self.alone) {
            _ if plain.grouped => 12,
            (true, ..) => 10,
            (_, true, _) => 6,
            (_, _, true) => 4,
            _ => 3,
        };
        (plain.digits > most || (plain.is_whole() && self.after_apostrophe(at))).then_some(LONG)
    }

    /// `'19`.
    fn after_apostrophe(&self, at: usize) -> bool {
        at.checked_sub(1)
            .and_then(|at| self.at(at))
            .is_some_and(|before| matches!(before.is, Is::Mark('\'' | '’')))
    }

    fn ratio(&self, at: usize, one: Plain, other: Plain, unit: bool, labelled: bool) -> Option<&'static str> {
        if one.leading_zero || other.leading_zero {
            return Some(DATE);
        }
        let long = if unit || labelled { 6 } else { 3 };
        if one.digits > long || other.digits > long {
            return Some(if other.digits == 4 { DATE } else { LONG });
        }
        // `93/F` has no second number; `24/7` is a manner of speech where something goes on all day.
        let always = (one.value, other.value) == (24.0, 7.0)
            && matches!(
                self.word_after(at),
                "care" | "coverage" | "support" | "supervision" | "monitoring" | "nursing" | "service"
            );
        let eyes = one.value == 20.0 || one.value == 6.0 && matches!(self.word_after(at), "od" | "os" | "ou");
        let page = matches!(self.word_before(at), "page" | "part" | "step" | "attempt");
        let out_of =
            self.before(at, &[':', '=', '(']).is_some_and(|(_, piece)| OUT_OF.contains(&self.lower(piece)));
        (may_be_date(&one, &other) && !(unit || out_of || always || eyes && other.value >= 10.0 || page))
            .then_some(DATE)
    }

    fn range(&self, one: Plain, other: Plain, unit: bool, labelled: bool) -> Option<&'static str> {
        if one.leading_zero || other.leading_zero {
            return Some(LONG);
        }
        if unit {
            return (one.digits > 10 || other.digits > 10).then_some(LONG);
        }
        let year =
            |plain: &Plain| plain.is_whole() && plain.digits == 4 && (1900.0..=2150.0).contains(&plain.value);
        if year(&one) && (year(&other) || other.digits <= 2) {
            let old = one.value <= f64::from(self.today.year()) - OVER;
            return if old {
                Some(AGE)
            } else {
                (!(year(&other) && one.value <= other.value)).then_some(DATE)
            };
        }
        if may_be_date(&one, &other) && !labelled {
            return Some(DATE);
        }
        // Three digits and four are a telephone; what falls is no range.
        let telephone = one.digits == 3 && other.digits == 4;
        // Limits are round.
        let odd = |plain: &Plain| plain.is_whole() && plain.digits >= 4 && plain.value % 10.0 != 0.0;
        (one.digits > 5
            || other.digits > 6
            || (!labelled && (telephone || odd(&one) || odd(&other) || one.value > other.value)))
            .then_some(LONG)
    }
}
