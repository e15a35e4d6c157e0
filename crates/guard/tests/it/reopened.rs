//! Shreddings that came after a copy, once the copy is put back.

use guard::escrow::{Escrow, Share, Terms};
use guard::keeper::KeeperError;
use guard::{Handle, Keeper, Token, Unseen};
use jiff::civil::{Date, date};
use journal::Act;
use journal::act::{KeyReason, KeyStep};

use crate::keeper::{Place, System, begun, opens, ready, sealed};
use crate::keys::two_people;
use crate::subject;

const DAY: Date = date(2026, 11, 27);

fn handle(text: &str) -> Handle {
    Token::parse(text).unwrap().handle().unwrap()
}

/// An escrow that is older than a shredding, put back under another root; and the token of who was shredded.
fn brought_back() -> (Place, Keeper, String) {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let texts: Vec<String> = (0..3).map(|number| sealed(&mut keeper, number)).collect();
    let file = place.path("escrow");
    let terms = Terms::new(DAY, 2, 3, &mut System).unwrap();
    let shares: Vec<Share> = ready(keeper.escrow(&terms, None, &file, Ok)).unwrap();
    assert_eq!(keeper.reopened(), None);
    ready(keeper.shred(&[subject(1)], None)).unwrap();
    drop(keeper);
    let shares: Vec<(String, Share)> =
        shares.into_iter().take(2).map(|share| ("share".to_owned(), share)).collect();
    let escrow = Escrow::read(&file).unwrap();
    let restored =
        Keeper::restore_escrow(&escrow, &shares, None, place.places("other"), place.tools("another-root"));
    let (keeper, _) = ready(restored).unwrap();
    (place, keeper, texts[1].clone())
}

fn again(place: &Place) -> Keeper {
    let opened = Keeper::open(place.places("other"), Unseen::Refused, place.tools("another-root"));
    ready(opened).unwrap()
}

#[test]
fn a_shredding_that_a_copy_undid_is_open_until_it_is_done_again() {
    let (place, mut keeper, text) = brought_back();
    assert!(opens(&keeper, &text, 1));
    assert_eq!(keeper.reopened(), Some(DAY));
    // Escrows are another matter.
    let [ada, ben] = two_people();
    ready(keeper.escrows_settled([&ada, &ben])).unwrap();
    drop(keeper);
    keeper = again(&place);
    assert_eq!((keeper.reopened(), keeper.salts().escrows_unknown()), (Some(DAY), None));
    // It is not enough that a key was made, somebody else shredded, or the ring locked anew.
    begun(&mut keeper);
    ready(keeper.shred(&[subject(2)], None)).unwrap();
    ready(keeper.rewrap()).unwrap();
    assert_eq!(keeper.reopened(), Some(DAY));
    place.said();
    let refused = ready(keeper.shreddings_held(&[handle(&text)])).unwrap_err().to_string();
    assert!(refused.contains("shred them first"), "{refused}");
    assert_eq!(place.said(), ["shreddings-settled tenant intended", "shreddings-settled tenant failed"]);
    drop(keeper);
    keeper = again(&place);
    assert_eq!(keeper.reopened(), Some(DAY));
    ready(keeper.shred_handles(&[handle(&text)], None)).unwrap();
    assert_eq!((keeper.reopened(), opens(&keeper, &text, 1)), (Some(DAY), false));
    ready(keeper.shreddings_held(&[handle(&text)])).unwrap();
    drop(keeper);
    assert_eq!(again(&place).reopened(), None);
}

#[test]
fn that_shreddings_are_not_done_again_is_two_peoples_word_with_a_reason() {
    let (place, mut keeper, text) = brought_back();
    let [ada, ben] = two_people();
    assert!(ready(keeper.shreddings_accepted(KeyReason::RecordLost, &[], [&ada, &ada])).is_err());
    assert_eq!(keeper.reopened(), Some(DAY));
    place.said();
    ready(keeper.shreddings_accepted(KeyReason::MustBeKept, &[], [&ada, &ben])).unwrap();
    let reasons = place.entries().into_iter().map(|entry| match entry.act {
        Act::KeyEvent(event) => (event.step, event.reason, event.people.len()),
        other => panic!("{}", other.key()),
    });
    let reasons: Vec<_> = reasons.collect();
    assert_eq!(reasons, [(KeyStep::ShreddingsAccepted, Some(KeyReason::MustBeKept), 2); 2]);
    assert!(opens(&keeper, &text, 1));
    let nothing = ready(keeper.shreddings_accepted(KeyReason::MustBeKept, &[], [&ada, &ben]));
    assert!(matches!(nothing, Err(KeeperError::Ring(_))));
    // Escrows are another matter.
    assert_eq!(keeper.salts().escrows_unknown(), Some(DAY));
    drop(keeper);
    keeper = again(&place);
    assert_eq!(keeper.reopened(), None);
    // The reason stays with the keys, through what is done to them.
    begun(&mut keeper);
    ready(keeper.shred(&[subject(2)], None)).unwrap();
    let accepted = keeper.accepted().unwrap();
    assert_eq!(accepted.reason, KeyReason::MustBeKept);
    // Of somebody whom a ledger names it is said anew, also once it is settled, and of nobody else.
    let gone = [handle(&sealed(&mut keeper, 0))];
    ready(keeper.shreddings_accepted(KeyReason::ValuesGone, &gone, [&ada, &ben])).unwrap();
    ready(keeper.shred_handles(&gone, None)).unwrap();
    assert!(ready(keeper.shreddings_accepted(KeyReason::ValuesGone, &gone, [&ada, &ben])).is_err());
    assert_eq!(keeper.accepted().unwrap().reason, KeyReason::ValuesGone);
}

#[test]
fn whoever_is_withheld_is_shredded_for_one_process() {
    let (place, mut keeper, text) = brought_back();
    begun(&mut keeper);
    let other = sealed(&mut keeper, 5);
    assert_eq!(keeper.salts().withhold(&[handle(&text), Handle::of([9; 8])]), 1);
    assert!(!opens(&keeper, &text, 1) && opens(&keeper, &other, 5));
    assert!(keeper.salts().was_shredded(handle(&text)) && !keeper.salts().was_shredded(handle(&other)));
    let people = [subject(5), subject(1)];
    assert_eq!(keeper.salts().forgotten(&people).into_iter().collect::<Vec<_>>(), [1]);
    assert!(keeper.salts().salts(&people).is_err());
    // Nobody lets them in before they are shredded again: what was sealed for them would be lost with the rest.
    keeper.welcome(Box::new(|_, _, _| panic!("nobody is let in")));
    assert_eq!(keeper.salts().forgotten(&people).into_iter().collect::<Vec<_>>(), [1]);
    assert!(keeper.salts().salts(&people).is_err());
    drop(keeper);
    assert!(opens(&again(&place), &text, 1), "nothing was done to their key");
}

#[test]
fn what_is_known_to_be_the_newest_undoes_no_shredding() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let text = sealed(&mut keeper, 1);
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    let older = std::fs::read(backup.join("salts")).unwrap();
    drop(keeper);
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let restore = |unseen| Keeper::restore(&backup, place.places("keys"), unseen, place.tools("root"));
    let (mut keeper, _) = ready(restore(Unseen::Refused)).unwrap();
    assert_eq!(keeper.reopened(), None);
    assert!(opens(&keeper, &text, 1));
    sealed(&mut keeper, 2);
    drop(keeper);
    assert_eq!(place.open().unwrap().reopened(), None);

    // Older than what was seen, or with nothing seen, it may undo some.
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let (keeper, _) = ready(restore(Unseen::Taken)).unwrap();
    assert_eq!(keeper.reopened(), Some(DAY));
    let reopened = std::fs::read(place.path("keys/salts")).unwrap();
    drop(keeper);
    // A backup of those keys says so too, and putting it back settles nothing.
    let mut keeper = place.open().unwrap();
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    drop(keeper);
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let restored = Keeper::restore(&backup, place.places("keys"), Unseen::Refused, place.tools("root"));
    let (mut keeper, _) = ready(restored).unwrap();
    assert_eq!(keeper.reopened(), Some(DAY));
    let [ada, ben] = two_people();
    ready(keeper.shreddings_accepted(KeyReason::NobodyShredded, &[], [&ada, &ben])).unwrap();
    drop(keeper);
    // Somebody vouches for an older copy in the place of the ring.
    for copy in [&older, &reopened] {
        std::fs::write(place.path("keys/salts"), copy).unwrap();
        assert!(place.open().is_err());
        let taken = Keeper::open(place.places("keys"), Unseen::Taken, place.tools("root"));
        assert_eq!(ready(taken).unwrap().reopened(), Some(DAY));
    }
}

#[test]
fn nobody_takes_the_word_out_who_has_not_the_keys() {
    let (place, keeper, _) = brought_back();
    drop(keeper);
    let path = place.path("other/salts");
    let bytes = std::fs::read(&path).unwrap();
    let word = format!("shreddings open {DAY}\n");
    let at = bytes.windows(word.len()).position(|window| window == word.as_bytes()).unwrap();
    std::fs::write(&path, [&bytes[..at], &bytes[at + word.len()..]].concat()).unwrap();
    let opened = Keeper::open(place.places("other"), Unseen::Refused, place.tools("another-root"));
    let refused = ready(opened).unwrap_err().to_string();
    assert!(refused.contains("the sum is not that of the lines"), "{refused}");
}

/// A restoration that was killed at any moment leaves nothing that passes for keys whose shreddings are settled.
#[test]
fn a_restoration_that_was_killed_is_seen_and_done_again() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let text = sealed(&mut keeper, 1);
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    drop(keeper);
    std::fs::remove_dir_all(place.path("keys.seen")).unwrap();
    let restore = || {
        let restored = Keeper::restore(&backup, place.places("keys"), Unseen::Taken, place.tools("root"));
        ready(restored).map(drop)
    };
    let said = |outcome: Result<(), KeeperError>| outcome.unwrap_err().to_string();
    let open = |unseen| ready(Keeper::open(place.places("keys"), unseen, place.tools("root")));
    // Between the two files.
    for (left, missing) in [("data-keys", "salts"), ("salts", "data-keys")] {
        std::fs::remove_file(place.path("keys").join(missing)).unwrap();
        for refused in
            [said(restore()), said(open(Unseen::Refused).map(drop)), said(open(Unseen::Taken).map(drop))]
        {
            assert!(refused.contains("a restoration was interrupted between the two"), "{left}: {refused}");
        }
        std::fs::remove_file(place.path("keys").join(left)).unwrap();
        restore().unwrap();
        std::fs::remove_dir_all(place.path("keys.seen")).unwrap();
        // Before what was seen of them was kept.
        assert!(open(Unseen::Refused).is_err());
        let keeper = open(Unseen::Taken).unwrap();
        assert_eq!(keeper.reopened(), Some(DAY));
        assert!(opens(&keeper, &text, 1));
    }
}
