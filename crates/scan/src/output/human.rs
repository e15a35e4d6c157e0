//! The report for somebody at a terminal: what is wrong, where, and what to change.

use std::collections::BTreeMap;
use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use journal::{Confidence, Finding, Gap, Severity};

use super::excerpt::{dots, redact, redact_all, redact_literals};
use source::plain;

use crate::Report;

/// How much is shown and whether in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub colour: bool,
    /// Findings shown of one rule before the rest is only counted.
    pub per_rule: usize,
}

pub(super) fn write(
    report: &Report,
    project: &sfdx::Project,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() };
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in report.counting() {
        let count = shown.entry(finding.rule).or_default();
        *count += 1;
        if *count <= style.per_rule {
            writeln!(out, "{}\n", render(finding, project, &renderer))?;
        }
    }
    for (rule, count) in shown.iter().filter(|(_, count)| **count > style.per_rule) {
        writeln!(out, "... and {} more of {rule} (--all shows them)", count - style.per_rule)?;
    }
    for problem in &report.problems {
        let level = match problem.severity {
            source::Severity::Error => "problem",
            source::Severity::Warning => "note",
        };
        writeln!(out, "{level}: {problem}")?;
    }
    summary(report, style, out)
}

fn render(finding: &Finding, project: &sfdx::Project, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low | Severity::Info => Level::NOTE,
    };
    let title = level
        .clone()
        .with_name(finding.severity.as_str())
        .primary_title(plain(&finding.message))
        .id(finding.rule);
    let excerpt = Excerpt::of(finding, project);
    let path = plain(&finding.place.path);
    let group = Group::with_title(title);
    let group = match &excerpt {
        Some(Excerpt { line, start, end }) => group.element(
            Snippet::source(line.as_str())
                .line_start(finding.place.start.line as usize)
                .path(path.as_str())
                .annotation(AnnotationKind::Primary.span(*start..*end)),
        ),
        None => group
            .element(annotate_snippets::Origin::path(path.as_str()).line(finding.place.start.line as usize)),
    };
    let mut group = group.element(Level::HELP.message(plain(&finding.fix)));
    for related in &finding.related {
        let place = &related.place;
        group = group.element(
            Level::NOTE.message(plain(&format!("{}:{}: {}", place.path, place.start.line, related.message))),
        );
    }
    let mut ways = finding.ways.iter();
    for (step, at) in (1..).zip(ways.next().into_iter().flatten()) {
        let place = &at.place;
        let text = format!("step {step}: {}:{}: {}", place.path, place.start.line, at.message);
        group = group.element(Level::NOTE.message(plain(&text)));
    }
    for first in ways.filter_map(|way| way.first()) {
        let text = format!("also from {}:{}", first.place.path, first.place.start.line);
        group = group.element(Level::NOTE.message(plain(&text)));
    }
    let catalogue = policy::controls::catalogue();
    let cited: Vec<&str> = finding
        .controls
        .iter()
        .map(|id| catalogue.control(id).map_or(*id, |control| control.citation.as_str()))
        .collect();
    if finding.confidence < Confidence::High {
        let note = format!("confidence {}: look before you change", finding.confidence);
        group = group.element(Level::NOTE.message(note));
    }
    if !cited.is_empty() {
        group = group.element(Level::NOTE.message(format!("touches {}", cited.join(", "))));
    }
    renderer.render(&[group])
}

/// Where people write names of things. In any other file they may write names of people.
fn is_metadata_or_code(kind: sfdx::Kind) -> bool {
    use sfdx::Kind::{Apex, Aura, Lwc, Metadata, Trigger, Visualforce};
    matches!(kind, Metadata | Apex | Trigger | Visualforce | Aura | Lwc)
}

/// One line of the file, without values, and the part of it that is meant, in bytes.
struct Excerpt {
    line: String,
    start: usize,
    end: usize,
}

impl Excerpt {
    const WIDEST: usize = 240;

    fn of(finding: &Finding, project: &sfdx::Project) -> Option<Self> {
        let place = &finding.place;
        let source = match project.tree_at(&place.path) {
            Some(tree) => tree.source().clone(),
            None => project.load(project.file(&place.path)?).ok()?.0,
        };
        let line = source.line(place.start.line);
        let data = project.file(&place.path).is_none_or(|file| !is_metadata_or_code(file.kind));
        // A secret has no shape and may stand on a line without its tag.
        let secret = finding.tags.contains(&"secret") && !line.contains("<fullName>");
        let kind = project.file(&place.path).map(|file| file.kind);
        let is_apex = matches!(kind, Some(sfdx::Kind::Apex | sfdx::Kind::Trigger));
        let line: String = line.chars().take(Self::WIDEST).collect();
        let line = match (data, secret) {
            // The marks of a key are a part of it.
            (true, true) => dots(&line),
            (true, false) => redact_all(&line),
            // A text over several lines has no mark on each.
            (false, true) if is_apex && !source.text().contains("'''") => redact_literals(&line),
            (false, true) => redact_all(&line),
            (false, false) => redact(&line).into_owned(),
        };
        let byte = |column: u32| {
            let characters = column.saturating_sub(1) as usize;
            line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at)
        };
        let start = byte(place.start.column);
        let end =
            if place.end.line > place.start.line { line.trim_end().len() } else { byte(place.end.column) };
        Some(Self { start, end: end.max(start), line })
    }
}

fn summary(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let totals = report.totals;
    writeln!(
        out,
        "{} files, {} components, {} fields read, {} of them PHI",
        totals.files, totals.components, totals.fields, totals.phi_fields
    )?;
    if !report.unjudged.is_empty() {
        let kinds: Vec<String> =
            report.unjudged.iter().map(|(kind, files)| format!("{files} of {kind}")).collect();
        writeln!(out, "read for addresses only, not judged for what they do: {}", kinds.join(", "))?;
    }
    let suppressed = report.findings.iter().filter(|finding| !finding.counts()).count();
    match report.counts().as_str() {
        "" => write!(out, "no findings")?,
        counts => write!(out, "findings: {counts}")?,
    }
    match suppressed {
        0 => writeln!(out)?,
        count => writeln!(out, " ({count} more accepted)")?,
    }
    if report.gaps.is_empty() {
        return Ok(());
    }
    let questions = questions(&report.gaps);
    match questions.len() {
        1 => writeln!(out, "1 thing could not be judged from the source:")?,
        count => writeln!(out, "{count} things could not be judged from the source:")?,
    }
    for (gap, rules) in questions.iter().take(style.per_rule) {
        let more = match rules - 1 {
            0 => String::new(),
            1 => " and 1 more rule".to_owned(),
            more => format!(" and {more} more rules"),
        };
        writeln!(out, "  {}{more}: {}", gap.rule, plain(&gap.missing))?;
        writeln!(out, "    settled by: {}", plain(&gap.complete_with))?;
    }
    if questions.len() > style.per_rule {
        writeln!(out, "  ... and {} more (--all shows them)", questions.len() - style.per_rule)?;
    }
    writeln!(out, "`phiward project --need` lists what to retrieve and to ask of the org")?;
    Ok(())
}

/// What several rules lack is one question: the first gap of each, and how many rules ask.
fn questions(gaps: &[Gap]) -> Vec<(&Gap, usize)> {
    let mut found: Vec<(&Gap, usize)> = Vec::new();
    let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for gap in gaps {
        let at = *known.entry((&gap.missing, &gap.complete_with)).or_insert(found.len());
        match found.get_mut(at) {
            Some((_, rules)) => *rules += 1,
            None => found.push((gap, 1)),
        }
    }
    found
}
