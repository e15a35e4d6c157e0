//! Where keys come from while values are sealed and opened.

use std::sync::Arc;

use journal::Subject;
use policy::vocabulary::Class;

use crate::data_keys::KeysError;
use crate::key::DataKey;
use crate::seal::SubjectSalt;
use crate::token::{Handle, KeyNumber};

/// The keys of one tenant, ready for use.
pub trait Keys: Send + Sync {
    /// Part of what every token is bound to.
    fn tenant(&self) -> &str;

    /// The key that seals for a class.
    fn active(&self, class: Class) -> Result<Arc<DataKey>, KeysError>;

    /// The key that opens what was sealed under a number.
    fn key(&self, number: KeyNumber) -> Result<Arc<DataKey>, KeysError>;

    /// Every key of a class under which something may stand, the active one first.
    fn all(&self, class: Class) -> Result<Vec<Arc<DataKey>>, KeysError>;

    /// What makes these people's keys, in order. Who had nothing has it now, and it is durable.
    fn salts(&self, subjects: &[Subject]) -> Result<Vec<Arc<SubjectSalt>>, KeysError>;

    /// What a token names by its handle; nothing where the person was shredded.
    fn salt(&self, handle: Handle) -> Result<Option<Arc<SubjectSalt>>, KeysError>;
}
