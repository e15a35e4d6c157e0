//! People who became others.

use std::collections::{BTreeMap, BTreeSet};

use journal::Subject;

use super::{MERGED_AWAY, Merge, SaltRing};
use crate::ring::store::{Finder, Id};
use crate::ring::{Away, RingError};
use crate::token::Handle;

/// Handles of who was merged and of who survives; nothing where the first has no tokens.
pub type Merging = Option<(Handle, Handle)>;

impl SaltRing {
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
            lead_on(&mut head.merges);
            self.rewrite(&mut state, head, |_, _| Ok(()))?;
        }
        Ok(done)
    }

    /// Whether nobody of these was merged away before.
    fn are_there(&self, people: &[[Finder; 2]], known: &[bool]) -> Result<(), RingError> {
        let state = self.state();
        let away =
            people.iter().enumerate().zip(known).filter(|(_, known)| **known).filter_map(|((at, two), _)| {
                let merge = two.iter().find_map(|person| state.head.merges.get(&self.store.id(person)?))?;
                Some(Away::of((at, merge.into)))
            });
        let away: Vec<Away> = away.collect();
        if away.is_empty() { Ok(()) } else { Err(RingError::MergedAway(away)) }
    }
}

/// Who was merged into somebody that was merged later is the last of them now.
fn lead_on(merges: &mut BTreeMap<Id, Merge>) {
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
}
