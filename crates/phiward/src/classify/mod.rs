//! What each field holds: shown, written into field files, taken to people in a spreadsheet and back as a patch.

mod accept;
mod known;
mod questions;
mod sheet;
mod tags;

use std::path::Path;

use journal::Confidence;
use policy::Policy;
use policy::reclassify::{Acceptance, Decided, Revised, revise};
use scan::{Classification, NamedInCode, Verdict as Holds};
use sfdx::{Project, Value};
use source::Source;

use crate::arguments::{Classify, Tabular};
use crate::{Verdict, files, judge, today};
use known::Known;
use sheet::Decisions;

/// A field and what it holds.
struct Row<'p> {
    object: &'p str,
    field: &'p str,
    label: String,
    holds: Holds,
    named_by: NamedBy,
}

/// What of the project has a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NamedBy {
    Metadata,
    Code,
    /// Neither: only the bundle does.
    Bundle,
}

impl NamedBy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Code => "code",
            Self::Bundle => "bundle",
        }
    }
}

pub(crate) fn run(arguments: &Classify) -> Result<Verdict, String> {
    let project = judge::read_project(&arguments.path)?;
    let own = project.root().join("phiward");
    let bundle = arguments.policy.clone().or_else(|| own.is_dir().then_some(own.clone()));
    let policy = match &bundle {
        Some(folder) => judge::read_bundle(folder)?,
        None => Policy::empty(),
    };
    if arguments.write {
        if project.objects().next().is_none() {
            return Err(format!("`{}` holds no field file to tag", arguments.path.display()));
        }
        let at_least = if arguments.likely { Confidence::Medium } else { Confidence::High };
        return tags::write(&project, &Classification::of(&project, &policy), at_least);
    }
    let facts = sfdx::Facts::default();
    let input = scan::Input { project: &project, policy: &policy, bundle: "", facts: &facts, today: today() };
    let named = NamedInCode::of(&input);
    let known = Known::of(&project, &named);
    if known.is_empty() {
        return Err(format!(
            "`{}` holds no object or field, neither in metadata nor in Apex",
            arguments.path.display()
        ));
    }
    if arguments.from.is_some() || arguments.accept_proposed {
        let found = Found { project: &project, policy: &policy, named: &named, known: &known };
        return patch(arguments, &found, bundle.as_deref().unwrap_or(&own));
    }
    let with_code = Classification::with_code(&project, &policy, &named);
    if arguments.questions {
        let bytes = questions::show(&with_code, &project, arguments.format)?;
        return match &arguments.output {
            Some(path) => files::write(path, &bytes),
            None => files::print(&bytes),
        }
        .map(|()| Verdict::InOrder);
    }
    let classes = Classification::of(&project, &policy);
    let all = rows(&project, &policy, &known, &classes, &with_code);
    let counted = Counted::of(&all, &known, &policy);
    let rows: Vec<Row<'_>> =
        all.into_iter().filter(|row| arguments.is_all() || row.holds.class.is_personal()).collect();
    let bytes = match arguments.format {
        Tabular::Table => table(&rows, &counted).into_bytes(),
        Tabular::Json => json(&rows)?,
        Tabular::Csv => sheet::write(&rows),
    };
    match &arguments.output {
        Some(path) => files::write(path, &bytes)?,
        None => files::print(&bytes)?,
    }
    Ok(Verdict::InOrder)
}

/// Every field that metadata, code or the bundle has, by name.
fn rows<'p>(
    project: &Project,
    policy: &'p Policy,
    known: &Known<'_>,
    classes: &'p Classification<'_>,
    with_code: &'p Classification<'_>,
) -> Vec<Row<'p>> {
    let described = classes.all().map(|(object, field, holds)| Row {
        object,
        field,
        label: project
            .field(&format!("{object}.{field}"))
            .and_then(|field| field.label())
            .map(Value::into_text)
            .unwrap_or_default()
            .into_owned(),
        holds: holds.clone(),
        named_by: NamedBy::Metadata,
    });
    let in_code = with_code.all_in_code().map(|(object, field, holds)| Row {
        object: &object.name,
        field: &field.name,
        label: String::new(),
        holds: holds.clone(),
        named_by: NamedBy::Code,
    });
    let astray = known.astray(policy).into_iter().filter_map(|line| {
        let field = line.field?;
        let mut holds = classes.field(line.object, field);
        holds.reason = format!("{}; neither metadata nor code has it (any more)", holds.reason).into();
        Some(Row { object: line.object, field, label: String::new(), holds, named_by: NamedBy::Bundle })
    });
    let mut rows: Vec<Row<'_>> = described.chain(in_code).chain(astray).collect();
    rows.sort_by_cached_key(|row| (row.object.to_lowercase(), row.field.to_lowercase()));
    rows
}

/// What all rows come to, shown or not.
struct Counted {
    all: usize,
    in_code: usize,
    /// Lines of the bundle about what neither metadata nor code has.
    astray: Vec<String>,
}

impl Counted {
    fn of(rows: &[Row<'_>], known: &Known<'_>, policy: &Policy) -> Self {
        let by = |named_by: NamedBy| rows.iter().filter(|row| row.named_by == named_by).count();
        let astray = known.astray(policy).into_iter().map(|line| match line.field {
            Some(field) => format!("{}: `{}.{field}`", line.place, line.object),
            None => format!("{}: `{}`", line.place, line.object),
        });
        Self {
            all: by(NamedBy::Metadata) + by(NamedBy::Code),
            in_code: by(NamedBy::Code),
            astray: astray.collect(),
        }
    }
}

/// What decisions are about.
#[derive(Clone, Copy)]
struct Found<'p> {
    project: &'p Project,
    policy: &'p Policy,
    named: &'p NamedInCode,
    known: &'p Known<'p>,
}

/// The bundle as it changes, one kind of decision after the other.
struct Draft {
    sources: Vec<Source>,
    by_hand: Vec<(Decided, &'static str)>,
}

impl Draft {
    fn take(&mut self, revised: Result<Revised, Vec<source::Problem>>) -> Result<(), String> {
        let revised = revised.map_err(|problems| {
            let told: Vec<String> = problems.iter().map(|problem| format!("\n  {problem}")).collect();
            format!("the bundle would not be valid with these decisions:{}", told.concat())
        })?;
        self.sources = revised.applied(&self.sources);
        self.by_hand.extend(revised.by_hand);
        Ok(())
    }

    fn policy(&self) -> Policy {
        policy::read(self.sources.clone()).0
    }

    /// Takes what nobody has decided as it is proposed: first whose records objects keep, since fields hang on that.
    fn accept(&mut self, found: &Found<'_>, unseen: &Acceptance) -> Result<(), String> {
        let decided = self.policy();
        let mut objects = accept::objects(found.project, found.policy, &decided, found.named, unseen);
        // Answers about one object make fields of others a patient's: what was nobody's before is not so any more.
        let (between, mut fields) = loop {
            let mut between = Self { sources: self.sources.clone(), by_hand: Vec::new() };
            between.take(revise(&self.sources, &decided, &objects.answered, &[]))?;
            let fields = accept::fields(found.project, &between.policy(), found.named, unseen);
            if !objects.leave_contradicted(&fields) {
                break (between, fields);
            }
        };
        let policy = between.policy();
        self.sources = between.sources;
        self.by_hand.extend(between.by_hand);
        let of_nobody = accept::split_of_nobody(&mut fields, &policy);
        self.take(revise(&self.sources, &policy, &[], &fields))?;
        eprintln!(
            "accepted unseen by {} on {}, as they were proposed: {} of objects and {} of fields; each line says so, and `phiward policy \
             check` warns until somebody has judged it",
            unseen.by,
            unseen.on,
            lines(objects.answered.len()),
            lines(fields.len())
        );
        if !objects.left.is_empty() {
            eprintln!(
                "left open, since we would say that they are nobody's and their fields look like a patient's: {}",
                objects.left.iter().map(|name| source::plain(name)).collect::<Vec<_>>().join(", ")
            );
        }
        if !of_nobody.is_empty() {
            eprintln!(
                "left out, since the bundle says that their objects keep no patients and they look like a patient's: {}",
                of_nobody.iter().map(|name| source::plain(name)).collect::<Vec<_>>().join(", ")
            );
        }
        Ok(())
    }
}

/// Reads what people decided in the spreadsheet, takes what is proposed where they said so, and writes what the bundle
/// would have to say as a patch.
fn patch(arguments: &Classify, found: &Found<'_>, bundle: &Path) -> Result<Verdict, String> {
    let decisions = match &arguments.from {
        Some(decided) => sheet::read(decided, found.known)?,
        None => Decisions::default(),
    };
    tell_gone(&decisions.gone);
    let before = if bundle.is_dir() { judge::bundle_sources(bundle)? } else { Vec::new() };
    if before.is_empty() {
        return Err(format!(
            "there is no policy bundle at `{}` to change; `phiward init` proposes one",
            bundle.display()
        ));
    }
    let mut draft = Draft { sources: before.clone(), by_hand: Vec::new() };
    draft.take(revise(&before, found.policy, &decisions.objects, &decisions.fields))?;
    if let Some(by) = arguments.by.clone().filter(|_| arguments.accept_proposed) {
        draft.accept(found, &Acceptance { by, on: today() })?;
    }
    let below = judge::shown(bundle, found.project.root());
    let mut text = String::new();
    let mut changed = 0_usize;
    for after in &draft.sources {
        let before = before.iter().find(|source| source.path() == after.path());
        let old = before.map(Source::text).unwrap_or_default();
        if old == after.text() {
            continue;
        }
        changed += 1;
        let path = format!("{below}/{}", after.path());
        if path.chars().any(|c| c.is_control() || matches!(c, '"' | '\\')) {
            return Err(format!(
                "`{}`: a patch cannot name such a path; rename the file",
                source::plain(&path)
            ));
        }
        let from = if old.is_empty() { "/dev/null".to_owned() } else { format!("a/{path}") };
        let diff = similar::TextDiff::from_lines(old, after.text());
        text.push_str(&diff.unified_diff().context_radius(3).header(&from, &format!("b/{path}")).to_string());
    }
    for (decided, why) in &draft.by_hand {
        eprintln!(
            "to be written by hand, because {why}: {}.{}: {}",
            decided.object, decided.field, decided.class
        );
    }
    match &arguments.output {
        Some(path) => files::write(path, text.as_bytes())?,
        None => files::print(text.as_bytes())?,
    }
    let who = match found.policy.approvers() {
        Some(approvers) => format!(
            "; {} of {} must approve it",
            approvers.required.value,
            approvers.people.iter().map(|one| one.id.as_str()).collect::<Vec<_>>().join(", ")
        ),
        None => "; the bundle names nobody who approves it".to_owned(),
    };
    let counted = |number: usize, of: &str| format!("{number} {of}{}", if number == 1 { "" } else { "s" });
    let decided = decisions.objects.len() + decisions.fields.len();
    let decided = match decided {
        // What was accepted unseen has a line of its own.
        0 if arguments.accept_proposed => String::new(),
        _ => format!("{}, ", counted(decided, "decision")),
    };
    eprintln!(
        "{decided}{} changed{who}. Apply with `git apply` in the project's folder",
        counted(changed, "file")
    );
    Ok(Verdict::InOrder)
}

fn lines(count: usize) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

/// Lines of a sheet that is older than the project.
fn tell_gone(gone: &[(u32, String)]) {
    const SHOWN: usize = 10;
    if gone.is_empty() {
        return;
    }
    let shown =
        gone.iter().take(SHOWN).map(|(line, name)| format!("`{}` (line {line})", source::plain(name)));
    let more = match gone.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    eprintln!(
        "lines of the sheet without a decision are about what neither metadata nor code has any more: {}{more}",
        shown.collect::<Vec<_>>().join(", ")
    );
}

fn table(rows: &[Row<'_>], counted: &Counted) -> String {
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
    let is_there = |row: &&Row<'_>| row.named_by != NamedBy::Bundle;
    let phi = rows.iter().filter(is_there).filter(|row| row.holds.is_phi()).count();
    let Counted { all, in_code, astray } = counted;
    let only = match in_code {
        0 => String::new(),
        some => format!("; {some} of them only code names"),
    };
    text.push_str(&format!("{all} fields, {phi} of them hold PHI as far as one can tell{only}\n"));
    if !astray.is_empty() {
        text.push_str("Lines of the bundle about what neither metadata nor code has (any more): mend the name, retrieve it, or take the line away\n");
        for line in astray {
            text.push_str(&format!("  {}\n", source::plain(line)));
        }
    }
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
                "named_by": row.named_by.as_str(),
            })
        })
        .collect();
    let mut bytes = serde_json::to_vec_pretty(&rows).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    Ok(bytes)
}
