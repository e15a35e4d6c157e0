//! Keys of earlier releases open for ever. `golden/<release>-keys/` holds a root, the two files of a tenant, what was
//! seen of them, an escrow with two of its shares, and tokens; none of them is ever written anew.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use guard::escrow::{Escrow, Share, Terms};
use guard::{Keeper, Unseen};
use jiff::civil::date;
use serde_json::{Value, json};

use crate::keeper::{Place, begun, opens, ready, sealed};
use crate::stranger::said_by;
use crate::subject;

const RELEASES: [&str; 1] = ["0.1"];

fn golden(release: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{release}-keys"))
}

/// A copy, secrets for their owner alone: neither git nor a copy keeps that.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
            std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

#[test]
fn keys_of_every_release_open() {
    for release in RELEASES {
        let place = Place::new();
        copy(&golden(release), place.folder.path());
        let tokens = std::fs::read_to_string(place.path("tokens")).unwrap();
        let tokens: Vec<&str> = tokens.lines().collect();
        let keeper = ready(Keeper::open(place.places("keys"), Unseen::Refused, place.tools("root"))).unwrap();
        assert_eq!((keeper.salts().counts(), keeper.salts().merges().len()), ((3, 1), 1), "{release}");
        assert_eq!(keeper.undoing().len(), 1);
        assert!(
            opens(&keeper, tokens[0], 0) && !opens(&keeper, tokens[1], 1) && opens(&keeper, tokens[3], 3)
        );
        drop(keeper);
        let escrow = Escrow::read(&place.path("escrow")).unwrap();
        let shares = ["share-1.txt", "share-3.txt"].map(|name| {
            (name.to_owned(), Share::read(&std::fs::read_to_string(place.path(name)).unwrap()).unwrap())
        });
        let other = place.places("other");
        let (keeper, restored) =
            ready(Keeper::restore_escrow(&escrow, &shares, None, other, place.tools("other-root"))).unwrap();
        assert_eq!((restored.data_keys, restored.people), (2, 4));
        assert!((0..).zip(&tokens).all(|(number, token)| opens(&keeper, token, number)), "{release}");
    }
}

/// With the shares, whoever reads the pages of the formats gets all values back without Phiward.
#[test]
fn a_stranger_recovers_all_values_from_an_escrow() {
    for release in RELEASES {
        let file = |name: &str| golden(release).join(name);
        let tokens = std::fs::read_to_string(file("tokens")).unwrap();
        let records = (0..).map(|number| crate::record(number).as_str().to_owned());
        let given: Vec<Value> = tokens
            .lines()
            .zip(records)
            .map(|(token, record)| {
                let subject = ["salesforce", "production", record.as_str()];
                json!({"tenant": "harbor-clinic", "field": "ssn", "subject": subject, "token": token})
            })
            .collect();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recovers.py");
        let words = [&script, &file("escrow"), &file("share-1.txt"), &file("share-3.txt")];
        let values = said_by(&words.map(PathBuf::as_path), &given.into());
        assert_eq!(values, ["123-45-6789"; 4], "{release}");
    }
}

/// Writes the corpus of a release, once: `cargo nextest run -p phiward-guard --run-ignored only corpus`.
#[test]
#[ignore = "the corpus of a release is written once"]
fn write_the_corpus() {
    let to = golden(RELEASES.last().unwrap());
    assert!(!to.exists(), "what a release wrote is never written anew");
    let place = Place::new();
    let mut keeper = place.create();
    begun(&mut keeper);
    let tokens: Vec<String> = (0..4).map(|number| sealed(&mut keeper, number)).collect();
    begun(&mut keeper);
    let terms = Terms::new(date(2026, 11, 28), 2, 3, &mut journal::sample::Drawn::new(77)).unwrap();
    let shares = ready(keeper.escrow(&terms, None, &place.path("escrow"), Ok)).unwrap();
    for share in [&shares[0], &shares[2]] {
        std::fs::write(place.path(&format!("share-{}.txt", share.place())), share.text().as_bytes()).unwrap();
    }
    ready(keeper.shred(&[subject(1)], None)).unwrap();
    ready(keeper.merge(&subject(3), &subject(2))).unwrap().unwrap();
    drop(keeper);
    std::fs::write(place.path("tokens"), format!("{}\n", tokens.join("\n"))).unwrap();
    for lock in ["root.lock", "keys/data-keys.lock", "keys/salts.lock"] {
        std::fs::remove_file(place.path(lock)).unwrap();
    }
    copy(place.folder.path(), &to);
}
