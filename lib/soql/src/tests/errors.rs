use crate::{
    Condition, Dialect, Limits, SelectItem, Statement, Template, Value, With, parse, parse_in, parse_query,
    parse_template,
};

/// Message and the text at the span, of each error.
fn told(text: &str) -> Vec<(String, &str)> {
    let errors = parse(text).errors;
    errors
        .iter()
        .map(|error| {
            let at = text.get(error.span.start as usize..error.span.end as usize).unwrap();
            (error.message.to_string(), at)
        })
        .collect()
}

#[test]
fn errors_say_what_is_expected_where() {
    for (text, message, at) in [
        ("", "`SELECT` is expected, found the end of the statement", ""),
        ("UPDATE Contact SET x = 1", "`SELECT` is expected, found `UPDATE`", "UPDATE"),
        ("SELECT FROM Contact", "a field is expected, found `FROM`", "FROM"),
        ("SELECT * FROM Contact", "a field is expected, found `*`", "*"),
        ("SELECT Id, FROM Contact", "a field is expected, found `FROM`", "FROM"),
        ("SELECT Id", "`FROM` is expected, found the end of the statement", ""),
        ("SELECT Id FROM", "an object is expected, found the end of the statement", ""),
        ("SELECT Id FROM WHERE x = 1", "an object is expected, found `WHERE`", "WHERE"),
        ("SELECT Id FROM Contact WHERE", "a condition is expected, found the end of the statement", ""),
        ("SELECT Id FROM Contact WHERE Name", "an operator is expected, found the end of the statement", ""),
        ("SELECT Id FROM Contact WHERE Name =", "a value is expected, found the end of the statement", ""),
        ("SELECT Id FROM Contact WHERE Name = Ada", "a value is expected, found a word", "Ada"),
        (
            "SELECT Id FROM Contact WHERE Name = \"Ada\"",
            "a value is expected, found a character that has no meaning here",
            "\"",
        ),
        ("SELECT Id FROM Contact WHERE Name = 'Ada", "a string has no end", "'Ada"),
        (
            "SELECT Id FROM Contact WHERE Name = 'C:\\x'",
            "a backslash stands before a character that it does not escape",
            "\\x",
        ),
        (
            "SELECT Id FROM Contact WHERE Name = 'C:\\ユ'",
            "a backslash stands before a character that it does not escape",
            "\\ユ",
        ),
        ("SELECT Id FROM Contact WHERE Name IN 'x'", "a list is expected, found a string", "'x'"),
        ("SELECT Id FROM Contact WHERE Name = ('x')", "a value is expected, found `(`", "("),
        ("SELECT Id FROM Contact WHERE Born = 2024-1-1", "neither a number nor a date", "2024-1-1"),
        ("SELECT Id FROM Contact WHERE A = 1 AND B = 2 OR C = 3", "`AND` and `OR` stand on one level", "OR"),
        ("SELECT Id FROM Contact WHERE (A = 1", "`)` is expected, found the end of the statement", ""),
        ("SELECT Id FROM Contact WHERE A = 1)", "a clause is expected, found `)`", ")"),
        ("SELECT Id FROM Contact LIMIT x", "a whole number after `LIMIT` is expected, found a word", "x"),
        ("SELECT Id FROM Contact LIMIT 1 WHERE A = 1", "`WHERE` stands behind `LIMIT`", "WHERE"),
        ("SELECT Id FROM Contact WHERE A = 1 WHERE B = 1", "`WHERE` stands twice", "WHERE"),
        ("SELECT Id FROM A USING SCOPE mine USING SCOPE team", "`USING` stands twice", "USING"),
        ("FIND {x} RETURNING A(Id LIMIT 1 USING ListView = b LIMIT 2)", "`LIMIT` stands twice", "LIMIT"),
        ("FIND {x} USING PHRASE SEARCH USING ADVANCED SEARCH", "`USING` stands twice", "ADVANCED"),
        ("SELECT Id FROM Contact FROM Lead", "a clause is expected, found `FROM`", "FROM"),
        ("SELECT Id FROM Contact GROUP Name", "`BY` is expected, found a word", "Name"),
        (
            "SELECT Id FROM Contact ORDER BY",
            "a field to order by is expected, found the end of the statement",
            "",
        ),
        (
            "SELECT Id FROM Contact ORDER BY Name NULLS",
            "`FIRST` or `LAST` is expected, found the end of the statement",
            "",
        ),
        (
            "SELECT Id FROM Contact WITH NOTHING",
            "an operator is expected, found the end of the statement",
            "",
        ),
        (
            "SELECT Id FROM Contact FOR LATER",
            "`VIEW`, `REFERENCE` or `UPDATE` is expected, found a word",
            "LATER",
        ),
        (
            "SELECT Id FROM Contact; DROP",
            "a clause is expected, found a character that has no meaning here",
            ";",
        ),
        ("SELECT Id FROM Contact c d", "a clause is expected, found a word", "d"),
        (
            "SELECT FIELDS(SOME) FROM Contact",
            "`ALL`, `STANDARD` or `CUSTOM` is expected, found a word",
            "SOME",
        ),
        ("SELECT TYPEOF What ELSE Id END FROM Event", "`WHEN` is expected, found a word", "ELSE"),
        ("SELECT (Id) FROM Contact", "`SELECT` is expected, found a word", "Id"),
        ("SELECT Id FROM Contact /* x", "a comment has no end", "/* x"),
        ("SELECT Id FROM Contact WHERE A = :", "an expression of Apex is expected after `:`", ""),
        (
            "SELECT Id FROM Contact WHERE A IN :f(a]",
            "a bracket in the bind expression is closed by another kind",
            "f(a",
        ),
        ("SELECT Id. FROM Contact", "a name after `.` is expected, found `FROM`", "FROM"),
    ] {
        let errors = told(text);
        assert_eq!(errors.first().map(|(message, at)| (&**message, *at)), Some((message, at)), "{text}");
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
    }
}

#[test]
fn help_says_what_to_do() {
    let parsed = parse("SELECT * FROM Contact");
    assert_eq!(parsed.errors[0].help, Some("name the fields, or write FIELDS(ALL)"));
    let source = source::Source::new("a.cls", "x = [\nSELECT * FROM Contact];");
    let problem = parsed.errors[0].problem(&source, 6);
    assert_eq!(
        problem.to_string(),
        "a.cls:2:8: a field is expected, found `*` [malformed-query]; name the fields, or write FIELDS(ALL)"
    );
}

#[test]
fn what_is_read_stays_when_a_part_is_not() {
    let parsed =
        parse_query("SELECT Id, Name FROM Contact WHERE Name = = 'x' AND Age = 3 ORDER BY Name LIMIT 3");
    let query = parsed.value;
    assert_eq!((query.select.len(), query.order_by.len(), query.limit.is_some()), (2, 1, true));
    let Some(Condition::And(all)) = &query.where_ else { panic!() };
    assert!(matches!(&all.conditions[0], Condition::Unread(unread) if &*unread.text == "Name = = 'x'"));
    assert!(matches!(all.conditions[1], Condition::Comparison(_)));

    let query = parse_query("SELECT Id, $x y, Name FROM Contact").value;
    assert!(matches!(&query.select[1], SelectItem::Unread(unread) if &*unread.text == "$x y"));
    assert!(matches!(&query.select[2], SelectItem::Field(_)));
    assert!(!query.knows_select() && query.knows_from());

    let query = parse_query("SELECT Id, (SELECT ? FROM Cases WHERE x ? 1), Name FROM Contact LIMIT 1").value;
    assert_eq!(query.select.len(), 3);
    let SelectItem::Query(inner) = &query.select[1] else { panic!() };
    assert!(inner.query.from[0].object.is("Cases"));
    assert!(query.limit.is_some());

    let query = parse_query("SELECT Id FROM Contact WITH %% LIMIT 1 nonsense (a b) OFFSET 3").value;
    assert!(matches!(query.with[..], [With::Unread(_)]));
    assert!(query.offset.is_some() && !query.knows_clauses());

    let query = parse_query("SELECT Id FROM Contact WHERE A IN ('x', ?, 'y')").value;
    let Some(Condition::Comparison(comparison)) = query.where_ else { panic!() };
    let Value::List(list) = comparison.value else { panic!() };
    assert!(matches!(list.values[..], [Value::Literal(_), Value::Unread(_), Value::Literal(_)]));
}

#[test]
fn a_request_takes_neither_binds_nor_comments() {
    let text = "SELECT Id FROM Contact WHERE A = :x /* why */";
    assert!(parse(text).is_clean());
    let messages: Vec<_> =
        parse_in(text, Dialect::Request).errors.into_iter().map(|error| error.message).collect();
    assert_eq!(messages, ["a bind stands in the statement", "a comment stands in the statement"]);
    assert!(parse_in("SELECT Id FROM Contact WHERE A = '/* :x */'", Dialect::Request).is_clean());
}

#[test]
fn errors_repeat_no_text_of_the_statement() {
    for text in [
        "SELECT Id FROM Contact WHERE Name = 'O'Lovelace'",
        "SELECT Id FROM Contact WHERE Name = Lovelace",
        "SELECT Id FROM Contact WHERE Name = 'Lovelace",
        "FIND {Lovelace",
        "FIND Lovelace",
    ] {
        let errors = parse(text).errors;
        assert!(!errors.is_empty());
        assert!(!errors.iter().any(|error| error.to_string().contains("Lovelace")), "{errors:?}");
    }
}

#[test]
fn too_long_and_too_deep() {
    let long = format!("SELECT Id FROM Contact WHERE A = '{}'", "x".repeat(Limits::BYTES));
    assert_eq!(parse(&long).errors[0].code, "query-too-long");

    let n = 100_000;
    for (open, close) in [
        ("SELECT Id FROM Contact WHERE ".to_owned() + &"(".repeat(n), "A = 1".to_owned() + &")".repeat(n)),
        ("SELECT Id FROM Contact WHERE ".to_owned() + &"NOT ".repeat(n), "A = 1".to_owned()),
        ("SELECT ".to_owned() + &"f(".repeat(n), "x".to_owned() + &")".repeat(n) + " FROM Contact"),
        ("(SELECT Id, ".repeat(n / 10), String::new()),
        ("SELECT Id, ".to_owned() + &"(SELECT Id, ".repeat(n / 2), String::new()),
        (
            "SELECT Id FROM A WHERE B IN ".to_owned() + &"(SELECT Id FROM A WHERE B IN ".repeat(n / 4),
            String::new(),
        ),
        ("FIND {x} RETURNING A(".to_owned() + &"(SELECT ".repeat(n), String::new()),
    ] {
        let parsed = parse(&(open + &close));
        assert!(!parsed.is_clean());
        let deep = parsed.errors.iter().filter(|error| error.code == "query-too-deep").count();
        assert!(deep <= 1);
    }
    let parsed = parse(&format!("SELECT Id FROM Contact WHERE {}A = 1{}", "(".repeat(n), ")".repeat(n)));
    assert_eq!(parsed.errors.len(), 1, "{:?}", parsed.errors);
    assert!(
        matches!(&parsed.value, Statement::Query(query) if query.where_.is_some() && query.select.len() == 1)
    );
    // What is no nesting of the text is none of the tree.
    let parsed = parse(&("SELECT Id FROM A ".to_owned() + &"WHERE b = 1 ".repeat(n / 4)));
    assert!(!parsed.is_clean() && parsed.value.to_string().len() > n);
    let template = (0..n / 4).fold(Template::new().text("SELECT Id FROM A WHERE b = 1"), |template, at| {
        template.hole().text(if at % 2 == 0 { " AND c = 1 " } else { " OR d = 1 " })
    });
    assert!(parse_template(&template).statement.to_string().len() > n);
    let parsed = parse(&("FIND {x} RETURNING ".to_owned() + &"A,".repeat(n)));
    assert_eq!(parsed.errors.last().map(|error| error.code), Some("query-too-long"));
    // In a bind the groups are balanced, however deep.
    assert!(
        parse(&format!("SELECT Id FROM Contact WHERE A = :{}a{}", "(".repeat(n), ")".repeat(n))).is_clean()
    );
    assert!(parse(&format!("SELECT Id FROM A WHERE {}B = 1{}", "(".repeat(50), ")".repeat(50))).is_clean());
}
