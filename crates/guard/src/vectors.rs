//! Public test vectors, through what seals and derives here. Where they come from: `tests/vectors/README.md`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use journal::Rng;
use serde_json::Value;

use crate::mac::Mac;
use crate::vault;
use crate::vault::Cipher;

/// Draws what a vector says.
struct Given(Vec<u8>);

impl Rng for Given {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

/// Text and bytes of a vector's parts, by name.
struct Vector<'a>(&'a Value);

impl Vector<'_> {
    fn bytes(&self, name: &str) -> Vec<u8> {
        bytes(self.0[name].as_str().unwrap())
    }

    fn is_valid(&self) -> bool {
        match self.0["result"].as_str().unwrap() {
            "valid" => true,
            "invalid" => false,
            other => panic!("{other}"),
        }
    }
}

fn wycheproof(text: &str, count: usize, mut run: impl FnMut(&Vector<'_>)) {
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.len(), count);
    vectors.iter().map(Vector).for_each(|vector| run(&vector));
}

/// One vector of AES-256-GCM: it opens as it is said to and not otherwise, and what is valid is sealed to the same.
fn gcm(key: &[u8], nonce: &[u8], label: &[u8], plain: Option<&[u8]>, sealed: &[u8]) {
    let cipher = Cipher::new(key.try_into().unwrap()).unwrap();
    let whole = [nonce, sealed].concat();
    let opened = cipher.open(label, &whole);
    assert_eq!(opened.as_ref().map(|opened| opened.as_slice()), plain);
    if let Some(plain) = plain {
        assert_eq!(cipher.seal(label, plain, &mut Given(nonce.to_vec())).unwrap(), whole);
    }
}

#[test]
fn aes_256_gcm_as_wycheproof_has_it() {
    wycheproof(include_str!("../tests/vectors/aes-256-gcm.json"), 66, |vector| {
        let [key, nonce, label, plain] = ["key", "iv", "aad", "msg"].map(|name| vector.bytes(name));
        let sealed = [vector.bytes("ct"), vector.bytes("tag")].concat();
        gcm(&key, &nonce, &label, vector.is_valid().then_some(plain.as_slice()), &sealed);
    });
}

#[test]
fn hmac_sha_256_as_wycheproof_has_it() {
    let mut run = 0;
    wycheproof(include_str!("../tests/vectors/hmac-sha256.json"), 174, |vector| {
        let [key, message, tag] = ["key", "msg", "tag"].map(|name| vector.bytes(name));
        // A shorter key is one that is filled up with zeroes; none of ours is longer.
        let Some(room) = 32usize.checked_sub(key.len()) else { return };
        let key: [u8; 32] = [key, vec![0; room]].concat().try_into().unwrap();
        assert_eq!(Mac::new(&key).of(&[&message]).starts_with(&tag), vector.is_valid(), "{}", vector.0);
        run += 1;
    });
    assert_eq!(run, 168);
}

#[test]
fn hkdf_sha_256_as_wycheproof_has_it() {
    wycheproof(include_str!("../tests/vectors/hkdf-sha256.json"), 86, |vector| {
        let [secret, salt, info, expected] = ["ikm", "salt", "info", "okm"].map(|name| vector.bytes(name));
        let mut made = vec![0; usize::try_from(vector.0["size"].as_u64().unwrap()).unwrap()];
        let derived = vault::derived(&salt, &secret, &info, &mut made);
        assert_eq!(derived.is_ok(), vector.is_valid(), "{}", vector.0);
        assert!(derived.is_err() || made == expected, "{}", vector.0);
    });
}

/// Blocks of lines `name = value` or `name=value`; what stands in brackets holds for those that follow.
fn responses(text: &str, mut run: impl FnMut(&BTreeMap<&str, &str>)) {
    let mut settings = BTreeMap::new();
    for block in text.split("\n\n") {
        let mut named = BTreeMap::new();
        for line in block.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let setting = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
            let (name, value) = setting.unwrap_or(line).split_once('=').unwrap_or((line, ""));
            let map = if setting.is_some() { &mut settings } else { &mut named };
            map.insert(name.trim(), value.trim());
        }
        if !named.is_empty() {
            named.extend(&settings);
            run(&named);
        }
    }
}

#[test]
fn kbkdf_as_nist_has_it() {
    let mut count = 0;
    responses(include_str!("../tests/vectors/kbkdf-ctr-hmac-sha256.txt"), |named| {
        let [secret, fixed, expected] = ["KI", "FixedInputData", "KO"].map(|name| bytes(named[name]));
        let mut made = vec![0; named["L"].parse::<usize>().unwrap() / 8];
        let secret = secret.try_into().unwrap();
        Mac::new(&secret).derive([fixed.as_slice()].into_iter(), &mut made).unwrap();
        assert_eq!(made, expected);
        count += 1;
    });
    assert_eq!(count, 40);
}

/// All of NIST's with nonces of 96 bits and tags of 128: `cargo xtask prove vectors`.
#[test]
#[ignore = "needs NIST's files, which `cargo xtask prove vectors` installs"]
#[expect(clippy::disallowed_methods, reason = "where the files lie is known to who starts it")]
fn aes_256_gcm_as_nist_has_it() {
    let folder =
        PathBuf::from(std::env::var_os("PHIWARD_VECTORS").expect("PHIWARD_VECTORS names their folder"));
    let folder = folder.join("ciphers/AES/GCM");
    for name in ["gcmDecrypt256.rsp", "gcmEncryptExtIV256.rsp"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap().replace('\r', "");
        let (mut run, mut refused, mut passed_over) = (0, 0, 0);
        responses(&text, |named| {
            if named["IVlen"] != "96" || named["Taglen"] != "128" {
                passed_over += 1;
                return;
            }
            let [key, nonce, label] = ["Key", "IV", "AAD"].map(|name| bytes(named[name]));
            let sealed = bytes(&format!("{}{}", named["CT"], named["Tag"]));
            let plain = named.get("PT").map(|plain| bytes(plain));
            assert_eq!(plain.is_none(), named.contains_key("FAIL"));
            gcm(&key, &nonce, &label, plain.as_deref(), &sealed);
            run += 1;
            refused += usize::from(plain.is_none());
        });
        println!("{name}: {run} as they should, of which {refused} refused; {passed_over} of other lengths");
        assert!(run >= 375, "{name}: {run}");
    }
}
