//! A clinic whose keys are kept in a folder, for programs that measure.

#![allow(dead_code, reason = "each program uses its part")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "for programs that measure"
)]

use std::path::PathBuf;
use std::sync::Arc;

use guard::Keeper;
use guard::keeper::{Places, Tools};
use guard::root::FileRoot;
use guard::vault::Lock;
use journal::names::Org;
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
      Phone: {class: phi, identifier: phone, protect: gateway}
      PersonEmail: {class: phi, identifier: email, protect: gateway}
      MailingStreet__c: {class: phi, identifier: geographic, protect: gateway}
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

pub(crate) struct System;

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

pub(crate) fn permit(policy: &Enforceable, action: Action, asked: &[AskedField]) -> Result<Permit, String> {
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

pub(crate) struct Clinic {
    pub(crate) policy: Enforceable,
    pub(crate) folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Clinic {
    /// With one active key of patients' fields.
    pub(crate) fn new() -> (Self, Keeper) {
        let sources = BUNDLE.iter().map(|(path, text)| Source::new(*path, *text)).collect();
        let policy = policy::read(sources).0.enforceable().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let lock = Lock::KeyFile(vec![7; 32].into());
        let root = Arc::new(FileRoot::create(&path("root"), lock, Box::new(System)).unwrap());
        std::fs::create_dir_all(path("keys")).unwrap();
        let tools = Tools {
            root,
            recorder: None,
            policy: None,
            who: None,
            clock: Arc::new(System),
            rng: || Box::new(System),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let places = Places::of(&path("keys"), &path("seen"));
        let mut keeper = runtime.block_on(Keeper::create(places, "harbor", &[], tools)).unwrap();
        let this = Self { policy, folder, runtime };
        this.rotate(&mut keeper);
        (this, keeper)
    }

    pub(crate) fn org(&self) -> Org {
        Org::declared(&self.policy, "production").unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn rotate(&self, keeper: &mut Keeper) {
        let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        self.runtime.block_on(async {
            let number = keeper.make(Class::Phi, today).await.unwrap();
            keeper.activate(number).await.unwrap();
        });
    }
}
