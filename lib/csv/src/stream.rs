//! Tables that are too large for memory: one row at a time, each written as it was meant and not for a spreadsheet.
//!
//! RFC 4180 to the letter: a quote that opens somewhere else than at the start of a cell, or that closes before its end,
//! is an error, because what follows it would be read as part of somebody else's row.

use std::io::Read;

use memchr::{memchr, memchr3};

/// A row may have so many bytes: some fifty long text areas of Salesforce.
pub const LONGEST_ROW: usize = 32 << 20;
const MOST_CELLS: usize = 10_000;
const CHUNK: usize = 128 << 10;

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
    #[error("line {line}: a quote opens here and is not closed at the end of a cell")]
    Quote { line: u64 },
    #[error("line {line}: it ends in two carriage returns: write line ends as `\\n` or `\\r\\n`")]
    Returns { line: u64 },
    #[error("the table is empty: it has no header")]
    Empty,
}

/// The cells of a row in one text, where something else may stand between them.
#[derive(Clone, Default)]
pub struct Row {
    text: String,
    cells: Vec<Cell>,
    /// Of these, the ones in which quotes stand twice.
    doubled: Vec<usize>,
    /// Whether such a one was moved to the end of the text.
    is_moved: bool,
    /// Line ends within cells.
    breaks: usize,
}

/// Where a cell begins and ends. A batch has tens of thousands of them, so it is small.
#[derive(Clone, Copy)]
struct Cell {
    start: usize,
    /// Twice the end, and one more where it is bare: it stood without quotes and is written so, and nobody has to look at
    /// it again.
    end: usize,
}

impl Cell {
    #[inline]
    const fn new(start: usize, end: usize, is_bare: bool) -> Self {
        Self { start, end: end << 1 | is_bare as usize }
    }

    #[inline]
    const fn start(self) -> usize {
        self.start
    }

    #[inline]
    const fn end(self) -> usize {
        self.end >> 1
    }

    #[inline]
    const fn is_bare(self) -> bool {
        self.end & 1 == 1
    }

    const fn quoted(self) -> Self {
        Self::new(self.start(), self.end(), false)
    }
}

impl Row {
    pub fn clear(&mut self) {
        self.text.clear();
        // One long row does not keep its room for all that follow.
        self.text.shrink_to(CHUNK);
        self.cells.clear();
        self.is_moved = false;
    }

    #[inline]
    pub fn push(&mut self, cell: &str) {
        self.add(cell, false);
    }

    /// Appends a cell of which it is known that nothing in it stands between quotes: letters, digits, dots, dashes.
    #[inline]
    pub fn push_bare(&mut self, cell: &str) {
        debug_assert!(!is_quoted(cell.as_bytes()), "a cell that stands between quotes");
        self.add(cell, true);
    }

    #[inline]
    fn add(&mut self, cell: &str, is_bare: bool) {
        self.separate();
        let start = self.text.len();
        self.text.push_str(cell);
        self.cells.push(Cell::new(start, self.text.len(), is_bare));
    }

    /// What stands between cells in a table stands between them here: then they are written in one piece.
    #[inline]
    fn separate(&mut self) {
        if !self.cells.is_empty() {
            self.text.push(',');
        }
    }

    /// Appends neighbouring cells of another row in one piece; those that it does not have are empty.
    pub fn copy(&mut self, from: &Self, cells: std::ops::Range<usize>) {
        let found = from.cells.get(cells.clone()).unwrap_or_default();
        let whole = found.first().zip(found.last()).filter(|_| !from.is_moved);
        match whole.and_then(|(first, last)| Some((first.start(), from.text.get(first.start()..last.end())?)))
        {
            Some((start, text)) => {
                self.separate();
                let here = self.text.len();
                self.text.push_str(text);
                let there = |at: usize| at - start + here;
                let moved = |cell: &Cell| Cell::new(there(cell.start()), there(cell.end()), cell.is_bare());
                self.cells.extend(found.iter().map(moved));
            }
            // They do not stand one behind the other.
            None => cells.for_each(|at| self.push(from.get(at).unwrap_or_default())),
        }
    }

    /// Appends the row to a table, as [`write_row`] does.
    pub fn write(&self, into: &mut Vec<u8>) {
        let text = self.text.as_bytes();
        let start = into.len();
        into.reserve(text.len() + self.cells.len() + 1);
        let mut is_first = true;
        let mut cells = self.cells.iter();
        while let Some(cell) = cells.next() {
            if !std::mem::take(&mut is_first) {
                into.push(b',');
            }
            if !cell.is_bare() {
                write_cell(text.get(cell.start()..cell.end()).unwrap_or_default(), into);
                continue;
            }
            // Neighbours that stand in the text as they are written go in one piece.
            let mut end = cell.end();
            while let Some(next) = cells.as_slice().first()
                && next.is_bare()
                && next.start() == end + 1
                && text.get(end) == Some(&b',')
            {
                end = next.end();
                cells.next();
            }
            into.extend_from_slice(text.get(cell.start()..end).unwrap_or_default());
        }
        end_row(start, into);
    }

    /// The cells that were found in the bytes of a row, taken over at once. Nothing where they are no UTF-8.
    fn take(&mut self, raw: &[u8]) -> Option<()> {
        self.text.push_str(std::str::from_utf8(raw).ok()?);
        // A carriage return that ends no line is written between quotes.
        let line = raw.strip_suffix(b"\n").map_or(raw, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if memchr(b'\r', line).is_some() {
            self.cells.iter_mut().for_each(|cell| *cell = cell.quoted());
        }
        for at in self.doubled.drain(..) {
            self.is_moved = true;
            let cell = self.cells.get_mut(at)?;
            let plain = self.text.get(cell.start()..cell.end())?.replace("\"\"", "\"");
            let start = self.text.len();
            self.text.push_str(&plain);
            *cell = Cell::new(start, self.text.len(), false);
        }
        Some(())
    }

    #[inline]
    pub fn get(&self, at: usize) -> Option<&str> {
        let cell = self.cells.get(at)?;
        self.text.get(cell.start()..cell.end())
    }

    pub fn len(&self) -> usize {
        self.cells.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// How many bytes of memory its text takes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().filter_map(|cell| self.text.get(cell.start()..cell.end()))
    }
}

/// Cells can be a patient's: none is printed.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("cells", &self.cells.len()).finish_non_exhaustive()
    }
}

/// Reads a table row by row.
pub struct Stream<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    is_over: bool,
    /// Bytes that were taken in.
    taken: u64,
    columns: Option<usize>,
    /// Of the row that was read last, and of what follows it.
    line: u64,
    next_line: u64,
}

/// Where a row ends, as far as can be told.
enum End {
    /// Behind its line end.
    At(usize),
    /// More has to be read.
    Later,
    /// A quote stands where none can.
    Quote,
    /// Its line end has a carriage return too many, which would be part of the last cell.
    Returns,
}

impl<R: Read> Stream<R> {
    pub fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; CHUNK],
            at: 0,
            filled: 0,
            is_over: false,
            taken: 0,
            columns: None,
            line: 1,
            next_line: 1,
        }
    }

    /// Reads on where another stream of the same table came to: the input begins there, and rows have so many cells.
    pub fn resumed(input: R, columns: usize, position: u64, line: u64) -> Self {
        let mut stream = Self::new(input);
        stream.columns = Some(columns);
        stream.taken = position;
        stream.next_line = line;
        stream
    }

    /// Where the row that was read last ends: bytes from the beginning, and the line.
    pub fn position(&self) -> (u64, u64) {
        let unread = self.filled.saturating_sub(self.at) as u64;
        (self.taken.saturating_sub(unread), self.next_line)
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
        // Spreadsheets begin with a byte order mark.
        while self.filled < '\u{feff}'.len_utf8() && !self.is_over {
            self.fill()?;
        }
        if matches!(self.unread(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            return Err(StreamError::NotText { line: 1 });
        }
        if self.unread().starts_with("\u{feff}".as_bytes()) {
            self.at += '\u{feff}'.len_utf8();
        }
        let mut row = Row::default();
        if !self.next(&mut row)? {
            return Err(StreamError::Empty);
        }
        Ok(row.cells().map(|name| name.trim().to_owned()).collect())
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    /// Reads more behind what is there.
    fn fill(&mut self) -> std::io::Result<()> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        // Until there is no room: what is read piece by piece is looked at once and not at each piece.
        while self.filled < self.buffer.len() {
            match self.input.read(self.buffer.get_mut(self.filled..).unwrap_or_default()) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(0) => {
                    self.is_over = true;
                    break;
                }
                Ok(read) => {
                    self.filled += read;
                    self.taken += read as u64;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The next row; nothing at the end. Empty lines are no rows, and all rows have as many cells as the first.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, StreamError> {
        loop {
            match self.unread() {
                [] if self.is_over => return Ok(false),
                [b'\n', ..] => {
                    self.at += 1;
                    self.next_line += 1;
                }
                [b'\r', b'\n', ..] => self.at += 1,
                [] | [b'\r'] if !self.is_over => self.fill()?,
                _ => break,
            }
        }
        self.line = self.next_line;
        let line = self.line;
        let end = loop {
            match read(self.unread(), self.is_over, row) {
                End::At(end) if end > LONGEST_ROW => return Err(StreamError::TooLong { line }),
                End::At(end) => break end,
                End::Quote => return Err(StreamError::Quote { line }),
                End::Returns => return Err(StreamError::Returns { line }),
                End::Later if self.filled - self.at > LONGEST_ROW => {
                    return Err(StreamError::TooLong { line });
                }
                End::Later => self.fill()?,
            }
        };
        let raw = self.buffer.get(self.at..self.at + end).unwrap_or_default();
        self.next_line += row.breaks as u64 + u64::from(raw.ends_with(b"\n"));
        self.at += end;
        row.take(raw).ok_or(StreamError::NotText { line })?;
        let cells = row.len();
        if cells > MOST_CELLS {
            return Err(StreamError::TooLong { line });
        }
        let wanted = *self.columns.get_or_insert(cells);
        if cells != wanted {
            return Err(StreamError::Ragged { line, found: cells, wanted });
        }
        Ok(true)
    }
}

/// Finds the cells of the row that the bytes begin with.
fn read(bytes: &[u8], is_all: bool, row: &mut Row) -> End {
    row.clear();
    row.doubled.clear();
    row.breaks = 0;
    let mut at = 0;
    loop {
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            let start = at;
            let mut is_doubled = false;
            loop {
                let Some(quote) = bytes.get(at..).and_then(|rest| memchr(b'"', rest)) else {
                    return if is_all { End::Quote } else { End::Later };
                };
                at += quote + 1;
                match bytes.get(at) {
                    Some(b'"') => {
                        is_doubled = true;
                        at += 1;
                    }
                    None if !is_all => return End::Later,
                    _ => break,
                }
            }
            if is_doubled {
                row.doubled.push(row.cells.len());
            }
            let cell = bytes.get(start..at - 1).unwrap_or_default();
            row.breaks += memchr::memchr_iter(b'\n', cell).count();
            row.cells.push(Cell::new(start, at - 1, false));
        } else {
            let rest = bytes.get(at..).unwrap_or_default();
            let length = match memchr3(b',', b'\n', b'"', rest) {
                Some(end) if rest.get(end) == Some(&b'"') => return End::Quote,
                Some(end) => end,
                None if is_all => rest.len(),
                None => return End::Later,
            };
            let cell = rest.get(..length).unwrap_or_default();
            let is_last = rest.get(length) != Some(&b',');
            let carriage = usize::from(is_last && cell.last() == Some(&b'\r'));
            if carriage > 0 && cell.ends_with(b"\r\r") {
                return End::Returns;
            }
            row.cells.push(Cell::new(at, at + length - carriage, true));
            at += length;
        }
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b','), _) => at += 1,
            (Some(b'\n'), _) => return End::At(at + 1),
            (Some(b'\r'), Some(b'\n')) => return End::At(at + 2),
            (Some(b'\r'), None) if !is_all => return End::Later,
            (Some(b'\r'), Some(b'\r')) => match bytes.get(at + 2) {
                Some(b'\n') => return End::Returns,
                None if !is_all => return End::Later,
                _ => return End::Quote,
            },
            (None, _) => return if is_all { End::At(at) } else { End::Later },
            _ => return End::Quote,
        }
    }
}

impl<R> std::fmt::Debug for Stream<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("line", &self.line).finish_non_exhaustive()
    }
}

/// Appends a row as RFC 4180 has it. What is no table for people keeps its cells as they are.
pub fn write_row<'c>(cells: impl Iterator<Item = &'c str>, into: &mut Vec<u8>) {
    let start = into.len();
    let mut is_first = true;
    for cell in cells {
        if !std::mem::take(&mut is_first) {
            into.push(b',');
        }
        write_cell(cell.as_bytes(), into);
    }
    end_row(start, into);
}

fn write_cell(cell: &[u8], into: &mut Vec<u8>) {
    if !is_quoted(cell) {
        into.extend_from_slice(cell);
        return;
    }
    into.push(b'"');
    let mut rest = cell;
    while let Some(quote) = memchr(b'"', rest) {
        let (before, after) = rest.split_at(quote + 1);
        into.extend_from_slice(before);
        into.push(b'"');
        rest = after;
    }
    into.extend_from_slice(rest);
    into.push(b'"');
}

fn end_row(start: usize, into: &mut Vec<u8>) {
    // A row of one empty cell would be an empty line, which is no row.
    if into.len() == start {
        into.extend_from_slice(b"\"\"");
    }
    into.push(b'\n');
}

/// Whether a cell stands between quotes. Without a way out of the loops the machine looks at many bytes at once, and
/// most cells have nothing as low as a comma.
fn is_quoted(cell: &[u8]) -> bool {
    cell.iter().fold(false, |found, byte| found | (*byte <= b','))
        && cell.iter().fold(false, |found, byte| found | matches!(byte, b'"' | b',' | b'\n' | b'\r'))
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
    fn a_row_is_written_as_its_cells_are() {
        let texts = [
            "a,\"b,c\",\"say \"\"no\"\"\",,d\n",
            "\"a\",\"\",\"two\nlines\",b\rc,\n",
            "a,b,c,d,e\r\n",
            "\"\"\"\",\"\"\"\",x,\"\"\"\",y",
            "\u{fc},,,,\n",
        ];
        for text in texts {
            let (mut stream, mut row) = (Stream::new(text.as_bytes()), Row::default());
            assert!(stream.next(&mut row).unwrap());
            for (from, to) in (0..=5).flat_map(|from| (from..=5).map(move |to| (from, to))) {
                // In pieces, and as the cells are one by one.
                let mut pieces = Row::default();
                [0..from, from..to, to..5].into_iter().for_each(|cells| pieces.copy(&row, cells));
                assert!(pieces.cells().eq(row.cells()), "{text:?} {from} {to}");
                let (mut written, mut wanted) = (Vec::new(), Vec::new());
                pieces.write(&mut written);
                write_row(row.cells(), &mut wanted);
                assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8(wanted).unwrap());
            }
        }
        let mut none = Row::default();
        none.copy(&Row::default(), 2..4);
        assert!(none.cells().eq(["", ""]));
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
        for returns in [
            "a,b\r\r\n1,2\r\r\n",
            "a,b\r\n1,2\r\r\n",
            "a,b\n1,\"2\"\r\r\n",
            "a,b\n1,2\r\r",
            "a,b\r\n\r\r\n1,2",
        ] {
            let error = rows(returns.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(": it ends in two carriage returns"), "{returns:?}: {error}");
        }
        let error = rows(b"a,b\n1,\xff\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2: "), "{error}");
        assert!(matches!(Stream::new(&b""[..]).header(), Err(StreamError::Empty)));
        let wide = b"\xff\xfeI\0d\0\n\0";
        assert!(matches!(Stream::new(&wide[..]).header(), Err(StreamError::NotText { line: 1 })));
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
    fn a_quote_that_does_not_close_swallows_nobody() {
        for (text, line) in [
            ("a,b\n1,\"x\n2,y\n3,z\n", 2),
            ("a,b\n1,\"x\n2,\"y\n", 2),
            ("a,b\n1,x\n2,y\"z\n", 3),
            ("a,b\n1,\"x\"y\n", 2),
            ("a,b\n1,\"\"\"\n", 2),
            ("a,b\n1, \"x\"\n", 2),
        ] {
            let error = rows(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line {line}: a quote opens")), "{text:?}: {error}");
        }
        assert_eq!(rows(b"a\n\"\"\"\"\n").unwrap()[1], ["\""]);
    }

    #[test]
    fn a_table_is_the_same_in_whatever_pieces_it_comes() {
        struct Bits<'b>(&'b [u8], usize);
        impl Read for Bits<'_> {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                let length = self.1.min(self.0.len()).min(into.len());
                let (first, rest) = self.0.split_at(length);
                into[..length].copy_from_slice(first);
                self.0 = rest;
                Ok(length)
            }
        }
        let text = "\u{feff}a,b\r\n\r\n1,\"x \"\"y\"\"\r\nz\"\r\n\n\"ü\",\r\n3,4";
        for size in 1..text.len() {
            let mut stream = Stream::new(Bits(text.as_bytes(), size));
            // The mark is looked for in what comes first.
            if size >= 3 {
                assert_eq!(stream.header().unwrap(), ["a", "b"]);
                let (mut row, mut found) = (Row::default(), Vec::new());
                while stream.next(&mut row).unwrap() {
                    found.push((stream.line(), row.cells().map(str::to_owned).collect::<Vec<_>>()));
                }
                let cells = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
                let expected = [(3, cells("1", "x \"y\"\r\nz")), (6, cells("ü", "")), (7, cells("3", "4"))];
                assert_eq!(found, expected, "{size}");
            }
        }
    }

    #[test]
    fn a_mark_of_byte_order_is_no_name() {
        let mut stream = Stream::new("\u{feff}\"Id\",Name\r\n1,2\r\n".as_bytes());
        assert_eq!(stream.header().unwrap(), ["Id", "Name"]);
    }
}
