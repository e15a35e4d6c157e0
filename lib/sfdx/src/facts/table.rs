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
    let mut records = csv::Records::of(source);
    let Some(names) = records.next() else {
        let problem = Problem::new(Severity::Error, "bad-facts", source.path(), "no line of field names");
        return Err(problem.with_help(AGAIN));
    };
    let as_facts = |problem: Problem| Problem { code: "bad-facts", ..problem };
    let (at, names) = names.map_err(as_facts)?;
    if names.len() > NAMES_LIMIT {
        return Err(bad(at, format!("more than {NAMES_LIMIT} fields"), "ask for fewer fields"));
    }
    let mut rows = Vec::new();
    for record in records {
        let (at, fields) = record.map_err(as_facts)?;
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
