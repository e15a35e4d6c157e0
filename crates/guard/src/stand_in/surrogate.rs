//! Made-up values, in ranges that are nobody's.

use policy::vocabulary::Identifier;

use super::Drawn;

/// Common given names, in no order.
const GIVEN: &[&str] = &[
    "Ada", "Alan", "Amara", "Anders", "Anita", "Bela", "Bruno", "Carla", "Cedric", "Clara", "Dario", "Dora",
    "Edgar", "Elena", "Emil", "Esther", "Fatima", "Felix", "Freya", "Gina", "Hana", "Hugo", "Ida", "Imran",
    "Irene", "Jonas", "Julia", "Karim", "Katia", "Kenji", "Lara", "Leon", "Lin", "Lucia", "Magnus", "Maria",
    "Milan", "Mona", "Nadia", "Nils", "Nora", "Olga", "Oscar", "Paula", "Pavel", "Petra", "Quentin", "Ravi",
    "Rita", "Rosa", "Samir", "Selma", "Simon", "Sofia", "Tara", "Theo", "Ulla", "Vera", "Viktor", "Wanda",
    "Xenia", "Yara", "Yusuf", "Zoe",
];
/// And family names.
const FAMILY: &[&str] = &[
    "Abbot",
    "Adler",
    "Almeida",
    "Andersen",
    "Arden",
    "Baker",
    "Banerjee",
    "Barros",
    "Becker",
    "Bishop",
    "Carter",
    "Castillo",
    "Chandra",
    "Cooper",
    "Costa",
    "Dahl",
    "Dawson",
    "Duarte",
    "Eriksen",
    "Farmer",
    "Fischer",
    "Fontaine",
    "Forester",
    "Garcia",
    "Gardner",
    "Haddad",
    "Hansen",
    "Hunter",
    "Ibarra",
    "Ito",
    "Jansen",
    "Kaya",
    "Keller",
    "Khan",
    "Kowalski",
    "Larsen",
    "Lindqvist",
    "Lopez",
    "Marino",
    "Mason",
    "Meyer",
    "Miller",
    "Moreau",
    "Nakamura",
    "Novak",
    "Okafor",
    "Olsen",
    "Ortega",
    "Park",
    "Petrov",
    "Porter",
    "Ramos",
    "Rossi",
    "Sawyer",
    "Silva",
    "Singh",
    "Smith",
    "Sorensen",
    "Tailor",
    "Turner",
    "Vargas",
    "Weaver",
    "Winter",
    "Yamada",
];

pub(super) fn of(kind: Option<Identifier>, value: &str, drawn: &Drawn) -> String {
    let same = value.trim().to_lowercase();
    let number = |places: u32, place: usize| drawn.below(10_usize.pow(places), place, &same);
    match kind {
        Some(Identifier::Name) => name(value, drawn),
        // Reserved for names that stand in no telephone book: 555-0100 to 555-0199.
        Some(Identifier::Phone | Identifier::Fax) => {
            format!("+1 {:03} 555 01{:02}", 200 + drawn.below(700, 0, &same), number(2, 1))
        }
        // RFC 2606.
        Some(Identifier::Email) => format!("person{:08}@example.com", number(8, 0)),
        Some(Identifier::Url) => format!("https://example.com/{:08}", number(8, 0)),
        // RFC 5737.
        Some(Identifier::Ip) => format!("192.0.2.{}", drawn.below(256, 0, &same)),
        // No social security number begins with 9.
        Some(Identifier::Ssn) => {
            format!("9{:02}-{:02}-{:04}", number(2, 0), 1 + drawn.below(49, 1, &same), number(4, 2))
        }
        Some(Identifier::Geographic) => {
            format!("{} Example Street", 1 + drawn.below(999, 0, &same))
        }
        _ => shaped(value, drawn),
    }
}

/// Each word of a name becomes another: the last one a family name. One alone may be either.
fn name(value: &str, drawn: &Drawn) -> String {
    let words: Vec<&str> = value.split_whitespace().collect();
    let last = words.len().saturating_sub(1);
    let other = |(at, word): (usize, &&str)| {
        let list = if at == last { FAMILY } else { GIVEN };
        list.get(drawn.below(list.len(), 0, &word.to_lowercase())).copied().unwrap_or("Doe")
    };
    words.iter().enumerate().map(other).collect::<Vec<_>>().join(" ")
}

/// Digits for digits and letters for letters, in the places where they were.
fn shaped(value: &str, drawn: &Drawn) -> String {
    let same = value.trim();
    let other = |(at, c): (usize, char)| {
        let one =
            |from: u8, of: usize| char::from(from + u8::try_from(drawn.below(of, at, same)).unwrap_or(0));
        match c {
            c if c.is_numeric() => one(b'0', 10),
            c if c.is_lowercase() => one(b'a', 26),
            c if c.is_alphabetic() => one(b'A', 26),
            c => c,
        }
    };
    value.chars().enumerate().map(other).collect()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;

    use super::*;

    fn drawn(key: u8) -> Drawn {
        Drawn { key: hmac::Key::new(hmac::HMAC_SHA256, &[key; 32]) }
    }

    #[test]
    fn a_person_keeps_their_surrogate_and_another_has_another() {
        let name = |key, value| of(Some(Identifier::Name), value, &drawn(key));
        assert_eq!(name(1, "Grace Hopper"), name(1, " grace  HOPPER "));
        let all: Vec<String> = (0..30).map(|key| name(key, "Grace Hopper")).collect();
        assert!(all.iter().any(|one| *one != all[0]) && all.iter().all(|one| !one.contains("Hopper")));
        assert_eq!(name(1, "Grace Hopper").split(' ').count(), 2);
    }

    #[test]
    fn surrogates_are_nobodys() {
        for (kind, value, begins) in [
            (Identifier::Email, "grace@navy.example", "person"),
            (Identifier::Ssn, "078-05-1120", "9"),
            (Identifier::Ip, "10.1.2.3", "192.0.2."),
            (Identifier::Url, "https://navy.example/grace", "https://example.com/"),
            (Identifier::Phone, "202 555 0147", "+1 "),
        ] {
            let made = of(Some(kind), value, &drawn(1));
            assert!(made.starts_with(begins) && made != value, "{kind}: {made}");
        }
        let shaped = of(Some(Identifier::Mrn), "Ab-1204/7", &drawn(3));
        assert_eq!(shaped.len(), 9);
        assert!(shaped.chars().nth(2) == Some('-') && shaped.chars().nth(7) == Some('/'), "{shaped}");
        assert_ne!(shaped, "Ab-1204/7");
    }
}
