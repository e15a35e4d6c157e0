//! Any bytes as what a data job masks, in both forms: it ends in an answer, and what comes out goes in again.
#![no_main]

use std::sync::{Arc, LazyLock};

use guard::pipe::{self, Desk, Tally, Worker};
use guard::rows::{Columns, Duty, Rows};
use guard::{DataKey, GuardError, Handle, KeyNumber, Keys, KeysError, SubjectSalt};
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
         \x20     B: {class: phi, identifier: name, mask: initials, protect: gateway}\n\
         \x20     C: {class: phi, identifier: date, mask: year}\n\
         \x20     D: {class: phi, identifier: ssn, mask: last4, protect: gateway, seal: {field: E, leave: mask}}\n",
    ),
];

static POLICY: LazyLock<Enforceable> = LazyLock::new(|| {
    let sources = BUNDLE.iter().map(|(path, text)| Source::new(*path, *text)).collect();
    policy::read(sources).0.enforceable().expect("a bundle")
});

struct Still;

impl journal::Rng for Still {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

impl journal::Clock for Still {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

/// Nobody has a key.
struct NoKeys;

impl Keys for NoKeys {
    fn tenant(&self) -> &str {
        "harbor"
    }

    fn sum(&self, _: &[u8], _: &[u8]) -> Result<[u8; 32], KeysError> {
        Err(GuardError::Refused.into())
    }

    fn active(&self, class: Class) -> Result<Arc<DataKey>, KeysError> {
        Err(GuardError::NoActiveKey(class).into())
    }

    fn key(&self, _: KeyNumber) -> Result<Arc<DataKey>, KeysError> {
        Err(GuardError::Refused.into())
    }

    fn all(&self, _: Class) -> Result<Vec<Arc<DataKey>>, KeysError> {
        Ok(Vec::new())
    }

    fn salts(&self, _: &[&Subject]) -> Result<Vec<SubjectSalt>, KeysError> {
        Err(GuardError::Refused.into())
    }

    fn salt(&self, _: Handle) -> Result<Option<Arc<SubjectSalt>>, KeysError> {
        Ok(None)
    }
}

fn masked(bytes: &[u8], is_table: bool) -> Option<(Tally, Vec<u8>)> {
    let mut make = |names: &[String]| {
        let columns = Columns::of(&POLICY, Duty::Mask, "A", names)?;
        let org = Org::declared(&POLICY, "production").expect("an org of the bundle");
        Ok(Worker::Rows(Box::new(Rows::new(columns, org, &NoKeys, Box::new(Still)))))
    };
    let mut desk = Desk {
        clock: &Still,
        permit: &mut |asked| {
            let mut request = Request::new(Action::Read, asked.to_vec(), jiff::Timestamp::UNIX_EPOCH);
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
        refused: &mut |_| Ok(()),
        progress: &mut |_| {},
    };
    let mut out = Vec::new();
    let tally = if is_table {
        pipe::table(bytes, &mut out, &mut make, &mut desk).map(|(tally, _)| tally)
    } else {
        pipe::json_lines(bytes, &mut out, &mut make, &mut desk).map(|(tally, _)| tally)
    };
    tally.ok().map(|tally| (tally, out))
}

fuzz_target!(|input: (bool, &[u8])| {
    let (is_table, bytes) = input;
    let Some((tally, out)) = masked(bytes, is_table) else { return };
    let Some((again, _)) = masked(&out, is_table) else { panic!("what came out does not go in") };
    assert_eq!((again.rows, again.refused), (tally.rows, 0));
});
