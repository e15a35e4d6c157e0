use std::collections::BTreeMap;

use super::{Check, names};
use crate::address::Called;
use crate::bundle::model::Model;
use crate::bundle::party::{Endpoint, Party};
use crate::file::record::clipped;
use crate::period::Period;
use crate::place::{At, Place};
use crate::vocabulary::{AgreementKind, PartyRole, RiskLevel};

pub(super) fn check(check: &mut Check<'_>) {
    let content = check.content;
    let ids = names(&content.parties);
    let mut addresses: BTreeMap<String, (&str, &Place)> = BTreeMap::new();
    for party in &content.parties {
        for agreement in &party.agreements {
            super::agreements::check(check, agreement, &format!("`{}`", party.id.value));
        }
        for region in &party.regions {
            super::organisation::region(check, region);
        }
        for endpoint in &party.endpoints {
            one_address(check, endpoint);
            unshared(check, &mut addresses, party.id.as_str(), endpoint);
        }
        for other in &party.subprocessors {
            if check.reference(other, "party", &ids) && other.value == party.id.value {
                let message = format!("`{}` is its own subprocessor", party.id.value);
                check.error(&other.place, "bad-reference", message, "name another party");
            }
        }
        roles(check, party);
    }
    for model in &content.models {
        if let Some(endpoint) = &model.endpoint {
            one_address(check, endpoint);
            // A model answers at an address of whoever runs it.
            let owner = model.provider.as_ref().unwrap_or(&model.id);
            unshared(check, &mut addresses, owner.as_str(), endpoint);
            run_by_nobody(check, model, endpoint);
        }
    }
    check.twice(content.parties.iter().flat_map(|party| &party.packages), "package namespace");
    let apps = content.parties.iter().flat_map(|party| &party.connected_apps);
    check.twice(apps, "connected app");
    identities(check);
    models(check, &ids);
}

fn one_address(check: &mut Check<'_>, endpoint: &Endpoint) {
    let given = [endpoint.named_credential.is_some(), endpoint.url.is_some(), endpoint.host.is_some()];
    let already = check.problems.iter().any(|problem| {
        problem.path == *endpoint.place.path
            && problem.position.is_some_and(|at| at.line == endpoint.place.position.line)
            && problem.code == "bad-value"
    });
    if given.into_iter().filter(|given| *given).count() != 1 && !already {
        let message = "an endpoint is one address".to_owned();
        let help = "write one of `named_credential`, `url` and `host`; give each its own item";
        check.error(&endpoint.place, "bad-endpoint", message, help);
    }
    if let Some(url) = &endpoint.url
        && matches!(url.value.address().scheme.as_str(), "http" | "ftp" | "ws")
    {
        let message = format!("`{}` is not encrypted", url.value.as_str());
        check.warn(&url.place, "unencrypted-endpoint", message, "use https, wss or sftp");
    }
}

/// Two owners of one address: then nobody can say who receives.
fn unshared<'a>(
    check: &mut Check<'_>,
    seen: &mut BTreeMap<String, (&'a str, &'a Place)>,
    owner: &'a str,
    endpoint: &'a Endpoint,
) {
    let named = endpoint
        .named_credential
        .iter()
        .map(|name| (format!("named credential `{}`", name.value.to_ascii_lowercase()), &name.place));
    let urls = endpoint.url.iter().map(|url| (format!("URL `{}`", url.value.as_str()), &url.place));
    let hosts = endpoint.host.iter().map(|host| (format!("host `{}`", host.value.as_str()), &host.place));
    for (address, place) in named.chain(urls).chain(hosts) {
        match seen.get(&address) {
            Some((other, _)) if *other == owner => {}
            Some((other, first)) => {
                let message = format!("the {address} belongs to `{other}` too, at {first}");
                let first_message = format!("the {address} belongs to `{owner}` too, at {place}");
                let first = (*first).clone();
                let help = "an address has one owner: keep it with the one who receives";
                check.error(place, "shared-endpoint", message, help);
                check.error(&first, "shared-endpoint", first_message, help);
            }
            None => {
                seen.insert(address, (owner, place));
            }
        }
    }
}

fn roles(check: &mut Check<'_>, party: &Party) {
    let id = &party.id;
    if party.role.is_empty() {
        let message = format!("the party `{}` has no role", id.value);
        check.error(&id.place, "missing-key", message, "add `role`: what it is to the organisation");
    }
    let wanted = [
        (PartyRole::BusinessAssociate, AgreementKind::Baa, "45 CFR 164.502(e)"),
        (PartyRole::Processor, AgreementKind::Dpa, "GDPR Art. 28(3)"),
    ];
    for (role, kind, citation) in wanted {
        let has = party.agreements.iter().any(|agreement| agreement.kind.value == kind);
        if party.has_role(role) && !has {
            let message = format!("the {role} `{}` has no {kind} on file", id.value);
            let help = format!("add the agreement ({citation}); until then nothing may go there on it");
            check.warn(&id.place, "no-agreement", message, help);
        }
        if !party.has_role(role)
            && let Some(agreement) = party.agreements.iter().find(|one| one.kind.value == kind)
            && !(kind == AgreementKind::Dpa && party.has_role(PartyRole::Subprocessor))
        {
            let message = format!("`{}` has a {kind} and is no {role}", id.value);
            let help = format!("add `{role}` to its roles, or check the agreement");
            check.warn(&agreement.kind.place, "role-does-not-fit", message, help);
        }
    }
    if party.regions.is_empty() {
        let message = format!("nothing says where `{}` processes", id.value);
        let help = "add `regions`; until then region rules cannot be decided for it";
        check.warn(&id.place, "no-regions", message, help);
    }
}

fn identities(check: &mut Check<'_>) {
    let content = check.content;
    let parties = names(&content.parties);
    for identity in &content.identities {
        if let Some(party) = &identity.party {
            check.reference(party, "party", &parties);
        }
        if identity.purposes.is_empty() {
            let message =
                format!("`{}` has no purpose, so it may not touch personal data", identity.id.value);
            check.warn(&identity.id.place, "no-purposes", message, "add `purposes`");
        }
    }
    let all = || content.identities.iter().filter_map(|identity| identity.salesforce.as_ref());
    check.twice(all().flat_map(|names| &names.users), "user");
    let profiles = all().flat_map(|names| &names.profiles);
    let guests = content.audiences.iter().flat_map(|audience| &audience.profiles);
    check.twice(profiles.chain(guests), "profile");
    check.twice(all().flat_map(|names| &names.permission_sets), "permission set");
    check.twice(all().flat_map(|names| &names.connected_apps), "connected app");
}

/// A model at a party's host is that party's: named as nobody's, it would need no agreement.
fn run_by_nobody(check: &mut Check<'_>, model: &Model, endpoint: &Endpoint) {
    let host = match (&endpoint.url, &endpoint.host) {
        (Some(url), _) => url.address().host.as_str(),
        (None, Some(host)) => host.as_str(),
        (None, None) => return,
    };
    let is_of = |party: &&Party| party.endpoints.iter().any(|own| own.fit(Called::Host(host)).is_some());
    if model.provider.is_none()
        && let Some(party) = check.content.parties.iter().find(is_of)
    {
        let party = &party.id.value;
        let message = format!(
            "the model `{}` answers at a host of `{party}`, and does not say who provides it",
            model.id.value
        );
        let help = format!("write `provider: {party}`, so that the agreements with it are asked for");
        check.error(&endpoint.place, "model-without-provider", message, help);
    }
}

fn models(check: &mut Check<'_>, parties: &[&str]) {
    let content = check.content;
    let people: Vec<&str> =
        content.approvers.iter().flat_map(|approvers| &approvers.people).map(|p| p.id.as_str()).collect();
    for model in &content.models {
        let id = &model.id.value;
        if let Some(provider) = &model.provider {
            let known: Vec<&str> = parties.to_vec();
            reference(check, provider, &known);
        }
        if let Some(region) = &model.region {
            super::organisation::region(check, region);
        }
        for approval in &model.approvals {
            if !people.contains(&approval.by.as_str()) {
                let message = format!("the bundle has no approver `{}`", approval.by.value);
                let help = crate::file::suggest::help(approval.by.as_str(), people.iter().copied());
                check.error(&approval.by.place, "unknown-reference", message, help);
            }
        }
        if model.approvals.is_empty() {
            let message = format!("nobody has approved the model `{id}`, so it may not see personal data");
            check.warn(&model.id.place, "no-approval", message, "add `approvals` once it is approved");
        }
        if let Some(retention) = &model.retention
            && retention.value != "none"
            && Period::of(&retention.value).is_none()
        {
            let message = format!("`{}` is neither `none` nor a duration", clipped(&retention.value));
            check.error(&retention.place, "bad-duration", message, "write `none`, or as P30D");
        }
        if let Some(risk) = &model.risk
            && risk.level.value == RiskLevel::High
            && risk.oversight.is_none()
        {
            let message = format!("the model `{id}` is of high risk and nobody oversees it");
            let help = "add `oversight`: who looks at what it says (Regulation (EU) 2024/1689 Art. 26(2))";
            check.warn(&risk.place, "no-oversight", message, help);
        }
    }
}

fn reference(check: &mut Check<'_>, at: &At<crate::vocabulary::Id>, known: &[&str]) {
    if !known.contains(&at.as_str()) {
        let message = format!("the bundle has no party `{}`", at.value);
        let help = crate::file::suggest::help(at.as_str(), known.iter().copied());
        check.error(&at.place, "unknown-reference", message, help);
    }
}
