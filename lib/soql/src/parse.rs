//! From text to tree: recursive descent, a token of looking ahead, no way back.

mod condition;
mod query;
mod search;
mod select;
mod value;
mod with;

use std::borrow::Cow;

use source::Span;

use crate::ast::{Hole, Name, Path, Query, Search, Statement, Unread};
use crate::error::Error;
use crate::lex::{Kind, Lexer, Token, span};
use crate::template::HolePlace;

/// What the parser will not go beyond.
#[derive(Clone, Copy, Debug)]
pub struct Limits;

impl Limits {
    /// Salesforce takes 100,000 characters for a query.
    pub const BYTES: usize = 1 << 20;
    /// Parentheses, subqueries, functions and `NOT` in one another.
    pub const DEPTH: usize = 96;
    /// Objects behind `RETURNING`: each costs far more than the two bytes that it can be written with.
    pub const RETURNING: usize = 500;
    /// Errors that are told of one statement.
    pub const ERRORS: usize = 64;
}

/// Where a statement comes from, and so what may stand in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Code: binds and comments may stand in it.
    #[default]
    Apex,
    /// A request to an API: neither may, and each is an error.
    Request,
}

/// What was read, and what was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed<T> {
    pub value: T,
    /// In the order of their finding, at most [`Limits::ERRORS`].
    pub errors: Vec<Error>,
}

impl<T> Parsed<T> {
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    fn map<U>(self, change: impl FnOnce(T) -> U) -> Parsed<U> {
        Parsed { value: change(self.value), errors: self.errors }
    }
}

/// Parses a query or a search as Apex writes it.
pub fn parse(text: &str) -> Parsed<Statement> {
    parse_in(text, Dialect::Apex)
}

/// Parses a query or a search.
pub fn parse_in(text: &str, dialect: Dialect) -> Parsed<Statement> {
    statement(text, &[], dialect).0
}

/// Parses a query as Apex writes it; a search is an error.
pub fn parse_query(text: &str) -> Parsed<Query> {
    let mut parser = Parser::new(text, &[], Dialect::Apex);
    let value = if parser.open() { parser.whole_query() } else { Query::default() };
    parser.close().0.map(|()| value)
}

/// Parses a search as Apex writes it; a query is an error.
pub fn parse_search(text: &str) -> Parsed<Search> {
    let mut parser = Parser::new(text, &[], Dialect::Apex);
    let value = if parser.open() { parser.search() } else { Search::default() };
    parser.close().0.map(|()| value)
}

pub(crate) type HolePlaces = Vec<(usize, HolePlace)>;

/// `holes` are the offsets of the bytes that stand for holes, in order.
pub(crate) fn statement(text: &str, holes: &[usize], dialect: Dialect) -> (Parsed<Statement>, HolePlaces) {
    let mut parser = Parser::new(text, holes, dialect);
    let value = if !parser.open() {
        Statement::Query(Query::default())
    } else if parser.at("FIND") {
        Statement::Search(parser.search())
    } else {
        Statement::Query(parser.whole_query())
    };
    let (parsed, holes) = parser.close();
    (parsed.map(|()| value), holes)
}

/// The error was told; what called must go on behind it.
pub(crate) struct Told;

pub(crate) type Read<T> = Result<T, Told>;

pub(crate) struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token,
    /// The end of the token before.
    past: usize,
    depth: usize,
    dialect: Dialect,
    errors: Vec<Error>,
    /// The rest was not read, and an error said so.
    gave_up: bool,
    holes: HolePlaces,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, holes: &'t [usize], dialect: Dialect) -> Self {
        Self {
            lexer: Lexer::new(text, holes),
            token: Token { kind: Kind::End, start: 0, end: 0 },
            past: 0,
            depth: 0,
            dialect,
            errors: Vec::new(),
            gave_up: false,
            holes: Vec::new(),
        }
    }

    /// Reads the first token, unless the text is too long.
    fn open(&mut self) -> bool {
        if self.lexer.text.len() > Limits::BYTES {
            let at = Span::default();
            self.error(
                at,
                "query-too-long",
                "the statement is longer than 1 MB",
                "Salesforce takes 100,000 characters",
            );
            return false;
        }
        self.advance();
        true
    }

    fn close(mut self) -> (Parsed<()>, HolePlaces) {
        if let Some(start) = self.lexer.open_comment {
            let at = span(start, self.lexer.text.len());
            self.error(at, "malformed-query", "a comment has no end", "close it with `*/`");
        }
        if let (Some((start, end)), Dialect::Request) = (self.lexer.comment, self.dialect) {
            let at = span(start, end);
            self.error(
                at,
                "malformed-query",
                "a comment stands in the statement",
                "a request takes none: leave it out",
            );
        }
        (Parsed { value: (), errors: self.errors }, self.holes)
    }

    fn error(
        &mut self,
        span: Span,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        help: &'static str,
    ) {
        // What is wrong at a place is told once: the rest follows from it.
        let again = self.errors.last().is_some_and(|last| last.span.start == span.start);
        if !self.gave_up && !again && self.errors.len() < Limits::ERRORS {
            let help = (!help.is_empty()).then_some(help);
            self.errors.push(Error { span, code, message: message.into(), help });
        }
    }

    /// Tells that something else should stand where the token stands.
    fn expected(&mut self, what: &str, help: &'static str) -> Told {
        let found = match self.token.kind {
            Kind::End => "the end of the statement",
            Kind::String => "a string",
            Kind::OpenString => "a string without its last quote",
            Kind::Number | Kind::Currency => "a number",
            Kind::Word => self.keyword_here().unwrap_or("a word"),
            Kind::Hole => "an unknown part",
            Kind::Comma => "`,`",
            Kind::Dot => "`.`",
            Kind::Colon => "`:`",
            Kind::Open => "`(`",
            Kind::Close => "`)`",
            Kind::Brace => "`{`",
            Kind::Star => "`*`",
            Kind::Equal => "`=`",
            Kind::NotEqual => "`!=`",
            Kind::Less => "`<`",
            Kind::LessOrEqual => "`<=`",
            Kind::Greater => "`>`",
            Kind::GreaterOrEqual => "`>=`",
            Kind::Bad => "a character that has no meaning here",
        };
        let message = format!("{what} is expected, found {found}");
        self.error(self.token.span(), "malformed-query", message, help);
        Told
    }

    fn keyword_here(&self) -> Option<&'static str> {
        const KEYWORDS: [(&str, &str); 22] = [
            ("SELECT", "`SELECT`"),
            ("FROM", "`FROM`"),
            ("WHERE", "`WHERE`"),
            ("WITH", "`WITH`"),
            ("GROUP", "`GROUP`"),
            ("ORDER", "`ORDER`"),
            ("BY", "`BY`"),
            ("HAVING", "`HAVING`"),
            ("LIMIT", "`LIMIT`"),
            ("OFFSET", "`OFFSET`"),
            ("FOR", "`FOR`"),
            ("UPDATE", "`UPDATE`"),
            ("USING", "`USING`"),
            ("ALL", "`ALL`"),
            ("AND", "`AND`"),
            ("OR", "`OR`"),
            ("NOT", "`NOT`"),
            ("IN", "`IN`"),
            ("LIKE", "`LIKE`"),
            ("RETURNING", "`RETURNING`"),
            ("FIND", "`FIND`"),
            ("NULL", "`NULL`"),
        ];
        KEYWORDS.iter().find(|(word, _)| self.at(word)).map(|(_, shown)| *shown)
    }

    fn text_of(&self, start: usize, end: usize) -> &'t str {
        self.lexer.text.get(start..end).unwrap_or_default()
    }

    fn word(&self) -> &'t str {
        self.text_of(self.token.start, self.token.end)
    }

    fn advance(&mut self) -> Token {
        let token = self.token;
        self.past = token.end;
        self.token = self.lexer.next();
        token
    }

    fn peek(&self) -> Token {
        let mut ahead = self.lexer;
        ahead.next()
    }

    fn peek_is(&self, word: &str) -> bool {
        let next = self.peek();
        next.kind == Kind::Word && self.text_of(next.start, next.end).eq_ignore_ascii_case(word)
    }

    fn is(&self, kind: Kind) -> bool {
        self.token.kind == kind
    }

    fn at(&self, word: &str) -> bool {
        self.token.kind == Kind::Word && self.word().eq_ignore_ascii_case(word)
    }

    fn at_one_of(&self, words: &[&str]) -> bool {
        self.token.kind == Kind::Word && words.iter().any(|word| self.word().eq_ignore_ascii_case(word))
    }

    fn eat(&mut self, word: &str) -> bool {
        let there = self.at(word);
        if there {
            self.advance();
        }
        there
    }

    fn eat_kind(&mut self, kind: Kind) -> bool {
        let there = self.token.kind == kind;
        if there {
            self.advance();
        }
        there
    }

    fn expect(&mut self, word: &str, help: &'static str) -> Read<()> {
        if self.eat(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"), help)) }
    }

    fn expect_kind(&mut self, kind: Kind, what: &str, help: &'static str) -> Read<()> {
        if self.eat_kind(kind) { Ok(()) } else { Err(self.expected(what, help)) }
    }

    fn since(&self, start: usize) -> Span {
        span(start, self.past.max(start))
    }

    /// One level down. Beyond the limit the rest of the text is given up: the error is told once.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= Limits::DEPTH {
            let at = self.token.span();
            let message = format!("the statement nests deeper than {} levels", Limits::DEPTH);
            self.error(at, "query-too-deep", message, "write it with fewer parentheses");
            self.give_up();
            return Err(Told);
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// The rest is not read; an error was told.
    fn give_up(&mut self) {
        let end = self.lexer.text.len();
        self.lexer.at = end;
        self.token = Token { kind: Kind::End, start: end, end };
        self.past = end;
        self.gave_up = true;
    }

    /// Whether a clause starts here, or the query ends.
    fn at_clause(&self) -> bool {
        match self.token.kind {
            Kind::Word => match self.word().len() {
                6 => self.at("OFFSET") || self.at("HAVING") || self.at("UPDATE") && self.updates(),
                4 => self.at("FROM") || self.at("WITH"),
                5 => {
                    self.at("WHERE")
                        || self.at("LIMIT")
                        || self.at("USING")
                        || (self.at("GROUP") || self.at("ORDER")) && self.peek_is("BY")
                }
                3 => self.at("FOR") && self.fors() || self.at("ALL") && self.peek_is("ROWS"),
                _ => false,
            },
            Kind::End => true,
            _ => false,
        }
    }

    fn updates(&self) -> bool {
        self.peek_is("TRACKING") || self.peek_is("VIEWSTAT")
    }

    fn fors(&self) -> bool {
        self.peek_is("VIEW") || self.peek_is("REFERENCE") || self.peek_is("UPDATE")
    }

    /// Goes to where `stop` holds outside parentheses, or a clause starts, or a parenthesis closes that was opened
    /// before. `None` when that is here.
    fn skip(&mut self, start: usize, stop: impl Fn(&Self) -> bool) -> Option<Unread> {
        let mut open = 0usize;
        while !self.is(Kind::End) {
            if open == 0 && (self.is(Kind::Close) || self.at_clause() || stop(self)) {
                break;
            }
            match self.token.kind {
                Kind::Open => open += 1,
                Kind::Close => open -= 1,
                _ => {}
            }
            self.advance();
        }
        let end = self.past.max(start);
        (end > start).then(|| self.unread(start, end))
    }

    fn unread(&self, start: usize, end: usize) -> Unread {
        Unread { text: self.text_of(start, end).into(), span: span(start, end) }
    }

    /// Past the parenthesis that closes one which was opened before.
    fn skip_to_close(&mut self) {
        let mut open = 0usize;
        loop {
            match self.token.kind {
                Kind::End => return,
                Kind::Open => open += 1,
                Kind::Close if open == 0 => {
                    self.advance();
                    return;
                }
                Kind::Close => open -= 1,
                _ => {}
            }
            self.advance();
        }
    }

    fn close_paren(&mut self) {
        if !self.eat_kind(Kind::Close) {
            self.expected("`)`", "close the parenthesis");
            self.skip_to_close();
        }
    }

    /// Takes the hole that is here.
    fn hole(&mut self, place: HolePlace) -> Hole {
        let token = self.advance();
        let index = self.lexer.hole(token.start).unwrap_or(0);
        self.holes.push((index, place));
        Hole { index, span: token.span() }
    }

    /// The text from `start` to `end` with `{n}` for each hole, which stands in `place`.
    fn with_holes(&mut self, start: usize, end: usize, place: HolePlace) -> Option<String> {
        let holes = self.lexer.holes;
        let from = holes.partition_point(|&at| at < start);
        let to = holes.partition_point(|&at| at < end);
        let inside = holes.get(from..to).filter(|inside| !inside.is_empty())?;
        let mut text = String::with_capacity(end - start + 2 * inside.len());
        let mut at = start;
        for (index, &hole) in inside.iter().enumerate() {
            text.push_str(self.text_of(at, hole));
            text.push_str(&format!("{{{}}}", from + index));
            at = hole + 1;
            self.holes.push((from + index, place));
        }
        text.push_str(self.text_of(at, end));
        Some(text)
    }

    /// One name. In a template the parts of it that touch are one; a hole right behind a whole name is left, for it
    /// is rather what follows.
    fn name(&mut self, place: HolePlace, what: &str, help: &'static str) -> Read<Name> {
        let start = self.token.start;
        if !matches!(self.token.kind, Kind::Word | Kind::Hole) {
            return Err(self.expected(what, help));
        }
        let mut last = self.advance();
        if self.lexer.holes.is_empty() {
            return Ok(Name { text: self.text_of(last.start, last.end).into(), span: last.span() });
        }
        loop {
            let touches = self.token.start == last.end;
            let goes_on = touches
                && match (last.kind, self.token.kind) {
                    (Kind::Hole, Kind::Hole) => self.holes_begin_a_name(),
                    (Kind::Hole, Kind::Word | Kind::Number) => !self.at_reserved(),
                    (Kind::Word | Kind::Number, Kind::Hole) => {
                        let next = self.peek();
                        let joins = next.start == self.token.end
                            && next.kind == Kind::Word
                            && !is_reserved(self.text_of(next.start, next.end));
                        joins || self.lexer.byte(last.end.saturating_sub(1)) == b'_'
                    }
                    _ => false,
                };
            if !goes_on {
                break;
            }
            last = self.advance();
        }
        let text = match self.with_holes(start, last.end, place) {
            Some(text) => text.into(),
            None => self.text_of(start, last.end).into(),
        };
        Ok(Name { text, span: span(start, last.end) })
    }

    /// Names with dots between them. One part that is all hole may be any number of fields.
    fn path(&mut self, place: HolePlace, what: &str, help: &'static str) -> Read<Path> {
        let start = self.token.start;
        let noted = self.holes.len();
        let mut names = Vec::with_capacity(1);
        names.push(self.name(place, what, help)?);
        while self.is(Kind::Dot) {
            self.advance();
            if self.at("FROM") {
                return Err(self.expected("a name after `.`", ""));
            }
            names.push(self.name(place, "a name after `.`", "")?);
        }
        if place == HolePlace::FieldList && (names.len() > 1 || self.past - start > 1) {
            for (_, noted) in self.holes.iter_mut().skip(noted) {
                *noted = HolePlace::FieldName;
            }
        }
        Ok(Path { span: self.since(start), names })
    }

    /// Salesforce's list of names that no alias has, and those that would hide a clause.
    fn at_alias(&self) -> bool {
        const NONE: [&str; 25] = [
            "AND", "ASC", "DESC", "EXCLUDES", "FIRST", "FOR", "FROM", "GROUP", "HAVING", "IN", "INCLUDES",
            "LAST", "LIKE", "LIMIT", "NOT", "NULL", "NULLS", "OFFSET", "OR", "ORDER", "SELECT", "UPDATE",
            "USING", "WHERE", "WITH",
        ];
        self.is(Kind::Word) && !self.at_one_of(&NONE) && !self.at_clause()
    }

    fn at_reserved(&self) -> bool {
        self.token.kind == Kind::Word && is_reserved(self.word())
    }

    /// Whether a name goes on right behind the hole that is here and the next few: `{0}{1}__c`. Holes with no name
    /// behind them are one thing each.
    fn holes_begin_a_name(&self) -> bool {
        const FEW: usize = 4;
        let mut ahead = self.lexer;
        let mut end = self.token.end;
        for _ in 0..FEW {
            let next = ahead.next();
            if next.start != end {
                return false;
            }
            end = next.end;
            match next.kind {
                Kind::Hole => {}
                Kind::Word => return !is_reserved(self.text_of(next.start, next.end)),
                Kind::Number | Kind::Dot => return true,
                _ => return false,
            }
        }
        false
    }

    /// Whether the hole here is all of an item, and not a part of a name or the name of a function.
    fn hole_alone(&self) -> bool {
        let mut ahead = self.lexer;
        let next = ahead.next();
        if next.start == self.token.end && next.kind == Kind::Open {
            let inner = ahead.next();
            return self.text_of(inner.start, inner.end).eq_ignore_ascii_case("SELECT");
        }
        !self.holes_begin_a_name()
    }
}

/// Words that begin what follows a name, so that no hole before them is a part of them.
fn is_reserved(word: &str) -> bool {
    const RESERVED: [&str; 26] = [
        "AND",
        "OR",
        "NOT",
        "FROM",
        "WHERE",
        "WITH",
        "GROUP",
        "ORDER",
        "HAVING",
        "LIMIT",
        "OFFSET",
        "FOR",
        "ALL",
        "UPDATE",
        "USING",
        "LIKE",
        "IN",
        "INCLUDES",
        "EXCLUDES",
        "ASC",
        "DESC",
        "NULLS",
        "THEN",
        "ELSE",
        "END",
        "RETURNING",
    ];
    RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved))
}
