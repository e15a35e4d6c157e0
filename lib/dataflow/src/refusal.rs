//! Helpers that look a name up among the org's own objects, and refuse it where there is none.

use std::collections::BTreeSet;

use apex::ast::{ExprId, ExprKind, File, Literal, Operator, StmtId, StmtKind};
use apex::{FileId, MethodId, Ref, Ty};

use crate::world::World;

impl World<'_> {
    /// The parameters, the first being 0, that a method refuses where the org has nothing of that name: it throws, gives
    /// nothing back, or asks the description of what is not there.
    pub(crate) fn refused_by(&self, id: MethodId) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let Some(method) = self.program.method(id).filter(|method| !method.parameters.is_empty()) else {
            return found;
        };
        let (Some(file), Some(body)) = (self.program.file(method.file), method.body) else { return found };
        let helper = Helper { world: self, file_id: method.file, file };
        let mut todo = vec![body];
        while let Some(stmt) = todo.pop() {
            match &file.stmt(stmt).kind {
                StmtKind::Block(all) => todo.extend(all),
                // What is caught and does not leave goes on.
                StmtKind::Try { body, catches, .. } if catches.iter().all(|one| helper.is_left(one.body)) => {
                    todo.push(*body);
                }
                StmtKind::If { condition, yes, .. } if helper.is_left(*yes) => {
                    helper.missing(*condition, &mut found);
                }
                StmtKind::Expr(_) | StmtKind::Local { .. } | StmtKind::Return(_) => {
                    for expr in file.below(stmt).1 {
                        helper.asked(expr, &mut found);
                    }
                }
                _ => {}
            }
        }
        let mut is_given = |target: ExprId| {
            if let Some(slot) = helper.parameter(target, method.parameters.len()) {
                found.remove(&slot);
            }
        };
        file.each_expr(body, |expr| {
            if let ExprKind::Assign { target, .. } = file.expr(expr).kind {
                is_given(target);
            }
        });
        found.retain(|slot| *slot < method.parameters.len());
        found
    }

    /// `Schema.getGlobalDescribe()`, `fields.getMap()`, or a map of what these give.
    pub(crate) fn is_described(&self, file_id: FileId, file: &File, id: ExprId) -> bool {
        let Ty::Map(of) = &self.resolution.expr(file_id, id).ty else {
            let written = file.source.slice(file.expr(id).span).to_ascii_lowercase();
            return ["getglobaldescribe()", "getmap()"].iter().any(|end| written.ends_with(end));
        };
        let Ty::Platform(class) = of.1 else { return false };
        matches!(self.text(class).trim_start_matches("schema."), "sobjectfield" | "sobjecttype")
    }
}

/// Whether what is called stands behind `?.`, which asks nothing of what is not there.
pub(crate) fn is_safely_asked(file: &File, receiver: ExprId) -> bool {
    let rest = file.source.text().get(file.expr(receiver).span.end as usize..);
    rest.is_some_and(|rest| rest.trim_start().starts_with("?."))
}

struct Helper<'w> {
    world: &'w World<'w>,
    file_id: FileId,
    file: &'w File,
}

impl Helper<'_> {
    fn parameter(&self, id: ExprId, count: usize) -> Option<usize> {
        let Ref::Local(slot) = self.world.resolution.expr(self.file_id, id).to else { return None };
        (slot as usize).lt(&count).then_some(slot as usize)
    }

    fn local(&self, id: ExprId) -> Option<usize> {
        self.parameter(id, usize::MAX)
    }

    /// By what a call looks something up in a description.
    fn key(&self, id: ExprId, called: &str) -> Option<usize> {
        let ExprKind::Call { receiver: Some(receiver), name, args, .. } = &self.file.expr(id).kind else {
            return None;
        };
        let [arg] = args.as_slice() else { return None };
        let is_it = self.world.text(name.value) == called
            && self.world.is_described(self.file_id, self.file, *receiver);
        if is_it { self.local(*arg) } else { None }
    }

    /// Whether a branch ends the method with nothing.
    fn is_left(&self, stmt: StmtId) -> bool {
        match &self.file.stmt(stmt).kind {
            StmtKind::Block(all) => all.last().is_some_and(|last| self.is_left(*last)),
            StmtKind::Throw(_) => true,
            StmtKind::Return(Some(value)) => {
                matches!(self.file.expr(*value).kind, ExprKind::Literal(Literal::Null))
            }
            _ => false,
        }
    }

    /// The names of which a condition says that there is none.
    fn missing(&self, condition: ExprId, found: &mut BTreeSet<usize>) {
        match &self.file.expr(condition).kind {
            ExprKind::Unary { value }
                if self.file.source.slice(self.file.expr(condition).span).starts_with('!') =>
            {
                found.extend(self.key(*value, "containskey"));
            }
            ExprKind::Binary { first, rest } => match rest.as_slice() {
                [(Operator::Equal | Operator::Identical, value)]
                    if matches!(self.file.expr(*value).kind, ExprKind::Literal(Literal::Null)) =>
                {
                    found.extend(self.key(*first, "get"));
                }
                all if all.iter().all(|(operator, _)| *operator == Operator::Or) => {
                    self.missing(*first, found);
                    for (_, value) in all {
                        self.missing(*value, found);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Names under which a description is asked whatever it may be: nothing is there to ask where there is none.
    fn asked(&self, id: ExprId, found: &mut BTreeSet<usize>) {
        let receiver = match &self.file.expr(id).kind {
            ExprKind::Call { receiver: Some(receiver), .. } | ExprKind::Field { object: receiver, .. } => {
                Some(*receiver)
            }
            // What stands behind a condition may not run.
            ExprKind::Ternary { condition, .. } => {
                self.asked(*condition, found);
                return;
            }
            _ => None,
        };
        let key = receiver.filter(|of| !is_safely_asked(self.file, *of)).and_then(|of| self.key(of, "get"));
        found.extend(key);
        for part in self.file.parts(id) {
            self.asked(part, found);
        }
    }
}
