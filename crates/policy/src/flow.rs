//! Flows from three sides: declared in the bundle, found in code and metadata, observed at the gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use source::Position;

use crate::address::Called;
use crate::decide::AskedField;
use crate::model::Policy;

/// Data that leaves, as code or metadata shows it or as the gateway saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The fields; empty where they cannot be told.
    pub from: Vec<AskedField>,
    pub to: Destination,
    pub via: Via,
    pub site: Site,
    pub confidence: Confidence,
}

/// Where a flow goes, as far as its finder can tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    Party(String),
    Model(String),
    Org(String),
    NamedCredential(String),
    Url(String),
    Host(String),
    /// The namespace of an installed package.
    Package(String),
    ConnectedApp(String),
    /// Anyone: a guest page, a public link.
    Public,
    Unknown,
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Party(id) | Destination::Model(id) | Destination::Org(id) => f.write_str(id),
            Destination::NamedCredential(name) => write!(f, "callout:{name}"),
            Destination::Url(url) => f.write_str(url),
            Destination::Host(host) => f.write_str(host),
            Destination::Package(namespace) => write!(f, "package {namespace}"),
            Destination::ConnectedApp(name) => write!(f, "connected app {name}"),
            Destination::Public => f.write_str("the public"),
            Destination::Unknown => f.write_str("an unknown receiver"),
        }
    }
}

/// By what data leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    Callout,
    OutboundMessage,
    Email,
    Event,
    Package,
    Api,
    Report,
    Page,
    Prompt,
    Other,
}

/// The line of code or metadata, or nothing but a name where the gateway saw it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    pub path: String,
    pub position: Option<Position>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// Who receives, by the bundle's name where it has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Receiver {
    /// The id of a party, model or org.
    Named(String),
    /// In nobody's name.
    Undeclared(Destination),
}

/// On which of the three sides something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sides {
    DeclaredOnly,
    FoundOnly,
    ObservedOnly,
    DeclaredAndFound,
    DeclaredAndObserved,
    FoundAndObserved,
    All,
}

/// One field and one receiver, from the three sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciled {
    pub receiver: Receiver,
    /// Lower case `object.field` or `object.*`; nothing where the fields of a flow cannot be told.
    pub field: Option<String>,
    pub sides: Sides,
    /// Ids of declared flows.
    pub declared: Vec<String>,
    /// Positions in the list of found flows.
    pub found: Vec<usize>,
    /// Positions in the list of observed flows.
    pub observed: Vec<usize>,
    /// A flow to the same receiver whose fields cannot be told may carry this field too: then its absence on
    /// that side is not known.
    pub maybe_found: bool,
    pub maybe_observed: bool,
}

#[derive(Default)]
struct Row {
    declared: BTreeSet<String>,
    found: BTreeSet<usize>,
    observed: BTreeSet<usize>,
}

/// The receiver that a destination means, by the bundle's endpoints.
pub fn receiver(policy: &Policy, to: &Destination) -> Receiver {
    let party = |party: &crate::bundle::party::Party| party.id.to_string();
    let model = |model: &crate::bundle::model::Model| model.id.to_string();
    let owner = |called: Called<'_>| policy.owner_of(called).map(|owner| owner.id().to_owned());
    let named = match to {
        Destination::Party(id) => policy.party(id).map(party),
        Destination::Model(id) => policy.model(id).map(model),
        Destination::Org(id) => policy.org(id).map(|org| org.id.to_string()),
        Destination::NamedCredential(name) => owner(Called::NamedCredential(name)),
        Destination::Url(url) => owner(Called::Url(url)),
        Destination::Host(host) => owner(Called::Host(host)),
        Destination::Package(namespace) => policy.party_of_package(namespace).map(party),
        Destination::ConnectedApp(name) => policy.party_of_connected_app(name).map(party),
        Destination::Public | Destination::Unknown => None,
    };
    named.map_or_else(|| Receiver::Undeclared(to.clone()), Receiver::Named)
}

/// Sets the three sides against each other, field by field and receiver by receiver.
///
/// A declared `Object.*` stands as itself until a field of the object is found or observed for that receiver:
/// then as those fields. Rows are sorted by receiver and field.
pub fn reconcile(declared: &Policy, found: &[Flow], observed: &[Flow]) -> Vec<Reconciled> {
    let mut rows: BTreeMap<(Receiver, Option<String>), Row> = BTreeMap::new();
    fn seen(
        policy: &Policy,
        rows: &mut BTreeMap<(Receiver, Option<String>), Row>,
        flows: &[Flow],
        add: fn(&mut Row, usize),
    ) {
        for (at, flow) in flows.iter().enumerate() {
            let to = receiver(policy, &flow.to);
            let fields = flow.from.iter().map(|field| Some(field.to_string().to_ascii_lowercase()));
            let unknown = flow.from.is_empty().then_some(None);
            for field in fields.chain(unknown) {
                add(rows.entry((to.clone(), field)).or_default(), at);
            }
        }
    }
    seen(declared, &mut rows, found, |row, at| {
        row.found.insert(at);
    });
    seen(declared, &mut rows, observed, |row, at| {
        row.observed.insert(at);
    });
    for flow in declared.flows() {
        let to = Receiver::Named(flow.to.to_string());
        let id = flow.id.to_string();
        for pattern in &flow.from {
            let (object, field) = pattern.value.parts();
            let mut any = false;
            if field == "*" {
                for ((receiver, own), row) in &mut rows {
                    let fits = own
                        .as_ref()
                        .and_then(|own| own.split_once('.'))
                        .is_some_and(|(o, _)| *receiver == to && o.eq_ignore_ascii_case(object));
                    if fits && !(row.found.is_empty() && row.observed.is_empty()) {
                        row.declared.insert(id.clone());
                        any = true;
                    }
                }
            }
            if !any {
                let name = pattern.value.as_str().to_ascii_lowercase();
                rows.entry((to.clone(), Some(name))).or_default().declared.insert(id.clone());
            }
        }
        // Code that sends something, nobody can tell what, to a receiver of this flow.
        if let Some(row) = rows.get_mut(&(to, None)) {
            row.declared.insert(id);
        }
    }
    let unknown: BTreeMap<Receiver, (bool, bool)> = rows
        .iter()
        .filter(|((_, field), _)| field.is_none())
        .map(|((to, _), row)| (to.clone(), (!row.found.is_empty(), !row.observed.is_empty())))
        .collect();
    let told = rows.into_iter().filter_map(|((receiver, field), row)| {
        let sides = match (!row.declared.is_empty(), !row.found.is_empty(), !row.observed.is_empty()) {
            (true, true, true) => Sides::All,
            (true, true, false) => Sides::DeclaredAndFound,
            (true, false, true) => Sides::DeclaredAndObserved,
            (false, true, true) => Sides::FoundAndObserved,
            (true, false, false) => Sides::DeclaredOnly,
            (false, true, false) => Sides::FoundOnly,
            (false, false, true) => Sides::ObservedOnly,
            (false, false, false) => return None,
        };
        let (maybe_found, maybe_observed) = unknown.get(&receiver).copied().unwrap_or_default();
        Some(Reconciled {
            maybe_found: row.found.is_empty() && maybe_found,
            maybe_observed: row.observed.is_empty() && maybe_observed,
            receiver,
            field,
            sides,
            declared: row.declared.into_iter().collect(),
            found: row.found.into_iter().collect(),
            observed: row.observed.into_iter().collect(),
        })
    });
    told.collect()
}
