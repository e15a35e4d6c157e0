//! The flows as a chart: who stands inside which trust boundary, and what is written on each.
//!
//! A picture of everything shows nothing, so what is many is grouped, and each group says how many it stands for;
//! the tables have all of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use policy::Policy;
use scan::{KnownField, Report};

use crate::diagram::{Card, Chart, Node, Side, Standing, Zone};
use crate::exposure::{Crowd, Exposure};
use crate::record::carries;
use crate::route::{self, Kind, Route, join};
use crate::status::plural;

/// Objects with a box of their own.
const OBJECTS: usize = 14;
/// Undeclared receivers with a box of their own.
const STRANGERS: usize = 8;
/// Domains that the box of many addresses names.
const DOMAINS: usize = 12;

pub(crate) struct Facts<'r> {
    pub(crate) report: &'r Report,
    pub(crate) policy: &'r Policy,
    pub(crate) phi: &'r BTreeMap<String, KnownField>,
    pub(crate) exposure: &'r Exposure,
    pub(crate) today: Date,
    pub(crate) project: &'r str,
}

/// What the numbers in the boxes of the org are.
const COUNTS: &str = "counts are fields with patient data";
const OTHER_OBJECTS: &str = "objects/other";
const UNKNOWN_FIELDS: &str = "objects/unknown";

pub(crate) fn chart(routes: &[Route], facts: &Facts<'_>) -> Chart {
    let mut chart = Chart::default();
    let boxes = objects(routes, facts);
    people(facts, &boxes, &mut chart);
    chart.zones.push(org_zone(routes, facts, &boxes));
    let (single, many) = split(routes);
    for route in &single {
        add_receiver(route, facts, &mut chart);
        add_card(route, facts, &boxes, &mut chart);
    }
    if !many.is_empty() {
        add_many(&many, &mut chart);
    }
    chart.title = format!("Where patient data of {} goes", facts.project);
    chart.description = describe(routes, facts);
    chart
}

/// The objects that get a box of their own: those that most flows carry, then those with most fields.
fn objects(routes: &[Route], facts: &Facts<'_>) -> BTreeSet<String> {
    let mut weight: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for field in facts.phi.values() {
        weight.entry(&field.object).or_default().1 += 1;
    }
    for route in routes {
        for object in route.objects() {
            weight.entry(object).or_default().0 += 1;
        }
    }
    let mut ranked: Vec<(&str, (usize, usize))> = weight.into_iter().collect();
    ranked.sort_by_key(|(name, weight)| (std::cmp::Reverse(*weight), *name));
    let flowing = ranked.iter().filter(|(_, (flows, _))| *flows > 0).count();
    ranked.into_iter().take(OBJECTS.min(flowing.max(6))).map(|(name, _)| name.to_owned()).collect()
}

fn node_of(object: &str, boxes: &BTreeSet<String>) -> String {
    let own = boxes.iter().find(|name| name.eq_ignore_ascii_case(object));
    own.map_or_else(|| OTHER_OBJECTS.to_owned(), |name| format!("object/{name}"))
}

fn org_zone(routes: &[Route], facts: &Facts<'_>, boxes: &BTreeSet<String>) -> Zone {
    let org = facts.policy.default_org();
    let mut nodes = Vec::new();
    for object in boxes {
        let of_object = |name: &str| name.eq_ignore_ascii_case(object);
        let count = facts.phi.values().filter(|field| of_object(&field.object)).count();
        let own =
            facts.report.fields.iter().filter(|field| of_object(&field.object) && field.verdict.is_phi());
        let encrypted = own.filter(|field| field.encrypted).count();
        let line = match (count, encrypted) {
            (0, _) => "no field classified".to_owned(),
            (_, 0) => format!("{}, none encrypted", plural(count, "field", "fields")),
            (_, encrypted) => format!("{}, {encrypted} encrypted", plural(count, "field", "fields")),
        };
        nodes.push(Node { id: format!("object/{object}"), title: object.clone(), lines: vec![line] });
    }
    let all: BTreeSet<&str> = facts.phi.values().map(|field| field.object.as_str()).collect();
    let mentioned: BTreeSet<&str> = routes.iter().flat_map(Route::objects).collect();
    let rest: BTreeSet<&str> = all
        .union(&mentioned)
        .copied()
        .filter(|object| !boxes.iter().any(|name| name.eq_ignore_ascii_case(object)))
        .collect();
    if !rest.is_empty() {
        let title = plural(rest.len(), "other object", "other objects");
        nodes.push(Node { id: OTHER_OBJECTS.to_owned(), title, lines: vec!["with patient data".to_owned()] });
    }
    if nodes.is_empty() || routes.iter().any(|route| route.fields.is_empty()) {
        let lines = vec!["the source does not tell which fields".to_owned()];
        nodes.push(Node { id: UNKNOWN_FIELDS.to_owned(), title: "Data of the org".to_owned(), lines });
    }
    let (title, note) = match org {
        Some(org) => {
            let stands = org
                .region
                .as_ref()
                .map_or("region unknown".to_owned(), |region| format!("stands in {region}"));
            let people = org.subjects.as_ref().map(|subjects| format!("people of {}", join(subjects.iter())));
            let counts = Some(COUNTS.to_owned());
            (
                format!("Salesforce org {}", org.id),
                [Some(stands), people, counts].into_iter().flatten().collect::<Vec<_>>().join("; "),
            )
        }
        None => (
            "Salesforce org".to_owned(),
            "region unknown: no org declared; counts are fields with patient data".to_owned(),
        ),
    };
    Zone { side: Side::Org, title, note, nodes }
}

/// Those who see data in the org itself, as far as the source says.
fn people(facts: &Facts<'_>, boxes: &BTreeSet<String>, chart: &mut Chart) {
    let crowds = [
        (Crowd::Guests, Side::Unknown, "Guests", "anybody, not logged in"),
        (Crowd::Portal, Side::People, "Portal users", "patients or partners, logged in"),
        (Crowd::Staff, Side::People, "Staff", "profiles and permission sets of the workforce"),
    ];
    let mut nodes = Vec::new();
    for (crowd, _, title, line) in crowds {
        let (objects, holders) = facts.exposure.read_by(crowd);
        if objects.is_empty() {
            continue;
        }
        let id = format!("people/{title}");
        nodes.push(Node { id: id.clone(), title: title.to_owned(), lines: vec![line.to_owned()] });
        let to: BTreeSet<String> = objects.iter().map(|object| node_of(object, boxes)).collect();
        let named = match holders.len() {
            1..=2 => join(holders.iter()),
            many => format!("{many} profiles, permission sets and groups"),
        };
        chart.cards.push(Card {
            from: vec![id],
            to: to.into_iter().collect(),
            standing: Standing::Sees,
            title: format!("may read fields of {}", plural(objects.len(), "object", "objects")),
            lines: vec![format!("by {named}")],
        });
    }
    if !nodes.is_empty() {
        let note = "from source only, without assignments".to_owned();
        chart.zones.insert(0, Zone { side: Side::People, title: "People".to_owned(), note, nodes });
    }
}

/// Routes drawn one by one, and addresses too many or too little known for that.
fn split(routes: &[Route]) -> (Vec<&Route>, Vec<&Route>) {
    let is_stranger = |route: &&Route| route.receiver.kind.side() == Side::Unknown;
    let strangers: BTreeSet<&str> = routes
        .iter()
        .filter(|route| is_stranger(route) && route.standing != Standing::Address)
        .map(|route| route.receiver.id.as_str())
        .take(STRANGERS)
        .collect();
    routes.iter().partition(|route| !is_stranger(route) || strangers.contains(route.receiver.id.as_str()))
}

fn receiver_node(route: &Route) -> String {
    format!("{}/{}", route.receiver.kind.words(), route.receiver.id)
}

fn add_receiver(route: &Route, facts: &Facts<'_>, chart: &mut Chart) {
    let id = receiver_node(route);
    if chart.zones.iter().flat_map(|zone| &zone.nodes).any(|node| node.id == id) {
        return;
    }
    let receiver = &route.receiver;
    let regions = match (receiver.regions.as_slice(), receiver.kind) {
        ([], Kind::Party | Kind::Model | Kind::Org) => "region unknown".to_owned(),
        ([], _) => String::new(),
        (regions, _) => format!("in {}", regions.join(", ")),
    };
    let agreements = route::agreements(receiver, facts.policy, facts.today);
    let mut lines = match receiver.kind {
        Kind::Party | Kind::Model | Kind::Org if agreements.is_empty() => {
            vec!["no agreement on file".to_owned()]
        }
        _ => agreements,
    };
    let hosts = hosts(route, facts);
    let (zone, title) = match receiver.kind {
        Kind::Party => {
            let party = facts.policy.party(&receiver.id);
            let roles = party.map(|party| join(party.role.iter())).unwrap_or_default();
            let note =
                [roles, regions].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
            (
                (Side::Party, receiver.name.clone(), note),
                hosts.unwrap_or_else(|| "no address known".to_owned()),
            )
        }
        Kind::Model => ((Side::Model, format!("AI model {}", receiver.name), regions), {
            hosts.unwrap_or_else(|| "no address known".to_owned())
        }),
        Kind::Org => {
            ((Side::Party, "Other Salesforce orgs".to_owned(), String::new()), receiver.name.clone())
        }
        Kind::Readers => (
            (Side::Party, "Readers".to_owned(), "by e-mail, event or report".to_owned()),
            receiver.name.clone(),
        ),
        Kind::Host | Kind::UnknownModel | Kind::Package | Kind::Public => {
            lines.push(receiver.kind.words().to_owned());
            let title = if facts.policy.is_present() { "Declared by nobody" } else { "Not declared yet" };
            (
                (Side::Unknown, title.to_owned(), "party, region and agreement unknown".to_owned()),
                receiver.name.clone(),
            )
        }
    };
    let node = Node { id, title, lines };
    let (side, title, note) = zone;
    match chart.zones.iter_mut().find(|zone| zone.side == side && zone.title == title && zone.note == note) {
        Some(zone) => zone.nodes.push(node),
        None => chart.zones.push(Zone { side, title, note, nodes: vec![node] }),
    }
}

/// The addresses of a declared receiver: those in the source first, then those of the bundle.
fn hosts(route: &Route, facts: &Facts<'_>) -> Option<String> {
    let id = Some(&route.receiver.id);
    let mut hosts: BTreeSet<String> = facts
        .report
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.active)
        .filter(|endpoint| match route.receiver.kind {
            Kind::Model => endpoint.model.as_ref() == id,
            _ => endpoint.party.as_ref() == id,
        })
        .map(|endpoint| endpoint.host.clone())
        .collect();
    if hosts.is_empty() {
        let declared = match route.receiver.kind {
            Kind::Model => facts
                .policy
                .model(&route.receiver.id)
                .and_then(|model| model.endpoint.as_ref())
                .into_iter()
                .collect(),
            _ => facts
                .policy
                .party(&route.receiver.id)
                .map(|party| party.endpoints.iter().collect::<Vec<_>>())
                .unwrap_or_default(),
        };
        for endpoint in declared {
            let host = endpoint.host.as_ref().map(|host| host.as_str().to_owned());
            let url = endpoint.url.as_ref().map(|url| url.address().host.clone());
            let credential =
                endpoint.named_credential.as_ref().map(|name| format!("named credential {name}"));
            hosts.extend(host.or(url).or(credential));
        }
    }
    let rest = hosts.len().saturating_sub(2);
    let shown = join(hosts.iter().take(2));
    match (hosts.len(), rest) {
        (0, _) => None,
        (_, 0) => Some(shown),
        (_, rest) => Some(format!("{shown} and {rest} more")),
    }
}

fn add_card(route: &Route, facts: &Facts<'_>, boxes: &BTreeSet<String>, chart: &mut Chart) {
    let from: BTreeSet<String> = if route.fields.is_empty() {
        BTreeSet::from([UNKNOWN_FIELDS.to_owned()])
    } else {
        route.objects().into_iter().map(|object| node_of(object, boxes)).collect()
    };
    let title = match &route.purpose {
        Some(purpose) => format!("{}: {purpose}", route.name),
        None => route.name.clone(),
    };
    let mut lines = Vec::new();
    let held: Vec<&KnownField> = facts.phi.values().filter(|field| carries(route, field)).collect();
    if !route.fields.is_empty() {
        let kinds: BTreeSet<&str> = held.iter().filter_map(|field| field.identifier).collect();
        let rest = kinds.len().saturating_sub(4);
        let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        lines.push(match (held.len(), kinds.is_empty()) {
            (0, _) => "no field classified as patient data".to_owned(),
            (count, true) => plural(count, "field", "fields"),
            (count, false) => {
                format!("{}: {}{more}", plural(count, "field", "fields"), join(kinds.iter().take(4)))
            }
        });
    }
    let how = [
        route.transport.clone(),
        (!route.grounds.is_empty()).then(|| format!("ground {}", route.grounds.join(", "))),
    ];
    let how: Vec<String> = how.into_iter().flatten().collect();
    if !how.is_empty() {
        lines.push(how.join("; "));
    }
    chart.cards.push(Card {
        from: from.into_iter().collect(),
        to: vec![receiver_node(route)],
        standing: route.standing,
        title,
        lines,
    });
}

/// One box and one card for all addresses that nothing more is known of.
fn add_many(many: &[&Route], chart: &mut Chart) {
    let mut domains: BTreeMap<String, usize> = BTreeMap::new();
    for route in many {
        *domains.entry(domain(&route.receiver.name)).or_default() += 1;
    }
    let mut ranked: Vec<(&String, &usize)> = domains.iter().collect();
    ranked.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), name.as_str()));
    let mut lines: Vec<String> = ranked
        .iter()
        .take(DOMAINS)
        .map(|(name, count)| if **count == 1 { (*name).clone() } else { format!("{name} ({count})") })
        .collect();
    let rest = ranked.len().saturating_sub(DOMAINS);
    if rest > 0 {
        lines.push(format!("and {rest} more domains: see the table"));
    }
    let hosts: BTreeSet<&str> = many.iter().map(|route| route.receiver.id.as_str()).collect();
    let id = "strangers".to_owned();
    let title = plural(hosts.len(), "address", "addresses");
    let node = Node { id: id.clone(), title: title.clone(), lines };
    match chart.zones.iter_mut().find(|zone| zone.side == Side::Unknown) {
        Some(zone) => zone.nodes.push(node),
        None => chart.zones.push(Zone {
            side: Side::Unknown,
            title: "Not declared yet".to_owned(),
            note: "party, region and agreement unknown".to_owned(),
            nodes: vec![node],
        }),
    }
    let standing = many.iter().map(|route| route.standing).min().unwrap_or(Standing::Address);
    chart.cards.push(Card {
        from: vec![UNKNOWN_FIELDS.to_owned()],
        to: vec![id],
        standing,
        title: format!("{title} in the source"),
        lines: vec!["who runs them is not declared".to_owned()],
    });
}

/// `api.eu.northlab.example` is below `northlab.example`; under a two-part ending such as `.co.uk`, three parts
/// are taken.
fn domain(host: &str) -> String {
    let parts: Vec<&str> = host.split('.').filter(|part| *part != "*").collect();
    let two_part_ending = match parts.as_slice() {
        [.., second, last] => {
            last.len() == 2 && matches!(*second, "co" | "com" | "org" | "gov" | "ac" | "nhs" | "net")
        }
        _ => false,
    };
    let keep = if two_part_ending { 3 } else { 2 };
    let skip = parts.len().saturating_sub(keep);
    parts.into_iter().skip(skip).collect::<Vec<_>>().join(".")
}

fn describe(routes: &[Route], facts: &Facts<'_>) -> String {
    let objects: BTreeSet<&str> = facts.phi.values().map(|field| field.object.as_str()).collect();
    let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
    for route in routes {
        *counts.entry(route.standing).or_default() += 1;
    }
    let org =
        facts.policy.default_org().map_or_else(|| "The org".to_owned(), |org| format!("The org {}", org.id));
    let holds = format!("{org} holds patient data in {}.", plural(objects.len(), "object", "objects"));
    let flows = counts.iter().map(|(standing, count)| format!("{count} {}", standing.as_str()));
    let flows = flows.collect::<Vec<_>>().join("; ");
    let flows =
        if flows.is_empty() { "No flow is declared or found".to_owned() } else { format!("Flows: {flows}") };
    format!("{holds} {flows}. The table of flows says the same in words.")
}

#[cfg(test)]
mod tests;
