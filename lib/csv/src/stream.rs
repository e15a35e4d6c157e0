//! Tables that are too large for memory: one row at a time, each written as it was meant and not for a spreadsheet.

use std::io::Read;

use csv_core::{ReadRecordResult, Reader};

/// A row may have so many bytes: some fifty long text areas of Salesforce.
pub const LONGEST_ROW: usize = 32 << 20;
const MOST_CELLS: usize = 10_000;
const CHUNK: usize = 64 << 10;

/// Why a table was not read on. It repeats no cell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("line {line}: the row has {found} cells, and the header has {wanted}")]
    Ragged { line: u64, found: usize, wanted: usize },
    #[error("line {line}: the row is no UTF-8: write the file in UTF-8")]
    NotText { line: u64 },
    #[error("line {line}: the row is longer than {LONGEST_ROW} bytes, or has more than {MOST_CELLS} cells")]
    TooLong { line: u64 },
    #[error("the table is empty: it has no header")]
    Empty,
}

/// The cells of a row in one text.
#[derive(Clone, Default)]
pub struct Row {
    text: String,
    ends: Vec<usize>,
}

impl Row {
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    pub fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// Appends a cell that is written into the text.
    pub fn push_with<E>(&mut self, write: impl FnOnce(&mut String) -> Result<(), E>) -> Result<(), E> {
        let before = self.text.len();
        let written = write(&mut self.text);
        match &written {
            Ok(()) => self.ends.push(self.text.len()),
            Err(_) => self.text.truncate(before),
        }
        written
    }

    pub fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts.zip(&self.ends).filter_map(|(start, end)| self.text.get(*start..*end))
    }
}

/// Cells can be a patient's: none is printed.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("cells", &self.ends.len()).finish_non_exhaustive()
    }
}

/// Reads a table row by row.
pub struct Stream<R> {
    input: R,
    reader: Reader,
    chunk: Vec<u8>,
    at: usize,
    filled: usize,
    is_over: bool,
    /// Bytes that were taken in.
    taken: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    columns: Option<usize>,
    line: u64,
}

impl<R: Read> Stream<R> {
    pub fn new(input: R) -> Self {
        Self {
            input,
            reader: Reader::new(),
            chunk: vec![0; CHUNK],
            at: 0,
            filled: 0,
            is_over: false,
            taken: 0,
            bytes: vec![0; CHUNK],
            ends: vec![0; 64],
            columns: None,
            line: 1,
        }
    }

    /// Reads on where another stream of the same table came to: the input begins there, and rows have so many cells.
    pub fn resumed(input: R, columns: usize, position: u64, line: u64) -> Self {
        let mut stream = Self::new(input);
        stream.columns = Some(columns);
        stream.taken = position;
        stream.reader.set_line(line);
        stream
    }

    /// Where the row that was read last ends: bytes from the beginning, and the line.
    pub fn position(&self) -> (u64, u64) {
        let unread = self.filled.saturating_sub(self.at) as u64;
        (self.taken.saturating_sub(unread), self.reader.line())
    }

    /// The line on which the row that was read last begins.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes that were read so far.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The names of the columns.
    pub fn header(&mut self) -> Result<Vec<String>, StreamError> {
        let mut row = Row::default();
        if !self.next(&mut row)? {
            return Err(StreamError::Empty);
        }
        let mut names: Vec<String> = row.cells().map(|name| name.trim().to_owned()).collect();
        // Spreadsheets begin with a byte order mark.
        if let Some(first) = names.first_mut()
            && let Some(rest) = first.strip_prefix('\u{feff}')
        {
            *first = rest.trim().trim_matches('"').to_owned();
        }
        Ok(names)
    }

    fn fill(&mut self) -> std::io::Result<()> {
        if self.at < self.filled || self.is_over {
            return Ok(());
        }
        self.at = 0;
        self.filled = loop {
            match self.input.read(&mut self.chunk) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.taken += self.filled as u64;
        self.is_over = self.filled == 0;
        Ok(())
    }

    /// The next row; nothing at the end. Empty lines are no rows, and all rows have as many cells as the first.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, StreamError> {
        let (mut written, mut cells) = (0, 0);
        self.fill()?;
        // The line feed after a carriage return, and empty lines, are read with what follows.
        let rest = self.chunk.get(self.at..self.filled).unwrap_or_default();
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        self.line = self.reader.line() + ends.filter(|byte| **byte == b'\n').count() as u64;
        loop {
            self.fill()?;
            let input = self.chunk.get(self.at..self.filled).unwrap_or_default();
            let (result, read, wrote, ended) = self.reader.read_record(
                input,
                self.bytes.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(cells..).unwrap_or_default(),
            );
            self.at += read;
            written += wrote;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.bytes.len() < LONGEST_ROW => {
                    self.bytes.resize(self.bytes.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < MOST_CELLS => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(StreamError::TooLong { line: self.line });
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        let line = self.line;
        let text = std::str::from_utf8(self.bytes.get(..written).unwrap_or_default())
            .map_err(|_| StreamError::NotText { line })?;
        let wanted = *self.columns.get_or_insert(cells);
        if cells != wanted {
            return Err(StreamError::Ragged { line, found: cells, wanted });
        }
        row.text.clear();
        row.text.push_str(text);
        row.ends.clear();
        row.ends.extend_from_slice(self.ends.get(..cells).unwrap_or_default());
        if (0..cells).any(|at| row.get(at).is_none()) {
            // A letter was cut in two by a comma.
            return Err(StreamError::NotText { line });
        }
        Ok(true)
    }
}

impl<R> std::fmt::Debug for Stream<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Appends a row as RFC 4180 has it. What is no table for people keeps its cells as they are.
pub fn write_row<'c>(cells: impl Iterator<Item = &'c str>, into: &mut Vec<u8>) {
    let mut is_first = true;
    let start = into.len();
    for cell in cells {
        if !is_first {
            into.push(b',');
        }
        is_first = false;
        if memchr::memchr3(b'"', b',', b'\n', cell.as_bytes()).is_none() && !cell.contains('\r') {
            into.extend_from_slice(cell.as_bytes());
            continue;
        }
        into.push(b'"');
        let mut rest = cell.as_bytes();
        while let Some(quote) = memchr::memchr(b'"', rest) {
            let (before, after) = rest.split_at(quote + 1);
            into.extend_from_slice(before);
            into.push(b'"');
            rest = after;
        }
        into.extend_from_slice(rest);
        into.push(b'"');
    }
    // A row of one empty cell would be an empty line, which is no row.
    if into.len() == start {
        into.extend_from_slice(b"\"\"");
    }
    into.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Result<Vec<Vec<String>>, StreamError> {
        let mut stream = Stream::new(text);
        let (mut rows, mut row) = (Vec::new(), Row::default());
        while stream.next(&mut row)? {
            rows.push(row.cells().map(str::to_owned).collect());
        }
        Ok(rows)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let cells =
            ["plain", "", "a,b", "say \"no\"", "two\nlines", "carriage\rreturn", "ümlaut", " blanks "];
        let mut written = Vec::new();
        write_row(cells.into_iter(), &mut written);
        write_row(cells.into_iter().rev(), &mut written);
        let read = rows(&written).unwrap();
        assert_eq!(read[0], cells);
        assert_eq!(read[1], cells.into_iter().rev().collect::<Vec<_>>());
        let mut alone = Vec::new();
        write_row(["a"].into_iter(), &mut alone);
        write_row([""].into_iter(), &mut alone);
        assert_eq!(rows(&alone).unwrap(), [["a"], [""]]);
    }

    #[test]
    fn rows_longer_than_a_chunk_are_whole() {
        let long = "x".repeat(3 * CHUNK + 17);
        let text = format!("a,b\n1,\"{long}\"\n2,short\n");
        let read = rows(text.as_bytes()).unwrap();
        assert_eq!((read[1][1].len(), read[2][1].as_str()), (long.len(), "short"));
    }

    #[test]
    fn the_line_of_what_is_wrong_is_named() {
        let error = rows(b"a,b\n1,2\n\"x\ny\",2\n3\n").unwrap_err().to_string();
        assert_eq!(error, "line 5: the row has 1 cells, and the header has 2");
        let error = rows(b"a,b\r\n1,2\r\n\r\n3\r\n").unwrap_err().to_string();
        assert_eq!(error, "line 4: the row has 1 cells, and the header has 2");
        let error = rows(b"a,b\n1,\xff\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2: "), "{error}");
        assert!(matches!(Stream::new(&b""[..]).header(), Err(StreamError::Empty)));
    }

    #[test]
    fn a_table_is_read_on_from_the_end_of_any_row() {
        let text = "a,b\r\n1,\"x\ny\"\r\n\r\n2,z\n3,\"\"\n";
        let mut whole = Stream::new(text.as_bytes());
        let mut row = Row::default();
        let columns = whole.header().unwrap().len();
        let (mut at, mut rest) = (vec![whole.position()], Vec::new());
        while whole.next(&mut row).unwrap() {
            at.push(whole.position());
            rest.push((whole.line(), row.get(0).unwrap().to_owned()));
        }
        assert_eq!(rest, [(2, "1".to_owned()), (5, "2".to_owned()), (6, "3".to_owned())]);
        for (done, (position, line)) in at.into_iter().enumerate() {
            let input = &text.as_bytes()[usize::try_from(position).unwrap()..];
            let mut stream = Stream::resumed(input, columns, position, line);
            let mut again = Vec::new();
            while stream.next(&mut row).unwrap() {
                again.push((stream.line(), row.get(0).unwrap().to_owned()));
            }
            assert_eq!(again, rest[done..]);
            assert_eq!(stream.position().0, text.len() as u64);
        }
    }

    #[test]
    fn a_mark_of_byte_order_is_no_name() {
        let mut stream = Stream::new("\u{feff}\"Id\",Name\r\n1,2\r\n".as_bytes());
        assert_eq!(stream.header().unwrap(), ["Id", "Name"]);
    }
}
