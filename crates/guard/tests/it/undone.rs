//! What is left of an act that did not come about.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use guard::keeper::{KeeperError, Tools};
use guard::ring::{RingError, SaltRing};
use guard::root::{FileRoot, Root, RootError, WrappingKey};
use guard::{DataKeys, GuardError, Keeper, KeyNumber, KeyState, KeysError, Unseen};
use journal::sample::Drawn;
use policy::vocabulary::Class;
use zeroize::Zeroizing;

use crate::keeper::{Place, approvers, ready};
use crate::keys::{TODAY, opens, sealed};
use crate::{lock, subject};

/// What a root is to do with what it is asked.
#[derive(Clone, Debug, Default)]
struct Mood {
    /// So many bytes are put before what it wraps.
    padding: usize,
    is_away: bool,
    /// No more keys than these are made.
    most: Option<usize>,
    destroys_nothing: bool,
    /// Somebody else makes this file while the second key is made.
    planted: Option<PathBuf>,
}

/// A root that says which wrapping keys it has, and does as it is told.
#[derive(Debug)]
struct Moody {
    root: FileRoot,
    there: Mutex<BTreeSet<WrappingKey>>,
    mood: Mutex<Mood>,
}

impl Moody {
    fn new(folder: &Path) -> Arc<Self> {
        let root = FileRoot::create(&folder.join("root"), lock(), Box::new(Drawn::new(1))).unwrap();
        Arc::new(Self { root, there: Mutex::default(), mood: Mutex::default() })
    }

    fn there(&self) -> usize {
        self.there.lock().unwrap().len()
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn mood(&self) -> Result<Mood, RootError> {
        let mood = self.mood.lock().unwrap().clone();
        if mood.is_away {
            let (place, what) = ("the root".to_owned(), "it is away".to_owned());
            return Err(RootError::Unavailable { place, what });
        }
        Ok(mood)
    }
}

impl Root for Moody {
    fn make(&self) -> Result<WrappingKey, RootError> {
        let mood = self.mood()?;
        if mood.most.is_some_and(|most| self.there() >= most) {
            return Err(GuardError::Module.into());
        }
        if let Some(path) = mood.planted.filter(|_| self.there() == 1) {
            std::fs::write(path, "of somebody else").unwrap();
        }
        let made = self.root.make()?;
        self.there.lock().unwrap().insert(made);
        Ok(made)
    }

    fn wrap(&self, key: WrappingKey, label: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, RootError> {
        let mut wrapped = vec![0; self.mood()?.padding];
        wrapped.extend(self.root.wrap(key, label, secret)?);
        Ok(wrapped)
    }

    fn unwrap(
        &self,
        key: WrappingKey,
        label: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, RootError> {
        self.mood()?;
        self.root.unwrap(key, label, &wrapped[wrapped.len() - 60..])
    }

    fn destroy(&self, key: WrappingKey) -> Result<(), RootError> {
        if self.mood()?.destroys_nothing {
            return Err(GuardError::Module.into());
        }
        self.there.lock().unwrap().remove(&key);
        self.root.destroy(key)
    }
}

fn data_keys(folder: &Path, root: &Arc<Moody>) -> Result<DataKeys, KeysError> {
    DataKeys::create(&folder.join("data-keys"), "harbor-clinic", root.clone(), Box::new(Drawn::new(2)))
}

#[test]
fn data_keys_are_not_written_longer_than_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = Moody::new(folder.path());
    let mut keys = data_keys(folder.path(), &root).unwrap();
    let number = keys.make(Class::Phi, TODAY).unwrap();
    keys.activate(number).unwrap();
    let before = std::fs::read(folder.path().join("data-keys")).unwrap();
    root.is(Mood { padding: 13 << 20, ..Mood::default() });
    let longer = keys.make(Class::Phi, TODAY);
    assert!(matches!(longer, Err(KeysError::TooLong { .. })), "{longer:?}");
    assert!(matches!(keys.rewrap(), Err(KeysError::TooLong { .. })));
    root.is(Mood::default());
    assert_eq!(std::fs::read(folder.path().join("data-keys")).unwrap(), before);
    assert_eq!((keys.status().len(), keys.status()[0].state, root.there()), (1, KeyState::Active, 1));
    keys.make(Class::Phi, TODAY).unwrap();
    drop(keys);
    let opened = DataKeys::open(&folder.path().join("data-keys"), root, Box::new(Drawn::new(3)));
    assert_eq!(opened.unwrap().status().len(), 2);
}

/// Makes the keys of a tenant under a root in some mood.
fn created(place: &Place, root: &Arc<Moody>) -> Result<Keeper, KeeperError> {
    let tools = Tools { root: root.clone(), ..place.tools("another") };
    ready(Keeper::create(place.places("keys"), "harbor-clinic", &approvers(), tools))
}

#[test]
fn keys_that_were_not_made_leave_nothing_under_the_root() {
    let place = Place::new();
    let root = Moody::new(place.folder.path());
    let is_there = |name: &str| place.path("keys").join(name).exists();
    // The ring of salts has no wrapping key.
    root.is(Mood { most: Some(1), ..Mood::default() });
    assert!(created(&place, &root).is_err());
    assert_eq!((root.there(), is_there("data-keys"), is_there("salts")), (0, false, false));
    // What was seen of both cannot be kept.
    root.is(Mood::default());
    std::fs::write(place.path("keys.seen"), "no folder").unwrap();
    assert!(created(&place, &root).is_err());
    assert_eq!((root.there(), is_there("data-keys"), is_there("salts")), (0, false, false));
    std::fs::remove_file(place.path("keys.seen")).unwrap();
    // What cannot be cleared away is named.
    root.is(Mood { most: Some(1), destroys_nothing: true, ..Mood::default() });
    let left = created(&place, &root).unwrap_err().to_string();
    let name = root.there.lock().unwrap().first().unwrap().to_string();
    assert!(left.contains(&format!("wrapping key {name}")) && left.contains("destroy it there"), "{left}");
    root.is(Mood::default());
    created(&place, &root).unwrap();
    assert_eq!(root.there(), 3);
}

#[test]
fn keys_whose_making_was_killed_are_made_again() {
    let place = Place::new();
    let root = Moody::new(place.folder.path());
    let open = || {
        let tools = Tools { root: root.clone(), ..place.tools("another") };
        ready(Keeper::open(place.places("keys"), Unseen::Refused, tools))
    };
    // Killed after the first file, and after the second: nothing was seen of them.
    for both in [false, true] {
        let keys = DataKeys::create(&place.places("keys").data_keys, "harbor-clinic", root.clone(), drawn(2));
        drop(keys.unwrap());
        if both {
            drop(SaltRing::create(&place.places("keys").salts, root.clone(), drawn(3)).unwrap());
        } else {
            let said = open().map(|_| ()).unwrap_err().to_string();
            assert!(said.contains("`keys init` was interrupted") && said.contains("init` again"), "{said}");
        }
        assert_eq!(root.there(), 1 + usize::from(both));
        drop(created(&place, &root).unwrap());
        assert_eq!(root.there(), 2, "nothing is left of the first");
        drop(open().unwrap());
        // What was made whole is not made again, though what was seen of it is lost.
        let seen = place.path("keys.seen");
        std::fs::rename(&seen, place.path("elsewhere")).unwrap();
        let again = created(&place, &root).map(|_| ()).unwrap_err();
        assert!(matches!(again, KeeperError::Ring(RingError::Exists { .. })), "{again}");
        std::fs::remove_file(place.path("keys/salts")).unwrap();
        let lost = created(&place, &root).map(|_| ()).unwrap_err();
        assert!(matches!(lost, KeeperError::Half { .. }), "{lost}");
        std::fs::rename(place.path("elsewhere"), &seen).unwrap();
        let lost = open().map(|_| ()).unwrap_err();
        assert!(matches!(lost, KeeperError::Half { .. }), "{lost}");
        std::fs::remove_dir_all(place.path("keys")).unwrap();
        std::fs::remove_dir_all(&seen).unwrap();
        let there = root.there.lock().unwrap().clone();
        there.into_iter().for_each(|key| root.destroy(key).unwrap());
    }
}

fn drawn(seed: u64) -> Box<Drawn> {
    Box::new(Drawn::new(seed))
}

#[test]
fn what_somebody_else_made_meanwhile_stays() {
    let place = Place::new();
    let root = Moody::new(place.folder.path());
    let theirs = place.path("keys").join("salts");
    root.is(Mood { planted: Some(theirs.clone()), ..Mood::default() });
    let refused = created(&place, &root);
    assert!(matches!(refused, Err(KeeperError::Ring(_))), "{refused:?}");
    assert_eq!(std::fs::read(&theirs).unwrap(), b"of somebody else");
    assert_eq!((root.there(), place.path("keys").join("data-keys").exists()), (0, false));
}

#[test]
fn while_the_root_is_away_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let root = Moody::new(folder.path());
    let mut keys = data_keys(folder.path(), &root).unwrap();
    let made: Vec<KeyNumber> = (0..2).map(|_| keys.make(Class::Phi, TODAY).unwrap()).collect();
    keys.activate(made[0]).unwrap();
    let text = sealed(&mut keys, Class::Phi);
    let before = std::fs::read(folder.path().join("data-keys")).unwrap();
    root.is(Mood { is_away: true, ..Mood::default() });
    for away in [keys.activate(made[1]), keys.set(made[0], KeyState::DecryptOnly), keys.rewrap()] {
        assert!(away.unwrap_err().to_string().contains("it is away"));
    }
    assert_eq!(std::fs::read(folder.path().join("data-keys")).unwrap(), before);
    assert!(opens(&keys, &text), "what is open goes on");
    assert_eq!(keys.active(Class::Phi).unwrap().number(), made[0]);
    root.is(Mood::default());
    keys.activate(made[1]).unwrap();
    let states = |keys: &DataKeys| keys.status().iter().map(|key| key.state).collect::<Vec<_>>();
    assert_eq!(states(&keys), [KeyState::DecryptOnly, KeyState::Active]);
    assert!(opens(&keys, &text));
}

#[test]
fn files_are_held_though_their_lock_files_were_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let root = Moody::new(folder.path());
    let mut keys = data_keys(folder.path(), &root).unwrap();
    let second = || DataKeys::open(&path("data-keys"), root.clone(), Box::new(Drawn::new(3)));
    let second_root = || FileRoot::open(&path("root"), lock(), Box::new(Drawn::new(4)));
    for is_replaced in [false, true] {
        if is_replaced {
            keys.make(Class::Phi, TODAY).unwrap();
            keys.rewrap().unwrap();
        }
        for name in ["data-keys.lock", "root.lock"] {
            std::fs::remove_file(path(name)).unwrap();
        }
        let used = second().unwrap_err().to_string();
        assert!(used.contains("another process uses it"), "{used}");
        assert!(second_root().unwrap_err().to_string().contains("another process uses it"));
    }
    drop(keys);
    second().unwrap();
}

#[test]
fn whoever_finds_a_file_in_use_waits_for_it_for_a_moment() {
    let folder = tempfile::tempdir().unwrap();
    let root = Moody::new(folder.path());
    let path = folder.path().join("data-keys");
    let keys = data_keys(folder.path(), &root).unwrap();
    let second = || DataKeys::open(&path, root.clone(), Box::new(Drawn::new(3))).map(|_| ());
    let used = second().unwrap_err().to_string();
    assert!(used.contains("another process uses it, and did so for 2 seconds"), "{used}");
    std::thread::scope(|scope| {
        let waits = scope.spawn(second);
        std::thread::sleep(std::time::Duration::from_millis(300));
        drop(keys);
        waits.join().unwrap().unwrap();
    });
}

#[test]
fn keys_are_kept_where_nobody_else_writes() {
    let place = Place::new();
    // The root lies elsewhere.
    let apart = tempfile::tempdir().unwrap();
    let root = apart.path().join("root").display().to_string();
    let approvers = approvers();
    let create =
        || ready(Keeper::create(place.places("keys"), "harbor-clinic", &approvers, place.tools(&root)));
    let open = || ready(Keeper::open(place.places("keys"), Unseen::Refused, place.tools(&root)));
    let mut keeper = create().unwrap();
    let backup = ready(keeper.back_up(&place.path("backups"))).unwrap();
    drop(keeper);
    place.said();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(&place.path("keys.seen")), mode(&backup)], [0o700; 2], "whatever the mask lets");
    let whole = place.folder.path();
    for (folder, with, private, how) in [
        (place.path("keys"), 0o770, 0o700, "chmod go-w"),
        (place.path("keys"), 0o757, 0o755, "chmod go-w"),
        (place.path("keys.seen"), 0o720, 0o700, "chmod go-w"),
        (whole.to_owned(), 0o777, 0o1777, "chmod o-w"),
    ] {
        may(&folder, with);
        let refused = open().map(|_| ()).unwrap_err();
        assert!(matches!(refused, KeeperError::OpenFolder(_)), "{refused}");
        let said = refused.to_string();
        assert!(said.contains(how) && said.contains(&folder.display().to_string()), "{said}");
        assert!(matches!(create(), Err(KeeperError::OpenFolder(_))));
        let restored = Keeper::restore(&backup, place.places("keys"), Unseen::Refused, place.tools(&root));
        assert!(matches!(ready(restored), Err(KeeperError::OpenFolder(_))));
        may(&folder, private);
        open().unwrap();
    }
    assert_eq!(place.said(), [""; 0]);
}

fn may(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_root_is_kept_where_nobody_else_writes() {
    let place = Place::new();
    let folder = place.path("roots");
    guard::durable::make_folder(&folder).unwrap();
    let path = folder.join("root");
    let create = |path: &Path| FileRoot::create(path, lock(), drawn(1)).map(|_| ());
    let open = || FileRoot::open(&path, lock(), drawn(2)).map(|_| ());
    create(&path).unwrap();
    let whole = place.folder.path();
    for (folder, with, private, how) in [
        (&*folder, 0o777, 0o700, "chmod go-w"),
        (&folder, 0o720, 0o755, "chmod go-w"),
        (whole, 0o777, 0o1777, "chmod o-w"),
    ] {
        may(folder, with);
        for refused in [open(), create(&path.with_file_name("other"))] {
            let refused = refused.unwrap_err();
            assert!(matches!(refused, RootError::OpenFolder(_)), "{refused}");
            let said = refused.to_string();
            assert!(said.contains(how) && said.contains("in the place of the root"), "{said}");
        }
        assert!(!path.with_file_name("other.lock").exists());
        may(folder, private);
        open().unwrap();
    }
}

#[test]
fn what_was_not_put_in_the_place_of_the_keys_leaves_no_wrapping_key() {
    let place = Place::new();
    let root = Moody::new(place.folder.path());
    let mut keeper = created(&place, &root).unwrap();
    keeper.salts().salts(&[subject(1), subject(2)]).unwrap();
    let before = root.there.lock().unwrap().clone();
    let beside = |name: &str| place.path("keys").join(format!(".{name}.new"));
    // Nothing can be put beside the ring, then beside the data keys.
    for (name, shreds) in [("salts", true), ("data-keys", false)] {
        std::fs::create_dir(beside(name)).unwrap();
        for _ in 0..3 {
            let failed = match shreds {
                true => ready(keeper.shred(&[subject(1)], None)).map(|_| ()),
                false => ready(keeper.rewrap()),
            };
            assert!(failed.is_err());
            assert_eq!(*root.there.lock().unwrap(), before, "{name}");
        }
        // One that cannot be destroyed is named.
        drop(keeper);
        keeper = opened(&place, &root);
        root.is(Mood { destroys_nothing: true, ..Mood::default() });
        let said = match shreds {
            true => ready(keeper.shred(&[subject(1)], None)).map(|_| ()),
            false => ready(keeper.rewrap()),
        };
        let said = said.unwrap_err().to_string();
        root.is(Mood::default());
        let left = root.there.lock().unwrap().difference(&before).copied().next().unwrap();
        assert!(
            said.contains(&format!("wrapping key {left}")) && said.contains("destroy it there"),
            "{said}"
        );
        root.destroy(left).unwrap();
        std::fs::remove_dir(beside(name)).unwrap();
        drop(keeper);
        keeper = opened(&place, &root);
    }
    ready(keeper.shred(&[subject(1)], None)).unwrap();
    ready(keeper.rewrap()).unwrap();
    assert_eq!(root.there(), before.len());
    drop(keeper);
    assert_eq!(opened(&place, &root).salts().counts(), (1, 1));
}

fn opened(place: &Place, root: &Arc<Moody>) -> Keeper {
    let tools = Tools { root: root.clone(), ..place.tools("another") };
    ready(Keeper::open(place.places("keys"), Unseen::Refused, tools)).unwrap()
}

/// Only who is `root` may give files away; others are not told apart here from who is not.
#[test]
fn a_root_in_another_users_folder_is_refused() {
    let place = Place::new();
    let folder = place.path("roots");
    guard::durable::make_folder(&folder).unwrap();
    if std::os::unix::fs::chown(&folder, Some(4711), None).is_err() {
        return;
    }
    let refused =
        FileRoot::create(&folder.join("root"), lock(), drawn(1)).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("belongs to another user") && refused.contains("`chown` it"), "{refused}");
}
