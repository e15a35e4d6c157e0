//! Reading a log as somebody who trusts nobody: every byte derived anew, from the entries up.

use std::iter::{Copied, Peekable};
use std::path::Path;
use std::slice::Iter;

use journal::Entry;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use tlog::{Frontier, Resource, SignedCheckpoint, Source, TreeHash, VerifierKey, WIDTH, entries};

use crate::error::LedgerError;
use crate::state;
use crate::stored::{self, Bundle, Leaves};
use guard::durable;

/// What a log is held against.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Who must have signed: the log's own key first.
    pub keys: Vec<VerifierKey>,
    /// Checkpoints of it that somebody kept.
    pub older: Vec<SignedCheckpoint>,
    /// Runs of leaves whose entries may be gone, besides those that the log itself says were deleted.
    pub deleted: Vec<Leaves>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub origin: String,
    pub size: u64,
    pub root: TreeHash,
    /// Names of keys whose signature of the checkpoint holds.
    pub signed_by: Vec<String>,
    /// Entries that were read.
    pub entries: u64,
    pub deleted: Vec<Leaves>,
    /// What is wrong, the first byte named; nothing where all is in order.
    pub problems: Vec<String>,
}

/// Reads a signed checkpoint that somebody kept.
pub fn kept_checkpoint(path: &Path) -> Result<SignedCheckpoint, LedgerError> {
    let bytes = durable::read(path, 1 << 20).map_err(LedgerError::io(path))?;
    let bytes = bytes.ok_or(LedgerError::Missing { path: path.to_owned() })?;
    SignedCheckpoint::parse(&bytes).map_err(|error| LedgerError::unreadable(path, error.to_string()))
}

/// Derives a log anew. It takes one pass and memory for a few bundles.
pub fn verify(source: &(dyn Source + Sync), expected: &Expected) -> Result<Report, LedgerError> {
    let bytes = source.read(Resource::Checkpoint)?;
    let bytes = bytes.ok_or(LedgerError::Missing { path: "checkpoint".into() })?;
    let key = expected.keys.first().ok_or(LedgerError::Refused("a key is needed to verify by".to_owned()))?;
    let signed = SignedCheckpoint::open(&bytes, key.name(), std::slice::from_ref(key))
        .map_err(|error| LedgerError::Refused(format!("`checkpoint`: {error}")))?;
    let mut report = Report {
        origin: signed.checkpoint().origin().to_owned(),
        size: signed.checkpoint().size(),
        root: signed.checkpoint().root(),
        signed_by: Vec::new(),
        entries: 0,
        deleted: Vec::new(),
        problems: Vec::new(),
    };
    match signed.verify(&expected.keys) {
        Ok(held) => report.signed_by = held.iter().map(|one| one.key.name().to_owned()).collect(),
        Err(error) => report.problems.push(format!("`checkpoint`: {error}")),
    }
    for key in &expected.keys {
        if !report.signed_by.iter().any(|name| name == key.name()) {
            report.problems.push(format!("`checkpoint`: not signed by `{}`", key.name()));
        }
    }
    let mut older: Vec<(u64, TreeHash)> = Vec::new();
    for kept in &expected.older {
        let checkpoint = kept.checkpoint();
        if kept.verify(std::slice::from_ref(key)).is_err() || checkpoint.origin() != report.origin {
            report.problems.push("a checkpoint that was kept is not of this log and key".to_owned());
        } else if checkpoint.size() > report.size {
            report.problems.push(format!(
                "the log has {}, and a checkpoint that it signed has {}: it was cut or is an older copy",
                entries(report.size),
                checkpoint.size()
            ));
        } else {
            older.push((checkpoint.size(), checkpoint.root()));
        }
    }
    older.sort_by_key(|(size, _)| *size);
    walk(source, expected, &older, &mut report)?;
    Ok(report)
}

/// More problems of one log are not told: an operator could write a disk full of them.
const MOST_PROBLEMS: usize = 1000;
/// Bundles that are looked at together: what is kept of them is small.
const TOGETHER: u64 = 256;

fn walk(
    source: &(dyn Source + Sync),
    expected: &Expected,
    older: &[(u64, TreeHash)],
    report: &mut Report,
) -> Result<(), LedgerError> {
    let (size, bundles) = (report.size, report.size.div_ceil(WIDTH));
    let look = |first: u64| -> Vec<Result<Looked, LedgerError>> {
        let together = (first..bundles.min(first + TOGETHER)).into_par_iter();
        together.map(|at| Looked::at(source, at, size)).collect()
    };
    let mut pass = Pass {
        tree: Frontier::default(),
        said: expected.deleted.clone(),
        parts: Parts::default(),
        older: older.iter().copied().peekable(),
        report,
    };
    let (mut first, mut looked) = (0, look(0));
    while !looked.is_empty() {
        first += TOGETHER;
        // While these are put together the next are read.
        let (next, goes_on) = rayon::join(|| look(first), || pass.take(looked));
        if !goes_on? {
            return Ok(());
        }
        looked = next;
    }
    pass.end();
    Ok(())
}

/// What was put together of a log so far.
struct Pass<'r, 'o> {
    tree: Frontier,
    /// Entries that are said to be deleted.
    said: Vec<Leaves>,
    parts: Parts,
    older: Peekable<Copied<Iter<'o, (u64, TreeHash)>>>,
    report: &'r mut Report,
}

impl Pass<'_, '_> {
    /// Takes the next bundles in; false where it makes no sense to go on.
    fn take(&mut self, looked: Vec<Result<Looked, LedgerError>>) -> Result<bool, LedgerError> {
        for looked in looked {
            let looked = match looked {
                Ok(looked) => looked,
                Err(LedgerError::Log(error)) => {
                    self.report.problems.push(error.to_string());
                    return Ok(false);
                }
                Err(error) => return Err(error),
            };
            let first = self.tree.size();
            if looked.is_gone {
                stored::join(&mut self.report.deleted, first..first + looked.leaves.len() as u64);
                self.parts.lost();
            }
            let problems = &mut self.report.problems;
            if let Some(index) = looked.differs {
                problems.push(format!("entry {index} is not the one whose hash is in `tile/0`"));
            }
            self.report.entries += looked.entries.len() as u64;
            for (index, entry) in (first..).zip(looked.entries) {
                match entry {
                    Ok(part) => problems.extend(self.parts.take(index, part)),
                    Err(fault) => problems.push(format!("entry {index}, {fault}")),
                }
            }
            if problems.len() >= MOST_PROBLEMS {
                problems.truncate(MOST_PROBLEMS);
                problems.push("and more: from there on nothing was looked at".to_owned());
                return Ok(false);
            }
            self.said.extend(looked.said);
            for leaf in looked.leaves {
                self.hold_against_older();
                self.tree.push(leaf, |_, _| {});
            }
        }
        Ok(true)
    }

    fn hold_against_older(&mut self) {
        let size = self.tree.size();
        while let Some((_, root)) = self.older.next_if(|(older, _)| *older == size) {
            self.report.problems.extend(forked(&self.tree, root));
        }
    }

    fn end(mut self) {
        self.hold_against_older();
        let Self { tree, said, parts, report, .. } = self;
        if tree.root() != report.root || tree.size() != report.size {
            report.problems.push("the entries do not lead to the root that was signed".to_owned());
        }
        report.problems.extend(parts.end());
        let unsaid: Vec<Leaves> =
            report.deleted.iter().flat_map(|run| stored::uncovered(run, &said)).collect();
        report.problems.extend(unsaid.iter().map(|run| {
            format!(
                "entries {} to {} are not there, and no entry says that they were deleted",
                run.start,
                run.end - 1
            )
        }));
    }
}

/// The call that an entry is a part of, which part, and of how many.
type Part = (journal::names::Uid, u64, u64);

/// What is seen of a bundle by itself.
struct Looked {
    leaves: Vec<TreeHash>,
    /// The entries are not there, their hashes are.
    is_gone: bool,
    /// The first entry whose hash is another in the tile.
    differs: Option<u64>,
    /// Of each entry, whether it is a part; or what is wrong with it.
    entries: Vec<Result<Option<Part>, journal::Fault>>,
    /// Entries of this log that are said to be deleted.
    said: Vec<Leaves>,
}

impl Looked {
    fn at(source: &dyn Source, at: u64, size: u64) -> Result<Self, LedgerError> {
        let bytes = match stored::bundle(source, at, size)? {
            Bundle::There(bytes) => bytes,
            Bundle::Gone(leaves) => {
                let (entries, said) = (Vec::new(), Vec::new());
                return Ok(Self { leaves, is_gone: true, differs: None, entries, said });
            }
        };
        let leaves: Vec<TreeHash> = bytes.iter().map(|entry| TreeHash::leaf(entry)).collect();
        let differs = differs(source, at, size, &leaves)?;
        let mut known = state::State::default();
        let read = |bytes: &Vec<u8>| {
            let entry = Entry::read(bytes)?;
            known.take(&entry);
            Ok(entry.part.map(|part| (part.of, part.k.get(), part.n.get())))
        };
        let entries = bytes.iter().map(read).collect();
        Ok(Self { leaves, is_gone: false, differs, entries, said: known.deleted_of(None) })
    }
}

/// The first entry of a bundle whose hash is another in the tile beside it; nothing where there is no tile yet.
fn differs(source: &dyn Source, at: u64, size: u64, leaves: &[TreeHash]) -> Result<Option<u64>, LedgerError> {
    let Some(Resource::Entries(tile)) = Resource::entries_of(at, size) else { return Ok(None) };
    let Some(bytes) = source.read(Resource::Tile(tile))? else { return Ok(Some(at * WIDTH)) };
    let hashes = bytes.chunks(TreeHash::LEN);
    let same = leaves.iter().zip(hashes).take_while(|(leaf, hash)| leaf.0.as_slice() == *hash).count();
    let whole = bytes.len() == leaves.len() * TreeHash::LEN && same == leaves.len();
    Ok((!whole).then_some(at * WIDTH + same as u64))
}

fn forked(tree: &Frontier, root: TreeHash) -> Option<String> {
    (tree.root() != root).then(|| {
        let first = tlog::first(tree.size());
        format!("the log's {first} of a checkpoint that it signed: it was rewritten")
    })
}

/// Parts of one call stand next to each other, all of them.
#[derive(Debug, Default)]
struct Parts {
    open: Option<Part>,
}

impl Parts {
    /// Entries are missing: what began before may end there.
    fn lost(&mut self) {
        self.open = None;
    }

    fn take(&mut self, index: u64, part: Option<Part>) -> Option<String> {
        let expected = self.open.take();
        match (expected, part) {
            (None, None) => None,
            (None, Some((of, 1, n))) => {
                self.open = Some((of, 1, n));
                None
            }
            (Some((of, k, n)), Some((own, next, all))) if own == of && next == k + 1 && all == n => {
                self.open = (next < n).then_some((of, next, n));
                None
            }
            (None, Some(_)) => {
                Some(format!("entry {index} is a part, and the parts before it are not there"))
            }
            (Some(_), _) => Some(format!("before entry {index}, parts of a call are missing")),
        }
    }

    fn end(&self) -> Option<String> {
        self.open.map(|_| "at the end, parts of a call are missing".to_owned())
    }
}
