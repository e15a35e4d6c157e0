//! What a permit was turned into: the only form in which guard hands out what it made.

use jiff::Timestamp;
use policy::Permit;
use policy::vocabulary::Action;

use crate::error::GuardError;

/// Something that one permit covers, with what was done recorded beside it. Nobody makes one but guard, and nobody
/// comes by what is in it after the permit has ended.
#[derive(Debug)]
#[must_use]
pub struct Released<T> {
    body: T,
    permit: Permit,
}

impl<T> Released<T> {
    pub(crate) const fn new(body: T, permit: Permit) -> Self {
        Self { body, permit }
    }

    /// By what it was allowed: for the entry that tells of it.
    pub const fn permit(&self) -> &Permit {
        &self.permit
    }

    /// What is in it: for what is told of it, in this crate.
    pub(crate) const fn body(&self) -> &T {
        &self.body
    }

    /// What is in it, to be used up: it was recorded, and the permit still holds.
    pub fn release(self, now: Timestamp) -> Result<T, GuardError> {
        in_force(&self.permit, now)?;
        Ok(self.body)
    }
}

pub(crate) fn in_force(permit: &Permit, now: Timestamp) -> Result<(), GuardError> {
    if now < permit.decided() || now >= permit.expires() {
        return Err(GuardError::PermitEnded);
    }
    Ok(())
}

/// Whether the permit is for that.
pub(crate) fn is_for(permit: &Permit, actions: &[Action]) -> Result<(), GuardError> {
    if actions.contains(&permit.action()) { Ok(()) } else { Err(GuardError::OtherPermit) }
}
