//! Any text as a field token: nothing panics, what reads prints as it was, and nothing opens that was not sealed.
#![no_main]

use guard::{Binding, DataKey, FieldCipher, KeyNumber, KeyState, Sealer, Token};
use libfuzzer_sys::fuzz_target;

struct Still;

impl journal::Rng for Still {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fuzz_target!(|text: &str| {
    let Ok(token) = Token::parse(text) else { return };
    assert!(Token::is_one(text) && token.to_string() == text);
    let Some(number) = KeyNumber::of(token.key().get()) else { panic!("the key has no number") };
    let key = DataKey::new(number, KeyState::Active, [1; 32].into(), 0);
    let Ok(cipher) = FieldCipher::of_field(&key, "field") else { return };
    let binding = Binding { tenant: "tenant", field: "field", subject: None };
    assert!(Sealer::new(Box::new(Still)).open(&cipher, &binding, &token).is_err());
});
