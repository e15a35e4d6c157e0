//! Rotation, merges, shredding and the yearly test, as somebody runs them, and as somebody kills them.

mod by_key;
mod person_accounts;

use std::process::{Command, Stdio};
use std::time::Duration;

use guard::Token;
use journal::act::{EvidenceOutcome, Examined, KeyStep};
use journal::names::RecordId;
use journal::{Act, Entry};

use crate::guard_rows::{KEYS, Place, RIGHT, TOLD, column};
use crate::text;

/// Values that no output may hold.
const CANARIES: [&str; 3] = ["Canary", "~e1.", "078-05-1"];

fn record(number: usize) -> String {
    RecordId::of(&format!("001Hs{number:010}")).unwrap().as_str().to_owned()
}

fn ssn(number: usize) -> String {
    format!("{:09}", 100_000_000 + number)
}

fn names(number: usize) -> String {
    format!("Canary {number}")
}

/// A clinic with so many patients, whose export is sealed.
fn sealed(count: usize) -> Place {
    let place = Place::new();
    let mut plain = "Id,Name,SSN__pc,Status__pc\n".to_owned();
    for at in 0..count {
        plain += &format!("{},{},{},active\n", record(at), names(at), ssn(at));
    }
    std::fs::write(place.path("many.csv"), plain).unwrap();
    let seal = [&["guard", "seal", "many.csv", "--output", "sealed.csv"], &RIGHT[..], &KEYS, &TOLD].concat();
    place.ok(&seal, "");
    place
}

fn keys<'w>(act: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    [&["keys", act], &RIGHT[..], &KEYS, &TOLD, more].concat()
}

fn act<'w>(act: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    [&["keys", act], &KEYS[..], &["--ledger", "D"], more].concat()
}

/// What the table opens to, by its columns.
fn opened(place: &Place, file: &str) -> String {
    place.ok(&[&["guard", "open", file], &RIGHT[..], &KEYS, &TOLD].concat(), "")
}

fn no_canary(said: &str) {
    CANARIES.iter().for_each(|canary| assert!(!said.contains(canary), "{canary}: {said}"));
}

/// By whom a rotation is tried, and by what right.
const ON_WORD: [&str; 9] = [
    "--policy",
    "phiward",
    "--by",
    "mara-voss",
    "--and",
    "idris-calloway",
    "--who",
    "loader",
    "--none-object",
];

#[test]
fn keys_are_rotated_from_the_first_step_to_the_last() {
    let place = sealed(30);
    place.ok(&act("make", &["--class", "phi", "--activate"]), "");
    let census = |file: &str, state: &str, more: &[&str], expected| {
        place.ends(expected, &keys("census", &[&[file, "--state", state], more].concat()), "")
    };
    let (out, _) = census("sealed.csv", "c1", &[], 0);
    assert!(
        out.contains("30  tokens under key 0, of people") && out.contains("30  digests under key 0"),
        "{out}"
    );
    let (out, _) = census("sealed.csv", "c2", &["--free-of", "0"], 1);
    assert!(out.contains("key 0 is still needed, or seals"), "{out}");
    let before = place.entries().len();
    let reseal = keys("reseal", &["sealed.csv", "--out", "new.csv", "--state", "r"]);
    let (_, err) = place.ends(0, &reseal, "");
    assert!(err.contains("30 records, 30 written") && err.contains("60 values sealed anew"), "{err}");
    no_canary(&err);
    // Whose records were changed stands in the ledger.
    let entries = place.entries();
    let touched: usize =
        entries[before..].iter().flat_map(|entry| &entry.data).map(|data| data.touched.len()).sum();
    assert_eq!((entries.len() - before, touched), (1, 30));
    assert_eq!(column(&opened(&place, "new.csv"), "SSN__pc"), (0..30).map(ssn).collect::<Vec<_>>());
    let (out, _) = census("new.csv", "c3", &["--free-of", "0", "--format", "json"], 0);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told["in_order"], &told["free"][0]["free"]), (&true.into(), &true.into()));
    assert_eq!(told["census"]["fields"][0]["under"]["2 g"], 30);
    no_canary(&out);
    // The same again does nothing, and another job does not take up its state.
    let (_, err) = place.ends(0, &reseal, "");
    assert!(err.contains("30 records, 30 written"), "{err}");
    let (_, err) = place.ends(2, &keys("forget", &["sealed.csv", "--out", "x", "--state", "r"]), "");
    assert!(err.contains("is the state of another job: it is of another kind"), "{err}");
    let (_, err) = place.ends(2, &keys("reseal", &["sealed.csv", "--out", "new.csv", "--state", "r2"]), "");
    assert!(err.contains("`new.csv` is there already"), "{err}");
    // Only what changed, as a bulk update takes it.
    let changes = ["new.csv", "--out", "none.csv", "--changes-only", "--state", "r3"];
    place.ok(&keys("reseal", &changes), "");
    assert_eq!(
        std::fs::read_to_string(place.path("none.csv")).unwrap(),
        "Id,Name,SSN__pc,SSN_Token__pc,SSN_Digest__pc\n"
    );
    let changes = ["sealed.csv", "--out", "all.csv", "--changes-only", "--state", "r4"];
    place.ok(&keys("reseal", &changes), "");
    let all = std::fs::read_to_string(place.path("all.csv")).unwrap();
    assert_eq!((all.lines().count(), column(&all, "Id")[29]), (31, record(29).as_str()));
    // The old key goes; the new table does not need it.
    place.ok(&act("disable", &["--key", "0"]), "");
    opened(&place, "new.csv");
    let (_, err) = place.ends(2, &[&["guard", "open", "sealed.csv"], &RIGHT[..], &KEYS, &TOLD].concat(), "");
    assert!(err.contains("key 0 is disabled and does not open"), "{err}");
    no_canary(&err);
}

#[test]
fn without_a_key_that_seals_all_is_counted_and_it_is_told_what_mends_that() {
    let place = sealed(3);
    let status = |expected, what: &str| {
        let (out, _) = place.ends(expected, &[&["keys", "status"], &KEYS[..]].concat(), "");
        assert!(out.contains(what), "{out}");
        out
    };
    status(0, "active");
    let census = |state: &str, expected, what: &str| {
        let (out, _) = place.ends(expected, &keys("census", &["sealed.csv", "--state", state]), "");
        assert!(out.contains(what), "{out}");
    };
    // A census seals nothing, and takes no seals from a key.
    let before = std::fs::read(place.path("keys/data-keys")).unwrap();
    census("c1", 0, "sealing keys: 0");
    place.ok(&keys("forget", &["sealed.csv", "--out", "out.csv", "--state", "f"]), "");
    assert_eq!(std::fs::read(place.path("keys/data-keys")).unwrap(), before);
    for name in ["c1", "out.csv", "f"] {
        assert!(place.path(name).exists() && !place.path(&format!("{name}.lock")).exists(), "{name}");
    }
    let disable = |number| place.ok(&act("disable", &["--key", number]), "");
    disable("0");
    let mends = "nothing of class phi can be sealed, as no key is active: `keys enable --key 0` and then `keys activate --key \
                 0`, or `keys make --class phi --activate`";
    let out = status(1, mends);
    assert!(!out.contains("class phi-sensitive can be sealed"), "{out}");
    census("c2", 1, "3  do not open: their keys are pending, disabled or destroyed");
    place.ok(&act("enable", &["--key", "0"]), "");
    census("c3", 0, "sealing keys: none");
    status(1, "as no key is active: `keys activate --key 0`, or `keys make");
    let (_, err) = place.ends(2, &keys("reseal", &["sealed.csv", "--out", "x", "--state", "r"]), "");
    assert!(err.contains("`phiward keys make --class phi --activate`"), "{err}");
    place.ok(&act("activate", &["--key", "0"]), "");
    status(0, "active");
}

#[test]
fn people_are_merged_bound_anew_shredded_and_forgotten() {
    let place = sealed(6);
    let merge =
        [&["keys", "merge"], &KEYS[..], &["--ledger", "D", "--policy", "phiward", "--org", "production"]]
            .concat();
    let handle = place.ok(&merge, &format!("{} {}\n", record(1), record(2)));
    let handle = handle.trim();
    // The record was given the survivor's name, and opens all the same.
    let table = std::fs::read_to_string(place.path("sealed.csv")).unwrap();
    std::fs::write(place.path("moved.csv"), table.replace(&record(1), &record(2))).unwrap();
    assert_eq!(column(&opened(&place, "moved.csv"), "SSN__pc"), (0..6).map(ssn).collect::<Vec<_>>());
    let (out, _) =
        place.ends(1, &keys("census", &["moved.csv", "--state", "c", "--free-of-handle", handle]), "");
    assert!(out.contains(&format!("2 values are sealed under handle {handle}")), "{out}");
    place.ok(&keys("rebind", &["moved.csv", "--out", "bound.csv", "--state", "b"]), "");
    place.ok(&keys("census", &["bound.csv", "--state", "c2", "--free-of-handle", handle]), "");
    let retire = [&["keys", "shred", "--handles"], &KEYS[..], &["--ledger", "D"]].concat();
    let (_, told) = place.ends(2, &retire, &format!("{handle}\n"));
    assert!(told.contains("line 1: the person was merged") && told.contains("nothing was done"), "{told}");
    place.ok(&[&retire[..], &["--rebound"]].concat(), &format!("{handle}\n"));
    assert_eq!(column(&opened(&place, "bound.csv"), "SSN__pc"), (0..6).map(ssn).collect::<Vec<_>>());
    // An older export names who was merged away: their rows are the survivor's, whoever says that they are back.
    for more in [&[][..], &["--again"]] {
        let seal = [&["guard", "seal", "many.csv"], &RIGHT[..], &KEYS, &TOLD, more].concat();
        let out = place.ok(&seal, "");
        let handles = column(&out, "SSN_Token__pc").into_iter();
        let handles: Vec<_> = handles.map(|token| Token::parse(token).unwrap().handle().unwrap()).collect();
        assert!(handles[1] == handles[2] && handles.iter().all(|one| format!("{one:?}") != handle), "{out}");
    }
    let steps = |step: KeyStep| {
        let is_it = |entry: &&Entry| matches!(&entry.act, Act::KeyEvent(event) if event.step == step);
        place.entries().iter().filter(is_it).count()
    };
    assert_eq!(
        (steps(KeyStep::Readmitted), steps(KeyStep::Shredded), steps(KeyStep::HandleRetired)),
        (0, 0, 3)
    );
    // It is told apart from an erasure, and an older copy can retire it again.
    let (out, err) = place.ends(0, &["ledger", "shredded", "--dir", "D"], "");
    assert!(out.is_empty() && err.contains("1 handle was retired after merges"), "{out}{err}");
    assert_eq!(place.ok(&["ledger", "shredded", "--dir", "D", "--retired"], "").trim(), handle);
    let retire = [&["keys", "shred", "--retired"], &KEYS[..], &["--ledger", "D"]].concat();
    let (out, err) = place.ends(0, &retire, &format!("{handle}\n"));
    assert!(out.starts_with("merged ") && out.len() == 24 && err.contains("retired before"), "{out}{err}");
    let there = column(&std::fs::read_to_string(place.path("bound.csv")).unwrap(), "SSN_Token__pc")
        .first()
        .map(|token| format!("{:?}", Token::parse(token).unwrap().handle().unwrap()))
        .unwrap();
    let (_, err) = place.ends(2, &retire, &format!("{there}\n"));
    assert!(err.contains("line 1: in these keys the person was not merged"), "{err}");
    // A record that was moved needs a pair.
    let moved = std::fs::read_to_string(place.path("bound.csv")).unwrap().replace(&record(4), &record(5));
    std::fs::write(place.path("moved.csv"), moved).unwrap();
    let rebind = ["moved.csv", "--out", "b1.csv", "--state", "b1"];
    let (_, err) = place.ends(1, &keys("rebind", &rebind), "");
    assert!(err.contains("2 values left unopened: they are of another tenant"), "{err}");
    std::fs::write(place.path("pairs"), format!("\u{feff}{},{}\n\n", record(4), record(5))).unwrap();
    let (_, err) = place.ends(
        0,
        &keys("rebind", &["moved.csv", "--out", "b2.csv", "--state", "b2", "--pairs", "pairs"]),
        "",
    );
    assert!(err.contains("2 values sealed for somebody else than before"), "{err}");
    std::fs::write(place.path("pairs"), "one\n").unwrap();
    let wrong = ["moved.csv", "--out", "b3.csv", "--state", "b3", "--pairs", "pairs"];
    let (_, err) = place.ends(2, &keys("rebind", &wrong), "");
    assert!(err.contains("line 1: two ids of records are needed"), "{err}");
    // Who is shredded is forgotten by the index too.
    let shred =
        [&["keys", "shred"], &KEYS[..], &["--ledger", "D", "--policy", "phiward", "--org", "production"]]
            .concat();
    place.ok(&shred, &format!("{}\n", record(3)));
    let forget = ["b2.csv", "--out", "forgotten.csv", "--state", "f", "--changes-only"];
    let (_, err) = place.ends(0, &keys("forget", &forget), "");
    assert!(err.contains("1 value of shredded people forgotten"), "{err}");
    let forgotten = std::fs::read_to_string(place.path("forgotten.csv")).unwrap();
    assert_eq!(
        (column(&forgotten, "Id"), column(&forgotten, "SSN_Digest__pc")),
        (vec![record(3).as_str()], vec!["#N/A"])
    );
    let (out, _) = place.ends(0, &keys("census", &["b2.csv", "--state", "c3"]), "");
    assert!(out.contains("1  tokens under key 0 of who was shredded"), "{out}");
}

#[test]
fn a_job_that_is_killed_at_any_moment_comes_to_the_same_end() {
    const ROWS: usize = 3_000;
    let place = sealed(ROWS);
    place.ok(&act("make", &["--class", "phi", "--activate"]), "");
    let job = |speed| {
        keys("reseal", &["sealed.csv", "--out", "new.csv", "--state", "r", "--rows-per-second", speed])
    };
    let state = || std::fs::read_to_string(place.path("r")).unwrap_or_default();
    let (mut kills, mut seed, mut reached) = (0, 7_u64, Vec::new());
    // Batches of twenty records, a hundred and fifty of them.
    let slow = job("200");
    while kills < 24 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phiward"));
        command.args(&slow).current_dir(place.path(".")).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (before, wait) = (state(), seed >> 33);
        if kills % 3 == 0 {
            // Wherever it is, also while it opens its keys.
            std::thread::sleep(Duration::from_millis(wait % 900));
        } else {
            while state() == before && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_micros(wait % 250_000));
        }
        assert!(child.try_wait().unwrap().is_none(), "it came to an end, or failed, after {kills} kills");
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let rows = state().split("\"rows\": ").nth(1).map(|rest| rest.split(',').next().unwrap().to_owned());
        reached.push(rows);
    }
    let (_, err) = place.ends(0, &job("60000"), "");
    assert!(err.contains(&format!("{ROWS} records, {ROWS} written")), "{err}");
    reached.dedup();
    assert!(reached.len() > 12, "it was never killed in the middle: {reached:?}");
    let new = std::fs::read_to_string(place.path("new.csv")).unwrap();
    assert_eq!(column(&new, "Id"), (0..ROWS).map(record).collect::<Vec<_>>());
    assert!(column(&new, "SSN_Token__pc").iter().all(|token| Token::parse(token).unwrap().key().get() == 2));
    let plain = opened(&place, "new.csv");
    assert_eq!(column(&plain, "SSN__pc"), (0..ROWS).map(ssn).collect::<Vec<_>>());
    assert_eq!(column(&plain, "Name"), (0..ROWS).map(names).collect::<Vec<_>>());
    place.ok(&keys("census", &["new.csv", "--state", "c", "--free-of", "0"]), "");
}

#[test]
fn the_yearly_test_proves_a_rotation_and_leaves_its_evidence_and_nothing_else() {
    let place = Place::new();
    let root = std::fs::read(place.path("root")).unwrap();
    let keys_before = std::fs::read(place.path("keys/data-keys")).unwrap();
    let test: Vec<&str> = [
        &["keys", "test-rotation", "--root", "file:root", "--passphrase-file", "pass", "--object", "Account"]
            [..],
        &ON_WORD,
        &TOLD[..],
    ]
    .concat();
    let (out, err) = place.ends(0, &[&test[..], &["--rows", "1200", "--report", "report.json"]].concat(), "");
    assert!(err.contains("the evidence is entry"), "{err}");
    for line in [
        "Test of key rotation: in order",
        "ok  records that open: 1200",
        "ok  searches that miss a value: 0",
        "ok  records under the old keys that open: 0",
        "ok  old keys that open in a copy that was made before: 0",
        "45 CFR 164.312(a)(2)(iv)",
        "NIST SP 800-57 part 1 rev. 5",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    assert!(!out.contains("NOT"), "{out}");
    let report = std::fs::read(place.path("report.json")).unwrap();
    let entries = place.entries();
    let found = entries.iter().filter_map(|entry| match &entry.act {
        Act::Evidence(evidence) => Some(evidence),
        _ => None,
    });
    let found: Vec<_> = found.collect();
    assert_eq!(
        (found.len(), found[0].of, found[0].result),
        (1, Examined::RotationTest, EvidenceOutcome::InOrder)
    );
    assert_eq!((found[0].document, found[0].seen.get()), (journal::names::Digest::of(&report), 1200));
    assert_eq!(found[0].controls[0].to_string(), "hipaa-sec-312a2iv");
    assert_eq!(found[0].collector.as_str(), "guard");
    // The tenant's keys are what they were, and under the root is nothing more.
    assert_eq!(std::fs::read(place.path("keys/data-keys")).unwrap(), keys_before);
    let lines = |bytes: &[u8]| text(bytes).lines().count();
    assert_eq!(lines(&std::fs::read(place.path("root")).unwrap()), lines(&root));
    // Of an export of values a copy is rotated; one that is sealed already is refused, and its values stay unsaid.
    let export = ["--export", "patients.csv", "--report", "second.json"];
    let (out, _) = place.ends(0, &[&test[..], &export].concat(), "");
    assert!(out.contains("2 records (a copy of an export)"), "{out}");
    no_canary(&(out + &std::fs::read_to_string(place.path("second.json")).unwrap()));
    // A report is not written over.
    let (_, err) = place.ends(2, &[&test[..], &["--rows", "2", "--report", "report.json"]].concat(), "");
    assert!(err.contains("`report.json` is there already"), "{err}");
    assert_eq!(std::fs::read(place.path("report.json")).unwrap(), report);
    // Records and classes without a value are no failure: that nothing was tested of them is told.
    let head = "Id,Name,SSN__pc,Diagnosis__pc,PersonEmail,Status__pc\n";
    let row = |number: usize, name: &str| format!("{},{name},,,,active\n", record(number));
    let gaps = [head.to_owned(), row(1, "Grace Canary"), row(2, ""), row(3, "Ada Canary")].concat();
    std::fs::write(place.path("gaps.csv"), gaps).unwrap();
    let export = ["--export", "gaps.csv", "--report", "gaps.json"];
    let (out, _) = place.ends(0, &[&test[..], &export].concat(), "");
    for line in [
        "3 records (a copy of an export), 1 of them without a value that is to be sealed",
        "fields    Name\n",
        "untested  SSN__pc, Diagnosis__pc: the records have no value of these",
        "phi-sensitive: 1 was replaced by 3, 0 values",
        "ok  records written: 2",
        "ok  old keys that the first table does not need: 1",
        "1 record has no value to be sealed",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    assert!(!out.contains("NOT"), "{out}");
    std::fs::write(place.path("none.csv"), [head.to_owned(), row(1, ""), row(2, "")].concat()).unwrap();
    let export = ["--export", "none.csv", "--report", "none.json"];
    let (_, err) = place.ends(2, &[&test[..], &export].concat(), "");
    assert!(err.contains("of 2 records none has a value") && err.contains("nothing is tested"), "{err}");
    assert!(!place.path("none.json").exists());
    let seal =
        [&["guard", "seal", "patients.csv", "--output", "sealed.csv"], &RIGHT[..], &KEYS, &TOLD].concat();
    place.ok(&seal, "");
    let (_, err) =
        place.ends(2, &[&test[..], &["--export", "sealed.csv", "--report", "x.json"]].concat(), "");
    assert!(err.contains("record 1 cannot be sealed") && err.contains("values that are not sealed"), "{err}");
    no_canary(&err);
}

/// Every way in which a field can be bound, looked up and left.
const VISITS: &str = "\
objects:
  Visit__c:
    subject: Patient__c
    default: {class: internal}
    fields:
      Note__c: {class: phi-sensitive, identifier: clinical, protect: gateway}
      Cause__c: {class: phi, identifier: clinical, protect: gateway, seal: {bind: key, key: Visit_Key__c}}
      Room__c: {class: pii, identifier: clinical, protect: gateway, seal: {bind: field}}
      Code__c:
        {class: phi, identifier: mrn, protect: gateway, search: equality, seal: {field: Code_Token__c, leave: digits},
         index: {field: Code_Digest__c, values: 1000000}}
      On__c:
        {class: phi, identifier: date, protect: gateway, search: equality, seal: {field: On_Token__c, leave: shifted},
         index: {field: On_Digest__c, values: 20000}}
      Mail__c:
        {class: phi, identifier: email, protect: gateway, search: equality, seal: {field: Mail_Token__c, leave: surrogate},
         index: {field: Mail_Digest__c, values: 1000000}}
      Phone__c:
        {class: phi, identifier: phone, protect: gateway, search: equality, mask: last4,
         seal: {field: Phone_Token__c, leave: mask}, index: {field: Phone_Digest__c, values: 1000000, country: \"1\"}}
      Seen_By__c:
        {class: phi, identifier: name, protect: gateway, search: equality,
         index: {field: Seen_By_Digest__c, values: 1000000}}
";

#[test]
fn every_kind_of_field_passes_the_yearly_test() {
    let place = Place::new();
    std::fs::write(place.path("phiward/classification/visits.yaml"), VISITS).unwrap();
    let test = [
        &[
            "keys",
            "test-rotation",
            "--root",
            "file:root",
            "--passphrase-file",
            "pass",
            "--object",
            "Visit__c",
        ][..],
        &ON_WORD,
        &["--unrecorded", "--rows", "1500", "--report", "report.json"],
    ]
    .concat();
    let (out, err) = place.ends(0, &test, "");
    assert!(
        out.contains("fields    Note__c, Cause__c, Room__c, Code__c, On__c, Mail__c, Phone__c, Seen_By__c"),
        "{out}"
    );
    assert!(out.contains("All records were sealed anew: 12000 values."), "{out}");
    assert!(out.contains("keys      pii:") && err.contains("no ledger will tell of this"), "{out}{err}");
    // One person is not two.
    let alone: Vec<&str> =
        test.iter().map(|word| if *word == "mara-voss" { "idris-calloway" } else { word }).collect();
    let (_, err) = place.ends(2, &alone, "");
    assert!(err.contains("two people destroy a key"), "{err}");
}

#[test]
fn what_a_job_is_not_given_it_asks_for() {
    let place = sealed(2);
    let wrong = |words: &[&str], what: &str| {
        let (_, err) = place.ends(2, words, "");
        assert!(err.contains(what), "{words:?}: {err}");
        no_canary(&err);
    };
    let out = ["--out", "x", "--state", "s"];
    wrong(&keys("reseal", &[&["sealed.csv", "--to", "anybody"], &out[..]].concat()), "leave out --to");
    wrong(&keys("reseal", &[&["nothing.csv"], &out[..]].concat()), "`nothing.csv`");
    let mistyped = keys("reseal", &[&["sealed.csv"], &out[..]].concat());
    let mistyped: Vec<&str> =
        mistyped.into_iter().map(|word| if word == "loader" { "laoder" } else { word }).collect();
    wrong(&mistyped, "`--who` is no identity of the bundle; near it: `loader`");
    wrong(
        &keys("reseal", &["sealed.csv", "--out", "sealed.csv", "--state", "s"]),
        "would be written over itself",
    );
    wrong(&keys("census", &["sealed.csv", "--state", "s", "--free-of", "zz"]), "there is no key zz");
    wrong(&keys("census", &["sealed.csv", "--state", "s", "--free-of-handle", "zz"]), "is a handle");
    std::fs::write(place.path("few.csv"), format!("Id,SSN_Token__pc\n{},\n", record(1))).unwrap();
    wrong(&keys("reseal", &[&["few.csv"], &out[..]].concat()), "the records have no such column");
    let unrecorded = [&["keys", "reseal", "sealed.csv"], &RIGHT[..], &KEYS, &out].concat();
    wrong(&unrecorded, "not worked on unrecorded");
    let clerk: Vec<&str> = keys("reseal", &[&["sealed.csv"], &out[..]].concat())
        .into_iter()
        .map(|word| if word == "loader" { "clerk" } else { word })
        .collect();
    wrong(&clerk, "the policy");
    assert!(!place.path("x").exists());
}

#[test]
fn a_finished_job_is_not_another_with_other_pairs_or_another_output() {
    let place = sealed(3);
    // The second record is now the first's patient, and is given the token.
    let table = std::fs::read_to_string(place.path("sealed.csv")).unwrap().replace(&record(0), &record(2));
    std::fs::write(place.path("moved.csv"), table).unwrap();
    std::fs::write(place.path("none"), format!("{} {}\n", record(1), record(0))).unwrap();
    std::fs::write(place.path("right"), format!("\n{},{}\n", record(0), record(2))).unwrap();
    let rebind = |pairs: &str, out: &str, expected| {
        let words = ["moved.csv", "--out", out, "--state", "s", "--pairs", pairs];
        place.ends(expected, &keys("rebind", &words), "").1
    };
    rebind("none", "a.csv", 1);
    let told = rebind("right", "a.csv", 2);
    assert!(told.contains("it has another list of pairs. Name another state"), "{told}");
    let told = rebind("none", "b.csv", 2);
    assert!(told.contains("it writes to another file. Name another state"), "{told}");
    assert!(!place.path("b.csv").exists());
    // An export that somebody changed meanwhile is named as that.
    let moved = std::fs::read_to_string(place.path("moved.csv")).unwrap();
    std::fs::write(place.path("moved.csv"), format!("{moved}\n")).unwrap();
    let told = rebind("none", "a.csv", 2);
    assert!(
        told.contains("the export is another file than the one that it began with, or was changed"),
        "{told}"
    );
    std::fs::write(place.path("moved.csv"), moved).unwrap();
    // The same pairs, otherwise written.
    std::fs::write(place.path("none"), format!("{}\t{}\n\n", record(1), record(0))).unwrap();
    rebind("none", "a.csv", 1);
    std::fs::remove_file(place.path("s")).unwrap();
    let told = rebind("right", "c.csv", 0);
    assert!(told.contains("2 values sealed for somebody else than before"), "{told}");
}

#[test]
fn an_older_export_brings_nobody_back_in_silence() {
    let place = sealed(4);
    let of = ["--policy", "phiward", "--org", "production"];
    let shred = [&act("shred", &of)[..]].concat();
    place.ok(&shred, &format!("{}\n{}\n", record(1), record(3)));
    let seal = |more: &[&str], expected| {
        let words = [&["guard", "seal", "many.csv"], &RIGHT[..], &KEYS, &TOLD, more].concat();
        place.ends(expected, &words, "")
    };
    let (_, told) = seal(&["--output", "x.csv"], 2);
    assert!(told.contains("line 3") && told.contains("--again") && !place.path("x.csv").exists(), "{told}");
    let (_, told) = seal(&["--output", "y.csv", "--refused", "refused.csv"], 1);
    assert!(told.contains("4 rows read: 2 written, 2 refused; 4 values sealed"), "{told}");
    assert_eq!(column(&std::fs::read_to_string(place.path("refused.csv")).unwrap(), "Line"), ["3", "5"]);
    no_canary(&told);
    // A job does not either, and says how many there are.
    let many = std::fs::read_to_string(place.path("many.csv")).unwrap();
    let bare =
        many.replace("Status__pc", "Status__pc,SSN_Token__pc,SSN_Digest__pc").replace("active", "active,,");
    std::fs::write(place.path("bare.csv"), bare).unwrap();
    let reseal = ["bare.csv", "--out", "z.csv", "--state", "r", "--seal-what-is-not"];
    let (_, told) = place.ends(1, &keys("reseal", &reseal), "");
    assert!(told.contains("4 values left unopened: their people were shredded, and an older"), "{told}");
    assert!(told.contains("4 values sealed that stood unsealed"), "{told}");
    // Somebody says that they are back.
    let (_, told) = seal(&["--output", "again.csv", "--again"], 0);
    assert!(told.contains("4 rows read: 4 written, 0 refused; 8 values sealed"), "{told}");
    seal(&["--output", "more.csv"], 0);
}

#[test]
fn a_list_with_somebody_who_was_merged_away_names_the_line() {
    let place = sealed(4);
    let of = ["--policy", "phiward", "--org", "production"];
    let pairs = format!("{} {}\n{} {}\n", record(1), record(0), record(2), record(0));
    let merged = place.ok(&act("merge", &of), &pairs);
    assert_eq!(merged.lines().count(), 2);
    let shred = act("shred", &of);
    let (_, told) = place.ends(2, &shred, &format!("{}\n{}\n{}\n", record(3), record(1), record(2)));
    let survivor = "line 2: the person was merged into another, whose handle is ";
    let handle = told.split_once(survivor).unwrap().1.get(..16).unwrap();
    assert!(told.contains("standard input, line 3") && told.contains("nothing was done"), "{told}");
    assert!(!told.contains(&record(1)) && !told.contains("line 1:"), "{told}");
    let (_, again) = place.ends(0, &act("merge", &of), &pairs);
    assert!(again.contains("standard input, line 2: this was merged before"), "{again}");
    let (_, again) = place.ends(2, &act("merge", &of), &format!("{pairs}{} {}\n", record(1), record(3)));
    assert!(again.contains("standard input, line 3: the person was merged into another"), "{again}");
    // The handle is the survivor's, who is shredded by it with both.
    place.ok(&act("shred", &["--handles"]), &format!("{handle}\n"));
    let status = place.ok(&[&["keys", "status"][..], &KEYS].concat(), "");
    assert!(status.contains("1 person, 3 shredded"), "{status}");
}

#[test]
fn an_export_of_json_lines_is_counted_and_sealed_anew() {
    let place = Place::new();
    let lines: String = (0..3)
        .map(|at| {
            format!("{{\"Id\":\"{}\",\"Name\":\"{}\",\"Status__pc\":\"active\"}}\n", record(at), names(at))
        })
        .collect();
    std::fs::write(place.path("many.jsonl"), lines).unwrap();
    let seal = ["guard", "seal", "many.jsonl", "--output", "sealed.jsonl"];
    place.ok(&[&seal[..], &RIGHT, &KEYS, &TOLD].concat(), "");
    let (counted, err) = place.ends(0, &keys("census", &["sealed.jsonl", "--state", "c1"]), "");
    assert!(counted.contains("3 records") && counted.contains("3  tokens under key 0"), "{counted}");
    no_canary(&(counted + &err));
    place.ok(&act("make", &["--class", "phi", "--activate"]), "");
    let reseal = ["sealed.jsonl", "--out", "after.csv", "--state", "r1"];
    place.ok(&keys("reseal", &reseal), "");
    let after = opened(&place, "after.csv");
    assert_eq!(column(&after, "Name"), [names(0), names(1), names(2)]);
    assert_eq!(column(&after, "Status__pc"), ["active"; 3]);
    // A list is none of JSON.
    let of = ["--policy", "phiward", "--org", "production"];
    let (_, err) = place.ends(2, &act("shred", &of), &format!("{{\"Id\":\"{}\"}}\n", record(0)));
    assert!(err.contains("line 1: ") && err.contains("no JSON") && !err.contains(&record(0)), "{err}");
}
