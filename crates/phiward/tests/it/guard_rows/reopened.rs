//! Patients' data, worked on by keys into which a copy from before a shredding was put back.

use super::{KEYS, Place, RIGHT, TOLD};

const RESTORED: [&str; 6] = ["--dir", "again", "--root", "file:new-root", "--passphrase-file", "pass"];
const OPEN: &str = "an older copy of these keys was put back on ";

fn guard<'w>(act: &'w str, told: &[&'w str], more: &[&'w str]) -> Vec<&'w str> {
    [&["guard", act], &RIGHT[..], &RESTORED, told, more].concat()
}

/// Two patients whose table is sealed; the first was shredded after an escrow was made, which is put back.
fn put_back() -> Place {
    let place = Place::new();
    place.ok(&super::guard("seal", &["patients.csv", "--output", "sealed.csv"]), "");
    let escrow = ["keys", "escrow", "make", "--to", "escrow", "--shares-in", "shares", "--ledger", "D"];
    place.ok(&[&escrow[..], &KEYS].concat(), "");
    let shred = ["keys", "shred", "--policy", "phiward", "--org", "production", "--ledger", "D"];
    place.ends(1, &[&shred[..], &KEYS].concat(), "001Hs0000000001\n");
    std::fs::remove_file(place.path("root")).unwrap();
    let shares: Vec<String> = (1..=3).map(|number| format!("shares/share-{number}.txt")).collect();
    let mut restore = vec!["keys", "restore", "--escrow", "escrow", "--ledger", "D"];
    shares.iter().for_each(|share| restore.extend(["--share", share]));
    restore.extend(RESTORED);
    place.ok(&restore, "");
    place
}

#[test]
fn whom_the_ledger_names_as_shredded_nobody_reads_before_they_are_shredded_again() {
    let place = put_back();
    let (_, err) = place.ends(2, &guard("open", &TOLD, &["sealed.csv", "--output", "open.csv"]), "");
    assert!(
        err.contains("1 person is taken as shredded since an older copy of these keys was put back"),
        "{err}"
    );
    assert!(err.contains("the subject was shredded: nothing of theirs opens any more"), "{err}");
    assert!(!place.path("open.csv").exists());
    let apart = ["sealed.csv", "--refused", "refused.csv"];
    let (out, err) = place.ends(1, &guard("open", &TOLD, &apart), "");
    assert!(out.contains("219-09-9999") && !out.contains("078-05-1120"), "{out}");
    assert_eq!(err.matches("was put back").count(), 1, "it is said once: {err}");
    let masked = place.run(&guard("mask", &TOLD, &["sealed.csv"]), "");
    assert_eq!(crate::code(&masked), 2);
    // Nor is anything sealed for them under the key that is to go, though somebody says that they are back.
    let make = ["keys", "make", "--class", "phi", "--activate", "--ledger", "D"];
    place.ok(&[&make[..], &RESTORED].concat(), "");
    let make = ["keys", "make", "--class", "phi-sensitive", "--activate", "--ledger", "D"];
    let (_, err) = place.ends(0, &[&make[..], &RESTORED].concat(), "");
    assert!(err.contains(OPEN), "acts on the keys say it too: {err}");
    for more in [&["patients.csv"][..], &["patients.csv", "--again"]] {
        let (out, err) = place.ends(2, &guard("seal", &TOLD, more), "");
        assert!(out.is_empty() && err.contains("the person was shredded"), "{err}");
    }

    // Without a ledger nobody can say who it is, and care goes on.
    let (out, err) = place.ends(0, &guard("open", &["--unrecorded"], &["sealed.csv"]), "");
    assert!(out.contains("219-09-9999") && out.contains("078-05-1120"), "{out}");
    assert_eq!(err.matches(OPEN).count(), 1, "{err}");
    assert!(err.contains("`keys status --ledger DIR` says what is to be done"), "{err}");
    let census = ["keys", "census", "sealed.csv", "--state", "c1", "--unrecorded"];
    let (_, err) = place.ends(0, &[&census[..], &RIGHT, &RESTORED].concat(), "");
    assert_eq!(err.matches(OPEN).count(), 1, "{err}");

    // As it says.
    let handles = place.ok(&["ledger", "shredded", "--dir", "D"], "");
    place.ends(1, &[&["keys", "shred", "--handles", "--ledger", "D"][..], &RESTORED].concat(), &handles);
    let (_, err) = place.ends(2, &guard("open", &TOLD, &["sealed.csv"]), "");
    assert!(!err.contains("put back") && err.contains("the subject was shredded"), "{err}");
}

#[test]
fn what_two_people_say_has_to_be_kept_is_read() {
    let place = put_back();
    let accept = ["keys", "shreddings", "accept", "--because", "must-be-kept", "--policy", "phiward"];
    let two = ["--by", "mara-voss", "--and", "idris-calloway", "--ledger", "D"];
    place.ok(&[&accept[..], &two, &RESTORED].concat(), "");
    let (out, err) = place.ends(0, &guard("open", &TOLD, &["sealed.csv"]), "");
    assert!(out.contains("078-05-1120") && !err.contains("put back"), "{err}");
}

#[test]
fn what_an_act_left_untold_is_told_by_the_next_that_has_a_ledger() {
    let place = Place::new();
    place.ok(&super::guard("seal", &["patients.csv", "--output", "sealed.csv"]), "");
    let shred = ["keys", "shred", "--policy", "phiward", "--org", "production", "--unrecorded"];
    place.ok(&[&shred[..], &KEYS].concat(), "001Hs0000000001\n");
    let status = || place.run(&[&["keys", "status"][..], &KEYS].concat(), "");
    assert!(crate::text(&status().stdout).contains("1 salt was destroyed and no entry says so"));
    let handles = || place.ok(&["ledger", "shredded", "--dir", "D"], "");
    assert_eq!(handles(), "");
    // A new patient, so that the shredded one is no row of it.
    let row = "Id,Name,SSN__pc,Diagnosis__pc,PersonEmail,Status__pc\n001Hs0000000003,Eve,219-09-9990,E11,e@e.example,active\n";
    place.ok(&super::guard("seal", &[]), row);
    assert_eq!(handles().lines().count(), 1);
    assert!(!crate::text(&status().stdout).contains("no entry says so"));
}
