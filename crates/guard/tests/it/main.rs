#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unreachable,
    reason = "a test fails by panicking"
)]

mod approval;
mod clinic;
mod crash;
mod escrow;
mod golden;
mod index;
mod keeper;
mod keyring;
mod keys;
mod mask;
mod numbers;
mod people;
mod pipe;
mod query;
mod reopened;
mod roots;
mod rows;
mod safe_harbor;
mod salts;
mod stored;
mod stranger;
mod token;
mod undone;

use guard::vault::Lock;
use guard::{DataKey, KeyNumber, KeyState, Sealer, SubjectSalt};
use journal::Subject;
use journal::names::{Org, RecordId};
use journal::sample::Drawn;
use source::Source;

fn lock() -> Lock {
    Lock::KeyFile(vec![9; 32].into())
}

fn sealer(seed: u64) -> Sealer {
    Sealer::new(Box::new(Drawn::new(seed)))
}

fn secret(seed: u8) -> [u8; 32] {
    std::array::from_fn(|at| seed.wrapping_mul(31).wrapping_add(u8::try_from(at).unwrap()))
}

fn data_key(number: u32, state: KeyState) -> DataKey {
    let number = KeyNumber::of(number).unwrap();
    DataKey::new(number, state, secret(u8::try_from(number.get() % 251).unwrap()).into(), 0)
}

fn salt(seed: u64) -> SubjectSalt {
    SubjectSalt::random(&mut Drawn::new(seed))
}

fn record(number: u64) -> RecordId {
    RecordId::of(&format!("001Hs0{number:09}")).unwrap()
}

fn subject(number: u64) -> Subject {
    let bundle = Source::new("phiward.yaml", "orgs:\n  - {id: production, kind: production}\n");
    let (policy, _) = policy::read(vec![bundle]);
    Subject::of_record(&Org::declared(&policy, "production").unwrap(), &record(number))
}

#[test]
fn the_module_says_how_it_was_built() {
    assert_eq!(guard::fips(), cfg!(feature = "fips"));
}
