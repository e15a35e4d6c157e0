//! A job over all records: batch by batch, each under a permit, recorded, written, and read again.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};
use csv::Row;
use journal::Clock;
use journal::Rng;
use journal::names::Org;
use policy::vocabulary::Action;
use policy::{AskedField, Enforceable, Permit};
use serde::{Deserialize, Serialize};

use super::look::{Looker, Ready};
use super::state::{Of, Reached, State};
use super::turn::Turned;
use super::{Put, Reason, Record, Records, StoredError};
use crate::error::GuardError;
use crate::keys::{Became, Keys};
use crate::released::{Released, in_force, is_for};
use crate::rows::Batch;

/// Records of a batch.
pub(super) const BATCH: usize = 1000;

/// So often a record is worked on that others go on writing.
const TRIES: usize = 8;

/// What a job does to values.
#[derive(Clone, Debug)]
pub enum Task {
    /// Everything under the active key of its class: tokens, digests and what is left beside them.
    Reseal {
        /// Values that stand unsealed are sealed too.
        bare: bool,
    },
    /// Tokens of people who were merged into others become those of the survivors; and so do tokens of the first of a
    /// pair in records of the second.
    Rebind { pairs: Vec<Became> },
    /// Digests and what is left of values go, of who was shredded: the digest still found them, and a mask tells.
    Forget,
}

impl Task {
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Reseal { bare: false } => "reseal",
            Self::Reseal { bare: true } => "reseal, and what is not sealed",
            Self::Rebind { .. } => "rebind",
            Self::Forget => "forget",
        }
    }
}

/// What a job came to: values, where it does not say records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Records that were looked at.
    pub rows: u64,
    /// Records that were written.
    pub changed: u64,
    /// Sealed anew under the active key.
    pub resealed: u64,
    /// Sealed for somebody else than before.
    pub rebound: u64,
    /// Sealed for the first time.
    pub sealed: u64,
    /// Digests that were mended beside a token that stayed.
    pub digests: u64,
    /// What is left in a field, mended beside a token that stayed.
    pub left: u64,
    /// Of shredded people, gone from the index and from the field.
    pub forgotten: u64,
    /// Nothing was to be done.
    pub as_it_was: u64,
    /// Unsealed, and left so.
    pub bare: u64,
    /// A token stands in one field, and in the other something else than was left there: both were left as they are.
    pub edited: u64,
    /// Did not open, and were left as they are.
    pub unreadable: BTreeMap<Reason, u64>,
    /// Records that somebody else wrote meanwhile, so that they were worked on again.
    pub again: u64,
    /// Records that were removed meanwhile.
    pub gone: u64,
    /// Records that others kept writing: the job has to be run again.
    pub unsettled: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        let Self {
            rows,
            changed,
            resealed,
            rebound,
            sealed,
            digests,
            left,
            forgotten,
            as_it_was,
            bare,
            edited,
            unreadable,
            again,
            gone,
            unsettled,
        } = other;
        for (own, more) in [
            (&mut self.rows, rows),
            (&mut self.changed, changed),
            (&mut self.resealed, resealed),
            (&mut self.rebound, rebound),
            (&mut self.sealed, sealed),
            (&mut self.digests, digests),
            (&mut self.left, left),
            (&mut self.forgotten, forgotten),
            (&mut self.as_it_was, as_it_was),
            (&mut self.bare, bare),
            (&mut self.edited, edited),
            (&mut self.again, again),
            (&mut self.gone, gone),
            (&mut self.unsettled, unsettled),
        ] {
            *own += more;
        }
        for (reason, more) in unreadable {
            *self.unreadable.entry(*reason).or_default() += more;
        }
    }

    /// Whether everything that was to be done is done. Who was shredded is not to be read.
    pub fn is_whole(&self) -> bool {
        let unread =
            self.unreadable.iter().any(|(reason, number)| *reason != Reason::Shredded && *number > 0);
        self.bare == 0 && self.edited == 0 && self.unsettled == 0 && !unread
    }
}

/// What a job asks of whoever runs it.
pub struct Desk<'d> {
    pub clock: &'d dyn Clock,
    /// The permit for a batch: to write, or for a census to read.
    pub permit: &'d mut dyn FnMut(&[AskedField]) -> Result<Permit, String>,
    /// Makes the record of a batch durable. Nothing of the batch is written before.
    pub record: &'d mut dyn FnMut(&Released<Batch>) -> Result<(), String>,
    /// Returns when so many records may be worked on.
    pub pace: &'d mut dyn FnMut(usize),
    /// How many records were worked on, as each batch is settled.
    pub progress: &'d mut dyn FnMut(u64),
}

impl std::fmt::Debug for Desk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// Works on all records of one object, on one thread.
pub struct Job<'k> {
    looker: Looker<'k>,
    task: Task,
    of: Of,
    batch: usize,
}

impl std::fmt::Debug for Job<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("task", &self.task).field("of", &self.of).finish_non_exhaustive()
    }
}

/// What makes this job the one that it is.
pub(super) fn of(
    policy: &Enforceable,
    (job, object): (&str, &str),
    records: &dyn Records,
    looker: &Looker<'_>,
) -> Result<Of, StoredError> {
    let sealing = looker.numbers()?.into_iter();
    Ok(Of {
        job: job.to_owned(),
        object: object.to_owned(),
        tenant: looker.keys.tenant().to_owned(),
        bundle: policy.digest().to_string(),
        columns: records.names().to_vec(),
        store: records.identity().to_owned(),
        keys: sealing.map(|(class, number)| (class.as_str().to_owned(), number.get())).collect(),
        out: records.goes_to().map(str::to_owned),
        opens: None,
        pairs: None,
    })
}

/// Whether the keys that seal are those that the job began with.
pub(super) fn holds(of: &Of, ready: &Ready) -> Result<(), StoredError> {
    let now = ready.sealing.iter().map(|(class, number)| (class.as_str(), number.get()));
    let same = now.eq(of.keys.iter().map(|(class, number)| (class.as_str(), *number)));
    if same { Ok(()) } else { Err(StoredError::OtherKeys) }
}

/// A permit that holds, for that, and for all that is asked for.
pub(super) fn permitted(
    desk: &mut Desk<'_>,
    asked: &[AskedField],
    action: Action,
) -> Result<Permit, StoredError> {
    let permit = (desk.permit)(asked).map_err(StoredError::NoPermit)?;
    in_force(&permit, desk.clock.now())?;
    is_for(&permit, &[action])?;
    match asked.iter().find(|asked| !permit.covers(&asked.object, &asked.field)) {
        Some(field) => Err(GuardError::NotPermitted(field.to_string()).into()),
        None => Ok(permit),
    }
}

impl<'k> Job<'k> {
    pub fn new(
        task: Task,
        policy: &Enforceable,
        object: &str,
        records: &dyn Records,
        org: Org,
        keys: &'k dyn Keys,
        rng: Box<dyn Rng>,
    ) -> Result<Self, StoredError> {
        let mut looker = Looker::new(policy, object, records.names(), org, keys, rng)?;
        looker = match &task {
            Task::Rebind { pairs } => looker.sealing(pairs.clone()),
            Task::Reseal { .. } => looker.sealing(Vec::new()),
            Task::Forget => looker,
        };
        let mut of = of(policy, (task.as_str(), object), records, &looker)?;
        if let Task::Rebind { pairs } = &task {
            of.pairs = Some(digest_of(pairs, keys)?);
        }
        Ok(Self { looker, task, of, batch: BATCH })
    }

    /// Works on so many records at a time, where that is fewer.
    pub fn at_a_time(self, records: usize) -> Self {
        Self { batch: records.clamp(1, BATCH), ..self }
    }

    /// Works on all records, or on those that are left of a job that was interrupted.
    pub fn run(
        &mut self,
        records: &mut dyn Records,
        state: &State,
        desk: &mut Desk<'_>,
    ) -> Result<Counts, StoredError> {
        let begun = Reached { cursor: None, is_done: false, counts: Counts::default() };
        let keys = self.looker.keys;
        let mut reached = state.reached(&self.of, keys)?.unwrap_or(begun);
        if reached.is_done {
            return Ok(reached.counts);
        }
        records.resume(reached.cursor.as_deref())?;
        loop {
            let mut left = records.next(self.batch)?;
            if left.is_empty() {
                break;
            }
            (desk.pace)(left.len());
            for _ in 0..TRIES {
                left = self.pass(records, left, desk, &mut reached.counts)?;
                if left.is_empty() {
                    break;
                }
                reached.counts.again += left.len() as u64;
            }
            reached.counts.unsettled += left.len() as u64;
            reached.counts.rows += left.len() as u64;
            // First what was written, then that it was.
            reached.cursor = Some(records.settle()?);
            state.keep(&self.of, &reached, keys)?;
            (desk.progress)(reached.counts.rows);
        }
        records.finish()?;
        reached.is_done = true;
        state.keep(&self.of, &reached, keys)?;
        Ok(reached.counts)
    }

    /// Works on records once; gives those that somebody else wrote meanwhile, as they are now.
    fn pass(
        &mut self,
        records: &mut dyn Records,
        batch: Vec<Record>,
        desk: &mut Desk<'_>,
        counts: &mut Counts,
    ) -> Result<Vec<Record>, StoredError> {
        let permit = permitted(desk, self.looker.asked(), Action::Write)?;
        let mut ready = self.looker.ready(desk.clock.now())?;
        holds(&self.of, &ready)?;
        let mut looked = self.looker.look(batch, &mut ready)?;
        let turned = loop {
            match self.looker.turn(&self.task, &looked, &ready)? {
                Some(turned) => break turned,
                None => {
                    let records = looked.into_iter().map(|one| one.record).collect();
                    looked = self.looker.look(records, &mut ready)?;
                }
            }
        };
        let mut released = Batch::default();
        let mut places = Vec::new();
        for (place, (one, Turned { now, counts: own })) in looked.iter().zip(turned).enumerate() {
            let Some(now) = now else {
                counts.add(&own);
                continue;
            };
            let person = self.looker.columns.person().and_then(|owner| one.people.get(owner)?.clone());
            released.rows.push(now);
            released.people.push(person);
            released.turned += own.resealed + own.rebound + own.sealed;
            places.push((place, own));
        }
        if released.rows.is_empty() {
            return Ok(Vec::new());
        }
        let released = Released::new(released, permit);
        (desk.record)(&released).map_err(StoredError::NotRecorded)?;
        let released = released.release(desk.clock.now())?;
        let mut again = Vec::new();
        for (now, (place, own)) in released.rows.into_iter().zip(places) {
            let Some(was) = looked.get(place).map(|one| &one.record) else { continue };
            let is_ours = match records.put(was, &now)? {
                Put::Written => true,
                Put::Changed => false,
                Put::Gone => {
                    counts.gone += 1;
                    continue;
                }
            };
            match records.again(&was.key)? {
                Some(read) if is_ours && same(&read.row, &now) => counts.add(&own),
                Some(read) => again.push(read),
                None => counts.gone += 1,
            }
        }
        Ok(again)
    }
}

const PAIRS: &[u8] = b"phiward-job-pairs-1";

/// Pairs are the same in whatever order they stand. By a key of the ring: nobody tries records without it.
fn digest_of(pairs: &[Became], keys: &dyn Keys) -> Result<String, StoredError> {
    let mut all: Vec<[&[u8]; 2]> = pairs.iter().map(|pair| [pair.from.bytes(), pair.into.bytes()]).collect();
    all.sort_unstable();
    let mut context = Context::new(&SHA256);
    for part in all.into_iter().flatten() {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let sum = keys.sum(PAIRS, context.finish().as_ref())?;
    Ok(sum.iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(super) fn same(one: &Row, other: &Row) -> bool {
    one.cells().eq(other.cells())
}
