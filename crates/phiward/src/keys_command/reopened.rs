//! Whoever was shredded after a copy was made, and is open again since it was put back.

use std::collections::BTreeSet;
use std::path::Path;

use guard::ring::Standing;
use guard::{Handle, Keeper, KeyNumber};
use jiff::civil::Date;
use journal::act::KeyReason;
use journal::names::KeyId;

use super::arguments::{AcceptShreddings, CheckShreddings, Kept, Shreddings};
use super::{Word, acted_alone, people, text, unasked};
use crate::Verdict;
use crate::ledger_command::arguments::{Reading, Recorded};
use crate::ledger_command::shredded::Told;
use crate::telling::counted;

/// A ledger's word on who was shredded, held against a ring.
pub(super) struct Named {
    dir: String,
    /// The keys' id.
    tenant: KeyId,
    pub(super) handles: Vec<Handle>,
    /// Those among them whose salts are here, though nobody said that they stay.
    pub(super) there: Vec<Handle>,
    /// How many are here because two people said so, after the ledger named them.
    pub(super) kept: u64,
    /// When the last of these keys' people was shredded.
    pub(super) last: Option<Date>,
    pub(super) gaps: Vec<String>,
    /// Whose keys it tells of, where these are not among them.
    others: Option<BTreeSet<KeyId>>,
    /// The highest number of a data key that was made.
    newest: Option<KeyNumber>,
}

impl Named {
    pub(super) fn of(
        dir: &Path,
        (verifier, seen): (Option<&str>, Option<&Path>),
        keeper: &Keeper,
    ) -> Result<Self, String> {
        let reading = Reading { dir: dir.to_owned(), verifier: verifier.map(str::to_owned) };
        let told = Told::of(&reading, seen)?;
        let (salts, tenant) = (keeper.salts(), keeper.salts().id());
        // What has to be kept, and what is nowhere any more, stays so; other reasons are of the record itself.
        let stays = |reason| matches!(reason, KeyReason::MustBeKept | KeyReason::ValuesGone);
        let accepted = keeper.accepted().filter(|accepted| stays(accepted.reason));
        let (mut handles, mut there, mut kept, mut last) = (Vec::new(), Vec::new(), 0, None);
        let mut survivors = Vec::new();
        for one in told.forgotten() {
            let handle = Handle::of(*one.handle.bytes());
            handles.push(handle);
            match salts.standing_of(handle) {
                Standing::Unknown => continue,
                Standing::There if accepted.is_some_and(|accepted| one.at <= accepted.at) => kept += 1,
                Standing::There => there.push(handle),
                Standing::Merged(survivor) => survivors.push(survivor),
                Standing::Shredded => {}
            }
            last = last.max(Some(one.day()));
        }
        let tenants = told.tenants();
        let is_of_others = !tenants.is_empty() && !tenants.contains(&tenant) && last.is_none();
        let others = is_of_others.then_some(tenants);
        let mut gaps = told.gaps();
        if !told.begins(tenant) {
            gaps.insert(0, "it does not tell of these keys from `keys init` on".to_owned());
        }
        // With a survivor who was forgotten as well goes all that was sealed for them.
        let is_open = |survivor: &&Handle| {
            salts.standing_of(**survivor) == Standing::There && !handles.contains(survivor)
        };
        match survivors.iter().filter(is_open).count() as u64 {
            0 => {}
            merged => gaps.insert(
                0,
                format!(
                    "{} merged into others who are here, and what was sealed for them opens by these",
                    counted(
                        merged,
                        "person whom it names as shredded is",
                        "people whom it names as shredded are"
                    )
                ),
            ),
        }
        let newest = told.newest().and_then(KeyNumber::of);
        let dir = dir.display().to_string();
        Ok(Self { dir, tenant, handles, there, kept, last, gaps, others, newest })
    }

    /// Nobody whom it names is here, and it names everybody.
    fn settles(&self) -> bool {
        self.there.is_empty() && self.gaps.is_empty()
    }

    /// What shreds them again.
    fn again(&self) -> String {
        format!(
            "`phiward keys shreddings check --ledger {} ... > handles`, then `keys shred --handles ... < handles`",
            self.dir
        )
    }

    /// Those of two people who are named as shredded and are here.
    pub(super) fn has(&self, handles: [Option<Handle>; 2]) -> bool {
        handles.into_iter().flatten().any(|handle| self.there.contains(&handle))
    }

    pub(super) const fn is_of_others(&self) -> bool {
        self.others.is_some()
    }

    /// That it is the ledger of other keys, where it is.
    fn of_others(&self) -> Option<String> {
        let others = self.others.as_ref()?.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Some(format!(
            "`{}` is the ledger of another tenant or organisation: it tells of the keys {others}, and these are {}. It says \
             nothing of who was shredded here: name the ledger of these keys",
            self.dir, self.tenant
        ))
    }
}

const BY_HAND: &str = "look at your own record of shreddings (patients' requests, what `keys shred` printed), shred them \
                       again, and have two people say so: `keys shreddings accept`";

/// What is to be done about shreddings that a copy undid, or that a ledger names.
pub(super) fn to_do(keeper: &Keeper, named: Option<&Named>) -> Option<String> {
    let reopened = keeper.reopened();
    let of_others = named.and_then(Named::of_others);
    let Some(named) = named.filter(|_| of_others.is_none()) else {
        let open = reopened.map(|day| {
            format!(
                "a copy was put back on {day}: people who were shredded after it was made are open again, and the keys alone \
                 cannot say who. `keys status --ledger DIR` holds them against a ledger; where there is none, {BY_HAND}"
            )
        });
        return match (of_others, open) {
            (Some(of_others), Some(open)) => Some(format!("{of_others}. And {open}")),
            (of_others, open) => of_others.or(open),
        };
    };
    let there = named.there.len() as u64;
    let Some(day) = reopened else {
        return (there > 0).then(|| {
            format!(
                "{} here, and their tokens open: {}. Where they have to stay, two people say so: `keys shreddings accept \
                 --ledger {}`",
                counted(
                    there,
                    "person whom the ledger names as shredded is",
                    "people whom the ledger names as shredded are"
                ),
                named.again(),
                named.dir
            )
        });
    };
    let more = if named.gaps.is_empty() {
        String::new()
    } else {
        format!(". The ledger need not name everybody ({}): {BY_HAND}", named.gaps.join(", "))
    };
    Some(match there {
        0 if named.gaps.is_empty() => format!(
            "a copy was put back on {day}, and everybody whom the ledger names as shredded is shredded here: `keys \
             shreddings check --ledger {}` settles it",
            named.dir
        ),
        0 => format!(
            "a copy was put back on {day}, and everybody whom the ledger names as shredded is shredded here{more}"
        ),
        _ => format!(
            "{} open again since a copy was put back on {day}: {}{more}",
            counted(there, "person who was shredded is", "people who were shredded are"),
            named.again()
        ),
    })
}

/// Said once by every command that uses keys and does nothing about it.
pub(crate) fn notice(keeper: &Keeper) {
    if let Some(day) = keeper.reopened() {
        eprintln!(
            "phiward: an older copy of these keys was put back on {day}: people who were shredded after it was made can be read \
             again until they are shredded again. `keys status --ledger DIR` says what is to be done"
        );
    }
}

/// [`notice`], where patients' data is worked on. Whom the ledger of the act names as shredded is taken for shredded, as
/// nobody may read them: not until all is settled, but as far as is known.
pub(crate) fn withhold(keeper: &Keeper, into: &Recorded) {
    let Some(day) = keeper.reopened() else { return };
    let named = match &into.ledger {
        None => return notice(keeper),
        Some(dir) => Named::of(dir, (None, into.seen.as_deref()), keeper),
    };
    match named {
        Err(error) => {
            notice(keeper);
            eprintln!("phiward: the ledger does not say who: {error}");
        }
        Ok(named) if named.there.is_empty() => notice(keeper),
        Ok(named) => {
            let withheld = keeper.salts().withhold(&named.there);
            eprintln!(
                "phiward: {} as shredded since an older copy of these keys was put back on {day}: nothing of theirs is opened \
                 or sealed, also with --again. Shred them again: {}",
                counted(withheld, "person is taken", "people are taken"),
                named.again()
            );
            if !named.gaps.is_empty() {
                eprintln!("phiward: there may be others: {}", named.gaps.join(", "));
            }
        }
    }
}

/// Holds a ring into which a copy was put back against the ledger of the act, and tells what is left to be done.
pub(super) async fn hold(keeper: &mut Keeper, kept: &Kept) -> Result<Verdict, String> {
    if keeper.reopened().is_none() {
        return Ok(Verdict::InOrder);
    }
    let named =
        kept.into.ledger.as_deref().map(|dir| Named::of(dir, (None, kept.into.seen.as_deref()), keeper));
    let named = named.transpose().unwrap_or_else(|error| {
        eprintln!("phiward: the ledger does not say who was shredded: {error}");
        None
    });
    held_against(keeper, named).await
}

async fn held_against(keeper: &mut Keeper, named: Option<Named>) -> Result<Verdict, String> {
    // A number is given once, also where the copy does not know of the key that had it.
    let own = named.as_ref().filter(|named| named.others.is_none());
    if let Some(newest) = own.and_then(|named| named.newest) {
        keeper.skip(newest).map_err(text)?;
    }
    if let Some(named) = named.as_ref().filter(|named| named.settles()) {
        keeper.shreddings_held(&named.handles).await.map_err(text)?;
        eprintln!(
            "phiward: everybody whom the ledger names as shredded is shredded here: nothing is to be done again"
        );
    }
    Ok(told(keeper, named.as_ref()))
}

fn told(keeper: &Keeper, named: Option<&Named>) -> Verdict {
    let left = to_do(keeper, named);
    left.iter().for_each(|what| eprintln!("phiward: {what}"));
    if left.is_some() { Verdict::Findings } else { Verdict::InOrder }
}

pub(super) fn run(command: &Shreddings) -> Result<Verdict, String> {
    match command {
        Shreddings::Check(check) => checked(check),
        Shreddings::Accept(accept) => accepted(accept),
    }
}

fn checked(check: &CheckShreddings) -> Result<Verdict, String> {
    let kept = &check.kept.kept;
    let Some(dir) = &kept.into.ledger else {
        return Err(format!("name the --ledger that says who was shredded. Where there is none, {BY_HAND}"));
    };
    acted_alone(unasked(&check.kept)?, kept, async |keeper| {
        let named = Named::of(dir, (check.verifier.as_deref(), kept.into.seen.as_deref()), keeper)?;
        named.there.iter().for_each(|handle| println!("{handle:?}"));
        if keeper.reopened().is_some() {
            return held_against(keeper, Some(named)).await;
        }
        let verdict = told(keeper, Some(&named));
        if verdict == Verdict::InOrder {
            eprintln!("phiward: no shredding is to be done again: {}", whom(&named));
        }
        Ok(verdict)
    })
}

/// What a ledger says of settled keys, nobody of whose people is to be shredded again.
pub(super) fn whom(named: &Named) -> String {
    let stay = match named.kept {
        0 => "nobody of them is here".to_owned(),
        kept => format!(
            "{} here, as two people said, and nobody else of them",
            counted(kept, "person is", "people are")
        ),
    };
    let all = counted(named.handles.len() as u64, "person", "people");
    let gaps = if named.gaps.is_empty() {
        String::new()
    } else {
        format!(". It need not name everybody ({})", named.gaps.join(", "))
    };
    format!("the ledger names {all} as shredded, and {stay}{gaps}")
}

fn accepted(accept: &AcceptShreddings) -> Result<Verdict, String> {
    let ([by, and], policy) = people(&accept.people)?;
    let known = KeyReason::ALL.iter().copied().find(|reason| reason.as_str() == accept.because);
    let reason = known.ok_or("`--because` is none of the reasons")?;
    let into = &accept.kept.into;
    acted_alone(Word::of(Some(&policy), &accept.kept)?, &accept.kept, async |keeper| {
        // A reason that says what the ledger at hand does not is no reason.
        let is_of_the_record =
            matches!(reason, KeyReason::NobodyShredded | KeyReason::ShreddedAgain | KeyReason::RecordLost);
        let named = match &into.ledger {
            // Where keys are settled, it is the ledger that names somebody.
            Some(dir) if is_of_the_record || keeper.reopened().is_none() => {
                Some(Named::of(dir, (None, into.seen.as_deref()), keeper)?)
            }
            _ => None,
        };
        let there = named.as_ref().map_or(&[][..], |named| &named.there);
        if let Some(named) = named.as_ref().filter(|_| is_of_the_record && !there.is_empty()) {
            return Err(format!(
                "{} open by this ledger, so `{}` is not so: {}",
                counted(there.len() as u64, "person who was shredded is", "people who were shredded are"),
                reason.as_str(),
                named.again()
            ));
        }
        keeper.shreddings_accepted(reason, there, [&by, &and]).await.map_err(text)?;
        Ok(Verdict::InOrder)
    })
}
