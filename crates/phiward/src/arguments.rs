//! What one can say on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Id;

use crate::guard_command::arguments::{Deidentify, Keyed, Seal};
use crate::keys_command::arguments::Keys;
use crate::ledger_command::arguments::Ledger;

/// One policy for patient data in Salesforce: scanned for, enforced, recorded, proved.
#[derive(Debug, Parser)]
#[command(
    name = "phiward",
    version,
    max_term_width = 100,
    after_help = "\
Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage or nothing could be read.
A file that could not be read counts as a high finding: it may hold one."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find what to change, by line
    Scan(Scan),
    /// Write the page for a privacy officer, with diagrams and tables
    Audit(Audit),
    /// Assess a change: what widens or narrows, whose data it is, and who must approve it
    Impact(Impact),
    /// Say what each field holds and why, and let people decide
    Classify(Classify),
    /// Tell who reaches which patient data, and by which paths
    Access(Access),
    /// Tell which patient data goes where: declared, found, or both
    Flows(Flows),
    /// Plan the protection of a field; seal, open, mask and de-identify data by the policy
    #[command(subcommand)]
    Guard(Guard),
    /// Show what a project holds, and what its source cannot tell
    Project(Project),
    /// Work with a policy bundle
    #[command(subcommand)]
    Policy(Policy),
    /// Propose a policy bundle for a project, with questions for people to answer
    Init(Init),
    /// Keep the keys of field tokens: their life, backups, escrow, and people who are forgotten
    #[command(subcommand)]
    Keys(Box<Keys>),
    /// Keep the record of what happened, durable and provable
    #[command(subcommand)]
    Ledger(Ledger),
    /// List the rules, or show the page of one
    Rules(Rules),
    /// Print a generated page of the documentation
    #[command(hide = true)]
    Docs { page: Page },
}

/// What every judgement of a project takes.
#[derive(Debug, Args)]
pub(crate) struct Subject {
    /// A project root, a package folder, or any folder or file of sources
    pub(crate) path: PathBuf,
    /// The policy bundle [default: the folder `phiward` of the project, where there is one]
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    /// What queries of the org answered: see `phiward project --need`
    #[arg(long, value_name = "DIR")]
    pub(crate) facts: Option<PathBuf>,
    /// Judge agreements and exceptions as of this day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<Date>,
    /// Only this rule; may be repeated
    #[arg(long = "rule", value_name = "ID", value_parser = rule_id)]
    pub(crate) rules: Vec<String>,
    /// Not this rule; may be repeated
    #[arg(long = "skip", value_name = "ID", value_parser = rule_id)]
    pub(crate) skip: Vec<String>,
    /// Findings that stood already and do not count until the baseline's last day
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Exit with 1 where a finding is at least this severe
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub(crate) fail_on: Severity,
}

#[derive(Debug, Args)]
#[command(after_long_help = FLOWS_FORMATS)]
pub(crate) struct Flows {
    /// A project root, a package folder, or any folder or file of sources
    pub(crate) path: PathBuf,
    /// The policy bundle, whose flows are held against the source [default: the folder `phiward` of the project, where
    /// there is one]
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    /// What queries of the org answered: see `phiward project --need`
    #[arg(long, value_name = "DIR")]
    pub(crate) facts: Option<PathBuf>,
    /// Judge agreements as of this day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<Date>,
    #[arg(long, value_enum, default_value_t = Tabular::Table)]
    pub(crate) format: Tabular,
    /// Write there and not to the terminal
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

const FLOWS_FORMATS: &str = "\
Found are flows of Apex, of flows and of metadata: callouts, mail, events, reports that are sent, models. A flow is \
declared and found; declared, with a receiver that the source reaches; declared, and not found in the source; found, \
and not declared; or an address of which nothing is known.

JSON is a list: `name`, `standing`, `fields`, `receiver` (`kind`, `id`, `name`, `regions`), `purpose`, `grounds`, \
`transport`, `by`, `region`, `agreements`, and `seen` (`component`, `place`). What is not known is left out.

Exits with 1 where there is a bundle and something is found that it does not declare.";

/// For whom a scan is, and how sure it must be. An audit shows all.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Audience {
    /// For whom: a developer sees what a change mends, an auditor sees all
    #[arg(long, value_name = "WHO", default_value = "auditor")]
    pub(crate) persona: Persona,
    /// Leave out findings less sure than this
    #[arg(long, value_name = "LEVEL", default_value = "low")]
    pub(crate) min_confidence: Confidence,
}

impl Audience {
    pub(crate) const ALL: Audience = Audience { persona: Persona::Auditor, min_confidence: Confidence::Low };
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    #[command(flatten)]
    pub(crate) subject: Subject,
    #[command(flatten)]
    pub(crate) audience: Audience,
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Write there and not to the terminal
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Only findings that were not there at this git revision
    #[arg(long, value_name = "REF")]
    pub(crate) since: Option<String>,
    /// Write a baseline of what is found now
    #[arg(long, value_name = "FILE", requires = "baseline_expires")]
    pub(crate) write_baseline: Option<PathBuf>,
    /// The last day on which the written baseline holds
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) baseline_expires: Option<Date>,
    /// Show every finding of a rule, however many
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// The folder to write to; it is made where it is missing
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The project's name on the page [default: the folder's]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
BASE and HEAD are git revisions of the repository that PATH lies in, or folders. In a repository
a folder is written as ./NAME, ../NAME or from the root. Nothing is checked out, and nothing of the repository is run.
Exit codes: 0 no new finding at or above --fail-on and, with --fail-on-widening, nothing that
widens; 1 there is; 2 wrong usage or nothing could be read.")]
pub(crate) struct Impact {
    /// What was before: a git revision or a folder
    pub(crate) base: String,
    /// What is now: a git revision or a folder [default: the working tree]
    pub(crate) head: Option<String>,
    /// The project in the repository: its root, a package folder, or any folder of sources
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub(crate) path: PathBuf,
    #[arg(long, value_enum, default_value_t = Assessment::Human)]
    pub(crate) format: Assessment,
    /// Write there and not to the terminal
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The policy bundle, as it stood on either side where it lies in the repository [default: the folder `phiward`
    /// of the project, where there is one]
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    /// What queries of the org answered, for both sides
    #[arg(long, value_name = "DIR")]
    pub(crate) facts: Option<PathBuf>,
    /// Judge agreements and exceptions of both sides as of this day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<Date>,
    /// Keep what a revision came to there, and read it back the next time
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
    /// Exit with 1 where a new finding is at least this severe
    #[arg(long, value_name = "SEVERITY", default_value = "high")]
    pub(crate) fail_on: Severity,
    /// Exit with 1 where anything widens
    #[arg(long)]
    pub(crate) fail_on_widening: bool,
    /// Show every change, however many
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
#[command(after_long_help = CLASSIFY_FORMATS)]
pub(crate) struct Classify {
    /// A project root, a package folder, or any folder or file of sources
    pub(crate) path: PathBuf,
    /// The policy bundle, whose word comes first [default: the folder `phiward` of the project, where there is one]
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Tabular::Table)]
    pub(crate) format: Tabular,
    /// Show fields without personal data too; JSON and CSV always hold every field
    #[arg(long)]
    pub(crate) all: bool,
    /// Ask what only people can say: of objects that the bundle says nothing of, whose records they keep; and of doubtful
    /// fields in those that it says are about patients
    #[arg(long, conflicts_with_all = ["all", "from", "write"])]
    pub(crate) questions: bool,
    /// Write there and not to the terminal
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Write `complianceGroup` and `securityClassification` into the field files that have none
    #[arg(long, conflicts_with_all = ["from", "output"])]
    pub(crate) write: bool,
    /// With `--write`: tag fields that likely hold personal data too, not only those that surely do
    #[arg(long, requires = "write")]
    pub(crate) likely: bool,
    /// Read the CSV back, with decisions filled in, and print what the bundle would have to say as a patch
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Print as a patch all that is proposed and nobody has decided, in the sheet of `--from` or before; each line says who took
    /// it unseen, and when
    #[arg(long, requires = "by", conflicts_with_all = ["all", "questions", "write"])]
    pub(crate) accept_proposed: bool,
    /// With `--accept-proposed`: who takes it, by an id as the bundle writes them (mara-voss)
    #[arg(long, value_name = "ID", requires = "accept_proposed", value_parser = bundle_id)]
    pub(crate) by: Option<Id>,
}

impl Classify {
    pub(crate) fn is_all(&self) -> bool {
        self.all || self.format != Tabular::Table
    }
}

const CLASSIFY_FORMATS: &str = "\
JSON is a list with one object a field: `object`, `field`, `label`, `class` (phi, phi-sensitive, pii, internal, public),
`identifier` (or null), `confidence` (low, medium, high), `evidence` (bundle, tag, catalogue, name, formula, relation,
words), `reason` and `named_by` (metadata, code, or bundle where only the bundle has it). CSV has the same columns but the last,
and three for people to fill in: Decided class, Decided identifier, Note.

For people without git: send out `--format csv --output fields.csv`; read it back with `--from fields.csv`, which prints
a patch of the bundle for `git apply`, and who must approve it.

Begin with the objects: `--questions --format csv --output questions.csv`. Each line is a question, with what Phiward would
say. Of an object, Decided class is patient (each record is a patient), about-patient (each is about one; Decided subject is
the field or path that leads to the patient, as Visit__r.Patient__c, or empty where none does) or no-patient. Of a field, it
is a class; Decided identifier may stay empty (what the bundle says stays) or be none (it identifies nobody). Lines may be
added. no-patient in the line of the object * says that the organisation keeps no patients at all. Read it back in the same way, then ask again: objects that are about patients bring questions about fields, and most
fields of theirs need none.

What only Apex names stands in the lists too, with the place where code names it first: nobody retrieved its object. Its type
and label are not known. Lines of the bundle about what neither metadata nor code has are told.

To begin in one step: --accept-proposed --by mara-voss prints a patch that takes all that is proposed and not decided, of objects
as --questions asks for it and of fields that look like somebody's data; with --from the sheet's decisions come first. Each such
line says `unseen: {by: mara-voss, on: 2026-11-28}`: it counts, `policy check` warns of it, and reasons name it until somebody
decides it. Objects whose fields say otherwise are left open; parties, identities and models are never taken unseen.

--write tags PHI as HIPAA and Restricted (sensitive PHI as MissionCritical), other personal data as PII and Confidential,
where it is sure, or with --likely where it is likely. These are values of Salesforce's default lists; an org that renamed them must adapt the
files. What a file says already stays.";

#[derive(Debug, Args)]
#[command(after_long_help = ACCESS_FORMATS)]
pub(crate) struct Access {
    /// A project root, a package folder, or any folder or file of sources
    pub(crate) path: PathBuf,
    /// Tell of this field, step by step; may be repeated [default: every field with patient data, without the steps]
    #[arg(long = "field", value_name = "OBJECT.FIELD")]
    pub(crate) fields: Vec<String>,
    /// Only this principal: profile:NAME, permission-set:NAME, permission-set-group:NAME or user:USERNAME; may be
    /// repeated
    #[arg(long = "principal", value_name = "KIND:NAME")]
    pub(crate) principals: Vec<String>,
    /// Only fields of this object; may be repeated
    #[arg(long = "object", value_name = "OBJECT")]
    pub(crate) objects: Vec<String>,
    /// What queries of the org answered; with users and assignments, each user is told as well
    #[arg(long, value_name = "DIR")]
    pub(crate) facts: Option<PathBuf>,
    /// The policy bundle [default: the folder `phiward` of the project, where there is one]
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Tabular::Table)]
    pub(crate) format: Tabular,
    /// Write there and not to the terminal
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

const ACCESS_FORMATS: &str = "\
Answers are yes, no or unknown; how far into the records is none, some (one's own and shared ones) or all, as the
least and the most. A principal is told of a field where it reads or edits it, or may. What is not in the source is
unknown. The rules are lib/access/semantics.md; they judge a permission set or group as given to an internal user.

CSV has the columns Field, Holds, Principal, Crowd, Reads, Edits, Reads records at least, Reads records at most,
Edits records at least, Edits records at most, Complete.

JSON has `format` 1; `fields`, each with `field` and `holds`; `principals`, each with `principal`, `kind`, `name`,
`crowd`, `api` (whether it may use the APIs), `escalations` (`name`, `answer`: ways to give oneself more) and
`missing` (what would complete its grants); and `access`, each with `field`, `principal`, `read`, `edit`, `records`
(`read` and `edit`, each with `low` and `high`) and `complete`. With --field, each of `access` has `explained` as
well: `read` and `edit` (each with `answer`, `byObject`, `byField`, `barred`, `missing`) and `records` (with `paths`
and `missing`). A path has an `answer` and `steps`, each with `words` and, where it stands in a file, `place`
(`path`, `line`, `column`).

Exits with 2 where a field, object or principal is not known.";

#[derive(Debug, Subcommand)]
pub(crate) enum Guard {
    /// Tell what encrypting a field would break, which scheme it needs, and how to get there
    Plan(GuardPlan),
    /// Turn values of rows into tokens, as the bundle says of their fields
    Seal(Box<Seal>),
    /// Turn tokens of rows into values, for whom the policy lets
    Open(Box<Keyed>),
    /// Leave of values and tokens what the bundle's masks leave
    Mask(Box<Keyed>),
    /// Take out of rows what identifies people, by HIPAA's Safe Harbor, with a report
    Deidentify(Box<Deidentify>),
}

#[derive(Debug, Args)]
#[command(after_long_help = PLAN_FORMAT)]
pub(crate) struct GuardPlan {
    /// The field, in any case
    #[arg(value_name = "OBJECT.FIELD")]
    pub(crate) field: String,
    /// A project root, a package folder, or any folder or file of sources
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    /// Plan for Shield Platform Encryption, for the gateway's tokens, or for both [default: what the bundle asks for the
    /// field, else both]
    #[arg(long = "for", value_name = "WHAT", value_enum)]
    pub(crate) by: Option<PlanFor>,
    /// Judge this scheme of Shield alone
    #[arg(long, value_name = "SCHEME", value_enum)]
    pub(crate) mode: Option<Scheme>,
    /// The policy bundle [default: the folder `phiward` of the project, where there is one]
    #[arg(long, value_name = "DIR")]
    pub(crate) policy: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Plain::Human)]
    pub(crate) format: Plain,
    /// Write there and not to the terminal
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFor {
    Platform,
    Gateway,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scheme {
    Probabilistic,
    DeterministicCaseSensitive,
    DeterministicCaseInsensitive,
}

const PLAN_FORMAT: &str = "\
Metadata and Apex are judged; other code (Visualforce, Aura, Lightning web components, OmniStudio, scripts) is not \
judged yet: its files that hold the name of the field are counted. A judgement that names a page of Salesforce's is \
documented there; one marked inferred follows from what the use does, and should be tried in a sandbox. Nothing \
is changed.

JSON has `format` 1; `subject` (`object`, `field`, `place`, `type`, `length`, `custom`, `namespace`, `unique`, \
`externalId`, `scheme`, `class`, `identifier`, `confidence`, `reason`, `fewValues`, `asked`); `modes`; \
`platform` (`possible`, `reasons`, `limit`, `replacement`, `schemes`); `gateway` (`possible`, `reasons`, \
`token`, `inPlace`, `companion` and `index`, each with `name`, `type`, `length`, and where it is made on another object \
`object` and `column`, and `declared` where the bundle names it; `bundle`, the YAML that it would have to say); `uses`, each with `use`, `component`, `place`, `comparison`, \
`through`, `active` and `judgements`, which has for each mode `outcome` (breaks, unknown, \
works-by-equality-only, shows-token or works), `why`, `advice` and `documented`; `choice` (`scheme`, \
`whyScheme`, `protect`, `whyProtect`, `breaks`); `migration`, each way with `protect` and `steps` (`what`, \
`who`, `check`); `unsettled` (`what`, `settle`); `code` (`standing`, `name`, `kinds`, each with `all` and \
`naming`); and `unread`. What is not known is left out. `possible` is yes, no or unknown.

Exits with 0 where the plan is made, whatever it says, and with 2 where the field is not known.";

#[derive(Debug, Args)]
pub(crate) struct Project {
    /// A project root, a package folder, or any folder or file of sources
    pub(crate) path: PathBuf,
    /// Print the package.xml and the queries that would complete the source
    #[arg(long)]
    pub(crate) need: bool,
    /// What queries of the org answered
    #[arg(long, value_name = "DIR")]
    pub(crate) facts: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Plain::Human)]
    pub(crate) format: Plain,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Read a bundle and say what is wrong with it
    Check(Bundle),
    /// Say what the bundle answers to one request, and why
    Explain(Explain),
    /// Print the digest that names the bundle
    Digest(Bundle),
    /// Print the JSON Schema of the bundle's files, for editors
    Schema,
    /// Run the bundle's own expectations
    Test(Test),
    /// Say what differs between two bundles, and whether it widens or narrows
    Diff {
        /// The folder of the old bundle
        old: PathBuf,
        /// The folder of the new bundle
        new: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Bundle {
    /// The bundle's folder
    #[arg(default_value = "phiward")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) bundle: Bundle,
    /// As of this day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<Date>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) bundle: Bundle,
    /// An identity or audience of the bundle
    #[arg(long, value_name = "ID")]
    pub(crate) who: String,
    /// What is done
    #[arg(long, value_name = "ACTION", default_value = "send")]
    pub(crate) action: String,
    /// `Object.Field`; may be repeated
    #[arg(long = "field", value_name = "OBJECT.FIELD", required = true)]
    pub(crate) fields: Vec<String>,
    /// A party, model or org of the bundle
    #[arg(long, value_name = "ID")]
    pub(crate) to: Option<String>,
    #[arg(long)]
    pub(crate) purpose: Option<String>,
    #[arg(long)]
    pub(crate) ground: Option<String>,
    /// The legal region of the person
    #[arg(long, value_name = "REGION")]
    pub(crate) subject_region: Option<String>,
    /// As of this day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) on: Option<Date>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// A project root, a package folder, or any folder of sources
    pub(crate) path: PathBuf,
    /// Where to write the bundle [default: the folder `phiward` of the project]; never overwrites
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Rules {
    /// A rule's id
    #[arg(value_parser = rule_id)]
    pub(crate) id: Option<String>,
    #[arg(long, value_enum, default_value_t = Plain::Human)]
    pub(crate) format: Plain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
    Sarif,
    Junit,
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Assessment {
    Human,
    Markdown,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tabular {
    Table,
    Json,
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Plain {
    Human,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Page {
    Rules,
    Commands,
    Controls,
}

fn bundle_id(text: &str) -> Result<Id, String> {
    Id::of(text).ok_or_else(|| {
        "ids are lower-case letters, digits and hyphens, 64 at most, and begin with a letter or digit"
            .to_owned()
    })
}

fn rule_id(text: &str) -> Result<String, String> {
    match scan::rule(text) {
        Some(rule) => Ok(rule.id.to_owned()),
        None => Err("there is no such rule; `phiward rules` lists them".to_owned()),
    }
}
