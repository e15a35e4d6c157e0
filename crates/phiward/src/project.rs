//! What a project holds, what its source cannot tell, and what would complete it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;
use sfdx::completeness::{self, Item, Remedy, State};
use sfdx::need;

use crate::arguments::{Plain, Project};
use crate::{Verdict, files, judge};

pub(crate) fn run(arguments: &Project) -> Result<Verdict, String> {
    let project = judge::read_project(&arguments.path)?;
    let facts = arguments.facts.as_deref().map(judge::read_facts).transpose()?.unwrap_or_default();
    let items = completeness::of(&project, &facts);
    let text = match (arguments.need, arguments.format) {
        (true, Plain::Human) => needed(&project, &items),
        (true, Plain::Json) => {
            let version = project.api_version().unwrap_or(need::API_VERSION);
            let queries: BTreeMap<&str, String> = completeness::queries(&items)
                .into_iter()
                .filter_map(|name| Some((name, need::Query::named(name)?.command("ORG", version))))
                .collect();
            let document =
                json!({"format": 1, "manifest": manifest(&items).to_xml(version), "queries": queries});
            Ok(serde_json::to_string_pretty(&document).map_err(|error| error.to_string())? + "\n")
        }
        (false, Plain::Human) => described(&project, &items),
        (false, Plain::Json) => {
            let document = json!({
                "format": 1,
                "layout": project.layout(),
                "packageDirectories": project.package_directories(),
                "apiVersion": project.api_version(),
                "files": project.files().len(),
                "components": counts(&project),
                "completeness": items,
                "problems": project.problems(),
            });
            Ok(serde_json::to_string_pretty(&document).map_err(|error| error.to_string())? + "\n")
        }
    };
    // Names come from strangers.
    let text: String =
        text.map_err(|error| error.to_string())?.lines().map(|line| source::plain(line) + "\n").collect();
    files::print(text.as_bytes())?;
    Ok(Verdict::InOrder)
}

fn counts(project: &sfdx::Project) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for component in project.components() {
        *counts.entry(component.kind().to_owned()).or_default() += 1;
    }
    counts
}

fn described(project: &sfdx::Project, items: &[Item]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let lines: usize = project.trees().map(|tree| tree.source().line_count()).sum();
    writeln!(
        text,
        "{} files, {lines} lines of metadata, {:?} format",
        project.files().len(),
        project.layout()
    )?;
    if !project.package_directories().is_empty() {
        writeln!(text, "package directories: {}", project.package_directories().join(", "))?;
    }
    writeln!(text, "\n{:<36} {:>7}", "metadata type", "count")?;
    for (kind, count) in counts(project) {
        writeln!(text, "{kind:<36} {count:>7}")?;
    }
    writeln!(text, "\nFor an audit:")?;
    for state in [State::Absent, State::Partial, State::Present] {
        for item in items.iter().filter(|item| item.state == state) {
            let word = match state {
                State::Present => "complete",
                State::Partial => "in part",
                State::Absent => "unknown",
            };
            writeln!(text, "  {word:<8} {}: {}", item.what, item.why)?;
            if state != State::Present && !item.lacks.is_empty() {
                writeln!(text, "           lacks {}", lacking(&item.lacks))?;
            }
            for remedy in item.remedies.iter().filter(|_| state != State::Present) {
                writeln!(text, "           {}", told(remedy))?;
            }
        }
    }
    for problem in project.problems() {
        writeln!(text, "not read: {problem}")?;
    }
    Ok(text)
}

fn lacking(names: &[String]) -> String {
    if names == ["*"] { "all".to_owned() } else { shortened(names) }
}

fn shortened(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

/// What to do, in words.
pub(crate) fn told(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Retrieve { kind, members } => format!("retrieve {kind}: {}", shortened(members)),
        Remedy::Query(name) => format!("ask the org: {name} (see --need)"),
        Remedy::Do(what) => (*what).to_owned(),
    }
}

fn manifest(items: &[Item]) -> need::Manifest {
    let manifest = completeness::manifest(items);
    if manifest.is_empty() { need::Manifest::for_audit() } else { manifest }
}

fn needed(project: &sfdx::Project, items: &[Item]) -> Result<String, std::fmt::Error> {
    let version = project.api_version().unwrap_or(need::API_VERSION);
    let mut text = String::new();
    writeln!(
        text,
        "# 1. Save this as package.xml, then: sf project retrieve start --manifest package.xml\n"
    )?;
    writeln!(text, "{}", manifest(items).to_xml(version).trim_end())?;
    writeln!(
        text,
        "\n# 2. Ask the org (mkdir facts first; ORG is an alias of `sf org login`), then add --facts facts\n"
    )?;
    for name in completeness::queries(items) {
        if let Some(query) = need::Query::named(name) {
            writeln!(text, "# {}; needs the permission {}", query.what, query.permission)?;
            writeln!(text, "{}", query.command("ORG", version))?;
        }
    }
    Ok(text)
}
