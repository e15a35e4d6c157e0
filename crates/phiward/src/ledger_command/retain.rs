use journal::Number;
use journal::Retained;
use journal::act::{ConfigurationChange, Room, Setting};
use journal::names::{Region, Uid};
use ledger::State;
use ledger::reading::{self, Held};
use ledger::retain::{delete, plan};
use ledger::retention::Rules;
use tlog::{Folder, entries};

use super::arguments::Retain;
use super::{open, text};
use crate::outside::SystemRng;
use crate::telling::counted;
use crate::{Verdict, judge, today};

pub(crate) fn run(retain: &Retain) -> Result<Verdict, String> {
    let decides = retain.delete || retain.keep.is_some();
    if decides && retain.policy.is_none() && !retain.shipped_floors {
        return Err("the floors of the bundle decide what may go: name it with --policy, or say with --shipped-floors \
                    that there is none"
            .to_owned());
    }
    let policy = retain.policy.as_deref().map(judge::read_bundle).transpose()?;
    let ledger = open(&retain.writing)?;
    let outcome = with(retain, policy.as_ref(), &ledger);
    let closed = ledger.close().map_err(text);
    let verdict = outcome?;
    closed?;
    Ok(verdict)
}

fn class(word: &str) -> Result<Retained, String> {
    let words: Vec<&str> = Retained::ALL.iter().map(|class| class.as_str()).collect();
    Retained::ALL
        .iter()
        .copied()
        .find(|class| class.as_str() == word)
        .ok_or_else(|| format!("`{word}` is no class of entries: {}", words.join(", ")))
}

fn with(
    retain: &Retain,
    policy: Option<&policy::Policy>,
    ledger: &ledger::Ledger,
) -> Result<Verdict, String> {
    let key = ledger.verifier().ok_or("the ledger has no key")?;
    let logs = reading::held(&retain.writing.dir, key).map_err(text)?;
    let home = logs.first().ok_or("the ledger has no home log")?;
    let size = reading::checkpoint(home).map_err(text)?.checkpoint().size();
    let state = State::read(&Folder::new(&home.folder), size).map_err(text)?;
    // A hold or a floor that somebody took away still holds.
    state.is_whole().map_err(text)?;
    let mut rules = Rules::of(policy);
    for (class, days) in &state.days {
        rules = rules.with_floor(*class, *days, "set in this ledger");
    }
    if let Some(words) = &retain.keep {
        return keep(words, &Rules::of(policy), ledger);
    }
    if retain.hold {
        return hold(retain, ledger);
    }
    if let Some(id) = &retain.lift {
        return lift(id, &state, ledger);
    }
    let now = today();
    let on = retain.on.unwrap_or(now);
    if retain.delete && on > now {
        return Err("nothing is deleted as of a day to come".to_owned());
    }
    for hold in &state.holds {
        let class = hold.class.map_or("every class", Retained::as_str);
        let region = hold.region.as_ref().map_or("every region", |region| region.as_str());
        println!("hold {}: {class}, {region}", hold.id);
    }
    let mut findings = false;
    for conflict in rules.conflicts() {
        println!("finding: {conflict}");
        findings = true;
    }
    for log in &logs {
        findings |= one(log, retain, &rules, &state, on, ledger)?;
    }
    Ok(if findings { Verdict::Findings } else { Verdict::InOrder })
}

fn one(
    log: &Held,
    retain: &Retain,
    rules: &Rules,
    state: &State,
    on: jiff::civil::Date,
    ledger: &ledger::Ledger,
) -> Result<bool, String> {
    if reading::is_gone(log) {
        println!("{}: deleted", log.name);
        return Ok(false);
    }
    let size = reading::checkpoint(log).map_err(text)?.checkpoint().size();
    let plan = plan(&log.folder, size, log.sealed.is_none(), rules, &state.holds, on).map_err(text)?;
    let next = plan.next.map_or_else(|| "none is waiting".to_owned(), |day| format!("the next on {day}"));
    println!(
        "{}: {} there, {} may go, {} held, {next}",
        log.name,
        entries(plan.there),
        plan.leaves(),
        plan.held
    );
    if plan.overdue > 0 {
        let overdue = counted(plan.overdue, "entry is", "entries are");
        println!("finding: {}: {overdue} past a ceiling and cannot go", log.name);
    }
    if retain.delete && !plan.may.is_empty() {
        let gone = delete(ledger, &log.folder, log.shard.as_ref(), &plan.may).map_err(text)?;
        let bundles = counted(gone, "bundle", "bundles");
        println!("{}: {} deleted in {bundles}", log.name, entries(plan.leaves()));
    }
    Ok(plan.overdue > 0)
}

fn keep(words: &str, rules: &Rules, ledger: &ledger::Ledger) -> Result<Verdict, String> {
    let (word, days) = words.split_once('=').ok_or("write CLASS=DAYS, as access-log=2200")?;
    let class = class(word)?;
    let days: u32 = days.parse().map_err(|_| "write a number of days".to_owned())?;
    rules.may_be_set(class, days)?;
    let change = ConfigurationChange {
        class: Some(class),
        days: Some(Number::of(u64::from(days))),
        ..ConfigurationChange::new(Room::Ledger, Setting::RetentionSet)
    };
    let index = ledger.act(change).map_err(text)?;
    let days = counted(u64::from(days), "day", "days");
    println!("`{class}` is kept for {days}: entry {index}");
    Ok(Verdict::InOrder)
}

fn hold(retain: &Retain, ledger: &ledger::Ledger) -> Result<Verdict, String> {
    let region = match &retain.region {
        Some(word) => {
            let region = policy::vocabulary::Region::of(word).and_then(|region| Region::of(&region).ok());
            Some(region.ok_or_else(|| format!("`{word}` is no region"))?)
        }
        None => None,
    };
    let id = Uid::random(&mut SystemRng::new());
    let change = ConfigurationChange {
        id: Some(id),
        class: retain.class.as_deref().map(class).transpose()?,
        region,
        ..ConfigurationChange::new(Room::Ledger, Setting::HoldSet)
    };
    ledger.act(change).map_err(text)?;
    println!("{id}");
    Ok(Verdict::InOrder)
}

fn lift(id: &str, state: &State, ledger: &ledger::Ledger) -> Result<Verdict, String> {
    let id = Uid::of(id).map_err(|error| format!("`--lift`: {error}"))?;
    if !state.holds.iter().any(|hold| hold.id == id) {
        return Err("there is no such hold".to_owned());
    }
    let change =
        ConfigurationChange { id: Some(id), ..ConfigurationChange::new(Room::Ledger, Setting::HoldLifted) };
    ledger.act(change).map_err(text)?;
    Ok(Verdict::InOrder)
}
