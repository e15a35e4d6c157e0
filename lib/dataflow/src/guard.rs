//! Parameters that a body compares with constants: what it does for each of these is looked at by itself, so that a
//! caller which passes one is not told of the others.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{ExprId, ExprKind, File, Literal, Operator, StmtKind};
use apex::{FileId, Method, Program, Ref, Resolution, Ty};

use source::Span;

use crate::world::{Summary, World};

/// So many constants are looked at.
const CONSTANTS: usize = 4;

/// The parameter of a method that decides, and the constants that it is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Guard {
    /// Counted from 1, as parameters are.
    pub(crate) index: u16,
    pub(crate) constants: BTreeSet<String>,
}

/// What a method does for each constant, and for everything else.
#[derive(Debug, Default)]
pub(crate) struct Variants {
    pub(crate) by_constant: BTreeMap<Option<String>, Summary>,
}

/// What is taken for granted of a parameter while a body is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Assumed {
    pub(crate) slot: u32,
    pub(crate) value: Option<String>,
    pub(crate) constants: BTreeSet<String>,
}

pub(crate) fn of(program: &Program, resolution: &Resolution, method: &Method) -> Option<Guard> {
    let (file, body) = (program.file(method.file)?, method.body?);
    if !method.parameters.iter().any(|(_, ty)| *ty == Ty::Text) {
        return None;
    }
    let mut found: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    let mut written: BTreeSet<u32> = BTreeSet::new();
    file.each_expr(body, |id| {
        if let Some((slot, constant)) = compared(file, method.file, resolution, id) {
            found.entry(slot).or_default().insert(constant);
        }
        if let ExprKind::Assign { target, .. } = file.expr(id).kind
            && let Ref::Local(slot) = resolution.expr(method.file, target).to
        {
            written.insert(slot);
        }
    });
    let is_fit = |slot: &u32| {
        let parameter = method.parameters.get(*slot as usize);
        parameter.is_some_and(|(_, ty)| *ty == Ty::Text) && !written.contains(slot)
    };
    let (slot, constants) = found.into_iter().find(|(slot, all)| is_fit(slot) && all.len() <= CONSTANTS)?;
    Some(Guard { index: u16::try_from(slot + 1).ok()?, constants })
}

/// The Boolean parameter that decides whether a method asks with the user's permissions: by a condition of its own, or
/// because it is handed on to one that has such.
pub(crate) fn flag(world: &World<'_>, method: &Method) -> Option<Guard> {
    let (program, resolution) = (world.program, world.resolution);
    let (file, body) = (program.file(method.file)?, method.body?);
    if !method.parameters.iter().any(|(_, ty)| *ty == Ty::Boolean) {
        return None;
    }
    let is_flag = |expr: ExprId| match (resolution.expr(method.file, expr).to, &file.expr(expr).kind) {
        (Ref::Local(slot), ExprKind::Name(_)) => {
            method.parameters.get(slot as usize).filter(|(_, ty)| *ty == Ty::Boolean).map(|_| slot)
        }
        _ => None,
    };
    let mut written: BTreeSet<u32> = BTreeSet::new();
    let mut handed = Vec::new();
    // The nearest around the words comes first.
    let mut found: Vec<(u32, u32)> = Vec::new();
    let mut add = |condition: ExprId, around: Span| {
        let mut todo = vec![condition];
        while let Some(expr) = todo.pop() {
            found.extend(is_flag(expr).map(|slot| (around.end.saturating_sub(around.start), slot)));
            todo.extend(file.parts(expr));
        }
    };
    let speaks_of_user = |span: Span| {
        let text = file.source.slice(span).to_ascii_lowercase();
        ["user_mode", "security_enforced", "stripinaccessible"].iter().any(|word| text.contains(word))
    };
    let is_about_user = speaks_of_user(file.stmt(body).span);
    if is_about_user {
        file.each_stmt(body, |stmt| {
            if let StmtKind::If { condition, .. } = file.stmt(stmt).kind {
                let span = file.stmt(stmt).span;
                add(condition, if speaks_of_user(span) { span } else { file.stmt(body).span });
            }
        });
    }
    file.each_expr(body, |id| match &file.expr(id).kind {
        ExprKind::Ternary { condition, .. } if is_about_user && speaks_of_user(file.expr(id).span) => {
            add(*condition, file.expr(id).span);
        }
        ExprKind::Assign { target, .. } => {
            if let Ref::Local(slot) = resolution.expr(method.file, *target).to {
                written.insert(slot);
            }
        }
        ExprKind::Call { args, .. } => {
            if let Ref::Method { method, .. } = resolution.expr(method.file, id).to
                && let Some((guard, _)) = world.variants.get(&method).filter(|(guard, _)| guard.is_flag())
            {
                let arg = usize::from(guard.index).checked_sub(1).and_then(|at| args.get(at));
                handed.extend(arg.and_then(|arg| is_flag(*arg)));
            }
        }
        _ => {}
    });
    found.sort();
    let mut all = found.into_iter().map(|(_, slot)| slot).chain(handed);
    let slot = all.find(|slot| !written.contains(slot))?;
    let constants = ["false", "true"].map(str::to_owned).into();
    Some(Guard { index: u16::try_from(slot + 1).ok()?, constants })
}

impl Guard {
    pub(crate) fn is_flag(&self) -> bool {
        self.constants.iter().eq(["false", "true"])
    }
}

/// `name == 'constant'` and its like.
fn compared(file: &File, id: FileId, resolution: &Resolution, expr: ExprId) -> Option<(u32, String)> {
    let local = |expr: ExprId| match resolution.expr(id, expr).to {
        Ref::Local(slot) => Some(slot),
        _ => None,
    };
    // `==` does not ask for the case of letters.
    let text = |expr: ExprId| match file.expr(expr).kind {
        ExprKind::Literal(Literal::True | Literal::False) => {
            Some(file.source.slice(file.expr(expr).span).to_lowercase())
        }
        _ => file.literal_text(expr).map(|text| text.to_lowercase()),
    };
    match &file.expr(expr).kind {
        ExprKind::Binary { first, rest } => {
            let [(Operator::Equal | Operator::NotEqual, right)] = rest.as_slice() else { return None };
            let pair = local(*first).zip(text(*right));
            pair.or_else(|| local(*right).zip(text(*first)))
        }
        ExprKind::Call { receiver: Some(receiver), name, args, .. } => {
            let [arg] = args.as_slice() else { return None };
            let called = file.source.slice(name.span).to_ascii_lowercase();
            let is_equals = matches!(called.as_str(), "equals" | "equalsignorecase");
            is_equals.then(|| local(*receiver).zip(text(*arg))).flatten()
        }
        _ => None,
    }
}

impl Assumed {
    /// Whether a condition holds, as far as the parameter decides it.
    pub(crate) fn decides(
        &self,
        file: &File,
        id: FileId,
        resolution: &Resolution,
        condition: ExprId,
    ) -> Option<bool> {
        if let Some((slot, constant)) = compared(file, id, resolution, condition) {
            if slot != self.slot || !self.constants.contains(&constant) {
                return None;
            }
            let is_same = self.value.as_ref() == Some(&constant);
            let is_negated = matches!(
                &file.expr(condition).kind,
                ExprKind::Binary { rest, .. } if matches!(rest.as_slice(), [(Operator::NotEqual, _)])
            );
            return Some(is_same != is_negated);
        }
        let is_own = |expr: ExprId| resolution.expr(id, expr).to == Ref::Local(self.slot);
        match &file.expr(condition).kind {
            // A flag by itself.
            ExprKind::Name(_) if is_own(condition) => {
                self.value.as_ref().filter(|_| self.constants.contains("true")).map(|value| value == "true")
            }
            // A constant is something.
            ExprKind::Binary { first, rest }
                if let [(operator @ (Operator::Equal | Operator::NotEqual), right)] = rest.as_slice()
                    && self.value.is_some()
                    && is_own(*first)
                    && matches!(file.expr(*right).kind, ExprKind::Literal(Literal::Null)) =>
            {
                Some(*operator == Operator::NotEqual)
            }
            ExprKind::Unary { value } if file.source.slice(file.expr(condition).span).starts_with('!') => {
                self.decides(file, id, resolution, *value).map(|holds| !holds)
            }
            ExprKind::Binary { first, rest } => {
                let operator = rest.first().map(|(operator, _)| *operator)?;
                let decisive = match operator {
                    Operator::And => false,
                    Operator::Or => true,
                    _ => return None,
                };
                let all = std::iter::once(*first).chain(rest.iter().map(|(_, value)| *value));
                let answers: Vec<Option<bool>> =
                    all.map(|value| self.decides(file, id, resolution, value)).collect();
                if answers.contains(&Some(decisive)) {
                    return Some(decisive);
                }
                answers.iter().all(|answer| *answer == Some(!decisive)).then_some(!decisive)
            }
            _ => None,
        }
    }
}
