//! Jobs over an export of records: sealed anew, bound anew, forgotten.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use guard::rows::{Columns, Duty};
use guard::stored::{Counts, Desk, Form, Job, Reason, State, Table, Task};
use guard::{Became, InUse};
use policy::vocabulary::Action;

use super::arguments::{Export, Rebind, Reseal, Rewrite};
use super::people::By;
use super::shred::Bound;
use crate::guard_command::rows::{Given, Mandate};
use crate::ledger_command::text;
use crate::outside::{SystemClock, SystemRng};
use crate::telling::counted;
use crate::{Verdict, keys_command};

pub(super) fn reseal(reseal: &Reseal) -> Result<Verdict, String> {
    run(&reseal.rewrite, |_| Ok(Task::Reseal { bare: reseal.seal_what_is_not }))
}

pub(super) fn forget(rewrite: &Rewrite) -> Result<Verdict, String> {
    run(rewrite, |_| Ok(Task::Forget))
}

pub(super) fn rebind(rebind: &Rebind) -> Result<Verdict, String> {
    run(&rebind.rewrite, |right| {
        let Some(path) = &rebind.pairs else { return Ok(Task::Rebind { pairs: Vec::new() }) };
        let by = Bound::of(&right.policy).taken(right.org.clone(), rebind.key.as_deref())?;
        Ok(Task::Rebind { pairs: pairs(path, &by)? })
    })
}

/// More bytes than pairs of ten million people have.
const LONGEST: u64 = 1 << 29;

fn pairs(path: &Path, by: &By) -> Result<Vec<Became>, String> {
    let named = |error: std::io::Error| format!("`{}`: {error}", path.display());
    let bytes = guard::durable::read(path, LONGEST).map_err(named)?;
    let bytes = bytes.ok_or_else(|| named(std::io::ErrorKind::NotFound.into()))?;
    let content = std::str::from_utf8(&bytes).map_err(|_| format!("`{}` is no UTF-8", path.display()))?;
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    let lines = (1..).zip(content.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line): (u64, _)| {
            let wrong = |what| format!("`{}`, line {number}: {what}", path.display());
            let [from, into] = by.two(number, line.trim()).map_err(wrong)?;
            Ok(Became { from, into })
        })
        .collect()
}

/// What an export is worked on by.
pub(super) fn right(export: &Export) -> Result<Mandate, String> {
    if export.right.to.is_some() {
        return Err("nothing is given to anybody: leave out --to".to_owned());
    }
    Mandate::of(&export.policy, export.org.as_deref(), &export.right, &export.told, &export.keys.unlock)
}

/// Waits before a batch, so that no second has more records.
pub(super) fn paced(per_second: Option<u32>) -> impl FnMut(usize) {
    move |records| {
        if let Some(limit) = per_second {
            std::thread::sleep(Duration::from_secs_f64(records as f64 / f64::from(limit)));
        }
    }
}

/// The columns in which parts of sealed fields stand.
fn sealed_columns(right: &Mandate, object: &str, names: &[String]) -> Result<Vec<String>, String> {
    let columns = Columns::of(&right.policy, Duty::Open, object, names).map_err(text)?;
    let parts = columns.fields().flat_map(|field| {
        let index = field.index.as_ref().map(|index| index.field.clone());
        [Some(field.name.clone()), Some(field.holder().to_owned()), index]
    });
    let parts: BTreeSet<String> = parts.flatten().map(|name| name.to_ascii_lowercase()).collect();
    Ok(names.iter().filter(|name| parts.contains(&name.to_ascii_lowercase())).cloned().collect())
}

fn run(rewrite: &Rewrite, task: impl FnOnce(&Mandate) -> Result<Task, String>) -> Result<Verdict, String> {
    let export = &rewrite.export;
    let right = right(export)?;
    let task = task(&right)?;
    let keys = InUse::of(keys_command::opened(&export.keys, right.ledger.as_ref())?);
    keys_command::reopened::notice(&keys.keeper());
    let done = worked(rewrite, task, &right, &keys);
    let (closed, ended) = (right.close(), keys.end().map_err(text));
    let counts = done?;
    closed.and(ended)?;
    tell(&counts);
    Ok(if counts.is_whole() { Verdict::InOrder } else { Verdict::Findings })
}

fn worked(rewrite: &Rewrite, task: Task, right: &Mandate, keys: &InUse) -> Result<Counts, String> {
    let export = &rewrite.export;
    let state = State::hold(&export.state).map_err(text)?;
    let out = Some(rewrite.out.as_path());
    let form = if rewrite.changes_only {
        let names =
            guard::stored::Records::names(&Table::open(&export.file, None, &Form::Nothing).map_err(text)?)
                .to_vec();
        Form::Changes(sealed_columns(right, &export.object, &names)?)
    } else {
        Form::Whole
    };
    let mut table = Table::open(&export.file, out, &form).map_err(text)?;
    let rng = Box::new(SystemRng::new());
    let job = Job::new(task, &right.policy, &export.object, &table, right.org.clone(), keys, rng);
    let bar = indicatif::ProgressBar::new_spinner().with_message("records");
    let mut desk = Desk {
        clock: &SystemClock,
        permit: &mut |asked| right.permit(Action::Write, asked),
        record: &mut |released| right.record(Action::Write, Given::Tokens, released),
        pace: &mut paced(export.rows_per_second),
        progress: &mut |rows| bar.set_position(rows),
    };
    // Ten batches a second, where they are counted: so others wait for none of them long.
    let tenth = export.rows_per_second.map(|limit| limit.div_ceil(10));
    let most = tenth.and_then(|tenth| usize::try_from(tenth).ok()).unwrap_or(usize::MAX);
    let done = job.map(|job| job.at_a_time(most)).and_then(|mut job| job.run(&mut table, &state, &mut desk));
    bar.finish_and_clear();
    done.map_err(text)
}

/// What became of the values: numbers, and no value.
fn tell(counts: &Counts) {
    eprintln!("phiward: {}, {} written", counted(counts.rows, "record", "records"), counts.changed);
    for (number, (one, many), what) in [
        (counts.resealed, VALUES, "sealed anew"),
        (counts.rebound, VALUES, "sealed for somebody else than before"),
        (counts.sealed, VALUES, "sealed that stood unsealed"),
        (counts.digests, ("digest", "digests"), "mended"),
        (counts.left, ("field", "fields"), "mended beside the token"),
        (counts.forgotten, VALUES, "of shredded people forgotten"),
        (counts.as_it_was, VALUES, "in order before"),
        (counts.bare, VALUES, "left unsealed: --seal-what-is-not seals what is not"),
        (
            counts.edited,
            VALUES,
            "left whose field was written beside the token: decide which of the two is right",
        ),
        (counts.unsettled, ("record", "records"), "that others kept writing: run it again"),
    ] {
        if number > 0 {
            eprintln!("  {} {what}", counted(number, one, many));
        }
    }
    for (reason, number) in &counts.unreadable {
        let (one, many) = VALUES;
        eprintln!("  {} left unopened: {}", counted(*number, one, many), said(*reason));
    }
}

const VALUES: (&str, &str) = ("value", "values");

pub(super) const fn said(reason: Reason) -> &'static str {
    match reason {
        Reason::Shredded => "their people were shredded",
        Reason::NoSubject => "their people's salts are not here, and nothing says that they were shredded",
        Reason::UnknownKey => "their keys are not known here",
        Reason::KeyDoesNotOpen => "their keys are pending, disabled or destroyed",
        Reason::OtherBinding => "they are of another tenant, field or person, or were changed",
        Reason::NoOwner => {
            "the record does not say whose they are: its id or key is empty, or the key has characters that nobody sees"
        }
        Reason::NotAToken => "something else stands where a token should",
        Reason::OtherVersion => "they are tokens of a version that this release does not know",
        Reason::NotText => "what they hold is no text",
        Reason::NoForm => "what they hold has no form that the index can digest",
        Reason::Forgotten => {
            "their people were shredded, and an older export brought the values back: take them out, or seal them with \
             `guard seal --again`"
        }
        _ => "another reason",
    }
}
