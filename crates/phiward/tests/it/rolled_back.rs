//! Older copies of keys, put in the place of the newest by whoever has the disk.

use crate::guard_rows::{KEYS, Place, RIGHT, TOLD};

#[test]
fn a_keyring_that_was_rolled_back_serves_no_command() {
    let place = Place::new();
    let ring = place.path("ring");
    let older = std::fs::read(&ring).unwrap();
    std::fs::write(place.path("one.csv"), "Id,SSN__pc\n001Hs0000000001,123-45-6789\n").unwrap();
    let seal = [&["guard", "seal", "one.csv"], &RIGHT[..], &KEYS, &TOLD].concat();
    let sealed = place.ok(&seal, "");
    std::fs::write(place.path("sealed.csv"), sealed).unwrap();
    let newest = std::fs::read(&ring).unwrap();
    assert_ne!(newest, older);
    std::fs::write(&ring, &older).unwrap();
    // With it the older ring would be finished.
    std::fs::write(place.path("ring.adding"), "").unwrap();
    let escrow = ["keys", "escrow", "make", "--to", "escrow", "--shares-in", "shares"];
    let census = ["keys", "census", "sealed.csv", "--state", "c"];
    for words in
        [seal.clone(), [&census[..], &RIGHT, &KEYS, &TOLD].concat(), [&escrow[..], &KEYS, &TOLD].concat()]
    {
        let (_, err) = place.ends(2, &words, "");
        assert!(err.contains("older copy") && err.contains("keyring check --ring RING --unseen"), "{err}");
    }
    assert!(!place.path("escrow").exists());
    assert_eq!(std::fs::read(&ring).unwrap(), older, "what is refused is left as it lies");
    // What was seen is lost: nobody can tell.
    std::fs::write(&ring, &newest).unwrap();
    std::fs::rename(place.path("ring.seen"), place.path("elsewhere")).unwrap();
    let (_, err) = place.ends(2, &seal, "");
    assert!(err.contains("ring.seen` is not there"), "{err}");
    place.ok(&[&seal[..], &["--trail-seen", "elsewhere"]].concat(), "");
    let check = ["ledger", "keyring", "check", "--ring", "ring", "--passphrase-file", "pass"];
    place.ok(&[&check[..], &["--unseen"]].concat(), "");
    place.ok(&seal, "");
}
