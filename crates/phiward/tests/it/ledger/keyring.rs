use guard::ring::Keyring;
use guard::vault::Lock;
use journal::names::{Org, RecordId};
use journal::sample::Drawn;
use journal::{Act, Entry, Subject};
use source::Source;
use zeroize::Zeroizing;

use super::{Place, stored};
use crate::{code, example, text, write_secret};

#[test]
fn a_keyring_is_backed_up_drilled_restored_and_forgets_one_person() {
    let place = Place::new();
    write_secret(&place.path("pass"), "correct horse battery\n");
    let bundle = example("mended").join("phiward").display().to_string();
    let lock = ["--ring", "ring", "--passphrase-file", "pass"];
    let with = |words: &[&str]| -> Vec<String> {
        ["keyring"].iter().chain(words).chain(&lock).map(|word| (*word).to_owned()).collect()
    };
    let run = |words: &[&str], input: &str| {
        let words = with(words);
        place.input(&words.iter().map(String::as_str).collect::<Vec<_>>(), input.as_bytes())
    };
    assert_eq!(code(&place.run(&["keyring", "init", "--ring", "open"])), 2);
    assert_eq!(code(&run(&["init"], "")), 0);
    let asked = ["pseudonym", "--policy", &bundle, "--org", "production"];
    assert_eq!(code(&run(&asked, "001D000000IqhSL\n")), 1, "a question makes no key");
    let new = run(&[&asked[..], &["--new"]].concat(), "\u{feff}001D000000IqhSL\r\n001D000000IqhSM\n");
    assert_eq!(code(&new), 0, "{}", text(&new.stderr));
    let pseudonyms = text(&new.stdout);
    assert_eq!(pseudonyms.lines().count(), 2);
    assert_eq!(text(&run(&asked, "001D000000IqhSLIAZ\n001D000000IqhSM\n").stdout), pseudonyms);
    let bad = run(&asked, "Jane Canary\n");
    assert!(code(&bad) == 2 && !text(&bad.stderr).contains("Canary"));
    assert_eq!(code(&run(&["backup", "--to", "backup"], "")), 0);
    assert_eq!(code(&run(&["drill", "--backup", "backup"], "")), 0);
    // One person is forgotten; the ledger says so, and the backup does not forget by itself.
    // The ledger's key and what was seen of it lie elsewhere.
    std::fs::rename(place.path("D.key"), place.path("K")).unwrap();
    std::fs::rename(place.path("D.seen"), place.path("elsewhere")).unwrap();
    let shred = ["shred", "--policy", &bundle, "--org", "production", "--ledger", "D"];
    assert_eq!(code(&run(&shred, "001D000000IqhSL\n")), 2);
    let of = ["--signing-key", "K", "--seen", "elsewhere", "--who", "mara-voss"];
    let shred = [&shred[..], &of].concat();
    let shred = run(&shred, "001D000000IqhSL\n");
    assert_eq!(code(&shred), 0, "{}", text(&shred.stderr));
    assert_eq!(text(&run(&asked, "001D000000IqhSL\n").stdout), "unknown\n");
    assert_eq!(stored(&place.path("D")).len(), 1);
    let entry = Entry::read(&stored(&place.path("D"))[&0]).unwrap();
    let Act::KeyEvent(event) = &entry.act else { panic!("{entry:?}") };
    assert_eq!(event.by.as_ref().map(|by| by.as_str()), Some("mara-voss"));
    let drill = run(&["drill", "--backup", "backup"], "");
    assert!(code(&drill) == 1 && text(&drill.stdout).contains("shredded and still in it 1"));
    // The ring is lost; the backup answers as before.
    std::fs::remove_file(place.path("ring")).unwrap();
    let refused = run(&["restore", "--backup", "backup"], "");
    assert!(code(&refused) == 2 && text(&refused.stderr).contains("older copy"), "{}", text(&refused.stderr));
    assert!(!place.path("ring").exists());
    assert_eq!(code(&run(&["restore", "--backup", "backup", "--unseen"], "")), 0);
    assert_eq!(text(&run(&asked, "001D000000IqhSL\n001D000000IqhSM\n").stdout), pseudonyms);
    assert_eq!(code(&run(&["restore", "--backup", "backup"], "")), 2, "a ring is never written over");
}

#[test]
fn what_was_shredded_is_told_though_the_ledger_was_not_there() {
    let place = Place::new();
    write_secret(&place.path("pass"), "correct horse battery\n");
    let bundle = example("mended").join("phiward").display().to_string();
    let ring = ["--ring", "ring", "--passphrase-file", "pass"];
    let run = |words: &[&str], input: &str| {
        let words = [&["keyring"], words, &ring].concat();
        place.input(&words, input.as_bytes())
    };
    assert_eq!(code(&run(&["init"], "")), 0);
    let of = ["--policy", &bundle, "--org", "production"];
    let new = run(&[&["pseudonym", "--new"], &of[..]].concat(), "001D000000IqhSL\n001D000000IqhSM\n");
    assert_eq!(code(&new), 0, "{}", text(&new.stderr));
    // The disk of the ledger fails after the keys are destroyed.
    std::fs::rename(place.path("D/wal"), place.path("wal")).unwrap();
    std::fs::write(place.path("D/wal"), "").unwrap();
    let shred = [&["shred"], &of[..]].concat();
    let refused = run(&[&shred[..], &["--ledger", "D"]].concat(), "001D000000IqhSL\n");
    assert_eq!(code(&refused), 2, "nothing is destroyed while the ledger does not open");
    std::fs::remove_file(place.path("D/wal")).unwrap();
    std::fs::rename(place.path("wal"), place.path("D/wal")).unwrap();
    let lock = Lock::Passphrase(Zeroizing::new(b"correct horse battery".to_vec()));
    let drawn = Box::new(Drawn::new(9));
    let opened = Keyring::open(&place.path("ring"), &lock, drawn).unwrap();
    let (policy, _) =
        policy::read(vec![Source::new("phiward.yaml", "orgs:\n  - {id: production, kind: production}\n")]);
    let org = Org::declared(&policy, "production").unwrap();
    let person = Subject::of_record(&org, &RecordId::of("001D000000IqhSL").unwrap());
    let id = opened.shred_untold(&person).unwrap().unwrap();
    drop(opened);
    let reminded = run(&shred, "");
    assert!(text(&reminded.stderr).contains("1 key was shredded and no entry says so yet"));
    assert_eq!(stored(&place.path("D")).len(), 0);
    for _ in 0..2 {
        let told = run(&[&shred[..], &["--ledger", "D"]].concat(), "");
        assert_eq!(code(&told), 0, "{}", text(&told.stderr));
        assert!(!text(&told.stderr).contains("no entry"));
        let there = stored(&place.path("D"));
        assert_eq!(there.len(), 1, "once");
        assert!(text(&there[&0]).contains(&id.to_string()), "{}", text(&there[&0]));
    }
}

#[test]
fn an_older_keyring_is_refused_where_what_was_seen_is_kept() {
    let place = Place::new();
    write_secret(&place.path("pass"), "correct horse battery\n");
    let bundle = example("mended").join("phiward").display().to_string();
    let ring = ["--ring", "ring", "--passphrase-file", "pass", "--ring-seen", "seen"];
    let run =
        |words: &[&str], input: &str| place.input(&[&["keyring"], words, &ring].concat(), input.as_bytes());
    assert_eq!(code(&run(&["init"], "")), 0);
    let older = std::fs::read(place.path("ring")).unwrap();
    let new = ["pseudonym", "--new", "--policy", &bundle, "--org", "production"];
    assert_eq!(code(&run(&new, "001D000000IqhSL\n")), 0);
    assert_eq!(code(&run(&["check"], "")), 0);
    std::fs::write(place.path("ring"), older).unwrap();
    // With it the older ring would be finished.
    std::fs::write(place.path("ring.adding"), "").unwrap();
    let refused = run(&["check"], "");
    assert!(code(&refused) == 2 && text(&refused.stderr).contains("older copy"), "{}", text(&refused.stderr));
    assert_eq!(code(&run(&["check", "--unseen"], "")), 0, "where somebody vouches for it");
}
