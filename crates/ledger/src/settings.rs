//! What a ledger is, in a file of its folder: canonical JSON with a signature by the key of the home log, so that who
//! has the disk and not the key cannot change it unseen.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::names::{Digest, Writer};
use serde::{Deserialize, Serialize};
use tlog::{Signer, VerifierKey};

use crate::error::LedgerError;
use crate::shard::Every;
use crate::signature;
use guard::durable::{self, Access};

const FILE: &str = "ledger.json";
const LONGEST: u64 = 64 * 1024;
/// What is signed begins with it.
const MAGIC: &str = "phiward-ledger-settings/v2";
/// Written by the first release, without a signature.
const UNSIGNED: u32 = 1;
const SIGNED: u32 = 2;

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
    /// Of the rest of the file, after a line that names the format. In base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

impl Settings {
    fn written(&self) -> Written {
        let layout = match self.layout {
            Layout::One => "one",
            Layout::Shards(Every::Year) => "year",
            Layout::Shards(Every::Month) => "month",
        };
        Written {
            v: SIGNED,
            name: self.name.clone(),
            writer: self.writer.to_string(),
            layout: layout.to_owned(),
            signature: None,
        }
    }

    /// What an entry says of them.
    pub(crate) fn digest(&self, folder: &Path) -> Result<Digest, LedgerError> {
        Ok(Digest::of(text(&self.written(), &folder.join(FILE))?.as_bytes()))
    }

    pub(crate) fn write(&self, folder: &Path, signer: &dyn Signer) -> Result<(), LedgerError> {
        let path = folder.join(FILE);
        let mut written = self.written();
        written.signature = Some(STANDARD.encode(signature::sign(signer, &text(&written, &path)?)?));
        let bytes = canonical(&written, &path)?;
        durable::replace(&path, &bytes, Access::Shared).map_err(LedgerError::io(&path))
    }

    /// Reads what this key has signed.
    pub fn read(folder: &Path, key: &VerifierKey) -> Result<Self, LedgerError> {
        Self::read_with(folder, Some(key))
    }

    /// Reads what the first release wrote, which did not sign it.
    pub(crate) fn read_unsigned(folder: &Path) -> Result<Self, LedgerError> {
        Self::read_with(folder, None)
    }

    fn read_with(folder: &Path, key: Option<&VerifierKey>) -> Result<Self, LedgerError> {
        let path = folder.join(FILE);
        let bytes = durable::read(&path, LONGEST).map_err(LedgerError::io(&path))?;
        let bytes = bytes.ok_or(LedgerError::Missing { path: path.clone() })?;
        let wrong = |what: String| LedgerError::unreadable(&path, what);
        let mut written: Written = serde_json::from_slice(&bytes)
            .map_err(|error| wrong(format!("this is not what the ledger wrote ({error}): put that back")))?;
        let signed = written.signature.take();
        match (written.v, key, signed) {
            (UNSIGNED, None, None) => {}
            (UNSIGNED, Some(_), _) => return Err(LedgerError::Unsigned { path }),
            (SIGNED, Some(key), Some(signed)) => {
                let signed = STANDARD.decode(signed).unwrap_or_default();
                if !signature::holds(key, &text(&written, &path)?, &signed) {
                    return Err(wrong(
                        "its signature does not hold: it was changed, or the key is another one; put back what was there"
                            .to_owned(),
                    ));
                }
            }
            (UNSIGNED | SIGNED, ..) => {
                return Err(wrong("it is not signed as this release signs it".to_owned()));
            }
            _ => return Err(wrong("made by a newer release".to_owned())),
        }
        let writer = Writer::of(&written.writer).map_err(|error| wrong(format!("`writer`: {error}")))?;
        let layout = match written.layout.as_str() {
            "one" => Layout::One,
            "year" => Layout::Shards(Every::Year),
            "month" => Layout::Shards(Every::Month),
            _ => return Err(wrong("`layout` is `one`, `year` or `month`".to_owned())),
        };
        if key.is_some_and(|key| key.name() != written.name) {
            return Err(wrong("`name` is not that of the key".to_owned()));
        }
        Ok(Self { name: written.name, writer, layout })
    }
}

fn canonical(written: &Written, path: &Path) -> Result<Vec<u8>, LedgerError> {
    journal::canonical::bytes(written).map_err(|error| LedgerError::unreadable(path, error.to_string()))
}

fn text(written: &Written, path: &Path) -> Result<String, LedgerError> {
    let bytes = canonical(written, path)?;
    Ok(format!("{MAGIC}\n{}\n", String::from_utf8_lossy(&bytes)))
}

/// What is wrong with the settings in a ledger's folder; nothing where they are signed by this key, or where the folder
/// is a copy without them.
pub fn fault(folder: &Path, key: &VerifierKey) -> Option<String> {
    match Settings::read(folder, key) {
        Ok(_) | Err(LedgerError::Missing { .. }) => None,
        Err(error) => Some(error.to_string()),
    }
}
