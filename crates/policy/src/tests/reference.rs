//! The answer, written a second time from the law and the bundle format, plainly and apart from the engine:
//! no Cedar, no tables, no lanes. Compared with the engine on every case of a small world.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::date;
use source::Source;

use crate::bundle::agreement::Agreement;
use crate::bundle::flow::RegionRule;
use crate::vocabulary::{
    Action, AgreementKind, Class, Ground, Identifier, PartyRole, Purpose, Regime, Region, Tag, Transfer,
};
use crate::{
    AskedField, Authorisation, Consent, Days, Decision, Policy, Request, Restriction, Scope, Standing, Tls,
    decide, decide_raw, read,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Yes,
    /// It depends.
    Open,
    No,
}
use Answer::{No, Open, Yes};

/// No where one says no; else open where one is open.
fn all(answers: &[Answer]) -> Answer {
    answers.iter().copied().max().unwrap_or(Yes)
}

/// Yes where one says yes; else open where one is open.
fn any(answers: &[Answer]) -> Answer {
    answers.iter().copied().min().unwrap_or(No)
}

fn yes(condition: bool) -> Answer {
    if condition { Yes } else { No }
}

/// A question that the person's own region decides: each region that they can have must agree.
fn wherever(regions: &[Region], ask: impl Fn(&Region) -> Answer) -> Answer {
    let answers: BTreeSet<Answer> = regions.iter().map(ask).collect();
    match answers.len() {
        1 => *answers.first().unwrap(),
        _ => Open,
    }
}

/// Whether a `send` over one declared flow is allowed, for one field.
fn reference(policy: &Policy, standing: &Standing, request: &Request, flow: &str) -> Answer {
    let flow = policy.flow(flow).unwrap();
    let party = policy.party(flow.to.as_str()).unwrap();
    let asked = &request.fields[0];
    let field = policy.class_of(&asked.object, &asked.field).unwrap();
    let today = date(2026, 11, 21);
    let purpose = flow.purpose.value;
    let who = policy.identity(request.who.as_deref().unwrap()).unwrap();
    if field.class == Class::Public {
        return Yes;
    }
    let in_set = flow.from.iter().any(|own| own.value.matches(&asked.object, &asked.field));
    if !in_set {
        return No;
    }
    if field.class == Class::Internal {
        return Yes;
    }
    let regions: Vec<Region> = match &request.subject.region {
        Some(region) => vec![region.clone()],
        None => policy.regions().iter().map(|region| region.value.clone()).collect(),
    };
    let european = |region: &Region| region.regime() != Regime::Other;
    let phi = matches!(field.class, Class::Phi | Class::PhiSensitive);
    let subject = request.subject.pseudonym.as_deref();
    let in_scope = |scope: &Scope| {
        scope.parties.as_ref().is_none_or(|all| all.contains(&party.id.to_string()))
            && scope.purposes.as_ref().is_none_or(|all| all.contains(&purpose))
            && scope.classes.as_ref().is_none_or(|all| all.contains(&field.class))
    };
    let covers = |one: &Agreement| {
        one.effective.value <= today
            && one.expires.as_ref().is_none_or(|last| today <= last.value)
            && one.purposes.as_ref().is_none_or(|all| all.value.iter().any(|p| p.value == purpose))
            && one.classes.as_ref().is_none_or(|all| all.value.iter().any(|c| c.value == field.class))
    };
    let has = |kind: AgreementKind| party.agreements.iter().any(|one| one.kind.value == kind && covers(one));
    let role = |role: PartyRole| party.role.iter().any(|own| own.value == role);
    let authorised = match subject {
        Some(own) if standing.authorisations.iter().any(|a| a.subject == own && in_scope(&a.scope)) => Yes,
        _ if standing.is_complete() => No,
        _ => Open,
    };
    let consented = match subject {
        Some(own) if standing.consents.iter().any(|c| c.subject == own && in_scope(&c.scope)) => Yes,
        _ if standing.is_complete() => No,
        _ => Open,
    };
    let law = flow.law.is_some();
    let grounds: Vec<Ground> = flow.ground.iter().map(|ground| ground.value).collect();
    let prove = |ground: &Ground| match *ground {
        Ground::Baa => yes(has(AgreementKind::Baa)),
        Ground::TreatmentProvider => yes(purpose == Purpose::Treatment && role(PartyRole::Provider)),
        Ground::Authorisation => authorised,
        Ground::RequiredByLaw => yes(law && purpose == Purpose::RequiredByLaw),
        Ground::Individual => match request.subject.is_receiver {
            Some(true) => Yes,
            Some(false) => authorised,
            None => any(&[authorised, Open]),
        },
        Ground::LimitedDataSet => {
            let purposes = [Purpose::Research, Purpose::PublicHealth, Purpose::Operations];
            let stays = [Identifier::Clinical, Identifier::Date, Identifier::Other];
            let fine = field.identifier.is_some_and(|identifier| stays.contains(&identifier));
            yes(purposes.contains(&purpose) && fine && has(AgreementKind::Dua))
        }
        other => panic!("{other}"),
    };
    let hipaa: Vec<Answer> =
        grounds.iter().filter(|ground| !ground.as_str().starts_with("gdpr")).map(prove).collect();
    let gdpr_named = |article: &str| flow.ground.iter().any(|g| g.value.as_str().starts_with(article));
    let gdpr = {
        let conditions = flow.ground.iter().all(|ground| match ground.value {
            Ground::Gdpr9_2H => {
                [Purpose::Treatment, Purpose::Operations, Purpose::Payment].contains(&purpose)
            }
            Ground::Gdpr6_1C => law,
            _ => true,
        });
        yes(gdpr_named("gdpr-6") && (gdpr_named("gdpr-9") || !phi) && conditions)
    };
    let processor = role(PartyRole::Processor);
    let ground = wherever(&regions, |region| {
        let special = field.tags.contains(&Tag::Psychotherapy) || purpose == Purpose::Marketing;
        // 45 CFR 164.508(a)(2) and (3): no agreement and no other ground stands in for these.
        let signed = grounds.iter().filter(|ground| match ground {
            Ground::Authorisation | Ground::Individual => true,
            Ground::RequiredByLaw => purpose == Purpose::RequiredByLaw,
            _ => false,
        });
        if european(region) {
            let basis = if gdpr_named("gdpr") || !processor { gdpr } else { Yes };
            let other = if hipaa.is_empty() || !phi { Yes } else { any(&hipaa) };
            all(&[basis, other])
        } else if phi && special {
            any(&signed.map(prove).collect::<Vec<_>>())
        } else if phi {
            any(&hipaa)
        } else if hipaa.is_empty() {
            gdpr
        } else {
            Yes
        }
    });
    let dpa = wherever(&regions, |region| yes(!european(region) || !processor || has(AgreementKind::Dpa)));
    let places: Vec<Region> = party.regions.iter().map(|region| region.value.clone()).collect();
    let instrument = party.agreements.iter().any(|one| {
        let live =
            one.effective.value <= today && one.expires.as_ref().is_none_or(|last| today <= last.value);
        let carries = one.transfer.as_ref().is_some_and(|t| t.value != Transfer::NoneNeeded);
        live && (carries || one.kind.value == AgreementKind::Scc)
    });
    let transfer = wherever(&regions, |region| {
        let leaves = places.iter().any(|place| place.regime() != region.regime());
        yes(!european(region) || !leaves || instrument)
    });
    let within =
        |allowed: &dyn Fn(&Region) -> bool| match places.iter().filter(|place| allowed(place)).count() {
            count if count == places.len() => Yes,
            0 => No,
            _ => Open,
        };
    let place = match flow.region.as_ref().map(|rule| &rule.value) {
        Some(RegionRule::Any) => Yes,
        Some(RegionRule::In(list)) => within(&|place| list.iter().any(|own| place.within(&own.value))),
        _ => wherever(&regions, |region| within(&|place| place.within(region))),
    };
    let restricted = match subject {
        _ if [Purpose::RequiredByLaw, Purpose::PublicHealth, Purpose::IndividualAccess]
            .contains(&purpose) =>
        {
            Yes
        }
        Some(own) if standing.restrictions.iter().any(|r| r.subject == own && in_scope(&r.scope)) => No,
        _ if standing.is_complete() => Yes,
        _ => Open,
    };
    let objection = match (purpose, standing.is_complete()) {
        (Purpose::Marketing, false) => Open,
        _ => Yes,
    };
    let part2 = field.tags.contains(&Tag::Part2)
        && !(flow.has_ground(Ground::Baa) && has(AgreementKind::Baa))
        && !flow.has_ground(Ground::Individual);
    let by_consent = flow.has_ground(Ground::Gdpr6_1A) || flow.has_ground(Ground::Gdpr9_2A);
    let consent = match (part2, by_consent && regions.iter().any(european)) {
        (true, _) => consented,
        (false, true) if regions.iter().all(european) || consented == Yes => consented,
        (false, true) => Open,
        (false, false) => Yes,
    };
    let blocked = if standing.is_complete() { Yes } else { Open };
    let purposes = yes(who.purposes.iter().any(|own| own.value == purpose));
    let tls = match request.tls {
        None => Open,
        Some(Tls::V1_2 | Tls::V1_3) => Yes,
        Some(_) => No,
    };
    all(&[ground, dpa, transfer, place, restricted, objection, consent, blocked, purposes, tls])
}

const GROUNDS: &[(&str, &str, &str)] = &[
    ("baa", "baa", "operations"),
    ("treat", "treatment-provider", "treatment"),
    ("auth", "authorisation", "research"),
    ("law", "required-by-law", "required-by-law"),
    ("self", "individual", "individual-access"),
    ("lds", "limited-data-set", "research"),
    ("gdpr", "[gdpr-6-1-b, gdpr-9-2-h]", "treatment"),
    ("consent", "[baa, gdpr-6-1-a, gdpr-9-2-a]", "operations"),
    ("mixed", "[baa, gdpr-6-1-c]", "operations"),
    ("ads", "baa", "marketing"),
    ("pair", "[baa, authorisation]", "operations"),
    ("either", "[baa, individual]", "treatment"),
    ("signed", "[baa, authorisation]", "research"),
    ("promo", "[baa, authorisation, individual]", "marketing"),
    ("duty", "[baa, required-by-law]", "required-by-law"),
    ("both", "[baa, treatment-provider]", "treatment"),
];

const AGREEMENTS: &[(&str, &str)] = &[
    ("none", ""),
    (
        "live",
        "{kind: baa, effective: 2025-01-01}, {kind: dua, effective: 2025-01-01}, {kind: dpa, effective: 2025-01-01, transfer: scc}",
    ),
    (
        "old",
        "{kind: baa, effective: 2020-01-01, expires: 2024-01-01}, {kind: dpa, effective: 2020-01-01, expires: 2024-01-01}",
    ),
    (
        "other",
        "{kind: baa, effective: 2025-01-01, purposes: [payment]}, {kind: dpa, effective: 2025-01-01, classes: [pii]}",
    ),
    (
        "next",
        "{kind: baa, effective: 2027-01-01}, {kind: dpa, effective: 2025-01-01, purposes: [operations]}",
    ),
];

const PARTIES: &[(&str, &str, &str)] = &[
    ("ba", "[business-associate]", "[us]"),
    ("proc", "[business-associate, processor]", "[eu]"),
    ("doc", "[provider]", "[us, eu]"),
];

const FIELDS: &[(&str, &str)] = &[
    ("Ssn__c", "{class: phi, identifier: ssn}"),
    ("Code__c", "{class: phi, identifier: clinical}"),
    ("Notes__c", "{class: phi-sensitive, identifier: clinical, tags: [psychotherapy]}"),
    ("Substance__c", "{class: phi-sensitive, tags: [part2]}"),
    ("Email__c", "{class: pii, identifier: email}"),
    ("Queue__c", "{class: internal}"),
    ("Site__c", "{class: public}"),
    ("Extra__c", "{class: phi, identifier: clinical}"),
];

/// Every party with every ground and region rule.
fn world(region_rule: &str, own: &str) -> (Policy, Vec<String>) {
    let mut text = String::from(
        "version: 1\norganisation: {name: W, roles: [covered-entity, controller]}\nregions: [us, eu]\n\
         identities: [{id: sync, kind: integration, purposes: [operations, treatment, research, \
         required-by-law, individual-access, marketing]}]\nobjects:\n  P:\n    subject: self\n    fields:\n",
    );
    for (name, rule) in FIELDS {
        writeln!(text, "      {name}: {rule}").unwrap();
    }
    text.push_str("parties:\n");
    let mut flows = String::from("flows:\n");
    let mut ids = Vec::new();
    for (party, roles, regions) in PARTIES {
        for (agreed, agreements) in AGREEMENTS {
            writeln!(
                text,
                "  - {{id: {party}-{agreed}, role: {roles}, regions: {regions}, agreements: [{agreements}]}}"
            )
            .unwrap();
            for (name, ground, purpose) in GROUNDS {
                let id = format!("{party}-{agreed}-{name}");
                // `Extra__c` is in nobody's minimum set.
                let from = "P.Ssn__c, P.Code__c, P.Notes__c, P.Substance__c, P.Email__c, P.Queue__c";
                let law = if ["law", "duty"].contains(name) { ", law: \"45 CFR 164.512(a)\"" } else { "" };
                writeln!(flows, "  - {{id: {id}, from: [{from}], to: {party}-{agreed}, by: sync, purpose: {purpose}, ground: {ground}, region: {region_rule}{law}}}").unwrap();
                ids.push(id);
            }
        }
    }
    text.push_str(&flows);
    let mut files = vec![Source::new("phiward.yaml", text)];
    if !own.is_empty() {
        files.push(Source::new("access/own.cedar", own));
    }
    let (policy, problems) = read(files);
    assert!(policy.enforceable().is_some(), "{problems:#?}");
    (policy, ids)
}

fn standings() -> Vec<Standing> {
    let days = Days { from: date(2026, 1, 1), until: None };
    let mut signed = Standing::known();
    signed.authorisations.push(Authorisation {
        id: "j1".into(),
        subject: "p1".into(),
        scope: Scope { purposes: Some(vec![Purpose::Research]), ..Scope::default() },
        days,
        revoked: None,
    });
    signed.consents.push(Consent {
        id: "j2".into(),
        subject: "p1".into(),
        scope: Scope::default(),
        days,
        withdrawn: None,
    });
    let mut restricted = signed.clone();
    restricted.restrictions.push(Restriction {
        id: "j3".into(),
        subject: "p1".into(),
        scope: Scope { classes: Some(vec![Class::Phi]), ..Scope::default() },
        days,
    });
    vec![Standing::known(), signed, restricted, Standing::unknown()]
}

fn kind(decision: &Decision) -> Answer {
    match decision {
        Decision::Permit(_) => Yes,
        Decision::Undetermined(_) => Open,
        Decision::Denial(_) => No,
    }
}

/// Every question of the world, in a fixed order.
fn questions(ids: &[String]) -> impl Iterator<Item = (Request, usize, &String)> {
    let regions = [Region::of("us"), Region::of("eu"), None];
    let people = [(Some(true), Some(Tls::V1_3)), (None, Some(Tls::V1_2)), (Some(false), None)];
    ids.iter().enumerate().flat_map(move |(turn, id)| {
        let regions = regions.clone();
        FIELDS.iter().flat_map(move |(field, _)| {
            regions.clone().into_iter().flat_map(move |region| {
                (0..4).map(move |standing| {
                    let at = "2026-11-21T10:00:00Z".parse().unwrap();
                    let mut request = Request::new(Action::Send, vec![AskedField::new("P", *field)], at);
                    request.who = Some("sync".to_owned());
                    request.to = Some(id.rsplit_once('-').unwrap().0.to_owned());
                    request.flow = Some(id.clone());
                    request.subject.region = region.clone();
                    request.subject.pseudonym = (standing != 3).then(|| "p1".to_owned());
                    let (receiver, tls) = people[turn % people.len()];
                    request.subject.is_receiver = receiver;
                    request.tls = tls;
                    (request, standing, id)
                })
            })
        })
    })
}

#[test]
fn tables_and_the_reference_agree_on_every_question_of_a_small_world_and_cedar_on_a_sample() {
    let standings = standings();
    let mut seen: BTreeSet<Answer> = BTreeSet::new();
    let mut asked = 0_usize;
    for rule in ["same-as-subject", "any", "[us]"] {
        let (policy, ids) = world(rule, "");
        for (request, at, flow) in questions(&ids) {
            let standing = &standings[at];
            let expected = reference(&policy, standing, &request, flow);
            let tables = decide(&policy, standing, &request);
            assert_eq!(kind(&tables), expected, "{flow} {rule} {at} {request:?}\n{tables:#?}");
            // Cedar asked directly costs a thousand times as much in a debug build.
            if asked.is_multiple_of(23) {
                let cedar = decide_raw(&policy, standing, &request);
                assert_eq!(
                    format!("{:?}", cedar.reasons()),
                    format!("{:?}", tables.reasons()),
                    "{request:?}"
                );
                assert_eq!(kind(&cedar), expected);
            }
            seen.insert(expected);
            asked += 1;
        }
    }
    assert_eq!(asked, 3 * 240 * 8 * 3 * 4);
    assert_eq!(seen.len(), 3, "the world must hold all three answers");
}

/// Rules of a bundle that read what, and how much.
const OWN: &[&str] = &[
    // Nothing that changes: in the tables.
    r#"@id("own-a") forbid (principal, action == Action::"send", resource == Field::"p.code__c");"#,
    r#"@id("own-b") forbid (principal == Identity::"sync", action, resource in Object::"p") when { resource.identifier == "email" };"#,
    r#"@id("own-c") permit (principal, action, resource in Class::"phi") when { context.purpose == "research" };"#,
    // One fact: in the tables.
    r#"@id("own-d") forbid (principal, action, resource) when { context.tls == "strong" && resource.isPhi };"#,
    r#"@id("own-e") permit (principal, action, resource) when { context.consent == "given" };"#,
    // Two facts, or more than the tables hold: asked of Cedar each time.
    r#"@id("own-f") forbid (principal, action, resource) when { context.consent == "given" && context.region == "allowed" };"#,
    r#"@id("own-g") forbid (principal, action, resource) when { context has subjectRegion && context.subjectRegion == "eu" };"#,
    r#"@id("own-h") forbid (principal, action, resource) when { context has ip && context.ip.isInRange(ip("10.0.0.0/8")) };"#,
    r#"@id("own-i") forbid (principal, action, resource) when { context has hour && context.hour < 12 };"#,
];

#[test]
fn tables_and_cedar_agree_whatever_rules_a_bundle_adds() {
    let standings = standings();
    let mut own: Vec<String> = OWN.iter().map(|rule| (*rule).to_owned()).collect();
    own.push(OWN[..5].join("\n"));
    own.push(OWN.join("\n"));
    for (turn, rules) in own.iter().enumerate() {
        let (policy, ids) = world("same-as-subject", rules);
        for (request, at, _) in questions(&ids).skip(turn).step_by(97) {
            let tables = decide(&policy, &standings[at], &request);
            let cedar = decide_raw(&policy, &standings[at], &request);
            assert_eq!(format!("{tables:?}"), format!("{cedar:?}"), "{rules}\n{request:?}");
        }
    }
}
