use source::{Problem, Severity, Source, Span};

use super::rows::{Output, Row};

/// Reads RFC 4180: fields in double quotes may hold commas, line ends and doubled quotes.
pub(super) fn read(source: &Source) -> Result<Output, Problem> {
    let mut records = records(source)?.into_iter();
    let Some((_, names)) = records.next() else {
        let problem = Problem::new(Severity::Error, "bad-facts", source.path(), "no line of field names");
        return Err(problem.with_help("run the query again"));
    };
    let mut rows = Vec::new();
    for (at, fields) in records {
        if fields.len() != names.len() {
            let message = format!("{} fields where the first line has {}", fields.len(), names.len());
            let problem = source.problem(Severity::Error, "bad-facts", Span::new(at, at), message);
            return Err(problem.with_help("run the query again"));
        }
        let values = names.iter().cloned().zip(fields).filter(|(_, value)| !value.is_empty());
        rows.push(Row(values.collect()));
    }
    Ok(Output { rows, total: None, done: true })
}

type Record = (u32, Vec<String>);

fn records(source: &Source) -> Result<Vec<Record>, Problem> {
    let mut records = Vec::new();
    let mut record: Vec<String> = Vec::new();
    let mut field = String::new();
    let mut start = 0;
    let mut opened = None;
    let mut characters = source.text().char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        match (opened, character) {
            (Some(_), '"') if characters.next_if(|(_, next)| *next == '"').is_some() => field.push('"'),
            (Some(_), '"') => opened = None,
            (Some(_), _) => field.push(character),
            (None, '"') if field.is_empty() => opened = Some(at),
            (None, ',') => record.push(std::mem::take(&mut field)),
            (None, '\r') => {}
            (None, '\n') => {
                if !record.is_empty() || !field.is_empty() {
                    record.push(std::mem::take(&mut field));
                    records.push((start, std::mem::take(&mut record)));
                }
                start = at.saturating_add(1);
            }
            (None, _) => field.push(character),
        }
    }
    if let Some(at) = opened {
        let span = Span::new(at, at);
        let problem = source.problem(Severity::Error, "bad-facts", span, "a quoted field is not closed");
        return Err(problem.with_help("run the query again"));
    }
    if !record.is_empty() || !field.is_empty() {
        record.push(field);
        records.push((start, record));
    }
    Ok(records)
}
