use super::{expression, problems, read};

/// The Apex behind each `:` of a query.
fn binds(query: &str) -> String {
    let shape = expression(&format!("[{query}]"));
    let (before, binds) = shape.rsplit_once("](").unwrap();
    assert!(before.contains(query), "{shape}");
    binds.strip_suffix(')').unwrap().to_owned()
}

#[test]
fn what_queries_bind() {
    for (query, wanted) in [
        ("SELECT Id FROM A WHERE B = :x", "x"),
        ("SELECT Id FROM A WHERE B = : x AND C = :y.z", "x, y.z"),
        ("SELECT Id FROM A WHERE B IN :a.b[0].c('x') ORDER BY D", "a.b[Integer:0].c(Text:'x')"),
        ("SELECT Id FROM A WHERE B IN :(ids) AND C = 1", "ids"),
        ("SELECT Id FROM A WHERE B IN :(ids) ORDER BY C", "ids"),
        ("SELECT Id FROM A WHERE B IN :(ids) LIMIT 1", "ids"),
        ("SELECT Id FROM A WHERE (B = :x OR C NOT IN :y) GROUP BY D", "x, y"),
        ("SELECT Id FROM A WHERE B = :(String) x", "cast(String, x)"),
        ("SELECT Id FROM A WHERE B IN :new Set<Id>{a, b} WITH USER_MODE", "new Set<Id><0>{a, b}"),
        ("SELECT Id FROM A WHERE B IN (:x, :y)", "x, y"),
        ("SELECT Id FROM A WHERE B IN (SELECT C FROM D WHERE E = :x) FOR UPDATE", "x"),
        ("SELECT Id FROM A LIMIT :n OFFSET :m", "n, m"),
        ("SELECT Id FROM A LIMIT :a - b ALL ROWS", "(a Subtract b)"),
        ("SELECT Id FROM A WHERE B = :x?.y", "x?.y"),
        ("SELECT Id FROM A WHERE B = :m.keySet() USING SCOPE mine", "m.keySet()"),
        ("SELECT Id, (SELECT Id FROM Bs WHERE C = :x) FROM A", "x"),
        ("SELECT Id FROM A WHERE B = ':x' /* :y */", ""),
    ] {
        assert_eq!(binds(query), wanted, "{query}");
    }
}

#[test]
fn dates_are_no_binds() {
    for query in [
        "SELECT Id FROM A WHERE B = LAST_N_DAYS:30",
        "SELECT Id FROM A WHERE B > N_FISCAL_YEARS_AGO:1 AND C < NEXT_N_MONTHS:2",
        "SELECT Id FROM A WHERE B = LAST_N_DAYS : 30",
        "SELECT Id FROM A WHERE B > LAST_N_DAYS:-1",
        "SELECT Id FROM A WHERE B > 2020-01-31T10:20:30Z",
        "SELECT Id FROM A WHERE B > 2020-01-31T10:20:30.000Z",
        "SELECT Id FROM A WHERE B > 2020-01-31T10:20:30-08:00",
        "SELECT Id FROM A WHERE B > 2020-01-31T10:20:30.000+0000 AND C = 10:20:30.5Z",
        "SELECT Id FROM A WHERE B = 2020-01-31 AND C = USD100.5",
    ] {
        assert_eq!(binds(query), "", "{query}");
    }
    assert_eq!(binds("SELECT Id FROM A WHERE B > 2020-01-31T10:20:30Z AND C = :x"), "x");
    assert_eq!(binds("SELECT Id FROM A WHERE B = :10"), "Integer:10");
}

#[test]
fn searches() {
    for (query, wanted) in [
        ("FIND :term IN ALL FIELDS RETURNING A(Id), B", "term"),
        ("FIND :(term) IN NAME FIELDS RETURNING A", "term"),
        ("FIND :(term) RETURNING A", "term"),
        ("FIND 'x*' RETURNING A(Id WHERE B = :y LIMIT :n) WITH USER_MODE", "y, n"),
        ("FIND {a; ] b} IN ALL FIELDS RETURNING A", ""),
        ("find :a.b returning A(Id ORDER BY C) with SNIPPET limit 5", "a.b"),
    ] {
        assert_eq!(binds(query), wanted, "{query}");
        assert!(expression(&format!("[{query}]")).starts_with("search["));
    }
}

#[test]
fn queries_that_do_not_end() {
    for text in
        ["[SELECT Id FROM A", "[SELECT Id FROM A WHERE B = :", "[FIND {x", "[SELECT Id FROM A WHERE B = :(x"]
    {
        let file =
            read(&format!("class A {{ void m() {{ List<A> a = {text}; b(); }} void n() {{ c(); }} }}"));
        assert!(!problems(&file).is_empty(), "{text}");
        if text.starts_with("[S") {
            assert_eq!(file.decls[0].methods.len(), 2, "{text}");
        }
    }
}
