//! `phiward ledger shredded`: whom entries name as shredded, and whose handles were retired after a merge.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use journal::act::{KeyKind, KeyStep};
use journal::names::KeyId;
use journal::{Act, Entry, EntryOutcome};
use ledger::{Expected, reading};

use super::arguments::Shredded;
use super::{logs, text};
use crate::telling::counted;
use crate::{Verdict, files};

pub(super) fn run(shredded: &Shredded) -> Result<Verdict, String> {
    let (mut forgotten, mut retired) = (Listed::default(), Listed::default());
    let (mut deleted, mut unread) = (0, 0);
    for log in logs(&shredded.reading)? {
        // A handle that is missing here is a person who stays: what is listed is what the log proves.
        let none = Expected { keys: Vec::new(), older: Vec::new(), deleted: Vec::new() };
        let report = reading::verify_held(&log, none).map_err(text)?;
        if let Some(problem) = report.problems.first() {
            return Err(format!("{}: {problem}: nothing is listed of a log that is not in order", log.name));
        }
        deleted += report.deleted.iter().map(|run| run.end - run.start).sum::<u64>();
        let root = reading::entries(&log, report.size, |_, bytes| {
            match Entry::read(bytes) {
                Ok(entry) => match handle(&entry, shredded.since) {
                    Some((KeyStep::HandleRetired, handle)) => retired.add(handle),
                    Some((_, handle)) => forgotten.add(handle),
                    None => {}
                },
                Err(_) => unread += 1,
            }
            Ok(())
        });
        if root.map_err(text)? != report.root {
            return Err(format!("{}: the log was changed while it was read: nothing is listed", log.name));
        }
    }
    // Who survived a merge may have been forgotten since.
    retired.order.retain(|handle| !forgotten.seen.contains(handle));
    let listed = if shredded.retired { &retired } else { &forgotten };
    let lines: String = listed.order.iter().map(|handle| format!("{handle}\n")).collect();
    files::print(lines.as_bytes())?;
    if !shredded.retired && !retired.order.is_empty() {
        eprintln!(
            "phiward: these are of people who were forgotten. {} retired after merges, and not listed: --retired lists what \
             `keys shred --retired` takes",
            counted(retired.order.len() as u64, "handle was", "handles were")
        );
    }
    for (number, one, many) in [
        (deleted, "entry was deleted", "entries were deleted"),
        (unread, "entry is not of this release", "entries are not of this release"),
    ] {
        if number > 0 {
            eprintln!("phiward: {}: nobody whom that named is listed", counted(number, one, many));
        }
    }
    Ok(if unread == 0 { Verdict::InOrder } else { Verdict::Findings })
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

fn handle(entry: &Entry, since: Option<Date>) -> Option<(KeyStep, KeyId)> {
    let Act::KeyEvent(event) = &entry.act else { return None };
    let is_it =
        matches!(event.step, KeyStep::Shredded | KeyStep::HandleRetired) && event.kind == KeyKind::Subject;
    let day = entry.at.timestamp().to_zoned(TimeZone::UTC).date();
    let is_late = since.is_none_or(|since| day >= since);
    (is_it && is_late && entry.outcome == EntryOutcome::Done).then_some((event.step, event.key))
}
