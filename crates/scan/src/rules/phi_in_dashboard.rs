//! # A dashboard shows PHI with another's eyes
//!
//! A dashboard runs as one fixed user and shows a report with PHI.
//!
//! ## Why it harms
//! Everyone who can open the dashboard's folder sees the rows and fields that this one user may see, whatever their
//! own sharing and field-level security say (Salesforce Help, *Choose a Running User for a Dashboard*). A clerk reads
//! the diagnoses of the chief physician's patients, and the log says that the dashboard was opened. 45 CFR
//! 164.312(a)(1), 164.308(a)(4), 164.502(b); GDPR Art. 25(2).
//!
//! ## What to change
//! `<dashboardType>LoggedInUser</dashboardType>` (*View Dashboard As > The dashboard viewer*), which shows each
//! viewer what is theirs. Where the organisation's limit of such dashboards is used up: keep PHI columns out of the
//! report, or the folder to those who may see all of it.
//!
//! ## What is not found
//! Components that show one number (`Metric`, `Gauge`) hold no patient's value. A chart shows by what its report is
//! grouped, and only that counts. Dashboards that run as their viewer or as one of the viewer's team keep the
//! viewer's rights. What a report shows is judged as `phi-in-report` does; a report that is not in the source is
//! unknown. Who subscribed to a dashboard is in the org.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: one dashboard, charts by a patient's medication as one fixed user sees them, in a folder shared
//! with chosen groups.

use std::collections::BTreeSet;

use journal::{Confidence, Persona, Place, Severity};
use sfdx::views::{Dashboard, FolderKind, Report};

use crate::Context;
use crate::disclosure::{joined, shown};
use crate::folder::{Audience, Folders};
use crate::report_column::{ReportColumns, Shown};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A dashboard shows PHI with another's eyes",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-308a4", "hipaa-prv-502b", "gdpr-25-2"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the dashboards and their reports", "the sharing of dashboard folders"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let names = ReportColumns::of(cx.project);
    let folders = Folders::of(cx.project, FolderKind::Dashboards);
    for dashboard in cx.project.dashboards() {
        out.judged(1);
        if dashboard.kind().is_some_and(|kind| kind == "SpecifiedUser") {
            judge(cx, dashboard, &names, &folders, out);
        }
    }
}

fn judge(cx: &Context<'_>, dashboard: Dashboard<'_>, names: &ReportColumns, folders: &Folders, out: &mut Outcome) {
    let Some(kind) = dashboard.kind() else { return };
    let mut reports: BTreeSet<String> = BTreeSet::new();
    let mut fields: Vec<String> = Vec::new();
    let mut related: Vec<(Place, String)> = Vec::new();
    let mut confidence = Confidence::Low;
    for name in dashboard.report_names() {
        let component = name.element().parent();
        let kind = component.and_then(|component| component.value("componentType"));
        let kind = kind.as_deref().unwrap_or_default();
        if matches!(kind, "Metric" | "Gauge") {
            continue;
        }
        let Some(report) = named(cx, &name) else {
            out.unknown(
                format!("what the report `{}` shows on the dashboard `{}`", name.as_str(), dashboard.name()),
                format!("retrieve `Report:{}`", name.as_str()),
            );
            continue;
        };
        // A chart shows by what it is grouped; a click on it opens the report with the viewer's own rights.
        let Shown { found, of_people } = match kind.contains("Table") || kind.is_empty() {
            true => Shown::of(cx, report, names),
            false => Shown::of_groups(cx, report, names),
        };
        let Some((first, _, _)) = found.first().filter(|_| of_people) else { continue };
        if !reports.insert(report.name().to_owned()) {
            continue;
        }
        related.push((cx.place(first), format!("the report `{}` shows it", report.name())));
        confidence = confidence.max(found.iter().map(|(_, _, own)| *own).max().unwrap_or(Confidence::Medium));
        for (_, reached, _) in found {
            let field = reached.full_name();
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
    }
    if fields.is_empty() {
        return;
    }
    let folder = match folders.audience(dashboard.folder().unwrap_or_default()) {
        Audience::Everyone(whom) => format!("; {whom} can open its folder"),
        Audience::Some => "; its folder is shared".to_owned(),
        Audience::Few | Audience::Unknown => String::new(),
    };
    let reports: Vec<String> = reports.iter().map(|name| format!("`{name}`")).collect();
    let draft = Draft::new(
        format!("Dashboard:{}", dashboard.name()),
        cx.place(&kind),
        format!(
            "the dashboard `{}` shows {} of the report {} as one fixed user sees it, to whoever opens it{folder}",
            dashboard.name(),
            shown(&fields),
            joined(&reports)
        ),
        "set `<dashboardType>LoggedInUser</dashboardType>`, or take the PHI columns out of the report",
    )
    .confidence(confidence)
    .detail("running user");
    let draft = related.into_iter().take(9).fold(draft, |draft, (place, what)| draft.related(place, what));
    out.found(draft.fields(fields));
}

/// The report of that name; folders inside folders are written with or without the outer ones.
fn named<'p>(cx: &Context<'p>, name: &str) -> Option<Report<'p>> {
    let exact = cx.project.reports().find(|report| report.name() == name);
    exact.or_else(|| cx.project.reports().find(|report| report.name().ends_with(&format!("/{name}"))))
}
