//! # Data can leave to an address that nobody has declared
//!
//! The source can send to a host outside Salesforce, and no party or model of the bundle has that host. There is one
//! finding for each host, whatever names it.
//!
//! ## Why it harms
//! Whether a transmission is lawful depends on who receives it: on their agreement, their region, the ground. Of
//! an address without an owner none of that can be said, and nobody notices when it begins to carry PHI. 45 CFR
//! 164.308(a)(1)(ii)(A) asks for a risk analysis of all PHI that leaves, GDPR Art. 30(1)(d) for a record of all
//! recipients.
//!
//! ## What to change
//! Write the host under `endpoints:` of the party that runs it, in `phiward/parties.yaml` (`phiward init` proposes
//! the file, marked: a party counts once somebody has taken its `# check:` marks away). If nothing uses the address any more, delete the remote site, credential or trusted URL.
//!
//! ## What is not found
//! An address that is put together at run time, or stands in a custom setting, custom metadata record or managed
//! package. Addresses in Apex are literals of whole URLs; a link that is only shown to users looks the same, so
//! that confidence is low there. Inactive entries are passed over, and so are test classes. Hosts of the platform
//! (`login.salesforce.com`) and of this org are not outside; the org's own name is known from `MyDomain.settings` and from
//! sites, and where neither is in the source it is unknown whose hosts those of Salesforce's customers are.
//!
//! ## Seen in the wild
//! CityofToronto/EDC-Salesforce and GSA/SF_WorkSpace: 29 hosts each. vkadagoti-png/Support_POC: 17, nine of them of one
//! package. bcgov/MoH-SAT: 10, two of them named credentials that Apex calls and the source does not have.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Severity};

use crate::endpoint::{self, CalledCredential, Home, is_salesforce};
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, Endpoint, EndpointKind};

pub(crate) const META: Meta = Meta {
    title: "Data can leave to an address that nobody has declared",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    persona: Persona::Security,
    controls: &["gdpr-30-1", "hipaa-sec-308a1iiA", "API9"],
    tags: &["phi", "endpoint"],
    replaces: &[],
    sbs: &["SBS-INT-002", "SBS-INT-003"],
    needs: &["`endpoints:` of the parties, in `parties.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let mut by_host: BTreeMap<&str, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in cx.endpoints().iter().filter(|endpoint| endpoint.active) {
        by_host.entry(&endpoint.host).or_default().push(endpoint);
    }
    out.judged(by_host.len());
    let home = Home::of(cx.project);
    let mut of_an_org: Vec<&str> = Vec::new();
    for (host, mut endpoints) in by_host {
        let of_party = |endpoint: &&Endpoint| endpoint.party.is_some() || endpoint.model.is_some();
        if endpoints.iter().any(of_party) || endpoints.iter().all(|endpoint| is_of_package(cx, endpoint)) {
            continue;
        }
        if is_salesforce(host) && !home.is_known() {
            of_an_org.push(host);
            continue;
        }
        endpoints.sort_by_key(|endpoint| (endpoint.kind == EndpointKind::ApexLiteral, endpoint.place.clone()));
        report(cx, host, &endpoints, out);
    }
    if !of_an_org.is_empty() {
        out.unknown(
            format!("whether these hosts of Salesforce are this org's own or another's: {}", joined(of_an_org)),
            "retrieve `Settings:MyDomain`, which has the org's own name; name the others under the `endpoints:` of a party",
        );
    }
    credentials(cx, out);
}

fn joined(hosts: Vec<&str>) -> String {
    let hosts: Vec<String> = hosts.into_iter().map(|host| format!("`{host}`")).collect();
    hosts.join(", ")
}

fn report(cx: &Context<'_>, host: &str, endpoints: &[&Endpoint], out: &mut Outcome) {
    let Some((first, rest)) = endpoints.split_first() else { return };
    let named = first.component.split_once(':').map_or(first.component.as_str(), |(_, name)| name);
    let others = match rest.len() {
        0 => String::new(),
        1 => " and one more place".to_owned(),
        more => format!(" and {more} more places"),
    };
    let way = match first.kind {
        EndpointKind::ApexLiteral => "code names the address",
        kind if kind.sends() => "data can go to",
        EndpointKind::AuthProvider => "tokens come from",
        _ => "the source trusts",
    };
    let who = if cx.has_bundle() { "no party of the bundle has it" } else { "nothing says who that is" };
    let only_in_code = first.kind == EndpointKind::ApexLiteral;
    let what = if only_in_code { "in".to_owned() } else { first.kind.to_string() };
    let mut draft = Draft::new(
        first.component.clone(),
        first.place.clone(),
        format!("{way} `{host}` ({what} `{named}`{others}), and {who}"),
        format!(
            "write `{{{}}}` under the `endpoints:` of the party that runs it, in `phiward/parties.yaml`; delete the \
             entry if nothing uses it",
            first.declaration()
        ),
    )
    .confidence(if only_in_code { Confidence::Low } else { Confidence::Medium })
    .cause(format!("host:{host}"))
    .detail(host);
    for endpoint in rest.iter().take(8) {
        draft = draft.related(endpoint.place.clone(), format!("also named here: {}", endpoint.kind));
    }
    out.found(draft.party(host));
}

/// An address that an installed package brought, where the bundle says whose package it is.
fn is_of_package(cx: &Context<'_>, endpoint: &Endpoint) -> bool {
    let name = endpoint.component.split_once(':').map_or("", |(_, name)| name);
    name.split_once("__").is_some_and(|(namespace, _)| cx.policy.party_of_package(namespace).is_some())
}

/// Named credentials that only Apex names.
fn credentials(cx: &Context<'_>, out: &mut Outcome) {
    for CalledCredential { name, places } in endpoint::called_credentials(cx.project) {
        out.judged(1);
        let declared = cx.policy.party_of_named_credential(&name).is_some()
            || cx.policy.model_of_named_credential(&name).is_some();
        out.unknown(
            format!("where the named credential `{name}` leads: Apex uses it and the source does not have it"),
            format!("retrieve `NamedCredential:{name}`"),
        );
        let Some(((component, place), rest)) = places.split_first().filter(|_| !declared) else { continue };
        let who = if cx.has_bundle() { "no party of the bundle has it" } else { "nothing says who that is" };
        let mut draft = Draft::new(
            component.clone(),
            place.clone(),
            format!("Apex calls out through the named credential `{name}`, and {who}"),
            format!(
                "write `{{named_credential: {name}}}` under the `endpoints:` of the party that it leads to, in \
                 `phiward/parties.yaml`"
            ),
        )
        .cause(format!("credential:{name}"))
        .detail(&name);
        for (_, place) in rest.iter().take(8) {
            draft = draft.related(place.clone(), "also called here");
        }
        out.found(draft);
    }
}
