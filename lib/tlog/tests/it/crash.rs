//! Failures at every operation of the disk: nothing acknowledged is lost, nothing corrupt is served, nothing panics.

use std::path::Path;
use std::sync::Arc;

use tlog::faults::{Fault, FaultyDisk, Unsynced};
use tlog::{
    Algorithm, Checkpoint, Error, Expected, Folder, Log, Opening, Resource, SeedSigner, Source as _, bundle,
};

use crate::support::{ORIGIN, at, entry, keys, opening};

/// Small segments, so that they turn often.
fn folder(disk: &FaultyDisk) -> Folder {
    Folder::on(Arc::new(disk.clone()), "/log").with_segment_size(24 << 10)
}

/// What others know of the log: entries that were acknowledged, and the last checkpoint.
#[derive(Default)]
struct Known {
    acknowledged: u64,
    seen: Option<Checkpoint>,
}

impl Known {
    fn opening(&self) -> Opening {
        Opening { seen: self.seen.clone(), ..opening() }
    }
}

/// Creates a log, appends, publishes now and then, closes, opens and goes on, until something fails.
fn live(disk: &FaultyDisk, known: &mut Known) -> Result<(), Error> {
    let folder = folder(disk);
    let mut log = Log::create(&folder, opening(), at(0))?;
    known.seen = log.checkpoint().map(|signed| signed.checkpoint().clone());
    for (round, batch) in
        [1_u64, 3, 200, 1, 52, 1, 300, 40, 1, 1, 180, 2, 90, 1, 600, 7].into_iter().enumerate()
    {
        let first = log.size();
        let entries: Vec<Vec<u8>> = (first..first + batch).map(entry).collect();
        let receipt = log.append(&entries, at(first))?;
        assert_eq!(receipt.first, first);
        known.acknowledged = receipt.size;
        if round % 3 == 2 {
            known.seen = Some(log.publish(at(first))?.checkpoint().clone());
        }
        if round == 9 {
            known.seen = Some(log.close(at(first))?.checkpoint().clone());
            log = Log::open(&folder, known.opening(), at(first))?.0;
        }
    }
    known.seen = Some(log.close(at(9))?.checkpoint().clone());
    Ok(())
}

/// Everything that a reader gets is what was appended.
fn served(folder: &Folder, size: u64) {
    for index in 0..size.div_ceil(256) {
        let resource = Resource::entries_of(index, size).unwrap();
        let width = u16::try_from((size - index * 256).min(256)).unwrap();
        let bytes = folder.read(resource).unwrap().unwrap();
        for (at, found) in (index * 256..).zip(bundle::parse(&bytes, width).unwrap()) {
            assert_eq!(found, entry(at), "entry {at}");
        }
    }
    let report = folder.fsck(&Expected::new(ORIGIN, &keys())).unwrap();
    assert_eq!(report.defects, [], "{report:?}");
    assert_eq!(report.size, size);
}

/// Opens what a crash left. Whatever was acknowledged is there, and the log goes on.
fn survives(disk: &FaultyDisk, known: &Known) {
    let folder = folder(disk);
    let mut log = match Log::open(&folder, known.opening(), at(20)) {
        Ok((log, recovered)) => {
            assert!(recovered.size >= known.acknowledged, "{recovered:?}");
            log
        }
        Err(Error::Missing { .. }) => {
            assert!(known.seen.is_none(), "the log is gone");
            Log::create(&folder, opening(), at(20)).unwrap()
        }
        Err(error) => panic!("{error}"),
    };
    let checkpoint = log.publish(at(21)).unwrap();
    served(&folder, checkpoint.checkpoint().size());
    let first = log.size();
    let more: Vec<Vec<u8>> = (first..first + 300).map(entry).collect();
    log.append(&more, at(22)).unwrap();
    let seen = log.close(at(23)).unwrap().checkpoint().clone();
    let (log, recovered) = Log::open(&folder, Opening { seen: Some(seen), ..opening() }, at(24)).unwrap();
    assert_eq!((log.size(), recovered.unpublished), (first + 300, 0));
    assert_eq!(recovered.cut, []);
    drop(log);
    served(&folder, first + 300);
}

fn operations() -> u64 {
    let disk = FaultyDisk::new();
    live(&disk, &mut Known::default()).unwrap();
    disk.operations()
}

/// Says which case it was, where a test fails in it.
struct Case(String);

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("case: {}", self.0);
        }
    }
}

/// Kills at an operation; again while the log is opened; then it is to be whole.
fn kill(operation: u64, unsynced: Unsynced, again: Option<u64>) {
    let _case = Case(format!("kill at {operation}, {unsynced:?}, and again at {again:?}"));
    let disk = FaultyDisk::new();
    disk.fail(operation, Fault::Kill);
    let mut known = Known::default();
    live(&disk, &mut known).unwrap_err();
    let mut disk = disk.crash(unsynced);
    if let Some(again) = again {
        disk.fail(again, Fault::Kill);
        // Whether it came to an end before that is of no matter.
        if let Ok((log, _)) = Log::open(&folder(&disk), known.opening(), at(20)) {
            drop(log);
        }
        disk = disk.crash(unsynced);
    }
    survives(&disk, &known);
}

/// The disk is full, or takes no change, from an operation on, and later it is well again.
fn refuse(operation: u64, fault: Fault) {
    let _case = Case(format!("{fault:?} from {operation}"));
    let disk = FaultyDisk::new();
    disk.fail(operation, fault);
    let mut known = Known::default();
    let _failed = live(&disk, &mut known);
    disk.relent();
    survives(&disk, &known);
    let disk = disk.crash(Unsynced::Mixed(operation));
    let known = Known { acknowledged: known.acknowledged, seen: None };
    survives(&disk, &Known { seen: None, ..known });
}

/// How many failures were tried.
fn everywhere(step: usize, seeds: u64) -> u64 {
    let last = operations();
    let mut tried = 0;
    for operation in (1..=last).step_by(step) {
        kill(operation, Unsynced::Kept, None);
        kill(operation, Unsynced::Lost, None);
        for seed in 0..seeds {
            kill(operation, Unsynced::Mixed(operation * 1000 + seed), None);
            kill(
                operation,
                Unsynced::Mixed(operation * 1000 + seed),
                Some(1 + (operation * 7 + seed * 13) % 60),
            );
        }
        for fault in [Fault::Full, Fault::ReadOnly, Fault::SyncLost] {
            refuse(operation, fault);
        }
        tried += 2 + 2 * seeds + 3;
    }
    tried
}

#[test]
fn a_sample_of_failures_loses_nothing() {
    everywhere(59, 1);
}

/// `cargo xtask prove ledger`
#[test]
#[ignore = "takes minutes: run by cargo xtask prove ledger"]
fn failures_at_every_operation_lose_nothing() {
    let tried = everywhere(1, 20);
    println!("{} operations of the disk, {tried} failures", operations());
}

#[test]
fn one_writer_at_a_time() {
    let disk = FaultyDisk::new();
    let log = Log::create(&folder(&disk), opening(), at(0)).unwrap();
    let second = Log::open(&folder(&disk), opening(), at(0));
    assert!(matches!(second, Err(Error::Locked { .. })), "{second:?}");
    drop(log);
    Log::open(&folder(&disk), opening(), at(0)).unwrap();
    assert!(matches!(Log::create(&folder(&disk), opening(), at(0)), Err(Error::Exists { .. })));
}

#[test]
fn a_log_that_was_cut_or_rewritten_is_refused() {
    let disk = FaultyDisk::new();
    let folder = folder(&disk);
    let mut log = Log::create(&folder, opening(), at(0)).unwrap();
    log.append(&(0..300).map(entry).collect::<Vec<_>>(), at(0)).unwrap();
    let old = disk.crash(Unsynced::Kept);
    let old_seen = log.publish(at(1)).unwrap().checkpoint().clone();
    log.append(&[entry(300)], at(1)).unwrap();
    let seen = log.close(at(2)).unwrap().checkpoint().clone();

    let behind = Folder::on(Arc::new(old.clone()), "/log");
    let opened = Log::open(&behind, Opening { seen: Some(seen.clone()), ..opening() }, at(3));
    assert!(matches!(opened, Err(Error::Behind { size: 300, seen: 301 })), "{opened:?}");
    let (mut log, _) = Log::open(&behind, Opening { seen: Some(old_seen), ..opening() }, at(3)).unwrap();
    log.append(&[b"another".to_vec()], at(4)).unwrap();
    log.close(at(5)).unwrap();
    let opened = Log::open(&behind, Opening { seen: Some(seen), ..opening() }, at(6));
    assert!(matches!(opened, Err(Error::Forked { size: 301 })), "{opened:?}");
}

#[test]
fn a_log_that_is_opened_as_another_is_left_as_it_is() {
    let disk = FaultyDisk::new();
    let mut log = Log::create(&folder(&disk), opening(), at(0)).unwrap();
    log.append(&(0..9).map(entry).collect::<Vec<_>>(), at(0)).unwrap();
    drop(log);
    let another = Opening { origin: "log.example/another".to_owned(), ..opening() };
    let opened = Log::open(&folder(&disk), another, at(1));
    assert!(matches!(opened, Err(Error::Checkpoint { .. })), "{opened:?}");
    let another = Arc::new(SeedSigner::new(ORIGIN, Algorithm::Ed25519, &[8; 32].into()).unwrap());
    let opened = Log::open(&folder(&disk), Opening::new(ORIGIN, another), at(1));
    assert!(matches!(opened, Err(Error::Checkpoint { .. })), "{opened:?}");
    assert_eq!(Log::open(&folder(&disk), opening(), at(1)).unwrap().0.size(), 9);
}

#[test]
fn damage_in_the_write_ahead_log_is_not_taken_for_its_end() {
    let disk = FaultyDisk::new();
    let folder = |disk: &FaultyDisk| folder(disk).with_segment_size(1 << 20);
    let mut log = Log::create(&folder(&disk), opening(), at(0)).unwrap();
    for index in 0..4 {
        log.append(&[entry(index)], at(0)).unwrap();
    }
    drop(log);
    let segment = Path::new("/log/wal/00000000000000000001");
    for page in 2..5 {
        let disk = disk.crash(Unsynced::Kept);
        assert!(disk.flip(segment, page * 4096 + 70, 1));
        match Log::open(&folder(&disk), opening(), at(1)) {
            Err(Error::Damaged { file, offset, .. }) => {
                assert_eq!((file.as_str(), offset), ("wal/00000000000000000001", page as u64 * 4096));
            }
            other => panic!("{other:?}"),
        }
    }
    // The last one may have been written and never acknowledged.
    assert!(disk.flip(segment, 5 * 4096 + 70, 1));
    let (log, recovered) = Log::open(&folder(&disk), opening(), at(1)).unwrap();
    assert_eq!((log.size(), recovered.cut[0].offset), (3, 5 * 4096));
}
