#![no_main]
//! A bundle of strangers: read, compared and tested without a panic; one with an error is never enforceable.

use libfuzzer_sys::fuzz_target;
use policy::{Policy, diff::diff, expectations, read};
use source::{Severity, Source};

// Files, parted by a line `=== path`.
fuzz_target!(|text: &str| {
    let files: Vec<Source> = text
        .split("=== ")
        .filter_map(|part| part.split_once('\n'))
        .map(|(path, text)| Source::new(path.trim(), text))
        .collect();
    let (policy, problems) = read(files);
    let errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(policy.enforceable().is_some(), policy.is_present() && !errors);
    let _ = diff(&Policy::empty(), &policy);
    if let Ok(today) = "2026-11-21".parse() {
        let _ = expectations::test(&policy, today);
    }
});
