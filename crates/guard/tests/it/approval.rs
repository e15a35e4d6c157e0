//! Whose word counts where two people have to say something.

use guard::keeper::{Declared, KeeperError};
use guard::ring::{EscrowState, Keyring};
use guard::{Keeper, KeyState, Unseen};
use journal::act::KeyStep;

use crate::keeper::{Place, System, approvers, begun, ready, terms};
use crate::keys::{approver, approver_called, two_people};
use crate::lock;

fn others() -> [Declared; 2] {
    ["mallory", "oscar"].map(approver)
}

#[test]
fn approvers_of_another_bundle_destroy_nothing() {
    let place = Place::new();
    let mut keeper = place.create();
    assert_eq!(keeper.approvers(), ["ada", "ben"]);
    let number = begun(&mut keeper);
    let held = terms();
    ready(keeper.escrow(&held, None, &place.path("escrow"), Ok)).unwrap();
    ready(keeper.set(number, KeyState::Disabled)).unwrap();
    place.said();
    let [mallory, oscar] = others();
    let [ada, _] = two_people();
    for by in [[&mallory, &oscar], [&ada, &mallory]] {
        let refused = [
            ready(keeper.destroy(number, by)),
            ready(keeper.escrow_destroyed(held.id, None, by)),
            ready(keeper.escrows_settled(by)),
            ready(keeper.pin_approvers(&["mallory", "oscar"].map(approver), by)),
        ];
        let is_other = |done: &Result<(), KeeperError>| matches!(done, Err(KeeperError::OtherApprover(_)));
        assert!(refused.iter().all(is_other), "{refused:?}");
    }
    // That somebody tried stands in the ledger.
    assert_eq!(place.said().iter().filter(|said| *said == "destroyed data failed").count(), 2);
    assert_eq!(keeper.status()[0].state, KeyState::Disabled);
    assert_eq!((keeper.approvers(), keeper.undoing().len()), (vec!["ada".to_owned(), "ben".to_owned()], 0));
}

#[test]
fn an_id_that_a_bundle_gives_to_another_approves_nothing() {
    let place = Place::new();
    let mut keeper = place.create();
    let number = begun(&mut keeper);
    ready(keeper.set(number, KeyState::Disabled)).unwrap();
    let [ada, ben] = two_people();
    for other in
        [approver_called("ben", "Mallory", "privacy-officer"), approver_called("ben", "Somebody", "operator")]
    {
        let refused = ready(keeper.destroy(number, [&ada, &other]));
        assert!(matches!(refused, Err(KeeperError::OtherPerson(ref id)) if id == "ben"), "{refused:?}");
        let refused = ready(keeper.pin_approvers(&[ada.clone(), other.clone()], [&ada, &other]));
        assert!(matches!(refused, Err(KeeperError::OtherPerson(_))), "{refused:?}");
        // Two of those that are pinned may say that it is right.
        ready(keeper.pin_approvers(&[ada.clone(), other.clone()], [&ada, &ben])).unwrap();
        drop(keeper);
        keeper = place.open().unwrap();
        assert!(matches!(ready(keeper.destroy(number, [&ada, &ben])), Err(KeeperError::OtherPerson(_))));
        ready(keeper.pin_approvers(&[ada.clone(), ben.clone()], [&ada, &other])).unwrap();
    }
    assert_eq!((keeper.status()[0].state, keeper.pins_ids_alone()), (KeyState::Disabled, false));
    ready(keeper.destroy(number, [&ada, &ben])).unwrap();
}

#[test]
fn approvers_are_changed_by_two_of_those_before() {
    let place = Place::new();
    let mut keeper = place.create();
    let number = begun(&mut keeper);
    ready(keeper.set(number, KeyState::Disabled)).unwrap();
    let [ada, ben] = two_people();
    let [mallory, oscar] = others();
    let next = ["ada", "mallory", "oscar"].map(approver);
    assert!(ready(keeper.pin_approvers(&next, [&ada, &ada])).is_err());
    assert!(ready(keeper.pin_approvers(&[], [&ada, &ben])).is_err());
    place.said();
    ready(keeper.pin_approvers(&next, [&ada, &ben])).unwrap();
    let step = KeyStep::ApproversPinned;
    assert_eq!(place.said(), [format!("{step} tenant intended"), format!("{step} tenant done")]);
    drop(keeper);
    let mut keeper = place.open().unwrap();
    assert_eq!(keeper.approvers(), ["ada", "mallory", "oscar"]);
    assert!(matches!(ready(keeper.destroy(number, [&ada, &ben])), Err(KeeperError::OtherApprover(_))));
    ready(keeper.destroy(number, [&mallory, &oscar])).unwrap();
}

#[test]
fn an_older_copy_brings_no_approvers_back() {
    let place = Place::new();
    let mut keeper = place.create();
    let older = std::fs::read(place.path("keys/salts")).unwrap();
    let [ada, ben] = two_people();
    ready(keeper.pin_approvers(&["mallory", "oscar"].map(approver), [&ada, &ben])).unwrap();
    drop(keeper);
    std::fs::write(place.path("keys/salts"), older).unwrap();
    let taken = Keeper::open(place.places("keys"), Unseen::Taken, place.tools("root"));
    assert_eq!(ready(taken).unwrap().approvers(), ["mallory", "oscar"]);
}

#[test]
fn an_older_backup_brings_no_approvers_back_in_silence() {
    let place = Place::new();
    let mut keeper = place.create();
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    let [ada, ben] = two_people();
    ready(keeper.pin_approvers(&["mallory", "oscar"].map(approver), [&ada, &ben])).unwrap();
    drop(keeper);
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let restore = |unseen| {
        let done = ready(Keeper::restore(&backup, place.places("keys"), unseen, place.tools("root")));
        done.map(|(keeper, _)| keeper.approvers())
    };
    // What was seen of the keys goes with them, or does not read.
    let seen = place.path("keys.seen");
    let whole = ["data-keys", "salts"].map(|name| (name, std::fs::read(seen.join(name)).unwrap()));
    for torn in [None, Some("data-keys"), Some("salts")] {
        std::fs::create_dir_all(&seen).unwrap();
        match torn {
            None => std::fs::remove_dir_all(&seen).unwrap(),
            Some(torn) => whole.iter().for_each(|(name, bytes)| {
                let bytes = if *name == torn { &bytes[..bytes.len() / 2] } else { bytes };
                std::fs::write(seen.join(name), bytes).unwrap();
            }),
        }
        let said = restore(Unseen::Refused).unwrap_err().to_string();
        // Those that read tell that the backup is older.
        assert!(said.contains("`--unseen`"), "{torn:?}: {said}");
        assert!(!place.path("keys/salts").exists() && !place.path("keys/data-keys").exists());
    }
    std::fs::remove_dir_all(&seen).unwrap();
    place.said();
    assert_eq!(restore(Unseen::Taken).unwrap(), ["ada", "ben"]);
    let vouched = format!("{} tenant done", KeyStep::TakenUnseen);
    assert!(place.said().contains(&vouched), "whoever takes it is told");
}

#[test]
fn where_none_are_pinned_nothing_is_done_until_two_are() {
    let place = Place::new();
    let made = Keeper::create(place.places("keys"), "harbor-clinic", &[], place.tools("root"));
    let mut keeper = ready(made).unwrap();
    let number = begun(&mut keeper);
    ready(keeper.set(number, KeyState::Disabled)).unwrap();
    let [ada, ben] = two_people();
    let [mallory, _] = others();
    let refused = ready(keeper.destroy(number, [&ada, &ben]));
    assert!(matches!(refused, Err(KeeperError::NoApprovers)), "{refused:?}");
    assert!(ready(keeper.pin_approvers(&approvers(), [&ada, &mallory])).is_err());
    ready(keeper.pin_approvers(&approvers(), [&ada, &ben])).unwrap();
    ready(keeper.destroy(number, [&ada, &ben])).unwrap();
}

#[test]
fn a_ring_of_ones_own_approves_nothing() {
    let place = Place::new();
    let mut keeper = place.create();
    let number = begun(&mut keeper);
    ready(keeper.set(number, KeyState::Disabled)).unwrap();
    let backup = ready(keeper.back_up(&place.path("backup"))).unwrap();
    drop(keeper);
    let own = ["mallory", "oscar"].map(approver);
    let made = Keeper::create(place.places("own"), "mallory-clinic", &own, place.tools("root"));
    drop(ready(made).unwrap());
    let copy = |from: &str, to: &str| std::fs::copy(place.path(from), place.path(to)).unwrap();
    std::fs::copy(place.path("own/salts"), backup.join("salts")).unwrap();
    let restored = Keeper::restore(&backup, place.places("restored"), Unseen::Taken, place.tools("root"));
    let error = ready(restored).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("another ring of salts"), "{error}");
    for name in ["keys", "keys.seen"] {
        copy(&format!("{name}/salts"), &format!("{name}/kept"));
        copy(&format!("own{}/salts", name.strip_prefix("keys").unwrap()), &format!("{name}/salts"));
    }
    copy("own/salts.adding", "keys/salts.adding");
    let error = place.open().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("another ring of salts"), "{error}");
    for name in ["keys", "keys.seen"] {
        copy(&format!("{name}/kept"), &format!("{name}/salts"));
    }
    assert_eq!(place.open().unwrap().approvers(), ["ada", "ben"]);
}

#[test]
fn one_approver_is_not_pinned() {
    let place = Place::new();
    let alone = [approver("ada")];
    let made = Keeper::create(place.places("one"), "harbor-clinic", &alone, place.tools("root"));
    let error = ready(made).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("two approvers"), "{error}");
    let mut keeper = place.create();
    let [ada, ben] = two_people();
    assert!(ready(keeper.pin_approvers(&[approver("ada")], [&ada, &ben])).is_err());
    assert_eq!(keeper.approvers(), ["ada", "ben"]);
}

#[test]
fn keys_of_ones_own_say_nothing_of_a_keyrings_escrow() {
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let trail = Keyring::create(&place.path("trail"), &lock(), Box::new(System)).unwrap();
    let held = terms();
    ready(keeper.escrow(&held, Some(&trail), &place.path("escrow"), Ok)).unwrap();
    let own = ["mallory", "oscar"].map(approver);
    let made = Keeper::create(place.places("own"), "mallory-clinic", &own, place.tools("own-root"));
    let mut mallorys = ready(made).unwrap();
    let [mallory, oscar] = others();
    assert!(ready(mallorys.escrow_destroyed(held.id, Some(&trail), [&mallory, &oscar])).is_err());
    assert_eq!(trail.escrows()[0].state, EscrowState::Kept);
}
