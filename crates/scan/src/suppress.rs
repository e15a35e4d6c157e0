//! What takes a finding out of the count: a comment beside its line, or an exception of the bundle. Both name a
//! reason, an approver and the last day, and neither hides the finding from an auditor.

use std::sync::LazyLock;

use jiff::civil::Date;
use journal::{Finding, Suppression, SuppressionKind};
use regex::Regex;
use source::{Problem, Severity, Source};

use crate::{Context, Report};

/// `phiward: allow RULE reason="..." approver="..." expires="2027-01-31"`, in a comment of any language.
static COMMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:<!--|//|/\*|#)\s*phiward:\s*allow\s+(?<rule>[a-z0-9-]+)(?<rest>[^\n]*)"#).ok()
});
static PART: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?<name>reason|approver|expires)\s*=\s*"(?<value>[^"]*)""#).ok());

pub(crate) fn apply(context: &Context<'_>, report: &mut Report) {
    let mut problems = Vec::new();
    for finding in &mut report.findings {
        finding.suppressed = inline(context, finding, &mut problems).or_else(|| exception(context, finding));
    }
    problems.sort();
    problems.dedup();
    report.problems.extend(problems);
}

fn inline(context: &Context<'_>, finding: &Finding, problems: &mut Vec<Problem>) -> Option<Suppression> {
    let path = &finding.place.path;
    let source: Source = match context.project.tree_at(path) {
        Some(tree) => tree.source().clone(),
        None => context.project.load(context.project.file(path)?).ok()?.0,
    };
    let line = finding.place.start.line;
    [line, line.saturating_sub(1)].into_iter().filter(|line| *line > 0).find_map(|line| {
        let comment = COMMENT.as_ref()?.captures(source.line(line))?;
        let rule = comment.name("rule")?.as_str();
        if rule != finding.rule {
            return None;
        }
        let at = source.line_span(line);
        match read(comment.name("rest").map_or("", |rest| rest.as_str())) {
            Ok((reason, approver, expires)) if expires >= context.today => Some(Suppression {
                kind: SuppressionKind::Inline,
                reason,
                approver: Some(approver),
                expires: Some(expires),
                place: Some(journal::Place::of(&source, at)),
            }),
            Ok((_, _, expires)) => {
                let message = format!("the exception for `{rule}` ended on {expires}");
                problems.push(
                    source
                        .problem(Severity::Warning, "exception-expired", at, message)
                        .with_help("mend the finding, or have the exception approved again"),
                );
                None
            }
            Err(missing) => {
                let message =
                    format!("the exception for `{rule}` has no {missing}, so that it does not hold");
                let help = r#"write `phiward: allow RULE reason="..." approver="..." expires="YYYY-MM-DD"`"#;
                problems.push(
                    source.problem(Severity::Error, "exception-incomplete", at, message).with_help(help),
                );
                None
            }
        }
    })
}

fn read(rest: &str) -> Result<(String, String, Date), &'static str> {
    let part = |name: &str| {
        let parts = PART.as_ref()?;
        let found =
            parts.captures_iter(rest).find(|part| part.name("name").is_some_and(|n| n.as_str() == name))?;
        found.name("value").map(|value| value.as_str().trim().to_owned()).filter(|value| !value.is_empty())
    };
    let reason = part("reason").ok_or("reason")?;
    let approver = part("approver").ok_or("approver")?;
    let expires = part("expires").and_then(|day| day.parse().ok()).ok_or("last day (`expires`)")?;
    Ok((reason, approver, expires))
}

fn exception(context: &Context<'_>, finding: &Finding) -> Option<Suppression> {
    let exception = context.policy.exceptions().iter().find(|exception| {
        exception.rule.value.as_str() == finding.rule
            && exception.live(context.today)
            && covers(&exception.location.value, finding)
    })?;
    Some(Suppression {
        kind: SuppressionKind::Exception,
        reason: exception.reason.value.clone(),
        approver: Some(exception.approver.value.to_string()),
        expires: Some(exception.expires.value),
        place: Some(context.policy_place(&exception.id.place)),
    })
}

/// Whether an exception's `where` means this finding: a component `Type:Name`, a path or glob of paths, a field,
/// or an object with all its fields. A field's exception covers only findings about that field alone.
fn covers(location: &str, finding: &Finding) -> bool {
    if location.contains(':') {
        return location.eq_ignore_ascii_case(&finding.component);
    }
    if location.contains(['/', '*']) {
        return matches_path(location, &finding.place.path);
    }
    let name = finding.component.split_once(':').map_or("", |(_, name)| name);
    let is_or_is_in = |full: &str| {
        full.eq_ignore_ascii_case(location)
            || full.split_once('.').is_some_and(|(object, _)| object.eq_ignore_ascii_case(location))
    };
    is_or_is_in(name) || (!finding.fields.is_empty() && finding.fields.iter().all(|field| is_or_is_in(field)))
}

/// `*` is any part of a name, `**` any folders.
fn matches_path(glob: &str, path: &str) -> bool {
    let pattern =
        regex::escape(glob).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*");
    Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_paths() {
        assert!(matches_path("force-app/**/A.cls", "force-app/main/default/A.cls"));
        assert!(matches_path("force-app/*/A.cls", "force-app/main/A.cls"));
        assert!(!matches_path("force-app/*/A.cls", "force-app/main/default/A.cls"));
        assert!(!matches_path("a.c", "abc"));
    }

    #[test]
    fn a_comment_needs_reason_approver_and_last_day() {
        let whole = r#" reason="legacy" approver="mara" expires="2027-01-31" -->"#;
        assert_eq!(read(whole).unwrap().2, jiff::civil::date(2027, 1, 31));
        assert_eq!(read(r#"reason="legacy" expires="2027-01-31""#).unwrap_err(), "approver");
        assert_eq!(read(r#"reason="x" approver="y" expires="soon""#).unwrap_err(), "last day (`expires`)");
    }
}
