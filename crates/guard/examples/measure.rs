//! What sealing, opening, re-wrapping and looking up cost: `measure [OPERATIONS [NAME]]`, nanoseconds of processor time on
//! one thread, the least of several rounds. `cargo xtask bench guard` runs it beside its peers.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

use std::hint::black_box;

use guard::{
    Binding, BlindIndex, DataKey, FieldCipher, KeyNumber, KeyState, Normaliser, Sealer, SubjectSalt, Token,
};
use journal::Rng;

const ROUNDS: usize = 7;

/// The system's generator, as the product uses it.
struct System;

impl Rng for System {
    fn fill(&mut self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

fn secret() -> zeroize::Zeroizing<[u8; 32]> {
    let mut secret = [0; 32];
    System.fill(&mut secret);
    secret.into()
}

/// Seconds of processor time of this thread.
fn spent() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanoseconds) = (u32::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap());
    f64::from(seconds) + f64::from(nanoseconds) / 1e9
}

fn measure(name: &str, operations: u32, mut operation: impl FnMut()) {
    operation();
    if std::env::args().nth(2).is_some_and(|only| only != name) {
        return;
    }
    let round = || {
        let start = spent();
        for _ in 0..operations {
            operation();
        }
        (spent() - start) * 1e9 / f64::from(operations)
    };
    let mut rounds: Vec<f64> = std::iter::repeat_with(round).take(ROUNDS).collect();
    rounds.sort_by(f64::total_cmp);
    println!("{name} {:.0}", rounds.first().unwrap());
}

fn main() {
    let operations = std::env::args().nth(1).map_or(200_000, |number| number.parse().unwrap());
    let (old, new) = (KeyNumber::of(41).unwrap(), KeyNumber::of(42).unwrap());
    let old = DataKey::new(old, KeyState::Active, secret(), 0);
    let new = DataKey::new(new, KeyState::Active, secret(), 0);
    let salt = SubjectSalt::random(&mut System);
    let bundle = source::Source::new("phiward.yaml", "orgs:\n  - {id: production, kind: production}\n");
    let org = journal::names::Org::declared(&policy::read(vec![bundle]).0, "production").unwrap();
    let person = journal::Subject::of_record(&org, &journal::names::RecordId::of("001Hs0000000001").unwrap());
    let binding = Binding { tenant: "harbor-clinic", field: "account-ssn", subject: Some(&person) };
    let cipher = FieldCipher::of_subject(&old, &salt).unwrap();
    let mut sealer = Sealer::new(Box::new(System));
    for length in [16, 32, 64, 255] {
        let value = "x".repeat(length);
        let mut text = String::new();
        measure(&format!("seal-{length}"), operations, || {
            text.clear();
            sealer.seal(&cipher, &binding, &value, &mut text).unwrap();
        });
        let mut opened = String::new();
        measure(&format!("open-{length}"), operations, || {
            let token = Token::parse(&text).unwrap();
            sealer.open_into(&cipher, &binding, &token, &mut opened).unwrap();
        });
        measure(&format!("open-{length}-new-text"), operations, || {
            let token = Token::parse(&text).unwrap();
            black_box(sealer.open(&cipher, &binding, &token).unwrap());
        });
        println!("characters-{length} {}", text.len());
    }
    let value = "x".repeat(32);
    let mut text = String::new();
    measure("seal-32-cold-subject", operations, || {
        text.clear();
        let cipher = FieldCipher::of_subject(&old, &salt).unwrap();
        sealer.seal(&cipher, &binding, &value, &mut text).unwrap();
    });
    let next = FieldCipher::of_subject(&new, &salt).unwrap();
    let mut moved = String::new();
    measure("rewrap-32", operations, || {
        let token = Token::parse(&text).unwrap();
        let value = sealer.open(&cipher, &binding, &token).unwrap();
        moved.clear();
        sealer.seal(&next, &binding, &value, &mut moved).unwrap();
    });
    for (name, form, value) in [
        ("index-number", Normaliser::Number, "123-45-6789"),
        ("index-email", Normaliser::Email, "jane.roe@clinic.example"),
        ("index-name", Normaliser::Name, "Zoë O'Brien"),
    ] {
        let index = BlindIndex::new(&old, "account-ssn", form, 128, 1 << 20).unwrap();
        measure(name, operations, || {
            black_box(index.digest(value).unwrap());
        });
    }
}
