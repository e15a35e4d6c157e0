//! An auditor holds a ledger against what its writer saw of it.

use super::{Place, copy, copy_file, sample};

#[test]
fn an_older_copy_is_found_by_what_was_seen_of_it() {
    let place = Place::new();
    place.append(&[], &sample(1, 1));
    let verify = ["verify", "--dir", "D"];
    let seen = ["verify", "--dir", "D", "--seen", "D.seen"];
    assert!(place.ok(&seen).contains("1 entry, 1 read"));
    copy(&place.path("D"), &place.path("old"));
    copy_file(&place, "D.seen", "old.seen");
    place.append(&[], &sample(300, 2));
    place.ok(&seen);
    copy(&place.path("old"), &place.path("D"));
    // By itself it is whole.
    place.ok(&verify);
    assert!(place.ok(&["fsck", "--dir", "D"]).contains("1 entry, 0 of them durable and not published"));
    let said = place.fails(1, &seen);
    assert!(said.contains("the log has 1 entry, and a checkpoint that it signed has 301"), "{said}");
    assert!(said.contains("not in order"), "{said}");
    // Who lists whom to shred again is not told of some alone.
    let refused = place.run(&["shredded", "--dir", "D"]);
    assert_eq!(crate::code(&refused), 2);
    copy_file(&place, "old.seen", "D.seen");
    place.ok(&seen);
    place.ok(&["shredded", "--dir", "D"]);
    std::fs::remove_file(place.path("D.seen")).unwrap();
    assert!(place.fails(1, &seen).contains("`D.seen` is not there"), "what is not there is no proof");
}

#[test]
fn each_log_of_many_is_held_against_its_own() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    place.init("D", &["--shards", "year"]);
    let first = place.append(&[], &sample(100, 1));
    let log = first[0].rsplit_once(' ').unwrap().0.to_owned();
    let folder = place.path("D/logs").join(log.splitn(3, '/').nth(2).unwrap());
    copy(&folder, &place.path("old"));
    place.append(&[], &sample(100, 2));
    let seen = ["verify", "--dir", "D", "--seen", "D.seen"];
    place.ok(&seen);
    copy(&place.path("old"), &folder);
    place.ok(&["verify", "--dir", "D"]);
    let said = place.fails(1, &seen);
    let wrong: Vec<&str> =
        said.lines().filter(|line| line.contains("it was cut or is an older copy")).collect();
    assert!(wrong.len() == 1 && wrong[0].starts_with(&log), "{said}");
}
