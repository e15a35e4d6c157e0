//! Words for people.

use super::{Change, Kind};

/// `permission set Nurses` of `permission-set:Nurses`.
pub(super) fn principal_words(principal: &str) -> String {
    match principal.split_once(':') {
        Some((kind, name)) => format!("{} `{name}`", kind.replace('-', " ")),
        None => format!("`{principal}`"),
    }
}

/// The first few, and how many more.
pub(super) fn listed(all: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let more = all.len().saturating_sub(most);
    let mut shown = all.take(most).collect::<Vec<_>>().join(", ");
    if more > 0 {
        shown += &format!(" and {more} more");
    }
    shown
}

/// Changes that differ in nobody but whom they are about, told once.
#[derive(Debug)]
pub(super) struct Told<'c> {
    pub(super) first: &'c Change,
    pub(super) what: Vec<&'c str>,
}

impl Told<'_> {
    pub(super) fn what(&self) -> String {
        listed(self.what.iter().map(|&what| what.to_owned()), 6)
    }
}

/// In the order given; only what many principals or fields share is put together.
pub(super) fn merged<'c>(changes: impl Iterator<Item = &'c Change>) -> Vec<Told<'c>> {
    let mut all: Vec<Told<'c>> = Vec::new();
    let mut at: std::collections::BTreeMap<(Kind, super::Effect, &str, Vec<&super::Data>), usize> =
        std::collections::BTreeMap::new();
    for change in changes {
        let next = all.len();
        let shared = match change.kind {
            Kind::Access | Kind::Records => {
                let key = (change.kind, change.effect, change.how.as_str(), change.data.iter().collect());
                *at.entry(key).or_insert(next)
            }
            _ => next,
        };
        match all.get_mut(shared) {
            Some(told) => told.what.push(&change.what),
            None => all.push(Told { first: change, what: vec![&change.what] }),
        }
    }
    all
}

pub(super) fn citation(control: &str) -> String {
    let known = policy::controls::catalogue().control(control);
    known.map_or_else(|| control.to_owned(), |control| control.citation.clone())
}

pub(super) fn counted(count: usize, one: &str, more: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {more}") }
}
