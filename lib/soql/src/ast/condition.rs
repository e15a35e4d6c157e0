use source::Span;

use super::{Expression, Hole, Unread, Value};

/// What a row has to meet. `AND` and `OR` hold two or more; parentheses show as nesting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    And(Connected),
    Or(Connected),
    Not(Negation),
    Comparison(Box<Comparison>),
    /// A template's hole where a condition stands. Beside others in an `AND` it may bring an `OR` of its own.
    Hole(Hole),
    Unread(Unread),
}

impl Condition {
    pub fn and(conditions: Vec<Condition>) -> Self {
        Condition::And(Connected { conditions, span: Span::default() })
    }

    pub fn or(conditions: Vec<Condition>) -> Self {
        Condition::Or(Connected { conditions, span: Span::default() })
    }

    /// Whether all of it was read, and no hole is in it but as the value of a comparison.
    pub fn is_known(&self) -> bool {
        match self {
            Condition::And(node) | Condition::Or(node) => node.conditions.iter().all(Condition::is_known),
            Condition::Not(node) => node.condition.is_known(),
            Condition::Comparison(node) => {
                let value = match &node.value {
                    Value::Unread(_) => false,
                    Value::List(list) => !list.values.iter().any(|value| matches!(value, Value::Unread(_))),
                    Value::Query(inner) => {
                        let query = &inner.query;
                        let filter = query.where_.as_ref().is_none_or(Condition::is_known);
                        query.knows_select() && query.knows_from() && query.knows_clauses() && filter
                    }
                    Value::Literal(_) | Value::Bind(_) | Value::Hole(_) => true,
                };
                value && node.left.is_known() && !matches!(node.operator, Operator::Hole(_))
            }
            Condition::Hole(_) | Condition::Unread(_) => false,
        }
    }

    pub fn span(&self) -> Span {
        match self {
            Condition::And(node) | Condition::Or(node) => node.span,
            Condition::Not(node) => node.span,
            Condition::Comparison(node) => node.span,
            Condition::Hole(node) => node.span,
            Condition::Unread(node) => node.span,
        }
    }
}

node! {
    pub struct Connected {
        pub conditions: Vec<Condition>,
    }
}

/// `NOT condition`.
#[derive(Clone, Debug)]
pub struct Negation {
    pub condition: Box<Condition>,
    pub span: Span,
}

impl PartialEq for Negation {
    fn eq(&self, other: &Self) -> bool {
        self.condition == other.condition
    }
}

impl Eq for Negation {}

/// `field operator value`.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub left: Expression,
    pub operator: Operator,
    pub operator_span: Span,
    pub value: Value,
    pub span: Span,
}

impl PartialEq for Comparison {
    fn eq(&self, other: &Self) -> bool {
        self.left == other.left && self.operator == other.operator && self.value == other.value
    }
}

impl Eq for Comparison {}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    #[default]
    Equal,
    /// `!=` and `<>`, printed as `!=`.
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    In,
    NotIn,
    Includes,
    Excludes,
    /// A template's hole, by its number.
    Hole(usize),
}

impl Operator {
    /// Whether what follows is a list, a query or a bind.
    pub fn takes_list(self) -> bool {
        matches!(self, Operator::In | Operator::NotIn | Operator::Includes | Operator::Excludes)
    }
}
