//! What one can say to `phiward ledger`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::keys_command::arguments::Trail;

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Secrets are never written on the command line: a passphrase comes from a file or from an environment variable that is
named, a key from a file. Exit codes: 0 in order, 1 something was refused or is not as it must be, 2 wrong usage or
nothing could be done. docs/ledger.md tells how to run a ledger.")]
pub(crate) enum Ledger {
    /// Make a ledger, its signing key, and print the key that verifies it
    Init(Init),
    /// Append entries from standard input, one a line, and print the index of each once it is durable
    Append(Append),
    /// Print believable entries of a clinic that does not exist
    Sample(Sample),
    /// Print the newest signed checkpoint
    Checkpoint(OneLog),
    /// Print the proof that an entry is in the log
    Prove(Prove),
    /// Derive everything anew from the entries, and hold it against checkpoints that were kept
    Verify(Verify),
    /// Find the first byte that is wrong in every file of a log
    Fsck(Reading),
    /// List entries: about whom, of which kind, by whom, of which days
    Show(Box<Show>),
    /// Print the handles of people who were shredded, one a line, as `keys shred --handles` reads them
    Shredded(Shredded),
    /// Serve the logs over HTTP, to be read
    Serve(Serve),
    /// Cosign the checkpoints of logs that grow, and refuse any other
    Witness(Witness),
    /// End what takes no more entries
    Seal(Writing),
    /// Tell what may be deleted and what must stay, hold, and delete
    Retain(Retain),
    /// Copy the logs to an object store that locks what it was given, or verify the copy
    Archive(Archive),
    /// Bring what waits in the emergency spool to the ledger
    Reconcile(Reconcile),
    /// Keep the keys of people's pseudonyms
    #[command(subcommand)]
    Keyring(Keyring),
    /// Print the JSON Schema of entries
    Schema,
}

/// How a secret file is unlocked.
#[derive(Debug, Clone, Args)]
pub(crate) struct Unlock {
    /// A file whose first line is the passphrase: of the ledger's key too, where that is locked and no other is named
    #[arg(long, value_name = "FILE", conflicts_with_all = ["passphrase_env", "unlock_file"])]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The environment variable that holds the passphrase
    #[arg(long, value_name = "NAME", conflicts_with = "unlock_file")]
    pub(crate) passphrase_env: Option<String>,
    /// A file of 32 random bytes or more
    #[arg(long, value_name = "FILE")]
    pub(crate) unlock_file: Option<PathBuf>,
}

/// What a ledger's one writer needs.
#[derive(Debug, Clone, Args)]
pub(crate) struct Writing {
    /// The ledger's folder, which is the log as others read it
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The signing key [default: DIR.key, beside the folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) signing_key: Option<PathBuf>,
    /// Where the newest checkpoint is kept apart from the folder, best on another disk [default: DIR.seen]
    #[arg(long, value_name = "FILE")]
    pub(crate) seen: Option<PathBuf>,
    /// Take the log as it lies though what was seen of it is lost, and record that
    #[arg(long)]
    pub(crate) unseen: bool,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

/// What an auditor needs.
#[derive(Debug, Clone, Args)]
pub(crate) struct Reading {
    /// The ledger's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// The key that verifies it, or a file that holds it [default: DIR.vkey, beside the folder]
    #[arg(long, value_name = "KEY")]
    pub(crate) verifier: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_long_help = SHOW_FORMAT)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Only of this log, REGION/WRITER/CLASS/PERIOD, of a ledger that has many [default: all of them]
    #[arg(long, value_name = "LOG")]
    pub(crate) log: Option<String>,
    /// Only about the people whose records' ids are on standard input, one a line: by the keyring (--trail)
    #[arg(long, requires_all = ["trail", "policy"])]
    pub(crate) people: bool,
    /// With --people: standard input has what stands in this field, of people whom the bundle binds by it (`bind: key`)
    #[arg(long, value_name = "OBJECT.FIELD", requires = "people")]
    pub(crate) key: Option<String>,
    /// The policy bundle, which declares the org
    #[arg(long, value_name = "DIR", requires = "people")]
    pub(crate) policy: Option<PathBuf>,
    /// The org of the records [default: the bundle's only one, or its `default`]
    #[arg(long, value_name = "ID", requires = "people")]
    pub(crate) org: Option<String>,
    #[command(flatten)]
    pub(crate) trail: Trail,
    /// Only about this person, by the pseudonym; may be repeated
    #[arg(long = "pseudonym", value_name = "PSEUDONYM")]
    pub(crate) pseudonyms: Vec<String>,
    /// Only of this kind, as `field-access`, or of this kind and word, as `key-event=shredded`; may be repeated
    #[arg(long = "act", value_name = "KIND[=WORD]")]
    pub(crate) acts: Vec<String>,
    /// Only what this identity or approver did, or said as one of two people; may be repeated
    #[arg(long = "who", value_name = "ID")]
    pub(crate) who: Vec<String>,
    /// Only of this day (UTC) and later
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) from: Option<Date>,
    /// Only of this day (UTC) and earlier
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) to: Option<Date>,
    /// Only of this call: what was intended, and what came of it
    #[arg(long, value_name = "ID")]
    pub(crate) correlation: Option<String>,
    #[arg(long, value_enum, default_value_t = Listing::Table)]
    pub(crate) format: Listing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listing {
    Table,
    /// One JSON object a line
    Jsonl,
    Csv,
}

const SHOW_FORMAT: &str = "\
Kinds are those of docs/entry.schema.json; the word is the action of a `decision` or `field-access`, the step of a \
`key-event` or `incident-act`, the call of an `api-call`, what was examined of `evidence`, the setting of a \
`configuration-change`, the kind of a `standing-fact`, and the word of an `approval` or `review-decision`. Of a filter \
that is repeated one has to hold; of different filters all.

CSV has the columns Log, Index, At, Act, Word, Outcome, Who, With, User, Behalf, Party, Org, Flow, Purpose, Grounds, \
Region, Subject, Fields, People, Pseudonyms, Correlation, Part, Policy. People is their number; Pseudonyms are those that were asked \
for, or all where nobody was asked for. Fields of which a mask or a token was given, or nothing, say so. JSON Lines \
have `log`, `index` and `entry`, the entry byte for byte: its hash is what `ledger prove` proves.

Each log is derived anew, as by `ledger verify`, before anything of it is shown, and told on standard error with its \
size. Where it is not in order its entries are shown all the same: they are what lies there, and prove nothing. Exits \
with 1 then, and where somebody on standard input has no key in the keyring: entries about them, if there are any, \
cannot be told.";

#[derive(Debug, Args)]
pub(crate) struct Shredded {
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// Only of entries of this day (UTC) and later: the day of a copy that was put back
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) since: Option<Date>,
    /// Only of this tenant's keys, by the id that `keys status` shows, of a ledger that tells of several
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    /// Where it is kept how far the ledger came [default: DIR.seen, where that is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) seen: Option<PathBuf>,
    /// List in their place the handles of people who were merged into others, as `keys shred --retired` reads them
    #[arg(long)]
    pub(crate) retired: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OneLog {
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// REGION/WRITER/CLASS/PERIOD of a ledger that has many logs [default: the home log]
    #[arg(long, value_name = "LOG")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) writing: Writing,
    /// The name that the log signs under, for ever: no blanks, no plus [default: phiward/, the folder's name, and eight
    /// random digits]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The process that writes here
    #[arg(long, value_name = "ID", default_value = "main")]
    pub(crate) writer: String,
    /// Keep a log for each region, writer, class of retention and period
    #[arg(long, value_name = "PERIOD", value_enum)]
    pub(crate) shards: Option<Period>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Period {
    Month,
    Year,
}

/// A witness to ask, with its key.
#[derive(Debug, Clone, Args)]
pub(crate) struct Neighbours {
    /// A witness that cosigns; may be repeated
    #[arg(long = "witness", value_name = "URL", requires = "witness_keys")]
    pub(crate) witnesses: Vec<String>,
    /// The key of the witness before it, or a file that holds it
    #[arg(long = "witness-key", value_name = "KEY", requires = "witnesses")]
    pub(crate) witness_keys: Vec<String>,
    /// Ask witnesses on other machines over plain http too, where their address says so
    #[arg(long, requires = "witnesses")]
    pub(crate) plain_http: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = APPEND_FORMAT)]
pub(crate) struct Append {
    #[command(flatten)]
    pub(crate) writing: Writing,
    /// Refuse entries that name what this bundle does not declare
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) neighbours: Neighbours,
    /// Where entries of flows that the bundle marks clinical wait when the ledger takes none
    #[arg(long, value_name = "DIR", requires = "policy")]
    pub(crate) spool: Option<PathBuf>,
}

const APPEND_FORMAT: &str = "\
Each line is an entry as docs/entry.schema.json says, canonical byte for byte (RFC 8785), 16 KiB at most. For each line
comes one line, in order and only once it holds: the entry's index (after the log's name and a blank, where the ledger
has many logs), or `refused`, with the line's number and the byte on standard error. A line that is refused loses no
other. The parts of one call (`part`) stand next to each other and are appended together or refused together.

With --spool, where the ledger takes nothing: `spooled` and a number, for entries of clinical flows; `refused` for all
others.";

#[derive(Debug, Args)]
pub(crate) struct Sample {
    /// How many
    pub(crate) number: u64,
    /// Another seed gives other entries
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The entry's index
    pub(crate) index: u64,
    #[command(flatten)]
    pub(crate) log: OneLog,
    /// Write the proof there and not to the terminal
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write the entry's bytes there: what the proof is about
    #[arg(long, value_name = "FILE")]
    pub(crate) entry: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// A checkpoint of one of the logs that somebody kept; may be repeated
    #[arg(long = "kept", value_name = "FILE")]
    pub(crate) kept: Vec<PathBuf>,
    /// Where the ledger keeps its newest checkpoint apart from the folder (DIR.seen): a log that is older is not in order
    #[arg(long, value_name = "FILE")]
    pub(crate) seen: Option<PathBuf>,
    /// Ask for the cosignature of this witness on each log; may be repeated
    #[arg(long = "cosigned-by", value_name = "KEY")]
    pub(crate) cosigned_by: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The ledger's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Where to listen; without TLS, so behind what has it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8417")]
    pub(crate) listen: SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct Witness {
    /// Where its state and its key lie; made where it is missing
    #[arg(long, value_name = "DIR")]
    pub(crate) state: PathBuf,
    /// The name that it signs under [default: phiward-witness/ and eight random digits]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The key of a log to watch, or a file that holds it; may be repeated
    #[arg(long = "log", value_name = "KEY")]
    pub(crate) logs: Vec<String>,
    /// Where to listen; without TLS, so behind what has it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8418")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    /// Print its keys and end
    #[arg(long)]
    pub(crate) keys: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = RETAIN_FORMAT)]
pub(crate) struct Retain {
    #[command(flatten)]
    pub(crate) writing: Writing,
    /// The policy bundle, with its floors and ceilings [default: the floors that are shipped]
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    /// Judge as of this day [default: today]; nothing is deleted as of a day to come
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<Date>,
    /// Delete what may go, and record it: by the floors of --policy, or by --shipped-floors
    #[arg(long, conflicts_with_all = ["keep", "hold", "lift"])]
    pub(crate) delete: bool,
    /// There is no bundle: the floors that are shipped decide alone
    #[arg(long, conflicts_with = "policy")]
    pub(crate) shipped_floors: bool,
    /// Keep a class for so many days at least: never fewer than a floor
    #[arg(long, value_name = "CLASS=DAYS", conflicts_with_all = ["hold", "lift"])]
    pub(crate) keep: Option<String>,
    /// Let nothing go until the hold is lifted; prints its id
    #[arg(long, conflicts_with = "lift")]
    pub(crate) hold: bool,
    /// Lift the hold of this id
    #[arg(long, value_name = "ID")]
    pub(crate) lift: Option<String>,
    /// Hold only this class of entries
    #[arg(long, value_name = "CLASS", requires = "hold")]
    pub(crate) class: Option<String>,
    /// Hold only entries of this region, and those of none
    #[arg(long, value_name = "REGION", requires = "hold")]
    pub(crate) region: Option<String>,
}

const RETAIN_FORMAT: &str = "\
Classes are access-log, inference-log and policy-documents. An entry may go once every floor has passed since the day
that it tells of and no hold covers it; whole bundles of 256 go, and the tree's hashes stay, so the rest verifies as
before. What the ledger says of itself never goes. Where a floor reaches beyond a ceiling nothing goes: that is a
finding, and so is what is past a ceiling and held. Exits with 1 at findings.";

#[derive(Debug, Args)]
#[command(after_long_help = ARCHIVE_FORMAT)]
pub(crate) struct Archive {
    #[command(flatten)]
    pub(crate) reading: Reading,
    /// The store: https://HOST[:PORT][/PATH]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: String,
    /// Ask a store on another machine over plain http, where its address says so
    #[arg(long)]
    pub(crate) plain_http: bool,
    #[arg(long, value_name = "NAME")]
    pub(crate) bucket: String,
    /// What the names of all objects begin with
    #[arg(long, value_name = "PREFIX", default_value = "")]
    pub(crate) prefix: String,
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    pub(crate) store_region: String,
    /// The environment variable that holds the id of the access key
    #[arg(long, value_name = "NAME", default_value = "AWS_ACCESS_KEY_ID")]
    pub(crate) access_key_env: String,
    /// The environment variable that holds the secret of the access key
    #[arg(long, value_name = "NAME", default_value = "AWS_SECRET_ACCESS_KEY")]
    pub(crate) secret_env: String,
    /// The environment variable that holds the token of credentials for a time, where they are such
    #[arg(long, value_name = "NAME", default_value = "AWS_SESSION_TOKEN")]
    pub(crate) token_env: String,
    /// Have the store lock what never changes for so many days: never fewer than a floor of retention
    #[arg(long, value_name = "DAYS")]
    pub(crate) lock_days: Option<u32>,
    /// The policy bundle, whose floors count as well
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    /// Derive the copy anew and write nothing
    #[arg(long, conflicts_with = "lock_days")]
    pub(crate) check: bool,
}

const ARCHIVE_FORMAT: &str = "\
Any store that speaks S3 with conditional writes serves; --lock-days needs a bucket with Object Lock, and locks in \
compliance mode: nobody takes such an object away before its day, the account's owner included. The copy has the layout \
of c2sp.org/tlog-tiles below PREFIX, each log of many below PREFIXlogs/. A log that has less than its copy, or other \
entries, is refused: it was cut or rewritten.";

#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    pub(crate) writing: Writing,
    /// The spool
    #[arg(long, value_name = "DIR")]
    pub(crate) spool: PathBuf,
}

/// A keyring and how it is unlocked.
#[derive(Debug, Clone, Args)]
pub(crate) struct Ring {
    /// The keyring's file
    #[arg(long, value_name = "FILE")]
    pub(crate) ring: PathBuf,
    /// Where it is kept how far the keyring came, best on another disk: an older copy in its place is refused [default:
    /// RING.seen, beside the file]
    #[arg(long, value_name = "FILE")]
    pub(crate) ring_seen: Option<PathBuf>,
    /// Take the keyring as it lies though what was seen of it is missing or later
    #[arg(long)]
    pub(crate) unseen: bool,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

/// People, by the records that stand for them, whose ids are read from standard input, one a line.
#[derive(Debug, Args)]
pub(crate) struct People {
    #[command(flatten)]
    pub(crate) ring: Ring,
    /// The policy bundle, which declares the org
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: PathBuf,
    /// The org of the records
    #[arg(long, value_name = "ID")]
    pub(crate) org: String,
}

/// The ledger that is to say what was shredded.
#[derive(Debug, Args)]
pub(crate) struct Recorded {
    /// Record it in this ledger
    #[arg(long, value_name = "DIR")]
    pub(crate) ledger: Option<PathBuf>,
    /// The ledger's signing key [default: DIR.key, beside the folder]
    #[arg(long, value_name = "FILE", requires = "ledger")]
    pub(crate) signing_key: Option<PathBuf>,
    /// Where the ledger's newest checkpoint is kept apart from the folder [default: DIR.seen]
    #[arg(long, value_name = "FILE", requires = "ledger")]
    pub(crate) seen: Option<PathBuf>,
    /// A file whose first line is the passphrase of the ledger's key [default: what unlocks the keys or the keyring]
    #[arg(long, value_name = "FILE", requires = "ledger")]
    #[arg(conflicts_with_all = ["ledger_passphrase_env", "ledger_unlock_file"])]
    pub(crate) ledger_passphrase_file: Option<PathBuf>,
    /// The environment variable that holds the passphrase of the ledger's key
    #[arg(long, value_name = "NAME", requires = "ledger", conflicts_with = "ledger_unlock_file")]
    pub(crate) ledger_passphrase_env: Option<String>,
    /// The file of 32 random bytes or more that unlocks the ledger's key
    #[arg(long, value_name = "FILE", requires = "ledger")]
    pub(crate) ledger_unlock_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keyring {
    /// Make a keyring of nobody
    Init(Ring),
    /// Open every key, and say how many people there are
    Check(Ring),
    /// Print the pseudonyms of people whose records are on standard input
    Pseudonym {
        #[command(flatten)]
        people: People,
        /// Give a key to whoever has none
        #[arg(long)]
        new: bool,
    },
    /// Destroy the keys of people whose records are on standard input, for ever; prints the key ids
    Shred {
        #[command(flatten)]
        people: People,
        #[command(flatten)]
        into: Recorded,
        /// Who does it: an identity or an approver of the bundle. Entries name them [default: nobody is named]
        #[arg(long, value_name = "ID", requires = "ledger")]
        who: Option<String>,
    },
    /// Write a copy to a new file, under the same lock
    Backup {
        #[command(flatten)]
        ring: Ring,
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Open every key of a backup and compare it with the ring
    Drill {
        #[command(flatten)]
        ring: Ring,
        #[arg(long, value_name = "FILE")]
        backup: PathBuf,
    },
    /// Put a backup where no keyring is
    Restore {
        #[command(flatten)]
        ring: Ring,
        #[arg(long, value_name = "FILE")]
        backup: PathBuf,
    },
}
