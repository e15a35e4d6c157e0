use super::{HolePlace, Parser, Read, Told};
use crate::ast::{
    Expression, FieldGroup, FieldItem, Fields, Name, Path, Query, SelectItem, Subquery, TypeOf, TypeOfBranch,
};
use crate::lex::Kind;

const NAME_THE_FIELDS: &str = "name the fields, or write FIELDS(ALL)";

impl Parser<'_> {
    /// What stands between `SELECT` and `FROM`, or in the parentheses of a search before its clauses.
    pub(super) fn select_list(&mut self) -> Vec<SelectItem> {
        let mut items = Vec::with_capacity(8);
        loop {
            let start = self.token.start;
            if self.select_ends() {
                self.expected("a field", "name what is selected");
                return items;
            }
            match self.select_item() {
                Ok(item) => items.push(item),
                Err(Told) => {
                    let unread = self.skip(start, |parser| parser.is(Kind::Comma));
                    items.extend(unread.map(SelectItem::Unread));
                }
            }
            // What a template puts behind an item: `SELECT Id` + more + ` FROM`.
            while self.is(Kind::Hole) {
                items.push(SelectItem::Hole(self.hole(HolePlace::FieldList)));
            }
            if self.eat_kind(Kind::Comma) {
                continue;
            }
            if self.select_ends() {
                return items;
            }
            if !matches!(items.last(), Some(SelectItem::Hole(_))) {
                self.expected("`,` or `FROM`", "put a comma between fields");
                let start = self.token.start;
                let unread = self.skip(start, |parser| parser.is(Kind::Comma));
                items.extend(unread.map(SelectItem::Unread));
                if !self.eat_kind(Kind::Comma) {
                    return items;
                }
            }
        }
    }

    fn select_ends(&self) -> bool {
        self.is(Kind::Close) || self.at_clause()
    }

    fn select_item(&mut self) -> Read<SelectItem> {
        match self.token.kind {
            Kind::Open => return self.select_query(),
            Kind::Star => return Err(self.expected("a field", NAME_THE_FIELDS)),
            Kind::Hole if self.hole_alone() => {
                return Ok(SelectItem::Hole(self.hole(HolePlace::FieldList)));
            }
            Kind::Word
                if self.at("TYPEOF")
                    && matches!(self.peek().kind, Kind::Word | Kind::Hole)
                    && !self.peek_is("FROM") =>
            {
                return self.type_of();
            }
            Kind::Word if self.at("FIELDS") && self.peek().kind == Kind::Open => return self.fields_group(),
            _ => {}
        }
        let expression = self.expression(HolePlace::FieldList, "a field", NAME_THE_FIELDS)?;
        let alias = self.alias();
        match expression {
            Expression::Call(call) => Ok(SelectItem::Call(call, alias)),
            Expression::Field(path) => {
                let span = alias.as_ref().map_or(path.span, |alias| path.span.to(alias.span));
                Ok(SelectItem::Field(FieldItem { path, alias, span }))
            }
            Expression::Literal(_) | Expression::Bind(_) => Err(self.expected("a field", NAME_THE_FIELDS)),
        }
    }

    fn alias(&mut self) -> Option<Name> {
        if !self.at_alias() {
            return None;
        }
        self.name(HolePlace::Name, "an alias", "").ok()
    }

    fn select_query(&mut self) -> Read<SelectItem> {
        let next = self.peek();
        if !(self.peek_is("SELECT") || next.kind == Kind::Hole) {
            self.advance();
            let told = self.expected("`SELECT`", "parentheses in a select list hold a query");
            self.skip_to_close();
            return Err(told);
        }
        Ok(SelectItem::Query(Box::new(self.subquery()?)))
    }

    /// A query in parentheses; the opening one is here.
    pub(super) fn subquery(&mut self) -> Read<Subquery> {
        let start = self.token.start;
        self.deeper(|parser| {
            parser.advance();
            let query: Query = parser.query(true);
            parser.close_paren();
            Ok(Subquery { query, span: parser.since(start) })
        })
    }

    fn fields_group(&mut self) -> Read<SelectItem> {
        let start = self.advance().start;
        self.advance();
        let group = if self.eat("ALL") {
            FieldGroup::All
        } else if self.eat("STANDARD") {
            FieldGroup::Standard
        } else if self.eat("CUSTOM") {
            FieldGroup::Custom
        } else {
            let told = self.expected("`ALL`, `STANDARD` or `CUSTOM`", "");
            self.skip_to_close();
            return Err(told);
        };
        self.close_paren();
        Ok(SelectItem::Fields(Fields { group, span: self.since(start) }))
    }

    fn type_of(&mut self) -> Read<SelectItem> {
        const HELP: &str = "TYPEOF relationship WHEN object THEN fields ELSE fields END";
        let start = self.advance().start;
        let path = self.path(HolePlace::FieldName, "a relationship", HELP)?;
        let mut branches = Vec::new();
        while self.at("WHEN") {
            let from = self.advance().start;
            let object = self.name(HolePlace::ObjectName, "an object", HELP)?;
            self.expect("THEN", HELP)?;
            let fields = self.type_of_fields()?;
            branches.push(TypeOfBranch { object, fields, span: self.since(from) });
        }
        if branches.is_empty() {
            return Err(self.expected("`WHEN`", HELP));
        }
        let otherwise = if self.eat("ELSE") { self.type_of_fields()? } else { Vec::new() };
        self.expect("END", HELP)?;
        Ok(SelectItem::TypeOf(TypeOf { path, branches, otherwise, span: self.since(start) }))
    }

    fn type_of_fields(&mut self) -> Read<Vec<Path>> {
        let mut fields = Vec::new();
        loop {
            fields.push(self.path(HolePlace::FieldList, "a field", "")?);
            if !self.eat_kind(Kind::Comma) {
                return Ok(fields);
            }
        }
    }
}
