//! Many writers, one log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tlog::faults::{Fault, FaultyDisk, Unsynced};
use tlog::{
    Bounds, Clock, Committer, Error, Expected, Folder, Log, Resource, Source as _, TreeHash, bundle,
    verify_inclusion,
};

use crate::support::{ORIGIN, at, entry, keys, opening};

/// A clock that goes on by itself only where a test moves it.
#[derive(Default)]
struct Hands(AtomicU64);

impl Hands {
    fn set(&self, milliseconds: u64) {
        self.0.store(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Duration {
        at(0) + Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

fn start(folder: &Folder, clock: &Arc<Hands>) -> Committer {
    let log = Log::create(folder, opening(), at(0)).unwrap();
    Committer::start(log, Arc::clone(clock) as Arc<dyn Clock>, Bounds::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_writer_is_told_where_its_entries_stand() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::new(place.path().join("log"));
    let committer = start(&folder, &Arc::default());
    let mut tasks = Vec::new();
    for writer in 0..40_u64 {
        let appender = committer.appender();
        tasks.push(tokio::spawn(async move {
            let mut told = Vec::new();
            for round in 0..25 {
                let parts: Vec<Vec<u8>> =
                    (0..1 + round % 3).map(|part| format!("{writer}/{round}/{part}").into_bytes()).collect();
                let receipt = appender.append(parts.clone()).await.unwrap();
                assert_eq!(receipt.count as usize, parts.len());
                // Provable at once, before any checkpoint.
                let (size, root) = appender.prover().head();
                assert!(size >= receipt.size);
                let proof = appender.prover().inclusion(receipt.first, size).unwrap();
                verify_inclusion(&TreeHash::leaf(&parts[0]), receipt.first, size, &root, &proof).unwrap();
                told.push((receipt.first, parts));
            }
            told
        }));
    }
    let mut told = Vec::new();
    for task in tasks {
        told.extend(task.await.unwrap());
    }
    let appender = committer.appender();
    let checkpoint = committer.close().unwrap();
    let size = checkpoint.checkpoint().size();
    assert_eq!(size, told.iter().map(|(_, parts)| parts.len() as u64).sum::<u64>());
    for (first, parts) in told {
        for (index, part) in (first..).zip(parts) {
            let bytes = folder.read(Resource::entries_of(index / 256, size).unwrap()).unwrap().unwrap();
            let entries: Vec<_> = bundle::Entries::new(&bytes).map(Result::unwrap).collect();
            assert_eq!(entries[usize::try_from(index % 256).unwrap()].1, part);
        }
    }
    assert!(matches!(appender.append(vec![entry(0)]).await, Err(Error::Closed)));
    // The lock is free though an appender is still held.
    drop(Log::open(&folder, opening(), at(1)).unwrap());
    assert_eq!(folder.fsck(&Expected::new(ORIGIN, &keys())).unwrap().defects, []);
}

#[tokio::test]
async fn a_checkpoint_follows_within_the_interval_and_not_before() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::new(place.path().join("log"));
    let clock = Arc::new(Hands::default());
    let committer = start(&folder, &clock);
    let appender = committer.appender();
    let receipt = appender.append(vec![entry(0), entry(1)]).await.unwrap();
    clock.set(499);
    let early = tokio::time::timeout(Duration::from_millis(100), appender.published(receipt.size)).await;
    assert!(early.is_err());
    clock.set(500);
    let signed = appender.published(receipt.size).await.unwrap();
    assert_eq!(signed.checkpoint().size(), 2);
    // A clock that goes back does not hold the next one up.
    appender.append(vec![entry(2)]).await.unwrap();
    clock.set(0);
    assert_eq!(appender.published(3).await.unwrap().checkpoint().size(), 3);
    appender.append(vec![entry(3)]).await.unwrap();
    assert_eq!(appender.publish().await.unwrap().checkpoint().size(), 4);
    committer.close().unwrap();
}

#[test]
fn a_writer_without_a_runtime_waits_on_its_thread() {
    let disk = FaultyDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/log");
    let committer = start(&folder, &Arc::default());
    assert_eq!(committer.appender().append_blocking(vec![entry(0)]).unwrap().first, 0);
    assert!(matches!(committer.appender().append_blocking(Vec::new()), Err(Error::Batch { .. })));
    let long = vec![vec![0; 65_536]];
    assert!(matches!(committer.appender().append_blocking(long), Err(Error::TooLong { .. })));
    drop(committer);
    assert_eq!(folder.fsck(&Expected::new(ORIGIN, &keys())).unwrap().size, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_the_disk_filled_up_is_there() {
    let disk = FaultyDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/log").with_segment_size(64 << 10);
    let committer = start(&folder, &Arc::default());
    let appender = committer.appender();
    disk.fail(disk.operations() + 40, Fault::Full);
    let mut acknowledged = 0;
    while let Ok(receipt) = appender.append((acknowledged..acknowledged + 50).map(entry).collect()).await {
        acknowledged = receipt.size;
        assert!(acknowledged < 100_000);
    }
    assert!(appender.publish().await.is_err());
    disk.relent();
    // It goes on where the disk does.
    let receipt = appender.append((acknowledged..acknowledged + 50).map(entry).collect()).await.unwrap();
    assert_eq!(receipt.first, acknowledged);
    assert_eq!(appender.publish().await.unwrap().checkpoint().size(), receipt.size);
    drop(committer);
    let disk = disk.crash(Unsynced::Lost);
    let folder = Folder::on(Arc::new(disk), "/log");
    assert_eq!(Log::open(&folder, opening(), at(1)).unwrap().0.size(), receipt.size);
}

/// What writers were told, by index.
type Told = std::collections::BTreeMap<u64, Vec<u8>>;

/// Eight writers until the disk is gone.
async fn until_killed(folder: &Folder) -> Told {
    let Ok(log) = Log::create(folder, opening(), at(0)) else { return Told::new() };
    let clock = Arc::new(Hands::default());
    // So little may be unwritten that writers wait for files.
    let committer = Committer::start(log, clock, Bounds { unwritten: 1, ..Bounds::default() }).unwrap();
    let mut tasks = Vec::new();
    for writer in 0..8_u64 {
        let appender = committer.appender();
        tasks.push(tokio::spawn(async move {
            let mut told = Told::new();
            for round in 0..60 {
                let parts: Vec<Vec<u8>> = (0..1 + (writer + round) % 9)
                    .map(|part| format!("{writer}/{round}/{part}").into_bytes())
                    .collect();
                let Ok(receipt) = appender.append(parts.clone()).await else { break };
                told.extend((receipt.first..).zip(parts));
                if round % 20 == writer {
                    let _published = appender.publish().await;
                }
            }
            told
        }));
    }
    let mut told = Told::new();
    for task in tasks {
        told.extend(task.await.unwrap());
    }
    drop(committer);
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_any_writer_was_told_survives_a_kill() {
    for operation in (20..500).step_by(19) {
        let disk = FaultyDisk::new();
        disk.fail(operation, Fault::Kill);
        let folder =
            |disk: &FaultyDisk| Folder::on(Arc::new(disk.clone()), "/log").with_segment_size(32 << 10);
        let told = until_killed(&folder(&disk)).await;
        let disk = disk.crash(Unsynced::Mixed(operation));
        let log = match Log::open(&folder(&disk), opening(), at(1)) {
            Ok((log, _)) => log,
            Err(Error::Missing { .. }) if told.is_empty() => continue,
            Err(error) => panic!("{operation}: {error}"),
        };
        let size = log.close(at(2)).unwrap().checkpoint().size();
        for (index, entry) in told {
            assert!(index < size, "{operation}");
            let bytes =
                folder(&disk).read(Resource::entries_of(index / 256, size).unwrap()).unwrap().unwrap();
            let found = bundle::Entries::new(&bytes).nth(usize::try_from(index % 256).unwrap());
            assert_eq!(found.unwrap().unwrap().1, entry, "{operation}: {index}");
        }
        assert_eq!(folder(&disk).fsck(&Expected::new(ORIGIN, &keys())).unwrap().defects, []);
    }
}
