use std::borrow::Cow;

use source::Span;

use super::{Hole, Path, Subquery, Unread};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LiteralKind {
    #[default]
    String,
    Number,
    /// `USD100.50`.
    Currency,
    Date,
    DateTime,
    Time,
    Boolean,
    Null,
    /// `TODAY`, `LAST_N_DAYS:30`.
    DateRange,
    /// A string of a template with holes in it: `'%{0}%'`.
    PartialString,
    /// Another literal of a template with holes in it: `LAST_N_DAYS:{0}`, `2024-{0}-01`.
    Partial,
}

/// A value that stands in the statement itself.
#[derive(Clone, Default)]
pub struct Literal {
    pub kind: LiteralKind,
    /// As written, a string with its quotes.
    pub text: Box<str>,
    pub span: Span,
}

impl Literal {
    /// A string that says exactly `value`.
    pub fn string(value: &str) -> Self {
        let mut text = String::with_capacity(value.len() + 2);
        text.push('\'');
        for c in value.chars() {
            match c {
                '\'' => text.push_str("\\'"),
                '\\' => text.push_str("\\\\"),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                '\u{8}' => text.push_str("\\b"),
                '\u{c}' => text.push_str("\\f"),
                c => text.push(c),
            }
        }
        text.push('\'');
        Self { kind: LiteralKind::String, text: text.into(), span: Span::default() }
    }

    /// What a string says, without quotes and escapes; another literal as written. `\_` and `\%` keep their
    /// backslash, for `LIKE` reads it.
    pub fn value(&self) -> Cow<'_, str> {
        if !matches!(self.kind, LiteralKind::String | LiteralKind::PartialString) {
            return Cow::Borrowed(&self.text);
        }
        let inner = self.text.strip_prefix('\'').unwrap_or(&self.text);
        let inner = inner.strip_suffix('\'').unwrap_or(inner);
        if !inner.contains('\\') {
            return Cow::Borrowed(inner);
        }
        let mut value = String::with_capacity(inner.len());
        let mut rest = inner.chars();
        while let Some(c) = rest.next() {
            if c != '\\' {
                value.push(c);
                continue;
            }
            match rest.next() {
                Some('n' | 'N') => value.push('\n'),
                Some('r' | 'R') => value.push('\r'),
                Some('t' | 'T') => value.push('\t'),
                Some('b' | 'B') => value.push('\u{8}'),
                Some('f' | 'F') => value.push('\u{c}'),
                Some('u' | 'U') => {
                    let digits: String = rest.by_ref().take(4).collect();
                    let c = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    value.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some(c @ ('_' | '%')) => value.extend(['\\', c]),
                Some(c) => value.push(c),
                None => value.push('\\'),
            }
        }
        Cow::Owned(value)
    }
}

impl PartialEq for Literal {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.text == other.text
    }
}

impl Eq for Literal {}

impl std::fmt::Debug for Literal {
    /// Without the text: it may be a patient's name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Literal").field("kind", &self.kind).field("span", &self.span).finish_non_exhaustive()
    }
}

/// `:expression`, an expression of Apex. The span is the expression's, without the colon.
#[derive(Clone, Default)]
pub struct Bind {
    /// The expression as written; in a template `{0}` stands where the first hole is.
    pub text: Box<str>,
    pub span: Span,
}

impl PartialEq for Bind {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Bind {}

impl std::fmt::Debug for Bind {
    /// Without the text: strings of Apex may be in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bind").field("span", &self.span).finish_non_exhaustive()
    }
}

/// The right side of a comparison, a limit, an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Literal(Literal),
    Bind(Bind),
    /// `('a', :b)`, for `IN`, `INCLUDES` and their opposites.
    List(ValueList),
    /// `(SELECT ...)`, for `IN` and `NOT IN`.
    Query(Box<Subquery>),
    /// Text outside quotes that a template does not know.
    Hole(Hole),
    Unread(Unread),
}

impl Value {
    pub fn span(&self) -> Span {
        match self {
            Value::Literal(node) => node.span,
            Value::Bind(node) => node.span,
            Value::List(node) => node.span,
            Value::Query(node) => node.span,
            Value::Hole(node) => node.span,
            Value::Unread(node) => node.span,
        }
    }
}

node! {
    pub struct ValueList {
        pub values: Vec<Value>,
    }
}

/// What can be selected, compared, grouped and ordered by, and handed to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    Field(Path),
    Call(Call),
    /// Only as an argument.
    Literal(Literal),
    /// Only as an argument, and in Apex left of an operator.
    Bind(Bind),
}

impl Expression {
    /// Whether no hole is a part of a name in it.
    pub fn is_known(&self) -> bool {
        match self {
            Expression::Field(path) => path.is_known(),
            Expression::Call(call) => {
                call.function.known().is_some() && call.arguments.iter().all(Expression::is_known)
            }
            Expression::Literal(_) | Expression::Bind(_) => true,
        }
    }

    pub fn span(&self) -> Span {
        match self {
            Expression::Field(node) => node.span,
            Expression::Call(node) => node.span,
            Expression::Literal(node) => node.span,
            Expression::Bind(node) => node.span,
        }
    }
}

node! {
    /// `COUNT()`, `toLabel(Status)`, `DISTANCE(Place__c, GEOLOCATION(37, -122), 'mi')`.
    pub struct Call {
        pub function: super::Name,
        pub arguments: Vec<Expression>,
    }
}

impl Call {
    /// Whether it makes one value of many rows.
    pub fn is_aggregate(&self) -> bool {
        const AGGREGATES: [&str; 6] = ["COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"];
        AGGREGATES.iter().any(|name| self.function.is(name))
    }
}
