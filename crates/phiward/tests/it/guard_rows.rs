//! Data jobs, as somebody runs them: a file goes through the guard, and the ledger tells of it.

mod reopened;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use guard::Token;
use journal::act::{KeyKind, KeyStep};
use journal::{Act, Entry, EntryOutcome};

use crate::ledger::stored;
use crate::{code, text, write_secret};

const BUNDLE: &str = "\
version: 1
organisation: {name: Harbor Health, roles: [covered-entity]}
regions: [us]
approvers:
  required: 1
  people:
    - {id: mara-voss, name: Mara Voss, role: privacy-officer}
    - {id: idris-calloway, name: Idris Calloway, role: security-officer}
orgs:
  - {id: production, kind: production, region: us}
identities:
  - {id: loader, kind: integration, purposes: [operations]}
  - {id: clerk, kind: role, purposes: [treatment, operations]}
";

const CLASSIFICATION: &str = "\
objects:
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
      Diagnosis__pc: {class: phi-sensitive, identifier: clinical, tags: [hiv], protect: gateway}
      PersonEmail: {class: pii, identifier: email, mask: email-domain}
";

const PATIENTS: &str = "\
Id,Name,SSN__pc,Diagnosis__pc,PersonEmail,Status__pc
001Hs0000000001AAA,Grace Canary,078-05-1120,\"B20, \"\"HIV\"\"\",grace@canary.example,active
001Hs0000000002,Ada Canary,219-09-9999,E11.9,ada@canary.example,active
";

/// Values that stand in no file but those that are given out.
const CANARIES: [&str; 5] = ["Canary", "canary", "078-05-1120", "219-09-9999", "HIV"];

pub(crate) struct Place {
    folder: tempfile::TempDir,
}

pub(crate) const KEYS: [&str; 6] = ["--dir", "keys", "--root", "file:root", "--passphrase-file", "pass"];
pub(crate) const RIGHT: [&str; 7] =
    ["--object", "Account", "--policy", "phiward", "--who", "loader", "--none-object"];
pub(crate) const TOLD: [&str; 6] = ["--ledger", "D", "--trail", "ring", "--trail-passphrase-file", "pass"];

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir_all(place.path("phiward/classification")).unwrap();
        let id = journal::names::RecordId::of("001Hs0000000001").unwrap();
        let patients = PATIENTS.replace("001Hs0000000001AAA", id.as_str());
        for (name, content) in [
            ("phiward/phiward.yaml", BUNDLE),
            ("phiward/classification/patients.yaml", CLASSIFICATION),
            ("patients.csv", &patients),
        ] {
            std::fs::write(place.path(name), content).unwrap();
        }
        write_secret(&place.path("pass"), "correct horse battery\n");
        place.ok(&["ledger", "init", "--dir", "D", "--writer", "jobs"], "");
        place.ok(&["ledger", "keyring", "init", "--ring", "ring", "--passphrase-file", "pass"], "");
        place.ok(
            &[&["keys", "init", "--tenant", "harbor", "--policy", "phiward", "--ledger", "D"][..], &KEYS]
                .concat(),
            "",
        );
        for class in ["phi", "phi-sensitive"] {
            let make = ["keys", "make", "--class", class, "--activate", "--ledger", "D"];
            place.ok(&[&make[..], &KEYS].concat(), "");
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run(&self, words: &[&str], input: &str) -> Output {
        use std::io::Write as _;
        let mut command = Command::new(env!("CARGO_BIN_EXE_phiward"));
        command.args(words).current_dir(self.folder.path());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    pub(crate) fn ends(&self, expected: i32, words: &[&str], input: &str) -> (String, String) {
        let output = self.run(words, input);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(code(&output), expected, "{words:?}: {out}{err}");
        (out, err)
    }

    pub(crate) fn ok(&self, words: &[&str], input: &str) -> String {
        self.ends(0, words, input).0
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        stored(&self.path("D")).values().map(|bytes| Entry::read(bytes).unwrap()).collect()
    }
}

fn guard<'w>(act: &'w str, more: &[&'w str]) -> Vec<&'w str> {
    [&["guard", act], &RIGHT[..], &KEYS, &TOLD, more].concat()
}

pub(crate) fn column<'t>(table: &'t str, name: &str) -> Vec<&'t str> {
    let mut lines = table.lines();
    let at = lines.next().unwrap().split(',').position(|own| own == name).unwrap();
    lines.map(|line| line.split(',').nth(at).unwrap()).collect()
}

#[test]
fn a_file_is_sealed_and_opened_and_the_ledger_tells_whose_it_was() {
    let place = Place::new();
    let before = place.entries().len();
    place.ok(&guard("seal", &["patients.csv", "--output", "sealed.csv"]), "");
    let sealed = std::fs::read_to_string(place.path("sealed.csv")).unwrap();
    assert!(column(&sealed, "Name").iter().all(|cell| Token::is_one(cell)), "{sealed}");
    for canary in ["Canary", "078-05-1120", "HIV"] {
        assert!(!sealed.contains(canary), "{canary}");
    }
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(place.path("sealed.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others can read it");
    let opened = place.ok(&guard("open", &["--purpose", "operations"]), &sealed);
    let plain = std::fs::read_to_string(place.path("patients.csv")).unwrap();
    assert_eq!(opened, plain);
    let masked = place.ok(&guard("mask", &["sealed.csv"]), "");
    assert_eq!(column(&masked, "Name"), ["G. C.", "A. C."]);
    assert_eq!(column(&masked, "SSN__pc"), ["****1120", "****9999"]);

    let entries = place.entries();
    let told: Vec<&Entry> = entries.iter().skip(before).collect();
    assert_eq!(told.len(), 3, "one for each batch");
    for entry in &told {
        assert_eq!(entry.act.key(), "field-access");
        assert_eq!(entry.who.as_ref().unwrap().as_str(), "loader");
        assert_eq!(entry.data[0].touched.len(), 2, "two people");
    }
    // Values that were opened are told as fields, masked ones as covered.
    assert!(told[1].data[0].fields.iter().any(|field| field.as_str() == "SSN__pc"));
    assert!(told[2].data[0].fields.is_empty() && told[2].data[0].covered.len() == 5);
    assert_eq!(told[0].data[0].touched, told[1].data[0].touched);
    for bytes in stored(&place.path("D")).values() {
        let bytes = String::from_utf8_lossy(bytes);
        assert!(CANARIES.iter().all(|canary| !bytes.contains(canary)), "{bytes}");
    }
    place.ok(&["ledger", "verify", "--dir", "D"], "");
}

/// Of a person's token under one of the first keys.
fn token_characters(value: &str) -> usize {
    Token::length(guard::Algorithm::Subject, guard::KeyNumber::of(1).unwrap(), value.len())
}

#[test]
fn the_longest_token_is_told_also_where_columns_come_later() {
    let place = Place::new();
    let lines = "{\"Id\":\"001Hs0000000001\",\"Name\":\"A longer name of a Canary\"}\n\
                 {\"Id\":\"001Hs0000000002\",\"Name\":\"Canary\",\"SSN__pc\":\"123-45-6789\"}\n";
    let (_, err) = place.ends(0, &guard("seal", &["--format", "jsonl"]), lines);
    let name = format!("Name {}", token_characters("A longer name of a Canary"));
    assert!(err.contains(&name), "{err}");
}

#[test]
fn lines_of_json_go_the_same_way() {
    let place = Place::new();
    let line =
        r#"{"attributes":{"type":"Account"},"Id":"001Hs0000000001","Name":"Grace Canary","SSN__pc":null}"#;
    let sealed = place.ok(&guard("seal", &["--format", "jsonl"]), line);
    assert!(sealed.contains(r#""Name":"~e1."#) && sealed.contains(r#""attributes":{"type":"Account"}"#));
    let opened = place.ok(&guard("open", &["--format", "jsonl"]), &sealed);
    assert_eq!(opened.trim_end(), line);
}

#[test]
fn a_job_that_is_killed_leaves_nothing_behind() {
    use std::io::Write as _;
    let place = Place::new();
    let words = guard("seal", &["--output", "out/sealed.csv"]);
    std::fs::create_dir(place.path("out")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_phiward"));
    command.args(words).current_dir(place.path("."));
    let mut job = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut input = job.stdin.take().unwrap();
    let rows = |from: u64| -> String {
        let row = |at| journal::names::RecordId::of(&format!("001Hs{at:010}"));
        (from..from + 10_000).map(|at| format!("{},Ada Canary\n", row(at).unwrap().as_str())).collect()
    };
    input.write_all(format!("Id,Name\n{}", rows(0)).as_bytes()).unwrap();
    // A batch is written once the ledger has its entry.
    let is_told = || place.entries().iter().any(|entry| entry.act.key() == "field-access");
    while !is_told() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    job.kill().unwrap();
    job.wait().unwrap();
    let left = std::fs::read_dir(place.path("out")).unwrap();
    assert_eq!(
        left.map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>(),
        Vec::<std::ffi::OsString>::new()
    );
}

#[test]
#[cfg(target_os = "linux")]
fn an_act_ends_though_nobody_can_be_told() {
    let place = Place::new();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_phiward"));
    command.args(["keys", "status"]).args(KEYS).current_dir(place.path("."));
    assert_eq!(command.stdout(full()).stderr(full()).status().unwrap().code(), Some(2));
    let make = ["keys", "make", "--class", "phi", "--ledger", "D"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_phiward"));
    command.args(make).args(KEYS).current_dir(place.path(".")).stderr(full());
    let made = command.output().unwrap();
    assert_eq!(code(&made), 0, "standard error is for who looks on");
    assert!(place.ok(&[&["keys", "status"][..], &KEYS].concat(), "").contains("pending"));
}

#[test]
fn no_file_is_written_over_and_columns_that_nobody_named_are_told() {
    let place = Place::new();
    let (_, err) = place.ends(2, &guard("seal", &["patients.csv", "--output", "patients.csv"]), "");
    assert!(err.contains("`patients.csv` is there already"), "{err}");
    let (_, err) = place.ends(0, &guard("seal", &["patients.csv", "--output", "sealed.csv"]), "");
    assert!(err.contains("no line of the bundle names the columns 6: they went by"), "{err}");
}

#[test]
fn rows_that_are_refused_are_kept_apart_and_named() {
    let place = Place::new();
    let table = "Id,Name\n001Hs0000000001,Grace Canary\n,Nobody Canary\n001Hs0000000002,Ada Canary\n";
    let (out, err) = place.ends(2, &guard("seal", &["--output", "out.csv"]), table);
    assert_eq!(out, "");
    assert!(err.contains("line 3, `Name`: nothing says whose value it is: `Id` is empty"), "{err}");
    assert!(!err.contains("Canary") && !place.path("out.csv").exists());
    let same = guard("seal", &["--output", "out.csv", "--refused", "out.csv"]);
    place.ends(2, &same, table);
    let with = guard("seal", &["--output", "out.csv", "--refused", "refused.csv"]);
    let (_, err) = place.ends(1, &with, table);
    assert!(err.contains("3 rows read: 2 written, 1 refused; 2 values sealed"), "{err}");
    let longest = token_characters("Grace Canary");
    assert!(err.contains(&format!("characters of the longest token: Name {longest};")), "{err}");
    let refused = std::fs::read_to_string(place.path("refused.csv")).unwrap();
    assert!(refused.starts_with("Line,Column,Reason,Id,Name\n3,Name,nothing says whose"), "{refused}");
    let out = std::fs::read_to_string(place.path("out.csv")).unwrap();
    assert_eq!(out.lines().count(), 3);
}

#[test]
fn who_is_let_back_in_stands_in_the_ledger_before_anything_is_sealed_for_them() {
    let place = Place::new();
    let (ada, ben, cal) = ("001Hs0000000001", "001Hs0000000002", "001Hs0000000003");
    let table = format!("Id,Name\n{ada},Grace Canary\n{ben},Ada Canary\n{cal},Cal Canary\n");
    place.ok(&guard("seal", &[]), &table);
    let of = ["--policy", "phiward", "--org", "production", "--ledger", "D"];
    let shred = [&["keys", "shred"], &KEYS[..], &of].concat();
    let (gone, err) = place.ends(0, &shred, &format!("{ada}\n{cal}\n"));
    assert!(err.starts_with("phiward: shredded: 2 people\n"), "{err}");
    let gone: Vec<&str> = gone.lines().collect();
    place.ends(2, &guard("seal", &[]), &table);
    let before = place.entries().len();
    // One of those who were shredded, and somebody who was not.
    let back = format!("Id,Name\n{ada},Grace Canary\n{ben},Ada Canary\n");
    place.ok(&guard("seal", &["--again"]), &back);
    let entries = place.entries().split_off(before);
    let [intended, done, sealed] = &entries[..] else { panic!("{entries:?}") };
    assert!(matches!(&sealed.act, Act::FieldAccess(_)));
    for (entry, outcome) in [(intended, EntryOutcome::Intended), (done, EntryOutcome::Done)] {
        let Act::KeyEvent(event) = &entry.act else { panic!("{entry:?}") };
        assert_eq!((event.step, event.kind, entry.outcome), (KeyStep::Readmitted, KeyKind::Subject, outcome));
        assert_eq!((event.key.to_string().as_str(), event.keys), (gone[0], None));
        assert_eq!(entry.who.as_ref().map(ToString::to_string).as_deref(), Some("loader"));
        assert!(entry.policy.is_some() && entry.correlation == intended.correlation);
    }
    // Nobody of them was shredded any more.
    place.ok(&guard("seal", &["--again"]), &back);
    assert_eq!(place.entries().len(), before + 4);
    // Somebody answers for it that nothing tells of them.
    let unrecorded = [&["guard", "seal", "--again", "--unrecorded"], &RIGHT[..], &KEYS].concat();
    place.ok(&unrecorded, &format!("Id,Name\n{cal},Cal Canary\n"));
    assert_eq!(place.entries().len(), before + 4);
}

#[test]
fn what_stands_unsealed_is_told() {
    let place = Place::new();
    let table = "Id,Name,Diagnosis__pc\n001Hs0000000001,Grace Canary,B20\n001Hs0000000002,Ada Canary,\n";
    let (out, err) = place.ends(1, &guard("open", &[]), table);
    assert!(out.contains("Grace Canary"));
    assert!(err.contains("3 values stood there unsealed, where the bundle asks for tokens"), "{err}");
    assert!(err.contains("seal them (`Name`: 2, `Diagnosis__pc`: 1)"), "{err}");
}

#[test]
fn what_was_written_beside_a_token_is_told_by_column_and_not_repeated() {
    let place = Place::new();
    place.ok(&guard("seal", &["patients.csv", "--output", "sealed.csv"]), "");
    let sealed = std::fs::read_to_string(place.path("sealed.csv")).unwrap();
    let digests = column(&sealed, "SSN_Digest__pc");
    // Somebody wrote another number over what was left of one, and a note into the index of both.
    let table = sealed.replace("****1120", "219-09-9999");
    assert_ne!(table, sealed);
    let table = digests.iter().fold(table, |table, digest| table.replace(digest, "Canary note"));
    for act in ["open", "mask"] {
        let (out, err) = place.ends(1, &guard(act, &[]), &table);
        assert!(err.contains("1 value was written beside a token, and not given out"), "{err}");
        assert!(err.contains("which of the two is right (`SSN__pc`: 1)"), "{err}");
        assert!(err.contains("2 digests are of another value than the token beside it"), "{err}");
        assert!(err.contains("mends it (`SSN_Digest__pc`: 2)"), "{err}");
        CANARIES.iter().for_each(|canary| assert!(!err.contains(canary), "{canary}: {err}"));
        assert!(!out.contains("Canary note"), "{out}");
    }
    let (_, err) = place.ends(0, &guard("open", &[]), &sealed);
    assert!(!err.contains("beside") && !err.contains("digest"), "{err}");
}

#[test]
fn tokens_that_the_bundle_does_not_seal_are_told() {
    let place = Place::new();
    let sealed = place.ok(&guard("seal", &[]), "Id,Name\n001Hs0000000001,Grace Canary\n");
    let token = column(&sealed, "Name")[0];
    let table =
        format!("Id,Status__pc,PersonEmail\n001Hs0000000001,{token},{token}\n001Hs0000000001,{token},\n");
    for act in ["open", "mask"] {
        let (_, err) = place.ends(1, &guard(act, &[]), &table);
        assert!(
            err.contains("3 tokens stood in columns where the bundle seals nothing, and not opened: seal these fields in the bundle as they were sealed (column 2: 2, `PersonEmail`: 1)"),
            "{err}"
        );
        assert!(!err.contains(token), "{err}");
    }
}

#[test]
fn nothing_is_done_without_right_record_or_class() {
    let place = Place::new();
    let without = |left_out: &str| -> String {
        let mut words = guard("open", &["patients.csv"]);
        let at = words.iter().position(|word| *word == left_out).unwrap();
        let takes = if left_out == "--none-object" { 1 } else { 2 };
        words.drain(at..at + takes);
        let (out, err) = place.ends(2, &words, "");
        assert_eq!(out, "");
        err
    };
    assert!(without("--none-object").contains("say with --none-object"));
    let words = [&["guard", "open", "patients.csv"][..], &RIGHT, &KEYS].concat();
    let (_, err) = place.ends(2, &words, "");
    assert!(err.contains("not worked on unrecorded"), "{err}");
    let words = [&["guard", "open", "patients.csv"][..], &RIGHT, &KEYS, &["--ledger", "D"]].concat();
    let (_, err) = place.ends(2, &words, "");
    assert!(err.contains("name the keyring with --trail"), "{err}");
    // A clerk has two purposes, and the policy is told which.
    let mut words = guard("open", &["patients.csv"]);
    let at = words.iter().position(|word| *word == "loader").unwrap();
    words[at] = "clerk";
    let (out, err) = place.ends(2, &words, "");
    assert!(out.is_empty() && err.contains("the policy cannot tell"), "{err}");
    let words: Vec<&str> = words.into_iter().filter(|word| *word != "patients.csv").collect();
    let table = "Id,Name\n001Hs0000000001,Grace Canary\n";
    place.ends(1, &[&words[..], &["--purpose", "treatment"]].concat(), table);
    // What the bundle does not classify.
    let bundle = CLASSIFICATION.replace("    default: {class: internal}\n", "");
    std::fs::write(place.path("phiward/classification/patients.yaml"), bundle).unwrap();
    let (_, err) = place.ends(2, &guard("seal", &["patients.csv"]), "");
    assert!(err.contains("column 6 is classified by no line of the bundle"), "{err}");
    // Without a header the first row stands in its place, and is not repeated.
    let (_, err) = place.ends(2, &guard("open", &[]), "001Hs0000000001,Grace Canary\n");
    assert!(err.contains("column 1 has no API name of a field: is the header missing"), "{err}");
    let (_, err) = place.ends(2, &guard("open", &[]), "Canary,Grace\n");
    assert!(err.contains("column 1 is classified by no line") && !err.contains("Canary"), "{err}");
    // A bundle with an error is not enforced.
    std::fs::write(place.path("phiward/phiward.yaml"), "version: 1\nnonsense: 1\n").unwrap();
    let (_, err) = place.ends(2, &guard("seal", &["patients.csv"]), "");
    assert!(err.contains("nothing is judged by it"), "{err}");
}

#[test]
fn a_table_is_de_identified_and_the_report_says_by_which_item() {
    let place = Place::new();
    let words =
        [&["guard", "deidentify", "patients.csv", "--report", "report.json"][..], &RIGHT, &TOLD].concat();
    let (out, err) = place.ends(0, &words, "");
    for canary in ["Canary", "canary", "078-05-1120", "001Hs"] {
        assert!(!out.contains(canary), "{canary}: {out}");
    }
    assert!(out.lines().skip(1).all(|line| line.ends_with(",active")), "{out}");
    assert!(err.contains("SSN__pc: taken out (G)") && err.contains("164.514(b)(2)(ii)"), "{err}");
    let report = std::fs::read(place.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!((&report["rows"], &report["method"]), (&2.into(), &"45 CFR 164.514(b)(2)".into()));
    let ssn = report["columns"].as_array().unwrap().iter().find(|column| column["column"] == "SSN__pc");
    assert_eq!(ssn.unwrap()["item"], "G");
    let last = place.entries().pop().unwrap();
    assert_eq!(last.act.key(), "field-access");
}

#[test]
fn a_ledger_that_is_locked_tells_of_what_is_de_identified() {
    let place = Place::new();
    write_secret(&place.path("other"), "another horse battery\n");
    place.ok(&["ledger", "init", "--dir", "E", "--passphrase-file", "other"], "");
    let told = ["--ledger", "E", "--trail", "ring", "--trail-passphrase-file", "pass"];
    let words = [&["guard", "deidentify", "patients.csv"][..], &RIGHT, &told].concat();
    let (_, err) = place.ends(2, &words, "");
    assert!(
        err.contains("it is locked by a passphrase") && err.contains("--ledger-passphrase-file"),
        "{err}"
    );
    place.ok(&[&words[..], &["--ledger-passphrase-file", "other"]].concat(), "");
    assert_eq!(stored(&place.path("E")).len(), 1);
}

#[test]
fn a_sealed_table_is_not_de_identified() {
    let place = Place::new();
    let sealed = place.ok(&guard("seal", &["patients.csv"]), "");
    let deidentify = |more: &[&str], input: &str, expected| {
        let words = [&["guard", "deidentify"][..], &RIGHT, &TOLD, more].concat();
        place.ends(expected, &words, input)
    };
    let (out, err) = deidentify(&["-"], &sealed, 2);
    assert!(err.contains("line 2, `Name`: the value is a token") && err.contains("`guard open`"), "{err}");
    assert!(!out.contains("~e") && !err.contains("~e"), "{out}{err}");
    // Opened, by way of standard input as well.
    let opened = place.ok(&guard("open", &["--purpose", "operations", "-"]), &sealed);
    let (out, _) = deidentify(&["-"], &opened, 0);
    assert_eq!(out.lines().count(), 3);
    assert_eq!(deidentify(&[], &opened, 0).0.lines().count(), 3);
    // The others go on where somebody takes those that are sealed.
    let token = column(&sealed, "Name")[1];
    let mixed =
        format!("Id,Name,Status__pc\n001Hs0000000001,Grace Canary,active\n001Hs0000000002,{token},active\n");
    let (out, err) = deidentify(&["--refused", "refused.csv"], &mixed, 1);
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(err.contains("1 row refused") && err.contains("phiward: 1 row, de-identified"), "{err}");
    let refused = std::fs::read_to_string(place.path("refused.csv")).unwrap();
    assert!(refused.contains(token), "{refused}");
}
