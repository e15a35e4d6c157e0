//! Uses by Apex: in queries, whole or as constant texts, and in expressions on records.

use apex::ast::{Expr, ExprId, ExprKind, File, Literal, Operator};
use apex::{FileId, Ref};
use journal::Place;
use soql::{FieldGroup, Targets, UsePlace};
use source::{Source, Span};

use super::{By, Comparison, How, Uses};
use crate::Context;
use crate::code::{self, Code, Does, Look};
use crate::field_path::{self, Reached};

pub(super) fn visit(uses: &mut Uses<'_, '_>) {
    let code = uses.cx.code();
    for (id, file) in code.files() {
        let name = stem(file.source.path());
        for (index, expr) in (0_u32..).zip(&file.exprs) {
            if !in_brackets(file, expr, &mut |one| statement(uses, &one)) {
                expression(uses, code, (id, file), name, ExprId(index), &expr.kind);
            }
        }
    }
    in_texts(code, &mut |one| statement(uses, &one));
}

/// A query or search of the code.
pub(crate) struct Statement<'c> {
    /// The name of the class or trigger.
    name: &'c str,
    pub(crate) text: &'c str,
    pub(crate) is_search: bool,
    /// The place of a part of the text.
    pub(crate) place: &'c dyn Fn(Span) -> Place,
}

/// Every query and search in brackets, and those whose text is a constant.
pub(crate) fn each_statement(code: &Code, visit: &mut dyn FnMut(Statement<'_>)) {
    for (_, file) in code.files() {
        for expr in &file.exprs {
            in_brackets(file, expr, visit);
        }
    }
    in_texts(code, visit);
}

/// The statement that an expression is, if it is one.
fn in_brackets(file: &File, expr: &Expr, visit: &mut dyn FnMut(Statement<'_>)) -> bool {
    let ExprKind::Query { text, is_search, .. } = &expr.kind else { return false };
    let from = text.start;
    let place = |span: Span| Place::of(&file.source, Span::new(from + span.start, from + span.end));
    let (name, text) = (stem(file.source.path()), file.source.slice(*text));
    visit(Statement { name, text, is_search: *is_search, place: &place });
    true
}

fn in_texts(code: &Code, visit: &mut dyn FnMut(Statement<'_>)) {
    let look = Look::of(code);
    for &site in &look.sites {
        let Some(call) = look.call(site) else { continue };
        let is_query = code::does(call.class, call.name) == Some(Does::Read);
        let Some(&text) = call.args.first().filter(|_| is_query) else { continue };
        let is_search = call.class == "search";
        let Some(file) = look.file(site) else { continue };
        let place = look.place(site);
        for one in look.constants(code::Site { expr: text, ..site }) {
            let (name, text) = (stem(file.source.path()), one.text.as_str());
            visit(Statement { name, text, is_search, place: &|_| place.clone() });
        }
    }
}

/// `PatientFinder` of `classes/PatientFinder.cls`.
fn stem(path: &str) -> &str {
    path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or(path)
}

/// The org, as queries ask for it.
pub(crate) struct Org<'c, 'p> {
    pub(crate) cx: &'c Context<'p>,
}

impl soql::Schema for Org<'_, '_> {
    fn relationship(&self, object: &str, name: &str) -> Targets {
        Targets::One(field_path::follow(self.cx.project, object, &format!("{name}.Id")).object)
    }

    fn child_relationship(&self, object: &str, name: &str) -> Option<soql::Child> {
        let object = self.cx.code().child_of(object, name)?;
        Some(soql::Child { object, field: String::new() })
    }

    fn fields(&self, _: &str, _: FieldGroup) -> Option<Vec<String>> {
        None
    }
}

fn statement(uses: &mut Uses<'_, '_>, statement: &Statement<'_>) {
    let Statement { name, text, is_search, place } = *statement;
    let mut found: Vec<(How, Option<Comparison>, Reached, Span)> = Vec::new();
    let mut note = |resolution: soql::Resolution<'_>| {
        for read in resolution.fields {
            let Some(field) = read.field.clone().filter(|_| !read.alias) else { continue };
            let function = read.usage.function.map(|call| call.function.text.to_ascii_uppercase());
            let (how, comparison) = match (read.usage.place, function.as_deref()) {
                (UsePlace::Select, None | Some("TOLABEL" | "FORMAT")) => (How::CodeRead, None),
                (UsePlace::Select | UsePlace::Having, _) => (How::CodeAggregate, None),
                (UsePlace::Where | UsePlace::With, _) => (How::CodeFilter, Some(compared(&read.usage, text))),
                (UsePlace::OrderBy, _) => (How::CodeSort, None),
                (UsePlace::GroupBy, _) => (How::CodeGroup, None),
            };
            for object in &read.objects {
                let reached = Reached { object: object.clone(), field: field.clone() };
                found.push((how, comparison, reached, read.usage.span()));
            }
        }
    };
    {
        let org = Org { cx: uses.cx };
        if is_search {
            note(soql::resolve_search(&soql::parse_search(text).value, &org));
        } else {
            note(soql::resolve(&soql::parse_query(text).value, &org));
        }
    }
    for (how, comparison, reached, span) in found {
        uses.put(By::new(how, "Apex", name), reached, comparison, None, || place(span));
    }
}

fn compared(usage: &soql::FieldUse<'_>, text: &str) -> Comparison {
    let end = usage.span().end as usize;
    let is_null = text.get(end..).is_some_and(|rest| {
        let rest = rest.trim_start().trim_start_matches(['!', '=', '<', '>']).trim_start();
        rest.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("null"))
    });
    match usage.operator {
        Some(soql::Operator::Equal | soql::Operator::NotEqual) if is_null => Comparison::Blank,
        Some(
            soql::Operator::Equal | soql::Operator::NotEqual | soql::Operator::In | soql::Operator::NotIn,
        ) => Comparison::Equality,
        Some(soql::Operator::Like | soql::Operator::Includes | soql::Operator::Excludes) => {
            Comparison::Partial
        }
        Some(
            soql::Operator::Less
            | soql::Operator::LessOrEqual
            | soql::Operator::Greater
            | soql::Operator::GreaterOrEqual,
        ) => Comparison::Range,
        _ => Comparison::Unsaid,
    }
}

fn expression(
    uses: &mut Uses<'_, '_>,
    code: &Code,
    (id, file): (FileId, &File),
    name: &str,
    expr: ExprId,
    kind: &ExprKind,
) {
    let field = |of: ExprId| field_of(code, id, file, of);
    let source: &Source = &file.source;
    let mut put = |how: How, comparison: Option<Comparison>, of: ExprId| {
        if let Some(reached) = field(of) {
            let span = file.expr(of).span;
            uses.put(By::new(how, "Apex", name), reached, comparison, None, || Place::of(source, span));
        }
    };
    match kind {
        ExprKind::Binary { first, rest } => {
            for (operator, right) in rest {
                let comparison = match operator {
                    Operator::Equal | Operator::NotEqual | Operator::Identical | Operator::NotIdentical => {
                        let is_null =
                            |of: ExprId| matches!(file.expr(of).kind, ExprKind::Literal(Literal::Null));
                        if is_null(*first) || is_null(*right) {
                            Comparison::Blank
                        } else {
                            Comparison::Equality
                        }
                    }
                    operator if operator.is_test() => Comparison::Range,
                    _ => continue,
                };
                put(How::CodeCondition, Some(comparison), *first);
                put(How::CodeCondition, Some(comparison), *right);
            }
        }
        ExprKind::Assign { target, operator, .. } => {
            put(if operator.is_some() { How::CodeCondition } else { How::CodeWrite }, None, *target);
        }
        ExprKind::Call { receiver: Some(receiver), name: called, .. } => {
            const LOOKS: [&str; 24] = [
                "contains",
                "containsignorecase",
                "startswith",
                "startswithignorecase",
                "endswith",
                "endswithignorecase",
                "substring",
                "left",
                "right",
                "mid",
                "split",
                "replace",
                "replaceall",
                "indexof",
                "compareto",
                "length",
                "year",
                "month",
                "day",
                "daysbetween",
                "monthsbetween",
                "adddays",
                "addmonths",
                "isnumeric",
            ];
            let called = source.slice(called.span).to_ascii_lowercase();
            if called == "equals" || called == "equalsignorecase" {
                put(How::CodeCondition, Some(Comparison::Equality), *receiver);
            } else if LOOKS.contains(&called.as_str()) {
                put(How::CodeCondition, Some(Comparison::Partial), *receiver);
            }
        }
        ExprKind::New { args, .. } => {
            let Some(object) = code.resolution.expr(id, expr).ty.object() else { return };
            for arg in args {
                let ExprKind::Assign { target, .. } = file.expr(*arg).kind else { continue };
                let span = file.expr(target).span;
                let reached = Reached {
                    object: code.program.names.written(object).to_owned(),
                    field: source.slice(span).to_owned(),
                };
                uses.put(By::new(How::CodeWrite, "Apex", name), reached, None, None, || {
                    Place::of(source, span)
                });
            }
        }
        _ => {}
    }
}

/// `patient.SSN__c`, where the type of `patient` is known.
fn field_of(code: &Code, id: FileId, file: &File, of: ExprId) -> Option<Reached> {
    let ExprKind::Field { object, name, .. } = &file.expr(of).kind else { return None };
    if !matches!(code.resolution.expr(id, of).to, Ref::RecordField(_)) {
        return None;
    }
    let object = code.resolution.expr(id, *object).ty.object()?;
    Some(Reached {
        object: code.program.names.written(object).to_owned(),
        field: file.source.slice(name.span).to_owned(),
    })
}
