//! Statements.

use super::{LONGEST, Parser, Read};
use crate::ast::{Arm, Catch, Dml, Labels, Mode, StmtId, StmtKind};
use crate::lexer::{Kind, Sign};
use crate::name::{Name, word};

/// Who reads a chain of `else if` may go down once for each.
const BRANCHES: usize = 600;

impl Parser<'_> {
    /// A block; what cannot be read in it costs one statement.
    pub(super) fn block(&mut self) -> Read<StmtId> {
        self.deeper(|this| this.statements(|this| this.statement().map(Some)))
    }

    /// From `{` to its `}`.
    pub(super) fn statements(&mut self, one: impl Fn(&mut Self) -> Read<Option<StmtId>>) -> Read<StmtId> {
        let start = self.start();
        self.sign(Sign::BraceOpen)?;
        let mut all = Vec::new();
        let mut is_broken = false;
        while !self.is_sign(Sign::BraceClose) && !self.is_end() {
            let before = self.at;
            if is_broken {
                self.remains();
            }
            match one(self) {
                Ok(read) => all.extend(read),
                Err(_) => {
                    is_broken = true;
                    self.recover(before);
                }
            }
            if self.at == before {
                self.bump();
            }
        }
        // The end of the file is told; what stands before it was read.
        let _ = self.sign(Sign::BraceClose);
        let span = self.since(start);
        Ok(self.stmt(StmtKind::Block(all), span))
    }

    /// What is left of a broken `if` or `try`: its other branches are read as statements.
    fn remains(&mut self) {
        match self.word_at(0) {
            Some(word::ELSE) => drop(self.bump()),
            Some(word::FINALLY) if self.is_sign_at(1, Sign::BraceOpen) => drop(self.bump()),
            Some(word::CATCH) if self.is_sign_at(1, Sign::ParenOpen) => self.at += self.closed(1),
            _ => {}
        }
    }

    pub(super) fn statement(&mut self) -> Read<StmtId> {
        self.deeper(Self::statement_inside)
    }

    fn statement_inside(&mut self) -> Read<StmtId> {
        let start = self.start();
        let kind = match self.kind() {
            Kind::Sign(Sign::BraceOpen) => return self.block(),
            Kind::Sign(Sign::Semicolon) => {
                self.bump();
                StmtKind::Empty
            }
            Kind::Word(_) => match self.word_at(0) {
                Some(found) => self.started_by(found)?,
                None => self.simple()?,
            },
            _ => self.simple()?,
        };
        let span = self.since(start);
        Ok(self.stmt(kind, span))
    }

    fn started_by(&mut self, found: Name) -> Read<StmtKind> {
        // `insert` and its like may be names: then a sign follows.
        let takes_value = !matches!(
            self.token(1).kind,
            Kind::Sign(
                Sign::Assign
                    | Sign::Dot
                    | Sign::SafeDot
                    | Sign::Semicolon
                    | Sign::Increment
                    | Sign::Decrement
                    | Sign::AddAssign
            )
        );
        match found {
            word::IF => self.if_chain(),
            word::WHILE => {
                self.bump();
                let condition = self.parenthesised()?;
                let body = self.statement()?;
                Ok(StmtKind::While { condition, body })
            }
            word::DO if takes_value => {
                self.bump();
                let body = self.statement()?;
                if !self.take_word(word::WHILE) {
                    return self.stop("`while`");
                }
                let condition = self.parenthesised()?;
                self.take_sign(Sign::Semicolon);
                Ok(StmtKind::DoWhile { body, condition })
            }
            word::FOR if self.is_sign_at(1, Sign::ParenOpen) => self.for_loop(),
            word::RETURN => {
                self.bump();
                let value = if self.is_sign(Sign::Semicolon) { None } else { Some(self.expression()?) };
                self.sign(Sign::Semicolon)?;
                Ok(StmtKind::Return(value))
            }
            word::THROW => {
                self.bump();
                let value = self.expression()?;
                self.sign(Sign::Semicolon)?;
                Ok(StmtKind::Throw(value))
            }
            word::BREAK | word::CONTINUE if self.is_sign_at(1, Sign::Semicolon) => {
                self.bump();
                self.bump();
                Ok(if found == word::BREAK { StmtKind::Break } else { StmtKind::Continue })
            }
            word::TRY if self.is_sign_at(1, Sign::BraceOpen) => self.try_block(),
            word::SWITCH if self.word_at(1) == Some(word::ON) => self.switch(),
            word::INSERT | word::UPDATE | word::UPSERT | word::DELETE | word::UNDELETE | word::MERGE
                if takes_value =>
            {
                self.dml(found)
            }
            word::SYSTEM
                if self.is_sign_at(1, Sign::Dot)
                    && self.word_at(2) == Some(word::RUN_AS)
                    && self.is_sign_at(3, Sign::ParenOpen) =>
            {
                self.run_as()
            }
            _ => self.simple(),
        }
    }

    /// `if` with all its `else if`: a long chain is no deep nesting.
    fn if_chain(&mut self) -> Read<StmtKind> {
        let mut heads = Vec::new();
        let mut no = None;
        loop {
            let start = self.start();
            self.bump();
            let condition = self.parenthesised()?;
            heads.push((start, condition, self.statement()?));
            if !self.take_word(word::ELSE) {
                break;
            }
            if !self.is_word(word::IF) {
                no = Some(self.statement()?);
                break;
            }
            if heads.len() >= BRANCHES {
                let span = self.token(0).span;
                self.problem(
                    span,
                    format!("more than {BRANCHES} branches follow each other and were not read"),
                );
                return Err(super::Stop);
            }
        }
        loop {
            let Some((start, condition, yes)) = heads.pop() else { return self.stop("`if`") };
            let kind = StmtKind::If { condition, yes, no };
            if heads.is_empty() {
                return Ok(kind);
            }
            let span = self.since(start);
            no = Some(self.stmt(kind, span));
        }
    }

    /// A declaration of local variables, or an expression.
    fn simple(&mut self) -> Read<StmtKind> {
        let kind = self.local_or_expression()?;
        self.sign(Sign::Semicolon)?;
        Ok(kind)
    }

    /// How many tokens stand before the type of a local variable: `final`, annotations.
    fn local_modifiers(&self) -> usize {
        let mut at = 0;
        loop {
            if self.is_sign_at(at, Sign::At) && self.word_at(at + 1).is_some() && at < LONGEST {
                at = self.annotation_end(at);
            } else if matches!(self.word_at(at), Some(word::FINAL | word::TRANSIENT))
                && matches!(self.token(at + 1).kind, Kind::Word(_) | Kind::Sign(Sign::At))
            {
                at += 1;
            } else {
                return at;
            }
        }
    }

    fn is_local(&self) -> bool {
        let from = self.local_modifiers();
        if self.word_at(from).is_some_and(is_reserved) {
            return false;
        }
        let Some(end) = self.type_end(from) else { return false };
        let Some(name) = self.word_at(end) else { return false };
        let next = self.token(end + 1).kind;
        let is_list = next == Kind::Sign(Sign::BracketOpen) && self.is_sign_at(end + 2, Sign::BracketClose);
        name != word::INSTANCEOF
            && (is_list
                || matches!(
                    next,
                    Kind::Sign(Sign::Assign | Sign::Semicolon | Sign::Comma | Sign::Colon) | Kind::End
                ))
    }

    fn local_or_expression(&mut self) -> Read<StmtKind> {
        if !self.is_local() {
            return Ok(StmtKind::Expr(self.expression()?));
        }
        if self.local_modifiers() > 0 {
            self.modifiers()?;
        }
        let of = self.type_ref()?;
        let mut variables = Vec::new();
        loop {
            let name = self.name()?;
            while self.is_sign(Sign::BracketOpen) && self.is_sign_at(1, Sign::BracketClose) {
                self.bump();
                self.bump();
            }
            let value = if self.take_sign(Sign::Assign) { Some(self.expression()?) } else { None };
            variables.push((name, value));
            if !self.take_sign(Sign::Comma) {
                return Ok(StmtKind::Local { of, variables });
            }
        }
    }

    pub(super) fn parenthesised(&mut self) -> Read<crate::ast::ExprId> {
        self.sign(Sign::ParenOpen)?;
        let read = self.expression()?;
        self.sign(Sign::ParenClose)?;
        Ok(read)
    }

    fn for_loop(&mut self) -> Read<StmtKind> {
        self.bump();
        self.sign(Sign::ParenOpen)?;
        let from = self.local_modifiers();
        if let Some(end) = self.type_end(from)
            && matches!(self.token(end).kind, Kind::Word(_))
            && self.is_sign_at(end + 1, Sign::Colon)
        {
            if from > 0 {
                self.modifiers()?;
            }
            let of = self.type_ref()?;
            let name = self.name()?;
            self.sign(Sign::Colon)?;
            let over = self.expression()?;
            self.sign(Sign::ParenClose)?;
            let body = self.statement()?;
            return Ok(StmtKind::ForEach { of, name, over, body });
        }
        let mut init = Vec::new();
        while !self.is_sign(Sign::Semicolon) {
            let start = self.start();
            let kind = self.local_or_expression()?;
            let span = self.since(start);
            init.push(self.stmt(kind, span));
            if !self.take_sign(Sign::Comma) {
                break;
            }
        }
        self.sign(Sign::Semicolon)?;
        let condition = if self.is_sign(Sign::Semicolon) { None } else { Some(self.expression()?) };
        self.sign(Sign::Semicolon)?;
        let mut update = Vec::new();
        while !self.is_sign(Sign::ParenClose) {
            update.push(self.expression()?);
            if !self.take_sign(Sign::Comma) {
                break;
            }
        }
        self.sign(Sign::ParenClose)?;
        let body = self.statement()?;
        Ok(StmtKind::For { init, condition, update, body })
    }

    fn try_block(&mut self) -> Read<StmtKind> {
        self.bump();
        let body = self.block()?;
        let mut catches = Vec::new();
        while self.take_word(word::CATCH) {
            self.sign(Sign::ParenOpen)?;
            self.take_word(word::FINAL);
            let of = self.type_ref()?;
            let name = self.name()?;
            self.sign(Sign::ParenClose)?;
            let body = self.block()?;
            catches.push(Catch { of, name, body });
        }
        let finally = if self.take_word(word::FINALLY) { Some(self.block()?) } else { None };
        Ok(StmtKind::Try { body, catches, finally })
    }

    fn switch(&mut self) -> Read<StmtKind> {
        self.bump();
        self.bump();
        let on = self.expression()?;
        self.sign(Sign::BraceOpen)?;
        let mut arms = Vec::new();
        while self.take_word(word::WHEN) {
            let labels = if self.is_word(word::ELSE) && self.is_sign_at(1, Sign::BraceOpen) {
                self.bump();
                Labels::Else
            } else if self.type_end(0).is_some_and(|end| {
                matches!(self.token(end).kind, Kind::Word(_)) && self.is_sign_at(end + 1, Sign::BraceOpen)
            }) {
                let of = self.type_ref()?;
                Labels::Record { of, name: self.name()? }
            } else {
                let mut values = Vec::new();
                loop {
                    values.push(self.ternary()?);
                    if !self.take_sign(Sign::Comma) {
                        break;
                    }
                }
                Labels::Values(values)
            };
            let body = self.block()?;
            arms.push(Arm { labels, body });
        }
        self.sign(Sign::BraceClose)?;
        Ok(StmtKind::Switch { on, arms })
    }

    fn dml(&mut self, found: Name) -> Read<StmtKind> {
        self.bump();
        let operation = match found {
            word::INSERT => Dml::Insert,
            word::UPDATE => Dml::Update,
            word::UPSERT => Dml::Upsert,
            word::DELETE => Dml::Delete,
            word::UNDELETE => Dml::Undelete,
            _ => Dml::Merge,
        };
        let mut mode = None;
        if self.is_word(word::AS) && matches!(self.word_at(1), Some(word::USER | word::SYSTEM)) {
            self.bump();
            mode = Some(if self.is_word(word::USER) { Mode::User } else { Mode::System });
            self.bump();
        }
        let target = self.expression()?;
        let mut with = None;
        if operation == Dml::Merge && !self.is_sign(Sign::Semicolon) {
            with = Some(self.expression()?);
        }
        if operation == Dml::Upsert && !self.is_sign(Sign::Semicolon) {
            // The field that tells which record it is.
            self.type_ref()?;
        }
        self.sign(Sign::Semicolon)?;
        Ok(StmtKind::Dml { operation, mode, target, with })
    }

    fn run_as(&mut self) -> Read<StmtKind> {
        self.at += 3;
        let user = self.parenthesised()?;
        if !self.is_sign(Sign::BraceOpen) {
            self.take_sign(Sign::Semicolon);
            return Ok(StmtKind::Expr(user));
        }
        let body = self.block()?;
        Ok(StmtKind::RunAs { user, body })
    }
}

/// Words that are never the name of a variable or a class.
pub(super) fn is_reserved(word: Name) -> bool {
    matches!(
        word,
        word::BREAK
            | word::CATCH
            | word::CONTINUE
            | word::DO
            | word::ELSE
            | word::FINALLY
            | word::FOR
            | word::IF
            | word::NEW
            | word::RETURN
            | word::THROW
            | word::TRY
            | word::WHILE
    )
}
