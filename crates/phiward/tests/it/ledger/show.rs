//! Entries, as a privacy officer asks for them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::guard_rows::{KEYS, Place, RIGHT, TOLD, column};

const ADA: &str = "001Hs0000000001";
const BEN: &str = "001Hs0000000002";

/// A ledger that tells of two people who were sealed, of one who was masked, and of a key that was made.
fn told() -> Place {
    let place = Place::new();
    let table = format!("Id,Name\n{ADA},Grace Canary\n{BEN},Ada Canary\n");
    let sealed = place.ok(&[&["guard", "seal"][..], &RIGHT, &KEYS, &TOLD].concat(), &table);
    let ada: String = sealed.lines().take(2).map(|line| format!("{line}\n")).collect();
    place.ok(&[&["guard", "mask"][..], &RIGHT, &KEYS, &TOLD].concat(), &ada);
    place
}

fn show<'w>(more: &[&'w str]) -> Vec<&'w str> {
    [&["ledger", "show", "--dir", "D"], more].concat()
}

const PEOPLE: [&str; 7] =
    ["--people", "--trail", "ring", "--trail-passphrase-file", "pass", "--policy", "phiward"];

#[test]
fn entries_about_a_person_are_listed_and_hold_no_value() {
    let place = told();
    let csv = |more: &[&str], input: &str| place.ok(&show(&[&["--format", "csv"], more].concat()), input);
    let of_both = csv(&PEOPLE, &format!("{ADA}\n{BEN}\n"));
    assert_eq!(column(&of_both, "Word"), ["write", "read"], "{of_both}");
    assert_eq!(column(&of_both, "Who"), ["loader", "loader"]);
    assert_eq!(column(&of_both, "People"), ["2", "1"]);
    let fields = column(&of_both, "Fields");
    assert!(
        fields[0].ends_with("Account.Name") && fields[1].ends_with("Account.Name (mask initials)"),
        "{fields:?}"
    );
    let of_ben = csv(&PEOPLE, BEN);
    assert_eq!(column(&of_ben, "Word"), ["write"], "Ada's alone is not listed");
    // By the pseudonym, without the keyring.
    let pseudonym = column(&of_ben, "Pseudonyms")[0];
    assert_eq!(csv(&["--pseudonym", pseudonym], ""), of_ben);
    for told in [&of_both, &place.ok(&show(&[]), ""), &place.ok(&show(&["--format", "jsonl"]), "")] {
        assert!(!told.contains("Canary") && !told.contains(ADA), "{told}");
    }
    // Of whom nothing was written no key is made, and the line is named.
    let before = std::fs::read(place.path("ring")).unwrap();
    let (out, err) = place.ends(1, &show(&PEOPLE), &format!("{ADA}\n001Hs0000000009\n"));
    assert!(err.contains("standard input, line 2: the keyring has no key") && !err.contains("0009"), "{err}");
    assert_eq!(out.lines().count(), 3, "{out}");
    assert_eq!(std::fs::read(place.path("ring")).unwrap(), before);
    place.ends(2, &show(&PEOPLE), "");
    let (_, err) = place.ends(2, &show(&PEOPLE), "Grace Canary\n");
    assert!(!err.contains("Canary"), "{err}");
}

#[test]
fn entries_are_filtered_and_proved() {
    let place = told();
    let lines = |more: &[&str]| -> Vec<Value> {
        let listed = place.ok(&show(&[&["--format", "jsonl"], more].concat()), "");
        listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = lines(&[]);
    assert_eq!(all.len(), place.entries().len());
    let made = lines(&["--act", "key-event=created"]);
    assert!(!made.is_empty() && made.iter().all(|one| one["entry"]["act"]["key-event"]["step"] == "created"));
    assert_eq!(lines(&["--act", "key-event=created", "--act", "field-access"]).len(), made.len() + 2);
    assert_eq!(lines(&["--who", "loader"]).len(), 2);
    assert!(lines(&["--who", "clerk"]).is_empty() && lines(&["--from", "2999-01-01"]).is_empty());
    assert_eq!(lines(&["--from", "2020-01-01", "--to", "2999-01-01"]).len(), all.len());
    // What was intended, and what came of it.
    let call = made[0]["entry"]["correlation"].as_str().unwrap();
    let outcomes: Vec<_> =
        lines(&["--correlation", call]).into_iter().map(|one| one["entry"]["outcome"].clone()).collect();
    assert_eq!(outcomes, ["intended", "done"]);
    for wrong in
        [["--act", "key-evnt"], ["--act", "key-event=made"], ["--correlation", "x"], ["--log", "none"]]
    {
        place.ends(2, &show(&wrong), "");
    }
    // The entry stands in its line byte for byte.
    let listed = place.ok(&show(&["--format", "jsonl", "--who", "loader"]), "");
    let index = all.len() - 2;
    place.ok(
        &["ledger", "prove", &index.to_string(), "--dir", "D", "--output", "proof", "--entry", "entry"],
        "",
    );
    let entry = std::fs::read_to_string(place.path("entry")).unwrap();
    assert!(listed.lines().next().unwrap().contains(&entry), "{listed}");
}

/// The file that holds some bytes.
fn holding(folder: &Path, wanted: &str) -> PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for one in std::fs::read_dir(folder).unwrap() {
            let path = one.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(wanted) {
                return path;
            }
        }
    }
    panic!("no file holds `{wanted}`");
}

#[test]
fn a_log_that_was_changed_is_shown_as_not_verified() {
    let place = told();
    let (_, err) = place.ends(0, &show(&["--who", "loader"]), "");
    assert!(err.contains(": verified, 2 shown of "), "{err}");
    let file = holding(&place.path("D/tile"), "loader");
    let bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(6).position(|run| run == b"loader").unwrap();
    let changed = [&bytes[..at], b"loaded", &bytes[at + 6..]].concat();
    std::fs::write(&file, changed).unwrap();
    let (out, err) = place.ends(1, &show(&["--who", "loaded"]), "");
    assert!(out.contains("loaded") && err.contains("NOT VERIFIED: entry "), "{out}{err}");
    let other = place.path("other.vkey");
    place.ok(&["ledger", "init", "--dir", "E"], "");
    std::fs::rename(place.path("E.vkey"), &other).unwrap();
    place.ends(2, &show(&["--verifier", "other.vkey"]), "");
}
