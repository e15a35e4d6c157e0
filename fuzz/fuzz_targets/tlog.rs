//! Any bytes as each text of a log: nothing panics, and what reads prints as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{AddCheckpoint, Checkpoint, Note, ProofFile, Resource, SignedCheckpoint, VerifierKey, bundle};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        assert!(note.to_string().as_bytes() == bytes);
    }
    if let Ok(signed) = SignedCheckpoint::parse(bytes) {
        assert!(signed.to_string().as_bytes() == bytes);
        let keys: Vec<VerifierKey> = KEYS.iter().filter_map(|key| key.parse().ok()).collect();
        assert!(keys.len() == KEYS.len());
        assert!(signed.verify(&keys).is_err());
    }
    if let Ok(proof) = ProofFile::parse(bytes) {
        assert!(proof.to_string().as_bytes() == bytes);
    }
    if let Ok(request) = AddCheckpoint::parse(bytes) {
        assert!(request.to_string().as_bytes() == bytes);
        let _ = request.continues(request.proof.first());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(resource) = Resource::parse(text) {
            assert!(resource.to_string() == text);
        }
        if let Ok(key) = text.parse::<VerifierKey>() {
            assert!(key.to_string() == text);
        }
        if let Ok(checkpoint) = Checkpoint::parse(text) {
            assert!(checkpoint.to_string() == text);
        }
    }
    let whole: usize = bundle::Entries::new(bytes).flatten().map(|(_, entry)| entry.len() + 2).sum();
    assert!(whole <= bytes.len());
    for width in [1, 2, 255, 256] {
        if let (Ok(entries), Ok(prefix)) = (bundle::parse(bytes, width), bundle::prefix(bytes, width)) {
            assert!(entries.len() == usize::from(width) && prefix == bytes);
        }
    }
});

const KEYS: [&str; 1] = ["example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"];
