//! Entry bundles: entries one after the other, each behind its length in two bytes, big end first.

use crate::text::Malformed;
use crate::tile::WIDTH;

/// The longest entry that a bundle can hold, in bytes.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// The most bytes that a bundle can have.
pub(crate) const MAX_BUNDLE: usize = (MAX_ENTRY + 2) * WIDTH as usize;

/// Adds an entry; false where it is too long, and then nothing was added.
#[must_use]
pub fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> bool {
    let Ok(length) = u16::try_from(entry.len()) else { return false };
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    true
}

/// The entries of a bundle in order, each with the offset at which its length stands.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Entries<'a> {
    /// Reads a bundle; nothing is looked at before it is asked for.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The offset of what comes next.
    pub fn offset(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(usize, &'a [u8]), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let rest = self.bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let entry = rest
            .split_first_chunk::<2>()
            .and_then(|(length, rest)| rest.get(..usize::from(u16::from_be_bytes(*length))));
        match entry {
            Some(entry) => {
                self.at = at + 2 + entry.len();
                Some(Ok((at, entry)))
            }
            None => {
                self.at = self.bytes.len();
                Some(Err(Malformed::new("an entry bundle", at, "an entry is cut off")))
            }
        }
    }
}

/// Exactly `width` entries, and nothing after them.
pub fn parse(bytes: &[u8], width: u16) -> Result<Vec<&[u8]>, Malformed> {
    let mut entries = Vec::with_capacity(usize::from(width));
    for entry in Entries::new(bytes) {
        let (at, entry) = entry?;
        if entries.len() == usize::from(width) {
            return Err(Malformed::new("an entry bundle", at, "it has more entries than its path says"));
        }
        entries.push(entry);
    }
    if entries.len() < usize::from(width) {
        return Err(Malformed::new(
            "an entry bundle",
            bytes.len(),
            "it has fewer entries than its path says",
        ));
    }
    Ok(entries)
}

/// The bytes that the first `width` entries take: a partial bundle is the beginning of a fuller one.
pub fn prefix(bytes: &[u8], width: u16) -> Result<&[u8], Malformed> {
    let mut entries = Entries::new(bytes);
    for _ in 0..width {
        match entries.next() {
            Some(entry) => entry?,
            None => {
                let reason = "it has fewer entries than its path says";
                return Err(Malformed::new("an entry bundle", bytes.len(), reason));
            }
        };
    }
    Ok(bytes.get(..entries.offset()).unwrap_or_default())
}
