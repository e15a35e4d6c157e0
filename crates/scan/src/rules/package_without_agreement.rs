//! # A package is installed without an agreement with its maker
//!
//! A package of another company is installed, and the bundle does not say whose it is; or it does, the package's
//! permissions reach data about patients, and no agreement with that company is in force.
//!
//! ## Why it harms
//! A managed package runs its own code in the org: it may read what its permission sets and objects reach and call
//! its maker's servers. A maker who receives or can reach PHI is a business associate (45 CFR 160.103, 164.308(b)(1))
//! and, under the GDPR, a processor (Art. 28(3)). The AppExchange security review does not ask for either contract.
//!
//! ## What to change
//! Name the namespace under the party's `packages:` in `parties.yaml`, with the agreement that is in force; sign one
//! first where there is none; or take the package's permissions from the data, or uninstall it (*Setup, Installed
//! Packages*).
//!
//! ## What is not found
//! What a managed package really sends is in its code, which is not in the source. Permissions are judged by the
//! permission sets with the package's namespace that the source has, and by the package's own objects; a package
//! with neither may still read much, through the rights of its users.
//!
//! ## Seen in the wild
//! CityofToronto/EDC-Salesforce: ten packages, GSA/SF_WorkSpace eight, vkadagoti-png/Support_POC five, Gvkp38/Production-Gvkp
//! four. Without a bundle all are low.

use std::collections::BTreeSet;

use journal::{Confidence, Persona, Place, Severity};
use policy::bundle::party::Party;

use crate::Context;
use crate::disclosure::{self, joined};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A package is installed without an agreement with its maker",
    severity: Severity::High,
    confidence: Confidence::Medium,
    persona: Persona::Security,
    controls: &["hipaa-sec-308b1", "hipaa-prv-502e", "gdpr-28-3"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the installed packages of the org (`installedPackages/`)", "`packages:` in `parties.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let mut told = BTreeSet::new();
    for package in cx.project.installed_packages() {
        let namespace = package.name();
        if !told.insert(namespace.to_ascii_lowercase()) {
            continue;
        }
        out.judged(1);
        let place = Place::of(package.element().source(), package.element().start_tag_span());
        match cx.policy.party_of_package(namespace) {
            None => undeclared(cx, namespace, place, out),
            Some(party) => declared(cx, namespace, party, place, out),
        }
    }
    // What is installed and not tracked in the source, as the org answers.
    let path = cx.facts.paths("packages").first().map_or("facts", String::as_str);
    for namespace in cx.facts.packages().filter_map(|package| package.namespace()) {
        if !told.insert(namespace.to_ascii_lowercase()) {
            continue;
        }
        out.judged(1);
        match cx.policy.party_of_package(namespace) {
            None => undeclared(cx, namespace, Place::file(path), out),
            Some(party) => declared(cx, namespace, party, Place::file(path), out),
        }
    }
}

fn undeclared(cx: &Context<'_>, namespace: &str, place: Place, out: &mut Outcome) {
    let reached = reached(cx, namespace);
    let mut message = format!("no party of the bundle has the installed package `{namespace}`");
    if !cx.has_bundle() {
        message = format!("the package `{namespace}` is installed, and nothing says whose it is");
    }
    if !reached.is_empty() {
        message.push_str(&format!("; its permissions reach {}", shown(&reached)));
    }
    out.found(
        Draft::new(
            format!("InstalledPackage:{namespace}"),
            place,
            message,
            format!(
                "write `packages: [{namespace}]` at its maker in `phiward/parties.yaml`, with the agreements in force"
            ),
        )
        .severity(Severity::Low)
        .confidence(Confidence::High),
    );
}

fn declared(cx: &Context<'_>, namespace: &str, party: &Party, place: Place, out: &mut Outcome) {
    let flows = cx.policy.flows();
    let judged_by_flow =
        flows.iter().any(|flow| disclosure::receiver(cx.policy, flow).is_some_and(|to| to.id == party.id));
    let reached = reached(cx, namespace);
    // What a declared flow lacks is said of the flow.
    if judged_by_flow || party.agreements.iter().any(|one| one.live(cx.today)) {
        return;
    }
    let id = party.id.as_str();
    if reached.is_empty() {
        let prefix = format!("{}__", namespace.to_ascii_lowercase());
        if !cx.project.permission_sets().any(|set| set.name().to_ascii_lowercase().starts_with(&prefix)) {
            out.unknown(
                format!("what the package `{namespace}` of `{id}` reaches: no permission set of it is in the source"),
                format!("retrieve the permission sets whose names begin with `{namespace}__`"),
            );
        }
        return;
    }
    let lacks = if party.agreements.is_empty() { "is on file" } else { "is in force" };
    let confidence = reached.iter().map(|one| one.confidence).max().unwrap_or(Confidence::Medium);
    out.found(
        Draft::new(
            format!("InstalledPackage:{namespace}"),
            place,
            format!(
                "the package `{namespace}` of `{id}` reaches {}, and no agreement with `{id}` {lacks}",
                shown(&reached)
            ),
            format!(
                "sign an agreement with `{id}` and write it under its `agreements:`; or take these objects out of \
                 the package's permission sets, or uninstall it (Setup, Installed Packages)"
            ),
        )
        .confidence(confidence)
        .related(cx.policy_place(&party.id.place), format!("`{id}` is declared here"))
        .party(id),
    );
}

/// A PHI object within a package's reach, and why.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ReachedObject {
    object: String,
    how: String,
    confidence: Confidence,
}

fn reached(cx: &Context<'_>, namespace: &str) -> Vec<ReachedObject> {
    let prefix = format!("{}__", namespace.to_ascii_lowercase());
    let of_package = |name: &str| name.to_ascii_lowercase().starts_with(&prefix);
    let mut found: Vec<ReachedObject> = Vec::new();
    let mut add = |object: &str, how: String| {
        let sure = cx.classes.phi_fields(object).into_iter().map(|(_, verdict)| verdict.confidence).max();
        if !found.iter().any(|one| one.object.eq_ignore_ascii_case(object)) {
            let confidence = sure.unwrap_or(Confidence::Medium);
            found.push(ReachedObject { object: object.to_owned(), how, confidence });
        }
    };
    for object in cx.phi_objects().filter(|object| of_package(object)) {
        add(object, "its own object".to_owned());
    }
    for set in cx.project.permission_sets().filter(|set| of_package(set.name())) {
        for permission in set.element().children_named("objectPermissions") {
            let reads = permission.flag("allowRead") == Some(true) || permission.flag("viewAllRecords") == Some(true);
            if let Some(object) = permission.value("object").filter(|_| reads)
                && cx.is_phi_object(object.as_str())
            {
                add(object.as_str(), format!("through `{}`", set.name()));
            }
        }
    }
    found.sort();
    found
}

fn shown(reached: &[ReachedObject]) -> String {
    const SHOWN: usize = 3;
    let mut all: Vec<String> =
        reached.iter().take(SHOWN).map(|one| format!("`{}` ({})", one.object, one.how)).collect();
    if let Some(more) = reached.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        all.push(format!("{more} more objects of PHI"));
    }
    joined(&all)
}
