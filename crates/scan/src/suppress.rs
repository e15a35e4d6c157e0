//! What takes a finding out of the count: a comment beside its line, or an exception of the bundle. Both name a
//! reason, an approver and the last day, and neither hides the finding from an auditor.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use journal::{Finding, Suppression, SuppressionKind};
use policy::bundle::exception::Exception;
use regex::Regex;
use source::{Problem, Severity, Source};

use crate::{Context, Report};

/// `phiward: allow RULE reason="..." approver="..." expires="2027-01-31"`, in a comment of any language.
static COMMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:<!--|//|/\*|#)\s*phiward:\s*allow\s+(?<rule>[a-z0-9-]+)(?<rest>[^\n]*)"#).ok()
});
static PART: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?<name>reason|approver|expires)\s*=\s*"(?<value>[^"]*)""#).ok());

/// On longer lines, in bytes, no comment is looked for: they were written by a program, and may hold every finding.
const LINE_LIMIT: usize = 10_000;

/// The longest that an exception may last where the bundle says nothing else.
const DAYS: u32 = 180;

pub(crate) fn apply(context: &Context<'_>, report: &mut Report) {
    let exceptions: Vec<(&Exception, Option<Regex>)> = context
        .policy
        .exceptions()
        .iter()
        .map(|exception| (exception, glob(&exception.location.value)))
        .collect();
    let mut sources: BTreeMap<String, Option<Source>> = BTreeMap::new();
    let mut problems = unknown_rules(context);
    for finding in &mut report.findings {
        let path = &finding.place.path;
        let source = sources.entry(path.clone()).or_insert_with(|| source_of(context, path));
        let inline = source.as_ref().and_then(|source| inline(context, finding, source, &mut problems));
        let pmd = || pmd(context, finding, source.as_ref()?);
        finding.suppressed = inline.or_else(|| exception(context, &exceptions, finding)).or_else(pmd);
    }
    problems.sort();
    problems.dedup();
    report.problems.extend(problems);
}

fn source_of(context: &Context<'_>, path: &str) -> Option<Source> {
    match context.project.tree_at(path) {
        Some(tree) => Some(tree.source().clone()),
        None => Some(context.project.load(context.project.file(path)?).ok()?.0),
    }
}

/// Exceptions that name no rule silence nothing, and somebody believes that they do.
fn unknown_rules(context: &Context<'_>) -> Vec<Problem> {
    let help = "`phiward rules` lists them";
    let of_bundle =
        context.policy.exceptions().iter().filter(|one| crate::rule(one.rule.value.as_str()).is_none());
    let of_bundle = of_bundle.map(|one| {
        let place = context.policy_place(&one.rule.place);
        let message = format!("there is no rule `{}`", one.rule.value);
        Problem::new(Severity::Warning, "exception-unknown-rule", place.path, message)
            .at(place.start)
            .with_help(help)
    });
    let comments = context.project.trees().flat_map(|tree| tree.comments().collect::<Vec<_>>());
    let in_comments = comments.filter_map(|comment| {
        let text = format!("<!--{}", comment.text());
        let found = COMMENT.as_ref()?.captures(&text)?;
        let rule = found.name("rule")?.as_str();
        let message = format!("there is no rule `{rule}`");
        let problem =
            comment.source().problem(Severity::Warning, "exception-unknown-rule", comment.span(), message);
        crate::rule(rule).is_none().then(|| problem.with_help(help))
    });
    of_bundle.chain(in_comments).collect()
}

fn inline(
    context: &Context<'_>,
    finding: &Finding,
    source: &Source,
    problems: &mut Vec<Problem>,
) -> Option<Suppression> {
    let line = finding.place.start.line;
    [line, line.saturating_sub(1)].into_iter().filter(|line| *line > 0).find_map(|line| {
        let text = source.line(line);
        if text.len() > LINE_LIMIT {
            return None;
        }
        let comment = COMMENT.as_ref()?.captures(text)?;
        let rule = comment.name("rule")?.as_str();
        if rule != finding.rule {
            return None;
        }
        let at = source.line_span(line);
        let mut refuse = |severity, code, message: String, help: &str| {
            problems.push(source.problem(severity, code, at, message).with_help(help));
            None
        };
        let (reason, approver, expires) = match read(comment.name("rest").map_or("", |rest| rest.as_str())) {
            Ok(parts) => parts,
            Err(missing) => {
                let message =
                    format!("the exception for `{rule}` has no {missing}, so that it does not hold");
                let help = r#"write `phiward: allow RULE reason="..." approver="..." expires="YYYY-MM-DD"`"#;
                return refuse(Severity::Error, "exception-incomplete", message, help);
            }
        };
        if expires < context.today {
            let message = format!("the exception for `{rule}` ended on {expires}");
            let help = "mend the finding, or have the exception approved again";
            return refuse(Severity::Warning, "exception-expired", message, help);
        }
        let days =
            context.policy.defaults().and_then(|d| d.exception_days.as_ref()).map_or(DAYS, |days| days.value);
        let last = context.today.saturating_add(jiff::Span::new().days(i64::from(days)));
        if expires > last {
            let message =
                format!("the exception for `{rule}` lasts longer than {days} days, so that it does not hold");
            let help = format!("let it end by {last} and renew it then");
            return refuse(Severity::Error, "exception-too-long", message, &help);
        }
        let approvers =
            context.policy.approvers().map(|approvers| approvers.people.as_slice()).unwrap_or_default();
        if !approvers.is_empty() && !approvers.iter().any(|one| one.id.value.as_str() == approver) {
            let message = format!("the exception for `{rule}` is approved by nobody whom the bundle names");
            return refuse(
                Severity::Error,
                "exception-unapproved",
                message,
                "name one of the bundle's approvers by id",
            );
        }
        Some(Suppression {
            kind: SuppressionKind::Inline,
            reason,
            approver: Some(approver),
            expires: Some(expires),
            place: Some(journal::Place::of(source, at)),
        })
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

fn exception(
    context: &Context<'_>,
    exceptions: &[(&Exception, Option<Regex>)],
    finding: &Finding,
) -> Option<Suppression> {
    let (exception, _) = exceptions.iter().find(|(exception, glob)| {
        exception.rule.value.as_str() == finding.rule
            && exception.live(context.today)
            && covers(&exception.location.value, glob.as_ref(), finding)
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
fn covers(location: &str, glob: Option<&Regex>, finding: &Finding) -> bool {
    if let Some(glob) = glob {
        return glob.is_match(&finding.place.path);
    }
    if location.contains(':') {
        return location.eq_ignore_ascii_case(&finding.component);
    }
    let name = finding.component.split_once(':').map_or("", |(_, name)| name);
    let is_or_is_in = |full: &str| {
        full.eq_ignore_ascii_case(location)
            || full.split_once('.').is_some_and(|(object, _)| object.eq_ignore_ascii_case(location))
    };
    is_or_is_in(name) || (!finding.fields.is_empty() && finding.fields.iter().all(|field| is_or_is_in(field)))
}

/// What PMD's users wrote for PMD, for rules that take the place of its rules: `// NOPMD` on the line, or
/// `@SuppressWarnings` on the method or a class around it. Only where the bundle says that it counts.
fn pmd(context: &Context<'_>, finding: &Finding, source: &Source) -> Option<Suppression> {
    if !context.policy.defaults().is_some_and(|defaults| defaults.honour_pmd) {
        return None;
    }
    let meta = crate::rule(finding.rule)?.meta;
    let replaced: Vec<&str> = meta.replaces.iter().filter_map(|name| name.strip_prefix("pmd:")).collect();
    let is_apex = context
        .project
        .file(&finding.place.path)
        .is_some_and(|file| matches!(file.kind, sfdx::Kind::Apex | sfdx::Kind::Trigger));
    let first = *replaced.first().filter(|_| is_apex)?;
    let program = &context.code().program;
    let file = program.files.iter().find(|file| file.source.path() == finding.place.path)?;
    let (name, span) = marked(&program.names, file, &replaced, first, finding.place.start.line)?;
    Some(Suppression {
        kind: SuppressionKind::Inline,
        reason: format!("suppressed for PMD's {name}"),
        approver: None,
        expires: None,
        place: Some(journal::Place::of(source, span)),
    })
}

/// The rule of PMD whose mark covers a line, and where the mark stands.
fn marked<'r>(
    names: &apex::Names,
    file: &apex::ast::File,
    replaced: &[&'r str],
    first: &'r str,
    line: u32,
) -> Option<(&'r str, source::Span)> {
    let line_of = |at: u32| file.source.position(at).line;
    let on_line = file.comments.iter().copied().find(|span| {
        let comment = file.source.slice(*span).strip_prefix("//");
        line_of(span.start) == line && comment.is_some_and(|text| text.trim_start().starts_with("NOPMD"))
    });
    if let Some(span) = on_line {
        return Some((first, span));
    }
    // An annotation stands before the name, and the declaration ends with its last line.
    let of = |modifiers: &apex::ast::Modifiers, end: u32| {
        let marks =
            modifiers.annotations.iter().filter(|one| names.folded(one.name.value) == "suppresswarnings");
        for mark in marks {
            if line < line_of(mark.name.span.start) || line > line_of(end) {
                continue;
            }
            let texts = mark.args.iter().filter_map(|(_, value)| file.literal_text(*value));
            for text in texts.collect::<Vec<_>>() {
                for part in text.split(',').map(str::trim) {
                    let named = part.strip_prefix("PMD.");
                    let found = replaced.iter().find(|rule| named == Some(**rule)).copied();
                    if let Some(rule) = found.or_else(|| (part == "PMD").then_some(first)) {
                        return Some((rule, mark.name.span));
                    }
                }
            }
        }
        None
    };
    file.decls.iter().find_map(|decl| {
        let methods = || decl.methods.iter().find_map(|method| of(&method.modifiers, method.span.end));
        of(&decl.modifiers, decl.span.end).or_else(methods)
    })
}

/// The paths that a `where` means, if it means paths: `*` is any part of a name, `**` any folders.
fn glob(location: &str) -> Option<Regex> {
    if location.contains(':') || !location.contains(['/', '*']) {
        return None;
    }
    let pattern =
        regex::escape(location).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*");
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_paths() {
        let matches = |location: &str, path: &str| glob(location).is_some_and(|glob| glob.is_match(path));
        assert!(matches("force-app/**/A.cls", "force-app/main/default/A.cls"));
        assert!(matches("force-app/*/A.cls", "force-app/main/A.cls"));
        assert!(!matches("force-app/*/A.cls", "force-app/main/default/A.cls"));
        assert!(!matches("a/b.c", "a/bbc"));
        assert!(glob("Settings:Security").is_none() && glob("Account.Phone").is_none());
    }

    #[test]
    fn a_comment_needs_reason_approver_and_last_day() {
        let whole = r#" reason="legacy" approver="mara" expires="2027-01-31" -->"#;
        assert_eq!(read(whole).unwrap().2, jiff::civil::date(2027, 1, 31));
        assert_eq!(read(r#"reason="legacy" expires="2027-01-31""#).unwrap_err(), "approver");
        assert_eq!(read(r#"reason="x" approver="y" expires="soon""#).unwrap_err(), "last day (`expires`)");
    }

    #[test]
    fn marks_for_pmd_cover_a_line_a_method_or_a_class() {
        let apex = "public class A {\n  void a() {} // NOPMD - no matter\n  void b() {} // see NOPMD\n  String c = '// NOPMD';\n  \
                    @suppressWarnings('PMD.Other, PMD.ApexBadCrypto')\n  void d() {\n  }\n  void e() {}\n}\n";
        let whole = "@SuppressWarnings('PMD')\npublic class B {\n  class C {\n    void a() {}\n  }\n}\n";
        let other = "@SuppressWarnings('PMD.ApexCRUDViolation')\npublic class D {\n  void a() {}\n}\n";
        let sources = [("A.cls", apex), ("B.cls", whole), ("D.cls", other)];
        let (files, names) =
            apex::parse(sources.into_iter().map(|(path, text)| Source::new(path, text)).collect());
        let at = |file: usize, line: u32| {
            let replaced = ["ApexDangerousMethods", "ApexBadCrypto"];
            marked(&names, &files[file], &replaced, "ApexDangerousMethods", line).map(|(rule, _)| rule)
        };
        assert_eq!(at(0, 2), Some("ApexDangerousMethods"));
        assert_eq!([3, 4, 8, 1].map(|line| at(0, line)), [None; 4]);
        assert_eq!([6, 7].map(|line| at(0, line)), [Some("ApexBadCrypto"); 2]);
        assert_eq!([2, 4].map(|line| at(1, line)), [Some("ApexDangerousMethods"); 2]);
        assert_eq!(at(2, 3), None);
    }
}
