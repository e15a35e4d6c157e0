//! Merges of people for whom nothing is sealed, and people who are named by the other record of a person account.

use super::{ADA, BEN, CAL, KEYS, LEDGER, Place};
use crate::{code, text};

/// The contact of a person account.
const CONTACT: &str = "003D000000IqhSL";

/// An id of 18 characters: the same record.
fn whole(record: &str) -> String {
    journal::names::RecordId::of(record).unwrap().to_string()
}

fn run(place: &Place, act: &str, of: &[&str], input: &str) -> (i32, String, String) {
    let done = place.run(&[&[act], of, &KEYS, &LEDGER], input);
    let (out, err) = (text(&done.stdout), text(&done.stderr));
    for record in [ADA, BEN, CAL, CONTACT] {
        assert!(!out.contains(record) && !err.contains(record), "{out}{err}");
    }
    (code(&done), out, err)
}

#[test]
fn who_has_nothing_is_not_merged_in_silence() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.sealed(&[ADA, BEN]);
    let of = ["--policy", &place.bundle, "--org", "production"];
    let before = place.told().len();
    let (exit, out, err) = run(&place, "merge", &of, &format!("{CAL} {ADA}\n"));
    assert_eq!((exit, out.as_str()), (1, "unknown\n"), "{err}");
    assert!(
        err.contains(
            "standard input, line 1: nothing is sealed for the person who is gone, and nothing is remembered"
        ),
        "{err}"
    );
    assert_eq!(place.told().len(), before, "nothing was done");
    // The others of a list are merged.
    let (exit, out, err) = run(&place, "merge", &of, &format!("{BEN} {ADA}\n{CAL} {ADA}\n"));
    assert!(exit == 1 && err.contains("line 2: nothing is sealed"), "{err}");
    let handle = out.lines().next().unwrap().to_owned();
    assert_eq!((handle.len(), out.lines().nth(1)), (16, Some("unknown")));
    // Who became another before is named, also once the handle is retired.
    let again = || run(&place, "merge", &of, &format!("{BEN} {CAL}\n"));
    let (exit, _, err) = again();
    assert!(exit == 2 && err.contains("line 1: the person was merged into another"), "{err}");
    place.ends(0, &[&["shred", "--handles", "--rebound"], &KEYS, &LEDGER], &handle);
    let (exit, _, err) = again();
    assert!(exit == 2 && err.contains("line 1: the person was merged into another"), "{err}");
    // And so is who was shredded.
    place.ends(0, &[&["shred"], &of, &KEYS, &LEDGER], &format!("{ADA}\n"));
    let (exit, out, err) = run(&place, "merge", &of, &format!("{ADA} {CAL}\n"));
    assert_eq!((exit, out.as_str()), (1, "shredded\n"), "{err}");
    assert!(err.contains("line 1: the person who is gone was shredded"), "{err}");
}

#[test]
fn a_list_of_merges_says_of_each_line_what_is_wrong_with_it() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.sealed(&[ADA, BEN]);
    let of = ["--policy", &place.bundle, "--org", "production"];
    let (exit, _, err) = run(&place, "merge", &of, &format!("{BEN} {ADA}\n{ADA} {}\n", whole(ADA)));
    assert!(exit == 2 && err.contains("line 2: both are the same person"), "{err}");
    let (exit, _, err) = run(&place, "merge", &of, &format!("Old,New\n{BEN},{ADA}\n"));
    assert!(exit == 2 && err.contains("line 1: ") && err.contains("without a header"), "{err}");
    // Whoever survives has nothing: the id may be mistyped.
    let (exit, out, err) = run(&place, "merge", &of, &format!("{BEN} {CAL}\n{BEN} {CAL}\n"));
    assert!(
        exit == 1 && err.contains("line 1: nothing was sealed until now for the person who survives"),
        "{err}"
    );
    assert!(err.contains("line 2: it says what line 1 says"), "{err}");
    let handles: Vec<&str> = out.lines().collect();
    assert!(handles.len() == 2 && handles[0] == handles[1], "{out}");
    // Merging the wrong one into the right one mends it, and what was done is no failure.
    let (exit, again, err) = run(&place, "merge", &of, &format!("{BEN} {CAL}\n{CAL} {ADA}\n"));
    assert!(exit == 0 && err.contains("line 1: this was merged before"), "{err}");
    assert_eq!(again.lines().next(), Some(handles[0]));
    let (exit, _, err) = run(&place, "merge", &of, &format!("{BEN} {ADA}\n"));
    assert!(exit == 0 && err.contains("line 1: this was merged before"), "{err}");
    // The number of the line is that of the list.
    let other = "001D000000IqhSP";
    let lines = format!("{BEN} {ADA}\n{BEN} {ADA}\n{BEN} {other}\n");
    let (exit, _, err) = run(&place, "merge", &of, &lines);
    assert!(exit == 2 && err.contains("line 3: the person was merged into another"), "{err}");
    // Nobody is merged into who was forgotten.
    place.sealed(&[other]);
    place.ends(0, &[&["shred"], &of, &KEYS, &LEDGER], &format!("{other}\n"));
    let (exit, _, err) = run(&place, "merge", &of, &format!("{ADA} {other}\n"));
    assert!(exit == 2 && err.contains("line 1: the person who survives was shredded"), "{err}");
    assert!(err.contains("`guard seal --again` first"), "{err}");
}

#[test]
fn survivors_who_are_new_can_be_said_to_be_right() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.sealed(&[ADA]);
    let of = ["--policy", &place.bundle, "--org", "production", "--new-survivors"];
    let (exit, _, err) = run(&place, "merge", &of, &format!("{ADA} {BEN}\n"));
    assert!(exit == 0 && !err.contains("nothing was sealed"), "{err}");
}

#[test]
fn who_is_named_by_the_other_record_of_a_person_account_is_told() {
    let bundle = |subject: &str, object: &str| {
        let place = Place::new();
        place.own_bundle(&format!(
            "objects:\n  {object}:\n    subject: {subject}\n    default: {{class: internal}}\n    fields:\n      \
             FirstName: {{class: phi, identifier: name, protect: gateway}}\n"
        ));
        place.init();
        place
    };
    let of = ["--policy", "own", "--org", "production"];
    for (place, given, hint) in [
        (bundle("self", "Account"), CONTACT, "(`AccountId` of the contact)"),
        (bundle("AccountId", "Contact"), CONTACT, "(`AccountId` of the contact)"),
        (bundle("self", "Contact"), ADA, "(`PersonContactId` of the account)"),
    ] {
        let (exit, out, err) = run(&place, "shred", &of, &format!("{BEN}\n{given}\n"));
        assert_eq!((exit, out.as_str()), (1, "unknown\nunknown\n"), "{err}");
        assert!(err.contains("line 2: nothing is sealed for this person") && err.contains(hint), "{err}");
        let (exit, _, err) = run(&place, "merge", &of, &format!("{CAL},{given}\n"));
        assert!(exit == 1 && err.contains(hint), "{err}");
    }
    // Where the bundle binds to both, nobody can tell; and a key is no record.
    let place = bundle("Patient__c", "Contact");
    let (_, _, err) = run(&place, "shred", &of, &format!("{CONTACT}\n"));
    assert!(!err.contains("AccountId") && !err.contains("PersonContactId"), "{err}");
}

#[test]
fn who_is_gone_already_is_told_from_who_never_was() {
    let place = Place::new();
    place.init();
    place.ok(&["make", "--class", "phi", "--activate"]);
    place.sealed(&[ADA, BEN]);
    let of = ["--policy", &place.bundle, "--org", "production"];
    let shred = |input: &str, expected: i32| {
        let (exit, out, err) = run(&place, "shred", &of, input);
        assert_eq!(exit, expected, "{err}");
        (out, err)
    };
    let ada = shred(&format!("{ADA}\n"), 0).0;
    // Again it is done already, and the backups are as they were.
    let (out, err) = shred(&format!("{ADA}\n"), 0);
    assert_eq!(out, "shredded\n");
    assert!(err.contains("shredded before: 1 person") && err.contains("backups open as before"), "{err}");
    let (out, _) = shred(&format!("{ADA}\n{CAL}\n"), 1);
    assert_eq!(out, "shredded\nunknown\n");
    // By their handles as well; those of merged people name who survives.
    let (_, merged, _) = run(&place, "merge", &of, &format!("{BEN} {CAL}\n"));
    place.ends(0, &[&["shred", "--handles", "--rebound"], &KEYS, &LEDGER], &merged);
    let by = |word: &str, expected: i32| {
        let listed = format!("{ada}{merged}0123456789abcdef\n");
        place.ends(expected, &[&["shred", word], &KEYS, &LEDGER], &listed)
    };
    for word in ["--handles", "--retired"] {
        let out = by(word, 1);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(
            (lines[0], lines[1].starts_with("merged "), lines[2]),
            ("shredded", true, "unknown"),
            "{out}"
        );
    }
    // Whoever survives is forgotten with all that they were.
    let survivor = by("--handles", 1).lines().nth(1).unwrap().replace("merged ", "");
    place.ends(0, &[&["shred", "--handles"], &KEYS, &LEDGER], &survivor);
    assert_eq!(by("--handles", 1), "shredded\nshredded\nunknown\n");
}
