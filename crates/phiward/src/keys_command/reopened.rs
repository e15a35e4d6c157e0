//! Whoever was shredded after a copy was made, and is open again since it was put back.

use std::path::Path;

use guard::{Handle, Keeper, KeyNumber};
use journal::act::KeyReason;

use super::arguments::{AcceptShreddings, CheckShreddings, Kept, Shreddings};
use super::{Word, acted, acted_by, people, text};
use crate::Verdict;
use crate::ledger_command::arguments::Reading;
use crate::ledger_command::shredded::Told;
use crate::telling::counted;

/// A ledger's word on who was shredded, held against a ring.
pub(super) struct Named {
    dir: String,
    handles: Vec<Handle>,
    /// Those among them whose salts are here.
    pub(super) there: u64,
    gaps: Vec<String>,
    /// The highest number of a data key that was made.
    newest: Option<KeyNumber>,
}

impl Named {
    pub(super) fn of(dir: &Path, verifier: Option<&str>, keeper: &Keeper) -> Result<Self, String> {
        let reading = Reading { dir: dir.to_owned(), verifier: verifier.map(str::to_owned) };
        let told = Told::of(&reading, None)?;
        let handles: Vec<Handle> = told.forgotten().iter().map(|id| Handle::of(*id.bytes())).collect();
        let mut gaps = told.gaps();
        if !told.begins(keeper.salts().id()) {
            gaps.insert(0, "it does not tell of these keys from `keys init` on".to_owned());
        }
        let there = keeper.salts().there(&handles).len() as u64;
        let newest = told.newest().and_then(KeyNumber::of);
        Ok(Self { dir: dir.display().to_string(), handles, there, gaps, newest })
    }

    /// Nobody whom it names is here, and it names everybody.
    fn settles(&self) -> bool {
        self.there == 0 && self.gaps.is_empty()
    }
}

const BY_HAND: &str = "look at your own record of shreddings (patients' requests, what `keys shred` printed), shred them \
                       again, and have two people say so: `keys shreddings accept`";

/// What is to be done about shreddings that a copy undid.
pub(super) fn to_do(keeper: &Keeper, named: Option<&Named>) -> Option<String> {
    let day = keeper.reopened()?;
    let Some(Named { dir, there, gaps, .. }) = named else {
        return Some(format!(
            "a copy was put back on {day}: people who were shredded after it was made are open again, and the keys alone \
             cannot say who. `keys status --ledger DIR` holds them against a ledger; where there is none, {BY_HAND}"
        ));
    };
    let more = if gaps.is_empty() {
        String::new()
    } else {
        format!(". The ledger need not name everybody ({}): {BY_HAND}", gaps.join(", "))
    };
    Some(match there {
        0 if gaps.is_empty() => format!(
            "a copy was put back on {day}, and everybody whom the ledger names as shredded is shredded here: `keys \
             shreddings check --ledger {dir}` settles it"
        ),
        0 => format!(
            "a copy was put back on {day}, and everybody whom the ledger names as shredded is shredded here{more}"
        ),
        _ => format!(
            "{} open again since a copy was put back on {day}: `phiward ledger shredded --dir {dir} > handles`, then `keys \
             shred --handles ... < handles`{more}",
            counted(*there, "person who was shredded is", "people who were shredded are")
        ),
    })
}

/// Holds a ring into which a copy was put back against the ledger of the act, and tells what is left to be done.
pub(super) async fn hold(keeper: &mut Keeper, kept: &Kept) -> Result<Verdict, String> {
    hold_by(keeper, kept, None).await
}

async fn hold_by(keeper: &mut Keeper, kept: &Kept, verifier: Option<&str>) -> Result<Verdict, String> {
    if keeper.reopened().is_none() {
        return Ok(Verdict::InOrder);
    }
    let named = match &kept.into.ledger {
        Some(dir) => match Named::of(dir, verifier, keeper) {
            Ok(named) => Some(named),
            Err(error) => {
                eprintln!("phiward: the ledger does not say who was shredded: {error}");
                None
            }
        },
        None => None,
    };
    // A number is given once, also where the copy does not know of the key that had it.
    if let Some(newest) = named.as_ref().and_then(|named| named.newest) {
        keeper.skip(newest).map_err(text)?;
    }
    if let Some(named) = named.as_ref().filter(|named| named.settles()) {
        keeper.shreddings_held(&named.handles).await.map_err(text)?;
        eprintln!(
            "phiward: everybody whom the ledger names as shredded is shredded here: nothing is to be done again"
        );
    }
    let left = to_do(keeper, named.as_ref());
    left.iter().for_each(|what| eprintln!("phiward: {what}"));
    Ok(if left.is_some() { Verdict::Findings } else { Verdict::InOrder })
}

pub(super) fn run(command: &Shreddings) -> Result<Verdict, String> {
    match command {
        Shreddings::Check(check) => checked(check),
        Shreddings::Accept(accept) => accepted(accept),
    }
}

fn checked(check: &CheckShreddings) -> Result<Verdict, String> {
    let kept = &check.kept.kept;
    if kept.into.ledger.is_none() {
        return Err(format!("name the --ledger that says who was shredded. Where there is none, {BY_HAND}"));
    }
    acted(&check.kept, async |keeper| {
        if keeper.reopened().is_none() {
            eprintln!("phiward: no shredding is to be done again");
        }
        hold_by(keeper, kept, check.verifier.as_deref()).await
    })
}

fn accepted(accept: &AcceptShreddings) -> Result<Verdict, String> {
    let ([by, and], policy) = people(&accept.people)?;
    let known = KeyReason::ALL.iter().copied().find(|reason| reason.as_str() == accept.because);
    let reason = known.ok_or("`--because` is none of the reasons")?;
    acted_by(Word::of(Some(&policy), &accept.kept)?, &accept.kept, async |keeper| {
        // A reason that says what the ledger at hand does not is no reason.
        let is_of_the_record =
            matches!(reason, KeyReason::NobodyShredded | KeyReason::ShreddedAgain | KeyReason::RecordLost);
        if let (Some(dir), true) = (&accept.kept.into.ledger, is_of_the_record) {
            let Named { there, .. } = Named::of(dir, None, keeper)?;
            if there > 0 {
                return Err(format!(
                    "{} open by this ledger, so `{}` is not so: `phiward ledger shredded --dir {} > handles`, then `keys \
                     shred --handles ... < handles`",
                    counted(there, "person who was shredded is", "people who were shredded are"),
                    reason.as_str(),
                    dir.display()
                ));
            }
        }
        keeper.shreddings_accepted(reason, [&by, &and]).await.map_err(text)?;
        Ok(Verdict::InOrder)
    })
}
