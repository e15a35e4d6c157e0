//! A state of a git repository, read from its objects. Nothing is checked out and nothing of the repository runs: a
//! stranger's repository may name filters, hooks, monitors and transports.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use source::{Problem, Severity};
use tempfile::TempDir;

/// A file system in memory, on Linux; small in some containers.
const MEMORY: &str = "/dev/shm";
/// What is written there at most; more goes to the disk.
const MEMORY_BYTES: u64 = 512 << 20;
/// The files of one revision: how many, and how large together.
const FILES: usize = 1_000_000;
const BYTES: u64 = 8 << 30;
/// What git may answer to one question.
const ANSWER: u64 = 256 << 20;

/// The repository that a path lies in.
#[derive(Debug)]
pub(crate) struct Repository {
    top: PathBuf,
}

/// The files of a revision, in a folder that goes with this value.
#[derive(Debug)]
pub(crate) struct Files {
    _folder: TempDir,
    /// Stands for the repository's top.
    pub(crate) top: PathBuf,
    /// Files whose objects the clone lacks.
    missing: Vec<PathBuf>,
}

impl Files {
    fn of(folder: TempDir, missing: Vec<PathBuf>) -> Result<Self, String> {
        let whole = |path: &Path| std::fs::canonicalize(path).map_err(|error| error.to_string());
        let top = whole(folder.path())?;
        let missing = missing
            .iter()
            .filter_map(|path| Some(top.join(path.strip_prefix(folder.path()).ok()?)))
            .collect();
        Ok(Self { _folder: folder, top, missing })
    }

    /// Whether a file below `folder` is missing.
    pub(crate) fn lack(&self, folder: &Path) -> bool {
        self.missing.iter().any(|path| path.starts_with(folder))
    }

    /// What cannot be read of the project at `root`, as a reader of the project would tell it.
    pub(crate) fn problems(&self, root: &Path) -> impl Iterator<Item = Problem> {
        self.missing.iter().filter_map(move |path| {
            let below = path.strip_prefix(root).ok()?;
            let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            let message = "this clone of the repository lacks the file";
            let problem = Problem::new(Severity::Error, "object-missing", parts.join("/"), message);
            Some(problem.with_help("fetch it, or clone without a filter; nothing is fetched here"))
        })
    }
}

impl Repository {
    /// The repository of `path`, which need not be there any more.
    pub(crate) fn of(path: &Path) -> Result<Self, String> {
        let folder = path.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
        let top = git(folder, &["rev-parse", "--show-toplevel"])?;
        Ok(Self { top: PathBuf::from(top.trim_end_matches('\n')) })
    }

    pub(crate) fn top(&self) -> &Path {
        &self.top
    }

    /// The whole id of the commit that a revision names.
    pub(crate) fn commit(&self, revision: &str) -> Result<String, String> {
        let unknown = || format!("`{revision}` is not a revision of this repository");
        if revision.is_empty() || revision.starts_with('-') {
            return Err(unknown());
        }
        let commit = git(&self.top, &["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")]);
        Ok(commit.map_err(|_| unknown())?.trim().to_owned())
    }

    /// The plain files of a commit.
    pub(crate) fn files(&self, commit: &str) -> Result<Files, String> {
        // Thousands of small files that live for a second: in memory, where there is room, they cost a tenth.
        if let Ok(folder) = tempfile::tempdir_in(MEMORY)
            && let Ok(missing) = self.write_within(commit, None, folder.path(), MEMORY_BYTES)
        {
            return Files::of(folder, missing);
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let missing = self.write(commit, None, folder.path())?;
        Files::of(folder, missing)
    }

    pub(crate) fn write(
        &self,
        commit: &str,
        only: Option<&Path>,
        into: &Path,
    ) -> Result<Vec<PathBuf>, String> {
        self.write_within(commit, only, into, BYTES)
    }

    /// Writes the plain files of a commit, those below `only` where it is given, as they lie in the repository's
    /// objects. Gives the paths of those whose objects a partial clone lacks: nothing is fetched.
    fn write_within(
        &self,
        commit: &str,
        only: Option<&Path>,
        into: &Path,
        most: u64,
    ) -> Result<Vec<PathBuf>, String> {
        let failed = |error: std::io::Error| format!("the files of `{commit}` cannot be read: {error}");
        std::fs::create_dir_all(into).map_err(failed)?;
        let mut listing = vec!["ls-tree", "-r", "-z", "--full-tree", commit];
        let only = only.map(|path| path.to_string_lossy().into_owned()).filter(|path| !path.is_empty());
        if let Some(only) = &only {
            listing.extend(["--", only]);
        }
        let listing = git_bytes(&self.top, &listing)?;
        if listing.iter().filter(|byte| **byte == 0).count() > FILES {
            return Err(format!("`{commit}` has more than {FILES} files"));
        }
        let mut wanted: Vec<(String, PathBuf)> = Vec::new();
        let mut links: Vec<PathBuf> = Vec::new();
        for entry in listing.split(|byte| *byte == 0) {
            let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else { continue };
            let (about, path) = entry.split_at(tab);
            let about = String::from_utf8_lossy(about);
            let path = name_of(path.get(1..).unwrap_or_default());
            let path = path.as_path();
            let mut about = about.split(' ');
            let (mode, _, object) = (about.next(), about.next(), about.next());
            if !path.components().all(|part| matches!(part, Component::Normal(_))) {
                continue;
            }
            match (mode, object) {
                (Some("100644" | "100755"), Some(object)) => {
                    wanted.push((object.to_owned(), into.join(path)))
                }
                (Some("120000"), _) => links.push(into.join(path)),
                // A submodule is another repository.
                _ => {}
            }
        }
        let missing = self
            .copy(&wanted, most)
            .map_err(|error| format!("the files of `{commit}` cannot be read: {error}"))?;
        // A link is no file of the revision, and readers tell that they did not follow it. It leads nowhere here, so
        // that nothing can be written or read through it; where one cannot be made, nothing is told.
        #[cfg(unix)]
        for link in links {
            let made = link.parent().map_or(Ok(()), std::fs::create_dir_all);
            let _ = made.and_then(|()| std::os::unix::fs::symlink("a-link-of-the-revision", link));
        }
        Ok(missing)
    }

    fn copy(&self, wanted: &[(String, PathBuf)], most: u64) -> Result<Vec<PathBuf>, String> {
        let mut child = command(&self.top, &["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("git cannot be run: {error}"))?;
        let (Some(mut asks), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("git cannot be asked for files".to_owned());
        };
        let objects: String = wanted.iter().map(|(object, _)| format!("{object}\n")).collect();
        let asking = std::thread::spawn(move || asks.write_all(objects.as_bytes()));
        let mut answers = BufReader::with_capacity(1 << 16, answers);
        let copied = copy_all(wanted, &mut answers, most);
        // A reader that stopped early leaves git writing: closing the pipe ends it.
        drop(answers);
        let _ = asking.join();
        let _ = child.wait();
        copied
    }
}

/// A path as the repository has it, which need not be UTF-8: two that differ stay two.
#[cfg(unix)]
fn name_of(path: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(path))
}

#[cfg(not(unix))]
fn name_of(path: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(path).into_owned())
}

fn copy_all(
    wanted: &[(String, PathBuf)],
    answers: &mut impl BufRead,
    most: u64,
) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut missing = Vec::new();
    let mut folder = PathBuf::new();
    let mut left = most;
    for (object, path) in wanted {
        let mut header = String::new();
        answers.read_line(&mut header).map_err(failed)?;
        let size = header.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let Some(size) = size else {
            // `<object> missing`
            if !header.starts_with(object.as_str()) {
                return Err("git stopped answering".to_owned());
            }
            missing.push(path.clone());
            continue;
        };
        left = left
            .checked_sub(size)
            .ok_or_else(|| format!("the files are larger than {most} bytes together"))?;
        if let Some(parent) = path.parent().filter(|parent| *parent != folder) {
            std::fs::create_dir_all(parent).map_err(failed)?;
            folder = parent.to_owned();
        }
        let mut file = std::fs::File::create(path).map_err(failed)?;
        std::io::copy(&mut answers.by_ref().take(size), &mut file).map_err(failed)?;
        answers.read_exact(&mut [0]).map_err(failed)?;
    }
    Ok(missing)
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    Ok(String::from_utf8_lossy(&git_bytes(folder, arguments)?).into_owned())
}

/// Git that runs nothing of the repository that it reads: no hook, no monitor, no bare repository hidden in a
/// folder, no object in the place of another, and nothing fetched by any transport.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("--no-replace-objects").arg("--literal-pathspecs");
    for setting in ["safe.bareRepository=explicit", "core.hooksPath=/dev/null", "core.fsmonitor=false"] {
        command.arg("-c").arg(setting);
    }
    command.arg("-C").arg(folder).args(arguments).stdin(Stdio::null());
    // Inside a hook, git says by these which repository it means, relative to another folder.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none").env("GIT_OPTIONAL_LOCKS", "0");
    command
}

fn git_bytes(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("git cannot be run: {error}");
    let mut child =
        command(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    // Read beside the answer: a full pipe would stop git.
    let complaint = child.stderr.take().map(|errors| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = errors.take(1 << 16).read_to_end(&mut text);
            text
        })
    });
    let mut told = Vec::new();
    if let Some(out) = child.stdout.take() {
        // A tree of a few kilobytes can name billions of files.
        out.take(ANSWER + 1).read_to_end(&mut told).map_err(failed)?;
    }
    if told.len() as u64 > ANSWER {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!(
            "git {}: the answer is larger than {ANSWER} bytes",
            arguments.first().unwrap_or(&"")
        ));
    }
    let status = child.wait().map_err(failed)?;
    if status.success() {
        Ok(told)
    } else {
        let complaint = complaint.and_then(|thread| thread.join().ok()).unwrap_or_default();
        Err(format!(
            "git {}: {}",
            arguments.first().unwrap_or(&""),
            String::from_utf8_lossy(&complaint).trim()
        ))
    }
}
