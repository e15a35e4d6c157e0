//! The ledger's commands, as an operator and an auditor run them.

mod append;
mod keyring;
mod seen;
mod show;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use journal::Entry;
use tlog::{Folder, Resource, SignedCheckpoint, Source as _, WIDTH};

use crate::{code, example, text, write_secret};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A folder with a ledger of one log in it, `D`.
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.init("D", &[]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phiward"));
        command.arg("ledger").args(words).current_dir(self.folder.path());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// What a command prints that must succeed.
    fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!(code(&output), 0, "{words:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// What a command says that must end so.
    fn fails(&self, expected: i32, words: &[&str]) -> String {
        let output = self.run(words);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(code(&output), expected, "{words:?}: {said}");
        said
    }

    fn init(&self, dir: &str, more: &[&str]) -> String {
        self.ok(&[&["init", "--dir", dir], more].concat())
    }

    fn input(&self, words: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A command that refuses at once does not read.
        let feed = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feed.join().unwrap();
        output
    }

    fn append(&self, more: &[&str], input: &[u8]) -> Vec<String> {
        let output = self.input(&[&["append", "--dir", "D"], more].concat(), input);
        assert_eq!(code(&output), 0, "{}", text(&output.stderr));
        text(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// The newest checkpoint, kept in a file.
    fn keep(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, self.ok(&["checkpoint", "--dir", "D"])).unwrap();
        path.display().to_string()
    }
}

fn sample(number: u64, seed: u64) -> Vec<u8> {
    let lines = journal::sample::sample(number, seed).map(|entry| {
        let mut line = entry.bytes().unwrap();
        line.push(b'\n');
        line
    });
    lines.collect::<Vec<_>>().concat()
}

fn size(folder: &Path) -> u64 {
    let bytes = Folder::new(folder).read(Resource::Checkpoint).unwrap().unwrap();
    SignedCheckpoint::parse(&bytes).unwrap().checkpoint().size()
}

/// All entries of a log, by index, as the files have them.
pub(crate) fn stored(folder: &Path) -> BTreeMap<u64, Vec<u8>> {
    let (source, size) = (Folder::new(folder), size(folder));
    let mut all = BTreeMap::new();
    for at in 0..size.div_ceil(WIDTH) {
        let resource = Resource::entries_of(at, size).unwrap();
        let Some(bytes) = source.read(resource).unwrap() else { continue };
        for entry in tlog::bundle::Entries::new(&bytes) {
            let next = at * WIDTH + all.range(at * WIDTH..).count() as u64;
            all.insert(next, entry.unwrap().1.to_vec());
        }
    }
    all
}

fn copy(from: &Path, to: &Path) {
    if to.exists() {
        std::fs::remove_dir_all(to).unwrap();
    }
    crate::copy(from, to);
}

#[test]
fn what_is_appended_is_numbered_proved_and_verified() {
    let place = Place::new();
    assert!(place.path("D.vkey").is_file() && place.path("D.key").is_file());
    let acknowledged = place.append(&[], &sample(700, 1));
    assert_eq!(acknowledged, (0..700).map(|index| index.to_string()).collect::<Vec<_>>());
    assert_eq!(place.append(&[], &sample(2, 9)), ["700", "701"]);
    let kept = place.keep("kept");
    place.append(&[], &sample(30, 3));
    let verified = place.ok(&["verify", "--dir", "D", "--kept", &kept]);
    assert!(
        verified.contains("732 entries, 732 read, 0 deleted") && verified.contains("in order"),
        "{verified}"
    );
    place.ok(&["fsck", "--dir", "D"]);
    place.ok(&["prove", "700", "--dir", "D", "--output", "proof", "--entry", "entry"]);
    let proof = tlog::ProofFile::parse(&std::fs::read(place.path("proof")).unwrap()).unwrap();
    let entry = std::fs::read(place.path("entry")).unwrap();
    assert_eq!(entry, journal::sample::sample(1, 9).next().unwrap().bytes().unwrap());
    let key: tlog::VerifierKey =
        std::fs::read_to_string(place.path("D.vkey")).unwrap().trim().parse().unwrap();
    let leaf = tlog::TreeHash::leaf(&entry);
    let name = key.name().to_owned();
    assert_eq!(proof.verify(&leaf, &name, std::slice::from_ref(&key), &[]).unwrap().len(), 1);
    assert!(place.fails(2, &["prove", "732", "--dir", "D"]).contains("732"));
    // Nothing is made twice, and another key verifies nothing.
    assert!(place.fails(2, &["init", "--dir", "D"]).contains("already"));
    let other = place.init("E", &[]);
    place.fails(2, &["verify", "--dir", "D", "--verifier", other.trim()]);
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there() {
    let place = Place::new();
    let input = sample(10_000, 4);
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let mut at = 0_u64;
    for stop in [400, 2500, 6000] {
        let mut child = place
            .command(&["append", "--dir", "D"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let rest: Vec<u8> = lines[usize::try_from(at).unwrap()..10_000].join(&b'\n');
        let feed =
            std::thread::spawn(move || drop(stdin.write_all(&rest).and_then(|()| stdin.write_all(b"\n"))));
        let mut acknowledged = Vec::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while acknowledged.len() < stop && out.read_line(&mut line).unwrap() > 0 {
            acknowledged.push(line.trim().parse::<u64>().unwrap());
            line.clear();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        feed.join().unwrap();
        // What it said until it was killed.
        let mut said = String::new();
        out.read_to_string(&mut said).unwrap();
        let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
        acknowledged.extend(whole.lines().map(|line| line.parse::<u64>().unwrap()));
        assert_eq!(acknowledged, (at..at + acknowledged.len() as u64).collect::<Vec<_>>());
        // Opening mends; an append of nothing opens and publishes.
        place.append(&[], b"");
        let there = stored(&place.path("D"));
        assert!(there.len() as u64 >= at + acknowledged.len() as u64);
        for (index, bytes) in &there {
            assert_eq!(bytes, lines[usize::try_from(*index).unwrap()], "entry {index}");
        }
        place.ok(&["verify", "--dir", "D"]);
        at = there.len() as u64;
    }
    let rest: Vec<u8> = lines[usize::try_from(at).unwrap()..].join(&b'\n');
    place.append(&[], &rest);
    assert_eq!(stored(&place.path("D")).len(), 10_000);
    place.ok(&["verify", "--dir", "D"]);
    place.ok(&["fsck", "--dir", "D"]);
}

#[test]
fn an_older_copy_and_a_rewritten_log_are_found() {
    let place = Place::new();
    place.append(&[], &sample(300, 1));
    copy(&place.path("D"), &place.path("old"));
    let early = place.keep("early");
    place.append(&[], &sample(300, 2));
    let late = place.keep("late");
    copy(&place.path("D"), &place.path("whole"));
    // Put back: the ledger itself refuses, and so does whoever kept a checkpoint.
    copy(&place.path("old"), &place.path("D"));
    let refused = place.input(&["append", "--dir", "D"], &sample(1, 3));
    assert_eq!(code(&refused), 2);
    assert!(text(&refused.stderr).contains("600"), "{}", text(&refused.stderr));
    assert!(
        place.fails(1, &["verify", "--dir", "D", "--kept", &late]).contains("it was cut or is an older copy")
    );
    place.ok(&["verify", "--dir", "D", "--kept", &early]);
    // The operator takes away what the ledger remembers, and writes on: only who kept a checkpoint knows.
    std::fs::remove_file(place.path("D.seen")).unwrap();
    let refused = place.input(&["append", "--dir", "D"], &sample(1, 3));
    assert!(text(&refused.stderr).contains("--unseen"), "{}", text(&refused.stderr));
    place.append(&["--unseen"], &sample(400, 3));
    assert!(String::from_utf8_lossy(&stored(&place.path("D"))[&300]).contains("restored"));
    place.ok(&["verify", "--dir", "D", "--kept", &early]);
    assert!(place.fails(1, &["verify", "--dir", "D", "--kept", &late]).contains("it was rewritten"));
    // Its settings are its own word as well.
    let settings = std::fs::read_to_string(place.path("D/ledger.json")).unwrap();
    std::fs::write(place.path("D/ledger.json"), settings.replace("\"one\"", "\"month\"")).unwrap();
    for command in ["verify", "fsck"] {
        let said = place.fails(1, &[command, "--dir", "D"]);
        assert!(said.contains("ledger.json") && said.contains("signature does not hold"), "{said}");
    }
    std::fs::write(place.path("D/ledger.json"), settings).unwrap();
    // A bundle that is gone without a word is found too.
    copy(&place.path("whole"), &place.path("D"));
    std::fs::remove_file(place.path("D/tile/entries/000")).unwrap();
    let said = place.fails(1, &["verify", "--dir", "D"]);
    assert!(said.contains("entries 0 to 255 are not there, and no entry says"), "{said}");
    assert!(place.fails(1, &["fsck", "--dir", "D"]).contains("tile/entries/000"));
    // What a file is named steers no terminal.
    std::fs::write(place.path("D/\u{1b}[2J\u{202e}x"), "").unwrap();
    let said = place.fails(1, &["fsck", "--dir", "D"]);
    assert!(said.contains("none of the log's files") && !said.contains(['\u{1b}', '\u{202e}']), "{said:?}");
}

/// A program that listens, until it is let go.
struct Listening {
    child: Child,
    address: String,
    said: Vec<String>,
}

impl Listening {
    fn start(mut command: Command) -> Self {
        let child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let mut listening = Self { child, address: String::new(), said: Vec::new() };
        let mut out = BufReader::new(listening.child.stdout.take().unwrap());
        while listening.address.is_empty() {
            let mut line = String::new();
            assert!(out.read_line(&mut line).unwrap() > 0, "it ended");
            let line = line.trim().to_owned();
            match line.strip_prefix("listening on http://") {
                Some(address) => listening.address = address.to_owned(),
                None => listening.said.push(line),
            }
        }
        listening
    }

    fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
        (status, answer[at + 4..].to_vec())
    }

    /// Asks it to end, and gives what it said of what went wrong.
    fn end(mut self) -> String {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success());
        said
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_log_is_served_as_it_lies_and_nothing_else() {
    let place = Place::new();
    place.append(&[], &sample(300, 1));
    let server = Listening::start(place.command(&["serve", "--dir", "D", "--listen", "127.0.0.1:0"]));
    for file in ["checkpoint", "tile/0/000", "tile/entries/000", "tile/entries/001.p/44", "tile/0/001.p/44"] {
        let (status, body) = server.get(&format!("/{file}"));
        assert_eq!((status, body), (200, std::fs::read(place.path("D").join(file)).unwrap()), "{file}");
    }
    // A part of a bundle that is there is its beginning.
    assert_eq!(server.get("/tile/0/001.p/40").1.len(), 40 * 32);
    for path in ["/ledger.json", "/../D.key", "/tile/../ledger.json", "/wal", "/tile/0/9", "/lock", "/"] {
        assert_eq!(server.get(path).0, 404, "{path}");
    }
    // It is read while it grows.
    place.append(&[], &sample(10, 2));
    assert!(String::from_utf8_lossy(&server.get("/checkpoint").1).contains("\n310\n"));
    server.end();
}

#[test]
fn a_witness_cosigns_what_grows_and_refuses_a_fork_for_ever() {
    let place = Place::new();
    let key = std::fs::read_to_string(place.path("D.vkey")).unwrap().trim().to_owned();
    let words = ["witness", "--state", "W", "--log", &key, "--listen", "127.0.0.1:0"];
    let witness = Listening::start(place.command(&words));
    let keys = witness.said.clone();
    assert_eq!(keys.len(), 2);
    let url = format!("http://{}", witness.address);
    let ask = ["--witness", &url, "--witness-key", &keys[0]];
    place.append(&ask, &sample(300, 1));
    place.ok(&["verify", "--dir", "D", "--cosigned-by", &keys[0], "--cosigned-by", &keys[1]]);
    copy(&place.path("D"), &place.path("old"));
    copy_file(&place, "D.seen", "old.seen");
    place.append(&ask, &sample(300, 2));
    place.ok(&["verify", "--dir", "D", "--cosigned-by", &keys[0]]);
    witness.end();
    // Another process with the same state. The operator goes back and writes anew.
    let witness = Listening::start(place.command(&words));
    let url = format!("http://{}", witness.address);
    let ask = ["--witness", &url, "--witness-key", &keys[0]];
    copy(&place.path("old"), &place.path("D"));
    copy_file(&place, "old.seen", "D.seen");
    let refused = place.input(&[&["append", "--dir", "D"], &ask[..]].concat(), &sample(10, 3));
    assert_eq!(code(&refused), 2);
    assert!(text(&refused.stderr).contains("it was cut or is an older copy"), "{}", text(&refused.stderr));
    let refused = place.input(&[&["append", "--dir", "D"], &ask[..]].concat(), &sample(400, 4));
    assert_eq!(code(&refused), 2);
    assert!(text(&refused.stderr).contains("it was rewritten"), "{}", text(&refused.stderr));
    place.fails(1, &["verify", "--dir", "D", "--cosigned-by", &keys[0]]);
    let said = witness.end();
    assert!(said.contains("ALARM") && said.contains("not cosigned"), "{said}");
    let kept = std::fs::read_dir(place.path("W")).unwrap();
    let proofs =
        kept.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("fork-"));
    assert!(proofs.count() >= 1, "the proof of the fork is kept");
}

fn copy_file(place: &Place, from: &str, to: &str) {
    std::fs::copy(place.path(from), place.path(to)).unwrap();
}

/// Entries as they would have been written in another year.
fn of_year(year: &str, bytes: &[u8]) -> Vec<u8> {
    text(bytes).replace("\"2026-", &format!("\"{year}-")).into_bytes()
}

#[test]
fn what_is_past_every_floor_and_hold_goes_and_the_rest_verifies() {
    let place = Place::new();
    place.append(&[], &of_year("2016", &sample(600, 1)));
    place.append(&[], &sample(300, 2));
    assert!(place.ok(&["retain", "--dir", "D"]).contains("512 may go"));
    // Held, nothing goes; the hold of another region holds nothing here.
    let hold = place.ok(&["retain", "--dir", "D", "--hold", "--class", "access-log"]);
    assert!(place.ok(&["retain", "--dir", "D", "--delete", "--shipped-floors"]).contains(" 0 may go"));
    place.fails(2, &["retain", "--dir", "D", "--lift", "00000000000000000000000000000000"]);
    place.ok(&["retain", "--dir", "D", "--lift", hold.trim()]);
    // A bundle that somebody moved away may have held a hold: nothing is judged by what is left.
    std::fs::rename(place.path("D/tile/entries/002"), place.path("moved")).unwrap();
    for more in [&[][..], &["--delete", "--shipped-floors"]] {
        let refused = place.fails(2, &[&["retain", "--dir", "D"], more].concat());
        assert!(refused.contains("entries 512 to 767 are not there"), "{refused}");
    }
    std::fs::rename(place.path("moved"), place.path("D/tile/entries/002")).unwrap();
    // Nothing shorter than a floor, and not before its time.
    let refused =
        place.fails(2, &["retain", "--dir", "D", "--shipped-floors", "--keep", "policy-documents=365"]);
    assert!(refused.contains("45 CFR 164.316(b)(2)(i)"), "{refused}");
    place.fails(2, &["retain", "--dir", "D", "--delete", "--shipped-floors", "--on", "2999-01-01"]);
    place.ok(&["retain", "--dir", "D", "--shipped-floors", "--keep", "access-log=36500"]);
    assert!(place.ok(&["retain", "--dir", "D", "--delete", "--shipped-floors"]).contains(" 0 may go"));
    let other = Place::new();
    other.append(&[], &of_year("2016", &sample(600, 1)));
    other.append(&[], &sample(300, 2));
    let kept_there = other.keep("kept");
    let said = other.ok(&["retain", "--dir", "D", "--delete", "--shipped-floors"]);
    assert!(said.contains("512 entries deleted in 2 bundles"), "{said}");
    assert!(!other.path("D/tile/entries/000").exists() && other.path("D/tile/0/000").exists());
    let verified = other.ok(&["verify", "--dir", "D", "--kept", &kept_there]);
    assert!(verified.contains("901 entries, 389 read, 512 deleted"), "{verified}");
    assert!(other.ok(&["fsck", "--dir", "D"]).contains("whole"));
    // What was deleted still has its place, and what is left its proof.
    other.ok(&["prove", "5", "--dir", "D"]);
    other.ok(&["prove", "899", "--dir", "D"]);
    other.append(&[], &sample(1, 8));
    // One bundle more than was said is found.
    std::fs::remove_file(other.path("D/tile/entries/002")).unwrap();
    assert!(other.fails(1, &["verify", "--dir", "D"]).contains("entries 512 to 767 are not there"));
}

#[test]
fn a_floor_against_a_ceiling_is_a_finding() {
    let place = Place::new();
    let bundle = "version: 1\norganisation: {name: Clinic, roles: [covered-entity]}\nregions: [eu]\nretention:\n  \
                  - {what: inference-log, ceiling: P3M, source: {kind: statute, cite: GDPR Art. 5(1)(e)}}\n";
    crate::write(place.folder.path(), "phiward/phiward.yaml", bundle);
    let said = place.fails(1, &["retain", "--dir", "D", "--policy", "phiward"]);
    assert!(said.contains("finding: `inference-log` must be kept"), "{said}");
}

#[test]
fn a_ledger_of_many_logs_lists_them_and_notices_an_old_list() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    place.init("D", &["--shards", "month", "--writer", "gateway-1"]);
    std::fs::copy(place.path("D/directory"), place.path("first")).unwrap();
    let acknowledged = place.append(&[], &sample(500, 1));
    let logs: std::collections::BTreeSet<&str> =
        acknowledged.iter().map(|line| line.rsplit_once(' ').unwrap().0).collect();
    assert!(logs.len() >= 4, "{logs:?}");
    assert!(logs.iter().any(|log| log.contains("/eu/gateway-1/access-log/")), "{logs:?}");
    let verified = place.ok(&["verify", "--dir", "D"]);
    assert_eq!(verified.lines().count(), logs.len() + 1, "{verified}");
    place.ok(&["fsck", "--dir", "D"]);
    let log = logs.iter().find(|log| log.contains("/eu/")).unwrap();
    let shard = log.splitn(3, '/').nth(2).unwrap();
    place.ok(&["checkpoint", "--dir", "D", "--log", shard]);
    place.ok(&["prove", "0", "--dir", "D", "--log", shard]);
    place.fails(2, &["checkpoint", "--dir", "D", "--log", "xx/none/access-log/2026"]);
    let server = Listening::start(place.command(&["serve", "--dir", "D", "--listen", "127.0.0.1:0"]));
    assert_eq!(server.get(&format!("/logs/{shard}/checkpoint")).0, 200);
    assert_eq!(server.get("/directory").0, 200);
    server.end();
    // Opened again, each goes on.
    let more = place.append(&[], &sample(500, 2));
    assert!(more.iter().all(|line| !line.ends_with(" 0")), "a log began anew");
    assert!(place.run(&["seal", "--dir", "D"]).status.success());
    // One log put back, one list put back.
    let held = std::fs::read(place.path("D/directory")).unwrap();
    std::fs::copy(place.path("first"), place.path("D/directory")).unwrap();
    let refused = place.input(&["append", "--dir", "D"], &sample(1, 3));
    assert!(
        text(&refused.stderr).contains("it was taken away, or an older one was put in its place"),
        "{}",
        text(&refused.stderr)
    );
    assert!(place.fails(2, &["verify", "--dir", "D"]).contains("older one"));
    // Nor does taking it away hide its logs.
    std::fs::remove_file(place.path("D/directory")).unwrap();
    let refused = place.run(&["verify", "--dir", "D"]);
    assert_ne!(code(&refused), 0);
    assert!(text(&refused.stderr).contains("it was taken away"), "{}", text(&refused.stderr));
    std::fs::write(place.path("D/directory"), held).unwrap();
    std::fs::remove_dir_all(place.path("D/logs").join(shard)).unwrap();
    // What became of one log hides nothing of the others.
    let said = place.fails(1, &["verify", "--dir", "D"]);
    assert_eq!(said.lines().filter(|line| line.ends_with(": in order")).count(), logs.len(), "{said}");
    assert!(said.lines().any(|line| line.contains(shard) && line.ends_with("not in order")), "{said}");
}

#[test]
fn one_log_of_many_that_was_put_back_is_named() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    place.init("D", &["--shards", "year"]);
    let first = place.append(&[], &sample(100, 1));
    let log = first[0].rsplit_once(' ').unwrap().0;
    let folder = place.path("D/logs").join(log.splitn(3, '/').nth(2).unwrap());
    copy(&folder, &place.path("old"));
    place.append(&[], &sample(100, 2));
    copy(&place.path("old"), &folder);
    let refused = place.input(&["append", "--dir", "D"], b"");
    assert_eq!(code(&refused), 2);
    let said = text(&refused.stderr);
    assert!(said.contains(&format!("`{log}`: the log has")) && said.contains("older copy"), "{said}");
}

#[test]
fn a_sealed_log_takes_no_more() {
    let place = Place::new();
    place.append(&[], &of_year("2016", &sample(300, 1)));
    place.ok(&["seal", "--dir", "D"]);
    let refused = place.input(&["append", "--dir", "D"], &sample(1, 2));
    assert_eq!(code(&refused), 2);
    assert!(text(&refused.stderr).contains("sealed"), "{}", text(&refused.stderr));
    // Its entries still have an end, and it stays sealed.
    place.ok(&["retain", "--dir", "D", "--delete", "--shipped-floors"]);
    let refused = place.input(&["append", "--dir", "D"], &sample(1, 2));
    assert!(text(&refused.stderr).contains("sealed"), "{}", text(&refused.stderr));
    place.ok(&["verify", "--dir", "D"]);
}

#[test]
fn a_clock_that_goes_back_is_written_down_once() {
    let place = Place::new();
    place.append(&[], &sample(3, 1));
    // A writer whose clock is years ahead was here.
    struct Ahead;
    impl journal::Clock for Ahead {
        fn now(&self) -> jiff::Timestamp {
            "2199-01-01T00:00:00Z".parse().unwrap()
        }
    }
    let key = ledger::SigningKey::open(&place.path("D.key"), &guard::vault::Lock::None).unwrap();
    let opening = ledger::Opening {
        folder: place.path("D"),
        anchor: place.path("D.seen"),
        key,
        clock: std::sync::Arc::new(Ahead),
        rng: Box::new(journal::sample::Drawn::new(5)),
        unseen: false,
    };
    ledger::Ledger::open(opening).unwrap().0.close().unwrap();
    assert_eq!(place.append(&[], &sample(2, 2)), ["4", "5"]);
    place.append(&[], &sample(1, 3));
    let told: Vec<_> = stored(&place.path("D"))
        .values()
        .filter(|bytes| String::from_utf8_lossy(bytes).contains("clock-went-back"))
        .map(|bytes| Entry::read(bytes).unwrap())
        .collect();
    assert_eq!(told.len(), 1);
    place.ok(&["verify", "--dir", "D"]);
}

#[test]
fn secrets_are_locked_and_stay_out_of_the_command_line() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    write_secret(&place.path("pass"), "correct horse battery\nnot this line\n");
    write_secret(&place.path("other"), "another passphrase\n");
    place.init("D", &["--passphrase-file", "pass"]);
    let refused = place.input(&["append", "--dir", "D"], &sample(1, 1));
    assert!(text(&refused.stderr).contains("locked by a passphrase"), "{}", text(&refused.stderr));
    let refused = place.input(&["append", "--dir", "D", "--passphrase-file", "other"], &sample(1, 1));
    assert!(text(&refused.stderr).contains("does not open"));
    assert_eq!(place.append(&["--passphrase-file", "pass"], &sample(1, 1)), ["0"]);
    let mut by_environment = place.command(&["seal", "--dir", "D", "--passphrase-env", "LEDGER_PASS"]);
    assert!(by_environment.env("LEDGER_PASS", "correct horse battery").status().unwrap().success());
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(place.path("D.key")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(place.path("D.key"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    assert!(place.fails(2, &["seal", "--dir", "D", "--passphrase-file", "pass"]).contains("chmod 600"));
}

#[test]
fn what_init_did_not_make_it_does_not_take_away() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    std::fs::write(place.path("D.key"), "somebody's").unwrap();
    assert!(place.fails(2, &["init", "--dir", "D"]).contains("already"));
    assert_eq!(std::fs::read(place.path("D.key")).unwrap(), b"somebody's");
    std::fs::remove_file(place.path("D.key")).unwrap();
    // The folder cannot be made: the key that was made for it goes again.
    std::fs::write(place.path("D"), "a file").unwrap();
    place.fails(2, &["init", "--dir", "D"]);
    assert!(!place.path("D.key").exists());
    std::fs::remove_file(place.path("D")).unwrap();
    // A log came to be and its settings did not: its key stays.
    std::fs::create_dir_all(place.path("D/ledger.json")).unwrap();
    place.fails(2, &["init", "--dir", "D"]);
    assert!(place.path("D/checkpoint").exists() && place.path("D.key").exists());
}

#[test]
fn clinical_entries_wait_in_the_spool_and_come_over_once() {
    let place = Place::new();
    let bundle = example("mended").join("phiward").display().to_string();
    place.append(&[], &sample(5, 1));
    let clinical = |entry: &Entry| {
        entry.flow.as_ref().is_some_and(|flow| ["ehr-charts", "lab-orders"].contains(&flow.as_str()))
    };
    let all: Vec<Entry> = journal::sample::sample(60, 7).filter(|entry| entry.act.key() != "grant").collect();
    let input: Vec<u8> =
        all.iter().flat_map(|entry| [entry.bytes().unwrap(), b"\n".to_vec()].concat()).collect();
    let words = ["append", "--dir", "D", "--policy", &bundle, "--spool", "S"];
    // Another process has the ledger.
    let mut other = place.command(&["append", "--dir", "D"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut fed = other.stdin.take().unwrap();
    fed.write_all(&sample(1, 2)).unwrap();
    while !place.path("D/tile/entries/000.p/6").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let output = place.input(&words, &input);
    assert_eq!(code(&output), 1);
    let told = text(&output.stdout);
    for (entry, line) in all.iter().zip(told.lines()) {
        assert_eq!(line.starts_with("spooled "), clinical(entry), "{line}");
    }
    assert_eq!(told.lines().count(), all.len());
    assert!(text(&output.stderr).contains("ALARM"));
    let spooled = all.iter().filter(|entry| clinical(entry)).count();
    assert!(spooled > 5);
    for file in std::fs::read_dir(place.path("S")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|nine| nine == b"\"outcome\""), "it lies open");
    }
    drop(fed);
    other.wait().unwrap();
    // A try that was cut off after the ledger had the first: it comes over once all the same.
    let first = all.iter().find(|entry| clinical(entry)).unwrap().bytes().unwrap();
    std::fs::write(place.path("S/attempt"), format!("1 {} home\n", size(&place.path("D")))).unwrap();
    place.append(&[], &[first.clone(), b"\n".to_vec()].concat());
    let said = place.ok(&["reconcile", "--dir", "D", "--spool", "S"]);
    assert!(said.contains(&format!("{} entries brought over, 1 of {spooled}", spooled - 1)), "{said}");
    let there = stored(&place.path("D"));
    let brought: Vec<&Vec<u8>> = there.values().skip(6).take(spooled).collect();
    let expected: Vec<Vec<u8>> =
        all.iter().filter(|entry| clinical(entry)).map(|e| e.bytes().unwrap()).collect();
    assert_eq!(brought, expected.iter().collect::<Vec<_>>(), "in order, each once");
    assert_eq!(there.len(), 6 + spooled + 1);
    assert!(place.ok(&["reconcile", "--dir", "D", "--spool", "S"]).starts_with("0 entries"));
    place.ok(&["verify", "--dir", "D"]);
}

#[test]
fn samples_are_entries_and_the_schema_is_printed() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    let printed = place.run(&["sample", "40", "--seed", "3"]).stdout;
    assert_eq!(printed, sample(40, 3));
    let schema: serde_json::Value = serde_json::from_str(&place.ok(&["schema"])).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for line in printed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        assert!(validator.is_valid(&serde_json::from_slice(line).unwrap()));
    }
}

/// Hashes of a log's tiles, for a proof.
struct Tiles(Folder);

impl tlog::Tiles for Tiles {
    type Error = String;

    fn tile(&mut self, tile: tlog::Tile) -> Result<Vec<u8>, String> {
        self.0.read(Resource::Tile(tile)).map_err(|error| error.to_string())?.ok_or("missing".to_owned())
    }
}

/// The verifier of `lib/tlog/tests/verifier` leaves all that matters to Go's checksum database.
#[test]
fn gos_checksum_database_verifies_what_the_command_wrote() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    let key = place.init("log", &[]);
    let append = |seed| assert_eq!(code(&place.input(&["append", "--dir", "log"], &sample(400, seed))), 0);
    append(1);
    std::fs::write(place.path("old"), place.ok(&["checkpoint", "--dir", "log"])).unwrap();
    append(2);
    let mut tiles = Tiles(Folder::new(place.path("log")));
    let proof = tlog::prove_consistency(&mut tiles, 400, 800).unwrap();
    let lines: String = proof.iter().map(|hash| format!("{hash}\n")).collect();
    std::fs::write(place.path("consistency"), lines).unwrap();
    for index in ["0", "255", "799"] {
        place.ok(&["prove", index, "--dir", "log", "--output", &format!("{index}.tlog-proof")]);
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lib/tlog/tests/verifier/main.go");
    let output = Command::new("go")
        .arg("run")
        .arg(source)
        .arg(place.folder.path())
        .arg(key.trim())
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOFLAGS", "")
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache"))
        .output()
        .unwrap_or_else(|error| panic!("go: {error}: `cargo xtask setup` installs it"));
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).trim(), "800 entries, 3 proofs, consistent with 400");
}

/// An S3 server from the Python package index, with a bucket that locks objects.
struct Moto(Child, String);

impl Moto {
    fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/moto/bin/moto_server");
        let child = Command::new(&program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}: `cargo xtask setup` installs it", program.display())
            });
        let moto = Self(child, format!("127.0.0.1:{port}"));
        for _ in 0..600 {
            if let Ok(mut stream) = TcpStream::connect(&moto.1) {
                let scope = "20261127/us-east-1/s3/aws4_request";
                let text = format!(
                    "PUT /trail HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: 0\r\n\
                     x-amz-bucket-object-lock-enabled: true\r\nAuthorization: AWS4-HMAC-SHA256 \
                     Credential=id/{scope}, SignedHeaders=host, Signature=0\r\n\r\n",
                    moto.1
                );
                stream.write_all(text.as_bytes()).unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                return moto;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("moto does not answer");
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_archive_is_made_checked_and_refuses_what_was_cut() {
    let moto = Moto::start();
    let place = Place::new();
    let endpoint = format!("http://{}", moto.1);
    let archive = |more: &[&str]| {
        let words =
            ["archive", "--dir", "D", "--endpoint", &endpoint, "--bucket", "trail", "--prefix", "log/"];
        let mut command = place.command(&[&words[..], more].concat());
        command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "secret").output().unwrap()
    };
    place.append(&[], &sample(300, 1));
    let short = archive(&["--lock-days", "30"]);
    assert!(code(&short) == 2 && text(&short.stderr).contains("164.316"), "{}", text(&short.stderr));
    let done = archive(&["--lock-days", "2200"]);
    assert_eq!(code(&done), 0, "{}", text(&done.stderr));
    assert!(text(&done.stdout).contains("300 entries, 6 objects written"), "{}", text(&done.stdout));
    copy(&place.path("D"), &place.path("old"));
    copy_file(&place, "D.seen", "old.seen");
    place.append(&[], &sample(300, 2));
    assert_eq!(code(&archive(&["--lock-days", "2200"])), 0);
    let checked = archive(&["--check"]);
    assert!(text(&checked.stdout).contains("600 entries, 600 read"), "{}", text(&checked.stderr));
    copy(&place.path("old"), &place.path("D"));
    let refused = archive(&[]);
    assert!(code(&refused) == 2 && text(&refused.stderr).contains("it was cut"), "{}", text(&refused.stderr));
    let nobody = place.fails(
        2,
        &[
            "archive",
            "--dir",
            "D",
            "--endpoint",
            &endpoint,
            "--bucket",
            "trail",
            "--access-key-env",
            "NO_SUCH_NAME",
        ],
    );
    assert!(nobody.contains("NO_SUCH_NAME"));
}
