use super::{problems, read, shape};

/// What is read of a body that holds something broken, and what is said of that.
fn broken(body: &str) -> (String, Vec<String>) {
    let file = read(&format!("class A {{ void m() {{\n{body}\n}} void n() {{ after(); }} }}"));
    let own = &file.decls[0];
    assert_eq!(own.methods.len(), 2, "{body}: {:?}", problems(&file));
    assert_eq!(shape::stmt(&file, own.methods[1].body.unwrap()), "{ after(); }");
    (shape::stmt(&file, own.methods[0].body.unwrap()), problems(&file))
}

#[test]
fn a_broken_statement_costs_one() {
    for (body, wanted, said) in [
        ("a();\nx = 1 + ;\nb();", "{ a(); b(); }", "3: an expression is expected here"),
        ("a();\nfoo(1, ;\nb();", "{ a(); b(); }", "3: an expression is expected here"),
        ("a();\nString x String y;\nb();", "{ a(); b(); }", "3: `;` is expected here"),
        ("a();\nx = y z;\nb();", "{ a(); b(); }", "3: `;` is expected here"),
        ("a();\nif (x { y(); }\nb();", "{ a(); b(); }", "3: `)` is expected here"),
        ("a();\nfor (A b c) { d(); }\nb();", "{ a(); b(); }", "3: `;` is expected here"),
        ("a();\nx = new ;\nb();", "{ a(); b(); }", "3: an expression is expected here"),
        ("a();\nx = return;\nb();", "{ a(); b(); }", "3: an expression is expected here"),
        ("a();\nelse b();\nb();", "{ a(); b(); }", "3: an expression is expected here"),
        ("a();\nx = new List<A>{ y z };\nb();", "{ a(); ; b(); }", "3: `}` is expected here"),
        ("a();\nx = new A;\nb();", "{ a(); b(); }", "3: `(`, `[` or `{` is expected here"),
        ("a();\nx.;\nb();", "{ a(); b(); }", "3: a name is expected here"),
        ("a();\n#\n;\nb();", "{ a(); b(); }", "3: an expression is expected here"),
        ("a();\nswitch on x { when { y(); } }\nb();", "{ a(); b(); }", "3: an expression is expected here"),
        (
            "a();\nif (x) { y( ; z(); }\nb();",
            "{ a(); if x { z(); } b(); }",
            "3: an expression is expected here",
        ),
    ] {
        let (shape, problems) = broken(body);
        assert_eq!(shape, wanted, "{body}");
        assert_eq!(problems, [said], "{body}");
    }
}

#[test]
fn other_branches_of_a_broken_statement_are_read() {
    for (body, wanted) in [
        ("if (x y) { a(); } else { b(); }", "{ { b(); } }"),
        ("if (x y) a(); else if (c) { b(); } else { d(); }", "{ if c { b(); } else { d(); } }"),
        ("try { a(); } catch (X) { b(); } catch (Y y) { c(); } finally { d(); }", "{ { c(); } { d(); } }"),
    ] {
        let (shape, problems) = broken(body);
        assert_eq!(shape, wanted, "{body}");
        assert_eq!(problems.len(), 1, "{body}: {problems:?}");
    }
}

#[test]
fn a_broken_member_costs_one() {
    let file = read(
        "class A {
            Integer a = ;
            void b( { x(); }
            Integer c { got; set; }
            Integer 5;
            void d() { e(); }
            class B { void f() { } Integer g h; }
            enum E { X Y }
            void i() { }
        }",
    );
    let own = &file.decls[0];
    let methods: Vec<&str> = own.methods.iter().map(|one| file.source.slice(one.name.span)).collect();
    assert_eq!(methods, ["d", "i"]);
    assert_eq!(
        problems(&file),
        [
            "2: an expression is expected here",
            "3: a name is expected here",
            "4: `get` or `set` is expected here",
            "5: a name is expected here",
            "7: `;` is expected here",
            "8: `}` is expected here",
        ]
    );
}

#[test]
fn what_stands_outside_of_classes() {
    let file = read("} class A { } ) class B { void m() { } }");
    assert_eq!(file.top.len(), 2);
    assert_eq!(problems(&file).len(), 2);
    let file = read("class A {\n void m() { a();\n class B { ");
    assert_eq!(problems(&file).last().unwrap(), "3: the file ends where `}` is expected");
    assert_eq!(file.decls[0].methods.len(), 1);
    assert_eq!(
        problems(&read("class A {\n void m() { if (a) {\n")),
        ["3: the file ends where `}` is expected"]
    );
    assert_eq!(
        problems(&read("trigger T on A (before\n later) { }"))[0],
        "2: `insert`, `update`, `delete` or `undelete` is expected here"
    );
    assert_eq!(problems(&read("trigger T\n A (before insert) { }"))[0], "2: `on` is expected here");
    assert_eq!(
        problems(&read("trigger T on A (\ninsert) { }"))[0],
        "2: `before` or `after` is expected here"
    );
}

#[test]
fn no_problem_repeats_the_text() {
    let secret = "Mrs_Smith_19700101";
    for text in [
        format!("class A {{ String s = '{secret}"),
        format!("class A {{ String s = {secret} {secret}; }}"),
        format!("class A {{ void m() {{ x = '{secret}' '{secret}'; [SELECT {secret}; }} }}"),
        format!("{secret} {secret} {secret}"),
        format!("class A {{ Integer {secret} {{ {secret}; }} }}"),
    ] {
        let file = read(&text);
        assert!(!file.problems.is_empty(), "{text}");
        assert!(problems(&file).iter().all(|one| !one.contains(secret)), "{:?}", problems(&file));
    }
}

#[test]
fn so_many_problems_are_enough() {
    let file = read(&format!("class A {{ void m() {{ {} }} }}", "x = ;\n".repeat(1000)));
    assert_eq!(file.problems.len(), 50);
    assert_eq!(file.decls[0].methods.len(), 1);
}
