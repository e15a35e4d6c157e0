use std::path::PathBuf;

use guard::root::{KmsPlace, Login, OpenBaoPlace, Pkcs11Place, Place};
use proptest::prelude::*;

fn told(text: &str) -> String {
    text.parse::<Place>().unwrap_err().to_string()
}

#[test]
fn places_are_read_and_printed() {
    let token = Pkcs11Place {
        token: Some("Harbor; keys?".to_owned()),
        serial: Some("0123".to_owned()),
        module: PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"),
        pin: PathBuf::from("/etc/phiward/pin"),
        token_draws: false,
    };
    let bao = OpenBaoPlace {
        address: "https://bao.example:8200".to_owned(),
        mount: "keys/transit".to_owned(),
        namespace: Some("clinic/eu".to_owned()),
        login: Login::AppRole {
            mount: "approle".to_owned(),
            role_id: PathBuf::from("/etc/phiward/role"),
            secret_id: PathBuf::from("/etc/phiward/a&b"),
        },
        authorities: Some(PathBuf::from("/etc/phiward/ca.pem")),
    };
    let plain = OpenBaoPlace {
        address: "http://[::1]:8200".to_owned(),
        mount: "transit".to_owned(),
        namespace: None,
        login: Login::Token(PathBuf::from("token")),
        authorities: None,
    };
    let kms = KmsPlace { region: "eu-central-1".to_owned(), endpoint: None, authorities: None };
    let moto = KmsPlace { endpoint: Some("http://127.0.0.1:5000".to_owned()), ..kms.clone() };
    for (text, place) in [
        ("file:keys/root", Place::File(PathBuf::from("keys/root"))),
        (
            "pkcs11:token=Harbor%3B%20keys%3f;serial=0123?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/phiward/pin",
            Place::Pkcs11(token.clone()),
        ),
        (
            "pkcs11:serial=0123?pin-source=file:///etc/phiward/pin&iv=token&module-path=%2Fusr/lib/softhsm/libsofthsm2.so",
            Place::Pkcs11(Pkcs11Place { token: None, token_draws: true, ..token }),
        ),
        (
            "openbao:https://bao.example:8200/keys/transit/?role-id-file=/etc/phiward/role&secret-id-file=/etc/phiward/a%26b&namespace=clinic/eu&ca-file=/etc/phiward/ca.pem",
            Place::OpenBao(bao),
        ),
        ("openbao:http://[::1]:8200/transit?token-file=token", Place::OpenBao(plain)),
        ("kms:eu-central-1", Place::Kms(kms)),
        ("kms:eu-central-1?endpoint=http://127.0.0.1:5000", Place::Kms(moto)),
    ] {
        assert_eq!(text.parse::<Place>().unwrap(), place, "{text}");
        assert_eq!(place.to_string().parse::<Place>().unwrap(), place, "{place}");
    }
}

#[test]
fn what_names_no_place_is_said() {
    let module = "module-path=/lib/x.so&pin-source=file:/pin";
    for (text, what) in [
        ("", "a root is"),
        ("keys/root", "a root is"),
        ("vault:https://bao.example/transit", "a root is"),
        ("file:", "names no file"),
        ("file:a\nb", "control character"),
        ("pkcs11:", "no token is named"),
        (&format!("pkcs11:?{module}"), "no token is named"),
        (&format!("pkcs11:token=?{module}"), "`token` is empty"),
        (&format!("pkcs11:token=a;token=b?{module}"), "`token` stands there twice"),
        (&format!("pkcs11:token=a%4?{module}"), "not UTF-8"),
        (&format!("pkcs11:token=a%+4?{module}"), "not UTF-8"),
        (&format!("pkcs11:token=%ff?{module}"), "not UTF-8"),
        (&format!("pkcs11:token=a%0a?{module}"), "control character"),
        (&format!("pkcs11:token=a;slot-id=1?{module}"), "`slot-id` changes"),
        (&format!("pkcs11:token=a;object=k?{module}"), "`object` names a key"),
        (&format!("pkcs11:token=a;library=k?{module}"), "`library` is not known"),
        (&format!("pkcs11:token?{module}"), "has no `=`"),
        (&format!("pkcs11:token=a;T=b?{module}"), "lower-case"),
        ("pkcs11:token=a?pin-source=file:/pin", "`module-path` is missing"),
        ("pkcs11:token=a?module-path=x.so&pin-source=file:/pin", "begins with a slash"),
        ("pkcs11:token=a?module-name=x&pin-source=file:/pin", "`module-name`"),
        ("pkcs11:token=a?module-path=/x.so", "`pin-source` is missing"),
        ("pkcs11:token=a?module-path=/x.so&pin-source=%7Ccat", "programs are not run"),
        ("pkcs11:token=a?module-path=/x.so&pin-source=file://host/pin", "another machine"),
        ("pkcs11:token=a?module-path=/x.so&pin-source=file:", "names no file"),
        (&format!("pkcs11:token=a?{module}&iv=mine"), "`iv`"),
        (&format!("pkcs11:token=a?{module}&x=1"), "`x` is not known"),
        ("openbao:", "https://"),
        ("openbao:bao.example/transit?token-file=t", "https://"),
        ("openbao:ftp://bao.example/transit?token-file=t", "https://"),
        ("openbao:https:///transit?token-file=t", "has a host"),
        ("openbao:https://bao.example?token-file=t", "where the transit engine is mounted"),
        ("openbao:https://bao.example/a/../b?token-file=t", "where the transit engine is mounted"),
        ("openbao:https://bao.example/a%2fb?token-file=t", "where the transit engine is mounted"),
        ("openbao:https://bao.example/transit", "name `token-file`"),
        ("openbao:https://bao.example/transit?role-id-file=r", "name `token-file`"),
        ("openbao:https://bao.example/transit?token-file=t&secret-id-file=s", "name `token-file`"),
        ("openbao:https://bao.example/transit?token-file=t&approle=a", "name `token-file`"),
        ("openbao:https://bao.example/transit?token-file=t&namespace=a%20b", "`namespace`"),
        ("openbao:https://bao.example/transit?role-id-file=r&secret-id-file=s&approle=..", "`approle`"),
        ("openbao:https://bao.example/transit?token-file=t&x=1", "`x` is not known"),
        ("kms:", "followed by a region"),
        ("kms:EU?x=1", "followed by a region"),
        ("kms:eu-central-1?access-key=a", "`access-key` is not known"),
        ("kms:eu-central-1?endpoint=nowhere", "https://"),
        ("kms:eu-central-1?endpoint=https://a.example/b", "has a host"),
    ] {
        assert!(told(text).contains(what), "{text}: {}", told(text));
    }
    assert!(told(&format!("file:{}", "a".repeat(5000))).contains("4096"));
}

#[test]
fn no_secret_is_taken_or_repeated() {
    for text in [
        "pkcs11:token=a?module-path=/x.so&pin-value=Sesame",
        "pkcs11:token=a?module-path=/x.so&pin-source=file:/pin&pin-value=Sesame",
        "openbao:https://bao.example/transit?token=Sesame",
        "openbao:https://bao.example/transit?role-id=a&secret-id=Sesame",
        "openbao:https://user:Sesame@bao.example/transit?token-file=t",
        "kms:eu-central-1?secret=Sesame",
        "kms:eu-central-1?endpoint=https://a:Sesame@kms.example",
        "Sesame",
    ] {
        assert!(!told(text).contains("Sesame"), "{}", told(text));
    }
}

proptest! {
    /// Any text, and texts that are nearly right, are read to what prints to itself, or refused.
    #[test]
    fn no_text_breaks_the_reader(
        any in ".{0,60}",
        near in "(file|kms|pkcs11:token|openbao:https://a):?[a-f%0-9;?&=/:.@\\-é]{0,40}",
        name in "[^\u{0}-\u{1f}\u{7f}-\u{9f}]{1,20}",
    ) {
        for text in [any, near] {
            if let Ok(place) = text.parse::<Place>() {
                prop_assert_eq!(place.to_string().parse::<Place>(), Ok(place));
            }
        }
        let place = Place::Pkcs11(Pkcs11Place {
            token: Some(name.clone()),
            serial: None,
            module: PathBuf::from(format!("/{name}")),
            pin: PathBuf::from(format!("/{name}")),
            token_draws: true,
        });
        prop_assert_eq!(place.to_string().parse::<Place>().map_err(|error| error.to_string()), Ok(place));
    }
}
