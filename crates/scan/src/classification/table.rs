//! The table of words: what single words of a field, of its type and of its object's name speak for, as weights that
//! were learned from labelled fields. It counts in objects of which the bundle says that they are about patients; of
//! any other object it only says how much it looks like one, so that people are asked about that first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::words::words;

/// What a weight of 1 is: as many make a field e times as likely.
const UNIT: i32 = 40;

/// What is read of a field or object: a kind and a word, parted by a tab.
pub type Clue = String;

/// Weights for the clues of one question.
#[derive(Debug, Clone, Default)]
struct Weights {
    bias: i32,
    of: BTreeMap<Clue, i32>,
}

/// From which weight on a field is asked about, is told as PHI though the rules pass it over, and is not asked about any
/// more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thresholds {
    pub ask: i32,
    pub phi: i32,
    pub sure: i32,
}

/// See `catalogue/README.md`.
#[derive(Debug, Clone, Default)]
pub struct WordTable {
    field: Weights,
    object: Weights,
    pub thresholds: Thresholds,
}

/// What the clues of a field come to.
#[derive(Debug)]
pub(super) struct Weighed {
    pub(super) weight: i32,
    /// Those that speak for it, the heaviest first, as people read them.
    for_it: Vec<String>,
}

static SHIPPED: LazyLock<WordTable> =
    LazyLock::new(|| WordTable::parse(include_str!("../catalogue/words.tsv")).unwrap_or_default());

impl WordTable {
    pub fn shipped() -> &'static WordTable {
        &SHIPPED
    }

    /// Reads lines of `question`, `kind`, `word` and `weight`, after a header. The error is the line that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut table = Self::default();
        for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [question, kind, word, weight] = columns.as_slice() else { return Err(line.to_owned()) };
            let weight: i32 = weight.parse().map_err(|_| line.to_owned())?;
            let weights = match *question {
                "field" => &mut table.field,
                "object" => &mut table.object,
                _ => return Err(line.to_owned()),
            };
            match (*kind, *word) {
                ("from", "ask") => table.thresholds.ask = weight,
                ("from", "phi") => table.thresholds.phi = weight,
                ("from", "sure") => table.thresholds.sure = weight,
                ("any", _) => weights.bias = weight,
                (kind, word) => {
                    weights.of.insert(clue(kind, word), weight);
                }
            }
        }
        Ok(table)
    }

    /// What the table reads of a field.
    pub fn clues_of_field(
        field: &str,
        label: &str,
        field_type: &str,
        object: &str,
        object_label: &str,
    ) -> BTreeSet<Clue> {
        let mut clues = BTreeSet::new();
        for text in [field, label] {
            let words = stems(text);
            clues.extend(words.last().map(|word| clue("ends", word)));
            clues.extend(words.iter().map(|word| clue("word", word)));
        }
        clues.insert(clue("type", if field_type.is_empty() { "none" } else { field_type }));
        clues.extend(stems(object).last().map(|word| clue("object-ends", word)));
        for text in [object, object_label] {
            clues.extend(stems(text).iter().map(|word| clue("object-word", word)));
        }
        clues
    }

    /// What the table reads of an object: its name, what it points at, and how many of its fields look like a
    /// patient's by themselves.
    pub fn clues_of_object<'a>(
        object: &str,
        label: &str,
        targets: impl Iterator<Item = &'a str>,
        (phi, fields): (usize, usize),
    ) -> BTreeSet<Clue> {
        let mut clues: BTreeSet<Clue> = targets
            .flat_map(|target| stems(target).into_iter().map(|word| clue("points-at", &word)))
            .collect();
        clues.extend(stems(object).last().map(|word| clue("object-ends", word)));
        for text in [object, label] {
            clues.extend(stems(text).iter().map(|word| clue("object-word", word)));
        }
        let looks = match (phi, fields) {
            (0, _) => "none",
            (phi, fields) if phi * 4 <= fields => "a quarter",
            (phi, fields) if phi * 2 <= fields => "half",
            _ => "most",
        };
        clues.insert(clue("fields-like-a-patients", looks));
        clues
    }

    pub(super) fn weigh_field(&self, clues: &BTreeSet<Clue>) -> Weighed {
        self.field.weigh(clues)
    }

    /// How likely it is that an object keeps patients' records, in the weights' own unit: 0 is as likely as not.
    pub fn weigh_object(&self, clues: &BTreeSet<Clue>) -> i32 {
        self.object.weigh(clues).weight
    }
}

impl Weights {
    fn weigh(&self, clues: &BTreeSet<Clue>) -> Weighed {
        let mut found: Vec<(i32, &str)> =
            clues.iter().filter_map(|clue| Some((*self.of.get(clue)?, clue.as_str()))).collect();
        let weight = self.bias + found.iter().map(|(weight, _)| weight).sum::<i32>();
        found.sort_by_key(|(weight, clue)| (-weight, *clue));
        let mut for_it: Vec<String> = Vec::new();
        for (_, clue) in found.iter().filter(|(weight, _)| *weight > 0) {
            let text = shown(clue);
            if !for_it.contains(&text) {
                for_it.push(text);
            }
        }
        for_it.truncate(3);
        Weighed { weight, for_it }
    }
}

impl Weighed {
    /// The rules' own word counts for half a unit either way: they were written for more than single words.
    pub(super) fn with_rules(&self, is_phi: bool) -> i32 {
        if is_phi { self.weight + UNIT / 2 } else { self.weight - UNIT / 2 }
    }

    pub(super) fn speaks_for(&self) -> String {
        joined(&self.for_it)
    }
}

fn clue(kind: &str, word: &str) -> Clue {
    format!("{kind}\t{word}")
}

fn shown(clue: &str) -> String {
    match clue.split_once('\t') {
        Some(("type", kind)) => format!("the type {kind}"),
        Some(("object-word" | "object-ends", word)) => format!("`{word}` in its object's name"),
        Some((_, word)) => format!("`{word}`"),
        None => clue.to_owned(),
    }
}

fn joined(clues: &[String]) -> String {
    match clues {
        [] => "what else its records hold".to_owned(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// Words in the singular, without numbers.
fn stems(text: &str) -> Vec<String> {
    let is_word = |word: &String| word.chars().any(char::is_alphabetic);
    words(text).into_iter().filter(is_word).map(|word| stem(&word)).collect()
}

fn stem(word: &str) -> String {
    if word.len() > 4 {
        if let Some(stem) = word.strip_suffix("ies") {
            return format!("{stem}y");
        }
        if let Some(stem) = word.strip_suffix('s').filter(|stem| !stem.ends_with(['s', 'u', 'i'])) {
            return stem.to_owned();
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_shipped_table_is_read() {
        let text = include_str!("../catalogue/words.tsv");
        let table = WordTable::parse(text).unwrap();
        let lines = text.lines().count() - 1;
        assert_eq!(table.field.of.len() + table.object.of.len() + 2 + 3, lines);
        let Thresholds { ask, phi, sure } = table.thresholds;
        assert!(ask < phi && phi < sure);
        let mut wrong = text.to_owned();
        wrong.push_str("field\tword\tbirth\n");
        assert_eq!(WordTable::parse(&wrong).unwrap_err(), "field\tword\tbirth");
    }

    #[test]
    fn words_are_read_in_the_singular_and_a_name_by_its_end() {
        let clues =
            WordTable::clues_of_field("Allergies_2__c", "Known allergies", "Text", "Visits__c", "Visit");
        let expected = [
            "ends\tallergy",
            "object-ends\tvisit",
            "object-word\tvisit",
            "type\tText",
            "word\tallergy",
            "word\tknown",
        ];
        assert_eq!(clues.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_weighs_most_is_told_first() {
        let text = "question\tkind\tword\tweight\nfield\tany\t\t-10\nfield\tword\tpain\t50\nfield\tends\tscore\t5\n\
                    field\ttype\tCheckbox\t-30\n";
        let table = WordTable::parse(text).unwrap();
        let clues = WordTable::clues_of_field("Pain_Score__c", "", "Checkbox", "Visit__c", "");
        let weighed = table.weigh_field(&clues);
        assert_eq!(weighed.weight, 15);
        assert_eq!(weighed.speaks_for(), "`pain` and `score`");
        assert_eq!((weighed.with_rules(true), weighed.with_rules(false)), (35, -5));
    }
}
