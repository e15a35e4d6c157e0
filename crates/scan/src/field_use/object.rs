//! Uses by what belongs to an object: its other fields, validation rules, list views, layouts of search and the like.

use sfdx::views::{Condition, Field, Object};

use super::{By, Comparison, How, Uses};
use crate::field_path::{self, Reached};
use crate::list_column;
use crate::merge_field::merge_fields;

pub(super) fn visit(uses: &mut Uses<'_, '_>) {
    for object in uses.cx.project.objects() {
        for field in object.fields() {
            own(uses, field);
            computed(uses, object, field);
            roll_up(uses, object, field);
            lookup(uses, object, field);
        }
        for rule in object.validation_rules() {
            let name = format!("{}.{}", object.name(), rule.name());
            let by =
                By::new(How::ValidationRule, "ValidationRule", &name).active(rule.active() != Some(false));
            if let Some(formula) = rule.formula() {
                uses.formula(by, object.name(), &formula);
            }
        }
        list_views(uses, object);
        shown(uses, object);
    }
    for index in uses.cx.project.of_type("Index") {
        let Some(object) = index.parent() else { continue };
        for name in index.root().children_named("fields").filter_map(|field| field.value("name")) {
            let reached = field_path::follow(uses.cx.project, object, &name);
            uses.add(By::new(How::Index, "Index", index.full_name()), reached, &name);
        }
    }
}

/// What a field says of itself.
fn own(uses: &mut Uses<'_, '_>, field: Field<'_>) {
    const FLAGS: [(&str, How); 4] = [
        ("unique", How::Unique),
        ("externalId", How::ExternalId),
        ("trackHistory", How::History),
        ("trackFeedHistory", How::FeedHistory),
    ];
    for (flag, how) in FLAGS {
        if let Some(value) = field.value(flag).filter(|value| value.flag() == Some(true)) {
            let reached = Reached { object: field.object_name().to_owned(), field: field.name().to_owned() };
            uses.add(By::new(how, "CustomField", field.full_name()), reached, &value);
        }
    }
}

fn computed(uses: &mut Uses<'_, '_>, object: Object<'_>, field: Field<'_>) {
    let by = By::new(How::Formula, "CustomField", field.full_name());
    if let Some(formula) = field.formula() {
        uses.formula(by, object.name(), &formula);
    }
    if let Some(default) = field.default_value() {
        uses.formula(by.with(How::DefaultValue), object.name(), &default);
    }
}

fn roll_up(uses: &mut Uses<'_, '_>, object: Object<'_>, field: Field<'_>) {
    let by = By::new(How::RollUp, "CustomField", field.full_name());
    if let Some(value) = field.summarized_field() {
        let reached = uses.named(object.name(), &value);
        uses.add(by, reached, &value);
    }
    for part in field.components() {
        for filter in part.root().children_named("summaryFilterItems") {
            condition(uses, by.with(How::RollUpFilter), object.name(), &filter);
        }
    }
}

fn lookup(uses: &mut Uses<'_, '_>, object: Object<'_>, field: Field<'_>) {
    for part in field.components() {
        let Some(filter) = part.root().child("lookupFilter") else { continue };
        let is_active = filter.flag("active") != Some(false);
        let by = By::new(How::LookupFilter, "CustomField", field.full_name()).active(is_active);
        for item in filter.children_named("filterItems") {
            condition(uses, by, object.name(), &item);
        }
    }
    // An indirect lookup finds its record by the value of an external id.
    if let (Some(target), Some(name)) = (field.reference_to().next(), field.value("referenceTargetField")) {
        let reached = field_path::follow(uses.cx.project, &target, &name);
        uses.add(By::new(How::IndirectLookup, "CustomField", field.full_name()), reached, &name);
    }
}

/// An element with `field`, `operation`, and `value` or `valueField`.
pub(super) fn condition(uses: &mut Uses<'_, '_>, by: By<'_>, object: &str, item: &sfdx::Element<'_>) {
    let operation = item.value("operation");
    let value = item.value("value");
    let comparison = Comparison::of(operation.as_deref(), value.as_deref());
    if let Some(field) = item.value("field") {
        let reached = uses.named(object, &field);
        uses.compare(by, reached, &field, comparison);
    }
    if let Some(other) = item.value("valueField") {
        let reached = uses.named(object, &other);
        uses.compare(by, reached, &other, comparison);
    }
}

fn compared(condition: Condition<'_>) -> Comparison {
    Comparison::of(condition.operation().as_deref(), condition.value().as_deref())
}

fn list_views(uses: &mut Uses<'_, '_>, object: Object<'_>) {
    let project = uses.cx.project;
    for view in object.list_views() {
        let name = format!("{}.{}", object.name(), view.name());
        for filter in view.filters() {
            let Some(column) = filter.field() else { continue };
            let Some(reached) = list_column::field(project, object.name(), &column) else { continue };
            let by = By::new(How::ListViewFilter, "ListView", &name);
            uses.compare(by, reached, &column, compared(filter));
        }
        for column in view.columns() {
            let Some(reached) = list_column::field(project, object.name(), &column) else { continue };
            uses.add(By::new(How::ListViewColumn, "ListView", &name), reached, &column);
        }
    }
}

/// What shows the field and does nothing else with it.
fn shown(uses: &mut Uses<'_, '_>, object: Object<'_>) {
    let project = uses.cx.project;
    for layout in object.compact_layouts() {
        let name = format!("{}.{}", object.name(), layout.name());
        for field in layout.fields() {
            let Some(reached) = list_column::field(project, object.name(), &field) else { continue };
            uses.add(By::new(How::CompactLayout, "CompactLayout", &name), reached, &field);
        }
    }
    for set in object.field_sets() {
        let name = format!("{}.{}", object.name(), set.name());
        for field in set.displayed().chain(set.available()).filter_map(|item| item.field()) {
            let reached = field_path::follow(project, object.name(), &field);
            uses.add(By::new(How::FieldSet, "FieldSet", &name), reached, &field);
        }
    }
    for field in object.search_fields() {
        let Some(reached) = list_column::field(project, object.name(), &field) else { continue };
        uses.add(By::new(How::SearchLayout, "CustomObject", object.name()), reached, &field);
    }
    for link in object.web_links() {
        let Some(url) = link.url() else { continue };
        let name = format!("{}.{}", object.name(), link.name());
        for merged in merge_fields(&url) {
            if merged.path.is_empty() || merged.head.starts_with('$') {
                continue;
            }
            let reached = field_path::follow(project, merged.head, merged.path);
            uses.add(By::new(How::Link, "WebLink", &name), reached, &url);
        }
    }
}
