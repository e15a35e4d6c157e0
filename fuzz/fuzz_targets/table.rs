//! Any bytes as a table: it is read the same in whatever pieces it comes, and what was written of it is read again.
#![no_main]

use std::io::Read;

use csv::{Row, Stream, write_row};
use libfuzzer_sys::fuzz_target;

struct Pieces<'b>(&'b [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let (piece, rest) = self.0.split_at(self.1.min(self.0.len()).min(into.len()));
        into[..piece.len()].copy_from_slice(piece);
        self.0 = rest;
        Ok(piece.len())
    }
}

/// The rows up to the end or to what is wrong, and what that is.
fn rows(input: impl Read) -> (Vec<Vec<String>>, Option<String>) {
    let mut stream = Stream::new(input);
    let mut rows = match stream.header() {
        Ok(names) => vec![names],
        Err(error) => return (Vec::new(), Some(error.to_string())),
    };
    let mut row = Row::default();
    loop {
        match stream.next(&mut row) {
            Ok(true) => rows.push(row.cells().map(str::to_owned).collect()),
            Ok(false) => return (rows, None),
            Err(error) => return (rows, Some(error.to_string())),
        }
    }
}

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (size, bytes) = input;
    let (read, wrong) = rows(bytes.as_slice());
    assert_eq!(rows(Pieces(&bytes, usize::from(size) + 1)), (read.clone(), wrong));
    let mut written = Vec::new();
    read.iter().for_each(|row| write_row(row.iter().map(String::as_str), &mut written));
    // A mark of byte order that a cell begins with is none at the beginning of a file.
    let is_marked = read.first().and_then(|row| row.first()).is_some_and(|cell| cell.starts_with('\u{feff}'));
    if !read.is_empty() && !is_marked {
        assert_eq!(rows(written.as_slice()), (read, None));
    }
});
