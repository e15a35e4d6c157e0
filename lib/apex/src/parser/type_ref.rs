//! Types as they are written.

use super::{LONGEST, Parser, Read};
use crate::ast::{TypeId, TypeRef};
use crate::lexer::{Kind, Sign};
use crate::name::word;

impl Parser<'_> {
    pub(super) fn type_ref(&mut self) -> Read<TypeId> {
        self.deeper(Self::type_inside)
    }

    fn type_inside(&mut self) -> Read<TypeId> {
        let start = self.start();
        let mut path = vec![self.name()?.value];
        let mut args = Vec::new();
        loop {
            if self.is_sign(Sign::Less) && args.is_empty() {
                self.bump();
                while !self.is_sign(Sign::Greater) {
                    args.push(self.type_ref()?);
                    if !self.take_sign(Sign::Comma) {
                        break;
                    }
                }
                self.sign(Sign::Greater)?;
            } else if self.is_sign(Sign::Dot) && matches!(self.token(1).kind, Kind::Word(_)) {
                if self.word_at(1) == Some(word::CLASS) {
                    break;
                }
                self.bump();
                path.push(self.name()?.value);
            } else {
                break;
            }
        }
        let mut dimensions = 0_u8;
        while self.is_sign(Sign::BracketOpen) && self.is_sign_at(1, Sign::BracketClose) {
            self.bump();
            self.bump();
            dimensions = dimensions.saturating_add(1);
        }
        let span = self.since(start);
        Ok(self.type_id(TypeRef { path, args, dimensions, span }))
    }

    /// Where a type that starts `from` tokens ahead ends, as far as its signs tell; None where none does.
    pub(super) fn type_end(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            if !matches!(self.token(at).kind, Kind::Word(_)) || at > from + LONGEST {
                return None;
            }
            at += 1;
            if self.is_sign_at(at, Sign::Less) {
                at = self.arguments_end(at)?;
            }
            if self.is_sign_at(at, Sign::Dot) && self.word_at(at + 1).is_some_and(|next| next != word::CLASS)
            {
                at += 1;
                continue;
            }
            break;
        }
        while self.is_sign_at(at, Sign::BracketOpen) && self.is_sign_at(at + 1, Sign::BracketClose) {
            at += 2;
        }
        Some(at)
    }

    fn arguments_end(&self, from: usize) -> Option<usize> {
        let mut open = 0_u32;
        let mut at = from;
        loop {
            match self.token(at).kind {
                Kind::Sign(Sign::Less) => open += 1,
                Kind::Sign(Sign::Greater) => {
                    open = open.checked_sub(1)?;
                    if open == 0 {
                        return Some(at + 1);
                    }
                }
                // `Map<Id,List<X>>=` does not occur; a shift in a list of types is two opening signs.
                Kind::Sign(Sign::ShiftLeft) => open += 2,
                Kind::Word(_)
                | Kind::Sign(Sign::Comma | Sign::Dot | Sign::BracketOpen | Sign::BracketClose) => {}
                _ => return None,
            }
            at += 1;
            if at > from + LONGEST {
                return None;
            }
        }
    }
}
