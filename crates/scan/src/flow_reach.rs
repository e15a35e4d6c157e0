//! Which records with PHI a flow reaches.

use sfdx::views::{Flow, RecordLookup};

use crate::Context;
use crate::flow_data::FlowData;
use crate::phi_object::PhiObject;

/// Whether the source's version of a flow runs: neither its status nor the definition that names the active version
/// says otherwise.
pub(crate) fn runs(cx: &Context<'_>, flow: Flow<'_>) -> bool {
    let is_shelved = |status: &str| matches!(status, "Draft" | "Obsolete" | "InvalidDraft");
    !flow.status().is_some_and(|status| is_shelved(&status)) && !is_former_version(cx, flow)
}

/// Whether it is a version of before API 44, `Name-3`, that the flow's definition does not name as the active one.
fn is_former_version(cx: &Context<'_>, flow: Flow<'_>) -> bool {
    let Some((name, version)) = flow.name().rsplit_once('-') else { return false };
    let Ok(version) = version.parse::<u64>() else { return false };
    let definition =
        cx.project.flow_definitions().find(|definition| definition.name().eq_ignore_ascii_case(name));
    let active = definition.and_then(|definition| definition.active_version());
    active.is_some_and(|active| active != version)
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
