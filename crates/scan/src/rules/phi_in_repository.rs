//! # Patients' data stands in the repository
//!
//! A data file, document, static resource or script holds values in the shape of patients' data: social security or Medicare
//! numbers, or names together with birth dates, record numbers or clinical details. There is one finding for each file.
//! No value is repeated, and a column or key is named only where it surely is a name: the first row of a table and the keys of
//! JSON may be data themselves, and then the number of the column is said, or the kind alone.
//!
//! ## Why it harms
//! A repository is copied to every developer, build machine and sandbox, and keeps what was deleted. None of the safeguards
//! of the org reaches it: 45 CFR 164.312(a)(1), 164.502(b), 164.514(a) (only de-identified data is free); GDPR Art. 5(1)(f) and
//! 32. If the values are real and the repository is not restricted, it is an impermissible disclosure to be assessed as a
//! breach (164.402).
//!
//! ## What to change
//! Replace the file by generated data that carries its mark (mail at `example.com`, phones 555-0100 to 555-0199, social
//! security numbers from 900 up). If the values are real: remove them from the history too (`git filter-repo`), rotate what
//! can be rotated, and hand the case to the privacy officer. If they are made up, say so with a comment or a baseline entry.
//!
//! ## What is not found
//! Shapes cannot tell real people from invented ones. Records that carry a mark of invention are for information; of a file that a script of the project loads into
//! an org (`sf data import`, `bulk upsert`) the finding is medium. A record whose type says that it is a provider's or an
//! employee's is nobody's patient record. Free text without
//! numbers, pictures, spreadsheets, archives and Apex classes are not read; names alone, and business contacts with mail and
//! phone, are not reported.
//!
//! ## Seen in the wild
//! bcgov/MoH-SAT: `data/accounts.csv` with 22 patients (name, birth date, identifier, phone, address) and `data/cases.csv` with
//! 24, generated as far as one can tell and without a mark of it; a set-up script loads both. jongpie/NebulaLogger: a made-up social security number in two
//! scripts. trailheadapps/coral-cloud: hotel guests with marks of invention, for information.

use std::collections::BTreeSet;

use journal::{Confidence, Persona, Place, Severity};
use sfdx::{File, Kind};
use source::Span;

use crate::Context;
use crate::data_record::{self, Called, Held, Record};
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Patients' data stands in the repository",
    severity: Severity::High,
    confidence: Confidence::Medium,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-prv-514a", "gdpr-5-1f", "gdpr-32-1a"],
    tags: &["phi", "data"],
    replaces: &[],
    sbs: &[],
    needs: &["the data files of the project; its spreadsheets and archives, read by a person"],
};

/// How a file's records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Json,
    Lines,
    Script,
    Text,
    Sheet,
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let loaders = loaders(cx);
    let mut sheets = 0_usize;
    let mut one_sheet = String::new();
    for file in cx.project.files() {
        match form(file) {
            None => {}
            Some(Form::Sheet) => {
                sheets += 1;
                one_sheet.clone_from(&file.path);
            }
            Some(form) => {
                out.judged(1);
                read(cx, file, form, &loaders, out);
            }
        }
    }
    if sheets > 0 {
        let which = if sheets == 1 { format!("`{one_sheet}`") } else { format!("{sheets} spreadsheets") };
        out.unknown(format!("what {which} of the project hold{}", if sheets == 1 { "s" } else { "" }), "read them, or save them as CSV");
    }
}

fn form(file: &File) -> Option<Form> {
    let extension = file.extension().to_ascii_lowercase();
    let by_extension = match extension.as_str() {
        "csv" | "tsv" => Some(Form::Table),
        "json" => Some(Form::Json),
        "jsonl" | "ndjson" => Some(Form::Lines),
        "xls" | "xlsx" | "ods" => Some(Form::Sheet),
        "txt" | "xml" | "yaml" | "yml" | "hl7" | "log" => Some(Form::Text),
        _ => None,
    };
    match file.kind {
        Kind::Data if extension == "sql" => Some(Form::Script),
        Kind::Data | Kind::Document => by_extension,
        Kind::StaticResource if extension == "resource" => Some(Form::Text),
        Kind::StaticResource => by_extension,
        Kind::Script => matches!(extension.as_str(), "apex" | "sh" | "py" | "rb" | "ps1" | "robot").then_some(Form::Script),
        Kind::Other => by_extension.filter(|form| *form != Form::Json),
        _ => None,
    }
}

fn read(cx: &Context<'_>, file: &File, form: Form, loaders: &[Loader], out: &mut Outcome) {
    let source = match cx.project.load(file) {
        Ok((source, _)) => source,
        Err(_) => {
            out.unknown(format!("what `{}` holds: it could not be read", file.path), "read it, or make it smaller");
            return;
        }
    };
    let text = source.text();
    let head = text.get(..text.len().min(1024)).unwrap_or(text);
    if head.contains('\0') || head.contains(char::REPLACEMENT_CHARACTER) {
        // A table in an old encoding is a table; a picture is none.
        if matches!(form, Form::Table | Form::Json | Form::Lines) {
            out.unknown(format!("what `{}` holds: it is not UTF-8 text", file.path), "save it as UTF-8");
        }
        return;
    }
    let mut in_text = false;
    let mut of_text = || {
        in_text = true;
        data_record::of_text(text)
    };
    let records = match form {
        Form::Table => data_record::of_table(text),
        Form::Json | Form::Lines => data_record::of_json(text),
        Form::Script => {
            let mut all = data_record::of_script(text);
            all.retain(Record::is_patient);
            if all.is_empty() { of_text() } else { all }
        }
        Form::Text | Form::Sheet => match text.trim_start().chars().next() {
            Some('{' | '[') => data_record::of_json(text),
            _ => of_text(),
        },
    };
    let patients: Vec<&Record> = records.iter().filter(|record| record.is_patient()).collect();
    let loader = loaders.iter().find(|loader| loader.loads(&file.path));
    report(file, &source, &patients, in_text, loader, out);
}

/// A script that puts data into an org, line by line.
struct Loader {
    path: String,
    lines: Vec<String>,
}

impl Loader {
    fn loads(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.lines.iter().any(|line| line.split([' ', '\t', '"', '\'', '=', ',', '/']).any(|word| word == name))
    }
}

fn loaders(cx: &Context<'_>) -> Vec<Loader> {
    const LOADS: [&str; 7] =
        ["data import", "data:import", "data:tree:import", "data upsert", "data:bulk:upsert", "bulk upsert", "data bulk"];
    let may = |file: &&File| file.kind == Kind::Script || file.name().eq_ignore_ascii_case("package.json");
    let read = |file: &File| {
        let (source, _) = cx.project.load(file).ok()?;
        let does = |line: &&str| LOADS.iter().any(|command| line.contains(command));
        let lines: Vec<String> = source.text().lines().filter(does).map(str::to_owned).collect();
        (!lines.is_empty()).then(|| Loader { path: file.path.clone(), lines })
    };
    cx.project.files().iter().filter(may).filter_map(read).collect()
}

fn report(
    file: &File,
    source: &source::Source,
    patients: &[&Record],
    in_text: bool,
    loader: Option<&Loader>,
    out: &mut Outcome,
) {
    let real: Vec<&&Record> = patients.iter().filter(|record| !record.synthetic).collect();
    let Some(first) = real.first().copied().or(patients.first()) else { return };
    let made_up = real.is_empty() || is_fixture(&file.path);
    let held: BTreeSet<Held> = patients.iter().flat_map(|record| record.held.keys().copied()).collect();
    let kinds: Vec<String> = held
        .iter()
        .map(|held| {
            let called: BTreeSet<&Called> = patients
                .iter()
                .filter_map(|record| record.held.get(held))
                .map(|found| &found.called)
                .collect();
            let called: Vec<String> = called.into_iter().filter_map(said).take(3).collect();
            if called.is_empty() { held.words().to_owned() } else { format!("{} ({})", held.words(), called.join(", ")) }
        })
        .collect();
    let count = if made_up { patients.len() } else { real.len() };
    let records = if count == 1 { "a record".to_owned() } else { format!("{count} records") };
    let looks = if count == 1 { "looks" } else { "look" };
    let message = if made_up {
        format!("{records} with {}, which {looks} made up; see that no real one is among them", joined(&kinds))
    } else {
        // Whoever sets up an org anew fills it with people who are not there.
        let seed = loader.map(|loader| format!("; `{}` loads them when it sets up an org", loader.path)).unwrap_or_default();
        format!("{records} that {looks} like data about patients: {}{seed}", joined(&kinds))
    };
    let (severity, confidence) = match (made_up, in_text) {
        (true, _) => (Severity::Info, Confidence::Low),
        // A number alone, that no name stands beside.
        (false, true) => (Severity::Medium, Confidence::Low),
        (false, false) if loader.is_some() => (Severity::Medium, Confidence::Medium),
        (false, false) => (Severity::High, Confidence::Medium),
    };
    let at = first.at();
    let fix = if made_up {
        "give every record a mark of invention (mail at `example.com`, phones 555-0100 to 555-0199), or generate the file \
         when it is needed"
    } else {
        "if the people are real, remove the file from the history too and tell the privacy officer; else replace the \
         values by ones that carry a mark of invention (mail at `example.com`, phones 555-0100 to 555-0199)"
    };
    out.found(
        Draft::new(format!("File:{}", file.path), Place::of(source, Span::new(at, at)), message, fix)
            .severity(severity)
            .confidence(confidence),
    );
}

/// A name is said where it is surely one; a first row or a key may be a value itself.
fn said(called: &Called) -> Option<String> {
    match called {
        Called::Name(name) => Some(format!("`{name}`")),
        Called::Column(number) => Some(format!("column {number}")),
        Called::Nothing => None,
    }
}

/// Files that tests are fed with.
fn is_fixture(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    ["__tests__/", "__mocks__/", "/fixtures/", "synthea", "/mock", "mockaroo"].iter().any(|mark| lower.contains(mark))
}
