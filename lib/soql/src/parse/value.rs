use super::{Dialect, HolePlace, Parser, Read, Told};
use crate::ast::{Bind, Call, Expression, Literal, LiteralKind, Value, ValueList};
use crate::bind;
use crate::lex::{Kind, is_currency, span};

const QUOTE_IT: &str = "text stands in single quotes; in Apex a variable follows a colon";

impl Parser<'_> {
    /// A field or a function's call.
    pub(super) fn expression(
        &mut self,
        place: HolePlace,
        what: &str,
        help: &'static str,
    ) -> Read<Expression> {
        let noted = self.holes.len();
        let path = self.path(place, what, help)?;
        if !self.is(Kind::Open) {
            return Ok(Expression::Field(path));
        }
        for (_, place) in self.holes.iter_mut().skip(noted) {
            *place = HolePlace::Name;
        }
        let start = path.span.start as usize;
        let mut names = path.names;
        let function = match (names.pop(), names.is_empty()) {
            (Some(function), true) => function,
            _ => return Err(self.expected("a function", "a function's name has no dot")),
        };
        self.deeper(|parser| {
            parser.advance();
            let mut arguments = Vec::new();
            if !parser.is(Kind::Close) {
                loop {
                    match parser.argument() {
                        Ok(argument) => arguments.push(argument),
                        Err(told) => {
                            parser.skip_to_close();
                            return Err(told);
                        }
                    }
                    if !parser.eat_kind(Kind::Comma) {
                        break;
                    }
                }
            }
            parser.close_paren();
            Ok(Expression::Call(Call { function, arguments, span: parser.since(start) }))
        })
    }

    fn argument(&mut self) -> Read<Expression> {
        match self.token.kind {
            Kind::String | Kind::OpenString => Ok(Expression::Literal(self.string())),
            Kind::Number | Kind::Currency => self.number().map(Expression::Literal),
            Kind::Colon => self.bind().map(Expression::Bind),
            _ => self.expression(
                HolePlace::FieldName,
                "a field or a value",
                "close the function's parenthesis",
            ),
        }
    }

    /// The right side of an operator that takes one value. `compared`: text may stand here, else a number only.
    pub(super) fn value(&mut self, compared: bool, place: HolePlace) -> Read<Value> {
        if !self.lexer.holes.is_empty()
            && let Some(partial) = self.partial(place)
        {
            return Ok(partial);
        }
        match self.token.kind {
            Kind::String | Kind::OpenString => Ok(Value::Literal(self.string())),
            Kind::Number | Kind::Currency => self.number().map(Value::Literal),
            Kind::Colon => self.bind().map(Value::Bind),
            Kind::Hole => Ok(Value::Hole(self.hole(place))),
            Kind::Word => self.word_value().map(Value::Literal),
            Kind::Open if compared => Err(self.expected("a value", "a list stands behind IN or NOT IN")),
            _ => Err(self.expected("a value", QUOTE_IT)),
        }
    }

    /// A literal some parts of which, without space between them, are holes.
    fn partial(&mut self, place: HolePlace) -> Option<Value> {
        if !matches!(self.token.kind, Kind::Hole | Kind::Number | Kind::Word) {
            return None;
        }
        let start = self.token.start;
        let mut ahead = self.lexer;
        let mut end = self.token.end;
        let mut parts = 1usize;
        let mut holes = usize::from(self.is(Kind::Hole));
        loop {
            let next = ahead.next();
            let word = self.text_of(next.start, next.end);
            let belongs = match next.kind {
                Kind::Word => !super::is_reserved(word),
                Kind::Number | Kind::Hole | Kind::Colon | Kind::Dot => true,
                _ => false,
            };
            if next.start != end || !belongs {
                break;
            }
            holes += usize::from(next.kind == Kind::Hole);
            parts += 1;
            end = next.end;
        }
        // `5{0}`: the hole is rather what follows than more digits.
        let trails = parts == 2 && !self.is(Kind::Hole);
        if parts < 2 || holes == 0 || trails {
            return None;
        }
        let text = self.with_holes(start, end, place)?;
        while self.token.start < end && !self.is(Kind::End) {
            self.advance();
        }
        Some(Value::Literal(Literal {
            kind: LiteralKind::Partial,
            text: text.into(),
            span: span(start, end),
        }))
    }

    /// The right side of `IN`, `INCLUDES` and their opposites.
    pub(super) fn list_value(&mut self) -> Read<Value> {
        match self.token.kind {
            Kind::Open if self.peek_is("SELECT") => Ok(Value::Query(Box::new(self.subquery()?))),
            Kind::Open => self.value_list(),
            Kind::Colon => self.bind().map(Value::Bind),
            Kind::Hole => Ok(Value::Hole(self.hole(HolePlace::Value))),
            _ => Err(self.expected("a list", "IN ('a', 'b'), IN (SELECT ...), or in Apex IN :variable")),
        }
    }

    fn value_list(&mut self) -> Read<Value> {
        let start = self.advance().start;
        let mut values = Vec::new();
        loop {
            let from = self.token.start;
            match self.value(false, HolePlace::Value) {
                Ok(value) => values.push(value),
                Err(Told) => {
                    values.extend(self.skip(from, |parser| parser.is(Kind::Comma)).map(Value::Unread))
                }
            }
            // `('a'` + more + `)`
            while self.is(Kind::Hole) {
                values.push(Value::Hole(self.hole(HolePlace::Value)));
            }
            if !self.eat_kind(Kind::Comma) {
                break;
            }
        }
        self.close_paren();
        Ok(Value::List(ValueList { values, span: self.since(start) }))
    }

    /// The string that is here, with an error for what is wrong in it.
    pub(super) fn string(&mut self) -> Literal {
        let token = self.token;
        let written = self.text_of(token.start, token.end);
        if token.kind == Kind::OpenString {
            let help = "close it with a quote; a quote inside is written \\'";
            self.error(token.span(), "malformed-query", "a string has no end", help);
        } else if let Some(at) = bad_escape(written) {
            let escaped =
                written.get(at + 1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            let at = span(token.start + at, token.start + at + 1 + escaped);
            let help = "a backslash is written \\\\, a quote \\'";
            self.error(
                at,
                "malformed-query",
                "a backslash stands before a character that it does not escape",
                help,
            );
        }
        let (kind, text) = match self.with_holes(token.start, token.end, HolePlace::Quoted) {
            Some(text) => (LiteralKind::PartialString, text.into()),
            None => (LiteralKind::String, written.into()),
        };
        self.advance();
        Literal { kind, text, span: token.span() }
    }

    fn number(&mut self) -> Read<Literal> {
        let token = self.token;
        let text = self.word();
        let kind = if token.kind == Kind::Currency { Some(LiteralKind::Currency) } else { number_kind(text) };
        let Some(kind) = kind else {
            let help = "dates are 2024-01-31, times 2024-01-31T08:00:00Z; text stands in single quotes";
            self.error(token.span(), "malformed-query", "neither a number nor a date", help);
            return Err(Told);
        };
        self.advance();
        Ok(Literal { kind, text: text.into(), span: token.span() })
    }

    fn word_value(&mut self) -> Read<Literal> {
        let token = self.token;
        let text = self.word();
        let is = |keyword: &str| text.eq_ignore_ascii_case(keyword);
        let mut end = token.end;
        let kind = if is("NULL") {
            LiteralKind::Null
        } else if is("TRUE") || is("FALSE") {
            LiteralKind::Boolean
        } else if is_currency(Some(text.as_bytes())) {
            LiteralKind::Currency
        } else {
            match is_date_range(text) {
                Some(false) => LiteralKind::DateRange,
                Some(true) => {
                    self.advance();
                    self.expect_kind(Kind::Colon, "`:` and a number", "LAST_N_DAYS:30")?;
                    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                    let number = self.word();
                    if !self.is(Kind::Number) || !digits(number.strip_prefix('-').unwrap_or(number)) {
                        return Err(self.expected("a whole number", "LAST_N_DAYS:30"));
                    }
                    end = self.token.end;
                    LiteralKind::DateRange
                }
                None => return Err(self.expected("a value", QUOTE_IT)),
            }
        };
        self.advance();
        let mut text = self.text_of(token.start, end);
        let compact: String;
        if text.contains(|c: char| c.is_ascii_whitespace()) {
            compact = text.split_ascii_whitespace().collect();
            text = &compact;
        }
        Ok(Literal { kind, text: text.into(), span: span(token.start, end) })
    }

    /// The bind that is here, with its colon.
    pub(super) fn bind(&mut self) -> Read<Bind> {
        let colon = self.token;
        if self.dialect == Dialect::Request {
            self.error(
                colon.span(),
                "malformed-query",
                "a bind stands in the statement",
                "a request takes none: write the value",
            );
        }
        // The lexer has read the token behind the colon, which an expression may start otherwise.
        self.lexer.at = colon.end;
        let extent = bind::extent(self.lexer);
        self.lexer.at = extent.end.max(colon.end);
        self.past = self.lexer.at;
        self.token = self.lexer.next();
        if let Some(wrong) = extent.wrong {
            let at = span(extent.start, extent.end.max(extent.start));
            self.error(at, "malformed-query", wrong, "");
            return Err(Told);
        }
        let text = match self.with_holes(extent.start, extent.end, HolePlace::Bind) {
            Some(text) => text.into(),
            None => self.text_of(extent.start, extent.end).into(),
        };
        Ok(Bind { text, span: span(extent.start, extent.end) })
    }
}

/// The offset of the first escape that Salesforce does not know.
fn bad_escape(text: &str) -> Option<usize> {
    if !text.contains('\\') {
        return None;
    }
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        if byte != b'\\' {
            continue;
        }
        let known = match bytes.next() {
            Some((_, b'u' | b'U')) => {
                let digits = text.get(at + 2..at + 6).unwrap_or_default();
                digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            Some((_, escaped)) => matches!(
                escaped,
                b'n' | b'N'
                    | b'r'
                    | b'R'
                    | b't'
                    | b'T'
                    | b'b'
                    | b'B'
                    | b'f'
                    | b'F'
                    | b'"'
                    | b'\''
                    | b'\\'
                    | b'_'
                    | b'%'
                    | 0
            ),
            None => false,
        };
        if !known {
            return Some(at);
        }
    }
    None
}

/// What a text is that starts as a number does.
fn number_kind(text: &str) -> Option<LiteralKind> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let fits = |from: usize, form: &str| {
        form.bytes().enumerate().all(|(at, wanted)| match wanted {
            b'0' => digit(from + at),
            wanted => bytes.get(from + at).is_some_and(|byte| byte.eq_ignore_ascii_case(&wanted)),
        })
    };
    if fits(0, "0000-00-00") {
        if bytes.len() == 10 {
            return Some(LiteralKind::Date);
        }
        return (fits(10, "T00:00") && is_time(text.get(11..)?)).then_some(LiteralKind::DateTime);
    }
    if fits(0, "00:00") {
        return is_time(text).then_some(LiteralKind::Time);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let right = all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && all_digits(exponent));
    right.then_some(LiteralKind::Number)
}

/// `08:00`, `08:00:00.000`, and then `Z`, `+01:00` or `-0800`. Salesforce wants the seconds and the zone; it
/// tells so itself.
fn is_time(text: &str) -> bool {
    let (clock, zone) = match text.find(['z', 'Z', '+', '-']) {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    };
    let shape =
        |text: &str| -> String { text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect() };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let clock_fits = matches!(shape(clock).as_str(), "00:00" | "00:00:00");
    let fraction_fits = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let zone = shape(zone).replace('-', "+");
    clock_fits && fraction_fits && matches!(zone.as_str(), "" | "z" | "Z" | "+00:00" | "+0000" | "+00")
}

/// Whether a word is a range of dates, and then whether a number belongs to it.
fn is_date_range(word: &str) -> Option<bool> {
    const UNITS: [&str; 7] = ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "FISCAL_QUARTER", "FISCAL_YEAR"];
    let upper = word.to_ascii_uppercase();
    match upper.as_str() {
        "TODAY" | "YESTERDAY" | "TOMORROW" | "LAST_90_DAYS" | "NEXT_90_DAYS" => return Some(false),
        _ => {}
    }
    if let Some(unit) = upper.strip_prefix("N_").and_then(|rest| rest.strip_suffix("S_AGO")) {
        return UNITS.contains(&unit).then_some(true);
    }
    let (which, rest) = upper.split_once('_')?;
    if !matches!(which, "LAST" | "NEXT" | "THIS") {
        return None;
    }
    if let Some(unit) = rest.strip_prefix("N_").and_then(|rest| rest.strip_suffix('S')) {
        return (which != "THIS" && UNITS.contains(&unit)).then_some(true);
    }
    (rest != "DAY" && UNITS.contains(&rest)).then_some(false)
}
