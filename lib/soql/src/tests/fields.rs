use super::query;
use crate::{Relation, UsePlace, Used, parse_search};

#[test]
fn every_use_is_found_with_its_place() {
    let query = query(
        "SELECT Id, toLabel(Status), MAX(Owner.Age__c) a, (SELECT Email FROM Contacts WHERE Phone != null), \
         TYPEOF What WHEN Account THEN Industry ELSE Name END, FIELDS(STANDARD) FROM Case \
         WHERE Name = 'x' AND (NOT A__c LIKE 'y') AND CALENDAR_YEAR(Born__c) > 1990 \
         AND AccountId IN (SELECT ParentId FROM Account WHERE Site = 'z') \
         WITH UserId = 'u' GROUP BY ROLLUP(Status) HAVING COUNT(Id) > 1 ORDER BY Status, MAX(Closed__c)",
    );
    let shown: Vec<String> = query
        .fields()
        .iter()
        .map(|field| {
            let name = match field.used {
                Used::Path(path) => path.to_string(),
                Used::Group(fields) => format!("FIELDS({})", fields.group),
            };
            let function = field.function.map(|call| call.function.text.to_string()).unwrap_or_default();
            let branch = field.branch.map(|branch| branch.object.map_or("ELSE", |object| &object.text));
            let depth: String = field
                .levels
                .iter()
                .map(|level| match level.relation {
                    Relation::Root => 'r',
                    Relation::Child => 'c',
                    Relation::SemiJoin => 's',
                })
                .collect();
            let returned = if field.is_returned() { "returned" } else { "" };
            let filters = if field.filters() { "filters" } else { "" };
            format!(
                "{name} {:?} {function} {} {depth} {returned}{filters}",
                field.place,
                branch.unwrap_or_default()
            )
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
        })
        .collect();
    assert_eq!(
        shown,
        [
            "Id Select r returned",
            "Status Select toLabel r returned",
            "Owner.Age__c Select MAX r returned",
            "Email Select rc returned",
            "Phone Where rc filters",
            "Industry Select Account r returned",
            "Name Select ELSE r returned",
            "FIELDS(STANDARD) Select r returned",
            "Name Where r filters",
            "A__c Where r filters",
            "Born__c Where CALENDAR_YEAR r filters",
            "AccountId Where r filters",
            "ParentId Select rs filters",
            "Site Where rs filters",
            "UserId With r filters",
            "Status GroupBy r",
            "Id Having COUNT r filters",
            "Status OrderBy r",
            "Closed__c OrderBy MAX r",
        ]
    );
}

#[test]
fn spans_and_operators_go_with_the_use() {
    let text = "SELECT Id FROM Case WHERE Owner.Name LIKE 'x'";
    let query = query(text);
    let fields = query.fields();
    let last = fields.last().unwrap();
    assert_eq!(text.get(last.span().start as usize..last.span().end as usize), Some("Owner.Name"));
    assert_eq!(last.operator, Some(crate::Operator::Like));
    assert!(last.query().unwrap().from[0].object.is("case"));
}

#[test]
fn a_search_uses_the_fields_that_it_returns() {
    let parsed = parse_search("FIND {x} RETURNING Contact(Id, Name WHERE Email = 'y'), Lead(Phone)");
    assert!(parsed.is_clean());
    let places: Vec<_> = parsed.value.fields().iter().map(|field| field.place).collect();
    assert_eq!(places, [UsePlace::Select, UsePlace::Select, UsePlace::Where, UsePlace::Select]);
}
