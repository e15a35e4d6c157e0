use proptest::prelude::*;
use source::Span;

use crate::lex::{Kind, Lexer};
use crate::{Dialect, Error, Statement, Template, parse, parse_in, parse_template, resolve};

/// Statements with every clause, to be broken.
const STATEMENTS: [&str; 12] = [
    "SELECT Id, Account.Owner.Name, toLabel(Status) s, (SELECT Id FROM Contacts WHERE Name LIKE '%x\\'%' LIMIT 1) FROM Account a WHERE (A = 1 OR NOT B__c != null) AND C IN (SELECT D FROM E) LIMIT 10",
    "SELECT TYPEOF What WHEN Account THEN Phone, Name WHEN Lead THEN Email ELSE Name END FROM Event USING SCOPE mine WHERE Id IN :ids.keySet() ALL ROWS",
    "SELECT FIELDS(ALL) FROM X__c WHERE A > 2024-01-01T00:00:00Z AND B = LAST_N_DAYS:30 AND C < USD10.50 OFFSET 3 FOR UPDATE",
    "SELECT COUNT(Id) c, Type FROM Account WHERE A INCLUDES ('a;b', :c) GROUP BY ROLLUP(Type) HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC NULLS LAST, Type UPDATE TRACKING, VIEWSTAT",
    "SELECT Id FROM A__kav WITH DATA CATEGORY G__c AT (a__c, b__c) AND P__c ABOVE x__c WITH SECURITY_ENFORCED FOR VIEW FOR REFERENCE",
    "SELECT Id FROM A WITH RecordVisibilityContext (maxDescriptorPerRecord = 100, supportsDomains = true)",
    "SELECT DISTANCE(P__c, GEOLOCATION(:lat, -12.5), 'mi') d FROM A WHERE DISTANCE(P__c, GEOLOCATION(1, 2), 'mi') < 20",
    "SELECT Id FROM A WHERE B = :(Id) new Map<String, List<Id>>{ 'a' => [SELECT Id FROM X] }.get('a')[0]?.c ?? d ORDER BY E",
    "FIND {a \\} b} IN NAME FIELDS RETURNING Contact(Id, Name WHERE A = 'x' USING ListView = V ORDER BY B LIMIT 2 OFFSET 1), Lead WITH NETWORK IN ('a') WITH SNIPPET (target_length = 9) LIMIT 5 UPDATE VIEWSTAT",
    "FIND :term IN ALL FIELDS RETURNING Contact(FIELDS(ALL)) WITH USER_MODE",
    "FIND 'x*' RETURNING Account(Id), Contact WITH SPELL_CORRECTION = false WITH PricebookId = '01s'",
    "SELECT a.Name, c.Email /* x */ FROM Account a, a.Contacts c // y\n WHERE c.Email = 'z'",
];

struct Nothing;

impl crate::Schema for Nothing {
    fn relationship(&self, _: &str, name: &str) -> crate::Targets {
        crate::Targets::Several(vec![name.to_owned(), "X".to_owned()])
    }

    fn child_relationship(&self, _: &str, name: &str) -> Option<crate::Child> {
        Some(crate::Child { object: name.to_owned(), field: "Y".to_owned() })
    }

    fn fields(&self, _: &str, _: crate::FieldGroup) -> Option<Vec<String>> {
        None
    }
}

fn in_text(text: &str, span: Span) -> bool {
    span.start <= span.end && text.get(span.start as usize..span.end as usize).is_some()
}

/// Does with a statement all that can be done.
fn handled(text: &str, statement: &Statement, errors: &[Error]) {
    assert!(errors.iter().all(|error| in_text(text, error.span) && !error.to_string().is_empty()));
    let _ = (statement.to_string(), format!("{statement:?}"));
    let queries: Vec<_> = match statement {
        Statement::Query(query) => vec![query],
        Statement::Search(search) => search.returning.iter().map(|returning| &returning.query).collect(),
    };
    for query in queries {
        assert!(in_text(text, query.span));
        for field in query.fields() {
            assert!(in_text(text, field.span()));
        }
        let _ = resolve(query, &Nothing);
    }
}

/// The tokens of a statement, but for those that a print may put elsewhere or leave out.
fn tokens(text: &str) -> Vec<String> {
    let mut lexer = Lexer::new(text, &[]);
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next();
        let said = text.get(token.start..token.end).unwrap().to_ascii_lowercase();
        match token.kind {
            Kind::End => break,
            Kind::Open | Kind::Close | Kind::Comma => {}
            Kind::NotEqual => tokens.push("!=".to_owned()),
            _ if ["as", "for", "update"].contains(&said.as_str()) => {}
            _ => tokens.push(said),
        }
    }
    tokens.sort();
    tokens
}

fn all(text: &str) {
    let parsed = parse(text);
    handled(text, &parsed.value, &parsed.errors);
    if parsed.is_clean() {
        let printed = parsed.value.to_string();
        let again = parse(&printed);
        assert!(again.is_clean() && again.value == parsed.value, "{text}\n{printed}");
        // Nothing is lost without an error. What `FIND {...}` looks for has no tokens.
        if !text.contains('{') {
            assert_eq!(tokens(text), tokens(&printed), "{text}\n{printed}");
        }
    }
    let parsed = parse_in(text, Dialect::Request);
    handled(text, &parsed.value, &parsed.errors);
    let mut template = Template::new();
    for piece in text.split('@') {
        template = template.text(piece).hole();
    }
    let parsed = parse_template(&template);
    handled(&parsed.text, &parsed.statement, &parsed.errors);
    assert_eq!(parsed.holes.len(), template.pieces.len() / 2);
}

#[test]
fn the_statements_are_clean() {
    for text in STATEMENTS {
        assert_eq!(parse(text).errors, [], "{text}");
        all(text);
    }
}

#[test]
fn every_beginning_of_a_statement_is_read() {
    for text in STATEMENTS {
        for end in 0..text.len() {
            text.get(..end).into_iter().for_each(all);
        }
    }
}

/// A statement with some tokens taken out, doubled, or put in from others.
fn broken() -> impl Strategy<Value = String> {
    let change = (0usize..200, 0usize..4, 0usize..TOKENS.len());
    (0..STATEMENTS.len(), prop::collection::vec(change, 1..6)).prop_map(|(which, changes)| {
        let mut parts: Vec<&str> =
            STATEMENTS[which].split_inclusive([' ', '(', ')', ',', '\'', ':', '.']).collect();
        for (at, what, token) in changes {
            let at = at % parts.len().max(1);
            match what {
                0 if parts.len() > 1 => drop(parts.remove(at)),
                1 => parts.insert(at, parts[at]),
                2 => parts.insert(at, TOKENS[token]),
                _ => parts[at] = TOKENS[token],
            }
        }
        parts.concat()
    })
}

const TOKENS: [&str; 44] = [
    "SELECT ",
    "FROM ",
    "WHERE ",
    "AND ",
    "OR ",
    "NOT ",
    "(",
    ")",
    ",",
    "'",
    "\\",
    ":",
    ".",
    "@",
    "\0",
    "é",
    "{",
    "}",
    "[",
    "]",
    "IN ",
    "LIKE ",
    "= ",
    "null ",
    "LIMIT ",
    "ORDER BY ",
    "GROUP BY ",
    "WITH ",
    "FIND ",
    "RETURNING ",
    "TYPEOF ",
    "WHEN ",
    "FIELDS(",
    "COUNT(",
    "FOR ",
    "UPDATE ",
    "ALL ROWS ",
    "/*",
    "//",
    "-",
    "2024-",
    "x",
    "new ",
    "USING ",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        all(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_tokens_are_survived(tokens in prop::collection::vec(0..TOKENS.len(), 0..60)) {
        all(&tokens.iter().map(|&token| TOKENS[token]).collect::<String>());
    }

    #[test]
    fn broken_statements_are_survived(text in broken()) {
        all(&text);
    }
}
