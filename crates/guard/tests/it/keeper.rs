//! The whole life of a tenant's keys, and what entries say of it.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use guard::escrow::{Escrow, Share, Terms};
use guard::keeper::{Declared, KeeperError, Places, Tools};
use guard::ring::{Keyring, RingError};
use guard::root::{FileRoot, Root, RootError};
use guard::{
    Binding, DataKey, FieldCipher, Keeper, KeyNumber, KeyState, KeysError, SeenError, Token, Unseen,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use journal::act::KeyStep;
use journal::sample::Drawn;
use journal::{Act, Clock, Entry, Pseudonymiser as _, Receipt, RecordError, Recorder, Rng};
use policy::vocabulary::Class;

use crate::keys::{approver, two_people};
use crate::{lock, sealer, subject};

pub(crate) const DAY: Date = date(2026, 11, 27);

/// Nothing here waits for anything.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-11-27T12:00:00Z".parse().unwrap()
    }
}

/// The real one: every process draws anew.
pub(crate) struct System;

impl Rng for System {
    fn fill(&mut self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

/// Keeps entries, so many.
pub(crate) struct Memory {
    entries: Mutex<Vec<Entry>>,
    most: Mutex<usize>,
}

impl Recorder for Memory {
    fn record(
        &self,
        entries: Vec<Entry>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Receipt>, RecordError>> + Send + '_>> {
        Box::pin(async move {
            let mut all = self.entries.lock().unwrap();
            if all.len() + entries.len() > *self.most.lock().unwrap() {
                return Err(RecordError::Unavailable("the disk is full".to_owned()));
            }
            // They have bytes that are read again.
            for entry in &entries {
                assert_eq!(&Entry::read(&entry.bytes().unwrap()).unwrap(), entry);
            }
            all.extend(entries);
            Ok(Vec::new())
        })
    }
}

pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) ledger: Arc<Memory>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let ledger = Memory { entries: Mutex::new(Vec::new()), most: Mutex::new(usize::MAX) };
        Self { folder: tempfile::tempdir().unwrap(), ledger: Arc::new(ledger) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn places(&self, name: &str) -> Places {
        let folder = self.path(name);
        guard::durable::make_folder(&folder).unwrap();
        Places::of(&folder, &self.path(&format!("{name}.seen")))
    }

    pub(crate) fn root(&self, name: &str) -> Arc<dyn Root> {
        let (path, rng) = (self.path(name), Box::new(System));
        let root = if path.exists() {
            FileRoot::open(&path, lock(), rng)
        } else {
            FileRoot::create(&path, lock(), rng)
        };
        Arc::new(root.unwrap())
    }

    pub(crate) fn tools(&self, root: &str) -> Tools {
        let recorder: Arc<dyn Recorder> = self.ledger.clone();
        Tools {
            root: self.root(root),
            recorder: Some(recorder),
            policy: None,
            who: None,
            clock: Arc::new(Noon),
            rng: || Box::new(System),
        }
    }

    pub(crate) fn create(&self) -> Keeper {
        ready(Keeper::create(self.places("keys"), "harbor-clinic", &approvers(), self.tools("root"))).unwrap()
    }

    pub(crate) fn open(&self) -> Result<Keeper, KeeperError> {
        ready(Keeper::open(self.places("keys"), Unseen::Refused, self.tools("root")))
    }

    /// What the entries say since it was asked last: `step kind outcome`.
    pub(crate) fn said(&self) -> Vec<String> {
        let said = |entry: Entry| match entry.act {
            Act::KeyEvent(event) => format!("{} {} {}", event.step, event.kind, entry.outcome),
            other => other.key().to_owned(),
        };
        self.entries().into_iter().map(said).collect()
    }

    /// The entries since it was asked last.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.ledger.entries.lock().unwrap().drain(..).collect()
    }

    fn room_for(&self, more: usize) {
        let there = self.ledger.entries.lock().unwrap().len();
        *self.ledger.most.lock().unwrap() = there.saturating_add(more);
    }
}

/// Ada and Ben.
pub(crate) fn approvers() -> [Declared; 2] {
    ["ada", "ben"].map(approver)
}

pub(crate) fn begun(keeper: &mut Keeper) -> KeyNumber {
    let number = ready(keeper.make(Class::Phi, DAY)).unwrap();
    ready(keeper.activate(number)).unwrap();
    number
}

pub(crate) fn sealed(keeper: &mut Keeper, number: u64) -> String {
    let person = subject(number);
    let key = keeper.active(Class::Phi).unwrap();
    let salts = keeper.salts().salts(std::slice::from_ref(&person)).unwrap();
    let cipher = FieldCipher::of_subject(&key, &salts[0]).unwrap();
    let bound = Binding { tenant: "harbor-clinic", field: "ssn", subject: Some(&person) };
    let mut text = String::new();
    sealer(number).seal(&cipher, &bound, "123-45-6789", &mut text).unwrap();
    text
}

pub(crate) fn opens(keeper: &Keeper, text: &str, number: u64) -> bool {
    let (person, token) = (subject(number), Token::parse(text).unwrap());
    let Ok(key) = keeper.key(token.key()) else { return false };
    let Some(salt) = keeper.salts().by_handle(token.handle().unwrap()).unwrap() else { return false };
    let cipher = FieldCipher::of_subject(&key, &salt).unwrap();
    let bound = Binding { tenant: "harbor-clinic", field: "ssn", subject: Some(&person) };
    sealer(3).open(&cipher, &bound, &token).is_ok()
}

pub(crate) fn named(shares: &[Share], which: &[usize]) -> Vec<(String, Share)> {
    which.iter().map(|at| (format!("share-{}", at + 1), shares[*at].clone())).collect()
}

#[test]
fn every_act_is_told_before_and_after() {
    let place = Place::new();
    let mut keeper = place.create();
    assert_eq!(place.said(), ["created tenant intended", "created tenant done"]);
    let first = begun(&mut keeper);
    let second = begun(&mut keeper);
    assert_eq!(
        place.said(),
        [
            "created data intended",
            "created data done",
            "activated data intended",
            "activated data done",
            "created data intended",
            "created data done",
            "activated data intended",
            "activated data done",
            "retired data done",
        ]
    );
    ready(keeper.set(first, KeyState::Disabled)).unwrap();
    ready(keeper.set(first, KeyState::DecryptOnly)).unwrap();
    let [ada, ben] = two_people();
    let refused = ready(keeper.destroy(first, [&ada, &ben]));
    assert!(matches!(refused, Err(KeeperError::Keys(KeysError::State { .. }))));
    assert_eq!(
        place.said(),
        [
            "disabled data intended",
            "disabled data done",
            "enabled data intended",
            "enabled data done",
            "destroyed data intended",
            "destroyed data failed",
        ]
    );
    ready(keeper.set(first, KeyState::Disabled)).unwrap();
    place.said();
    ready(keeper.destroy(first, [&ada, &ben])).unwrap();
    {
        let entries = place.ledger.entries.lock().unwrap();
        for entry in entries.iter() {
            let Act::KeyEvent(event) = &entry.act else { panic!("another act") };
            assert_eq!(event.people, [ada.person(), ben.person()]);
            assert_eq!(entry.correlation, entries[0].correlation);
            assert_eq!(event.key.to_string(), format!("{:016x}", first.get()));
        }
    }
    place.said();
    sealed(&mut keeper, 1);
    sealed(&mut keeper, 2);
    ready(keeper.merge(&subject(1), &subject(2))).unwrap().unwrap();
    ready(keeper.rewrap()).unwrap();
    let shredding = ready(keeper.shred(&[subject(2)], Some(&place.path("backups")))).unwrap();
    ready(keeper.drill(&shredding.backup.unwrap())).unwrap();
    assert_eq!(
        place.said(),
        [
            "merged subject intended",
            "merged subject done",
            "rewrapped tenant intended",
            "rewrapped tenant done",
            "shredded tenant intended",
            "shredded tenant done",
            "shredded subject done",
            "shredded subject done",
            "backed-up tenant intended",
            "backed-up tenant done",
            "drilled tenant intended",
            "drilled tenant done",
        ]
    );
    assert_eq!(
        keeper.status().iter().map(|key| key.state).collect::<Vec<_>>(),
        [KeyState::Destroyed, KeyState::Active]
    );
    assert_eq!(second.get(), 1);
}

#[test]
fn a_key_that_no_longer_seals_seals_for_nobody_who_still_holds_it() {
    let place = Place::new();
    let mut keeper = place.create();
    let seals = |key: &DataKey| {
        let cipher = FieldCipher::of_field(key, "ssn").unwrap();
        let bound = Binding { tenant: "harbor-clinic", field: "ssn", subject: None };
        sealer(1).seal(&cipher, &bound, "123-45-6789", &mut String::new()).is_ok()
    };
    begun(&mut keeper);
    let first = keeper.active(Class::Phi).unwrap();
    assert!(seals(&first));
    let number = begun(&mut keeper);
    let second = keeper.active(Class::Phi).unwrap();
    assert!(!seals(&first) && seals(&second), "the first was retired");
    ready(keeper.set(number, KeyState::Disabled)).unwrap();
    assert!(!seals(&second), "the second was disabled");
}

#[test]
fn what_cannot_be_recorded_is_not_done() {
    let place = Place::new();
    let mut keeper = place.create();
    let number = begun(&mut keeper);
    let text = sealed(&mut keeper, 1);
    place.room_for(0);
    let (before, salts) = (
        std::fs::read(place.path("keys/data-keys")).unwrap(),
        std::fs::read(place.path("keys/salts")).unwrap(),
    );
    let [ada, ben] = two_people();
    let refused = [
        ready(keeper.make(Class::Phi, DAY)).map(|_| ()),
        ready(keeper.activate(number)),
        ready(keeper.set(number, KeyState::Disabled)),
        ready(keeper.destroy(number, [&ada, &ben])),
        ready(keeper.rewrap()),
        ready(keeper.shred(&[subject(1)], None)).map(|_| ()),
        ready(keeper.merge(&subject(1), &subject(2))).map(|_| ()),
        ready(keeper.back_up(&place.path("backups"))).map(|_| ()),
        ready(keeper.drill(&place.path("keys"))).map(|_| ()),
        ready(keeper.escrow(&terms(), None, &place.path("escrow"), Ok)).map(|_| ()),
    ];
    assert!(refused.iter().all(|refused| matches!(refused, Err(KeeperError::NotDone(_)))), "{refused:?}");
    assert_eq!(std::fs::read(place.path("keys/data-keys")).unwrap(), before);
    assert_eq!(std::fs::read(place.path("keys/salts")).unwrap(), salts);
    assert!(!place.path("backups").exists() && !place.path("escrow").exists());
    assert!(opens(&keeper, &text, 1));
}

#[test]
fn who_was_shredded_is_told_though_the_ledger_went_away() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let texts: Vec<String> = (0..3).map(|number| sealed(&mut keeper, number)).collect();
    place.said();
    place.room_for(1);
    let untold = ready(keeper.shred(&[subject(0), subject(1)], None));
    assert!(matches!(untold, Err(KeeperError::Untold(_))), "{untold:?}");
    assert_eq!(keeper.salts().untold().len(), 2);
    assert!(!opens(&keeper, &texts[0], 0) && opens(&keeper, &texts[2], 2));
    drop(keeper);
    // It does not open without telling of them.
    assert!(matches!(place.open(), Err(KeeperError::NotDone(_))));
    place.room_for(usize::MAX);
    place.said();
    let keeper = place.open().unwrap();
    assert_eq!(
        place.said(),
        [
            "shredded tenant intended",
            "shredded tenant done",
            "shredded subject done",
            "shredded subject done"
        ]
    );
    assert!(keeper.salts().untold().is_empty());
    drop(keeper);
    place.open().unwrap();
    assert!(place.said().is_empty(), "once");
}

#[test]
fn a_destroyed_key_is_gone_from_older_copies() {
    let place = Place::new();
    let mut keeper = place.create();
    let first = begun(&mut keeper);
    let old = sealed(&mut keeper, 1);
    begun(&mut keeper);
    ready(keeper.set(first, KeyState::Disabled)).unwrap();
    let copy = std::fs::read(place.path("keys/data-keys")).unwrap();
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    assert!(ready(keeper.drill(&backup)).unwrap().is_good());
    let [ada, ben] = two_people();
    ready(keeper.destroy(first, [&ada, &ben])).unwrap();
    let drills = ready(keeper.drill(&backup)).unwrap();
    assert!(drills.data.is_none() && drills.salts.is_some() && !drills.is_good());
    let new = sealed(&mut keeper, 1);
    assert!(!opens(&keeper, &old, 1) && opens(&keeper, &new, 1));
    drop(keeper);
    let newest = std::fs::read(place.path("keys/data-keys")).unwrap();
    std::fs::write(place.path("keys/data-keys"), copy).unwrap();
    let older = |name: &str| {
        let refused = place.open().unwrap_err();
        assert!(matches!(refused, KeeperError::OlderCopy { .. }), "{refused}");
        let said = refused.to_string();
        assert!(
            said.contains(&format!("keys/{name}` is an older copy")) && said.contains("was destroyed"),
            "{said}"
        );
    };
    older("data-keys");
    std::fs::write(place.path("keys/data-keys"), newest).unwrap();

    // So is a ring from before somebody was shredded.
    let copy = std::fs::read(place.path("keys/salts")).unwrap();
    ready(place.open().unwrap().shred(&[subject(1)], None)).unwrap();
    std::fs::write(place.path("keys/salts"), &copy).unwrap();
    older("salts");
    // By another root neither opens: nobody can say then which of the two it is.
    let opened = Keeper::open(place.places("keys"), Unseen::Refused, place.tools("another-root"));
    let other = ready(opened).unwrap_err();
    assert!(matches!(other, KeeperError::Keys(KeysError::Root(RootError::Missing(_)))), "{other}");
}

#[test]
fn an_older_copy_of_data_keys_is_noticed() {
    let place = Place::new();
    let mut keeper = place.create();
    let first = begun(&mut keeper);
    let copy = std::fs::read(place.path("keys/data-keys")).unwrap();
    ready(keeper.set(first, KeyState::Disabled)).unwrap();
    drop(keeper);
    let newest = std::fs::read(place.path("keys/data-keys")).unwrap();
    let older_still = copy.clone();
    std::fs::write(place.path("keys/data-keys"), copy).unwrap();
    let older = place.open();
    assert!(matches!(older, Err(KeeperError::Keys(KeysError::Seen(SeenError::Older { .. })))), "{older:?}");
    std::fs::write(place.path("keys/data-keys"), &newest).unwrap();
    drop(place.open().unwrap());
    std::fs::remove_dir_all(place.path("keys.seen")).unwrap();
    assert!(matches!(place.open(), Err(KeeperError::Keys(KeysError::Seen(SeenError::Unseen { .. })))));
    place.said();
    ready(Keeper::open(place.places("keys"), Unseen::Taken, place.tools("root"))).unwrap();
    assert_eq!(place.said(), ["taken-unseen tenant intended", "taken-unseen tenant done"]);
    place.open().unwrap();
    // One that somebody vouched for is the newest from then on.
    std::fs::write(place.path("keys/data-keys"), &older_still).unwrap();
    ready(Keeper::open(place.places("keys"), Unseen::Taken, place.tools("root"))).unwrap();
    drop(place.open().unwrap());
    std::fs::write(place.path("keys/data-keys"), newest).unwrap();
    assert!(matches!(place.open(), Err(KeeperError::Keys(KeysError::Seen(SeenError::Older { .. })))));
}

#[test]
fn a_backup_is_put_back_where_no_keys_are() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let text = sealed(&mut keeper, 1);
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    let later = sealed(&mut keeper, 2);
    let drills = ready(keeper.drill(&backup)).unwrap();
    assert_eq!((drills.salts.unwrap().same, drills.salts.unwrap().missing), (1, 1));
    drop(keeper);
    let there = ready(Keeper::restore(&backup, place.places("keys"), Unseen::Refused, place.tools("root")));
    assert!(matches!(there, Err(KeeperError::Ring(RingError::Exists { .. }))));
    assert!(opens(&place.open().unwrap(), &later, 2), "keys are never written over");
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    // Somebody came since: that it is an older copy is seen.
    let older = ready(Keeper::restore(&backup, place.places("keys"), Unseen::Refused, place.tools("root")));
    assert!(matches!(older, Err(KeeperError::Ring(RingError::Seen(SeenError::Older { .. })))), "{older:?}");
    assert!(!place.path("keys/data-keys").exists() && !place.path("keys/salts").exists());
    let (keeper, restored) =
        ready(Keeper::restore(&backup, place.places("keys"), Unseen::Taken, place.tools("root"))).unwrap();
    assert_eq!((restored.data_keys, restored.people), (1, 1));
    assert!(opens(&keeper, &text, 1) && !opens(&keeper, &later, 2));
    drop(keeper);
    assert!(opens(&place.open().unwrap(), &text, 1));
    // Of half a backup nothing is put back.
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    std::fs::remove_file(backup.join("salts")).unwrap();
    assert!(
        ready(Keeper::restore(&backup, place.places("keys"), Unseen::Refused, place.tools("root"))).is_err()
    );
    assert!(!place.path("keys/data-keys").exists());
}

#[test]
fn a_backup_turns_no_state_and_no_count_of_seals_back() {
    let place = Place::new();
    let mut keeper = place.create();
    let first = begun(&mut keeper);
    let text = sealed(&mut keeper, 1);
    keeper.settle().unwrap();
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    let restore = |unseen| Keeper::restore(&backup, place.places("keys"), unseen, place.tools("root"));
    drop(keeper);
    // Nothing came after it, and what was seen says so.
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let (mut keeper, restored) = ready(restore(Unseen::Refused)).unwrap();
    assert!(restored.seals && keeper.active(Class::Phi).is_ok());
    ready(keeper.set(first, KeyState::DecryptOnly)).unwrap();
    drop(keeper);
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let older = ready(restore(Unseen::Refused));
    assert!(matches!(older, Err(KeeperError::Keys(KeysError::Seen(SeenError::Older { .. })))), "{older:?}");
    for is_seen in [true, false] {
        if !is_seen {
            std::fs::remove_dir_all(place.path("keys")).unwrap();
            std::fs::remove_dir_all(place.path("keys.seen")).unwrap();
        }
        let (mut keeper, restored) = ready(restore(Unseen::Taken)).unwrap();
        assert!(!restored.seals && keeper.active(Class::Phi).is_err());
        assert_eq!(keeper.status()[0].state, KeyState::DecryptOnly);
        assert!(opens(&keeper, &text, 1));
        // Whoever activates it again has no seals.
        ready(keeper.activate(first)).unwrap();
        let key = keeper.active(Class::Phi).unwrap();
        let salt = keeper.salts().salts(&[subject(1)]).unwrap().remove(0);
        let cipher = FieldCipher::of_subject(&key, &salt).unwrap();
        let person = subject(1);
        let bound = Binding { tenant: "harbor-clinic", field: "ssn", subject: Some(&person) };
        let worn = sealer(3).seal(&cipher, &bound, "123-45-6789", &mut String::new());
        assert!(matches!(worn, Err(guard::GuardError::Worn(_))), "{worn:?}");
    }
}

pub(crate) fn terms() -> Terms {
    Terms::new(DAY, 2, 3, &mut System).unwrap()
}

#[test]
fn one_person_destroys_nothing() {
    let place = Place::new();
    let mut keeper = place.create();
    let number = begun(&mut keeper);
    ready(keeper.set(number, KeyState::Disabled)).unwrap();
    let [ada, _] = two_people();
    let refused = ready(keeper.destroy(number, [&ada, &ada]));
    assert!(matches!(refused, Err(KeeperError::Refused(_))));
    assert_eq!(keeper.status()[0].state, KeyState::Disabled);
    assert!(place.said().iter().any(|said| said == &format!("{} data failed", KeyStep::Destroyed)));
}

/// Whatever the folder holds, none of these bytes is in it.
pub(crate) fn is_nowhere(folder: &Path, secret: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().all(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_nowhere(&path, secret);
        }
        !std::fs::read(&path).unwrap().windows(secret.len()).any(|window| window == secret)
    })
}

/// What was drawn, as something else.
type Masked = Arc<Mutex<Vec<[u8; 32]>>>;

/// Draws, and remembers what it drew.
struct Remembering(Drawn, Masked);

impl Rng for Remembering {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
        for drawn in bytes.chunks_exact(32) {
            self.1.lock().unwrap().push(std::array::from_fn(|at| drawn[at] ^ 0xa5));
        }
    }
}

#[test]
fn no_secret_lies_on_the_disk_in_clear() {
    static DRAWN: Mutex<Option<Masked>> = Mutex::new(None);
    static SEED: Mutex<u64> = Mutex::new(0);
    let drawn = Arc::new(Mutex::new(Vec::new()));
    *DRAWN.lock().unwrap() = Some(Arc::clone(&drawn));
    let rng = || -> Box<dyn Rng> {
        let mut seed = SEED.lock().unwrap();
        *seed += 1;
        let drawn = DRAWN.lock().unwrap().clone().unwrap();
        Box::new(Remembering(Drawn::new(*seed), drawn))
    };
    let place = Place::new();
    let root = FileRoot::create(&place.path("root"), lock(), rng()).unwrap();
    let tools =
        Tools { root: Arc::new(root), recorder: None, policy: None, who: None, clock: Arc::new(Noon), rng };
    let mut keeper =
        ready(Keeper::create(place.places("keys"), "harbor-clinic", &approvers(), tools)).unwrap();
    begun(&mut keeper);
    for number in 0..5 {
        sealed(&mut keeper, number);
    }
    ready(keeper.shred(&[subject(2)], Some(&place.path("backups")))).unwrap();
    ready(keeper.rewrap()).unwrap();
    let trail = Keyring::create(&place.path("trail"), &lock(), rng()).unwrap();
    trail.pseudonyms(&[subject(1)]).unwrap();
    let shares = ready(keeper.escrow(&terms(), Some(&trail), &place.path("escrow"), Ok)).unwrap();
    ready(keeper.drill_escrow(&Escrow::read(&place.path("escrow")).unwrap(), &named(&shares, &[0, 2]), None))
        .unwrap();
    let drawn = drawn.lock().unwrap();
    // Two wrapping keys of each kind, masters, data keys, salts, the escrow's key and a coefficient at least. Salts of
    // locks and nonces are no secrets; what is shorter than a key is none.
    assert!(drawn.len() > 15, "{}", drawn.len());
    let mut clear = 0;
    for masked in drawn.iter() {
        let secret: [u8; 32] = std::array::from_fn(|at| masked[at] ^ 0xa5);
        clear += usize::from(!is_nowhere(place.folder.path(), &secret));
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(secret);
        let in_text = !is_nowhere(place.folder.path(), text.as_bytes());
        // The salt of a lock stands in its head.
        let is_salt = ["root", "trail"].iter().any(|name| {
            let head = std::fs::read(place.path(name)).unwrap();
            String::from_utf8_lossy(&head).contains(&format!("keyfile {text}"))
        });
        assert!(!in_text || is_salt, "a secret lies in a file in base64");
    }
    assert_eq!(clear, 0, "a secret lies in a file");
}

#[test]
fn whoever_is_refused_finds_nothing_made() {
    let place = Place::new();
    drop(place.create());
    let (seen, elsewhere) = (place.path("keys.seen"), place.path("elsewhere"));
    std::fs::rename(&seen, &elsewhere).unwrap();
    let refused = place.open();
    assert!(
        matches!(&refused, Err(KeeperError::Keys(KeysError::Seen(SeenError::Unseen { .. })))),
        "{refused:?}"
    );
    assert!(!seen.exists());
    std::fs::rename(&elsewhere, &seen).unwrap();
    drop(place.open().unwrap());
    let files = |folder: &Path| {
        let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    for lost in ["empty", "gone"] {
        std::fs::rename(place.path("keys"), place.path(lost)).unwrap();
        if lost == "empty" {
            std::fs::create_dir(place.path("keys")).unwrap();
        }
        let before = files(place.folder.path());
        let places = Places::of(&place.path("keys"), &seen);
        let refused =
            ready(Keeper::open(places, Unseen::Refused, place.tools("root"))).unwrap_err().to_string();
        assert!(refused.contains("`keys init` makes new ones, and `keys restore`"), "{refused}");
        assert_eq!(files(place.folder.path()), before);
        if lost == "empty" {
            assert!(files(&place.path("keys")).is_empty());
            std::fs::remove_dir(place.path("keys")).unwrap();
            std::fs::rename(place.path(lost), place.path("keys")).unwrap();
        }
    }
}

#[test]
fn who_is_named_twice_is_one_person() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let gone = Token::parse(&sealed(&mut keeper, 1)).unwrap().handle().unwrap();
    place.said();
    let done = ready(keeper.shred(&[subject(1), subject(2), subject(1)], None)).unwrap();
    assert_eq!(done.handles, [Some(gone), None, Some(gone)]);
    let counted = || -> Vec<u64> {
        let keys = place.entries().into_iter().filter_map(|entry| match entry.act {
            Act::KeyEvent(event) => event.keys.map(|keys| keys.get()),
            other => panic!("{}", other.key()),
        });
        keys.collect()
    };
    assert_eq!(counted(), [2, 2]);
    ready(keeper.shred_handles(&[gone, gone], None)).unwrap();
    assert_eq!(counted(), [1, 1]);
}

#[test]
fn a_backup_is_made_where_somebody_was_shredded_or_none_is_good() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    sealed(&mut keeper, 1);
    let folder = place.path("backups");
    let mut shred = |number: u64| ready(keeper.shred(&[subject(number)], Some(&folder))).unwrap().backup;
    let first = shred(1).unwrap();
    assert_eq!(shred(1), None, "the one that was made holds everybody");
    assert_eq!(shred(2), None);
    // As after a kill between the shredding and its backup.
    std::fs::remove_dir_all(&first).unwrap();
    let second = shred(1).unwrap();
    // Nor is one good that lacks somebody.
    sealed(&mut keeper, 3);
    let third = ready(keeper.shred(&[subject(1)], Some(&folder))).unwrap().backup.unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    assert_ne!(second, third);
    assert!(name(&first).starts_with("2026-11-27T120000.000000Z-"), "{}", name(&first));
}
