use std::collections::{BTreeMap, BTreeSet};

use access::Answer;
use policy::vocabulary::{Class, Protect};
use scan::{ClassifiedField, Evidence};

use super::prose::Prose;
use super::{Content, findings};
use crate::exposure::{Access as One, Crowd};
use crate::route::{self, Route, join};
use crate::status::plural;

const EXPOSED: usize = 50;
const WIDE: usize = 40;
const NAMES: usize = 6;
const ROUTES: usize = 60;
/// Objects whose fields stand open, where these are few; the others fold.
const OPEN: usize = 3;
const OPEN_ROWS: usize = 40;
/// Objects that the page lists.
const OBJECTS: usize = 60;
/// Beyond so many fields in all, an object shows its first ones only, so that the page opens on any machine.
const FIELDS: usize = 600;
const FIRST_FIELDS: usize = 10;

pub(super) struct Access {
    pub(super) wide: Vec<Wide>,
    pub(super) fields: Vec<Exposed>,
    pub(super) lead: String,
    /// Whether the org was asked who its users are.
    pub(super) is_asked: bool,
    pub(super) none: &'static str,
}

pub(super) struct Wide {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) org: String,
    pub(super) view: String,
    pub(super) modify: String,
    pub(super) fields: String,
}

pub(super) struct Exposed {
    pub(super) name: String,
    pub(super) holds: String,
    pub(super) readers: usize,
    pub(super) editors: usize,
    /// How many may read it: something that would say so is not in the source.
    pub(super) may: usize,
    pub(super) users: String,
    pub(super) names: String,
}

pub(super) fn access(content: &Content<'_>) -> Access {
    let exposure = content.exposure;
    let wide = exposure
        .wide
        .iter()
        .take(WIDE)
        .map(|wide| Wide {
            name: wide.holder.clone(),
            kind: with_licence(wide.kind, &wide.licence),
            org: if wide.org.is_empty() { "–".to_owned() } else { wide.org.join(", ") },
            view: some(&wide.view),
            modify: some(&wide.modify),
            fields: some(&wide.fields),
        })
        .collect();
    let reached: Vec<_> =
        exposure.fields.iter().filter(|exposed| exposed.by.iter().any(One::reads)).collect();
    let is_asked = exposure.fields.iter().any(|exposed| exposed.users.is_some());
    let fields = reached
        .iter()
        .take(EXPOSED)
        .map(|exposed| {
            let readers: Vec<&One> = exposed.by.iter().filter(|access| access.reads()).collect();
            let names = readers.iter().map(|access| match access.crowd {
                Crowd::Guests => format!("{} (guests)", access.holder),
                Crowd::Portal => format!("{} (portal)", access.holder),
                Crowd::Staff => access.holder.clone(),
            });
            let rest = readers.len().saturating_sub(NAMES);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            Exposed {
                name: exposed.field.name(),
                holds: exposed.field.holds(),
                users: exposed.users.map_or_else(|| "unknown".to_owned(), |users| users.to_string()),
                readers: readers.len(),
                editors: exposed.by.iter().filter(|access| access.edits()).count(),
                may: exposed.by.iter().filter(|access| access.read == Answer::Unknown).count(),
                names: format!("{}{more}", join(names.take(NAMES))),
            }
        })
        .collect();
    let shown = reached.len().min(EXPOSED);
    Access {
        wide,
        fields,
        is_asked,
        lead: format!(
            "{} in the source read {} of {} with patient data; the table shows the {shown} most exposed.",
            plural(
                exposure.holders,
                "profile, permission set or group",
                "profiles, permission sets and groups"
            ),
            reached.len(),
            plural(exposure.fields.len(), "field", "fields"),
        ),
        none: match (exposure.holders, exposure.fields.len()) {
            (0, _) => "No profile and no permission set is in the source, so who sees what is unknown.",
            (_, 0) => "No field with patient data was found, so there is nothing to show here.",
            _ => {
                "No profile, permission set or group in the source surely reads a field with patient data. Who sees them is unknown."
            }
        },
    }
}

fn with_licence(kind: &str, licence: &str) -> String {
    if licence.is_empty() { kind.to_owned() } else { format!("{kind}, licence {licence}") }
}

fn some(names: &[String]) -> String {
    let rest = names.len().saturating_sub(NAMES);
    match (names.len(), rest) {
        (0, _) => "–".to_owned(),
        (_, 0) => names.join(", "),
        (_, rest) => format!("{} and {rest} more", join(names.iter().take(NAMES))),
    }
}

pub(super) struct Flows {
    pub(super) lead: String,
    pub(super) picture: String,
    pub(super) rows: Vec<Flow>,
    pub(super) more: usize,
    pub(super) record: String,
}

pub(super) struct Flow {
    pub(super) name: String,
    pub(super) place: String,
    pub(super) standing: &'static str,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) purpose: String,
    pub(super) agreements: String,
}

pub(super) fn flows(content: &Content<'_>, picture: String) -> Flows {
    let routes = content.routes;
    let declared = routes.iter().filter(|route| route.is_declared()).count();
    let addresses = routes.iter().filter(|route| route.standing == crate::diagram::Standing::Address).count();
    let found = routes.len() - declared - addresses;
    Flows {
        lead: format!(
            "{} declared in the bundle, {} found in the source beyond that, and {} that nothing more is known of. A \
             dashed border is a trust boundary; how a flow is known is written on it.",
            plural(declared, "flow is", "flows are"),
            plural(found, "flow", "flows"),
            plural(addresses, "address", "addresses"),
        ),
        picture,
        rows: routes.iter().take(ROUTES).map(|route| flow(route, content)).collect(),
        more: routes.len().saturating_sub(ROUTES),
        record: format!(
            "A draft of the record of processing that GDPR Art. 30(1) asks for, one row a flow, is filled in from the \
             bundle; {} in it read “unknown” and say what to fill in:",
            plural(content.open_cells, "cell", "cells")
        ),
    }
}

fn flow(route: &Route, content: &Content<'_>) -> Flow {
    let unknown = || "unknown".to_owned();
    let to = if route.receiver.regions.is_empty() {
        format!("{} ({}, region unknown)", route.receiver.name, route.receiver.kind.words())
    } else {
        format!(
            "{} ({}, {})",
            route.receiver.name,
            route.receiver.kind.words(),
            route.receiver.regions.join(", ")
        )
    };
    let ground = if route.grounds.is_empty() { unknown() } else { route.grounds.join(", ") };
    let agreements = route::agreements(&route.receiver, content.audit.policy, content.audit.today);
    let seen = route.seen.len().saturating_sub(1);
    let place = route.seen.iter().next().map(|(_, place)| match seen {
        0 => place.clone(),
        more => format!("{place} and {more} more"),
    });
    Flow {
        name: route.name.clone(),
        place: place.unwrap_or_default(),
        standing: route.standing.as_str(),
        from: if route.fields.is_empty() { unknown() } else { some(&route.fields) },
        to,
        purpose: match &route.purpose {
            Some(purpose) => {
                let transport = route.transport.as_deref().unwrap_or("unknown");
                format!("{purpose}; ground: {ground}; by {transport}")
            }
            None => unknown(),
        },
        agreements: if agreements.is_empty() { "none on file".to_owned() } else { agreements.join("; ") },
    }
}

pub(super) struct Data<'r> {
    pub(super) lead: String,
    pub(super) objects: Vec<Object<'r>>,
    /// What the page leaves to the table; empty where it leaves nothing.
    pub(super) more: String,
}

pub(super) struct Object<'r> {
    pub(super) name: &'r str,
    pub(super) counts: String,
    pub(super) whose: String,
    pub(super) open: bool,
    pub(super) rows: Vec<Field<'r>>,
    pub(super) more: usize,
}

pub(super) struct Field<'r> {
    pub(super) field: &'r str,
    pub(super) class: Class,
    pub(super) identifier: &'static str,
    pub(super) encrypted: String,
    pub(super) confidence: &'static str,
    pub(super) reason: Prose,
}

pub(super) fn data<'r>(content: &Content<'r>) -> Data<'r> {
    let policy = content.audit.policy;
    let mut by_object: BTreeMap<&str, Vec<&'r ClassifiedField>> = BTreeMap::new();
    for field in content.audit.report.fields.iter().filter(|field| field.verdict.is_phi()) {
        by_object.entry(&field.object).or_default().push(field);
    }
    let mut objects: Vec<(&str, Vec<&'r ClassifiedField>)> = by_object.into_iter().collect();
    objects.sort_by_key(|(name, fields)| (std::cmp::Reverse(fields.len()), *name));
    let total: usize = objects.iter().map(|(_, fields)| fields.len()).sum();
    let encrypted = objects.iter().flat_map(|(_, fields)| fields).filter(|field| field.encrypted).count();
    let absent: BTreeSet<String> = content
        .exposure
        .fields
        .iter()
        .map(|exposed| exposed.field.name())
        .filter(|name| {
            !objects
                .iter()
                .flat_map(|(_, fields)| fields)
                .any(|field| format!("{}.{}", field.object, field.field).eq_ignore_ascii_case(name))
        })
        .collect();
    let absent = match absent.len() {
        0 => String::new(),
        count => format!(
            " The bundle names {count} more that the source does not hold: {}.",
            some(&absent.into_iter().collect::<Vec<_>>())
        ),
    };
    let few = if total > FIELDS { FIRST_FIELDS } else { FIELDS };
    let mut shown = Vec::new();
    let all = objects.len();
    for (at, (name, fields)) in objects.into_iter().take(OBJECTS).enumerate() {
        let count = fields.len();
        let rows: Vec<Field<'r>> = fields.iter().take(few).map(|field| field_row(field, content)).collect();
        let whose = policy.object(name).and_then(|rule| rule.subject.as_ref());
        shown.push(Object {
            name,
            counts: format!(
                "{}, {} encrypted",
                plural(count, "field", "fields"),
                fields.iter().filter(|field| field.encrypted).count()
            ),
            whose: match whose {
                Some(path) => format!("Whose data: {}.", findings::subject_words(path.as_str())),
                None => "Whose data: not declared in the bundle.".to_owned(),
            },
            open: at < OPEN && count <= OPEN_ROWS,
            more: count - rows.len(),
            rows,
        });
    }
    let more = match all - shown.len() {
        0 => String::new(),
        rest => format!("and {} in", plural(rest, "more object", "more objects")),
    };
    Data {
        lead: format!(
            "{} of {} hold patient data; Shield Platform Encryption is on for {encrypted} of them in the source.{absent}",
            plural(total, "field", "fields"),
            plural(all, "object", "objects"),
        ),
        objects: shown,
        more,
    }
}

fn field_row<'r>(field: &'r ClassifiedField, content: &Content<'r>) -> Field<'r> {
    let asked = content.audit.policy.class_of(&field.object, &field.field).map(|said| said.protect);
    let encrypted = match (field.encrypted, asked) {
        (true, _) => "yes, by Shield".to_owned(),
        (false, Some(Protect::Gateway)) => "not by Shield; the bundle asks for the gateway".to_owned(),
        (false, Some(Protect::Platform | Protect::Both)) => "no; the bundle asks for it".to_owned(),
        (false, Some(Protect::None)) => "no; the bundle does not ask for it".to_owned(),
        (false, None) => "no".to_owned(),
    };
    let by = match field.verdict.evidence {
        Evidence::Bundle => "bundle",
        Evidence::Tag => "the org's tag",
        Evidence::Catalogue => "catalogue",
        Evidence::Name => "name",
        Evidence::Formula => "formula",
        Evidence::Relation => "record",
        Evidence::Words => "words",
    };
    Field {
        field: &field.field,
        class: field.verdict.class,
        identifier: field.verdict.identifier.map_or("–", |identifier| identifier.as_str()),
        encrypted,
        confidence: field.verdict.confidence.as_str(),
        reason: Prose::new(&format!("{by}: {}", field.verdict.reason)),
    }
}
