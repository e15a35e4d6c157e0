use super::{HolePlace, Parser, Read};
use crate::ast::{
    Condition, Connected, Direction, For, FromItem, GroupBy, GroupKind, Lookup, LookupBind, Name, Nulls,
    Order, Query, SelectItem, Update, Value, With,
};
use crate::lex::Kind;

/// Clauses in the order that Salesforce wants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Clause {
    From,
    Using,
    Where,
    With,
    Group,
    Having,
    Order,
    Limit,
    Offset,
    /// `ALL ROWS`, `FOR` and `UPDATE`, which are taken in any order.
    Last,
}

impl Clause {
    fn shown(self) -> &'static str {
        match self {
            Clause::From => "FROM",
            Clause::Using => "USING SCOPE",
            Clause::Where => "WHERE",
            Clause::With => "WITH",
            Clause::Group => "GROUP BY",
            Clause::Having => "HAVING",
            Clause::Order => "ORDER BY",
            Clause::Limit => "LIMIT",
            Clause::Offset => "OFFSET",
            Clause::Last => "ALL ROWS",
        }
    }
}

impl Parser<'_> {
    pub(super) fn whole_query(&mut self) -> Query {
        self.query(false)
    }

    /// A query. `inner`: a closing parenthesis ends it, and is left.
    pub(super) fn query(&mut self, inner: bool) -> Query {
        let start = self.token.start;
        let mut query = Query::default();
        let mut told = false;
        if self.eat("SELECT") {
            query.select = self.select_list();
        } else if self.is(Kind::Hole) {
            let hole = self.hole(HolePlace::Statement);
            if self.eat("SELECT") {
                query.holes.push(hole);
                query.select = self.select_list();
            } else {
                query.select.push(SelectItem::Hole(hole));
                if self.eat_kind(Kind::Comma) {
                    query.select.extend(self.select_list());
                }
            }
        } else {
            let help = if inner { "" } else { "a query starts with SELECT, a search with FIND" };
            self.expected("`SELECT`", help);
            told = true;
            let from = self.token.start;
            if let Some(unread) = self.skip(from, |_| false) {
                query.select.push(SelectItem::Unread(unread));
            }
        }
        if self.eat("FROM") {
            if self.sources(&mut query.from).is_err() {
                let from = self.token.start;
                query.unread.extend(self.skip(from, |_| false));
            }
        } else if !told && !query.select.iter().any(|item| matches!(item, SelectItem::Hole(_))) {
            self.expected("`FROM`", "name the object that is read");
        }
        self.clauses(&mut query, inner, None);
        query.span = self.since(start);
        query
    }

    fn sources(&mut self, from: &mut Vec<FromItem>) -> Read<()> {
        loop {
            let start = self.token.start;
            if self.at_clause() || self.at("SELECT") {
                return Err(self.expected("an object", "name the object that is read"));
            }
            let object = self.path(HolePlace::ObjectName, "an object", "name the object that is read")?;
            let marked = self.eat("AS");
            if marked && !self.at_alias() && !self.is(Kind::Hole) {
                return Err(self.expected("an alias", ""));
            }
            let alias = if marked || self.at_alias() {
                Some(self.name(HolePlace::Name, "an alias", "")?)
            } else {
                None
            };
            from.push(FromItem { object, alias, span: self.since(start) });
            if !self.eat_kind(Kind::Comma) {
                return Ok(());
            }
        }
    }

    /// The clauses behind `FROM`. `list_view`: `USING ListView = name` may stand among them.
    pub(super) fn clauses(
        &mut self,
        query: &mut Query,
        inner: bool,
        mut list_view: Option<&mut Option<Name>>,
    ) {
        let mut last = Clause::From;
        loop {
            let start = self.token.start;
            let clause = match self.token.kind {
                Kind::End => return,
                Kind::Close if inner => return,
                Kind::Hole => {
                    let hole = self.hole(HolePlace::Clause);
                    query.holes.push(hole);
                    continue;
                }
                Kind::Word => self.clause_here(),
                _ => None,
            };
            if let Some(list_view) = list_view.as_deref_mut()
                && clause == Some(Clause::Using)
                && self.peek_is("ListView")
            {
                if self.list_view(list_view).is_err() {
                    query.unread.extend(self.skip(start, |_| false));
                }
                continue;
            }
            let Some(clause) = clause else {
                // Behind a hole that may have been a condition, the condition goes on.
                if !query.holes.is_empty() && (self.at("AND") || self.at("OR")) {
                    self.continue_where(query);
                    continue;
                }
                self.expected("a clause", "");
                if self.is(Kind::Close) {
                    self.advance();
                }
                query.unread.extend(self.skip(start, |parser| parser.is(Kind::Hole)));
                continue;
            };
            if clause < last {
                let message = format!("`{}` stands behind `{}`", clause.shown(), last.shown());
                self.error(self.token.span(), "malformed-query", message, "put the clauses in their order");
            } else if clause == last
                && !matches!(clause, Clause::From | Clause::Using | Clause::With | Clause::Last)
            {
                let message = format!("`{}` stands twice", clause.shown());
                self.error(self.token.span(), "malformed-query", message, "leave one out");
            }
            last = last.max(clause);
            if self.clause(clause, query).is_err() {
                let stuck = self.token.start;
                query.unread.extend(self.skip(start, |parser| parser.is(Kind::Hole)));
                // A clause that fails at its first word would be found here again.
                if self.token.start == stuck && stuck == start {
                    self.advance();
                }
            }
        }
    }

    fn clause_here(&self) -> Option<Clause> {
        let word = self.word();
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        match word.len() {
            3 if is("FOR") => Some(Clause::Last),
            3 if is("ALL") && self.peek_is("ROWS") => Some(Clause::Last),
            4 if is("WITH") => Some(Clause::With),
            4 if is("FROM") => Some(Clause::From),
            5 if is("WHERE") => Some(Clause::Where),
            5 if is("LIMIT") => Some(Clause::Limit),
            5 if is("ORDER") => Some(Clause::Order),
            5 if is("GROUP") => Some(Clause::Group),
            5 if is("USING") => Some(Clause::Using),
            6 if is("HAVING") => Some(Clause::Having),
            6 if is("OFFSET") => Some(Clause::Offset),
            6 if is("UPDATE") => Some(Clause::Last),
            _ => None,
        }
    }

    fn clause(&mut self, clause: Clause, query: &mut Query) -> Read<()> {
        match clause {
            Clause::From => {
                if !query.from.is_empty() {
                    let told = self.expected("a clause", "`FROM` stands once");
                    self.advance();
                    return Err(told);
                }
                self.advance();
                self.sources(&mut query.from)
            }
            Clause::Using => {
                let token = self.advance();
                let again = if self.at("LOOKUP") { query.lookup.is_some() } else { query.scope.is_some() };
                if again {
                    self.error(token.span(), "malformed-query", "`USING` stands twice", "leave one out");
                }
                if self.at("LOOKUP") {
                    query.lookup = Some(self.lookup()?);
                    return Ok(());
                }
                self.expect("SCOPE", "USING SCOPE mine")?;
                query.scope = Some(self.name(HolePlace::Name, "a scope", "USING SCOPE mine")?);
                Ok(())
            }
            Clause::Where => {
                self.advance();
                let condition = self.condition(false);
                query.where_ = Some(match query.where_.take() {
                    Some(first) => and(first, condition),
                    None => condition,
                });
                Ok(())
            }
            Clause::With => {
                self.advance();
                let with: With = self.with();
                query.with.push(with);
                Ok(())
            }
            Clause::Group => self.group_by(query),
            Clause::Having => {
                self.advance();
                query.having = Some(self.condition(false));
                Ok(())
            }
            Clause::Order => self.order_by(query),
            Clause::Limit => {
                self.advance();
                query.limit = Some(self.amount("LIMIT")?);
                Ok(())
            }
            Clause::Offset => {
                self.advance();
                query.offset = Some(self.amount("OFFSET")?);
                Ok(())
            }
            Clause::Last => self.last_clause(query),
        }
    }

    /// `AND` or `OR` is here, and what was before it is a hole. The last of them names the whole.
    fn continue_where(&mut self, query: &mut Query) {
        let or = self.at("OR");
        self.advance();
        let hole = query.holes.last().map(|hole| Condition::Hole(hole.clone()));
        let more = self.condition(false);
        let mut connected = match query.where_.take() {
            // What connects to a hole is not known: all stand on one level, for a tree would grow with the text.
            Some(Condition::And(node) | Condition::Or(node)) if node.conditions.iter().any(is_hole) => node,
            Some(first) => Connected { span: first.span(), conditions: vec![first] },
            None => Connected { span: more.span(), conditions: Vec::new() },
        };
        for condition in hole.into_iter().chain([more]) {
            connected.span = connected.span.to(condition.span());
            connected.conditions.push(condition);
        }
        query.where_ = Some(if or { Condition::Or(connected) } else { Condition::And(connected) });
    }

    /// `USING ListView = name`; `USING` is here.
    fn list_view(&mut self, list_view: &mut Option<Name>) -> Read<()> {
        const HELP: &str = "USING ListView = name";
        let token = self.advance();
        if list_view.is_some() {
            self.error(token.span(), "malformed-query", "`USING ListView` stands twice", "leave one out");
        }
        self.advance();
        self.expect_kind(Kind::Equal, "`=`", HELP)?;
        *list_view = Some(self.name(HolePlace::Name, "a list view", HELP)?);
        Ok(())
    }

    /// `LOOKUP` is here.
    fn lookup(&mut self) -> Read<Lookup> {
        const HELP: &str = "USING LOOKUP object.field BIND field = value";
        let start = self.advance().start;
        let path = self.path(HolePlace::Name, "an object and its field", HELP)?;
        let mut binds = Vec::new();
        if self.eat("BIND") {
            loop {
                let from = self.token.start;
                let field = self.path(HolePlace::FieldName, "a field", HELP)?;
                self.expect_kind(Kind::Equal, "`=`", HELP)?;
                let value = self.value(false, HolePlace::Value)?;
                binds.push(LookupBind { field, value, span: self.since(from) });
                if !self.eat_kind(Kind::Comma) {
                    break;
                }
            }
        }
        Ok(Lookup { path, binds, span: self.since(start) })
    }

    fn group_by(&mut self, query: &mut Query) -> Read<()> {
        let start = self.advance().start;
        self.expect("BY", "GROUP BY field")?;
        let kind = match self.peek().kind == Kind::Open {
            true if self.at("ROLLUP") => GroupKind::Rollup,
            true if self.at("CUBE") => GroupKind::Cube,
            _ => GroupKind::Plain,
        };
        if kind != GroupKind::Plain {
            self.advance();
            self.advance();
        }
        let mut expressions = Vec::new();
        let read = loop {
            match self.expression(HolePlace::FieldList, "a field to group by", "") {
                Ok(expression) => expressions.push(expression),
                Err(told) => break Err(told),
            }
            if !self.eat_kind(Kind::Comma) {
                break Ok(());
            }
        };
        if kind != GroupKind::Plain && read.is_ok() {
            self.close_paren();
        }
        if expressions.is_empty() {
            return read;
        }
        query.group_by = Some(GroupBy { kind, expressions, span: self.since(start) });
        read
    }

    fn order_by(&mut self, query: &mut Query) -> Read<()> {
        self.advance();
        self.expect("BY", "ORDER BY field")?;
        loop {
            let start = self.token.start;
            let expression = self.expression(HolePlace::FieldList, "a field to order by", "")?;
            let direction = if self.eat("ASC") {
                Some(Direction::Ascending)
            } else if self.eat("DESC") {
                Some(Direction::Descending)
            } else {
                None
            };
            while self.is(Kind::Hole) {
                let hole = self.hole(HolePlace::Direction);
                query.holes.push(hole);
            }
            let mut nulls = None;
            if self.eat("NULLS") {
                if self.eat("FIRST") {
                    nulls = Some(Nulls::First);
                } else if self.eat("LAST") {
                    nulls = Some(Nulls::Last);
                } else if self.is(Kind::Hole) {
                    let hole = self.hole(HolePlace::Direction);
                    query.holes.push(hole);
                } else {
                    return Err(self.expected("`FIRST` or `LAST`", ""));
                }
            }
            query.order_by.push(Order { expression, direction, nulls, span: self.since(start) });
            if !self.eat_kind(Kind::Comma) {
                return Ok(());
            }
        }
    }

    /// The number of `LIMIT` or `OFFSET`.
    pub(super) fn amount(&mut self, clause: &str) -> Read<Value> {
        let whole = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match self.token.kind {
            Kind::Number if whole(self.word()) => self.value(false, HolePlace::Limit),
            Kind::Colon | Kind::Hole => self.value(false, HolePlace::Limit),
            _ => Err(self.expected(&format!("a whole number after `{clause}`"), "")),
        }
    }

    fn last_clause(&mut self, query: &mut Query) -> Read<()> {
        if self.at("ALL") {
            self.advance();
            self.advance();
            if query.all_rows {
                let at = self.since(self.past);
                self.error(at, "malformed-query", "`ALL ROWS` stands twice", "leave one out");
            }
            query.all_rows = true;
            return Ok(());
        }
        if self.at("UPDATE") {
            self.advance();
            return self.updates_list(&mut query.update);
        }
        self.advance();
        loop {
            let what = if self.eat("VIEW") {
                For::View
            } else if self.eat("REFERENCE") {
                For::Reference
            } else if self.eat("UPDATE") {
                For::Update
            } else {
                return Err(self.expected("`VIEW`, `REFERENCE` or `UPDATE`", ""));
            };
            query.for_.push(what);
            if !self.eat_kind(Kind::Comma) {
                return Ok(());
            }
        }
    }

    pub(super) fn updates_list(&mut self, update: &mut Vec<Update>) -> Read<()> {
        loop {
            let what = if self.eat("TRACKING") {
                Update::Tracking
            } else if self.eat("VIEWSTAT") {
                Update::Viewstat
            } else {
                return Err(self.expected("`TRACKING` or `VIEWSTAT`", ""));
            };
            update.push(what);
            if !self.eat_kind(Kind::Comma) {
                return Ok(());
            }
        }
    }

    /// Unread text is a condition too: the query is filtered by something.
    pub(super) fn unread_condition(&mut self, start: usize) -> Option<Condition> {
        let stop = |parser: &Self| parser.at("AND") || parser.at("OR");
        self.skip(start, stop).map(Condition::Unread)
    }
}

fn is_hole(condition: &Condition) -> bool {
    matches!(condition, Condition::Hole(_))
}

/// Both conditions, without a level more for each.
fn and(first: Condition, second: Condition) -> Condition {
    let span = first.span().to(second.span());
    let mut conditions = match first {
        Condition::And(node) => node.conditions,
        first => vec![first],
    };
    conditions.push(second);
    Condition::And(Connected { conditions, span })
}
