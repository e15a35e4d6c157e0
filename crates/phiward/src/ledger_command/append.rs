use std::fmt::Write as _;
use std::io::{BufRead as _, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use journal::Entry;
use journal::entry::LONGEST;
use ledger::intake::{Intake, MOST, Taken};
use ledger::spool::{Space, Spool};
use ledger::{Layout, Neighbour};
use policy::Policy;

use super::arguments::{Append, Neighbours};
use super::{lock, open, plain, text, vkey};
use crate::outside::SystemRng;
use crate::{Verdict, judge};

/// Lines that are made durable together at most.
const TOGETHER: usize = 512;
/// Lines that are read ahead: 16 MiB at most.
const AHEAD: usize = 1024;
const WITNESS_TIME: Duration = Duration::from_secs(10);

/// A line without its end, or that it is too long.
type Line = Result<Vec<u8>, ()>;

pub(crate) fn run(append: &Append) -> Result<Verdict, String> {
    let policy = append.policy.as_deref().map(judge::read_bundle).transpose()?;
    let neighbours = neighbours(&append.neighbours)?;
    let spool = match &append.spool {
        Some(folder) => {
            let lock = lock(&append.writing.unlock)?;
            let spool =
                Spool::open(folder, &lock, Box::new(SystemRng::new()), Space::default()).map_err(text)?;
            Some(spool)
        }
        None => None,
    };
    let ledger = match (open(&append.writing), &spool) {
        (Ok(ledger), _) => Some(ledger),
        (Err(error), Some(_)) => {
            alarm(&format!("{error}; entries of clinical flows go to the spool"));
            None
        }
        (Err(error), None) => return Err(error),
    };
    let tail = ledger.as_ref().map(|ledger| Tail::start(ledger, &neighbours));
    let mut target = Target { ledger, spool, policy, refused: false };
    let outcome = target.all();
    if let Some(tail) = tail {
        tail.end();
    }
    if let Some(ledger) = target.ledger.take() {
        let cosigned = neighbours.iter().try_for_each(|neighbour| ask(&ledger, neighbour));
        ledger.close().map_err(text)?;
        // What is durable was told; that nobody cosigned it is told too.
        outcome?;
        cosigned?;
    } else {
        outcome?;
    }
    Ok(if target.refused { Verdict::Findings } else { Verdict::InOrder })
}

fn alarm(what: &str) {
    eprintln!("phiward: ALARM: {what}");
}

pub(super) fn neighbours(given: &Neighbours) -> Result<Vec<Neighbour>, String> {
    if given.witnesses.len() != given.witness_keys.len() {
        return Err("each --witness has a --witness-key".to_owned());
    }
    let pairs = given.witnesses.iter().zip(&given.witness_keys);
    pairs
        .map(|(url, key)| Ok(Neighbour { url: url.clone(), key: vkey(key)?, plain: plain(given.plain_http) }))
        .collect()
}

fn ask(ledger: &ledger::Ledger, neighbour: &Neighbour) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
    runtime.block_on(ledger.ask(neighbour, WITNESS_TIME)).map(|_| ()).map_err(text)
}

/// Writes down apart what was published and has it cosigned, each second, while entries come in. A witness that takes
/// its time holds up neither the one nor another witness.
struct Tail {
    ended: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Tail {
    fn start(ledger: &ledger::Ledger, neighbours: &[Neighbour]) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let each_second = |what: Box<dyn Fn() -> Result<(), String> + Send>| {
            let ended = Arc::clone(&ended);
            std::thread::spawn(move || {
                loop {
                    for _ in 0..10 {
                        if ended.load(Ordering::Acquire) {
                            return;
                        }
                        std::thread::sleep(Duration::from_millis(100));
                    }
                    if let Err(error) = what() {
                        alarm(&error);
                    }
                }
            })
        };
        let kept = ledger.clone();
        let mut threads = vec![each_second(Box::new(move || kept.keep().map_err(text)))];
        for neighbour in neighbours {
            let (ledger, neighbour) = (ledger.clone(), neighbour.clone());
            threads.push(each_second(Box::new(move || ask(&ledger, &neighbour))));
        }
        Self { ended, threads }
    }

    fn end(self) {
        self.ended.store(true, Ordering::Release);
        for thread in self.threads {
            // A thread that panicked has told so itself.
            let _ = thread.join();
        }
    }
}

/// Where entries go.
struct Target {
    ledger: Option<ledger::Ledger>,
    spool: Option<Spool>,
    policy: Option<Policy>,
    refused: bool,
}

impl Target {
    fn all(&mut self) -> Result<(), String> {
        let (sender, lines) = sync_channel(AHEAD);
        let reader = std::thread::spawn(move || read_lines(&sender));
        let mut intake = Intake::default();
        while let Some(batch) = batch(&lines) {
            let mut taken = Vec::new();
            for (number, line) in batch {
                match line {
                    Ok(line) => taken.extend(intake.take(number, &line)),
                    Err(()) => {
                        let why = format!("line {number}: longer than the {LONGEST} bytes of an entry");
                        taken.extend(intake.refuse(number, why));
                    }
                }
            }
            self.settle(taken)?;
        }
        self.settle(intake.finish())?;
        match reader.join() {
            Ok(outcome) => outcome,
            Err(_) => Err("standard input could not be read".to_owned()),
        }
    }

    /// Makes durable what can be, and tells of each line.
    fn settle(&mut self, taken: Vec<Taken>) -> Result<(), String> {
        let mut said = String::new();
        let (mut run, mut together): (Vec<(u64, Entry)>, usize) = (Vec::new(), 0);
        for taken in taken {
            match taken {
                Taken::Ready(unit, bytes) => {
                    if let Some(why) = self.objection(&unit) {
                        self.flush(&mut run, &mut said)?;
                        for (number, _) in &unit {
                            self.refuse(&format!("line {number}: {why}"), &mut said);
                        }
                        continue;
                    }
                    let place =
                        |entry: &Entry| self.ledger.as_ref().and_then(|ledger| ledger.place_of(entry));
                    let same = match (run.first(), unit.first()) {
                        (Some((_, a)), Some((_, b))) => place(a) == place(b),
                        _ => true,
                    };
                    // In the spool each call is a file of its own.
                    let full = together + bytes > MOST;
                    if !same || full || (self.ledger.is_none() && !run.is_empty()) {
                        self.flush(&mut run, &mut said)?;
                    }
                    together = if run.is_empty() { bytes } else { together + bytes };
                    run.extend(unit);
                }
                Taken::Refused(_, why) => {
                    self.flush(&mut run, &mut said)?;
                    self.refuse(&why, &mut said);
                }
            }
        }
        self.flush(&mut run, &mut said)?;
        tell(&said)
    }

    fn refuse(&mut self, why: &str, said: &mut String) {
        eprintln!("phiward: {why}");
        said.push_str("refused\n");
        self.refused = true;
    }

    /// Why an entry that is well formed is not taken.
    fn objection(&self, unit: &[(u64, Entry)]) -> Option<String> {
        let policy = self.policy.as_ref()?;
        unit.iter().find_map(|(_, entry)| {
            let unknown = entry.undeclared(policy);
            let keys = || unknown.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
            (!unknown.is_empty()).then(|| format!("the bundle does not declare what stands at {}", keys()))
        })
    }

    fn flush(&mut self, run: &mut Vec<(u64, Entry)>, said: &mut String) -> Result<(), String> {
        if run.is_empty() {
            return Ok(());
        }
        let (numbers, entries): (Vec<u64>, Vec<Entry>) = std::mem::take(run).into_iter().unzip();
        let failure = match &self.ledger {
            Some(ledger) => match ledger.append(&entries) {
                Ok(receipts) => {
                    let many = ledger.settings().layout != Layout::One;
                    for receipt in receipts {
                        // Writing to a string does not fail.
                        let _ = match many {
                            true => writeln!(said, "{} {}", receipt.log, receipt.index),
                            false => writeln!(said, "{}", receipt.index),
                        };
                    }
                    return Ok(());
                }
                Err(error) => error.to_string(),
            },
            None => "the ledger is not open".to_owned(),
        };
        if self.spool.is_none() {
            // What was acknowledged before is told before the end.
            tell(&std::mem::take(said))?;
            return Err(format!(
                "from line {} on nothing was appended: {failure}",
                numbers.first().unwrap_or(&0)
            ));
        }
        self.spooled(&numbers, &entries, &failure, said);
        Ok(())
    }

    /// Entries of clinical flows, each call a file.
    fn spooled(&mut self, numbers: &[u64], entries: &[Entry], failure: &str, said: &mut String) {
        let mut calls: Vec<std::ops::Range<usize>> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            match (calls.last_mut(), &entry.part) {
                (Some(call), Some(part)) if part.k.get() > 1 => call.end = at + 1,
                _ => calls.push(at..at + 1),
            }
        }
        for call in calls {
            let (Some(entries), Some(numbers)) = (entries.get(call.clone()), numbers.get(call)) else {
                continue;
            };
            let put = match (&self.spool, entries.iter().all(|entry| self.is_clinical(entry))) {
                (_, false) => Err(format!("{failure}; its flow is not clinical")),
                (Some(spool), true) => spool.put(entries).map_err(text),
                (None, true) => Err(failure.to_owned()),
            };
            match put {
                Ok(number) => {
                    alarm(&format!("{failure}; line {} waits in the spool", numbers.first().unwrap_or(&0)));
                    for _ in numbers {
                        let _ = writeln!(said, "spooled {number}");
                    }
                }
                Err(why) => {
                    for number in numbers {
                        self.refuse(&format!("line {number}: {why}"), said);
                    }
                }
            }
        }
    }

    fn is_clinical(&self, entry: &Entry) -> bool {
        let flow = entry.flow.as_ref().and_then(|flow| self.policy.as_ref()?.flow(flow.as_str()));
        flow.is_some_and(|flow| flow.clinical)
    }
}

fn tell(said: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    out.write_all(said.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| format!("what is durable cannot be told: {error}"))
}

/// What is there now, and at least one line.
fn batch(lines: &Receiver<(u64, Line)>) -> Option<Vec<(u64, Line)>> {
    let mut batch = vec![lines.recv().ok()?];
    while batch.len() < TOGETHER {
        match lines.try_recv() {
            Ok(line) => batch.push(line),
            Err(_) => break,
        }
    }
    Some(batch)
}

fn read_lines(to: &SyncSender<(u64, Line)>) -> Result<(), String> {
    let mut input = std::io::stdin().lock();
    for number in 1.. {
        let mut line = Vec::new();
        let failed = |error: std::io::Error| format!("standard input: {error}");
        // One byte more than an entry and its line end.
        let length = input.by_ref().take(LONGEST as u64 + 2).read_until(b'\n', &mut line).map_err(failed)?;
        if length == 0 {
            return Ok(());
        }
        let ended = line.pop_if(|byte| *byte == b'\n').is_some();
        let whole = ended || line.len() <= LONGEST;
        if !ended && line.len() > LONGEST {
            skip_line(&mut input).map_err(failed)?;
        }
        line.pop_if(|byte| *byte == b'\r');
        let line = if whole && line.len() <= LONGEST { Ok(line) } else { Err(()) };
        if to.send((number, line)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads to the next line end, keeping nothing.
fn skip_line(input: &mut impl std::io::BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Ok(());
        }
        match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => {
                input.consume(at + 1);
                return Ok(());
            }
            None => {
                let length = buffer.len();
                input.consume(length);
            }
        }
    }
}
