//! Any bytes in the place of a file of a log: opening, checking and reading it ends in an answer.
#![no_main]

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tlog::disk::Disk as _;
use tlog::faults::{FaultyDisk, Unsynced};
use tlog::{Algorithm, Expected, Folder, Log, Opening, Resource, Sealed, SeedSigner, Signer, Source as _, Tile};

const FILES: [&str; 7] = [
    "checkpoint",
    "tile/0/000.p/9",
    "tile/entries/000.p/9",
    "tile/1/000.p/1",
    "wal/00000000000000000001",
    "wal/00000000000000000002",
    "sealed",
];

fn signer() -> Arc<dyn Signer> {
    Arc::new(SeedSigner::new("log.example", Algorithm::Ed25519, &[7; 32].into()).expect("a name"))
}

static LOG: LazyLock<FaultyDisk> = LazyLock::new(|| {
    let disk = FaultyDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/log").with_segment_size(1 << 16);
    let now = Duration::from_secs(1);
    let mut log = Log::create(&folder, Opening::new("log.example", signer()), now).expect("a disk");
    log.append(&[b"entry"; 9], now).expect("a disk");
    log.publish(now).expect("a disk");
    log.append(&[b"another"; 3], now).expect("a disk");
    disk
});

fuzz_target!(|input: (u8, u16, Vec<u8>)| {
    let (file, offset, bytes) = input;
    let disk = LOG.crash(Unsynced::Kept);
    let folder = Folder::on(Arc::new(disk.clone()), "/log");
    let path = Path::new("/log").join(FILES[usize::from(file) % FILES.len()]);
    let opened = disk.open(&path).or_else(|_| disk.create(&path));
    if let Ok(mut file) = opened {
        let _ = file.write_at(u64::from(offset), &bytes);
    }
    let keys = [signer().key().clone()];
    let expected = Expected { origin: "log.example", keys: &keys, seen: &[], gone: &[] };
    let _ = folder.fsck(&expected);
    if let Ok(sealed) = Sealed::open(&folder) {
        let _ = sealed.fsck(&expected);
    }
    for width in [1, 9, 12, 256] {
        for resource in Tile::new(0, 0, width).into_iter().flat_map(|t| [Resource::Tile(t), Resource::Entries(t)]) {
            let _ = folder.read(resource);
        }
    }
    if let Ok((log, recovered)) = Log::open(&folder, Opening::new("log.example", signer()), Duration::from_secs(2)) {
        assert!(log.size() == recovered.size);
    }
});
