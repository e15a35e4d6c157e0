//! # An encrypted field is used where it cannot be
//!
//! A PHI field with probabilistic encryption is filtered, sorted or grouped by, matched on, unique or an external id,
//! or used in a formula in a way that encryption does not allow; or a field with any scheme is a criterion of a
//! sharing rule. There is one finding for each component that uses it so.
//!
//! ## Why it harms
//! Salesforce refuses such a use, or drops it in silence: a filter that is gone shows more records than it was meant
//! to, a sharing rule that cannot be evaluated shares nothing or what it shared before, a duplicate is not found.
//! What people then do is to switch the encryption off (Salesforce Help, *Tradeoffs and Limitations of Shield
//! Platform Encryption* and *Field Limits with Shield Platform Encryption*). 45 CFR 164.312(a)(2)(iv) and GDPR Art.
//! 32(1)(a) ask that the encryption last; 164.312(c)(1) that data stay right.
//!
//! ## What to change
//! Filter, group or match on another field (a status, a record type, a region); give a field of many values, such as
//! a record number, a deterministic scheme, which can be filtered on by equality; share by owner, group or a field
//! that is no PHI. In formulas only `BLANKVALUE`, `CASE`, `HYPERLINK`, `IF`, `IMAGE`, `ISBLANK`, `ISNULL`,
//! `NULLVALUE` and `&` work on an encrypted field.
//!
//! ## What is not found
//! Queries in Apex (`WHERE`, `ORDER BY`, `GROUP BY`) are code, which no rule reads yet. Conditions of a flow that
//! look at a record which the flow already has are evaluated in memory and work. Fields that the source does not show
//! as encrypted may be so in the org.
//!
//! ## Seen in the wild
//! No public project has a PHI field with an encryption scheme: the only schemes seen are on fields of
//! `SalesforceFoundation/NPSP` that hold no PHI.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Place, Severity};
use sfdx::views::{Field, SharingKind};
use sfdx::{Element, Value};

use crate::Context;
use crate::disclosure::shown;
use crate::encryption::{self, Scheme};
use crate::field_path::{self, Reached};
use crate::formula;
use crate::list_column;
use crate::report_column::ReportColumns;
use crate::rule::{Draft, Meta, Outcome};
use crate::sharing;

pub(crate) const META: Meta = Meta {
    title: "An encrypted field is used where it cannot be",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a2iv", "hipaa-sec-312c1", "gdpr-32-1a"],
    tags: &["phi", "encryption"],
    replaces: &[],
    sbs: &[],
    needs: &["the fields' files, with their `encryptionScheme`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let encrypted = Encrypted::of(cx);
    if encrypted.fields.is_empty() && encrypted.absent.is_empty() {
        return;
    }
    out.judged(encrypted.fields.len());
    keys(cx, out);
    list_views(cx, &encrypted, out);
    reports(cx, &encrypted, out);
    flows(cx, &encrypted, out);
    sharing_rules(cx, &encrypted, out);
    duplicates(cx, &encrypted, out);
    formulas(cx, &encrypted, out);
}

/// PHI fields that are encrypted, by `Object.Field` in lower case.
struct Encrypted<'p> {
    fields: BTreeMap<String, Own<'p>>,
    /// Those that the bundle wants encrypted and the source does not hold, as the bundle writes them.
    absent: BTreeMap<String, String>,
}

/// A field that the source encrypts.
struct Own<'p> {
    field: Field<'p>,
    scheme: Scheme,
    written: Value<'p>,
    confidence: Confidence,
}

impl<'a> Way<'a> {
    const fn filter(what: &'a str) -> Self {
        Self { what, fix: FILTER_FIX, any_scheme: false }
    }
}

impl<'p> Encrypted<'p> {
    fn of(cx: &Context<'p>) -> Self {
        let fields = encryption::phi_fields(cx).into_iter().filter_map(|one| {
            let (scheme, written) = encryption::scheme(one.field)?;
            let own = Own { field: one.field, scheme, written, confidence: one.verdict.confidence };
            Some((one.field.full_name().to_lowercase(), own))
        });
        let absent = encryption::absent_fields(cx).into_iter().filter(|field| field.field.contains("__"));
        let absent = absent.map(|field| (field.full_name().to_lowercase(), field.full_name())).collect();
        Self { fields: fields.collect(), absent }
    }
}

/// A field that a component names, and where.
type Use = (Reached, Place);

/// What one kind of component does with fields.
struct Way<'a> {
    /// `the list view `X` is filtered by`
    what: &'a str,
    fix: &'a str,
    /// Whether a deterministic scheme does not help.
    any_scheme: bool,
}

/// One finding for what one component does with encrypted fields.
fn report(
    encrypted: &Encrypted<'_>,
    component: String,
    way: &Way<'_>,
    uses: impl IntoIterator<Item = Use>,
    out: &mut Outcome,
) {
    let mut used: Vec<(&Own<'_>, Place)> = Vec::new();
    for (reached, at) in uses {
        let key = reached.full_name().to_lowercase();
        match encrypted.fields.get(&key) {
            Some(own) if way.any_scheme || own.scheme == Scheme::Probabilistic => used.push((own, at)),
            Some(_) => {}
            None => {
                if let Some(name) = encrypted.absent.get(&key) {
                    out.unknown(
                        format!("the scheme of `{name}`, which the bundle wants encrypted: {} it", way.what),
                        format!("retrieve `CustomField:{name}`, or look at Setup > Encryption Policy > Encrypt Fields"),
                    );
                }
            }
        }
    }
    let Some((first, at)) = used.first() else { return };
    let mut fields: Vec<String> = Vec::new();
    for (own, _) in &used {
        if !fields.iter().any(|known| known == own.field.full_name()) {
            fields.push(own.field.full_name().to_owned());
        }
    }
    let are = if fields.len() > 1 { "which are" } else { "which is" };
    let message = format!("{} {}, {are} encrypted: that does not work", way.what, shown(&fields));
    let scheme = Place::of(first.written.source(), first.written.span());
    let mut draft = Draft::new(component, at.clone(), message, way.fix)
        .confidence(used.iter().map(|(own, _)| own.confidence).max().unwrap_or(Confidence::Medium))
        .related(scheme, "the scheme")
        .detail("use");
    for (own, at) in used.iter().skip(1).take(9) {
        draft = draft.related(at.clone(), format!("`{}` is used here too", own.field.full_name()));
    }
    out.found(draft.fields(fields));
}

const FILTER_FIX: &str = "filter, sort and group by a field that is no PHI; or give a field of many values a deterministic \
                          scheme, which can be filtered on by equality";

/// Probabilistic encryption cannot keep values apart.
fn keys(cx: &Context<'_>, out: &mut Outcome) {
    for one in encryption::phi_fields(cx) {
        let Some((Scheme::Probabilistic, written)) = encryption::scheme(one.field) else { continue };
        let on = |path: &str| one.field.value(path).filter(|flag| flag.flag() == Some(true));
        let (unique, external) = (on("unique"), on("externalId"));
        let what = match (&unique, &external) {
            (Some(_), Some(_)) => "unique and an external id",
            (Some(_), None) => "unique",
            (None, Some(_)) => "an external id",
            (None, None) => continue,
        };
        let Some(at) = external.or(unique) else { continue };
        let name = one.field.full_name();
        out.found(
            Draft::new(
                format!("CustomField:{name}"),
                cx.place(&at),
                format!("`{name}` is {what} and encrypted probabilistically, which does not go together"),
                "set `<encryptionScheme>CaseSensitiveDeterministicEncryption</encryptionScheme>`, or take the flag off",
            )
            .confidence(one.verdict.confidence)
            .related(cx.place(&written), "the scheme")
            .detail("key")
            .field(name),
        );
    }
}

fn list_views(cx: &Context<'_>, encrypted: &Encrypted<'_>, out: &mut Outcome) {
    for object in cx.project.objects() {
        for view in object.list_views() {
            let used = view.filters().filter_map(|filter| {
                let column = filter.field()?;
                let reached = list_column::field(cx.project, object.name(), &column)?;
                Some((reached, cx.place(&column)))
            });
            let name = format!("{}.{}", object.name(), view.name());
            let what = format!("the list view `{name}` is filtered by");
            report(encrypted, format!("ListView:{name}"), &Way::filter(&what), used, out);
        }
    }
}

fn reports(cx: &Context<'_>, encrypted: &Encrypted<'_>, out: &mut Outcome) {
    let columns = ReportColumns::of(cx.project);
    for one in cx.project.reports() {
        let filters = one.filters().filter_map(|filter| filter.column());
        let groups = one.groupings_down().chain(one.groupings_across()).filter_map(|group| group.field());
        let sorted = one.element().value("sortColumn");
        let buckets = one.buckets().filter_map(|bucket| bucket.source_column());
        let used = filters.chain(groups).chain(sorted).chain(buckets).filter_map(|column| {
            let reached = columns.column(cx.project, one, &column)?;
            Some((reached, cx.place(&column)))
        });
        let what = format!("the report `{}` is filtered, sorted or grouped by", one.name());
        report(encrypted, format!("Report:{}", one.name()), &Way::filter(&what), used, out);
    }
}

fn flows(cx: &Context<'_>, encrypted: &Encrypted<'_>, out: &mut Outcome) {
    const ELEMENTS: [&str; 4] = ["recordLookups", "recordUpdates", "recordDeletes", "dynamicChoiceSets"];
    for flow in cx.project.flows() {
        let runs = |status: &Value<'_>| !matches!(status.as_str(), "Draft" | "Obsolete" | "InvalidDraft");
        if !flow.status().as_ref().is_none_or(runs) {
            continue;
        }
        let mut used = Vec::new();
        let mut queries = |element: Element<'_>| {
            let Some(object) = element.value("object") else { return };
            let filters = element.children_named("filters").filter_map(|filter| filter.value("field"));
            for field in filters.chain(element.value("sortField")) {
                let reached = field_path::follow(cx.project, &object, &field);
                used.push((reached, cx.place(&field)));
            }
        };
        for element in flow.element().children() {
            // What starts a flow on a schedule is a query; what a changed record must be like is not.
            let is_query = ELEMENTS.contains(&element.name())
                || (element.name() == "start" && element.value("triggerType").is_some_and(|kind| kind == "Scheduled"));
            if is_query {
                queries(element);
            }
        }
        let what = format!("the flow `{}` looks records up by", flow.name());
        report(encrypted, format!("Flow:{}", flow.name()), &Way::filter(&what), used, out);
    }
}

fn sharing_rules(cx: &Context<'_>, encrypted: &Encrypted<'_>, out: &mut Outcome) {
    for rule in cx.project.sharing_rules() {
        if !matches!(rule.kind(), SharingKind::Criteria | SharingKind::Guest) {
            continue;
        }
        let used = rule.conditions().filter_map(|condition| {
            let field = condition.field()?;
            let reached = field_path::follow(cx.project, rule.object_name(), &field);
            Some((reached, cx.place(&field)))
        });
        let name = rule.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
        let way = Way {
            what: &format!("the sharing rule `{name}` of `{}` has as a criterion", rule.object_name()),
            fix: "share by owner, by a group, or by a field that is no PHI: an encrypted field of any scheme cannot be a \
                  criterion",
            any_scheme: true,
        };
        report(encrypted, sharing::component(rule), &way, used, out);
    }
}

fn duplicates(cx: &Context<'_>, encrypted: &Encrypted<'_>, out: &mut Outcome) {
    const FIX: &str = "match on a field with a deterministic scheme, or on one that is not encrypted";
    for rules in cx.project.matching_rules() {
        for rule in rules.rules().filter(|rule| rule.status().is_none_or(|status| status == "Active")) {
            let used = rule.items().filter_map(|item| {
                let field = item.field()?;
                let reached = field_path::follow(cx.project, rules.name(), &field);
                Some((reached, cx.place(&field)))
            });
            let name = rule.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
            let what = format!("the matching rule `{name}` of `{}` compares", rules.name());
            let way = Way { what: &what, fix: FIX, any_scheme: false };
            report(encrypted, format!("MatchingRule:{}.{name}", rules.name()), &way, used, out);
        }
    }
    for rule in cx.project.duplicate_rules().filter(|rule| rule.active() != Some(false)) {
        let items = rule.element().descendants().filter(|element| element.name() == "duplicateRuleFilterItems");
        let used = items.filter_map(|item| {
            let field = item.value("field")?;
            let object = item.value("table").map(Value::into_text);
            let own = rule.name().split('.').next().unwrap_or_default();
            let reached = field_path::follow(cx.project, object.as_deref().unwrap_or(own), &field);
            Some((reached, cx.place(&field)))
        });
        let what = format!("the duplicate rule `{}` is filtered by", rule.name());
        let way = Way { what: &what, fix: FIX, any_scheme: false };
        report(encrypted, format!("DuplicateRule:{}", rule.name()), &way, used, out);
    }
}

fn formulas(cx: &Context<'_>, encrypted: &Encrypted<'_>, out: &mut Outcome) {
    for object in cx.project.objects() {
        for field in object.fields() {
            let Some(text) = field.formula() else { continue };
            let used = formula::beyond_encryption(&text).into_iter().map(|reference| {
                let reached = field_path::follow(cx.project, object.name(), reference);
                (reached, cx.place(&text))
            });
            let what = format!("the formula `{}` computes with", field.full_name());
            let way = Way {
                what: &what,
                fix: "use the field with no other functions than `BLANKVALUE`, `CASE`, `HYPERLINK`, `IF`, `IMAGE`, `ISBLANK`, \
                      `ISNULL`, `NULLVALUE` and `&`, or compute where the value is read",
                any_scheme: false,
            };
            report(encrypted, format!("CustomField:{}", field.full_name()), &way, used, out);
        }
    }
}
