use proptest::prelude::*;
use source::{Source, Span};

use super::world::Clinic;
use crate::ast::{ExprId, ExprKind, File, Labels, StmtId, StmtKind};
use crate::{link, parse, resolve};

const FILES: &[&str] = &[
    "/** Doc */ @IsTest(SeeAllData=true) public virtual with sharing class A<T> extends B implements C, D<E> {\n\
     public static final String X = 'a\\'b', Y; Integer p { get { return 1; } private set; } static { X = 'é'; }\n\
     public A(Integer i, final List<Map<Id, Set<X>>> m) { super(i); this.x = m[0].get('a')?.b ?? c; }\n\
     enum E { RED, GREEN } interface I extends J { void m(); } class B extends A { B() { this(1, null); } } }",
    "class A { void m() { for (Integer i = 0; i < n; i++) { if (a) b(); else if (c) { d(); } else e(); }\n\
     for (Account a : [SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE B IN :(ids) AND C = LAST_N_DAYS:30]) { }\n\
     switch on x { when 1, 2 { } when Account a { } when else { } } try { x = y; } catch (E e) { throw e; } finally { }\n\
     do { i--; } while (i > 0); while (true) break; System.runAs(u) { insert as user a; upsert b C__c; merge a b; } } }",
    "trigger T on Patient__c (before insert, after update) { Trigger.new[0].addError('x'); helper(); // c\n\
     static void helper() { x = (String) y + (a - 1) * -b >> 2 >>> 3; z += new List<X>{1, 2}.size(); m = new Map<Id, Y>{a => b}; } }",
    "class A { String t = '''\n long ''text'' \\''' \n'''; Type u = List<A.B>.class; Object v = new Account(Name = 'x', C = 1.5d);\n\
     %%%NS%%%Z z = a ? .5 : b; List<List<A>> w = [FIND 'x' IN ALL FIELDS RETURNING Account(Id WHERE A = :b) WITH USER_MODE]; }",
    "Integer a = 1; void m() { n(a); } m(); insert new Account(); public class X { }",
];

const TOKENS: &[&str] = &[
    "class ",
    "enum ",
    "interface ",
    "trigger ",
    "on ",
    "if ",
    "else ",
    "for ",
    "while ",
    "do ",
    "try ",
    "catch ",
    "finally ",
    "switch ",
    "when ",
    "insert ",
    "upsert ",
    "merge ",
    "new ",
    "return ",
    "static ",
    "public ",
    "final ",
    "get ",
    "set ",
    "this",
    "super",
    "instanceof ",
    "SELECT ",
    "FIND ",
    "FROM ",
    "List",
    "Map",
    "a",
    "Account ",
    "@A",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ";",
    ",",
    ".",
    "?.",
    "?",
    "??",
    ":",
    "=",
    "=>",
    "==",
    "+",
    "++",
    "-",
    "!",
    "'",
    "'''\n",
    "\\",
    "/*",
    "*/",
    "//",
    "\n",
    "1",
    "1.5d",
    ".5",
    "é",
    "\u{a0}",
    "🩺",
    "%%%",
    "\0",
    "with sharing ",
];

fn inside(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// That every span is in the text, and every part in its whole.
fn sound(file: &File) {
    let text = file.source.text();
    let fits = |span: Span| {
        assert!(
            span.start <= span.end && text.get(span.start as usize..span.end as usize).is_some(),
            "{span:?} {text:?}"
        );
    };
    for (index, own) in file.exprs.iter().enumerate() {
        fits(own.span);
        for part in file.parts(ExprId(u32::try_from(index).unwrap())) {
            assert!(part.index() < index, "{text:?}");
            assert!(inside(file.expr(part).span, own.span), "{:?} {text:?}", own.kind);
        }
        match &own.kind {
            ExprKind::Field { name, .. } | ExprKind::Call { name, .. } => {
                assert!(inside(name.span, own.span))
            }
            ExprKind::Query { text, .. } => assert!(inside(*text, own.span)),
            _ => {}
        }
    }
    for (index, own) in file.stmts.iter().enumerate() {
        fits(own.span);
        let (stmts, exprs) = file.below(StmtId(u32::try_from(index).unwrap()));
        for part in stmts {
            assert!(part.index() < index, "{text:?}");
            assert!(inside(file.stmt(part).span, own.span), "{:?} {text:?}", own.kind);
        }
        for part in exprs {
            assert!(inside(file.expr(part).span, own.span), "{:?} {text:?}", own.kind);
        }
        if let StmtKind::Switch { arms, .. } = &own.kind {
            for arm in arms {
                if let Labels::Record { of, name } = &arm.labels {
                    assert!(inside(file.type_ref(*of).span, own.span) && inside(name.span, own.span));
                }
            }
        }
    }
    file.types.iter().for_each(|own| fits(own.span));
    file.comments.iter().copied().for_each(fits);
    for decl in &file.decls {
        fits(decl.span);
        for method in &decl.methods {
            fits(method.span);
            assert!(inside(method.name.span, method.span));
            method.body.iter().for_each(|body| assert!(inside(file.stmt(*body).span, method.span)));
        }
    }
    for (span, message) in &file.problems {
        fits(*span);
        assert!(!message.is_empty());
    }
    for index in 0..file.exprs.len() {
        file.literal_text(ExprId(u32::try_from(index).unwrap()));
    }
}

fn survived(texts: &[&str]) {
    let sources = texts.iter().map(|text| Source::new("Any.cls", *text)).collect();
    let (files, names) = parse(sources);
    files.iter().for_each(sound);
    let program = link(files, names, &Clinic);
    let resolution = resolve(&program, &Clinic);
    for (index, file) in program.files.iter().enumerate() {
        for expr in 0..file.exprs.len() {
            let id = crate::FileId(u32::try_from(index).unwrap());
            assert!(
                resolution.expr(id, ExprId(u32::try_from(expr).unwrap())).ty
                    != crate::Ty::Class(crate::ClassId(u32::MAX))
            );
        }
    }
}

#[test]
fn the_files_are_clean() {
    for text in FILES {
        let file = super::clean(text);
        sound(&file);
    }
    survived(FILES);
}

#[test]
fn every_beginning_of_a_file_is_read() {
    for text in FILES {
        for end in 0..text.len() {
            text.get(..end).into_iter().for_each(|text| survived(&[text]));
        }
    }
}

/// A file with some tokens taken out, doubled, or put in from others.
fn broken() -> impl Strategy<Value = String> {
    let change = (0usize..400, 0usize..4, 0usize..TOKENS.len());
    (0..FILES.len(), prop::collection::vec(change, 1..8)).prop_map(|(which, changes)| {
        let mut parts: Vec<&str> = FILES[which]
            .split_inclusive([' ', '(', ')', '{', '}', '[', ']', ';', ',', '\'', ':', '.', '<', '>'])
            .collect();
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survived(&[&String::from_utf8_lossy(&bytes)]);
    }

    #[test]
    fn any_tokens_are_survived(tokens in prop::collection::vec(0..TOKENS.len(), 0..80)) {
        survived(&[&tokens.iter().map(|&token| TOKENS[token]).collect::<String>()]);
    }

    #[test]
    fn broken_files_are_survived(text in broken()) {
        survived(&[&text]);
    }

    #[test]
    fn broken_files_are_linked(texts in prop::collection::vec(broken(), 2..5)) {
        survived(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    }
}
