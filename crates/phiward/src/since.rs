//! `--since REF`: what was not found at that revision. The project is scanned as it stood then, so that a changed
//! agreement counts as much as a changed field, and a moved line does not.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use journal::Fingerprint;
use scan::Report;

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

    // The files of that revision, beside the repository and without touching its index.
    let then = tempfile::tempdir().map_err(|error| error.to_string())?;
    let index = then.path().join("index");
    let files = then.path().join("files");
    let at_index = [("GIT_INDEX_FILE", index.as_path())];
    git_with(top, &["read-tree", commit.trim()], &at_index)?;
    let prefix = format!("--prefix={}/", files.display());
    git_with(top, &["checkout-index", "--all", "--quiet", &prefix], &at_index)?;

    let old = files.join(below);
    let known: BTreeSet<Fingerprint> = if old.exists() {
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
        report.counting().map(|finding| finding.fingerprint.clone()).collect()
    } else {
        BTreeSet::new()
    };
    report.findings.retain(|finding| !known.contains(&finding.fingerprint));
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
fn moved(policy: &Path, top: &Path, files: &Path) -> Option<std::path::PathBuf> {
    let whole = std::fs::canonicalize(policy).ok()?;
    match whole.strip_prefix(top) {
        Ok(below) => Some(files.join(below)).filter(|folder| folder.is_dir()),
        Err(_) => Some(whole),
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    git_with(folder, arguments, &[])
}

fn git_with(folder: &Path, arguments: &[&str], environment: &[(&str, &Path)]) -> Result<String, String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments).stdin(Stdio::null());
    for (name, value) in environment {
        command.env(name, value);
    }
    let output = command.output().map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!(
            "git {}: {}",
            arguments.first().unwrap_or(&""),
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}
