use source::Source;

use super::{clean, problems, read};
use crate::{NoSchema, link, parse, resolve};

/// Reads and resolves with the stack that threads have, in a pool as the product has one.
fn survived(text: String) -> Vec<String> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(2 << 20).build().unwrap();
    pool.install(|| {
        let (files, names) = parse(vec![Source::new("Deep.cls", text)]);
        let problems = problems(&files[0]);
        let program = link(files, names, &NoSchema);
        let resolution = resolve(&program, &NoSchema);
        let file = &program.files[0];
        for method in &program.methods {
            method
                .body
                .into_iter()
                .for_each(|body| file.each_expr(body, |id| drop(resolution.expr(method.file, id).clone())));
        }
        problems
    })
}

const MANY: usize = 100_000;

/// What opens, what stands in the middle, and what closes; and the same where nothing closes, of which less will do.
fn deep(open: &str, middle: &str, close: &str) -> [String; 2] {
    let of = |count: usize, close: &str| format!("{}{middle}{}", open.repeat(count), close.repeat(count));
    [of(MANY, close), of(MANY / 10, "")]
}

/// Each with what opens, what stands in the middle, and what closes.
const DEEP: &[(&str, &str, &str)] = &[
    ("(", "a", ")"),
    ("f(", "a", ")"),
    ("a.f(", "a", ")"),
    ("new A(", "a", ")"),
    ("new List<A>{", "a", "}"),
    ("a[", "a", "]"),
    ("-", "a", ""),
    ("!", "a", ""),
    ("++", "a", ""),
    ("(A) ", "a", ""),
    ("(", "a", "+ a)"),
    ("a = ", "a", ""),
    ("a ? a : ", "a", ""),
    ("a ? ", "a", " : a"),
    ("", "a", ".b"),
    ("", "a", "?.b"),
    ("", "a", ".f()"),
    ("", "a", ".1 .b"),
    ("", "a", "[0]"),
    ("", "a", "++"),
    ("[SELECT Id FROM A WHERE B = :", "a", "]"),
    ("(List<", "A", ">) a"),
];

#[test]
fn deep_expressions_are_told_of() {
    for (open, middle, close) in DEEP {
        for text in deep(open, middle, close) {
            let problems = survived(format!("class A {{ void m() {{ x = {text}; }} void n() {{ }} }}"));
            assert!(!problems.is_empty() || open.is_empty(), "{open}{middle}");
            assert!(problems.len() <= 50);
        }
    }
}

#[test]
fn deep_statements_are_told_of() {
    for (open, close) in [
        ("{", "}"),
        ("if (a) {", "}"),
        ("if (a) ", ""),
        ("while (a) ", ""),
        ("for (;;) ", ""),
        ("for (A a : b) {", "}"),
        ("do ", ""),
        ("try {", "} finally { }"),
        ("switch on a { when 1 {", "} }"),
        ("System.runAs(a) {", "}"),
        ("if (a) { } else ", ""),
    ] {
        for text in deep(open, " a(); ", close) {
            assert!(!survived(format!("class A {{ void m() {{ {text} }} }}")).is_empty(), "{open}");
        }
    }
}

#[test]
fn deep_declarations_are_told_of() {
    for (open, close) in [
        ("class A { ", "}"),
        ("interface A { ", "}"),
        ("{ ", "}"),
        ("@A(", ")"),
        ("List<", ">"),
        ("(", ")"),
        ("trigger T on A (before insert) { ", "}"),
        ("enum A { ", "}"),
    ] {
        for text in deep(open, "", close) {
            assert!(!survived(format!("class B {{ {text} }}")).is_empty(), "in a class: {open}");
            assert!(!survived(text).is_empty(), "{open}");
        }
    }
}

/// What looks ahead must not look ahead from every place to the end.
#[test]
fn long_files_take_no_square_of_time() {
    for part in [
        "a<", "@A(;", "@A(}", "@A(", "a<b,", "(a<", "a(b(;", "a b(", "a[]", "a[", ">", "a>", "x y(){", "'",
        "[SELECT ", ":", "%%%a", "'''\n",
    ] {
        for around in ["", "class A { void m() { "] {
            survived(format!("{around}{}", part.repeat(MANY)));
        }
    }
}

#[test]
fn long_chains_are_read() {
    let sum = format!("class A {{ String s = {}'x'; }}", "'x' + ".repeat(50_000));
    clean(&sum);
    assert_eq!(survived(sum), Vec::<String>::new());
    let chain = |length: usize| {
        format!(
            "class A {{ void m(Integer a) {{ {} {{ b(); }} }} }}",
            "if (a == 1) { b(); } else ".repeat(length)
        )
    };
    clean(&chain(500));
    assert_eq!(survived(chain(500)), Vec::<String>::new());
    assert!(problems(&read(&chain(5000)))[0].contains("more than 600 branches"));
    clean(&format!("class A {{ void m() {{ a{}; }} }}", ".with('x')".repeat(150)));
    clean(&format!("class A {{ void m() {{ x = {}a{}; }} }}", "(".repeat(60), ")".repeat(60)));
    clean(&format!("class A {{ void m() {{ {} }} }}", "a();".repeat(50_000)));
    clean(&format!("class A {{ List<String> l = new List<String>{{ {} }}; }}", "'x',".repeat(20_000)));
}

#[test]
fn a_line_of_many_classes_is_linked() {
    let all: String =
        (0..3000).map(|at| format!("class A{at} extends A{} {{ void m() {{ n(); }} }} ", at + 1)).collect();
    assert_eq!(survived(all), Vec::<String>::new());
}
