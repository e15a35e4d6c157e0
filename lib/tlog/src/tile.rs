//! Where things lie: the resources of a tiled log and their paths, as c2sp.org/tlog-tiles fixes them.

use std::fmt;

use crate::text::{Malformed, decimal};

/// Hashes in a full tile, and entries in a full bundle.
pub const WIDTH: u64 = 256;
/// Levels of the tree between two levels of tiles.
pub(crate) const HEIGHT: u32 = 8;
/// Levels of tiles that a tree of at most 2^63 leaves has.
pub(crate) const LEVELS: u8 = 8;

/// A run of hashes of one level of the tree, or of entries: `tile/<L>/<N>[.p/<W>]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// A tile of `width` hashes; nothing where the width is not 1 to 256, the level not 0 to 63, or the tile lies
    /// beyond what 64 bits count.
    pub fn new(level: u8, index: u64, width: u16) -> Option<Self> {
        let fits = level <= 63 && (1..=256).contains(&width) && index < u64::MAX / WIDTH;
        fits.then_some(Self { level, index, width })
    }

    pub(crate) fn full(level: u8, index: u64) -> Self {
        Self { level, index, width: 256 }
    }

    /// The tile at a place of a tree of `size` leaves: full, partial, or nothing where the tree does not reach it.
    pub fn of_tree(level: u8, index: u64, size: u64) -> Option<Self> {
        let hashes = size.checked_shr(HEIGHT.checked_mul(u32::from(level))?)?;
        let width = hashes.saturating_sub(index.checked_mul(WIDTH)?).min(WIDTH);
        Self::new(level, index, u16::try_from(width).ok()?)
    }

    /// 0 for hashes of leaves; each level above has one hash for each full tile below.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The place among the tiles of the level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes it has, 256 where it is full.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Whether it has all its 256 hashes.
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == WIDTH
    }
}

/// What a log serves, each at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// `checkpoint`: the newest signed tree head.
    Checkpoint,
    /// `tile/<L>/<N>[.p/<W>]`: hashes.
    Tile(Tile),
    /// `tile/entries/<N>[.p/<W>]`: entries. The tile has level 0.
    Entries(Tile),
}

impl Resource {
    /// The entries at a place of a log of `size` entries.
    pub fn entries_of(index: u64, size: u64) -> Option<Self> {
        Tile::of_tree(0, index, size).map(Self::Entries)
    }

    /// The same place, with all that it can have: what holds a partial one as its beginning.
    pub fn filled(self) -> Self {
        match self {
            Self::Checkpoint => Self::Checkpoint,
            Self::Tile(tile) => Self::Tile(Tile::full(tile.level, tile.index)),
            Self::Entries(tile) => Self::Entries(Tile::full(0, tile.index)),
        }
    }

    /// Reads a path below the log's prefix; there is one spelling of each.
    pub fn parse(path: &str) -> Result<Self, Malformed> {
        let refuse = |offset, reason| Err(Malformed::new("the path of a tile", offset, reason));
        if path == "checkpoint" {
            return Ok(Self::Checkpoint);
        }
        if path.len() > 80 {
            return refuse(80, "longer than any path of a log");
        }
        let Some(rest) = path.strip_prefix("tile/") else {
            return refuse(0, "neither `checkpoint` nor below `tile/`");
        };
        let Some((level_text, rest)) = rest.split_once('/') else {
            return refuse(5, "a level and an index are wanted");
        };
        let level = match level_text {
            "entries" => None,
            _ => match decimal(level_text).and_then(|level| u8::try_from(level).ok()) {
                Some(level) if level <= 63 => Some(level),
                _ => return refuse(5, "the level is not a number from 0 to 63"),
            },
        };
        let start = path.len() - rest.len();
        let (index_text, width) = match rest.split_once(".p/") {
            None => (rest, 256),
            Some((index, width)) => match decimal(width).and_then(|width| u16::try_from(width).ok()) {
                Some(width) if (1..=255).contains(&width) => (index, width),
                _ => return refuse(start + index.len() + 3, "the width is not a number from 1 to 255"),
            },
        };
        let mut index = 0_u64;
        let mut parts = index_text.split('/').peekable();
        let mut first = true;
        while let Some(part) = parts.next() {
            let digits = match (parts.peek().is_some(), part.strip_prefix('x')) {
                (true, Some(digits)) => digits,
                (false, None) => part,
                _ => return refuse(start, "all parts of an index but the last start with `x`"),
            };
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return refuse(start, "each part of an index has three digits");
            }
            if first && digits == "000" && parts.peek().is_some() {
                return refuse(start, "an index has no leading zeroes");
            }
            first = false;
            let part: u64 = digits.parse().unwrap_or_default();
            match index.checked_mul(1000).and_then(|index| index.checked_add(part)) {
                Some(sum) => index = sum,
                None => return refuse(start, "the index is too large"),
            }
        }
        match Tile::new(level.unwrap_or(0), index, width) {
            Some(tile) => Ok(if level.is_some() { Self::Tile(tile) } else { Self::Entries(tile) }),
            None => refuse(start, "the index is too large"),
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tile = match self {
            Self::Checkpoint => return f.write_str("checkpoint"),
            Self::Tile(tile) => {
                write!(f, "tile/{}/", tile.level)?;
                tile
            }
            Self::Entries(tile) => {
                f.write_str("tile/entries/")?;
                tile
            }
        };
        let digits = tile.index.to_string();
        let groups = digits.len().div_ceil(3).max(1);
        let padded = format!("{:0>width$}", digits, width = groups * 3);
        for (at, digit) in padded.chars().enumerate() {
            if at % 3 == 0 {
                if at > 0 {
                    f.write_str("/")?;
                }
                if at / 3 + 1 < groups {
                    f.write_str("x")?;
                }
            }
            write!(f, "{digit}")?;
        }
        if !tile.is_full() {
            write!(f, ".p/{}", tile.width)?;
        }
        Ok(())
    }
}

/// Every partial resource of a tree of `size` leaves: its right edge.
pub(crate) fn edge(size: u64) -> impl Iterator<Item = Resource> {
    let partial = move |level: u8| {
        let hashes = size.checked_shr(HEIGHT * u32::from(level)).unwrap_or(0);
        Tile::of_tree(level, hashes / WIDTH, size)
    };
    let entries = partial(0).map(Resource::Entries);
    entries.into_iter().chain((0..LEVELS).filter_map(partial).map(Resource::Tile))
}

/// Every place that a tree has reached since it had `from` leaves, until it has `size`.
pub(crate) fn places(from: u64, size: u64) -> impl Iterator<Item = Resource> {
    (0..LEVELS).flat_map(move |level| {
        let at = move |leaves: u64| leaves.checked_shr(HEIGHT * (u32::from(level) + 1)).unwrap_or(0);
        (at(from)..=at(size)).flat_map(move |index| {
            let tile = Tile::full(level, index);
            let entries = (level == 0).then_some(Resource::Entries(tile));
            entries.into_iter().chain([Resource::Tile(tile)])
        })
    })
}
