//! Ledgers of earlier releases open for ever. `golden/<release>/` holds a ledger of many logs, one of them sealed, its
//! key, what was seen of it, a keyring, a spool and a witness; none of them is ever written anew.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use guard::ring::Keyring;
use guard::vault::Lock;
use journal::names::{Org, RecordId};
use journal::sample::Drawn;
use journal::{Pseudonymiser as _, Subject};
use ledger::spool::{Space, Spool};
use ledger::{
    Every, Expected, Layout, Ledger, LedgerError, Opening, SigningKey, Witness, kept_checkpoint, reading,
    settings_fault,
};
use source::Source;
use tlog::{Algorithm, VerifierKey};
use zeroize::Zeroizing;

use crate::{Hands, make, opening, samples};

const RELEASES: [&str; 1] = ["0.1.0"];
const LATER: &str = "2027-03-01T12:00:00Z";

fn golden(release: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(release)
}

fn person(number: u64) -> Subject {
    let text = "orgs:\n  - {id: production, kind: production}\n";
    let (policy, _) = policy::read(vec![Source::new("phiward.yaml", text)]);
    let org = Org::declared(&policy, "production").unwrap();
    Subject::of_record(&org, &RecordId::of(&format!("001Hs0{number:09}")).unwrap())
}

fn pass() -> Lock {
    Lock::Passphrase(Zeroizing::new(b"of the golden ledger".to_vec()))
}

fn file_lock() -> Lock {
    Lock::KeyFile(Zeroizing::new(vec![4; 32]))
}

/// A copy, secrets for their owner alone: neither git nor a copy keeps that.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), &to).unwrap();
            std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
}

#[test]
fn every_release_opens() {
    for release in RELEASES {
        let place = tempfile::tempdir().unwrap();
        copy(&golden(release), place.path());
        let path = |name: &str| place.path().join(name);
        let key: VerifierKey = std::fs::read_to_string(path("vkey")).unwrap().trim().parse().unwrap();
        let kept = kept_checkpoint(&path("kept")).unwrap();
        let verified = |entries: u64| {
            let held = reading::held(&path("D"), &key).unwrap();
            let mut read = 0;
            for log in &held {
                let older = if log.shard.is_none() { vec![kept.clone()] } else { Vec::new() };
                let report = reading::verify_held(log, Expected { older, ..Expected::default() }).unwrap();
                assert_eq!(report.problems, Vec::<String>::new(), "{release}, {}", log.name);
                read += report.entries;
            }
            assert!(held.iter().any(|log| log.sealed.is_some()));
            assert_eq!(read, entries, "{release}");
        };
        let before: u64 = std::fs::read_to_string(path("entries")).unwrap().trim().parse().unwrap();
        verified(before);
        let clock = Hands::at(LATER);
        // It signed neither its settings nor what was seen: both are taken once, by a word of the operator.
        assert!(settings_fault(&path("D"), &key).unwrap().contains("--unseen"));
        let refused = Ledger::open(opening(place.path(), &clock, 5));
        assert!(matches!(refused, Err(LedgerError::Unsigned { .. })), "{refused:?}");
        let opened = Ledger::open(Opening { unseen: true, ..opening(place.path(), &clock, 5) });
        opened.unwrap().0.close().unwrap();
        assert_eq!(settings_fault(&path("D"), &key), None);
        let (ledger, _) = Ledger::open(opening(place.path(), &clock, 5)).unwrap();
        let lock = file_lock();
        let spool = Spool::open(&path("S"), &lock, Box::new(Drawn::new(6)), Space::default()).unwrap();
        assert_eq!(spool.reconcile(&ledger, &path("D")).unwrap().entries, 2, "{release}");
        drop(spool);
        ledger.close().unwrap();
        let held = reading::held(&path("D"), &key).unwrap();
        // Two from the spool, that it is done, and each log and list that came to be for them.
        let sizes = held.iter().map(|log| reading::checkpoint(log).unwrap().checkpoint().size());
        let after: u64 = sizes.sum();
        assert!(after >= before + 3);
        verified(after);
        let ring = Keyring::open(&path("ring"), &pass(), Box::new(Drawn::new(7))).unwrap();
        let pseudonym = std::fs::read_to_string(path("pseudonym")).unwrap();
        assert_eq!(ring.known(&person(1)).unwrap().unwrap().to_string(), pseudonym.trim(), "{release}");
        assert_eq!(ring.counts(), (2, 1), "{release}");
        assert_eq!(witness(place.path(), &key).last(key.name()).unwrap().size(), kept.checkpoint().size());
    }
}

fn witness(place: &Path, key: &VerifierKey) -> Witness {
    let own = SigningKey::open(&place.join("W/key"), &Lock::None).unwrap();
    let signer = Arc::new(own.signer(own.name(), Algorithm::CosignatureEd25519).unwrap());
    let (clock, alarm) = (Arc::new(Hands::at(LATER)), Arc::new(|_: &str| {}));
    Witness::open(&place.join("W"), vec![key.clone()], vec![signer], clock, alarm).unwrap()
}

/// Writes the golden ledger of a release that has none yet.
#[test]
#[ignore = "writes the golden ledger of a new release"]
fn write_the_golden_ledger_of_this_release() {
    let place = golden(RELEASES.last().unwrap());
    assert!(!place.exists(), "golden ledgers are never written anew");
    std::fs::create_dir_all(place.join("W")).unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(&place, Layout::Shards(Every::Month), &clock);
    let key = ledger.verifier().unwrap().clone();
    let all = samples(40, 1);
    let (first, second) = all.split_at(25);
    for entry in first {
        ledger.append(std::slice::from_ref(entry)).unwrap();
    }
    clock.set("2026-12-02T12:00:00Z");
    ledger.seal().unwrap();
    for entry in second {
        ledger.append(std::slice::from_ref(entry)).unwrap();
    }
    ledger.close().unwrap();
    let held = reading::held(&place.join("D"), &key).unwrap();
    let entries: u64 = held.iter().map(|log| reading::checkpoint(log).unwrap().checkpoint().size()).sum();
    std::fs::write(place.join("entries"), format!("{entries}\n")).unwrap();
    std::fs::write(place.join("vkey"), format!("{key}\n")).unwrap();
    let checkpoint = reading::checkpoint(&held[0]).unwrap();
    std::fs::write(place.join("kept"), checkpoint.to_string()).unwrap();

    SigningKey::create(&place.join("W/key"), "test/witness", &Lock::None, &mut Drawn::new(8)).unwrap();
    let proof = tlog::AddCheckpoint { old_size: 0, proof: Vec::new(), checkpoint };
    let word = witness(&place, &key).add_checkpoint(proof.to_string().as_bytes());
    assert!(matches!(word, ledger::Word::Cosigned(_)), "{word:?}");

    let spool =
        Spool::open(&place.join("S"), &file_lock(), Box::new(Drawn::new(9)), Space::default()).unwrap();
    for entry in samples(2, 77) {
        spool.put(&[entry]).unwrap();
    }
    let ring = Keyring::create(&place.join("ring"), &pass(), Box::new(Drawn::new(10))).unwrap();
    let pseudonyms = ring.pseudonyms(&[person(1), person(2), person(3)]).unwrap();
    ring.shred(&person(2)).unwrap();
    std::fs::write(place.join("pseudonym"), format!("{}\n", pseudonyms[0])).unwrap();
}
