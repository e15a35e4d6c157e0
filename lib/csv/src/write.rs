//! Tables for spreadsheets: RFC 4180, in UTF-8 with a byte order mark, without which Excel guesses wrong.
//!
//! A cell that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, "CSV Injection"). Every
//! cell is quoted, so that a comma, a semicolon or a quote in a name cannot open a cell of its own.

/// A table in the making.
#[derive(Debug)]
pub struct Csv {
    text: String,
}

impl Csv {
    pub fn new(header: &[&str]) -> Self {
        let mut this = Self { text: String::from('\u{feff}') };
        this.row(header);
        this
    }

    pub fn row<C: AsRef<str>>(&mut self, cells: &[C]) {
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.cell(cell.as_ref());
        }
        self.text.push_str("\r\n");
    }

    fn cell(&mut self, cell: &str) {
        self.text.push('"');
        if is_formula(cell) {
            self.text.push('\'');
        }
        for c in cell.chars() {
            match c {
                '"' => self.text.push_str("\"\""),
                c if c.is_control() => self.text.push(' '),
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// Whether a spreadsheet takes the cell for a formula: by its first character, the full-width forms that some
/// programs fold included, and past the spaces that some programs trim.
fn is_formula(cell: &str) -> bool {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let first = cell.chars().next();
    let first_shown = cell.trim_start().chars().next();
    [first, first_shown].into_iter().flatten().any(|c| STARTS.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(cell: &str) -> String {
        let mut csv = Csv { text: String::new() };
        csv.row(&[cell]);
        csv.text
    }

    #[test]
    fn formulas_are_text() {
        for start in ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\u{a0}@"] {
            let written = one(&format!("{start}cmd|' /C calc'!A0"));
            assert!(written.starts_with("\"'"), "{start:?}: {written}");
        }
        assert_eq!(one("a=b"), "\"a=b\"\r\n");
    }

    #[test]
    fn quotes_and_separators_stay_in_their_cell() {
        assert_eq!(one("a\"b,c;d"), "\"a\"\"b,c;d\"\r\n");
        assert_eq!(one("two\r\nlines\0"), "\"two  lines \"\r\n");
    }

    #[test]
    fn begins_with_the_mark_and_the_header() {
        let csv = Csv::new(&["a", "b"]);
        assert_eq!(csv.into_bytes(), "\u{feff}\"a\",\"b\"\r\n".as_bytes());
    }
}
