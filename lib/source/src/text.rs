use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::{Problem, Severity};

/// A range of bytes in a [`Source`], end excluded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    pub const fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A place as people and editors count it: both from 1, columns in Unicode code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

impl Position {
    pub const START: Position = Position { line: 1, column: 1 };
}

/// One text and the path that names it. Cheap to clone.
#[derive(Clone)]
pub struct Source {
    inner: Arc<Inner>,
}

struct Inner {
    path: String,
    text: String,
    line_starts: OnceLock<Vec<u32>>,
}

impl Source {
    /// The largest text that a [`Span`] can address.
    pub const MAX_BYTES: usize = u32::MAX as usize;

    /// `path` is shown to people and written to reports: relative, with forward slashes.
    /// A text beyond [`Source::MAX_BYTES`] is cut there, at a character boundary.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.len() > Self::MAX_BYTES {
            let cut = (0..=Self::MAX_BYTES).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            text.truncate(cut);
        }
        Self { inner: Arc::new(Inner { path: path.into(), text, line_starts: OnceLock::new() }) }
    }

    /// Decodes what a stranger wrote. UTF-8 (with or without a byte order mark) and UTF-16 with a mark are
    /// read as they are, anything else by `declared` (as an XML declaration names it). What cannot be decoded
    /// is replaced and reported with its line, so that the rest is still read.
    pub fn decode(
        path: impl Into<String>,
        bytes: Vec<u8>,
        declared: Option<&str>,
    ) -> (Self, Option<Problem>) {
        let path = path.into();
        let marked = encoding_rs::Encoding::for_bom(&bytes);
        let bytes = match marked {
            Some((encoding, length)) if encoding == encoding_rs::UTF_8 => {
                bytes.get(length..).unwrap_or_default().to_vec()
            }
            Some((encoding, _)) => {
                let (text, _, bad) = encoding.decode(&bytes);
                let source = Source::new(path, text.into_owned());
                let problem = bad.then(|| source.undecodable(encoding.name()));
                return (source, problem);
            }
            None => bytes,
        };
        match String::from_utf8(bytes) {
            Ok(text) => (Source::new(path, text), None),
            Err(error) => {
                let bytes = error.into_bytes();
                let declared = declared
                    .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()))
                    .filter(|encoding| *encoding != encoding_rs::UTF_8);
                let encoding = declared.unwrap_or(encoding_rs::UTF_8);
                let (text, bad): (Cow<'_, str>, bool) = encoding.decode_without_bom_handling(&bytes);
                let source = Source::new(path, text.into_owned());
                let problem = bad.then(|| source.undecodable(encoding.name()));
                (source, problem)
            }
        }
    }

    fn undecodable(&self, encoding: &str) -> Problem {
        let at = self.inner.text.find(char::REPLACEMENT_CHARACTER).unwrap_or(0);
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        self.problem(
            Severity::Error,
            "bad-encoding",
            Span::new(at, at),
            format!("bytes here are not {encoding}"),
        )
        .with_help("save the file as UTF-8; the rest of it was read")
    }

    pub fn path(&self) -> &str {
        &self.inner.path
    }

    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The text of `span`, or nothing where the span does not fit this text.
    pub fn slice(&self, span: Span) -> &str {
        self.inner.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn line_starts(&self) -> &[u32] {
        self.inner.line_starts.get_or_init(|| {
            let ends = memchr::memchr_iter(b'\n', self.inner.text.as_bytes());
            std::iter::once(0).chain(ends.filter_map(|at| u32::try_from(at + 1).ok())).collect()
        })
    }

    pub fn line_count(&self) -> usize {
        self.line_starts().len()
    }

    pub fn position(&self, offset: u32) -> Position {
        let starts = self.line_starts();
        let line = starts.partition_point(|&start| start <= offset).max(1);
        let start = starts.get(line - 1).copied().unwrap_or(0);
        let column = self.slice(Span::new(start, offset)).chars().count();
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
        }
    }

    /// The text of a line, counted from 1, without its line end.
    pub fn line(&self, line: u32) -> &str {
        self.slice(self.line_span(line)).trim_end_matches(['\n', '\r'])
    }

    /// The span of a line, counted from 1, with its line end.
    pub fn line_span(&self, line: u32) -> Span {
        let starts = self.line_starts();
        let index = line.max(1) as usize - 1;
        let end = u32::try_from(self.inner.text.len()).unwrap_or(u32::MAX);
        let start = starts.get(index).copied().unwrap_or(end);
        Span::new(start, starts.get(index + 1).copied().unwrap_or(end))
    }

    /// A problem at a place of this source.
    pub fn problem(
        &self,
        severity: Severity,
        code: &'static str,
        at: Span,
        message: impl Into<String>,
    ) -> Problem {
        Problem::new(severity, code, self.path(), message).at(self.position(at.start))
    }
}

impl std::fmt::Debug for Source {
    /// Without the text: it may hold what must not be logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path())
            .field("bytes", &self.text().len())
            .finish_non_exhaustive()
    }
}
