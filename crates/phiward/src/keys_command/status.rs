//! What a security officer wants to know of the keys.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use guard::keeper::{Drills, Tools};
use guard::ring::{Accepted, EscrowState, Escrowed};
use guard::{Keeper, KeyState, KeyStatus, Unseen};
use jiff::civil::Date;
use journal::names::KeyId;
use policy::vocabulary::Class;

use super::arguments::{Form, Status};
use super::reopened::Named;
use super::{Roots, places, reopened, root, text};
use crate::outside::{SystemClock, SystemRng};
use crate::telling::counted;
use crate::{Verdict, files};

/// For how many days a key seals, and how many it opens after that: NIST SP 800-57 part 1 revision 5, table 1, for keys
/// that encrypt data. A recommendation.
const SEALS_FOR: u64 = 2 * 365;
const OPENS_FOR: u64 = 3 * 365;
const BY_NIST: &str = "A key that encrypts data seals for two years at most and opens for three more: a recommendation \
                       (NIST SP 800-57 part 1 rev. 5, table 1).";
const BY_BUNDLE: &str = "How long a data key seals is the bundle's rule. That it opens for three years more is a \
                         recommendation (NIST SP 800-57 part 1 rev. 5, table 1).";
/// NIST SP 800-38D, 8.3.
const MOST_SEALS: u64 = 1 << 32;

/// Where a backup stands.
struct Backup {
    name: String,
    opens: bool,
    word: String,
}

struct Shown {
    tenant: String,
    /// What entries call these keys.
    id: KeyId,
    /// The module that encrypts runs in its FIPS mode.
    fips: bool,
    keys: Vec<(KeyStatus, u64)>,
    /// For how many days a key seals, and whether the bundle says so.
    period: (u64, bool),
    people: u64,
    shredded: u64,
    /// Handles of people who were merged into others.
    retired: u64,
    epoch: u64,
    wrapping: String,
    untold: u64,
    merges: u64,
    approvers: Vec<String>,
    /// Each with what is to be said of it.
    escrows: Vec<(Escrowed, String)>,
    /// When a copy was put back that need not know of all.
    unknown: Option<Date>,
    /// When a copy was put back, while shreddings are to be done again.
    reopened: Option<Date>,
    /// Of how many people whom a ledger names as shredded the salts are here, and of how many because two people said so.
    there: Option<(u64, u64)>,
    accepted: Option<Accepted>,
    /// What a ledger says where nobody is to be shredded again.
    whom: Option<String>,
    backups: Option<Vec<Backup>>,
    to_do: Vec<String>,
}

pub(super) fn run(status: &Status) -> Result<Verdict, String> {
    let day = status.on.unwrap_or_else(crate::today);
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(text)?;
    let tools = Tools {
        root: root(&status.held.root, &status.held.unlock, Roots::MustBeThere)?,
        // Nothing is done.
        recorder: None,
        policy: None,
        who: None,
        clock: std::sync::Arc::new(SystemClock),
        rng: || Box::new(SystemRng::new()),
    };
    let places = places(&status.held)?;
    let keeper = runtime.block_on(Keeper::open(places, Unseen::Refused, tools)).map_err(text)?;
    let period = match &status.policy {
        Some(policy) => ceiling(policy)?,
        None => None,
    };
    let period = period.map_or((SEALS_FOR, false), |days| (days, true));
    let named = match &status.ledger {
        Some(dir) => Some(Named::of(dir, (status.verifier.as_deref(), status.seen.as_deref()), &keeper)?),
        None => None,
    };
    let shown = shown(&keeper, (status.backups.as_deref(), named.as_ref()), period, day)?;
    let out = match status.format {
        Form::Table => shown.table(),
        Form::Json => shown.json()?,
    };
    files::print(out.as_bytes())?;
    Ok(if shown.to_do.is_empty() { Verdict::InOrder } else { Verdict::Findings })
}

/// For how many days the bundle lets data keys seal.
fn ceiling(policy: &Path) -> Result<Option<u64>, String> {
    let policy = crate::judge::read_bundle(policy)?;
    let rule = policy.cryptoperiods().iter().find(|rule| rule.keys.value.as_str() == "data");
    Ok(rule.map(|rule| rule.ceiling.value.seconds() / 86_400))
}

/// Names escrows that bring back what was destroyed.
pub(super) fn escrows_to_destroy(keeper: &Keeper) -> Verdict {
    let to_do = to_destroy(keeper);
    to_do.iter().for_each(|what| eprintln!("phiward: {what}"));
    if to_do.is_empty() { Verdict::InOrder } else { Verdict::Findings }
}

/// Why an escrow that opens is not to be there.
pub(super) fn must_not_be(keeper: &Keeper, id: KeyId) -> Option<String> {
    match keeper.salts().escrows().into_iter().find(|escrow| escrow.id == id).map(|escrow| escrow.state) {
        Some(EscrowState::Destroyed) => Some(format!(
            "two people said that escrow {id} is destroyed, and it opens with these shares: destroy its file and its shares \
             now, and look who kept them"
        )),
        None => Some(format!(
            "the keys know of no escrow {id}, and it opens: no shredding will name it. Destroy it, and make a new one \
             (`keys escrow make`)"
        )),
        Some(EscrowState::Kept | EscrowState::Undoes) => None,
    }
}

fn to_destroy(keeper: &Keeper) -> Vec<String> {
    let named = keeper.undoing().into_iter().map(|Escrowed { id, day, .. }| {
        format!(
            "escrow {id} of {day} brings back people who were shredded, or a key that was destroyed, since: destroy its \
             file or its shares, and say so with `keys escrow destroyed`"
        )
    });
    let unknown = keeper.salts().escrows_unknown().map(|day| {
        format!(
            "a copy was put back on {day}, and escrows that were made after the copy may be unknown here: they bring back \
             people who were shredded and keys that were destroyed. Look for them, destroy them, and say so with `keys \
             escrow settled`"
        )
    });
    named.chain(unknown).collect()
}

fn shown(
    keeper: &Keeper,
    (backups, named): (Option<&Path>, Option<&Named>),
    period: (u64, bool),
    day: Date,
) -> Result<Shown, String> {
    let age = |key: KeyStatus| {
        let days = day.since(key.day).map_or(0, |span| span.get_days());
        (key, u64::try_from(days).unwrap_or(0))
    };
    let keys: Vec<(KeyStatus, u64)> = keeper.status().into_iter().map(age).collect();
    let salts = keeper.salts();
    let ((kept, shredded), (epoch, wrapping)) = (salts.counts(), salts.epoch());
    let merges = salts.merges().len() as u64;
    // Whoever became another has a salt until their handle is retired, and is nobody of their own.
    let people = kept.saturating_sub(merges);
    let (untold, retired) = (salts.untold().len() as u64, salts.retired());
    let mut to_do = Vec::new();
    for (key, age) in &keys {
        let number = key.number;
        match key.state {
            KeyState::Active if *age > period.0 => {
                to_do.push(format!("key {number} has sealed for {age} days: make and activate another"));
            }
            KeyState::Active if key.seals >= MOST_SEALS / 10 * 9 => {
                to_do.push(format!("key {number} is nearly worn: make and activate another"));
            }
            KeyState::DecryptOnly if *age > period.0 + OPENS_FOR => {
                to_do.push(format!(
                    "key {number} is {age} days old: seal anew what it sealed, and destroy it"
                ));
            }
            _ => {}
        }
    }
    to_do.extend(unsealing(&keys));
    let open = reopened::to_do(keeper, named);
    let whom = named.filter(|_| open.is_none()).map(reopened::whom);
    to_do.extend(open);
    to_do.extend(to_destroy(keeper));
    to_do.extend(unescrowed(keeper).map(str::to_owned));
    if keeper.approvers().is_empty() {
        to_do.push(
            "no approvers are pinned: nothing that two people have to say is taken. `keys approvers`"
                .to_owned(),
        );
    } else if keeper.pins_ids_alone() {
        to_do.push(
            "approvers are pinned by their ids alone, which a bundle can give to others: pin them anew. `keys approvers`"
                .to_owned(),
        );
    }
    if untold > 0 {
        let salts = counted(untold, "salt was", "salts were");
        to_do.push(format!(
            "{salts} destroyed and no entry says so: the next command that takes these keys and records in a --ledger writes \
             it, as `keys backup` or `guard seal` (`keys status` records nothing)"
        ));
    }
    let backups = backups.map(|folder| listed(keeper, folder, named)).transpose()?;
    if backups.as_ref().is_some_and(|all| all.iter().all(|backup| !backup.opens)) {
        to_do.push("no backup opens: make one (`keys backup`)".to_owned());
    }
    Ok(Shown {
        tenant: keeper.tenant().to_owned(),
        id: salts.id(),
        fips: guard::fips(),
        keys,
        period,
        people,
        shredded: shredded.saturating_sub(retired),
        retired,
        epoch,
        wrapping: wrapping.to_string(),
        untold,
        merges,
        approvers: keeper.approvers(),
        escrows: salts
            .escrows()
            .into_iter()
            .map(|escrow| (escrow, escrow_word(&escrow, undone(keeper, named, Some(escrow.day)))))
            .collect(),
        unknown: salts.escrows_unknown(),
        reopened: keeper.reopened(),
        there: named.map(|named| (named.there.len() as u64, named.kept)),
        accepted: keeper.accepted(),
        whom,
        backups,
        to_do,
    })
}

/// Classes for which no key seals, and what mends that.
fn unsealing(keys: &[(KeyStatus, u64)]) -> Vec<String> {
    let mut by_class: BTreeMap<Class, Vec<KeyStatus>> = BTreeMap::new();
    for (key, _) in keys.iter().filter(|(key, _)| key.state != KeyState::Destroyed) {
        by_class.entry(key.class).or_default().push(*key);
    }
    by_class.retain(|_, keys| keys.iter().all(|key| key.state != KeyState::Active));
    let said = |(class, keys): (Class, Vec<KeyStatus>)| {
        // The newest that is not worn: of a copy that was put back all are.
        let newest = |states: &[KeyState]| {
            let fit = keys.iter().rev().find(|key| key.seals < MOST_SEALS && states.contains(&key.state));
            fit.map(|key| key.number)
        };
        let or = match newest(&[KeyState::Pending, KeyState::DecryptOnly]) {
            Some(number) => format!("`keys activate --key {number}`, or "),
            None => newest(&[KeyState::Disabled]).map_or_else(String::new, |number| {
                format!("`keys enable --key {number}` and then `keys activate --key {number}`, or ")
            }),
        };
        format!(
            "nothing of class {class} can be sealed, as no key is active: {or}`keys make --class {class} --activate`"
        )
    };
    by_class.into_iter().map(said).collect()
}

/// That no escrow is left of those that were made. Whether there is to be one is for whoever has the root: one in hardware or
/// of a service has backups of its own.
fn unescrowed(keeper: &Keeper) -> Option<&'static str> {
    let escrows = keeper.salts().escrows();
    let is_kept = escrows.iter().any(|escrow| escrow.state == EscrowState::Kept);
    (!escrows.is_empty() && !is_kept).then_some(
        "no escrow is left but such as are destroyed or to be destroyed: with the root lost, all is lost. `keys escrow make`",
    )
}

/// Whether a copy of a day holds people who were shredded after it was made, where the keys do not know of it themselves:
/// into these an older copy was put back, or a ledger names somebody who is here.
fn undone(keeper: &Keeper, named: Option<&Named>, day: Option<Date>) -> Option<String> {
    let named = named.filter(|named| !named.is_of_others());
    // Of the same day nobody can tell which came first.
    if let Some(Named { there, last: Some(last), .. }) = named
        && !there.is_empty()
        && day.is_none_or(|day| day <= *last)
    {
        return Some(format!("brings back people who were shredded, the last on {last}"));
    }
    let is_known = named.is_some_and(|named| named.gaps.is_empty());
    (keeper.reopened().is_some() && !is_known)
        .then(|| "may bring back people who were shredded after it was made".to_owned())
}

fn listed(keeper: &Keeper, folder: &Path, named: Option<&Named>) -> Result<Vec<Backup>, String> {
    let io = |error: std::io::Error| format!("`{}`: {error}", folder.display());
    let mut all = Vec::new();
    let entries = match std::fs::read_dir(folder) {
        // Before the first backup there is no folder.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(all),
        entries => entries.map_err(io)?,
    };
    for entry in entries {
        let path = entry.map_err(io)?.path();
        if !path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let day = name.get(..10).and_then(|day| day.parse().ok());
        let (opens, word) = match keeper.drilled(&path) {
            Ok(Drills { data: Some(data), salts: Some(salts), .. }) => {
                let undead = (data.undead + salts.undead > 0)
                    .then(|| "brings back what was destroyed: destroy it".to_owned());
                let lacks = (salts.missing > 0)
                    .then(|| format!("lacks {}", counted(salts.missing, "person", "people")));
                let more = undead.or_else(|| undone(keeper, named, day)).into_iter().chain(lacks);
                (true, std::iter::once("opens".to_owned()).chain(more).collect::<Vec<_>>().join(", "))
            }
            Ok(_) => (false, "opens no more".to_owned()),
            Err(_) => (false, "cannot be read".to_owned()),
        };
        all.push(Backup { name, opens, word });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

fn escrow_word(escrow: &Escrowed, undone: Option<String>) -> String {
    match (escrow.state, undone) {
        (EscrowState::Kept, None) => "kept".to_owned(),
        (EscrowState::Kept, Some(undone)) => format!("kept, and {undone}"),
        (EscrowState::Undoes, _) => "undoes a shredding or a destruction: to be destroyed".to_owned(),
        (EscrowState::Destroyed, _) => "destroyed".to_owned(),
    }
}

/// Of 2^32, in hundredths of a hundredth part.
fn share(seals: u64) -> String {
    let share = seals.saturating_mul(10_000) / MOST_SEALS;
    format!("{}.{:02} %", share / 100, share % 100)
}

impl Shown {
    fn table(&self) -> String {
        let module = if self.fips { "in its FIPS 140-3 mode" } else { "not in its FIPS 140-3 mode" };
        let mut out = format!(
            "Tenant {}, keys {}\nCryptographic module: AWS-LC, {module}\n\nData keys\n",
            self.tenant, self.id
        );
        let rows: Vec<[String; 7]> = self
            .keys
            .iter()
            .map(|(key, age)| {
                let period = if key.state == KeyState::Active {
                    format!("{age} of {} days", self.period.0)
                } else {
                    format!("{age} days")
                };
                let cells = [key.number.to_string(), key.class.to_string(), key.state.to_string()];
                let [number, class, state] = cells;
                [number, class, state, key.day.to_string(), period, key.seals.to_string(), share(key.seals)]
            })
            .collect();
        let heads =
            ["number", "class", "state", "made", "age", "seals (at most)", "of 2^32"].map(str::to_owned);
        let width = |column: usize| {
            let cells = std::iter::once(&heads).chain(&rows).filter_map(|row| row.get(column));
            cells.map(String::len).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..heads.len()).map(width).collect();
        for row in std::iter::once(&heads).chain(&rows) {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            let line = cells.collect::<Vec<_>>().join("  ");
            // Writing to a string does not fail.
            let _ = writeln!(out, "  {}", line.trim_end());
        }
        let _ = writeln!(
            out,
            "  {}\n\nRing of salts\n  {}, {} shredded, epoch {}, wrapped by {}",
            if self.period.1 { BY_BUNDLE } else { BY_NIST },
            counted(self.people, "person", "people"),
            self.shredded,
            self.epoch,
            self.wrapping
        );
        if self.merges > 0 {
            let _ = writeln!(
                out,
                "  {} tokens yet",
                counted(self.merges, "person became another and has", "people became others and have")
            );
        }
        if self.retired > 0 {
            let handles = counted(self.retired, "handle", "handles");
            let _ = writeln!(out, "  retired: {handles}, of people who became others");
        }
        if let Some(day) = self.reopened {
            let who = self.there.map_or_else(
                || "who is not known here".to_owned(),
                |(there, _)| counted(there, "person", "people"),
            );
            let _ = writeln!(out, "  shredded and open again since a copy was put back on {day}: {who}");
        }
        if let Some(Accepted { at, reason }) = self.accepted {
            let day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
            let _ = writeln!(
                out,
                "  a copy was put back, and two people said on {day} why shreddings after it are not done again: {reason}"
            );
        }
        if let Some(whom) = &self.whom {
            let _ = writeln!(out, "  {whom}");
        }
        if !self.approvers.is_empty() {
            let _ = writeln!(out, "\nApprovers\n  {}", self.approvers.join(", "));
        }
        out.push_str("\nEscrows\n");
        for (Escrowed { id, day, threshold, shares, .. }, word) in &self.escrows {
            let _ = writeln!(out, "  {id}  {day}  {threshold} of {shares}  {word}");
        }
        if let Some(day) = self.unknown {
            let _ = writeln!(out, "  unknown since a copy was put back on {day}");
        } else if self.escrows.is_empty() {
            out.push_str("  none: with the root lost, all is lost\n");
        }
        if let Some(backups) = &self.backups {
            out.push_str("\nBackups\n");
            for backup in backups {
                let _ = writeln!(out, "  {}  {}", backup.name, backup.word);
            }
        } else {
            out.push_str("\nBackups\n  not looked at: --backups names their folder\n");
        }
        if !self.to_do.is_empty() {
            out.push_str("\nTo do\n");
            for what in &self.to_do {
                let _ = writeln!(out, "  {what}");
            }
        }
        out
    }

    fn json(&self) -> Result<String, String> {
        let keys: Vec<serde_json::Value> = self
            .keys
            .iter()
            .map(|(key, age)| {
                serde_json::json!({
                    "number": key.number.to_string(),
                    "class": key.class.as_str(),
                    "state": key.state.word(),
                    "made": key.day,
                    "age_days": age,
                    "period_days": self.period.0,
                    "seals_at_most": key.seals,
                    "seals_limit": MOST_SEALS,
                })
            })
            .collect();
        let escrows: Vec<serde_json::Value> = self
            .escrows
            .iter()
            .map(|(escrow, word)| {
                serde_json::json!({
                    "id": escrow.id.to_string(),
                    "day": escrow.day,
                    "threshold": escrow.threshold,
                    "shares": escrow.shares,
                    "state": escrow.state.as_str(),
                    "said": word,
                })
            })
            .collect();
        let backups = self.backups.as_ref().map(|all| {
            let one = |backup: &Backup| {
                serde_json::json!({"name": backup.name, "opens": backup.opens, "said": backup.word})
            };
            all.iter().map(one).collect::<Vec<_>>()
        });
        let shown = serde_json::json!({
            "tenant": self.tenant,
            "keys": self.id.to_string(),
            "fips": self.fips,
            "data_keys": keys,
            "salts": {
                "people": self.people,
                "shredded": self.shredded,
                "retired": self.retired,
                "untold": self.untold,
                "merged": self.merges,
                "epoch": self.epoch,
                "wrapped_by": self.wrapping,
            },
            "approvers": self.approvers,
            "escrows": escrows,
            "escrows_unknown_since": self.unknown,
            "shreddings_open_since": self.reopened,
            "shreddings_accepted": self.accepted.map(|Accepted { at, reason }| {
                serde_json::json!({"at": at, "because": reason.as_str()})
            }),
            "shredded_and_open": self.there.map(|(there, _)| there),
            "shredded_and_kept": self.there.map(|(_, kept)| kept),
            "backups": backups,
            "to_do": self.to_do,
        });
        serde_json::to_string_pretty(&shown).map(|text| format!("{text}\n")).map_err(text)
    }
}
