//! # A subscription mails a report with PHI
//!
//! A report with PHI is mailed to others than the one who subscribed.
//!
//! ## Why it harms
//! The mail holds the rows as the owner sees them, whatever the recipient may see, and lies in mailboxes from then on: 45 CFR 164.312(a)(1)
//! and (e)(1), 164.502(b); GDPR Art. 5(1)(c) and 32.
//!
//! ## What to change
//! Let people open the report with their own rights: remove the recipients, or take the PHI columns out. Where a list has to be mailed, send a link.
//!
//! ## What is not found
//! The facts `report-subscriptions` and `reports` tell it (`--facts`): ids are compared by their first 15 characters, reports by API name, and by folder where
//! several have one name. A subscription without recipients mails the owner alone. To a group or role, or to more than ten, it is high. Nobody is named.
//! Reports that the source does not hold are unknown, and subscriptions of dashboards are not judged.
//!
//! ## Seen in the wild
//! No public project has facts.

use std::collections::BTreeSet;

use journal::{Confidence, Persona, Severity};
use sfdx::facts::{ReportName, Subscription};
use sfdx::views::Report;

use crate::Context;
use crate::account::short;
use crate::disclosure::shown;
use crate::report_column::{ReportColumns, Shown};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A subscription mails a report with PHI",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312e1", "hipaa-sec-312a1", "hipaa-prv-502b", "gdpr-5-1c"],
    tags: &["phi", "org-facts", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the facts `report-subscriptions` and `reports`", "the reports (`reports/`)"],
};

const SUBSCRIPTIONS: &str = "report-subscriptions";
/// More recipients than these are many.
const MANY: usize = 10;

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let columns = ReportColumns::of(cx.project);
    if !cx.facts.has(SUBSCRIPTIONS) {
        let shows = |report: Report<'_>| {
            let shown = Shown::of(cx, report, &columns);
            !shown.found.is_empty() && shown.of_people
        };
        if cx.project.reports().any(shows) {
            out.unknown("whether reports with PHI are mailed to anybody", format!("run the query `{SUBSCRIPTIONS}` in the org"));
        }
        return;
    }
    let own = cx.facts.subscriptions().filter(|one| one.source() != Some("lightningDashboardSubscribe"));
    let mailed: Vec<Subscription<'_>> =
        own.filter(|one| one.active() != Some(false) && one.recipient_ids().next().is_some()).collect();
    if mailed.is_empty() {
        return;
    }
    if !cx.facts.has("reports") {
        out.unknown("which reports the subscriptions mail", "run the query `reports` in the org");
        return;
    }
    let mut absent: BTreeSet<String> = BTreeSet::new();
    for subscription in mailed {
        out.judged(1);
        let Some(id) = subscription.record_id() else { continue };
        let named = cx.facts.report_names().find(|report| report.id().is_some_and(|own| short(own) == short(id)));
        let Some(named) = named else {
            absent.insert(format!("`{id}`"));
            continue;
        };
        match in_source(cx, named) {
            Some(report) => judge(cx, subscription, report, &columns, out),
            None => {
                absent.insert(format!("`{}`", named.name().unwrap_or(id)));
            }
        }
    }
    if !absent.is_empty() {
        let more = absent.len().saturating_sub(3);
        let names: Vec<String> = absent.into_iter().take(3).collect();
        let more = if more == 0 { String::new() } else { format!(" and {more} more reports") };
        out.unknown(
            format!("what is mailed with {}{more}, which the source does not hold", names.join(", ")),
            "retrieve these reports",
        );
    }
}

/// The report of the source: by API name, and by folder where several have it.
fn in_source<'p>(cx: &Context<'p>, named: ReportName<'_>) -> Option<Report<'p>> {
    let name = named.name()?;
    let called = |report: &Report<'_>| report.name().rsplit('/').next().is_some_and(|own| own.eq_ignore_ascii_case(name));
    let all: Vec<Report<'p>> = cx.project.reports().filter(called).collect();
    let is_in = |report: &&Report<'p>| {
        let folder = report.folder().and_then(|folder| folder.rsplit('/').next()).unwrap_or_default();
        let plain = |text: &str| text.to_lowercase().replace([' ', '_'], "");
        named.folder().is_some_and(|own| plain(own) == plain(folder))
    };
    all.iter().find(is_in).or(if all.len() == 1 { all.first() } else { None }).copied()
}

fn judge(cx: &Context<'_>, mail: Subscription<'_>, report: Report<'_>, columns: &ReportColumns, out: &mut Outcome) {
    let Shown { found, of_people } = Shown::of(cx, report, columns);
    let Some((first, _, _)) = found.first().filter(|_| of_people) else { return };
    let fields: Vec<String> = found.iter().map(|(_, reached, _)| reached.full_name()).collect();
    let recipients: BTreeSet<&str> = mail.recipient_ids().map(short).collect();
    // Ids of users begin so; others are groups and roles.
    let groups = recipients.iter().filter(|id| !id.starts_with("005")).count();
    let whom = match (groups, recipients.len()) {
        (0, 1) => "somebody else".to_owned(),
        (0, count) => format!("{count} others"),
        (groups, count) if groups == count => "a group or role".to_owned(),
        (_, count) => format!("{count} others, a group or role among them"),
    };
    let severity = if groups > 0 || recipients.len() > MANY { Severity::High } else { Severity::Medium };
    out.found(
        Draft::new(
            format!("Report:{}", report.name()),
            cx.facts_place(SUBSCRIPTIONS),
            format!("the report `{}` with {} is mailed to {whom}, as its owner sees it", report.name(), shown(&fields)),
            "let people open the report with their own rights, or take the PHI columns out",
        )
        .severity(severity)
        .confidence(found.iter().map(|(_, _, confidence)| *confidence).max().unwrap_or(Confidence::Medium))
        .related(cx.place(first), "the report shows it")
        .detail(mail.id().unwrap_or_default())
        .fields(fields),
    );
}
