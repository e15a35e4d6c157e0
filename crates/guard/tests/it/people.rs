//! People who become others, who are forgotten, and who stand in a file again.

use std::path::Path;
use std::sync::{Arc, Mutex};

use guard::ring::{Away, RingError, SaltRing};
use guard::root::FileRoot;
use guard::{GuardError, Handle};
use journal::act::{KeyEvent, KeyStep};
use journal::sample::Drawn;
use journal::{EntryOutcome, RecordError, Subject};

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

type Said = Arc<Mutex<Vec<(EntryOutcome, String, Vec<String>)>>>;

/// Lets whoever was shredded back in, and tells what was recorded of it.
fn welcomed(ring: &SaltRing) -> Said {
    let said = Said::default();
    let told = Arc::clone(&said);
    ring.welcome(Box::new(move |events: Vec<KeyEvent>, outcome, correlation| {
        assert!(events.iter().all(|event| event.step == KeyStep::Readmitted));
        let keys = events.iter().map(|event| event.key.to_string()).collect();
        told.lock().unwrap().push((outcome, correlation.to_string(), keys));
        Ok(())
    }));
    said
}

#[test]
fn whoever_is_let_back_in_is_named_before_and_after_and_nobody_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(folder.path());
    ring.salts(&people(0..4)).unwrap();
    let gone = ring.shred(&people(1..3)).unwrap();
    let gone: Vec<String> = gone.iter().flatten().map(|handle| format!("{handle:?}")).collect();
    let said = welcomed(&ring);
    // Nobody of these was shredded.
    ring.salts(&[subject(0), subject(3), subject(9)]).unwrap();
    assert!(said.lock().unwrap().is_empty());
    ring.salts(&[subject(0), subject(1), subject(1), subject(10)]).unwrap();
    let told = std::mem::take(&mut *said.lock().unwrap());
    let [(first, of, named), (then, of_same, named_again)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*first, *then), (EntryOutcome::Intended, EntryOutcome::Done));
    assert_eq!((of, named, named_again), (of_same, &vec![gone[0].clone()], &vec![gone[0].clone()]));
    // They are there now.
    ring.salts(&people(0..2)).unwrap();
    assert!(said.lock().unwrap().is_empty());
}

#[test]
fn nobody_is_let_back_in_unrecorded() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(folder.path());
    ring.salts(&people(0..2)).unwrap();
    ring.shred(&people(0..1)).unwrap();
    ring.welcome(Box::new(|_, _, _| Err(RecordError::Unavailable("the disk is full".to_owned()))));
    let refused = ring.salts(&people(0..3));
    assert!(matches!(refused, Err(RingError::NotRecorded(_))), "{refused:?}");
    assert_eq!(ring.counts(), (1, 1), "neither they nor anybody of their batch");
}

#[test]
fn a_retired_handle_forgets_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let ring = ring(folder.path());
    ring.salts(&people(0..6)).unwrap();
    ring.merge(&subject(1), &subject(2)).unwrap();
    let [away, survivor] = [1, 2].map(|number| handle(&ring, number));
    assert_eq!(ring.retiring(&[away, survivor, handle(&ring, 5)]), [], "who survives is among them");
    assert_eq!(ring.retiring(&[away, handle(&ring, 5)]), [away]);
    ring.shred_handles(&[away]).unwrap();
    drop(ring);
    let ring = again(folder.path(), 3);
    assert!(ring.was_retired(away) && !ring.was_shredded(away) && ring.by_handle(away).unwrap().is_none());
    // A row that names them is the survivor's, and nobody says that they are to come back.
    assert_eq!(ring.survivor(&subject(1)), Some(subject(2)));
    assert!(ring.forgotten(&people(0..6)).is_empty());
    let said = welcomed(&ring);
    assert!(matches!(ring.salts(&people(0..2)), Err(RingError::Refused(_))));
    assert!(said.lock().unwrap().is_empty() && ring.known(&subject(1)).unwrap().is_none());
    // By their old name they are neither forgotten nor merged.
    for refused in [
        ring.shred(&people(0..2)).map(|_| ()),
        ring.merge(&subject(1), &subject(3)).map(|_| ()),
        ring.merge(&subject(3), &subject(1)).map(|_| ()),
    ] {
        let Err(RingError::MergedAway(away)) = refused else { panic!("{refused:?}") };
        assert_eq!(away[0].into, survivor);
    }
    // It holds through all that is done to the ring.
    ring.rewrap().unwrap();
    ring.told(&ring.untold()).unwrap();
    let backup = folder.path().join("backup");
    ring.back_up(&backup).unwrap();
    // Who survives becomes a third.
    ring.merge(&subject(2), &subject(3)).unwrap();
    drop(ring);
    let ring = again(folder.path(), 4);
    assert_eq!(ring.survivor(&subject(1)), Some(subject(3)));
    ring.shred_handles(&[survivor]).unwrap();
    assert_eq!([1, 2].map(|number| ring.survivor(&subject(number))), [Some(subject(3)), Some(subject(3))]);
    ring.told(&ring.untold()).unwrap();
    // Who is forgotten is forgotten under every name that they had, and entries are to say so.
    ring.shred(&[subject(3)]).unwrap();
    drop(ring);
    let ring = again(folder.path(), 5);
    assert_eq!(ring.forgotten(&people(0..6)).into_iter().collect::<Vec<_>>(), [1, 2, 3]);
    assert!(ring.survivor(&subject(1)).is_none() && ring.was_shredded(away) && ring.retired() == 0);
    assert_eq!(ring.untold().len(), 3);
}

#[test]
fn entries_tell_a_retired_handle_from_somebody_who_is_forgotten() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    (0..4).for_each(|number| drop(sealed(&mut keeper, number)));
    let (away, _) = ready(keeper.merge(&subject(0), &subject(1))).unwrap().unwrap();
    let other = keeper.salts().known(&subject(2)).unwrap().unwrap().handle();
    place.said();
    let done = ready(keeper.shred_handles(&[away], None)).unwrap();
    assert_eq!((done.handles, done.retired), (vec![Some(away)], vec![away]));
    let retired =
        ["tenant intended", "tenant done", "subject done"].map(|end| format!("handle-retired {end}"));
    assert_eq!(place.said(), retired);
    let done = ready(keeper.shred_handles(&[other], None)).unwrap();
    assert!(done.retired.is_empty());
    let shredded = ["tenant intended", "tenant done", "subject done"].map(|end| format!("shredded {end}"));
    assert_eq!(place.said(), shredded);
    // With the survivor the retired one is forgotten too.
    ready(keeper.shred(&[subject(1)], None)).unwrap();
    assert_eq!(place.said().iter().filter(|said| *said == "shredded subject done").count(), 2);
}
