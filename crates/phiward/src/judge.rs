//! Reading a project and its bundle, and judging one by the other.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use policy::Policy;
use source::{FolderLimits, Problem, Severity, Source};

use crate::arguments::{Audience, Subject};
use crate::today;

/// All that was read for one judgement.
pub(crate) struct Read {
    pub(crate) project: sfdx::Project,
    pub(crate) policy: Policy,
    /// The bundle's folder as findings name it.
    pub(crate) bundle: String,
    pub(crate) facts: sfdx::Facts,
    pub(crate) today: Date,
}

/// The bundle's file endings.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "cedar"];

pub(crate) fn read(subject: &Subject) -> Result<Read, String> {
    let _progress = Progress::of(format!("reading {}", subject.path.display()));
    let project = read_project(&subject.path)?;
    if holds_nothing(&project) {
        return Err(nothing_in(&subject.path.display().to_string()));
    }
    let folder = subject.policy.clone().or_else(|| own_bundle(&project));
    let policy = match &folder {
        Some(folder) => read_bundle(folder)?,
        None => Policy::empty(),
    };
    let bundle = folder.as_ref().map(|folder| shown(folder, project.root())).unwrap_or_default();
    let facts = subject.facts.as_deref().map(read_facts).transpose()?.unwrap_or_default();
    let today = subject.on.unwrap_or_else(today);
    Ok(Read { project, policy, bundle, facts, today })
}

/// The bundle that lies in the project.
pub(crate) fn own_bundle(project: &sfdx::Project) -> Option<PathBuf> {
    let own = project.root().join("phiward");
    own.is_dir().then_some(own)
}

pub(crate) fn holds_nothing(project: &sfdx::Project) -> bool {
    project.components().next().is_none()
        && !project.files().iter().any(|file| !matches!(file.kind, sfdx::Kind::Other | sfdx::Kind::Document))
}

pub(crate) fn nothing_in(name: &str) -> String {
    format!("`{name}` holds no Salesforce metadata, code or data")
}

pub(crate) fn read_project(path: &Path) -> Result<sfdx::Project, String> {
    sfdx::read(path, &sfdx::Options::default()).map_err(|error| error.to_string())
}

pub(crate) fn read_facts(folder: &Path) -> Result<sfdx::Facts, String> {
    let facts = sfdx::read_facts(folder)
        .map_err(|error| format!("`{}` cannot be read: {error}", folder.display()))?;
    for problem in facts.problems() {
        eprintln!("{problem}");
    }
    Ok(facts)
}

/// The bundle with every problem that reading it had.
pub(crate) fn read_bundle_with_problems(folder: &Path) -> Result<(Policy, Vec<Problem>), String> {
    let (sources, mut problems) = read_sources(folder)?;
    if sources.is_empty() {
        return Err(format!("`{}` holds no file of a bundle (.yaml, .cedar)", folder.display()));
    }
    let (policy, more) = policy::read(sources);
    problems.extend(more);
    problems.sort();
    Ok((policy, problems))
}

/// The files of a bundle.
pub(crate) fn bundle_sources(folder: &Path) -> Result<Vec<Source>, String> {
    Ok(read_sources(folder)?.0)
}

fn read_sources(folder: &Path) -> Result<(Vec<Source>, Vec<Problem>), String> {
    source::read_folder(folder, &EXTENSIONS, FolderLimits::default())
        .map_err(|error| format!("the bundle `{}` cannot be read: {error}", folder.display()))
}

/// A bundle with an error is never judged by.
pub(crate) fn read_bundle(folder: &Path) -> Result<Policy, String> {
    let (policy, problems) = read_bundle_with_problems(folder)?;
    let errors: Vec<String> = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| format!("\n  {}/{problem}", folder.display()))
        .collect();
    if errors.is_empty() {
        Ok(policy)
    } else {
        Err(format!("the policy bundle has errors, so that nothing is judged by it:{}", errors.concat()))
    }
}

/// The folder as findings name it: below the project where it lies there.
pub(crate) fn shown(folder: &Path, root: &Path) -> String {
    let whole = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
    let (folder, root) = (whole(folder), whole(root));
    folder.strip_prefix(&root).unwrap_or(&folder).to_string_lossy().into_owned()
}

impl Read {
    /// The project's folder below the repository that it lies in.
    pub(crate) fn below_repository(&self) -> String {
        let Ok(root) = std::fs::canonicalize(self.project.root()) else { return String::new() };
        let repository = root.ancestors().find(|folder| folder.join(".git").exists());
        let below =
            repository.and_then(|repository| root.strip_prefix(repository).ok()).unwrap_or(Path::new(""));
        below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    pub(crate) fn scan(&self, subject: &Subject, audience: Audience) -> Result<scan::Report, String> {
        let input = scan::Input {
            project: &self.project,
            policy: &self.policy,
            bundle: &self.bundle,
            facts: &self.facts,
            today: self.today,
        };
        let config = scan::Config {
            persona: audience.persona,
            min_confidence: audience.min_confidence,
            only: subject.rules.clone(),
            skip: subject.skip.clone(),
        };
        let progress = Progress::of(format!("judging {} files", self.project.files().len()));
        let mut report = scan::run(&input, &config);
        drop(progress);
        if let Some(path) = &subject.baseline {
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("the baseline `{}` cannot be read: {error}", path.display()))?;
            match scan::Baseline::read(&text, self.today) {
                Ok(baseline) => baseline.apply(&mut report),
                // Its findings count again: that is what an end is for.
                Err(error @ scan::BaselineError::Expired(_)) => eprintln!("`{}`: {error}", path.display()),
                Err(error) => return Err(format!("`{}`: {error}", path.display())),
            }
        }
        Ok(report)
    }
}

/// Says at a terminal what takes its time, and takes the line back at the end. Elsewhere it is silent.
pub(crate) struct Progress(indicatif::ProgressBar);

impl Progress {
    pub(crate) fn of(what: String) -> Self {
        // indicatif draws on standard error, and only where that is a terminal.
        let bar = indicatif::ProgressBar::new_spinner().with_message(what);
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        Self(bar)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
