//! Runs `rules/*.md`: each section is a project, each annotation a finding that must be there, and no other of
//! that rule may be.
//!
//! ~~~text
//! ## A case
//! ```xml path=force-app/main/default/objects/A__c/A__c.object-meta.xml
//! <sharingModel>ReadWrite</sharingModel> <!-- finding: rule-id high "part of the message" -->
//! ```
//! ```expect
//! data/people.csv:3 rule-id
//! unknown rule-id "part of what is missing"
//! ```
//! ~~~
//!
//! Blocks below `facts/` are what queries of the org answered, and are no part of the project.

use std::fmt::Write as _;
use std::path::Path;

use journal::Severity;
use regex::Regex;

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 21);

#[derive(Debug, Default)]
struct Case {
    title: String,
    line: usize,
    files: Vec<(String, String)>,
    expected: Vec<Expected>,
}

#[derive(Debug)]
struct Expected {
    /// Nothing: a gap is expected.
    at: Option<(String, u32)>,
    rule: String,
    severity: Option<Severity>,
    text: String,
}

fn cases(markdown: &str) -> Vec<Case> {
    let annotation = Regex::new(
        r#"(?:<!--|//|#)\s*finding:\s*([a-z0-9-]+)(?:\s+(critical|high|medium|low|info))?(?:\s+"([^"]*)")?"#,
    )
    .unwrap();
    let line_of = Regex::new(
        r#"^(?:unknown|(?<path>.+):(?<line>\d+))\s+(?<rule>[a-z0-9-]+)(?:\s+(?<severity>critical|high|medium|low|info))?(?:\s+"(?<text>[^"]*)")?\s*$"#,
    )
    .unwrap();
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = markdown.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            cases.push(Case { title: title.trim().to_owned(), line: number + 1, ..Case::default() });
        } else if let Some(info) = line.strip_prefix("```") {
            let body: Vec<&str> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| !line.starts_with("```")).collect();
            let Some(case) = cases.last_mut() else { continue };
            if let Some((_, path)) = info.split_once("path=") {
                let path = path.trim().trim_matches('"').to_owned();
                for (index, line) in body.iter().enumerate() {
                    for found in annotation.captures_iter(line) {
                        case.expected.push(Expected {
                            at: Some((path.clone(), u32::try_from(index).unwrap() + 1)),
                            rule: found[1].to_owned(),
                            severity: found.get(2).map(|s| s.as_str().parse().unwrap()),
                            text: found.get(3).map_or("", |t| t.as_str()).to_owned(),
                        });
                    }
                }
                case.files.push((path, body.join("\n") + "\n"));
            } else if info.trim() == "expect" {
                for line in body.iter().filter(|line| !line.trim().is_empty()) {
                    let found =
                        line_of.captures(line.trim()).unwrap_or_else(|| panic!("not an expectation: {line}"));
                    case.expected.push(Expected {
                        at: found
                            .name("path")
                            .map(|path| (path.as_str().to_owned(), found["line"].parse().unwrap())),
                        rule: found["rule"].to_owned(),
                        severity: found.name("severity").map(|s| s.as_str().parse().unwrap()),
                        text: found.name("text").map_or("", |t| t.as_str()).to_owned(),
                    });
                }
            }
        }
    }
    cases
}

fn judge(rule: &str, case: &Case) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let of_org = tempfile::tempdir().unwrap();
    for (path, text) in &case.files {
        let full = match path.strip_prefix("facts/") {
            Some(name) => of_org.path().join(name),
            None => folder.path().join(path),
        };
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    let bundle = folder.path().join("phiward");
    if bundle.is_dir() && !bundle.join("phiward.yaml").exists() {
        let minimal = "version: 1\norganisation: {name: Test Clinic, roles: [covered-entity, controller]}\nregions: [us, eu]\n";
        std::fs::write(bundle.join("phiward.yaml"), minimal).unwrap();
    }
    let facts = sfdx::read_facts(of_org.path()).unwrap();
    if let Some(problem) = facts.problems().iter().find(|problem| problem.code != "query-cut") {
        return Err(format!("    the facts of this case: {problem}\n"));
    }
    let report = scan_folder(folder.path(), &bundle, &facts)?;

    let mut wrong = String::new();
    let mut findings: Vec<_> = report.findings.iter().filter(|f| f.counts()).collect();
    let mut gaps: Vec<_> = report.gaps.iter().filter(|gap| gap.rule == rule).collect();
    // What another rule tells in its place has to be there; what else others find is on their own pages.
    for Expected { at, rule: of, severity, text } in &case.expected {
        match at {
            Some((path, line)) => {
                let found = findings.iter().position(|f| {
                    f.rule == of.as_str()
                        && f.place.path == *path
                        && f.place.start.line == *line
                        && severity.is_none_or(|severity| severity == f.severity)
                        && f.message.to_lowercase().contains(&text.to_lowercase())
                });
                match found {
                    Some(index) => drop(findings.remove(index)),
                    None => writeln!(wrong, "    missing: {path}:{line} {severity:?} {text:?}").unwrap(),
                }
            }
            None if of != rule => {}
            None => match gaps.iter().position(|gap| {
                format!("{} {}", gap.missing, gap.complete_with).to_lowercase().contains(&text.to_lowercase())
            }) {
                Some(index) => drop(gaps.remove(index)),
                None => writeln!(wrong, "    missing: an unknown {text:?}").unwrap(),
            },
        }
    }
    for finding in findings.into_iter().filter(|finding| finding.rule == rule) {
        let journal::Place { path, start, .. } = &finding.place;
        writeln!(wrong, "    not expected: {path}:{} {} {}", start.line, finding.severity, finding.message)
            .unwrap();
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn scan_folder(project: &Path, bundle: &Path, facts: &sfdx::Facts) -> Result<scan::Report, String> {
    let project = sfdx::read(project, &sfdx::Options::default()).map_err(|error| error.to_string())?;
    let policy = if bundle.is_dir() {
        let (sources, problems) =
            source::read_folder(bundle, &["yaml", "cedar"], source::FolderLimits::default()).unwrap();
        let (policy, more) = policy::read(sources);
        let errors: Vec<String> = problems
            .iter()
            .chain(&more)
            .filter(|problem| problem.severity == source::Severity::Error)
            .map(|problem| format!("    the bundle of this case: {problem}\n"))
            .collect();
        if !errors.is_empty() {
            return Err(errors.concat());
        }
        policy
    } else {
        policy::Policy::empty()
    };
    let input = scan::Input { project: &project, policy: &policy, bundle: "phiward", facts, today: TODAY };
    Ok(scan::run(&input, &scan::Config::default()))
}

#[test]
fn every_rule_finds_what_its_page_says_and_nothing_else() {
    #[expect(clippy::disallowed_methods, reason = "names one rule while it is being written")]
    let only = std::env::var("PHIWARD_SPEC").ok();
    let mut report = String::new();
    let mut count = 0;
    for rule in scan::RULES {
        if only.as_ref().is_some_and(|only| only != rule.id) {
            continue;
        }
        let file = format!("src/rules/{}.md", rule.id.replace('-', "_"));
        let markdown = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap();
        let cases = cases(&markdown);
        let positives =
            cases.iter().filter(|case| case.expected.iter().any(|e| e.rule == rule.id && e.at.is_some()));
        assert!(positives.count() > 0, "{file} has no positive case");
        assert!(cases.iter().any(|case| case.expected.is_empty()), "{file} has no negative case");
        for case in &cases {
            count += 1;
            if let Err(wrong) = judge(rule.id, case) {
                writeln!(report, "{file}:{} {}\n{wrong}", case.line, case.title).unwrap();
            }
        }
    }
    assert!(count > 0, "no case ran");
    assert!(report.is_empty(), "{} cases ran\n{report}", count);
}
