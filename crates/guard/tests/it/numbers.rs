//! The number of a data key is given once, whatever copy is put back.

use guard::escrow::{Escrow, Share, Terms};
use guard::keeper::KeeperError;
use guard::{Keeper, KeyNumber, Unseen};
use jiff::civil::{Date, date};
use policy::vocabulary::Class;

use crate::keeper::{Place, System, begun, ready};

const DAY: Date = date(2026, 11, 27);

fn made(keeper: &mut Keeper) -> u32 {
    ready(keeper.make(Class::Phi, DAY)).unwrap().get()
}

/// Shares that open it.
fn escrowed(keeper: &mut Keeper, file: &std::path::Path) -> Vec<(String, Share)> {
    let terms = Terms::new(DAY, 2, 3, &mut System).unwrap();
    let shares: Vec<Share> = ready(keeper.escrow(&terms, None, file, Ok)).unwrap();
    shares.into_iter().take(2).map(|share| ("share".to_owned(), share)).collect()
}

fn restored(
    place: &Place,
    (file, shares): (&std::path::Path, &[(String, Share)]),
    keys: &str,
) -> Result<Keeper, KeeperError> {
    let escrow = Escrow::read(file).unwrap();
    let tools = place.tools(&format!("root-of-{keys}"));
    ready(Keeper::restore_escrow(&escrow, shares, None, place.places(keys), tools)).map(|(keeper, _)| keeper)
}

#[test]
fn a_number_that_was_seen_is_not_given_again() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    let file = place.path("escrow");
    let shares = escrowed(&mut keeper, &file);
    assert_eq!([made(&mut keeper), made(&mut keeper)], [1, 2]);
    drop(keeper);

    // The backup knows of key 0 alone, and what was seen knows more.
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let restore = || Keeper::restore(&backup, place.places("keys"), Unseen::Taken, place.tools("root"));
    let (mut keeper, _) = ready(restore()).unwrap();
    assert_eq!(keeper.status().len(), 1);
    let copy = ready(keeper.back_up(&place.path("backups"))).unwrap();
    let again = escrowed(&mut keeper, &place.path("again"));
    drop(keeper);
    keeper = place.open().unwrap();
    assert_eq!(made(&mut keeper), 3);
    drop(keeper);
    assert_eq!(place.open().unwrap().status().iter().map(|key| key.number.get()).collect::<Vec<_>>(), [0, 3]);

    // A copy of those keys says so by itself, also where nothing was seen.
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    std::fs::remove_dir_all(place.path("keys.seen")).unwrap();
    let restored_copy = Keeper::restore(&copy, place.places("keys"), Unseen::Taken, place.tools("root"));
    let (mut keeper, _) = ready(restored_copy).unwrap();
    assert_eq!(made(&mut keeper), 3);
    drop(keeper);
    let mut keeper = restored(&place, (&place.path("again"), &again), "third").unwrap();
    assert_eq!(made(&mut keeper), 3);
    drop(keeper);

    // An escrow of before them beside what was seen of keys that came after it.
    std::fs::create_dir(place.path("fourth.seen")).unwrap();
    for name in ["data-keys", "salts"] {
        std::fs::copy(place.path("third.seen").join(name), place.path("fourth.seen").join(name)).unwrap();
    }
    let mut keeper = restored(&place, (&file, &shares), "fourth").unwrap();
    assert_eq!(made(&mut keeper), 4);
    drop(keeper);
    // Where nothing says more, the copy's own count; and whoever knows more says it.
    let mut keeper = restored(&place, (&file, &shares), "fifth").unwrap();
    let number = |number| KeyNumber::of(number).unwrap();
    keeper.skip(number(0)).unwrap();
    keeper.skip(number(6)).unwrap();
    keeper.skip(number(2)).unwrap();
    drop(keeper);
    let opened = Keeper::open(place.places("fifth"), Unseen::Refused, place.tools("root-of-fifth"));
    assert_eq!(made(&mut ready(opened).unwrap()), 7);
}

#[test]
fn the_last_number_is_given_and_none_after_it() {
    let place = Place::new();
    let mut keeper = place.create();
    let last = 36_u32.pow(4) - 1;
    keeper.skip(KeyNumber::of(last - 1).unwrap()).unwrap();
    assert_eq!(made(&mut keeper), last);
    assert!(ready(keeper.make(Class::Phi, DAY)).unwrap_err().to_string().contains("36^4"));
    keeper.skip(KeyNumber::of(last).unwrap()).unwrap();
    drop(keeper);
    assert!(ready(place.open().unwrap().make(Class::Phi, DAY)).is_err());
}
