//! Records of JSON Lines, read as the rows of a table whose columns are all fields that any line names.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::Path;

use csv::{Row, Stream};

use super::RecordsError;
use super::table::{io, unread};
use crate::pipe::{self, PipeError};

/// Where rows come from.
pub(super) enum Rows {
    Table(Stream<File>),
    Lines(Lines),
}

pub(super) struct Lines {
    input: BufReader<File>,
    names: Vec<String>,
    places: BTreeMap<String, usize>,
    /// Where the next line begins, and how many there were.
    position: u64,
    line: u64,
}

fn failed(path: &Path) -> impl Fn(PipeError) -> RecordsError {
    move |error| RecordsError::Lines { path: path.to_owned(), error: Box::new(error) }
}

fn places(names: &[String]) -> BTreeMap<String, usize> {
    names.iter().enumerate().map(|(at, name)| (name.to_ascii_lowercase(), at)).collect()
}

impl Rows {
    /// The rows of a file from its beginning, and the names of their columns. Lines are gone through once for these.
    pub(super) fn begin(path: &Path, mut file: File) -> Result<(Self, Vec<String>), RecordsError> {
        if !pipe::is_json_lines(path) {
            let mut stream = Stream::new(file);
            let names = stream.header().map_err(unread(path))?;
            return Ok((Self::Table(stream), names));
        }
        let mut names: Vec<String> = Vec::new();
        let mut known = BTreeMap::new();
        let (mut input, mut number) = (BufReader::new(&mut file), 0);
        while let Some((_, fields)) = pipe::fields(&mut input, &mut number).map_err(failed(path))? {
            for (name, _) in fields {
                known.entry(name.to_ascii_lowercase()).or_insert_with(|| names.push(name));
            }
            if names.len() > pipe::MOST_FIELDS {
                let what = "the lines so far name more than 10,000 fields";
                return Err(failed(path)(PipeError::Line { line: number, what }));
            }
        }
        drop(input);
        file.rewind().map_err(io(path))?;
        let own = names.clone();
        let lines =
            Lines { input: BufReader::new(file), places: places(&own), names: own, position: 0, line: 0 };
        Ok((Self::Lines(lines), names))
    }

    /// Goes on in a file that stands where a row begins.
    pub(super) fn resumed(&self, file: File, columns: usize, position: u64, line: u64) -> Self {
        match self {
            Rows::Table(_) => Self::Table(Stream::resumed(file, columns, position, line)),
            Rows::Lines(lines) => {
                let names = lines.names.clone();
                Self::Lines(Lines {
                    input: BufReader::new(file),
                    places: places(&names),
                    names,
                    position,
                    line,
                })
            }
        }
    }

    /// Where the next row begins, and on which line.
    pub(super) fn position(&self) -> (u64, u64) {
        match self {
            Rows::Table(stream) => stream.position(),
            Rows::Lines(lines) => (lines.position, lines.line),
        }
    }

    pub(super) fn next(&mut self, path: &Path, row: &mut Row) -> Result<bool, RecordsError> {
        match self {
            Rows::Table(stream) => stream.next(row).map_err(unread(path)),
            Rows::Lines(lines) => lines.next(row).map_err(failed(path)),
        }
    }
}

impl Lines {
    fn next(&mut self, row: &mut Row) -> Result<bool, PipeError> {
        let Some((read, fields)) = pipe::fields(&mut self.input, &mut self.line)? else { return Ok(false) };
        self.position += read;
        let mut cells = vec![None; self.names.len()];
        for (name, cell) in fields {
            let place = self.places.get(&name.to_ascii_lowercase());
            if let Some(own) = place.and_then(|place| cells.get_mut(*place)) {
                *own = Some(cell);
            }
        }
        row.clear();
        cells.iter().for_each(|cell| row.push(cell.as_deref().unwrap_or_default()));
        Ok(true)
    }
}
