//! Reads RFC 4180: fields in double quotes may hold commas, line ends and doubled quotes.

use source::{Problem, Severity, Source, Span};

/// The records of a text, one after the other, each with the offset at which it starts. Empty lines are none. The
/// first problem ends it: what follows an open quote is not known.
#[derive(Debug)]
pub struct Records<'s> {
    source: &'s Source,
    at: usize,
}

impl<'s> Records<'s> {
    pub fn of(source: &'s Source) -> Self {
        // Spreadsheets begin with a byte order mark.
        let at = if source.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { source, at }
    }

    /// The next record that is no empty line.
    fn read(&mut self) -> Result<Option<(u32, Vec<String>)>, Problem> {
        let mut record: Vec<String> = Vec::new();
        let mut field = String::new();
        let mut start = self.at;
        let mut opened = None;
        let rest = self.source.text().get(self.at..).unwrap_or_default();
        let mut characters = rest.char_indices().peekable();
        while let Some((below, character)) = characters.next() {
            let at = start_of(self.at + below);
            match (opened, character) {
                (Some(_), '"') if characters.next_if(|(_, next)| *next == '"').is_some() => field.push('"'),
                (Some(_), '"') => opened = None,
                (Some(_), _) => field.push(character),
                (None, '"') if field.is_empty() => opened = Some(at),
                (None, ',') => record.push(std::mem::take(&mut field)),
                (None, '\r') => {}
                (None, '\n') => {
                    let after = self.at + below + 1;
                    if record.is_empty() && field.is_empty() {
                        start = after;
                        continue;
                    }
                    self.at = after;
                    record.push(field);
                    return Ok(Some((start_of(start), record)));
                }
                (None, _) => field.push(character),
            }
        }
        self.at += rest.len();
        if let Some(at) = opened {
            let problem = self.source.problem(
                Severity::Error,
                "malformed-csv",
                Span::new(at, at),
                "a quoted field is not closed",
            );
            return Err(problem.with_help("close the quotes, or write the file again"));
        }
        if record.is_empty() && field.is_empty() {
            return Ok(None);
        }
        record.push(field);
        Ok(Some((start_of(start), record)))
    }
}

impl Iterator for Records<'_> {
    type Item = Result<(u32, Vec<String>), Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

fn start_of(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
