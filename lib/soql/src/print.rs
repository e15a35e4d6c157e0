//! The text again: keywords in capitals, one space, parentheses where the tree nests.

use std::fmt::{Display, Formatter, Result};

use crate::ast::{
    Bind, Call, CategorySelector, Comparison, Condition, DataCategory, Direction, Expression, FieldGroup,
    For, FromItem, GroupBy, GroupKind, Hole, Literal, Lookup, LookupBind, Mode, Name, Nulls, Operator, Order,
    Parameters, Path, Query, Returning, Search, SearchGroup, SearchKind, SearchText, SearchWith, SelectItem,
    Setting, Statement, Subquery, TypeOf, Unread, Update, Value, ValueList, With, WithMode, WithSetting,
};

/// The items with `between` between them.
fn list<T: Display>(f: &mut Formatter<'_>, items: impl IntoIterator<Item = T>, between: &str) -> Result {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

fn alias(f: &mut Formatter<'_>, alias: Option<&Name>) -> Result {
    match alias {
        Some(alias) => write!(f, " {alias}"),
        None => Ok(()),
    }
}

macro_rules! print_as_written {
    ($($node:ty),*) => {
        $(impl Display for $node {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                f.write_str(&self.text)
            }
        })*
    };
}

print_as_written!(Name, Literal, Unread);

macro_rules! print_word {
    ($($kind:ident { $($variant:ident => $word:literal,)* })*) => {
        $(impl Display for $kind {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                f.write_str(match self { $($kind::$variant => $word,)* })
            }
        })*
    };
}

print_word! {
    FieldGroup { All => "ALL", Standard => "STANDARD", Custom => "CUSTOM", }
    Mode { SecurityEnforced => "SECURITY_ENFORCED", User => "USER_MODE", System => "SYSTEM_MODE", }
    CategorySelector { At => "AT", Above => "ABOVE", Below => "BELOW", AboveOrBelow => "ABOVE_OR_BELOW", }
    Direction { Ascending => "ASC", Descending => "DESC", }
    Nulls { First => "NULLS FIRST", Last => "NULLS LAST", }
    For { View => "FOR VIEW", Reference => "FOR REFERENCE", Update => "FOR UPDATE", }
    SearchKind { Phrase => "PHRASE", Advanced => "ADVANCED", }
    Update { Tracking => "TRACKING", Viewstat => "VIEWSTAT", }
}

impl Display for Hole {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{{{}}}", self.index)
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        list(f, &self.names, ".")
    }
}

impl Display for Bind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, ":{}", self.text)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Value::Literal(node) => node.fmt(f),
            Value::Bind(node) => node.fmt(f),
            Value::List(node) => node.fmt(f),
            Value::Query(node) => node.fmt(f),
            Value::Hole(node) => node.fmt(f),
            Value::Unread(node) => node.fmt(f),
        }
    }
}

impl Display for ValueList {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("(")?;
        list(f, &self.values, ", ")?;
        f.write_str(")")
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Expression::Field(node) => node.fmt(f),
            Expression::Call(node) => node.fmt(f),
            Expression::Literal(node) => node.fmt(f),
            Expression::Bind(node) => node.fmt(f),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}(", self.function)?;
        list(f, &self.arguments, ", ")?;
        f.write_str(")")
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Like => "LIKE",
            Operator::In => "IN",
            Operator::NotIn => "NOT IN",
            Operator::Includes => "INCLUDES",
            Operator::Excludes => "EXCLUDES",
            Operator::Hole(index) => return write!(f, "{{{index}}}"),
        })
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {} {}", self.left, self.operator, self.value)
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Condition::And(node) => list(f, node.conditions.iter().map(Side), " AND "),
            Condition::Or(node) => list(f, node.conditions.iter().map(Side), " OR "),
            Condition::Not(node) => write!(f, "NOT {}", Side(&node.condition)),
            Condition::Comparison(node) => node.fmt(f),
            Condition::Hole(node) => node.fmt(f),
            Condition::Unread(node) => node.fmt(f),
        }
    }
}

/// A condition within another, in parentheses unless it is simple.
struct Side<'a>(&'a Condition);

impl Display for Side<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            Condition::And(_) | Condition::Or(_) | Condition::Not(_) => write!(f, "({})", self.0),
            Condition::Comparison(_) | Condition::Hole(_) | Condition::Unread(_) => self.0.fmt(f),
        }
    }
}

impl Display for SelectItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            SelectItem::Field(node) => {
                node.path.fmt(f)?;
                alias(f, node.alias.as_ref())
            }
            SelectItem::Call(call, name) => {
                call.fmt(f)?;
                alias(f, name.as_ref())
            }
            SelectItem::Fields(node) => write!(f, "FIELDS({})", node.group),
            SelectItem::Query(node) => node.fmt(f),
            SelectItem::TypeOf(node) => node.fmt(f),
            SelectItem::Hole(node) => node.fmt(f),
            SelectItem::Unread(node) => node.fmt(f),
        }
    }
}

impl Display for Subquery {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "({})", self.query)
    }
}

impl Display for TypeOf {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "TYPEOF {}", self.path)?;
        for branch in &self.branches {
            write!(f, " WHEN {} THEN ", branch.object)?;
            list(f, &branch.fields, ", ")?;
        }
        if !self.otherwise.is_empty() {
            f.write_str(" ELSE ")?;
            list(f, &self.otherwise, ", ")?;
        }
        f.write_str(" END")
    }
}

impl Display for FromItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.object.fmt(f)?;
        alias(f, self.alias.as_ref())
    }
}

impl Display for Lookup {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "USING LOOKUP {}", self.path)?;
        if !self.binds.is_empty() {
            f.write_str(" BIND ")?;
            list(f, &self.binds, ", ")?;
        }
        Ok(())
    }
}

impl Display for LookupBind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} = {}", self.field, self.value)
    }
}

impl Display for With {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            With::Mode(node) => node.fmt(f),
            With::DataCategory(node) => node.fmt(f),
            With::RecordVisibility(node) => write!(f, "RecordVisibilityContext {node}"),
            With::Filter(node) => node.fmt(f),
            With::Hole(node) => node.fmt(f),
            With::Unread(node) => node.fmt(f),
        }
    }
}

impl Display for WithMode {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.mode.fmt(f)
    }
}

impl Display for DataCategory {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("DATA CATEGORY ")?;
        for (index, filter) in self.filters.iter().enumerate() {
            if index > 0 {
                f.write_str(" AND ")?;
            }
            write!(f, "{} {} ", filter.group, filter.selector)?;
            match filter.categories.as_slice() {
                [one] => one.fmt(f)?,
                several => {
                    f.write_str("(")?;
                    list(f, several, ", ")?;
                    f.write_str(")")?;
                }
            }
        }
        Ok(())
    }
}

impl Display for Parameters {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("(")?;
        list(f, &self.settings, ", ")?;
        f.write_str(")")
    }
}

impl Display for Setting {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.name.fmt(f)?;
        match &self.value {
            Some(value) => write!(f, " = {value}"),
            None => Ok(()),
        }
    }
}

impl Display for GroupBy {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (open, close) = match self.kind {
            GroupKind::Plain => ("", ""),
            GroupKind::Rollup => ("ROLLUP(", ")"),
            GroupKind::Cube => ("CUBE(", ")"),
        };
        f.write_str(open)?;
        list(f, &self.expressions, ", ")?;
        f.write_str(close)
    }
}

impl Display for Order {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.expression.fmt(f)?;
        if let Some(direction) = self.direction {
            write!(f, " {direction}")?;
        }
        if let Some(nulls) = self.nulls {
            write!(f, " {nulls}")?;
        }
        Ok(())
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("SELECT ")?;
        list(f, &self.select, ", ")?;
        f.write_str(" FROM ")?;
        list(f, &self.from, ", ")?;
        clauses(f, self, None)
    }
}

/// What stands behind `FROM`.
fn clauses(f: &mut Formatter<'_>, query: &Query, list_view: Option<&Name>) -> Result {
    if let Some(scope) = &query.scope {
        write!(f, " USING SCOPE {scope}")?;
    }
    if let Some(lookup) = &query.lookup {
        write!(f, " {lookup}")?;
    }
    if let Some(condition) = &query.where_ {
        write!(f, " WHERE {condition}")?;
    }
    if let Some(name) = list_view {
        write!(f, " USING ListView = {name}")?;
    }
    for with in &query.with {
        write!(f, " WITH {with}")?;
    }
    if let Some(group) = &query.group_by {
        write!(f, " GROUP BY {group}")?;
    }
    if let Some(condition) = &query.having {
        write!(f, " HAVING {condition}")?;
    }
    if !query.order_by.is_empty() {
        f.write_str(" ORDER BY ")?;
        list(f, &query.order_by, ", ")?;
    }
    if let Some(limit) = &query.limit {
        write!(f, " LIMIT {limit}")?;
    }
    if let Some(offset) = &query.offset {
        write!(f, " OFFSET {offset}")?;
    }
    if query.all_rows {
        f.write_str(" ALL ROWS")?;
    }
    for for_ in &query.for_ {
        write!(f, " {for_}")?;
    }
    updates(f, &query.update)?;
    rest(f, &query.holes, &query.unread)
}

fn updates(f: &mut Formatter<'_>, update: &[Update]) -> Result {
    if !update.is_empty() {
        f.write_str(" UPDATE ")?;
        list(f, update, ", ")?;
    }
    Ok(())
}

/// What has no clause of its own: nobody may take the print for the whole without it.
fn rest(f: &mut Formatter<'_>, holes: &[Hole], unread: &[Unread]) -> Result {
    for hole in holes {
        write!(f, " {hole}")?;
    }
    for unread in unread {
        write!(f, " {unread}")?;
    }
    Ok(())
}

impl Display for Search {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "FIND {}", self.find)?;
        if let Some(group) = &self.within {
            write!(f, " IN {group} FIELDS")?;
        }
        if !self.returning.is_empty() {
            f.write_str(" RETURNING ")?;
            list(f, &self.returning, ", ")?;
        }
        for with in &self.with {
            write!(f, " WITH {with}")?;
        }
        if let Some(kind) = self.kind {
            write!(f, " USING {kind} SEARCH")?;
        }
        if let Some(limit) = &self.limit {
            write!(f, " LIMIT {limit}")?;
        }
        updates(f, &self.update)?;
        rest(f, &self.holes, &self.unread)
    }
}

impl Display for SearchText {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            SearchText::Missing => Ok(()),
            SearchText::Braced(node) | SearchText::Quoted(node) => node.fmt(f),
            SearchText::Bind(node) => node.fmt(f),
            SearchText::Hole(node) => node.fmt(f),
        }
    }
}

impl Display for SearchGroup {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            SearchGroup::All => "ALL",
            SearchGroup::Name => "NAME",
            SearchGroup::Email => "EMAIL",
            SearchGroup::Phone => "PHONE",
            SearchGroup::Sidebar => "SIDEBAR",
            SearchGroup::Hole(hole) => return hole.fmt(f),
        })
    }
}

impl Display for Returning {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        list(f, &self.query.from, ", ")?;
        let bare = self.query.select.is_empty() && self.list_view.is_none() && self.query.knows_clauses();
        if bare {
            return Ok(());
        }
        f.write_str("(")?;
        list(f, &self.query.select, ", ")?;
        clauses(f, &self.query, self.list_view.as_ref())?;
        f.write_str(")")
    }
}

impl Display for SearchWith {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            SearchWith::Mode(node) => node.fmt(f),
            SearchWith::DataCategory(node) => node.fmt(f),
            SearchWith::Highlight => f.write_str("HIGHLIGHT"),
            SearchWith::Snippet(None) => f.write_str("SNIPPET"),
            SearchWith::Snippet(Some(parameters)) => write!(f, "SNIPPET {parameters}"),
            SearchWith::Setting(node) => node.fmt(f),
            SearchWith::Hole(node) => node.fmt(f),
            SearchWith::Unread(node) => node.fmt(f),
        }
    }
}

impl Display for WithSetting {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {} {}", self.name, self.operator, self.value)
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Statement::Query(query) => query.fmt(f),
            Statement::Search(search) => search.fmt(f),
        }
    }
}
