//! Who answers for what two people have to say: approvers that are pinned to the keys. Somebody with a bundle of their
//! own is none.

use journal::act::{KeyEvent, KeyKind, KeyStep, Person};
use journal::names::Approver;

use super::{Keeper, KeeperError};

impl Keeper {
    /// The approvers that are pinned to these keys, by their names.
    pub fn approvers(&self) -> Vec<String> {
        self.salts.approvers()
    }

    /// Pins approvers in the place of those before, of whom two say so. Where none are, two of the new ones do.
    pub async fn pin_approvers(
        &mut self,
        approvers: &[Approver],
        by: [&Person; 2],
    ) -> Result<(), KeeperError> {
        let people = by.map(Clone::clone).to_vec();
        let event = KeyEvent::new(KeyStep::ApproversPinned, KeyKind::Tenant, self.salts.id());
        let begun = self.tools.begin(KeyEvent { people, ..event }).await?;
        let mut those = self.salts.approvers();
        if those.is_empty() {
            those = approvers.iter().map(ToString::to_string).collect();
        }
        let done = are_two_of(&those, by).and_then(|()| Ok(self.salts.pin_approvers(approvers)?));
        self.tools.end(begun, done).await
    }

    /// Whether these two may say what two people have to.
    pub(super) fn may_answer(&self, by: [&Person; 2]) -> Result<(), KeeperError> {
        are_two_of(&self.salts.approvers(), by)
    }
}

fn are_two_of(approvers: &[String], by: [&Person; 2]) -> Result<(), KeeperError> {
    if by[0] == by[1] {
        return Err(KeeperError::Refused("two people have to say so, and these are one"));
    }
    if approvers.is_empty() {
        return Err(KeeperError::NoApprovers);
    }
    by.into_iter().try_for_each(|person| match person {
        Person::Approver(name) if approvers.contains(&name.to_string()) => Ok(()),
        Person::Approver(name) => Err(KeeperError::OtherApprover(name.to_string())),
        _ => Err(KeeperError::Refused("approvers say so, and nobody else")),
    })
}
