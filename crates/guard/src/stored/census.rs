//! How many values stand under which key: what has to be known before a key is taken away.

use std::collections::BTreeMap;

use csv::Row;
use jiff::Timestamp;
use journal::Rng;
use journal::names::Org;
use policy::Enforceable;
use policy::vocabulary::Action;
use serde::{Deserialize, Serialize};

use super::job::{self, BATCH, Desk};
use super::look::{Bound, Digested, Left, Looked, LookedAt, Looker, Stands};
use super::state::{Reached, State};
use super::{Reason, Records, StoredError};
use crate::keys::Keys;
use crate::released::Released;
use crate::rows::Batch;
use crate::token::{Algorithm, Handle, KeyNumber};

/// Digests of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestCounts {
    /// By the number of the key, as tokens write it.
    pub under: BTreeMap<String, u64>,
    /// A value stands there and no digest: a search misses it.
    pub missing: u64,
    /// Under no key that is alive, or of another value: a search misses it.
    pub stale: u64,
    /// Beside what does not open, so that nobody can tell.
    pub unknown: u64,
}

/// Values of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldCensus {
    pub field: String,
    pub holder: String,
    /// Tokens by key and algorithm, `3 g`: those that do not open as well, but for who was shredded.
    pub under: BTreeMap<String, u64>,
    /// Of them, by the key, those of who was shredded: no key opens them.
    pub shredded: BTreeMap<String, u64>,
    pub empty: u64,
    pub bare: u64,
    /// Tokens that open and are those of who was merged away, or bound otherwise than the bundle says.
    pub bound_before: u64,
    /// The field was written beside its token.
    pub edited: u64,
    pub unreadable: BTreeMap<Reason, u64>,
    pub digests: DigestCounts,
}

/// A census of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Census {
    pub object: String,
    pub from: Timestamp,
    pub to: Timestamp,
    /// The digest of the bundle.
    pub bundle: String,
    /// Keys that sealed all the while.
    pub active: Vec<String>,
    pub rows: u64,
    pub fields: Vec<FieldCensus>,
    /// Values by handles of people who were merged into others.
    pub merged: BTreeMap<String, u64>,
}

impl Census {
    /// Whether nothing in these records needs a key any more. A key that sealed during the census is never free: more
    /// may have been sealed behind it. Of who was shredded nothing is needed.
    pub fn is_free_of(&self, number: KeyNumber) -> bool {
        let text = number.to_string();
        !self.active.contains(&text) && self.fields.iter().all(|field| field.is_free_of(&text))
    }

    /// Whether nothing in these records is sealed for the person of a handle, who was merged into another.
    pub fn is_free_of_handle(&self, handle: Handle) -> bool {
        !self.merged.contains_key(&format!("{handle:?}"))
    }

    /// Whether every value is sealed, opens, is found and is bound as the bundle says.
    pub fn is_in_order(&self) -> bool {
        self.fields.iter().all(FieldCensus::is_in_order)
    }
}

impl FieldCensus {
    fn is_free_of(&self, number: &str) -> bool {
        let tokens = self.under.keys().any(|under| under.split(' ').next() == Some(number));
        // What a later release wrote may stand under any.
        let unknown = self.unreadable.contains_key(&Reason::OtherVersion);
        !tokens && !unknown && !self.digests.under.contains_key(number)
    }

    fn is_in_order(&self) -> bool {
        let DigestCounts { missing, stale, .. } = self.digests;
        let unread = self.unreadable.keys().any(|reason| *reason != Reason::Shredded);
        !unread && [self.bare, self.bound_before, self.edited, missing, stale].iter().all(|count| *count == 0)
    }

    fn count(&mut self, looked: &Looked) {
        let add = |to: &mut BTreeMap<String, u64>, what: String| *to.entry(what).or_default() += 1;
        let is_shredded = matches!(looked.stands, Stands::Unreadable(Reason::Shredded));
        if let Some((number, handle)) = looked.token {
            let algorithm = if handle.is_some() { Algorithm::Subject } else { Algorithm::Field };
            if is_shredded {
                add(&mut self.shredded, number.to_string());
            } else {
                add(&mut self.under, format!("{number} {}", char::from(algorithm.letter())));
            }
        }
        match &looked.stands {
            Stands::Nothing if looked.beside => self.digests.stale += 1,
            Stands::Nothing => self.empty += 1,
            Stands::Bare(_) => self.bare += 1,
            Stands::Unreadable(reason) => {
                *self.unreadable.entry(*reason).or_default() += 1;
                self.digests.unknown += u64::from(looked.beside);
            }
            Stands::Sealed(opened) => {
                self.bound_before += u64::from(opened.bound != Bound::Right);
                self.edited += u64::from(opened.left == Left::Edited);
                match opened.digested {
                    Digested::No => {}
                    Digested::Missing => self.digests.missing += 1,
                    Digested::Stale => self.digests.stale += 1,
                    Digested::Under(number) => add(&mut self.digests.under, number.to_string()),
                }
            }
        }
    }
}

impl Census {
    /// Counts all records, or those that are left of a census that was interrupted. One that was finished is taken anew:
    /// what stands in a file frees no key.
    #[expect(clippy::too_many_arguments, reason = "what a job is made of, and what it runs on")]
    pub fn take(
        policy: &Enforceable,
        object: &str,
        records: &mut dyn Records,
        org: Org,
        keys: &dyn Keys,
        rng: Box<dyn Rng>,
        state: &State,
        desk: &mut Desk<'_>,
    ) -> Result<Self, StoredError> {
        let mut looker = Looker::new(policy, object, records.names(), org, keys, rng)?;
        let mut of = job::of(policy, ("census", object), records, &looker)?;
        let mut opens = Vec::new();
        for class in looker.classes() {
            opens.extend(keys.all(class)?.iter().map(|key| key.number().get()));
        }
        opens.sort_unstable();
        of.opens = Some((opens, keys.written()));
        let field = |field: &crate::SealedField| FieldCensus {
            field: field.name.clone(),
            holder: field.holder().to_owned(),
            ..FieldCensus::default()
        };
        let begun = || Self {
            object: object.to_owned(),
            from: desk.clock.now(),
            to: desk.clock.now(),
            bundle: of.bundle.clone(),
            active: of
                .keys
                .iter()
                .filter_map(|(_, key)| KeyNumber::of(*key))
                .map(|key| key.to_string())
                .collect(),
            rows: 0,
            fields: looker.columns.fields().map(field).collect(),
            merged: BTreeMap::new(),
        };
        let mut reached = match state.reached::<Self>(&of, keys)? {
            Some(reached) if !reached.is_done => reached,
            _ => Reached { cursor: None, is_done: false, counts: begun() },
        };
        records.resume(reached.cursor.as_deref())?;
        loop {
            let batch = records.next(BATCH)?;
            if batch.is_empty() {
                break;
            }
            (desk.pace)(batch.len());
            let permit = job::permitted(desk, looker.asked(), Action::Read)?;
            let mut ready = looker.ready(desk.clock.now())?;
            job::holds(&of, &ready)?;
            let looked = looker.look(batch, &mut ready)?;
            let opened = looked.iter().flat_map(|one| &one.fields);
            let opened = opened.filter(|field| matches!(field.stands, Stands::Sealed(_))).count() as u64;
            // Nothing is given out but counts: so many records, and of nobody.
            let rows = vec![Row::default(); looked.len()];
            let released = Released::new(Batch { rows, turned: opened, ..Batch::default() }, permit);
            (desk.record)(&released).map_err(StoredError::NotRecorded)?;
            released.release(desk.clock.now())?;
            for one in &looked {
                reached.counts.count(one, keys)?;
            }
            reached.counts.to = desk.clock.now();
            reached.cursor = Some(records.settle()?);
            state.keep(&of, &reached, keys)?;
            (desk.progress)(reached.counts.rows);
        }
        records.finish()?;
        reached.counts.to = desk.clock.now();
        reached.is_done = true;
        state.keep(&of, &reached, keys)?;
        Ok(reached.counts)
    }

    fn count(&mut self, one: &LookedAt, keys: &dyn Keys) -> Result<(), StoredError> {
        self.rows += 1;
        for (own, looked) in self.fields.iter_mut().zip(&one.fields) {
            own.count(looked);
            if let Some((_, Some(handle))) = looked.token
                && keys.merged(handle)?.is_some()
            {
                *self.merged.entry(format!("{handle:?}")).or_default() += 1;
            }
        }
        Ok(())
    }
}
