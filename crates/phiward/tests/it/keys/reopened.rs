//! A copy that is older than a shredding is put back: the shredding is to be done again.

use super::{ADA, BEN, CAL, KEYS, LEDGER, Place, RESTORED};
use crate::{code, text};

const THERE: (&str, &str) = ("new-root", "again");
const COPY: [&str; 6] =
    ["--escrow", "escrow", "--share", "shares/share-1.txt", "--share", "shares/share-2.txt"];

const ESCROW: [&str; 10] =
    ["escrow", "make", "--to", "escrow", "--shares-in", "shares", "--shares", "3", "--threshold", "2"];

/// Three people with tokens, an escrow of their keys, and Ada shredded after it: her token and her handle.
fn lost() -> (Place, String, String) {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    let tokens = place.sealed(&[ADA, BEN, CAL]);
    place.ok(&ESCROW);
    let of = ["--policy", &place.bundle, "--org", "production"];
    let handle = place.ends(1, &[&["shred"], &of, &KEYS, &LEDGER], &format!("{ADA}\n"));
    std::fs::remove_file(place.path("root")).unwrap();
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    (place, tokens[0].clone(), handle)
}

fn two(place: &Place) -> [&str; 6] {
    ["--policy", &place.bundle, "--by", "mara-voss", "--and", "idris-calloway"]
}

/// What is to be done by the keys' status, with the ledger and without.
fn status(place: &Place, expected: i32, more: &[&str]) -> String {
    place.ends(expected, &[&["status"], &RESTORED, more], "")
}

/// A key that seals is made, and two people say that every escrow is gone.
fn settle_the_rest(place: &Place) {
    place.ends(0, &[&["make", "--class", "phi", "--activate"], &RESTORED, &LEDGER], "");
    let status = place.ends(1, &[&["status", "--format", "json"], &RESTORED], "");
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let id = status["escrows"][0]["id"].as_str().unwrap().to_owned();
    place.ends(0, &[&["escrow", "destroyed", &id], &two(place), &RESTORED, &LEDGER], "");
    place.ends(0, &[&["escrow", "settled"], &two(place), &RESTORED, &LEDGER], "");
}

#[test]
fn who_was_shredded_after_a_copy_is_named_until_they_are_shredded_again() {
    let (place, token, handle) = lost();
    let restored = place.run(&[&["restore"], &COPY, &RESTORED, &LEDGER], "");
    assert_eq!(code(&restored), 0, "{}", text(&restored.stderr));
    let one = "1 person who was shredded is open again since a copy was put back on ";
    assert!(text(&restored.stderr).contains(one), "{}", text(&restored.stderr));
    assert!(place.opens(THERE, ADA, &token));

    // The keys alone cannot say who; the ledger can. Escrows are another matter.
    settle_the_rest(&place);
    let alone = status(&place, 1, &[]);
    for expected in ["who is not known here", "the keys alone cannot say who. `keys status --ledger DIR`"] {
        assert!(alone.contains(expected), "{expected}: {alone}");
    }
    let named = status(&place, 1, &LEDGER);
    assert!(named.contains("put back on ") && named.contains(one), "{named}");
    assert!(
        named.contains("`phiward ledger shredded --dir D > handles`, then `keys shred --handles"),
        "{named}"
    );
    assert!(!named.contains(handle.trim()), "handles are for who asks for them: {named}");
    let json = status(&place, 1, &[&LEDGER[..], &["--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["shredded_and_open"], json["shreddings_open_since"].is_string()), (&1.into(), true));
    // No word settles it while somebody is open.
    place.ends(1, &[&["shreddings", "check"], &RESTORED, &LEDGER], "");
    place.ends(2, &[&["shreddings", "check"], &RESTORED, &["--unrecorded"]], "");
    assert!(status(&place, 1, &LEDGER).contains(one));

    // Somebody else is shredded: Ada is open still.
    let of = ["--policy", &place.bundle, "--org", "production"];
    let other = place.run(&[&["shred"], &of, &RESTORED, &LEDGER], &format!("{BEN}\n"));
    assert!(code(&other) == 1 && text(&other.stderr).contains(one), "{}", text(&other.stderr));

    // As the status says: the list has Ben as well, who is shredded.
    let listed = place.piped(&["ledger", "shredded", "--dir", "D"], "");
    let again = place.run(&[&["shred", "--handles"], &RESTORED, &LEDGER], &text(&listed.stdout));
    assert_eq!(code(&again), 0, "who is shredded already is no fault: {}", text(&again.stderr));
    assert!(text(&again.stdout).contains("shredded\n"), "{}", text(&again.stdout));
    assert!(text(&again.stderr).contains("nothing is to be done again"), "{}", text(&again.stderr));
    assert!(!place.opens(THERE, ADA, &token));
    let status = status(&place, 0, &LEDGER);
    assert!(!status.contains("To do") && !status.contains("open again"), "{status}");
    assert!(place.told().contains(&"shreddings-settled tenant done".to_owned()));
}

#[test]
fn without_the_ledger_two_people_say_why_shreddings_are_not_done_again() {
    let (place, token, _) = lost();
    place.ends(0, &[&["restore"], &COPY, &RESTORED, &["--unrecorded"]], "");
    settle_the_rest(&place);
    // Another ledger does not tell of these keys.
    let init = place.piped(&["ledger", "init", "--dir", "E"], "");
    assert_eq!(code(&init), 0);
    let other = status(&place, 1, &["--ledger", "E"]);
    assert!(other.contains("it does not tell of these keys from `keys init` on"), "{other}");
    place.ends(1, &[&["shreddings", "check"], &RESTORED, &["--ledger", "E"]], "");
    let accept = |because: &[&str], expected: i32| {
        place.ends(
            expected,
            &[&["shreddings", "accept"], &two(&place), because, &RESTORED, &["--ledger", "E"]],
            "",
        );
    };
    // The ledger at hand says that it is not so.
    for because in ["shredded-again", "nobody-shredded", "record-lost"] {
        let said = ["--because", because];
        let refuted = place.run(&[&["shreddings", "accept"], &two(&place), &said, &RESTORED, &LEDGER], "");
        let told = text(&refuted.stderr);
        assert!(code(&refuted) == 2 && told.contains(&format!("`{because}` is not so")), "{told}");
    }
    accept(&[], 2);
    accept(&["--because", "it is fine"], 2);
    accept(&["--because", "must-be-kept"], 0);
    accept(&["--because", "must-be-kept"], 2);
    status(&place, 0, &[]);
    assert!(place.opens(THERE, ADA, &token));
}

#[test]
fn where_nobody_was_shredded_after_a_copy_the_ledger_settles_it_at_once() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.sealed(&[ADA, BEN]);
    let of = ["--policy", &place.bundle, "--org", "production"];
    place.ends(0, &[&["shred"], &of, &KEYS, &LEDGER], &format!("{ADA}\n"));
    place.ok(&ESCROW);
    std::fs::remove_file(place.path("root")).unwrap();
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    let restored = place.run(&[&["restore"], &COPY, &RESTORED, &LEDGER], "");
    assert!(text(&restored.stderr).contains("nothing is to be done again"), "{}", text(&restored.stderr));
    assert!(!status(&place, 1, &[]).contains("open again"));
}

#[test]
fn a_number_that_the_ledger_names_is_not_given_again() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.ok(&ESCROW);
    assert_eq!(place.ok(&["make", "--class", "phi", "--activate"]), "1\n");
    std::fs::remove_file(place.path("root")).unwrap();
    std::fs::remove_dir_all(place.path("keys")).unwrap();
    // Neither the copy nor what was seen knows of key 1: what was seen went with the rest.
    place.ends(0, &[&["restore"], &COPY, &RESTORED, &LEDGER], "");
    assert_eq!(place.ends(0, &[&["make", "--class", "phi"], &RESTORED, &LEDGER], ""), "2\n");
}
