//! `phiward keys`.

pub(crate) mod arguments;
mod census;
mod merge;
mod people;
pub(crate) mod reopened;
mod rotation_test;
pub(crate) mod shred;
mod status;
mod stored;
mod twins;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use guard::escrow::{self, Share, Terms};
use guard::keeper::{Declared, Drills, KeeperError, Places, Restored, Tools, TrailPlace};
use guard::ring::{self, Away, Keyring, RingError};
use guard::root::{self, Means, Place, Root};
use guard::vault::Lock;
use guard::{Keeper, KeyNumber, KeyState, Unseen};
use journal::Recorder;
use journal::act::Person;
use journal::names::{Approver, Digest, Identity, KeyId, Org};
use policy::Policy;
use policy::vocabulary::Class;

use crate::ledger_command::arguments::{Recorded, Unlock};
use crate::ledger_command::{keyring, lock, recording, text};
use crate::outside::{SystemClock, SystemRng};
use crate::telling::counted;
use crate::{Verdict, files, judge, near};
use arguments::{Copy, Drill, Held, Kept, Keys, MakeEscrow, OneKey, Restore, Trail, TwoPeople, Unasked};

pub(crate) fn run(command: &Keys) -> Result<Verdict, String> {
    match command {
        Keys::Init(init) => {
            let policy = judge::read_bundle(&init.policy)?;
            let approvers = approvers(&policy)?;
            let word = Word::of(Some(&policy), &init.kept)?;
            let tools = Acting::begin(word, &init.kept, Roots::MadeWhereMissing)?;
            private_folder(&init.kept.held.dir)?;
            let places = places(&init.kept.held)?;
            let keeper = tools.wait(Keeper::create(places, &init.tenant, &approvers, tools.given()))?;
            let root = &init.kept.held.root;
            eprintln!(
                "phiward: whoever loses `{root}` loses every value that `{}` seals: make an escrow (`keys escrow make`)",
                keeper.tenant()
            );
            drop(keeper);
            tools.end()?;
        }
        Keys::Status(status) => return status::run(status),
        Keys::Make(make) => {
            let class = Class::of(&make.class).filter(|class| class.is_personal());
            let class = class.ok_or("`--class` is phi, phi-sensitive or pii")?;
            return acted(&make.kept, async |keeper| {
                let number = keeper.make(class, crate::today()).await.map_err(text)?;
                if make.activate {
                    keeper.activate(number).await.map_err(text)?;
                }
                println!("{number}");
                Ok(Verdict::InOrder)
            });
        }
        Keys::Activate(one) => {
            return acted(&one.kept, async |keeper| {
                keeper.activate(number(keeper, &one.key)?).await.map_err(text)?;
                Ok(Verdict::InOrder)
            });
        }
        Keys::Retire(one) => return set(one, Some(KeyState::Active), KeyState::DecryptOnly),
        Keys::Enable(one) => return set(one, Some(KeyState::Disabled), KeyState::DecryptOnly),
        Keys::Disable(one) => return set(one, None, KeyState::Disabled),
        Keys::Destroy(destroy) => {
            let ([by, and], policy) = people(&destroy.people)?;
            return acted_by(Word::of(Some(&policy), &destroy.kept)?, &destroy.kept, async |keeper| {
                let number = number(keeper, &destroy.key)?;
                keeper.destroy(number, [&by, &and]).await.map_err(text)?;
                eprintln!("phiward: destroyed: key {number}");
                Ok(status::escrows_to_destroy(keeper))
            });
        }
        Keys::Approvers(new) => {
            let ([by, and], before) = people(&new.people)?;
            let policy = judge::read_bundle(new.next.as_ref().unwrap_or(&new.people.policy))?;
            let approvers = approvers(&policy)?;
            let policy = Some(Digest::of_policy(policy.digest()));
            let word = Word { policy, ..Word::of(Some(&before), &new.kept)? };
            return acted_by(word, &new.kept, async |keeper| {
                keeper.pin_approvers(&approvers, [&by, &and]).await.map_err(text)?;
                keeper.approvers().iter().for_each(|name| println!("{name}"));
                Ok(Verdict::InOrder)
            });
        }
        Keys::Rewrap(kept) => {
            return acted(kept, async |keeper| {
                keeper.rewrap().await.map_err(text)?;
                eprintln!("phiward: no backup that was made until now opens: make a new one");
                Ok(Verdict::InOrder)
            });
        }
        Keys::Shred(shred) => return shred::run(shred),
        Keys::Shreddings(shreddings) => return reopened::run(shreddings),
        Keys::Merge(merge) => return merge::run(merge),
        Keys::Backup(backup) => {
            return acted(&backup.kept, async |keeper| {
                let to = keeper.back_up(&backup.to).await.map_err(text)?;
                println!("{}", to.display());
                Ok(Verdict::InOrder)
            });
        }
        Keys::Drill(drill) => return drilled(drill),
        Keys::Restore(restore) => return restored(restore),
        Keys::Census(census) => return census::run(census),
        Keys::Reseal(reseal) => return stored::reseal(reseal),
        Keys::Rebind(rebind) => return stored::rebind(rebind),
        Keys::Forget(rewrite) => return stored::forget(rewrite),
        Keys::TestRotation(test) => return rotation_test::run(test),
        Keys::Escrow(arguments::Escrow::Make(make)) => return escrowed(make),
        Keys::Escrow(arguments::Escrow::Destroyed(destroyed)) => {
            let id = KeyId::of(&destroyed.id).map_err(|error| format!("the escrow's id: {error}"))?;
            let ([by, and], policy) = people(&destroyed.people)?;
            let trail = opened_trail(&destroyed.trail)?;
            return acted_by(Word::of(Some(&policy), &destroyed.kept)?, &destroyed.kept, async |keeper| {
                keeper.escrow_destroyed(id, trail.as_ref(), [&by, &and]).await.map_err(text)?;
                Ok(Verdict::InOrder)
            });
        }
        Keys::Escrow(arguments::Escrow::Settled(settled)) => {
            let ([by, and], policy) = people(&settled.people)?;
            return acted_by(Word::of(Some(&policy), &settled.kept)?, &settled.kept, async |keeper| {
                keeper.escrows_settled([&by, &and]).await.map_err(text)?;
                Ok(Verdict::InOrder)
            });
        }
    }
    Ok(Verdict::InOrder)
}

/// Whether a root that is not there is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Roots {
    MadeWhereMissing,
    MustBeThere,
}

/// What wraps the keys, by its place.
fn root(place: &str, unlock: &Unlock, roots: Roots) -> Result<Arc<dyn Root>, String> {
    let place: Place = place.parse().map_err(|error| format!("`--root`: {error}"))?;
    let lock = lock(unlock)?;
    if matches!((&place, &lock), (Place::File(_), Lock::None)) {
        return Err("a root is locked: --passphrase-file, --passphrase-env or --unlock-file".to_owned());
    }
    let credentials = match &place {
        Place::Kms(_) => Some(crate::outside::aws_credentials()?),
        _ => None,
    };
    let is_missing = matches!(&place, Place::File(path) if !path.exists());
    let means = Means { lock, rng: Box::new(SystemRng::new()), clock: Arc::new(SystemClock), credentials };
    let opened = if roots == Roots::MadeWhereMissing && is_missing {
        root::create(&place, means)
    } else {
        root::open(&place, means)
    };
    opened.map_err(text)
}

fn places(held: &Held) -> Result<Places, String> {
    let seen = match &held.keys_seen {
        Some(seen) => seen.clone(),
        None => crate::ledger_command::beside(&held.dir, "seen")?,
    };
    Ok(Places::of(&held.dir, &seen))
}

/// A folder for keys or shares: others do not look into it.
fn private_folder(path: &Path) -> Result<(), String> {
    let made = guard::durable::make_folder(path);
    made.map_err(|error| format!("`{}` cannot be made a folder: {error}", path.display()))
}

/// What acts need, from the root to the ledger that records them.
struct Acting {
    root: Arc<dyn Root>,
    ledger: Option<ledger::Ledger>,
    word: Word,
    runtime: tokio::runtime::Runtime,
}

/// On whose word an act is done, as entries name them.
struct Word {
    /// The bundle that says who may.
    policy: Option<Digest>,
    who: Option<Person>,
}

impl Word {
    fn of(policy: Option<&Policy>, kept: &Kept) -> Result<Self, String> {
        let digest = policy.map(|policy| Digest::of_policy(policy.digest()));
        let who = match (&kept.who, policy) {
            (None, _) => None,
            (Some(id), Some(policy)) => Some(doer(policy, id)?),
            (Some(_), None) => {
                return Err(
                    "`--who` is an identity or an approver of a bundle: name it with --policy".to_owned()
                );
            }
        };
        Ok(Self { policy: digest, who })
    }
}

/// Who acts on keys, by their id in a bundle.
pub(crate) fn doer(policy: &Policy, id: &str) -> Result<Person, String> {
    if let Ok(name) = Identity::declared(policy, id) {
        return Ok(Person::Identity(name));
    }
    Approver::declared(policy, id).map(Person::Approver).map_err(|_| {
        let people = policy.approvers().into_iter().flat_map(|all| &all.people).map(|one| one.id.as_str());
        let known = policy.identities().iter().map(|one| one.id.as_str()).chain(people);
        near::unknown("--who", "identity and no approver", id, known)
    })
}

impl Acting {
    fn begin(word: Word, kept: &Kept, roots: Roots) -> Result<Self, String> {
        let Recorded { ledger: dir, .. } = &kept.into;
        if dir.is_none() && !kept.unrecorded {
            return Err(
                "nothing is done to keys unrecorded: name the --ledger, or answer for it with --unrecorded"
                    .to_owned(),
            );
        }
        if kept.unrecorded {
            eprintln!("phiward: no ledger will tell of this");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
        let ledger = recording(&kept.into, &kept.held.unlock)?;
        let root = root(&kept.held.root, &kept.held.unlock, roots)?;
        Ok(Self { root, ledger, word, runtime })
    }

    fn given(&self) -> Tools {
        let recorder = self.ledger.clone().map(|ledger| Arc::new(ledger) as Arc<dyn Recorder>);
        Tools {
            root: Arc::clone(&self.root),
            recorder,
            policy: self.word.policy,
            who: self.word.who.clone(),
            clock: Arc::new(SystemClock),
            rng: || Box::new(SystemRng::new()),
        }
    }

    fn wait<T, E: std::fmt::Display>(&self, act: impl Future<Output = Result<T, E>>) -> Result<T, String> {
        self.runtime.block_on(act).map_err(text)
    }

    /// Publishes what was recorded.
    fn end(self) -> Result<(), String> {
        self.ledger.map_or(Ok(()), |ledger| ledger.close().map_err(text))
    }
}

/// The keys, for use and for no act on them. What an earlier act did not come to tell of is told where a ledger is at hand.
pub(crate) fn opened(held: &Held, ledger: Option<&ledger::Ledger>) -> Result<Keeper, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(text)?;
    let root = root(&held.root, &held.unlock, Roots::MustBeThere)?;
    let rng: fn() -> Box<dyn journal::Rng> = || Box::new(SystemRng::new());
    let recorder = ledger.map(|ledger| Arc::new(ledger.clone()) as Arc<dyn Recorder>);
    let tools = Tools { root, recorder, policy: None, who: None, clock: Arc::new(SystemClock), rng };
    runtime.block_on(Keeper::open(places(held)?, Unseen::Refused, tools)).map_err(text)
}

/// Opens the keys, acts on them, and publishes what was recorded, also of an act that failed.
fn acted(
    act_on: &Unasked,
    act: impl AsyncFnOnce(&mut Keeper) -> Result<Verdict, String>,
) -> Result<Verdict, String> {
    acted_by(unasked(act_on)?, &act_on.kept, act)
}

fn unasked(act_on: &Unasked) -> Result<Word, String> {
    let policy = act_on.policy.as_deref().map(judge::read_bundle).transpose()?;
    Word::of(policy.as_ref(), &act_on.kept)
}

/// [`acted`], on the word of a bundle that entries name.
fn acted_by(
    word: Word,
    kept: &Kept,
    act: impl AsyncFnOnce(&mut Keeper) -> Result<Verdict, String>,
) -> Result<Verdict, String> {
    acted_alone(word, kept, async |keeper| {
        reopened::notice(keeper);
        act(keeper).await
    })
}

/// [`acted_by`], for an act that tells by itself of people who are open again.
fn acted_alone(
    word: Word,
    kept: &Kept,
    act: impl AsyncFnOnce(&mut Keeper) -> Result<Verdict, String>,
) -> Result<Verdict, String> {
    let acting = Acting::begin(word, kept, Roots::MustBeThere)?;
    let places = places(&kept.held)?;
    let done = acting.runtime.block_on(async {
        let mut keeper = Keeper::open(places, unseen(kept), acting.given()).await.map_err(text)?;
        act(&mut keeper).await
    });
    let ended = acting.end();
    done.and_then(|verdict| ended.map(|()| verdict))
}

const fn unseen(kept: &Kept) -> Unseen {
    if kept.unseen { Unseen::Taken } else { Unseen::Refused }
}

fn number(keeper: &Keeper, given: &str) -> Result<KeyNumber, String> {
    let status = keeper.status();
    let found = status.iter().find(|key| key.number.to_string() == given);
    found.map(|key| key.number).ok_or_else(|| format!("there is no key {given}"))
}

/// Brings a key from one state to another. `retire` and `enable` lead to the same, and each from one alone: a key that
/// seals is not enabled, and one that somebody disabled is not retired.
fn set(one: &OneKey, from: Option<KeyState>, to: KeyState) -> Result<Verdict, String> {
    acted(&one.kept, async |keeper| {
        let number = number(keeper, &one.key)?;
        let is = keeper.status().into_iter().find(|key| key.number == number).map(|key| key.state);
        if let (Some(from), Some(is)) = (from, is)
            && from != is
        {
            return Err(format!(
                "key {number} is {is}, and this is for one that is {from}: nothing was done. From {is}, {}",
                guard::leads_on(is)
            ));
        }
        keeper.set(number, to).await.map_err(text)?;
        Ok(Verdict::InOrder)
    })
}

/// Two approvers, and the bundle that declares them. An identity is for systems and roles: it answers for nothing.
fn people(two: &TwoPeople) -> Result<([Declared; 2], Policy), String> {
    let policy = judge::read_bundle(&two.policy)?;
    let one = |id: &str| {
        let known = policy.approvers().into_iter().flat_map(|all| &all.people).map(|one| one.id.as_str());
        Declared::of(&policy, id)
            .map_err(|_| format!("`{id}` is no approver of the bundle{}", near::matches(id, known)))
    };
    let both = [one(&two.by)?, one(&two.and)?];
    Ok((both, policy))
}

/// All approvers of a bundle.
fn approvers(policy: &Policy) -> Result<Vec<Declared>, String> {
    let people = policy.approvers().into_iter().flat_map(|all| &all.people);
    let all = people.map(|one| Declared::of(policy, one.id.as_str()).map_err(text));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() {
        return Err("the bundle has no approvers (`approvers` in phiward.yaml): nobody could say so where two people \
                    have to"
            .to_owned());
    }
    Ok(all)
}

fn org(policy: &Path, id: &str) -> Result<(Org, Policy), String> {
    let policy = judge::read_bundle(policy)?;
    let org = Org::declared(&policy, id).map_err(|_| NO_ORG.to_owned())?;
    Ok((org, policy))
}

const NO_ORG: &str = "`--org` is no org of the bundle";

/// What is wrong with lines of standard input, where people stand one a line, by the lines' numbers. No message repeats one.
fn by_lines(error: KeeperError, numbers: &[u64]) -> String {
    let KeeperError::Ring(RingError::MergedAway(away)) = error else { return text(error) };
    let each: Vec<String> = away
        .into_iter()
        .map(|Away { at, into }| {
            let line = numbers.get(at).copied().unwrap_or_default();
            format!(
                "standard input, line {line}: the person was merged into another, whose handle is {into:?}: name who survives"
            )
        })
        .collect();
    format!("{}\nnothing was done", each.join("\n"))
}

/// Lines of standard input with their numbers, read to the end before anything is done.
fn listed<T>(read: impl Fn(u64, &str) -> Result<T, String>) -> Result<Vec<T>, String> {
    let all = files::listed().map(|line| {
        let (number, line) = line?;
        read(number, &line).map_err(|what| format!("standard input, line {number}: {what}\nnothing was done"))
    });
    all.collect()
}

/// The keyring that is named with the keys, its lock, and where it is kept how far it came.
fn trail(trail: &Trail) -> Result<Option<(PathBuf, Lock, PathBuf)>, String> {
    let Some(path) = &trail.trail else { return Ok(None) };
    let seen = keyring::seen_of(path, trail.trail_seen.as_ref())?;
    let unlock = Unlock {
        passphrase_file: trail.trail_passphrase_file.clone(),
        passphrase_env: trail.trail_passphrase_env.clone(),
        unlock_file: trail.trail_unlock_file.clone(),
    };
    match lock(&unlock)? {
        Lock::None => Err("a keyring is locked: --trail-passphrase-file or --trail-unlock-file".to_owned()),
        lock => Ok(Some((path.clone(), lock, seen))),
    }
}

pub(crate) fn opened_trail(named: &Trail) -> Result<Option<Keyring>, String> {
    let Some((path, lock, seen)) = trail(named)? else { return Ok(None) };
    let ring = Keyring::open(&path, &lock, Box::new(SystemRng::new())).map_err(text)?;
    ring.watch(&seen, Unseen::Refused).map_err(text)?;
    Ok(Some(ring))
}

/// More bytes than any share has.
const LONGEST_SHARE: u64 = 4096;

/// An escrow and shares. Every share that cannot be read is told.
fn escrow_of(path: &Path, given: &[PathBuf]) -> Result<(escrow::Escrow, Vec<(String, Share)>), String> {
    let escrow = escrow::Escrow::read(path).map_err(text)?;
    let (mut shares, mut wrong) = (Vec::new(), Vec::new());
    for path in given {
        let name = path.display().to_string();
        let bytes =
            guard::durable::read(path, LONGEST_SHARE).map_err(|error| format!("`{name}`: {error}"))?;
        let bytes = zeroize::Zeroizing::new(bytes.ok_or_else(|| format!("`{name}` is not there"))?);
        let share =
            std::str::from_utf8(&bytes).map_err(|_| "it is no share of this version").and_then(Share::read);
        match share {
            Ok(share) => shares.push((name, share)),
            Err(what) => wrong.push(format!("share `{name}`: {what}")),
        }
    }
    if wrong.is_empty() { Ok((escrow, shares)) } else { Err(wrong.join("\n")) }
}

fn told(what: &str, drill: Option<ring::Drill>) {
    match drill {
        None => {
            println!("{what}: it opens no more: the keys were wrapped anew since, or somebody was shredded")
        }
        Some(drill) => println!(
            "{what}: the same {}, missing in the copy {}, different {}, destroyed and still in it {}, in the copy alone {}",
            drill.same, drill.missing, drill.different, drill.undead, drill.lost
        ),
    }
}

fn drilled(drill: &Drill) -> Result<Verdict, String> {
    let trail = opened_trail(&drill.trail)?;
    let Copy { backup, escrow, shares } = &drill.copy;
    acted(&drill.kept, async |keeper| {
        let mut amiss = None;
        let drills: Drills = match (backup, escrow) {
            (Some(backup), _) => keeper.drill(backup).await.map_err(text)?,
            (None, Some(path)) => {
                let (escrow, shares) = escrow_of(path, shares)?;
                let drills = keeper.drill_escrow(&escrow, &shares, trail.as_ref()).await.map_err(text)?;
                amiss = status::must_not_be(keeper, escrow.id());
                drills
            }
            (None, None) => return Err("name a --backup or an --escrow".to_owned()),
        };
        told("data keys", drills.data);
        told("salts", drills.salts);
        if drills.trail.is_some() {
            told("trail keys", drills.trail);
        }
        // Other escrows are told of here, and do not make this copy worse.
        let _ = status::escrows_to_destroy(keeper);
        amiss.iter().for_each(|what| eprintln!("phiward: {what}"));
        Ok(if drills.is_good() && amiss.is_none() { Verdict::InOrder } else { Verdict::Findings })
    })
}

fn restored(restore: &Restore) -> Result<Verdict, String> {
    let Copy { backup, escrow, shares } = &restore.copy;
    let kept = &restore.kept.kept;
    let places = places(&kept.held)?;
    let trail = trail(&restore.trail)?;
    let read = escrow.as_ref().map(|path| escrow_of(path, shares)).transpose()?;
    // Before anything is made that keys would be put into.
    if let Some((escrow, shares)) = &read {
        escrow.opens_by(shares).map_err(text)?;
    }
    let made = Made::before(&kept.held, &places);
    let roots = if read.is_some() { Roots::MadeWhereMissing } else { Roots::MustBeThere };
    let acting = Acting::begin(unasked(&restore.kept)?, kept, roots)?;
    private_folder(&kept.held.dir)?;
    let done = match (backup, &read) {
        (Some(backup), _) => acting.wait(Keeper::restore(backup, places, unseen(kept), acting.given())),
        (None, Some((escrow, shares))) => {
            let trail = trail.as_ref().map(|(ring, lock, seen)| TrailPlace { ring, lock, seen });
            acting.wait(Keeper::restore_escrow(escrow, shares, trail, places, acting.given()))
        }
        (None, None) => Err("name a --backup or an --escrow".to_owned()),
    };
    let done = done.and_then(|(mut keeper, restored)| {
        let Restored { data_keys, people, trail, seals } = restored;
        let people = counted(people, "person", "people");
        println!("{}, {people}", counted(data_keys, "data key", "data keys"));
        if let Some(trail) = trail {
            println!("{} of the keyring", counted(trail, "person", "people"));
        }
        if !seals {
            eprintln!(
                "phiward: how often data keys sealed since this copy is not known, and none seals now: `keys make \
                 --activate` for each class"
            );
        }
        // What is to be done is no fault of the restoration.
        let held = acting.wait(reopened::hold(&mut keeper, kept)).map(|_| ());
        let _ = status::escrows_to_destroy(&keeper);
        held
    });
    let ended = acting.end();
    if done.is_err() {
        made.undo();
    }
    done.and(ended).map(|()| Verdict::InOrder)
}

/// What a restoration makes before it puts keys anywhere: it goes again where no keys were put.
struct Made {
    root: Option<PathBuf>,
    folders: Vec<PathBuf>,
    keys: [PathBuf; 2],
}

impl Made {
    /// What is not there yet.
    fn before(held: &Held, places: &Places) -> Self {
        let root = match held.root.parse() {
            Ok(Place::File(path)) if !path.exists() => Some(path),
            _ => None,
        };
        let folders = [&held.dir, &places.seen].into_iter().filter(|folder| !folder.exists()).cloned();
        Self { root, folders: folders.collect(), keys: [places.data_keys.clone(), places.salts.clone()] }
    }

    /// The error that matters is the one before, and what cannot be taken away is in nobody's way.
    fn undo(&self) {
        if self.keys.iter().any(|path| path.exists()) {
            return;
        }
        if let Some(root) = &self.root {
            let _ = std::fs::remove_file(root);
            let _ = guard::durable::remove_lock(root);
        }
        for folder in &self.folders {
            for name in self.keys.iter().filter_map(|path| path.file_name()) {
                let _ = guard::durable::remove_lock(&folder.join(name));
            }
            // Where something else lies in it, it stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

fn escrowed(make: &MakeEscrow) -> Result<Verdict, String> {
    let trail = opened_trail(&make.trail)?;
    let terms =
        Terms::new(crate::today(), make.threshold, make.shares, &mut SystemRng::new()).map_err(text)?;
    private_folder(&make.shares_in)?;
    // Before there is an escrow that somebody has no shares of.
    let path_of = |place: u8| make.shares_in.join(format!("share-{place}.txt"));
    if let Some(there) = (1..=make.shares).map(path_of).find(|path| path.exists()) {
        return Err(format!(
            "`{}` is there already: the shares of an escrow have a folder of their own",
            there.display()
        ));
    }
    acted(&make.kept, async |keeper| {
        let mut written = Vec::new();
        let hand_out = |shares: Vec<Share>| {
            for share in shares {
                let path = path_of(share.place());
                guard::durable::create(&path, share.text().as_bytes(), guard::durable::Access::Owner)
                    .map_err(|error| format!("`{}`: {error}", path.display()))?;
                written.push(path);
            }
            Ok(())
        };
        let done = keeper.escrow(&terms, trail.as_ref(), &make.to, hand_out).await;
        if done.as_ref().is_err_and(|error| !matches!(error, KeeperError::Untold(_))) {
            // Shares of no escrow. The error that matters is the first.
            written.iter().for_each(|path| drop(std::fs::remove_file(path)));
        }
        done.map_err(text)?;
        println!("{}", terms.id);
        eprintln!(
            "phiward: give each share to another person, away from `{}`, and prove it with `keys drill`",
            make.to.display()
        );
        Ok(Verdict::InOrder)
    })
}
