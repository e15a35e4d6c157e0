//! Uses by what opens and closes records, and by what finds duplicates.

use sfdx::views::SharingKind;

use super::{By, Comparison, How, Uses};
use crate::{field_path, sharing};

pub(super) fn visit(uses: &mut Uses<'_, '_>) {
    sharing_rules(uses);
    restrictions(uses);
    duplicates(uses);
}

fn sharing_rules(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    for rule in project.sharing_rules() {
        if !matches!(rule.kind(), SharingKind::Criteria | SharingKind::Guest) {
            continue;
        }
        let component = sharing::component(rule);
        let name = component.split_once(':').map_or("", |(_, name)| name);
        for condition in rule.conditions() {
            let Some(field) = condition.field() else { continue };
            let comparison = Comparison::of(condition.operation().as_deref(), condition.value().as_deref());
            let reached = field_path::follow(project, rule.object_name(), &field);
            uses.compare(By::new(How::SharingCriterion, "SharingRules", name), reached, &field, comparison);
        }
    }
    for set in project.sharing_sets() {
        let by = By::new(How::SharingSet, "SharingSet", set.name());
        for mapping in set.mappings() {
            if let (Some(object), Some(field)) = (mapping.object(), mapping.object_field()) {
                let reached = field_path::follow(project, &object, &field);
                uses.add(by, reached, &field);
            }
            if let Some(field) = mapping.user_field() {
                let reached = field_path::follow(project, "User", &field);
                uses.add(by, reached, &field);
            }
        }
    }
}

fn restrictions(uses: &mut Uses<'_, '_>) {
    for rule in uses.cx.project.restrictions() {
        let is_scope = rule.enforcement().is_some_and(|kind| kind.eq_ignore_ascii_case("Scoping"));
        let how = if is_scope { How::ScopingFilter } else { How::RestrictionFilter };
        let by = By::new(how, "RestrictionRule", rule.name()).active(rule.active() != Some(false));
        let object = rule.object().map(|object| object.to_string()).unwrap_or_default();
        if let Some(filter) = rule.record_filter() {
            uses.formula(by, &object, &filter);
        }
        if let Some(criteria) = rule.user_criteria() {
            uses.formula(by, "User", &criteria);
        }
    }
}

fn duplicates(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    for rules in project.matching_rules() {
        for rule in rules.rules() {
            let is_active = rule.status().is_none_or(|status| status == "Active");
            let own = rule.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
            let name = format!("{}.{own}", rules.name());
            let by = By::new(How::MatchingRule, "MatchingRule", &name).active(is_active);
            for item in rule.items() {
                let Some(field) = item.field() else { continue };
                let comparison = match item.method() {
                    Some(method) if method == "Exact" => Comparison::Equality,
                    Some(_) => Comparison::Fuzzy,
                    None => Comparison::Unsaid,
                };
                let reached = field_path::follow(project, rules.name(), &field);
                uses.compare(by, reached, &field, comparison);
            }
        }
    }
    for rule in project.duplicate_rules() {
        let by =
            By::new(How::DuplicateRule, "DuplicateRule", rule.name()).active(rule.active() != Some(false));
        let items =
            rule.element().descendants().filter(|element| element.name() == "duplicateRuleFilterItems");
        for item in items {
            let Some(field) = item.value("field") else { continue };
            let own = rule.name().split('.').next().unwrap_or_default();
            let object = item.value("table").map(|table| table.to_string());
            let reached = field_path::follow(project, object.as_deref().unwrap_or(own), &field);
            let comparison =
                Comparison::of(item.value("operation").as_deref(), item.value("value").as_deref());
            uses.compare(by, reached, &field, comparison);
        }
    }
}
