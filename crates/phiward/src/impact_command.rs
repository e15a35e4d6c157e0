//! What a change means for patients' data: two states are read and judged, and what differs is told.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use policy::Policy;
use scan::impact::{self, Heading, Label, Side, Snapshot};

use crate::arguments::{Assessment, Audience, Impact};
use crate::judge::{self, Progress};
use crate::revision::{Files, Repository};
use crate::snapshot_cache::{Cache, Kept};
use crate::{Verdict, files, today};

/// Changes of one kind that a terminal shows before it only counts the rest.
const SHOWN: usize = 10;

pub(crate) fn run(arguments: &Impact) -> Result<Verdict, String> {
    let on = arguments.on.unwrap_or_else(today);
    let facts = arguments.facts.as_deref().map(judge::read_facts).transpose()?.unwrap_or_default();
    let path = whole(&arguments.path)?;
    let repository = Repository::of(&path);
    let below = repository.as_ref().ok().and_then(|repository| path.strip_prefix(repository.top()).ok());
    let below = below.unwrap_or(&path).to_owned();
    let asked = Asked { arguments, repository, facts: &facts, on };
    let (base, head) = (asked.state(Some(&arguments.base))?, asked.state(arguments.head.as_deref())?);
    let cache =
        arguments.cache.as_deref().map(|folder| Cache::new(folder, arguments, &below, on)).transpose()?;

    let before = asked
        .before(&base, cache.as_ref())
        .map_err(|error| format!("base `{}`: {error}", base.label.name))?;
    let after =
        asked.after(&head, cache.as_ref()).map_err(|error| format!("head `{}`: {error}", head.label.name))?;
    let mut impact = impact::compare(before.side(), after.taken.side());
    impact::tell_paths(&mut impact, &after.model);

    let heading = Heading { base: &base.label, head: &head.label, version: env!("CARGO_PKG_VERSION"), on };
    let mut bytes = Vec::new();
    let most = if arguments.all { usize::MAX } else { SHOWN };
    match arguments.format {
        Assessment::Human => impact::write_human(&impact, &heading, most, &mut bytes),
        Assessment::Markdown => impact::write_markdown(&impact, &heading, &mut bytes),
        Assessment::Json => impact::write_json(&impact, &heading, &mut bytes),
    }
    .map_err(|error| error.to_string())?;
    match &arguments.output {
        Some(path) => files::write(path, &bytes)?,
        None => files::print(&bytes)?,
    }
    let worse = impact.worst().is_some_and(|worst| worst >= arguments.fail_on);
    let wider = arguments.fail_on_widening && impact.widens();
    Ok(if worse || wider { Verdict::Findings } else { Verdict::InOrder })
}

/// The path with every link resolved, as far as it is there: a project may be gone from the working tree.
fn whole(path: &Path) -> Result<PathBuf, String> {
    let absolute = std::path::absolute(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    let there = absolute.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let rest = absolute.strip_prefix(there).unwrap_or(Path::new(""));
    let there = std::fs::canonicalize(there).map_err(|error| format!("`{}`: {error}", path.display()))?;
    Ok(if rest.as_os_str().is_empty() { there } else { there.join(rest) })
}

/// A state that was asked for.
struct State {
    label: Label,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    Commit(String),
}

struct Asked<'a> {
    arguments: &'a Impact,
    repository: Result<Repository, String>,
    facts: &'a sfdx::Facts,
    on: Date,
}

/// What is compared of one side.
struct Taken {
    snapshot: Snapshot,
    policy: Policy,
    /// The bundle's folder as findings name it.
    bundle: String,
}

impl Taken {
    fn side(&self) -> Side<'_> {
        Side { snapshot: &self.snapshot, policy: &self.policy, bundle: &self.bundle }
    }
}

struct Head {
    taken: Taken,
    model: access::Model,
}

/// A folder to read and the bundle to judge it by.
struct Folder {
    path: PathBuf,
    bundle: Bundle,
    /// What stands where the repository's top stands.
    top: Option<PathBuf>,
    /// Of a revision; gone when this is dropped, so it lives as long as the project does.
    files: Option<Files>,
}

enum Bundle {
    Own,
    Named(PathBuf),
    /// The one that was named was not there yet, or is not any more.
    Missing,
}

impl Asked<'_> {
    fn repository(&self) -> Result<&Repository, String> {
        self.repository.as_ref().map_err(Clone::clone)
    }

    /// What a word on the command line means.
    fn state(&self, word: Option<&str>) -> Result<State, String> {
        let Some(word) = word else {
            let path = whole(&self.arguments.path)?;
            let name = if self.repository.is_ok() {
                "the working tree".to_owned()
            } else {
                self.arguments.path.display().to_string()
            };
            return Ok(State { label: Label { name, commit: None }, place: Place::Folder(path) });
        };
        let folder = Path::new(word);
        let is_folder = folder.is_dir();
        let written_as_one = [".", "/", "~"].iter().any(|start| word.starts_with(start)) && is_folder;
        let commit = if written_as_one {
            None
        } else {
            self.repository.as_ref().ok().and_then(|repository| repository.commit(word).ok())
        };
        let name = word.to_owned();
        match (commit, is_folder) {
            (Some(_), true) => {
                Err(format!("`{word}` is a revision and a folder: write `./{word}` for the folder"))
            }
            // A change may bring a folder that is called as its base.
            (None, true) if self.repository.is_ok() && !written_as_one => Err(format!(
                "`{word}` is no revision of the repository: fetch it, or write `./{word}` for the folder"
            )),
            (Some(commit), false) => Ok(State {
                label: Label { name, commit: Some(commit.clone()) },
                place: Place::Commit(commit),
            }),
            (None, true) => {
                Ok(State { label: Label { name, commit: None }, place: Place::Folder(whole(folder)?) })
            }
            (None, false) => match self.repository() {
                Ok(_) => Err(format!("`{word}` is neither a revision of this repository nor a folder")),
                Err(error) => {
                    Err(format!("`{word}` is no folder, and as a revision it cannot be read: {error}"))
                }
            },
        }
    }

    fn before(&self, state: &State, cache: Option<&Cache>) -> Result<Taken, String> {
        if let (Some(cache), Place::Commit(commit)) = (cache, &state.place)
            && let Some(kept) = cache.read(commit)
            && let Some(taken) = self.kept(commit, kept)?
        {
            return Ok(taken);
        }
        let folder = self.folder(state)?;
        if !folder.path.exists() {
            let policy = match &folder.bundle {
                Bundle::Named(bundle) => judge::read_bundle(bundle)?,
                _ => Policy::empty(),
            };
            return Ok(Taken { snapshot: Snapshot::empty(), policy, bundle: String::new() });
        }
        Ok(self.take(&folder, state, cache)?.0.taken)
    }

    fn after(&self, state: &State, cache: Option<&Cache>) -> Result<Head, String> {
        let folder = self.folder(state)?;
        let nothing = || judge::nothing_in(&self.arguments.path.display().to_string());
        if !folder.path.exists() {
            return Err(nothing());
        }
        match self.take(&folder, state, cache)? {
            (_, true) => Err(nothing()),
            (head, false) => Ok(head),
        }
    }

    /// Reads and judges; and says whether there was nothing to read.
    fn take(&self, folder: &Folder, state: &State, cache: Option<&Cache>) -> Result<(Head, bool), String> {
        let progress = Progress::of(format!("reading {}", state.label));
        let project = judge::read_project(&folder.path)?;
        let nothing = judge::holds_nothing(&project);
        let from = match &folder.bundle {
            Bundle::Own => judge::own_bundle(&project),
            Bundle::Named(bundle) => Some(bundle.clone()),
            Bundle::Missing => None,
        };
        if let (Some(from), Some(files)) = (&from, &folder.files)
            && files.lack(from)
        {
            return Err(
                "this clone of the repository lacks a part of the policy bundle: fetch it first".to_owned()
            );
        }
        let policy = match &from {
            Some(from) => judge::read_bundle(from)?,
            None => Policy::empty(),
        };
        let bundle = from.as_deref().map(|from| self.shown(from, folder, &project)).unwrap_or_default();
        drop(progress);
        let _progress = Progress::of(format!("judging {}", state.label));
        let input = scan::Input {
            project: &project,
            policy: &policy,
            bundle: &bundle,
            facts: self.facts,
            today: self.on,
        };
        let audience = Audience::ALL;
        let config = scan::Config {
            persona: audience.persona,
            min_confidence: audience.min_confidence,
            only: Vec::new(),
            skip: Vec::new(),
        };
        let mut report = scan::run(&input, &config);
        report.problems.extend(folder.files.iter().flat_map(|files| files.problems(project.root())));
        let model = impact::model(&input);
        let snapshot = Snapshot::of(&input, &report, &model);
        if let (Some(cache), Place::Commit(commit)) = (cache, &state.place) {
            let inside = from.as_deref().zip(folder.top.as_deref()).and_then(|(from, top)| {
                let below = from
                    .strip_prefix(std::fs::canonicalize(top).ok()?)
                    .or_else(|_| from.strip_prefix(top))
                    .ok()?;
                Some(slashes(below))
            });
            cache.write(commit, &Kept { bundle: bundle.clone(), inside, snapshot: snapshot.clone() })?;
        }
        Ok((Head { taken: Taken { snapshot, policy, bundle }, model }, nothing))
    }

    /// What the cache kept, with the bundle read from the repository: who approves is never taken from a cache.
    fn kept(&self, commit: &str, kept: Kept) -> Result<Option<Taken>, String> {
        let Kept { bundle, inside, snapshot } = kept;
        let policy = match (&inside, &self.arguments.policy, &snapshot.policy_digest) {
            (_, _, None) => Policy::empty(),
            (Some(inside), _, Some(_)) => {
                let files = tempfile::tempdir().map_err(|error| error.to_string())?;
                let missing = self.repository()?.write(commit, Some(Path::new(inside)), files.path())?;
                let folder = files.path().join(inside);
                if !folder.is_dir() || !missing.is_empty() {
                    return Ok(None);
                }
                judge::read_bundle(&folder)?
            }
            (None, Some(named), Some(_)) => judge::read_bundle(named)?,
            (None, None, Some(_)) => return Ok(None),
        };
        let read = policy.is_present().then(|| policy.digest().to_string());
        // Of another bundle, the snapshot says nothing here.
        Ok((read == snapshot.policy_digest).then_some(Taken { snapshot, policy, bundle }))
    }

    fn folder(&self, state: &State) -> Result<Folder, String> {
        let policy = self.arguments.policy.as_deref();
        match &state.place {
            Place::Folder(path) => {
                let bundle = policy.map_or(Bundle::Own, |policy| Bundle::Named(policy.to_owned()));
                let top = self.repository.as_ref().ok().map(|repository| repository.top().to_owned());
                Ok(Folder { path: path.clone(), bundle, top, files: None })
            }
            Place::Commit(commit) => {
                let _progress = Progress::of(format!("reading {} from git", state.label));
                let repository = self.repository()?;
                let path = whole(&self.arguments.path)?;
                let below = path
                    .strip_prefix(repository.top())
                    .map_err(|_| format!("`{}` lies outside its repository", path.display()))?;
                let files = repository.files(commit)?;
                let top = files.top.clone();
                let bundle = match policy {
                    None => Bundle::Own,
                    Some(policy) => match whole(policy)?.strip_prefix(repository.top()) {
                        Ok(inside) if top.join(inside).is_dir() => Bundle::Named(top.join(inside)),
                        Ok(_) => Bundle::Missing,
                        Err(_) => Bundle::Named(policy.to_owned()),
                    },
                };
                Ok(Folder { path: top.join(below), bundle, top: Some(top), files: Some(files) })
            }
        }
    }

    /// The bundle's folder as findings name it: below the project, else below the repository, else as it was named.
    fn shown(&self, bundle: &Path, folder: &Folder, project: &sfdx::Project) -> String {
        let whole = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let from = whole(bundle);
        let below = |top: &Path| from.strip_prefix(whole(top)).ok().map(slashes);
        below(project.root()).or_else(|| below(folder.top.as_deref()?)).unwrap_or_else(|| slashes(bundle))
    }
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
