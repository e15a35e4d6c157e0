//! `phiward keys shred`: people are forgotten.

use guard::Handle;
use guard::keeper::Shredding;
use journal::Subject;
use journal::names::KeyId;

use super::arguments::Shred;
use super::{acted_by, lines, org, status, subject, text};
use crate::Verdict;

/// Who is forgotten.
enum Who {
    People(Vec<Subject>),
    Handles(Vec<Handle>),
}

pub(super) fn run(shred: &Shred) -> Result<Verdict, String> {
    let given = lines(|line| Ok(line.to_owned()))?;
    let (who, policy) = match (&shred.policy, &shred.org) {
        (Some(policy), Some(id)) => {
            let (org, policy) = org(policy, id)?;
            let people = (1..).zip(&given).map(|(number, line)| subject(&org, number, line));
            (Who::People(people.collect::<Result<_, _>>()?), Some(policy))
        }
        _ => {
            let handles = (1..).zip(&given).map(|(number, line)| {
                let id = KeyId::of(line).map_err(|_| format!("line {number}: this is no handle"))?;
                Ok(Handle::of(*id.bytes()))
            });
            (Who::Handles(handles.collect::<Result<_, String>>()?), None)
        }
    };
    acted_by(policy, &shred.kept, async |keeper| {
        let backups = shred.backups.as_deref();
        let done = match &who {
            Who::People(people) => keeper.shred(people, backups).await,
            Who::Handles(handles) => keeper.shred_handles(handles, backups).await,
        };
        let done = done.map_err(text)?;
        tell(&done);
        let escrows = status::escrows_to_destroy(keeper);
        let all = done.handles.iter().all(Option::is_some);
        Ok(if all { escrows } else { Verdict::Findings })
    })
}

fn tell(Shredding { handles, backup, .. }: &Shredding) {
    for handle in handles {
        match handle {
            Some(handle) => println!("{handle:?}"),
            None => println!("unknown"),
        }
    }
    let any = handles.iter().any(Option::is_some);
    match backup {
        Some(backup) if any => {
            eprintln!("phiward: backups before this one open no more: `{}`", backup.display());
        }
        Some(backup) => eprintln!("phiward: a backup was made: `{}`", backup.display()),
        None if any => eprintln!("phiward: no backup that was made until now opens: make a new one"),
        None => {}
    }
    if !any {
        eprintln!("phiward: none of them has a salt: nothing was shredded, and backups open as before");
    }
}
