//! Data keys in their file, and what wraps them.

use std::path::Path;
use std::sync::Arc;

use guard::keeper::Declared;
use guard::root::{FileRoot, Root, RootError};
use guard::vault::Lock;
use guard::{Binding, DataKeys, FieldCipher, GuardError, KeyState, KeysError, Token};
use jiff::civil::{Date, date};
use journal::sample::Drawn;
use policy::vocabulary::Class;
use source::Source;

use crate::crash::Snapping;
use crate::{lock, salt, sealer, subject};

pub(crate) const TODAY: Date = date(2026, 11, 27);

fn root(folder: &Path) -> Result<Arc<FileRoot>, RootError> {
    FileRoot::open(&folder.join("root"), lock(), Box::new(Drawn::new(5))).map(Arc::new)
}

fn create(folder: &Path) -> DataKeys {
    let root = FileRoot::create(&folder.join("root"), lock(), Box::new(Drawn::new(1))).unwrap();
    DataKeys::create(&folder.join("keys"), "harbor-clinic", Arc::new(root), Box::new(Drawn::new(2))).unwrap()
}

fn open(folder: &Path) -> Result<DataKeys, KeysError> {
    DataKeys::open(&folder.join("keys"), root(folder).unwrap(), Box::new(Drawn::new(6)))
}

/// An approver of a bundle that has such a one.
pub(crate) fn approver(id: &str) -> Declared {
    approver_called(id, "Somebody", "privacy-officer")
}

pub(crate) fn approver_called(id: &str, name: &str, role: &str) -> Declared {
    let people = format!("{{id: {id}, name: {name}, role: {role}}}");
    let text = format!("approvers: {{required: 1, people: [{people}]}}\n");
    let (policy, _) = policy::read(vec![Source::new("phiward.yaml", text)]);
    Declared::of(&policy, id).unwrap()
}

pub(crate) fn two_people() -> [Declared; 2] {
    ["ada", "ben"].map(approver)
}

/// A token under the active key of a class.
pub(crate) fn sealed(keys: &mut DataKeys, class: Class) -> String {
    let (person, mut text) = (subject(7), String::new());
    let key = keys.active(class).unwrap();
    let cipher = FieldCipher::of_subject(&key, &salt(1)).unwrap();
    let bound = Binding { tenant: keys.tenant(), field: "ssn", subject: Some(&person) };
    sealer(3).seal(&cipher, &bound, "123-45-6789", &mut text).unwrap();
    text
}

pub(crate) fn opens(keys: &DataKeys, text: &str) -> bool {
    let (person, token) = (subject(7), Token::parse(text).unwrap());
    let Ok(key) = keys.key(token.key()) else { return false };
    let cipher = FieldCipher::of_subject(&key, &salt(1)).unwrap();
    let bound = Binding { tenant: keys.tenant(), field: "ssn", subject: Some(&person) };
    sealer(3).open(&cipher, &bound, &token).is_ok()
}

#[test]
fn keys_live_and_die_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = create(folder.path());
    assert!(matches!(keys.active(Class::Phi), Err(KeysError::Guard(GuardError::NoActiveKey(Class::Phi)))));
    let first = keys.make(Class::Phi, TODAY).unwrap();
    let other = keys.make(Class::PhiSensitive, TODAY).unwrap();
    assert!(keys.active(Class::Phi).is_err(), "a pending key seals nothing");
    keys.activate(first).unwrap();
    keys.activate(other).unwrap();
    let (old, sensitive) = (sealed(&mut keys, Class::Phi), sealed(&mut keys, Class::PhiSensitive));
    let second = keys.make(Class::Phi, TODAY).unwrap();
    keys.activate(second).unwrap();
    let new = sealed(&mut keys, Class::Phi);
    assert_ne!(Token::parse(&old).unwrap().key(), Token::parse(&new).unwrap().key());
    drop(keys);
    let mut keys = open(folder.path()).unwrap();
    assert!([&old, &new, &sensitive].into_iter().all(|text| opens(&keys, text)));
    let states: Vec<KeyState> = keys.status().iter().map(|key| key.state).collect();
    assert_eq!(states, [KeyState::DecryptOnly, KeyState::Active, KeyState::Active]);
    // Nothing that opens is destroyed, nobody destroys alone, and nothing comes back.
    let [ada, ben] = two_people().map(|one| one.person());
    assert!(matches!(keys.destroy(first, [&ada, &ben]), Err(KeysError::State { .. })));
    keys.set(first, KeyState::Disabled).unwrap();
    assert!(!opens(&keys, &old));
    keys.set(first, KeyState::DecryptOnly).unwrap();
    assert!(opens(&keys, &old));
    keys.set(first, KeyState::Disabled).unwrap();
    assert!(matches!(keys.destroy(first, [&ada, &ada]), Err(KeysError::Refused(_))));
    assert!(keys.set(first, KeyState::Destroyed).is_err());
    keys.destroy(first, [&ada, &ben]).unwrap();
    for state in KeyState::ALL {
        assert!(keys.set(first, state).is_err());
    }
    drop(keys);
    let mut keys = open(folder.path()).unwrap();
    assert!(!opens(&keys, &old) && opens(&keys, &new) && opens(&keys, &sensitive));
    assert_eq!(keys.status()[0].state, KeyState::Destroyed);
    assert_eq!(keys.make(Class::Phi, TODAY).unwrap().get(), 3, "a number is given once");
}

#[test]
fn no_seal_is_counted_twice_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = create(folder.path());
    let number = keys.make(Class::Phi, TODAY).unwrap();
    keys.activate(number).unwrap();
    sealed(&mut keys, Class::Phi);
    let reserved = keys.status()[0].seals;
    assert!(reserved > 1);
    drop(keys);
    // What was reserved may have been used: it is not given again.
    let mut keys = open(folder.path()).unwrap();
    assert_eq!(keys.status()[0].seals, reserved);
    let held = keys.key(number).unwrap();
    let cipher = FieldCipher::of_field(&held, "note").unwrap();
    let bound = Binding { tenant: "harbor-clinic", field: "note", subject: None };
    let unreserved = sealer(1).seal(&cipher, &bound, "a", &mut String::new());
    assert_eq!(unreserved, Err(GuardError::NotReserved(number)));
    sealed(&mut keys, Class::Phi);
    assert!(keys.status()[0].seals > reserved);
    // What ends in order gives back what it did not use, and seals no more.
    let key = keys.active(Class::Phi).unwrap();
    let used = key.seals();
    keys.settle().unwrap();
    assert_eq!(keys.status()[0].seals, used);
    let cipher = FieldCipher::of_field(&key, "a").unwrap();
    let after = sealer(1).seal(&cipher, &bound, "a", &mut String::new());
    assert_eq!(after, Err(GuardError::NotReserved(number)));
}

#[test]
fn old_copies_do_not_open_once_all_is_wrapped_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = create(folder.path());
    let number = keys.make(Class::Phi, TODAY).unwrap();
    keys.activate(number).unwrap();
    let text = sealed(&mut keys, Class::Phi);
    let path = folder.path().join("keys");
    let copy = std::fs::read(&path).unwrap();
    keys.rewrap().unwrap();
    assert!(opens(&keys, &text));
    drop(keys);
    assert!(opens(&open(folder.path()).unwrap(), &text));
    let rewrapped = std::fs::read(&path).unwrap();
    std::fs::write(&path, &copy).unwrap();
    assert!(matches!(open(folder.path()), Err(KeysError::Root(RootError::Missing(_)))));
    std::fs::write(&path, &rewrapped).unwrap();
    assert!(open(folder.path()).is_ok());
}

#[test]
fn a_crash_before_the_old_wrapping_key_was_destroyed_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = create(folder.path());
    let number = keys.make(Class::Phi, TODAY).unwrap();
    keys.activate(number).unwrap();
    let text = sealed(&mut keys, Class::Phi);
    let (path, root_path) = (folder.path().join("keys"), folder.path().join("root"));
    let copy = std::fs::read(&path).unwrap();
    drop(keys);
    let stubborn = FileRoot::open(&root_path, lock(), Box::new(Drawn::new(7))).map(Stubborn).unwrap();
    let mut keys = DataKeys::open(&path, Arc::new(stubborn), Box::new(Drawn::new(8))).unwrap();
    assert!(matches!(keys.rewrap(), Err(KeysError::Root(_))));
    assert!(std::fs::read_to_string(&path).unwrap().contains("\nretiring "));
    drop(keys);
    let keys = open(folder.path()).unwrap();
    assert!(opens(&keys, &text));
    drop(keys);
    assert!(!std::fs::read_to_string(&path).unwrap().contains("retiring"));
    std::fs::write(&path, copy).unwrap();
    assert!(open(folder.path()).is_err());
}

#[test]
fn a_file_that_does_not_count_its_writings_is_of_generation_zero() {
    use aws_lc_rs::hmac;
    use base64::Engine as _;
    use journal::Rng as _;
    let folder = tempfile::tempdir().unwrap();
    let mut keys = create(folder.path());
    keys.make(Class::Phi, TODAY).unwrap();
    drop(keys);
    // The file's own key is the first that it drew.
    let mut own = [0; 32];
    Drawn::new(2).fill(&mut own);
    let path = folder.path().join("keys");
    let text = std::fs::read_to_string(&path).unwrap();
    let is_old = |line: &&str| !line.starts_with("written ") && !line.starts_with("sum ");
    let lines: String = text.lines().filter(is_old).map(|line| format!("{line}\n")).collect();
    let sum = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &own), lines.as_bytes());
    let sum = base64::engine::general_purpose::STANDARD.encode(sum);
    std::fs::write(&path, format!("{lines}sum {sum}\n")).unwrap();
    let mut keys = open(folder.path()).unwrap();
    assert_eq!(keys.status().len(), 1);
    keys.make(Class::Phi, TODAY).unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().contains("\nwritten 1\n"));
}

#[test]
fn whatever_a_destruction_is_interrupted_at_a_key_is_there_or_gone_from_every_copy() {
    let mut outcomes = [0, 0];
    for fails in 0..14 {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = create(folder.path());
        let texts = [Class::Phi, Class::PhiSensitive].map(|class| {
            let number = keys.make(class, TODAY).unwrap();
            keys.activate(number).unwrap();
            sealed(&mut keys, class)
        });
        let first = Token::parse(&texts[0]).unwrap().key();
        keys.set(first, KeyState::Disabled).unwrap();
        drop(keys);
        let old = std::fs::read(folder.path().join("keys")).unwrap();
        let root = Arc::new(Snapping::new(root(folder.path()).unwrap(), folder.path(), fails));
        let [ada, ben] = two_people().map(|one| one.person());
        let _ = DataKeys::open(&folder.path().join("keys"), root.clone(), Box::new(Drawn::new(40)))
            .and_then(|mut keys| keys.destroy(first, [&ada, &ben]));
        let mut states = root.states();
        let snaps = Arc::into_inner(root).unwrap().end();
        states.push(folder.path().to_owned());
        for state in states {
            let mut keys = open(&state).unwrap();
            assert!(opens(&keys, &texts[1]), "the other key is there");
            let gone = keys.status()[0].state == KeyState::Destroyed;
            if !gone {
                keys.set(first, KeyState::DecryptOnly).unwrap();
                assert!(opens(&keys, &texts[0]));
            }
            drop(keys);
            std::fs::write(state.join("keys"), &old).unwrap();
            assert_eq!(open(&state).is_err(), gone, "an older copy opens as long as the key is there");
            outcomes[usize::from(gone)] += 1;
        }
        drop(snaps);
    }
    assert!(outcomes[0] > 20 && outcomes[1] > 4, "{outcomes:?}");
}

/// A root that destroys nothing.
#[derive(Debug)]
struct Stubborn(FileRoot);

impl Root for Stubborn {
    fn make(&self) -> Result<guard::root::WrappingKey, RootError> {
        self.0.make()
    }

    fn wrap(
        &self,
        key: guard::root::WrappingKey,
        label: &[u8],
        secret: &[u8; 32],
    ) -> Result<Vec<u8>, RootError> {
        self.0.wrap(key, label, secret)
    }

    fn unwrap(
        &self,
        key: guard::root::WrappingKey,
        label: &[u8],
        wrapped: &[u8],
    ) -> Result<zeroize::Zeroizing<[u8; 32]>, RootError> {
        self.0.unwrap(key, label, wrapped)
    }

    fn destroy(&self, key: guard::root::WrappingKey) -> Result<(), RootError> {
        Err(RootError::Missing(key))
    }
}

#[test]
fn every_byte_of_the_file_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = create(folder.path());
    for class in [Class::Phi, Class::PhiSensitive] {
        let number = keys.make(class, TODAY).unwrap();
        keys.activate(number).unwrap();
    }
    drop(keys);
    let path = folder.path().join("keys");
    let whole = std::fs::read(&path).unwrap();
    let root = root(folder.path()).unwrap();
    for at in 0..whole.len() {
        for bit in [0, 3, 6] {
            let mut turned = whole.clone();
            turned[at] ^= 1 << bit;
            std::fs::write(&path, &turned).unwrap();
            let opened = DataKeys::open(&path, root.clone(), Box::new(Drawn::new(1)));
            assert!(opened.is_err(), "byte {at}, bit {bit}");
        }
        std::fs::write(&path, &whole[..at]).unwrap();
        assert!(DataKeys::open(&path, root.clone(), Box::new(Drawn::new(1))).is_err(), "cut at {at}");
    }
}

#[test]
fn neither_file_shows_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut keys = create(folder.path());
    let number = keys.make(Class::Phi, TODAY).unwrap();
    keys.activate(number).unwrap();
    let other = FileRoot::open(
        &folder.path().join("root"),
        Lock::KeyFile(zeroize::Zeroizing::new(vec![8; 32])),
        Box::new(Drawn::new(1)),
    );
    assert!(other.is_err());
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("root"), mode("keys")), (0o600, 0o600));
    assert!(!format!("{keys:?}").contains('['));
}
