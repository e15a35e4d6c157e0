//! The write-ahead log of a folder: segments in `wal/`, numbered, each synced once a batch.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::segment::{self, FIRST_RECORD, Header, MAX_SEGMENT, PAGE, Seed};
use crate::disk::{Disk, DiskFile};
use crate::error::Error;
use crate::store::{Base, Cut, Record, Replay, Wal};

/// By how many bytes a segment grows, in zeroes, so that most syncs have no new size to write.
const GROW: u64 = 1 << 20;
const SPARE: &str = "spare";

pub(crate) fn name(sequence: u64) -> String {
    format!("{sequence:020}")
}

/// The number of a segment by its name; nothing for other files.
pub(crate) fn number(name: &str) -> Option<u64> {
    (name.len() == 20 && name.bytes().all(|byte| byte.is_ascii_digit())).then(|| name.parse().ok())?
}

pub(crate) fn origin_hash(origin: &str) -> [u8; 32] {
    Sha256::digest(origin).into()
}

#[derive(Debug)]
pub(super) struct FolderWal {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    origin: [u8; 32],
    segment_size: u64,
    /// Segments that hold entries which may not be durable elsewhere: number and start, oldest first.
    kept: VecDeque<(u64, u64)>,
    open: Option<Open>,
    next: u64,
    spare: bool,
    poisoned: bool,
    buffer: Vec<u8>,
    _lock: Box<dyn Debug + Send + Sync>,
}

#[derive(Debug)]
struct Open {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    seed: Seed,
    offset: u64,
    allocated: u64,
    grow: u64,
}

impl Open {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let end = self.offset + bytes.len() as u64;
        while self.allocated < end {
            let grown = self.allocated + self.grow;
            self.file.write_at(self.allocated, &vec![0; usize::try_from(self.grow).unwrap_or(PAGE)])?;
            self.allocated = grown;
        }
        self.file.write_at(self.offset, bytes)
    }
}

impl FolderWal {
    /// What the segments hold, and a writer that has none open yet.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        origin: &str,
        segment_size: u64,
        lock: Box<dyn Debug + Send + Sync>,
    ) -> Result<(Self, Option<Replay>, Vec<Cut>), Error> {
        let origin = origin_hash(origin);
        let names = disk.list(&folder).map_err(Error::io(&folder))?;
        let mut numbers: Vec<u64> = names.iter().filter_map(|(name, _)| number(name)).collect();
        numbers.sort_unstable();
        let mut cut = Vec::new();
        let mut replay: Option<Replay> = None;
        let mut kept = VecDeque::new();
        let mut wanted: Option<(u64, u64)> = None;
        // From the newest back, as long as each goes on where the one before it ends.
        for number in numbers.iter().rev() {
            let path = folder.join(name(*number));
            let file = format!("wal/{}", name(*number));
            let bytes = disk.read(&path, MAX_SEGMENT).map_err(Error::io(&path))?;
            // Nothing was acknowledged by a segment before it held what it carries over.
            let begun =
                |segment: &segment::Segment<'_>| segment.damaged || segment.size() >= segment.header.size;
            let Some(segment) = segment::read(&bytes, *number, &origin).filter(begun) else {
                if wanted.is_some() {
                    break;
                }
                cut.push(Cut { file, offset: 0, reason: "a segment was being begun" });
                continue;
            };
            if segment.damaged {
                let reason = "a record that was acknowledged is damaged here: restore this file from a copy of the \
                              disk; if `fsck` finds the published files whole up to the checkpoint, they hold all \
                              before it";
                return Err(Error::damaged(file, segment.end, reason));
            }
            if let Some((number_after, size_after)) = wanted
                && (number + 1 != number_after || segment.size() < size_after)
            {
                break;
            }
            if let (Some(reason), None) = (segment.torn, wanted) {
                cut.push(Cut { file, offset: segment.end, reason });
            }
            wanted = Some((*number, segment.header.size));
            kept.push_front((*number, segment.header.base.start));
            let mut records: Vec<(u64, Vec<u8>)> =
                segment.records.iter().map(|(first, _, payload)| (*first, payload.to_vec())).collect();
            if let Some(after) = replay.take() {
                records.extend(after.records);
            }
            let base = segment.header.base;
            replay = Some(Replay { start: base.start, root: Some(base.root), records });
        }
        for (name, _) in &names {
            let needed = number(name).is_some_and(|number| kept.iter().any(|(kept, _)| *kept == number));
            if !needed {
                let path = folder.join(name);
                disk.remove(&path).map_err(Error::io(&path))?;
            }
        }
        // Numbers of segments that were kept have no holes: by a hole one sees that what comes before is not needed.
        let next = kept.back().map_or(1, |(last, _)| last + 1);
        let wal = Self {
            disk,
            folder,
            origin,
            segment_size,
            kept,
            open: None,
            next,
            spare: false,
            poisoned: false,
            buffer: Vec::new(),
            _lock: lock,
        };
        Ok((wal, replay, cut))
    }

    fn sync_names(&self) -> std::io::Result<()> {
        self.disk.sync(&self.folder, &[], std::slice::from_ref(&self.folder))
    }

    fn started(&mut self, path: &Path, header: &Header, carry: Option<&Record<'_>>) -> std::io::Result<Open> {
        let file = if self.spare {
            self.disk.rename(&self.folder.join(SPARE), path)?;
            self.spare = false;
            self.disk.open(path)?
        } else {
            self.disk.create(path)?
        };
        let allocated = file.size()? / PAGE as u64 * PAGE as u64;
        let grow = self.segment_size.next_multiple_of(PAGE as u64).clamp(PAGE as u64, GROW);
        let path = path.to_owned();
        let mut open = Open { file, path, seed: header.seed(), offset: 0, allocated, grow };
        open.write(&header.encode())?;
        open.offset = FIRST_RECORD;
        if let Some(carry) = carry {
            if !open.seed.encode(carry, &mut self.buffer) {
                return Err(std::io::ErrorKind::FileTooLarge.into());
            }
            open.write(&self.buffer)?;
            open.offset += self.buffer.len() as u64;
        }
        Ok(open)
    }
}

impl Wal for FolderWal {
    fn append(&mut self, record: &Record<'_>) -> Result<(), Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        let Some(open) = &mut self.open else { return Err(Error::Closed) };
        if !open.seed.encode(record, &mut self.buffer) {
            let (count, bytes) = (record.leaves.len(), record.payload.len());
            return Err(Error::Batch { count, bytes, limit: u32::MAX as usize });
        }
        open.write(&self.buffer).map_err(Error::io(&open.path))?;
        if let Err(error) = open.file.sync() {
            self.poisoned = true;
            return Err(Error::io(&open.path)(error));
        }
        open.offset += self.buffer.len() as u64;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.open.as_ref().is_none_or(|open| open.offset >= self.segment_size)
    }

    fn begin(&mut self, base: Base, carry: Option<&Record<'_>>) -> Result<(), Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        let size = carry.map_or(base.start, |carry| carry.first + carry.leaves.len() as u64);
        let header = Header { sequence: self.next, base, size, origin: self.origin };
        let path = self.folder.join(name(self.next));
        let mut open = match self.started(&path, &header, carry) {
            Ok(open) => open,
            Err(error) => {
                // The open segment goes on, and the next try has the same number.
                let _left = self.disk.remove(&path);
                return Err(Error::io(&path)(error));
            }
        };
        if let Err(error) = open.file.sync().and_then(|()| self.sync_names()) {
            self.poisoned = true;
            return Err(Error::io(&path)(error));
        }
        self.next += 1;
        self.kept.push_back((header.sequence, base.start));
        self.open = Some(open);
        Ok(())
    }

    fn retire(&mut self, size: u64) -> Result<(), Error> {
        while let [(number, _), (_, start), ..] = self.kept.make_contiguous()
            && *start <= size
        {
            let path = self.folder.join(name(*number));
            if self.spare {
                self.disk.remove(&path).map_err(Error::io(&path))?;
            } else {
                self.disk.rename(&path, &self.folder.join(SPARE)).map_err(Error::io(&path))?;
                self.spare = true;
            }
            self.kept.pop_front();
        }
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Error> {
        self.open = None;
        for (number, _) in std::mem::take(&mut self.kept) {
            let path = self.folder.join(name(number));
            self.disk.remove(&path).map_err(Error::io(&path))?;
        }
        if std::mem::take(&mut self.spare) {
            let path = self.folder.join(SPARE);
            self.disk.remove(&path).map_err(Error::io(&path))?;
        }
        self.sync_names().map_err(Error::io(&self.folder))
    }
}
