//! What lies beside a log and in its folder, changed by somebody who has the disk and not the key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::ToSpan as _;
use journal::{Clock as _, Recorder as _};
use ledger::{Expected, Layout, Ledger, LedgerError, Opening, reading, settings_fault};

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
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Ledger::open(opening(folder.path(), &clock, 5)), Err(LedgerError::Missing { .. })));
    assert_eq!(settings_fault(&dir, &key), None, "an auditor's copy of the log has none");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_after_the_word_that_the_log_ended() {
    for round in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let clock = Hands::at("2026-11-27T12:00:00Z");
        let ledger = make(folder.path(), Layout::One, &clock);
        let key = ledger.verifier().unwrap().clone();
        ledger.append(&samples(1, 99)).unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let mut writers = Vec::new();
        for seed in 0..8 {
            let (ledger, ended) = (ledger.clone(), Arc::clone(&ended));
            writers.push(tokio::spawn(async move {
                let mut last = 0;
                for entry in samples(400, 1 + seed + 8 * round) {
                    match ledger.record(vec![entry]).await {
                        Ok(receipts) => last = receipts[0].index,
                        Err(error) => {
                            assert!(error.to_string().contains("sealed"), "{error}");
                            ended.store(true, Ordering::SeqCst);
                            break;
                        }
                    }
                }
                last
            }));
        }
        tokio::time::sleep(std::time::Duration::from_millis(2 * round)).await;
        let sealing = ledger.clone();
        tokio::task::spawn_blocking(move || sealing.seal()).await.unwrap().unwrap();
        let mut last = 0;
        for writer in writers {
            last = last.max(writer.await.unwrap());
        }
        let size = ledger.prover().head().0;
        tokio::task::spawn_blocking(move || ledger.close()).await.unwrap().unwrap();
        let held = reading::held(&folder.path().join("D"), &key).unwrap();
        let report = reading::verify_held(&held[0], Expected::default()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        assert!(last < size - 1, "entry {last} of {size} came after the word");
        let (bytes, _) = reading::prove(&held[0], size - 1).unwrap();
        let word = String::from_utf8(bytes.unwrap()).unwrap();
        assert!(word.contains("log-sealed") && word.contains(&format!("\"end\":{}", size - 1)), "{word}");
    }
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
