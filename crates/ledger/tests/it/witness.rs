use std::sync::{Arc, Mutex};

use guard::vault::Lock;
use journal::sample::Drawn;
use ledger::{SigningKey, Witness, Word};
use tlog::{
    AddCheckpoint, Algorithm, Checkpoint, Frontier, SignedCheckpoint, Signer, Tile, Tiles, TreeHash,
    VerifierKey, prove_consistency,
};

use crate::Hands;

/// A tree in memory, of entries that are numbers.
struct Grown {
    leaves: Vec<TreeHash>,
}

impl Grown {
    fn of(number: u64, from: u64) -> Self {
        Self { leaves: (0..number).map(|at| TreeHash::leaf(&(at + from).to_be_bytes())).collect() }
    }

    fn root(&self, size: usize) -> TreeHash {
        let mut tree = Frontier::default();
        self.leaves[..size].iter().for_each(|leaf| tree.push(*leaf, |_, _| {}));
        tree.root()
    }
}

impl Tiles for Grown {
    type Error = String;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, String> {
        assert_eq!((tile.level(), tile.index()), (0, 0), "small trees only");
        Ok(self.leaves.iter().take(256).flat_map(|leaf| leaf.0).collect())
    }
}

fn signer(seed: u64, name: &str) -> Arc<dyn Signer> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key = SigningKey::create(&path, name, &Lock::None, &mut Drawn::new(seed)).unwrap();
    Arc::new(key.signer(name, Algorithm::Ed25519).unwrap())
}

fn request(tree: &mut Grown, signer: &dyn Signer, old: u64, size: u64) -> Vec<u8> {
    let root = tree.root(usize::try_from(size).unwrap());
    let checkpoint = Checkpoint::new(signer.key().name(), size, root).unwrap();
    let line = checkpoint.sign(signer, 0).unwrap();
    let text = format!("{}\n{root}\n", size);
    let note = format!("{}\n{text}\n{line}", signer.key().name());
    let checkpoint = SignedCheckpoint::parse(note.as_bytes()).unwrap();
    let proof = if old == 0 || old > size { Vec::new() } else { prove_consistency(tree, old, size).unwrap() };
    AddCheckpoint { old_size: old, proof, checkpoint }.to_string().into_bytes()
}

struct Watching {
    folder: tempfile::TempDir,
    alarms: Arc<Mutex<Vec<String>>>,
    key: VerifierKey,
}

impl Watching {
    /// What is kept as proof.
    fn forks(&self) -> Vec<std::path::PathBuf> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect()
    }

    fn open(&self) -> Witness {
        let alarms = Arc::clone(&self.alarms);
        let alarm = Arc::new(move |what: &str| alarms.lock().unwrap().push(what.to_owned()));
        let clock = Arc::new(Hands::at("2026-11-27T12:00:00Z"));
        let path = self.folder.path().join("witness.key");
        let key = match SigningKey::open(&path, &Lock::None) {
            Ok(key) => key,
            Err(_) => SigningKey::create(&path, "test/witness", &Lock::None, &mut Drawn::new(5)).unwrap(),
        };
        let signer = Arc::new(key.signer("test/witness", Algorithm::CosignatureEd25519).unwrap());
        Witness::open(self.folder.path(), vec![self.key.clone()], vec![signer], clock, alarm).unwrap()
    }
}

#[test]
fn growth_is_cosigned_and_nothing_else() {
    let log = signer(1, "test/log");
    let watching =
        Watching { folder: tempfile::tempdir().unwrap(), alarms: Arc::default(), key: log.key().clone() };
    let mut tree = Grown::of(200, 0);
    let mut fork = Grown::of(200, 1000);
    let witness = watching.open();
    let is_cosigned = |word: &Word| matches!(word, Word::Cosigned(lines) if lines.contains("test/witness"));
    assert!(is_cosigned(&witness.add_checkpoint(&request(&mut tree, &*log, 0, 10))));
    assert!(is_cosigned(&witness.add_checkpoint(&request(&mut tree, &*log, 10, 10))), "again is fine");
    assert!(is_cosigned(&witness.add_checkpoint(&request(&mut tree, &*log, 10, 77))));
    assert_eq!(witness.add_checkpoint(&request(&mut tree, &*log, 10, 90)), Word::Conflict(77));
    assert_eq!(witness.last("test/log").unwrap().size(), 77);
    // One process has its state, and its word outlives it.
    let again = Witness::open(
        watching.folder.path(),
        Vec::new(),
        Vec::new(),
        Arc::new(Hands::at("2026-11-27T12:00:00Z")),
        Arc::new(|_: &str| {}),
    );
    assert!(matches!(again, Err(ledger::LedgerError::InUse { .. })));
    drop(witness);
    let witness = watching.open();
    assert!(watching.alarms.lock().unwrap().is_empty());
    // What anybody can send who has an old checkpoint is no proof of anything.
    assert_eq!(witness.add_checkpoint(&request(&mut tree, &*log, 0, 50)), Word::Conflict(77), "a rollback");
    let mut wrong = AddCheckpoint::parse(&request(&mut tree, &*log, 77, 150)).unwrap();
    wrong.proof[1] = TreeHash::leaf(b"another");
    let wrong = wrong.to_string();
    assert_eq!(witness.add_checkpoint(wrong.as_bytes()), Word::Inconsistent, "a wrong proof");
    assert_eq!((watching.alarms.lock().unwrap().len(), watching.forks().len()), (0, 0));
    // What the log cannot have signed honestly is kept, once.
    for _ in 0..2 {
        assert_eq!(
            witness.add_checkpoint(&request(&mut fork, &*log, 77, 77)),
            Word::Conflict(77),
            "two trees"
        );
        assert_eq!(witness.add_checkpoint(&request(&mut fork, &*log, 77, 150)), Word::Inconsistent, "a fork");
    }
    assert_eq!((watching.alarms.lock().unwrap().len(), watching.forks().len()), (2, 2));
    for fork in watching.forks() {
        let text = std::fs::read_to_string(fork).unwrap();
        assert_eq!(text.matches("test/log\n").count(), 2, "two notes: {text}");
        assert_eq!(text.matches("\u{2014} test/log ").count(), 2, "both signed: {text}");
    }
    assert_eq!(witness.add_checkpoint(&request(&mut fork, &*log, 0, 150)), Word::Conflict(77));
    assert!(matches!(witness.add_checkpoint(&request(&mut tree, &*log, 90, 80)), Word::Malformed(_)));
    assert_eq!(witness.add_checkpoint(&request(&mut tree, &*signer(2, "other/log"), 0, 5)), Word::UnknownLog);
    assert_eq!(witness.add_checkpoint(&request(&mut tree, &*signer(3, "test/log"), 77, 90)), Word::Unsigned);
    assert!(matches!(witness.add_checkpoint(b"old x\n"), Word::Malformed(_)));
    assert!(is_cosigned(&witness.add_checkpoint(&request(&mut tree, &*log, 77, 200))));
}

#[test]
fn of_forks_few_are_kept() {
    let log = signer(1, "test/log");
    let watching =
        Watching { folder: tempfile::tempdir().unwrap(), alarms: Arc::default(), key: log.key().clone() };
    let witness = watching.open();
    assert!(matches!(
        witness.add_checkpoint(&request(&mut Grown::of(10, 0), &*log, 0, 10)),
        Word::Cosigned(_)
    ));
    let other = signer(2, "somebody/else");
    for number in 1..30 {
        let body = request(&mut Grown::of(10, 1000 * number), &*log, 10, 10);
        assert_eq!(witness.add_checkpoint(&body), Word::Conflict(10));
        // The same with a line of somebody else is the same.
        let mut parsed = AddCheckpoint::parse(&body).unwrap();
        let line = parsed.checkpoint.checkpoint().sign(&*other, 0).unwrap();
        parsed.checkpoint.add(line);
        assert_eq!(witness.add_checkpoint(parsed.to_string().as_bytes()), Word::Conflict(10));
    }
    assert_eq!((watching.alarms.lock().unwrap().len(), watching.forks().len()), (16, 16));
    drop(witness);
    let witness = watching.open();
    witness.add_checkpoint(&request(&mut Grown::of(10, 77_000), &*log, 10, 10));
    assert_eq!(watching.forks().len(), 16, "of this process and the one before");
}

#[test]
fn nothing_is_cosigned_that_is_not_written_down() {
    let log = signer(1, "test/log");
    let watching =
        Watching { folder: tempfile::tempdir().unwrap(), alarms: Arc::default(), key: log.key().clone() };
    let witness = watching.open();
    std::fs::remove_dir_all(watching.folder.path()).unwrap();
    let word = witness.add_checkpoint(&request(&mut Grown::of(10, 0), &*log, 0, 10));
    assert!(matches!(word, Word::Failed(_)), "{word:?}");
    assert_eq!(witness.last("test/log"), None);
}
