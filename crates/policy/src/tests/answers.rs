use jiff::Timestamp;

use super::sample;
use crate::vocabulary::{Action, Purpose, Region};
use crate::{AskedField, Decision, Policy, Request, Standing, Tls, decide};

fn at() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

/// Everything known and in order: the bundle alone decides.
fn send(who: &str, field: &str, to: &str, purpose: Purpose) -> Request {
    let (object, field) = field.split_once('.').unwrap();
    let mut request = Request::new(Action::Send, vec![AskedField::new(object, field)], at());
    request.who = Some(who.to_owned());
    request.to = Some(to.to_owned());
    request.purpose = Some(purpose);
    request.subject.pseudonym = Some("p1".to_owned());
    request.subject.region = Region::of("eu");
    request.network = "10.2.3.4".parse().ok();
    request.tls = Some(Tls::V1_3);
    request
}

fn codes(policy: &Policy, request: &Request) -> Vec<String> {
    let decision = decide(policy, &Standing::known(), request);
    match decision {
        Decision::Permit(_) => vec!["permit".to_owned()],
        Decision::Denial(denial) => denial.reasons.into_iter().map(|reason| reason.code).collect(),
        Decision::Undetermined(open) => open.missing,
    }
}

#[test]
fn a_declared_flow_with_its_ground_is_permitted() {
    let policy = sample::policy();
    let request = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    let Decision::Permit(permit) = decide(&policy, &Standing::known(), &request) else {
        panic!("{:?}", codes(&policy, &request));
    };
    assert_eq!(permit.bundle(), policy.digest());
    assert_eq!(
        (permit.principal(), permit.party(), permit.flow()),
        ("ehr-sync", Some("northlab"), Some("lab-quality"))
    );
    assert!(permit.covers("healthcondition", "CODE"));
    assert_eq!(permit.expires().duration_since(permit.decided()).as_secs(), 300);
}

#[test]
fn a_field_outside_the_minimum_set_is_denied_and_the_flow_is_named() {
    let policy = sample::policy();
    let request = send("ehr-sync", "HealthCondition.Note__c", "northlab", Purpose::Operations);
    let decision = decide(&policy, &Standing::known(), &request);
    assert!(decision.because("not-in-minimum-set"), "{decision:?}");
    let reason = decision.reasons().iter().find(|reason| reason.code == "not-in-minimum-set").unwrap();
    assert_eq!(reason.place.as_ref().unwrap().to_string(), "flows.yaml:2");
}
