use std::path::Path;

use guard::ring::{Keyring, RingError};
use guard::vault::Lock;
use guard::{SeenError, Unseen};
use journal::sample::Drawn;
use journal::{Pseudonym, Pseudonymiser as _, Subject};
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::{lock, subject as person};

fn open(path: &Path, seed: u64) -> Result<Keyring, RingError> {
    Keyring::open(path, &lock(), Box::new(Drawn::new(seed)))
}

fn people(range: std::ops::Range<u64>) -> Vec<Subject> {
    range.map(person).collect()
}

fn all(ring: &Keyring, range: std::ops::Range<u64>) -> Vec<Pseudonym> {
    ring.pseudonyms(&people(range)).unwrap()
}

#[test]
fn a_person_has_one_pseudonym_and_it_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    let ring = Keyring::create(&path, &lock(), Box::new(Drawn::new(1))).unwrap();
    let first = all(&ring, 0..40);
    assert_eq!(all(&ring, 0..40), first);
    let twice = ring.pseudonyms(&[person(50), person(50)]).unwrap();
    assert_eq!(twice[0], twice[1]);
    assert!(matches!(open(&path, 2), Err(RingError::InUse { .. })), "one process at a time");
    // Though somebody takes the file away that is locked, and though the ring was replaced since.
    std::fs::remove_file(folder.path().join("ring.lock")).unwrap();
    assert!(matches!(open(&path, 2), Err(RingError::InUse { .. })));
    ring.relock(&lock()).unwrap();
    std::fs::remove_file(folder.path().join("ring.lock")).unwrap();
    assert!(matches!(open(&path, 2), Err(RingError::InUse { .. })));
    drop(ring);
    let ring = open(&path, 3).unwrap();
    assert_eq!(all(&ring, 0..40), first);
    assert_eq!(ring.known(&person(7)).unwrap(), Some(first[7]));
    assert_eq!(ring.known(&person(99)).unwrap(), None);
    assert_eq!(ring.counts(), (41, 0));
    let other = Lock::Passphrase(Zeroizing::new(b"not the one".to_vec()));
    drop(ring);
    assert!(Keyring::open(&path, &other, Box::new(Drawn::new(4))).is_err());
    let wrong = Lock::KeyFile(Zeroizing::new(vec![8; 32]));
    assert!(matches!(Keyring::open(&path, &wrong, Box::new(Drawn::new(4))), Err(RingError::WrongKey { .. })));
    // Nobody stands in it in the clear.
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(6).any(|six| six == b"001Hs0"));
}

#[test]
fn what_a_crash_tore_is_finished_and_what_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    let adding = folder.path().join("ring.adding");
    let ring = Keyring::create(&path, &lock(), Box::new(Drawn::new(1))).unwrap();
    all(&ring, 0..2);
    let before = std::fs::read(&path).unwrap();
    let first = all(&ring, 0..5);
    drop(ring);
    let whole = std::fs::read(&path).unwrap();
    let beside = std::fs::read(&adding).unwrap();
    assert_eq!(whole.len(), before.len() + 3 * 85);
    // The three were added together; whatever of them reached the disk, in whatever order, they are there.
    let mut torn: Vec<Vec<u8>> =
        (before.len()..whole.len()).step_by(23).map(|end| whole[..end].to_vec()).collect();
    for zeros in
        [before.len()..whole.len(), before.len() + 85..before.len() + 170, whole.len() - 1..whole.len()]
    {
        let mut bytes = whole.clone();
        bytes[zeros].fill(0);
        torn.push(bytes);
    }
    for bytes in torn {
        std::fs::write(&path, bytes).unwrap();
        std::fs::write(&adding, &beside).unwrap();
        let ring = open(&path, 5).unwrap();
        assert_eq!((ring.counts(), all(&ring, 0..5)), ((5, 0), first.clone()));
        drop(ring);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
    // What lies beside a ring and is of another, or was not written to its end, changes nothing.
    for end in [0, 10, beside.len() - 1] {
        std::fs::write(&path, &before).unwrap();
        std::fs::write(&adding, &beside[..end]).unwrap();
        assert_eq!(open(&path, 5).unwrap().counts(), (2, 0));
    }
    let strange = folder.path().join("strange");
    Keyring::create(&strange, &lock(), Box::new(Drawn::new(4))).unwrap();
    std::fs::write(folder.path().join("strange.adding"), &beside).unwrap();
    assert_eq!(open(&strange, 5).unwrap().counts(), (0, 0));

    // Without it, less than a record at the end was told to nobody.
    for cut in [1, 2, 20, 84] {
        std::fs::remove_file(&adding).unwrap();
        std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let ring = open(&path, 5).unwrap();
        assert_eq!(ring.counts(), (4, 0), "{cut} bytes cut");
        assert_eq!(all(&ring, 0..4), first[..4]);
    }
    // A whole record that does not open is a changed file, the last one too.
    let start = whole.len() - 5 * 85;
    for (at, bit) in
        [(0, 1), (0, 3), (1, 1), (20, 1), (30, 1), (84, 1), (85, 1), (200, 1), (340, 3), (424, 1)]
    {
        let mut changed = whole.clone();
        changed[start + at] ^= bit;
        std::fs::write(&path, &changed).unwrap();
        std::fs::remove_file(&adding).unwrap();
        let said = open(&path, 6).unwrap_err().to_string();
        assert!(said.contains("ring`") && said.contains(&format!("byte {}", start + at / 85 * 85)), "{said}");
        assert_eq!(std::fs::read(&path).unwrap(), changed, "nothing is cut");
    }
}

#[test]
fn after_a_replacement_that_failed_nothing_more_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    let ring = Keyring::create(&path, &lock(), Box::new(Drawn::new(1))).unwrap();
    let first = all(&ring, 0..3);
    // Nothing can be put beside the ring.
    let beside = folder.path().join(".ring.new");
    std::fs::create_dir(&beside).unwrap();
    for fails in [0, 1] {
        let failed = match fails {
            0 => ring.shred(&person(1)).map(|_| ()),
            _ => ring.relock(&lock()),
        };
        assert!(failed.is_err());
        let refused = ring.pseudonyms(&people(3..4)).unwrap_err().to_string();
        assert!(refused.contains("open it again"), "{refused}");
    }
    drop(ring);
    std::fs::remove_dir(&beside).unwrap();
    let ring = open(&path, 2).unwrap();
    assert_eq!(ring.counts(), (3, 0));
    assert_eq!(all(&ring, 0..3), first);
}

#[test]
fn a_shredded_key_of_which_no_entry_speaks_is_known_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    let ring = Keyring::create(&path, &lock(), Box::new(Drawn::new(1))).unwrap();
    all(&ring, 0..3);
    let id = ring.shred_untold(&person(1)).unwrap().unwrap();
    ring.shred(&person(2)).unwrap().unwrap();
    drop(ring);
    let ring = open(&path, 2).unwrap();
    assert_eq!((ring.untold(), ring.counts()), (vec![id], (1, 2)));
    ring.told(&[id]).unwrap();
    drop(ring);
    assert_eq!(open(&path, 3).unwrap().untold(), []);
    // Nor does what was being added bring a key back.
    let ring = open(&path, 4).unwrap();
    all(&ring, 5..6);
    ring.shred(&person(5)).unwrap().unwrap();
    assert_eq!(std::fs::read(folder.path().join("ring.adding")).unwrap(), b"");
}

#[test]
fn one_is_forgotten_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    let ring = Keyring::create(&path, &lock(), Box::new(Drawn::new(1))).unwrap();
    let first = all(&ring, 0..5);
    let backup = folder.path().join("backup");
    assert_eq!(ring.back_up(&backup).unwrap(), 5);
    assert!(ring.drill(&backup, &lock()).unwrap().is_good());
    let before = std::fs::read(&path).unwrap();
    assert!(ring.shred(&person(2)).unwrap().is_some());
    assert_eq!(ring.shred(&person(2)).unwrap(), None);
    assert_eq!(ring.known(&person(2)).unwrap(), None);
    // Of the key, no byte of what was sealed is left in the file.
    let after = std::fs::read(&path).unwrap();
    let records =
        |bytes: &[u8]| bytes[bytes.len() - 5 * 85..].chunks(85).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let kept = records(&after);
    assert_eq!(records(&before).iter().filter(|record| kept.contains(record)).count(), 4);
    // They come back as somebody new: nothing joins what was with what comes.
    let again = all(&ring, 0..5);
    assert_ne!(again[2], first[2]);
    assert_eq!((&again[..2], &again[3..]), (&first[..2], &first[3..]));
    let drill = ring.drill(&backup, &lock()).unwrap();
    assert_eq!((drill.same, drill.different, drill.undead), (4, 1, 1));
    // What only the backup has is told: the ring lost it.
    drop(ring);
    let ring = open(&path, 8).unwrap();
    assert_eq!(ring.counts(), (5, 1));
    all(&ring, 5..6);
    let newer = folder.path().join("newer");
    ring.back_up(&newer).unwrap();
    drop(ring);
    std::fs::write(&path, &after).unwrap();
    let ring = open(&path, 9).unwrap();
    let drill = ring.drill(&newer, &lock()).unwrap();
    assert_eq!((drill.same, drill.missing, drill.lost, drill.is_good()), (4, 0, 2, false));
}

#[test]
fn an_older_copy_in_the_rings_place_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, seen) = (folder.path().join("ring"), folder.path().join("seen"));
    let ring = Keyring::create(&path, &lock(), Box::new(Drawn::new(1))).unwrap();
    ring.watch(&seen, Unseen::Taken).unwrap();
    all(&ring, 0..3);
    drop(ring);
    let mut copies = vec![std::fs::read(&path).unwrap()];
    let watched = |seed| {
        let ring = open(&path, seed).unwrap();
        ring.watch(&seen, Unseen::Refused).map(|()| ring)
    };
    let ring = watched(2).unwrap();
    all(&ring, 3..6);
    drop(ring);
    copies.push(std::fs::read(&path).unwrap());
    let ring = watched(3).unwrap();
    ring.shred(&person(1)).unwrap().unwrap();
    drop(ring);
    let newest = std::fs::read(&path).unwrap();
    // Cut off as well as older.
    copies.push(newest[..newest.len() - 85].to_vec());
    for copy in &copies {
        std::fs::write(&path, copy).unwrap();
        assert!(matches!(watched(4), Err(RingError::Seen(SeenError::Older { .. }))));
    }
    std::fs::write(&path, &newest).unwrap();
    watched(5).unwrap().relock(&lock()).unwrap();
    drop(watched(6).unwrap());
    // As many people and as many shredded, and an older writing: its lock may be one that was changed.
    std::fs::write(&path, &newest).unwrap();
    assert!(matches!(watched(6), Err(RingError::Seen(SeenError::Older { .. }))));
    // Somebody may vouch for an older one.
    std::fs::write(&path, &copies[0]).unwrap();
    open(&path, 7).unwrap().watch(&seen, Unseen::Taken).unwrap();
    drop(watched(8).unwrap());
}

#[test]
fn a_cut_that_looks_like_a_torn_write_is_told_and_left() {
    let folder = tempfile::tempdir().unwrap();
    let (path, seen) = (folder.path().join("ring"), folder.path().join("seen"));
    let ring = Keyring::create(&path, &lock(), Box::new(Drawn::new(1))).unwrap();
    ring.watch(&seen, Unseen::Taken).unwrap();
    all(&ring, 0..3);
    drop(ring);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(folder.path().join("ring.adding"), "").unwrap();
    for cut in [1, 40, 84] {
        std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let refused = open(&path, 2).unwrap().watch(&seen, Unseen::Refused);
        assert!(matches!(refused, Err(RingError::Seen(SeenError::Older { .. }))), "{refused:?}");
        assert_eq!(std::fs::read(&path).unwrap(), whole[..whole.len() - cut], "it is left as it lies");
    }
    // What was torn behind what was seen was told to nobody.
    let torn = [&whole[..], &whole[whole.len() - 50..]].concat();
    std::fs::write(&path, &torn).unwrap();
    open(&path, 3).unwrap().watch(&seen, Unseen::Refused).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), whole);
    // Where nothing is seen, the next record is written over it.
    std::fs::write(&path, &torn).unwrap();
    let first = all(&open(&path, 4).unwrap(), 0..4);
    assert_eq!(
        (std::fs::read(&path).unwrap().len(), all(&open(&path, 5).unwrap(), 0..4)),
        (whole.len() + 85, first)
    );
}

#[test]
fn a_ring_is_locked_anew_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring");
    let ring = Keyring::create(&path, &lock(), Box::new(Drawn::new(1))).unwrap();
    let first = all(&ring, 0..3);
    let other = Lock::KeyFile(Zeroizing::new(vec![7; 40]));
    ring.relock(&other).unwrap();
    all(&ring, 3..4);
    let backup = folder.path().join("backup");
    ring.back_up(&backup).unwrap();
    drop(ring);
    assert!(open(&path, 2).is_err());
    let (to, seen) = (folder.path().join("new"), folder.path().join("new.seen"));
    let restore = |unseen| Keyring::restore(&backup, &other, &to, (&seen, unseen), Box::new(Drawn::new(9)));
    // Nothing says that it is the newest.
    let refused = restore(Unseen::Refused);
    assert!(matches!(refused, Err(RingError::Seen(SeenError::Unseen { .. }))) && !to.exists());
    assert_eq!(restore(Unseen::Taken).unwrap().counts(), (4, 0));
    assert!(matches!(restore(Unseen::Taken), Err(RingError::Exists { .. })));
    let ring = Keyring::open(&to, &other, Box::new(Drawn::new(9))).unwrap();
    ring.watch(&seen, Unseen::Refused).unwrap();
    assert_eq!(all(&ring, 0..3), first);
    let strange = Keyring::create(&folder.path().join("strange"), &other, Box::new(Drawn::new(77))).unwrap();
    assert!(strange.drill(&backup, &other).unwrap_err().to_string().contains("another ring"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// A stranger's file is read or refused.
    #[test]
    fn any_file_is_refused_or_opened(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0_usize..400) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        drop(Keyring::create(&path, &lock(), Box::new(Drawn::new(1))).unwrap());
        let mut whole = std::fs::read(&path).unwrap();
        whole.truncate(cut);
        whole.extend_from_slice(&bytes);
        std::fs::write(&path, whole).unwrap();
        let _ = open(&path, 1);
    }
}
