//! Who reaches which patient data: the matrix of fields and principals, or one field step by step.

mod output;

use std::collections::BTreeMap;

use access::{Access, Answer, Model, PrincipalId, Range, Reach};
use scan::RULES;

use crate::arguments::{self, Audience, Subject, Tabular};
use crate::{Verdict, files, judge, near};

/// A field that is told of, and what it holds: `phi, ssn`, or nothing.
struct Told {
    name: String,
    holds: String,
}

impl Told {
    fn object(&self) -> &str {
        self.name.split_once('.').map_or("", |(object, _)| object)
    }
}

/// One principal and one field that it reaches, or may reach.
struct Row {
    /// Their places in the lists.
    field: u32,
    principal: u32,
    read: Answer,
    edit: Answer,
    read_records: Range,
    edit_records: Range,
}

impl Row {
    fn is_complete(&self) -> bool {
        self.read.is_complete()
            && self.edit.is_complete()
            && self.read_records.is_complete()
            && self.edit_records.is_complete()
    }
}

/// All that is told, in the order in which it is told.
struct Answers<'m> {
    fields: Vec<Told>,
    principals: Vec<Access<'m>>,
    /// By field, then by principal.
    rows: Vec<Row>,
    /// Whether fields were named, so that each row is told step by step.
    explained: bool,
    /// Whether the source has profiles at all: without them nobody's access is known.
    has_profiles: bool,
}

pub(crate) fn run(arguments: &arguments::Access) -> Result<Verdict, String> {
    let subject = Subject {
        path: arguments.path.clone(),
        policy: arguments.policy.clone(),
        facts: arguments.facts.clone(),
        on: None,
        rules: Vec::new(),
        // What a field holds needs no rule.
        skip: RULES.iter().map(|rule| rule.id.to_owned()).collect(),
        baseline: None,
        fail_on: journal::Severity::Critical,
    };
    let read = judge::read(&subject)?;
    let report = read.scan(&subject, Audience::ALL)?;
    let phi: BTreeMap<String, Told> = scan::phi_fields(&report, &read.policy)
        .into_iter()
        .map(|(key, field)| (key, Told { name: field.name(), holds: field.holds() }))
        .collect();
    let model = Model::with_fields(&read.project, &read.facts, phi.values().map(|field| field.name.as_str()));
    let fields = fields(arguments, &model, phi)?;
    let principals = principals(arguments, &model)?;
    let has_profiles = read.project.profiles().next().is_some();
    let answers = Answers::of(&model, fields, &principals, !arguments.fields.is_empty(), has_profiles);
    let bytes = match arguments.format {
        Tabular::Table => output::table(&answers, !arguments.principals.is_empty()).into_bytes(),
        Tabular::Json => output::json(&answers)?,
        Tabular::Csv => output::csv(&answers),
    };
    match &arguments.output {
        Some(path) => files::write(path, &bytes)?,
        None => files::print(&bytes)?,
    }
    Ok(Verdict::InOrder)
}

/// The fields to tell of, sorted as they are listed.
fn fields(
    arguments: &arguments::Access,
    model: &Model,
    mut phi: BTreeMap<String, Told>,
) -> Result<Vec<Told>, String> {
    for object in &arguments.objects {
        if !model.objects().any(|known| known.eq_ignore_ascii_case(object)) {
            let near = near::matches(object, model.objects());
            return Err(format!("the source has no object `{}`{near}", source::plain(object)));
        }
    }
    let of_object = |field: &Told| {
        arguments.objects.is_empty()
            || arguments.objects.iter().any(|object| object.eq_ignore_ascii_case(field.object()))
    };
    if arguments.fields.is_empty() {
        let fields: Vec<Told> = phi.into_values().filter(of_object).collect();
        return if fields.is_empty() {
            let what = if arguments.objects.is_empty() { "no field" } else { "no field of this object" };
            Err(format!("{what} is known to hold patient data; name one with --field"))
        } else {
            Ok(fields)
        };
    }
    let mut fields = Vec::new();
    for asked in &arguments.fields {
        let key = asked.to_lowercase();
        let known = model.fields().find(|known| known.to_lowercase() == key);
        let Some(known) = known else {
            let near = near::matches(asked, model.fields());
            let asked = source::plain(asked);
            return Err(format!("no field `{asked}` is known of the source, written OBJECT.FIELD{near}"));
        };
        let told = phi.remove(&key);
        fields.push(told.unwrap_or_else(|| Told { name: known.to_owned(), holds: String::new() }));
    }
    fields.retain(of_object);
    if fields.is_empty() {
        return Err("none of the fields is of the object that --object names".to_owned());
    }
    Ok(fields)
}

fn principals(arguments: &arguments::Access, model: &Model) -> Result<Vec<PrincipalId>, String> {
    if arguments.principals.is_empty() {
        return Ok(model.principals().map(|(id, _)| id).collect());
    }
    let mut found = Vec::new();
    for asked in &arguments.principals {
        let Some(id) = model.principal_named(asked) else {
            let names: Vec<String> = model.principals().map(|(_, one)| one.to_string()).collect();
            let near = near::matches(asked, names.iter().map(String::as_str));
            let asked = source::plain(asked);
            let help = if asked.starts_with("user:") { "; users need --facts" } else { "" };
            return Err(format!("there is no principal `{asked}`{help}{near}"));
        };
        if !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

impl<'m> Answers<'m> {
    fn of(
        model: &'m Model,
        fields: Vec<Told>,
        principals: &[PrincipalId],
        explained: bool,
        has_profiles: bool,
    ) -> Self {
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let matrix = model.matrix(names.iter().copied());
        let told: Vec<(PrincipalId, Access<'m>)> =
            principals.iter().filter_map(|&id| Some((id, model.access(id)?))).collect();
        let mut reach: BTreeMap<(&str, u32), (Range, Range)> = BTreeMap::new();
        let mut rows = Vec::new();
        for ((field, told_of), at) in (0_u32..).zip(&fields).zip(0..) {
            let object = told_of.object();
            for (principal, (id, access)) in (0_u32..).zip(&told) {
                let (read, edit) = (matrix.read(*id, at), matrix.edit(*id, at));
                if read == Answer::No && edit == Answer::No {
                    continue;
                }
                let (read_records, edit_records) = *reach.entry((object, principal)).or_insert_with(|| {
                    let nothing = Range { low: Reach::None, high: Reach::All };
                    access.reach(object).unwrap_or((nothing, nothing))
                });
                rows.push(Row { field, principal, read, edit, read_records, edit_records });
            }
        }
        let principals = told.into_iter().map(|(_, access)| access).collect();
        Self { fields, principals, rows, explained, has_profiles }
    }

    fn field(&self, row: &Row) -> Option<&Told> {
        self.fields.get(row.field as usize)
    }

    fn principal(&self, row: &Row) -> Option<&Access<'m>> {
        self.principals.get(row.principal as usize)
    }

    fn rows_of(&self, field: u32) -> &[Row] {
        let from = self.rows.partition_point(|row| row.field < field);
        let to = self.rows.partition_point(|row| row.field <= field);
        self.rows.get(from..to).unwrap_or_default()
    }
}
