use super::{Check, names};
use crate::bundle::Citation;
use crate::period::Period;
use crate::place::Place;
use crate::vocabulary::{ExceptionKind, OrgKind, Region, SourceKind};

/// How long an exception may last where the bundle does not say.
const EXCEPTION_DAYS: u32 = 180;
/// No default may make an exception longer than this: what is never looked at again is no exception.
const EXCEPTION_DAYS_LIMIT: u32 = 731;

pub(super) fn check(check: &mut Check<'_>) {
    approvers(check);
    keeping(check);
    ceilings(check);
    orgs(check);
    exceptions(check);
    if let Some(organisation) = &check.content.organisation
        && organisation.roles.is_empty()
    {
        let message = "the organisation has no role in law".to_owned();
        let help = "add `roles: [covered-entity]`, or what fits; until then HIPAA is taken to bind it";
        check.warn(&organisation.place, "empty-roles", message, help);
    }
}

fn approvers(check: &mut Check<'_>) {
    let Some(approvers) = &check.content.approvers else {
        if let Some(organisation) = &check.content.organisation {
            let message = "nobody is named who approves the next bundle".to_owned();
            let help = "add `approvers` with `required` and `people`; until then no bundle can be enforced";
            check.warn(&organisation.place, "no-approvers", message, help);
        }
        return;
    };
    let mut people: Vec<&str> = Vec::new();
    for person in &approvers.people {
        if people.contains(&person.id.as_str()) {
            let message = format!("approver `{}` stands twice", person.id.value);
            check.error(&person.id.place, "duplicate-id", message, "name each person once");
        }
        people.push(person.id.as_str());
    }
    let keys: Vec<_> =
        approvers.people.iter().filter_map(|p| p.key.as_ref().map(|key| (key, &p.place))).collect();
    for (at, (key, place)) in keys.iter().enumerate() {
        if keys.iter().take(at).any(|(other, _)| other == key) {
            let message = "two approvers have the same key".to_owned();
            check.error(place, "duplicate-key", message, "each person signs with a key of their own");
        }
    }
    people.sort_unstable();
    people.dedup();
    let required = approvers.required.value;
    if required == 0 || required as usize > people.len() {
        let message = format!("{required} of {} people cannot approve", people.len());
        check.error(
            &approvers.required.place,
            "impossible-quorum",
            message,
            "require at least one, and no more than there are people",
        );
    } else if required as usize == people.len() && required > 0 {
        let message =
            "whoever writes a bundle cannot approve it: with everyone required, no approver can write one";
        let help = "name one more person, or require one fewer";
        check.warn(&approvers.required.place, "tight-quorum", message.to_owned(), help);
    }
}

/// A floor or ceiling must say where it comes from: a number that nobody can defend is the first that an
/// auditor asks about.
fn cited(check: &mut Check<'_>, source: Option<&Citation>, place: &Place, what: &str) {
    let Some(source) = source else {
        let message = format!("{what} does not say where it comes from");
        let help = "add `source: {kind: statute | contract | choice, cite: ..., by: ..., on: ...}`";
        check.error(place, "missing-source", message, help);
        return;
    };
    let lacking = match source.kind.value {
        SourceKind::Statute | SourceKind::Contract if source.cite.is_none() => {
            Some("add `cite`: the provision or the contract")
        }
        SourceKind::Choice if source.by.is_none() || source.on.is_none() => {
            Some("add `by` and `on`: who chose, and when")
        }
        _ => None,
    };
    if let Some(help) = lacking {
        let message = format!("the source of {what} is incomplete");
        check.error(&source.place, "missing-source", message, help);
    }
}

fn keeping(check: &mut Check<'_>) {
    let content = check.content;
    for (at, rule) in content.retention.iter().enumerate() {
        let what = format!("the retention of `{}`", rule.what.value);
        cited(check, rule.source.as_ref(), &rule.place, &what);
        if let Some(first) = content.retention.iter().take(at).find(|other| other.what == rule.what) {
            super::super::duplicate(&first.what, &rule.what, "retention of", check.problems);
        }
        match (&rule.floor, &rule.ceiling) {
            (None, None) => {
                let message = format!("{what} has neither floor nor ceiling");
                check.error(&rule.place, "empty-rule", message, "add `floor`, `ceiling` or both");
            }
            (Some(floor), Some(ceiling)) if floor.value > ceiling.value => {
                let message = format!("{what} is at least {} and at most {}", floor.value, ceiling.value);
                let help = "no record can keep both: one of them rests on a wrong reading";
                check.error(&floor.place, "floor-above-ceiling", message, help);
            }
            _ => {}
        }
        // 45 CFR 164.316(b)(2)(i): six years from creation or last effect.
        let six_years = Period::of("P6Y");
        let short = rule.what.as_str() == "policy-documents"
            && [&rule.floor, &rule.ceiling].into_iter().flatten().any(|one| Some(one.value) < six_years);
        if short {
            let message = "policy documents are kept for less than six years".to_owned();
            let help = "45 CFR 164.316(b)(2)(i) asks for six years from creation or last effect";
            check.error(&rule.place, "retention-below-law", message, help);
        }
    }
    for (at, rule) in content.cryptoperiods.iter().enumerate() {
        let what = format!("the cryptoperiod of `{}`", rule.keys.value);
        cited(check, rule.source.as_ref(), &rule.place, &what);
        if let Some(first) = content.cryptoperiods.iter().take(at).find(|other| other.keys == rule.keys) {
            super::super::duplicate(&first.keys, &rule.keys, "cryptoperiod of", check.problems);
        }
    }
}

fn ceilings(check: &mut Check<'_>) {
    let content = check.content;
    let mut actors = names(&content.identities);
    actors.extend(names(&content.audiences));
    for ceiling in &content.ceilings {
        for who in &ceiling.who {
            check.reference(who, "identity or audience", &actors);
        }
        let empty = [
            (ceiling.who.is_empty(), "who"),
            (ceiling.actions.is_empty(), "actions"),
            (ceiling.classes.is_empty(), "classes"),
            (ceiling.purposes.is_empty(), "purposes"),
        ];
        for (_, key) in empty.into_iter().filter(|(empty, _)| *empty) {
            let message = format!("the ceiling `{}` names no {key}, so no grant fits it", ceiling.id.value);
            check.error(
                &ceiling.place,
                "empty-rule",
                message,
                format!("add `{key}`, or leave the ceiling out"),
            );
        }
    }
}

/// `us`, `eu` and the like, or a country: what the law knows.
fn is_known(region: &Region, own: &[crate::place::At<Region>]) -> bool {
    region.area().len() == 2 || region.area() == "eea" || own.iter().any(|one| one.value == *region)
}

pub(super) fn region(check: &mut Check<'_>, at: &crate::place::At<Region>) {
    if !is_known(&at.value, &check.content.regions) {
        let message = format!("`{}` is not a region that the law knows", at.value);
        let help = "write `eu`, or a country as two letters: us, de, gb, in";
        check.error(&at.place, "unknown-region", message, help);
    }
}

fn orgs(check: &mut Check<'_>) {
    let content = check.content;
    let mut default: Option<&Place> = None;
    for listed in &content.regions {
        if listed.value.area().len() != 2 && listed.value.area() != "eea" {
            let message = format!("`{}` is not a region that the law knows", listed.value);
            let help = "write `eu`, or a country as two letters: us, de, gb, in";
            check.error(&listed.place, "unknown-region", message, help);
        }
    }
    for org in &content.orgs {
        for agreement in &org.agreements {
            super::agreements::check(check, agreement, "Salesforce");
        }
        let support = org.support_access.iter().flat_map(|access| &access.regions);
        for at in org.region.iter().chain(support) {
            region(check, at);
        }
        for subject in org.subjects.iter().flatten() {
            if !content.regions.iter().any(|own| subject.value.within(&own.value)) {
                let message = format!(
                    "org `{}` holds data of people of `{}`, which the bundle does not list",
                    org.id.value, subject.value
                );
                let help = "add the region to `regions`";
                check.error(&subject.place, "unknown-region", message, help);
            }
        }
        if let (OrgKind::Production, Some(masked)) = (org.kind.value, &org.masked)
            && masked.value
        {
            let message = format!("org `{}` is a production org and said to be masked", org.id.value);
            check.warn(&masked.place, "masked-production", message, "say `masked` of sandboxes only");
        }
        if org.default {
            if let Some(first) = default {
                let message = format!("two orgs are the default, the first at {first}");
                check.error(&org.place, "two-defaults", message, "mark one org as default");
            }
            default = Some(&org.place);
        }
    }
}

fn exceptions(check: &mut Check<'_>) {
    let content = check.content;
    let limit = content.defaults.as_ref().and_then(|defaults| defaults.exception_days.as_ref());
    if let Some(days) = limit
        && !(1..=EXCEPTION_DAYS_LIMIT).contains(&days.value)
    {
        let message = format!("exceptions of {} days", days.value);
        let help = format!("from 1 to {EXCEPTION_DAYS_LIMIT} days: an exception must come up for review");
        check.error(&days.place, "exception-too-long", message, help);
    }
    let days = limit.map_or(EXCEPTION_DAYS, |days| days.value);
    let people: Vec<&str> =
        content.approvers.iter().flat_map(|approvers| &approvers.people).map(|p| p.id.as_str()).collect();
    for exception in &content.exceptions {
        let id = &exception.id.value;
        check.reference(&exception.approver, "approver", &people);
        if exception.expires.value < exception.approved.value {
            let message = format!("exception `{id}` expires before it is approved");
            check.error(&exception.expires.place, "bad-dates", message, "put the later date in `expires`");
        } else if Period::of_days(days)
            .after(exception.approved.value)
            .is_some_and(|l| exception.expires.value > l)
        {
            let message = format!("exception `{id}` lasts longer than {days} days");
            let help = "set an earlier `expires` and renew it then, or raise `defaults.exception_days`";
            check.error(&exception.expires.place, "exception-too-long", message, help);
        }
        match (exception.kind.value, &exception.alternative) {
            (ExceptionKind::AddressableAlternative, None) => {
                let message = format!("exception `{id}` names no alternative");
                let help = "add `alternative`: what is done instead (45 CFR 164.306(d)(3)(ii)(B)(2))";
                check.error(&exception.place, "missing-key", message, help);
            }
            (ExceptionKind::RiskAcceptance, Some(alternative)) => {
                let message = format!("exception `{id}` accepts a risk and names an alternative");
                let help = "leave `alternative` out, or make it `kind: addressable-alternative`";
                check.error(&alternative.place, "bad-value", message, help);
            }
            _ => {}
        }
        if exception.reason.trim().chars().count() < 10 {
            let message = format!("the reason of exception `{id}` says nothing");
            check.error(&exception.reason.place, "empty-reason", message, "say why the risk can be borne");
        }
    }
}
