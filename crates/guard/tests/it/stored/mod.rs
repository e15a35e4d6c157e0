//! Jobs over what is stored, and what is left of values afterwards.

mod jobs;
mod live;
mod memory;
mod table;

use std::path::{Path, PathBuf};

use csv::Row;
use guard::rows::Duty;
use guard::stored::{Census, Counts, Desk, Job, Records, State, StoredError, Task};
use guard::{KeyNumber, Released};
use journal::names::RecordId;
use journal::sample::Drawn;
use journal::{Clock, Subject};
use policy::vocabulary::Action;

use crate::clinic::{Clinic, Table, noon, org, permit};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> jiff::Timestamp {
        noon()
    }
}

/// A clinic whose records are stored, and a place for the states of jobs.
struct Stored {
    clinic: Clinic,
    folder: tempfile::TempDir,
}

/// What a job did that is not in its counts.
#[derive(Default)]
struct Told {
    /// Records that each batch changed, as it was recorded.
    recorded: Vec<usize>,
    people: usize,
    paced: Vec<usize>,
}

impl Stored {
    fn new() -> Self {
        Self { clinic: Clinic::new(), folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs something by a desk at which every batch is permitted and recorded, until one is not.
    fn at_desk<T>(
        &self,
        action: Action,
        records: Option<usize>,
        run: impl FnOnce(&mut Desk<'_>) -> Result<T, StoredError>,
    ) -> (Result<T, StoredError>, Told) {
        let (mut recorded, mut people, mut paced) = (Vec::new(), 0, Vec::new());
        let done = run(&mut Desk {
            clock: &Noon,
            permit: &mut |asked| Ok(permit(&self.clinic.policy, action, asked)),
            record: &mut |released: &Released<_>| {
                if Some(recorded.len()) == records {
                    return Err("the ledger is not there".to_owned());
                }
                recorded.push(released.body().rows.len());
                people += released.body().people.iter().flatten().count();
                Ok(())
            },
            pace: &mut |rows| paced.push(rows),
            progress: &mut |_| {},
        });
        (done, Told { recorded, people, paced })
    }

    fn tried(
        &self,
        task: Task,
        object: &str,
        records: &mut dyn Records,
        state: &Path,
        batch: usize,
    ) -> (Result<Counts, StoredError>, Told) {
        self.at_desk(Action::Write, None, |desk| {
            let rng = Box::new(Drawn::new(77));
            let state = State::hold(state)?;
            Job::new(
                task,
                &self.clinic.policy,
                object,
                records,
                org(&self.clinic.policy),
                &self.clinic.ring,
                rng,
            )?
            .at_a_time(batch)
            .run(records, &state, desk)
        })
    }

    /// A job from beginning to end.
    fn job(&self, task: Task, object: &str, records: &mut dyn Records) -> Counts {
        let state = tempfile::tempdir().unwrap();
        self.tried(task, object, records, &state.path().join("state"), 1000).0.unwrap()
    }

    fn census(&self, object: &str, records: &mut dyn Records) -> Census {
        let folder = tempfile::tempdir().unwrap();
        let state = State::hold(&folder.path().join("state")).unwrap();
        let (policy, ring, rng) = (&self.clinic.policy, &self.clinic.ring, Box::new(Drawn::new(78)));
        let (census, _) = self.at_desk(Action::Read, None, |desk| {
            Census::take(policy, object, records, org(policy), ring, rng, &state, desk)
        });
        census.unwrap()
    }

    /// What a table opens to, where none of its rows is refused.
    fn opened(&self, object: &str, table: &Table) -> Table {
        let (opened, refused) = self.clinic.work(Duty::Open, object, table);
        assert_eq!(refused, [""; 0]);
        opened
    }

    fn person(&self, record: &str) -> Subject {
        Subject::of_record(&org(&self.clinic.policy), &RecordId::of(record).unwrap())
    }
}

const RESEAL: Task = Task::Reseal { bare: false };

fn record(number: u64) -> String {
    crate::record(number).as_str().to_owned()
}

fn number(number: u32) -> KeyNumber {
    KeyNumber::of(number).unwrap()
}

/// Patients, as many as that.
fn patients(count: u64) -> Table {
    let names = ["Id", "Name", "SSN__pc", "Card__pc", "PersonBirthdate", "Status__pc"];
    let mut table = Table::of(&names, &[]);
    for at in 0..count {
        let mut row = Row::default();
        row.push(&record(at));
        row.push(&format!("Grace, the \"{at}\"th"));
        row.push(&format!("{:09}", 100_000_000 + at));
        row.push(&format!("99 {:07}", 1_000_000 + at));
        row.push(&format!("19{:02}-03-{:02}", at % 90 + 10, at % 28 + 1));
        row.push("in");
        table.rows.push(row);
    }
    table
}

/// A table with one cell set otherwise.
fn with(table: &Table, row: usize, column: &str, text: &str) -> Table {
    let mut table = table.clone();
    let place = table.names.iter().position(|name| name == column).unwrap();
    let mut changed = Row::default();
    table.rows[row]
        .cells()
        .enumerate()
        .for_each(|(at, cell)| changed.push(if at == place { text } else { cell }));
    table.rows[row] = changed;
    table
}
