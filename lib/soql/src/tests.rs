mod binds;
mod clauses;
mod errors;
mod fields;
mod printing;
mod resolver;
mod robust;
mod searches;
mod templates;

use crate::{Condition, Expression, Query, Statement, Value, parse, parse_query};

/// A query without errors.
fn query(text: &str) -> Query {
    let parsed = parse_query(text);
    assert_eq!(parsed.errors, [], "{text}");
    parsed.value
}

/// That the statement is understood and prints as it is written.
fn same(text: &str) -> Statement {
    let parsed = parse(text);
    assert_eq!(parsed.errors, [], "{text}");
    assert_eq!(parsed.value.to_string(), text);
    parsed.value
}

/// The `WHERE` of a query that has nothing else of interest.
fn condition(text: &str) -> Condition {
    query(&format!("SELECT Id FROM Contact WHERE {text}")).where_.unwrap()
}

/// The value of a comparison.
fn value(text: &str) -> Value {
    match condition(&format!("A__c = {text}")) {
        Condition::Comparison(comparison) => comparison.value,
        other => panic!("{other:?}"),
    }
}

fn path(expression: &Expression) -> String {
    match expression {
        Expression::Field(path) => path.to_string(),
        other => panic!("{other:?}"),
    }
}
