use super::{HolePlace, Parser, Read, Told};
use crate::ast::{
    CategoryFilter, CategorySelector, DataCategory, Mode, Parameters, Setting, Unread, With, WithMode,
};
use crate::lex::{Kind, span};

impl Parser<'_> {
    /// What follows `WITH` in a query.
    pub(super) fn with(&mut self) -> With {
        let start = self.token.start;
        match self.read_with() {
            Ok(with) => with,
            Err(Told) => {
                let unread = self.skip(start, |_| false);
                With::Unread(unread.unwrap_or_else(|| Unread { text: "".into(), span: span(start, start) }))
            }
        }
    }

    fn read_with(&mut self) -> Read<With> {
        if let Some(mode) = self.mode() {
            return Ok(With::Mode(mode));
        }
        if self.at("DATA") && self.peek_is("CATEGORY") {
            return self.data_category().map(With::DataCategory);
        }
        if self.at("RecordVisibilityContext") && self.peek().kind == Kind::Open {
            self.advance();
            return self.parameters().map(With::RecordVisibility);
        }
        if self.is(Kind::Hole) && self.hole_alone() {
            return Ok(With::Hole(self.hole(HolePlace::Clause)));
        }
        if !matches!(self.token.kind, Kind::Word | Kind::Hole | Kind::Open) || self.at_clause() {
            const HELP: &str = "WITH USER_MODE, SYSTEM_MODE, SECURITY_ENFORCED or DATA CATEGORY";
            return Err(self.expected("what is with it", HELP));
        }
        Ok(With::Filter(self.condition(false)))
    }

    /// `USER_MODE`, `SYSTEM_MODE` or `SECURITY_ENFORCED`.
    pub(super) fn mode(&mut self) -> Option<WithMode> {
        let mode = if self.at("USER_MODE") {
            Mode::User
        } else if self.at("SYSTEM_MODE") {
            Mode::System
        } else if self.at("SECURITY_ENFORCED") {
            Mode::SecurityEnforced
        } else {
            return None;
        };
        let token = self.advance();
        Some(WithMode { mode, span: token.span() })
    }

    /// `DATA CATEGORY` is here.
    pub(super) fn data_category(&mut self) -> Read<DataCategory> {
        const HELP: &str = "DATA CATEGORY group AT category";
        let start = self.advance().start;
        self.advance();
        let mut filters = Vec::new();
        loop {
            let from = self.token.start;
            let group = self.name(HolePlace::Name, "a group of categories", HELP)?;
            let selector = if self.eat("AT") {
                CategorySelector::At
            } else if self.eat("ABOVE") {
                CategorySelector::Above
            } else if self.eat("BELOW") {
                CategorySelector::Below
            } else if self.eat("ABOVE_OR_BELOW") {
                CategorySelector::AboveOrBelow
            } else {
                return Err(self.expected("`AT`, `ABOVE`, `BELOW` or `ABOVE_OR_BELOW`", HELP));
            };
            let mut categories = Vec::new();
            if self.eat_kind(Kind::Open) {
                loop {
                    categories.push(self.name(HolePlace::Name, "a category", HELP)?);
                    if !self.eat_kind(Kind::Comma) {
                        break;
                    }
                }
                self.close_paren();
            } else {
                categories.push(self.name(HolePlace::Name, "a category", HELP)?);
            }
            filters.push(CategoryFilter { group, selector, categories, span: self.since(from) });
            if !self.eat("AND") {
                return Ok(DataCategory { filters, span: self.since(start) });
            }
        }
    }

    /// `(name = value, ...)`; the opening parenthesis is here.
    pub(super) fn parameters(&mut self) -> Read<Parameters> {
        let start = self.advance().start;
        let mut settings = Vec::new();
        loop {
            let from = self.token.start;
            let name = match self.name(HolePlace::Name, "a setting", "name = value") {
                Ok(name) => name,
                Err(told) => {
                    self.skip_to_close();
                    return Err(told);
                }
            };
            let value =
                if self.eat_kind(Kind::Equal) { Some(self.value(false, HolePlace::Value)?) } else { None };
            settings.push(Setting { name, value, span: self.since(from) });
            if !self.eat_kind(Kind::Comma) {
                break;
            }
        }
        self.close_paren();
        Ok(Parameters { settings, span: self.since(start) })
    }
}
