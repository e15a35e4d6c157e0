//! The formats by the examples of their specifications, by what must be refused, and by chance.

use std::sync::Arc;

use proptest::prelude::*;
use tlog::{
    AddCheckpoint, Algorithm, Checkpoint, Malformed, Note, ProofFile, Resource, SeedSigner, SignatureLine,
    SignedCheckpoint, Signer, Tile, TreeHash, Untrusted, VerifierKey, bundle,
};

use crate::support::{ORIGIN, keys, signer};

#[test]
fn paths_are_those_of_the_specification() {
    let path = |level, index, width| Resource::Tile(Tile::new(level, index, width).unwrap()).to_string();
    assert_eq!(path(0, 1_234_067, 256), "tile/0/x001/x234/067");
    assert_eq!(path(63, 0, 1), "tile/63/000.p/1");
    assert_eq!(
        Resource::Entries(Tile::new(0, 1000, 255).unwrap()).to_string(),
        "tile/entries/x001/000.p/255"
    );
    // Its example: a tree of 70,000.
    let width = |level, index| Tile::of_tree(level, index, 70_000).map(|tile| tile.width());
    assert_eq!([width(0, 272), width(0, 273), width(0, 274)], [Some(256), Some(112), None]);
    assert_eq!([width(1, 0), width(1, 1), width(2, 0), width(3, 0)], [Some(256), Some(17), Some(1), None]);
    assert_eq!(Tile::of_tree(1, 0, 256).map(|tile| tile.width()), Some(1));
    for bad in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/entries/000.p/+1",
        "tile/data/000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/x000/x000/001",
        "checkpoint/",
        "tile/0/\u{0661}00",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/../checkpoint",
    ] {
        assert!(Resource::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_example_of_the_specification_of_notes_verifies() {
    let key: VerifierKey =
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".parse().unwrap();
    assert_eq!(key.to_string(), "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
    let text = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let note = Note::parse(text.as_bytes()).unwrap();
    assert_eq!((note.to_string().as_str(), note.signatures()[0].key_id), (text, key.id()));
    for bad in [
        "example.com/foo+530d903a",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example com+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "a+00000000+AQ==",
        "a+00000000+!",
        // A point of low order: everything verifies under it.
        "a+00000000+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
    }
}

fn cosigner(name: &str, algorithm: Algorithm, seed: u8) -> Arc<dyn Signer> {
    Arc::new(SeedSigner::new(name, algorithm, &[seed; 32].into()).unwrap())
}

#[test]
fn cosignatures_hold_for_their_key_time_and_checkpoint() {
    let checkpoint = Checkpoint::new(ORIGIN, 5, TreeHash::leaf(b"root")).unwrap();
    let other = Checkpoint::new(ORIGIN, 6, TreeHash::leaf(b"root")).unwrap();
    for algorithm in [Algorithm::CosignatureEd25519, Algorithm::CosignatureMlDsa44] {
        let witness = cosigner("witness.example/w1", algorithm, 3);
        let again: VerifierKey = witness.key().to_string().parse().unwrap();
        assert_eq!(again, *witness.key());
        let mut signed = SignedCheckpoint::sign(checkpoint.clone(), [&*signer()], 1).unwrap();
        signed.add(checkpoint.sign(&*witness, 1_679_315_147).unwrap());
        let read = SignedCheckpoint::open(signed.to_string().as_bytes(), ORIGIN, &keys()).unwrap();
        let witnesses = [witness.key().clone()];
        let verified = read.verify(&witnesses).unwrap();
        assert_eq!((verified[0].key, verified[0].time), (&witnesses[0], Some(1_679_315_147)));
        // Another key of the same name is unknown; another time or checkpoint does not hold.
        let stranger = [cosigner("witness.example/w1", algorithm, 4).key().clone()];
        assert_eq!(read.verify(&stranger), Err(Untrusted::Unsigned));
        let line = checkpoint.sign(&*witness, 7).unwrap();
        let mut moved = line.clone();
        moved.bytes[7] ^= 1;
        let mut turned = line.clone();
        *turned.bytes.last_mut().unwrap() ^= 1;
        let mut short = line.clone();
        short.bytes.pop();
        let mut late = line.clone();
        late.bytes[0] = 0x80;
        for (body, line) in [
            (&other, line),
            (&checkpoint, moved),
            (&checkpoint, turned),
            (&checkpoint, short),
            (&checkpoint, late),
        ] {
            let mut signed = SignedCheckpoint::sign(body.clone(), [&*signer()], 1).unwrap();
            signed.add(line);
            let verified = signed.verify(&witnesses);
            assert!(matches!(verified, Err(Untrusted::Broken { .. })), "{verified:?}");
        }
    }
}

#[test]
fn a_proof_file_proves_its_entry_and_no_other() {
    let leaf = TreeHash::leaf(b"entry");
    let sibling = TreeHash::leaf(b"sibling");
    let root = TreeHash::node(&sibling, &leaf);
    let checkpoint = Checkpoint::new(ORIGIN, 2, root).unwrap();
    let witness = cosigner("witness.example/w1", Algorithm::CosignatureMlDsa44, 3);
    let mut checkpoint_signed = SignedCheckpoint::sign(checkpoint.clone(), [&*signer()], 1).unwrap();
    checkpoint_signed.add(checkpoint.sign(&*witness, 9).unwrap());
    let proof = ProofFile {
        extra: Some(b"more".to_vec()),
        index: 1,
        hashes: vec![sibling],
        checkpoint: checkpoint_signed,
    };
    let text = proof.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra bW9yZQ==\nindex 1\n"), "{text}");
    let read = ProofFile::parse(text.as_bytes()).unwrap();
    assert_eq!(read, proof);
    let (log, witnesses) = (keys(), [witness.key().clone()]);
    assert_eq!(read.verify(&leaf, ORIGIN, &log, &witnesses).unwrap().len(), 2);
    assert_eq!(read.verify(&leaf, ORIGIN, &log, &[]).unwrap().len(), 1);
    read.verify(&sibling, ORIGIN, &log, &witnesses).unwrap_err();
    read.verify(&leaf, "log.example/other", &log, &witnesses).unwrap_err();
    read.verify(&leaf, ORIGIN, &witnesses[..0], &witnesses).unwrap_err();
    for (from, to) in [
        ("index 1", "index 01"),
        ("index 1", "index -1"),
        ("index 1\n", ""),
        ("@v1", "@v2"),
        ("extra bW9yZQ==", "extra bW9yZQ="),
    ] {
        assert!(ProofFile::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{from} {to}");
    }
    let request = AddCheckpoint { old_size: 1, proof: vec![leaf], checkpoint: read.checkpoint };
    let parsed = AddCheckpoint::parse(request.to_string().as_bytes()).unwrap();
    assert_eq!(parsed, request);
    parsed.continues(Some(&sibling)).unwrap();
    parsed.continues(Some(&leaf)).unwrap_err();
    parsed.continues(None).unwrap_err();
}

#[test]
fn what_is_not_canonical_is_refused_with_its_place() {
    let root = TreeHash::leaf(b"root").to_string();
    let reads = |text: &str| Checkpoint::parse(text).map_err(|error: Malformed| error.offset());
    assert!(reads(&format!("o\n1\n{root}\n")).is_ok());
    assert!(reads(&format!("o\n1\n{root}\nextension\n")).is_ok());
    for (text, offset) in [
        ("".to_owned(), 0),
        (format!("\n1\n{root}\n"), 0),
        (format!("o\n01\n{root}\n"), 2),
        (format!("o\n+1\n{root}\n"), 2),
        (format!("o\n9223372036854775808\n{root}\n"), 2),
        (format!("o\n0\n{root}\n"), 4),
        ("o\n1\nshort\n".to_owned(), 4),
        (format!("o\n1\n{root}"), 4 + 44),
        (format!("o\n1\n{root}\n\n"), 4 + 45),
    ] {
        assert_eq!(reads(&text), Err(offset), "{text:?}");
    }
    for bad in [
        "",
        "text",
        "text\n",
        "text\n\n",
        "text\n\n\u{2014} a AAAAAQE=",
        "t\tx\n\n\u{2014} a AAAAAQE=\n",
        "text\n\n- a AAAAAQE=\n",
        "text\n\n\u{2014} a AAAA\n",
    ] {
        assert!(Note::parse(bad.as_bytes()).is_err(), "{bad:?}");
    }
    assert!(Note::parse(&[b'a', 0xff, b'\n']).is_err());
    assert_eq!(bundle::parse(&[0, 1, b'a', 0, 2, b'b'], 2).unwrap_err().offset(), 3);
    assert_eq!(bundle::parse(&[0, 1, b'a', 0, 0], 1).unwrap_err().offset(), 3);
    assert_eq!(bundle::parse(&[0, 1, b'a'], 2).unwrap_err().offset(), 3);
}

proptest! {
    #[test]
    fn a_path_prints_as_it_was_read(level in 0_u8..=63, index in 0..u64::MAX / 256, width in 1_u16..=256) {
        let tile = Tile::new(level, index, width).unwrap();
        let path = Resource::Tile(tile).to_string();
        prop_assert_eq!(Resource::parse(&path), Ok(Resource::Tile(tile)));
    }

    #[test]
    fn a_bundle_reads_as_it_was_written(entries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..40), keep in 0_usize..40) {
        let mut bytes = Vec::new();
        for entry in &entries {
            prop_assert!(bundle::push(&mut bytes, entry));
        }
        let width = u16::try_from(entries.len()).unwrap();
        prop_assert_eq!(bundle::parse(&bytes, width).unwrap(), entries.clone());
        let keep = keep.min(entries.len());
        let prefix = bundle::prefix(&bytes, u16::try_from(keep).unwrap()).unwrap();
        prop_assert_eq!(bundle::parse(prefix, u16::try_from(keep).unwrap()).unwrap(), entries[..keep].to_vec());
    }

    #[test]
    fn whatever_reads_prints_the_same(text in "(\\PC|\n|\u{2014} [a-z]{1,3} [A-Za-z0-9+/]{8}\n){0,20}") {
        if let Ok(note) = Note::parse(text.as_bytes()) {
            prop_assert_eq!(note.to_string(), text.clone());
        }
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.to_string(), text.clone());
        }
        if let Ok(line) = SignatureLine::parse(&text) {
            prop_assert_eq!(line.to_string(), format!("{text}\n"));
        }
    }
}
