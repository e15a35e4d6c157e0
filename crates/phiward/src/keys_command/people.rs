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

    /// Two people, with a tab or a comma between them. Ids have no blanks, so that they may stand there too.
    pub(super) fn two(&self, line: &str) -> Result<[Subject; 2], String> {
        let (two, wrong) = match self {
            Self::Record(_) => (halves(line).or_else(|| words(line)), "two ids of records are needed"),
            Self::Key(..) => (
                halves(line),
                "two keys are needed, with a tab or a comma between them: where a key has commas itself, take a tab",
            ),
        };
        let [from, into] = two.ok_or(wrong)?;
        Ok([self.person(from.trim())?, self.person(into.trim())?])
    }
}

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
