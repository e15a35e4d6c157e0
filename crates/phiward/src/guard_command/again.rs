//! Who is let back in by `guard seal --again`, and on whose word.

use guard::ring::Welcome;
use journal::names::{Digest, Identity};
use journal::{Act, Entry, RecordError};

use super::rows::Mandate;
use crate::ledger_command::text;
use crate::outside::{SystemClock, SystemRng};

/// Entries in one call of the ledger.
const AT_ONCE: usize = 1000;

/// Records people who were shredded and are sealed for again, with who says that they are back.
pub(super) fn welcome(job: &Mandate, who: &str) -> Result<Welcome, String> {
    let who = Identity::declared(&job.policy, who).map_err(text)?;
    let (ledger, org) = (job.ledger.clone(), job.org.clone());
    let policy = Digest::of_policy(job.policy.digest());
    Ok(Box::new(move |events, outcome, correlation| {
        let Some(ledger) = &ledger else { return Ok(()) };
        let entry = |event| {
            let mut entry = Entry::new(Act::KeyEvent(event), outcome, &SystemClock, &mut SystemRng::new());
            (entry.who, entry.org) = (Some(who.clone()), Some(org.clone()));
            (entry.policy, entry.correlation) = (Some(policy), Some(correlation));
            entry
        };
        let entries: Vec<Entry> = events.into_iter().map(entry).collect();
        for run in entries.chunks(AT_ONCE) {
            ledger.append(run).map_err(|error| RecordError::Unavailable(error.to_string()))?;
        }
        Ok(())
    }))
}
