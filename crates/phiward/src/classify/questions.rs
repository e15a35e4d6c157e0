//! What people are asked, in words for those who know the records and not the machine.

use csv::Csv;
use policy::bundle::classification::Keeps;
use policy::reclassify::EVERY_OBJECT;
use scan::{Classification, FieldQuestion, ObjectQuestion, Questions};
use sfdx::Project;

use crate::arguments::Tabular;

const COLUMNS: [&str; 11] = [
    "Object",
    "Field",
    "Label",
    "Question",
    "We would say",
    "How likely",
    "Reason",
    "Decided class",
    "Decided identifier",
    "Decided subject",
    "Note",
];

const WHOSE: &str = "Whose records does it keep? patient: each record is a patient; about-patient: each is about a patient; \
                     no-patient: neither";
const WHETHER: &str = "Does the organisation keep patients at all? no-patient: it does not, and no line below on an object needs an answer; \
                       otherwise leave this empty";
const WHAT: &str = "Is this a patient's data? phi or phi-sensitive: yes; pii: another person's; internal or public: nobody's";

/// What people write for it.
pub(super) fn word(keeps: Keeps) -> &'static str {
    match keeps {
        Keeps::Patients => "patient",
        Keeps::AboutPatients => "about-patient",
        Keeps::NoPatients => "no-patient",
    }
}

pub(super) fn keeps(word: &str) -> Option<Keeps> {
    [Keeps::Patients, Keeps::AboutPatients, Keeps::NoPatients]
        .into_iter()
        .find(|one| self::word(*one) == word)
}

pub(super) fn show(
    classes: &Classification<'_>,
    project: &Project,
    format: Tabular,
) -> Result<Vec<u8>, String> {
    let questions = classes.questions(project);
    match format {
        Tabular::Table => Ok(table(&questions).into_bytes()),
        Tabular::Csv => Ok(sheet(&questions)),
        Tabular::Json => json(&questions),
    }
}

fn would_say(one: &ObjectQuestion) -> String {
    match &one.by {
        Some(field) => format!("{}, by {field}", word(one.keeps)),
        None => word(one.keeps).to_owned(),
    }
}

fn counted(fields: usize) -> String {
    if fields == 1 { "1 field".to_owned() } else { format!("{fields} fields") }
}

fn class_of(one: &FieldQuestion) -> String {
    let identifier = one.verdict.identifier.map(|kind| format!(" ({})", kind.as_str())).unwrap_or_default();
    format!("{}{identifier}", one.verdict.class.as_str())
}

fn table(questions: &Questions) -> String {
    let mut text = String::new();
    if !questions.objects.is_empty() {
        text.push_str(&format!("Objects. {WHOSE}.\n"));
        text.push_str("Where the organisation keeps no patients at all, say `patients: false` under `organisation`: then none is asked about.\n");
    }
    let mut likelihood = None;
    for one in &questions.objects {
        if likelihood.replace(one.likelihood) != Some(one.likelihood) {
            text.push_str(&format!("{} about patients\n", one.likelihood.as_str()));
        }
        let hanging = match one.hanging {
            0 => String::new(),
            more => format!(", and {more} of objects that point at it"),
        };
        text.push_str(&format!(
            "  {:<36} {}{hanging}; we would say {}: {}\n",
            source::plain(&one.object),
            counted(one.fields),
            source::plain(&would_say(one)),
            source::plain(&one.reason)
        ));
    }
    if !questions.fields.is_empty() {
        text.push_str(&format!("Fields of objects about patients. {WHAT}.\n"));
    }
    let mut object = "";
    for one in &questions.fields {
        if one.object != object {
            object = &one.object;
            text.push_str(&format!("{}\n", source::plain(object)));
        }
        text.push_str(&format!(
            "  {:<36} {:<14} we would say {}: {}\n",
            source::plain(&one.field),
            source::plain(&one.field_type),
            class_of(one),
            source::plain(&one.verdict.reason)
        ));
    }
    text.push_str(&format!(
        "{} objects and {} fields to ask about; `--format csv` is a sheet to answer in\n",
        questions.objects.len(),
        questions.fields.len()
    ));
    text
}

fn sheet(questions: &Questions) -> Vec<u8> {
    let mut csv = Csv::new(&COLUMNS);
    if !questions.objects.is_empty() {
        csv.row(&[EVERY_OBJECT, "", "", WHETHER, "", "", "", "", "", "", ""]);
    }
    for one in &questions.objects {
        let subject = one.by.as_deref().unwrap_or_default();
        let says = would_say(one);
        csv.row(&[
            &one.object,
            "",
            &one.label,
            WHOSE,
            &says,
            one.likelihood.as_str(),
            &one.reason,
            "",
            "",
            subject,
            "",
        ]);
    }
    for one in &questions.fields {
        let says = class_of(one);
        csv.row(&[&one.object, &one.field, &one.label, WHAT, &says, "", &one.verdict.reason, "", "", "", ""]);
    }
    csv.into_bytes()
}

fn json(questions: &Questions) -> Result<Vec<u8>, String> {
    let objects = questions.objects.iter().map(|one| {
        serde_json::json!({
            "object": one.object,
            "label": one.label,
            "likelihood": one.likelihood,
            "keeps": word(one.keeps),
            "subject": one.by,
            "fields": one.fields,
            "hanging": one.hanging,
            "torn": one.is_torn,
            "reason": one.reason,
        })
    });
    let fields = questions.fields.iter().map(|one| {
        serde_json::json!({
            "object": one.object,
            "field": one.field,
            "label": one.label,
            "type": one.field_type,
            "class": one.verdict.class,
            "identifier": one.verdict.identifier,
            "reason": one.verdict.reason,
        })
    });
    let value = serde_json::json!({
        "objects": objects.collect::<Vec<_>>(),
        "fields": fields.collect::<Vec<_>>(),
    });
    let mut bytes = serde_json::to_vec_pretty(&value).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    Ok(bytes)
}
