//! Tokens: what opens, and what does not.

use guard::{Algorithm, Binding, FieldCipher, GuardError, KeyNumber, KeyState, LONGEST, Token};
use proptest::prelude::*;

use crate::{data_key, salt, sealer, subject};

const FIELD: &str = "patient-ssn";

fn binding(subject: Option<&journal::Subject>) -> Binding<'_> {
    Binding { tenant: "clinic", field: FIELD, subject }
}

#[test]
fn what_was_sealed_opens_and_is_never_twice_the_same() {
    let (key, salt, person) = (data_key(40, KeyState::Active), salt(1), subject(7));
    let of_subject = FieldCipher::of_subject(&key, &salt).unwrap();
    let of_field = FieldCipher::of_field(&key, FIELD).unwrap();
    let mut sealer = sealer(3);
    let mut seen = std::collections::BTreeSet::new();
    for value in ["", "1", "123-45-6789", "Zoë Ångström", &"x".repeat(3000)] {
        for (cipher, binding) in [(&of_subject, binding(Some(&person))), (&of_field, binding(None))] {
            for _ in 0..300 {
                let mut text = String::new();
                sealer.seal(cipher, &binding, value, &mut text).unwrap();
                assert!(Token::is_one(&text) && text.bytes().all(|b| b.is_ascii_graphic()));
                let token = Token::parse(&text).unwrap();
                assert_eq!(token.to_string(), text);
                assert_eq!(text.len(), Token::length(token.algorithm(), token.key(), value.len()));
                assert_eq!(sealer.open(cipher, &binding, &token).unwrap().as_str(), value);
                assert!(seen.insert(text), "a nonce came twice");
            }
        }
    }
    assert_eq!(key.seals(), 3000);
}

#[test]
fn lengths_are_those_of_the_specification() {
    let two = KeyNumber::of(36).unwrap();
    assert_eq!(Token::length(Algorithm::Subject, two, 64), 143);
    let fits = |bytes| Token::length(Algorithm::Subject, two, bytes) <= 255;
    assert!(fits(148) && !fits(149));
}

/// Whether the text is taken for the value of somebody.
fn opens(text: &str, with: &FieldCipher<'_>, binding: &Binding<'_>) -> bool {
    Token::parse(text).is_ok_and(|token| sealer(1).open(with, binding, &token).is_ok())
}

#[test]
fn every_bit_of_a_token_counts() {
    let (key, salt, person) = (data_key(4000, KeyState::Active), salt(1), subject(7));
    let bound = binding(Some(&person));
    let cipher = FieldCipher::of_subject(&key, &salt).unwrap();
    for value in ["1975-02-28", "123-45-678", "a value"] {
        let mut text = String::new();
        sealer(5).seal(&cipher, &bound, value, &mut text).unwrap();
        assert!(opens(&text, &cipher, &bound));
        for at in 0..text.len() {
            for byte in 0..=255_u8 {
                let mut turned = text.clone().into_bytes();
                if turned[at] == byte {
                    continue;
                }
                turned[at] = byte;
                // What is no text is no token.
                if let Ok(turned) = String::from_utf8(turned) {
                    assert!(!opens(&turned, &cipher, &bound), "byte {at} as {byte}");
                }
            }
            assert!(!opens(&text[..at], &cipher, &bound), "cut at {at}");
        }
        for more in ["A", ".", " ", "=", "\n", "AAAA"] {
            assert!(!opens(&format!("{text}{more}"), &cipher, &bound));
        }
    }
}

#[test]
fn every_bit_of_what_it_is_bound_to_counts() {
    let (key, salt, person) = (data_key(9, KeyState::Active), salt(1), subject(7));
    let bound = binding(Some(&person));
    let cipher = FieldCipher::of_subject(&key, &salt).unwrap();
    let mut text = String::new();
    sealer(5).seal(&cipher, &bound, "1975-02-28", &mut text).unwrap();
    let each_bit = |of: &str, mut check: Box<dyn FnMut(&str)>| {
        for at in 0..of.len() {
            for bit in 0..7 {
                let mut turned = of.as_bytes().to_vec();
                turned[at] ^= 1 << bit;
                check(&String::from_utf8(turned).unwrap());
            }
        }
    };
    each_bit(bound.tenant, Box::new(|tenant| assert!(!opens(&text, &cipher, &Binding { tenant, ..bound }))));
    each_bit(bound.field, Box::new(|field| assert!(!opens(&text, &cipher, &Binding { field, ..bound }))));
    // Parts do not run into each other.
    let moved = Binding { tenant: "clinicp", field: "atient-ssn", ..bound };
    assert!(!opens(&text, &cipher, &moved));
    for other in [None, Some(subject(6)), Some(subject(70))] {
        assert!(!opens(&text, &cipher, &Binding { subject: other.as_ref(), ..bound }));
    }
    // Another version of the key, another person's salt, the same person's new one.
    let next = data_key(10, KeyState::Active);
    assert!(!opens(&text, &FieldCipher::of_subject(&next, &salt).unwrap(), &bound));
    assert!(!opens(&text, &FieldCipher::of_subject(&key, &crate::salt(2)).unwrap(), &bound));
    assert!(!opens(&text, &FieldCipher::of_field(&key, FIELD).unwrap(), &bound));
}

#[test]
fn nothing_is_sealed_twice_and_no_key_that_may_not_seals() {
    let (salt, person) = (salt(1), subject(7));
    let bound = binding(Some(&person));
    let key = data_key(1, KeyState::Active);
    let cipher = FieldCipher::of_subject(&key, &salt).unwrap();
    let mut text = String::new();
    sealer(1).seal(&cipher, &bound, "a", &mut text).unwrap();
    let mut again = String::new();
    for token in [text.as_str(), "~e1.", "~e2.0.g.AAAA", "~e10.x"] {
        assert_eq!(sealer(1).seal(&cipher, &bound, token, &mut again), Err(GuardError::SealedAlready));
    }
    let long = "x".repeat(LONGEST + 1);
    assert!(matches!(sealer(1).seal(&cipher, &bound, &long, &mut again), Err(GuardError::TooLong { .. })));
    for state in KeyState::ALL {
        let key = data_key(1, state);
        let cipher = FieldCipher::of_subject(&key, &salt).unwrap();
        let sealed = sealer(1).seal(&cipher, &bound, "a", &mut again);
        assert_eq!(sealed.is_ok(), state == KeyState::Active, "{state}");
        let opened = sealer(1).open(&cipher, &bound, &Token::parse(&text).unwrap());
        assert_eq!(opened.is_ok(), state.opens(), "{state}");
    }
    let worn =
        guard::DataKey::new(KeyNumber::of(1).unwrap(), KeyState::Active, [1; 32].into(), (1 << 32) - 1);
    let cipher = FieldCipher::of_subject(&worn, &salt).unwrap();
    assert!(sealer(1).seal(&cipher, &bound, "a", &mut again).is_ok());
    for _ in 0..3 {
        assert_eq!(sealer(1).seal(&cipher, &bound, "a", &mut again), Err(GuardError::Worn(worn.number())));
    }
}

#[test]
fn states_lead_where_keys_may_go() {
    let leads: Vec<(KeyState, KeyState)> = KeyState::ALL
        .into_iter()
        .flat_map(|from| KeyState::ALL.into_iter().map(move |to| (from, to)))
        .filter(|(from, to)| from.leads_to(*to))
        .collect();
    assert_eq!(leads.len(), 9);
    assert!(leads.iter().all(|(from, to)| *from != KeyState::Destroyed && *to != KeyState::Pending));
    // A key that can still open is never destroyed at once.
    assert!(leads.iter().all(|(from, to)| *to != KeyState::Destroyed || !from.opens()));
}

#[test]
fn nothing_shows_a_key_or_a_value() {
    let (key, salt) = (data_key(1, KeyState::Active), salt(1));
    let cipher = FieldCipher::of_subject(&key, &salt).unwrap();
    let shown = format!("{key:?} {salt:?} {cipher:?} {:?}", sealer(1));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(!shown.contains(&hex(&crate::secret(1))[..8]) && !shown.contains(&hex(&**salt.expose())[..8]));
    assert!(!shown.contains('['), "{shown}");
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in ".{0,60}", body in "[A-Za-z0-9_=-]{0,60}", key in "[0-9a-zA-Z]{0,5}") {
        for text in [text.clone(), format!("~e1.{text}"), format!("~e1.{key}.g.{body}"), format!("~e1.{key}.n.{body}")] {
            if let Ok(token) = Token::parse(&text) {
                prop_assert_eq!(token.to_string(), text);
            }
        }
    }

    #[test]
    fn any_value_comes_back(value in ".{0,300}") {
        prop_assume!(!Token::is_one(&value) && !Token::is_altered(&value));
        let key = data_key(77, KeyState::Active);
        let cipher = FieldCipher::of_field(&key, FIELD).unwrap();
        let mut text = "before ".to_owned();
        sealer(2).seal(&cipher, &binding(None), &value, &mut text).unwrap();
        let token = Token::parse(text.strip_prefix("before ").unwrap()).unwrap();
        let opened = sealer(2).open(&cipher, &binding(None), &token).unwrap();
        prop_assert_eq!(opened.as_str(), value);
    }
}
