//! The GitHub Action's own script, run with the environment that GitHub documents, and the entries of the hooks.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::commands::git;
use crate::{FIELD, code, phiward, small_project, text, write};

const ALLERGIES: &str = "force-app/main/default/objects/Patient__c/fields/Allergies__c.field-meta.xml";

fn at_root(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)).unwrap()
}

/// The text of the step's `run`, as GitHub hands it to the shell.
fn script() -> String {
    let action = at_root("action.yml");
    let (_, run) = action.split_once("      run: |\n").unwrap();
    run.lines().map(|line| format!("{}\n", line.strip_prefix("        ").unwrap_or(line))).collect()
}

struct Job {
    project: tempfile::TempDir,
    runner: tempfile::TempDir,
    /// Where the job's checkout lies, where it is not the project itself.
    checkout: Option<PathBuf>,
}

impl Job {
    /// A pull request that adds a field of patients.
    fn new() -> Self {
        let project = small_project();
        git(project.path(), &["init", "--quiet"]);
        git(project.path(), &["add", "."]);
        git(project.path(), &["commit", "--quiet", "--message", "base"]);
        write(project.path(), ALLERGIES, FIELD.replace("Diagnosis", "Allergies"));
        git(project.path(), &["add", "."]);
        git(project.path(), &["commit", "--quiet", "--message", "head"]);
        Self { project, runner: tempfile::tempdir().unwrap(), checkout: None }
    }

    fn run(&self, inputs: &[(&str, &str)]) -> Output {
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script()]);
        bash.current_dir(self.checkout.as_deref().unwrap_or(self.project.path()));
        for (name, value) in [
            ("PHIWARD", env!("CARGO_BIN_EXE_phiward")),
            ("BASE", "HEAD~1"),
            ("HEAD", "HEAD"),
            ("PROJECT", "."),
            ("POLICY", ""),
            ("FACTS", ""),
            ("FAIL_ON", "high"),
            ("FAIL_ON_WIDENING", "false"),
            ("ANNOTATIONS", "false"),
            ("CACHE", ""),
            ("ACTION", "unused"),
        ] {
            bash.env(name, value);
        }
        for file in ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"] {
            let path = self.runner.path().join(file);
            std::fs::write(&path, "").unwrap();
            bash.env(file, path);
        }
        bash.env("RUNNER_TEMP", self.runner.path());
        bash.envs(inputs.iter().copied());
        bash.output().unwrap()
    }

    fn wrote(&self, file: &str) -> String {
        std::fs::read_to_string(self.runner.path().join(file)).unwrap()
    }
}

#[test]
fn every_input_reaches_the_script_by_the_environment() {
    let action = at_root("action.yml");
    let (_, rest) = action.split_once("inputs:\n").unwrap();
    let (inputs, rest) = rest.split_once("outputs:\n").unwrap();
    let names = inputs
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with(' '));
    let mut count = 0;
    for name in names {
        count += 1;
        assert!(rest.contains(&format!("inputs.{name} ")), "the input `{name}` is not used");
    }
    assert_eq!(count, 10);
    assert!(!script().contains("${{"), "an expression in a script is code that a stranger writes");
}

#[test]
fn the_action_writes_the_summary_and_its_outputs() {
    let job = Job::new();
    let done = job.run(&[("ANNOTATIONS", "true")]);
    assert!(code(&done) < 2, "{}", text(&done.stderr));
    let summary = job.wrote("GITHUB_STEP_SUMMARY");
    assert!(summary.starts_with("## PHI impact:") && summary.contains("Allergies__c"), "{summary}");
    let outputs = job.wrote("GITHUB_OUTPUT");
    let file = |name: &str| {
        let line = outputs.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap();
        std::fs::read_to_string(line).unwrap()
    };
    assert_eq!(file("markdown"), summary);
    let assessed: serde_json::Value = serde_json::from_str(&file("json")).unwrap();
    assert_eq!(assessed["format"], 1);
    assert!(outputs.contains(&format!("exit-code={}", code(&done))));
    // New findings stand beside their lines, and only those.
    let annotations = text(&done.stdout);
    assert!(
        annotations.lines().any(|line| line.starts_with("::") && line.contains("Allergies__c")),
        "{annotations}"
    );
    assert!(!annotations.contains("Diagnosis__c.field"), "{annotations}");
}

#[test]
fn the_action_fails_where_it_is_asked_to() {
    let job = Job::new();
    assert_eq!(code(&job.run(&[("FAIL_ON", "info")])), 1);
    assert!(job.wrote("GITHUB_OUTPUT").contains("exit-code=1"), "the files are there all the same");
    assert_eq!(code(&job.run(&[("FAIL_ON", "critical"), ("FAIL_ON_WIDENING", "true")])), 1);
    assert_eq!(code(&job.run(&[("FAIL_ON", "never"), ("FAIL_ON_WIDENING", "true")])), 0);
    assert_eq!(code(&job.run(&[("BASE", "HEAD"), ("FAIL_ON", "info")])), 0);
    for base in ["", "0000000000000000000000000000000000000000"] {
        let none = job.run(&[("BASE", base)]);
        assert_eq!(code(&none), 2);
        assert!(text(&none.stdout).contains("nothing to compare with"));
    }
    // What an input says is never run.
    let ran = job.runner.path().join("ran");
    let evil = format!("$(touch {0})`touch {0}`;touch {0};", ran.display());
    assert_ne!(code(&job.run(&[("BASE", &evil), ("PROJECT", &evil)])), 0);
    assert!(!ran.exists());
}

/// A checkout of depth 1 lacks the base.
#[test]
fn the_action_fetches_the_base_of_a_shallow_checkout() {
    let job = Job::new();
    git(job.project.path(), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let base =
        Command::new("git").arg("-C").arg(job.project.path()).args(["rev-parse", "HEAD~1"]).output().unwrap();
    let base = text(&base.stdout).trim().to_owned();
    let shallow = tempfile::tempdir().unwrap();
    let from = format!("file://{}", job.project.path().display());
    git(shallow.path(), &["clone", "--quiet", "--depth", "1", &from, "clone"]);
    let job = Job { checkout: Some(shallow.path().join("clone")), ..job };
    let done = job.run(&[("BASE", &base), ("FAIL_ON", "info")]);
    assert_eq!(code(&done), 1, "{}", text(&done.stderr));
    assert!(job.wrote("GITHUB_STEP_SUMMARY").contains("Allergies__c"));
}

/// What the hooks run stands on its own: `entry` is a command line of this release.
#[test]
fn the_entries_of_the_hooks_are_commands() {
    let project = small_project();
    git(project.path(), &["init", "--quiet"]);
    git(project.path(), &["add", "."]);
    git(project.path(), &["commit", "--quiet", "--message", "base"]);
    let hooks = at_root(".pre-commit-hooks.yaml");
    let entries: Vec<&str> =
        hooks.lines().filter_map(|line| line.strip_prefix("  entry: phiward ")).collect();
    assert_eq!(entries.len(), 4);
    for entry in entries {
        let mut words: Vec<&str> = entry.split(' ').collect();
        let path = project.path().to_str().unwrap();
        match words.iter().position(|word| *word == ".") {
            Some(at) => words[at] = path,
            None => words.extend(["--path", path]),
        }
        let output = phiward(&words);
        assert_eq!(code(&output), 0, "{entry}: {}", text(&output.stderr));
    }
}
