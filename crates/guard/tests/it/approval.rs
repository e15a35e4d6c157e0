//! Whose word counts where two people have to say something.

use guard::KeyState;
use guard::keeper::KeeperError;
use journal::act::{KeyStep, Person};

use crate::keeper::{Place, approvers, begun, ready, terms};
use crate::keys::{approver, two_people};

fn others() -> [Person; 2] {
    ["mallory", "oscar"].map(|id| Person::Approver(approver(id)))
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
    use guard::{Keeper, Unseen};
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
fn where_none_are_pinned_nothing_is_done_until_two_are() {
    use guard::Keeper;
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
