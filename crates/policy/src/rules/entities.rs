//! A case as a Cedar request, with only the entities that it touches.

use std::collections::BTreeMap;

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
};

use crate::bundle::party::Party;
use crate::decide::facts::{Case, Dimension, Target, Who};

/// Nothing where Cedar refuses to build it: then nothing is permitted.
pub(super) fn of(case: &Case<'_>) -> Option<(Request, Entities)> {
    let mut entities = Vec::new();
    let party = case.party;
    let principal = principal(case.who, &mut entities)?;
    let resource = field(case, &mut entities)?;
    if let Some(party) = party {
        entities.push(party_entity(party)?);
    }
    let context = context(case, party)?;
    let action = uid("Action", case.action.as_str())?;
    // Requests are built from the model alone, and a test validates every kind against the schema.
    let request = Request::new(principal, action, resource, context, None).ok()?;
    entities.sort_by_key(|entity: &Entity| entity.uid().to_string());
    entities.dedup_by_key(|entity| entity.uid());
    let entities = Entities::from_entities(entities, None).ok()?;
    Some((request, entities))
}

pub(super) fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    let kind: EntityTypeName = kind.parse().ok()?;
    Some(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn text(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}

fn texts<'t>(all: impl Iterator<Item = &'t str>) -> RestrictedExpression {
    RestrictedExpression::new_set(all.map(text))
}

fn entity(
    uid: EntityUid,
    attributes: Vec<(&str, RestrictedExpression)>,
    parents: Vec<EntityUid>,
) -> Option<Entity> {
    let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Entity::new(uid, attributes, parents.into_iter().collect()).ok()
}

fn party_entity(party: &Party) -> Option<Entity> {
    let attributes = vec![
        ("roles", texts(party.role.iter().map(|role| role.as_str()))),
        ("regions", texts(party.regions.iter().map(|region| region.as_str()))),
    ];
    entity(uid("Party", party.id.as_str())?, attributes, Vec::new())
}

fn principal(who: Who<'_>, entities: &mut Vec<Entity>) -> Option<EntityUid> {
    let (uid, attributes, parents) = match who {
        Who::Identity(identity) => {
            let attributes = vec![
                ("kind", text(identity.kind.as_str())),
                ("own", RestrictedExpression::new_bool(identity.party.is_none())),
                ("purposes", texts(identity.purposes.iter().map(|purpose| purpose.as_str()))),
            ];
            let parents: Option<Vec<EntityUid>> =
                identity.party.iter().map(|party| uid("Party", party.as_str())).collect();
            (uid("Identity", identity.id.as_str())?, attributes, parents?)
        }
        Who::Audience(audience) => {
            let attributes = vec![("kind", text(audience.kind.as_str()))];
            (uid("Audience", audience.id.as_str())?, attributes, Vec::new())
        }
        Who::Unknown => {
            let attributes = vec![
                ("kind", text("unknown")),
                ("own", RestrictedExpression::new_bool(false)),
                ("purposes", texts(std::iter::empty())),
            ];
            (uid("Identity", "")?, attributes, Vec::new())
        }
    };
    entities.push(entity(uid.clone(), attributes, parents)?);
    Some(uid)
}

fn field(case: &Case<'_>, entities: &mut Vec<Entity>) -> Option<EntityUid> {
    let field = case.field;
    let own = uid("Field", &field.name)?;
    let mut parents = vec![uid("Object", &field.object)?, uid("Class", field.class.as_str())?];
    for tag in &field.tags {
        parents.push(uid("Tag", tag.as_str())?);
    }
    let attributes = vec![
        ("class", text(field.class.as_str())),
        ("isPhi", RestrictedExpression::new_bool(field.class.is_phi())),
        ("isPersonal", RestrictedExpression::new_bool(field.class.is_personal())),
        ("identifier", text(field.identifier.map_or("", |identifier| identifier.as_str()))),
        ("protect", text(field.protect.as_str())),
        ("tags", texts(field.tags.iter().map(|tag| tag.as_str()))),
    ];
    entities.push(entity(own.clone(), attributes, parents)?);
    Some(own)
}

fn context(case: &Case<'_>, party: Option<&Party>) -> Option<Context> {
    let boolean = RestrictedExpression::new_bool;
    let number = RestrictedExpression::new_long;
    let (mut model, mut org) = ("", "");
    match &case.target {
        Some(Target::Model(target, _)) => model = target.id.as_str(),
        Some(Target::Org(target)) => org = target.id.as_str(),
        _ => {}
    }
    let grounds = case.flow.iter().flat_map(|flow| flow.ground.iter()).map(|ground| ground.value.as_str());
    let transport = case.flow.and_then(|flow| flow.transport.as_ref()).map_or("", |t| t.value.as_str());
    let mut pairs = BTreeMap::from([
        ("model", text(model)),
        ("org", text(org)),
        ("flow", text(case.flow.map_or("", |flow| flow.id.as_str()))),
        ("purpose", text(case.purpose.map_or("", |purpose| purpose.as_str()))),
        ("grounds", texts(grounds)),
        ("transport", text(transport)),
        ("declared", text(case.declared.as_str())),
        ("inMinimumSet", boolean(case.in_minimum_set)),
        ("minimumIsLaw", boolean(case.minimum_is_law)),
        ("purposeAllowed", boolean(case.purpose_allowed)),
        ("granted", boolean(case.granted)),
        ("day", number(case.at.as_second().div_euclid(86_400))),
        ("hour", number(case.at.as_second().rem_euclid(86_400) / 3600)),
    ]);
    for dimension in Dimension::ALL {
        pairs.insert(dimension.as_str(), text(case.facts.word(*dimension)));
    }
    if let Some(party) = party {
        let party = uid("Party", party.id.as_str())?;
        pairs.insert("party", RestrictedExpression::new_entity_uid(party));
    }
    if let Some(address) = case.network {
        pairs.insert("ip", RestrictedExpression::new_ip(address.to_string()));
    }
    if let Some(region) = case.subject_region {
        pairs.insert("subjectRegion", text(region.as_str()));
    }
    Context::from_pairs(pairs.into_iter().map(|(name, value)| (name.to_owned(), value))).ok()
}
