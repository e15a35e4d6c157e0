//! What a ledger is, in a file of its folder.

use std::path::Path;

use journal::names::Writer;
use serde::{Deserialize, Serialize};

use crate::durable::{self, Access};
use crate::error::LedgerError;
use crate::shard::Every;

const FILE: &str = "ledger.json";
const LONGEST: u64 = 64 * 1024;

/// How entries are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One log for all, which is the folder.
    One,
    /// A log for each region, writer, class of retention and period; the folder is the log of the ledger's own acts.
    Shards(Every),
}

/// A ledger's name, and how it keeps its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The name of the home log, and the beginning of the names of all others.
    pub name: String,
    /// The process that writes here.
    pub writer: Writer,
    pub layout: Layout,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    v: u32,
    name: String,
    writer: String,
    layout: String,
}

impl Settings {
    pub(crate) fn write(&self, folder: &Path) -> Result<(), LedgerError> {
        let path = folder.join(FILE);
        let layout = match self.layout {
            Layout::One => "one",
            Layout::Shards(Every::Year) => "year",
            Layout::Shards(Every::Month) => "month",
        };
        let written = Written {
            v: 1,
            name: self.name.clone(),
            writer: self.writer.to_string(),
            layout: layout.to_owned(),
        };
        let bytes = journal::canonical::bytes(&written)
            .map_err(|error| LedgerError::unreadable(&path, error.to_string()))?;
        durable::replace(&path, &bytes, Access::Shared).map_err(LedgerError::io(&path))
    }

    pub fn read(folder: &Path) -> Result<Self, LedgerError> {
        let path = folder.join(FILE);
        let bytes = durable::read(&path, LONGEST).map_err(LedgerError::io(&path))?;
        let bytes = bytes.ok_or(LedgerError::Missing { path: path.clone() })?;
        let wrong = |what: String| LedgerError::unreadable(&path, what);
        let written: Written = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if written.v != 1 {
            return Err(wrong("made by a newer release".to_owned()));
        }
        let writer = Writer::of(&written.writer).map_err(|error| wrong(format!("`writer`: {error}")))?;
        let layout = match written.layout.as_str() {
            "one" => Layout::One,
            "year" => Layout::Shards(Every::Year),
            "month" => Layout::Shards(Every::Month),
            _ => return Err(wrong("`layout` is `one`, `year` or `month`".to_owned())),
        };
        Ok(Self { name: written.name, writer, layout })
    }
}
