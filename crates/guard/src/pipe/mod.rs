//! Tables and JSON Lines of any length, batch by batch: a permit for each, a record of each, and only then its rows.

mod json;

use std::io::{BufRead, Read, Write};
use std::path::Path;

use csv::{Row, Stream, StreamError, write_row};
use journal::Clock;
use policy::{AskedField, Permit};

use crate::data_keys::KeysError;
use crate::error::GuardError;
use crate::released::Released;
use crate::rows::{Amiss, Batch, Columns, ColumnsError, Rows};
use crate::safe_harbor::SafeHarbor;

pub use json::{LONGEST_LINE, json_lines};
pub(crate) use json::{MOST_FIELDS, fields};

/// Rows of a batch: as many as an entry can name.
const BATCH: usize = 1000;
/// And no more bytes than this.
const BATCH_BYTES: usize = 4 << 20;

/// Why a pipe stopped. It repeats no value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipeError {
    #[error(transparent)]
    Table(#[from] StreamError),
    #[error(transparent)]
    Columns(#[from] ColumnsError),
    #[error("{0}")]
    Keys(#[from] KeysError),
    #[error("line {line}: {what}")]
    Line { line: u64, what: &'static str },
    #[error("line {line}, `{column}`: {because}")]
    Refused { line: u64, column: String, because: KeysError },
    /// The policy, or whoever asked it.
    #[error("{0}")]
    NoPermit(String),
    #[error("it was not recorded, so nothing of it was given out: {0}")]
    NotRecorded(String),
    #[error("what is made cannot be written: {0}")]
    Output(std::io::Error),
}

impl From<GuardError> for PipeError {
    fn from(error: GuardError) -> Self {
        PipeError::Keys(error.into())
    }
}

/// What works on the rows.
#[derive(Debug)]
pub enum Worker<'k> {
    Rows(Box<Rows<'k>>),
    SafeHarbor(Box<SafeHarbor>),
}

impl<'k> Worker<'k> {
    fn asked(&self) -> &[AskedField] {
        match self {
            Worker::Rows(rows) => rows.columns().asked(),
            Worker::SafeHarbor(harbor) => harbor.asked(),
        }
    }

    fn names_out(&self, names: &[String]) -> Vec<String> {
        match self {
            Worker::Rows(rows) => rows.columns().names_out().map(str::to_owned).collect(),
            Worker::SafeHarbor(_) => names.to_vec(),
        }
    }

    /// The one that works on more columns in its place.
    fn wider(self, names: &[String], make: Make<'_, 'k>) -> Result<Self, PipeError> {
        match self {
            Worker::Rows(own) => match make(names)? {
                Worker::Rows(mut wider) => {
                    wider.take_over(&own);
                    Ok(Worker::Rows(wider))
                }
                other => Ok(other),
            },
            // One run has one report, and a person one code.
            Worker::SafeHarbor(own) => match make(names)? {
                Worker::SafeHarbor(wider) => Ok(Worker::SafeHarbor(Box::new(own.widened(*wider)))),
                other => Ok(other),
            },
        }
    }

    /// The columns, where there is more to tell of them than their names.
    pub fn columns(&self) -> Option<&Columns> {
        match self {
            Worker::Rows(rows) => Some(rows.columns()),
            Worker::SafeHarbor(_) => None,
        }
    }

    fn work(
        &mut self,
        permit: Permit,
        now: jiff::Timestamp,
        rows: &[Row],
    ) -> Result<Released<Batch>, KeysError> {
        match self {
            Worker::Rows(own) => own.work(permit, now, rows),
            Worker::SafeHarbor(own) => own.work(permit, now, rows),
        }
    }
}

/// How far it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bytes that were read.
    pub bytes: u64,
    pub rows: u64,
    pub refused: u64,
    pub turned: u64,
    pub amiss: Amiss,
}

/// What a pipe asks of whoever runs it.
pub struct Desk<'d> {
    pub clock: &'d dyn Clock,
    /// The permit for a batch.
    pub permit: &'d mut dyn FnMut(&[AskedField]) -> Result<Permit, String>,
    /// Makes the record of a batch durable. Nothing of the batch is given out before.
    pub record: &'d mut dyn FnMut(&Released<Batch>) -> Result<(), String>,
    /// Takes a row that was refused, as it came; it ends the pipe where that is an error.
    pub refused: &'d mut dyn FnMut(Turned<'_>) -> Result<(), PipeError>,
    pub progress: &'d mut dyn FnMut(&Tally),
}

impl std::fmt::Debug for Desk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// Makes what works on a table with these columns.
pub type Make<'m, 'k> = &'m mut dyn FnMut(&[String]) -> Result<Worker<'k>, PipeError>;

/// A row that was turned away.
#[derive(Debug)]
pub struct Turned<'r> {
    pub line: u64,
    pub column: String,
    pub because: KeysError,
    pub names: &'r [String],
    pub row: &'r Row,
}

/// Rows as they came, and where.
struct Came<'r> {
    names: &'r [String],
    rows: &'r [Row],
    lines: &'r [u64],
}

/// One batch: permit, work, record, and what may be written.
fn batch(
    worker: &mut Worker<'_>,
    came: &Came<'_>,
    desk: &mut Desk<'_>,
    tally: &mut Tally,
) -> Result<Batch, PipeError> {
    let permit = (desk.permit)(worker.asked()).map_err(PipeError::NoPermit)?;
    let released = worker.work(permit, desk.clock.now(), came.rows)?;
    (desk.record)(&released).map_err(PipeError::NotRecorded)?;
    let mut batch = released.release(desk.clock.now())?;
    tally.rows += batch.rows.len() as u64;
    tally.turned += batch.turned;
    tally.amiss.add(&batch.amiss);
    tally.refused += batch.refused.len() as u64;
    for refused in std::mem::take(&mut batch.refused) {
        let (Some(row), Some(line)) = (came.rows.get(refused.at), came.lines.get(refused.at)) else {
            continue;
        };
        batch.turned_away.push(refused.at);
        let (column, because) = (refused.column, refused.because);
        (desk.refused)(Turned { line: *line, column, because, names: came.names, row })?;
    }
    Ok(batch)
}

/// Whether a file is one of JSON Lines, by the ending of its name; else it is a table.
pub fn is_json_lines(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["json", "jsonl", "ndjson"].iter().any(|own| ending.eq_ignore_ascii_case(own)))
}

/// A table of comma-separated values.
pub fn table<'k>(
    input: impl Read,
    mut output: impl Write,
    make: Make<'_, 'k>,
    desk: &mut Desk<'_>,
) -> Result<(Tally, Worker<'k>), PipeError> {
    let mut stream = Stream::new(input);
    let names = stream.header()?;
    let mut worker = make(&names)?;
    let mut written = Vec::new();
    write_row(worker.names_out(&names).iter().map(String::as_str), &mut written);
    let mut tally = Tally::default();
    let mut rows: Vec<Row> = Vec::new();
    let mut lines: Vec<u64> = Vec::new();
    loop {
        let (mut filled, mut bytes) = (0, 0);
        let mut is_over = false;
        lines.clear();
        while filled < BATCH && bytes < BATCH_BYTES {
            if rows.len() == filled {
                rows.push(Row::default());
            }
            let Some(row) = rows.get_mut(filled) else { break };
            if !stream.next(row)? {
                is_over = true;
                break;
            }
            lines.push(stream.line());
            bytes += row.bytes();
            filled += 1;
        }
        if filled > 0 {
            let rows = rows.get(..filled).unwrap_or_default();
            let batch = batch(&mut worker, &Came { names: &names, rows, lines: &lines }, desk, &mut tally)?;
            for row in &batch.rows {
                row.write(&mut written);
            }
            if let Worker::Rows(own) = &mut worker {
                own.take_back(batch.rows);
            }
        }
        output.write_all(&written).map_err(PipeError::Output)?;
        written.clear();
        tally.bytes = stream.taken();
        (desk.progress)(&tally);
        if is_over {
            output.flush().map_err(PipeError::Output)?;
            return Ok((tally, worker));
        }
    }
}

/// Reads a line without its end, of no more than so many bytes. Nothing at the end.
fn line_of(input: &mut impl BufRead, into: &mut Vec<u8>, limit: usize) -> std::io::Result<Option<bool>> {
    into.clear();
    let read = input.by_ref().take(limit as u64 + 1).read_until(b'\n', into)?;
    if read == 0 {
        return Ok(None);
    }
    if into.last() == Some(&b'\n') {
        into.pop();
    }
    Ok(Some(into.len() <= limit))
}
