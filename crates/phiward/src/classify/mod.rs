//! What each field holds: shown, written into field files, taken to people in a spreadsheet and back as a patch.

mod questions;
mod sheet;
mod tags;

use std::path::Path;

use journal::Confidence;
use policy::Policy;
use scan::{Classification, Verdict as Holds};
use sfdx::{Project, Value};

use crate::arguments::{Classify, Tabular};
use crate::{Verdict, files, judge};

/// A field of the source and what it holds.
struct Row<'p> {
    object: &'p str,
    field: &'p str,
    label: String,
    holds: &'p Holds,
}

pub(crate) fn run(arguments: &Classify) -> Result<Verdict, String> {
    let project = judge::read_project(&arguments.path)?;
    if project.objects().next().is_none() {
        return Err(format!("`{}` holds no object or field", arguments.path.display()));
    }
    let own = project.root().join("phiward");
    let bundle = arguments.policy.clone().or_else(|| own.is_dir().then_some(own.clone()));
    let policy = match &bundle {
        Some(folder) => judge::read_bundle(folder)?,
        None => Policy::empty(),
    };
    if let Some(decided) = &arguments.from {
        return patch(arguments, &project, &policy, bundle.as_deref().unwrap_or(&own), decided);
    }
    let classes = Classification::of(&project, &policy);
    if arguments.write {
        let at_least = if arguments.likely { Confidence::Medium } else { Confidence::High };
        return tags::write(&project, &classes, at_least);
    }
    if arguments.questions {
        let bytes = questions::show(&classes, &project, arguments.format)?;
        return match &arguments.output {
            Some(path) => files::write(path, &bytes),
            None => files::print(&bytes),
        }
        .map(|()| Verdict::InOrder);
    }
    let rows: Vec<Row<'_>> = classes
        .all()
        .filter(|(_, _, holds)| arguments.is_all() || holds.class.is_personal())
        .map(|(object, field, holds)| Row {
            object,
            field,
            label: project
                .field(&format!("{object}.{field}"))
                .and_then(|field| field.label())
                .map(Value::into_text)
                .unwrap_or_default()
                .into_owned(),
            holds,
        })
        .collect();
    let bytes = match arguments.format {
        Tabular::Table => table(&rows, classes.all().count()).into_bytes(),
        Tabular::Json => json(&rows)?,
        Tabular::Csv => sheet::write(&rows),
    };
    match &arguments.output {
        Some(path) => files::write(path, &bytes)?,
        None => files::print(&bytes)?,
    }
    Ok(Verdict::InOrder)
}

/// Reads what people decided in the spreadsheet, and writes what the bundle would have to say as a patch.
fn patch(
    arguments: &Classify,
    project: &Project,
    policy: &Policy,
    bundle: &Path,
    decided: &Path,
) -> Result<Verdict, String> {
    let decisions = sheet::read(decided, project)?;
    let sources = if bundle.is_dir() { judge::bundle_sources(bundle)? } else { Vec::new() };
    if sources.is_empty() {
        return Err(format!(
            "there is no policy bundle at `{}` to change; `phiward init` proposes one",
            bundle.display()
        ));
    }
    let revised = policy::reclassify::revise(&sources, policy, &decisions.objects, &decisions.fields);
    let revised = revised.map_err(|problems| {
        let told: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
        format!("the bundle would not be valid with these decisions:{}", told.concat())
    })?;
    let below = judge::shown(bundle, project.root());
    let mut text = String::new();
    for file in &revised.files {
        let path = format!("{below}/{}", file.path);
        if path.chars().any(|c| c.is_control() || matches!(c, '"' | '\\')) {
            return Err(format!(
                "`{}`: a patch cannot name such a path; rename the file",
                source::plain(&path)
            ));
        }
        let old = if file.before.is_empty() { "/dev/null".to_owned() } else { format!("a/{path}") };
        let diff = similar::TextDiff::from_lines(&file.before, &file.after);
        text.push_str(&diff.unified_diff().context_radius(3).header(&old, &format!("b/{path}")).to_string());
    }
    for (decided, why) in &revised.by_hand {
        eprintln!(
            "to be written by hand, because {why}: {}.{}: {}",
            decided.object, decided.field, decided.class
        );
    }
    match &arguments.output {
        Some(path) => files::write(path, text.as_bytes())?,
        None => files::print(text.as_bytes())?,
    }
    let approvers = policy.approvers();
    let who = match approvers {
        Some(approvers) => format!(
            "; {} of {} must approve it",
            approvers.required.value,
            approvers.people.iter().map(|one| one.id.as_str()).collect::<Vec<_>>().join(", ")
        ),
        None => "; the bundle names nobody who approves it".to_owned(),
    };
    eprintln!(
        "{} decisions, {} files changed{who}. Apply with `git apply` in the project's folder",
        decisions.objects.len() + decisions.fields.len(),
        revised.files.len()
    );
    Ok(Verdict::InOrder)
}

fn table(rows: &[Row<'_>], all: usize) -> String {
    let mut text = String::new();
    let mut object = "";
    for row in rows {
        if row.object != object {
            object = row.object;
            text.push_str(&format!("{}\n", source::plain(object)));
        }
        let identifier = row.holds.identifier.map(|kind| kind.as_str()).unwrap_or_default();
        let doubt = match row.holds.confidence {
            Confidence::High => "",
            Confidence::Medium => "likely",
            Confidence::Low => "a guess",
        };
        text.push_str(&format!(
            "  {:<36} {:<13} {identifier:<11} {doubt:<8} {}\n",
            source::plain(row.field),
            row.holds.class.as_str(),
            source::plain(&row.holds.reason)
        ));
    }
    let phi = rows.iter().filter(|row| row.holds.is_phi()).count();
    text.push_str(&format!("{all} fields, {phi} of them hold PHI as far as one can tell\n"));
    text
}

fn json(rows: &[Row<'_>]) -> Result<Vec<u8>, String> {
    let rows: Vec<serde_json::Value> = rows
        .iter()
        .map(|row| {
            serde_json::json!({
                "object": row.object,
                "field": row.field,
                "label": row.label,
                "class": row.holds.class,
                "identifier": row.holds.identifier,
                "confidence": row.holds.confidence,
                "evidence": row.holds.evidence,
                "reason": row.holds.reason,
            })
        })
        .collect();
    let mut bytes = serde_json::to_vec_pretty(&rows).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    Ok(bytes)
}
