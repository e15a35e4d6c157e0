use super::{clean, decl, read, shape};
use crate::ast::{DeclKind, Dml, Sharing, Visibility};

#[test]
fn heads_of_classes() {
    let file = clean(
        "@IsTest(SeeAllData=false isParallel=true)\nGLOBAL Virtual With Sharing class A<T, U> extends B.C implements \
         D, Database.Batchable<SObject>, E<Map<Id, List<X>>> { }",
    );
    let own = &file.decls[0];
    assert_eq!(own.kind, DeclKind::Class);
    assert_eq!(own.modifiers.visibility, Visibility::Global);
    assert_eq!(own.modifiers.sharing, Sharing::With);
    assert!(own.modifiers.is_virtual && own.modifiers.is_test && !own.modifiers.is_abstract);
    assert_eq!(own.parameters.len(), 2);
    let types = |all: &[crate::ast::TypeId]| all.iter().map(|id| shape::ty(&file, *id)).collect::<Vec<_>>();
    assert_eq!(types(&own.extends), ["B.C"]);
    assert_eq!(types(&own.implements), ["D", "Database.Batchable<SObject>", "E<Map<Id, List<X>>>"]);
    assert_eq!(own.modifiers.annotations[0].args.len(), 2);
    assert!(file.source.slice(own.span).starts_with("class A<T"));
    assert_eq!(own.span.end as usize, file.source.text().len());
    for (text, sharing) in [
        ("without sharing class A {}", Sharing::Without),
        ("public inherited sharing class A {}", Sharing::Inherited),
        ("public abstract class A {}", Sharing::Unsaid),
    ] {
        assert_eq!(clean(text).decls[0].modifiers.sharing, sharing);
    }
}

#[test]
fn interfaces_and_enums() {
    let file = clean(
        "public interface A extends B, C { void m(); List<X> n(Integer i, final String s); \
         enum E { } }",
    );
    assert_eq!(
        (file.decls[0].kind, file.decls[0].extends.len(), file.decls[0].methods.len()),
        (DeclKind::Interface, 2, 2)
    );
    assert_eq!(file.decls[0].methods[1].parameters.len(), 2);
    assert!(file.decls[0].methods.iter().all(|method| method.body.is_none()));
    let file = clean("enum Season { WINTER, SPRING, Order, }");
    let names: Vec<&str> = file.decls[0].constants.iter().map(|one| file.source.slice(one.span)).collect();
    assert_eq!(names, ["WINTER", "SPRING", "Order"]);
}

#[test]
fn members() {
    let file = clean(
        "public class A {
            public static final String X = 'x', Y;
            @AuraEnabled(cacheable=true) global static List<A> all() { return null; }
            private A() { this(1); }
            protected A(Integer i) { super(); }
            abstract void later();
            webservice static String service(String s) { return s; }
            static testMethod void old() { }
            @future(callout=true) public static void away() { }
            @InvocableMethod(label='It\\'s' description='y') static void invoked(List<Id> ids) { }
            static { X = 'y'; }
            { Y = 'z'; }
            ;
            transient Integer[] many = new Integer[3];
            Map<String, List<A>> deep;
        }",
    );
    let own = &file.decls[0];
    assert_eq!((own.methods.len(), own.variables.len(), own.initializers.len()), (8, 4, 2));
    assert_eq!((own.initializers[0].0, own.initializers[1].0), (true, false));
    let constructors: Vec<usize> =
        own.methods.iter().filter(|m| m.returns.is_none()).map(|m| m.parameters.len()).collect();
    assert_eq!(constructors, [0, 1]);
    let method = |name: &str| own.methods.iter().find(|m| file.source.slice(m.name.span) == name).unwrap();
    assert!(method("later").modifiers.is_abstract && method("later").body.is_none());
    assert!(method("service").modifiers.is_webservice);
    assert!(method("old").modifiers.is_test && method("old").modifiers.is_static);
    assert_eq!(method("invoked").modifiers.annotations[0].args.len(), 2);
    assert!(file.source.slice(method("all").span).starts_with("@AuraEnabled"));
    assert!(own.variables[0].modifiers.is_final && own.variables[1].modifiers.is_static);
    assert!(own.variables[2].modifiers.is_transient);
}

#[test]
fn properties() {
    let file = clean(
        "class A {
            public Integer a { get; set; }
            public static Integer b { get { return 1; } private set { x = value; } }
            Integer c { get; }
            Integer get; Integer set { set; get; }
            @TestVisible protected Integer d { protected get { return d; } }
        }",
    );
    let say = |variable: &crate::ast::Variable| {
        let accessors = variable.accessors.iter();
        accessors.map(|one| (one.is_getter, one.body.is_some(), one.modifiers.visibility)).collect::<Vec<_>>()
    };
    let own = &file.decls[0].variables;
    assert_eq!(say(&own[0]), [(true, false, Visibility::Unsaid), (false, false, Visibility::Unsaid)]);
    assert_eq!(say(&own[1]), [(true, true, Visibility::Unsaid), (false, true, Visibility::Private)]);
    assert_eq!(say(&own[2]), [(true, false, Visibility::Unsaid)]);
    assert_eq!((own[3].accessors.len(), own[4].accessors.len()), (0, 2));
    assert_eq!(say(&own[5]), [(true, true, Visibility::Protected)]);
}

#[test]
fn classes_within_classes() {
    let file = clean(
        "class A { public virtual class B extends A { B() { } } interface C { } enum D { X } \
         private without sharing class E implements C { A.B b; } }",
    );
    assert_eq!(file.top.len(), 1);
    for (name, kind) in
        [("B", DeclKind::Class), ("C", DeclKind::Interface), ("D", DeclKind::Enum), ("E", DeclKind::Class)]
    {
        let own = decl(&file, name);
        assert_eq!((own.kind, own.outer), (kind, Some(file.top[0])), "{name}");
    }
    assert!(decl(&file, "B").methods[0].returns.is_none());
}

#[test]
fn triggers() {
    let file = clean(
        "trigger T on Patient__c (before insert, before update, before delete, after insert, after update, \
         after delete, after undelete) { for (Patient__c p : Trigger.new) { p.addError('x'); } }",
    );
    let own = file.trigger.as_ref().unwrap();
    assert_eq!(file.source.slice(own.object.span), "Patient__c");
    let events: Vec<(bool, Dml)> = own.events.clone();
    assert_eq!(events.len(), 7);
    assert_eq!((events[0], events[6]), ((true, Dml::Insert), (false, Dml::Undelete)));
    assert_eq!(own.span.end as usize, file.source.text().len());
}

#[test]
fn triggers_that_declare() {
    let file = clean(
        "trigger T on A (after insert) {
            final Integer limits = 1;
            helper();
            private static void helper() { }
            @TestVisible static Integer count { get; set; }
            public class Inner { void m() { } }
            String text(Integer i) { return 'x'; }
        }",
    );
    let body = file.trigger.as_ref().unwrap().body;
    assert_eq!(shape::stmt(&file, body), "{ local Integer limits = Integer:1; helper(); }");
    assert_eq!((file.decls[0].methods.len(), file.decls[0].variables.len(), file.decls.len()), (2, 1, 2));
}

#[test]
fn names_that_are_keywords_elsewhere() {
    let file = clean(
        "class Insert { Integer order, limit, group, count, system, user, when, trigger, instanceof, sharing, \
         select, from; static String get() { return null; } void set(String set) { } List<Set> sets; \
         Insert Insert() { List<Insert> all = null; Map<Id, Insert> update2 = insert.update(); Integer order = 1; \
         order = limit + group * count; system.debug(order); Map<Id, String> map = list.get(set); \
         switch(1); String with = without, inherited = transient; after = before; return group; } }",
    );
    assert_eq!((file.decls[0].variables.len(), file.decls[0].methods.len()), (13, 3));
    for name in [
        "order", "limit", "group", "count", "get", "set", "system", "user", "when", "offset", "first",
        "last", "data",
    ] {
        clean(&format!("class {name} {{ {name} {name}; {name}() {{ {name} = {name}.{name}({name}); }} }}"));
        clean(&format!(
            "class A {{ void {name}({name} {name}) {{ {name} x = ({name}) {name}; {name}++; }} }}"
        ));
    }
}

#[test]
fn files_without_code() {
    for text in ["", " \n\t", "// nothing", "/* nothing\n */ // at all\n", "\u{feff}"] {
        let file = clean(text);
        assert!(file.top.is_empty() && file.trigger.is_none() && file.script.is_empty());
    }
}

#[test]
fn scripts() {
    let file = clean(
        "Integer a = 1; insert b; void m(Integer i) { n(); } m(a); public class X { } private Integer c = 2;",
    );
    assert_eq!(file.script.len(), 3);
    assert_eq!(decl(&file, "").methods.len(), 1);
    assert!(read("class A { } class B { }").top.len() == 2);
}
