use std::borrow::Cow;

use journal::{Confidence, Fingerprint, Persona, Place, Severity, Suppression};
use policy::controls::catalogue;

use super::*;
use crate::absence::Bearing;

const ACCESS: &str = "hipaa-sec-312a1"; // gateway, scan, govern; required
const ENCRYPTION: &str = "hipaa-sec-312a2iv"; // gateway, scan
const SANCTIONS: &str = "hipaa-sec-308a1iiC"; // people alone

fn finding(control: &'static str) -> Finding {
    Finding {
        rule: "open-door",
        severity: Severity::High,
        confidence: Confidence::High,
        persona: Persona::Developer,
        message: "the door is open".into(),
        fix: "close it".into(),
        place: Place::line("a.xml", 3),
        related: Vec::new(),
        ways: Vec::new(),
        component: "Door:Front".into(),
        cause: "Door:Front".into(),
        fields: Vec::new(),
        party: None,
        controls: Cow::Owned(vec![control]),
        tags: Cow::Borrowed(&[]),
        fingerprint: Fingerprint::new("open-door", "Door:Front", 0),
        suppressed: None,
    }
}

fn set_aside(kind: SuppressionKind, approver: Option<&str>) -> Finding {
    let suppressed = Suppression {
        kind,
        reason: "for now".into(),
        approver: approver.map(str::to_owned),
        expires: Some("2027-01-01".parse().unwrap()),
        place: None,
    };
    Finding { suppressed: Some(suppressed), ..finding(ENCRYPTION) }
}

const BOUND: Laws = Laws { hipaa: true, part2: Some(true) };

fn rule<'a>(id: &'a str, controls: &'a [&'a str], judged: Option<usize>) -> RuleFacts<'a> {
    RuleFacts { id, controls, tags: &["phi", "access"], judged }
}

fn gap() -> Gap {
    Gap { rule: "open-door", missing: "the door".into(), complete_with: "retrieve Door:Front".into() }
}

/// The state of a control's three ways.
fn states(
    control: &str,
    rules: &[RuleFacts<'_>],
    findings: &[Finding],
    gaps: &[Gap],
) -> [(State, String); 3] {
    let standings = of(catalogue(), rules, findings, gaps, &[], BOUND);
    let one = standings.iter().find(|one| one.control.id == control).unwrap();
    [&one.code, &one.org, &one.people].map(|facet| (facet.state, facet.reasons.join("; ")))
}

#[test]
fn a_finding_that_counts_is_not_met() {
    let rules = [rule("open-door", &[ENCRYPTION], Some(4))];
    let [code, ..] = states(ENCRYPTION, &rules, &[finding(ENCRYPTION)], &[]);
    assert_eq!(code, (State::NotMet, "1 finding by open-door".into()));
}

#[test]
fn a_finding_is_not_met_whatever_else_is_missing_or_accepted() {
    let rules = [rule("open-door", &[ENCRYPTION], None)];
    let findings = [finding(ENCRYPTION), set_aside(SuppressionKind::Exception, Some("mara"))];
    let [code, ..] = states(ENCRYPTION, &rules, &findings, &[gap()]);
    assert_eq!(code.0, State::NotMet);
}

#[test]
fn met_needs_something_judged_no_finding_and_no_gap() {
    let cited: &[&str] = &[ENCRYPTION];
    let one = |judged| [rule("open-door", cited, judged)];
    let state = |judged: Option<usize>, gaps: &[Gap]| states(ENCRYPTION, &one(judged), &[], gaps)[0].clone();
    assert_eq!(state(Some(4), &[]), (State::MetInSource, "4 things judged, no finding".into()));
    assert_eq!(state(Some(0), &[]), (State::Unknown, "nothing to judge in the source for open-door".into()));
    assert_eq!(state(None, &[]), (State::Unknown, "not run: open-door".into()));
    assert_eq!(state(Some(4), &[gap()]), (State::Unknown, "missing: the door".into()));
}

#[test]
fn one_rule_that_did_not_run_leaves_it_unknown() {
    let rules = [rule("open-door", &[ENCRYPTION], Some(9)), rule("open-window", &[ENCRYPTION], None)];
    assert_eq!(states(ENCRYPTION, &rules, &[], &[])[0], (State::Unknown, "not run: open-window".into()));
}

#[test]
fn a_gap_of_another_rule_does_not_matter() {
    let rules = [rule("closed-window", &[ENCRYPTION], Some(2)), rule("open-door", &[ACCESS], Some(1))];
    assert_eq!(states(ENCRYPTION, &rules, &[], &[gap()])[0].0, State::MetInSource);
    assert_eq!(states(ACCESS, &rules, &[], &[gap()])[0].0, State::Unknown);
}

#[test]
fn what_no_rule_judges_is_unknown_or_not_a_matter_of_code() {
    assert_eq!(states(ENCRYPTION, &[], &[], &[])[0], (State::Unknown, "no rule judges this yet".into()));
    assert_eq!(states(SANCTIONS, &[], &[], &[])[0].0, State::NotAsked);
    assert_eq!(states("wcag-1.1.1", &[], &[], &[])[0].0, State::Unknown);
    assert_eq!(states("wcag-1.1.1", &[], &[], &[])[1].0, State::NotAsked);
}

#[test]
fn accepted_needs_a_name() {
    let rules = [rule("open-door", &[ENCRYPTION], Some(4))];
    let state = |finding: Finding| states(ENCRYPTION, &rules, &[finding], &[]);
    let [code, _, people] = state(set_aside(SuppressionKind::Exception, Some("mara")));
    assert_eq!(code, (State::Accepted, "1 finding accepted in the bundle".into()));
    assert_eq!(people, (State::Accepted, "accepted by mara until 2027-01-01".into()));
    for (kind, approver) in [
        (SuppressionKind::Exception, None),
        (SuppressionKind::Inline, None),
        (SuppressionKind::Baseline, Some("mara")),
    ] {
        let [code, _, people] = state(set_aside(kind, approver));
        assert_eq!(code.0, State::Unknown, "{kind:?}");
        assert_ne!(people.0, State::Accepted, "{kind:?}");
    }
}

#[test]
fn the_org_and_people_stay_unknown() {
    let rules = [rule("open-door", &[ACCESS], Some(4))];
    let [code, org, people] = states(ACCESS, &rules, &[], &[]);
    assert_eq!(code.0, State::MetInSource);
    assert_eq!(org, (State::Unknown, "the source cannot show what passes the gateway".into()));
    assert_eq!(people.0, State::Unknown);
    let [_, org, _] = states(ACCESS, &rules, &[], &[gap()]);
    assert_eq!(org, (State::Unknown, "complete with: retrieve Door:Front".into()));
}

#[test]
fn the_whole_is_its_weakest_part() {
    let rules = [rule("open-door", &[ACCESS], Some(4))];
    let standings = of(catalogue(), &rules, &[], &[], &[], BOUND);
    let one = standings.iter().find(|one| one.control.id == ACCESS).unwrap();
    assert_eq!(one.state(), State::Unknown);
    assert!(one.is_served());
    assert_eq!(standings.len(), catalogue().controls().count());
    assert!(standings.iter().filter(|one| !one.is_served()).all(|one| one.state() != State::MetInSource));
    assert!(State::NotMet < State::Unknown && State::Unknown < State::MetInSource);
    assert!(State::MetInSource < State::MetWithFacts);
}

#[test]
fn what_did_not_run_or_is_missing_comes_before_accepted() {
    let accepted = [set_aside(SuppressionKind::Exception, Some("mara"))];
    let rules = [rule("open-door", &[ENCRYPTION], Some(4)), rule("open-window", &[ENCRYPTION], None)];
    let [code, _, people] = states(ENCRYPTION, &rules, &accepted, &[]);
    assert_eq!(code, (State::Unknown, "not run: open-window".into()));
    assert_eq!(people.0, State::Accepted, "the decision stays on record");
    let rules = [rule("open-door", &[ENCRYPTION], Some(4))];
    assert_eq!(states(ENCRYPTION, &rules, &accepted, &[gap()])[0].0, State::Unknown);
}

#[test]
fn what_the_source_lacks_leaves_what_rests_on_it_unknown() {
    let absent = |bears_on| {
        [Absence {
            missing: "the cellar".into(),
            short: "the cellar",
            complete_with: "open the cellar".into(),
            bears_on,
        }]
    };
    let rules = [rule("open-door", &[ENCRYPTION], Some(4))];
    let code = |bears_on, findings: &[Finding]| {
        let absent = absent(bears_on);
        let standings = of(catalogue(), &rules, findings, &[], &absent, BOUND);
        let one = standings.iter().find(|one| one.control.id == ENCRYPTION).unwrap();
        (one.code.state, one.code.reasons.join("; "), one.org.reasons.join("; "))
    };
    let unknown =
        (State::Unknown, "missing: the cellar".to_owned(), "complete with: open the cellar".to_owned());
    assert_eq!(code(Bearing::Every, &[]), unknown);
    assert_eq!(code(Bearing::Tag("access"), &[]), unknown);
    assert_eq!(code(Bearing::Tag("data"), &[]).0, State::MetInSource);
    assert_eq!(
        code(Bearing::Every, &[set_aside(SuppressionKind::Exception, Some("mara"))]).0,
        State::Unknown
    );
    assert_eq!(code(Bearing::Every, &[finding(ENCRYPTION)]).0, State::NotMet);
}

#[test]
fn a_rule_with_nothing_to_judge_leaves_its_control_unknown_whatever_another_judged() {
    let cited = &[ENCRYPTION];
    let rules = [rule("open-door", cited, Some(9)), rule("open-window", cited, Some(0))];
    let expected = (State::Unknown, "nothing to judge in the source for open-window".to_owned());
    assert_eq!(states(ENCRYPTION, &rules, &[], &[])[0], expected);
}

#[test]
fn what_does_not_bind_is_not_asked() {
    let cited = &[ENCRYPTION];
    let rules = [rule("open-door", cited, Some(1))];
    let of_laws = |laws| {
        let standings = of(catalogue(), &rules, &[], &[], &[], laws);
        standings
            .into_iter()
            .find(|standing| standing.control.id == ENCRYPTION)
            .map(|standing| standing.code.state)
    };
    assert_eq!(of_laws(BOUND), Some(State::MetInSource));
    assert_eq!(of_laws(Laws { hipaa: false, part2: None }), Some(State::NotAsked));
    let part2 = |part2| {
        let standings = of(catalogue(), &[], &[], &[], &[], Laws { part2, ..BOUND });
        let of_part2 = standings.iter().filter(|standing| standing.framework.id == "part-2");
        of_part2.map(Standing::state).collect::<BTreeSet<_>>()
    };
    assert_eq!(part2(Some(false)), [State::NotAsked].into());
    assert_eq!(part2(Some(true)), [State::Unknown, State::NotAsked].into());
    assert_eq!(part2(None), [State::Unknown, State::NotAsked].into());
    let standings = of(catalogue(), &rules, &[], &[], &[], BOUND);
    let proposed = standings.iter().filter(|standing| standing.framework.status == Status::Proposed);
    assert!(proposed.clone().count() > 0);
    assert!(proposed.clone().all(|standing| standing.state() == State::NotAsked));
}

#[test]
fn what_the_org_answered_counts_for_more_than_the_source_alone() {
    let cited = &[ENCRYPTION];
    let of_facts =
        |judged| RuleFacts { id: "idle-key", controls: cited, tags: &["phi", "org-facts"], judged };
    let told = |judged| {
        states(ENCRYPTION, &[rule("open-door", cited, Some(2)), of_facts(judged)], &[], &[])[0].clone()
    };
    assert_eq!(
        told(Some(3)),
        (
            State::MetWithFacts,
            "5 things judged, no finding, in the source and in what the org answered".to_owned()
        )
    );
    assert_eq!(told(Some(0)).0, State::Unknown, "the org was not asked");
}
