//! What is being added to a ring, made durable beside it before the ring itself is written to. So a torn write is told
//! from a changed file: the one is finished when the ring is opened, the other is refused.
//!
//! The file is `phiward-adding/v1` and a line feed, the SHA-256 of the ring before, its length (8 bytes, big-endian),
//! the number of bytes that are added (8), these bytes, and the SHA-256 of all that. What follows is nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{self, SHA256};

use super::RingError;
use crate::durable;

const MAGIC: &[u8] = b"phiward-adding/v1\n";

/// A SHA-256.
pub(super) type Sum = [u8; 32];

pub(super) fn sum(context: &digest::Context) -> Sum {
    first(context.clone().finish().as_ref())
}

pub(super) fn context(bytes: &[u8]) -> digest::Context {
    let mut context = digest::Context::new(&SHA256);
    context.update(bytes);
    context
}

fn first(bytes: &[u8]) -> Sum {
    bytes.first_chunk().copied().unwrap_or_default()
}

/// Records, and the ring that they are added to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) before: Sum,
    pub(super) at: u64,
    pub(super) records: Vec<u8>,
}

impl Batch {
    /// The ring with the records where they were being added, if this is the ring and they are not there.
    pub(super) fn finished(&self, ring: &[u8]) -> Option<Vec<u8>> {
        let at = usize::try_from(self.at).ok()?;
        let (before, after) = ring.split_at_checked(at)?;
        let torn = after.len() <= self.records.len() && after != self.records;
        (torn && sum(&context(before)) == self.before).then(|| [before, &self.records].concat())
    }
}

/// The file beside a ring.
pub(super) struct Adding {
    file: File,
}

impl Adding {
    pub(super) fn path(ring: &Path) -> PathBuf {
        let name = ring.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ring.with_file_name(format!("{name}.adding"))
    }

    pub(super) fn open(ring: &Path) -> Result<Self, RingError> {
        let path = Self::path(ring);
        // What a link leads to is somebody else's, and would be written over.
        if path.is_symlink() {
            return Err(RingError::unreadable(&path, "it is a link: take it away"));
        }
        let is_new = !path.exists();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(RingError::io(&path))?;
        if is_new {
            durable::sync_folder(&path).map_err(RingError::io(&path))?;
        }
        Ok(Self { file })
    }

    /// What was being added last; nothing where that was not written to its end, and the ring was not touched.
    pub(super) fn read(&mut self, limit: u64) -> io::Result<Option<Batch>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file).take(limit).read_to_end(&mut bytes)?;
        Ok(parsed(&bytes))
    }

    pub(super) fn write(&mut self, before: &Sum, at: u64, records: &[u8]) -> io::Result<()> {
        let length = (records.len() as u64).to_be_bytes();
        let mut bytes = [MAGIC, before, &at.to_be_bytes(), &length, records].concat();
        let own = sum(&context(&bytes));
        bytes.extend_from_slice(&own);
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&bytes)?;
        self.file.sync_data()
    }

    /// Writes over what stands there: keys that are about to be destroyed among it.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        let length = usize::try_from(self.file.metadata()?.len()).unwrap_or_default();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&vec![0; length])?;
        self.file.sync_data()?;
        self.file.set_len(0)?;
        self.file.sync_all()
    }
}

fn parsed(bytes: &[u8]) -> Option<Batch> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (before, rest) = rest.split_first_chunk::<32>()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (records, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
    let own: &Sum = rest.first_chunk()?;
    let end = MAGIC.len() + 48 + records.len();
    let batch = Batch { before: *before, at: u64::from_be_bytes(*at), records: records.to_vec() };
    (sum(&context(bytes.get(..end)?)) == *own).then_some(batch)
}
