//! Comparisons of snapshots that are written by hand: one difference at a time.

use std::collections::BTreeMap;

use policy::Policy;
use source::Source;

use super::compare::controls;
use super::snapshot::*;
use super::*;
use crate::flow::Destination;

fn read(files: &[(&str, &str)]) -> Policy {
    let sources = files.iter().map(|(path, text)| Source::new(*path, *text)).collect();
    let (policy, problems) = policy::read(sources);
    assert!(problems.iter().all(|one| one.severity != source::Severity::Error), "{problems:?}");
    policy
}

const MAIN: &str = "version: 1\norganisation: {name: Harbor, roles: [covered-entity]}\nregions: [us]\n";
const APPROVERS: &str =
    "approvers:\n  required: 1\n  people:\n    - {id: mara-voss, name: Mara Voss, role: privacy-officer}\n";

fn bundle(more: &str, parties: &str) -> Policy {
    let main = format!("{MAIN}{more}");
    let mut files = vec![("phiward.yaml", main.as_str())];
    if !parties.is_empty() {
        files.push(("parties.yaml", parties));
    }
    read(&files)
}

fn between(base: (&Snapshot, &Policy), head: (&Snapshot, &Policy)) -> Impact {
    let side = |(snapshot, policy)| Side { snapshot, policy, bundle: "phiward" };
    compare(side(base), side(head))
}

/// Between two snapshots without a bundle.
fn plainly(base: &Snapshot, head: &Snapshot) -> Impact {
    let none = Policy::empty();
    between((base, &none), (head, &none))
}

fn only(impact: &Impact) -> &Change {
    assert_eq!(impact.changes.len(), 1, "{:#?}", impact.changes);
    &impact.changes[0]
}

fn finding(rule: &str, severity: Severity, line: u32) -> SeenFinding {
    SeenFinding {
        fingerprint: journal::Fingerprint::new(rule, "CustomField:Patient__c.Diagnosis__c", 0),
        rule: rule.to_owned(),
        severity,
        confidence: journal::Confidence::High,
        message: "`Patient__c.Diagnosis__c` is open".to_owned(),
        fix: "close it".to_owned(),
        site: Site { path: "objects/Patient__c.object".to_owned(), line },
        component: "CustomField:Patient__c.Diagnosis__c".to_owned(),
        fields: Vec::new(),
        party: None,
        controls: vec!["hipaa-sec-312a1".to_owned()],
        accepted: None,
    }
}

fn accepted(kind: journal::SuppressionKind, by: &str) -> Option<Accepted> {
    Some(Accepted { kind, reason: "known".to_owned(), approver: Some(by.to_owned()), expires: None })
}

fn field(name: &str, class: &str) -> (String, SeenField) {
    let (object, field) = name.split_once('.').unwrap();
    let seen = SeenField {
        object: object.to_owned(),
        field: field.to_owned(),
        class: class.to_owned(),
        identifier: None,
        phi: class.starts_with("phi"),
        by_bundle: false,
        encrypted: false,
        in_source: true,
    };
    (name.to_lowercase(), seen)
}

fn with_findings(findings: Vec<SeenFinding>) -> Snapshot {
    Snapshot { findings, ..Snapshot::empty() }
}

fn with_fields(fields: &[(String, SeenField)]) -> Snapshot {
    Snapshot { fields: fields.iter().cloned().collect(), ..Snapshot::empty() }
}

#[test]
fn nothing_changes_nothing() {
    let snapshot = with_findings(vec![finding("phi-field-unprotected", Severity::High, 3)]);
    let impact = plainly(&snapshot, &snapshot);
    assert_eq!((impact.changes.len(), impact.files.all(), impact.worst()), (0, 0, None));
}

#[test]
fn a_moved_line_is_no_change() {
    let base = with_findings(vec![finding("phi-field-unprotected", Severity::High, 3)]);
    let head = with_findings(vec![finding("phi-field-unprotected", Severity::High, 300)]);
    assert_eq!(plainly(&base, &head).changes, []);
}

#[test]
fn findings_come_go_and_change_their_severity() {
    let none = Snapshot::empty();
    let low = with_findings(vec![finding("phi-field-unprotected", Severity::Low, 3)]);
    let high = with_findings(vec![finding("phi-field-unprotected", Severity::High, 3)]);
    let new = plainly(&none, &high);
    let change = only(&new);
    assert_eq!(
        (change.kind, change.effect, new.worst()),
        (Kind::Finding, Effect::Widens, Some(Severity::High))
    );
    // The component names the field where the finding lists none.
    assert_eq!(change.data[0].object, "Patient__c");
    let gone = plainly(&high, &none);
    assert_eq!((only(&gone).effect, gone.worst()), (Effect::Narrows, None));
    let worse = plainly(&low, &high);
    assert_eq!((only(&worse).effect, worse.worst()), (Effect::Widens, Some(Severity::High)));
    assert_eq!(only(&worse).how, "low becomes high");
    let better = plainly(&high, &low);
    assert_eq!((only(&better).effect, better.worst()), (Effect::Narrows, None));
}

/// A comment that accepts a finding is written by whoever writes the change.
#[test]
fn an_acceptance_says_whether_the_base_knows_the_approver() {
    let open = finding("phi-field-unprotected", Severity::High, 3);
    let by =
        |who: &str| SeenFinding { accepted: accepted(journal::SuppressionKind::Inline, who), ..open.clone() };
    let policy = bundle(APPROVERS, "");
    let base = with_findings(vec![open.clone()]);
    let told = |who: &str| {
        let head = with_findings(vec![by(who)]);
        between((&base, &policy), (&head, &policy))
    };
    let known = told("mara-voss");
    assert_eq!(
        (only(&known).kind, only(&known).effect, known.worst()),
        (Kind::Acceptance, Effect::Widens, None)
    );
    assert!(only(&known).how.contains("`mara-voss`, an approver of the base's bundle"));
    assert!(only(&told("eve")).how.contains("`eve`, not an approver of the base's bundle"));
    let at_once = plainly(&Snapshot::empty(), &with_findings(vec![by("eve")]));
    assert!(only(&at_once).how.contains("is new and accepted at once by a comment"));
    assert!(only(&at_once).how.contains("no bundle of the base"));
    let back = plainly(&with_findings(vec![by("eve")]), &base);
    assert_eq!((only(&back).effect, back.worst()), (Effect::Widens, Some(Severity::High)));
}

#[test]
fn fields_come_go_and_change_class_and_protection() {
    let diagnosis = field("Patient__c.Diagnosis__c", "phi");
    let none = Snapshot::empty();
    let phi = with_fields(std::slice::from_ref(&diagnosis));
    let new = plainly(&none, &phi);
    assert_eq!(only(&new).effect, Effect::Widens);
    assert!(only(&new).how.starts_with("is new and holds phi"));
    assert_eq!(only(&plainly(&phi, &none)).effect, Effect::Narrows);
    // A field without patient data is nobody's concern here.
    let plain = with_fields(&[field("Patient__c.Diagnosis__c", "internal")]);
    assert_eq!(plainly(&none, &plain).changes, []);
    // Down is wider; up by the source is wider, for more is held; up by the bundle is narrower.
    assert_eq!(only(&plainly(&phi, &plain)).effect, Effect::Widens);
    assert_eq!(only(&plainly(&plain, &phi)).effect, Effect::Widens);
    let mut said = field("Patient__c.Diagnosis__c", "phi");
    said.1.by_bundle = true;
    assert_eq!(only(&plainly(&plain, &with_fields(&[said]))).effect, Effect::Narrows);

    let mut safe = diagnosis;
    safe.1.encrypted = true;
    let safe = with_fields(&[safe]);
    assert_eq!(only(&plainly(&phi, &safe)).effect, Effect::Narrows);
    let lost = plainly(&safe, &phi);
    assert_eq!(only(&lost).effect, Effect::Widens);
    assert!(only(&lost).controls.contains(&"hipaa-sec-312a2iv".to_owned()));
}

fn flow(to: Destination, fields: &[&str]) -> SeenFlow {
    SeenFlow {
        by: "Flow:Remind".to_owned(),
        to,
        fields: fields.iter().map(|&field| field.to_owned()).collect(),
        site: Site { path: "flows/Remind.flow".to_owned(), line: 9 },
    }
}

fn with_flows(flows: Vec<SeenFlow>) -> Snapshot {
    Snapshot { flows, ..Snapshot::empty() }
}

#[test]
fn flows_gain_and_lose_fields_and_knowledge() {
    let host = || Destination::Host("api.pingwell.example".to_owned());
    let one = with_flows(vec![flow(host(), &["Patient__c.Phone__c"])]);
    let two = with_flows(vec![flow(host(), &["Patient__c.Phone__c", "Patient__c.Diagnosis__c"])]);
    let unknown = with_flows(vec![flow(host(), &[])]);
    let none = Snapshot::empty();
    assert_eq!(only(&plainly(&none, &one)).effect, Effect::Widens);
    assert_eq!(only(&plainly(&one, &none)).effect, Effect::Narrows);
    let more = plainly(&one, &two);
    assert_eq!(
        only(&more).how,
        "now also sends `Patient__c.Diagnosis__c` to `api.pingwell.example`, which no bundle declares"
    );
    assert_eq!(only(&plainly(&two, &one)).effect, Effect::Narrows);
    let clouded = plainly(&one, &unknown);
    assert!(clouded.changes.iter().all(|change| change.effect == Effect::Unknown), "{clouded:#?}");
}

/// To name a receiver moves no data: the change is the bundle's.
#[test]
fn a_declared_receiver_is_no_new_flow() {
    let fields = ["Patient__c.Phone__c"];
    let base = with_flows(vec![flow(Destination::Host("api.pingwell.example".to_owned()), &fields)]);
    let head = with_flows(vec![flow(Destination::Party("pingwell".to_owned()), &fields)]);
    let parties = "parties:\n  - {id: pingwell, name: PingWell, role: [processor], regions: [us], endpoints: [{host: api.pingwell.example}]}\n";
    let (before, after) = (bundle(APPROVERS, ""), bundle(APPROVERS, parties));
    let impact = between((&base, &before), (&head, &after));
    assert!(impact.changes.iter().all(|change| change.kind == Kind::Policy), "{impact:#?}");
    let back = between((&head, &after), (&base, &before));
    assert!(back.changes.iter().all(|change| change.kind == Kind::Policy), "{back:#?}");
}

#[test]
fn a_change_of_the_bundle_needs_the_approvers_of_the_base() {
    let eve = "approvers:\n  required: 1\n  people:\n    - {id: eve, name: Eve, role: developer}\n";
    let (base, head, none) = (bundle(APPROVERS, ""), bundle(eve, ""), Policy::empty());
    let empty = Snapshot::empty();
    let of = |a: &Policy, b: &Policy| between((&empty, a), (&empty, b));

    let changed = of(&base, &head);
    assert_eq!(changed.approval.bundle, BundleChange::Changed);
    assert_eq!(changed.approval.required, Some(1));
    assert_eq!(changed.approval.people[0].id, "mara-voss");
    assert_eq!(changed.approval.not_yet[0].id, "eve");
    assert!(changed.changes.iter().all(|change| change.approval == Needed::Bundle));
    assert!(changed.widens());

    let first = of(&none, &head);
    assert_eq!((first.approval.bundle, first.approval.required), (BundleChange::First, None));
    assert!(first.approval.people.is_empty() && first.approval.sentences()[0].contains("pins its digest"));
    let gone = of(&base, &none);
    assert_eq!(gone.approval.bundle, BundleChange::Gone);
    assert!(gone.widens() && gone.approval.sentences()[0].contains("Mara Voss"));
    assert_eq!(of(&none, &none).approval.bundle, BundleChange::Absent);
    assert_eq!(of(&base, &base).changes, []);
    // Another text is another digest, and a digest is what people sign.
    let commented = read(&[("phiward.yaml", &format!("# why\n{MAIN}{APPROVERS}"))]);
    let text = of(&base, &commented);
    assert_eq!((only(&text).effect, only(&text).approval), (Effect::Neutral, Needed::Bundle));
}

#[test]
fn what_is_no_longer_known_is_unknown() {
    let gap = |missing: &str| SeenGap {
        rule: "guest-can-read-phi".to_owned(),
        missing: missing.to_owned(),
        complete_with: "retrieve them".to_owned(),
    };
    let with = |gaps: Vec<SeenGap>| Snapshot { gaps, ..Snapshot::empty() };
    let (none, a, ab) = (with(vec![]), with(vec![gap("rules of `A`")]), with(vec![gap("rules of `A`, `B`")]));
    assert_eq!(only(&plainly(&none, &a)).effect, Effect::Unknown);
    assert_eq!(only(&plainly(&a, &none)).effect, Effect::Neutral);
    let more = plainly(&a, &ab);
    assert_eq!(only(&more).effect, Effect::Unknown);
    assert!(only(&more).how.contains("new among them: `B`"), "{more:#?}");
    assert_eq!(only(&plainly(&ab, &a)).effect, Effect::Neutral);

    let problem = SeenProblem {
        code: "malformed-xml".to_owned(),
        path: "a.xml".to_owned(),
        message: "broken".to_owned(),
        line: 4,
        unread: true,
    };
    let broken = Snapshot { problems: vec![problem.clone()], ..Snapshot::empty() };
    let unread = plainly(&none, &broken);
    assert_eq!((only(&unread).effect, unread.worst()), (Effect::Unknown, Some(Severity::High)));
    let moved = Snapshot { problems: vec![SeenProblem { line: 40, ..problem }], ..Snapshot::empty() };
    assert_eq!(plainly(&broken, &moved).changes, []);
}

#[test]
fn changed_code_is_told_as_not_judged() {
    let with = |files: &[(&str, &str)]| Snapshot {
        files: files.iter().map(|(path, digest)| ((*path).to_owned(), (*digest).to_owned())).collect(),
        unjudged: files
            .iter()
            .filter(|(path, _)| path.ends_with(".cls"))
            .map(|(path, _)| ((*path).to_owned(), "Apex".to_owned()))
            .collect(),
        ..Snapshot::empty()
    };
    let base = with(&[("A.cls", "1"), ("B.cls", "1"), ("C.cls", "1"), ("a.xml", "1")]);
    let head = with(&[("A.cls", "1"), ("B.cls", "2"), ("D.cls", "1"), ("a.xml", "2")]);
    let impact = plainly(&base, &head);
    assert_eq!(impact.files, Files { added: 1, removed: 1, changed: 2 });
    let paths = ["B.cls", "C.cls", "D.cls"].map(str::to_owned).to_vec();
    assert_eq!(impact.not_judged, BTreeMap::from([("Apex".to_owned(), paths)]));
}

#[test]
fn a_snapshot_reads_back_and_another_format_does_not() {
    let mut snapshot =
        with_flows(vec![flow(Destination::Email, &["A.B__c"]), flow(Destination::Public, &[])]);
    snapshot.findings = vec![finding("phi-field-unprotected", Severity::High, 3)];
    let text = snapshot.write().unwrap();
    assert_eq!(Snapshot::read(&text).unwrap(), snapshot);
    let later = text.replacen(r#""format":2"#, r#""format":3,"more":[]"#, 1);
    assert!(matches!(Snapshot::read(&later), Err(SnapshotError::Format(3, 2))));
    assert!(matches!(Snapshot::read(text.split_at(text.len() / 2).0), Err(SnapshotError::Form(_))));
}

#[test]
fn every_control_of_a_change_is_in_the_catalogue() {
    let all: Vec<&str> = [
        &controls::ACCESS[..],
        &controls::DISCLOSURE,
        &controls::ADDRESS,
        &controls::INVENTORY,
        &controls::ENCRYPTION,
        &controls::RISK,
        &controls::TRANSFER,
        &controls::RESPONSIBILITY,
        &controls::RETENTION,
    ]
    .concat();
    for control in all {
        assert!(policy::controls::catalogue().control(control).is_some(), "{control}");
    }
}

/// However much changed, the comment fits, and says that it is not all.
#[test]
fn a_comment_fits_what_github_takes() {
    let many: Vec<(String, SeenField)> = (0..5_000)
        .map(|at| field(&format!("Object_{}__c.A_Long_Name_Of_A_Field_{at}__c", at / 10), "phi"))
        .collect();
    let impact = plainly(&Snapshot::empty(), &with_fields(&many));
    let label = |name: &str| Label { name: name.to_owned(), commit: None };
    let (base, head) = (label("a|b`<img>"), label("@everyone"));
    let heading = Heading { base: &base, head: &head, version: "0", on: jiff::civil::date(2026, 11, 21) };
    let mut text = Vec::new();
    write_markdown(&impact, &heading, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.len() <= LIMIT && text.len() > LIMIT / 8, "{}", text.len());
    assert!(text.contains("more; `--format json` holds all"));
    assert!(text.contains("5000 widen"));
    assert!(!text.contains("\n- <img>"));
}
