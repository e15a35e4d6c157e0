//! # Permissions that are toxic together
//!
//! One profile, permission set, group or user holds permissions that are each defensible and together take out, erase or open
//! all patients' records.
//!
//! ## Why it harms
//! Access to all records is one decision, export another, deletion past the recycle bin a third. Together nobody else has to confirm
//! what leaves or is lost: 45 CFR 164.308(a)(3)(i), 164.308(a)(4)(ii)(B), 164.312(c)(1), 164.502(b); GDPR Art. 32(1)(b).
//!
//! - export: all records of an object with PHI, with *Export Reports* (medium) or *Weekly Data Export* (`DataExport`, high)
//! - destroy: *Modify All* on such an object, with *Bulk API Hard Delete* (high)
//! - programs: *View All Data* with *API Enabled* in a profile or set of people (medium)
//! - open: *Manage Sharing* with read of an object with PHI (medium)
//!
//! ## What to change
//! Give the two to different people: take the named permission out, or split the permission set and its group. In a group a muting
//! permission set does it without touching the others.
//!
//! ## What is not found
//! Who reads patients as sharing allows and exports reports, as most staff do. The system administrator's profile, and what programs
//! have (`integration-over-privileged`). With *Modify All Data* the holder is an administrator by another name
//! (`broad-permission-on-phi`), and only `destroy` is found. Keys of encryption are `encryption-duties-not-separated`. What several
//! containers of one user add up to needs the facts `users` and `permission-set-assignments`; users are counted and not named.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: 5, all records and *Export Reports*, two of them only within a group. `Gvkp38/Production-Gvkp`: 5, one profile with
//! *Weekly Data Export*. `sivakumarSfdc/EntireDevOrgCode`: 2.

use std::collections::{BTreeMap, BTreeSet};

use access::{Access, ObjectFlag, PrincipalKind};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::disclosure::joined;
use crate::grant::{self, Grant};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Permissions that are toxic together",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-308a4iiB", "hipaa-sec-308a3", "hipaa-sec-312c1", "hipaa-prv-502b", "gdpr-32-1b"],
    tags: &["phi", "access"],
    replaces: &[],
    sbs: &["SBS-ACS-004"],
    needs: &["profiles, permission sets and groups", "the facts `users` and `permission-set-assignments`"],
};

/// A combination that somebody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    id: &'static str,
    /// The permission that completes it.
    with: &'static str,
    /// The other half.
    half: Half,
    severity: Severity,
    harm: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Half {
    Object(Needs),
    Permission(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Read,
    ViewAll,
    ModifyAll,
}

impl Needs {
    fn flag(self) -> ObjectFlag {
        match self {
            Needs::Read => ObjectFlag::Read,
            Needs::ViewAll => ObjectFlag::ViewAll,
            Needs::ModifyAll => ObjectFlag::ModifyAll,
        }
    }
}

/// The worse of two of one id first.
const COMBINATIONS: [Held; 5] = [
    Held {
        id: "export",
        with: "DataExport",
        half: Half::Object(Needs::ViewAll),
        severity: Severity::High,
        harm: "all of them can be taken out in one file",
    },
    Held {
        id: "export",
        with: "ExportReport",
        half: Half::Object(Needs::ViewAll),
        severity: Severity::Medium,
        harm: "all of them can be taken out by a report",
    },
    Held {
        id: "destroy",
        with: "BulkApiHardDelete",
        half: Half::Object(Needs::ModifyAll),
        severity: Severity::High,
        harm: "all of them can be erased past the recycle bin",
    },
    Held {
        id: "programs",
        with: "ApiEnabled",
        half: Half::Permission("ViewAllData"),
        severity: Severity::Medium,
        harm: "any program that its holder runs reads every record",
    },
    Held {
        id: "open",
        with: "ManageSharing",
        half: Half::Object(Needs::Read),
        severity: Severity::Medium,
        harm: "its holder can open the records to themselves and to others",
    },
];

/// An object with PHI on which the flag is given, or the permission; nothing where the combination is not held.
fn held(cx: &Context<'_>, access: &Access<'_>, combination: &Held) -> Option<String> {
    if !access.has(combination.with).is_yes() {
        return None;
    }
    // An administrator by another name.
    if combination.id != "destroy" && access.has("ModifyAllData").is_yes() {
        return None;
    }
    match combination.half {
        Half::Permission(name) => access.has(name).is_yes().then(|| format!("`{name}`")),
        Half::Object(needs) => {
            let object = &grant::phi_with(cx, access, needs.flag())?.name;
            let what = match needs {
                Needs::Read => "read of",
                Needs::ViewAll => "all records of",
                Needs::ModifyAll => "`modifyAllRecords` on",
            };
            Some(format!("{what} `{object}`"))
        }
    }
}

/// All combinations that are held, one for each id.
fn all_held(cx: &Context<'_>, access: &Access<'_>) -> Vec<(&'static Held, String)> {
    let mut found: Vec<(&'static Held, String)> = Vec::new();
    for combination in &COMBINATIONS {
        if found.iter().any(|(known, _)| known.id == combination.id) {
            continue;
        }
        if let Some(half) = held(cx, access, combination) {
            found.push((combination, half));
        }
    }
    found
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    let grants = grant::all(cx);
    // Who holds which combination alone: it is told there and not where the holder is part of more.
    let mut alone: BTreeSet<(PrincipalKind, String, &'static str)> = BTreeSet::new();
    for grant in grants.iter().filter(|grant| !grant.is_group()) {
        for (combination, half) in all_held(cx, &grant.access) {
            alone.insert((grant.kind(), grant.name().to_lowercase(), combination.id));
            report(cx, grant, combination, &half, out);
        }
        out.judged(1);
    }
    for grant in grants.iter().filter(|grant| grant.is_group()) {
        out.judged(1);
        for (combination, half) in all_held(cx, &grant.access) {
            let member_alone = grant.containers.iter().any(|file| {
                alone.contains(&(PrincipalKind::PermissionSet, file.name().to_lowercase(), combination.id))
            });
            alone.insert((grant.kind(), grant.name().to_lowercase(), combination.id));
            if !member_alone {
                report(cx, grant, combination, &half, out);
            }
        }
    }
    if let Some((missing, complete_with)) = grant::absent_of_groups(&grants) {
        out.unknown(missing, complete_with);
    }
    users(cx, &alone, out);
}

fn report(cx: &Context<'_>, grant: &Grant<'_, '_>, held: &Held, half: &str, out: &mut Outcome) {
    if grant.is_administrators() || grant.is_salesforces_own() || grant.for_programs(cx) {
        return;
    }
    let Some(place) = grant.place_of(cx, held.with).or_else(|| grant.start()) else { return };
    out.found(
        Draft::new(
            grant.component(),
            place,
            format!("{} gives {half} together with `{}`: {}", grant.title(), held.with, held.harm),
            format!("give `{}` to others than those who have {half}", held.with),
        )
        .severity(held.severity)
        .detail(held.id),
    );
}

/// What users hold together by several containers, one finding for all of the same ones.
fn users(cx: &Context<'_>, alone: &BTreeSet<(PrincipalKind, String, &'static str)>, out: &mut Outcome) {
    const ASSIGNMENTS: &str = "permission-set-assignments";
    if !cx.facts.has("users") || !cx.facts.has(ASSIGNMENTS) {
        return;
    }
    let model = cx.access();
    let mut found: BTreeMap<(Held, Vec<String>), usize> = BTreeMap::new();
    for (id, principal) in model.principals() {
        if principal.kind() != PrincipalKind::User {
            continue;
        }
        let Some(access) = model.access(id) else { continue };
        out.judged(1);
        for (held, _) in all_held(cx, &access) {
            let givers = givers(cx, &access, held);
            let told = givers.iter().any(|(kind, name)| alone.contains(&(*kind, name.to_lowercase(), held.id)));
            let is_administrators = givers.iter().any(|(kind, name)| {
                *kind == PrincipalKind::Profile && name.eq_ignore_ascii_case("Admin")
            });
            if told || is_administrators || givers.len() < 2 {
                continue;
            }
            let names = givers.iter().map(|(_, name)| format!("`{name}`")).collect();
            *found.entry((*held, names)).or_default() += 1;
        }
    }
    for ((held, names), count) in found {
        let who = if count == 1 { "a user holds".to_owned() } else { format!("{count} users hold") };
        let names = joined(&names);
        out.found(
            Draft::new(
                format!("Facts:{ASSIGNMENTS}"),
                cx.facts_place(ASSIGNMENTS),
                format!("{who} {names} together, and with them `{}`: {}", held.with, held.harm),
                format!("take one of {names} away from whoever has both"),
            )
            .severity(held.severity)
            .detail(format!("{} {names}", held.id)),
        );
    }
}

/// The profiles, sets and groups by which a user holds either half.
fn givers(cx: &Context<'_>, access: &Access<'_>, held: &Held) -> BTreeSet<(PrincipalKind, String)> {
    let model = cx.access();
    let gives = |own: &Access<'_>| {
        own.has(held.with).is_yes()
            || match held.half {
                Half::Permission(name) => own.has(name).is_yes(),
                Half::Object(needs) => grant::phi_with(cx, own, needs.flag()).is_some(),
            }
    };
    let of = |kind, name: &str| model.find(kind, name).and_then(|id| model.access(id));
    access
        .parts()
        .filter(|(kind, name)| of(*kind, name).is_some_and(|own| gives(&own)))
        .map(|(kind, name)| (kind, name.to_owned()))
        .collect()
}
