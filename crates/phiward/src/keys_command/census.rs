//! How many values of an export stand under which key.

use std::fmt::Write as _;

use guard::stored::{self, Desk, FieldCensus, State, Table};
use guard::{Handle, InUse, KeyNumber, SealedField};
use journal::names::KeyId;
use policy::Policy;
use policy::bundle::classification::ObjectRule;
use policy::vocabulary::Action;

use super::arguments::{Census, Form};
use super::stored::{paced, right, said};
use super::twins;
use crate::guard_command::rows::{Given, Mandate};
use crate::ledger_command::text;
use crate::outside::{SystemClock, SystemRng};
use crate::telling::counted;
use crate::{Verdict, files, keys_command};

const HANDLE: &str = "handle";

/// What somebody asked about, and whether it is free.
struct Asked {
    what: &'static str,
    name: String,
    is_free: bool,
}

pub(super) fn run(census: &Census) -> Result<Verdict, String> {
    let right = right(&census.export)?;
    let keeper = keys_command::opened(&census.export.keys, right.ledger.as_ref())?;
    super::reopened::notice(&keeper);
    let numbers = census.free_of.iter().map(|given| keys_command::number(&keeper, given));
    let numbers: Vec<KeyNumber> = numbers.collect::<Result<_, _>>()?;
    let handles = census.free_of_handle.iter().map(|given| {
        let id = KeyId::of(given).map_err(|_| "`--free-of-handle` is a handle as `keys merge` prints it")?;
        Ok(Handle::of(*id.bytes()))
    });
    let handles: Vec<Handle> = handles.collect::<Result<_, String>>()?;
    let keys = InUse::of(keeper);
    let taken = taken(census, &right, &keys);
    let closed = right.close();
    let taken = taken?;
    closed?;
    let asked = numbers
        .into_iter()
        .map(|number| Asked { what: "key", name: number.to_string(), is_free: taken.is_free_of(number) })
        .chain(handles.into_iter().map(|handle| Asked {
            what: HANDLE,
            name: format!("{handle:?}"),
            is_free: taken.is_free_of_handle(handle),
        }));
    let asked: Vec<Asked> = asked.collect();
    let bytes = match census.format {
        Form::Table => table(&taken, &asked).into_bytes(),
        Form::Json => json(&taken, &asked)?,
    };
    files::print(&bytes)?;
    if !asked.is_empty() {
        let object = &census.export.object;
        let others = others(&right.policy, object);
        if !others.is_empty() {
            eprintln!(
                "phiward: this is of `{object}` alone; take a census of {} too before anything is destroyed",
                others.join(", ")
            );
        }
    }
    let all = taken.is_in_order() && asked.iter().all(|asked| asked.is_free);
    Ok(if all { Verdict::InOrder } else { Verdict::Findings })
}

/// Other objects that the bundle has sealed fields of, by lines of their own or by those of the other object of a person
/// account.
fn others(policy: &Policy, object: &str) -> Vec<String> {
    let seals = |name: &str, rule: &ObjectRule| {
        rule.fields.0.iter().any(|(field, _)| SealedField::of(policy, name, field).is_some())
    };
    let is_it = |name: &str| name.eq_ignore_ascii_case(object);
    let sealing = policy.objects().filter(|(name, rule)| seals(name, rule)).map(|(name, _)| name.as_str());
    let sealing: Vec<&str> = sealing.collect();
    let mut named: Vec<String> =
        sealing.iter().filter(|name| !is_it(name)).map(|name| (*name).to_owned()).collect();
    for own in sealing {
        let Some(twin) = twins::other(own).filter(|_| !twins::of(policy, own).is_empty()) else { continue };
        if is_it(twin) || named.iter().any(|name| name.eq_ignore_ascii_case(twin)) {
            continue;
        }
        let entry = match policy.object(twin) {
            Some(_) => "",
            None => ", and it needs an entry in the bundle for that",
        };
        named.push(format!("{twin} (its fields are those of {own} by their other names{entry})"));
    }
    named
}

fn taken(census: &Census, right: &Mandate, keys: &InUse) -> Result<stored::Census, String> {
    let export = &census.export;
    let state = State::hold(&export.state).map_err(text)?;
    let mut table = Table::open(&export.file, None, &stored::Form::Nothing).map_err(text)?;
    let bar = indicatif::ProgressBar::new_spinner().with_message("records");
    let mut desk = Desk {
        clock: &SystemClock,
        permit: &mut |asked| right.permit(Action::Read, asked),
        record: &mut |released| right.record(Action::Read, Given::Tokens, released),
        pace: &mut paced(export.rows_per_second),
        progress: &mut |rows| bar.set_position(rows),
    };
    let (policy, rng) = (&right.policy, Box::new(SystemRng::new()));
    let org = right.org.clone();
    let taken = stored::Census::take(policy, &export.object, &mut table, org, keys, rng, &state, &mut desk);
    bar.finish_and_clear();
    taken.map_err(text)
}

fn json(census: &stored::Census, asked: &[Asked]) -> Result<Vec<u8>, String> {
    let free = asked
        .iter()
        .map(|asked| serde_json::json!({"what": asked.what, "name": asked.name, "free": asked.is_free}));
    let free: Vec<_> = free.collect();
    let report = serde_json::json!({
        "format": 1,
        "in_order": census.is_in_order(),
        "free": free,
        "census": census,
    });
    let mut bytes = serde_json::to_vec_pretty(&report).map_err(text)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn table(census: &stored::Census, asked: &[Asked]) -> String {
    let mut text = format!(
        "{}: {}, from {} to {}\nsealing keys: {}\n",
        census.object,
        counted(census.rows, "record", "records"),
        census.from,
        census.to,
        if census.active.is_empty() { "none".to_owned() } else { census.active.join(", ") }
    );
    for field in &census.fields {
        field_of(field, &mut text);
    }
    for (handle, number) in &census.merged {
        let values = counted(*number, "value is", "values are");
        let _ =
            writeln!(text, "{values} sealed under handle {handle}, of a person who was merged into another");
    }
    for Asked { what, name, is_free } in asked {
        let said = match (*what, *is_free) {
            (HANDLE, true) => {
                "no value here is sealed under it, and it can be retired once no other object needs it"
            }
            (HANDLE, false) => "is still needed: `keys rebind` seals for the survivor what stands under it",
            (_, true) => "is free: nothing here needs it",
            (_, false) => "is still needed, or seals",
        };
        let joint = if said.starts_with("is") { " " } else { ": " };
        let _ = writeln!(text, "{what} {name}{joint}{said}");
    }
    text
}

fn field_of(field: &FieldCensus, text: &mut String) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "\n{} (in {})", source::plain(&field.field), source::plain(&field.holder));
    let mut line = |number: u64, what: &str| {
        if number > 0 {
            let _ = writeln!(text, "  {number:>12}  {what}");
        }
    };
    for (under, number) in &field.under {
        let (key, algorithm) = under.split_once(' ').unwrap_or((under, ""));
        let of = if algorithm == "g" { "of people" } else { "of the field alone" };
        line(*number, &format!("tokens under key {key}, {of}"));
    }
    for (key, number) in &field.shredded {
        line(*number, &format!("tokens under key {key} of who was shredded"));
    }
    line(field.empty, "empty");
    line(field.bare, "not sealed");
    line(field.bound_before, "bound to who was merged away, or otherwise than the bundle says");
    line(field.edited, "written beside their tokens");
    for (reason, number) in &field.unreadable {
        line(*number, &format!("do not open: {}", said(*reason)));
    }
    for (key, number) in &field.digests.under {
        line(*number, &format!("digests under key {key}"));
    }
    line(field.digests.missing, "digests missing: a search misses them");
    line(field.digests.stale, "digests of another value or key: a search misses them");
    line(field.digests.unknown, "digests or rests beside what does not open");
}
