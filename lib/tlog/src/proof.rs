//! Proofs of inclusion and of consistency, made and checked as RFC 6962 and RFC 9162 have them.

use crate::hash::TreeHash;
use crate::tile::{HEIGHT, Tile, WIDTH};
use crate::tree::root_of;

/// The most hashes that a proof can have: one a level, and one more where trees are compared.
pub const MAX_PROOF: usize = 64;

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refuted {
    /// The leaf lies outside the tree, or the older tree is the larger.
    #[error("the proof is about what the tree does not have")]
    Outside,
    /// The number of hashes is not that of a proof for these sizes.
    #[error("the proof has not the length that its place asks for")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    Root,
}

/// Gives the hashes of tiles. What it gives is not trusted until a root that was signed follows from it.
pub trait Tiles {
    /// What goes wrong in reading.
    type Error;
    /// The bytes of a tile, 32 for each hash; those of a wider tile at the same place will do.
    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, Self::Error>;
}

/// Why a proof could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Unproved<E> {
    /// The leaf lies outside the tree, or the older tree is the larger.
    #[error("the tree does not have what is to be proved")]
    Outside,
    /// A tile has fewer hashes than the tree asks for.
    #[error("the tile at level {level}, index {index} is shorter than the tree asks for")]
    Short {
        /// The tile's level.
        level: u8,
        /// The tile's index.
        index: u64,
    },
    /// A tile was not to be had.
    #[error(transparent)]
    Read(E),
}

/// Reads nodes of the tree of one size out of its tiles, each tile once.
struct Nodes<'a, T: Tiles> {
    tiles: &'a mut T,
    size: u64,
    read: Vec<(u8, u64, Vec<u8>)>,
}

impl<'a, T: Tiles> Nodes<'a, T> {
    fn new(tiles: &'a mut T, size: u64) -> Self {
        Self { tiles, size, read: Vec::new() }
    }

    /// The root of the perfect subtree of 2^height leaves that starts at `index << height`.
    fn node(&mut self, height: u32, index: u64) -> Result<TreeHash, Unproved<T::Error>> {
        let level = u8::try_from(height / HEIGHT).map_err(|_| Unproved::Outside)?;
        let within = height % HEIGHT;
        let first = index << within;
        let (tile_index, from) = (first / WIDTH, first % WIDTH);
        let known = self.read.iter().position(|(l, i, _)| (*l, *i) == (level, tile_index));
        let at = match known {
            Some(at) => at,
            None => {
                let tile = Tile::of_tree(level, tile_index, self.size).ok_or(Unproved::Outside)?;
                let bytes = self.tiles.tile(tile).map_err(Unproved::Read)?;
                self.read.push((level, tile_index, bytes));
                self.read.len() - 1
            }
        };
        let from = usize::try_from(from).unwrap_or(usize::MAX) * TreeHash::LEN;
        let to = from + (TreeHash::LEN << within);
        match self.read.get(at).and_then(|(_, _, bytes)| bytes.get(from..to)) {
            Some(hashes) => Ok(root_of(hashes)),
            None => Err(Unproved::Short { level, index: tile_index }),
        }
    }

    /// The root of the leaves `from..to`, where `from` is a place at which RFC 6962 splits.
    fn range(&mut self, from: u64, to: u64) -> Result<TreeHash, Unproved<T::Error>> {
        let mut parts = Vec::new();
        let mut at = from;
        while at < to {
            let height = (to - at).ilog2().min(if at == 0 { 63 } else { at.trailing_zeros() });
            parts.push(self.node(height, at >> height)?);
            at += 1 << height;
        }
        let mut parts = parts.into_iter().rev();
        let last = parts.next().unwrap_or_else(TreeHash::empty);
        Ok(parts.fold(last, |right, left| TreeHash::node(&left, &right)))
    }
}

/// The largest power of two below `n`, for `n` above 1.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// The root of the tree of the first `size` leaves.
pub fn root<T: Tiles>(tiles: &mut T, size: u64) -> Result<TreeHash, Unproved<T::Error>> {
    Nodes::new(tiles, size).range(0, size)
}

/// That the leaf at `index` is in the tree of `size` leaves: hashes from the leaf's sibling up.
pub fn prove_inclusion<T: Tiles>(
    tiles: &mut T,
    index: u64,
    size: u64,
) -> Result<Vec<TreeHash>, Unproved<T::Error>> {
    if index >= size {
        return Err(Unproved::Outside);
    }
    let mut nodes = Nodes::new(tiles, size);
    let (mut from, mut to) = (0, size);
    let mut proof = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            proof.push(nodes.range(middle, to)?);
            to = middle;
        } else {
            proof.push(nodes.range(from, middle)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// That the tree of `old` leaves is the beginning of the tree of `new` leaves. Empty for equal sizes and for `old` 0.
pub fn prove_consistency<T: Tiles>(
    tiles: &mut T,
    old: u64,
    new: u64,
) -> Result<Vec<TreeHash>, Unproved<T::Error>> {
    if old > new {
        return Err(Unproved::Outside);
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut nodes = Nodes::new(tiles, new);
    let (mut from, mut to) = (0, new);
    let mut proof = Vec::new();
    // Ends where the range is a whole part of the old tree.
    while to != old {
        let middle = from + split(to - from);
        if old <= middle {
            proof.push(nodes.range(middle, to)?);
            to = middle;
        } else {
            proof.push(nodes.range(from, middle)?);
            from = middle;
        }
    }
    if from > 0 {
        proof.push(nodes.range(from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks an inclusion proof (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(
    leaf: &TreeHash,
    index: u64,
    size: u64,
    root: &TreeHash,
    proof: &[TreeHash],
) -> Result<(), Refuted> {
    if index >= size {
        return Err(Refuted::Outside);
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(Refuted::Length);
        }
        if node & 1 == 1 || node == last {
            hash = TreeHash::node(sibling, &hash);
            let up = node.trailing_zeros();
            node >>= up;
            last >>= up;
        } else {
            hash = TreeHash::node(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Refuted::Length);
    }
    if hash == *root { Ok(()) } else { Err(Refuted::Root) }
}

/// Checks a consistency proof (RFC 9162, 2.1.4.2). The empty tree is the beginning of every tree.
pub fn verify_consistency(
    old: u64,
    old_root: &TreeHash,
    new: u64,
    new_root: &TreeHash,
    proof: &[TreeHash],
) -> Result<(), Refuted> {
    if old > new {
        return Err(Refuted::Outside);
    }
    if old == 0 || old == new {
        if !proof.is_empty() {
            return Err(Refuted::Length);
        }
        let same = if old == new { old_root == new_root } else { *old_root == TreeHash::empty() };
        return if same { Ok(()) } else { Err(Refuted::Root) };
    }
    let (start, rest) = if old.is_power_of_two() {
        (*old_root, proof)
    } else {
        let Some((first, rest)) = proof.split_first() else { return Err(Refuted::Length) };
        (*first, rest)
    };
    let (of_old, of_new) = folded(old, new, start, rest)?;
    if of_old == *old_root && of_new == *new_root { Ok(()) } else { Err(Refuted::Root) }
}

/// The root that the first `old` leaves have in the tree of `new_root`, where a consistency proof leads to that tree. Where
/// `old` is a power of two the proof does not hold it.
pub fn consistent_root(old: u64, new: u64, new_root: &TreeHash, proof: &[TreeHash]) -> Option<TreeHash> {
    if old == 0 || old >= new || old.is_power_of_two() {
        return None;
    }
    let (first, rest) = proof.split_first()?;
    let (of_old, of_new) = folded(old, new, *first, rest).ok()?;
    (of_new == *new_root).then_some(of_old)
}

/// The old root and the new one that a consistency proof leads to, from a subtree that both have.
fn folded(
    old: u64,
    new: u64,
    start: TreeHash,
    siblings: &[TreeHash],
) -> Result<(TreeHash, TreeHash), Refuted> {
    let (mut node, mut last) = (old - 1, new - 1);
    let up = node.trailing_ones();
    node >>= up;
    last >>= up;
    let (mut of_old, mut of_new) = (start, start);
    for sibling in siblings {
        if last == 0 {
            return Err(Refuted::Length);
        }
        if node & 1 == 1 || node == last {
            of_old = TreeHash::node(sibling, &of_old);
            of_new = TreeHash::node(sibling, &of_new);
            let up = node.trailing_zeros();
            node >>= up;
            last >>= up;
        } else {
            of_new = TreeHash::node(&of_new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(Refuted::Length);
    }
    Ok((of_old, of_new))
}
