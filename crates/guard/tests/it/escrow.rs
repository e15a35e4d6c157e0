//! Escrows: what is told of them, when there is one, and which rings know it.

use guard::escrow::{Escrow, EscrowError, Share, Terms};
use guard::keeper::{KeeperError, Shredding, TrailPlace};
use guard::ring::{EscrowState, Keyring, RingError};
use guard::{Keeper, KeyState, SeenError, Token, Unseen};
use journal::Pseudonymiser as _;
use policy::vocabulary::Class;

use crate::keeper::{DAY, Place, System, begun, named, opens, ready, sealed, terms};
use crate::keys::two_people;
use crate::{lock, subject};

fn ring(place: &Place) -> Result<Keyring, RingError> {
    Keyring::open(&place.path("trail"), &lock(), Box::new(System))
}

#[test]
fn shares_are_handed_out_between_what_is_intended_and_what_is_done() {
    let place = Place::new();
    let mut keeper = place.create();
    place.said();
    let file = place.path("escrow");
    let handed = ready(keeper.escrow(&terms(), None, &file, |shares: Vec<Share>| {
        // Nothing says yet that it is done, and there is no file that somebody lacks the shares of.
        assert_eq!(place.said(), ["escrowed tenant intended"]);
        assert!(!file.exists());
        Ok(shares.len())
    }));
    assert_eq!((handed.unwrap(), file.exists()), (3, true));
    assert_eq!(place.said(), ["escrowed tenant done"]);
}

#[test]
fn without_shares_there_is_no_escrow() {
    let place = Place::new();
    let mut keeper = place.create();
    let trail = Keyring::create(&place.path("trail"), &lock(), Box::new(System)).unwrap();
    place.said();
    let file = place.path("escrow");
    let full = |_: Vec<Share>| Err::<(), _>("the disk is full".to_owned());
    let failed = ready(keeper.escrow(&terms(), Some(&trail), &file, full));
    assert!(matches!(failed, Err(KeeperError::NotHandedOut(_))), "{failed:?}");
    assert_eq!(place.said(), ["escrowed tenant intended", "escrowed tenant failed"]);
    assert!(!file.exists() && keeper.salts().escrows().is_empty() && trail.escrows().is_empty());
    drop((keeper, trail));
    assert!(place.open().unwrap().salts().escrows().is_empty() && ring(&place).unwrap().escrows().is_empty());
}

#[test]
fn a_keyring_knows_the_escrows_that_hold_it() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let trail = Keyring::create(&place.path("trail"), &lock(), Box::new(System)).unwrap();
    let seen = place.path("trail.seen");
    trail.watch(&seen, Unseen::Taken).unwrap();
    let people = [subject(1), subject(2)];
    trail.pseudonyms(&people).unwrap();
    let before = std::fs::read(place.path("trail")).unwrap();
    let (held, other) = (terms(), terms());
    ready(keeper.escrow(&held, Some(&trail), &place.path("escrow"), Ok)).unwrap();
    ready(keeper.escrow(&other, None, &place.path("other"), Ok)).unwrap();
    assert_eq!(trail.escrows().iter().map(|escrow| escrow.id).collect::<Vec<_>>(), [held.id]);
    assert!(trail.undoing().is_empty(), "nobody was shredded");
    trail.shred(&people[0]).unwrap().unwrap();
    assert_eq!(trail.undoing().iter().map(|escrow| escrow.id).collect::<Vec<_>>(), [held.id]);
    // It outlives the process and another lock.
    trail.relock(&lock()).unwrap();
    drop(trail);
    let trail = ring(&place).unwrap();
    assert_eq!(trail.undoing().len(), 1);
    let [ada, ben] = two_people();
    ready(keeper.escrow_destroyed(held.id, Some(&trail), [&ada, &ben])).unwrap();
    assert_eq!((trail.undoing().len(), trail.escrows()[0].state), (0, EscrowState::Destroyed));
    assert_eq!(keeper.undoing().len(), 0);
    let unknown = ready(keeper.escrow_destroyed(terms().id, Some(&trail), [&ada, &ben]));
    assert!(matches!(unknown, Err(KeeperError::Ring(RingError::Refused(_)))), "{unknown:?}");
    drop(trail);
    // An older copy in its place that somebody vouches for forgets none that was seen.
    std::fs::write(place.path("trail"), before).unwrap();
    let trail = ring(&place).unwrap();
    assert!(trail.escrows().is_empty());
    let older = trail.watch(&seen, Unseen::Refused);
    assert!(matches!(older, Err(RingError::Seen(SeenError::Older { .. }))), "{older:?}");
    trail.watch(&seen, Unseen::Taken).unwrap();
    assert_eq!(trail.escrows().iter().map(|escrow| escrow.id).collect::<Vec<_>>(), [held.id]);
    drop(trail);
    assert_eq!(ring(&place).unwrap().escrows().len(), 1);
}

#[test]
fn what_a_keyring_says_of_escrows_is_not_changed_unseen() {
    let place = Place::new();
    let mut keeper = place.create();
    let trail = Keyring::create(&place.path("trail"), &lock(), Box::new(System)).unwrap();
    trail.pseudonyms(&[subject(1)]).unwrap();
    ready(keeper.escrow(&terms(), Some(&trail), &place.path("escrow"), Ok)).unwrap();
    trail.shred(&subject(1)).unwrap();
    drop(trail);
    let whole = std::fs::read(place.path("trail")).unwrap();
    let head = whole.windows(5).position(|five| five == b"\n---\n").unwrap();
    for at in 0..head {
        let mut turned = whole.clone();
        turned[at] ^= 1;
        std::fs::write(place.path("trail"), turned).unwrap();
        assert!(ring(&place).is_err(), "byte {at}");
    }
    std::fs::write(place.path("trail"), whole).unwrap();
    assert_eq!(ring(&place).unwrap().undoing().len(), 1);
}

#[test]
fn escrows_that_came_after_a_copy_are_not_forgotten() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    sealed(&mut keeper, 1);
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    let terms = terms();
    ready(keeper.escrow(&terms, None, &place.path("escrow"), Ok)).unwrap();
    drop(keeper);
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let restore = |unseen| Keeper::restore(&backup, place.places("keys"), unseen, place.tools("root"));
    // What was seen knows of the escrow.
    let (mut keeper, _) = ready(restore(Unseen::Taken)).unwrap();
    assert_eq!(keeper.salts().escrows().iter().map(|escrow| escrow.id).collect::<Vec<_>>(), [terms.id]);
    assert_eq!(keeper.salts().escrows_unknown(), Some(DAY));
    drop(keeper);
    keeper = place.open().unwrap();
    let done = ready(keeper.shred(&[subject(1)], None)).unwrap();
    assert_eq!((done.undoing.len(), done.unknown), (1, Some(DAY)));
    drop(keeper);

    // With what was seen lost too, nobody knows: two people have to.
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    sealed(&mut keeper, 1);
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    ready(keeper.escrow(&terms, None, &place.path("escrow"), Ok)).unwrap();
    let older = std::fs::read(backup.join("salts")).unwrap();
    drop(keeper);
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    std::fs::remove_dir_all(place.path("keys.seen")).unwrap();
    let restored = Keeper::restore(&backup, place.places("keys"), Unseen::Taken, place.tools("root"));
    let (mut keeper, _) = ready(restored).unwrap();
    assert!(keeper.salts().escrows().is_empty());
    let done = ready(keeper.shred(&[subject(2)], None)).unwrap();
    assert_eq!((done.undoing.len(), done.unknown), (0, Some(DAY)));
    let [ada, ben] = two_people();
    assert!(ready(keeper.escrows_settled([&ada, &ada])).is_err());
    place.said();
    ready(keeper.escrows_settled([&ada, &ben])).unwrap();
    assert_eq!(place.said(), ["escrows-settled tenant intended", "escrows-settled tenant done"]);
    assert_eq!(keeper.salts().escrows_unknown(), None);
    assert!(ready(keeper.escrows_settled([&ada, &ben])).is_err());
    ready(keeper.escrow(&Terms::new(DAY, 2, 3, &mut System).unwrap(), None, &place.path("new"), Ok)).unwrap();
    drop(keeper);
    // An older copy in the ring's place that somebody vouches for forgets none either.
    std::fs::write(place.path("keys/salts"), older).unwrap();
    let taken = Keeper::open(place.places("keys"), Unseen::Taken, place.tools("root"));
    let keeper = ready(taken).unwrap();
    assert_eq!((keeper.salts().escrows().len(), keeper.salts().escrows_unknown()), (1, Some(DAY)));
}

#[test]
fn an_escrow_that_brings_a_destroyed_key_back_is_named() {
    let place = Place::new();
    let mut keeper = place.create();
    let first = begun(&mut keeper);
    let terms = terms();
    ready(keeper.escrow(&terms, None, &place.path("escrow"), Ok)).unwrap();
    let [ada, ben] = two_people();
    assert!(ready(keeper.destroy(first, [&ada, &ben])).is_err());
    assert!(keeper.undoing().is_empty(), "nothing was destroyed");
    ready(keeper.set(first, KeyState::Disabled)).unwrap();
    assert!(ready(keeper.destroy(first, [&ada, &ada])).is_err() && keeper.undoing().is_empty());
    ready(keeper.destroy(first, [&ada, &ben])).unwrap();
    assert_eq!(keeper.undoing().iter().map(|escrow| escrow.id).collect::<Vec<_>>(), [terms.id]);
    drop(keeper);
    assert_eq!(place.open().unwrap().undoing().len(), 1);
}

#[test]
fn an_escrow_that_cannot_be_written_is_not_remembered() {
    let place = Place::new();
    let mut keeper = place.create();
    std::fs::write(place.path("escrow"), "something else").unwrap();
    let there = ready(keeper.escrow(&terms(), None, &place.path("escrow"), Ok));
    assert!(matches!(there, Err(KeeperError::Ring(RingError::Exists { .. }))), "{there:?}");
    assert!(keeper.salts().escrows().is_empty());
}

#[test]
fn an_escrow_brings_all_back_under_another_root() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let texts: Vec<String> = (0..4).map(|number| sealed(&mut keeper, number)).collect();
    ready(keeper.merge(&subject(3), &subject(2))).unwrap();
    let trail = Keyring::create(&place.path("trail"), &lock(), Box::new(System)).unwrap();
    let pseudonyms = trail.pseudonyms(&[subject(1)]).unwrap();
    assert!(Terms::new(DAY, 1, 3, &mut System).is_err() && Terms::new(DAY, 4, 3, &mut System).is_err());
    let file = place.path("escrow");
    let shares = ready(keeper.escrow(&terms(), Some(&trail), &file, Ok)).unwrap();
    assert_eq!((shares.len(), keeper.salts().escrows().len()), (3, 1));
    let escrow = Escrow::read(&file).unwrap();
    let drills = ready(keeper.drill_escrow(&escrow, &named(&shares, &[2, 0]), Some(&trail))).unwrap();
    assert!(drills.is_good() && drills.trail.unwrap().same == 1);
    // After a shredding it brings back what must not come back.
    let Shredding { undoing, .. } = ready(keeper.shred(&[subject(1)], None)).unwrap();
    assert_eq!(undoing.iter().map(|escrow| escrow.id).collect::<Vec<_>>(), [escrow.id()]);
    let drills = ready(keeper.drill_escrow(&escrow, &named(&shares, &[1, 0]), None)).unwrap();
    assert_eq!((drills.salts.unwrap().undead, drills.is_good()), (1, false));
    drop((keeper, trail));

    // Root and keys are lost.
    let lost = ready(Keeper::restore_escrow(
        &escrow,
        &named(&shares, &[1]),
        None,
        place.places("other"),
        place.tools("another-root"),
    ));
    assert!(matches!(lost, Err(KeeperError::Escrow(EscrowError::TooFew { given: 1, needed: 2 }))));
    let (new_trail, new_seen) = (place.path("new-trail"), place.path("new-trail.seen"));
    let (mut keeper, restored) = ready(Keeper::restore_escrow(
        &escrow,
        &named(&shares, &[1, 2]),
        Some(TrailPlace { ring: &new_trail, lock: &lock(), seen: &new_seen }),
        place.places("other"),
        place.tools("another-root"),
    ))
    .unwrap();
    assert_eq!((restored.data_keys, restored.people, restored.trail), (1, 4, Some(1)));
    assert!((0..).zip(&texts).all(|(number, text)| opens(&keeper, text, number)));
    assert_eq!(keeper.salts().merges().len(), 1);
    let trail = Keyring::open(&new_trail, &lock(), Box::new(System)).unwrap();
    trail.watch(&new_seen, Unseen::Refused).unwrap();
    assert_eq!(trail.known(&subject(1)).unwrap(), Some(pseudonyms[0]));
    // How often its keys sealed since is not known.
    assert!(keeper.active(Class::Phi).is_err());
    begun(&mut keeper);
    // Who was shredded meanwhile is shredded again, by what the entries name.
    let handle = Token::parse(&texts[1]).unwrap().handle().unwrap();
    ready(keeper.shred_handles(&[handle], None)).unwrap();
    assert!(!opens(&keeper, &texts[1], 1) && opens(&keeper, &texts[0], 0));
    drop(keeper);
    let places = place.places("other");
    let mut keeper = ready(Keeper::open(places, Unseen::Refused, place.tools("another-root"))).unwrap();
    assert_eq!(keeper.salts().escrows()[0].state, EscrowState::Undoes);
    // Until two people say that it is destroyed.
    let [ada, ben] = two_people();
    assert!(ready(keeper.escrow_destroyed(escrow.id(), None, [&ada, &ada])).is_err());
    ready(keeper.escrow_destroyed(escrow.id(), None, [&ada, &ben])).unwrap();
    assert!(keeper.undoing().is_empty());
    assert_eq!(keeper.salts().escrows()[0].state, EscrowState::Destroyed);
}

#[test]
fn a_share_that_is_wrong_is_named() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    sealed(&mut keeper, 1);
    let (file, other) = (place.path("escrow"), place.path("other"));
    let shares = ready(keeper.escrow(&terms(), None, &file, Ok)).unwrap();
    let others = ready(keeper.escrow(&terms(), None, &other, Ok)).unwrap();
    let escrow = Escrow::read(&file).unwrap();
    // As people keep them, with their blanks and line ends.
    for share in &shares {
        let kept = share.text().replace('\n', " \r\n\n");
        assert_eq!(Share::read(&kept).unwrap().place(), share.place());
    }
    let text = shares[0].text();
    for at in 0..text.len() {
        for bit in [0, 2] {
            let mut turned = text.as_bytes().to_vec();
            turned[at] ^= 1 << bit;
            let Ok(turned) = std::str::from_utf8(&turned) else { continue };
            let read = Share::read(turned);
            assert!(read.is_err() || read.unwrap().text() == text, "byte {at}");
        }
    }
    // One that was made anew with its check: the escrow knows its shares.
    let piece = |share: &Share| share.text().lines().nth(4).unwrap().to_owned();
    let lines = text.split("check ").next().unwrap().replace(&piece(&shares[0]), &piece(&shares[1]));
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, lines.as_bytes());
    let sum: String = sum.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let forged = Share::read(&format!("{lines}check {sum}\n")).unwrap();
    let given = [
        ("right".to_owned(), shares[1].clone()),
        ("forged".to_owned(), forged),
        ("mixed".to_owned(), others[2].clone()),
        ("twice".to_owned(), shares[1].clone()),
    ];
    let Err(KeeperError::Escrow(EscrowError::Shares(wrong))) =
        ready(keeper.drill_escrow(&escrow, &given, None))
    else {
        panic!("it opened")
    };
    let names: Vec<&str> = wrong.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["forged", "mixed", "twice"]);
    let said = EscrowError::Shares(wrong).to_string();
    assert!(
        said.contains("changed") && said.contains("given already") && said.contains("of escrow"),
        "{said}"
    );
    // The file itself.
    let whole = std::fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut turned = whole.clone();
        turned[at] ^= 1;
        std::fs::write(&file, turned).unwrap();
        let opened = Escrow::read(&file)
            .map_err(KeeperError::from)
            .and_then(|escrow| ready(keeper.drill_escrow(&escrow, &named(&shares, &[0, 1]), None)));
        assert!(opened.is_err(), "byte {at}");
    }
}
