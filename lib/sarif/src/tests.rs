use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::*;

/// A log that uses every member that this crate can write.
fn full() -> Log {
    let location = |line| Location {
        id: Some(1),
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: uri_of_path("a b/c.xml"),
                uri_base_id: Some("ROOT".into()),
            },
            region: Some(Region { start_line: line, start_column: 1, end_line: line, end_column: 9 }),
        },
        logical_locations: vec![LogicalLocation { fully_qualified_name: "CustomField:A.B".into() }],
        message: Some(Text { text: "here".into(), markdown: Some("*here*".into()) }),
    };
    let taxon = DescriptorReference {
        id: "c-1".into(),
        index: Some(0),
        tool_component: Some(ToolComponentReference { name: "controls".into(), index: Some(0) }),
    };
    let rule = ReportingDescriptor {
        id: "a-rule".into(),
        name: Some("ARule".into()),
        short_description: Some(Text::plain("short")),
        full_description: Some(Text::plain("full")),
        help: Some(Text::plain("help")),
        help_uri: Some("https://example.com/".into()),
        default_configuration: Some(ReportingConfiguration { level: Level::Error }),
        relationships: vec![Relationship { target: taxon.clone(), kinds: vec!["relevant"] }],
        properties: BTreeMap::from([("tags".to_owned(), json!(["phi"]))]),
    };
    Log::new(Run {
        tool: Tool {
            driver: ToolComponent {
                name: "tool".into(),
                guid: Some("00000000-0000-4000-8000-000000000000".into()),
                semantic_version: Some("1.0.0".into()),
                version: Some("1".into()),
                organization: Some("us".into()),
                information_uri: Some("https://example.com/".into()),
                short_description: Some(Text::plain("short")),
                rules: vec![rule],
                notifications: vec![ReportingDescriptor { id: "n".into(), ..Default::default() }],
                taxa: vec![],
                supported_taxonomies: vec![ToolComponentReference {
                    name: "controls".into(),
                    index: Some(0),
                }],
            },
        },
        invocations: vec![Invocation {
            execution_successful: true,
            end_time_utc: Some("2026-11-21T00:00:00Z".into()),
            tool_execution_notifications: vec![Notification {
                level: Level::Warning,
                message: Text::plain("broken"),
                descriptor: Some(DescriptorReference {
                    id: "n".into(),
                    index: Some(0),
                    tool_component: None,
                }),
                locations: vec![location(2)],
            }],
        }],
        automation_details: Some(AutomationDetails { id: "tool/".into() }),
        original_uri_base_ids: BTreeMap::from([(
            "ROOT".to_owned(),
            ArtifactLocation { uri: "file:///project/".into(), uri_base_id: None },
        )]),
        taxonomies: vec![ToolComponent {
            name: "controls".into(),
            taxa: vec![ReportingDescriptor { id: "c-1".into(), ..Default::default() }],
            ..Default::default()
        }],
        results: vec![Result {
            rule_id: "a-rule".into(),
            rule_index: 0,
            level: Level::Error,
            message: Text::plain("found"),
            locations: vec![location(1)],
            related_locations: vec![location(3)],
            code_flows: vec![CodeFlow {
                thread_flows: vec![ThreadFlow {
                    locations: vec![ThreadFlowLocation { location: location(4) }],
                }],
            }],
            partial_fingerprints: BTreeMap::from([("x/v1".to_owned(), "00".to_owned())]),
            suppressions: vec![Suppression {
                kind: SuppressionKind::External,
                status: "accepted",
                justification: Some("because".into()),
                location: Some(location(5)),
            }],
            taxa: vec![taxon],
            baseline_state: Some(BaselineState::New),
            properties: BTreeMap::from([("severity".to_owned(), json!("high"))]),
        }],
        column_kind: ColumnKind::UnicodeCodePoints,
        properties: BTreeMap::from([("note".to_owned(), json!("text"))]),
    })
}

/// The standard's schema, as it lies in the sources of the `serde-sarif` crate.
fn schema() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root)
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let package =
        metadata["packages"].as_array().unwrap().iter().find(|p| p["name"] == "serde-sarif").unwrap();
    let folder = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let schema = folder.parent().unwrap().join("src/schema.json");
    let mut schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    // The standard's own pattern for languages is no regular expression (a stray bracket); we write none.
    schema["definitions"]["run"]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    schema["definitions"]["toolComponent"]["properties"]["language"]
        .as_object_mut()
        .unwrap()
        .remove("pattern");
    schema
}

#[test]
fn a_log_with_every_member_is_valid_by_the_standards_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut log = serde_json::to_value(full()).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(&log).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    log["runs"][0]["results"][0]["level"] = json!("catastrophic");
    assert!(!validator.is_valid(&log), "the schema judges");
    serde_json::from_value::<serde_sarif::sarif::Sarif>(serde_json::to_value(full()).unwrap()).unwrap();
}

#[test]
fn paths_become_uri_references() {
    assert_eq!(uri_of_path("force-app/Réports/a b#1.xml"), "force-app/R%C3%A9ports/a%20b%231.xml");
    assert_eq!(uri_of_path("a\\b:c%d"), "a/b%3Ac%25d");
}

#[test]
fn limits_name_what_is_over() {
    let mut log = full();
    assert_eq!(log.limits(Limits::GITHUB), []);
    let run = &mut log.runs[0];
    run.results = std::iter::repeat_n(run.results[0].clone(), 25_001).collect();
    assert_eq!(log.limits(Limits::GITHUB), [Over { what: "results", limit: 25_000, found: 25_001 }]);
}
