//! What lies beside a log and in its folder, changed by somebody who has the disk and not the key.

use std::fs::Permissions;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use guard::vault::Lock;
use jiff::ToSpan as _;
use journal::sample::Drawn;
use journal::{Clock, Recorder as _};
use ledger::{Every, Expected, Layout, Ledger, LedgerError, Opening, SigningKey, reading, settings_fault};

use crate::{Hands, make, opening, samples};

#[test]
fn what_was_seen_is_not_cut_emptied_or_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    ledger.append(&samples(20, 1)).unwrap();
    ledger.close().unwrap();
    let path = folder.path().join("seen");
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let mut bad: Vec<String> = (0..lines.len()).map(|end| lines[..end].concat()).collect();
    bad.extend((1..lines.len()).map(|at| [&lines[..at - 1], &lines[at..]].concat().concat()));
    bad.push(whole.replace("clock 1", "clock 2"));
    bad.push(whole.replace("\n20\n", "\n19\n"));
    bad.push(whole.replace("log test/log", "log test/other"));
    bad.push("\u{0}".repeat(whole.len()));
    bad.push(format!("phiward-seen/v1\n{}", lines[2]));
    for text in bad {
        std::fs::write(&path, &text).unwrap();
        let refused = Ledger::open(opening(folder.path(), &clock, 4));
        let Err(error) = refused else { panic!("opened by:\n{text}") };
        assert!(error.to_string().contains("--unseen"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "it stays as it was found");
    }
    // Of another log by the same key, signed: not this one's.
    std::fs::write(&path, &whole).unwrap();
    Ledger::open(opening(folder.path(), &clock, 5)).unwrap().0.close().unwrap();
    // What the first release wrote counts where it is taken: an older copy is found by it all the same.
    let note = lines[5..].concat();
    std::fs::write(&path, format!("phiward-seen/v1\n{}{}", lines[2], note.replace("\n20\n", "\n21\n")))
        .unwrap();
    let unseen = || Opening { unseen: true, ..opening(folder.path(), &clock, 6) };
    assert!(Ledger::open(unseen()).is_err());
    std::fs::write(&path, format!("phiward-seen/v1\n{}{note}", lines[2])).unwrap();
    assert!(matches!(Ledger::open(opening(folder.path(), &clock, 7)), Err(LedgerError::Unsigned { .. })));
    Ledger::open(unseen()).unwrap().0.close().unwrap();
    Ledger::open(opening(folder.path(), &clock, 8)).unwrap().0.close().unwrap();
}

#[test]
fn a_ledger_is_written_where_nobody_else_writes() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::Shards(Every::Year), &clock);
    let key = ledger.verifier().unwrap().clone();
    ledger.close().unwrap();
    let may = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
    let log = opening(folder.path(), &clock, 1).folder;
    assert_eq!(mode(&log) & 0o022, 0, "whatever the mask lets");
    for (at, with, private, how) in [
        (&*log, 0o777, 0o755, "chmod go-w"),
        (&log, 0o775, 0o755, "chmod go-w"),
        (folder.path(), 0o777, 0o1777, "chmod o-w"),
        // Where what was seen of it lies.
        (folder.path(), 0o775, 0o755, "chmod go-w"),
    ] {
        may(at, with);
        let refused = Ledger::open(opening(folder.path(), &clock, 2)).map(|_| ()).unwrap_err();
        assert!(matches!(refused, LedgerError::OpenFolder(_)), "{refused}");
        let said = refused.to_string();
        assert!(said.contains(how) && said.contains("in the place of the ledger"), "{said}");
        // Whoever only reads is not hindered.
        assert!(reading::held(&log, &key).is_ok());
        may(at, private);
        Ledger::open(opening(folder.path(), &clock, 4)).unwrap().0.close().unwrap();
    }
}

#[test]
fn settings_that_the_ledger_did_not_sign_are_refused_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let key = ledger.verifier().unwrap().clone();
    ledger.close().unwrap();
    let dir = folder.path().join("D");
    let path = dir.join("ledger.json");
    let whole = std::fs::read_to_string(&path).unwrap();
    assert_eq!(settings_fault(&dir, &key), None);
    for changed in [
        whole.replace("\"one\"", "\"month\""),
        whole.replace("\"main\"", "\"other\""),
        whole.replace("test/log", "test/other"),
        whole.replace("\"signature\":\"", "\"signature\":\"AAAA"),
        whole.replace("\"v\":2", "\"v\":1"),
        r#"{"layout":"month","name":"test/log","v":1,"writer":"main"}"#.to_owned(),
        r#"{"layout":"month","name":"test/log","v":2,"writer":"main"}"#.to_owned(),
        String::new(),
    ] {
        assert_ne!(changed, whole);
        std::fs::write(&path, &changed).unwrap();
        assert!(Ledger::open(opening(folder.path(), &clock, 4)).is_err(), "{changed}");
        assert!(settings_fault(&dir, &key).is_some(), "{changed}");
    }
    let told = settings_fault(&dir, &key).unwrap();
    assert!(told.contains("not what the ledger wrote") && told.contains("put that back"), "{told}");
    // A signing key whose bits turned over looks like changed settings: both are named.
    std::fs::write(&path, &whole).unwrap();
    let other = folder.path().join("other");
    let other = SigningKey::create(&other, "test/log", &Lock::None, &mut Drawn::new(9)).unwrap();
    let refused = Ledger::open(Opening { key: other, ..opening(folder.path(), &clock, 4) });
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("the key is another one"), "{refused}");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Ledger::open(opening(folder.path(), &clock, 5)), Err(LedgerError::Missing { .. })));
    assert_eq!(settings_fault(&dir, &key), None, "an auditor's copy of the log has none");
}

type Hook = Box<dyn FnOnce() + Send>;

/// A clock at which something else happens when the thread that set it up next looks at it: the thread that
/// makes checkpoints looks too, at any time.
struct Interrupted {
    hands: Hands,
    hook: Mutex<Option<(ThreadId, Hook)>>,
}

impl Clock for Interrupted {
    fn now(&self) -> jiff::Timestamp {
        let now = self.hands.now();
        let here = std::thread::current().id();
        let hook = self.hook.lock().unwrap().take_if(|(thread, _)| *thread == here);
        if let Some((_, hook)) = hook {
            hook();
        }
        now
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_does_not_end_between_the_choice_of_it_and_the_entry() {
    let folder = tempfile::tempdir().unwrap();
    let hands = Hands::at("2026-11-27T12:00:00Z");
    make(folder.path(), Layout::Shards(Every::Month), &hands).close().unwrap();
    let clock = Arc::new(Interrupted { hands: hands.clone(), hook: Mutex::new(None) });
    let opening = Opening { clock: Arc::<Interrupted>::clone(&clock), ..opening(folder.path(), &hands, 3) };
    let (ledger, _) = Ledger::open(opening).unwrap();
    let key = ledger.verifier().unwrap().clone();
    let entry = samples(1, 1).remove(0);
    ledger.record(vec![entry.clone()]).await.unwrap();
    // The month ends and its log is sealed while the second entry has been given its place and is not written.
    let (done, sealed) = channel();
    let sealing = ledger.clone();
    let hook = move || {
        hands.set("2026-12-01T00:00:00Z");
        let (ended, waits) = channel();
        std::thread::spawn(move || {
            let names = sealing.seal().unwrap();
            // Who waits may have gone on.
            let _ = ended.send(());
            done.send(names).unwrap();
        });
        let _ = waits.recv_timeout(Duration::from_millis(700));
    };
    *clock.hook.lock().unwrap() = Some((std::thread::current().id(), Box::new(hook)));
    let receipt = ledger.record(vec![entry]).await.unwrap();
    assert!(receipt[0].log.ends_with("/2026-11") && receipt[0].index == 1, "{receipt:?}");
    let names = tokio::task::spawn_blocking(move || sealed.recv_timeout(Duration::from_secs(20)).unwrap());
    assert_eq!(names.await.unwrap(), [receipt[0].log.clone()]);
    tokio::task::spawn_blocking(move || ledger.close()).await.unwrap().unwrap();
    let held = reading::held(&folder.path().join("D"), &key).unwrap();
    let november = held.iter().find(|log| log.sealed.is_some()).unwrap();
    let report = reading::verify_held(november, Expected::default()).unwrap();
    assert_eq!((report.size, report.problems), (2, Vec::new()));
}

#[test]
fn a_clock_that_went_back_is_told_when_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    ledger.append(&samples(1, 1)).unwrap();
    // Whatever the ledger writes first after that, the word comes before it.
    let earlier = clock.now() - 2.hours();
    clock.set(&earlier.to_string());
    let change =
        journal::act::ConfigurationChange::new(journal::act::Room::Ledger, journal::act::Setting::Upgraded);
    assert_eq!(ledger.act(change).unwrap(), 2);
    ledger.append(&samples(1, 2)).unwrap();
    assert_eq!(ledger.prover().head().0, 4, "told once");
    ledger.close().unwrap();
}
