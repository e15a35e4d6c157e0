use super::{HolePlace, Parser, Read, Told};
use crate::ast::{Comparison, Condition, Connected, Expression, Negation, Operator, Unread, Value};
use crate::lex::{Kind, span};

impl Parser<'_> {
    /// Conditions with `AND` and `OR` between them. `closed`: they stand in parentheses.
    pub(super) fn condition(&mut self, closed: bool) -> Condition {
        let start = self.token.start;
        let mut alternatives: Vec<Condition> = Vec::new();
        let mut together = vec![self.one_condition()];
        let mut together_start = start;
        let (mut and, mut or) = (false, false);
        loop {
            // A hole in parentheses is a condition, whatever connects it.
            if closed && self.is(Kind::Hole) {
                together.push(Condition::Hole(self.hole(HolePlace::Condition)));
                continue;
            }
            let mixed = if self.at("AND") {
                and = true;
                or
            } else if self.at("OR") {
                or = true;
                let ended = connect(std::mem::take(&mut together), together_start, self.past, Condition::And);
                alternatives.extend(ended);
                and
            } else {
                break;
            };
            if mixed && !self.told_mixed(start) {
                let at = self.token.span();
                let help = "put parentheses around what belongs together";
                self.error(at, "malformed-query", "`AND` and `OR` stand on one level", help);
            }
            self.advance();
            if together.is_empty() {
                together_start = self.token.start;
            }
            together.push(self.one_condition());
        }
        alternatives.extend(connect(together, together_start, self.past, Condition::And));
        let all = connect(alternatives, start, self.past, Condition::Or);
        all.unwrap_or_else(|| Condition::Unread(Unread { text: "".into(), span: span(start, start) }))
    }

    /// Whether the last error is of this very level, so that a long chain tells it once.
    fn told_mixed(&self, start: usize) -> bool {
        let start = span(start, start).start;
        self.errors
            .last()
            .is_some_and(|error| error.span.start >= start && error.message.starts_with("`AND` and"))
    }

    fn one_condition(&mut self) -> Condition {
        let start = self.token.start;
        let read = match self.token.kind {
            Kind::Open => self.deeper(|parser| {
                parser.advance();
                let condition = parser.condition(true);
                parser.close_paren();
                Ok(condition)
            }),
            Kind::Word if self.at("NOT") => self.deeper(|parser| {
                parser.advance();
                let condition = Box::new(parser.one_condition());
                Ok(Condition::Not(Negation { condition, span: parser.since(start) }))
            }),
            Kind::Hole if !self.hole_is_operand() => Ok(Condition::Hole(self.hole(HolePlace::Condition))),
            _ => self.comparison(),
        };
        match read {
            Ok(condition) => condition,
            Err(Told) => self
                .unread_condition(start)
                .unwrap_or_else(|| Condition::Unread(Unread { text: "".into(), span: span(start, start) })),
        }
    }

    /// Whether the hole here is, or begins, the left side of a comparison.
    fn hole_is_operand(&self) -> bool {
        let mut ahead = self.lexer;
        let mut last = self.token;
        loop {
            let next = ahead.next();
            let touches = next.start == last.end;
            let word = self.text_of(next.start, next.end);
            match next.kind {
                Kind::Equal
                | Kind::NotEqual
                | Kind::Less
                | Kind::LessOrEqual
                | Kind::Greater
                | Kind::GreaterOrEqual => return true,
                Kind::Dot | Kind::Open => return true,
                Kind::Word if touches && last.kind == Kind::Hole && !super::is_reserved(word) => return true,
                Kind::Word => {
                    return ["LIKE", "IN", "INCLUDES", "EXCLUDES"]
                        .iter()
                        .any(|o| word.eq_ignore_ascii_case(o))
                        || word.eq_ignore_ascii_case("NOT") && last.kind == Kind::Hole && {
                            let then = ahead.next();
                            self.text_of(then.start, then.end).eq_ignore_ascii_case("IN")
                        };
                }
                // Field, operator, value: two holes and a value, or three holes.
                Kind::Hole if last.start == self.token.start => last = next,
                Kind::Hole | Kind::String | Kind::Number | Kind::Currency | Kind::Colon => {
                    return last.start != self.token.start;
                }
                _ => return false,
            }
        }
    }

    fn comparison(&mut self) -> Read<Condition> {
        let start = self.token.start;
        if self.at_clause() || self.at("AND") || self.at("OR") {
            return Err(self.expected("a condition", "field = value"));
        }
        let left = if self.is(Kind::Colon) {
            Expression::Bind(self.bind()?)
        } else {
            self.expression(HolePlace::FieldName, "a field", "field = value")?
        };
        let from = self.token.start;
        let operator = self.operator()?;
        let operator_span = self.since(from);
        let value =
            if operator.takes_list() { self.list_value() } else { self.value(true, HolePlace::Value) };
        let value: Value = value?;
        let span = self.since(start);
        Ok(Condition::Comparison(Box::new(Comparison { left, operator, operator_span, value, span })))
    }

    pub(super) fn operator(&mut self) -> Read<Operator> {
        let operator = match self.token.kind {
            Kind::Equal => Operator::Equal,
            Kind::NotEqual => Operator::NotEqual,
            Kind::Less => Operator::Less,
            Kind::LessOrEqual => Operator::LessOrEqual,
            Kind::Greater => Operator::Greater,
            Kind::GreaterOrEqual => Operator::GreaterOrEqual,
            Kind::Word if self.at("LIKE") => Operator::Like,
            Kind::Word if self.at("IN") => Operator::In,
            Kind::Word if self.at("INCLUDES") => Operator::Includes,
            Kind::Word if self.at("EXCLUDES") => Operator::Excludes,
            Kind::Word if self.at("NOT") => {
                self.advance();
                self.expect("IN", "NOT IN (...)")?;
                return Ok(Operator::NotIn);
            }
            Kind::Hole => return Ok(Operator::Hole(self.hole(HolePlace::Operator).index)),
            _ => {
                return Err(
                    self.expected("an operator", "=, !=, <, <=, >, >=, LIKE, IN, NOT IN, INCLUDES, EXCLUDES")
                );
            }
        };
        self.advance();
        Ok(operator)
    }
}

/// What is one alone, or the connection of several.
fn connect(
    mut conditions: Vec<Condition>,
    start: usize,
    end: usize,
    with: impl FnOnce(Connected) -> Condition,
) -> Option<Condition> {
    if conditions.len() > 1 {
        return Some(with(Connected { conditions, span: span(start, end) }));
    }
    conditions.pop()
}
