//! Small projects, one for each kind of use, written from Salesforce's documentation of the metadata and of encryption:
//! what it comes to under each mode, and the same thing over another field, which is no use.

mod beside;
mod whole_plan;

use std::path::Path;

use super::*;

const META: &str = "xmlns=\"http://soap.sforce.com/2006/04/metadata\"";
const P: Mode = Mode::Probabilistic;
const D: Mode = Mode::DeterministicCaseSensitive;
const I: Mode = Mode::DeterministicCaseInsensitive;
const G: Mode = Mode::Gateway;

const SSN: &str = "<fullName>SSN__c</fullName><label>SSN</label><length>11</length><type>Text</type>";

fn write(root: &Path, path: &str, tag: &str, body: &str) {
    let full = root.join("force-app").join(path);
    std::fs::create_dir_all(full.parent().unwrap()).unwrap();
    std::fs::write(full, format!("<?xml version=\"1.0\"?>\n<{tag} {META}>\n{body}\n</{tag}>\n")).unwrap();
}

fn field_file(object: &str, name: &str) -> String {
    format!("objects/{object}/fields/{name}.field-meta.xml")
}

/// A project of files, each a path, a root element and its content.
fn project(files: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let manifest = r#"{"packageDirectories":[{"path":"force-app"}],"sourceApiVersion":"66.0"}"#;
    std::fs::write(folder.path().join("sfdx-project.json"), manifest).unwrap();
    for (path, tag, body) in files {
        write(folder.path(), path, tag, body);
    }
    folder
}

fn read(root: &Path, field: &str, policy: &policy::Policy, question: Question) -> Result<Plan, UnknownField> {
    let project = sfdx::read(root, &sfdx::Options::default()).unwrap();
    let facts = sfdx::Facts::default();
    let today = jiff::civil::date(2026, 11, 21);
    let input = Input { project: &project, policy, bundle: "phiward", facts: &facts, today };
    plan(&input, field, question)
}

fn both() -> Question {
    Question { by: For::Both, scheme: None }
}

fn plan_of(files: &[(&str, &str, &str)], field: &str) -> Plan {
    let folder = project(files);
    read(folder.path(), field, &policy::Policy::empty(), both()).unwrap()
}

/// A plan for `Patient__c.SSN__c` of a project that has it and one file more.
fn with(path: &str, tag: &str, body: &str) -> Plan {
    plan_of(
        &[(&field_file("Patient__c", "SSN__c"), "CustomField", SSN), (path, tag, body)],
        "Patient__c.SSN__c",
    )
}

/// The use of that kind, and that the same component over another field has none.
fn only(how: How, path: &str, tag: &str, body: &str) -> JudgedUse {
    let plan = with(path, tag, body);
    let found: Vec<&JudgedUse> = plan.uses.iter().filter(|used| used.how == how).collect();
    let [used] = found.as_slice() else { panic!("{how:?}: {:?}", plan.uses) };
    let other = body.replace("SSN__c", "Ward__c");
    assert_ne!(other, body, "the case names the field");
    let none = with(path, tag, &other);
    assert!(none.uses.is_empty(), "{how:?}: {:?}", none.uses);
    (*used).clone()
}

fn outcomes(used: &JudgedUse) -> [Outcome; 4] {
    [P, D, I, G].map(|mode| used.judgements[&mode].outcome)
}

use Outcome::{Breaks, ShowsToken, Unknown, Works, WorksByEqualityOnly as Equal};

fn check(how: How, path: &str, tag: &str, body: &str, line: u32, expected: [Outcome; 4]) {
    let used = only(how, path, tag, body);
    assert_eq!(outcomes(&used), expected, "{how:?} in {path}");
    assert_eq!(used.place.path, format!("force-app/{path}"));
    assert_eq!(used.place.start.line, line, "{how:?} in {path}");
    for judgement in used.judgements.values() {
        assert!(!judgement.why.is_empty());
        let has_work = matches!(judgement.outcome, Breaks | Unknown | Equal);
        assert!(!has_work || !judgement.advice.is_empty(), "{how:?}: {judgement:?}");
    }
}

fn condition(tag: &str, field: &str, operation: &str, value: &str) -> String {
    format!("<{tag}>\n<field>{field}</field><operation>{operation}</operation><value>{value}</value></{tag}>")
}

#[test]
fn list_views() {
    let path = "objects/Patient__c/listViews/Mine.listView-meta.xml";
    let view = |operation: &str, value: &str| condition("filters", "SSN__c", operation, value);
    let how = How::ListViewFilter;
    check(how, path, "ListView", &view("equals", "1"), 4, [Breaks, Equal, Equal, Equal]);
    check(how, path, "ListView", &view("equals", ""), 4, [Breaks, Works, Works, Works]);
    check(how, path, "ListView", &view("startsWith", "1"), 4, [Breaks, Breaks, Breaks, Breaks]);
    check(how, path, "ListView", &view("greaterThan", "1"), 4, [Breaks, Breaks, Breaks, Breaks]);
    check(
        How::ListViewColumn,
        path,
        "ListView",
        "<columns>SSN__c</columns>",
        3,
        [Works, Works, Works, ShowsToken],
    );
}

#[test]
fn reports() {
    let path = "reports/Ward/All.report-meta.xml";
    let report = |body: &str| format!("<reportType>CustomEntity$Patient__c</reportType>\n{body}");
    let check = |how, body: &str, expected| check(how, path, "Report", &report(body), 4, expected);
    let criterion = |operator: &str| {
        format!(
            "<filter><criteriaItems><column>Patient__c.SSN__c</column><operator>{operator}</operator><value>1</value></criteriaItems></filter>"
        )
    };
    check(How::ReportFilter, &criterion("equals"), [Breaks, Equal, Equal, Equal]);
    check(How::ReportFilter, &criterion("contains"), [Breaks; 4]);
    check(
        How::ReportGrouping,
        "<groupingsDown><field>Patient__c.SSN__c</field></groupingsDown>",
        [Breaks, Equal, Equal, Equal],
    );
    check(How::ReportSort, "<sortColumn>Patient__c.SSN__c</sortColumn>", [Breaks, Unknown, Unknown, Breaks]);
    check(
        How::ReportBucket,
        "<buckets><developerName>B</developerName><sourceColumnName>Patient__c.SSN__c</sourceColumnName></buckets>",
        [Breaks, Unknown, Unknown, Breaks],
    );
    check(
        How::ReportSummary,
        "<columns><aggregateTypes>Unique</aggregateTypes><field>Patient__c.SSN__c</field></columns>",
        [Breaks, Unknown, Unknown, Breaks],
    );
    check(
        How::ReportSummary,
        "<aggregates><calculatedFormula>Patient__c.SSN__c:UNIQUE</calculatedFormula></aggregates>",
        [Breaks, Unknown, Unknown, Breaks],
    );
    check(
        How::ReportChart,
        "<chart><groupingColumn>Patient__c.SSN__c</groupingColumn></chart>",
        [Breaks, Equal, Equal, Equal],
    );
    check(
        How::ReportCrossFilter,
        "<crossFilters><criteriaItems><column>SSN__c</column><operator>equals</operator><value>1</value></criteriaItems><relatedTable>Patient__c</relatedTable></crossFilters>",
        [Breaks, Equal, Equal, Equal],
    );
    check(
        How::ReportColumn,
        "<columns><field>Patient__c.SSN__c</field></columns>",
        [Works, Works, Works, ShowsToken],
    );
}

#[test]
fn a_time_frame_filters_by_its_date_unless_it_is_all_time() {
    let files = |frame: &str| {
        let report = format!(
            "<reportType>CustomEntity$Patient__c</reportType>\n<timeFrameFilter><dateColumn>Patient__c.Seen__c</dateColumn>{frame}</timeFrameFilter>"
        );
        plan_of(
            &[
                (
                    &field_file("Patient__c", "Seen__c"),
                    "CustomField",
                    "<fullName>Seen__c</fullName><type>Date</type>",
                ),
                ("reports/Ward/All.report-meta.xml", "Report", &report),
            ],
            "Patient__c.Seen__c",
        )
    };
    let used = files("<interval>INTERVAL_CURRENT</interval>").uses;
    assert_eq!((used[0].how, used[0].comparison), (How::ReportFilter, Some(Comparison::Range)));
    assert!(files("<interval>INTERVAL_CUSTOM</interval>").uses.is_empty());
    assert_eq!(files("<interval>INTERVAL_CUSTOM</interval><startDate>2026-01-01</startDate>").uses.len(), 1);
}

#[test]
fn report_types_and_dashboards() {
    check(
        How::ReportType,
        "reportTypes/Patients.reportType-meta.xml",
        "ReportType",
        "<baseObject>Patient__c</baseObject>\n<sections><columns><field>SSN__c</field><table>Patient__c</table></columns></sections>",
        4,
        [Works, Works, Works, ShowsToken],
    );
    let report = "<reportType>CustomEntity$Patient__c</reportType><groupingsDown><field>Patient__c.SSN__c</field></groupingsDown>";
    let board = "<components>\n<report>Ward/All</report></components>";
    let plan = plan_of(
        &[
            (&field_file("Patient__c", "SSN__c"), "CustomField", SSN),
            ("reports/Ward/All.report-meta.xml", "Report", report),
            ("dashboards/Ward/Board.dashboard-meta.xml", "Dashboard", board),
            (
                "dashboards/Ward/Other.dashboard-meta.xml",
                "Dashboard",
                "<components><report>Ward/Else</report></components>",
            ),
        ],
        "Patient__c.SSN__c",
    );
    let boards: Vec<&JudgedUse> = plan.uses.iter().filter(|used| used.how == How::Dashboard).collect();
    assert_eq!(boards.len(), 1);
    assert_eq!(boards[0].through.as_deref(), Some("Report:Ward/All"));
    assert_eq!(outcomes(boards[0]), [Breaks, Equal, Equal, Equal], "as its report");
    assert_eq!(boards[0].place.start.line, 4);
}

#[test]
fn formulas() {
    let path = field_file("Patient__c", "Shown__c");
    let check = |formula: &str, expected| {
        let body = format!("<fullName>Shown__c</fullName>\n<formula>{formula}</formula><type>Text</type>");
        check(How::Formula, &path, "CustomField", &body, 4, expected);
    };
    check("LEFT(SSN__c, 3)", [Breaks; 4]);
    check("IF(SSN__c = \"1\", \"a\", \"b\")", [Breaks; 4]);
    check("\"No. \" &amp; SSN__c", [Works, Works, Works, ShowsToken]);
    check("CASE(SSN__c, \"1\", \"a\", \"b\")", [Works, Works, Works, Breaks]);
    check("IF(ISBLANK(SSN__c), \"none\", \"some\")", [Works; 4]);
}

#[test]
fn a_reference_is_told_by_its_own_line() {
    let formula = "IF(ISBLANK(Name),\n  \"\",\n  LEFT( SSN__c, 3))";
    let body = format!("<fullName>Shown__c</fullName><formula>{formula}</formula><type>Text</type>");
    let plan = with(&field_file("Patient__c", "Shown__c"), "CustomField", &body);
    assert_eq!(plan.uses[0].place.start.line, 5);
}

#[test]
fn a_formula_over_a_lookup_is_a_use_of_the_other_objects_field() {
    let visit = "<fullName>Of__c</fullName><formula>Patient__r.SSN__c</formula><type>Text</type>";
    let lookup = "<fullName>Patient__c</fullName><referenceTo>Patient__c</referenceTo><type>Lookup</type>";
    let plan = plan_of(
        &[
            (&field_file("Patient__c", "SSN__c"), "CustomField", SSN),
            (&field_file("Visit__c", "SSN__c"), "CustomField", SSN),
            (&field_file("Visit__c", "Patient__c"), "CustomField", lookup),
            (&field_file("Visit__c", "Of__c"), "CustomField", visit),
        ],
        "Patient__c.SSN__c",
    );
    assert_eq!(plan.uses.len(), 1);
    assert_eq!(plan.uses[0].component, "CustomField:Visit__c.Of__c");
}

#[test]
fn what_uses_a_formula_over_the_field_is_told_as_well() {
    let shown = "<fullName>Shown__c</fullName><formula>\"No. \" &amp; SSN__c</formula><type>Text</type>";
    let asks = "<fullName>Has__c</fullName><formula>NOT(ISBLANK(SSN__c))</formula><type>Checkbox</type>";
    let view =
        |field: &str| format!("<columns>{field}</columns>{}", condition("filters", field, "equals", "1"));
    let plan = plan_of(
        &[
            (&field_file("Patient__c", "SSN__c"), "CustomField", SSN),
            (&field_file("Patient__c", "Shown__c"), "CustomField", shown),
            (&field_file("Patient__c", "Has__c"), "CustomField", asks),
            ("objects/Patient__c/listViews/A.listView-meta.xml", "ListView", &view("Shown__c")),
            ("objects/Patient__c/listViews/B.listView-meta.xml", "ListView", &view("Has__c")),
        ],
        "Patient__c.SSN__c",
    );
    let through: Vec<&JudgedUse> = plan.uses.iter().filter(|used| used.through.is_some()).collect();
    let [view] = through.as_slice() else { panic!("{through:?}") };
    assert_eq!((view.component.as_str(), view.how), ("ListView:Patient__c.A", How::ListViewFilter));
    assert_eq!(view.through.as_deref(), Some("CustomField:Patient__c.Shown__c"));
    assert_eq!(outcomes(view), [Breaks, Unknown, Unknown, Breaks]);
}

#[test]
fn roll_ups() {
    let path = field_file("Clinic__c", "Last__c");
    let body = "<fullName>Last__c</fullName>\n<summarizedField>Patient__c.SSN__c</summarizedField><summaryOperation>max</summaryOperation><type>Summary</type>";
    check(How::RollUp, &path, "CustomField", body, 4, [Breaks; 4]);
    let filter = condition("summaryFilterItems", "Patient__c.SSN__c", "equals", "1");
    let body = format!(
        "<fullName>Last__c</fullName>{filter}<summaryOperation>count</summaryOperation><type>Summary</type>"
    );
    check(How::RollUpFilter, &path, "CustomField", &body, 4, [Breaks, Equal, Equal, Equal]);
}

#[test]
fn lookups() {
    let path = field_file("Visit__c", "Patient__c");
    let lookup = |filter: &str| {
        format!(
            "<fullName>Patient__c</fullName><lookupFilter><active>true</active>{filter}</lookupFilter><referenceTo>Patient__c</referenceTo><type>Lookup</type>"
        )
    };
    let filter = condition("filterItems", "Patient__c.SSN__c", "equals", "1");
    check(How::LookupFilter, &path, "CustomField", &lookup(&filter), 4, [Breaks, Equal, Equal, Equal]);
    let compared = "<filterItems>\n<field>$Source.Ward__c</field><operation>equals</operation><valueField>Patient__c.SSN__c</valueField></filterItems>";
    check(How::LookupFilter, &path, "CustomField", &lookup(compared), 4, [Breaks, Equal, Equal, Equal]);
    let indirect = "<fullName>Of__c</fullName><referenceTo>Patient__c</referenceTo>\n<referenceTargetField>SSN__c</referenceTargetField><type>IndirectLookup</type>";
    check(How::IndirectLookup, &field_file("Order__x", "Of__c"), "CustomField", indirect, 4, [Breaks; 4]);
}

#[test]
fn what_the_field_says_of_itself() {
    let flag = |flag: &str| format!("{SSN}\n<{flag}>true</{flag}>");
    for (name, how, expected) in [
        ("unique", How::Unique, [Breaks, Works, Works, Equal]),
        ("externalId", How::ExternalId, [Breaks, Works, Works, Equal]),
        ("trackHistory", How::History, [Works, Works, Works, ShowsToken]),
        ("trackFeedHistory", How::FeedHistory, [Works, Works, Works, ShowsToken]),
    ] {
        let files = |body: &str| {
            plan_of(&[(&field_file("Patient__c", "SSN__c"), "CustomField", body)], "Patient__c.SSN__c")
        };
        let plan = files(&flag(name));
        let [used] = plan.uses.as_slice() else { panic!("{name}: {:?}", plan.uses) };
        assert_eq!((used.how, used.place.start.line, outcomes(used)), (how, 4, expected), "{name}");
        assert!(files(&flag(name).replace("true", "false")).uses.is_empty(), "{name}");
    }
    let index = "<fullName>I</fullName>\n<fields><name>SSN__c</name></fields>";
    check(
        How::Index,
        "objects/Patient__c/indexes/I.index-meta.xml",
        "Index",
        index,
        4,
        [Breaks, Equal, Equal, Equal],
    );
}

#[test]
fn rules_in_memory_work_under_shield() {
    let path = "objects/Patient__c/validationRules/V.validationRule-meta.xml";
    let rule = |formula: &str| {
        format!(
            "<fullName>V</fullName><active>true</active>\n<errorConditionFormula>{formula}</errorConditionFormula>"
        )
    };
    let how = How::ValidationRule;
    check(how, path, "ValidationRule", &rule("LEN(SSN__c) &lt; 9"), 4, [Works, Works, Works, Breaks]);
    check(how, path, "ValidationRule", &rule("ISBLANK(SSN__c)"), 4, [Works; 4]);

    let path = "workflows/Patient__c.workflow-meta.xml";
    let wrap = |inner: &str| format!("<rules><fullName>R</fullName><active>true</active>{inner}</rules>");
    let criterion = |operation| condition("criteriaItems", "Patient__c.SSN__c", operation, "1");
    let how = How::WorkflowCriterion;
    check(how, path, "Workflow", &wrap(&criterion("equals")), 4, [Works, Works, Works, Equal]);
    check(how, path, "Workflow", &wrap(&criterion("startsWith")), 4, [Works, Works, Works, Breaks]);
    let formula = "\n<formula>SSN__c = \"1\"</formula>";
    check(How::WorkflowFormula, path, "Workflow", &wrap(formula), 4, [Works, Works, Works, Breaks]);
    let trigger =
        "\n<workflowTimeTriggers><offsetFromField>Patient__c.SSN__c</offsetFromField></workflowTimeTriggers>";
    check(How::TimeTrigger, path, "Workflow", &wrap(trigger), 4, [Unknown, Unknown, Unknown, Breaks]);
    for (file, tag, rule, how) in [
        (
            "assignmentRules/Patient__c.assignmentRules-meta.xml",
            "AssignmentRules",
            "assignmentRule",
            How::AssignmentRule,
        ),
        (
            "escalationRules/Patient__c.escalationRules-meta.xml",
            "EscalationRules",
            "escalationRule",
            How::EscalationRule,
        ),
        (
            "autoResponseRules/Patient__c.autoResponseRules-meta.xml",
            "AutoResponseRules",
            "autoResponseRule",
            How::AutoResponseRule,
        ),
    ] {
        let entry =
            |inner: &str| format!("<{rule}><fullName>R</fullName><ruleEntry>{inner}</ruleEntry></{rule}>");
        check(how, file, tag, &entry(&criterion("equals")), 4, [Works, Works, Works, Equal]);
        check(
            how,
            file,
            tag,
            &entry("\n<formula>LEN(SSN__c) > 1</formula>"),
            4,
            [Works, Works, Works, Breaks],
        );
    }
    let path = "approvalProcesses/Patient__c.Ask.approvalProcess-meta.xml";
    let entry = |inner: &str| format!("<active>true</active><entryCriteria>{inner}</entryCriteria>");
    let how = How::ApprovalCriterion;
    check(how, path, "ApprovalProcess", &entry(&criterion("equals")), 4, [Works, Works, Works, Equal]);
    check(how, path, "ApprovalProcess", &entry("\n<formula>ISBLANK(SSN__c)</formula>"), 4, [Works; 4]);
    let page = "<approvalPageFields>\n<field>SSN__c</field></approvalPageFields>";
    check(How::ApprovalPage, path, "ApprovalProcess", page, 4, [Works, Works, Works, ShowsToken]);
}

#[test]
fn workflow_actions() {
    let path = "workflows/Patient__c.workflow-meta.xml";
    let update = "<fieldUpdates><fullName>U</fullName>\n<field>SSN__c</field><literalValue>x</literalValue></fieldUpdates>";
    check(How::FieldUpdate, path, "Workflow", update, 4, [Works, Works, Works, Breaks]);
    let computed = "<fieldUpdates><fullName>U</fullName><field>Ward__c</field>\n<formula>LEFT(SSN__c, 3)</formula></fieldUpdates>";
    check(How::FieldUpdateFormula, path, "Workflow", computed, 4, [Works, Works, Works, Breaks]);
    let message = "<outboundMessages><fullName>M</fullName>\n<fields>SSN__c</fields></outboundMessages>";
    check(How::OutboundMessage, path, "Workflow", message, 4, [Works, Works, Works, ShowsToken]);
    let alert = "<alerts><fullName>A</fullName><recipients>\n<field>SSN__c</field><type>email</type></recipients></alerts>";
    check(How::AlertRecipient, path, "Workflow", alert, 4, [Works, Works, Works, Breaks]);
}

#[test]
fn flows() {
    let path = "flows/F.flow-meta.xml";
    let flow = |body: &str| {
        format!(
            "<status>Active</status><start><object>Patient__c</object><triggerType>RecordAfterSave</triggerType></start>{body}"
        )
    };
    let check = |how, body: &str, line, expected| check(how, path, "Flow", &flow(body), line, expected);
    let lookup = |inner: &str| {
        format!("<recordLookups><name>Get</name>{inner}<object>Patient__c</object></recordLookups>")
    };
    let filter = |operator: &str, value: &str| {
        format!(
            "<filters>\n<field>SSN__c</field><operator>{operator}</operator><value><stringValue>{value}</stringValue></value></filters>"
        )
    };
    check(How::FlowFilter, &lookup(&filter("EqualTo", "1")), 4, [Breaks, Equal, Equal, Equal]);
    check(How::FlowFilter, &lookup(&filter("Contains", "1")), 4, [Breaks; 4]);
    check(How::FlowSort, &lookup("\n<sortField>SSN__c</sortField>"), 4, [Breaks, Unknown, Unknown, Breaks]);
    check(
        How::FlowRead,
        &lookup("\n<queriedFields>SSN__c</queriedFields>"),
        4,
        [Works, Works, Works, ShowsToken],
    );
    let choice = "<dynamicChoiceSets><name>C</name>\n<sortField>SSN__c</sortField><object>Patient__c</object></dynamicChoiceSets>";
    check(How::FlowSort, choice, 4, [Breaks, Unknown, Unknown, Breaks]);
    let decision = |operator: &str| {
        format!(
            "<decisions><rules><conditions>\n<leftValueReference>$Record.SSN__c</leftValueReference><operator>{operator}</operator></conditions></rules></decisions>"
        )
    };
    check(How::FlowCondition, &decision("EqualTo"), 4, [Works, Works, Works, Equal]);
    check(How::FlowCondition, &decision("IsNull"), 4, [Works; 4]);
    check(How::FlowCondition, &decision("StartsWith"), 4, [Works, Works, Works, Breaks]);
    let formula = "<formulas><name>X</name>\n<expression>LEFT({!$Record.SSN__c}, 3)</expression></formulas>";
    check(How::FlowFormula, formula, 4, [Works, Works, Works, Breaks]);
    let text = "<textTemplates><name>T</name>\n<text>No. {!$Record.SSN__c}</text></textTemplates>";
    check(How::FlowText, text, 4, [Works, Works, Works, ShowsToken]);
    let action = "<actionCalls><name>A</name><inputParameters><value>\n<elementReference>$Record.SSN__c</elementReference></value></inputParameters></actionCalls>";
    check(How::FlowAction, action, 4, [Works, Works, Works, ShowsToken]);
    let screen = "<screens><fields>\n<fieldText>No. {!$Record.SSN__c}</fieldText></fields></screens>";
    check(How::FlowScreen, screen, 4, [Works, Works, Works, ShowsToken]);
    let copy = "<assignments><assignmentItems><assignToReference>x</assignToReference><value>\n<elementReference>$Record.SSN__c</elementReference></value></assignmentItems></assignments>";
    check(How::FlowAssignment, copy, 4, [Works, Works, Works, ShowsToken]);
    let write = "<assignments><assignmentItems>\n<assignToReference>$Record.SSN__c</assignToReference></assignmentItems></assignments>";
    check(How::FlowWrite, write, 4, [Works, Works, Works, Breaks]);
    let update = "<recordUpdates><inputAssignments>\n<field>SSN__c</field></inputAssignments><object>Patient__c</object></recordUpdates>";
    check(How::FlowWrite, update, 4, [Works, Works, Works, Breaks]);
    let sort = "<variables><name>all</name><objectType>Patient__c</objectType></variables><collectionProcessors><name>S</name><collectionReference>all</collectionReference><sortOptions>\n<sortField>SSN__c</sortField></sortOptions></collectionProcessors>";
    check(How::FlowCollection, sort, 4, [Works, Works, Works, Breaks]);
}

#[test]
fn what_starts_a_flow_is_looked_at_in_memory_unless_by_a_schedule() {
    let flow = |kind: &str| {
        format!(
            "<status>Active</status><start><object>Patient__c</object><triggerType>{kind}</triggerType><filters>\n<field>SSN__c</field><operator>EqualTo</operator></filters></start>"
        )
    };
    let path = "flows/F.flow-meta.xml";
    check(How::FlowEntry, path, "Flow", &flow("RecordAfterSave"), 4, [Works, Works, Works, Equal]);
    check(How::FlowFilter, path, "Flow", &flow("Scheduled"), 4, [Breaks, Equal, Equal, Equal]);
}

#[test]
fn what_is_switched_off_is_told_and_not_counted() {
    let flow = "<status>Draft</status><recordLookups><name>Get</name><filters><field>SSN__c</field><operator>EqualTo</operator></filters><object>Patient__c</object></recordLookups>";
    let plan = with("flows/F.flow-meta.xml", "Flow", flow);
    assert!(!plan.uses[0].active);
    assert_eq!(plan.count(P, Breaks), 0);
    assert_eq!(plan.choice.scheme, Some(P), "a draft finds nothing");
}

#[test]
fn who_sees_which_records() {
    let path = "sharingRules/Patient__c.sharingRules-meta.xml";
    let item = |operation| condition("criteriaItems", "SSN__c", operation, "1");
    let rule = |operation| {
        format!("<sharingCriteriaRules><fullName>R</fullName>{}</sharingCriteriaRules>", item(operation))
    };
    check(How::SharingCriterion, path, "SharingRules", &rule("equals"), 4, [Breaks, Breaks, Breaks, Equal]);
    check(How::SharingCriterion, path, "SharingRules", &rule("contains"), 4, [Breaks; 4]);
    let restriction = |kind: &str| {
        format!(
            "<active>true</active><enforcementType>{kind}</enforcementType><targetEntity>Patient__c</targetEntity>\n<recordFilter>SSN__c = $User.EmployeeNumber</recordFilter>"
        )
    };
    let path = "restrictionRules/R.rule-meta.xml";
    let expected = [Breaks, Unknown, Unknown, Breaks];
    check(How::RestrictionFilter, path, "RestrictionRule", &restriction("Restrict"), 4, expected);
    check(How::ScopingFilter, path, "RestrictionRule", &restriction("Scoping"), 4, expected);
    let set =
        "<accessMappings><object>Patient__c</object>\n<objectField>SSN__c</objectField></accessMappings>";
    check(How::SharingSet, "sharingSets/S.sharingSet-meta.xml", "SharingSet", set, 4, [Unknown; 4]);
}

#[test]
fn duplicates() {
    let path = "matchingRules/Patient__c.matchingRule-meta.xml";
    let rule = |method: &str| {
        format!(
            "<matchingRules><fullName>M</fullName><matchingRuleItems>\n<fieldName>SSN__c</fieldName><matchingMethod>{method}</matchingMethod></matchingRuleItems><ruleStatus>Active</ruleStatus></matchingRules>"
        )
    };
    check(How::MatchingRule, path, "MatchingRules", &rule("Exact"), 4, [Breaks, Equal, Equal, Equal]);
    check(
        How::MatchingRule,
        path,
        "MatchingRules",
        &rule("FirstName"),
        4,
        [Breaks, Unknown, Unknown, Breaks],
    );
    let body = "<isActive>true</isActive><duplicateRuleFilter><duplicateRuleFilterItems>\n<field>SSN__c</field><operation>equals</operation><value>1</value><table>Patient__c</table></duplicateRuleFilterItems></duplicateRuleFilter>";
    let path = "duplicateRules/Patient__c.D.duplicateRule-meta.xml";
    check(How::DuplicateRule, path, "DuplicateRule", body, 4, [Breaks, Equal, Equal, Equal]);
}

#[test]
fn pages_show_the_value_or_the_token() {
    let shown = [Works, Works, Works, ShowsToken];
    let fields = "<layoutSections><layoutColumns><layoutItems>\n<field>SSN__c</field></layoutItems></layoutColumns></layoutSections>";
    check(How::Layout, "layouts/Patient__c-Main.layout-meta.xml", "Layout", fields, 4, shown);
    let list = "<relatedLists>\n<fields>SSN__c</fields><relatedList>Patient__c.Clinic__c</relatedList></relatedLists>";
    check(How::RelatedListColumn, "layouts/Clinic__c-Main.layout-meta.xml", "Layout", list, 4, shown);
    let sorted = "<relatedLists>\n<sortField>SSN__c</sortField><relatedList>Patient__c.Clinic__c</relatedList></relatedLists>";
    let path = "layouts/Clinic__c-Main.layout-meta.xml";
    check(How::RelatedListSort, path, "Layout", sorted, 4, [Breaks, Unknown, Unknown, Breaks]);
    let compact = "<fullName>C</fullName>\n<fields>SSN__c</fields>";
    check(
        How::CompactLayout,
        "objects/Patient__c/compactLayouts/C.compactLayout-meta.xml",
        "CompactLayout",
        compact,
        4,
        shown,
    );
    let set = "<fullName>S</fullName><displayedFields>\n<field>SSN__c</field></displayedFields>";
    check(How::FieldSet, "objects/Patient__c/fieldSets/S.fieldSet-meta.xml", "FieldSet", set, 4, shown);
    let search = "<label>Patient</label><searchLayouts>\n<searchResultsAdditionalFields>SSN__c</searchResultsAdditionalFields></searchLayouts>";
    check(
        How::SearchLayout,
        "objects/Patient__c/Patient__c.object-meta.xml",
        "CustomObject",
        search,
        4,
        shown,
    );
    let page = "<sobjectType>Patient__c</sobjectType><flexiPageRegions><itemInstances><fieldInstance>\n<fieldItem>Record.SSN__c</fieldItem></fieldInstance></itemInstances></flexiPageRegions>";
    check(How::LightningPage, "flexipages/P.flexipage-meta.xml", "FlexiPage", page, 4, shown);
    let visible = |operator: &str| {
        format!(
            "<sobjectType>Patient__c</sobjectType><visibilityRule><criteria>\n<leftValue>{{!Record.SSN__c}}</leftValue><operator>{operator}</operator><rightValue>1</rightValue></criteria></visibilityRule>"
        )
    };
    let path = "flexipages/P.flexipage-meta.xml";
    check(How::PageVisibility, path, "FlexiPage", &visible("EQUAL"), 4, [Works, Works, Works, Equal]);
    let action = "<targetObject>Patient__c</targetObject><quickActionLayout><quickActionLayoutItems>\n<field>SSN__c</field></quickActionLayoutItems></quickActionLayout>";
    check(
        How::QuickAction,
        "quickActions/Clinic__c.New.quickAction-meta.xml",
        "QuickAction",
        action,
        4,
        shown,
    );
    let filled = "<targetObject>Patient__c</targetObject><fieldOverrides>\n<field>SSN__c</field><literalValue>x</literalValue></fieldOverrides>";
    let path = "quickActions/Clinic__c.New.quickAction-meta.xml";
    check(How::PredefinedValue, path, "QuickAction", filled, 4, [Works, Works, Works, Breaks]);
    let steps = "<active>true</active><entityName>Patient__c</entityName><pathAssistantSteps>\n<fieldNames>SSN__c</fieldNames></pathAssistantSteps>";
    check(How::PathAssistant, "pathAssistants/P.pathAssistant-meta.xml", "PathAssistant", steps, 4, shown);
    let link = "<fullName>L</fullName>\n<url>https://lab.example/?n={!Patient__c.SSN__c}</url>";
    check(How::Link, "objects/Patient__c/webLinks/L.webLink-meta.xml", "WebLink", link, 4, shown);
}

#[test]
fn messages_events_and_services() {
    let shown = [Works, Works, Works, ShowsToken];
    let mail = "<available>true</available>\n<subject>For {!Patient__c.SSN__c}</subject>";
    check(How::EmailTemplate, "email/Ward/T.email-meta.xml", "EmailTemplate", mail, 4, shown);
    let prompt = "<templateVersions><content>\nAbout {!$Input:Patient.SSN__c}</content><inputs><apiName>Patient</apiName><definition>SOBJECT://Patient__c</definition><referenceName>Input:Patient</referenceName></inputs></templateVersions>";
    check(
        How::PromptTemplate,
        "genAiPromptTemplates/P.genAiPromptTemplate-meta.xml",
        "GenAiPromptTemplate",
        prompt,
        4,
        shown,
    );
    let rule = "<cleanRules><fieldMappings><fieldMappingRows><SObjectType>Patient__c</SObjectType>\n<fieldName>SSN__c</fieldName></fieldMappingRows></fieldMappings></cleanRules>";
    let path = "cleanDataServices/D.cleanDataService-meta.xml";
    check(How::DataIntegrationRule, path, "CleanDataService", rule, 4, [Works, Works, Works, Breaks]);
    let enriched = "<eventChannel>E__chn</eventChannel><enrichedFields>\n<name>SSN__c</name></enrichedFields><selectedEntity>Patient__ChangeEvent</selectedEntity>";
    let path = "platformEventChannelMembers/M.platformEventChannelMember-meta.xml";
    let plan = with(path, "PlatformEventChannelMember", enriched);
    let kinds: Vec<How> = plan.uses.iter().map(|used| used.how).collect();
    assert_eq!(kinds, [How::ChangeEvent, How::EnrichedField]);
    assert!(plan.uses.iter().all(|used| outcomes(used) == shown));
    let other = with(path, "PlatformEventChannelMember", &enriched.replace("Patient__", "Visit__"));
    assert!(other.uses.is_empty());
}

#[test]
fn what_names_the_field_alone_is_unknown() {
    let record = "<values><field>Target__c</field>\n<value>Patient__c.SSN__c</value></values>";
    check(
        How::CustomMetadata,
        "customMetadata/Map.One.md-meta.xml",
        "CustomMetadata",
        record,
        4,
        [Unknown; 4],
    );
    let territory = "<active>true</active>\n<ruleItems><field>Patient__c:SSN__c</field></ruleItems>";
    check(
        How::Named,
        "territory2Models/T/rules/R.territory2Rule-meta.xml",
        "Territory2Rule",
        territory,
        4,
        [Unknown; 4],
    );
}

#[test]
fn a_record_of_configuration_that_has_a_field_of_the_same_name_is_no_use() {
    let record = "<values><field>SSN__c</field><value>x</value></values>";
    assert!(with("customMetadata/Map.One.md-meta.xml", "CustomMetadata", record).uses.is_empty());
}

#[test]
fn a_name_that_other_objects_have_too_needs_its_object() {
    let files = |record: &str| {
        plan_of(
            &[
                (&field_file("Patient__c", "SSN__c"), "CustomField", SSN),
                (&field_file("Staff__c", "SSN__c"), "CustomField", SSN),
                ("customMetadata/Map.One.md-meta.xml", "CustomMetadata", record),
            ],
            "Patient__c.SSN__c",
        )
        .uses
        .len()
    };
    assert_eq!(files("<values><field>F__c</field><value>SSN__c</value></values>"), 0);
    assert_eq!(files("<values><field>F__c</field><value>Patient__c.SSN__c</value></values>"), 1);
}
