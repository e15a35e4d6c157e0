//! People who become others, who are forgotten, and who stand in a file again.

use std::path::Path;
use std::sync::Arc;

use guard::ring::{Away, RingError, SaltRing};
use guard::root::FileRoot;
use guard::{GuardError, Handle};
use journal::Subject;
use journal::sample::Drawn;

use crate::keeper::{Place, begun, opens, ready, sealed};
use crate::{lock, subject};

fn file_root(folder: &Path) -> Arc<FileRoot> {
    let (path, rng) = (folder.join("root"), Box::new(Drawn::new(1)));
    let root =
        if path.exists() { FileRoot::open(&path, lock(), rng) } else { FileRoot::create(&path, lock(), rng) };
    Arc::new(root.unwrap())
}

fn ring(folder: &Path) -> SaltRing {
    SaltRing::create(&folder.join("salts"), file_root(folder), Box::new(Drawn::new(2))).unwrap()
}

fn again(folder: &Path, seed: u64) -> SaltRing {
    SaltRing::open(&folder.join("salts"), file_root(folder), Box::new(Drawn::new(seed))).unwrap()
}

fn people(range: std::ops::Range<u64>) -> Vec<Subject> {
    range.map(subject).collect()
}

fn handle(ring: &SaltRing, number: u64) -> Handle {
    ring.known(&subject(number)).unwrap().unwrap().handle()
}

/// How often the file was written.
fn written(folder: &Path) -> u64 {
    let bytes = std::fs::read(folder.join("salts")).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().find_map(|line| line.strip_prefix("written ")?.parse().ok()).unwrap()
}

#[test]
fn many_pairs_are_one_writing_and_come_to_the_same_as_one_by_one() {
    let pairs: Vec<(Subject, Subject)> = [(0, 1), (2, 1), (1, 3), (7, 3), (4, 8), (8, 5), (9, 7)]
        .map(|(from, into)| (subject(from), subject(into)))
        .to_vec();
    let [many, one] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (all, single) = (ring(many.path()), ring(one.path()));
    for ring in [&all, &single] {
        ring.salts(&people(0..6)).unwrap();
    }
    let before = written(many.path());
    let done = all.merge_all(&pairs).unwrap();
    assert_eq!(written(many.path()), before + 1);
    let each: Vec<_> = pairs.iter().map(|(from, into)| single.merge(from, into).unwrap()).collect();
    assert!(written(one.path()) > before + 3);
    // Nobody had a token of the seventh and ninth; the eighth came to be as a survivor.
    let known = |done: &[Option<(Handle, Handle)>]| done.iter().map(Option::is_some).collect::<Vec<_>>();
    assert_eq!(known(&done), [true, true, true, false, true, true, false]);
    assert_eq!(known(&each), known(&done));
    drop((all, single));
    for folder in [&many, &one] {
        let ring = again(folder.path(), 3);
        assert_eq!(ring.merges().len(), 5);
        for (from, last) in [(0, 3), (2, 3), (1, 3), (4, 5), (8, 5)] {
            let merged = ring.merged(handle(&ring, from)).unwrap();
            assert_eq!((merged.survivor, merged.into), (Some(subject(last)), handle(&ring, last)));
        }
    }
}

#[test]
fn of_pairs_with_a_wrong_one_none_is_merged() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(folder.path());
    ring.salts(&people(0..6)).unwrap();
    ring.merge(&subject(0), &subject(1)).unwrap().unwrap();
    let before = std::fs::read(folder.path().join("salts")).unwrap();
    let pair = |from, into| (subject(from), subject(into));
    // One that was merged away before, and two who become others in the same list twice.
    for (pairs, wrong, into) in [
        (vec![pair(2, 3), pair(4, 0), pair(0, 5)], vec![1, 2], 1),
        (vec![pair(2, 3), pair(2, 4)], vec![1], 3),
    ] {
        let refused = ring.merge_all(&pairs);
        let Err(RingError::MergedAway(away)) = refused else { panic!("{refused:?}") };
        let into = handle(&ring, into);
        assert_eq!(away, wrong.into_iter().map(|at| Away { at, into }).collect::<Vec<_>>());
    }
    assert!(ring.merge_all(&[pair(2, 3), pair(4, 4)]).is_err());
    assert_eq!(std::fs::read(folder.path().join("salts")).unwrap(), before);
}

#[test]
fn each_merge_of_a_list_is_told_before_and_after() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let texts: Vec<String> = (0..3).map(|number| sealed(&mut keeper, number)).collect();
    place.said();
    let pairs = [(0, 2), (1, 2), (6, 2)].map(|(from, into)| (subject(from), subject(into)));
    let done = ready(keeper.merge_all(&pairs)).unwrap();
    assert_eq!(done.iter().filter(|one| one.is_some()).count(), 2);
    let said = ["intended", "intended", "done", "done"].map(|outcome| format!("merged subject {outcome}"));
    assert_eq!(place.said(), said);
    assert!(opens(&keeper, &texts[0], 0));
    assert!(ready(keeper.merge_all(&pairs)).is_err());
    assert_eq!(place.said().iter().filter(|said| said.ends_with("failed")).count(), 2);
}

#[test]
fn who_was_merged_away_is_named_where_they_are_shredded() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(folder.path());
    ring.salts(&people(0..5)).unwrap();
    ring.merge(&subject(1), &subject(4)).unwrap();
    ring.merge(&subject(3), &subject(4)).unwrap();
    let refused = ring.shred(&people(0..4));
    let Err(RingError::MergedAway(away)) = refused else { panic!("{refused:?}") };
    let into = handle(&ring, 4);
    assert_eq!(away, [Away { at: 1, into }, Away { at: 3, into }]);
    assert_eq!(ring.counts(), (5, 0), "nobody was shredded");
}

#[test]
fn who_was_shredded_gets_no_new_salt_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(folder.path());
    ring.salts(&people(0..4)).unwrap();
    ring.shred(&[subject(1)]).unwrap();
    ring.shred_handles(&[handle(&ring, 2)]).unwrap();
    drop(ring);
    let ring = again(folder.path(), 3);
    assert_eq!(ring.forgotten(&people(0..6)).into_iter().collect::<Vec<_>>(), [1, 2]);
    let refused = ring.salts(&people(0..2));
    assert!(matches!(refused, Err(RingError::Guard(GuardError::Forgotten))), "{refused:?}");
    assert_eq!(ring.counts(), (2, 2));
    // It holds through all that is done to the ring.
    ring.rewrap().unwrap();
    ring.told(&ring.untold()).unwrap();
    drop(ring);
    let ring = again(folder.path(), 4);
    assert!(ring.untold().is_empty());
    assert!(ring.salts(&people(2..3)).is_err() && ring.salts(&people(5..6)).is_ok());
    drop(ring);
    // No record of one kind is taken for one of another.
    let whole = std::fs::read(folder.path().join("salts")).unwrap();
    let records = whole.windows(5).position(|five| five == b"\n---\n").unwrap() + 5;
    for at in (records..whole.len()).step_by(85) {
        for kind in (0..=4).filter(|kind| *kind != whole[at]) {
            let mut turned = whole.clone();
            turned[at] = kind;
            std::fs::write(folder.path().join("salts"), turned).unwrap();
            // Else it is taken for a torn write, and finished.
            let _ = std::fs::remove_file(folder.path().join("salts.adding"));
            let rng = Box::new(Drawn::new(5));
            let opened = SaltRing::open(&folder.path().join("salts"), file_root(folder.path()), rng);
            assert!(opened.is_err(), "a record of kind {} is read as one of {kind}", whole[at]);
        }
    }
}

#[test]
fn many_who_were_shredded_are_told_of_and_known() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(folder.path());
    ring.salts(&people(0..3000)).unwrap();
    let gone: Vec<Handle> = ring.shred(&people(0..2500)).unwrap().into_iter().flatten().collect();
    let [mut untold, mut all] = [ring.untold(), gone.clone()];
    untold.sort();
    all.sort();
    assert_eq!(untold, all);
    ring.told(&gone[..2000]).unwrap();
    assert_eq!(ring.untold().len(), 500);
    drop(ring);
    let ring = again(folder.path(), 3);
    assert_eq!((ring.untold().len(), ring.counts()), (500, (500, 2500)));
    assert!(gone.iter().all(|handle| ring.was_shredded(*handle)));
    assert!(!ring.was_shredded(handle(&ring, 2600)));
}
