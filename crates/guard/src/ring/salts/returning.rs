//! Whoever was shredded, and stands in a file again.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use journal::Subject;

use super::SaltRing;

impl SaltRing {
    /// Places of those who were shredded and have no salt now: an older export brings them back. Nobody is told who was
    /// shredded but by whoever names them.
    pub fn forgotten(&self, subjects: &[impl Borrow<Subject>]) -> BTreeSet<usize> {
        if self.welcomes() { BTreeSet::new() } else { self.store.forgotten(subjects) }
    }

    /// From now on whoever was shredded gets a new salt, as somebody says that they are back.
    pub fn welcome(&self) {
        self.welcomes.store(true, Ordering::Relaxed);
    }

    pub(super) fn welcomes(&self) -> bool {
        self.welcomes.load(Ordering::Relaxed)
    }
}
