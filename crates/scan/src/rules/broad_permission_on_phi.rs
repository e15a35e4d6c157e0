//! # Access to PHI past sharing
//!
//! A profile that is not the system administrator's, or a permission set, gives access that no sharing rule, role or
//! field-level security limits: all data, all records of an object with PHI, or all fields.
//!
//! ## Why it harms
//! *View All Data*, *Modify All Data* and the object's *View All* and *Modify All* ignore sharing; *View All Fields*
//! ignores field-level security. Whoever has them reads every patient, so that the minimum necessary standard (45 CFR
//! 164.502(b), 164.514(d)(2)) and access by role (164.308(a)(4)) hold for nobody with that profile or permission set.
//! With *Modify All* records can be deleted and their owners changed.
//!
//! ## What to change
//! Set `<enabled>false</enabled>` for the user permission, or `<viewAllRecords>`, `<modifyAllRecords>` or
//! `<viewAllFields>` to `false` for the object, and share the records that the work needs. For support and migrations
//! use a permission set that needs activation and expires.
//!
//! ## What is not found
//! Who holds the permission set is not in the source (`PermissionSetAssignment`). A muting permission set may take the
//! permission away inside a group: the finding stays, as the set can be given without the group. Standard profiles of
//! Salesforce's own service users cannot be edited and are left out. User permissions of profiles and sets that programs
//! use are judged by `integration-over-privileged`. An object's flags that *View All Data* or *Modify All Data* switch on
//! are not repeated.
//!
//! ## Seen in the wild
//! SEEN

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::{Container, ContainerKind, ObjectPermission};

use crate::Context;
use crate::container;
use crate::phi_object::PhiObject;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Access to PHI past sharing",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-514d2", "hipaa-sec-308a4", "gdpr-25-2", "API5"],
    tags: &["phi", "access"],
    replaces: &[],
    needs: &["profiles and permission sets, retrieved with the objects", "PermissionSetAssignment (SOQL)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for container in cx.project.containers() {
        if container.kind() == ContainerKind::MutingPermissionSet
            || container::is_system_administrator(container)
            || container::is_salesforces_own(container)
        {
            continue;
        }
        out.judged(1);
        let modifies = enabled(container, "ModifyAllData");
        let views = enabled(container, "ViewAllData");
        if container::for_programs(cx, container).is_none() {
            everything(cx, out, container, modifies.as_ref(), views.as_ref());
        }
        for permission in container.object_permissions() {
            one_object(cx, out, container, permission, modifies.is_some(), views.is_some());
        }
    }
}

/// The name of a user permission that is on, where it stands.
fn enabled<'p>(container: Container<'p>, name: &str) -> Option<Value<'p>> {
    let permission = container.user_permission(name)?;
    permission.name().filter(|_| permission.enabled() == Some(true))
}

fn everything(
    cx: &Context<'_>,
    out: &mut Outcome,
    container: Container<'_>,
    modifies: Option<&Value<'_>>,
    views: Option<&Value<'_>>,
) {
    let title = container::title(container);
    // Without a PHI object in sight the permission is as broad, and what it reaches is less sure.
    let confidence =
        if cx.phi_objects().next().is_some() { Confidence::High } else { Confidence::Medium };
    let found = |value: &Value<'_>, message: String, fix: &str| {
        let component = container::component(container);
        Draft::new(component, cx.place(value), message, fix).confidence(confidence).detail(value.as_str())
    };
    // Salesforce asks for View All Data where Modify All Data is on: they go together.
    if let Some(modifies) = modifies {
        let message = format!("{title} gives `ModifyAllData`: every record of every patient, past sharing, to change and delete");
        let fix = "set `ModifyAllData` and `ViewAllData` to `<enabled>false</enabled>` and share what the work needs";
        let draft = found(modifies, message, fix);
        out.found(match views {
            Some(views) => draft.related(cx.place(views), "`ViewAllData` comes with it"),
            None => draft,
        });
    } else if let Some(views) = views {
        let message = format!("{title} gives `ViewAllData`: every record of every patient, past sharing");
        let fix = "set `ViewAllData` to `<enabled>false</enabled>` and share what the work needs";
        out.found(found(views, message, fix));
    }
    if let Some(fields) = enabled(container, "ViewAllFieldsGlobal") {
        let message = format!("{title} gives `ViewAllFieldsGlobal`: every field of every object, past field-level security");
        let fix = "set `ViewAllFieldsGlobal` to `<enabled>false</enabled>` and give read access to the fields in need";
        out.found(found(&fields, message, fix));
    }
}

fn one_object(
    cx: &Context<'_>,
    out: &mut Outcome,
    container: Container<'_>,
    permission: ObjectPermission<'_>,
    modifies_all: bool,
    views_all: bool,
) {
    let element = permission.element();
    let on = |name: &str| element.value(name).filter(|value| value.flag() == Some(true));
    let flags: Vec<(&str, Value<'_>)> = [
        ("modifyAllRecords", modifies_all),
        ("viewAllRecords", modifies_all || views_all),
        ("viewAllFields", false),
    ]
    .into_iter()
    .filter(|(_, is_covered)| !is_covered)
    .filter_map(|(name, _)| Some((name, on(name)?)))
    .collect();
    let Some((_, first)) = flags.first() else { return };
    let Some(phi) = permission.object().and_then(|object| PhiObject::of(cx, &object)) else { return };
    let names: Vec<String> = flags.iter().map(|(name, _)| format!("`{name}`")).collect();
    let past = match (flags.iter().any(|(name, _)| *name != "viewAllFields"), flags.len()) {
        (true, 1 | 2) if !names.iter().any(|name| name == "`viewAllFields`") => "sharing",
        (false, _) => "field-level security",
        _ => "sharing and field-level security",
    };
    let message = format!(
        "{} gives {} on `{}`, past {past}: it holds {}",
        container::title(container),
        names.join(" and "),
        phi.name,
        phi.holds()
    );
    let fix = format!("set {} to `false` for `{}` and share what the work needs", names.join(" and "), phi.name);
    out.found(
        Draft::new(container::component(container), cx.place(first), message, fix)
            .confidence(phi.confidence)
            .detail(phi.name.clone())
            .fields(phi.fields),
    );
}
