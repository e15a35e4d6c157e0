use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use guard::vault::Lock;
use journal::sample::Drawn;
use journal::{Entry, Receipt, RecordError, Recorder};
use ledger::spool::{Emergency, Space, Spool};
use ledger::{Every, Layout, Ledger};
use zeroize::Zeroizing;

use crate::{Hands, make, opening, samples};

fn spool(folder: &std::path::Path, seed: u64, space: Space) -> Spool {
    let lock = Lock::KeyFile(Zeroizing::new(vec![4; 32]));
    Spool::open(&folder.join("S"), &lock, Box::new(Drawn::new(seed)), space).unwrap()
}

/// Something that records, until it is broken.
struct Breakable<R> {
    broken: AtomicBool,
    inner: R,
}

impl<R: Recorder> Recorder for Breakable<R> {
    fn record(
        &self,
        entries: Vec<Entry>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Receipt>, RecordError>> + Send + '_>> {
        if self.broken.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(RecordError::Unavailable(
                "the disk is full".to_owned(),
            ))));
        }
        self.inner.record(entries)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn care_goes_on_while_the_ledger_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let breakable = Arc::new(Breakable { broken: AtomicBool::new(false), inner: ledger.clone() });
    let alarms: Arc<Mutex<Vec<String>>> = Arc::default();
    let heard = Arc::clone(&alarms);
    let spool = Arc::new(spool(folder.path(), 1, Space::default()));
    let recorder = Emergency {
        ledger: Arc::clone(&breakable) as Arc<dyn Recorder>,
        spool: Arc::clone(&spool),
        clinical: Arc::new(|entry| entry.act.key() == "decision"),
        alarm: Arc::new(move |what| heard.lock().unwrap().push(what.to_owned())),
    };
    let decisions: Vec<Entry> =
        samples(200, 1).into_iter().filter(|entry| entry.act.key() == "decision").collect();
    let calls = samples(200, 1).into_iter().find(|entry| entry.act.key() == "api-call").unwrap();
    assert_eq!(recorder.record(vec![decisions[0].clone()]).await.unwrap()[0].index, 0);
    breakable.broken.store(true, Ordering::SeqCst);
    assert_eq!(recorder.record(vec![decisions[1].clone()]).await.unwrap()[0].log, "spool");
    recorder.record(vec![decisions[2].clone(), decisions[3].clone()]).await.unwrap();
    // What is not clinical is not done.
    assert!(recorder.record(vec![calls.clone()]).await.is_err());
    assert!(recorder.record(vec![decisions[4].clone(), calls]).await.is_err());
    assert_eq!(alarms.lock().unwrap().len(), 2);
    assert_eq!(spool.waiting().0, 2);
    breakable.broken.store(false, Ordering::SeqCst);
    let dir = folder.path().join("D");
    let done = tokio::task::spawn_blocking(move || {
        let done = spool.reconcile(&ledger, &dir).unwrap();
        assert_eq!(spool.waiting(), (0, 0));
        assert_eq!(spool.reconcile(&ledger, &dir).unwrap().files, 0);
        done
    });
    let done = done.await.unwrap();
    assert_eq!((done.files, done.entries, done.already), (2, 3, 0));
}

#[test]
fn the_spool_is_bounded_locked_and_notices_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let entries = samples(6, 1);
    let held = spool(folder.path(), 1, Space { files: 3, ..Space::default() });
    for entry in &entries[..3] {
        held.put(std::slice::from_ref(entry)).unwrap();
    }
    assert!(held.put(&entries[3..4]).unwrap_err().to_string().contains("full"));
    let lock = Lock::KeyFile(Zeroizing::new(vec![4; 32]));
    let path = folder.path().join("S");
    assert!(Spool::open(&path, &lock, Box::new(Drawn::new(2)), Space::default()).is_err(), "one process");
    std::fs::remove_file(path.join("lock")).unwrap();
    assert!(Spool::open(&path, &lock, Box::new(Drawn::new(2)), Space::default()).is_err(), "no lock file");
    drop(held);
    let wrong = Lock::KeyFile(Zeroizing::new(vec![5; 32]));
    assert!(Spool::open(&path, &wrong, Box::new(Drawn::new(2)), Space::default()).is_err());
    let small = spool(folder.path(), 3, Space { bytes: 100, ..Space::default() });
    assert!(small.put(&entries[3..4]).is_err());
    drop(small);
    // A file that was changed does not open, and stands in no other's way; one that was taken away is missed.
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let second = path.join("000000000002.sealed");
    let bytes = std::fs::read(&second).unwrap();
    let mut changed = bytes.clone();
    changed[40] ^= 1;
    std::fs::write(&second, changed).unwrap();
    let held = spool(folder.path(), 4, Space::default());
    let done = held.reconcile(&ledger, &folder.path().join("D")).unwrap();
    let aside = path.join("000000000002.aside");
    assert_eq!((done.files, done.entries, done.missing.len()), (2, 2, 0));
    assert_eq!(done.aside.len(), 1);
    assert!(done.aside[0].0 == aside && done.aside[0].1.contains("does not open"), "{:?}", done.aside);
    assert_eq!(held.waiting().0, 0);
    drop(held);
    // It is kept, its number is not given again, and mended it comes over.
    let held = spool(folder.path(), 5, Space::default());
    assert_eq!(held.put(&entries[3..4]).unwrap(), 3);
    drop(held);
    std::fs::rename(&aside, &second).unwrap();
    std::fs::write(&second, bytes).unwrap();
    let held = spool(folder.path(), 6, Space::default());
    assert_eq!(held.reconcile(&ledger, &folder.path().join("D")).unwrap().entries, 2);
    // What the ledger never takes is set aside as well: parts of a call that are not all there.
    let mut part = entries[4].clone();
    let (k, n) = (journal::Number::of(1), journal::Number::of(2));
    part.part = Some(journal::entry::Part { of: journal::names::Uid::random(&mut Drawn::new(3)), k, n });
    held.put(&[part]).unwrap();
    held.put(&entries[5..6]).unwrap();
    let done = held.reconcile(&ledger, &folder.path().join("D")).unwrap();
    assert_eq!((done.entries, done.aside.len()), (1, 1));
    for entry in &entries[..3] {
        held.put(std::slice::from_ref(entry)).unwrap();
    }
    let mut files: Vec<_> = std::fs::read_dir(&path)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|end| end == "sealed"))
        .collect();
    files.sort();
    std::fs::remove_file(&files[1]).unwrap();
    drop(held);
    let held = spool(folder.path(), 7, Space::default());
    let done = held.reconcile(&ledger, &folder.path().join("D")).unwrap();
    assert_eq!((done.entries, done.missing.len(), done.missing[0].end - done.missing[0].start), (2, 1, 1));
    ledger.close().unwrap();
}

#[test]
fn a_record_of_the_last_try_that_was_changed_holds_nothing_up_and_brings_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    make(folder.path(), Layout::Shards(Every::Year), &clock).close().unwrap();
    let dir = folder.path().join("D");
    let entries = samples(20, 1);
    let opened = |seed| Ledger::open(opening(folder.path(), &clock, seed)).unwrap().0;
    let damages = ["", "1", "7 x home", "1 0 nowhere", "\u{0}", &"9".repeat(5000)];
    for (seed, damage) in (10..).zip(damages) {
        let held = spool(folder.path(), seed, Space::default());
        let two = &entries[usize::try_from(seed - 10).unwrap() * 2..][..2];
        held.put(&two[..1]).unwrap();
        held.put(&two[1..]).unwrap();
        // As a crash leaves it between the entry and the file.
        let ledger = opened(seed);
        ledger.append(&two[..1]).unwrap();
        ledger.close().unwrap();
        std::fs::write(folder.path().join("S/attempt"), damage).unwrap();
        let ledger = opened(seed + 100);
        let done = held.reconcile(&ledger, &dir).unwrap();
        ledger.close().unwrap();
        assert!(done.looked_through, "{damage:?}");
        assert_eq!((done.files, done.entries, done.already, done.aside.len()), (2, 1, 1, 0), "{damage:?}");
    }
}

#[test]
fn a_log_that_was_ended_since_the_last_try_is_looked_at_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::Shards(Every::Year), &clock);
    let entries = samples(2, 1);
    let shard = ledger.place_of(&entries[0]).unwrap();
    let held = spool(folder.path(), 1, Space::default());
    held.put(&entries[..1]).unwrap();
    ledger.append(&entries[..1]).unwrap();
    std::fs::write(folder.path().join("S/attempt"), format!("1 0 {shard}\n")).unwrap();
    clock.set("2027-01-01T00:00:00Z");
    assert_eq!(ledger.seal().unwrap().len(), 1);
    let done = held.reconcile(&ledger, &folder.path().join("D")).unwrap();
    assert_eq!((done.files, done.entries, done.already), (1, 0, 1));
    ledger.close().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_ledger_can_never_take_is_not_acknowledged_by_the_spool() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let spool = Arc::new(spool(folder.path(), 1, Space::default()));
    let recorder = Emergency {
        ledger: Arc::new(ledger.clone()),
        spool: Arc::clone(&spool),
        clinical: Arc::new(|_| true),
        alarm: Arc::new(|_| {}),
    };
    let mut entries = samples(1, 1);
    let length = entries[0].bytes().unwrap().len();
    entries = vec![entries[0].clone(); (8 << 20) / length + 1];
    let refused = recorder.record(entries).await.unwrap_err();
    assert!(matches!(refused, RecordError::Entry(_)), "{refused}");
    assert_eq!(spool.waiting(), (0, 0));
}

#[test]
fn one_log_whose_word_cannot_be_kept_keeps_no_other_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::Shards(Every::Year), &clock);
    ledger.append(&samples(1, 1)).unwrap();
    let all = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name());
    let of_shard =
        all.map(|name| name.into_string().unwrap()).find(|name| name.starts_with("seen.")).unwrap();
    let home = std::fs::read(folder.path().join("seen")).unwrap();
    // What is to be written beside cannot be.
    std::fs::create_dir_all(folder.path().join(format!(".{of_shard}.new/x"))).unwrap();
    ledger.append(&samples(1, 2)).unwrap();
    assert!(ledger.close().is_err());
    assert_ne!(std::fs::read(folder.path().join("seen")).unwrap(), home);
}
