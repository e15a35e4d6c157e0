//! Shreddings that a copy undid which was put back: they are open until they are done again.

use jiff::civil::Date;
use journal::Number;
use journal::act::{KeyEvent, KeyKind, KeyReason, KeyStep};

use super::{Declared, Keeper, KeeperError};
use crate::ring::{Accepted, RingError};
use crate::token::Handle;

impl Keeper {
    /// When a copy was put back, while people may be open again who were shredded after it was made.
    pub fn reopened(&self) -> Option<Date> {
        self.salts.reopened()
    }

    /// Why they are not held against a ledger, where two people said so.
    pub fn accepted(&self) -> Option<Accepted> {
        self.salts.accepted()
    }

    /// Everybody is shredded here whom a ledger names that tells of these keys from their first day. Where somebody of
    /// them is there, nothing is settled.
    pub async fn shreddings_held(&mut self, shredded: &[Handle]) -> Result<(), KeeperError> {
        let event = self.of_shreddings(KeyStep::ShreddingsSettled);
        let keys = Some(Number::of(shredded.len() as u64));
        let begun = self.tools.begin(KeyEvent { keys, ..event }).await?;
        let done = match self.salts.there(shredded).len() {
            0 => self.salts.shreddings_settled().map_err(KeeperError::from),
            _ => Err(RingError::Refused("somebody who was shredded is open again: shred them first").into()),
        };
        self.tools.end(begun, done).await
    }

    /// Whoever was shredded after the copy was made is settled otherwise than by a ledger, for a reason that two people
    /// give; and so are those whom a ledger names though no copy was put back since.
    pub async fn shreddings_accepted(
        &mut self,
        reason: KeyReason,
        named: &[Handle],
        by: [&Declared; 2],
    ) -> Result<(), KeeperError> {
        let people = by.map(Declared::person).to_vec();
        let event = self.of_shreddings(KeyStep::ShreddingsAccepted);
        let begun = self.tools.begin(KeyEvent { people, reason: Some(reason), ..event }).await?;
        let accepted = Accepted { at: self.tools.clock.now(), reason };
        let done = self.may_answer(by).and_then(|()| Ok(self.salts.shreddings_accepted(accepted, named)?));
        self.tools.end(begun, done).await
    }

    fn of_shreddings(&self, step: KeyStep) -> KeyEvent {
        KeyEvent::new(step, KeyKind::Tenant, self.salts.id())
    }
}
