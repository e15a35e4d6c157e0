//! The words that say nothing of a person. They are shipped as sorted text, and looked up by halving.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::context::{IDENTIFIERS, SMALL_NUMBERS};

/// What is known of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Descriptions of ICD-10-CM have it.
    pub(super) icd: bool,
    pub(super) drug: bool,
    /// It is also a name of people.
    pub(super) name: bool,
    /// A number beside it may be somebody's.
    pub(super) identifier: bool,
    /// A digit, spelt.
    pub(super) digit: bool,
}

static WORDS: LazyLock<Vec<(&str, Known)>> = LazyLock::new(|| {
    let mut words: Vec<(&str, Known)> = Vec::new();
    words.extend(
        lines(include_str!("vocabulary/icd.txt")).map(|word| (word, Known { icd: true, ..Known::default() })),
    );
    words.extend(lines(include_str!("vocabulary/notes.txt")).map(|word| (word, Known::default())));
    words.extend(
        lines(include_str!("vocabulary/drugs.txt"))
            .map(|word| (word, Known { drug: true, ..Known::default() })),
    );
    words.sort_unstable_by_key(|(word, _)| *word);
    let names: Vec<&str> = lines(include_str!("vocabulary/names.txt")).collect();
    for (word, known) in &mut words {
        known.name = has(&names, word);
        known.identifier = IDENTIFIERS.contains(word);
        known.digit = SMALL_NUMBERS.contains(word);
    }
    words
});
/// Where the words of each letter begin, and where all end.
static STARTS: LazyLock<Vec<usize>> = LazyLock::new(|| {
    (b'a'..=b'z' + 1)
        .map(|letter| WORDS.partition_point(|(word, _)| word.as_bytes() < [letter].as_slice()))
        .collect()
});
static PHRASES: LazyLock<Vec<&str>> =
    LazyLock::new(|| lines(include_str!("vocabulary/phrases.txt")).collect());
static SIGNS: LazyLock<Vec<&str>> = LazyLock::new(|| lines(include_str!("vocabulary/signs.txt")).collect());
static PLACES: LazyLock<Vec<&str>> = LazyLock::new(|| lines(include_str!("vocabulary/places.txt")).collect());
static CATEGORIES: LazyLock<Vec<&str>> =
    LazyLock::new(|| lines(include_str!("vocabulary/categories.txt")).collect());

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

fn has(sorted: &[&str], word: &str) -> bool {
    sorted.binary_search(&word).is_ok()
}

/// The word has to be in lower case.
pub(super) fn known(word: &str) -> Option<Known> {
    let first = word.bytes().next().filter(u8::is_ascii_lowercase)?;
    let letter = usize::from(first - b'a');
    let words = WORDS.get(*STARTS.get(letter)?..*STARTS.get(letter + 1)?)?;
    let at = words.binary_search_by(|(own, _)| own.as_bytes().cmp(word.as_bytes())).ok()?;
    words.get(at).map(|(_, known)| *known)
}

/// Whether the two words stand beside each other in a description, and one of them is a name.
pub(super) fn is_phrase(first: &str, second: &str) -> bool {
    let found = PHRASES.binary_search_by(|phrase| {
        let (one, two) = phrase.split_once(' ').unwrap_or((phrase, ""));
        one.cmp(first).then_with(|| two.cmp(second))
    });
    found.is_ok()
}

/// An abbreviation, a gene, a scale: as it is written.
pub(super) fn is_sign(text: &str) -> bool {
    has(&SIGNS, text)
}

/// A country, or a state of the United States.
pub(super) fn is_place(text: &str) -> bool {
    has(&PLACES, text)
}

/// The first three characters of a code of ICD-10-CM.
pub(super) fn is_category(text: &str) -> bool {
    has(&CATEGORIES, text)
}

/// In lower case and without accents, as names are compared.
pub(super) fn folded(word: &str) -> String {
    word.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// The names that one row holds.
#[derive(Debug, Default)]
pub(super) struct Own {
    words: Vec<String>,
    /// First letters, as they stand and the other way round.
    initials: Vec<String>,
}

impl Own {
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut own = Self::default();
        for name in names {
            let words: Vec<String> = name
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(folded)
                .collect();
            let firsts: String = words.iter().filter_map(|word| word.chars().next()).collect();
            own.initials.push(firsts.chars().rev().collect());
            // First and last alone, of a name with more parts.
            own.initials.push(firsts.chars().take(1).chain(firsts.chars().next_back()).collect());
            own.initials.push(firsts);
            own.words.extend(words.into_iter().filter(|word| word.chars().count() >= 2));
        }
        own
    }

    /// The word has to be folded.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    pub(super) fn are_initials(&self, letters: &str) -> bool {
        (2..=4).contains(&letters.len()) && self.initials.iter().any(|own| own.eq_ignore_ascii_case(letters))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_lists_are_sorted_and_small() {
        let lists = [
            include_str!("vocabulary/categories.txt"),
            include_str!("vocabulary/drugs.txt"),
            include_str!("vocabulary/icd.txt"),
            include_str!("vocabulary/names.txt"),
            include_str!("vocabulary/notes.txt"),
            include_str!("vocabulary/phrases.txt"),
            include_str!("vocabulary/places.txt"),
            include_str!("vocabulary/signs.txt"),
        ];
        for list in lists {
            assert!(super::lines(list).is_sorted_by(|one, other| one < other));
        }
        assert!(lists.iter().map(|list| list.len()).sum::<usize>() < 200_000);
    }

    #[test]
    fn no_month_weekday_or_title_is_a_word() {
        for word in
            ["april", "august", "mar", "tuesday", "sat", "christmas", "mr", "mrs", "dr", "ninety", "county"]
        {
            assert_eq!(super::known(word), None, "{word}");
        }
        assert!(super::is_phrase("down", "syndrome") && !super::is_phrase("down", "fell"));
    }
}
