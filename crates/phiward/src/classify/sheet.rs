//! The spreadsheet that people without git decide in.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use csv::{Csv, Records};
use policy::bundle::classification::Keeps;
use policy::reclassify::{Answered, Decided, DecidedIdentifier, EVERY_OBJECT};
use policy::vocabulary::{Class, Identifier};
use source::{Severity, Source, Span};

use super::known::Known;
use super::{Row, questions};

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

/// Of an identifier: there is none, whatever the bundle says until now.
const NOBODY: &str = "none";

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

/// What people decided in a sheet.
#[derive(Default)]
pub(super) struct Decisions {
    /// Rows without a field: whose records an object keeps.
    pub(super) objects: Vec<Answered>,
    pub(super) fields: Vec<Decided>,
    /// Lines in which nobody decided anything, of what is not there any more: line and name.
    pub(super) gone: Vec<(u32, String)>,
}

/// The rows in which somebody decided something. Every slip is told with its line, and none is passed over.
pub(super) fn read(path: &Path, known: &Known<'_>) -> Result<Decisions, String> {
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
    // Only the sheet of questions asks for it.
    let subject = column("Decided subject").ok();
    let mut answered: Vec<Answered> = Vec::new();
    let mut decided = Vec::new();
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut gone = Vec::new();
    let mut slips = Vec::new();
    for record in records {
        let (at, cells) = record.map_err(|problem| problem.to_string())?;
        let cell = |column: usize| {
            let cell = cells.get(column).map(|cell| cell.trim()).unwrap_or_default();
            cell.strip_prefix('\'').unwrap_or(cell)
        };
        if cell(class).is_empty() && cell(identifier).is_empty() {
            gone.extend(
                absent(cell(object), cell(field), known).map(|name| (source.position(at).line, name)),
            );
            continue;
        }
        let slip = |what: String| source.problem(Severity::Error, "bad-decision", Span::new(at, at), what);
        if cell(field).is_empty() && !cell(object).is_empty() {
            let subject = subject.map(cell).unwrap_or_default();
            match answer(cell(object), cell(class), subject, known) {
                Ok(one) => match answered.iter().find(|own| own.object == one.object) {
                    Some(own) if *own != one => {
                        let what = "an earlier line answers otherwise of this object".to_owned();
                        slips.push(slip(what).to_string());
                    }
                    Some(_) => {}
                    None => answered.push(one),
                },
                Err(what) => slips.push(slip(what).to_string()),
            }
            continue;
        }
        match decision(cell(object), cell(field), cell(class), cell(identifier), known) {
            Ok(one) => match places.entry((one.object.to_lowercase(), one.field.to_lowercase())) {
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
    if slips.is_empty() {
        Ok(Decisions { objects: answered, fields: decided, gone })
    } else {
        Err(slips.join("\n"))
    }
}

/// What a row is about, where the project does not have it.
fn absent(object: &str, field: &str, known: &Known<'_>) -> Option<String> {
    let is_there = match (object, field) {
        ("", _) | (EVERY_OBJECT, _) => true,
        (object, "") => known.object(object).is_some(),
        (object, field) => known.field(object, field).is_some(),
    };
    (!is_there).then(|| if field.is_empty() { object.to_owned() } else { format!("{object}.{field}") })
}

/// What stands in a row without a field.
fn answer(object: &str, class: &str, subject: &str, known: &Known<'_>) -> Result<Answered, String> {
    if object == EVERY_OBJECT {
        return match questions::keeps(&class.to_ascii_lowercase()) {
            Some(Keeps::NoPatients) => Ok(Answered {
                object: object.to_owned(),
                keeps: Keeps::NoPatients,
                subject: None,
                unseen: None,
            }),
            _ => Err("of the whole organisation the class is no-patient, or the line stays empty".to_owned()),
        };
    }
    let own = known.object(object).ok_or_else(|| known.no_object(object))?;
    if !is_name(&own) {
        return Err("the name of the object is no API name".to_owned());
    }
    let keeps = questions::keeps(&class.to_ascii_lowercase())
        .ok_or("of an object the class is none of patient, about-patient and no-patient")?;
    let subject = (keeps == Keeps::AboutPatients && !subject.is_empty()).then_some(subject);
    if let Some(path) = subject {
        // Later steps may lead through objects that are not in the source.
        let first = path.split('.').next().unwrap_or_default();
        if !path.split('.').all(is_name) || !known.leads(&own, first) {
            return Err(format!("`{own}` has no field `{}` that leads to the patient", source::plain(path)));
        }
    }
    Ok(Answered { object: own, keeps, subject: subject.map(str::to_owned), unseen: None })
}

/// What is no API name could say something else in the bundle.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
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
    known: &Known<'_>,
) -> Result<Decided, String> {
    let (object, field) = known.field(object, field).ok_or_else(|| known.no_field(object, field))?;
    if !is_name(&object) || !is_name(&field) {
        return Err("the name of the field or of its object is no API name".to_owned());
    }
    if class.is_empty() {
        return Err("an identifier is decided and no class: fill in both".to_owned());
    }
    let class = Class::of(&class.to_ascii_lowercase())
        .ok_or("the class is none of phi, phi-sensitive, pii, internal and public")?;
    let identifier = match identifier.to_ascii_lowercase().as_str() {
        "" => DecidedIdentifier::AsItStands,
        NOBODY => DecidedIdentifier::Nobody,
        text => DecidedIdentifier::Is(
            Identifier::of(text)
                .ok_or("the identifier is neither `none` nor one of those that docs/policy.md lists")?,
        ),
    };
    Ok(Decided { object, field, class, identifier, unseen: None })
}
