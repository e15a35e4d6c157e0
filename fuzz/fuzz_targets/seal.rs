//! Any bytes as a table that a data job seals: what comes out opens again, to the rows that came, cell for cell.
#![no_main]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};

use csv::{Row, Stream, write_row};
use guard::pipe::{self, Desk, Worker};
use guard::rows::{Columns, Duty, Rows};
use guard::{DataKey, GuardError, Handle, KeyNumber, KeyState, Keys, KeysError, SubjectSalt};
use journal::Subject;
use journal::names::Org;
use libfuzzer_sys::fuzz_target;
use policy::vocabulary::{Action, Class, Purpose, Region};
use policy::{Decision, Enforceable, Request, Standing};
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
        "objects:\n  A:\n    subject: self\n    default: {class: internal}\n    fields:\n\
         \x20     B: {class: phi, identifier: name, protect: gateway}\n\
         \x20     C: {class: phi, identifier: date, protect: gateway, seal: {bind: key, key: D}}\n",
    ),
];

static POLICY: LazyLock<Enforceable> = LazyLock::new(|| {
    let sources = BUNDLE.iter().map(|(path, text)| Source::new(*path, *text)).collect();
    policy::read(sources).0.enforceable().expect("a bundle")
});

struct Counting(u64);

impl journal::Rng for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[0];
        }
    }
}

struct Still;

impl journal::Clock for Still {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

fn again(salt: &SubjectSalt) -> SubjectSalt {
    SubjectSalt::of(salt.handle(), salt.expose().clone())
}

/// One key, and a salt for whoever is named.
struct Ring {
    key: Arc<DataKey>,
    people: Mutex<BTreeMap<Vec<u8>, SubjectSalt>>,
}

impl Keys for Ring {
    fn tenant(&self) -> &str {
        "harbor"
    }

    fn sum(&self, _: &[u8], _: &[u8]) -> Result<[u8; 32], KeysError> {
        Err(GuardError::Refused.into())
    }

    fn active(&self, _: Class) -> Result<Arc<DataKey>, KeysError> {
        Ok(Arc::clone(&self.key))
    }

    fn key(&self, _: KeyNumber) -> Result<Arc<DataKey>, KeysError> {
        Ok(Arc::clone(&self.key))
    }

    fn all(&self, _: Class) -> Result<Vec<Arc<DataKey>>, KeysError> {
        Ok(vec![Arc::clone(&self.key)])
    }

    fn salts(&self, subjects: &[&Subject]) -> Result<Vec<SubjectSalt>, KeysError> {
        let mut people = self.people.lock().expect("one thread");
        let mut rng = Counting(people.len() as u64);
        let salt = |subject: &&Subject| {
            let new = || SubjectSalt::random(&mut rng);
            again(people.entry(subject.bytes().to_vec()).or_insert_with(new))
        };
        Ok(subjects.iter().map(salt).collect())
    }

    fn salt(&self, handle: Handle) -> Result<Option<Arc<SubjectSalt>>, KeysError> {
        let people = self.people.lock().expect("one thread");
        Ok(people.values().find(|salt| salt.handle() == handle).map(|salt| Arc::new(again(salt))))
    }
}

/// What comes out, and the lines of the rows that were refused.
fn done(keys: &Ring, duty: Duty, bytes: &[u8]) -> Option<(Vec<u8>, Vec<u64>)> {
    let mut make = |names: &[String]| {
        let columns = Columns::of(&POLICY, duty, "A", names)?;
        let org = Org::declared(&POLICY, "production").expect("an org of the bundle");
        Ok(Worker::Rows(Box::new(Rows::new(columns, org, keys, Box::new(Counting(7))))))
    };
    let mut refused = Vec::new();
    let mut desk = Desk {
        clock: &Still,
        permit: &mut |asked| {
            let action = if duty == Duty::Seal { Action::Write } else { Action::Read };
            let mut request = Request::new(action, asked.to_vec(), jiff::Timestamp::UNIX_EPOCH);
            request.who = Some("loader".to_owned());
            request.purpose = Some(Purpose::Operations);
            request.tls = Some(policy::Tls::V1_3);
            request.subject.region = Region::of("us");
            match policy::decide(&POLICY, &Standing::known(), &request) {
                Decision::Permit(permit) => Ok(permit),
                other => Err(format!("{:?}", other.reasons())),
            }
        },
        record: &mut |_| Ok(()),
        refused: &mut |turned| {
            refused.push(turned.line);
            Ok(())
        },
        progress: &mut |_| {},
    };
    let mut out = Vec::new();
    pipe::table(bytes, &mut out, &mut make, &mut desk).ok()?;
    Some((out, refused))
}

/// The table without these lines, as it is written.
fn without(bytes: &[u8], refused: &[u64]) -> Vec<u8> {
    let (mut stream, mut row, mut out) = (Stream::new(bytes), Row::default(), Vec::new());
    let names = stream.header().expect("a header");
    write_row(names.iter().map(String::as_str), &mut out);
    while stream.next(&mut row).expect("a row") {
        if !refused.contains(&stream.line()) {
            write_row(row.cells(), &mut out);
        }
    }
    out
}

/// Of each row.
fn lines(bytes: &[u8]) -> Vec<u64> {
    let (mut stream, mut row, mut lines) = (Stream::new(bytes), Row::default(), Vec::new());
    stream.header().expect("a header");
    while stream.next(&mut row).expect("a row") {
        lines.push(stream.line());
    }
    lines
}

fuzz_target!(|bytes: &[u8]| {
    let number = KeyNumber::of(1).expect("a number");
    let key = DataKey::new(number, KeyState::Active, [1; 32].into(), 0);
    let keys = Ring { key: Arc::new(key), people: Mutex::default() };
    let Some((sealed, refused)) = done(&keys, Duty::Seal, bytes) else { return };
    let Some((opened, unopened)) = done(&keys, Duty::Open, &sealed) else {
        // A table is sealed before its records have ids, and nobody can tell then whom it may be opened for.
        let names = Stream::new(bytes).header().expect("a header");
        assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("Id")), "what was sealed does not go in");
        return;
    };
    let came = without(bytes, &refused);
    // A row of nobody in which nothing is to be sealed goes through, and is not opened.
    let pairs = lines(&sealed).into_iter().zip(lines(&came));
    let nobodys: Vec<u64> = pairs.filter(|(line, _)| unopened.contains(line)).map(|(_, line)| line).collect();
    assert_eq!(opened, without(&came, &nobodys));
});
