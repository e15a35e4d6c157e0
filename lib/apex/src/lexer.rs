//! Text to tokens. Comments are kept apart, for what they tell an analyser.

use source::{Source, Span};

use crate::name::{Name, Names};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Word(Name),
    /// With its quotes.
    Text,
    /// `'''`: the first line end is no part of it.
    LongText,
    Integer,
    Long,
    Decimal,
    /// `>` is always one, since it may close a list of types.
    Sign(Sign),
    End,
}

macro_rules! signs {
    ($($name:ident $text:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Sign { $($name),* }

        impl Sign {
            pub(crate) const fn text(self) -> &'static str {
                match self { $(Sign::$name => $text),* }
            }

            /// The longest first.
            const ALL: &'static [Sign] = &[$(Sign::$name),*];
        }
    };
}

signs![
    ShiftLeftAssign "<<=", Identical "===", NotIdentical "!==", SafeDot "?.", Coalesce "??", Arrow "=>",
    Equal "==", NotEqual "!=", Differs "<>", LessEqual "<=", And "&&", Or "||", Increment "++", Decrement "--",
    AddAssign "+=", SubAssign "-=", MulAssign "*=", DivAssign "/=", AndAssign "&=", OrAssign "|=", XorAssign "^=",
    RemAssign "%=", ShiftLeft "<<", ParenOpen "(", ParenClose ")", BraceOpen "{", BraceClose "}", BracketOpen "[",
    BracketClose "]", Semicolon ";", Comma ",", Dot ".", At "@", Assign "=", Greater ">", Less "<", Bang "!",
    Tilde "~", Question "?", Colon ":", Plus "+", Minus "-", Star "*", Slash "/", BitAnd "&", BitOr "|", Caret "^",
    Percent "%", Other "",
];

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

/// What a file is made of; names are of its own [`Names`] until they are linked.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) source: Source,
    pub(crate) all: Vec<Token>,
    pub(crate) comments: Vec<Span>,
    pub(crate) problems: Vec<(Span, String)>,
}

struct Lexer<'s> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    names: &'s mut Names,
    all: Vec<Token>,
    comments: Vec<Span>,
    problems: Vec<(Span, String)>,
}

fn span(start: usize, end: usize) -> Span {
    let limit = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(limit(start), limit(end))
}

pub(crate) fn lex(source: Source, names: &mut Names) -> Tokens {
    let text = source.text();
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        at: 0,
        names,
        all: Vec::with_capacity(text.len() / 5),
        comments: Vec::new(),
        problems: Vec::new(),
    };
    while lexer.step() {}
    let end = lexer.bytes.len();
    lexer.all.push(Token { kind: Kind::End, span: span(end, end) });
    let Lexer { all, comments, problems, .. } = lexer;
    Tokens { source, all, comments, problems }
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.all.push(Token { kind, span: span(start, self.at) });
    }

    fn step(&mut self) -> bool {
        let start = self.at;
        let Some(&first) = self.bytes.get(start) else { return false };
        match first {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0c | 0x0b => self.at += 1,
            b'/' if self.byte(1) == b'/' => {
                self.at = memchr::memchr(b'\n', self.bytes.get(start..).unwrap_or_default())
                    .map_or(self.bytes.len(), |end| start + end);
                self.comments.push(span(start, self.at));
            }
            b'/' if self.byte(1) == b'*' => {
                let inside = self.bytes.get(start + 2..).unwrap_or_default();
                self.at = match memchr::memmem::find(inside, b"*/") {
                    Some(end) => start + 2 + end + 2,
                    None => {
                        self.problems.push((
                            span(start, start + 2),
                            "this comment does not end; write `*/`".to_owned(),
                        ));
                        self.bytes.len()
                    }
                };
                self.comments.push(span(start, self.at));
            }
            b'\'' => self.text(start),
            b'0'..=b'9' => self.number(start),
            b'.' if self.byte(1).is_ascii_digit() && !self.follows_value() => self.number(start),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => self.word(start),
            // Places that a packager fills in before the code is compiled.
            b'%' if self.rest().starts_with("%%%") => match self.placeholder() {
                Some(end) => self.at = end,
                None => self.sign(start),
            },
            0x80.. => self.wide(start),
            _ => self.sign(start),
        }
        true
    }

    fn follows_value(&self) -> bool {
        self.all.last().is_some_and(|last| {
            last.span.end as usize == self.at
                && matches!(
                    last.kind,
                    Kind::Word(_) | Kind::Sign(Sign::ParenClose | Sign::BracketClose) | Kind::Text
                )
        })
    }

    fn placeholder(&self) -> Option<usize> {
        let inside = self.bytes.get(self.at + 3..)?;
        let length = inside.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
        let end = self.at + 3 + length;
        (length > 0 && self.bytes.get(end..end + 3)? == b"%%%").then_some(end + 3)
    }

    fn word(&mut self, start: usize) {
        while matches!(self.byte(0), b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | b'0'..=b'9') {
            self.at += 1;
        }
        if self.byte(0) >= 0x80 {
            return self.wide(start);
        }
        let name = self.names.intern(self.text.get(start..self.at).unwrap_or_default());
        self.push(Kind::Word(name), start);
    }

    /// A name with letters beyond ASCII, a space beyond ASCII, or neither.
    fn wide(&mut self, start: usize) {
        let rest = self.rest();
        let letters = rest
            .char_indices()
            .find(|(_, letter)| !letter.is_alphanumeric() && *letter != '_' && *letter != '$')
            .map_or(rest.len(), |(at, _)| at);
        if letters > 0 {
            self.at += letters;
            let name = self.names.intern(self.text.get(start..self.at).unwrap_or_default());
            return self.push(Kind::Word(name), start);
        }
        if start < self.at {
            // A name that ended before this letter.
            let name = self.names.intern(self.text.get(start..self.at).unwrap_or_default());
            return self.push(Kind::Word(name), start);
        }
        let letter = rest.chars().next().unwrap_or(' ');
        self.at += letter.len_utf8();
        if !letter.is_whitespace() && letter != '\u{feff}' && letter != '\u{200b}' {
            self.push(Kind::Sign(Sign::Other), start);
        }
    }

    fn text(&mut self, start: usize) {
        if self.rest().starts_with("'''")
            && self
                .rest()
                .get(3..)
                .is_some_and(|rest| rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n'))
        {
            self.at += 3;
            loop {
                match self.byte(0) {
                    0 if self.at >= self.bytes.len() => {
                        self.problems
                            .push((span(start, start + 3), "this text does not end; write `'''`".to_owned()));
                        break;
                    }
                    b'\\' => self.at += 2,
                    b'\'' if self.rest().starts_with("'''") => {
                        self.at += 3;
                        break;
                    }
                    _ => self.at += 1,
                }
            }
            self.at = self.at.min(self.bytes.len());
            return self.push(Kind::LongText, start);
        }
        self.at += 1;
        loop {
            match self.byte(0) {
                b'\'' => {
                    self.at += 1;
                    break;
                }
                b'\\' if self.byte(1) != b'\n' => self.at += 2,
                b'\n' | 0 if self.byte(0) == b'\n' || self.at >= self.bytes.len() => {
                    self.problems.push((
                        span(start, self.at.min(self.bytes.len())),
                        "this text does not end on its line; write `'`".to_owned(),
                    ));
                    break;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        self.push(Kind::Text, start);
    }

    fn digits(&mut self) {
        while matches!(self.byte(0), b'0'..=b'9' | b'_') {
            self.at += 1;
        }
    }

    fn number(&mut self, start: usize) {
        self.digits();
        let mut kind = Kind::Integer;
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            self.at += 1;
            self.digits();
            kind = Kind::Decimal;
        } else if self.byte(0) == b'.' && !self.byte(1).is_ascii_alphabetic() && self.byte(1) != b'.' {
            self.at += 1;
            kind = Kind::Decimal;
        }
        if matches!(self.byte(0), b'e' | b'E')
            && (self.byte(1).is_ascii_digit()
                || matches!(self.byte(1), b'+' | b'-') && self.byte(2).is_ascii_digit())
        {
            self.at += 2;
            self.digits();
            kind = Kind::Decimal;
        }
        match self.byte(0) {
            b'l' | b'L' if !self.byte(1).is_ascii_alphanumeric() => {
                self.at += 1;
                kind = Kind::Long;
            }
            b'd' | b'D' | b'f' | b'F' if !self.byte(1).is_ascii_alphanumeric() => {
                self.at += 1;
                kind = Kind::Decimal;
            }
            _ => {}
        }
        self.push(kind, start);
    }

    fn sign(&mut self, start: usize) {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let sign = Sign::ALL
            .iter()
            .copied()
            .find(|sign| !sign.text().is_empty() && rest.starts_with(sign.text().as_bytes()))
            .unwrap_or(Sign::Other);
        // `List<Account>=` and `a ?.5 : b` are left alone by the reader of expressions.
        let sign = if sign == Sign::SafeDot && rest.get(2).is_some_and(u8::is_ascii_digit) {
            Sign::Question
        } else {
            sign
        };
        self.at += sign.text().len().max(1);
        self.push(Kind::Sign(sign), start);
    }
}
