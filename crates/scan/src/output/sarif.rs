//! The report as SARIF 2.1.0, within what GitHub's code scanning takes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use journal::{Finding, Place, Related, Severity, SuppressionKind};
use serde_json::{Value, json};

use super::Stamp;
use crate::{RULES, Report, Rule};

pub(super) fn write(report: &Report, stamp: Stamp<'_>, out: &mut dyn Write) -> io::Result<()> {
    let log = sarif::Log::new(run(report, stamp));
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn run(report: &Report, stamp: Stamp<'_>) -> sarif::Run {
    let controls = Taxa::of(report);
    // Of more findings than are taken, the worst are kept: they are sorted so. What was left out is said.
    let most = sarif::Limits::GITHUB.results_per_run;
    let results: Vec<_> =
        report.findings.iter().take(most).map(|finding| result(finding, &controls, stamp)).collect();
    let left_out = report.findings.len().saturating_sub(most);
    let mut notifications: Vec<_> =
        report.problems.iter().map(|problem| notification(problem, stamp)).collect();
    if left_out > 0 {
        notifications.push(sarif::Notification {
            level: sarif::Level::Warning,
            message: sarif::Text::plain(format!(
                "{left_out} less severe findings are left out: the limit is {most}"
            )),
            descriptor: None,
            locations: Vec::new(),
        });
    }
    sarif::Run {
        tool: sarif::Tool {
            driver: sarif::ToolComponent {
                name: "phiward".to_owned(),
                semantic_version: Some(stamp.version.to_owned()),
                short_description: Some(sarif::Text::plain(
                    "Patient data in Salesforce, judged by one policy",
                )),
                rules: RULES.iter().map(|rule| descriptor(rule, &controls)).collect(),
                supported_taxonomies: vec![controls.reference()],
                ..Default::default()
            },
        },
        invocations: vec![sarif::Invocation {
            execution_successful: true,
            end_time_utc: Some(stamp.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            tool_execution_notifications: notifications,
        }],
        automation_details: Some(sarif::AutomationDetails { id: "phiward/".to_owned() }),
        taxonomies: vec![controls.taxonomy()],
        results,
        column_kind: sarif::ColumnKind::UnicodeCodePoints,
        properties: BTreeMap::from([
            ("gaps".to_owned(), json!(report.gaps)),
            ("policyDigest".to_owned(), json!(report.policy_digest)),
            ("sourceDigest".to_owned(), json!(report.source_digest)),
        ]),
        ..Default::default()
    }
}

fn level(severity: Severity) -> sarif::Level {
    match severity {
        Severity::Critical | Severity::High => sarif::Level::Error,
        Severity::Medium => sarif::Level::Warning,
        Severity::Low | Severity::Info => sarif::Level::Note,
    }
}

/// GitHub sorts security findings by this number and shows it in words.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
        Severity::Info => "0.0",
    }
}

fn descriptor(rule: &Rule, controls: &Taxa) -> sarif::ReportingDescriptor {
    let meta = rule.meta;
    let mut tags = vec!["security"];
    tags.extend(meta.tags);
    tags.truncate(sarif::Limits::GITHUB.tags_per_rule);
    let properties: [(&str, Value); 8] = [
        ("tags", json!(tags)),
        ("controls", json!(meta.controls)),
        ("replaces", json!(meta.replaces)),
        ("sbs", json!(meta.sbs)),
        ("persona", json!(meta.persona)),
        ("precision", json!(meta.confidence)),
        ("severity", json!(meta.severity)),
        ("security-severity", json!(security_severity(meta.severity))),
    ];
    sarif::ReportingDescriptor {
        id: rule.id.to_owned(),
        name: Some(rule.id.split('-').map(capitalised).collect()),
        short_description: Some(sarif::Text::plain(meta.title)),
        full_description: Some(sarif::Text::plain(rule.summary())),
        help: Some(sarif::Text { text: rule.summary(), markdown: Some(rule.page()) }),
        help_uri: None,
        default_configuration: Some(sarif::ReportingConfiguration { level: level(meta.severity) }),
        relationships: meta
            .controls
            .iter()
            .map(|control| sarif::Relationship { target: controls.item(control), kinds: vec!["relevant"] })
            .collect(),
        properties: properties.map(|(name, value)| (name.to_owned(), value)).into(),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn result(finding: &Finding, controls: &Taxa, stamp: Stamp<'_>) -> sarif::Result {
    let properties: [(&str, Value); 7] = [
        ("severity", json!(finding.severity)),
        ("confidence", json!(finding.confidence)),
        ("persona", json!(finding.persona)),
        ("cause", json!(finding.cause)),
        ("fields", json!(finding.fields)),
        ("party", json!(finding.party)),
        ("fix", json!(finding.fix)),
    ];
    let mut primary = location(&finding.place, None, stamp);
    primary.logical_locations =
        vec![sarif::LogicalLocation { fully_qualified_name: finding.component.clone() }];
    sarif::Result {
        rule_id: finding.rule.to_owned(),
        rule_index: RULES.iter().position(|rule| rule.id == finding.rule).unwrap_or(0),
        level: level(finding.severity),
        message: sarif::Text::plain(format!("{}. {}", finding.message, finding.fix)),
        locations: vec![primary],
        related_locations: finding
            .related
            .iter()
            .enumerate()
            .map(|(index, related)| sarif::Location {
                id: Some(index as u64),
                ..location(&related.place, Some(&related.message), stamp)
            })
            .collect(),
        code_flows: code_flows(finding, stamp),
        partial_fingerprints: BTreeMap::from([("phiward/v1".to_owned(), finding.fingerprint.to_string())]),
        suppressions: finding.suppressed.iter().map(|one| suppression(one, stamp)).collect(),
        taxa: finding.controls.iter().map(|control| controls.item(control)).collect(),
        baseline_state: None,
        properties: properties
            .into_iter()
            .filter(|(_, value)| !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()))
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

fn code_flows(finding: &Finding, stamp: Stamp<'_>) -> Vec<sarif::CodeFlow> {
    let step = |step: &Related| sarif::ThreadFlowLocation {
        location: location(&step.place, Some(&step.message), stamp),
    };
    let flow = |way: &Vec<Related>| sarif::CodeFlow {
        thread_flows: vec![sarif::ThreadFlow { locations: way.iter().map(step).collect() }],
    };
    finding.ways.iter().filter(|way| !way.is_empty()).map(flow).collect()
}

fn suppression(suppression: &journal::Suppression, stamp: Stamp<'_>) -> sarif::Suppression {
    let journal::Suppression { kind, reason, approver, expires, place } = suppression;
    let by = approver.as_ref().map(|approver| format!(", accepted by {approver}")).unwrap_or_default();
    let until = expires.map(|expires| format!(", until {expires}")).unwrap_or_default();
    sarif::Suppression {
        kind: match kind {
            SuppressionKind::Inline => sarif::SuppressionKind::InSource,
            SuppressionKind::Exception | SuppressionKind::Baseline => sarif::SuppressionKind::External,
        },
        status: "accepted",
        justification: Some(format!("{reason}{by}{until}")),
        location: place.as_ref().map(|place| location(place, None, stamp)),
    }
}

fn location(place: &Place, message: Option<&str>, stamp: Stamp<'_>) -> sarif::Location {
    let (start, end) = (place.start, place.end.max(place.start));
    sarif::Location {
        id: None,
        physical_location: sarif::PhysicalLocation {
            artifact_location: sarif::ArtifactLocation {
                uri: sarif::uri_of_path(&stamp.path(&place.path)),
                uri_base_id: None,
            },
            region: Some(sarif::Region {
                start_line: start.line,
                start_column: start.column,
                end_line: end.line,
                end_column: end.column,
            }),
        },
        logical_locations: Vec::new(),
        message: message.map(sarif::Text::plain),
    }
}

fn notification(problem: &source::Problem, stamp: Stamp<'_>) -> sarif::Notification {
    let place = problem.position.map_or_else(
        || Place::file(&problem.path),
        |position| Place { path: problem.path.clone(), start: position, end: position },
    );
    sarif::Notification {
        level: match problem.severity {
            source::Severity::Error => sarif::Level::Error,
            source::Severity::Warning => sarif::Level::Warning,
        },
        message: sarif::Text::plain(format!("{} [{}]", problem.message, problem.code)),
        descriptor: None,
        locations: vec![location(&place, None, stamp)],
    }
}

/// The controls that rules and findings cite, as a taxonomy.
struct Taxa {
    ids: Vec<String>,
}

impl Taxa {
    const NAME: &str = "phiward-controls";

    fn of(report: &Report) -> Self {
        let of_rules = RULES.iter().flat_map(|rule| rule.meta.controls.iter());
        let of_findings = report.findings.iter().flat_map(|finding| finding.controls.iter());
        let ids: BTreeSet<&str> = of_rules.chain(of_findings).copied().collect();
        Self { ids: ids.into_iter().map(str::to_owned).collect() }
    }

    fn reference(&self) -> sarif::ToolComponentReference {
        sarif::ToolComponentReference { name: Self::NAME.to_owned(), index: Some(0) }
    }

    fn item(&self, id: &str) -> sarif::DescriptorReference {
        let index = self.ids.iter().position(|known| known == id);
        sarif::DescriptorReference { id: id.to_owned(), index, tool_component: Some(self.reference()) }
    }

    fn taxonomy(&self) -> sarif::ToolComponent {
        let catalogue = policy::controls::catalogue();
        sarif::ToolComponent {
            name: Self::NAME.to_owned(),
            short_description: Some(sarif::Text::plain("Controls of law and guidance, with their citations")),
            taxa: self
                .ids
                .iter()
                .map(|id| {
                    let control = catalogue.control(id);
                    sarif::ReportingDescriptor {
                        id: id.clone(),
                        name: control.map(|control| control.citation.clone()),
                        short_description: control.map(|control| sarif::Text::plain(control.title.clone())),
                        ..Default::default()
                    }
                })
                .collect(),
            ..Default::default()
        }
    }
}
