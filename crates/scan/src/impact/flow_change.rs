//! Where data goes, and where it can go.

use std::collections::{BTreeMap, BTreeSet};

use policy::Policy;
use policy::flow::{Destination as Declared, Receiver, receiver};

use super::compare::controls;
use super::shown::listed;
use super::snapshot::{SeenEndpoint, SeenFlow, Site};
use super::whose::Whose;
use super::{Change, Effect, Kind, Side, Where};
use crate::flow::Destination;

const NAMED: usize = 4;

/// What one component sends to one receiver.
#[derive(Debug, Default)]
struct Sent {
    fields: BTreeSet<String>,
    /// Some of it cannot be told.
    unknown: bool,
    site: Option<Site>,
    to: Option<Destination>,
}

/// By component, then receiver.
type Flows = BTreeMap<(String, String), Sent>;

pub(super) fn flows(base: Side<'_>, head: Side<'_>) -> Vec<Change> {
    let policies = [head.policy, base.policy];
    let (before, after) = (sent(&base.snapshot.flows, policies), sent(&head.snapshot.flows, policies));
    let new = Whose { first: head, second: base };
    let old = Whose { first: base, second: head };
    let mut changes = Vec::new();
    let mut say =
        |side: Where, key: &(String, String), sent: &Sent, effect, how: String, fields: &BTreeSet<String>| {
            let whose = if side == Where::Head { &new } else { &old };
            let mut change = Change::new(Kind::Flow, effect, format!("`{}`", key.0), how)
                .touching(&controls::DISCLOSURE)
                .about(whose.of(fields.iter().map(String::as_str)));
            change.place = sent.site.clone();
            change.side = Some(side);
            change.party = match &sent.to {
                Some(Destination::Party(id) | Destination::Model(id) | Destination::Host(id)) => {
                    Some(id.clone())
                }
                _ => None,
            };
            changes.push(change);
        };
    for (key, sent) in &after {
        let to = sent.to.as_ref().map(destination).unwrap_or_default();
        match before.get(key) {
            None => {
                let how = format!("now sends {} to {to}", what(sent));
                say(Where::Head, key, sent, Effect::Widens, how, &sent.fields);
            }
            Some(was) => {
                let more: BTreeSet<String> = sent.fields.difference(&was.fields).cloned().collect();
                if !more.is_empty() {
                    let how = format!("now also sends {} to {to}", names(&more));
                    say(Where::Head, key, sent, Effect::Widens, how, &more);
                }
                if sent.unknown && !was.unknown {
                    let how = format!("now sends to {to} what cannot be told from the source");
                    say(Where::Head, key, sent, Effect::Unknown, how, &BTreeSet::new());
                }
                let less: BTreeSet<String> = was.fields.difference(&sent.fields).cloned().collect();
                if !less.is_empty() {
                    let how = format!("no longer sends {} to {to}", names(&less));
                    // Where the fields cannot be told any more, they may still go.
                    let effect = if sent.unknown && !was.unknown { Effect::Unknown } else { Effect::Narrows };
                    say(Where::Head, key, sent, effect, how, &less);
                }
            }
        }
    }
    for (key, was) in &before {
        if !after.contains_key(key) {
            let to = was.to.as_ref().map(destination).unwrap_or_default();
            let how = format!("no longer sends {} to {to}", what(was));
            say(Where::Base, key, was, Effect::Narrows, how, &was.fields);
        }
    }
    changes
}

fn sent(flows: &[SeenFlow], policies: [&Policy; 2]) -> Flows {
    let mut all = Flows::new();
    for flow in flows {
        let receiver = settled(&flow.to, policies);
        let sent = all.entry((flow.by.clone(), receiver)).or_default();
        sent.fields.extend(flow.fields.iter().cloned());
        sent.unknown |= flow.fields.is_empty();
        sent.site.get_or_insert_with(|| flow.site.clone());
        sent.to.get_or_insert_with(|| flow.to.clone());
    }
    all
}

/// The receiver by the name that either bundle has for it: a host that a bundle names today is the party that was
/// sent to yesterday, and naming it moves no data.
fn settled(to: &Destination, policies: [&Policy; 2]) -> String {
    let asked = match to {
        Destination::Host(host) => Declared::Host(host.clone()),
        Destination::Package(namespace) => Declared::Package(namespace.clone()),
        Destination::Party(id) | Destination::Model(id) => return format!("named {id}"),
        other => return format!("{other:?}"),
    };
    let named = policies.into_iter().find_map(|policy| match receiver(policy, &asked) {
        Receiver::Named(id) => Some(format!("named {id}")),
        Receiver::Undeclared(_) => None,
    });
    named.unwrap_or_else(|| format!("{to:?}"))
}

fn what(sent: &Sent) -> String {
    match (sent.fields.is_empty(), sent.unknown) {
        (true, _) => "data that cannot be told from the source".to_owned(),
        (false, false) => names(&sent.fields),
        (false, true) => format!("{} and what cannot be told from the source", names(&sent.fields)),
    }
}

fn names(fields: &BTreeSet<String>) -> String {
    listed(fields.iter().map(|field| format!("`{field}`")), NAMED)
}

fn destination(to: &Destination) -> String {
    match to {
        Destination::Party(id) => format!("the party `{id}`"),
        Destination::Model(id) => format!("the model `{id}`"),
        Destination::Host(host) => format!("`{host}`, which no bundle declares"),
        Destination::UnknownModel(name) => format!("the model `{name}`, which no bundle declares"),
        Destination::Package(namespace) => format!("the package `{namespace}`, which no bundle declares"),
        Destination::Email => "whoever reads the mail".to_owned(),
        Destination::Subscribers(channel) => format!("the subscribers of `{channel}`"),
        Destination::Public => "anybody who has the address".to_owned(),
        Destination::Inside(name) => format!("people inside, by `{name}`"),
    }
}

pub(super) fn endpoints(base: Side<'_>, head: Side<'_>) -> Vec<Change> {
    let of = |all: &[SeenEndpoint]| -> BTreeMap<(String, String), SeenEndpoint> {
        let mut by_name: BTreeMap<(String, String), SeenEndpoint> = BTreeMap::new();
        for one in all {
            let own = by_name.entry((one.component.clone(), one.host.clone())).or_insert_with(|| one.clone());
            own.active |= one.active;
        }
        by_name
    };
    let (before, after) = (of(&base.snapshot.endpoints), of(&head.snapshot.endpoints));
    let mut changes = Vec::new();
    let mut say = |side, endpoint: &SeenEndpoint, effect, how: String| {
        let what = format!("{} `{}`", endpoint.kind, endpoint.component);
        let mut change = Change::new(Kind::Endpoint, effect, what, how)
            .at(side, &endpoint.site)
            .touching(&controls::ADDRESS);
        change.party = Some(endpoint.owner.clone().unwrap_or_else(|| endpoint.host.clone()));
        changes.push(change);
    };
    let leads = |endpoint: &SeenEndpoint| match &endpoint.owner {
        Some(owner) => format!("`{}`, of `{owner}`", endpoint.host),
        None => format!("`{}`, which no party of the bundle has", endpoint.host),
    };
    for (key, endpoint) in &after {
        match before.get(key) {
            None => {
                let effect = if endpoint.active { Effect::Widens } else { Effect::Neutral };
                let off = if endpoint.active { "" } else { "; it is switched off" };
                let verb = if endpoint.kind.sends() { "leads to" } else { "lets in" };
                say(Where::Head, endpoint, effect, format!("is new and {verb} {}{off}", leads(endpoint)));
            }
            Some(was) if !was.active && endpoint.active => {
                say(
                    Where::Head,
                    endpoint,
                    Effect::Widens,
                    format!("is switched on; it is for {}", leads(endpoint)),
                );
            }
            Some(was) if was.active && !endpoint.active => {
                say(
                    Where::Head,
                    endpoint,
                    Effect::Narrows,
                    format!("is switched off; it was for {}", leads(was)),
                );
            }
            Some(_) => {}
        }
    }
    for (key, was) in &before {
        if !after.contains_key(key) {
            say(Where::Base, was, Effect::Narrows, format!("is gone; it was for {}", leads(was)));
        }
    }
    changes
}
