use super::world::{body, world};
use crate::ast::Sharing;

fn names(world: &super::world::World, ids: &[crate::ClassId]) -> Vec<String> {
    ids.iter().map(|id| world.program.class_name(*id)).collect()
}

#[test]
fn parents_and_interfaces() {
    let w = world(&[
        ("A.cls", "public virtual class A implements I { public virtual void m() { } public void n() { } }"),
        (
            "B.cls",
            "public virtual class B EXTENDS a implements J, Comparable { public override void M() { } }",
        ),
        (
            "C.cls",
            "public class C extends B { public override void m() { super.m(); n(); this.k(); } public void k() { } }",
        ),
        ("I.cls", "public interface I { void m(); }"),
        ("J.cls", "public interface J extends I { void k(); }"),
        (
            "Job.cls",
            "public class Job implements Database.Batchable<SObject>, System.Schedulable, Queueable { }",
        ),
        ("E.cls", "public class E extends Exception { }"),
    ]);
    assert_eq!(names(&w, &w.program.lineage(w.class("C"))), ["C", "B", "A", "J", "I"]);
    assert!(w.program.implements(w.class("C"), "Comparable"));
    assert!(!w.program.implements(w.class("A"), "comparable"));
    for interface in ["Database.Batchable", "schedulable", "Queueable"] {
        assert!(w.program.implements(w.class("Job"), interface), "{interface}");
    }
    assert!(w.program.implements(w.class("E"), "exception"));
    assert_eq!(names(&w, &w.program.class(w.class("I")).unwrap().below), ["A", "J"]);
    w.assert_refs(&[("super.m()", "B.M()"), ("n()", "virtual A.n()"), ("this.k()", "virtual C.k()")]);
    let overriders = |name: &str| {
        let own = w.program.method(w.method(name)).unwrap();
        own.overriders.iter().map(|id| w.program.method_name(*id)).collect::<Vec<_>>()
    };
    assert_eq!(overriders("A.m"), ["B.M", "C.m"]);
    assert_eq!(overriders("I.m"), ["A.m", "B.M", "C.m"]);
    assert_eq!(overriders("J.k"), ["C.k"]);
    assert_eq!(overriders("A.n"), Vec::<String>::new());
}

#[test]
fn only_the_same_parameters_override() {
    let w = world(&[(
        "A.cls",
        "class A { virtual void m(String s) { } virtual void m(Object o) { } virtual void m(List<Id> o) { } \
         class B extends A { override void m(String s) { } void m(Id s) { } } }",
    )]);
    let of = |index: usize| {
        let own = &w.program.methods[index];
        own.overriders.iter().map(|id| w.program.method_name(*id)).collect::<Vec<_>>()
    };
    assert_eq!(of(0), ["A.B.m"]);
    assert_eq!((of(1), of(2)), (Vec::new(), Vec::new()));
}

#[test]
fn inner_classes_that_extend_what_is_inherited() {
    let w = world(&[
        ("A.cls", "public class A extends Base { public class Own extends Inner { void m() { n(); } } }"),
        ("Base.cls", "public virtual class Base { public virtual class Inner { public void n() { } } }"),
    ]);
    assert_eq!(names(&w, &w.program.lineage(w.class("A.Own"))), ["A.Own", "Base.Inner"]);
    assert_eq!(w.to("n()"), "virtual Base.Inner.n()");
}

#[test]
fn circles_of_parents() {
    let w = world(&[
        ("A.cls", "public class A extends B { void a() { c(); zzz(); x = y; } }"),
        ("B.cls", "public class B extends C { }"),
        ("C.cls", "public class C extends A { void c() { } }"),
        ("D.cls", "public class D extends D { D d; void m() { d.m(); d.n(); } }"),
        ("I.cls", "public interface I extends J { }"),
        ("J.cls", "public interface J extends I { }"),
        ("O.cls", "public class O { class P extends Q { } class Q extends O { } }"),
    ]);
    for class in &w.program.classes {
        let id =
            w.class(&w.program.class_name(w.program.class_named(class.name, None).unwrap_or(w.class("O"))));
        assert!(w.program.lineage(id).len() <= 3);
        let _ = (w.program.sharing(id), w.program.implements(id, "x"));
    }
    w.assert_refs(&[("c()", "virtual C.c()"), ("zzz()", "None"), ("d.m()", "virtual D.m()")]);
}

#[test]
fn two_classes_of_one_name() {
    let w = world(&[
        (
            "one/A.cls",
            "public class A { public static void first() { } public static void m() { A.first(); } }",
        ),
        ("two/a.cls", "public class a { public static void second() { A.second(); } }"),
    ]);
    assert_eq!(w.program.classes.len(), 2);
    assert_eq!(
        w.program.file(w.program.class(w.class("A")).unwrap().file).unwrap().source.path(),
        "one/A.cls"
    );
    assert_eq!(w.to("A.first()"), "A.first()");
    assert_eq!(w.to("A.second()"), "a.second()");
}

#[test]
fn sharing_is_inherited_from_parents_alone() {
    let w = world(&[
        ("A.cls", "public with sharing virtual class A { class Inner { } inherited sharing class Said { } }"),
        ("B.cls", "public virtual class B extends A { }"),
        ("C.cls", "public without sharing class C extends B { }"),
    ]);
    for (class, sharing) in [
        ("A", Sharing::With),
        ("A.Inner", Sharing::Unsaid),
        ("A.Said", Sharing::Inherited),
        ("B", Sharing::With),
        ("C", Sharing::Without),
    ] {
        assert_eq!(w.program.sharing(w.class(class)), sharing, "{class}");
    }
}

#[test]
fn what_every_class_has() {
    let w = body(
        "new A(); new B(1); new Job();",
        &[
            ("A.cls", "public class A { static Integer i = 1; static { i = 2; } { i = 3; } }"),
            ("B.cls", "public class B { B() { this(1); } B(Integer i) { super(); } }"),
            ("Job.cls", "public class Job implements Database.Batchable<SObject> { }"),
            ("T.cls", "@IsTest class T { class Inner { void m() { } } }"),
            ("E.cls", "public enum E { X }"),
        ],
    );
    w.assert_refs(&[("new A()", "new A.A()"), ("new B(1)", "new B.B(Number)"), ("this(1)", "B.B(Number)")]);
    let a = w.program.class(w.class("A")).unwrap();
    assert_eq!((a.constructors.len(), a.static_initializers.len(), a.initializers.len()), (1, 1, 1));
    assert!(w.program.class(w.class("E")).unwrap().constructors.is_empty());
    assert!(w.program.class(w.class("T.Inner")).unwrap().is_test);
    assert!(w.program.methods.iter().any(|method| method.kind == crate::MethodKind::Job));
    assert_eq!(w.program.methods_anywhere(w.program.names.find("m").unwrap(), 0), []);
}
