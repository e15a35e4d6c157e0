//! JUnit's XML, as build servers read it: a test suite a rule, a failure a finding, an error what could
//! not be read.

use std::io::{self, Write};

use crate::{RULES, Report, Rule};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    let failures = report.counting().count();
    let in_order = |rule: &Rule| {
        let found = report.counting().filter(|finding| finding.rule == rule.id).count();
        report.judged.get(rule.id).copied().unwrap_or(0).saturating_sub(found)
    };
    let passed = RULES.iter().filter(|rule| in_order(rule) > 0).count();
    let unread: Vec<_> = report.unread().collect();
    writeln!(
        out,
        r#"<testsuites name="phiward" tests="{}" failures="{failures}" errors="{}">"#,
        failures + passed + unread.len(),
        unread.len(),
    )?;
    if !unread.is_empty() {
        writeln!(out, r#"  <testsuite name="reading" tests="{0}" errors="{0}">"#, unread.len())?;
        for problem in unread {
            let path = escape(&problem.path);
            let line = problem.position.map_or(1, |position| position.line);
            writeln!(out, r#"    <testcase classname="reading" name="{path}" file="{path}" line="{line}">"#)?;
            writeln!(
                out,
                r#"      <error type="{}" message="{}">{path}:{line}: {}</error>"#,
                escape(problem.code),
                escape(&problem.message),
                escape(problem.help.as_deref().unwrap_or("it was not judged")),
            )?;
            writeln!(out, "    </testcase>")?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    for rule in RULES {
        let findings: Vec<_> = report.counting().filter(|finding| finding.rule == rule.id).collect();
        let in_order = in_order(rule);
        let tests = findings.len() + usize::from(in_order > 0);
        if tests == 0 {
            continue;
        }
        writeln!(out, r#"  <testsuite name="{}" tests="{tests}" failures="{}">"#, rule.id, findings.len())?;
        for finding in &findings {
            let place = &finding.place;
            writeln!(
                out,
                r#"    <testcase classname="{}" name="{}" file="{}" line="{}">"#,
                rule.id,
                escape(&finding.component),
                escape(&place.path),
                place.start.line,
            )?;
            writeln!(
                out,
                r#"      <failure type="{}" message="{}">{}:{}: {}</failure>"#,
                finding.severity,
                escape(&finding.message),
                escape(&place.path),
                place.start.line,
                escape(&finding.fix),
            )?;
            writeln!(out, "    </testcase>")?;
        }
        if in_order > 0 {
            writeln!(out, r#"    <testcase classname="{}" name="{in_order} in order"/>"#, rule.id)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 has no other control characters.
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(c))),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
