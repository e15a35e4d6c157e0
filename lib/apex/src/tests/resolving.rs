use super::world::{body, world};

const OVERLOADS: &str = "public class A {
    public static void m(String s) { }
    public static void m(Integer i) { }
    public static void m(List<Patient__c> l) { }
    public static void m(SObject o) { }
    public static void m(Patient__c p) { }
    public static void m(Object o, Object p) { }
    public static void m(String o, Integer p) { }
    public static void n(Base b) { }
    public static void n(Other o) { }
    public static void n(Object o) { }
}";

#[test]
fn the_overload_that_fits_best() {
    let w = body(
        "Patient__c p; Account acc; Derived d; Id i; A.m('x'); A.m(1 + 2); A.m(p); A.m(acc); A.m(new List<Patient__c>()); \
         A.m('x', 1); A.m(p, acc); A.m(i); A.n(d); A.n(new Other()); A.n(1); A.m('x' + 1); A.m(1, 2, 3);",
        &[
            ("A.cls", OVERLOADS),
            ("Base.cls", "public virtual class Base { }"),
            ("Derived.cls", "public class Derived extends Base { }"),
            ("Other.cls", "public class Other { }"),
        ],
    );
    w.assert_refs(&[
        ("A.m('x')", "A.m(Text)"),
        ("A.m(1 + 2)", "A.m(Number)"),
        ("A.m(p)", "A.m(Record(patient__c))"),
        ("A.m(acc)", "A.m(Record(any))"),
        ("A.m(new List<Patient__c>())", "A.m(List<Record(patient__c)>)"),
        ("A.m('x', 1)", "A.m(Text, Number)"),
        ("A.m(p, acc)", "A.m(Any, Any)"),
        ("A.m(i)", "A.m(Text)"),
        ("A.n(d)", "A.n(Base)"),
        ("A.n(new Other())", "A.n(Other)"),
        ("A.n(1)", "A.n(Any)"),
        ("A.m('x' + 1)", "A.m(Text)"),
        ("A.m(1, 2, 3)", "platform object"),
    ]);
}

#[test]
fn fields_and_relationships() {
    let w = body(
        "Patient__c p; Visit__c v; Contact c; p.Note__c; p.Born__c; p.Weight__c; p.Is_Well__c; p.Visits__r; \
         p.Visits__r[0].Patient__r.Note__c; v.Patient__r; v.Patient__c; c.Account.Name; c.Owner; c.Unknown__r; \
         c.Unknown__r.Name; p?.Note__c; Patient__c.Note__c; Patient__c.SObjectType; SObject s; s.Id; \
         p.get('Note__c'); p.clone(); p.getSObject('Owner'); Settings__c.getInstance().Key__c; \
         p.Note__c.toLowerCase(); p.Born__c.year();",
        &[],
    );
    w.assert_types(&[
        ("p.Note__c", "Text"),
        ("p?.Note__c", "Text"),
        ("p.Born__c", "Date"),
        ("p.Weight__c", "Number"),
        ("p.Is_Well__c", "Boolean"),
        ("p.Visits__r", "List<Record(visit__c)>"),
        ("p.Visits__r[0].Patient__r", "Record(patient__c)"),
        ("v.Patient__r", "Record(patient__c)"),
        ("v.Patient__c", "Id"),
        ("c.Account", "Record(account)"),
        ("c.Owner", "Record(any)"),
        ("c.Unknown__r", "Record(any)"),
        ("Patient__c.Note__c", "platform sobjectfield"),
        ("Patient__c.SObjectType", "platform sobjecttype"),
        ("p.get('Note__c')", "Any"),
        ("p.clone()", "Record(patient__c)"),
        ("p.getSObject('Owner')", "Record(any)"),
        ("Settings__c.getInstance()", "Record(settings__c)"),
        ("p.Note__c.toLowerCase()", "Text"),
        ("p.Born__c.year()", "Number"),
    ]);
    w.assert_refs(&[
        ("p.Note__c", "field note__c"),
        ("p.Visits__r[0].Patient__r.Note__c", "field note__c"),
        ("c.Account.Name", "field name"),
        ("s.Id", "field id"),
        ("Patient__c", "Type"),
        ("Patient__c.Note__c", "None"),
    ]);
}

#[test]
fn collections() {
    let w = body(
        "List<Patient__c> l; Set<Id> s; Map<Id, List<Visit__c>> m; Patient__c[] array; l[0]; l.get(0); l.size(); \
         l.isEmpty(); s.contains(null); s.iterator(); m.get(null); m.get(null)[0]; m.values(); m.keySet(); \
         m.values()[0].get(0); m.containsKey(null); array[0].Note__c; l.clone(); new Map<Id, Patient__c>(l); \
         new List<Patient__c>{ null }; new Patient__c[1]; new Set<String>{ 'a' }; l.getSObjectType(); \
         for (Visit__c v : m.get(null)) { v.Id; }",
        &[],
    );
    w.assert_types(&[
        ("l[0]", "Record(patient__c)"),
        ("l.get(0)", "Record(patient__c)"),
        ("l.size()", "Number"),
        ("l.isEmpty()", "Boolean"),
        ("s.contains(null)", "Boolean"),
        ("m.get(null)", "List<Record(visit__c)>"),
        ("m.get(null)[0]", "Record(visit__c)"),
        ("m.values()", "List<List<Record(visit__c)>>"),
        ("m.keySet()", "Set<Id>"),
        ("m.values()[0].get(0)", "Record(visit__c)"),
        ("array[0]", "Record(patient__c)"),
        ("l.clone()", "List<Record(patient__c)>"),
        ("new Map<Id, Patient__c>(l)", "Map<Id, Record(patient__c)>"),
        ("new List<Patient__c>{ null }", "List<Record(patient__c)>"),
        ("new Patient__c[1]", "List<Record(patient__c)>"),
        ("new Set<String>{ 'a' }", "Set<Text>"),
        ("l.getSObjectType()", "platform sobjecttype"),
    ]);
    w.assert_refs(&[("l.size()", "platform list"), ("m.keySet()", "platform map"), ("v.Id", "field id")]);
}

#[test]
fn casts_and_operators() {
    let w = body(
        "Object o; SObject so; Patient__c p; String t; (Patient__c) o; ((Patient__c) so).Note__c; (SObject) p; \
         (List<Visit__c>) o; (Derived) o; t + 1; 1 + 2; 1 < 2; t == null; !true; -1; t ?? 'x'; null ?? t; \
         true ? null : t; t = 'x'; o instanceof Derived; Type.forName('Derived'); Type.forName('Derived').newInstance(); \
         Derived.class; Date.today() + 1; 1 + t + 2; JSON.deserialize(t, Derived.class); (Map<String, Object>) o;",
        &[("Derived.cls", "public class Derived { }")],
    );
    w.assert_types(&[
        ("(Patient__c) o", "Record(patient__c)"),
        ("(SObject) p", "Record(patient__c)"),
        ("(List<Visit__c>) o", "List<Record(visit__c)>"),
        ("(Derived) o", "Derived"),
        ("(Map<String, Object>) o", "Map<Text, Any>"),
        ("t + 1", "Text"),
        ("1 + 2", "Number"),
        ("1 < 2", "Boolean"),
        ("t == null", "Boolean"),
        ("!true", "Boolean"),
        ("-1", "Number"),
        ("t ?? 'x'", "Text"),
        ("null ?? t", "Text"),
        ("true ? null : t", "Text"),
        ("t = 'x'", "Text"),
        ("o instanceof Derived", "Boolean"),
        ("Type.forName('Derived')", "platform type"),
        ("Type.forName('Derived').newInstance()", "Any"),
        ("Derived.class", "platform type"),
        ("Date.today() + 1", "Date"),
        ("1 + t + 2", "Text"),
        ("JSON.deserialize(t, Derived.class)", "Any"),
    ]);
}

#[test]
fn queries_say_their_object() {
    let w = body(
        "[SELECT Id FROM Patient__c]; [SELECT Id, (SELECT Id FROM Visits__r) FROM Patient__c WHERE Note__c = 'from Visit__c']; \
         [SELECT COUNT() FROM Patient__c]; [SELECT COUNT(Id) c FROM Patient__c GROUP BY Note__c]; \
         [SELECT Note__c\n FROM\n Patient__c p LIMIT 1].Note__c; [SELECT Id FROM Nothing__x]; [SELECT Id FROM patient__C LIMIT 1][0].Note__c; \
         [FIND 'x' RETURNING Patient__c]; [SELECT count() FROM Visit__c WHERE Patient__c IN (SELECT Id FROM Patient__c)];",
        &[],
    );
    w.assert_types(&[
        ("[SELECT Id FROM Patient__c]", "List<Record(patient__c)>"),
        (
            "[SELECT Id, (SELECT Id FROM Visits__r) FROM Patient__c WHERE Note__c = 'from Visit__c']",
            "List<Record(patient__c)>",
        ),
        ("[SELECT COUNT() FROM Patient__c]", "Number"),
        ("[SELECT COUNT(Id) c FROM Patient__c GROUP BY Note__c]", "List<Record(patient__c)>"),
        ("[SELECT Note__c\n FROM\n Patient__c p LIMIT 1].Note__c", "Text"),
        ("[SELECT Id FROM Nothing__x]", "List<Record(any)>"),
        ("[SELECT Id FROM patient__C LIMIT 1][0].Note__c", "Text"),
        ("[FIND 'x' RETURNING Patient__c]", "List<List<Record(any)>>"),
        ("[SELECT count() FROM Visit__c WHERE Patient__c IN (SELECT Id FROM Patient__c)]", "Number"),
    ]);
}

#[test]
fn every_statement_is_gone_through() {
    let w = body(
        "if (a1()) { a2(); } else if (a3()) { a4(); } else { a5(); } while (a6()) a7(); do { a8(); } while (a9()); \
         for (Integer i = b1(); b2(i); b3()) b4(); for (String s : b5()) b6(s); try { b7(); } catch (DmlException e) \
         { e.getMessage(); } finally { b8(); } switch on b9() { when 1 { c1(); } when Patient__c p { p.Note__c; } when else \
         { c2(); } } insert c3(); upsert as user c4() Note__c; merge c5() c6(); System.runAs(c7()) { c8(); } throw c9(); \
         x[d1()] = d2(); new Map<String, String>{ d3() => d4() }; new Account(Name = d5()); [SELECT Id FROM Account WHERE Name = :d6()];",
        &[("Other.cls", "public class Other { void m() { } }")],
    );
    let file = &w.program.files[0];
    let body = w.program.method(w.method("Test.run")).unwrap().body.unwrap();
    let mut calls = 0;
    file.each_expr(body, |id| {
        if matches!(file.expr(id).kind, crate::ast::ExprKind::Call { receiver: None, .. }) {
            calls += 1;
        }
    });
    assert_eq!(calls, 33);
    w.assert_types(&[("e.getMessage()", "Text"), ("p.Note__c", "Text")]);
}

#[test]
fn exceptions_and_what_all_objects_have() {
    let w = body(
        "Own e; e.getMessage(); e.getLineNumber(); Plain p; p.toString(); p.nothing(); throw new Own('x');",
        &[("Own.cls", "public class Own extends Exception { }"), ("Plain.cls", "public class Plain { }")],
    );
    w.assert_types(&[
        ("e.getMessage()", "Text"),
        ("e.getLineNumber()", "Number"),
        ("p.toString()", "Text"),
        ("p.nothing()", "Unknown"),
    ]);
    w.assert_refs(&[("e.getMessage()", "platform exceptionof"), ("new Own('x')", "new Own")]);
}

#[test]
fn values_of_variables_and_tests() {
    let w = world(&[
        (
            "A.cls",
            "public class A { static List<String> names = new List<String>{ B.name() }; Integer i = names.size(); }",
        ),
        ("B.cls", "public class B { public static String name() { return 'x'; } }"),
        ("T.cls", "@IsTest class T { static void m() { B.NAME(); } }"),
    ]);
    w.assert_refs(&[("B.name()", "B.name()"), ("names.size()", "platform list"), ("B.NAME()", "None")]);
}

#[test]
fn nothing_is_resolved_twice_in_another_way() {
    let files = [("A.cls", OVERLOADS), ("B.cls", "class B { void m() { A.m('x'); } }")];
    let say = |w: &super::world::World| format!("{:?}", w.resolution);
    assert_eq!(say(&world(&files)), say(&world(&files)));
}
