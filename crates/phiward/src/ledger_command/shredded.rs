//! `phiward ledger shredded`: whom entries name as shredded.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use journal::act::{KeyKind, KeyStep};
use journal::names::KeyId;
use journal::{Act, Entry, EntryOutcome};
use ledger::{Expected, reading};

use super::arguments::Shredded;
use super::{logs, text};
use crate::{Verdict, files};

pub(super) fn run(shredded: &Shredded) -> Result<Verdict, String> {
    let (mut told, mut seen) = (String::new(), BTreeSet::new());
    let (mut deleted, mut unread) = (0, 0);
    for log in logs(&shredded.reading)? {
        // A handle that is missing here is a person who stays: what is listed is what the log proves.
        let none = Expected { keys: Vec::new(), older: Vec::new(), deleted: Vec::new() };
        let report = reading::verify_held(&log, none).map_err(text)?;
        if let Some(problem) = report.problems.first() {
            return Err(format!("{}: {problem}: nothing is listed of a log that is not in order", log.name));
        }
        deleted += report.deleted.iter().map(|run| run.end - run.start).sum::<u64>();
        reading::entries(&log, |_, bytes| match Entry::read(bytes) {
            Ok(entry) => {
                let handle = handle(&entry, shredded.since).filter(|handle| seen.insert(*handle));
                told.extend(handle.map(|handle| format!("{handle}\n")));
            }
            Err(_) => unread += 1,
        })
        .map_err(text)?;
    }
    files::print(told.as_bytes())?;
    for (number, what) in [(deleted, "were deleted"), (unread, "are not of this release")] {
        if number > 0 {
            eprintln!("phiward: {number} entries {what}: whom they named is not listed");
        }
    }
    Ok(if unread == 0 { Verdict::InOrder } else { Verdict::Findings })
}

fn handle(entry: &Entry, since: Option<Date>) -> Option<KeyId> {
    let Act::KeyEvent(event) = &entry.act else { return None };
    let is_it = event.step == KeyStep::Shredded && event.kind == KeyKind::Subject;
    let day = entry.at.timestamp().to_zoned(TimeZone::UTC).date();
    let is_late = since.is_none_or(|since| day >= since);
    (is_it && is_late && entry.outcome == EntryOutcome::Done).then_some(event.key)
}
