//! Looking up what is sealed.

use guard::{BlindIndex, GuardError, KeyState, Normaliser};

use crate::data_key;

fn phone(code: &str) -> Normaliser {
    Normaliser::Phone { calling_code: Some(code.to_owned()) }
}

#[test]
fn what_means_the_same_is_the_same() {
    for (form, same, other) in [
        (
            phone("1"),
            &["+1 (555) 010-4477", "555.010.4477", "1-555-010-4477", "001 555 010 4477 ext 9"][..],
            "5550104478",
        ),
        (phone("44"), &["+44 (0)20 7946 0018", "020 7946 0018", "00442079460018"], "020 7946 0019"),
        (
            Normaliser::Email,
            &["Jane.Roe@Clinic.Example", " jane.roe@clinic.example "],
            "janeroe@clinic.example",
        ),
        (
            Normaliser::Name,
            &["Zoë O'Brien", "ZOE  O’Brien", "zoe obrien", "Zoe\u{308} O.Brien,"],
            "Zoe Brien",
        ),
        (Normaliser::Name, &["Anne-Marie", "anne marie"], "Annemarie"),
        (Normaliser::Number, &["123-45-6789", "123 45 6789", "123456789"], "123456780"),
        (Normaliser::Date, &["1975-02-28", "1975-02-28T00:00:00.000Z", " 1975-02-28 "], "1975-03-01"),
        (Normaliser::Exact, &["a B", " a B "], "A B"),
    ] {
        let key = data_key(1, KeyState::Active);
        let index = BlindIndex::new(&key, "field", form.clone(), 128, 1 << 20).unwrap();
        let digests: Vec<String> = same.iter().map(|value| index.digest(value).unwrap()).collect();
        assert!(digests.windows(2).all(|two| two[0] == two[1]), "{form:?}: {digests:?}");
        assert_ne!(digests[0], index.digest(other).unwrap(), "{form:?}");
        assert!(
            digests[0].len() == 32
                && digests[0].bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
        );
    }
}

#[test]
fn fields_keys_and_forms_have_digests_of_their_own() {
    let (one, two) = (data_key(1, KeyState::Active), data_key(2, KeyState::DecryptOnly));
    let digest = |key, field, form, bits| {
        BlindIndex::new(key, field, form, bits, 1 << 20).unwrap().digest("a1b2").unwrap()
    };
    let all = [
        digest(&one, "x", Normaliser::Exact, 256),
        digest(&one, "y", Normaliser::Exact, 256),
        digest(&two, "x", Normaliser::Exact, 256),
        digest(&one, "x", Normaliser::Name, 256),
    ];
    assert!(all.iter().enumerate().all(|(at, one)| !all[..at].contains(one)));
    // Fewer bits are the beginning.
    assert!(all[0].starts_with(&digest(&one, "x", Normaliser::Exact, 36)));
    assert_eq!(digest(&one, "x", Normaliser::Exact, 36).len(), 9);
}

#[test]
fn what_cannot_be_looked_up_is_refused() {
    let key = data_key(1, KeyState::Active);
    let new = |bits, values| BlindIndex::new(&key, "field", Normaliser::Date, bits, values);
    assert!(matches!(new(128, 9_999), Err(GuardError::LowEntropy(_))));
    assert!(new(28, 1 << 20).is_err() && new(260, 1 << 20).is_err() && new(130, 1 << 20).is_err());
    let disabled = data_key(1, KeyState::Disabled);
    assert!(BlindIndex::new(&disabled, "field", Normaliser::Date, 128, 1 << 20).is_err());
    for (form, values) in [
        (Normaliser::Date, &["", "28.02.1975", "1975-13-01"][..]),
        (Normaliser::Email, &["", "jane", "jane@clinic", "a b@clinic.example"]),
        (Normaliser::Name, &["", "  ", "'.,"]),
        (phone("1"), &["", "call me", "12", "+1 555 010 4477 123456789"]),
        (Normaliser::Phone { calling_code: None }, &["555 010 4477"]),
    ] {
        for value in values {
            assert!(matches!(form.apply(value), Err(GuardError::NotNormal(_))), "{form:?} of `{value}`");
        }
    }
}
