//! What sharing rules open, as findings speak of it.

use std::collections::BTreeSet;

use journal::Place;
use sfdx::views::{Object, SharingRule};
use sfdx::{Element, Value};

use crate::Context;
use crate::classification::words;
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

/// Whether it shares all records of some record types, whoever owns them.
pub(crate) fn is_of_whole_types(rule: SharingRule<'_>) -> bool {
    let mut conditions = rule.conditions().peekable();
    conditions.peek().is_some()
        && conditions.all(|condition| {
            condition.field().is_some_and(|field| field.to_ascii_lowercase().starts_with("recordtype"))
        })
}

/// Of those with whom it shares, the one that surely takes in the holders of a profile or set: everybody inside, or a role
/// or group of which each word stands in its name. The role `Ward_Staff` and the set `Ward_PS_Staff` are for the same people.
pub(crate) fn target_named(rule: SharingRule<'_>, container: &str) -> Option<String> {
    let own = words(container);
    let mut targets = rule.shared_to().into_iter().flat_map(|to| to.targets());
    targets.find_map(|(kind, target)| match target {
        None => (kind == "allInternalUsers").then(|| "all internal users".to_owned()),
        Some(target) => {
            let said = words(&target);
            let is_same = said.len() > 1 && said.iter().all(|word| own.contains(word));
            is_same.then(|| format!("`{}`", target.as_str()))
        }
    })
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

/// Whether the organisation-wide default, or that of all masters, lets whoever may edit the object change each of its
/// records.
pub(crate) fn is_changed_by_all(cx: &Context<'_>, object: Object<'_>) -> bool {
    let opens = |name: &String| {
        let model = cx.project.object(name).and_then(|master| master.sharing_model());
        model.is_some_and(|model| opens_changing(&model))
    };
    match object.sharing_model() {
        Some(model) if is_parents(&model) => {
            masters(cx, object, 0).is_some_and(|open| !open.is_empty() && open.iter().all(opens))
        }
        Some(model) => opens_changing(&model),
        None => false,
    }
}

/// Whether the organisation-wide default lets whoever reads the object read each of its records.
pub(crate) fn is_public(cx: &Context<'_>, object: Object<'_>) -> bool {
    match object.sharing_model() {
        Some(model) if is_parents(&model) => masters(cx, object, 0).is_some_and(|open| !open.is_empty()),
        Some(model) => model.to_ascii_lowercase().starts_with("read"),
        None => false,
    }
}
