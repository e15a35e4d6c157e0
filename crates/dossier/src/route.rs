//! The flows: declared in the bundle, found in the source, or known by an address only, compared field by field.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use journal::Confidence;
use policy::bundle::agreement::Agreement;
use policy::bundle::flow::{DeclaredFlow, RegionRule};
use policy::flow::{self, Flow};
use policy::vocabulary::AgreementKind;
use policy::{AskedField, Policy};
use scan::{Destination, Endpoint, FoundFlow, Report};
use serde::Serialize;

use crate::diagram::{Side, Standing};

/// One flow, as table, picture and record of processing show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// The bundle's id; otherwise what sends.
    pub(crate) name: String,
    pub(crate) standing: Standing,
    /// `Object.Field` or `Object.*`; empty where unknown.
    pub(crate) fields: Vec<String>,
    pub(crate) receiver: Receiver,
    pub(crate) purpose: Option<String>,
    pub(crate) grounds: Vec<String>,
    pub(crate) transport: Option<String>,
    /// The identity that carries it.
    pub(crate) by: Option<String>,
    pub(crate) region: Option<String>,
    /// Components and places of the source that speak for it.
    pub(crate) seen: BTreeSet<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Receiver {
    pub(crate) kind: Kind,
    /// Id in the bundle, host, namespace.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) regions: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Party,
    Model,
    Org,
    /// People inside the org, readers of mail, subscribers of events.
    Readers,
    Host,
    UnknownModel,
    Package,
    Public,
}

impl Kind {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Kind::Party => "party",
            Kind::Model => "model",
            Kind::Org => "org",
            Kind::Readers => "readers",
            Kind::Host => "undeclared host",
            Kind::UnknownModel => "undeclared model",
            Kind::Package => "undeclared package",
            Kind::Public => "the public",
        }
    }

    pub(crate) const fn side(self) -> Side {
        match self {
            Kind::Party | Kind::Org | Kind::Readers => Side::Party,
            Kind::Model => Side::Model,
            Kind::Host | Kind::UnknownModel | Kind::Package | Kind::Public => Side::Unknown,
        }
    }
}

impl Route {
    /// The objects that its fields are of, each once.
    pub(crate) fn objects(&self) -> BTreeSet<&str> {
        self.fields.iter().map(|field| field.split('.').next().unwrap_or(field)).collect()
    }

    pub(crate) fn is_declared(&self) -> bool {
        matches!(self.standing, Standing::Both | Standing::Declared | Standing::Reached)
    }
}

/// A flow, for whoever reads it by program or at a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldFlow {
    /// The bundle's id; otherwise what sends.
    pub name: String,
    /// `declared and found`, `declared, not found in the source`, `found, not declared` and the like.
    pub standing: &'static str,
    /// `Object.Field` or `Object.*`; empty where unknown.
    pub fields: Vec<String>,
    pub receiver: ToldReceiver,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    pub grounds: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// The identity that carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What stands of the receiver's agreements, in words.
    pub agreements: Vec<String>,
    /// Where the source shows it.
    pub seen: Vec<Place>,
    /// Whether the source sends what the bundle does not declare.
    #[serde(skip)]
    pub is_undeclared: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldReceiver {
    pub kind: &'static str,
    /// Id in the bundle, host, namespace.
    pub id: String,
    pub name: String,
    pub regions: Vec<String>,
}

/// A component and where it does it, as `path:line`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    pub component: String,
    pub place: String,
}

impl ToldFlow {
    pub(crate) fn of(route: &Route, policy: &Policy, today: Date) -> Self {
        let Route { name, standing, fields, receiver, purpose, grounds, transport, by, region, seen } =
            route.clone();
        let agreements = agreements(&receiver, policy, today);
        let Receiver { kind, id, name: called, regions } = receiver;
        let place = |(component, place): (String, String)| Place { component, place };
        Self {
            name,
            standing: standing.as_str(),
            fields,
            receiver: ToldReceiver { kind: kind.words(), id, name: called, regions },
            purpose,
            grounds,
            transport,
            by,
            region,
            agreements,
            seen: seen.into_iter().map(place).collect(),
            is_undeclared: standing == Standing::Undeclared,
        }
    }
}

/// All flows: declared ones in the order of the bundle, then what was found, then addresses that nothing is known
/// to go to.
pub(crate) fn of(report: &Report, policy: &Policy) -> Vec<Route> {
    let mut routes: Vec<Route> = policy.flows().iter().map(|flow| declared(flow, policy)).collect();
    let mut extra: BTreeMap<(Receiver, String), Route> = BTreeMap::new();
    for (at, fields) in hold_against_declared(&mut routes, report, policy) {
        let Some(found) = report.flows.get(at) else { continue };
        let receiver = receiver(&found.to, policy);
        let standing = if policy.is_present() { Standing::Undeclared } else { Standing::Found };
        let key = (receiver.clone(), found.by.clone());
        let route = extra.entry(key).or_insert_with(|| Route::plain(found.by.clone(), standing, receiver));
        route.fields.extend(fields);
        route.seen.insert((found.by.clone(), place(&found.place)));
    }
    for route in extra.values_mut() {
        route.fields.sort();
        route.fields.dedup();
    }
    routes.extend(extra.into_values());
    add_addresses(report, policy, &mut routes);
    routes
}

/// Credits found flows to the declared ones that carry them. What is left over is nobody's: by position of the
/// found flow, the fields that no declared flow carries, none where the whole flow is undeclared and its fields
/// cannot be told.
fn hold_against_declared(
    routes: &mut [Route],
    report: &Report,
    policy: &Policy,
) -> BTreeMap<usize, Vec<String>> {
    let found: Vec<Flow> = report.flows.iter().map(as_flow).collect();
    let mut left: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for row in flow::reconcile(policy, &found, &[]) {
        if row.declared.is_empty() {
            for at in row.found {
                let fields = left.entry(at).or_default();
                let spelled = report.flows.get(at).into_iter().flat_map(|flow| &flow.fields);
                let own =
                    |name: &&String| row.field.as_ref().is_some_and(|field| name.eq_ignore_ascii_case(field));
                fields.extend(spelled.filter(own).cloned());
            }
            continue;
        }
        let standing = if row.field.is_some() { Standing::Both } else { Standing::Reached };
        let seen: Vec<&FoundFlow> = row.found.iter().filter_map(|at| report.flows.get(*at)).collect();
        for route in routes.iter_mut().filter(|route| !seen.is_empty() && row.declared.contains(&route.name))
        {
            route.standing = route.standing.min(standing);
            route.seen.extend(seen.iter().map(|flow| (flow.by.clone(), place(&flow.place))));
        }
    }
    left
}

/// A flow as the policy compares it. Receivers that no bundle can name stay apart by their position.
fn as_flow(found: &FoundFlow) -> Flow {
    let to = match &found.to {
        Destination::Party(id) => flow::Destination::Party(id.clone()),
        Destination::Model(id) => flow::Destination::Model(id.clone()),
        Destination::Host(host) => flow::Destination::Host(host.clone()),
        Destination::Package(namespace) => flow::Destination::Package(namespace.clone()),
        Destination::Public => flow::Destination::Public,
        Destination::UnknownModel(_)
        | Destination::Email
        | Destination::Subscribers(_)
        | Destination::Inside(_) => flow::Destination::Unknown,
    };
    let asked = |name: &String| {
        let (object, field) = name.split_once('.').unwrap_or((name, "*"));
        AskedField::new(object, field)
    };
    Flow {
        from: found.fields.iter().map(asked).collect(),
        to,
        via: flow::Via::Other,
        site: flow::Site { path: found.place.path.clone(), position: Some(found.place.start) },
        confidence: match found.confidence {
            Confidence::Low => flow::Confidence::Low,
            Confidence::Medium => flow::Confidence::Medium,
            Confidence::High => flow::Confidence::High,
        },
    }
}

fn add_addresses(report: &Report, policy: &Policy, routes: &mut Vec<Route>) {
    let mut extra: BTreeMap<Receiver, Route> = BTreeMap::new();
    // Nothing goes to an address that is switched off, and the rules pass it over as well.
    for endpoint in report.endpoints.iter().filter(|endpoint| endpoint.kind.sends() && endpoint.active) {
        let receiver = receiver(&destination(endpoint), policy);
        let seen = (endpoint.component.clone(), place(&endpoint.place));
        let mut known = false;
        for route in routes
            .iter_mut()
            .filter(|route| route.receiver.kind == receiver.kind && route.receiver.id == receiver.id)
        {
            known = true;
            route.seen.insert(seen.clone());
            if route.standing == Standing::Declared {
                route.standing = Standing::Reached;
            }
        }
        if !known {
            let name = receiver.name.clone();
            let route = extra
                .entry(receiver.clone())
                .or_insert_with(|| Route::plain(name, Standing::Address, receiver));
            route.seen.insert(seen);
        }
    }
    routes.extend(extra.into_values());
}

fn destination(endpoint: &Endpoint) -> Destination {
    match (&endpoint.model, &endpoint.party) {
        (Some(model), _) => Destination::Model(model.clone()),
        (None, Some(party)) => Destination::Party(party.clone()),
        (None, None) => Destination::Host(endpoint.host.clone()),
    }
}

impl Route {
    fn plain(name: String, standing: Standing, receiver: Receiver) -> Self {
        Self {
            name,
            standing,
            fields: Vec::new(),
            receiver,
            purpose: None,
            grounds: Vec::new(),
            transport: None,
            by: None,
            region: None,
            seen: BTreeSet::new(),
        }
    }
}

fn declared(flow: &DeclaredFlow, policy: &Policy) -> Route {
    let to = flow.to.as_str();
    let receiver = if policy.party(to).is_some() {
        receiver(&Destination::Party(to.to_owned()), policy)
    } else if policy.model(to).is_some() {
        receiver(&Destination::Model(to.to_owned()), policy)
    } else {
        let regions = policy.org(to).and_then(|org| org.region.as_ref()).map(ToString::to_string);
        Receiver {
            kind: Kind::Org,
            id: to.to_owned(),
            name: to.to_owned(),
            regions: regions.into_iter().collect(),
        }
    };
    let region = flow.region.as_ref().map_or_else(
        || "same as the person's".to_owned(),
        |rule| match &rule.value {
            RegionRule::SameAsSubject => "same as the person's".to_owned(),
            RegionRule::Any => "any".to_owned(),
            RegionRule::In(regions) => join(regions.iter()),
        },
    );
    Route {
        fields: flow.from.iter().map(ToString::to_string).collect(),
        purpose: Some(flow.purpose.to_string()),
        grounds: flow.ground.iter().map(ToString::to_string).collect(),
        transport: flow.transport.as_ref().map(ToString::to_string),
        by: flow.by.as_ref().map(ToString::to_string),
        region: Some(region),
        ..Route::plain(flow.id.to_string(), Standing::Declared, receiver)
    }
}

fn receiver(to: &Destination, policy: &Policy) -> Receiver {
    let other =
        |kind: Kind, id: &str, name: String| Receiver { kind, id: id.to_owned(), name, regions: Vec::new() };
    match to {
        Destination::Party(id) => {
            let party = policy.party(id);
            let regions = party.map(|party| party.regions.iter().map(ToString::to_string).collect());
            Receiver {
                kind: Kind::Party,
                id: id.clone(),
                name: party.and_then(|party| party.name.clone()).unwrap_or_else(|| id.clone()),
                regions: regions.unwrap_or_default(),
            }
        }
        Destination::Model(id) => {
            let region = policy.model(id).and_then(|model| model.region.as_ref()).map(ToString::to_string);
            Receiver {
                kind: Kind::Model,
                id: id.clone(),
                name: id.clone(),
                regions: region.into_iter().collect(),
            }
        }
        Destination::Host(host) => other(Kind::Host, host, host.clone()),
        Destination::UnknownModel(name) => other(Kind::UnknownModel, name, format!("model {name}")),
        Destination::Package(namespace) => other(Kind::Package, namespace, format!("package {namespace}")),
        Destination::Email => other(Kind::Readers, "e-mail", "whoever reads the e-mail".to_owned()),
        Destination::Subscribers(channel) => {
            other(Kind::Readers, channel, format!("subscribers of {channel}"))
        }
        Destination::Public => other(Kind::Public, "public", "anybody, without logging in".to_owned()),
        Destination::Inside(what) => other(Kind::Readers, what, format!("people in the org, by {what}")),
    }
}

/// What stands of a receiver's agreements on a day, in words; nothing where none is on file.
pub(crate) fn agreements(receiver: &Receiver, policy: &Policy, today: Date) -> Vec<String> {
    agreement_list(agreements_of(receiver, policy), today)
}

pub(crate) fn agreement_list(agreements: &[Agreement], today: Date) -> Vec<String> {
    agreements.iter().map(|agreement| agreement_words(agreement, today)).collect()
}

/// The agreements with a party, with the operator of a model, or with Salesforce for an org.
pub(crate) fn agreements_of<'p>(receiver: &Receiver, policy: &'p Policy) -> &'p [Agreement] {
    let party = |id: &str| policy.party(id).map(|party| party.agreements.as_slice());
    let found = match receiver.kind {
        Kind::Party => party(&receiver.id),
        Kind::Model => policy
            .model(&receiver.id)
            .and_then(|model| model.provider.as_ref())
            .and_then(|provider| party(provider.as_str())),
        Kind::Org => policy.org(&receiver.id).map(|org| org.agreements.as_slice()),
        _ => None,
    };
    found.unwrap_or_default()
}

fn agreement_words(agreement: &Agreement, today: Date) -> String {
    let kind = match agreement.kind.value {
        AgreementKind::Baa => "BAA",
        AgreementKind::Dpa => "DPA",
        AgreementKind::Dua => "DUA",
        AgreementKind::Scc => "SCC",
        AgreementKind::Authorisation => "authorisation",
        AgreementKind::Contract => "contract",
    };
    match &agreement.expires {
        Some(until) if agreement.expired(today) => format!("{kind}, ended {}", until.value),
        _ if !agreement.live(today) => format!("{kind}, begins {}", agreement.effective.value),
        Some(until) => format!("{kind} until {}", until.value),
        None => format!("{kind}, no end"),
    }
}

fn place(place: &journal::Place) -> String {
    format!("{}:{}", place.path, place.start.line)
}

pub(crate) fn join<T: ToString>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
