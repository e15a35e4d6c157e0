use super::statements;

fn all(cases: &[(&str, &str)]) {
    for (text, shape) in cases {
        assert_eq!(statements(text), *shape, "{text}");
    }
}

#[test]
fn locals() {
    all(&[
        ("Integer a;", "local Integer a;"),
        ("Integer a = 1, b, c = a;", "local Integer a = Integer:1, b, c = a;"),
        ("final Map<Id, A> m = n;", "local Map<Id, A> m = n;"),
        ("A.B[] c = d;", "local A.B[] c = d;"),
        ("A b[] = c;", "local A b = c;"),
        ("@SuppressWarnings('PMD') final A b = c;", "local A b = c;"),
        ("List<A> b = [SELECT Id FROM A];", "local List<A> b = query[SELECT Id FROM A]();"),
        ("a.b();", "a.b();"),
        ("a;", "a;"),
        (";", ";"),
    ]);
}

#[test]
fn branches() {
    all(&[
        ("if (a) b();", "if a b();"),
        ("if (a) { } else { b(); }", "if a {} else { b(); }"),
        ("if (a) b(); else if (c) d(); else e();", "if a b(); else if c d(); else e();"),
        ("if (a) if (b) c(); else d();", "if a if b c(); else d();"),
        ("if (a) (b).c();", "if a b.c();"),
        ("if (a instanceof B) return;", "if is(a, B) return;"),
    ]);
}

#[test]
fn loops() {
    all(&[
        ("while (a) b();", "while a b();"),
        ("while (a);", "while a ;"),
        ("do { a(); } while (b);", "do { a(); } while b"),
        ("for (;;) { break; continue; }", "for (; ; ) { break; continue; }"),
        (
            "for (Integer i = 0, j = 1; i < j; i++, j--) a();",
            "for (local Integer i = Integer:0, j = Integer:1;; (i Less j); step(i), step(j)) a();",
        ),
        ("for (i = 0, j = 1; a; b());", "for ((i = Integer:0); (j = Integer:1);; a; b()) ;"),
        ("for (A a : b) c();", "for (A a : b) c();"),
        ("for (final A.B a : b);", "for (A.B a : b) ;"),
        ("for (List<A> a : [SELECT Id FROM A]) {}", "for (List<A> a : query[SELECT Id FROM A]()) {}"),
    ]);
}

#[test]
fn leaving() {
    all(&[
        ("return;", "return;"),
        ("return a;", "return a;"),
        ("throw new E('x');", "throw new E(Text:'x');"),
        (
            "try { a(); } catch (DmlException e) { b(); } catch (final A.B f) { } finally { c(); }",
            "try { a(); } catch (DmlException e) { b(); } catch (A.B f) {} finally { c(); }",
        ),
        ("try { super(); } finally { }", "try { super(); } finally {}"),
        ("try { this(a); } catch (Exception e) { }", "try { this(a); } catch (Exception e) {}"),
    ]);
}

#[test]
fn switches() {
    all(&[
        (
            "switch on a { when 1, -2 { b(); } when 3L { } when 'x', 'y' { } when null { } when else { c(); } }",
            "switch a { when Integer:1, -(Integer:2) { b(); } when Long:3L {} when Text:'x', Text:'y' {} \
             when Null:null {} when else { c(); } }",
        ),
        (
            "switch on a.b() { when Account x { } when A.B y { } when RED, BLUE { } }",
            "switch a.b() { when record Account x {} when record A.B y {} when RED, BLUE {} }",
        ),
        ("switch on (a) { when (1) { } }", "switch a { when Integer:1 {} }"),
        ("switch = 1;", "(switch = Integer:1);"),
    ]);
}

#[test]
fn writing_records() {
    all(&[
        ("insert a;", "Insert a;"),
        ("UPDATE a.b;", "Update a.b;"),
        ("insert as user a;", "Insert as User a;"),
        ("delete as system a[0];", "Delete as System a[Integer:0];"),
        ("undelete a;", "Undelete a;"),
        ("upsert a;", "Upsert a;"),
        ("upsert a Key__c;", "Upsert a;"),
        ("upsert as user a Account.Fields.Key__c;", "Upsert as User a;"),
        ("merge a b;", "Merge a with b;"),
        ("merge as user a new List<A>{b};", "Merge as User a with new List<A><0>{b};"),
        ("merge a [SELECT Id FROM A];", "Merge a with query[SELECT Id FROM A]();"),
        ("delete [SELECT Id FROM A];", "Delete query[SELECT Id FROM A]();"),
        ("insert new A(B = 1);", "Insert new A((B = Integer:1));"),
        ("insert (a);", "Insert a;"),
        ("insert a = new A(B = 1);", "Insert (a = new A((B = Integer:1)));"),
        ("update a = b;", "Update (a = b);"),
        ("insert = 1; update.b(); delete++;", "(insert = Integer:1); update.b(); step(delete);"),
        ("insert (List<A>) a;", "Insert cast(List<A>, a);"),
        ("Database.insert(a, false);", "Database.insert(a, False:false);"),
    ]);
}

#[test]
fn as_somebody_else() {
    all(&[
        ("System.runAs(a) { insert b; }", "runAs a { Insert b; }"),
        ("system.RUNAS(new User()) { }", "runAs new User() {}"),
        ("System.runAs(new Version(1, 0));", "new Version(Integer:1, Integer:0);"),
    ]);
}
