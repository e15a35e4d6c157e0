//! What one can say to `phiward keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use crate::guard_command::arguments::{Right, Told};
use crate::ledger_command::arguments::{Recorded, Unlock};

#[derive(Debug, Subcommand)]
#[command(after_help = "\
Secrets are never written on the command line: a passphrase comes from a file or from an environment variable that is
named, a key from a file. Every act is recorded in a ledger before and after it (--ledger), or somebody answers for it
that it is not (--unrecorded). Exit codes: 0 in order, 1 something is not as it must be, 2 wrong usage or nothing could
be done. docs/keys.md tells what keys there are, and how to drill.")]
pub(crate) enum Keys {
    /// Make the files of a tenant, and the root where it is a file that is not there
    Init(Init),
    /// Show every data key, the ring of salts, escrows and backups, and what is to be done
    Status(Status),
    /// Make a data key for a class; prints its number. It does nothing until it is activated
    Make(Make),
    /// Have a data key seal for its class; the one before it opens from then on
    Activate(OneKey),
    /// Have a data key open and seal no more
    Retire(OneKey),
    /// Have a data key do nothing, until it is enabled
    Disable(OneKey),
    /// Have a disabled data key open again
    Enable(OneKey),
    /// Destroy a disabled data key for good, in every copy: what it sealed opens no more. Two people
    Destroy(Destroy),
    /// Pin the approvers of a bundle in the place of those before. Two of those before, or of the new ones where none are
    /// pinned
    Approvers(Approvers),
    /// Wrap all keys anew: no copy that was made until now opens again
    Rewrap(Unasked),
    /// Destroy the salts of people, in every copy: their tokens open no more. Prints handles
    Shred(Shred),
    /// After a copy was put back: people who were shredded after it was made are to be shredded again
    #[command(subcommand)]
    Shreddings(Shreddings),
    /// Say that people became others, as records were merged
    Merge(Merge),
    /// Copy the keys to a new folder. The copy opens by the same root
    Backup(Backup),
    /// Open every key of a backup or an escrow in memory and compare it
    Drill(Drill),
    /// Put a backup, or an escrow under another root, where no keys are
    Restore(Restore),
    /// Count how many values of an export stand under which key, and whether all of them open and are found
    Census(Census),
    /// Seal the values of an export anew, under the active keys
    Reseal(Reseal),
    /// Seal the values of who was merged into others anew, for the survivors
    Rebind(Rebind),
    /// Empty the digests of who was shredded, and what is left of their values beside the tokens
    Forget(Rewrite),
    /// The yearly test: rotate keys that are made for it, prove what has to hold, and record the evidence
    TestRotation(TestRotation),
    /// Seal all keys in one file that several people open together
    #[command(subcommand)]
    Escrow(Escrow),
}

/// The keys of a tenant and what they are wrapped by.
#[derive(Debug, Args)]
pub(crate) struct Held {
    /// The folder of the keys
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// What wraps them: `file:PATH`, `pkcs11:...`, `openbao:...` or `kms:...`, as docs/keys-roots.md writes them
    #[arg(long, value_name = "PLACE")]
    pub(crate) root: String,
    /// Where it is kept how far the keys came, best on another disk [default: DIR.seen]
    #[arg(long, value_name = "DIR")]
    pub(crate) keys_seen: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
}

/// The keys, for an act.
#[derive(Debug, Args)]
pub(crate) struct Kept {
    #[command(flatten)]
    pub(crate) held: Held,
    #[command(flatten)]
    pub(crate) into: Recorded,
    /// Take the keys as they lie though what was seen of them is lost or later, and record that
    #[arg(long)]
    pub(crate) unseen: bool,
    /// Record it nowhere
    #[arg(long, conflicts_with = "ledger")]
    pub(crate) unrecorded: bool,
    /// Who does it: an identity or an approver of the bundle. Entries name them [default: nobody is named]
    #[arg(long, value_name = "ID", requires = "ledger", conflicts_with = "unrecorded")]
    pub(crate) who: Option<String>,
}

/// The keys, for an act that asks a bundle for nothing but who does it.
#[derive(Debug, Args)]
pub(crate) struct Unasked {
    #[command(flatten)]
    pub(crate) kept: Kept,
    /// The policy bundle, which declares --who
    #[arg(long, value_name = "DIR", requires = "who")]
    pub(crate) policy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) kept: Kept,
    /// The organisation, as tokens are bound to it
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: String,
    /// The policy bundle, whose approvers are pinned to the keys: two of them destroy a key
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) held: Held,
    /// A folder of backups: tells which open
    #[arg(long, value_name = "DIR")]
    pub(crate) backups: Option<PathBuf>,
    /// The ledger that tells of these keys: tells how many whom it names as shredded are here, as after a copy was put back
    #[arg(long, value_name = "DIR")]
    pub(crate) ledger: Option<PathBuf>,
    /// Where it is kept how far the ledger came [default: LEDGER.seen, where that is there]
    #[arg(long, value_name = "FILE", requires = "ledger")]
    pub(crate) seen: Option<PathBuf>,
    /// The key that verifies the ledger, or a file that holds it [default: LEDGER.vkey, beside the folder]
    #[arg(long, value_name = "KEY", requires = "ledger")]
    pub(crate) verifier: Option<String>,
    /// The policy bundle, whose cryptoperiod of data keys counts [default: the recommendation of NIST, two years]
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    /// Judge ages as of this day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<Date>,
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub(crate) format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    Table,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Make {
    #[command(flatten)]
    pub(crate) kept: Unasked,
    /// The class of fields that it is for: phi, phi-sensitive, pii
    #[arg(long, value_name = "CLASS")]
    pub(crate) class: String,
    /// Activate it at once: a rotation
    #[arg(long)]
    pub(crate) activate: bool,
}

#[derive(Debug, Args)]
pub(crate) struct OneKey {
    #[command(flatten)]
    pub(crate) kept: Unasked,
    /// The number of the key, as tokens and `status` write it
    #[arg(long, value_name = "NUMBER")]
    pub(crate) key: String,
}

#[derive(Debug, Args)]
pub(crate) struct Approvers {
    #[command(flatten)]
    pub(crate) kept: Kept,
    #[command(flatten)]
    pub(crate) people: TwoPeople,
    /// The bundle whose approvers are pinned, where that is another than the one that declares who says so
    #[arg(long, value_name = "DIR")]
    pub(crate) next: Option<PathBuf>,
}

/// Two approvers of the bundle who answer for it.
#[derive(Debug, Args)]
pub(crate) struct TwoPeople {
    /// The policy bundle, which declares who they are
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: PathBuf,
    /// Who says so
    #[arg(long, value_name = "ID")]
    pub(crate) by: String,
    /// Who says so as well
    #[arg(long, value_name = "ID")]
    pub(crate) and: String,
}

#[derive(Debug, Args)]
pub(crate) struct Destroy {
    #[command(flatten)]
    pub(crate) kept: Kept,
    /// The number of the key, as tokens and `status` write it
    #[arg(long, value_name = "NUMBER")]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) people: TwoPeople,
}

#[derive(Debug, Args)]
#[command(after_long_help = SHRED_FORMAT)]
pub(crate) struct Shred {
    #[command(flatten)]
    pub(crate) kept: Kept,
    /// The policy bundle, which declares the org, and --who
    #[arg(long, value_name = "DIR", required_unless_present_any = ["handles", "retired"])]
    pub(crate) policy: Option<PathBuf>,
    /// The org of the records
    #[arg(long, value_name = "ID", required_unless_present_any = ["handles", "retired"])]
    pub(crate) org: Option<String>,
    /// Read handles, as tokens and entries name them, in the place of records
    #[arg(long, conflicts_with = "org")]
    pub(crate) handles: bool,
    /// A census found nothing more that is bound to these handles, where one is of somebody who was merged into another
    #[arg(long, requires = "handles")]
    pub(crate) rebound: bool,
    /// Read handles of people who were merged into others, to retire them. Where one is of somebody who was not,
    /// nothing is done: nobody is forgotten by it
    #[arg(long, conflicts_with_all = ["org", "handles"])]
    pub(crate) retired: bool,
    /// Read what stands in this field in the place of records: of fields that the bundle binds by it (`bind: key`)
    #[arg(long, value_name = "OBJECT.FIELD", conflicts_with_all = ["handles", "retired"])]
    pub(crate) key: Option<String>,
    /// What else the bundle binds fields by is shredded apart: do not name it
    #[arg(long, conflicts_with_all = ["handles", "retired"])]
    pub(crate) keys_apart: bool,
    /// Make a new backup below this folder, as those before open no more. None is made where nobody was there to be shredded
    /// and one in the folder opens and holds everybody
    #[arg(long, value_name = "DIR")]
    pub(crate) backups: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Shreddings {
    /// Hold the keys against the ledger: where everybody whom it names as shredded is shredded here, that is settled. It is
    /// held anew each time
    Check(CheckShreddings),
    /// Say that they need not be held against a ledger, and why. Two people
    Accept(AcceptShreddings),
}

#[derive(Debug, Args)]
#[command(after_long_help = CHECK_FORMAT)]
pub(crate) struct CheckShreddings {
    #[command(flatten)]
    pub(crate) kept: Unasked,
    /// The key that verifies the ledger, or a file that holds it [default: LEDGER.vkey, beside the folder]
    #[arg(long, value_name = "KEY", requires = "ledger")]
    pub(crate) verifier: Option<String>,
}

const CHECK_FORMAT: &str = "\
A ledger settles it that is in order, has an entry of the day on which the keys were made, and of which no entry was \
deleted. `keys restore` and `keys shred` look at it by themselves. Exits with 1 while somebody whom it names is here, \
also where it was settled before, where it is the ledger of other keys, or, until it is settled, where it need not name \
everybody.";

#[derive(Debug, Args)]
#[command(after_long_help = ACCEPT_FORMAT)]
pub(crate) struct AcceptShreddings {
    #[command(flatten)]
    pub(crate) kept: Kept,
    #[command(flatten)]
    pub(crate) people: TwoPeople,
    /// Why, as the entry says it
    #[arg(long, value_name = "REASON", value_parser = clap::builder::PossibleValuesParser::new(reasons()))]
    pub(crate) because: String,
}

fn reasons() -> Vec<&'static str> {
    journal::act::KeyReason::ALL.iter().map(|reason| reason.as_str()).collect()
}

const ACCEPT_FORMAT: &str = "\
Reasons: `nobody-shredded`, nobody was shredded after the copy was made, as another record shows; `shredded-again`, they \
were shredded again by another record than a ledger; `values-gone`, no value of theirs is anywhere any more; \
`must-be-kept`, what was forgotten has to be kept by law; `record-lost`, the record is lost and nobody can know. The \
entry (`shreddings-accepted`) names the reason and both people, and `keys status` shows the reason. With `values-gone` and \
`must-be-kept` whoever the ledger named until then may be here from then on.";

const SHRED_FORMAT: &str = "\
Reads the ids of the records that stand for people from standard input, one a line, and prints a line for each: the \
handle that their tokens name (who is named twice is one person); `shredded` where that was done before; `unknown` where nothing was ever sealed for them; \
with --handles or --retired, `merged` and the handle of who survives, where it was retired before. All of them go in one act, with whoever was merged into them: the ring is \
locked anew and the wrapping key before it destroyed, so that no copy of the ring opens any more. Escrows still do: \
those that must be destroyed are named. The handle of a person who was merged into another (--handles with --rebound, --retired) is \
retired: who they are now stays known, and nobody is forgotten. Of fields that the bundle binds by a key (`bind: key`), tokens hang on what \
stands there and not on the record: run it again with --key and what stands there. Exits with 1 where somebody is \
unknown, or named to be forgotten by the retired handle of who was merged, an escrow is to be destroyed or settled, \
shreddings that a copy undid are to be done again, or such fields are left.";

#[derive(Debug, Args)]
#[command(after_long_help = MERGE_FORMAT)]
pub(crate) struct Merge {
    #[command(flatten)]
    pub(crate) kept: Kept,
    /// The policy bundle, which declares the org
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: PathBuf,
    /// The org of the records
    #[arg(long, value_name = "ID")]
    pub(crate) org: String,
    /// Read what stands in this field in the place of records: of fields that the bundle binds by it (`bind: key`)
    #[arg(long, value_name = "OBJECT.FIELD")]
    pub(crate) key: Option<String>,
    /// Survivors for whom nothing was sealed until now are right: do not name them
    #[arg(long)]
    pub(crate) new_survivors: bool,
}

const MERGE_FORMAT: &str = "\
Reads two ids of records a line, without a header: the one that is gone and the one that survives; with --key two keys, \
with a tab or a comma between them. Prints the handle of the first; `shredded` where that was done to it; `merged` and the \
handle of who survives, where it was merged before and that handle is retired; or `unknown` where nothing is sealed for \
it: then nothing is remembered of it either, and the exit code is 1. A line that is there twice, and one that was merged \
so before, is told and is no failure. The tokens of the first open until the handle is shredded (`shred --handles \
--rebound`), which is for when all of them are bound to the survivor. Exits with 1 as well where nothing was sealed until \
now for somebody who survives, as that may be a typing error, unless --new-survivors says that it is right: they are \
merged all the same, and whoever was merged into the wrong one follows where that one is merged into the right one.";

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) kept: Unasked,
    /// The folder below which a new one is made
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}

/// A copy of the keys.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The folder of a backup
    #[arg(long, value_name = "DIR", required_unless_present = "escrow", conflicts_with = "escrow")]
    pub(crate) backup: Option<PathBuf>,
    /// The file of an escrow
    #[arg(long, value_name = "FILE", requires = "shares")]
    pub(crate) escrow: Option<PathBuf>,
    /// A share that opens the escrow; to be repeated
    #[arg(long = "share", value_name = "FILE", requires = "escrow")]
    pub(crate) shares: Vec<PathBuf>,
}

/// A keyring of the ledger, and how it is unlocked.
#[derive(Debug, Args)]
pub(crate) struct Trail {
    /// The ledger's keyring of pseudonyms
    #[arg(long, value_name = "FILE")]
    pub(crate) trail: Option<PathBuf>,
    /// A file whose first line is the keyring's passphrase
    #[arg(long, value_name = "FILE", requires = "trail")]
    #[arg(conflicts_with_all = ["trail_passphrase_env", "trail_unlock_file"])]
    pub(crate) trail_passphrase_file: Option<PathBuf>,
    /// The environment variable that holds the keyring's passphrase
    #[arg(long, value_name = "NAME", requires = "trail", conflicts_with = "trail_unlock_file")]
    pub(crate) trail_passphrase_env: Option<String>,
    /// The keyring's file of 32 random bytes or more
    #[arg(long, value_name = "FILE", requires = "trail")]
    pub(crate) trail_unlock_file: Option<PathBuf>,
    /// Where it is kept how far the keyring came: an older copy in its place is refused [default: TRAIL.seen, beside the
    /// file]
    #[arg(long, value_name = "FILE", requires = "trail")]
    pub(crate) trail_seen: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Drill {
    #[command(flatten)]
    pub(crate) kept: Unasked,
    #[command(flatten)]
    pub(crate) copy: Copy,
    #[command(flatten)]
    pub(crate) trail: Trail,
}

#[derive(Debug, Args)]
#[command(after_long_help = RESTORE_FORMAT)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) kept: Unasked,
    #[command(flatten)]
    pub(crate) copy: Copy,
    #[command(flatten)]
    pub(crate) trail: Trail,
}

const RESTORE_FORMAT: &str = "\
Keys are never written over. A backup opens by the root that was there; an escrow is put under the root that is named, which \
is made where it is a file that is not there. Where the copy need not be the newest, three things are to be done after it. \
Whoever was shredded after it was made can be read again: with --ledger it is told how many, and how to shred them again; \
until that is done, or two people say why not (`keys shreddings accept`), `keys status` exits with 1. No data key seals \
(`keys make --activate`). Escrows that were made later are unknown (`keys escrow settled`). The exit code is that of the \
restoration alone.";

#[derive(Debug, Subcommand)]
pub(crate) enum Escrow {
    /// Seal all keys in a file, and write its shares
    Make(MakeEscrow),
    /// Say that an escrow is destroyed. Two people
    Destroyed(EscrowDestroyed),
    /// After a copy was put back: say that no escrow is left that `status` does not show. Two people
    Settled(EscrowsSettled),
}

#[derive(Debug, Args)]
pub(crate) struct MakeEscrow {
    #[command(flatten)]
    pub(crate) kept: Unasked,
    /// The file
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// The folder for the shares, `share-1.txt` and so on: each goes to another person, and the folder away
    #[arg(long, value_name = "DIR")]
    pub(crate) shares_in: PathBuf,
    /// How many shares there are
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    pub(crate) shares: u8,
    /// How many of them open it
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub(crate) threshold: u8,
    #[command(flatten)]
    pub(crate) trail: Trail,
}

#[derive(Debug, Args)]
pub(crate) struct EscrowDestroyed {
    #[command(flatten)]
    pub(crate) kept: Kept,
    /// The escrow's id
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) people: TwoPeople,
    #[command(flatten)]
    pub(crate) trail: Trail,
}

#[derive(Debug, Args)]
pub(crate) struct EscrowsSettled {
    #[command(flatten)]
    pub(crate) kept: Kept,
    #[command(flatten)]
    pub(crate) people: TwoPeople,
}

/// An export of one object's records, and by what right it is worked on.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// A table of comma-separated values with a header, or JSON Lines where its name ends in .jsonl, .ndjson or .json
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
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
    #[command(flatten)]
    pub(crate) keys: Held,
    #[command(flatten)]
    pub(crate) told: Told,
    /// Keep there how far it came: the same command goes on after it was interrupted
    #[arg(long, value_name = "FILE")]
    pub(crate) state: PathBuf,
    /// Work on no more records a second
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rows_per_second: Option<u32>,
}

#[derive(Debug, Args)]
#[command(after_long_help = CENSUS_FORMAT)]
pub(crate) struct Census {
    #[command(flatten)]
    pub(crate) export: Export,
    /// Exit with 1 where something still needs this key; to be repeated
    #[arg(long = "free-of", value_name = "NUMBER")]
    pub(crate) free_of: Vec<String>,
    /// Exit with 1 where something is still sealed for this person, who was merged into another; to be repeated
    #[arg(long = "free-of-handle", value_name = "HANDLE")]
    pub(crate) free_of_handle: Vec<String>,
    #[arg(long, value_enum, default_value_t = Form::Table)]
    pub(crate) format: Form,
}

const CENSUS_FORMAT: &str = "\
Every token is opened and every digest computed again, in this process: what comes out is numbers. A key is free once \
it does not seal, and no token and no digest of the export needs it; of who was shredded nothing is needed. Exits with \
1 where a value is unsealed, does not open though its person was not shredded, is not found by its digest, is bound to \
another than the bundle says, or where a key or handle that is named with --free-of or --free-of-handle is not free.";

/// An export that is written anew.
#[derive(Debug, Args)]
#[command(after_long_help = REWRITE_FORMAT)]
pub(crate) struct Rewrite {
    #[command(flatten)]
    pub(crate) export: Export,
    /// Write the table there, whole or not at all, comma-separated whatever was read: it must not be there yet
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Write rows that changed alone, with `Id` and the columns of sealed fields: what a bulk update takes
    #[arg(long)]
    pub(crate) changes_only: bool,
}

const REWRITE_FORMAT: &str = "\
No value leaves the process. The policy is asked for each batch of a thousand, an entry of the ledger tells whose \
records it changes, and only then they are written. All columns of a sealed field have to be there: the field, the one \
that holds its token, the one that holds its digest. Values that do not open are left as they are and counted. With \
--changes-only a field that became empty is written as `#N/A`, as the bulk interface wants it. Exits with 1 where \
something was left.";

#[derive(Debug, Args)]
pub(crate) struct Reseal {
    #[command(flatten)]
    pub(crate) rewrite: Rewrite,
    /// Seal values that stand unsealed too
    #[arg(long)]
    pub(crate) seal_what_is_not: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rebind {
    #[command(flatten)]
    pub(crate) rewrite: Rewrite,
    /// Two ids of records a line: tokens of the first that stand in records of the second become the second's. For
    /// records that were moved; of who was merged the keys know it
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: Option<PathBuf>,
    /// The pairs are of what stands in this field in the place of records: of fields that the bundle binds by it
    /// (`bind: key`)
    #[arg(long, value_name = "OBJECT.FIELD", requires = "pairs")]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_long_help = TEST_FORMAT)]
pub(crate) struct TestRotation {
    /// The tenant's root, which wraps the keys of the test too
    #[arg(long, value_name = "PLACE")]
    pub(crate) root: String,
    #[command(flatten)]
    pub(crate) unlock: Unlock,
    /// The object whose fields are rotated, as the bundle names it
    #[arg(long, value_name = "NAME")]
    pub(crate) object: String,
    #[command(flatten)]
    pub(crate) people: TwoPeople,
    /// The org of the records [default: the bundle's only one, or its `default`]
    #[arg(long, value_name = "ID")]
    pub(crate) org: Option<String>,
    #[command(flatten)]
    pub(crate) right: Right,
    #[command(flatten)]
    pub(crate) told: Told,
    /// Made-up records of the test
    #[arg(long, value_name = "NUMBER", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub(crate) rows: u32,
    /// Use the records of this export of unsealed values: a copy of them is sealed and rotated
    #[arg(long, value_name = "FILE", conflicts_with = "rows")]
    pub(crate) export: Option<PathBuf>,
    /// Write the report there as JSON: the document that the evidence names
    #[arg(long, value_name = "FILE")]
    pub(crate) report: PathBuf,
}

const TEST_FORMAT: &str = "\
Makes a tenant of its own under the root, seals the records, makes a key and activates it, seals half of them anew and \
proves that all open and are found, seals the rest, counts, retires the old key and destroys it, proves that old tokens \
do not open and new ones do, and destroys the tenant's keys. The tenant's own keys are not touched. Exits with 1 where \
a step did not come out as it has to.";
