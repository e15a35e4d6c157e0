//! The keys of people's pseudonyms, in one file.
//!
//! Each person has a key of their own, so that one can be destroyed and nobody else is touched. The file has the text
//! of a sealed secret ([`crate::Lock`]) with the ring's own two keys, a line `---`, and records of 85 bytes: a byte of
//! kind (1 a key, 2 the place of one that was shredded, 3 of one that was shredded and no entry says so yet), 16 bytes
//! by which the person is found, 8 bytes of key id, and nonce, ciphertext and tag of the key. A person is found by an
//! HMAC under a key of the ring: without the lock the file says how many people there are and nothing else.
//!
//! Records that are added lie in a file beside ([`adding`]) before they are written here. So what a crash tore is
//! finished, and a whole record that does not open is never taken for that: the file was changed, and is refused.
//!
//! **With the ring or its lock lost, nobody can answer any more who saw whose data in the years that it covers.** Keep
//! backups, and prove them with [`Keyring::drill`].

mod adding;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest;
use journal::names::KeyId;
use journal::{Pseudonym, PseudonymError, Pseudonymiser, Rng, Subject, TrailKey};
use zeroize::Zeroizing;

use crate::error::LedgerError;
use adding::Adding;
use guard::GuardError;
use guard::durable::{self, Access};
use guard::vault::{self, Cipher, Lock};

const LABEL: &str = "phiward keyring";
const SEPARATOR: &[u8] = b"---\n";
const SEALED: usize = 12 + 32 + 16;
const RECORD: usize = 1 + 16 + 8 + SEALED;
/// The text before the records.
const LONGEST_HEAD: usize = 4096;
/// Ten million people.
const LONGEST: u64 = 1 << 30;

const KEY: u8 = 1;
const SHREDDED: u8 = 2;
const UNTOLD: u8 = 3;

type Handle = [u8; 16];
/// In the place of a person, where a key was shredded.
const NOBODY: Handle = [0; 16];

#[derive(Clone)]
struct Kept {
    id: KeyId,
    sealed: [u8; SEALED],
}

/// A key that was destroyed.
#[derive(Clone)]
struct Shredded {
    id: KeyId,
    /// No entry says so yet.
    untold: bool,
}

/// The two keys of a ring.
struct Master {
    bytes: Zeroizing<Vec<u8>>,
    cipher: Cipher,
    finder: TrailKey,
}

impl Master {
    fn of(bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        let (wrapping, rest) = bytes.split_first_chunk::<32>()?;
        let finder = TrailKey::of(*rest.first_chunk::<32>().filter(|_| rest.len() == 32)?);
        let cipher = Cipher::new(wrapping).ok()?;
        Some(Self { bytes, cipher, finder })
    }

    fn seal(
        &self,
        kind: u8,
        handle: &Handle,
        id: KeyId,
        key: &TrailKey,
        rng: &mut dyn Rng,
    ) -> Result<Kept, LedgerError> {
        let sealed = self.cipher.seal(&bound(kind, handle, id), key.expose(), rng)?;
        let sealed = sealed.try_into().map_err(|_| GuardError::Module)?;
        Ok(Kept { id, sealed })
    }

    fn open(&self, kind: u8, handle: &Handle, kept: &Kept) -> Option<TrailKey> {
        let plain = self.cipher.open(&bound(kind, handle, kept.id), &kept.sealed)?;
        Some(TrailKey::of(*plain.first_chunk::<32>()?))
    }
}

fn bound(kind: u8, handle: &Handle, id: KeyId) -> Vec<u8> {
    let label = if kind == UNTOLD { "phiward keyring record, untold\n" } else { "phiward keyring record\n" };
    [label.as_bytes(), handle, id.bytes()].concat()
}

struct Inner {
    file: File,
    head: Vec<u8>,
    master: Master,
    keys: BTreeMap<Handle, Kept>,
    shredded: Vec<Shredded>,
    length: u64,
    /// Of the whole file.
    sum: digest::Context,
    adding: Adding,
    rng: Box<dyn Rng>,
    /// A write failed: nobody knows what the file holds until it is opened again.
    broken: bool,
}

/// A ring that this process alone has open.
pub struct Keyring {
    path: PathBuf,
    inner: Mutex<Inner>,
    _lock: File,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring").field("path", &self.path).finish_non_exhaustive()
    }
}

/// What a backup is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drill {
    /// Keys that both have, each opened and equal.
    pub same: u64,
    /// Keys of the ring that the backup lacks: made since.
    pub missing: u64,
    /// Keys of one person that differ.
    pub different: u64,
    /// Keys that were shredded in the ring and still lie in the backup: it undoes an erasure, so make a new one and
    /// destroy it.
    pub undead: u64,
    /// Keys that only the backup has and that nobody shredded: the ring has lost them.
    pub lost: u64,
}

impl Drill {
    /// Whether the backup would answer all that the ring answers, and nothing that it must not, and the ring has all
    /// that the backup has.
    pub const fn is_good(&self) -> bool {
        self.missing == 0 && self.different == 0 && self.undead == 0 && self.lost == 0
    }
}

impl Keyring {
    /// A ring of nobody, in a new file that its owner alone can read.
    pub fn create(path: &Path, lock: &Lock, mut rng: Box<dyn Rng>) -> Result<Self, LedgerError> {
        let held = held(path)?;
        let mut bytes = Zeroizing::new(vec![0; 64]);
        rng.fill(&mut bytes);
        let mut head = vault::seal(lock, LABEL, &bytes, &mut *rng)?.as_bytes().to_vec();
        head.extend_from_slice(SEPARATOR);
        let master = Master::of(bytes).ok_or(GuardError::Module)?;
        let file = durable::create(path, &head, Access::Owner).map_err(LedgerError::io(path))?;
        durable::hold(&file).map_err(LedgerError::io(path))?;
        let mut adding = Adding::open(path)?;
        // What lies there is of another ring.
        adding.clear().map_err(LedgerError::io(path))?;
        let (length, sum) = (head.len() as u64, adding::context(&head));
        let (keys, shredded) = (BTreeMap::new(), Vec::new());
        let inner = Inner { file, head, master, keys, shredded, length, sum, adding, rng, broken: false };
        Ok(Self { path: path.to_owned(), inner: Mutex::new(inner), _lock: held })
    }

    /// Opens a ring. What a crash tore is finished or, where it is less than a record, cut off: nobody was told of it.
    pub fn open(path: &Path, lock: &Lock, rng: Box<dyn Rng>) -> Result<Self, LedgerError> {
        let held = held(path)?;
        if durable::is_open_to_others(path).map_err(LedgerError::io(path))? {
            return Err(LedgerError::OpenToOthers { path: path.to_owned() });
        }
        let mut file = opened(path)?;
        let mut bytes = whole(path)?;
        let mut adding = Adding::open(path)?;
        let batch = adding.read(2 * LONGEST).map_err(LedgerError::io(path))?;
        let finished = batch.as_ref().and_then(|batch| batch.finished(&bytes));
        let torn = finished.is_some();
        bytes = finished.unwrap_or(bytes);
        let read = Read::of(path, &bytes, lock)?;
        if let Some(batch) = batch.filter(|_| torn) {
            file.seek(SeekFrom::Start(batch.at))
                .and_then(|_| file.write_all(&batch.records))
                .and_then(|()| file.sync_all())
                .map_err(LedgerError::io(path))?;
        }
        bytes.truncate(usize::try_from(read.length).unwrap_or(usize::MAX));
        if read.length < read.found {
            file.set_len(read.length).and_then(|()| file.sync_all()).map_err(LedgerError::io(path))?;
        }
        let Read { head, master, keys, shredded, length, .. } = read;
        let sum = adding::context(&bytes);
        let inner = Inner { file, head, master, keys, shredded, length, sum, adding, rng, broken: false };
        Ok(Self { path: path.to_owned(), inner: Mutex::new(inner), _lock: held })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many people have a key, and how many keys were shredded.
    pub fn counts(&self) -> (u64, u64) {
        let inner = self.inner();
        (inner.keys.len() as u64, inner.shredded.len() as u64)
    }

    /// Destroys a person's key: their entries stay, and nobody can tell any more whose they are. Nothing where the
    /// person has none. What is left of the key on the disk is written over, as far as the disk lets one; copies and
    /// backups must be destroyed too.
    pub fn shred(&self, subject: &Subject) -> Result<Option<KeyId>, LedgerError> {
        self.destroy(subject, false)
    }

    /// [`Keyring::shred`] where an entry is to say so: the ring holds the key's id as untold until [`Keyring::told`],
    /// so that after a crash it is known what is still to be written.
    pub fn shred_untold(&self, subject: &Subject) -> Result<Option<KeyId>, LedgerError> {
        self.destroy(subject, true)
    }

    fn destroy(&self, subject: &Subject, untold: bool) -> Result<Option<KeyId>, LedgerError> {
        let mut inner = self.inner();
        inner.usable(&self.path)?;
        let handle = inner.master.finder.handle(subject);
        let mut keys = inner.keys.clone();
        let Some(kept) = keys.remove(&handle) else { return Ok(None) };
        let mut shredded = inner.shredded.clone();
        shredded.push(Shredded { id: kept.id, untold });
        let old = inner.length;
        let head = inner.head.clone();
        let mut replaced = inner.replace(&self.path, head, keys, shredded)?;
        // The file that had the key has no name any more. What it held is written over as well as can be.
        let zeros = vec![0; usize::try_from(old).unwrap_or_default()];
        let _ = replaced.seek(SeekFrom::Start(0)).and_then(|_| replaced.write_all(&zeros));
        let _ = replaced.sync_all();
        Ok(Some(kept.id))
    }

    /// Keys that were destroyed and of which no entry says so yet.
    pub fn untold(&self) -> Vec<KeyId> {
        self.inner().shredded.iter().filter(|one| one.untold).map(|one| one.id).collect()
    }

    /// Entries say so of these now.
    pub fn told(&self, ids: &[KeyId]) -> Result<(), LedgerError> {
        let mut inner = self.inner();
        inner.usable(&self.path)?;
        let mut shredded = inner.shredded.clone();
        shredded.iter_mut().filter(|one| ids.contains(&one.id)).for_each(|one| one.untold = false);
        let (head, keys) = (inner.head.clone(), inner.keys.clone());
        inner.replace(&self.path, head, keys, shredded).map(|_| ())
    }

    /// Locks the ring by something else. Old copies still open by the old lock.
    pub fn relock(&self, lock: &Lock) -> Result<(), LedgerError> {
        let mut inner = self.inner();
        inner.usable(&self.path)?;
        let Inner { master, rng, .. } = &mut *inner;
        let mut head = vault::seal(lock, LABEL, &master.bytes, &mut **rng)?.as_bytes().to_vec();
        head.extend_from_slice(SEPARATOR);
        let (keys, shredded) = (inner.keys.clone(), inner.shredded.clone());
        inner.replace(&self.path, head, keys, shredded).map(|_| ())
    }

    /// Writes a whole copy to a new file. It opens by the same lock.
    pub fn back_up(&self, to: &Path) -> Result<u64, LedgerError> {
        let mut inner = self.inner();
        inner.usable(&self.path)?;
        let (head, keys, shredded) = (inner.head.clone(), inner.keys.clone(), inner.shredded.clone());
        let bytes = inner.written(&head, &keys, &shredded)?;
        durable::create(to, &bytes, Access::Owner).map_err(LedgerError::io(to))?;
        Ok(keys.len() as u64)
    }

    /// Opens every key of a backup and compares it with the ring's.
    pub fn drill(&self, backup: &Path, lock: &Lock) -> Result<Drill, LedgerError> {
        let inner = self.inner();
        let other = Read::of(backup, &whole(backup)?, lock)?;
        if other.length < other.found {
            return Err(LedgerError::unreadable(backup, "it ends in half a record: the copy is not whole"));
        }
        if *other.master.bytes != *inner.master.bytes {
            return Err(LedgerError::unreadable(backup, "it is a backup of another ring"));
        }
        let mut drill = Drill::default();
        for (handle, kept) in &inner.keys {
            let own = inner.master.open(KEY, handle, kept);
            match other.keys.get(handle).map(|kept| other.master.open(KEY, handle, kept)) {
                None => drill.missing += 1,
                Some(theirs) => {
                    let equal = own.zip(theirs).is_some_and(|(own, theirs)| own.expose() == theirs.expose());
                    *(if equal { &mut drill.same } else { &mut drill.different }) += 1;
                }
            }
        }
        let shredded: BTreeSet<&[u8]> = inner.shredded.iter().map(|one| one.id.bytes().as_slice()).collect();
        for (handle, kept) in &other.keys {
            if shredded.contains(kept.id.bytes().as_slice()) {
                drill.undead += 1;
            } else if !inner.keys.contains_key(handle) {
                drill.lost += 1;
            }
        }
        Ok(drill)
    }

    /// Puts a backup where no ring is, after opening every key of it.
    pub fn restore(backup: &Path, lock: &Lock, to: &Path) -> Result<u64, LedgerError> {
        let bytes = whole(backup)?;
        // Every key was opened by reading.
        let read = Read::of(backup, &bytes, lock)?;
        if read.length < read.found {
            return Err(LedgerError::unreadable(
                backup,
                "it ends in half a record: the copy is not whole; take another backup",
            ));
        }
        let _held = held(to)?;
        durable::create(to, &bytes, Access::Owner).map_err(LedgerError::io(to))?;
        // What lies there is of the ring that was lost.
        Adding::open(to)?.clear().map_err(LedgerError::io(to))?;
        Ok(read.keys.len() as u64)
    }
}

impl Inner {
    fn usable(&self, path: &Path) -> Result<(), LedgerError> {
        if self.broken {
            return Err(LedgerError::unreadable(path, "a write to it failed: open it again"));
        }
        Ok(())
    }

    /// The whole file.
    fn written(
        &mut self,
        head: &[u8],
        keys: &BTreeMap<Handle, Kept>,
        shredded: &[Shredded],
    ) -> Result<Vec<u8>, LedgerError> {
        let mut bytes = head.to_vec();
        for (handle, kept) in keys {
            record(&mut bytes, KEY, handle, kept);
        }
        for one in shredded {
            let kind = if one.untold { UNTOLD } else { SHREDDED };
            // A key of nobody, so that the place is as long as every other.
            let key = TrailKey::of([0; 32]);
            let kept = self.master.seal(kind, &NOBODY, one.id, &key, &mut *self.rng)?;
            record(&mut bytes, kind, &NOBODY, &kept);
        }
        Ok(bytes)
    }

    /// Puts another file in the place of the ring's; gives the one that was there. If that fails, nobody knows which
    /// of them has the name, so nothing more is written.
    fn replace(
        &mut self,
        path: &Path,
        head: Vec<u8>,
        keys: BTreeMap<Handle, Kept>,
        shredded: Vec<Shredded>,
    ) -> Result<File, LedgerError> {
        let bytes = self.written(&head, &keys, &shredded)?;
        has_room(path, 0, bytes.len())?;
        self.broken = true;
        self.adding.clear().map_err(LedgerError::io(path))?;
        durable::replace(path, &bytes, Access::Owner).map_err(LedgerError::io(path))?;
        let file = opened(path)?;
        let replaced = std::mem::replace(&mut self.file, file);
        (self.head, self.keys, self.shredded) = (head, keys, shredded);
        self.length = bytes.len() as u64;
        self.sum = adding::context(&bytes);
        self.broken = false;
        Ok(replaced)
    }

    fn append(&mut self, records: &[u8]) -> io::Result<()> {
        self.adding.write(&adding::sum(&self.sum), self.length, records)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(records)?;
        self.file.sync_data()?;
        self.length += records.len() as u64;
        self.sum.update(records);
        Ok(())
    }
}

/// Whether so many bytes more make a ring that can be read again.
fn has_room(path: &Path, length: u64, more: usize) -> Result<(), LedgerError> {
    if length.saturating_add(more as u64) > LONGEST {
        let what = format!("it would be longer than the {LONGEST} bytes of a ring: begin another ring");
        return Err(LedgerError::unreadable(path, what));
    }
    Ok(())
}

fn record(bytes: &mut Vec<u8>, kind: u8, handle: &Handle, kept: &Kept) {
    bytes.push(kind);
    bytes.extend_from_slice(handle);
    bytes.extend_from_slice(kept.id.bytes());
    bytes.extend_from_slice(&kept.sealed);
}

/// All of a ring's file.
fn whole(path: &Path) -> Result<Vec<u8>, LedgerError> {
    let file = File::open(path).map_err(LedgerError::io(path))?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(LedgerError::io(path))?;
    if bytes.len() as u64 > LONGEST {
        return Err(LedgerError::unreadable(path, "longer than any ring that is read here"));
    }
    Ok(bytes)
}

/// A file of a ring as it is, each record opened.
struct Read {
    head: Vec<u8>,
    master: Master,
    keys: BTreeMap<Handle, Kept>,
    shredded: Vec<Shredded>,
    /// Up to the last whole record.
    length: u64,
    found: u64,
}

impl Read {
    fn of(path: &Path, bytes: &[u8], lock: &Lock) -> Result<Self, LedgerError> {
        let form = || LedgerError::unreadable(path, "this is no keyring of this version");
        let start = bytes.get(..LONGEST_HEAD.min(bytes.len())).unwrap_or_default();
        let end = start.windows(SEPARATOR.len()).position(|four| four == SEPARATOR).ok_or_else(form)?;
        let text = bytes.get(..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or_else(form)?;
        let secret = vault::open(lock, LABEL, text).map_err(LedgerError::shut(path))?;
        let master = Master::of(secret).ok_or_else(form)?;
        let head_end = end + SEPARATOR.len();
        let head = bytes.get(..head_end).unwrap_or_default().to_vec();
        let (mut keys, mut shredded) = (BTreeMap::new(), Vec::new());
        let mut length = head_end as u64;
        for record in bytes.get(head_end..).unwrap_or_default().chunks_exact(RECORD) {
            match parsed(record, &master) {
                Some((KEY, handle, kept)) => {
                    keys.insert(handle, kept);
                }
                Some((kind, _, kept)) => shredded.push(Shredded { id: kept.id, untold: kind == UNTOLD }),
                None => {
                    let what = format!(
                        "the record at byte {length} does not open: the file was changed; put a backup in its place"
                    );
                    return Err(LedgerError::unreadable(path, what));
                }
            }
            length += RECORD as u64;
        }
        Ok(Self { head, master, keys, shredded, length, found: bytes.len() as u64 })
    }
}

fn parsed(record: &[u8], master: &Master) -> Option<(u8, Handle, Kept)> {
    let (kind, rest) = record.split_first()?;
    let (handle, rest) = rest.split_first_chunk::<16>()?;
    let (id, sealed) = rest.split_first_chunk::<8>()?;
    let id = id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let kept = Kept { id: KeyId::of(&id).ok()?, sealed: sealed.try_into().ok()? };
    let known = match *kind {
        KEY => *handle != NOBODY,
        SHREDDED | UNTOLD => *handle == NOBODY,
        _ => false,
    };
    (known && master.open(*kind, handle, &kept).is_some()).then_some((*kind, *handle, kept))
}

/// A ring's file, held: the file beside it that is locked may be taken away.
fn opened(path: &Path) -> Result<File, LedgerError> {
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(LedgerError::io(path))?;
    durable::hold(&file).map_err(LedgerError::io(path))?;
    Ok(file)
}

/// One process at a time, by a file beside the ring: the ring itself is replaced now and then.
fn held(path: &Path) -> Result<File, LedgerError> {
    durable::lock_beside(path).map_err(LedgerError::io(path))
}

impl Pseudonymiser for Keyring {
    fn pseudonyms(&self, subjects: &[Subject]) -> Result<Vec<Pseudonym>, PseudonymError> {
        let failed = |error: LedgerError| PseudonymError::Keyring(error.to_string());
        let mut inner = self.inner();
        inner.usable(&self.path).map_err(failed)?;
        let handles: Vec<Handle> =
            subjects.iter().map(|subject| inner.master.finder.handle(subject)).collect();
        let mut records = Vec::new();
        let mut new: BTreeMap<Handle, Kept> = BTreeMap::new();
        for handle in &handles {
            if inner.keys.contains_key(handle) || new.contains_key(handle) {
                continue;
            }
            let Inner { master, rng, .. } = &mut *inner;
            let key = TrailKey::random(&mut **rng);
            let id = KeyId::random(&mut **rng);
            let kept = master.seal(KEY, handle, id, &key, &mut **rng).map_err(failed)?;
            record(&mut records, KEY, handle, &kept);
            new.insert(*handle, kept);
        }
        if !records.is_empty() {
            has_room(&self.path, inner.length, records.len()).map_err(failed)?;
            if let Err(error) = inner.append(&records) {
                inner.broken = true;
                return Err(failed(LedgerError::io(&self.path)(error)));
            }
            inner.keys.append(&mut new);
        }
        let key =
            |handle: &Handle| inner.keys.get(handle).and_then(|kept| inner.master.open(KEY, handle, kept));
        handles
            .iter()
            .zip(subjects)
            .map(|(handle, subject)| key(handle).map(|key| key.pseudonym(subject)))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| failed(LedgerError::WrongKey { path: self.path.clone() }))
    }

    fn known(&self, subject: &Subject) -> Result<Option<Pseudonym>, PseudonymError> {
        let inner = self.inner();
        let handle = inner.master.finder.handle(subject);
        let Some(kept) = inner.keys.get(&handle) else { return Ok(None) };
        match inner.master.open(KEY, &handle, kept) {
            Some(key) => Ok(Some(key.pseudonym(subject))),
            None => {
                Err(PseudonymError::Keyring(LedgerError::WrongKey { path: self.path.clone() }.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_not_written_longer_than_it_is_read() {
        let path = Path::new("ring");
        assert!(has_room(path, LONGEST - 85, 85).is_ok());
        assert!(has_room(path, LONGEST - 84, 85).unwrap_err().to_string().contains("another ring"));
        assert!(has_room(path, u64::MAX, 85).is_err());
    }
}
