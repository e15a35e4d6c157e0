use super::Check;
use crate::bundle::agreement::Agreement;
use crate::bundle::clause;
use crate::file::suggest;
use crate::place::{At, Place};
use crate::vocabulary::{AgreementKind, Transfer};

/// An agreement by itself; `with` names the other side.
pub(super) fn check(check: &mut Check<'_>, agreement: &Agreement, with: &str) {
    let kind = agreement.kind.value;
    if let Some(expires) = &agreement.expires
        && expires.value < agreement.effective.value
    {
        let message = format!("the {kind} with {with} ends before it begins");
        check.error(&expires.place, "bad-dates", message, "`effective` is the first day, `expires` the last");
    }
    coverage(check, agreement.classes.as_ref(), kind, with, "classes");
    coverage(check, agreement.objects.as_ref(), kind, with, "objects");
    coverage(check, agreement.fields.as_ref(), kind, with, "fields");
    coverage(check, agreement.purposes.as_ref(), kind, with, "purposes");
    clauses(check, agreement, with);
    objects(check, agreement);
    if let Some(transfer) = &agreement.transfer
        && transfer.value == Transfer::Derogation
    {
        let message = format!("the {kind} with {with} leans on a derogation");
        let help = "GDPR Art. 49 is for single cases; a flow that is declared needs adequacy, scc or bcr";
        check.warn(&transfer.place, "transfer-by-derogation", message, help);
    }
}

fn coverage<T>(check: &mut Check<'_>, list: Option<&At<Vec<T>>>, kind: AgreementKind, with: &str, key: &str) {
    let Some(list) = list.filter(|list| list.value.is_empty()) else { return };
    let message = format!("the {kind} with {with} covers no {key}, so it covers nothing");
    let help = format!("name what it covers, or leave `{key}` out where it covers all");
    check.warn(&list.place, "empty-coverage", message, help);
}

fn clauses(check: &mut Check<'_>, agreement: &Agreement, with: &str) {
    let kind = agreement.kind.value;
    let Some(listed) = &agreement.clauses else { return };
    let known: Vec<&str> = clause::names(kind).collect();
    if known.is_empty() {
        let message = format!("no list of clauses is known for a {kind}");
        let help = "clauses are listed for `baa` and `dpa`";
        check.error(&listed.place, "unknown-clause", message, help);
        return;
    }
    for one in &listed.value {
        if !known.contains(&one.value.as_str()) {
            let message =
                format!("`{}` is not a clause of a {kind}", crate::file::record::clipped(&one.value));
            let help = suggest::help(&one.value, known.iter().copied());
            check.error(&one.place, "unknown-clause", message, help);
        }
    }
    let missing = agreement.missing_clauses();
    if !missing.is_empty() {
        let names: Vec<String> = missing
            .iter()
            .map(|clause| format!("{} ({}, {})", clause.id, clause.name, clause.citation))
            .collect();
        let count = clause::required(kind).len();
        let message = format!(
            "the {kind} with {with} has {} of {count} clauses; missing: {}",
            count - missing.len(),
            names.join("; ")
        );
        let help = "add those that the document contains; have it amended where it does not";
        check.warn(&listed.place, "missing-clauses", message, help);
    }
}

/// Coverage that names objects which the bundle does not classify is likely a slip of the pen.
fn objects(check: &mut Check<'_>, agreement: &Agreement) {
    let content = check.content;
    let known: Vec<&str> = content.objects.iter().map(|(name, _)| name.value.as_str()).collect();
    let mut named: Vec<(String, Place)> = Vec::new();
    if let Some(objects) = &agreement.objects {
        named.extend(objects.value.iter().map(|one| (one.value.clone(), one.place.clone())));
    }
    if let Some(fields) = &agreement.fields {
        named.extend(fields.value.iter().map(|one| (one.value.parts().0.to_owned(), one.place.clone())));
    }
    for (name, place) in named {
        if !known.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
            let message = format!("the bundle does not classify the object `{name}`");
            let help = suggest::help(&name, known.iter().copied());
            check.warn(&place, "unclassified-object", message, help);
        }
    }
}
