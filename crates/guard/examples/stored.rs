//! What it costs to seal a table anew and to count it: `stored [ROWS]`, with keys as they are kept, on one thread.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that measures and prints"
)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use guard::keeper::{Places, Tools};
use guard::pipe::{self, Worker};
use guard::root::FileRoot;
use guard::rows::{Columns, Duty, Rows};
use guard::stored::{Census, Desk, Form, Job, State, Table, Task};
use guard::vault::Lock;
use guard::{InUse, Keeper};
use journal::names::{Org, RecordId};
use journal::{Clock, Rng};
use policy::vocabulary::{Action, Class, Purpose, Region};
use policy::{AskedField, Decision, Enforceable, Permit, Request, Standing};
use source::Source;

const BUNDLE: [(&str, &str); 2] = [
    (
        "phiward.yaml",
        "version: 1\norganisation: {name: Harbor Health, roles: [covered-entity]}\nregions: [us]\n\
         approvers: {required: 1, people: [{id: mara-voss, name: Mara Voss, role: privacy-officer}]}\n\
         orgs:\n  - {id: production, kind: production, region: us}\n\
         identities:\n  - {id: loader, kind: integration, purposes: [operations]}\n",
    ),
    (
        "classification/patients.yaml",
        "objects:
  Account:
    subject: self
    default: {class: internal}
    fields:
      Name: {class: phi, identifier: name, protect: gateway}
      SSN__pc:
        class: phi
        identifier: ssn
        protect: gateway
        search: equality
        mask: last4
        seal: {field: SSN_Token__pc, leave: mask}
        index: {field: SSN_Digest__pc, values: 1000000}
      PersonBirthdate:
        {class: phi, identifier: date, protect: gateway, seal: {field: Birth_Token__pc, leave: shifted}}
",
    ),
];

struct System;

impl Rng for System {
    fn fill(&mut self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

impl Clock for System {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

fn permit(policy: &Enforceable, action: Action, asked: &[AskedField]) -> Result<Permit, String> {
    let mut request = Request::new(action, asked.to_vec(), jiff::Timestamp::now());
    request.who = Some("loader".to_owned());
    request.purpose = Some(Purpose::Operations);
    request.tls = Some(policy::Tls::V1_3);
    request.subject.region = Region::of("us");
    match policy::decide(policy, &Standing::known(), &request) {
        Decision::Permit(permit) => Ok(permit),
        other => panic!("{:?}", other.reasons()),
    }
}

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
    let sources = BUNDLE.iter().map(|(path, text)| Source::new(*path, *text)).collect();
    let policy = policy::read(sources).0.enforceable().unwrap();
    let org = || Org::declared(&policy, "production").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let lock = Lock::KeyFile(vec![7; 32].into());
    let root = Arc::new(FileRoot::create(&path("root"), lock, Box::new(System)).unwrap());
    std::fs::create_dir_all(path("keys")).unwrap();
    let tools =
        Tools { root, recorder: None, policy: None, clock: Arc::new(System), rng: || Box::new(System) };
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let places = Places::of(&path("keys"), &path("seen"));
    let mut keeper = runtime.block_on(Keeper::create(places, "harbor", &[], tools)).unwrap();
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let rotate = |keeper: &mut Keeper| {
        runtime.block_on(async {
            let number = keeper.make(Class::Phi, today).await.unwrap();
            keeper.activate(number).await.unwrap();
        });
    };
    rotate(&mut keeper);
    let keys = InUse::of(keeper);

    let mut plain = "Id,Name,SSN__pc,PersonBirthdate\n".to_owned();
    for at in 0..rows {
        let id = RecordId::of(&format!("001Hs{at:010}")).unwrap();
        let _ = writeln!(plain, "{},Grace Hopper {at},{:09},1906-12-09", id.as_str(), 100_000_000 + at);
    }
    let mut make = |names: &[String]| {
        let columns = Columns::of(&policy, Duty::Seal, "Account", names)?;
        Ok(Worker::Rows(Box::new(Rows::new(columns, org(), &keys, Box::new(System)))))
    };
    let mut desk = pipe::Desk {
        clock: &System,
        permit: &mut |asked| permit(&policy, Action::Write, asked),
        record: &mut |_| Ok(()),
        refused: &mut |turned| panic!("{}", turned.because),
        progress: &mut |_| {},
    };
    let sealed = std::fs::File::create(path("sealed.csv")).unwrap();
    timed("seal", rows, || pipe::table(plain.as_bytes(), sealed, &mut make, &mut desk).unwrap());
    drop(plain);
    rotate(&mut keys.keeper());
    let run = |task: Task, from: &str, to: &str| {
        let mut table = Table::open(&path(from), Some(&path(to)), &Form::Whole).unwrap();
        let mut job = Job::new(task, &policy, "Account", &table, org(), &keys, Box::new(System)).unwrap();
        let state = State::hold(&path(&format!("{to}.state"))).unwrap();
        let mut desk = Desk {
            clock: &System,
            permit: &mut |asked| permit(&policy, Action::Write, asked),
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
        let mut table = Table::open(&path("new.csv"), None, &Form::Nothing).unwrap();
        let state = State::hold(&path("census.state")).unwrap();
        let mut desk = Desk {
            clock: &System,
            permit: &mut |asked| permit(&policy, Action::Read, asked),
            record: &mut |_| Ok(()),
            pace: &mut |_| {},
            progress: &mut |_| {},
        };
        Census::take(&policy, "Account", &mut table, org(), &keys, Box::new(System), &state, &mut desk)
            .unwrap()
    });
    assert!(census.is_in_order() && census.rows == rows);
}
