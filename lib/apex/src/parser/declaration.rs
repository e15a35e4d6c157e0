//! Classes, interfaces, enums, triggers and their members.

use std::sync::Arc;

use source::Span;

use super::{LONGEST, Parser, Read};
use crate::ast::{
    Accessor, Annotation, Decl, DeclId, DeclKind, Dml, Method, Modifiers, Parameter, Sharing, Spanned,
    StmtId, Trigger, TypeId, Variable, Visibility,
};
use crate::lexer::{Kind, Sign};
use crate::name::{Name, word};

impl Parser<'_> {
    pub(super) fn file(&mut self) {
        while !self.is_end() {
            let before = self.at;
            let read = if self.is_word(word::TRIGGER) && matches!(self.token(1).kind, Kind::Word(_)) {
                self.trigger()
            } else if self.starts_declaration() {
                self.top()
            } else if self.starts_member() {
                self.script_member()
            } else {
                self.statement().map(|read| self.file.script.push(read))
            };
            if read.is_err() && self.at > before {
                self.recover(before);
                self.take_sign(Sign::BraceClose);
            }
            if self.at == before {
                self.bump();
            }
        }
    }

    fn top(&mut self) -> Read<()> {
        let modifiers = self.modifiers()?;
        let read = self.declaration(modifiers, None)?;
        self.file.top.push(read);
        Ok(())
    }

    /// Scripts declare methods and variables outside of a class.
    fn starts_member(&self) -> bool {
        let mut from = 0;
        while self.is_sign_at(from, Sign::At) && from < LONGEST {
            from = self.annotation_end(from);
        }
        let is_modified = self.word_at(from).is_some_and(is_modifier) && self.word_at(from + 1).is_some();
        is_modified
            || self.type_end(from).is_some_and(|end| {
                matches!(self.token(end).kind, Kind::Word(_))
                    && self.is_sign_at(end + 1, Sign::ParenOpen)
                    && self.is_sign_at(self.closed(end + 1), Sign::BraceOpen)
            })
    }

    fn script_member(&mut self) -> Read<()> {
        let id = self.outside();
        self.member(id, word::EMPTY)
    }

    /// The class without a name, which holds what is declared outside of all classes.
    fn outside(&mut self) -> DeclId {
        let at = self.file.decls.iter().position(|decl| decl.name.value == word::EMPTY);
        let index = at.unwrap_or(self.file.decls.len());
        let id = DeclId(u32::try_from(index).unwrap_or(u32::MAX));
        if at.is_none() {
            let start = self.start();
            let name = Spanned { value: word::EMPTY, span: Span::new(start, start) };
            self.file.decls.push(Decl::new(DeclKind::Class, name, Modifiers::default(), None));
            self.file.top.push(id);
        }
        id
    }

    /// Whether a class, interface or enum follows, behind its modifiers.
    fn starts_declaration(&self) -> bool {
        let mut at = 0;
        while at < LONGEST {
            if self.is_sign_at(at, Sign::At) {
                at = self.annotation_end(at);
                continue;
            }
            let Some(found) = self.word_at(at) else { return false };
            if matches!(found, word::CLASS | word::INTERFACE | word::ENUM) {
                return matches!(self.token(at + 1).kind, Kind::Word(_));
            }
            if !is_modifier(found) && found != word::SHARING {
                return false;
            }
            at += 1;
        }
        false
    }

    /// Behind the `)` that closes the `(` there, or before what stands in no list.
    pub(super) fn closed(&self, from: usize) -> usize {
        let (mut open, mut braces) = (0_u32, 0_u32);
        let mut at = from;
        loop {
            match self.token(at).kind {
                Kind::Sign(Sign::ParenOpen) => open += 1,
                Kind::Sign(Sign::ParenClose) => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        return at + 1;
                    }
                }
                Kind::Sign(Sign::BraceOpen) => braces += 1,
                Kind::Sign(Sign::BraceClose) if braces > 0 => braces -= 1,
                Kind::Sign(Sign::BraceClose | Sign::Semicolon) | Kind::End => return at,
                _ => {}
            }
            if at > from + LONGEST {
                return at;
            }
            at += 1;
        }
    }

    /// Behind the annotation that starts there.
    pub(super) fn annotation_end(&self, from: usize) -> usize {
        let mut at = from + 2;
        while self.is_sign_at(at, Sign::Dot) && self.word_at(at + 1).is_some() {
            at += 2;
        }
        if self.is_sign_at(at, Sign::ParenOpen) { self.closed(at) } else { at }
    }

    pub(super) fn modifiers(&mut self) -> Read<Modifiers> {
        let mut all = Modifiers::default();
        loop {
            if self.is_sign(Sign::At) {
                let annotation = self.annotation()?;
                all.is_test |= annotation.name.value == word::ISTEST;
                all.annotations.push(annotation);
                continue;
            }
            let Some(found) = self.word_at(0) else { break };
            // `Integer get;` has a variable of that name: a modifier is followed by a word or an annotation.
            if !is_modifier(found)
                || !matches!(self.token(1).kind, Kind::Word(_) | Kind::Sign(Sign::At | Sign::BraceOpen))
            {
                break;
            }
            if found == word::STATIC && self.is_sign_at(1, Sign::BraceOpen) {
                break;
            }
            if matches!(found, word::WITH | word::WITHOUT | word::INHERITED) {
                if self.word_at(1) != Some(word::SHARING) {
                    break;
                }
                self.bump();
                all.sharing = match found {
                    word::WITH => Sharing::With,
                    word::WITHOUT => Sharing::Without,
                    _ => Sharing::Inherited,
                };
            }
            match found {
                word::PRIVATE => all.visibility = Visibility::Private,
                word::PROTECTED => all.visibility = Visibility::Protected,
                word::PUBLIC => all.visibility = Visibility::Public,
                word::GLOBAL => all.visibility = Visibility::Global,
                word::STATIC => all.is_static = true,
                word::ABSTRACT => all.is_abstract = true,
                word::VIRTUAL => all.is_virtual = true,
                word::OVERRIDE => all.is_override = true,
                word::FINAL => all.is_final = true,
                word::TRANSIENT => all.is_transient = true,
                word::TESTMETHOD => all.is_test = true,
                word::WEBSERVICE => all.is_webservice = true,
                _ => {}
            }
            self.bump();
        }
        Ok(all)
    }

    fn annotation(&mut self) -> Read<Annotation> {
        self.sign(Sign::At)?;
        let mut name = self.name()?;
        while self.take_sign(Sign::Dot) {
            let next = self.name()?;
            name = Spanned { value: next.value, span: name.span.to(next.span) };
        }
        let mut args = Vec::new();
        if self.take_sign(Sign::ParenOpen) {
            while !self.is_sign(Sign::ParenClose) && !self.is_end() {
                let key = match self.word_at(0) {
                    Some(key) if self.is_sign_at(1, Sign::Assign) => {
                        self.bump();
                        self.bump();
                        Some(key)
                    }
                    _ => None,
                };
                // Values of annotations are literals and lists of these.
                if self.take_sign(Sign::BraceOpen) {
                    while !self.take_sign(Sign::BraceClose) && !self.is_end() {
                        args.push((key, self.annotation_value()?));
                        self.take_sign(Sign::Comma);
                    }
                } else {
                    args.push((key, self.annotation_value()?));
                }
                self.take_sign(Sign::Comma);
            }
            self.sign(Sign::ParenClose)?;
        }
        Ok(Annotation { name, args })
    }

    fn annotation_value(&mut self) -> Read<crate::ast::ExprId> {
        self.ternary()
    }

    fn declaration(&mut self, modifiers: Modifiers, outer: Option<DeclId>) -> Read<DeclId> {
        self.deeper(|this| this.declaration_inside(modifiers, outer))
    }

    fn declaration_inside(&mut self, modifiers: Modifiers, outer: Option<DeclId>) -> Read<DeclId> {
        let start = self.start();
        let kind = match self.word_at(0) {
            Some(word::INTERFACE) => DeclKind::Interface,
            Some(word::ENUM) => DeclKind::Enum,
            _ => DeclKind::Class,
        };
        self.bump();
        let name = self.name()?;
        let id = DeclId(u32::try_from(self.file.decls.len()).unwrap_or(u32::MAX));
        self.file.decls.push(Decl::new(kind, name, modifiers, outer));
        let mut parameters = Vec::new();
        if self.take_sign(Sign::Less) {
            while let Some(parameter) = self.word_at(0) {
                parameters.push(parameter);
                self.bump();
                self.take_sign(Sign::Comma);
            }
            self.sign(Sign::Greater)?;
        }
        let mut extends = Vec::new();
        let mut implements = Vec::new();
        loop {
            let list = if self.take_word(word::EXTENDS) {
                &mut extends
            } else if self.take_word(word::IMPLEMENTS) {
                &mut implements
            } else {
                break;
            };
            loop {
                list.push(self.type_ref()?);
                if !self.take_sign(Sign::Comma) {
                    break;
                }
            }
        }
        if let Some(own) = self.file.decls.get_mut(id.index()) {
            (own.parameters, own.extends, own.implements) = (parameters, extends, implements);
        }
        self.sign(Sign::BraceOpen)?;
        if kind == DeclKind::Enum {
            let mut constants = Vec::new();
            while !self.is_sign(Sign::BraceClose) && !self.is_end() {
                constants.push(self.name()?);
                if !self.take_sign(Sign::Comma) {
                    break;
                }
            }
            if let Some(own) = self.file.decls.get_mut(id.index()) {
                own.constants = constants;
            }
        } else {
            while !self.is_sign(Sign::BraceClose) && !self.is_end() {
                let before = self.at;
                if self.member(id, name.value).is_err() {
                    self.recover(before);
                }
                if self.at == before {
                    self.bump();
                }
            }
        }
        let closed = self.sign(Sign::BraceClose);
        let span = self.since(start);
        if let Some(own) = self.file.decls.get_mut(id.index()) {
            own.span = span;
        }
        if self.is_end() { Ok(id) } else { closed.map(|()| id) }
    }

    fn member(&mut self, of: DeclId, class: Name) -> Read<()> {
        if self.take_sign(Sign::Semicolon) {
            return Ok(());
        }
        let start = self.start();
        if self.is_word(word::STATIC) && self.is_sign_at(1, Sign::BraceOpen) {
            self.bump();
            let body = self.block()?;
            self.own(of, |own| own.initializers.push((true, body)));
            return Ok(());
        }
        if self.is_sign(Sign::BraceOpen) {
            let body = self.block()?;
            self.own(of, |own| own.initializers.push((false, body)));
            return Ok(());
        }
        let modifiers = self.modifiers()?;
        if matches!(self.word_at(0), Some(word::CLASS | word::INTERFACE | word::ENUM))
            && matches!(self.token(1).kind, Kind::Word(_))
        {
            self.declaration(modifiers, Some(of))?;
            return Ok(());
        }
        if self.word_at(0) == Some(class) && self.is_sign_at(1, Sign::ParenOpen) {
            let name = self.name()?;
            return self.method(of, name, None, modifiers, start);
        }
        let returns = self.type_ref()?;
        let name = self.name()?;
        if self.is_sign(Sign::ParenOpen) {
            return self.method(of, name, Some(returns), modifiers, start);
        }
        self.variables(of, name, returns, modifiers)
    }

    fn own(&mut self, of: DeclId, change: impl FnOnce(&mut Decl)) {
        if let Some(own) = self.file.decls.get_mut(of.index()) {
            change(own);
        }
    }

    fn method(
        &mut self,
        of: DeclId,
        name: Spanned<Name>,
        returns: Option<TypeId>,
        modifiers: Modifiers,
        start: u32,
    ) -> Read<()> {
        self.sign(Sign::ParenOpen)?;
        let mut parameters = Vec::new();
        while !self.is_sign(Sign::ParenClose) && !self.is_end() {
            self.modifiers()?;
            let of = self.type_ref()?;
            let name = self.name()?;
            parameters.push(Parameter { name, of });
            if !self.take_sign(Sign::Comma) {
                break;
            }
        }
        self.sign(Sign::ParenClose)?;
        let body = if self.take_sign(Sign::Semicolon) { None } else { Some(self.block()?) };
        let span = self.since(start);
        self.own(of, |own| own.methods.push(Method { name, returns, parameters, modifiers, body, span }));
        Ok(())
    }

    fn variables(
        &mut self,
        of: DeclId,
        first: Spanned<Name>,
        kind: TypeId,
        modifiers: Modifiers,
    ) -> Read<()> {
        let modifiers = Arc::new(modifiers);
        let mut name = first;
        loop {
            while self.is_sign(Sign::BracketOpen) && self.is_sign_at(1, Sign::BracketClose) {
                self.bump();
                self.bump();
            }
            let mut accessors = Vec::new();
            let mut value = None;
            if self.is_sign(Sign::BraceOpen) {
                accessors = self.accessors()?;
                let modifiers = Arc::clone(&modifiers);
                self.own(of, |own| {
                    own.variables.push(Variable { name, of: kind, modifiers, value, accessors })
                });
                return Ok(());
            }
            if self.take_sign(Sign::Assign) {
                value = Some(self.expression()?);
            }
            let own_modifiers = Arc::clone(&modifiers);
            self.own(of, |own| {
                own.variables.push(Variable { name, of: kind, modifiers: own_modifiers, value, accessors });
            });
            if self.take_sign(Sign::Comma) {
                name = self.name()?;
                continue;
            }
            return self.sign(Sign::Semicolon);
        }
    }

    fn accessors(&mut self) -> Read<Vec<Accessor>> {
        self.sign(Sign::BraceOpen)?;
        let mut all = Vec::new();
        while !self.is_sign(Sign::BraceClose) && !self.is_end() {
            let modifiers = self.modifiers()?;
            let is_getter = match self.word_at(0) {
                Some(word::GET) => true,
                Some(word::SET) => false,
                _ => return self.stop("`get` or `set`"),
            };
            self.bump();
            let body = if self.take_sign(Sign::Semicolon) { None } else { Some(self.block()?) };
            all.push(Accessor { is_getter, modifiers, body });
        }
        self.sign(Sign::BraceClose)?;
        Ok(all)
    }

    fn trigger(&mut self) -> Read<()> {
        let start = self.start();
        self.bump();
        let name = self.name()?;
        if !self.take_word(word::ON) {
            return self.stop("`on`");
        }
        let object = self.name()?;
        self.sign(Sign::ParenOpen)?;
        let mut events = Vec::new();
        while !self.is_sign(Sign::ParenClose) && !self.is_end() {
            let is_before = self.is_word(word::BEFORE);
            if !is_before && !self.is_word(word::AFTER) {
                return self.stop("`before` or `after`");
            }
            self.bump();
            let operation = match self.word_at(0) {
                Some(word::INSERT) => Dml::Insert,
                Some(word::UPDATE) => Dml::Update,
                Some(word::DELETE) => Dml::Delete,
                Some(word::UNDELETE) => Dml::Undelete,
                _ => return self.stop("`insert`, `update`, `delete` or `undelete`"),
            };
            self.bump();
            events.push((is_before, operation));
            if !self.take_sign(Sign::Comma) {
                break;
            }
        }
        self.sign(Sign::ParenClose)?;
        let body = self.deeper(Self::trigger_body)?;
        let span = self.since(start);
        self.file.trigger = Some(Trigger { name, object, events, body, span });
        Ok(())
    }

    /// A block in which methods and classes may stand as well.
    fn trigger_body(&mut self) -> Read<StmtId> {
        self.statements(|this| {
            if !this.starts_declaration() && (this.is_word(word::FINAL) || !this.starts_member()) {
                return this.statement().map(Some);
            }
            this.script_member().map(|()| None)
        })
    }
}

fn is_modifier(name: Name) -> bool {
    matches!(
        name,
        word::PRIVATE
            | word::PROTECTED
            | word::PUBLIC
            | word::GLOBAL
            | word::STATIC
            | word::ABSTRACT
            | word::VIRTUAL
            | word::OVERRIDE
            | word::FINAL
            | word::TRANSIENT
            | word::TESTMETHOD
            | word::WEBSERVICE
            | word::WITH
            | word::WITHOUT
            | word::INHERITED
    )
}
