//! The page for a privacy officer: one file, no script, nothing from elsewhere.
//!
//! What is computed elsewhere is put into words here. The templates escape everything; the only parts that they
//! take as markup are the style sheet and the picture, which escapes its own labels.

mod controls;
mod findings;
mod inventory;
mod prose;
mod steps;

use std::collections::BTreeMap;

use askama::Template;
use journal::Gap;
use prose::Prose;
use sfdx::completeness::{Item, State as Known};
use sha2::{Digest, Sha256};

use crate::absence::{Absence, names_itself, remedies};
use crate::cause::Group;
use crate::diagram::{Chart, STYLE, within_page};
use crate::exposure::Exposure;
use crate::plan::{FEW, MANY, Step};
use crate::route::Route;
use crate::rulebook::Rulebook;
use crate::status::{Standing, plural};
use crate::{Audit, plan};

/// Everything that the page tells.
pub(crate) struct Content<'r> {
    pub(crate) audit: &'r Audit<'r>,
    pub(crate) rulebook: &'r Rulebook<'r>,
    pub(crate) groups: &'r [Group<'r>],
    pub(crate) standings: &'r [Standing<'r>],
    /// What the source and the org's answers hold of what an audit wants to know.
    pub(crate) completeness: &'r [Item],
    pub(crate) absences: &'r [Absence],
    pub(crate) exposure: &'r Exposure,
    pub(crate) routes: &'r [Route],
    pub(crate) chart: &'r Chart,
    pub(crate) steps: &'r [Step<'r>],
    /// Unknown cells of the draft record of processing.
    pub(crate) open_cells: usize,
}

const CSS: &str = include_str!("../../templates/page.css");

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'r> {
    style: &'r str,
    style_hash: String,
    version: &'r str,
    heading: String,
    project: &'r str,
    date: String,
    stamp: String,
    stamp_words: String,
    source_digest: &'r str,
    policy_digest: Option<&'r str>,
    extent: String,
    extent_more: String,
    summary: findings::Summary<'r>,
    rules: Vec<findings::Rule<'r>>,
    accepted: Vec<findings::Accepted<'r>>,
    accepted_more: usize,
    frameworks: Vec<controls::Framework<'r>>,
    unserved_lead: String,
    access: inventory::Access,
    flows: inventory::Flows,
    data: inventory::Data<'r>,
    plan: Vec<steps::Stage<'r>>,
    method: Method<'r>,
}

struct Method<'r> {
    few: usize,
    many: usize,
    judged: Vec<Judged<'r>>,
    complete_lead: String,
    complete: Vec<Complete<'r>>,
    gaps: Vec<Gaps<'r>>,
    problems: Vec<Prose>,
    problems_more: usize,
}

/// One thing that an audit wants to know, and how much of it is known.
struct Complete<'r> {
    what: Prose,
    known: &'static str,
    lacks: Vec<&'r str>,
    lacks_more: usize,
    why: &'static str,
    complete_with: Vec<Prose>,
}

/// What one rule could not judge.
struct Gaps<'r> {
    rule: &'r str,
    title: &'r str,
    count: String,
    open: bool,
    rows: Vec<GapRow>,
    more: usize,
}

struct Judged<'r> {
    rule: &'r str,
    title: &'r str,
    judged: String,
    findings: usize,
    gaps: usize,
}

struct GapRow {
    missing: Prose,
    complete_with: Prose,
}

/// How many unreadable files the page names.
const PROBLEMS: usize = 60;
/// How many gaps of a rule the page shows, and how many stand open without a click.
const GAPS: usize = 100;
const GAPS_OPEN: usize = 5;
/// How many names that lack.
const LACKS: usize = 5;

/// # Errors
///
/// None that the shipped templates can meet: they write to memory, and askama's error is that of the writer.
pub(crate) fn render(content: &Content<'_>) -> Result<Vec<u8>, askama::Error> {
    let Content { audit, .. } = *content;
    let report = audit.report;
    let style = format!("{CSS}{STYLE}");
    let date = audit.today;
    let organisation = audit.policy.organisation().map(|organisation| organisation.name.as_str());
    let (accepted, accepted_more) = findings::accepted(content);
    let frameworks = controls::frameworks(content);
    let unserved: usize = frameworks.iter().map(|framework| framework.unserved.len()).sum();
    let totals = report.totals;
    let page = Page {
        style_hash: format!("sha256-{}", base64(&Sha256::digest(style.as_bytes()))),
        style: &style,
        version: audit.version,
        heading: match organisation {
            Some(name) => format!("{name}: {}", audit.project_name),
            None => audit.project_name.to_owned(),
        },
        project: audit.project_name,
        date: date.to_string(),
        stamp: audit.generated_at.to_string(),
        stamp_words: words(audit.generated_at),
        source_digest: &report.source_digest,
        policy_digest: report.policy_digest.as_deref(),
        extent: plural(totals.files, "file", "files"),
        extent_more: format!(
            "{}, {}, {} of them with patient data",
            plural(totals.components, "component", "components"),
            plural(totals.fields, "field", "fields"),
            totals.phi_fields
        ),
        summary: findings::summary(content),
        rules: findings::rules(content),
        accepted,
        accepted_more,
        frameworks,
        unserved_lead: format!(
            "{} of the catalogue are judged by no rule: they need the org, people, or a rule that does not exist yet.",
            plural(unserved, "control", "controls")
        ),
        access: inventory::access(content),
        flows: inventory::flows(content, within_page(content.chart)),
        data: inventory::data(content),
        plan: steps::stages(content, date),
        method: method(content),
    };
    page.render().map(String::into_bytes)
}

fn method<'r>(content: &Content<'r>) -> Method<'r> {
    let report = content.audit.report;
    let judged = content
        .rulebook
        .rules()
        .map(|rule| Judged {
            rule: rule.id,
            title: rule.title,
            judged: rule.judged.map_or_else(|| "not run".to_owned(), |judged| judged.to_string()),
            findings: report.counting().filter(|finding| finding.rule == rule.id).count(),
            gaps: report.gaps.iter().filter(|gap| gap.rule == rule.id).count(),
        })
        .collect();
    let shown =
        report.problems.iter().take(PROBLEMS).map(|problem| Prose::new(&problem.to_string())).collect();
    Method {
        few: FEW,
        many: MANY,
        judged,
        complete_lead: complete_lead(content.completeness),
        complete: content
            .completeness
            .iter()
            .filter(|item| item.state != Known::Present)
            .map(complete)
            .collect(),
        gaps: gaps(content),
        problems: shown,
        problems_more: report.problems.len().saturating_sub(PROBLEMS),
    }
}

fn complete_lead(items: &[Item]) -> String {
    let of = |state: Known| items.iter().filter(|item| item.state == state).count();
    format!(
        "Of {} that an audit wants to know, {} known, {} known in part and {} not known.",
        plural(items.len(), "thing", "things"),
        are(of(Known::Present)),
        are(of(Known::Partial)),
        are(of(Known::Absent)),
    )
}

fn are(count: usize) -> String {
    format!("{count} {}", if count == 1 { "is" } else { "are" })
}

fn complete(item: &Item) -> Complete<'_> {
    let lacks: Vec<&str> =
        if names_itself(item) { Vec::new() } else { item.lacks.iter().map(String::as_str).collect() };
    Complete {
        what: Prose::new(&item.what),
        known: if item.state == Known::Partial { "known in part" } else { "not known" },
        lacks_more: lacks.len().saturating_sub(LACKS),
        lacks: lacks.into_iter().take(LACKS).collect(),
        why: item.why,
        complete_with: remedies(item).iter().map(|remedy| Prose::new(remedy)).collect(),
    }
}

/// Gaps by rule, those with most first.
fn gaps<'r>(content: &Content<'r>) -> Vec<Gaps<'r>> {
    let mut by_rule: BTreeMap<&'r str, Vec<&'r Gap>> = BTreeMap::new();
    for gap in &content.audit.report.gaps {
        by_rule.entry(gap.rule).or_default().push(gap);
    }
    let mut all: Vec<(&str, Vec<&Gap>)> = by_rule.into_iter().collect();
    all.sort_by_key(|(rule, gaps)| (std::cmp::Reverse(gaps.len()), *rule));
    all.into_iter()
        .map(|(rule, gaps)| Gaps {
            rule,
            title: content.rulebook.title(rule),
            count: plural(gaps.len(), "unknown", "unknowns"),
            open: gaps.len() <= GAPS_OPEN,
            more: gaps.len().saturating_sub(GAPS),
            rows: gaps
                .into_iter()
                .take(GAPS)
                .map(|gap| GapRow {
                    missing: Prose::new(&gap.missing),
                    complete_with: Prose::new(&gap.complete_with),
                })
                .collect(),
        })
        .collect()
}

/// How many things are missing, each once though several rules ask for it.
fn questions(gaps: &[Gap]) -> usize {
    gaps.iter()
        .map(|gap| (gap.missing.as_str(), gap.complete_with.as_str()))
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}

/// `2026-11-21, 10:20 UTC`.
fn words(at: jiff::Timestamp) -> String {
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    format!("{}, {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
}

/// RFC 4648, section 4: what a Content-Security-Policy wants of a hash.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_u32, |group, byte| (group << 8) | u32::from(*byte));
        for place in 0..4_usize {
            let at = usize::try_from((group >> (18 - 6 * place)) & 63).unwrap_or_default();
            let letter = if place <= chunk.len() { ALPHABET.get(at).copied().unwrap_or(b'=') } else { b'=' };
            out.push(char::from(letter));
        }
    }
    out
}

/// When a stage of the plan ends, with what it is called.
fn stage_title(today: jiff::civil::Date, stage: usize) -> String {
    let days = plan::STAGES.get(stage).copied().unwrap_or_default();
    format!("Within {days} days, by {}", plan::due(today, stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        // RFC 4648, section 10.
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn the_sheet_is_small_and_fetches_nothing() {
        let style = format!("{CSS}{STYLE}");
        assert!(style.len() <= 30 << 10, "{} bytes", style.len());
        assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("</"));
    }

    /// The colours of a sheet's variables in a block: the first after `from`.
    fn palette(from: &str) -> BTreeMap<String, [f64; 3]> {
        let block = STYLE.split(from).nth(1).and_then(|rest| rest.split_once("{--")).unwrap().1;
        let block = block.split('}').next().unwrap();
        let variables = block.split(';').filter_map(|pair| pair.trim_start_matches("--").split_once(':'));
        variables
            .map(|(name, value)| {
                let hex = value.trim_start_matches('#');
                let long =
                    if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
                let part =
                    |at: usize| f64::from(u8::from_str_radix(long.get(at..at + 2).unwrap(), 16).unwrap());
                (name.to_owned(), [part(0), part(2), part(4)])
            })
            .collect()
    }

    /// WCAG 2.2, relative luminance and contrast ratio.
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let [r, g, b] = colour.map(|part| {
                let part = part / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn the_pictures_palette_has_the_contrast_that_text_and_lines_need() {
        for scheme in [".chart", "dark){", "@media print{"] {
            let colours = palette(scheme);
            let of = |name: &str| *colours.get(name).unwrap_or_else(|| panic!("{scheme}: {name}"));
            for back in ["paper", "zone", "org", "outside", "card"] {
                for text in ["ink", "quiet"] {
                    let ratio = contrast(of(text), of(back));
                    assert!(ratio >= 4.5, "{scheme}: {text} on {back} is {ratio:.2}");
                }
                for line in ["line", "edge", "warn"] {
                    let ratio = contrast(of(line), of(back));
                    assert!(ratio >= 3.0, "{scheme}: {line} on {back} is {ratio:.2}");
                }
            }
            assert!(
                contrast(of("org-edge"), of("paper")) >= 3.0
                    && contrast(of("outside-edge"), of("paper")) >= 3.0
            );
        }
    }
}
