//! `phiward ledger shredded`: whom entries name as shredded, and whose handles were retired after a merge.

use std::collections::btree_map::Entry as Place;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use journal::act::{KeyEvent, KeyKind, KeyStep, Room, Setting};
use journal::names::{Correlation, KeyId};
use journal::{Act, Entry, EntryOutcome};
use ledger::{Expected, reading};

use super::arguments::{Reading, Shredded};
use super::{logs, text};
use crate::telling::counted;
use crate::{Verdict, files};

pub(super) fn run(shredded: &Shredded) -> Result<Verdict, String> {
    let tenant = shredded.tenant.as_deref().map(KeyId::of).transpose();
    let tenant = tenant.map_err(|_| {
        "`--tenant` is the id of a tenant's keys, as `keys status` and `ledger show` write it".to_owned()
    })?;
    let told = Told::of(&shredded.reading, shredded.seen.as_deref())?;
    if let Some(tenant) = tenant.filter(|tenant| !told.tenants().contains(tenant)) {
        return Err(format!("the ledger tells of no keys {tenant}; it tells of {}", ids(&told.tenants())));
    }
    let listed = if shredded.retired { &told.retired } else { &told.forgotten };
    let is_late = |one: &&Named| shredded.since.is_none_or(|since| one.day() >= since);
    // Where nothing says whose somebody is, they are listed: it is worse to miss one.
    let is_theirs =
        |one: &&Named| tenant.is_none_or(|tenant| told.keys_of(one).is_none_or(|of| of == tenant));
    let listed: Vec<&Named> = listed.order.iter().filter(is_late).filter(is_theirs).collect();
    let lines: String = listed.iter().map(|one| format!("{}\n", one.handle)).collect();
    files::print(lines.as_bytes())?;
    let of: BTreeSet<KeyId> = listed.iter().filter_map(|one| told.keys_of(one)).collect();
    if of.len() > 1 {
        eprintln!("phiward: these are people of several tenants ({}): --tenant lists those of one", ids(&of));
    }
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

fn ids(all: &BTreeSet<KeyId>) -> String {
    if all.is_empty() {
        return "none".to_owned();
    }
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Somebody whom entries name.
#[derive(Clone, Copy)]
pub(crate) struct Named {
    pub(crate) handle: KeyId,
    /// When they were named last.
    pub(crate) at: Timestamp,
    /// The call that named them first.
    call: Option<Correlation>,
}

impl Named {
    pub(crate) fn day(&self) -> Date {
        self.at.to_zoned(TimeZone::UTC).date()
    }
}

/// What entries of a ledger say of people who were shredded.
#[derive(Default)]
pub(crate) struct Told {
    forgotten: Listed,
    /// Of people who were merged into others: nobody of them was forgotten.
    retired: Listed,
    /// The keys that it tells of from their first day.
    begun: BTreeSet<KeyId>,
    /// Whose keys calls were about.
    calls: BTreeMap<Correlation, KeyId>,
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
    order: Vec<Named>,
    places: BTreeMap<KeyId, usize>,
}

impl Listed {
    fn add(&mut self, named: Named) {
        match self.places.entry(named.handle) {
            Place::Vacant(place) => {
                place.insert(self.order.len());
                self.order.push(named);
            }
            Place::Occupied(place) => {
                if let Some(known) = self.order.get_mut(*place.get()) {
                    known.at = known.at.max(named.at);
                }
            }
        }
    }
}

impl Told {
    /// Every log is verified first, and held against what its writer saw of it where that lies beside, or where somebody
    /// says: an older copy does not name everybody.
    pub(crate) fn of(reading: &Reading, seen: Option<&Path>) -> Result<Self, String> {
        let mut told = Self::default();
        let beside = super::beside(&reading.dir, "seen")?;
        let seen = match seen {
            Some(seen) => Some(seen),
            None if beside.exists() => Some(beside.as_path()),
            None => {
                eprintln!(
                    "phiward: `{}` is not there, where it is kept how far the ledger came: nobody can tell whether this is an \
                     older copy, which does not name everybody. Say with --seen where it lies",
                    beside.display()
                );
                None
            }
        };
        for log in logs(reading)? {
            let seen = seen.filter(|_| !reading::is_gone(&log));
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
                    Ok(entry) => told.take(&entry),
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
        told.retired.order.retain(|one| !told.forgotten.places.contains_key(&one.handle));
        Ok(told)
    }

    fn take(&mut self, entry: &Entry) {
        if let Act::ConfigurationChange(change) = &entry.act {
            // What was written after the copy was made is not in it.
            let is_put_back = (change.room, change.setting) == (Room::Ledger, Setting::Restored);
            self.restored += u64::from(is_put_back && entry.outcome == EntryOutcome::Done);
        }
        let Act::KeyEvent(KeyEvent { step, kind, key, .. }) = &entry.act else { return };
        match (step, kind, entry.correlation) {
            // Also where no entry says what came of it.
            (KeyStep::Created, KeyKind::Data, _) => {
                self.newest = self.newest.max(Some(u64::from_be_bytes(*key.bytes())));
            }
            (KeyStep::Shredded | KeyStep::HandleRetired, KeyKind::Tenant, Some(call)) => {
                self.calls.insert(call, *key);
            }
            _ => {}
        }
        if entry.outcome != EntryOutcome::Done {
            return;
        }
        let named = Named { handle: *key, at: entry.at.timestamp(), call: entry.correlation };
        match (step, kind) {
            (KeyStep::Shredded, KeyKind::Subject) => self.forgotten.add(named),
            (KeyStep::HandleRetired, KeyKind::Subject) => self.retired.add(named),
            (KeyStep::Created, KeyKind::Tenant) => drop(self.begun.insert(*key)),
            _ => {}
        }
    }

    /// People who were forgotten.
    pub(crate) fn forgotten(&self) -> &[Named] {
        &self.forgotten.order
    }

    /// Whose keys somebody's was among; nothing where no entry says it.
    fn keys_of(&self, named: &Named) -> Option<KeyId> {
        self.calls.get(&named.call?).copied()
    }

    /// Everybody whose keys it tells of.
    pub(crate) fn tenants(&self) -> BTreeSet<KeyId> {
        self.begun.iter().chain(self.calls.values()).copied().collect()
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
