use source::Span;

use crate::ast::Statement;
use crate::error::Error;
use crate::parse::{self, Dialect, Limits};

/// A part of a text that code puts together at run time.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// Known, without the quotes and escapes of the code that holds it.
    Text(String),
    /// Anything.
    Hole,
}

impl Piece {
    fn length(&self) -> usize {
        match self {
            Piece::Text(text) => text.len(),
            Piece::Hole => 1,
        }
    }
}

impl std::fmt::Debug for Piece {
    /// Without the text: it may hold a literal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Piece::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Piece::Hole => write!(f, "Hole"),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub pieces: Vec<Piece>,
}

impl Template {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.pieces.push(Piece::Text(text.into()));
        self
    }

    /// What `String.format(pattern, arguments)` of Apex gives: `{0}` is the first argument, `''` a quote, and braces
    /// between single quotes are text. An argument that is not given is a hole.
    pub fn format(pattern: &str, arguments: &[Template]) -> Self {
        let mut template = Template::new();
        let mut text = String::new();
        let mut length = 0;
        let mut quoted = false;
        let mut rest = pattern;
        while let Some(at) = rest.find(['\'', '{']) {
            let (before, mark) = rest.split_at_checked(at).unwrap_or((rest, ""));
            text.push_str(before);
            if let Some(after) = mark.strip_prefix("''") {
                text.push('\'');
                rest = after;
                continue;
            }
            if let Some(after) = mark.strip_prefix('\'') {
                quoted = !quoted;
                rest = after;
                continue;
            }
            let after = mark.strip_prefix('{').unwrap_or_default();
            let index = after.split_once('}').filter(|_| !quoted).and_then(|(digits, after)| {
                let plain = digits.len() < 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
                digits.parse::<usize>().ok().filter(|_| plain).map(|index| (index, after))
            });
            let Some((index, after)) = index else {
                text.push('{');
                rest = after;
                continue;
            };
            rest = after;
            if !text.is_empty() {
                length += text.len();
                template.pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            match arguments.get(index) {
                // Arguments that repeat could grow without end; no statement is so long.
                Some(argument) if length <= Limits::BYTES => {
                    length += argument.pieces.iter().map(Piece::length).sum::<usize>();
                    template.pieces.extend(argument.pieces.iter().cloned());
                }
                _ => template.pieces.push(Piece::Hole),
            }
        }
        text.push_str(rest);
        if text.is_empty() { template } else { template.text(text) }
    }

    #[must_use]
    pub fn hole(mut self) -> Self {
        self.pieces.push(Piece::Hole);
        self
    }
}

/// Where a hole stands: what a stranger's text would become there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HolePlace {
    /// Between quotes: harmless once quotes and backslashes in it are escaped.
    Quoted,
    /// Where a value stands, without quotes.
    Value,
    /// After a colon: names a variable, or a part of one.
    Bind,
    /// Between the braces of `FIND {...}`, or in the place of all that is searched for.
    SearchText,
    /// One field, or a part of its name.
    FieldName,
    /// Where fields are listed: any number of them.
    FieldList,
    /// The object, or a part of its name.
    ObjectName,
    /// Between a field and its value.
    Operator,
    /// One condition or several.
    Condition,
    /// Behind a field of `ORDER BY`: the direction, or more.
    Direction,
    /// The number of `LIMIT` or `OFFSET`.
    Limit,
    /// Another name: an alias, a scope, a function, a data category, a setting.
    Name,
    /// Between clauses: any clause that can follow.
    Clause,
    /// At the start: any statement.
    Statement,
    /// In a stretch that was not understood.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoleUse {
    /// Which hole, counted from 0.
    pub index: usize,
    pub place: HolePlace,
    /// Bytes of [`ParsedTemplate::text`].
    pub span: Span,
}

/// What is known of a statement that is put together at run time.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedTemplate {
    pub statement: Statement,
    pub errors: Vec<Error>,
    /// One entry a hole, in order.
    pub holes: Vec<HoleUse>,
    /// The text that the spans count in: the pieces in a row, each hole one byte.
    pub text: String,
    /// Where each piece starts in it.
    pub starts: Vec<usize>,
}

impl ParsedTemplate {
    /// Which piece the byte `offset` of the text is in, and the byte in that piece.
    pub fn locate(&self, offset: u32) -> (usize, usize) {
        let offset = offset as usize;
        let piece = self.starts.partition_point(|&start| start <= offset).saturating_sub(1);
        (piece, offset.saturating_sub(self.starts.get(piece).copied().unwrap_or(0)))
    }
}

impl std::fmt::Debug for ParsedTemplate {
    /// Without the text: it may hold a literal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParsedTemplate")
            .field("statement", &self.statement)
            .field("errors", &self.errors)
            .field("holes", &self.holes)
            .finish_non_exhaustive()
    }
}

/// Parses what is known of a text. A hole is taken for what most likely stands there; that it may be more is the
/// caller's to judge by its [`HolePlace`].
pub fn parse_template(template: &Template) -> ParsedTemplate {
    let mut text = String::new();
    let mut starts = Vec::with_capacity(template.pieces.len());
    let mut offsets = Vec::new();
    for piece in &template.pieces {
        starts.push(text.len());
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Hole => {
                offsets.push(text.len());
                text.push('\0');
            }
        }
    }
    let (parsed, found) = parse::statement(&text, &offsets, Dialect::Apex);
    let mut places = vec![HolePlace::Unknown; offsets.len()];
    for (index, place) in found {
        if let Some(slot) = places.get_mut(index) {
            *slot = place;
        }
    }
    let holes = offsets
        .iter()
        .zip(places)
        .enumerate()
        .map(|(index, (&at, place))| HoleUse { index, place, span: crate::lex::span(at, at + 1) })
        .collect();
    ParsedTemplate { statement: parsed.value, errors: parsed.errors, holes, text, starts }
}
