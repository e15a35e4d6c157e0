//! Lines of the text formats, read strictly: one way to write each thing, and every refusal has a place.

/// What was being read, where it is not as the format asks, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}, byte {offset}: {reason}")]
pub struct Malformed {
    what: &'static str,
    offset: usize,
    reason: &'static str,
}

impl Malformed {
    pub(crate) fn new(what: &'static str, offset: usize, reason: &'static str) -> Self {
        Self { what, offset, reason }
    }

    /// The first byte that is not as the format asks, counted from the start of what was read.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Why it was refused.
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// The same, where what was read starts later in a larger whole.
    pub(crate) fn after(self, bytes: usize) -> Self {
        Self { offset: self.offset + bytes, ..self }
    }
}

/// A decimal number without sign and without leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let canonical = match bytes {
        [] => false,
        [b'0'] => true,
        [b'0', ..] => false,
        _ => bytes.iter().all(u8::is_ascii_digit),
    };
    if canonical { text.parse().ok() } else { None }
}

/// Lines of a text, each with its newline taken off, and where each starts.
pub(crate) struct Lines<'a> {
    what: &'static str,
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(what: &'static str, text: &'a str) -> Self {
        Self { what, text, at: 0 }
    }

    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next line; an error where there is none or it does not end in a newline.
    pub(crate) fn next(&mut self) -> Result<&'a str, Malformed> {
        match self.rest().split_once('\n') {
            Some((line, _)) => {
                self.at += line.len() + 1;
                Ok(line)
            }
            None => Err(Malformed::new(self.what, self.text.len(), "a line is missing or does not end")),
        }
    }

    /// The next line without moving on.
    pub(crate) fn peek(&self) -> Option<&'a str> {
        self.rest().split_once('\n').map(|(line, _)| line)
    }

    pub(crate) fn refuse<T>(&self, offset: usize, reason: &'static str) -> Result<T, Malformed> {
        Err(Malformed::new(self.what, offset, reason))
    }
}
