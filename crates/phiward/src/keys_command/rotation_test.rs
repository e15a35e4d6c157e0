//! The yearly test of rotation: one act, on keys that are made for it under the tenant's root, and its evidence.

mod made_up;
mod run;

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use csv::{Row, Stream, write_row};
use guard::keeper::{Declared, Places, TEST_TENANT, Tools};
use guard::root::Root;
use guard::rows::{Columns, Duty, Rows};
use guard::stored::{self, Census, Form, Job, State, Table, Task};
use guard::{BlindIndex, InUse, Keeper, KeyNumber, KeyState, Keys as _, SealedField, Unseen};
use jiff::Timestamp;
use journal::act::{EvidenceOutcome, EvidenceRecord, Examined, Room};
use journal::names::{ControlId, Digest, Version};
use journal::{Act, Entry, EntryOutcome, Moment, Number};
use policy::vocabulary::{Action, Class};
use serde::Serialize;

use super::arguments::TestRotation;
use super::twins;
use super::{Roots, approvers, people, private_folder, root};
use crate::guard_command::rows::{Given, Mandate};
use crate::ledger_command::text;
use crate::outside::{SystemClock, SystemRng};
use crate::telling::counted;
use crate::{Verdict, files};
use made_up::MadeUp;
use run::Run;

const CONTROL: &str = "hipaa-sec-312a2iv";
const CITATIONS: [&str; 2] = [
    "45 CFR 164.312(a)(2)(iv): a mechanism to encrypt and decrypt electronic protected health information (addressable)",
    "NIST SP 800-57 part 1 rev. 5, 5.3 (cryptoperiods) and 8.2.3 (key change): a recommendation",
];

/// Something that has to hold, and what was found.
#[derive(Serialize)]
struct Check {
    what: String,
    expected: u64,
    found: u64,
}

/// What was done, and what had to hold then.
#[derive(Serialize)]
struct Step {
    at: Timestamp,
    done: String,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Rotated {
    class: Class,
    before: String,
    after: String,
    /// Values of the class in the records.
    values: u64,
}

/// The document that the evidence names.
#[derive(Serialize)]
struct Report {
    format: u32,
    what: &'static str,
    cites: [&'static str; 2],
    version: &'static str,
    policy: String,
    object: String,
    /// Fields with values in the records, and those without: of these the test says nothing.
    fields: Vec<String>,
    untested: Vec<String>,
    records: u64,
    /// Records without a value that is to be sealed.
    without_values: u64,
    source: &'static str,
    /// Of the records as they were sealed first.
    source_digest: Digest,
    root: String,
    by: [String; 2],
    from: Timestamp,
    to: Timestamp,
    keys: Vec<Rotated>,
    steps: Vec<Step>,
    in_order: bool,
}

pub(super) fn run(test: &TestRotation) -> Result<Verdict, String> {
    if test.right.to.is_some() {
        return Err("nothing is given to anybody: leave out --to".to_owned());
    }
    let (by, _) = people(&test.people)?;
    if by[0] == by[1] {
        return Err("two people destroy a key, and these are one".to_owned());
    }
    // A report is evidence, and never written over.
    if test.report.exists() {
        return Err(format!("`{}` is there already: name another --report", test.report.display()));
    }
    let right = Mandate::of(&test.people.policy, test.org.as_deref(), &test.right, &test.told, &test.unlock)?;
    let root = root(&test.root, &test.unlock, Roots::MustBeThere)?;
    let done = Acting::begin(test, &right, root).and_then(|acting| {
        let performed = acting.perform(&by);
        // Whatever came of it, nothing of the test is left under the root.
        let discarded = acting.keys.keeper().discard().map_err(text);
        performed.and_then(|report| discarded.map(|()| report))
    });
    let told = done.and_then(|mut report| {
        report.to = crate::now();
        tell(test, &right, &report)?;
        Ok(report.in_order)
    });
    let closed = right.close();
    let in_order = told?;
    closed?;
    Ok(if in_order { Verdict::InOrder } else { Verdict::Findings })
}

/// Writes the report, records the evidence, and says both.
fn tell(test: &TestRotation, right: &Mandate, report: &Report) -> Result<(), String> {
    let mut bytes = serde_json::to_vec_pretty(report).map_err(text)?;
    bytes.push(b'\n');
    guard::durable::create(&test.report, &bytes, guard::durable::Access::Shared)
        .map_err(|error| format!("`{}`: {error}", test.report.display()))?;
    let document = Digest::of(&bytes);
    files::print(printed(report, &document).as_bytes())?;
    let Some(ledger) = &right.ledger else { return Ok(()) };
    let act = EvidenceRecord {
        of: Examined::RotationTest,
        controls: vec![ControlId::of(CONTROL).map_err(text)?],
        collector: Room::Guard,
        version: Version::of(env!("CARGO_PKG_VERSION")).map_err(text)?,
        source: report.source_digest,
        document,
        from: Moment::of(report.from),
        to: Moment::of(report.to),
        seen: Number::of(report.records),
        result: if report.in_order { EvidenceOutcome::InOrder } else { EvidenceOutcome::Findings },
    };
    let mut rng = SystemRng::new();
    let mut entry = Entry::new(Act::Evidence(act), EntryOutcome::Done, &SystemClock, &mut rng);
    entry.policy = Some(Digest::of_policy(right.policy.digest()));
    entry.org = Some(right.org.clone());
    let receipts = ledger.append(&[entry]).map_err(text)?;
    for receipt in receipts {
        eprintln!("phiward: the evidence is entry {} of {}", receipt.index, receipt.log);
    }
    Ok(())
}

fn printed(report: &Report, document: &Digest) -> String {
    let mut text = format!(
        "Test of key rotation: {}\n\nobject    {}, {} ({}), {} of them without a value that is to be sealed\nfields    {}\npolicy    {}\nroot      {}\nby        {} and {}\n\
         from      {}\nto        {}\n",
        if report.in_order { "in order" } else { "NOT in order" },
        report.object,
        counted(report.records, "record", "records"),
        report.source,
        report.without_values,
        report.fields.join(", "),
        report.policy,
        report.root,
        report.by[0],
        report.by[1],
        report.from,
        report.to
    );
    if !report.untested.is_empty() {
        text += &format!("untested  {}: the records have no value of these\n", report.untested.join(", "));
    }
    for Rotated { class, before, after, values } in &report.keys {
        let values = counted(*values, "value", "values");
        text += &format!("keys      {}: {before} was replaced by {after}, {values}\n", class.as_str());
    }
    for step in &report.steps {
        text += &format!("\n{}  {}\n", step.at, step.done);
        for Check { what, expected, found } in &step.checks {
            let word = if expected == found { "ok " } else { "NOT" };
            text += &format!("  {word} {what}: {found}");
            text += &if expected == found { "\n".to_owned() } else { format!(", and not {expected}\n") };
        }
    }
    for cited in report.cites {
        text += &format!("\n{cited}");
    }
    text + &format!("\n\ndocument  {document}\n")
}

/// The records as they came.
struct Plain {
    /// Of all values, in their order. It stays here.
    digest: [u8; 32],
    rows: u64,
    /// Rows with a value that is sealed.
    sealed_rows: u64,
    fields: Vec<OfField>,
}

/// How many values of a field the records have.
struct OfField {
    name: String,
    class: Class,
    values: u64,
}

impl Plain {
    fn values_of(&self, class: Class) -> u64 {
        self.fields.iter().filter(|field| field.class == class).map(|field| field.values).sum()
    }
}

/// A table that was looked at.
struct Seen {
    /// Of all values, in their order. It stays here.
    digest: [u8; 32],
    rows: u64,
    refused: u64,
    /// Values whose digest is none that a search asks for.
    missed: u64,
}

struct Acting<'t> {
    test: &'t TestRotation,
    mandate: &'t Mandate,
    root: Arc<dyn Root>,
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
    keys: InUse,
    fields: Vec<SealedField>,
}

impl<'t> Acting<'t> {
    fn begin(test: &'t TestRotation, mandate: &'t Mandate, root: Arc<dyn Root>) -> Result<Self, String> {
        // Of a person account the lines may be those of the other object.
        let own = twins::other(&test.object).map_or_else(Vec::new, |other| twins::of(&mandate.policy, other));
        let elsewhere = twins::other(&test.object).filter(|_| !own.is_empty()).map(|other| {
            let fields: Vec<&str> = own.iter().map(|field| field.name.as_str()).collect();
            format!(
                "the lines of {other} seal {} of {} by their other names: `--object {other}` tests them",
                fields.join(", "),
                source::plain(&test.object)
            )
        });
        let Some(object) = mandate.policy.object(&test.object) else {
            return Err(elsewhere
                .unwrap_or_else(|| format!("the bundle has no object `{}`", source::plain(&test.object))));
        };
        let names = object.fields.0.iter().map(|(name, _)| name.value.as_str());
        let fields: Vec<SealedField> =
            names.filter_map(|name| SealedField::of(&mandate.policy, &test.object, name)).collect();
        match (fields.is_empty(), elsewhere) {
            (true, Some(elsewhere)) => return Err(elsewhere),
            (true, None) => {
                return Err(
                    "the bundle has no field of the object that the gateway seals: nothing is to be tested"
                        .to_owned(),
                );
            }
            (false, Some(elsewhere)) => eprintln!("phiward: {elsewhere}"),
            (false, None) => {}
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
        let folder = tempfile::tempdir().map_err(text)?;
        let places = Places::of(&folder.path().join("keys"), &folder.path().join("seen"));
        private_folder(&folder.path().join("keys"))?;
        let approvers = approvers(&mandate.policy)?;
        let made = Keeper::create(places, TEST_TENANT, &approvers, tools(&root));
        let keys = InUse::of(runtime.block_on(made).map_err(text)?);
        Ok(Self { test, mandate, root, runtime, folder, keys, fields })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn classes(&self) -> Vec<Class> {
        let mut classes: Vec<Class> = self.fields.iter().map(|field| field.class).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    fn make(&self, class: Class) -> Result<KeyNumber, String> {
        self.runtime.block_on(self.keys.keeper().make(class, crate::today())).map_err(text)
    }

    fn activate(&self, number: KeyNumber) -> Result<(), String> {
        self.runtime.block_on(self.keys.keeper().activate(number)).map_err(text)
    }

    /// The keys that seal, in the order of their classes.
    fn active(&self) -> Result<Vec<KeyNumber>, String> {
        self.classes().iter().map(|class| Ok(self.keys.active(*class).map_err(text)?.number())).collect()
    }

    fn perform(&self, by: &[Declared; 2]) -> Result<Report, String> {
        let from = crate::now();
        let mut run = Run::begin(self)?;
        run.activate()?;
        run.reseal()?;
        run.count()?;
        run.disable()?;
        run.destroy(by)?;
        run.report(from)
    }
}

fn of(what: &str, expected: u64, found: u64) -> Check {
    Check { what: what.to_owned(), expected, found }
}

fn check(what: &str, holds: bool) -> Check {
    Check { what: what.to_owned(), expected: 1, found: u64::from(holds) }
}

fn tools(root: &Arc<dyn Root>) -> Tools {
    Tools {
        root: Arc::clone(root),
        // They are nobody's keys: the evidence tells of them.
        recorder: None,
        policy: None,
        who: None,
        clock: Arc::new(SystemClock),
        rng: || Box::new(SystemRng::new()),
    }
}

fn file_digest(path: &Path) -> Result<Digest, String> {
    let mut hash = Hash::new();
    let mut file = File::open(path).map_err(text)?;
    std::io::copy(&mut file, &mut hash).map_err(text)?;
    Ok(Digest::of_hash(hash.end()))
}

struct Hash(Context);

impl Hash {
    fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    fn cell(&mut self, cell: &str) {
        self.0.update(&(cell.len() as u64).to_be_bytes());
        self.0.update(cell.as_bytes());
    }

    fn end(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(self.0.finish().as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }
}

impl std::io::Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Acting<'_> {
    fn records(&self) -> Result<Box<dyn Read + '_>, String> {
        match &self.test.export {
            None => Ok(Box::new(MadeUp::new(&self.fields, u64::from(self.test.rows)))),
            Some(path) => {
                let file = File::open(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
                Ok(Box::new(file))
            }
        }
    }

    /// Made-up records are nobody's.
    fn record(&self, action: Action, released: &guard::Released<guard::rows::Batch>) -> Result<(), String> {
        if self.test.export.is_some() { self.mandate.record(action, Given::Tokens, released) } else { Ok(()) }
    }

    /// Takes a table through the guard, batch by batch.
    fn batches(
        &self,
        duty: Duty,
        input: impl Read,
        each: &mut dyn FnMut(&Came<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let action = if duty == Duty::Seal { Action::Write } else { Action::Read };
        let mut stream = Stream::new(input);
        let names = stream.header().map_err(text)?;
        let columns = Columns::of(&self.mandate.policy, duty, &self.test.object, &names).map_err(text)?;
        let out: Vec<String> = columns.names_out().map(str::to_owned).collect();
        let rng = Box::new(SystemRng::new());
        let mut worker = Rows::new(columns, self.mandate.org.clone(), &self.keys, rng);
        let mut row = Row::default();
        let mut is_over = false;
        while !is_over {
            let mut rows = Vec::with_capacity(BATCH);
            while rows.len() < BATCH && !is_over {
                is_over = !stream.next(&mut row).map_err(text)?;
                if !is_over {
                    rows.push(row.clone());
                }
            }
            if rows.is_empty() {
                break;
            }
            let permit = self.mandate.permit(action, worker.columns().asked())?;
            let released = worker.work(permit, crate::now(), &rows).map_err(text)?;
            self.record(action, &released)?;
            let batch = released.release(crate::now()).map_err(text)?;
            each(&Came { names: &names, out: &out, rows: &rows, batch: &batch })?;
        }
        Ok(())
    }

    /// The records, sealed under the first keys, and what they were.
    fn sealed(&self) -> Result<(PathBuf, Plain), String> {
        let path = self.path("sealed.csv");
        let mut file = std::io::BufWriter::new(File::create(&path).map_err(text)?);
        let mut hash = Hash::new();
        let (mut rows, mut sealed_rows) = (0, 0);
        let field = |field: &SealedField| OfField { name: field.name.clone(), class: field.class, values: 0 };
        let mut fields: Vec<OfField> = self.fields.iter().map(field).collect();
        self.batches(Duty::Seal, self.records()?, &mut |came| {
            if let Some(refused) = came.batch.refused.first() {
                return Err(format!(
                    "record {} cannot be sealed, `{}`: {}: the test takes an export of values that are not sealed",
                    rows + refused.at as u64 + 1,
                    refused.column,
                    refused.because
                ));
            }
            let mut bytes = Vec::new();
            if rows == 0 {
                write_row(came.out.iter().map(String::as_str), &mut bytes);
            }
            for (plain, sealed) in came.rows.iter().zip(&came.batch.rows) {
                write_row(sealed.cells(), &mut bytes);
                self.values(came.names, plain).for_each(|value| hash.cell(value));
                let mut is_sealed = false;
                for field in &mut fields {
                    let has_value = !cell(came.names, plain, &field.name).is_empty();
                    field.values += u64::from(has_value);
                    is_sealed |= has_value;
                }
                sealed_rows += u64::from(is_sealed);
            }
            rows += came.rows.len() as u64;
            file.write_all(&bytes).map_err(text)
        })?;
        if rows == 0 {
            return Err("there is no record: nothing is tested".to_owned());
        }
        if sealed_rows == 0 {
            let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            return Err(format!(
                "of {} none has a value in a field that the gateway seals ({}): nothing is tested",
                counted(rows, "record", "records"),
                names.join(", ")
            ));
        }
        file.flush().map_err(text)?;
        Ok((path, Plain { digest: hash.end(), rows, sealed_rows, fields }))
    }

    /// The values of the sealed fields of a row.
    fn values<'r>(&self, names: &[String], row: &'r Row) -> impl Iterator<Item = &'r str> {
        let place =
            |field: &SealedField| names.iter().position(|name| name.eq_ignore_ascii_case(&field.name));
        let places: Vec<usize> = self.fields.iter().filter_map(place).collect();
        places.into_iter().map(|at| row.get(at).unwrap_or_default())
    }

    /// Opens all records of a table, and asks the index for each value as a search does.
    fn seen(&self, path: &Path) -> Result<Seen, String> {
        let mut seen = Seen { digest: [0; 32], rows: 0, refused: 0, missed: 0 };
        let mut hash = Hash::new();
        let mut indexes = Vec::new();
        for field in &self.fields {
            let Some(index) = &field.index else { continue };
            let keys = self.keys.all(field.class).map_err(text)?;
            let under = keys.iter().map(|key| {
                BlindIndex::new(key, &field.id, index.normaliser.clone(), index.bits, index.values)
            });
            indexes.push((field, index, under.collect::<Result<Vec<_>, _>>().map_err(text)?));
        }
        let file = File::open(path).map_err(text)?;
        self.batches(Duty::Open, file, &mut |came| {
            seen.refused += came.batch.refused.len() as u64;
            seen.rows += came.batch.rows.len() as u64;
            let turned_away: Vec<usize> = came.batch.refused.iter().map(|refused| refused.at).collect();
            let stood = came.rows.iter().enumerate().filter(|(at, _)| !turned_away.contains(at));
            for ((_, stood), opened) in stood.zip(&came.batch.rows) {
                self.values(came.out, opened).for_each(|value| hash.cell(value));
                for (field, index, under) in &indexes {
                    let value = cell(came.out, opened, &field.name);
                    let digest = cell(came.names, stood, &index.field);
                    let finds = |index: &BlindIndex| index.digest(value).is_ok_and(|found| found == digest);
                    seen.missed += u64::from(!value.is_empty() && !under.iter().any(finds));
                }
            }
            Ok(())
        })?;
        seen.digest = hash.end();
        Ok(seen)
    }

    fn reseal(&self, from: &Path, to: &Path) -> Result<stored::Counts, String> {
        let state = State::hold(&self.path("reseal.state")).map_err(text)?;
        let mut table = Table::open(from, Some(to), &Form::Whole).map_err(text)?;
        let (policy, org) = (&self.mandate.policy, self.mandate.org.clone());
        let (task, rng) = (Task::Reseal { bare: false }, Box::new(SystemRng::new()));
        let mut job =
            Job::new(task, policy, &self.test.object, &table, org, &self.keys, rng).map_err(text)?;
        let mut desk = stored::Desk {
            clock: &SystemClock,
            permit: &mut |asked| self.mandate.permit(Action::Write, asked),
            record: &mut |released| self.record(Action::Write, released),
            pace: &mut |_| {},
            progress: &mut |_| {},
        };
        job.run(&mut table, &state, &mut desk).map_err(text)
    }

    fn census(&self, path: &Path, name: &str) -> Result<Census, String> {
        let state = State::hold(&self.path(name)).map_err(text)?;
        let mut table = Table::open(path, None, &Form::Nothing).map_err(text)?;
        let mut desk = stored::Desk {
            clock: &SystemClock,
            permit: &mut |asked| self.mandate.permit(Action::Read, asked),
            record: &mut |released| self.record(Action::Read, released),
            pace: &mut |_| {},
            progress: &mut |_| {},
        };
        let (policy, org, rng) = (&self.mandate.policy, self.mandate.org.clone(), Box::new(SystemRng::new()));
        let object = &self.test.object;
        Census::take(policy, object, &mut table, org, &self.keys, rng, &state, &mut desk).map_err(text)
    }

    /// A table as it stands half-way: so many records of one, and the rest of another.
    fn mixed(&self, before: &Path, after: &Path, first: u64) -> Result<PathBuf, String> {
        let path = self.path("mixed.csv");
        let mut file = std::io::BufWriter::new(File::create(&path).map_err(text)?);
        let mut streams = [before, after].map(File::open).into_iter();
        let mut next = || streams.next().transpose().map_err(text).map(|file| file.map(Stream::new));
        let (Some(mut before), Some(mut after)) = (next()?, next()?) else { return Ok(path) };
        let names = before.header().map_err(text)?;
        after.header().map_err(text)?;
        let (mut old, mut new, mut at, mut bytes) = (Row::default(), Row::default(), 0, Vec::new());
        write_row(names.iter().map(String::as_str), &mut bytes);
        while before.next(&mut old).map_err(text)? && after.next(&mut new).map_err(text)? {
            write_row(if at < first { &new } else { &old }.cells(), &mut bytes);
            at += 1;
            file.write_all(&bytes).map_err(text)?;
            bytes.clear();
        }
        file.flush().map_err(text)?;
        Ok(path)
    }

    /// A copy of the keys, as a thief or a backup has it.
    fn copied(&self) -> Result<PathBuf, String> {
        let (from, to) = (self.path("keys"), self.path("copy"));
        private_folder(&to)?;
        for entry in std::fs::read_dir(from).map_err(text)? {
            let entry = entry.map_err(text)?;
            std::fs::copy(entry.path(), to.join(entry.file_name())).map_err(text)?;
        }
        Ok(to)
    }

    /// How many of these keys a copy gives back, whoever vouches for it.
    fn opens_in(&self, copy: &Path, keys: &[KeyNumber]) -> u64 {
        let places = Places::of(copy, &self.path("copy.seen"));
        match self.runtime.block_on(Keeper::open(places, Unseen::Taken, tools(&self.root))) {
            Ok(keeper) => {
                let known = |number: &&KeyNumber| {
                    keeper
                        .status()
                        .iter()
                        .any(|key| key.number == **number && key.state != KeyState::Destroyed)
                };
                keys.iter().filter(known).count() as u64
            }
            Err(_) => 0,
        }
    }
}

/// Records of a batch.
const BATCH: usize = 1000;

/// A batch that went through.
struct Came<'b> {
    names: &'b [String],
    out: &'b [String],
    rows: &'b [Row],
    batch: &'b guard::rows::Batch,
}

fn cell<'r>(names: &[String], row: &'r Row, name: &str) -> &'r str {
    let at = names.iter().position(|own| own.eq_ignore_ascii_case(name));
    at.and_then(|at| row.get(at)).unwrap_or_default()
}
