//! Appending, publishing, proving, opening again.

use tlog::{
    Error, Expected, Folder, Log, Resource, SignatureLine, SignedCheckpoint, Source as _, TreeHash, bundle,
    verify_consistency, verify_inclusion,
};

use crate::support::{ORIGIN, at, entry, keys, opening};

#[test]
fn entries_come_back_at_their_index_with_proofs() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::new(place.path().join("log"));
    let mut log = Log::create(&folder, opening(), at(0)).unwrap();
    let mut olds = vec![log.prover().head()];
    let mut next = 0;
    for batch in [1_u64, 2, 250, 3, 1, 255, 256, 1000, 70] {
        let entries: Vec<Vec<u8>> = (next..next + batch).map(entry).collect();
        let receipt = log.append(&entries, at(next)).unwrap();
        assert_eq!((receipt.first, u64::from(receipt.count), receipt.size), (next, batch, next + batch));
        next += batch;
        let (size, root) = log.prover().head();
        assert_eq!(size, next);
        for index in [0, next / 2, next - batch, next - 1] {
            let proof = log.prover().inclusion(index, size).unwrap();
            verify_inclusion(&TreeHash::leaf(&entry(index)), index, size, &root, &proof).unwrap();
        }
        for (old, old_root) in &olds {
            let proof = log.prover().consistency(*old, size).unwrap();
            verify_consistency(*old, old_root, size, &root, &proof).unwrap();
        }
        olds.push((size, root));
        if batch % 2 == 0 {
            log.publish(at(next)).unwrap();
        }
    }
    let head = log.prover().head();
    let checkpoint = log.close(at(9)).unwrap();
    assert_eq!((checkpoint.checkpoint().size(), checkpoint.checkpoint().root()), head);

    let published = folder.read(Resource::Checkpoint).unwrap().unwrap();
    let published = SignedCheckpoint::open(&published, ORIGIN, &keys()).unwrap();
    assert_eq!(published, *checkpoint);
    for index in 0..next {
        let bundle = folder.read(Resource::entries_of(index / 256, next).unwrap()).unwrap().unwrap();
        let width = u16::try_from((next - index / 256 * 256).min(256)).unwrap();
        assert_eq!(
            bundle::parse(&bundle, width).unwrap()[usize::try_from(index % 256).unwrap()],
            entry(index)
        );
    }

    let (mut log, recovered) = Log::open(&folder, opening(), at(10)).unwrap();
    assert_eq!((recovered.size, recovered.unpublished), (next, 0));
    log.append(&[entry(next)], at(11)).unwrap();
    let (size, root) = log.prover().head();
    let proof = log.prover().consistency(head.0, size).unwrap();
    verify_consistency(head.0, &head.1, size, &root, &proof).unwrap();
}

/// Partial files below a log, sorted.
fn partial(folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            partial(&path, found);
        } else if path.parent().unwrap().extension().is_some_and(|extension| extension == "p") {
            found.push(path.to_str().unwrap().rsplit_once("/tile/").unwrap().1.to_owned());
        }
    }
    found.sort();
}

#[test]
fn partial_files_of_older_checkpoints_go() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::new(place.path().join("log"));
    let there = || {
        let mut found = Vec::new();
        partial(folder.path(), &mut found);
        found
    };
    let mut log = Log::create(&folder, opening(), at(0)).unwrap();
    for batch in [10, 20, 250, 20] {
        log.append(&(0..batch).map(entry).collect::<Vec<_>>(), at(1)).unwrap();
        log.publish(at(1)).unwrap();
    }
    // A reader of the checkpoint before may still be on its way.
    assert_eq!(there(), ["0/001.p/24", "0/001.p/44", "1/000.p/1", "entries/001.p/24", "entries/001.p/44"]);
    log.close(at(2)).unwrap();
    assert_eq!(there(), ["0/001.p/44", "1/000.p/1", "entries/001.p/44"]);
    // Let go without closing, as by a crash.
    let (mut log, _) = Log::open(&folder, opening(), at(3)).unwrap();
    for _ in 0..3 {
        log.append(&(0..300).map(entry).collect::<Vec<_>>(), at(4)).unwrap();
        log.publish(at(4)).unwrap();
    }
    drop(log);
    assert_eq!(there().len(), 6);
    drop(Log::open(&folder, opening(), at(5)).unwrap());
    assert_eq!(there(), ["0/004.p/176", "1/000.p/4", "entries/004.p/176"]);
}

#[test]
fn there_is_one_writer_though_the_lock_file_was_taken_away() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::new(place.path().join("log"));
    let mut log = Log::create(&folder, opening(), at(0)).unwrap();
    std::fs::remove_file(place.path().join("log/lock")).unwrap();
    assert!(matches!(Log::open(&folder, opening(), at(1)), Err(Error::Locked { .. })));
    log.append(&[entry(0)], at(1)).unwrap();
    log.close(at(2)).unwrap();
    assert_eq!(Log::open(&folder, opening(), at(3)).unwrap().1.size, 1);
}

#[test]
fn a_writer_waits_for_another_for_a_moment() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::new(place.path().join("log"));
    let log = Log::create(&folder, opening(), at(0)).unwrap();
    let second = || Log::open(&folder, opening(), at(1)).map(|_| ());
    let refused = second().unwrap_err();
    assert!(
        matches!(refused, Error::Locked { .. }) && refused.to_string().contains("for 2 seconds"),
        "{refused}"
    );
    std::thread::scope(|scope| {
        let waits = scope.spawn(second);
        std::thread::sleep(std::time::Duration::from_millis(300));
        log.close(at(2)).unwrap();
        waits.join().unwrap().unwrap();
    });
}

#[test]
fn nothing_is_served_in_the_place_of_the_logs_own_signature() {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::new(place.path().join("log"));
    let mut log = Log::create(&folder, opening(), at(0)).unwrap();
    log.append(&[entry(0)], at(0)).unwrap();
    log.publish(at(0)).unwrap();
    let line = |name: &str, key_id| SignatureLine { name: name.to_owned(), key_id, bytes: vec![7; 64] };
    let own = keys()[0].id();
    let signed = log.cosign(1, vec![line(ORIGIN, own), line(ORIGIN, 5), line("witness", 5)]).unwrap();
    assert_eq!(signed.note().signatures().len(), 2);
    signed.verify(&keys()).unwrap();
    // More lines than are read again are not served.
    assert!(log.cosign(1, (10..80).map(|id| line("witness", id)).collect()).is_err());
    drop(log);
    let bytes = folder.read(Resource::Checkpoint).unwrap().unwrap();
    SignedCheckpoint::open(&bytes, ORIGIN, &keys()).unwrap();
    Log::open(&folder, opening(), at(3)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_an_error_and_not_a_wait() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("log");
    let folder = Folder::new(&root);
    let mut log = Log::create(&folder, opening(), at(0)).unwrap();
    log.append(&(0..300).map(entry).collect::<Vec<_>>(), at(0)).unwrap();
    log.close(at(0)).unwrap();
    for file in ["tile/entries/000", "tile/0/000", "checkpoint"] {
        let path = root.join(file);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (done, waits) = std::sync::mpsc::channel();
        let other = folder.clone();
        std::thread::spawn(move || {
            let report = other.fsck(&Expected::new(ORIGIN, &keys()));
            let _ = done.send(report.map_or(true, |report| !report.defects.is_empty()));
        });
        let told = waits.recv_timeout(std::time::Duration::from_secs(20));
        assert_eq!(told, Ok(true), "{file}");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
}
