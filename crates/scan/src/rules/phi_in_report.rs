//! # A report shows data about patients
//!
//! A report has columns or groupings on fields of PHI. In a folder that everybody of a kind can open it counts more, and
//! so does a filter that names a patient's value: that value stands in the source.
//!
//! ## Why it harms
//! A report turns single records into a list that is exported in one click, e-mailed on a schedule (*Subscribe to
//! Reports*) and shown on dashboards with the eyes of their running user. Field-level security still holds for the
//! viewer, the folder does not narrow it: 45 CFR 164.502(b) and GDPR Art. 5(1)(c) ask for no more than a purpose
//! needs. A value in a filter is copied to every sandbox and repository.
//!
//! ## What to change
//! Take the columns out that the report's question does not need; move it from *Public Reports* to a folder shared
//! with those who treat or bill these patients; take export from the profiles that do not need it (*Export Reports*).
//! Ask for a filter's value when the report is run, instead of saving it.
//!
//! ## What is not found
//! A date that bounds a period is nobody's. A report that shows a drug, a diagnosis or another field that only its words make clinical, and no name, number, contact or
//! lookup to a person in any column, is not about anybody by itself: it is for information. Who is subscribed to a report, and who has exported it, is in the org (`EventLogFile` of type ReportExport).
//! Standard columns of report types other than accounts, contacts, leads and cases have names of their own that do
//! not say their field, and are not judged. A folder that the source does not have is reported as unknown.
//!
//! ## Seen in the wild
//! bcgov/MoH-SAT: 14 reports, one of them with patients' numbers and dates of birth, all in folders shared with chosen groups.
//! GSA/SF_WorkSpace: one, with a birth date and the last digits of a social security number.

use journal::{Confidence, Persona, Severity};
use sfdx::views::{FolderKind, Report};

use crate::Context;
use crate::disclosure::shown;
use crate::folder::{Audience, Folders};
use crate::patient_value;
use crate::report_column::{ReportColumns, Shown};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A report shows data about patients",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502b", "hipaa-prv-514d2", "gdpr-5-1c"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the sharing of report folders (`*.reportFolder-meta.xml`)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let names = ReportColumns::of(cx.project);
    let folders = Folders::of(cx.project, FolderKind::Reports);
    for report in cx.project.reports() {
        out.judged(1);
        columns(cx, report, &names, &folders, out);
        filters(cx, report, &names, out);
    }
}

fn columns(
    cx: &Context<'_>,
    report: Report<'_>,
    names: &ReportColumns,
    folders: &Folders,
    out: &mut Outcome,
) {
    let Shown { found, of_people } = Shown::of(cx, report, names);
    let Some((first, _, _)) = found.first() else { return };
    let folder = report.folder().unwrap_or_default();
    let (severity, where_) = match folders.audience(folder) {
        Audience::Everyone(whom) => (Severity::Medium, format!(", in a folder that {whom} can open")),
        Audience::Some => (Severity::Low, format!(", in the shared folder `{folder}`")),
        Audience::Few => (Severity::Low, String::new()),
        Audience::Unknown => {
            let top = folder.split('/').next().unwrap_or(folder);
            out.unknown(
                format!("who can open the report folder `{top}`, which has reports on PHI"),
                format!("retrieve `Report:{top}` (the folder with its `folderShares`)"),
            );
            (Severity::Low, String::new())
        }
    };
    let confidence = found.iter().map(|(_, _, confidence)| *confidence).max().unwrap_or(Confidence::Medium);
    let (severity, confidence) = if of_people { (severity, confidence) } else { (Severity::Info, Confidence::Low) };
    let fields: Vec<String> = found.iter().map(|(_, reached, _)| reached.full_name()).collect();
    let what = if of_people { "PHI" } else { "clinical fields and no column that says whose" };
    let many = if folder.is_empty() { "" } else { ", or move the report to a folder shared with those alone who need it" };
    let mut draft = Draft::new(
        format!("Report:{}", report.name()),
        cx.place(first),
        format!("the report `{}` shows {what}, {}{where_}", report.name(), shown(&fields)),
        format!("remove the columns that its question does not need{many}"),
    )
    .severity(severity)
    .confidence(confidence)
    .detail("columns");
    for (value, reached, _) in found.iter().skip(1).take(9) {
        draft = draft.related(cx.place(value), format!("`{}`", reached.full_name()));
    }
    out.found(draft.fields(fields));
}

fn filters(cx: &Context<'_>, report: Report<'_>, names: &ReportColumns, out: &mut Outcome) {
    for filter in report.filters() {
        let (Some(column), Some(value)) = (filter.column(), filter.value()) else { continue };
        if filter.column_to_column() == Some(true) || value.trim().is_empty() {
            continue;
        }
        let Some(reached) = names.column(cx.project, report, column.as_str()) else { continue };
        let verdict = cx.classes.field(&reached.object, &reached.field);
        let by_field = verdict.is_phi() && patient_value::is_of_one_person(&reached.field, verdict.identifier, &value);
        let by_shape = patient_value::is_number_by_shape(&value);
        let is_bound = patient_value::is_bound(verdict.identifier, filter.operator().as_deref());
        if is_bound || !by_field && !by_shape {
            continue;
        }
        let full_name = reached.full_name();
        out.found(
            Draft::new(
                format!("Report:{}", report.name()),
                cx.place(&value),
                format!("a filter of the report `{}` holds what looks like a patient's `{full_name}`", report.name()),
                "empty the filter's value and let whoever runs the report enter it; the history of the repository \
                 keeps the old one: see that it is removed there too",
            )
            .severity(Severity::Medium)
            .confidence(if by_field { verdict.confidence } else { Confidence::Medium })
            .field(full_name)
            .detail(format!("filter {}", column.as_str())),
        );
    }
}
