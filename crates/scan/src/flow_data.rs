//! Which fields the variables, texts and formulas of a flow hold.

use std::collections::{BTreeMap, BTreeSet};

use sfdx::views::{Flow, FlowValue};

use crate::Context;
use crate::field_path::{self, Reached};
use crate::merge_field::{formula_fields, merge_fields};

/// What the names in a flow stand for.
#[derive(Debug, Default)]
pub(crate) struct FlowData {
    /// The object of each name that stands for records, lower case.
    pub(crate) objects: BTreeMap<String, String>,
    /// The fields whose values each other name holds, lower case.
    fields: BTreeMap<String, BTreeSet<String>>,
}

impl FlowData {
    pub(crate) fn of(cx: &Context<'_>, flow: Flow<'_>) -> Self {
        let mut data = Self::default();
        if let Some(object) = flow.start().and_then(|start| start.object()) {
            for name in ["$record", "$record__prior"] {
                data.objects.insert(name.to_owned(), object.as_str().to_owned());
            }
        }
        for lookup in flow.record_lookups() {
            let Some(object) = lookup.object() else { continue };
            for name in [lookup.name(), lookup.output_reference()].into_iter().flatten() {
                data.objects.insert(name.to_lowercase(), object.as_str().to_owned());
            }
            for output in lookup.outputs() {
                if let (Some(field), Some(target)) = (output.field(), output.target()) {
                    let reached = field_path::follow(cx.project, &object, &field);
                    if field_path::is_reference(cx.project, &reached) {
                        continue;
                    }
                    let field = reached.full_name();
                    data.fields.entry(target.to_lowercase()).or_default().insert(field);
                }
            }
        }
        for variable in flow.variables() {
            if let (Some(name), Some(object)) = (variable.name(), variable.object()) {
                data.objects.insert(name.to_lowercase(), object.as_str().to_owned());
            }
        }
        for one in flow.loops() {
            let collection =
                one.collection().and_then(|name| data.objects.get(&name.to_lowercase()).cloned());
            if let (Some(name), Some(object)) = (one.name(), collection) {
                data.objects.insert(name.to_lowercase(), object);
            }
        }
        for processor in flow.element().children_named("collectionProcessors") {
            let from = processor.value("collectionReference");
            let Some(object) = from.and_then(|name| data.objects.get(&name.to_lowercase()).cloned()) else {
                continue;
            };
            for name in
                ["name", "assignNextValueToReference"].into_iter().filter_map(|path| processor.value(path))
            {
                data.objects.insert(name.to_lowercase(), object.clone());
            }
        }
        // What a text holds may come from another text: until nothing is added.
        for _ in 0..8 {
            let before: usize = data.fields.values().map(BTreeSet::len).sum();
            data.spread(cx, flow);
            if data.fields.values().map(BTreeSet::len).sum::<usize>() == before {
                break;
            }
        }
        data
    }

    fn spread(&mut self, cx: &Context<'_>, flow: Flow<'_>) {
        let mut added: Vec<(String, BTreeSet<String>)> = Vec::new();
        for template in flow.text_templates() {
            if let (Some(name), Some(text)) = (template.name(), template.text()) {
                added.push((name.to_lowercase(), self.of_text(cx, &text)));
            }
        }
        for formula in flow.formulas() {
            if let (Some(name), Some(text)) = (formula.name(), formula.expression()) {
                let mut fields = self.of_text(cx, &text);
                for field in formula_fields(&text) {
                    fields.extend(self.of_reference(cx, &join(field.head, field.path)));
                }
                added.push((name.to_lowercase(), fields));
            }
        }
        for variable in flow.variables() {
            if let (Some(name), Some(value)) = (variable.name(), variable.value()) {
                added.push((name.to_lowercase(), self.of_value(cx, value)));
            }
        }
        for item in flow.assignments().flat_map(|assignment| assignment.items()) {
            if let (Some(target), Some(value)) = (item.target(), item.value())
                && !target.contains('.')
            {
                added.push((target.to_lowercase(), self.of_value(cx, value)));
            }
        }
        for (name, fields) in added.into_iter().filter(|(_, fields)| !fields.is_empty()) {
            self.fields.entry(name).or_default().extend(fields);
        }
    }

    pub(crate) fn of_value(&self, cx: &Context<'_>, value: FlowValue<'_>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if let Some(reference) = value.reference() {
            found.extend(self.of_reference(cx, &reference));
        }
        for text in [value.string(), value.formula()].into_iter().flatten() {
            found.extend(self.of_text(cx, &text));
        }
        found
    }

    pub(crate) fn of_text(&self, cx: &Context<'_>, text: &str) -> BTreeSet<String> {
        merge_fields(text)
            .into_iter()
            .flat_map(|field| self.of_reference(cx, &join(field.head, field.path)))
            .collect()
    }

    /// The field of a record that a reference names outright: `GetPatient.SSN__c`.
    pub(crate) fn direct(&self, cx: &Context<'_>, reference: &str) -> Option<Reached> {
        let (head, path) = reference.split_once('.')?;
        let object = match head.to_ascii_lowercase().as_str() {
            "$user" => "User",
            head => self.objects.get(head)?,
        };
        (!path.is_empty()).then(|| field_path::follow(cx.project, object, path))
    }

    /// The fields that a reference gives: `GetPatient.SSN__c`, `varBody`.
    pub(crate) fn of_reference(&self, cx: &Context<'_>, reference: &str) -> BTreeSet<String> {
        let (head, path) = reference.split_once('.').unwrap_or((reference, ""));
        let head = head.to_lowercase();
        match self.objects.get(&head) {
            // An Id says nothing of what stands in its record, and is how a record should be named.
            Some(object) if !path.is_empty() => {
                let reached = field_path::follow(cx.project, object, path);
                let held = (!field_path::is_reference(cx.project, &reached)).then(|| reached.full_name());
                held.into_iter().collect()
            }
            _ => self.fields.get(&head).cloned().unwrap_or_default(),
        }
    }
}

fn join(head: &str, path: &str) -> String {
    if path.is_empty() { head.to_owned() } else { format!("{head}.{path}") }
}
