//! Uses by flows and processes.

use sfdx::{Element, Value};

use super::{By, Comparison, How, Uses, within};
use crate::field_path;
use crate::flow_data::FlowData;
use crate::flow_reach;
use crate::merge_field::{MergeField, formula_fields, merge_fields};

pub(super) fn visit(uses: &mut Uses<'_, '_>) {
    const QUERIES: [&str; 4] = ["recordLookups", "recordUpdates", "recordDeletes", "dynamicChoiceSets"];
    for flow in uses.cx.project.flows() {
        let is_active = flow_reach::runs(uses.cx, flow);
        let by = By::new(How::FlowFilter, "Flow", flow.name()).active(is_active);
        for element in flow.element().children() {
            match element.name() {
                "start" => {
                    // What starts a flow on a schedule is a query; what a changed record must be like is not.
                    let is_query = element.value("triggerType").is_some_and(|kind| kind == "Scheduled");
                    filters(uses, by.with(if is_query { How::FlowFilter } else { How::FlowEntry }), element);
                    if let (Some(object), Some(text)) =
                        (element.value("object"), element.value("filterFormula"))
                    {
                        uses.formula(by.with(How::FlowEntry), &object, &text);
                    }
                }
                name if QUERIES.contains(&name) => {
                    filters(uses, by, element);
                    record(uses, by, element);
                }
                "recordCreates" => record(uses, by, element),
                _ => {}
            }
        }
        let data = FlowData::of(uses.cx, flow);
        for element in flow.element().children() {
            references(uses, by, &data, element);
        }
    }
}

/// The records that an element finds, and their order.
fn filters(uses: &mut Uses<'_, '_>, by: By<'_>, element: Element<'_>) {
    let Some(object) = element.value("object") else { return };
    for filter in element.children_named("filters") {
        let Some(field) = filter.value("field") else { continue };
        let reached = field_path::follow(uses.cx.project, &object, &field);
        let text = filter.value("value/stringValue");
        let comparison = Comparison::of(filter.value("operator").as_deref(), text.as_deref());
        uses.compare(by, reached, &field, comparison);
    }
    if let Some(field) = element.value("sortField") {
        let reached = field_path::follow(uses.cx.project, &object, &field);
        uses.add(by.with(How::FlowSort), reached, &field);
    }
}

/// The fields that an element reads from records or writes to them.
fn record(uses: &mut Uses<'_, '_>, by: By<'_>, element: Element<'_>) {
    let Some(object) = element.value("object") else { return };
    let written = element.children_named("inputAssignments").filter_map(|input| input.value("field"));
    let read = element
        .values("queriedFields")
        .chain(element.children_named("outputAssignments").filter_map(|output| output.value("field")))
        .chain(["displayField", "valueField"].into_iter().filter_map(|name| element.value(name)));
    let all = written.map(|field| (How::FlowWrite, field)).chain(read.map(|field| (How::FlowRead, field)));
    for (how, field) in all {
        let reached = field_path::follow(uses.cx.project, &object, &field);
        uses.add(by.with(how), reached, &field);
    }
}

/// What an element does with fields of records that the flow has: `Get_Patient.SSN__c`.
fn references(uses: &mut Uses<'_, '_>, by: By<'_>, data: &FlowData, node: Element<'_>) {
    let how = match node.name() {
        "start" => return,
        "decisions" | "waits" => How::FlowCondition,
        "formulas" => How::FlowFormula,
        "textTemplates" | "choices" => How::FlowText,
        "actionCalls" | "apexPluginCalls" | "subflows" => How::FlowAction,
        "screens" => How::FlowScreen,
        "collectionProcessors" => How::FlowCollection,
        _ => How::FlowAssignment,
    };
    for element in node.descendants() {
        match element.name() {
            "leftValueReference" => {
                let Some(value) = element.own_value() else { continue };
                let condition = element.parent();
                let operator = condition.and_then(|condition| condition.value("operator"));
                let text = condition.and_then(|condition| condition.value("rightValue/stringValue"));
                let comparison = Comparison::of(operator.as_deref(), text.as_deref());
                if let Some(reached) = data.direct(uses.cx, &value) {
                    uses.compare(by.with(how), reached, &value, comparison);
                }
            }
            "elementReference" | "objectFieldReference" | "collectionReference" => {
                let Some(value) = element.own_value() else { continue };
                let inside = element.ancestors().map(Element::name).take_while(|name| *name != node.name());
                let is_filter = inside.into_iter().any(|name| name == "filters");
                // What a query compares with is the value's, not the field's, use.
                let how = if is_filter { How::FlowCondition } else { how };
                let reference = value.trim_matches(['{', '}', '!']);
                let Some(reached) = data.direct(uses.cx, reference) else { continue };
                match how {
                    How::FlowCondition | How::FlowCollection => {
                        uses.compare(by.with(how), reached, &value, Comparison::Equality);
                    }
                    _ => uses.add(by.with(how), reached, &value),
                }
            }
            "assignToReference" => {
                let Some(value) = element.own_value() else { continue };
                if let Some(reached) = data.direct(uses.cx, &value) {
                    uses.add(by.with(How::FlowWrite), reached, &value);
                }
            }
            "sortField" if node.name() == "collectionProcessors" => {
                let Some(value) = element.own_value() else { continue };
                let Some(from) = node.value("collectionReference") else { continue };
                let reached = data.direct(uses.cx, &format!("{}.{}", from.as_str(), value.as_str()));
                if let Some(reached) = reached {
                    uses.compare(by.with(how), reached, &value, Comparison::Range);
                }
            }
            "expression" | "formulaExpression" | "formula" => {
                let Some(value) = element.own_value() else { continue };
                let is_merged = value.contains("{!");
                let fields = if is_merged { merge_fields(&value) } else { formula_fields(&value) };
                merged(uses, by.with(formula_of(how)), data, &value, &fields);
            }
            "text" | "fieldText" | "stringValue" | "helpText" => {
                let Some(value) = element.own_value() else { continue };
                merged(uses, by.with(how), data, &value, &merge_fields(&value));
            }
            _ => {}
        }
    }
}

/// A formula in a condition or screen is a formula all the same.
fn formula_of(how: How) -> How {
    match how {
        How::FlowCollection => how,
        _ => How::FlowFormula,
    }
}

fn merged(uses: &mut Uses<'_, '_>, by: By<'_>, data: &FlowData, text: &Value<'_>, fields: &[MergeField<'_>]) {
    for field in fields {
        if field.path.is_empty() {
            continue;
        }
        let reference = format!("{}.{}", field.head, field.path);
        if let Some(reached) = data.direct(uses.cx, &reference) {
            // A text only carries the value.
            let is_formula = matches!(by.how, How::FlowFormula | How::FlowCollection | How::FlowCondition);
            let comparison = is_formula.then_some(Comparison::Formula);
            uses.put(by, reached, comparison, None, || within(text, &reference));
        }
    }
}
