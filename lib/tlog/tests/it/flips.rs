//! Whatever byte of a log is turned, it is found, and the file and place are told.

use std::path::Path;
use std::sync::Arc;

use tlog::disk::Disk as _;
use tlog::faults::{FaultyDisk, Unsynced};
use tlog::{Defect, Expected, Folder, Log, Report, Resource, Source as _, bundle};

use crate::support::{ORIGIN, at, entry, keys, opening};

fn log_of(size: u64) -> FaultyDisk {
    let disk = FaultyDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/log");
    let mut log = Log::create(&folder, opening(), at(0)).unwrap();
    log.append(&(0..size / 2).map(entry).collect::<Vec<_>>(), at(0)).unwrap();
    log.publish(at(1)).unwrap();
    log.append(&(size / 2..size).map(entry).collect::<Vec<_>>(), at(1)).unwrap();
    log.close(at(2)).unwrap();
    disk
}

fn fsck(disk: &FaultyDisk) -> Report {
    Folder::on(Arc::new(disk.clone()), "/log").fsck(&Expected::new(ORIGIN, &keys())).unwrap()
}

/// Files below a folder, by their path in the log, with their length.
fn files(disk: &FaultyDisk, below: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (name, is_folder) in disk.list(&Path::new("/log").join(below)).unwrap() {
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if is_folder {
            found.extend(files(disk, &path));
        } else if let Ok(bytes) = disk.read(&Path::new("/log").join(&path), 1 << 30) {
            found.push((path, bytes.len()));
        }
    }
    found
}

/// Turns a byte, and expects to be told of it: the file, and the byte or the entry that holds it.
fn flip(disk: &FaultyDisk, file: &str, offset: usize, bits: u8) {
    let path = Path::new("/log").join(file);
    let before = disk.read(&path, 1 << 30).unwrap();
    assert!(disk.flip(&path, offset, bits));
    let report = fsck(disk);
    assert!(disk.flip(&path, offset, bits));
    let Some(Defect { file: told, offset: at, .. }) = report.defects.first() else {
        panic!("{file}, byte {offset}, {bits:#x}: not found")
    };
    assert_eq!(told, file, "byte {offset}: {report:?}");
    let at = usize::try_from(*at).unwrap();
    if file.starts_with("tile/entries") {
        let ends =
            bundle::Entries::new(&before).map(|entry| entry.map(|(at, entry)| (at, at + 2 + entry.len())));
        let holder = ends.map(Result::unwrap).find(|(from, to)| (*from..*to).contains(&offset)).unwrap();
        assert!((holder.0..=offset).contains(&at), "byte {offset}: {report:?}");
    } else if file.starts_with("tile/") {
        assert_eq!(at, offset, "{report:?}");
        assert!(report.defects[0].expected.is_some(), "{report:?}");
    } else {
        assert!(at <= offset + 1, "byte {offset}: {report:?}");
    }
    assert_eq!(report.defects.len(), 1, "{report:?}");
}

#[test]
fn every_byte_of_a_small_log() {
    let disk = log_of(11);
    assert_eq!(fsck(&disk).defects, []);
    for (file, length) in files(&disk, "") {
        for offset in (0..length).filter(|_| file != "lock") {
            flip(&disk, &file, offset, 1 << (offset % 8));
        }
    }
}

#[test]
fn bytes_here_and_there_of_a_larger_log() {
    let disk = log_of(66_000);
    assert_eq!(fsck(&disk).defects, []);
    let files = files(&disk, "");
    let sampled = files.iter().filter(|(file, _)| file != "lock").enumerate();
    for (at, (file, length)) in sampled.filter(|(at, _)| at % 131 == 0) {
        flip(&disk, file, (at * 7919) % length, 1 << (at % 8));
    }
    for file in ["tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1"] {
        flip(&disk, file, 31, 4);
    }
}

#[test]
fn missing_and_longer_and_shorter_files_are_told() {
    let disk = log_of(600);
    for file in ["tile/entries/001", "tile/0/000", "tile/1/000.p/2", "tile/0/002.p/88", "checkpoint"] {
        let without = disk.crash(Unsynced::Kept);
        without.remove(&Path::new("/log").join(file)).unwrap();
        let report = fsck(&without);
        assert_eq!(report.defects.len(), 1, "{report:?}");
        assert_eq!((report.defects[0].file.as_str(), report.defects[0].offset), (file, 0));
        for longer in [true, false] {
            let changed = disk.crash(Unsynced::Kept);
            let path = Path::new("/log").join(file);
            let mut bytes = changed.read(&path, 1 << 20).unwrap();
            let wanted = if longer { bytes.len() } else { bytes.len() - 1 };
            bytes.resize(if longer { wanted + 1 } else { wanted }, b'x');
            changed.create(&path).unwrap().write_at(0, &bytes).unwrap();
            let report = fsck(&changed);
            let told = report.defects.first().unwrap_or_else(|| panic!("{file} {longer}"));
            assert_eq!(told.file, file, "{report:?}");
            assert!(told.offset <= wanted as u64, "{report:?}");
        }
    }
}

#[test]
fn flips_in_the_write_ahead_log_of_a_log_that_was_not_closed() {
    let disk = FaultyDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/log").with_segment_size(1 << 20);
    let mut log = Log::create(&folder, opening(), at(0)).unwrap();
    for index in 0..4 {
        log.append(&[entry(index)], at(0)).unwrap();
    }
    drop(log);
    let report = fsck(&disk);
    assert_eq!((report.defects.len(), report.cut.len(), report.unpublished), (0, 0, 4));
    let segment = Path::new("/log/wal/00000000000000000001");
    for offset in (0..6 * 4096).step_by(13) {
        assert!(disk.flip(segment, offset, 0x10));
        let report = fsck(&disk);
        assert!(disk.flip(segment, offset, 0x10));
        let last = offset >= 5 * 4096;
        // The last record may never have been acknowledged: it is told as cut, or, with its tag gone, is no record.
        let gone = last && offset < 5 * 4096 + 8;
        assert_eq!(report.defects.len(), usize::from(!last), "byte {offset}: {report:?}");
        assert_eq!(report.cut.len(), usize::from(last && !gone), "byte {offset}: {report:?}");
        for defect in &report.defects {
            assert_eq!(defect.offset, offset as u64 / 4096 * 4096, "byte {offset}: {report:?}");
        }
    }
}

#[test]
fn a_log_that_was_cut_or_rewritten_is_told_by_an_older_checkpoint() {
    let disk = log_of(600);
    let folder = Folder::on(Arc::new(disk.clone()), "/log");
    let bytes = folder.read(Resource::Checkpoint).unwrap().unwrap();
    let seen = tlog::SignedCheckpoint::parse(&bytes).unwrap().checkpoint().clone();
    let other = log_of(500);
    let report = Folder::on(Arc::new(other), "/log")
        .fsck(&Expected { seen: std::slice::from_ref(&seen), ..Expected::new(ORIGIN, &keys()) })
        .unwrap();
    assert_eq!(report.defects.len(), 1, "{report:?}");
    assert!(report.defects[0].reason.contains("ends after 500"), "{report:?}");

    let disk = FaultyDisk::new();
    let folder = Folder::on(Arc::new(disk), "/log");
    let mut log = Log::create(&folder, opening(), at(0)).unwrap();
    log.append(&(1..=700).map(entry).collect::<Vec<_>>(), at(0)).unwrap();
    log.close(at(1)).unwrap();
    let report = folder.fsck(&Expected { seen: &[seen], ..Expected::new(ORIGIN, &keys()) }).unwrap();
    assert_eq!(report.defects.len(), 1, "{report:?}");
    assert!(report.defects[0].reason.contains("written anew"), "{report:?}");
}

#[test]
fn hashes_stand_for_what_was_deleted_and_nothing_of_it_may_be_left() {
    let disk = log_of(600);
    let (keys, first) = (keys(), 0..256);
    let check = || {
        let folder = Folder::on(Arc::new(disk.clone()), "/log");
        let expected = Expected { gone: std::slice::from_ref(&first), ..Expected::new(ORIGIN, &keys) };
        folder.fsck(&expected).unwrap().defects
    };
    disk.remove(Path::new("/log/tile/entries/000")).unwrap();
    assert_eq!(check(), []);
    let tile = Path::new("/log/tile/0/000");
    assert!(disk.flip(tile, 70, 1));
    let files: Vec<String> = check().into_iter().map(|defect| defect.file).collect();
    assert_eq!(files, ["tile/0/000", "tile/1/000.p/2", "checkpoint"]);
    assert!(disk.flip(tile, 70, 1));
    disk.create_dir(Path::new("/log/tile/entries/000.p")).unwrap();
    disk.create(Path::new("/log/tile/entries/000.p/9")).unwrap();
    let files: Vec<String> = check().into_iter().map(|defect| defect.file).collect();
    assert_eq!(files, ["tile/entries/000.p/9"]);
}
