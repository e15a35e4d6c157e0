//! # A list view puts PHI before everyone
//!
//! A list view that everyone can choose has columns of PHI; or a filter of any list view names a patient's value,
//! which then stands in the source.
//!
//! ## Why it harms
//! A list view is the first page of a tab: names, birth dates and diagnoses of fifty patients at a glance, to whoever
//! opens it and whoever looks over a shoulder, and one click from export. Sharing and field-level security still
//! hold, so that this is a matter of the minimum, not of access: 45 CFR 164.502(b) and 164.514(d)(2), GDPR Art.
//! 5(1)(c). A value in a filter is copied to every sandbox and repository and names a patient there (164.514(a)).
//!
//! ## What to change
//! Keep to columns by which a record is found (its number, status, date), and share views with more to the groups
//! that work with them. Empty the filter's value, or filter by something that names nobody; see that the history of
//! the repository loses it too.
//!
//! ## What is not found
//! A date that bounds a period is nobody's. Views for a group, queue or internal role were chosen for them, and their columns are let be; so are views of
//! one's own records (`Mine`). A private view is never retrieved. The record's own name and status are no finding as
//! columns, nor is a field that is PHI only because its whole object is. A diagnosis or status in a filter names
//! nobody. Columns of Salesforce's own that do not say their field are not judged. Search results and lookups show
//! fields too (*Search Layouts*) and are not looked at here.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT` shows names of medicines, `vamsireddy2002/smartAgentsCrew` birth dates of contacts and
//! appointments. No public project that was looked at has a patient's value in a filter.

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Identifier;
use sfdx::Value;
use sfdx::views::{ListView, Object};

use crate::Context;
use crate::classification::Evidence;
use crate::disclosure::shown;
use crate::field_path::{self, Reached};
use crate::list_column;
use crate::patient_value;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A list view puts PHI before everyone",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502b", "hipaa-prv-514d2", "gdpr-5-1c"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the list views (`objects/*/listViews/`)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for object in cx.project.objects() {
        for view in object.list_views() {
            out.judged(1);
            columns(cx, object, view, out);
            filters(cx, object, view, out);
        }
    }
}

fn component(object: Object<'_>, view: ListView<'_>) -> String {
    format!("ListView:{}.{}", object.name(), view.name())
}

fn columns(cx: &Context<'_>, object: Object<'_>, view: ListView<'_>, out: &mut Outcome) {
    if view.scope().is_some_and(|scope| scope == "Mine") {
        return;
    }
    let Some(whom) = list_column::everyone(view) else { return };
    let mut found: Vec<(Value<'_>, Reached, Confidence)> = Vec::new();
    for column in view.columns() {
        let Some(reached) = list_column::field(cx.project, object.name(), &column) else { continue };
        // By its name a record is found, and by its status it is worked on: a list without them would be none.
        if reached.object.eq_ignore_ascii_case(object.name())
            && matches!(reached.field.as_str(), "Name" | "Status")
        {
            continue;
        }
        let verdict = cx.classes.field(&reached.object, &reached.field);
        // That an object is about patients makes each of its fields PHI, and not every one a reason to hide a column.
        let only_by_object = verdict.evidence == Evidence::Catalogue
            && verdict.confidence < Confidence::High
            && verdict.identifier.is_none_or(|kind| kind == Identifier::Clinical);
        if verdict.is_phi() && !only_by_object && !field_path::is_reference(cx.project, &reached) {
            found.push((column, reached, verdict.confidence));
        }
    }
    let Some((first, _, _)) = found.first() else { return };
    let fields: Vec<String> = found.iter().map(|(_, reached, _)| reached.full_name()).collect();
    let draft = Draft::new(
        component(object, view),
        cx.place(first),
        format!("the list view `{}` of `{}` shows {} to {whom}", view.name(), object.name(), shown(&fields)),
        "take these columns out, or share the view with the group that works with it (`<sharedTo>`)",
    )
    .confidence(found.iter().map(|(_, _, confidence)| *confidence).max().unwrap_or(Confidence::Medium))
    // What one decision on the object's columns would mend.
    .cause(format!("ListView:{}", object.name()))
    .detail("columns");
    out.found(draft.fields(fields));
}

fn filters(cx: &Context<'_>, object: Object<'_>, view: ListView<'_>, out: &mut Outcome) {
    for filter in view.filters() {
        let (Some(column), Some(value)) = (filter.field(), filter.value()) else { continue };
        let Some(reached) = list_column::field(cx.project, object.name(), &column) else { continue };
        let verdict = cx.classes.field(&reached.object, &reached.field);
        let by_field =
            verdict.is_phi() && patient_value::is_of_one_person(&reached.field, verdict.identifier, &value);
        let is_bound = patient_value::is_bound(verdict.identifier, filter.operation().as_deref());
        if is_bound || value.contains('$') || !(by_field || patient_value::is_number_by_shape(&value)) {
            continue;
        }
        let full_name = reached.full_name();
        out.found(
            Draft::new(
                component(object, view),
                cx.place(&value),
                format!(
                    "a filter of the list view `{}` of `{}` holds what looks like a patient's `{full_name}`",
                    view.name(),
                    object.name()
                ),
                "filter by something that names nobody; the history of the repository keeps the value: see that it is removed \
                 there too",
            )
            .severity(Severity::High)
            .confidence(if by_field { verdict.confidence } else { Confidence::Medium })
            .detail(format!("filter {}", column.as_str()))
            .field(full_name),
        );
    }
}
