use super::{condition, query};
use crate::{Condition, Value};

fn bind(text: &str) -> String {
    let whole = format!("SELECT Id FROM Contact WHERE A IN :{text} AND B = 1 LIMIT 1");
    let query = query(&whole);
    let Some(Condition::And(all)) = query.where_ else { panic!("{text}") };
    assert_eq!(all.conditions.len(), 2, "{text}");
    let Condition::Comparison(comparison) = &all.conditions[0] else { panic!("{text}") };
    let Value::Bind(bind) = &comparison.value else { panic!("{text}") };
    assert_eq!(whole.get(bind.span.start as usize..bind.span.end as usize), Some(&*bind.text));
    bind.text.to_string()
}

#[test]
fn an_expression_of_apex_of_any_kind() {
    for text in [
        "x",
        "a.b[0].c('x')",
        "a?.b ?? c",
        "new Set<Id>{ a, b }",
        "new List<Map<Id, Contact>>(x).y[1]",
        "new Id[]{ a, b }",
        "new String[3]",
        "new Outer.Inner(1, 'AND )').field",
        "(Id) record.get('Id')",
        "(List<Id>) x",
        "(String) 'x'",
        "(a).b",
        "(a + b) * -c",
        "flag ? a : b",
        "a == b && !c || d <= e",
        "x instanceof Y",
        "[SELECT Id FROM Account WHERE Name = :y]",
        "Date.today().addDays(-30)",
        "'it''s'.x",
        "System.Label.Name__c",
        "a.b(new Map<String, Id>{ 'a' => b, 'c' => [SELECT Id FROM X].Id })",
        "i++",
        "map.get('k') // why\n .y",
        "Trigger.new",
        "1.5",
        "Contact.SObjectType.getDescribe().getName()",
    ] {
        let text = text.replace("'it''s'", r"'it\'s'");
        assert_eq!(bind(&text), text);
    }
}

#[test]
fn a_bind_ends_where_its_expression_does() {
    let Condition::And(all) =
        condition("(A = :x) AND B IN (:a, :b.c('d,)'), 'e') AND C = : spaced AND D = :(y)")
    else {
        panic!()
    };
    assert_eq!(all.conditions.len(), 4);
    let query = query("SELECT Id FROM A WHERE B = :(x) ORDER BY C LIMIT :limitOf(1) OFFSET :y FOR UPDATE");
    assert!(query.limit.is_some() && query.offset.is_some() && query.for_.len() == 1);
}
