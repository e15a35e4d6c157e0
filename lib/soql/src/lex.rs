use source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    /// Digits and what can stand among them: a number, a date, a time.
    Number,
    /// `USD10.5`, `USD-10`; without fraction and sign it is a [`Kind::Word`].
    Currency,
    String,
    /// A string without its last quote.
    OpenString,
    Hole,
    Comma,
    Dot,
    Colon,
    Open,
    Close,
    Brace,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Star,
    Bad,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    pub(crate) fn span(self) -> Span {
        span(self.start, self.end)
    }
}

/// The parser refuses texts whose offsets would not fit.
pub(crate) fn span(start: usize, end: usize) -> Span {
    let narrow = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span::new(narrow(start), narrow(end))
}

/// Gives one token after another. A copy looks ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexer<'t> {
    pub(crate) text: &'t str,
    bytes: &'t [u8],
    pub(crate) at: usize,
    /// Offsets of the bytes that stand for a template's holes, in order.
    pub(crate) holes: &'t [usize],
    pub(crate) comment: Option<(usize, usize)>,
    /// Where a comment starts that does not end.
    pub(crate) open_comment: Option<usize>,
}

pub(crate) fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str, holes: &'t [usize]) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, holes, comment: None, open_comment: None }
    }

    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// Which hole stands at `at`.
    pub(crate) fn hole(&self, at: usize) -> Option<usize> {
        if self.byte(at) != 0 || self.holes.is_empty() {
            return None;
        }
        self.holes.binary_search(&at).ok()
    }

    fn run(&self, from: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        from + rest.iter().position(|&byte| !belongs(byte)).unwrap_or(rest.len())
    }

    pub(crate) fn skip_space(&mut self) {
        loop {
            self.at = self.run(self.at, |byte| byte.is_ascii_whitespace());
            if self.byte(self.at) != b'/' {
                return;
            }
            let rest = self.bytes.get(self.at + 2..).unwrap_or_default();
            let end = match self.byte(self.at + 1) {
                b'/' => self.run(self.at, |byte| byte != b'\n'),
                b'*' => match rest.windows(2).position(|pair| pair == b"*/") {
                    Some(length) => self.at + 2 + length + 2,
                    None => {
                        self.open_comment = Some(self.at);
                        self.bytes.len()
                    }
                },
                _ => return,
            };
            self.comment = self.comment.or(Some((self.at, end)));
            self.at = end;
        }
    }

    /// Past the quote that ends the string which starts at `at`, or `None` with no such quote.
    pub(crate) fn end_of_string(&self, at: usize) -> Option<usize> {
        let mut at = at + 1;
        loop {
            at = self.run(at, |byte| byte != b'\'' && byte != b'\\');
            match self.bytes.get(at) {
                Some(b'\'') => return Some(at + 1),
                Some(_) => at += 2,
                None => return None,
            }
        }
    }

    pub(crate) fn next(&mut self) -> Token {
        self.skip_space();
        let start = self.at;
        let (kind, end) = self.token(start);
        self.at = end;
        Token { kind, start, end }
    }

    fn token(&self, start: usize) -> (Kind, usize) {
        let Some(&byte) = self.bytes.get(start) else { return (Kind::End, start) };
        let second = self.byte(start + 1);
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(start),
            b'0'..=b'9' => (Kind::Number, self.number(start)),
            b'+' | b'-' if second.is_ascii_digit() || second == b'.' => {
                (Kind::Number, self.number(start + 1))
            }
            b'.' if second.is_ascii_digit() => (Kind::Number, self.number(start)),
            b'\'' => match self.end_of_string(start) {
                Some(end) => (Kind::String, end),
                None => (Kind::OpenString, self.bytes.len()),
            },
            b',' => (Kind::Comma, start + 1),
            b'.' => (Kind::Dot, start + 1),
            b':' => (Kind::Colon, start + 1),
            b'(' => (Kind::Open, start + 1),
            b')' => (Kind::Close, start + 1),
            b'{' => (Kind::Brace, start + 1),
            b'*' => (Kind::Star, start + 1),
            b'=' => (Kind::Equal, start + 1),
            b'!' if second == b'=' => (Kind::NotEqual, start + 2),
            b'<' if second == b'>' => (Kind::NotEqual, start + 2),
            b'<' if second == b'=' => (Kind::LessOrEqual, start + 2),
            b'<' => (Kind::Less, start + 1),
            b'>' if second == b'=' => (Kind::GreaterOrEqual, start + 2),
            b'>' => (Kind::Greater, start + 1),
            0 if self.hole(start).is_some() => (Kind::Hole, start + 1),
            _ => {
                // The bytes that continue a character of UTF-8 are 10xxxxxx.
                let end = self.run(start + 1, |byte| byte & 0xc0 == 0x80);
                (Kind::Bad, end)
            }
        }
    }

    fn word(&self, start: usize) -> (Kind, usize) {
        let end = self.run(start, in_word);
        if self.byte(end) == b'.'
            && self.byte(end + 1).is_ascii_digit()
            && is_currency(self.bytes.get(start..end))
        {
            return (Kind::Currency, self.run(end + 1, |byte| byte.is_ascii_digit()));
        }
        let code = self
            .bytes
            .get(start..end)
            .filter(|word| word.len() == 3 && word.iter().all(u8::is_ascii_alphabetic));
        if code.is_some() && self.byte(end) == b'-' && self.byte(end + 1).is_ascii_digit() {
            let end = self.run(end + 1, |byte| byte.is_ascii_digit());
            if self.byte(end) == b'.' && self.byte(end + 1).is_ascii_digit() {
                return (Kind::Currency, self.run(end + 1, |byte| byte.is_ascii_digit()));
            }
            return (Kind::Currency, end);
        }
        (Kind::Word, end)
    }

    fn number(&self, from: usize) -> usize {
        let mut end = self.run(from, |byte| in_word(byte) || matches!(byte, b'.' | b':' | b'-' | b'+'));
        // What a sentence puts behind a number is not of it, unless a hole goes on: `2024-{0}`.
        let goes_on = self.hole(end).is_some();
        while !goes_on && end > from + 1 && matches!(self.byte(end - 1), b':' | b'-' | b'+') {
            end -= 1;
        }
        end
    }
}

/// `USD100`: a code of three letters and digits.
pub(crate) fn is_currency(word: Option<&[u8]>) -> bool {
    match word.and_then(|word| word.split_at_checked(3)) {
        Some((code, amount)) => {
            code.iter().all(u8::is_ascii_alphabetic)
                && !amount.is_empty()
                && amount.iter().all(u8::is_ascii_digit)
        }
        None => false,
    }
}
