mod declarations;
mod expressions;
mod inheritance;
mod lexing;
mod naming;
mod nesting;
mod queries;
mod recovery;
mod resolving;
mod robust;
mod shape;
mod statements;
mod world;

use source::Source;

use crate::ast::{Decl, File, StmtKind};

/// One file, whatever it holds.
fn read(text: &str) -> File {
    let (mut files, _) = crate::parse(vec![Source::new("Test.cls", text)]);
    files.remove(0)
}

/// One file without problems.
fn clean(text: &str) -> File {
    let file = read(text);
    assert_eq!(problems(&file), Vec::<String>::new(), "{text}");
    file
}

/// The problems of a file, each with its line.
fn problems(file: &File) -> Vec<String> {
    let line = |span: &source::Span| file.source.position(span.start).line;
    file.problems.iter().map(|(span, message)| format!("{}: {message}", line(span))).collect()
}

/// The statements of a method, by their shape.
fn statements(text: &str) -> String {
    let file = clean(&format!("class Test {{ void test() {{ {text} }} }}"));
    let body = file.decls[0].methods[0].body.unwrap();
    let shape = shape::stmt(&file, body);
    shape.strip_prefix("{ ").unwrap().strip_suffix(" }").unwrap().to_owned()
}

/// An expression, by its shape.
fn expression(text: &str) -> String {
    let file = clean(&format!("class Test {{ void test() {{ return {text}; }} }}"));
    let body = file.decls[0].methods[0].body.unwrap();
    let StmtKind::Block(all) = &file.stmt(body).kind else { panic!("{text}") };
    let [only] = all.as_slice() else { panic!("{text}: {} statements", all.len()) };
    let StmtKind::Return(Some(value)) = file.stmt(*only).kind else { panic!("{text}") };
    shape::expr(&file, value)
}

fn decl<'f>(file: &'f File, name: &str) -> &'f Decl {
    file.decls.iter().find(|decl| file.source.slice(decl.name.span) == name).unwrap()
}
