//! The draft record of processing: GDPR Art. 30(1)(a) to (g), one row a flow, and one for keeping the data in the
//! org. What the bundle does not say reads "unknown" with what to fill in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use policy::Policy;
use policy::bundle::agreement::Agreement;
use policy::bundle::organisation::Org;
use policy::vocabulary::{AgreementKind, Regime, Region, Transfer};
use scan::{KnownField, Report};

use crate::route::{self, Kind, Route, join};
use csv::Csv;

const HEADER: [&str; 13] = [
    "Processing",
    "State",
    "(a) Controller, contact, joint controller, representative, data protection officer",
    "(b) Purposes",
    "Lawful ground",
    "(c) Categories of data subjects",
    "(c) Categories of personal data",
    "(d) Recipients",
    "(e) Transfers to third countries",
    "(e) Safeguards of the transfer",
    "(f) Time limits for erasure",
    "(g) Security measures",
    "Where it is said or seen",
];

/// The table, and how many of its cells are unknown.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) rows: Vec<Vec<String>>,
    pub(crate) open: usize,
}

impl Record {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut csv = Csv::new(&HEADER);
        for row in &self.rows {
            csv.row(row);
        }
        csv.into_bytes()
    }
}

/// What is asked of everything that a row is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'r> {
    pub(crate) report: &'r Report,
    pub(crate) policy: &'r Policy,
    pub(crate) phi: &'r BTreeMap<String, KnownField>,
    pub(crate) today: Date,
}

pub(crate) fn of(routes: &[Route], facts: Facts<'_>) -> Record {
    let mut rows = vec![keeping(facts)];
    // An address that nothing is known to go to is no processing yet.
    let flows = routes.iter().filter(|route| route.standing != crate::diagram::Standing::Address);
    rows.extend(flows.map(|route| row(route, facts)));
    let open = rows.iter().flatten().filter(|cell| cell.contains("unknown:")).count();
    Record { rows, open }
}

fn controller(policy: &Policy) -> String {
    match policy.organisation() {
        Some(organisation) => {
            let roles = join(organisation.roles.iter());
            let roles = if roles.is_empty() { String::new() } else { format!(" ({roles})") };
            format!(
                "{}{roles}; unknown: fill in the address, and the contact of the data protection officer, the joint \
                 controller and the representative where there are any",
                organisation.name
            )
        }
        None => "unknown: fill in name and contact of the controller, and of the data protection officer"
            .to_owned(),
    }
}

/// Storage in the org is processing of its own.
fn keeping(facts: Facts<'_>) -> Vec<String> {
    let Facts { report, policy, phi, .. } = facts;
    let fields: Vec<&KnownField> = phi.values().collect();
    let encrypted = report.fields.iter().filter(|field| field.verdict.is_phi() && field.encrypted).count();
    let org = policy.default_org();
    let place = org.and_then(|org| org.region.as_ref()).map(ToString::to_string);
    let (transfer, safeguard) = org.map_or_else(unknown_transfer, |org| {
        transfer(&instruments(&org.agreements, facts.today), place.clone().into_iter().collect(), org, facts)
    });
    vec![
        format!(
            "Keeping records in the Salesforce org{}",
            org.map_or(String::new(), |org| format!(" {}", org.id))
        ),
        "found in the source".to_owned(),
        controller(policy),
        "unknown: fill in why the records are kept".to_owned(),
        "unknown: fill in the lawful ground of keeping them".to_owned(),
        subjects(&fields, policy),
        categories(&fields),
        match org.map(|org| route::agreement_list(&org.agreements, facts.today)) {
            Some(agreements) if !agreements.is_empty() => {
                format!("Salesforce, as processor ({})", agreements.join("; "))
            }
            _ => "Salesforce, as processor; unknown: no agreement with Salesforce is on file, fill it in"
                .to_owned(),
        },
        transfer,
        safeguard,
        time_limits(policy),
        format!(
            "Shield Platform Encryption on {encrypted} of {} fields with patient data in the source; unknown: fill in \
             access control, logging and backup of the org",
            report.fields.iter().filter(|field| field.verdict.is_phi()).count()
        ),
        format!("source {}", report.source_digest),
    ]
}

fn row(route: &Route, facts: Facts<'_>) -> Vec<String> {
    let Facts { policy, phi, .. } = facts;
    let fields: Vec<&KnownField> = phi.values().filter(|field| carries(route, field)).collect();
    let unknown_fields = route.fields.is_empty();
    let known_org = policy.default_org();
    let (transfer, safeguard) = known_org.map_or_else(unknown_transfer, |org| {
        let agreements = route::agreements_of(&route.receiver, policy);
        transfer(&instruments(agreements, facts.today), route.receiver.regions.clone(), org, facts)
    });
    let agreements = route::agreements(&route.receiver, policy, facts.today);
    let recipients = match agreements.as_slice() {
        [] if matches!(route.receiver.kind, Kind::Party | Kind::Model | Kind::Org) => {
            format!("{}; unknown: no agreement is on file, fill in or conclude one", route.receiver.name)
        }
        [] if matches!(route.receiver.kind, Kind::Host | Kind::UnknownModel | Kind::Package) => {
            format!("unknown: find out who runs {}, and declare them in parties.yaml", route.receiver.name)
        }
        [] => route.receiver.name.clone(),
        some => format!("{} ({})", route.receiver.name, some.join("; ")),
    };
    vec![
        route.name.clone(),
        route.standing.as_str().to_owned(),
        controller(policy),
        route
            .purpose
            .clone()
            .unwrap_or_else(|| "unknown: declare the flow with its purpose, or stop it".to_owned()),
        if route.grounds.is_empty() {
            "unknown: fill in the lawful ground (Art. 6, and Art. 9 for health data)".to_owned()
        } else {
            route.grounds.join(", ")
        },
        if unknown_fields {
            "unknown: find out which fields go".to_owned()
        } else {
            subjects(&fields, policy)
        },
        if unknown_fields {
            "unknown: find out which fields go".to_owned()
        } else {
            let names = route.fields.join(", ");
            format!("{} ({names})", categories(&fields))
        },
        recipients,
        transfer,
        safeguard,
        time_limits(policy),
        match &route.transport {
            Some(transport) => {
                format!("sent by {transport}; unknown: fill in the receiver's measures (Art. 32)")
            }
            None => "unknown: fill in how it is sent and the receiver's measures (Art. 32)".to_owned(),
        },
        {
            let declared = route.is_declared().then(|| format!("declared as {}", route.name));
            let seen = route.seen.iter().map(|(_, place)| place.clone());
            join(declared.into_iter().chain(seen))
        },
    ]
}

/// Whether a flow's fields name this one.
pub(crate) fn carries(route: &Route, field: &KnownField) -> bool {
    route.fields.iter().any(|own| {
        let (object, name) = own.split_once('.').unwrap_or((own, "*"));
        object.eq_ignore_ascii_case(&field.object) && (name == "*" || name.eq_ignore_ascii_case(&field.field))
    })
}

/// Whose data it is, by the objects that the bundle joins to a person.
fn subjects(fields: &[&KnownField], policy: &Policy) -> String {
    let objects: BTreeSet<&str> = fields.iter().map(|field| field.object.as_str()).collect();
    let mut patients = BTreeSet::new();
    let mut open = BTreeSet::new();
    for object in objects {
        match policy.object(object).and_then(|rule| rule.subject.as_ref()) {
            Some(_) => patients.insert(object),
            None => open.insert(object),
        };
    }
    let regions = join(policy.regions().iter());
    let regions = if regions.is_empty() { String::new() } else { format!(" in {regions}") };
    match (patients.is_empty(), open.is_empty()) {
        (_, true) if !patients.is_empty() => format!("patients{regions} ({})", join(patients.iter())),
        (true, _) => "unknown: fill in whose data it is (patients, relatives, staff)".to_owned(),
        _ => format!(
            "patients{regions} ({}); unknown: fill in whose data is in {}",
            join(patients.iter()),
            join(open.iter())
        ),
    }
}

/// Kinds of data, in the words of the identifiers.
pub(crate) fn categories(fields: &[&KnownField]) -> String {
    if fields.is_empty() {
        return "unknown: none of the fields is classified, fill in what they hold".to_owned();
    }
    let mut kinds: BTreeSet<&str> = BTreeSet::new();
    for field in fields {
        kinds.insert(field.identifier.unwrap_or("unspecified"));
    }
    let sensitive = fields.iter().any(|field| field.class == policy::vocabulary::Class::PhiSensitive);
    let special = if sensitive { "; with law of its own beyond Art. 9" } else { "" };
    format!("data concerning health, Art. 9: {}{special}", join(kinds.iter()))
}

/// What the agreements that hold on a day name as ground of a transfer. Standard contractual clauses on file are one
/// without saying so, as for `decide`.
fn instruments(agreements: &[Agreement], today: Date) -> Vec<Transfer> {
    let live = agreements.iter().filter(|agreement| agreement.live(today));
    live.filter_map(|agreement| {
        let said = agreement.transfer.as_ref().map(|transfer| transfer.value);
        match said {
            None | Some(Transfer::NoneNeeded) if agreement.kind.value == AgreementKind::Scc => {
                Some(Transfer::Scc)
            }
            said => said,
        }
    })
    .collect()
}

fn unknown_transfer() -> (String, String) {
    let unknown = "unknown: declare the org, its region and its people in orgs.yaml".to_owned();
    (unknown.clone(), unknown)
}

/// Whether data of people under the GDPR goes where it does not hold, and on what (Chapter V).
fn transfer(instruments: &[Transfer], to: Vec<String>, org: &Org, facts: Facts<'_>) -> (String, String) {
    let subjects: Vec<&Region> = match &org.subjects {
        Some(subjects) => subjects.iter().map(|region| &region.value).collect(),
        None => facts.policy.regions().iter().map(|region| &region.value).collect(),
    };
    let regimes: BTreeSet<Regime> = subjects.iter().map(|region| region.regime()).collect();
    let bound = regimes.iter().any(|regime| *regime != Regime::Other);
    if subjects.is_empty() {
        let unknown = "unknown: fill in the regions of the people whose data it is".to_owned();
        return (unknown.clone(), unknown);
    }
    if !bound {
        return (
            format!("none by the GDPR: data of people in {} only", join(subjects.iter())),
            "none needed".to_owned(),
        );
    }
    if to.is_empty() {
        return (
            "unknown: fill in where the recipient processes, remote access included".to_owned(),
            "unknown: depends on where the recipient processes".to_owned(),
        );
    }
    let outside: Vec<&String> =
        to.iter().filter(|name| !facts.policy_region_within(name, &regimes)).collect();
    if outside.is_empty() {
        return (format!("none: processed in {}", to.join(", ")), "none needed".to_owned());
    }
    let safeguard = match instruments.iter().find(|one| **one != Transfer::NoneNeeded) {
        Some(Transfer::Adequacy) => "adequacy decision, Art. 45".to_owned(),
        Some(Transfer::Scc) => "standard contractual clauses, Art. 46(2)(c)".to_owned(),
        Some(Transfer::Bcr) => "binding corporate rules, Art. 47".to_owned(),
        Some(Transfer::Derogation) => "derogation, Art. 49; record which, Art. 49(6)".to_owned(),
        Some(Transfer::NoneNeeded) | None => {
            "unknown: no live transfer instrument is on file; fill in or conclude one (Chapter V)".to_owned()
        }
    };
    (format!("to {}", join(outside.iter())), safeguard)
}

impl Facts<'_> {
    /// Whether the law that binds the people's data also holds at the place. A place that the bundle spells in no
    /// way we know is taken to be outside.
    fn policy_region_within(&self, name: &str, regimes: &BTreeSet<Regime>) -> bool {
        let known = self
            .policy
            .regions()
            .iter()
            .map(|region| &region.value)
            .chain(
                self.policy.orgs().iter().filter_map(|org| org.region.as_ref()).map(|region| &region.value),
            )
            .chain(
                self.policy
                    .parties()
                    .iter()
                    .flat_map(|party| party.regions.iter())
                    .map(|region| &region.value),
            )
            .chain(
                self.policy
                    .models()
                    .iter()
                    .filter_map(|model| model.region.as_ref())
                    .map(|region| &region.value),
            );
        let mut found = known.filter(|region| region.as_str() == name);
        found.next().is_some_and(|region| {
            regimes.iter().filter(|regime| **regime != Regime::Other).all(|regime| region.regime() == *regime)
        })
    }
}

fn time_limits(policy: &Policy) -> String {
    let limits: Vec<String> = policy
        .retention()
        .iter()
        .filter_map(|rule| {
            let ceiling = rule.ceiling.as_ref().map(|limit| format!("{} at most {}", rule.what, limit.value));
            let floor = rule.floor.as_ref().map(|limit| format!("{} at least {}", rule.what, limit.value));
            ceiling.or(floor)
        })
        .collect();
    let asked = "unknown: fill in when these records are erased";
    if limits.is_empty() {
        asked.to_owned()
    } else {
        format!("{asked}; the bundle says: {}", limits.join(", "))
    }
}

#[cfg(test)]
mod tests;
