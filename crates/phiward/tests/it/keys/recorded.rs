//! Acts on keys in the ledger: where it is locked apart, and who acts.

use journal::{Act, Entry};

use super::{ADA, BEN, KEYS, LEDGER, Place, person};
use crate::ledger::stored;
use crate::{code, text, write_secret};

#[test]
fn the_ledger_has_a_lock_of_its_own() {
    let place = Place::new();
    write_secret(&place.path("other"), "another horse battery\n");
    let made = place.piped(&["ledger", "init", "--dir", "E", "--passphrase-file", "other"], "");
    assert_eq!(code(&made), 0, "{}", text(&made.stderr));
    let init = ["init", "--tenant", "harbor-health", "--policy", &place.bundle, "--ledger", "E"];
    let refused = place.run(&[&init, &KEYS], "");
    let said = text(&refused.stderr);
    assert!(code(&refused) == 2 && said.contains("--ledger-passphrase-file"), "{said}");
    assert!(!place.path("keys").exists() && !place.path("root").exists());
    let apart = ["--ledger-passphrase-file", "other"];
    place.ends(0, &[&init, &KEYS, &apart], "");
    let make = ["make", "--class", "phi", "--ledger", "E"];
    place.ends(2, &[&make, &KEYS, &["--ledger-passphrase-file", "pass"]], "");
    place.ends(2, &[&make, &KEYS], "");
    place.ends(0, &[&make, &KEYS, &apart], "");
    // What was seen of the ledger is not what was seen of the keys.
    std::fs::rename(place.path("E.seen"), place.path("gone")).unwrap();
    let lost = place.run(&[&make, &KEYS, &apart], "");
    let said = text(&lost.stderr);
    assert!(
        code(&lost) == 2 && said.contains("`phiward ledger append --dir E --unseen < /dev/null`"),
        "{said}"
    );
    place.ends(2, &[&make, &KEYS, &apart, &["--unseen"]], "");
    let taken = ["ledger", "append", "--dir", "E", "--unseen", "--passphrase-file", "other"];
    let taken = place.piped(&taken, "");
    assert_eq!(code(&taken), 0, "{}", text(&taken.stderr));
    place.ends(0, &[&make, &KEYS, &apart], "");
}

#[test]
fn entries_name_who_acts_on_keys() {
    let place = Place::new();
    let bundle = ["--policy", &place.bundle];
    place.ok(&[&["init", "--tenant", "harbor-health", "--who", "mara-voss"], &bundle[..]].concat());
    place.ok(&[&["make", "--class", "phi", "--activate", "--who", "ehr-sync"], &bundle[..]].concat());
    place.ok(&["backup", "--to", "backups"]);
    place.sealed(&[ADA]);
    let of = [&bundle[..], &["--org", "production", "--who", "mara-voss"]].concat();
    place.ends(0, &[&["shred"], &of, &KEYS, &LEDGER], &format!("{ADA}\n"));
    let all: Vec<Entry> =
        stored(&place.path("D")).values().map(|bytes| Entry::read(bytes).unwrap()).collect();
    let named = |step: &str| -> Vec<(Option<String>, Option<String>)> {
        let of_step = all.iter().filter_map(|entry| match &entry.act {
            Act::KeyEvent(event) if event.step.as_str() == step => {
                let by = event.by.as_ref().map(ToString::to_string);
                assert_eq!(entry.policy.is_some(), by.is_some() || entry.who.is_some());
                Some((entry.who.as_ref().map(ToString::to_string), by))
            }
            _ => None,
        });
        of_step.collect()
    };
    let (mara, sync) = (Some("mara-voss".to_owned()), Some("ehr-sync".to_owned()));
    assert!(named("shredded").len() > 2 && named("shredded").iter().all(|who| *who == (None, mara.clone())));
    assert_eq!(named("activated"), vec![(sync, None); 2]);
    assert_eq!(named("backed-up"), vec![(None, None); 2]);
    let listed = ["ledger", "show", "--dir", "D", "--who", "mara-voss", "--act", "key-event=shredded"];
    let listed = text(&place.piped(&listed, "").stdout);
    assert_eq!(listed.lines().count(), 1 + named("shredded").len(), "{listed}");
    // Nobody is named whom the bundle does not declare, or without a bundle, and nothing is done.
    let before = all.len();
    let make = ["make", "--class", "phi"];
    let wrong = place.run(&[&make, &["--who", "mara-vos"], &bundle, &KEYS, &LEDGER], "");
    assert!(code(&wrong) == 2 && text(&wrong.stderr).contains("near it: `mara-voss`"), "{wrong:?}");
    place.ends(2, &[&make, &["--who", "mara-voss"], &KEYS, &LEDGER], "");
    place.ends(2, &[&make, &["--who", "mara-voss", "--unrecorded"], &bundle, &KEYS], "");
    assert_eq!(stored(&place.path("D")).len(), before);
    // What a crash left untold, whoever acts next did not do.
    place.sealed(&[BEN]);
    let (_, salts) = place.opened("root", "keys");
    salts.shred(&[person(BEN)]).unwrap();
    drop(salts);
    place.ok(&[&["backup", "--to", "backups", "--who", "mara-voss"], &bundle[..]].concat());
    let later: Vec<Entry> = stored(&place.path("D"))
        .into_values()
        .skip(before)
        .map(|bytes| Entry::read(&bytes).unwrap())
        .collect();
    let by = later.iter().filter_map(|entry| match &entry.act {
        Act::KeyEvent(event) => Some((event.step.as_str(), event.by.is_some())),
        _ => None,
    });
    let by: Vec<_> = by.collect();
    assert!(by.contains(&("shredded", false)) && !by.contains(&("shredded", true)), "{by:?}");
    assert!(by.contains(&("backed-up", true)) && !by.contains(&("backed-up", false)), "{by:?}");
}
