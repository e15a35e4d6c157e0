//! Shreddings that a copy undid which was put back: they are open until they are done again.

use jiff::civil::Date;
use journal::Number;
use journal::act::{KeyEvent, KeyKind, KeyReason, KeyStep};

use super::{Declared, Keeper, KeeperError};
use crate::ring::RingError;
use crate::token::Handle;

impl Keeper {
    /// When a copy was put back, while people may be open again who were shredded after it was made.
    pub fn reopened(&self) -> Option<Date> {
        self.salts.reopened()
    }

    /// Everybody is shredded here whom a ledger names that tells of these keys from their first day. Where somebody of
    /// them is there, nothing is settled.
    pub async fn shreddings_held(&mut self, shredded: &[Handle]) -> Result<(), KeeperError> {
        let event = self.settled();
        let keys = Some(Number::of(shredded.len() as u64));
        let begun = self.tools.begin(KeyEvent { keys, ..event }).await?;
        let done = match self.salts.there(shredded).len() {
            0 => self.salts.shreddings_settled().map_err(KeeperError::from),
            _ => Err(RingError::Refused("somebody who was shredded is open again: shred them first").into()),
        };
        self.tools.end(begun, done).await
    }

    /// Whoever was shredded after the copy was made is settled otherwise than by a ledger, for a reason that two people
    /// give.
    pub async fn shreddings_accepted(
        &mut self,
        reason: KeyReason,
        by: [&Declared; 2],
    ) -> Result<(), KeeperError> {
        let people = by.map(Declared::person).to_vec();
        let event = KeyEvent { people, reason: Some(reason), ..self.settled() };
        let begun = self.tools.begin(event).await?;
        let done = self.may_answer(by).and_then(|()| Ok(self.salts.shreddings_settled()?));
        self.tools.end(begun, done).await
    }

    fn settled(&self) -> KeyEvent {
        KeyEvent::new(KeyStep::ShreddingsSettled, KeyKind::Tenant, self.salts.id())
    }
}
