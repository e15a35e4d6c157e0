//! People as lists name them: by their records, or by what stands in a field that the bundle binds by. No message repeats
//! one.

use csv::{Row, Stream};
use guard::Owner;
use journal::Subject;
use journal::names::{Org, RecordId};

/// What lists name people by.
pub(super) enum By {
    Record(Org),
    /// What stands in a field, by the name that subjects have it by.
    Key(Org, String),
}

impl By {
    pub(super) fn person(&self, text: &str) -> Result<Subject, String> {
        match self {
            Self::Record(org) => {
                let record = RecordId::of(text).map_err(|error| {
                    format!("{error}: a list has ids alone, one a line, without a header, and no JSON")
                })?;
                Ok(Subject::of_record(org, &record))
            }
            Self::Key(_, _) if text.is_empty() => Err("it is empty".to_owned()),
            Self::Key(_, _) if !Owner::is_plain_key(text) => Err(
                "it has characters that nobody sees, or letters and marks apart that Unicode writes as one (NFC): nobody is \
                 sealed for by such a key"
                    .to_owned(),
            ),
            Self::Key(org, key) => Ok(Subject::of_key(org, key, text)),
        }
    }

    /// [`By::person`] of a line of a list.
    pub(super) fn one(&self, number: u64, line: &str) -> Result<Subject, String> {
        self.is_no_header(number, &[line])?;
        self.person(line)
    }

    /// A key may be any text, and a header would be somebody's.
    fn is_no_header(&self, number: u64, parts: &[&str]) -> Result<(), String> {
        let Self::Key(_, key) = self else { return Ok(()) };
        let field = key.rsplit_once('.').map_or(key.as_str(), |(_, field)| field);
        let is_name = |part: &str| {
            let part = part.trim().to_ascii_lowercase();
            part == *key || part == field || HEADS.contains(&part.as_str())
        };
        if number == 1 && parts.iter().all(|part| is_name(part)) {
            return Err("this is a header: a list has keys alone, one person or pair a line".to_owned());
        }
        Ok(())
    }

    /// Two people, with a tab or a comma between them. Ids have no blanks, so that they may stand there too.
    pub(super) fn two(&self, number: u64, line: &str) -> Result<[Subject; 2], String> {
        let (two, wrong) = match self {
            Self::Record(_) => (halves(line).or_else(|| words(line)), "two ids of records are needed"),
            Self::Key(..) => (
                halves(line),
                "two keys are needed, with a tab or a comma between them: where a key has commas itself, take a tab",
            ),
        };
        let [from, into] = two.ok_or(wrong)?;
        self.is_no_header(number, &[&from, &into])?;
        Ok([self.person(from.trim())?, self.person(into.trim())?])
    }
}

/// What columns of keys are called, besides their field.
const HEADS: &[&str] = &[
    "key", "id", "from", "into", "to", "old", "new", "before", "after", "gone", "survivor", "survives",
    "merged",
];

fn words(line: &str) -> Option<[String; 2]> {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    words.try_into().ok()
}

/// The halves of a line: by its tab, else as a table of comma-separated values has them.
fn halves(line: &str) -> Option<[String; 2]> {
    let parts: Vec<String> = if line.contains('\t') {
        line.split('\t').map(str::to_owned).collect()
    } else if line.contains('"') {
        let mut row = Row::default();
        Stream::new(line.as_bytes()).next(&mut row).ok().filter(|is_one| *is_one)?;
        row.cells().map(str::to_owned).collect()
    } else {
        line.split(',').map(str::to_owned).collect()
    };
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_nobodys_key() {
        let text = "orgs:\n  - {id: production, kind: production}\n";
        let (policy, _) = policy::read(vec![source::Source::new("phiward.yaml", text)]);
        let by = By::Key(Org::declared(&policy, "production").unwrap(), "account.mrn__c".to_owned());
        for header in ["old,new", "MRN__c\tMRN__c", "\"Account.MRN__c\",\"Survivor\""] {
            assert!(by.two(1, header).is_err_and(|what| what.contains("a header")), "{header}");
            assert!(by.two(2, header).is_ok(), "{header}");
        }
        assert!(by.one(1, "MRN__c").is_err() && by.one(2, "MRN__c").is_ok());
        // One of two may be somebody's.
        assert!(by.two(1, "new,M-17").is_ok() && by.one(1, "M-17").is_ok());
    }

    #[test]
    fn a_line_has_two_halves_or_none() {
        let two = |one: &str, other: &str| Some([one.to_owned(), other.to_owned()]);
        assert_eq!(halves("M 1\tM, 2"), two("M 1", "M, 2"));
        assert_eq!(halves("M1,M2"), two("M1", "M2"));
        assert_eq!(halves("\"M,1\",\"M \"\"2\"\"\""), two("M,1", "M \"2\""));
        assert_eq!(words("M1   M2"), two("M1", "M2"));
        assert_eq!(words("M1 M2 M3"), None);
        for line in ["M1", "M1 M2", "M1,M2,M3", "M1\tM2\tM3", "\"M1,M2", "\"M1\"", ""] {
            assert_eq!(halves(line), None, "{line}");
        }
    }
}
