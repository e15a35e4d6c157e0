use std::path::{Component, Path, PathBuf};

use source::{Position, Problem, Severity, Source};

use super::{Layout, ReadError, file};
use crate::xml::Tree;

const MANIFEST: &str = "sfdx-project.json";
/// A manifest larger than this is not one.
const MANIFEST_LIMIT: u64 = 4 << 20;

/// What is to be read and how it is laid out.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) root: PathBuf,
    /// The folder below the root that was asked for; empty for the root.
    pub(super) scope: String,
    /// Single files that were asked for instead of a folder.
    pub(super) files: Vec<String>,
    pub(super) layout: Layout,
    pub(super) packages: Vec<String>,
    pub(super) api_version: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) problems: Vec<Problem>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    package_directories: Vec<PackageDirectory>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    source_api_version: Option<String>,
}

#[derive(serde::Deserialize)]
struct PackageDirectory {
    path: String,
}

impl Place {
    /// Finds the project that `path` belongs to.
    pub(super) fn find(path: &Path) -> Result<Self, ReadError> {
        let unreadable = |error| ReadError::Unreadable { path: path.to_owned(), error };
        let asked = std::fs::canonicalize(path).map_err(unreadable)?;
        let metadata = std::fs::metadata(&asked).map_err(unreadable)?;
        let folder = if metadata.is_dir() { Some(asked.as_path()) } else { asked.parent() };
        let Some(folder) = folder else {
            return Err(ReadError::NotAFolder { path: path.to_owned() });
        };
        let project = folder.ancestors().find(|folder| folder.join(MANIFEST).is_file());
        let within = project.and_then(|root| Self::source(root, folder));
        let mut place = match within {
            Some(place) => place,
            None => Self::bare(folder),
        };
        if metadata.is_file() {
            place.files = with_partner(&place, &asked);
        } else if !metadata.is_dir() {
            return Err(ReadError::NotAFolder { path: path.to_owned() });
        }
        Ok(place)
    }

    /// The project at `root`, unless `folder` lies beside its package directories.
    fn source(root: &Path, folder: &Path) -> Option<Self> {
        let scope = relative(root, folder)?;
        let mut problems = Vec::new();
        let manifest = read_manifest(root, &mut problems);
        let mut packages = Vec::new();
        for PackageDirectory { path } in manifest.package_directories {
            match normalised(&path) {
                Some(clean) => {
                    if !root.join(&clean).is_dir() {
                        let message = format!("the package directory `{path}` does not exist");
                        problems.push(
                            Problem::new(Severity::Warning, "package-directory-missing", MANIFEST, message)
                                .with_help("create it or take it out of packageDirectories"),
                        );
                    }
                    packages.push(clean);
                }
                None => {
                    let message = format!("the package directory `{path}` lies outside the project");
                    problems.push(
                        Problem::new(Severity::Error, "package-directory-outside", MANIFEST, message)
                            .with_help("give a path below the project; it was not read"),
                    );
                }
            }
        }
        if packages.is_empty() {
            packages.push(String::new());
        }
        packages.sort();
        packages.dedup();
        let place = Self {
            root: root.to_owned(),
            scope,
            files: Vec::new(),
            layout: Layout::Source,
            packages,
            api_version: manifest.source_api_version,
            namespace: manifest.namespace.filter(|namespace| !namespace.is_empty()),
            problems,
        };
        let related = place
            .packages
            .iter()
            .any(|package| contains(package, &place.scope) || contains(&place.scope, package));
        related.then_some(place)
    }

    /// A folder that stands for itself: everything in it is taken for deployed.
    fn bare(folder: &Path) -> Self {
        let manifest = folder.join("package.xml");
        let layout = if manifest.is_file() { Layout::Metadata } else { Layout::Plain };
        let mut problems = Vec::new();
        let mut api_version = None;
        if layout == Layout::Metadata {
            match super::load::manifest(&manifest) {
                Ok(bytes) => {
                    let (source, problem) = Source::decode("package.xml", bytes, None);
                    let (tree, more) = Tree::parse(source);
                    problems.extend(problem.into_iter().chain(more));
                    let version = tree.root().and_then(|root| root.value("version"));
                    api_version = version.map(|version| version.into_text().into_owned());
                }
                Err(error) => problems.push(super::walk::unreadable("package.xml", &error)),
            }
        }
        Self {
            root: folder.to_owned(),
            scope: String::new(),
            files: Vec::new(),
            layout,
            packages: vec![String::new()],
            api_version,
            namespace: None,
            problems,
        }
    }

    pub(super) fn is_packaged(&self, path: &str) -> bool {
        self.packages.iter().any(|package| contains(package, path))
    }

    /// `path` from its package directory.
    pub(super) fn within_package<'a>(&self, path: &'a str) -> &'a str {
        let packages = self.packages.iter().filter(|package| contains(package, path));
        let longest = packages.max_by_key(|package| package.len());
        let rest = longest.and_then(|package| path.strip_prefix(package.as_str())).unwrap_or(path);
        rest.trim_start_matches('/')
    }
}

/// A file goes with the one that describes it, or that it describes.
fn with_partner(place: &Place, asked: &Path) -> Vec<String> {
    let Some(path) = relative(&place.root, asked) else {
        return Vec::new();
    };
    let partner = match path.strip_suffix(file::META) {
        Some(body) => body.to_owned(),
        None => format!("{path}{}", file::META),
    };
    let mut files = vec![path];
    if place.root.join(&partner).is_file() {
        files.push(partner);
    }
    files
}

fn contains(folder: &str, path: &str) -> bool {
    folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let below = path.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = below.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

/// A path of the manifest with `/` and without `.`, or nothing where it leaves the project.
fn normalised(path: &str) -> Option<String> {
    let path = path.replace('\\', "/");
    let mut parts = Vec::new();
    for part in Path::new(&path).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

fn read_manifest(root: &Path, problems: &mut Vec<Problem>) -> Manifest {
    let nothing = Manifest { package_directories: Vec::new(), namespace: None, source_api_version: None };
    let path = root.join(MANIFEST);
    let bytes = match std::fs::metadata(&path) {
        Ok(metadata) if metadata.len() > MANIFEST_LIMIT => {
            let message = format!("the file is larger than {MANIFEST_LIMIT} bytes");
            let problem = Problem::new(Severity::Error, "file-too-large", MANIFEST, message);
            problems.push(problem.with_help("the whole folder is read as one package directory"));
            return nothing;
        }
        _ => super::load::manifest(&path),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.push(super::walk::unreadable(MANIFEST, &error));
            return nothing;
        }
    };
    let (source, problem) = Source::decode(MANIFEST, bytes, None);
    problems.extend(problem);
    serde_json::from_str(source.text()).unwrap_or_else(|error| {
        let position = Position {
            line: u32::try_from(error.line()).unwrap_or(u32::MAX).max(1),
            column: u32::try_from(error.column()).unwrap_or(u32::MAX).max(1),
        };
        problems.push(
            Problem::new(
                Severity::Error,
                "bad-project-file",
                MANIFEST,
                "not the JSON of a Salesforce project",
            )
            .at(position)
            .with_help("mend it; until then the whole folder is read as one package directory"),
        );
        nothing
    })
}
