//! Whoever is here though they were shredded, as a ledger says of keys into which an older copy was put back.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use journal::Subject;

use super::{Id, SaltRing};
use crate::token::Handle;

impl SaltRing {
    /// From now on this process takes these people for shredded: nothing of theirs opens, and nothing is sealed for them,
    /// whoever is welcome. Their salts stay until they are shredded again. Tells how many of them are here.
    pub fn withhold(&self, handles: &[Handle]) -> u64 {
        let there: BTreeSet<Id> = self.there(handles).iter().map(|handle| *handle.bytes()).collect();
        // Who is withheld stays so.
        self.withheld.get_or_init(|| there).len() as u64
    }

    pub(super) fn is_withheld(&self, id: &Id) -> bool {
        self.withheld.get().is_some_and(|withheld| withheld.contains(id))
    }

    /// Places of those among these people who are withheld.
    pub(super) fn withheld(&self, subjects: &[impl Borrow<Subject>]) -> BTreeSet<usize> {
        if self.withheld.get().is_none_or(BTreeSet::is_empty) {
            return BTreeSet::new();
        }
        let id = |subject: &Subject| self.store.id(&self.store.finder(subject));
        let is_withheld = |subject: &Subject| id(subject).is_some_and(|id| self.is_withheld(&id));
        let places = subjects.iter().enumerate().filter(|(_, subject)| is_withheld((*subject).borrow()));
        places.map(|(at, _)| at).collect()
    }
}
