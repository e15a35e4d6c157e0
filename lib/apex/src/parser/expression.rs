//! Expressions, and the queries within them.

use source::Span;

use super::statement::is_reserved;
use super::{Parser, Read};
use crate::ast::{ExprId, ExprKind, Literal, Operator, Spanned, TypeRef};
use crate::lexer::{Kind, Sign};
use crate::name::{Name, word};

/// The rank of comparisons, where `instanceof` stands.
const INSTANCE: u8 = 7;

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Read<ExprId> {
        self.deeper(|this| {
            let start = this.start();
            let target = this.ternary()?;
            let operator = match this.kind() {
                Kind::Sign(Sign::Assign) => None,
                Kind::Sign(Sign::AddAssign) => Some(Operator::Add),
                Kind::Sign(Sign::SubAssign) => Some(Operator::Subtract),
                Kind::Sign(Sign::MulAssign) => Some(Operator::Multiply),
                Kind::Sign(Sign::DivAssign) => Some(Operator::Divide),
                Kind::Sign(Sign::RemAssign) => Some(Operator::Remainder),
                Kind::Sign(Sign::AndAssign) => Some(Operator::BitAnd),
                Kind::Sign(Sign::OrAssign) => Some(Operator::BitOr),
                Kind::Sign(Sign::XorAssign) => Some(Operator::BitXor),
                Kind::Sign(Sign::ShiftLeftAssign) => Some(Operator::ShiftLeft),
                Kind::Sign(Sign::Greater) if this.shift_assign().is_some() => {
                    this.at += this.shift_assign().unwrap_or(1) - 1;
                    Some(Operator::ShiftRight)
                }
                _ => return Ok(target),
            };
            this.bump();
            let value = this.expression()?;
            let span = this.since(start);
            Ok(this.expr(ExprKind::Assign { target, operator, value }, span))
        })
    }

    /// How many signs `>>=` or `>>>=` is, where one stands here.
    fn shift_assign(&self) -> Option<usize> {
        let mut count = 0;
        while self.is_sign_at(count, Sign::Greater) {
            count += 1;
        }
        (count >= 2 && self.is_sign_at(count, Sign::Assign)).then_some(count + 1)
    }

    pub(super) fn ternary(&mut self) -> Read<ExprId> {
        let start = self.start();
        let condition = self.binary(0)?;
        if !self.take_sign(Sign::Question) {
            return Ok(condition);
        }
        let yes = self.expression()?;
        self.sign(Sign::Colon)?;
        let no = self.expression()?;
        let span = self.since(start);
        Ok(self.expr(ExprKind::Ternary { condition, yes, no }, span))
    }

    /// The operator that stands here, its rank and how many tokens it is.
    fn operator(&self) -> Option<(Operator, u8, usize)> {
        let Kind::Sign(sign) = self.kind() else { return None };
        let one = |operator, rank| Some((operator, rank, 1));
        match sign {
            Sign::Coalesce => one(Operator::Coalesce, 0),
            Sign::Or => one(Operator::Or, 1),
            Sign::And => one(Operator::And, 2),
            Sign::BitOr => one(Operator::BitOr, 3),
            Sign::Caret => one(Operator::BitXor, 4),
            Sign::BitAnd => one(Operator::BitAnd, 5),
            Sign::Equal => one(Operator::Equal, 6),
            Sign::NotEqual | Sign::Differs => one(Operator::NotEqual, 6),
            Sign::Identical => one(Operator::Identical, 6),
            Sign::NotIdentical => one(Operator::NotIdentical, 6),
            Sign::Less if self.is_sign_at(1, Sign::Assign) => Some((Operator::LessEqual, 7, 2)),
            Sign::Less => one(Operator::Less, 7),
            Sign::LessEqual => one(Operator::LessEqual, 7),
            Sign::Greater => self.greater(),
            Sign::ShiftLeft => one(Operator::ShiftLeft, 8),
            Sign::Plus => one(Operator::Add, 9),
            Sign::Minus => one(Operator::Subtract, 9),
            Sign::Star => one(Operator::Multiply, 10),
            Sign::Slash => one(Operator::Divide, 10),
            Sign::Percent => one(Operator::Remainder, 10),
            _ => None,
        }
    }

    /// `>`, `>=`, `>>` or `>>>`: signs that touch.
    fn greater(&self) -> Option<(Operator, u8, usize)> {
        let touches = |ahead: usize| self.token(ahead).span.end == self.token(ahead + 1).span.start;
        let is_next = |ahead: usize, sign| touches(ahead - 1) && self.is_sign_at(ahead, sign);
        if self.shift_assign().is_some() {
            return None;
        }
        if is_next(1, Sign::Assign) || self.is_sign_at(1, Sign::Assign) {
            return Some((Operator::GreaterEqual, 7, 2));
        }
        // `> ==` does not occur: `>==` is read as `>` and `==`.
        if is_next(1, Sign::Greater) {
            let count = if is_next(2, Sign::Greater) { 3 } else { 2 };
            return Some((Operator::ShiftRight, 8, count));
        }
        Some((Operator::Greater, 7, 1))
    }

    /// Operators of `least` and tighter ranks: one call for the whole of a chain, one more for each tighter rank.
    fn binary(&mut self, least: u8) -> Read<ExprId> {
        let start = self.start();
        let mut value = self.unary()?;
        loop {
            if least <= INSTANCE && self.is_word(word::INSTANCEOF) {
                self.bump();
                let of = self.type_ref()?;
                let span = self.since(start);
                value = self.expr(ExprKind::InstanceOf { value, of }, span);
                continue;
            }
            let Some((_, rank, _)) = self.operator().filter(|(_, rank, _)| *rank >= least) else {
                return Ok(value);
            };
            let mut rest = Vec::new();
            while let Some((operator, _, tokens)) = self.operator().filter(|(_, own, _)| *own == rank) {
                self.at += tokens;
                rest.push((operator, self.deeper(|this| this.binary(rank + 1))?));
            }
            let span = self.since(start);
            value = self.expr(ExprKind::Binary { first: value, rest }, span);
        }
    }

    fn unary(&mut self) -> Read<ExprId> {
        let start = self.start();
        match self.kind() {
            Kind::Sign(Sign::Bang | Sign::Minus | Sign::Plus | Sign::Tilde) => {
                self.bump();
                let value = self.deeper(Self::unary)?;
                let span = self.since(start);
                Ok(self.expr(ExprKind::Unary { value }, span))
            }
            Kind::Sign(Sign::Increment | Sign::Decrement) => {
                self.bump();
                let value = self.deeper(Self::unary)?;
                let span = self.since(start);
                Ok(self.expr(ExprKind::Step { value }, span))
            }
            Kind::Sign(Sign::ParenOpen) if self.is_cast() => {
                self.bump();
                let to = self.type_ref()?;
                self.sign(Sign::ParenClose)?;
                let value = self.deeper(Self::unary)?;
                let span = self.since(start);
                Ok(self.expr(ExprKind::Cast { to, value }, span))
            }
            _ => self.postfix(),
        }
    }

    fn is_cast(&self) -> bool {
        let Some(end) = self.type_end(1) else { return false };
        if !self.is_sign_at(end, Sign::ParenClose) {
            return false;
        }
        match self.token(end + 1).kind {
            Kind::Word(_) => match self.word_at(end + 1) {
                Some(word::INSTANCEOF) => false,
                Some(next) => !(self.in_query && ends_bind(next)),
                None => false,
            },
            Kind::Text | Kind::LongText | Kind::Integer | Kind::Long | Kind::Decimal => true,
            Kind::Sign(Sign::ParenOpen | Sign::Bang | Sign::Tilde) => true,
            Kind::Sign(Sign::BracketOpen) => self.starts_query(end + 1),
            Kind::Sign(Sign::Minus | Sign::Plus) => {
                end == 2
                    && matches!(
                        self.word_at(1),
                        Some(word::INTEGER | word::LONG | word::DOUBLE | word::DECIMAL)
                    )
            }
            _ => false,
        }
    }

    fn starts_query(&self, at: usize) -> bool {
        self.is_sign_at(at, Sign::BracketOpen)
            && matches!(self.word_at(at + 1), Some(word::SELECT | word::FIND))
    }

    fn postfix(&mut self) -> Read<ExprId> {
        let start = self.start();
        let mut value = self.primary()?;
        // What the chain is deep counts as nesting does: those who read it go down as deep.
        let depth = self.depth;
        let result = loop {
            match self.kind() {
                Kind::Sign(sign @ (Sign::Dot | Sign::SafeDot)) => {
                    let is_safe = sign == Sign::SafeDot;
                    self.bump();
                    match self.after_dot(value, is_safe, start) {
                        Ok(read) => value = read,
                        Err(stop) => break Err(stop),
                    }
                }
                Kind::Sign(Sign::BracketOpen) if !self.starts_query(0) => {
                    self.bump();
                    let index = match self.expression() {
                        Ok(index) => index,
                        Err(stop) => break Err(stop),
                    };
                    if let Err(stop) = self.sign(Sign::BracketClose) {
                        break Err(stop);
                    }
                    let span = self.since(start);
                    value = self.expr(ExprKind::Index { list: value, index }, span);
                }
                Kind::Sign(Sign::Increment | Sign::Decrement) => {
                    self.bump();
                    let span = self.since(start);
                    value = self.expr(ExprKind::Step { value }, span);
                }
                _ => break Ok(value),
            }
            self.depth += 1;
            if self.depth >= super::DEPTH * 2 {
                let span = self.token(0).span;
                self.problem(span, "this chain of calls is too long and was not read".to_owned());
                break Err(super::Stop);
            }
        };
        self.depth = depth;
        result
    }

    fn after_dot(&mut self, object: ExprId, is_safe: bool, start: u32) -> Read<ExprId> {
        // `Package.Version.1.0`
        if matches!(self.kind(), Kind::Decimal | Kind::Integer) {
            let name = Spanned { value: word::EMPTY, span: self.bump().span };
            let span = self.since(start);
            return Ok(self.expr(ExprKind::Field { object, name, is_safe }, span));
        }
        let name = self.name()?;
        if self.is_sign(Sign::ParenOpen) {
            let args = self.arguments()?;
            let span = self.since(start);
            return Ok(self.expr(ExprKind::Call { receiver: Some(object), name, args, is_safe }, span));
        }
        if name.value == word::CLASS {
            let of = self.named_type(object, name.span);
            let span = self.since(start);
            return Ok(self.expr(ExprKind::ClassOf(of), span));
        }
        let span = self.since(start);
        Ok(self.expr(ExprKind::Field { object, name, is_safe }, span))
    }

    /// `a.b.class`: the names that were read as fields are a type.
    fn named_type(&mut self, value: ExprId, end: Span) -> crate::ast::TypeId {
        let mut path = Vec::new();
        let mut at = value;
        loop {
            match &self.file.expr(at).kind {
                ExprKind::Name(name) => {
                    path.push(*name);
                    break;
                }
                ExprKind::Field { object, name, .. } => {
                    path.push(name.value);
                    at = *object;
                }
                _ => break,
            }
        }
        path.reverse();
        let span = self.file.expr(value).span.to(end);
        self.type_id(TypeRef { path, args: Vec::new(), dimensions: 0, span })
    }

    fn arguments(&mut self) -> Read<Vec<ExprId>> {
        self.sign(Sign::ParenOpen)?;
        let mut all = Vec::new();
        while !self.is_sign(Sign::ParenClose) && !self.is_end() {
            all.push(self.expression()?);
            if !self.take_sign(Sign::Comma) {
                break;
            }
        }
        self.sign(Sign::ParenClose)?;
        Ok(all)
    }

    fn literal(&mut self, literal: Literal) -> Read<ExprId> {
        let span = self.bump().span;
        Ok(self.expr(ExprKind::Literal(literal), span))
    }

    fn primary(&mut self) -> Read<ExprId> {
        match self.kind() {
            Kind::Text => self.literal(Literal::Text),
            Kind::LongText => self.literal(Literal::LongText),
            Kind::Integer => self.literal(Literal::Integer),
            Kind::Long => self.literal(Literal::Long),
            Kind::Decimal => self.literal(Literal::Decimal),
            Kind::Sign(Sign::ParenOpen) => {
                let read = self.deeper(Self::parenthesised)?;
                Ok(read)
            }
            Kind::Sign(Sign::BracketOpen) if self.starts_query(0) => self.query(),
            Kind::Word(_) => {
                let Some(found) = self.word_at(0) else { return self.stop("an expression") };
                self.named(found)
            }
            _ => self.stop("an expression"),
        }
    }

    fn named(&mut self, found: Name) -> Read<ExprId> {
        let start = self.start();
        match found {
            word::NULL => return self.literal(Literal::Null),
            word::TRUE => return self.literal(Literal::True),
            word::FALSE => return self.literal(Literal::False),
            word::NEW if matches!(self.token(1).kind, Kind::Word(_)) => return self.new_object(),
            word::THIS | word::SUPER => {
                self.bump();
                if self.is_sign(Sign::ParenOpen) {
                    let args = self.arguments()?;
                    let span = self.since(start);
                    return Ok(self.expr(ExprKind::Delegate { to_super: found == word::SUPER, args }, span));
                }
                let span = self.since(start);
                let kind = if found == word::THIS { ExprKind::This } else { ExprKind::Super };
                return Ok(self.expr(kind, span));
            }
            _ if is_reserved(found) => return self.stop("an expression"),
            _ => {}
        }
        // `List<String>.class`, `Account[].class`
        if matches!(self.token(1).kind, Kind::Sign(Sign::Less | Sign::BracketOpen))
            && let Some(end) = self.type_end(0)
            && self.is_sign_at(end, Sign::Dot)
            && self.word_at(end + 1) == Some(word::CLASS)
        {
            let of = self.type_ref()?;
            self.bump();
            self.bump();
            let span = self.since(start);
            return Ok(self.expr(ExprKind::ClassOf(of), span));
        }
        let name = self.name()?;
        if self.is_sign(Sign::ParenOpen) {
            let args = self.arguments()?;
            let span = self.since(start);
            return Ok(self.expr(ExprKind::Call { receiver: None, name, args, is_safe: false }, span));
        }
        Ok(self.expr(ExprKind::Name(name.value), name.span))
    }

    fn new_object(&mut self) -> Read<ExprId> {
        let start = self.start();
        self.bump();
        let of = self.type_ref()?;
        match self.kind() {
            Kind::Sign(Sign::ParenOpen) => {
                let args = self.arguments()?;
                let span = self.since(start);
                Ok(self.expr(ExprKind::New { of, args }, span))
            }
            Kind::Sign(Sign::BracketOpen) => {
                self.bump();
                let size = self.expression()?;
                self.sign(Sign::BracketClose)?;
                if let Some(own) = self.file.types.get_mut(of.index()) {
                    own.dimensions = own.dimensions.saturating_add(1);
                }
                let span = self.since(start);
                Ok(self.expr(ExprKind::NewList { of, size: Some(size), elements: Vec::new() }, span))
            }
            Kind::Sign(Sign::BraceOpen) => {
                self.bump();
                let mut elements = Vec::new();
                let mut entries = Vec::new();
                while !self.is_sign(Sign::BraceClose) && !self.is_end() {
                    let one = self.expression()?;
                    if self.take_sign(Sign::Arrow) {
                        entries.push((one, self.expression()?));
                    } else {
                        elements.push(one);
                    }
                    if !self.take_sign(Sign::Comma) {
                        break;
                    }
                }
                self.sign(Sign::BraceClose)?;
                let span = self.since(start);
                let is_map = self.file.type_ref(of).path.last() == Some(&word::MAP);
                Ok(if is_map || !entries.is_empty() {
                    self.expr(ExprKind::NewMap { of, entries }, span)
                } else {
                    self.expr(ExprKind::NewList { of, size: None, elements }, span)
                })
            }
            _ => self.stop("`(`, `[` or `{`"),
        }
    }

    /// Whether the `:` here is of a date: of `LAST_N_DAYS:30`, or of `10:30:00Z`.
    fn is_date(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).copied().unwrap_or(super::END);
        let after = self.token(1);
        let touches =
            before.span.end == self.token(0).span.start && self.token(0).span.end == after.span.start;
        match before.kind {
            Kind::Word(_) if after.kind == Kind::Integer => true,
            Kind::Word(_) => {
                matches!(after.kind, Kind::Sign(Sign::Minus | Sign::Plus))
                    && self.token(2).kind == Kind::Integer
            }
            Kind::Integer => touches && matches!(after.kind, Kind::Integer | Kind::Decimal),
            _ => false,
        }
    }

    /// From `[` to its `]`: the text for those who read queries, and the Apex behind each `:`.
    fn query(&mut self) -> Read<ExprId> {
        let open = self.bump().span;
        let is_search = self.is_word(word::FIND);
        let mut binds = Vec::new();
        let mut brackets = 0_u32;
        let was = std::mem::replace(&mut self.in_query, true);
        let end = loop {
            match self.kind() {
                Kind::End => {
                    self.in_query = was;
                    return self.stop("`]` of the query");
                }
                // A query ends with its statement at the latest.
                Kind::Sign(Sign::BraceClose | Sign::Semicolon) => {
                    self.in_query = was;
                    return self.stop("`]` of the query");
                }
                Kind::Sign(Sign::BracketOpen) => brackets += 1,
                Kind::Sign(Sign::BracketClose) => {
                    if brackets == 0 {
                        break self.bump().span;
                    }
                    brackets -= 1;
                }
                // `FIND {text}`
                Kind::Sign(Sign::BraceOpen) if is_search => {
                    while !self.is_sign(Sign::BraceClose) && !self.is_end() {
                        self.bump();
                    }
                }
                Kind::Sign(Sign::Colon) => {
                    let is_bind = !self.is_date();
                    self.bump();
                    if is_bind {
                        match self.deeper(Self::ternary) {
                            Ok(bind) => binds.push(bind),
                            Err(stop) => {
                                self.in_query = was;
                                return Err(stop);
                            }
                        }
                    }
                    continue;
                }
                _ => {}
            }
            self.bump();
        };
        self.in_query = was;
        let text = Span::new(open.end, end.start);
        Ok(self.expr(ExprKind::Query { text, binds, is_search }, open.to(end)))
    }
}

/// Words of SOQL and SOSL that may follow a bound value.
fn ends_bind(next: Name) -> bool {
    matches!(
        next,
        word::AND
            | word::OR
            | word::ORDER
            | word::LIMIT
            | word::GROUP
            | word::HAVING
            | word::OFFSET
            | word::WITH
            | word::FOR
            | word::ALL
            | word::USING
            | word::UPDATE
            | word::IN
            | word::RETURNING
    )
}
