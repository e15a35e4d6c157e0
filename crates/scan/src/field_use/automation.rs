//! Uses by workflow, approval processes, and the rules that assign, escalate and answer.

use sfdx::Element;

use super::object::condition;
use super::{By, How, Uses};
use crate::field_path;

pub(super) fn visit(uses: &mut Uses<'_, '_>) {
    workflow(uses);
    approvals(uses);
    entry_rules(uses);
}

fn workflow(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    let named = |object: &str, name: Option<sfdx::Value<'_>>| {
        format!("{object}.{}", name.map(|name| name.to_string()).unwrap_or_default())
    };
    for rule in project.workflow_rules() {
        let name = named(rule.object_name(), rule.name());
        let by = By::new(How::WorkflowCriterion, "WorkflowRule", &name).active(rule.active() != Some(false));
        criteria(uses, by, rule.object_name(), rule.element());
        if let Some(formula) = rule.formula() {
            uses.formula(by.with(How::WorkflowFormula), rule.object_name(), &formula);
        }
        for trigger in rule.element().children_named("workflowTimeTriggers") {
            if let Some(field) = trigger.value("offsetFromField") {
                let reached = uses.named(rule.object_name(), &field);
                uses.add(by.with(How::TimeTrigger), reached, &field);
            }
        }
    }
    for update in project.workflow_field_updates() {
        let name = named(update.object_name(), update.name());
        let by = By::new(How::FieldUpdate, "WorkflowFieldUpdate", &name);
        let target = update.target_object().map(|target| target.to_string());
        if let Some(field) = update.field() {
            // The target is the lookup that leads to the record.
            let object = match target.as_deref() {
                Some(lookup) if !lookup.eq_ignore_ascii_case(update.object_name()) => {
                    let relationship = match lookup.strip_suffix("__c") {
                        Some(stem) => format!("{stem}__r"),
                        None => lookup.strip_suffix("Id").unwrap_or(lookup).to_owned(),
                    };
                    field_path::related(project, update.object_name(), &relationship)
                }
                _ => update.object_name().to_owned(),
            };
            let reached = field_path::follow(project, &object, &field);
            uses.add(by, reached, &field);
        }
        if let Some(formula) = update.formula() {
            uses.formula(by.with(How::FieldUpdateFormula), update.object_name(), &formula);
        }
    }
    for message in project.outbound_messages() {
        let name = named(message.object_name(), message.name());
        for field in message.fields() {
            let reached = field_path::follow(project, message.object_name(), &field);
            uses.add(By::new(How::OutboundMessage, "WorkflowOutboundMessage", &name), reached, &field);
        }
    }
    for alert in project.workflow_alerts() {
        let name = named(alert.object_name(), alert.name());
        for recipient in alert.recipients() {
            let is_address = recipient.kind().is_some_and(|kind| kind == "email");
            if let Some(field) = recipient.field().filter(|_| is_address) {
                let reached = field_path::follow(project, alert.object_name(), &field);
                uses.add(By::new(How::AlertRecipient, "WorkflowAlert", &name), reached, &field);
            }
        }
    }
}

/// All criteria inside an element, however deep.
fn criteria(uses: &mut Uses<'_, '_>, by: By<'_>, object: &str, element: Element<'_>) {
    for item in element.descendants().filter(|element| element.name() == "criteriaItems") {
        condition(uses, by, object, &item);
    }
}

fn approvals(uses: &mut Uses<'_, '_>) {
    for process in uses.cx.project.approval_processes() {
        let object = process.name().split('.').next().unwrap_or_default();
        let is_active = process.active() != Some(false);
        let by = By::new(How::ApprovalCriterion, "ApprovalProcess", process.name()).active(is_active);
        criteria(uses, by, object, process.element());
        for formula in process.element().descendants().filter(|element| element.name() == "formula") {
            if let Some(text) = formula.own_value() {
                uses.formula(by, object, &text);
            }
        }
        for field in process.page_fields().into_iter().flat_map(|page| page.fields()) {
            let reached = field_path::follow(uses.cx.project, object, &field);
            uses.add(by.with(How::ApprovalPage), reached, &field);
        }
    }
}

fn entry_rules(uses: &mut Uses<'_, '_>) {
    // The type of the file, that of a rule inside it, and the rule's element. Either may be a file of its own.
    const KINDS: [(&str, &str, &str, How); 3] = [
        ("AssignmentRules", "AssignmentRule", "assignmentRule", How::AssignmentRule),
        ("EscalationRules", "EscalationRule", "escalationRule", How::EscalationRule),
        ("AutoResponseRules", "AutoResponseRule", "autoResponseRule", How::AutoResponseRule),
    ];
    for (file, kind, tag, how) in KINDS {
        for component in uses.cx.project.of_type(file) {
            let object = component.full_name();
            for rule in component.root().children_named(tag) {
                let own = rule.value("fullName").map(|name| name.to_string()).unwrap_or_default();
                let name = format!("{object}.{own}");
                let by = By::new(how, kind, &name).active(rule.flag("active") != Some(false));
                criteria(uses, by, object, rule);
                for entry in rule.children_named("ruleEntry") {
                    if let Some(formula) = entry.value("formula") {
                        uses.formula(by, object, &formula);
                    }
                }
            }
        }
    }
}
