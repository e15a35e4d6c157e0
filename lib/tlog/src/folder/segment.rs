//! One file of the write-ahead log: two copies of a header, then records, each at the start of a page.
//!
//! A page is never written to again once a record in it was acknowledged, so an interrupted write cannot harm one.

use sha2::{Digest as _, Sha256};

use crate::bundle;
use crate::hash::TreeHash;
use crate::store::{Base, Record};

/// What records are aligned to, in bytes.
pub(crate) const PAGE: usize = 4096;
/// Where the first record stands: behind two copies of the header, a page each.
pub(crate) const FIRST_RECORD: u64 = 2 * PAGE as u64;
/// Files that are longer are not read.
pub(crate) const MAX_SEGMENT: u64 = 256 << 20;

const MAGIC: &[u8; 16] = b"tlog-wal-v1\n\0\0\0\0";
const HEADER: usize = 16 + 8 + 8 + 8 + 32 + 32;
const RECORD: usize = 64;

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// Its place among the segments.
    pub(crate) sequence: u64,
    /// What entries it goes on from.
    pub(crate) base: Base,
    /// The size of the log when it was begun: the first record carries the entries from the base to here.
    pub(crate) size: u64,
    /// SHA-256 of the log's origin.
    pub(crate) origin: [u8; 32],
}

impl Header {
    fn fields(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PAGE);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.base.start.to_be_bytes());
        bytes.extend_from_slice(&self.size.to_be_bytes());
        bytes.extend_from_slice(&self.base.root.0);
        bytes.extend_from_slice(&self.origin);
        bytes
    }

    /// What binds records to this segment.
    pub(crate) fn seed(&self) -> Seed {
        Seed(Sha256::digest(self.fields()).into())
    }

    /// The two pages.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut page = self.fields();
        page.extend_from_slice(&self.seed().0);
        page.resize(PAGE, 0);
        page.repeat(2)
    }

    fn decode(page: &[u8]) -> Option<Self> {
        let fields = page.get(..HEADER)?;
        let (magic, rest) = fields.split_first_chunk::<16>()?;
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let (start, rest) = rest.split_first_chunk::<8>()?;
        let (size, rest) = rest.split_first_chunk::<8>()?;
        let (root, rest) = rest.split_first_chunk::<32>()?;
        let (origin, _) = rest.split_first_chunk::<32>()?;
        let header = Self {
            sequence: u64::from_be_bytes(*sequence),
            base: Base { start: u64::from_be_bytes(*start), root: TreeHash(*root) },
            size: u64::from_be_bytes(*size),
            origin: *origin,
        };
        let sealed = page.get(HEADER..HEADER + 32)? == header.seed().0;
        let blank = page.get(HEADER + 32..PAGE)?.iter().all(|byte| *byte == 0);
        (magic == MAGIC && sealed && blank).then_some(header)
    }
}

/// What binds records to their segment: a segment's file may have been another's before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seed([u8; 32]);

impl Seed {
    fn tag(&self) -> &[u8] {
        self.0.get(..8).unwrap_or_default()
    }

    /// The leaf hashes stand for the entries, so nothing is hashed twice.
    fn check(&self, first: u64, count: u32, length: u32, leaves: &[TreeHash]) -> [u8; 32] {
        let mut hash = Sha256::new()
            .chain_update(self.0)
            .chain_update(first.to_be_bytes())
            .chain_update(count.to_be_bytes())
            .chain_update(length.to_be_bytes());
        leaves.iter().for_each(|leaf| hash.update(leaf.0));
        hash.finalize().into()
    }

    /// Puts a record into `buffer`, padded to whole pages; false where it has more than a record can.
    #[must_use]
    pub(crate) fn encode(&self, record: &Record<'_>, buffer: &mut Vec<u8>) -> bool {
        let Ok(count) = u32::try_from(record.leaves.len()) else { return false };
        let Ok(length) = u32::try_from(record.payload.len()) else { return false };
        buffer.clear();
        buffer.extend_from_slice(self.tag());
        buffer.extend_from_slice(&record.first.to_be_bytes());
        buffer.extend_from_slice(&count.to_be_bytes());
        buffer.extend_from_slice(&length.to_be_bytes());
        buffer.extend_from_slice(&self.check(record.first, count, length, record.leaves));
        buffer.resize(RECORD, 0);
        buffer.extend_from_slice(record.payload);
        buffer.resize(buffer.len().next_multiple_of(PAGE), 0);
        true
    }

    /// The record at the start of `bytes`: the index of its first entry, its entries, and how many bytes it takes.
    fn decode<'a>(&self, bytes: &'a [u8]) -> Result<Found<'a>, &'static str> {
        let cut = "a record is cut off";
        let Some((tag, rest)) = bytes.split_first_chunk::<8>() else { return Ok(Found::End) };
        if tag != self.tag() {
            return Ok(Found::End);
        }
        let (first, rest) = rest.split_first_chunk::<8>().ok_or(cut)?;
        let (count, rest) = rest.split_first_chunk::<4>().ok_or(cut)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(cut)?;
        let (check, _) = rest.split_first_chunk::<32>().ok_or(cut)?;
        let (first, count) = (u64::from_be_bytes(*first), u32::from_be_bytes(*count));
        let length_bytes = u32::from_be_bytes(*length);
        let length = usize::try_from(length_bytes).unwrap_or(usize::MAX);
        let end = RECORD.saturating_add(length);
        let payload = bytes.get(RECORD..end).ok_or(cut)?;
        let pages = end.next_multiple_of(PAGE);
        let blank = |range| bytes.get(range).is_some_and(|bytes: &[u8]| bytes.iter().all(|byte| *byte == 0));
        let mut leaves = Vec::new();
        for entry in bundle::Entries::new(payload) {
            let (_, entry) = entry.map_err(|_| "an entry of a record is cut off")?;
            leaves.push(TreeHash::leaf(entry));
        }
        let whole = u32::try_from(leaves.len()) == Ok(count)
            && *check == self.check(first, count, length_bytes, &leaves)
            && blank(56..RECORD)
            && blank(end..pages);
        if whole { Ok(Found::Record { first, count, payload, pages }) } else { Err("a record is not whole") }
    }
}

enum Found<'a> {
    Record { first: u64, count: u32, payload: &'a [u8], pages: usize },
    End,
}

/// A segment as it was read.
#[derive(Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) header: Header,
    /// Whole records: the index of the first entry, how many there are, and the entries.
    pub(crate) records: Vec<(u64, u32, &'a [u8])>,
    /// Where the whole records end.
    pub(crate) end: u64,
    /// What stands there that is no whole record, if it says that it is one.
    pub(crate) torn: Option<&'static str>,
    /// A whole record lies behind the one that is not: that one was durable once.
    pub(crate) damaged: bool,
    /// A copy of the header that is not as the other, by its offset.
    pub(crate) odd_header: Option<u64>,
}

impl Segment<'_> {
    /// The size of the log up to the last whole record.
    pub(crate) fn size(&self) -> u64 {
        self.records.last().map_or(self.header.base.start, |(first, count, _)| first + u64::from(*count))
    }
}

/// Reads a segment; nothing where neither copy of the header is whole or it is another segment's.
pub(crate) fn read<'a>(bytes: &'a [u8], sequence: u64, origin: &[u8; 32]) -> Option<Segment<'a>> {
    let page = |at: usize| bytes.get(at..at + PAGE).and_then(Header::decode);
    let own = |header: &Header| header.sequence == sequence && header.origin == *origin;
    let (one, two) = (page(0).filter(own), page(PAGE).filter(own));
    let header = one.or(two)?;
    let odd_header = match (one, two) {
        (Some(one), Some(two)) if one == two => None,
        (Some(_), _) => Some(PAGE as u64),
        _ => Some(0),
    };
    let seed = header.seed();
    let first_record = usize::try_from(FIRST_RECORD).unwrap_or(usize::MAX);
    let (mut at, mut records, mut torn) = (first_record, Vec::new(), None);
    let mut next = header.base.start;
    loop {
        match seed.decode(bytes.get(at..).unwrap_or_default()) {
            Ok(Found::Record { first, count, payload, pages }) if first == next && count > 0 => {
                records.push((first, count, payload));
                next = first.saturating_add(u64::from(count));
                at += pages;
            }
            Ok(Found::Record { .. }) => {
                torn = Some("a record is out of its order");
                break;
            }
            Ok(Found::End) => break,
            Err(reason) => {
                torn = Some(reason);
                break;
            }
        }
    }
    // One record is synced before the next is written: whatever is whole further on speaks for what comes before it.
    let damaged = (at + PAGE..bytes.len()).step_by(PAGE).any(|at| {
        let found = seed.decode(bytes.get(at..).unwrap_or_default());
        matches!(found, Ok(Found::Record { first, .. }) if first >= next)
    });
    Some(Segment { header, records, end: at as u64, torn, damaged, odd_header })
}
