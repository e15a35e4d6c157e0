//! What it costs to seal a table anew and to count it: `stored [ROWS]`, with keys as they are kept, on one thread.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that measures and prints"
)]

mod clinic;

use std::fmt::Write as _;
use std::time::Instant;

use clinic::{Clinic, System, permit};
use guard::InUse;
use guard::pipe::{self, Worker};
use guard::rows::{Columns, Duty, Rows};
use guard::stored::{Census, Desk, Form, Job, State, Table, Task};
use journal::names::RecordId;
use policy::vocabulary::Action;

/// The most memory that this process had, in KiB.
fn most() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn timed<T>(name: &str, rows: u64, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = act();
    let seconds = start.elapsed().as_secs_f64();
    println!("{name} {rows} rows {seconds:.2} s {:.0} rows/s most {} KiB", rows as f64 / seconds, most());
    done
}

fn main() {
    let rows: u64 = std::env::args().nth(1).map_or(100_000, |number| number.parse().unwrap());
    let (clinic, keeper) = Clinic::new();
    let policy = &clinic.policy;
    let keys = InUse::of(keeper);

    let mut plain = "Id,Name,SSN__pc,PersonBirthdate\n".to_owned();
    for at in 0..rows {
        let id = RecordId::of(&format!("001Hs{at:010}")).unwrap();
        let _ = writeln!(plain, "{},Grace Hopper {at},{:09},1906-12-09", id.as_str(), 100_000_000 + at);
    }
    let mut make = |names: &[String]| {
        let columns = Columns::of(policy, Duty::Seal, "Account", names)?;
        Ok(Worker::Rows(Box::new(Rows::new(columns, clinic.org(), &keys, Box::new(System)))))
    };
    let mut desk = pipe::Desk {
        clock: &System,
        permit: &mut |asked| permit(policy, Action::Write, asked),
        record: &mut |_| Ok(()),
        refused: &mut |turned| panic!("{}", turned.because),
        progress: &mut |_| {},
    };
    let sealed = std::fs::File::create(clinic.path("sealed.csv")).unwrap();
    timed("seal", rows, || pipe::table(plain.as_bytes(), sealed, &mut make, &mut desk).unwrap());
    drop(plain);
    clinic.rotate(&mut keys.keeper());
    let run = |task: Task, from: &str, to: &str| {
        let mut table = Table::open(&clinic.path(from), Some(&clinic.path(to)), &Form::Whole).unwrap();
        let mut job =
            Job::new(task, policy, "Account", &table, clinic.org(), &keys, Box::new(System)).unwrap();
        let state = State::hold(&clinic.path(&format!("{to}.state"))).unwrap();
        let mut desk = Desk {
            clock: &System,
            permit: &mut |asked| permit(policy, Action::Write, asked),
            record: &mut |_| Ok(()),
            pace: &mut |_| {},
            progress: &mut |_| {},
        };
        job.run(&mut table, &state, &mut desk).unwrap()
    };
    println!("before the jobs {} KiB", most());
    let counts = timed("reseal", rows, || run(Task::Reseal { bare: false }, "sealed.csv", "new.csv"));
    assert_eq!((counts.changed, counts.is_whole()), (rows, true));
    let counts = timed("reseal-nothing", rows, || run(Task::Reseal { bare: false }, "new.csv", "same.csv"));
    assert_eq!((counts.changed, counts.is_whole()), (0, true));
    let census = timed("census", rows, || {
        let mut table = Table::open(&clinic.path("new.csv"), None, &Form::Nothing).unwrap();
        let state = State::hold(&clinic.path("census.state")).unwrap();
        let mut desk = Desk {
            clock: &System,
            permit: &mut |asked| permit(policy, Action::Read, asked),
            record: &mut |_| Ok(()),
            pace: &mut |_| {},
            progress: &mut |_| {},
        };
        Census::take(policy, "Account", &mut table, clinic.org(), &keys, Box::new(System), &state, &mut desk)
            .unwrap()
    });
    assert!(census.is_in_order() && census.rows == rows);
}
