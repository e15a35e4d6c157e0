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
//! are not repeated, nor is *View All* of an object that is public anyway (`phi-object-open-by-default`); where everybody may change its records,
//! *Modify All* adds deleting and transferring, and weighs less. So does *View All* for a program of the bundle, and for those
//! with whom a sharing rule shares whole record types. Where no object with PHI is known, nothing is judged and that is said; so are standard profiles that are not
//! in the source, and profiles without any object or field permission.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: 42, 14 of them in one permission set for support staff that may modify all `MedicationRequest` records.
//! `CityofToronto/EDC-Salesforce`: 29, `Gvkp38/Production-Gvkp`: 20, `vkadagoti-png/Support_POC`: 9, `GSA/SF_WorkSpace`: 5, of which
//! 4 give `ViewAllData` or `ModifyAllData`. `jperram92/LifesciencesPOC` has a package's set over 113 objects with PHI.

use std::collections::{BTreeMap, BTreeSet};

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::{Container, ContainerKind, ObjectPermission};

use crate::phi_object::{self, PhiObject};
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, container, sharing};

pub(crate) const META: Meta = Meta {
    title: "Access to PHI past sharing",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-514d2", "hipaa-sec-308a4", "gdpr-25-2", "API5"],
    tags: &["phi", "access"],
    replaces: &[],
    sbs: &["SBS-ACS-004"],
    needs: &["profiles and permission sets, retrieved with the objects", "PermissionSetAssignment (SOQL)"],
};

/// User permissions that reach every record or every field.
const EVERYTHING: [(&str, &str); 3] = [
    ("ModifyAllData", "every record, past sharing, to change and delete"),
    ("ViewAllData", "every record, past sharing"),
    ("ViewAllFieldsGlobal", "every field, past field-level security"),
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    // Where no PHI is known, what access to everything reaches is not known either.
    let knows_phi = cx.phi_objects().next().is_some();
    let mut unjudged = 0_usize;
    for container in cx.project.containers() {
        if container.kind() == ContainerKind::MutingPermissionSet
            || container::is_system_administrator(container)
            || container::is_salesforces_own(container)
        {
            continue;
        }
        let on: Vec<Value<'_>> = container
            .user_permissions()
            .filter(|permission| permission.enabled() == Some(true))
            .filter_map(|permission| permission.name())
            .filter(|name| EVERYTHING.iter().any(|(power, _)| name.eq_ignore_ascii_case(power)))
            .collect();
        if knows_phi && container::for_programs(cx, container).is_none() {
            everything(cx, out, container, &on);
        }
        let has = |power: &str| on.iter().any(|name| name.eq_ignore_ascii_case(power));
        let covered = Covered { modify: has("ModifyAllData"), view: has("ModifyAllData") || has("ViewAllData") };
        let named = objects(cx, out, container, covered);
        if knows_phi || named {
            out.judged(1);
        } else {
            unjudged += 1;
        }
    }
    if unjudged > 0 {
        let whose = if unjudged == 1 { "a profile or permission set".to_owned() } else { format!("{unjudged} profiles and permission sets") };
        out.unknown(
            format!("which objects hold PHI: {whose} cannot be judged without it"),
            "retrieve `CustomObject:*`, or classify the objects in the bundle",
        );
    }
    if let Some((missing, complete_with)) = container::lacking_standard_profiles(cx) {
        out.unknown(missing, complete_with);
    }
    if let Some((missing, complete_with)) = container::without_contents(cx) {
        out.unknown(missing, complete_with);
    }
}

/// What a user permission gives on every object already.
#[derive(Clone, Copy)]
struct Covered {
    modify: bool,
    view: bool,
}

/// One finding for a container: Salesforce asks for View All Data where Modify All Data is on.
fn everything(cx: &Context<'_>, out: &mut Outcome, container: Container<'_>, on: &[Value<'_>]) {
    let Some(first) = on.first() else { return };
    let names: Vec<String> = on.iter().map(|name| format!("`{}`", name.as_str())).collect();
    let names = names.join(" and ");
    let is_on = |power: &str| on.iter().any(|name| name.eq_ignore_ascii_case(power));
    let reach: Vec<&str> = EVERYTHING
        .iter()
        .filter(|(power, _)| is_on(power) && !(*power == "ViewAllData" && is_on("ModifyAllData")))
        .map(|(_, reach)| *reach)
        .collect();
    let message = format!("{} gives {names}: {}", container::title(container), reach.join("; "));
    let fix = format!("set {names} to `<enabled>false</enabled>` and share what the work needs");
    let mut draft = Draft::new(container::component(container), cx.place(first), message, fix).detail("everything");
    for other in on.iter().skip(1) {
        draft = draft.related(cx.place(other), format!("`{}` is on too", other.as_str()));
    }
    out.found(draft);
}

/// Says whether it opens an object with PHI.
fn objects(cx: &Context<'_>, out: &mut Outcome, container: Container<'_>, covered: Covered) -> bool {
    let given: Vec<Given<'_>> = container
        .object_permissions()
        .filter_map(|permission| Given::of(cx, container, permission, covered))
        .collect();
    let opens = !given.is_empty();
    if is_packaged(cx, container) {
        // Who installed the package cannot change its sets: one decision, whether to assign it, for all objects.
        if let Some(draft) = packaged(cx, container, &given) {
            out.found(draft);
        }
        return opens;
    }
    // What adds much and what adds little are two decisions.
    let (much, little): (Vec<_>, Vec<_>) = given.into_iter().partition(|given| given.adds_little.is_none());
    for given in [much, little] {
        if given.len() > TOGETHER {
            out.found(together(cx, container, given));
        } else {
            for given in given {
                out.found(given.finding(cx, container));
            }
        }
    }
    opens
}

/// A profile or set that opens more objects is one decision: what it is for.
const TOGETHER: usize = 3;

fn together(cx: &Context<'_>, container: Container<'_>, given: Vec<Given<'_>>) -> Draft {
    let names: Vec<String> = given.iter().map(|given| given.phi.name.clone()).collect();
    let mut flags: BTreeMap<&str, usize> = BTreeMap::new();
    for flag in given.iter().flat_map(|given| &given.flags) {
        *flags.entry(flag.element().name()).or_default() += 1;
    }
    let past = past(flags.keys().copied());
    // Where not each object has each flag, the reader is told how many have which.
    let is_even = flags.values().all(|count| *count == names.len());
    let told: Vec<String> = flags
        .iter()
        .map(|(flag, count)| if is_even { format!("`{flag}`") } else { format!("`{flag}` ({count})") })
        .collect();
    let flags: Vec<String> = flags.keys().map(|flag| format!("`{flag}`")).collect();
    let little: BTreeSet<&str> = given.iter().filter_map(|given| given.adds_little.as_deref()).collect();
    let severity = if little.is_empty() { META.severity } else { Severity::Medium };
    let so: String = little.iter().map(|why| format!("; {why}")).collect();
    let shown: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let message = format!(
        "{} gives {} on {} objects with PHI, past {}: {} and {} more{so}",
        container::title(container),
        told.join(" and "),
        names.len(),
        past,
        shown.join(", "),
        names.len().saturating_sub(shown.len())
    );
    let fix = if is_standard(container) {
        moving(container)
    } else {
        format!("set {} to `false` where the work of its holders does not need every record", flags.join(" and "))
    };
    let confidence = given.iter().map(|given| given.phi.confidence).max().unwrap_or(Confidence::Medium);
    let place = |given: &Given<'_>| given.flags.first().map(|first| cx.place(first));
    let at = given.first().and_then(place).unwrap_or_else(|| sharing::start(container.element()));
    let mut draft = Draft::new(container::component(container), at, message, fix)
        .severity(severity)
        .confidence(confidence)
        .detail(names.join(","));
    for given in given.iter().skip(1) {
        if let Some(place) = place(given) {
            draft = draft.related(place, format!("all of `{}`: it holds {}", given.phi.name, given.phi.holds()));
        }
    }
    let fields: Vec<String> = given.into_iter().flat_map(|given| given.phi.fields.into_iter().take(FIELDS)).collect();
    draft.fields(fields)
}

/// What the flags set aside: View All Fields field-level security, the others sharing.
fn past<'a>(mut flags: impl Iterator<Item = &'a str> + Clone) -> &'static str {
    let fields = flags.clone().any(|flag| flag == "viewAllFields");
    let sharing = flags.any(|flag| flag != "viewAllFields");
    match (sharing, fields) {
        (true, true) => "sharing and field-level security",
        (false, true) => "field-level security",
        _ => "sharing",
    }
}

/// Fields of one object that a finding on many objects names.
const FIELDS: usize = 10;

/// Whether it comes with a package: its name begins with a namespace that is not the project's own.
fn is_packaged(cx: &Context<'_>, container: Container<'_>) -> bool {
    if container.kind() != ContainerKind::PermissionSet {
        return false;
    }
    let namespace = container.name().split_once("__").map(|(namespace, _)| namespace);
    namespace.is_some_and(|namespace| cx.project.namespace().is_none_or(|own| !own.eq_ignore_ascii_case(namespace)))
}

/// A standard profile's object permissions cannot be edited.
fn is_standard(container: Container<'_>) -> bool {
    container.kind() == ContainerKind::Profile && container.is_custom() == Some(false)
}

fn moving(container: Container<'_>) -> String {
    format!("give its holders a profile of your own: the permissions of the standard profile `{}` cannot be edited", container.name())
}

/// The flags of one object with PHI that are on, in the order of the file.
struct Given<'p> {
    phi: PhiObject,
    flags: Vec<Value<'p>>,
    /// Why it opens little that its holders do not have already.
    adds_little: Option<String>,
}

impl<'p> Given<'p> {
    fn of(cx: &Context<'_>, container: Container<'_>, permission: ObjectPermission<'p>, covered: Covered) -> Option<Self> {
        // Whoever may read the object sees each of its records already; the open default is a finding of its own.
        let object = permission.object().and_then(|name| cx.project.object(&name));
        let is_public = object.is_some_and(|object| sharing::is_public(cx, object));
        let modifies = !covered.modify && permission.element().flag("modifyAllRecords") == Some(true);
        let flags: Vec<Value<'p>> = permission
            .element()
            .children()
            .filter(|flag| match flag.name() {
                "modifyAllRecords" => !covered.modify,
                // Modify All cannot be without it: both are taken away together.
                "viewAllRecords" => modifies || !covered.view && !is_public,
                "viewAllFields" => true,
                _ => false,
            })
            .filter_map(sfdx::Element::own_value)
            .filter(|value| value.flag() == Some(true))
            .collect();
        let name = permission.object().filter(|name| !flags.is_empty() && !phi_object::is_unused(cx, name))?;
        let phi = PhiObject::of(cx, &name)?;
        let all_fields = flags.iter().any(|flag| flag.element().name() == "viewAllFields");
        let adds_little = if all_fields {
            None
        } else if modifies {
            let is_changed = object.is_some_and(|object| sharing::is_changed_by_all(cx, object));
            is_changed.then(|| {
                "everybody may change its records already, so that this adds deleting and transferring them".to_owned()
            })
        } else {
            viewing_adds_little(cx, container, &name)
        };
        Some(Self { phi, flags, adds_little })
    }

    fn finding(self, cx: &Context<'_>, container: Container<'_>) -> Draft {
        let Self { phi, flags, adds_little } = self;
        let names: Vec<&str> = flags.iter().map(|flag| flag.element().name()).collect();
        let past = past(names.iter().copied());
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let names = names.join(" and ");
        let title = container::title(container);
        let (severity, so) = match adds_little {
            Some(why) => (Severity::Medium, format!("; {why}")),
            None => (META.severity, String::new()),
        };
        let message = format!("{title} gives {names} on `{}`, past {past}: it holds {}{so}", phi.name, phi.holds());
        let fix = if is_standard(container) {
            moving(container)
        } else {
            format!("set {names} to `false` for `{}` and share what the work needs", phi.name)
        };
        let place = flags.first().map_or_else(|| sharing::start(container.element()), |first| cx.place(first));
        Draft::new(container::component(container), place, message, fix)
            .severity(severity)
            .confidence(phi.confidence)
            .detail(phi.name.clone())
            .fields(phi.fields)
    }
}

/// Why seeing every record of an object, and changing none, is no more than what its holders are there for or see anyway.
fn viewing_adds_little(cx: &Context<'_>, container: Container<'_>, object: &str) -> Option<String> {
    let declared = container::identity(cx, container).filter(|identity| container::is_program(identity));
    if let Some(identity) = declared {
        return Some(format!("it only reads, for the bundle's identity `{}`", identity.id.value));
    }
    let rules = cx.project.sharing_rules().filter(|rule| rule.object_name().eq_ignore_ascii_case(object));
    rules.filter(|rule| sharing::is_of_whole_types(*rule)).find_map(|rule| {
        let whom = sharing::target_named(rule, container.name())?;
        let name = rule.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
        Some(format!("the sharing rule `{name}` lets {whom} read whole record types of it already"))
    })
}

fn packaged(cx: &Context<'_>, container: Container<'_>, given: &[Given<'_>]) -> Option<Draft> {
    let first = given.first()?.flags.first()?;
    let confidence = given.iter().map(|given| given.phi.confidence).max()?;
    let names: Vec<String> = given.iter().take(3).map(|given| format!("`{}`", given.phi.name)).collect();
    let more = match given.len().saturating_sub(names.len()) {
        0 => String::new(),
        more => format!(" and {more} more objects with PHI"),
    };
    let message = format!(
        "{} of an installed package gives all records or fields of {}{more}",
        container::title(container),
        names.join(", ")
    );
    let fix = "assign it to nobody but the package's own user, or mute these permissions in a permission set group";
    Some(
        Draft::new(container::component(container), cx.place(first), message, fix)
            .confidence(confidence)
            .detail("packaged"),
    )
}
