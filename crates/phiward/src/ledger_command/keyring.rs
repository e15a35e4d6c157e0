use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use guard::Unseen;
use guard::ring::{Escrowed, Keyring};
use journal::act::{KeyEvent, KeyKind, KeyStep, Person};
use journal::names::{Digest, Org, RecordId};
use journal::{Act, Entry, EntryOutcome, Pseudonymiser as _, Subject};
use policy::Policy;

use super::arguments::{self, People, Recorded, Ring};
use super::{lock, recording, text};
use crate::keys_command::doer;
use crate::outside::{SystemClock, SystemRng};
use crate::telling::counted;
use crate::{Verdict, files, judge};

pub(crate) fn run(command: &arguments::Keyring) -> Result<Verdict, String> {
    match command {
        arguments::Keyring::Init(ring) => {
            let lock = lock(&ring.unlock)?;
            if matches!(lock, guard::vault::Lock::None) {
                return Err(
                    "a keyring is locked: --passphrase-file, --passphrase-env or --unlock-file".to_owned()
                );
            }
            let seen = seen_of(&ring.ring, ring.ring_seen.as_ref())?;
            if seen.exists() {
                return Err(format!(
                    "`{}` is there already: it tells an older copy of the keyring that it is of",
                    seen.display()
                ));
            }
            let made = Keyring::create(&ring.ring, &lock, Box::new(SystemRng::new())).map_err(text)?;
            made.watch(&seen, Unseen::Taken).map_err(text)?;
            eprintln!(
                "phiward: with this file or its lock lost, nobody can answer whose data was seen: keep a backup of each"
            );
        }
        arguments::Keyring::Check(ring) => {
            let ring = opened(ring)?;
            let (people, shredded) = ring.counts();
            let people = counted(people, "person has", "people have");
            println!("{people} a key, {} shredded", counted(shredded, "key was", "keys were"));
            return Ok(escrows_to_destroy(&ring));
        }
        arguments::Keyring::Pseudonym { people, new } => return pseudonyms(people, *new),
        arguments::Keyring::Shred { people, into, who } => return shred(people, into, who.as_deref()),
        arguments::Keyring::Backup { ring, to } => {
            let keys = opened(ring)?.back_up(to).map_err(text)?;
            println!("{}", counted(keys, "key", "keys"));
        }
        arguments::Keyring::Drill { ring, backup } => {
            let lock = lock(&ring.unlock)?;
            let drill = opened(ring)?.drill(backup, &lock).map_err(text)?;
            println!(
                "keys: the same {}, missing in the backup {}, different {}, shredded and still in it {}, in the backup alone {}",
                drill.same, drill.missing, drill.different, drill.undead, drill.lost
            );
            return Ok(if drill.is_good() { Verdict::InOrder } else { Verdict::Findings });
        }
        arguments::Keyring::Restore { ring, backup } => {
            let watched = (&*seen_of(&ring.ring, ring.ring_seen.as_ref())?, unseen(ring));
            let lock = lock(&ring.unlock)?;
            let restored = Keyring::restore(backup, &lock, &ring.ring, watched, Box::new(SystemRng::new()));
            println!("{}", counted(restored.map_err(text)?.counts().0, "key", "keys"));
        }
    }
    Ok(Verdict::InOrder)
}

/// Where it is kept how far a keyring came.
pub(crate) fn seen_of(ring: &Path, named: Option<&PathBuf>) -> Result<PathBuf, String> {
    named.map_or_else(|| super::beside(ring, "seen"), |seen| Ok(seen.clone()))
}

const fn unseen(ring: &Ring) -> Unseen {
    if ring.unseen { Unseen::Taken } else { Unseen::Refused }
}

fn opened(ring: &Ring) -> Result<Keyring, String> {
    let seen = seen_of(&ring.ring, ring.ring_seen.as_ref())?;
    let opened = Keyring::open(&ring.ring, &lock(&ring.unlock)?, Box::new(SystemRng::new())).map_err(text)?;
    opened.watch(&seen, unseen(ring)).map_err(text)?;
    Ok(opened)
}

/// Records from standard input, and the people that they are. No message repeats one.
fn subjects(policy: &Policy, org: &str) -> Result<Vec<Subject>, String> {
    let org = Org::declared(policy, org).map_err(|_| "`--org` is no org of the bundle".to_owned())?;
    let mut all = Vec::new();
    for line in files::listed() {
        let (number, line) = line?;
        let record = RecordId::of(&line).map_err(|error| format!("line {number}: {error}"))?;
        all.push(Subject::of_record(&org, &record));
    }
    Ok(all)
}

fn pseudonyms(people: &People, new: bool) -> Result<Verdict, String> {
    let subjects = subjects(&judge::read_bundle(&people.policy)?, &people.org)?;
    let ring = opened(&people.ring)?;
    if new {
        for pseudonym in ring.pseudonyms(&subjects).map_err(text)? {
            println!("{pseudonym}");
        }
        return Ok(Verdict::InOrder);
    }
    let mut all_known = true;
    for subject in &subjects {
        match ring.known(subject).map_err(text)? {
            Some(pseudonym) => println!("{pseudonym}"),
            None => {
                all_known = false;
                println!("unknown");
            }
        }
    }
    Ok(if all_known { Verdict::InOrder } else { Verdict::Findings })
}

fn shred(people: &People, into: &Recorded, who: Option<&str>) -> Result<Verdict, String> {
    let policy = judge::read_bundle(&people.policy)?;
    let who = who.map(|id| doer(&policy, id)).transpose()?;
    let subjects = subjects(&policy, &people.org)?;
    let ring = opened(&people.ring)?;
    let ledger = recording(into, &people.ring.unlock)?;
    let (mut all_known, mut gone) = (true, BTreeSet::new());
    for subject in &subjects {
        let shredded = match ledger {
            Some(_) => ring.shred_untold(subject),
            None => ring.shred(subject),
        };
        match shredded.map_err(text)? {
            Some(key) => {
                println!("{key}");
                gone.insert(key);
            }
            None => {
                all_known = false;
                println!("unknown");
            }
        }
    }
    // With those that an earlier run destroyed and did not come to tell of.
    let untold = ring.untold();
    match ledger {
        Some(ledger) => {
            for chunk in untold.chunks(1000) {
                let entries = chunk.iter().map(|key| {
                    let (step, kind) = (KeyStep::Shredded, KeyKind::Trail);
                    let mut event = KeyEvent::new(step, kind, *key);
                    // Whoever acts now did not do what an earlier run did.
                    let who = who.as_ref().filter(|_| gone.contains(key));
                    if let Some(Person::Approver(name)) = who {
                        event.by = Some(name.clone());
                    }
                    let act = Act::KeyEvent(event);
                    let mut entry = Entry::new(act, EntryOutcome::Done, &SystemClock, &mut SystemRng::new());
                    if let Some(Person::Identity(name)) = who {
                        entry.who = Some(name.clone());
                    }
                    entry.policy = who.map(|_| Digest::of_policy(policy.digest()));
                    entry
                });
                ledger.append(&entries.collect::<Vec<_>>()).map_err(text)?;
            }
            if !untold.is_empty() {
                ring.told(&untold).map_err(text)?;
            }
            ledger.close().map_err(text)?;
        }
        None if !untold.is_empty() => eprintln!(
            "phiward: {} shredded and no entry says so yet: run `shred` with --ledger and nobody on standard input",
            counted(untold.len() as u64, "key was", "keys were")
        ),
        None => {}
    }
    eprintln!(
        "phiward: backups hold the keys still: make new ones, destroy the old, and prove it with `drill`"
    );
    let escrows = escrows_to_destroy(&ring);
    Ok(if all_known { escrows } else { Verdict::Findings })
}

/// Names escrows that bring back what was shredded.
fn escrows_to_destroy(ring: &Keyring) -> Verdict {
    let undoing = ring.undoing();
    for Escrowed { id, day, .. } in &undoing {
        eprintln!(
            "phiward: escrow {id} of {day} brings back keys that were shredded since: destroy its file or its shares, and \
             say so with `keys escrow destroyed {id} --trail`"
        );
    }
    if undoing.is_empty() { Verdict::InOrder } else { Verdict::Findings }
}
