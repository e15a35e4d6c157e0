//! Any bytes somewhere in the file of a tenant's data keys, of a keyring or of what was seen of these: it opens or says why
//! not, and opened it has no key that it did not have.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use guard::ring::Keyring;
use guard::root::FileRoot;
use guard::vault::Lock;
use guard::{DataKeys, Unseen};
use journal::names::{Org, RecordId};
use journal::{Pseudonymiser as _, Subject};
use libfuzzer_sys::fuzz_target;
use policy::vocabulary::Class;
use source::Source;

struct Counting(u64);

impl journal::Rng for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = self.0.to_be_bytes()[0];
        }
    }
}

/// In the order of their numbers in the input.
const FILES: [&str; 4] = ["data-keys", "data-keys.seen", "keyring", "keyring.seen"];

const KEYS: usize = 2;

struct Kept {
    folder: PathBuf,
    files: [Vec<u8>; FILES.len()],
}

fn root(folder: &Path) -> Arc<FileRoot> {
    let lock = Lock::KeyFile(vec![7; 32].into());
    let path = folder.join("root");
    Arc::new(match path.exists() {
        true => FileRoot::open(&path, lock, Box::new(Counting(3))).expect("a root"),
        false => FileRoot::create(&path, lock, Box::new(Counting(1))).expect("a root"),
    })
}

static KEPT: LazyLock<Kept> = LazyLock::new(|| {
    // In memory: nothing here is to last.
    let folder = PathBuf::from(format!("/dev/shm/phiward-fuzz-keys-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("memory");
    let [keys_at, keys_seen, ring_at, ring_seen] = FILES.map(|name| folder.join(name));
    let mut keys = DataKeys::create(&keys_at, "harbor", root(&folder), Box::new(Counting(2))).expect("keys");
    for _ in 0..KEYS {
        let number = keys.make(Class::Phi, jiff::civil::date(2026, 11, 28)).expect("a key");
        keys.activate(number).expect("a key");
    }
    keys.watch(&keys_seen, Unseen::NotOlder).expect("keys");
    drop(keys);
    let ring = Keyring::create(&ring_at, &Lock::None, Box::new(Counting(4))).expect("a keyring");
    ring.watch(&ring_seen, Unseen::NotOlder).expect("a keyring");
    let bundle = Source::new("phiward.yaml", "orgs:\n  - {id: production, kind: production}\n");
    let org = Org::declared(&policy::read(vec![bundle]).0, "production").expect("an org");
    let person = RecordId::of("001Hs0000000001").expect("an id");
    ring.pseudonyms(&[Subject::of_record(&org, &person)]).expect("a pseudonym");
    drop(ring);
    let files = FILES.map(|name| fs::read(folder.join(name)).expect("memory"));
    Kept { folder, files }
});

fuzz_target!(|input: (u8, u16, bool, Vec<u8>)| {
    let (which, at, is_cut, bytes) = input;
    let which = usize::from(which) % FILES.len();
    for (place, (name, file)) in FILES.iter().zip(&KEPT.files).enumerate() {
        let mut file = file.clone();
        if place == which {
            let at = usize::from(at) % (file.len() + 1);
            let after = (at + bytes.len()).min(file.len());
            file.splice(at..after, bytes.iter().copied());
            if is_cut {
                file.truncate(at);
            }
        }
        fs::write(KEPT.folder.join(name), file).expect("memory");
    }
    let [keys_at, keys_seen, ring_at, ring_seen] = FILES.map(|name| KEPT.folder.join(name));
    if let Ok(mut keys) = DataKeys::open(&keys_at, root(&KEPT.folder), Box::new(Counting(5))) {
        assert!(keys.tenant() == "harbor" && keys.status().len() == KEYS);
        let _ = keys.watch(&keys_seen, Unseen::Refused);
    }
    if let Ok(ring) = Keyring::open(&ring_at, &Lock::None, Box::new(Counting(6))) {
        assert!(ring.counts().0 <= 1);
        let _ = ring.watch(&ring_seen, Unseen::Refused);
    }
});
