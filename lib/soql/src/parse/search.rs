use super::{HolePlace, Limits, Parser, Read, Told};
use crate::ast::{
    FromItem, Hole, Literal, LiteralKind, Operator, Path, Query, Returning, Search, SearchGroup, SearchKind,
    SearchText, SearchWith, Unread, Value, WithSetting,
};
use crate::lex::{Kind, span};

/// Clauses in the order that Salesforce wants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Clause {
    Find,
    In,
    Returning,
    With,
    Using,
    Limit,
    Update,
}

const SHOWN: [&str; 7] = ["FIND", "IN", "RETURNING", "WITH", "USING", "LIMIT", "UPDATE"];

impl Clause {
    fn shown(self) -> &'static str {
        SHOWN.get(self as usize).copied().unwrap_or_default()
    }
}

impl Parser<'_> {
    pub(super) fn search(&mut self) -> Search {
        let start = self.token.start;
        let mut search = Search::default();
        if self.eat("FIND") {
            match self.search_text() {
                Ok(find) => search.find = find,
                Err(Told) => search.unread.extend(self.skip(start, Self::at_search_clause)),
            }
        } else {
            self.expected("`FIND`", "a search starts with FIND");
            search.unread.extend(self.skip(start, Self::at_search_clause));
        }
        let mut last = Clause::Find;
        while !self.is(Kind::End) {
            let start = self.token.start;
            if self.is(Kind::Hole) {
                let hole: Hole = self.hole(HolePlace::Clause);
                search.holes.push(hole);
                continue;
            }
            let Some(clause) = self.search_clause_here() else {
                self.expected("a clause", "IN ... FIELDS, RETURNING, WITH, LIMIT, UPDATE");
                if !self.is(Kind::End) {
                    self.advance();
                }
                search.unread.extend(self.skip(start, Self::at_search_clause));
                continue;
            };
            if clause != Clause::Using && clause < last || clause == last && clause != Clause::With {
                let message = format!("`{}` stands behind `{}`", clause.shown(), last.shown());
                self.error(self.token.span(), "malformed-query", message, "put the clauses in their order");
            }
            if clause != Clause::Using {
                last = last.max(clause);
            }
            self.advance();
            if self.search_clause(clause, &mut search).is_err() {
                search.unread.extend(self.skip(start, Self::at_search_clause));
            }
        }
        search.span = self.since(start);
        search
    }

    fn at_search_clause(&self) -> bool {
        self.is(Kind::Hole) || self.search_clause_here().is_some()
    }

    fn search_clause_here(&self) -> Option<Clause> {
        if !self.is(Kind::Word) {
            return None;
        }
        let clauses =
            [Clause::In, Clause::Returning, Clause::With, Clause::Using, Clause::Limit, Clause::Update];
        clauses.into_iter().find(|clause| self.at(clause.shown()))
    }

    fn search_text(&mut self) -> Read<SearchText> {
        match self.token.kind {
            Kind::Brace => self.braced().map(SearchText::Braced),
            Kind::String | Kind::OpenString => {
                let noted = self.holes.len();
                let text = self.string();
                for (_, place) in self.holes.iter_mut().skip(noted) {
                    *place = HolePlace::Quoted;
                }
                Ok(SearchText::Quoted(text))
            }
            Kind::Colon => self.bind().map(SearchText::Bind),
            Kind::Hole => Ok(SearchText::Hole(self.hole(HolePlace::SearchText))),
            _ => Err(self
                .expected("what is searched for", "FIND {text}, or in Apex FIND 'text' or FIND :variable")),
        }
    }

    /// From a brace to the next that no backslash escapes.
    fn braced(&mut self) -> Read<Literal> {
        let start = self.token.start;
        let text = self.lexer.text;
        let mut escaped = false;
        let rest = text.get(start..).unwrap_or_default().bytes().enumerate();
        let close = rest.skip(1).find(|&(_, byte)| {
            let closes = byte == b'}' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        });
        let Some((length, _)) = close else {
            let at = span(start, text.len());
            self.error(
                at,
                "malformed-query",
                "the text that is searched for has no end",
                "close it with `}`",
            );
            self.give_up();
            return Err(Told);
        };
        let end = start + length + 1;
        self.lexer.at = end;
        self.past = end;
        self.token = self.lexer.next();
        let (kind, text) = match self.with_holes(start, end, HolePlace::SearchText) {
            Some(text) => (LiteralKind::PartialString, text.into()),
            None => (LiteralKind::String, self.text_of(start, end).into()),
        };
        Ok(Literal { kind, text, span: span(start, end) })
    }

    fn search_clause(&mut self, clause: Clause, search: &mut Search) -> Read<()> {
        match clause {
            Clause::Find => Ok(()),
            Clause::In => {
                search.within = Some(self.search_group()?);
                self.expect("FIELDS", "IN ALL FIELDS")
            }
            Clause::Returning => loop {
                let returning = self.returning()?;
                search.returning.push(returning);
                if search.returning.len() >= Limits::RETURNING {
                    let message = format!("more than {} objects are returned", Limits::RETURNING);
                    self.error(self.token.span(), "query-too-long", message, "search fewer objects");
                    self.give_up();
                    return Ok(());
                }
                if !self.eat_kind(Kind::Comma) {
                    return Ok(());
                }
            },
            Clause::With => {
                let start = self.token.start;
                match self.search_with() {
                    Ok(with) => search.with.push(with),
                    Err(Told) => {
                        let unread = self.skip(start, Self::at_search_clause);
                        let none = || Unread { text: "".into(), span: span(start, start) };
                        search.with.push(SearchWith::Unread(unread.unwrap_or_else(none)));
                    }
                }
                Ok(())
            }
            Clause::Using => {
                const HELP: &str = "USING PHRASE SEARCH or USING ADVANCED SEARCH";
                if search.kind.is_some() {
                    self.error(self.token.span(), "malformed-query", "`USING` stands twice", "leave one out");
                }
                search.kind = Some(if self.eat("PHRASE") {
                    SearchKind::Phrase
                } else if self.eat("ADVANCED") {
                    SearchKind::Advanced
                } else {
                    return Err(self.expected("`PHRASE` or `ADVANCED`", HELP));
                });
                self.expect("SEARCH", HELP)
            }
            Clause::Limit => {
                search.limit = Some(self.amount("LIMIT")?);
                Ok(())
            }
            Clause::Update => self.updates_list(&mut search.update),
        }
    }

    fn search_group(&mut self) -> Read<SearchGroup> {
        let group = if self.at("ALL") {
            SearchGroup::All
        } else if self.at("NAME") {
            SearchGroup::Name
        } else if self.at("EMAIL") {
            SearchGroup::Email
        } else if self.at("PHONE") {
            SearchGroup::Phone
        } else if self.at("SIDEBAR") {
            SearchGroup::Sidebar
        } else if self.is(Kind::Hole) {
            return Ok(SearchGroup::Hole(self.hole(HolePlace::Name)));
        } else {
            return Err(self.expected("`ALL`, `NAME`, `EMAIL`, `PHONE` or `SIDEBAR`", "IN ALL FIELDS"));
        };
        self.advance();
        Ok(group)
    }

    fn returning(&mut self) -> Read<Returning> {
        let start = self.token.start;
        if self.search_clause_here().is_some() {
            return Err(self.expected("an object", "RETURNING Contact(Id, Name)"));
        }
        let name = self.name(HolePlace::ObjectName, "an object", "RETURNING Contact(Id, Name)")?;
        let span = name.span;
        let object = Path { names: vec![name], span };
        let mut query =
            Query { from: vec![FromItem { object, alias: None, span }], span, ..Query::default() };
        let mut list_view = None;
        if self.eat_kind(Kind::Open) {
            query.select = self.select_list();
            self.clauses(&mut query, true, Some(&mut list_view));
            query.span = self.since(start);
            self.close_paren();
        }
        Ok(Returning { query, list_view, span: self.since(start) })
    }

    fn search_with(&mut self) -> Read<SearchWith> {
        const HELP: &str = "WITH USER_MODE, SYSTEM_MODE, SECURITY_ENFORCED, DATA CATEGORY, DIVISION, HIGHLIGHT, \
                            METADATA, NETWORK, PricebookId, SNIPPET or SPELL_CORRECTION";
        if let Some(mode) = self.mode() {
            return Ok(SearchWith::Mode(mode));
        }
        if self.at("DATA") && self.peek_is("CATEGORY") {
            return self.data_category().map(SearchWith::DataCategory);
        }
        if self.eat("HIGHLIGHT") {
            return Ok(SearchWith::Highlight);
        }
        if self.eat("SNIPPET") {
            let parameters = if self.is(Kind::Open) { Some(self.parameters()?) } else { None };
            return Ok(SearchWith::Snippet(parameters));
        }
        if self.is(Kind::Hole) {
            return Ok(SearchWith::Hole(self.hole(HolePlace::Clause)));
        }
        if !self.at_one_of(&["DIVISION", "METADATA", "NETWORK", "PricebookId", "SPELL_CORRECTION"]) {
            return Err(self.expected("what is with it", HELP));
        }
        let start = self.token.start;
        let network = self.at("NETWORK");
        let name = self.name(HolePlace::Name, "a setting", HELP)?;
        let operator = self.operator()?;
        let value: Value = match operator {
            Operator::In if network => self.list_value()?,
            Operator::Equal => self.value(false, HolePlace::Value)?,
            _ => return Err(self.expected("`=`", HELP)),
        };
        Ok(SearchWith::Setting(WithSetting { name, operator, value, span: self.since(start) }))
    }
}
