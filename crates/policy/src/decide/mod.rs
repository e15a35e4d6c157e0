//! The one answer that everything calls: [`decide`].
//!
//! A question goes through one or more *lanes*: the declared flows that it may use. In each, every field is
//! judged by the rules (Cedar); a lane permits all fields or none. The best lane answers.

mod answer;
pub(crate) mod facts;
pub(crate) mod lane;
mod proof;
pub(crate) mod reasons;
mod request;
mod standing;

pub use answer::{Decision, Denial, Permit, PermittedField, Reason, Undetermined};
pub use request::{AskedField, Request, Subject, Tls};
pub use standing::{
    Authorisation, Block, Blocked, Consent, Days, Grant, Objection, Restriction, Scope, Standing, Withdrawal,
};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::bundle::flow::DeclaredFlow;
use crate::model::Policy;
use crate::rules::Verdict;
use crate::vocabulary::{Action, Class, Mask, Protect, Region};
use facts::{Case, Declared, Seen, Target, Who};
use lane::Lane;

/// How long a permit is good, unless something that it rests on ends sooner.
const PERMIT_SECONDS: i64 = 300;

/// Whether the request is allowed: for all its fields or not at all.
///
/// Pure: the same policy, standing facts and request give the same answer. An id that the bundle does not have
/// is a denial; what the request leaves open and matters makes the answer undetermined. Neither lets anything
/// through.
pub fn decide(policy: &Policy, standing: &Standing, request: &Request) -> Decision {
    decide_with(policy, standing, request, Engine::Tables)
}

/// As [`decide`], asking Cedar for every field: slower, and the truth that the tables must agree with.
pub fn decide_raw(policy: &Policy, standing: &Standing, request: &Request) -> Decision {
    decide_with(policy, standing, request, Engine::Cedar)
}

#[derive(Clone, Copy)]
enum Engine {
    Tables,
    Cedar,
}

fn decide_with(policy: &Policy, standing: &Standing, request: &Request, engine: Engine) -> Decision {
    let (who, target) = match (reasons::who(policy, request), reasons::target(policy, request)) {
        (Ok(who), Ok(target)) => (who, target),
        (who, target) => {
            let reasons = [who.err(), target.err()].into_iter().flatten().map(|reason| *reason).collect();
            return Decision::Denial(Denial { reasons });
        }
    };
    if let Some(reason) = reasons::read_for_another(who, target, request) {
        return Decision::Denial(Denial { reasons: vec![reason] });
    }
    let missing_target = matches!(request.action, Action::Send | Action::Infer) && target.is_none();
    if missing_target || request.fields.is_empty() {
        let mut missing = Vec::new();
        missing.extend(missing_target.then(|| "receiver".to_owned()));
        missing.extend(request.fields.is_empty().then(|| "fields".to_owned()));
        return Decision::Undetermined(Undetermined { missing, reasons: Vec::new() });
    }
    let (fields, unclassified) = seen(policy, request);
    if !unclassified.is_empty() {
        let reason = reasons::unclassified(&unclassified);
        return Decision::Undetermined(Undetermined {
            missing: vec!["class".to_owned()],
            reasons: vec![reason],
        });
    }
    let regions = subject_regions(policy, request);
    let on = request.at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let base = Lane {
        policy,
        standing,
        request,
        who,
        target,
        party: target.as_ref().and_then(Target::party).or_else(|| match request.action {
            Action::Read => who.party().and_then(|id| policy.party(id)),
            _ => None,
        }),
        flow: None,
        declared: Declared::NotNeeded,
        purpose: request.purpose,
        on,
        subject_regions: &regions,
    };
    let mut best: Option<Decision> = None;
    for lane in lanes(base) {
        let decision = judge(&lane, &fields, engine);
        let rank = |decision: &Decision| match decision {
            Decision::Permit(_) => (0, 0),
            Decision::Undetermined(open) => (1, open.missing.len()),
            Decision::Denial(denial) => (2, denial.reasons.len()),
        };
        if best.as_ref().is_none_or(|so_far| rank(&decision) < rank(so_far)) {
            best = Some(decision);
        }
        if matches!(best, Some(Decision::Permit(_))) {
            break;
        }
    }
    best.unwrap_or_else(|| Decision::Denial(Denial { reasons: Vec::new() }))
}

/// The declared flows that the question may use; where it needs one and there is none, one lane that says what
/// kept the nearest out.
fn lanes(base: Lane<'_>) -> Vec<Lane<'_>> {
    let request = base.request;
    let receiver = match base.target {
        Some(target) => Some(target.id()),
        None => base.party.map(|party| party.id.as_str()),
    };
    let Some(receiver) = receiver.filter(|_| request.action != Action::Write) else {
        let only_purpose = match base.who {
            Who::Identity(identity) => match identity.purposes.as_slice() {
                [only] => Some(only.value),
                _ => None,
            },
            _ => None,
        };
        return vec![Lane { purpose: base.purpose.or(only_purpose), ..base }];
    };
    let all: Vec<&DeclaredFlow> = base.policy.flows_to(receiver).collect();
    let by_id = |flow: &&DeclaredFlow| request.flow.as_ref().is_none_or(|id| flow.id.as_str() == id);
    let by_who = |flow: &&DeclaredFlow| match (&flow.by, base.who) {
        (Some(by), Who::Identity(_) | Who::Audience(_)) => by.as_str() == base.who.id(),
        _ => true,
    };
    let by_purpose = |flow: &&DeclaredFlow| request.purpose.is_none_or(|p| flow.purpose.value == p);
    let by_ground = |flow: &&DeclaredFlow| request.ground.is_none_or(|g| flow.has_ground(g));
    let named: Vec<_> = all.into_iter().filter(by_id).collect();
    let carried: Vec<_> = named.iter().copied().filter(by_who).collect();
    let meant: Vec<_> = carried.iter().copied().filter(by_purpose).collect();
    let grounded: Vec<_> = meant.iter().copied().filter(by_ground).collect();
    let declared = match () {
        () if named.is_empty() => Declared::Undeclared,
        () if carried.is_empty() => Declared::OtherCarrier,
        () if meant.is_empty() => Declared::OtherPurpose,
        () if grounded.is_empty() => Declared::OtherGround,
        () => {
            let lane = |flow: &'_ DeclaredFlow| flow.purpose.value;
            return grounded
                .into_iter()
                .map(|flow| Lane {
                    flow: Some(flow),
                    declared: Declared::Yes,
                    purpose: Some(base.purpose.unwrap_or_else(|| lane(flow))),
                    ..base
                })
                .collect();
        }
    };
    vec![Lane { declared, ..base }]
}

fn judge(lane: &Lane<'_>, fields: &[(AskedField, Seen)], engine: Engine) -> Decision {
    let rules = lane.policy.rules();
    let mut told = reasons::Told::default();
    let mut rows = None;
    for (asked, field) in fields {
        let case = lane.case(field);
        let verdict: Verdict = match engine {
            Engine::Tables => rules.look_up(rows.get_or_insert_with(|| rules.rows(&case)), &case),
            Engine::Cedar => rules.ask(&case),
        };
        reasons::tell(lane, &case, asked, &verdict, &mut told);
    }
    if !told.denials.is_empty() {
        return Decision::Denial(Denial { reasons: told.denials });
    }
    if !told.open.is_empty() {
        let mut missing = told.missing;
        missing.sort_unstable();
        missing.dedup();
        return Decision::Undetermined(Undetermined { missing, reasons: told.open });
    }
    if lane.policy.enforceable().is_none() {
        return Decision::Denial(Denial { reasons: vec![reasons::not_enforceable()] });
    }
    Decision::Permit(permit(lane, fields))
}

fn permit(lane: &Lane<'_>, fields: &[(AskedField, Seen)]) -> Permit {
    let request = lane.request;
    let mut expires = request.at.saturating_add(jiff::SignedDuration::from_secs(PERMIT_SECONDS));
    let mut facts = Vec::new();
    if let Ok(at) = expires {
        let mut limit = at;
        for (_, field) in fields {
            for (entry, until) in lane.rests_on(field) {
                facts.extend(entry);
                limit = until.map_or(limit, |until| limit.min(until));
            }
        }
        expires = Ok(limit);
    }
    facts.sort_unstable();
    facts.dedup();
    Permit {
        bundle: *lane.policy.digest(),
        principal: lane.who.id().to_owned(),
        action: request.action,
        party: lane.party.map(|party| party.id.to_string()),
        target: lane.target.map(|target| target.id().to_owned()),
        flow: lane.flow.map(|flow| flow.id.to_string()),
        purpose: lane.purpose,
        grounds: lane.flow.iter().flat_map(|flow| flow.ground.iter()).map(|ground| ground.value).collect(),
        subject: request.subject.pseudonym.clone(),
        subject_region: match lane.subject_regions {
            [only] => Some(only.clone()),
            _ => None,
        },
        facts,
        fields: fields
            .iter()
            .map(|(asked, field)| PermittedField {
                name: asked.clone(),
                protect: field.protect,
                mask: field.mask.unwrap_or(Mask::None),
            })
            .collect(),
        decided: request.at,
        expires: expires.unwrap_or(request.at),
    }
}

/// The first moment after a day, UTC.
fn end_of(day: Date) -> Option<Timestamp> {
    let next = day.tomorrow().ok()?;
    Some(next.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
}

/// The fields as the bundle has them, `*` opened to every field that it names; and those of which nobody says
/// the class.
fn seen(policy: &Policy, request: &Request) -> (Vec<(AskedField, Seen)>, Vec<AskedField>) {
    let mut fields = Vec::new();
    let mut unclassified = Vec::new();
    for asked in &request.fields {
        let mut names = Vec::new();
        if asked.field == "*"
            && let Some(object) = policy.object(&asked.object)
        {
            names.extend(object.fields.0.iter().map(|(name, _)| AskedField {
                object: asked.object.clone(),
                field: name.value.clone(),
                presumed: asked.presumed,
            }));
            // And whatever else the object has.
            names.push(asked.clone());
        } else {
            names.push(asked.clone());
        }
        for name in names {
            match look(policy, &name) {
                Some(field) => fields.push((name, field)),
                None => unclassified.push(name),
            }
        }
    }
    (fields, unclassified)
}

/// Nothing of a name that is none: a path, a blank at the end or a letter of another script would be taken for an
/// unnamed field of the object, and have its default.
fn look(policy: &Policy, asked: &AskedField) -> Option<Seen> {
    if !is_api_name(&asked.object) || !(is_api_name(&asked.field) || asked.field == "*") {
        return None;
    }
    let object = asked.object.to_ascii_lowercase();
    let name = format!("{object}.{}", asked.field.to_ascii_lowercase());
    let plain = |class: Class| Seen {
        name: name.clone(),
        object: object.clone(),
        class,
        identifier: None,
        protect: Protect::None,
        tags: Vec::new(),
        mask: None,
        kinds: vec![None],
    };
    match policy.class_of(&asked.object, &asked.field) {
        Some(found) => Some(Seen {
            identifier: found.identifier,
            protect: found.protect,
            mask: found.mask(),
            kinds: found
                .rules
                .iter()
                .filter(|rule| rule.class.value.is_personal())
                .map(|rule| rule.identifier.as_ref().map(|one| one.value))
                .collect(),
            tags: found.tags,
            ..plain(found.class)
        }),
        None => asked.presumed.or(policy.unclassified()).map(plain),
    }
}

/// As Salesforce writes the API names of objects and fields.
fn is_api_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Where the person can be, in law: as asked, else any region of the bundle, else anywhere.
fn subject_regions(policy: &Policy, request: &Request) -> Vec<Region> {
    match &request.subject.region {
        Some(region) => vec![region.clone()],
        None if policy.regions().is_empty() => {
            ["us", "eu", "uk"].into_iter().filter_map(Region::of).collect()
        }
        None => policy.regions().iter().map(|region| region.value.clone()).collect(),
    }
}

impl Lane<'_> {
    /// Journal entries that allow this field, and when what allows it ends.
    fn rests_on(&self, field: &Seen) -> Vec<(Option<String>, Option<Timestamp>)> {
        let mut all = Vec::new();
        if let Some(grant) = self.grant(field) {
            all.push((Some(grant.id.clone()), Some(grant.until)));
        }
        if let Some(party) = self.party.filter(|_| field.class.is_personal()) {
            let ends = party.agreements.iter().filter(|one| one.live(self.on));
            all.extend(ends.filter_map(|one| one.expires.as_ref()).map(|day| (None, end_of(day.value))));
            let subject = self.request.subject.pseudonym.as_deref();
            let id = Some(party.id.as_str());
            for one in &self.standing.authorisations {
                if subject == Some(&one.subject)
                    && one.in_force(self.on)
                    && one.scope.holds(id, self.purpose, field.class)
                {
                    all.push((Some(one.id.clone()), one.last_day().and_then(end_of)));
                }
            }
            for one in &self.standing.consents {
                if subject == Some(&one.subject)
                    && one.in_force(self.on)
                    && one.scope.holds(id, self.purpose, field.class)
                {
                    all.push((Some(one.id.clone()), one.last_day().and_then(end_of)));
                }
            }
        }
        all
    }
}

/// What a case is, for the rules that read it.
pub(crate) fn reads_unknown(case: &Case<'_>, extra: &str) -> bool {
    match extra {
        "ip" => case.network.is_none(),
        "subjectRegion" => case.subject_region.is_none(),
        _ => false,
    }
}
