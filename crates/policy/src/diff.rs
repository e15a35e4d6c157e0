//! What a change of the bundle means: not which lines moved, but who may now see what.

use std::collections::{BTreeMap, BTreeSet};

use crate::bundle::agreement::Agreement;
use crate::bundle::classification::{FieldRule, ObjectRule};
use crate::bundle::flow::{DeclaredFlow, RegionRule};
use crate::bundle::identity::Identity;
use crate::bundle::model::Model;
use crate::bundle::organisation::{Approvers, Ceiling, Org, Retention};
use crate::bundle::party::Party;
use crate::model::Policy;
use crate::place::Place;
use crate::vocabulary::Ground;

/// Which way a change moves what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// More may be seen, by more, for longer, or with less protection.
    Widens,
    /// Less may.
    Narrows,
    /// Neither.
    Neutral,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Change {
    pub effect: Effect,
    /// `party northlab`, `field Account.SSN__pc`.
    pub what: String,
    /// In plain words.
    pub how: String,
    /// The line of the new bundle; of the old one for what is gone.
    #[serde(serialize_with = "shown")]
    pub place: Option<Place>,
}

fn shown<S: serde::Serializer>(place: &Option<Place>, serializer: S) -> Result<S::Ok, S::Error> {
    match place {
        Some(place) => serializer.collect_str(place),
        None => serializer.serialize_none(),
    }
}

/// Every change from `old` to `new`, what widens first. A change whose effect cannot be told is said to widen,
/// so that somebody looks at it.
pub fn diff(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = Changes::default();
    changes.organisation(old, new);
    changes.each(
        old.parties(),
        new.parties(),
        "party",
        |p| (p.id.to_string(), &p.place),
        Effect::Widens,
        party,
    );
    changes.each(
        old.identities(),
        new.identities(),
        "identity",
        |i| (i.id.to_string(), &i.place),
        Effect::Widens,
        identity,
    );
    changes.each(old.flows(), new.flows(), "flow", |f| (f.id.to_string(), &f.place), Effect::Widens, flow);
    changes.each(
        old.models(),
        new.models(),
        "model",
        |m| (m.id.to_string(), &m.place),
        Effect::Widens,
        model,
    );
    changes.each(old.orgs(), new.orgs(), "org", |o| (o.id.to_string(), &o.place), Effect::Neutral, org);
    changes.each(
        old.ceilings(),
        new.ceilings(),
        "ceiling",
        |c| (c.id.to_string(), &c.place),
        Effect::Widens,
        ceiling,
    );
    changes.each(
        old.exceptions(),
        new.exceptions(),
        "exception",
        |e| (e.id.to_string(), &e.place),
        Effect::Widens,
        |at, a, b| {
            if a.rule != b.rule || a.location != b.location {
                at.say(Effect::Widens, format!("accepts `{}` at `{}`", b.rule.value, b.location.value));
            }
            at.ordered(&a.expires.value, &b.expires.value, "expires");
        },
    );
    changes.each(
        old.audiences(),
        new.audiences(),
        "audience",
        |a| (a.id.to_string(), &a.place),
        Effect::Neutral,
        |at, a, b| {
            at.changed(&a.kind.to_string(), &b.kind.to_string(), "kind", Effect::Widens);
            at.set(texts(&a.profiles), texts(&b.profiles), "profile", Effect::Neutral);
        },
    );
    changes.each(
        old.retention(),
        new.retention(),
        "retention",
        |r| (r.what.to_string(), &r.place),
        Effect::Neutral,
        retention,
    );
    changes.each(
        old.cryptoperiods(),
        new.cryptoperiods(),
        "cryptoperiod",
        |c| (c.keys.to_string(), &c.place),
        Effect::Narrows,
        |at, a, b| at.ordered(&a.ceiling.value, &b.ceiling.value, "ceiling"),
    );
    changes.each(
        old.sanitisers(),
        new.sanitisers(),
        "sanitiser",
        |s| (s.method.to_lowercase(), &s.place),
        Effect::Widens,
        |at, a, b| at.changed(&a.kind.to_string(), &b.kind.to_string(), "kind", Effect::Widens),
    );
    changes.each(
        old.audit_methods(),
        new.audit_methods(),
        "audit method",
        |a| (a.method.to_lowercase(), &a.place),
        Effect::Neutral,
        |_, _, _| {},
    );
    changes.classes(old, new);
    changes.rules(old, new);
    changes.all.sort();
    changes.all
}

#[derive(Default)]
struct Changes {
    all: Vec<Change>,
}

/// Collects the changes of one thing.
struct At<'a> {
    what: &'a str,
    place: &'a Place,
    all: &'a mut Vec<Change>,
}

impl At<'_> {
    fn say(&mut self, effect: Effect, how: String) {
        self.all.push(Change { effect, what: self.what.to_owned(), how, place: Some(self.place.clone()) });
    }

    /// Members that came and went; `more` is what a new member does.
    fn set(&mut self, old: BTreeSet<String>, new: BTreeSet<String>, what: &str, more: Effect) {
        for added in new.difference(&old) {
            self.say(more, format!("gains the {what} `{added}`"));
        }
        for gone in old.difference(&new) {
            self.say(opposite(more), format!("loses the {what} `{gone}`"));
        }
    }

    /// Members that came and went, where either can let more through: a role, region or ground that is gone
    /// takes what the law asked of it along.
    fn set_in_doubt(&mut self, old: BTreeSet<String>, new: BTreeSet<String>, what: &str) {
        for added in new.difference(&old) {
            self.say(Effect::Widens, format!("gains the {what} `{added}`"));
        }
        for gone in old.difference(&new) {
            self.say(Effect::Widens, format!("loses the {what} `{gone}`"));
        }
    }

    /// A list that means "all" where it is left out.
    fn limit(&mut self, old: Option<BTreeSet<String>>, new: Option<BTreeSet<String>>, what: &str) {
        match (old, new) {
            (None, None) => {}
            (Some(_), None) => self.say(Effect::Widens, format!("covers every {what}")),
            (None, Some(_)) => self.say(Effect::Narrows, format!("covers named {what} only")),
            (Some(old), Some(new)) => self.set(old, new, what, Effect::Widens),
        }
    }

    fn changed(&mut self, old: &str, new: &str, what: &str, effect: Effect) {
        if old != new {
            let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { format!("`{text}`") };
            self.say(effect, format!("{what}: {} becomes {}", or_none(old), or_none(new)));
        }
    }

    /// More is wider.
    fn ordered<T: Ord + std::fmt::Display>(&mut self, old: &T, new: &T, what: &str) {
        if old != new {
            let effect = if new > old { Effect::Widens } else { Effect::Narrows };
            self.say(effect, format!("{what}: {old} becomes {new}"));
        }
    }
}

const fn opposite(effect: Effect) -> Effect {
    match effect {
        Effect::Widens => Effect::Narrows,
        Effect::Narrows => Effect::Widens,
        Effect::Neutral => Effect::Neutral,
    }
}

fn texts<'a, T: std::fmt::Display + 'a>(all: impl IntoIterator<Item = &'a T>) -> BTreeSet<String> {
    all.into_iter().map(T::to_string).collect()
}

impl Changes {
    fn each<T>(
        &mut self,
        old: &[T],
        new: &[T],
        what: &str,
        id: impl Fn(&T) -> (String, &Place),
        adding: Effect,
        compare: impl Fn(&mut At<'_>, &T, &T),
    ) {
        let by_id: BTreeMap<String, &T> = old.iter().map(|item| (id(item).0, item)).collect();
        let mut kept = BTreeSet::new();
        for item in new {
            let (name, place) = id(item);
            let shown = format!("{what} {name}");
            let mut at = At { what: &shown, place, all: &mut self.all };
            match by_id.get(&name) {
                None => at.say(adding, "is new".to_owned()),
                Some(before) => compare(&mut at, before, item),
            }
            kept.insert(name);
        }
        for item in old {
            let (name, place) = id(item);
            if !kept.contains(&name) {
                let shown = format!("{what} {name}");
                At { what: &shown, place, all: &mut self.all }.say(opposite(adding), "is gone".to_owned());
            }
        }
    }

    fn organisation(&mut self, old: &Policy, new: &Policy) {
        let places = || new.organisation().or(old.organisation()).map(|organisation| &organisation.place);
        let Some(place) = places() else { return };
        let mut at = At { what: "organisation", place, all: &mut self.all };
        let roles = |policy: &Policy| texts(policy.organisation().iter().flat_map(|o| &o.roles));
        // Fewer roles in law, fewer duties.
        at.set(roles(old), roles(new), "role", Effect::Narrows);
        match (old.may_keep_patients(), new.may_keep_patients()) {
            (true, false) => {
                at.say(Effect::Widens, "keeps no patients, where an object says nothing else".to_owned())
            }
            (false, true) => at.say(Effect::Narrows, "may keep patients".to_owned()),
            _ => {}
        }
        // With fewer regions, what a person of another one would forbid is no longer asked.
        at.set_in_doubt(texts(old.regions()), texts(new.regions()), "region");
        let default = |policy: &Policy| policy.unclassified();
        match (default(old), default(new)) {
            (a, b) if a == b => {}
            (Some(a), Some(b)) => {
                let effect = if b < a { Effect::Widens } else { Effect::Narrows };
                at.say(effect, format!("fields that no line names: {a} becomes {b}"));
            }
            (None, Some(b)) => at.say(Effect::Widens, format!("fields that no line names become {b}")),
            (Some(_), None) => at.say(Effect::Narrows, "fields that no line names have no class".to_owned()),
            _ => {}
        }
        let days =
            |p: &Policy| p.defaults().and_then(|d| d.exception_days.as_ref()).map_or(180, |days| days.value);
        at.ordered(&days(old), &days(new), "longest exception in days");
        let honours = |p: &Policy| p.defaults().is_some_and(|defaults| defaults.honour_pmd);
        match (honours(old), honours(new)) {
            (false, true) => {
                at.say(Effect::Widens, "marks for PMD take findings out of the count".to_owned())
            }
            (true, false) => at.say(Effect::Narrows, "marks for PMD no longer count".to_owned()),
            _ => {}
        }
        match (old.approvers(), new.approvers()) {
            (Some(a), Some(b)) => {
                let mut at = At { what: "approvers", place: &b.place, all: &mut self.all };
                approvers(&mut at, a, b);
            }
            (None, Some(b)) => {
                let mut at = At { what: "approvers", place: &b.place, all: &mut self.all };
                at.say(Effect::Narrows, "are named".to_owned());
            }
            (Some(a), None) => {
                let mut at = At { what: "approvers", place: &a.place, all: &mut self.all };
                at.say(Effect::Widens, "are no longer named".to_owned());
            }
            (None, None) => {}
        }
    }

    fn classes(&mut self, old: &Policy, new: &Policy) {
        let fields = |policy: &'_ Policy| -> BTreeMap<String, (Place, Vec<FieldRule>)> {
            let mut all = BTreeMap::new();
            for (name, object) in policy.objects() {
                for (field, rules) in &object.fields.0 {
                    let key = format!("{}.{}", name.value, field.value);
                    all.insert(key, (field.place.clone(), rules.0.clone()));
                }
                if let Some(default) = &object.default {
                    let key = format!("{}.*", name.value);
                    all.insert(key, (default.place.clone(), vec![default.clone()]));
                }
            }
            all
        };
        let (before, after) = (fields(old), fields(new));
        for (name, (place, rules)) in &after {
            let what = format!("field {name}");
            let mut at = At { what: &what, place, all: &mut self.all };
            match before.get(name) {
                None => {
                    // What held before, by a default of the object or the bundle, can have been stronger; and of
                    // what had no class at all, nothing was permitted.
                    let (object, field) = name.split_once('.').unwrap_or((name, "*"));
                    let held = old.class_of(object, field).map(|found| found.class).or(old.unclassified());
                    let class = rules.iter().map(|rule| rule.class.value).max();
                    let weaker = held.is_none_or(|held| class < Some(held));
                    let effect = if weaker { Effect::Widens } else { Effect::Narrows };
                    at.say(effect, format!("is now classed {}", classes(rules)));
                }
                Some((_, was)) => class(&mut at, was, rules),
            }
        }
        for (name, (place, rules)) in &before {
            if !after.contains_key(name) {
                let what = format!("field {name}");
                let how = format!("is no longer classed {}", classes(rules));
                At { what: &what, place, all: &mut self.all }.say(Effect::Widens, how);
            }
        }
        let objects = |policy: &Policy| -> BTreeMap<String, ObjectRule> {
            policy.objects().map(|(name, rule)| (name.value.clone(), rule.clone())).collect()
        };
        let before = objects(old);
        for (name, rule) in objects(new) {
            let Some(was) = before.get(&name) else { continue };
            let what = format!("object {name}");
            let mut at = At { what: &what, place: &rule.place, all: &mut self.all };
            let path = |p: &Option<crate::place::At<crate::vocabulary::FieldPath>>| {
                p.as_ref().map(|p| p.to_string()).unwrap_or_default()
            };
            at.changed(&path(&was.subject), &path(&rule.subject), "subject", Effect::Widens);
            let patients = |rule: &ObjectRule| {
                rule.patients.as_ref().map(|said| said.value.to_string()).unwrap_or_default()
            };
            at.changed(&patients(was), &patients(&rule), "patients", Effect::Widens);
            at.changed(&path(&was.region), &path(&rule.region), "region", Effect::Widens);
            let when = |rule: &ObjectRule| rule.when.clone().unwrap_or_default();
            at.changed(&when(was), &when(&rule), "condition", Effect::Widens);
            let unseen = |rule: &ObjectRule| {
                rule.unseen.as_ref().map(|unseen| unseen.value.to_string()).unwrap_or_default()
            };
            at.changed(&unseen(was), &unseen(&rule), "judgement", Effect::Neutral);
        }
    }

    fn rules(&mut self, old: &Policy, new: &Policy) {
        let own = |policy: &Policy| -> BTreeMap<String, (String, bool, Place)> {
            let rules = policy.rules();
            let own = rules.rules.iter().filter_map(|rule| {
                let place = rule.place.clone()?;
                Some((rule.id.clone(), (rules.text(&rule.id), rule.permits, place)))
            });
            own.collect()
        };
        let (before, after) = (own(old), own(new));
        for (id, (text, permits, place)) in &after {
            let what = format!("rule {id}");
            let mut at = At { what: &what, place, all: &mut self.all };
            match before.get(id) {
                None if *permits => at.say(Effect::Widens, "permits anew".to_owned()),
                None => at.say(Effect::Narrows, "forbids anew".to_owned()),
                Some((was, ..)) if was != text => {
                    at.say(
                        Effect::Widens,
                        "has changed: read it, for no machine can say which way".to_owned(),
                    );
                }
                Some(_) => {}
            }
        }
        for (id, (_, permits, place)) in &before {
            if !after.contains_key(id) {
                let what = format!("rule {id}");
                let effect = if *permits { Effect::Narrows } else { Effect::Widens };
                At { what: &what, place, all: &mut self.all }.say(effect, "is gone".to_owned());
            }
        }
    }
}

fn approvers(at: &mut At<'_>, old: &Approvers, new: &Approvers) {
    let (a, b) = (old.required.value, new.required.value);
    if a != b {
        let effect = if b < a { Effect::Widens } else { Effect::Narrows };
        at.say(effect, format!("required: {a} becomes {b}"));
    }
    let people = |all: &Approvers| texts(all.people.iter().map(|person| &person.id));
    at.set(people(old), people(new), "person", Effect::Widens);
    for person in &new.people {
        let before = old.people.iter().find(|other| other.id == person.id);
        if let Some(before) = before.filter(|before| before.key != person.key) {
            at.say(Effect::Widens, format!("`{}` has another key", before.id.value));
        }
    }
    let valid = |all: &Approvers| all.valid.map_or(30 * 86_400, |period| period.seconds());
    if valid(old) != valid(new) {
        let effect = if valid(new) > valid(old) { Effect::Widens } else { Effect::Narrows };
        at.say(effect, "approvals are good for another time".to_owned());
    }
}

fn party(at: &mut At<'_>, old: &Party, new: &Party) {
    at.set_in_doubt(texts(&old.role), texts(&new.role), "role");
    at.set_in_doubt(texts(&old.regions), texts(&new.regions), "region");
    at.set(texts(&old.subprocessors), texts(&new.subprocessors), "subprocessor", Effect::Widens);
    at.set(texts(&old.packages), texts(&new.packages), "package", Effect::Widens);
    at.set(texts(&old.connected_apps), texts(&new.connected_apps), "connected app", Effect::Widens);
    let endpoints = |party: &Party| -> BTreeMap<String, BTreeSet<String>> {
        let address = |e: &crate::bundle::party::Endpoint| {
            let name = e.named_credential.iter().map(|name| name.value.clone());
            let url = e.url.iter().map(|url| url.value.as_str().to_owned());
            let host = e.host.iter().map(|host| host.value.as_str().to_owned());
            name.chain(url).chain(host).collect::<Vec<_>>().join(" ")
        };
        party.endpoints.iter().map(|e| (address(e), texts(&e.pins))).collect()
    };
    let (before, after) = (endpoints(old), endpoints(new));
    let names = |all: &BTreeMap<String, BTreeSet<String>>| all.keys().cloned().collect::<BTreeSet<_>>();
    at.set(names(&before), names(&after), "endpoint", Effect::Widens);
    for (address, pins) in after {
        if before.get(&address).is_some_and(|was| *was != pins) {
            at.say(Effect::Widens, format!("the endpoint `{address}` has other pins"));
        }
    }
    agreements(at, &old.agreements, &new.agreements);
}

/// Agreements have no ids: of one kind they are told apart by their first day.
fn agreements(at: &mut At<'_>, old: &[Agreement], new: &[Agreement]) {
    let key = |one: &Agreement| (one.kind.value, one.effective.value);
    for one in new {
        let (kind, from) = key(one);
        let Some(was) = old.iter().find(|other| key(other) == (kind, from)) else {
            at.say(Effect::Widens, format!("has a {kind} from {from}"));
            continue;
        };
        let mut at = At { what: at.what, place: &one.place, all: &mut *at.all };
        match (&was.expires, &one.expires) {
            (Some(a), Some(b)) => at.ordered(&a.value, &b.value, &format!("end of the {kind} of {from}")),
            (Some(_), None) => at.say(Effect::Widens, format!("the {kind} of {from} has no end")),
            (None, Some(b)) => at.say(Effect::Narrows, format!("the {kind} of {from} ends on {}", b.value)),
            (None, None) => {}
        }
        at.limit(
            was.classes.as_ref().map(|all| texts(&all.value)),
            one.classes.as_ref().map(|all| texts(&all.value)),
            "class",
        );
        at.limit(
            was.purposes.as_ref().map(|all| texts(&all.value)),
            one.purposes.as_ref().map(|all| texts(&all.value)),
            "purpose",
        );
        // Objects and fields widen each other, so the two are one limit.
        let named = |one: &Agreement| {
            let objects = one.objects.as_ref().map(|all| texts(&all.value));
            let fields = one.fields.as_ref().map(|all| texts(&all.value));
            match (objects, fields) {
                (None, None) => None,
                (a, b) => Some(a.unwrap_or_default().union(&b.unwrap_or_default()).cloned().collect()),
            }
        };
        at.limit(named(was), named(one), "object or field");
        let transfer = |one: &Agreement| one.transfer.as_ref().map(|t| t.to_string()).unwrap_or_default();
        at.changed(&transfer(was), &transfer(one), "transfer instrument", Effect::Widens);
        if was.document != one.document {
            at.say(Effect::Neutral, format!("the {kind} of {from} is another document"));
        }
        let clauses = |one: &Agreement| texts(one.clauses.iter().flat_map(|all| &all.value));
        at.set(clauses(was), clauses(one), "clause", Effect::Neutral);
    }
    for was in old {
        let (kind, from) = key(was);
        if !new.iter().any(|one| key(one) == (kind, from)) {
            at.say(Effect::Narrows, format!("has no {kind} from {from} any more"));
        }
    }
}

fn identity(at: &mut At<'_>, old: &Identity, new: &Identity) {
    at.changed(&old.kind.to_string(), &new.kind.to_string(), "kind", Effect::Neutral);
    let party = |one: &Identity| one.party.as_ref().map(|p| p.to_string()).unwrap_or_default();
    at.changed(&party(old), &party(new), "party", Effect::Widens);
    at.set(texts(&old.purposes), texts(&new.purposes), "purpose", Effect::Widens);
    at.set(texts(&old.scopes), texts(&new.scopes), "scope", Effect::Widens);
    match (old.networks.is_empty(), new.networks.is_empty()) {
        (false, true) => at.say(Effect::Widens, "may call from anywhere".to_owned()),
        (true, false) => at.say(Effect::Narrows, "may call from named networks only".to_owned()),
        _ => at.set(texts(&old.networks), texts(&new.networks), "network", Effect::Widens),
    }
    let names = |one: &Identity| {
        let all = one.salesforce.as_ref();
        let list = |get: fn(&crate::bundle::identity::SalesforceNames) -> &Vec<crate::place::At<String>>,
                    kind: &str| {
            all.iter().flat_map(|n| get(n)).map(|name| format!("{kind} {}", name.value)).collect::<Vec<_>>()
        };
        let mut names = list(|n| &n.users, "user");
        names.extend(list(|n| &n.profiles, "profile"));
        names.extend(list(|n| &n.permission_sets, "permission set"));
        names.extend(list(|n| &n.connected_apps, "connected app"));
        names.into_iter().collect::<BTreeSet<_>>()
    };
    at.set(names(old), names(new), "Salesforce name", Effect::Widens);
}

fn flow(at: &mut At<'_>, old: &DeclaredFlow, new: &DeclaredFlow) {
    at.set(texts(&old.from), texts(&new.from), "field", Effect::Widens);
    at.changed(old.to.as_str(), new.to.as_str(), "to", Effect::Widens);
    match (&old.by, &new.by) {
        (Some(_), None) => at.say(Effect::Widens, "may be carried by any identity".to_owned()),
        (None, Some(by)) => at.say(Effect::Narrows, format!("is carried by `{}` only", by.value)),
        (Some(a), Some(b)) => at.changed(a.as_str(), b.as_str(), "by", Effect::Widens),
        (None, None) => {}
    }
    at.changed(old.purpose.as_str(), new.purpose.as_str(), "purpose", Effect::Widens);
    grounds(at, old, new);
    let rule = |flow: &DeclaredFlow| match flow.region.as_ref().map(|rule| rule.value.clone()) {
        None | Some(RegionRule::SameAsSubject) => (0, "same-as-subject".to_owned()),
        Some(RegionRule::In(list)) => (1, texts(&list).into_iter().collect::<Vec<_>>().join(" ")),
        Some(RegionRule::Any) => (2, "any".to_owned()),
    };
    let (a, b) = (rule(old), rule(new));
    // Only from everywhere is every other rule a narrower one.
    let effect = if a.0 == 2 { Effect::Narrows } else { Effect::Widens };
    at.changed(&a.1, &b.1, "region", effect);
    let transport = |flow: &DeclaredFlow| flow.transport.as_ref().map(|t| t.to_string()).unwrap_or_default();
    at.changed(&transport(old), &transport(new), "transport", Effect::Widens);
    let law = |flow: &DeclaredFlow| flow.law.as_ref().map(|law| law.value.clone()).unwrap_or_default();
    let effect = if law(new).is_empty() { Effect::Narrows } else { Effect::Widens };
    at.changed(&law(old), &law(new), "law", effect);
    at.changed(&old.clinical.to_string(), &new.clinical.to_string(), "clinical", Effect::Neutral);
}

/// Grounds of HIPAA stand in for one another, so one less is narrower; those of the GDPR each ask for something,
/// and so does the last of HIPAA's.
fn grounds(at: &mut At<'_>, old: &DeclaredFlow, new: &DeclaredFlow) {
    let has = |flow: &DeclaredFlow, ground: Ground| flow.has_ground(ground);
    for added in new.ground.iter().filter(|ground| !has(old, ground.value)) {
        at.say(Effect::Widens, format!("gains the ground `{}`", added.value));
    }
    let others = new.ground.iter().any(|ground| !ground.value.is_gdpr());
    for gone in old.ground.iter().filter(|ground| !has(new, ground.value)) {
        let effect = if gone.value.is_gdpr() || !others { Effect::Widens } else { Effect::Narrows };
        at.say(effect, format!("loses the ground `{}`", gone.value));
    }
}

fn model(at: &mut At<'_>, old: &Model, new: &Model) {
    let or_none = |text: Option<String>| text.unwrap_or_default();
    let digest = |m: &Model| or_none(m.digest.as_ref().map(|d| d.to_string()));
    at.changed(&digest(old), &digest(new), "digest", Effect::Widens);
    let provider = |m: &Model| or_none(m.provider.as_ref().map(|p| p.to_string()));
    at.changed(&provider(old), &provider(new), "provider", Effect::Widens);
    let region = |m: &Model| or_none(m.region.as_ref().map(|r| r.to_string()));
    at.changed(&region(old), &region(new), "region", Effect::Widens);
    at.set(texts(&old.classes), texts(&new.classes), "class", Effect::Widens);
    at.set(texts(&old.purposes), texts(&new.purposes), "purpose", Effect::Widens);
    let approvals = |m: &Model| m.approvals.iter().map(|a| format!("{} on {}", a.by, a.on)).collect();
    at.set(approvals(old), approvals(new), "approval", Effect::Widens);
    let masking = |m: &Model| m.masking.as_ref().is_some_and(|masking| masking.value);
    match (masking(old), masking(new)) {
        (true, false) => at.say(Effect::Widens, "sees identifiers unmasked".to_owned()),
        (false, true) => at.say(Effect::Narrows, "sees identifiers masked".to_owned()),
        _ => {}
    }
    let kept = |m: &Model| or_none(m.retention.as_ref().map(|r| r.value.clone()));
    let effect = if kept(new) == "none" { Effect::Narrows } else { Effect::Widens };
    at.changed(&kept(old), &kept(new), "retention", effect);
    let endpoint = |m: &Model| {
        let one = m.endpoint.as_ref();
        let name = one.and_then(|e| e.named_credential.as_ref()).map(|n| n.value.clone());
        let url = one.and_then(|e| e.url.as_ref()).map(|u| u.value.as_str().to_owned());
        let host = one.and_then(|e| e.host.as_ref()).map(|h| h.value.as_str().to_owned());
        or_none(name.or(url).or(host))
    };
    at.changed(&endpoint(old), &endpoint(new), "endpoint", Effect::Widens);
    let risk = |m: &Model| or_none(m.risk.as_ref().map(|r| r.level.to_string()));
    at.changed(&risk(old), &risk(new), "risk", Effect::Neutral);
}

fn org(at: &mut At<'_>, old: &Org, new: &Org) {
    let region = |o: &Org| o.region.as_ref().map(|r| r.to_string()).unwrap_or_default();
    at.changed(&region(old), &region(new), "region", Effect::Widens);
    let subjects = |o: &Org| texts(o.subjects.iter().flatten());
    at.set(subjects(old), subjects(new), "region of persons", Effect::Widens);
    let services = |o: &Org| texts(o.covered_services.iter().flatten());
    at.set(services(old), services(new), "covered service", Effect::Widens);
    let support = |o: &Org| texts(o.support_access.iter().flat_map(|access| &access.regions));
    at.set(support(old), support(new), "region of support", Effect::Widens);
    match (old.masked.as_ref().is_some_and(|m| m.value), new.masked.as_ref().is_some_and(|m| m.value)) {
        (true, false) => at.say(Effect::Widens, "is no longer masked".to_owned()),
        (false, true) => at.say(Effect::Narrows, "is masked".to_owned()),
        _ => {}
    }
    agreements(at, &old.agreements, &new.agreements);
}

fn ceiling(at: &mut At<'_>, old: &Ceiling, new: &Ceiling) {
    at.set(texts(&old.who), texts(&new.who), "holder", Effect::Widens);
    at.set(texts(&old.actions), texts(&new.actions), "action", Effect::Widens);
    at.set(texts(&old.classes), texts(&new.classes), "class", Effect::Widens);
    at.set(texts(&old.purposes), texts(&new.purposes), "purpose", Effect::Widens);
    at.ordered(&old.lasting.value, &new.lasting.value, "longest grant");
    let (a, b) = (old.approvals.value, new.approvals.value);
    if a != b {
        let effect = if b < a { Effect::Widens } else { Effect::Narrows };
        at.say(effect, format!("approvals: {a} becomes {b}"));
    }
    match (old.emergency, new.emergency) {
        (false, true) => at.say(Effect::Widens, "lifts restrictions in an emergency".to_owned()),
        (true, false) => at.say(Effect::Narrows, "lifts no restrictions".to_owned()),
        _ => {}
    }
}

fn retention(at: &mut At<'_>, old: &Retention, new: &Retention) {
    let say = |period: &Option<crate::place::At<crate::period::Period>>| {
        period.as_ref().map(|p| p.to_string()).unwrap_or_default()
    };
    at.changed(&say(&old.floor), &say(&new.floor), "floor", Effect::Neutral);
    let longer = match (&old.ceiling, &new.ceiling) {
        (Some(a), Some(b)) if b.value < a.value => Effect::Narrows,
        (None, Some(_)) => Effect::Narrows,
        _ => Effect::Widens,
    };
    at.changed(&say(&old.ceiling), &say(&new.ceiling), "ceiling", longer);
}

fn classes(rules: &[FieldRule]) -> String {
    texts(rules.iter().map(|rule| &rule.class)).into_iter().collect::<Vec<_>>().join(" or ")
}

/// How a field is sealed and indexed, in a line.
fn sealing(rules: &[FieldRule]) -> String {
    let Some(rule) = rules.first() else { return String::new() };
    let mut said = Vec::new();
    if let Some(seal) = &rule.seal {
        said.extend(seal.id.as_ref().map(|id| format!("id {}", id.value)));
        said.extend(seal.bind.as_ref().map(|bind| format!("bound to the {}", bind.value)));
        said.extend(seal.key.as_ref().map(|key| key.to_string()));
        said.extend(seal.field.as_ref().map(|field| format!("token in {}", field.value)));
        said.extend(seal.leave.as_ref().map(|leave| format!("leaves {}", leave.value)));
    }
    if let Some(index) = &rule.index {
        said.push(format!("index in {} for {} values", index.field.value, index.values.value));
        said.extend(index.form.as_ref().map(|form| format!("as {}", form.value)));
        said.extend(index.bits.as_ref().map(|bits| format!("{} bits", bits.value)));
        said.extend(index.country.as_ref().map(|country| format!("country {}", country.value)));
    }
    said.join(", ")
}

fn class(at: &mut At<'_>, old: &[FieldRule], new: &[FieldRule]) {
    let strongest = |rules: &[FieldRule]| rules.iter().map(|rule| rule.class.value).max();
    match (strongest(old), strongest(new)) {
        (Some(a), Some(b)) if a != b => {
            let effect = if b < a { Effect::Widens } else { Effect::Narrows };
            at.say(effect, format!("class: {a} becomes {b}"));
        }
        _ => {}
    }
    // Protection has no order of its own: platform and gateway guard against different people.
    let protect = |rules: &[FieldRule]| texts(rules.iter().filter_map(|rule| rule.protect.as_ref()));
    let rank = |set: &BTreeSet<String>| match set.iter().next_back().map(String::as_str) {
        Some("both") => 2,
        Some("platform" | "gateway") => 1,
        _ => 0,
    };
    let (a, b) = (protect(old), protect(new));
    let joined = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
    let effect = if rank(&b) > rank(&a) { Effect::Narrows } else { Effect::Widens };
    at.changed(&joined(&a), &joined(&b), "protection", effect);
    let tags = |rules: &[FieldRule]| texts(rules.iter().flat_map(|rule| &rule.tags));
    at.set(tags(old), tags(new), "tag", Effect::Narrows);
    let masks = |rules: &[FieldRule]| joined(&texts(rules.iter().filter_map(|rule| rule.mask.as_ref())));
    at.changed(&masks(old), &masks(new), "mask", Effect::Widens);
    let kinds =
        |rules: &[FieldRule]| joined(&texts(rules.iter().filter_map(|rule| rule.identifier.as_ref())));
    at.changed(&kinds(old), &kinds(new), "identifier", Effect::Widens);
    let search = |rules: &[FieldRule]| joined(&texts(rules.iter().filter_map(|rule| rule.search.as_ref())));
    let effect = if search(new) == "equality" { Effect::Widens } else { Effect::Narrows };
    at.changed(&search(old), &search(new), "search", effect);
    // What a token is bound to, and how much a digest tells, is no order that a machine knows.
    at.changed(&sealing(old), &sealing(new), "sealing", Effect::Widens);
    let when = |rules: &[FieldRule]| {
        rules.iter().map(|rule| rule.when.clone().unwrap_or_default()).collect::<Vec<_>>().join(" | ")
    };
    at.changed(&when(old), &when(new), "condition", Effect::Widens);
    let unseen = |rules: &[FieldRule]| joined(&texts(rules.iter().filter_map(|rule| rule.unseen.as_ref())));
    at.changed(&unseen(old), &unseen(new), "judgement", Effect::Neutral);
}
