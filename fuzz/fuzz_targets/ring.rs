//! Any bytes somewhere in the file of a ring: it opens or says why not, and opened it knows nobody whom it did not know.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use guard::ring::SaltRing;
use guard::root::FileRoot;
use guard::vault::Lock;
use journal::Subject;
use journal::names::{Org, RecordId};
use libfuzzer_sys::fuzz_target;
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

const PEOPLE: u64 = 3;

struct Kept {
    folder: PathBuf,
    ring: Vec<u8>,
}

fn lock() -> Lock {
    Lock::KeyFile(vec![7; 32].into())
}

fn people() -> Vec<Subject> {
    let bundle = Source::new("phiward.yaml", "orgs:\n  - {id: production, kind: production}\n");
    let org = Org::declared(&policy::read(vec![bundle]).0, "production").expect("an org");
    let id = |at| RecordId::of(&format!("001Hs{at:010}")).expect("an id");
    (0..PEOPLE).map(|at| Subject::of_record(&org, &id(at))).collect()
}

static KEPT: LazyLock<Kept> = LazyLock::new(|| {
    // In memory: nothing here is to last.
    let folder = PathBuf::from(format!("/dev/shm/phiward-fuzz-ring-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("memory");
    let root = Arc::new(FileRoot::create(&folder.join("root"), lock(), Box::new(Counting(1))).expect("a root"));
    let path = folder.join("ring");
    let ring = SaltRing::create(&path, root, Box::new(Counting(2))).expect("a ring");
    ring.salts(&people()).expect("salts");
    drop(ring);
    let ring = fs::read(&path).expect("a ring");
    Kept { folder, ring }
});

fuzz_target!(|input: (u16, bool, Vec<u8>)| {
    let (at, is_cut, bytes) = input;
    let at = usize::from(at) % (KEPT.ring.len() + 1);
    let mut ring = KEPT.ring.clone();
    let after = (at + bytes.len()).min(ring.len());
    ring.splice(at..after, bytes);
    if is_cut {
        ring.truncate(at);
    }
    let path = KEPT.folder.join("ring");
    fs::write(&path, &ring).expect("memory");
    let root = FileRoot::open(&KEPT.folder.join("root"), lock(), Box::new(Counting(3))).expect("a root");
    if let Ok(opened) = SaltRing::open(&path, Arc::new(root), Box::new(Counting(4))) {
        assert!(opened.counts().0 <= PEOPLE);
        for person in people() {
            let _ = opened.known(&person);
        }
    }
});
