//! A copy that is older than a shredding is put back: the shredding is to be done again.

use super::{ADA, BEN, CAL, KEYS, LEDGER, Place, RESTORED};
use crate::{code, text};

const THERE: (&str, &str) = ("new-root", "again");
const COPY: [&str; 6] =
    ["--escrow", "escrow", "--share", "shares/share-1.txt", "--share", "shares/share-2.txt"];

const ESCROW: [&str; 10] =
    ["escrow", "make", "--to", "escrow", "--shares-in", "shares", "--shares", "3", "--threshold", "2"];

/// A new escrow, once the one before is gone.
const MADE: [&str; 6] = ["escrow", "make", "--to", "escrow2", "--shares-in", "shares2"];

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

fn json(place: &Place, expected: i32, more: &[&str]) -> serde_json::Value {
    let status = status(place, expected, &[&["--format", "json"], more].concat());
    serde_json::from_str(&status).unwrap()
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
    let keys = json(&place, 1, &[])["keys"].as_str().unwrap().to_owned();
    let list = "`phiward keys shreddings check --ledger D ... > handles`, then `keys shred --handles";
    assert!(named.contains(list), "{named}");
    // The escrow that was put back holds her still, and the keys do not know it.
    assert!(alone.contains("destroyed") && !alone.contains("kept, and"), "{alone}");
    assert!(!named.contains(handle.trim()), "handles are for who asks for them: {named}");
    let json = json(&place, 1, &LEDGER);
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
    let listed = place.piped(&["ledger", "shredded", "--dir", "D", "--tenant", &keys], "");
    let again = place.run(&[&["shred", "--handles"], &RESTORED, &LEDGER], &text(&listed.stdout));
    assert_eq!(code(&again), 0, "who is shredded already is no fault: {}", text(&again.stderr));
    assert!(text(&again.stdout).contains("shredded\n"), "{}", text(&again.stdout));
    assert!(text(&again.stderr).contains("nothing is to be done again"), "{}", text(&again.stderr));
    assert!(!place.opens(THERE, ADA, &token));
    // The escrow that brings her back is gone, and there is to be one.
    let escrowed = status(&place, 1, &LEDGER);
    assert!(escrowed.contains("no escrow is left but such as are destroyed"), "{escrowed}");
    place.ends(0, &[&MADE, &RESTORED, &LEDGER], "");
    let status = status(&place, 0, &LEDGER);
    assert!(!status.contains("To do") && !status.contains("open again"), "{status}");
    assert!(status.contains("the ledger names 2 people as shredded, and nobody of them is here"), "{status}");
    assert!(place.told().contains(&"shreddings-settled tenant done".to_owned()));
}

#[test]
fn who_was_shredded_is_not_merged_into_others_unseen() {
    let (place, token, handle) = lost();
    place.ends(0, &[&["restore"], &COPY, &RESTORED, &LEDGER], "");
    // The list for `shred --handles` is of those who are here.
    let listed = place.ends(1, &[&["shreddings", "check"], &RESTORED, &LEDGER], "");
    assert_eq!(listed, handle);
    let of = ["--policy", &place.bundle, "--org", "production"];
    let pair = format!("{ADA} {BEN}\n");
    let refused = place.run(&[&["merge"], &of, &RESTORED, &LEDGER], &pair);
    let told = text(&refused.stderr);
    assert!(
        code(&refused) == 2 && told.contains("line 1: one of them was shredded, and is open again"),
        "{told}"
    );
    assert!(!told.contains(ADA), "{told}");
    // Without the ledger nobody knows; with it that is never settled by itself.
    place.ends(0, &[&["merge"], &of, &RESTORED, &["--unrecorded"]], &pair);
    assert!(place.opens(THERE, ADA, &token));
    let listed = place.ends(1, &[&["shreddings", "check"], &RESTORED, &LEDGER], "");
    assert_eq!(listed, handle);
    let rebound = ["--policy", &place.bundle, "--handles", "--rebound"];
    place.ends(1, &[&["shred"], &rebound, &RESTORED, &["--unrecorded"]], &handle);
    let checked = place.run(&[&["shreddings", "check"], &RESTORED, &LEDGER], "");
    let told = text(&checked.stderr);
    assert!(
        code(&checked) == 1 && told.contains("1 person whom it names as shredded is merged into others"),
        "{told}"
    );
    assert!(!place.told().contains(&"shreddings-settled tenant done".to_owned()));
    place.ends(1, &[&["shred"], &of, &RESTORED, &LEDGER], &format!("{CAL}\n"));
    assert!(!place.told().contains(&"shreddings-settled tenant done".to_owned()));
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
    place.ends(0, &[&MADE, &RESTORED, &LEDGER], "");
    let kept = status(&place, 0, &[]);
    assert!(kept.contains("why shreddings after it are not done again: must-be-kept"), "{kept}");
    assert!(place.opens(THERE, ADA, &token));
    // The ledger names her, and that she is here is known.
    let named = status(&place, 0, &LEDGER);
    assert!(named.contains("1 person is here, as two people said, and nobody else of them"), "{named}");
    let json = json(&place, 0, &LEDGER);
    assert_eq!((&json["shredded_and_open"], &json["shredded_and_kept"]), (&0.into(), &1.into()));
    assert_eq!(json["shreddings_accepted"]["because"], "must-be-kept");
    place.ends(0, &[&["shreddings", "check"], &RESTORED, &LEDGER], "");
    let shown = place.piped(&["ledger", "show", "--dir", "E", "--act", "key-event=shreddings-accepted"], "");
    assert!(text(&shown.stdout).contains(": must-be-kept"), "{}", text(&shown.stdout));
    // The other ledger is that of other keys once it tells of some.
    let other = ["--dir", "theirs", "--root", "file:their-root", "--passphrase-file", "pass"];
    let init = ["init", "--tenant", "others", "--policy", &place.bundle];
    place.ends(0, &[&init, &other, &["--ledger", "E"]], "");
    let foreign = status(&place, 1, &["--ledger", "E"]);
    assert!(foreign.contains("`E` is the ledger of another tenant or organisation"), "{foreign}");
    let checked = place.run(&[&["shreddings", "check"], &RESTORED, &["--ledger", "E"]], "");
    assert!(code(&checked) == 1 && text(&checked.stderr).contains("another tenant or organisation"));
}

/// A ledger's word counts also once all is settled.
#[test]
fn whom_a_ledger_names_later_is_told_though_all_was_settled() {
    let (place, token, handle) = lost();
    place.ends(0, &[&["restore"], &COPY, &RESTORED, &["--unrecorded"]], "");
    settle_the_rest(&place);
    place.ends(0, &[&MADE, &RESTORED, &LEDGER], "");
    // Nobody had the ledger at hand.
    let accept = ["shreddings", "accept", "--because", "record-lost"];
    place.ends(0, &[&accept, &two(&place), &RESTORED, &["--unrecorded"]], "");
    status(&place, 0, &[]);
    let found = status(&place, 1, &LEDGER);
    assert!(
        found.contains("1 person whom the ledger names as shredded is here, and their tokens open"),
        "{found}"
    );
    assert!(found.contains("kept, and brings back people who were shredded, the last on "), "{found}");
    let checked = place.run(&[&["shreddings", "check"], &RESTORED, &LEDGER], "");
    assert!(code(&checked) == 1 && text(&checked.stderr).contains("is here, and their tokens open"));
    // By the ledger that names her two people may still say that she stays.
    let accept = ["shreddings", "accept", "--because"];
    place.ends(2, &[&accept, &["shredded-again"], &two(&place), &RESTORED, &LEDGER], "");
    place.ends(0, &[&accept, &["values-gone"], &two(&place), &RESTORED, &LEDGER], "");
    status(&place, 0, &LEDGER);
    assert!(place.opens(THERE, ADA, &token));
    place.ends(1, &[&["shred", "--handles"], &RESTORED, &LEDGER], &handle);
    assert!(!place.opens(THERE, ADA, &token));
    place.ends(0, &[&["shreddings", "check"], &RESTORED, &LEDGER], "");
}

#[test]
fn while_shreddings_are_open_every_copy_that_may_undo_them_is_told() {
    let (place, ..) = lost();
    place.ends(0, &[&["restore"], &COPY, &RESTORED, &["--unrecorded"]], "");
    place.ends(0, &[&["backup", "--to", "backups"], &RESTORED, &LEDGER], "");
    let backups = ["--backups", "backups"];
    let alone = status(&place, 1, &backups);
    let may = "may bring back people who were shredded after it was made";
    assert!(
        alone.contains(&format!("kept, and {may}")) && alone.contains(&format!("opens, {may}")),
        "{alone}"
    );
    let named = status(&place, 1, &[&backups[..], &LEDGER].concat());
    let does = "brings back people who were shredded, the last on ";
    assert!(
        named.contains(&format!("kept, and {does}")) && named.contains(&format!("opens, {does}")),
        "{named}"
    );
    assert!(status(&place, 1, &[]).contains("not looked at: --backups names their folder"));
}

#[test]
fn a_restoration_for_which_shares_are_too_few_leaves_nothing() {
    let (place, ..) = lost();
    let listing = || {
        let all = std::fs::read_dir(place.folder.path()).unwrap();
        all.map(|entry| entry.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = listing();
    let few = ["--escrow", "escrow", "--share", "shares/share-1.txt"];
    let refused = place.run(&[&["restore"], &few, &RESTORED, &LEDGER], "");
    assert_eq!(code(&refused), 2);
    assert!(
        text(&refused.stderr).contains("1 share was given, and 2 open the escrow"),
        "{}",
        text(&refused.stderr)
    );
    assert_eq!(listing(), before);
    // Nor does one that fails later: the escrow holds no keyring.
    let trail = ["--trail", "ring", "--trail-passphrase-file", "pass"];
    let refused = place.run(&[&["restore"], &COPY, &trail, &RESTORED, &LEDGER], "");
    assert!(code(&refused) == 2 && text(&refused.stderr).contains("holds no keyring"));
    assert_eq!(listing(), before);
    place.ends(0, &[&["restore"], &COPY, &RESTORED, &LEDGER], "");
}

#[test]
fn a_ledger_of_several_tenants_lists_those_of_one() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.sealed(&[ADA]);
    let of = ["--policy", &place.bundle, "--org", "production"];
    let first = place.ends(0, &[&["shred"], &of, &KEYS, &LEDGER], &format!("{ADA}\n"));
    let keys = |at: &[&str]| {
        let status = place.run(&[&["status", "--format", "json"], at], "");
        let status: serde_json::Value = serde_json::from_str(&text(&status.stdout)).unwrap();
        status["keys"].as_str().unwrap().to_owned()
    };
    let own = keys(&KEYS);
    let listed = |more: &[&str], expected: i32| {
        let listed = place.piped(&[&["ledger", "shredded", "--dir", "D"], more].concat(), "");
        assert_eq!(code(&listed), expected, "{}", text(&listed.stderr));
        (text(&listed.stdout), text(&listed.stderr))
    };
    assert_eq!(listed(&["--tenant", &own], 0), (first.clone(), String::new()));
    // Another tenant's keys under the same ledger.
    std::fs::rename(place.path("keys"), place.path("a")).unwrap();
    std::fs::rename(place.path("keys.seen"), place.path("a.seen")).unwrap();
    place.ok(&["init", "--tenant", "others", "--policy", &place.bundle]);
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.sealed(&[BEN]);
    let second = place.ends(0, &[&["shred"], &of, &KEYS, &LEDGER], &format!("{BEN}\n"));
    let other = keys(&KEYS);
    assert_eq!(listed(&["--tenant", &own], 0).0, first);
    assert_eq!(listed(&["--tenant", &other], 0).0, second);
    let (all, told) = listed(&[], 0);
    assert!(all == format!("{first}{second}") && told.contains("people of several tenants"), "{told}");
    let (_, told) = listed(&["--tenant", "0123456789abcdef"], 2);
    assert!(told.contains("the ledger tells of no keys 0123456789abcdef; it tells of "), "{told}");
    listed(&["--tenant", "others"], 2);
    // What was seen of it may lie elsewhere, and where it lies nowhere that is told.
    std::fs::rename(place.path("D.seen"), place.path("elsewhere")).unwrap();
    assert!(listed(&["--seen", "elsewhere"], 0).1.contains("several tenants"));
    assert!(listed(&[], 0).1.contains("nobody can tell whether this is an older copy"));
    listed(&["--seen", "nowhere"], 2);
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
    // Nobody is named twice in what is shredded.
    let named = place.run(&[&["shred"], &of, &RESTORED, &LEDGER], &format!("{BEN}\n{ADA}\n{BEN}\n"));
    let told = text(&named.stderr);
    assert!(told.contains("shredded: 1 person") && told.contains("shredded before: 1 person"), "{told}");
    assert!(told.contains("1 line names somebody whom a line before names"), "{told}");
    assert_eq!(text(&named.stdout).lines().count(), 3);
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
