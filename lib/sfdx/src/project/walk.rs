use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use source::{Problem, Severity};

use super::file::{File, Kind, Standing};
use super::{Layout, Options, place::Place};

/// Folders of tools, none of which holds what is deployed.
const SKIPPED: [&str; 5] = [".git", "node_modules", ".sfdx", ".sf", ".phiward"];

#[derive(Default)]
pub(super) struct Listing {
    pub(super) files: Vec<File>,
    pub(super) ignored: Vec<String>,
    pub(super) problems: Vec<Problem>,
}

/// Lists all files of a place, sorted by path. Links are reported and not followed, so a loop ends nothing.
pub(super) fn list(place: &Place, options: &Options) -> Listing {
    let mut listing = Listing::default();
    let ignored = force_ignore(&place.root, &mut listing.problems);
    // A deployment by the Metadata API takes every file.
    let ignored = if place.layout == Layout::Metadata { Gitignore::empty() } else { ignored };
    let mut folders = Vec::new();
    if place.files.is_empty() {
        folders.push(place.scope.clone());
    }
    for path in &place.files {
        match std::fs::symlink_metadata(place.root.join(path)) {
            Ok(metadata) if metadata.is_file() => {
                listing.files.push(entry(place, path.clone(), metadata.len()))
            }
            Ok(_) => listing.problems.push(link(path)),
            Err(error) => listing.problems.push(unreadable(path, &error)),
        }
    }
    while let Some(folder) = folders.pop() {
        if folder.split('/').count() > options.depth {
            let message = format!("folders nest deeper than {}", options.depth);
            let problem = Problem::new(Severity::Error, "folder-too-deep", &folder, message);
            listing.problems.push(problem.with_help("nothing deeper was read"));
            continue;
        }
        if let Err(error) = list_folder(place, options, &ignored, &folder, &mut folders, &mut listing) {
            listing.problems.push(unreadable(&folder, &error));
        }
        if listing.files.len() > options.files {
            let message = format!("more than {} files", options.files);
            let problem = Problem::new(Severity::Error, "too-many-files", &folder, message);
            listing.problems.push(problem.with_help("the rest was not listed: read a folder of the project"));
            break;
        }
    }
    listing.files.sort_by(|a, b| a.path.cmp(&b.path));
    listing.ignored.sort();
    listing
}

fn list_folder(
    place: &Place,
    options: &Options,
    ignored: &Gitignore,
    folder: &str,
    folders: &mut Vec<String>,
    listing: &mut Listing,
) -> std::io::Result<()> {
    for found in std::fs::read_dir(place.root.join(folder))? {
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                listing.problems.push(unreadable(folder, &error));
                continue;
            }
        };
        let name = found.file_name();
        let Some(name) = name.to_str() else {
            let shown = below(folder, &name.to_string_lossy());
            let problem = Problem::new(Severity::Error, "bad-file-name", shown, "the file name is not UTF-8")
                .with_help("rename it; it was not read");
            listing.problems.push(problem);
            continue;
        };
        let path = below(folder, name);
        let Ok(kind) = found.file_type() else {
            continue;
        };
        if kind.is_symlink() {
            listing.problems.push(link(&path));
        } else if kind.is_dir() {
            if SKIPPED.contains(&name) {
                continue;
            }
            if ignored.matched(&path, true).is_ignore() {
                listing.ignored.push(path + "/");
            } else {
                folders.push(path);
            }
        } else if ignored.matched(&path, false).is_ignore() {
            listing.ignored.push(path);
        } else if kind.is_file() {
            match found.metadata() {
                Ok(metadata) => listing.files.push(entry(place, path, metadata.len())),
                Err(error) => listing.problems.push(unreadable(&path, &error)),
            }
        } else {
            let message = "neither a file nor a folder";
            let problem = Problem::new(Severity::Warning, "not-a-file", path, message);
            listing.problems.push(problem.with_help("it was not read"));
        }
        if listing.files.len() > options.files {
            break;
        }
    }
    Ok(())
}

fn entry(place: &Place, path: String, bytes: u64) -> File {
    let standing = if place.is_packaged(&path) { Standing::Package } else { Standing::Outside };
    File { kind: Kind::of(&path), path, bytes, standing }
}

/// The rules of the root's `.forceignore`: gitignore syntax, as the Salesforce command reads it.
fn force_ignore(root: &Path, problems: &mut Vec<Problem>) -> Gitignore {
    let file: PathBuf = root.join(".forceignore");
    if std::fs::symlink_metadata(&file).is_err() {
        return Gitignore::empty();
    }
    let problem = |message: String| {
        Problem::new(Severity::Warning, "bad-forceignore", ".forceignore", message)
            .with_help("mend the pattern; the others were read")
    };
    // Patterns are relative to the root, and so are the paths they meet.
    let mut builder = GitignoreBuilder::new("");
    let text = match super::load::manifest(&file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            problems.push(problem(format!("cannot be read: {error}")));
            return Gitignore::empty();
        }
    };
    for (number, line) in text.lines().enumerate() {
        if builder.add_line(None, line).is_err() {
            problems.push(problem(format!("line {} is not a pattern", number + 1)));
        }
    }
    builder.build().unwrap_or_else(|_| {
        problems.push(problem("the patterns do not go together".to_owned()));
        Gitignore::empty()
    })
}

fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn link(path: &str) -> Problem {
    Problem::new(Severity::Warning, "link-not-followed", path, "a link is not followed")
        .with_help("put the file itself here")
}

pub(super) fn unreadable(path: &str, error: &std::io::Error) -> Problem {
    Problem::new(Severity::Error, "unreadable-file", path, format!("cannot be read: {error}"))
        .with_help("check the permissions; the rest was read")
}
