//! What may be deleted, and the deleting. The tree's hashes stay: the rest of the log verifies as before.

use std::path::Path;

use jiff::civil::Date;
use journal::Entry;
use journal::Number;
use journal::act::{ConfigurationChange, LeafRange, Room, Setting};
use tlog::{Resource, WIDTH};

use crate::error::LedgerError;
use crate::retention::{Answer, Conflict, Hold, Rules};
use crate::running::Ledger;
use crate::shard::Shard;
use crate::state;
use crate::stored::{self, Bundle, Leaves};

/// What retention says of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Whole bundles of which every entry may go.
    pub may: Vec<Leaves>,
    /// Entries that are past a ceiling and cannot go: a hold, or a neighbour in the bundle that must stay.
    pub overdue: u64,
    /// Entries that a hold keeps.
    pub held: u64,
    /// The day on which the next entries may go.
    pub next: Option<Date>,
    pub conflicts: Vec<Conflict>,
    /// Entries that are there.
    pub there: u64,
}

impl Plan {
    pub fn leaves(&self) -> u64 {
        self.may.iter().map(|run| run.end - run.start).sum()
    }
}

/// Looks at every entry of a log of `size` entries. The last bundle is left out while it `grows`.
pub fn plan(
    folder: &Path,
    size: u64,
    grows: bool,
    rules: &Rules,
    holds: &[Hold],
    today: Date,
) -> Result<Plan, LedgerError> {
    let source = stored::source(folder)?;
    let mut plan = Plan { conflicts: rules.conflicts(), ..Plan::default() };
    // Entries past a ceiling, of bundles that may go.
    let mut going = 0;
    for at in 0..if grows { size / WIDTH } else { size.div_ceil(WIDTH) } {
        let Bundle::There(entries) = stored::bundle(&*source, at, size)? else { continue };
        let first = at * WIDTH;
        let (mut may, mut overdue) = (true, 0);
        for (index, bytes) in (first..).zip(&entries) {
            plan.there += 1;
            let entry = stored::read(index, bytes)?;
            match judged(&entry, rules, holds, today) {
                Judged::May => {}
                Judged::Should => overdue += 1,
                Judged::Held { past } => {
                    plan.held += 1;
                    overdue += u64::from(past);
                    may = false;
                }
                Judged::Until(day) => {
                    plan.next = Some(plan.next.map_or(day, |next| next.min(day)));
                    may = false;
                }
                Judged::Always => may = false,
            }
        }
        if may {
            stored::join(&mut plan.may, first..first + entries.len() as u64);
            going += overdue;
        } else {
            plan.overdue += overdue;
        }
    }
    // One file goes as a whole or not at all.
    if stored::is_compressed(folder) && plan.leaves() < plan.there {
        plan.may.clear();
        plan.overdue += going;
    }
    Ok(plan)
}

enum Judged {
    May,
    Should,
    Held {
        past: bool,
    },
    Until(Date),
    /// The ledger's own acts: what was deleted could not be told without them.
    Always,
}

fn judged(entry: &Entry, rules: &Rules, holds: &[Hold], today: Date) -> Judged {
    if state::own(entry).is_some() {
        return Judged::Always;
    }
    let day = entry.at.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
    let answer = rules.answer(entry.act.retained(), day, today);
    let held = holds.iter().any(|hold| hold.covers(entry));
    match answer {
        Answer::Keep { until, .. } => Judged::Until(until),
        // Nothing goes until people have decided.
        Answer::Torn(_) => Judged::Held { past: true },
        Answer::Should { .. } if held => Judged::Held { past: true },
        Answer::May if held => Judged::Held { past: false },
        Answer::Should { .. } => Judged::Should,
        Answer::May => Judged::May,
    }
}

/// Records in the home log what is about to go, and deletes it. After a crash the rest goes by the same call.
pub fn delete(
    ledger: &Ledger,
    folder: &Path,
    shard: Option<&Shard>,
    runs: &[Leaves],
) -> Result<u64, LedgerError> {
    let mut gone = 0;
    for run in runs {
        let change = ConfigurationChange {
            region: shard.and_then(|shard| shard.region.clone()),
            writer: shard.map(|shard| shard.writer.clone()),
            class: shard.map(|shard| shard.class),
            period: shard.map(|shard| Number::of(shard.period.number())),
            leaves: Some(LeafRange { first: Number::of(run.start), end: Number::of(run.end) }),
            ..ConfigurationChange::new(Room::Ledger, Setting::EntriesDeleted)
        };
        ledger.act(change)?;
        gone += remove(folder, run)?;
    }
    Ok(gone)
}

/// Takes the bundles of a run away, those that are still there, and what is left of them in partial files.
fn remove(folder: &Path, run: &Leaves) -> Result<u64, LedgerError> {
    let mut gone = 0;
    if stored::is_compressed(folder) {
        let path = folder.join(stored::COMPRESSED);
        std::fs::remove_file(&path).map_err(LedgerError::io(&path))?;
        return Ok(1);
    }
    for at in run.start / WIDTH..run.end.div_ceil(WIDTH) {
        let Some(resource) = Resource::entries_of(at, run.end) else { continue };
        let whole = folder.join(resource.filled().to_string());
        let partial = folder.join(format!("{}.p", resource.filled()));
        let is_gone = is_there(std::fs::remove_file(&whole), &whole)?;
        let are_gone = is_there(std::fs::remove_dir_all(&partial), &partial)?;
        gone += u64::from(is_gone || are_gone);
    }
    Ok(gone)
}

/// Whether there was something to take away.
fn is_there(removed: std::io::Result<()>, path: &Path) -> Result<bool, LedgerError> {
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(LedgerError::io(path)(error)),
    }
}
