//! What sharing rules open, as findings speak of it.

use std::collections::BTreeSet;

use journal::Place;
use sfdx::views::{Object, SharingRule};
use sfdx::{Element, Value};

use crate::Context;
use crate::phi_object::PhiObject;

/// The PHI objects whose records a rule opens, as one: its own, and those that an account's rule opens along with it.
pub(crate) fn phi_of(cx: &Context<'_>, rule: SharingRule<'_>) -> Option<PhiObject> {
    let own = PhiObject::of(cx, rule.object_name());
    let settings = rule.element().child("accountSettings");
    let along = settings.into_iter().flat_map(Element::children).filter_map(|access| {
        let level = access.own_value()?;
        let object = match access.name() {
            "caseAccessLevel" => "Case",
            "contactAccessLevel" => "Contact",
            "opportunityAccessLevel" => "Opportunity",
            _ => return None,
        };
        if level.eq_ignore_ascii_case("None") { None } else { PhiObject::of(cx, object) }
    });
    PhiObject::together(own.into_iter().chain(along).collect())
}

/// `SharingRules:Patient__c.Open_to_all`.
pub(crate) fn component(rule: SharingRule<'_>) -> String {
    let name = rule.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
    format!("SharingRules:{}.{name}", rule.object_name())
}

/// What may be done with the records.
pub(crate) fn verb(rule: SharingRule<'_>) -> &'static str {
    match rule.access_level() {
        Some(level) if level.eq_ignore_ascii_case("Read") => "read",
        Some(_) => "read and edit",
        None => "open",
    }
}

/// The name of the rule, or its start where it has none.
pub(crate) fn place(cx: &Context<'_>, rule: SharingRule<'_>) -> Place {
    match rule.name() {
        Some(name) => cx.place(&name),
        None => start(rule.element()),
    }
}

/// The start tag of an element.
pub(crate) fn start(element: Element<'_>) -> Place {
    Place::of(element.source(), element.start_tag_span())
}

/// A chain of masters longer than Salesforce allows is a loop.
const MASTERS: usize = 4;

pub(crate) fn is_closed(model: &Value<'_>) -> bool {
    model.eq_ignore_ascii_case("Private")
}

/// Whether the default lets whoever may edit the object change each record.
pub(crate) fn opens_changing(model: &Value<'_>) -> bool {
    model.to_ascii_lowercase().starts_with("readwrite") || model.eq_ignore_ascii_case("FullAccess")
}

pub(crate) fn is_parents(model: &Value<'_>) -> bool {
    ["ControlledByParent", "ControlledByCampaign", "ControlledByLeadOrContact"]
        .iter()
        .any(|name| model.eq_ignore_ascii_case(name))
}

/// The open masters that decide on the records of an object; empty where one of them is private, nothing where the
/// source does not say.
pub(crate) fn masters(cx: &Context<'_>, object: Object<'_>, depth: usize) -> Option<BTreeSet<String>> {
    if depth > MASTERS {
        return None;
    }
    let mut direct: Vec<String> = object
        .fields()
        .filter(|field| field.data_type().is_some_and(|kind| kind.as_str() == "MasterDetail"))
        .filter_map(|field| field.reference_to().next().map(|to| to.into_text().into_owned()))
        .collect();
    direct.dedup();
    // Salesforce allows two: with more, the source is not an org's.
    if direct.len() > 2 {
        return None;
    }
    if direct.is_empty() && object.name().eq_ignore_ascii_case("Contact") {
        direct.push("Account".to_owned());
    }
    if direct.is_empty() {
        return None;
    }
    // With two masters a user needs both: one that is private is enough.
    let mut open = BTreeSet::new();
    let mut is_unknown = false;
    for name in direct {
        let model = cx.project.object(&name).and_then(|master| Some((master, master.sharing_model()?)));
        match model {
            None => is_unknown = true,
            Some((_, model)) if is_closed(&model) => return Some(BTreeSet::new()),
            Some((master, model)) if is_parents(&model) => match masters(cx, master, depth + 1) {
                None => is_unknown = true,
                Some(above) if above.is_empty() => return Some(above),
                Some(above) => open.extend(above),
            },
            Some((master, _)) => {
                open.insert(master.name().to_owned());
            }
        }
    }
    (!is_unknown).then_some(open)
}

/// Whether the organisation-wide default lets whoever reads the object read each of its records.
pub(crate) fn is_public(cx: &Context<'_>, object: Object<'_>) -> bool {
    match object.sharing_model() {
        Some(model) if is_parents(&model) => masters(cx, object, 0).is_some_and(|open| !open.is_empty()),
        Some(model) => model.to_ascii_lowercase().starts_with("read"),
        None => false,
    }
}
