//! The tree while it grows: the peaks from which the root follows, and the tiles of its right edge.

use crate::hash::TreeHash;
use crate::tile::{HEIGHT, Tile, WIDTH};

/// The roots of the perfect subtrees that a tree is made of, largest first: all that growing and the root need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<TreeHash>,
}

impl Frontier {
    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash of the whole tree.
    pub fn root(&self) -> TreeHash {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            Some(last) => peaks.fold(*last, |right, left| TreeHash::node(left, &right)),
            None => TreeHash::empty(),
        }
    }

    /// The hash of the tree up to the last boundary of a full tile of leaves.
    pub(crate) fn boundary_root(&self) -> TreeHash {
        let above = (self.size / WIDTH).count_ones() as usize;
        let mut peaks = self.peaks.iter().take(above).rev();
        match peaks.next() {
            Some(last) => peaks.fold(*last, |right, left| TreeHash::node(left, &right)),
            None => TreeHash::empty(),
        }
    }

    /// Adds a leaf. `complete` is told of each perfect subtree that it completes, above the leaf itself: its height,
    /// and its hash.
    pub fn push(&mut self, leaf: TreeHash, mut complete: impl FnMut(u32, &TreeHash)) {
        let mut hash = leaf;
        for height in 1..=self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = TreeHash::node(&left, &hash);
                complete(height, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Adds a perfect subtree of 2^`height` leaves where the tree ends on its boundary; false where it does not.
    #[must_use]
    pub(crate) fn push_subtree(&mut self, height: u32, hash: TreeHash) -> bool {
        let Some(leaves) = 1_u64.checked_shl(height) else { return false };
        if !self.size.is_multiple_of(leaves) {
            return false;
        }
        let mut hash = hash;
        for _ in 0..(self.size >> height).trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = TreeHash::node(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += leaves;
        true
    }
}

/// A tree that grows, with the incomplete tile of each level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    frontier: Frontier,
    /// By level: the hashes since the last full tile, 32 bytes each.
    edge: Vec<Vec<u8>>,
}

impl Tree {
    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The hash of the whole tree.
    pub fn root(&self) -> TreeHash {
        self.frontier.root()
    }

    pub(crate) fn boundary_root(&self) -> TreeHash {
        self.frontier.boundary_root()
    }

    /// Adds a leaf; `full` is told of each tile that it fills.
    pub fn push(&mut self, leaf: TreeHash, mut full: impl FnMut(Tile, Vec<u8>)) {
        let index = self.size();
        let edge = &mut self.edge;
        let mut grow = |level: usize, hash: &TreeHash| {
            if edge.len() <= level {
                edge.resize_with(level + 1, Vec::new);
            }
            let Some(hashes) = edge.get_mut(level) else { return };
            hashes.extend_from_slice(&hash.0);
            if hashes.len() == WIDTH as usize * TreeHash::LEN {
                let hashes = std::mem::replace(hashes, Vec::with_capacity(WIDTH as usize * TreeHash::LEN));
                let level = u8::try_from(level).unwrap_or(u8::MAX);
                full(Tile::full(level, index >> (HEIGHT * (u32::from(level) + 1))), hashes);
            }
        };
        grow(0, &leaf);
        self.frontier.push(leaf, |height, hash| {
            if height.is_multiple_of(HEIGHT) {
                grow((height / HEIGHT) as usize, hash);
            }
        });
    }

    /// The incomplete tiles: each level's that has hashes.
    pub fn edge(&self) -> impl Iterator<Item = (Tile, &[u8])> {
        let size = self.size();
        self.edge.iter().enumerate().filter_map(move |(level, hashes)| {
            let level = u8::try_from(level).ok()?;
            let hashes_of_level = size.checked_shr(HEIGHT * u32::from(level)).unwrap_or(0);
            let tile = Tile::of_tree(level, hashes_of_level / WIDTH, size)?;
            (!hashes.is_empty()).then_some((tile, hashes.as_slice()))
        })
    }

    /// The hashes of the incomplete tile at a level and index, where that is where the tree ends.
    pub(crate) fn edge_tile(&self, level: u8, index: u64) -> Option<&[u8]> {
        let hashes = self.edge.get(usize::from(level)).filter(|hashes| !hashes.is_empty())?;
        let ends = self.size().checked_shr(HEIGHT * (u32::from(level) + 1)).unwrap_or(0);
        (ends == index).then_some(hashes)
    }

    /// A tree that ends on the boundary of a tile, from the hashes of its incomplete tiles above the leaves.
    ///
    /// `hash` gives the hash at a place of a level of tiles: the root of the full tile below it.
    pub(crate) fn at_boundary<E>(
        size: u64,
        mut hash: impl FnMut(u8, u64) -> Result<TreeHash, E>,
    ) -> Result<Self, E> {
        debug_assert!(size.is_multiple_of(WIDTH), "only whole tiles");
        let mut tree = Self::default();
        let mut levels = Vec::new();
        for level in 1..crate::tile::LEVELS {
            let end = size >> (HEIGHT * u32::from(level));
            if end == 0 {
                break;
            }
            let hashes: Vec<TreeHash> =
                (end - end % WIDTH..end).map(|at| hash(level, at)).collect::<Result<_, E>>()?;
            levels.push(hashes);
        }
        for (below, hashes) in levels.iter().enumerate().rev() {
            let height = u32::try_from(below + 1).unwrap_or(u32::MAX) * HEIGHT;
            for hash in hashes {
                // In order from the largest, each subtree lies on its boundary.
                let _fits = tree.frontier.push_subtree(height, *hash);
            }
        }
        tree.edge.push(Vec::new());
        tree.edge
            .extend(levels.iter().map(|hashes| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>()));
        Ok(tree)
    }
}

/// The root of a run of hashes as a perfect subtree, or of any number as RFC 6962 has it.
pub(crate) fn root_of(hashes: &[u8]) -> TreeHash {
    let mut frontier = Frontier::default();
    for hash in hashes.as_chunks::<{ TreeHash::LEN }>().0 {
        frontier.push(TreeHash(*hash), |_, _| {});
    }
    frontier.root()
}
