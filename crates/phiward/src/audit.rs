use crate::arguments::{Audience, Audit};
use crate::scan_command::verdict;
use crate::{Verdict, files, judge, now};

pub(crate) fn run(arguments: &Audit) -> Result<Verdict, String> {
    let subject = &arguments.subject;
    let read = judge::read(subject)?;
    let at = now();
    let report = read.scan(subject, Audience::ALL)?;
    let folder_name = || {
        let root = std::fs::canonicalize(read.project.root()).ok()?;
        Some(root.file_name()?.to_string_lossy().into_owned())
    };
    let name = arguments.name.clone().or_else(folder_name).unwrap_or_else(|| "project".to_owned());
    let input = dossier::Audit {
        report: &report,
        policy: &read.policy,
        project: &read.project,
        facts: &read.facts,
        project_name: &name,
        generated_at: at,
        today: read.today,
        version: env!("CARGO_PKG_VERSION"),
    };
    let below = read.below_repository();
    files::folder(&arguments.out)?;
    for document in dossier::audit(&input).map_err(|error| error.to_string())? {
        files::write_below(&arguments.out, document.name, &document.bytes)?;
    }
    for (name, format) in
        [("findings.sarif", scan::output::Format::Sarif), ("findings.json", scan::output::Format::Json)]
    {
        let mut bytes = Vec::new();
        let stamp = scan::output::Stamp { version: env!("CARGO_PKG_VERSION"), at, below: &below };
        scan::output::write(format, &report, &read.project, stamp, &mut bytes)
            .map_err(|error| error.to_string())?;
        files::write_below(&arguments.out, name, &bytes)?;
    }
    let counts = report.counts();
    let found = if counts.is_empty() { "no findings" } else { &counts };
    println!("{found}; {} things could not be judged from the source", report.gaps.len());
    println!("open {}", arguments.out.join("index.html").display());
    Ok(verdict(&report, subject.fail_on))
}
