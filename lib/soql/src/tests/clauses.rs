use super::{condition, path, query, same, value};
use crate::{
    CategorySelector, Condition, Direction, Expression, FieldGroup, For, GroupKind, LiteralKind, Mode, Nulls,
    Operator, SelectItem, Update, Value, With,
};

#[test]
fn paths_and_names_keep_what_is_written() {
    let query = query("select ID, account.Owner.Name from Contact");
    let [SelectItem::Field(id), SelectItem::Field(owner)] = query.select.as_slice() else { panic!() };
    assert_eq!((id.path.to_string().as_str(), id.path.is("Id")), ("ID", true));
    assert_eq!(owner.path.to_string(), "account.Owner.Name");
    assert!(owner.path.is("Account.OWNER.name"));
    assert!(!owner.path.is("Account.Owner"));
    assert!(!owner.path.is("Account.Owner.Name.X"));
    assert_eq!((owner.span.start, owner.span.end), (11, 29));
    assert!(query.from[0].object.is("contact"));
}

#[test]
fn names_that_are_keywords_elsewhere() {
    for text in [
        "SELECT Id, Group.Name FROM GroupMember",
        "SELECT Id FROM Group WHERE Type = 'Queue' GROUP BY Id",
        "SELECT Id FROM Order ORDER BY Order.Name",
        "SELECT Id, Order.Id FROM OrderItem LIMIT 1",
        "SELECT Count__c, Format, Language, All, Type, End FROM Case",
        "SELECT Id, For__c, Update FROM X__c",
        "SELECT toLabel, Fields, TypeOf FROM X__c",
        "SELECT Id FROM Event WHERE First = 1 AND Last = 2 AND Scope = 3 AND Date = TODAY",
    ] {
        same(text);
    }
}

#[test]
fn functions_with_aliases() {
    let query = query(
        "SELECT COUNT(), COUNT(Id) c, toLabel(Status), FORMAT(convertCurrency(Amount)) money, GROUPING(Type), \
         DISTANCE(Place__c, GEOLOCATION(37.5,-122), 'mi') FROM Account",
    );
    let calls: Vec<_> = query
        .select
        .iter()
        .map(|item| match item {
            SelectItem::Call(call, alias) => (call, alias.as_ref().map(|alias| &*alias.text)),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(calls[0].0.arguments.is_empty() && calls[0].0.is_aggregate());
    assert_eq!(calls[1].1, Some("c"));
    assert!(!calls[2].0.is_aggregate());
    assert_eq!(
        (calls[3].0.to_string().as_str(), calls[3].1),
        ("FORMAT(convertCurrency(Amount))", Some("money"))
    );
    assert_eq!(calls[5].0.to_string(), "DISTANCE(Place__c, GEOLOCATION(37.5, -122), 'mi')");
    let Expression::Call(geolocation) = &calls[5].0.arguments[1] else { panic!() };
    assert!(matches!(&geolocation.arguments[1], Expression::Literal(number) if &*number.text == "-122"));
}

#[test]
fn groups_of_fields() {
    for (word, group) in
        [("ALL", FieldGroup::All), ("standard", FieldGroup::Standard), ("Custom", FieldGroup::Custom)]
    {
        let query = query(&format!("SELECT FIELDS ( {word} ) FROM Account LIMIT 200"));
        assert!(matches!(&query.select[0], SelectItem::Fields(fields) if fields.group == group));
    }
}

#[test]
fn subqueries_are_queries() {
    let query = query(
        "SELECT Id, (SELECT Id, (SELECT Id FROM Cases) FROM Contacts c WHERE Email != null ORDER BY Name LIMIT 5) \
         FROM Account a",
    );
    let SelectItem::Query(inner) = &query.select[1] else { panic!() };
    assert!(inner.query.from[0].object.is("Contacts"));
    assert_eq!(inner.query.from[0].alias.as_ref().map(|alias| &*alias.text), Some("c"));
    assert!(inner.query.limit.is_some() && inner.query.where_.is_some());
    assert!(matches!(&inner.query.select[1], SelectItem::Query(_)));
    assert_eq!((inner.span.start, inner.query.span.start), (11, 12));
    assert_eq!(inner.span.end, inner.query.span.end + 1);
}

#[test]
fn typeof_has_branches() {
    let query = query(
        "SELECT TYPEOF What WHEN Account THEN Phone, Owner.Name WHEN Opportunity THEN Amount ELSE Name, Email END FROM Event",
    );
    let SelectItem::TypeOf(item) = &query.select[0] else { panic!() };
    assert!(item.path.is("What"));
    assert_eq!(item.branches.len(), 2);
    assert_eq!(item.branches[0].fields[1].to_string(), "Owner.Name");
    assert_eq!(item.otherwise.len(), 2);
    same("SELECT Id, TYPEOF Owner WHEN User THEN Name END FROM Case WHERE Id = 'x'");
}

#[test]
fn several_sources_with_aliases() {
    let query =
        query("SELECT a.Name, c.Email FROM Account AS a, a.Contacts c USING SCOPE mine WHERE c.Email = 'x'");
    assert_eq!(query.from.len(), 2);
    assert_eq!(query.from[1].object.to_string(), "a.Contacts");
    assert_eq!(query.scope.as_ref().map(|scope| &*scope.text), Some("mine"));
    same("SELECT Id FROM Account.Contacts");
}

#[test]
fn operators() {
    let cases = [
        ("A = 1", Operator::Equal),
        ("A != 1", Operator::NotEqual),
        ("A <> 1", Operator::NotEqual),
        ("A<1", Operator::Less),
        ("A<=1", Operator::LessOrEqual),
        ("A>1", Operator::Greater),
        ("A>=1", Operator::GreaterOrEqual),
        ("A like '%x'", Operator::Like),
        ("A in ('x')", Operator::In),
        ("A not in ('x')", Operator::NotIn),
        ("A INCLUDES ('a;b', 'c')", Operator::Includes),
        ("A EXCLUDES ('a')", Operator::Excludes),
    ];
    for (text, operator) in cases {
        assert!(matches!(condition(text), Condition::Comparison(c) if c.operator == operator), "{text}");
    }
}

#[test]
fn connected_conditions_keep_their_parentheses() {
    let Condition::And(all) = condition("A = 1 AND (B = 2 OR NOT C = 3) AND (NOT (D = 4 AND E = 5))") else {
        panic!()
    };
    assert_eq!(all.conditions.len(), 3);
    let Condition::Or(or) = &all.conditions[1] else { panic!() };
    assert!(matches!(or.conditions[1], Condition::Not(_)));
    assert_eq!(or.conditions.len(), 2);
    let Condition::Not(not) = &all.conditions[2] else { panic!() };
    assert!(matches!(*not.condition, Condition::And(_)));
    same("SELECT Id FROM Contact WHERE A = 1 AND (B = 2 OR C = 3)");
    same("SELECT Id FROM Contact WHERE (A = 1 AND B = 2) OR (C = 3 AND D = 4)");
    same("SELECT Id FROM Contact WHERE NOT (A = 1 OR B = 2)");
    assert_eq!(condition("((A = 1))"), condition("A = 1"));
}

#[test]
fn semi_joins() {
    let Condition::Comparison(semi) = condition("Id IN (SELECT ContactId FROM Case WHERE Status = 'New') ")
    else {
        panic!()
    };
    let Value::Query(inner) = &semi.value else { panic!() };
    assert!(inner.query.from[0].object.is("Case"));
    same("SELECT Id FROM Account WHERE Id NOT IN (SELECT AccountId FROM Contact) AND Name = 'x'");
}

#[test]
fn functions_in_conditions() {
    let Condition::Comparison(comparison) = condition("CALENDAR_YEAR(convertTimezone(CreatedDate)) = 2024")
    else {
        panic!()
    };
    assert!(matches!(&comparison.left, Expression::Call(call) if call.function.is("calendar_year")));
    same("SELECT Id FROM A WHERE DISTANCE(Place__c, GEOLOCATION(:lat, :lon), 'km') < 20.5");
    same("SELECT Id FROM A WHERE :account.Type INCLUDES ('a;b') AND B = 1");
}

#[test]
fn literals() {
    let cases = [
        ("'x'", LiteralKind::String),
        ("''", LiteralKind::String),
        ("1", LiteralKind::Number),
        ("-1.50", LiteralKind::Number),
        ("+7", LiteralKind::Number),
        (".5", LiteralKind::Number),
        ("1.", LiteralKind::Number),
        ("1.5e10", LiteralKind::Number),
        ("1E-5", LiteralKind::Number),
        ("USD100", LiteralKind::Currency),
        ("eur100.25", LiteralKind::Currency),
        ("USD-500", LiteralKind::Currency),
        ("USD-0.5", LiteralKind::Currency),
        ("2024-02-29", LiteralKind::Date),
        ("2024-02-29T08:00:00Z", LiteralKind::DateTime),
        ("2024-02-29T08:00:00.000Z", LiteralKind::DateTime),
        ("2024-02-29T08:00:00+01:00", LiteralKind::DateTime),
        ("2024-02-29t08:00:00.000-0800", LiteralKind::DateTime),
        ("08:00:00.000Z", LiteralKind::Time),
        ("true", LiteralKind::Boolean),
        ("FALSE", LiteralKind::Boolean),
        ("Null", LiteralKind::Null),
        ("TODAY", LiteralKind::DateRange),
        ("last_90_days", LiteralKind::DateRange),
        ("LAST_WEEK", LiteralKind::DateRange),
        ("THIS_FISCAL_QUARTER", LiteralKind::DateRange),
        ("LAST_N_DAYS:30", LiteralKind::DateRange),
        ("NEXT_N_FISCAL_YEARS:2", LiteralKind::DateRange),
        ("N_DAYS_AGO:4", LiteralKind::DateRange),
        ("n_fiscal_quarters_ago:4", LiteralKind::DateRange),
    ];
    for (text, kind) in cases {
        let Value::Literal(literal) = value(text) else { panic!("{text}") };
        assert_eq!((literal.kind, &*literal.text), (kind, text));
    }
    let Value::Literal(spaced) = value("LAST_N_DAYS : 30") else { panic!() };
    assert_eq!(&*spaced.text, "LAST_N_DAYS:30");
}

#[test]
fn strings_say_what_they_escape() {
    let said = |text: &str| match value(text) {
        Value::Literal(literal) => literal.value().into_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(said(r"'O\'Brien'"), "O'Brien");
    assert_eq!(said(r#"'a\\b\n\t\"'"#), "a\\b\n\t\"");
    assert_eq!(said(r"'50\% \_x'"), r"50\% \_x");
    assert_eq!(said(r"'\u00e9'"), "é");
    assert_eq!(said("'é -- (SELECT // /* x'"), "é -- (SELECT // /* x");
    for text in ["O'Brien \\ \n\r\t\u{8}\u{c} \"é\"", "", "'", "\\'", "{0}"] {
        let literal = crate::Literal::string(text);
        assert_eq!(literal.value(), text);
        assert_eq!(value(&literal.text), Value::Literal(literal));
    }
}

#[test]
fn a_literal_shows_in_no_debug_form() {
    let parsed = crate::parse(
        "SELECT Id FROM Contact WHERE Name = 'Ada Lovelace' AND Born__c = 1815-12-10 AND A = :f('Lovelace') AND Ada 1",
    );
    let shown = format!("{parsed:?}");
    assert!(!parsed.errors.is_empty());
    assert!(!shown.contains("Lovelace") && !shown.contains("1815"), "{shown}");
}

#[test]
fn grouping() {
    let query = query(
        "SELECT LeadSource, COUNT(Name) n FROM Lead GROUP BY ROLLUP(LeadSource, CALENDAR_YEAR(CreatedDate)) \
         HAVING COUNT(Name) > 100 AND LeadSource LIKE 'S%' ORDER BY COUNT(Name) DESC NULLS LAST, LeadSource",
    );
    let group = query.group_by.unwrap();
    assert_eq!((group.kind, group.expressions.len()), (GroupKind::Rollup, 2));
    assert!(query.having.is_some());
    let order = &query.order_by[0];
    assert_eq!((order.direction, order.nulls), (Some(Direction::Descending), Some(Nulls::Last)));
    assert_eq!(path(&query.order_by[1].expression), "LeadSource");
    same("SELECT Type FROM Account GROUP BY CUBE(Type, Name)");
    same("SELECT Type FROM Account GROUP BY Type, Owner.Name");
    same("SELECT Id FROM Account ORDER BY Name ASC NULLS FIRST LIMIT 1");
}

#[test]
fn modes_and_other_withs() {
    for (word, mode) in [
        ("SECURITY_ENFORCED", Mode::SecurityEnforced),
        ("USER_MODE", Mode::User),
        ("SYSTEM_MODE", Mode::System),
    ] {
        let query = query(&format!("SELECT Id FROM Account WHERE Name = 'x' WITH {word} ORDER BY Name"));
        assert!(matches!(&query.with[..], [With::Mode(with)] if with.mode == mode));
    }
    let query = query(
        "SELECT Title FROM Question WITH DATA CATEGORY Geography__c AT (usa__c, uk__c) AND Product__c ABOVE_OR_BELOW m__c",
    );
    let [With::DataCategory(category)] = &query.with[..] else { panic!() };
    assert_eq!(category.filters[0].categories.len(), 2);
    assert_eq!(category.filters[1].selector, CategorySelector::AboveOrBelow);
    same(
        "SELECT Id FROM X WITH RecordVisibilityContext (maxDescriptorPerRecord = 100, supportsDomains = true)",
    );
    same("SELECT Id FROM UserProfileFeed WITH UserId = '005D0000001AamR' ORDER BY CreatedDate DESC LIMIT 20");
}

#[test]
fn the_last_clauses() {
    let query = query(
        "SELECT Id FROM Account LIMIT :n + 1 OFFSET 20 FOR VIEW FOR REFERENCE UPDATE TRACKING, VIEWSTAT",
    );
    assert!(matches!(&query.limit, Some(Value::Bind(bind)) if &*bind.text == "n + 1"));
    assert!(matches!(&query.offset, Some(Value::Literal(number)) if &*number.text == "20"));
    assert_eq!(query.for_, [For::View, For::Reference]);
    assert_eq!(query.update, [Update::Tracking, Update::Viewstat]);
    assert!(super::query("SELECT Id FROM Account ALL ROWS").all_rows);
    assert!(super::query("SELECT Id FROM Account LIMIT 1 ALL ROWS").all_rows);
    assert_eq!(super::query("SELECT Id FROM Account ORDER BY Name FOR UPDATE").for_, [For::Update]);
}

#[test]
fn lookups() {
    let query = query("SELECT Id FROM Contact USING LOOKUP T__c.C__c BIND Id = 'a', A__c = 'b' WHERE B = 1");
    let lookup = query.lookup.unwrap();
    assert_eq!((lookup.path.to_string().as_str(), lookup.binds.len()), ("T__c.C__c", 2));
    same("SELECT Id FROM Contact USING SCOPE mine USING LOOKUP T__c.C__c");
    same("FIND {x} RETURNING Contact(Id USING LOOKUP T__c.C__c BIND A__c = 'b' LIMIT 1)");
}

#[test]
fn comments_are_space_in_apex() {
    let text = "SELECT Id, // one\n /* two */ Name FROM/**/Contact";
    assert_eq!(query(text).to_string(), "SELECT Id, Name FROM Contact");
}

#[test]
fn a_query_can_be_restricted() {
    let restricted = |text: &str| {
        let mut query = query(text);
        query.restrict(condition("Clinic__c = 'a'"));
        same(&query.to_string());
        query.where_.unwrap().to_string()
    };
    assert_eq!(restricted("SELECT Id FROM Contact"), "Clinic__c = 'a'");
    assert_eq!(
        restricted("SELECT Id FROM Contact WHERE A = 1 OR B = 2"),
        "(A = 1 OR B = 2) AND Clinic__c = 'a'"
    );
    assert_eq!(
        restricted("SELECT Id FROM Contact WHERE A = 1 AND B = 2"),
        "A = 1 AND B = 2 AND Clinic__c = 'a'"
    );
    assert_eq!(restricted("SELECT Id FROM Contact WHERE NOT A = 1"), "(NOT A = 1) AND Clinic__c = 'a'");
}
