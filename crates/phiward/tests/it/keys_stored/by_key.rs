//! People whose tokens hang on a key are merged and bound anew by what stands in it.

use super::{act, keys};
use crate::guard_rows::{KEYS, Place, RIGHT, TOLD, column};

const CLASSIFICATION: &str = "\
objects:
  Account:
    subject: self
    default: {class: internal}
    fields:
      MRN__c: {class: phi, identifier: mrn}
      Name: {class: phi, identifier: name, protect: gateway}
      SSN__c: {class: phi, identifier: ssn, protect: gateway, seal: {bind: key, key: MRN__c}}
";

const ROWS: &str = "\
Id,MRN__c,SSN__c
001Hs0000000001,Canary 1,100000001
001Hs0000000002,\"Canary, 2\",100000002
001Hs0000000003,Canary-3,100000003
";

/// No output tells whom a key names.
fn told(place: &Place, expected: i32, words: &[&str], input: &str) -> (String, String) {
    let (out, err) = place.ends(expected, words, input);
    assert!(!out.contains("Canary") && !err.contains("Canary") && !err.contains("1000000"), "{out}{err}");
    (out, err)
}

fn sealed() -> Place {
    let place = Place::new();
    std::fs::write(place.path("phiward/classification/patients.yaml"), CLASSIFICATION).unwrap();
    std::fs::write(place.path("plain.csv"), ROWS).unwrap();
    let seal = [&["guard", "seal", "plain.csv", "--output", "sealed.csv"], &RIGHT[..], &KEYS, &TOLD].concat();
    place.ok(&seal, "");
    place
}

fn opened(place: &Place, file: &str) -> Vec<String> {
    let table = place.ok(&[&["guard", "open", file], &RIGHT[..], &KEYS, &TOLD].concat(), "");
    table.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().to_owned()).collect()
}

const SSNS: [&str; 3] = ["100000001", "100000002", "100000003"];
const OF: [&str; 6] = ["--policy", "phiward", "--org", "production", "--key", "Account.MRN__c"];

#[test]
fn people_are_merged_by_the_keys_that_their_tokens_hang_on() {
    let place = sealed();
    let merge = act("merge", &OF);
    for (input, wrong) in [
        ("Canary 1\tCanary 4\nCanary 1\n", "line 2: two keys are needed"),
        ("Canary 1, Canary 2, Canary 3\n", "line 1: two keys are needed"),
        ("Canary\u{200b}1\tCanary 2\n", "line 1: it has characters that nobody sees"),
        ("Canary 1\t\n", "line 1: two keys are needed"),
        (",Canary 1\n", "line 1: it is empty"),
    ] {
        let (_, err) = told(&place, 2, &merge, input);
        assert!(err.contains(wrong), "{err}");
    }
    let other = act("merge", &["--policy", "phiward", "--org", "production", "--key", "Account.Name"]);
    let (_, err) = told(&place, 2, &other, "Canary 1\tCanary 2\n");
    assert!(err.contains("by these: Account.MRN__c"), "{err}");
    let (handle, err) = told(&place, 0, &merge, "Canary 1\tCanary, 2\n");
    assert!(err.contains("tokens of `Account.Name` hang on the record and not on `Account.MRN__c`"), "{err}");
    let handle = handle.trim();
    assert_eq!(handle.len(), 16);

    // The first record has the survivor's number now, and opens at every step.
    let table = std::fs::read_to_string(place.path("sealed.csv")).unwrap();
    std::fs::write(place.path("moved.csv"), table.replace("Canary 1,", "\"Canary, 2\",")).unwrap();
    assert_eq!(opened(&place, "moved.csv"), SSNS);
    assert_eq!(opened(&place, "sealed.csv"), SSNS);
    let census = |file: &str, state: &str, expected| {
        let words = [file, "--state", state, "--free-of-handle", handle];
        told(&place, expected, &keys("census", &words), "").0
    };
    assert!(census("moved.csv", "c1", 1).contains(&format!("handle {handle} is still needed")));
    // Nobody retires it before that.
    let retire = [&["keys", "shred", "--handles"], &KEYS[..], &["--ledger", "D"]].concat();
    let (_, err) = told(&place, 2, &retire, handle);
    assert!(err.contains("the person was merged into another"), "{err}");
    let rebind = keys("rebind", &["moved.csv", "--out", "bound.csv", "--state", "b"]);
    let (_, err) = told(&place, 0, &rebind, "");
    assert!(err.contains("1 value sealed for somebody else than before"), "{err}");
    assert_eq!(opened(&place, "bound.csv"), SSNS);
    census("bound.csv", "c2", 0);
    told(&place, 0, &[&retire[..], &["--rebound"]].concat(), handle);
    assert_eq!(opened(&place, "bound.csv"), SSNS);
    // Who became another is so for ever.
    let (_, err) = told(&place, 2, &merge, "Canary 1\tCanary-3\n");
    assert!(err.contains("line 1: the person was merged into another"), "{err}");
    // Forgetting the survivor forgets both.
    let shred = act("shred", &[&OF[..], &["--keys-apart"]].concat());
    told(&place, 0, &shred, "Canary, 2\n");
    let open = [&["guard", "open", "bound.csv", "--refused", "r"], &RIGHT[..], &KEYS, &TOLD].concat();
    let (out, _) = place.ends(1, &open, "");
    assert_eq!(column(&out, "SSN__c"), ["100000003"]);
}

#[test]
fn records_that_got_another_key_are_bound_anew_by_pairs_of_keys() {
    let place = sealed();
    // A number was corrected: the record has it, the token does not.
    let table = std::fs::read_to_string(place.path("sealed.csv")).unwrap();
    std::fs::write(place.path("moved.csv"), table.replace("Canary-3", "Canary-4")).unwrap();
    std::fs::write(place.path("pairs"), "\u{feff}Canary-3,Canary-4\r\n").unwrap();
    let words = ["moved.csv", "--out", "bound.csv", "--state", "b", "--pairs", "pairs"];
    // As ids they are none; and by another key they are nobody's.
    let (_, err) = told(&place, 2, &keys("rebind", &words), "");
    assert!(err.contains("`pairs`, line 1: "), "{err}");
    let by_key = [&words[..], &["--key", "Account.MRN__c"]].concat();
    let (_, err) = told(&place, 0, &keys("rebind", &by_key), "");
    assert!(err.contains("1 value sealed for somebody else than before"), "{err}");
    assert_eq!(opened(&place, "bound.csv"), SSNS);
    std::fs::write(place.path("pairs"), "Canary-3\n").unwrap();
    let (_, err) = told(&place, 2, &keys("rebind", &by_key), "");
    assert!(err.contains("`pairs`, line 1: two keys are needed"), "{err}");
    let alone = keys("rebind", &["moved.csv", "--out", "x.csv", "--state", "c", "--key", "Account.MRN__c"]);
    let (_, err) = place.ends(2, &alone, "");
    assert!(err.contains("--pairs"), "{err}");
}
