//! Whether a method records an access on every way on which it answers.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{ExprId, ExprKind, File, Literal, StmtId, StmtKind};
use apex::{FileId, MethodId, Ref};

use super::Code;

/// Methods that record, as the bundle names them, and what is known of others.
pub(crate) struct Recorded<'c> {
    code: &'c Code,
    /// `class.method`, in lower case.
    named: BTreeSet<String>,
    /// Whether each way through a method records; false while it is looked at, so that circles end.
    known: BTreeMap<MethodId, bool>,
}

/// What is known at a point of a body.
#[derive(Clone, Copy)]
struct At {
    /// Whether every way to here has recorded.
    recorded: bool,
    /// Whether a way leads on from here.
    live: bool,
}

impl<'c> Recorded<'c> {
    pub(crate) fn of(code: &'c Code, named: BTreeSet<String>) -> Self {
        Self { code, named, known: BTreeMap::new() }
    }

    /// Whether each way that returns something, and each that ends, has called one of the methods.
    pub(crate) fn always(&mut self, method: MethodId) -> bool {
        if let Some(known) = self.known.get(&method) {
            return *known;
        }
        self.known.insert(method, false);
        let code = self.code;
        let name = code.program.method_name(method).to_lowercase();
        let always = self.named.contains(&name) || {
            let Some(own) = code.program.method(method) else { return false };
            let (Some(file), Some(body)) = (code.program.file(own.file), own.body) else { return false };
            let mut is_missed = false;
            let end = self.stmt((own.file, file), body, At { recorded: false, live: true }, &mut is_missed);
            !is_missed && (!end.live || end.recorded)
        };
        self.known.insert(method, always);
        always
    }

    fn stmt(&mut self, of: (FileId, &File), id: StmtId, at: At, missed: &mut bool) -> At {
        let file = of.1;
        let after = |recorded: bool| At { recorded: at.recorded || recorded, ..at };
        match &file.stmt(id).kind {
            StmtKind::Block(all) => {
                all.iter().fold(at, |at, stmt| if at.live { self.stmt(of, *stmt, at, missed) } else { at })
            }
            StmtKind::Local { variables, .. } => {
                let called =
                    variables.iter().filter_map(|(_, value)| *value).any(|value| self.calls(of, value));
                after(called)
            }
            StmtKind::Expr(value) => after(self.calls(of, *value)),
            StmtKind::If { condition, yes, no } => {
                let at = after(self.calls(of, *condition));
                let yes = self.stmt(of, *yes, at, missed);
                let no = no.map_or(at, |no| self.stmt(of, no, at, missed));
                either(yes, no)
            }
            StmtKind::While { condition, body } => {
                let at = after(self.calls(of, *condition));
                self.stmt(of, *body, at, missed);
                at
            }
            StmtKind::DoWhile { body, .. } => self.stmt(of, *body, at, missed),
            StmtKind::For { init, body, .. } => {
                let at = init.iter().fold(at, |at, stmt| self.stmt(of, *stmt, at, missed));
                self.stmt(of, *body, at, missed);
                at
            }
            StmtKind::ForEach { over, body, .. } => {
                let at = after(self.calls(of, *over));
                self.stmt(of, *body, at, missed);
                at
            }
            StmtKind::Return(value) => {
                let gives = value.filter(|value| !is_nothing(file, *value));
                let recorded = at.recorded || gives.is_some_and(|value| self.calls(of, value));
                *missed |= gives.is_some() && !recorded;
                At { recorded, live: false }
            }
            StmtKind::Throw(_) | StmtKind::Break | StmtKind::Continue => At { live: false, ..at },
            StmtKind::Try { body, catches, finally } => {
                let mut is_missed = false;
                let tried = self.stmt(of, *body, at, &mut is_missed);
                let end = catches.iter().fold(tried, |end, catch| {
                    let caught = self.stmt(of, catch.body, at, &mut is_missed);
                    either(end, caught)
                });
                let Some(finally) = finally else {
                    *missed |= is_missed;
                    return end;
                };
                // What always runs at the end records for each way.
                let last = self.stmt(of, *finally, At { recorded: false, live: true }, missed);
                *missed |= is_missed && !last.recorded;
                At { recorded: end.recorded || last.recorded, live: end.live && last.live }
            }
            StmtKind::Switch { on, arms } => {
                let at = after(self.calls(of, *on));
                arms.iter().fold(at, |end, arm| {
                    let one = self.stmt(of, arm.body, at, missed);
                    either(end, one)
                })
            }
            StmtKind::RunAs { body, .. } => self.stmt(of, *body, at, missed),
            StmtKind::Dml { .. } | StmtKind::Empty => at,
        }
    }

    /// Whether an expression calls a method that records.
    fn calls(&mut self, (id, file): (FileId, &File), value: ExprId) -> bool {
        let mut todo = vec![value];
        while let Some(expr) = todo.pop() {
            if let ExprKind::Call { name, receiver, .. } = &file.expr(expr).kind {
                let written = receiver.map_or("", |of| file.source.slice(file.expr(of).span));
                let called = format!("{written}.{}", file.source.slice(name.span)).to_lowercase();
                if self.named.contains(&called) {
                    return true;
                }
            }
            if let Ref::Method { method, .. } = self.code.resolution.expr(id, expr).to
                && self.always(method)
            {
                return true;
            }
            todo.extend(file.parts(expr));
        }
        false
    }
}

fn either(a: At, b: At) -> At {
    match (a.live, b.live) {
        (true, false) => a,
        (false, true) => b,
        _ => At { recorded: a.recorded && b.recorded, live: a.live },
    }
}

/// `return null;` gives nobody's data.
fn is_nothing(file: &File, value: ExprId) -> bool {
    matches!(file.expr(value).kind, ExprKind::Literal(Literal::Null))
}
