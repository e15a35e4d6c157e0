//! A project's files and components, whichever way they are laid out.

mod component;
mod file;
mod load;
mod place;
mod walk;

use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rayon::prelude::*;
use source::{Problem, Severity, Source};

pub use component::Component;
pub(crate) use component::Parts;
pub use file::{File, Kind, Standing};

use crate::xml::Tree;
use component::{Entry, Index};
use place::Place;

/// What [`read`] will not go beyond.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Of one metadata file.
    pub xml_bytes: u64,
    /// Of one other text, when it is loaded.
    pub text_bytes: u64,
    /// Of all metadata files together: they stay in memory.
    pub all_xml_bytes: u64,
    pub files: usize,
    /// Of folders.
    pub depth: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            xml_bytes: 64 << 20,
            text_bytes: 16 << 20,
            all_xml_bytes: 1 << 30,
            files: 1_000_000,
            depth: 64,
        }
    }
}

/// How a project lies on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// `sfdx-project.json` names package directories, whose objects are split into files.
    Source,
    /// `package.xml` stands beside folders of whole components.
    Metadata,
    /// Neither: a folder or file of sources.
    Plain,
}

/// Nothing could be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        error: std::io::Error,
    },
    #[error("`{}` is neither a file nor a folder", path.display())]
    NotAFolder { path: PathBuf },
}

/// A Salesforce project, read.
pub struct Project {
    place: Place,
    options: Options,
    files: Vec<File>,
    ignored: Vec<String>,
    trees: Vec<Tree>,
    /// Of each tree, its file.
    tree_files: Vec<u32>,
    entries: Vec<Entry>,
    index: Index,
    problems: Vec<Problem>,
    /// By number of its first entry, whether the files of a component contradict each other, once somebody asked.
    contradicting: Vec<OnceLock<bool>>,
    /// By number of the file, the text of code that was asked for.
    loaded: Vec<OnceLock<Loaded>>,
}

/// A text, and what was wrong with it.
type Loaded = Result<(Source, Option<Problem>), Problem>;

/// Reads a project: its root, a folder or file in it, a Metadata API folder, or any folder or file of sources.
/// What cannot be read is a problem of the project and does not keep the rest from being read. The error is
/// that `path` itself cannot be listed.
pub fn read(path: &Path, options: &Options) -> Result<Project, ReadError> {
    let mut place = Place::find(path)?;
    let listing = walk::list(&place, options);
    let mut problems = std::mem::take(&mut place.problems);
    problems.extend(listing.problems);
    let files = listing.files;

    let mut budget = options.all_xml_bytes;
    let mut wanted = Vec::new();
    for (index, file) in (0_u32..).zip(&files) {
        if !is_candidate(&files, file) {
            continue;
        }
        let bytes = file.bytes.min(options.xml_bytes);
        match budget.checked_sub(bytes) {
            Some(left) => {
                budget = left;
                wanted.push(index);
            }
            None => {
                let message = format!("more than {} bytes of metadata", options.all_xml_bytes);
                let problem = Problem::new(Severity::Error, "too-much-metadata", &file.path, message);
                problems.push(
                    problem.with_help("this and what follows was not read: read a part of the project"),
                );
                break;
            }
        }
    }
    let read: Vec<_> = wanted
        .par_iter()
        .filter_map(|&index| {
            let file = files.get(index as usize)?;
            if file.kind != Kind::Metadata && !load::is_metadata(&place.root, &file.path) {
                return None;
            }
            match load::load(&place.root, &file.path, file.bytes, options.xml_bytes) {
                Ok((source, problem)) => {
                    let (tree, mut problems) = Tree::parse(source);
                    problems.extend(problem);
                    Some((index, Some(tree), problems))
                }
                Err(problem) => Some((index, None, vec![problem])),
            }
        })
        .collect();

    let mut files = files;
    let mut trees = Vec::with_capacity(read.len());
    let mut tree_files = Vec::with_capacity(read.len());
    for (index, tree, more) in read {
        problems.extend(more);
        if let Some(file) = files.get_mut(index as usize) {
            file.kind = Kind::Metadata;
        }
        if let Some(tree) = tree {
            trees.push(tree);
            tree_files.push(index);
        }
    }
    let mut entries: Vec<Entry> =
        (0_u32..).zip(&trees).flat_map(|(index, tree)| component::entries(&place, tree, index)).collect();
    entries.sort_by(|a, b| {
        (&a.kind, &a.full_name, a.tree, a.element).cmp(&(&b.kind, &b.full_name, b.tree, b.element))
    });
    let index = Index::new(&entries);
    problems.sort();
    let contradicting = std::iter::repeat_with(OnceLock::new).take(entries.len()).collect();
    let loaded = std::iter::repeat_with(OnceLock::new).take(files.len()).collect();
    Ok(Project {
        place,
        options: *options,
        files,
        ignored: listing.ignored,
        trees,
        tree_files,
        entries,
        index,
        problems,
        contradicting,
        loaded,
    })
}

/// Whether a file may be XML of the Metadata API, as far as its name and neighbours tell.
fn is_candidate(files: &[File], file: &File) -> bool {
    if file.standing != Standing::Package || is_manifest(file.name()) {
        return false;
    }
    match file.kind {
        // A Site.com site is packed, and described by its neighbour.
        Kind::Metadata if file.path.split('/').any(|folder| folder == "siteDotComSites") => false,
        // `A.profile` beside `A.profile-meta.xml` is a second profile and no body.
        Kind::Metadata => true,
        // A body is described by its neighbour and need not be XML.
        Kind::Other => {
            let described = format!("{}{}", file.path, file::META);
            !OPAQUE.contains(&file.extension()) && find(files, &described).is_none()
        }
        _ => false,
    }
}

/// What is deployed by these is not a component.
fn is_manifest(name: &str) -> bool {
    name == "package.xml" || (name.starts_with("destructiveChanges") && name.ends_with(".xml"))
}

/// Suffixes that are never metadata, so that their files need not be opened.
const OPAQUE: [&str; 22] = [
    "css", "gif", "htm", "html", "ico", "jpeg", "jpg", "json", "less", "map", "md", "mp4", "pdf", "png",
    "scss", "svg", "ttf", "txt", "woff", "woff2", "yml", "zip",
];

fn find<'f>(files: &'f [File], path: &str) -> Option<&'f File> {
    let at = files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
    files.get(at)
}

impl Project {
    /// The folder that all paths are relative to.
    pub fn root(&self) -> &Path {
        &self.place.root
    }

    /// The folder below the root that was asked for; empty for all of it.
    pub fn scope(&self) -> &str {
        &self.place.scope
    }

    pub fn layout(&self) -> Layout {
        self.place.layout
    }

    /// From the root, sorted; one empty path where the whole root is the package.
    pub fn package_directories(&self) -> &[String] {
        &self.place.packages
    }

    /// As the project file or manifest writes it: `61.0`.
    pub fn api_version(&self) -> Option<&str> {
        self.place.api_version.as_deref()
    }

    /// The namespace that the project's own components will get.
    pub fn namespace(&self) -> Option<&str> {
        self.place.namespace.as_deref()
    }

    /// All files, sorted by path, those outside the package directories as well.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// What `.forceignore` keeps from being deployed, sorted; a folder ends in `/`.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    pub fn file(&self, path: &str) -> Option<&File> {
        find(&self.files, path)
    }

    /// What could not be read, sorted by path and place.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// All metadata files that were read, sorted by path.
    pub fn trees(&self) -> impl ExactSizeIterator<Item = &Tree> {
        self.trees.iter()
    }

    /// Reads a file's text. That of code is kept, since several will ask for it, and no other. Bytes that are not text
    /// are replaced and told of.
    pub fn load(&self, file: &File) -> Result<(Source, Option<Problem>), Problem> {
        if let Some(tree) = self.tree_at(&file.path) {
            return Ok((tree.source().clone(), None));
        }
        let load = || load::load(&self.place.root, &file.path, file.bytes, self.options.text_bytes);
        let is_code =
            matches!(file.kind, Kind::Apex | Kind::Trigger | Kind::Visualforce | Kind::Aura | Kind::Lwc);
        let at = self.files.binary_search_by(|own| own.path.cmp(&file.path)).ok().filter(|_| is_code);
        match at.and_then(|at| self.loaded.get(at)) {
            Some(kept) => kept.get_or_init(load).clone(),
            None => load(),
        }
    }

    /// The tree of a metadata file.
    pub fn tree_at(&self, path: &str) -> Option<&Tree> {
        let at = self.trees.binary_search_by(|tree| tree.source().path().cmp(path)).ok()?;
        self.trees.get(at)
    }

    /// All components, sorted by type, full name and path.
    pub fn components(&self) -> impl Iterator<Item = Component<'_>> {
        self.entries.iter().filter_map(|entry| Component::new(self, entry))
    }

    /// The types that the project has components of, sorted.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.index.by_kind.keys().map(|kind| &**kind)
    }

    /// The components of a type, sorted by full name and path: one name may be in several package directories.
    pub fn of_type<'p>(&'p self, kind: &str) -> impl Iterator<Item = Component<'p>> + use<'p> {
        let entries = self.index.by_kind.get(kind).map(Vec::as_slice).unwrap_or_default();
        entries.iter().filter_map(|&at| self.component(at))
    }

    /// The first component of that type and full name.
    pub fn find(&self, kind: &str, full_name: &str) -> Option<Component<'_>> {
        let entries = self.index.by_kind.get(kind)?;
        let name = |at: &u32| self.component(*at).map_or("", Component::full_name);
        let first = entries.partition_point(|at| name(at) < full_name);
        self.component(*entries.get(first)?).filter(|found| found.full_name() == full_name)
    }

    /// What `judge` says of the entries of one component, which it is asked once.
    pub(crate) fn contradicts(&self, ats: &[u32], judge: impl FnOnce() -> bool) -> bool {
        match ats.first().and_then(|at| self.contradicting.get(*at as usize)) {
            Some(known) => *known.get_or_init(judge),
            None => judge(),
        }
    }

    pub(crate) fn component(&self, at: u32) -> Option<Component<'_>> {
        Component::new(self, self.entries.get(at as usize)?)
    }

    /// The parts of all objects, by name in lower case.
    pub(crate) fn object_parts(&self) -> impl Iterator<Item = &Parts> {
        self.index.objects.values()
    }

    pub(crate) fn parts_of(&self, object: &str) -> Option<&Parts> {
        self.index.objects.get(object.to_lowercase().as_str())
    }

    pub(crate) fn field_entries(&self, full_name: &str) -> Option<&[u32]> {
        self.index.fields.get(full_name.to_lowercase().as_str()).map(Vec::as_slice)
    }

    /// Of each field of an object, the entries that describe it, sorted by name.
    pub(crate) fn fields_of<'p>(&'p self, object: &str) -> impl Iterator<Item = &'p [u32]> + use<'p> {
        let prefix = format!("{}.", object.to_lowercase());
        let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        let fields = self.index.fields.range::<str, _>(from);
        fields.take_while(move |(name, _)| name.starts_with(prefix.as_str())).map(|(_, ats)| ats.as_slice())
    }
}

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Project")
            .field("root", &self.root())
            .field("layout", &self.layout())
            .field("files", &self.files.len())
            .field("components", &self.entries.len())
            .field("problems", &self.problems.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
