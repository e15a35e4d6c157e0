//! The ledger while it runs: one writer, its logs, and what it keeps apart.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use guard::durable;
use journal::act::{ConfigurationChange, LeafRange, Room, Setting};
use journal::{Act, Clock, Entry, EntryOutcome, Number, Receipt, RecordError, Recorder, Rng};
use tlog::{
    Algorithm, Appender, Bounds, Committer, Folder, Log, Prover, SignedCheckpoint, Signer, Source as _,
    VerifierKey,
};
use tokio::sync::RwLock;

use crate::anchor::{Anchor, Seen, anchor_of};
use crate::directory::{self, Directory, Listed, State as Listing};
use crate::error::LedgerError;
use crate::settings::{Layout, Settings};
use crate::shard::{Shard, Span};
use crate::signing_key::SigningKey;
use crate::state::{self, State};
use crate::stored;

/// A clock that stands still for so long is none that went back: time servers set it by parts of a second.
const SLACK: Duration = Duration::from_millis(1500);

/// Logs that are open at once: each takes two threads and a few of the thousand files that a process may have open.
const MOST_OPEN: usize = 256;

/// What a ledger runs with.
pub struct Opening {
    pub folder: PathBuf,
    /// Where the newest checkpoint and the time are kept, apart from the folder.
    pub anchor: PathBuf,
    pub key: SigningKey,
    pub clock: Arc<dyn Clock>,
    pub rng: Box<dyn Rng>,
    /// Takes the logs as they lie where the anchor is lost, and records that it did.
    pub unseen: bool,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// The log's clock is ours.
struct LogClock(Arc<dyn Clock>);

impl tlog::Clock for LogClock {
    fn now(&self) -> Duration {
        since_1970(&*self.0)
    }
}

pub(crate) fn since_1970(clock: &dyn Clock) -> Duration {
    Duration::from_micros(u64::try_from(clock.now().as_microsecond()).unwrap_or_default())
}

/// A log that takes entries.
struct Running {
    name: String,
    key: VerifierKey,
    signer: Arc<dyn Signer>,
    appender: Appender,
    committer: Mutex<Option<Committer>>,
    anchor: Anchor,
    anchored: Mutex<u64>,
}

impl Running {
    fn keep(&self, clock: Duration) -> Result<(), LedgerError> {
        let mut anchored = guard(&self.anchored);
        if let Some(checkpoint) = self.appender.checkpoint() {
            let size = checkpoint.checkpoint().size();
            if size > *anchored {
                self.anchor.write(&checkpoint, clock, &*self.signer)?;
                *anchored = size;
            }
        }
        Ok(())
    }

    fn close(&self, clock: Duration) -> Result<Option<Arc<SignedCheckpoint>>, LedgerError> {
        let Some(committer) = guard(&self.committer).take() else { return Ok(None) };
        let checkpoint = committer.close()?;
        let mut anchored = guard(&self.anchored);
        self.anchor.write(&checkpoint, clock, &*self.signer)?;
        *anchored = checkpoint.checkpoint().size();
        Ok(Some(checkpoint))
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Inner {
    folder: PathBuf,
    anchor: PathBuf,
    settings: Settings,
    key: SigningKey,
    clock: Arc<dyn Clock>,
    rng: Mutex<Box<dyn Rng>>,
    home: Running,
    shards: Mutex<BTreeMap<Shard, Arc<Running>>>,
    directory: Mutex<Directory>,
    /// Held by who opens or ends a log and lists it, which takes as long as the disk does: the two above are held for
    /// moments alone, and by those who must not wait.
    listing: Mutex<()>,
    /// What the clock showed at most. Held while an entry says that it went back.
    shown: Mutex<Duration>,
    /// Held by all who append, and alone by who seals. Whether the home log takes no more entries.
    sealed: RwLock<bool>,
}

/// Makes entries durable, each in the log that it belongs to.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("name", &self.inner.settings.name).finish_non_exhaustive()
    }
}

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Entries in the home log.
    pub size: u64,
    /// Entries that were durable and not published when the ledger was let go.
    pub unpublished: u64,
    /// Writes that were not finished, and that nobody was told of.
    pub cut: Vec<String>,
}

fn opening(
    name: &str,
    key: &SigningKey,
    seen: Option<tlog::Checkpoint>,
) -> Result<tlog::Opening, LedgerError> {
    Ok(tlog::Opening { seen, ..tlog::Opening::new(name, signer(name, key)?) })
}

fn signer(name: &str, key: &SigningKey) -> Result<Arc<dyn Signer>, LedgerError> {
    Ok(Arc::new(key.signer(name, Algorithm::Ed25519)?))
}

fn verifier(name: &str, key: &SigningKey) -> Result<VerifierKey, LedgerError> {
    Ok(key.signer(name, Algorithm::Ed25519)?.key().clone())
}

/// What was seen of a log. A log of which nothing was seen may be an older copy: it is taken only where that is asked,
/// and so is what nobody signed.
fn seen(anchor: &Anchor, key: &VerifierKey, unseen: bool) -> Result<Seen, LedgerError> {
    let seen = match anchor.read(key) {
        Err(LedgerError::Unsigned { .. }) if unseen => anchor.read_unsigned(key)?,
        other => other?,
    };
    match seen {
        Some(seen) => Ok(seen),
        None if unseen => Ok(Seen::default()),
        None => Err(LedgerError::Unseen { path: anchor.path().to_owned() }),
    }
}

/// Others than the owner put no files of theirs in the place of the log's, nor of what is kept of it beside.
fn is_private(of: &Opening) -> Result<(), LedgerError> {
    let folder = durable::open_folder(&of.folder).map_err(LedgerError::io(&of.folder))?;
    let beside = durable::open_around(&of.anchor).map_err(LedgerError::io(&of.anchor))?;
    folder.or(beside).map_or(Ok(()), |open| Err(LedgerError::OpenFolder(open)))
}

impl Ledger {
    /// Makes a ledger in a new folder. Nothing is in it yet; the key that verifies it comes back.
    pub fn create(opening_: &Opening, settings: &Settings) -> Result<VerifierKey, LedgerError> {
        if opening_.key.name() != settings.name {
            return Err(LedgerError::Refused("the key was made for another ledger".to_owned()));
        }
        is_private(opening_)?;
        let now = since_1970(&*opening_.clock);
        let log =
            Log::create(&Folder::new(&opening_.folder), opening(&settings.name, &opening_.key, None)?, now)?;
        let signer = signer(&settings.name, &opening_.key)?;
        settings.write(&opening_.folder, &*signer)?;
        if settings.layout != Layout::One {
            Directory::new(&settings.name).write(&opening_.folder.join(directory::FILE), &*signer)?;
        }
        let checkpoint = log.close(now)?;
        Anchor::new(&opening_.anchor).write(&checkpoint, now, &*signer)?;
        verifier(&settings.name, &opening_.key)
    }

    /// Opens a ledger for its one writer. Refused are a log that does not continue what was seen of it, a directory
    /// that is not the newest, and settings that the ledger did not sign.
    pub fn open(of: Opening) -> Result<(Self, Found), LedgerError> {
        is_private(&of)?;
        let key = verifier(of.key.name(), &of.key)?;
        let (settings, signed) = match Settings::read(&of.folder, &key) {
            Err(LedgerError::Unsigned { .. }) if of.unseen => (Settings::read_unsigned(&of.folder)?, false),
            other => (other?, true),
        };
        let anchor = Anchor::new(&of.anchor);
        let seen = seen(&anchor, &key, of.unseen)?;
        let now = since_1970(&*of.clock);
        let (home, found) = run(&of.folder, &settings.name, &of.key, anchor, &seen, &of.clock, now)?;
        let directory = Directory::new(&settings.name);
        let sealed = settings.layout == Layout::One && is_sealed(&of.folder, found.size)?;
        let inner = Inner {
            folder: of.folder,
            anchor: of.anchor,
            settings,
            key: of.key,
            clock: of.clock,
            rng: Mutex::new(of.rng),
            home,
            shards: Mutex::new(BTreeMap::new()),
            directory: Mutex::new(directory),
            listing: Mutex::new(()),
            shown: Mutex::new(seen.clock),
            sealed: RwLock::new(sealed),
        };
        inner.settle(found.size, now, of.unseen)?;
        inner.watch_clock(sealed)?;
        if of.unseen {
            let after = Some(inner.settings.digest(&inner.folder)?);
            inner.act(ConfigurationChange {
                after,
                ..ConfigurationChange::new(Room::Ledger, Setting::Restored)
            })?;
            if !signed {
                inner.settings.write(&inner.folder, &*inner.home.signer)?;
            }
        }
        Ok((Self { inner: Arc::new(inner) }, found))
    }

    /// The key that verifies the home log.
    pub fn verifier(&self) -> Option<&VerifierKey> {
        Some(&self.inner.home.key)
    }

    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Proves things of the home log.
    pub fn prover(&self) -> Prover {
        self.inner.home.appender.prover().clone()
    }

    /// The newest signed checkpoint of the home log.
    pub fn checkpoint(&self) -> Option<Arc<SignedCheckpoint>> {
        self.inner.home.appender.checkpoint()
    }

    /// Appends entries next to each other, and blocks until they are durable. All go to one log.
    pub fn append(&self, entries: &[Entry]) -> Result<Vec<Receipt>, LedgerError> {
        refuse_own(entries)?;
        journal::parts::are_whole(entries)?;
        let bytes = entries.iter().map(Entry::bytes).collect::<Result<Vec<_>, _>>()?;
        let sealed = block_on(self.inner.sealed.read());
        takes_more(*sealed)?;
        self.inner.watch_clock(*sealed)?;
        let log = self.inner.log_of(entries)?;
        let receipt = self.inner.running(log.as_ref())?.append_blocking(bytes)?;
        Ok(receipts(&self.inner.name_of(log.as_ref()), receipt))
    }

    /// Which log an entry goes to now; nothing for the home log. Entries of one call go to one log.
    pub fn place_of(&self, entry: &Entry) -> Option<Shard> {
        self.inner.place(entry, self.inner.today())
    }

    /// How many entries the log of a place has.
    pub(crate) fn size_of(&self, shard: Option<&Shard>) -> Result<u64, LedgerError> {
        Ok(self.inner.running(shard)?.prover().head().0)
    }

    /// Records an act of the ledger on itself in the home log.
    pub fn act(&self, change: ConfigurationChange) -> Result<u64, LedgerError> {
        let sealed = block_on(self.inner.sealed.read());
        self.inner.watch_clock(*sealed)?;
        self.inner.act(change)
    }

    /// Writes down apart what was published: to be called about once a second.
    pub fn keep(&self) -> Result<(), LedgerError> {
        let clock = *guard(&self.inner.shown);
        let home = self.inner.home.keep(clock);
        let shards: Vec<_> = guard(&self.inner.shards).values().cloned().collect();
        // One that fails keeps no other from it.
        shards.iter().map(|shard| shard.keep(clock)).fold(home, Result::and)
    }

    /// Publishes everything and lets the folders go. Blocks.
    pub fn close(self) -> Result<(), LedgerError> {
        let sealed = *block_on(self.inner.sealed.read());
        self.inner.watch_clock(sealed)?;
        let clock = *guard(&self.inner.shown);
        let shards = std::mem::take(&mut *guard(&self.inner.shards));
        // One that fails keeps no other from it.
        let closed = shards.values().map(|shard| shard.close(clock)).fold(Ok(None), Result::and);
        self.inner.home.close(clock).and(closed).map(|_| ())
    }

    /// The logs that a witness can be asked of: name, checkpoint, and what proves.
    pub(crate) fn logs(&self) -> Vec<(String, Appender)> {
        let mut all = vec![(self.inner.home.name.clone(), self.inner.home.appender.clone())];
        all.extend(guard(&self.inner.shards).values().map(|log| (log.name.clone(), log.appender.clone())));
        all
    }

    /// Ends shards whose period is over, or the one log of a ledger that has no shards. Gives the names of what was
    /// sealed. A sealed log takes no more entries.
    pub fn seal(&self) -> Result<Vec<String>, LedgerError> {
        let inner = &*self.inner;
        // Nobody appends while a log ends: what is acknowledged comes before the word that it ended.
        let mut sealed = block_on(inner.sealed.write());
        takes_more(*sealed)?;
        inner.watch_clock(*sealed)?;
        let today = inner.today();
        if inner.settings.layout == Layout::One {
            // What somebody sent and did not wait for is in before the size is read.
            block_on(inner.home.appender.publish())?;
            let (size, root) = inner.home.appender.prover().head();
            if size == 0 {
                return Err(LedgerError::Refused("an empty log is not sealed".to_owned()));
            }
            let change = ConfigurationChange {
                leaves: Some(LeafRange { first: Number::of(0), end: Number::of(size) }),
                after: Some(journal::names::Digest::of_hash(root.0)),
                ..ConfigurationChange::new(Room::Ledger, Setting::LogSealed)
            };
            // If that fails nobody knows whether it stands there: nothing more is taken until the log is opened again.
            *sealed = true;
            inner.act(change)?;
            return Ok(vec![inner.settings.name.clone()]);
        }
        let one = guard(&inner.listing);
        let over: Vec<Shard> = {
            let directory = guard(&inner.directory);
            let open = directory.logs.iter().filter(|log| log.state == Listing::Open);
            open.filter(|log| log.shard.period.end() <= today).map(|log| log.shard.clone()).collect()
        };
        let names = over.iter().map(|shard| inner.seal_shard(shard)).collect::<Result<Vec<_>, _>>()?;
        drop(sealed);
        // With those that a crash left as they lay.
        let listed: Vec<Listed> = guard(&inner.directory).logs.clone();
        let mut left = listed.into_iter().filter(|log| log.state != Listing::Open).peekable();
        if left.peek().is_none() {
            return Ok(names);
        }
        // What was deleted is told by the home log.
        let home = block_on(inner.home.appender.publish())?.checkpoint().size();
        let state = State::read(&Folder::new(&inner.folder), home)?;
        state.is_whole()?;
        for log in left {
            let folder = inner.folder.join(log.shard.path());
            if folder.join("tile").exists() {
                let (name, gone) = (inner.name_of(Some(&log.shard)), state.deleted_of(Some(&log.shard)));
                let keys = std::slice::from_ref(&log.key);
                let expected = tlog::Expected { gone: &gone, ..tlog::Expected::new(&name, keys) };
                tlog::Sealed::seal(&Folder::new(folder), &expected)?;
            }
        }
        drop(one);
        Ok(names)
    }
}

/// Whether a log was sealed: after the entry that says so come acts of the ledger alone, as deletions. Opening has
/// published all entries that it found.
fn is_sealed(folder: &Path, size: u64) -> Result<bool, LedgerError> {
    let source = Folder::new(folder);
    let mut after = State::default();
    for at in (0..size.div_ceil(tlog::WIDTH)).rev() {
        let first = at * tlog::WIDTH;
        let entries = match stored::bundle(&source, at, size)? {
            stored::Bundle::There(entries) => entries,
            // What was deleted held no act of the ledger. What somebody took away may have.
            stored::Bundle::Gone(leaves) => {
                let run = first..first + leaves.len() as u64;
                return match stored::uncovered(&run, &after.deleted_of(None)).first() {
                    Some(run) => Err(state::missing(run)),
                    None => Ok(false),
                };
            }
        };
        for (index, bytes) in (first..).zip(&entries).collect::<Vec<_>>().into_iter().rev() {
            let entry = stored::read(index, bytes)?;
            match state::own(&entry).map(|change| change.setting) {
                Some(Setting::LogSealed) => return Ok(true),
                Some(_) => after.take(&entry),
                None => return Ok(false),
            }
        }
    }
    Ok(false)
}

fn receipts(log: &str, receipt: tlog::Receipt) -> Vec<Receipt> {
    (receipt.first..)
        .take(receipt.count as usize)
        .map(|index| Receipt { log: log.to_owned(), index })
        .collect()
}

/// Opens a log and drives it.
fn run(
    folder: &Path,
    name: &str,
    key: &SigningKey,
    anchor: Anchor,
    seen: &Seen,
    clock: &Arc<dyn Clock>,
    now: Duration,
) -> Result<(Running, Found), LedgerError> {
    let opened = Log::open(&Folder::new(folder), opening(name, key, seen.checkpoint().cloned())?, now)?;
    let (log, recovered) = opened;
    let committer = Committer::start(log, Arc::new(LogClock(Arc::clone(clock))), Bounds::default())?;
    let cut = recovered.cut.iter().map(|cut| format!("{}, byte {}: {}", cut.file, cut.offset, cut.reason));
    let found = Found { size: recovered.size, unpublished: recovered.unpublished, cut: cut.collect() };
    let appender = committer.appender();
    let signer = signer(name, key)?;
    // What was recovered is published, and an older form of the file is made this one.
    let published = appender.checkpoint().ok_or(tlog::Error::Closed)?;
    anchor.write(&published, seen.clock, &*signer)?;
    let running = Running {
        name: name.to_owned(),
        key: signer.key().clone(),
        signer,
        appender,
        committer: Mutex::new(Some(committer)),
        anchor,
        anchored: Mutex::new(published.checkpoint().size()),
    };
    Ok((running, found))
}

impl Inner {
    fn name_of(&self, shard: Option<&Shard>) -> String {
        match shard {
            None => self.settings.name.clone(),
            Some(shard) => format!("{}/{shard}", self.settings.name),
        }
    }

    /// Reads the directory and opens its logs; finishes what a crash left between the entry and the file.
    fn settle(&self, size: u64, now: Duration, unseen: bool) -> Result<(), LedgerError> {
        let home = Folder::new(&self.folder);
        if self.settings.layout == Layout::One {
            return Ok(());
        }
        // What was recovered is published by the opening, and can be read.
        let state = State::read(&home, size)?;
        state.is_whole()?;
        let path = self.folder.join(directory::FILE);
        let next = self.folder.join(directory::NEXT);
        let key = &self.home.key;
        if let Some(prepared) = Directory::read(&next, key)? {
            if state.directory == Some(prepared.digest()) {
                prepared.write(&path, &*self.home.signer)?;
            }
            std::fs::remove_file(&next).map_err(LedgerError::io(&next))?;
        }
        let directory = Directory::read(&path, key)?.ok_or(LedgerError::Missing { path: path.clone() })?;
        let newest = state.directory.is_none_or(|digest| digest == directory.digest());
        if !newest || (state.directory.is_none() && directory.number > 0) {
            let what = "this is not the directory that the ledger recorded last: it was taken away, or an older one was put in its \
                 place";
            return Err(LedgerError::unreadable(&path, what));
        }
        let mut shards = guard(&self.shards);
        for log in directory.logs.iter().filter(|log| log.state == Listing::Open) {
            let name = self.name_of(Some(&log.shard));
            let anchor = Anchor::new(anchor_of(&self.anchor, &log.shard));
            let seen = seen(&anchor, &verifier(&name, &self.key)?, unseen)?;
            let folder = self.folder.join(log.shard.path());
            let opened = run(&folder, &name, &self.key, anchor, &seen, &self.clock, now);
            let (running, _) = opened.map_err(|error| match error {
                // Of many logs it is to be known which.
                LedgerError::Log(error @ (tlog::Error::Behind { .. } | tlog::Error::Forked { .. })) => {
                    LedgerError::Refused(format!("`{name}`: {error}"))
                }
                other => other,
            })?;
            shards.insert(log.shard.clone(), Arc::new(running));
        }
        drop(shards);
        *guard(&self.directory) = directory;
        Ok(())
    }

    fn today(&self) -> jiff::civil::Date {
        self.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    fn place(&self, entry: &Entry, today: jiff::civil::Date) -> Option<Shard> {
        let Layout::Shards(every) = self.settings.layout else { return None };
        if state::own(entry).is_some() {
            return None;
        }
        let mut shard = Shard {
            region: entry.region.clone(),
            writer: self.settings.writer.clone(),
            class: entry.act.retained(),
            period: Span::of(today, every),
        };
        // A clock that went back leads to no period that is over.
        let like = |log: &&Listed| {
            (&log.shard.region, &log.shard.writer, log.shard.class)
                == (&shard.region, &shard.writer, shard.class)
        };
        let newest = guard(&self.directory).logs.iter().filter(like).map(|log| log.shard.period).max();
        shard.period = newest.map_or(shard.period, |newest| newest.max(shard.period));
        Some(shard)
    }

    fn log_of(&self, entries: &[Entry]) -> Result<Option<Shard>, LedgerError> {
        // A call at midnight is of one day.
        let today = self.today();
        let mut places = entries.iter().map(|entry| self.place(entry, today));
        let first = places.next().ok_or(journal::EntryError::Contradiction("no entry was given"))?;
        if places.any(|place| place != first) {
            let what = "entries that stand together are of one region and one class of retention";
            return Err(journal::EntryError::Contradiction(what).into());
        }
        Ok(first)
    }

    /// A clock that shows less than it did is told in an entry, once.
    fn watch_clock(&self, sealed: bool) -> Result<(), LedgerError> {
        let mut shown = guard(&self.shown);
        let now = since_1970(&*self.clock);
        let back = shown.saturating_sub(now);
        if back > SLACK && !sealed {
            let micros = u64::try_from(back.as_micros()).unwrap_or(u64::MAX);
            self.act(ConfigurationChange {
                micros: Some(Number::of(micros)),
                ..ConfigurationChange::new(Room::Ledger, Setting::ClockWentBack)
            })?;
        }
        // Only now: what could not be told is told next time.
        if back > SLACK || now > *shown {
            *shown = now;
        }
        Ok(())
    }

    /// The log of a place where nothing has to be written before it takes an entry. It waits for nobody.
    fn ready(&self, shard: Option<&Shard>) -> Option<Appender> {
        {
            let mut shown = self.shown.try_lock().ok()?;
            let now = since_1970(&*self.clock);
            if shown.saturating_sub(now) > SLACK {
                return None;
            }
            *shown = now.max(*shown);
        }
        match shard {
            None => Some(self.home.appender.clone()),
            Some(shard) => guard(&self.shards).get(shard).map(|running| running.appender.clone()),
        }
    }

    fn running(&self, shard: Option<&Shard>) -> Result<Appender, LedgerError> {
        let Some(shard) = shard else { return Ok(self.home.appender.clone()) };
        let there = || guard(&self.shards).get(shard).map(|running| running.appender.clone());
        if let Some(appender) = there() {
            return Ok(appender);
        }
        let _one = guard(&self.listing);
        // Another may have opened it meanwhile.
        if let Some(appender) = there() {
            return Ok(appender);
        }
        let state = guard(&self.directory).find(shard).map(|listed| listed.state);
        match state {
            Some(Listing::Open) => {
                let what = format!("`{shard}` could not be ended: open the ledger again");
                return Err(LedgerError::Refused(what));
            }
            Some(Listing::Sealed { .. }) => {
                return Err(LedgerError::Refused(format!("`{shard}` is sealed and takes no more entries")));
            }
            None => {}
        }
        if guard(&self.shards).len() >= MOST_OPEN {
            return Err(LedgerError::Refused(format!(
                "{MOST_OPEN} logs are open, and no more are opened: `seal` ends those whose period is over; if the regions of \
                 entries are wrong, `append --policy` refuses them"
            )));
        }
        let name = self.name_of(Some(shard));
        let folder = self.folder.join(shard.path());
        durable::make_shared_folder(&folder).map_err(LedgerError::io(&folder))?;
        let now = since_1970(&*self.clock);
        // A crash may have left an empty log that no directory lists yet.
        if Folder::new(&folder).read(tlog::Resource::Checkpoint)?.is_none() {
            Log::create(&Folder::new(&folder), opening(&name, &self.key, None)?, now)?.close(now)?;
        }
        let anchor = Anchor::new(anchor_of(&self.anchor, shard));
        let seen = Seen { checkpoint: None, clock: now };
        let (running, _) = run(&folder, &name, &self.key, anchor, &seen, &self.clock, now)?;
        let key = running.key.clone();
        self.list(Listed { shard: shard.clone(), key, state: Listing::Open }, Setting::LogOpened)?;
        let appender = running.appender.clone();
        guard(&self.shards).insert(shard.clone(), Arc::new(running));
        Ok(appender)
    }

    /// Changes the directory: written beside, recorded in the home log, put in place. By who holds the listing.
    fn list(&self, listed: Listed, why: Setting) -> Result<(), LedgerError> {
        let directory = guard(&self.directory).clone();
        let shard = listed.shard.clone();
        let next = directory.with(listed);
        let prepared = self.folder.join(directory::NEXT);
        next.write(&prepared, &*self.home.signer)?;
        let about = |setting| ConfigurationChange {
            region: shard.region.clone(),
            writer: Some(shard.writer.clone()),
            class: Some(shard.class),
            period: Some(Number::of(shard.period.number())),
            ..ConfigurationChange::new(Room::Ledger, setting)
        };
        self.act(about(why))?;
        self.act(ConfigurationChange {
            before: Some(directory.digest()),
            after: Some(next.digest()),
            ..about(Setting::DirectoryChanged)
        })?;
        // Whoever reads the list finds the entry in the home log as it is published.
        block_on(self.home.appender.publish())?;
        let path = self.folder.join(directory::FILE);
        next.write(&path, &*self.home.signer)?;
        std::fs::remove_file(&prepared).map_err(LedgerError::io(&prepared))?;
        *guard(&self.directory) = next;
        Ok(())
    }

    fn act(&self, change: ConfigurationChange) -> Result<u64, LedgerError> {
        let entry = {
            let mut rng = guard(&self.rng);
            Entry::new(Act::ConfigurationChange(change), EntryOutcome::Done, &*self.clock, &mut **rng)
        };
        Ok(self.home.appender.append_blocking(vec![entry.bytes()?])?.first)
    }

    fn seal_shard(&self, shard: &Shard) -> Result<String, LedgerError> {
        let running = guard(&self.shards).remove(shard);
        let running = running.ok_or(LedgerError::Refused(format!("`{shard}` is not open")))?;
        let clock = *guard(&self.shown);
        let checkpoint = running.close(clock)?.ok_or(tlog::Error::Closed)?;
        let (size, root) = (checkpoint.checkpoint().size(), checkpoint.checkpoint().root());
        let key = running.key.clone();
        let state = Listing::Sealed { size, root };
        self.list(Listed { shard: shard.clone(), key, state }, Setting::LogSealed)?;
        Ok(running.name.clone())
    }
}

/// What the ledger says of itself it alone may say: holds, floors, seals and deletions are read back from it.
fn refuse_own(entries: &[Entry]) -> Result<(), LedgerError> {
    if entries.iter().any(|entry| state::own(entry).is_some()) {
        return Err(LedgerError::Refused(OWN.to_owned()));
    }
    Ok(())
}

fn takes_more(sealed: bool) -> Result<(), LedgerError> {
    if sealed {
        return Err(LedgerError::Refused("the log is sealed and takes no more entries".to_owned()));
    }
    Ok(())
}

pub(crate) const OWN: &str = "an act of the ledger on itself is written by the ledger alone";

impl Recorder for Ledger {
    fn record(
        &self,
        entries: Vec<Entry>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Receipt>, RecordError>> + Send + '_>> {
        Box::pin(async move {
            refuse_own(&entries).map_err(told)?;
            journal::parts::are_whole(&entries)?;
            let bytes = entries.iter().map(Entry::bytes).collect::<Result<Vec<_>, _>>()?;
            let sealed = self.inner.sealed.read().await;
            takes_more(*sealed).map_err(told)?;
            let log = self.inner.log_of(&entries).map_err(told)?;
            let appender = match self.inner.ready(log.as_ref()) {
                Some(appender) => appender,
                // Something has to be written first: a new shard, or that the clock went back.
                None => {
                    let (ledger, log) = (self.clone(), log.clone());
                    let ready = tokio::task::spawn_blocking(move || {
                        ledger.inner.watch_clock(false)?;
                        ledger.inner.running(log.as_ref())
                    });
                    ready.await.map_err(|error| RecordError::Unavailable(error.to_string()))?.map_err(told)?
                }
            };
            let receipt = appender.append(bytes).await.map_err(|error| told(error.into()))?;
            Ok(receipts(&self.inner.name_of(log.as_ref()), receipt))
        })
    }
}

/// Waits for a future on a thread that may block.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

/// Whether it helps to try again.
fn told(error: LedgerError) -> RecordError {
    match error {
        LedgerError::Entry(error) => RecordError::Entry(error),
        // Nobody ever takes it, a spool as little as the log.
        LedgerError::Log(tlog::Error::Batch { .. } | tlog::Error::TooLong { .. }) => {
            let what = "entries that stand together have at most 8 MiB";
            RecordError::Entry(journal::EntryError::Contradiction(what))
        }
        LedgerError::Log(tlog::Error::Stalled { .. }) | LedgerError::InUse { .. } => {
            RecordError::Unavailable(error.to_string())
        }
        other => RecordError::Broken(other.to_string()),
    }
}
