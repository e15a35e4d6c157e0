//! Parameters that a body compares with constants: what it does for each of these is looked at by itself, so that a
//! caller which passes one is not told of the others.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{ExprId, ExprKind, File, Operator};
use apex::{FileId, Method, Program, Ref, Resolution, Ty};

use crate::world::Summary;

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

/// `name == 'constant'` and its like.
fn compared(file: &File, id: FileId, resolution: &Resolution, expr: ExprId) -> Option<(u32, String)> {
    let local = |expr: ExprId| match resolution.expr(id, expr).to {
        Ref::Local(slot) => Some(slot),
        _ => None,
    };
    // `==` does not ask for the case of letters.
    let text = |expr: ExprId| file.literal_text(expr).map(|text| text.to_lowercase());
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
        match &file.expr(condition).kind {
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
