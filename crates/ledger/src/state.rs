//! What a ledger's own entries say of it: holds, how long what is kept, what was deleted, its directory.

use std::collections::BTreeMap;

use journal::act::{ConfigurationChange, Room, Setting};
use journal::names::Digest;
use journal::{Act, Entry, Retained};
use tlog::{Source, WIDTH};

use crate::error::LedgerError;
use crate::retention::Hold;
use crate::shard::Shard;
use crate::stored::{self, Bundle, Leaves};

/// Stands in every act of the ledger on itself, and in few others: entries are canonical, and hold no free text.
const WORD: &[u8] = br#""act":{"configuration-change":"#;

/// The sum of the home log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub holds: Vec<Hold>,
    /// Classes that were set to be kept for so many days.
    pub days: BTreeMap<Retained, u32>,
    /// Runs of leaves whose entries were deleted, of a shard or of the home log itself.
    pub deleted: Vec<(Option<Shard>, Leaves)>,
    /// The newest directory.
    pub directory: Option<Digest>,
    /// The home log itself takes no more entries.
    pub sealed: bool,
    /// Runs of entries of the home log that are not there, and that no entry says were deleted.
    pub missing: Vec<Leaves>,
}

impl State {
    /// Reads a home log of `size` entries. The ledger's own entries are never deleted, so that what was deleted said
    /// nothing of this; of what is missing otherwise nobody knows: see [`State::is_whole`].
    pub fn read(home: &dyn Source, size: u64) -> Result<Self, LedgerError> {
        let (mut state, mut gone) = (Self::default(), Vec::new());
        let word = memchr::memmem::Finder::new(WORD);
        for at in 0..size.div_ceil(WIDTH) {
            let entries = match stored::bundle(home, at, size)? {
                Bundle::There(entries) => entries,
                Bundle::Gone(leaves) => {
                    stored::join(&mut gone, at * WIDTH..at * WIDTH + leaves.len() as u64);
                    continue;
                }
            };
            for (index, bytes) in (at * WIDTH..).zip(&entries) {
                if word.find(bytes).is_some() {
                    state.take(&stored::read(index, bytes)?);
                }
            }
        }
        let said = state.deleted_of(None);
        state.missing = gone.iter().flat_map(|run| stored::uncovered(run, &said)).collect();
        Ok(state)
    }

    /// Refuses what somebody took entries from: a hold or a list may have stood in them.
    pub fn is_whole(&self) -> Result<(), LedgerError> {
        match self.missing.first() {
            Some(run) => Err(missing(run)),
            None => Ok(()),
        }
    }

    /// Takes in one more entry.
    pub fn take(&mut self, entry: &Entry) {
        let Some(change) = own(entry) else { return };
        match change.setting {
            Setting::HoldSet => self.holds.extend(change.id.map(|id| Hold {
                id,
                class: change.class,
                region: change.region.clone(),
            })),
            Setting::HoldLifted => self.holds.retain(|hold| Some(hold.id) != change.id),
            Setting::RetentionSet => {
                let days = change.days.and_then(|days| u32::try_from(days.get()).ok());
                if let (Some(class), Some(days)) = (change.class, days) {
                    self.days.insert(class, days);
                }
            }
            Setting::EntriesDeleted => {
                let run = change.leaves.as_ref().map(|leaves| leaves.first.get()..leaves.end.get());
                self.deleted.extend(run.map(|run| (shard_of(change), run)));
            }
            Setting::DirectoryChanged => self.directory = change.after.or(self.directory),
            Setting::LogSealed if shard_of(change).is_none() => self.sealed = true,
            _ => {}
        }
    }

    /// What was deleted of one log.
    pub fn deleted_of(&self, shard: Option<&Shard>) -> Vec<Leaves> {
        let of = |(own, run): &(Option<Shard>, Leaves)| (own.as_ref() == shard).then(|| run.clone());
        self.deleted.iter().filter_map(of).collect()
    }
}

pub(crate) fn missing(run: &Leaves) -> LedgerError {
    LedgerError::Refused(format!(
        "entries {} to {} are not there, and no entry says that they were deleted: what the ledger said of itself may have \
         stood in them; put them back, and run `phiward ledger fsck`",
        run.start,
        run.end - 1
    ))
}

/// An act of the ledger on itself.
pub(crate) fn own(entry: &Entry) -> Option<&ConfigurationChange> {
    match &entry.act {
        Act::ConfigurationChange(change) if change.room == Room::Ledger => Some(change),
        _ => None,
    }
}

fn shard_of(change: &ConfigurationChange) -> Option<Shard> {
    let (writer, class, period) = (change.writer.clone()?, change.class?, change.period?.get());
    let (year, month) = (period / 100, period % 100);
    let region = change.region.as_ref().map_or("none", |region| region.as_str());
    let period = if month == 0 { format!("{year:04}") } else { format!("{year:04}-{month:02}") };
    Shard::parse(&format!("{region}/{writer}/{class}/{period}"))
}
