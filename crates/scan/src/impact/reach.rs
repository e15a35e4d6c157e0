//! Who can reach patients' data, principal by principal: fields by field, and how far into the records.

use std::collections::{BTreeMap, BTreeSet};

use access::{Answer, Model, Range, Reach};
use serde::{Deserialize, Serialize};

use super::snapshot::SeenField;

/// Read and edit of each PHI field for each principal, and the reach into the records of each PHI object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reachable {
    /// `Object.Field`, in the order of a row's answers.
    fields: Vec<String>,
    objects: Vec<String>,
    /// By `permission-set:Name`.
    principals: BTreeMap<String, Held>,
    /// Principals that hold the same share a row: most profiles of an org do.
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    crowd: String,
    row: usize,
}

/// Answers as letters, so that a snapshot of an org stays small.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Row {
    /// A letter a field, by [`LETTERS`].
    fields: String,
    /// Two letters an object: reading, then editing.
    objects: String,
}

/// The letter at `3 * a + b` stands for two things of three values each: read and edit of a field, from no over
/// unknown to yes; or the least and the most of a range, from none over some to all.
const LETTERS: [char; 9] = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];

/// What a principal can do with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Can {
    pub(super) read: Answer,
    pub(super) edit: Answer,
}

impl Can {
    pub(super) const NOTHING: Can = Can { read: Answer::No, edit: Answer::No };
}

/// How far a principal reaches into the records of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) read: Range,
    pub(super) edit: Range,
}

impl Records {
    pub(super) const NONE: Records = Records { read: Range::NONE, edit: Range::NONE };
}

impl Reachable {
    pub(super) fn of<'f>(model: &Model, phi: impl Iterator<Item = &'f SeenField>) -> Self {
        let mut names = Vec::new();
        let mut objects: BTreeMap<String, String> = BTreeMap::new();
        for field in phi {
            names.push(field.name());
            objects.entry(field.object.to_lowercase()).or_insert_with(|| field.object.clone());
        }
        let matrix = model.matrix(names.iter().map(String::as_str));
        let objects: Vec<String> = objects.into_values().collect();
        let mut rows: BTreeMap<Row, usize> = BTreeMap::new();
        let mut this =
            Self { fields: matrix.fields().map(str::to_owned).collect(), objects, ..Self::default() };
        for (id, principal) in model.principals() {
            let held = model.access(id);
            let of_field = |at| letter(matrix.read(id, at) as usize, matrix.edit(id, at) as usize);
            let of_object = |object: &String| {
                let (read, edit) = held.as_ref().and_then(|held| held.reach(object)).unwrap_or(UNKNOWN);
                [letter(read.low as usize, read.high as usize), letter(edit.low as usize, edit.high as usize)]
            };
            let row = Row {
                fields: (0..this.fields.len()).map(of_field).collect(),
                objects: this.objects.iter().flat_map(of_object).collect(),
            };
            let next = rows.len();
            let row = *rows.entry(row).or_insert(next);
            let held = Held { crowd: principal.crowd().as_str().to_owned(), row };
            this.principals.insert(principal.to_string(), held);
        }
        let mut by_number: Vec<(usize, Row)> = rows.into_iter().map(|(row, at)| (at, row)).collect();
        by_number.sort_by_key(|(at, _)| *at);
        this.rows = by_number.into_iter().map(|(_, row)| row).collect();
        this
    }

    pub(super) fn principals(&self) -> BTreeSet<&str> {
        self.principals.keys().map(String::as_str).collect()
    }

    pub(super) fn has(&self, principal: &str) -> bool {
        self.principals.contains_key(principal)
    }

    pub(super) fn crowd(&self, principal: &str) -> Option<&str> {
        self.principals.get(principal).map(|held| held.crowd.as_str())
    }

    /// What a principal can do with each field, by lower-case name; nothing where there is no such principal.
    pub(super) fn fields_of(&self, principal: &str) -> BTreeMap<String, Can> {
        let Some(row) = self.row(principal) else { return BTreeMap::new() };
        let answers = row
            .fields
            .chars()
            .filter_map(pair)
            .map(|(read, edit)| Can { read: answer(read), edit: answer(edit) });
        self.fields.iter().map(|field| field.to_lowercase()).zip(answers).collect()
    }

    /// The same for the records of each object.
    pub(super) fn records_of(&self, principal: &str) -> BTreeMap<&str, Records> {
        let Some(row) = self.row(principal) else { return BTreeMap::new() };
        let mut ranges = row
            .objects
            .chars()
            .filter_map(pair)
            .map(|(low, high)| Range { low: reach(low), high: reach(high) });
        let mut all = BTreeMap::new();
        for object in &self.objects {
            let (Some(read), Some(edit)) = (ranges.next(), ranges.next()) else { break };
            all.insert(object.as_str(), Records { read, edit });
        }
        all
    }

    fn row(&self, principal: &str) -> Option<&Row> {
        self.rows.get(self.principals.get(principal)?.row)
    }

    /// Who reads a field, and of how many that is unknown.
    pub(super) fn readers(&self, field: &str) -> (Vec<&str>, usize) {
        let at = self.fields.iter().position(|name| name.eq_ignore_ascii_case(field));
        let Some(at) = at else { return (Vec::new(), self.principals.len()) };
        let answers: Vec<Answer> = self
            .rows
            .iter()
            .map(|row| {
                row.fields.chars().nth(at).and_then(pair).map_or(Answer::Unknown, |(read, _)| answer(read))
            })
            .collect();
        let of = |held: &Held| answers.get(held.row).copied().unwrap_or(Answer::Unknown);
        let who = |wanted: Answer| {
            let all = self.principals.iter().filter(move |(_, held)| of(held) == wanted);
            all.map(|(name, _)| name.as_str())
        };
        (who(Answer::Yes).collect(), who(Answer::Unknown).count())
    }
}

fn letter(first: usize, second: usize) -> char {
    LETTERS.get(3 * first + second).copied().unwrap_or('e')
}

fn pair(letter: char) -> Option<(usize, usize)> {
    let at = LETTERS.iter().position(|known| *known == letter)?;
    Some((at / 3, at % 3))
}

const fn answer(number: usize) -> Answer {
    match number {
        0 => Answer::No,
        2 => Answer::Yes,
        _ => Answer::Unknown,
    }
}

const fn reach(number: usize) -> Reach {
    match number {
        0 => Reach::None,
        1 => Reach::Some,
        _ => Reach::All,
    }
}

/// Of an object that the model does not know.
const UNKNOWN: (Range, Range) =
    (Range { low: Reach::None, high: Reach::All }, Range { low: Reach::None, high: Reach::All });
