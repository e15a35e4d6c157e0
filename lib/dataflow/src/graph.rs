//! Who calls whom, and in which order methods are looked at.

use std::collections::BTreeMap;

use apex::ast::{ExprKind, Literal};
use apex::{MethodId, Program, Ref, Resolution, Ty};
use rayon::prelude::*;

use crate::body;
use crate::guard::{self, Assumed, Guard, Variants};
use crate::world::{Given, Summary, World};

/// How often a circle of calls is gone through until what it does is known.
const ROUNDS: usize = 4;

#[derive(Debug)]
pub struct Graph {
    /// By method, sorted, each once.
    pub callees: Vec<Vec<MethodId>>,
    pub is_called: Vec<bool>,
    /// Circles of calls, those that call none of the others first, in waves that do not know each other.
    waves: Vec<Vec<Vec<MethodId>>>,
}

impl Graph {
    pub fn of(program: &Program, resolution: &Resolution) -> Self {
        let callees: Vec<Vec<MethodId>> = (0..program.methods.len())
            .into_par_iter()
            .map(|index| callees(program, resolution, MethodId(u32::try_from(index).unwrap_or(u32::MAX))))
            .collect();
        let mut is_called = vec![false; callees.len()];
        let circles = circles(&callees);
        let mut circle_of = vec![0_usize; callees.len()];
        for (index, circle) in circles.iter().enumerate() {
            for method in circle {
                if let Some(own) = circle_of.get_mut(method.index()) {
                    *own = index;
                }
            }
        }
        let of = |method: MethodId| circle_of.get(method.index()).copied().unwrap_or_default();
        let mut level = vec![0_usize; circles.len()];
        let mut waves: Vec<Vec<Vec<MethodId>>> = Vec::new();
        // Tarjan gives callees first.
        for (index, circle) in circles.into_iter().enumerate() {
            let mut own = 0;
            for &method in &circle {
                for &callee in callees.get(method.index()).into_iter().flatten() {
                    if of(callee) != index {
                        own = own.max(level.get(of(callee)).copied().unwrap_or_default() + 1);
                        if let Some(called) = is_called.get_mut(callee.index()) {
                            *called = true;
                        }
                    }
                }
            }
            if let Some(level) = level.get_mut(index) {
                *level = own;
            }
            if waves.len() <= own {
                waves.resize(own + 1, Vec::new());
            }
            if let Some(wave) = waves.get_mut(own) {
                wave.push(circle);
            }
        }
        Self { callees, is_called, waves }
    }
}

/// Looks at each method once, callees first.
pub fn follow<'w>(given: Given<'w>, graph: &Graph) -> World<'w> {
    let mut world = World::of(given);
    let all = (0..world.program.methods.len()).filter_map(|at| u32::try_from(at).ok()).map(MethodId);
    let refused = all.map(|id| (id, world.refused_by(id))).filter(|(_, own)| !own.is_empty());
    world.refused = refused.collect();
    world.summaries = vec![None; world.program.methods.len()];
    for wave in &graph.waves {
        let found: Vec<(MethodId, Summary)> = {
            let world = &world;
            wave.par_iter().flat_map_iter(|circle| summaries(world, graph, circle)).collect()
        };
        let variants: Vec<(MethodId, (Guard, Variants))> = {
            let world = &world;
            let alone = wave.par_iter().filter(|circle| circle.len() == 1).flatten();
            alone.filter_map(|method| Some((*method, variants(world, graph, *method)?))).collect()
        };
        world.variants.extend(variants);
        for (method, summary) in found {
            if let Some(known) = world.summaries.get_mut(method.index()) {
                *known = Some(summary);
            }
        }
    }
    world
}

/// What a method does for each constant that its parameter is compared with.
fn variants(world: &World<'_>, graph: &Graph, id: MethodId) -> Option<(Guard, Variants)> {
    let own = world.program.method(id)?;
    // Circles are looked at as a whole.
    if graph.callees.get(id.index()).is_some_and(|all| all.contains(&id)) {
        return None;
    }
    // Whose permissions count goes before what else a text may decide.
    let guard = guard::flag(world, own).or_else(|| guard::of(world.program, world.resolution, own))?;
    let slot = u32::from(guard.index).checked_sub(1)?;
    // A flag is one or the other, and where it is neither by a constant it is looked at as any.
    let other = (!guard.is_flag()).then_some(None);
    let values = guard.constants.iter().cloned().map(Some).chain(other);
    let by_constant = values.map(|value| {
        let assumed = Assumed { slot, value: value.clone(), constants: guard.constants.clone() };
        (value, body::run(world, &BTreeMap::new(), id, Some(assumed)))
    });
    let variants = Variants { by_constant: by_constant.collect() };
    Some((guard, variants))
}

fn summaries(world: &World<'_>, graph: &Graph, circle: &[MethodId]) -> Vec<(MethodId, Summary)> {
    let runs = |method: &MethodId| {
        world.program.method(*method).is_some_and(|own| {
            !own.is_test
                && (own.body.is_some()
                    || matches!(
                        own.kind,
                        apex::MethodKind::Constructor
                            | apex::MethodKind::StaticInitializer
                            | apex::MethodKind::Job
                    ))
        })
    };
    let circle: Vec<MethodId> = circle.iter().copied().filter(runs).collect();
    match circle.as_slice() {
        [] => Vec::new(),
        [only] if !graph.callees.get(only.index()).is_some_and(|own| own.contains(only)) => {
            vec![(*only, body::run(world, &BTreeMap::new(), *only, None))]
        }
        _ => {
            let mut own: BTreeMap<MethodId, Summary> = BTreeMap::new();
            for _ in 0..ROUNDS {
                let mut changed = false;
                for &method in &circle {
                    let summary = body::run(world, &own, method, None);
                    changed |= own.get(&method) != Some(&summary);
                    own.insert(method, summary);
                }
                if !changed {
                    break;
                }
            }
            own.into_iter().collect()
        }
    }
}

fn callees(program: &Program, resolution: &Resolution, id: MethodId) -> Vec<MethodId> {
    let Some(method) = program.method(id).filter(|method| !method.is_test) else { return Vec::new() };
    let Some(file) = program.file(method.file) else { return Vec::new() };
    let mut found: Vec<MethodId> = Vec::new();
    let add_class = |class, found: &mut Vec<MethodId>| {
        for above in program.lineage(class) {
            let Some(class) = program.class(above) else { continue };
            found.extend(class.methods.values().flatten().chain(&class.constructors));
        }
    };
    let visit = |expr: apex::ast::ExprId, found: &mut Vec<MethodId>| {
        let resolved = resolution.expr(method.file, expr);
        match resolved.to {
            Ref::Method { method, is_virtual } => {
                found.push(method);
                if is_virtual {
                    found.extend(program.method(method).into_iter().flat_map(|own| &own.overriders));
                }
            }
            Ref::New { class, constructor } => {
                found.extend(constructor);
                let runs = ["queueable", "schedulable", "database.batchable"];
                if runs.iter().any(|interface| program.implements(class, interface)) {
                    add_class(class, found);
                }
            }
            Ref::Variable(variable) => {
                let own = program.variable(variable);
                found.extend(own.into_iter().flat_map(|own| own.getter.into_iter().chain(own.setter)));
            }
            Ref::Platform(_) => {
                // A class named by a constant, and an object behind an interface of Salesforce.
                if let ExprKind::Call { name, args, receiver, .. } = &file.expr(expr).kind {
                    let called = program.names.folded(name.value);
                    if called == "forname" {
                        for &arg in args {
                            if let ExprKind::Literal(Literal::Text) = file.expr(arg).kind
                                && let Some(class) =
                                    program.top_class(&file.literal_text(arg).unwrap_or_default())
                            {
                                add_class(class, found);
                            }
                        }
                    }
                    // `ConnectApi.DecisionTable.execute(...)` is no object's method.
                    let of = receiver.map(|receiver| resolution.expr(method.file, receiver));
                    let of = of.filter(|of| of.to != Ref::Type).map(|of| &of.ty);
                    if let Some(Ty::Platform(_) | Ty::Any) = of
                        && matches!(called, "call" | "execute" | "invoke" | "process" | "evaluate")
                    {
                        found.extend(program.methods_anywhere(name.value, args.len()));
                    }
                }
            }
            _ => {}
        }
    };
    if let Some(body) = method.body {
        file.each_expr(body, |expr| visit(expr, &mut found));
    }
    if let (apex::MethodKind::Job, Some(class)) = (method.kind, method.class) {
        add_class(class, &mut found);
        found.retain(|id| program.method(*id).is_some_and(|own| own.kind == apex::MethodKind::Method));
    }
    if method.kind == apex::MethodKind::StaticInitializer
        && let Some(class) = method.class.and_then(|class| program.class(class))
        && class.static_initializers.first() == Some(&id)
    {
        for variable in class.variables.values().filter_map(|id| program.variable(*id)) {
            if let (true, Some(value)) = (variable.is_static, variable.value) {
                let mut todo = vec![value];
                while let Some(expr) = todo.pop() {
                    visit(expr, &mut found);
                    todo.extend(file.parts(expr));
                }
            }
        }
    }
    if method.kind == apex::MethodKind::Constructor
        && let Some(class) = method.class.and_then(|class| program.class(class))
    {
        let parent = class.parent.and_then(|parent| program.class(parent));
        found.extend(parent.into_iter().flat_map(|parent| &parent.constructors));
        for variable in class.variables.values().filter_map(|id| program.variable(*id)) {
            if let (false, Some(value)) = (variable.is_static, variable.value) {
                let mut todo = vec![value];
                while let Some(expr) = todo.pop() {
                    visit(expr, &mut found);
                    todo.extend(file.parts(expr));
                }
            }
        }
        for initializer in class.initializers.iter().filter_map(|id| program.method(*id)?.body) {
            file.each_expr(initializer, |expr| visit(expr, &mut found));
        }
    }
    found.sort();
    found.dedup();
    found.retain(|id| program.method(*id).is_some_and(|method| !method.is_test));
    found
}

/// Tarjan's strongly connected components, without recursion: callees come before callers.
fn circles(callees: &[Vec<MethodId>]) -> Vec<Vec<MethodId>> {
    const UNSEEN: usize = usize::MAX;
    let count = callees.len();
    let (mut order, mut low) = (vec![UNSEEN; count], vec![0_usize; count]);
    let mut on_stack = vec![false; count];
    let (mut stack, mut found) = (Vec::new(), Vec::new());
    let mut next = 0;
    let get = |all: &[usize], at: usize| all.get(at).copied().unwrap_or_default();
    let set = |all: &mut Vec<usize>, at: usize, value: usize| {
        if let Some(own) = all.get_mut(at) {
            *own = value;
        }
    };
    for root in 0..count {
        if get(&order, root) != UNSEEN {
            continue;
        }
        let mut work: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((at, edge)) = work.pop() {
            if edge == 0 {
                set(&mut order, at, next);
                set(&mut low, at, next);
                next += 1;
                stack.push(at);
                if let Some(own) = on_stack.get_mut(at) {
                    *own = true;
                }
            }
            let edges = callees.get(at).map_or(&[][..], Vec::as_slice);
            if let Some(to) = edges.get(edge).map(|method| method.index()) {
                work.push((at, edge + 1));
                if get(&order, to) == UNSEEN {
                    work.push((to, 0));
                } else if on_stack.get(to).copied().unwrap_or_default() {
                    let lowest = get(&low, at).min(get(&order, to));
                    set(&mut low, at, lowest);
                }
                continue;
            }
            if let Some(&(above, _)) = work.last() {
                let lowest = get(&low, above).min(get(&low, at));
                set(&mut low, above, lowest);
            }
            if get(&low, at) == get(&order, at) {
                let mut circle = Vec::new();
                while let Some(method) = stack.pop() {
                    if let Some(own) = on_stack.get_mut(method) {
                        *own = false;
                    }
                    circle.push(MethodId(u32::try_from(method).unwrap_or(u32::MAX)));
                    if method == at {
                        break;
                    }
                }
                circle.sort();
                found.push(circle);
            }
        }
    }
    found
}
