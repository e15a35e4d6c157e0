//! Who answers for what two people have to say: approvers that are pinned to the keys. Somebody with a bundle of their
//! own is none, and neither is who got a pinned approver's id in a bundle that was changed.

use aws_lc_rs::digest::{Context, SHA256};
use journal::act::{KeyEvent, KeyKind, KeyStep, Person};
use journal::names::{Approver, Unfit};
use policy::Policy;

use super::{Keeper, KeeperError};

/// An approver as a bundle declares them. An id is pinned with a digest of who has it: a bundle can give it to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    approver: Approver,
    is: String,
}

impl Declared {
    pub fn of(policy: &Policy, id: &str) -> Result<Self, Unfit> {
        let approver = Approver::declared(policy, id)?;
        let all = policy.approvers().into_iter().flat_map(|all| &all.people);
        let mut context = Context::new(&SHA256);
        context.update(b"phiward-approver-1\0");
        for one in all.filter(|one| one.id.as_str() == id) {
            for part in [id, &one.name, one.role.as_deref().unwrap_or_default()] {
                context.update(&(part.len() as u64).to_be_bytes());
                context.update(part.as_bytes());
            }
        }
        let digest = context.finish();
        let is = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { approver, is })
    }

    /// As entries name them.
    pub fn person(&self) -> Person {
        Person::Approver(self.approver.clone())
    }

    /// As a ring keeps them.
    pub(super) fn pin(&self) -> String {
        format!("{}={}", self.approver, self.is)
    }
}

/// The id of a pin, and the digest of who it is; nothing in one of an earlier release.
fn parts(pin: &str) -> (&str, Option<&str>) {
    pin.split_once('=').map_or((pin, None), |(id, is)| (id, Some(is)))
}

impl Keeper {
    /// The approvers that are pinned to these keys, by their names.
    pub fn approvers(&self) -> Vec<String> {
        self.salts.approvers().iter().map(|pin| parts(pin).0.to_owned()).collect()
    }

    /// Whether some are pinned by their ids alone, as an earlier release did it.
    pub fn pins_ids_alone(&self) -> bool {
        self.salts.approvers().iter().any(|pin| parts(pin).1.is_none())
    }

    /// Pins approvers in the place of those before, of whom two say so. Where none are, two of the new ones do.
    pub async fn pin_approvers(
        &mut self,
        approvers: &[Declared],
        by: [&Declared; 2],
    ) -> Result<(), KeeperError> {
        let people = by.map(Declared::person).to_vec();
        let event = KeyEvent::new(KeyStep::ApproversPinned, KeyKind::Tenant, self.salts.id());
        let begun = self.tools.begin(KeyEvent { people, ..event }).await?;
        let next: Vec<String> = approvers.iter().map(Declared::pin).collect();
        let mut those = self.salts.approvers();
        if those.is_empty() {
            those.clone_from(&next);
        }
        let done = are_two_of(&those, by).and_then(|()| Ok(self.salts.pin_approvers(next)?));
        self.tools.end(begun, done).await
    }

    /// Whether these two may say what two people have to.
    pub(super) fn may_answer(&self, by: [&Declared; 2]) -> Result<(), KeeperError> {
        are_two_of(&self.salts.approvers(), by)
    }
}

fn are_two_of(pins: &[String], by: [&Declared; 2]) -> Result<(), KeeperError> {
    if by[0].approver == by[1].approver {
        return Err(KeeperError::Refused("two people have to say so, and these are one"));
    }
    if pins.is_empty() {
        return Err(KeeperError::NoApprovers);
    }
    by.into_iter().try_for_each(|Declared { approver, is }| {
        let id = approver.to_string();
        match pins.iter().map(|pin| parts(pin)).find(|(pinned, _)| *pinned == id) {
            None => Err(KeeperError::OtherApprover(id)),
            Some((_, Some(pinned))) if pinned != is => Err(KeeperError::OtherPerson(id)),
            Some(_) => Ok(()),
        }
    })
}

#[cfg(test)]
mod tests {
    use source::Source;

    use super::*;

    #[test]
    fn ids_that_an_earlier_release_pinned_alone_count() {
        let people = "[{id: ada, name: Ada}, {id: ben, name: Ben}]";
        let text = format!("approvers: {{required: 1, people: {people}}}\n");
        let (policy, _) = policy::read(vec![Source::new("phiward.yaml", text)]);
        let [ada, ben] = ["ada", "ben"].map(|id| Declared::of(&policy, id).unwrap());
        let pins = ["ada", "ben"].map(str::to_owned);
        are_two_of(&pins, [&ada, &ben]).unwrap();
        assert!(are_two_of(&pins, [&ada, &ada]).is_err() && are_two_of(&pins[1..], [&ada, &ben]).is_err());
        are_two_of(&[ada.pin(), ben.pin()], [&ada, &ben]).unwrap();
    }
}
