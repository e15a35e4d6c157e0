//! The words by which names tell whose records an object keeps, and what a field is for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::words::occurs;

/// Words of an API name, or of a label.
pub(crate) type Words = Vec<String>;

/// One line of `vocabulary.tsv` is a list's name and one pattern of it.
#[derive(Debug)]
pub(crate) struct Vocabulary(BTreeMap<&'static str, Vec<Vec<&'static str>>>);

static SHIPPED: LazyLock<Vocabulary> =
    LazyLock::new(|| Vocabulary::parse(include_str!("../catalogue/vocabulary.tsv")));

/// The lists. Each has a line that says what it is for in the catalogue's README.
pub(crate) mod list {
    pub(crate) const PATIENT: &str = "patient";
    pub(crate) const CLIENT: &str = "client";
    pub(crate) const CARE: &str = "care";
    pub(crate) const SECTOR: &str = "sector";
    pub(crate) const ANIMAL: &str = "animal";
    pub(crate) const STAFF: &str = "staff";
    pub(crate) const THING: &str = "thing";
    pub(crate) const PART_OF_PERSON: &str = "part-of-person";
    pub(crate) const CONTENT: &str = "content";
    pub(crate) const TELLING_ID: &str = "telling-id";
    pub(crate) const DEMOGRAPHIC: &str = "demographic";
    pub(crate) const DICTIONARY: &str = "dictionary";
    pub(crate) const TECHNICAL: &str = "technical";
    pub(crate) const JOURNAL: &str = "journal";
    pub(crate) const REFERENCE: &str = "reference";
    pub(crate) const CONFIGURES: &str = "configures";
    pub(crate) const PLUMBING: &str = "plumbing";
    pub(crate) const PROCESS: &str = "process";
    pub(crate) const HEALTH: &str = "health";
    pub(crate) const TELLS_HEALTH: &str = "tells-health";
    pub(crate) const OTHER_PERSON: &str = "other-person";
    pub(crate) const ORGANISATION: &str = "organisation";
    pub(crate) const PATIENT_LINK: &str = "patient-link";
    pub(crate) const CLINICAL_LINK: &str = "clinical-link";
    pub(crate) const MEETING_LINK: &str = "meeting-link";
    pub(crate) const UNIT: &str = "unit";
    pub(crate) const OF_A_PERSON: &str = "of-a-person";
    pub(crate) const SPEECH: &str = "speech";
    #[cfg(test)]
    pub(crate) const ALL: [&str; 28] = [
        PATIENT,
        CLIENT,
        CARE,
        SECTOR,
        ANIMAL,
        STAFF,
        THING,
        PART_OF_PERSON,
        CONTENT,
        TELLING_ID,
        DEMOGRAPHIC,
        DICTIONARY,
        TECHNICAL,
        JOURNAL,
        REFERENCE,
        CONFIGURES,
        PLUMBING,
        PROCESS,
        HEALTH,
        TELLS_HEALTH,
        OTHER_PERSON,
        ORGANISATION,
        PATIENT_LINK,
        CLINICAL_LINK,
        MEETING_LINK,
        UNIT,
        OF_A_PERSON,
        SPEECH,
    ];
}

impl Vocabulary {
    pub(crate) fn shipped() -> &'static Vocabulary {
        &SHIPPED
    }

    fn parse(text: &'static str) -> Self {
        let mut lists: BTreeMap<&str, Vec<Vec<&str>>> = BTreeMap::new();
        for (list, pattern) in text.lines().skip(1).filter_map(|line| line.split_once('\t')) {
            lists.entry(list).or_default().push(pattern.split_whitespace().collect());
        }
        Self(lists)
    }

    fn patterns(&self, list: &str) -> &[Vec<&'static str>] {
        self.0.get(list).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a pattern of the list stands anywhere in the words.
    pub(crate) fn has(&self, list: &str, words: &Words) -> bool {
        self.patterns(list).iter().any(|pattern| occurs(pattern, words))
    }

    /// Whether the words end in a pattern of the list: the last word of a name says what the thing is.
    pub(crate) fn ends(&self, list: &str, words: &Words) -> bool {
        self.patterns(list).iter().any(|pattern| {
            let from = words.len().saturating_sub(pattern.len());
            words.get(from..).is_some_and(|end| occurs(pattern, end))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    #[test]
    fn every_list_has_words_and_no_line_is_lost() {
        let text = include_str!("../catalogue/vocabulary.tsv");
        let shipped = Vocabulary::shipped();
        for list in list::ALL {
            assert!(!shipped.patterns(list).is_empty(), "{list}");
        }
        let read: usize = shipped.0.values().map(Vec::len).sum();
        assert_eq!(read, text.lines().count() - 1);
        assert!(shipped.0.keys().all(|name| list::ALL.contains(name)));
    }

    #[test]
    fn the_last_word_says_what_it_is() {
        let shipped = Vocabulary::shipped();
        assert!(shipped.ends(list::JOURNAL, &words("Patient_Sync_Log__c")));
        assert!(!shipped.ends(list::JOURNAL, &words("Log_Patient__c")));
        assert!(shipped.has(list::PATIENT, &words("Patient_Sync_Log__c")));
    }
}
