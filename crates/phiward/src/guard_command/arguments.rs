//! What one can say to `phiward guard seal`, `open`, `mask` and `deidentify`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::keys_command::arguments::{Held, Trail};
use crate::ledger_command::arguments::Recorded;

/// Rows of one object, and by what right they are worked on.
#[derive(Debug, Args)]
pub(crate) struct Rows {
    /// A table of comma-separated values with a header, or JSON Lines; `-` is standard input [default: standard input]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The object whose records the rows are, as the bundle names it
    #[arg(long, value_name = "NAME")]
    pub(crate) object: String,
    /// The policy bundle
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: PathBuf,
    /// The org of the records [default: the bundle's only one, or its `default`]
    #[arg(long, value_name = "ID")]
    pub(crate) org: Option<String>,
    #[command(flatten)]
    pub(crate) right: Right,
    /// Write there, whole or not at all [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// [default: by the file's ending, else csv]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Form>,
    /// Write rows that are refused there as they came, with the reason, and go on [default: stop at the first]
    #[arg(long, value_name = "FILE")]
    pub(crate) refused: Option<PathBuf>,
}

impl Rows {
    /// The file; nothing where they come from standard input.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.as_deref().filter(|path| *path != Path::new("-"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Csv,
    /// One JSON object a line
    Jsonl,
}

/// What the policy is asked, and what it is told.
#[derive(Debug, Args)]
pub(crate) struct Right {
    /// The identity of the bundle that works on them
    #[arg(long, value_name = "ID")]
    pub(crate) who: String,
    /// What for [default: the identity's only purpose]
    #[arg(long, value_name = "PURPOSE")]
    pub(crate) purpose: Option<String>,
    /// Whom what comes out is for: a party, model or org of the bundle [default: the organisation itself]
    #[arg(long, value_name = "ID")]
    pub(crate) to: Option<String>,
    /// Only by this declared flow
    #[arg(long, value_name = "ID", requires = "to")]
    pub(crate) flow: Option<String>,
    /// The legal region of the people [default: the bundle's only one]
    #[arg(long, value_name = "REGION")]
    pub(crate) subject_region: Option<String>,
    /// Where the work is done, for rules that ask for a network
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) network: Option<IpAddr>,
    /// Say that no restriction, objection, block or withdrawal stands for any of the people: nothing else says so yet
    #[arg(long)]
    pub(crate) none_object: bool,
}

/// The record of what was done.
#[derive(Debug, Args)]
pub(crate) struct Told {
    #[command(flatten)]
    pub(crate) into: Recorded,
    #[command(flatten)]
    pub(crate) trail: Trail,
    /// Record it nowhere
    #[arg(long, conflicts_with = "ledger")]
    pub(crate) unrecorded: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = ROWS_FORMAT)]
pub(crate) struct Keyed {
    #[command(flatten)]
    pub(crate) rows: Rows,
    #[command(flatten)]
    pub(crate) keys: Held,
    #[command(flatten)]
    pub(crate) told: Told,
}

#[derive(Debug, Args)]
pub(crate) struct Seal {
    #[command(flatten)]
    pub(crate) keyed: Keyed,
    /// Seal for people who were shredded too: they are back, as --who says, and get new keys. Entries name them
    #[arg(long)]
    pub(crate) again: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = DEIDENTIFY_FORMAT)]
pub(crate) struct Deidentify {
    #[command(flatten)]
    pub(crate) rows: Rows,
    #[command(flatten)]
    pub(crate) told: Told,
    /// Keep the text of a column whatever it says: somebody has read it and answers for it; to be repeated
    #[arg(long, value_name = "COLUMN")]
    pub(crate) keep_text: Vec<String>,
    /// Write the report there as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

const ROWS_FORMAT: &str = "\
The rows go through in batches of a thousand, whatever the length of the file: the policy is asked for each batch, an \
entry of the ledger tells whose records it held, and only then its rows are written. A row in which something cannot \
be done is refused whole and named by its line and column, never by its value. Columns that the bundle does not \
classify are refused: leave them out or classify them. The column that tells whose a row is has to be there: `Id`, or \
what `subject` or `seal: {key: ...}` names. Rows of people who were shredded are not sealed, as an older export would \
bring them back in silence, unless `seal` is told --again; entries of their own say then whom --who let back in, before \
anything is sealed for them. Rows of people who were merged into others are sealed for these. Where an older copy of the keys was put back, and people who \
were shredded after it was made are open again, rows of those whom the --ledger names are refused until they are \
shredded again (`keys status --ledger`).

Exits with 1 where rows were refused, values that are to be sealed stood there as they are or beside their tokens, \
digests were of other values, or tokens stood where the bundle seals nothing.";

const DEIDENTIFY_FORMAT: &str = "\
By the Safe Harbor method (45 CFR 164.514(b)(2)): identifiers that the bundle names are taken out, dates become years, \
ages over 89 one group, postal codes their first three digits where 20,000 people live, ids codes that nobody leads \
back. Every cell that stays is looked at for what it may still say of a person, and free text is taken out, for which \
no machine vouches. The report says of each column what became of it and by which item. What comes out is \
de-identified only if the organisation has no actual knowledge that it could identify somebody (164.514(b)(2)(ii)): \
that is for people to say. A row in which a token stands is refused: open the table first, or leave the column out. \
Exits with 1 where --refused took such rows, and with 2 without it.";
