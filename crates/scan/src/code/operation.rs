//! What methods do to the database and whom they call, without following data.

use std::collections::BTreeSet;

use apex::ast::{ExprId, ExprKind, Mode, StmtKind};
use apex::{FileId, MethodId, MethodKind, Ref};
use source::Span;

use super::Code;
use super::look::each_stmt;

/// A query or write of one method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) file: FileId,
    pub(crate) span: Span,
    pub(crate) writes: bool,
    /// In user mode the sharing rules hold whatever the class says.
    pub(crate) is_user_mode: bool,
}

const WRITES: &[&str] = &[
    "insert", "update", "upsert", "delete", "undelete", "merge", "convertlead", "emptyrecyclebin",
    "insertimmediate", "updateimmediate", "deleteimmediate", "insertasync", "updateasync", "deleteasync",
];
const READS: &[&str] = &[
    "query", "querywithbinds", "getquerylocator", "getquerylocatorwithbinds", "countquery", "countquerywithbinds",
    "getcursor", "getcursorwithbinds",
];

impl Code {
    /// Queries and writes of a method's own body.
    pub(crate) fn operations(&self, id: MethodId) -> Vec<Operation> {
        let Some(method) = self.program.method(id).filter(|method| !method.is_test) else { return Vec::new() };
        let (Some(file), Some(body)) = (self.program.file(method.file), method.body) else { return Vec::new() };
        let mut found = Vec::new();
        each_stmt(file, body, |stmt| {
            if let StmtKind::Dml { mode, .. } = &file.stmt(stmt).kind {
                let is_user_mode = match mode {
                    Some(mode) => *mode == Mode::User,
                    None => self.is_user_mode(method.file),
                };
                let span = file.stmt(stmt).span;
                found.push(Operation { file: method.file, span, writes: true, is_user_mode });
            }
        });
        file.each_expr(body, |expr| found.extend(self.operation(method.file, expr)));
        found.sort_by_key(|one| one.span.start);
        found
    }

    /// Whether operations of a file run as the user where they say nothing: *Apex Developer Guide*, Versioned
    /// Behavior Changes, API version 67.0.
    fn is_user_mode(&self, file: FileId) -> bool {
        self.versions.get(file.index()).is_some_and(|version| *version >= 67)
    }

    /// The query or write that an expression is.
    pub(crate) fn operation(&self, id: FileId, expr: ExprId) -> Option<Operation> {
        let file = self.program.file(id)?;
        let span = file.expr(expr).span;
        match &file.expr(expr).kind {
            ExprKind::Query { text, .. } => {
                let is_user_mode = mode_of(file.source.slice(*text)).unwrap_or_else(|| self.is_user_mode(id));
                Some(Operation { file: id, span, writes: false, is_user_mode })
            }
            ExprKind::Call { name, args, .. } => {
                let Ref::Platform(class) = self.resolution.expr(id, expr).to else { return None };
                let (class, name) = (self.program.names.folded(class), self.program.names.folded(name.value));
                let writes = class == "database" && WRITES.contains(&name);
                let reads = class == "database" && READS.contains(&name)
                    || class == "search" && matches!(name, "query" | "find");
                if !writes && !reads {
                    return None;
                }
                let asked = args.iter().find_map(|arg| {
                    let written = file.source.slice(file.expr(*arg).span);
                    let is_level = matches!(file.expr(*arg).kind, ExprKind::Field { .. });
                    match written.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
                        Some("user_mode") if is_level => Some(true),
                        Some("system_mode") if is_level => Some(false),
                        _ => file.literal_text(*arg).as_deref().and_then(mode_of),
                    }
                });
                let is_user_mode = asked.unwrap_or_else(|| self.is_user_mode(id));
                Some(Operation { file: id, span, writes, is_user_mode })
            }
            _ => None,
        }
    }

    /// The methods that run because of a method's own body: called, made, read and written. Of a constructor, not
    /// what the initialisers do.
    pub(crate) fn calls(&self, id: MethodId) -> BTreeSet<MethodId> {
        let mut found = BTreeSet::new();
        let Some(method) = self.program.method(id).filter(|method| !method.is_test) else { return found };
        let Some(file) = self.program.file(method.file) else { return found };
        if let Some(body) = method.body {
            file.each_expr(body, |expr| self.called(method.file, expr, &mut found));
        }
        // What the body does not say: the constructor of the class above.
        if method.kind == MethodKind::Constructor
            && let Some(class) = method.class.and_then(|class| self.program.class(class))
            && let Some(parent) = class.parent.and_then(|parent| self.program.class(parent))
        {
            let own = parent.constructors.iter().copied();
            found.extend(own.filter(|id| self.program.method(*id).is_some_and(|own| own.parameters.is_empty())));
        }
        found
    }

    /// The methods that run because of an expression itself, without its parts.
    pub(crate) fn called(&self, file: FileId, expr: ExprId, found: &mut BTreeSet<MethodId>) {
        let program = &self.program;
        match self.resolution.expr(file, expr).to {
            Ref::Method { method, is_virtual } => {
                found.insert(method);
                if is_virtual {
                    found.extend(program.method(method).into_iter().flat_map(|own| &own.overriders));
                }
            }
            Ref::New { constructor, .. } => found.extend(constructor),
            Ref::Variable(variable) => {
                let own = program.variable(variable);
                found.extend(own.into_iter().flat_map(|own| own.getter.into_iter().chain(own.setter)));
            }
            _ => {}
        }
        found.retain(|id| program.method(*id).is_some_and(|own| !own.is_test));
    }
}

/// Whether a query says that it runs as the user, or as the system.
fn mode_of(text: &str) -> Option<bool> {
    let words: Vec<String> = text.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
    words.windows(2).find_map(|pair| match pair {
        [with, mode] if with == "with" => match mode.trim_end_matches(|c: char| !c.is_alphanumeric()) {
            "user_mode" => Some(true),
            "system_mode" => Some(false),
            _ => None,
        },
        _ => None,
    })
}
