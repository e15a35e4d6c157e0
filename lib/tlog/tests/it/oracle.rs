//! Against the code of others: the crates `tlog_tiles` and `signed_note`, and Go's `golang.org/x/mod/sumdb`.

use std::path::{Path, PathBuf};
use std::process::Command;

use signed_note::{Note as OtherNote, StandardVerifier, Verifier as _, VerifierList};
use tlog::{
    Checkpoint, Folder, Log, ProofFile, SignedCheckpoint, Tile, Tiles, Tree, TreeHash, prove_consistency,
    prove_inclusion, verify_consistency, verify_inclusion,
};
use tlog_tiles::tlog as other;

use crate::support::{ORIGIN, at, entry, keys, opening, signer};

/// A tree in memory, by both.
#[derive(Default)]
struct Both {
    tree: Tree,
    tiles: Vec<(Tile, Vec<u8>)>,
    stored: Vec<other::Hash>,
}

struct Stored<'a>(&'a [other::Hash]);

impl other::HashReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<other::Hash>, other::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

impl Both {
    fn push(&mut self, entry: &[u8]) {
        let hashes = other::stored_hashes(self.tree.size(), entry, &Stored(&self.stored)).unwrap();
        self.stored.extend(hashes);
        self.tree.push(TreeHash::leaf(entry), |tile, hashes| self.tiles.push((tile, hashes)));
    }
}

impl Tiles for Both {
    type Error = String;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, String> {
        let edge: Vec<(Tile, Vec<u8>)> =
            self.tree.edge().map(|(tile, hashes)| (tile, hashes.to_vec())).collect();
        let all = self.tiles.iter().chain(&edge);
        let mut same =
            all.filter(|(known, _)| (known.level(), known.index()) == (tile.level(), tile.index()));
        same.next().map(|(_, hashes)| hashes.clone()).ok_or_else(|| format!("{tile:?}"))
    }
}

fn theirs(hashes: &[TreeHash]) -> Vec<other::Hash> {
    hashes.iter().map(|hash| other::Hash(hash.0)).collect()
}

#[test]
fn roots_and_proofs_are_those_of_others() {
    let mut both = Both::default();
    let mut roots = vec![TreeHash::empty()];
    for size in 1..=700_u64 {
        both.push(&entry(size - 1));
        let root = both.tree.root();
        assert_eq!(root.0, other::tree_hash(size, &Stored(&both.stored)).unwrap().0);
        assert_eq!(tlog::root(&mut both, size).unwrap(), root);
        roots.push(root);
        let step = match size {
            ..40 => 1,
            255..260 | 511..516 | 690.. => 61,
            _ => continue,
        };
        for index in (0..size).step_by(step).chain([size - 1]) {
            let proof = prove_inclusion(&mut both, index, size).unwrap();
            assert_eq!(theirs(&proof), other::prove_record(size, index, &Stored(&both.stored)).unwrap());
            verify_inclusion(&TreeHash::leaf(&entry(index)), index, size, &root, &proof).unwrap();
            verify_inclusion(&TreeHash::leaf(b"another"), index, size, &root, &proof).unwrap_err();
            if index + 1 < size {
                verify_inclusion(&TreeHash::leaf(&entry(index)), index + 1, size, &root, &proof).unwrap_err();
            }
        }
        for old in (1..=size).step_by(step) {
            let proof = prove_consistency(&mut both, old, size).unwrap();
            if old < size {
                assert_eq!(theirs(&proof), other::prove_tree(size, old, &Stored(&both.stored)).unwrap());
            }
            let old_root = roots[usize::try_from(old).unwrap()];
            verify_consistency(old, &old_root, size, &root, &proof).unwrap();
            if old < size {
                verify_consistency(old, &roots[0], size, &root, &proof).unwrap_err();
                verify_consistency(old, &old_root, size, &roots[0], &proof).unwrap_err();
            }
        }
    }
    // Older trees are proved from the tiles of the newer.
    for (old, new) in [(1, 2), (255, 257), (256, 512), (300, 513), (511, 699)] {
        let proof = prove_consistency(&mut both, old, new).unwrap();
        let root = |size: u64| roots[usize::try_from(size).unwrap()];
        verify_consistency(old, &root(old), new, &root(new), &proof).unwrap();
    }
}

#[test]
fn checkpoints_are_read_by_others_and_theirs_by_us() {
    let checkpoint = Checkpoint::new(ORIGIN, 3, TreeHash::leaf(b"root")).unwrap();
    let key = signer();
    let signed = SignedCheckpoint::sign(checkpoint, [&*key], 1).unwrap();
    let note = OtherNote::from_bytes(signed.to_string().as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&key.key().to_string()).unwrap();
    assert_eq!((verifier.name(), verifier.key_id()), (ORIGIN, key.key().id()));
    let (verified, _) = note.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!(verified.len(), 1);
    let parsed = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((parsed.origin(), parsed.size()), (ORIGIN, 3));
    assert_eq!(SignedCheckpoint::open(&note.to_bytes(), ORIGIN, &keys()).unwrap(), signed);
}

/// Builds the program of `tests/verifier`, which is no code of ours: it leaves all that matters to `sumdb`.
fn verifier() -> PathBuf {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("verifier");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verifier/main.go");
    let output = Command::new("go")
        .args(["build", "-o"])
        .args([&built, &source])
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOFLAGS", "")
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-cache"))
        .output()
        .expect("go is missing: `cargo xtask setup` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    built
}

#[test]
fn gos_checksum_database_verifies_a_log_that_we_wrote() {
    let verifier = verifier();
    for size in [1_u64, 5, 256, 300, 1_000, 66_000] {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::new(place.path().join("log"));
        let mut log = Log::create(&folder, opening(), at(0)).unwrap();
        let half = size.div_ceil(2);
        log.append(&(0..half).map(entry).collect::<Vec<_>>(), at(0)).unwrap();
        let old = log.publish(at(1)).unwrap();
        if size > half {
            log.append(&(half..size).map(entry).collect::<Vec<_>>(), at(1)).unwrap();
        }
        let (prover, checkpoint) = (log.prover(), log.publish(at(2)).unwrap());
        std::fs::write(place.path().join("old"), old.to_string()).unwrap();
        let consistency: String =
            prover.consistency(half, size).unwrap().iter().map(|hash| format!("{hash}\n")).collect();
        std::fs::write(place.path().join("consistency"), consistency).unwrap();
        for index in [0, size / 3, size - 1] {
            let hashes = prover.inclusion(index, size).unwrap();
            let proof = ProofFile { extra: None, index, hashes, checkpoint: (*checkpoint).clone() };
            std::fs::write(place.path().join(format!("{index}.tlog-proof")), proof.to_string()).unwrap();
        }
        log.close(at(3)).unwrap();
        let run =
            |folder: &Path| Command::new(&verifier).arg(folder).arg(keys()[0].to_string()).output().unwrap();
        let output = run(place.path());
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{size}: {}", String::from_utf8_lossy(&output.stderr));
        let proofs = if size == 1 { 1 } else { 3 };
        assert_eq!(told.trim(), format!("{size} entries, {proofs} proofs, consistent with {half}"));

        // It can fail.
        let bundle = folder.path().join("tile/entries/000");
        let bundle =
            if bundle.exists() { bundle } else { folder.path().join(format!("tile/entries/000.p/{size}")) };
        let mut bytes = std::fs::read(&bundle).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&bundle, bytes).unwrap();
        assert!(!run(place.path()).status.success(), "{size}");
    }
}
