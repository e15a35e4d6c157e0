//! Where entries of clinical flows wait while the ledger cannot take them: care does not stop for a full disk, and
//! nothing goes unrecorded (45 CFR 164.312(a)(2)(ii)).
//!
//! A folder of numbered files, each what was recorded at once: entries as lines, under AES-256-GCM with the number
//! bound to it. It is bounded; where it is full the act is refused like any other. Each use raises the alarm.
//! [`Spool::reconcile`] brings the files to the ledger in their order, each exactly once, whatever is cut off between.
//! A file that does not open, or that the ledger can never take, is set aside as `NUMBER.aside`: kept, told, and in
//! nobody's way. So is told what is missing between two. Where the record of the last try was changed, every log is looked
//! through for what it may have brought.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use journal::act::{ConfigurationChange, Room, Setting};
use journal::names::Uid;
use journal::{Entry, Receipt, RecordError, Recorder, Rng};
use tlog::{TreeHash, WIDTH};
use zeroize::Zeroizing;

use crate::error::LedgerError;
use crate::reading;
use crate::running::Ledger;
use crate::shard::Shard;
use crate::state;
use crate::stored::{self, Bundle, Leaves};
use guard::durable::{self, Access};
use guard::vault::{self, Cipher, Lock};

const KEY: &str = "spool.key";
const ATTEMPT: &str = "attempt";
const LONGEST_ATTEMPT: u64 = 4096;
/// The place of the home log, in the record of a try.
const HOME: &str = "home";
const SEALED: &str = "sealed";
const ASIDE: &str = "aside";
const LABEL: &str = "phiward spool key";
const LONGEST: u64 = 32 << 20;

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub struct Space {
    pub bytes: u64,
    pub files: u64,
}

impl Default for Space {
    fn default() -> Self {
        Self { bytes: 256 << 20, files: 100_000 }
    }
}

struct Inner {
    cipher: Cipher,
    rng: Box<dyn Rng>,
    next: u64,
    waiting: u64,
    bytes: u64,
}

/// A folder for entries that wait.
pub struct Spool {
    folder: PathBuf,
    room: Space,
    inner: Mutex<Inner>,
    _lock: durable::Held,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// What reconciling came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub files: u64,
    pub entries: u64,
    /// Files that had been brought over before and only lay there still.
    pub already: u64,
    /// Files that were set aside, and why: somebody must look at them.
    pub aside: Vec<(PathBuf, String)>,
    /// Numbers of files that are missing between two, each from the first to before the end: what they held is lost.
    pub missing: Vec<Leaves>,
    /// What was written down of the last try could not be read, so every log was looked through.
    pub looked_through: bool,
}

/// The last try to bring a file over.
enum Tried {
    Nothing,
    /// The number of the file, and how long the log of this place was.
    File(u64, u64, String),
    /// What was written down of it cannot be read. Files that the logs have already.
    Unknown(BTreeSet<u64>),
}

impl Spool {
    /// Opens a spool, or makes one where there is none.
    pub fn open(folder: &Path, lock: &Lock, mut rng: Box<dyn Rng>, room: Space) -> Result<Self, LedgerError> {
        fs::create_dir_all(folder).map_err(LedgerError::io(folder))?;
        let held = durable::lock_folder(folder).map_err(LedgerError::io(folder))?;
        let path = folder.join(KEY);
        let secret = match durable::read(&path, 16 * 1024).map_err(LedgerError::io(&path))? {
            Some(bytes) => {
                let text =
                    String::from_utf8(bytes).map_err(|_| LedgerError::unreadable(&path, "not UTF-8"))?;
                vault::open(lock, LABEL, &text).map_err(LedgerError::shut(&path))?
            }
            None => {
                let mut secret = Zeroizing::new(vec![0; 32]);
                rng.fill(&mut secret);
                let text = vault::seal(lock, LABEL, &secret, &mut *rng)?;
                durable::create(&path, text.as_bytes(), Access::Owner).map_err(LedgerError::io(&path))?;
                secret
            }
        };
        let secret: &[u8; 32] = secret
            .first_chunk()
            .ok_or_else(|| LedgerError::unreadable(&path, "this is no key of a spool of this version"))?;
        let cipher = Cipher::new(secret)?;
        let mut inner = Inner { cipher, rng, next: 1, waiting: 0, bytes: 0 };
        for (number, path) in numbered(folder, ASIDE)? {
            inner.next = number + 1;
            inner.bytes += fs::metadata(&path).map_err(LedgerError::io(&path))?.len();
        }
        for (number, path) in numbered(folder, SEALED)? {
            inner.next = inner.next.max(number + 1);
            inner.waiting += 1;
            inner.bytes += fs::metadata(&path).map_err(LedgerError::io(&path))?.len();
        }
        Ok(Self { folder: folder.to_owned(), room, inner: Mutex::new(inner), _lock: held })
    }

    /// Files that wait, and their bytes.
    pub fn waiting(&self) -> (u64, u64) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.waiting, inner.bytes)
    }

    /// Makes entries durable here; gives the number of the file.
    pub fn put(&self, entries: &[Entry]) -> Result<u64, LedgerError> {
        let mut text = Zeroizing::new(Vec::new());
        for entry in entries {
            text.extend_from_slice(&entry.bytes()?);
            text.push(b'\n');
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { cipher, rng, next, .. } = &mut *inner;
        let number = *next;
        let sealed = cipher.seal(&bound(number), &text, &mut **rng)?;
        let length = sealed.len() as u64;
        if inner.waiting >= self.room.files || inner.bytes + length > self.room.bytes {
            return Err(LedgerError::Refused("the spool is full".to_owned()));
        }
        let path = self.folder.join(name(number, SEALED));
        // Beside and renamed: half a file is none.
        durable::replace(&path, &sealed, Access::Owner).map_err(LedgerError::io(&path))?;
        inner.next += 1;
        inner.waiting += 1;
        inner.bytes += length;
        Ok(number)
    }

    /// Brings what waits to the ledger. What the last try may have brought already is looked for in the log first.
    pub fn reconcile(&self, ledger: &Ledger, folder: &Path) -> Result<Reconciled, LedgerError> {
        let mut done = Reconciled::default();
        let attempt = self.folder.join(ATTEMPT);
        let waiting = numbered(&self.folder, SEALED)?;
        let pairs = waiting.iter().zip(waiting.iter().skip(1));
        done.missing =
            pairs.filter(|((a, _), (b, _))| a + 1 != *b).map(|((a, _), (b, _))| a + 1..*b).collect();
        let tried = match self.tried()? {
            Some(tried) => tried,
            None => {
                done.looked_through = true;
                Tried::Unknown(self.look_through(&waiting, ledger, folder)?)
            }
        };
        for (number, path) in waiting {
            let entries = match self.read(number, &path) {
                Err(error) if is_of_the_file(&error) => {
                    self.set_aside(number, &path, &error, &mut done)?;
                    continue;
                }
                other => other?,
            };
            if !was_brought(&tried, number, &entries, folder)? {
                self.begin(number, &entries, ledger, &attempt)?;
                // Entries of one call went to the spool together and go to one log together.
                match ledger.append(&entries) {
                    Err(error) if is_of_the_file(&error) => {
                        self.set_aside(number, &path, &error, &mut done)?;
                        continue;
                    }
                    other => other?,
                };
                done.entries += entries.len() as u64;
            } else {
                done.already += 1;
            }
            let length = fs::metadata(&path).map_err(LedgerError::io(&path))?.len();
            fs::remove_file(&path).map_err(LedgerError::io(&path))?;
            durable::sync_folder(&path).map_err(LedgerError::io(&path))?;
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner.waiting -= 1;
            inner.bytes = inner.bytes.saturating_sub(length);
            done.files += 1;
        }
        if done.files > 0 {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let change = ConfigurationChange {
                id: Some(Uid::random(&mut *inner.rng)),
                ..ConfigurationChange::new(Room::Ledger, Setting::SpoolReconciled)
            };
            ledger.act(change)?;
        }
        Ok(done)
    }

    /// Takes a file out of the way and keeps it.
    fn set_aside(
        &self,
        number: u64,
        path: &Path,
        error: &LedgerError,
        done: &mut Reconciled,
    ) -> Result<(), LedgerError> {
        let to = self.folder.join(name(number, ASIDE));
        fs::rename(path, &to).map_err(LedgerError::io(path))?;
        durable::sync_folder(&to).map_err(LedgerError::io(&to))?;
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).waiting -= 1;
        done.aside.push((to, error.to_string()));
        Ok(())
    }

    fn read(&self, number: u64, path: &Path) -> Result<Vec<Entry>, LedgerError> {
        let sealed = durable::read(path, LONGEST).map_err(LedgerError::io(path))?;
        let sealed = sealed.ok_or(LedgerError::Missing { path: path.to_owned() })?;
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let text = inner.cipher.open(&bound(number), &sealed);
        let text = text.ok_or(LedgerError::WrongKey { path: path.to_owned() })?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let entries = lines
            .map(|line| Entry::read(line).map_err(|fault| LedgerError::unreadable(path, fault.to_string())))
            .collect::<Result<Vec<Entry>, _>>()?;
        if entries.iter().any(|entry| state::own(entry).is_some()) {
            return Err(LedgerError::unreadable(path, crate::running::OWN));
        }
        Ok(entries)
    }

    /// Writes down what is tried, and how long the log is before.
    fn begin(
        &self,
        number: u64,
        entries: &[Entry],
        ledger: &Ledger,
        attempt: &Path,
    ) -> Result<(), LedgerError> {
        let place = entries.first().and_then(|entry| ledger.place_of(entry));
        let size = ledger.size_of(place.as_ref())?;
        let place = place.map_or_else(|| HOME.to_owned(), |shard| shard.to_string());
        let text = format!("{number} {size} {place}\n");
        durable::replace(attempt, text.as_bytes(), Access::Shared).map_err(LedgerError::io(attempt))
    }

    /// What was written down of the last try; nothing where that cannot be read.
    fn tried(&self) -> Result<Option<Tried>, LedgerError> {
        let attempt = self.folder.join(ATTEMPT);
        let bytes = match durable::read(&attempt, LONGEST_ATTEMPT) {
            Ok(None) => return Ok(Some(Tried::Nothing)),
            Ok(Some(bytes)) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => return Ok(None),
            Err(error) => return Err(LedgerError::io(&attempt)(error)),
        };
        let words: Option<Vec<&str>> =
            std::str::from_utf8(&bytes).ok().map(|text| text.trim_end().splitn(3, ' ').collect());
        let Some([number, from, place]) = words.as_deref() else { return Ok(None) };
        let known = *place == HOME || Shard::parse(place).is_some();
        Ok(match (number.parse(), from.parse()) {
            (Ok(number), Ok(from)) if known => Some(Tried::File(number, from, (*place).to_owned())),
            _ => None,
        })
    }

    /// Which of the files that wait any log of the ledger has already.
    fn look_through(
        &self,
        waiting: &[(u64, PathBuf)],
        ledger: &Ledger,
        folder: &Path,
    ) -> Result<BTreeSet<u64>, LedgerError> {
        let mut wanted = BTreeMap::new();
        for (number, path) in waiting {
            // One that does not open is set aside later.
            if let Ok(entries) = self.read(*number, path)
                && let Some(first) = entries.first()
            {
                wanted.insert(TreeHash::leaf(&first.bytes()?).0, *number);
            }
        }
        let mut found = BTreeSet::new();
        let key = ledger.verifier().ok_or(tlog::Error::Closed)?;
        for log in reading::held(folder, key)?.iter().filter(|log| !reading::is_gone(log)) {
            let size = reading::checkpoint(log)?.checkpoint().size();
            let source = stored::source(&log.folder)?;
            for at in 0..size.div_ceil(WIDTH) {
                if let Bundle::There(entries) = stored::bundle(&*source, at, size)? {
                    let leaves = entries.iter().map(|entry| TreeHash::leaf(entry).0);
                    found.extend(leaves.filter_map(|leaf| wanted.get(&leaf)));
                }
            }
        }
        Ok(found)
    }
}

/// Whether the log has these entries since the last try began: their salts make them the only ones of their kind.
fn was_brought(tried: &Tried, number: u64, entries: &[Entry], folder: &Path) -> Result<bool, LedgerError> {
    let (from, place) = match tried {
        Tried::Unknown(found) => return Ok(found.contains(&number)),
        Tried::File(tried, from, place) if *tried == number => (*from, place),
        _ => return Ok(false),
    };
    let Some(first) = entries.first() else { return Ok(false) };
    let wanted = first.bytes()?;
    let folder = match Shard::parse(place) {
        Some(shard) => folder.join(shard.path()),
        None => folder.to_owned(),
    };
    // The log may have been ended since, and all of it deleted.
    if !stored::is_compressed(&folder) && !folder.join("tile").exists() {
        return Ok(false);
    }
    let source = stored::source(&folder)?;
    let Some(bytes) = source.read(tlog::Resource::Checkpoint)? else { return Ok(false) };
    let size = tlog::SignedCheckpoint::parse(&bytes)
        .map(|signed| signed.checkpoint().size())
        .map_err(|error| LedgerError::Refused(error.to_string()))?;
    for at in from / WIDTH..size.div_ceil(WIDTH) {
        if let Bundle::There(stored) = stored::bundle(&*source, at, size)?
            && stored.contains(&wanted)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn bound(number: u64) -> Vec<u8> {
    format!("phiward spool\n{number}\n").into_bytes()
}

fn name(number: u64, ending: &str) -> String {
    format!("{number:012}.{ending}")
}

/// Whether no other try will help: the file itself is wrong, and not the ledger or the disk.
fn is_of_the_file(error: &LedgerError) -> bool {
    match error {
        LedgerError::WrongKey { .. } | LedgerError::Unreadable { .. } | LedgerError::Entry(_) => true,
        LedgerError::Log(tlog::Error::Batch { .. } | tlog::Error::TooLong { .. }) => true,
        LedgerError::Io { error, .. } => error.kind() == std::io::ErrorKind::FileTooLarge,
        _ => false,
    }
}

/// The files of an ending, in order.
fn numbered(folder: &Path, ending: &str) -> Result<Vec<(u64, PathBuf)>, LedgerError> {
    let mut all = Vec::new();
    for file in fs::read_dir(folder).map_err(LedgerError::io(folder))? {
        let path = file.map_err(LedgerError::io(folder))?.path();
        let parts = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split_once('.'));
        let number = parts.filter(|(_, own)| *own == ending).and_then(|(stem, _)| stem.parse::<u64>().ok());
        if let Some(number) = number {
            all.push((number, path));
        }
    }
    all.sort();
    Ok(all)
}

/// Records in the ledger; where it cannot take entries, those of clinical flows go to the spool and the alarm is
/// raised. All others fail as before.
pub struct Emergency {
    pub ledger: Arc<dyn Recorder>,
    pub spool: Arc<Spool>,
    /// Whether the bundle marks the flow of an entry as clinical.
    pub clinical: Arc<dyn Fn(&Entry) -> bool + Send + Sync>,
    pub alarm: Arc<dyn Fn(&str) + Send + Sync>,
}

impl std::fmt::Debug for Emergency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emergency").field("spool", &self.spool).finish_non_exhaustive()
    }
}

impl Recorder for Emergency {
    fn record(
        &self,
        entries: Vec<Entry>,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Receipt>, RecordError>> + Send + '_>> {
        Box::pin(async move {
            let kept = entries.clone();
            let failure = match self.ledger.record(entries).await {
                Err(failure @ (RecordError::Unavailable(_) | RecordError::Broken(_))) => failure,
                other => return other,
            };
            if kept.is_empty() || !kept.iter().all(|entry| (self.clinical)(entry)) {
                return Err(failure);
            }
            let spool = Arc::clone(&self.spool);
            let count = kept.len() as u64;
            let put = tokio::task::spawn_blocking(move || spool.put(&kept)).await;
            match put
                .map_err(|error| error.to_string())
                .and_then(|put| put.map_err(|error| error.to_string()))
            {
                Ok(number) => {
                    (self.alarm)(&format!("{failure}; {count} entries of clinical flows wait in the spool"));
                    let receipt = |_| Receipt { log: "spool".to_owned(), index: number };
                    Ok((0..count).map(receipt).collect())
                }
                Err(error) => {
                    (self.alarm)(&format!("{failure}; the spool takes nothing either: {error}"));
                    Err(failure)
                }
            }
        })
    }
}
