//! People who became others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{PoisonError, RwLockReadGuard};

use journal::Subject;

use super::{MERGED_AWAY, SaltRing};
use crate::ring::head::{Became, Head, Merge};
use crate::ring::store::{Finder, Id, Store};
use crate::ring::{Away, RingError};
use crate::token::Handle;

/// Handles of who was merged and of who survives; nothing where the first has no tokens.
pub type Merging = Option<(Handle, Handle)>;

/// What a ring knows of a person, or of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They have a salt.
    There,
    /// They were merged into another, whose handle it is.
    Merged(Handle),
    /// Their salt was destroyed.
    Shredded,
    /// Nothing was ever sealed for them.
    Unknown,
}

/// A person who was merged into another, while there are tokens of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Whom their tokens are bound to.
    pub from: Subject,
    /// The handle of the person who survives: their tokens are to be.
    pub into: Handle,
    /// Who survives; nothing where an earlier release merged them.
    pub survivor: Option<Subject>,
}

/// Everybody who became another.
pub(super) struct Merges {
    there: BTreeMap<Id, Merge>,
    retired: BTreeMap<Id, Became>,
}

impl Merges {
    pub(super) fn of(head: &Head) -> Self {
        Self { there: head.merges.clone(), retired: head.became.clone() }
    }

    pub(super) fn are_none(&self) -> bool {
        self.there.is_empty() && self.retired.is_empty()
    }

    /// Whom a person became: their handle, and who they are where that is known.
    pub(super) fn away(&self, store: &Store, person: &Finder) -> Option<(Id, Option<&Subject>)> {
        if let Some(id) = store.id(person) {
            return self.there.get(&id).map(|merge| (merge.into, merge.survivor.as_ref()));
        }
        if self.retired.is_empty() {
            return None;
        }
        let became = store.gone_of(person).iter().find_map(|id| self.retired.get(id))?;
        Some((became.into, became.survivor.as_ref()))
    }
}

impl SaltRing {
    pub(super) fn others(&self) -> RwLockReadGuard<'_, Merges> {
        self.merges.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom the tokens of a handle are bound to, and whose they are now, where two people became one.
    pub fn merged(&self, handle: Handle) -> Option<Merged> {
        let Merge { into, from, survivor } = self.others().there.get(handle.bytes())?.clone();
        Some(Merged { from, into: Handle::of(into), survivor })
    }

    /// What is known of a person.
    pub fn standing(&self, of: &Subject) -> Standing {
        let person = self.store.finder(of);
        if let Some((into, _)) = self.others().away(&self.store, &person) {
            return Standing::Merged(Handle::of(into));
        }
        match (self.store.id(&person), self.store.gone_of(&person).is_empty()) {
            (Some(_), _) => Standing::There,
            (None, false) => Standing::Shredded,
            (None, true) => Standing::Unknown,
        }
    }

    /// What is known of a handle. That of who was merged into another is there until it is retired.
    pub fn standing_of(&self, handle: Handle) -> Standing {
        if let Some(became) = self.others().retired.get(handle.bytes()) {
            return Standing::Merged(Handle::of(became.into));
        }
        match (self.store.has(handle.bytes()), self.store.was_shredded(handle.bytes())) {
            (true, _) => Standing::There,
            (false, true) => Standing::Shredded,
            (false, false) => Standing::Unknown,
        }
    }

    /// Whether somebody was merged into another.
    pub fn has_merged(&self) -> bool {
        !self.others().are_none()
    }

    /// Who a person is now, where they were merged into another: also once their handle is retired.
    pub fn survivor(&self, of: &Subject) -> Option<Subject> {
        let merges = self.others();
        if merges.are_none() {
            return None;
        }
        merges.away(&self.store, &self.store.finder(of))?.1.cloned()
    }

    /// Handles of people who were merged into others and whose tokens may still be there.
    pub fn merges(&self) -> Vec<Handle> {
        self.others().there.keys().map(|id| Handle::of(*id)).collect()
    }

    /// Of these handles those that [`SaltRing::shred_handles`] would retire: of people who were merged into somebody who
    /// is not among them.
    pub fn retiring(&self, handles: &[Handle]) -> Vec<Handle> {
        let merges = self.others();
        let stays = |id: &Id| !handles.contains(&Handle::of(*id));
        let retires =
            |handle: &&Handle| merges.there.get(handle.bytes()).is_some_and(|merge| stays(&merge.into));
        handles.iter().filter(retires).copied().collect()
    }

    /// Whether what a token names was destroyed after a merge, and its person is there under another.
    pub fn was_retired(&self, handle: Handle) -> bool {
        self.others().retired.contains_key(handle.bytes())
    }

    /// How many handles were retired.
    pub fn retired(&self) -> u64 {
        self.others().retired.len() as u64
    }

    /// [`SaltRing::merge_all`] of one.
    pub fn merge(&self, from: &Subject, into: &Subject) -> Result<Merging, RingError> {
        let done = self.merge_all(&[(from.clone(), into.clone())])?;
        Ok(done.into_iter().next().flatten())
    }

    /// People became others, one after the other, all in one writing or none: tokens of the first of each pair open until
    /// [`SaltRing::shred_handles`] retires their handle, and no new one is sealed.
    pub fn merge_all(&self, pairs: &[(Subject, Subject)]) -> Result<Vec<Merging>, RingError> {
        if pairs.iter().any(|(from, into)| from == into) {
            return Err(RingError::Refused("a person is not merged into themselves"));
        }
        let finder = |subject: &Subject| self.store.finder(subject);
        let people: Vec<[Finder; 2]> =
            pairs.iter().map(|(from, into)| [finder(from), finder(into)]).collect();
        // Who survives a person with tokens gets a salt, and may be merged by a later pair.
        let (mut survivors, mut coming, mut known) = (Vec::new(), BTreeSet::new(), Vec::new());
        for ((_, survivor), [from, into]) in pairs.iter().zip(&people) {
            known.push(self.store.id(from).is_some() || coming.contains(from));
            if known.last() == Some(&true) && coming.insert(*into) {
                survivors.push(survivor.clone());
            }
        }
        self.are_there(&people, &known)?;
        self.salts(&survivors)?;

        let mut state = self.state();
        let mut head = state.head.clone();
        let mut done = Vec::with_capacity(pairs.len());
        for ((at, (from, survivor)), ([gone, into], known)) in
            pairs.iter().enumerate().zip(people.iter().zip(known))
        {
            if !known {
                done.push(None);
                continue;
            }
            let (Some(gone), Some(into)) = (self.store.id(gone), self.store.id(into)) else {
                return Err(RingError::Refused(MERGED_AWAY));
            };
            // By a pair before it, or by somebody who came first.
            if let Some(merge) = [gone, into].iter().find_map(|id| head.merges.get(id)) {
                return Err(RingError::MergedAway(vec![Away::of((at, merge.into))]));
            }
            head.merges.insert(gone, Merge { into, from: from.clone(), survivor: Some(survivor.clone()) });
            done.push(Some((Handle::of(gone), Handle::of(into))));
        }
        if done.iter().any(Option::is_some) {
            lead_on(&mut head);
            self.rewrite(&mut state, head, |_, _| Ok(()))?;
        }
        Ok(done)
    }

    /// Whether nobody of these was merged away before.
    fn are_there(&self, people: &[[Finder; 2]], known: &[bool]) -> Result<(), RingError> {
        let merges = self.others();
        let is_away = |person: &Finder| merges.away(&self.store, person);
        let away = people.iter().enumerate().zip(known).filter_map(|((at, [from, into]), known)| {
            // Who has no tokens any more is no part of a merge, unless they became another.
            let (into, _) = is_away(from).or_else(|| is_away(into).filter(|_| *known))?;
            Some(Away::of((at, into)))
        });
        let away: Vec<Away> = away.collect();
        if away.is_empty() { Ok(()) } else { Err(RingError::MergedAway(away)) }
    }
}

/// Who was merged into somebody that was merged later is the last of them now.
fn lead_on(Head { merges, became, .. }: &mut Head) {
    let mut later = Vec::new();
    for (id, merge) in merges.iter() {
        let mut last = None;
        let mut next = merges.get(&merge.into);
        // Nobody is merged into who was merged away before, so there are no circles.
        while let Some(merge) = next {
            last = Some(merge);
            next = merges.get(&merge.into);
        }
        later.extend(last.map(|last| (*id, last.into, last.survivor.clone())));
    }
    for (id, into, survivor) in later {
        if let Some(merge) = merges.get_mut(&id) {
            (merge.into, merge.survivor) = (into, survivor);
        }
    }
    for one in became.values_mut() {
        if let Some(merge) = merges.get(&one.into) {
            (one.into, one.survivor) = (merge.into, merge.survivor.clone());
        }
    }
}
