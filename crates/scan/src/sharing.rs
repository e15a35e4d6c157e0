//! What sharing rules open, as findings speak of it.

use journal::Place;
use sfdx::Element;
use sfdx::views::SharingRule;

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
