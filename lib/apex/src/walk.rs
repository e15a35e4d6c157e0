//! Goes through bodies.

use crate::ast::{ExprId, ExprKind, File, Labels, StmtId, StmtKind};

impl File {
    /// The expressions right below one, in the order in which they run.
    pub fn parts(&self, id: ExprId) -> Vec<ExprId> {
        match &self.expr(id).kind {
            ExprKind::Field { object, .. } => vec![*object],
            ExprKind::Index { list, index } => vec![*list, *index],
            ExprKind::Call { receiver, args, .. } => receiver.iter().chain(args).copied().collect(),
            ExprKind::Delegate { args, .. } | ExprKind::New { args, .. } => args.clone(),
            ExprKind::NewList { size, elements, .. } => size.iter().chain(elements).copied().collect(),
            ExprKind::NewMap { entries, .. } => {
                entries.iter().flat_map(|(key, value)| [*key, *value]).collect()
            }
            ExprKind::Cast { value, .. }
            | ExprKind::InstanceOf { value, .. }
            | ExprKind::Unary { value }
            | ExprKind::Step { value } => vec![*value],
            ExprKind::Binary { first, rest } => {
                std::iter::once(*first).chain(rest.iter().map(|(_, value)| *value)).collect()
            }
            ExprKind::Ternary { condition, yes, no } => vec![*condition, *yes, *no],
            ExprKind::Assign { target, value, .. } => vec![*target, *value],
            ExprKind::Query { binds, .. } => binds.clone(),
            ExprKind::Literal(_)
            | ExprKind::Name(_)
            | ExprKind::This
            | ExprKind::Super
            | ExprKind::ClassOf(_)
            | ExprKind::Broken => Vec::new(),
        }
    }

    /// The statements and expressions right below a statement.
    pub fn below(&self, id: StmtId) -> (Vec<StmtId>, Vec<ExprId>) {
        match &self.stmt(id).kind {
            StmtKind::Block(all) => (all.clone(), Vec::new()),
            StmtKind::Local { variables, .. } => {
                (Vec::new(), variables.iter().filter_map(|(_, value)| *value).collect())
            }
            StmtKind::Expr(value) | StmtKind::Throw(value) => (Vec::new(), vec![*value]),
            StmtKind::If { condition, yes, no } => {
                (std::iter::once(*yes).chain(*no).collect(), vec![*condition])
            }
            StmtKind::While { condition, body } | StmtKind::DoWhile { body, condition } => {
                (vec![*body], vec![*condition])
            }
            StmtKind::For { init, condition, update, body } => {
                let values = condition.iter().chain(update).copied().collect();
                (init.iter().copied().chain([*body]).collect(), values)
            }
            StmtKind::ForEach { over, body, .. } => (vec![*body], vec![*over]),
            StmtKind::Return(value) => (Vec::new(), value.iter().copied().collect()),
            StmtKind::Try { body, catches, finally } => {
                let catches = catches.iter().map(|catch| catch.body);
                (std::iter::once(*body).chain(catches).chain(*finally).collect(), Vec::new())
            }
            StmtKind::Switch { on, arms } => {
                let mut values = vec![*on];
                for arm in arms {
                    if let Labels::Values(labels) = &arm.labels {
                        values.extend(labels);
                    }
                }
                (arms.iter().map(|arm| arm.body).collect(), values)
            }
            StmtKind::Dml { target, with, .. } => {
                (Vec::new(), std::iter::once(*target).chain(*with).collect())
            }
            StmtKind::RunAs { user, body } => (vec![*body], vec![*user]),
            StmtKind::Break | StmtKind::Continue | StmtKind::Empty => (Vec::new(), Vec::new()),
        }
    }

    /// Every statement of a body, itself first.
    pub fn each_stmt(&self, body: StmtId, mut visit: impl FnMut(StmtId)) {
        let mut todo = vec![body];
        while let Some(stmt) = todo.pop() {
            visit(stmt);
            todo.extend(self.below(stmt).0);
        }
    }

    /// Every expression of a body.
    pub fn each_expr(&self, body: StmtId, mut visit: impl FnMut(ExprId)) {
        let mut todo = vec![body];
        let mut values = Vec::new();
        while let Some(stmt) = todo.pop() {
            let (stmts, exprs) = self.below(stmt);
            todo.extend(stmts);
            values.extend(exprs);
            while let Some(value) = values.pop() {
                visit(value);
                values.extend(self.parts(value));
            }
        }
    }
}
