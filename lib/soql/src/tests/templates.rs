use crate::{
    Condition, HolePlace, LiteralKind, ParsedTemplate, Piece, Query, SelectItem, Statement, Template, Value,
    parse_template,
};

/// `@` stands for a hole.
fn template(text: &str) -> ParsedTemplate {
    let mut template = Template::new();
    for (index, piece) in text.split('@').enumerate() {
        if index > 0 {
            template = template.hole();
        }
        if !piece.is_empty() {
            template = template.text(piece);
        }
    }
    parse_template(&template)
}

fn places(text: &str) -> Vec<HolePlace> {
    let parsed = template(text);
    assert_eq!(parsed.errors, [], "{text}");
    parsed.holes.iter().map(|hole| hole.place).collect()
}

fn query(parsed: &ParsedTemplate) -> &Query {
    match &parsed.statement {
        Statement::Query(query) => query,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_hole_has_its_place() {
    use HolePlace::*;
    for (text, expected) in [
        ("SELECT Id FROM Contact WHERE Name = '@'", vec![Quoted]),
        ("SELECT Id FROM Contact WHERE Name LIKE '%@%' AND B = '@'", vec![Quoted, Quoted]),
        ("SELECT Id FROM Contact WHERE Id IN ('@')", vec![Quoted]),
        ("SELECT Id FROM Contact WHERE Id IN (@)", vec![Value]),
        ("SELECT Id FROM Contact WHERE Id IN ('a', @, 'b' @)", vec![Value, Value]),
        ("SELECT Id FROM Contact WHERE Id IN @ LIMIT 1", vec![Value]),
        ("SELECT Id FROM Contact WHERE Age__c = @", vec![Value]),
        ("SELECT Id FROM Contact WHERE Age__c > @ AND B = 1", vec![Value]),
        ("SELECT Id FROM Contact WHERE Born__c = LAST_N_DAYS:@", vec![Value]),
        ("SELECT Id FROM Contact WHERE Born__c > @T00:00:00Z", vec![Value]),
        ("SELECT Id FROM Contact WHERE Born__c > 2024-@-01", vec![Value]),
        ("SELECT Id FROM Contact WHERE Id = :@", vec![Bind]),
        ("SELECT Id FROM Contact WHERE Id = :rec.@ AND B = :x_@", vec![Bind, Bind]),
        ("SELECT Id FROM Contact WHERE @ = 'x'", vec![FieldName]),
        ("SELECT Id FROM Contact WHERE @.Name = 'x' AND Account.@ = 1", vec![FieldName, FieldName]),
        ("SELECT Id FROM Contact WHERE @ @ '@'", vec![FieldName, Operator, Quoted]),
        ("SELECT Id FROM Contact WHERE @ @ @", vec![FieldName, Operator, Value]),
        ("SELECT Id FROM Contact WHERE Name @ 'x'", vec![Operator]),
        ("SELECT Id FROM Contact WHERE @ LIKE 'x'", vec![FieldName]),
        ("SELECT Id FROM Contact WHERE @ NOT IN :x", vec![FieldName]),
        ("SELECT Id FROM Contact WHERE @", vec![Condition]),
        ("SELECT Id FROM Contact WHERE @ AND A = 1", vec![Condition]),
        ("SELECT Id FROM Contact WHERE A = 1 AND @ LIMIT 1", vec![Condition]),
        ("SELECT Id FROM Contact WHERE (A = 1 @) AND (@)", vec![Condition, Condition]),
        ("SELECT Id FROM Contact WHERE A = 1 @", vec![Clause]),
        ("SELECT Id FROM Contact WHERE A = 1 @ AND B = 2", vec![Clause]),
        ("SELECT Id FROM Contact WHERE A = 'x'@", vec![Clause]),
        ("SELECT Id FROM Contact WHERE A IN :ids@", vec![Clause]),
        ("SELECT Id FROM Contact@", vec![Clause]),
        ("SELECT Id FROM Contact @ LIMIT 1", vec![Clause]),
        ("SELECT Id FROM Contact @ORDER BY Name", vec![Clause]),
        ("SELECT @ FROM Contact", vec![FieldList]),
        ("SELECT @FROM Contact", vec![FieldList]),
        ("SELECT Id @ FROM Contact", vec![FieldList]),
        ("SELECT Id@ FROM Contact", vec![FieldList]),
        ("SELECT Id, @, Name FROM Contact", vec![FieldList]),
        ("SELECT Id, @ (SELECT Id FROM @) FROM Contact", vec![FieldList, ObjectName]),
        ("SELECT @Name__c, ns__@, Account.@, @.Name FROM Contact", vec![FieldName; 4]),
        ("SELECT MAX(@) FROM Contact", vec![FieldName]),
        ("SELECT @(Id) FROM Contact", vec![Name]),
        ("SELECT Id FROM @", vec![ObjectName]),
        ("SELECT Id FROM @ WHERE A = 1", vec![ObjectName]),
        ("SELECT Id FROM @Visit__c", vec![ObjectName]),
        ("SELECT Id FROM a@b__c", vec![ObjectName]),
        ("SELECT @, @@ FROM @@ LIMIT 1", vec![FieldList, FieldList, FieldList, ObjectName, Clause]),
        ("SELECT Id FROM @@Visit__c", vec![ObjectName, ObjectName]),
        ("FIND '@*'@ RETURNING @(@@@)", vec![Quoted, Clause, ObjectName, FieldList, FieldList, FieldList]),
        ("SELECT Id FROM Contact ORDER BY @", vec![FieldList]),
        ("SELECT Id FROM Contact ORDER BY @ @ LIMIT @", vec![FieldList, Direction, Limit]),
        ("SELECT Id FROM Contact ORDER BY Name @ NULLS LAST", vec![Direction]),
        ("SELECT A FROM Contact GROUP BY @", vec![FieldList]),
        ("SELECT Id FROM Contact LIMIT @ OFFSET @", vec![Limit, Limit]),
        ("SELECT Id FROM Contact USING SCOPE @", vec![Name]),
        ("@", vec![Statement]),
        ("@ FROM Contact", vec![Statement]),
        ("@ WHERE Id = '@'", vec![Statement, Quoted]),
        ("@, Name FROM Contact", vec![Statement]),
        ("@SELECT Id FROM Contact", vec![Statement]),
        ("FIND {@} IN ALL FIELDS RETURNING @(Id, @)", vec![SearchText, ObjectName, FieldList]),
        (
            "FIND '@*' IN @ FIELDS RETURNING Contact(Id WHERE Name = '@') @",
            vec![Quoted, Name, Quoted, Clause],
        ),
        ("FIND @ RETURNING Contact(@)", vec![SearchText, FieldList]),
        ("FIND {x} RETURNING @", vec![ObjectName]),
    ] {
        assert_eq!(places(text), expected, "{text}");
    }
}

#[test]
fn what_is_known_stays_known() {
    let parsed = template("SELECT Id, @ FROM Contact WHERE Name = '@' AND @ ORDER BY Name @ LIMIT @");
    let query = query(&parsed);
    assert!(query.from[0].object.is("Contact"));
    assert!(!query.knows_select() && query.knows_from() && !query.knows_clauses());
    assert!(matches!(query.select[..], [SelectItem::Field(_), SelectItem::Hole(_)]));
    let Some(Condition::And(all)) = &query.where_ else { panic!() };
    let Condition::Comparison(comparison) = &all.conditions[0] else { panic!() };
    let Value::Literal(literal) = &comparison.value else { panic!() };
    assert_eq!((literal.kind, &*literal.text), (LiteralKind::PartialString, "'{1}'"));
    assert!(matches!(&all.conditions[1], Condition::Hole(hole) if hole.index == 2));
    assert!(matches!(&query.limit, Some(Value::Hole(hole)) if hole.index == 4));

    let known = |text: &str| match &template(text).statement {
        Statement::Query(query) => query.where_.as_ref().unwrap().is_known(),
        Statement::Search(_) => panic!(),
    };
    assert!(known("SELECT Id FROM A WHERE B = '@' AND C IN (@) AND D = @"));
    for unknown in
        ["B = 1 AND @", "@ = 1", "B @ 1", "f(@) = 1", "B IN (SELECT @ FROM C)", "NOT (B = 1 OR B = ?)"]
    {
        assert!(!known(&format!("SELECT Id FROM A WHERE {unknown}")), "{unknown}");
    }

    let parsed = template("SELECT Id FROM Contact WHERE A = 1 @ OR B = 2");
    let query = self::query(&parsed);
    assert!(matches!(&query.where_, Some(Condition::Or(or)) if or.conditions.len() == 3));
    assert!(!query.knows_clauses());

    let parsed = template("SELECT Id FROM @Visit__c");
    let name = &self::query(&parsed).from[0].object.names[0];
    assert_eq!((&*name.text, name.known()), ("{0}Visit__c", None));
    assert!(!self::query(&parsed).knows_from());
}

#[test]
fn places_in_the_text_lead_back_to_the_pieces() {
    let template = Template::new().text("SELECT Id FROM Contact WHERE Name = '").hole().text("' AND = 'x'");
    let parsed = parse_template(&template);
    assert_eq!(parsed.locate(parsed.holes[0].span.start), (1, 0));
    let error = &parsed.errors[0];
    assert_eq!(parsed.locate(error.span.start), (2, 6));
    assert_eq!(parsed.locate(0), (0, 0));
    assert_eq!(parsed.locate(99_999).0, 2);
}

#[test]
fn a_byte_that_looks_like_a_hole_is_none() {
    let parsed = parse_template(&Template::new().text("SELECT Id\0 FROM Contact").hole());
    assert!(!parsed.errors.is_empty());
    assert_eq!(parsed.holes.len(), 1);
    assert!(!crate::parse("SELECT \0 FROM Contact").is_clean());
}

#[test]
fn a_hole_in_what_was_not_understood_has_no_place() {
    let parsed = template("SELECT Id FROM Contact WHERE ? @ ?");
    assert!(!parsed.errors.is_empty());
    assert_eq!(parsed.holes[0].place, HolePlace::Unknown);
    assert!(!format!("{parsed:?}").contains("Contact WHERE"));
}

#[test]
fn a_format_is_a_template() {
    let format =
        |pattern: &str, arguments: &[Template]| parse_template(&Template::format(pattern, arguments));
    let parsed = format("SELECT {0} FROM {1} WHERE Name = ''{2}''", &[Template::new().text("Id, Name")]);
    assert_eq!(parsed.errors, []);
    assert_eq!(parsed.statement.to_string(), "SELECT Id, Name FROM {0} WHERE Name = '{1}'");
    let places: Vec<_> = parsed.holes.iter().map(|hole| hole.place).collect();
    assert_eq!(places, [HolePlace::ObjectName, HolePlace::Quoted]);
    let pieces = |pattern: &str| Template::format(pattern, &[]).pieces;
    let text = |text: &str| vec![Piece::Text(text.to_owned())];
    assert_eq!(pieces("a '{0}' {x} {12345} {1 {} b"), text("a {0} {x} {12345} {1 {} b"));
    assert_eq!(pieces("{0}{10}"), [Piece::Hole, Piece::Hole]);
    assert_eq!(pieces(""), []);
}
