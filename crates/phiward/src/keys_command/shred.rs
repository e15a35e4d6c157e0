//! `phiward keys shred`: people are forgotten.

use std::collections::{BTreeMap, BTreeSet};

use guard::keeper::Shredding;
use guard::{Handle, Keeper, Owner, SealedField};
use journal::Subject;
use journal::names::{Digest, KeyId, Org};
use policy::Policy;

use super::arguments::Shred;
use super::{NO_ORG, acted_by, by_lines, lines, status, subject, text};
use crate::{Verdict, judge};

/// Who is forgotten.
enum Who {
    People(Vec<Subject>),
    Handles(Vec<Handle>),
    /// Nobody, but handles of people who became others.
    Retired(Vec<Handle>),
}

/// Fields whose tokens hang on a key in the place of a record, by that key, as `Object.Field`.
type ByKey = BTreeMap<String, BTreeSet<String>>;

pub(super) fn run(shred: &Shred) -> Result<Verdict, String> {
    let given = lines(|line| Ok(line.to_owned()))?;
    let (who, policy, left) = match (&shred.policy, &shred.org) {
        (Some(policy), Some(id)) => {
            let policy = judge::read_bundle(policy)?;
            let org = Org::declared(&policy, id).map_err(|_| NO_ORG.to_owned())?;
            let by_key = bound_by_keys(&policy);
            let people = match &shred.key {
                Some(key) => of_keys(&org, key, &by_key, &given)?,
                None => {
                    let records = (1..).zip(&given).map(|(number, line)| subject(&org, number, line));
                    records.collect::<Result<_, _>>()?
                }
            };
            let left = if shred.key.is_some() || shred.keys_apart { ByKey::new() } else { by_key };
            (Who::People(people), Some(Digest::of_policy(policy.digest())), left)
        }
        _ => {
            let handles = (1..).zip(&given).map(|(number, line)| {
                let id = KeyId::of(line).map_err(|_| format!("line {number}: this is no handle"))?;
                Ok(Handle::of(*id.bytes()))
            });
            let handles = handles.collect::<Result<_, String>>()?;
            let who = if shred.retired { Who::Retired(handles) } else { Who::Handles(handles) };
            (who, None, ByKey::new())
        }
    };
    acted_by(policy, &shred.kept, async |keeper| {
        let backups = shred.backups.as_deref();
        let done = match &who {
            Who::People(people) => keeper.shred(people, backups).await,
            Who::Handles(handles) => keeper.shred_handles(handles, backups).await,
            Who::Retired(handles) => {
                are_merged(keeper, handles)?;
                keeper.shred_handles(handles, backups).await
            }
        };
        let done = done.map_err(by_lines)?;
        tell(&done);
        let escrows = status::escrows_to_destroy(keeper);
        for (key, fields) in &left {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            eprintln!(
                "phiward: tokens of {} hang on what stands in `{key}` and not on the record: shred these people's keys as \
                 well (`keys shred --key {key}`), or say with --keys-apart that it is done",
                fields.join(", ")
            );
        }
        let all = done.handles.iter().all(Option::is_some) && left.is_empty();
        Ok(if all { escrows } else { Verdict::Findings })
    })
}

/// Whether nobody would be forgotten.
fn are_merged(keeper: &Keeper, handles: &[Handle]) -> Result<(), String> {
    let retiring = keeper.salts().retiring(handles);
    let mut wrong = Vec::new();
    for (number, handle) in (1..).zip(handles) {
        if keeper.salts().by_handle(*handle).map_err(text)?.is_some() && !retiring.contains(handle) {
            wrong.push(format!(
                "line {number}: in these keys the person was not merged into another who stays: `keys merge` first"
            ));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\nnothing was done", wrong.join("\n"))) }
}

fn tell(Shredding { handles, retired, backup, .. }: &Shredding) {
    for handle in handles {
        match handle {
            Some(handle) => println!("{handle:?}"),
            None => println!("unknown"),
        }
    }
    let done = handles.iter().flatten().count();
    let (any, forgotten) = (done > 0, done - retired.len());
    if forgotten > 0 {
        eprintln!("phiward: shredded: {}", people(forgotten));
    }
    if !retired.is_empty() {
        eprintln!(
            "phiward: retired: handles of {} merged into others, and nobody is forgotten by it",
            people(retired.len())
        );
    }
    match backup {
        Some(backup) if any => {
            eprintln!("phiward: backups before this one open no more: `{}`", backup.display());
        }
        Some(backup) => eprintln!("phiward: a backup was made: `{}`", backup.display()),
        None if any => eprintln!("phiward: no backup that was made until now opens: make a new one"),
        None => {}
    }
    if !any {
        eprintln!("phiward: none of them has a salt: nothing was shredded, and backups open as before");
    }
}

fn people(number: usize) -> String {
    if number == 1 { "1 person".to_owned() } else { format!("{number} people") }
}

fn bound_by_keys(policy: &Policy) -> ByKey {
    let mut all = ByKey::new();
    for (object, rule) in policy.objects() {
        for (field, _) in &rule.fields.0 {
            let field = field.value.as_str();
            let twin = policy::twin(&object.value, field);
            for (object, field) in std::iter::once((object.value.clone(), field.to_owned())).chain(twin) {
                let Some(sealed) = SealedField::of(policy, &object, &field) else { continue };
                if let Owner::Key(key) = &sealed.owner {
                    let fields = all.entry(format!("{object}.{key}")).or_default();
                    fields.insert(format!("{object}.{field}"));
                }
            }
        }
    }
    all
}

/// People by what stands in a field. No message repeats it.
fn of_keys(org: &Org, key: &str, by_key: &ByKey, given: &[String]) -> Result<Vec<Subject>, String> {
    if !by_key.keys().any(|known| known.eq_ignore_ascii_case(key)) {
        let known: Vec<&str> = by_key.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(format!(
            "the bundle binds no field by `{key}` (`seal: {{bind: key}}`); by these: {known}"
        ));
    }
    let people = (1..).zip(given).map(|(number, line)| match line.as_str() {
        "" => Err(format!("line {number}: it is empty")),
        line => Ok(Subject::of_key(org, key, line)),
    });
    people.collect()
}
