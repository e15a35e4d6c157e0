use std::path::{Path, PathBuf};

use crate::{Problem, Severity, Source};

/// What [`read_folder`] will not go beyond.
#[derive(Clone, Copy, Debug)]
pub struct FolderLimits {
    pub files: usize,
    pub bytes_per_file: u64,
    /// Of all files that are read, together.
    pub bytes: u64,
    pub depth: usize,
}

impl Default for FolderLimits {
    fn default() -> Self {
        Self { files: 10_000, bytes_per_file: 8 << 20, bytes: 128 << 20, depth: 16 }
    }
}

/// Reads every file below `root` whose extension is one of `extensions`, sorted by path. Links are not
/// followed: a folder of law must not change with what a link points to. The error is that `root` itself
/// cannot be listed.
pub fn read_folder(
    root: &Path,
    extensions: &[&str],
    limits: FolderLimits,
) -> std::io::Result<(Vec<Source>, Vec<Problem>)> {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    let mut paths = Vec::new();
    let mut left = limits.bytes;
    list(root, PathBuf::new(), limits, &mut paths, &mut problems)?;
    paths.sort();
    for path in paths {
        let wanted = path.extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e));
        if !wanted {
            continue;
        }
        let shown = shown(&path);
        if sources.len() >= limits.files {
            let message = format!("more than {} files", limits.files);
            problems.push(Problem::new(Severity::Error, "too-many-files", shown, message));
            break;
        }
        let full = root.join(&path);
        match std::fs::metadata(&full) {
            Ok(metadata) if metadata.len() > limits.bytes_per_file => {
                let message = format!("the file is larger than {} bytes", limits.bytes_per_file);
                problems.push(
                    Problem::new(Severity::Error, "file-too-large", shown, message).with_help("split it"),
                );
                continue;
            }
            Ok(metadata) => match left.checked_sub(metadata.len()) {
                Some(rest) => left = rest,
                None => {
                    let message = format!("the files together are larger than {} bytes", limits.bytes);
                    problems.push(Problem::new(Severity::Error, "folder-too-large", shown, message));
                    break;
                }
            },
            Err(error) => {
                problems.push(unreadable(shown, &error));
                continue;
            }
        }
        match std::fs::read(&full) {
            Ok(bytes) => {
                let (source, problem) = Source::decode(shown, bytes, None);
                sources.push(source);
                problems.extend(problem);
            }
            Err(error) => problems.push(unreadable(shown, &error)),
        }
    }
    Ok((sources, problems))
}

fn list(
    root: &Path,
    below: PathBuf,
    limits: FolderLimits,
    paths: &mut Vec<PathBuf>,
    problems: &mut Vec<Problem>,
) -> std::io::Result<()> {
    if below.components().count() > limits.depth {
        let message = format!("folders nest deeper than {}", limits.depth);
        problems.push(Problem::new(Severity::Error, "folder-too-deep", shown(&below), message));
        return Ok(());
    }
    for entry in std::fs::read_dir(root.join(&below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            problems.push(
                Problem::new(Severity::Warning, "link-not-followed", shown(&path), "a link is not followed")
                    .with_help("put the file itself here"),
            );
        } else if kind.is_dir() {
            if let Err(error) = list(root, path.clone(), limits, paths, problems) {
                problems.push(unreadable(shown(&path), &error));
            }
        } else if kind.is_file() {
            paths.push(path);
        } else {
            // A pipe would keep its reader waiting for ever.
            let message = "neither a file nor a folder";
            problems.push(Problem::new(Severity::Warning, "not-a-file", shown(&path), message));
        }
    }
    Ok(())
}

fn unreadable(path: String, error: &std::io::Error) -> Problem {
    Problem::new(Severity::Error, "unreadable-file", path, format!("cannot be read: {error}"))
}

fn shown(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
