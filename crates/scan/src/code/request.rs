//! Which calls from outside reach a method: what stands in a static variable is kept for one of them.

use std::collections::BTreeSet;

use apex::MethodId;
use dataflow::{Exposure, Graph, World};

use super::leak;

/// Who calls whom, the other way round.
pub(super) struct Requests<'w> {
    world: &'w World<'w>,
    graph: &'w Graph,
    /// What pages run.
    opened: &'w BTreeSet<MethodId>,
    callers: Vec<Vec<MethodId>>,
}

impl<'w> Requests<'w> {
    pub(super) fn of(world: &'w World<'w>, graph: &'w Graph, opened: &'w BTreeSet<MethodId>) -> Self {
        let mut callers = vec![Vec::new(); graph.callees.len()];
        for (caller, callees) in (0_u32..).map(MethodId).zip(&graph.callees) {
            for callee in callees {
                if let Some(own) = callers.get_mut(callee.index()) {
                    own.push(caller);
                }
            }
        }
        Self { world, graph, opened, callers }
    }

    /// Whether two methods may run for the same call from outside. Pages and triggers run with others, and a flow or an integration
    /// procedure calls one action after the other.
    pub(super) fn meet(&self, one: MethodId, other: MethodId) -> bool {
        let is_step =
            |id: &MethodId| matches!(self.world.exposure(*id), Some(Exposure::Flow | Exposure::OmniStudio));
        match (self.roots(one), self.roots(other)) {
            (Some(one), Some(other)) => {
                !one.is_disjoint(&other) || one.iter().any(is_step) && other.iter().any(is_step)
            }
            _ => true,
        }
    }

    /// The methods that components, services and flows call and that lead to this one; none where something else does.
    fn roots(&self, method: MethodId) -> Option<BTreeSet<MethodId>> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo = vec![method];
        while let Some(id) = todo.pop().filter(|id| id.index() < self.callers.len()) {
            if !seen.insert(id) {
                continue;
            }
            let own = self.world.program.method(id)?;
            if self.world.exposure(id).is_some() {
                found.insert(id);
            }
            if self.opened.contains(&id)
                || self.world.exposure(id).is_none() && leak::is_root(self.world, self.graph, id, own)
            {
                return None;
            }
            todo.extend(self.callers.get(id.index()).into_iter().flatten());
        }
        Some(found)
    }
}
