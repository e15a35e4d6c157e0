use source::{Problem, Severity, Source, Span};

use super::rows::{Cells, Output, Row};

/// Of names in the first line.
const NAMES_LIMIT: usize = 1_000;

const AGAIN: &str = "run the query again";

/// Reads RFC 4180: fields in double quotes may hold commas, line ends and doubled quotes.
pub(super) fn read(source: &Source, cells: &mut Cells) -> Result<Output, Problem> {
    let bad = |at: u32, message: String, help: &str| {
        source.problem(Severity::Error, "bad-facts", Span::new(at, at), message).with_help(help)
    };
    let mut records = Records::of(source);
    let Some(names) = records.next() else {
        let problem = Problem::new(Severity::Error, "bad-facts", source.path(), "no line of field names");
        return Err(problem.with_help(AGAIN));
    };
    let (at, names) = names?;
    if names.len() > NAMES_LIMIT {
        return Err(bad(at, format!("more than {NAMES_LIMIT} fields"), "ask for fewer fields"));
    }
    let mut rows = Vec::new();
    for record in records {
        let (at, fields) = record?;
        if fields.len() != names.len() {
            let message = format!("{} fields where the first line has {}", fields.len(), names.len());
            return Err(bad(at, message, AGAIN));
        }
        let mut row = Row::default();
        for (name, value) in names.iter().zip(&fields).filter(|(_, value)| !value.is_empty()) {
            if !cells.put(&mut row, name, value) {
                let message = "the answers hold more than 20 million values together".to_owned();
                return Err(bad(
                    at,
                    message,
                    "ask for the fields that the list of queries names, and no others",
                ));
            }
        }
        rows.push(row.sorted());
    }
    Ok(Output { rows, total: None, done: true })
}

/// The records of a text, one after the other, each with the offset at which it starts.
struct Records<'s> {
    source: &'s Source,
    at: usize,
}

impl<'s> Records<'s> {
    fn of(source: &'s Source) -> Self {
        Self { source, at: 0 }
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
                "bad-facts",
                Span::new(at, at),
                "a quoted field is not closed",
            );
            return Err(problem.with_help(AGAIN));
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
