//! Escrows: what is told of them, when there is one, and which rings know it.

use guard::escrow::Share;
use guard::keeper::KeeperError;
use guard::ring::{EscrowState, Keyring, RingError};
use guard::{SeenError, Unseen};
use journal::Pseudonymiser as _;

use crate::keeper::{Place, System, begun, ready, terms};
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
