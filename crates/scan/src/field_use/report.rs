//! Uses by reports, report types and dashboards.

use std::collections::BTreeMap;

use sfdx::views::Report;

use super::{By, Comparison, How, Uses};
use crate::merge_field::formula_fields;
use crate::report_column::ReportColumns;

pub(super) fn visit(uses: &mut Uses<'_, '_>) {
    let project = uses.cx.project;
    let columns = ReportColumns::of(project);
    let mut shows: BTreeMap<String, usize> = BTreeMap::new();
    for report in project.reports() {
        let before = uses.found.len();
        conditions(uses, &columns, report);
        contents(uses, &columns, report);
        if uses.found.len() > before {
            shows.insert(report.name().to_lowercase(), before);
        }
    }
    for kind in project.report_types() {
        for column in kind.columns() {
            // The table is the base object with the relationships that lead from it.
            let (Some(field), Some(table)) = (column.field(), column.table()) else { continue };
            let path = table.split_once('.').map_or_else(
                || field.to_string(),
                |(_, relationships)| format!("{relationships}.{}", field.as_str()),
            );
            let base = table.split('.').next().unwrap_or_default();
            let Some(reached) = columns.of_type(project, base, &path) else { continue };
            uses.add(By::new(How::ReportType, "ReportType", kind.name()), reached, &field);
        }
    }
    dashboards(uses, &columns, &shows);
}

/// What decides which rows there are and in what order, the filters first.
fn conditions(uses: &mut Uses<'_, '_>, columns: &ReportColumns, report: Report<'_>) {
    let project = uses.cx.project;
    let by = |how| By::new(how, "Report", report.name());
    for filter in report.filters() {
        let Some(column) = filter.column() else { continue };
        let Some(reached) = columns.column(project, report, &column) else { continue };
        let comparison = Comparison::of(filter.operator().as_deref(), filter.value().as_deref());
        uses.compare(by(How::ReportFilter), reached, &column, comparison);
    }
    let groups = report.groupings_down().chain(report.groupings_across()).filter_map(|group| group.field());
    let sorted = report.element().value("sortColumn").map(|column| (How::ReportSort, column));
    let buckets = report.buckets().filter_map(|bucket| bucket.source_column());
    let others = groups
        .map(|column| (How::ReportGrouping, column))
        .chain(sorted)
        .chain(buckets.map(|column| (How::ReportBucket, column)));
    for (how, column) in others {
        if let Some(reached) = columns.column(project, report, &column) {
            uses.add(by(how), reached, &column);
        }
    }
    if let Some(column) = report.element().value("timeFrameFilter/dateColumn")
        && let Some(reached) = columns.column(project, report, &column)
    {
        // The frame of all time is no condition.
        let interval = report.element().value("timeFrameFilter/interval");
        let is_whole = interval.is_some_and(|interval| interval == "INTERVAL_CUSTOM")
            && ["startDate", "endDate"]
                .iter()
                .all(|end| report.element().value(&format!("timeFrameFilter/{end}")).is_none());
        if !is_whole {
            uses.compare(by(How::ReportFilter), reached, &column, Comparison::Range);
        }
    }
    for cross in report.cross_filters() {
        let Some(related) = cross.related_table() else { continue };
        let join = cross.related_column();
        let items = cross.element().children_named("criteriaItems");
        for item in items {
            let Some(column) = item.value("column") else { continue };
            let reached = columns.of_object(project, &related, &column);
            let operator = item.value("operator");
            let comparison = Comparison::of(operator.as_deref(), item.value("value").as_deref());
            uses.compare(by(How::ReportCrossFilter), reached, &column, comparison);
        }
        if let Some(join) = join {
            let reached = columns.of_object(project, &related, &join);
            uses.compare(by(How::ReportCrossFilter), reached, &join, Comparison::Equality);
        }
    }
}

/// What the rows and the summaries show.
fn contents(uses: &mut Uses<'_, '_>, columns: &ReportColumns, report: Report<'_>) {
    let project = uses.cx.project;
    let by = |how| By::new(how, "Report", report.name());
    for column in report.all_columns() {
        let Some(field) = column.field() else { continue };
        let Some(reached) = columns.column(project, report, &field) else { continue };
        let is_summed = column.aggregates().next().is_some();
        uses.add(by(if is_summed { How::ReportSummary } else { How::ReportColumn }), reached, &field);
    }
    let formulas = report.formulas().filter_map(|formula| formula.formula());
    let aggregates = report.element().children_named("aggregates");
    let aggregates = aggregates.filter_map(|aggregate| aggregate.value("calculatedFormula"));
    for formula in formulas.chain(aggregates) {
        for reference in formula_fields(&formula) {
            let whole = match reference.path {
                "" => reference.head.to_owned(),
                path => format!("{}.{path}", reference.head),
            };
            let column = whole.split(':').next().unwrap_or_default();
            if let Some(reached) = columns.column(project, report, column) {
                uses.add(by(How::ReportSummary), reached, &formula);
            }
        }
    }
    let Some(chart) = report.element().child("chart") else { return };
    let grouped = [chart.value("groupingColumn"), chart.value("secondaryGroupingColumn")];
    let summed = chart.children_named("chartSummaries").filter_map(|summary| summary.value("column"));
    for column in grouped.into_iter().flatten().chain(summed) {
        if let Some(reached) = columns.column(project, report, &column) {
            uses.add(by(How::ReportChart), reached, &column);
        }
    }
}

/// A dashboard uses what its reports use.
fn dashboards(uses: &mut Uses<'_, '_>, columns: &ReportColumns, shows: &BTreeMap<String, usize>) {
    let project = uses.cx.project;
    for dashboard in project.dashboards() {
        let by = |how| By::new(how, "Dashboard", dashboard.name());
        for name in dashboard.report_names() {
            // The folders of a report are not always written.
            let key = name.to_lowercase();
            let found = shows.iter().find(|(known, _)| {
                **known == key || known.strip_suffix(key.as_str()).is_some_and(|rest| rest.ends_with('/'))
            });
            if let Some((_, first)) = found
                && let Some(reached) = uses.found.get(*first).map(|used| used.reached.clone())
            {
                let report = uses.found.get(*first).map(|used| used.component.clone());
                uses.add(by(How::Dashboard), reached, &name);
                if let Some(last) = uses.found.last_mut() {
                    last.through = report;
                }
            }
            let Some(component) = name.element().parent() else { continue };
            let report = project.reports().find(|report| report.name().eq_ignore_ascii_case(&name));
            let Some(report) = report else { continue };
            for filter in component.children_named("dashboardFilterColumns") {
                let Some(column) = filter.value("column") else { continue };
                if let Some(reached) = columns.column(project, report, &column) {
                    uses.compare(by(How::DashboardFilter), reached, &column, Comparison::Unsaid);
                }
            }
        }
    }
}
