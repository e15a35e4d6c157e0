use super::same;
use crate::{
    Mode, Operator, Search, SearchGroup, SearchText, SearchWith, Statement, Update, Value, parse_search,
};

fn search(text: &str) -> Search {
    match same(text) {
        Statement::Search(search) => search,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_searched_for() {
    assert!(matches!(search("FIND {Ada AND \\{x\\} OR \"Joe's\"}").find, SearchText::Braced(_)));
    assert!(matches!(search("FIND 'map*' IN ALL FIELDS").find, SearchText::Quoted(_)));
    let bound = search("FIND :term + '*' IN NAME FIELDS RETURNING Contact(Id)");
    assert!(matches!(bound.find, SearchText::Bind(bind) if &*bind.text == "term + '*'"));
    assert_eq!(bound.within, Some(SearchGroup::Name));
}

#[test]
fn groups() {
    for group in ["ALL", "NAME", "EMAIL", "PHONE", "SIDEBAR"] {
        search(&format!("FIND {{x}} IN {group} FIELDS RETURNING Contact"));
    }
}

#[test]
fn returning_holds_queries() {
    let search = search(
        "FIND {x} IN ALL FIELDS RETURNING Account(Id, toLabel(Type) WHERE Name LIKE 'a%' ORDER BY Name DESC LIMIT 5 OFFSET 2), \
         Contact, Lead(Id USING ListView = MyLeads LIMIT 3) LIMIT 20",
    );
    assert_eq!(search.returning.len(), 3);
    assert!(search.returning[0].query.where_.is_some() && search.returning[0].query.offset.is_some());
    assert!(search.returning[1].query.select.is_empty());
    assert_eq!(search.returning[2].list_view.as_ref().map(|name| &*name.text), Some("MyLeads"));
    assert!(search.limit.is_some());
}

#[test]
fn every_with() {
    for (word, mode) in [
        ("USER_MODE", Mode::User),
        ("SYSTEM_MODE", Mode::System),
        ("SECURITY_ENFORCED", Mode::SecurityEnforced),
    ] {
        let search = search(&format!("FIND 'x' IN ALL FIELDS RETURNING Contact(Id) WITH {word} LIMIT 1"));
        assert!(matches!(&search.with[..], [SearchWith::Mode(with)] if with.mode == mode));
    }
    for with in [
        "DATA CATEGORY Geography__c AT usa__c",
        "DIVISION = 'Global'",
        "HIGHLIGHT",
        "METADATA = 'LABELS'",
        "NETWORK = '0DB000000000001'",
        "NETWORK IN ('0DB000000000001', '0DB000000000002')",
        "PricebookId = '01s000000000001'",
        "SNIPPET",
        "SNIPPET (target_length = 120)",
        "SPELL_CORRECTION = false",
    ] {
        search(&format!("FIND {{x}} RETURNING Contact(Id) WITH {with} LIMIT 1"));
    }
    search("FIND {x} RETURNING Account WITH HIGHLIGHT USING PHRASE SEARCH LIMIT 1");
    assert_eq!(parse_search("FIND {x} USING ADVANCED SEARCH RETURNING A").errors, []);
    let several =
        search("FIND {x} RETURNING A__kav(Id) WITH HIGHLIGHT WITH NETWORK IN ('a') UPDATE TRACKING");
    assert!(
        matches!(&several.with[1], SearchWith::Setting(s) if s.operator == Operator::In && matches!(s.value, Value::List(_)))
    );
    assert_eq!(several.update, [Update::Tracking]);
}

#[test]
fn what_is_wrong_is_told() {
    for (text, message) in [
        ("FIND", "what is searched for is expected, found the end of the statement"),
        ("FIND {x", "the text that is searched for has no end"),
        (
            "FIND {x} IN SOME FIELDS RETURNING Contact(Id)",
            "`ALL`, `NAME`, `EMAIL`, `PHONE` or `SIDEBAR` is expected, found a word",
        ),
        ("FIND {x} RETURNING", "an object is expected, found the end of the statement"),
        ("FIND {x} WITH MODE", "what is with it is expected, found a word"),
        ("FIND {x} LIMIT 1 RETURNING Contact", "`RETURNING` stands behind `LIMIT`"),
        ("FIND {x} RETURNING Contact(Id", "`)` is expected, found the end of the statement"),
    ] {
        let parsed = parse_search(text);
        assert_eq!(
            parsed.errors.iter().map(|error| &*error.message).collect::<Vec<_>>(),
            [message],
            "{text}"
        );
    }
    let parsed = parse_search("FIND {x} IN SOME FIELDS RETURNING Contact(Id) LIMIT 1");
    assert_eq!(parsed.value.returning.len(), 1);
    assert!(parsed.value.limit.is_some() && !parsed.value.unread.is_empty());
}
