//! The file of a ring, and what is in memory of it: sealed as in the file, each secret opened when it is asked for.
//!
//! Whoever looks somebody up waits for no disk: what is in memory changes after the file does, in a moment.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use aws_lc_rs::digest;
use journal::{Rng, Subject};

use super::RingError;
use super::adding::{self, Adding};
pub(super) use super::master::Master;
use crate::GuardError;
use crate::durable::{self, Access};
use crate::key::Secret;

pub(super) const SEPARATOR: &[u8] = b"---\n";
const SEALED: usize = 12 + 32 + 16;
const RECORD: usize = 1 + 16 + 8 + SEALED;
/// Ten million people.
const LONGEST: u64 = 1 << 30;

const KEY: u8 = 1;
const SHREDDED: u8 = 2;
const UNTOLD: u8 = 3;

/// By which a person is found.
pub(super) type Finder = [u8; 16];
/// Names a secret and says nothing of it.
pub(super) type Id = [u8; 8];
/// In the place of a person, where a secret was shredded and the ring does not remember whose it was.
const NOBODY: Finder = [0; 16];

/// What binds records to one kind of ring.
#[derive(Debug)]
pub(super) struct Purpose {
    /// What such a file is called.
    pub(super) name: &'static str,
    pub(super) record: &'static [u8],
    pub(super) untold: &'static [u8],
    /// Of somebody who was shredded and is known again by the key that finds people; nothing where nobody is.
    pub(super) remembered: Option<&'static [u8]>,
    /// The most bytes before the records.
    pub(super) longest_head: usize,
}

impl Purpose {
    /// What the secret of a record is sealed with, so that none is taken for one of another kind.
    fn label(&self, kind: u8, person: &Finder) -> Option<&'static [u8]> {
        match (kind, *person != NOBODY) {
            (KEY, true) | (SHREDDED, false) => Some(self.record),
            (SHREDDED, true) => self.remembered,
            (UNTOLD, is_somebody) if !is_somebody || self.remembered.is_some() => Some(self.untold),
            _ => None,
        }
    }
}

#[derive(Clone)]
pub(super) struct Kept {
    pub(super) person: Finder,
    pub(super) id: Id,
    pub(super) sealed: [u8; SEALED],
}

/// Of a secret that was destroyed.
#[derive(Clone)]
pub(super) struct Gone {
    /// No entry says so yet.
    untold: bool,
    /// Whose it was, where the ring remembers that.
    person: Finder,
}

/// Secrets that were destroyed.
pub(super) type Shredded = BTreeMap<Id, Gone>;

/// To places in a list. Nobody goes through it in its own order.
#[expect(clippy::disallowed_types, reason = "it is looked up in and never iterated: no output has its order")]
type Places<K> = std::collections::HashMap<K, u32, BuildHasherDefault<AsDrawn>>;

/// A person is found by a sum under a secret key and a secret by what was drawn: nobody chooses where they fall, and
/// there is nothing to stir.
#[derive(Default)]
struct AsDrawn(u64);

impl Hasher for AsDrawn {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    // The length of what is hashed: always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// People and ids to places in a list.
#[derive(Default)]
struct Index {
    records: Vec<Kept>,
    people: Places<Finder>,
    ids: Places<Id>,
}

impl Index {
    fn of(records: Vec<Kept>) -> Option<Self> {
        let mut index = Self::default();
        index.people.reserve(records.len());
        index.ids.reserve(records.len());
        for (at, kept) in (0..).zip(&records) {
            let is_new =
                index.people.insert(kept.person, at).is_none() && index.ids.insert(kept.id, at).is_none();
            is_new.then_some(())?;
        }
        index.records = records;
        Some(index)
    }

    fn add(&mut self, kept: Kept) {
        // The file has fewer records than 2^32.
        let at = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.people.insert(kept.person, at);
        self.ids.insert(kept.id, at);
        self.records.push(kept);
    }

    fn person(&self, person: &Finder) -> Option<&Kept> {
        self.people.get(person).and_then(|at| self.records.get(*at as usize))
    }

    fn id(&self, id: &Id) -> Option<&Kept> {
        self.ids.get(id).and_then(|at| self.records.get(*at as usize))
    }
}

struct Memory {
    master: Arc<Master>,
    index: Index,
    shredded: Shredded,
    /// People of whom something was shredded, and what it was.
    forgotten: BTreeSet<(Finder, Id)>,
}

impl Memory {
    fn of(master: Arc<Master>, index: Index, shredded: Shredded) -> Self {
        let people = shredded.iter().map(|(id, gone)| (gone.person, *id));
        let forgotten = people.filter(|(person, _)| *person != NOBODY).collect();
        Self { master, index, shredded, forgotten }
    }

    /// What of a person was shredded.
    fn gone_of(&self, person: Finder) -> impl Iterator<Item = Id> {
        self.forgotten.range((person, Id::default())..=(person, [u8::MAX; 8])).map(|(_, id)| *id)
    }
}

pub(super) struct Writer {
    file: File,
    head: Vec<u8>,
    length: u64,
    /// Of the whole file.
    sum: digest::Context,
    adding: Adding,
    pub(super) rng: Box<dyn Rng>,
    /// A write failed: nobody knows what the file holds until it is opened again.
    broken: bool,
}

/// What is to be in the place of a ring's file.
pub(super) struct Draft {
    pub(super) head: Vec<u8>,
    pub(super) master: Arc<Master>,
    pub(super) records: Vec<Kept>,
    pub(super) shredded: Shredded,
}

impl Draft {
    /// Seals all records anew.
    pub(super) fn turn(
        &mut self,
        next: Arc<Master>,
        purpose: &Purpose,
        rng: &mut dyn Rng,
    ) -> Result<(), GuardError> {
        for kept in &mut self.records {
            let secret = self.master.open(purpose.record, kept).ok_or(GuardError::Module)?;
            *kept = next.seal(purpose.record, kept.person, kept.id, &secret, rng)?;
        }
        self.master = next;
        Ok(())
    }

    /// Takes out who has one of these ids.
    pub(super) fn shred(&mut self, ids: &BTreeSet<Id>, purpose: &Purpose, untold: bool) {
        let gone = self.records.extract_if(.., |kept| ids.contains(&kept.id));
        let gone = gone.map(|Kept { person, id, .. }| {
            (id, Gone { untold, person: purpose.remembered.map_or(NOBODY, |_| person) })
        });
        self.shredded.extend(gone);
    }

    /// No entry says yet of these that were shredded before what became of their people now.
    pub(super) fn untold(&mut self, ids: &BTreeSet<Id>) {
        for id in ids {
            if let Some(gone) = self.shredded.get_mut(id) {
                gone.untold = true;
            }
        }
    }

    pub(super) fn told(&mut self, ids: &[Id]) {
        for id in ids {
            if let Some(gone) = self.shredded.get_mut(id) {
                gone.untold = false;
            }
        }
    }

    fn bytes(&mut self, purpose: &Purpose, rng: &mut dyn Rng) -> Result<Vec<u8>, GuardError> {
        // In this order nobody sees who came with whom.
        self.records.sort_unstable_by_key(|kept| kept.person);
        let length = self.head.len() + (self.records.len() + self.shredded.len()) * RECORD;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&self.head);
        for kept in &self.records {
            record(&mut bytes, KEY, kept);
        }
        for (id, Gone { untold, person }) in &self.shredded {
            let kind = if *untold { UNTOLD } else { SHREDDED };
            let label = purpose.label(kind, person).ok_or(GuardError::Module)?;
            // No secret, so that the place is as long as every other.
            record(&mut bytes, kind, &self.master.seal(label, *person, *id, &Secret::default(), rng)?);
        }
        Ok(bytes)
    }
}

fn record(bytes: &mut Vec<u8>, kind: u8, kept: &Kept) {
    bytes.push(kind);
    bytes.extend_from_slice(&kept.person);
    bytes.extend_from_slice(&kept.id);
    bytes.extend_from_slice(&kept.sealed);
}

/// Secrets of people.
pub(super) struct Given {
    pub(super) secrets: Vec<(Id, Secret)>,
    /// Whether somebody had none before.
    pub(super) is_new: bool,
}

/// A ring's file that this process alone has open.
pub(super) struct Store {
    pub(super) path: PathBuf,
    purpose: &'static Purpose,
    memory: RwLock<Memory>,
    writer: Mutex<Writer>,
    _lock: File,
}

impl Store {
    /// A ring of nobody, in a new file that its owner alone can read.
    pub(super) fn create(
        path: &Path,
        purpose: &'static Purpose,
        mut draft: Draft,
        mut rng: Box<dyn Rng>,
    ) -> Result<Self, RingError> {
        let held = held(path)?;
        let bytes = draft.bytes(purpose, &mut *rng)?;
        is_readable(path, purpose, draft.head.len(), bytes.len())?;
        let file = durable::create(path, &bytes, Access::Owner).map_err(RingError::io(path))?;
        let readied = durable::hold(&file).map_err(RingError::io(path)).and_then(|()| {
            let mut adding = Adding::open(path)?;
            // What lies there is of another ring.
            adding.clear().map_err(RingError::io(path))?;
            Ok(adding)
        });
        let adding = readied.inspect_err(|_| {
            // It was made here. The error that matters is the first.
            let _ = std::fs::remove_file(path);
        })?;
        let (length, sum) = (bytes.len() as u64, adding::context(&bytes));
        let Draft { head, master, records, shredded } = draft;
        let index = Index::of(records).ok_or(GuardError::Module)?;
        let writer = Writer { file, head, length, sum, adding, rng, broken: false };
        Ok(Self::of(path, purpose, Memory::of(master, index, shredded), writer, held))
    }

    /// Opens a ring. What a crash tore is finished. Less than a record at the end is left until [`Store::cut_torn`], or
    /// until something is written there: nobody was told of it.
    pub(super) fn open<H>(
        path: &Path,
        purpose: &'static Purpose,
        rng: Box<dyn Rng>,
        unlock: impl FnOnce(&str) -> Result<(Master, H), RingError>,
    ) -> Result<(Self, H, u64), RingError> {
        let held = held(path)?;
        if durable::is_open_to_others(path).map_err(RingError::io(path))? {
            return Err(RingError::OpenToOthers { path: path.to_owned() });
        }
        let mut file = opened(path)?;
        let mut bytes = whole(path)?;
        let mut adding = Adding::open(path)?;
        let batch = adding.read(2 * LONGEST).map_err(RingError::io(path))?;
        let finished = batch.as_ref().and_then(|batch| batch.finished(&bytes));
        let torn = finished.is_some();
        bytes = finished.unwrap_or(bytes);
        let (read, more) = Read::of(path, purpose, &bytes, unlock)?;
        if let Some(batch) = batch.filter(|_| torn) {
            file.seek(SeekFrom::Start(batch.at))
                .and_then(|_| file.write_all(&batch.records))
                .and_then(|()| file.sync_all())
                .map_err(RingError::io(path))?;
        }
        bytes.truncate(usize::try_from(read.length).unwrap_or(usize::MAX));
        let Read { head, master, index, shredded, length, .. } = read;
        let sum = adding::context(&bytes);
        let records = (index.records.len() + shredded.len()) as u64;
        let writer = Writer { file, head, length, sum, adding, rng, broken: false };
        let memory = Memory::of(Arc::new(master), index, shredded);
        Ok((Self::of(path, purpose, memory, writer, held), more, records))
    }

    fn of(path: &Path, purpose: &'static Purpose, memory: Memory, writer: Writer, held: File) -> Self {
        let (memory, writer) = (RwLock::new(memory), Mutex::new(writer));
        Self { path: path.to_owned(), purpose, memory, writer, _lock: held }
    }

    fn memory(&self) -> RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the file that was there before a write that failed has its name still.
    pub(super) fn has_its_name(&self) -> bool {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        durable::has_name(&writer.file, &self.path)
    }

    /// For whoever changes the ring: one at a time.
    pub(super) fn writer(&self) -> Result<MutexGuard<'_, Writer>, RingError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.broken {
            return Err(RingError::unreadable(&self.path, "a write to it failed: open it again"));
        }
        Ok(writer)
    }

    /// Takes the files away that this process made.
    pub(super) fn remove(self) -> Result<(), RingError> {
        let adding = match std::fs::remove_file(Adding::path(&self.path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        };
        std::fs::remove_file(&self.path)
            .and(adding)
            .and_then(|()| durable::sync_folder(&self.path))
            .map_err(RingError::io(&self.path))
    }

    /// Cuts less than a record off the end: where the rest of the ring was held against what was seen of it. A whole
    /// record whose end somebody cut off looks the same.
    pub(super) fn cut_torn(&self) -> Result<(), RingError> {
        let writer = self.writer()?;
        let there = writer.file.metadata().map_err(RingError::io(&self.path))?.len();
        if writer.length < there {
            let cut = writer.file.set_len(writer.length).and_then(|()| writer.file.sync_all());
            cut.map_err(RingError::io(&self.path))?;
        }
        Ok(())
    }

    /// Bytes of the file, up to its last whole record.
    pub(super) fn length(&self) -> u64 {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).length
    }

    /// How many people have a secret, and how many secrets were shredded.
    pub(super) fn counts(&self) -> (u64, u64) {
        let memory = self.memory();
        (memory.index.records.len() as u64, memory.shredded.len() as u64)
    }

    pub(super) fn untold(&self) -> Vec<Id> {
        self.memory().shredded.iter().filter(|(_, gone)| gone.untold).map(|(id, _)| *id).collect()
    }

    pub(super) fn was_shredded(&self, id: &Id) -> bool {
        self.memory().shredded.contains_key(id)
    }

    /// Places of those of whom something was shredded and who have nothing now.
    pub(super) fn forgotten(&self, subjects: &[impl Borrow<Subject>]) -> BTreeSet<usize> {
        let memory = self.memory();
        if memory.forgotten.is_empty() {
            return BTreeSet::new();
        }
        let is_forgotten = |subject: &Subject| {
            let person = memory.master.person(subject);
            memory.gone_of(person).next().is_some() && memory.index.person(&person).is_none()
        };
        subjects
            .iter()
            .enumerate()
            .filter(|(_, one)| is_forgotten((*one).borrow()))
            .map(|(at, _)| at)
            .collect()
    }

    /// The ids of what of a person was shredded.
    pub(super) fn gone_of(&self, person: &Finder) -> Vec<Id> {
        self.memory().gone_of(*person).collect()
    }

    pub(super) fn finder(&self, subject: &Subject) -> Finder {
        self.memory().master.person(subject)
    }

    /// The id of a person's secret.
    pub(super) fn id(&self, person: &Finder) -> Option<Id> {
        self.memory().index.person(person).map(|kept| kept.id)
    }

    pub(super) fn has(&self, id: &Id) -> bool {
        self.memory().index.id(id).is_some()
    }

    pub(super) fn find(&self, person: &Finder) -> Result<Option<(Id, Secret)>, RingError> {
        let memory = self.memory();
        let Some(kept) = memory.index.person(person) else { return Ok(None) };
        self.opened(&memory, kept).map(Some)
    }

    pub(super) fn by_id(&self, id: &Id) -> Result<Option<Secret>, RingError> {
        let memory = self.memory();
        let Some(kept) = memory.index.id(id) else { return Ok(None) };
        self.opened(&memory, kept).map(|(_, secret)| Some(secret))
    }

    fn opened(&self, memory: &Memory, kept: &Kept) -> Result<(Id, Secret), RingError> {
        let secret = memory.master.open(self.purpose.record, kept);
        let secret = secret.ok_or_else(|| RingError::WrongKey { path: self.path.clone() })?;
        Ok((kept.id, secret))
    }

    /// The secrets of these people, in order. Who had none has one now, and it is durable.
    pub(super) fn give(&self, people: &[Finder]) -> Result<Given, RingError> {
        let all = |store: &Self| {
            let memory = store.memory();
            // All are looked up before one is opened: each lies elsewhere in memory, and none waits for another.
            let places: Vec<u32> = people
                .iter()
                .map(|person| memory.index.people.get(person).copied())
                .collect::<Option<_>>()?;
            let kept = |at: &u32| memory.index.records.get(*at as usize).cloned();
            let kept: Vec<Kept> = places.iter().map(kept).collect::<Option<_>>()?;
            // It does not grow: what grows leaves secrets behind.
            let mut secrets = Vec::with_capacity(people.len());
            for kept in &kept {
                match store.opened(&memory, kept) {
                    Ok(secret) => secrets.push(secret),
                    Err(error) => return Some(Err(error)),
                }
            }
            Some(Ok(secrets))
        };
        if let Some(all) = all(self) {
            return all.map(|secrets| Given { secrets, is_new: false });
        }
        let mut writer = self.writer()?;
        let (mut records, mut new, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        let master = Arc::clone(&self.memory().master);
        for person in people {
            if self.id(person).is_some() || !seen.insert(*person) {
                continue;
            }
            let (mut secret, mut id) = (Secret::default(), Id::default());
            writer.rng.fill(secret.as_mut_slice());
            writer.rng.fill(&mut id);
            if self.has(&id) {
                return Err(RingError::Refused(
                    "an id was drawn twice: the generator of random bytes is broken",
                ));
            }
            let kept = master.seal(self.purpose.record, *person, id, &secret, &mut *writer.rng)?;
            record(&mut records, KEY, &kept);
            new.push(kept);
        }
        if !records.is_empty() {
            has_room(&self.path, writer.length, records.len())?;
            if let Err(error) = writer.append(&records) {
                writer.broken = true;
                return Err(RingError::io(&self.path)(error));
            }
            let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
            new.into_iter().for_each(|kept| memory.index.add(kept));
        }
        drop(writer);
        let secrets = all(self)
            .unwrap_or_else(|| Err(RingError::unreadable(&self.path, "it changed while it was read")))?;
        Ok(Given { secrets, is_new: true })
    }

    /// What is there, to be changed and put in its own place by [`Store::put`].
    pub(super) fn draft(&self, writer: &Writer) -> Draft {
        let memory = self.memory();
        Draft {
            head: writer.head.clone(),
            master: Arc::clone(&memory.master),
            records: memory.index.records.clone(),
            shredded: memory.shredded.clone(),
        }
    }

    /// The whole file, as it would be written now.
    pub(super) fn copy(&self, writer: &mut Writer) -> Result<Vec<u8>, RingError> {
        let mut draft = self.draft(writer);
        Ok(draft.bytes(self.purpose, &mut *writer.rng)?)
    }

    /// Puts another file in the place of the ring's; gives the one that was there. If that fails, nobody knows which
    /// of them has the name, so nothing more is written.
    pub(super) fn put(&self, writer: &mut Writer, mut draft: Draft) -> Result<File, RingError> {
        let bytes = draft.bytes(self.purpose, &mut *writer.rng)?;
        is_readable(&self.path, self.purpose, draft.head.len(), bytes.len())?;
        writer.broken = true;
        writer.adding.clear().map_err(RingError::io(&self.path))?;
        let file = durable::replace_held(&self.path, &bytes, Access::Owner);
        let replaced = std::mem::replace(&mut writer.file, file.map_err(RingError::io(&self.path))?);
        let Draft { head, master, records, shredded } = draft;
        (writer.head, writer.length, writer.sum) = (head, bytes.len() as u64, adding::context(&bytes));
        let index = Index::of(records).ok_or(GuardError::Module)?;
        *self.memory.write().unwrap_or_else(PoisonError::into_inner) = Memory::of(master, index, shredded);
        writer.broken = false;
        Ok(replaced)
    }

    /// The ring's master, for what is sealed with it.
    pub(super) fn master(&self) -> Arc<Master> {
        Arc::clone(&self.memory().master)
    }

    /// Opens every secret of a copy and compares it with the ring's.
    pub(super) fn compare(&self, other: &Read) -> Drill {
        let own = self.memory();
        let mut drill = Drill::default();
        for kept in &own.index.records {
            let theirs = other.index.person(&kept.person);
            match theirs.map(|theirs| other.master.open(self.purpose.record, theirs)) {
                None => drill.missing += 1,
                Some(theirs) => {
                    let ours = own.master.open(self.purpose.record, kept);
                    let equal = ours.zip(theirs).is_some_and(|(ours, theirs)| ours == theirs);
                    *(if equal { &mut drill.same } else { &mut drill.different }) += 1;
                }
            }
        }
        for kept in &other.index.records {
            if own.shredded.contains_key(&kept.id) {
                drill.undead += 1;
            } else if own.index.person(&kept.person).is_none() {
                drill.lost += 1;
            }
        }
        drill
    }
}

impl Writer {
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

/// What a backup is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drill {
    /// Secrets that both have, each opened and equal.
    pub same: u64,
    /// Secrets of the ring that the backup lacks: made since.
    pub missing: u64,
    /// Secrets of one person that differ.
    pub different: u64,
    /// Secrets that were shredded in the ring and still lie in the backup: it undoes an erasure, so make a new one and
    /// destroy it.
    pub undead: u64,
    /// Secrets that only the backup has and that nobody shredded: the ring has lost them.
    pub lost: u64,
}

impl Drill {
    /// Whether the backup would answer all that the ring answers, and nothing that it must not, and the ring has all
    /// that the backup has.
    pub const fn is_good(&self) -> bool {
        self.missing == 0 && self.different == 0 && self.undead == 0 && self.lost == 0
    }
}

/// Whether so many bytes more make a ring that can be read again.
fn has_room(path: &Path, length: u64, more: usize) -> Result<(), RingError> {
    if length.saturating_add(more as u64) > LONGEST {
        let what = format!("it would be longer than the {LONGEST} bytes of a ring: begin another ring");
        return Err(RingError::unreadable(path, what));
    }
    Ok(())
}

/// Whether a file with such a head can be read again.
fn is_readable(path: &Path, purpose: &Purpose, head: usize, whole: usize) -> Result<(), RingError> {
    if head > purpose.longest_head {
        let what = format!(
            "what it remembers of escrows and merges would be longer than the {} bytes that are read again, and nothing \
             was written: retire handles of people who were merged away (`keys shred --handles`)",
            purpose.longest_head
        );
        return Err(RingError::unreadable(path, what));
    }
    has_room(path, 0, whole)
}

/// All of a ring's file.
pub(super) fn whole(path: &Path) -> Result<Vec<u8>, RingError> {
    let file = File::open(path).map_err(RingError::io(path))?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(RingError::io(path))?;
    if bytes.len() as u64 > LONGEST {
        return Err(RingError::unreadable(path, "longer than any ring that is read here"));
    }
    Ok(bytes)
}

/// A file of a ring as it is, each record opened.
pub(super) struct Read {
    head: Vec<u8>,
    pub(super) master: Master,
    index: Index,
    shredded: Shredded,
    /// Up to the last whole record.
    length: u64,
    found: u64,
}

impl Read {
    pub(super) fn of<H>(
        path: &Path,
        purpose: &Purpose,
        bytes: &[u8],
        unlock: impl FnOnce(&str) -> Result<(Master, H), RingError>,
    ) -> Result<(Self, H), RingError> {
        let form = || RingError::unreadable(path, format!("this is no {} of this version", purpose.name));
        let start = bytes.get(..purpose.longest_head.min(bytes.len())).unwrap_or_default();
        let is_end = |five: &[u8]| five.strip_prefix(b"\n") == Some(SEPARATOR);
        let end = start.windows(1 + SEPARATOR.len()).position(is_end).ok_or_else(form)? + 1;
        let text = bytes.get(..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or_else(form)?;
        let (master, more) = unlock(text)?;
        let head_end = end + SEPARATOR.len();
        let head = bytes.get(..head_end).unwrap_or_default().to_vec();
        let (mut records, mut shredded) = (Vec::new(), Shredded::new());
        let twice = || RingError::unreadable(path, "a record stands in it twice: the file was changed");
        let mut length = head_end as u64;
        for record in bytes.get(head_end..).unwrap_or_default().chunks_exact(RECORD) {
            match parsed(record, purpose, &master) {
                Some((KEY, kept)) => records.push(kept),
                Some((kind, Kept { person, id, .. })) => {
                    if shredded.insert(id, Gone { untold: kind == UNTOLD, person }).is_some() {
                        return Err(twice());
                    }
                }
                None => {
                    let what = format!(
                        "the record at byte {length} does not open: the file was changed; put a backup in its place"
                    );
                    return Err(RingError::unreadable(path, what));
                }
            }
            length += RECORD as u64;
        }
        let index = Index::of(records).ok_or_else(twice)?;
        Ok((Self { head, master, index, shredded, length, found: bytes.len() as u64 }, more))
    }

    /// Refuses a copy that ends in half a record.
    pub(super) fn is_whole(&self, path: &Path) -> Result<(), RingError> {
        if self.length < self.found {
            let what = "it ends in half a record: the copy is not whole; take another backup";
            return Err(RingError::unreadable(path, what));
        }
        Ok(())
    }

    /// What it holds, to be written elsewhere.
    pub(super) fn draft(self) -> Draft {
        let Self { head, master, index, shredded, .. } = self;
        Draft { head, master: Arc::new(master), records: index.records, shredded }
    }
}

fn parsed(record: &[u8], purpose: &Purpose, master: &Master) -> Option<(u8, Kept)> {
    let (kind, rest) = record.split_first()?;
    let (person, rest) = rest.split_first_chunk::<16>()?;
    let (id, sealed) = rest.split_first_chunk::<8>()?;
    let kept = Kept { person: *person, id: *id, sealed: sealed.try_into().ok()? };
    let label = purpose.label(*kind, &kept.person)?;
    master.open(label, &kept).is_some().then_some((*kind, kept))
}

/// A ring's file, held: the file beside it that is locked may be taken away.
fn opened(path: &Path) -> Result<File, RingError> {
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(RingError::io(path))?;
    durable::hold(&file).map_err(RingError::io(path))?;
    Ok(file)
}

/// One process at a time, by a file beside the ring: the ring itself is replaced now and then.
pub(super) fn held(path: &Path) -> Result<File, RingError> {
    durable::lock_beside(path).map_err(RingError::io(path))
}

/// Puts a file of a ring where none is.
pub(super) fn restore(bytes: &[u8], to: &Path) -> Result<(), RingError> {
    let _held = held(to)?;
    durable::create(to, bytes, Access::Owner).map_err(RingError::io(to))?;
    // What lies there is of the ring that was lost.
    Adding::open(to)?.clear().map_err(RingError::io(to))
}

#[cfg(test)]
mod tests {
    use journal::sample::Drawn;

    use super::*;

    #[test]
    fn a_ring_is_not_written_longer_than_it_is_read() {
        let path = Path::new("ring");
        assert!(has_room(path, LONGEST - 85, 85).is_ok());
        assert!(has_room(path, LONGEST - 84, 85).unwrap_err().to_string().contains("another ring"));
        assert!(has_room(path, u64::MAX, 85).is_err());
    }

    const SMALL: Purpose =
        Purpose { name: "ring", record: b"a\n", untold: b"b\n", remembered: None, longest_head: 64 };

    fn head(length: usize) -> Vec<u8> {
        [vec![b'x'; length - 5], b"\n---\n".to_vec()].concat()
    }

    #[test]
    fn a_head_is_not_written_longer_than_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        let master = Arc::new(Master::random(&mut Drawn::new(1)).unwrap());
        let draft = |length| Draft {
            head: head(length),
            master: Arc::clone(&master),
            records: Vec::new(),
            shredded: Shredded::new(),
        };
        let rng = || Box::new(Drawn::new(2));
        assert!(Store::create(&path, &SMALL, draft(65), rng()).is_err() && !path.exists());
        let store = Store::create(&path, &SMALL, draft(64), rng()).unwrap();
        store.give(&[[1; 16]]).unwrap();
        let before = std::fs::read(&path).unwrap();
        let mut writer = store.writer().unwrap();
        let longer = Draft { head: head(65), ..store.draft(&writer) };
        let refused = store.put(&mut writer, longer).unwrap_err().to_string();
        assert!(refused.contains("64 bytes that are read again"), "{refused}");
        drop(writer);
        assert_eq!(std::fs::read(&path).unwrap(), before);
        store.give(&[[2; 16]]).unwrap();
        let bytes = whole(&path).unwrap();
        let by = |_: &str| Ok((Master::of(master.bytes.clone())?, ()));
        assert_eq!(Read::of(&path, &SMALL, &bytes, by).unwrap().0.index.records.len(), 2);
    }
}
