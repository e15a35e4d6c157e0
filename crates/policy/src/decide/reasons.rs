//! Which rule spoke, in plain words, with the line of the bundle that it rests on.

use super::answer::Reason;
use super::facts::{Case, Declared, Dimension, Proof, Seen, Target, Who};
use super::lane::Lane;
use super::request::{AskedField, Request};
use crate::model::Policy;
use crate::place::Place;
use crate::rules::{Rule, Verdict};
use crate::vocabulary::{Action, AgreementKind, Ground};

/// What was said about the fields of one lane.
#[derive(Default)]
pub(super) struct Told {
    pub(super) denials: Vec<Reason>,
    pub(super) open: Vec<Reason>,
    pub(super) missing: Vec<String>,
}

/// Reasons that no rule of Cedar gives: their codes and the controls that they cite.
pub(crate) const REFUSALS: &[(&str, &[&str])] = &[
    ("unknown-identity", &["hipaa-sec-312a2i", "hipaa-sec-312d"]),
    ("unknown-party", &["hipaa-sec-308b1", "hipaa-prv-502e", "gdpr-30-1"]),
    ("unknown-model", &["GV-1.6", "GV-6.1"]),
    ("reads-for-another", &["hipaa-prv-514d3", "gdpr-30-1"]),
    ("unclassified-field", &["hipaa-sec-308a1iiA"]),
    ("bundle-has-errors", &["hipaa-sec-316a"]),
    ("no-rule-permits", &["hipaa-sec-308a4", "hipaa-sec-312a1"]),
    ("rule-failed", &[]),
    ("who-unknown", &[]),
    ("purpose-unknown", &[]),
    ("network-unknown", &[]),
    ("subject-region-unknown", &[]),
];

/// Missing facts that no rule of Cedar names.
pub(crate) const MISSING: &[&str] =
    &["class", "fields", "network", "purpose", "receiver", "receiver-region", "subject-region", "who"];

/// A reason by its code in [`REFUSALS`].
fn refusal(code: &str, fact: String) -> Reason {
    let controls = REFUSALS.iter().find(|(own, _)| *own == code).map_or(&[][..], |(_, controls)| controls);
    Reason {
        code: code.to_owned(),
        rule: code.to_owned(),
        fact,
        place: None,
        controls: controls.iter().map(|&id| id.to_owned()).collect(),
        fields: Vec::new(),
    }
}

pub(super) fn who<'a>(policy: &'a Policy, request: &Request) -> Result<Who<'a>, Box<Reason>> {
    let Some(id) = &request.who else { return Ok(Who::Unknown) };
    let identity = policy.identity(id).map(Who::Identity);
    identity.or_else(|| policy.audience(id).map(Who::Audience)).ok_or_else(|| {
        let fact = format!("the bundle has no identity or audience `{}`", crate::file::record::clipped(id));
        Box::new(refusal("unknown-identity", fact))
    })
}

pub(super) fn target<'a>(policy: &'a Policy, request: &Request) -> Result<Option<Target<'a>>, Box<Reason>> {
    let Some(id) = &request.to else { return Ok(None) };
    let shown = crate::file::record::clipped(id);
    let model = policy
        .model(id)
        .map(|model| Target::Model(model, model.provider.as_ref().and_then(|p| policy.party(p.as_str()))));
    if request.action == Action::Infer {
        return model.map(Some).ok_or_else(|| {
            let fact = format!("the bundle has no model `{shown}`");
            Box::new(refusal("unknown-model", fact))
        });
    }
    let found = policy.party(id).map(Target::Party).or(model);
    found.or_else(|| policy.org(id).map(Target::Org)).map(Some).ok_or_else(|| {
        let fact = format!("the bundle has no party, model or org `{shown}`");
        Box::new(refusal("unknown-party", fact))
    })
}

/// What a party's identity reads is disclosed to that party, whoever gets it next: a question that names
/// another receiver would be judged on that one's flow and never on the party's own.
pub(super) fn read_for_another(
    who: Who<'_>,
    target: Option<Target<'_>>,
    request: &Request,
) -> Option<Reason> {
    let (Action::Read, Some(own), Some(target)) = (request.action, who.party(), target) else { return None };
    let to_itself = matches!(target, Target::Party(party) if party.id.as_str() == own);
    (!to_itself).then(|| {
        let fact = format!(
            "`{}` reads for `{own}`, so the read is a disclosure to it and not to `{}`: \
             ask for the read without a receiver, and for what goes on as a `send`",
            who.id(),
            target.id()
        );
        let mut reason = refusal("reads-for-another", fact);
        if let Who::Identity(identity) = who {
            reason.place = identity.party.as_ref().map(|party| party.place.clone());
        }
        reason
    })
}

/// A permit never comes from a bundle that was not read whole.
pub(super) fn not_enforceable() -> Reason {
    let fact = "the bundle has errors, so nothing is permitted by it".to_owned();
    refusal("bundle-has-errors", fact)
}

pub(super) fn unclassified(fields: &[AskedField]) -> Reason {
    let mut reason = refusal(
        "unclassified-field",
        "the bundle does not say of what class the field is, and has no default for such fields".to_owned(),
    );
    reason.fields = fields.iter().map(AskedField::to_string).collect();
    reason
}

fn add(all: &mut Vec<Reason>, mut reason: Reason, field: &AskedField) {
    let field = field.to_string();
    let same =
        |own: &&mut Reason| own.rule == reason.rule && own.fact == reason.fact && own.place == reason.place;
    match all.iter_mut().find(same) {
        Some(own) if own.fields.contains(&field) => {}
        Some(own) => own.fields.push(field),
        None => {
            reason.fields.push(field);
            all.push(reason);
        }
    }
}

/// Adds what the rules said of one field.
pub(super) fn tell(lane: &Lane<'_>, case: &Case<'_>, asked: &AskedField, verdict: &Verdict, told: &mut Told) {
    let rules = lane.policy.rules();
    let mut open = Vec::new();
    let mut denied = false;
    if let Some(id) = &verdict.failed {
        let fact = format!("the rule `{id}` could not be evaluated");
        let mut reason = refusal("rule-failed", fact);
        reason.place = rules.rules.iter().find(|rule| rule.id == *id).and_then(|rule| rule.place.clone());
        add(&mut told.denials, reason, asked);
        denied = true;
    }
    for rule in verdict.forbids.iter().filter_map(|at| rules.rule(*at)) {
        let (fact, place) = in_words(lane, case, rule);
        let reason = Reason {
            code: rule.code.clone(),
            rule: rule.id.clone(),
            fact,
            place,
            controls: rule.controls.clone(),
            fields: Vec::new(),
        };
        match &rule.missing {
            Some(missing) => open.push((named(lane, rule, missing), reason)),
            None => {
                denied = true;
                add(&mut told.denials, reason, asked);
            }
        }
    }
    // A rule of the bundle that reads a fact which is not known could go either way.
    let with_extra = rules.with_extra.iter().filter_map(|at| rules.rule(*at));
    for rule in with_extra.filter(|rule| rule.speaks_of(case.action)) {
        for extra in rule.extra.iter().filter(|extra| super::reads_unknown(case, extra)) {
            let missing = if extra == "ip" { "network" } else { "subject-region" };
            let fact = format!("the rule `{}` depends on a fact that is not known", rule.id);
            let mut reason = refusal(&format!("{missing}-unknown"), fact);
            reason.rule.clone_from(&rule.id);
            reason.place.clone_from(&rule.place);
            open.push((missing.to_owned(), reason));
        }
    }
    let personal = case.field.class.is_personal();
    if personal && matches!(case.who, Who::Unknown) {
        let fact = "it is not known who acts".to_owned();
        open.push(("who".to_owned(), refusal("who-unknown", fact)));
    }
    if personal && case.purpose.is_none() && !matches!(case.who, Who::Audience(_)) {
        let fact = "it is not known for what purpose".to_owned();
        open.push(("purpose".to_owned(), refusal("purpose-unknown", fact)));
    }
    if !verdict.permitted && !denied {
        // Another fact could let a rule of the bundle permit it.
        let is_open = |rule: &Rule| {
            rule.reads.iter().any(|dimension| case.facts.word(*dimension) == "unknown")
                || rule.extra.iter().any(|extra| super::reads_unknown(case, extra))
        };
        let could = rules.rules.iter().any(|one| one.permits && one.speaks_of(case.action) && is_open(one));
        let waits = case.purpose.is_none() || matches!(case.who, Who::Unknown) || could;
        if open.is_empty() || !waits {
            let fact = format!("no rule permits to {} it here", case.action);
            let mut reason = refusal("no-rule-permits", fact);
            reason.rule = "default".to_owned();
            add(&mut told.denials, reason, asked);
        }
    }
    for (missing, reason) in open {
        told.missing.push(missing);
        add(&mut told.open, reason, asked);
    }
}

/// What exactly is missing: a region can be unknown on either side.
fn named(lane: &Lane<'_>, rule: &Rule, missing: &str) -> String {
    let on_receiver =
        matches!(rule.id.as_str(), "region-unknown" | "transfer-unknown") && lane.subject_regions.len() == 1;
    if on_receiver {
        return "receiver-region".to_owned();
    }
    // The conditions of a ground that hang on the region and not on what people have said.
    let only_here = lane
        .flow
        .is_some_and(|flow| !flow.has_ground(Ground::Authorisation) && !flow.has_ground(Ground::Individual));
    if rule.id == "ground-unknown" && only_here {
        return "subject-region".to_owned();
    }
    missing.to_owned()
}

fn in_words(lane: &Lane<'_>, case: &Case<'_>, rule: &Rule) -> (String, Option<Place>) {
    if let Some(own) = &rule.place {
        let fact =
            rule.because.clone().unwrap_or_else(|| format!("the bundle's rule `{}` forbids it", rule.id));
        return (fact, Some(own.clone()));
    }
    match rule.reads.first() {
        Some(dimension) => of_dimension(lane, case, *dimension),
        None => of_lane(lane, case, rule),
    }
}

fn receiver(lane: &Lane<'_>) -> String {
    match (lane.target, lane.party) {
        (Some(target), _) => format!("`{}`", target.id()),
        (None, Some(party)) => format!("`{}`", party.id),
        (None, None) => "the own workforce".to_owned(),
    }
}

fn of_lane(lane: &Lane<'_>, case: &Case<'_>, rule: &Rule) -> (String, Option<Place>) {
    let to = receiver(lane);
    let flow_place = lane.flow.map(|flow| flow.place.clone());
    let target_place = lane.party.map(|party| party.id.place.clone());
    match (case.declared, rule.code.as_str()) {
        (Declared::Undeclared, "needs-declaration") => (format!("no flow to {to} is declared"), target_place),
        (Declared::OtherCarrier, "needs-declaration") => {
            let flows = lane.target.map_or("", |target| target.id());
            let place =
                lane.policy.flows_to(flows).find_map(|flow| flow.by.as_ref()).map(|by| by.place.clone());
            (format!("the flows to {to} are declared for other identities than `{}`", case.who.id()), place)
        }
        (Declared::OtherPurpose, "purpose-not-allowed") => {
            let purpose = case.purpose.map_or("this purpose", |purpose| purpose.as_str());
            let flows = lane.target.map_or("", |target| target.id());
            let place = lane.policy.flows_to(flows).next().map(|flow| flow.purpose.place.clone());
            (format!("no flow to {to} is declared for {purpose}"), place.or(target_place))
        }
        (Declared::OtherGround, "ground-unproved") => {
            (format!("no flow to {to} is declared on the ground that was asked for"), target_place)
        }
        (_, "purpose-not-allowed") => {
            let purpose = case.purpose.map_or("any purpose", |purpose| purpose.as_str());
            let place = match case.who {
                Who::Identity(identity) => Some(identity.id.place.clone()),
                Who::Audience(audience) => Some(audience.id.place.clone()),
                Who::Unknown => None,
            };
            (format!("`{}` is not declared for {purpose}", case.who.id()), place)
        }
        (_, "not-in-minimum-set") => {
            let flow = lane.flow.map_or("", |flow| flow.id.as_str());
            let rule = match case.minimum_is_law {
                true => "45 CFR 164.502(b) asks for the minimum necessary",
                false => "the organisation's own rule, for no law on minimum sets binds this flow",
            };
            (format!("the minimum set of the flow `{flow}` does not have the field: {rule}"), flow_place)
        }
        (_, "guest-sees-personal-data") => {
            let place = match case.who {
                Who::Audience(audience) => Some(audience.id.place.clone()),
                _ => None,
            };
            (format!("`{}` is not logged in, and the field is about a person", case.who.id()), place)
        }
        _ => (format!("the guardrail `{}` forbids it", rule.id), flow_place),
    }
}

fn of_dimension(lane: &Lane<'_>, case: &Case<'_>, dimension: Dimension) -> (String, Option<Place>) {
    let to = receiver(lane);
    let flow_place = lane.flow.map(|flow| flow.place.clone());
    let party_place = lane.party.map(|party| party.id.place.clone());
    let who_place = match case.who {
        Who::Identity(identity) => Some(identity.id.place.clone()),
        Who::Audience(audience) => Some(audience.id.place.clone()),
        Who::Unknown => None,
    };
    let facts = &case.facts;
    match dimension {
        Dimension::Proof => of_proof(lane, case),
        Dimension::Processor => of_agreement(lane, case.field, AgreementKind::Dpa, facts.processor),
        Dimension::Transfer => match facts.transfer.as_str() {
            "uncovered" => {
                let fact = format!(
                    "{to} processes outside the person's law, and no transfer instrument is in force"
                );
                (fact, party_place)
            }
            _ => (
                format!("whether data of the person may go to where {to} is depends on regions not known"),
                party_place,
            ),
        },
        Dimension::Region => {
            let rule_place = lane.flow.and_then(|flow| flow.region.as_ref()).map(|rule| rule.place.clone());
            match facts.region.as_str() {
                "wrong" if lane.region_elsewhere().is_some() => {
                    let asked = lane.region_elsewhere().map_or("", |region| region.as_str());
                    let fact = format!("the bundle does not say that {to} processes in `{asked}`");
                    (fact, lane.party.map(|party| party.id.place.clone()).or(flow_place))
                }
                "wrong" => {
                    let regions = lane.receiver_regions().iter().map(|r| r.as_str()).collect::<Vec<_>>();
                    let fact = format!("{to} is in {}, where the flow may not go", regions.join(" and "));
                    (fact, rule_place.or(flow_place))
                }
                "unlisted" => {
                    let region = lane.request.subject.region.as_ref().map_or("", |region| region.as_str());
                    let place = lane.policy.regions().first().map(|region| region.place.clone());
                    (format!("the person's region `{region}` is not one of the bundle's"), place)
                }
                _ => (
                    format!("whether {to} is where the flow may go depends on regions not known"),
                    rule_place.or(flow_place),
                ),
            }
        }
        Dimension::Restriction => match facts.restriction.as_str() {
            "restricted" => ("the patient's restriction forbids it".to_owned(), None),
            _ => ("whether the patient has a restriction is not known".to_owned(), None),
        },
        Dimension::Objection => match facts.objection.as_str() {
            "objected" => ("the person has objected".to_owned(), None),
            _ => ("whether the person has objected is not known".to_owned(), None),
        },
        Dimension::Consent => match facts.consent.as_str() {
            "missing" => ("the person has not consented".to_owned(), flow_place),
            _ => ("whether the person has consented is not known".to_owned(), flow_place),
        },
        Dimension::Block => match facts.block.as_str() {
            "blocked" => (format!("a block stands against `{}`, {to} or the flow", case.who.id()), None),
            _ => ("whether a block stands is not known".to_owned(), None),
        },
        Dimension::Network => match facts.network.as_str() {
            "outside" => {
                (format!("the call comes from outside the networks of `{}`", case.who.id()), who_place)
            }
            _ => (
                format!("`{}` has networks, and where the call comes from is not known", case.who.id()),
                who_place,
            ),
        },
        Dimension::Tls => match facts.tls.as_str() {
            "weak" => ("the connection uses TLS older than 1.2".to_owned(), flow_place),
            "none" => ("the connection is not encrypted".to_owned(), flow_place),
            _ => ("how the connection is encrypted is not known".to_owned(), flow_place),
        },
        Dimension::RecordOf => match facts.record_of.as_str() {
            "others" => ("the record is not the viewer's own".to_owned(), who_place),
            _ => ("whose record it is is not known".to_owned(), who_place),
        },
        Dimension::ModelState => {
            let Some(Target::Model(model, _)) = lane.target else { return (String::new(), None) };
            let id = &model.id;
            let fact = match facts.model_state.as_str() {
                "class-not-allowed" => format!("the model `{id}` may not be given {}", case.field.class),
                "purpose-not-allowed" => {
                    let purpose = case.purpose.map_or("this purpose", |purpose| purpose.as_str());
                    format!("the model `{id}` is not approved for {purpose}")
                }
                _ => format!("no approval of the model `{id}` is in force"),
            };
            (fact, Some(id.place.clone()))
        }
    }
}

fn of_proof(lane: &Lane<'_>, case: &Case<'_>) -> (String, Option<Place>) {
    let to = receiver(lane);
    let Some(flow) = lane.flow else { return (String::new(), None) };
    let grounds = flow.ground.iter().map(|ground| ground.value.as_str()).collect::<Vec<_>>().join(", ");
    let place = flow.ground.iter().next().map_or(&flow.place, |ground| &ground.place).clone();
    let kind = if flow.has_ground(Ground::LimitedDataSet) { AgreementKind::Dua } else { AgreementKind::Baa };
    match case.facts.proof {
        state @ (Proof::Missing | Proof::Expired | Proof::NotYet | Proof::NotCovering) => {
            of_agreement(lane, case.field, kind, state)
        }
        Proof::DirectIdentifier => {
            let kind = super::proof::kept_out(case.field).flatten();
            let what = kind.map_or("not said to be free of identifiers".to_owned(), |one| {
                format!("a direct identifier ({one})")
            });
            (format!("the field is {what}, which a limited data set may not hold"), Some(place))
        }
        Proof::AuthorisationMissing => {
            ("it needs the person's authorisation, and none is in force".to_owned(), Some(place))
        }
        Proof::BasisMissing => {
            let fact = format!(
                "data of this kind needs a basis of GDPR Art. 6 and, for health, an exception of Art. 9; \
                 the flow `{}` names: {grounds}",
                flow.id
            );
            (fact, Some(place))
        }
        Proof::Unknown => (
            format!("whether the ground of the flow `{}` holds ({grounds}) is not known", flow.id),
            Some(place),
        ),
        _ => (format!("the conditions of the ground ({grounds}) are not met for {to}"), Some(place)),
    }
}

fn of_agreement(lane: &Lane<'_>, field: &Seen, kind: AgreementKind, state: Proof) -> (String, Option<Place>) {
    let Some(party) = lane.party else { return (String::new(), None) };
    let called = match kind {
        AgreementKind::Baa => "business associate agreement",
        AgreementKind::Dpa => "data processing agreement",
        AgreementKind::Dua => "data use agreement",
        _ => "agreement",
    };
    let found = super::proof::state(party, kind, field, lane.purpose, lane.on);
    let place = found.place().cloned();
    let on = found.day().map(|day| day.to_string()).unwrap_or_default();
    match state {
        Proof::Expired => (format!("the {called} with `{}` expired on {on}", party.id), place),
        Proof::NotYet => (format!("the {called} with `{}` takes effect on {on}", party.id), place),
        Proof::NotCovering => {
            let purpose = lane.purpose.map_or("any purpose", |purpose| purpose.as_str());
            let fact = format!(
                "the {called} with `{}` does not cover {} data of the class {} for {purpose}",
                party.id, field.object, field.class
            );
            (fact, place)
        }
        Proof::Unknown => {
            let fact = format!("whether a {called} with `{}` is needed is not known", party.id);
            (fact, Some(party.id.place.clone()))
        }
        _ => (format!("no {called} with `{}` is on file", party.id), Some(party.id.place.clone())),
    }
}
