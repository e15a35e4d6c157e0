use source::Source;

use super::{clean, expression, problems, read};
use crate::ast::{ExprId, ExprKind};
use crate::lexer::{Kind, lex};
use crate::name::Names;

/// Kinds and texts of the tokens.
fn tokens(text: &str) -> Vec<String> {
    let lexed = lex(Source::new("Test.cls", text), &mut Names::default());
    assert_eq!(lexed.problems, [], "{text}");
    let say = |token: &crate::lexer::Token| {
        let text = lexed.source.slice(token.span);
        match token.kind {
            Kind::Word(_) => format!("word {text}"),
            Kind::Sign(_) => text.to_owned(),
            kind => format!("{kind:?} {text}"),
        }
    };
    let end = lexed.all.len() - 1;
    assert_eq!(lexed.all[end].kind, Kind::End);
    lexed.all[..end].iter().map(say).collect()
}

/// The value of the one text in a file.
fn value(written: &str) -> String {
    let file = clean(&format!("class A {{ String s = {written}; }}"));
    let at = file.exprs.iter().position(|expr| matches!(expr.kind, ExprKind::Literal(_))).unwrap();
    file.literal_text(ExprId(u32::try_from(at).unwrap())).unwrap()
}

#[test]
fn texts_with_their_escapes() {
    assert_eq!(value("''"), "");
    assert_eq!(value("'it\\'s'"), "it's");
    assert_eq!(value(r"'\\'"), "\\");
    assert_eq!(value(r"'a\nb\tc\rd\be\ff\N'"), "a\nb\tc\rd\u{8}e\u{c}f\n");
    assert_eq!(value(r"'\u00e9\U00E9'"), "éé");
    assert_eq!(value(r"'\uD83D \uzzzz'"), "\u{fffd} \u{fffd}");
    assert_eq!(value("'// no comment /* either'"), "// no comment /* either");
    assert_eq!(value("'\"quoted\" {0} %%%A%%%'"), "\"quoted\" {0} %%%A%%%");
    assert_eq!(value("'日本語 🩺'"), "日本語 🩺");
    assert_eq!(value(r"'\é'"), "é");
}

#[test]
fn texts_of_several_lines() {
    assert_eq!(value("'''\nfirst\n  it's ''two''\n'''"), "first\n  it's ''two''\n");
    assert_eq!(value("'''  \r\nfirst'''"), "first");
    assert_eq!(value("'''\na \\''' b\\\\'''"), "a ''' b\\");
    assert_eq!(tokens("'' 'a'"), ["Text ''", "Text 'a'"]);
}

#[test]
fn texts_that_do_not_end_cost_their_line() {
    let text = "class A { String a = 'open;\n String b = 'b'; void m() { f('x\\\n); g(); } }";
    let file = read(text);
    assert_eq!(problems(&file)[0], "1: this text does not end on its line; write `'`");
    assert!(problems(&file).iter().any(|one| one == "2: this text does not end on its line; write `'`"));
    assert!(problems(&file).iter().all(|one| !one.contains("open")));
    let file = read("class A { String a = '''\nopen");
    assert_eq!(problems(&file)[0], "1: this text does not end; write `'''`");
    assert!(!problems(&read("class A { String a = 'x\\")).is_empty());
    assert!(!problems(&read("class A { String a = '''\nx\\")).is_empty());
}

#[test]
fn numbers() {
    assert_eq!(
        tokens("0 10L 10l 1.5 1.5d 1.5D 2d 007 1.0.intValue() 5.format() 1e3 2.5e-3"),
        [
            "Integer 0",
            "Long 10L",
            "Long 10l",
            "Decimal 1.5",
            "Decimal 1.5d",
            "Decimal 1.5D",
            "Decimal 2d",
            "Integer 007",
            "Decimal 1.0",
            ".",
            "word intValue",
            "(",
            ")",
            "Integer 5",
            ".",
            "word format",
            "(",
            ")",
            "Decimal 1e3",
            "Decimal 2.5e-3",
        ]
    );
    assert_eq!(
        tokens(".5 a.b[0].c 1.;"),
        ["Decimal .5", "word a", ".", "word b", "[", "Integer 0", "]", ".", "word c", "Decimal 1.", ";"]
    );
}

#[test]
fn question_marks() {
    assert_eq!(expression("a?.b"), "a?.b");
    assert_eq!(expression("a ?.5 : b"), "(a ? Decimal:.5 : b)");
    assert_eq!(expression("a?.5:b"), "(a ? Decimal:.5 : b)");
    assert_eq!(expression("a?b:c"), "(a ? b : c)");
    assert_eq!(expression("a??b"), "(a Coalesce b)");
    assert_eq!(expression("a ?? b ? c : d"), "((a Coalesce b) ? c : d)");
}

#[test]
fn signs_are_as_long_as_they_can_be() {
    assert_eq!(
        tokens("a<<=b===c!==d=>e==f!=g<>h<=i&&j||k++ --l+=m"),
        [
            "word a", "<<=", "word b", "===", "word c", "!==", "word d", "=>", "word e", "==", "word f",
            "!=", "word g", "<>", "word h", "<=", "word i", "&&", "word j", "||", "word k", "++", "--",
            "word l", "+=", "word m",
        ]
    );
    assert_eq!(
        tokens("List<List<A>>=x"),
        ["word List", "<", "word List", "<", "word A", ">", ">", "=", "word x"]
    );
}

#[test]
fn comments_are_kept_apart() {
    let file = clean("/* a */ class /** b **/ A { // c\n /**/ Integer x; /* // */ // d */\n }// e");
    let comments: Vec<&str> = file.comments.iter().map(|span| file.source.slice(*span)).collect();
    assert_eq!(comments, ["/* a */", "/** b **/", "// c", "/**/", "/* // */", "// d */", "// e"]);
    let file = read("class A { } /* open");
    assert_eq!(problems(&file), ["1: this comment does not end; write `*/`"]);
}

#[test]
fn letters_beyond_ascii() {
    let file = clean("\u{feff}class Ä\u{a0}{ Integer größe = 1; // ü\n Integer na\u{ef}ve; }");
    assert_eq!(file.source.slice(file.decls[0].name.span), "Ä");
    assert_eq!(file.source.slice(file.decls[0].variables[0].name.span), "größe");
    assert_eq!(file.decls[0].variables.len(), 2);
    assert!(!problems(&read("class A { Integer x = 1 § 2; }")).is_empty());
}

#[test]
fn places_for_a_packager() {
    let file = clean("class A { %%%NAMESPACE%%%B__c b; String s = '%%%X%%%'; Integer r = 7 % 2; }");
    assert_eq!(file.decls[0].variables.len(), 3);
    assert_eq!(tokens("%%%A_1%%%b"), ["word b"]);
    assert_eq!(tokens("a %%%% b"), ["word a", "%", "%", "%", "%", "word b"]);
}

#[test]
fn names_are_the_same_in_any_case() {
    let mut names = Names::default();
    let first = names.intern("Patient__c");
    assert_eq!(names.intern("PATIENT__C"), first);
    assert_eq!(names.find("patient__C"), Some(first));
    assert_eq!((names.written(first), names.folded(first)), ("Patient__c", "patient__c"));
    assert_eq!(names.find("nobody"), None);
    assert_ne!(names.intern("É"), names.intern("é"));
    assert_eq!(names.intern("SELECT"), crate::word::SELECT);
    assert_eq!(names.all().count(), names.texts().count());
}
