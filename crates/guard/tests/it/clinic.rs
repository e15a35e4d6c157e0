//! A clinic's bundle, its keys in memory, and permits for what it does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use csv::Row;
use guard::rows::{Batch, Columns, Duty, Rows};
use guard::{Became, DataKey, Handle, KeyNumber, KeyState, Keys, KeysError, Released, SubjectSalt};
use jiff::Timestamp;
use journal::Subject;
use journal::names::Org;
use journal::sample::Drawn;
use policy::vocabulary::{Action, Class, Purpose};
use policy::{AskedField, Decision, Enforceable, Permit, Request, Standing};
use source::{Severity, Source};

const BUNDLE: &[(&str, &str)] = &[
    (
        "phiward.yaml",
        "version: 1\norganisation: {name: Harbor Health, roles: [covered-entity]}\nregions: [us]\n\
         approvers: {required: 1, people: [{id: mara-voss, name: Mara Voss, role: privacy-officer}]}\n",
    ),
    ("orgs.yaml", "orgs:\n  - {id: production, kind: production, region: us}\n"),
    ("identities.yaml", "identities:\n  - {id: loader, kind: integration, purposes: [operations]}\n"),
    (
        "classification/patients.yaml",
        "objects:
  Account:
    subject: self
    default: {class: internal}
    fields:
      Name: {class: phi, identifier: name, protect: gateway, mask: initials}
      SSN__pc:
        class: phi
        identifier: ssn
        protect: gateway
        search: equality
        mask: last4
        seal: {id: patient-ssn, field: SSN_Token__pc, leave: mask}
        index: {field: SSN_Digest__pc, values: 1000000}
      Card__pc:
        {class: phi, identifier: health-plan, protect: gateway, seal: {field: Card_Token__pc, leave: digits}}
      PersonBirthdate:
        {class: phi, identifier: date, protect: gateway, mask: year, seal: {field: Birth_Token__pc, leave: shifted}}
      PersonEmail: {class: pii, identifier: email, mask: email-domain}
      Status__pc: {class: internal}
  Visit__c:
    subject: Patient__c
    default: {class: phi, identifier: clinical}
    fields:
      Note__c: {class: phi-sensitive, identifier: clinical, protect: gateway}
      Cause__c: {class: phi, identifier: clinical, protect: gateway, seal: {bind: key, key: Visit_Key__c}}
      Visit_Key__c: {class: internal}
      Room__c: {class: phi, identifier: clinical, protect: gateway, seal: {bind: field}}
      Code__c:
        class: phi
        identifier: mrn
        protect: gateway
        search: equality
        seal: {id: visit-code, field: Code_Token__c, leave: digits}
        index: {field: Code_Digest__c, values: 1000000}
      On__c: {class: phi, identifier: date}
      Zip__c: {class: phi, identifier: geographic, mask: zip3}
      Town__c: {class: phi, identifier: geographic}
      Seen_By__c: {class: phi, identifier: name}
      Age__c: {class: phi, identifier: date}
      Kind__c: {class: internal}
      Anything__c: {class: phi}
  Chart__c:
    subject: Patient__c
    fields:
      Note__c: {class: phi}
",
    ),
];

pub(crate) fn policy() -> Enforceable {
    read(BUNDLE.iter().copied())
}

/// The bundle with another text of one of its files.
pub(crate) fn policy_with((path, text): (&str, &str)) -> Enforceable {
    read(BUNDLE.iter().map(|(own, before)| (*own, if *own == path { text } else { *before })))
}

fn read<'t>(files: impl Iterator<Item = (&'t str, &'t str)>) -> Enforceable {
    let sources = files.map(|(path, text)| Source::new(path, text)).collect();
    let (policy, problems) = policy::read(sources);
    let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    policy.enforceable().unwrap()
}

pub(crate) fn org(policy: &Enforceable) -> Org {
    Org::declared(policy, "production").unwrap()
}

pub(crate) fn noon() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

pub(crate) fn permit(policy: &Enforceable, action: Action, fields: &[AskedField]) -> Permit {
    let mut request = Request::new(action, fields.to_vec(), noon());
    request.who = Some("loader".to_owned());
    request.purpose = Some(Purpose::Operations);
    request.tls = Some(policy::Tls::V1_3);
    request.subject.region = policy::vocabulary::Region::of("us");
    let decision = policy::decide(policy, &Standing::known(), &request);
    assert!(decision.is_permit(), "{:#?}", decision.reasons());
    let Decision::Permit(permit) = decision else { unreachable!() };
    permit
}

/// Keys in memory.
pub(crate) struct Ring {
    keys: Mutex<BTreeMap<KeyNumber, (Class, KeyState)>>,
    salts: Mutex<Vec<(Subject, Arc<SubjectSalt>)>>,
    merges: Mutex<Vec<(Handle, Became)>>,
    shredded: Mutex<Vec<Handle>>,
}

impl Ring {
    pub(crate) fn new() -> Self {
        let keys = [(0, Class::Phi), (1, Class::PhiSensitive), (2, Class::Pii)];
        let number = |number| KeyNumber::of(number).unwrap();
        let keys = keys.into_iter().map(|(at, class)| (number(at), (class, KeyState::Active))).collect();
        let (salts, merges, shredded) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { keys: Mutex::new(keys), salts, merges, shredded }
    }

    /// The person's salt goes, and nothing says so.
    pub(crate) fn lose(&self, subject: &Subject) {
        self.salts.lock().unwrap().retain(|(own, _)| own != subject);
    }

    pub(crate) fn shred(&self, subject: &Subject) {
        let salts = self.salts.lock().unwrap();
        let handles = salts.iter().filter(|(own, _)| own == subject).map(|(_, salt)| salt.handle());
        self.shredded.lock().unwrap().extend(handles);
        drop(salts);
        self.lose(subject);
    }

    /// The handle of who was merged away retires: their old tokens open no more.
    pub(crate) fn shred_handle(&self, handle: Handle) {
        self.salts.lock().unwrap().retain(|(_, salt)| salt.handle() != handle);
        self.merges.lock().unwrap().retain(|(own, _)| *own != handle);
        self.shredded.lock().unwrap().push(handle);
    }

    pub(crate) fn merge(&self, from: &Subject, into: &Subject) -> Handle {
        let handle = self.salts(&[into, from]).unwrap()[1].handle();
        let mut merges = self.merges.lock().unwrap();
        for (_, became) in merges.iter_mut().filter(|(_, became)| became.into == *from) {
            became.into = into.clone();
        }
        merges.push((handle, Became { from: from.clone(), into: into.clone() }));
        handle
    }

    /// A new active key for a class; the one before opens from then on. Gives both.
    pub(crate) fn rotate(&self, class: Class) -> (KeyNumber, KeyNumber) {
        let mut keys = self.keys.lock().unwrap();
        let mut of_class = keys.iter_mut().filter(|(_, own)| **own == (class, KeyState::Active));
        let before = of_class.next().map(|(number, own)| {
            own.1 = KeyState::DecryptOnly;
            *number
        });
        let before = before.unwrap();
        let next = KeyNumber::of(keys.last_key_value().unwrap().0.get() + 1).unwrap();
        keys.insert(next, (class, KeyState::Active));
        (before, next)
    }

    pub(crate) fn set(&self, number: KeyNumber, state: KeyState) {
        self.keys.lock().unwrap().get_mut(&number).unwrap().1 = state;
    }

    fn made(number: KeyNumber, state: KeyState) -> Arc<DataKey> {
        let seed = u8::try_from(number.get()).unwrap() + 1;
        Arc::new(DataKey::new(number, state, [seed; 32].into(), 0))
    }
}

impl Keys for Ring {
    fn tenant(&self) -> &str {
        "harbor"
    }

    fn sum(&self, label: &[u8], of: &[u8]) -> Result<[u8; 32], KeysError> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[b"a clinic's ring", label].concat());
        Ok(hmac::sign(&key, of).as_ref().try_into().unwrap())
    }

    fn active(&self, class: Class) -> Result<Arc<DataKey>, KeysError> {
        self.all(class)?.into_iter().next().ok_or_else(|| guard::GuardError::NoActiveKey(class).into())
    }

    fn key(&self, number: KeyNumber) -> Result<Arc<DataKey>, KeysError> {
        let keys = self.keys.lock().unwrap();
        let (_, state) = keys.get(&number).ok_or(guard::GuardError::UnknownKey(number))?;
        Ok(Self::made(number, *state))
    }

    fn all(&self, class: Class) -> Result<Vec<Arc<DataKey>>, KeysError> {
        let keys = self.keys.lock().unwrap();
        let of_class = keys.iter().filter(|(_, (own, state))| *own == class && state.opens());
        let mut found: Vec<_> = of_class.map(|(number, (_, state))| Self::made(*number, *state)).collect();
        found.sort_by_key(|key| key.state() != KeyState::Active);
        Ok(found)
    }

    fn salts(&self, subjects: &[&Subject]) -> Result<Vec<SubjectSalt>, KeysError> {
        // Whoever merges has a salt for both before, so that nobody is merged away between these two.
        let mut salts = self.salts.lock().unwrap();
        let merges = self.merges.lock().unwrap();
        if subjects.iter().any(|subject| merges.iter().any(|(_, became)| became.from == **subject)) {
            return Err(KeysError::Refused("the person was merged into another"));
        }
        let mut found = Vec::new();
        for subject in subjects {
            let known = salts.iter().find(|(own, _)| own == *subject).map(|(_, salt)| Arc::clone(salt));
            let salt = known.unwrap_or_else(|| {
                let salt = Arc::new(SubjectSalt::random(&mut Drawn::new(salts.len() as u64 + 100)));
                salts.push(((*subject).clone(), Arc::clone(&salt)));
                salt
            });
            found.push(SubjectSalt::of(salt.handle(), salt.expose().clone()));
        }
        Ok(found)
    }

    fn salt(&self, handle: Handle) -> Result<Option<Arc<SubjectSalt>>, KeysError> {
        let salts = self.salts.lock().unwrap();
        Ok(salts.iter().find(|(_, salt)| salt.handle() == handle).map(|(_, salt)| Arc::clone(salt)))
    }

    fn merged(&self, handle: Handle) -> Result<Option<Became>, KeysError> {
        let merges = self.merges.lock().unwrap();
        Ok(merges.iter().find(|(own, _)| *own == handle).map(|(_, became)| became.clone()))
    }

    fn survivor(&self, of: &Subject) -> Result<Option<Subject>, KeysError> {
        let merges = self.merges.lock().unwrap();
        Ok(merges.iter().find(|(_, became)| became.from == *of).map(|(_, became)| became.into.clone()))
    }

    fn was_shredded(&self, handle: Handle) -> bool {
        self.shredded.lock().unwrap().contains(&handle)
    }
}

/// A table: names of columns, and rows.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    pub(crate) fn of(names: &[&str], rows: &[&[&str]]) -> Self {
        let row = |cells: &&[&str]| {
            let mut row = Row::default();
            cells.iter().for_each(|cell| row.push(cell));
            row
        };
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            rows: rows.iter().map(row).collect(),
        }
    }

    pub(crate) fn cell(&self, row: usize, column: &str) -> &str {
        let at = self.names.iter().position(|name| name == column).unwrap();
        self.rows[row].get(at).unwrap()
    }

    pub(crate) fn column(&self, column: &str) -> Vec<&str> {
        (0..self.rows.len()).map(|row| self.cell(row, column)).collect()
    }
}

pub(crate) struct Clinic {
    pub(crate) policy: Enforceable,
    pub(crate) ring: Ring,
}

impl Clinic {
    pub(crate) fn new() -> Self {
        Self { policy: policy(), ring: Ring::new() }
    }

    pub(crate) fn rows(&self, duty: Duty, object: &str, table: &Table) -> Rows<'_> {
        let columns = Columns::of(&self.policy, duty, object, &table.names).unwrap();
        Rows::new(columns, org(&self.policy), &self.ring, Box::new(Drawn::new(9)))
    }

    pub(crate) fn released(&self, duty: Duty, object: &str, table: &Table) -> (Vec<String>, Released<Batch>) {
        let mut rows = self.rows(duty, object, table);
        let permit = permit(&self.policy, duty.actions()[0], rows.columns().asked());
        let names = rows.columns().names_out().map(str::to_owned).collect();
        (names, rows.work(permit, noon(), &table.rows).unwrap())
    }

    /// The table, and what was refused: place, column and reason.
    pub(crate) fn work(&self, duty: Duty, object: &str, table: &Table) -> (Table, Vec<String>) {
        let (names, released) = self.released(duty, object, table);
        let batch = released.release(noon()).unwrap();
        let said = |refused: &guard::rows::Refused| {
            format!("{} {}: {}", refused.at, refused.column, refused.because)
        };
        let refused = batch.refused.iter().map(said).collect();
        (Table { names, rows: batch.rows }, refused)
    }
}
