//! `--since REF`: what was not found at that revision. The project is scanned as it stood then, so that a changed
//! agreement counts as much as a changed field, and a moved line does not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use journal::Fingerprint;
use scan::Report;
use source::Problem;

use crate::arguments::{Audience, Subject};
use crate::judge;
use crate::revision::Repository;

pub(crate) fn keep_new(
    report: &mut Report,
    subject: &Subject,
    audience: Audience,
    revision: &str,
) -> Result<(), String> {
    let path = std::fs::canonicalize(&subject.path)
        .map_err(|error| format!("`{}`: {error}", subject.path.display()))?;
    let repository = Repository::of(&path)?;
    let commit = repository.commit(revision)?;
    let below = path
        .strip_prefix(repository.top())
        .map_err(|_| format!("`{}` lies outside its repository", path.display()))?;

    let then = repository.files(&commit)?;
    let files = &then.top;

    let old = files.join(below);
    // Their findings are told as new: better so than not at all.
    for problem in then.problems(&old) {
        eprintln!("{revision}: {problem}");
    }
    let (known, unread): (BTreeSet<Fingerprint>, BTreeSet<Problem>) = if old.exists() {
        let policy = match &subject.policy {
            Some(policy) => moved(policy, repository.top(), files),
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
