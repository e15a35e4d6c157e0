//! What an auditor finds in a ledger's folder: its logs, and proofs from their tiles. No key is needed that signs.

use std::path::{Path, PathBuf};

use tlog::{
    Folder, Frontier, ProofFile, Resource, Sealed, SignedCheckpoint, Source, Tile, Tiles, TreeHash, Unproved,
    VerifierKey, WIDTH, prove_inclusion,
};

use crate::anchor::{Anchor, anchor_of};
use crate::directory::{self, Directory, State as Listing};
use crate::error::LedgerError;
use crate::shard::Shard;
use crate::state::State;
use crate::stored::{self, Bundle, Leaves};
use crate::verify::{Expected, Report, verify};

/// A log of a ledger.
#[derive(Clone, Debug)]
pub struct Held {
    /// The name that it signs under.
    pub name: String,
    pub folder: PathBuf,
    pub key: VerifierKey,
    /// Nothing for the home log.
    pub shard: Option<Shard>,
    /// What the directory says of a log that takes no more.
    pub sealed: Option<(u64, TreeHash)>,
    /// Runs of leaves that the home log says were deleted.
    pub deleted: Vec<Leaves>,
}

/// The logs in a folder, by the key of the home log: that log, and those that its directory lists. What the ledger
/// says of itself stands in the home log, which is read for it.
pub fn held(folder: &Path, key: &VerifierKey) -> Result<Vec<Held>, LedgerError> {
    let mut home = Held {
        name: key.name().to_owned(),
        folder: folder.to_owned(),
        key: key.clone(),
        shard: None,
        sealed: None,
        deleted: Vec::new(),
    };
    let path = folder.join(directory::FILE);
    let mut found = None;
    // The list changes while it is read, and a crash may have left the newest beside.
    for name in [directory::FILE, directory::FILE, directory::NEXT] {
        let directory = match Directory::read(&folder.join(name), key) {
            Ok(Some(directory)) => directory,
            // A ledger that never listed a shard has no directory; of one that did, it was taken away.
            Ok(None) if name == directory::FILE => {
                let size = checkpoint(&home)?.checkpoint().size();
                if State::read(&Folder::new(folder), size)?.directory.is_none() {
                    return Ok(vec![home]);
                }
                continue;
            }
            Ok(None) => continue,
            Err(_) if name == directory::NEXT => continue,
            Err(error) => return Err(error),
        };
        let checkpoint = checkpoint(&home)?;
        let state = State::read(&Folder::new(folder), checkpoint.checkpoint().size())?;
        let newest = state.directory.unwrap_or_else(|| Directory::new(key.name()).digest());
        if newest == directory.digest() {
            found = Some((directory, state));
            break;
        }
    }
    let Some((directory, state)) = found else {
        let what = "this is not the directory that the ledger recorded last: it was taken away, or an older one was put in its \
             place";
        return Err(LedgerError::Unreadable { path, what: what.to_owned() });
    };
    home.deleted = state.deleted_of(None);
    let mut all = vec![home];
    for log in directory.logs {
        all.push(Held {
            name: format!("{}/{}", key.name(), log.shard),
            folder: folder.join(log.shard.path()),
            key: log.key,
            deleted: state.deleted_of(Some(&log.shard)),
            sealed: match log.state {
                Listing::Open => None,
                Listing::Sealed { size, root } => Some((size, root)),
            },
            shard: Some(log.shard),
        });
    }
    Ok(all)
}

/// The newest checkpoint of a log, signed by its key.
pub fn checkpoint(log: &Held) -> Result<SignedCheckpoint, LedgerError> {
    let path = log.folder.join("checkpoint");
    let bytes = stored::source(&log.folder)?.read(Resource::Checkpoint)?;
    let bytes = bytes.ok_or(LedgerError::Missing { path: path.clone() })?;
    SignedCheckpoint::open(&bytes, &log.name, std::slice::from_ref(&log.key))
        .map_err(|error| LedgerError::unreadable(&path, error.to_string()))
}

/// Derives one log of a ledger anew: see [`verify`].
pub fn verify_held(log: &Held, mut expected: Expected) -> Result<Report, LedgerError> {
    expected.keys.insert(0, log.key.clone());
    expected.deleted.extend(log.deleted.iter().cloned());
    if is_gone(log) {
        return gone(log, &expected);
    }
    let mut report = verify(&*stored::source(&log.folder)?, &expected)?;
    if let Some((size, root)) = log.sealed
        && (size, root) != (report.size, report.root)
    {
        report.problems.push("the log is not the one that was sealed".to_owned());
    }
    Ok(report)
}

/// The newest checkpoint of a log that its writer saw, by the file in which that is kept of the home log. One that is not
/// there is an error: nobody can tell then whether the log is an older copy.
pub fn seen(log: &Held, of_home: &Path) -> Result<Option<SignedCheckpoint>, LedgerError> {
    let anchor = match &log.shard {
        None => Anchor::new(of_home),
        Some(shard) => Anchor::new(anchor_of(of_home, shard)),
    };
    match anchor.read(&log.key)? {
        Some(seen) => Ok(seen.checkpoint),
        None => Err(LedgerError::Missing { path: anchor.path().to_owned() }),
    }
}

/// Whether all of a compressed log was deleted, and the ledger says so: its checkpoint is all that is left.
pub fn is_gone(log: &Held) -> bool {
    let whole = log.sealed.is_some_and(|(size, _)| stored::uncovered(&(0..size), &log.deleted).is_empty());
    whole && !stored::is_compressed(&log.folder) && !log.folder.join("tile").exists()
}

fn gone(log: &Held, expected: &Expected) -> Result<Report, LedgerError> {
    let signed = checkpoint(log)?;
    let (size, root) = (signed.checkpoint().size(), signed.checkpoint().root());
    let mut problems = Vec::new();
    if log.sealed != Some((size, root)) {
        problems.push("the log is not the one that was sealed".to_owned());
    }
    let held = signed.verify(&expected.keys);
    problems.extend(held.as_ref().err().map(|error| format!("`checkpoint`: {error}")));
    let signed_by = held.unwrap_or_default().iter().map(|one| one.key.name().to_owned()).collect();
    let (origin, entries, deleted) = (log.name.clone(), 0, std::iter::once(0..size).collect());
    Ok(Report { origin, size, root, signed_by, entries, deleted, problems })
}

/// An entry's bytes, and the proof that it is in the log (c2sp.org/tlog-proof@v1). The bytes are nothing where the
/// entry was deleted.
pub fn prove(log: &Held, index: u64) -> Result<(Option<Vec<u8>>, ProofFile), LedgerError> {
    let signed = checkpoint(log)?;
    let size = signed.checkpoint().size();
    if index >= size {
        return Err(tlog::Error::Beyond { size, asked: index }.into());
    }
    if is_gone(log) {
        return Err(LedgerError::Refused("all of this log was deleted".to_owned()));
    }
    let source = stored::source(&log.folder)?;
    let within = usize::try_from(index % WIDTH).unwrap_or_default();
    let (bytes, leaf) = match stored::bundle(&*source, index / WIDTH, size)? {
        Bundle::There(entries) => {
            let bytes = entries.into_iter().nth(within);
            let leaf = bytes.as_deref().map(TreeHash::leaf);
            (bytes, leaf)
        }
        Bundle::Gone(hashes) => (None, hashes.get(within).copied()),
    };
    let hashes = prove_inclusion(&mut Shelved(&*source), index, size).map_err(|error| match error {
        Unproved::Read(error) => error,
        other => LedgerError::Refused(format!("{other}: run `phiward ledger fsck`")),
    })?;
    let proof = ProofFile { extra: None, index, hashes, checkpoint: signed };
    // What the files say is checked before anybody relies on it.
    let leaf = leaf.ok_or_else(|| {
        LedgerError::Refused(format!("entry {index} is not in its bundle: run `phiward ledger fsck`"))
    })?;
    proof.verify(&leaf, &log.name, std::slice::from_ref(&log.key), &[]).map_err(|error| {
        LedgerError::Refused(format!("entry {index}: {error}: run `phiward ledger fsck`"))
    })?;
    Ok((bytes, proof))
}

/// Gives each of a log's first `size` entries that is there, in order, with its index, and the root that they lead to.
/// What was given is proved where that is the root that [`verify_held`] found at this size.
pub fn entries(
    log: &Held,
    size: u64,
    mut each: impl FnMut(u64, &[u8]) -> Result<(), LedgerError>,
) -> Result<TreeHash, LedgerError> {
    if is_gone(log) {
        return Ok(log.sealed.map_or_else(|| Frontier::default().root(), |(_, root)| root));
    }
    let source = stored::source(&log.folder)?;
    // A log that grew meanwhile may have no partial bundle of this size any more: a newer one begins the same.
    let now = checkpoint(log)?.checkpoint().size().max(size);
    let mut tree = Frontier::default();
    for at in 0..size.div_ceil(WIDTH) {
        let within = usize::try_from(size - at * WIDTH).unwrap_or(usize::MAX);
        match stored::bundle(&*source, at, now)? {
            Bundle::There(entries) => {
                for (index, entry) in (at * WIDTH..).zip(entries.iter().take(within)) {
                    each(index, entry)?;
                    tree.push(TreeHash::leaf(entry), |_, _| {});
                }
            }
            Bundle::Gone(leaves) => {
                leaves.into_iter().take(within).for_each(|leaf| tree.push(leaf, |_, _| {}));
            }
        }
    }
    Ok(tree.root())
}

/// The root of a log's first `size` entries, from its tiles.
pub fn root(log: &Held, size: u64) -> Result<TreeHash, LedgerError> {
    if let Some((all, root)) = log.sealed
        && all == size
    {
        return Ok(root);
    }
    let source = stored::source(&log.folder)?;
    let signed = checkpoint(log)?;
    if size > signed.checkpoint().size() {
        return Err(tlog::Error::Beyond { size: signed.checkpoint().size(), asked: size }.into());
    }
    tlog::root(&mut Shelved(&*source), size).map_err(|error| match error {
        Unproved::Read(error) => error,
        other => LedgerError::Refused(format!("{other}: run `phiward ledger fsck`")),
    })
}

struct Shelved<'a>(&'a dyn Source);

impl Tiles for Shelved<'_> {
    type Error = LedgerError;

    fn tile(&mut self, tile: Tile) -> Result<Vec<u8>, LedgerError> {
        let resource = Resource::Tile(tile);
        self.0.read(resource)?.ok_or_else(|| LedgerError::Missing { path: resource.to_string().into() })
    }
}

/// Checks the files of a log byte by byte: see [`tlog::fsck`] and, where it is not sealed, [`Folder::fsck`].
pub fn fsck(log: &Held) -> Result<tlog::Report, LedgerError> {
    let gone = deleted(log);
    let keys = std::slice::from_ref(&log.key);
    let expected = tlog::Expected { gone: &gone, ..tlog::Expected::new(&log.name, keys) };
    let folder = Folder::new(&log.folder);
    Ok(match Sealed::open(&folder) {
        Ok(sealed) => sealed.fsck(&expected)?,
        Err(tlog::Error::Missing { .. }) => folder.fsck(&expected)?,
        Err(error) => return Err(error.into()),
    })
}

/// Runs of leaves of a log that its ledger says were deleted; none where that cannot be read.
pub(crate) fn deleted(log: &Held) -> Vec<Leaves> {
    if log.shard.is_some() {
        return log.deleted.clone();
    }
    let said =
        checkpoint(log).and_then(|signed| State::read(&Folder::new(&log.folder), signed.checkpoint().size()));
    said.map(|state| state.deleted_of(None)).unwrap_or_default()
}
