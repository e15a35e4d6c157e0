//! What a profile or permission set gives of objects with PHI, and who the members of a site are.

use sfdx::Value;
use sfdx::views::{Container, Network, SharingSet, Site};

use crate::Context;
use crate::container;
use crate::phi_object::PhiObject;

/// An object with PHI that a container opens.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) phi: PhiObject,
    /// Whether all its records are open, whatever sharing says.
    pub(crate) all_records: bool,
}

/// The objects with PHI that a container lets its users read, by name.
pub(crate) fn opened(cx: &Context<'_>, container: Container<'_>) -> Vec<Opened> {
    let mut found: Vec<Opened> = Vec::new();
    for permission in container.object_permissions() {
        let Some(object) = permission.object() else { continue };
        let all_records =
            permission.view_all_records() == Some(true) || permission.modify_all_records() == Some(true);
        if !all_records && permission.read() != Some(true) {
            continue;
        }
        if let Some(phi) = PhiObject::of(cx, &object) {
            found.push(Opened { phi, all_records });
        }
    }
    let all_data = ["ViewAllData", "ModifyAllData"].iter().any(|name| has(container, name).is_some());
    if all_data {
        for object in cx.phi_objects() {
            let known = found.iter_mut().find(|opened| opened.phi.name.eq_ignore_ascii_case(object));
            match (known, PhiObject::of(cx, object)) {
                (Some(opened), _) => opened.all_records = true,
                (None, Some(phi)) => found.push(Opened { phi, all_records: true }),
                (None, None) => {}
            }
        }
    }
    found.sort_by(|a, b| a.phi.name.cmp(&b.phi.name));
    found
}

/// The name of a user permission, where a container gives it.
pub(crate) fn has<'p>(container: Container<'p>, permission: &str) -> Option<Value<'p>> {
    let given = container.user_permission(permission)?;
    given.name().filter(|_| given.enabled() == Some(true))
}

/// The profiles of a name; metadata writes it in any case.
pub(crate) fn profiles<'p>(cx: &Context<'p>, name: &str) -> Vec<Container<'p>> {
    cx.project.profiles().filter(|profile| profile.name().eq_ignore_ascii_case(name)).collect()
}

/// The profile of a site's guests: by the name that Salesforce gives it, else the one profile that is for guests.
pub(crate) fn guest_profiles<'p>(cx: &Context<'p>, site: Site<'_>) -> Vec<Container<'p>> {
    let named = site.guest_profile_name().map(|name| profiles(cx, &name)).unwrap_or_default();
    if !named.is_empty() {
        return named;
    }
    let for_guests: Vec<Container<'p>> =
        cx.project.profiles().filter(|profile| container::for_guests(cx, *profile).is_some()).collect();
    if for_guests.len() == 1 { for_guests } else { Vec::new() }
}

/// Whether the project shows that each person is an account of their own, so that what is shared by account is shared with one
/// person.
pub(crate) fn persons_are_accounts(cx: &Context<'_>) -> bool {
    let in_fields = cx.project.object("Account").is_some_and(|account| {
        account.fields().any(|field| {
            let name = field.name().to_ascii_lowercase();
            name.ends_with("__pc") || name.starts_with("person")
        })
    });
    // A layout of person accounts is there where they are switched on.
    let in_layouts = || {
        let mut layouts = cx.project.of_type("Layout");
        layouts.any(|layout| layout.full_name().to_ascii_lowercase().starts_with("personaccount-"))
    };
    let in_bundle = cx.policy.object("Account").is_some_and(|account| {
        account.subject.as_ref().is_some_and(|subject| subject.value.to_string() == "self")
    });
    in_bundle || in_fields || in_layouts()
}

/// Whether a sharing set gives a user only records of one's own: by one's contact, or by one's account where persons are
/// accounts.
pub(crate) fn is_of_ones_own(cx: &Context<'_>, user_field: &str) -> bool {
    match user_field.to_ascii_lowercase().as_str() {
        "contact" | "contactid" | "id" => true,
        // Those of a related account are the ones whom a person cares for.
        "account" | "accountid" | "contact.account" | "contact.relatedaccount" | "manager.account" => {
            persons_are_accounts(cx)
        }
        _ => false,
    }
}

/// Whether a sharing set for a profile gives one's own records of an object.
pub(crate) fn gives_ones_own(cx: &Context<'_>, object: &str, profile: &str) -> bool {
    cx.project.sharing_sets().filter(|set| is_for(*set, profile)).any(|set| {
        set.mappings().any(|mapping| {
            mapping.object().is_some_and(|own| own.eq_ignore_ascii_case(object))
                && mapping.user_field().is_some_and(|field| is_of_ones_own(cx, &field))
        })
    })
}

/// Whether a sharing set is for a profile.
pub(crate) fn is_for(set: SharingSet<'_>, profile: &str) -> bool {
    set.profiles().any(|name| name.eq_ignore_ascii_case(profile))
}

/// The profiles of a network's members. Administrators are members of every network and left out.
pub(crate) fn members<'p>(cx: &Context<'p>, network: Network<'_>) -> Vec<Container<'p>> {
    let all = network.member_profiles().flat_map(|name| profiles(cx, &name));
    all.filter(|profile| !container::is_system_administrator(*profile)).collect()
}
