//! Whoever was shredded, and stands in a file again.

use std::borrow::Borrow;
use std::collections::BTreeSet;

use journal::act::{KeyEvent, KeyKind, KeyStep};
use journal::names::Correlation;
use journal::{EntryOutcome, RecordError, Subject};

use super::{Id, SaltRing, entry_id};
use crate::GuardError;
use crate::ring::RingError;
use crate::token::Handle;

/// Records who is let back in: that it is intended, and what came of it. Where the first fails, nobody is.
pub type Welcome =
    Box<dyn Fn(Vec<KeyEvent>, EntryOutcome, Correlation) -> Result<(), RecordError> + Send + Sync>;

impl SaltRing {
    /// Places of those who were shredded and have no salt now: an older export brings them back. Nobody is told who was
    /// shredded but by whoever names them. Who was merged into another is there under that one.
    pub fn forgotten(&self, subjects: &[impl Borrow<Subject>]) -> BTreeSet<usize> {
        let mut gone = self.withheld(subjects);
        if self.welcome.get().is_none() {
            gone.extend(self.gone(subjects));
        }
        gone
    }

    fn gone(&self, subjects: &[impl Borrow<Subject>]) -> BTreeSet<usize> {
        let mut gone = self.store.forgotten(subjects);
        if self.retired() > 0 {
            let merges = self.others();
            let is_away = |at: &usize| {
                let finder = subjects.get(*at).map(|subject| self.store.finder(subject.borrow()));
                finder.is_some_and(|person| merges.away(&self.store, &person).is_some())
            };
            gone.retain(|at| !is_away(at));
        }
        gone
    }

    /// From now on whoever was shredded gets a new salt, as somebody says that they are back: each time after it was
    /// recorded who.
    pub fn welcome(&self, welcome: Welcome) {
        // Who was welcome stays so.
        let _ = self.welcome.set(welcome);
    }

    /// Gives these people what they are given. Those among them who were shredded are let back in first, or nobody is
    /// given anything.
    pub(super) fn let_back<T>(
        &self,
        subjects: &[impl Borrow<Subject>],
        give: impl FnOnce() -> Result<T, RingError>,
    ) -> Result<T, RingError> {
        if !self.withheld(subjects).is_empty() {
            return Err(GuardError::Forgotten.into());
        }
        let gone = self.gone(subjects);
        if gone.is_empty() {
            return give();
        }
        let Some(welcome) = self.welcome.get() else { return Err(GuardError::Forgotten.into()) };
        let people = gone.iter().filter_map(|at| subjects.get(*at));
        let ids = people.flat_map(|person| self.store.gone_of(&self.store.finder(person.borrow())));
        let ids: BTreeSet<Id> = ids.collect();
        let back = |id: Id| KeyEvent::new(KeyStep::Readmitted, KeyKind::Subject, entry_id(Handle::of(id)));
        let events: Vec<KeyEvent> = ids.into_iter().map(back).collect();
        let correlation = Correlation::random(&mut *self.store.writer()?.rng);
        welcome(events.clone(), EntryOutcome::Intended, correlation).map_err(RingError::NotRecorded)?;
        let given = give();
        let outcome = if given.is_ok() { EntryOutcome::Done } else { EntryOutcome::Failed };
        let told = welcome(events, outcome, correlation).map_err(RingError::NotRecorded);
        // The error that matters is the first.
        given.and_then(|given| told.map(|()| given))
    }
}
