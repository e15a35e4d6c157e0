//! Uses by pages, mail, prompts, events and other services.

use journal::Place;

use super::{By, Comparison, EVERY, How, Uses};
use crate::classification::base_object;
use crate::field_path::{self, Reached};
use crate::merge_field::merge_fields;
use crate::prompt::{self, Merged};
use crate::{list_column, mail};

pub(super) fn visit(uses: &mut Uses<'_, '_>) {
    layouts(uses);
    lightning_pages(uses);
    quick_actions(uses);
    paths(uses);
    messages(uses);
    events(uses);
    services(uses);
}

fn layouts(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    for layout in project.of_type("Layout") {
        let object = layout.full_name().split('-').next().unwrap_or_default();
        let object = if object == "PersonAccount" { "Account" } else { object };
        let by = By::new(How::Layout, "Layout", layout.full_name());
        for item in layout.root().descendants() {
            match item.name() {
                "layoutItems" => {
                    if let Some(field) = item.value("field") {
                        let reached = field_path::follow(project, object, &field);
                        uses.add(by, reached, &field);
                    }
                }
                "relatedLists" => {
                    // `Child__c.Parent__c` names the object whose records are listed; other names do not.
                    let list = item.value("relatedList");
                    let Some(listed) = list.as_deref().and_then(|list| list.split_once('.')) else {
                        continue;
                    };
                    let fields = item.values("fields").map(|field| (How::RelatedListColumn, field));
                    let sorted = item.value("sortField").map(|field| (How::RelatedListSort, field));
                    for (how, field) in fields.chain(sorted) {
                        if let Some(reached) = list_column::field(project, listed.0, &field) {
                            uses.add(by.with(how), reached, &field);
                        }
                    }
                }
                "miniLayout" => {
                    for field in item.values("fields") {
                        let reached = field_path::follow(project, object, &field);
                        uses.add(by, reached, &field);
                    }
                }
                _ => {}
            }
        }
    }
}

fn lightning_pages(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    for page in project.of_type("FlexiPage") {
        let by = By::new(How::LightningPage, "FlexiPage", page.full_name());
        let object = page.root().value("sobjectType").map(|object| object.to_string());
        for element in page.root().descendants() {
            match element.name() {
                "fieldItem" => {
                    let (Some(object), Some(value)) = (&object, element.own_value()) else { continue };
                    let Some(path) = value.strip_prefix("Record.") else { continue };
                    let reached = field_path::follow(project, object, path);
                    uses.add(by, reached, &value);
                }
                "criteria" => {
                    let Some(left) = element.value("leftValue") else { continue };
                    let operator = element.value("operator");
                    let comparison =
                        Comparison::of(operator.as_deref(), element.value("rightValue").as_deref());
                    for merged in merge_fields(&left) {
                        let reached = match (merged.head.to_ascii_lowercase().as_str(), &object) {
                            ("record", Some(object)) => field_path::follow(project, object, merged.path),
                            ("$user", _) => field_path::follow(project, "User", merged.path),
                            _ => continue,
                        };
                        uses.compare(by.with(How::PageVisibility), reached, &left, comparison);
                    }
                }
                _ => {}
            }
        }
    }
}

fn quick_actions(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    for action in project.of_type("QuickAction") {
        let by = By::new(How::QuickAction, "QuickAction", action.full_name());
        let own = action.full_name().split_once('.').map(|(object, _)| object.to_owned());
        let target = action.root().value("targetObject").map(|object| object.to_string());
        let Some(target) = target.or_else(|| own.clone()) else { continue };
        for element in action.root().descendants() {
            match element.name() {
                "quickActionLayoutItems" => {
                    if let Some(field) = element.value("field") {
                        let reached = field_path::follow(project, &target, &field);
                        uses.add(by, reached, &field);
                    }
                }
                "fieldOverrides" => {
                    let by = by.with(How::PredefinedValue);
                    if let Some(field) = element.value("field") {
                        let reached = field_path::follow(project, &target, &field);
                        uses.add(by, reached, &field);
                    }
                    let Some(formula) = element.value("formula") else { continue };
                    // The source record is written with its object: `Contact.SSN__c`.
                    let own = own.as_deref().unwrap_or(&target);
                    for (reference, part) in crate::formula::parts(&formula) {
                        let reached = uses.named(own, reference);
                        let place = || super::within(&formula, reference);
                        uses.put(by, reached, Some(Comparison::Formula), Some(part), place);
                    }
                }
                _ => {}
            }
        }
    }
}

fn paths(uses: &mut Uses<'_, '_>) {
    for path in uses.cx.project.of_type("PathAssistant") {
        let Some(object) = path.root().value("entityName") else { continue };
        let is_active = path.root().flag("active") != Some(false);
        let by = By::new(How::PathAssistant, "PathAssistant", path.full_name()).active(is_active);
        let steps =
            path.root().children_named("pathAssistantSteps").flat_map(|step| step.values("fieldNames"));
        for field in path.root().value("fieldName").into_iter().chain(steps) {
            let reached = field_path::follow(uses.cx.project, &object, &field);
            uses.add(by, reached, &field);
        }
    }
}

fn messages(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    for template in project.email_templates() {
        let by = By::new(How::EmailTemplate, "EmailTemplate", template.name())
            .active(template.available() != Some(false));
        for (reached, place) in mail::merges(uses.cx, template).fields {
            uses.at(by, reached, &place);
        }
    }
    for template in project.prompt_templates() {
        let by = By::new(How::PromptTemplate, "GenAiPromptTemplate", template.name());
        for version in prompt::versions_in_use(template) {
            for (merged, place) in prompt::merges(uses.cx, template, version) {
                match merged {
                    Merged::Field(reached) => uses.at(by, reached, &place),
                    Merged::Record(object) => all_fields(uses, by, &object, &place),
                }
            }
        }
    }
}

/// A use of every field of an object.
fn all_fields(uses: &mut Uses<'_, '_>, by: By<'_>, object: &str, place: &Place) {
    uses.at(by, Reached { object: object.to_owned(), field: EVERY.to_owned() }, place);
}

fn events(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    for member in project.event_channel_members() {
        let Some(entity) = member.entity() else { continue };
        let by = By::new(How::ChangeEvent, "PlatformEventChannelMember", member.name());
        let base = base_object(&entity).into_owned();
        if entity.ends_with("ChangeEvent") {
            let place = Place::of(entity.source(), entity.span());
            all_fields(uses, by, &base, &place);
        }
        for name in member.enriched_fields().filter_map(|field| field.name()) {
            let reached = field_path::follow(project, &base, &name);
            uses.add(by.with(How::EnrichedField), reached, &name);
        }
        if let Some(filter) = member.filter() {
            uses.formula(by.with(How::ChangeFilter), &base, &filter);
        }
    }
    for channel in project.event_channels() {
        let by = By::new(How::ChangeEvent, "PlatformEventChannel", channel.name());
        for entity in channel.old_members().filter_map(|old| old.entity()) {
            let place = Place::of(entity.source(), entity.span());
            all_fields(uses, by, &base_object(&entity), &place);
        }
    }
}

/// Data integration rules fill fields from another party's data.
fn services(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    for service in project.of_type("CleanDataService") {
        let by = By::new(How::DataIntegrationRule, "CleanDataService", service.full_name());
        for row in service.root().descendants().filter(|element| element.name() == "fieldMappingRows") {
            if let (Some(object), Some(field)) = (row.value("SObjectType"), row.value("fieldName")) {
                let reached = field_path::follow(project, &object, &field);
                uses.add(by, reached, &field);
            }
            for other in row.children_named("fieldMappingFields") {
                let (Some(object), Some(field)) =
                    (other.value("dataServiceObjectName"), other.value("dataServiceField"))
                else {
                    continue;
                };
                let reached = field_path::follow(project, &object, &field);
                uses.add(by, reached, &field);
            }
        }
    }
}
