//! Where keys come from while values are sealed and opened.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use journal::Subject;
use policy::vocabulary::Class;

use crate::data_keys::KeysError;
use crate::keeper::Keeper;
use crate::key::{DataKey, KeyState};
use crate::seal::SubjectSalt;
use crate::token::{Handle, KeyNumber};

/// A person who was merged into another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Became {
    /// Whom their tokens are bound to.
    pub from: Subject,
    /// Who they are now.
    pub into: Subject,
}

/// The keys of one tenant, ready for use.
pub trait Keys: Send + Sync {
    /// Part of what every token is bound to.
    fn tenant(&self) -> &str;

    /// HMAC-SHA-256 by a key of these keys' own, which holds as long as they do: for what is kept beside the records.
    fn sum(&self, label: &[u8], of: &[u8]) -> Result<[u8; 32], KeysError>;

    /// Another number than before where somebody was merged or shredded since.
    fn written(&self) -> u64 {
        0
    }

    /// The key that seals for a class.
    fn active(&self, class: Class) -> Result<Arc<DataKey>, KeysError>;

    /// The key that opens what was sealed under a number.
    fn key(&self, number: KeyNumber) -> Result<Arc<DataKey>, KeysError>;

    /// Every key of a class under which something may stand, the active one first.
    fn all(&self, class: Class) -> Result<Vec<Arc<DataKey>>, KeysError>;

    /// The number of the key that seals for a class, where one does: for who seals nothing.
    fn sealing(&self, class: Class) -> Result<Option<KeyNumber>, KeysError> {
        let active = self.all(class)?.into_iter().find(|key| key.state() == KeyState::Active);
        Ok(active.map(|key| key.number()))
    }

    /// A key of the class that is disabled: what stands under it is there, and nobody finds it.
    fn disabled(&self, _class: Class) -> Result<Option<KeyNumber>, KeysError> {
        Ok(None)
    }

    /// What makes these people's keys, in order. Who had nothing has it now, and it is durable.
    fn salts(&self, subjects: &[&Subject]) -> Result<Vec<SubjectSalt>, KeysError>;

    /// What a token names by its handle; nothing where the person was shredded.
    fn salt(&self, handle: Handle) -> Result<Option<Arc<SubjectSalt>>, KeysError>;

    /// Whom the tokens of a handle are bound to, where that person was merged into another.
    fn merged(&self, _handle: Handle) -> Result<Option<Became>, KeysError> {
        Ok(None)
    }

    /// Whether somebody was merged into another, so that it is worth asking who a person is now.
    fn has_merged(&self) -> bool {
        true
    }

    /// Who a person is now, where they were merged into another.
    fn survivor(&self, _of: &Subject) -> Result<Option<Subject>, KeysError> {
        Ok(None)
    }

    /// Places of those who were shredded and have nothing now: nothing is sealed for them.
    fn forgotten(&self, _subjects: &[&Subject]) -> BTreeSet<usize> {
        BTreeSet::new()
    }

    /// Whether what a token names was destroyed, and not merely is not here.
    fn was_shredded(&self, _handle: Handle) -> bool {
        false
    }
}

/// Whom a token is bound to that stands in a row of this person.
///
/// A row may name either of two people who became one, and its token be bound to either: rows are moved and tokens are
/// bound anew one after the other, and all of them are read meanwhile.
pub(crate) fn bound_to(keys: &dyn Keys, handle: Handle, named: &Subject) -> Result<Subject, KeysError> {
    if let Some(Became { from, into }) = keys.merged(handle)?
        && (from == *named || into == *named || keys.survivor(named)?.as_ref() == Some(&into))
    {
        return Ok(from);
    }
    Ok(named.clone())
}

/// A tenant's kept keys in use, by several threads at once.
pub struct InUse {
    tenant: String,
    keeper: RwLock<Keeper>,
}

impl InUse {
    pub fn of(keeper: Keeper) -> Self {
        Self { tenant: keeper.tenant().to_owned(), keeper: RwLock::new(keeper) }
    }

    /// For an act on the keys while they are used: whoever looks a key up waits for it.
    pub fn keeper(&self) -> RwLockWriteGuard<'_, Keeper> {
        self.keeper.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> RwLockReadGuard<'_, Keeper> {
        self.keeper.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends their use: what was reserved of them and not used is given back.
    pub fn end(self) -> Result<(), KeysError> {
        self.keeper.into_inner().unwrap_or_else(PoisonError::into_inner).settle()
    }
}

impl fmt::Debug for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InUse").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl Keys for InUse {
    fn tenant(&self) -> &str {
        &self.tenant
    }

    fn sum(&self, label: &[u8], of: &[u8]) -> Result<[u8; 32], KeysError> {
        Ok(self.kept().salts().sum(label, of)?)
    }

    fn written(&self) -> u64 {
        self.kept().salts().written()
    }

    fn active(&self, class: Class) -> Result<Arc<DataKey>, KeysError> {
        let ready = self.kept().ready(class)?;
        match ready {
            Some(key) => Ok(key),
            None => self.keeper().active(class),
        }
    }

    fn key(&self, number: KeyNumber) -> Result<Arc<DataKey>, KeysError> {
        self.kept().key(number)
    }

    fn all(&self, class: Class) -> Result<Vec<Arc<DataKey>>, KeysError> {
        let keeper = self.kept();
        let status = keeper.status();
        let mut of_class: Vec<_> =
            status.iter().filter(|key| key.class == class && key.state.opens()).collect();
        of_class.sort_by_key(|key| (key.state != KeyState::Active, std::cmp::Reverse(key.number)));
        of_class.into_iter().map(|key| keeper.key(key.number)).collect()
    }

    fn disabled(&self, class: Class) -> Result<Option<KeyNumber>, KeysError> {
        let status = self.kept().status();
        let disabled = status.iter().find(|key| key.class == class && key.state == KeyState::Disabled);
        Ok(disabled.map(|key| key.number))
    }

    fn salts(&self, subjects: &[&Subject]) -> Result<Vec<SubjectSalt>, KeysError> {
        Ok(self.kept().salts().salts(subjects)?)
    }

    fn salt(&self, handle: Handle) -> Result<Option<Arc<SubjectSalt>>, KeysError> {
        Ok(self.kept().salts().by_handle(handle)?.map(Arc::new))
    }

    fn merged(&self, handle: Handle) -> Result<Option<Became>, KeysError> {
        let merged = self.kept().salts().merged(handle);
        Ok(merged.and_then(|merged| Some(Became { from: merged.from, into: merged.survivor? })))
    }

    fn has_merged(&self) -> bool {
        self.kept().salts().has_merged()
    }

    fn survivor(&self, of: &Subject) -> Result<Option<Subject>, KeysError> {
        Ok(self.kept().salts().survivor(of))
    }

    fn forgotten(&self, subjects: &[&Subject]) -> BTreeSet<usize> {
        self.kept().salts().forgotten(subjects)
    }

    fn was_shredded(&self, handle: Handle) -> bool {
        self.kept().salts().was_shredded(handle)
    }
}
