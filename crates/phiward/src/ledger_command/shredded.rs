//! `phiward ledger shredded`: whom entries name as shredded, and whose handles were retired after a merge.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use journal::act::{KeyEvent, KeyKind, KeyStep, Room, Setting};
use journal::names::KeyId;
use journal::{Act, Entry, EntryOutcome};
use ledger::{Expected, reading};

use super::arguments::{Reading, Shredded};
use super::{logs, text};
use crate::telling::counted;
use crate::{Verdict, files};

pub(super) fn run(shredded: &Shredded) -> Result<Verdict, String> {
    let told = Told::of(&shredded.reading, shredded.since)?;
    let listed = if shredded.retired { &told.retired } else { &told.forgotten };
    let lines: String = listed.order.iter().map(|handle| format!("{handle}\n")).collect();
    files::print(lines.as_bytes())?;
    if !shredded.retired && !told.retired.order.is_empty() {
        eprintln!(
            "phiward: these are of people who were forgotten. {} retired after merges, and not listed: --retired lists what \
             `keys shred --retired` takes",
            counted(told.retired.order.len() as u64, "handle was", "handles were")
        );
    }
    for gap in told.gaps() {
        eprintln!("phiward: {gap}: nobody whom that named is listed");
    }
    Ok(if told.unread == 0 { Verdict::InOrder } else { Verdict::Findings })
}

/// What entries of a ledger say of people who were shredded.
#[derive(Default)]
pub(crate) struct Told {
    forgotten: Listed,
    /// Of people who were merged into others: nobody of them was forgotten.
    retired: Listed,
    /// The keys that it tells of from their first day.
    begun: BTreeSet<KeyId>,
    /// The highest number of a data key that was made.
    newest: Option<u64>,
    deleted: u64,
    /// How often the ledger was used though nothing showed that it was the newest.
    restored: u64,
    unread: u64,
}

/// Handles, each once, in the order of the entries.
#[derive(Default)]
struct Listed {
    order: Vec<KeyId>,
    seen: BTreeSet<KeyId>,
}

impl Listed {
    fn add(&mut self, handle: KeyId) {
        if self.seen.insert(handle) {
            self.order.push(handle);
        }
    }
}

impl Told {
    /// Of a day and later. Every log is verified first, and held against what its writer saw of it where that lies
    /// beside: an older copy does not name everybody.
    pub(crate) fn of(reading: &Reading, since: Option<Date>) -> Result<Self, String> {
        let mut told = Self::default();
        let seen = Some(super::beside(&reading.dir, "seen")?).filter(|seen| seen.exists());
        for log in logs(reading)? {
            let seen = seen.as_ref().filter(|_| !reading::is_gone(&log));
            let older = seen.map(|seen| reading::seen(&log, seen).map_err(text)).transpose()?.flatten();
            // A handle that is missing here is a person who stays: what is listed is what the log proves.
            let expected =
                Expected { keys: Vec::new(), older: older.into_iter().collect(), deleted: Vec::new() };
            let report = reading::verify_held(&log, expected).map_err(text)?;
            if let Some(problem) = report.problems.first() {
                return Err(format!(
                    "{}: {problem}: nothing is listed of a log that is not in order",
                    log.name
                ));
            }
            told.deleted += report.deleted.iter().map(|run| run.end - run.start).sum::<u64>();
            let root = reading::entries(&log, report.size, |_, bytes| {
                match Entry::read(bytes) {
                    Ok(entry) => told.take(&entry, since),
                    Err(_) => told.unread += 1,
                }
                Ok(())
            });
            if root.map_err(text)? != report.root {
                return Err(format!(
                    "{}: the log was changed while it was read: nothing is listed",
                    log.name
                ));
            }
        }
        // Who survived a merge may have been forgotten since.
        told.retired.order.retain(|handle| !told.forgotten.seen.contains(handle));
        Ok(told)
    }

    fn take(&mut self, entry: &Entry, since: Option<Date>) {
        if let Act::ConfigurationChange(change) = &entry.act {
            // What was written after the copy was made is not in it.
            let is_put_back = (change.room, change.setting) == (Room::Ledger, Setting::Restored);
            self.restored += u64::from(is_put_back && entry.outcome == EntryOutcome::Done);
        }
        let Act::KeyEvent(KeyEvent { step, kind, key, .. }) = &entry.act else { return };
        if (*step, *kind) == (KeyStep::Created, KeyKind::Data) {
            // Also where no entry says what came of it.
            self.newest = self.newest.max(Some(u64::from_be_bytes(*key.bytes())));
        }
        if entry.outcome != EntryOutcome::Done {
            return;
        }
        let day = entry.at.timestamp().to_zoned(TimeZone::UTC).date();
        let is_late = since.is_none_or(|since| day >= since);
        match (step, kind) {
            (KeyStep::Shredded, KeyKind::Subject) if is_late => self.forgotten.add(*key),
            (KeyStep::HandleRetired, KeyKind::Subject) if is_late => self.retired.add(*key),
            (KeyStep::Created, KeyKind::Tenant) => drop(self.begun.insert(*key)),
            _ => {}
        }
    }

    /// Handles of people who were forgotten.
    pub(crate) fn forgotten(&self) -> &[KeyId] {
        &self.forgotten.order
    }

    /// The highest number of a data key that was made.
    pub(crate) fn newest(&self) -> Option<u32> {
        u32::try_from(self.newest?).ok()
    }

    /// Whether it tells of these keys from their first day.
    pub(crate) fn begins(&self, keys: KeyId) -> bool {
        self.begun.contains(&keys)
    }

    /// Why it need not name everybody.
    pub(crate) fn gaps(&self) -> Vec<String> {
        let gaps = [
            (self.deleted, "entry was deleted", "entries were deleted"),
            (
                self.restored,
                "older copy of it may have been put back",
                "older copies of it may have been put back",
            ),
            (self.unread, "entry is not of this release", "entries are not of this release"),
        ];
        let there = gaps.into_iter().filter(|(number, ..)| *number > 0);
        there.map(|(number, one, many)| counted(number, one, many)).collect()
    }
}
