//! The answers as a table to read, as JSON and as CSV.

use std::collections::{BTreeMap, BTreeSet};

use access::{Access, Answer, FieldDecision, Path, Records};
use serde_json::{Value, json};
use sfdx::completeness::Remedy;
use source::plain;

use super::{Answers, Row, Told};
use crate::project;

/// Lines of a terminal; names come from strangers.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, indent: usize, text: &str) {
        self.0.push_str(&" ".repeat(indent));
        self.0.push_str(&plain(text));
        self.0.push('\n');
    }
}

pub(super) fn table(answers: &Answers<'_>, unknown_too: bool) -> String {
    let mut lines = Lines::default();
    let all_rows = unknown_too || answers.explained;
    let others = if answers.has_profiles { "" } else { ", nor of any profile" };
    for (at, field) in (0_u32..).zip(&answers.fields) {
        let rows = answers.rows_of(at);
        let count = |what: fn(&Row) -> Answer, wanted| rows.iter().filter(|row| what(row) == wanted).count();
        let holds = if field.holds.is_empty() { String::new() } else { format!(" ({})", field.holds) };
        lines.line(
            0,
            &format!(
                "{}{holds}: read by {}, edited by {}; not known of {}{others}",
                field.name,
                count(|row| row.read, Answer::Yes),
                count(|row| row.edit, Answer::Yes),
                rows.iter().filter(|row| row.read == Answer::Unknown || row.edit == Answer::Unknown).count(),
            ),
        );
        let told = rows.iter().filter(|row| all_rows || row.read.is_yes() || row.edit.is_yes());
        for row in told {
            let Some(principal) = answers.principal(row) else { continue };
            if answers.explained {
                explain(&mut lines, field, principal, row);
            } else {
                lines.line(2, &summary(principal, row));
            }
        }
    }
    footing(&mut lines, answers, unknown_too);
    lines.0
}

fn summary(principal: &Access<'_>, row: &Row) -> String {
    let complete = if row.is_complete() { "" } else { "  partial" };
    format!(
        "{:<44} read {:<8} edit {:<8} records: read {}, edit {}{complete}",
        principal.principal(),
        row.read,
        row.edit,
        row.read_records,
        row.edit_records
    )
}

const NO_PROFILES: &str = "No profile is in the source, and each user has one: who else reads or edits is not known; retrieve Profile: *";

/// What would complete the answers, and, where principals were named, what else they can do.
fn footing(lines: &mut Lines, answers: &Answers<'_>, named: bool) {
    if named {
        for principal in &answers.principals {
            lines.line(0, "");
            lines.line(0, &format!("{}, {}", principal.principal(), principal.principal().crowd().as_str()));
            lines.line(2, &format!("may use the APIs: {}", principal.has("ApiEnabled")));
            for way in principal.escalations() {
                let answer = if way.decision.answer.is_yes() { "" } else { " (not known)" };
                lines.line(2, &format!("can get more{answer}: {}, {}", way.name, way.allows));
                for path in way.decision.paths.iter().filter(|path| path.answer != Answer::No) {
                    lines.line(4, &path.to_string());
                }
            }
        }
    }
    let mut partial = 0;
    let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut others: BTreeSet<Remedy> = BTreeSet::new();
    for principal in &answers.principals {
        let missing = principal.missing();
        partial += usize::from(!missing.is_empty());
        for remedy in missing {
            match remedy {
                Remedy::Retrieve { kind, members: names } => members.entry(kind).or_default().extend(names),
                other => {
                    others.insert(other);
                }
            }
        }
    }
    if !answers.has_profiles {
        lines.line(0, "");
        lines.line(0, NO_PROFILES);
    }
    if partial == 0 {
        return;
    }
    lines.line(0, "");
    let all = answers.principals.len();
    lines.line(
        0,
        &format!("What {partial} of {all} principals hold is not told in full by the source; what would:"),
    );
    for (kind, members) in members {
        let remedy = Remedy::Retrieve { kind, members: members.into_iter().collect() };
        lines.line(2, &project::told(&remedy));
    }
    for remedy in &others {
        lines.line(2, &project::told(remedy));
    }
}

/// One principal and one field, step by step.
fn explain(lines: &mut Lines, field: &Told, principal: &Access<'_>, row: &Row) {
    let (Some(told), Some(records)) = (principal.field(&field.name), principal.records(field.object()))
    else {
        return;
    };
    lines.line(0, "");
    lines.line(2, &principal.principal().to_string());
    decision(lines, "reads the field", &told.read);
    decision(lines, "edits the field", &told.edit);
    lines.line(
        4,
        &format!("records of {}: reads {}, edits {}", field.object(), row.read_records, row.edit_records),
    );
    for path in &records.paths {
        lines.line(6, &marked(path));
    }
    missing(lines, &records.missing);
}

fn decision(lines: &mut Lines, what: &str, decision: &FieldDecision) {
    lines.line(4, &format!("{what}: {}", decision.answer));
    for (side, part) in [("object", &decision.by_object), ("field", &decision.by_field)] {
        if part.paths.is_empty() {
            lines.line(6, &format!("to the {side}: {}", part.answer));
        }
        for path in &part.paths {
            lines.line(6, &format!("to the {side}: {}", marked(path)));
        }
    }
    if let Some(barred) = &decision.barred {
        lines.line(6, &format!("but {}", barred.words));
    }
    missing(lines, &decision.missing);
}

fn marked(path: &Path) -> String {
    match path.answer {
        Answer::Yes => path.to_string(),
        Answer::Unknown => format!("perhaps: {path}"),
        Answer::No => format!("not by: {path}"),
    }
}

fn missing(lines: &mut Lines, missing: &[Remedy]) {
    if !missing.is_empty() {
        lines.line(6, "would be settled by:");
    }
    for remedy in missing {
        lines.line(8, &project::told(remedy));
    }
}

pub(super) fn csv(answers: &Answers<'_>) -> Vec<u8> {
    let mut csv = csv::Csv::new(&[
        "Field",
        "Holds",
        "Principal",
        "Crowd",
        "Reads",
        "Edits",
        "Reads records at least",
        "Reads records at most",
        "Edits records at least",
        "Edits records at most",
        "Complete",
    ]);
    let names: Vec<String> = answers.principals.iter().map(|access| access.principal().to_string()).collect();
    for row in &answers.rows {
        let (Some(field), Some(principal), Some(name)) =
            (answers.field(row), answers.principal(row), names.get(row.principal as usize))
        else {
            continue;
        };
        csv.row(&[
            field.name.as_str(),
            &field.holds,
            name,
            principal.principal().crowd().as_str(),
            row.read.as_str(),
            row.edit.as_str(),
            row.read_records.low.as_str(),
            row.read_records.high.as_str(),
            row.edit_records.low.as_str(),
            row.edit_records.high.as_str(),
            if row.is_complete() { "yes" } else { "no" },
        ]);
    }
    csv.into_bytes()
}

/// Row by row: a large org has millions of them.
pub(super) fn json(answers: &Answers<'_>) -> Result<Vec<u8>, String> {
    let mut out = b"{\"format\":1,\n\"fields\":[".to_vec();
    let fields = answers.fields.iter().map(|field| json!({"field": field.name, "holds": field.holds}));
    list(&mut out, fields)?;
    out.extend_from_slice(b"],\n\"principals\":[");
    list(&mut out, answers.principals.iter().map(principal))?;
    out.extend_from_slice(b"],\n\"access\":[");
    list(&mut out, answers.rows.iter().filter_map(|row| access(answers, row)))?;
    let missing: &[&str] = if answers.has_profiles { &[] } else { &[NO_PROFILES] };
    out.extend_from_slice(b"],\n\"missing\":[");
    list(&mut out, missing.iter().map(|missing| json!(missing)))?;
    out.extend_from_slice(b"]}\n");
    Ok(out)
}

fn list(out: &mut Vec<u8>, values: impl Iterator<Item = Value>) -> Result<(), String> {
    for (at, value) in values.enumerate() {
        out.extend_from_slice(if at > 0 { b",\n" } else { b"\n" });
        serde_json::to_writer(&mut *out, &value).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn principal(access: &Access<'_>) -> Value {
    let principal = access.principal();
    let escalations: Vec<Value> = access
        .escalations()
        .iter()
        .map(|way| json!({"name": way.name, "answer": way.decision.answer}))
        .collect();
    json!({
        "principal": principal.to_string(),
        "kind": principal.kind(),
        "name": principal.name(),
        "crowd": principal.crowd(),
        "api": access.has("ApiEnabled"),
        "escalations": escalations,
        "missing": remedies(&access.missing()),
    })
}

fn access(answers: &Answers<'_>, row: &Row) -> Option<Value> {
    let (field, principal) = (answers.field(row)?, answers.principal(row)?);
    let mut value = json!({
        "field": field.name,
        "principal": principal.principal().to_string(),
        "read": row.read,
        "edit": row.edit,
        "records": {"read": row.read_records, "edit": row.edit_records},
        "complete": row.is_complete(),
    });
    if answers.explained
        && let (Some(told), Some(records)) = (principal.field(&field.name), principal.records(field.object()))
        && let Some(object) = value.as_object_mut()
    {
        object.insert("explained".to_owned(), explained(&told.read, &told.edit, &records));
    }
    Some(value)
}

fn explained(read: &FieldDecision, edit: &FieldDecision, records: &Records) -> Value {
    let of = |decision: &FieldDecision| {
        json!({
            "answer": decision.answer,
            "byObject": {"answer": decision.by_object.answer, "paths": decision.by_object.paths},
            "byField": {"answer": decision.by_field.answer, "paths": decision.by_field.paths},
            "barred": decision.barred,
            "missing": remedies(&decision.missing),
        })
    };
    json!({
        "read": of(read),
        "edit": of(edit),
        "records": {"paths": records.paths, "missing": remedies(&records.missing)},
    })
}

fn remedies(missing: &[Remedy]) -> Vec<String> {
    missing.iter().map(project::told).collect()
}
