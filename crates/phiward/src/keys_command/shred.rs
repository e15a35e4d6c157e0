//! `phiward keys shred`: people are forgotten.

use std::collections::{BTreeMap, BTreeSet};

use guard::keeper::Shredding;
use guard::ring::Standing;
use guard::{Handle, Keeper, Owner, SealedField};
use journal::Subject;
use journal::names::{KeyId, Org};
use policy::{ClassifiedBy, Policy};

use super::arguments::Shred;
use super::people::By;
use super::{NO_ORG, Word, acted_alone, by_lines, listed, reopened, status, text};
use crate::telling::counted;
use crate::{Verdict, judge};

/// Who is forgotten.
enum Who {
    People(Vec<Subject>),
    Handles(Vec<Handle>),
    /// Nobody, but handles of people who became others.
    Retired(Vec<Handle>),
}

impl Who {
    /// What the ring knows of each.
    fn standing(&self, keeper: &Keeper) -> Vec<Standing> {
        match self {
            Self::People(people) => people.iter().map(|person| keeper.salts().standing(person)).collect(),
            Self::Handles(handles) | Self::Retired(handles) => {
                handles.iter().map(|handle| keeper.salts().standing_of(*handle)).collect()
            }
        }
    }

    /// Of each line, whether it is the first that names its person.
    fn firsts(&self) -> Vec<bool> {
        match self {
            Self::People(people) => firsts(people.iter().map(Subject::bytes)),
            Self::Handles(handles) | Self::Retired(handles) => firsts(handles),
        }
    }

    /// Whether somebody of whom this was known before is as they are to be now.
    const fn is_gone(&self, was: Standing, retires: bool) -> bool {
        match was {
            Standing::There | Standing::Shredded => true,
            Standing::Merged(_) => retires || matches!(self, Self::Retired(_)),
            Standing::Unknown => false,
        }
    }
}

/// What the bundle's tokens hang on, and the fields whose tokens they are, all as `Object.Field`.
#[derive(Default)]
pub(super) struct Bound {
    /// By keys in the place of records, under the names that subjects have them by.
    by_key: BTreeMap<String, ByKey>,
    by_record: BTreeSet<String>,
    /// Objects whose records are people, in lower case, where that can be told.
    persons: BTreeSet<String>,
}

/// Fields whose tokens hang on one key in the place of a record.
#[derive(Default)]
struct ByKey {
    /// The field that holds it, as the bundle spells it.
    shown: String,
    /// The fields that hold it, in lower case: a person account has it in two objects.
    columns: BTreeSet<String>,
    fields: BTreeSet<String>,
}

pub(super) fn run(shred: &Shred) -> Result<Verdict, String> {
    let given = listed(|number, line| Ok((number, line.to_owned())))?;
    let numbers: Vec<u64> = given.iter().map(|(number, _)| *number).collect();
    let mut others = Vec::new();
    let (who, policy, left) = match (&shred.policy, &shred.org) {
        (Some(policy), Some(id)) => {
            let policy = judge::read_bundle(policy)?;
            let org = Org::declared(&policy, id).map_err(|_| NO_ORG.to_owned())?;
            let mut left = Bound::of(&policy);
            let by = left.taken(org, shred.key.as_deref())?;
            let people = given.iter().map(|(number, line)| {
                by.one(*number, line)
                    .map_err(|what| format!("standard input, line {number}: {what}\nnothing was done"))
            });
            let people = people.collect::<Result<_, String>>()?;
            others.extend(given.iter().map(|(_, line)| {
                if left.is_of_another_kind(line, &by) { left.hint() } else { String::new() }
            }));
            if shred.keys_apart {
                left = Bound::default();
            }
            (Who::People(people), Some(policy), left)
        }
        _ => {
            let handles = given.iter().map(|(number, line)| {
                let id = KeyId::of(line).map_err(|_| {
                    format!("standard input, line {number}: this is no handle\nnothing was done")
                })?;
                Ok(Handle::of(*id.bytes()))
            });
            let handles = handles.collect::<Result<_, String>>()?;
            let who = if shred.retired { Who::Retired(handles) } else { Who::Handles(handles) };
            (who, shred.policy.as_deref().map(judge::read_bundle).transpose()?, Bound::default())
        }
    };
    acted_alone(Word::of(policy.as_ref(), &shred.kept)?, &shred.kept, async |keeper| {
        let backups = shred.backups.as_deref();
        let was = who.standing(keeper);
        let done = match &who {
            Who::People(people) => keeper.shred(people, backups).await,
            Who::Handles(handles) => {
                if !shred.rebound {
                    are_bound_anew(keeper, handles, &numbers)?;
                }
                keeper.shred_handles(handles, backups).await
            }
            Who::Retired(handles) => {
                are_merged(keeper, handles, &numbers)?;
                keeper.shred_handles(handles, backups).await
            }
        };
        let done = done.map_err(|error| by_lines(error, &numbers))?;
        tell(&done, &was, &who.firsts(), shred.backups.is_some());
        let unknown =
            numbers.iter().zip(&was).zip(&others).filter(|((_, was), _)| **was == Standing::Unknown);
        for ((number, _), hint) in unknown.filter(|(_, hint)| !hint.is_empty()) {
            eprintln!("phiward: standard input, line {number}: nothing is sealed for this person{hint}");
        }
        let escrows = status::escrows_to_destroy(keeper);
        left.tell(shred.key.as_deref());
        let again = reopened::hold(keeper, &shred.kept).await?;
        let all = was.iter().all(|was| who.is_gone(*was, shred.rebound))
            && left.is_empty()
            && again == Verdict::InOrder;
        Ok(if all { escrows } else { Verdict::Findings })
    })
}

/// Nobody takes the salt of who was merged away before somebody looked: what is bound to them still would be lost.
fn are_bound_anew(keeper: &Keeper, handles: &[Handle], numbers: &[u64]) -> Result<(), String> {
    let retiring = keeper.salts().retiring(handles);
    let of_merged = numbers.iter().zip(handles).filter(|(_, handle)| retiring.contains(handle));
    let lines: Vec<String> = of_merged.map(|(number, _)| format!("line {number}")).collect();
    if lines.is_empty() {
        return Ok(());
    }
    Err(format!(
        "standard input, {}: the person was merged into another, and what is still bound to this handle would never open again: take \
         `keys census --free-of-handle` of all exports, then say `--rebound`\nnothing was done",
        lines.join(", ")
    ))
}

/// Whether nobody would be forgotten.
fn are_merged(keeper: &Keeper, handles: &[Handle], numbers: &[u64]) -> Result<(), String> {
    let retiring = keeper.salts().retiring(handles);
    let mut wrong = Vec::new();
    for (number, handle) in numbers.iter().zip(handles) {
        if keeper.salts().by_handle(*handle).map_err(text)?.is_some() && !retiring.contains(handle) {
            wrong.push(format!(
                "standard input, line {number}: in these keys the person was not merged into another who stays: `keys merge` first"
            ));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\nnothing was done", wrong.join("\n"))) }
}

fn firsts<T: Ord>(all: impl IntoIterator<Item = T>) -> Vec<bool> {
    let mut seen = BTreeSet::new();
    all.into_iter().map(|one| seen.insert(one)).collect()
}

fn tell(
    Shredding { handles, retired, backup, .. }: &Shredding,
    was: &[Standing],
    first: &[bool],
    is_asked: bool,
) {
    for (handle, was) in handles.iter().zip(was) {
        match (handle, was) {
            (Some(handle), _) => println!("{handle:?}"),
            (None, Standing::Shredded) => println!("shredded"),
            (None, Standing::Merged(into)) => println!("merged {into:?}"),
            (None, Standing::There | Standing::Unknown) => println!("unknown"),
        }
    }
    // Who is named twice is one person.
    let before =
        |is: fn(&Standing) -> bool| was.iter().zip(first).filter(|(was, first)| **first && is(was)).count();
    let again = first.iter().filter(|first| !**first).count();
    if again > 0 {
        let lines = counted(again as u64, "line names", "lines name");
        eprintln!("phiward: {lines} somebody whom a line before names, who is counted once");
    }
    let shredded = before(|was| *was == Standing::Shredded);
    if shredded > 0 {
        eprintln!("phiward: shredded before: {}", people(shredded));
    }
    let merged = before(|was| matches!(was, Standing::Merged(_)));
    if merged > 0 {
        eprintln!(
            "phiward: retired before: handles of {} merged into others: forgetting them is forgetting who survives, whose \
             handle stands there",
            people(merged)
        );
    }
    let done = handles.iter().zip(first).filter(|(handle, first)| **first && handle.is_some()).count();
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
        None if is_asked => {
            eprintln!("phiward: no backup was made: one that is there opens and holds everybody");
        }
        None => {}
    }
    if !any {
        eprintln!("phiward: none of them has a salt now: nothing was shredded, and backups open as before");
    }
}

fn people(number: usize) -> String {
    counted(number as u64, "person", "people")
}

impl Bound {
    fn is_empty(&self) -> bool {
        self.by_key.is_empty() && self.by_record.is_empty()
    }

    /// The key that a field is, by the name that subjects have it by.
    fn key(&self, given: &str) -> Result<String, String> {
        let given_as = given.to_ascii_lowercase();
        if self.by_key.contains_key(&given_as) {
            return Ok(given_as);
        }
        let by_column = self.by_key.iter().filter(|(_, key)| key.columns.contains(&given_as));
        let found: Vec<_> = by_column.collect();
        let shown =
            |keys: Vec<&ByKey>| keys.iter().map(|key| key.shown.as_str()).collect::<Vec<_>>().join(", ");
        match found.as_slice() {
            [(key, _)] => Ok((*key).clone()),
            [] if self.by_key.is_empty() => {
                Err(format!("the bundle binds no field by `{given}` (`seal: {{bind: key}}`); by these: none"))
            }
            [] => Err(format!(
                "the bundle binds no field by `{given}` (`seal: {{bind: key}}`); by these: {}",
                shown(self.by_key.values().collect())
            )),
            several => Err(format!(
                "`{given}` holds several keys: name one of {}",
                shown(several.iter().map(|(_, key)| *key).collect())
            )),
        }
    }

    /// Takes out what lists name people by: their records, or a key.
    pub(super) fn taken(&mut self, org: Org, key: Option<&str>) -> Result<By, String> {
        let Some(key) = key else {
            self.by_record.clear();
            return Ok(By::Record(org));
        };
        let key = self.key(key)?;
        self.by_key.remove(&key);
        Ok(By::Key(org, key))
    }

    /// Ids that begin so are none of those that tokens are bound to, and who is named by them has others: a person
    /// account is two records.
    fn other_kind(&self) -> Option<(&'static str, &'static str)> {
        let has = |object: &str| self.persons.contains(object);
        match (has("account"), has("contact")) {
            (true, false) => Some((
                "003",
                "this is the id of a contact, and the bundle binds tokens to accounts: name the account (`AccountId` of the \
                 contact)",
            )),
            (false, true) => Some((
                "001",
                "this is the id of an account, and the bundle binds tokens to contacts: name the contact (`PersonContactId` \
                 of the account)",
            )),
            _ => None,
        }
    }

    /// Whether a line names somebody by the other record of a person account.
    pub(super) fn is_of_another_kind(&self, line: &str, by: &By) -> bool {
        let is_other = |id: &str| self.other_kind().is_some_and(|(prefix, _)| id.trim().starts_with(prefix));
        matches!(by, By::Record(_)) && line.split([' ', '\t', ',']).any(is_other)
    }

    /// What to do about such a line.
    pub(super) fn hint(&self) -> String {
        self.other_kind().map_or_else(String::new, |(_, hint)| format!(": {hint}"))
    }

    /// What stays open of people who were shredded by their records, or by a key.
    fn tell(&self, by: Option<&str>) {
        let done = ", or say with --keys-apart that it is done";
        self.told(by, |what, how| format!("shred these people's {what} as well (`keys shred{how}`){done}"));
    }

    /// What was not merged of people who were merged by their records, or by a key.
    pub(super) fn tell_merged(&self, by: Option<&str>) {
        self.told(by, |what, how| format!("merge these people's {what} as well (`keys merge{how}`)"));
    }

    fn told(&self, by: Option<&str>, what_to_do: impl Fn(&str, &str) -> String) {
        let listed = |fields: &BTreeSet<String>| {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            fields.join(", ")
        };
        let on = by.map_or_else(|| "the record".to_owned(), |key| format!("`{key}`"));
        for ByKey { shown, fields, .. } in self.by_key.values() {
            let to_do = what_to_do("keys", &format!(" --key {shown}"));
            eprintln!(
                "phiward: tokens of {} hang on what stands in `{shown}` and not on {on}: {to_do}",
                listed(fields)
            );
        }
        if !self.by_record.is_empty() {
            let to_do = what_to_do("ids", "");
            eprintln!(
                "phiward: tokens of {} hang on the record and not on {on}: {to_do}",
                listed(&self.by_record)
            );
        }
    }

    pub(super) fn of(policy: &Policy) -> Self {
        let mut all = Self::default();
        for (object, rule) in policy.objects() {
            for (field, _) in &rule.fields.0 {
                let own = SealedField::of(policy, &object.value, &field.value);
                // By its other name it is the same field, where that has no line of its own.
                let twin = policy::twin_as_spelled(&object.value, &field.value).filter(|(object, field)| {
                    policy
                        .class_of(object, field)
                        .is_some_and(|found| found.by == ClassifiedBy::PersonAccount)
                });
                let twin = twin.and_then(|(object, field)| SealedField::of(policy, object, &field));
                for sealed in own.into_iter().chain(twin) {
                    let name = format!("{}.{}", sealed.object, sealed.name);
                    match sealed.owner {
                        Owner::Key { column, named_by } => {
                            let column = format!("{}.{column}", sealed.object);
                            let key = all.by_key.entry(named_by).or_default();
                            if key.shown.is_empty() {
                                key.shown.clone_from(&column);
                            }
                            key.columns.insert(column.to_ascii_lowercase());
                            key.fields.insert(name);
                        }
                        Owner::Person(path) => {
                            all.persons.extend(person_object(&sealed.object, &path));
                            all.by_record.insert(name);
                        }
                        Owner::Nobody => {}
                    }
                }
            }
        }
        all
    }
}

/// The object whose records a path of an object's records leads to: of a person account the other one, or itself.
fn person_object(object: &str, path: &str) -> Option<String> {
    let object = object.to_ascii_lowercase();
    match (object.as_str(), path.to_ascii_lowercase().as_str()) {
        (_, "id") => Some(object),
        ("contact", "accountid") => Some("account".to_owned()),
        ("account", "personcontactid") => Some("contact".to_owned()),
        _ => None,
    }
}

/// People by what stands in a field that the bundle binds by. No message repeats it.
pub(crate) fn by_key(
    policy: &Policy,
    org: &Org,
    key: &str,
    given: &[String],
) -> Result<Vec<Subject>, String> {
    all(&By::Key(org.clone(), Bound::of(policy).key(key)?), given)
}

fn all(by: &By, given: &[String]) -> Result<Vec<Subject>, String> {
    let people = (1..).zip(given);
    people
        .map(|(number, line): (u64, _)| by.person(line).map_err(|what| format!("line {number}: {what}")))
        .collect()
}
