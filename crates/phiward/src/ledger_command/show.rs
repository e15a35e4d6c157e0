//! `phiward ledger show`: entries, by what is asked for, of logs that are derived anew first.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use journal::act::{ApprovalWord, ReviewWord, StandingKind};
use journal::act::{Call, EvidenceOutcome, Examined, IncidentStep, KeyStep, Person, Setting};
use journal::entry::{Behalf, Data};
use journal::names::{Org, RecordId, Uid};
use journal::{Act, Entry, Pseudonymiser as _, Subject};
use ledger::reading::{self, Held};
use ledger::{Expected, LedgerError};
use policy::vocabulary::Action;
use tlog::entries;

use super::arguments::{Listing, Show};
use super::{logs, text};
use crate::keys_command::{opened_trail, shred};
use crate::{Verdict, files, judge};

pub(super) fn run(show: &Show) -> Result<Verdict, String> {
    let asked = Asked::of(show)?;
    let mut logs = logs(&show.reading)?;
    if let Some(name) = &show.log {
        let is_it = |log: &Held| log.shard.as_ref().is_some_and(|shard| shard.to_string() == *name);
        logs.retain(is_it);
        if logs.is_empty() {
            return Err("the ledger has no such log: `ledger verify` names those that it has".to_owned());
        }
    }
    let mut shown = Shown { format: show.format, rows: Vec::new(), waiting: Vec::new() };
    if show.format == Listing::Csv {
        csv::write_row(HEADER.into_iter(), &mut shown.waiting);
    }
    let mut in_order = asked.unknown == 0;
    for log in &logs {
        in_order &= one(log, &asked, &mut shown)?;
    }
    shown.end(logs.len() > 1)?;
    Ok(if in_order { Verdict::InOrder } else { Verdict::Findings })
}

/// Shows what was asked for of one log, and says whether the log is in order.
fn one(log: &Held, asked: &Asked, shown: &mut Shown) -> Result<bool, String> {
    let none = Expected { keys: Vec::new(), older: Vec::new(), deleted: Vec::new() };
    let report = match reading::verify_held(log, none) {
        Ok(report) => report,
        // What became of one log hides nothing of the others.
        Err(error) => {
            eprintln!("phiward: {}: NOT VERIFIED, and nothing of it is shown: {error}", log.name);
            return Ok(false);
        }
    };
    let (mut listed, mut unread) = (0_u64, 0_u64);
    let given = reading::entries(log, report.size, |index, bytes| {
        match Entry::read(bytes) {
            Ok(entry) if asked.holds(&entry) => {
                listed += 1;
                shown.take(log, index, &entry, bytes, asked).map_err(LedgerError::Refused)?;
            }
            Ok(_) => {}
            Err(_) => unread += 1,
        }
        Ok(())
    });
    let mut problems = report.problems;
    match given {
        Ok(root) if root == report.root => {}
        Ok(_) if problems.is_empty() => problems.push("it was changed while it was read".to_owned()),
        Ok(_) => {}
        Err(error) => problems.push(error.to_string()),
    }
    let gone: u64 = report.deleted.iter().map(|run| run.end - run.start).sum();
    match problems.first() {
        None => eprintln!(
            "phiward: {}: verified, {} shown of {}, {gone} deleted, root {}",
            log.name,
            listed,
            entries(report.size),
            report.root
        ),
        Some(problem) => eprintln!(
            "phiward: {}: NOT VERIFIED: {problem}. What is shown of it ({}) proves nothing: `ledger verify` tells all \
             that is wrong",
            log.name,
            entries(listed)
        ),
    }
    if unread > 0 {
        eprintln!("phiward: {}: {} of another release: not looked at", log.name, entries(unread));
    }
    Ok(problems.is_empty() && unread == 0)
}

/// What is asked for.
struct Asked {
    /// Pseudonyms, as entries write them; nothing where entries about anybody and nobody are asked for.
    people: Option<BTreeSet<String>>,
    /// Lines of standard input of whom the keyring knows nobody.
    unknown: u64,
    /// Kinds, and words where one was named.
    acts: Vec<(String, Option<String>)>,
    who: Vec<String>,
    from: Option<Date>,
    to: Option<Date>,
    correlation: Option<Uid>,
}

impl Asked {
    fn of(show: &Show) -> Result<Self, String> {
        let acts = show.acts.iter().map(|act| kind(act)).collect::<Result<_, _>>()?;
        let correlation = show.correlation.as_deref().map(Uid::of).transpose();
        let correlation = correlation.map_err(|error| format!("`--correlation`: {error}"))?;
        let (mut people, mut unknown) = (BTreeSet::new(), 0);
        for pseudonym in &show.pseudonyms {
            let is =
                Uid::of(pseudonym).map_err(|_| "`--pseudonym` is of 32 lower-case hexadecimal digits")?;
            people.insert(is.to_string());
        }
        if show.people {
            for (number, known) in (1..).zip(known(show)?) {
                match known {
                    Some(pseudonym) => drop(people.insert(pseudonym)),
                    None => {
                        unknown += 1;
                        eprintln!(
                            "phiward: standard input, line {number}: the keyring has no key of this person: no entry was \
                             written about them, or the key was shredded"
                        );
                    }
                }
            }
        }
        let anybody = !show.people && show.pseudonyms.is_empty();
        Ok(Self {
            people: (!anybody).then_some(people),
            unknown,
            acts,
            who: show.who.clone(),
            from: show.from,
            to: show.to,
            correlation,
        })
    }

    fn holds(&self, entry: &Entry) -> bool {
        let day = entry.at.timestamp().to_zoned(TimeZone::UTC).date();
        let acts = |(kind, word): &(String, Option<String>)| {
            entry.act.key() == kind && word.as_deref().is_none_or(|own| word_of(&entry.act) == Some(own))
        };
        self.from.is_none_or(|from| day >= from)
            && self.to.is_none_or(|to| day <= to)
            && (self.acts.is_empty() || self.acts.iter().any(acts))
            && (self.who.is_empty() || named(entry).iter().any(|name| self.who.contains(name)))
            && self
                .correlation
                .is_none_or(|own| entry.correlation.is_some_and(|one| one.bytes() == own.bytes()))
            && (self.people.is_none() || !self.of_entry(entry).is_empty())
    }

    /// Whom of an entry's people was asked for.
    fn of_entry(&self, entry: &Entry) -> Vec<String> {
        let all = entry.subjects().into_iter().map(|person| person.to_string());
        all.filter(|person| self.people.as_ref().is_none_or(|asked| asked.contains(person))).collect()
    }
}

/// The pseudonyms of the people on standard input, in order. No message repeats one.
fn known(show: &Show) -> Result<Vec<Option<String>>, String> {
    let (Some(policy), Some(ring)) = (&show.policy, opened_trail(&show.trail)?) else {
        return Err("people are found by the keyring and the bundle: --trail and --policy".to_owned());
    };
    let policy = judge::read_bundle(policy)?;
    let org = match &show.org {
        Some(id) => id.as_str(),
        None => policy
            .default_org()
            .map(|org| org.id.as_str())
            .ok_or("the bundle has several orgs and none is `default`: name the --org")?,
    };
    let org = Org::declared(&policy, org).map_err(|_| "`--org` is no org of the bundle".to_owned())?;
    let lines = files::listed().map(|line| line.map(|(_, line)| line)).collect::<Result<Vec<_>, _>>()?;
    if lines.is_empty() {
        return Err("nobody is on standard input: ids of records, one a line".to_owned());
    }
    let people: Vec<Subject> = match &show.key {
        Some(key) => shred::by_key(&policy, &org, key, &lines)?,
        None => {
            let of = |(number, line): (u64, &String)| {
                let record = RecordId::of(line).map_err(|error| format!("line {number}: {error}"))?;
                Ok(Subject::of_record(&org, &record))
            };
            (1..).zip(&lines).map(of).collect::<Result<_, String>>()?
        }
    };
    let one = |person| ring.known(person).map(|known| known.map(|one| one.to_string())).map_err(text);
    people.iter().map(one).collect()
}

/// A kind of entries, and the word that was named with it.
fn kind(given: &str) -> Result<(String, Option<String>), String> {
    let (kind, word) = given.split_once('=').map_or((given, None), |(kind, word)| (kind, Some(word)));
    if !Act::KEYS.contains(&kind) {
        return Err(format!("`--act` is one of {}", Act::KEYS.join(", ")));
    }
    let words = words(kind);
    match word {
        Some(word) if !words.contains(&word) => {
            let words = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
            Err(format!("`--act {kind}=`: the words of `{kind}` are: {words}"))
        }
        word => Ok((kind.to_owned(), word.map(str::to_owned))),
    }
}

/// The words that [`word_of`] tells of a kind.
fn words(kind: &str) -> Vec<&'static str> {
    match kind {
        "api-call" => Call::ALL.iter().map(|one| one.as_str()).collect(),
        "decision" | "field-access" => Action::ALL.iter().map(|one| one.as_str()).collect(),
        "key-event" => KeyStep::ALL.iter().map(|one| one.as_str()).collect(),
        "approval" => ApprovalWord::ALL.iter().map(|one| one.as_str()).collect(),
        "standing-fact" => StandingKind::ALL.iter().map(|one| one.as_str()).collect(),
        "review-decision" => ReviewWord::ALL.iter().map(|one| one.as_str()).collect(),
        "evidence" => Examined::ALL.iter().map(|one| one.as_str()).collect(),
        "incident-act" => IncidentStep::ALL.iter().map(|one| one.as_str()).collect(),
        "configuration-change" => Setting::ALL.iter().map(|one| one.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// What was done, within its kind.
const fn word_of(act: &Act) -> Option<&'static str> {
    Some(match act {
        Act::ApiCall(call) => call.call.as_str(),
        Act::Decision(decision) => decision.action.as_str(),
        Act::FieldAccess(access) => access.action.as_str(),
        Act::KeyEvent(event) => event.step.as_str(),
        Act::Approval(approval) => approval.word.as_str(),
        Act::StandingFact(fact) => fact.kind.as_str(),
        Act::ReviewDecision(review) => review.word.as_str(),
        Act::Evidence(evidence) => evidence.of.as_str(),
        Act::IncidentAct(incident) => incident.step.as_str(),
        Act::ConfigurationChange(change) => change.setting.as_str(),
        Act::Inference(_)
        | Act::PolicyChange(_)
        | Act::Grant(_)
        | Act::Block(_)
        | Act::FindingSnapshot(_)
        | Act::FlowSnapshot(_) => return None,
    })
}

fn person(person: &Person) -> String {
    match person {
        Person::Approver(name) => name.to_string(),
        Person::Identity(name) => name.to_string(),
        Person::User(id) => id.to_string(),
    }
}

/// Who answers for an act besides whoever did it.
fn with(act: &Act) -> Vec<String> {
    match act {
        Act::KeyEvent(event) => {
            event.by.iter().map(ToString::to_string).chain(event.people.iter().map(person)).collect()
        }
        Act::PolicyChange(change) => change.approvers.iter().map(ToString::to_string).collect(),
        Act::Approval(approval) => vec![approval.by.to_string()],
        Act::Grant(grant) => grant.approvers.iter().map(ToString::to_string).collect(),
        Act::Block(block) => block.by.iter().map(person).collect(),
        Act::ReviewDecision(review) => vec![person(&review.by)],
        _ => Vec::new(),
    }
}

/// Everybody who did it or answers for it.
fn named(entry: &Entry) -> Vec<String> {
    entry.who.iter().map(ToString::to_string).chain(with(&entry.act)).collect()
}

/// What an act is about, where that is no person.
fn subject(act: &Act) -> String {
    match act {
        Act::KeyEvent(event) => {
            let keys = event.keys.map(|keys| format!(" ({})", keys.get())).unwrap_or_default();
            let reason = event.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{} {}{keys}{reason}", event.kind, event.key)
        }
        Act::Inference(inference) => inference.model.to_string(),
        Act::Grant(grant) => format!("{} to {}", grant.ceiling, grant.to),
        Act::Block(block) => block.what.key().to_owned(),
        Act::Evidence(evidence) => {
            let result: EvidenceOutcome = evidence.result;
            format!("{} {result}", evidence.collector)
        }
        Act::ConfigurationChange(change) => change.room.to_string(),
        Act::Decision(decision) => {
            decision.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

fn behalf(behalf: &Behalf) -> String {
    match behalf {
        Behalf::Identity(name) => name.to_string(),
        Behalf::Party(name) => name.to_string(),
        Behalf::User(id) => id.to_string(),
        Behalf::Subject(person) => person.to_string(),
    }
}

/// Fields, as `Object.Field`, with what was given of each where that is not the value.
fn fields(data: &[Data]) -> String {
    let mut all = Vec::new();
    for one in data {
        let object = &one.object;
        all.extend(one.fields.iter().map(|field| format!("{object}.{field}")));
        all.extend(one.covered.iter().map(|covered| match covered.mask {
            Some(mask) => format!("{object}.{} (mask {})", covered.field, mask.as_str()),
            None => format!("{object}.{} (token)", covered.field),
        }));
        all.extend(one.withheld.iter().map(|field| format!("{object}.{field} (withheld)")));
    }
    all.join("; ")
}

const HEADER: [&str; 23] = [
    "Log",
    "Index",
    "At",
    "Act",
    "Word",
    "Outcome",
    "Who",
    "With",
    "User",
    "Behalf",
    "Party",
    "Org",
    "Flow",
    "Purpose",
    "Grounds",
    "Region",
    "Subject",
    "Fields",
    "People",
    "Pseudonyms",
    "Correlation",
    "Part",
    "Policy",
];

/// Bytes that wait before they are printed.
const ROOM: usize = 1 << 20;

/// What is shown.
struct Shown {
    format: Listing,
    /// Of a table, whose columns are as wide as their widest cell.
    rows: Vec<[String; 9]>,
    waiting: Vec<u8>,
}

impl Shown {
    fn take(
        &mut self,
        log: &Held,
        index: u64,
        entry: &Entry,
        bytes: &[u8],
        asked: &Asked,
    ) -> Result<(), String> {
        match self.format {
            Listing::Table => self.rows.push(row(log, index, entry)),
            Listing::Jsonl => {
                let name = serde_json::Value::from(log.name.as_str());
                let head = format!("{{\"log\":{name},\"index\":{index},\"entry\":");
                self.waiting.extend_from_slice(head.as_bytes());
                self.waiting.extend_from_slice(bytes);
                self.waiting.extend_from_slice(b"}\n");
            }
            Listing::Csv => {
                let cells = cells(log, index, entry, asked);
                csv::write_row(cells.iter().map(String::as_str), &mut self.waiting);
            }
        }
        if self.waiting.len() > ROOM {
            files::print(&self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }

    fn end(&mut self, has_many: bool) -> Result<(), String> {
        if self.format == Listing::Table && !self.rows.is_empty() {
            let heads = ["log", "entry", "at", "act", "outcome", "who", "people", "what", "correlation"];
            let heads = heads.map(str::to_owned);
            let all = || std::iter::once(&heads).chain(&self.rows);
            let first = usize::from(!has_many);
            let width = |at: usize| all().filter_map(|row| row.get(at)).map(String::len).max().unwrap_or(0);
            let widths: Vec<usize> = (0..heads.len()).map(width).collect();
            let mut out = String::new();
            for row in all() {
                let cells = row.iter().zip(&widths).skip(first);
                let line: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
                // Writing to a string does not fail.
                let _ = writeln!(out, "{}", line.join("  ").trim_end());
            }
            self.waiting = out.into_bytes();
        }
        files::print(&self.waiting)
    }
}

fn words_of<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" ")
}

fn row(log: &Held, index: u64, entry: &Entry) -> [String; 9] {
    let act = match word_of(&entry.act) {
        Some(word) => format!("{} {word}", entry.act.key()),
        None => entry.act.key().to_owned(),
    };
    let what = [subject(&entry.act), fields(&entry.data)];
    let shard = log.shard.as_ref().map_or_else(|| "home".to_owned(), ToString::to_string);
    [
        shard,
        index.to_string(),
        entry.at.to_string(),
        act,
        entry.outcome.to_string(),
        words_of(named(entry)),
        entry.subjects().len().to_string(),
        what.into_iter().filter(|what| !what.is_empty()).collect::<Vec<_>>().join("; "),
        words_of(entry.correlation),
    ]
}

fn cells(log: &Held, index: u64, entry: &Entry, asked: &Asked) -> [String; 23] {
    let part = entry.part.as_ref();
    [
        log.name.clone(),
        index.to_string(),
        entry.at.to_string(),
        entry.act.key().to_owned(),
        words_of(word_of(&entry.act)),
        entry.outcome.to_string(),
        words_of(&entry.who),
        words_of(with(&entry.act)),
        words_of(&entry.user),
        words_of(entry.behalf.as_ref().map(behalf)),
        words_of(&entry.party),
        words_of(&entry.org),
        words_of(&entry.flow),
        words_of(entry.purpose.map(policy::vocabulary::Purpose::as_str)),
        words_of(entry.grounds.iter().map(|ground| ground.as_str())),
        words_of(&entry.region),
        subject(&entry.act),
        fields(&entry.data),
        entry.subjects().len().to_string(),
        words_of(asked.of_entry(entry)),
        words_of(entry.correlation),
        words_of(part.map(|part| format!("{}/{} of {}", part.k.get(), part.n.get(), part.of))),
        words_of(entry.policy),
    ]
}
