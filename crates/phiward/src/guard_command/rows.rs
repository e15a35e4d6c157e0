//! Data jobs: rows of a file, sealed, opened, masked or de-identified by the policy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, IsTerminal as _};
use std::path::Path;

use guard::pipe::{self, Desk, PipeError, Tally, Worker};
use guard::ring::Keyring;
use guard::rows::{Amiss, Batch, Columns, Duty};
use guard::safe_harbor::{ColumnReport, Handling, SafeHarbor};
use guard::{InUse, Released};
use journal::act::FieldAccess;
use journal::entry::{Covered, Data, Touched};
use journal::names::{ApiName, Flow, Identity, Org, Party};
use journal::{Act, Entry, EntryOutcome, Number, Pseudonymiser as _};
use policy::vocabulary::{Action, Purpose, Region};
use policy::{AskedField, Decision, Enforceable, Permit, Policy, Request, Standing, Tls};

use super::arguments::{Deidentify, Form, Keyed, Right, Rows, Seal, Told};
use super::destination::{Output, Refused};
use crate::ledger_command::arguments::Unlock;
use crate::ledger_command::{recording, text};
use crate::outside::{SystemClock, SystemRng};
use crate::telling::counted;
use crate::{Verdict, files, judge, keys_command, near};

pub(crate) fn seal(seal: &Seal) -> Result<Verdict, String> {
    worked(&seal.keyed, Duty::Seal, seal.again)
}

pub(crate) fn keyed(arguments: &Keyed, duty: Duty) -> Result<Verdict, String> {
    worked(arguments, duty, false)
}

fn worked(arguments: &Keyed, duty: Duty, again: bool) -> Result<Verdict, String> {
    if duty == Duty::Seal && arguments.rows.right.to.is_some() {
        return Err("what is sealed is for the organisation itself: leave --to out".to_owned());
    }
    let rows = &arguments.rows;
    let (told, unlock) = (&arguments.told, &arguments.keys.unlock);
    let job = Mandate::of(&rows.policy, rows.org.as_deref(), &rows.right, told, unlock)?;
    let keeper = keys_command::opened(&arguments.keys, job.ledger.as_ref())?;
    keys_command::reopened::withhold(&keeper, &told.into);
    let keys = InUse::of(keeper);
    if again {
        keys.keeper().welcome(super::again::welcome(&job, &rows.right.who)?);
    }
    let mut make = |names: &[String]| {
        let columns = Columns::of(&job.policy, duty, &arguments.rows.object, names)?;
        let rng = Box::new(SystemRng::new());
        let rows = guard::rows::Rows::new(columns, job.org.clone(), &keys, rng);
        Ok(Worker::Rows(Box::new(rows)))
    };
    let action = if arguments.rows.right.to.is_some() { Action::Send } else { duty_action(duty) };
    let given = if duty == Duty::Mask { Given::Masks } else { Given::Values };
    let done = job.run(&arguments.rows, action, given, &mut make).map(|(tally, worker)| {
        let Some(Worker::Rows(rows)) = worker else { return (tally, Vec::new(), Vec::new(), Vec::new()) };
        let longest = rows.longest().filter(|(_, longest)| *longest > 0);
        let longest = longest.map(|(field, longest)| format!("{field} {longest}")).collect();
        let amiss = amiss(&tally.amiss, rows.columns(), &job.policy);
        (tally, rows.columns().by_default(&job.policy), longest, amiss)
    });
    let ended = keys.end().map_err(text);
    let (tally, unnamed, longest, amiss) = done?;
    ended?;
    if !unnamed.is_empty() {
        let places: Vec<String> = unnamed.iter().map(usize::to_string).collect();
        eprintln!(
            "phiward: no line of the bundle names the columns {}: they went by the object's default",
            places.join(", ")
        );
    }
    let word = match duty {
        Duty::Seal => "sealed",
        Duty::Open | Duty::Mask => "opened",
    };
    let read = counted(tally.rows + tally.refused, "row", "rows");
    let turned = counted(tally.turned, "value", "values");
    eprintln!("phiward: {read} read: {} written, {} refused; {turned} {word}", tally.rows, tally.refused);
    if !longest.is_empty() {
        eprintln!(
            "phiward: characters of the longest token: {}; a field that is shorter cuts it, and what is cut never opens",
            longest.join(", ")
        );
    }
    amiss.iter().for_each(|what| eprintln!("phiward: {what}"));
    let is_in_order = tally.refused == 0 && tally.amiss.is_none();
    Ok(if is_in_order { Verdict::InOrder } else { Verdict::Findings })
}

/// What does not stand as the bundle has it, by columns: numbers, and no value.
fn amiss(amiss: &Amiss, columns: &Columns, policy: &Policy) -> Vec<String> {
    let said = |all: &BTreeMap<usize, u64>, one: &str, many: &str, what: &str| {
        let places = columns.told(policy, all.keys().copied());
        let each: Vec<String> = places
            .iter()
            .zip(all.values())
            .map(|(column, number)| {
                let of = if column.starts_with('`') { "" } else { "column " };
                format!("{of}{column}: {number}")
            })
            .collect();
        let number = counted(all.values().sum(), one, many);
        (!all.is_empty()).then(|| format!("{number} {what} ({})", each.join(", ")))
    };
    let Amiss { unsealed, beside, digests, unopened } = amiss;
    [
        said(
            unsealed,
            "value stood",
            "values stood",
            "there unsealed, where the bundle asks for tokens: seal them",
        ),
        said(
            beside,
            "value was",
            "values were",
            "written beside a token, and not given out: decide which of the two is right",
        ),
        said(
            digests,
            "digest is",
            "digests are",
            "of another value than the token beside it, and no search finds that: `keys reseal` mends it",
        ),
        said(
            unopened,
            "token stood",
            "tokens stood",
            "in columns where the bundle seals nothing, and not opened: seal these fields in the bundle as they were sealed",
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const fn duty_action(duty: Duty) -> Action {
    match duty {
        Duty::Seal => Action::Write,
        Duty::Open | Duty::Mask => Action::Read,
    }
}

pub(crate) fn deidentify(arguments: &Deidentify) -> Result<Verdict, String> {
    let none = Unlock { passphrase_file: None, passphrase_env: None, unlock_file: None };
    let rows = &arguments.rows;
    let job = Mandate::of(&rows.policy, rows.org.as_deref(), &rows.right, &arguments.told, &none)?;
    let (object, on_word) = (&arguments.rows.object, &arguments.keep_text);
    let mut make = |names: &[String]| {
        let org = job.org.clone();
        let harbor = SafeHarbor::of(&job.policy, object, names, on_word, org, &mut SystemRng::new())?;
        Ok(Worker::SafeHarbor(Box::new(harbor)))
    };
    let (tally, worker) = job.run(&arguments.rows, Action::Read, Given::Masks, &mut make)?;
    let Some(Worker::SafeHarbor(harbor)) = worker else { return Ok(Verdict::InOrder) };
    let (rows, columns) = harbor.report();
    eprint!("{}", told(rows, &columns));
    if let Some(path) = &arguments.report {
        let report = serde_json::json!({
            "format": 1,
            "method": "45 CFR 164.514(b)(2)",
            "object": object,
            "policy": job.policy.digest().to_string(),
            "at": crate::now().to_string(),
            "rows": rows,
            "columns": columns,
            "people_must_say": "that the organisation has no actual knowledge that what is left could identify \
                                somebody, alone or with other information: 164.514(b)(2)(ii)",
            "postal_codes": "census of 2000, as the guidance of HHS of 26 November 2012 lists the areas of 20,000 \
                             people or fewer: the rule asks for data that is current",
        });
        let mut bytes = serde_json::to_vec_pretty(&report).map_err(text)?;
        bytes.push(b'\n');
        files::write(path, &bytes)?;
    }
    if tally.refused > 0 {
        eprintln!(
            "phiward: {} refused, which the report does not count",
            counted(tally.refused, "row", "rows")
        );
    }
    Ok(if tally.refused > 0 { Verdict::Findings } else { Verdict::InOrder })
}

/// The report for people.
fn told(rows: u64, columns: &[&ColumnReport]) -> String {
    let mut text =
        format!("phiward: {}, de-identified by 45 CFR 164.514(b)(2)\n", counted(rows, "row", "rows"));
    for column in columns {
        let what = match column.handling {
            Handling::Removed => "taken out",
            Handling::Year => "years alone",
            Handling::Zip3 => "three digits of the postal code",
            Handling::Code => "codes for ids",
            Handling::LookedAt => "looked at",
            Handling::KeptOnWord => "kept, and somebody answers for it",
        };
        let item = column.item.map(|item| format!(" ({item})")).unwrap_or_default();
        text += &format!(
            "  {}: {what}{item}; of {} {} kept, {} made coarser, {} taken out\n",
            source::plain(&column.column),
            counted(column.cells, "cell", "cells"),
            column.kept,
            column.generalised,
            column.removed
        );
        for (reason, count) in &column.because {
            text += &format!("    {count} for {reason}\n");
        }
    }
    text + "  It is de-identified only if nobody in the organisation knows how it could identify somebody \
            (164.514(b)(2)(ii)).\n"
}

/// What of the fields comes out, or was changed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Given {
    Values,
    Masks,
    Tokens,
}

/// By what right batches are worked on, and where that is recorded.
pub(crate) struct Mandate {
    pub(crate) policy: Enforceable,
    pub(crate) org: Org,
    who: Identity,
    request: Request,
    pub(crate) ledger: Option<ledger::Ledger>,
    trail: Option<Keyring>,
}

impl Mandate {
    pub(crate) fn of(
        policy: &Path,
        org: Option<&str>,
        right: &Right,
        told: &Told,
        unlock: &Unlock,
    ) -> Result<Self, String> {
        let policy = judge::read_bundle(policy)?;
        let org = match org {
            Some(id) => id,
            None => {
                let default = policy.default_org().map(|org| org.id.as_str());
                default.ok_or("the bundle has several orgs and none is `default`: name the --org")?
            }
        };
        let org = Org::declared(&policy, org).map_err(|_| "`--org` is no org of the bundle".to_owned())?;
        let who = Identity::declared(&policy, &right.who).map_err(|_| {
            near::unknown(
                "--who",
                "identity",
                &right.who,
                policy.identities().iter().map(|one| one.id.as_str()),
            )
        })?;
        let request = request(&policy, right)?;
        if told.into.ledger.is_none() && !told.unrecorded {
            return Err("patients' data is not worked on unrecorded: name the --ledger and --trail, or answer for it \
                        with --unrecorded"
                .to_owned());
        }
        if told.unrecorded {
            eprintln!("phiward: no ledger will tell of this");
        }
        let trail = keys_command::opened_trail(&told.trail)?;
        if trail.is_none() && told.into.ledger.is_some() {
            return Err("the ledger names people by pseudonyms: name the keyring with --trail".to_owned());
        }
        let policy =
            policy.enforceable().ok_or("the bundle has an error, or is empty: it is not enforced")?;
        Ok(Self { policy, org, who, request, ledger: recording(&told.into, unlock)?, trail })
    }

    pub(crate) fn permit(&self, action: Action, asked: &[AskedField]) -> Result<Permit, String> {
        let request = Request { action, fields: asked.to_vec(), at: crate::now(), ..self.request.clone() };
        let (word, reasons, missing) = match policy::decide(&self.policy, &Standing::known(), &request) {
            Decision::Permit(permit) => return Ok(permit),
            Decision::Denial(denial) => ("the policy says no", denial.reasons, Vec::new()),
            Decision::Undetermined(open) => ("the policy cannot tell", open.reasons, open.missing),
        };
        let mut said: BTreeSet<String> = reasons
            .iter()
            .map(|reason| {
                // A field is named where the bundle names it: a header can be a row.
                let is_known = |field: &&String| {
                    field
                        .split_once('.')
                        .is_some_and(|(object, field)| self.policy.class_of(object, field).is_some())
                };
                let fields: Vec<&str> = reason.fields.iter().filter(is_known).map(String::as_str).collect();
                let fields =
                    if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) };
                let place = reason.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
                format!("{} [{}]{place}{fields}", reason.fact, reason.code)
            })
            .collect();
        said.extend(missing.into_iter().map(|missing| format!("it misses: {missing}")));
        Err(format!("{word}:\n  {}", said.into_iter().collect::<Vec<_>>().join("\n  ")))
    }

    /// Entries of a batch: whose records, which fields, by what right.
    pub(crate) fn record(
        &self,
        action: Action,
        given: Given,
        released: &Released<Batch>,
    ) -> Result<(), String> {
        let Some(ledger) = &self.ledger else { return Ok(()) };
        let permit = released.permit();
        let subjects: Vec<_> = released.people().iter().flatten().cloned().collect();
        let pseudonyms = match &self.trail {
            Some(trail) => trail.pseudonyms(&subjects).map_err(text)?,
            None => Vec::new(),
        };
        let distinct: BTreeSet<_> = pseudonyms.into_iter().collect();
        let touched = distinct.into_iter().map(|one| Touched { record: None, subject: Some(one) }).collect();
        let mut objects: Vec<Data> = Vec::new();
        for field in permit.fields() {
            let object = ApiName::of(&field.name.object).map_err(text)?;
            let name = ApiName::of(&field.name.field).map_err(text)?;
            if !objects.iter().any(|data| data.object == object) {
                objects.push(Data {
                    object: object.clone(),
                    fields: Vec::new(),
                    covered: Vec::new(),
                    withheld: Vec::new(),
                    unknown: None,
                    touched: Vec::new(),
                });
            }
            let Some(data) = objects.iter_mut().find(|data| data.object == object) else { continue };
            match given {
                Given::Values => data.fields.push(name),
                Given::Masks => data.covered.push(Covered { field: name, mask: Some(field.mask) }),
                Given::Tokens => data.covered.push(Covered { field: name, mask: None }),
            }
        }
        if let Some(first) = objects.first_mut() {
            first.touched = touched;
        }
        let rows = Some(Number::of(released.rows() as u64));
        let mut rng = SystemRng::new();
        let mut entry = Entry::new(
            Act::FieldAccess(FieldAccess { action, rows }),
            if released.has_refused() { EntryOutcome::Partly } else { EntryOutcome::Done },
            &SystemClock,
            &mut rng,
        );
        entry.who = Some(self.who.clone());
        entry.org = Some(self.org.clone());
        entry.party = match permit.party() {
            Some(party) => Some(Party::declared(&self.policy, party).map_err(text)?),
            None => None,
        };
        entry.flow = match permit.flow() {
            Some(flow) => Some(Flow::declared(&self.policy, flow).map_err(text)?),
            None => None,
        };
        entry.purpose = permit.purpose();
        entry.grounds = permit.grounds().to_vec();
        entry.policy = Some(journal::names::Digest::of_policy(permit.bundle()));
        entry.data = objects;
        let entries = journal::parts::parted(entry, &mut rng).map_err(text)?;
        ledger.append(&entries).map(|_| ()).map_err(text)
    }

    /// Publishes what was recorded.
    pub(crate) fn close(&self) -> Result<(), String> {
        self.ledger.as_ref().map_or(Ok(()), |ledger| ledger.clone().close().map_err(text))
    }

    fn run<'k>(
        &self,
        rows: &Rows,
        action: Action,
        given: Given,
        make: pipe::Make<'_, 'k>,
    ) -> Result<(Tally, Option<Worker<'k>>), String> {
        let input: Box<dyn std::io::Read> = match rows.path() {
            Some(path) => {
                Box::new(File::open(path).map_err(|error| format!("`{}`: {error}", path.display()))?)
            }
            None => Box::new(std::io::stdin().lock()),
        };
        if rows.refused.is_some() && rows.refused == rows.output {
            return Err("`--refused` and `--output` are two files".to_owned());
        }
        let mut output = Output::to(rows.output.as_deref())?;
        let mut refused = match &rows.refused {
            Some(path) => Some(Refused::to(path)?),
            None => None,
        };
        let progress = progress(rows)?;
        let mut desk = Desk {
            clock: &SystemClock,
            permit: &mut |asked| self.permit(action, asked),
            record: &mut |released| self.record(action, given, released),
            refused: &mut |turned| match &mut refused {
                Some(refused) => refused.take(&turned),
                None => {
                    let (line, column) = (turned.line, turned.column);
                    Err(PipeError::Refused { line, column, because: turned.because })
                }
            },
            progress: &mut |so_far| progress.set_position(so_far.bytes),
        };
        let by_ending = || {
            if rows.path().is_some_and(pipe::is_json_lines) { Form::Jsonl } else { Form::Csv }
        };
        let done = match rows.format.unwrap_or_else(by_ending) {
            Form::Csv => pipe::table(input, output.writer(), make, &mut desk)
                .map(|(tally, worker)| (tally, Some(worker))),
            Form::Jsonl => {
                pipe::json_lines(BufReader::with_capacity(1 << 16, input), output.writer(), make, &mut desk)
            }
        };
        progress.finish_and_clear();
        let done = done.map_err(|error| match rows.path() {
            Some(path) => format!("`{}`: {error}", path.display()),
            None => format!("standard input: {error}"),
        });
        // What was recorded stays recorded, also where what follows fails.
        let closed = self.close();
        let done = done?;
        closed?;
        output.keep()?;
        if let Some(refused) = refused {
            refused.keep()?;
        }
        Ok(done)
    }
}

fn request(policy: &Policy, right: &Right) -> Result<Request, String> {
    if !right.none_object {
        return Err("whether somebody has objected, restricted or withdrawn is not known here: say with --none-object \
                    that nobody has"
            .to_owned());
    }
    let mut request = Request::new(Action::Read, Vec::new(), crate::now());
    request.who = Some(right.who.clone());
    request.purpose = match &right.purpose {
        Some(word) => Some(Purpose::of(word).ok_or_else(|| {
            let known: Vec<&str> = Purpose::ALL.iter().map(|one| one.as_str()).collect();
            format!("`--purpose` is one of {}", known.join(", "))
        })?),
        None => None,
    };
    request.to.clone_from(&right.to);
    request.flow.clone_from(&right.flow);
    request.network = right.network;
    request.subject.region = match (&right.subject_region, policy.regions()) {
        (Some(region), _) => {
            Some(Region::of(region).ok_or("`--subject-region` is a region as `us` or `eu`")?)
        }
        (None, [only]) => Some(only.value.clone()),
        (None, _) => None,
    };
    // Nothing leaves this machine by what is asked here.
    request.tls = Some(Tls::V1_3);
    Ok(request)
}

/// Shown where somebody looks on.
fn progress(rows: &Rows) -> Result<indicatif::ProgressBar, String> {
    let length = match rows.path() {
        Some(path) => {
            std::fs::metadata(path).map_err(|error| format!("`{}`: {error}", path.display()))?.len()
        }
        None => return Ok(indicatif::ProgressBar::hidden()),
    };
    if !std::io::stderr().is_terminal() {
        return Ok(indicatif::ProgressBar::hidden());
    }
    let style =
        indicatif::ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}")
            .map_err(text)?;
    Ok(indicatif::ProgressBar::new(length).with_style(style))
}
