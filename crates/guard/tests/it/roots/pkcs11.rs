//! Against SoftHSM 2, a token in software: `cargo xtask setup` installs it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeInfo, AttributeType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::RawAuthPin;
use guard::root::{self, Pkcs11Place, Pkcs11Root, Place, Root, RootError};

use super::{System, contract, is_refused, means, write_secret};

const PIN: &str = "4711-user";
/// Set where a test is in the process of its own.
const FOLDER: &str = "PHIWARD_TEST_TOKENS";

fn library() -> PathBuf {
    let known = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
    ];
    let found = known.iter().map(PathBuf::from).find(|path| path.is_file());
    found.expect("SoftHSM 2 is not there: `cargo xtask setup` installs it")
}

fn token(folder: &Path, label: &str) {
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--so-pin", "4711-officer", "--pin", PIN, "--label", label])
        .env("SOFTHSM2_CONF", folder.join("softhsm2.conf"))
        .output()
        .expect("SoftHSM 2 is not there: `cargo xtask setup` installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Goes on in a process of its own, whose environment tells the library where its tokens are.
#[expect(clippy::disallowed_methods, reason = "the library reads the environment, and so must who starts it")]
fn with_tokens(test: &str, body: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return body(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let settings = format!(
        "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
        tokens.display()
    );
    std::fs::write(folder.path().join("softhsm2.conf"), settings).unwrap();
    token(folder.path(), "phiward");
    write_secret(&folder.path().join("pin"), &format!("{PIN}\n"));
    let name = format!("roots::pkcs11::{test}");
    let run = Command::new(std::env::current_exe().unwrap())
        .args([&name, "--exact", "--nocapture", "--test-threads=1"])
        .env("SOFTHSM2_CONF", folder.path().join("softhsm2.conf"))
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && told.contains("1 passed"),
        "{}\n{told}\n{}",
        run.status,
        String::from_utf8_lossy(&run.stderr)
    );
}

fn place(folder: &Path) -> Place {
    let text = format!(
        "pkcs11:token=phiward?module-path={}&pin-source=file:{}",
        library().display(),
        folder.join("pin").display()
    );
    text.parse().unwrap()
}

fn open(folder: &Path) -> Result<Arc<dyn Root>, RootError> {
    root::open(&place(folder), means())
}

/// The token by the library itself, in this process.
fn beside(label: &str) -> (Pkcs11, Slot, Session) {
    let library = Pkcs11::new(library()).unwrap();
    // Whoever was first has started it.
    let _ = library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let slots = library.get_slots_with_initialized_token().unwrap();
    let is = |slot: &Slot| library.get_token_info(*slot).unwrap().label() == label;
    let slot = slots.into_iter().find(is).unwrap();
    let session = library.open_rw_session(slot).unwrap();
    let _ = session.login_with_raw(UserType::User, &RawAuthPin::new(Box::new(PIN.as_bytes().to_vec())));
    (library, slot, session)
}

#[test]
fn a_token_keeps_keys() {
    with_tokens("a_token_keeps_keys", |folder| contract(&|| open(folder).unwrap(), &is_refused));
}

#[test]
fn no_key_leaves_a_token() {
    with_tokens("no_key_leaves_a_token", |folder| {
        let root = open(folder).unwrap();
        let key = root.make().unwrap();
        let (_, _, session) = beside("phiward");
        let found = session.find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY)]).unwrap();
        let [object] = found.as_slice() else { panic!("{} objects", found.len()) };
        let id = u64::from_str_radix(&key.to_string(), 16).unwrap().to_be_bytes().to_vec();
        let expected = [
            Attribute::Id(id.clone()),
            Attribute::Label(format!("phiward root key {key}").into_bytes()),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::AlwaysSensitive(true),
            Attribute::Extractable(false),
            Attribute::NeverExtractable(true),
            Attribute::Wrap(false),
            Attribute::Unwrap(false),
            Attribute::ValueLen(32.into()),
        ];
        let asked: Vec<AttributeType> = expected.iter().map(Attribute::attribute_type).collect();
        assert_eq!(session.get_attributes(*object, &asked).unwrap(), expected);
        let value = session.get_attribute_info(*object, &[AttributeType::Value]).unwrap();
        assert!(matches!(value.as_slice(), [AttributeInfo::Sensitive]), "{value:?}");
        // Not by wrapping it either, and it cannot be made extractable.
        let wrapper = [Attribute::Token(false), Attribute::ValueLen(32.into()), Attribute::Wrap(true)];
        let wrapper = session.generate_key(&Mechanism::AesKeyGen, &wrapper).unwrap();
        assert!(session.wrap_key(&Mechanism::AesKeyWrap, wrapper, *object).is_err());
        assert!(session.update_attributes(*object, &[Attribute::Extractable(true)]).is_err());
        assert!(session.update_attributes(*object, &[Attribute::Sensitive(false)]).is_err());

        // A key that could leave, or a second one of the name, is not used.
        let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();
        let loose = [
            Attribute::Token(true),
            Attribute::ValueLen(32.into()),
            Attribute::Id(id),
            Attribute::Sensitive(false),
            Attribute::Extractable(true),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
        ];
        session.generate_key(&Mechanism::AesKeyGen, &loose).unwrap();
        let told = root.wrap(key, b"label", &[7; 32]).unwrap_err().to_string();
        assert!(told.contains("two objects"), "{told}");
        assert!(matches!(root.unwrap(key, b"label", &wrapped), Err(RootError::Denied { .. })));
        session.destroy_object(*object).unwrap();
        let told = root.wrap(key, b"label", &[7; 32]).unwrap_err().to_string();
        assert!(told.contains("could leave the token"), "{told}");
        root.destroy(key).unwrap();
        assert!(matches!(root.wrap(key, b"label", &[7; 32]), Err(RootError::Missing(_))));
        assert!(!format!("{root:?}").contains(PIN));
    });
}

#[test]
fn a_session_that_was_lost_is_opened_again() {
    with_tokens("a_session_that_was_lost_is_opened_again", |folder| {
        let root = open(folder).unwrap();
        let key = root.make().unwrap();
        let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();
        // Somebody signs the user out, as a token does that was away.
        let (library, _, session) = beside("phiward");
        session.logout().unwrap();
        assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);
        // To who is signed out there is no key, and a destruction would seem done.
        let doomed = root.make().unwrap();
        session.logout().unwrap();
        root.destroy(doomed).unwrap();
        assert!(
            session
                .find_objects(&[Attribute::Label(format!("phiward root key {doomed}").into_bytes())])
                .unwrap()
                .is_empty()
        );
        assert_eq!(session.find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY)]).unwrap().len(), 1);
        drop(session);
        // All sessions of the library end.
        library.finalize().unwrap();
        assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);
        let (library, ..) = beside("phiward");
        library.finalize().unwrap();
        let other = root.make().unwrap();
        let (library, ..) = beside("phiward");
        library.finalize().unwrap();
        root.destroy(other).unwrap();
        assert!(matches!(root.wrap(other, b"label", &[7; 32]), Err(RootError::Missing(_))));

        // The token is away, and comes back.
        let (tokens, away) = (folder.join("tokens"), folder.join("away"));
        let (library, ..) = beside("phiward");
        library.finalize().unwrap();
        std::fs::rename(&tokens, &away).unwrap();
        std::fs::create_dir(&tokens).unwrap();
        let told = root.unwrap(key, b"label", &wrapped).unwrap_err();
        assert!(
            matches!(&told, RootError::Unavailable { .. })
                && told.to_string().contains("no slot has this token")
        );
        std::fs::remove_dir_all(&tokens).unwrap();
        std::fs::rename(&away, &tokens).unwrap();
        Pkcs11::new(super::pkcs11::library()).unwrap().finalize().unwrap();
        assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);
    });
}

#[test]
fn what_is_wrong_with_a_token_is_said() {
    with_tokens("what_is_wrong_with_a_token_is_said", |folder| {
        let Place::Pkcs11(good) = place(folder) else { panic!("no token") };
        let told = |place: &Pkcs11Place, pin: &str| {
            let opened = Pkcs11Root::open(place, pin.as_bytes().to_vec().into(), Box::new(System));
            opened.map(|_| ()).unwrap_err().to_string()
        };
        let other = Pkcs11Place { token: Some("another".to_owned()), ..good.clone() };
        assert!(told(&other, PIN).contains("no slot has this token"));
        let other = Pkcs11Place { serial: Some("0".to_owned()), ..good.clone() };
        assert!(told(&other, PIN).contains("no slot has this token"));
        let other = Pkcs11Place { module: folder.join("pin"), ..good.clone() };
        assert!(told(&other, PIN).contains("the library does not load"));
        let wrong = told(&good, "4711-other");
        assert!(wrong.contains("the PIN is wrong") && !wrong.contains("4711"), "{wrong}");

        // By its serial number, and both where two have one label.
        let (library, slot, session) = beside("phiward");
        let serial = library.get_token_info(slot).unwrap().serial_number().to_owned();
        drop(session);
        library.finalize().unwrap();
        token(folder, "phiward");
        assert!(told(&good, PIN).contains("more than one slot"));
        let one = Pkcs11Place { serial: Some(serial.clone()), ..good.clone() };
        let pin = || PIN.as_bytes().to_vec().into();
        let root = Pkcs11Root::open(&one, pin(), Box::new(System)).unwrap();
        let key = root.make().unwrap();
        let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();
        let by_serial = Pkcs11Place { token: None, ..one.clone() };
        let root = Pkcs11Root::open(&by_serial, pin(), Box::new(System)).unwrap();
        assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);

        // SoftHSM takes the nonce that it is given: nothing was drawn, and that is noticed.
        let drawing = Pkcs11Place { token_draws: true, ..one };
        let root = Pkcs11Root::open(&drawing, pin(), Box::new(System)).unwrap();
        let told = root.wrap(key, b"label", &[7; 32]).unwrap_err().to_string();
        assert!(told.contains("drew no nonce"), "{told}");

        // The file of the PIN is its owner's alone, and holds one.
        use std::os::unix::fs::PermissionsExt as _;
        let pin = folder.join("pin");
        let serial = Place::Pkcs11(by_serial);
        std::fs::set_permissions(&pin, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(root::open(&serial, means()), Err(RootError::OpenToOthers { .. })));
        write_secret(&pin, "\n4711\n");
        assert!(matches!(root::open(&serial, means()), Err(RootError::Unreadable { .. })));
        std::fs::remove_file(&pin).unwrap();
        assert!(matches!(root::open(&serial, means()), Err(RootError::Io { .. })));
    });
}

#[test]
fn a_wrong_pin_is_tried_once() {
    with_tokens("a_wrong_pin_is_tried_once", |folder| {
        let Place::Pkcs11(place) = place(folder) else { panic!("no token") };
        let root = open(folder).unwrap();
        let key = root.make().unwrap();
        // The officer gives the token another PIN while the root is open, and the session ends.
        let (library, slot, session) = beside("phiward");
        session.set_pin(&PIN.into(), &"4711-new".into()).unwrap();
        drop(session);
        library.finalize().unwrap();
        for _ in 0..30 {
            let told = root.wrap(key, b"label", &[7; 32]).unwrap_err().to_string();
            assert!(told.contains("the PIN is wrong, and is not tried again"), "{told}");
        }
        let (library, ..) = beside_without_pin();
        let info = library.get_token_info(slot_of(&library, slot)).unwrap();
        assert!(!info.user_pin_locked());
        let new = b"4711-new".to_vec().into();
        let root = Pkcs11Root::open(&place, new, Box::new(System)).unwrap();
        assert!(root.wrap(key, b"label", &[7; 32]).is_ok());
    });
}

fn beside_without_pin() -> (Pkcs11, Vec<Slot>) {
    let library = Pkcs11::new(library()).unwrap();
    let _ = library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
    let slots = library.get_slots_with_initialized_token().unwrap();
    (library, slots)
}

fn slot_of(library: &Pkcs11, slot: Slot) -> Slot {
    let slots = library.get_slots_with_initialized_token().unwrap();
    slots.into_iter().find(|other| other.id() == slot.id()).unwrap()
}
