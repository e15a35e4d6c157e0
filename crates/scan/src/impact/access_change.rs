//! Who reads and edits which field with patient data, and how far into the records, before and after.

use std::collections::{BTreeMap, BTreeSet};

use access::{Answer, Range};

use super::compare::controls;
use super::reach::{Can, Records};
use super::shown::{listed, principal_words};
use super::whose::Whose;
use super::{Change, Effect, Kind, Side};

/// Names of fields in a sentence; the rest is counted, and all are in the change's data.
const NAMED: usize = 4;

/// What a principal gained or lost in one field, as words that fields share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Gains { read: bool, edit: bool, unknown_before: bool },
    Unknown { read: bool, edit: bool },
    Loses { read: bool, edit: bool },
    Settled,
}

impl Turn {
    const fn effect(self) -> Effect {
        match self {
            Turn::Gains { .. } => Effect::Widens,
            Turn::Unknown { .. } => Effect::Unknown,
            Turn::Loses { .. } | Turn::Settled => Effect::Narrows,
        }
    }
}

pub(super) fn fields(base: Side<'_>, head: Side<'_>) -> Vec<Change> {
    let whose = Whose { first: head, second: base };
    let (before, after) = (&base.snapshot.reach, &head.snapshot.reach);
    let mut changes = Vec::new();
    let principals: BTreeSet<&str> = before.principals().into_iter().chain(after.principals()).collect();
    for principal in principals {
        let (was, is) = (before.fields_of(principal), after.fields_of(principal));
        let (known_before, known_after) = (before.has(principal), after.has(principal));
        let mut turned: BTreeMap<Turn, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
        for name in names {
            // A field that came or went is told as such, with its readers.
            let both_hold =
                |snapshot: &super::Snapshot| snapshot.fields.get(name).is_some_and(|field| field.phi);
            if (known_before && !both_hold(base.snapshot)) || (known_after && !both_hold(head.snapshot)) {
                continue;
            }
            let can = |all: &BTreeMap<String, Can>, known: bool| match all.get(name) {
                Some(can) => *can,
                None if known => Can { read: Answer::Unknown, edit: Answer::Unknown },
                None => Can::NOTHING,
            };
            let (from, to) = (can(&was, known_before), can(&is, known_after));
            for turn in turns(from, to) {
                let shown = head.snapshot.fields.get(name).or_else(|| base.snapshot.fields.get(name));
                let Some(field) = shown else { continue };
                turned.entry(turn).or_default().entry(field.object.clone()).or_default().push(field.name());
            }
        }
        for (turn, objects) in turned {
            // Of somebody new, what is not known is one thing to say.
            let whole = !known_before && matches!(turn, Turn::Unknown { .. });
            let groups: Vec<Vec<String>> = if whole {
                vec![objects.into_values().flatten().collect()]
            } else {
                objects.into_values().collect()
            };
            for fields in groups {
                let how = words(turn, &fields, known_before, known_after);
                let mut change = Change::new(Kind::Access, turn.effect(), principal_words(principal), how)
                    .touching(&controls::ACCESS)
                    .about(whose.of(fields.iter().map(String::as_str)));
                change.principal = Some(principal.to_owned());
                if let Some("guest" | "external" | "high-volume") = after.crowd(principal) {
                    change.what += &format!(" (of {} users)", after.crowd(principal).unwrap_or_default());
                }
                changes.push(change);
            }
        }
    }
    changes
}

fn turns(from: Can, to: Can) -> Vec<Turn> {
    let gained = |a: Answer, b: Answer| a != Answer::Yes && b == Answer::Yes;
    let clouded = |a: Answer, b: Answer| a != Answer::Unknown && b == Answer::Unknown;
    let lost = |a: Answer, b: Answer| a == Answer::Yes && b == Answer::No;
    let settled = |a: Answer, b: Answer| a == Answer::Unknown && b == Answer::No;
    let of = |test: &dyn Fn(Answer, Answer) -> bool| (test(from.read, to.read), test(from.edit, to.edit));
    let mut turns = Vec::new();
    let (read, edit) = of(&gained);
    if read || edit {
        let unknown = |gained: bool, before: Answer| !gained || before == Answer::Unknown;
        let unknown_before = unknown(read, from.read) && unknown(edit, from.edit);
        turns.push(Turn::Gains { read, edit, unknown_before });
    }
    let (read, edit) = of(&clouded);
    if read || edit {
        turns.push(Turn::Unknown { read, edit });
    }
    let (read, edit) = of(&lost);
    if read || edit {
        turns.push(Turn::Loses { read, edit });
    }
    // Only where nothing else is said of the field: an edit that is settled with a read that was gained is no news.
    let (read, edit) = of(&settled);
    if (read || edit) && turns.is_empty() {
        turns.push(Turn::Settled);
    }
    turns
}

fn words(turn: Turn, fields: &[String], known_before: bool, known_after: bool) -> String {
    let verb = |read: bool, edit: bool| match (read, edit) {
        (true, true) => "read and edit",
        (true, false) => "read",
        _ => "edit",
    };
    let named = listed(fields.iter().map(|field| format!("`{field}`")), NAMED);
    match turn {
        Turn::Gains { read, edit, .. } if !known_before => {
            format!("is new and can {} {named}", verb(read, edit))
        }
        Turn::Gains { read, edit, unknown_before: true } => {
            format!("can now {} {named}; before, that was unknown", verb(read, edit))
        }
        Turn::Gains { read, edit, .. } => format!("can now {} {named}", verb(read, edit)),
        Turn::Unknown { read, edit } if !known_before => {
            format!("is new; whether it can {} {named} is unknown", verb(read, edit))
        }
        Turn::Unknown { read, edit } => format!("whether it can {} {named} is now unknown", verb(read, edit)),
        Turn::Loses { read, edit } if !known_after => {
            format!("is gone; it could {} {named}", verb(read, edit))
        }
        Turn::Loses { read, edit } => format!("can no longer {} {named}", verb(read, edit)),
        Turn::Settled if !known_after => format!("is gone; what it could do with {named} was unknown"),
        Turn::Settled => format!("is now known not to reach {named}; before, that was unknown"),
    }
}

pub(super) fn records(base: Side<'_>, head: Side<'_>) -> Vec<Change> {
    let whose = Whose { first: head, second: base };
    let (before, after) = (&base.snapshot.reach, &head.snapshot.reach);
    let mut changes = Vec::new();
    let known = before.principals();
    for principal in after.principals() {
        let was: BTreeMap<String, Records> = before
            .records_of(principal)
            .into_iter()
            .map(|(name, records)| (name.to_lowercase(), records))
            .collect();
        for (object, is) in after.records_of(principal) {
            let before = was.get(&object.to_lowercase()).copied();
            // An object that is new holds new fields, and those are told with their readers.
            let from = match before {
                Some(records) => records,
                None if known.contains(principal) => continue,
                None => Records::NONE,
            };
            for (action, from, to) in [("reading", from.read, is.read), ("editing", from.edit, is.edit)] {
                // Of somebody new it is the whole table that is news.
                if before.is_none() && to.low != access::Reach::All {
                    continue;
                }
                if let Some(effect) = effect(from, to) {
                    let how = format!("{action} reaches {to} of the records of `{object}`; before: {from}");
                    let mut change = Change::new(Kind::Records, effect, principal_words(principal), how)
                        .touching(&controls::ACCESS)
                        .about(whose.of([object]));
                    change.principal = Some(principal.to_owned());
                    changes.push(change);
                }
            }
        }
    }
    changes
}

fn effect(from: Range, to: Range) -> Option<Effect> {
    if from == to {
        None
    } else if to.low > from.low {
        Some(Effect::Widens)
    } else if to.high > from.high || (to.low < from.low && to.high == from.high) {
        Some(Effect::Unknown)
    } else {
        Some(Effect::Narrows)
    }
}
