//! Tokens of this and of earlier releases open by a script that knows the specification alone.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use guard::{Binding, FieldCipher, KeyState, Token};
use serde_json::{Value, json};

use crate::{data_key, salt, sealer, secret, subject};

const VALUES: [&str; 7] = [
    "",
    "7",
    "123-45-6789",
    "1975-02-28",
    "Zoë Ångström",
    "jane.roe@clinic.example",
    "患者 \u{1f9ea}\n\"x\"",
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Tokens of all kinds with what opens them, and the values.
fn corpus() -> (Value, Vec<String>) {
    let mut sealer = sealer(11);
    let (mut keys, mut salts, mut tokens, mut values) = (json!({}), json!({}), Vec::new(), Vec::new());
    for number in [0, 1, 35, 36, 1295, 1_679_615] {
        let key = data_key(number, KeyState::Active);
        keys[number.to_string()] = json!(hex(&secret(u8::try_from(number % 251).unwrap())));
        for person in 1..4 {
            let (salt, who) = (salt(person), subject(person));
            salts[hex(salt.handle().bytes())] = json!(hex(&**salt.expose()));
            let named = json!(["salesforce", "production", crate::record(person).as_str()]);
            for value in VALUES {
                let of_subject = FieldCipher::of_subject(&key, &salt).unwrap();
                let bound = Binding { tenant: "clinic", field: "patient-ssn", subject: Some(&who) };
                let mut text = String::new();
                sealer.seal(&of_subject, &bound, value, &mut text).unwrap();
                tokens.push(
                    json!({"tenant": "clinic", "field": "patient-ssn", "subject": named, "token": text}),
                );
                let of_field = FieldCipher::of_field(&key, "lead-note").unwrap();
                let bound = Binding { tenant: "clinic", field: "lead-note", subject: None };
                let mut text = String::new();
                sealer.seal(&of_field, &bound, value, &mut text).unwrap();
                tokens
                    .push(json!({"tenant": "clinic", "field": "lead-note", "subject": null, "token": text}));
                values.extend([value.to_owned(), value.to_owned()]);
            }
        }
    }
    (json!({"data_keys": keys, "salts": salts, "tokens": tokens}), values)
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn opened_by_a_stranger(corpus: &Value) -> Vec<String> {
    said_by(&[&tests().join("opens.py")], corpus)
}

/// What a script of a stranger makes of what it is given.
pub(crate) fn said_by(words: &[&Path], given: &Value) -> Vec<String> {
    let python = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/moto/bin/python");
    let mut script = Command::new(&python)
        // The scripts' folder stays as it is.
        .arg("-B")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python is missing: `cargo xtask setup` installs it");
    script.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_stranger_opens_every_token() {
    let (corpus, values) = corpus();
    assert_eq!(opened_by_a_stranger(&corpus), values);
}

/// What releases wrote, and must open for ever.
#[test]
fn tokens_of_every_release_open() {
    for release in ["0.1"] {
        let path = tests().join("golden").join(format!("{release}.json"));
        let golden: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let (fresh, values) = corpus();
        assert_eq!(opened_by_a_stranger(&golden), values, "{release}");
        // The same keys are made anew, so that ours open them too.
        assert_eq!(golden["salts"], fresh["salts"]);
        let mut sealer = sealer(1);
        for (token, value) in golden["tokens"].as_array().unwrap().iter().zip(values) {
            let token_text = token["token"].as_str().unwrap();
            let parsed = Token::parse(token_text).unwrap();
            let key = data_key(parsed.key().get(), KeyState::DecryptOnly);
            let person = (1..4).find(|person| Some(salt(*person).handle()) == parsed.handle());
            let who = person.map(subject);
            let field = token["field"].as_str().unwrap();
            let bound = Binding { tenant: "clinic", field, subject: who.as_ref() };
            let cipher = match person {
                Some(person) => FieldCipher::of_subject(&key, &salt(person)),
                None => FieldCipher::of_field(&key, field),
            };
            assert_eq!(sealer.open(&cipher.unwrap(), &bound, &parsed).unwrap().as_str(), value);
        }
    }
}

/// Run with `--ignored` when a release is made.
#[test]
#[ignore = "writes the golden corpus of a release"]
fn write_golden() {
    let path = tests().join("golden").join(format!(
        "{}.json",
        env!("CARGO_PKG_VERSION_MAJOR").to_owned() + "." + env!("CARGO_PKG_VERSION_MINOR")
    ));
    std::fs::write(path, format!("{:#}\n", corpus().0)).unwrap();
}
