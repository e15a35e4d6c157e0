//! Logs of earlier releases open for ever. `tests/golden/<release>/` holds one that was closed, one that was not, and
//! one that is sealed; none of them is ever written anew.

use std::path::{Path, PathBuf};

use tlog::{Expected, Folder, Log, ProofFile, Sealed, TreeHash};

use crate::support::{ORIGIN, at, entry, keys, opening};

const RELEASES: [&str; 1] = ["0.1"];

fn golden(release: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(release)
}

/// A copy: opening a log writes.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn every_release_opens() {
    for release in RELEASES {
        let place = tempfile::tempdir().unwrap();
        copy(&golden(release), place.path());
        let closed = Folder::new(place.path().join("closed"));
        let report = closed.fsck(&Expected::new(ORIGIN, &keys())).unwrap();
        assert_eq!(
            (report.defects.len(), report.size, report.unpublished),
            (0, 300, 0),
            "{release}: {report:?}"
        );
        let seen = report.checkpoint.unwrap().checkpoint().clone();
        let (mut log, _) = Log::open(&closed, opening(), at(9)).unwrap();
        log.append(&[entry(300)], at(9)).unwrap();
        log.close(at(9)).unwrap();
        assert_eq!(
            closed.fsck(&Expected { seen: &[seen], ..Expected::new(ORIGIN, &keys()) }).unwrap().defects,
            [],
            "{release}"
        );

        let (log, recovered) =
            Log::open(&Folder::new(place.path().join("unclosed")), opening(), at(9)).unwrap();
        assert_eq!((recovered.size, recovered.unpublished), (12, 5), "{release}");
        assert_eq!(log.close(at(9)).unwrap().checkpoint().size(), 12);

        let sealed = Sealed::open(&Folder::new(place.path().join("sealed"))).unwrap();
        let report = sealed.fsck(&Expected::new(ORIGIN, &keys())).unwrap();
        assert_eq!((report.defects.len(), report.size), (0, 300), "{release}");

        let proof = std::fs::read(place.path().join("259.tlog-proof")).unwrap();
        let proof = ProofFile::parse(&proof).unwrap();
        proof.verify(&TreeHash::leaf(&entry(259)), ORIGIN, &keys(), &[]).unwrap();
    }
}

/// Writes the golden logs of a release that has none yet.
#[test]
#[ignore = "writes the golden logs of a new release"]
fn write_the_golden_logs_of_this_release() {
    let place = golden(RELEASES.last().unwrap());
    assert!(!place.exists(), "golden logs are never written anew");
    std::fs::create_dir_all(&place).unwrap();
    let folder = |name: &str| Folder::new(place.join(name)).with_segment_size(16 << 10);
    for name in ["closed", "sealed"] {
        let mut log = Log::create(&folder(name), opening(), at(0)).unwrap();
        log.append(&(0..300).map(entry).collect::<Vec<_>>(), at(0)).unwrap();
        let checkpoint = log.publish(at(1)).unwrap();
        let hashes = log.prover().inclusion(259, 300).unwrap();
        let proof = ProofFile { extra: None, index: 259, hashes, checkpoint: (*checkpoint).clone() };
        std::fs::write(place.join("259.tlog-proof"), proof.to_string()).unwrap();
        log.close(at(2)).unwrap();
    }
    Sealed::seal(&folder("sealed"), &Expected::new(ORIGIN, &keys())).unwrap();
    let mut log = Log::create(&folder("unclosed"), opening(), at(0)).unwrap();
    log.append(&(0..7).map(entry).collect::<Vec<_>>(), at(0)).unwrap();
    log.publish(at(1)).unwrap();
    log.append(&(7..12).map(entry).collect::<Vec<_>>(), at(2)).unwrap();
}
