//! Records that are read to ask something of them, and go nowhere.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{ExprId, ExprKind, StmtKind};
use apex::{Ref, Ty};

use super::database::{Does, does};
use super::own::Asker;
use super::{Access, Code, Need};
use crate::Context;

/// Calls that ask and keep nothing.
const ASKS: [&str; 12] = [
    "isblank",
    "isnotblank",
    "isempty",
    "isnotempty",
    "equals",
    "equalsignorecase",
    "contains",
    "containskey",
    "startswith",
    "endswith",
    "size",
    "length",
];

/// From a query over variables to its records.
const STEPS: u8 = 6;

impl Code {
    /// Whether of a query's records nothing is used but to decide, to search for others, to be changed, and what holds no
    /// patient's data.
    pub(crate) fn is_only_asked(&self, cx: &Context<'_>, operation: &Access) -> bool {
        let ([object], [Need::Read]) = (operation.objects.as_slice(), operation.needs.as_slice()) else {
            return false;
        };
        let Some(asker) = self.asker(operation.method) else { return false };
        let Some(uses) = Uses::of(&asker, object) else { return false };
        uses.are_harmless(cx, operation.value, STEPS)
    }
}

/// How a body uses its expressions.
struct Uses<'a> {
    asker: &'a Asker<'a>,
    /// In lower case.
    object: &'a str,
    above: BTreeMap<ExprId, ExprId>,
    /// What branches and steps ask.
    conditions: BTreeSet<ExprId>,
    /// What is changed in the database.
    changed: BTreeSet<ExprId>,
}

impl<'a> Uses<'a> {
    fn of(asker: &'a Asker<'a>, object: &'a str) -> Option<Self> {
        let (file, body) = (asker.file, asker.method.body?);
        let mut above = BTreeMap::new();
        file.each_expr(body, |expr| above.extend(file.parts(expr).into_iter().map(|part| (part, expr))));
        let (mut conditions, mut changed) = (BTreeSet::new(), BTreeSet::new());
        file.each_stmt(body, |stmt| match file.stmt(stmt).kind {
            StmtKind::If { condition, .. } | StmtKind::While { condition, .. } => {
                conditions.insert(condition);
            }
            StmtKind::Dml { target, .. } => {
                changed.insert(target);
            }
            _ => {}
        });
        Some(Self { asker, object, above, conditions, changed })
    }

    /// Whether what an expression gives, a record or several, is used in no other way.
    fn are_harmless(&self, cx: &Context<'_>, records: ExprId, steps: u8) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        if self.is_harmless(cx, records, steps) {
            return true;
        }
        let file = self.asker.file;
        let mut holders = Vec::new();
        let Some(body) = self.asker.method.body else { return false };
        file.each_stmt(body, |stmt| {
            let Some(first) = self.asker.code.resolution.slot(self.asker.file_id, stmt) else { return };
            match &file.stmt(stmt).kind {
                StmtKind::Local { variables, .. } => {
                    let own = (first..).zip(variables).filter(|(_, (_, value))| *value == Some(records));
                    holders.extend(own.map(|(slot, _)| slot));
                }
                StmtKind::ForEach { over, .. } if *over == records => holders.push(first),
                _ => {}
            }
        });
        if let Some(&above) = self.above.get(&records)
            && let ExprKind::Assign { target, operator: None, value } = file.expr(above).kind
            && let (Ref::Local(slot), true) =
                (self.asker.to(target), value == records && !self.above.contains_key(&above))
        {
            holders.push(slot);
        }
        let [slot] = holders.as_slice() else { return false };
        let mut is_harmless = true;
        file.each_expr(body, |expr| {
            let is_used =
                matches!(file.expr(expr).kind, ExprKind::Name(_)) && self.asker.to(expr) == Ref::Local(*slot);
            if is_used && is_harmless && !self.is_given(expr) {
                is_harmless = self.is_harmless(cx, expr, steps)
                    || self.is_gone_over(expr) && self.are_harmless(cx, expr, steps);
            }
        });
        is_harmless
    }

    /// Whether a name stands where it gets its value.
    fn is_given(&self, name: ExprId) -> bool {
        self.above.get(&name).is_some_and(|above| {
            matches!(self.asker.file.expr(*above).kind, ExprKind::Assign { target, operator: None, .. } if target == name)
        })
    }

    fn is_gone_over(&self, records: ExprId) -> bool {
        let mut found = false;
        if let Some(body) = self.asker.method.body {
            self.asker.file.each_stmt(body, |stmt| {
                found |= matches!(self.asker.file.stmt(stmt).kind, StmtKind::ForEach { over, .. } if over == records);
            });
        }
        found
    }

    /// Whether where a record or list stands nothing of a patient is taken out of it.
    fn is_harmless(&self, cx: &Context<'_>, records: ExprId, steps: u8) -> bool {
        let file = self.asker.file;
        if self.changed.contains(&records) || self.decides(records) {
            return true;
        }
        let Some(&above) = self.above.get(&records) else { return false };
        match &file.expr(above).kind {
            ExprKind::Index { list, .. } if *list == records => self.are_harmless(cx, above, steps),
            ExprKind::Call { receiver: Some(of), name, .. } if *of == records => {
                matches!(self.asker.code.program.names.folded(name.value), "size" | "isempty")
            }
            // `Database.update(record)`; of a log another rule tells.
            ExprKind::Call { name, args, .. } if args.first() == Some(&records) => {
                let names = &self.asker.code.program.names;
                match self.asker.to(above) {
                    Ref::Platform(class) => match (names.folded(class), names.folded(name.value)) {
                        ("system", "debug") => true,
                        (class, method) => matches!(does(class, method), Some(Does::Write(_))),
                    },
                    _ => false,
                }
            }
            ExprKind::Binary { .. } if self.is_logged(above) => true,
            ExprKind::Field { object, name, .. } if *object == records => {
                let field = self.asker.code.program.names.folded(name.value);
                let is_record =
                    matches!(self.asker.code.resolution.expr(self.asker.file_id, above).ty, Ty::Record(_));
                let is_plain =
                    !is_record && !field.ends_with("__r") && !cx.classes.is_phi(self.object, field);
                is_plain
                    || self.is_given(above)
                    || self.is_searched_for(above)
                    || self.decides(above)
                    || self.is_said_in_log(above)
            }
            _ => false,
        }
    }

    /// Whether it, or what hangs on it, is put into the text of a log.
    fn is_said_in_log(&self, value: ExprId) -> bool {
        self.is_logged(value)
            || self.above.get(&value).is_some_and(|above| match &self.asker.file.expr(*above).kind {
                ExprKind::Binary { .. } => self.is_logged(*above),
                ExprKind::Field { object, .. } => *object == value && self.is_said_in_log(*above),
                _ => false,
            })
    }

    /// Whether it is an argument of a log.
    fn is_logged(&self, value: ExprId) -> bool {
        let names = &self.asker.code.program.names;
        self.above.get(&value).is_some_and(|above| match &self.asker.file.expr(*above).kind {
            ExprKind::Call { name, .. } => {
                names.folded(name.value) == "debug" && matches!(self.asker.to(*above), Ref::Platform(_))
            }
            _ => false,
        })
    }

    /// Whether it is bound to another query, by itself or by what hangs on it.
    fn is_searched_for(&self, value: ExprId) -> bool {
        self.above.get(&value).is_some_and(|above| match &self.asker.file.expr(*above).kind {
            ExprKind::Query { binds, .. } => binds.contains(&value),
            ExprKind::Field { object, .. } => *object == value && self.is_searched_for(*above),
            _ => false,
        })
    }

    /// Whether it is compared, or asked whether it is empty, in what a branch asks.
    fn decides(&self, value: ExprId) -> bool {
        let mut at = value;
        loop {
            if self.conditions.contains(&at) {
                return at != value
                    || matches!(self.asker.code.resolution.expr(self.asker.file_id, at).ty, Ty::Boolean);
            }
            let Some(&above) = self.above.get(&at) else { return false };
            let passes = match &self.asker.file.expr(above).kind {
                ExprKind::Binary { .. } | ExprKind::Unary { .. } => true,
                ExprKind::Field { object, .. } => *object == at,
                ExprKind::Call { .. } => {
                    let called = self.asker.code.resolution.expr(self.asker.file_id, above);
                    let names = &self.asker.code.program.names;
                    let ExprKind::Call { name, .. } = &self.asker.file.expr(above).kind else { return false };
                    !matches!(called.to, Ref::Method { .. }) && ASKS.contains(&names.folded(name.value))
                }
                _ => false,
            };
            if !passes {
                return false;
            }
            at = above;
        }
    }
}
