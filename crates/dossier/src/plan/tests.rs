use std::borrow::Cow;

use journal::{Confidence, Fingerprint, Place, Suppression};
use policy::controls::catalogue;

use super::*;
use crate::cause::groups;

const REQUIRED: &[&str] = &["hipaa-sec-312a1", "hipaa-sec-312a2iv"];
const ADDRESSABLE: &[&str] = &["hipaa-sec-312a2iv", "hipaa-sec-312a1"];

fn findings(severity: Severity, controls: &'static [&'static str], causes: usize) -> Vec<Finding> {
    (0..causes)
        .map(|at| Finding {
            rule: "open-door",
            severity,
            confidence: Confidence::High,
            persona: Persona::Security,
            message: "the door is open".into(),
            fix: "close it".into(),
            place: Place::line("a.xml", 3),
            related: Vec::new(),
            ways: Vec::new(),
            component: format!("Door:{at}"),
            cause: format!("Door:{at}"),
            fields: Vec::new(),
            party: None,
            controls: Cow::Borrowed(controls),
            tags: Cow::Borrowed(&[]),
            fingerprint: Fingerprint::new("open-door", &format!("Door:{at}"), 0),
            suppressed: None,
        })
        .collect()
}

fn plan(findings: &[Finding], gaps: &[Gap], open_cells: usize) -> Vec<(usize, Who, usize)> {
    let groups = groups(findings.iter().filter(|finding| finding.counts()));
    let facts = Facts { findings, gaps, absences: &[], today: "2026-11-21".parse().unwrap(), open_cells };
    let size = |work: &Work<'_>| match work {
        Work::Mend { findings, .. } | Work::Renew { findings, .. } => findings.len(),
        Work::Ask { gaps, absences } => gaps.len() + absences.len(),
        Work::Record { open } => *open,
    };
    steps(catalogue(), &groups, &facts).iter().map(|step| (step.stage, step.who, size(&step.work))).collect()
}

#[test]
fn severity_law_and_effort_set_the_stage() {
    // Severity, controls, changes, stage.
    for (severity, controls, changes, stage) in [
        (Severity::Critical, ADDRESSABLE, 40, 0),
        (Severity::High, REQUIRED, 8, 0),
        (Severity::High, ADDRESSABLE, 8, 1),
        (Severity::Medium, REQUIRED, 8, 1),
        (Severity::Medium, ADDRESSABLE, 8, 2),
        (Severity::Low, REQUIRED, 8, 2),
        (Severity::Low, ADDRESSABLE, 8, 3),
        (Severity::Info, REQUIRED, 8, 3),
        // Few changes come sooner, many later, never beyond the ends.
        (Severity::High, REQUIRED, 1, 0),
        (Severity::Medium, ADDRESSABLE, FEW, 1),
        (Severity::Medium, ADDRESSABLE, FEW + 1, 2),
        (Severity::Medium, ADDRESSABLE, MANY, 2),
        (Severity::Medium, ADDRESSABLE, MANY + 1, 3),
        (Severity::High, REQUIRED, 40, 1),
        (Severity::Info, REQUIRED, 40, 3),
    ] {
        let found = findings(severity, controls, changes);
        assert_eq!(
            plan(&found, &[], 0),
            [(stage, Who::Security, changes)],
            "{severity} {controls:?} {changes}"
        );
    }
}

#[test]
fn one_change_that_mends_many_is_little_effort() {
    let mut found = findings(Severity::Medium, ADDRESSABLE, 40);
    for finding in &mut found {
        finding.cause = "Door:Frame".into();
    }
    assert_eq!(plan(&found, &[], 0), [(1, Who::Security, 40)]);
}

#[test]
fn every_finding_is_in_the_plan_once() {
    let mut found = findings(Severity::High, REQUIRED, 5);
    found.extend(findings(Severity::Low, ADDRESSABLE, 7).into_iter().map(|mut finding| {
        finding.cause.push_str(" (low)");
        finding
    }));
    found[0].persona = Persona::Auditor;
    let planned = plan(&found, &[], 0);
    assert_eq!(planned.iter().map(|(_, _, count)| count).sum::<usize>(), 12);
    assert!(planned.contains(&(0, Who::Privacy, 1)), "who mends it is told apart: {planned:?}");
}

#[test]
fn unknowns_records_and_endings_are_steps_too() {
    let gaps = [Gap { rule: "open-door", missing: "the door".into(), complete_with: "a query".into() }];
    assert_eq!(plan(&[], &gaps, 0), [(0, Who::Security, 1)]);
    assert_eq!(plan(&[], &[], 12), [(1, Who::Privacy, 12)]);
    assert_eq!(plan(&[], &[], 0), []);

    let mut accepted = findings(Severity::Medium, REQUIRED, 3);
    for (finding, until) in accepted.iter_mut().zip(["2026-12-01", "2027-02-01", "2027-12-01"]) {
        finding.suppressed = Some(Suppression {
            kind: SuppressionKind::Exception,
            reason: "for now".into(),
            approver: Some("mara".into()),
            expires: Some(until.parse().unwrap()),
            place: None,
        });
    }
    let planned = plan(&accepted, &[], 0);
    assert_eq!(planned, [(0, Who::Privacy, 1), (2, Who::Privacy, 1)], "the third ends after the plan");
}

#[test]
fn stages_end_on_days() {
    let today: Date = "2026-11-21".parse().unwrap();
    assert_eq!(due(today, 0).to_string(), "2026-12-21");
    assert_eq!(due(today, 3).to_string(), "2027-03-21");
}

#[test]
fn a_steps_controls_are_cited_once() {
    let found = findings(Severity::High, REQUIRED, 2);
    let all: Vec<&Finding> = found.iter().collect();
    assert_eq!(citations(catalogue(), &all), ["45 CFR 164.312(a)(1)", "45 CFR 164.312(a)(2)(iv)"]);
}
