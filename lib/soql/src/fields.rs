use std::sync::Arc;

use source::Span;

use crate::ast::{
    Call, Condition, Expression, Fields, Name, Operator, Path, Query, Search, SelectItem, Value, With,
};

/// The clause in which a field is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsePlace {
    Select,
    Where,
    With,
    GroupBy,
    Having,
    OrderBy,
}

/// How a query hangs on the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// It does not: its object is an object's name.
    Root,
    /// In the select list: its object is a relationship of the outer one.
    Child,
    /// Behind `IN`: its object is an object's name, and what it selects filters the outer one.
    SemiJoin,
}

#[derive(Clone, Copy, Debug)]
pub struct Level<'q> {
    pub query: &'q Query,
    pub relation: Relation,
}

/// What is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used<'q> {
    Path(&'q Path),
    /// `FIELDS(ALL)`.
    Group(&'q Fields),
}

/// In which branch of a `TYPEOF` a field is selected.
#[derive(Clone, Copy, Debug)]
pub struct Branch<'q> {
    pub relationship: &'q Path,
    /// The object behind `WHEN`; `None` behind `ELSE`.
    pub object: Option<&'q Name>,
    /// All objects behind a `WHEN`.
    pub others: &'q [crate::ast::TypeOfBranch],
}

/// One use of a field.
#[derive(Clone, Debug)]
pub struct FieldUse<'q> {
    pub used: Used<'q>,
    /// The clause of the innermost query.
    pub place: UsePlace,
    /// The queries around the use, the whole one first. The path starts at the object of the last.
    pub levels: Arc<[Level<'q>]>,
    /// The innermost function that takes it.
    pub function: Option<&'q Call>,
    /// What it is compared with.
    pub operator: Option<Operator>,
    pub branch: Option<Branch<'q>>,
}

impl<'q> FieldUse<'q> {
    pub fn span(&self) -> Span {
        match self.used {
            Used::Path(path) => path.span,
            Used::Group(fields) => fields.span,
        }
    }

    /// The query whose object the path starts from.
    pub fn query(&self) -> Option<&'q Query> {
        self.levels.last().map(|level| level.query)
    }

    /// Whether the value comes back with the rows: selected, and by no query that only filters.
    pub fn is_returned(&self) -> bool {
        self.place == UsePlace::Select && self.levels.iter().all(|level| level.relation != Relation::SemiJoin)
    }

    /// Whether the value decides which rows come back.
    pub fn filters(&self) -> bool {
        matches!(self.place, UsePlace::Where | UsePlace::With | UsePlace::Having)
            || self.levels.iter().any(|level| level.relation == Relation::SemiJoin)
    }
}

impl Query {
    /// Every use of a field in the order of the text's clauses, those of inner queries too.
    pub fn fields(&self) -> Vec<FieldUse<'_>> {
        let mut uses = Vec::new();
        walk(self, &mut |event| {
            if let Event::Use(field) = event {
                uses.push(field);
            }
        });
        uses
    }
}

impl Search {
    /// Every use of a field in what is returned.
    pub fn fields(&self) -> Vec<FieldUse<'_>> {
        self.returning.iter().flat_map(|returning| returning.query.fields()).collect()
    }
}

/// What the walk meets. Behind the uses of an inner query may come more of the outer one.
pub(crate) enum Event<'q> {
    Query(Arc<[Level<'q>]>),
    Use(FieldUse<'q>),
}

pub(crate) fn walk<'q>(query: &'q Query, sink: &mut dyn FnMut(Event<'q>)) {
    Walk { levels: Arc::new([]), place: UsePlace::Select, sink }.query(query, Relation::Root);
}

struct Walk<'q, 's> {
    levels: Arc<[Level<'q>]>,
    place: UsePlace,
    sink: &'s mut dyn FnMut(Event<'q>),
}

impl<'q> Walk<'q, '_> {
    fn query(&mut self, query: &'q Query, relation: Relation) {
        let outer = (Arc::clone(&self.levels), self.place);
        self.levels = outer.0.iter().copied().chain([Level { query, relation }]).collect();
        (self.sink)(Event::Query(Arc::clone(&self.levels)));
        self.place = UsePlace::Select;
        for item in &query.select {
            self.select(item);
        }
        self.place = UsePlace::Where;
        self.conditions(query.where_.as_ref());
        self.place = UsePlace::With;
        for with in &query.with {
            if let With::Filter(condition) = with {
                self.conditions(Some(condition));
            }
        }
        self.place = UsePlace::GroupBy;
        for expression in query.group_by.iter().flat_map(|group| &group.expressions) {
            self.expression(expression, None, None);
        }
        self.place = UsePlace::Having;
        self.conditions(query.having.as_ref());
        self.place = UsePlace::OrderBy;
        for order in &query.order_by {
            self.expression(&order.expression, None, None);
        }
        (self.levels, self.place) = outer;
    }

    fn found(
        &mut self,
        used: Used<'q>,
        function: Option<&'q Call>,
        operator: Option<Operator>,
        branch: Option<Branch<'q>>,
    ) {
        let (place, levels) = (self.place, Arc::clone(&self.levels));
        (self.sink)(Event::Use(FieldUse { used, place, levels, function, operator, branch }));
    }

    fn select(&mut self, item: &'q SelectItem) {
        match item {
            SelectItem::Field(item) => self.found(Used::Path(&item.path), None, None, None),
            SelectItem::Call(call, _) => self.call(call, None),
            SelectItem::Fields(fields) => self.found(Used::Group(fields), None, None, None),
            SelectItem::Query(inner) => self.query(&inner.query, Relation::Child),
            SelectItem::TypeOf(item) => {
                let branch = |object| Branch { relationship: &item.path, object, others: &item.branches };
                for one in &item.branches {
                    for path in &one.fields {
                        self.found(Used::Path(path), None, None, Some(branch(Some(&one.object))));
                    }
                }
                for path in &item.otherwise {
                    self.found(Used::Path(path), None, None, Some(branch(None)));
                }
            }
            SelectItem::Hole(_) | SelectItem::Unread(_) => {}
        }
    }

    fn expression(
        &mut self,
        expression: &'q Expression,
        function: Option<&'q Call>,
        operator: Option<Operator>,
    ) {
        match expression {
            Expression::Field(path) => self.found(Used::Path(path), function, operator, None),
            Expression::Call(call) => self.call(call, operator),
            Expression::Literal(_) | Expression::Bind(_) => {}
        }
    }

    fn call(&mut self, call: &'q Call, operator: Option<Operator>) {
        for argument in &call.arguments {
            self.expression(argument, Some(call), operator);
        }
    }

    fn conditions(&mut self, condition: Option<&'q Condition>) {
        match condition {
            Some(Condition::And(node) | Condition::Or(node)) => {
                for condition in &node.conditions {
                    self.conditions(Some(condition));
                }
            }
            Some(Condition::Not(node)) => self.conditions(Some(&node.condition)),
            Some(Condition::Comparison(node)) => {
                self.expression(&node.left, None, Some(node.operator));
                if let Value::Query(inner) = &node.value {
                    self.query(&inner.query, Relation::SemiJoin);
                }
            }
            Some(Condition::Hole(_) | Condition::Unread(_)) | None => {}
        }
    }
}
