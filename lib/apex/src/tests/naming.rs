use super::world::{body, world};

#[test]
fn the_nearest_name_counts() {
    let w = world(&[(
        "A.cls",
        "public class A {
            static String x; static Integer y; Date z;
            void m(Boolean x) {
                x = true;
                { Id y = null; y.to15(); }
                y++;
                for (Integer z : list) { z.format(); }
                this.z.year();
                this.x.trim();
                if (x) { Blob late = null; late.size(); }
                late.size2();
            }
            class Inner { String own; void m() { y--; own.length(); } }
        }",
    )]);
    w.assert_refs(&[
        ("y.to15()", "platform id"),
        ("y++", "None"),
        ("z.format()", "platform number"),
        ("this.z", "A.z"),
        ("this.x", "A.x"),
        ("late.size()", "platform blobof"),
        ("late.size2()", "platform late"),
    ]);
    w.assert_types(&[
        ("this.z", "Date"),
        ("this.x", "Text"),
        ("x = true", "Boolean"),
        ("y--", "Number"),
        ("own", "Text"),
    ]);
}

#[test]
fn slots_do_not_overlap() {
    let w = body(
        "Integer a, b; for (Integer c = 0; ; ) { Integer d; } try { } catch (Exception e) { Integer f; }",
        &[],
    );
    assert_eq!(w.resolution.frame(w.method("Test.run")).slots, 6);
}

#[test]
fn statics_through_classes_around() {
    let w = body(
        "Outer.Inner.count(); Outer.LIMITS.get('a'); Outer.Inner i; i.up(); Outer.Season.WINTER.name(); \
         Outer.Season s = Outer.Season.SPRING; s.ordinal(); Outer.Season.valueOf('x'); Outer.Season.values();",
        &[(
            "Outer.cls",
            "public class Outer { public static Map<String, Id> LIMITS; static void helper() { } void other() { } \
             public enum Season { WINTER, SPRING } \
             public virtual class Base { public Integer inherited; } \
             public class Inner extends Base { public static Integer count() { helper(); return 1; } \
             public Outer up() { return inherited == 1 ? null : null; } } }",
        )],
    );
    w.assert_refs(&[
        ("Outer.Inner.count()", "Outer.Inner.count()"),
        ("Outer.LIMITS", "Outer.LIMITS"),
        ("helper()", "Outer.helper()"),
        ("i.up()", "virtual Outer.Inner.up()"),
        ("inherited", "Outer.Base.inherited"),
        ("Outer.Season.WINTER", "Constant"),
        ("Outer.Season", "Type"),
    ]);
    w.assert_types(&[
        ("Outer.LIMITS.get('a')", "Id"),
        ("i.up()", "Outer"),
        ("Outer.Season.WINTER", "Outer.Season"),
        ("Outer.Season.WINTER.name()", "Text"),
        ("Outer.Season.valueOf('x')", "Outer.Season"),
        ("Outer.Season.values()", "List<Outer.Season>"),
    ]);
}

#[test]
fn properties_are_variables_with_code() {
    let w = body(
        "A a; a.b = 'x'; a.c.trim(); A.d++;",
        &[(
            "A.cls",
            "public class A { public String b { get { return c; } set { b = value; } } public String c { get; set; } \
           public static Integer d { get { return 1; } } }",
        )],
    );
    w.assert_refs(&[("a.b", "A.b"), ("a.c", "A.c"), ("A.d", "A.d"), ("value", "Local(0)"), ("b", "A.b")]);
    let found = |name: &str| {
        let own = w.program.variable_of(w.class("A"), w.program.names.find(name).unwrap()).unwrap();
        let own = w.program.variable(own).unwrap();
        (own.getter.is_some(), own.setter.is_some(), own.is_static)
    };
    assert_eq!(
        (found("b"), found("c"), found("d")),
        ((true, true, false), (false, false, false), (true, false, true))
    );
}

#[test]
fn records_of_triggers() {
    let w = world(&[
        (
            "T.trigger",
            "trigger T on Patient__c (before insert, after update) {
                for (Patient__c p : Trigger.new) { p.Note__c = 'x'; }
                Trigger.new[0].addError('x');
                Trigger.oldMap.get(id);
                Trigger.old.size();
                if (Trigger.isInsert) { help(1); }
                private static void help(Integer i) { }
            }",
        ),
        ("A.cls", "class A { void m() { Trigger.newMap.values(); } }"),
    ]);
    w.assert_types(&[
        ("Trigger.new", "List<Record(patient__c)>"),
        ("Trigger.new[0]", "Record(patient__c)"),
        ("Trigger.oldMap.get(id)", "Record(patient__c)"),
        ("Trigger.isInsert", "Boolean"),
        ("Trigger.newMap.values()", "List<Record(any)>"),
    ]);
    w.assert_refs(&[
        ("p.Note__c", "field note__c"),
        ("help(1)", ".help(Number)"),
        ("Trigger.new[0].addError('x')", "platform record"),
    ]);
    assert_eq!(w.program.method_name(w.method("T")), "T");
}

#[test]
fn namespaces() {
    let w = body(
        "System.debug(1); System.String.valueOf(1); Schema.Account a; a.Name; Schema.SObjectType.Account.getName(); \
         ConnectApi.FeedItem f; f.id; Messaging.SingleEmailMessage m = new Messaging.SingleEmailMessage(); \
         System.HttpRequest r; r.getBody(); Database.query('x'); System.Label.Hello; System.List<Id> ids; ids.get(0); \
         Dom.Document d; d.getRootElement(); Database.SaveResult sr; sr.getId();",
        &[],
    );
    w.assert_types(&[
        ("System.String.valueOf(1)", "Text"),
        ("a.Name", "Text"),
        ("new Messaging.SingleEmailMessage()", "platform messaging.singleemailmessage"),
        ("r.getBody()", "Text"),
        ("Database.query('x')", "List<Record(any)>"),
        ("System.Label.Hello", "Text"),
        ("ids.get(0)", "Id"),
        ("d.getRootElement()", "platform dom.xmlnode"),
        ("f", "platform connectapi.feeditem"),
        ("sr", "platform database.saveresult"),
    ]);
    w.assert_refs(&[("System.debug(1)", "platform system"), ("Database.query('x')", "platform database")]);
}

#[test]
fn own_classes_hide_those_of_salesforce() {
    let w = body(
        "Test2.m(); Account a; a.m(); Http h; h.send(null); System.Http own; own.send(null); Test.isRunningTest();",
        &[
            ("Test2.cls", "public class Test2 { public static void m() { } }"),
            ("Http.cls", "public class Http { public void send(String s) { } }"),
        ],
    );
    w.assert_refs(&[
        ("Test2.m()", "Test2.m()"),
        ("h.send(null)", "virtual Http.send(Text)"),
        ("own.send(null)", "platform http"),
    ]);
}
