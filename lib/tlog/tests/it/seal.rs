//! A sealed log serves the same bytes, and tells of every one that is turned.

use std::path::Path;
use std::sync::Arc;

use tlog::disk::Disk as _;
use tlog::faults::{Fault, FaultyDisk, Unsynced};
use tlog::{Error, Expected, Folder, Log, Resource, Sealed, Source as _, Tile};

use crate::support::{ORIGIN, at, entry, keys, opening};

fn folder(disk: &FaultyDisk) -> Folder {
    Folder::on(Arc::new(disk.clone()), "/log")
}

fn closed(size: u64) -> FaultyDisk {
    let disk = FaultyDisk::new();
    let mut log = Log::create(&folder(&disk), opening(), at(0)).unwrap();
    if size > 0 {
        log.append(&(0..size).map(entry).collect::<Vec<_>>(), at(0)).unwrap();
    }
    log.close(at(1)).unwrap();
    disk
}

/// Everything that a log of a size serves.
fn resources(size: u64) -> Vec<Resource> {
    let mut all = vec![Resource::Checkpoint];
    for index in 0..size.div_ceil(256) {
        all.extend(Resource::entries_of(index, size));
        all.extend(Tile::of_tree(0, index, size).map(Resource::Tile));
    }
    for level in 1..8 {
        all.extend((0..3).filter_map(|index| Tile::of_tree(level, index, size)).map(Resource::Tile));
    }
    all
}

#[test]
fn it_serves_what_the_folder_served() {
    for size in [0, 1, 255, 256, 257, 1000, 66_000] {
        let disk = closed(size);
        let before = folder(&disk.crash(Unsynced::Kept));
        let sealed = Sealed::seal(&folder(&disk), &Expected::new(ORIGIN, &keys())).unwrap();
        assert_eq!(sealed.size(), size);
        for resource in resources(size) {
            assert_eq!(sealed.read(resource).unwrap(), before.read(resource).unwrap(), "{size}: {resource}");
        }
        // A reader of an earlier checkpoint gets the beginning.
        if size > 200 {
            let earlier = Resource::Entries(Tile::new(0, 0, 100).unwrap());
            assert_eq!(sealed.read(earlier).unwrap(), before.read(earlier).unwrap());
        }
        let beyond = Resource::Entries(Tile::new(0, size / 256 + 1, 1).unwrap());
        assert_eq!(sealed.read(beyond).unwrap(), None);
        assert!(matches!(Log::open(&folder(&disk), opening(), at(2)), Err(Error::Sealed { .. })));
        let names: Vec<String> =
            disk.list(Path::new("/log")).unwrap().into_iter().map(|(name, _)| name).collect();
        assert!(!names.contains(&"tile".to_owned()), "{names:?}");
    }
}

/// Takes the first bundle of a log away.
fn without_the_first(disk: &FaultyDisk) {
    disk.remove(Path::new("/log/tile/entries/000")).unwrap();
}

#[test]
fn of_what_was_deleted_the_hashes_are_kept() {
    let disk = closed(600);
    let before = folder(&disk.crash(Unsynced::Kept));
    without_the_first(&disk);
    let sealed = Sealed::seal(&folder(&disk), &Expected::new(ORIGIN, &keys()));
    assert!(matches!(sealed, Err(Error::Damaged { .. })), "nobody said that it was deleted");
    let (keys, gone) = (keys(), [0..100, 90..256]);
    let expected = Expected { gone: &gone, ..Expected::new(ORIGIN, &keys) };
    let sealed = Sealed::seal(&folder(&disk), &expected).unwrap();
    assert_eq!(sealed.fsck(&expected).unwrap().defects, []);
    let report = sealed.fsck(&Expected::new(ORIGIN, &keys)).unwrap();
    assert_eq!(report.defects.len(), 1);
    for resource in resources(600) {
        let deleted = resource == Resource::Entries(Tile::new(0, 0, 256).unwrap());
        let wanted = before.read(resource).unwrap().filter(|_| !deleted);
        assert_eq!(sealed.read(resource).unwrap(), wanted, "{resource}");
    }
    let earlier = Resource::Tile(Tile::new(0, 0, 100).unwrap());
    assert_eq!(sealed.read(earlier).unwrap(), before.read(earlier).unwrap());
}

#[test]
fn every_byte_that_is_turned_is_found() {
    let whole = closed(300);
    turned(&whole, &[]);
    let partly = closed(300);
    without_the_first(&partly);
    turned(&partly, std::slice::from_ref(&(0..256)));
}

fn turned(disk: &FaultyDisk, gone: &[std::ops::Range<u64>]) {
    let keys = keys();
    let expected = Expected { gone, ..Expected::new(ORIGIN, &keys) };
    Sealed::seal(&folder(disk), &expected).unwrap();
    let path = Path::new("/log/sealed");
    let length = disk.read(path, 1 << 20).unwrap().len();
    for offset in 0..length {
        assert!(disk.flip(path, offset, 4));
        let told = match Sealed::open(&folder(disk)) {
            Err(Error::Damaged { file, offset, .. }) => Some((file, offset)),
            Err(error) => panic!("{error}"),
            Ok(sealed) => {
                let report = sealed.fsck(&expected).unwrap();
                report.defects.into_iter().next().map(|defect| (defect.file, defect.offset))
            }
        };
        assert!(disk.flip(path, offset, 4));
        let (file, at) = told.unwrap_or_else(|| panic!("byte {offset} of {length} was not found"));
        assert_eq!(file, "sealed");
        assert!(at <= offset as u64 + 112, "byte {offset} of {length}: told {at}");
    }
}

#[test]
fn what_was_not_closed_or_is_not_whole_is_not_sealed() {
    let disk = FaultyDisk::new();
    let mut log = Log::create(&folder(&disk), opening(), at(0)).unwrap();
    log.append(&[entry(0)], at(0)).unwrap();
    assert!(matches!(
        Sealed::seal(&folder(&disk), &Expected::new(ORIGIN, &keys())),
        Err(Error::Locked { .. })
    ));
    drop(log);
    assert!(matches!(
        Sealed::seal(&folder(&disk), &Expected::new(ORIGIN, &keys())),
        Err(Error::Unclosed { .. })
    ));
    let disk = closed(300);
    assert!(disk.flip(Path::new("/log/tile/entries/000"), 3, 1));
    assert!(matches!(
        Sealed::seal(&folder(&disk), &Expected::new(ORIGIN, &keys())),
        Err(Error::Damaged { .. })
    ));
    folder(&disk).fsck(&Expected::new(ORIGIN, &keys())).unwrap();
}

#[test]
fn a_crash_while_sealing_loses_nothing() {
    let disk = closed(600);
    let done = disk.crash(Unsynced::Kept);
    Sealed::seal(&folder(&done), &Expected::new(ORIGIN, &keys())).unwrap();
    for operation in 1..=done.operations() {
        for unsynced in [Unsynced::Kept, Unsynced::Lost, Unsynced::Mixed(operation)] {
            let disk = disk.crash(Unsynced::Kept);
            disk.fail(operation, Fault::Kill);
            Sealed::seal(&folder(&disk), &Expected::new(ORIGIN, &keys())).unwrap_err();
            let disk = disk.crash(unsynced);
            let sealed = Sealed::seal(&folder(&disk), &Expected::new(ORIGIN, &keys())).unwrap();
            assert_eq!(sealed.fsck(&Expected::new(ORIGIN, &keys())).unwrap().size, 600);
        }
    }
}
