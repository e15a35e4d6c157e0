//! Reads paths of Apex files from its input, one a line, and prints what is found in each: one line of JSON a file.
#![expect(clippy::print_stdout, reason = "a command that speaks to another")]

use std::io::Read;

use apex::Name;
use apex::ast::{Decl, DeclKind, Dml, Expr, ExprKind, File, Operator, Spanned, StmtKind};
use serde_json::json;
use source::{Source, Span};

fn main() -> std::io::Result<()> {
    let mut paths = String::new();
    std::io::stdin().read_to_string(&mut paths)?;
    let read = |path: &str| std::fs::read(path).map(|bytes| Source::decode(path, bytes, None).0);
    let sources = paths.lines().map(read).collect::<Result<Vec<_>, _>>()?;
    let (files, _) = apex::parse(sources);
    for file in &files {
        println!("{}", outline(file));
    }
    Ok(())
}

fn outline(file: &File) -> serde_json::Value {
    let line = |span: Span| file.source.position(span.start).line;
    let name = |kind: &str, name: &Spanned<Name>| {
        format!("{kind} {} {}", file.source.slice(name.span), line(name.span))
    };
    let mut declarations: Vec<String> = file.trigger.iter().map(|own| name("trigger", &own.name)).collect();
    for decl in &file.decls {
        declarations.extend(members(decl, &name));
    }
    let call = |name: &str, span: Span| format!("{} {}", name.to_lowercase(), line(span));
    let mut calls = Vec::new();
    let mut queries = Vec::new();
    let mut operators = Vec::new();
    for expr in &file.exprs {
        match &expr.kind {
            ExprKind::Call { name, .. } => calls.push(call(file.source.slice(name.span), name.span)),
            ExprKind::Delegate { to_super, .. } => {
                calls.push(call(if *to_super { "super" } else { "this" }, expr.span));
            }
            ExprKind::New { .. } | ExprKind::NewList { .. } | ExprKind::NewMap { .. } => {
                calls.push(call("new", expr.span));
            }
            ExprKind::Query { is_search, .. } => {
                let kind = if *is_search { "search" } else { "query" };
                queries.push(format!("{kind} {}", line(expr.span)));
            }
            _ => {}
        }
        operators.extend(operators_of(expr).into_iter().map(|kind| call(kind, expr.span)));
    }
    for stmt in &file.stmts {
        match &stmt.kind {
            StmtKind::Dml { operation, .. } => calls.push(call(word(*operation), stmt.span)),
            StmtKind::RunAs { .. } => calls.push(call("runas", stmt.span)),
            _ => {}
        }
    }
    json!({
        "path": file.source.path(),
        "problems": file.problems.len(),
        "line": file.problems.first().map_or(0, |(span, _)| line(*span)),
        "declarations": declarations,
        "calls": calls,
        "queries": queries,
        "operators": operators,
    })
}

fn operators_of(expr: &Expr) -> Vec<&'static str> {
    match &expr.kind {
        ExprKind::Binary { rest, .. } => rest.iter().map(|(operator, _)| kind(*operator)).collect(),
        ExprKind::Ternary { .. } => vec!["ternary"],
        ExprKind::Assign { .. } => vec!["assign"],
        ExprKind::InstanceOf { .. } => vec!["instanceof"],
        ExprKind::Cast { .. } => vec!["cast"],
        ExprKind::Step { .. } => vec!["step"],
        ExprKind::Unary { .. } => vec!["unary"],
        ExprKind::Index { .. } => vec!["index"],
        _ => Vec::new(),
    }
}

fn kind(operator: Operator) -> &'static str {
    match operator {
        Operator::Or => "or",
        Operator::And => "and",
        Operator::BitOr => "bit-or",
        Operator::BitXor => "bit-xor",
        Operator::BitAnd => "bit-and",
        Operator::Equal | Operator::NotEqual | Operator::Identical | Operator::NotIdentical => "equal",
        Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => "compare",
        Operator::ShiftLeft | Operator::ShiftRight => "shift",
        Operator::Add | Operator::Subtract => "add",
        Operator::Multiply | Operator::Divide | Operator::Remainder => "multiply",
        Operator::Coalesce => "coalesce",
    }
}

fn members(decl: &Decl, say: &impl Fn(&str, &Spanned<Name>) -> String) -> Vec<String> {
    let kind = match decl.kind {
        DeclKind::Class => "class",
        DeclKind::Interface => "interface",
        DeclKind::Enum => "enum",
    };
    // What stands outside of all classes is in one without a name.
    let mut all: Vec<String> =
        (!decl.name.span.is_empty()).then(|| say(kind, &decl.name)).into_iter().collect();
    all.extend(decl.constants.iter().map(|own| say("constant", own)));
    all.extend(decl.variables.iter().map(|own| say("field", &own.name)));
    let methods = decl.methods.iter();
    all.extend(
        methods.map(|own| say(if own.returns.is_some() { "method" } else { "constructor" }, &own.name)),
    );
    all
}

fn word(operation: Dml) -> &'static str {
    match operation {
        Dml::Insert => "insert",
        Dml::Update => "update",
        Dml::Upsert => "upsert",
        Dml::Delete => "delete",
        Dml::Undelete => "undelete",
        Dml::Merge => "merge",
    }
}
