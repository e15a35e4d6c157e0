use std::collections::{BTreeMap, BTreeSet};

use journal::{Confidence, Finding, Gap, Severity};
use policy::Policy;

use super::Content;
use super::prose::Prose;
use crate::cause;
use crate::route::join;
use crate::status::{State, plural};
use crate::table::suppression_words;

/// How many of each the page shows; the table beside it has all.
const CAUSES: usize = 30;
const PLACES: usize = 6;
const FIELDS: usize = 10;
const ACCEPTED: usize = 60;
const UNKNOWN: usize = 8;
const FIRST: usize = 3;

pub(super) struct Summary<'r> {
    pub(super) lead: Vec<String>,
    pub(super) tiles: Vec<Tile>,
    pub(super) first: Vec<First<'r>>,
    pub(super) unknown_lead: String,
    pub(super) unknown: Vec<Unknown<'r>>,
    pub(super) unknown_more: usize,
    /// What the source lacks as a whole, which no rule asks for by name.
    pub(super) absent: Vec<(Prose, Prose)>,
}

/// What one rule could not judge.
pub(super) struct Unknown<'r> {
    pub(super) title: &'r str,
    pub(super) count: usize,
    pub(super) missing: Prose,
    pub(super) complete_with: Prose,
}

pub(super) struct Tile {
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) count: usize,
}

pub(super) struct First<'r> {
    pub(super) title: &'r str,
    pub(super) severity: Severity,
    pub(super) message: Prose,
    pub(super) more: String,
    pub(super) rule: &'static str,
}

pub(super) struct Rule<'r> {
    pub(super) id: &'static str,
    pub(super) title: &'r str,
    pub(super) summary: Prose,
    pub(super) severity: Severity,
    pub(super) counts: String,
    pub(super) controls: Vec<String>,
    pub(super) causes: Vec<Cause<'r>>,
    pub(super) causes_more: usize,
}

pub(super) struct Cause<'r> {
    pub(super) name: &'r str,
    pub(super) severity: Severity,
    pub(super) places: Vec<Place>,
    pub(super) more: usize,
    pub(super) fields: Vec<&'r str>,
    pub(super) fields_more: usize,
    pub(super) whose: String,
    pub(super) party: Option<&'r str>,
    pub(super) fixes: Vec<Prose>,
    pub(super) confidence: &'static str,
}

pub(super) struct Place {
    pub(super) message: Prose,
    pub(super) place: String,
}

pub(super) struct Accepted<'r> {
    pub(super) rule: &'static str,
    pub(super) message: Prose,
    pub(super) place: String,
    pub(super) kind: &'static str,
    pub(super) reason: Prose,
    pub(super) approver: &'r str,
    pub(super) until: String,
}

pub(super) fn summary<'r>(content: &Content<'r>) -> Summary<'r> {
    let report = content.audit.report;
    let counting = report.counting().count();
    let aside = report.findings.len() - counting;
    let objects: BTreeSet<&str> =
        content.exposure.fields.iter().map(|exposed| exposed.field.object.as_str()).collect();
    let (known, in_source) = (content.exposure.fields.len(), report.totals.phi_fields);
    let only_declared = match known.saturating_sub(in_source) {
        0 => String::new(),
        count => format!("; the bundle alone names {count} of the fields"),
    };
    let read = format!(
        "Phiward read {} of Salesforce source. Patient data is in {} of {}{only_declared}.",
        plural(report.totals.files, "file", "files"),
        plural(known, "field", "fields"),
        plural(objects.len(), "object", "objects"),
    );
    let by = match &report.policy_digest {
        Some(_) => "It was judged by the policy bundle named above, as that stood at the time of reading.",
        None => {
            "There is no policy bundle yet, so nothing is declared: what is patient data was judged from names, tags and \
             a shipped catalogue, and no receiver is known."
        }
    };
    let served: Vec<_> = content.standings.iter().filter(|one| one.is_served()).collect();
    let of_state = |state: State| served.iter().filter(|one| one.code.state == state).count();
    let found = match counting {
        0 => "No finding counts.".to_owned(),
        count => format!(
            "{} in {} {}.",
            plural(count, "finding", "findings"),
            plural(content.groups.iter().map(|group| group.causes.len()).sum(), "cause", "causes"),
            if count == 1 { "counts" } else { "count" }
        ),
    };
    let aside = if aside > 0 {
        let more = if counting > 0 { " more" } else { "" };
        format!(" {aside}{more} {} accepted or set aside.", if aside == 1 { "is" } else { "are" })
    } else {
        String::new()
    };
    let controls = format!(
        " Of {} that the rules look at, code decides: {} not met, {} unknown, {} accepted, {} met in source{}.",
        plural(served.len(), "control", "controls"),
        of_state(State::NotMet),
        of_state(State::Unknown),
        of_state(State::Accepted),
        of_state(State::MetInSource),
        match of_state(State::MetWithFacts) {
            0 => String::new(),
            count => format!(", {count} met with org facts"),
        },
    );
    let tiles = report
        .by_severity()
        .into_iter()
        .map(|(severity, count)| Tile { class: severity.as_str(), name: severity.as_str(), count })
        .collect();
    let mut unknown = unknown(content);
    let all = unknown.len();
    unknown.truncate(UNKNOWN);
    let gaps = super::questions(&report.gaps);
    let unread = match report.problems.len() {
        0 => String::new(),
        count => format!(" {} could not be read in full.", plural(count, "place", "places")),
    };
    Summary {
        lead: vec![format!("{read} {by}"), format!("{found}{aside}{controls}")],
        tiles,
        first: first(content),
        unknown_lead: format!("The rules leave {} open.{unread}", plural(gaps, "question", "questions"),),
        absent: content
            .absences
            .iter()
            .map(|absence| (Prose::new(&absence.missing), Prose::new(&absence.complete_with)))
            .collect(),
        unknown,
        unknown_more: all.saturating_sub(UNKNOWN),
    }
}

/// By rule, those with most that is unknown first, each with an example.
fn unknown<'r>(content: &Content<'r>) -> Vec<Unknown<'r>> {
    let mut by_rule: BTreeMap<&'r str, Vec<&'r Gap>> = BTreeMap::new();
    for gap in &content.audit.report.gaps {
        by_rule.entry(gap.rule).or_default().push(gap);
    }
    let mut rows: Vec<Unknown<'r>> = by_rule
        .into_iter()
        .filter_map(|(rule, gaps)| {
            let first = gaps.first()?;
            Some(Unknown {
                title: content.rulebook.title(rule),
                count: gaps.len(),
                missing: Prose::new(&first.missing),
                complete_with: Prose::new(&first.complete_with),
            })
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}

/// The most important things to do: the first rules in the order of groups, one item a rule.
fn first<'r>(content: &Content<'r>) -> Vec<First<'r>> {
    let worth = content.groups.iter().filter(|group| group.severity() > Severity::Info);
    worth
        .take(FIRST)
        .filter_map(|group| {
            let worst = group.causes.first()?.findings.first()?;
            Some(First {
                title: content.rulebook.title(group.rule),
                severity: group.severity(),
                message: Prose::new(&worst.fix),
                more: format!(
                    "{} by {}.",
                    plural(group.count(), "finding, mended", "findings, mended"),
                    plural(group.causes.len(), "change", "changes")
                ),
                rule: group.rule,
            })
        })
        .collect()
}

pub(super) fn rules<'r>(content: &Content<'r>) -> Vec<Rule<'r>> {
    content
        .groups
        .iter()
        .map(|group| {
            let all: Vec<&Finding> =
                group.causes.iter().flat_map(|cause| cause.findings.iter().copied()).collect();
            Rule {
                id: group.rule,
                title: content.rulebook.title(group.rule),
                summary: Prose::new(content.rulebook.summary(group.rule)),
                severity: group.severity(),
                counts: format!(
                    "{} in {}",
                    plural(group.count(), "finding", "findings"),
                    plural(group.causes.len(), "cause", "causes")
                ),
                controls: citations(&all),
                causes: group
                    .causes
                    .iter()
                    .take(CAUSES)
                    .map(|cause| of_cause(cause, content.audit.policy))
                    .collect(),
                causes_more: group.causes.len().saturating_sub(CAUSES),
            }
        })
        .collect()
}

/// Citation and title of every control, the nearest first.
fn citations(findings: &[&Finding]) -> Vec<String> {
    let catalogue = policy::controls::catalogue();
    let mut seen = BTreeSet::new();
    let ids = findings.iter().flat_map(|finding| finding.controls.iter()).filter(|id| seen.insert(**id));
    ids.map(|id| match catalogue.control(id) {
        Some(control) => {
            let requirement =
                control.requirement.as_deref().map(|word| format!(", {word}")).unwrap_or_default();
            format!("{} ({}{requirement})", control.citation, control.title)
        }
        None => (*id).to_owned(),
    })
    .collect()
}

fn of_cause<'r>(cause: &cause::Cause<'r>, policy: &Policy) -> Cause<'r> {
    let findings = &cause.findings;
    let fields: BTreeSet<&str> =
        findings.iter().flat_map(|finding| finding.fields.iter().map(String::as_str)).collect();
    let fixes: BTreeSet<&str> = findings.iter().map(|finding| finding.fix.as_str()).collect();
    let surest = findings.iter().map(|finding| finding.confidence).max().unwrap_or(Confidence::Low);
    Cause {
        name: cause.name,
        severity: cause.severity(),
        places: findings
            .iter()
            .take(PLACES)
            .map(|finding| Place { message: Prose::new(&finding.message), place: place(finding) })
            .collect(),
        more: findings.len().saturating_sub(PLACES),
        whose: whose(&fields, policy),
        fields_more: fields.len().saturating_sub(FIELDS),
        fields: fields.into_iter().take(FIELDS).collect(),
        party: findings.iter().find_map(|finding| finding.party.as_deref()),
        fixes: fixes.into_iter().take(PLACES).map(Prose::new).collect(),
        confidence: match surest {
            Confidence::High => "high: the source says it",
            Confidence::Medium => "medium: likely, look at it",
            Confidence::Low => "low: a hint, look before you change anything",
        },
    }
}

/// Whose data the fields are, by object, where the bundle joins the object to a person.
fn whose(fields: &BTreeSet<&str>, policy: &Policy) -> String {
    let mut by_object: BTreeMap<&str, String> = BTreeMap::new();
    for object in fields.iter().filter_map(|field| field.split('.').next()) {
        if let Some(subject) = policy.object(object).and_then(|rule| rule.subject.as_ref()) {
            by_object.insert(object, subject_words(subject.as_str()));
        }
    }
    join(by_object.iter().map(|(object, words)| format!("{object}: {words}")))
}

pub(super) fn subject_words(path: &str) -> String {
    if path == "self" {
        "the record is the person".to_owned()
    } else {
        format!("the person that {path} leads to")
    }
}

fn place(finding: &Finding) -> String {
    format!("{}:{}", finding.place.path, finding.place.start.line)
}

pub(super) fn accepted<'r>(content: &Content<'r>) -> (Vec<Accepted<'r>>, usize) {
    let aside: Vec<&'r Finding> =
        content.audit.report.findings.iter().filter(|finding| !finding.counts()).collect();
    let rows = aside
        .iter()
        .take(ACCEPTED)
        .filter_map(|finding| {
            let by = finding.suppressed.as_ref()?;
            Some(Accepted {
                rule: finding.rule,
                message: Prose::new(&finding.message),
                place: place(finding),
                kind: suppression_words(by.kind),
                reason: Prose::new(if by.reason.is_empty() { "none given" } else { &by.reason }),
                approver: by.approver.as_deref().unwrap_or("nobody"),
                until: by.expires.map_or_else(|| "no end".to_owned(), |until| until.to_string()),
            })
        })
        .collect();
    (rows, aside.len().saturating_sub(ACCEPTED))
}
