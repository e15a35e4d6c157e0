//! The life of a tenant's keys, as an operator lives it.

mod merged;
mod recorded;
mod reopened;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use guard::ring::SaltRing;
use guard::root::FileRoot;
use guard::vault::Lock;
use guard::{Binding, DataKeys, FieldCipher, Sealer, Token};
use journal::names::{Org, RecordId};
use journal::sample::Drawn;
use journal::{Act, Entry, Subject};
use policy::vocabulary::Class;
use source::Source;

use crate::ledger::stored;
use crate::{code, example, text, write_secret};

struct Place {
    folder: tempfile::TempDir,
    bundle: String,
}

/// Where keys lie, by their folder and their root.
const KEYS: [&str; 6] = ["--dir", "keys", "--root", "file:root", "--passphrase-file", "pass"];
const RESTORED: [&str; 6] = ["--dir", "again", "--root", "file:new-root", "--passphrase-file", "pass"];
const LEDGER: [&str; 2] = ["--ledger", "D"];

impl Place {
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            bundle: example("mended").join("phiward").display().to_string(),
        };
        write_secret(&place.path("pass"), "correct horse battery\n");
        let init = ["ledger", "init", "--dir", "D", "--writer", "keys"];
        let init = place.command(&init).output().unwrap();
        assert_eq!(code(&init), 0, "{}", text(&init.stderr));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phiward"));
        command.args(words).current_dir(self.folder.path());
        command
    }

    fn run(&self, words: &[&[&str]], input: &str) -> Output {
        self.piped(&[&["keys"], &words.concat()[..]].concat(), input)
    }

    fn piped(&self, words: &[&str], input: &str) -> Output {
        use std::io::Write as _;
        let mut command = self.command(words);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What a command prints that ends so.
    fn ends(&self, expected: i32, words: &[&[&str]], input: &str) -> String {
        let output = self.run(words, input);
        assert_eq!(code(&output), expected, "{words:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// A command on the keys that is recorded and succeeds.
    fn ok(&self, words: &[&str]) -> String {
        self.ends(0, &[words, &KEYS, &LEDGER], "")
    }

    /// Makes the keys.
    fn init(&self) {
        self.ok(&["init", "--tenant", "harbor-health", "--policy", &self.bundle]);
    }

    fn lock() -> Lock {
        Lock::Passphrase(b"correct horse battery".to_vec().into())
    }

    /// Tokens of people, by the keys of a folder.
    fn sealed(&self, records: &[&str]) -> Vec<String> {
        self.sealed_for(&records.iter().map(|record| person(record)).collect::<Vec<_>>())
    }

    fn sealed_for(&self, people: &[Subject]) -> Vec<String> {
        let (mut data, salts) = self.opened("root", "keys");
        let key = data.active(Class::Phi).unwrap();
        let mut sealer = Sealer::new(Box::new(Drawn::new(3)));
        let given = salts.salts(people).unwrap();
        given
            .iter()
            .zip(people)
            .map(|(salt, person)| {
                let mut token = String::new();
                let cipher = FieldCipher::of_subject(&key, salt).unwrap();
                let bound = Binding { tenant: "harbor-health", field: "ssn", subject: Some(person) };
                sealer.seal(&cipher, &bound, "123-45-6789", &mut token).unwrap();
                token
            })
            .collect()
    }

    /// A bundle `own` that classifies so.
    fn own_bundle(&self, fields: &str) {
        let phiward = "version: 1
organisation: {name: Harbor Health, roles: [covered-entity]}
regions: [us]
approvers: {required: 1, people: [{id: mara-voss, name: Mara Voss, role: privacy-officer}]}
orgs: [{id: production, kind: production, region: us}]
";
        std::fs::create_dir_all(self.path("own/classification")).unwrap();
        std::fs::write(self.path("own/phiward.yaml"), phiward).unwrap();
        std::fs::write(self.path("own/classification/patients.yaml"), fields).unwrap();
    }

    fn opened(&self, root: &str, dir: &str) -> (DataKeys, SaltRing) {
        let rng = |seed| Box::new(Drawn::new(seed));
        let root = FileRoot::open(&self.path(root), Self::lock(), rng(1)).unwrap();
        let root = std::sync::Arc::new(root);
        let dir = self.path(dir);
        // As the gateway would: what was seen goes with them.
        let seen = PathBuf::from(format!("{}.seen", dir.display()));
        let mut data = DataKeys::open(&dir.join("data-keys"), root.clone(), rng(5)).unwrap();
        data.watch(&seen.join("data-keys"), guard::Unseen::Refused).unwrap();
        let salts = SaltRing::open(&dir.join("salts"), root, Box::new(Fresh)).unwrap();
        salts.watch(&seen.join("salts"), guard::Unseen::Refused).unwrap();
        (data, salts)
    }

    fn opens(&self, keys: (&str, &str), record: &str, token: &str) -> bool {
        self.opens_for(keys, person(record), token)
    }

    fn opens_for(&self, (root, dir): (&str, &str), person: Subject, token: &str) -> bool {
        let (data, salts) = self.opened(root, dir);
        let token = Token::parse(token).unwrap();
        let Some(salt) = salts.by_handle(token.handle().unwrap()).unwrap() else { return false };
        let key = data.key(token.key()).unwrap();
        let cipher = FieldCipher::of_subject(&key, &salt).unwrap();
        let bound = Binding { tenant: "harbor-health", field: "ssn", subject: Some(&person) };
        Sealer::new(Box::new(Drawn::new(3))).open(&cipher, &bound, &token).is_ok()
    }

    /// Whether every entry of two people names the bundle.
    fn names_its_bundle(&self) -> bool {
        let all = stored(&self.path("D"));
        let entries: Vec<Entry> = all.values().map(|bytes| Entry::read(bytes).unwrap()).collect();
        let mut by_two = entries.iter().filter(|entry| match &entry.act {
            Act::KeyEvent(event) => event.people.len() == 2,
            _ => false,
        });
        let is_there = by_two.clone().next().is_some();
        is_there && by_two.all(|entry| entry.policy.is_some())
    }

    /// `step kind outcome` of every entry of the ledger.
    fn told(&self) -> Vec<String> {
        let all = stored(&self.path("D"));
        let acts = all.values().map(|bytes| Entry::read(bytes).unwrap());
        acts.filter_map(|entry| match entry.act {
            Act::KeyEvent(event) => Some(format!("{} {} {}", event.step, event.kind, entry.outcome)),
            _ => None,
        })
        .collect()
    }
}

/// Draws what no other process drew.
struct Fresh;

impl journal::Rng for Fresh {
    fn fill(&mut self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

fn org() -> Org {
    let text = "orgs:\n  - {id: production, kind: production}\n";
    let (policy, _) = policy::read(vec![Source::new("phiward.yaml", text)]);
    Org::declared(&policy, "production").unwrap()
}

fn person(record: &str) -> Subject {
    Subject::of_record(&org(), &RecordId::of(record).unwrap())
}

/// An identity of the example's bundle.
const IDENTITY: &str = "ehr-sync";

const ADA: &str = "001D000000IqhSL";
const BEN: &str = "001D000000IqhSM";
const CAL: &str = "001D000000IqhSN";

#[test]
fn keys_are_made_lost_and_brought_back_and_one_person_is_forgotten() {
    let place = Place::new();
    let refused = place.run(&[&["init", "--tenant", "harbor-health", "--policy", &place.bundle], &KEYS], "");
    assert_eq!(code(&refused), 2);
    assert!(text(&refused.stderr).contains("--unrecorded"), "nothing is done unrecorded by mistake");
    place.init();
    assert_eq!(place.ok(&["make", "--class", "phi"]), "0\n");
    place.ok(&["activate", "--key", "0"]);
    assert_eq!(place.ok(&["make", "--class", "phi-sensitive", "--activate"]), "1\n");
    let tokens = place.sealed(&[ADA, BEN, CAL]);
    let here = ("root", "keys");
    assert!(place.opens(here, ADA, &tokens[0]));

    // A backup and an escrow, each proved.
    let backup = place.ok(&["backup", "--to", "backups"]);
    place.ok(&["drill", "--backup", backup.trim()]);
    let escrow =
        ["escrow", "make", "--to", "escrow", "--shares-in", "shares", "--shares", "3", "--threshold", "2"];
    let id = place.ok(&escrow);
    let share = |number: u8| format!("shares/share-{number}.txt");
    let of_escrow =
        |a: u8, b: u8| ["--escrow", "escrow", "--share", &share(a), "--share", &share(b)].map(str::to_owned);
    let drill = |expected: i32, a: u8, b: u8| {
        let copy = of_escrow(a, b);
        let copy: Vec<&str> = copy.iter().map(String::as_str).collect();
        place.ends(expected, &[&["drill"], &copy, &KEYS, &LEDGER], "")
    };
    drill(0, 1, 3);
    let listing = |folder: &str| std::fs::read_dir(place.path(folder)).unwrap().count();
    let before = listing(".");
    drill(0, 2, 3);
    assert_eq!(listing("."), before, "a drill leaves nothing");
    // A share that is no longer what was given out is named.
    let whole = std::fs::read_to_string(place.path(&share(2))).unwrap();
    std::fs::write(place.path(&share(2)), whole.replacen("2 of 3", "1 of 3", 1)).unwrap();
    let copy = of_escrow(1, 2);
    let copy: Vec<&str> = copy.iter().map(String::as_str).collect();
    let wrong = place.run(&[&["drill"], &copy, &KEYS, &LEDGER], "");
    assert!(
        code(&wrong) == 2 && text(&wrong.stderr).contains("share `shares/share-2.txt`"),
        "{}",
        text(&wrong.stderr)
    );
    std::fs::write(place.path(&share(2)), whole).unwrap();

    // One person is forgotten. The escrow undoes that, and is named until two people say that it is gone.
    let of = ["--policy", &place.bundle, "--org", "production"];
    let shred = [&["shred", "--backups", "backups"], &of[..]].concat();
    let shredded = place.run(&[&shred, &KEYS, &LEDGER], &format!("{ADA}\n"));
    assert_eq!(code(&shredded), 1, "{}", text(&shredded.stderr));
    assert!(text(&shredded.stderr).contains(id.trim()) && !text(&shredded.stderr).contains(ADA));
    assert!(!place.opens(here, ADA, &tokens[0]) && place.opens(here, BEN, &tokens[1]));
    place.ends(1, &[&["drill", "--backup", backup.trim()], &KEYS, &LEDGER], "");
    assert!(drill(1, 1, 2).contains("destroyed and still in it 1"));
    let status = place.ends(1, &[&["status", "--backups", "backups"], &KEYS], "");
    for expected in
        ["opens no more", "undoes a shredding", "2 people, 1 shredded, epoch 2", "active", "To do"]
    {
        assert!(status.contains(expected), "{expected}: {status}");
    }
    let json = place.ends(1, &[&["status", "--format", "json"], &KEYS], "");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["salts"]["shredded"], &json["escrows"][0]["state"]), (&1.into(), &"undoes".into()));
    assert_eq!(json["data_keys"][0]["number"], "0");

    // The bundle's cryptoperiod is a year, NIST's recommendation two.
    let made: jiff::civil::Date = json["data_keys"][0]["made"].as_str().unwrap().parse().unwrap();
    let later = made.saturating_add(jiff::Span::new().days(500)).to_string();
    let due = |more: &[&str]| {
        let status = place.ends(1, &[&["status", "--on", &later], more, &KEYS], "");
        status.contains("has sealed for 500 days: make and activate another")
    };
    assert!(due(&["--policy", &place.bundle]) && !due(&[]));

    // The root burns, and the disk with it. Two shares bring all back under another.
    std::fs::remove_file(place.path("root")).unwrap();
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let restored = place.ends(0, &[&["restore"], &copy, &RESTORED, &LEDGER], "");
    assert_eq!(restored, "2 data keys, 3 people\n");
    let there = ("new-root", "again");
    assert!(place.opens(there, BEN, &tokens[1]));
    // The escrow is older than the shredding, which is done again by the handle that the ledger names.
    assert!(place.opens(there, ADA, &tokens[0]));
    let handle = text(&shredded.stdout);
    let listed = |since: &str| {
        let listed = place.piped(&["ledger", "shredded", "--dir", "D", "--since", since], "");
        assert_eq!(code(&listed), 0, "{}", text(&listed.stderr));
        text(&listed.stdout)
    };
    let tomorrow = made.saturating_add(jiff::Span::new().days(2)).to_string();
    assert_eq!((listed(&made.to_string()), listed(&tomorrow)), (handle.clone(), String::new()));
    place.ends(1, &[&["shred", "--handles"], &RESTORED, &LEDGER], &handle);
    assert!(!place.opens(there, ADA, &tokens[0]) && place.opens(there, CAL, &tokens[2]));
    let two = ["--policy", &place.bundle, "--by", "mara-voss", "--and"];
    let destroyed =
        |and: &str| place.run(&[&["escrow", "destroyed", id.trim()], &two, &[and], &RESTORED, &LEDGER], "");
    assert_eq!(code(&destroyed("mara-voss")), 2, "one person is not two");
    assert_eq!(code(&destroyed("nobody-known")), 2);
    let said = destroyed("idris-calloway");
    assert_eq!(code(&said), 0, "{}", text(&said.stderr));
    // Escrows that were made after this one are not known here.
    let status = place.ends(1, &[&["status"], &RESTORED], "");
    assert!(status.contains("unknown since a copy was put back"), "{status}");
    place.ends(0, &[&["escrow", "settled"], &two, &["idris-calloway"], &RESTORED, &LEDGER], "");
    let status = place.ends(1, &[&["status"], &RESTORED], "");
    assert!(status.contains("as no key is active: `keys make --class phi --activate`"), "{status}");
    assert_eq!(place.ends(0, &[&["make", "--class", "phi", "--activate"], &RESTORED, &LEDGER], ""), "2\n");
    place.ends(0, &[&["make", "--class", "phi-sensitive", "--activate"], &RESTORED, &LEDGER], "");
    place.ends(1, &[&["status"], &RESTORED], "");
    place.ends(0, &[&["escrow", "make", "--to", "new", "--shares-in", "new-shares"], &RESTORED, &LEDGER], "");
    place.ends(0, &[&["status"], &RESTORED], "");

    let told = place.told();
    for step in [
        "created tenant",
        "activated data",
        "backed-up tenant",
        "escrowed tenant",
        "drilled tenant",
        "shredded tenant",
        "restored tenant",
        "escrow-destroyed tenant",
        "escrows-settled tenant",
    ] {
        let outcome =
            |outcome: &str| told.iter().filter(|said| **said == format!("{step} {outcome}")).count();
        assert!(outcome("done") > 0 && outcome("intended") >= outcome("done"), "{step}: {told:?}");
    }
    assert_eq!(told.iter().filter(|said| *said == "shredded subject done").count(), 2);
}

#[test]
fn a_key_is_destroyed_by_two_and_older_keys_are_refused() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    let tokens = place.sealed(&[ADA]);
    let copy = std::fs::read(place.path("keys/data-keys")).unwrap();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.ok(&["disable", "--key", "0"]);
    let retire = place.run(&[&["retire", "--key", "0"], &KEYS, &LEDGER], "");
    assert!(code(&retire) == 2 && text(&retire.stderr).contains("this is for one that is active"));
    place.ok(&["enable", "--key", "0"]);
    let again = place.run(&[&["enable", "--key", "0"], &KEYS, &LEDGER], "");
    assert!(code(&again) == 2 && text(&again.stderr).contains("this is for one that is disabled"));
    assert!(place.opens(("root", "keys"), ADA, &tokens[0]));
    let two = ["--policy", &place.bundle, "--by", "mara-voss", "--and", "idris-calloway"];
    place.ends(2, &[&["destroy", "--key", "0"], &two, &KEYS, &LEDGER], "");
    let newest = std::fs::read(place.path("keys/data-keys")).unwrap();
    std::fs::write(place.path("keys/data-keys"), &copy).unwrap();
    let older = place.run(&[&["status"], &KEYS], "");
    assert!(code(&older) == 2 && text(&older.stderr).contains("older copy"), "{}", text(&older.stderr));
    std::fs::write(place.path("keys/data-keys"), newest).unwrap();
    place.ok(&["disable", "--key", "0"]);
    let escrow = ["escrow", "make", "--to", "escrow", "--shares-in", "shares"];
    let id = place.ok(&escrow);
    // A second one has no shares where the first has its own, and is not remembered.
    let again = ["escrow", "make", "--to", "another", "--shares-in", "shares"];
    place.ends(2, &[&again, &KEYS, &LEDGER], "");
    assert!(!place.path("another").exists());
    // An identity of the bundle is nobody who answers.
    let with_identity = ["--policy", &place.bundle, "--by", "mara-voss", "--and", IDENTITY];
    let refused = place.run(&[&["destroy", "--key", "0"], &with_identity, &KEYS, &LEDGER], "");
    assert!(
        code(&refused) == 2 && text(&refused.stderr).contains("is no approver"),
        "{}",
        text(&refused.stderr)
    );
    // The escrow brings the key back, and is named.
    let destroyed = place.run(&[&["destroy", "--key", "0"], &two, &KEYS, &LEDGER], "");
    assert_eq!(code(&destroyed), 1, "{}", text(&destroyed.stderr));
    assert!(text(&destroyed.stderr).contains(id.trim()), "{}", text(&destroyed.stderr));
    assert!(text(&destroyed.stderr).starts_with("phiward: destroyed: key 0\n"));
    assert!(place.names_its_bundle());
    let status = place.ends(1, &[&["status", "--format", "json"], &KEYS], "");
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(
        (status["escrows"].as_array().unwrap().len(), &status["escrows"][0]["state"]),
        (1, &"undoes".into())
    );
    place.ends(0, &[&["escrow", "destroyed", id.trim()], &two, &KEYS, &LEDGER], "");
    std::fs::write(place.path("keys/data-keys"), copy).unwrap();
    let gone = place.run(&[&["rewrap", "--unseen"], &KEYS, &LEDGER], "");
    assert!(code(&gone) == 2 && text(&gone.stderr).contains("was destroyed"), "{}", text(&gone.stderr));
}

#[test]
fn an_escrow_that_opens_and_must_not_is_named() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.sealed(&[ADA]);
    let backup = place.ok(&["backup", "--to", "backups"]);
    let make =
        ["escrow", "make", "--to", "escrow", "--shares-in", "shares", "--shares", "3", "--threshold", "2"];
    let id = place.ok(&make);
    let copy = ["--escrow", "escrow", "--share", "shares/share-1.txt", "--share", "shares/share-3.txt"];
    let drill = |expected| {
        let drilled = place.run(&[&["drill"], &copy, &KEYS, &LEDGER], "");
        assert_eq!(code(&drilled), expected, "{}", text(&drilled.stderr));
        text(&drilled.stderr)
    };
    assert!(!drill(0).contains("destroy"));
    let two = ["--policy", &place.bundle, "--by", "mara-voss", "--and", "idris-calloway"];
    place.ends(0, &[&["escrow", "destroyed", id.trim()], &two, &KEYS, &LEDGER], "");
    let told = drill(1);
    assert!(
        told.contains(&format!("two people said that escrow {} is destroyed, and it opens", id.trim())),
        "{told}"
    );
    // Of a copy from before it, nothing is known of it.
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    std::fs::remove_dir_all(place.path("keys.seen")).unwrap();
    place.ends(0, &[&["restore", "--backup", backup.trim(), "--unseen"], &KEYS, &LEDGER], "");
    let told = drill(1);
    assert!(told.contains(&format!("the keys know of no escrow {}, and it opens", id.trim())), "{told}");
}

#[test]
fn what_came_after_a_backup_is_not_forgotten_by_restoring_it() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.sealed(&[ADA]);
    let backup = place.ok(&["backup", "--to", "backups"]);
    place.ok(&["escrow", "make", "--to", "escrow", "--shares-in", "shares"]);
    place.ok(&["retire", "--key", "0"]);
    std::fs::rename(place.path("keys"), place.path("lost")).unwrap();
    let restore = ["restore", "--backup", backup.trim()];
    let older = place.run(&[&restore, &KEYS, &LEDGER], "");
    assert!(
        code(&older) == 2 && text(&older.stderr).contains("are an older copy"),
        "{}",
        text(&older.stderr)
    );
    assert!(!place.path("keys").exists(), "what is refused leaves nothing");
    std::fs::rename(place.path("keys.seen"), place.path("lost.seen")).unwrap();
    let unseen = place.run(&[&restore, &KEYS, &LEDGER], "");
    let said = text(&unseen.stderr);
    assert!(code(&unseen) == 2 && said.contains("keys.seen/data-keys` is not there"), "{said}");
    assert!(
        said.contains("`phiward keys backup --to BACKUPS --unseen ...`, and `keys restore` does"),
        "{said}"
    );
    assert!(said.contains("once with `--unseen`") && !place.path("keys/salts").exists(), "{said}");
    let restored = place.run(&[&restore, &["--unseen"], &KEYS, &LEDGER], "");
    assert_eq!(code(&restored), 0, "{}", text(&restored.stderr));
    for told in ["none seals now", "escrow settled"] {
        assert!(text(&restored.stderr).contains(told), "{told}: {}", text(&restored.stderr));
    }
    // Nobody knows of the escrow: that is told until two people settle it.
    let status = place.ends(1, &[&["status"], &KEYS], "");
    assert!(
        status.contains("retired") && !status.contains("decrypt-only") && status.contains("unknown since"),
        "{status}"
    );
    let of = ["--policy", &place.bundle, "--org", "production"];
    let shredded = place.run(&[&["shred"], &of, &KEYS, &LEDGER], &format!("{ADA}\n"));
    assert_eq!(code(&shredded), 1);
    assert!(text(&shredded.stderr).contains("escrow settled"), "{}", text(&shredded.stderr));
    let settled = |and| {
        let two = ["--policy", &place.bundle, "--by", "mara-voss", "--and", and];
        code(&place.run(&[&["escrow", "settled"], &two, &KEYS, &LEDGER], ""))
    };
    assert_eq!([settled(IDENTITY), settled("mara-voss"), settled("idris-calloway")], [2, 2, 0]);
    place.ok(&["make", "--class", "phi", "--activate"]);
    let status = place.ends(0, &[&["status"], &KEYS], "");
    assert!(!status.contains("unknown"), "{status}");
}

#[test]
fn people_are_forgotten_by_the_keys_that_their_tokens_hang_on() {
    let place = Place::new();
    let fields = "objects:
  Account:
    subject: self
    default: {class: internal}
    fields:
      MRN__c: {class: internal}
      SSN__pc: {class: phi, identifier: ssn, protect: gateway, seal: {bind: key, key: MRN__c}}
";
    place.own_bundle(fields);
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    let by_key = |key| Subject::of_key(&org(), "Account.MRN__c", key);
    let token = place.sealed_for(&[by_key("M1-Canary")]).remove(0);
    place.sealed(&[ADA, BEN]);
    let here = ("root", "keys");
    let of = ["--policy", "own", "--org", "production"];
    let shred = |more: &[&str], input: &str| {
        let done = place.run(&[&["shred"], &of, more, &KEYS, &LEDGER], input);
        assert!(!text(&done.stderr).contains("Canary"));
        (code(&done), text(&done.stdout), text(&done.stderr))
    };
    // The record's own salt is gone; what hangs on its key is not, and is named.
    let (exit, _, told) = shred(&[], &format!("\u{feff}{ADA}\r\n"));
    assert_eq!(exit, 1, "{told}");
    assert!(told.contains("`Account.SSN__pc`") && told.contains("--key Account.MRN__c"), "{told}");
    assert!(place.opens_for(here, by_key("M1-Canary"), &token));
    let (exit, _, told) = shred(&["--keys-apart"], &format!("{BEN}\n"));
    assert_eq!(exit, 0, "{told}");
    // Nobody of this name: nothing was done, and nothing is said to be.
    let (exit, out, told) = shred(&["--keys-apart"], &format!("{CAL}\n"));
    assert_eq!((exit, out.as_str()), (1, "unknown\n"));
    assert!(told.contains("nothing was shredded") && !told.contains("make a new one"), "{told}");
    let (exit, _, told) = shred(&["--key", "Account.Name"], "M1-Canary\n");
    assert!(exit == 2 && told.contains("by these: Account.MRN__c"), "{told}");
    let (exit, _, told) = shred(&["--key", "Account.MRN__c"], "M2\nM1\u{200b}-Canary\n");
    assert!(exit == 2 && told.contains("line 2: it has characters that nobody sees"), "{told}");
    // As a spreadsheet saves it.
    let (exit, out, told) = shred(&["--key", "account.mrn__c"], "\u{feff}M1-Canary\r\r\n");
    assert_eq!((exit, out.trim().len()), (0, 16), "{told}");
    assert!(!place.opens_for(here, by_key("M1-Canary"), &token));
}

#[test]
fn a_key_is_one_by_both_names_and_what_hangs_on_others_is_told() {
    let place = Place::new();
    place.own_bundle(
        "objects:
  Account:
    subject: self
    default: {class: internal}
    fields:
      Name: {class: phi, identifier: name, protect: gateway}
      SSN__pc: {class: phi, identifier: ssn, protect: gateway, seal: {bind: key, key: MRN__c}}
      Card__c: {class: phi, protect: gateway, seal: {bind: key, key: Card_Number__c}}
  Contact:
    default: {class: internal}
",
    );
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    let by_key = |key| Subject::of_key(&org(), "Account.MRN__c", key);
    let tokens = place.sealed_for(&[by_key("M1-Canary"), by_key("M2-Canary")]);
    let of = ["--policy", "own", "--org", "production"];
    for ((key, input), token) in
        [("Contact.MRN__c", "M1-Canary"), ("account.mrn__C", "M2-Canary")].into_iter().zip(&tokens)
    {
        let done = place.run(&[&["shred"], &of, &["--key", key], &KEYS, &LEDGER], &format!("{input}\n"));
        let told = text(&done.stderr);
        assert!(!place.opens_for(("root", "keys"), by_key(input), token), "{told}");
        assert!(code(&done) == 1 && text(&done.stdout).trim().len() == 16, "{told}");
        assert!(
            told.contains("`Account.Card__c`") && told.contains("--key Account.Card_Number__c"),
            "{told}"
        );
        assert!(told.contains("tokens of `Account.Name` hang on the record"), "{told}");
        assert!(!told.contains("SSN__") && !told.contains("Canary") && !told.contains("ssn__"), "{told}");
    }
    let done = place.run(&[&["shred"], &of, &KEYS, &LEDGER], &format!("{ADA}\n"));
    let told = text(&done.stderr);
    assert!(
        told.contains("`Account.SSN__pc`, `Contact.SSN__c`") && told.contains("--key Account.MRN__c"),
        "{told}"
    );
    assert!(!told.contains("hang on the record"), "{told}");
}

#[test]
fn patients_are_merged_and_the_old_salt_is_retired() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    let tokens = place.sealed(&[ADA, BEN]);
    let of = ["--policy", &place.bundle, "--org", "production"];
    let merge = |input: &str| place.run(&[&["merge"], &of, &KEYS, &LEDGER], input);
    let bad = merge("Jane Canary\n");
    assert!(code(&bad) == 2 && !text(&bad.stderr).contains("Canary"));
    let merged = merge(&format!("{ADA} {BEN}\n{CAL} {BEN}\n"));
    assert_eq!(code(&merged), 1, "the second has nothing: {}", text(&merged.stderr));
    let handle = text(&merged.stdout);
    let handle = handle.strip_suffix("\nunknown\n").unwrap();
    assert!(place.opens(("root", "keys"), ADA, &tokens[0]), "as long as there are tokens");
    let status = place.ends(0, &[&["status"], &KEYS], "");
    assert!(
        status.contains("1 person, 0 shredded") && status.contains("1 person became another and has tokens"),
        "two records, one person: {status}"
    );
    let by_old_name = place.run(&[&["shred"], &of, &KEYS, &LEDGER], &format!("{ADA}\n"));
    assert!(code(&by_old_name) == 2 && text(&by_old_name.stderr).contains("survives"));
    let retired = place.run(&[&["shred", "--handles", "--rebound"], &KEYS, &LEDGER], &format!("{handle}\n"));
    let told = text(&retired.stderr);
    assert!(
        code(&retired) == 0 && told.contains("1 person merged into others, and nobody is forgotten"),
        "{told}"
    );
    assert!(!told.contains("shredded: "), "{told}");
    let status = place.ends(0, &[&["status"], &KEYS], "");
    assert!(
        status.contains("1 person, 0 shredded") && status.contains("retired: 1 handle, of people who"),
        "{status}"
    );
    assert!(!place.opens(("root", "keys"), ADA, &tokens[0]));
    assert!(place.opens(("root", "keys"), BEN, &tokens[1]));
}

#[test]
fn shares_that_cannot_be_written_leave_no_escrow() {
    let place = Place::new();
    place.init();
    std::fs::create_dir(place.path("shares")).unwrap();
    // Nothing lies there, and nothing can be made there.
    std::os::unix::fs::symlink("nowhere/at/all", place.path("shares/share-2.txt")).unwrap();
    let escrow = ["escrow", "make", "--to", "escrow", "--shares-in", "shares"];
    let failed = place.run(&[&escrow, &KEYS, &LEDGER], "");
    assert_eq!(code(&failed), 2);
    assert!(text(&failed.stderr).contains("no escrow was made"), "{}", text(&failed.stderr));
    assert!(!place.path("escrow").exists() && !place.path("shares/share-1.txt").exists());
    let escrowed =
        |told: Vec<String>| told.into_iter().filter(|said| said.starts_with("escrowed")).collect::<Vec<_>>();
    assert_eq!(escrowed(place.told()), ["escrowed tenant intended", "escrowed tenant failed"]);
    assert!(place.ends(0, &[&["status"], &KEYS], "").contains("none: with the root lost"));
    std::fs::remove_file(place.path("shares/share-2.txt")).unwrap();
    place.ok(&escrow);
}

#[test]
fn a_keyring_names_the_escrows_that_bring_trail_keys_back() {
    let place = Place::new();
    place.init();
    let ring = ["--ring", "ring", "--passphrase-file", "pass"];
    let of = ["--policy", &place.bundle, "--org", "production"];
    let keyring = |words: &[&[&str]], input: &str| {
        let words = [&["ledger", "keyring"], &words.concat()[..], &ring].concat();
        place.piped(&words, input)
    };
    assert_eq!(code(&keyring(&[&["init"]], "")), 0);
    assert_eq!(code(&keyring(&[&["pseudonym", "--new"], &of], &format!("{ADA}\n{BEN}\n"))), 0);
    let trail = ["--trail", "ring", "--trail-passphrase-file", "pass"];
    let escrow = [&["escrow", "make", "--to", "escrow", "--shares-in", "shares"], &trail[..]].concat();
    let id = place.ok(&escrow);
    assert_eq!(code(&keyring(&[&["check"]], "")), 0);
    let shredded = keyring(&[&["shred"], &of, &LEDGER], &format!("{ADA}\n"));
    assert_eq!(code(&shredded), 1, "{}", text(&shredded.stderr));
    let named = format!("escrow {}", id.trim());
    assert!(text(&shredded.stderr).contains(&named), "{}", text(&shredded.stderr));
    let check = keyring(&[&["check"]], "");
    assert!(code(&check) == 1 && text(&check.stderr).contains(&named));
    let two = ["--policy", &place.bundle, "--by", "mara-voss", "--and", "idris-calloway"];
    place.ends(0, &[&["escrow", "destroyed", id.trim()], &two, &trail, &KEYS, &LEDGER], "");
    assert_eq!(code(&keyring(&[&["check"]], "")), 0);
}

#[test]
fn a_bundle_of_ones_own_approves_nothing() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi"]);
    place.ok(&["disable", "--key", "0"]);
    let own = "version: 1
organisation: {name: Harbor Health, roles: [covered-entity]}
regions: [us]
approvers:
  required: 1
  people:
    - {id: mal-lory, name: Mal Lory, role: privacy-officer}
    - {id: os-car, name: Os Car, role: security-officer}
orgs: [{id: production, kind: production, region: us}]
";
    std::fs::create_dir(place.path("own")).unwrap();
    std::fs::write(place.path("own/phiward.yaml"), own).unwrap();
    let theirs = ["--policy", "own", "--by", "mal-lory", "--and", "os-car"];
    for act in [&["destroy", "--key", "0"][..], &["approvers"]] {
        let refused = place.run(&[act, &theirs, &KEYS, &LEDGER], "");
        assert_eq!(code(&refused), 2);
        assert!(text(&refused.stderr).contains("is not among the approvers"), "{}", text(&refused.stderr));
    }
    // Nor does who got the id of one that is pinned.
    let given =
        own.replace("{id: mal-lory,", "{id: mara-voss,").replace("{id: os-car,", "{id: idris-calloway,");
    std::fs::create_dir(place.path("given")).unwrap();
    std::fs::write(place.path("given/phiward.yaml"), given).unwrap();
    let theirs_now = ["--policy", "given", "--by", "mara-voss", "--and", "idris-calloway"];
    let refused = place.run(&[&["destroy", "--key", "0"], &theirs_now, &KEYS, &LEDGER], "");
    assert!(
        code(&refused) == 2 && text(&refused.stderr).contains("by another name or role"),
        "{}",
        text(&refused.stderr)
    );
    // Whoever is pinned brings them in, and is told who is near a name that was mistyped.
    let mistyped = ["--policy", &place.bundle, "--by", "mara-vos", "--and", "idris-calloway"];
    let near = place.run(&[&["approvers", "--next", "own"], &mistyped, &KEYS, &LEDGER], "");
    assert!(
        code(&near) == 2 && text(&near.stderr).contains("near it: `mara-voss`"),
        "{}",
        text(&near.stderr)
    );
    let pinned = ["--policy", &place.bundle, "--by", "mara-voss", "--and", "idris-calloway"];
    place.ends(0, &[&["approvers", "--next", "own"], &pinned, &KEYS, &LEDGER], "");
    let status = place.ends(1, &[&["status"], &KEYS], "");
    assert!(
        status.contains("mal-lory, os-car") && status.contains("nothing of class phi can be sealed"),
        "{status}"
    );
    place.ends(2, &[&["destroy", "--key", "0"], &pinned, &KEYS, &LEDGER], "");
    place.ends(0, &[&["destroy", "--key", "0"], &theirs, &KEYS, &LEDGER], "");
    assert!(place.told().contains(&"approvers-pinned tenant done".to_owned()));
}

#[test]
fn what_is_wrong_with_a_secret_or_a_state_is_told_with_what_to_do() {
    let place = Place::new();
    place.init();
    let status = |expected| place.run(&[&["status"], &KEYS], "").status.code() == Some(expected);
    assert!(status(0));
    let said = |words: &[&[&str]]| {
        let output = place.run(words, "");
        assert_eq!(code(&output), 2);
        text(&output.stderr)
    };
    for mode in [0o640, 0o604] {
        let open = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(place.path("pass"), open).unwrap();
        assert!(said(&[&["status"], &KEYS]).contains("`chmod 600 pass`"));
    }
    write_secret(&place.path("pass"), "seven c\n");
    let short = said(&[&["status"], &KEYS]);
    assert!(short.contains("has 7 bytes, and a passphrase has 8 at least"), "{short}");
    write_secret(&place.path("pass"), "correct horse battery\n");
    let shown = place.ends(0, &[&["status"], &KEYS], "");
    let mode = if guard::fips() { "AWS-LC, in its FIPS" } else { "AWS-LC, not in its FIPS" };
    assert!(shown.contains(mode), "{shown}");
    let json = place.ends(0, &[&["status", "--format", "json"], &KEYS], "");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["fips"], guard::fips());
    place.ok(&["make", "--class", "phi", "--activate"]);
    let two = ["--policy", &place.bundle, "--by", "mara-voss", "--and", "idris-calloway"];
    let active = said(&[&["destroy", "--key", "0"], &two, &KEYS, &LEDGER]);
    assert!(active.contains("key 0 is active") && active.contains("`disable` has it do nothing"), "{active}");
    let enable = said(&[&["enable", "--key", "0"], &KEYS, &LEDGER]);
    assert!(enable.contains("From active, `activate` of another and `retire`"), "{enable}");
}

#[test]
fn the_order_in_the_docs_leads_from_nothing_to_a_sealed_table() {
    let folder = tempfile::tempdir().unwrap();
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/keys.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let begin = docs.split_once("\n## Begin\n").unwrap().1;
    let commands = begin.split_once("```sh\n").unwrap().1.split_once("```").unwrap().0;
    let program = PathBuf::from(env!("CARGO_BIN_EXE_phiward"));
    let commands = format!("PATH=\"$BUILT:$PATH\"\n{commands}");
    let done = Command::new("sh")
        .args(["-e", "-c", &commands])
        .env("BUILT", program.parent().unwrap())
        .env("HARBOR", example("mended").parent().unwrap())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (out, err) = (text(&done.stdout), text(&done.stderr));
    assert_eq!(code(&done), 0, "{out}{err}");
    assert!(err.contains("2 rows read: 2 written, 0 refused; 2 values sealed"), "{err}");
    assert!(out.contains("3 of 5  kept") && out.contains("  opens\n"), "{out}");
    let sealed = std::fs::read_to_string(folder.path().join("sealed.csv")).unwrap();
    assert!(sealed.matches("~e1.").count() == 2 && !sealed.contains("078-05-1120"), "{sealed}");
}

#[test]
fn what_was_lost_is_named_with_what_brings_it_back() {
    let place = Place::new();
    place.init();
    let status = || {
        let shown = place.run(&[&["status", "--backups", "backups"], &KEYS], "");
        (code(&shown), text(&shown.stdout), text(&shown.stderr))
    };
    // Before the first backup.
    let (exit, out, _) = status();
    assert!(exit == 1 && out.contains("no backup opens: make one"), "{out}");
    place.ok(&["backup", "--to", "backups"]);
    assert_eq!(status().0, 0);
    // What was seen is put back where it was, and nothing stands in its place.
    std::fs::rename(place.path("keys.seen"), place.path("moved")).unwrap();
    let (exit, _, err) = status();
    assert!(exit == 2 && err.contains("put it back"), "{err}");
    assert!(!place.path("keys.seen").exists());
    std::fs::rename(place.path("moved"), place.path("keys.seen")).unwrap();
    assert_eq!(status().0, 0);
    std::fs::rename(place.path("keys"), place.path("moved")).unwrap();
    let (exit, _, err) = status();
    assert!(exit == 2 && err.contains("no keys are in `keys`: `keys init` makes new ones"), "{err}");
    assert!(!place.path("keys").exists());
}
