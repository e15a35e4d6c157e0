//! The spreadsheet that people without git decide in.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use csv::{Csv, Records};
use policy::reclassify::Decided;
use policy::vocabulary::{Class, Identifier};
use sfdx::Project;
use source::{Severity, Source, Span};

use super::Row;

/// People fill in the last three.
const COLUMNS: [&str; 11] = [
    "Object",
    "Field",
    "Label",
    "Class",
    "Identifier",
    "Confidence",
    "Evidence",
    "Reason",
    "Decided class",
    "Decided identifier",
    "Note",
];

/// Larger sheets are none that a person filled in.
const LIMIT: u64 = 64 << 20;

pub(super) fn write(rows: &[Row<'_>]) -> Vec<u8> {
    let mut csv = Csv::new(&COLUMNS);
    for row in rows {
        let evidence = serde_json::to_value(row.holds.evidence).unwrap_or_default();
        csv.row(&[
            row.object,
            row.field,
            row.label.as_str(),
            row.holds.class.as_str(),
            row.holds.identifier.map(|kind| kind.as_str()).unwrap_or_default(),
            row.holds.confidence.as_str(),
            evidence.as_str().unwrap_or_default(),
            &row.holds.reason,
            "",
            "",
            "",
        ]);
    }
    csv.into_bytes()
}

/// The rows in which somebody decided something. Every slip is told with its line, and none is passed over.
pub(super) fn read(path: &Path, project: &Project) -> Result<Vec<Decided>, String> {
    let failed = |error: std::io::Error| format!("`{}` cannot be read: {error}", path.display());
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > LIMIT {
        return Err(format!("`{}` is larger than {LIMIT} bytes", path.display()));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    let (source, problem) = Source::decode(path.display().to_string(), bytes, None);
    if let Some(problem) = problem {
        return Err(format!("{problem}; save the sheet as CSV in UTF-8"));
    }
    let mut records = Records::of(&source);
    let (_, names) = records
        .next()
        .ok_or_else(|| format!("`{}` is empty", path.display()))?
        .map_err(|problem| problem.to_string())?;
    let column = |name: &str| {
        let at = names.iter().position(|own| own.trim().eq_ignore_ascii_case(name));
        at.ok_or_else(|| {
            let semicolons = names.len() == 1 && names.iter().any(|names| names.contains(';'));
            let help = if semicolons { "; save it with commas between cells" } else { "" };
            format!("`{}` has no column `{name}`{help}", path.display())
        })
    };
    let (object, field) = (column("Object")?, column("Field")?);
    let (class, identifier) = (column("Decided class")?, column("Decided identifier")?);
    let mut decided = Vec::new();
    let mut known: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut slips = Vec::new();
    for record in records {
        let (at, cells) = record.map_err(|problem| problem.to_string())?;
        let cell = |column: usize| {
            let cell = cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
            cell.strip_prefix('\'').unwrap_or(cell)
        };
        if cell(class).is_empty() && cell(identifier).is_empty() {
            continue;
        }
        let slip = |what: String| source.problem(Severity::Error, "bad-decision", Span::new(at, at), what);
        match decision(cell(object), cell(field), cell(class), cell(identifier), project) {
            Ok(one) => match known.entry((one.object.to_lowercase(), one.field.to_lowercase())) {
                Entry::Vacant(place) => {
                    place.insert(decided.len());
                    decided.push(one);
                }
                Entry::Occupied(place)
                    if !decided
                        .get(*place.get())
                        .is_some_and(|first: &Decided| says_the_same(first, &one)) =>
                {
                    slips
                        .push(slip("an earlier line decides otherwise of this field".to_owned()).to_string());
                }
                Entry::Occupied(_) => {}
            },
            Err(what) => slips.push(slip(what).to_string()),
        }
    }
    if slips.is_empty() { Ok(decided) } else { Err(slips.join("\n")) }
}

/// Of one field, in whatever spelling.
fn says_the_same(one: &Decided, other: &Decided) -> bool {
    one.class == other.class && one.identifier == other.identifier
}

fn decision(
    object: &str,
    field: &str,
    class: &str,
    identifier: &str,
    project: &Project,
) -> Result<Decided, String> {
    let known = project.field(&format!("{object}.{field}")).ok_or_else(|| {
        format!("the project has no field `{}`", source::plain(&format!("{object}.{field}")))
    })?;
    // What is no API name could say something else in the bundle.
    let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_name(known.object_name()) || !is_name(known.name()) {
        return Err("the name of the field or of its object is no API name".to_owned());
    }
    if class.is_empty() {
        return Err("an identifier is decided and no class: fill in both".to_owned());
    }
    let class = Class::of(&class.to_ascii_lowercase())
        .ok_or("the class is none of phi, phi-sensitive, pii, internal and public")?;
    let identifier = match identifier {
        "" => None,
        text => Some(
            Identifier::of(&text.to_ascii_lowercase())
                .ok_or("the identifier is none of those that docs/policy.md lists")?,
        ),
    };
    Ok(Decided { object: known.object_name().to_owned(), field: known.name().to_owned(), class, identifier })
}
