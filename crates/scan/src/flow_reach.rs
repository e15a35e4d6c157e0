//! Which records with PHI a flow reaches.

use sfdx::views::{Flow, RecordLookup};

use crate::Context;
use crate::flow_data::FlowData;
use crate::phi_object::PhiObject;

/// Whether the source's version of a flow runs at all.
pub(crate) fn runs(flow: Flow<'_>) -> bool {
    let is_shelved = |status: &str| matches!(status, "Draft" | "Obsolete" | "InvalidDraft");
    !flow.status().is_some_and(|status| is_shelved(&status))
}

/// The flow of a name, in any case.
pub(crate) fn named<'p>(cx: &Context<'p>, name: &str) -> Option<Flow<'p>> {
    cx.project.flows().find(|flow| flow.name().eq_ignore_ascii_case(name))
}

/// The first object with PHI whose records the flow looks up, Ids alone left out.
pub(crate) fn looked_up(cx: &Context<'_>, flow: Flow<'_>) -> Option<PhiObject> {
    let own = flow.record_lookups().filter(|lookup| !keeps_id_alone(*lookup)).find_map(|lookup| {
        let object = lookup.object()?;
        PhiObject::of(cx, &object)
    });
    own.or_else(|| {
        let related = flow.record_lookups().flat_map(|lookup| lookup.related());
        related.filter_map(|related| related.object()).find_map(|object| PhiObject::of(cx, &object))
    })
}

fn keeps_id_alone(lookup: RecordLookup<'_>) -> bool {
    let fields: Vec<_> = lookup.queried_fields().collect();
    let outputs: Vec<_> = lookup.outputs().filter_map(|output| output.field()).collect();
    let kept = fields.iter().chain(&outputs);
    let is_said = !fields.is_empty() || !outputs.is_empty();
    is_said && kept.into_iter().all(|field| field.eq_ignore_ascii_case("Id"))
}

/// The first object with PHI whose records the flow makes or changes.
pub(crate) fn written(cx: &Context<'_>, flow: Flow<'_>) -> Option<PhiObject> {
    let mut changes = flow.record_creates().chain(flow.record_updates()).peekable();
    changes.peek()?;
    let data = FlowData::of(cx, flow);
    changes.find_map(|change| {
        let named = change.object().map(|object| object.into_text().into_owned());
        let held = || data.objects.get(&change.input_reference()?.to_lowercase()).cloned();
        PhiObject::of(cx, &named.or_else(held)?)
    })
}
