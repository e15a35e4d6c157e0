//! A log in an object store: no two writers fork it, whatever answers are lost.

use std::sync::Arc;

use tlog::faults::FaultyObjects;
use tlog::{Bucket, Checkpoint, Error, Expected, Log, Objects, Opening, Resource, Source as _, bundle, fsck};

use crate::support::{ORIGIN, at, entry, keys, opening};

fn bucket(objects: &FaultyObjects) -> Bucket {
    Bucket::new(Arc::new(objects.clone()), "shard/us/")
}

fn entries(first: u64, count: u64) -> Vec<Vec<u8>> {
    (first..first + count).map(entry).collect()
}

/// All entries of a log are those that were appended, and all else follows from them.
pub(crate) fn whole(bucket: &Bucket, size: u64) {
    let report = fsck(bucket, &Expected::new(ORIGIN, &keys())).unwrap();
    assert_eq!((report.defects.as_slice(), report.size), (&[][..], size));
    for index in 0..size.div_ceil(256) {
        let bytes = bucket.read(Resource::entries_of(index, size).unwrap()).unwrap().unwrap();
        for (at, found) in (index * 256..).zip(bundle::Entries::new(&bytes)) {
            assert_eq!(found.unwrap().1, entry(at));
        }
    }
}

fn wal(first: u64) -> String {
    format!("shard/us/wal/{first:020}")
}

fn live(bucket: &Bucket, acknowledged: &mut u64, seen: &mut Option<Checkpoint>) -> Result<(), Error> {
    let mut log = Log::create(bucket, opening(), at(0))?;
    *seen = log.checkpoint().map(|signed| signed.checkpoint().clone());
    for (round, count) in [1, 200, 60, 3, 255, 1, 256, 5].into_iter().enumerate() {
        *acknowledged = log.append(&entries(log.size(), count), at(1))?.size;
        if round % 2 == 1 {
            *seen = Some(log.publish(at(1))?.checkpoint().clone());
        }
        if round == 5 {
            log = Log::open(bucket, Opening { seen: seen.clone(), ..opening() }, at(2))?.0;
        }
    }
    *seen = Some(log.close(at(3))?.checkpoint().clone());
    Ok(())
}

#[test]
fn nothing_acknowledged_is_lost_wherever_answers_cease() {
    let objects = FaultyObjects::new();
    live(&bucket(&objects), &mut 0, &mut None).unwrap();
    whole(&bucket(&objects), 781);
    assert!(objects.list("shard/us/wal/").unwrap().is_empty());
    for operation in 1..=objects.operations() {
        for carried_out in [false, true] {
            let objects = FaultyObjects::new();
            objects.fail(operation, carried_out);
            let (mut acknowledged, mut seen) = (0, None);
            live(&bucket(&objects), &mut acknowledged, &mut seen).unwrap_err();
            let objects = objects.restart();
            let bucket = bucket(&objects);
            let mut log = match Log::open(&bucket, Opening { seen: seen.clone(), ..opening() }, at(4)) {
                Ok((log, _)) => log,
                Err(Error::Missing { .. }) if seen.is_none() => {
                    Log::create(&bucket, opening(), at(4)).unwrap()
                }
                Err(error) => panic!("{operation}: {error}"),
            };
            assert!(log.size() >= acknowledged, "{operation}");
            log.append(&entries(log.size(), 10), at(5)).unwrap();
            let size = log.size();
            log.close(at(6)).unwrap();
            whole(&bucket, size);
        }
    }
}

#[test]
fn a_writer_that_was_superseded_acknowledges_nothing_more() {
    let objects = FaultyObjects::new();
    let bucket = bucket(&objects);
    let mut old = Log::create(&bucket, opening(), at(0)).unwrap();
    old.append(&entries(0, 3), at(0)).unwrap();
    let (mut new, _) = Log::open(&bucket, opening(), at(1)).unwrap();
    // What the old one writes at the index of the new one's next entry counts for nothing.
    assert!(matches!(old.append(&[b"forked".to_vec()], at(1)), Err(Error::Superseded)));
    let forked = objects.get(&wal(3), 1 << 20).unwrap().unwrap().bytes;
    assert!(matches!(old.append(&[b"forked".to_vec()], at(1)), Err(Error::Poisoned)));
    assert_eq!(new.append(&entries(3, 5), at(1)).unwrap().first, 3);
    new.publish(at(2)).unwrap();
    assert!(matches!(old.publish(at(2)), Err(Error::Superseded)));
    new.append(&entries(8, 300), at(2)).unwrap();
    new.publish(at(3)).unwrap();
    // Nor does what is left of it lie in the way of who opens next.
    assert!(objects.get(&wal(3), 1 << 20).unwrap().is_none());
    objects.put(&wal(3), &forked).unwrap();
    drop(new);
    let (log, recovered) = Log::open(&bucket, opening(), at(4)).unwrap();
    assert_eq!((log.size(), recovered.unpublished), (308, 0));
    log.close(at(5)).unwrap();
    whole(&bucket, 308);
}

#[test]
fn records_that_are_missing_or_damaged_are_told() {
    let objects = FaultyObjects::new();
    let mut log = Log::create(&bucket(&objects), opening(), at(0)).unwrap();
    for first in [0, 2, 4, 6] {
        log.append(&entries(first, 2), at(0)).unwrap();
    }
    drop(log);
    let open =
        |objects: &FaultyObjects| Log::open(&bucket(objects), opening(), at(1)).map(|(log, _)| log.size());
    assert_eq!(open(&objects.restart()).unwrap(), 8);
    for (lost, told) in [(0, 2), (2, 4), (4, 6)] {
        let objects = objects.restart();
        objects.remove(&wal(lost)).unwrap();
        match open(&objects) {
            Err(Error::Damaged { file, .. }) => assert_eq!(file, format!("wal/{told:020}")),
            other => panic!("{lost}: {other:?}"),
        }
    }
    let bytes = objects.get(&wal(4), 1 << 20).unwrap().unwrap().bytes;
    for at in 0..bytes.len() {
        let mut turned = bytes.clone();
        turned[at] ^= 1 << (at % 8);
        let objects = objects.restart();
        objects.put(&wal(4), &turned).unwrap();
        assert!(matches!(open(&objects), Err(Error::Damaged { .. })), "byte {at}");
    }
}
