//! What a body leaves behind for its callers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cap::{Cap, Cuts};
use crate::hit::Hit;
use crate::value::{Obj, ObjId, Origin, Path, State, Value, reachable};
use crate::world::Summary;

/// Keeps what callers can see: objects that are given out, and changes to what they passed.
pub(crate) fn summarise(
    state: State,
    returned: Value,
    thrown: Value,
    hits: Vec<Hit>,
    saves: BTreeSet<(u16, Path)>,
    mut cuts: Cuts,
) -> Summary {
    let mut roots: Vec<ObjId> = Vec::new();
    for (at, obj) in state.heap.iter().enumerate() {
        if let Some(obj) = obj
            && matches!(obj.origin, Origin::Parameter { .. })
            && obj.is_touched()
        {
            roots.push(ObjId(u32::try_from(at).unwrap_or(u32::MAX)));
        }
    }
    roots.extend(&returned.objs);
    roots.extend(&thrown.objs);
    let mut kept = reachable(&state, &roots, &mut cuts);
    kept.sort();
    if kept.len() > Cap::Given.limit() {
        kept.truncate(Cap::Given.limit());
        cuts.insert(Cap::Given);
    }
    let ids: BTreeMap<ObjId, ObjId> = (0_u32..).zip(&kept).map(|(index, id)| (*id, ObjId(index))).collect();
    let value = |value: &Value| Value {
        labels: value.labels.clone(),
        objs: value.objs.iter().filter_map(|id| ids.get(id).copied()).collect(),
        texts: value.texts.clone(),
    };
    let objs = kept
        .iter()
        .filter_map(|id| state.obj(*id))
        .map(|obj: &Arc<Obj>| Obj {
            origin: obj.origin.clone(),
            ty: obj.ty.clone(),
            parts: obj.parts.iter().map(|(key, part)| (*key, value(part))).collect(),
            anywhere: value(&obj.anywhere),
            is_checked: obj.is_checked,
            asked: obj.asked.as_ref().map(|asked| asked.of(obj)),
        })
        .collect();
    let (open, closed) = hits.into_iter().partition(Hit::is_open);
    Summary { objs, returned: value(&returned), thrown: value(&thrown), open, closed, saves, cuts }
}
