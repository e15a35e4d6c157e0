//! The ring of salts: who has one, who is forgotten, who became another.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use guard::ring::{Keyring, RingError, SaltRing};
use guard::root::{FileRoot, Root, RootError};
use guard::{Binding, FieldCipher, Handle, KeyState, SeenError, Token, Unseen};
use journal::Subject;
use journal::sample::Drawn;

use crate::crash::Snapping;
use crate::{data_key, lock, sealer, subject};

const TENANT: &str = "harbor-clinic";

fn file_root(folder: &Path, seed: u64) -> Arc<dyn Root> {
    let (path, rng) = (folder.join("root"), Box::new(Drawn::new(seed)));
    let root =
        if path.exists() { FileRoot::open(&path, lock(), rng) } else { FileRoot::create(&path, lock(), rng) };
    Arc::new(root.unwrap())
}

fn create(folder: &Path) -> SaltRing {
    SaltRing::create(&folder.join("salts"), file_root(folder, 1), Box::new(Drawn::new(2))).unwrap()
}

fn open(folder: &Path) -> Result<SaltRing, RingError> {
    SaltRing::open(&folder.join("salts"), file_root(folder, 3), Box::new(Drawn::new(4)))
}

fn people(range: std::ops::Range<u64>) -> Vec<Subject> {
    range.map(subject).collect()
}

fn handles(ring: &SaltRing, range: std::ops::Range<u64>) -> Vec<Handle> {
    ring.salts(&people(range)).unwrap().iter().map(guard::SubjectSalt::handle).collect()
}

/// A token of a person's number.
fn sealed(ring: &SaltRing, number: u64) -> String {
    let (person, key) = (subject(number), data_key(41, KeyState::Active));
    let salts = ring.salts(std::slice::from_ref(&person)).unwrap();
    let cipher = FieldCipher::of_subject(&key, &salts[0]).unwrap();
    let bound = Binding { tenant: TENANT, field: "ssn", subject: Some(&person) };
    let mut text = String::new();
    sealer(number).seal(&cipher, &bound, "123-45-6789", &mut text).unwrap();
    text
}

/// The value of a token that is bound to a person, by the handle that it names.
fn opened(ring: &SaltRing, text: &str, person: &Subject) -> Option<String> {
    let (token, key) = (Token::parse(text).unwrap(), data_key(41, KeyState::Active));
    let salt = ring.by_handle(token.handle().unwrap()).unwrap()?;
    let cipher = FieldCipher::of_subject(&key, &salt).unwrap();
    let bound = Binding { tenant: TENANT, field: "ssn", subject: Some(person) };
    sealer(1).open(&cipher, &bound, &token).ok().map(|value| value.to_string())
}

fn opens(ring: &SaltRing, text: &str, number: u64) -> bool {
    opened(ring, text, &subject(number)).is_some()
}

#[test]
fn a_person_has_one_salt_and_tokens_lead_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let ring = create(folder.path());
    let first = handles(&ring, 0..40);
    assert_eq!(handles(&ring, 0..40), first);
    let text = sealed(&ring, 7);
    assert_eq!(Token::parse(&text).unwrap().handle(), Some(first[7]));
    assert_eq!(opened(&ring, &text, &subject(7)).as_deref(), Some("123-45-6789"));
    assert!(!opens(&ring, &text, 8), "it is bound to the person, not to the handle alone");
    let root = file_root(tempfile::tempdir().unwrap().path(), 5);
    let second = SaltRing::open(&folder.path().join("salts"), root, Box::new(Drawn::new(4)));
    assert!(matches!(second, Err(RingError::InUse { .. })), "one process at a time");
    drop(ring);
    let ring = open(folder.path()).unwrap();
    assert_eq!((handles(&ring, 0..40), ring.counts()), (first.clone(), (40, 0)));
    assert!(opens(&ring, &text, 7));
    assert!(ring.known(&subject(99)).unwrap().is_none());
    assert!(ring.by_handle(Handle::of([9; 8])).unwrap().is_none());
    assert_eq!(ring.known(&subject(3)).unwrap().unwrap().handle(), first[3]);
    // Another root opens nothing.
    drop(ring);
    let elsewhere = tempfile::tempdir().unwrap();
    let other =
        SaltRing::open(&folder.path().join("salts"), file_root(elsewhere.path(), 9), Box::new(Drawn::new(9)));
    assert!(matches!(other, Err(RingError::Root(RootError::Missing(_)))));
}

#[test]
fn one_kind_of_ring_is_never_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let ring = create(folder.path());
    handles(&ring, 0..3);
    drop(ring);
    let trail = folder.path().join("trail");
    drop(Keyring::create(&trail, &lock(), Box::new(Drawn::new(5))).unwrap());
    let root = file_root(folder.path(), 6);
    let salts = SaltRing::open(&trail, Arc::clone(&root), Box::new(Drawn::new(7))).unwrap_err();
    assert!(salts.to_string().contains("no ring of salts"), "{salts}");
    let keyring = Keyring::open(&folder.path().join("salts"), &lock(), Box::new(Drawn::new(8))).unwrap_err();
    assert!(matches!(keyring, RingError::Unreadable { .. }), "{keyring}");
    // Nor are the records of one those of the other, under the head of the other.
    let end = |bytes: &[u8]| bytes.windows(5).position(|five| five == b"\n---\n").unwrap() + 5;
    let (mine, theirs) =
        (std::fs::read(folder.path().join("salts")).unwrap(), std::fs::read(&trail).unwrap());
    let mixed = [&theirs[..end(&theirs)], &mine[end(&mine)..]].concat();
    std::fs::write(&trail, mixed).unwrap();
    let said = Keyring::open(&trail, &lock(), Box::new(Drawn::new(8))).unwrap_err().to_string();
    assert!(said.contains("does not open"), "{said}");
}

#[test]
fn what_a_crash_tore_is_finished_and_what_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, adding) = (folder.path().join("salts"), folder.path().join("salts.adding"));
    let ring = create(folder.path());
    handles(&ring, 0..2);
    // The head says how many records there were.
    ring.rewrap().unwrap();
    let before = std::fs::read(&path).unwrap();
    let first = handles(&ring, 0..5);
    drop(ring);
    let (whole, beside) = (std::fs::read(&path).unwrap(), std::fs::read(&adding).unwrap());
    for end in (before.len()..whole.len()).step_by(17) {
        std::fs::write(&path, &whole[..end]).unwrap();
        std::fs::write(&adding, &beside).unwrap();
        let ring = open(folder.path()).unwrap();
        assert_eq!((ring.counts(), handles(&ring, 0..5)), ((5, 0), first.clone()));
        drop(ring);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
    std::fs::write(&adding, b"").unwrap();
    // Every byte counts, and what the head says that it holds does not go unseen.
    for at in 0..whole.len() {
        let mut turned = whole.clone();
        turned[at] ^= 4;
        std::fs::write(&path, &turned).unwrap();
        assert!(open(folder.path()).is_err(), "byte {at}");
    }
    std::fs::write(&path, &whole[..before.len() - 85]).unwrap();
    assert!(open(folder.path()).unwrap_err().to_string().contains("cut off"));
    // A record does not stand twice.
    std::fs::write(&path, [&whole[..], &whole[whole.len() - 85..]].concat()).unwrap();
    assert!(open(folder.path()).unwrap_err().to_string().contains("twice"));
}

#[test]
fn who_is_shredded_is_gone_from_every_copy_and_nobody_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let ring = create(folder.path());
    let texts: Vec<String> = (0..6).map(|number| sealed(&ring, number)).collect();
    let backup = folder.path().join("backup");
    assert_eq!(ring.back_up(&backup).unwrap(), 6);
    assert!(ring.drill(&backup).unwrap().unwrap().is_good());
    let before = std::fs::read(folder.path().join("salts")).unwrap();
    let (epoch, wrapping) = ring.epoch();
    let gone = ring.shred(&[subject(2), subject(77), subject(4)]).unwrap();
    assert_eq!(gone.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    let mut untold: Vec<Handle> = gone.iter().flatten().copied().collect();
    untold.sort();
    assert_eq!(ring.untold(), untold);
    assert_eq!((ring.epoch().0, ring.epoch().1 == wrapping), (epoch + 1, false));
    for (number, text) in (0..).zip(&texts) {
        assert_eq!(opens(&ring, text, number), ![2, 4].contains(&number));
    }
    assert!(ring.was_shredded(untold[0]));
    // No copy that was made before opens, for anybody.
    assert_eq!(ring.drill(&backup).unwrap(), None);
    let elsewhere = folder.path().join("elsewhere");
    std::fs::write(&elsewhere, &before).unwrap();
    drop(ring);
    let root = file_root(folder.path(), 8);
    let to = folder.path().join("restored");
    let restored =
        SaltRing::restore(&elsewhere, root, &to, jiff::civil::date(2026, 11, 28), Box::new(Drawn::new(9)));
    assert!(matches!(restored, Err(RingError::Root(RootError::Missing(_)))));
    let ring = open(folder.path()).unwrap();
    // They come back as somebody new, where somebody says so.
    ring.welcome(Box::new(|_, _, _| Ok(())));
    let again = sealed(&ring, 2);
    assert!(opens(&ring, &again, 2) && !opens(&ring, &texts[2], 2));
    ring.told(&untold).unwrap();
    drop(ring);
    let ring = open(folder.path()).unwrap();
    assert_eq!((ring.untold(), ring.counts()), (vec![], (5, 2)));
    // By what an entry or a token names.
    let handle = Token::parse(&texts[0]).unwrap().handle().unwrap();
    assert_eq!(ring.shred_handles(&[handle, Handle::of([1; 8])]).unwrap(), [handle]);
    assert!(!opens(&ring, &texts[0], 0) && opens(&ring, &texts[1], 1));
    let (epoch, _) = ring.epoch();
    assert_eq!(ring.shred(&[subject(0)]).unwrap(), [None]);
    assert_eq!(ring.epoch().0, epoch, "nobody was there: nothing is done");
}

/// What must hold whenever the ring is opened again: each person is there as before, or is shredded, by name and in
/// every copy.
fn holds_after_a_crash(folder: &Path, texts: &[String], shredded: &[u64], old: &[u8]) -> bool {
    let ring = open(folder).unwrap();
    let there: Vec<bool> = (0..).zip(texts).map(|(number, text)| opens(&ring, text, number)).collect();
    let (mut gone, mut untold) = (Vec::new(), ring.untold());
    for (number, (text, there)) in (0..).zip(texts.iter().zip(there)) {
        if !there {
            assert!(shredded.contains(&number), "{number} is lost");
            gone.push(Token::parse(text).unwrap().handle().unwrap());
        }
    }
    gone.sort();
    untold.sort();
    assert_eq!(gone, untold, "who is gone is known to be");
    assert!(gone.is_empty() || gone.len() == shredded.len(), "all of them or none");
    // It goes on from there.
    assert!(opens(&ring, &sealed(&ring, 50), 50));
    drop(ring);
    std::fs::write(folder.join("salts"), old).unwrap();
    let opens_still = open(folder).is_ok();
    assert_eq!(opens_still, gone.is_empty(), "an old copy opens as long as nobody is shredded");
    !gone.is_empty()
}

#[test]
fn whatever_a_shredding_is_interrupted_at_nobody_is_lost_or_half_shredded() {
    let mut outcomes = [0, 0];
    for fails in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let ring = create(folder.path());
        let texts: Vec<String> = (0..5).map(|number| sealed(&ring, number)).collect();
        drop(ring);
        let old = std::fs::read(folder.path().join("salts")).unwrap();
        let root = Arc::new(Snapping::new(file_root(folder.path(), 30), folder.path(), fails));
        let ring = SaltRing::open(&folder.path().join("salts"), root.clone(), Box::new(Drawn::new(31)));
        let done = ring.and_then(|ring| ring.shred(&[subject(1), subject(3)]));
        assert_eq!(done.is_ok(), fails >= 6, "{fails}: {done:?}");
        let mut states = root.states();
        // The root's file is let go before another opens it.
        let snaps = Arc::into_inner(root).unwrap().end();
        states.push(folder.path().to_owned());
        for state in states {
            // A file that was being written beside is nothing yet.
            std::fs::write(state.join(".salts.new"), &old[..40]).unwrap();
            outcomes[usize::from(holds_after_a_crash(&state, &texts, &[1, 3], &old))] += 1;
        }
        drop(snaps);
    }
    assert!(outcomes[0] > 8 && outcomes[1] > 4, "{outcomes:?}");
}

#[test]
fn after_a_replacement_that_failed_nothing_more_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let ring = create(folder.path());
    let texts: Vec<String> = (0..3).map(|number| sealed(&ring, number)).collect();
    let beside = folder.path().join(".salts.new");
    std::fs::create_dir(&beside).unwrap();
    assert!(ring.shred(&[subject(1)]).is_err());
    assert!(ring.salts(&people(5..6)).unwrap_err().to_string().contains("open it again"));
    assert!(opens(&ring, &texts[1], 1), "reading goes on");
    drop(ring);
    std::fs::remove_dir(&beside).unwrap();
    let ring = open(folder.path()).unwrap();
    assert!((0..).zip(&texts).all(|(number, text)| opens(&ring, text, number)));
}

#[test]
fn a_person_becomes_another_and_their_tokens_are_bound_anew() {
    let folder = tempfile::tempdir().unwrap();
    let ring = create(folder.path());
    let old = sealed(&ring, 1);
    let away = Token::parse(&old).unwrap().handle().unwrap();
    assert_eq!(ring.merge(&subject(88), &subject(2)).unwrap(), None, "nobody had tokens");
    let (gone, survivor) = ring.merge(&subject(1), &subject(2)).unwrap().unwrap();
    assert_eq!(gone, away);
    drop(ring);
    let ring = open(folder.path()).unwrap();
    assert_eq!(ring.merges(), [away]);
    let merged = ring.merged(away).unwrap();
    assert_eq!((merged.into, merged.from == subject(1)), (survivor, true));
    assert!(merged.survivor == Some(subject(2)) && ring.survivor(&subject(1)) == Some(subject(2)));
    assert!(ring.survivor(&subject(2)).is_none() && ring.survivor(&subject(9)).is_none());
    // No new token is sealed for who was merged away, and they are not merged again or shredded by their old name.
    for refused in [
        ring.salts(&people(0..3)).map(|_| ()),
        ring.shred(&[subject(1)]).map(|_| ()),
        ring.merge(&subject(1), &subject(5)).map(|_| ()),
        ring.merge(&subject(5), &subject(5)).map(|_| ()),
    ] {
        assert!(matches!(refused, Err(RingError::Refused(_) | RingError::MergedAway(_))), "{refused:?}");
    }
    sealed(&ring, 5);
    assert!(matches!(ring.merge(&subject(5), &subject(1)), Err(RingError::MergedAway(_))));
    // A job opens by the old name and seals for the new one.
    let value = opened(&ring, &old, &merged.from).unwrap();
    assert_eq!(value, "123-45-6789");
    let new = sealed(&ring, 2);
    assert_eq!(Token::parse(&new).unwrap().handle(), Some(survivor));
    // The survivor becomes a third: who was merged before is that one too.
    let (_, third) = ring.merge(&subject(2), &subject(3)).unwrap().unwrap();
    assert_eq!(ring.merged(away).unwrap().into, third);
    assert!(ring.survivor(&subject(1)) == ring.survivor(&subject(2)));
    assert_eq!(ring.merged(survivor).unwrap().into, third);
    // Once no token is left the old salt goes, and nobody else's.
    assert_eq!(ring.shred_handles(&[away]).unwrap(), [away]);
    assert!(ring.merged(away).is_none() && opened(&ring, &old, &subject(1)).is_none());
    assert!(opens(&ring, &new, 2));
    // Who is forgotten is forgotten under every name that they had.
    ring.shred(&[subject(3)]).unwrap();
    assert!(!opens(&ring, &new, 2) && ring.merges().is_empty());
    assert_eq!(ring.untold().len(), 3);
}

#[test]
fn an_older_copy_in_the_rings_place_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, seen) = (folder.path().join("salts"), folder.path().join("seen"));
    let watched = || {
        let ring = open(folder.path()).unwrap();
        ring.watch(&seen, Unseen::Refused).map(|()| ring)
    };
    let ring = create(folder.path());
    assert!(matches!(ring.watch(&seen, Unseen::Refused), Err(RingError::Seen(SeenError::Unseen { .. }))));
    ring.watch(&seen, Unseen::Taken).unwrap();
    handles(&ring, 0..3);
    let shorter = std::fs::read(&path).unwrap();
    handles(&ring, 3..6);
    drop(ring);
    let whole = std::fs::read(&path).unwrap();
    drop(watched().unwrap());
    for older in [&shorter[..], &whole[..whole.len() - 85]] {
        std::fs::write(&path, older).unwrap();
        std::fs::write(folder.path().join("salts.adding"), b"").unwrap();
        assert!(matches!(watched(), Err(RingError::Seen(SeenError::Older { .. }))));
    }
    std::fs::write(&path, &whole).unwrap();
    let ring = watched().unwrap();
    let told = ring.shred(&[subject(1)]).unwrap();
    let untold = std::fs::read(&path).unwrap();
    ring.told(&told.into_iter().flatten().collect::<Vec<_>>()).unwrap();
    drop(ring);
    let newest = std::fs::read(&path).unwrap();
    std::fs::write(&path, &untold).unwrap();
    assert!(
        matches!(watched(), Err(RingError::Seen(SeenError::Older { .. }))),
        "the same epoch, one writing older"
    );
    std::fs::write(&path, &newest).unwrap();
    // What was seen is not cut, changed or of another ring.
    let kept = std::fs::read(&seen).unwrap();
    for at in 0..kept.len() {
        let mut turned = kept.clone();
        turned[at] ^= 1;
        std::fs::write(&seen, &turned).unwrap();
        assert!(matches!(watched(), Err(RingError::Seen(SeenError::Other { .. }))), "byte {at}");
    }
    std::fs::remove_file(&seen).unwrap();
    assert!(matches!(watched(), Err(RingError::Seen(SeenError::Unseen { .. }))));
    // Where somebody vouches for an older one, it is the newest from then on.
    std::fs::write(&seen, &kept).unwrap();
    std::fs::write(&path, &untold).unwrap();
    let ring = open(folder.path()).unwrap();
    ring.watch(&seen, Unseen::Taken).unwrap();
    drop(ring);
    let taken = std::fs::read(&path).unwrap();
    std::fs::write(&path, &newest).unwrap();
    assert!(matches!(watched(), Err(RingError::Seen(SeenError::Older { .. }))));
    std::fs::write(&path, &taken).unwrap();
    let kept = std::fs::read(&seen).unwrap();
    // A ring that went further than what was seen is one whose writer was killed.
    std::fs::write(&seen, &kept).unwrap();
    let ring = open(folder.path()).unwrap();
    handles(&ring, 10..12);
    drop(ring);
    assert!(watched().is_ok());
}

#[test]
fn readers_go_on_while_people_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let ring = create(folder.path());
    let texts: Vec<String> = (0..8).map(|number| sealed(&ring, number)).collect();
    let (done, read) = (Mutex::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !*done.lock().unwrap() {
                    for (number, text) in (0..).zip(&texts).skip(4) {
                        assert!(opens(&ring, text, number));
                        read.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        for number in 0..4 {
            handles(&ring, 100 + number * 10..110 + number * 10);
            ring.shred(&[subject(number)]).unwrap();
        }
        while read.load(Ordering::Relaxed) < 100 {
            std::thread::yield_now();
        }
        *done.lock().unwrap() = true;
    });
    assert!((0..).zip(&texts).all(|(number, text)| opens(&ring, text, number) == (number >= 4)));
    drop(ring);
    assert_eq!(open(folder.path()).unwrap().counts(), (44, 4));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// A stranger's file is read or refused: a ring, data keys, an escrow, a share.
    #[test]
    fn any_file_is_refused_or_opened(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0_usize..500) {
        let folder = tempfile::tempdir().unwrap();
        let root = file_root(folder.path(), 1);
        let path = folder.path().join("file");
        drop(SaltRing::create(&path, root.clone(), Box::new(Drawn::new(2))).unwrap());
        let mut whole = std::fs::read(&path).unwrap();
        whole.truncate(cut);
        whole.extend_from_slice(&bytes);
        std::fs::write(&path, &whole).unwrap();
        let _ = SaltRing::open(&path, root.clone(), Box::new(Drawn::new(3)));
        let _ = guard::DataKeys::open(&path, root, Box::new(Drawn::new(4)));
        let _ = guard::escrow::Share::read(&String::from_utf8_lossy(&whole));
        let head = "phiward-escrow/v1\nescrow 0011223344556677\ntenant a\nday 2026-11-27\nshares 3, 2 open it\n---\n";
        let start = head.len().min(cut);
        std::fs::write(&path, [&head.as_bytes()[..start], &bytes].concat()).unwrap();
        let _ = guard::escrow::Escrow::read(&path);
    }
}
