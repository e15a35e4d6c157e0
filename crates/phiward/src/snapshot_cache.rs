//! Snapshots of committed revisions, kept from one run to the next.
//!
//! A file is named after all that its snapshot follows from: the commit, the project's path in the repository, this
//! very program, the bundle and the facts where they lie outside the commit, and the day. Whatever is not exactly that
//! is not read. A cache is as trustworthy as whoever can write to it.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use scan::impact::Snapshot;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::arguments::Impact;
use crate::files;

pub(crate) struct Cache {
    folder: PathBuf,
    /// What a key holds beside the commit.
    rest: String,
}

/// What is kept of one revision.
pub(crate) struct Kept {
    /// The bundle's folder as findings name it.
    pub(crate) bundle: String,
    /// The same below the repository's top, where the bundle is part of the commit.
    pub(crate) inside: Option<String>,
    pub(crate) snapshot: Snapshot,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: String,
    bundle: String,
    inside: Option<String>,
    /// The snapshot's text and its SHA-256, so that half a file is none.
    digest: String,
    snapshot: String,
}

impl Cache {
    /// `below` is the project's path in its repository.
    pub(crate) fn new(folder: &Path, arguments: &Impact, below: &Path, on: Date) -> Result<Self, String> {
        files::folder(folder)?;
        let digest = |folder: &Option<PathBuf>| match folder {
            Some(folder) => of_folder(folder).map_err(|error| format!("`{}`: {error}", folder.display())),
            None => Ok(String::new()),
        };
        let (policy, facts) = (digest(&arguments.policy)?, digest(&arguments.facts)?);
        let named = arguments.policy.as_ref().map(|policy| policy.display().to_string()).unwrap_or_default();
        let program = program().map_err(|error| format!("this program cannot be read: {error}"))?;
        let rest = format!(
            "phiward-impact-cache-1\n{} {program}\n{}\n{named} {policy}\n{facts}\n{on}\n",
            env!("CARGO_PKG_VERSION"),
            below.display(),
        );
        Ok(Self { folder: folder.to_owned(), rest })
    }

    fn key(&self, commit: &str) -> String {
        format!("{}{commit}\n", self.rest)
    }

    fn name(&self, commit: &str) -> String {
        format!("{}.json", hex(&Sha256::digest(self.key(commit))))
    }

    /// What was kept, if it is whole and of exactly this.
    pub(crate) fn read(&self, commit: &str) -> Option<Kept> {
        let path = self.folder.join(self.name(commit));
        // A link or a device is not what we wrote.
        std::fs::symlink_metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
        let file: File = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let own = file.key == self.key(commit) && file.digest == hex(&Sha256::digest(&file.snapshot));
        let snapshot = own.then(|| Snapshot::read(&file.snapshot).ok())??;
        Some(Kept { bundle: file.bundle, inside: file.inside, snapshot })
    }

    pub(crate) fn write(&self, commit: &str, kept: &Kept) -> Result<(), String> {
        let snapshot = kept.snapshot.write().map_err(|error| error.to_string())?;
        let file = File {
            key: self.key(commit),
            bundle: kept.bundle.clone(),
            inside: kept.inside.clone(),
            digest: hex(&Sha256::digest(&snapshot)),
            snapshot,
        };
        let bytes = serde_json::to_vec(&file).map_err(|error| error.to_string())?;
        files::write_below(&self.folder, &self.name(commit), &bytes)
    }
}

/// A digest of the files of a folder, names and bytes. A bundle inside the commit is told by the commit; that its
/// present text is in the key as well costs a miss and never a wrong hit.
fn of_folder(folder: &Path) -> std::io::Result<String> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                paths.push(entry.path());
            }
        }
    }
    paths.sort();
    let mut hash = Sha256::new();
    for path in paths {
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        hash.update(format!("{} {name} ", name.len()));
        hash.update(Sha256::digest(std::fs::read(&path)?));
    }
    Ok(hex(&hash.finalize()))
}

/// The digest of the running program: two builds of one version may judge differently.
fn program() -> std::io::Result<String> {
    Ok(hex(&Sha256::digest(std::fs::read(std::env::current_exe()?)?)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
