use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use guard::vault::Lock;
use journal::sample::Drawn;
use journal::{Entry, Receipt, RecordError, Recorder};
use ledger::Layout;
use ledger::spool::{Emergency, Space, Spool};
use zeroize::Zeroizing;

use crate::{Hands, make, samples};

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
