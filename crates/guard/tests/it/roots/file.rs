use std::cell::Cell;

use guard::root::{self, Place, RootError};
use guard::vault::Lock;

use super::{contract, is_refused, means};

#[test]
fn a_file_keeps_keys() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("root"));
    let is_new = Cell::new(true);
    let lock = || Lock::KeyFile(vec![9; 32].into());
    contract(
        &|| {
            let means = root::Means { lock: lock(), ..means() };
            let made =
                if is_new.replace(false) { root::create(&place, means) } else { root::open(&place, means) };
            made.unwrap()
        },
        &is_refused,
    );
    assert!(
        matches!(root::create(&place, means()), Err(RootError::Io { .. })),
        "one is never made over another"
    );
    let missing = Place::File(folder.path().join("missing"));
    assert!(matches!(root::open(&missing, means()), Err(RootError::Io { .. })));
}
