//! `--since REF`: what was not found at that revision. The project is scanned as it stood then, so that a changed
//! agreement counts as much as a changed field, and a moved line does not.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use journal::Fingerprint;
use scan::Report;
use source::Problem;

use crate::arguments::{Audience, Subject};
use crate::judge;

pub(crate) fn keep_new(
    report: &mut Report,
    subject: &Subject,
    audience: Audience,
    revision: &str,
) -> Result<(), String> {
    if revision.starts_with('-') {
        return Err(format!("`{revision}` is not a revision"));
    }
    let path = std::fs::canonicalize(&subject.path)
        .map_err(|error| format!("`{}`: {error}", subject.path.display()))?;
    let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(Path::new(".")) };
    let top = git(folder, &["rev-parse", "--show-toplevel"])?;
    let top = Path::new(top.trim_end_matches('\n'));
    let commit = git(folder, &["rev-parse", "--verify", "--quiet", &format!("{revision}^{{commit}}")])
        .map_err(|_| format!("`{revision}` is not a revision of this repository"))?;
    let below =
        path.strip_prefix(top).map_err(|_| format!("`{}` lies outside its repository", path.display()))?;

    let then = tempfile::tempdir().map_err(|error| error.to_string())?;
    let files = then.path().join("files");
    write_revision(top, commit.trim(), &files)?;

    let old = files.join(below);
    let (known, unread): (BTreeSet<Fingerprint>, BTreeSet<Problem>) = if old.exists() {
        let policy = match &subject.policy {
            Some(policy) => moved(policy, top, &files),
            None => None,
        };
        let before = Subject {
            path: old,
            policy,
            rules: subject.rules.clone(),
            skip: subject.skip.clone(),
            ..with_defaults(subject)
        };
        let report = judge::read(&before)?.scan(&before, audience)?;
        let known = report.counting().map(|finding| finding.fingerprint.clone()).collect();
        (known, report.problems.into_iter().collect())
    } else {
        Default::default()
    };
    report.findings.retain(|finding| !known.contains(&finding.fingerprint));
    report.problems.retain(|problem| !unread.contains(problem));
    Ok(())
}

fn with_defaults(subject: &Subject) -> Subject {
    Subject {
        path: subject.path.clone(),
        policy: None,
        facts: subject.facts.clone(),
        on: subject.on,
        rules: Vec::new(),
        skip: Vec::new(),
        baseline: None,
        fail_on: subject.fail_on,
    }
}

/// A bundle inside the repository as it stood then; one outside is the same then and now.
fn moved(policy: &Path, top: &Path, files: &Path) -> Option<PathBuf> {
    let whole = std::fs::canonicalize(policy).ok()?;
    match whole.strip_prefix(top) {
        Ok(below) => Some(files.join(below)).filter(|folder| folder.is_dir()),
        Err(_) => Some(whole),
    }
}

/// Writes the plain files of a revision as they lie in the repository's objects. Nothing is checked out: a stranger's
/// repository may name filters and hooks that a checkout would run.
fn write_revision(top: &Path, commit: &str, into: &Path) -> Result<(), String> {
    let listing = git_bytes(top, &["ls-tree", "-r", "-z", "--full-tree", commit])?;
    let mut wanted: Vec<(String, PathBuf)> = Vec::new();
    for entry in listing.split(|byte| *byte == 0) {
        let entry = String::from_utf8_lossy(entry);
        let Some((about, path)) = entry.split_once('\t') else { continue };
        let mut about = about.split(' ');
        let (mode, _, object) = (about.next(), about.next(), about.next());
        // Links and submodules are no files of this revision.
        let plain = matches!(mode, Some("100644" | "100755"));
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if let (true, true, Some(object)) = (plain, inside, object) {
            wanted.push((object.to_owned(), into.join(path)));
        }
    }
    let mut child = command(top, &["cat-file", "--batch"])
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
    let mut answers = BufReader::new(answers);
    let failed = |error: std::io::Error| format!("the files of `{commit}` cannot be read: {error}");
    for (_, path) in &wanted {
        let mut header = String::new();
        answers.read_line(&mut header).map_err(failed)?;
        let size = header.trim_end().rsplit(' ').next().and_then(|size| size.parse::<u64>().ok());
        let Some(size) = size else { continue };
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
        let mut file = std::fs::File::create(path).map_err(failed)?;
        std::io::copy(&mut answers.by_ref().take(size), &mut file).map_err(failed)?;
        answers.read_exact(&mut [0]).map_err(failed)?;
    }
    drop(answers);
    let _ = asking.join();
    let _ = child.wait();
    Ok(())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    Ok(String::from_utf8_lossy(&git_bytes(folder, arguments)?).into_owned())
}

/// Git that runs nothing of the repository that it reads: no hook, no monitor, no bare repository hidden in a
/// folder, and nothing fetched.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    for setting in ["safe.bareRepository=explicit", "core.hooksPath=/dev/null", "core.fsmonitor=false"] {
        command.arg("-c").arg(setting);
    }
    command.arg("-C").arg(folder).args(arguments).stdin(Stdio::null());
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_OPTIONAL_LOCKS", "0");
    command
}

fn git_bytes(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output =
        command(folder, arguments).output().map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(format!(
            "git {}: {}",
            arguments.first().unwrap_or(&""),
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}
